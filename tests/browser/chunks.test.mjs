/** The loader of chunks, which says why one is missing. No browser is needed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

const SCRIPT = readFileSync(new URL('../../xtask/src/site/fetch-chunk.js', import.meta.url), 'utf8');
const response = (status, type) => new Response(null, { status, headers: { 'content-type': type } });

/** A page whose requests get these responses, in this order. */
function open(...responses) {
  const page = { fetch: async () => responses.shift()() };
  runInNewContext(SCRIPT, page);
  return page;
}

test('the loader of chunks says why a chunk is missing', async () => {
  const redirect = { type: 'opaqueredirect', status: 0, ok: false, headers: new Headers() };
  for (const [answer, reason] of [
    [() => response(401, 'text/html'), 'signed-out'],
    [() => redirect, 'signed-out'],
    [() => response(404, 'text/plain'), 'outdated'],
    [() => response(200, 'text/html'), 'outdated'],
    [() => response(503, 'text/html'), 'unreachable'],
    [() => Promise.reject(new TypeError('no network')), 'unreachable'],
  ]) {
    const page = open(answer);
    await assert.rejects(page.fetchChunk('/chunk.wasm'));
    assert.equal(page.lecternChunkFailure, reason);
  }
});

test('why an earlier chunk was missing is no reason for a later failure', async () => {
  const page = open(() => response(401, 'text/html'), () => response(200, 'application/wasm'));
  await assert.rejects(page.fetchChunk('/first.wasm'));
  assert.equal(page.lecternChunkFailure, 'signed-out');
  // It is fetched; that it may not be a program is noticed elsewhere.
  assert.ok((await page.fetchChunk('/second.wasm')).ok);
  assert.equal(page.lecternChunkFailure, undefined);
});
