/** A table of more than a million rows, beside which no browser has an element that is high enough. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { drawnFrom, figure, onScreen, settled } from './tables.mjs';

/** Rows a week: 3 × 350,000 × 36 px = 37.8 million pixels, over the limit of Chromium (33.5) and of Firefox (17.8). */
const WEEKLY = 350_000;
const days = weeks(3, 1);
let stack, browser;
before(async () => {
  const sandbox = ['--bulk-rows', String(WEEKLY)];
  [stack, browser] = await Promise.all([Stack.start({ sandbox }), Browser.start()]);
  await stack.request({ report: 'videoview', ...days });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** How many rows lie before an instant. */
async function rowsBefore(instant) {
  const query = new URLSearchParams({ report: 'videoview', start: `${days.from}T00:00:00Z`, end: instant, summary: 'count' });
  return (await stack.ask(`/sandbox/rows?${query}`)).rows;
}

test('a table of more than a million rows shows the right ones wherever it is, and only those', async () => {
  const { rows: all } = await stack.truth(days.from, days.to);
  assert.ok(all >= 1_000_000, `${all} rows`);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days));
    await drawnFrom(page, all);
    await page.getByRole('button', { name: 'Show every row' }).click();
    const region = figure(page, 'Every row');
    const listing = region.locator('.listing');
    const spelled = (number) => number.toLocaleString('en-GB');
    /** Every row on the screen is of the minute that the truth has at its number. */
    const check = async (wanted) => {
      const rows = await settled(listing, wanted);
      const [first, last] = [rows[0], rows.at(-1)];
      for (const { number, cells } of [first, last]) {
        // `3 Nov 2026, 14:05`, in UTC.
        const minute = Date.parse(`${cells[0].replace(',', '')} UTC`);
        assert.ok(Number.isFinite(minute), cells[0]);
        const from = await rowsBefore(new Date(minute).toISOString().slice(0, 19) + 'Z');
        const until = await rowsBefore(new Date(minute + 60_000).toISOString().slice(0, 19) + 'Z');
        assert.ok(from <= number && number < until, `row ${number} is of ${cells[0]}, which has rows ${from} to ${until}`);
      }
      assert.deepEqual(rows.map(({ number }) => number), rows.map((_, place) => first.number + place));
      assert.ok((await listing.locator('tr').count()) < 20, 'only the rows on the screen exist');
      return first.number;
    };
    const position = (first) => region.getByText(`Rows ${spelled(first + 1)}–${spelled(Math.min(first + 12, all))} of ${spelled(all)}`).waitFor();
    assert.equal(await check(0), 0);
    await position(0);

    // By the scroll bar: the middle, which is that of the rows although the scroll is no longer one of their pixels.
    const height = await listing.evaluate((listing) => listing.scrollHeight);
    assert.ok(height < 17_800_000, `${height} pixels are more than a browser draws`);
    await listing.evaluate((listing) => (listing.scrollTop = (listing.scrollHeight - listing.clientHeight) / 2));
    const middle = Math.floor(all / 2);
    const first = await check(middle);
    assert.ok(Math.abs(first - (all - 12) / 2) <= 1, `row ${first} of ${all} is in the middle`);

    // By keys: row by row and page by page from there, to the end and back.
    await listing.press('ArrowDown');
    await check(first + 12);
    await listing.press('PageDown');
    await check(first + 23);
    await position(first + 12);
    await listing.press('End');
    await check(all - 1);
    await position(all - 12);
    await listing.press('PageUp');
    await check(all - 23);
    await listing.press('Home');
    assert.equal(await check(0), 0);

    // By wheel: many small steps, each drawn.
    for (let turn = 0; turn < 40; turn += 1) await listing.evaluate((listing) => listing.scrollBy(0, 120));
    assert.ok((await check()) > 0);
    assert.ok((await onScreen(listing)).length <= 13);
  });
});
