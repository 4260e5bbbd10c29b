//! Every sentence of the page. Plain, kind, exact; buttons are verbs.
//!
//! [`waiting`]: what will happen, how far it is, what can be done. [`figures`], [`reports`], [`course`]: what the
//! figures say; [`against`]: what they say of others; [`titles`]: what they are called. [`keys`], [`why`]: what the
//! help says. [`access`]: who may see what. [`shares`]: links for people who cannot sign in.

pub mod access;
pub mod against;
pub mod course;
pub mod figures;
pub mod keys;
pub mod reports;
pub mod shares;
pub mod titles;
pub mod waiting;
pub mod why;

pub use waiting::*;

use crate::api_client::ApiError;
use crate::locale;
use crate::presets::TermWeeks;
use domain::problem::Code;
use domain::window::Parameters;
use engine::measures::{Completeness, Measures};

/// The name of all this.
pub const NAME: &str = "Lectern";
/// Link to the page of one report.
pub const REPORTS: &str = "Reports";
/// Link to the board.
pub const REQUESTS: &str = "Requests";
/// What the page is for, on a first visit.
pub const PURPOSE: &str =
    "Lectern shows how a course engages with its lectures: who watched, how much, and when.";
/// The one button of a first visit.
pub const SEE_FOUR_WEEKS: &str = "See the last four weeks";
/// Heading of a first visit.
pub const WELCOME: &str = "See how your lectures are used";
/// Heading above the choices, below the one button of a first visit.
pub const CHOOSE: &str = "Or choose for yourself";
/// First in the order of the keyboard.
pub const SKIP: &str = "Skip to the content";
/// Name of the button of the help.
pub const HELP: &str = "Keyboard shortcuts and help";
/// Name of the line of choices.
pub const SHOWN: &str = "What is shown";
/// Label.
pub const REPORT: &str = "Report";
/// Label.
pub const COURSE: &str = "Course";
/// No course in particular.
pub const ALL_COURSES: &str = "All courses";
/// A course of a link that has been in no rows yet.
pub const UNKNOWN_COURSE: &str = "A course without rows yet";
/// Label.
pub const SECTION: &str = "Section";
/// No section in particular.
pub const ALL_SECTIONS: &str = "All sections";
/// A section of a link that has been in no rows yet.
pub const UNKNOWN_SECTION: &str = "A section without rows yet";
/// Label.
pub const FIRST_DAY: &str = "First day";
/// Label.
pub const LAST_DAY: &str = "Last day";
/// Button: other days.
pub const SHOW_DAYS: &str = "Show these days";
/// Shows texts of questions, answers and notes, which are hidden at first.
pub const SHOW_WRITING: &str = "Show what people wrote";
/// Heading of the presets.
pub const RANGES: &str = "Days";
/// Before a range is chosen.
pub const CHOOSE_DAYS: &str = "Choose days";
/// Label.
pub const TIME_ZONE: &str = "Days of the time zone";
/// Button.
pub const ASK: &str = "Ask Echo360";
/// Button: what Echo360 has by now of days that were not final.
pub const ASK_FOR_MORE: &str = "Ask Echo360 for the rest";
/// Why one might.
pub const MAY_HAVE_GROWN: &str = "Some of these days were not final when they were asked for.";
/// Button: a newer copy.
pub const ASK_AGAIN: &str = "Ask again";
/// Button.
pub const TRY_AGAIN: &str = "Try again";
/// Button.
pub const STOP: &str = "Stop waiting";
/// Button.
pub const COPY_ID: &str = "Copy the id";
/// What stands before the stable name of a kind of problem.
pub const CODE: &str = "Code";
/// Said once it is copied.
pub const COPIED: &str = "Copied";
/// Where it was not.
pub const NOT_COPIED: &str = "Your browser did not copy it. Copy it by hand.";
/// Link.
pub const DOWNLOAD: &str = "Download CSV";
/// What a download has that the figures leave out.
pub const CSV_HOLDS_MORE: &str =
    "Filters by video, deck, role and student do not reach the CSV: it has every row of these days.";
