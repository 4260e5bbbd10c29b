//! Texts about requests: what will be requested, how far it is, and what can be done about a failure.

use super::ALL_TIME;
use crate::locale;
use domain::api::{
    BuildTimes, PauseReason, RequestInfo, SchedulerInfo, ShrunkenSection, ShrunkenWindow, WindowInfo,
    WindowStatus,
};
use domain::report::Shape;
use domain::shrinkage::CopyChoice;
use domain::time::{HOUR, MINUTE, Timestamp, minus_days};
use domain::upstream_health::UpstreamFailure;

/// The expected time while Echo360's usual time is unknown.
pub const UNKNOWN_DURATION: &str = "This takes minutes, sometimes hours.";
pub const CAN_CLOSE_PAGE: &str = "You can close this page: Lectern continues without it.";
/// The label before the id of an upstream request.
pub const FOR_SUPPORT: &str = "Id for Echo360's support";
/// Follows the coverage of a request whose copies are all empty.
pub const NO_ROWS: &str = "No recorded activity on these days: Echo360 has no rows.";

/// Button: requests what is missing of several reports.
pub const REQUEST_MISSING: &str = "Request missing reports";

// Weeks whose newer copy has lost rows.
pub const SHRUNKEN: &str = "Weeks that lost rows";
pub const SHRUNKEN_ARE: &str = "These weeks were requested again, and Echo360 sent fewer rows than before, as after a section was deleted or media were \
     archived. Lectern still shows the fuller copy. Choose which one it should keep.";
pub const KEEP_FULLER: &str = "Keep the fuller one";
pub const USE_SMALLER: &str = "Use the smaller one";
pub const CONFIRM_SMALLER: &str = "Use the copy with fewer rows? It is requested once more and replaces the fuller one, which is then deleted.";

/// Every state, in the order in which legends list them: the most advanced first.
pub const STATES: [WindowStatus; 8] = [
    WindowStatus::Ready,
    WindowStatus::Provisional,
    WindowStatus::Collecting,
    WindowStatus::Building,
    WindowStatus::Asking,
    WindowStatus::Queued,
    WindowStatus::Failed,
    WindowStatus::Forgotten,
];

/// A state's label.
#[must_use]
pub fn state_label(state: WindowStatus) -> &'static str {
    match state {
        WindowStatus::Queued => "Queued",
        WindowStatus::Asking => "Requesting from Echo360",
        WindowStatus::Building => "Building at Echo360",
        WindowStatus::Collecting => "Downloading from Echo360",
        WindowStatus::Ready => "Ready",
        WindowStatus::Provisional => "Ready, not final yet",
        WindowStatus::Failed => "Failed",
        WindowStatus::Forgotten => "Erased",
    }
}

/// A state's label after a count in a legend: `2 building at Echo360`.
#[must_use]
pub fn state_in_legend(state: WindowStatus) -> String {
    state_label(state).to_lowercase().replace("echo360", "Echo360")
}

/// What happens to a newer copy in this state: `a newer copy is being built`.
fn newer_copy_clause(state: WindowStatus) -> &'static str {
    match state {
        WindowStatus::Queued => "a newer copy is queued",
        WindowStatus::Asking => "a newer copy is being requested",
        WindowStatus::Building => "a newer copy is being built",
        WindowStatus::Collecting => "a newer copy is being downloaded",
        WindowStatus::Failed => "the newer copy failed",
        WindowStatus::Ready | WindowStatus::Provisional => "a newer copy is ready",
        WindowStatus::Forgotten => "the newer copy was erased",
    }
}

/// A state as the API spells it.
#[must_use]
pub fn state_key(state: WindowStatus) -> &'static str {
    match state {
        WindowStatus::Queued => "queued",
        WindowStatus::Asking => "asking",
        WindowStatus::Building => "building",
        WindowStatus::Collecting => "collecting",
        WindowStatus::Ready => "ready",
        WindowStatus::Provisional => "provisional",
        WindowStatus::Failed => "failed",
        WindowStatus::Forgotten => "forgotten",
    }
}

/// The first and last day of a window.
#[must_use]
pub fn window_days(window: &WindowInfo) -> String {
    match (window.start, window.end) {
        (Some(start), Some(end)) => locale::format_short_days(start, minus_days(end, 1).max(start)),
        _ => ALL_TIME.to_owned(),
    }
}

