/**
 * The three browser engines in which the journeys run, behind one interface: {@link EngineTab}.
 *
 * | engine   | driven by                                          | complaints that fail a test                              |
 * |----------|----------------------------------------------------|----------------------------------------------------------|
 * | Chromium | playwright-core over the DevTools protocol         | console, uncaught errors, CSP violations, crashes        |
 * | Firefox  | puppeteer-core over WebDriver BiDi                 | console, uncaught errors, CSP violations                 |
 * | WebKit   | WebDriver over HTTP, by WebKitWebDriver under Xvfb | the same of the document, from when it has loaded        |
 *
 * WebDriver over HTTP has no events: WebKit's complaints are collected by a script that the adapter puts into the
 * document once it has loaded. It misses what was said before that, and what a Web Worker says on its console.
 *
 * An engine is `{ name, start }`; `start()` gives a browser with `tab()`, a new and empty profile with one tab, and
 * `stop()`. `LECTERN_ENGINES` chooses among them by name, with commas between; all of them run if it is not set.
 */
import { ChromiumEngine } from './engines/chromium.mjs';
import { FirefoxEngine } from './engines/firefox.mjs';
import { WebKitEngine } from './engines/webkit.mjs';

const ALL = [ChromiumEngine, FirefoxEngine, WebKitEngine];

/** The engines that are tested. */
export const ENGINES = chosen(process.env.LECTERN_ENGINES);

function chosen(names) {
  if (!names) return ALL;
  return names.split(',').map((name) => {
    const engine = ALL.find((it) => it.engine === name.trim());
    if (!engine) throw new Error(`LECTERN_ENGINES names ${name}: known are ${ALL.map((it) => it.engine).join(', ')}`);
    return engine;
  });
}
