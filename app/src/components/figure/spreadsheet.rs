//! Saves workbooks (xlsx) with a figure's table or a report's rows, and a sheet that says what they are.
//!
//! A Web Worker writes them, whose program (`app/spreadsheet`) is loaded then.

use crate::api_client::{self, ApiError};
use crate::components::figure::export;
use crate::downloads;
use charts::model::Table;
use charts::sortable_table::{Cell, Column, ColumnKind, SortableTable};
use domain::column::normalize_name;
use domain::report::{self, KnownReport};
use domain::time::{SECOND, Timestamp};
use domain::zone::Zone;
use js_sys::Reflect;
use leptos::prelude::*;
use protocol::FetchError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, MessageEvent, Url, Worker};

/// The most rows of a report that a workbook gets: more would not fit into the memory of many devices.
pub const MAX_ROWS: u64 = 100_000;

/// The address of the program, which `cargo xtask build` bundles.
const PROGRAM: &str = "/spreadsheet.js";

/// A cell of a figure's table, as the program reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SheetCell {
    /// An empty cell.
    Empty(()),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// The text of a day, as figures write it.
    Day {
        /// The text.
        day: String,
    },
    /// A day.
    Date {
        /// Its midnight in UTC, in seconds since 1970.
        date: i64,
    },
    /// An instant.
    Time {
        /// The wall time, in seconds since 1970.
        time: i64,
    },
    /// A fraction, where 1 is 100%.
    Share {
        /// The fraction.
        share: f64,
    },
}

/// A figure's table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sheet {
    heads: Vec<String>,
    rows: Vec<Vec<SheetCell>>,
}

impl Sheet {
    /// The sheet of a chart's numbers.
    #[must_use]
    pub fn from_numbers(table: &Table) -> Self {
        let are_days = table.columns.first().is_some_and(|head| head == protocol::text::DAY);
        let rows = table.rows.iter().map(|row| {
            let name = row.name.clone();
            let name = if are_days { SheetCell::Day { day: name } } else { SheetCell::Text(name) };
            let values = row.values.iter().map(|value| value.map_or(SheetCell::Empty(()), SheetCell::Number));
            [name].into_iter().chain(values).chain(row.state.clone().map(SheetCell::Text)).collect()
        });
        Self { heads: table.columns.clone(), rows: rows.collect() }
    }

    /// The sheet of a table of cells, with times in `zone`.
    #[must_use]
    pub fn from_cells(table: &SortableTable, zone: &Zone) -> Self {
        let cell = |(cell, column): (&Cell, &Column)| match (cell, column.kind) {
            (Cell::None, _) => SheetCell::Empty(()),
            (Cell::Text(text), _) => SheetCell::Text(text.clone()),
            (Cell::Date(_, midnight), _) => SheetCell::Date { date: *midnight },
            (Cell::Time(_, at), _) => SheetCell::Time { time: to_wall_time(*at, zone) },
            (Cell::Number(share), ColumnKind::Share) => SheetCell::Share { share: *share },
            (Cell::Number(number), _) => SheetCell::Number(*number),
        };
        let rows = table.rows.iter().map(|row| row.cells.iter().zip(&table.columns).map(cell).collect());
        Self { heads: table.columns.iter().map(|column| column.head.clone()).collect(), rows: rows.collect() }
    }
}

/// The wall time of an instant in the zone. Both are in seconds.
fn to_wall_time(at: i64, zone: &Zone) -> i64 {
    at + i64::from(zone.offset_at(Timestamp(at * SECOND)))
}

/// What the program is to write.
#[derive(Debug, Serialize)]
struct WorkbookRequest<'a> {
    about: &'a [(String, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a Sheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<&'a Rows<'a>>,
}

/// A report's rows: where they are, and how to read them.
#[derive(Debug, Serialize)]
pub struct Rows<'a> {
    csv: &'a str,
    zone: &'a str,
    max_rows: u64,
    kinds: BTreeMap<String, RowsColumnKind>,
}

