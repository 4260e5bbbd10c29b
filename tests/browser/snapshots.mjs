/** Compares texts with reviewed and committed snapshots, one file each. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './stack.mjs';

const FOLDER = path.join(ROOT, 'tests/browser/snapshots');

/**
 * Asserts that a text equals its snapshot.
 *
 * `LECTERN_UPDATE_SNAPSHOTS=1` writes the snapshot, for a person to review before it is committed. Where `CI`
 * is set, nothing is written, since nobody would review it: a missing or different snapshot fails.
 */
export function checkSnapshot(name, text, { environment = process.env, folder = FOLDER } = {}) {
  const { CI, LECTERN_UPDATE_SNAPSHOTS } = environment;
  const file = path.join(folder, `${name}.yml`);
  const advice = 'run the test with LECTERN_UPDATE_SNAPSHOTS=1 on your machine, look at the change, and commit it';
  const shouldWrite = LECTERN_UPDATE_SNAPSHOTS && !CI;
  if (shouldWrite) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  const ignored = LECTERN_UPDATE_SNAPSHOTS && CI ? ' (LECTERN_UPDATE_SNAPSHOTS is ignored where CI is set)' : '';
  assert.ok(existsSync(file), `the snapshot ${file} is missing${ignored}: ${advice}`);
  try {
    assert.equal(text, readFileSync(file, 'utf8'));
  } catch (error) {
    error.message = `${name} differs from its snapshot ${file}${ignored}: ${advice}\n${error.message}`;
    throw error;
  }
}
