//! From measures to pictures, pure: scales, ticks, chart models, SVG.
//!
//! - [`model`]: upright bars over time or over steps: marks, sentence and table, all from the same numbers;
//!   [`layout`]: all of it in pixels, both directions; [`svg`]: the drawing; [`ink`]: what it is drawn with.
//! - [`strips`]: small charts under each other on one axis of time.
//! - [`ranking`]: lying bars, most first; [`heat`]: cells by weekday and hour; [`spark`]: a line of text's height.
//! - [`listing`]: a table to be sorted; [`threads`]: questions and answers; [`answers`]: what a poll was answered
//!   with. They have no drawing of their own: a page sets them as text.
//! - [`scale`], [`ticks`]: where a number and a day stand, and which numbers are written beside the axis.
//!
//! Words and the spelling of numbers come from the caller: a chart knows no language.

pub mod answers;
pub mod heat;
pub mod ink;
pub mod layout;
pub mod listing;
pub mod model;
pub mod ranking;
pub mod scale;
pub mod spark;
pub mod strips;
pub mod svg;
pub mod threads;
pub mod ticks;
