/** Shares: made by somebody who may sign in, opened by somebody who cannot, and ended. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, until, weeks, withTab } from './stack.mjs';
import { address, courseAddress } from './states.mjs';
import { busyCourse, sharedWeeks } from './truth.mjs';

/** Numbers over fewer students are withheld here. */
const SMALLEST = 5;

let browser;
let stack;
const days = weeks(3, 3);
before(async () => {
  browser = await Browser.start();
  stack = await Stack.start({
    sandbox: ['--students', '160'],
    settings: { LECTERN_SMALLEST: String(SMALLEST), LECTERN_TIME_ZONE: 'UTC' },
  });
  await stack.request({ report: 'videoview', ...days });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** Presses Share and makes a link; gives the link. */
async function make(page, name) {
  const share = page.locator('.share-bar summary').filter({ hasText: /^Share$/ });
  await share.focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="contents"]').waitFor();
  await page.getByLabel('Name, shown to everybody who opens the link').fill(name);
  await page.getByRole('button', { name: 'Create a link' }).press('Enter');
  return page.getByRole('textbox', { name: 'Link', exact: true }).inputValue();
}

/** Shows a page of an origin that holds a snippet. */
async function framed(origin, snippet, look) {
  const tab = await browser.open({});
  const { page } = tab;
  try {
    await page.context().route(`${origin}/**`, (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>Course</title>${snippet}` }));
    // The browser lets no page of the internet reach this machine: the answers are ours, the rules of frames the browser's.
    await page.context().route(`${stack.url}/**`, async (route) => route.fulfill({ response: await route.fetch() }));
    await page.goto(`${origin}/week-1`);
    await look(page.frameLocator('iframe'), page);
  } finally {
    // What a refused frame says on the console is another page's.
    await tab.close().catch(() => {});
  }
}

/** The numbers of the first table of a share. */
async function table(page) {
  await page.locator('table').first().waitFor({ state: 'attached' });
  const cells = await page.locator('table').first().locator('tbody tr').evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.textContent)),
  );
  const read = (text) => (/^[\d,.]+$/.test(text) ? Number(text.replaceAll(',', '')) : text);
  return cells.map((row) => row.map(read));
}

test('a link made by keyboard shows a stranger the true weeks, without any program of the page', async () => {
  const { course } = await busyCourse(stack, days);
  const expected = await sharedWeeks(stack, days, course, SMALLEST);
  assert.ok(expected.some(([, minutes]) => minutes > 0), 'some week is shown');
  let link;
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days, { course: course.id }));
    link = await make(page, 'For the department');
    assert.ok(link.startsWith(`${stack.url}/s#`), link);
    await page.locator('[data-testid="badge"]').getByText(/^Shared until /).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.share-bar details[open]').count(), 0);
  });
  await withTab(browser, {}, async (page) => {
    const fetched = [];
    page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
    await page.goto(link);
    await page.getByRole('heading', { name: 'For the department' }).waitFor();
    assert.deepEqual(await table(page), expected);
    assert.deepEqual(fetched.sort(), ['/api/shared', '/s']);
    assert.deepEqual(await page.context().cookies(), []);
    const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('#csv').click()]);
    const text = readFileSync(await saved.path(), 'utf8');
    const lines = text.trim().split('\r\n').slice(2);
    assert.deepEqual(lines, expected.map((row) => row.map((cell) => `"${cell}"`).join()));
    // On paper the numbers are there, and dark screens print black on white.
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.locator('table').first().waitFor();
    const colours = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
    assert.deepEqual(colours, ['rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
    assert.equal(await page.locator('#csv').isVisible(), false);
  });
});

test('a link is copied, and one that was made stays when its panel is closed', async () => {
  const { course } = await busyCourse(stack, days);
  await withTab(browser, { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.goto(address(stack, days, { course: course.id }));
    await page.locator('.share-bar').getByRole('button', { name: 'Copy link', exact: true }).click();
    await page.locator('.share-bar [role="status"]').getByText('Copied').waitFor();
    assert.equal(await copied(), page.url());

    const link = await make(page, 'For the registrar');
    const panel = page.locator('.share-bar details');
    await panel.getByRole('button', { name: 'Copy', exact: true }).click();
    await until('it is copied', async () => (await copied()) === link);
    // A press beside the panel closes it: the link is shown this once, and must be there still.
    await page.getByRole('heading', { level: 1 }).click();
    await until('the panel is closed', async () => (await page.locator('.share-bar details[open]').count()) === 0);
    await panel.locator('summary').first().press('Enter');
    assert.equal(await page.getByRole('textbox', { name: 'Link', exact: true }).inputValue(), link);
    await panel.getByRole('button', { name: 'Create another link' }).click();
    assert.equal(await page.getByLabel('Name, shown to everybody who opens the link').inputValue(), '');
    // What somebody is writing stays, too.
    await page.getByLabel('Name, shown to everybody who opens the link').fill('For the board');
    await page.keyboard.press('Escape');
    await panel.locator('summary').first().press('Enter');
    assert.equal(await page.getByLabel('Name, shown to everybody who opens the link').inputValue(), 'For the board');
  });
});

