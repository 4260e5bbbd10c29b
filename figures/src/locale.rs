//! Formats numbers and dates. In a browser `Intl` does it, elsewhere [`PlainFormatter`].

use domain::time::{Day, Timestamp};

/// Formats numbers and dates in one language.
pub trait LocaleFormatter: std::fmt::Debug {
    /// `13,420.5`, with at most one decimal.
    fn format_number(&self, number: f64) -> String;
    /// `3 Feb`.
    fn format_short_day(&self, day: Day) -> String;
    /// `Tue, 3 Feb 2026`.
    fn format_day(&self, day: Day) -> String;
    /// `3 Feb – 1 Mar 2026`: two days, both included.
    fn format_days(&self, from: Day, to: Day) -> String;
    /// `Monday` for 0.
    fn format_weekday(&self, weekday: u64) -> String;
    /// `Mon` for 0.
    fn format_short_weekday(&self, weekday: u64) -> String;
    /// `3 Feb 2026, 14:05`, for a time given as if its zone were UTC.
    fn format_date_time(&self, local: Timestamp) -> String;

    /// A count: `13,420`.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    fn format_count(&self, count: u64) -> String {
        self.format_number(count as f64)
    }

    /// `1 view`, `13,420 views`.
    fn count_of(&self, count: u64, one: &str, many: &str) -> String {
        format!("{} {}", self.format_count(count), if count == 1 { one } else { many })
    }

    /// `81 %`, without decimals.
    fn format_percent(&self, share: f64) -> String {
        format!("{} %", self.format_number((share * 100.0).round()))
    }
}

/// A plain format without any language: ISO days, no thousands separators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlainFormatter;

impl LocaleFormatter for PlainFormatter {
    fn format_number(&self, number: f64) -> String {
        ((number * 10.0).round() / 10.0).to_string()
    }

    fn format_short_day(&self, day: Day) -> String {
        day.to_string()
    }

    fn format_day(&self, day: Day) -> String {
        day.to_string()
    }

    fn format_days(&self, from: Day, to: Day) -> String {
        format!("{from} – {to}")
    }

    fn format_weekday(&self, weekday: u64) -> String {
        format!("Day {weekday}")
    }

    fn format_short_weekday(&self, weekday: u64) -> String {
        weekday.to_string()
    }

    fn format_date_time(&self, local: Timestamp) -> String {
        local.rfc3339()
    }
}
