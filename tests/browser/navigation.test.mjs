/** Navigation: by keyboard alone, through courses, days and zones, and while errors occur. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, until, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { figure, formatDay, parseNumber, tableOf, visibleRows, waitForRows } from './tables.mjs';
import { busyCourse, sectionName } from './truth.mjs';

let stack, browser;
const month = weeks(4, 4);
/** Two weeks, the first of which fails to build upstream. */
const failing = weeks(2, 20);
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  // Three attempts take a while: they run during the first tests.
  await stack.injectFaults({ fault: 'failed', count: 3, report: 'videoview', start: failing.from });
  await stack.request({ report: 'videoview', ...failing }, { wait: false });
  await stack.request({ report: 'videoview', ...weeks(8) });
  await stack.request({ report: 'videoview', ...month });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** The focused element: its name, its tag, and whether it has an outline and is not covered. */
const describeFocus = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
      text: (element.getAttribute('aria-label') ?? element.innerText ?? '').split('\n')[0].trim(),
      tag: element.tagName.toLowerCase(),
      outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
      uncovered: middle !== null && (element.contains(middle) || middle.contains(element)),
    };
  });

test('the first visit, the menu of days and the details work by keyboard alone', async () => {
  // On a phone, where the sticky line at the top could cover the focused element.
  await withTab(browser, { viewport: { width: 360, height: 740 } }, async (page) => {
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
      return describeFocus(page);
    };
    /** Presses Tab until the named element is focused; every element on the way must show its focus. */
    const tabTo = async (text, key = 'Tab') => {
      for (let presses = 0; presses < 40; presses += 1) {
        const now = await press(key);
        if (now.tag !== 'body') {
          assert.ok(now.outlined, `${now.tag} ${now.text}: the focus must have an outline`);
          assert.ok(now.uncovered, `${now.tag} ${now.text}: the focus must not be covered`);
        }
        if (now.text.startsWith(text)) return now;
      }
      throw new Error(`${text} is not reached by ${key}`);
    };
    await page.goto(stack.url);
    await page.getByRole('button', { name: 'Load the last four weeks' }).waitFor();
    assert.equal((await press('Tab')).text, 'Skip to the content');
    assert.equal((await press('Enter')).tag, 'main');
    await tabTo('Load the last four weeks');
    await page.keyboard.press('Enter');
    await page.locator('[data-testid="minutes"] svg').first().waitFor();
    assert.match(page.url(), /from=/);

    // The menu of days: opened, closed with Escape, opened again, a preset chosen.
    await page.reload();
    await page.locator('[data-testid="minutes"] svg').first().waitFor();
    await tabTo('Previous 4 weeks');
    assert.equal((await press('Tab')).tag, 'summary');
    await page.keyboard.press('Enter');
    await page.locator('.menu:has(.long) .panel').getByText('Last complete week').waitFor();
    await tabTo('Last complete week');
    assert.equal((await press('Escape')).tag, 'summary');
    await page.locator('.menu:has(.long) .panel').waitFor({ state: 'hidden' });
    await page.keyboard.press('Enter');
    await tabTo('Last complete week');
    assert.equal((await press('Enter')).tag, 'summary', 'the focus must return to the menu');
    const { from, to } = weeks(1);
    assert.ok(page.url().includes(`from=${from}&to=${to}`));

    // The arrow buttons keep the focus, also at the last complete week.
    await tabTo('Previous week', 'Shift+Tab');
    assert.equal((await press('Enter')).text, 'Previous week');
    await tabTo('Next week');
    await press('Enter');
    assert.equal((await press('Enter')).text, 'Next week');
    assert.ok(page.url().includes(`from=${from}&to=${to}`), 'days that are not over must not be shown');

    // The details of the windows. The week is stored already and need not be requested.
    await page.locator('.coverage li').first().waitFor();
    await tabTo('Details');
    await page.keyboard.press('Enter');
    await page.locator('.windows').waitFor();
    await tabTo('Request again');
  });
});

