/**
 * What the browser tests run against: a sandbox, the Worker in workerd, and a Chromium whose problems are
 * recorded.
 *
 * Each is a process of its own on a free loopback port, with its state in a folder under
 * `target/browser-tests`, and ends with this process even if that is killed. `cargo xtask build` must have
 * built the Worker and the page, and cargo the sandbox.
 *
 * A page that writes to its console, throws, or violates the Content Security Policy fails its test, unless
 * the test has announced it with {@link Tab.expect}.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** The root folder of the checkout. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const NODE = process.env.LECTERN_NODE ?? path.join(ROOT, 'node_modules/node/bin/node');
const WRANGLER = process.env.LECTERN_WRANGLER ?? path.join(ROOT, 'node_modules/wrangler/wrangler-dist/cli.js');
const SANDBOX = process.env.LECTERN_SANDBOX_BIN ?? path.join(ROOT, 'target/debug/sandbox');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Options for a Chromium without a screen and a user, and without background traffic. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Longest wait for a condition, such as a process being ready, in milliseconds. */
const TIMEOUT = 90_000;

/** The client secret that the sandbox accepts. It is made up, with a space to test quoting. */
const SECRET = 'sandbox secret';

/** A sandbox and a Worker whose upstream it is. */
export class Stack {
  #children = [];
  #name;

  /**
   * Starts both.
   *
   * `sandbox`: options of the sandbox program. `settings`: settings of the Worker on top of the defaults; an
   * empty value removes one. `config`: another wrangler configuration than the Worker's own. `front`: gets
   * the sandbox's address and returns the one that the Worker uses instead, such as a proxy's.
   */
  static async start({ sandbox = [], settings = {}, config = 'worker/wrangler.toml', front = (url) => url } = {}) {
    const stack = new Stack();
    try {
      await stack.#boot(sandbox, settings, config, front);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  async #boot(options, settings, config, front) {
    for (const file of [SANDBOX, path.join(ROOT, 'target/site/index.html'), path.join(ROOT, 'worker/build/index.js')]) {
      assert.ok(existsSync(file), `${file} is missing: build it first (\`cargo xtask test --only build\`)`);
    }
    this.#name = `${process.pid}-${(count += 1)}`;
    this.folder = path.join(ROOT, 'target/browser-tests', this.#name);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.sandbox = await this.#startSandbox(options);
    this.upstream = await front(this.sandbox);
    this.url = await this.#startWorker(config, {
      ECHO360_URL: this.upstream,
      ECHO360_CLIENT_ID: 'lectern',
      ECHO360_CLIENT_SECRET: SECRET,
      LECTERN_LOCAL: '1',
      ...settings,
    });
  }

  async #startSandbox(options) {
    // Fast by default. A test's own option replaces the default, since the sandbox refuses repeated options.
    const defaults = { '--students': '60', '--courses': '3', '--build-seconds': '0.2..1' };
    for (const [option, value] of Object.entries(defaults)) {
      if (!options.includes(option)) options = [...options, option, value];
    }
    const child = spawn(SANDBOX, ['--port', '0', '--exit-with-parent', ...options], {
      env: { ...process.env, ECHO360_CLIENT_SECRET: SECRET },
      // The sandbox ends when its standard input does, which is when this process ends.
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    let output = '';
    child.stdout.on('data', (piece) => (output += piece));
    return until(`the sandbox listens`, () => {
      assert.equal(child.exitCode, null, 'the sandbox must keep running');
      return /listening on (http:\S+)/.exec(output)?.[1];
    });
  }

  async #startWorker(config, settings) {
    const port = await freePort();
    const file = path.join(this.folder, 'settings.env');
    const lines = Object.entries(settings).filter(([, value]) => value !== '');
    writeFileSync(file, lines.map(([name, value]) => `${name}='${value}'\n`).join(''), { mode: 0o600, flag: 'wx' });
    const log = openSync(path.join(this.folder, 'wrangler.log'), 'a', 0o600);
    // This shell leads the process group: when this process ends, even if killed, the pipe ends and the shell
    // kills the group. A workerd without its wrangler would keep running at full CPU.
    const killWithParent = '("$@"; kill -TERM $$) & cat > /dev/null; kill -KILL 0';
    const args = ['-c', killWithParent, 'sh', NODE, '--no-warnings', WRANGLER, 'dev'];
    args.push('--config', path.join(ROOT, config));
    args.push('--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0');
    args.push('--persist-to', path.join(this.folder, 'worker'), '--env-file', file);
    const child = spawn('sh', args, {
      cwd: this.folder,
      detached: true,
      env: {
        ...process.env,
        CI: '1',
        WRANGLER_SEND_METRICS: 'false',
        // Recording every call takes more time than the call.
        X_LOCAL_OBSERVABILITY: 'false',
        X_LOCAL_EXPLORER: 'false',
        WRANGLER_REGISTRY_PATH: path.join(this.folder, 'registry'),
      },
      stdio: ['pipe', log, log],
    });
    this.#children.push(child);
    const url = `http://127.0.0.1:${port}`;
    await until(
      'the Worker answers',
      async () => {
        assert.equal(child.exitCode ?? child.signalCode, null, `wrangler ended:\n${this.log()}`);
        const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
        return answer && [200, 503].includes(answer.status);
      },
      () => this.log(),
    );
    return url;
  }

