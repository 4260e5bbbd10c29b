/**
 * Every state: brought about for real, free of what axe finds in both themes, on a phone and wide, and read out as its
 * snapshot says. `LECTERN_UPDATE_SNAPSHOTS=1` writes the snapshots anew.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser, ROOT, Stack, hold, withTab } from './stack.mjs';
import { checkSnapshot } from './snapshots.mjs';
import { GROUPS } from './states.mjs';

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds, in words. */
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

/** Nothing is wider than the window. */
async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Of neighbours that are read out alike, whatever is inside them, the first: `lines` of one list, in YAML. */
function alikeOnce(lines) {
  const indent = (line) => line.search(/\S/);
  const blocks = [];
  for (const line of lines) {
    if (blocks.length === 0 || indent(line) <= indent(blocks[0][0])) blocks.push([line]);
    else blocks.at(-1).push(line);
  }
  const told = blocks.map(([head, ...inside]) => [head, ...(inside.length > 0 ? alikeOnce(inside) : [])]);
  return told.filter((block, place) => block.join() !== told[place - 1]?.join()).flat();
}

/** How the figures are read out: what they are made of, once, whatever lectures and people are in them. */
async function figuresSpoken(page) {
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

/** How a state is read out, without what changes from day to day; the figures have a snapshot of their own. */
async function spoken(page, state) {
  await page.evaluate(() => {
    for (const figure of document.querySelectorAll('[data-testid="minutes"], .figure, .figures')) {
      figure.setAttribute('aria-hidden', 'true');
    }
    // What stands out in a course changes from day to day.
    for (const sentence of document.querySelectorAll('[data-testid="lead"] .lead')) sentence.textContent = 'SENTENCE';
  });
  return masked(await page.locator('body').ariaSnapshot(), state);
}

/** What is read out without what changes from day to day. */
function masked(text, state) {
  const told = (
    text
      // Days lie in a term or not, whatever day it is.
      .replace(/ · Weeks? [\d–]+ of [A-Z]\w+ \d{4}/g, '')
      .replace(/http:\S+|\/(course|requests)?\?v=\S+/g, 'URL')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
      .replace(/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b/g, 'Mon')
      .replace(/(?<!level=|Echo)\b\d[\d,.]*\b/g, '#')
      .replace(/(Previous|Next) (week|day|# weeks|# days)\b/g, '$1 SPAN')
      // A week of which one day is over is that day.
      .replace(/# (Mon )?(# )?– # Mon( #)?/g, 'DAYS')
      .replace(/# Mon( #)?/g, 'DAYS')
      // Whether a kind has rows on a single day depends on the day; the state without any stays as it is.
      .replace(/"(Loaded\.) No recorded activity on these days: Echo360 has no rows\."/g, state === 'requests' ? '$1' : '$&')
      // Every course of the sandbox, and all that is known of them when.
      .replace(/( *- option "(?!All|Videos|Library|Slide|Confusion|Poll|Questions|Notes|Page).*\n)+/g, '')
      .replace(/(under a minute|(up to )?(# to )?# (min|h|days)\b( # min\b)?)/g, 'AGE')
      .trimEnd() + '\n'
  );
  // Whether the newest week is final depends on the day of the week.
  return state === 'provisional' ? told : told.replaceAll('Ready, not final from DAYS on', 'Ready');
}

let browser;
before(async () => {
  browser = await Browser.start();
});
after(() => browser?.stop());

for (const group of GROUPS) {
  describe(`the ${group.name} Lectern`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start(group.start);
      await group.prepare?.(stack);
    });
    after(() => stack?.stop());
    for (const state of group.states) {
      test(`${state.name}: accessible in both themes, and read out as it should be`, async () => {
        await state.before?.(stack);
        const looks = [
          { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
          { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
        ];
        for (const options of looks) {
          await withTab(browser, options, async (page, tab) => {
            tab.expect(...(state.expected ?? []));
            await state.show(page, stack);
            await hold(page);
            const found = await violations(page);
            assert.deepEqual(found, [], `${options.colorScheme}: ${JSON.stringify(found, null, 2)}`);
            assert.ok((await overflow(page)) <= 0, `${options.viewport.width}: wider than the window`);
            if (options.viewport.width < 400) {
              // The narrowest that WCAG 1.4.10 asks for: 1280 pixels at 400 %.
              await page.setViewportSize({ width: 320, height: 640 });
              assert.ok((await overflow(page)) <= 0, '320: wider than the window');
            }
            if (options.colorScheme !== 'light' || state.unspoken) return;
            const text = state.isOfFigures
              ? alikeOnce(masked(await figuresSpoken(page), state.name).trimEnd().split('\n')).join('\n') + '\n'
              : await spoken(page, state.name);
            checkSnapshot(state.name, text);
          });
        }
      });
    }
  });
}
