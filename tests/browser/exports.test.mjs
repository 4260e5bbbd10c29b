/** A figure outside the page: every file of every figure says what it is of, and holds the numbers that are on the screen. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, Stack, rest, weeks, withTab } from './stack.mjs';
import { address } from './states.mjs';
import { allRows, cellsOf, drawnFrom, figure, read } from './tables.mjs';
import { expected, views } from './truth.mjs';

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

/** Chooses something of a figure's menu. */
async function choose(page, title, choice) {
  await figure(page, title).locator('.figure-menu > summary').click();
  await figure(page, title).getByRole('button', { name: choice, exact: true }).click();
}

/** The file that a choice of a figure's menu saves. */
async function saved(page, title, choice) {
  const [download] = await Promise.all([page.waitForEvent('download'), choose(page, title, choice)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** The cells of a CSV, line by line. */
function parsed(text) {
  const lines = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    lines.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') lines.push([]);
    if (end === '') break;
  }
  return lines.filter((cells, place) => place < lines.length - 1);
}

/** The header of an export: what it says, by its heads. */
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

test('the CSV of every figure has its header and the numbers of its table, and is no formula', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month, { role: 'student' }));
    await rest(page);
    const days = await page.locator('.menu .long').innerText();
    for (const title of FIGURES) {
      const { heads, rows } = await cellsOf(page, title);
      const { name, bytes } = await saved(page, title, 'Save numbers as CSV');
      assert.equal(name, `${title.toLowerCase().replaceAll(' ', '-')}.csv`);
      const text = bytes.toString('utf8');
      assert.ok(text.startsWith('\u{feff}'), 'a spreadsheet takes it for UTF-8');
      const lines = parsed(text.slice(1));
      checkHeader(Object.fromEntries(lines.slice(0, 6)), title, { days }, 'Students');
      assert.deepEqual(lines[6], ['']);
      assert.deepEqual(lines[7], heads);
      // Numbers without thousands, as every program reads them; words as they are on the screen.
      const number = (cell) => (cell === '–' ? '' : String(read(cell)));
      const isState = heads.at(-1) === 'State' || heads.at(-1) === 'Days';
      const told = rows.map((cells) =>
        cells.map((cell, place) => (place === 0 || (isState && place === cells.length - 1) ? cell : number(cell))),
      );
      assert.deepEqual(lines.slice(8), told, title);
      for (const cell of lines.flat()) assert.ok(!/^[=+\-@\t\r]/.test(cell) || !Number.isNaN(Number(cell)), `${cell} is a formula`);
    }
  });
});

test('the CSV of the students has every one of them, with minutes by day', async () => {
  const all = await views(stack, month);
  const { students, days } = expected(all, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await drawnFrom(page, all.length);
    const { name, bytes } = await saved(page, 'Students', 'Save numbers as CSV');
    assert.equal(name, 'students.csv');
    const lines = parsed(bytes.toString('utf8').slice(1));
    checkHeader(Object.fromEntries(lines.slice(0, 6)), 'Students', { days: await page.locator('.menu .long').innerText() }, 'none');
    assert.deepEqual(lines[7], ['Student', 'Minutes', ...days.map(({ day }) => day)]);
    const told = students.map((student) => [student.name, String(student.minutes), ...student.days.map((rows) => String(rows / 2))]);
    assert.deepEqual(lines.slice(8), told);
    // The table on the screen is still whole.
    const listed = await allRows(figure(page, 'Students').locator('.listing'));
    assert.deepEqual(listed.map(({ cells }) => cells[0]), students.map((student) => student.name));
  });
});

