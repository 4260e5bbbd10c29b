/**
 * Every other report: figures against independent counts of the sandbox's rows, filters, and hidden contents.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Browser, ROOT, Stack, plusDays, until, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { cellsOf, figure, formatDay, loadedRows, parseNumber } from './tables.mjs';
import { busyCourse } from './truth.mjs';

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** By report, the title of its figure by day. */
const DAILY = {
  presentation: 'Slide views per day', confused: 'Confusion marks per day', polling: 'Poll answers per day',
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

/** A report's rows in these days, as objects with column names in lower case without `_`. */
async function rowsOf(report, { from, to } = month, scope = {}) {
  const days = report === 'asset' ? {} : { start: `${from}T00:00:00Z`, end: `${plusDays(to, 1)}T00:00:00Z` };
  const { columns, rows } = await stack.ask(`/sandbox/rows?${new URLSearchParams({ report, ...days, ...scope })}`);
  const names = columns.map((name) => name.replaceAll('_', '').toLowerCase());
  return rows.map((cells) => Object.fromEntries(cells.map((cell, place) => [names[place], cell])));
}

const addressOf = (report, more = {}) => address(stack, report === 'asset' ? {} : month, { report, ...more });

/** Waits until the figures show the current view. */
async function waitForFigures(page) {
  await page.locator('[data-testid="told"][aria-busy="false"] .figure').first().waitFor();
  await waitUntilIdle(page);
}


/** The number of rows of each day, as the table behind the figure must show it. */
function countByDay(rows, { from, to } = month) {
  const days = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) {
    days.push([formatDay(day), rows.filter((row) => row.eventtimestamp.startsWith(day)).length]);
  }
  return days;
}

const readDaily = async (page, title) => (await cellsOf(page, title)).rows.map(([day, count]) => [day, parseNumber(count)]);

/** The cells of all rows of a sorted table. */
async function sortedRows(page, title) {
  const more = figure(page, title).getByRole('button', { name: /^Show all/ });
  if (await more.count()) await more.click();
  return figure(page, title).locator('.sorted tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
}

for (const [report, title] of Object.entries(DAILY)) {
  test(`${report}: the counts of each day are correct, for the institution and for one course and section`, async () => {
    const all = await rowsOf(report);
    assert.ok(all.length > 20);
    // Edits of an answer on one day count once.
    const distinct = (rows) =>
      report === 'qanda' ? [...new Map(rows.map((row) => [row.answerid + row.eventtimestamp.slice(0, 10), row])).values()] : rows;
    await withTab(browser, {}, async (page) => {
      await page.goto(addressOf(report));
      await waitForFigures(page);
      assert.deepEqual(await readDaily(page, title), countByDay(distinct(all)));
      const { course, sections: [section] } = await busyCourse(stack, month);
      const scope = { course: course.id, section: section.id };
      await page.goto(addressOf(report, scope));
      await waitForFigures(page);
      assert.deepEqual(await readDaily(page, title), countByDay(distinct(await rowsOf(report, month, scope))));
    });
  });
}

test('a chosen deck is in the URL and filters the other figures, and its chip removes the filter', async () => {
  const all = await rowsOf('presentation');
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('presentation'));
    await waitForFigures(page);
    const decks = await sortedRows(page, 'Every deck');
    await figure(page, 'Every deck').locator('.sorted tbody tr').first().getByRole('button').click();
    await waitForFigures(page);
    const deck = new URL(page.url()).searchParams.get('deck');
    const of = all.filter((row) => row.presentationid === deck);
    const most = Math.max(...all.map(({ presentationid }) => all.filter((row) => row.presentationid === presentationid).length));
    assert.deepEqual([of.length, parseNumber(decks[0][2])], [most, most], 'the first deck must have the most views, with the right count');
    const name = decks[0][0];
    assert.deepEqual(await readDaily(page, DAILY.presentation), countByDay(of));
    await page.reload();
    await waitForFigures(page);
    assert.deepEqual(await readDaily(page, DAILY.presentation), countByDay(of));
    await page.getByRole('button', { name: `Remove the filter ${name}` }).click();
    await waitForFigures(page);
    assert.deepEqual(await readDaily(page, DAILY.presentation), countByDay(all));
  });
});

