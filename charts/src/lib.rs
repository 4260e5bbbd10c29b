//! From measures to pictures, pure: scales, ticks, chart models, SVG.
//!
//! - [`model`]: upright bars over time or over steps: marks, sentence and table, all from the same numbers;
//!   [`layout`]: all of it in pixels, both directions; [`svg`]: the drawing; [`palette`]: what it is drawn with.
//! - [`small_multiples`]: small charts under each other on one axis of time.
//! - [`ranking`]: lying bars, most first; [`heatmap`]: cells by weekday and hour; [`sparkline`]: a line of text's height.
//! - [`sortable_table`]: a table to be sorted; [`threads`]: questions and answers; [`poll_answers`]: what a poll was answered
//!   with. They have no drawing of their own: a page sets them as text.
//! - [`scale`], [`ticks`]: where a number and a day stand, and which numbers are written beside the axis.
//!
//! Words and the spelling of numbers come from the caller: a chart knows no language.

pub mod heatmap;
pub mod layout;
pub mod model;
pub mod palette;
pub mod poll_answers;
pub mod ranking;
pub mod scale;
pub mod small_multiples;
pub mod sortable_table;
pub mod sparkline;
pub mod svg;
pub mod threads;
pub mod ticks;
