//! How numbers and days are spelt where there is no page to ask: in a worker, and in tests.
//!
//! Figures are made of words, so what spells them is handed in: the same figures can then be read in a test
//! that has no browser. The worker may know another language than the page, so the page names it.

use domain::time::{Day, HOUR, Timestamp};
use js_sys::{Array, Function, Object, Reflect};
use std::collections::HashMap;
use wasm_bindgen::{JsCast, JsValue};

/// What is spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Number,
    ShortDay,
    FullDay,
    Weekday,
    ShortWeekday,
    Moment,
}

impl Form {
    const ALL: [Self; 6] =
        [Self::Number, Self::ShortDay, Self::FullDay, Self::Weekday, Self::ShortWeekday, Self::Moment];

    fn options(self) -> (&'static str, &'static [(&'static str, &'static str)]) {
        const DAYS: &str = "DateTimeFormat";
        match self {
            Self::Number => ("NumberFormat", &[("maximumFractionDigits", "1")]),
            Self::ShortDay => (DAYS, &[("day", "numeric"), ("month", "short"), ("timeZone", "UTC")]),
            Self::FullDay => (
                DAYS,
                &[
                    ("weekday", "short"),
                    ("day", "numeric"),
                    ("month", "short"),
                    ("year", "numeric"),
                    ("timeZone", "UTC"),
                ],
            ),
            Self::Weekday => (DAYS, &[("weekday", "long"), ("timeZone", "UTC")]),
            Self::ShortWeekday => (DAYS, &[("weekday", "short"), ("timeZone", "UTC")]),
            Self::Moment => (DAYS, &[("dateStyle", "medium"), ("timeStyle", "short"), ("timeZone", "UTC")]),
        }
    }
}

/// Spells numbers and days.
#[derive(Debug, Default)]
pub struct Tongue {
    /// The formatters of `Intl`; without one, a plain spelling.
    formats: HashMap<Form, JsValue>,
}

/// A Monday, by which weekdays are named: 5 January 1970.
const MONDAY: Timestamp = Timestamp(4 * 24 * HOUR);

impl Tongue {
    /// As the browser spells in this language, or in British English if it is not English: a month in another
    /// language inside an English sentence helps nobody.
    #[must_use]
    pub fn of_browser(language: &str) -> Self {
        let language = if language.starts_with("en") { language } else { "en-GB" };
        let make = |form: Form| {
            let (kind, options) = form.options();
            let given = Object::new();
            for (key, value) in options {
                Reflect::set(&given, &JsValue::from_str(key), &JsValue::from_str(value)).ok()?;
            }
            let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
            let make = Reflect::get(&intl, &kind.into()).ok()?.dyn_into::<Function>().ok()?;
            let format = Reflect::construct(&make, &Array::of2(&language.into(), &given)).ok()?;
            Some((form, format))
        };
        Self { formats: Form::ALL.into_iter().filter_map(make).collect() }
    }

    fn spell(&self, form: Form, value: f64) -> Option<String> {
        let format = self.formats.get(&form)?;
        let method = Reflect::get(format, &"format".into()).ok()?.dyn_into::<Function>().ok()?;
        method.call1(format, &JsValue::from_f64(value)).ok()?.as_string()
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
    fn noon(&self, form: Form, day: Day) -> Option<String> {
        self.spell(form, Timestamp::start_of(day).plus(12 * HOUR).0 as f64)
    }

    /// `13,420.5`, with at most one digit after the point.
    #[must_use]
    pub fn number(&self, number: f64) -> String {
        let plain = || ((number * 10.0).round() / 10.0).to_string();
        self.spell(Form::Number, number).unwrap_or_else(plain)
    }

    /// A count: `13,420`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    pub fn count(&self, count: u64) -> String {
        self.number(count as f64)
    }

    /// `1 view`, `13,420 views`.
    #[must_use]
    pub fn of(&self, count: u64, one: &str, many: &str) -> String {
        format!("{} {}", self.count(count), if count == 1 { one } else { many })
    }

    /// `81 %`, and no digits after the point.
    #[must_use]
    pub fn percent(&self, share: f64) -> String {
        format!("{} %", self.number((share * 100.0).round()))
    }

    /// `3 Feb`.
    #[must_use]
    pub fn short_day(&self, day: Day) -> String {
        self.noon(Form::ShortDay, day).unwrap_or_else(|| day.to_string())
    }

    /// `Tue, 3 Feb 2026`.
    #[must_use]
    pub fn full_day(&self, day: Day) -> String {
        self.noon(Form::FullDay, day).unwrap_or_else(|| day.to_string())
    }

    /// `Monday` for 0.
    #[must_use]
    pub fn weekday(&self, weekday: u64) -> String {
        let day = domain::time::plus_days(MONDAY.day(), weekday);
        self.noon(Form::Weekday, day).unwrap_or_else(|| format!("Day {weekday}"))
    }

    /// `Mon` for 0.
    #[must_use]
    pub fn short_weekday(&self, weekday: u64) -> String {
        let day = domain::time::plus_days(MONDAY.day(), weekday);
        self.noon(Form::ShortWeekday, day).unwrap_or_else(|| weekday.to_string())
    }

    /// `3 Feb 2026, 14:05`: a moment, given as if its own zone were UTC.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
    pub fn moment(&self, local: Timestamp) -> String {
        self.spell(Form::Moment, local.0 as f64).unwrap_or_else(|| local.rfc3339())
    }
}
