/** Every other report: its figures against the sandbox's raw rows counted apart, its filters, and what stays hidden. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Browser, ROOT, Stack, plusDays, rest, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { cellsOf, figure, read } from './tables.mjs';
import { busyCourse } from './truth.mjs';

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Each report with the title of its bars by day. */
const DAILY = {
  presentation: 'Slide views per day', confused: 'Marks of confusion per day', polling: 'Poll answers per day',
  qanda: 'Answers per day', notes: 'Note events per day',
};
const OTHERS = ['asset', 'assetbydate', 'visit'];

let stack, browser;
const month = weeks(2, 4);
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  for (const report of [...Object.keys(DAILY), ...OTHERS]) {
    await stack.request({ report, ...(report === 'asset' ? {} : month) });
  }
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** The raw rows of a report in these days, each by the names of its columns without `_`, in lower case. */
async function rowsOf(report, { from, to } = month, scope = {}) {
  const days = report === 'asset' ? {} : { start: `${from}T00:00:00Z`, end: `${plusDays(to, 1)}T00:00:00Z` };
  const { columns, rows } = await stack.ask(`/sandbox/rows?${new URLSearchParams({ report, ...days, ...scope })}`);
  const names = columns.map((name) => name.replaceAll('_', '').toLowerCase());
  return rows.map((cells) => Object.fromEntries(cells.map((cell, place) => [names[place], cell])));
}

const where = (report, more = {}) => address(stack, report === 'asset' ? {} : month, { report, ...more });

/** Waits until the figures answer what is looked at. */
async function told(page) {
  await page.locator('[data-testid="told"][aria-busy="false"] .figure').first().waitFor();
  await rest(page);
}

const spelledDay = (day) =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
    .format(new Date(`${day}T12:00:00Z`));

/** How many rows each day has, as the table behind the bars ought to say. */
function byDay(rows, { from, to } = month) {
  const days = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) {
    days.push([spelledDay(day), rows.filter((row) => row.eventtimestamp.startsWith(day)).length]);
  }
  return days;
}

const daily = async (page, title) => (await cellsOf(page, title)).rows.map(([day, count]) => [day, read(count)]);

