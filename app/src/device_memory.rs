//! Capacity: how many rows of video views the data thread can hold on this device.
//!
//! A tab that runs out of memory dies without a word, and takes the view with it. So a range that cannot fit
//! is not begun: the page says so, and the download, which is streamed, remains.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// Rows per gigabyte of the device's memory. A row is kept as about 30 bytes of columns and passes through
/// once as text: 2,500,000 × 30 = 75 MB of the 1 GB, which leaves room for what is under way and for the
/// rest of the machine.
const ROWS_PER_GIGABYTE: f64 = 2_500_000.0;

/// What is assumed where the browser does not say: 4 GB hold the ten million rows that are promised.
const DEFAULT_GIGABYTES: f64 = 4.0;

/// The most rows that are loaded here.
#[must_use]
pub fn max_rows() -> u64 {
    max_rows_for_memory(device_memory_gigabytes().unwrap_or(DEFAULT_GIGABYTES))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "browsers say between 0.25 and 32; what is below nothing becomes nothing"
)]
fn max_rows_for_memory(device_memory_gigabytes: f64) -> u64 {
    (device_memory_gigabytes * ROWS_PER_GIGABYTE) as u64
}

/// `navigator.deviceMemory`, which not every browser has.
fn device_memory_gigabytes() -> Option<f64> {
    let navigator = Reflect::get(&js_sys::global(), &JsValue::from_str("navigator")).ok()?;
    let reported = Reflect::get(&navigator, &JsValue::from_str("deviceMemory")).ok()?.as_f64()?;
    (reported > 0.0).then_some(reported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_device_holds_ten_million_rows() {
        assert_eq!(max_rows_for_memory(DEFAULT_GIGABYTES), 10_000_000);
        assert_eq!(max_rows_for_memory(0.25), 625_000);
    }
}
