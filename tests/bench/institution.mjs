/** A large institution behind Lectern's Worker, with the bare JavaScript beside it and its files in memory. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT, Stack, plusDays, until } from '../browser/stack.mjs';

/** Starts it, with so many rows in every week. */
export async function institution(rows, { config = 'tests/bench/wrangler.toml' } = {}) {
  let front;
  const asked = [];
  const stack = await Stack.start({
    // Students and courses of a university of middling size.
    sandbox: ['--students', '6000', '--courses', '60', '--bulk-rows', String(rows), '--build-seconds', '0.1..0.1'],
    settings: { LECTERN_TIME_ZONE: 'UTC' },
    config,
    front: async (sandbox) => {
      front = spawn(process.execPath, [path.join(ROOT, 'tests/bench/front.mjs'), sandbox], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let said = '';
      front.stdout.on('data', (piece) => {
        said += piece;
        for (const [, at] of String(piece).matchAll(/file (\d+)/g)) asked.push(Number(at));
      });
      return until('the front listens', () => /listening on (\S+)/.exec(said)?.[1]);
    },
  });
  return {
    stack,
    /** When files were asked for, in the order in which they were. */
    asked,
    /** The address of a week's file. */
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

/** Milliseconds in which weeks are collected at most: files of a gigabyte take minutes to be made. */
const PATIENCE = 10 * 60_000;

/** Asks for weeks until their rows are here; gives the request. */
export async function collected({ stack }, { from, to }) {
  const asked = { report: 'videoview', from, to, tz: 'UTC' };
  let request = await stack.request(asked, { settled: false });
  const isUnderWay = ({ state }) => ['queued', 'asking', 'building', 'collecting'].includes(state);
  for (const end = Date.now() + PATIENCE; request.windows.some(isUnderWay) && Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    request = await stack.api(`/api/requests/${request.id}`);
  }
  const missing = request.windows.filter((window) => !window.copy);
  if (missing.length > 0) throw new Error(`not collected: ${JSON.stringify(missing)}`);
  return request;
}

/** The rows of a request. */
export function rowsOf(request) {
  return request.windows.reduce((sum, { copy }) => sum + copy.rows, 0);
}

/** The Mondays of weeks. */
export function mondays({ from, to }) {
  const found = [];
  for (let day = from; day <= to; day = plusDays(day, 7)) found.push(day);
  return found;
}
