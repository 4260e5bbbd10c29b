//! Overlays: the values that a chart over time is compared with, drawn as lines over its bars.

use crate::figure_context::FigureContext;
use crate::text::comparison::{self as text, ComparedSums, ComparedUnit};
use crate::text::reports::{WEEK, join};
use charts::model::{Chart, DataPoint, Series};
use protocol::{Body, Figure};
use std::collections::BTreeSet;

/// The step of a chart over time: `day` or `week`; `None` for other charts.
fn place_of(chart: &Chart) -> Option<&'static str> {
    match chart.words.bars.as_str() {
        protocol::text::DAY => Some("day"),
        WEEK => Some("week"),
        _ => None,
    }
}

/// Overlays other values, one for each bar, on the chart of a figure, and adds what they are to its sentence,
/// caveat and table. Leaves figures without a chart over time unchanged.
///
/// `breaks` are the indices of bars that are not compared. `other` is the label of the comparison. `is_sum` is whether the bars can be added up; of distinct people
/// or videos the sentence compares the average per bar.
pub fn overlay(
    figure: &mut Figure,
    others: &[DataPoint],
    breaks: &BTreeSet<usize>,
    other: &str,
    is_sum: bool,
    context: &FigureContext<'_>,
) {
    let Body::Bars(chart) = &mut figure.body else { return };
    let Some(place) = place_of(chart) else { return };
    let complete = |level: &DataPoint| match level {
        DataPoint::Complete(value) => Some(*value),
        DataPoint::Missing | DataPoint::Withheld | DataPoint::Provisional(_) => None,
    };
    let is_in_break = |index: &usize| breaks.contains(index);
    let pairs = chart.bars.iter().zip(others).enumerate().filter(|(index, _)| !is_in_break(index));
    let pairs = ComparedSums::of(pairs.map(|(_, (bar, level))| (complete(&bar.level), complete(level))));
    let left_out = (0..chart.bars.len().min(others.len())).filter(is_in_break).count() as u64;
    let left_out = text::breaks_caveat(left_out, place, &|count| context.locale.format_count(count));
    let compared = ComparedUnit { unit: &chart.unit, place, is_sum, other };
    let sentence = text::comparison_sentence(pairs, compared, &|number| context.locale.format_number(number));
    let lines = text::overlay_caveat(other, others.iter().any(|level| level.value().is_some()));
    figure.sentence = join([std::mem::take(&mut figure.sentence), sentence]);
    figure.caveat = join([lines, left_out, std::mem::take(&mut figure.caveat)]);
    chart.sentence.clone_from(&figure.sentence);
    chart.other =
        Some(Series { name: other.to_owned(), values: others.iter().map(|level| level.value()).collect() });
}
