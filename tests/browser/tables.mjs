/** Reads the page's tables: those behind figures, and the virtually scrolled ones of any length. */
import assert from 'node:assert/strict';
import { until } from './stack.mjs';

/** A figure by its title. */
export const figure = (page, title) => page.getByRole('region', { name: title, exact: true });

/** A day (`YYYY-MM-DD`) as figures show it in English: `Mon, 2 Feb 2026`. */
export const formatDay = (day) =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
    .format(new Date(`${day}T12:00:00Z`));

/** The table behind a figure, opened if needed: for each row, its cells by column name. */
export async function tableOf(page, title) {
  const { heads, rows } = await cellsOf(page, title);
  return rows.map((cells) => Object.fromEntries(cells.map((cell, place) => [heads[place], cell])));
}

/** The table behind a figure, opened if needed: its column names and its cells. */
export async function cellsOf(page, title) {
  const region = figure(page, title);
  const opener = region.locator('details', { has: page.getByText('Numbers', { exact: true }) });
  if (!(await opener.evaluate((details) => details.open))) await opener.locator('summary').click();
  const table = region.locator('.twin table');
  await table.waitFor();
  return table.evaluate((table) => ({
    heads: [...table.tHead.rows[0].cells].map((cell) => cell.innerText.trim()),
    rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim())),
  }));
}

/** Parses a number as the page formats it; undefined for a dash. */
export const parseNumber = (text) => (text === '–' ? undefined : Number(text.replaceAll(',', '')));

/** Waits until the figures are drawn from `rows` rows. */
export const waitForRows = (page, rows) =>
  page.locator(`[data-testid="minutes"][data-rows="${rows}"][aria-busy="false"]`).waitFor({ timeout: 90_000 });

/**
 * The visible rows of a long table: index from 0, cells, and the bar heights and the label of the sparkline.
 */
export async function visibleRows(listing) {
  return listing.evaluate((listing) =>
    [...listing.querySelectorAll('tbody tr:not([hidden])')].map((row) => ({
      number: Number(row.getAttribute('aria-rowindex')) - 2,
      cells: [...row.cells].map((cell) => cell.innerText.trim()),
      bars: [...row.querySelectorAll('svg .bar')].map((bar) => Number(bar.getAttribute('height'))),
      label: row.querySelector('svg')?.getAttribute('aria-label'),
    })),
  );
}

/** Waits until all visible rows are loaded and the wanted index is among them; returns them. */
export async function loadedRows(listing, wanted) {
  const page = listing.page();
  for (let tries = 0; tries < 600; tries += 1) {
    const rows = await visibleRows(listing);
    const isVisible = wanted === undefined || rows.some(({ number }) => number === wanted);
    if (isVisible && rows.length > 0 && rows.every(({ cells }) => !cells.includes('…'))) return rows;
    await page.waitForTimeout(50);
  }
  throw new Error(`row ${wanted} is not loaded: ${JSON.stringify(await visibleRows(listing))}`);
}

/** All rows of a long table, read page by page with the keyboard. */
export async function allRows(listing) {
  const count = Number(await listing.getByRole('table').getAttribute('aria-rowcount')) - 1;
  if (count === 0) return [];
  await listing.press('Home');
  const found = new Map();
  for (let first = 0; found.size < count; first += 11) {
    // Twelve rows are visible, so the last page begins twelve rows before the end.
    const pageStart = Math.max(0, Math.min(first, count - 12));
    await until(`row ${pageStart} is the first`, async () => (await visibleRows(listing))[0]?.number === pageStart);
    for (const row of await loadedRows(listing)) found.set(row.number, row);
    assert.ok(first < count + 24, `only ${found.size} of ${count} rows were reached`);
    await listing.press('PageDown');
  }
  return Array.from({ length: count }, (_, number) => found.get(number));
}
