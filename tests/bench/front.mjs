/**
 * A front before the sandbox that has every file whole in memory before its link is given out: the sandbox works its
 * files out while it sends them, and what is measured would be the sandbox.
 *
 * A program of its own, so that its work is on another thread than what measures. Prints `listening on URL`, and for
 * every file that is fetched `file MILLISECONDS`, the time at which it was asked for.
 */
import { createServer } from 'node:http';

const sandbox = process.argv[2];
/** Files by path, without the signature; and their paths by the first day that they were asked for. */
const files = new Map();
const byDay = new Map();

const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  if (files.has(path)) {
    process.stdout.write(`file ${Date.now()}\n`);
    const bytes = files.get(path);
    response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': bytes.length });
    response.end(bytes);
    return;
  }
  if (path === '/front/files') {
    const day = new URL(request.url, sandbox).searchParams.get('start');
    response.end(JSON.stringify({ files: byDay.get(day) ?? [] }));
    return;
  }
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const { host, connection, 'content-length': length, ...headers } = request.headers;
  const body = pieces.length > 0 ? Buffer.concat(pieces) : undefined;
  const answer = await fetch(sandbox + request.url, { method: request.method, headers, body });
  let text = await answer.text();
  for (const [link] of text.matchAll(/http:\/\/[^"]*\/files\/[^"]*/g)) {
    const name = link.slice(link.indexOf('/files/')).split('?')[0];
    if (files.has(name)) continue;
    files.set(name, Buffer.from(await (await fetch(link)).arrayBuffer()));
    const day = JSON.parse(text).parameters?.start;
    byDay.set(day, [...(byDay.get(day) ?? []), name]);
  }
  text = text.replaceAll(sandbox, `http://${host}`);
  const type = answer.headers.get('content-type') ?? 'application/json';
  response.writeHead(answer.status, { 'content-type': type }).end(text);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`));
// Ends with whoever started it.
process.stdin.resume().on('end', () => process.exit(0));
