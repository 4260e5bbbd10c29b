/** What workbooks (xlsx) contain: text that stays text, numbers, dates in their zone, and a sheet about the file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ROWS, parseCsv, rowsSheet, tableSheet, writeWorkbook } from '../../app/spreadsheet/workbook.mjs';
import { readSheets } from './xlsx.mjs';

async function sheetsOf(data, about = []) {
  return readSheets(Buffer.from(await (await writeWorkbook(data, about)).arrayBuffer()));
}

test('records of a CSV file are parsed as RFC 4180 says', () => {
  assert.deepEqual(parseCsv('\ufeff"a","b"\r\n1,"x, ""y""\nz"\n,\n"",""'), [['a', 'b'], ['1', 'x, "y"\nz'], ['', ''], ['', '']]);
  assert.deepEqual(parseCsv('a,b\n1,'), [['a', 'b'], ['1', '']]);
  assert.deepEqual(parseCsv('a\n\nb\n'), [['a'], [''], ['b']]);
  assert.deepEqual(parseCsv(''), []);
  assert.throws(() => parseCsv('"a'));
  // Any cells are read back.
  const pieces = ['"', ',', '\n', '\r\n', 'a', ' ', '', '=1', '\u00e9'];
  let seed = 7;
  const pick = () => pieces[(seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % pieces.length];
  for (let round = 0; round < 300; round += 1) {
    const records = Array.from({ length: 3 }, () => Array.from({ length: 3 }, () => pick() + pick() + pick()));
    const csv = records.map((cells) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`).join('');
    assert.deepEqual(parseCsv(csv), records);
  }
});

test('text stays text, numbers are numbers, and times are dates in UTC and in the zone', async () => {
  const csv = [
    'sectionNumber,userid,note_count,code,event_timestamp,content,published_date,share',
    '001,123456789012345678,3,12,2026-03-29 00:59:59,=1+1,2026-02-02,0.5',
    '002,5,10,7,2026-03-29T01:00:00.000Z,"  two\nlines & <tags>",,-12.25',
    '003,,,,2026-03-29 03:00:00+02:00,007\u0000,2025-12-31,',
  ].join('\n');
  const { Data: [heads, ...rows] } = await sheetsOf(rowsSheet(csv, 'Europe/Berlin'));
  assert.deepEqual(heads, [...csv.split('\n')[0].split(','), 'event_local_time']);
  const date = (text) => ({ date: text });
  assert.deepEqual(rows[0], ['001', '123456789012345678', 3, '12', date('2026-03-29T00:59:59'), '=1+1', date('2026-02-02'), 0.5, date('2026-03-29T01:59:59')]);
  assert.deepEqual([rows[1][4], rows[1][5], rows[1][6], rows[1][7], rows[1][8]], [date('2026-03-29T01:00:00'), '  two\nlines & <tags>', undefined, -12.25, date('2026-03-29T03:00:00')]);
  assert.deepEqual([rows[2][4], rows[2][5], rows[2][8]], [date('2026-03-29T01:00:00'), '007', date('2026-03-29T03:00:00')]);
});

test('what is no exact number or no time stays as it was written', async () => {
  const columns = { a: ['1', '01'], b: ['1e5', '2'], c: ['1234567890123456', '1'], d: ['+1', '2'], e: ['1.', '2'], f: ['2026-02-02', 'soon'], g: ['1,5', '2'] };
  const names = Object.keys(columns);
  const lines = [0, 1].map((row) => names.map((name) => `"${columns[name][row]}"`).join(','));
  const { Data: [, ...rows] } = await sheetsOf(rowsSheet([names.join(','), ...lines].join('\n'), 'UTC'));
  assert.deepEqual(rows, [0, 1].map((row) => names.map((name) => columns[name][row])));
  // A column that is there already is not appended.
  const [heads] = rowsSheet('event_timestamp,Event_Local_Time\n2026-02-02 10:00:00,x\n', 'UTC');
  assert.deepEqual(heads.map(({ value }) => value), ['event_timestamp', 'Event_Local_Time']);
  // A text that no cell can hold is cut.
  const long = rowsSheet(`content\n${'x'.repeat(40_000)}\n`, 'UTC')[1][0].value;
  assert.equal(long.length, 32_767);
});

test('too many rows are refused', () => {
  assert.throws(() => rowsSheet(`a\n${'1\n'.repeat(MAX_ROWS + 1)}`, 'UTC'), /rows/);
  assert.equal(rowsSheet(`a\n${'1\n'.repeat(MAX_ROWS)}`, 'UTC').length, MAX_ROWS + 1);
});

test('a table of a figure has its days as dates, and a second sheet says what the file is', async () => {
  const days = ['Mon, 2 Feb 2026', 'Mon, Feb 2, 2026', 'Mon 07 Sept 2026', 'no day'];
  const rows = days.map((day) => [{ day }, 1.5, null, { share: 0.25 }, { seconds: 1_770_026_400 }, '=1']);
  const about = [['Report', 'Videos watched'], ['Zone', 'Europe/Berlin'], ['Personal data', 'This file names people.']];
  const sheets = await sheetsOf(tableSheet({ heads: ['Day', 'Minutes', 'Empty', 'Share', 'Time', 'Text'], rows }), about);
  assert.deepEqual(Object.keys(sheets), ['Data', 'About this file']);
  assert.deepEqual(sheets['About this file'], about);
  const [, ...cells] = sheets.Data;
  assert.deepEqual(cells.map(([day]) => day), [{ date: '2026-02-02' }, { date: '2026-02-02' }, { date: '2026-09-07' }, 'no day']);
  assert.deepEqual([...cells[0]].slice(1), [1.5, undefined, 0.25, { date: '2026-02-02T10:00:00' }, '=1']);
});
