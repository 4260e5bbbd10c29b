// Writes workbooks (xlsx): a sheet with a figure's numbers or a report's rows, and a sheet that says what they are.
//
// Text stays text, whatever it looks like: leading zeros, long digits and formulas. Only columns that hold nothing but
// plain numbers become numbers, and only times become dates.
import writeExcelFile from "write-excel-file/universal";

/** The most rows of a report that are written: more would not fit into the memory of many devices. */
export const MAX_ROWS = 100_000;

/** The longest text that a cell of a spreadsheet can hold. */
const MAX_TEXT = 32_767;
const DAY_FORMAT = "yyyy-mm-dd";
const TIME_FORMAT = "yyyy-mm-dd hh:mm:ss";
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Columns with such names hold text, even where all of it looks like numbers. */
const TEXT_COLUMN = /id$|identifier|number|code|name|title|email|text|prompt|content|solution|answer$|question$/i;
/** A number that a spreadsheet keeps exactly and shows as it is: no leading zero, at most 15 digits. */
const NUMBER = /^-?(?=[\d.]{1,16}$)(0|[1-9]\d{0,14})(\.\d+)?$/;
const TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/;

/** The records of a CSV file (RFC 4180, with commas): arrays of cells. */
export function parseCsv(text) {
  const records = [];
  let record = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    let cell = "";
    if (text[at] === '"') {
      for (;;) {
        const quote = text.indexOf('"', at + 1);
        if (quote < 0) throw new Error("a quoted cell does not end");
        cell += text.slice(at + 1, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        cell += '"';
      }
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
    records.push(record);
    record = [];
  }
  return records;
}

/** The instant of a text such as `2026-02-02 10:00:00`, in milliseconds; without an offset it is UTC. */
function parseTime(text) {
  const [, day, time = "00:00", fraction = "", offset = "Z"] = TIME.exec(text) ?? [];
  if (!day) return undefined;
  const zone = offset === "UTC" ? "Z" : offset.replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes) => `${hours}:${minutes ?? "00"}`);
  const at = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${fraction.slice(0, 4)}${zone}`);
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

/**
 * The sheet of a report's rows. Columns of times become dates, in UTC as Echo360 reports them; the last column is the
 * local time of `event_timestamp` in the zone.
 */
export function rowsSheet(csv, zone) {
  const [heads, ...rows] = parseCsv(csv);
  if (!heads) throw new Error("the file has no header row");
  if (rows.length > MAX_ROWS) throw new Error(`more than ${MAX_ROWS} rows`);
  const all = (column, test) => rows.some((row) => row[column]) && rows.every((row) => !row[column] || test(row[column]));
  const converters = heads.map((head, column) => {
    if (all(column, (text) => parseTime(text) !== undefined)) {
      const isDay = all(column, (text) => text.length === 10);
      return (text) => timeCell(parseTime(text), isDay ? DAY_FORMAT : TIME_FORMAT) ?? textCell(text);
    }
    if (!TEXT_COLUMN.test(head) && all(column, (text) => NUMBER.test(text))) {
      return (text) => (text === "" ? null : { value: Number(text), type: Number });
    }
    return textCell;
  });
  const normalize = (name) => name.toLowerCase().replace(/[\s_-]/g, "");
  const names = heads.map(normalize);
  const time = names.indexOf("eventtimestamp");
  const local = time >= 0 && !names.includes("eventlocaltime") ? toLocal(zone) : undefined;
  const localCell = (text) => {
    const at = parseTime(text);
    return at === undefined ? null : timeCell(local(at), TIME_FORMAT);
  };
  const data = rows.map((row) => {
    const cells = converters.map((convert, column) => convert(row[column] ?? ""));
    if (local) cells.push(localCell(row[time] ?? ""));
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
  return words.length <= 4 && year && day && month !== undefined ? Date.UTC(year, month, day) : undefined;
}

/**
 * A cell of a figure's table, as the page sends it: null, a number, a text, `{day}` with a day's text, `{seconds}` since
 * 1970 of a wall time, or `{share}`, where 1 is 100 %.
 */
function figureCell(cell) {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === "number") return Number.isFinite(cell) ? { value: cell, type: Number } : null;
  if (typeof cell === "string") return textCell(cell);
  if (cell.share !== undefined) return { value: cell.share, type: Number, format: "0.0%" };
  if (cell.seconds !== undefined) {
    return timeCell(cell.seconds * 1000, cell.seconds % 86_400 === 0 ? DAY_FORMAT : TIME_FORMAT);
  }
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
