//! The page's texts: plain, kind and exact. Buttons are verbs.
//!
//! | module | texts |
//! |---|---|
//! | [`waiting`] | plans, progress and failures of requests |
//! | [`figures`] | what surrounds figures: read-outs, tables, menus, filters; the texts about data are in the crate `figures`, and those that it shares with the page in [`protocol::text`] |
//! | [`course`], [`comparison`] | the course page; comparisons with other days or another section |
//! | [`keys`], [`why`] | the help dialog |
//! | [`access`] | sign-in, roles, the audit log and erasure |
//! | [`data_quality`] | what is unusual in Echo360's files |
//! | [`shares`] | links for people who cannot sign in |
#![allow(missing_docs, reason = "a constant's text and name say what it is")]

pub mod access;
pub mod comparison;
pub mod course;
pub mod data_quality;
pub mod figures;
pub mod keys;
pub mod shares;
pub mod waiting;
pub mod why;

pub use waiting::*;

use crate::api_client::ApiError;
use crate::interruption::Interruption;
use crate::locale;
use crate::presets::{self, TermWeeks};
use domain::api::{Course, Courses, RowCount, Section};
use domain::problem::Code;
use domain::range::Range;
use domain::section_number;
use domain::window::Parameters;

// The frame of every page.
pub const NAME: &str = "Lectern";
pub const REPORTS: &str = "Reports";
pub const REQUESTS: &str = "Requests";
pub const SKIP: &str = "Skip to the content";
pub const HELP: &str = "Keyboard shortcuts and help";
pub const LOADING: &str = "Loading";
/// `institution` in a session where no name is set; not shown.
pub const UNNAMED: &str = "default";

// The first visit.
pub const WELCOME: &str = "See how your lectures are used";
/// Also the text of the shell in `index.html`.
pub const PURPOSE: &str =
    "Lectern shows how a course engages with its lectures: who watched, how much, and when.";
pub const LOAD_FOUR_WEEKS: &str = "Load the last four weeks";
/// The heading of the controls, below the button of a first visit.
pub const CHOOSE_VIEW: &str = "Or choose a report and days";

// The controls that choose a view.
/// The accessible name of the controls.
pub const VIEW: &str = "View";
pub const REPORT: &str = "Report";
pub const COURSE: &str = "Course";
pub const ALL_COURSES: &str = "All courses";
/// Shown where a course has to be chosen.
pub const CHOOSE_COURSE: &str = "Choose a course";
/// A course with all of its sections and students.
pub const WHOLE_COURSE: &str = "The whole course";
/// The option of a course that is in the URL but not in the list of courses.
pub const UNKNOWN_COURSE: &str = "Course without data yet";
pub const SECTION: &str = "Section";
pub const ALL_SECTIONS: &str = "All sections";
/// The option of a section that is in the URL but not in the list of sections.
pub const UNKNOWN_SECTION: &str = "Section without data yet";
pub const RANGES: &str = "Days";
pub const CHOOSE_DAYS: &str = "Choose days";
/// The note below preset ranges whose weeks start on Sunday.
pub const SUNDAY_WEEKS: &str =
    "Weeks are Sunday to Saturday. Weekly reports and shares have weeks from Monday to Sunday.";
pub const FIRST_DAY: &str = "First day";
pub const LAST_DAY: &str = "Last day";
pub const SHOW_DAYS: &str = "Show these days";
pub const TIME_ZONE: &str = "Time zone";
/// The tooltip of the arrow to the next days while it is disabled.
pub const NOT_OVER: &str = "These days are not over yet";
/// The days of a report without dates.
pub const ALL_TIME: &str = "All time";
/// The switch for the texts of questions, answers and notes, which are hidden at first.
pub const SHOW_WRITING: &str = "Show what people wrote";

// Parameters that a report has besides its days.
pub const REPORT_PARAMETERS: &str = "Parameters of this report";
pub const INVALID_PARAMETER: &str =
    "Not used: enter at most 40 letters, digits, - _ or :, so that no link can name a person.";

// Requests.
pub const REQUEST: &str = "Request from Echo360";
/// Requests weeks again whose last days were not final.
pub const REQUEST_REST: &str = "Request the rest";
pub const WAS_NOT_FINAL: &str = "Some of these days were not final when they were requested.";
/// Requests a newer copy of one week.
pub const REQUEST_AGAIN: &str = "Request again";
pub const TRY_AGAIN: &str = "Try again";
pub const STOP_WAITING: &str = "Stop waiting";
pub const DETAILS: &str = "Details";
pub const WINDOWS: &str = "Weekly reports";
pub const ACTION: &str = "Action";
pub const ROWS: &str = "Rows";
pub const DAYS: &str = "Days";
pub const NO_REQUESTS: &str = "No requests yet.";
pub const SEE_REQUESTS: &str = "See all requests";
pub const SEE_OVERVIEW: &str = "Go to the reports";
pub const NO_SUCH_REPORT: &str = "Echo360 has no report with this name. Choose another.";

