//! A window: one report over one Monday week (UTC) or a part of one, the unit that is requested, stored and shared.

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

/// How long a provisional copy serves before it is worth asking again.
pub const PROVISIONAL_MAX_AGE: i64 = 12 * HOUR;

/// How long a snapshot serves before it is worth asking again.
pub const SNAPSHOT_MAX_AGE: i64 = 24 * HOUR;

/// Parameters other than `start` and `end`, by name.
pub type Parameters = BTreeMap<String, String>;

/// The days a window stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Days {
    /// No dates: everything.
    All,
    /// A whole UTC week from this Monday; what can be asked of it grows as its days close.
    Week(Day),
    /// UTC days from the first up to, not including, the second: at most seven, all of them closed.
    Exactly(Day, Day),
}

/// Which window: the key of everything that is stored about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WindowKey {
    /// The report.
    pub report: ReportName,
    /// Its days.
    pub days: Days,
    /// What else was asked, for reports that take more than dates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: Parameters,
}

impl WindowKey {
    /// Its id inside the report, as it stands in `/api/rows/{report}/{window id}`: `all`, `2026-02-02` for a
    /// whole week, `2026-02-04_2026-02-09` (end excluded) for ragged days; parameters add a mark of their own.
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

    /// Its id among all reports.
    #[must_use]
    pub fn full_id(&self) -> String {
        format!("{}/{}", self.report, self.id())
    }

    /// The first UTC day, where it has dates.
    #[must_use]
    pub fn start(&self) -> Option<Day> {
        match self.days {
            Days::All => None,
            Days::Week(start) | Days::Exactly(start, _) => Some(start),
        }
    }

    /// The day after its last, closed or not, where it has dates.
    #[must_use]
    pub fn end(&self) -> Option<Day> {
        match self.days {
            Days::All => None,
            Days::Week(monday) => Some(plus_days(monday, DAYS_PER_WINDOW)),
            Days::Exactly(_, end) => Some(end),
        }
    }

    /// The day after the last that can be asked for at `today` (UTC): the whole window once it has closed.
    #[must_use]
    pub fn end_at(&self, today: Day) -> Option<Day> {
        self.end().map(|end| end.min(today))
    }

    /// Whether `created` (when the upstream request was made) is too early for the days up to `end` to be
    /// complete; and if so, from which day on.
    #[must_use]
    pub fn provisional_from(&self, end: Option<Day>, created: Timestamp) -> Option<Day> {
        let (start, end) = (self.start()?, end?);
        // Day d is complete in a copy created at or after d + 1 day + 48 h.
        let complete_until = created.plus(-COMPLETE_AFTER).day();
        (complete_until < end).then(|| complete_until.max(start))
    }
}

