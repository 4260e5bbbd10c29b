//! The figures of a share page, which the Worker draws as HTML.
//!
//! ```text
//! PublishedNumbers ──ShareFilter──▶ SharePanel ──build_share_figures──▶ ShareFigure
//!                   visible numbers             texts, chart and table
//! ```
//!
//! [`ShareFilter`] removes what may not be shown. Figures are made from its result alone, so no text, bar or
//! cell can contain a suppressed number.

pub mod english_formatter;

use crate::figure_context::{bar_figure, new_figure, plain_row};
use crate::locale::LocaleFormatter;
use crate::text::reports::join;
use crate::text::share as text;
use charts::model::{Bar, DataPoint};
use charts::sortable_table::{Cell, Column, ColumnKind, Row, RowAction, SortableTable};
use domain::ids::normalize_text;
use domain::report::ReportName;
use domain::shares::{SharePanel, ShareWeek};
use domain::time::{Day, Timestamp};
use engine::published_week::{PublishedNumber, PublishedNumbers};
use protocol::{Body, Figure};

/// Selects the published numbers that a share shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareFilter<'a> {
    /// The id and the number of the section; `None` for the whole course.
    pub section: Option<(&'a str, &'a str)>,
    /// The current setting `LECTERN_SMALLEST`. Raising it also withholds numbers of weeks published earlier.
    pub smallest: u32,
}

impl ShareFilter<'_> {
    /// The numbers of a published week or snapshot, each `None` if it is withheld; `None` if all are withheld.
    #[must_use]
    pub fn visible_numbers(
        &self,
        report: &ReportName,
        published: &PublishedNumbers,
    ) -> Option<Vec<Option<f64>>> {
        let uses_section_numbers =
            report.known().is_some_and(|report| report.descriptor().identifies_sections_by_number());
        let published = match self.section {
            None => &published.total,
            Some((id, number)) => {
                let name = if uses_section_numbers { number } else { id };
                published.sections.get(&*normalize_text(name))?
            }
        };
        let is_shown = |number: &PublishedNumber| self.smallest <= number.max_smallest;
        let visible: Vec<Option<f64>> =
            published.iter().map(|number| number.filter(is_shown).map(|number| number.value)).collect();
        visible.iter().any(Option::is_some).then_some(visible)
    }

    /// The visible numbers of a report. `weeks` are its published weeks, oldest first, each with its Monday; or
    /// one snapshot without a Monday, which was `taken` at that time.
    #[must_use]
    pub fn build_panel(
        &self,
        report: &ReportName,
        taken: Option<Timestamp>,
        weeks: &[(Option<Day>, &PublishedNumbers)],
    ) -> SharePanel {
        let units = text::units(report.known());
        let week = |(monday, published): &(Option<Day>, &PublishedNumbers)| ShareWeek {
            monday: *monday,
            numbers: self.visible_numbers(report, published).unwrap_or_else(|| vec![None; units.len()]),
        };
        SharePanel {
            report: report.clone(),
            taken,
            measures: units.iter().map(|&unit| unit.to_owned()).collect(),
            weeks: weeks.iter().map(week).collect(),
        }
    }
}

/// What the figures of a share need besides its numbers.
#[derive(Clone, Copy)]
pub struct ShareContext<'a> {
    /// Formats numbers and dates.
    pub locale: &'a dyn LocaleFormatter,
    /// The Mondays of all weeks in the share's range, whether or not they have numbers.
    pub mondays: &'a [Day],
    /// The day of an instant, in the institution's time zone.
    pub day_of: &'a dyn Fn(Timestamp) -> Day,
}

/// The figure of one report in a share.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareFigure {
    /// Texts, and a chart with one bar per week: the first number of each. A snapshot has no chart. Every line of
    /// the caveat is a paragraph of its own.
    pub figure: Figure,
    /// All numbers, one row per week. [`Cell::Text`] is a word in place of a number that is withheld or not known,
    /// [`Cell::None`] a number that does not exist: the percentage of right answers where no poll has a solution.
    ///
    /// [`Figure::table`] cannot distinguish these: further numbers of a chart's bars have no state.
    pub table: SortableTable,
}

/// Makes the figures of a share, one for each report.
#[must_use]
pub fn build_share_figures(panels: &[SharePanel], context: &ShareContext<'_>) -> Vec<ShareFigure> {
    let build = |panel: &SharePanel| match panel.taken {
        Some(taken) => snapshot_figure(context, panel, taken),
        None => weekly_figure(context, panel),
    };
    panels.iter().map(build).collect()
}