// Copying and downloading.
pub const COPY_ID: &str = "Copy the id";
pub const COPIED: &str = "Copied";
pub const NOT_COPIED: &str = "Your browser did not copy it. Copy it by hand.";
pub const DOWNLOAD: &str = "Download CSV";
/// The link to the same rows in smaller files.
pub const DOWNLOAD_WEEKS: &str = "Download a zip file with one CSV per week";
pub const TOO_LONG_FOR_SPREADSHEETS: &str = "A spreadsheet shows 1,048,575 rows at most and leaves out the rest without saying so. Choose a course or a section for fewer rows.";
pub const CSV_IGNORES_FILTERS: &str =
    "The CSV has every row of these days: filters by video, deck, role and student do not apply to it.";

// Figures.
/// The summary of the table under a chart.
pub const NUMBERS: &str = "Numbers";

// Errors.
/// The label before a problem's code.
pub const CODE: &str = "Code";
pub const TOO_LARGE: &str = "Too large for this device";

/// The label of an arrow: `Previous 4 weeks`, `Next 10 days`.
#[must_use]
pub fn step_label(is_back: bool, days: u64) -> String {
    let which = if is_back { "Previous" } else { "Next" };
    match (days % 7, days / 7, days) {
        (0, 1, _) => format!("{which} week"),
        (0, weeks, _) => format!("{which} {weeks} weeks"),
        (_, _, 1) => format!("{which} day"),
        _ => format!("{which} {days} days"),
    }
}

/// The label of a report's parameter; `name` is Echo360's name for it.
#[must_use]
pub fn parameter_label(name: &str, is_required: bool) -> String {
    if is_required { format!("{name} (required)") } else { name.to_owned() }
}

/// Why a report without the required parameter `name` cannot be requested.
#[must_use]
pub fn missing_parameter(name: &str) -> String {
    format!("Fill in “{name}” first: Echo360 needs it to build this report.")
}

/// A request's parameters, after its report's title: ` (page: home)`. Empty without parameters.
#[must_use]
pub fn parameters_suffix(parameters: &Parameters) -> String {
    let parts: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// A course's code and name: `BIOL120 Cells and Genes`. Its id where it has neither.
#[must_use]
pub fn course_name(course: &Course) -> String {
    match (course.code.as_str(), course.name.as_str()) {
        ("", "") => course.id.to_string(),
        ("", name) => name.to_owned(),
        (code, "") => code.to_owned(),
        (code, name) => format!("{code} {name}"),
    }
}

/// A section in a heading: `section 2`.
#[must_use]
pub fn section_name(number: &str) -> String {
    format!("section {number}")
}

/// A section of a course in a heading: `section 2`, or `section 2 (Autumn 2026)` if its number does not tell it apart from
/// other sections on the days of `range`.
#[must_use]
pub fn section_of_course(
    directory: &Courses,
    course: &Course,
    section: &Section,
    range: Option<Range>,
) -> String {
    let term = presets::distinguishing_term(directory, course, section, range);
    section_name(&section_option(&section.number, term.map(|term| term.name.as_str())))
}

/// A section in a list of options: `2`, or `2 (Autumn 2026)` where sections of several terms are listed.
#[must_use]
pub fn section_option(number: &str, term: Option<&str>) -> String {
    term.map_or_else(|| number.to_owned(), |term| section_number::section_label(number, term))
}

/// The view has `rows` rows, more than the `most` that fit on this device.
#[must_use]
pub fn too_large(rows: u64, most: u64) -> String {
    format!(
        "These days have {} rows; this device has memory for about {}. Choose fewer days, or download the CSV.",
        locale::format_count(rows),
        locale::format_count(most)
    )
}

/// The heading of the question before a large download on a phone.
pub const WHOLE_INSTITUTION: &str = "This view is of the whole institution";
/// The button that agrees to a large download.
pub const LOAD_ALL_ROWS: &str = "Load all rows";

/// What a view of the whole institution would load on a phone.
#[must_use]
pub fn large_download(rows: u64) -> String {
    format!(
        "It would load {} rows onto this phone. Choose a course to load only that course's rows.",
        locale::format_count(rows)
    )
}

/// As [`too_large`], for a course page, which has no CSV of its own.
#[must_use]
pub fn too_large_course(rows: u64, most: u64) -> String {
    format!(
        "This course has at least {} rows on these days; this device has memory for about {}. Choose fewer \
         days.",
        locale::format_count(rows),
        locale::format_count(most)
    )
}

/// The label of a preset range: `Last complete week`, `Last 4 weeks`.
#[must_use]
pub fn preset_label(weeks: u64) -> String {
    if weeks == 1 { "Last complete week".to_owned() } else { format!("Last {weeks} weeks") }
}

/// The numbers of weeks in their term: `Week 3 of Autumn 2026`, `Weeks 3–6 of Autumn 2026`; without the
/// term's name if `is_named`, since it is shown next to them.
#[must_use]
pub fn term_weeks(weeks: &TermWeeks<'_>, is_named: bool) -> String {
    let numbers = match weeks.first == weeks.last {
        true => format!("Week {}", weeks.first),
        false => format!("Weeks {}–{}", weeks.first, weeks.last),
    };
    if is_named { numbers } else { format!("{numbers} of {}", weeks.term.name) }
}

/// How much has been read while rows are still arriving.
#[must_use]
pub fn arriving(rows: u64, bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "bytes of a page are far below 2^53")]
    let megabytes = bytes as f64 / 1e6;
    format!("{} rows read, {} MB.", locale::format_count(rows), locale::format_number(megabytes))
}

