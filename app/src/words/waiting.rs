//! Sentences about waiting: what will happen, how far it is, and what can be done.

use super::ALL_TIME;
use crate::locale;
use domain::api::{BuildTimes, PauseReason, RequestInfo, SchedulerInfo, WindowInfo, WindowStatus};
use domain::report::Shape;
use domain::time::{HOUR, MINUTE, Timestamp, minus_days};

/// What waiting means, before anything is known of how long it takes.
pub const PATIENCE: &str = "That takes minutes, sometimes hours.";
/// What waiting does not need.
pub const MAY_CLOSE: &str = "You may close this page: Lectern goes on without it.";
/// What stands before an id for Echo360's support.
pub const FOR_SUPPORT: &str = "Id for Echo360's support";
/// Said of a request whose reports hold nothing.
pub const NO_ROWS: &str = "No recorded activity in these days: Echo360 has no rows.";

/// Every state, in the order in which a window passes through them.
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

/// The words for a state.
#[must_use]
pub fn state(state: WindowStatus) -> &'static str {
    match state {
        WindowStatus::Queued => "Waiting for its turn",
        WindowStatus::Asking => "Being asked of Echo360",
        WindowStatus::Building => "Being built by Echo360",
        WindowStatus::Collecting => "Being collected",
        WindowStatus::Ready => "Here",
        WindowStatus::Provisional => "Here, not final yet",
        WindowStatus::Failed => "Could not be built",
        WindowStatus::Forgotten => "Forgotten",
    }
}

/// The words for a state inside a sentence.
fn state_inside(of: WindowStatus) -> String {
    state(of).to_lowercase().replace("echo360", "Echo360")
}

/// The stable name of a state, as the API spells it.
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

/// The days of a window, both included.
#[must_use]
pub fn window_days(window: &WindowInfo) -> String {
    match (window.start, window.end) {
        (Some(start), Some(end)) => locale::format_short_days(start, minus_days(end, 1).max(start)),
        _ => ALL_TIME.to_owned(),
    }
}

/// A window's state with what a person wants to know of it.
#[must_use]
pub fn window_state(window: &WindowInfo, now: Timestamp, usual: Option<BuildTimes>) -> String {
    let age = locale::format_duration(now.since(window.since));
    let mut text = match window.state {
        WindowStatus::Building => format!("{}: {age} so far{}", state(window.state), usually(usual)),
        WindowStatus::Queued | WindowStatus::Asking | WindowStatus::Collecting => {
            format!("{}: {age} so far", state(window.state))
        }
        WindowStatus::Provisional => match window.provisional_from {
            Some(from) => format!("Here, not final from {} on", locale::format_short_day(from)),
            None => state(window.state).to_owned(),
        },
        WindowStatus::Ready => state(window.state).to_owned(),
        WindowStatus::Failed => "Echo360 could not build it".to_owned(),
        WindowStatus::Forgotten => match window.forgotten {
            Some(at) => format!("Forgotten on {}", locale::format_short_day(at.day())),
            None => state(window.state).to_owned(),
        },
    };
    match window.again {
        Some(WindowStatus::Failed) => text.push_str("; a newer copy could not be built"),
        Some(again) => text.push_str(&format!("; a newer copy is {}", state_inside(again))),
        None => {}
    }
    text
}

/// How often a window was tried: nothing while all goes well.
#[must_use]
pub fn tried(window: &WindowInfo) -> Option<String> {
    match (window.tries, window.state) {
        (0, _) => None,
        (n, WindowStatus::Failed) => Some(format!("tried {}", times(n))),
        (1, _) => Some("1 try went wrong".to_owned()),
        (n, _) => Some(format!("{n} tries went wrong")),
    }
}

/// That a window failed, in a sentence: `Echo360 could not build 17 – 23 Feb (tried 3 times).`
#[must_use]
pub fn could_not_build(window: &WindowInfo) -> String {
    format!("Echo360 could not build {} (tried {}).", window_days(window), times(window.tries))
}

fn times(n: u8) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{n} times"),
    }
}

/// When Lectern looks or tries next: nothing where nothing is to come.
#[must_use]
pub fn next(window: &WindowInfo, now: Timestamp) -> Option<String> {
    let is_to_come =
        window.state.is_under_way() || window.again.is_some_and(domain::api::WindowStatus::is_under_way);
    let next = window.next.filter(|_| is_to_come)?;
    let what = if window.state == WindowStatus::Queued { "next try" } else { "next look" };
    Some(format!("{what} in {}", locale::format_duration(next.since(now))))
}