/// A window inside a sentence: its days, or `the report` where it has none.
fn window_subject(window: &WindowInfo) -> String {
    if window.start.is_none() { "the report".to_owned() } else { window_days(window) }
}

/// A window's state with its age, its first provisional day, or the day of its erasure, and the state of a
/// newer copy.
#[must_use]
pub fn window_state(window: &WindowInfo, now: Timestamp, usual: Option<BuildTimes>) -> String {
    let age = locale::format_duration(now.since(window.since));
    let mut text = match window.state {
        WindowStatus::Building => {
            format!("{}: {age} so far{}", state_label(window.state), usual_time_clause(usual))
        }
        WindowStatus::Queued | WindowStatus::Asking | WindowStatus::Collecting => {
            format!("{}: {age} so far", state_label(window.state))
        }
        WindowStatus::Provisional => match window.provisional_from {
            Some(from) => format!("Ready, not final from {} on", locale::format_short_day(from)),
            None => state_label(window.state).to_owned(),
        },
        WindowStatus::Ready | WindowStatus::Failed => state_label(window.state).to_owned(),
        WindowStatus::Forgotten => match window.forgotten {
            Some(at) => format!("Erased on {}", locale::format_short_day(at.day())),
            None => state_label(window.state).to_owned(),
        },
    };
    if let Some(again) = window.again {
        text.push_str("; ");
        text.push_str(newer_copy_clause(again));
    } else if window.shrunken.is_some() {
        text.push_str("; a newer copy has fewer rows and waits for an administrator's choice");
    }
    text
}

/// How many tries of a window failed: `tried 3 times` once it failed for good; `None` while no try failed.
#[must_use]
pub fn tries_note(window: &WindowInfo) -> Option<String> {
    match (window.tries, window.state) {
        (0, _) => None,
        (n, WindowStatus::Failed) => Some(format!("tried {}", times(n))),
        (1, _) => Some("1 failed try".to_owned()),
        (n, _) => Some(format!("{n} failed tries")),
    }
}

/// `Echo360 could not build 17 – 23 Feb (tried 3 times).`
#[must_use]
pub fn failure_sentence(window: &WindowInfo) -> String {
    format!("Echo360 could not build {} (tried {}).", window_subject(window), times(window.tries))
}

fn times(n: u8) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{n} times"),
    }
}

/// When Lectern polls or tries this window next: `next check in 4 min`. `None` when it is not under way.
#[must_use]
pub fn next_step_note(window: &WindowInfo, now: Timestamp) -> Option<String> {
    let is_under_way =
        window.state.is_under_way() || window.again.is_some_and(domain::api::WindowStatus::is_under_way);
    let next = window.next.filter(|_| is_under_way)?;
    let what = if window.state == WindowStatus::Queued { "next try" } else { "next check" };
    Some(format!("{what} in {}", locale::format_duration(next.since(now))))
}

/// `, usually 9 to 40 min`: the 10th to the 90th percentile of recent build times. Empty while they are
/// unknown.
#[must_use]
pub fn usual_time_clause(usual: Option<BuildTimes>) -> String {
    usual.map_or_else(String::new, |usual| format!(", usually {}", format_span(usual)))
}

/// `9 to 40 min`, `1 to 3 h`, `under a minute`.
fn format_span(usual: BuildTimes) -> String {
    let (unit, name) = if usual.high >= 3 * HOUR { (HOUR, "h") } else { (MINUTE, "min") };
    // The low end is rounded down and the high end up: the promise must not be narrower than the past.
    let (low, high) = (usual.low.max(0) / unit, (usual.high.max(0) + unit - 1) / unit);
    match (low, high) {
        (_, 0 | 1) if unit == MINUTE => "under a minute".to_owned(),
        (0, high) => format!("up to {high} {name}"),
        (low, high) if low == high => format!("{low} {name}"),
        (low, high) => format!("{low} to {high} {name}"),
    }
}

/// How long it may take to load `missing` windows.
#[must_use]
pub fn expected_time(missing: usize, usual: Option<BuildTimes>) -> String {
    match (missing, usual) {
        (0, _) => "Nothing has to be requested from Echo360.".to_owned(),
        (_, None) => format!("{UNKNOWN_DURATION} {CAN_CLOSE_PAGE}"),
        (_, Some(usual)) => {
            format!("Recently, Echo360 took {} for each. {CAN_CLOSE_PAGE}", format_span(usual))
        }
    }
}

