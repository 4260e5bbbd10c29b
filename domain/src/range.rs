//! A range of days (both ends included), and the span of instants that it covers in a time zone.

use crate::problem::{Code, Problem};
use crate::time::{Day, Timestamp, iso, minus_days, parse_day, plus_days};
use crate::zone::Zone;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Days from a first to a last one, both included; at most [`LONGEST_DAYS`] long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Range {
    /// The first day.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "Day"))]
    from: Day,
    /// The last day, inclusive.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "Day"))]
    to: Day,
}

/// A half-open span of instants: `start <= t < end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first instant of the span.
    pub start: Timestamp,
    /// The first instant after the span.
    pub end: Timestamp,
}

impl Span {
    /// Whether `t` is inside.
    #[must_use]
    pub fn contains(self, t: Timestamp) -> bool {
        self.start <= t && t < self.end
    }
}

/// The longest range, in days: five years. A longer one is most likely a typing error.
pub const LONGEST_DAYS: i64 = 5 * 366;

/// The first day that a report can contain: Echo360 was founded in 2007.
const OLDEST: Day = match Day::from_ymd_opt(2007, 1, 1) {
    Some(day) => day,
    None => Day::MIN,
};

impl Range {
    /// One day.
    #[must_use]
    pub fn from_day(day: Day) -> Self {
        Self { from: day, to: day }
    }

    /// The range from `from` to `to`, both included.
    ///
    /// # Errors
    /// `range-backwards` if `to` is before `from`, `range-too-long` for more than [`LONGEST_DAYS`] days.
    pub fn new(from: Day, to: Day) -> Result<Self, Problem> {
        if to < from {
            return Err(Problem::new(
                Code::RangeBackwards,
                format!("The last day, {to}, is before the first, {from}: swap them."),
            ));
        }
        if (to - from).num_days() >= LONGEST_DAYS {
            return Err(Problem::new(
                Code::RangeTooLong,
                "A range can be at most five years long: choose a shorter one.",
            ));
        }
        Ok(Self { from, to })
    }

    /// Parses two days, `YYYY-MM-DD`.
    ///
    /// # Errors
    /// `bad-day` if one of them is not a day; the errors of [`Range::new`].
    pub fn parse(from: &str, to: &str) -> Result<Self, Problem> {
        let day = |name: &str, text: &str| {
            parse_day(text).ok_or_else(|| {
                Problem::new(Code::BadDay, format!("`{name}` must be a day such as 2026-02-02."))
            })
        };
        Self::new(day("from", from)?, day("to", to)?)
    }

