/** Reads the page's tables: the twins behind figures, and those of any length. */
import assert from 'node:assert/strict';
import { until } from './stack.mjs';

/** A figure by its title. */
export const figure = (page, title) => page.getByRole('region', { name: title, exact: true });

/** The table behind a figure: for each row, its cells by the names of their columns. */
export async function tableOf(page, title) {
  const { heads, rows } = await cellsOf(page, title);
  return rows.map((cells) => Object.fromEntries(cells.map((cell, place) => [heads[place], cell])));
}

/** The table behind a figure: the names of its columns and its cells. */
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

/** A number as the page spells it; nothing where there is none. */
export const read = (text) => (text === '–' ? undefined : Number(text.replaceAll(',', '')));

/** Waits until the figures are drawn from so many rows: all of the range, final or not. */
export const drawnFrom = (page, rows) =>
  page.locator(`[data-testid="minutes"][data-rows="${rows}"][aria-busy="false"]`).waitFor({ timeout: 90_000 });

/** The rows of a long table that are on the screen, by number from 0: cells, and what their drawings are called. */
export async function onScreen(listing) {
  return listing.evaluate((listing) =>
    [...listing.querySelectorAll('tbody tr:not([hidden])')].map((row) => ({
      number: Number(row.getAttribute('aria-rowindex')) - 2,
      cells: [...row.cells].map((cell) => cell.innerText.trim()),
      bars: [...row.querySelectorAll('svg .bar')].map((bar) => Number(bar.getAttribute('height'))),
      label: row.querySelector('svg')?.getAttribute('aria-label'),
    })),
  );
}

/** Waits until every row on the screen has come, and that which is wanted is among them; gives them. */
export async function settled(listing, wanted) {
  const page = listing.page();
  for (let tries = 0; tries < 600; tries += 1) {
    const rows = await onScreen(listing);
    const isHere = wanted === undefined || rows.some(({ number }) => number === wanted);
    if (isHere && rows.length > 0 && rows.every(({ cells }) => !cells.includes('…'))) return rows;
    await page.waitForTimeout(50);
  }
  throw new Error(`row ${wanted} has not come: ${JSON.stringify(await onScreen(listing))}`);
}

/** All rows of a long table, page by page with the keyboard. */
export async function allRows(listing) {
  const count = Number(await listing.getByRole('table').getAttribute('aria-rowcount')) - 1;
  if (count === 0) return [];
  await listing.press('Home');
  const found = new Map();
  for (let first = 0; found.size < count; first += 11) {
    // Twelve are on the screen: a page that begins later than the last of them would show less.
    const begins = Math.max(0, Math.min(first, count - 12));
    await until(`row ${begins} is the first`, async () => (await onScreen(listing))[0]?.number === begins);
    for (const row of await settled(listing)) found.set(row.number, row);
    assert.ok(first < count + 24, `${found.size} of ${count} rows are reached`);
    await listing.press('PageDown');
  }
  return Array.from({ length: count }, (_, number) => found.get(number));
}