test('a bar filters by section or role, and the figure in which it was chosen keeps all its bars', async () => {
  const all = await rowsOf('presentation');
  const countsBy = (rows, key) => {
    const groups = new Map();
    for (const row of rows) groups.set(key(row), (groups.get(key(row)) ?? 0) + 1);
    return [...groups.values()].sort((a, b) => b - a);
  };
  const numbers = async (page, title) => (await cellsOf(page, title)).rows.map((cells) => parseNumber(cells[1]));
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('presentation'));
    await waitForFigures(page);
    const sections = countsBy(all, (row) => row.sectionid);
    assert.ok(sections.length > 1);
    assert.deepEqual(await numbers(page, 'Slide views per section'), sections.slice(0, 20));
    const roles = (await cellsOf(page, 'Slide views by role')).rows.map((cells) => [cells[0], parseNumber(cells[1])]);
    const named = { Student: 'Students', Instructor: 'Instructors', 'Teaching Assistant': 'Assistants', '': 'No role given' };
    const counts = new Map(roles);
    for (const [role, name] of Object.entries(named)) {
      assert.equal(counts.get(name) ?? 0, all.filter((row) => row.role === role).length, name);
    }
    await figure(page, 'Slide views per section').locator('.rows button').first().click();
    await waitForFigures(page);
    const section = new URL(page.url()).searchParams.get('section');
    const of = all.filter((row) => row.sectionid === section);
    assert.equal(of.length, sections[0]);
    assert.deepEqual(await readDaily(page, DAILY.presentation), countByDay(of));
    assert.deepEqual(await numbers(page, 'Slide views per section'), sections.slice(0, 20), 'the other sections must stay, so that they can be chosen too');
    await figure(page, 'Slide views by role').locator('.rows button', { hasText: 'Students' }).click();
    await waitForFigures(page);
    assert.deepEqual(await readDaily(page, DAILY.presentation), countByDay(of.filter((row) => row.role === 'Student')));
    assert.equal(await page.locator('[data-testid="filters"] .chip').count(), 2);
  });
});

test('choosing a student filters the figures of notes and polls, but not those of the library', async () => {
  const [notes, polls] = [await rowsOf('notes'), await rowsOf('polling')];
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('notes'));
    await waitForFigures(page);
    const link = figure(page, 'Students').locator('.sorted tbody th a').first();
    const name = await link.innerText();
    await link.click();
    await page.waitForURL(/student=/);
    await waitForFigures(page);
    const student = new URL(page.url()).searchParams.get('student');
    const own = notes.filter((row) => row.userid === student);
    assert.ok(own.length > 0 && own.some((row) => `${row.lastname}, ${row.firstname}` === name), name);
    assert.deepEqual(await readDaily(page, DAILY.notes), countByDay(own));
    assert.equal((await sortedRows(page, 'Students')).length, 1);
    await page.getByRole('button', { name: `Remove the filter Student: ${name}`, exact: true }).waitFor();
    await page.goto(addressOf('polling', { student, names: 'hidden' }));
    await waitForFigures(page);
    assert.deepEqual(await readDaily(page, DAILY.polling), countByDay(polls.filter((row) => row.userid === student)));
    await page.getByRole('button', { name: 'Remove the filter One student', exact: true }).waitFor();
    for (const report of ['asset', 'assetbydate']) {
      await page.goto(addressOf(report, { student }));
      await waitForFigures(page);
      await page.getByText('so the choice of a student does not apply to it').first().waitFor();
    }
  });
});