  /** The processes that run the Worker, by id. */
  processes() {
    const groups = this.#children.filter((child) => child.spawnfile === 'sh').map((child) => String(child.pid));
    const listed = spawnSync('ps', ['-eo', 'pid=,pgid=,comm='], { encoding: 'utf8' }).stdout.trim().split('\n');
    return listed
      .map((line) => line.trim().split(/\s+/))
      .filter(([, group, name]) => groups.includes(group) && name.includes('workerd'))
      .map(([id]) => Number(id));
  }

  /** The output of wrangler. */
  log() {
    return readFileSync(path.join(this.folder, 'wrangler.log'), 'utf8');
  }

  /** GETs a route of the sandbox's own API, such as its rows, its ledger or its clock. */
  async ask(route) {
    const answer = await fetch(this.sandbox + route);
    assert.ok(answer.ok, `${route}: ${answer.status}`);
    return answer.json();
  }

  /** The sandbox's own count of views by day, from `from` to `to`, both included. */
  truth(from, to, { zoneOffsetSeconds = 0, ...scope } = {}) {
    const local = (day) => new Date(Date.parse(`${day}T00:00:00Z`) - zoneOffsetSeconds * 1000);
    const query = new URLSearchParams({
      report: 'videoview',
      start: `${local(from).toISOString().slice(0, 19)}Z`,
      end: `${local(plusDays(to, 1)).toISOString().slice(0, 19)}Z`,
      summary: 'minutes_per_day',
      zone_offset_seconds: String(zoneOffsetSeconds),
      ...scope,
    });
    return this.ask(`/sandbox/rows?${query}`);
  }

  /** Replaces the sandbox's faults. */
  async injectFaults(...faults) {
    const answer = await fetch(`${this.sandbox}/sandbox/faults`, { method: 'POST', body: JSON.stringify(faults) });
    assert.ok(answer.ok, await answer.text());
  }

  /** Removes the sandbox's faults. */
  async clearFaults() {
    await fetch(`${this.sandbox}/sandbox/faults`, { method: 'DELETE' });
  }