/// A report without dates: its numbers when the snapshot was taken.
fn snapshot_figure(context: &ShareContext<'_>, panel: &SharePanel, taken: Timestamp) -> ShareFigure {
    let report = panel.report.known();
    let library = match panel.weeks.first().map(|week| week.numbers.as_slice()) {
        Some([Some(videos), Some(views)]) => Some((*videos, *views)),
        _ => None,
    };
    let sentence = join([
        text::library_sentence(context.locale, library),
        text::snapshot_sentence(context.locale, (context.day_of)(taken)),
    ]);
    let titles = [panel.report.as_str(), text::title(report)];
    let caveat = text::report_caveat(report).to_owned();
    ShareFigure {
        figure: new_figure(titles, String::new(), sentence, caveat, Body::Text),
        table: numbers_table(panel, &panel.weeks),
    }
}

/// A report by weeks. A withheld or missing week is a labeled gap in the chart.
fn weekly_figure(context: &ShareContext<'_>, panel: &SharePanel) -> ShareFigure {
    let report = panel.report.known();
    let weeks = fill_missing_weeks(panel, context.mondays);
    let bars = context.mondays.iter().zip(&weeks).map(|(monday, week)| Bar {
        name: context.locale.format_day(*monday),
        short: context.locale.format_short_day(*monday),
        is_landmark: true,
        level: match week.numbers.first() {
            None => DataPoint::Missing,
            Some(None) => DataPoint::Withheld,
            Some(Some(number)) => DataPoint::Complete(*number),
        },
    });
    let unit = panel.measures.first().map_or("", String::as_str);
    let shown: Vec<f64> =
        panel.weeks.iter().filter_map(|week| week.numbers.first().copied().flatten()).collect();
    let withheld = panel.weeks.len() - shown.len();
    let missing = weeks.len().saturating_sub(panel.weeks.len());
    let caveat = match missing {
        0 => text::report_caveat(report).to_owned(),
        _ => [&text::missing_weeks_caveat(context.locale, missing), text::report_caveat(report)].join("\n"),
    };
    let mut figure = bar_figure(
        [panel.report.as_str(), text::title(report), unit],
        // The sentence names the unit.
        String::new(),
        text::weeks_sentence(context.locale, unit, shown.iter().sum(), shown.len(), withheld),
        (text::WEEK, bars.collect()),
        Vec::new(),
        caveat,
    );
    if let Body::Bars(chart) = &mut figure.body {
        chart.words.missing = text::NO_DATA.to_owned();
        chart.words.withheld = text::WITHHELD.to_owned();
    }
    ShareFigure { figure, table: numbers_table(panel, &weeks) }
}

/// One entry for each Monday. Missing weeks have no numbers.
fn fill_missing_weeks(panel: &SharePanel, mondays: &[Day]) -> Vec<ShareWeek> {
    let find_week = |monday: &Day| {
        let week = panel.weeks.iter().find(|week| week.monday == Some(*monday));
        week.cloned().unwrap_or(ShareWeek { monday: Some(*monday), numbers: Vec::new() })
    };
    mondays.iter().map(find_week).collect()
}

/// A panel's numbers. Programs read them, too, so weeks are in ISO 8601.
fn numbers_table(panel: &SharePanel, weeks: &[ShareWeek]) -> SortableTable {
    let has_weeks = weeks.iter().any(|week| week.monday.is_some());
    let week = has_weeks.then(|| Column { head: text::WEEK.to_owned(), kind: ColumnKind::Date });
    let numbers = panel.measures.iter().map(|unit| Column { head: unit.clone(), kind: ColumnKind::Number });
    let row = |week: &ShareWeek| {
        let monday = week.monday.map(|day| Cell::Date(day.to_string(), Timestamp::start_of(day).seconds()));
        let numbers = (0..panel.measures.len()).map(|index| number_cell(week, index));
        plain_row(monday.into_iter().chain(numbers).collect(), &[])
    };
    let rows: Vec<Row> = weeks.iter().map(row).collect();
    SortableTable {
        columns: week.into_iter().chain(numbers).collect(),
        spark: None,
        total: rows.len() as u64,
        rows,
        row_action: RowAction::default(),
        flag: None,
    }
}

fn number_cell(week: &ShareWeek, index: usize) -> Cell {
    match week.numbers.get(index) {
        Some(Some(number)) => Cell::Number(*number),
        Some(None) => Cell::Text(text::WITHHELD.to_owned()),
        None if week.numbers.is_empty() => Cell::Text(text::NO_DATA.to_owned()),
        None => Cell::None,
    }
}

#[cfg(test)]
mod tests;
