/**
 * A large institution: a Worker with the plain JavaScript for comparison, and a sandbox whose files are in
 * memory.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT, Stack, plusDays, until } from '../browser/stack.mjs';

/** Starts an institution with `rows` rows in every week of a report. */
export async function institution(rows, { config = 'tests/bench/wrangler.toml' } = {}) {
  let front;
  const fileTimes = [];
  const stack = await Stack.start({
    // The size of a medium university.
    sandbox: ['--students', '6000', '--courses', '60', '--bulk-rows', String(rows), '--build-seconds', '0.1..0.1'],
    settings: { LECTERN_TIME_ZONE: 'UTC' },
    config,
    front: async (sandbox) => {
      front = spawn(process.execPath, [path.join(ROOT, 'tests/bench/front.mjs'), sandbox, String(rows)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let output = '';
      front.stdout.on('data', (chunk) => {
        output += chunk;
        for (const [, at] of String(chunk).matchAll(/file (\d+)/g)) fileTimes.push(Number(at));
      });
      return until('the front listens', () => /listening on (\S+)/.exec(output)?.[1]);
    },
  });
  return {
    stack,
    /** The times at which files were requested, in milliseconds since 1970. */
    fileTimes,
    /** The URL of a week's file. */
    file: async (from) => {
      const { files } = await (await fetch(`${stack.upstream}/front/files?start=${from}`)).json();
      return stack.upstream + files.at(-1);
    },
    stop: async () => {
      front.kill();
      await stack.stop();
    },
  };
}

/** Timeout for collecting, in milliseconds: files of a gigabyte take minutes to generate. */
const PATIENCE = 10 * 60_000;

/** Requests weeks, waits until their rows are collected, and returns the request. */
export async function collect({ stack }, { from, to }, report = 'videoview') {
  const query = { report, from, to, tz: 'UTC' };
  let request = await stack.request(query, { wait: false });
  const isUnderWay = ({ state }) => ['queued', 'asking', 'building', 'collecting'].includes(state);
  for (const end = Date.now() + PATIENCE; request.windows.some(isUnderWay) && Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    request = await stack.api(`/api/requests/${request.id}`);
  }
  const missing = request.windows.filter((window) => !window.copy);
  if (missing.length > 0) throw new Error(`not collected: ${JSON.stringify(missing)}`);
  return request;
}

/** The number of rows of a request. */
export function countRows(request) {
  return request.windows.reduce((sum, { copy }) => sum + copy.rows, 0);
}

/** The Mondays of a range of weeks. */
export function mondays({ from, to }) {
  const found = [];
  for (let day = from; day <= to; day = plusDays(day, 7)) found.push(day);
  return found;
}
