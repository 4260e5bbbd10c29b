/** Chromium, driven by playwright-core. All other tests use it too, through the same `Browser`. */
import { Browser } from '../stack.mjs';
import { EngineTab } from './tab.mjs';

export class ChromiumEngine {
  static engine = 'chromium';
  #browser;

  static async start() {
    const engine = new ChromiumEngine();
    engine.#browser = await Browser.start();
    return engine;
  }

  async tab() {
    return new ChromiumTab(await this.#browser.open({ ignoreHTTPSErrors: true }));
  }

  async stop() {
    await this.#browser.stop();
  }
}

class ChromiumTab extends EngineTab {
  #tab;

  constructor(tab) {
    super();
    this.#tab = tab;
  }

  async open(url) {
    await this.#tab.page.goto(url, { waitUntil: 'domcontentloaded' });
  }

  async click(selector) {
    await this.#tab.page.locator(selector).first().click();
  }

  async press(key) {
    await this.#tab.page.keyboard.press(key);
  }

  async evaluate(run, ...args) {
    return this.#tab.page.evaluate(`(${run})(...${JSON.stringify(args)})`);
  }

  async screenshot() {
    return this.#tab.page.screenshot();
  }

  expect(...patterns) {
    this.#tab.expect(...patterns);
  }

  // The tab collects problems, and throws if there are any.
  async end() {
    await this.#tab.close();
  }
}
