/**
 * What an instructor sees, the pages for administrators (people, audit log, erasure), and the end of a session behind
 * Cloudflare Access.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startAccessProxy } from './cloudflare_access.mjs';
import { Browser, Stack, until, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { KEYS, address } from './states.mjs';
import { waitForRows } from './tables.mjs';
import { busyCourse, expected, views } from './truth.mjs';
import { unzip } from './xlsx.mjs';

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

  test('everything held about a person is saved as one file', async () => {
    const { students: [{ user, rows }] } = expected(await views(stack, days), days);
    await withTab(browser, {}, async (page, tab) => {
      await page.goto(`${stack.url}/forgetting`);
      const form = page.getByTestId('person-export');
      const [field, button] = [form.getByLabel('E-mail address or Echo360 user id'), form.getByRole('button', { name: 'Save everything' })];
      assert.ok(await button.isDisabled());
      await field.fill(` ${user.toUpperCase()} `);
      const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
      assert.equal(download.suggestedFilename(), 'lectern-person.zip');
      await form.getByRole('status').getByText('Saved.').waitFor();
      const files = unzip(readFileSync(await download.path()));
      const lines = [...files].filter(([name]) => /^lectern-videoview-.*\.csv$/.test(name)).flatMap(([, bytes]) => bytes.toString().trim().split('\n').slice(1));
      assert.equal(lines.length, rows);
      assert.ok(lines.every((line) => line.includes(user)));
      assert.match(files.get('about.txt').toString(), /What Lectern holds about one person/);

      tab.expect(/status of 400/);
      await field.fill('nobody');
      await button.click();
      await page.getByText("`id` must be Echo360's user id").waitFor();
    });
    const { entries } = await stack.api('/api/record?what=person-exported');
    assert.equal(entries.length, 1);
    assert.equal(entries[0].view, 'by user id');
  });

  test('administrators see what is unusual in files, by report and week', async () => {
    await stack.injectFaults({ fault: 'repeated-header', report: 'notes', start: days.from });
    await stack.request({ report: 'notes', ...days });
    await withTab(browser, {}, async (page) => {
      await page.goto(`${stack.url}/you`);
      await page.getByRole('link', { name: 'Data quality', exact: true }).click();
      const quality = (report) => page.locator(`[data-testid="quality"] [data-report="${report}"]`);
      await quality('notes').getByRole('listitem').getByText(/ repeated between the rows, and left out\. Week of /).waitFor();
      const rows = (await stack.truth(days.from, days.to)).rows.toLocaleString('en');
      await quality('videoview').getByText(`${rows} rows in 2 weeks. Nothing unusual.`).waitFor();
    });
  });

  test('an administrator chooses between two copies of a week that has lost rows', async () => {
    const request = await stack.request({ report: 'videoview', ...weeks(2, 6) });
    const ids = request.windows.map(({ id }) => id);
    await stack.injectFaults({ fault: 'missing-section', always: true });
    await stack.api(`/api/requests/${request.id}/retry`, { method: 'POST', body: { windows: ids } });
    const lost = async () => (await stack.api('/api/shrunken')).windows;
    await until('both weeks have lost rows', async () => (await lost()).length === 2);
    const [, second] = await lost();
    await withTab(browser, {}, async (page) => {
      const dialogs = [];
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message());
        return dialog.accept();
      });
      await page.goto(`${stack.url}/requests`);
      const section = page.getByTestId('shrunken');
      await section.getByRole('heading', { name: 'Weeks that lost rows' }).waitFor();
      const buttons = (name) => section.getByRole('button', { name });
      assert.equal(await buttons(/^Keep the fuller one: /).count(), 2);
      await section.getByText(/rows, now none$/).first().waitFor();
      await section.getByText(`${(second.rows - second.new_rows).toLocaleString('en-US')} fewer`).first().waitFor();
      await buttons(/^Keep the fuller one: /).first().click();
      const status = section.getByRole('status');
      await status.getByText('The fuller copy is kept.').waitFor();
      await until('one week is left', async () => (await buttons(/^Keep the fuller one: /).count()) === 1);
      assert.deepEqual(dialogs, []);
      assert.ok(await status.evaluate((element) => element === document.activeElement), 'the focus must stay in the section');
      await buttons(/^Use the smaller one: /).click();
      await status.getByText(/^The smaller copy was requested/).waitFor();
      assert.equal(dialogs.length, 1);
      await until('no week is left', async () => (await buttons(/one: /).count()) === 0);
    });
    assert.deepEqual(await lost(), []);
    await until('the smaller copy is served', async () => {
      const { windows } = await stack.api(`/api/requests/${request.id}`);
      return windows.find(({ id }) => id === second.window).copy.rows === second.new_rows;
    });
    await stack.clearFaults();
    await withTab(browser, {}, async (page) => {
      await page.goto(`${stack.url}/record`);
      await page.locator('[data-testid="record"] tbody').getByText('Chose a copy of a week').first().waitFor();
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

test('an administrator sees lists that are read only in part, and ends a pause', async () => {
  const stack = await Stack.start();
  try {
    const days = weeks(1, 3);
    await stack.injectFaults({ fault: 'bad-next', on: 'list', always: true, next: '/public/api/v1/users/7/invite' });
    await stack.request({ report: 'videoview', ...days });
    await withTab(browser, {}, async (page) => {
      await page.goto(`${stack.url}/quality`);
      const item = page.getByTestId('quality-lists').getByRole('listitem');
      await item.getByText(/^The list of reports ends for Lectern after \d+ entr.*since the link to its next page leads nowhere\./).waitFor();
      assert.equal(await item.count(), 1);

      await stack.clearFaults();
      // A list is used for 20 s.
      await pause(21_000);
      await stack.injectFaults({ fault: 'too-many-calls', on: 'list', seconds: 86400 });
      await stack.request({ report: 'notes', ...days }, { wait: false });
      await page.goto(`${stack.url}/requests`);
      const notice = page.locator('.notice[data-code="upstream-down"]');
      await notice.getByRole('button', { name: 'Try again' }).click();
      await stack.request({ report: 'notes', ...days });
      await notice.waitFor({ state: 'detached' });
      await page.goto(`${stack.url}/quality`);
      await page.locator('[data-testid="quality"] [data-report="notes"]').waitFor();
      assert.equal(await item.count(), 0);
    });
  } finally {
    await stack.stop();
  }
});

test('while Echo360 refuses the credentials, every page says so to administrators, and to nobody else', async () => {
  const stack = await Stack.start();
  try {
    const days = weeks(1, 3);
    // Also fetches the list of reports while the credentials are still valid.
    await stack.request({ report: 'videoview', ...days });
    await stack.api('/api/reports');
    await stack.injectFaults({ fault: 'unauthorized', always: true });
    await stack.request({ report: 'notes', ...days }, { wait: false });
    const failure = async () => (await stack.api('/api/session')).upstream_failure;
    await until('the credentials are refused', async () => (await failure()) === 'credentials-refused');
    await withTab(browser, {}, async (page) => {
      const banner = page.getByTestId('upstream-failure');
      for (const path of ['/', '/course', '/requests', '/you', '/people', '/record', '/forgetting', '/shares']) {
        await page.goto(stack.url + path);
        await banner.getByText("Echo360 refuses Lectern's credentials.").waitFor();
        assert.match(await banner.innerText(), /ECHO360_CLIENT_SECRET/);
        const link = banner.getByRole('link', { name: 'See all requests' });
        assert.equal(await link.count(), path === '/requests' ? 0 : 1, path);
      }
      await page.goto(`${stack.url}/you`);
      await banner.getByRole('link', { name: 'See all requests' }).click();
      await page.locator('.board-line').first().waitFor();

      const { courses } = await stack.api('/api/courses');
      for (const look of [{ role: 'analyst' }, { role: 'instructor', courses: [{ course: courses[0].id, section: null }] }]) {
        await page.evaluate(
          async (body) => fetch('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
          JSON.stringify({ look_as: look }),
        );
        await page.goto(`${stack.url}/you`);
        await page.getByText(`Local mode, viewing as an ${look.role}.`).waitFor();
        assert.equal(await banner.count(), 0, look.role);
      }
      await page.getByRole('button', { name: 'View as an administrator again' }).click();
      await banner.waitFor();

      await stack.clearFaults();
      await stack.request({ report: 'notes', ...days });
      await page.goto(`${stack.url}/you`);
      await page.getByText('Every course of the institution.').waitFor();
      assert.equal(await banner.count(), 0);
    });
  } finally {
    await stack.stop();
  }
});

test('people see where they are signed in and end a session in another browser, administrators everybody\'s', async () => {
  const settings = { LECTERN_LOCAL: '', LECTERN_KEY: KEYS.key, LECTERN_SESSION_KEY: KEYS.session };
  const stack = await Stack.start({ settings });
  const rows = (page) => page.getByTestId('sessions').locator('tbody tr');
  const signIn = async (page) => {
    await page.goto(`${stack.url}/you`);
    await page.locator('input[name="key"]').fill(KEYS.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await rows(page).first().waitFor();
  };
  // The page's own call, as `stack.api` is not signed in.
  const status = (page) => page.evaluate(async () => (await fetch('/api/session')).status);
  try {
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/status of 401/);
      await signIn(page);
      assert.equal(await rows(page).count(), 1);
      await rows(page).getByText('This session').waitFor();
      await withTab(browser, {}, async (other, otherTab) => {
        otherTab.expect(/status of 401/);
        await signIn(other);
        assert.equal(await rows(other).count(), 2);

        await page.reload();
        const end = rows(page).getByRole('button', { name: /^End the session of The key since / });
        await end.click();
        const section = page.getByTestId('sessions');
        const outcome = section.getByRole('status');
        await outcome.getByText(/^Ended\./).waitFor();
        assert.ok(await outcome.evaluate((element) => element === document.activeElement), 'the focus must stay in the section');
        await until('one session is left', async () => (await rows(page).count()) === 1);
        assert.deepEqual([await status(page), await status(other)], [200, 401]);
      });

      page.on('dialog', (dialog) => dialog.accept());
      await page.getByRole('button', { name: "End everybody's sessions" }).click();
      await page.locator('[data-code="sign-in-needed"]').first().waitFor();
      assert.equal(await status(page), 401);
    });
  } finally {
    await stack.stop();
  }
});

describe('behind Cloudflare Access', () => {
  let stack, access, view, rows;
  const days = weeks(2, 3);
  const NOTICE = '[data-code="sign-in-needed"]';
  before(async () => {
    stack = await Stack.start();
    await stack.request({ report: 'videoview', ...days });
    access = await startAccessProxy(stack);
    view = address({ url: access.url }, days);
    rows = (await stack.truth(days.from, days.to)).rows;
  });
  after(async () => {
    access?.stop();
    await stack?.stop();
  });
  afterEach(async () => {
    access.signIn();
    access.redirectScripts(false);
    await stack.clearFaults();
  });

  /** Requests a newer copy of a week, which Echo360 does not build: the page polls on and on. */
  async function startPolling(page) {
    await stack.injectFaults({ fault: 'server-error', always: true });
    await page.locator('.progress > details > summary').click();
    const row = page.locator('.windows tbody tr').first();
    const button = row.getByRole('button', { name: /^Request again/ });
    const isWaiting = row.getByText(/a newer copy is/);
    await button.or(isWaiting).first().waitFor();
    // The copy that an earlier test requested may still be missing.
    if (await button.isVisible()) await button.click();
    await isWaiting.waitFor();
  }

  /** How often the API was called. */
  const countCalls = () => access.calls.filter(({ path }) => path.startsWith('/api/')).length;

  test('every call of the page and of the data worker says that a script sends it', async () => {
    const before = access.calls.length;
    await withTab(browser, {}, async (page) => {
      await page.goto(view);
      await waitForRows(page, rows);
      await waitUntilIdle(page);
      await page.getByRole('link', { name: 'Requests', exact: true }).click();
      await page.locator('.board-line').first().waitFor();
    });
    const calls = access.calls.slice(before).filter(({ path }) => path.startsWith('/api/'));
    for (const route of ['/api/session', '/api/requests', '/api/rows/']) {
      assert.ok(calls.some(({ path }) => path.startsWith(route)), `${route} must have been called`);
    }
    assert.deepEqual(calls.filter(({ isScript }) => !isScript), []);
  });

  for (const doesRedirect of [false, true]) {
    const answer = doesRedirect ? 'redirects scripts, too' : 'answers scripts with 401';
    test(`a session that ends while a page waits is told once, where Access ${answer}`, async () => {
      access.redirectScripts(doesRedirect);
      await withTab(browser, {}, async (page, tab) => {
        // A prefetch of code may be refused, too.
        tab.expect(/status of 401/, /signed-out/, /icon\.svg/);
        await page.goto(view);
        await waitForRows(page, rows);
        await startPolling(page);
        await waitUntilIdle(page);
        const figures = await page.locator('.figures').innerText();

        access.endSession();
        const notice = page.locator(NOTICE);
        await notice.getByRole('heading', { name: 'You were signed out' }).waitFor();
        const calls = countCalls();
        // Twice as long as between two polls, and longer.
        await pause(6_000);
        assert.equal(countCalls(), calls, 'the page must not poll');
        assert.equal(await page.locator('.figures').innerText(), figures, 'what was on the screen must stay');
        assert.equal(await page.locator('.windows tbody tr').count(), 2);

        // Whatever else is refused, there is one notice with one button.
        await page.getByRole('button', { name: 'Previous 2 weeks' }).click();
        await until('the page has called again', () => countCalls() > calls);
        await waitUntilIdle(page);
        assert.equal(await notice.count(), 1);
        assert.equal(await page.locator('[data-code="unreachable"]').count(), 0);
        assert.equal(await notice.getByRole('button').count(), 1);

        const here = page.url();
        assert.notEqual(here, view);
        await notice.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.getByRole('button', { name: 'Next 2 weeks' }).waitFor();
        assert.equal(page.url(), here);
        await page.getByRole('button', { name: 'Next 2 weeks' }).click();
        await waitForRows(page, rows);
        assert.equal(await notice.count(), 0);
      });
    });
  }

  test('the list of requests stays when the session ends, and is fetched again after a sign-in in another tab', async () => {
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/status of 401/, /signed-out/, /icon\.svg/);
      await page.goto(view);
      await startPolling(page);
      await page.getByRole('link', { name: 'Requests', exact: true }).click();
      await page.locator('.board-line').first().waitFor();
      const count = await page.locator('.board-line').count();
      access.endSession();
      await page.locator(NOTICE).waitFor();
      const calls = countCalls();
      await pause(6_000);
      assert.equal(countCalls(), calls, 'the page must not poll');
      assert.equal(await page.locator('.board-line').count(), count);
      access.signIn();
      await page.getByRole('link', { name: 'Reports', exact: true }).click();
      await page.locator(NOTICE).waitFor({ state: 'detached' });
      await waitForRows(page, rows);
    });
  });

  test('after a sign-in in another tab the page loads what was refused, and polls on', async () => {
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/status of 401/, /signed-out/, /icon\.svg/);
      await page.goto(view);
      await waitForRows(page, rows);
      await startPolling(page);
      await waitUntilIdle(page);
      access.endSession();
      await page.locator(NOTICE).waitFor();
      access.signIn();
      await page.evaluate(() => (window.wasLoadedBefore = true));
      await Promise.all([page.waitForEvent('download'), page.locator('.download a[data-testid="csv"]').click()]);
      await page.locator(NOTICE).waitFor({ state: 'detached' });
      const countPolls = () => access.calls.filter(({ path }) => path.startsWith('/api/requests')).length;
      const polls = countPolls();
      await until('the page polls on', () => countPolls() > polls + 1);
      assert.equal(await page.locator(NOTICE).count(), 0, 'no earlier error must come back');
      await waitForRows(page, rows);
      assert.ok(await page.evaluate(() => window.wasLoadedBefore), 'for the same person the page must stay');
    });
  });

  test('after a sign-in of somebody else in another tab, nothing of the first person stays on the page', async () => {
    const { course } = await busyCourse(stack, days);
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/status of 40[134]/, /signed-out/, /icon\.svg/);
      await page.goto(view);
      await waitForRows(page, rows);
      await startPolling(page);
      await page.getByText('Local mode: anybody at this computer is an administrator.').waitFor();
      access.endSession();
      await page.locator(NOTICE).waitFor();
      access.signIn();
      const other = await page.context().newPage();
      await other.goto(`${access.url}/you`);
      await other.getByRole('combobox', { name: 'Course' }).selectOption(course.id);
      await other.getByRole('button', { name: 'View as an instructor' }).click();
      await other.getByText('Local mode, viewing as an instructor.').waitFor();
      await other.close();

      await page.evaluate(() => (window.wasLoadedBefore = true));
      await page.getByRole('button', { name: 'Previous 2 weeks' }).click();
      // The footer is hidden while there is room for figures above it.
      await page.getByText('Local mode, viewing as an instructor.').waitFor({ state: 'attached' });
      assert.equal(await page.evaluate(() => window.wasLoadedBefore), undefined, 'the page must be loaded again');
      assert.notEqual(page.url(), view);
      assert.equal(await page.locator(NOTICE).count(), 0);
    });
  });

  test('a link to a CSV file saves the file and never a page to sign in on', async () => {
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/status of 401/, /signed-out/, /icon\.svg/);
      const saved = [];
      page.on('download', (download) => saved.push(download));
      const before = access.calls.length;
      await page.goto(view);
      const link = page.locator('.download a[data-testid="csv"]');
      await link.waitFor();
      const here = page.url();
      access.endSession();
      // With Alt, Chromium saves what a link leads to.
      for (const modifiers of [[], ['Alt']]) {
        await link.click({ modifiers });
        await page.locator(NOTICE).waitFor();
        await pause(1_000);
        assert.equal(saved.length, 0, `nothing must be saved: ${modifiers}`);
        assert.equal(page.url(), here);
      }

      access.signIn();
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      const lines = readFileSync(await download.path(), 'utf8').trimEnd().split('\n');
      assert.equal(lines.length - 1, rows);
      assert.match(download.suggestedFilename(), /\.csv$/);
      await page.locator(NOTICE).waitFor({ state: 'detached' });
      // The browser streams the file to the disk: no script of the page reads it. Scripts only count its rows.
      const files = access.calls.slice(before).filter(({ path }) => path.startsWith('/api/csv/videoview?'));
      assert.deepEqual(files.map(({ isScript }) => isScript), [false]);
    });
  });

  test('code that is loaded on demand after the end of the session is told as signed out, not as unreachable', async () => {
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/status of 401/, /signed-out/, /icon\.svg/);
      await page.goto(view);
      await waitForRows(page, rows);
      await waitUntilIdle(page);
      access.endSession();
      await page.locator('.figure-menu > summary').first().click();
      await page.locator(NOTICE).waitFor();
      assert.equal(await page.locator(NOTICE).count(), 1);
      assert.equal(await page.locator('[data-code="unreachable"]').count(), 0);
    });
  });
});