/// What a request of `windows` windows will load, of which `loaded` are loaded already.
#[must_use]
pub fn plan_sentence(shape: Shape, windows: usize, loaded: usize) -> String {
    let reports = match (shape, windows) {
        (Shape::Snapshot, _) => return "One report on everything, as of today.".to_owned(),
        (Shape::Rows, 1) => "1 weekly report".to_owned(),
        (Shape::Rows, n) => format!("{n} weekly reports, three at a time"),
        (Shape::Sums, 1) => "1 report, in UTC days".to_owned(),
        (Shape::Sums, n) => format!("{n} reports of at most a week each, in UTC days, three at a time"),
    };
    match loaded {
        0 => format!("{reports}."),
        1 => format!("{reports}; 1 is already loaded."),
        loaded => format!("{reports}; {loaded} are already loaded."),
    }
}

/// What the button of a first visit will do.
#[must_use]
pub fn first_visit_plan(windows: usize, loaded: usize) -> String {
    match loaded {
        0 => format!("Lectern will request {windows} weekly reports from Echo360, three at a time."),
        loaded if loaded >= windows => format!("All {windows} weekly reports are already loaded."),
        loaded => {
            let rest = windows - loaded;
            format!(
                "{loaded} of {windows} weekly reports are already loaded; Lectern will request {rest} from Echo360."
            )
        }
    }
}

/// How much of a request is loaded. Without ages, since screen readers announce every change.
#[must_use]
pub fn coverage_sentence(request: &RequestInfo) -> String {
    let windows = &request.windows;
    let all = windows.len();
    let loaded = windows.iter().filter(|w| w.state.has_rows()).count();
    let failed = windows.iter().filter(|w| w.state == WindowStatus::Failed).count();
    let erased = windows.iter().filter(|w| w.state == WindowStatus::Forgotten).count();
    let noun = if windows.iter().any(|w| w.start.is_none()) { "reports" } else { "weeks" };
    let mut text = match (loaded, all) {
        (1, 1) => "Loaded.".to_owned(),
        (0, 1) if failed == 1 => "Failed.".to_owned(),
        (0, 1) if erased == 1 => "Erased.".to_owned(),
        (0, 1) => "Not loaded yet.".to_owned(),
        _ if loaded == all => format!("All {all} {noun} loaded."),
        _ => format!("{loaded} of {all} {noun} loaded."),
    };
    if failed > 0 && all > 1 {
        text.push_str(&format!(" {failed} failed."));
    }
    if erased > 0 && all > 1 {
        text.push_str(&format!(" {erased} erased."));
    }
    // The API leaves the number of rows out for people who may not see all of them.
    let mut rows = windows.iter().filter_map(|w| w.copy.as_ref()).map(|copy| copy.rows);
    if loaded == all && all > 0 && rows.all(|rows| rows == Some(0)) {
        text.push(' ');
        text.push_str(NO_ROWS);
    }
    text
}

/// What is under way, with its age: `Echo360 is building 16 – 22 Nov: 18 min so far, usually 9 to 40 min.`
///
/// Describes the newest window that is past the queue, or else the queue. `None` when nothing is under way.
#[must_use]
pub fn progress_sentence(request: &RequestInfo, now: Timestamp, usual: Option<BuildTimes>) -> Option<String> {
    let windows = &request.windows;
    let is_moving =
        |window: &&WindowInfo| window.state.is_under_way() && window.state != WindowStatus::Queued;
    if let Some(newest) = windows.iter().rev().find(is_moving) {
        let (what, age) = (window_subject(newest), locale::format_duration(now.since(newest.since)));
        return Some(match newest.state {
            WindowStatus::Asking => format!("Lectern is requesting {what} from Echo360: {age} so far."),
            WindowStatus::Collecting => format!("Lectern is downloading {what} from Echo360: {age} so far."),
            _ => format!("Echo360 is building {what}: {age} so far{}.", usual_time_clause(usual)),
        });
    }
    let queued = windows.iter().find(|w| w.state == WindowStatus::Queued)?;
    Some(format!("The next one is queued: {} so far.", locale::format_duration(now.since(queued.since))))
}

