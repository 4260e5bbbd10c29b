/**
 * The pages of a course and of its students: numbers against independent counts of the sandbox's rows, and
 * keyboard use.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Browser, ROOT, Stack, plusDays, until, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { courseAddress } from './states.mjs';
import { cellsOf, figure, parseNumber } from './tables.mjs';
import { busyCourse, sectionName } from './truth.mjs';

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** By report, the name of its measure on this page. */
const KINDS = {
  videoview: 'Minutes watched', presentation: 'Slide views', polling: 'Poll answers',
  qanda: 'Answers to questions', confused: 'Confusion marks', notes: 'Note events',
};
const REPORTS = Object.keys(KINDS);
const ACTIVITY = 'Student activity';
const STUDENT_ACTIVITY = 'This student\'s activity';

let stack, browser, course, sections;
const month = weeks(4, 4);
const earlier = weeks(4, 8);
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  const requests = REPORTS.flatMap((report) => [month, earlier].map((days) => ({ report, ...days })));
  await Promise.all([...requests, { report: 'asset' }].map((ask) => stack.request(ask)));
  ({ course, sections } = await busyCourse(stack, month));
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/**
 * A report's rows by identified students in the course, as objects with column names in lower case without
 * `_`.
 */
async function studentRows(report, { from, to } = month, scope = {}) {
  const query = { report, start: `${from}T00:00:00Z`, end: `${plusDays(to, 1)}T00:00:00Z`, course: course.id, ...scope };
  const { columns, rows } = await stack.ask(`/sandbox/rows?${new URLSearchParams(query)}`);
  const names = columns.map((name) => name.replaceAll(/[_ ]/g, '').toLowerCase());
  const all = rows.map((cells) => Object.fromEntries(cells.map((cell, place) => [names[place], cell])));
  const people = all.map((row) => ({
    ...row,
    who: (row.userid ?? row.answeruserid ?? '').toLowerCase(),
    is: row.role ?? row.answerrole,
    day: row.eventtimestamp.slice(0, 10),
  }));
  const students = people.filter(({ who, is }) => who && is === 'Student');
  // Edits of an answer on one day count once.
  return report === 'qanda' ? [...new Map(students.map((row) => [row.answerid + row.day, row])).values()] : students;
}

const coursePath = (more = {}) => courseAddress(stack, month, { course: course.id, ...more });

/** Waits until the figures show the current view. */
async function waitForFigures(page) {
  await page.locator('[data-testid="course"][aria-busy="false"] .figure').first().waitFor();
  await waitUntilIdle(page);
}

async function open(page, more) {
  await page.goto(coursePath(more));
  await waitForFigures(page);
}

const days = ({ from, to } = month) => {
  const all = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) all.push(day);
  return all;
};

/** The texts of the cells of rows, without cells that have a sparkline. */
const texts = (rows) => rows.map((row) => [...row.cells].filter((cell) => !cell.querySelector('svg')).map((cell) => cell.innerText.trim()));

/** All rows of a sorted table. */
async function sortedRows(page, title) {
  const more = figure(page, title).getByRole('button', { name: /^Show all/ });
  if (await more.count()) await more.click();
  return figure(page, title).locator('.sorted tbody tr').evaluateAll(texts);
}

const groupBy = (rows, key) => {
  const groups = new Map();
  for (const row of rows) groups.set(row[key], [...(groups.get(row[key]) ?? []), row]);
  return groups;
};
const amount = (report, rows) => (report === 'videoview' ? rows.length / 2 : rows.length);

test('every kind of activity of a section is correct on every day of the shared axis', async () => {
  // A journey checks the whole course.
  const scope = { section: sections[0].id };
  await withTab(browser, {}, async (page) => {
    await open(page, scope);
    const { heads, rows } = await cellsOf(page, ACTIVITY);
    let count = 0;
    for (const [report, title] of Object.entries(KINDS)) {
      const all = await studentRows(report, month, scope);
      count += all.length;
      const byDay = days().map((day) => amount(report, all.filter((row) => row.day === day)));
      const place = heads.indexOf(title);
      assert.deepEqual(rows.map((cells) => parseNumber(cells[place])), byDay, report);
    }
    assert.ok(count > 0, 'the section must have rows');
  });
});

