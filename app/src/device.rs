//! The device: how many rows the data worker can hold on it, and whether it is a phone.
//!
//! A tab that runs out of memory crashes without a message. So rows that cannot fit are not loaded: the page
//! says so, and offers the CSV download, which is streamed.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// Rows per gigabyte of the device's memory. A row takes about 30 bytes in columns, and passes through once
/// as text: 2,500,000 × 30 bytes = 75 MB of each GB, which leaves room for rows in transit and for the rest
/// of the device.
const ROWS_PER_GIGABYTE: f64 = 2_500_000.0;

/// Assumed where the browser does not report memory: 4 GB hold the ten million rows that Lectern promises.
const DEFAULT_GIGABYTES: f64 = 4.0;

/// The most rows that are loaded on this device.
#[must_use]
pub fn max_rows() -> u64 {
    max_rows_for_memory(device_memory_gigabytes().unwrap_or(DEFAULT_GIGABYTES))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "browsers report 0.25 to 32; a float cast saturates"
)]
fn max_rows_for_memory(device_memory_gigabytes: f64) -> u64 {
    (device_memory_gigabytes * ROWS_PER_GIGABYTE) as u64
}

/// `navigator.deviceMemory`, which not every browser supports.
fn device_memory_gigabytes() -> Option<f64> {
    let navigator = Reflect::get(&js_sys::global(), &JsValue::from_str("navigator")).ok()?;
    let reported = Reflect::get(&navigator, &JsValue::from_str("deviceMemory")).ok()?.as_f64()?;
    (reported > 0.0).then_some(reported)
}

/// Whether this is a phone, held upright or sideways: its network may be slow, or paid by the megabyte.
#[must_use]
pub fn is_phone() -> bool {
    const PHONE: &str = "(max-width: 480px), (max-height: 480px) and (pointer: coarse)";
    let media = web_sys::window().and_then(|window| window.match_media(PHONE).ok().flatten());
    media.is_some_and(|media| media.matches())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_device_holds_ten_million_rows() {
        assert_eq!(max_rows_for_memory(DEFAULT_GIGABYTES), 10_000_000);
        assert_eq!(max_rows_for_memory(0.25), 625_000);
    }
}
