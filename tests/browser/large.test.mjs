/** A table of more than a million rows, which is higher than the highest element that browsers support. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { figure, loadedRows, visibleRows, waitForRows } from './tables.mjs';
import { busyCourse } from './truth.mjs';

/**
 * Rows per week: 3 × 350,000 × 36 px = 37.8 million pixels, above the limits of Chromium (33.5) and Firefox
 * (17.8).
 */
const ROWS_PER_WEEK = 350_000;
const days = weeks(3, 1);
let stack, browser;
before(async () => {
  const sandbox = ['--bulk-rows', String(ROWS_PER_WEEK)];
  [stack, browser] = await Promise.all([Stack.start({ sandbox }), Browser.start()]);
  await stack.request({ report: 'videoview', ...days });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** Counts the sandbox's rows before an instant. */
async function countRowsBefore(instant) {
  const query = new URLSearchParams({ report: 'videoview', start: `${days.from}T00:00:00Z`, end: instant, summary: 'count' });
  return (await stack.ask(`/sandbox/rows?${query}`)).rows;
}

test('a table of more than a million rows shows the right rows at every scroll position, and no others', async () => {
  const { rows: all } = await stack.truth(days.from, days.to);
  assert.ok(all >= 1_000_000, `${all} rows`);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days));
    await waitForRows(page, all);
    await page.getByRole('button', { name: 'Show every row' }).click();
    const region = figure(page, 'Every row');
    const listing = region.locator('.listing');
    const formatNumber = (number) => number.toLocaleString('en-GB');
    /**
     * Asserts that the first and the last visible row have the sandbox's minute at their index; returns the
     * first index.
     */
    const checkRows = async (wanted) => {
      const rows = await loadedRows(listing, wanted);
      const [first, last] = [rows[0], rows.at(-1)];
      for (const { number, cells } of [first, last]) {
        // `3 Nov 2026, 14:05`, in UTC.
        const minute = Date.parse(`${cells[0].replace(',', '')} UTC`);
        assert.ok(Number.isFinite(minute), cells[0]);
        const from = await countRowsBefore(new Date(minute).toISOString().slice(0, 19) + 'Z');
        const until = await countRowsBefore(new Date(minute + 60_000).toISOString().slice(0, 19) + 'Z');
        assert.ok(from <= number && number < until, `row ${number} is of ${cells[0]}, which has rows ${from} to ${until}`);
      }
      assert.deepEqual(rows.map(({ number }) => number), rows.map((_, place) => first.number + place));
      assert.ok((await listing.locator('tr').count()) < 20, 'the document must have only the visible rows');
      return first.number;
    };
    const waitForPosition = (first) => region.getByText(`Rows ${formatNumber(first + 1)}–${formatNumber(Math.min(first + 12, all))} of ${formatNumber(all)}`).waitFor();
    assert.equal(await checkRows(0), 0);
    await waitForPosition(0);

    // By the scroll bar: the middle of the scroll must be the middle row, although pixels and rows no longer
    // correspond.
    const height = await listing.evaluate((listing) => listing.scrollHeight);
    assert.ok(height < 17_800_000, `${height} pixels are more than a browser supports`);
    await listing.evaluate((listing) => (listing.scrollTop = (listing.scrollHeight - listing.clientHeight) / 2));
    const middle = Math.floor(all / 2);
    const first = await checkRows(middle);
    assert.ok(Math.abs(first - (all - 12) / 2) <= 1, `row ${first} of ${all} must be in the middle`);

    // By keys: row by row and page by page from there, to the end and to the start.
    await listing.press('ArrowDown');
    await checkRows(first + 12);
    await listing.press('PageDown');
    await checkRows(first + 23);
    await waitForPosition(first + 12);
    await listing.press('End');
    await checkRows(all - 1);
    await waitForPosition(all - 12);
    await listing.press('PageUp');
    await checkRows(all - 23);
    await listing.press('Home');
    assert.equal(await checkRows(0), 0);

    // By wheel: many small steps.
    for (let turn = 0; turn < 40; turn += 1) await listing.evaluate((listing) => listing.scrollBy(0, 120));
    assert.ok((await checkRows()) > 0);
    assert.ok((await visibleRows(listing)).length <= 13);
  });
});

test('a phone says how many rows the whole institution has, and loads them only when told to', async () => {
  const { rows: all } = await stack.truth(days.from, days.to);
  const phone = { viewport: { width: 390, height: 844 } };
  await withTab(browser, phone, async (page) => {
    const downloads = [];
    page.on('request', (request) => request.url().includes('/api/rows/') && downloads.push(request.url()));
    await page.goto(address(stack, days));
    const question = page.getByTestId('large-download');
    await question.waitFor();
    const text = await question.innerText();
    assert.ok(text.includes(`${all.toLocaleString('en-GB')} rows`), text);
    assert.deepEqual(downloads, []);
    await question.getByRole('button', { name: 'Load all rows' }).click();
    await waitForRows(page, all);
    assert.equal(await question.count(), 0);
  });
  const { course } = await busyCourse(stack, days);
  await withTab(browser, phone, async (page) => {
    await page.goto(address(stack, days, { course: course.id }));
    await page.getByTestId('minutes').waitFor();
    assert.equal(await page.getByTestId('large-download').count(), 0, 'a course is loaded without a question');
  });
});