/// The coverage of a request in the tab's title: `2 of 4 loaded`.
#[must_use]
pub fn title_prefix(request: &RequestInfo) -> String {
    let all = request.windows.len();
    let loaded = request.windows.iter().filter(|w| w.state.has_rows()).count();
    let is_under_way = request.windows.iter().any(|w| w.state.is_under_way());
    let has_failed = request.windows.iter().any(|w| w.state == WindowStatus::Failed);
    match loaded {
        _ if loaded == all => "All loaded".to_owned(),
        _ if has_failed && !is_under_way => format!("Failed: {loaded} of {all} loaded"),
        _ => format!("{loaded} of {all} loaded"),
    }
}

/// The progress of all weekly reports: how many are loaded, of how many, under way, and failed.
#[must_use]
pub fn total_progress([loaded, all, under_way, failed]: [usize; 4]) -> String {
    let mut text = if loaded == all {
        format!("All {all} weekly reports loaded.")
    } else {
        format!("{loaded} of {all} weekly reports loaded.")
    };
    if under_way > 0 {
        text.push_str(&format!(" Waiting for {under_way} from Echo360; what is loaded is shown already."));
    }
    if failed > 0 {
        text.push_str(&format!(" Echo360 could not build {failed}."));
    }
    text
}

/// The progress of one report: `Slides: 3 of 4 loaded, 1 requested`.
#[must_use]
pub fn report_progress(name: &str, [loaded, all, under_way, failed]: [usize; 4]) -> String {
    let describe =
        |count: usize, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
    format!(
        "{name}: {loaded} of {all} loaded{}{}",
        describe(under_way, "requested"),
        describe(failed, "failed")
    )
}

/// Why the Scheduler has paused its calls to Echo360: the heading.
#[must_use]
pub fn pause_title(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::CredentialsRefused => "Echo360 refuses the credentials",
        PauseReason::UpstreamDown => "Echo360 is not responding",
        PauseReason::LimitReached => "All three slots at Echo360 are taken",
    }
}

/// What somebody has to do about a pause, if anything.
#[must_use]
pub fn pause_advice(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::CredentialsRefused => {
            "The people who run Lectern have to renew them. Loaded data stays available."
        }
        PauseReason::UpstreamDown | PauseReason::LimitReached => {
            "You do not have to do anything. Loaded data stays available."
        }
    }
}

/// The reason of a pause as the API spells it.
#[must_use]
pub fn pause_key(reason: PauseReason) -> &'static str {
    match reason {
        PauseReason::CredentialsRefused => "credentials-refused",
        PauseReason::UpstreamDown => "upstream-down",
        PauseReason::LimitReached => "limit-reached",
    }
}

/// Why an administrator has to act: the first sentence, in bold.
#[must_use]
pub fn upstream_failure_title(failure: UpstreamFailure) -> &'static str {
    match failure {
        UpstreamFailure::CredentialsRefused => "Echo360 refuses Lectern's credentials.",
        UpstreamFailure::FailedDays => "Nothing could be loaded from Echo360 for three days.",
    }
}

/// What an administrator can do about it.
#[must_use]
pub fn upstream_failure_advice(failure: UpstreamFailure) -> &'static str {
    match failure {
        UpstreamFailure::CredentialsRefused => {
            "No new data can be loaded until the operator of this installation checks ECHO360_CLIENT_ID, \
             ECHO360_CLIENT_SECRET and ECHO360_REGION, as docs/deploying.md describes under “When something is \
             wrong”. Loaded data stays available."
        }
        UpstreamFailure::FailedDays => {
            "See what went wrong with each request and try one again. If it fails, too, send the id that is shown \
             there to Echo360's support. Loaded data stays available."
        }
    }
}

/// When the Scheduler calls Echo360 again.
#[must_use]
pub fn next_try_sentence(until: Timestamp, now: Timestamp) -> String {
    format!("Next try in {}.", locale::format_duration(until.since(now)))
}

/// `Stored: 1,234 rows, requested on 3 Feb 2026. Requested again on 10 Mar 2026: 1,100 rows, 134 fewer.`
#[must_use]
pub fn row_loss(window: &ShrunkenWindow) -> String {
    let day = |at: Timestamp| locale::format_days(at.day(), at.day());
    format!(
        "Stored: {} rows, requested on {}. Requested again on {}: {} rows, {} fewer.",
        locale::format_count(window.rows),
        day(window.stored),
        day(window.requested),
        locale::format_count(window.new_rows),
        locale::format_count(window.rows.saturating_sub(window.new_rows)),
    )
}