test('a chosen course and section are in the URL and filter the figures', async () => {
  const { course, sections: [section] } = await busyCourse(stack, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await waitForRows(page, (await stack.truth(month.from, month.to)).rows);
    await page.getByRole('combobox', { name: 'Course' }).selectOption({ value: course.id });
    const ofCourse = await stack.truth(month.from, month.to, { course: course.id });
    await waitForRows(page, ofCourse.rows);
    await page.getByRole('combobox', { name: 'Section' }).selectOption({ value: section.id });
    const ofSection = await stack.truth(month.from, month.to, { course: course.id, section: section.id });
    assert.ok(ofSection.rows > 0 && ofSection.rows < ofCourse.rows);
    await waitForRows(page, ofSection.rows);
    assert.ok(page.url().endsWith(`&course=${course.id}&section=${section.id}`));
    await page.getByText(`${course.code} ${course.name}, section ${section.number}`).waitFor();

    // After a reload and after Back, the selects show the view's course and section.
    await page.reload();
    await waitForRows(page, ofSection.rows);
    assert.equal(await page.getByRole('combobox', { name: 'Section' }).inputValue(), section.id);
    await page.getByRole('combobox', { name: 'Course' }).selectOption({ label: 'All courses' });
    await waitForRows(page, (await stack.truth(month.from, month.to)).rows);
    assert.ok(!page.url().includes('section='), 'without a course, the section must be dropped');
    await page.goBack();
    await waitForRows(page, ofSection.rows);
    assert.equal(await page.getByRole('combobox', { name: 'Course' }).inputValue(), course.id);
  });
});

test('the arrow buttons move by the length of the range, and the page does not scroll', async () => {
  await withTab(browser, { viewport: { width: 360, height: 740 } }, async (page) => {
    await page.goto(address(stack, month));
    await page.locator('[data-testid="minutes"] svg').first().waitFor();
    await page.evaluate(() => window.scrollTo(0, 200));
    const before = await page.evaluate(() => window.scrollY);
    await page.getByRole('button', { name: 'Previous 4 weeks' }).click();
    assert.ok(page.url().includes(`from=${plusDays(month.from, -28)}&to=${plusDays(month.to, -28)}`));
    assert.equal(await page.evaluate(() => window.scrollY), before);
    await page.getByRole('button', { name: 'Next 4 weeks' }).click();
    assert.ok(page.url().includes(`from=${month.from}&to=${month.to}`));
    await page.locator('[data-testid="minutes"] svg').first().waitFor();
  });
});

test('several changes in one frame make one entry in the history', async () => {
  const { courses } = await stack.api('/api/courses');
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await page.getByRole('combobox', { name: 'Course' }).locator(`option[value="${courses[0].id}"]`).waitFor({ state: 'attached' });
    const added = await page.evaluate((course) => {
      const entries = history.length;
      document.querySelector('.arrow').click();
      const select = document.querySelector('.ask-course select');
      select.value = course;
      select.dispatchEvent(new Event('change', { bubbles: true }));
      document.querySelector('.arrow').click();
      return history.length - entries;
    }, courses[0].id);
    assert.equal(added, 1);
    const expected = `from=${plusDays(month.from, -56)}&to=${plusDays(month.to, -56)}&course=${courses[0].id}`;
    assert.ok(page.url().endsWith(expected), page.url());
    await page.goBack();
    assert.ok(page.url().endsWith(`from=${month.from}&to=${month.to}`), page.url());
  });
});

test('Stop waiting brings back the plan', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, weeks(20, 30)));
    await page.getByRole('button', { name: 'Request from Echo360' }).click();
    await page.getByRole('button', { name: 'Stop waiting' }).click();
    await page.getByRole('button', { name: 'Request from Echo360' }).waitFor();
    await page.getByText('20 weekly reports, three at a time').waitFor();
  });
  // Reports that Echo360 already builds are still collected; later tests start when they are done.
  await until('nothing is under way', async () => (await stack.api('/api/requests')).desk.in_flight === 0);
});

test('choosing two days adds one entry to the history, and a zone can be chosen', async () => {
  const { from, to } = weeks(2, 1);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await page.locator('[data-testid="minutes"] svg').first().waitFor();
    const entries = await page.evaluate(() => history.length);
    await page.locator('.menu:has(.long) > summary').click();
    await page.getByLabel('First day', { exact: true }).fill(to);
    await page.getByLabel('Last day', { exact: true }).fill(from);
    await page.getByRole('button', { name: 'Show these days' }).click();
    await page.getByRole('alert').getByText('swap them').waitFor();
    await page.getByLabel('First day', { exact: true }).fill(from);
    await page.getByLabel('Last day', { exact: true }).fill(to);
    await page.getByRole('button', { name: 'Show these days' }).click();
    assert.ok(page.url().includes(`from=${from}&to=${to}`));
    assert.equal(await page.evaluate(() => history.length), entries + 1);
    await page.locator('.menu:has(.long) > summary').click();
    await page.getByLabel(/^Time zone/).selectOption('Europe/Berlin');
    assert.ok(page.url().includes('tz=Europe/Berlin'));
    await page.getByText(/UTC\+[12] Berlin/).first().waitFor();
  });
});

