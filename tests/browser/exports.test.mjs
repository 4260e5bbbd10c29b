/** Exports of the figures (CSV, SVG, PNG and print): their headers, and the numbers that the page shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, Stack, waitUntilIdle, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { allRows, cellsOf, figure, parseNumber, waitForRows } from './tables.mjs';
import { busyCourse, expected, views } from './truth.mjs';
import { readSheets } from './xlsx.mjs';

const FIGURES = [
  'Minutes watched per day', 'Viewers per day', 'New and returning viewers', 'Minutes by weekday and hour', 'Minutes per video',
  'How soon videos are watched', 'Minutes per section', 'Minutes by role', 'How much students watched',
];
let stack, browser;
const month = weeks(4, 4);
before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), Browser.start()]);
  await stack.request({ report: 'videoview', ...month });
});
after(async () => {
  await browser?.stop();
  await stack?.stop();
});

/** Clicks an item of a figure's menu. */
async function chooseItem(page, title, choice) {
  await figure(page, title).locator('.figure-menu > summary').click();
  await figure(page, title).getByRole('button', { name: choice, exact: true }).click();
}

/** Chooses an item of a figure's menu; returns the name and the bytes of the downloaded file. */
async function saveFile(page, title, choice) {
  const [download] = await Promise.all([page.waitForEvent('download'), chooseItem(page, title, choice)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** The cells of a CSV, line by line. */
function parseCsv(text) {
  const lines = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    lines.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') lines.push([]);
    if (end === '') break;
  }
  return lines.filter((cells, place) => place < lines.length - 1);
}

/** The names of the lines in an export's header. */
const HEADS = ['Report', 'Chart', 'Days', 'Zone', 'Filters', 'Built'];
function checkHeader(header, title, page, filters) {
  assert.deepEqual(Object.keys(header), HEADS);
  assert.equal(header.Report, 'Videos watched');
  assert.equal(header.Chart, title);
  assert.equal(header.Days, page.days);
  assert.equal(header.Zone, 'UTC');
  assert.equal(header.Filters, filters);
  const age = Date.now() - Date.parse(`${header.Built.replace(',', '')} UTC`);
  assert.ok(age > -61_000 && age < 600_000, `built at ${header.Built}`);
}

test('the CSV of every figure has a header and the numbers of its table, and no cell is a formula', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { role: 'student' }));
    await waitUntilIdle(page);
    const days = await page.locator('.menu .long').innerText();
    for (const title of FIGURES) {
      const { heads, rows } = await cellsOf(page, title);
      const { name, bytes } = await saveFile(page, title, 'Save numbers as CSV');
      assert.equal(name, `${title.toLowerCase().replaceAll(' ', '-')}.csv`);
      const text = bytes.toString('utf8');
      assert.ok(text.startsWith('\u{feff}'), 'it must begin with a byte order mark, so that spreadsheets read UTF-8');
      const lines = parseCsv(text.slice(1));
      checkHeader(Object.fromEntries(lines.slice(0, 6)), title, { days }, 'Students');
      assert.deepEqual(lines[6], ['']);
      assert.deepEqual(lines[7], heads);
      // Numbers have no thousands separators, so that every program reads them; texts are as on the screen.
      const number = (cell) => (cell === '–' ? '' : String(parseNumber(cell)));
      const isState = heads.at(-1) === 'State' || heads.at(-1) === 'Days';
      const expectedLines = rows.map((cells) =>
        cells.map((cell, place) => (place === 0 || (isState && place === cells.length - 1) ? cell : number(cell))),
      );
      assert.deepEqual(lines.slice(8), expectedLines, title);
      for (const cell of lines.flat()) assert.ok(!/^[=+\-@\t\r]/.test(cell) || !Number.isNaN(Number(cell)), `${cell} must not be a formula`);
    }
  });
});

test('the CSV of the students has every student, with minutes by day', async () => {
  const all = await views(stack, month);
  const { students, days } = expected(all, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await waitForRows(page, all.length);
    const { name, bytes } = await saveFile(page, 'Students', 'Save numbers as CSV');
    assert.equal(name, 'students.csv');
    const lines = parseCsv(bytes.toString('utf8').slice(1));
    checkHeader(Object.fromEntries(lines.slice(0, 6)), 'Students', { days: await page.locator('.menu .long').innerText() }, 'none');
    assert.deepEqual(lines[7], ['Student', 'Minutes', ...days.map(({ day }) => day)]);
    const expectedLines = students.map((student) => [student.name, String(student.minutes), ...student.days.map((rows) => String(rows / 2))]);
    assert.deepEqual(lines.slice(8), expectedLines);
    // The export must not change the table on the screen.
    const listed = await allRows(figure(page, 'Students').locator('.listing'));
    assert.deepEqual(listed.map(({ cells }) => cells[0]), students.map((student) => student.name));
  });
});

