/**
 * The page as a person meets it: a sandbox, the Worker in workerd, and a Chromium that is watched.
 *
 * Everything is a process of its own on a free port of loopback, with its state in a folder of its own under
 * `target/browser-tests`, and ends with this process whatever happens to it. `cargo xtask build` must have built the
 * Worker and the page; the sandbox is a cargo build away.
 *
 * A page that says anything on its console, throws, or breaks the Content Security Policy fails its test, unless the
 * test has said beforehand what it expects: see {@link Tab.expect}.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** The folder of the checkout. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const NODE = process.env.LECTERN_NODE ?? path.join(ROOT, 'node_modules/node/bin/node');
const WRANGLER = process.env.LECTERN_WRANGLER ?? path.join(ROOT, 'node_modules/wrangler/wrangler-dist/cli.js');
const SANDBOX = process.env.LECTERN_SANDBOX_BIN ?? path.join(ROOT, 'target/debug/sandbox');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** What a Chromium without a screen, a network and a user needs; the last two keep its numbers and days English. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Longest wait for a process to be ready, in milliseconds. */
const PATIENCE = 90_000;

/** The client secret that the sandbox lets in: made up, and written like a real one that needs quoting. */
const SECRET = 'sandbox secret';

/** A sandbox and a Worker that asks it. */
export class Stack {
  #children = [];
  #name;

  /**
   * Starts both.
   *
   * `sandbox`: options of the sandbox program. `settings`: settings of the Worker beside the usual ones; an empty
   * value takes one away. `config`: another wrangler configuration than the Worker's own. `front`: is given the
   * sandbox's address, and gives the one that the Worker shall ask instead.
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
    // Quick, unless the test says otherwise: the last of two equal options would be refused.
    const usual = { '--students': '60', '--courses': '3', '--build-seconds': '0.2..1' };
    for (const [option, value] of Object.entries(usual)) {
      if (!options.includes(option)) options = [...options, option, value];
    }
    const child = spawn(SANDBOX, ['--port', '0', '--exit-with-parent', ...options], {
      env: { ...process.env, ECHO360_CLIENT_SECRET: SECRET },
      // Its standard input ends when this process does, and so does it.
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    let said = '';
    child.stdout.on('data', (piece) => (said += piece));
    return until(`the sandbox listens`, () => {
      assert.equal(child.exitCode, null, 'the sandbox ended');
      return /listening on (http:\S+)/.exec(said)?.[1];
    });
  }

  async #startWorker(config, settings) {
    const port = await freePort();
    const file = path.join(this.folder, 'settings.env');
    const lines = Object.entries(settings).filter(([, value]) => value !== '');
    writeFileSync(file, lines.map(([name, value]) => `${name}='${value}'\n`).join(''), { mode: 0o600, flag: 'wx' });
    const log = openSync(path.join(this.folder, 'wrangler.log'), 'a', 0o600);
    // Its group's own keeper: when this process ends, however hard, so does the pipe, and then all of the group. A
    // workerd whose wrangler is gone would go on for ever, at full speed.
    const keep = '("$@"; kill -TERM $$) & cat > /dev/null; kill -KILL 0';
    const args = ['-c', keep, 'sh', NODE, '--no-warnings', WRANGLER, 'dev'];
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

  /** What wrangler printed. */
  log() {
    return readFileSync(path.join(this.folder, 'wrangler.log'), 'utf8');
  }

  /** Asks the sandbox for its own truth, its ledger or its clock. */
  async ask(route) {
    const answer = await fetch(this.sandbox + route);
    assert.ok(answer.ok, `${route}: ${answer.status}`);
    return answer.json();
  }

  /** Views by day, as the sandbox knows them; `to` is included. */
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

  /** Sets what shall go wrong. */
  async harm(...faults) {
    const answer = await fetch(`${this.sandbox}/sandbox/faults`, { method: 'POST', body: JSON.stringify(faults) });
    assert.ok(answer.ok, await answer.text());
  }

  /** Nothing goes wrong any more. */
  async heal() {
    await fetch(`${this.sandbox}/sandbox/faults`, { method: 'DELETE' });
  }