test('the day of a clock change has 23 or 25 hours', async () => {
  // The last Sunday of March or October, at least eight days ago.
  const sundays = [];
  for (let year = new Date().getUTCFullYear() - 1; year <= new Date().getUTCFullYear(); year += 1) {
    for (const [month, before] of [[2, 3600], [9, 7200]]) {
      const last = new Date(Date.UTC(year, month + 1, 0));
      const day = plusDays(last.toISOString().slice(0, 10), -last.getUTCDay());
      if (Date.parse(day) < Date.now() - 8 * 86_400_000) sundays.push({ day, before, after: 10_800 - before });
    }
  }
  const { day, before, after } = sundays.at(-1);
  const range = { from: plusDays(day, -6), to: plusDays(day, 1) };
  const at = (day, offset) => new Date(Date.parse(`${day}T00:00:00Z`) - offset * 1000).toISOString().slice(0, 19) + 'Z';
  const count = async (start, end) =>
    (await stack.ask(`/sandbox/rows?report=videoview&start=${start}&end=${end}&summary=count`)).rows;
  const expected = [];
  for (let it = range.from; it <= range.to; it = plusDays(it, 1)) {
    const start = at(it, it <= day ? before : after);
    const end = at(plusDays(it, 1), it < day ? before : after);
    expected.push((await count(start, end)) / 2);
  }
  await withTab(browser, {}, async (page) => {
    await stack.request({ report: 'videoview', ...range, tz: 'Europe/Berlin' });
    await page.goto(address(stack, range, { tz: 'Europe/Berlin' }));
    await waitForRows(page, expected.reduce((sum, minutes) => sum + 2 * minutes, 0));
    const figure = page.getByRole('region', { name: 'Minutes watched per day', exact: true });
    await figure.getByText('Numbers', { exact: true }).click();
    await figure.getByRole('table').waitFor();
    const shown = await figure.getByRole('table').locator('tbody tr td:nth-of-type(1)').allInnerTexts();
    assert.deepEqual(shown.map((text) => Number(text.replaceAll(',', ''))), expected);
  });
});

test('Ask again on a week keeps the old copy until the newer one arrives, and the details stay open', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await page.locator('[data-testid="minutes"] svg').first().waitFor();
    await page.locator('.progress > details > summary').click();
    const before = (await stack.api('/api/requests')).requests.find(({ from }) => from === month.from);
    const row = page.locator('.windows tbody tr').first();
    await row.getByRole('button', { name: /^Request again/ }).click();
    await row.getByText(/a newer copy is/).waitFor();
    assert.equal(await page.locator('.progress > details').evaluate((details) => details.open), true);
    await until('a newer copy is here', async () => {
      const { windows } = await stack.api(`/api/requests/${before.id}`);
      return windows.at(-1).copy.generation > before.windows.at(-1).copy.generation;
    });
    await row.getByRole('button', { name: /^Request again/ }).waitFor();
  });
});

test('after a network outage the page continues by itself', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_INTERNET_DISCONNECTED/);
    await page.goto(address(stack, month));
    const { rows } = await stack.truth(month.from, month.to);
    await waitForRows(page, rows);
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Next 4 weeks' }).click();
    await page.locator('[data-code="unreachable"]').waitFor();
    await page.context().setOffline(false);
    await page.locator('[data-code="unreachable"]').waitFor({ state: 'detached', timeout: 10_000 });
    await page.goBack();
    await waitForRows(page, rows);
  });
});

test('a part of the app that cannot be fetched shows an error, and Try again loads it', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_FAILED/, /Failed to fetch/, /TypeError/);
    await page.route('**/split_report-*.wasm', (route) => route.abort());
    await page.goto(address(stack, month));
    const notice = page.locator('[data-code="unreachable"]');
    await notice.waitFor();
    await page.unroute('**/split_report-*.wasm');
    await notice.getByRole('button', { name: 'Try again' }).click();
    const { rows } = await stack.truth(month.from, month.to);
    await waitForRows(page, rows);
    assert.equal(await notice.count(), 0);
  });
});

