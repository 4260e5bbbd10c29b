//! Formats numbers and dates in British English, where no `Intl` with a reader's language is at hand.

use crate::locale::LocaleFormatter;
use domain::time::{Day, Timestamp};
use std::fmt::Write as _;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// British English. Days are formatted without their weekday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EnglishFormatter;

impl LocaleFormatter for EnglishFormatter {
    /// `12,345.5`.
    fn format_number(&self, number: f64) -> String {
        let text = format!("{:.1}", number.abs());
        let (whole, decimal) = text.split_once('.').unwrap_or((&text, "0"));
        let mut formatted = if number < 0.0 { "-".to_owned() } else { String::new() };
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                formatted.push(',');
            }
            formatted.push(digit);
        }
        if decimal != "0" {
            let _ = write!(formatted, ".{decimal}");
        }
        formatted
    }

    /// `2 Feb`.
    fn format_short_day(&self, day: Day) -> String {
        let [_, month, day] = iso_parts(day);
        let number = |text: &str| text.parse::<usize>().unwrap_or(0);
        let month = number(&month).checked_sub(1).and_then(|month| MONTHS.get(month));
        format!("{} {}", number(&day), month.copied().unwrap_or_default())
    }

    /// `2 Feb 2026`.
    fn format_day(&self, day: Day) -> String {
        let [year, ..] = iso_parts(day);
        format!("{} {year}", self.format_short_day(day))
    }

    /// `2 Feb – 1 Mar 2026`, `29 Dec 2025 – 4 Jan 2026`.
    fn format_days(&self, from: Day, to: Day) -> String {
        let is_same_year = iso_parts(from).first() == iso_parts(to).first();
        let from = if is_same_year { self.format_short_day(from) } else { self.format_day(from) };
        format!("{from} – {}", self.format_day(to))
    }

    fn format_weekday(&self, weekday: u64) -> String {
        let index = usize::try_from(weekday).unwrap_or(usize::MAX);
        WEEKDAYS.get(index).copied().unwrap_or_default().to_owned()
    }

    fn format_short_weekday(&self, weekday: u64) -> String {
        self.format_weekday(weekday).chars().take(3).collect()
    }

    /// `2 Feb 2026, 14:05`.
    fn format_date_time(&self, local: Timestamp) -> String {
        let text = local.rfc3339();
        format!("{}, {}", self.format_day(local.day()), text.get(11..16).unwrap_or_default())
    }
}

/// Year, month and day: `["2026", "02", "02"]`.
fn iso_parts(day: Day) -> [String; 3] {
    let text = day.to_string();
    let mut parts = text.split('-').map(str::to_owned);
    [(); 3].map(|()| parts.next().unwrap_or_default())
}