test('the first sentence counts active students and compares with the weeks before', async () => {
  const all = (await Promise.all(REPORTS.map((report) => studentRows(report)))).flat();
  const [now, then] = [await studentRows('videoview'), await studentRows('videoview', earlier)];
  const students = (rows) => new Set(rows.map(({ who }) => who)).size;
  const share = Math.round(((now.length - then.length) / then.length) * 100);
  await withTab(browser, {}, async (page) => {
    await open(page);
    const sentence = await page.locator('[data-testid="lead"] .lead').innerText();
    assert.ok(sentence.startsWith(`${students(now)} of ${students(all)} active students watched videos. Median: `), sentence);
    const compared = share === 0 ? /about as much as/ : new RegExp(`${Math.abs(share)} % ${share > 0 ? 'more' : 'less'} than|times as much`);
    assert.match(sentence, compared);
    assert.match(sentence, /in the 4 weeks before/);
  });
});

test('the tables of videos and of decks are correct', async () => {
  const [views, looks, marks, notes] = await Promise.all(['videoview', 'presentation', 'confused', 'notes'].map((report) => studentRows(report)));
  const library = await stack.ask('/sandbox/rows?report=asset');
  await withTab(browser, {}, async (page) => {
    await open(page);
    const videos = await sortedRows(page, 'Videos');
    const truth = [...groupBy(views, 'videoid').values()].sort((a, b) => b.length - a.length);
    assert.equal(videos.length, truth.length);
    assert.deepEqual(videos.map((cells) => parseNumber(cells[1])), truth.map((rows) => rows.length / 2));
    const first = truth.find((rows) => rows.length !== truth[1].length || truth.length === 1) ?? truth[0];
    const shown = videos.find((cells) => cells[0] === first.at(-1).videoname);
    const viewers = new Set(first.map(({ who }) => who)).size;
    const share = Math.round((first.length / 2 / viewers / Number(first.at(-1).durationminute)) * 100);
    assert.deepEqual([parseNumber(shown[2]), shown[3]], [viewers, `${share} %`]);
    const [id, made] = ['mediaid', 'create_date'].map((name) => library.columns.indexOf(name));
    const row = library.rows.find((cells) => cells[id] === first[0].videoid);
    if (row) {
      const since = (Date.parse(new Date().toISOString().slice(0, 10)) - Date.parse(row[made].slice(0, 10))) / 86_400_000;
      assert.equal(parseNumber(shown[4]), since);
    }
    const decks = await sortedRows(page, 'Slide decks');
    const id_ = (row) => row.presentationid;
    const all = new Set([...looks, ...marks, ...notes, ...(await studentRows('polling'))].map(id_));
    assert.equal(decks.length, all.size);
    for (const [place, rows] of [[1, looks], [3, marks], [5, notes]]) {
      const sum = decks.reduce((sum, cells) => sum + parseNumber(cells[place]), 0);
      assert.equal(sum, rows.length, `column ${place}`);
    }
    const most = [...groupBy(looks, 'presentationid').values()].sort((a, b) => b.length - a.length)[0];
    assert.deepEqual([parseNumber(decks[0][1]), parseNumber(decks[0][2])], [most.length, new Set(most.map(({ who }) => who)).size]);
  });
});

