//! Every sentence of the page. Plain, kind, exact; buttons are verbs.

use crate::client::Trouble;
use crate::spelling;
use domain::api::{Request, State, Window};
use domain::problem::Code;
use domain::report::Shape;
use domain::time::{Timestamp, minus_days};
use engine::measures::{Known, Measures};

/// The name of all this.
pub const NAME: &str = "Lectern";
/// Link to the first page.
pub const OVERVIEW: &str = "Overview";
/// Link to the second.
pub const REQUESTS: &str = "Requests";
/// What the page is for, on a first visit.
pub const PURPOSE: &str =
    "Lectern shows how a course engages with its lectures: who watched, how much, and when.";
/// The one button of a first visit.
pub const SEE_FOUR_WEEKS: &str = "See the last four weeks";
/// Label.
pub const REPORT: &str = "Report";
/// Label.
pub const FIRST_DAY: &str = "First day";
/// Label.
pub const LAST_DAY: &str = "Last day";
/// Button: other days.
pub const SHOW_DAYS: &str = "Show these days";
/// Heading of the presets.
pub const RANGES: &str = "Days";
/// Button.
pub const ASK: &str = "Ask Echo360";
/// Button.
pub const TRY_AGAIN: &str = "Try again";
/// Button.
pub const STOP: &str = "Stop waiting";
/// Button.
pub const COPY_ID: &str = "Copy the id";
/// Said once it is copied.
pub const COPIED: &str = "Copied";
/// Link.
pub const DOWNLOAD: &str = "Download CSV";
/// Opens the table under a chart.
pub const NUMBERS: &str = "Numbers";
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
/// A report that is not offered.
pub const NO_SUCH_REPORT: &str = "Echo360 offers no report of this name. Choose another.";
/// All time, for a report without dates.
pub const ALL_TIME: &str = "All time";

/// `Last complete week`, `Last 4 weeks`.
#[must_use]
pub fn preset(weeks: u64) -> String {
    if weeks == 1 { "Last complete week".to_owned() } else { format!("Last {weeks} weeks") }
}

/// The word for a state.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Queued => "Waiting for its turn",
        State::Asking => "Being asked of Echo360",
        State::Building => "Being built by Echo360",
        State::Collecting => "Being collected",
        State::Ready => "Here",
        State::Provisional => "Here, not final yet",
        State::Failed => "Could not be built",
    }
}

/// The stable name of a state, as the API spells it.
#[must_use]
pub fn state_key(state: State) -> &'static str {
    match state {
        State::Queued => "queued",
        State::Asking => "asking",
        State::Building => "building",
        State::Collecting => "collecting",
        State::Ready => "ready",
        State::Provisional => "provisional",
        State::Failed => "failed",
    }
}

/// The shape that stands for a state, so that no state is told by colour alone.
#[must_use]
pub fn state_sign(state: State) -> &'static str {
    match state {
        State::Queued => "○",
        State::Asking | State::Building => "◐",
        State::Collecting => "↓",
        State::Ready => "✓",
        State::Provisional => "≈",
        State::Failed => "✕",
    }
}

/// The days of a window, both included.
#[must_use]
pub fn window_days(window: &Window) -> String {
    match (window.start, window.end) {
        (Some(start), Some(end)) => spelling::short_days(start, minus_days(end, 1).max(start)),
        _ => ALL_TIME.to_owned(),
    }
}

/// A window's state with what a person wants to know of it.
#[must_use]
pub fn window_state(window: &Window, now: Timestamp) -> String {
    let age = spelling::span(now.since(window.since));
    let mut text = match window.state {
        State::Queued | State::Asking | State::Building | State::Collecting => {
            format!("{}: {age} so far", state(window.state))
        }
        State::Provisional => match window.provisional_from {
            Some(from) => format!("Here, not final from {} on", spelling::short_day(from)),
            None => state(window.state).to_owned(),
        },
        State::Ready => state(window.state).to_owned(),
        State::Failed => format!("Echo360 could not build it (tried {})", times(window.tries)),
    };
    if let Some(again) = window.again.filter(|again| again.is_under_way()) {
        text.push_str("; a newer copy is ");
        text.push_str(&state(again).to_lowercase().replace("echo360", "Echo360"));
    } else if window.tries > 0 && window.state != State::Failed {
        text.push_str(&format!(", after {} that went wrong", tries(window.tries)));
    }
    text
}

fn times(n: u8) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{n} times"),
    }
}

fn tries(n: u8) -> String {
    if n == 1 { "1 try".to_owned() } else { format!("{n} tries") }
}

/// What stands before an id for Echo360's support.
pub const FOR_SUPPORT: &str = "Id for Echo360's support";

/// What will happen when somebody asks.
#[must_use]
pub fn plan(shape: Shape, windows: usize, here: usize) -> String {
    let reports = match (shape, windows) {
        (Shape::Snapshot, _) => return "One report on everything, as of today.".to_owned(),
        (Shape::Rows, 1) => "1 weekly report".to_owned(),
        (Shape::Rows, n) => format!("{n} weekly reports, three at a time"),
        (Shape::Sums, 1) => "1 report, in UTC days".to_owned(),
        (Shape::Sums, n) => format!("{n} reports of at most a week each, in UTC days, three at a time"),
    };
    match here {
        0 => format!("{reports}."),
        here if here == windows && windows == 1 => format!("{reports}; it is already here."),
        here if here == windows => format!("{reports}; all are already here."),
        1 => format!("{reports}; 1 is already here."),
        here => format!("{reports}; {here} are already here."),
    }
}

