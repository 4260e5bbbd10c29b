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
use domain::directory::ListedSection;
use domain::ids::normalize_text;
use domain::report::ReportName;
use domain::shares::{SectionCount, SharePanel, ShareWeek, WithheldReason};
use domain::time::{Day, Timestamp};
use engine::published_week::{PublishedNumbers, VisibleNumbers};
use protocol::{Body, Figure};
use std::collections::BTreeSet;

/// What a share shows the numbers of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareScope<'a> {
    /// One section, by its id and its number.
    Section(&'a str, &'a str),
    /// The whole course, with the sections that Echo360 lists for it. Without such a list nobody knows what a sum
    /// over some sections leaves out, so there is none.
    Course(Option<&'a [ListedSection]>),
}

/// Selects the published numbers that a share shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareFilter<'a> {
    /// The section or course.
    pub scope: ShareScope<'a>,
    /// The current setting `LECTERN_SMALLEST`. Raising it also withholds numbers of weeks published earlier.
    pub smallest: u32,
}

impl ShareFilter<'_> {
    /// The numbers of a published week or snapshot, each `None` if it is withheld; `None` if all are withheld.
    #[must_use]
    pub fn visible_numbers<'n>(
        &self,
        report: &ReportName,
        published: &'n PublishedNumbers,
    ) -> Option<VisibleNumbers<'n>> {
        match self.scope {
            ShareScope::Course(sections) => sections.and_then(|_| published.visible_total(self.smallest)),
            ShareScope::Section(id, number) => {
                let name = normalize_text(if uses_section_numbers(report) { number } else { id });
                // Rows without a section are stored under the empty text.
                if name.is_empty() { None } else { published.visible_section(&name, self.smallest) }
            }
        }
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
        let week = |(monday, published): &(Option<Day>, &PublishedNumbers)| {
            let visible = self.visible_numbers(report, published);
            let parts = visible.as_ref().map(|visible| visible.parts.clone()).unwrap_or_default();
            ShareWeek {
                monday: *monday,
                numbers: visible.map_or_else(|| vec![None; units.len()], |visible| visible.numbers),
                sections: self.count_sections(report, *monday, &parts),
            }
        };
        let shown: Vec<ShareWeek> = weeks.iter().map(week).collect();
        let is_withheld = shown.iter().all(|week| week.numbers.iter().all(Option::is_none));
        SharePanel {
            report: report.clone(),
            taken,
            measures: units.iter().map(|&unit| unit.to_owned()).collect(),
            withheld: if is_withheld { self.withheld_reason(weeks) } else { None },
            weeks: shown,
        }
    }

    /// Of how many of the course's sections `parts` are shown. Sections count whether or not they have activity,
    /// which nobody can tell apart.
    fn count_sections(
        &self,
        report: &ReportName,
        monday: Option<Day>,
        parts: &BTreeSet<&str>,
    ) -> Option<SectionCount> {
        let ShareScope::Course(Some(sections)) = self.scope else { return None };
        let taught =
            sections.iter().filter(|section| monday.is_none_or(|monday| section.is_taught_in(monday)));
        let name = |section: &ListedSection| {
            let name =
                if uses_section_numbers(report) { section.number.as_str() } else { section.id.as_str() };
            normalize_text(name).into_owned()
        };
        let shown = parts.iter().map(|part| (*part).to_owned());
        let all: BTreeSet<String> = taught.map(name).filter(|name| !name.is_empty()).chain(shown).collect();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(SectionCount { shown: count(parts.len()), of: count(all.len()) })
    }

    /// Why all numbers of these weeks are withheld.
    fn withheld_reason(&self, weeks: &[(Option<Day>, &PublishedNumbers)]) -> Option<WithheldReason> {
        if weeks.is_empty() {
            return None;
        }
        if !weeks.iter().any(|(_, published)| published.is_current()) {
            return Some(WithheldReason::OlderRule);
        }
        match self.scope {
            ShareScope::Section(..) => None,
            ShareScope::Course(None) => Some(WithheldReason::UnlistedSections),
            ShareScope::Course(Some(_)) if weeks.iter().any(|(_, published)| published.is_repeated) => {
                Some(WithheldReason::RepeatedVideos)
            }
            ShareScope::Course(Some(_)) => Some(WithheldReason::SmallSections),
        }
    }
}

/// Whether a report identifies sections by number, as the library does.
fn uses_section_numbers(report: &ReportName) -> bool {
    report.known().is_some_and(|report| report.descriptor().identifies_sections_by_number())
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
    let caveat = caveats(context, panel, 0);
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
    let caveat = caveats(context, panel, missing);
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

/// What a reader must know, a paragraph on each line. `missing` weeks are not available.
fn caveats(context: &ShareContext<'_>, panel: &SharePanel, missing: usize) -> String {
    let counts: BTreeSet<(u32, u32)> = panel
        .weeks
        .iter()
        .filter_map(|week| week.sections.map(|sections| (sections.shown, sections.of)))
        .filter(|(shown, _)| *shown > 0)
        .collect();
    let sections = match counts.iter().collect::<Vec<_>>().as_slice() {
        [] => None,
        [(shown, of)] => Some(text::sections_caveat(context.locale, *shown, *of)),
        _ => Some(text::SECTIONS_VARY.to_owned()),
    };
    let paragraphs = [
        panel.withheld.map(|reason| text::withheld_caveat(reason).to_owned()),
        sections,
        (missing > 0).then(|| text::missing_weeks_caveat(context.locale, missing)),
        Some(text::report_caveat(panel.report.known()).to_owned()),
    ];
    paragraphs.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// One entry for each Monday. Missing weeks have no numbers.
fn fill_missing_weeks(panel: &SharePanel, mondays: &[Day]) -> Vec<ShareWeek> {
    let find_week = |monday: &Day| {
        let week = panel.weeks.iter().find(|week| week.monday == Some(*monday));
        week.cloned().unwrap_or(ShareWeek { monday: Some(*monday), numbers: Vec::new(), sections: None })
    };
    mondays.iter().map(find_week).collect()
}

/// A panel's numbers. Programs read them, too, so weeks are in ISO 8601.
fn numbers_table(panel: &SharePanel, weeks: &[ShareWeek]) -> SortableTable {
    let has_weeks = weeks.iter().any(|week| week.monday.is_some());
    let week = has_weeks.then(|| Column { head: text::WEEK.to_owned(), kind: ColumnKind::Date });
    let numbers = panel.measures.iter().map(|unit| Column { head: unit.clone(), kind: ColumnKind::Number });
    let has_sections = weeks.iter().any(|week| week.sections.is_some());
    let sections = has_sections.then(|| Column { head: text::SECTIONS.to_owned(), kind: ColumnKind::Text });
    let row = |week: &ShareWeek| {
        let monday = week.monday.map(|day| Cell::Date(day.to_string(), Timestamp::start_of(day).seconds()));
        let numbers = (0..panel.measures.len()).map(|index| number_cell(week, index));
        let sections = has_sections.then(|| sections_cell(week));
        plain_row(monday.into_iter().chain(numbers).chain(sections).collect(), &[])
    };
    let rows: Vec<Row> = weeks.iter().map(row).collect();
    SortableTable {
        columns: week.into_iter().chain(numbers).chain(sections).collect(),
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

/// Of how many sections the numbers of a week are the sum.
fn sections_cell(week: &ShareWeek) -> Cell {
    let sections = week.sections.map(|sections| text::sections(sections.shown, sections.of));
    Cell::Text(sections.unwrap_or_else(|| text::NO_DATA.to_owned()))
}

#[cfg(test)]
mod tests;