test('a menu whose items cannot be fetched stays open, and Try again loads them', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_FAILED/, /Failed to fetch/, /TypeError/);
    await page.route('**/split_rest-*.wasm', (route) => route.abort());
    await page.goto(address(stack, month));
    await waitUntilIdle(page);
    const menu = page.locator('.figure-menu').first();
    await menu.locator('summary').click();
    await menu.locator('[data-code="unreachable"]').waitFor();
    await page.unroute('**/split_rest-*.wasm');
    await menu.getByRole('button', { name: 'Try again' }).click();
    await menu.getByRole('button', { name: 'Print' }).waitFor();
  });
});

/** What the site answers for a file that a deployment has removed: its page. */
const answerWithPage = (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Lectern</title>' });

test('after a deployment, code that is missing says that Lectern was updated, and Reload shows the same view', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/is outdated/);
    const { rows } = await stack.truth(month.from, month.to);
    await page.goto(address(stack, month));
    await waitForRows(page, rows);
    await waitUntilIdle(page);
    await page.route('**/*.wasm', answerWithPage);
    await page.locator('.figure-menu > summary').first().click();
    const notice = page.locator('[data-code="updated"]');
    await notice.getByRole('heading', { name: 'Lectern was updated' }).waitFor();
    // Other parts that are missing add no further notice, and what is on the screen stays.
    await page.keyboard.press('Escape');
    await page.locator('.share-bar summary').first().click();
    await waitUntilIdle(page);
    assert.equal(await notice.count(), 1);
    assert.equal(await page.locator('[data-code="unreachable"]').count(), 0);
    assert.ok(await page.locator('[data-testid="minutes"] svg').first().isVisible());
    await page.unroute('**/*.wasm');
    const here = page.url();
    await notice.getByRole('button', { name: 'Reload' }).click();
    await waitForRows(page, rows);
    assert.equal(page.url(), here);
    assert.equal(await notice.count(), 0);
  });
});

test('a data worker that is missing or of another build is not used: Lectern was updated', async () => {
  const script = await (await fetch(`${stack.url}/data-worker-start.js`)).text();
  const other = script.replace(/"[0-9a-f]{16}"/, '"0000000000000000"');
  assert.notEqual(other, script, 'the script must name its build');
  const deployments = [
    ['**/data-worker-start.js', (route) => route.fulfill({ contentType: 'text/javascript', body: other })],
    ['**/data-worker-start.js', (route) => route.fulfill({ status: 404, contentType: 'text/plain', body: 'Not found' })],
    ['**/data-worker.js', answerWithPage],
  ];
  for (const [files, answer] of deployments) {
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/another build/, /MIME type/, /status of 404/);
      await page.goto(stack.url);
      await page.getByRole('button', { name: 'Load the last four weeks' }).waitFor();
      await page.route(files, answer);
      await page.getByRole('button', { name: 'Load the last four weeks' }).click();
      await page.locator('[data-code="updated"]').waitFor();
      assert.equal(await page.locator('[data-code="unreachable"]').count(), 0);
      await page.unroute(files);
      await page.locator('[data-code="updated"]').getByRole('button', { name: 'Reload' }).click();
      await page.locator('[data-testid="minutes"] svg').first().waitFor();
    });
  }
});

test('a browser without WebAssembly or Web Workers is told so, and is not left with Loading', async () => {
  const removals = [
    () => delete globalThis.WebAssembly,
    () => delete globalThis.Worker,
    // An engine that lacks a feature of the program refuses to compile it.
    () => {
      WebAssembly.instantiateStreaming = async () => {
        throw new WebAssembly.CompileError('unknown instruction');
      };
    },
  ];
  for (const remove of removals) {
    await withTab(browser, {}, async (page, tab) => {
      tab.expect(/unknown instruction/);
      await page.addInitScript(remove);
      await page.goto(address(stack, month));
      await page.getByRole('alert').getByText('needs WebAssembly and Web Workers').waitFor();
      assert.equal(await page.getByText('Loading', { exact: true }).count(), 0);
    });
  }
});

