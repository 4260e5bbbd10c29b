//! User Timing marks: what a profile of the page is read by.

use js_sys::{Function, Object, Reflect};
use thread::message::Load;
use wasm_bindgen::{JsCast, JsValue};

/// A moment worth a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimingMark {
    /// The data thread was told what to look at.
    QuerySent,
    /// The first marks with data are drawn.
    FirstMarks,
    /// Every copy that can be here is measured.
    Measured,
    /// Those measures are on the screen.
    Painted,
}

impl TimingMark {
    fn name(self) -> &'static str {
        match self {
            Self::QuerySent => "lectern:asked",
            Self::FirstMarks => "lectern:first-marks",
            Self::Measured => "lectern:measured",
            Self::Painted => "lectern:painted",
        }
    }
}

/// Marks a moment, with what had arrived by then. A page without User Timing goes without.
pub fn record_mark(mark: TimingMark, load: Load) {
    let Some(performance) = web_sys::window().and_then(|window| window.performance()) else { return };
    let detail = Object::new();
    for (name, number) in [("rows", load.rows), ("bytes", load.bytes)] {
        #[expect(clippy::cast_precision_loss, reason = "rows and bytes of a page are far below 2^53")]
        let _ = Reflect::set(&detail, &JsValue::from_str(name), &JsValue::from_f64(number as f64));
    }
    let options = Object::new();
    let _ = Reflect::set(&options, &"detail".into(), &detail);
    // web-sys has `mark` without its options only.
    if let Ok(Ok(function)) = Reflect::get(&performance, &"mark".into()).map(JsCast::dyn_into::<Function>) {
        let _ = function.call2(&performance, &mark.name().into(), &options);
    }
}
