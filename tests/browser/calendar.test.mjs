/** The institution's calendar: a week without classes, and weeks that start on Sunday. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, until, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address, courseAddress } from './states.mjs';
import { cellsOf, figure, formatDay, parseNumber, waitForRows } from './tables.mjs';
import { busyCourse, expected, rowsOf, views } from './truth.mjs';

const REPORTS = ['videoview', 'presentation', 'polling', 'qanda', 'confused', 'notes'];
const MINUTES = 'Minutes watched per day';
/** A week, the week without classes before it, and the week before both. */
const [week, rest, earlier] = [weeks(1, 3), weeks(1, 4), weeks(1, 5)];

let stack, browser, course;
before(async () => {
  const settings = { LECTERN_WEEK_START: 'sunday', LECTERN_TIME_ZONE: 'UTC' };
  [stack, browser] = await Promise.all([Stack.start({ sandbox: ['--break-week', rest.from], settings }), Browser.start()]);
  await Promise.all([...REPORTS.map((report) => ({ report, ...weeks(5, 3) })), { report: 'asset' }].map((ask) => stack.request(ask)));
  // Echo360's lists wait while reports need its calls.
  await until('the break is listed', async () => (await stack.api('/api/courses')).terms.some(({ breaks }) => breaks?.length > 0));
  ({ course } = await busyCourse(stack, earlier));
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

const daysOf = ({ from, to }) => {
  const all = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) all.push(day);
  return all;
};
const column = (rows, place) => rows.map((cells) => parseNumber(cells[place]));
const caveatOf = (page, title) => figure(page, title).locator('.caveat').innerText();

async function openReport(page, days, more = {}) {
  await page.goto(address(stack, days, more));
  await waitForRows(page, (await stack.truth(days.from, days.to)).rows);
  await waitUntilIdle(page);
}

async function openCourse(page, days, more = {}) {
  await page.goto(courseAddress(stack, days, { course: course.id, ...more }));
  await page.locator('[data-testid="course"][aria-busy="false"] .figure').first().waitFor();
  await waitUntilIdle(page);
}

test('a break is a band with its word, in the readings, in the table and in a caveat with its days', async () => {
  await withTab(browser, {}, async (page) => {
    const days = { from: earlier.from, to: week.to };
    await openReport(page, days);
    const minutes = figure(page, MINUTES);
    assert.equal(await minutes.locator('svg .break').count(), 1);
    assert.equal(await minutes.locator('svg text', { hasText: /^\s*Break\s*$/ }).count(), 1);
    const { heads, rows } = await cellsOf(page, MINUTES);
    const states = rows.map((cells) => cells[heads.indexOf('State')]);
    // Echo360 lists Monday to Friday; the weekend after them belongs to the break.
    assert.deepEqual(states, daysOf(days).map((day) => (rest.from <= day && day <= rest.to ? 'Final, break' : 'Final')));
    assert.match(await caveatOf(page, MINUTES), /Break, without classes: \d/);
    await minutes.locator('.reader').press('Home');
    assert.ok(!(await minutes.getByTestId('reading').innerText()).includes('break'));
    for (let at = 0; at < 7; at += 1) await page.keyboard.press('ArrowRight');
    const reading = await minutes.getByTestId('reading').innerText();
    assert.ok(reading.startsWith(formatDay(rest.from)) && reading.includes('break'), reading);

    await openCourse(page, days);
    const activity = figure(page, 'Student activity');
    assert.equal(await activity.locator('svg .break').count(), REPORTS.length, 'each chart marks it');
    const table = await cellsOf(page, 'Student activity');
    assert.equal(table.rows.filter((cells) => cells[table.heads.indexOf('State')].endsWith(', break')).length, 7);
    assert.match(await caveatOf(page, 'Student activity'), /Break, without classes: \d/);
  });
});

test('the week after a break is compared with the week before it', async () => {
  const then = expected(await views(stack, earlier), earlier);
  await withTab(browser, {}, async (page) => {
    await openReport(page, week, { compare: 'before' });
    await until('the comparison is drawn', async () => (await figure(page, MINUTES).locator('svg .other').count()) > 0);
    const { heads, rows } = await cellsOf(page, MINUTES);
    assert.equal(heads[2], 'Minutes, the week before the break');
    assert.deepEqual(column(rows, 2), then.days.map(({ minutes }) => minutes));
    // Where a break is among the days, they are left out on both sides.
    await openReport(page, { from: rest.from, to: week.to }, { compare: 'before' });
    await figure(page, MINUTES).getByText('7 days are not compared because of a break.').waitFor();
    assert.equal((await cellsOf(page, MINUTES)).heads[2], 'Minutes, the 2 weeks before');
    await openCourse(page, week);
    assert.match(await page.locator('[data-testid="lead"] .lead').innerText(), / the week before the break/);
  });
});

test('nobody is quiet because of a break', async () => {
  const days = { from: earlier.from, to: rest.to };
  // The two weeks before these days are read, too. The last two weeks with classes begin a week before these days.
  const [first, since] = [weeks(2, 6).from, weeks(1, 6).from];
  const rows = await Promise.all(REPORTS.map((report) => rowsOf(stack, report, { from: first, to: rest.to }, { course: course.id })));
  const students = rows.flat().filter(({ who, is }) => who && is === 'Student');
  const whoSince = (day) => new Set(students.filter((row) => row.day >= day).map(({ who }) => who));
  const quiet = whoSince(first).size - whoSince(since).size;
  const withoutCalendar = whoSince(first).size - whoSince(earlier.from).size;
  assert.ok(withoutCalendar > quiet, 'somebody must be active in the week that counts only because of the break');
  await withTab(browser, {}, async (page) => {
    await openCourse(page, days);
    const sentence = await figure(page, 'Students').locator('.sentence').innerText();
    const were = ['Nobody was', '1 was'][quiet] ?? `${quiet} were`;
    assert.ok(sentence.endsWith(` ${were} quiet for two weeks.`), `${sentence} | ${were}`);
    assert.match(await caveatOf(page, 'Students'), /a break is not counted/);
  });
});

test('weeks of presets and charts start on Sunday if that is set, and the page says where they do not', async () => {
  await withTab(browser, {}, async (page) => {
    await openReport(page, week);
    await page.locator('.menu:has(.long) > summary').click();
    const today = new Date().toISOString().slice(0, 10);
    const sunday = plusDays(today, -new Date(`${today}T00:00:00Z`).getUTCDay());
    const link = page.getByRole('link', { name: /^Last complete week/ });
    const days = `from=${plusDays(sunday, -7)}&to=${plusDays(sunday, -1)}`;
    assert.ok((await link.getAttribute('href')).includes(days), days);
    assert.match(await page.getByTestId('week-start').innerText(), /shares have weeks from Monday to Sunday/);
    await page.keyboard.press('Escape');
    const { rows } = await cellsOf(page, 'Minutes by weekday and hour');
    const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
    assert.deepEqual(rows.map(([weekday]) => weekday), weekdays);
    const { hours } = expected(await views(stack, week), week);
    assert.deepEqual(rows.map((cells) => cells.slice(1, -1).map(parseNumber)), [hours[6], ...hours.slice(0, 6)]);
  });
});
