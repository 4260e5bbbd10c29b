/**
 * Every number of every figure against independent counts of the sandbox's rows, also filtered and across a
 * clock change.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, monday, plusDays, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { allRows, cellsOf, figure, formatDay, loadedRows, parseNumber, visibleRows, waitForRows } from './tables.mjs';
import { busyCourse, expected, sectionName, views } from './truth.mjs';

let stack, browser;
const month = weeks(4, 4);
/** The last day at least ten days ago on which the zone's offset from UTC changed. */
const ZONE = 'America/New_York';
const clockChange = (() => {
  const offset = (day) =>
    new Intl.DateTimeFormat('en', { timeZone: ZONE, timeZoneName: 'longOffset' }).format(new Date(`${day}T12:00:00Z`));
  let day = plusDays(new Date().toISOString().slice(0, 10), -10);
  while (offset(day) === offset(plusDays(day, -1))) day = plusDays(day, -1);
  return day;
})();
/** The week of the clock change and the week before. */
const changeWeeks = { from: plusDays(monday(clockChange), -7), to: plusDays(monday(clockChange), 6) };

before(async () => {
  // Views of public links are those of shared accounts, and must count like rows without a user id. They name no course. Some
  // students have different roles in their rows, and ids are spelled in several ways: nobody must count twice.
  const sandbox = ['--anonymous-accounts', '--embedded-media', '--mixed-roles'];
  [stack, browser] = await Promise.all([Stack.start({ sandbox }), Browser.start()]);
  await stack.injectFaults({ fault: 'id-spellings', count: null });
  await stack.request({ report: 'videoview', ...month });
  await stack.request({ report: 'videoview', ...changeWeeks, tz: ZONE });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

const formatNumber = (number) => new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }).format(number);
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const sentenceOf = (page, title) => figure(page, title).locator('.sentence').innerText();
const caveatOf = (page, title) => figure(page, title).locator('.caveat').innerText();
/** So many minutes, with the verb that follows: `1 minute names`, `2.5 minutes name`. */
const minutesName = (number) => `${formatNumber(number)} minute${number === 1 ? ' names' : 's name'}`;

