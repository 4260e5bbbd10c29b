/**
 * Measures everything that must be fast, and compares it with the simplest code that does the same. Both run
 * alternately in one process; medians and their ratios are reported. Called by `cargo xtask bench`; prints a
 * Markdown table.
 *
 * Options: `--only PART` (first, links, load, page, reports, worker or large; may be repeated), `--runs N`.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import * as first from './first.mjs';
import * as links from './links.mjs';
import * as load from './load.mjs';
import * as page from './page.mjs';
import * as worker from './worker.mjs';

const PARTS = { first: first.measure, links: links.measure, load: load.measure, page: page.measure, reports: page.measureReports, worker: worker.measure, large: page.large };

// A line for every call would be part of what is measured.
process.env.WRANGLER_LOG ??= 'warn';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: ['first', 'links', 'load', 'page', 'reports', 'worker'] },
    runs: { type: 'string', default: '7' },
  },
});
const runs = Number(values.runs);
assert.ok(runs > 0 && values.only.every((part) => part in PARTS), `--only takes ${Object.keys(PARTS).join(', ')}`);

const lines = [];
/**
 * Records a measurement: its name, value and unit, its limit (`most` or `least`), and the compared numbers as
 * text.
 */
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
