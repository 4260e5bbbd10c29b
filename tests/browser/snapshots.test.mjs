/** Snapshots are written only on request, and never in CI. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { checkSnapshot } from './snapshots.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'snapshots-'));
after(() => rmSync(folder, { recursive: true }));
const check = (text, environment) => () => checkSnapshot('page', text, { environment, folder });
const update = { LECTERN_UPDATE_SNAPSHOTS: '1' };

test('snapshots are written only on request and never in CI, and a missing or different one fails', () => {
  assert.throws(check('one\n', {}), /missing/);
  assert.throws(check('one\n', { CI: 'true', ...update }), /missing.*ignored where CI is set/);
  assert.deepEqual(readdirSync(folder), [], 'nothing must be written');
  check('one\n', update)();
  check('one\n', { CI: 'true' })();
  assert.throws(check('two\n', {}), /differs/);
  assert.throws(check('two\n', { CI: 'true', ...update }), /differs.*ignored where CI is set/);
  assert.equal(readFileSync(path.join(folder, 'page.yml'), 'utf8'), 'one\n');
});