test('a week that is not here is a gap in the chart of a share, and named in its table', async () => {
  const { course } = await busyCourse(stack, days);
  const body = { report: 'videoview', course: course.id, from: plusDays(days.from, -7), to: days.to };
  const { token } = await stack.api('/api/shares', { method: 'POST', body });
  const withheld = (await sharedWeeks(stack, days, course, SMALLEST)).filter(([, minutes]) => minutes === 'withheld').length;
  await withTab(browser, {}, async (page) => {
    await page.goto(`${stack.url}/s#${token}`);
    const [first, ...rest] = await table(page);
    assert.deepEqual(first, [body.from, 'no data', 'no data']);
    assert.equal(rest.length, 3);
    const svg = page.locator('.wide svg');
    assert.equal(await svg.locator('.bar').count(), 3 - withheld);
    await svg.getByText('no data').waitFor();
    await page.getByText('1 more week of these days was not loaded, or not final yet, when this page was created.').waitFor();
  });
});

test('a share of a whole course is listed, renamed, rotated and revoked, and each old link opens nothing', async () => {
  const { course } = await busyCourse(stack, days);
  const opens = async (link) => {
    const token = new URL(link).hash.slice(1);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${stack.url}/api/shared`, { method: 'POST', headers, body: JSON.stringify({ token }) });
    return answer.status;
  };
  await withTab(browser, {}, async (page) => {
    page.on('dialog', (dialog) => dialog.accept());
    await page.goto(courseAddress(stack, days, { course: course.id }));
    const first = await make(page, 'For the accreditor');
    assert.equal(await opens(first), 200);

    await page.goto(`${stack.url}/you`);
    await page.getByRole('link', { name: 'Shares', exact: true }).click();
    const item = page.locator('[data-testid="shares"] > li').filter({ hasText: /For the/ }).first();
    await item.getByText(/^once, /).waitFor();
    await item.getByText('Change', { exact: true }).click();
    await item.getByLabel('Name', { exact: true }).fill('For the dean');
    await item.getByRole('button', { name: 'Rename' }).click();
    await item.getByRole('heading', { name: 'For the dean' }).waitFor();
    await item.getByLabel('Sites that may embed it').fill('https://courses.example.edu');
    await item.getByRole('button', { name: 'Save the sites' }).click();
    await item.locator('dd').getByText('https://courses.example.edu').waitFor();

    await item.getByRole('button', { name: 'Create a new link' }).click();
    const second = await item.getByRole('textbox', { name: 'Link', exact: true }).inputValue();
    const snippet = await item.getByRole('textbox', { name: 'For the course page' }).inputValue();
    assert.match(snippet, /^<iframe src="[^"]+\/s\/[0-9a-f]{32}#[\w-]{43}" title="For the dean"/);
    assert.deepEqual([await opens(first), await opens(second)], [404, 200]);
    const policy = (await fetch(/src="([^"#]+)/.exec(snippet)[1])).headers.get('content-security-policy');
    assert.match(policy, /frame-ancestors https:\/\/courses\.example\.edu$/);
    await framed('https://courses.example.edu', snippet, (frame) => frame.getByRole('heading', { name: 'For the dean' }).waitFor());
    await framed('https://elsewhere.example.edu', snippet, async (frame, page) => {
      await until('the frame is refused', () => page.frames().some((it) => it.url().startsWith('chrome-error:')));
      assert.equal(await frame.getByRole('heading', { name: 'For the dean' }).count(), 0);
    });

    await item.getByRole('button', { name: 'Revoke For the dean' }).click();
    await until('it is gone', async () => (await page.getByText('For the dean').count()) === 0);
    assert.equal(await opens(second), 404);
  });
});

test('an administrator switches shares off, and none is made until they are on again', async () => {
  await withTab(browser, {}, async (page, tab) => {
    await page.goto(`${stack.url}/shares`);
    const allowed = page.getByLabel('Allow shares in this institution');
    await allowed.uncheck();
    await page.getByText(/^An administrator has turned shares off/).waitFor();
    const { course } = await busyCourse(stack, days);
    tab.expect(/status of 40\d/);
    await page.goto(address(stack, days, { course: course.id }));
    await page.locator('.share-bar summary').filter({ hasText: /^Share$/ }).click();
    await page.locator('.share-bar [data-code="shares-off"]').waitFor();
    await page.goto(`${stack.url}/shares`);
    await allowed.check();
    await until('they are on', async () => (await stack.api('/api/shares')).on);
  });
});
