/**
 * Lectern's Worker and, in the same workerd, the code with which it is compared: plain JavaScript that does
 * the same with the runtime's API alone.
 *
 * | route | |
 * |---|---|
 * | `PUT /bare/keep/{name}` | stores the body in a Durable Object's SQLite, in pieces of the maximum size of a value |
 * | `GET /bare/gzip/{name}` | those bytes with `Content-Encoding: gzip`: the browser inflates them |
 * | `GET /bare/rows/{name}` | those bytes unchanged |
 * | `GET /bare/csv/{name}` | those bytes through `DecompressionStream` |
 * | `GET /bare/inflate?url=` | fetches a file, inflates it through `DecompressionStream`, counts the bytes |
 */
import { DurableObject } from 'cloudflare:workers';
import lectern, { Registry, Scheduler, WindowStore } from '../../worker/build/index.js';

export { Registry, Scheduler, WindowStore };

/** Size of a stored value in bytes; the maximum is 2 MB. */
const PIECE = 1_900_000;

export class Bare extends DurableObject {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.sql.exec('CREATE TABLE IF NOT EXISTS piece (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL)');
  }

  async fetch(request) {
    const [, , action] = new URL(request.url).pathname.split('/');
    if (action === 'keep') {
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
    if (action === 'gzip') {
      const headers = { 'content-type': 'text/csv', 'content-encoding': 'gzip', 'cache-control': 'no-store' };
      return new Response(body, { headers, encodeBody: 'manual' });
    }
    const csv = action === 'csv' ? body.pipeThrough(new DecompressionStream('gzip')) : body;
    return new Response(csv, { headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' } });
  }
}

export default class extends lectern {
  async fetch(request) {
    const url = new URL(request.url);
    const [, bare, action, name] = url.pathname.split('/');
    if (bare !== 'bare') return super.fetch(request);
    if (action === 'inflate') {
      const file = await fetch(url.searchParams.get('url'));
      let bytes = 0;
      for await (const chunk of file.body.pipeThrough(new DecompressionStream('gzip'))) bytes += chunk.byteLength;
      return Response.json({ bytes });
    }
    return this.env.BARE.get(this.env.BARE.idFromName(name)).fetch(request);
  }
}
