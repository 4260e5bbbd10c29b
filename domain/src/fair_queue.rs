//! Fair queue: decides which window is requested from Echo360 next. People take turns, and then their
//! requests; within a request the newest week comes first. A large request leaves a slot to others.

use crate::api;
use crate::range::Range;
use crate::report::ReportName;
use crate::time::Timestamp;
use crate::window::{Parameters, WindowKey};
use crate::window_state::{Window, WindowState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A request with more windows than this is large.
pub const LARGE_REQUEST: usize = 12;

/// How many slots a large request may hold while other requests wait.
pub const LARGE_REQUEST_SLOTS: usize = 2;

/// A person's request: one report over one range, and the windows that make it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// The person who made it.
    pub person: String,
    /// The report.
    pub report: ReportName,
    /// The days; `None` for a report without dates.
    pub range: Option<Range>,
    /// The IANA time zone of those days.
    pub zone: String,
    /// Parameters other than the days.
    pub parameters: Parameters,
    /// When it was first made.
    pub created: Timestamp,
    /// When it was last repeated, which keeps it from expiring. Absent in requests stored by early versions.
    #[serde(default)]
    pub asked: Timestamp,
    /// Its windows, oldest first.
    pub windows: Vec<WindowKey>,
    /// The turn in which a window was last taken for it; 0 for none yet.
    pub turn: u64,
}

impl Request {
    /// Whether both are by the same person for the same report, days and parameters, and so are one request.
    #[must_use]
    pub fn is_same_request(&self, other: &Self) -> bool {
        self.person == other.person
            && self.report == other.report
            && self.range == other.range
            && self.zone == other.zone
            && self.parameters == other.parameters
    }

    /// The request as the HTTP API shows it, without the scheduler's state.
    #[must_use]
    pub fn describe(&self, windows: &BTreeMap<WindowKey, Window>, now: Timestamp) -> api::RequestInfo {
        api::RequestInfo {
            id: self.id.clone(),
            report: self.report.clone(),
            from: self.range.map(Range::from),
            to: self.range.map(Range::to),
            tz: self.zone.clone(),
            parameters: self.parameters.clone(),
            created: self.created,
            windows: self
                .windows
                .iter()
                .filter_map(|key| windows.get(key))
                .map(|window| window.describe(now))
                .collect(),
            scheduler: None,
        }
    }
}

/// The window to request next, and the id of the request that it is taken for; `None` if none is due.
#[must_use]
pub fn pick_next(
    requests: &BTreeMap<String, Request>,
    windows: &BTreeMap<WindowKey, Window>,
    now: Timestamp,
) -> Option<(String, WindowKey)> {
    let waiting: Vec<(&Request, &WindowKey)> =
        requests.values().filter_map(|request| Some((request, newest_due(request, windows, now)?))).collect();
    let mut last_served: BTreeMap<&str, u64> = BTreeMap::new();
    for request in requests.values() {
        let turn = last_served.entry(&request.person).or_default();
        *turn = (*turn).max(request.turn);
    }
    // Whether another request waits for a window that this one does not contain.
    let keeps_others_waiting = |request: &Request| {
        let own: BTreeSet<&WindowKey> = request.windows.iter().collect();
        waiting.iter().any(|(other, next)| other.id != request.id && !own.contains(next))
    };
    waiting
        .iter()
        .filter(|(request, _)| {
            request.windows.len() <= LARGE_REQUEST
                || count_slots(request, windows) < LARGE_REQUEST_SLOTS
                || !keeps_others_waiting(request)
        })
        .min_by_key(|(request, _)| {
            let person = last_served.get(request.person.as_str()).copied().unwrap_or_default();
            (person, request.turn, request.created, &request.id)
        })
        .map(|(request, key)| (request.id.clone(), (*key).clone()))
}

fn newest_due<'a>(
    request: &'a Request,
    windows: &BTreeMap<WindowKey, Window>,
    now: Timestamp,
) -> Option<&'a WindowKey> {
    let is_due = |key: &WindowKey| {
        windows.get(key).is_some_and(
            |window| matches!(window.state, WindowState::Queued { not_before } if not_before <= now),
        )
    };
    request.windows.iter().rev().find(|key| is_due(key))
}

