//! A time zone as a table of UTC offsets over one span of time.
//!
//! The time zone database is larger than the whole page, and browser and Worker have it already, behind
//! `Intl`. So a host traces the one zone that it needs ([`Zone::trace`]), and pure code works on the table:
//! the local day of a row costs one comparison, and tests can pass any zone.

use crate::time::{DAY, Day, HOUR, MINUTE, SECOND, Timestamp};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The UTC offsets of a named zone over the span for which it was traced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    name: String,
    /// `(from, offset in seconds east of UTC)`, ascending by time. The first applies to earlier times too.
    changes: Vec<(Timestamp, i32)>,
}

impl Zone {
    /// The zone `UTC`, without offset.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), changes: vec![(Timestamp(0), 0)] }
    }

    /// Traces a zone from `from` to `to`. `offset_at` returns the seconds east of UTC at an instant; it is
    /// called once per day, and where two days differ, a binary search finds the second of the change. `None`
    /// if `offset_at` returns `None`.
    pub fn trace(
        name: &str,
        from: Timestamp,
        to: Timestamp,
        mut offset_at: impl FnMut(Timestamp) -> Option<i32>,
    ) -> Option<Self> {
        let mut last = offset_at(from)?;
        let mut at = from;
        let mut changes = vec![(from, last)];
        while at < to {
            let next = at.plus(DAY).min(to);
            let offset = offset_at(next)?;
            if offset != last {
                let (mut before, mut after) = (at.seconds(), next.seconds());
                while after - before > 1 {
                    let middle = before + (after - before) / 2;
                    if offset_at(Timestamp(middle * SECOND))? == last {
                        before = middle;
                    } else {
                        after = middle;
                    }
                }
                changes.push((Timestamp(after * SECOND), offset));
                last = offset;
            }
            at = next;
        }
        Some(Self { name: name.to_owned(), changes })
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds east of UTC at `t`.
    #[must_use]
    pub fn offset_at(&self, t: Timestamp) -> i32 {
        let after = self.changes.partition_point(|(from, _)| *from <= t);
        self.changes.get(after.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }

    /// The local day of `t`.
    #[must_use]
    pub fn day_of(&self, t: Timestamp) -> Day {
        t.plus(i64::from(self.offset_at(t)) * SECOND).day()
    }

    /// The local hour of `t`, 0 to 23.
    #[must_use]
    pub fn hour_of(&self, t: Timestamp) -> u32 {
        let local = t.plus(i64::from(self.offset_at(t)) * SECOND).0.rem_euclid(DAY);
        u32::try_from(local / HOUR).unwrap_or(0)
    }

    /// The local time of `t` with its offset, in ISO 8601, with milliseconds only where there are any. Offsets are
    /// whole minutes, rounded toward zero.
    ///
    /// ```
    /// use domain::{time::Timestamp, zone::Zone};
    /// let berlin = Zone::trace("Europe/Berlin", Timestamp(0), Timestamp(1), |_| Some(3600)).unwrap();
    /// let ten = Timestamp::parse("2026-02-02 10:00:00").unwrap();
    /// assert_eq!(berlin.format_local(ten), "2026-02-02T11:00:00+01:00");
    /// assert_eq!(Zone::utc().format_local(ten.plus(5)), "2026-02-02T10:00:00.005+00:00");
    /// ```
    #[must_use]
    pub fn format_local(&self, t: Timestamp) -> String {
        let minutes = self.offset_at(t) / 60;
        let local = t.plus(i64::from(minutes) * MINUTE);
        let ms = local.0.rem_euclid(DAY);
        let fraction = if ms % SECOND == 0 { String::new() } else { format!(".{:03}", ms % SECOND) };
        format!(
            "{}T{:02}:{:02}:{:02}{fraction}{}{:02}:{:02}",
            local.day(),
            ms / HOUR,
            ms / MINUTE % 60,
            ms / SECOND % 60,
            if minutes < 0 { '-' } else { '+' },
            minutes.abs() / 60,
            minutes.abs() % 60,
        )
    }

    /// The first instant of a local day: midnight, or the change of offset that skips midnight.
    #[must_use]
    pub fn start_of(&self, day: NaiveDate) -> Timestamp {
        let local = Timestamp::start_of(day);
        // Local midnight is `local - offset`, for one of the offsets that apply around that time.
        let offsets = [local.plus(-DAY), local, local.plus(DAY)].map(|t| self.offset_at(t));
        let midnight = offsets
            .iter()
            .map(|offset| local.plus(-i64::from(*offset) * SECOND))
            .filter(|t| self.day_of(*t) == day && self.day_of(t.plus(-1)) < day)
            .min();
        // Without a midnight, the day starts at the change that skips it.
        midnight.unwrap_or_else(|| {
            self.changes
                .iter()
                .map(|(from, _)| *from)
                .find(|t| self.day_of(*t) == day && self.day_of(t.plus(-1)) < day)
                .unwrap_or(local)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Offset, TimeZone, Timelike};
    use chrono_tz::Tz;
    use proptest::prelude::*;

    fn trace(tz: Tz) -> Zone {
        let from = Timestamp::parse("2023-01-01").unwrap();
        let to = Timestamp::parse("2027-12-31").unwrap();
        Zone::trace(tz.name(), from, to, |t| {
            Some(tz.timestamp_millis_opt(t.0).unwrap().offset().fix().local_minus_utc())
        })
        .unwrap()
    }

    const ZONES: [Tz; 10] = [
        Tz::UTC,
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Asia__Kolkata,
        Tz::Australia__Lord_Howe, // half an hour of daylight saving
        Tz::Pacific__Chatham,     // +12:45
        Tz::Africa__Casablanca,   // another offset during Ramadan
        Tz::America__Santiago,    // skips midnight
        Tz::Africa__Cairo,        // skips midnight
        Tz::Pacific__Auckland,
    ];

    proptest! {
        #[test]
        fn a_traced_zone_agrees_with_the_time_zone_database(
            which in 0..ZONES.len(),
            ms in 1_680_000_000_000_i64..1_820_000_000_000,
        ) {
            let tz = ZONES[which];
            let zone = trace(tz);
            let expected = tz.timestamp_millis_opt(ms).unwrap();
            prop_assert_eq!(zone.day_of(Timestamp(ms)), expected.date_naive());
            prop_assert_eq!(zone.hour_of(Timestamp(ms)), expected.hour());
            let format = if ms % 1000 == 0 { chrono::SecondsFormat::Secs } else { chrono::SecondsFormat::Millis };
            prop_assert_eq!(zone.format_local(Timestamp(ms)), expected.to_rfc3339_opts(format, false));
            prop_assert_eq!(Timestamp::parse(&zone.format_local(Timestamp(ms))), Some(Timestamp(ms)));
        }
    }

    #[test]
    fn every_day_starts_at_its_first_instant_even_where_midnight_is_skipped() {
        for tz in ZONES {
            let zone = trace(tz);
            let mut day = NaiveDate::from_ymd_opt(2023, 3, 1).unwrap();
            while day < NaiveDate::from_ymd_opt(2027, 11, 1).unwrap() {
                let start = zone.start_of(day);
                let local_day = |t: Timestamp| tz.timestamp_millis_opt(t.0).unwrap().date_naive();
                assert_eq!(local_day(start), day, "{tz} {day}");
                assert_eq!(local_day(start.plus(-1)), day.pred_opt().unwrap(), "{tz} {day}");
                day = day.succ_opt().unwrap();
            }
        }
    }

    #[test]
    fn zone_format_unchanged() {
        let text = serde_json::to_string(&Zone::utc()).unwrap();
        assert_eq!(text, r#"{"name":"UTC","changes":[[0,0]]}"#);
    }
}