/// A section, with the beginning of its id since another has the same name.
#[must_use]
pub fn section_with_id(section: &str, id: &str) -> String {
    format!("{section} ({})", figures::beginning(id))
}

/// The link to the CSV of one of several sections.
#[must_use]
pub fn download_section(section: &str) -> String {
    format!("{DOWNLOAD} of {section}")
}

/// How many rows a CSV file has; an estimate has two digits that are not zero.
#[must_use]
pub fn csv_rows(count: RowCount) -> String {
    let RowCount { rows, exact } = count;
    let unit = 10_u64.pow(rows.checked_ilog10().unwrap_or(0).saturating_sub(1));
    match (rows, exact) {
        (1, true) => "1 row".to_owned(),
        (_, true) => format!("{} rows", locale::format_count(rows)),
        (_, false) => {
            format!("about {} rows", locale::format_count(rows.saturating_add(unit / 2) / unit * unit))
        }
    }
}

/// Why there is no CSV yet; `missing` counts windows.
#[must_use]
pub fn no_csv_yet(missing: usize) -> String {
    match missing {
        1 => "CSV: 1 weekly report is still missing.".to_owned(),
        n => format!("CSV: {n} weekly reports are still missing."),
    }
}

/// The heading of an error.
#[must_use]
pub fn error_title(error: &ApiError) -> String {
    match error {
        ApiError::Problem(problem) => problem.title.to_string(),
        ApiError::Unreachable => "Lectern cannot be reached".to_owned(),
        ApiError::InvalidResponse(_) => "Unexpected response".to_owned(),
        ApiError::SignedOut => "You were signed out".to_owned(),
        ApiError::Outdated => "Lectern was updated".to_owned(),
    }
}

/// What a person can do about an error.
#[must_use]
pub fn error_detail(error: &ApiError) -> String {
    match error {
        ApiError::Problem(problem) => problem.detail.clone(),
        ApiError::Unreachable => {
            "Check your connection. Requests to Echo360 continue meanwhile; nothing is lost.".to_owned()
        }
        ApiError::InvalidResponse(what) => {
            format!("Reload the page. If that does not help, tell the people who run Lectern: {what}.")
        }
        ApiError::SignedOut => "Sign in to load anything more. The page then shows the same view.".to_owned(),
        ApiError::Outdated => {
            "Reload the page to use the new version; it then shows the same view.".to_owned()
        }
    }
}

/// The button that ends an interruption of the page.
#[must_use]
pub fn interruption_action(interruption: Interruption) -> &'static str {
    match interruption {
        Interruption::SignedOut => access::SIGN_IN,
        Interruption::Outdated => "Reload",
    }
}

/// A problem's code as the API spells it: `bad-day`.
#[must_use]
pub fn problem_code(code: Code) -> String {
    serde_json::to_string(&code).unwrap_or_default().replace('"', "")
}

/// An error's code: a problem's own, or one for errors without a problem. Tests find notices by it.
#[must_use]
pub fn error_code(error: &ApiError) -> String {
    match error {
        ApiError::Problem(problem) => problem_code(problem.code),
        ApiError::Unreachable => "unreachable".to_owned(),
        ApiError::InvalidResponse(_) => "garbled".to_owned(),
        ApiError::SignedOut => problem_code(Code::SignInNeeded),
        ApiError::Outdated => "updated".to_owned(),
    }
}
