/** A report held against other days or another section, its tabs, and its tables on a phone: numbers counted apart. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, rest, until, weeks, withTab } from './stack.mjs';
import { address, courseAddress } from './states.mjs';
import { cellsOf, drawnFrom, figure, read } from './tables.mjs';
import { busyCourse, expected, views } from './truth.mjs';

let stack, browser, course, sections, failed;
const failing = weeks(1, 30);
const now = weeks(2, 4);
const then = weeks(2, 6);
const EARLIER = 'the 2 weeks before';

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  const asks = ['presentation', 'notes', 'polling'].flatMap((report) => [now, then].map((days) => ({ report, ...days })));
  await stack.harm({ fault: 'failed', always: true, report: 'notes', start: failing.from });
  failed = await stack.request({ report: 'notes', ...failing }, { settled: false });
  const once = ['videoview', 'confused', 'qanda', 'assetbydate'].map((report) => ({ report, ...now }));
  await Promise.all([...asks, ...once].map((ask) => stack.request(ask)));
  ({ course, sections } = await busyCourse(stack, now));
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** How many rows of a report each day has. */
async function counted(report, { from, to }, scope = {}) {
  const query = { report, start: `${from}T00:00:00Z`, end: `${plusDays(to, 1)}T00:00:00Z`, ...scope };
  const { columns, rows } = await stack.ask(`/sandbox/rows?${new URLSearchParams(query)}`);
  const time = columns.findIndex((name) => /^eventtimestamp$/i.test(name.replaceAll('_', '')));
  const days = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) {
    days.push(rows.filter((row) => row[time].startsWith(day)).length);
  }
  return days;
}

const told = async (page) => {
  await page.locator('[data-testid="told"][aria-busy="false"] .figure').first().waitFor();
  await rest(page);
};
const sum = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
const spelled = (number) => new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }).format(number);
const column = async (page, title, place) => (await cellsOf(page, title)).rows.map((cells) => read(cells[place]));

/** The sentence of two sums. */
function compared([here, there], other, unit) {
  const share = Math.round(((here - there) / there) * 100);
  const held = Math.abs(share) < 1 ? 'About as much as' : share >= 200 ? `${spelled(here / there)} times as much as` : `${Math.abs(share)} % ${share > 0 ? 'more' : 'less'} than`;
  return `${held} ${other}: ${spelled(here)} ${unit}, against ${spelled(there)}.`;
}

test('what is missing of the days before is asked for with one button, and lies over both charts once it is here', async () => {
  const [here, there] = [expected(await views(stack, now), now), expected(await views(stack, then), then)];
  await withTab(browser, { acceptDownloads: true }, async (page) => {
    await page.goto(address(stack, now));
    await drawnFrom(page, here.rows.length);
    await page.getByLabel('Compare with').selectOption('before');
    assert.ok(page.url().endsWith('&compare=before'));
    // Both say so, although nothing else of them changes.
    for (const title of ['Minutes watched per day', 'Viewers per day']) {
      await figure(page, title).getByText(`Of ${EARLIER} nothing is here yet.`).waitFor();
    }
    await page.getByTestId('gathering').getByRole('button', { name: 'Ask Echo360' }).click();
    const lines = figure(page, 'Minutes watched per day').locator('svg .other');
    await lines.first().waitFor({ state: 'attached', timeout: 90_000 });
    await page.getByText('The 2 weeks before: All 2 weekly reports are here.').waitFor({ timeout: 90_000 });
    await drawnFrom(page, here.rows.length);
    await rest(page);
    for (const [title, of, unit] of [['Minutes watched per day', 'minutes', 'Minutes'], ['Viewers per day', 'viewers', 'Viewers']]) {
      const { heads } = await cellsOf(page, title);
      assert.deepEqual(heads.slice(0, 3), ['Day', unit, `${unit}, ${EARLIER}`]);
      assert.deepEqual(await column(page, title, 1), here.days.map((day) => day[of]));
      assert.deepEqual(await column(page, title, 2), there.days.map((day) => day[of]));
      const both = [here, there].map(({ days }) => sum(days.map((day) => day[of])));
      const wanted = of === 'minutes' ? compared(both, EARLIER, 'minutes') : compared(both.map((all) => all / 14), EARLIER, 'viewers a day');
      const sentence = await figure(page, title).locator('.sentence').innerText();
      assert.ok(sentence.endsWith(wanted), `${sentence} | ${wanted}`);
    }
    assert.equal(await lines.count(), there.days.filter(({ minutes }) => minutes > 0).length);
    const minutes = figure(page, 'Minutes watched per day');
    await minutes.locator('.reader').press('Home');
    const reading = await minutes.getByTestId('reading').innerText();
    assert.ok(reading.includes(`against ${spelled(there.days[0].minutes)}`), reading);
    await minutes.locator('.figure-menu > summary').click();
    const [file] = await Promise.all([
      page.waitForEvent('download'), minutes.getByRole('button', { name: 'Save numbers as CSV' }).click(),
    ]);
    assert.ok(readFileSync(await file.path(), 'utf8').includes(`Minutes, ${EARLIER}`));
    // Nothing else knows of the days before.
    assert.equal(await page.locator('[data-testid="minutes"]').getAttribute('data-rows'), String(here.rows.length));
  });
});

