/** What workbooks (xlsx) contain: text that stays text, numbers, dates in their zone, and a sheet about the file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TooManyRows, parseCsv, rowsSheet, tableSheet, writeWorkbook } from '../../app/spreadsheet/workbook.mjs';
import { readSheets } from './xlsx.mjs';

async function sheetsOf(data, about = []) {
  return readSheets(Buffer.from(await (await writeWorkbook(data, about)).arrayBuffer()));
}

/** How the page asks for rows: the kinds of columns, and the zone. */
function request(kinds, zone = 'UTC') {
  return { kinds, zone, max_rows: 100 };
}

test('records of a CSV file are parsed as RFC 4180 says', () => {
  assert.deepEqual(parseCsv('\ufeff"a","b"\r\n1,"x, ""y""\nz"\n,\n"",""'), [['a', 'b'], ['1', 'x, "y"\nz'], ['', ''], ['', '']]);
  assert.deepEqual(parseCsv('a,b\n1,'), [['a', 'b'], ['1', '']]);
  assert.deepEqual(parseCsv('\na,b\n\n\r\n1,2\n\n'), [['a', 'b'], ['1', '2']]);
  assert.deepEqual(parseCsv(''), []);
  // A cell that would move into another column is an error.
  for (const broken of ['"a', 'a,b\n"1"x,2', 'a,b\n"1" ,2', 'a,b\n"1""2"3,4', 'a,b\n1', 'a,b\n1,2,3', 'a,b\n1,2\n,3,']) {
    assert.throws(() => parseCsv(broken), /^Error: the rows cannot be read/, broken);
  }
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
    'sectionNumber,userid,Note_Count,code,event_timestamp,content,published_date,share',
    '001,123456789012345678,3,12,2026-03-29 00:59:59,=1+1,2026-02-02,0.5',
    '002,5,10,7,2026-03-29T01:00:00.000Z,"  two\nlines & <tags>",,-12.25',
    '003,,,,2026-03-29 03:00:00+02:00,007\u0000,2025-12-31,',
  ].join('\n');
  const kinds = { notecount: 'number', share: 'number', eventtimestamp: 'time', publisheddate: 'time' };
  const { Data: [heads, ...rows] } = await sheetsOf(rowsSheet(csv, request(kinds, 'Europe/Berlin')));
  assert.deepEqual(heads, [...csv.split('\n')[0].split(','), 'event_local_time']);
  const date = (text) => ({ date: text });
  assert.deepEqual(rows[0], ['001', '123456789012345678', 3, '12', date('2026-03-29T00:59:59'), '=1+1', date('2026-02-02'), 0.5, date('2026-03-29T01:59:59')]);
  assert.deepEqual([rows[1][4], rows[1][5], rows[1][6], rows[1][7], rows[1][8]], [date('2026-03-29T01:00:00'), '  two\nlines & <tags>', undefined, -12.25, date('2026-03-29T03:00:00')]);
  assert.deepEqual([rows[2][4], rows[2][5], rows[2][8]], [date('2026-03-29T01:00:00'), '007', date('2026-03-29T03:00:00')]);
});

test('a column of text never becomes dates or numbers', async () => {
  const csv = 'userid,answer,constructor,count\n1,2026-02-02,5,5\n2,2026-02-03 10:00:00,6,6\n';
  const { Data: [, ...rows] } = await sheetsOf(rowsSheet(csv, request({ count: 'number' })));
  assert.deepEqual(rows, [['1', '2026-02-02', '5', 5], ['2', '2026-02-03 10:00:00', '6', 6]]);
});

test('what is no exact number or no time stays as it was written', async () => {
  const noNumbers = ['01', '1e5', '1234567890123456', '+1', '1.', '1,5', 'null', '-0', '0x10', ' 1', '.5'];
  const noTimes = ['2026-02-30', '2025-02-29', '2026-02-00', '2026-13-01', '2026-02-30 10:00:00', '2026-02-02 24:00:00', '2026-02-02 10:60', '2026-02-02T10:00:00+99:00', '1850-01-01', 'soon'];
  for (const [kind, texts] of [['number', noNumbers], ['time', noTimes]]) {
    const csv = ['a', ...texts.map((text) => `"${text}"`)].join('\n');
    const { Data: [, ...rows] } = await sheetsOf(rowsSheet(csv, request({ a: kind })));
    assert.deepEqual(rows, texts.map((text) => [text]));
  }
  // 29 February, and a day without a time beside a time at midnight.
  const { Data: [, ...times] } = await sheetsOf(rowsSheet('a\n2024-02-29\n2026-02-02 00:00:00\n', request({ a: 'time' })));
  assert.deepEqual(times, [[{ date: '2024-02-29' }], [{ date: '2026-02-02T00:00:00' }]]);
  // A column that is there already is not appended.
  const [heads] = rowsSheet('event_timestamp,Event_Local_Time\n2026-02-02 10:00:00,x\n', request({}));
  assert.deepEqual(heads.map(({ value }) => value), ['event_timestamp', 'Event_Local_Time']);
  // A text that no cell can hold is cut.
  const long = rowsSheet(`content\n${'x'.repeat(40_000)}\n`, request({}))[1][0].value;
  assert.equal(long.length, 32_767);
});

