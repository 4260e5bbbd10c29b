//! Instants in milliseconds and calendar days, in UTC unless a [`Zone`](crate::zone::Zone) says otherwise.

use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat};
use serde::{Deserialize, Serialize};

/// A calendar day, in the zone that its context says. Days of the reporting API are UTC.
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
    /// The instant `ms` milliseconds later (earlier if negative), saturating.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant, saturating; negative if `earlier` is later.
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

    /// The instant as RFC 3339 in UTC, with milliseconds.
    #[must_use]
    pub fn rfc3339(self) -> String {
        DateTime::from_timestamp_millis(self.0)
            .map_or_else(String::new, |t| t.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    /// Parses every format of times that the reporting API is known or likely to use:
    /// `YYYY-MM-DD HH:MM:SS[.fff]`, ISO 8601 with `T`, `Z` or an offset, a date alone. Without an offset,
    /// they are UTC.
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
        let mut text = TimeParser(text.trim_ascii().as_bytes());
        let year = text.number(4..=4)?;
        let month = text.skip_one_of(b"-")?.number(1..=2)?;
        let day = text.skip_one_of(b"-")?.number(1..=2)?;
        let start = Self::start_of(Day::from_ymd_opt(i32::try_from(year).ok()?, month, day)?);
        if text.0.is_empty() {
            return Some(start);
        }
        let hour = text.skip_one_of(b"Tt ")?.number(1..=2)?;
        let minute = text.skip_one_of(b":")?.number(1..=2)?;
        let second = if text.skip_one_of(b":").is_some() { text.number(1..=2)? } else { 0 };
        let milliseconds = if text.skip_one_of(b".").is_some() { text.milliseconds()? } else { 0 };
        let offset = text.offset()?;
        // Second 60 is a leap second. Unix time has none, so it counts as the next second.
        let is_valid = hour < 24 && minute < 60 && second <= 60 && text.0.is_empty();
        let seconds = i64::from((hour * 60 + minute) * 60 + second) - offset;
        is_valid.then(|| start.plus(seconds * SECOND + i64::from(milliseconds)))
    }
}

/// A parser of times: the text that is still to be parsed.
struct TimeParser<'a>(&'a [u8]);

