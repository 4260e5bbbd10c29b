// The program of a Web Worker that writes one workbook and is ended by the page then. The build bundles it with its
// library into one file, which is loaded when somebody saves a workbook.
//
// The page sends JSON: `about`, pairs of heading and text, and either `table`, a figure's table, or `csv`, the URL of a
// report's rows with unchanged cells, and `zone`. The answer is `{file}`, a blob, or `{error}`, a text for the console.
import { rowsSheet, tableSheet, writeWorkbook } from "./workbook.mjs";

async function fetchCsv(url) {
  const response = await fetch(url, { cache: "no-store" });
  const type = response.headers.get("content-type") ?? "";
  // A proxy may answer with a page to sign in at.
  if (!response.ok || !type.startsWith("text/csv")) throw new Error(`HTTP ${response.status}, ${type}`);
  return response.text();
}

self.onmessage = async ({ data }) => {
  try {
    const { about, table, csv, zone } = JSON.parse(data);
    const sheet = table ? tableSheet(table) : rowsSheet(await fetchCsv(csv), zone);
    self.postMessage({ file: await writeWorkbook(sheet, about) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