test('the table of rows has its file behind the same button', async () => {
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await rest(page);
    await figure(page, 'Every row').locator('.figure-menu > summary').click();
    const link = figure(page, 'Every row').getByRole('link', { name: 'Download CSV' });
    assert.equal(await link.getAttribute('href'), await page.locator('a[data-testid="csv"]').getAttribute('href'));
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`SVG and PNG of every figure stand alone and can be read, ${colorScheme}`, async () => {
    await withTab(browser, { colorScheme }, async (page) => {
      await page.goto(address(stack, month));
      await rest(page);
      const days = await page.locator('.menu .long').innerText();
      const paper = colorScheme === 'light' ? [255, 255, 255] : [20, 23, 26];
      for (const title of FIGURES) {
        const shown = await figure(page, title).locator('svg.chart').first().evaluate((svg) => ({
          width: Number(svg.getAttribute('width')), height: Number(svg.getAttribute('height')), marks: svg.querySelectorAll('rect').length,
        }));
        const svg = (await saved(page, title, 'Save as SVG')).bytes.toString('utf8');
        const facts = await page.evaluate((svg) => {
          const read = new DOMParser().parseFromString(svg, 'image/svg+xml');
          const number = (name) => Number(read.documentElement.getAttribute(name));
          return {
            isWhole: read.querySelector('parsererror') === null && read.documentElement.namespaceURI.endsWith('/svg'),
            header: [...read.querySelectorAll('svg > text')].filter((text) => text.parentNode === read.documentElement).map((text) => text.textContent),
            width: number('width'), height: number('height'), marks: read.querySelectorAll('svg svg rect').length,
            // Colours of the page would be nothing outside it.
            isBare: !/var\(|currentcolor/i.test(svg) && !/ style=/.test(svg),
            ids: [...read.querySelectorAll('[fill^="url("]')].every((mark) => read.getElementById(mark.getAttribute('fill').slice(5, -1))),
          };
        }, svg);
        assert.ok(facts.isWhole && facts.isBare && facts.ids, `${title}: ${JSON.stringify(facts)}`);
        assert.equal(facts.marks, shown.marks, `${title}: every mark`);
        checkHeader(Object.fromEntries(facts.header.map((line) => line.split(/: (.*)/s).slice(0, 2))), title, { days }, 'none');

        const { name, bytes } = await saved(page, title, 'Save as PNG');
        assert.ok(name.endsWith('.png'));
        assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
        const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
        assert.deepEqual([width, height], [facts.width * 2, facts.height * 2], `${title}: two pixels for one`);
        assert.ok(bytes.length > 4000, `${title}: ${bytes.length} bytes`);
        const drawn = await page.evaluate(async (base64) => {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
          const canvas = new OffscreenCanvas(image.width, image.height);
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          const { data } = context.getImageData(0, 0, image.width, image.height);
          const luminance = (at) =>
            [0.2126, 0.7152, 0.0722].reduce((sum, share, part) => {
              const value = data[at + part] / 255;
              return sum + share * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
            }, 0);
          const contrast = (at) => {
            const [low, high] = [luminance(0), luminance(at)].sort((a, b) => a - b);
            return (high + 0.05) / (low + 0.05);
          };
          let strong = { head: 0, chart: 0 };
          for (let at = 0; at < data.length; at += 4) {
            const y = Math.floor(at / 4 / image.width);
            if (contrast(at) >= 3) strong[y < 2 * 140 ? 'head' : 'chart'] += 1;
          }
          return { corner: [...data.subarray(0, 3)], strong };
        }, bytes.toString('base64'));
        assert.deepEqual(drawn.corner, paper, `${title}: its own paper`);
        assert.ok(drawn.strong.head > 2000, `${title}: the header can be read (${drawn.strong.head})`);
        assert.ok(drawn.strong.chart > 2000, `${title}: the marks can be seen (${drawn.strong.chart})`);
      }
    });
  });
}

test('on paper every figure is whole, and a figure can be printed by itself', async () => {
  const all = await views(stack, month);
  const { students } = expected(all, month);
  await withTab(browser, {}, async (page) => {
    await page.goto(address(stack, month));
    await rest(page);
    const pdf = await page.pdf({ format: 'A4' });
    assert.equal(pdf.subarray(0, 5).toString('latin1'), '%PDF-');
    assert.ok(pdf.length > 20_000, `${pdf.length} bytes`);

    // As wide as a sheet, and before anything could be drawn anew: what does not fit is smaller, not cut.
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

    // `print` returns when the dialog is closed: what stands then in the document is what comes out.
    await page.evaluate(() => {
      window.sheets = [];
      window.print = () => {
        const isShown = (it) => it.checkVisibility();
        window.sheets.push({
          figures: [...document.querySelectorAll('section.figure')].filter(isShown).map((it) => it.id),
          rows: [...document.querySelectorAll('.on-paper tbody tr')].filter(isShown).map((row) => [...row.cells].map((cell) => cell.textContent)),
        });
        window.dispatchEvent(new Event('afterprint'));
      };
    });
    await page.emulateMedia({ media: 'print' });
    const press = (title) =>
      figure(page, title).locator('.figure-menu').evaluate((menu) => {
        menu.open = true;
        [...menu.querySelectorAll('button')].find((button) => button.textContent === 'Print').click();
      });
    await press('Minutes by role');
    await press('Students');
    await page.waitForFunction(() => window.sheets.length === 2);
    const [one, list] = await page.evaluate(() => window.sheets);
    assert.deepEqual(one.figures, ['roles']);
    assert.deepEqual(list.figures, ['students']);
    assert.deepEqual(list.rows.map(([name, minutes]) => [name, read(minutes)]), students.map(({ name, minutes }) => [name, minutes]));
    await page.waitForFunction(() => !document.querySelector('[data-printed], [data-printing], .on-paper'));
    await press('Every row');
    await page.waitForFunction(() => window.sheets.length === 3);
    const { figures, rows } = (await page.evaluate(() => window.sheets))[2];
    assert.deepEqual(figures, ['rows']);
    assert.equal(rows.length, Math.min(all.length, 1000));
    assert.deepEqual(rows[0].slice(1, 4), [all[0].title, all[0].code, all[0].number]);
  });
});
