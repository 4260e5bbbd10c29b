//! The ground truth: a report's rows, computed independently of the code that writes report files.
//!
//! It shares only the events with the files. Separate code formats the cells, and sums are added event by
//! event, not viewing session by viewing session. A cell is its text in the file, without quotes.

mod cells;

use crate::clock::{Clock, DAY_SECONDS, day_text};
use crate::events::{self, Span};
use crate::institution::Institution;
use crate::report::Report;
use crate::settings::Settings;
use serde::Serialize;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A query for true rows.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The report.
    pub report: Report,
    /// Start, in seconds since 1970, UTC.
    pub start: i64,
    /// End, exclusive, in seconds since 1970. Start and end are ignored for `asset`.
    pub end: i64,
    /// Only rows of this course, given by id or code.
    pub course: Option<String>,
    /// Only rows of the section with this id.
    pub section: Option<String>,
    /// Ignores events at or after this second; default: the clock's current time.
    pub as_of: Option<i64>,
}

impl Ask {
    /// A query for all rows of a report between two days (`YYYY-MM-DD`), the end exclusive.
    ///
    /// # Errors
    /// A message about an invalid date.
    pub fn days(report: Report, start: &str, end: &str) -> Result<Self, String> {
        let (start, end) = (crate::clock::parse_instant(start)?, crate::clock::parse_instant(end)?);
        Ok(Self { report, start, end, course: None, section: None, as_of: None })
    }
}

/// The number of rows and a digest that is independent of their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The number of rows.
    pub rows: u64,
    /// The wrapping sum of [`row_digest`] over the rows, as 16 hexadecimal digits.
    pub digest: String,
}

/// The views of one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Day {
    /// `YYYY-MM-DD`, in the requested zone.
    pub day: String,
    /// The number of rows.
    pub rows: u64,
    /// Minutes: rows / 2.
    pub minutes: f64,
    /// The number of distinct people; views without a user id do not count.
    pub viewers: u64,
}

/// Views by day. Days without views are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MinutesPerDay {
    /// The days, in order.
    pub days: Vec<Day>,
    /// The number of rows of all days.
    pub rows: u64,
}

/// FNV-1a (64 bits) over a row's cells, with U+001F between them.
#[must_use]
pub fn row_digest(cells: &[&str]) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            hash = step(hash, 0x1f);
        }
        hash = cell.bytes().fold(hash, step);
    }
    hash
}

/// Computes the true rows of one institution.
#[derive(Clone, Debug)]
pub struct Truth {
    institution: Arc<Institution>,
    bulk: Option<u64>,
    clock: Arc<Clock>,
}

