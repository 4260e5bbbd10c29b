// Writes workbooks (xlsx): a sheet with a figure's numbers or a report's rows, and a sheet that says what they are.
//
// Text stays text, whatever it looks like: leading zeros, long digits and formulas. Only the columns that the page names
// as numbers or times become numbers and dates, and of their cells only those that would show the same.
import writeExcelFile from "write-excel-file/universal";

/** A report has more rows than may be written. */
export class TooManyRows extends Error {}

/** The longest text that a cell of a spreadsheet can hold. */
const MAX_TEXT = 32_767;
const DAY_FORMAT = "yyyy-mm-dd";
const TIME_FORMAT = "yyyy-mm-dd hh:mm:ss";
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** A number that a spreadsheet keeps exactly: no leading zero, at most 15 digits. */
const NUMBER = /^-?(?=[\d.]{1,16}$)(0|[1-9]\d{0,14})(\.\d+)?$/;
const TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/;

/**
 * The records of a CSV file (RFC 4180, with commas): arrays of as many cells as the header row has.
 *
 * Empty lines are skipped. Throws if the file is not of this form: a cell must never move into another column.
 */
export function parseCsv(text) {
  const invalid = (what) => new Error(`the rows cannot be read: ${what} in row ${records.length + 1}`);
  const records = [];
  let record = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    if (record.length === 0 && "\r\n".includes(text[at])) {
      at += 1;
      continue;
    }
    let cell = "";
    if (text[at] === '"') {
      for (;;) {
        const quote = text.indexOf('"', at + 1);
        if (quote < 0) throw invalid("a quoted cell does not end");
        cell += text.slice(at + 1, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        cell += '"';
      }
      if (at < text.length && !",\r\n".includes(text[at])) throw invalid("there is text after a closing quote");
    } else {
      const start = at;
      while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at += 1;
      cell = text.slice(start, at);
    }
    record.push(cell);
    if (text[at] === ",") {
      at += 1;
      // An empty cell at the end of the file.
      if (at === text.length) record.push("");
      else continue;
    }
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n") at += 1;
    if (record.length !== (records[0] ?? record).length) throw invalid("there are too many or too few cells");
    records.push(record);
    record = [];
  }
  return records;
}

/** Whether a spreadsheet would show the same: there is no 30 February, and no hour 24. */
function isSame(at, text) {
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/**
 * The instant of a text such as `2026-02-02 10:00:00`, in milliseconds; without an offset it is UTC. `undefined` for any
 * other text, and for a time that does not exist.
 */
function parseTime(text) {
  const [, day, time = "00:00", fraction = "", offset = "Z"] = TIME.exec(text) ?? [];
  if (!day) return undefined;
  const zone = offset === "UTC" ? "Z" : offset.replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes) => `${hours}:${minutes ?? "00"}`);
  const wallTime = `${day}T${time.length === 5 ? `${time}:00` : time}`;
  if (!isSame(Date.parse(`${wallTime}Z`), wallTime)) return undefined;
  const at = Date.parse(`${wallTime}${fraction.slice(0, 4)}${zone}`);
  return Number.isNaN(at) ? undefined : at;
}

/** Returns a function from an instant to the same wall time in UTC: cells have no zone. */
function toLocal(zone) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  });
  // Offsets change at whole quarters of an hour, and rows are many.
  const offsets = new Map();
  return (at) => {
    const quarter = Math.floor(at / 900_000);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      const part = Object.fromEntries(format.formatToParts(quarter * 900_000).map(({ type, value }) => [type, Number(value)]));
      offset = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - quarter * 900_000;
      offsets.set(quarter, offset);
    }
    return at + offset;
  };
}

function timeCell(at, format) {
  // Spreadsheets have no dates before 1900.
  return at === undefined || at < Date.UTC(1900, 2, 1) ? null : { value: new Date(at), format };
}

