//! Tables out of CSV that stands in a test.

use super::Question;
use crate::decode::Decoder;
use crate::measures;
use crate::shelf::Facts;
use crate::table::held::{Held, Tables};
use crate::table::{Header, Table};
use domain::range::Range;
use domain::time::{Day, Timestamp, parse_day, plus_days};
use domain::zone::Zone;

/// A window: its id, its days, its header row, its rows.
pub(super) struct Window {
    id: String,
    facts: Facts,
    header: String,
    rows: String,
}

pub(super) fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

/// The week that begins on this day.
pub(super) fn week(start: &str, header: &str, rows: &str) -> Window {
    let end = plus_days(day(start), 7);
    window(Facts { start: Some(day(start)), end: Some(end), provisional_from: None }, header, rows)
}

pub(super) fn window(facts: Facts, header: &str, rows: &str) -> Window {
    let id = facts.start.map_or("all".into(), |day| day.to_string());
    Window { id, facts, header: header.into(), rows: rows.into() }
}

pub(super) fn tables(windows: &[Window]) -> Tables {
    let mut tables = Tables::default();
    for window in windows {
        let header = Header::read(window.header.as_bytes());
        let mut table = Table::new(&header);
        Decoder::new(header.delimiter()).each(window.rows.as_bytes(), |row| {
            table.take(&header, row, &mut tables.texts);
        });
        tables.put(&window.id, Held { generation: 1, table, facts: window.facts });
    }
    tables
}

/// A question about these days in UTC, asked long after.
pub(super) fn question(from: &str, to: &str) -> Question {
    Question {
        base: measures::Question {
            range: Range::parse(from, to).unwrap(),
            zone: Zone::utc(),
            course: None,
            sections: Vec::new(),
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            against: None,
            today: day("2026-12-01"),
        },
        decks: Vec::new(),
        contents: false,
    }
}

/// Berlin around the change of its clocks on 29 March 2026.
pub(super) fn berlin() -> Zone {
    let change = Timestamp::parse("2026-03-29 01:00:00").unwrap();
    let (from, to) = (Timestamp::parse("2026-01-01").unwrap(), Timestamp::parse("2026-06-01").unwrap());
    Zone::trace("Europe/Berlin", from, to, |t| Some(if t < change { 3600 } else { 7200 })).unwrap()
}
