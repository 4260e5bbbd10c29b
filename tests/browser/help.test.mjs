/** The help: keyboard shortcuts, why numbers differ, and the weeks of a term. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Browser, ROOT, Stack, monday, plusDays, until, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address, courseAddress } from './states.mjs';
import { figure } from './tables.mjs';
import { busyCourse } from './truth.mjs';

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const HELP = 'Keyboard shortcuts and help';
const WHY = 'Why numbers differ';

let stack, browser;
const month = weeks(4, 4);
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  await Promise.all(['videoview', 'presentation'].map((report) => stack.request({ report, ...month })));
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

const daysOf = (page) => {
  const query = new URL(page.url()).searchParams;
  return { from: query.get('from'), to: query.get('to') };
};
const shiftDays = (days, by) => ({ from: plusDays(days.from, by), to: plusDays(days.to, by) });
const focusedName = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);
/** How many figures have a table of numbers, and how many of these are open. */
const countTables = (page) =>
  page.locator('.figure > .numbers').evaluateAll((all) => [all.length, all.filter((it) => it.open).length]);

/** Opens a view and waits until its figures are drawn and the page is idle. */
async function open(page, url) {
  await page.goto(url);
  await page.locator('.figures[aria-busy="false"] .figure').first().waitFor();
  await waitUntilIdle(page);
}

/** Presses keys, and fails if the view, the tables of numbers or the dialogs change. */
async function assertNoEffect(page, keys, why) {
  const readState = async () => [page.url(), await countTables(page), await page.locator('dialog[open]').count()];
  const before = await readState();
  for (const key of keys) await page.keyboard.press(key);
  await waitUntilIdle(page);
  assert.deepEqual(await readState(), before, why);
}

test('shortcuts change the days and the page, and open and close the tables of all figures', async () => {
  await withTab(browser, {}, async (page) => {
    await open(page, address(stack, month));
    for (const [key, by] of [['[', -28], [']', 0], [',', -28], ['.', 0]]) {
      await page.keyboard.press(key);
      await until(`${key} went to other days`, async () => daysOf(page).from === shiftDays(month, by).from);
      assert.deepEqual(daysOf(page), shiftDays(month, by));
    }
    await open(page, address(stack, month));
    const [all, openCount] = await countTables(page);
    assert.ok(all > 3 && openCount === 0);
    await page.keyboard.press('n');
    await until('every table is open', async () => (await countTables(page))[1] === all);
    await figure(page, 'Viewers per day').locator('.twin table').waitFor();
    await page.keyboard.press('n');
    await until('every table is shut', async () => (await countTables(page))[1] === 0);
    // The first shortcut on a page, before the code for it has been fetched.
    await open(page, address(stack, month));
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await until('g q went there at once', async () => new URL(page.url()).pathname === '/requests');
    for (const [key, route] of [['r', '/'], ['c', '/course'], ['q', '/requests'], ['r', '/']]) {
      await assertNoEffect(page, [key], `${key} alone`);
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await until(`g ${key} went there`, async () => new URL(page.url()).pathname === route);
      await waitUntilIdle(page);
    }
    assert.deepEqual(daysOf(page), month, 'the days must stay the same');
  });
});

test('on a course, f focuses the search and h hides names, and keys typed into the search have no effect', async () => {
  const { course } = await busyCourse(stack, month);
  await withTab(browser, {}, async (page) => {
    await open(page, courseAddress(stack, month, { course: course.id }));
    const names = page.getByRole('checkbox', { name: 'Hide names' });
    await page.keyboard.press('h');
    await until('names are hidden', () => names.isChecked());
    await waitUntilIdle(page);
    await page.keyboard.press('h');
    await until('names are shown', async () => !(await names.isChecked()));
    await waitUntilIdle(page);
    await page.keyboard.press('f');
    await until('the search has the focus', () => page.evaluate(() => document.activeElement.matches('input[type=search]')));
    await assertNoEffect(page, ['n', 'h', '[', '?', 'g', 'c'], 'in a field');
    assert.equal(await page.locator('input[type=search]').inputValue(), 'nh[?gc');
    assert.equal(await names.isChecked(), false);
  });
});