test('the menu of the rows table links to the CSV download', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await waitUntilIdle(page);
    await figure(page, 'Every row').locator('.figure-menu > summary').click();
    const link = figure(page, 'Every row').getByRole('link', { name: 'Download CSV' });
    assert.equal(await link.getAttribute('href'), await page.locator('a[data-testid="csv"]').getAttribute('href'));
  });
});

test('the workbook of every figure has the numbers of its CSV, days as dates, and a sheet that says what it is', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { role: 'student' }));
    await waitUntilIdle(page);
    for (const title of [...FIGURES, 'Students']) {
      const csv = parseCsv((await saveFile(page, title, 'Save numbers as CSV')).bytes.toString('utf8').slice(1));
      const { name, bytes } = await saveFile(page, title, 'Save numbers as Excel (xlsx)');
      assert.equal(name, `${title.toLowerCase().replaceAll(' ', '-')}.xlsx`);
      const { Data: [heads, ...rows], 'About this file': about } = readSheets(bytes);
      assert.deepEqual(heads, csv[7], title);
      assert.equal(rows.length, csv.length - 8, title);
      rows.forEach((row, place) => {
        const cells = heads.map((head, column) => {
          const cell = row[column];
          if (head !== 'Day' || column > 0) return cell === undefined ? '' : String(cell);
          const day = new Date(Date.parse(month.from) + place * 86_400_000).toISOString().slice(0, 10);
          assert.deepEqual(cell, { date: day }, `${title}: days must be dates`);
          return csv[8 + place][0];
        });
        assert.deepEqual(cells, csv[8 + place], title);
      });
      const isBuilt = ([head]) => head === 'Built';
      assert.deepEqual(about.slice(0, 6).filter((line) => !isBuilt(line)), csv.slice(0, 6).filter((line) => !isBuilt(line)), title);
      assert.match(about[6][1], title === 'Students' ? /may name people/ : /names nobody/);
    }
  });
});

test('the workbook of all rows has every row, times as dates in UTC and in the zone, and text as text', async () => {
  await stack.request({ report: 'videoview', ...month, tz: 'Asia/Kolkata' });
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { tz: 'Asia/Kolkata' }));
    await waitUntilIdle(page);
    const href = await page.getByTestId('csv').getAttribute('href');
    const text = await (await fetch(`${stack.url}${href}&cells=raw`)).text();
    const { name, bytes } = await saveFile(page, 'Every row', 'Save rows as Excel (xlsx)');
    assert.match(name, /^videos-watched-.*\.xlsx$/);
    const { Data: [heads, ...rows], 'About this file': about } = readSheets(bytes);
    const csv = parseCsv(`${text.trimEnd().replaceAll(/\r?\n/g, '\r\n')}\r\n`);
    assert.deepEqual(heads, [...csv[0], 'event_local_time']);
    assert.ok(rows.length > 0);
    assert.equal(rows.length, csv.length - 1);
    const [time, minutes] = [heads.indexOf('event_timestamp'), heads.indexOf('duration_Minute')];
    for (const [place, row] of rows.entries()) {
      const raw = csv[place + 1];
      const at = Date.parse(`${raw[time].replace(' ', 'T').replace(/Z?$/, 'Z')}`);
      const iso = (instant) => ({ date: new Date(instant).toISOString().slice(0, 19) });
      assert.deepEqual(row[time], iso(at));
      assert.deepEqual(row.at(-1), iso(at + 5.5 * 3_600_000));
      assert.equal(row[minutes], Number(raw[minutes]));
      const rest = heads.slice(0, -1).map((_, column) => column).filter((column) => column !== time && column !== minutes);
      assert.deepEqual(rest.map((column) => row[column] ?? ''), rest.map((column) => raw[column]));
    }
    const notes = Object.fromEntries(about);
    assert.match(notes.Zone, /Kolkata/);
    assert.match(notes.Filters, /every row/);
    assert.match(notes['Personal data'], /may name people/);
  });
});

