/** Texts that were looked at and committed, one file each, and what is compared with them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './stack.mjs';

const FOLDER = path.join(ROOT, 'tests/browser/snapshots');

/**
 * Fails unless a text is what its snapshot says.
 *
 * `LECTERN_UPDATE_SNAPSHOTS=1` writes the snapshot anew, for a person to look at before it is committed. Where `CI` is
 * set nobody would: there nothing is ever written, and a snapshot that is missing or differs is a failure.
 */
export function checkSnapshot(name, text, { environment = process.env, folder = FOLDER } = {}) {
  const { CI, LECTERN_UPDATE_SNAPSHOTS } = environment;
  const file = path.join(folder, `${name}.yml`);
  const advice = 'run the test with LECTERN_UPDATE_SNAPSHOTS=1 on your machine, look at the change, and commit it';
  const isWritten = LECTERN_UPDATE_SNAPSHOTS && !CI;
  if (isWritten) {
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