impl Truth {
    /// The truth of a sandbox with these settings and a clock that starts now.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let institution = Institution::new(settings);
        Self {
            institution: Arc::new(institution),
            bulk: settings.bulk_rows,
            clock: Arc::new(Clock::starting(settings.now)),
        }
    }

    pub(crate) const fn of(institution: Arc<Institution>, bulk: Option<u64>, clock: Arc<Clock>) -> Self {
        Self { institution, bulk, clock }
    }

    /// The names of a report's columns.
    #[must_use]
    pub fn columns(report: Report) -> Vec<&'static str> {
        report.columns().iter().map(|(name, _)| *name).collect()
    }

    /// Calls `visit` with each row until it breaks.
    pub fn each_row(&self, ask: &Ask, visit: &mut dyn FnMut(&[&str]) -> ControlFlow<()>) {
        let as_of = ask.as_of.unwrap_or_else(|| self.clock.seconds());
        let span = if ask.report.has_dates() {
            Span { start: ask.start, end: ask.end }
        } else {
            Span { start: i64::MIN / 2, end: as_of }
        };
        let scope = cells::Scope { course: ask.course.as_deref(), section: ask.section.as_deref() };
        let _ = cells::each(&self.institution, self.bulk, ask.report, span, as_of, scope, visit);
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self, ask: &Ask) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        self.each_row(ask, &mut |cells| {
            rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
            ControlFlow::Continue(())
        });
        rows
    }

    /// The number of rows and their digest.
    #[must_use]
    pub fn count(&self, ask: &Ask) -> Count {
        let (mut rows, mut sum) = (0, 0_u64);
        self.each_row(ask, &mut |cells| {
            rows += 1;
            sum = sum.wrapping_add(row_digest(cells));
            ControlFlow::Continue(())
        });
        Count { rows, digest: format!("{sum:016x}") }
    }

    /// Video views by day, whatever the query's report. Days start at midnight, `zone_offset_seconds` seconds
    /// east of UTC.
    #[must_use]
    pub fn minutes_per_day(&self, ask: &Ask, zone_offset_seconds: i64) -> MinutesPerDay {
        let as_of = ask.as_of.unwrap_or_else(|| self.clock.seconds());
        let span = Span { start: ask.start, end: ask.end };
        let scope = cells::Scope { course: ask.course.as_deref(), section: ask.section.as_deref() };
        let mut all = MinutesPerDay { days: Vec::new(), rows: 0 };
        let mut viewers = HashSet::new();
        let mut current: Option<(i64, u64)> = None;
        let close_day = |current: Option<(i64, u64)>,
                         viewers: &mut HashSet<usize>,
                         all: &mut MinutesPerDay| {
            if let Some((day, rows)) = current {
                all.rows += rows;
                let count = viewers.len() as u64;
                all.days.push(Day { day: day_text(day), rows, minutes: rows as f64 / 2.0, viewers: count });
                viewers.clear();
            }
        };
        let _ = events::each_view(&self.institution, self.bulk, span, as_of, &mut |term, event| {
            if scope.holds_event(&self.institution, term, event) {
                let day = (event.at + zone_offset_seconds).div_euclid(DAY_SECONDS);
                match &mut current {
                    Some((current_day, rows)) if *current_day == day => *rows += 1,
                    _ => {
                        close_day(current, &mut viewers, &mut all);
                        current = Some((day, 1));
                    }
                }
                viewers.extend(event.person);
            }
            ControlFlow::Continue(())
        });
        close_day(current, &mut viewers, &mut all);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids of people with three videos in the same half minute, in two months.
    fn busy_people(busy_account: bool, bulk_rows: Option<u64>) -> HashSet<String> {
        let settings = Settings { students: 60, courses: 3, busy_account, bulk_rows, ..Settings::default() };
        let ask = Ask {
            as_of: Some(i64::MAX / 2),
            ..Ask::days(Report::VideoView, "2026-09-28", "2026-11-30").unwrap()
        };
        let columns = Truth::columns(Report::VideoView);
        let place = |name: &str| columns.iter().position(|column| *column == name).unwrap();
        let [user, time, video] = ["userid", "event_timestamp", "VideoId"].map(place);
        let mut videos: std::collections::HashMap<(String, i64), HashSet<String>> = Default::default();
        for row in Truth::new(&settings).rows(&ask).iter().filter(|row| !row[user].is_empty()) {
            let time = chrono::NaiveDateTime::parse_from_str(&row[time], "%Y-%m-%d %H:%M:%S").unwrap();
            let half_minute = time.and_utc().timestamp() / 30;
            videos.entry((row[user].clone(), half_minute)).or_default().insert(row[video].clone());
        }
        let busy = videos.into_iter().filter(|(_, videos)| videos.len() >= 3);
        busy.map(|((user, _), _)| user).collect()
    }

    #[test]
    fn nobody_watches_three_videos_at_once_but_the_busy_account() {
        assert_eq!(busy_people(false, None), HashSet::new());
        assert_eq!(busy_people(true, None).len(), 1);
        assert_eq!(busy_people(false, Some(100_000)), HashSet::new());
    }

    #[test]
    fn the_digest_is_fnv_1a_over_cells_and_separators() {
        assert_eq!(row_digest(&["a"]), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(row_digest(&["a\u{1f}b"]), row_digest(&["a", "b"]));
        assert_ne!(row_digest(&["ab", ""]), row_digest(&["a", "b"]));
    }
}
