/** Measures a first visit: bytes before the first view, and Lighthouse's scores of the built page. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Browser, ROOT, Stack, weeks, withTab } from '../browser/stack.mjs';
import { busyCourse } from '../browser/truth.mjs';
import { median } from './median.mjs';
import { startProxy } from './proxy.mjs';

const LIGHTHOUSE = '12.8.2';
/** The quality with which Cloudflare compresses static files. */
const QUALITY = 11;

/** The path of Lighthouse, installed on first use, since it is larger than all other tools together. */
function lighthouse() {
  const folder = path.join(ROOT, 'target/lighthouse');
  const cli = path.join(folder, 'node_modules/lighthouse/cli/index.js');
  if (!existsSync(cli)) {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--prefix', folder, '--no-save', '--no-fund', '--no-audit', `lighthouse@${LIGHTHOUSE}`];
    const done = spawnSync('npm', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (done.status !== 0) throw new Error('Lighthouse could not be installed');
  }
  return cli;
}

/**
 * The total size of all files that had arrived when the first view was drawn, as the browser counted them, in
 * a tab without a cache. API responses and the data worker are left out.
 */
async function bytesBeforeFirstView(front) {
  const browser = await Browser.start();
  let files = [];
  try {
    await withTab(browser, {}, async (page) => {
      await page.addInitScript(() => {
        const checkView = () => {
          if (document.querySelector('.first button')) globalThis.viewed = performance.now();
          else requestAnimationFrame(checkView);
        };
        requestAnimationFrame(checkView);
      });
      await page.goto(front.url);
      await page.getByRole('button', { name: 'Load the last four weeks' }).waitFor();
      files = await page.evaluate(() => {
        const [{ encodedBodySize }] = performance.getEntriesByType('navigation');
        const all = performance.getEntriesByType('resource');
        const arrived = all.filter(({ responseEnd }) => responseEnd > 0 && responseEnd < globalThis.viewed);
        return [['/', encodedBodySize], ...arrived.map(({ name, encodedBodySize: size }) => [new URL(name).pathname, size])];
      });
    });
  } finally {
    await browser.stop();
  }
  return files.filter(([name]) => !/^\/(api|data-worker)/.test(name)).reduce((sum, [, size]) => sum + size, 0);
}

/**
 * Lighthouse's results for a URL, one of each kind for each run: `{ score, lcp, cls, tbt }` in %, s, -, ms.
 */
async function runLighthouse(cli, url, runs, folder) {
  const got = { score: [], lcp: [], cls: [], tbt: [] };
  for (let run = 0; run < runs; run += 1) {
    const report = path.join(folder, `lighthouse-${run}.json`);
    const args = [cli, url, '--output=json', `--output-path=${report}`, '--only-categories=performance', '--quiet'];
    args.push('--chrome-flags=--headless --no-sandbox --disable-gpu --no-first-run');
    const env = { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? '/usr/bin/chromium' };
    // Not spawnSync, since the proxy runs in this process.
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    await new Promise((resolve) => child.once('exit', resolve));
    const { audits, categories } = JSON.parse(readFileSync(report, 'utf8'));
    got.score.push(categories.performance.score * 100);
    got.lcp.push(audits['largest-contentful-paint'].numericValue / 1000);
    got.cls.push(audits['cumulative-layout-shift'].numericValue);
    got.tbt.push(audits['total-blocking-time'].numericValue);
  }
  return got;
}

/** The page of a share, for a visitor with an empty cache. */
async function measureShare(cli, { runs, note }) {
  const settings = { LECTERN_SMALLEST: '5', LECTERN_TIME_ZONE: 'UTC' };
  const stack = await Stack.start({ sandbox: ['--students', '160'], settings });
  try {
    const days = weeks(3, 3);
    await stack.request({ report: 'videoview', ...days });
    const { course } = await busyCourse(stack, days);
    const body = { report: 'videoview', course: course.id, ...days };
    const { token } = await stack.api('/api/shares', { method: 'POST', body });
    const got = await runLighthouse(cli, `${stack.url}/s#${token}`, Math.min(runs, 3), stack.folder);
    note('a share, Lighthouse, mobile: largest contentful paint', { value: median(got.lcp), unit: ' s', most: 1 });
  } finally {
    await stack.stop();
  }
}

/** Measures sizes and Lighthouse's scores. */
export async function measure({ runs, note }) {
  const cli = lighthouse();
  const stack = await Stack.start();
  const front = await startProxy(stack.url, QUALITY);
  try {
    const bytes = await bytesBeforeFirstView(front);
    note('first visit: everything before the first view', { value: bytes / 1000, unit: ' KB', most: 150 });
    const got = await runLighthouse(cli, front.url, Math.min(runs, 5), stack.folder);
    note('Lighthouse, mobile: performance', { value: median(got.score), least: 98 });
    note('Lighthouse, mobile: largest contentful paint', { value: median(got.lcp), unit: ' s', most: 1.5 });
    note('Lighthouse, mobile: layout shift', { value: median(got.cls), most: 0 });
    note('Lighthouse, mobile: blocking time', { value: median(got.tbt), unit: ' ms', most: 50 });
  } finally {
    front.stop();
    await stack.stop();
  }
  await measureShare(cli, { runs, note });
}
