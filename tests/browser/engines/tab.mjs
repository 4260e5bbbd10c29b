/** The interface to one tab of a browser engine. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../stack.mjs';

/** Longest wait for an element or a state, in milliseconds. */
const TIMEOUT = 120_000;

/** Folder of the screenshots of tabs whose test failed. */
const SCREENSHOTS = path.join(ROOT, 'target/browser-tests/failed');

/** The size of the window, in CSS pixels. In WebKit it includes the browser's own bars. */
export const WINDOW = { width: 1280, height: 900 };

/** The time zone that the browser reports. No view uses it, so a page that used it by mistake would fail. */
export const ZONE = 'America/New_York';

/**
 * One tab in a new, empty profile.
 *
 * An engine implements `open`, `click`, `press`, `evaluate`, `screenshot` and `end`. Selectors are CSS and
 * mean the first match. A problem that the page reports fails its test when the tab is closed, unless
 * `expect` announced it.
 */
export class EngineTab {
  #problems = [];
  #expected = [];

  /** Loads an address, and waits until the document has been parsed. */
  async open(_url) {
    throw new Error('an engine implements this');
  }

  /** Waits for an element and clicks its middle, as a person would. */
  async click(_selector) {
    throw new Error('an engine implements this');
  }

  /** Presses and releases a key: a character, or a name of `KeyboardEvent.key`, such as `Enter`. */
  async press(_key) {
    throw new Error('an engine implements this');
  }

  /** Runs a function in the page with JSON arguments; returns its JSON result, awaited if it is a promise. */
  async evaluate(_function, ..._args) {
    throw new Error('an engine implements this');
  }

  /** The visible part of the page, as the bytes of a PNG. */
  async screenshot() {
    throw new Error('an engine implements this');
  }

  /** Ends the tab and its profile. */
  async end() {
    throw new Error('an engine implements this');
  }

  /** Waits for an element; returns its visible text. */
  async text(selector) {
    await this.waitFor(selector);
    return this.evaluate((selector) => document.querySelector(selector).innerText.trim(), selector);
  }

  /** Waits until the document has an element that matches. */
  async waitFor(selector) {
    await this.until(selector, (selector) => document.querySelector(selector) !== null, selector);
  }

  /** Waits until a function, run in the page, returns a truthy value; returns that. */
  async until(what, look, ...args) {
    const end = Date.now() + TIMEOUT;
    let failure;
    for (;;) {
      try {
        const found = await this.evaluate(look, ...args);
        if (found) return found;
        failure = undefined;
      } catch (error) {
        // The page may be navigating.
        failure = error;
      }
      if (Date.now() > end) throw new Error(`${what}: not after ${TIMEOUT / 1000} s`, { cause: failure });
      await pause(100);
    }
  }

  /** Clicks an element and types a text into it. */
  async type(selector, text) {
    await this.click(selector);
    for (const character of text) await this.press(character);
  }

  /** The address of the tab. */
  async url() {
    return new URL(await this.evaluate(() => location.href));
  }

  /** From now on, problems that match a pattern do not fail the test. */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  /** Records a problem that the page reports. */
  note(problem) {
    if (!this.#expected.some((pattern) => pattern.test(problem))) this.#problems.push(problem);
  }

  /** Ends the tab; fails if the page reported an unexpected problem. */
  async close() {
    await this.end();
    assert.deepEqual(this.#problems, [], 'the page must report no problem');
  }
}

/**
 * Calls `use` with a new tab and closes it. If `use` fails, saves a screenshot and adds its path to the
 * error.
 */
export async function withEngineTab(browser, name, use) {
  const tab = await browser.tab();
  try {
    await use(tab);
  } catch (error) {
    const file = path.join(SCREENSHOTS, `${name.replaceAll(/\W+/g, '-')}.png`);
    mkdirSync(SCREENSHOTS, { recursive: true });
    await tab
      .screenshot()
      .then((png) => writeFileSync(file, png))
      .then(() => (error.message += `\nscreenshot: ${file}`))
      .catch(() => {});
    await tab.close().catch((failure) => {
      error.message += `\n${failure.message}`;
    });
    throw error;
  }
  await tab.close();
}
