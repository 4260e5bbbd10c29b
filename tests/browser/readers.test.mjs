/** The readers: optional Web Workers that help to decode rows when the machine has more than two cores. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Browser, Stack, plusDays, until, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { figure, loadedRows, parseNumber, tableOf, waitForRows } from './tables.mjs';

const days = weeks(2, 1);
let stack, browser, truth;
before(async () => {
  [stack, browser] = await Promise.all([Stack.start({ sandbox: ['--bulk-rows', '250000'] }), Browser.start()]);
  await stack.request({ report: 'videoview', ...days });
  truth = await stack.truth(days.from, days.to);
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/**
 * Calls `use` with a tab on a simulated machine with `cores` cores, and counters of its readers. `program`
 * handles the readers' requests for `thread.js`. Only the first copy of rows is delivered before the readers
 * have started, so that rows are left for them.
 */
async function withCores(cores, program, use) {
  await withTab(browser, {}, async (page, tab) => {
    await page.addInitScript((cores) => {
      Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => cores });
    }, cores);
    const readers = { running: 0, started: 0, programs: -1, most: Math.max(0, cores - 2) };
    page.on('worker', (worker) => {
      if (!worker.url().endsWith('/reader-start.js')) return;
      readers.running += 1;
      readers.started += 1;
      worker.on('close', () => (readers.running -= 1));
    });
    // The first request is that of the keeper, which is not a reader.
    await page.route('**/thread.js', (route) => ((readers.programs += 1) === 0 || !program ? route.continue() : program(route)));
    let copies = 0;
    await page.route('**/api/rows/**', async (route) => {
      copies += 1;
      if (copies > 1) await until('the readers have started', () => readers.programs >= readers.most).then(() => pause(300));
      await route.continue();
    });
    await use(page, readers, tab);
  });
}

/** The tables of a view of all days, after checking the numbers against the truth. */
async function readView(page) {
  await page.goto(address(stack, days));
  await waitForRows(page, truth.rows);
  const minutes = await tableOf(page, 'Minutes watched per day');
  const viewers = await tableOf(page, 'Viewers per day');
  const byDay = new Map(truth.days.map((day) => [day.day, day]));
  for (const [place, row] of minutes.entries()) {
    const expected = byDay.get(plusDays(days.from, place)) ?? { minutes: 0, viewers: 0 };
    assert.equal(parseNumber(row.Minutes), expected.minutes, `${row.Day}: minutes`);
    assert.equal(parseNumber(viewers[place].Viewers), expected.viewers, `${row.Day}: viewers`);
  }
  // The first and the last rows, with all cells.
  await page.getByRole('button', { name: 'Show every row' }).click();
  const listing = figure(page, 'Every row').locator('.listing');
  await loadedRows(listing);
  const rows = [];
  for (const [key, first] of [['Home', 0], ['End', truth.rows - 12], ['PageUp', truth.rows - 23], ['PageUp', truth.rows - 34]]) {
    await listing.press(key);
    const [from, to, all] = [first + 1, first + 12, truth.rows].map((number) => number.toLocaleString('en-GB'));
    await page.getByText(`Rows ${from}–${to} of ${all}`).waitFor();
    const seen = (await loadedRows(listing, first)).filter(({ number }) => number >= first && number < first + 12);
    rows.push(seen.map(({ number, cells }) => [number, ...cells]));
  }
  return { minutes, viewers, rows };
}

/** The view on a machine without readers. */
let viewWithoutReaders;
test('with two cores there is no reader', async () => {
  await withCores(2, undefined, async (page, readers) => {
    viewWithoutReaders = await readView(page);
    assert.equal(readers.started, 0);
  });
});

test('with four cores there are two readers, which end with their work, and the view is the same', async () => {
  await withCores(4, undefined, async (page, readers) => {
    assert.deepEqual(await readView(page), viewWithoutReaders);
    assert.equal(readers.started, 2);
    await until('the readers have ended', () => readers.running === 0);
  });
});

/** Responds with a reader program that starts and runs `act` for every share of the rows. */
const readerProgram = (act) => (route) =>
  route.fulfill({
    contentType: 'text/javascript',
    body: `export default () => { onmessage = () => { ${act} }; postMessage(new Uint8Array()); }`,
  });

for (const [what, program] of [
  ['cannot be loaded', (route) => route.abort()],
  ['throw at work', readerProgram('throw new Error("dead")')],
  ['decode nothing', readerProgram('postMessage(new Uint8Array())')],
  ['send invalid results', readerProgram('postMessage(new Uint8Array(99))')],
]) {
  test(`with readers that ${what}, the view is the same`, async () => {
    await withCores(4, program, async (page, readers, tab) => {
      // Playwright reports errors in a reader even if the page handles them.
      tab.expect(/ERR_FAILED/, /^error: $/);
      assert.deepEqual(await readView(page), viewWithoutReaders);
      assert.equal(readers.started, 2);
    });
  });
}

test('readers end when their rows are no longer needed', async () => {
  const week = { from: plusDays(days.from, 7), to: days.to };
  await stack.request({ report: 'videoview', ...week });
  const { rows } = await stack.truth(week.from, week.to);
  await withCores(4, undefined, async (page, readers) => {
    // The older week, which is fetched last, never arrives.
    await page.route(`**/api/rows/videoview/${days.from}*`, () => {});
    await page.goto(address(stack, days));
    await until('readers are there', () => readers.programs === 2);
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, address(stack, week));
    await waitForRows(page, rows);
    await until('the readers have ended', () => readers.running === 0);
  });
});
