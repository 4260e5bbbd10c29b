//! A window: one report over a Monday week (UTC) or part of one. The unit that is requested, stored and
//! shared.

use crate::problem::{Code, Problem};
use crate::range::Range;
use crate::report::{ReportName, Shape};
use crate::report_listing::ReportListing;
use crate::time::{DAY, Day, HOUR, Timestamp, minus_days, monday, parse_day, plus_days};
use crate::zone::Zone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// "7-day range for start/end parameters"
pub const DAYS_PER_WINDOW: u64 = 7;

/// "data for a given day is complete 48 hours after the close of that day (in UTC)"
pub const COMPLETE_AFTER: i64 = 48 * HOUR;

/// The age, in milliseconds, from which a provisional copy is requested again.
pub const PROVISIONAL_MAX_AGE: i64 = 12 * HOUR;

/// The age, in milliseconds, above which a snapshot (a report without dates) is requested again.
pub const SNAPSHOT_MAX_AGE: i64 = 24 * HOUR;

/// Parameters of a report by name. A [`WindowKey`] has all but `start` and `end`.
pub type Parameters = BTreeMap<String, String>;

/// The days of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Days {
    /// The report has no dates.
    All,
    /// The UTC week from this Monday. Only its closed days can be requested, so it grows during the week.
    Week(Day),
    /// UTC days from the first (included) to the second (excluded): part of one Monday week, all closed.
    Exactly(Day, Day),
}

/// The key of a window and of everything that is stored about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WindowKey {
    /// The report.
    pub report: ReportName,
    /// Its days.
    pub days: Days,
    /// The report's parameters other than the days.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: Parameters,
}

impl WindowKey {
    /// Its id within the report, as in `/api/rows/{report}/{window id}`: `all` without dates, `2026-02-02`
    /// for a whole week, `2026-02-04_2026-02-09` (end excluded) for part of one. If there are parameters, `.`
    /// and their fingerprint (16 hexadecimal digits) follow.
    #[must_use]
    pub fn id(&self) -> String {
        let days = match self.days {
            Days::All => "all".to_owned(),
            Days::Week(monday) => monday.to_string(),
            Days::Exactly(start, end) => format!("{start}_{end}"),
        };
        if self.parameters.is_empty() {
            days
        } else {
            format!("{days}.{:016x}", fingerprint(&self.parameters))
        }
    }

    /// Its id among the windows of all reports: `{report}/{id}`.
    #[must_use]
    pub fn full_id(&self) -> String {
        format!("{}/{}", self.report, self.id())
    }

    /// The first UTC day; `None` without dates.
    #[must_use]
    pub fn start(&self) -> Option<Day> {
        match self.days {
            Days::All => None,
            Days::Week(start) | Days::Exactly(start, _) => Some(start),
        }
    }

    /// The day after the last, closed or not; `None` without dates.
    #[must_use]
    pub fn end(&self) -> Option<Day> {
        match self.days {
            Days::All => None,
            Days::Week(monday) => Some(plus_days(monday, DAYS_PER_WINDOW)),
            Days::Exactly(_, end) => Some(end),
        }
    }

    /// The day after the last one that can be requested on the day `today` (UTC).
    #[must_use]
    pub fn end_at(&self, today: Day) -> Option<Day> {
        self.end().map(|end| end.min(today))
    }

    /// The first day that is provisional, that is, not complete at Echo360, in a copy up to `end` (excluded)
    /// whose upstream request was made at `created`. `None` if all days are complete.
    #[must_use]
    pub fn provisional_from(&self, end: Option<Day>, created: Timestamp) -> Option<Day> {
        let (start, end) = (self.start()?, end?);
        // Day d is complete in a copy created at or after d + 1 day + 48 h.
        let complete_until = created.plus(-COMPLETE_AFTER).day();
        (complete_until < end).then(|| complete_until.max(start))
    }
}

