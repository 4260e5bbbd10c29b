//! The texts of share pages, and the formats of numbers and dates. Readers have never seen Lectern: use plain
//! words, without its own terms.

use domain::report::KnownReport;
use domain::time::{Day, Timestamp};
use std::fmt::Write as _;

/// In place of a number that is suppressed.
pub(super) const WITHHELD: &str = "withheld";

/// In place of the numbers of a week that was not loaded, or not final, when the share was made.
pub(super) const NO_DATA: &str = "no data";

/// In place of a number that does not exist: the percentage of right answers where no poll has a solution.
pub(super) const NOTHING: &str = "–";

/// The heading of a table's column of weeks.
pub(super) const WEEK: &str = "Week of";

/// The link to the CSV file.
pub(super) const SAVE: &str = "Save the numbers as CSV";

/// The summary of the collapsed table under a chart.
pub(super) const AS_TABLE: &str = "The numbers as a table";

/// Shown until the share's content arrives.
pub(super) const OPENING: &str = "Opening…";

/// Shown where JavaScript is disabled.
pub(super) const NO_SCRIPT: &str = "This page needs JavaScript to open its link.";

/// Shown when the Worker cannot be reached.
pub(super) const UNREACHABLE: &str = "This page cannot be loaded right now. Try again in a while.";

/// The heading of a report's panel.
pub(super) fn title(report: Option<KnownReport>) -> &'static str {
    match report {
        Some(KnownReport::VideoView) => "Videos watched",
        Some(KnownReport::Presentation) => "Slides viewed",
        Some(KnownReport::Confused) => "Confusion marks",
        Some(KnownReport::Polling) => "Poll answers",
        Some(KnownReport::QAndA) => "Answers to questions",
        Some(KnownReport::Notes) => "Notes taken",
        Some(KnownReport::Asset) => "Library of videos",
        Some(KnownReport::AssetByDate) | None => "Report",
    }
}

/// The units of a report's numbers, in the order in which each week holds them. The chart shows the first.
pub(super) fn measures(report: Option<KnownReport>) -> &'static [&'static str] {
    match report {
        Some(KnownReport::VideoView) => &["minutes", "students"],
        Some(KnownReport::Presentation) => &["slide views", "students"],
        Some(KnownReport::Confused) => &["marks", "students"],
        Some(KnownReport::Polling) => &["answers", "students", "right, in %"],
        Some(KnownReport::QAndA) => &["answers", "students"],
        Some(KnownReport::Notes) => &["notes", "students"],
        Some(KnownReport::Asset) => &["videos", "views"],
        Some(KnownReport::AssetByDate) | None => &[],
    }
}

/// A chart in one sentence: the sum over `shown` weeks, and how many further weeks are withheld.
pub(super) fn sentence(report: Option<KnownReport>, sum: f64, shown: usize, withheld: usize) -> String {
    let unit = measures(report).first().copied().unwrap_or_default();
    let weeks = |n: usize| if n == 1 { "1 week".to_owned() } else { format!("{n} weeks") };
    match (shown, withheld) {
        (0, 0) => "There is no week to show.".to_owned(),
        (0, withheld) => format!("The numbers of {} are withheld.", weeks(withheld)),
        (shown, 0) => format!("{} {unit} in {}.", format_number(sum), weeks(shown)),
        (shown, withheld) => {
            format!(
                "{} {unit} in {}; those of {} are withheld.",
                format_number(sum),
                weeks(shown),
                weeks(withheld)
            )
        }
    }
}

/// The library in one sentence; `numbers` are videos and views, `None` where they are withheld.
pub(super) fn library_sentence(numbers: Option<(f64, f64)>) -> String {
    match numbers {
        Some((videos, views)) => {
            format!("{} videos, viewed {} times.", format_number(videos), format_number(views))
        }
        None => "These numbers are withheld.".to_owned(),
    }
}

/// The day on which a snapshot was taken.
pub(super) fn taken_at(at: Timestamp) -> String {
    format!("As of {}.", format_day(at.day()))
}

/// What a reader must know to interpret a report's numbers.
pub(super) fn caveat(report: Option<KnownReport>) -> &'static str {
    match report {
        Some(KnownReport::VideoView) => {
            "Minutes in which a video was playing for a student. A student counts once in each section and week."
        }
        Some(KnownReport::Polling) => {
            "The latest answer of each student to each poll. Right answers are shown for polls that have a solution, and \
             only if enough were right and enough were not; a dash means that no poll has a solution."
        }
        Some(KnownReport::Asset) => {
            "Views by anybody, students or not: this report does not say whose they are."
        }
        Some(
            KnownReport::Presentation
            | KnownReport::Confused
            | KnownReport::QAndA
            | KnownReport::Notes
            | KnownReport::AssetByDate,
        )
        | None => "Activity of students. A student counts once in each section and week.",
    }
}

/// How many weeks of the share's range are missing.
pub(super) fn missing_weeks_note(weeks: usize) -> String {
    let (weeks, were) =
        if weeks == 1 { ("1 more week".to_owned(), "was") } else { (format!("{weeks} more weeks"), "were") };
    format!("{weeks} of these days {were} not loaded, or not final yet, when this page was created.")
}

/// The rules of suppression in sentences. `has_students` is false for a share of the library alone, which
/// counts views.
pub(super) fn withholding_note(smallest: u32, has_students: bool) -> String {
    if !has_students {
        return format!(
            "Nobody is named. A number over fewer than {smallest} views is withheld, and so are others that would reveal \
             it. Withheld does not mean zero."
        );
    }
    format!(
        "Only students are counted, and nobody is named. A number over fewer than {smallest} students is withheld, and so \
         is one of which a single student makes up more than half. Others that would reveal it are withheld, too. \
         Withheld does not mean zero."
    )
}

/// When the link expires, in local time, and the zone in which weeks begin.
pub(super) fn open_until(expires: Timestamp, time_zone: &str) -> String {
    let text = expires.rfc3339();
    let time = text.get(11..16).unwrap_or_default();
    format!(
        "This link is valid until {}, {time}. Times are in {time_zone}, and weeks begin on Monday there.",
        format_day(expires.day())
    )
}

/// The label of a course, or of one of its sections; `section` is the section's number, which may be empty.
pub(super) fn course_label(code: &str, name: &str, section: Option<&str>) -> String {
    let course = [code, name].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    let course = if course.is_empty() { "Course".to_owned() } else { course };
    match section {
        Some("") => format!("{course}, one section"),
        Some(section) => format!("{course}, section {section}"),
        None => course,
    }
}

/// Formats a number with thousands separators and at most one decimal: `12,345.5`.
pub(super) fn format_number(value: f64) -> String {
    let text = format!("{:.1}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    let mut formatted = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            formatted.push(',');
        }
        formatted.push(digit);
    }
    if part != "0" {
        let _ = write!(formatted, ".{part}");
    }
    formatted
}

/// Formats a day with its year: `2 Feb 2026`.
pub(super) fn format_day(day: Day) -> String {
    format!("{} {}", format_short_day(day), year(day))
}

/// Formats a day without its year: `2 Feb`.
pub(super) fn format_short_day(day: Day) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = day.to_string();
    let part =
        |from: usize| text.get(from..from + 2).and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
    let month = part(5).checked_sub(1).and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
    format!("{} {month}", part(8))
}

fn year(day: Day) -> String {
    day.to_string().chars().take(4).collect()
}
