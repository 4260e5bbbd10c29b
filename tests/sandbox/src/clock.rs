//! The sandbox's clock. It starts at a given instant, or at the real time, and runs at normal speed.
//!
//! Tests can move it forward, so that they need not wait 14 days for a file to expire.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds in a second.
pub(crate) const SECOND_MILLIS: i64 = 1000;
/// Seconds in a day.
pub(crate) const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A clock that only moves forward.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    start_millis: i64,
    moved_millis: AtomicI64,
}

impl Clock {
    /// A clock that now shows this instant (seconds since 1970, UTC), or the real time.
    pub(crate) fn starting(at_seconds: Option<i64>) -> Self {
        let start_millis = at_seconds.map_or_else(real_millis, |seconds| seconds * SECOND_MILLIS);
        Self { started: Instant::now(), start_millis, moved_millis: AtomicI64::new(0) }
    }

    /// Milliseconds since 1970, UTC.
    pub(crate) fn millis(&self) -> i64 {
        let run = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX / 2);
        self.start_millis + run + self.moved_millis.load(Ordering::Relaxed)
    }

    /// Whole seconds since 1970, UTC.
    pub(crate) fn seconds(&self) -> i64 {
        self.millis().div_euclid(SECOND_MILLIS)
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, millis: i64) {
        self.moved_millis.fetch_add(millis.max(0), Ordering::Relaxed);
    }
}

/// Converts seconds to milliseconds. Negative seconds give 0.
#[expect(
    clippy::cast_possible_truncation,
    reason = "parts of a millisecond do not count, and a cast of floats saturates"
)]
pub(crate) fn millis_of(seconds: f64) -> i64 {
    (seconds.max(0.0) * SECOND_MILLIS as f64) as i64
}

fn real_millis() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// Formats an instant as the API does: `2020-04-01T20:36:12.000Z`.
pub(crate) fn instant_text(millis: i64) -> String {
    chrono::DateTime::from_timestamp_millis(millis)
        .map(|at| at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        .unwrap_or_default()
}

/// The day number (days since 1970-01-01) of a date written `YYYY-MM-DD`.
pub(crate) fn day_of_text(text: &str) -> Option<i64> {
    if text.len() != 10 {
        return None;
    }
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(i64::from(date.to_epoch_days()))
}

/// Formats a day number as `YYYY-MM-DD`.
pub(crate) fn day_text(day: i64) -> String {
    date_of_day(day).format("%Y-%m-%d").to_string()
}

/// The date of a day number; 1970-01-01 if it is out of range.
pub(crate) fn date_of_day(day: i64) -> chrono::NaiveDate {
    i32::try_from(day).ok().and_then(chrono::NaiveDate::from_epoch_days).unwrap_or_default()
}

/// The Monday on or before a day, both as day numbers.
#[must_use]
pub const fn monday(day: i64) -> i64 {
    // Day 0, 1970-01-01, was a Thursday.
    day - (day + 3).rem_euclid(7)
}

/// Parses an instant written `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM:SS` or `…Z` into seconds since 1970, UTC.
///
/// # Errors
/// A sentence with the expected formats.
pub fn parse_instant(text: &str) -> Result<i64, String> {
    if let Some(day) = day_of_text(text) {
        return Ok(day * DAY_SECONDS);
    }
    chrono::NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S%.f")
        .map(|at| at.and_utc().timestamp())
        .map_err(|_| format!("'{text}' is neither YYYY-MM-DD nor YYYY-MM-DDTHH:MM:SSZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_days_parse_and_format() {
        assert_eq!(parse_instant("1970-01-02"), Ok(DAY_SECONDS));
        assert_eq!(parse_instant("1970-01-02T00:00:01Z"), Ok(DAY_SECONDS + 1));
        assert!(parse_instant("yesterday").is_err());
        assert_eq!([monday(4), monday(10), monday(3)], [4, 4, -3]);
        assert_eq!(instant_text(86_400_500), "1970-01-02T00:00:00.500Z");
        assert_eq!(day_of_text("2026-02-02").map(day_text).as_deref(), Some("2026-02-02"));
        assert_eq!(day_of_text("2026-02-30"), None);
    }

    #[test]
    fn a_clock_starts_at_its_instant_and_can_be_advanced() {
        let clock = Clock::starting(Some(1000));
        assert!((1000..1010).contains(&clock.seconds()));
        clock.advance(DAY_SECONDS * SECOND_MILLIS);
        assert!(clock.seconds() >= 1000 + DAY_SECONDS);
    }
}
