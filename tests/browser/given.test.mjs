/**
 * A report with its own parameters: entered in the plan, kept in the URL, sent upstream, and part of a
 * request's identity.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, until, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { figure, loadedRows } from './tables.mjs';

let stack, browser;
const month = weeks(2, 4);
before(async () => {
  const options = ['--visits-of-page', '--build-seconds', '0.2..0.5'];
  [stack, browser] = await Promise.all([Stack.start({ sandbox: options }), Browser.start()]);
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** Counts the sandbox's rows of this page with at least `least` visits. */
async function countRows(wanted, least = 0) {
  const days = { start: `${month.from}T00:00:00Z`, end: `${plusDays(month.to, 1)}T00:00:00Z` };
  const { columns, rows } = await stack.ask(`/sandbox/rows?${new URLSearchParams({ report: 'visit', ...days })}`);
  const [page, count] = ['page', 'visit_count'].map((name) => columns.indexOf(name));
  return rows.filter((cells) => cells[page] === wanted && Number(cells[count]) >= least).length;
}

/** Waits until the table has so many rows; those on the screen must be of the wanted page. Windows arrive one by one. */
async function waitForTable(page, wanted, rows) {
  const table = figure(page, 'Every row');
  const show = table.getByRole('button', { name: 'Show every row' });
  const listing = table.locator('.listing');
  await until(`the table has ${rows} rows`, async () => {
    if ((await show.count()) && (await show.isEnabled())) await show.click();
    if (!(await listing.count())) return undefined;
    return (await listing.getByRole('table').getAttribute('aria-rowcount')) === String(rows + 1) || undefined;
  });
  for (const { cells } of await loadedRows(listing)) assert.ok(cells.includes(wanted), cells.join());
}

test('a report with a required parameter is requested with it, and another value makes another request', async () => {
  const [all, often] = [await countRows('video'), await countRows('video', 4)];
  assert.ok(0 < often && often < all, `${often} of ${all}`);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { report: 'visit' }));
    const ask = page.getByRole('button', { name: 'Request from Echo360', exact: true });
    const needed = page.getByRole('textbox', { name: 'page (required)' });
    const least = page.getByRole('textbox', { name: 'least', exact: true });
    await page.locator('[data-code="bad-parameters"]').waitFor();
    assert.equal(await ask.count(), 0, 'a request that would be refused must not be offered');
    assert.equal(await needed.getAttribute('required'), '');
    assert.equal(await least.getAttribute('required'), null);

    // A value that identifies a person must not be in the URL.
    await needed.fill('ana.nunez@example.edu');
    await needed.blur();
    await page.getByRole('alert').waitFor();
    assert.ok(!page.url().includes('p.'), page.url());

    await needed.fill('video');
    await needed.blur();
    await page.locator('[data-code="bad-parameters"]').waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('alert').count(), 0);
    assert.ok(page.url().endsWith('&p.page=video'), page.url());
    await ask.click();
    await waitForTable(page, 'video', all);

    await least.fill('4');
    await least.blur();
    assert.ok(page.url().endsWith('&p.least=4&p.page=video'), page.url());
    await ask.click();
    await waitForTable(page, 'video', often);
    const href = await page.getByTestId('csv').getAttribute('href');
    const csv = await (await fetch(stack.url + href)).text();
    assert.equal(csv.trim().split('\n').length - 1, often, href);

    // Each request's own link shows its rows again.
    await page.goBack();
    assert.equal(await least.inputValue(), '');
    await waitForTable(page, 'video', all);
    await page.goto(`${stack.url}/requests`);
    await page.getByRole('link', { name: /^Page visits \(least: 4, page: video\)/ }).click();
    await waitForTable(page, 'video', often);
    assert.deepEqual([await needed.inputValue(), await least.inputValue()], ['video', '4']);
  });
});