/** Asserts that every figure's table, every sentence with a total and every student matches the truth. */
async function assertFigures(page, truth) {
  await waitForRows(page, truth.rows.length);
  await waitUntilIdle(page);
  const total = truth.rows.length / 2;

  const perDay = (measure, other) => truth.days.map((day) => [formatDay(day.day), day[measure], day[other]]);
  for (const [title, measure, other] of [['Minutes watched per day', 'minutes', 'viewers'], ['Viewers per day', 'viewers', 'minutes']]) {
    const { heads, rows } = await cellsOf(page, title);
    const names = { minutes: 'Minutes', viewers: 'Viewers' };
    assert.deepEqual(heads, ['Day', names[measure], names[other], 'State']);
    assert.deepEqual(rows.map(([day, ...rest]) => [day, ...rest.slice(0, 2).map(parseNumber)]), perDay(measure, other), title);
  }
  const best = truth.days.reduce((best, day) => (day.minutes >= best.minutes ? day : best));
  assert.equal(
    await sentenceOf(page, 'Minutes watched per day'),
    `${formatNumber(total)} minutes watched by ${formatNumber(truth.viewers)} viewer${truth.viewers === 1 ? '' : 's'}. ` +
      `The busiest day was ${formatDay(best.day)}, with ${formatNumber(best.minutes)}.`,
  );
  const most = Math.max(...truth.days.map((day) => day.viewers));
  assert.match(await sentenceOf(page, 'Viewers per day'), new RegExp(`^${formatNumber(truth.viewers)} viewers?, each counted once\\. Most on .*: ${formatNumber(most)}\\.$`));

  const arrivals = await cellsOf(page, 'New and returning viewers');
  assert.deepEqual(arrivals.heads, ['Day', 'New viewers', 'Returning viewers', 'State']);
  assert.deepEqual(
    arrivals.rows.map(([day, fresh, again]) => [day, parseNumber(fresh), parseNumber(again)]),
    truth.arrivals.map(({ day, fresh, again }) => [formatDay(day), fresh, again]),
  );
  const first = truth.arrivals[0].fresh;
  assert.equal(
    await sentenceOf(page, 'New and returning viewers'),
    `${formatNumber(truth.viewers)} viewer${truth.viewers === 1 ? '' : 's'}; ${formatNumber(truth.viewers - first)} of them first watched after the first day.`,
  );
  const solid = figure(page, 'New and returning viewers').locator('svg .bar:not(.hollow)');
  const hollow = figure(page, 'New and returning viewers').locator('svg .hollow');
  assert.equal(await solid.count(), truth.arrivals.filter(({ fresh }) => fresh > 0).length);
  assert.equal(await hollow.count(), truth.arrivals.filter(({ again }) => again > 0).length);

  const delays = await cellsOf(page, 'How soon videos are watched');
  assert.deepEqual(delays.heads, ['Days after the video first appeared', 'Minutes', 'State']);
  assert.deepEqual(delays.rows.map(([name, minutes]) => [name, parseNumber(minutes)]), [
    'The same day', '1 day after', '2–3 days after', '4–7 days after', '8–14 days after', '15–28 days after', '29+ days after',
  ].map((name, place) => [name, truth.after[place]]));
  const withinThreeDays = truth.after.slice(0, 3).reduce((sum, minutes) => sum + (minutes ?? 0), 0);
  assert.equal(
    await sentenceOf(page, 'How soon videos are watched'),
    `${Math.round((withinThreeDays / total) * 100)} % of all minutes were watched within 3 days after a video first appeared.`,
  );

  const hours = await cellsOf(page, 'Minutes by weekday and hour');
  assert.deepEqual(hours.heads.slice(1, -1), Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')));
  assert.deepEqual(hours.rows.map((cells) => cells[0]), WEEKDAYS);
  const countDays = (weekday) => truth.days.filter(({ day }) => (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7 === weekday).length;
  assert.deepEqual(
    hours.rows.map((cells) => cells.slice(1, -1).map(parseNumber)),
    truth.hours.map((line, weekday) => line.map((minutes) => (countDays(weekday) > 0 ? minutes : undefined))),
  );
  const peak = Math.max(...truth.hours.flat());
  assert.ok((await sentenceOf(page, 'Minutes by weekday and hour')).includes(`with ${formatNumber(peak)} minute`));

  const videos = await cellsOf(page, 'Minutes per video');
  assert.deepEqual(videos.heads, ['Video', 'Minutes', 'Viewers', 'Minutes per viewer ÷ length, %']);
  assert.deepEqual(
    videos.rows.map(([name, ...numbers]) => [name, ...numbers.map(parseNumber)]),
    truth.byVideo.map(({ name, minutes, viewers, percent }) => [name, minutes, viewers, percent]),
  );
  const sections = await cellsOf(page, 'Minutes per section');
  assert.deepEqual(
    // Where the days belong to two terms, a number that both have is followed by its term.
    sections.rows.map(([name, ...numbers]) => [name.replace(/ \((Spring|Summer|Autumn) \d{4}\)$/, ''), ...numbers.map(parseNumber)]),
    truth.bySection.map(({ name, minutes, viewers }) => [name, minutes, viewers]),
  );
  for (const [title, caveat, minutes] of [
    ['Minutes watched per day', 'no course and', truth.withoutCourse],
    ['Minutes per section', 'no section.', truth.withoutSection],
  ]) {
    const text = await caveatOf(page, title);
    assert.equal(text.includes(`${minutesName(minutes)} ${caveat}`), minutes > 0, `${title}: ${text}`);
    assert.equal(text.includes(` ${caveat}`), minutes > 0, `${title}: ${text}`);
  }
  const roles = await cellsOf(page, 'Minutes by role');
  assert.deepEqual(
    roles.rows.map(([name, ...numbers]) => [name, ...numbers.map(parseNumber)]),
    truth.byRole.map(({ name, minutes, viewers }) => [name, minutes, viewers]),
  );
  const everybody = truth.byRole.reduce((sum, role) => sum + role.minutes, 0);
  const share = Math.round(((truth.byRole.find(({ name }) => name === 'Students')?.minutes ?? 0) / everybody) * 100);
  assert.equal(await sentenceOf(page, 'Minutes by role'), `Students watched ${share} % of all minutes.`);
  const note = `${formatNumber(truth.ambiguous)} people have rows with different roles; each counts by the more frequent one.`;
  assert.equal((await figure(page, 'Minutes by role').innerText()).includes(note), truth.ambiguous > 1);

  await assertStudents(page, truth);
}

/** Asserts that the distribution and the list of students match the truth. */
async function assertStudents(page, { students }) {
  const spread = await cellsOf(page, 'How much students watched');
  const bins = spread.rows.map(([name, count]) => {
    const [, low, high] = /^([\d,]+)–([\d,]+) minutes$/.exec(name);
    return { low: parseNumber(low), high: parseNumber(high), count: parseNumber(count) };
  });
  assert.equal(bins[0]?.low ?? 0, 0);
  bins.forEach((bin, place) => {
    assert.equal(bin.low, bins[place - 1]?.high ?? 0, 'a bin must begin where the one before it ends');
    assert.equal(bin.count, students.filter(({ minutes }) => bin.low <= minutes && minutes < bin.high).length, `${bin.low} minutes`);
  });
  assert.equal(bins.reduce((sum, { count }) => sum + count, 0), students.length, 'every student must be in a bin');
  if (students.length > 1) {
    const sorted = students.map(({ rows }) => rows).sort((a, b) => a - b);
    const half = sorted.length / 2;
    const median = sorted.length % 2 ? sorted[Math.floor(half)] : Math.floor((sorted[half - 1] + sorted[half]) / 2);
    assert.equal(
      await sentenceOf(page, 'How much students watched'),
      `${students.length} students with recorded activity. Median: ${formatNumber(median / 2)} min.`,
    );
  }
  const listed = await allRows(figure(page, 'Students').locator('.listing'));
  assert.deepEqual(
    listed.map(({ cells }) => [cells[0], parseNumber(cells[1])]),
    students.map(({ name, minutes }) => [name, minutes]),
  );
  // In a range of up to six weeks: a bar for each day with views, scaled to the student's own maximum.
  listed.forEach(({ bars, label }, place) => {
    const { name, days, minutes } = students[place];
    assert.equal(label, `${formatNumber(minutes)} minute${minutes === 1 ? '' : 's'} by day`, name);
    const top = Math.max(...days);
    const heights = days.filter((rows) => rows > 0).map((rows) => Math.max(1, Math.round((rows / top) * 20)));
    assert.deepEqual(bars, heights, `${name}: the sparkline`);
  });
}

test('the figures of the whole institution are correct', async () => {
  const all = await views(stack, month);
  assert.ok(all.length > 1000 && all.some(({ course }) => !course));
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await assertFigures(page, expected(all, month));
  });
});

