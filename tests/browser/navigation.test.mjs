/** Ways through the page: by keyboard alone, through courses, days and zones, and while things go wrong. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Browser, Stack, plusDays, rest, until, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { drawnFrom, figure, onScreen, read, tableOf } from './tables.mjs';
import { busyCourse } from './truth.mjs';

let stack, browser;
const month = weeks(4, 4);
/** The week that cannot be built, and the one after it. */
const failing = weeks(2, 20);
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  // Three tries take a while: they pass while the first tests run.
  await stack.harm({ fault: 'failed', count: 3, report: 'videoview', start: failing.from });
  await stack.request({ report: 'videoview', ...failing }, { settled: false });
  await stack.request({ report: 'videoview', ...weeks(8) });
  await stack.request({ report: 'videoview', ...month });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** What has the focus: its name and whether it can be seen that it has. */
const focused = (page) =>
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

test('a first visit, the days and the details, by keyboard alone', async () => {
  // On a phone, since there a line stays on top that could cover what has the focus.
  await withTab(browser, { viewport: { width: 360, height: 740 } }, async (page) => {
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
      return focused(page);
    };
    /** Tabs on to what is called so; everything on the way must be seen to have the focus. */
    const tabTo = async (text, key = 'Tab') => {
      for (let presses = 0; presses < 40; presses += 1) {
        const now = await press(key);
        if (now.tag !== 'body') {
          assert.ok(now.outlined, `${now.tag} ${now.text}: the focus cannot be seen`);
          assert.ok(now.uncovered, `${now.tag} ${now.text}: the focus is covered`);
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

    // The days: opened, closed with Escape, opened again, a preset chosen.
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
    assert.equal((await press('Enter')).tag, 'summary', 'the focus is where the choice is shown');
    const { from, to } = weeks(1);
    assert.ok(page.url().includes(`from=${from}&to=${to}`));

    // An arrow keeps the focus, at the end of what is over too.
    await tabTo('Previous week', 'Shift+Tab');
    assert.equal((await press('Enter')).text, 'Previous week');
    await tabTo('Next week');
    await press('Enter');
    assert.equal((await press('Enter')).text, 'Next week');
    assert.ok(page.url().includes(`from=${from}&to=${to}`), 'not into days that are not over');

    // The details of the windows: that week is here already, so nobody has to ask for it.
    await page.locator('.coverage li').first().waitFor();
    await tabTo('Details');
    await page.keyboard.press('Enter');
    await page.locator('.windows').waitFor();
    await tabTo('Request again');
  });
});

test('a course and a section are in the URL, and the numbers are theirs', async () => {
  const { course, sections: [section] } = await busyCourse(stack, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await drawnFrom(page, (await stack.truth(month.from, month.to)).rows);
    await page.getByRole('combobox', { name: 'Course' }).selectOption({ value: course.id });
    const ofCourse = await stack.truth(month.from, month.to, { course: course.id });
    await drawnFrom(page, ofCourse.rows);
    await page.getByRole('combobox', { name: 'Section' }).selectOption({ value: section.id });
    const ofSection = await stack.truth(month.from, month.to, { course: course.id, section: section.id });
    assert.ok(ofSection.rows > 0 && ofSection.rows < ofCourse.rows);
    await drawnFrom(page, ofSection.rows);
    assert.ok(page.url().endsWith(`&course=${course.id}&section=${section.id}`));
    await page.getByText(`${course.code} ${course.name}, section ${section.number}`).waitFor();

    // A link to it, then back, choice by choice; the selects follow.
    await page.reload();
    await drawnFrom(page, ofSection.rows);
    assert.equal(await page.getByRole('combobox', { name: 'Section' }).inputValue(), section.id);
    await page.getByRole('combobox', { name: 'Course' }).selectOption({ label: 'All courses' });
    await drawnFrom(page, (await stack.truth(month.from, month.to)).rows);
    assert.ok(!page.url().includes('section='), 'a section without its course is no view');
    await page.goBack();
    await drawnFrom(page, ofSection.rows);
    assert.equal(await page.getByRole('combobox', { name: 'Course' }).inputValue(), course.id);
  });
});

test('arrows go by the length of the range, and nothing scrolls', async () => {
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

test('several changes in one frame are one view and one entry in the history', async () => {
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

test('who stops waiting gets the plan back, and what is here stays here', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, weeks(20, 30)));
    await page.getByRole('button', { name: 'Request from Echo360' }).click();
    await page.getByRole('button', { name: 'Stop waiting' }).click();
    await page.getByRole('button', { name: 'Request from Echo360' }).waitFor();
    await page.getByText('20 weekly reports, three at a time').waitFor();
  });
  // What Echo360 builds already is kept; the rest of the tests need not wait for more.
  await until('nothing is under way', async () => (await stack.api('/api/requests')).desk.in_flight === 0);
});