test('shortcuts do nothing in a select, in an open menu, or with a modifier', async () => {
  await withTab(browser, {}, async (page) => {
    await open(page, address(stack, month));
    // Shortcuts must work first, so that a missing effect cannot be a late one.
    for (const wanted of [true, false]) {
      await page.keyboard.press('n');
      await until('the tables open or close', async () => (await countTables(page))[1] > 0 === wanted);
    }
    await page.getByRole('combobox', { name: 'Report' }).focus();
    await assertNoEffect(page, ['[', 'n'], 'in a select');
    await page.locator('.menu:has(.long) > summary').click();
    await assertNoEffect(page, ['[', 'n', '?'], 'in an open menu');
    await page.keyboard.press('Escape');
    await page.locator('body').evaluate(() => document.activeElement.blur());
    await assertNoEffect(page, ['Alt+n', 'Meta+n', 'Control+[', 'Shift+N'], 'with a modifier');
    await page.keyboard.press('n');
    await until('the key without a modifier opens the tables', async () => (await countTables(page))[1] > 0);
  });
});

test('the list of shortcuts opens by its key and its button, closes by Escape, and returns the focus', async () => {
  await withTab(browser, {}, async (page) => {
    await open(page, address(stack, month));
    const dialog = page.getByRole('dialog', { name: HELP });
    const button = page.getByRole('button', { name: HELP });
    await button.focus();
    await page.keyboard.press('Enter');
    await dialog.getByRole('heading', { name: HELP }).waitFor();
    assert.equal(await dialog.evaluate((it) => it.contains(document.activeElement)), true);
    const rows = await dialog.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.innerText.replaceAll(/\s+/g, ' ').trim()));
    assert.equal(rows.length, 10);
    assert.ok(rows.includes('g then c Go to the course') && rows.includes('[ or , Go back by as many days'), rows.join('\n'));
    await assertNoEffect(page, ['n', '['], 'in the list');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await focusedName(page), HELP);
    await figure(page, 'Minutes watched per day').locator('.numbers > summary').focus();
    await page.keyboard.press('?');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await focusedName(page), 'Numbers');
  });
});

test('shortcuts can be switched off, stay off after a reload, and can be switched on again', async () => {
  await withTab(browser, {}, async (page) => {
    await open(page, address(stack, month));
    const dialog = page.getByRole('dialog', { name: HELP });
    const box = dialog.getByRole('checkbox', { name: 'Use these shortcuts' });
    await page.keyboard.press('?');
    assert.equal(await box.isChecked(), true);
    await box.focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await assertNoEffect(page, ['n', '[', '?', 'g', 'q'], 'switched off');
    const requested = [];
    page.on('request', (request) => requested.push(request.url()));
    await open(page, address(stack, month));
    await assertNoEffect(page, ['n', '[', '?', 'g', 'q'], 'still switched off');
    const isHelp = (url) => url.includes('split_rest');
    assert.equal(requested.some(isHelp), false, 'the help must not be fetched');
    await page.getByRole('button', { name: HELP }).click();
    await dialog.waitFor();
    assert.equal(requested.some(isHelp), true);
    assert.equal(await box.isChecked(), false, 'the button must open the help, which shows that shortcuts are off');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: HELP }).click();
    await box.check();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('n');
    await until('shortcuts work again', async () => (await countTables(page))[1] > 0);
  });
});

