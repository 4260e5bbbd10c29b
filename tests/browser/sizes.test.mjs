/** The sizes of links: which files a link loads, and that the build refuses a link above its limit. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { filesOf } from '../bench/sizes.mjs';

const SCRIPT = path.resolve(import.meta.dirname, '../bench/sizes.mjs');
const chunk = (name, file, needs) => `${name} = makeLoad(() => {
    const src = fetch(new URL("./${file}.wasm", import.meta.url));
    return async (imports) => (WebAssembly.instantiateStreaming(src, imports));
}
, [${needs}])`;
const loader = (names) =>
  [
    `const ${chunk('__chunk_1', 'chunk_1-0a', '')};`,
    `const ${chunk('__chunk_2', 'chunk_2-0a', '')};`,
    ...names.map((name) => `export const __wasm_split_load_${name} = wrapAsyncCb(${chunk('', `split_${name}-0a`, '__chunk_2').slice(3)});`),
  ].join('\n');
const FILES = ['index.html', 'start.js', 'style.css', 'icon.svg', 'page.js', 'page_bg.wasm', 'data-worker-start.js', 'data-worker.js',
  'data-worker_bg.wasm', 'chunk_1-0a.wasm', 'chunk_2-0a.wasm', ...['first', 'report', 'answers', 'course'].map((name) => `split_${name}-0a.wasm`)];
let site;

before(() => {
  site = mkdtempSync(path.join(tmpdir(), 'lectern-sizes-'));
  for (const file of FILES) writeFileSync(path.join(site, file), file);
  writeFileSync(path.join(site, 'page-chunks.js'), loader(['first', 'report', 'course']));
  writeFileSync(path.join(site, 'data-worker-chunks.js'), loader(['answers', 'course']));
});
after(() => rmSync(site, { recursive: true }));

const run = () => spawnSync(process.execPath, [SCRIPT, site], { encoding: 'utf8' });

test('a link loads the chunks that its split points need, and no others', () => {
  const files = filesOf(site, { page: ['report'], worker: ['course'] });
  const chunks = files.filter((file) => /^(chunk|split)_/.test(file)).sort();
  assert.deepEqual(chunks, ['chunk_2-0a.wasm', 'split_course-0a.wasm', 'split_report-0a.wasm']);
  assert.ok(!filesOf(site, { page: ['first'] }).includes('data-worker.js'));
});

test('a link above its limit is refused, and named', () => {
  const { status, stdout } = run();
  assert.equal(status, 0);
  assert.match(stdout, /^first visit: 0 KB in 9 files/m);
  writeFileSync(path.join(site, 'split_first-0a.wasm'), randomBytes(300_000));
  const refused = run();
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /^above the limit: first visit: 300 KB/);
});
