//! Texts of the figures of share pages. Their readers have never seen Lectern: use plain words, without its own
//! terms.

use crate::locale::LocaleFormatter;
use domain::report::{KnownReport, MeasureUnit};
use domain::shares::WithheldReason;
use domain::time::Day;

/// In place of a number that is suppressed.
pub const WITHHELD: &str = "withheld";
/// In place of the numbers of a week that was not loaded, or not final, when the share was made.
pub const NO_DATA: &str = "no data";
/// The heading of a table's column of weeks.
pub const WEEK: &str = "Week of";
/// The heading of a table's column that says of how many sections the numbers of a course are the sum.
pub const SECTIONS: &str = "sections";
/// What the numbers of a course are the sum of, if it is not the same in every week.
pub const SECTIONS_VARY: &str =
    "The sum of the sections that are not withheld. The table says how many these are in each week.";

/// The title of a report's figure.
#[must_use]
pub fn title(report: Option<KnownReport>) -> &'static str {
    report.and_then(|report| report.descriptor().share_title).unwrap_or("Report")
}

/// The units of a report's numbers, in the order in which each week has them. The chart shows the first.
#[must_use]
pub fn units(report: Option<KnownReport>) -> Vec<&'static str> {
    let Some(report) = report.map(KnownReport::descriptor).filter(|it| it.share_title.is_some()) else {
        return Vec::new();
    };
    // Rows without people are videos.
    if report.person.is_none() {
        return vec!["videos", "views"];
    }
    let right = report.has_solutions.then_some("right, in %");
    [report.unit.words().public, "students"].into_iter().chain(right).collect()
}

/// The sum of `unit` over `shown` weeks, and how many further weeks are withheld.
#[must_use]
pub fn weeks_sentence(
    locale: &dyn LocaleFormatter,
    unit: &str,
    sum: f64,
    shown: usize,
    withheld: usize,
) -> String {
    let weeks = |count: usize| locale.count_of(count as u64, "week", "weeks");
    match (shown, withheld) {
        (0, 0) => "There is no week to show.".to_owned(),
        (0, withheld) => format!("The numbers of {} are withheld.", weeks(withheld)),
        (shown, 0) => format!("{} {unit} in {}.", locale.format_number(sum), weeks(shown)),
        (shown, withheld) => {
            let sum = locale.format_number(sum);
            format!("{sum} {unit} in {}; those of {} are withheld.", weeks(shown), weeks(withheld))
        }
    }
}

/// The library; `numbers` are videos and views, `None` if they are withheld.
#[must_use]
pub fn library_sentence(locale: &dyn LocaleFormatter, numbers: Option<(f64, f64)>) -> String {
    match numbers {
        Some((videos, views)) => {
            format!("{} videos, viewed {} times.", locale.format_number(videos), locale.format_number(views))
        }
        None => "These numbers are withheld.".to_owned(),
    }
}

/// The day on which a snapshot was taken.
#[must_use]
pub fn snapshot_sentence(locale: &dyn LocaleFormatter, day: Day) -> String {
    format!("As of {}.", locale.format_day(day))
}

/// How many weeks of the share's range are missing.
#[must_use]
pub fn missing_weeks_caveat(locale: &dyn LocaleFormatter, weeks: usize) -> String {
    format!(
        "{} of these days {} not loaded, or not final yet, when this page was created.",
        locale.count_of(weeks as u64, "more week", "more weeks"),
        if weeks == 1 { "was" } else { "were" }
    )
}

/// How many of a course's sections are shown.
#[must_use]
pub fn sections(shown: u32, of: u32) -> String {
    format!("{shown} of {of}")
}

/// What the numbers of a course are the sum of. Rows without a section can be left out even if every section is shown.
#[must_use]
pub fn sections_caveat(locale: &dyn LocaleFormatter, shown: u32, of: u32) -> String {
    let sections = locale.count_of(u64::from(of), "section", "sections");
    if shown == of {
        return format!("The sum of the {sections} listed; other rows may be left out.");
    }
    format!("The sum of {shown} of {sections}; the rest is withheld.")
}

/// Why all numbers of a report are withheld.
#[must_use]
pub fn withheld_caveat(reason: WithheldReason) -> &'static str {
    match reason {
        WithheldReason::SmallSections => {
            "The numbers of a course are the sum of its sections, without those that are withheld. Here all of them are: in each, \
             too few students were active, or not active enough, or one or two of them may account for nearly everything."
        }
        WithheldReason::RepeatedVideos => {
            "A section is withheld if a video of it is in another section, too, or if too few students are known to have watched. Here \
             all are."
        }
        WithheldReason::UnlistedSections => {
            "When this page was created, it was not known which sections the course has. So they are not added up."
        }
        WithheldReason::OlderRule => {
            "These numbers were counted before the rules that protect small groups became stricter, and are no longer shown. \
             Ask the person who gave you this link to create another one."
        }
    }
}

/// What a reader must know to interpret a report's numbers.
#[must_use]
pub fn report_caveat(report: Option<KnownReport>) -> &'static str {
    match report.map(KnownReport::descriptor) {
        Some(report) if report.has_solutions => {
            "The latest answer of each student to each poll. Right answers are shown for polls that have a solution, and \
             only if enough were right and enough were not; a dash means that no poll has a solution."
        }
        Some(report) if report.unit == MeasureUnit::Minutes => {
            "Minutes in which a video was playing for a student. A student counts once in each section and week."
        }
        Some(report) if report.person.is_none() => {
            "Views by anybody, students or not: this report does not say whose they are."
        }
        _ => "Activity of students. A student counts once in each section and week.",
    }
}
