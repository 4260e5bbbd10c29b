//! Test fixture: builds tables from CSV text.

use crate::decode::Decoder;
use crate::table::dataset::{Dataset, WindowData};
use crate::table::{HeaderRow, Table};
use domain::calendar::Calendar;
use domain::query::{MeasureQuery, RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::KnownReport;
use domain::time::{Day, Timestamp, parse_day, plus_days};
use domain::zone::Zone;

/// A window as CSV text.
pub(super) struct Window {
    id: String,
    coverage: WindowCoverage,
    header: String,
    rows: String,
}

pub(super) fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

/// A complete window for the week that begins on `start`.
pub(super) fn week(start: &str, header: &str, rows: &str) -> Window {
    let end = plus_days(day(start), 7);
    window(WindowCoverage { start: Some(day(start)), end: Some(end), provisional_from: None }, header, rows)
}

pub(super) fn window(coverage: WindowCoverage, header: &str, rows: &str) -> Window {
    let id = coverage.start.map_or("all".into(), |day| day.to_string());
    Window { id, coverage, header: header.into(), rows: rows.into() }
}

/// The known report that has these columns, if there is one.
fn report_of(header: &HeaderRow) -> Option<KnownReport> {
    let names: Vec<&str> = header.names().collect();
    KnownReport::ALL.into_iter().find(|report| report.descriptor().missing_from(&names).is_none())
}

pub(super) fn dataset(windows: &[Window]) -> Dataset {
    load(windows.iter().map(|window| (0, window)))
}

/// Windows whose copies were made at these times.
pub(super) fn dataset_of_copies(windows: &[(u32, Window)]) -> Dataset {
    load(windows.iter().map(|(created, window)| (*created, window)))
}

fn load<'a>(windows: impl Iterator<Item = (u32, &'a Window)>) -> Dataset {
    let mut dataset = Dataset::default();
    for (created, window) in windows {
        let header = HeaderRow::parse(window.header.as_bytes());
        let mut table = Table::new(&header, report_of(&header));
        table.created = created;
        Decoder::new(header.delimiter()).for_each_record(window.rows.as_bytes(), |row| {
            table.push_row(&header, row, &mut dataset.texts);
        });
        dataset.insert(&window.id, WindowData { generation: 1, table, coverage: window.coverage });
    }
    dataset
}

/// A query for these days in UTC, without filters, long after their end.
pub(super) fn query(from: &str, to: &str) -> MeasureQuery {
    MeasureQuery {
        base: RowQuery {
            range: Range::parse(from, to).unwrap(),
            zone: Zone::utc(),
            course: None,
            sections: Vec::new(),
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            comparison: None,
            calendar: Calendar::default(),
            today: day("2026-12-01"),
        },
        decks: Vec::new(),
        contents: false,
    }
}

/// The role of somebody whose rows name these: student, instructor or none.
pub(crate) fn main_role<'a>(roles: impl Iterator<Item = &'a str>) -> &'a str {
    let (students, others): (Vec<&str>, Vec<&str>) =
        roles.filter(|role| !role.is_empty()).partition(|role| *role == "Student");
    let prevailing = if students.len() > others.len() { students } else { others };
    prevailing.first().copied().unwrap_or("")
}

/// The time zone of Berlin around the change to summer time on 29 March 2026.
pub(super) fn berlin() -> Zone {
    let change = Timestamp::parse("2026-03-29 01:00:00").unwrap();
    let (from, to) = (Timestamp::parse("2026-01-01").unwrap(), Timestamp::parse("2026-06-01").unwrap());
    Zone::trace("Europe/Berlin", from, to, |t| Some(if t < change { 3600 } else { 7200 })).unwrap()
}
