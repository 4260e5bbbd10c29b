// The program of a Web Worker that writes one workbook and is ended by the page then. The build bundles it with its
// library into one file, which is loaded when somebody saves a workbook.
//
// The page sends JSON (`WorkbookRequest` in `spreadsheet.rs`): `about`, pairs of heading and text, and either `table`, a
// figure's table, or `rows`, where a report's rows are and how to read them. The answer is `{file}`, a blob, or `{error}`,
// JSON that says why there is none (`WorkbookError`).
import { TooManyRows, rowsSheet, tableSheet, writeWorkbook } from "./workbook.mjs";

/** Why rows could not be fetched: `FetchError` of the page, as JSON. */
class FetchFailure extends Error {
  constructor(error) {
    super(JSON.stringify(error));
    this.error = error;
  }
}

/**
 * The text of a CSV file. The request is recognizable as a script's and follows no redirect, as every call of the page: one
 * comes from what is in front of Lectern, and asks for a sign-in.
 */
async function fetchCsv(url) {
  const headers = { "x-requested-with": "XMLHttpRequest" };
  const unreachable = () => {
    throw new FetchFailure("Unreachable");
  };
  const response = await fetch(url, { headers, redirect: "manual", cache: "no-store" }).catch(unreachable);
  if (response.type === "opaqueredirect") throw new FetchFailure("SignedOut");
  const body = await response.text().catch(unreachable);
  if (!response.ok) throw new FetchFailure({ Problem: [response.status, body] });
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("text/csv")) throw new FetchFailure({ InvalidResponse: `not a CSV file but ${type || "untyped"}` });
  return body;
}

/** The error as the page reads it. */
function describeError(error) {
  if (error instanceof FetchFailure) return { Fetch: error.error };
  if (error instanceof TooManyRows) return "TooManyRows";
  return { Failed: error instanceof Error ? error.message : String(error) };
}

self.onmessage = async ({ data }) => {
  try {
    const { about, table, rows } = JSON.parse(data);
    const sheet = table ? tableSheet(table) : rowsSheet(await fetchCsv(rows.csv), rows);
    self.postMessage({ file: await writeWorkbook(sheet, about) });
  } catch (error) {
    self.postMessage({ error: JSON.stringify(describeError(error)) });
  }
};