/// What waiting means.
pub const PATIENCE: &str = "That takes minutes, sometimes hours. You may close this page.";

/// What a first visit may expect.
#[must_use]
pub fn first_plan(windows: usize) -> String {
    format!("Lectern asks Echo360 for {windows} weekly reports, three at a time. {PATIENCE}")
}

/// How far a request is.
#[must_use]
pub fn coverage(request: &Request, now: Timestamp) -> String {
    let windows = &request.windows;
    let all = windows.len();
    let here = windows.iter().filter(|w| w.state.has_rows()).count();
    let failed = windows.iter().filter(|w| w.state == State::Failed).count();
    let noun = match (windows.iter().all(|w| w.start.is_some()), all) {
        (false, _) => "reports",
        (true, 1) => "week",
        (true, _) => "weeks",
    };
    let mut text = match (here, all) {
        (1, 1) => "It is here.".to_owned(),
        (0, 1) => "It is not here yet.".to_owned(),
        _ if here == all => format!("All {all} {noun} are here."),
        _ => format!("{here} of {all} {noun} here."),
    };
    if let Some(newest) = windows.iter().rev().find(|w| w.state.is_under_way() && w.state != State::Queued) {
        let what = state(newest.state).to_lowercase().replace("echo360", "Echo360");
        let age = spelling::span(now.since(newest.since));
        text.push_str(&format!(" {} is {what}: {age} so far.", window_days(newest)));
    } else if let Some(waiting) = windows.iter().find(|w| w.state == State::Queued) {
        let age = spelling::span(now.since(waiting.since));
        text.push_str(&format!(" The next waits for its turn: {age} so far."));
    }
    match failed {
        0 => {}
        1 => text.push_str(" 1 could not be built."),
        n => text.push_str(&format!(" {n} could not be built.")),
    }
    text
}

/// What the chart shows.
#[must_use]
pub fn minutes_sentence(measures: &Measures) -> String {
    let known = measures.days.iter().filter_map(|(day, known)| Some((*day, known.watched()?)));
    let missing = measures.days.iter().filter(|(_, known)| *known == Known::Missing).count();
    if missing == measures.days.len() {
        return "None of these days are here yet.".to_owned();
    }
    let mut text = if measures.total.rows == 0 {
        "No recorded activity.".to_owned()
    } else {
        let viewers = match measures.total.viewers {
            0 => String::new(),
            1 => " by 1 viewer".to_owned(),
            n => format!(" by {} viewers", spelling::count(n)),
        };
        format!("{} minutes watched{viewers}.", spelling::number(measures.total.minutes()))
    };
    if let Some((day, most)) = known.max_by_key(|(_, watched)| watched.rows).filter(|(_, w)| w.rows > 0) {
        let (day, minutes) = (spelling::full_day(day), spelling::number(most.minutes()));
        text.push_str(&format!(" The busiest day was {day}, with {minutes}."));
    }
    match missing {
        0 => {}
        1 => text.push_str(" 1 day is not here yet and not counted."),
        n => text.push_str(&format!(" {n} days are not here yet and not counted.")),
    }
    match measures.passed_over.total() {
        0 => {}
        1 => text.push_str(" 1 row could not be read and is not counted."),
        n => text.push_str(&format!(" {} rows could not be read and are not counted.", spelling::count(n))),
    }
    text
}

/// What is arriving.
#[must_use]
pub fn arriving(rows: u64, bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "bytes of a page are far below 2^53")]
    let megabytes = bytes as f64 / 1e6;
    format!("{} rows read, {} MB.", spelling::count(rows), spelling::number(megabytes))
}

/// In which zone the days are.
#[must_use]
pub fn days_in(zone: &str) -> String {
    format!("Days in {zone}")
}

/// Why there is no CSV yet.
#[must_use]
pub fn no_csv_yet(missing: usize) -> String {
    match missing {
        1 => "CSV: 1 weekly report is still missing.".to_owned(),
        n => format!("CSV: {n} weekly reports are still missing."),
    }
}

/// The few words that name a trouble.
#[must_use]
pub fn trouble_title(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Said(problem) => problem.title.clone(),
        Trouble::Unreachable => "Lectern cannot be reached".to_owned(),
        Trouble::Garbled(_) => "Something unexpected came back".to_owned(),
    }
}

/// A sentence to act on.
#[must_use]
pub fn trouble_detail(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Said(problem) => problem.detail.clone(),
        Trouble::Unreachable => {
            "Check the network. What was asked of Echo360 goes on meanwhile; nothing is lost.".to_owned()
        }
        Trouble::Garbled(what) => {
            format!("Reload the page; if it stays so, tell whoever runs Lectern: {what}.")
        }
    }
}

/// The stable name of a kind of problem.
#[must_use]
pub fn code(code: Code) -> String {
    serde_json::to_string(&code).unwrap_or_default().replace('"', "")
}

/// The stable name of a trouble.
#[must_use]
pub fn trouble_code(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Said(problem) => code(problem.code),
        Trouble::Unreachable => "unreachable".to_owned(),
        Trouble::Garbled(_) => "garbled".to_owned(),
    }
}