test('other reports are held against the days before and against another section, and nothing else changes', async () => {
  const TITLES = { presentation: ['Slide views per day', 'views'], notes: ['Note events per day', 'note events'], polling: ['Poll answers per day', 'answers'] };
  await withTab(browser, {}, async (page) => {
    for (const [report, [title, unit]] of Object.entries(TITLES)) {
      await page.goto(address(stack, now, { report, compare: 'before' }));
      await told(page);
      await figure(page, title).locator('svg .other').first().waitFor({ state: 'attached' });
      const both = [await counted(report, now), await counted(report, then)];
      assert.deepEqual([await column(page, title, 1), await column(page, title, 2)], both);
      const sentence = await figure(page, title).locator('.sentence').innerText();
      assert.ok(sentence.endsWith(compared(both.map(sum), EARLIER, unit)), sentence);
    }
    const [one, other] = sections;
    await page.goto(address(stack, now, { report: 'presentation', course: course.id, section: one.id }));
    await told(page);
    await page.getByLabel('Compare with').selectOption({ label: `section ${other.number}` });
    await figure(page, 'Slide views per day').locator('svg .other').first().waitFor({ state: 'attached' });
    await told(page);
    const scope = (section) => ({ course: course.id, section: section.id });
    const both = [await counted('presentation', now, scope(one)), await counted('presentation', now, scope(other))];
    assert.deepEqual([await column(page, 'Slide views per day', 1), await column(page, 'Slide views per day', 2)], both);
  });
});

test('the reports of a course are tabs that keep course, section, days and zone', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(courseAddress(stack, now, { course: course.id, section: sections[0].id, tz: 'Europe/Berlin' }));
    const tabs = page.getByRole('navigation', { name: 'Reports of this course' });
    const kept = () => ['from', 'to', 'course', 'section', 'tz'].map((key) => new URL(page.url()).searchParams.get(key));
    const whole = kept();
    assert.equal(await tabs.locator('[aria-current="page"]').innerText(), 'Overview');
    for (const [name, report] of [['Videos', 'videoview'], ['Slides', 'presentation'], ['Confusion', 'confused'], ['Questions', 'qanda']]) {
      await tabs.getByRole('link', { name, exact: true }).click();
      await page.waitForURL((url) => url.searchParams.get('report') === report);
      await page.locator(`.tabs [aria-current="page"]`, { hasText: name }).waitFor();
      assert.deepEqual(kept(), whole);
    }
    await tabs.getByRole('link', { name: 'Overview', exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/course');
    assert.deepEqual(kept(), whole);
    await page.goto(address(stack, now));
    await page.locator('.figure').first().waitFor();
    assert.equal(await tabs.count(), 0, 'no course, no tabs');
  });
});

test('on a phone a row shows a name, one number and one line, and opens to the rest by tap and by keyboard', async () => {
  await withTab(browser, { viewport: { width: 390, height: 800 } }, async (page) => {
    await page.goto(address(stack, now, { report: 'presentation' }));
    await told(page);
    const table = figure(page, 'Every deck').locator('.sorted');
    const seen = () => table.locator('thead th:visible').allInnerTexts();
    assert.deepEqual((await seen()).map((text) => text.trim()), ['Deck', 'Views', 'Over time']);
    const narrow = await table.evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(narrow <= 0, `the table is ${narrow} px wider than its box`);
    const row = table.locator('tbody tr').first();
    const opener = row.getByRole('button', { name: /^All of / });
    assert.equal(await opener.getAttribute('aria-expanded'), 'false');
    await opener.focus();
    await page.keyboard.press('Enter');
    assert.equal(await opener.getAttribute('aria-expanded'), 'true');
    const pairs = await table.locator('tr.rest dl > div').allInnerTexts();
    assert.deepEqual(pairs.map((pair) => pair.split('\n')[0]), ['Course', 'People', 'Students', 'Slides in the deck']);
    await page.keyboard.press('Enter');
    assert.equal(await table.locator('tr.rest').count(), 0);
    // A tap beside the name opens it, one on the name chooses the deck.
    await row.locator('td.number:visible').click();
    assert.equal(await table.locator('tr.rest').count(), 1);
    await page.setViewportSize({ width: 1280, height: 800 });
    assert.equal(await opener.isVisible(), false);
    assert.equal(await table.locator('tr.rest').isVisible(), false);
    assert.ok((await seen()).length === 7);
  });
});

test('a course of more rows than this device holds is said before they are loaded', async () => {
  await withTab(browser, {}, async (page) => {
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 0.0001 }));
    await page.goto(courseAddress(stack, now, { course: course.id }));
    const notice = page.locator('[data-code="too-large"]');
    await notice.waitFor();
    const [, rows] = /at least ([\d,]+) rows/.exec(await notice.innerText());
    let all = 0;
    for (const report of ['videoview', 'presentation', 'confused', 'polling', 'qanda', 'notes']) {
      all += sum(await counted(report, now, { course: course.id }));
      all += sum(await counted(report, then, { course: course.id }));
    }
    assert.ok(read(rows) > 250 && read(rows) <= all, `${rows} of ${all}`);
    assert.equal(await page.locator('[data-testid="course"] .figure').count(), 0);
  });
});

test('trying again on the board says when it could not be', async () => {
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
