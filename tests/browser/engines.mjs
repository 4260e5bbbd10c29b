/**
 * The three browser engines in which the journeys run, behind one interface: {@link EngineTab}.
 *
 * | engine   | driven by                                          | problems that fail a test                                |
 * |----------|----------------------------------------------------|----------------------------------------------------------|
 * | Chromium | playwright-core over the DevTools protocol         | console, uncaught errors, CSP violations, crashes        |
 * | Firefox  | puppeteer-core over WebDriver BiDi                 | console, uncaught errors, CSP violations                 |
 * | WebKit   | WebDriver over HTTP, by WebKitWebDriver under Xvfb | the same of the document, from when it has loaded        |
 *
 * WebDriver over HTTP has no events: a script that the adapter injects into the loaded document collects
 * WebKit's problems. It misses earlier ones, and messages on the console of a Web Worker.
 *
 * An engine is a class with a name (`engine`) and `start()`, which returns a browser with `tab()` (one tab in
 * a new, empty profile) and `stop()`. `LECTERN_ENGINES` selects engines by name, separated by commas; by default, all run.
 */
import { ChromiumEngine } from './engines/chromium.mjs';
import { FirefoxEngine } from './engines/firefox.mjs';
import { WebKitEngine } from './engines/webkit.mjs';

const ALL = [ChromiumEngine, FirefoxEngine, WebKitEngine];

/** The engines in which the journeys run. */
export const ENGINES = selectEngines(process.env.LECTERN_ENGINES);

function selectEngines(names) {
  if (!names) return ALL;
  return names.split(',').map((name) => {
    const engine = ALL.find((it) => it.engine === name.trim());
    if (!engine) throw new Error(`LECTERN_ENGINES names ${name}: known are ${ALL.map((it) => it.engine).join(', ')}`);
    return engine;
  });
}
