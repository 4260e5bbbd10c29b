//! From measures to figures: a title, a unit, a sentence, a caveat, and a chart or table for each.
//!
//! Pure: no clock, network or DOM. Numbers and dates are formatted through [`locale::LocaleFormatter`], so
//! that the same figures are made in the browser and in native tests, and could be made in the Worker.
//!
//! - [`reports`]: the figures of one report, a module for each; [`course`]: the figures of a course, over six reports.
//! - [`comparison`]: adds other days or another section to charts over time.
//! - [`figure_context`]: what every module needs; [`text`]: all texts.

pub mod comparison;
pub mod course;
pub mod figure_context;
pub mod locale;
pub mod reports;
pub mod text;

use domain::ids::CourseId;
use domain::report::ReportName;
use engine::reports::person_name;
use engine::table::dataset::Dataset;
use figure_context::FigureContext;
use locale::LocaleFormatter;
use protocol::{Figure, Query, ReportSource, Subject, WindowSource};
use std::collections::BTreeMap;
use text::reports::join;

/// The rows that are loaded: by report, and by the course that they are limited to.
pub type Datasets = BTreeMap<(ReportName, Option<CourseId>), Dataset>;

/// The figures that answer a query, from the rows that are loaded.
#[must_use]
pub fn build_figures(query: &Query, datasets: &Datasets, locale: &dyn LocaleFormatter) -> Vec<Figure> {
    let is_loaded = |source: &ReportSource, window: &WindowSource| {
        let dataset = datasets.get(&(source.report.clone(), source.course.clone()));
        dataset.and_then(|dataset| dataset.generation(&window.id)) == Some(window.generation)
    };
    let windows =
        query.sources.iter().flat_map(|source| source.windows.iter().map(move |window| (source, window)));
    let context = FigureContext {
        locale,
        zone_label: &query.zone_label,
        weeks: &query.weeks,
        query: &query.measure,
        oldest_copy: windows
            .filter(|(source, window)| is_loaded(source, window))
            .map(|(_, window)| window.created)
            .min(),
    };
    let mut figures = match &query.subject {
        Subject::Course { options, comparison_label } => {
            course::figures(&context, datasets, options, comparison_label)
        }
        Subject::Report { name, are_names_hidden, comparison_label } => {
            let empty = Dataset::default();
            let dataset = datasets.iter().find(|((report, _), _)| report == name);
            let dataset = dataset.map_or(&empty, |(_, dataset)| dataset);
            let mut figures = reports::figures(name, &context, dataset);
            let not_compared =
                comparison::add_comparison(&mut figures, name, &context, dataset, comparison_label);
            let hidden = if *are_names_hidden { remove_people(&mut figures) } else { "" };
            if let Some(first) = figures.first_mut() {
                let ignored = reports::ignored_filters(name, &query.measure);
                let caveat = std::mem::take(&mut first.caveat);
                first.caveat = join([hidden.to_owned(), ignored, not_compared.to_owned(), caveat]);
            }
            figures
        }
    };
    number_equal_titles(&mut figures);
    figures
}

/// The name of the student that a query is limited to; empty if there is none, or no row names them.
#[must_use]
pub fn student_name(query: &Query, datasets: &Datasets) -> String {
    let Some(id) = &query.measure.base.student else { return String::new() };
    let names = datasets.values().map(|dataset| person_name::find_name(dataset, id));
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// Removes the figures that name people, and returns a caveat if there were any. Cells of an unknown report
/// may contain names, so all figures that show its cells are removed.
fn remove_people(figures: &mut Vec<Figure>) -> &'static str {
    let names_people = |figure: &Figure| {
        let id = figure.id.as_str();
        matches!(id, "note-takers" | "written" | "threads" | "rows") || id.starts_with("column-")
    };
    let before = figures.len();
    figures.retain(|figure| !names_people(figure));
    if figures.len() < before { text::reports::NAMES_HIDDEN } else { "" }
}

/// Numbers figures with equal titles: a question may be asked in several sections, and screen readers jump
/// from heading to heading.
fn number_equal_titles(figures: &mut [Figure]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for figure in figures {
        let count = seen.entry(figure.title.clone()).or_default();
        *count += 1;
        if *count > 1 {
            figure.title = text::reports::numbered_title(&figure.title, *count);
        }
    }
}

#[cfg(test)]
mod tests;
