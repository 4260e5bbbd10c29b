//! Instants in milliseconds and calendar days, in UTC unless a [`Zone`](crate::zone::Zone) says otherwise.

use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat};
use serde::{Deserialize, Serialize};

/// A calendar day. Which zone's day it is depends on where it stands; the API's own days are UTC.
pub type Day = NaiveDate;

/// Milliseconds in a second.
pub const SECOND: i64 = 1000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a UTC day; there are no leap seconds in Unix time.
pub const DAY: i64 = 24 * HOUR;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `ms` milliseconds later (earlier, when negative), held at the ends of time.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The UTC day this instant falls on.
    #[must_use]
    pub fn day(self) -> Day {
        DateTime::from_timestamp_millis(self.0).map_or(Day::MAX, |t| t.date_naive())
    }

    /// Midnight UTC at the start of `day`.
    #[must_use]
    pub fn start_of(day: Day) -> Self {
        Self(i64::from(day.num_days_from_ce() - EPOCH_DAY) * DAY)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// As RFC 3339 with milliseconds, in UTC.
    #[must_use]
    pub fn rfc3339(self) -> String {
        DateTime::from_timestamp_millis(self.0)
            .map_or_else(String::new, |t| t.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    /// Reads every spelling that the reporting API is known or likely to use, all taken as UTC unless an
    /// offset stands there: `YYYY-MM-DD HH:MM:SS[.fff]`, ISO 8601 with `T`, `Z` or an offset, a bare date.
    ///
    /// ```
    /// use domain::time::Timestamp;
    /// let noon = Timestamp::parse("2026-02-02 12:00:00");
    /// assert_eq!(noon, Timestamp::parse("2026-02-02T13:00:00+01:00"));
    /// assert_eq!(noon, Timestamp::parse("2026-02-02T12:00:00.000Z"));
    /// assert_eq!(noon, Timestamp::parse("2026-02-02 13:00:00+01"));
    /// assert_eq!(noon, Timestamp::parse("2026-02-02T12:00:00.000+0000"));
    /// assert_eq!(Timestamp::parse("2026-02-02").map(|t| t.rfc3339()), Some("2026-02-02T00:00:00.000Z".into()));
    /// assert_eq!(Timestamp::parse("yesterday"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut text = Spelled(text.trim_ascii().as_bytes());
        let year = text.number(4..=4)?;
        let month = text.after(b"-")?.number(1..=2)?;
        let day = text.after(b"-")?.number(1..=2)?;
        let start = Self::start_of(Day::from_ymd_opt(i32::try_from(year).ok()?, month, day)?);
        if text.0.is_empty() {
            return Some(start);
        }
        let hour = text.after(b"Tt ")?.number(1..=2)?;
        let minute = text.after(b":")?.number(1..=2)?;
        let second = if text.after(b":").is_some() { text.number(1..=2)? } else { 0 };
        let part = if text.after(b".").is_some() { text.thousandths()? } else { 0 };
        let offset = text.offset()?;
        // The sixtieth second is a leap second, which Unix time has not: it is the next one.
        let is_time = hour < 24 && minute < 60 && second <= 60 && text.0.is_empty();
        let seconds = i64::from((hour * 60 + minute) * 60 + second) - offset;
        is_time.then(|| start.plus(seconds * SECOND + i64::from(part)))
    }
}

/// What is left of a time's spelling.
struct Spelled<'a>(&'a [u8]);