    /// Deserializes a range of a message, and checks it as [`Range::new`] does; for `#[serde(deserialize_with)]`.
    ///
    /// Stored ranges are read without this check, so that after a rollback a release with a lower [`LONGEST_DAYS`] can
    /// read what a later one has stored.
    ///
    /// # Errors
    /// Those of the deserializer and of [`Range::new`].
    pub fn deserialize_checked<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Self { from, to } = Self::deserialize(from)?;
        Self::new(from, to).map_err(|problem| D::Error::custom(problem.detail))
    }

    /// The first day.
    #[must_use]
    pub fn from(self) -> Day {
        self.from
    }

    /// The last day, included.
    #[must_use]
    pub fn to(self) -> Day {
        self.to
    }

    /// The number of days.
    #[must_use]
    pub fn days(self) -> u64 {
        u64::try_from((self.to - self.from).num_days()).unwrap_or(0) + 1
    }

    /// Every day, first to last.
    pub fn each_day(self) -> impl Iterator<Item = Day> {
        (0..self.days()).map(move |n| plus_days(self.from, n))
    }

    /// The range of the same length that is moved back by as many whole weeks as it takes not to overlap, so
    /// that each day is compared with the same day of the week; `None` at the start of the calendar.
    ///
    /// ```
    /// use domain::range::Range;
    /// let of = |from, to| Range::parse(from, to).ok();
    /// let before = of("2026-02-02", "2026-02-11").and_then(|range| range.previous_weeks());
    /// assert_eq!(before, of("2026-01-19", "2026-01-28"));
    /// ```
    #[must_use]
    pub fn previous_weeks(self) -> Option<Self> {
        let by = self.days().next_multiple_of(7);
        Self::new(minus_days(self.from, by), minus_days(self.to, by)).ok()
    }

    /// The span of instants that these days cover in `zone`.
    #[must_use]
    pub fn span(self, zone: &Zone) -> Span {
        Span { start: zone.start_of(self.from), end: zone.start_of(plus_days(self.to, 1)) }
    }

    /// Refuses days that no report can contain in any zone, before anything is computed from them: days after
    /// tomorrow (UTC), and days before 2007.
    ///
    /// # Errors
    /// `range-in-future`, `range-too-old`.
    pub fn check_plausible(self, now: Timestamp) -> Result<(), Problem> {
        if self.to > plus_days(now.day(), 1) {
            return Err(Problem::new(
                Code::RangeInFuture,
                format!("A day can be requested once it is over: {} is not over yet.", self.to),
            ));
        }
        if self.from < OLDEST {
            return Err(Problem::new(
                Code::RangeTooOld,
                format!("Echo360 has no data from before {OLDEST}: choose a later first day."),
            ));
        }
        Ok(())
    }

    /// Refuses a range that ends after yesterday in its own zone or in UTC, whichever is later: a day can be
    /// requested once it has closed. Hours of it that are still open in UTC are provisional.
    ///
    /// # Errors
    /// `range-in-future`, with the last day that can be requested.
    pub fn check_closed(self, zone: &Zone, now: Timestamp) -> Result<(), Problem> {
        let yesterday = minus_days(zone.day_of(now).max(now.day()), 1);
        if self.to > yesterday {
            return Err(Problem::new(
                Code::RangeInFuture,
                format!("A day can be requested once it is over: {yesterday} is the latest for now."),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_range_includes_both_of_its_days() {
        let range = Range::parse("2026-02-02", "2026-02-03").unwrap();
        assert_eq!(range.days(), 2);
        let span = range.span(&Zone::utc());
        assert!(span.contains(Timestamp::parse("2026-02-03 23:59:59").unwrap()));
        assert!(!span.contains(Timestamp::parse("2026-02-04").unwrap()));
    }

    #[test]
    fn an_invalid_range_is_refused_with_the_reason() {
        let code = |from, to| Range::parse(from, to).unwrap_err().code;
        assert_eq!(code("2026-02-03", "2026-02-02"), Code::RangeBackwards);
        assert_eq!(code("2026-02-3", "2026-02-02"), Code::BadDay);
        assert_eq!(code("2016-02-03", "2026-02-02"), Code::RangeTooLong);
        let now = Timestamp::parse("2026-02-04 10:00:00").unwrap();
        let plausible = |from, to| Range::parse(from, to).unwrap().check_plausible(now).map_err(|p| p.code);
        assert_eq!(plausible("2026-02-01", "2026-02-05"), Ok(()));
        assert_eq!(plausible("9999-12-01", "9999-12-31"), Err(Code::RangeInFuture));
        assert_eq!(plausible("0001-01-01", "0001-01-07"), Err(Code::RangeTooOld));
        let closed = |to| Range::parse("2026-02-02", to).unwrap().check_closed(&Zone::utc(), now);
        assert!(closed("2026-02-03").is_ok());
        assert_eq!(closed("2026-02-04").unwrap_err().code, Code::RangeInFuture);
    }

    #[test]
    fn an_invalid_range_of_a_message_is_refused() {
        let days = |json: Value| {
            Range::deserialize_checked(json).map(Range::days).map_err(|error| error.to_string())
        };
        assert_eq!(days(json!({"from": "2026-02-03", "to": "2026-02-03"})), Ok(1));
        assert!(days(json!({"from": "2026-02-03", "to": "2026-02-02"})).unwrap_err().contains("swap"));
    }
}