test('two days and a zone are chosen, and one change is one entry in the history', async () => {
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

test('the day on which clocks change has its own length', async () => {
  // The last Sunday of October or March that is at least a week ago.
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
    await drawnFrom(page, expected.reduce((sum, minutes) => sum + 2 * minutes, 0));
    const figure = page.getByRole('region', { name: 'Minutes watched per day', exact: true });
    await figure.getByText('Numbers', { exact: true }).click();
    const shown = await figure.getByRole('table').locator('tbody tr td:nth-of-type(1)').allInnerTexts();
    assert.deepEqual(shown.map((text) => Number(text.replaceAll(',', ''))), expected);
  });
});

test('a week is asked again by hand, the old copy stays, and the focus too', async () => {
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

test('the network goes and comes back: nothing is lost, and the page goes on by itself', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_INTERNET_DISCONNECTED/);
    await page.goto(address(stack, month));
    const { rows } = await stack.truth(month.from, month.to);
    await drawnFrom(page, rows);
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Next 4 weeks' }).click();
    await page.locator('[data-code="unreachable"]').waitFor();
    await page.context().setOffline(false);
    await page.locator('[data-code="unreachable"]').waitFor({ state: 'detached', timeout: 10_000 });
    await page.goBack();
    await drawnFrom(page, rows);
  });
});

test('a part of the page that cannot be fetched says so, and is there when it is tried again', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/ERR_FAILED/, /Failed to fetch/, /TypeError/);
    await page.route('**/split_watching-*.wasm', (route) => route.abort());
    await page.goto(address(stack, month));
    const notice = page.locator('[data-code="unreachable"]');
    await notice.waitFor();
    await page.unroute('**/split_watching-*.wasm');
    await notice.getByRole('button', { name: 'Try again' }).click();
    const { rows } = await stack.truth(month.from, month.to);
    await drawnFrom(page, rows);
    assert.equal(await notice.count(), 0);
  });
});

test('while four weeks arrive nothing jumps, and the title says when they are here', async () => {
  const { from, to } = weeks(4, 12);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, { from, to }));
    await page.getByRole('button', { name: 'Request from Echo360' }).waitFor();
    await page.evaluate(() => {
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
      }).observe({ type: 'layout-shift', buffered: false });
      // Every title, however short it stands.
      window.titles = [];
      new MutationObserver(() => window.titles.push(document.title)).observe(document.querySelector('title'), { childList: true });
    });
    await page.getByRole('button', { name: 'Request from Echo360' }).click();
    await until('the title says that all is here', async () => /^All loaded: /.test(await page.title()));
    const titles = await page.evaluate(() => window.titles);
    assert.ok(titles.some((title) => /^\d of 4 loaded: /.test(title)), `no title says how far it is: ${titles}`);
    await drawnFrom(page, (await stack.truth(from, to)).rows);
    assert.ok((await page.evaluate(() => window.shifted)) < 0.05, 'the page jumped');
  });
});

