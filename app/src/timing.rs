//! User Timing marks, which benchmarks and profiles read.

use js_sys::{Function, Object, Reflect};
use protocol::Progress;
use wasm_bindgen::{JsCast, JsValue};

/// A milestone between a query and its figures on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimingMark {
    /// A query was sent to the data worker.
    QuerySent,
    /// The first chart with data is drawn.
    FirstMarks,
    /// The measures include every loaded copy.
    Measured,
    /// These measures are on the screen.
    Painted,
    /// The first figure with data is on the screen, whatever the report.
    FirstFigure,
    /// All figures are on the screen, and no more rows are to come.
    AllFigures,
    /// Filters respond, over all rows.
    FiltersReady,
}

impl TimingMark {
    fn name(self) -> &'static str {
        match self {
            Self::QuerySent => "lectern:asked",
            Self::FirstMarks => "lectern:first-marks",
            Self::Measured => "lectern:measured",
            Self::Painted => "lectern:painted",
            Self::FirstFigure => "lectern:first-figure",
            Self::AllFigures => "lectern:all-figures",
            Self::FiltersReady => "lectern:filters-ready",
        }
    }
}

/// Records a mark, with the rows and bytes that had arrived by then. Does nothing without User Timing.
pub fn record_mark(mark: TimingMark, load: Progress) {
    let Some(performance) = web_sys::window().and_then(|window| window.performance()) else { return };
    let detail = Object::new();
    for (name, number) in [("rows", load.rows), ("bytes", load.bytes)] {
        #[expect(clippy::cast_precision_loss, reason = "rows and bytes of a page are far below 2^53")]
        let _ = Reflect::set(&detail, &JsValue::from_str(name), &JsValue::from_f64(number as f64));
    }
    let options = Object::new();
    let _ = Reflect::set(&options, &"detail".into(), &detail);
    // web-sys lacks the overload of `mark` with options.
    if let Ok(Ok(function)) = Reflect::get(&performance, &"mark".into()).map(JsCast::dyn_into::<Function>) {
        let _ = function.call2(&performance, &mark.name().into(), &options);
    }
}
