/** The page: how long a view takes, from the question to its measures and to the screen; and what it holds. */
import { readFileSync, readdirSync } from 'node:fs';
import { Browser, plusDays, weeks } from '../browser/stack.mjs';
import { collected, institution, mondays, rowsOf } from './institution.mjs';
import { inTurn, median } from './median.mjs';

/** Notes long tasks: what runs before the page does. */
const WATCH = () => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries())).observe({ type: 'longtask', buffered: true });
};

/**
 * Waits for the last mark of a view of so many rows; gives when each came, and the longest task from the question on and
 * before it. What is under 50 ms is no long task, and none stands as 0.
 */
async function marks(page, rows, since = 0) {
  return page.evaluate(
    async ([rows, since]) => {
      const find = (name) =>
        performance.getEntriesByName(`lectern:${name}`).filter((mark) => mark.startTime >= since);
      for (const end = performance.now() + 60_000; ; ) {
        if (performance.now() > end) throw new Error(`never painted: ${JSON.stringify(performance.getEntriesByType('mark'))}`);
        const painted = find('painted').find((mark) => rows === null || mark.detail.rows === rows);
        if (painted) {
          const [asked] = find('asked').slice(-1);
          const at = (mark) => mark && mark.startTime - asked.startTime;
          const longest = (tasks) => Math.max(0, ...tasks.map(({ duration }) => duration));
          return {
            firstMarks: at(find('first-marks')[0]),
            measured: at(find('measured').at(-1)),
            painted: at(painted),
            longest: longest(window.longTasks.filter((task) => task.startTime + task.duration > asked.startTime)),
            starting: longest(window.longTasks.filter((task) => task.startTime + task.duration <= asked.startTime)),
            bytes: painted.detail.bytes,
          };
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    [rows, since],
  );
}

/** A new tab on nothing but the origin. */
async function blank(browser, url) {
  const tab = await browser.open();
  await tab.page.addInitScript(WATCH);
  await tab.page.goto(`${url}/icon.svg`);
  return tab;
}

/** The milliseconds in which a browser reads these files, inflated by itself, and does nothing with them. */
async function limit(browser, url, names) {
  const tab = await blank(browser, url);
  const took = await tab.page.evaluate(async (names) => {
    const start = performance.now();
    const lengths = names.map(async (name) => {
      const reader = (await fetch(`/bare/gzip/${name}`, { cache: 'no-store' })).body.getReader();
      for (let length = 0; ; ) {
        const { done, value } = await reader.read();
        if (done) return length;
        length += value.byteLength;
      }
    });
    const bytes = (await Promise.all(lengths)).reduce((sum, length) => sum + length, 0);
    return { ms: performance.now() - start, bytes };
  }, names);
  await tab.context.close();
  return took;
}

const viewOf = ({ from, to }, filter = '') => `/?v=1&report=videoview&from=${from}&to=${to}&tz=UTC${filter}`;

/** A fresh tab on a view. */
async function opened(browser, url, span, rows) {
  const tab = await blank(browser, url);
  await tab.page.goto(url + viewOf(span));
  const took = await marks(tab.page, rows);
  await tab.context.close();
  return took;
}

/** Collects weeks, and keeps their files for the bare Worker. */
async function prepared(rows, count) {
  const place = await institution(rows);
  const span = weeks(count, 1);
  const request = await collected(place, span);
  for (const day of mondays(span)) {
    const file = await (await fetch(await place.file(day))).arrayBuffer();
    const kept = await fetch(`${place.stack.url}/bare/keep/${day}`, { method: 'PUT', body: file });
    if (!kept.ok) throw new Error(`not kept: ${kept.status}`);
  }
  return { place, span, rows: rowsOf(request), bytes: request.windows.reduce((sum, w) => sum + w.copy.bytes, 0) };
}

const of = (runs, name) => median(runs.map((run) => run[name]));
const ms = (number) => `${Math.round(number)} ms`;

/** One window, four windows, and what is asked of rows that are here. */
export async function measure({ runs, note }) {
  const browser = await Browser.start();
  for (const [count, each, most] of [[1, 400_000, 0.8], [4, 500_000, 0.6]]) {
    const { place, span, rows, bytes } = await prepared(each, count);
    try {
      const { url } = place.stack;
      const got = await inTurn(runs, {
        limit: () => limit(browser, url, mondays(span)),
        view: () => opened(browser, url, span, rows),
      });
      const [plain, ours] = [of(got.limit, 'ms'), of(got.view, 'measured')];
      const name = `${count === 1 ? 'one window' : 'four windows'}, ${rows} rows, ${Math.round(bytes / 1e6)} MB of CSV`;
      note(`${name}: measured, of limit`, { value: ours / plain, most, plain: `${ms(ours)} of ${ms(plain)}` });
      note(`${name}: longest task while it loads`, { value: of(got.view, 'longest'), unit: ' ms', most: 50 });
      note(`${name}: longest task while the page starts`, { value: of(got.view, 'starting'), unit: ' ms', most: 50 });
      if (count > 1) {
        const first = of(got.view, 'firstMarks');
        note(`${name}: first marks, of measured`, { value: first / ours, most: 0.9, plain: ms(first) });
        await changes(browser, place, span, { runs, rows, note });
      }
    } finally {
      await place.stop();
    }
  }
  await browser.stop();
}

/** A changed filter, range and course over rows that are loaded. */
async function changes(browser, place, span, { runs, rows, note }) {
  const { url } = place.stack;
  const shorter = { from: plusDays(span.from, 3), to: span.to };
  // A range is a request of its own; its windows are here.
  await collected(place, shorter);
  const tab = await blank(browser, url);
  const { page } = tab;
  await page.goto(url + viewOf(span));
  await marks(page, rows);
  const { courses } = await (await fetch(`${url}/api/courses`)).json();
  const ways = {
    filter: viewOf(span, '&role=student'),
    course: viewOf(span, `&course=${courses[0].id}`),
    range: viewOf(shorter),
  };
  const go = async (to) => {
    const since = await page.evaluate((to) => {
      history.pushState(null, '', to);
      const now = performance.now();
      dispatchEvent(new PopStateEvent('popstate'));
      return now;
    }, to);
    return marks(page, null, since);
  };
  const back = () => go(viewOf(span));
  const turns = Object.entries(ways).map(([name, to]) => [
    name,
    async () => {
      const took = await go(to);
      await back();
      return took;
    },
  ]);
  const got = await inTurn(runs, Object.fromEntries(turns));
  for (const [name, changed] of Object.entries(got)) {
    note(`a changed ${name}, ${rows} rows: measured`, { value: of(changed, 'measured'), unit: ' ms', most: 30 });
    note(`a changed ${name}, ${rows} rows: painted`, { value: of(changed, 'painted'), unit: ' ms', most: 100 });
  }
  await tab.context.close();
}

/** Ten million rows in one tab. */
export async function large({ note }) {
  const browser = await Browser.start();
  const { place, span, rows } = await prepared(2_500_000, 4);
  try {
    const tab = await blank(browser, place.stack.url);
    const before = memory();
    await tab.page.goto(place.stack.url + viewOf(span));
    const took = await marks(tab.page, rows);
    note(`${rows} rows in one tab: measured`, { value: took.measured / 1000, unit: ' s', most: 60 });
    note(`${rows} rows in one tab: bytes a row, the whole tab`, {
      value: ((memory() - before) * 1024) / rows,
      most: 40,
    });
    await tab.context.close();
  } finally {
    await place.stop();
    await browser.stop();
  }
}

/** KB of memory of their own that the renderers below this process have. */
function memory() {
  let sum = 0;
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      if (!line.includes('--type=renderer') || !isOurs(id)) continue;
      sum += Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return sum;
}

function isOurs(id) {
  for (let at = id; Number(at) > 1; ) {
    if (Number(at) === process.pid) return true;
    at = /\) \S (\d+)/.exec(readFileSync(`/proc/${at}/stat`, 'utf8'))[1];
  }
  return false;
}

