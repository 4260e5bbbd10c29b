/**
 * Comparisons with other days or another section, a course's tabs, and tables on a phone. Numbers are counted
 * independently.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, until, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address, courseAddress } from './states.mjs';
import { cellsOf, figure, parseNumber, waitForRows } from './tables.mjs';
import { busyCourse, expected, views } from './truth.mjs';

let stack, browser, course, sections, failed;
const failing = weeks(1, 30);
const now = weeks(2, 4);
const then = weeks(2, 6);
const EARLIER = 'the 2 weeks before';

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  const asks = ['presentation', 'notes', 'polling'].flatMap((report) => [now, then].map((days) => ({ report, ...days })));
  await stack.injectFaults({ fault: 'failed', always: true, report: 'notes', start: failing.from });
  failed = await stack.request({ report: 'notes', ...failing }, { wait: false });
  const once = ['videoview', 'confused', 'qanda', 'assetbydate'].map((report) => ({ report, ...now }));
  await Promise.all([...asks, ...once].map((ask) => stack.request(ask)));
  ({ course, sections } = await busyCourse(stack, now));
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** The number of rows of a report on each day. */
async function rowsPerDay(report, { from, to }, scope = {}) {
  const query = { report, start: `${from}T00:00:00Z`, end: `${plusDays(to, 1)}T00:00:00Z`, ...scope };
  const { columns, rows } = await stack.ask(`/sandbox/rows?${new URLSearchParams(query)}`);
  const time = columns.findIndex((name) => /^eventtimestamp$/i.test(name.replaceAll('_', '')));
  const days = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) {
    days.push(rows.filter((row) => row[time].startsWith(day)).length);
  }
  return days;
}

const waitForFigures = async (page) => {
  await page.locator('[data-testid="told"][aria-busy="false"] .figure').first().waitFor();
  await waitUntilIdle(page);
};
const sum = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
const formatNumber = (number) => new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }).format(number);
const column = async (page, title, place) => (await cellsOf(page, title)).rows.map((cells) => parseNumber(cells[place]));

/** The sentence that compares two sums. */
function comparisonSentence([here, there], other, unit) {
  const share = Math.round(((here - there) / there) * 100);
  const comparison = Math.abs(share) < 1 ? 'About as much as' : share >= 200 ? `${formatNumber(here / there)} times as much as` : `${Math.abs(share)} % ${share > 0 ? 'more' : 'less'} than`;
  return `${comparison} ${other} (${formatNumber(here)} ${unit} against ${formatNumber(there)}).`;
}

test('one button requests the missing days before, and both charts overlay them once they arrive', async () => {
  const [here, there] = [expected(await views(stack, now), now), expected(await views(stack, then), then)];
  await withTab(browser, { acceptDownloads: true }, async (page) => {
    await page.goto(address(stack, now));
    await waitForRows(page, here.rows.length);
    await page.getByLabel('Compare with').selectOption('before');
    assert.ok(page.url().endsWith('&compare=before'));
    // Both figures say that nothing is loaded, and are otherwise unchanged.
    for (const title of ['Minutes watched per day', 'Viewers per day']) {
      await figure(page, title).getByText(`No data for ${EARLIER} yet.`).waitFor();
    }
    await page.getByTestId('gathering').getByRole('button', { name: 'Request missing reports' }).click();
    const lines = figure(page, 'Minutes watched per day').locator('svg .other');
    await lines.first().waitFor({ state: 'attached', timeout: 90_000 });
    await page.getByText('The 2 weeks before: all 2 weekly reports loaded.').waitFor({ timeout: 90_000 });
    await waitForRows(page, here.rows.length);
    await waitUntilIdle(page);
    for (const [title, of, unit] of [['Minutes watched per day', 'minutes', 'Minutes'], ['Viewers per day', 'viewers', 'Viewers']]) {
      const { heads } = await cellsOf(page, title);
      assert.deepEqual(heads.slice(0, 3), ['Day', unit, `${unit}, ${EARLIER}`]);
      assert.deepEqual(await column(page, title, 1), here.days.map((day) => day[of]));
      assert.deepEqual(await column(page, title, 2), there.days.map((day) => day[of]));
      const both = [here, there].map(({ days }) => sum(days.map((day) => day[of])));
      const expectedSentence = of === 'minutes' ? comparisonSentence(both, EARLIER, 'minutes') : comparisonSentence(both.map((all) => all / 14), EARLIER, 'viewers per day');
      const sentence = await figure(page, title).locator('.sentence').innerText();
      assert.ok(sentence.endsWith(expectedSentence), `${sentence} | ${expectedSentence}`);
    }
    assert.equal(await lines.count(), there.days.filter(({ minutes }) => minutes > 0).length);
    const minutes = figure(page, 'Minutes watched per day');
    await minutes.locator('.reader').press('Home');
    const reading = await minutes.getByTestId('reading').innerText();
    assert.ok(reading.includes(`against ${formatNumber(there.days[0].minutes)}`), reading);
    await minutes.locator('.figure-menu > summary').click();
    const [file] = await Promise.all([
      page.waitForEvent('download'), minutes.getByRole('button', { name: 'Save numbers as CSV' }).click(),
    ]);
    assert.ok(readFileSync(await file.path(), 'utf8').includes(`Minutes, ${EARLIER}`));
    // Everything else counts only the chosen days.
    assert.equal(await page.locator('[data-testid="minutes"]').getAttribute('data-rows'), String(here.rows.length));
  });
});