test('a page whose program cannot be fetched says so, and Reload starts it', async () => {
  await withTab(browser, {}, async (page, tab) => {
    // Chromium reports the module that could not be fetched without a text, too.
    tab.expect(/ERR_FAILED/, /Failed to fetch/, /^error: $/);
    await page.route('**/page.js', (route) => route.abort());
    await page.goto(address(stack, month));
    const notice = page.locator('[data-code="not-loaded"]');
    await notice.waitFor();
    await page.unroute('**/page.js');
    await notice.getByRole('link', { name: 'Reload' }).click();
    await waitForRows(page, (await stack.truth(month.from, month.to)).rows);
  });
});

test('while four weeks arrive the layout does not shift, and the title shows the progress', async () => {
  const { from, to } = weeks(4, 12);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, { from, to }));
    await page.getByRole('button', { name: 'Request from Echo360' }).waitFor();
    await page.evaluate(() => {
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
      }).observe({ type: 'layout-shift', buffered: false });
      // Records every title, however briefly it is shown.
      window.titles = [];
      new MutationObserver(() => window.titles.push(document.title)).observe(document.querySelector('title'), { childList: true });
    });
    await page.getByRole('button', { name: 'Request from Echo360' }).click();
    await until('the title says that all is here', async () => /^All loaded: /.test(await page.title()));
    const titles = await page.evaluate(() => window.titles);
    assert.ok(titles.some((title) => /^\d of 4 loaded: /.test(title)), `a title must say how many weeks are here: ${titles}`);
    await waitForRows(page, (await stack.truth(from, to)).rows);
    assert.ok((await page.evaluate(() => window.shifted)) < 0.05, 'the layout must not shift');
  });
});

test('print and forced colors keep headings and charts, and mark the current page', async () => {
  await withTab(browser, { forcedColors: 'active' }, async (page) => {
    await page.goto(address(stack, month));
    await page.locator('[data-testid="minutes"] svg').first().waitFor();
    const current = page.getByRole('link', { name: 'Reports', exact: true });
    assert.equal(await current.evaluate((link) => getComputedStyle(link).textDecorationLine), 'underline');
    await page.emulateMedia({ media: 'print', forcedColors: 'none' });
    await page.getByRole('heading', { level: 1, name: 'Videos watched' }).waitFor();
    assert.equal(await page.locator('.ask').isVisible(), false);
    assert.equal(await page.locator('[data-testid="minutes"] svg').first().isVisible(), true);
  });
});

/** Minutes and viewers of each day, from the tables behind the two charts. */
async function readDays(page) {
  const minutes = await tableOf(page, 'Minutes watched per day');
  const viewers = await tableOf(page, 'Viewers per day');
  assert.deepEqual(viewers.map((row) => row.Day), minutes.map((row) => row.Day));
  return minutes.map((row, place) => ({ ...viewers[place], ...row }));
}

/** Asserts that the tables show the expected numbers of each day, and no other days. */
async function assertDays(page, truth, from, to) {
  const byDay = new Map(truth.days.map((day) => [day.day, day]));
  const rows = await readDays(page);
  let day = from;
  for (const row of rows) {
    const expected = byDay.get(day) ?? { minutes: 0, viewers: 0 };
    const formatted = new Intl.DateTimeFormat('en-GB', {
      weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC',
    }).format(new Date(`${day}T12:00:00Z`));
    assert.equal(row.Day, formatted);
    assert.equal(parseNumber(row.Minutes), expected.minutes, `${day}: minutes`);
    assert.equal(parseNumber(row.Viewers), expected.viewers, `${day}: viewers`);
    day = plusDays(day, 1);
  }
  assert.equal(day, plusDays(to, 1), 'every day must have a row');
  return rows;
}

test('days are those of the zone in the URL', async () => {
  const { from, to } = weeks(1, 1);
  await withTab(browser, {}, async (page) => {
    await stack.request({ report: 'videoview', from, to, tz: 'Asia/Kolkata' });
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${from}&to=${to}&tz=Asia/Kolkata`);
    const truth = await stack.truth(from, to, { zoneOffsetSeconds: 19_800 });
    await waitForRows(page, truth.rows);
    await assertDays(page, truth, from, to);
  });
});

test('a week that Echo360 cannot build shows the request id to copy, and Try again', async () => {
  const { from, to } = failing;
  await withTab(browser, { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${from}&to=${to}`);
    const failed = page.locator('[data-state="failed"]');
    await failed.first().waitFor({ timeout: 120_000 });
    await page.getByText(/Echo360 could not build/).first().waitFor();
    const { requests } = await stack.api('/api/requests');
    const window = requests.flatMap((request) => request.windows).find(({ state }) => state === 'failed');
    assert.ok(window.upstream_request_id, 'the failed window must keep the upstream id for support');
    await page.getByText(window.upstream_request_id).first().waitFor();
    await page.getByRole('button', { name: 'Copy the id' }).first().click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), window.upstream_request_id);
    await page.getByRole('button', { name: 'Try again', exact: true }).click();
    const truth = await stack.truth(from, to);
    await waitForRows(page, truth.rows);
    await assertDays(page, truth, from, to);
  });
});