/// `, usually 9 to 40`: what is between the tenth and the ninetieth of a hundred.
#[must_use]
pub fn usually(usual: Option<BuildTimes>) -> String {
    usual.map_or_else(String::new, |usual| format!(", usually {}", span_of(usual)))
}

/// `9 to 40 min`, `1 to 3 h`, `under a minute`.
fn span_of(usual: BuildTimes) -> String {
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

/// How long it may take to get `missing` windows.
#[must_use]
pub fn expectation(missing: usize, usual: Option<BuildTimes>) -> String {
    match (missing, usual) {
        (0, _) => "Nothing has to be asked of Echo360.".to_owned(),
        (_, None) => format!("{PATIENCE} {MAY_CLOSE}"),
        (_, Some(usual)) => {
            format!("Lately Echo360 took {} for each. {MAY_CLOSE}", span_of(usual))
        }
    }
}

/// What will happen when somebody asks: something is not here yet, or there would be nothing to ask.
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
        1 => format!("{reports}; 1 is already here."),
        here => format!("{reports}; {here} are already here."),
    }
}

/// What a first visit may expect.
#[must_use]
pub fn first_plan(windows: usize, here: usize) -> String {
    match here {
        0 => format!("Lectern asks Echo360 for {windows} weekly reports, three at a time."),
        here if here >= windows => format!("All {windows} weekly reports are already here."),
        here => {
            let rest = windows - here;
            format!(
                "{windows} weekly reports, of which {here} are already here: Lectern asks Echo360 for {rest}."
            )
        }
    }
}

/// How far a request is, without anything that changes by the minute.
#[must_use]
pub fn coverage(request: &RequestInfo) -> String {
    let windows = &request.windows;
    let all = windows.len();
    let here = windows.iter().filter(|w| w.state.has_rows()).count();
    let failed = windows.iter().filter(|w| w.state == WindowStatus::Failed).count();
    let forgotten = windows.iter().filter(|w| w.state == WindowStatus::Forgotten).count();
    let noun = if windows.iter().any(|w| w.start.is_none()) { "reports" } else { "weeks" };
    let mut text = match (here, all) {
        (1, 1) => "It is here.".to_owned(),
        (0, 1) if failed == 1 => "It could not be built.".to_owned(),
        (0, 1) if forgotten == 1 => "It was forgotten.".to_owned(),
        (0, 1) => "It is not here yet.".to_owned(),
        _ if here == all => format!("All {all} {noun} are here."),
        _ => format!("{here} of {all} {noun} here."),
    };
    match failed {
        0 => {}
        _ if all == 1 => {}
        1 => text.push_str(" 1 could not be built."),
        n => text.push_str(&format!(" {n} could not be built.")),
    }
    if forgotten > 0 && all > 1 {
        let were = if forgotten == 1 { "was" } else { "were" };
        text.push_str(&format!(" {forgotten} {were} forgotten."));
    }
    // Who may not see all rows is not told how many there are: the rows themselves say it then.
    let mut rows = windows.iter().filter_map(|w| w.copy.as_ref()).map(|copy| copy.rows);
    if here == all && all > 0 && rows.all(|rows| rows == Some(0)) {
        text.push(' ');
        text.push_str(NO_ROWS);
    }
    text
}

/// What is going on, with its age: `16 – 22 Nov is being built by Echo360: 18 min so far, usually 9 to 40 min.`
#[must_use]
pub fn under_way(request: &RequestInfo, now: Timestamp, usual: Option<BuildTimes>) -> Option<String> {
    let windows = &request.windows;
    let is_moving =
        |window: &&WindowInfo| window.state.is_under_way() && window.state != WindowStatus::Queued;
    if let Some(newest) = windows.iter().rev().find(is_moving) {
        let usual = if newest.state == WindowStatus::Building { usually(usual) } else { String::new() };
        let (what, age) = (state_inside(newest.state), locale::format_duration(now.since(newest.since)));
        return Some(format!("{} is {what}: {age} so far{usual}.", window_days(newest)));
    }
    let waiting = windows.iter().find(|w| w.state == WindowStatus::Queued)?;
    Some(format!(
        "The next waits for its turn: {} so far.",
        locale::format_duration(now.since(waiting.since))
    ))
}

/// The part of a tab's title that says how far it is: `2 of 4 here`.
#[must_use]
pub fn title_mark(request: &RequestInfo) -> String {
    let all = request.windows.len();
    let here = request.windows.iter().filter(|w| w.state.has_rows()).count();
    let waits = request.windows.iter().any(|w| w.state.is_under_way());
    match (here, waits) {
        _ if here == all => "All here".to_owned(),
        (_, true) => format!("{here} of {all} here"),
        (_, false) if request.windows.iter().any(|w| w.state == WindowStatus::Failed) => {
            format!("Failed: {here} of {all} here")
        }
        (_, false) => format!("{here} of {all} here"),
    }
}