test('each of several sections has a workbook of its own', async () => {
  const { course, sections } = await busyCourse(stack, month);
  const two = sections.slice(0, 2);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { course: course.id, section: two.map(({ id }) => id).join() }));
    await waitUntilIdle(page);
    const menu = figure(page, 'Every row').locator('.figure-menu');
    await menu.locator('summary').click();
    const save = menu.getByRole('button', { name: /^Save rows of .*, section .* as Excel \(xlsx\)$/ });
    await save.nth(1).waitFor();
    const labels = await save.allInnerTexts();
    await page.keyboard.press('Escape');
    assert.equal(new Set(labels).size, 2);
    const truths = await Promise.all(two.map(({ id }) => stack.truth(month.from, month.to, { course: course.id, section: id })));
    const [names, counts] = [new Set(), []];
    for (const label of labels) {
      const { name, bytes } = await saveFile(page, 'Every row', label);
      names.add(name);
      const { Data: [, ...rows], 'About this file': about } = readSheets(bytes);
      counts.push(rows.length);
      assert.equal(label, `Save rows of ${Object.fromEntries(about).Section} as Excel (xlsx)`);
    }
    assert.equal(names.size, 2, [...names].join());
    assert.deepEqual(counts.sort(), truths.map(({ rows }) => rows).sort());
  });
});

