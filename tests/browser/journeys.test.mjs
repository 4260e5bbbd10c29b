/**
 * Eight journeys through the page, in Chromium, Firefox and WebKit, with the numbers that the page must show.
 *
 * Every number is computed here from the sandbox's raw rows. Behavior that does not depend on the engine is
 * tested in Chromium only, in the other files. All engines share one stack; the journeys of the first visit
 * and the sign-in have a new one for each engine.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ENGINES } from './engines.mjs';
import { withEngineTab } from './engines/tab.mjs';
import { Stack, plusDays, weeks } from './stack.mjs';
import { KEYS, address, courseAddress } from './states.mjs';
import { encrypt } from './tls.mjs';
import { busyCourse, expected, rowsOf, sharedWeeks, views } from './truth.mjs';

/** Fewest students over whom a share shows a measure; below, it is withheld. */
const SMALLEST = 5;

/** The kinds of activity on the page of a course, in the order of its columns. */
const REPORTS = ['videoview', 'presentation', 'polling', 'qanda', 'confused', 'notes'];

const DAYS = weeks(2, 4);

let stack, course;
/** Rows and expected values that several journeys or engines need, computed once: promises by name. */
const memo = new Map();
function once(name, compute) {
  if (!memo.has(name)) memo.set(name, compute());
  return memo.get(name);
}
const rowsIn = (report, scope = {}) =>
  once(`${report} ${JSON.stringify(scope)}`, () => rowsOf(stack, report, DAYS, scope));

before(async () => {
  stack = await Stack.start({
    sandbox: ['--students', '100'],
    settings: { LECTERN_SMALLEST: String(SMALLEST), LECTERN_TIME_ZONE: 'UTC' },
  });
  const requests = [...REPORTS.map((report) => ({ report, ...DAYS })), { report: 'asset' }];
  await Promise.all(requests.map((request) => stack.request(request)));
  ({ course } = await busyCourse(stack, DAYS));
});
after(() => stack?.stop());

/** Selector of the figures of `videoview`, drawn from so many rows. */
const drawnFrom = (rows) => `[data-testid="minutes"][data-rows="${rows}"][aria-busy="false"]`;
/** Selectors of the figures of a course or a student, and of those of another report. */
const COURSE = '[data-testid="course"][aria-busy="false"] .figure';
const REPORT = '[data-testid="told"][aria-busy="false"] .figure';
const KEY = 'input[name="key"]';

/** Parses a number as the page formats it; undefined for a dash. */
const parseNumber = (text) => (text === '–' ? undefined : Number(text.replaceAll(',', '')));
const daysOf = ({ from, to }) => {
  const days = [];
  for (let day = from; day <= to; day = plusDays(day, 1)) days.push(day);
  return days;
};
const students = (rows) => rows.filter(({ who, is }) => who && is === 'Student');

/** Formats days as the page does. Runs in the page, since every engine has its own English. */
const formatDays = (tab, days) =>
  tab.evaluate((days) => {
    const options = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' };
    const language = navigator.language.startsWith('en') ? navigator.language : 'en-GB';
    const format = new Intl.DateTimeFormat(language, options);
    return days.map((day) => format.format(new Date(`${day}T12:00:00Z`)));
  }, days);

/** The texts of the cells in a table's body, without cells that have a chart. */
async function cellsOf(tab, table) {
  await tab.waitFor(`${table} tbody tr`);
  return tab.evaluate((table) => {
    const rows = [...document.querySelector(table).tBodies[0].rows];
    const isText = (cell) => !cell.querySelector('svg');
    return rows.map((row) => [...row.cells].filter(isText).map((cell) => cell.innerText.trim()));
  }, table);
}