impl TimeParser<'_> {
    /// Skips one character if it is one of these; otherwise `None`, and nothing is skipped.
    fn skip_one_of(&mut self, characters: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| characters.contains(first))?;
        let _ = first;
        self.0 = rest;
        Some(self)
    }

    /// Parses a number; `digits`: how many digits it may have.
    fn number(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count().min(*digits.end());
        let (number, rest) = self.0.split_at_checked(length).filter(|_| length >= *digits.start())?;
        self.0 = rest;
        Some(number.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// Parses the decimals of a second, rounded down to milliseconds.
    fn milliseconds(&mut self) -> Option<u32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(length).filter(|_| length > 0)?;
        self.0 = rest;
        let digits = digits.iter().chain(b"000").take(3);
        Some(digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }

    /// Parses an offset and returns seconds east of UTC. Formats: nothing, `Z`, ` UTC`, `+01:00`, and,
    /// without a colon or without minutes, `+0000` (Java) and `+00` (PostgreSQL).
    fn offset(&mut self) -> Option<i64> {
        if matches!(self.0, b"" | b"Z" | b"z" | b" UTC") {
            self.0 = &[];
            return Some(0);
        }
        let _ = self.skip_one_of(b" ");
        let sign = if self.skip_one_of(b"+").is_some() { 1 } else { self.skip_one_of(b"-").map(|_| -1)? };
        let hours = self.number(2..=2)?;
        let _ = self.skip_one_of(b":");
        let minutes = if self.0.is_empty() { 0 } else { self.number(2..=2)? };
        (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
    }
}

/// 1970-01-01 as chrono counts days: 1 is 0001-01-01.
const EPOCH_DAY: i32 = 719_163;

/// The Monday on or before `day`.
#[must_use]
pub fn monday(day: Day) -> Day {
    minus_days(day, u64::from(day.weekday().num_days_from_monday()))
}

/// `day` plus `n` days, saturating.
#[must_use]
pub fn plus_days(day: Day, n: u64) -> Day {
    day.checked_add_days(Days::new(n)).unwrap_or(Day::MAX)
}

/// `day` minus `n` days, saturating.
#[must_use]
pub fn minus_days(day: Day, n: u64) -> Day {
    day.checked_sub_days(Days::new(n)).unwrap_or(Day::MIN)
}

/// Parses a day as the HTTP API accepts it: exactly `YYYY-MM-DD`.
#[must_use]
pub fn parse_day(text: &str) -> Option<Day> {
    let digits = text.bytes().enumerate().all(|(at, b)| match at {
        4 | 7 => b == b'-',
        _ => b.is_ascii_digit(),
    });
    if text.len() != 10 || !digits {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    Day::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)
}

/// Serializes a day as `YYYY-MM-DD`, for `#[serde(with)]`. chrono's own implementation accepts many more
/// formats, and adds much code to every program that deserializes a day.
pub mod iso {
    use super::{Day, parse_day};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Serializes a day.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(day: &Day, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    /// Deserializes a day.
    ///
    /// # Errors
    /// If the value is not a text with a day.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Day, D::Error> {
        let text = String::deserialize(from)?;
        parse_day(&text).ok_or_else(|| D::Error::custom("not a day, YYYY-MM-DD"))
    }

    /// The same for an optional day.
    pub mod option {
        use super::super::{Day, parse_day};
        use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

        /// Serializes a day or null.
        ///
        /// # Errors
        /// Those of the serializer.
        pub fn serialize<S: Serializer>(day: &Option<Day>, to: S) -> Result<S::Ok, S::Error> {
            day.map(|day| day.to_string()).serialize(to)
        }

        /// Deserializes a day or null.
        ///
        /// # Errors
        /// If the value is neither.
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
        fn a_day_starts_at_midnight_utc_and_its_week_on_monday(days in 0i64..60_000) {
            let t = Timestamp(days * DAY);
            prop_assert_eq!(Timestamp::start_of(t.day()), t);
            prop_assert_eq!(t.plus(DAY - 1).day(), t.day());
            prop_assert_eq!(monday(t.day()).weekday(), chrono::Weekday::Mon);
            prop_assert!((t.day() - monday(t.day())).num_days() < 7);
        }

        #[test]
        fn an_rfc3339_time_is_parsed_back(ms in 0i64..4_102_444_800_000) {
            prop_assert_eq!(Timestamp::parse(&Timestamp(ms).rfc3339()), Some(Timestamp(ms)));
        }
    }

    /// [`Timestamp::parse`] by means of chrono, whose parsers would be a tenth of the data worker's code.
    fn parse_by_chrono(text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if let Ok(day) = text.parse::<Day>() {
            return Some(Timestamp::start_of(day));
        }
        if let Ok(t) = DateTime::parse_from_rfc3339(text) {
            return Some(Timestamp(t.timestamp_millis()));
        }
        let with_offset = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
        if let Some(t) = with_offset.iter().find_map(|format| DateTime::parse_from_str(text, format).ok()) {
            return Some(Timestamp(t.timestamp_millis()));
        }
        let bare = text.strip_suffix(" UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text);
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(bare, format).ok())
            .map(|t| Timestamp(t.and_utc().timestamp_millis()))
    }

    proptest! {
        #[test]
        fn every_format_is_parsed_as_chrono_parses_it(
            day in "(2026|1970|2024|0001)-(0?[1-9]|1[0-3])-(0?[1-9]|[12][0-9]|3[0-2])",
            time in "([Tt ]([01]?[0-9]|2[0-5]):[0-5]?[0-9](:([0-5]?[0-9]|6[01])(\\.[0-9]{1,9})?)?)?",
            offset in "(| UTC|Z|z| ?[+-]([01][0-9]|2[0-4])(:?[0-6][0-9])?)",
        ) {
            let text = format!("{day}{time}{offset}");
            let parsed = Timestamp::parse(&text);
            // Texts that chrono refuses may be accepted, such as a time without seconds but with an offset.
            if let Some(expected) = parse_by_chrono(&text) {
                prop_assert_eq!(parsed, Some(expected), "{}", text);
            }
            prop_assert_eq!(Timestamp::parse(&format!("{text}?")), None);
        }

        #[test]
        fn parsing_never_panics(text in "[-0-9T: .+Z]{0,30}|.*") {
            let _ = Timestamp::parse(&text);
        }
    }

    #[test]
    fn invalid_times_are_refused() {
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
    fn a_day_is_accepted_in_one_format_only() {
        assert!(parse_day("2026-02-02").is_some());
        for wrong in ["2026-2-2", "2026-02-30", "+2026-02-02", "2026-02-02T00:00:00Z", "", "02-02-2026"] {
            assert_eq!(parse_day(wrong), None, "{wrong}");
        }
    }
}
