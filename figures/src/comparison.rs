//! Comparisons: charts over time get lines for other days or another section, a sentence that compares the
//! sums, and a column in the table.
//!
//! A comparison runs the same query for both ranges and overlays the results. So all reports are compared in
//! the same way, and their modules need no code for it. The measures of `videoview` already contain both
//! ranges ([`crate::reports::videoview::add_comparison`]).

use crate::figure_context::FigureContext;
use crate::overlay::overlay;
use crate::reports::ReportFigures;
use crate::text::comparison as text;
use charts::model::DataPoint;
use domain::query::Comparison;
use domain::report::{ReportName, Shape};
use engine::table::dataset::Dataset;
use protocol::{Body, Figure};
use std::collections::BTreeSet;

/// The chart whose numbers cannot be added up, since a video may be viewed in several weeks.
const DISTINCT: &str = "videos-viewed";

/// Adds the query's comparison to the figures, which `make_figures` has made; `other` is its label. Returns why there is
/// none, or an empty text.
pub fn add_comparison(
    figures: &mut [Figure],
    name: &ReportName,
    make_figures: ReportFigures,
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
    let others = make_figures(&FigureContext { query: &query, ..*context }, dataset);
    for figure in figures {
        let there = others.iter().find(|other| other.id == figure.id).map(|other| &other.body);
        if let (Body::Bars(here), Some(Body::Bars(there))) = (&figure.body, there) {
            let levels: Vec<DataPoint> = there.bars.iter().map(|bar| bar.level).collect();
            let breaks = match against {
                Comparison::Before => &here.breaks | &there.breaks,
                Comparison::Section(_) => BTreeSet::new(),
            };
            let is_sum = figure.id != DISTINCT;
            overlay(figure, &levels, &breaks, other, is_sum, context);
        }
    }
    ""
}