test('every figure explains why its numbers differ, for its own report and by keyboard', async () => {
  /** By report: a text of its own explanation, and one of another report's. */
  const explanations = { videoview: ['30 seconds', 'slide'], presentation: ['viewed a deck, not which slide', '30 seconds'] };
  await withTab(browser, {}, async (page) => {
    for (const [report, title] of [['videoview', 'Minutes per video'], ['presentation', 'Slide views per deck']]) {
      await open(page, address(stack, month, { report }));
      const dialog = page.getByRole('dialog', { name: WHY });
      // Their items are loaded when a menu is first opened.
      for (const menu of await page.locator('.figure-menu').all()) {
        await menu.evaluate((menu) => (menu.open = true));
        await menu.getByText(WHY, { exact: true }).waitFor();
        assert.equal(await menu.locator('.figure-menu-list > :last-child').innerText(), WHY, 'the menu of every figure must end with it');
        await menu.evaluate((menu) => (menu.open = false));
      }
      await figure(page, title).locator('.figure-menu > summary').focus();
      await page.keyboard.press('Enter');
      for (let steps = 0; (await focusedName(page)) !== WHY; steps += 1) {
        assert.ok(steps < 8, 'Tab must reach it');
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      await dialog.waitFor();
      const text = await dialog.innerText();
      const [own, foreign] = explanations[report];
      for (const part of [title, own, '48 hours', 'UTC', 'institution']) assert.ok(text.includes(part), `${report}: ${part}`);
      assert.ok(!text.includes(foreign), `${report}: ${foreign}`);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      assert.match(await focusedName(page), new RegExp(`: ${title}$`));
      assert.equal(await figure(page, title).locator('.figure-menu').evaluate((it) => it.open), false);
    }
  });
});

test('axe finds nothing in the help, in both themes, on a phone and wide', async () => {
  await withTab(browser, {}, async (page) => {
    await open(page, address(stack, month));
    const openers = {
      [HELP]: () => page.getByRole('button', { name: HELP }).click(),
      [WHY]: async () => {
        await figure(page, 'Minutes per video').locator('.figure-menu > summary').click();
        await figure(page, 'Minutes per video').getByRole('button', { name: WHY }).click();
      },
    };
    for (const [name, opener] of Object.entries(openers)) {
      for (const [colorScheme, width] of [['light', 1440], ['dark', 390], ['light', 320]]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await waitUntilIdle(page);
        await opener();
        const dialog = page.getByRole('dialog', { name });
        await dialog.waitFor();
        await page.evaluate(AXE);
        const found = await page.evaluate(async (tags) => {
          const rules = { 'target-size': { enabled: true } };
          const options = { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'], preload: false };
          const { violations } = await window.axe.run(document, options);
          return violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => ({ html, failureSummary })) }));
        }, TAGS);
        assert.deepEqual(found, [], `${name}, ${colorScheme}, ${width} px`);
        const wider = await dialog.evaluate((it) => it.scrollWidth - it.clientWidth);
        assert.ok(wider <= 0, `${name} is ${wider} px wider than its window of ${width}`);
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'hidden' });
      }
    }
  });
});

test('days within one term show their weeks of the term, and days of two terms do not', async () => {
  const terms = await until('terms are known', async () => {
    const { terms } = await stack.api('/api/courses');
    return terms.length > 0 && terms;
  });
  const today = new Date().toISOString().slice(0, 10);
  const term = terms.findLast(({ from }) => plusDays(from, 70) < today);
  const first = monday(term.from);
  await withTab(browser, {}, async (page) => {
    const range = page.locator('.heading .range');
    await page.goto(address(stack, { from: plusDays(first, 14), to: plusDays(first, 20) }));
    await page.getByText(`· Week 3 of ${term.name}`).waitFor();
    await page.goto(address(stack, { from: plusDays(first, 16), to: plusDays(first, 41) }));
    await page.getByText(`· Weeks 3–6 of ${term.name}`).waitFor();
    // In the menu of days, the last week has its number in its term, if it is in one.
    await page.locator('.menu:has(.long) > summary').click();
    const last = weeks(1);
    const lastTerms = terms.filter(({ from, to }) => monday(from) <= last.from && last.from <= monday(to));
    const link = await page.getByRole('link', { name: /^Last complete week/ }).innerText();
    if (lastTerms.length === 1) {
      const week = (Date.parse(last.from) - Date.parse(monday(lastTerms[0].from))) / (7 * 86_400_000) + 1;
      assert.ok(link.includes(`Week ${week} of ${lastTerms[0].name}`), link);
    } else if (lastTerms.length === 0) {
      assert.ok(!link.includes('Week '), link);
    }
    await page.goto(address(stack, { from: plusDays(first, -14), to: plusDays(first, 13) }));
    await waitUntilIdle(page);
    assert.ok(!(await range.innerText()).includes('Week'), await range.innerText());
  });
});
