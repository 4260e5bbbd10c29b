/** Shares: made by somebody who is signed in, opened by somebody who is not, changed and revoked. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, until, weeks, withTab } from './stack.mjs';
import { address, courseAddress } from './states.mjs';
import { busyCourse, sharedWeeks } from './truth.mjs';

/** Fewest students over whom a share shows a number; below, it is withheld. */
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

/** Makes a share by keyboard; returns its link. */
async function makeShare(page, name) {
  const share = page.locator('.share-bar summary').filter({ hasText: /^Share$/ });
  await share.focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="contents"]').waitFor();
  await page.getByLabel('Name, shown to everybody who opens the link').fill(name);
  await page.getByRole('button', { name: 'Create a link' }).press('Enter');
  return page.getByRole('textbox', { name: 'Link', exact: true }).inputValue();
}

/** Opens a share's page and uses it: only what a person does counts as an opening, and only once. */
async function openAndUse(link, name) {
  await withTab(browser, {}, async (page) => {
    const reports = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/api/shared/opened')) reports.push(request);
    });
    await page.goto(link);
    await page.getByRole('heading', { name }).waitFor();
    await page.evaluate(() => dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true })));
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    assert.equal(reports.length, 0, 'what a script does must not count');
    const reported = page.waitForResponse((response) => response.url().endsWith('/api/shared/opened'));
    await page.keyboard.press('ArrowDown');
    assert.equal((await reported).status(), 204);
    await page.mouse.click(10, 10);
    await page.keyboard.press('ArrowUp');
    assert.equal(reports.length, 1, 'one page is one opening');
  });
}