/// `BIO-101 Cells, section 001: 120 rows, now none`.
#[must_use]
pub fn section_loss(section: &ShrunkenSection) -> String {
    let name = match (section.label.as_str(), section.section.as_str()) {
        ("", "") => "Rows without a section",
        ("", id) => id,
        (label, _) => label,
    };
    let after = match section.new_rows {
        0 => "none".to_owned(),
        rows => locale::format_count(rows),
    };
    format!("{name}: {} rows, now {after}", locale::format_count(section.rows))
}

/// What happens after a choice between two copies.
#[must_use]
pub fn copy_choice_outcome(choice: CopyChoice) -> &'static str {
    match choice {
        CopyChoice::Keep => "The fuller copy is kept.",
        CopyChoice::Replace => {
            "The smaller copy was requested. It replaces the fuller one as soon as it is here, unless it has lost more \
             rows since."
        }
    }
}

/// What the Scheduler does: upstream requests in flight, the length of the queue, the usual build time.
#[must_use]
pub fn scheduler_sentence(scheduler: &SchedulerInfo) -> String {
    let building = match scheduler.in_flight {
        0 => "Echo360 is not building anything for Lectern right now".to_owned(),
        1 => "Echo360 is building 1 report for Lectern".to_owned(),
        n => format!("Echo360 is building {n} reports for Lectern"),
    };
    let queued = match scheduler.queued {
        0 => String::new(),
        n => format!("; {n} queued"),
    };
    let usual = scheduler
        .usual
        .map_or_else(String::new, |usual| format!(" Usual time per report: {}.", format_span(usual)));
    format!("{building}{queued}.{usual}")
}

/// `Requested 20 min ago`.
#[must_use]
pub fn requested_note(created: Timestamp, now: Timestamp) -> String {
    format!("Requested {} ago", locale::format_duration(now.since(created)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(low: i64, high: i64) -> Option<BuildTimes> {
        Some(BuildTimes { low, high, sample_size: 9 })
    }

    #[test]
    fn the_usual_time_is_rounded_outwards() {
        assert_eq!(usual_time_clause(usual(9 * MINUTE + 5, 39 * MINUTE + 5)), ", usually 9 to 40 min");
        assert_eq!(usual_time_clause(usual(2_000, 40_000)), ", usually under a minute");
        assert_eq!(usual_time_clause(usual(2_000, 61_000)), ", usually up to 2 min");
        assert_eq!(usual_time_clause(usual(HOUR, 5 * HOUR + 1)), ", usually 1 to 6 h");
        assert_eq!(usual_time_clause(usual(2 * MINUTE, 2 * MINUTE)), ", usually 2 min");
        assert_eq!(usual_time_clause(None), "");
    }

    #[test]
    fn an_erased_window_is_neither_failed_nor_under_way() {
        let window = serde_json::json!({"id": "2026-02-02", "start": "2026-02-02", "end": "2026-02-09",
            "state": "forgotten", "tries": 0, "since": 1_770_000_000_000_i64, "forgotten": 1_772_409_600_000_i64});
        let request =
            serde_json::json!({"id": "r", "report": "notes", "tz": "UTC", "created": 0, "windows": [window]});
        let request: RequestInfo = serde_json::from_value(request).unwrap();
        let at = Timestamp(1_772_500_000_000);
        assert_eq!(coverage_sentence(&request), "Erased.");
        assert_eq!(title_prefix(&request), "0 of 1 loaded");
        assert_eq!(progress_sentence(&request, at, None), None);
    }

    #[test]
    fn a_plan_names_what_is_loaded_already() {
        assert_eq!(
            plan_sentence(Shape::Rows, 12, 9),
            "12 weekly reports, three at a time; 9 are already loaded."
        );
        assert_eq!(plan_sentence(Shape::Rows, 1, 0), "1 weekly report.");
        assert_eq!(
            first_visit_plan(4, 0),
            "Lectern will request 4 weekly reports from Echo360, three at a time."
        );
        assert_eq!(expected_time(0, None), "Nothing has to be requested from Echo360.");
    }
}