test('the table of students is correct and searchable, and each student has a page with the same numbers', async () => {
  const all = Object.fromEntries(await Promise.all(REPORTS.map(async (report) => [report, await studentRows(report)])));
  const id = [...groupBy(all.videoview, 'who').entries()].sort((a, b) => b[1].length - a[1].length)[0][0];
  const own = Object.fromEntries(REPORTS.map((report) => [report, all[report].filter(({ who }) => who === id)]));
  const { firstname, lastname } = own.videoview.at(-1);
  const name = `${lastname}, ${firstname}`;
  const distinct = (rows, key) => new Set(rows.map((row) => row[key])).size;
  const amounts = [
    own.videoview.length / 2, own.presentation.length, distinct(own.polling, 'activityid'),
    distinct(own.qanda, 'answerid'), own.confused.length, own.notes.length,
  ];
  await withTab(browser, {}, async (page) => {
    await open(page);
    const list = figure(page, 'Students');
    const active = new Set(Object.values(all).flat().map(({ who }) => who)).size;
    assert.ok((await list.locator('.sentence').innerText()).startsWith(`${active} student`));
    const before = await list.locator('tbody tr').count();
    await list.getByLabel('Search').fill(lastname.toUpperCase());
    await until('the list is cut down', async () => (await list.locator('tbody tr').count()) < before);
    const link = list.locator(`tbody a[href*="student=${id}"]`);
    const [cells] = await link.locator('xpath=ancestor::tr').evaluateAll(texts);
    assert.equal(cells[0], name);
    assert.deepEqual(cells.slice(1, 7).map(parseNumber), amounts);
    await link.click();
    await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    await waitForFigures(page);
    assert.equal(new URL(page.url()).searchParams.get('student'), id);
    assert.equal(await page.evaluate(() => window.scrollY), 0, 'the page of a student must start at its top');
    assert.ok(!decodeURIComponent(page.url()).includes(lastname), 'a URL must contain no name');
    assert.ok(!(await page.title()).includes(lastname), 'a title must contain no name');
    assert.deepEqual((await sortedRows(page, 'Totals')).map((cells) => parseNumber(cells[1])), amounts);
    const { rows } = await cellsOf(page, STUDENT_ACTIVITY);
    assert.deepEqual(rows.map((cells) => parseNumber(cells[1])), days().map((day) => own.videoview.filter((row) => row.day === day).length / 2));
    const videos = await sortedRows(page, 'Videos watched');
    assert.equal(videos.reduce((sum, cells) => sum + parseNumber(cells[1]), 0), amounts[0]);
    assert.equal((await sortedRows(page, 'Polls answered')).length, amounts[2]);
    await page.getByRole('link', { name: 'The whole course' }).click();
    await figure(page, 'Students').waitFor();
  });
});

test('even the most active student over eight weeks prints on one A4 sheet', async () => {
  const long = { from: earlier.from, to: month.to };
  const [who] = [...groupBy(await studentRows('videoview', long), 'who').entries()].sort((a, b) => b[1].length - a[1].length)[0];
  await withTab(browser, {}, async (page) => {
    await page.goto(courseAddress(stack, long, { course: course.id, student: who }));
    await waitForFigures(page);
    assert.ok((await figure(page, 'Videos watched').locator('tbody tr').count()) > 10, 'there must be more rows than a sheet has room for');
    const pdf = await page.pdf({ format: 'A4', margin: { top: '12mm', bottom: '12mm', left: '12mm', right: '12mm' } });
    assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g).length, 1);
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.getByRole('heading', { level: 1 }).isVisible());
    assert.equal(await page.locator('.tabs').isVisible(), false);
  });
});

