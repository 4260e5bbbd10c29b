//! From measures to pictures, pure: scales, ticks, a chart model, SVG.
//!
//! - [`model`]: what a chart says: its marks, its sentence and its table, all from the same numbers.
//! - [`scale`], [`ticks`]: where a number and a day stand, and which numbers are written beside the axis.
//! - [`layout`]: all of it in pixels, both directions; [`svg`]: the drawing; [`ink`]: what it is drawn with.
//!
//! Words and the spelling of numbers come from the caller: a chart knows no language.

pub mod ink;
pub mod layout;
pub mod model;
pub mod scale;
pub mod svg;
pub mod ticks;
