/** The readers: further threads that decode along where there are cores for them, and are never needed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Browser, Stack, plusDays, until, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { drawnFrom, figure, read, settled, tableOf } from './tables.mjs';

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
 * A tab of a machine with so many cores, and the readers that it starts. `program` answers for `thread.js` where a reader
 * asks for it. Only the first copy comes before the readers are there, so that there is something for them to read.
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
    // The first to ask is the keeper.
    await page.route('**/thread.js', (route) => ((readers.programs += 1) === 0 || !program ? route.continue() : program(route)));
    let copies = 0;
    await page.route('**/api/rows/**', async (route) => {
      copies += 1;
      if (copies > 1) await until('the readers are there', () => readers.programs >= readers.most).then(() => pause(300));
      await route.continue();
    });
    await use(page, readers, tab);
  });
}

/** What a view of all days shows, once it is known to be true. */
async function shown(page) {
  await page.goto(address(stack, days));
  await drawnFrom(page, truth.rows);
  const minutes = await tableOf(page, 'Minutes watched per day');
  const viewers = await tableOf(page, 'Viewers per day');
  const told = new Map(truth.days.map((day) => [day.day, day]));
  for (const [place, row] of minutes.entries()) {
    const expected = told.get(plusDays(days.from, place)) ?? { minutes: 0, viewers: 0 };
    assert.equal(read(row.Minutes), expected.minutes, `${row.Day}: minutes`);
    assert.equal(read(viewers[place].Viewers), expected.viewers, `${row.Day}: viewers`);
  }
  // The first rows and the last, name by name.
  await page.getByRole('button', { name: 'Show every row' }).click();
  const listing = figure(page, 'Every row').locator('.listing');
  await settled(listing);
  const rows = [];
  for (const [key, first] of [['Home', 0], ['End', truth.rows - 12], ['PageUp', truth.rows - 23], ['PageUp', truth.rows - 34]]) {
    await listing.press(key);
    const [from, to, all] = [first + 1, first + 12, truth.rows].map((number) => number.toLocaleString('en-GB'));
    await page.getByText(`Rows ${from}–${to} of ${all}`).waitFor();
    const seen = (await settled(listing, first)).filter(({ number }) => number >= first && number < first + 12);
    rows.push(seen.map(({ number, cells }) => [number, ...cells]));
  }
  return { minutes, viewers, rows };
}

/** What a machine shows that has no readers. */
let alone;
test('two cores have no reader', async () => {
  await withCores(2, undefined, async (page, readers) => {
    alone = await shown(page);
    assert.equal(readers.started, 0);
  });
});

test('four cores have two readers, which end with their work, and show the same', async () => {
  await withCores(4, undefined, async (page, readers) => {
    assert.deepEqual(await shown(page), alone);
    assert.equal(readers.started, 2);
    await until('the readers have ended', () => readers.running === 0);
  });
});

/** A reader that listens, and does this with every share. */
const reader = (act) => (route) =>
  route.fulfill({
    contentType: 'text/javascript',
    body: `export default () => { onmessage = () => { ${act} }; postMessage(new Uint8Array()); }`,
  });

for (const [what, program] of [
  ['cannot be loaded', (route) => route.abort()],
  ['die at work', reader('throw new Error("dead")')],
  ['decode nothing', reader('postMessage(new Uint8Array())')],
  ['talk nonsense', reader('postMessage(new Uint8Array(99))')],
]) {
  test(`readers that ${what} take nothing away`, async () => {
    await withCores(4, program, async (page, readers, tab) => {
      // What a reader throws is noted here wherever it is dealt with.
      tab.expect(/ERR_FAILED/, /^error: $/);
      assert.deepEqual(await shown(page), alone);
      assert.equal(readers.started, 2);
    });
  });
}

test('rows that are no longer wanted have no readers', async () => {
  const week = { from: plusDays(days.from, 7), to: days.to };
  await stack.request({ report: 'videoview', ...week });
  const { rows } = await stack.truth(week.from, week.to);
  await withCores(4, undefined, async (page, readers) => {
    // The older week, which is fetched last, never comes.
    await page.route(`**/api/rows/videoview/${days.from}*`, () => {});
    await page.goto(address(stack, days));
    await until('readers are there', () => readers.programs === 2);
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, address(stack, week));
    await drawnFrom(page, rows);
    await until('the readers have ended', () => readers.running === 0);
  });
});
