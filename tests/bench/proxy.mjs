/** A proxy in front of the Worker that compresses responses with brotli, as Cloudflare does, and counts what it sends. */
import { createServer } from 'node:http';
import { brotliCompressSync, constants } from 'node:zlib';

/** Compresses bytes; `quality` is that of brotli, of which Cloudflare uses about 5 for responses of a Worker. */
export function compress(bytes, quality = 5) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params });
}

/**
 * Starts the proxy: `{ url, sent, stop }`. `sent` lists `{ path, bytes }` of every response so far, compressed; empty it
 * before a measurement.
 */
export async function startProxy(url, quality) {
  const compressedByUrl = new Map();
  const sent = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const { host, connection, 'content-length': length, ...own } = request.headers;
    const answer = await fetch(url + request.url, { method: request.method, headers: own, body, redirect: 'manual' });
    const headers = Object.fromEntries(answer.headers);
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) delete headers[name];
    let bytes = Buffer.from(await answer.arrayBuffer());
    // Rows are deflated already.
    const isCompressible = bytes.length > 200 && !request.url.startsWith('/api/rows');
    if (isCompressible) {
      bytes = compressedByUrl.get(request.url) ?? compress(bytes, quality);
      if (!request.url.startsWith('/api')) compressedByUrl.set(request.url, bytes);
      headers['content-encoding'] = 'br';
    }
    sent.push({ path: request.url.split('?')[0], bytes: bytes.length });
    response.writeHead(answer.status, { ...headers, 'content-length': bytes.length }).end(bytes);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, sent, stop: () => server.close() };
}
