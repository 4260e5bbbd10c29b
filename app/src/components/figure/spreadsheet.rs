//! Saves workbooks (xlsx) with a figure's table or a report's rows, and a sheet that says what they are.
//!
//! A Web Worker writes them, whose program (`app/spreadsheet`) is loaded then.

use crate::components::figure::export;
use charts::model::Table;
use charts::sortable_table::{Cell, Column, ColumnKind, SortableTable};
use domain::time::{DAY, SECOND, Timestamp};
use domain::zone::Zone;
use js_sys::Reflect;
use leptos::prelude::*;
use serde::Serialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, MessageEvent, Url, Worker};

/// The most rows of a report that a workbook gets: `MAX_ROWS` in `app/spreadsheet/workbook.mjs`.
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
    /// A day or a time.
    Time {
        /// The wall time, in seconds since 1970.
        seconds: i64,
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
            (Cell::Date(_, seconds) | Cell::Time(_, seconds), _) => SheetCell::Time { seconds: to_wall_time(*seconds, zone) },
            (Cell::Number(share), ColumnKind::Share) => SheetCell::Share { share: *share },
            (Cell::Number(number), _) => SheetCell::Number(*number),
        };
        let rows = table.rows.iter().map(|row| row.cells.iter().zip(&table.columns).map(cell).collect());
        Self { heads: table.columns.iter().map(|column| column.head.clone()).collect(), rows: rows.collect() }
    }
}

/// Days, which are at midnight in UTC, stay; an instant becomes the wall time in the zone.
fn to_wall_time(seconds: i64, zone: &Zone) -> i64 {
    if seconds % (DAY / SECOND) == 0 {
        seconds
    } else {
        seconds + i64::from(zone.offset_at(Timestamp(seconds * SECOND)))
    }
}

/// What the program is to write.
#[derive(Debug, Serialize)]
struct Order<'a> {
    about: &'a [(String, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a Sheet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csv: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'a str>,
}

/// Saves a figure's table. `about`: pairs of heading and text. `failed` is called if there is no file.
pub fn save_sheet(sheet: &Sheet, about: &[(String, String)], title: &str, failed: Callback<()>) {
    write(&Order { about, table: Some(sheet), csv: None, zone: None }, title, failed);
}

/// Saves the rows of a CSV file, given by its URL with unchanged cells, with their local times in the zone.
pub fn save_rows(csv: &str, zone: &str, about: &[(String, String)], title: &str, failed: Callback<()>) {
    write(&Order { about, table: None, csv: Some(csv), zone: Some(zone) }, title, failed);
}

fn write(order: &Order<'_>, title: &str, failed: Callback<()>) {
    let (Ok(order), Ok(worker)) = (serde_json::to_string(order), Worker::new(PROGRAM)) else {
        failed.run(());
        return;
    };
    let name = format!("{}.xlsx", export::file_name(title));
    let writer = worker.clone();
    let answered = Closure::once_into_js(move |event: MessageEvent| {
        writer.terminate();
        let file = Reflect::get(&event.data(), &"file".into()).ok();
        let file = file.and_then(|file| file.dyn_into::<Blob>().ok());
        match file.and_then(|file| Url::create_object_url_with_blob(&file).ok()) {
            Some(url) => export::download(&url, &name),
            None => failed.run(()),
        }
    });
    worker.set_onmessage(Some(answered.unchecked_ref()));
    // The program could not be loaded.
    let writer = worker.clone();
    let not_loaded = Closure::once_into_js(move || {
        writer.terminate();
        failed.run(());
    });
    worker.set_onerror(Some(not_loaded.unchecked_ref()));
    let _ = worker.post_message(&JsValue::from_str(&order));
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
            ],
            spark: None,
            rows: vec![Row {
                id: None,
                cells: vec![
                    Cell::Text("=1".into()),
                    Cell::Number(0.25),
                    Cell::Date("2 Feb".into(), day),
                    Cell::Date("2 Feb, 11:00".into(), time),
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
                SheetCell::Time { seconds: day },
                SheetCell::Time { seconds: time + 3600 },
            ]
        );
    }
}