test('what keeps a workbook from being made is told: too many rows, no connection, the end of the session, a deployment', async () => {
  await withTab(browser, {}, async (page, tab) => {
    tab.expect(/status of 401/, /ERR_/, /SyntaxError/, /MIME type/, /spreadsheet\.js/);
    const choose = () => chooseItem(page, 'Every row', 'Save rows as Excel (xlsx)');
    /** Tries to save; returns the text of the dialog. */
    const failure = async () => {
      const dialog = page.waitForEvent('dialog').then(async (shown) => {
        const message = shown.message();
        await shown.accept();
        return message;
      });
      await choose();
      return dialog;
    };
    const reload = async () => {
      await page.goto(address(stack, month));
      await waitUntilIdle(page);
    };
    const rows = /\/api\/csv\/videoview\?.*cells=raw/;
    const context = page.context();

    await page.route('**/api/csv/*/count?*', (route) => route.fulfill({ json: { rows: 100_001, exact: true } }));
    await reload();
    // The menu counts when it is opened first.
    const counted = page.waitForResponse(/\/count\?/);
    await figure(page, 'Every row').locator('.figure-menu > summary').click();
    await counted;
    await page.keyboard.press('Escape');
    assert.match(await failure(), /at most 100,000 rows.*fewer days or one section/);
    await page.unroute('**/api/csv/*/count?*');

    await reload();
    await context.route(rows, (route) => route.abort());
    assert.match(await failure(), /^Lectern cannot be reached/);
    await context.unroute(rows);
    await context.route(rows, (route) => route.fulfill({ contentType: 'text/csv', body: 'a,b\n1\n' }));
    assert.match(await failure(), /the rows cannot be read/);
    await context.unroute(rows);
    await context.route(rows, (route) => route.fulfill({ status: 401, contentType: 'text/html', body: 'Sign in' }));
    await choose();
    await page.locator('[data-code="sign-in-needed"]').getByRole('heading', { name: 'You were signed out' }).waitFor();
    await context.unroute(rows);

    await reload();
    const program = '**/spreadsheet.js';
    await context.route(program, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Lectern</title>' }));
    await choose();
    await page.locator('[data-code="updated"]').getByRole('heading', { name: 'Lectern was updated' }).waitFor();
  });
});

test('a download on the screen says how many rows it has, and a long one offers a file for each week', async () => {
  const all = await views(stack, month);
  /** Opens a view and scrolls to its link, whose rows are counted then. */
  const open = async (page, to) => {
    await page.goto(to);
    await waitUntilIdle(page);
    await page.getByTestId('csv').scrollIntoViewIfNeeded();
  };
  await withTab(browser, {}, async (page) => {
    await open(page, address(stack, month));
    const count = page.getByTestId('csv-rows');
    await count.waitFor();
    assert.equal(await count.innerText(), `${all.length.toLocaleString('en')} ${all.length === 1 ? 'row' : 'rows'}`);
    assert.equal(await page.getByTestId('csv-too-long').count(), 0);
    // Some days of a week are estimated.
    const later = new Date(Date.parse(month.from) + 86_400_000).toISOString().slice(0, 10);
    await stack.request({ report: 'videoview', ...month, from: later });
    await open(page, address(stack, { ...month, from: later }));
    await page.getByTestId('csv-rows').getByText(/^about [\d,]+ rows$/).waitFor();
  });
  await withTab(browser, {}, async (page) => {
    // A spreadsheet has 1,048,576 rows, one of which is the header.
    let rows = 1_048_575;
    await page.route('**/api/csv/*/count?*', (route) => route.fulfill({ json: { rows, exact: true } }));
    await open(page, address(stack, month));
    await page.getByTestId('csv-rows').getByText('1,048,575 rows').waitFor();
    assert.equal(await page.getByTestId('csv-too-long').count(), 0);
    rows += 1;
    await open(page, address(stack, month, { role: 'student' }));
    await page.getByTestId('csv-too-long').waitFor();
    const href = await page.getByTestId('csv').getAttribute('href');
    assert.equal(await page.getByTestId('csv-zip').getAttribute('href'), `${href}&as=zip`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('csv-zip').click()]);
    assert.equal(download.suggestedFilename(), `lectern-videoview-${month.from}-${month.to}.zip`);
    const bytes = readFileSync(await download.path());
    assert.equal(bytes.subarray(0, 4).toString('latin1'), 'PK\x03\x04');
    assert.equal(bytes.toString('latin1').match(/PK\x01\x02/g).length, 4, 'a file for each of four weeks');
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`SVG and PNG of every figure are self-contained and legible, ${colorScheme}`, async () => {
    await withTab(browser, { colorScheme }, async (page) => {
      await page.goto(address(stack, month));
      await waitUntilIdle(page);
      const days = await page.locator('.menu .long').innerText();
      const background = colorScheme === 'light' ? [255, 255, 255] : [20, 23, 26];
      for (const title of FIGURES) {
        const shown = await figure(page, title).locator('svg.chart').first().evaluate((svg) => ({
          width: Number(svg.getAttribute('width')), height: Number(svg.getAttribute('height')), marks: svg.querySelectorAll('rect').length,
        }));
        const svg = (await saveFile(page, title, 'Save as SVG')).bytes.toString('utf8');
        const facts = await page.evaluate((svg) => {
          const parsedSvg = new DOMParser().parseFromString(svg, 'image/svg+xml');
          const number = (name) => Number(parsedSvg.documentElement.getAttribute(name));
          return {
            isWhole: parsedSvg.querySelector('parsererror') === null && parsedSvg.documentElement.namespaceURI.endsWith('/svg'),
            header: [...parsedSvg.querySelectorAll('svg > text')].filter((text) => text.parentNode === parsedSvg.documentElement).map((text) => text.textContent),
            width: number('width'), height: number('height'), marks: parsedSvg.querySelectorAll('svg svg rect').length,
            // Colors defined by the page's stylesheet are undefined outside it.
            isBare: !/var\(|currentcolor/i.test(svg) && !/ style=/.test(svg),
            ids: [...parsedSvg.querySelectorAll('[fill^="url("]')].every((mark) => parsedSvg.getElementById(mark.getAttribute('fill').slice(5, -1))),
          };
        }, svg);
        assert.ok(facts.isWhole && facts.isBare && facts.ids, `${title}: ${JSON.stringify(facts)}`);
        assert.equal(facts.marks, shown.marks, `${title}: the SVG must have every mark`);
        checkHeader(Object.fromEntries(facts.header.map((line) => line.split(/: (.*)/s).slice(0, 2))), title, { days }, 'none');

        const { name, bytes } = await saveFile(page, title, 'Save as PNG');
        assert.ok(name.endsWith('.png'));
        assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
        const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
        assert.deepEqual([width, height], [facts.width * 2, facts.height * 2], `${title}: the PNG must have two pixels for each of the SVG`);
        assert.ok(bytes.length > 4000, `${title}: ${bytes.length} bytes`);
        const drawn = await page.evaluate(async (base64) => {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
          const canvas = new OffscreenCanvas(image.width, image.height);
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          const { data } = context.getImageData(0, 0, image.width, image.height);
          const luminance = (offset) =>
            [0.2126, 0.7152, 0.0722].reduce((sum, share, part) => {
              const value = data[offset + part] / 255;
              return sum + share * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
            }, 0);
          const contrast = (offset) => {
            const [low, high] = [luminance(0), luminance(offset)].sort((a, b) => a - b);
            return (high + 0.05) / (low + 0.05);
          };
          let strong = { head: 0, chart: 0 };
          for (let offset = 0; offset < data.length; offset += 4) {
            const y = Math.floor(offset / 4 / image.width);
            if (contrast(offset) >= 3) strong[y < 2 * 140 ? 'head' : 'chart'] += 1;
          }
          return { corner: [...data.subarray(0, 3)], strong };
        }, bytes.toString('base64'));
        assert.deepEqual(drawn.corner, background, `${title}: the image must have a background of its own`);
        assert.ok(drawn.strong.head > 2000, `${title}: the header must be legible (${drawn.strong.head} pixels in contrast)`);
        assert.ok(drawn.strong.chart > 2000, `${title}: the marks must be visible (${drawn.strong.chart} pixels in contrast)`);
      }
    });
  });
}

test('printing cuts no figure off, and a figure can be printed alone', async () => {
  const all = await views(stack, month);
  const { students } = expected(all, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await waitUntilIdle(page);
    const pdf = await page.pdf({ format: 'A4' });
    assert.equal(pdf.subarray(0, 5).toString('latin1'), '%PDF-');
    assert.ok(pdf.length > 20_000, `${pdf.length} bytes`);

    // As wide as a sheet, before the figures can be drawn again: a figure that does not fit must shrink.
    await page.emulateMedia({ media: 'print' });
    const cut = await page.evaluate(() => {
      document.body.style.width = '680px';
      const limit = document.body.getBoundingClientRect().right + 1;
      const wide = [...document.querySelectorAll('main svg.chart, main p, main h2')].filter((it) => it.getBoundingClientRect().right > limit);
      const hidden = [...document.querySelectorAll('.drawing')].filter((place) => {
        const chart = place.querySelector('svg.chart').getBoundingClientRect();
        const room = place.getBoundingClientRect();
        return chart.bottom > room.bottom + 1 || chart.height === 0;
      });
      document.body.style.width = '';
      return [...wide, ...hidden].map((it) => it.outerHTML.slice(0, 80));
    });
    assert.deepEqual(cut, []);
    await page.emulateMedia({ media: 'screen' });

    // `print` blocks until the dialog is closed, so the document at the call is what is printed.
    await page.evaluate(() => {
      window.printed = [];
      window.print = () => {
        const isShown = (it) => it.checkVisibility();
        window.printed.push({
          figures: [...document.querySelectorAll('section.figure')].filter(isShown).map((it) => it.id),
          rows: [...document.querySelectorAll('.on-paper tbody tr')].filter(isShown).map((row) => [...row.cells].map((cell) => cell.textContent)),
        });
        window.dispatchEvent(new Event('afterprint'));
      };
    });
    await page.emulateMedia({ media: 'print' });
    // A menu is not visible on paper.
    const printFigure = async (title) => {
      const menu = figure(page, title).locator('.figure-menu');
      await menu.evaluate((menu) => (menu.open = true));
      const print = menu.locator('button', { hasText: 'Print' });
      await print.waitFor({ state: 'attached' });
      await print.evaluate((button) => button.click());
    };
    await printFigure('Minutes by role');
    await printFigure('Students');
    await page.waitForFunction(() => window.printed.length === 2);
    const [one, list] = await page.evaluate(() => window.printed);
    assert.deepEqual(one.figures, ['roles']);
    assert.deepEqual(list.figures, ['students']);
    assert.deepEqual(list.rows.map(([name, minutes]) => [name, parseNumber(minutes)]), students.map(({ name, minutes }) => [name, minutes]));
    await page.waitForFunction(() => !document.querySelector('[data-printed], [data-printing], .on-paper'));
    await printFigure('Every row');
    await page.waitForFunction(() => window.printed.length === 3);
    const { figures, rows } = (await page.evaluate(() => window.printed))[2];
    assert.deepEqual(figures, ['rows']);
    assert.equal(rows.length, Math.min(all.length, 1000));
    assert.deepEqual(rows[0].slice(1, 4), [all[0].title, all[0].code, all[0].number]);
  });
});
