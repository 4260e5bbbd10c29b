//! Time zones: tables of UTC offsets, traced through the runtime's `Intl`.

use domain::api::ReportRequest;
use domain::range::Range;
use domain::time::{DAY, SECOND, Timestamp};
use domain::zone::Zone;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Whether `name` is an IANA zone.
pub(crate) fn is_known(name: &str) -> bool {
    formatter(name).is_some()
}

/// The zone called `name`, traced from before `range` and `now` to after both; `None` if there is no such
/// zone.
pub(crate) fn trace(name: &str, range: Option<Range>, now: Timestamp) -> Option<Zone> {
    if name == "UTC" {
        return Some(Zone::utc());
    }
    let format = formatter(name)?;
    let (from, to) = range.map_or((now, now), |range| {
        (Timestamp::start_of(range.from()).min(now), Timestamp::start_of(range.to()).max(now))
    });
    // Two days on either side, since the range's days may start up to 14 h before or after UTC's.
    Zone::trace(name, from.plus(-2 * DAY), to.plus(3 * DAY), |t| offset_at(&format, t))
}

/// The zone of a request, traced over its days; `None` if there is no such zone, or if its days are not plausible, which is
/// refused anyway: tracing thousands of years would take too long.
pub(crate) fn trace_of_request(request: &ReportRequest, now: Timestamp) -> Option<Zone> {
    let range = match (&request.from, &request.to) {
        (Some(from), Some(to)) => Some(Range::parse(from, to).ok()?),
        _ => None,
    };
    if range.is_some_and(|range| range.check_plausible(now).is_err()) {
        return None;
    }
    trace(request.tz.as_deref().unwrap_or("UTC"), range, now)
}

/// A formatter that shows a zone's offset; `None` if there is no such zone. Newer engines accept an offset
/// such as `+01:00` as a zone; it is rejected here, since it has no name and no daylight saving.
fn formatter(name: &str) -> Option<Function> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.len() > 64 {
        return None;
    }
    let options = Object::new();
    Reflect::set(&options, &"timeZone".into(), &name.into()).ok()?;
    Reflect::set(&options, &"timeZoneName".into(), &"longOffset".into()).ok()?;
    // Through Reflect, since the typed constructor does not catch the exception for an unknown zone.
    let constructor: Function = Reflect::get(&intl()?, &"DateTimeFormat".into()).ok()?.dyn_into().ok()?;
    let arguments = Array::of2(&"en-US".into(), &options);
    let format: Intl::DateTimeFormat = Reflect::construct(&constructor, &arguments).ok()?.unchecked_into();
    Some(format.format())
}

fn intl() -> Option<JsValue> {
    Reflect::get(&js_sys::global(), &"Intl".into()).ok()
}

/// Seconds east of UTC, parsed from a text such as `2/2/2026, GMT+05:30`.
fn offset_at(format: &Function, t: Timestamp) -> Option<i32> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date fit a double exactly")]
    let date = Date::new(&JsValue::from_f64((t.0 - t.0.rem_euclid(SECOND)) as f64));
    let text = format.call1(&JsValue::UNDEFINED, &date).ok()?.as_string()?;
    let (_, offset) = text.rsplit_once("GMT")?;
    let Some(sign) = offset.chars().next() else { return Some(0) };
    let seconds = offset
        .get(1..)?
        .split(':')
        .zip([3600, 60, 1])
        .map(|(part, unit)| part.parse::<i32>().ok().map(|n| n * unit))
        .sum::<Option<i32>>()?;
    Some(if sign == '-' { -seconds } else { seconds })
}