test('weeks of the library have their number in a term', async () => {
  const { terms } = await stack.api('/api/courses');
  const day = (text) => new Date(`${text}T12:00:00Z`).getTime() / 86_400_000;
  const monday = (text) => day(text) - ((new Date(`${text}T12:00:00Z`).getUTCDay() + 6) % 7);
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('assetbydate'));
    await waitForFigures(page);
    const weeks = (await cellsOf(page, 'Videos viewed per week')).rows.map(([name]) => name);
    assert.equal(weeks.length, 2);
    weeks.forEach((name, place) => {
      const from = monday(month.from) + place * 7;
      const within = terms.filter((term) => monday(term.from) <= from && from <= monday(term.to));
      const wanted = within.map((term) => `Week ${(from - monday(term.from)) / 7 + 1} of ${term.name}: `);
      assert.ok(wanted.length > 0 && wanted.some((start) => name.startsWith(start)), `${name} | ${wanted}`);
    });
  });
});

test('contents are shown only when chosen, and the choice is in the URL', async () => {
  const all = await rowsOf('qanda');
  const once = all.filter((row) => all.filter(({ answerid }) => answerid === row.answerid).length === 1);
  const text = once.map(({ answer }) => answer).find((answer) => /^[\w ,']{12,80}[.?]?$/.test(answer));
  assert.ok(text, 'the sandbox must have a plain text');
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('qanda'));
    await waitForFigures(page);
    assert.equal(await page.locator('.said').count(), 0);
    await page.getByLabel('Show what people wrote').check();
    assert.ok(page.url().endsWith('&contents=1'));
    await waitForFigures(page);
    const more = figure(page, 'Questions and answers').getByRole('button', { name: /^Show all/ });
    if (await more.count()) await more.click();
    await page.locator('.said', { hasText: text }).first().waitFor();
    await page.getByLabel('Show what people wrote').uncheck();
    await waitForFigures(page);
    assert.equal(await page.locator('.said').count(), 0);
  });
});

test('the library counts every video once', async () => {
  const library = await rowsOf('asset');
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('asset'));
    await waitForFigures(page);
    const videos = new Set(library.map((row) => row.mediaid)).size;
    const sentence = await figure(page, 'Library').locator('.sentence').innerText();
    assert.ok(sentence.startsWith(`${new Intl.NumberFormat('en-GB').format(videos)} videos`), sentence);
    await page.goto(addressOf('assetbydate'));
    await waitForFigures(page);
    await figure(page, 'Every video in every section').waitFor();
  });
});

test('an unknown report is shown as a table with a generic figure', async () => {
  const all = await rowsOf('visit');
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('visit'));
    await waitForFigures(page);
    const title = await page.locator('.figure h2').first().innerText();
    const counts = (await cellsOf(page, title)).rows.map((cells) => parseNumber(cells[1]) ?? 0);
    assert.equal(counts.reduce((sum, count) => sum + count, 0), all.length);
    await page.getByRole('button', { name: 'Show every row' }).click();
    const listing = figure(page, 'Every row').locator('.listing');
    assert.equal(await listing.getByRole('table').getAttribute('aria-rowcount'), String(all.length + 1));
    const pages = new Set(all.map((row) => row.page));
    for (const { cells } of await loadedRows(listing)) assert.ok(cells.some((cell) => pages.has(cell)), cells.join());
  });
});

for (const report of [...Object.keys(DAILY), 'asset']) {
  test(`${report}: the table of every row has as many rows as the sandbox, and the last one`, async () => {
    const all = await rowsOf(report);
    await withTab(browser, {}, async (page) => {
      await page.goto(addressOf(report));
      await waitForFigures(page);
      // Each poll has a figure of its own.
      const more = page.getByRole('button', { name: /^Show all \d+ figures$/ });
      if ((await more.count()) > 0) await more.click();
      await figure(page, 'Every row').waitFor();
      assert.equal(await page.locator('.figure h2').last().innerText(), 'Every row');
      await page.getByRole('button', { name: 'Show every row' }).click();
      const listing = figure(page, 'Every row').locator('.listing');
      assert.equal(await listing.getByRole('table').getAttribute('aria-rowcount'), String(all.length + 1));
      await loadedRows(listing);
      await listing.press('End');
      const last = (await loadedRows(listing, all.length - 1)).at(-1);
      if (report === 'asset') return;
      const end = all.map((row) => row.eventtimestamp).sort().at(-1);
      const newest = all.filter((row) => row.eventtimestamp === end);
      assert.ok(
        newest.some((row) => last.cells.includes(row.courseidentifier) && last.cells.includes(row.sectionnumber)),
        `the last row must be the newest: ${last.cells}`,
      );
    });
  });
}