impl Spelled<'_> {
    /// Passes one of these characters; `None`, and nothing is passed, where another stands.
    fn after(&mut self, characters: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| characters.contains(first))?;
        let _ = first;
        self.0 = rest;
        Some(self)
    }

    /// A number of so many digits.
    fn number(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count().min(*digits.end());
        let (number, rest) = self.0.split_at_checked(length).filter(|_| length >= *digits.start())?;
        self.0 = rest;
        Some(number.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// What stands behind the point of a second, rounded down to milliseconds.
    fn thousandths(&mut self) -> Option<u32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(length).filter(|_| length > 0)?;
        self.0 = rest;
        let digits = digits.iter().chain(b"000").take(3);
        Some(digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// Seconds east of UTC: none, `Z`, ` UTC`, `+01:00`, and offsets without a colon or without minutes, as Java
    /// (`+0000`) and PostgreSQL (`+00`) print them.
    fn offset(&mut self) -> Option<i64> {
        if matches!(self.0, b"" | b"Z" | b"z" | b" UTC") {
            self.0 = &[];
            return Some(0);
        }
        let _ = self.after(b" ");
        let sign = if self.after(b"+").is_some() { 1 } else { self.after(b"-").map(|_| -1)? };
        let hours = self.number(2..=2)?;
        let _ = self.after(b":");
        let minutes = if self.0.is_empty() { 0 } else { self.number(2..=2)? };
        (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
    }
}

/// 1970-01-01 in days of the common era.
const EPOCH_DAY: i32 = 719_163;

/// The Monday on or before `day`.
#[must_use]
pub fn monday(day: Day) -> Day {
    minus_days(day, u64::from(day.weekday().num_days_from_monday()))
}

/// `day` plus `n` days, held at the end of the calendar.
#[must_use]
pub fn plus_days(day: Day, n: u64) -> Day {
    day.checked_add_days(Days::new(n)).unwrap_or(Day::MAX)
}

/// `day` minus `n` days, held at the start of the calendar.
#[must_use]
pub fn minus_days(day: Day, n: u64) -> Day {
    day.checked_sub_days(Days::new(n)).unwrap_or(Day::MIN)
}

/// Reads a day as the routes take it: `YYYY-MM-DD`, four digits of year, nothing else.
#[must_use]
pub fn parse_day(text: &str) -> Option<Day> {
    let digits = text.bytes().enumerate().all(|(at, b)| match at {
        4 | 7 => b == b'-',
        _ => b.is_ascii_digit(),
    });
    if text.len() != 10 || !digits {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    Day::from_ymd_opt(i32::try_from(part(0, 4)?).ok()?, part(5, 7)?, part(8, 10)?)
}

/// How a day is written and read: `YYYY-MM-DD`. For `#[serde(with)]`: chrono's own way reads far more spellings, and
/// brings as much code into whatever reads one.
pub mod iso {
    use super::{Day, parse_day};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes a day.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(day: &Day, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    /// Reads a day.
    ///
    /// # Errors
    /// What stands there is no day.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Day, D::Error> {
        let text = String::deserialize(from)?;
        parse_day(&text).ok_or_else(|| D::Error::custom("not a day, YYYY-MM-DD"))
    }

    /// The same of a day that may be absent.
    pub mod option {
        use super::super::{Day, parse_day};
        use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

        /// Writes a day, or null.
        ///
        /// # Errors
        /// The serializer's.
        pub fn serialize<S: Serializer>(day: &Option<Day>, to: S) -> Result<S::Ok, S::Error> {
            day.map(|day| day.to_string()).serialize(to)
        }

        /// Reads a day, or null.
        ///
        /// # Errors
        /// What stands there is neither.
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Day>, D::Error> {
            let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
            parse_day(&text).map(Some).ok_or_else(|| D::Error::custom("not a day, YYYY-MM-DD"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_day_starts_where_it_says(days in 0i64..60_000) {
            let t = Timestamp(days * DAY);
            prop_assert_eq!(Timestamp::start_of(t.day()), t);
            prop_assert_eq!(t.plus(DAY - 1).day(), t.day());
            prop_assert_eq!(monday(t.day()).weekday(), chrono::Weekday::Mon);
            prop_assert!((t.day() - monday(t.day())).num_days() < 7);
        }

        #[test]
        fn what_is_printed_is_read_back(ms in 0i64..4_102_444_800_000) {
            prop_assert_eq!(Timestamp::parse(&Timestamp(ms).rfc3339()), Some(Timestamp(ms)));
        }
    }

    /// The same by chrono, whose readers of times weigh a tenth of the data thread.
    fn plainly(text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if let Ok(day) = text.parse::<Day>() {
            return Some(Timestamp::start_of(day));
        }
        if let Ok(t) = DateTime::parse_from_rfc3339(text) {
            return Some(Timestamp(t.timestamp_millis()));
        }
        let with_offset = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
        if let Some(t) = with_offset.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()) {
            return Some(Timestamp(t.timestamp_millis()));
        }
        let bare = text.strip_suffix(" UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text);
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok())
            .map(|t| Timestamp(t.and_utc().timestamp_millis()))
    }

    proptest! {
        #[test]
        fn every_spelling_is_read_as_chrono_reads_it(
            day in "(2026|1970|2024|0001)-(0?[1-9]|1[0-3])-(0?[1-9]|[12][0-9]|3[0-2])",
            time in "([Tt ]([01]?[0-9]|2[0-5]):[0-5]?[0-9](:([0-5]?[0-9]|6[01])(\\.[0-9]{1,9})?)?)?",
            offset in "(| UTC|Z|z| ?[+-]([01][0-9]|2[0-4])(:?[0-6][0-9])?)",
        ) {
            let text = format!("{day}{time}{offset}");
            let read = Timestamp::parse(&text);
            // What chrono refuses may be read: a minute with an offset, say.
            if let Some(expected) = plainly(&text) {
                prop_assert_eq!(read, Some(expected), "{}", text);
            }
            prop_assert_eq!(Timestamp::parse(&format!("{text}?")), None);
        }

        #[test]
        fn what_is_no_time_is_none(text in "[-0-9T: .+Z]{0,30}|.*") {
            let _ = Timestamp::parse(&text);
        }
    }

    #[test]
    fn no_time_is_read_into_what_is_none() {
        for text in [
            "",
            "2026",
            "2026-02-30",
            "2026-13-01",
            "2026-02-02T",
            "2026-02-02 24:00:00",
            "2026-02-02 12:60:00",
            "2026-02-02 12:00:61",
            "2026-02-02 12:00:00.",
            "2026-02-02 12:00:00+24:00",
            "2026-02-02 12:00:00+1",
            "2026-02-02 12:00:00 CET",
            "12026-02-02",
            "2026-02-02Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_in_a_route_has_one_spelling() {
        assert!(parse_day("2026-02-02").is_some());
        for wrong in ["2026-2-2", "2026-02-30", "+2026-02-02", "2026-02-02T00:00:00Z", "", "02-02-2026"] {
            assert_eq!(parse_day(wrong), None, "{wrong}");
        }
    }
}
