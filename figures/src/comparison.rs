//! Comparisons: charts over time get lines for other days or another section, a sentence that compares the
//! sums, and a column in the table.
//!
//! A comparison runs the same query for both ranges and overlays the results. So all reports are compared in
//! the same way, and their modules need no code for it. The measures of `videoview` already contain both
//! ranges ([`crate::reports::videoview::add_comparison`]).

use crate::figure_context::FigureContext;
use crate::reports::own_figures;
use crate::text::comparison::{self as text, ComparedSums, ComparedUnit};
use crate::text::reports::{WEEK, join};
use charts::model::{Chart, DataPoint, Series};
use domain::report::{ReportName, Shape};
use engine::measures::Comparison;
use engine::table::dataset::Dataset;
use protocol::{Body, Figure};

/// The chart whose numbers cannot be added up, since a video may be viewed in several weeks.
const DISTINCT: &str = "videos-viewed";

/// Adds the query's comparison to the figures; `other` is its label. Returns why there is none, or an empty
/// text.
pub fn add_comparison(
    figures: &mut [Figure],
    name: &ReportName,
    context: &FigureContext<'_>,
    dataset: &Dataset,
    other: &str,
) -> &'static str {
    let Some(against) = &context.query.base.comparison else { return "" };
    let is_snapshot = name.known().is_some_and(|report| report.descriptor().shape == Shape::Snapshot);
    let has_no_sections =
        !dataset.is_empty() && dataset.iter().all(|(_, data)| data.table.column_index("sectionId").is_none());
    match against {
        _ if is_snapshot => return text::NOT_COMPARED,
        Comparison::Section(_) if has_no_sections => return text::NO_SECTIONS,
        Comparison::Section(_) | Comparison::Before => {}
    }
    let Some(base) = context.query.base.comparison_query(against) else { return "" };
    let query = context.query.with_base(base);
    let others = own_figures(name, &FigureContext { query: &query, ..*context }, dataset);
    for figure in figures {
        let there = others.iter().find(|other| other.id == figure.id).map(|other| &other.body);
        if let Some(Body::Bars(there)) = there {
            let levels: Vec<DataPoint> = there.bars.iter().map(|bar| bar.level).collect();
            let is_sum = figure.id != DISTINCT;
            overlay(figure, &levels, other, is_sum, context);
        }
    }
    ""
}

/// The step of a chart over time: `day` or `week`; `None` for other charts.
fn place_of(chart: &Chart) -> Option<&'static str> {
    match chart.words.bars.as_str() {
        crate::text::DAY => Some("day"),
        WEEK => Some("week"),
        _ => None,
    }
}

/// Overlays other values, one for each bar, on the chart of a figure, and adds what they are to its sentence,
/// caveat and table. Leaves figures without a chart over time unchanged.
///
/// `other` is the label of the comparison. `is_sum` is whether the bars can be added up; of distinct people
/// or videos the sentence compares the average per bar.
pub fn overlay(
    figure: &mut Figure,
    others: &[DataPoint],
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
    let pairs = ComparedSums::of(
        chart.bars.iter().zip(others).map(|(bar, level)| (complete(&bar.level), complete(level))),
    );
    let compared = ComparedUnit { unit: &chart.unit, place, is_sum, other };
    let sentence = text::comparison_sentence(pairs, compared, &|number| context.locale.format_number(number));
    let lines = text::overlay_caveat(other, others.iter().any(|level| level.value().is_some()));
    figure.sentence = join([std::mem::take(&mut figure.sentence), sentence]);
    figure.caveat = join([lines, std::mem::take(&mut figure.caveat)]);
    chart.sentence.clone_from(&figure.sentence);
    chart.other =
        Some(Series { name: other.to_owned(), values: others.iter().map(|level| level.value()).collect() });
}
