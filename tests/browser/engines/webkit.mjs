/** WebKit: Debian's WebKitWebDriver with its MiniBrowser, by plain WebDriver over HTTP, on a screen of Xvfb's. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, until } from '../stack.mjs';
import { EngineTab, WINDOW, ZONE } from './tab.mjs';

const DRIVER = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const BROWSER = process.env.WEBKIT_BROWSER ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/** The code that stands for a key without a character, as WebDriver numbers them. */
const KEYS = {
  Tab: '\uE004', Enter: '\uE007', Escape: '\uE00C', ' ': '\uE00D', PageUp: '\uE00E', PageDown: '\uE00F', End: '\uE010',
  Home: '\uE011', ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015',
};

/** Why an element cannot be clicked at this moment, but perhaps at the next: the page is drawing. */
const PASSING = ['stale element reference', 'element click intercepted', 'element not interactable', 'no such element'];

/** Runs the driver until its standard input ends, which is when this process does; then ends its whole group. */
const KEEPER = '("$@"; kill -TERM $$) & cat > /dev/null; kill -TERM 0';

/** How long a click is tried, in milliseconds. */
const PATIENCE = 30_000;

/** Longest wait of the driver for a document or a script, in milliseconds. Its default for a document is 5 minutes. */
const LIMIT = 20_000;

/** Runs in the page: from here on collects what the document complains of. */
function watch() {
  if (window.complaints) return;
  window.complaints = [];
  const note = (text) => window.complaints.push(text);
  addEventListener('error', (event) => note(`error: ${event.error?.stack ?? event.message ?? event.target}`));
  addEventListener('unhandledrejection', (event) => note(`rejection: ${event.reason?.stack ?? event.reason}`));
  document.addEventListener('securitypolicyviolation', (event) => {
    note(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
  });
  for (const type of ['debug', 'log', 'info', 'warn', 'error']) {
    const say = console[type].bind(console);
    console[type] = (...parts) => {
      note(`console ${type}: ${parts.join(' ')}`);
      say(...parts);
    };
  }
}

/**
 * Sends one command of WebDriver.
 *
 * A command may wait for a document and then for its script: a driver that works answers within twice the limit.
 */
async function call(address, method, body) {
  const signal = AbortSignal.timeout(2 * LIMIT);
  const answer = await fetch(address, { method, body: body && JSON.stringify(body), signal }).catch((cause) => {
    throw new Error(`${method} ${address}: WebKitWebDriver does not answer`, { cause });
  });
  const { value } = await answer.json();
  if (answer.ok) return value;
  throw Object.assign(new Error(`${method} ${address}: ${value.error}: ${value.message}`), { code: value.error });
}

export class WebKitEngine {
  static engine = 'webkit';
  #driver;
  #address;

  static async start() {
    const engine = new WebKitEngine();
    const port = await freePort();
    const screen = `-screen 0 ${WINDOW.width}x${WINDOW.height}x24`;
    engine.#driver = spawn('sh', ['-c', KEEPER, 'sh', 'xvfb-run', '-a', '-s', screen, DRIVER, `--port=${port}`], {
      detached: true,
      env: {
        ...process.env,
        TZ: ZONE,
        LC_ALL: 'en_US.UTF-8',
        // WebKit's sandbox wants what a container does not give; the only pages that it shows are ours.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    engine.#address = `http://127.0.0.1:${port}`;
    await until('WebKitWebDriver answers', async () => {
      assert.equal(engine.#driver.exitCode ?? engine.#driver.signalCode, null, 'WebKitWebDriver ended');
      return call(`${engine.#address}/status`, 'GET').catch(() => undefined);
    });
    return engine;
  }

  /** There is one at a time: the driver has one session. */
  async tab() {
    // Of the network each session has a process of its own that keeps nothing: a session is a profile.
    const { sessionId } = await call(`${this.#address}/session`, 'POST', {
      capabilities: {
        alwaysMatch: {
          acceptInsecureCerts: true,
          // Before each command the driver waits until no document is loading. With `eager` it waits for the next
          // `DOMContentLoaded`: between that event and `load` this is an event that never comes.
          pageLoadStrategy: 'normal',
          timeouts: { pageLoad: LIMIT, script: LIMIT },
          'webkitgtk:browserOptions': { binary: BROWSER, args: ['--automation'] },
        },
      },
    });
    const tab = new WebKitTab(`${this.#address}/session/${sessionId}`);
    await tab.size();
    return tab;
  }

  async stop() {
    const ended = new Promise((resolve) => this.#driver.once('exit', resolve));
    // Its keeper reads this pipe, and ends the driver and its screen with it.
    this.#driver.stdin.end();
    await ended;
  }
}

class WebKitTab extends EngineTab {
  #session;

  constructor(session) {
    super();
    this.#session = session;
  }

  #call(method, route, body) {
    return call(`${this.#session}${route}`, method, body);
  }

  async size() {
    await this.#call('POST', '/window/rect', { x: 0, y: 0, ...WINDOW });
  }

  async open(url) {
    await this.#collect();
    await this.#call('POST', '/url', { url });
    await this.evaluate(() => {});
  }

  async click(selector) {
    await this.waitFor(selector);
    const end = Date.now() + PATIENCE;
    for (;;) {
      try {
        // The driver scrolls as little as it can: what lies at the edge of a table may then be beside the window.
        await this.evaluate((selector) => document.querySelector(selector)?.scrollIntoView({ block: 'center' }), selector);
        const element = await this.#call('POST', '/element', { using: 'css selector', value: selector });
        return await this.#call('POST', `/element/${Object.values(element)[0]}/click`, {});
      } catch (error) {
        if (!PASSING.includes(error.code) || Date.now() > end) throw error;
        await pause(50);
      }
    }
  }

  async press(key) {
    const value = KEYS[key] ?? key;
    assert.equal([...value].length, 1, `a code for ${key}`);
    const actions = [{ type: 'keyDown', value }, { type: 'keyUp', value }];
    await this.#call('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  async evaluate(run, ...args) {
    // The page may have loaded itself anew since.
    const script = `(${watch})(); return (${run}).apply(null, arguments)`;
    return this.#call('POST', '/execute/sync', { script, args });
  }

  async screenshot() {
    return Buffer.from(await this.#call('GET', '/screenshot'), 'base64');
  }

  async end() {
    try {
      await this.#collect();
    } finally {
      // The driver has one session: if it stayed, no other test could have one.
      await call(this.#session, 'DELETE');
    }
  }

  /** Notes what the document has complained of, before another takes its place. */
  async #collect() {
    const complaints = await this.evaluate(() => (window.complaints ?? []).splice(0));
    complaints.forEach((complaint) => this.note(complaint));
  }
}
