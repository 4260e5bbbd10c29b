/**
 * Lectern's Worker, and beside it in the same workerd what it is held against: bare JavaScript that does the same
 * with the runtime's own means and nothing else.
 *
 * | route | |
 * |---|---|
 * | `PUT /bare/keep/{name}` | keeps the body in a Durable Object's SQLite, in pieces as large as a value may be |
 * | `GET /bare/gzip/{name}` | those bytes, said to be gzip: the browser inflates them |
 * | `GET /bare/rows/{name}` | those bytes as they are |
 * | `GET /bare/csv/{name}` | those bytes through `DecompressionStream` |
 * | `GET /bare/inflate?url=` | fetches a file, inflates it through `DecompressionStream`, counts the bytes |
 */
import { DurableObject } from 'cloudflare:workers';
import lectern, { Registry, Scheduler, WindowStore } from '../../worker/build/index.js';

export { Registry, Scheduler, WindowStore };

/** Bytes of a stored value: 2 MB is the most. */
const PIECE = 1_900_000;

export class Bare extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec('CREATE TABLE IF NOT EXISTS piece (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)');
  }

  async fetch(request) {
    const [, , act] = new URL(request.url).pathname.split('/');
    if (act === 'keep') {
      const bytes = await request.arrayBuffer();
      this.sql.exec('DELETE FROM piece');
      for (let seq = 0; seq * PIECE < bytes.byteLength; seq += 1) {
        this.sql.exec('INSERT INTO piece VALUES (?, ?)', seq, bytes.slice(seq * PIECE, (seq + 1) * PIECE));
      }
      return new Response(null, { status: 204 });
    }
    const { sql } = this;
    let seq = 0;
    const body = new ReadableStream({
      pull(out) {
        const [row] = sql.exec('SELECT bytes FROM piece WHERE seq = ?', seq);
        seq += 1;
        if (row) out.enqueue(new Uint8Array(row.bytes));
        else out.close();
      },
    });
    if (act === 'gzip') {
      const headers = { 'content-type': 'text/csv', 'content-encoding': 'gzip', 'cache-control': 'no-store' };
      return new Response(body, { headers, encodeBody: 'manual' });
    }
    const csv = act === 'csv' ? body.pipeThrough(new DecompressionStream('gzip')) : body;
    return new Response(csv, { headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' } });
  }
}

export default class extends lectern {
  async fetch(request) {
    const url = new URL(request.url);
    const [, bare, act, name] = url.pathname.split('/');
    if (bare !== 'bare') return super.fetch(request);
    if (act === 'inflate') {
      const file = await fetch(url.searchParams.get('url'));
      let bytes = 0;
      for await (const piece of file.body.pipeThrough(new DecompressionStream('gzip'))) bytes += piece.byteLength;
      return Response.json({ bytes });
    }
    return this.env.BARE.get(this.env.BARE.idFromName(name)).fetch(request);
  }
}
