// The script of a share's page. Inline: the page's policy admits it by its hash, and no other script.
//
// It sends the token of the link for what the share shows, puts that into the page, and offers the page's tables as a CSV
// file. The token stands after the `#` of the address, which browsers do not send: it reaches no log and no cache.
// Nothing of it is stored.
//
// The build minifies this file (see worker/build.rs).

const main = document.querySelector("main");

/** Replaces the page's content with a heading and a sentence, as text: neither can bring markup along. */
function showMessage(sentence, heading = "Lectern") {
  const title = document.createElement("h1");
  title.textContent = heading;
  const paragraph = document.createElement("p");
  paragraph.textContent = sentence;
  main.replaceChildren(title, paragraph);
}

/**
 * A table's caption and rows as CSV with quoted cells. `data-n` of a cell is its number as programs read it, where the
 * cell's text is rounded and has separators.
 */
function tableToCsv(table) {
  const quote = (cell) => `"${(cell.dataset.n ?? cell.textContent).replaceAll('"', '""')}"`;
  const rows = [[table.caption], ...Array.from(table.rows, (row) => [...row.cells])];
  return rows.map((cells) => cells.map(quote).join(",")).join("\r\n");
}

/** Makes the link `#csv` save all tables as one file, with an empty line between them. */
function offerCsv() {
  const tables = Array.from(main.querySelectorAll("table"), tableToCsv);
  // The byte order mark makes spreadsheets read the file as UTF-8.
  const file = new Blob(["\ufeff" + tables.join("\r\n\r\n") + "\r\n"], { type: "text/csv" });
  document.getElementById("csv").href = URL.createObjectURL(file);
}

/** Opens the share of the address: `/s#token`, or `/s/{id}#token` in a page that embeds it. */
async function openShare() {
  const response = await fetch("/api/shared", {
    method: "POST",
    cache: "no-store",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: location.hash.slice(1), id: location.pathname.split("/")[2] }),
  });
  const body = await response.json();
  if (!response.ok) {
    // A problem (RFC 9457): an expired or revoked link, or too many attempts.
    showMessage(body.detail, body.title);
    return;
  }
  document.title = body.name;
  // The Worker's template escapes every text in it.
  main.innerHTML = body.html;
  offerCsv();
}

// Another link, opened in the same tab, differs only after the `#`: without this, the page of the old one would stay.
addEventListener("hashchange", () => location.reload());
openShare().catch(() => showMessage(main.dataset.unreachable));
