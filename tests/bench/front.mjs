/**
 * A proxy in front of the sandbox that loads every file into memory before it passes on the file's link. The
 * sandbox generates files while it sends them, so without the proxy the measurement would be of the sandbox.
 * Small files of rows with a user are filled up to the wanted number of rows.
 *
 * It is a separate process, so that its work does not delay the measuring process. Prints `listening on URL`,
 * and `file MILLISECONDS` for every file that is fetched: the time of the HTTP request.
 */
import { createServer } from 'node:http';
import { constants, gunzipSync, gzipSync } from 'node:zlib';

const [, , sandbox, wantedRows] = process.argv;
/** The columns of a person. A copied row is another person's. */
const PERSON = ['userid', 'firstname', 'lastname', 'email', 'role'];
/** Contents of files by path (without the signature), and the paths by the first day of their range. */
const files = new Map();
const byDay = new Map();

/** The rows of a CSV file: their cells, with quotes. */
function rowsOf(csv) {
  const rows = [[]];
  for (const [, cell, end] of csv.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\n)/g)) {
    rows.at(-1).push(cell);
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

/** Fills a file with copies of its rows, until it has `wantedRows`. Files of `videoview` have as many already. */
function fill(file) {
  const csv = gunzipSync(file);
  if (csv.subarray(0, csv.indexOf('\n')).includes('VideoId')) return file;
  const [header, ...rows] = rowsOf(csv.toString());
  const names = header.map((name) => name.replaceAll(/["_ ]/g, '').toLowerCase());
  const person = PERSON.map((name) => names.indexOf(name)).filter((at) => at >= 0);
  if (rows.length === 0 || person.length === 0) return file;
  const lines = [header.join(',')];
  for (let row = 0; row < wantedRows; row += 1) {
    const cells = [...rows[row % rows.length]];
    const other = rows[(row + Math.floor(row / rows.length)) % rows.length];
    for (const at of person) cells[at] = other[at];
    lines.push(cells.join(','));
  }
  return gzipSync(`${lines.join('\n')}\n`, { level: constants.Z_BEST_SPEED });
}

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
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { host, connection, 'content-length': length, ...headers } = request.headers;
  const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
  const answer = await fetch(sandbox + request.url, { method: request.method, headers, body });
  let text = await answer.text();
  for (const [link] of text.matchAll(/http:\/\/[^"]*\/files\/[^"]*/g)) {
    const name = link.slice(link.indexOf('/files/')).split('?')[0];
    if (files.has(name)) continue;
    files.set(name, fill(Buffer.from(await (await fetch(link)).arrayBuffer())));
    const day = JSON.parse(text).parameters?.start;
    byDay.set(day, [...(byDay.get(day) ?? []), name]);
  }
  text = text.replaceAll(sandbox, `http://${host}`);
  const type = answer.headers.get('content-type') ?? 'application/json';
  response.writeHead(answer.status, { 'content-type': type }).end(text);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`));
// Exits when the parent process exits.
process.stdin.resume().on('end', () => process.exit(0));