test('stored weeks are shown without a click and without a request', async () => {
  // Each week has been requested, but never these two weeks as one request.
  const { from, to } = weeks(2, 2);
  const requestIds = async () => (await stack.api('/api/requests')).requests.map(({ id }) => id).sort();
  const countCreated = async () => (await stack.ask('/sandbox/ledger')).creates.length;
  const before = [await requestIds(), await countCreated()];
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, { from, to }));
    await waitForRows(page, (await stack.truth(from, to)).rows);
    await page.getByText('All 2 weeks loaded.').waitFor();
    assert.equal(await page.title(), `All loaded: Videos watched, ${await page.locator('.menu .long').innerText()} – Lectern`);
    await page.getByRole('button', { name: 'Previous 2 weeks' }).click();
    const [earlier, until] = [plusDays(from, -14), plusDays(to, -14)];
    await waitForRows(page, (await stack.truth(earlier, until)).rows);
    assert.deepEqual([await requestIds(), await countCreated()], before, 'looking at stored weeks must request nothing');

    // Ask again on one of the weeks makes a request for the two weeks.
    await page.locator('.progress > details > summary').click();
    const row = page.locator('.windows tbody tr').first();
    await row.getByRole('button', { name: /^Request again/ }).click();
    await row.getByText(/a newer copy is/).waitFor();
    assert.equal((await requestIds()).length, before[0].length + 1);
  });
});

test('pointing at a bar with a long name does not shift the layout', async () => {
  for (const viewport of [{ width: 1280, height: 900 }, { width: 360, height: 740 }]) {
    await withTab(browser, { viewport }, async (page) => {
      await page.goto(address(stack, month));
      await waitForRows(page, (await stack.truth(month.from, month.to)).rows);
      await waitUntilIdle(page);
      const rows = figure(page, 'Minutes per video').locator('.drawing');
      await rows.scrollIntoViewIfNeeded();
      const top = async () => (await rows.boundingBox()).y;
      const before = await top();
      // The title of a lecture has no limit.
      const line = figure(page, 'Minutes per video').locator('.reading');
      await rows.getByRole('button').first().hover();
      const height = (await line.boundingBox()).height;
      await line.locator('.reading-name').evaluate((name) => (name.textContent = 'Membranes and what passes them '.repeat(9)));
      assert.equal((await line.boundingBox()).height, height);
      assert.equal(await top(), before);
      const [numbers, whole] = [await line.locator('.reading-told').boundingBox(), await line.boundingBox()];
      assert.ok(numbers.x + numbers.width <= whole.x + whole.width + 1, 'the numbers must not be cut off');
      for (const place of [1, 2, 3, 4]) {
        await rows.getByRole('button').nth(place).hover();
        assert.equal(await top(), before, `bar ${place}`);
      }
    });
  }
});

test('each of several chosen sections has a download with all its rows', async () => {
  const { course, sections: [one, other] } = await busyCourse(stack, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { course: course.id, section: `${one.id},${other.id}`, role: 'student' }));
    for (const section of [one, other]) {
      const number = await sectionName(stack, month, { id: section.id, name: section.number });
      const name = `Download CSV of ${course.code} ${course.name}, section ${number}`;
      const href = await page.locator('.download').getByRole('link', { name, exact: true }).getAttribute('href');
      const csv = await (await fetch(stack.url + href)).text();
      const { rows } = await stack.truth(month.from, month.to, { course: course.id, section: section.id });
      assert.equal(csv.trimEnd().split('\n').length - 1, rows, name);
    }
    await page.getByText('filters by video, deck, role and student do not apply to it').waitFor();
  });
});

