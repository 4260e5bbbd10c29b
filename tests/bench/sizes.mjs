/**
 * The size of a link: all files of the site that a visitor with an empty cache loads, compressed with brotli quality 5, as
 * Cloudflare compresses responses on the fly, and their number. Responses of the API are left out.
 *
 * `cargo xtask build` runs this file, which fails above a limit; `cargo xtask bench --only links` compares what it computes
 * with what a browser loads.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { compress } from './proxy.mjs';

/** What every page loads. */
const PAGE = ['index.html', 'start.js', 'style.css', 'icon.svg', 'page.js', 'page_bg.wasm', 'page-chunks.js'];

/** What a page with days loads, too. */
const DATA_WORKER = ['data-worker-start.js', 'data-worker.js', 'data-worker_bg.wasm', 'data-worker-chunks.js'];

/**
 * By link: the split points of both programs that it needs (`undefined` without a data worker), the targets for kilobytes
 * and files, and the limits, which the build enforces: a little above what is reached, where a target is missed.
 */
export const LINKS = {
  'first visit': { page: ['first'], target: { size: 230, files: 40 }, limit: { size: 230, files: 40 } },
  'a course in videoview': { page: ['report'], worker: [], target: { size: 450, files: 30 }, limit: { size: 675, files: 30 } },
  'a course in another report': { page: ['report'], worker: ['answers'], target: { size: 600, files: 30 }, limit: { size: 752, files: 30 } },
  'a course page': { page: ['course'], worker: ['course'], target: { size: 600, files: 30 }, limit: { size: 735, files: 30 } },
};

/** The chunks that a split point of a program needs, by the program's loader of chunks. */
function chunksOf(site, program, name) {
  const loader = readFileSync(path.join(site, `${program}-chunks.js`), 'utf8');
  const chunks = new Map();
  const load = /const (\w+) = (?:wrapAsyncCb\()?makeLoad\([^]*?"\.\/([\w-]+\.wasm)"[^]*?, \[([^\]]*)\]\)/g;
  for (const [, loads, file, needs] of loader.matchAll(load)) {
    chunks.set(loads, [file, ...needs.split(',').map((need) => need.trim()).filter(Boolean)]);
  }
  const [file, ...needs] = chunks.get(`__wasm_split_load_${name}`) ?? [];
  if (!file) throw new Error(`${program} has no split point ${name}`);
  return [file, ...needs.map((need) => chunks.get(need)[0])];
}

/** The files that a link loads. */
export function filesOf(site, { page, worker }) {
  const chunks = page.flatMap((name) => chunksOf(site, 'page', name));
  const own = worker?.flatMap((name) => chunksOf(site, 'data-worker', name));
  return [...new Set([...PAGE, ...chunks, ...(own ? [...DATA_WORKER, ...own] : [])])];
}

/** The size of files in kilobytes, compressed. */
export function sizeOf(site, files) {
  return files.reduce((sum, file) => sum + compress(readFileSync(path.join(site, file))).length, 0) / 1000;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const site = process.argv[2];
  for (const [name, link] of Object.entries(LINKS)) {
    const files = filesOf(site, link);
    const size = sizeOf(site, files);
    const { target, limit } = link;
    const line = `${name}: ${Math.round(size)} KB in ${files.length} files (target ${target.size} KB in ${target.files}, limit ${limit.size} KB in ${limit.files})`;
    console.log(line);
    if (size > limit.size || files.length > limit.files) {
      console.error(`above the limit: ${line}`);
      process.exitCode = 1;
    }
  }
}