test('a number shows all of its digits', () => {
  const formats = { '1.5': undefined, '1.50': '0.00', '2.0': '0.0', '-3.140': '0.000', '0.0000001': '0.0000000', '123456789012345': '0', '7': undefined };
  for (const [text, format] of Object.entries(formats)) {
    const [, [cell]] = rowsSheet(`n\n${text}\n`, request({ n: 'number' }));
    assert.deepEqual([cell.value, cell.format], [Number(text), format], text);
  }
});

test('too many rows are refused', () => {
  const { max_rows: most } = request({});
  assert.throws(() => rowsSheet(`a\n${'1\n'.repeat(most + 1)}`, request({})), TooManyRows);
  assert.equal(rowsSheet(`a\n${'1\n'.repeat(most)}`, request({})).length, most + 1);
});

test('the program fetches rows as a script does, and says what happened', async (t) => {
  const answers = [];
  globalThis.self = { postMessage: (answer) => answers.push(answer) };
  t.after(() => delete globalThis.self);
  await import('../../app/spreadsheet/spreadsheet.mjs');
  const rows = { csv: '/api/csv/videoview?cells=raw', ...request({}) };
  /** Runs the program with this response to its fetch. */
  const run = async (respond) => {
    const fetched = t.mock.method(globalThis, 'fetch', async () => respond());
    await self.onmessage({ data: JSON.stringify({ about: [], rows }) });
    const [[url, options]] = fetched.mock.calls.map((call) => call.arguments);
    fetched.mock.restore();
    assert.equal(url, rows.csv);
    assert.equal(new Headers(options.headers).get('X-Requested-With'), 'XMLHttpRequest');
    assert.equal(options.redirect, 'manual');
    const { file, error } = answers.pop();
    return file ?? JSON.parse(error);
  };
  const csv = (text, type = 'text/csv; charset=utf-8') => new Response(text, { headers: { 'content-type': type } });
  assert.deepEqual(readSheets(Buffer.from(await (await run(() => csv('a\nx\n'))).arrayBuffer())).Data, [['a'], ['x']]);
  const problem = '{"code":"sign-in-needed"}';
  assert.deepEqual(await run(() => new Response(problem, { status: 401 })), { Fetch: { Problem: [401, problem] } });
  assert.deepEqual(await run(() => new Response('x', { status: 502 })), { Fetch: { Problem: [502, 'x'] } });
  const redirect = { type: 'opaqueredirect', status: 0, ok: false, headers: new Headers(), text: async () => '' };
  assert.deepEqual(await run(() => redirect), { Fetch: 'SignedOut' });
  assert.deepEqual(await run(() => Promise.reject(new TypeError('offline'))), { Fetch: 'Unreachable' });
  const broken = { type: 'basic', status: 200, ok: true, headers: new Headers(), text: () => Promise.reject(new TypeError('broken off')) };
  assert.deepEqual(await run(() => broken), { Fetch: 'Unreachable' });
  assert.match((await run(() => csv('<title>Sign in</title>', 'text/html'))).Fetch.InvalidResponse, /text\/html/);
  assert.equal(await run(() => csv(`a\n${'x\n'.repeat(101)}`)), 'TooManyRows');
  assert.match((await run(() => csv('a,b\nx\n'))).Failed, /the rows cannot be read/);
});

test('a table of a figure has its days as dates, and a second sheet says what the file is', async () => {
  const days = ['Mon, 2 Feb 2026', 'Mon, Feb 2, 2026', 'Mon 07 Sept 2026', 'no day', '30 Feb 2026'];
  const rows = days.map((day) => [{ day }, 1.5, null, { share: 0.25 }, { time: 1_770_026_400 }, '=1', { date: 1_769_990_400 }, { time: 1_769_990_400 }]);
  const about = [['Report', 'Videos watched'], ['Zone', 'Europe/Berlin'], ['Personal data', 'This file names people.']];
  const sheets = await sheetsOf(tableSheet({ heads: ['Day', 'Minutes', 'Empty', 'Share', 'Time', 'Text', 'Date', 'Midnight'], rows }), about);
  assert.deepEqual(Object.keys(sheets), ['Data', 'About this file']);
  assert.deepEqual(sheets['About this file'], about);
  const [, ...cells] = sheets.Data;
  assert.deepEqual(cells.map(([day]) => day), [{ date: '2026-02-02' }, { date: '2026-02-02' }, { date: '2026-09-07' }, 'no day', '30 Feb 2026']);
  assert.deepEqual([...cells[0]].slice(1), [1.5, undefined, 0.25, { date: '2026-02-02T10:00:00' }, '=1', { date: '2026-02-02' }, { date: '2026-02-02T00:00:00' }]);
});
