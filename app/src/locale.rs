//! Formats numbers, days and durations with the browser's `Intl`.
//!
//! The page is in English, so it uses the reader's locale if that is English, or else British English: no
//! month in another language inside an English sentence.

use domain::range::Range;
use domain::time::{Day, HOUR, MINUTE, Timestamp};
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// An `Intl` formatter.
struct IntlFormat {
    object: JsValue,
}

impl IntlFormat {
    fn new(kind: &str, options: &[(&str, JsValue)]) -> Self {
        let construct = || {
            let object = Object::new();
            for (key, value) in options {
                Reflect::set(&object, &JsValue::from_str(key), value).ok()?;
            }
            let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
            let constructor = Reflect::get(&intl, &kind.into()).ok()?.dyn_into::<Function>().ok()?;
            Reflect::construct(&constructor, &Array::of2(&language_tag().into(), &object)).ok()
        };
        Self { object: construct().unwrap_or(JsValue::UNDEFINED) }
    }

    /// Calls one of its methods with numbers.
    fn call(&self, method: &str, values: &[f64]) -> Option<String> {
        let method = Reflect::get(&self.object, &method.into()).ok()?.dyn_into::<Function>().ok()?;
        let values: Array = values.iter().map(|value| JsValue::from_f64(*value)).collect();
        method.apply(&self.object, &values).ok()?.as_string()
    }
}

/// The locale of all formatters: the browser's own if it is English, or else `en-GB`.
#[must_use]
pub fn language_tag() -> String {
    let browser_language = web_sys::window().and_then(|window| window.navigator().language());
    browser_language.filter(|language| language.starts_with("en")).unwrap_or_else(|| "en-GB".to_owned())
}

fn date_format(options: &[(&str, &str)]) -> IntlFormat {
    let mut options: Vec<(&str, JsValue)> =
        options.iter().map(|(key, value)| (*key, JsValue::from_str(value))).collect();
    options.push(("timeZone", "UTC".into()));
    IntlFormat::new("DateTimeFormat", &options)
}

thread_local! {
    static NUMBER: IntlFormat = IntlFormat::new("NumberFormat", &[("maximumFractionDigits", 1.into())]);
    static SHORT: IntlFormat = date_format(&[("day", "numeric"), ("month", "short")]);
    static DATED: IntlFormat = date_format(&[("day", "numeric"), ("month", "short"), ("year", "numeric")]);
    static WEEKDAY: IntlFormat = date_format(&[("weekday", "long")]);
    static MOMENT: IntlFormat = date_format(&[("dateStyle", "medium"), ("timeStyle", "short")]);
}

/// Noon (UTC) of a Monday, 5 January 1970, in milliseconds: weekdays are formatted from it.
const MONDAY_NOON: f64 = (4 * 24 + 12) as f64 * 3_600_000.0;

fn noon_of_weekday(weekday: u32) -> f64 {
    MONDAY_NOON + f64::from(weekday) * 86_400_000.0
}

/// `Monday` for 0.
#[must_use]
pub fn format_weekday(weekday: u32) -> String {
    WEEKDAY.with(|format| format.call("format", &[noon_of_weekday(weekday)])).unwrap_or_default()
}

/// `3 Feb 2026, 14:05`: a local time, given as if its zone were UTC.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
pub fn format_date_time(local: Timestamp) -> String {
    MOMENT.with(|format| format.call("format", &[local.0 as f64])).unwrap_or_else(|| local.rfc3339())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
fn noon(day: Day) -> f64 {
    Timestamp::start_of(day).plus(12 * HOUR).0 as f64
}

/// `13,420`, with at most one decimal.
#[must_use]
pub fn format_number(number: f64) -> String {
    NUMBER.with(|format| format.call("format", &[number])).unwrap_or_else(|| number.to_string())
}

/// A share between 0 and 1: `81 %`.
#[must_use]
pub fn format_percent(share: f64) -> String {
    format!("{} %", format_number((share * 100.0).round()))
}

/// A count: `13,420`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
pub fn format_count(count: u64) -> String {
    format_number(count as f64)
}

/// `3 Feb`.
#[must_use]
pub fn format_short_day(day: Day) -> String {
    SHORT.with(|format| format.call("format", &[noon(day)])).unwrap_or_else(|| day.to_string())
}

/// `3 Feb – 1 Mar 2026`: two days, both included.
#[must_use]
pub fn format_days(from: Day, to: Day) -> String {
    DATED
        .with(|format| format.call("formatRange", &[noon(from), noon(to)]))
        .unwrap_or_else(|| format!("{from} – {to}"))
}

/// `3 Feb – 1 Mar`: two days, both included, where the year is known.
#[must_use]
pub fn format_short_days(from: Day, to: Day) -> String {
    SHORT
        .with(|format| format.call("formatRange", &[noon(from), noon(to)]))
        .unwrap_or_else(|| format!("{from} – {to}"))
}

/// The days of a range, with the year.
#[must_use]
pub fn format_range(range: Range) -> String {
    format_days(range.from(), range.to())
}

/// A duration: `under a minute`, `18 min`, `2 h 05 min`, `3 days`.
#[must_use]
pub fn format_duration(milliseconds: i64) -> String {
    let minutes = milliseconds.max(0) / MINUTE;
    match minutes {
        0 => "under a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2880 => format!("{} h {:02} min", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// A time zone's label, from its name and its offset in seconds: `UTC+1 Berlin`; `UTC` for UTC.
#[must_use]
pub fn format_zone(name: &str, offset: i32) -> String {
    if name == "UTC" {
        return name.to_owned();
    }
    let place = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
    let sign = if offset < 0 { '\u{2212}' } else { '+' };
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() % 3600 / 60);
    match (offset, minutes) {
        (0, _) => format!("UTC {place}"),
        (_, 0) => format!("UTC{sign}{hours} {place}"),
        _ => format!("UTC{sign}{hours}:{minutes:02} {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_durations_are_formatted() {
        assert_eq!(format_zone("Europe/Berlin", 3600), "UTC+1 Berlin");
        assert_eq!(format_zone("America/New_York", -18_000), "UTC\u{2212}5 New York");
        assert_eq!(format_zone("Asia/Kolkata", 19_800), "UTC+5:30 Kolkata");
        assert_eq!(format_zone("UTC", 0), "UTC");
        assert_eq!(format_duration(18 * MINUTE), "18 min");
        assert_eq!(format_duration(125 * MINUTE), "2 h 05 min");
        assert_eq!(format_duration(-5), "under a minute");
        assert_eq!(format_duration(72 * HOUR), "3 days");
    }
}
