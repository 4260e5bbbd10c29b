/** Firefox, driven by puppeteer-core over WebDriver BiDi. */
import puppeteer from 'puppeteer-core';
import { EngineTab, WINDOW, ZONE } from './tab.mjs';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** English numbers and days, and no animations. */
const PREFERENCES = {
  'intl.accept_languages': 'en-GB',
  'ui.prefersReducedMotion': 1,
};

export class FirefoxEngine {
  static engine = 'firefox';
  #firefox;

  static async start() {
    const engine = new FirefoxEngine();
    engine.#firefox = await puppeteer.launch({
      browser: 'firefox',
      executablePath: FIREFOX,
      headless: true,
      acceptInsecureCerts: true,
      defaultViewport: WINDOW,
      extraPrefsFirefox: PREFERENCES,
      env: { ...process.env, TZ: ZONE },
    });
    return engine;
  }

  async tab() {
    const context = await this.#firefox.createBrowserContext();
    return FirefoxTab.create(context, await context.newPage());
  }

  async stop() {
    await this.#firefox.close();
  }
}

class FirefoxTab extends EngineTab {
  #context;
  #page;

  static async create(context, page) {
    const tab = new FirefoxTab();
    tab.#context = context;
    tab.#page = page;
    // An error of the page and a violation of its Content Security Policy are both `pageerror`.
    page.on('console', (message) => tab.note(`console ${message.type()}: ${message.text()} (${message.location().url})`));
    page.on('pageerror', (error) => tab.note(`error: ${error.stack ?? error}`));
    return tab;
  }

  async open(url) {
    await this.#page.goto(url, { waitUntil: 'domcontentloaded' });
  }

  async click(selector) {
    await this.#page.locator(selector).click();
  }

  async press(key) {
    await this.#page.keyboard.press(key);
  }

  async evaluate(run, ...args) {
    return this.#page.evaluate(run, ...args);
  }

  async screenshot() {
    return this.#page.screenshot();
  }

  async end() {
    await this.#context.close();
  }
}
