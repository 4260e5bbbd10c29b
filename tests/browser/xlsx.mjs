/** Reads xlsx files, independently of what writes them: the cells of each sheet, with their type and format. */
import { inflateRawSync } from 'node:zlib';

/** The files in a zip file, by name, found by its central directory. */
export function unzip(bytes) {
  const files = new Map();
  let at = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let count = bytes.readUInt16LE(at + 10);
  at = bytes.readUInt32LE(at + 16);
  for (; count > 0; count -= 1) {
    const [method, length, nameLength] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28)];
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(start, start + length);
    files.set(name, method === 8 ? inflateRawSync(data) : data);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}

const unescape = (text) =>
  text.replace(/&(lt|gt|quot|apos|amp|#(\d+)|#x([\da-f]+));/gi, (_, name, decimal, hexadecimal) =>
    decimal || hexadecimal ? String.fromCodePoint(decimal ? Number(decimal) : parseInt(hexadecimal, 16)) : { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }[name],
  );
const textOf = (xml) => [...xml.matchAll(/<t(?: [^>]*)?>([^]*?)<\/t>/g)].map(([, text]) => unescape(text)).join('');

/**
 * The sheets by name: arrays of rows, whose cells are `undefined`, a text, a number, or `{ date }`, a date's text in ISO
 * 8601.
 */
export function readSheets(bytes) {
  const files = unzip(bytes);
  const xml = (name) => files.get(name).toString('utf8');
  const strings = [...xml('xl/sharedStrings.xml').matchAll(/<si>([^]*?)<\/si>/g)].map(([, item]) => textOf(item));
  const styles = xml('xl/styles.xml');
  const formats = new Map([...styles.matchAll(/<numFmt numFmtId="(\d+)" formatCode="([^"]*)"/g)].map(([, id, code]) => [id, code]));
  const cellStyles = [...(/<cellXfs[^]*?<\/cellXfs>/.exec(styles)?.[0] ?? '').matchAll(/<xf [^>]*>/g)].map(([xf]) => formats.get(/numFmtId="(\d+)"/.exec(xf)?.[1]));
  const targets = new Map();
  for (const [relation] of xml('xl/_rels/workbook.xml.rels').matchAll(/<Relationship [^>]*>/g)) {
    targets.set(/ Id="([^"]*)"/.exec(relation)[1], / Target="([^"]*)"/.exec(relation)[1]);
  }
  const sheets = {};
  for (const [sheet] of xml('xl/workbook.xml').matchAll(/<sheet [^>]*>/g)) {
    const target = targets.get(/r:id="([^"]*)"/.exec(sheet)[1]);
    const rows = [];
    for (const [, number, content] of xml(`xl/${target}`).matchAll(/<row r="(\d+)"[^>]*>([^]*?)<\/row>/g)) {
      const row = (rows[number - 1] = []);
      for (const [, letters, attributes, value] of content.matchAll(/<c r="([A-Z]+)\d+"([^>]*?)(?:\/>|>([^]*?)<\/c>)/g)) {
        const column = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
        const text = /<v>([^]*?)<\/v>/.exec(value ?? '')?.[1];
        const type = / t="(\w+)"/.exec(attributes)?.[1];
        if (type === 's') row[column] = strings[Number(text)];
        else if (type === 'inlineStr') row[column] = textOf(value);
        else if (text !== undefined) {
          const format = cellStyles[Number(/ s="(\d+)"/.exec(attributes)?.[1])];
          const instant = () => new Date(Math.round((Number(text) - 25_569) * 86_400) * 1000).toISOString();
          row[column] = format?.startsWith('yyyy') ? { date: instant().slice(0, format.length === 10 ? 10 : 19) } : Number(text);
        }
      }
    }
    sheets[unescape(/ name="([^"]*)"/.exec(sheet)[1])] = rows;
  }
  return sheets;
}