/// Why the Scheduler asks nothing for now, in a few words.
#[must_use]
pub fn hold(why: PauseReason) -> &'static str {
    match why {
        PauseReason::CredentialsRefused => "Echo360 refuses the credentials",
        PauseReason::UpstreamDown => "Echo360 does not answer",
        PauseReason::LimitReached => "All three places at Echo360 are taken",
    }
}

/// What somebody has to do about it, if anything.
#[must_use]
pub fn hold_advice(why: PauseReason) -> &'static str {
    match why {
        PauseReason::CredentialsRefused => {
            "Whoever runs Lectern has to renew them. What is here already stays."
        }
        PauseReason::UpstreamDown | PauseReason::LimitReached => {
            "You need not do anything. What is here already stays."
        }
    }
}

/// The stable name of a hold, as the API spells it.
#[must_use]
pub fn hold_key(why: PauseReason) -> &'static str {
    match why {
        PauseReason::CredentialsRefused => "credentials-refused",
        PauseReason::UpstreamDown => "upstream-down",
        PauseReason::LimitReached => "limit-reached",
    }
}

/// When it is tried again.
#[must_use]
pub fn hold_until(until: Timestamp, now: Timestamp) -> String {
    format!("Next try in {}.", locale::format_duration(until.since(now)))
}

/// What the whole Scheduler is at.
#[must_use]
pub fn desk(desk: &SchedulerInfo) -> String {
    let built = match desk.in_flight {
        0 => "Echo360 builds nothing for Lectern just now".to_owned(),
        1 => "Echo360 builds 1 report for Lectern".to_owned(),
        n => format!("Echo360 builds {n} reports for Lectern"),
    };
    let waiting = match desk.queued {
        0 => String::new(),
        1 => "; 1 waits for its turn".to_owned(),
        n => format!("; {n} wait for their turn"),
    };
    let usual =
        desk.usual.map_or_else(String::new, |usual| format!(" Usual time for one: {}.", span_of(usual)));
    format!("{built}{waiting}.{usual}")
}

/// When something was asked: `Asked 20 min ago`.
#[must_use]
pub fn asked(created: Timestamp, now: Timestamp) -> String {
    format!("Asked {} ago", locale::format_duration(now.since(created)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(low: i64, high: i64) -> Option<BuildTimes> {
        Some(BuildTimes { low, high, sample_size: 9 })
    }

    #[test]
    fn the_usual_time_is_never_narrower_than_it_was() {
        assert_eq!(usually(usual(9 * MINUTE + 5, 39 * MINUTE + 5)), ", usually 9 to 40 min");
        assert_eq!(usually(usual(2_000, 40_000)), ", usually under a minute");
        assert_eq!(usually(usual(2_000, 61_000)), ", usually up to 2 min");
        assert_eq!(usually(usual(HOUR, 5 * HOUR + 1)), ", usually 1 to 6 h");
        assert_eq!(usually(usual(2 * MINUTE, 2 * MINUTE)), ", usually 2 min");
        assert_eq!(usually(None), "");
    }

    #[test]
    fn what_was_forgotten_is_neither_failed_nor_awaited() {
        let window = serde_json::json!({"id": "2026-02-02", "start": "2026-02-02", "end": "2026-02-09",
            "state": "forgotten", "tries": 0, "since": 1_770_000_000_000_i64, "forgotten": 1_772_409_600_000_i64});
        let request =
            serde_json::json!({"id": "r", "report": "notes", "tz": "UTC", "created": 0, "windows": [window]});
        let request: RequestInfo = serde_json::from_value(request).unwrap();
        let at = Timestamp(1_772_500_000_000);
        assert_eq!(coverage(&request), "It was forgotten.");
        assert_eq!((title_mark(&request).as_str(), under_way(&request, at, None)), ("0 of 1 here", None));
    }

    #[test]
    fn a_plan_says_what_is_here_already() {
        assert_eq!(plan(Shape::Rows, 12, 9), "12 weekly reports, three at a time; 9 are already here.");
        assert_eq!(plan(Shape::Rows, 1, 0), "1 weekly report.");
        assert_eq!(first_plan(4, 0), "Lectern asks Echo360 for 4 weekly reports, three at a time.");
        assert_eq!(expectation(0, None), "Nothing has to be asked of Echo360.");
    }
}