/// Opens the table under a chart.
pub const NUMBERS: &str = "Numbers";
/// Head of a table's column of buttons.
pub const ACTION: &str = "Action";
/// Opens the list of windows.
pub const DETAILS: &str = "Details";
/// While the first answers are on their way.
pub const LOADING: &str = "Loading";
/// Title of the chart.
pub const MINUTES_WATCHED: &str = "Minutes watched per day";
/// Its unit.
pub const MINUTES: &str = "Minutes";
/// What stands beside.
pub const VIEWERS: &str = "Viewers";
/// Head of a table's column.
pub const DAY: &str = "Day";
/// Head of a table's column.
pub const STATE: &str = "State";
/// Head of a table's column.
pub const ROWS: &str = "Rows";
/// Head of a table's column.
pub const DAYS: &str = "Days";
/// The institution's name when nobody has given it one: not worth showing.
pub const UNNAMED: &str = "default";
/// Caption of the list of windows.
pub const WINDOWS: &str = "Weekly reports";
/// A final day.
pub const FINAL: &str = "Final";
/// A day that may still grow.
pub const NOT_FINAL: &str = "Not final yet";
/// A day whose rows are not here.
pub const NOT_HERE: &str = "Not here yet";
/// What the hatching means.
pub const HATCHED: &str =
    "Hatched days are not final yet: Echo360 completes a day two days after it is over.";
/// What a minute is.
pub const MINUTE_IS: &str =
    "Echo360 records one row for every 30 seconds watched. Rows that name nobody count minutes, not viewers.";
/// A board with nothing on it.
pub const NO_REQUESTS: &str = "Nothing has been asked for yet.";
/// Link to the board.
pub const SEE_REQUESTS: &str = "See all requests";
/// Link to where something can be asked for.
pub const SEE_OVERVIEW: &str = "Go to the reports";
/// A report that is not offered.
pub const NO_SUCH_REPORT: &str = "Echo360 offers no report of this name. Choose another.";
/// All time, for a report without dates.
pub const ALL_TIME: &str = "All time";

/// `Previous 4 weeks`, `Previous 10 days`: what an arrow does.
#[must_use]
pub fn step(is_back: bool, days: u64) -> String {
    let which = if is_back { "Previous" } else { "Next" };
    match (days % 7, days / 7, days) {
        (0, 1, _) => format!("{which} week"),
        (0, weeks, _) => format!("{which} {weeks} weeks"),
        (_, _, 1) => format!("{which} day"),
        _ => format!("{which} {days} days"),
    }
}

/// Why the next days cannot be gone to.
pub const NOT_OVER: &str = "These days are not over yet";

/// What a report is asked with beside its days.
pub const GIVEN: &str = "What Echo360 wants to know for this report";
/// A value that cannot stand in a link.
pub const NOT_PLAIN: &str =
    "Not used: only letters, digits, - _ and : can stand here, at most 40, so that no link names a person.";

/// A parameter of a report, by the name that Echo360 gives it.
#[must_use]
pub fn parameter(name: &str, is_required: bool) -> String {
    if is_required { format!("{name} (required)") } else { name.to_owned() }
}

/// A report cannot be asked for yet.
#[must_use]
pub fn lacking(name: &str) -> String {
    format!("Fill in “{name}” first: Echo360 does not build this report without it.")
}