/** The cells of a sorted table, all of them. */
async function sorted(page, title) {
  const more = figure(page, title).getByRole('button', { name: /^Show all/ });
  if (await more.count()) await more.click();
  return figure(page, title).locator('.sorted tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
}

for (const [report, title] of Object.entries(DAILY)) {
  test(`${report}: what each day holds is the truth, for everybody and for one course and section`, async () => {
    const all = await rowsOf(report);
    assert.ok(all.length > 20);
    // An answer that is edited twice on a day counts once on it.
    const counted = (rows) =>
      report === 'qanda' ? [...new Map(rows.map((row) => [row.answerid + row.eventtimestamp.slice(0, 10), row])).values()] : rows;
    await withTab(browser, {}, async (page) => {
      await page.goto(where(report));
      await told(page);
      assert.deepEqual(await daily(page, title), byDay(counted(all)));
      const { course, sections: [section] } = await busyCourse(stack, month);
      const scope = { course: course.id, section: section.id };
      await page.goto(where(report, scope));
      await told(page);
      assert.deepEqual(await daily(page, title), byDay(counted(await rowsOf(report, month, scope))));
    });
  });
}

test('a deck that is chosen filters everything else, is in the URL, and can be taken back', async () => {
  const all = await rowsOf('presentation');
  await withTab(browser, {}, async (page) => {
    await page.goto(where('presentation'));
    await told(page);
    const decks = await sorted(page, 'Every deck');
    await figure(page, 'Every deck').locator('.sorted tbody tr').first().getByRole('button').click();
    await told(page);
    const deck = new URL(page.url()).searchParams.get('deck');
    const of = all.filter((row) => row.presentationid === deck);
    const most = Math.max(...all.map(({ presentationid }) => all.filter((row) => row.presentationid === presentationid).length));
    assert.deepEqual([of.length, read(decks[0][2])], [most, most], 'the first has the most views, and as many as the truth');
    const name = decks[0][0];
    assert.deepEqual(await daily(page, DAILY.presentation), byDay(of));
    await page.reload();
    await told(page);
    assert.deepEqual(await daily(page, DAILY.presentation), byDay(of));
    await page.getByRole('button', { name: `Remove the filter ${name}` }).click();
    await told(page);
    assert.deepEqual(await daily(page, DAILY.presentation), byDay(all));
  });
});

test('sections and roles are counted apart, each whatever of them is chosen, and a bar chooses', async () => {
  const all = await rowsOf('presentation');
  const by = (rows, key) => {
    const groups = new Map();
    for (const row of rows) groups.set(key(row), (groups.get(key(row)) ?? 0) + 1);
    return [...groups.values()].sort((a, b) => b - a);
  };
  const numbers = async (page, title) => (await cellsOf(page, title)).rows.map((cells) => read(cells[1]));
  await withTab(browser, {}, async (page) => {
    await page.goto(where('presentation'));
    await told(page);
    const sections = by(all, (row) => row.sectionid);
    assert.ok(sections.length > 1);
    assert.deepEqual(await numbers(page, 'Slide views per section'), sections.slice(0, 20));
    const roles = (await cellsOf(page, 'Slide views by role')).rows.map((cells) => [cells[0], read(cells[1])]);
    const named = { Student: 'Students', Instructor: 'Instructors', 'Teaching Assistant': 'Assistants', '': 'No role given' };
    const counts = new Map(roles);
    for (const [role, name] of Object.entries(named)) {
      assert.equal(counts.get(name) ?? 0, all.filter((row) => row.role === role).length, name);
    }
    await figure(page, 'Slide views per section').locator('.rows button').first().click();
    await told(page);
    const section = new URL(page.url()).searchParams.get('section');
    const of = all.filter((row) => row.sectionid === section);
    assert.equal(of.length, sections[0]);
    assert.deepEqual(await daily(page, DAILY.presentation), byDay(of));
    assert.deepEqual(await numbers(page, 'Slide views per section'), sections.slice(0, 20), 'the others stay, to be chosen too');
    await figure(page, 'Slide views by role').locator('.rows button', { hasText: 'Students' }).click();
    await told(page);
    assert.deepEqual(await daily(page, DAILY.presentation), byDay(of.filter((row) => row.role === 'Student')));
    assert.equal(await page.locator('[data-testid="filters"] .chip').count(), 2);
  });
});

test('a student who takes notes is chosen by name, and every figure of notes and polls follows', async () => {
  const [notes, polls] = [await rowsOf('notes'), await rowsOf('polling')];
  await withTab(browser, {}, async (page) => {
    await page.goto(where('notes'));
    await told(page);
    const link = figure(page, 'Students').locator('.sorted tbody th a').first();
    const name = await link.innerText();
    await link.click();
    await page.waitForURL(/student=/);
    await told(page);
    const student = new URL(page.url()).searchParams.get('student');
    const own = notes.filter((row) => row.userid === student);
    assert.ok(own.length > 0 && own.some((row) => `${row.lastname}, ${row.firstname}` === name), name);
    assert.deepEqual(await daily(page, DAILY.notes), byDay(own));
    assert.equal((await sorted(page, 'Students')).length, 1);
    await page.getByRole('button', { name: `Remove the filter Student: ${name}`, exact: true }).waitFor();
    await page.goto(where('polling', { student, names: 'hidden' }));
    await told(page);
    assert.deepEqual(await daily(page, DAILY.polling), byDay(polls.filter((row) => row.userid === student)));
    await page.getByRole('button', { name: 'Remove the filter One student', exact: true }).waitFor();
    for (const report of ['asset', 'assetbydate']) {
      await page.goto(where(report, { student }));
      await told(page);
      await page.getByText('so the choice of a student does not apply to it').first().waitFor();
    }
  });
});

test('weeks of the library are called by their number in a term', async () => {
  const { terms } = await stack.api('/api/courses');
  const day = (text) => new Date(`${text}T12:00:00Z`).getTime() / 86_400_000;
  const monday = (text) => day(text) - ((new Date(`${text}T12:00:00Z`).getUTCDay() + 6) % 7);
  await withTab(browser, {}, async (page) => {
    await page.goto(where('assetbydate'));
    await told(page);
    const weeks = (await cellsOf(page, 'Videos with a view, week by week')).rows.map(([name]) => name);
    assert.equal(weeks.length, 2);
    weeks.forEach((name, place) => {
      const from = monday(month.from) + place * 7;
      const within = terms.filter((term) => monday(term.from) <= from && from <= monday(term.to));
      const wanted = within.map((term) => `Week ${(from - monday(term.from)) / 7 + 1} of ${term.name}: `);
      assert.ok(wanted.length > 0 && wanted.some((start) => name.startsWith(start)), `${name} | ${wanted}`);
    });
  });
});

test('what people wrote is shown only when somebody chooses so, and the link says so', async () => {
  const all = await rowsOf('qanda');
  const once = all.filter((row) => all.filter(({ answerid }) => answerid === row.answerid).length === 1);
  const text = once.map(({ answer }) => answer).find((answer) => /^[\w ,']{12,80}[.?]?$/.test(answer));
  assert.ok(text, 'the sandbox has a plain text');
  await withTab(browser, {}, async (page) => {
    await page.goto(where('qanda'));
    await told(page);
    assert.equal(await page.locator('.said').count(), 0);
    await page.getByLabel('Show what people wrote').check();
    assert.ok(page.url().endsWith('&contents=1'));
    await told(page);
    const more = figure(page, 'Questions and answers').getByRole('button', { name: /^Show all/ });
    if (await more.count()) await more.click();
    await page.locator('.said', { hasText: text }).first().waitFor();
    await page.getByLabel('Show what people wrote').uncheck();
    await told(page);
    assert.equal(await page.locator('.said').count(), 0);
  });
});

test('the library is every video once, and the weeks of a video are added up', async () => {
  const library = await rowsOf('asset');
  await withTab(browser, {}, async (page) => {
    await page.goto(where('asset'));
    await told(page);
    const videos = new Set(library.map((row) => row.mediaid)).size;
    const sentence = await figure(page, 'The library').locator('.sentence').innerText();
    assert.ok(sentence.startsWith(`${new Intl.NumberFormat('en-GB').format(videos)} videos`), sentence);
    await page.goto(where('assetbydate'));
    await told(page);
    await figure(page, 'Every video in every section').waitFor();
  });
});

test('a report that nobody knew is a table, with its days and numbers drawn', async () => {
  const all = await rowsOf('visit');
  await withTab(browser, {}, async (page) => {
    await page.goto(where('visit'));
    await told(page);
    const title = await page.locator('.figure h2').first().innerText();
    const counts = (await cellsOf(page, title)).rows.map((cells) => read(cells[1]) ?? 0);
    assert.equal(counts.reduce((sum, count) => sum + count, 0), all.length);
    const rows = await sorted(page, 'Every row');
    assert.equal(rows.length, Math.min(all.length, 1000));
  });
});

test('a thread of reports that cannot be loaded is said, and trying again loads it', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_FAILED/);
    await page.route('**/reports-start.js', (route) => route.abort());
    await page.goto(where('notes'));
    await page.locator('[data-code="unreachable"]').waitFor();
    await page.unroute('**/reports-start.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await told(page);
    assert.equal(await page.locator('[data-code="unreachable"]').count(), 0);
  });
});