/// What the cells of a column are, if they are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum RowsColumnKind {
    Number,
    Time,
}

impl<'a> Rows<'a> {
    /// The rows of a CSV file of `report`, given by its URL with unchanged cells, with their local times in the zone.
    #[must_use]
    pub fn new(report: Option<KnownReport>, csv: &'a str, zone: &'a str) -> Self {
        let columns = report.map_or(&[][..], |report| report.descriptor().columns);
        let kinds = columns.iter().filter_map(|name| {
            let kind = match report::column_kind(report, name) {
                report::ColumnKind::Number => RowsColumnKind::Number,
                report::ColumnKind::Time => RowsColumnKind::Time,
                report::ColumnKind::Id
                | report::ColumnKind::Email
                | report::ColumnKind::Role
                | report::ColumnKind::Text => return None,
            };
            Some((normalize_name(name), kind))
        });
        Self { csv, zone, max_rows: MAX_ROWS, kinds: kinds.collect() }
    }
}

/// Why there is no workbook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum WorkbookError {
    /// The rows, or the program, could not be fetched.
    Fetch(FetchError),
    /// The report has more than [`MAX_ROWS`] rows.
    TooManyRows,
    /// The workbook could not be written; the text says why.
    Failed(String),
}

impl WorkbookError {
    fn from_json(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|error| Self::Failed(error.to_string()))
    }
}

/// Saves a figure's table. `about`: pairs of heading and text. `failed` is called if there is no file.
pub fn save_sheet(sheet: &Sheet, about: &[(String, String)], title: &str, failed: Callback<WorkbookError>) {
    write(&WorkbookRequest { about, table: Some(sheet), rows: None }, title, failed);
}

/// Saves a report's rows.
pub fn save_rows(rows: &Rows<'_>, about: &[(String, String)], title: &str, failed: Callback<WorkbookError>) {
    write(&WorkbookRequest { about, table: None, rows: Some(rows) }, title, failed);
}

fn write(request: &WorkbookRequest<'_>, title: &str, failed: Callback<WorkbookError>) {
    let (Ok(request), Ok(worker)) = (serde_json::to_string(request), Worker::new(PROGRAM)) else {
        failed.run(WorkbookError::Failed("no worker".to_owned()));
        return;
    };
    let name = format!("{}.xlsx", export::file_name(title));
    let writer = worker.clone();
    let answered = Closure::once_into_js(move |event: MessageEvent| {
        writer.terminate();
        let field = |name: &str| Reflect::get(&event.data(), &name.into()).ok();
        let file = field("file").and_then(|file| file.dyn_into::<Blob>().ok());
        match file.and_then(|file| Url::create_object_url_with_blob(&file).ok()) {
            Some(url) => downloads::save_object(&url, &name),
            None => {
                let error = field("error").and_then(|error| error.as_string()).unwrap_or_default();
                failed.run(WorkbookError::from_json(&error));
            }
        }
    });
    worker.set_onmessage(Some(answered.unchecked_ref()));
    // The program could not be loaded, or broke down.
    let writer = worker.clone();
    let not_loaded = Closure::once_into_js(move || {
        writer.terminate();
        spawn_local(async move { failed.run(explain_failure().await) });
    });
    worker.set_onerror(Some(not_loaded.unchecked_ref()));
    let _ = worker.post_message(&JsValue::from_str(&request));
}