test('hidden names appear nowhere on the page, and links keep them hidden', async () => {
  const people = groupBy(await studentRows('videoview'), 'who');
  const names = [...people.values()].map((rows) => rows.at(-1).lastname).filter((name) => name.length > 4);
  await withTab(browser, {}, async (page) => {
    await open(page);
    assert.ok((await page.locator('body').innerText()).includes(names[0]));
    await page.getByLabel('Hide names').check();
    await page.getByRole('link', { name: 'Student 1', exact: true }).waitFor();
    await waitForFigures(page);
    const shown = async () => {
      const text = await page.locator('body').innerText();
      return names.filter((name) => text.includes(`${name}, `));
    };
    assert.deepEqual(await shown(), []);
    assert.ok(page.url().includes('names=hidden'));
    await page.getByRole('link', { name: 'Student 1', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Student 1', exact: true }).waitFor();
    await waitForFigures(page);
    assert.deepEqual(await shown(), []);
    // They stay hidden on linked pages.
    await page.getByRole('link', { name: 'The whole course' }).click();
    await figure(page, 'Videos').locator('tbody a').first().click();
    await page.locator('[data-testid="minutes"][aria-busy="false"]').waitFor();
    await page.getByText('Names are hidden in this link').waitFor();
    assert.deepEqual(await shown(), []);
  });
});

test('arrow keys move one reading over all charts, which shows the same day of each', async () => {
  const [views, looks] = [await studentRows('videoview'), await studentRows('presentation')];
  await withTab(browser, {}, async (page) => {
    await open(page);
    const reader = figure(page, ACTIVITY).getByRole('slider');
    const reading = figure(page, ACTIVITY).getByTestId('reading');
    await reader.focus();
    await page.keyboard.press('Home');
    for (let at = 0; at < 9; at += 1) await page.keyboard.press('ArrowRight');
    const day = days()[9];
    const formattedDay = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
      .format(new Date(`${day}T12:00:00Z`));
    const text = await reading.innerText();
    assert.ok(text.startsWith(formattedDay), text);
    const count = (number) => new Intl.NumberFormat('en-GB').format(number);
    const minutes = views.filter((row) => row.day === day).length / 2;
    assert.ok(text.includes(`minutes watched ${count(minutes)} `), text);
    assert.ok(text.includes(`slide views ${count(looks.filter((row) => row.day === day).length)} `), text);
    const height = () => figure(page, ACTIVITY).locator('.drawing').evaluate((drawing) => drawing.getBoundingClientRect().top);
    const before = await height();
    await page.keyboard.press('End');
    assert.equal(await height(), before, 'the charts must not move');
  });
});

test('the weights of the score are in the link and change the scores, which are not a grade', async () => {
  await withTab(browser, {}, async (page) => {
    await open(page);
    await page.getByText('How the score is computed').click();
    await page.getByText('not a grade').waitFor();
    const scores = async () => (await sortedRows(page, 'Students')).map((cells) => [cells[0], parseNumber(cells[7]), parseNumber(cells[1])]);
    for (const name of ['Looking at slides', 'Answering polls', 'Answering questions', 'Marking confusion', 'Taking notes']) {
      await page.getByLabel(name).focus();
      await page.keyboard.press('Home');
    }
    await until('only watching weighs', () => page.url().includes('weights=slides-0,polls-0,answers-0,marks-0,notes-0'));
    await waitForFigures(page);
    const all = (await scores()).filter(([, score]) => score !== undefined);
    const minutes = all.map(([, , minutes]) => minutes);
    for (const [name, score, own] of all) {
      const place = minutes.filter((other) => other <= own).length / all.length;
      assert.equal(score, Math.round(own === 0 ? 0 : place * 100), name);
    }
    await page.reload();
    await waitForFigures(page);
    assert.deepEqual((await scores()).filter(([, score]) => score !== undefined), all);
    await page.getByText('How the score is computed').click();
    await page.getByRole('button', { name: 'Reset the weights' }).click();
    await until('no weights are left', () => !page.url().includes('weights'));
  });
});

test('the days before or another section are overlaid, aligned by day of the week', async () => {
  const then = await studentRows('videoview', earlier);
  await withTab(browser, {}, async (page) => {
    await open(page);
    assert.equal(await figure(page, ACTIVITY).locator('.chart .other').count(), 0);
    await page.getByLabel('Compare with').selectOption('before');
    await until('the comparison is drawn', async () => (await figure(page, ACTIVITY).locator('.chart .other').count()) > 0);
    await waitForFigures(page);
    const { heads, rows } = await cellsOf(page, ACTIVITY);
    const place = heads.indexOf('Minutes watched, the 4 weeks before');
    const byDay = days(earlier).map((day) => then.filter((row) => row.day === day).length / 2);
    assert.deepEqual(rows.map((cells) => parseNumber(cells[place])), byDay);
    await page.goto(coursePath({ section: sections[0].id, compare: sections[1].id }));
    await waitForFigures(page);
    const other = await studentRows('videoview', month, { section: sections[1].id });
    const table = await cellsOf(page, ACTIVITY);
    const number = await sectionName(stack, month, { id: sections[1].id, name: sections[1].number });
    const name = `Minutes watched, section ${number}`;
    assert.deepEqual(
      table.rows.map((cells) => parseNumber(cells[table.heads.indexOf(name)])),
      days().map((day) => other.filter((row) => row.day === day).length / 2),
    );
    assert.match(await page.locator('[data-testid="lead"] .lead').innerText(), /Per active student, that is .* in section/);
  });
});

test('one button requests everything that is missing, and it is shown as it arrives', async () => {
  const week = weeks(1, 14);
  await withTab(browser, {}, async (page) => {
    await page.goto(courseAddress(stack, week, { course: course.id }));
    const line = page.getByTestId('gathering');
    // The library covers all time and is already loaded.
    await line.getByText('1 of 7 weekly reports loaded.').waitFor();
    await line.getByRole('button', { name: 'Request missing reports' }).click();
    await line.getByText('All 7 weekly reports loaded.').waitFor({ timeout: 60_000 });
    await waitForFigures(page);
    assert.equal(await line.getByRole('button').count(), 0);
    const all = await studentRows('presentation', week);
    const { heads, rows } = await cellsOf(page, ACTIVITY);
    const place = heads.indexOf(KINDS.presentation);
    assert.deepEqual(rows.map((cells) => parseNumber(cells[place])), days(week).map((day) => all.filter((row) => row.day === day).length));
    assert.equal(rows.length, 7);
  });
});

test('a long range is shown by week', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(courseAddress(stack, { from: earlier.from, to: month.to }, { course: course.id }));
    await waitForFigures(page);
    const all = await studentRows('videoview', { from: earlier.from, to: month.to });
    const { heads, rows } = await cellsOf(page, ACTIVITY);
    assert.equal(heads[0], 'Week');
    const truth = Array.from({ length: 8 }, (_, week) => {
      const [first, last] = [plusDays(earlier.from, 7 * week), plusDays(earlier.from, 7 * week + 6)];
      return all.filter(({ day }) => first <= day && day <= last).length / 2;
    });
    assert.deepEqual(rows.map((cells) => parseNumber(cells[1])), truth);
  });
});