test('what the library saves says that it is of all time, whatever days stand in the link', async () => {
  await withTab(browser, { acceptDownloads: true }, async (page) => {
    await page.goto(address(stack, month, { report: 'asset' }));
    await told(page);
    const library = figure(page, 'Every video');
    await library.locator('.figure-menu summary').click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      library.getByRole('button', { name: 'Save numbers as CSV' }).click(),
    ]);
    const csv = readFileSync(await file.path(), 'utf8');
    assert.match(csv, /^Days,All time\r?$/m);
  });
});

test('fewer bars than before keep one that the keyboard reaches', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(where('presentation'));
    await told(page);
    const bars = figure(page, 'Views per deck').locator('.rows button');
    await bars.last().focus();
    const { course, sections: [section] } = await busyCourse(stack, month);
    await page.evaluate((url) => {
      history.pushState(null, '', url);
      window.dispatchEvent(new PopStateEvent('popstate'));
    }, where('presentation', { course: course.id, section: section.id }));
    await told(page);
    assert.equal(await figure(page, 'Views per deck').locator('.rows button[tabindex="0"]').count(), 1);
  });
});

test('a table is sorted by its heads, by keyboard too', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(where('confused'));
    await told(page);
    const table = figure(page, 'Every deck with marks');
    const head = table.getByRole('columnheader', { name: 'People' });
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    assert.equal(await head.getAttribute('aria-sort'), 'descending');
    const people = async () => (await sorted(page, 'Every deck with marks')).map((cells) => read(cells[3]));
    const down = await people();
    assert.deepEqual(down, [...down].sort((a, b) => b - a));
    await page.keyboard.press('Enter');
    assert.deepEqual(await people(), [...down].sort((a, b) => a - b));
  });
});

test('every report is free of what axe finds, in both themes, on a phone and wide', async () => {
  for (const report of [...Object.keys(DAILY), ...OTHERS]) {
    await withTab(browser, {}, async (page) => {
      await page.goto(where(report));
      await told(page);
      for (const [colorScheme, width] of [['light', 1280], ['dark', 360]]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await rest(page);
        await page.evaluate(AXE);
        const found = await page.evaluate(async (tags) => {
          const rules = { 'target-size': { enabled: true } };
          const options = { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'], preload: false };
          const { violations } = await window.axe.run(document, options);
          return violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => ({ html, failureSummary })) }));
        }, TAGS);
        assert.deepEqual(found, [], `${report}, ${colorScheme}, ${width} px`);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wider <= 0, `${report} is ${wider} px wider than a window of ${width}`);
      }
    });
  }
});
