//! Chart models, their layout, and SVG. Pure: no clock, randomness, network or DOM.
//!
//! | topic | modules |
//! |---|---|
//! | bar charts | [`model`]: bars, sentence and table · [`layout`]: positions in pixels · [`svg`]: the drawing · [`palette`]: its colors |
//! | other charts | [`small_multiples`] · [`ranking`] · [`heatmap`] · [`sparkline`] |
//! | lists without a drawing | [`sortable_table`] · [`threads`]: questions and answers · [`poll_answers`] |
//! | axes | [`scale`]: numbers and bars to pixels, and back · [`ticks`]: the numbers beside an axis |
//!
//! Texts and formatted numbers come from the caller, so charts do not depend on a language.

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