test('without a course the page asks for one, and then its tabs keep course and days', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(courseAddress(stack, month));
    await page.getByRole('heading', { name: 'Choose a course' }).waitFor();
    await page.getByLabel('Course').selectOption(course.id.toLowerCase()).catch(() => page.getByLabel('Course').selectOption(course.id));
    await waitForFigures(page);
    await page.getByRole('navigation', { name: 'Reports of this course' }).getByRole('link', { name: 'Polls' }).click();
    await page.locator('[data-testid="told"]').waitFor();
    const query = new URL(page.url()).searchParams;
    assert.deepEqual([query.get('report'), query.get('course'), query.get('from')], ['polling', course.id.toLowerCase(), month.from]);
    await page.getByRole('link', { name: 'Course', exact: true }).click();
    await waitForFigures(page);
    await waitUntilIdle(page);
  });
});

test('axe finds nothing on the course and student pages, in both themes and at several widths', async () => {
  const [{ who }] = await studentRows('videoview');
  for (const more of [{ compare: 'before' }, { student: who }]) {
    await withTab(browser, {}, async (page) => {
      await open(page, more);
      for (const [colorScheme, width] of [['light', 1440], ['dark', 390], ['light', 320]]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await waitUntilIdle(page);
        await page.evaluate(AXE);
        const found = await page.evaluate(async (tags) => {
          const rules = { 'target-size': { enabled: true } };
          const options = { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'], preload: false };
          const { violations } = await window.axe.run(document, options);
          return violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => ({ html, failureSummary })) }));
        }, TAGS);
        assert.deepEqual(found, [], `${JSON.stringify(more)}, ${colorScheme}, ${width} px`);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wider <= 0, `${wider} px wider than a window of ${width}`);
      }
    });
  }
});