/** The rows of the table behind a figure: the name, then the numbers, of the first `columns` columns. */
async function numbersOf(tab, id, columns) {
  const table = `#${id} .twin table`;
  await tab.waitFor(`#${id} .numbers`);
  const isOpen = await tab.evaluate((id) => document.querySelector(`#${id} .numbers`).open, id);
  if (!isOpen) await tab.click(`#${id} .numbers > summary`);
  const rows = await cellsOf(tab, table);
  return rows.map((cells) => cells.slice(0, columns).map((cell, place) => (place === 0 ? cell : parseNumber(cell))));
}

/** Three weeks with rows that have not been requested; `place` is the engine's, which has its own weeks. */
async function findUnrequestedWeeks(place) {
  for (let back = 8, found = 0; ; back += 3) {
    const days = weeks(3, back);
    const { rows } = await stack.truth(days.from, days.to);
    if (rows > 0 && (found += 1) > place) return days;
    assert.ok(back < 52, 'the sandbox must have lectures in a year');
  }
}

/**
 * Waits until `read` returns the wanted value, or fails: figures may still be drawn from a part of the rows.
 */
async function assertBecomes(read, wanted, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const seen = await read();
    if (isDeepStrictEqual(seen, wanted)) return;
    if (Date.now() > end) assert.deepEqual(seen, wanted, what);
    await pause(100);
  }
}

/** The sandbox's number of rows in these days, and the minutes and viewers of each day. */
async function truthOf(stack, range) {
  const { rows, days } = await stack.truth(range.from, range.to);
  const byDay = new Map(days.map((day) => [day.day, day]));
  return { rows, days: daysOf(range).map((day) => byDay.get(day) ?? { day, minutes: 0, viewers: 0 }) };
}

/** Asserts that the figures of `videoview` show the expected numbers of each day. */
async function assertDays(tab, { rows, days }) {
  await tab.waitFor(drawnFrom(rows));
  const names = await formatDays(tab, days.map(({ day }) => day));
  const wanted = days.map(({ minutes, viewers }, place) => [names[place], minutes, viewers]);
  await assertBecomes(() => numbersOf(tab, 'minutes', 3), wanted, 'minutes and viewers per day');
}

/** Signs in with the key, on the page that asks for it. */
async function signIn(tab) {
  // The page reloads, which can cancel a prefetch.
  tab.expect(/status of 401/, /chunks\.js/);
  await tab.type(KEY, KEYS.key);
  await tab.press('Enter');
  await tab.waitFor('.first button.main');
}

/** The status of a GET of a route by the page. */
const fetchStatus = (tab, route) => tab.evaluate(async (route) => (await fetch(route)).status, route);