  /** Calls a route of the Worker. */
  async api(route, { method = 'GET', body } = {}) {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const answer = await fetch(this.url + route, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${route}: ${answer.status} ${answer.ok ? '' : await answer.clone().text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /** Asks for a report as another tab would; waits until nothing of it is under way, unless told not to. */
  async request(ask, { settled = true } = {}) {
    let request = await this.api('/api/requests', { method: 'POST', body: ask });
    if (!settled) return request;
    return until('the request is settled', async () => {
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
        // Wrangler's keeper leads a group of its own; the sandbox does not.
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

  /** A new, empty profile with one watched tab. `options` are a browser context's. */
  async open(options = {}) {
    const context = await this.#chromium.newContext({
      viewport: { width: 1280, height: 900 },
      locale: 'en-GB',
      timezoneId: 'America/New_York',
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(30_000);
    return Tab.watched(context, await context.newPage());
  }

  /** Ends it. */
  async stop() {
    await this.#chromium.close();
  }
}

/** A watched tab. */
export class Tab {
  #complaints = [];
  #expected = [];

  static async watched(context, page) {
    const tab = new Tab();
    tab.context = context;
    tab.page = page;
    const note = (complaint) => {
      if (!tab.#expected.some((pattern) => pattern.test(complaint))) tab.#complaints.push(complaint);
    };
    page.on('console', (message) => note(`console ${message.type()}: ${message.text()} (${message.location().url})`));
    page.on('pageerror', (error) => note(`error: ${error.stack ?? error}`));
    page.on('crash', () => note('the page crashed'));
    const calls = { open: new Set(), areHeld: false };
    page.on('request', (request) => calls.areHeld || calls.open.add(request));
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

  /** From here on such complaints are no failure: Chromium itself writes a line for every answer of 400 and more. */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  /** Fails if the page has complained; then closes the tab. */
  async close() {
    await this.context.close();
    assert.deepEqual(this.#complaints, [], 'the page said what nobody expected');
  }
}

/** What each page has called and not been answered yet, and whether its calls are held back. */
const callsOf = new WeakMap();

/** Runs in the page: whether anything of it is still on its way to the screen. */
function isMoving() {
  const isDrawn = [...document.querySelectorAll('.drawing')].every((place) => {
    const chart = place.querySelector('svg.chart');
    const room = (place.querySelector('.bars') ?? place).clientWidth;
    return !chart || room === 0 || Number(chart.getAttribute('width')) === room;
  });
  const waits = [...document.querySelectorAll('[role="status"], .listing td')].some((place) =>
    ['Loading', '…'].includes(place.textContent.trim()),
  );
  return !isDrawn || waits || !document.querySelector('main') || document.querySelector('[aria-busy="true"]') !== null;
}

/**
 * Waits until a page is at rest: everything it called for has come, has been read and drawn, through two frames.
 *
 * A state may be there before it is whole: rows are still read when the first chart stands, courses come after it. Who
 * looks closer than for one mark has to wait for this first.
 */
export async function rest(page) {
  const { open } = callsOf.get(page);
  const frames = () => page.evaluate(() => new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end))));
  await until('the page is at rest', async () => {
    if (open.size > 0 || (await page.evaluate(isMoving))) return false;
    await frames();
    return open.size === 0 && !(await page.evaluate(isMoving));
  });
}

/** Waits until a page is at rest and keeps it there: it hears nothing more, so that nothing changes while it is looked at. */
export async function hold(page) {
  await rest(page);
  callsOf.get(page).areHeld = true;
  await page.route(/\/api\//, () => {});
  await rest(page);
}

/** Opens a tab for the length of `use`, and fails if the page complained. */
export async function withTab(browser, options, use) {
  const tab = await browser.open(options);
  try {
    await use(tab.page, tab);
  } catch (error) {
    await tab.close().catch((complaint) => {
      error.message += `\n${complaint.message}`;
    });
    throw error;
  }
  await tab.close();
}

/** Waits until `look` gives something; gives that. */
export async function until(what, look, told = () => '', patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `${what}: not after ${patience / 1000} s\n${told()}`);
    await pause(100);
  }
}

/** A day, so many days after another: `YYYY-MM-DD`. */
export function plusDays(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** The Monday of a day's week. */
export function monday(day) {
  return plusDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
}

/** Whole weeks, both days included: `count` of them, the last of which ended `back` weeks before this one. */
export function weeks(count, back = 0) {
  const end = plusDays(monday(new Date().toISOString().slice(0, 10)), -7 * back);
  return { from: plusDays(end, -7 * count), to: plusDays(end, -1) };
}

let nextPort = 20_000 + ((process.pid * 37) % 12_000);

/** A free port below those that the system hands out by itself: one of them could be taken by any connection. */
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