test('the figures of one course and section are correct', async () => {
  const all = await views(stack, month);
  const { course, sections: [section] } = await busyCourse(stack, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { course: course.id }));
    await assertFigures(page, expected(all, { ...month, course: course.id }));
    await page.getByRole('combobox', { name: 'Section' }).selectOption({ value: section.id });
    await assertFigures(page, expected(all, { ...month, course: course.id, sections: [section.id] }));
  });
});

test('a view of one course downloads that course alone, and nothing once all rows are loaded', async () => {
  const { course } = await busyCourse(stack, month);
  const [ofAll, ofCourse] = await Promise.all([
    stack.truth(month.from, month.to),
    stack.truth(month.from, month.to, { course: course.id }),
  ]);
  await withTab(browser, {}, async (page, { context }) => {
    const courses = [];
    await context.route('**/api/rows/**', (route) => {
      courses.push(new URL(route.request().url()).searchParams.get('course'));
      return route.continue();
    });
    /** Chooses a course and returns the course of each download that follows. */
    const downloads = async (choice, rows) => {
      courses.length = 0;
      await page.getByRole('combobox', { name: 'Course' }).selectOption(choice);
      await waitForRows(page, rows);
      return new Set(courses);
    };
    await page.goto(address(stack, month, { course: course.id }));
    await waitForRows(page, ofCourse.rows);
    assert.deepEqual(new Set(courses), new Set([course.id]));
    assert.deepEqual(await downloads({ label: 'All courses' }, ofAll.rows), new Set([null]));
    assert.deepEqual(await downloads({ value: course.id }, ofCourse.rows), new Set());
    assert.deepEqual(await downloads({ label: 'All courses' }, ofAll.rows), new Set());
  });
});

