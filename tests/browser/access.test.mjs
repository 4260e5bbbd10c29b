/** What an instructor sees, and the pages for administrators: people, audit log, erasure. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser, Stack, until, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { busyCourse, expected, views } from './truth.mjs';

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser?.stop());

describe('in local mode', () => {
  let stack;
  const days = weeks(2, 3);
  before(async () => {
    stack = await Stack.start();
    await stack.request({ report: 'videoview', ...days });
  });
  after(() => stack?.stop());

  test('an administrator who views as an instructor sees only the minutes of one course, and no page for administrators', async () => {
    const { course } = await busyCourse(stack, days);
    const all = await views(stack, days);
    const ours = expected(all, { ...days, course: course.id });
    assert.ok(ours.rows.length > 0 && ours.rows.length < all.length, 'other courses must have rows too');
    await withTab(browser, {}, async (page, tab) => {
      await page.goto(`${stack.url}/you`);
      await page.getByRole('combobox', { name: 'Course' }).selectOption(course.id);
      await page.getByRole('button', { name: 'View as an instructor' }).click();
      await page.getByText('Local mode, viewing as an instructor.').waitFor();
      assert.equal(await page.getByRole('link', { name: 'People' }).count(), 0);

      tab.expect(/status of 40[34]/);
      await page.goto(`${stack.url}/people`);
      await page.getByText('This page is for administrators.').waitFor();
      // The page only shows the refusal: the Worker enforces it.
      const refused = await page.evaluate(async () => (await fetch('/api/roles')).status);
      assert.equal(refused, 403);

      // Other people's requests are not listed, and rows that are already collected are shown without a new
      // request.
      assert.deepEqual((await page.evaluate(async () => (await fetch('/api/requests')).json())).requests, []);
      await page.goto(address(stack, days));
      const own = `[data-testid="minutes"][data-rows="${ours.rows.length}"][data-complete="true"]`;
      await page.locator(own).waitFor();
      const courses = page.getByRole('combobox', { name: 'Course' }).locator('option');
      await until('one course can be chosen', async () => (await courses.count()) === 2);

      await page.goto(`${stack.url}/you`);
      await page.getByRole('button', { name: 'View as an administrator again' }).click();
      await page.getByText('Every course of the institution.').waitFor();
    });
  });

  test('an administrator assigns roles by form and by upload, sees a preview of the changes, and finds them in the audit log', async () => {
    const { courses } = await stack.api('/api/courses');
    const [one, two] = courses;
    await withTab(browser, {}, async (page, tab) => {
      page.on('dialog', (dialog) => dialog.accept());
      await page.goto(`${stack.url}/people`);
      await page.getByText('Nobody has a role yet.').waitFor();
      const form = page.getByRole('region', { name: 'Assign a role' });
      await form.getByLabel('E-mail').fill('Ana@Westmere.example');
      await form.getByRole('combobox', { name: 'Course' }).selectOption(one.id);
      await form.getByRole('button', { name: 'Save' }).click();
      const row = page.locator('[data-testid="people"] tbody tr').filter({ hasText: 'ana@westmere.example' });
      await row.getByText(`${one.code} ${one.name}`).waitFor();

      const upload = page.getByRole('region', { name: 'Upload roles' });
      const file = (text) => ({ name: 'roles.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
      const choose = (text) => upload.getByLabel('File').setInputFiles(file(text));
      tab.expect(/status of 400/);
      await choose('email,role,course,section\nbo@westmere.example,analyst,,\nnobody,emperor,,\n');
      await upload.getByText(/^Line 3: /).first().waitFor();
      assert.equal((await stack.api('/api/roles')).people.length, 1, 'a refused upload must change nothing');

      const rows = `ana@westmere.example,instructor,${two.code},\nbo@westmere.example,analyst,,\n`;
      await choose(`email,role,course,section\n${rows}`);
      await upload.getByText('bo@westmere.example gets a role. Analyst.').waitFor();
      assert.equal((await stack.api('/api/roles')).people.length, 1, 'a preview must change nothing');
      await upload.getByRole('button', { name: 'Make these changes' }).click();
      await upload.getByText(/^Done: /).waitFor();
      await row.getByText(`${two.code} ${two.name}`).waitFor();

      await page.getByRole('button', { name: 'Remove the role of bo@westmere.example' }).click();
      await until('bo has no role', async () => (await stack.api('/api/roles')).people.length === 1);

      await page.getByRole('link', { name: 'Audit log', exact: true }).click();
      const record = page.locator('[data-testid="record"] tbody');
      await record.getByText('Uploaded roles').first().waitFor();
      await page.getByRole('combobox', { name: 'Action' }).selectOption('role-taken');
      await until('only that is shown', async () => (await record.locator('tr').count()) === 1);
      const csv = await page.getByRole('link', { name: 'Download CSV' }).getAttribute('href');
      const text = await (await fetch(stack.url + csv)).text();
      assert.match(text, /role-taken/);
      assert.doesNotMatch(text, /role-given/);
    });
  });

  test('erased weeks are shown as forgotten', async () => {
    const week = weeks(1, 3);
    await withTab(browser, {}, async (page) => {
      page.on('dialog', (dialog) => dialog.accept());
      await page.goto(`${stack.url}/forgetting`);
      await page.getByText('No erasures yet.').waitFor();
      await page.getByLabel('Some weeks').check();
      await page.getByLabel('First day (a Monday)').fill(week.from);
      await page.getByLabel('Last day (a Sunday)').fill(week.to);
      await page.getByRole('button', { name: 'Erase' }).click();
      await page.locator('[data-testid="forgettings"] [data-state="done"]').waitFor();

      await page.goto(address(stack, days));
      await page.locator('.progress > details > summary').click();
      await page.getByText(/^Erased on /).waitFor();
    });
    const { requests } = await stack.api('/api/requests');
    const states = requests.flatMap(({ windows }) => windows.map(({ id, state }) => [id, state]));
    assert.ok(states.some(([id, state]) => id === week.from && state === 'forgotten'), JSON.stringify(states));
  });
});
