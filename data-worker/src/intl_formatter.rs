//! Formats numbers and dates by the browser's `Intl`, in a Web Worker.

use domain::time::{Day, HOUR, Timestamp};
use figures::locale::{LocaleFormatter, PlainFormatter};
use js_sys::{Array, Function, Object, Reflect};
use std::collections::HashMap;
use wasm_bindgen::{JsCast, JsValue};

/// What is formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Number,
    ShortDay,
    /// A day without its weekday, for ranges.
    DatedDay,
    Day,
    Weekday,
    ShortWeekday,
    DateTime,
}

impl Form {
    const ALL: [Self; 7] = [
        Self::Number,
        Self::ShortDay,
        Self::DatedDay,
        Self::Day,
        Self::Weekday,
        Self::ShortWeekday,
        Self::DateTime,
    ];

    /// The constructor in `Intl`, and its options.
    fn options(self) -> (&'static str, &'static [(&'static str, &'static str)]) {
        const DATES: &str = "DateTimeFormat";
        match self {
            Self::Number => ("NumberFormat", &[("maximumFractionDigits", "1")]),
            Self::ShortDay => (DATES, &[("day", "numeric"), ("month", "short"), ("timeZone", "UTC")]),
            Self::DatedDay => {
                (DATES, &[("day", "numeric"), ("month", "short"), ("year", "numeric"), ("timeZone", "UTC")])
            }
            Self::Day => (
                DATES,
                &[
                    ("weekday", "short"),
                    ("day", "numeric"),
                    ("month", "short"),
                    ("year", "numeric"),
                    ("timeZone", "UTC"),
                ],
            ),
            Self::Weekday => (DATES, &[("weekday", "long"), ("timeZone", "UTC")]),
            Self::ShortWeekday => (DATES, &[("weekday", "short"), ("timeZone", "UTC")]),
            Self::DateTime => {
                (DATES, &[("dateStyle", "medium"), ("timeStyle", "short"), ("timeZone", "UTC")])
            }
        }
    }
}

/// The formatters of `Intl` for one language. Where one is missing, the plain format is used.
#[derive(Debug, Default)]
pub struct IntlFormatter {
    formatters: HashMap<Form, JsValue>,
}

/// A Monday, by which weekdays are named: 5 January 1970.
const MONDAY: Timestamp = Timestamp(4 * 24 * HOUR);

impl IntlFormatter {
    /// Formats in this language, or in British English if it is not English: a month in another language inside an English
    /// sentence helps nobody.
    #[must_use]
    pub fn new(language: &str) -> Self {
        let language = if language.starts_with("en") { language } else { "en-GB" };
        let make = |form: Form| {
            let (constructor, options) = form.options();
            let object = Object::new();
            for (key, value) in options {
                Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value)).ok()?;
            }
            let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
            let constructor = Reflect::get(&intl, &constructor.into()).ok()?.dyn_into::<Function>().ok()?;
            let formatter = Reflect::construct(&constructor, &Array::of2(&language.into(), &object)).ok()?;
            Some((form, formatter))
        };
        Self { formatters: Form::ALL.into_iter().filter_map(make).collect() }
    }

    fn format(&self, form: Form, value: f64) -> Option<String> {
        self.call(form, "format", &[value])
    }

    /// Calls a method of a formatter with numbers.
    fn call(&self, form: Form, method: &str, values: &[f64]) -> Option<String> {
        let formatter = self.formatters.get(&form)?;
        let method = Reflect::get(formatter, &method.into()).ok()?.dyn_into::<Function>().ok()?;
        let values: Array = values.iter().map(|value| JsValue::from_f64(*value)).collect();
        method.apply(formatter, &values).ok()?.as_string()
    }

    /// Formats the noon of a day in UTC.
    fn format_noon(&self, form: Form, day: Day) -> Option<String> {
        self.format(form, noon(day))
    }
}

/// The noon of a day in UTC, in milliseconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
fn noon(day: Day) -> f64 {
    Timestamp::start_of(day).plus(12 * HOUR).0 as f64
}

impl LocaleFormatter for IntlFormatter {
    fn format_number(&self, number: f64) -> String {
        self.format(Form::Number, number).unwrap_or_else(|| PlainFormatter.format_number(number))
    }

    fn format_short_day(&self, day: Day) -> String {
        self.format_noon(Form::ShortDay, day).unwrap_or_else(|| PlainFormatter.format_short_day(day))
    }

    fn format_day(&self, day: Day) -> String {
        self.format_noon(Form::Day, day).unwrap_or_else(|| PlainFormatter.format_day(day))
    }

    fn format_days(&self, from: Day, to: Day) -> String {
        self.call(Form::DatedDay, "formatRange", &[noon(from), noon(to)])
            .unwrap_or_else(|| PlainFormatter.format_days(from, to))
    }

    fn format_weekday(&self, weekday: u64) -> String {
        let day = domain::time::plus_days(MONDAY.day(), weekday);
        self.format_noon(Form::Weekday, day).unwrap_or_else(|| PlainFormatter.format_weekday(weekday))
    }

    fn format_short_weekday(&self, weekday: u64) -> String {
        let day = domain::time::plus_days(MONDAY.day(), weekday);
        self.format_noon(Form::ShortWeekday, day)
            .unwrap_or_else(|| PlainFormatter.format_short_weekday(weekday))
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
    fn format_date_time(&self, local: Timestamp) -> String {
        self.format(Form::DateTime, local.0 as f64).unwrap_or_else(|| PlainFormatter.format_date_time(local))
    }
}
