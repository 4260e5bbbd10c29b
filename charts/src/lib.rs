//! From measures to pictures. Pure: chart models, their layout, and SVG.
//!
//! | topic | modules |
//! |---|---|
//! | bar charts | [`model`]: bars, sentence and table · [`layout`]: positions in pixels, both ways · [`svg`]: the drawing · [`palette`]: its colors |
//! | other charts | [`small_multiples`] · [`ranking`] · [`heatmap`] · [`sparkline`] |
//! | lists without a drawing | [`sortable_table`] · [`threads`]: questions and answers · [`poll_answers`] |
//! | axes | [`scale`]: numbers and days to pixels · [`ticks`]: the numbers beside an axis |
//!
//! Texts and formatted numbers come from the caller: a chart knows no language.

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
