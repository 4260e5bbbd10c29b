/** Measures the page: the time from a query to its measures and to the screen, and the tab's memory. */
import { readFileSync, readdirSync } from 'node:fs';
import { Browser, Stack, plusDays, weeks } from '../browser/stack.mjs';
import { busyCourse } from '../browser/truth.mjs';
import { collect, countRows, institution, mondays } from './institution.mjs';
import { alternate, median } from './median.mjs';

/** An init script that records long tasks. */
const RECORD_LONG_TASKS = () => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries())).observe({ type: 'longtask', buffered: true });
};

/**
 * Waits until a view of `rows` rows is painted (of any number if `null`). Returns the time of each mark since
 * the query, and the longest tasks before and after the query, all in milliseconds. A task under 50 ms is not
 * a long task; 0 means that there was none.
 */
async function readMarks(page, rows, since = 0) {
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

/** A new tab on the page's origin, without the page. */
async function openEmptyTab(browser, url) {
  const tab = await browser.open();
  await tab.page.addInitScript(RECORD_LONG_TASKS);
  await tab.page.goto(`${url}/icon.svg`);
  return tab;
}

/** The time in which the browser fetches and inflates these files, and does nothing with them. */
async function measureLimit(browser, url, names) {
  const tab = await openEmptyTab(browser, url);
  const result = await tab.page.evaluate(async (names) => {
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
  return result;
}

const viewPath = ({ from, to }, filter = '', report = 'videoview') =>
  `/?v=1&report=${report}&from=${from}&to=${to}&tz=UTC${filter}`;

/** Opens a view in a new tab and returns its marks. */
async function measureView(browser, url, path, rows) {
  const tab = await openEmptyTab(browser, url);
  await tab.page.goto(url + path);
  const marks = await readMarks(tab.page, rows);
  await tab.context.close();
  return marks;
}

/** Collects weeks of a report, and stores their files for the plain JavaScript. */
async function prepare(rows, count, report = 'videoview') {
  const place = await institution(rows);
  const span = weeks(count, 1);
  const request = await collect(place, span, report);
  for (const day of mondays(span)) {
    const file = await (await fetch(await place.file(day))).arrayBuffer();
    const stored = await fetch(`${place.stack.url}/bare/keep/${day}`, { method: 'PUT', body: file });
    if (!stored.ok) throw new Error(`not stored: ${stored.status}`);
  }
  return { place, span, rows: countRows(request), bytes: request.windows.reduce((sum, w) => sum + w.copy.bytes, 0) };
}

const medianOf = (runs, name) => median(runs.map((run) => run[name]));
const ms = (number) => `${Math.round(number)} ms`;

/** Measures views of one and of four windows, and changes of a view whose rows are loaded. */
export async function measure({ runs, note }) {
  const browser = await Browser.start();
  for (const [count, each, most] of [[1, 400_000, 0.8], [4, 500_000, 0.6]]) {
    const { place, span, rows, bytes } = await prepare(each, count);
    try {
      const { url } = place.stack;
      const got = await alternate(runs, {
        limit: () => measureLimit(browser, url, mondays(span)),
        view: () => measureView(browser, url, viewPath(span), rows),
      });
      const [plain, ours] = [medianOf(got.limit, 'ms'), medianOf(got.view, 'measured')];
      const name = `${count === 1 ? 'one window' : 'four windows'}, ${rows} rows, ${Math.round(bytes / 1e6)} MB of CSV`;
      note(`${name}: measured, of limit`, { value: ours / plain, most, plain: `${ms(ours)} of ${ms(plain)}` });
      note(`${name}: longest task while it loads`, { value: medianOf(got.view, 'longest'), unit: ' ms', most: 50 });
      note(`${name}: longest task while the page starts`, { value: medianOf(got.view, 'starting'), unit: ' ms', most: 50 });
      if (count > 1) {
        const first = medianOf(got.view, 'firstMarks');
        note(`${name}: first marks, of measured`, { value: first / ours, most: 0.9, plain: ms(first) });
        await measureChanges(browser, place, span, { runs, rows, note });
      }
    } finally {
      await place.stop();
    }
  }
  await browser.stop();
}

/** Measures views of one window of reports whose rows are a table, not columns of their own; and course pages. */
export async function measureReports({ runs, note }) {
  const browser = await Browser.start();
  for (const report of ['polling', 'notes']) {
    const { place, span, rows, bytes } = await prepare(400_000, 1, report);
    try {
      const { url } = place.stack;
      const got = await alternate(runs, {
        limit: () => measureLimit(browser, url, mondays(span)),
        view: () => measureView(browser, url, viewPath(span, '', report), rows),
      });
      const [plain, ours] = [medianOf(got.limit, 'ms'), medianOf(got.view, 'measured')];
      const name = `${report}, ${rows} rows, ${Math.round(bytes / 1e6)} MB of CSV`;
      note(`${name}: measured, of limit`, { value: ours / plain, most: 1.5, plain: `${ms(ours)} of ${ms(plain)}` });
    } finally {
      await place.stop();
    }
  }
  await measureCoursePage(browser, { runs, note });
  await browser.stop();
}

/** Measures the page of a course among 300 students over 15 weeks, from its rows at hand to all figures. */
async function measureCoursePage(browser, { runs, note }) {
  const sandbox = ['--students', '300', '--build-seconds', '0.1..0.1'];
  const stack = await Stack.start({ sandbox, settings: { LECTERN_TIME_ZONE: 'UTC' } });
  try {
    const span = weeks(15, 1);
    const reports = ['videoview', 'presentation', 'polling', 'qanda', 'confused', 'notes'];
    for (const report of reports) await stack.request({ report, ...span, tz: 'UTC' });
    const { course } = await busyCourse(stack, span);
    const path = `/course?v=1&course=${course.id}&from=${span.from}&to=${span.to}&tz=UTC`;
    const tab = await openEmptyTab(browser, stack.url);
    await tab.page.goto(stack.url + path);
    await tab.page.waitForFunction(() => performance.getEntriesByName('lectern:all-figures').length > 0);
    const times = [];
    for (let run = 0; run < runs; run += 1) {
      // Another zone, so that everything is measured again.
      const zone = run % 2 === 0 ? 'Europe/Berlin' : 'UTC';
      const marks = await goTo(tab.page, path.replace('tz=UTC', `tz=${zone}`));
      times.push(marks.painted / 1000);
    }
    await tab.context.close();
    note('a course page, 15 weeks, 300 students: rows at hand to all figures', { value: median(times), unit: ' s', most: 1.5 });
  } finally {
    await stack.stop();
  }
}

/** Goes to another view in a tab, and returns its marks. */
async function goTo(page, to) {
  const since = await page.evaluate((to) => {
    history.pushState(null, '', to);
    const now = performance.now();
    dispatchEvent(new PopStateEvent('popstate'));
    return now;
  }, to);
  return readMarks(page, null, since);
}

/** Measures a change of the filter, the range and the course of a view whose rows are loaded. */
async function measureChanges(browser, place, span, { runs, rows, note }) {
  const { url } = place.stack;
  const shorter = { from: plusDays(span.from, 3), to: span.to };
  // The shorter range is a separate request, whose windows are already collected.
  await collect(place, shorter);
  const tab = await openEmptyTab(browser, url);
  const { page } = tab;
  await page.goto(url + viewPath(span));
  await readMarks(page, rows);
  const { courses } = await (await fetch(`${url}/api/courses`)).json();
  const changes = {
    filter: viewPath(span, '&role=student'),
    course: viewPath(span, `&course=${courses[0].id}`),
    range: viewPath(shorter),
  };
  const go = (to) => goTo(page, to);
  const back = () => go(viewPath(span));
  const alternatives = Object.entries(changes).map(([name, to]) => [
    name,
    async () => {
      const marks = await go(to);
      await back();
      return marks;
    },
  ]);
  const got = await alternate(runs, Object.fromEntries(alternatives));
  for (const [name, changed] of Object.entries(got)) {
    note(`a changed ${name}, ${rows} rows: measured`, { value: medianOf(changed, 'measured'), unit: ' ms', most: 30 });
    note(`a changed ${name}, ${rows} rows: painted`, { value: medianOf(changed, 'painted'), unit: ' ms', most: 100 });
  }
  await tab.context.close();
}

/** Measures ten million rows in one tab. */
export async function large({ note }) {
  const browser = await Browser.start();
  const { place, span, rows } = await prepare(2_500_000, 4);
  try {
    const tab = await openEmptyTab(browser, place.stack.url);
    const before = rendererMemory();
    await tab.page.goto(place.stack.url + viewPath(span));
    const marks = await readMarks(tab.page, rows);
    note(`${rows} rows in one tab: measured`, { value: marks.measured / 1000, unit: ' s', most: 60 });
    note(`${rows} rows in one tab: bytes a row, the whole tab`, {
      value: ((rendererMemory() - before) * 1024) / rows,
      most: 40,
    });
    await tab.context.close();
  } finally {
    await place.stop();
    await browser.stop();
  }
}

/** The anonymous memory of all renderer processes below this process, in KB. */
function rendererMemory() {
  let sum = 0;
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      if (!line.includes('--type=renderer') || !isDescendant(id)) continue;
      sum += Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]);
    } catch {
      // The process has ended.
    }
  }
  return sum;
}

function isDescendant(id) {
  for (let at = id; Number(at) > 1; ) {
    if (Number(at) === process.pid) return true;
    at = /\) \S (\d+)/.exec(readFileSync(`/proc/${at}/stat`, 'utf8'))[1];
  }
  return false;
}

