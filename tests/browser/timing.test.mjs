/** The User Timing marks, by which the page's speed can be measured from outside. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, weeks, withTab } from './stack.mjs';

const NAMES = ['asked', 'first-marks', 'measured', 'painted'].map((name) => `lectern:${name}`);
let stack, browser;
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** Waits for a painted view after `since`, of `rows` rows unless null; returns all marks after `since`. */
async function marksOf(page, rows, since) {
  await page.waitForFunction(
    ([rows, since]) =>
      performance
        .getEntriesByName('lectern:painted')
        .some((mark) => mark.startTime >= since && (rows === null || mark.detail.rows === rows)),
    [rows, since],
  );
  return page.evaluate(
    ([names, since]) =>
      performance
        .getEntriesByType('mark')
        .filter((mark) => names.includes(mark.name) && mark.startTime >= since)
        .map(({ name, startTime, detail }) => ({ name, startTime, detail })),
    [NAMES, since],
  );
}

test('a view sets the marks asked, first-marks, measured and painted, and a filter sets all of them again', async () => {
  const span = weeks(2, 1);
  const { windows } = await stack.request({ report: 'videoview', ...span, tz: 'UTC' });
  const rows = windows.reduce((sum, window) => sum + window.copy.rows, 0);
  await withTab(browser, {}, async (page) => {
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${span.from}&to=${span.to}&tz=UTC`);
    let since = 0;
    for (const wanted of [rows, null]) {
      const marks = await marksOf(page, wanted, since);
      const last = NAMES.map((name) => marks.filter((mark) => mark.name === name).at(-1));
      assert.ok(last.every(Boolean), `every mark must be set: ${JSON.stringify(marks)}`);
      const [asked, firstMarks, measured, painted] = last.map((mark) => mark.startTime);
      assert.ok(asked <= measured && asked <= firstMarks && measured <= painted && firstMarks <= painted);
      const { detail } = last[3];
      assert.equal(detail.rows, rows, 'the mark must have the number of measured rows');
      assert.ok(detail.bytes > 1000, 'the mark must have the transferred bytes');
      if (wanted === null) break;
      since = await page.evaluate(() => performance.now());
      await page.evaluate(() => {
        history.pushState(null, '', `${location.href}&role=student`);
        dispatchEvent(new PopStateEvent('popstate'));
      });
    }
  });
});

test('a view without rows is marked as painted too', async () => {
  const span = weeks(1, 600);
  await withTab(browser, {}, async (page) => {
    await stack.request({ report: 'videoview', ...span, tz: 'UTC' });
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${span.from}&to=${span.to}&tz=UTC`);
    const marks = await marksOf(page, 0, 0);
    assert.ok(marks.some((mark) => mark.name === 'lectern:measured' && mark.detail.rows === 0));
  });
});

test('every page with figures sets first-figure, all-figures and filters-ready', async () => {
  const span = weeks(2, 1);
  const reports = ['videoview', 'presentation', 'polling', 'qanda', 'confused', 'notes'];
  await Promise.all(reports.map((report) => stack.request({ report, ...span, tz: 'UTC' })));
  const { courses } = await stack.api('/api/courses');
  const range = `from=${span.from}&to=${span.to}&tz=UTC`;
  const names = ['first-figure', 'all-figures', 'filters-ready'].map((name) => `lectern:${name}`);
  const urls = ['videoview', 'presentation'].map((report) => `/?v=1&report=${report}&${range}`);
  for (const url of [...urls, `/course?v=1&course=${courses[0].id}&${range}`]) {
    await withTab(browser, {}, async (page) => {
      await page.goto(stack.url + url);
      await page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, names[1]);
      const times = await page.evaluate(
        (names) => names.map((name) => performance.getEntriesByName(name).at(-1)?.startTime),
        names,
      );
      assert.ok(times.every((time) => time > 0), `${url}: ${times}`);
      assert.ok(times[0] <= times[1] && times[0] <= times[2], `${url}: the first figure comes first: ${times}`);
    });
  }
});