fn count_slots(request: &Request, windows: &BTreeMap<WindowKey, Window>) -> usize {
    windows
        .values()
        .filter(|window| window.holds_slot() && window.slot_request.as_deref() == Some(&request.id))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Day, plus_days};
    use crate::window::Days;

    struct Queue {
        requests: BTreeMap<String, Request>,
        windows: BTreeMap<WindowKey, Window>,
        turn: u64,
    }

    impl Queue {
        fn submit(&mut self, id: &str, person: &str, report: &str, weeks: u64) {
            let monday: Day = "2025-01-06".parse().unwrap();
            let keys: Vec<WindowKey> = (0..weeks)
                .map(|n| WindowKey {
                    report: ReportName::parse(report).unwrap(),
                    days: Days::Week(plus_days(monday, 7 * n)),
                    parameters: Parameters::new(),
                })
                .collect();
            for key in &keys {
                self.windows.entry(key.clone()).or_insert_with(|| Window::queued(key.clone(), Timestamp(0)));
            }
            let request = Request {
                id: id.into(),
                person: person.into(),
                report: ReportName::parse(report).unwrap(),
                range: None,
                zone: "UTC".into(),
                parameters: Parameters::new(),
                created: Timestamp(i64::try_from(self.requests.len()).unwrap()),
                asked: Timestamp(0),
                windows: keys,
                turn: 0,
            };
            self.requests.insert(id.into(), request);
        }

        /// Starts the next window; returns the ids of its request and of itself.
        fn start_next(&mut self) -> Option<(String, String)> {
            let (id, key) = pick_next(&self.requests, &self.windows, Timestamp(1))?;
            self.turn += 1;
            self.requests.get_mut(&id).unwrap().turn = self.turn;
            self.windows.get_mut(&key).unwrap().start_asking(None, Vec::new(), &id, Timestamp(1));
            Some((id, key.id()))
        }

        /// Finishes one window that holds a slot for this request.
        fn finish(&mut self, id: &str) {
            let window = self
                .windows
                .values_mut()
                .find(|w| w.holds_slot() && w.slot_request.as_deref() == Some(id))
                .unwrap();
            window.state = WindowState::Idle;
        }
    }

    fn queue() -> Queue {
        Queue { requests: BTreeMap::new(), windows: BTreeMap::new(), turn: 0 }
    }

    #[test]
    fn the_newest_week_comes_first() {
        let mut queue = queue();
        queue.submit("a", "ana", "videoview", 3);
        let order: Vec<String> = std::iter::from_fn(|| queue.start_next()).map(|(_, key)| key).collect();
        assert_eq!(order, ["2025-01-20", "2025-01-13", "2025-01-06"]);
    }

    #[test]
    fn people_take_turns_and_then_their_requests() {
        let mut queue = queue();
        queue.submit("a1", "ana", "videoview", 4);
        queue.submit("a2", "ana", "polling", 4);
        queue.submit("b1", "ben", "notes", 4);
        let order: Vec<String> =
            std::iter::from_fn(|| queue.start_next()).map(|(id, _)| id).take(8).collect();
        assert_eq!(order, ["a1", "b1", "a2", "b1", "a1", "b1", "a2", "b1"]);
    }

    #[test]
    fn a_large_request_leaves_a_slot_to_others() {
        let mut queue = queue();
        queue.submit("big", "ana", "videoview", 52);
        assert_eq!([queue.start_next(), queue.start_next()].map(|t| t.unwrap().0), ["big", "big"]);
        queue.submit("small", "ben", "notes", 3);
        assert_eq!(queue.start_next().unwrap().0, "small");
        queue.finish("small");
        assert_eq!(queue.start_next().unwrap().0, "small", "although it had the last turn");
        queue.finish("big");
        assert_eq!(queue.start_next().unwrap().0, "big");
    }

    #[test]
    fn a_large_request_alone_uses_all_slots() {
        let mut queue = queue();
        queue.submit("big", "ana", "videoview", 52);
        queue.submit("same weeks", "ben", "videoview", 52);
        for _ in 0..3 {
            assert!(queue.start_next().is_some());
        }
    }
}
