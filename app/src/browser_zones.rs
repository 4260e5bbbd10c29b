//! Time zones of the browser: `Intl` is sampled into tables of offsets, which the pure crates work with.

use domain::range::Range;
use domain::time::{DAY, Timestamp, plus_days};
use domain::zone::Zone;
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Days before and after a range that are traced, too: presets and arrows need them.
const MARGIN: i64 = 8 * DAY;

/// The zone called `name` from a week before `range` to a week after it, and at `now`; `None` when the
/// browser knows no such zone.
#[must_use]
pub fn trace(name: &str, range: Option<Range>, now: Timestamp) -> Option<Zone> {
    if name == "UTC" {
        return Some(Zone::utc());
    }
    let format = offset_formatter(name)?;
    let from = range.map_or(now, |range| Timestamp::start_of(range.from()).min(now));
    let to = range.map_or(now, |range| Timestamp::start_of(plus_days(range.to(), 1)).max(now));
    Zone::trace(name, from.plus(-MARGIN), to.plus(MARGIN), |t| offset(&format, t))
}

/// The names of all zones that the browser knows, and UTC, which not every browser lists.
#[must_use]
pub fn list_names() -> Vec<String> {
    let listed = || {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let list = Reflect::get(&intl, &"supportedValuesOf".into()).ok()?.dyn_into::<Function>().ok()?;
        Some(Array::from(&list.call1(&intl, &"timeZone".into()).ok()?))
    };
    let listed = listed().unwrap_or_default();
    let mut names: Vec<String> = listed.iter().filter_map(|name| name.as_string()).collect();
    if !names.iter().any(|name| name == "UTC") {
        names.insert(0, "UTC".to_owned());
    }
    names
}

/// `format(date)` of an `Intl.DateTimeFormat` that ends in `GMT+01:00`.
fn offset_formatter(zone: &str) -> Option<Function> {
    let options = Object::new();
    for (key, value) in [("timeZone", zone), ("timeZoneName", "longOffset")] {
        Reflect::set(&options, &key.into(), &value.into()).ok()?;
    }
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let make = Reflect::get(&intl, &"DateTimeFormat".into()).ok()?.dyn_into::<Function>().ok()?;
    // The constructor throws for an unknown zone; `Reflect` turns that into an error.
    let format = Reflect::construct(&make, &Array::of2(&"en-US".into(), &options)).ok()?;
    Reflect::get(&format, &"format".into()).ok()?.dyn_into().ok()
}

/// Seconds east of UTC at `t`.
fn offset(format: &Function, t: Timestamp) -> Option<i32> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are far below 2^53")]
    let text = format.call1(&JsValue::UNDEFINED, &JsValue::from_f64(t.0 as f64)).ok()?.as_string()?;
    parse_offset(&text)
}

/// Parses the end of `2/2/2026, GMT+05:30` into seconds. `GMT` alone is UTC; offsets may have seconds.
fn parse_offset(text: &str) -> Option<i32> {
    let (_, offset) = text.rsplit_once("GMT")?;
    let sign = match offset.chars().next() {
        None => return Some(0),
        Some('+') => 1,
        Some('-' | '\u{2212}') => -1,
        Some(_) => return None,
    };
    let digits = offset.trim_start_matches(['+', '-', '\u{2212}']);
    let mut seconds = 0;
    for (part, unit) in digits.split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i32>().ok()? * unit;
    }
    Some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_of_intl_are_parsed() {
        assert_eq!(parse_offset("2/2/2026, GMT"), Some(0));
        assert_eq!(parse_offset("2/2/2026, GMT+01:00"), Some(3600));
        assert_eq!(parse_offset("2/2/2026, GMT-03:30"), Some(-12_600));
        assert_eq!(parse_offset("2/2/2026, GMT+00:53:28"), Some(3208));
        assert_eq!(parse_offset("2/2/2026"), None);
        assert_eq!(parse_offset("GMT?"), None);
    }
}
