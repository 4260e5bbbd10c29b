//! From measures to figures: a title, a unit, a sentence, a caveat, and a chart or table for each.
//!
//! Pure: no clock, network or DOM. Numbers and dates are formatted through [`locale::LocaleFormatter`], so
//! that the same figures are made in the browser and in native tests, and could be made in the Worker.
//!
//! - [`reports`]: the figures of one report, a module for each; [`course`]: the figures of a course, over six reports.
//! - [`comparison`]: compares a report with other days or another section; [`overlay`]: adds their values to charts.
//! - [`share`]: the figures of a share page, from published numbers.
//! - [`figure_context`]: what every module needs; [`text`]: all texts.

pub mod comparison;
pub mod course;
pub mod figure_context;
pub mod locale;
pub mod overlay;
pub mod reports;
pub mod share;
pub mod text;

use domain::query::MeasureQuery;
use domain::report::{KnownReport, ReportName};
use engine::measures::Measures;
use engine::reports::listing::Listing;
use engine::reports::person_name;
use engine::table::dataset::Dataset;
use figure_context::FigureContext;
use locale::LocaleFormatter;
use protocol::{Body, Figure, Query, ReportSource, Subject, WindowSource};
use reports::ReportFigures;
use std::collections::BTreeMap;
use text::reports::join;

/// The datasets of a query, by report.
pub type Datasets<'a> = BTreeMap<ReportName, &'a Dataset>;

/// The rows that are loaded for a query.
#[derive(Debug, Clone, Default)]
pub struct Loaded<'a> {
    /// The tables, by report.
    pub tables: Datasets<'a>,
    /// The measures of `videoview`, whose rows have columns of their own; `None` if the query is not about
    /// that report alone.
    pub video_views: Option<&'a Measures>,
}

/// Makes the figures that answer a query, from the rows that are loaded. A query about a subject that the builder is not
/// for has no figures.
pub type FigureBuilder = fn(&Query, &Loaded<'_>, &dyn LocaleFormatter) -> Vec<Figure>;

/// Lists every row of a report that its figures count.
pub type RowLister = fn(&Dataset, &MeasureQuery) -> Listing;

/// What the rows of long tables are read from.
#[derive(Debug, Clone, Copy)]
pub enum RowSource {
    /// Nothing: the figures have no long tables.
    None,
    /// The columns of `videoview`, by what the measures count.
    VideoViews,
    /// The table of a report.
    Table(RowLister),
}

/// What answers the queries about a group of subjects.
#[derive(Debug, Clone, Copy)]
pub struct SubjectBuilder {
    /// Makes the figures.
    pub figures: FigureBuilder,
    /// What the rows of its long tables are read from.
    pub rows: RowSource,
}

/// Subjects with the same [`SubjectBuilder`]: a program can load the code of each group when it is first needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectGroup {
    /// One report: a known one, or any other (`None`).
    Report(Option<KnownReport>),
    /// A course, across several reports.
    Course,
}

impl SubjectGroup {
    /// The group of a subject.
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Report { name, .. } => Self::Report(name.known()),
            Subject::Course { .. } => Self::Course,
        }
    }

    /// What answers the queries about this group.
    #[must_use]
    pub fn builder(self) -> SubjectBuilder {
        match self {
            Self::Report(report) => reports::builder(report),
            Self::Course => course::BUILDER,
        }
    }
}

/// Makes the figures of a query about any subject.
#[must_use]
pub fn build_figures(query: &Query, loaded: &Loaded<'_>, locale: &dyn LocaleFormatter) -> Vec<Figure> {
    let builder = SubjectGroup::of(&query.subject).builder();
    (builder.figures)(query, loaded, locale)
}

/// Whether the rows of long tables are left out, since they name people.
#[must_use]
pub fn are_rows_hidden(query: &Query) -> bool {
    matches!(query.subject, Subject::Report { are_names_hidden: true, .. })
}

/// Makes the figures of `videoview`, from [`Loaded::video_views`].
#[must_use]
pub fn build_video_view_figures(
    query: &Query,
    loaded: &Loaded<'_>,
    locale: &dyn LocaleFormatter,
) -> Vec<Figure> {
    let Some(measures) = loaded.video_views else { return Vec::new() };
    let Subject::Report { comparison_label, .. } = &query.subject else { return Vec::new() };
    let context = new_context(query, loaded, locale);
    let mut figures = reports::videoview::figures(&context, measures);
    reports::videoview::add_comparison(&mut figures, &context, measures, comparison_label);
    finish_report(figures, query, "")
}