/** A cell with text. XML cannot hold control characters, and cells no very long texts. */
function textCell(text) {
  const clean = text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "").toWellFormed();
  if (clean === "") return null;
  return { value: clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT - 1)}…` : clean, type: String };
}

function headCell(text) {
  return { ...(textCell(text) ?? { value: "", type: String }), fontWeight: "bold" };
}

/** A number with all of its digits: spreadsheets leave out zeros at the end, and shorten what is long or very small. */
function numberCell(text) {
  const value = Number(text);
  if (!NUMBER.test(text) || Object.is(value, -0)) return textCell(text);
  if (String(value) === text && text.length <= 10) return { value, type: Number };
  const digits = text.split(".")[1]?.length ?? 0;
  return { value, type: Number, format: digits > 0 ? `0.${"0".repeat(digits)}` : "0" };
}

/** A day without a time, or a time in UTC. */
function dateCell(text) {
  return timeCell(parseTime(text), text.length === 10 ? DAY_FORMAT : TIME_FORMAT) ?? textCell(text);
}

/** How cells are written, by the kind of their column. All other columns are text. */
const CONVERTERS = new Map([["number", numberCell], ["time", dateCell]]);

/**
 * The sheet of a report's rows. `kinds` has the kind of each column that is not text, `number` or `time`, by its name
 * without blanks, `_` and `-`, in lower case. Times are in UTC as Echo360 reports them; the last column is the local time of
 * `event_timestamp` in the zone. Throws `TooManyRows` above `max_rows` rows.
 */
export function rowsSheet(csv, { kinds, zone, max_rows: maxRows }) {
  const [heads, ...rows] = parseCsv(csv);
  if (!heads) throw new Error("the file has no header row");
  if (rows.length > maxRows) throw new TooManyRows(`more than ${maxRows} rows`);
  const names = heads.map((name) => name.toLowerCase().replace(/[\s_-]/g, ""));
  const kindOf = new Map(Object.entries(kinds));
  const converters = names.map((name) => CONVERTERS.get(kindOf.get(name)) ?? textCell);
  const time = names.indexOf("eventtimestamp");
  const local = time >= 0 && !names.includes("eventlocaltime") ? toLocal(zone) : undefined;
  const localCell = (text) => {
    const at = parseTime(text);
    return at === undefined ? null : timeCell(local(at), TIME_FORMAT);
  };
  const data = rows.map((row) => {
    const cells = converters.map((convert, column) => convert(row[column]));
    if (local) cells.push(localCell(row[time]));
    return cells;
  });
  return [[...heads, ...(local ? ["event_local_time"] : [])].map(headCell), ...data];
}

/** The day of a text such as `Mon, 2 Feb 2026` or `Feb 2, 2026`, in milliseconds. Figures write days in English. */
function parseDay(text) {
  const words = text.toLowerCase().match(/[a-z]+|\d+/g) ?? [];
  const year = words.find((word) => /^\d{4}$/.test(word));
  const day = words.find((word) => /^\d{1,2}$/.test(word));
  const month = words.map((word) => MONTHS.indexOf(word.slice(0, 3))).find((found) => found >= 0);
  if (words.length > 4 || !year || !day || month === undefined) return undefined;
  const at = Date.UTC(year, month, day);
  return new Date(at).getUTCDate() === Number(day) ? at : undefined;
}

/**
 * A cell of a figure's table, as the page sends it: null, a number, a text, `{day}` with a day's text, `{date}` and
 * `{time}`, seconds since 1970 of a day and of a wall time, or `{share}`, where 1 is 100 %.
 */
function figureCell(cell) {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === "number") return Number.isFinite(cell) ? { value: cell, type: Number } : null;
  if (typeof cell === "string") return textCell(cell);
  if (cell.share !== undefined) return { value: cell.share, type: Number, format: "0.0%" };
  if (cell.date !== undefined) return timeCell(cell.date * 1000, DAY_FORMAT);
  if (cell.time !== undefined) return timeCell(cell.time * 1000, TIME_FORMAT);
  return timeCell(parseDay(cell.day), DAY_FORMAT) ?? textCell(cell.day);
}

/** The sheet of a figure's table. */
export function tableSheet({ heads, rows }) {
  return [heads.map(headCell), ...rows.map((row) => row.map(figureCell))];
}

/** The width of each column in characters, by its first rows. */
function columnsOf(data) {
  const length = (cell) => (cell?.value instanceof Date ? cell.format.length : String(cell?.value ?? "").length);
  const widths = data[0].map((_, column) => Math.max(...data.slice(0, 50).map((row) => length(row[column]))));
  return widths.map((width) => ({ width: Math.min(Math.max(width + 2, 8), 60) }));
}

/** The workbook as a blob: the data, and what it is, as pairs of heading and text. */
export async function writeWorkbook(data, about) {
  const notes = about.map(([head, text]) => [headCell(head), textCell(text)]);
  return writeExcelFile([
    { data, sheet: "Data", columns: columnsOf(data), stickyRowsCount: 1 },
    { data: notes, sheet: "About this file", columns: [{ width: 20 }, { width: 80 }] },
  ]).toBlob();
}
