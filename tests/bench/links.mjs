/**
 * Measures cold links: what a link costs a visitor with an empty cache, and when its figures are on the screen of a slow
 * phone, which is Chromium with 90 % of 1.6 Mbit/s, 150 ms of latency and a quarter of the processor.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Browser, ROOT, Stack, weeks } from '../browser/stack.mjs';
import { busyCourse } from '../browser/truth.mjs';
import { median } from './median.mjs';
import { startProxy } from './proxy.mjs';
import { LINKS, filesOf, sizeOf } from './sizes.mjs';

const SITE = path.join(ROOT, 'target/site');
const REPORTS = ['videoview', 'presentation', 'polling', 'qanda', 'confused', 'notes'];

/** Bytes per second that the slow phone receives. */
const DOWNLOAD = (1.6e6 / 8) * 0.9;

/** Time that a page has for all its figures, in milliseconds. */
const PATIENCE = 120_000;

/** Opens a URL in a new profile on a slow phone: `{ first, all }` in seconds, where the page has figures. */
async function openOnSlowPhone(browser, url, hasFigures) {
  const tab = await browser.open({ viewport: { width: 390, height: 844 } });
  try {
    const cdp = await tab.page.context().newCDPSession(tab.page);
    await cdp.send('Network.enable');
    const network = { offline: false, latency: 150, downloadThroughput: DOWNLOAD, uploadThroughput: DOWNLOAD / 2 };
    await cdp.send('Network.emulateNetworkConditions', network);
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await tab.page.goto(url, { waitUntil: 'load', timeout: PATIENCE });
    if (!hasFigures) {
      await tab.page.locator('.first button').waitFor({ timeout: PATIENCE });
      await pause(3_000);
      return {};
    }
    const isComplete = () => performance.getEntriesByName('lectern:all-figures').length > 0;
    await tab.page.waitForFunction(isComplete, undefined, { timeout: PATIENCE });
    const [first, all] = await tab.page.evaluate(() => {
      const seconds = (mark) => mark.startTime / 1000;
      return [
        seconds(performance.getEntriesByName('lectern:first-figure')[0]),
        seconds(performance.getEntriesByName('lectern:all-figures')[0]),
      ];
    });
    return { first, all };
  } finally {
    await tab.close();
  }
}

/** Measures the links to a course of some 300 students over nine weeks. */
export async function measure({ runs, note }) {
  const stack = await Stack.start({ sandbox: ['--students', '300', '--build-seconds', '0.1..0.1'], settings: { LECTERN_TIME_ZONE: 'UTC' } });
  const days = weeks(9, 1);
  await Promise.all(REPORTS.map((report) => stack.request({ report, ...days, tz: 'UTC' })));
  const { course } = await busyCourse(stack, days);
  const range = `course=${course.id}&from=${days.from}&to=${days.to}&tz=UTC`;
  const proxy = await startProxy(stack.url);
  const browser = await Browser.start();
  const links = [
    ['first visit', '/', {}],
    ['a course in videoview', `/?v=1&report=videoview&${range}`, { first: 5, all: 8 }],
    ['a course in another report', `/?v=1&report=polling&${range}`, { first: 5, all: 8 }],
    ['a course page', `/course?v=1&${range}`, { first: 5, all: 8 }],
  ];
  try {
    for (const [name, url, bounds] of links) {
      const times = [];
      let files = [];
      for (let run = 0; run < Math.min(runs, 3); run += 1) {
        proxy.sent.length = 0;
        times.push(await openOnSlowPhone(browser, proxy.url + url, bounds.first !== undefined));
        files = proxy.sent.filter((file) => !file.path.startsWith('/api'));
      }
      const { target } = LINKS[name];
      const expected = filesOf(SITE, LINKS[name]);
      const loaded = files.map(({ path: file }) => (file === '/' || file === '/course' ? 'index.html' : file.slice(1)));
      assert.deepEqual([...new Set(loaded)].sort(), [...expected].sort(), `${name}: other files than sizes.mjs computes`);
      note(`cold link, ${name}: size`, { value: sizeOf(SITE, expected), unit: ' KB', most: target.size, plain: 'brotli 5, without /api' });
      note(`cold link, ${name}: files`, { value: files.length, most: target.files });
      if (bounds.first === undefined) continue;
      const data = proxy.sent.filter((file) => file.path.startsWith('/api')).reduce((sum, { bytes }) => sum + bytes, 0);
      const plain = `${Math.round(data / 1000)} KB from /api`;
      note(`cold link, ${name}, slow phone: first figure`, { value: median(times.map(({ first }) => first)), unit: ' s', most: bounds.first, plain });
      note(`cold link, ${name}, slow phone: all figures`, { value: median(times.map(({ all }) => all)), unit: ' s', most: bounds.all });
    }
  } finally {
    await browser.stop();
    proxy.stop();
    await stack.stop();
  }
}
