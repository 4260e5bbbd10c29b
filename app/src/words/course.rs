//! Texts of the course page: its tabs, options and weight sliders.

use domain::activity::ActivityKind;
use domain::report::KnownReport;

/// Shown until a course is chosen.
pub const WHY_COURSE: &str =
    "This page puts everything of one course side by side. Choose the course and the days above.";
pub const WHY_DAYS: &str = "Choose the days that you want to see.";
/// The accessible name of the page's own controls.
pub const DISPLAY_OPTIONS: &str = "Display options";
pub const HIDE_NAMES: &str = "Hide names";
pub const PRINT: &str = "Print this page";
/// The tab of the course page.
pub const OVERVIEW: &str = "Overview";
/// The accessible name of the tabs.
pub const REPORTS: &str = "Reports of this course";
/// The summary of the weight sliders, and their accessible name.
pub const WEIGHTS: &str = "How the score is computed";
pub const RESET_WEIGHTS: &str = "Reset the weights";
pub const SCORE_CAVEAT: &str = "The score is for sorting; it is not a grade. In each kind of activity, a student gets a percentile rank: the share of active students who did as much as they did, or less; 0 for no activity. The score is the mean of these ranks with the weights below, from 0 to 100. Kinds without any activity are left out.";

/// The short title of a report that Lectern does not know, among those of a course.
pub const UNKNOWN_TAB: &str = "Report";

/// The short title of a report, in the course's tabs and in the progress of its requests.
#[must_use]
pub fn report_tab(report: Option<KnownReport>) -> &'static str {
    report.map_or(UNKNOWN_TAB, |report| report.descriptor().tab)
}

/// The label of the slider of a kind's weight.
#[must_use]
pub fn weight_label(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Watch => "Watching videos",
        ActivityKind::Slides => "Looking at slides",
        ActivityKind::Polls => "Answering polls",
        ActivityKind::Answers => "Answering questions",
        ActivityKind::Marks => "Marking confusion",
        ActivityKind::Notes => "Taking notes",
    }
}