test('a click on a video, a role or a section filters the other figures, and its chip removes the filter', async () => {
  const all = await views(stack, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    const whole = expected(all, month);
    await waitForRows(page, whole.rows.length);
    // Lectures of several sections can share a title; only a unique title identifies a bar.
    const hasUniqueName = ({ name }) => whole.byVideo.filter((video) => video.name === name).length === 1;
    const [first, second] = whole.byVideo.filter(hasUniqueName);
    const [section] = whole.bySection.filter(({ id }) => whole.rows.some((row) => row.section === id && row.video === second.id));
    const bar = (title, name) => figure(page, title).getByRole('toolbar').getByRole('button', { name, exact: true });
    const chip = (name) => page.getByRole('button', { name: `Remove the filter ${name}`, exact: true });
    section.name = await sectionName(stack, month, section);

    await bar('Minutes per video', first.name).click();
    await assertFigures(page, expected(all, { ...month, videos: [first.id] }));
    await bar('Minutes per video', second.name).click();
    await assertFigures(page, expected(all, { ...month, videos: [first.id, second.id] }));
    await chip(first.name).click();
    await bar('Minutes by role', 'Students').click();
    await assertFigures(page, expected(all, { ...month, videos: [second.id], roles: ['Students'] }));
    await bar('Minutes per section', section.name).click();
    const narrowed = { ...month, videos: [second.id], roles: ['Students'], sections: [section.id] };
    await assertFigures(page, expected(all, narrowed));
    assert.equal(await page.locator('[data-testid="filters"] .chip').count(), 3);

    // A pasted link and Back restore the filters; then all filters are cleared.
    const url = page.url();
    await page.reload();
    await assertFigures(page, expected(all, narrowed));
    await chip(section.name).click();
    await assertFigures(page, expected(all, { ...month, videos: [second.id], roles: ['Students'] }));
    await page.goBack();
    await assertFigures(page, expected(all, narrowed));
    assert.equal(page.url(), url);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await assertFigures(page, whole);
  });
});

test('choosing one student in the list puts their id in the URL and filters every figure and row', async () => {
  const all = await views(stack, month);
  const { students } = expected(all, month);
  const [topStudent] = students;
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await waitForRows(page, all.length);
    const listing = figure(page, 'Students').locator('.listing');
    await loadedRows(listing);
    const menu = listing.getByRole('row', { name: topStudent.name }).first().locator('summary');
    await menu.focus();
    await page.keyboard.press('Enter');
    await listing.getByRole('button', { name: 'Only this student' }).focus();
    await page.keyboard.press('Space');
    await page.waitForURL(/student=/);
    const student = new URL(page.url()).searchParams.get('student');
    const { name, rows } = students.find(({ user }) => user === student);
    assert.equal(name, topStudent.name);
    await waitForRows(page, rows);
    await assertFigures(page, expected(all, { ...month, student }));
    await page.getByRole('button', { name: 'Show every row' }).click();
    const table = figure(page, 'Every row').locator('.listing');
    assert.equal(await table.getByRole('table').getAttribute('aria-rowcount'), String(rows + 1));
    for (const { cells } of await loadedRows(table)) assert.equal(cells[4], name);

    // With names hidden, nothing on the page identifies the student.
    await page.goto(`${page.url()}&names=hidden`);
    await waitForRows(page, rows);
    await page.getByRole('button', { name: 'Remove the filter One student', exact: true }).waitFor();
    assert.ok(!(await page.locator('main').innerText()).includes(name));
    await page.goBack();
    await waitForRows(page, rows);
    await page.getByRole('button', { name: `Remove the filter Student: ${name}`, exact: true }).click();
    await assertFigures(page, expected(all, month));
  });
});

test('the figures of two weeks with a clock change are correct', async () => {
  const all = await views(stack, changeWeeks, ZONE);
  assert.ok(all.length > 100, `${clockChange}: the sandbox must have lectures`);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, changeWeeks, { tz: ZONE }));
    await assertFigures(page, expected(all, changeWeeks));
  });
});

test('every row of the long table is a row of the sandbox, in order of time', async () => {
  const all = await views(stack, changeWeeks, ZONE);
  const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: ZONE });
  const cellTexts = (row) => [
    moment.format(row.instant), row.title, row.code, row.number, row.person || 'Not named', row.role, String(Math.floor(Number(row.length)) || ''),
  ];
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, changeWeeks, { tz: ZONE }));
    await waitForRows(page, all.length);
    await page.getByRole('button', { name: 'Show every row' }).click();
    const listing = figure(page, 'Every row').locator('.listing');
    assert.equal(await listing.getByRole('table').getAttribute('aria-rowcount'), String(all.length + 1));
    const checkRows = async (wanted) => {
      for (const { number, cells } of await loadedRows(listing, wanted)) {
        const same = all.filter(({ instant }) => instant.getTime() === all[number].instant.getTime()).map(cellTexts);
        assert.ok(same.some((row) => row.every((cell, place) => cell === cells[place])), `row ${number}: ${cells} must be one of ${same.join(' | ')}`);
      }
    };
    await checkRows(0);
    const middle = Math.floor(all.length / 2);
    await listing.evaluate((listing, share) => (listing.scrollTop = share * (listing.scrollHeight - listing.clientHeight)), 0.5);
    await checkRows(middle);
    await listing.press('End');
    await checkRows(all.length - 1);
    await listing.press('Home');
    await checkRows(0);
    assert.ok((await visibleRows(listing)).length < 20, 'the document must have only the visible rows');
  });
});