test('other reports can be compared with the days before and with another section', async () => {
  const TITLES = { presentation: ['Slide views per day', 'views'], notes: ['Note events per day', 'note events'], polling: ['Poll answers per day', 'answers'] };
  await withTab(browser, {}, async (page) => {
    for (const [report, [title, unit]] of Object.entries(TITLES)) {
      await page.goto(address(stack, now, { report, compare: 'before' }));
      await waitForFigures(page);
      await figure(page, title).locator('svg .other').first().waitFor({ state: 'attached' });
      const both = [await rowsPerDay(report, now), await rowsPerDay(report, then)];
      assert.deepEqual([await column(page, title, 1), await column(page, title, 2)], both);
      const sentence = await figure(page, title).locator('.sentence').innerText();
      assert.ok(sentence.endsWith(comparisonSentence(both.map(sum), EARLIER, unit)), sentence);
    }
    const [one, other] = sections;
    await page.goto(address(stack, now, { report: 'presentation', course: course.id, section: one.id }));
    await waitForFigures(page);
    await page.getByLabel('Compare with').selectOption(other.id);
    await figure(page, 'Slide views per day').locator('svg .other').first().waitFor({ state: 'attached' });
    await waitForFigures(page);
    const scope = (section) => ({ course: course.id, section: section.id });
    const both = [await rowsPerDay('presentation', now, scope(one)), await rowsPerDay('presentation', now, scope(other))];
    assert.deepEqual([await column(page, 'Slide views per day', 1), await column(page, 'Slide views per day', 2)], both);
  });
});

test('the tabs of a course keep course, section, days and zone', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(courseAddress(stack, now, { course: course.id, section: sections[0].id, tz: 'Europe/Berlin' }));
    const tabs = page.getByRole('navigation', { name: 'Reports of this course' });
    const parameters = () => ['from', 'to', 'course', 'section', 'tz'].map((key) => new URL(page.url()).searchParams.get(key));
    const initial = parameters();
    assert.equal(await tabs.locator('[aria-current="page"]').innerText(), 'Overview');
    for (const [name, report] of [['Videos', 'videoview'], ['Slides', 'presentation'], ['Confusion', 'confused'], ['Questions', 'qanda']]) {
      await tabs.getByRole('link', { name, exact: true }).click();
      await page.waitForURL((url) => url.searchParams.get('report') === report);
      await page.locator(`.tabs [aria-current="page"]`, { hasText: name }).waitFor();
      assert.deepEqual(parameters(), initial);
    }
    await tabs.getByRole('link', { name: 'Overview', exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/course');
    assert.deepEqual(parameters(), initial);
    await page.goto(address(stack, now));
    await page.locator('.figure').first().waitFor();
    assert.equal(await tabs.count(), 0, 'without a course there must be no tabs');
  });
});

test('on a phone a row shows a name, one number and one line, and expands by tap and by keyboard', async () => {
  await withTab(browser, { viewport: { width: 390, height: 800 } }, async (page) => {
    await page.goto(address(stack, now, { report: 'presentation' }));
    await waitForFigures(page);
    const table = figure(page, 'Every deck').locator('.sorted');
    const seen = () => table.locator('thead th:visible').allInnerTexts();
    assert.deepEqual((await seen()).map((text) => text.trim()), ['Deck', 'Views', 'Over time']);
    const narrow = await table.evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(narrow <= 0, `the table is ${narrow} px wider than its box`);
    const row = table.locator('tbody tr').first();
    const opener = row.getByRole('button', { name: /^Details of / });
    assert.equal(await opener.getAttribute('aria-expanded'), 'false');
    await opener.focus();
    await page.keyboard.press('Enter');
    assert.equal(await opener.getAttribute('aria-expanded'), 'true');
    const pairs = await table.locator('tr.rest dl > div').allInnerTexts();
    assert.deepEqual(pairs.map((pair) => pair.split('\n')[0]), ['Course', 'People', 'Students', 'Slides in the deck']);
    await page.keyboard.press('Enter');
    assert.equal(await table.locator('tr.rest').count(), 0);
    // A tap beside the name expands the row; a tap on the name opens the deck.
    await row.locator('td.number:visible').click();
    assert.equal(await table.locator('tr.rest').count(), 1);
    await page.setViewportSize({ width: 1280, height: 800 });
    assert.equal(await opener.isVisible(), false);
    assert.equal(await table.locator('tr.rest').isVisible(), false);
    assert.ok((await seen()).length === 7);
  });
});

test('a course with too many rows for the device is reported before they are loaded', async () => {
  await withTab(browser, {}, async (page) => {
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 0.0001 }));
    await page.goto(courseAddress(stack, now, { course: course.id }));
    const notice = page.locator('[data-code="too-large"]');
    await notice.waitFor();
    const [, rows] = /at least ([\d,]+) rows/.exec(await notice.innerText());
    let all = 0;
    for (const report of ['videoview', 'presentation', 'confused', 'polling', 'qanda', 'notes']) {
      all += sum(await rowsPerDay(report, now, { course: course.id }));
      all += sum(await rowsPerDay(report, then, { course: course.id }));
    }
    assert.ok(parseNumber(rows) > 250 && parseNumber(rows) <= all, `${rows} of ${all}`);
    assert.equal(await page.locator('[data-testid="course"] .figure').count(), 0);
  });
});

test('a failed retry on the board is reported', async () => {
  await until('it has failed', async () => {
    const { windows } = await stack.api(`/api/requests/${failed.id}`);
    return windows.every(({ state }) => state === 'failed');
  });
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_FAILED/);
    await page.route('**/retry', (route) => route.abort());
    await page.goto(`${stack.url}/requests`);
    const line = page.locator('.board-line', { has: page.locator('.failure') });
    await line.getByRole('button', { name: 'Try again' }).click();
    await line.locator('[data-code="unreachable"]').waitFor();
    await page.unroute('**/retry');
    await line.getByRole('button', { name: 'Try again' }).click();
    await line.locator('[data-code="unreachable"]').waitFor({ state: 'detached' });
  });
});
