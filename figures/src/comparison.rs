//! Comparisons: charts over time get lines for other days or another section, a sentence that compares the
//! sums, and a column in the table.
//!
//! A comparison runs the same query for both ranges and overlays the results. So all reports are compared in
//! the same way, and their modules need no code for it.

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

/// Adds the query's comparison to the figures. Returns why there is none, or an empty text.
pub fn add_comparison(
    figures: &mut [Figure],
    name: &ReportName,
    context: &FigureContext<'_>,
    tables: &Dataset,
    other: &str,
) -> &'static str {
    let Some(against) = &context.query.base.comparison else { return "" };
    let has_sections = || tables.iter().any(|(_, held)| held.table.column_index("sectionId").is_some());
    let is_snapshot = name.known().is_some_and(|report| report.descriptor().shape == Shape::Snapshot);
    match against {
        _ if is_snapshot => return text::NOT_COMPARED,
        Comparison::Section(_) if !tables.is_empty() && !has_sections() => return text::NO_SECTIONS,
        Comparison::Section(_) | Comparison::Before => {}
    }
    let Some(base) = context.query.base.comparison_query(against) else { return "" };
    let query = context.query.with_base(base);
    let others = own_figures(name, &FigureContext { query: &query, ..*context }, tables);
    for figure in figures {
        let there = others.iter().find(|other| other.id == figure.id).map(|other| &other.body);
        if let (Body::Bars(chart), Some(Body::Bars(there))) = (&mut figure.body, there)
            && let Some(place) = place_of(chart)
        {
            let levels: Vec<DataPoint> = there.bars.iter().map(|bar| bar.level).collect();
            let sentence = over(chart, &levels, other, place, context);
            let lines = text::overlay_caveat(other, levels.iter().any(|level| level.value().is_some()));
            figure.sentence = join([std::mem::take(&mut figure.sentence), sentence]);
            figure.caveat = join([lines, std::mem::take(&mut figure.caveat)]);
            chart.sentence.clone_from(&figure.sentence);
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

/// Overlays the other values on a chart. Returns the sentence that compares both.
fn over(
    chart: &mut Chart,
    others: &[DataPoint],
    other: &str,
    place: &str,
    context: &FigureContext<'_>,
) -> String {
    let complete = |level: &DataPoint| match level {
        DataPoint::Complete(value) => Some(*value),
        DataPoint::Missing | DataPoint::Withheld | DataPoint::Provisional(_) => None,
    };
    let pairs = ComparedSums::of(
        chart.bars.iter().zip(others).map(|(bar, level)| (complete(&bar.level), complete(level))),
    );
    let told = ComparedUnit { unit: &chart.unit, place, is_sum: chart.id != DISTINCT, other };
    let sentence = text::comparison_sentence(pairs, told, &|number| context.locale.format_number(number));
    let values = others.iter().map(|level| level.value()).collect();
    chart.other = Some(Series { name: other.to_owned(), values });
    sentence
}
