/**
 * Every state: axe finds nothing in both themes, on a phone and wide, and the accessibility tree equals its
 * snapshot. `LECTERN_UPDATE_SNAPSHOTS=1` writes the snapshots.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser, ROOT, Stack, freeze, withTab } from './stack.mjs';
import { checkSnapshot } from './snapshots.mjs';
import { GROUPS } from './states.mjs';

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The violations that axe finds: rule ids with the elements and what is wrong with them. */
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async (tags) => {
    const rules = { 'target-size': { enabled: true } };
    const options = { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'], preload: false };
    const { violations } = await window.axe.run(document, options);
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) }));
  }, TAGS);
  return found;
}

/** By how many pixels the document is wider than the window; at most 0 if it fits. */
async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/**
 * Removes repeated neighbors from a YAML list, recursively, so that its length does not depend on the data.
 */
function removeRepeats(lines) {
  const indent = (line) => line.search(/\S/);
  const blocks = [];
  for (const line of lines) {
    if (blocks.length === 0 || indent(line) <= indent(blocks[0][0])) blocks.push([line]);
    else blocks.at(-1).push(line);
  }
  const shortened = blocks.map(([head, ...inside]) => [head, ...(inside.length > 0 ? removeRepeats(inside) : [])]);
  return shortened.filter((block, place) => block.join() !== shortened[place - 1]?.join()).flat();
}

/** The accessibility tree of the figures as YAML, without the names of lectures and people. */
async function figuresTree(page) {
  await page.evaluate(() => {
    const names = {
      '#videos .row .unseen, #videos tbody th': 'VIDEO',
      '#sections .row .unseen, #sections tbody th': 'SECTION',
      '#students .cell-person[role="cell"]': 'PERSON',
    };
    for (const [places, name] of Object.entries(names)) {
      for (const place of document.querySelectorAll(places)) place.textContent = name;
    }
    for (const cell of document.querySelectorAll('#rows [role="cell"]')) cell.textContent = cell.className;
  });
  const text = await page.locator('.figures').ariaSnapshot();
  return text
    .replace(/^( *- )'?img "([A-Z][^".]*)\. .*$/gm, '$1img "$2"')
    .replace(/paragraph: "?.* was watched most/, 'paragraph: VIDEO was watched most')
    .replace(/recorded activity; .* has the most/, 'recorded activity; SECTION has the most')
    .replace(/(\d) minute\b/g, '$1 minutes')
    .replace(/\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b/g, 'WEEKDAY')
    .replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?=\d)/g, '');
}

/**
 * The accessibility tree of a state as YAML, masked and without the figures, which have their own snapshot.
 */
async function stateTree(page, state) {
  await page.evaluate(() => {
    for (const figure of document.querySelectorAll('[data-testid="minutes"], .figure, .figures')) {
      figure.setAttribute('aria-hidden', 'true');
    }
    // The findings about a course change from day to day.
    for (const sentence of document.querySelectorAll('[data-testid="lead"] .lead')) sentence.textContent = 'SENTENCE';
  });
  return mask(await page.locator('body').ariaSnapshot(), state);
}

/** Replaces the parts of an accessibility tree that change from day to day. */
function mask(text, state) {
  const masked = (
    text
      // Whether the days are within a term depends on today.
      .replace(/ · Weeks? [\d–]+ of [A-Z]\w+ \d{4}/g, '')
      .replace(/http:\S+|\/(course|requests)?\?v=\S+/g, 'URL')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
      .replace(/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b/g, 'Mon')
      .replace(/(?<!level=|Echo)\b\d[\d,.]*\b/g, '#')
      .replace(/(Previous|Next) (week|day|# weeks|# days)\b/g, '$1 SPAN')
      // A week of which only one day is over is shown as that day.
      .replace(/# (Mon )?(# )?– # Mon( #)?/g, 'DAYS')
      .replace(/# Mon( #)?/g, 'DAYS')
      // Whether a report has rows on a single day depends on the day: the snapshot `requests` omits this text.
      .replace(/"(Loaded\.) No recorded activity on these days: Echo360 has no rows\."/g, state === 'requests' ? '$1' : '$&')
      // The courses of the sandbox, which depend on what has been stored so far.
      .replace(/( *- option "(?!All|Videos|Library|Slide|Confusion|Poll|Questions|Notes|Page).*\n)+/g, '')
      .replace(/(under a minute|(up to )?(# to )?# (min|h|days)\b( # min\b)?)/g, 'AGE')
      .trimEnd() + '\n'
  );
  // Whether the newest week is final depends on the day of the week.
  return state === 'provisional' ? masked : masked.replaceAll('Ready, not final from DAYS on', 'Ready');
}

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser?.stop());

for (const group of GROUPS) {
  describe(`group ${group.name}`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start(group.start);
      await group.prepare?.(stack);
    });
    after(() => stack?.stop());
    for (const state of group.states) {
      test(`${state.name}: axe finds nothing in both themes, and the accessibility tree equals the snapshot`, async () => {
        await state.before?.(stack);
        const looks = [
          { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
          { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
        ];
        for (const options of looks) {
          await withTab(browser, options, async (page, tab) => {
            tab.expect(...(state.expected ?? []));
            await state.show(page, stack);
            await freeze(page);
            const found = await violations(page);
            assert.deepEqual(found, [], `${options.colorScheme}: ${JSON.stringify(found, null, 2)}`);
            assert.ok((await overflow(page)) <= 0, `${options.viewport.width}: the document must not be wider than the window`);
            if (options.viewport.width < 400) {
              // The narrowest width that WCAG 1.4.10 requires: 1280 pixels at 400 %.
              await page.setViewportSize({ width: 320, height: 640 });
              assert.ok((await overflow(page)) <= 0, '320: the document must not be wider than the window');
            }
            if (options.colorScheme !== 'light' || state.hasSnapshot === false) return;
            const text = state.isOfFigures
              ? removeRepeats(mask(await figuresTree(page), state.name).trimEnd().split('\n')).join('\n') + '\n'
              : await stateTree(page, state.name);
            checkSnapshot(state.name, text);
          });
        }
      });
    }
  });
}