/// A stable 64-bit hash (FNV-1a) of parameters, for ids. Not cryptographic.
fn fingerprint(parameters: &Parameters) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in parameters {
        for byte in name.bytes().chain([0]).chain(value.bytes()).chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// Whether `text` has the format of [`WindowKey::id`].
#[must_use]
pub fn is_window_id(text: &str) -> bool {
    let (days, hash) = text.split_once('.').map_or((text, None), |(days, hash)| (days, Some(hash)));
    let has_valid_days = days == "all"
        || parse_day(days).is_some()
        || days
            .split_once('_')
            .is_some_and(|(start, end)| parse_day(start).is_some() && parse_day(end).is_some());
    has_valid_days && hash.is_none_or(|hash| hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The windows of a range, oldest first.
///
/// Reports of rows use whole Monday weeks, so that everybody's requests share them; rows outside the range
/// are trimmed later. Sums cannot be trimmed, so their first and last windows cover only the UTC days of the
/// range in that week. A window without a closed day is left out, since nothing of it can be requested yet.
///
/// # Errors
/// `bad-range` if `range` is given for a report without dates, or missing for one with dates;
/// `range-in-future`; `range-too-old` for a report that Echo360 limits (`assetbydate`: to a year).
pub fn plan_windows(
    listing: &ReportListing,
    range: Option<Range>,
    zone: &Zone,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Vec<WindowKey>, Problem> {
    let window = |days| WindowKey { report: listing.name.clone(), days, parameters: parameters.clone() };
    let today = now.day();
    let range = match (listing.shape(), range) {
        (Shape::Snapshot, None) => return Ok(vec![window(Days::All)]),
        (Shape::Snapshot, Some(_)) => {
            return Err(Problem::new(
                Code::BadRange,
                format!("The report `{}` has no dates: leave `from` and `to` out.", listing.name),
            ));
        }
        (_, None) => {
            return Err(Problem::new(
                Code::BadRange,
                format!("The report `{}` needs a first and a last day: set `from` and `to`.", listing.name),
            ));
        }
        (_, Some(range)) => range,
    };
    range.check_closed(zone, now)?;
    if let Some(days_back) = listing.name.known().and_then(|report| report.descriptor().days_back) {
        let oldest = minus_days(today, days_back);
        if range.from() < oldest {
            return Err(Problem::new(
                Code::RangeTooOld,
                format!(
                    "Echo360 provides this report for the last year only: choose {oldest} or later as the \
                     first day."
                ),
            ));
        }
    }
    Ok(if listing.shape() == Shape::Sums {
        let end = plus_days(range.to(), 1).min(today);
        mondays(range.from(), end)
            .map(|monday| {
                let cut = (monday.max(range.from()), plus_days(monday, DAYS_PER_WINDOW).min(end));
                window(if cut == (monday, plus_days(monday, DAYS_PER_WINDOW)) {
                    Days::Week(monday)
                } else {
                    Days::Exactly(cut.0, cut.1)
                })
            })
            .collect()
    } else {
        let span = range.span(zone);
        let end = span.end.plus(-1).day().succ_opt().unwrap_or(Day::MAX).min(today);
        mondays(span.start.day(), end).map(|monday| window(Days::Week(monday))).collect()
    })
}

/// The Mondays of the weeks that have a day in `start..end`.
fn mondays(start: Day, end: Day) -> impl Iterator<Item = Day> {
    let first = monday(start);
    (0..).map(move |n| plus_days(first, n * DAYS_PER_WINDOW)).take_while(move |m| *m < end && start < end)
}

/// The end of the rows that a complete `range` needs: the end of the range, or the last midnight (UTC), since
/// today's rows cannot be requested yet.
#[must_use]
pub fn needed_until(range: Range, zone: &Zone, now: Timestamp) -> Timestamp {
    range.span(zone).end.min(Timestamp(now.0 - now.0.rem_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listing(name: &str) -> ReportListing {
        let name = ReportName::parse(name).unwrap();
        ReportListing::from_reference(&name).unwrap_or(ReportListing {
            name,
            description: String::new(),
            note: String::new(),
            parameters: ["start", "end"]
                .map(|p| crate::report_listing::ReportParameter {
                    name: p.into(),
                    datatype: "date".into(),
                    required: true,
                })
                .to_vec(),
        })
    }

    fn plan(name: &str, from: &str, to: &str, now: &str) -> Result<Vec<String>, Code> {
        let now = Timestamp::parse(now).unwrap();
        plan_windows(
            &listing(name),
            Some(Range::parse(from, to).unwrap()),
            &Zone::utc(),
            &Parameters::new(),
            now,
        )
        .map(|windows| windows.iter().map(WindowKey::id).collect())
        .map_err(|problem| problem.code)
    }

    #[test]
    fn rows_use_whole_weeks_and_sums_use_the_days_of_the_range() {
        let now = "2026-03-10 09:00:00";
        assert_eq!(
            plan("videoview", "2026-02-04", "2026-02-16", now).unwrap(),
            ["2026-02-02", "2026-02-09", "2026-02-16"]
        );
        assert_eq!(
            plan("assetbydate", "2026-02-04", "2026-02-16", now).unwrap(),
            ["2026-02-04_2026-02-09", "2026-02-09", "2026-02-16_2026-02-17"]
        );
        assert_eq!(plan("visit", "2026-02-03", "2026-02-03", now).unwrap(), ["2026-02-03_2026-02-04"]);
    }

    #[test]
    fn days_that_echo360_does_not_offer_are_refused() {
        let now = "2026-03-10 09:00:00";
        assert_eq!(plan("assetbydate", "2025-03-09", "2025-03-20", now), Err(Code::RangeTooOld));
        assert!(plan("assetbydate", "2025-03-10", "2025-03-20", now).is_ok());
        assert!(plan("videoview", "2023-03-09", "2023-03-20", now).is_ok());
        assert_eq!(plan("asset", "2026-03-01", "2026-03-02", now), Err(Code::BadRange));
        assert_eq!(plan("notes", "2026-03-01", "2026-03-10", now), Err(Code::RangeInFuture));
    }

    #[test]
    fn a_week_without_a_closed_day_is_not_requested() {
        // Monday noon UTC; in New York the range's last evening reaches into that Monday.
        let zone = Zone::trace("New_York", Timestamp(0), Timestamp(1), |_| Some(-5 * 3600)).unwrap();
        let range = Range::parse("2026-02-01", "2026-02-08").unwrap();
        let now = Timestamp::parse("2026-02-09 12:00:00").unwrap();
        let windows =
            plan_windows(&listing("videoview"), Some(range), &zone, &Parameters::new(), now).unwrap();
        let ids: Vec<_> = windows.iter().map(WindowKey::id).collect();
        assert_eq!(ids, ["2026-01-26", "2026-02-02"]);
    }

    #[test]
    fn a_day_is_complete_48_hours_after_it_closed() {
        let key = WindowKey {
            report: ReportName::parse("videoview").unwrap(),
            days: Days::Week("2026-02-02".parse().unwrap()),
            parameters: Parameters::new(),
        };
        let end = Some("2026-02-09".parse().unwrap());
        let from = |created: &str| key.provisional_from(end, Timestamp::parse(created).unwrap());
        assert_eq!(from("2026-02-11 00:00:00"), None);
        assert_eq!(from("2026-02-10 23:59:59"), Some("2026-02-08".parse().unwrap()));
        assert_eq!(from("2026-02-09 00:00:00"), Some("2026-02-07".parse().unwrap()));
        assert_eq!(from("2026-02-03 12:00:00"), Some("2026-02-02".parse().unwrap()));
    }

    #[test]
    fn window_ids_are_distinguished_from_other_text() {
        for id in ["all", "2026-02-02", "2026-02-04_2026-02-09", "all.00000000000000ff"] {
            assert!(is_window_id(id), "{id}");
        }
        for id in ["", "2026-02-3", "all.", "../x", "2026-02-02.zz", "2026-02-02_"] {
            assert!(!is_window_id(id), "{id}");
        }
    }

    proptest! {
        #[test]
        fn windows_cover_the_range_once_and_never_over_seven_days(
            name in prop::sample::select(vec!["videoview", "assetbydate", "visit"]),
            start in 0u64..300,
            days in 0u64..120,
            offset in -12i32..14,
        ) {
            let now = Timestamp::parse("2026-03-10 09:00:00").unwrap();
            let zone = Zone::trace("x", Timestamp(0), Timestamp(1), |_| Some(offset * 3600)).unwrap();
            let to = minus_days(minus_days(now.day(), 2), start);
            let Ok(range) = Range::new(minus_days(to, days.min(300 - start)), to) else { return Ok(()) };
            let windows = plan_windows(&listing(name), Some(range), &zone, &Parameters::new(), now).unwrap();
            let mut covered_until = None;
            for window in &windows {
                let (start, end) = (window.start().unwrap(), window.end_at(now.day()).unwrap());
                prop_assert!(start < end && (end - start).num_days() <= 7);
                prop_assert!(end <= now.day());
                if let Some(covered_until) = covered_until {
                    prop_assert_eq!(start, covered_until, "no gap, no overlap");
                }
                covered_until = Some(end);
                prop_assert!(is_window_id(&window.id()));
            }
            let span = if name == "videoview" { range.span(&zone) } else { range.span(&Zone::utc()) };
            prop_assert!(Timestamp::start_of(windows[0].start().unwrap()) <= span.start);
            prop_assert!(Timestamp::start_of(covered_until.unwrap()) >= span.end.min(Timestamp::start_of(now.day())));
            if name != "videoview" {
                prop_assert_eq!(windows[0].start().unwrap(), range.from());
                prop_assert_eq!(covered_until.unwrap(), plus_days(range.to(), 1));
            }
        }
    }
}