  /** Calls a route of the Worker. */
  async api(route, { method = 'GET', body } = {}) {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const answer = await fetch(this.url + route, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${route}: ${answer.status} ${answer.ok ? '' : await answer.clone().text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /**
   * Creates a request, as another tab would. Waits until no window of it is in progress, unless `wait` is
   * false.
   */
  async request(ask, { wait = true } = {}) {
    let request = await this.api('/api/requests', { method: 'POST', body: ask });
    if (!wait) return request;
    return until('the request is finished', async () => {
      request = await this.api(`/api/requests/${request.id}`);
      const waiting = request.windows.some(({ state }) => ['queued', 'asking', 'building', 'collecting'].includes(state));
      return waiting ? undefined : request;
    });
  }

  /** Ends everything. */
  async stop() {
    for (const child of this.#children.splice(0).reverse()) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode !== null || child.signalCode !== null) continue;
      try {
        // Wrangler's shell leads a process group of its own; the sandbox does not.
        process.kill(child.spawnfile === 'sh' ? -child.pid : child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
      await ended;
    }
    if (this.folder && process.exitCode === undefined) rmSync(this.folder, { recursive: true, force: true });
  }
}

let count = 0;

/** A Chromium. */
export class Browser {
  #chromium;

  /** Starts it. */
  static async start() {
    const browser = new Browser();
    browser.#chromium = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, headless: true });
    return browser;
  }

  /** Opens a tab in a new, empty profile. `options` are those of a Playwright browser context. */
  async open(options = {}) {
    const context = await this.#chromium.newContext({
      viewport: { width: 1280, height: 900 },
      locale: 'en-GB',
      timezoneId: 'America/New_York',
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(30_000);
    return Tab.create(context, await context.newPage());
  }

  /** Ends it. */
  async stop() {
    await this.#chromium.close();
  }
}

/** A tab that records the page's problems. */
export class Tab {
  #problems = [];
  #expected = [];

  static async create(context, page) {
    const tab = new Tab();
    tab.context = context;
    tab.page = page;
    const note = (problem) => {
      if (!tab.#expected.some((pattern) => pattern.test(problem))) tab.#problems.push(problem);
    };
    page.on('console', (message) => note(`console ${message.type()}: ${message.text()} (${message.location().url})`));
    page.on('pageerror', (error) => note(`error: ${error.stack ?? error}`));
    page.on('crash', () => note('the page crashed'));
    const calls = { open: new Set(), areHeld: false };
    // Chromium never reports the end of a redirected icon, which it fetches again when the URL changes.
    const isIcon = (request) => request.url().endsWith('/icon.svg');
    page.on('request', (request) => calls.areHeld || isIcon(request) || calls.open.add(request));
    for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => calls.open.delete(request));
    callsOf.set(page, calls);
    await context.exposeFunction('noteViolation', (text) => note(`policy: ${text}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.noteViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    return tab;
  }

  /**
   * From now on, matching problems do not fail the test, such as Chromium's line for every response of 400 or
   * more.
   */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  /** Closes the tab; fails if the page reported an unexpected problem. */
  async close() {
    await this.context.close();
    assert.deepEqual(this.#problems, [], 'the page must report no problem');
  }
}

/** By page: its open requests, and whether new ones are held back and not counted. */
const callsOf = new WeakMap();

/** Runs in the page: whether it is still loading or drawing. */
function isBusy() {
  const isDrawn = [...document.querySelectorAll('.drawing')].every((place) => {
    const chart = place.querySelector('svg.chart');
    const room = (place.querySelector('.bars') ?? place).clientWidth;
    return !chart || room === 0 || Number(chart.getAttribute('width')) === room;
  });
  const isLoading = [...document.querySelectorAll('[role="status"], .listing td')].some((place) =>
    ['Loading', '…'].includes(place.textContent.trim()),
  );
  return !isDrawn || isLoading || !document.querySelector('main') || document.querySelector('[aria-busy="true"]') !== null;
}

/**
 * Waits until a page is idle: all its requests have finished, and it has not been loading or drawing for two
 * frames.
 *
 * A marker of a state can appear before the state is complete: rows are still being read when the first chart
 * is drawn, and courses come later. Wait for this before checking more than that marker.
 */
export async function waitUntilIdle(page) {
  const { open } = callsOf.get(page);
  const frames = () => page.evaluate(() => new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end))));
  await until('the page is idle', async () => {
    if (open.size > 0 || (await page.evaluate(isBusy))) return false;
    await frames();
    return open.size === 0 && !(await page.evaluate(isBusy));
  });
}

/** Waits until a page is idle and leaves its later API calls unanswered, so that it no longer changes. */
export async function freeze(page) {
  await waitUntilIdle(page);
  callsOf.get(page).areHeld = true;
  await page.route(/\/api\//, () => {});
  await waitUntilIdle(page);
}

/** Calls `use` with a new tab and closes it; fails if the page reported an unexpected problem. */
export async function withTab(browser, options, use) {
  const tab = await browser.open(options);
  try {
    await use(tab.page, tab);
  } catch (error) {
    await tab.close().catch((failure) => {
      error.message += `\n${failure.message}`;
    });
    throw error;
  }
  await tab.close();
}

/**
 * Waits until `look` returns a truthy value; returns that. `details` adds to the error after the timeout (in
 * ms).
 */
export async function until(what, look, details = () => '', timeout = TIMEOUT) {
  const end = Date.now() + timeout;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `${what}: not after ${timeout / 1000} s\n${details()}`);
    await pause(100);
  }
}

/** The day that is `count` days after another, as `YYYY-MM-DD`. */
export function plusDays(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** The Monday of a day's week. */
export function monday(day) {
  return plusDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
}

/**
 * The first and last day of `count` whole weeks, the last of which ended `back` weeks before this one began.
 */
export function weeks(count, back = 0) {
  const end = plusDays(monday(new Date().toISOString().slice(0, 10)), -7 * back);
  return { from: plusDays(end, -7 * count), to: plusDays(end, -1) };
}

let nextPort = 20_000 + ((process.pid * 37) % 12_000);

/** A free port below the system's ephemeral range, whose ports any outgoing connection could take. */
export async function freePort() {
  for (;;) {
    nextPort = nextPort < 32_000 ? nextPort + 1 : 20_000;
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(nextPort, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return nextPort;
  }
}