for (const [place, Engine] of ENGINES.entries()) {
  describe(Engine.engine, () => {
    /** A new stack that asks for a key, behind TLS, as in a deployment. */
    let browser, deployed, front;
    before(async () => {
      const settings = { LECTERN_LOCAL: '', LECTERN_KEY: KEYS.key, LECTERN_SESSION_KEY: KEYS.session };
      [browser, deployed] = await Promise.all([Engine.start(), Stack.start({ settings })]);
      front = await encrypt(deployed);
    });
    after(async () => {
      await browser?.stop();
      front?.stop();
      await deployed?.stop();
    });

    const journey = (name, go) =>
      test(name, () => withEngineTab(browser, `${Engine.engine} ${name}`, go));

    journey('sign-in', async (tab) => {
      // Chromium logs every response with a status of 400 or more, and what `Clear-Site-Data` cleared.
      tab.expect(/status of 401/, /Clear-Site-Data/);
      await tab.open(front.url);
      await tab.waitFor(KEY);
      assert.equal(await fetchStatus(tab, '/api/courses'), 401);
      await tab.type(KEY, 'wrong');
      await tab.press('Enter');
      await tab.waitFor('[data-code="key-wrong"]');
      await tab.open(front.url);
      await signIn(tab);
      // The session can read every course of the sandbox; no script can read its cookie.
      await tab.until('the courses can be chosen', () => document.querySelectorAll('.ask-course option').length > 1);
      const choices = await tab.evaluate(() => document.querySelectorAll('.ask-course option').length - 1);
      assert.equal(choices, 3);
      assert.equal(await tab.evaluate(() => document.cookie), '');
      const [cookie, ...attributes] = front.cookies.at(-1).split('; ');
      assert.match(cookie, /^__Host-lectern=./);
      assert.deepEqual(attributes.sort(), ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);

      // The session survives a reload and ends with a sign-out.
      await tab.open(`${front.url}/you`);
      await tab.waitFor('.facts');
      assert.match(await tab.text('footer'), /key.*administrator/i);
      const session = await tab.evaluate(async () => (await fetch('/api/session')).json());
      assert.deepEqual([session.role, session.way], ['administrator', 'key']);
      assert.equal(await fetchStatus(tab, '/api/courses'), 200);
      await tab.click('.facts + p button');
      await tab.waitFor(KEY);
      assert.equal(await fetchStatus(tab, '/api/courses'), 401);
      // The old cookie is not valid anymore, even if it was stolen before.
      const stolen = await fetch(`${deployed.url}/api/courses`, { headers: { cookie } });
      assert.equal(stolen.status, 401);
    });

    journey('first visit', async (tab) => {
      const days = weeks(4);
      const truth = await truthOf(deployed, days);
      assert.ok(truth.rows > 1000, 'the sandbox must have lectures in these weeks');
      await tab.open(front.url);
      await signIn(tab);
      await tab.until('the plan', () => /\b4\b/.test(document.querySelector('.first .plan').innerText));
      await tab.click('.first button.main');
      await assertDays(tab, truth);

      // The rows behind the figures, as a download.
      const lines = await tab.evaluate(async () => {
        const csv = await fetch(document.querySelector('a[data-testid="csv"]').href);
        return (await csv.text()).trimEnd().split('\n').length;
      });
      assert.equal(lines - 1, truth.rows, 'the download must have every row once');

      // Back and a pasted link show the same.
      const { href } = await tab.url();
      await tab.click('header a[href^="/requests"]');
      await tab.waitFor('.board-line');
      await tab.evaluate(() => history.back());
      await assertDays(tab, truth);
      assert.equal((await tab.url()).href, href);
      await tab.open(href);
      await assertDays(tab, truth);
      const ledger = await deployed.ask('/sandbox/ledger');
      assert.ok(ledger.max_in_flight <= 3, 'at most three upstream requests may be in flight');
      assert.equal(ledger.equal_live_asks, 0);
    });

    journey('ask and follow', async (tab) => {
      // Weeks that have not been requested, different ones in each engine.
      const days = await findUnrequestedWeeks(place);
      const truth = await truthOf(stack, days);
      await tab.open(address(stack, days));
      await tab.until('the plan', () => /\b3\b/.test(document.querySelector('.progress')?.innerText));
      await tab.waitFor('.progress button.main');
      assert.equal(await tab.evaluate(() => document.querySelectorAll('.coverage li').length), 0);
      await tab.click('.progress button.main');
      await tab.waitFor('.coverage li[data-state]');
      assert.equal(await tab.evaluate(() => document.querySelectorAll('.coverage li').length), 3, 'each week must have a cell');
      await tab.waitFor('[data-testid="minutes"][data-complete="true"]');
      await assertDays(tab, truth);
      const states = await tab.evaluate(() => [...document.querySelectorAll('.coverage li')].map((cell) => cell.dataset.state));
      assert.deepEqual(states, ['ready', 'ready', 'ready']);

      // The list of requests links back to the view.
      await tab.click('header a[href^="/requests"]');
      const link = `.board-line a[href*="from=${days.from}&to=${days.to}"]`;
      await tab.click(link);
      await assertDays(tab, truth);
    });

    journey('videoview with a filter', async (tab) => {
      const whole = await truthOf(stack, DAYS);
      const filtered = await once('filtered', async () => {
        const all = await views(stack, DAYS);
        const [, { id }] = expected(all, DAYS).byVideo;
        return { id, ...expected(all, { ...DAYS, videos: [id] }) };
      });
      const ofVideo = { rows: filtered.rows.length, days: filtered.days };
      await tab.open(address(stack, DAYS));
      await assertDays(tab, whole);
      const png = await tab.screenshot();
      assert.equal(Buffer.from(png).subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');

      // The reading of the chart by keyboard: the first day, then the third.
      const readNumbers = async () => (await tab.text('#minutes .reading-told')).match(/\d[\d,]*(\.\d+)?/g).map(parseNumber);
      await tab.evaluate(() => document.querySelector('#minutes .reader').focus());
      await tab.press('Home');
      assert.deepEqual(await readNumbers(), [whole.days[0].minutes, whole.days[0].viewers]);
      await tab.press('ArrowRight');
      await tab.press('ArrowRight');
      assert.deepEqual(await readNumbers(), [whole.days[2].minutes, whole.days[2].viewers]);

      // The second bar filters the other figures and is in the URL; its chip removes the filter.
      await tab.click('#videos [role="toolbar"] button:nth-of-type(2)');
      assert.ok(ofVideo.rows > 0 && ofVideo.rows < whole.rows);
      await assertDays(tab, ofVideo);
      assert.equal((await tab.url()).searchParams.get('video'), filtered.id);
      const numbers = ({ name, minutes, viewers }) => [name, minutes, viewers];
      for (const [id, groups] of [['videos', filtered.byVideo], ['sections', filtered.bySection], ['roles', filtered.byRole]]) {
        await assertBecomes(() => numbersOf(tab, id, 3), groups.map(numbers), id);
      }
      await tab.open((await tab.url()).href);
      await assertDays(tab, ofVideo);
      await tab.click('[data-testid="filters"] .chip');
      await assertDays(tab, whole);
    });

    journey('course page', async (tab) => {
      await tab.open(courseAddress(stack, DAYS, { course: course.id }));
      await tab.waitFor(COURSE);
      const names = await formatDays(tab, daysOf(DAYS));
      const columns = await Promise.all(REPORTS.map(async (report) => {
        const rows = students(await rowsIn(report, { course: course.id }));
        // Edits of an answer on one day count once.
        const own = report === 'qanda' ? [...new Map(rows.map((row) => [row.answerid + row.day, row])).values()] : rows;
        assert.ok(own.length > 0, `${report} must have rows`);
        return daysOf(DAYS).map((day) => own.filter((row) => row.day === day).length / (report === 'videoview' ? 2 : 1));
      }));
      const wanted = names.map((name, day) => [name, ...columns.map((column) => column[day])]);
      await assertBecomes(() => numbersOf(tab, 'activity', 7), wanted, 'each kind of activity per day');

      // All videos of the course with their minutes.
      const watched = new Map();
      for (const { videoid } of students(await rowsIn('videoview', { course: course.id }))) {
        watched.set(videoid, (watched.get(videoid) ?? 0) + 0.5);
      }
      const minutes = async () => (await cellsOf(tab, '#videos table')).map((cells) => parseNumber(cells[1]));
      await assertBecomes(minutes, [...watched.values()].sort((a, b) => b - a), 'minutes of each video');
    });

    journey('student page', async (tab) => {
      const all = Object.fromEntries(await Promise.all(REPORTS.map(async (report) =>
        [report, students(await rowsIn(report, { course: course.id }))])));
      const counts = new Map();
      for (const { who } of all.videoview) counts.set(who, (counts.get(who) ?? 0) + 1);
      const [who] = [...counts].sort((a, b) => b[1] - a[1])[0];
      const own = Object.fromEntries(REPORTS.map((report) => [report, all[report].filter((row) => row.who === who)]));
      const distinct = (rows, key) => new Set(rows.map((row) => row[key])).size;
      const amounts = [
        own.videoview.length / 2, own.presentation.length, distinct(own.polling, 'activityid'),
        distinct(own.qanda, 'answerid'), own.confused.length, own.notes.length,
      ];
      await tab.open(courseAddress(stack, DAYS, { course: course.id }));
      await tab.waitFor(COURSE);
      await tab.click(`#students tbody a[href*="student=${who}"]`);
      const { firstname, lastname } = own.videoview.at(-1);
      await tab.until('the name', (name) => document.querySelector('h1')?.innerText.trim() === name, `${lastname}, ${firstname}`);
      await tab.waitFor(COURSE);
      await assertBecomes(async () => (await cellsOf(tab, '#totals table')).map((cells) => parseNumber(cells[1])), amounts, 'totals');
      const byDay = daysOf(DAYS).map((day) => own.videoview.filter((row) => row.day === day).length / 2);
      await assertBecomes(async () => (await numbersOf(tab, 'activity', 2)).map((cells) => cells[1]), byDay, 'minutes per day');
      const url = await tab.url();
      assert.equal(url.searchParams.get('student'), who);
      assert.ok(!decodeURIComponent(url.href).includes(lastname), 'the URL must not have the name');
    });

    journey('polls', async (tab) => {
      const all = await rowsIn('polling');
      await tab.open(address(stack, DAYS, { report: 'polling' }));
      await tab.waitFor(REPORT);
      const names = await formatDays(tab, daysOf(DAYS));
      const counts = daysOf(DAYS).map((day) => all.filter((row) => row.day === day).length);
      const wanted = names.map((name, day) => [name, counts[day]]);
      await assertBecomes(() => numbersOf(tab, 'poll-answers', 2), wanted, 'answers per day');

      // In one poll, the latest answer of each student counts.
      const id = await tab.evaluate(() => document.querySelector('section[id^="poll-"]:not(#poll-answers)').id);
      const latest = new Map();
      const rows = all.filter((row) => Object.values(row).includes(id.slice('poll-'.length)));
      for (const row of students(rows).sort((a, b) => (a.eventtimestamp < b.eventtimestamp ? -1 : 1))) latest.set(row.who, row.answer);
      assert.ok(latest.size > 0);
      const [inSentence] = (await tab.text(`[id="${id}"] .sentence`)).match(/\d+/);
      assert.equal(Number(inSentence), latest.size);
      const answers = await numbersOf(tab, id, 2);
      assert.equal(answers.reduce((sum, [, students]) => sum + students, 0), latest.size);
    });

    test('a share', async () => {
      const truth = await once('shared', () => sharedWeeks(stack, DAYS, course, SMALLEST));
      assert.ok(truth.some(([, minutes]) => minutes > 0), 'some week must be shown');
      const name = `For ${Engine.engine}`;
      let link;
      await withEngineTab(browser, `${Engine.engine} share made`, async (tab) => {
        await tab.open(address(stack, DAYS, { course: course.id }));
        await tab.click('.share-bar summary');
        await tab.waitFor('[data-testid="contents"] li');
        await tab.type('.share-bar form input[type="text"]', name);
        await tab.click('.share-bar form button[type="submit"]');
        await tab.waitFor('[data-testid="made"] textarea');
        link = await tab.evaluate(() => document.querySelector('[data-testid="made"] textarea').value);
        assert.ok(link.startsWith(`${stack.url}/s#`), link);
        await tab.waitFor('[data-testid="badge"]');
      });
      await withEngineTab(browser, `${Engine.engine} share opened`, async (tab) => {
        await tab.open(link);
        await tab.until('its name', (name) => document.querySelector('h1')?.innerText === name, name);
        const rows = await tab.evaluate(() =>
          [...document.querySelector('table').tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)));
        const parseCell = (text) => (/^[\d,.]+$/.test(text) ? parseNumber(text) : text);
        assert.deepEqual(rows.map((cells) => cells.map(parseCell)), truth);
        const fetched = await tab.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname));
        assert.deepEqual(fetched, ['/api/shared'], 'the share must load no part of the app');
      });
    });
  });
}
