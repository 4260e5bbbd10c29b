/**
 * People whose identity is odd: renamed in newer copies, or with one e-mail address for two user ids. Names and notes against
 * the sandbox's rows.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { allRows, figure, parseNumber, waitForRows } from './tables.mjs';
import { expected, rowsOf, views } from './truth.mjs';

let stack, browser;
const days = weeks(2, 4);
/** The week of the newer copy is the older week: the copy decides about names, not the day of a row. */
const newerCopy = { from: days.from, to: plusDays(days.from, 6) };
const olderCopy = { from: plusDays(days.from, 7), to: days.to };
const SECONDS_UNTIL_RENAMED = 300;
const renamedFrom = `${new Date(Date.now() + SECONDS_UNTIL_RENAMED * 1000).toISOString().slice(0, 19)}Z`;

before(async () => {
  const sandbox = ['--renamed-from', renamedFrom, '--two-ids'];
  [stack, browser] = await Promise.all([Stack.start({ sandbox }), Browser.start()]);
  await stack.request({ report: 'videoview', ...olderCopy });
  const answer = await fetch(`${stack.sandbox}/sandbox/clock`, {
    method: 'POST',
    body: JSON.stringify({ advance_seconds: 2 * SECONDS_UNTIL_RENAMED }),
  });
  assert.ok(answer.ok, await answer.text());
  // Copies are told apart by the second in which they were requested.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await stack.request({ report: 'videoview', ...newerCopy });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** A sentence about a number of people or addresses; undefined for none. */
const note = (count, one, many) => (count === 0 ? undefined : count === 1 ? `1 ${one}` : `${count} ${many}`);

test('the newest copy names people in all weeks, and deleted users stay distinct', async () => {
  const renamed = await views(stack, days);
  const original = await views(stack, days, 'UTC', { as_of: new Date(Date.parse(renamedFrom) - 1000).toISOString().slice(0, 19) + 'Z' });
  assert.equal(original.length, renamed.length);
  const inNewerCopy = new Set(renamed.filter(({ day }) => day <= newerCopy.to).map(({ user }) => user));
  const namesOf = (rows) => new Map(rows.map(({ user, person }) => [user, person]));
  const [newNames, oldNames] = [namesOf(renamed), namesOf(original)];
  const isDeleted = (user) => inNewerCopy.has(user) && newNames.get(user) === 'User, Deleted';
  const nameOf = (user) => {
    if (isDeleted(user)) return `Deleted User ${user.slice(0, 8)}`;
    return (inNewerCopy.has(user) ? newNames : oldNames).get(user) || 'Not named';
  };
  const { students, rows } = expected(renamed, days);
  const deleted = students.filter(({ user }) => isDeleted(user));
  assert.ok(deleted.length > 1, 'the sandbox must have deleted users in the newer copy');
  assert.ok(students.some(({ user }) => nameOf(user) === 'Not named'), 'and people without a name');
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days));
    await waitForRows(page, rows.length);
    await waitUntilIdle(page);
    const list = await allRows(figure(page, 'Students').locator('.listing'));
    const sorted = (pairs) => pairs.map((pair) => pair.join(' ')).sort();
    assert.deepEqual(
      sorted(list.map(({ cells }) => [cells[0], parseNumber(cells[1])])),
      sorted(students.map(({ user, minutes }) => [nameOf(user), minutes])),
    );
    const caveat = await figure(page, 'Students').locator('.caveat').innerText();
    assert.ok(caveat.includes(`${deleted.length} people were renamed Deleted User at Echo360;`), caveat);
  });
});

test('an e-mail address of two user ids is noted, and both count', async () => {
  const rows = (await rowsOf(stack, 'videoview', days)).filter(({ who }) => who);
  const users = new Map();
  for (const { email, who } of rows) users.set(email, new Set([...(users.get(email) ?? []), who]));
  const shared = [...users.values()].filter((ids) => ids.size > 1).length;
  assert.ok(shared > 0, 'the sandbox must have people with the same address');
  const truth = expected(await views(stack, days), days);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, days));
    await waitForRows(page, truth.rows.length);
    await waitUntilIdle(page);
    const caveat = await figure(page, 'Minutes by role').locator('.caveat').innerText();
    const sentence = note(shared, 'e-mail address occurs', 'e-mail addresses occur');
    assert.ok(caveat.includes(`${sentence} with more than one user id; they count as different people.`), caveat);
    const list = figure(page, 'Students').locator('.listing');
    assert.equal(Number(await list.getByRole('table').getAttribute('aria-rowcount')) - 1, truth.students.length);
  });
});
