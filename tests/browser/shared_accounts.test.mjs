/**
 * An account with an ordinary name through which several people watch: the page counts its minutes and no person, until an
 * administrator says that it is one. Numbers against the sandbox's rows.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { cellsOf, figure, parseNumber, waitForRows } from './tables.mjs';
import { expected, rowsOf, views } from './truth.mjs';

let stack, browser, rows, account;
const days = weeks(3, 3);

/** The users with three videos in the same half minute. */
function busyUsers(rows) {
  const videos = new Map();
  for (const { user, instant, video } of rows.filter(({ user }) => user)) {
    const key = `${user} ${Math.floor(instant / 30_000)}`;
    videos.set(key, (videos.get(key) ?? new Set()).add(video));
  }
  return [...new Set([...videos].filter(([, seen]) => seen.size >= 3).map(([key]) => key.split(' ')[0]))];
}

before(async () => {
  [stack, browser] = await Promise.all([Stack.start({ sandbox: ['--busy-account'] }), Browser.start()]);
  await stack.request({ report: 'videoview', ...days });
  rows = await views(stack, days);
  const users = busyUsers(rows);
  assert.equal(users.length, 1, 'the sandbox must have one busy account');
  [account] = users;
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

const formatNumber = (number) => new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }).format(number);

/** Asserts that the page on the screen counts the minutes of all rows, and as people those with a user id and role in `truth`. */
async function assertCounts(page, truth) {
  const sentence = `${formatNumber(truth.rows.length / 2)} minutes watched by ${formatNumber(truth.viewers)} viewers.`;
  await figure(page, 'Minutes watched per day').locator('.sentence').getByText(sentence).waitFor();
  await waitForRows(page, truth.rows.length);
  await waitUntilIdle(page);
  const roles = await cellsOf(page, 'Minutes by role');
  assert.deepEqual(
    roles.rows.map(([name, minutes, viewers]) => [name, parseNumber(minutes), parseNumber(viewers)]),
    truth.byRole.map(({ name, minutes, viewers }) => [name, minutes, viewers]),
  );
  const list = figure(page, 'Students').locator('.listing');
  assert.equal(Number(await list.getByRole('table').getAttribute('aria-rowcount')) - 1, truth.students.length);
}

test('an account that watches three videos at once counts for no person, until it is marked as one', async () => {
  const asPerson = expected(rows, days);
  const asShared = expected(rows.map((row) => (row.user === account ? { ...row, user: '', role: '' } : row)), days);
  assert.equal(asShared.viewers, asPerson.viewers - 1);
  assert.equal(asShared.rows.length, asPerson.rows.length);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days));
    await assertCounts(page, asShared);

    // In the same tab, so that rows which are loaded already are read again.
    await page.getByRole('link', { name: 'Your account' }).click();
    await page.getByRole('link', { name: 'Data quality', exact: true }).click();
    const section = page.getByTestId('shared-accounts');
    const entry = section.locator(`[data-account="${account}"]`);
    await entry.getByText(/Three videos in the same half minute, last in the week of /).waitFor();
    await entry.getByRole('button', { name: `Count as a person: ${account}` }).click();
    await section.getByRole('status').getByText('Saved.').waitFor();
    await entry.getByText(/Counted as a person, marked by /).waitFor();
    await page.goBack();
    await page.goBack();
    await assertCounts(page, asPerson);

    await page.goForward();
    await page.goForward();
    await entry.getByRole('button', { name: `Remove the mark: ${account}` }).click();
    await section.getByRole('status').getByText('Saved.').waitFor();
  });
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days));
    await assertCounts(page, asShared);
  });
});

test('an administrator marks an account by its address', async () => {
  const student = rows.find(({ user, role }) => user && user !== account && role === 'Student');
  const { email } = (await rowsOf(stack, 'videoview', days)).find(({ who }) => who === student.user);
  const shared = [account, student.user];
  const truth = expected(rows.map((row) => (shared.includes(row.user) ? { ...row, user: '', role: '' } : row)), days);
  await withTab(browser, {}, async (page, tab) => {
    await page.goto(`${stack.url}/quality`);
    const section = page.getByTestId('shared-accounts');
    const field = section.getByLabel('User id or e-mail address');
    const button = section.getByRole('button', { name: 'Count as shared', exact: true });
    await field.fill(` ${email.toUpperCase()} `);
    await button.click();
    await section.getByRole('status').getByText('Saved.').waitFor();
    await section.locator(`[data-account="${email.toLowerCase()}"]`).getByText(/Counted as shared, marked by /).waitFor();
    await page.goto(address(stack, days));
    await assertCounts(page, truth);

    await page.goto(`${stack.url}/quality`);
    tab.expect(/status of 400/);
    await field.fill('somebody');
    await button.click();
    await section.getByText("`account` must be Echo360's user id").waitFor();
  });
});