/// Why the program did not run: a browser does not say. After a deployment its file may be missing.
async fn explain_failure() -> WorkbookError {
    match api_client::fetch_code(PROGRAM).await {
        Ok(Some(_)) => WorkbookError::Failed("the program broke down".to_owned()),
        Ok(None) => WorkbookError::Fetch(FetchError::Outdated),
        Err(ApiError::SignedOut) => WorkbookError::Fetch(FetchError::SignedOut),
        Err(_) => WorkbookError::Fetch(FetchError::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use charts::model;
    use charts::sortable_table::{Row, RowAction};

    #[test]
    fn cells_keep_their_types() {
        let row = model::Row { name: "Mon, 2 Feb 2026".into(), values: vec![Some(1.5), None], state: None };
        let table = Table { columns: vec![protocol::text::DAY.into(), "Minutes".into()], rows: vec![row] };
        let json = serde_json::to_string(&Sheet::from_numbers(&table)).unwrap();
        assert_eq!(
            json,
            format!(
                r#"{{"heads":["{}","Minutes"],"rows":[[{{"day":"Mon, 2 Feb 2026"}},1.5,null]]}}"#,
                protocol::text::DAY
            )
        );
        let column = |head: &str, kind| Column { head: head.into(), kind };
        let at = Timestamp::parse("2026-02-02 10:00:00").unwrap();
        let (day, time) = (Timestamp::start_of(at.day()).seconds(), at.seconds());
        let table = SortableTable {
            columns: vec![
                column("Name", ColumnKind::Text),
                column("Share", ColumnKind::Share),
                column("Day", ColumnKind::Date),
                column("Time", ColumnKind::Date),
                column("Midnight", ColumnKind::Date),
            ],
            spark: None,
            rows: vec![Row {
                id: None,
                cells: vec![
                    Cell::Text("=1".into()),
                    Cell::Number(0.25),
                    Cell::Date("2 Feb".into(), day),
                    Cell::Time("2 Feb, 11:00".into(), time),
                    // An instant stays one at midnight too.
                    Cell::Time("2 Feb, 01:00".into(), day),
                ],
                spark: Vec::new(),
                is_left_out: false,
                is_flagged: false,
            }],
            total: 1,
            row_action: RowAction::default(),
            flag: None,
        };
        let berlin = Zone::trace("Europe/Berlin", at, at, |_| Some(3600)).unwrap();
        assert_eq!(
            Sheet::from_cells(&table, &berlin).rows[0],
            [
                SheetCell::Text("=1".into()),
                SheetCell::Share { share: 0.25 },
                SheetCell::Date { date: day },
                SheetCell::Time { time: time + 3600 },
                SheetCell::Time { time: day + 3600 },
            ]
        );
    }

    #[test]
    fn only_columns_of_numbers_and_times_are_more_than_text() {
        let kinds = |report: KnownReport| Rows::new(Some(report), "/", "UTC").kinds;
        let of_polls = kinds(KnownReport::Polling);
        assert_eq!(of_polls.get("eventtimestamp"), Some(&RowsColumnKind::Time));
        assert_eq!(of_polls.get("iscorrect"), Some(&RowsColumnKind::Number));
        for text in ["answer", "userid", "email", "sectionnumber"] {
            assert_eq!(of_polls.get(text), None, "{text}");
        }
        assert!(Rows::new(None, "/", "UTC").kinds.is_empty());
        let json = serde_json::to_string(&Rows::new(Some(KnownReport::VideoView), "/x", "UTC")).unwrap();
        let kinds = r#"{"durationminute":"number","eventtimestamp":"time"}"#;
        assert_eq!(json, format!(r#"{{"csv":"/x","zone":"UTC","max_rows":100000,"kinds":{kinds}}}"#));
    }

    #[test]
    fn an_error_of_the_program_says_what_happened() {
        let read = |json: &str| WorkbookError::from_json(json);
        assert_eq!(read(r#""TooManyRows""#), WorkbookError::TooManyRows);
        assert_eq!(read(r#"{"Fetch":"SignedOut"}"#), WorkbookError::Fetch(FetchError::SignedOut));
        let problem = FetchError::Problem(403, "{}".to_owned());
        assert_eq!(read(r#"{"Fetch":{"Problem":[403,"{}"]}}"#), WorkbookError::Fetch(problem));
        assert_eq!(read(r#"{"Failed":"RangeError"}"#), WorkbookError::Failed("RangeError".to_owned()));
        assert!(matches!(read("?"), WorkbookError::Failed(_)));
    }
}
