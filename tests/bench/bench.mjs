/**
 * Everything that is promised to be fast, held against the plainest thing that does the same, in one run: turn and turn
 * about, medians, ratios. Called by `cargo xtask bench`; prints a table in Markdown.
 *
 * `--only PART` (of page, worker, first, large), `--runs N`.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import * as first from './first.mjs';
import * as page from './page.mjs';
import * as worker from './worker.mjs';

const PARTS = { first: first.measure, page: page.measure, worker: worker.measure, large: page.large };

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: ['first', 'page', 'worker'] },
    runs: { type: 'string', default: '7' },
  },
});
const runs = Number(values.runs);
assert.ok(runs > 0 && values.only.every((part) => part in PARTS), `--only takes ${Object.keys(PARTS).join(', ')}`);

const lines = [];
/** Notes a figure: what, how much, of what it is held against, and the most or least that it may be. */
function note(what, { value, unit = '', most, least, plain }) {
  const wanted = most === undefined ? `≥ ${least}` : `≤ ${most}`;
  const passes = most === undefined ? value >= least : value <= most;
  const cells = [what, `${round(value)}${unit}`, `${wanted}${unit}`, passes ? 'pass' : '**falls short**', plain ?? ''];
  lines.push(cells);
  console.error(`  ${cells.join(' · ')}`);
}

function round(value) {
  if (typeof value !== 'number') return value;
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

for (const part of values.only) {
  console.error(`== ${part}`);
  await PARTS[part]({ runs, note });
}
const head = ['figure', 'measured', 'wanted', '', 'in numbers'];
for (const cells of [head, head.map(() => '---'), ...lines]) console.log(`| ${cells.join(' | ')} |`);