test('a search in the table of every row finds the rows of a person, and nothing else', async () => {
  const all = await rowsOf('confused');
  const [{ firstname, lastname }] = all.filter((row) => row.lastname !== '');
  const own = all.filter((row) => row.firstname === firstname && row.lastname === lastname);
  assert.ok(own.length < all.length);
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('confused'));
    await waitForFigures(page);
    await page.getByRole('button', { name: 'Show every row' }).click();
    const rows = figure(page, 'Every row');
    const listing = rows.locator('.listing');
    await loadedRows(listing, 0);
    const name = `${lastname}, ${firstname}`;
    await rows.getByRole('searchbox').fill(name.toUpperCase());
    const count = () => listing.getByRole('table').getAttribute('aria-rowcount');
    await until('the rows are found', async () => (await count()) === String(own.length + 1));
    for (const { cells } of await loadedRows(listing, 0)) assert.ok(cells.includes(name), cells.join());
    await rows.getByRole('searchbox').fill('');
    await until('all rows are back', async () => (await count()) === String(all.length + 1));
  });
});

test('a data worker that cannot be loaded shows an error, and Try again loads it', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_FAILED/);
    await page.route('**/data-worker-start.js', (route) => route.abort());
    await page.goto(addressOf('notes'));
    await page.locator('[data-code="unreachable"]').waitFor();
    await page.unroute('**/data-worker-start.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await waitForFigures(page);
    assert.equal(await page.locator('[data-code="unreachable"]').count(), 0);
  });
});

test('exports of the library say All time, whatever days are in the URL', async () => {
  await withTab(browser, { acceptDownloads: true }, async (page) => {
    await page.goto(address(stack, month, { report: 'asset' }));
    await waitForFigures(page);
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

test('when a figure gets fewer bars, the keyboard still reaches one', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('presentation'));
    await waitForFigures(page);
    const bars = figure(page, 'Slide views per deck').locator('.rows button');
    await bars.last().focus();
    const { course, sections: [section] } = await busyCourse(stack, month);
    await page.evaluate((url) => {
      history.pushState(null, '', url);
      window.dispatchEvent(new PopStateEvent('popstate'));
    }, addressOf('presentation', { course: course.id, section: section.id }));
    await waitForFigures(page);
    assert.equal(await figure(page, 'Slide views per deck').locator('.rows button[tabindex="0"]').count(), 1);
  });
});

test('a table can be sorted by its column headers with the keyboard', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(addressOf('confused'));
    await waitForFigures(page);
    const table = figure(page, 'Every deck with confusion marks');
    const head = table.getByRole('columnheader', { name: 'People' });
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    assert.equal(await head.getAttribute('aria-sort'), 'descending');
    const people = async () => (await sortedRows(page, 'Every deck with confusion marks')).map((cells) => parseNumber(cells[3]));
    const down = await people();
    assert.deepEqual(down, [...down].sort((a, b) => b - a));
    await page.keyboard.press('Enter');
    assert.deepEqual(await people(), [...down].sort((a, b) => a - b));
  });
});

test('axe finds nothing in any report, in both themes, on a phone and wide', async () => {
  for (const report of [...Object.keys(DAILY), ...OTHERS]) {
    await withTab(browser, {}, async (page) => {
      await page.goto(addressOf(report));
      await waitForFigures(page);
      for (const [colorScheme, width] of [['light', 1280], ['dark', 360]]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await waitUntilIdle(page);
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