/** Opens the first of some pages, given as HTML by their origins, and calls `look` with the frame in it. */
async function withEmbeddedShare(pages, look) {
  const tab = await browser.open({});
  const { page } = tab;
  try {
    for (const [origin, html] of Object.entries(pages)) {
      await page.context().route(`${origin}/**`, (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>Course</title>${html}` }));
    }
    // The browser blocks requests from public origins to loopback, so the test fetches for it. The browser
    // still applies the rules for frames.
    await page.context().route(`${stack.url}/**`, async (route) => route.fulfill({ response: await route.fetch() }));
    await page.goto(`${Object.keys(pages)[0]}/week-1`);
    await look(page.frameLocator('iframe'), page);
  } finally {
    // A refused frame logs errors, which are not problems of the page.
    await tab.close().catch(() => {});
  }
}

/** The rows of a share's first table, with numbers parsed. */
async function readTable(page) {
  await page.locator('table').first().waitFor({ state: 'attached' });
  const cells = await page.locator('table').first().locator('tbody tr').evaluateAll((rows) =>
    rows.map((row) => [...row.cells].map((cell) => cell.textContent)),
  );
  const parseCell = (text) => (/^[\d,.]+$/.test(text) ? Number(text.replaceAll(',', '')) : text);
  return cells.map((row) => row.map(parseCell));
}

test('a link made by keyboard shows the correct weeks without sign-in and without loading the app', async () => {
  const { course } = await busyCourse(stack, days);
  const expected = await sharedWeeks(stack, days, course, SMALLEST);
  assert.ok(expected.some(([, minutes]) => minutes > 0), 'some week must be shown');
  let link;
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days, { course: course.id }));
    link = await makeShare(page, 'For the department');
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
    assert.deepEqual(await readTable(page), expected);
    assert.deepEqual(fetched.sort(), ['/api/shared', '/s']);
    assert.deepEqual(await page.context().cookies(), []);
    const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('#csv').click()]);
    const text = readFileSync(await saved.path(), 'utf8');
    const lines = text.trim().split('\r\n').slice(2);
    assert.deepEqual(lines, expected.map((row) => row.map((cell) => `"${cell}"`).join()));
    // Print shows the numbers, black on white even with a dark color scheme.
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.locator('table').first().waitFor();
    const colors = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
    assert.deepEqual(colors, ['rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
    assert.equal(await page.locator('#csv').isVisible(), false);
  });
});

test('links can be copied, and closing the panel keeps a new link and unsaved input', async () => {
  const { course } = await busyCourse(stack, days);
  await withTab(browser, { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.goto(address(stack, days, { course: course.id }));
    await page.locator('.share-bar').getByRole('button', { name: 'Copy link', exact: true }).click();
    await page.locator('.share-bar [role="status"]').getByText('Copied').waitFor();
    assert.equal(await copied(), page.url());

    const link = await makeShare(page, 'For the registrar');
    const panel = page.locator('.share-bar details');
    await panel.getByRole('button', { name: 'Copy', exact: true }).click();
    await until('it is copied', async () => (await copied()) === link);
    // A click outside the panel closes it. The link is shown only this once, so the panel must keep it.
    await page.getByRole('heading', { level: 1 }).click();
    await until('the panel is closed', async () => (await page.locator('.share-bar details[open]').count()) === 0);
    await panel.locator('summary').first().press('Enter');
    assert.equal(await page.getByRole('textbox', { name: 'Link', exact: true }).inputValue(), link);
    await panel.getByRole('button', { name: 'Create another link' }).click();
    assert.equal(await page.getByLabel('Name, shown to everybody who opens the link').inputValue(), '');
    // Unsaved input is kept too.
    await page.getByLabel('Name, shown to everybody who opens the link').fill('For the board');
    await page.keyboard.press('Escape');
    await panel.locator('summary').first().press('Enter');
    assert.equal(await page.getByLabel('Name, shown to everybody who opens the link').inputValue(), 'For the board');
  });
});

test('a missing week is a gap in the chart of a share and "no data" in its table', async () => {
  const { course } = await busyCourse(stack, days);
  const body = { report: 'videoview', course: course.id, from: plusDays(days.from, -7), to: days.to };
  const { token } = await stack.api('/api/shares', { method: 'POST', body });
  const withheld = (await sharedWeeks(stack, days, course, SMALLEST)).filter(([, minutes]) => minutes === 'withheld').length;
  await withTab(browser, {}, async (page) => {
    await page.goto(`${stack.url}/s#${token}`);
    const [first, ...rest] = await readTable(page);
    assert.deepEqual(first, [body.from, 'no data', 'no data', 'no data']);
    assert.equal(rest.length, 3);
    const svg = page.locator('.wide svg');
    assert.equal(await svg.locator('.bar').count(), 3 - withheld);
    await svg.getByText('no data').waitFor();
    await page.getByText('1 more week of these days was not loaded, or not final yet, when this page was created.').waitFor();
  });
});

test('a share of a course can be listed, renamed, rotated and revoked, and old links stop working', async () => {
  const { course } = await busyCourse(stack, days);
  const openStatus = async (link) => {
    const token = new URL(link).hash.slice(1);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${stack.url}/api/shared`, { method: 'POST', headers, body: JSON.stringify({ token }) });
    return answer.status;
  };
  await withTab(browser, {}, async (page) => {
    page.on('dialog', (dialog) => dialog.accept());
    await page.goto(courseAddress(stack, days, { course: course.id }));
    const first = await makeShare(page, 'For the accreditor');
    assert.equal(await openStatus(first), 200);

    await page.goto(`${stack.url}/you`);
    await page.getByRole('link', { name: 'Shares', exact: true }).click();
    const item = page.locator('[data-testid="shares"] > li').filter({ hasText: /For the/ }).first();
    // Whoever fetched the link so far was no person.
    await item.getByText('never', { exact: true }).waitFor();
    await page.getByTestId('opened-is').getByText(/Scanners of mail open links, too/).waitFor();
    await openAndUse(first, 'For the accreditor');
    await page.reload();
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
    assert.match(snippet, /^<iframe src="[^"]+\/s\/[0-9a-f]{32}#[\w-]{48}" title="For the dean"/);
    assert.match(await page.getByTestId('embedding').innerText(), /^An embedded share stays blank unless every page around it is among its sites/);
    assert.deepEqual([await openStatus(first), await openStatus(second)], [404, 200]);
    const policy = (await fetch(/src="([^"#]+)/.exec(snippet)[1])).headers.get('content-security-policy');
    assert.match(policy, /frame-ancestors https:\/\/courses\.example\.edu$/);
    await withEmbeddedShare({ 'https://courses.example.edu': snippet }, (frame) => frame.getByRole('heading', { name: 'For the dean' }).waitFor());
    await withEmbeddedShare({ 'https://elsewhere.example.edu': snippet }, async (frame, page) => {
      await until('the frame is refused', () => page.frames().some((it) => it.url().startsWith('chrome-error:')));
      assert.equal(await frame.getByRole('heading', { name: 'For the dean' }).count(), 0);
    });

    // Where the course site is not the only page around the share, the frame stays blank, and the snippet's link opens it.
    const nested = {
      'https://platform.example.edu': '<iframe src="https://courses.example.edu/week-1" width="900" height="800"></iframe>',
      'https://courses.example.edu': snippet,
    };
    await withEmbeddedShare(nested, async (course, page) => {
      await until('the frame is refused', () => page.frames().some((it) => it.url().startsWith('chrome-error:')));
      const [opened] = await Promise.all([
        page.context().waitForEvent('page'),
        course.getByRole('link', { name: 'Open in the browser' }).click(),
      ]);
      await opened.getByRole('heading', { name: 'For the dean' }).waitFor();
    });

    await item.getByRole('button', { name: 'Revoke For the dean' }).click();
    await until('it is gone', async () => (await page.getByText('For the dean').count()) === 0);
    assert.equal(await openStatus(second), 404);
  });
});

test('a link whose # a mail filter has encoded opens, and its owner is told to replace it', async () => {
  const { course } = await busyCourse(stack, days);
  const body = { report: 'videoview', course: course.id, from: days.from, to: days.to, name: 'From a mail' };
  const { share, token } = await stack.api('/api/shares', { method: 'POST', body });
  await withTab(browser, {}, async (page) => {
    const item = page.locator('[data-testid="shares"] > li').filter({ hasText: 'From a mail' });
    await page.goto(`${stack.url}/shares`);
    await item.waitFor();
    assert.equal(await item.getByTestId('exposed').count(), 0);
    for (const path of ['/s', `/s/${share.id}`]) {
      await page.goto(`${stack.url}${path}%23${token}`);
      await page.getByRole('heading', { name: 'From a mail' }).waitFor();
      assert.equal(page.url(), `${stack.url}${path}#${token}`);
    }
    await page.goto(`${stack.url}/shares`);
    await item.getByTestId('exposed').getByText(/^A mail filter put the secret of this link into an address/).waitFor();
    await item.getByText('Change', { exact: true }).click();
    await item.getByRole('button', { name: 'Create a new link' }).click();
    await item.getByRole('textbox', { name: 'Link', exact: true }).waitFor();
    await until('the notice is gone', async () => (await item.getByTestId('exposed').count()) === 0);
  });
});

test('while an administrator has switched shares off, none can be made', async () => {
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