/// What a request was asked with, after its report's title: ` (page: home)`.
#[must_use]
pub fn given(parameters: &Parameters) -> String {
    let parts: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// A course as it is called: `BIOL120 Cells and Genes`.
#[must_use]
pub fn course(course: &domain::api::Course) -> String {
    match (course.code.as_str(), course.name.as_str()) {
        ("", "") => course.id.clone(),
        ("", name) => name.to_owned(),
        (code, "") => code.to_owned(),
        (code, name) => format!("{code} {name}"),
    }
}

/// A section in a heading.
#[must_use]
pub fn section(number: &str) -> String {
    format!("section {number}")
}

/// A section in a choice, with its term where it could be mistaken for one of another.
#[must_use]
pub fn section_of(number: &str, term: Option<&str>) -> String {
    term.map_or_else(|| number.to_owned(), |term| format!("{number}, {term}"))
}

/// More rows than this device holds.
#[must_use]
pub fn too_large(rows: u64, most: u64) -> String {
    format!(
        "These days have {} rows; this device has memory for about {}. Choose fewer days, or download the CSV.",
        locale::format_count(rows),
        locale::format_count(most)
    )
}

/// The same of a course, which has no CSV of its own.
#[must_use]
pub fn too_large_course(rows: u64, most: u64) -> String {
    format!(
        "This course has at least {} rows on these days; this device has memory for about {}. Choose fewer \
         days.",
        locale::format_count(rows),
        locale::format_count(most)
    )
}

/// The few words for that.
pub const TOO_LARGE: &str = "Too large for this device";

/// `Last complete week`, `Last 4 weeks`.
#[must_use]
pub fn preset(weeks: u64) -> String {
    if weeks == 1 { "Last complete week".to_owned() } else { format!("Last {weeks} weeks") }
}

/// Weeks by their numbers in a term: `Week 3 of Autumn 2026`, `Weeks 3–6 of Autumn 2026`; without the term where its
/// name stands beside them.
#[must_use]
pub fn term_weeks(weeks: &TermWeeks<'_>, is_named: bool) -> String {
    let numbers = match weeks.first == weeks.last {
        true => format!("Week {}", weeks.first),
        false => format!("Weeks {}–{}", weeks.first, weeks.last),
    };
    if is_named { numbers } else { format!("{numbers} of {}", weeks.term.name) }
}

/// What the chart shows.
#[must_use]
pub fn minutes_sentence(measures: &Measures) -> String {
    let known = measures.days.iter().filter_map(|(day, known)| Some((*day, known.watched()?)));
    let missing = measures.days.iter().filter(|(_, known)| *known == Completeness::Missing).count();
    if missing == measures.days.len() {
        return "None of these days are here yet.".to_owned();
    }
    let mut text = if measures.total.rows == 0 {
        "No recorded activity.".to_owned()
    } else {
        let viewers = match measures.total.viewers {
            0 => String::new(),
            1 => " by 1 viewer".to_owned(),
            n => format!(" by {} viewers", locale::format_count(n)),
        };
        format!("{} minutes watched{viewers}.", locale::format_number(measures.total.minutes()))
    };
    if let Some((day, most)) = known.max_by_key(|(_, watched)| watched.rows).filter(|(_, w)| w.rows > 0) {
        let (day, minutes) = (locale::format_full_day(day), locale::format_number(most.minutes()));
        text.push_str(&format!(" The busiest day was {day}, with {minutes}."));
    }
    match missing {
        0 => {}
        1 => text.push_str(" 1 day is not here yet and not counted."),
        n => text.push_str(&format!(" {n} days are not here yet and not counted.")),
    }
    match measures.skipped_rows.total() {
        0 => {}
        1 => text.push_str(" 1 row could not be read and is not counted."),
        n => text
            .push_str(&format!(" {} rows could not be read and are not counted.", locale::format_count(n))),
    }
    text
}

/// What is arriving.
#[must_use]
pub fn arriving(rows: u64, bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "bytes of a page are far below 2^53")]
    let megabytes = bytes as f64 / 1e6;
    format!("{} rows read, {} MB.", locale::format_count(rows), locale::format_number(megabytes))
}

/// In which zone the days are.
#[must_use]
pub fn days_in(zone: &str) -> String {
    format!("Days in {zone}")
}

/// Link to the CSV of one of several sections; with its `id` where others are called the same.
#[must_use]
pub fn download_of(section: &str, id: Option<&str>) -> String {
    let id = id.map_or_else(String::new, |id| format!(" ({})", figures::beginning(id)));
    format!("{DOWNLOAD} of {section}{id}")
}

/// Why there is no CSV yet.
#[must_use]
pub fn no_csv_yet(missing: usize) -> String {
    match missing {
        1 => "CSV: 1 weekly report is still missing.".to_owned(),
        n => format!("CSV: {n} weekly reports are still missing."),
    }
}

/// The few words that name an error.
#[must_use]
pub fn error_title(error: &ApiError) -> String {
    match error {
        ApiError::Problem(problem) => problem.title.to_string(),
        ApiError::Unreachable => "Lectern cannot be reached".to_owned(),
        ApiError::InvalidResponse(_) => "Something unexpected came back".to_owned(),
    }
}

/// A sentence to act on.
#[must_use]
pub fn error_detail(error: &ApiError) -> String {
    match error {
        ApiError::Problem(problem) => problem.detail.clone(),
        ApiError::Unreachable => {
            "Check the network. What was asked of Echo360 goes on meanwhile; nothing is lost.".to_owned()
        }
        ApiError::InvalidResponse(what) => {
            format!("Reload the page; if it stays so, tell whoever runs Lectern: {what}.")
        }
    }
}

/// The stable name of a kind of problem.
#[must_use]
pub fn code(code: Code) -> String {
    serde_json::to_string(&code).unwrap_or_default().replace('"', "")
}

/// The stable name of an error.
#[must_use]
pub fn error_code(error: &ApiError) -> String {
    match error {
        ApiError::Problem(problem) => code(problem.code),
        ApiError::Unreachable => "unreachable".to_owned(),
        ApiError::InvalidResponse(_) => "garbled".to_owned(),
    }
}