/// Makes the figures of a report other than `videoview`, from its table in [`Loaded::tables`]. `make_figures` makes those
/// that only this report has.
#[must_use]
pub fn build_report_figures(
    query: &Query,
    loaded: &Loaded<'_>,
    locale: &dyn LocaleFormatter,
    make_figures: ReportFigures,
) -> Vec<Figure> {
    let Subject::Report { name, comparison_label, .. } = &query.subject else { return Vec::new() };
    let context = new_context(query, loaded, locale);
    let empty = Dataset::default();
    let dataset = loaded.tables.get(name).copied().unwrap_or(&empty);
    let mut figures = make_figures(&context, dataset);
    // The table of every row proves the other figures, so it comes after all of them.
    let rows = figures.pop_if(|last| last.id == reports::rows::ID);
    reports::groups::add_figures(&mut figures, &context, dataset, name.known());
    figures.extend(rows);
    let not_compared =
        comparison::add_comparison(&mut figures, name, make_figures, &context, dataset, comparison_label);
    finish_report(figures, query, not_compared)
}

/// Makes the figures of a course, from [`Loaded::tables`].
#[must_use]
pub fn build_course_figures(query: &Query, loaded: &Loaded<'_>, locale: &dyn LocaleFormatter) -> Vec<Figure> {
    let Subject::Course { options, comparison_label } = &query.subject else { return Vec::new() };
    let context = new_context(query, loaded, locale);
    let mut figures = course::figures(&context, &loaded.tables, options, comparison_label);
    number_equal_titles(&mut figures);
    figures
}

fn new_context<'a>(
    query: &'a Query,
    loaded: &Loaded<'_>,
    locale: &'a dyn LocaleFormatter,
) -> FigureContext<'a> {
    let is_loaded = |source: &ReportSource, window: &WindowSource| {
        let dataset = loaded.tables.get(&source.report);
        dataset.and_then(|dataset| dataset.generation(&window.id)) == Some(window.generation)
    };
    let windows =
        query.sources.iter().flat_map(|source| source.windows.iter().map(move |window| (source, window)));
    let oldest_copy =
        windows.filter(|(source, window)| is_loaded(source, window)).map(|(_, window)| window.created).min();
    FigureContext::new(query, oldest_copy, locale)
}

/// Removes names, and adds the caveats that concern all figures of a report to the first of them.
fn finish_report(mut figures: Vec<Figure>, query: &Query, not_compared: &str) -> Vec<Figure> {
    let Subject::Report { name, are_names_hidden, .. } = &query.subject else { return figures };
    let hidden = if *are_names_hidden { remove_people(&mut figures) } else { "" };
    if let Some(first) = figures.first_mut() {
        let ignored = reports::ignored_filters(name, &query.measure);
        let caveat = std::mem::take(&mut first.caveat);
        first.caveat = join([hidden.to_owned(), ignored, not_compared.to_owned(), caveat]);
    }
    number_equal_titles(&mut figures);
    figures
}

/// The name of the student that a query is limited to; empty if there is none, or no row names them.
#[must_use]
pub fn student_name(query: &Query, loaded: &Loaded<'_>) -> String {
    if let Some(measures) = loaded.video_views {
        return measures.student.clone();
    }
    let Some(id) = &query.measure.base.student else { return String::new() };
    let names = loaded.tables.values().map(|dataset| person_name::find_name(dataset, id));
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// Removes the figures that name people, and returns a caveat if there were any.
fn remove_people(figures: &mut Vec<Figure>) -> &'static str {
    let before = figures.len();
    figures.retain(|figure| !protocol::names_people(&figure.id));
    figures.iter_mut().for_each(remove_owners);
    if figures.len() < before { text::reports::NAMES_HIDDEN } else { "" }
}

/// Removes the owners from a table of videos.
fn remove_owners(figure: &mut Figure) {
    let Body::SortableTable(table) = &mut figure.body else { return };
    let Some(index) = table.columns.iter().position(|column| column.head == text::reports::OWNER) else {
        return;
    };
    table.columns.remove(index);
    for row in table.rows.iter_mut().filter(|row| index < row.cells.len()) {
        row.cells.remove(index);
    }
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
