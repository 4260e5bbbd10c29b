// The script of a share's page. It is inline; the page's policy admits it by its hash, and no other script.
//
// It sends the link's token, inserts the share's content, and offers the page's tables as a CSV file. When somebody
// uses the page, it reports that the share was opened. The token is the part of the URL after `#`, which browsers do
// not send, so it reaches no log and no cache. The script stores nothing.
//
// The build minifies this file (see worker/build.rs).

const main = document.querySelector("main");

/** Replaces the page's content with a heading and a sentence, set as text so that neither can contain markup. */
function showMessage(sentence, heading = "Lectern") {
  const title = document.createElement("h1");
  title.textContent = heading;
  const paragraph = document.createElement("p");
  paragraph.textContent = sentence;
  main.replaceChildren(title, paragraph);
}

/**
 * A table's caption and rows as CSV with quoted cells. A cell's `data-n` replaces its text: a number without rounding and
 * separators, or a text that no spreadsheet runs as a formula.
 */
function tableToCsv(table) {
  const quote = (cell) => `"${(cell.dataset.n ?? cell.textContent).replaceAll('"', '""')}"`;
  const rows = [[table.caption], ...Array.from(table.rows, (row) => [...row.cells])];
  return rows.map((cells) => cells.map(quote).join(",")).join("\r\n");
}

/** Makes the link `#csv` save all tables as one file, separated by empty lines. */
function offerCsv() {
  const tables = Array.from(main.querySelectorAll("table"), tableToCsv);
  // The byte order mark makes spreadsheets read the file as UTF-8.
  const file = new Blob(["\ufeff" + tables.join("\r\n\r\n") + "\r\n"], { type: "text/csv" });
  document.getElementById("csv").href = URL.createObjectURL(file);
}

/** Sends the link that the URL names: `/s#token`, or `/s/{id}#token` in a page that embeds it. */
function send(path) {
  return fetch(path, {
    method: "POST",
    cache: "no-store",
    keepalive: true,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: location.hash.slice(1), id: location.pathname.split("/")[2] }),
  });
}

/** Reports once that the share was opened, when somebody clicks, types or scrolls. Scanners of mail open links, too. */
function reportUse() {
  const uses = ["pointerdown", "keydown", "wheel"];
  const report = (event) => {
    if (!event.isTrusted || document.visibilityState !== "visible") return;
    for (const use of uses) removeEventListener(use, report);
    send("/api/shared/opened").catch(() => {});
  };
  for (const use of uses) addEventListener(use, report, { passive: true });
}

/** Opens the share. */
async function openShare() {
  const response = await send("/api/shared");
  const body = await response.json();
  if (!response.ok) {
    // A problem (RFC 9457): an expired or revoked link, or too many attempts.
    showMessage(body.detail, body.title);
    return;
  }
  document.title = body.name;
  // The Worker's template escapes all texts in it.
  main.innerHTML = body.html;
  offerCsv();
  reportUse();
}

// Another link opened in the same tab differs only after the `#`, which loads no page: reload to show its
// share.
addEventListener("hashchange", () => location.reload());
openShare().catch(() => showMessage(main.dataset.unreachable));
