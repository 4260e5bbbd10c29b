/**
 * WebKit: Debian's WebKitWebDriver with its MiniBrowser, by WebDriver over HTTP, on a virtual screen (Xvfb).
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, until } from '../stack.mjs';
import { EngineTab, WINDOW, ZONE } from './tab.mjs';

const DRIVER = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const BROWSER = process.env.WEBKIT_BROWSER ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/** WebDriver's code points for keys that type no character. */
const KEYS = {
  Tab: '\uE004', Enter: '\uE007', Escape: '\uE00C', ' ': '\uE00D', PageUp: '\uE00E', PageDown: '\uE00F', End: '\uE010',
  Home: '\uE011', ArrowLeft: '\uE012', ArrowUp: '\uE013', ArrowRight: '\uE014', ArrowDown: '\uE015',
};

/** WebDriver errors that a click may meet while the page draws; it is tried again. */
const TRANSIENT = ['stale element reference', 'element click intercepted', 'element not interactable', 'no such element'];

/**
 * Shell script: runs a command until standard input ends, as it does with this process; then kills the group.
 */
const KILL_WITH_PARENT = '("$@"; kill -TERM $$) & cat > /dev/null; kill -TERM 0';

/** Longest time that a click is retried, in milliseconds. */
const TIMEOUT = 30_000;

/** Longest wait of the driver for a document or a script, in milliseconds. Its default for a document is 5 minutes. */
const LIMIT = 20_000;

/** Runs in the page: from now on collects the document's problems in `window.problems`. */
function collectProblems() {
  if (window.problems) return;
  window.problems = [];
  const note = (text) => window.problems.push(text);
  addEventListener('error', (event) => note(`error: ${event.error?.stack ?? event.message ?? event.target}`));
  addEventListener('unhandledrejection', (event) => note(`rejection: ${event.reason?.stack ?? event.reason}`));
  document.addEventListener('securitypolicyviolation', (event) => {
    note(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
  });
  for (const type of ['debug', 'log', 'info', 'warn', 'error']) {
    const print = console[type].bind(console);
    console[type] = (...parts) => {
      note(`console ${type}: ${parts.join(' ')}`);
      print(...parts);
    };
  }
}

/**
 * Sends one WebDriver command; throws its error with its code as `code`.
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
    await engine.#launch();
    return engine;
  }

  async #launch() {
    const port = await freePort();
    const screen = `-screen 0 ${WINDOW.width}x${WINDOW.height}x24`;
    this.#driver = spawn('sh', ['-c', KILL_WITH_PARENT, 'sh', 'xvfb-run', '-a', '-s', screen, DRIVER, `--port=${port}`], {
      detached: true,
      env: {
        ...process.env,
        TZ: ZONE,
        LC_ALL: 'en_US.UTF-8',
        // WebKit's sandbox needs privileges that a container lacks; only our own pages are shown.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#address = `http://127.0.0.1:${port}`;
    await until('WebKitWebDriver answers', async () => {
      assert.equal(this.#driver.exitCode ?? this.#driver.signalCode, null, 'WebKitWebDriver must keep running');
      return call(`${this.#address}/status`, 'GET').catch(() => undefined);
    });
  }

  /** Opens a tab. Only one can be open at a time, since the driver has one session. */
  async tab() {
    // On a busy machine MiniBrowser sometimes does not start. No test has used it then, so it is started again.
    const session = await this.#openSession().catch(async () => {
      await this.stop();
      await this.#launch();
      return this.#openSession();
    });
    const tab = new WebKitTab(session);
    await tab.size();
    return tab;
  }

  /** Starts MiniBrowser; returns the address of its session, which acts as a new profile: it has no stored data. */
  async #openSession() {
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
    return `${this.#address}/session/${sessionId}`;
  }

  async stop() {
    const ended = new Promise((resolve) => this.#driver.once('exit', resolve));
    // The shell script reads this pipe, and kills the driver and the screen when it ends.
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
    const end = Date.now() + TIMEOUT;
    for (;;) {
      try {
        // The driver scrolls as little as possible, which can leave an element of a wide table outside the
        // window.
        await this.evaluate((selector) => document.querySelector(selector)?.scrollIntoView({ block: 'center' }), selector);
        const element = await this.#call('POST', '/element', { using: 'css selector', value: selector });
        return await this.#call('POST', `/element/${Object.values(element)[0]}/click`, {});
      } catch (error) {
        if (!TRANSIENT.includes(error.code) || Date.now() > end) throw error;
        await pause(50);
      }
    }
  }

  async press(key) {
    const value = KEYS[key] ?? key;
    assert.equal([...value].length, 1, `${key} must have a code`);
    const actions = [{ type: 'keyDown', value }, { type: 'keyUp', value }];
    await this.#call('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  async evaluate(run, ...args) {
    // The page may have been reloaded since.
    const script = `(${collectProblems})(); return (${run}).apply(null, arguments)`;
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

  /** Records the document's problems, before another document replaces it. */
  async #collect() {
    const problems = await this.evaluate(() => (window.problems ?? []).splice(0));
    problems.forEach((problem) => this.note(problem));
  }
}
