/** The spine: from a first click to numbers on the screen that are the truth, and the rows behind them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, weeks, withTab } from './stack.mjs';
import { drawnFrom, read, tableOf } from './tables.mjs';

let stack, browser;
/** The week that cannot be built, and the one after it. */
const failing = weeks(2, 20);
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  // Three tries take a while: they pass while the other tests run.
  await stack.harm({ fault: 'failed', count: 3, report: 'videoview', start: failing.from });
  await stack.request({ report: 'videoview', ...failing }, { settled: false });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** Minutes and viewers of each day, out of the tables behind the two charts. */
async function numbers(page) {
  const minutes = await tableOf(page, 'Minutes watched per day');
  const viewers = await tableOf(page, 'Viewers per day');
  assert.deepEqual(viewers.map((row) => row.Day), minutes.map((row) => row.Day));
  return minutes.map((row, place) => ({ ...viewers[place], ...row }));
}

/** Fails unless the table shows exactly the truth about these days. */
async function shows(page, truth, from, to) {
  const told = new Map(truth.days.map((day) => [day.day, day]));
  const rows = await numbers(page);
  let day = from;
  for (const row of rows) {
    const expected = told.get(day) ?? { minutes: 0, viewers: 0 };
    const spelled = new Intl.DateTimeFormat('en-GB', {
      weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC',
    }).format(new Date(`${day}T12:00:00Z`));
    assert.equal(row.Day, spelled);
    assert.equal(read(row.Minutes), expected.minutes, `${day}: minutes`);
    assert.equal(read(row.Viewers), expected.viewers, `${day}: viewers`);
    day = plusDays(day, 1);
  }
  assert.equal(day, plusDays(to, 1), 'every day has its row');
  return rows;
}

test('four weeks are asked for, arrive, and every number is true', async () => {
  const { from, to } = weeks(4);
  await withTab(browser, {}, async (page) => {
    await page.goto(stack.url);
    await page.getByRole('button', { name: 'See the last four weeks' }).click();
    const truth = await stack.truth(from, to);
    assert.ok(truth.rows > 1000, 'the sandbox has lectures in these weeks');
    await drawnFrom(page, truth.rows);
    const rows = await shows(page, truth, from, to);
    const total = truth.days.reduce((sum, day) => sum + day.minutes, 0);
    await page.getByText(`${total.toLocaleString('en-GB')} minutes watched`).first().waitFor();

    // The rows behind them, as a file.
    const href = await page.locator('a[data-testid="csv"]').getAttribute('href');
    const csv = await (await fetch(stack.url + href)).text();
    assert.equal(csv.trimEnd().split('\n').length - 1, truth.rows, 'the download has every row once');

    // Reload, Back and a pasted link show the same.
    const url = page.url();
    await page.reload();
    await drawnFrom(page, truth.rows);
    assert.deepEqual(await numbers(page), rows);
    await page.getByRole('link', { name: 'Requests' }).click();
    await page.getByRole('heading', { level: 1, name: 'Requests' }).waitFor();
    await page.goBack();
    await drawnFrom(page, truth.rows);
    assert.equal(page.url(), url);
    assert.deepEqual(await numbers(page), rows);
    await withTab(browser, { locale: 'en-GB', colorScheme: 'dark' }, async (other) => {
      await other.goto(url);
      await drawnFrom(other, truth.rows);
      assert.deepEqual(await numbers(other), rows);
    });
  });
  const ledger = await stack.ask('/sandbox/ledger');
  assert.ok(ledger.max_in_flight <= 3, 'never more than three upstream requests at once');
  assert.equal(ledger.equal_live_asks, 0);
});

test('days are those of the zone that the link names', async () => {
  const { from, to } = weeks(1, 1);
  await withTab(browser, {}, async (page) => {
    await stack.request({ report: 'videoview', from, to, tz: 'Asia/Kolkata' });
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${from}&to=${to}&tz=Asia/Kolkata`);
    const truth = await stack.truth(from, to, { zoneOffsetSeconds: 19_800 });
    await drawnFrom(page, truth.rows);
    await shows(page, truth, from, to);
  });
});

test('a week that Echo360 cannot build says so, with its id and a way on', async () => {
  const { from, to } = failing;
  await withTab(browser, { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${from}&to=${to}`);
    const failed = page.locator('[data-state="failed"]');
    await failed.first().waitFor({ timeout: 120_000 });
    await page.getByText(/Echo360 could not build/).first().waitFor();
    const ledger = await stack.api('/api/requests');
    const window = ledger.requests.flatMap((request) => request.windows).find(({ state }) => state === 'failed');
    assert.ok(window.upstream_request_id, 'the failed window keeps an id for support');
    await page.getByText(window.upstream_request_id).first().waitFor();
    await page.getByRole('button', { name: 'Copy the id' }).first().click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), window.upstream_request_id);
    await page.getByRole('button', { name: 'Try again', exact: true }).click();
    const truth = await stack.truth(from, to);
    await drawnFrom(page, truth.rows);
    await shows(page, truth, from, to);
  });
});