/// A stable 64-bit fingerprint (FNV-1a) of parameters: an id, not a defence.
fn fingerprint(parameters: &Parameters) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in parameters {
        for byte in name.bytes().chain([0]).chain(value.bytes()).chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// Whether `text` could be the id of a window at all.
#[must_use]
pub fn is_window_id(text: &str) -> bool {
    let (days, mark) = text.split_once('.').map_or((text, None), |(days, mark)| (days, Some(mark)));
    let days_fit = days == "all"
        || parse_day(days).is_some()
        || days
            .split_once('_')
            .is_some_and(|(start, end)| parse_day(start).is_some() && parse_day(end).is_some());
    days_fit && mark.is_none_or(|m| m.len() == 16 && m.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The windows of a range, oldest first.
///
/// Row reports use whole Monday weeks, trimmed afterwards, so that everybody's requests share them. Sums
/// cannot be trimmed: they are cut at Mondays with ragged first and last windows, in UTC days. A window
/// without a closed day is left out: there is nothing to ask for yet.
///
/// # Errors
/// `bad-range` when days are given to a report without dates or left out of one with them;
/// `range-in-future`; `range-too-old` for a report that Echo360 bounds (`assetbydate`: a year).
pub fn plan_windows(
    offer: &ReportListing,
    range: Option<Range>,
    zone: &Zone,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Vec<WindowKey>, Problem> {
    let window = |days| WindowKey { report: offer.name.clone(), days, parameters: parameters.clone() };
    let today = now.day();
    let range = match (offer.shape(), range) {
        (Shape::Snapshot, None) => return Ok(vec![window(Days::All)]),
        (Shape::Snapshot, Some(_)) => {
            return Err(Problem::new(
                Code::BadRange,
                format!("The report `{}` has no dates: leave `from` and `to` out.", offer.name),
            ));
        }
        (_, None) => {
            return Err(Problem::new(
                Code::BadRange,
                format!("The report `{}` needs the first and last day, `from` and `to`.", offer.name),
            ));
        }
        (_, Some(range)) => range,
    };
    range.check_closed(zone, now)?;
    if let Some(back) = offer.name.known().and_then(|report| report.descriptor().days_back) {
        let oldest = minus_days(today, back);
        if range.from() < oldest {
            return Err(Problem::new(
                Code::RangeTooOld,
                format!("Echo360 gives this report at most a year back: {oldest} is the first day now."),
            ));
        }
    }
    Ok(if offer.shape() == Shape::Sums {
        let end = plus_days(range.to(), 1).min(today);
        mondays(range.from(), end)
            .map(|monday| {
                let ragged = (monday.max(range.from()), plus_days(monday, DAYS_PER_WINDOW).min(end));
                window(if ragged == (monday, plus_days(monday, DAYS_PER_WINDOW)) {
                    Days::Week(monday)
                } else {
                    Days::Exactly(ragged.0, ragged.1)
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

/// The instant up to which rows must be here for `range` to be whole, given that today is not closed.
#[must_use]
pub fn needed_until(range: Range, zone: &Zone, now: Timestamp) -> Timestamp {
    range.span(zone).end.min(Timestamp(now.0 - now.0.rem_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offer(name: &str) -> ReportListing {
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

    fn planned(name: &str, from: &str, to: &str, now: &str) -> Result<Vec<String>, Code> {
        let now = Timestamp::parse(now).unwrap();
        plan_windows(
            &offer(name),
            Some(Range::parse(from, to).unwrap()),
            &Zone::utc(),
            &Parameters::new(),
            now,
        )
        .map(|windows| windows.iter().map(WindowKey::id).collect())
        .map_err(|problem| problem.code)
    }

    #[test]
    fn rows_use_whole_weeks_and_sums_use_ragged_ones() {
        let now = "2026-03-10 09:00:00";
        assert_eq!(
            planned("videoview", "2026-02-04", "2026-02-16", now).unwrap(),
            ["2026-02-02", "2026-02-09", "2026-02-16"]
        );
        assert_eq!(
            planned("assetbydate", "2026-02-04", "2026-02-16", now).unwrap(),
            ["2026-02-04_2026-02-09", "2026-02-09", "2026-02-16_2026-02-17"]
        );
        assert_eq!(planned("visit", "2026-02-03", "2026-02-03", now).unwrap(), ["2026-02-03_2026-02-04"]);
    }

    #[test]
    fn a_report_is_planned_only_as_far_as_echo360_goes() {
        let now = "2026-03-10 09:00:00";
        assert_eq!(planned("assetbydate", "2025-03-09", "2025-03-20", now), Err(Code::RangeTooOld));
        assert!(planned("assetbydate", "2025-03-10", "2025-03-20", now).is_ok());
        assert!(planned("videoview", "2023-03-09", "2023-03-20", now).is_ok());
        assert_eq!(planned("asset", "2026-03-01", "2026-03-02", now), Err(Code::BadRange));
        assert_eq!(planned("notes", "2026-03-01", "2026-03-10", now), Err(Code::RangeInFuture));
    }

    #[test]
    fn a_week_of_which_no_day_has_closed_is_not_asked_for() {
        // Monday noon UTC; in New York the range's last evening reaches into that Monday.
        let zone = Zone::trace("New_York", Timestamp(0), Timestamp(1), |_| Some(-5 * 3600)).unwrap();
        let range = Range::parse("2026-02-01", "2026-02-08").unwrap();
        let now = Timestamp::parse("2026-02-09 12:00:00").unwrap();
        let windows = plan_windows(&offer("videoview"), Some(range), &zone, &Parameters::new(), now).unwrap();
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
    fn window_ids_are_told_from_other_text() {
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
            let windows = plan_windows(&offer(name), Some(range), &zone, &Parameters::new(), now).unwrap();
            let mut reach = None;
            for window in &windows {
                let (start, end) = (window.start().unwrap(), window.end_at(now.day()).unwrap());
                prop_assert!(start < end && (end - start).num_days() <= 7);
                prop_assert!(end <= now.day());
                if let Some(reach) = reach {
                    prop_assert_eq!(start, reach, "no gap, no overlap");
                }
                reach = Some(end);
                prop_assert!(is_window_id(&window.id()));
            }
            let span = if name == "videoview" { range.span(&zone) } else { range.span(&Zone::utc()) };
            prop_assert!(Timestamp::start_of(windows[0].start().unwrap()) <= span.start);
            prop_assert!(Timestamp::start_of(reach.unwrap()) >= span.end.min(Timestamp::start_of(now.day())));
            if name != "videoview" {
                prop_assert_eq!(windows[0].start().unwrap(), range.from());
                prop_assert_eq!(reach.unwrap(), plus_days(range.to(), 1));
            }
        }
    }
}
