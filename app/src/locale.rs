//! Numbers and days as the reader's browser spells them.
//!
//! The page speaks English, so it spells as the reader's own English does, or else British English: a month
//! in another language inside an English sentence helps nobody.

use domain::range::Range;
use domain::time::{Day, HOUR, MINUTE, Timestamp};
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A formatter of `Intl`, made once.
struct IntlFormat {
    object: JsValue,
}

impl IntlFormat {
    fn new(kind: &str, options: &[(&str, JsValue)]) -> Self {
        let make = || {
            let given = Object::new();
            for (key, value) in options {
                Reflect::set(&given, &JsValue::from_str(key), value).ok()?;
            }
            let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
            let make = Reflect::get(&intl, &kind.into()).ok()?.dyn_into::<Function>().ok()?;
            Reflect::construct(&make, &Array::of2(&language_tag().into(), &given)).ok()
        };
        Self { object: make().unwrap_or(JsValue::UNDEFINED) }
    }

    /// Calls one of its methods.
    fn call(&self, method: &str, values: &[f64]) -> Option<String> {
        let method = Reflect::get(&self.object, &method.into()).ok()?.dyn_into::<Function>().ok()?;
        let values: Array = values.iter().map(|value| JsValue::from_f64(*value)).collect();
        method.apply(&self.object, &values).ok()?.as_string()
    }
}

/// The language in which numbers and days are spelled: the reader's English, or else Britain's.
#[must_use]
pub fn language_tag() -> String {
    let own = web_sys::window().and_then(|window| window.navigator().language());
    own.filter(|language| language.starts_with("en")).unwrap_or_else(|| "en-GB".to_owned())
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
    static FULL: IntlFormat =
        date_format(&[("weekday", "short"), ("day", "numeric"), ("month", "short"), ("year", "numeric")]);
    static WEEKDAY: IntlFormat = date_format(&[("weekday", "long")]);
    static SHORT_WEEKDAY: IntlFormat = date_format(&[("weekday", "short")]);
    static MOMENT: IntlFormat = date_format(&[("dateStyle", "medium"), ("timeStyle", "short")]);
}

/// A Monday, by which weekdays are named: 5 January 1970, as milliseconds at noon.
const MONDAY_NOON: f64 = (4 * 24 + 12) as f64 * 3_600_000.0;

fn noon_of_weekday(weekday: u32) -> f64 {
    MONDAY_NOON + f64::from(weekday) * 86_400_000.0
}

/// `Monday` for 0.
#[must_use]
pub fn format_weekday(weekday: u32) -> String {
    WEEKDAY.with(|format| format.call("format", &[noon_of_weekday(weekday)])).unwrap_or_default()
}

/// `Mon` for 0.
#[must_use]
pub fn format_short_weekday(weekday: u32) -> String {
    SHORT_WEEKDAY.with(|format| format.call("format", &[noon_of_weekday(weekday)])).unwrap_or_default()
}

/// `3 Feb 2026, 14:05`: a moment, given as if its own zone were UTC.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
pub fn format_date_time(local: Timestamp) -> String {
    MOMENT.with(|format| format.call("format", &[local.0 as f64])).unwrap_or_else(|| local.rfc3339())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
fn noon(day: Day) -> f64 {
    Timestamp::start_of(day).plus(12 * HOUR).0 as f64
}

/// `13,420`, with at most one digit after the point.
#[must_use]
pub fn format_number(number: f64) -> String {
    NUMBER.with(|format| format.call("format", &[number])).unwrap_or_else(|| number.to_string())
}

/// A share of something: `81 %`.
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

/// `Tue, 3 Feb 2026`.
#[must_use]
pub fn format_full_day(day: Day) -> String {
    FULL.with(|format| format.call("format", &[noon(day)])).unwrap_or_else(|| day.to_string())
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

/// A range, with its year.
#[must_use]
pub fn format_range(range: Range) -> String {
    format_days(range.from(), range.to())
}

/// How long something has lasted: `under a minute`, `18 min`, `2 h 05 min`, `3 days`.
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

/// A zone by its offset and place: `UTC+1 Berlin`; UTC by its name alone.
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
    fn zones_and_spans_are_spelt_as_they_are_said() {
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