test('charts, filters, menus and tables work by keyboard alone on a desktop', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    const { rows, days } = await stack.truth(month.from, month.to);
    await waitForRows(page, rows);
    const tabTo = async (matches, what) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        const now = await describeFocus(page);
        if (now.tag !== 'body') assert.ok(now.outlined && now.uncovered, `${now.tag} ${now.text}: the focus must be visible`);
        if (matches(now)) return now;
      }
      throw new Error(`${what} is not reached`);
    };
    const readingOf = (title) => figure(page, title).locator('[data-testid="reading"]').textContent();
    const expectedReading = ({ day, minutes, viewers }) =>
      `${formatDay(day)}: ${minutes.toLocaleString('en-GB')} minutes, ${viewers.toLocaleString('en-GB')} viewers`;
    const byDay = new Map(days.map((day) => [day.day, day]));
    const totalsOf = (day) => byDay.get(day) ?? { day, minutes: 0, viewers: 0 };

    // The first chart: from the first day to the last and back.
    await tabTo(({ text }) => text === 'Minutes watched per day', 'the first chart');
    assert.equal(await readingOf('Minutes watched per day'), expectedReading(totalsOf(month.from)));
    await page.keyboard.press('ArrowRight');
    assert.equal(await readingOf('Minutes watched per day'), expectedReading(totalsOf(plusDays(month.from, 1))));
    await page.keyboard.press('End');
    assert.equal(await readingOf('Minutes watched per day'), expectedReading(totalsOf(month.to)));
    await page.keyboard.press('PageUp');
    const day = totalsOf(plusDays(month.to, -7));
    assert.equal(await readingOf('Minutes watched per day'), expectedReading(day));
    const other = await readingOf('Viewers per day');
    assert.ok(other.startsWith(`${formatDay(day.day)}: ${day.viewers} viewers`), `the other chart must show the same day: ${other}`);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-valuetext')), formatDay(day.day));

    // The heat map moves by hours and weekdays.
    await tabTo(({ text }) => text === 'Minutes by weekday and hour', 'the heat map');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    assert.match(await readingOf('Minutes by weekday and hour'), /^Tuesday 01:00–02:00: /);

    // A menu is opened, and closed with Escape.
    await tabTo(({ text }) => text === 'Save, print or explain: Minutes per video', 'the menu');
    await page.keyboard.press('Enter');
    const items = figure(page, 'Minutes per video').locator('.figure-menu-items');
    await items.waitFor();
    await page.keyboard.press('Tab');
    assert.equal((await describeFocus(page)).text, 'Save as SVG');
    await page.keyboard.press('Escape');
    assert.equal((await describeFocus(page)).text, 'Save, print or explain: Minutes per video');
    assert.equal(await items.isVisible(), false);

    // A bar filters the other figures and removes the filter again; the focus stays on it.
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    const video = (await describeFocus(page)).text;
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Remove the filter ${video}`, exact: true }).waitFor();
    assert.equal((await describeFocus(page)).text, video);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-pressed')), 'true');
    await page.keyboard.press('Enter');
    await waitForRows(page, rows);

    // In the list of students keys move by rows and pages, and the position is announced.
    await tabTo(({ text }) => text === 'Numbers: Students', 'the students');
    const table = figure(page, 'Students');
    const all = (await table.getByRole('table').getAttribute('aria-rowcount')) - 1;
    assert.equal(await table.getByRole('status').innerText(), `Rows 1–12 of ${all}`);
    await page.keyboard.press('ArrowDown');
    await table.getByText(`Rows 2–13 of ${all}`).waitFor();
    await page.keyboard.press('PageDown');
    await table.getByText(`Rows 13–24 of ${all}`).waitFor();
    await page.keyboard.press('End');
    await table.getByText(`Rows ${all - 11}–${all} of ${all}`).waitFor();
    assert.equal((await visibleRows(table.locator('.listing'))).at(-1).number, all - 1);
  });
});

test('a long table handles every key press, even when several come in one frame', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await waitForRows(page, (await stack.truth(month.from, month.to)).rows);
    const table = figure(page, 'Students');
    const all = (await table.getByRole('table').getAttribute('aria-rowcount')) - 1;
    assert.ok(all > 40, `${all} students`);
    await table.locator('.listing').evaluate((listing) => {
      const press = (key) => listing.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      for (const key of ['PageDown', 'PageDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) press(key);
    });
    await table.getByText(`Rows 24–35 of ${all}`).waitFor();
  });
});
