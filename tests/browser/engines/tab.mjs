/** The interface to one tab of a browser engine. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../stack.mjs';

/** How long an element or a state is waited for, in milliseconds. */
const PATIENCE = 120_000;

/** Where a tab that failed its test is pictured. */
const PICTURES = path.join(ROOT, 'target/browser-tests/failed');

/** The size of the window, in CSS pixels. WebKit's has its own bars inside. */
export const WINDOW = { width: 1280, height: 900 };

/** The zone of the machine that the browser believes to be on: another one than that of any view. */
export const ZONE = 'America/New_York';

/**
 * One tab in a new, empty profile.
 *
 * An engine implements `open`, `click`, `press`, `evaluate`, `screenshot` and `end`. Selectors are CSS; of several
 * elements the first is meant. A page that complains fails its test when the tab is closed, unless the complaint was
 * announced with `expect`.
 */
export class EngineTab {
  #complaints = [];
  #expected = [];

  /** Loads an address, until the document has been parsed. */
  async open(_url) {
    throw new Error('an engine implements this');
  }

  /** Waits for an element, and clicks in its middle as a person would. */
  async click(_selector) {
    throw new Error('an engine implements this');
  }

  /** Presses and releases a key: a character, or a name of `KeyboardEvent.key`, such as `Enter`. */
  async press(_key) {
    throw new Error('an engine implements this');
  }

  /** Runs a function in the page with JSON arguments; gives its JSON result, or what its promise gives. */
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

  /** Waits for an element; gives the text in it as it is shown. */
  async text(selector) {
    await this.waitFor(selector);
    return this.evaluate((selector) => document.querySelector(selector).innerText.trim(), selector);
  }

  /** Waits until the document has an element. */
  async waitFor(selector) {
    await this.until(selector, (selector) => document.querySelector(selector) !== null, selector);
  }

  /** Waits until a function gives something when it is run in the page; gives that. */
  async until(what, look, ...args) {
    const end = Date.now() + PATIENCE;
    let trouble;
    for (;;) {
      try {
        const found = await this.evaluate(look, ...args);
        if (found) return found;
        trouble = undefined;
      } catch (error) {
        // The page may be on its way to another document.
        trouble = error;
      }
      if (Date.now() > end) throw new Error(`${what}: not after ${PATIENCE / 1000} s`, { cause: trouble });
      await pause(100);
    }
  }

  /** Clicks an element, and types a text into it. */
  async type(selector, text) {
    await this.click(selector);
    for (const character of text) await this.press(character);
  }

  /** Where the tab is. */
  async url() {
    return new URL(await this.evaluate(() => location.href));
  }

  /** From here on such complaints are no failure. */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  /** Notes what the page complains of. */
  note(complaint) {
    if (!this.#expected.some((pattern) => pattern.test(complaint))) this.#complaints.push(complaint);
  }

  /** Ends the tab; fails if the page has complained. */
  async close() {
    await this.end();
    assert.deepEqual(this.#complaints, [], 'the page complained');
  }
}

/** Uses a tab of a browser and closes it; if `use` fails, there is a picture of what it saw. */
export async function withEngineTab(browser, name, use) {
  const tab = await browser.tab();
  try {
    await use(tab);
  } catch (error) {
    const file = path.join(PICTURES, `${name.replaceAll(/\W+/g, '-')}.png`);
    mkdirSync(PICTURES, { recursive: true });
    await tab
      .screenshot()
      .then((png) => writeFileSync(file, png))
      .then(() => (error.message += `\nseen: ${file}`))
      .catch(() => {});
    await tab.close().catch((complaint) => {
      error.message += `\n${complaint.message}`;
    });
    throw error;
  }
  await tab.close();
}