test('what is printed, and what a reader with forced colours sees, keeps its words', async () => {
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

/** Minutes and viewers of each day, out of the tables behind the two charts. */
async function numbers(page) {
  const minutes = await tableOf(page, 'Minutes watched per day');
  const viewers = await tableOf(page, 'Viewers per day');
  assert.deepEqual(viewers.map((row) => row.Day), minutes.map((row) => row.Day));
  return minutes.map((row, place) => ({ ...viewers[place], ...row }));
}

/** Fails unless the table shows exactly the truth about these days. */
async function shows(page, truth, from, to) {
  const told = new Map(truth.days.map((day) => [day.day, day]));
  const rows = await numbers(page);
  let day = from;
  for (const row of rows) {
    const expected = told.get(day) ?? { minutes: 0, viewers: 0 };
    const spelled = new Intl.DateTimeFormat('en-GB', {
      weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC',
    }).format(new Date(`${day}T12:00:00Z`));
    assert.equal(row.Day, spelled);
    assert.equal(read(row.Minutes), expected.minutes, `${day}: minutes`);
    assert.equal(read(row.Viewers), expected.viewers, `${day}: viewers`);
    day = plusDays(day, 1);
  }
  assert.equal(day, plusDays(to, 1), 'every day has its row');
  return rows;
}

test('days are those of the zone that the link names', async () => {
  const { from, to } = weeks(1, 1);
  await withTab(browser, {}, async (page) => {
    await stack.request({ report: 'videoview', from, to, tz: 'Asia/Kolkata' });
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${from}&to=${to}&tz=Asia/Kolkata`);
    const truth = await stack.truth(from, to, { zoneOffsetSeconds: 19_800 });
    await drawnFrom(page, truth.rows);
    await shows(page, truth, from, to);
  });
});

test('a week that Echo360 cannot build says so, with its id and a way on', async () => {
  const { from, to } = failing;
  await withTab(browser, { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await page.goto(`${stack.url}/?v=1&report=videoview&from=${from}&to=${to}`);
    const failed = page.locator('[data-state="failed"]');
    await failed.first().waitFor({ timeout: 120_000 });
    await page.getByText(/Echo360 could not build/).first().waitFor();
    const ledger = await stack.api('/api/requests');
    const window = ledger.requests.flatMap((request) => request.windows).find(({ state }) => state === 'failed');
    assert.ok(window.upstream_request_id, 'the failed window keeps an id for support');
    await page.getByText(window.upstream_request_id).first().waitFor();
    await page.getByRole('button', { name: 'Copy the id' }).first().click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), window.upstream_request_id);
    await page.getByRole('button', { name: 'Try again', exact: true }).click();
    const truth = await stack.truth(from, to);
    await drawnFrom(page, truth.rows);
    await shows(page, truth, from, to);
  });
});

test('what is here already is shown without a click, and nobody is asked for it', async () => {
  // Each week was asked for by somebody, this fortnight by nobody.
  const { from, to } = weeks(2, 2);
  const asked = async () => (await stack.api('/api/requests')).requests.map(({ id }) => id).sort();
  const created = async () => (await stack.ask('/sandbox/ledger')).creates.length;
  const before = [await asked(), await created()];
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, { from, to }));
    await drawnFrom(page, (await stack.truth(from, to)).rows);
    await page.getByText('All 2 weeks loaded.').waitFor();
    assert.equal(await page.title(), `All loaded: Videos watched, ${await page.locator('.menu .long').innerText()} – Lectern`);
    await page.getByRole('button', { name: 'Previous 2 weeks' }).click();
    const [earlier, until] = [plusDays(from, -14), plusDays(to, -14)];
    await drawnFrom(page, (await stack.truth(earlier, until)).rows);
    assert.deepEqual([await asked(), await created()], before, 'looking asks for nothing');

    // One of them is asked again by hand: now the fortnight is a request like others.
    await page.locator('.progress > details > summary').click();
    const row = page.locator('.windows tbody tr').first();
    await row.getByRole('button', { name: /^Request again/ }).click();
    await row.getByText(/a newer copy is/).waitFor();
    assert.equal((await asked()).length, before[0].length + 1);
  });
});

test('pointing at a long name moves nothing: the read-out keeps its one line', async () => {
  for (const viewport of [{ width: 1280, height: 900 }, { width: 360, height: 740 }]) {
    await withTab(browser, { viewport }, async (page) => {
      await page.goto(address(stack, month));
      await drawnFrom(page, (await stack.truth(month.from, month.to)).rows);
      await rest(page);
      const rows = figure(page, 'Minutes per video').locator('.drawing');
      await rows.scrollIntoViewIfNeeded();
      const top = async () => (await rows.boundingBox()).y;
      const before = await top();
      // A lecture's title may be as long as it likes.
      const line = figure(page, 'Minutes per video').locator('.reading');
      await rows.getByRole('button').first().hover();
      const height = (await line.boundingBox()).height;
      await line.locator('.reading-name').evaluate((name) => (name.textContent = 'Membranes and what passes them '.repeat(9)));
      assert.equal((await line.boundingBox()).height, height);
      assert.equal(await top(), before);
      const [told, whole] = [await line.locator('.reading-told').boundingBox(), await line.boundingBox()];
      assert.ok(told.x + told.width <= whole.x + whole.width + 1, 'its numbers are not cut off');
      for (const place of [1, 2, 3, 4]) {
        await rows.getByRole('button').nth(place).hover();
        assert.equal(await top(), before, `bar ${place}`);
      }
    });
  }
});

test('of several chosen sections each has a download, and every row of it', async () => {
  const { course, sections: [one, other] } = await busyCourse(stack, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { course: course.id, section: `${one.id},${other.id}`, role: 'student' }));
    for (const section of [one, other]) {
      // Sections of several terms share a number: those have their ids beside it.
      const id = one.number === other.number ? ` (${section.id.slice(0, 8)})` : '';
      const name = `Download CSV of ${course.code} ${course.name}, section ${section.number}${id}`;
      const href = await page.locator('.download').getByRole('link', { name, exact: true }).getAttribute('href');
      const csv = await (await fetch(stack.url + href)).text();
      const { rows } = await stack.truth(month.from, month.to, { course: course.id, section: section.id });
      assert.equal(csv.trimEnd().split('\n').length - 1, rows, name);
    }
    await page.getByText('filters by video, deck, role and student do not apply to it').waitFor();
  });
});

test('the charts, a filter, the menu and the table by keyboard alone, at a desk', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    const { rows, days } = await stack.truth(month.from, month.to);
    await drawnFrom(page, rows);
    const tabTo = async (matches, what) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        const now = await focused(page);
        if (now.tag !== 'body') assert.ok(now.outlined && now.uncovered, `${now.tag} ${now.text}: the focus can be seen`);
        if (matches(now)) return now;
      }
      throw new Error(`${what} is not reached`);
    };
    const reading = (title) => figure(page, title).locator('[data-testid="reading"]').textContent();
    const spelled = (day) => new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
      .format(new Date(`${day}T12:00:00Z`));
    const told = ({ day, minutes, viewers }) =>
      `${spelled(day)}: ${minutes.toLocaleString('en-GB')} minutes, ${viewers.toLocaleString('en-GB')} viewers`;
    const known = new Map(days.map((day) => [day.day, day]));
    const of = (day) => known.get(day) ?? { day, minutes: 0, viewers: 0 };

    // The first chart: from the first day to the last and back.
    await tabTo(({ text }) => text === 'Minutes watched per day', 'the first chart');
    assert.equal(await reading('Minutes watched per day'), told(of(month.from)));
    await page.keyboard.press('ArrowRight');
    assert.equal(await reading('Minutes watched per day'), told(of(plusDays(month.from, 1))));
    await page.keyboard.press('End');
    assert.equal(await reading('Minutes watched per day'), told(of(month.to)));
    await page.keyboard.press('PageUp');
    const day = of(plusDays(month.to, -7));
    assert.equal(await reading('Minutes watched per day'), told(day));
    const also = await reading('Viewers per day');
    assert.ok(also.startsWith(`${spelled(day.day)}: ${day.viewers} viewers`), `the same day in the other chart: ${also}`);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-valuetext')), spelled(day.day));

    // The heat map moves by hours and weekdays.
    await tabTo(({ text }) => text === 'Minutes by weekday and hour', 'the heat map');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    assert.match(await reading('Minutes by weekday and hour'), /^Tuesday 01:00–02:00: /);

    // A menu: opened, closed with Escape, and left by going on.
    await tabTo(({ text }) => text === 'Save, print or explain: Minutes per video', 'the menu');
    await page.keyboard.press('Enter');
    const items = figure(page, 'Minutes per video').locator('.figure-menu-items');
    await items.waitFor();
    await page.keyboard.press('Tab');
    assert.equal((await focused(page)).text, 'Save as SVG');
    await page.keyboard.press('Escape');
    assert.equal((await focused(page)).text, 'Save, print or explain: Minutes per video');
    assert.equal(await items.isVisible(), false);

    // A bar filters everything; its chip takes that back, and the focus is not lost.
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    const video = (await focused(page)).text;
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Remove the filter ${video}`, exact: true }).waitFor();
    assert.equal((await focused(page)).text, video);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-pressed')), 'true');
    await page.keyboard.press('Enter');
    await drawnFrom(page, rows);

    // The students: keys go by rows and pages, and where one is, is said.
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
    assert.equal((await onScreen(table.locator('.listing'))).at(-1).number, all - 1);
  });
});

test('keys that come faster than frames are not lost in a long table', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await drawnFrom(page, (await stack.truth(month.from, month.to)).rows);
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
