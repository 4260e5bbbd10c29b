//! The state machine of one window: `queued → asking → building → collecting → idle`, or `failed`.
//!
//! Each state has only the data that exists in it. All transitions are in this module. They are pure, and the
//! [`Scheduler`](crate::scheduler::Scheduler) saves each before it acts on it, so that a crash repeats a step
//! instead of losing one.

use crate::api;
use crate::backoff;
use crate::shrinkage::{CopyChoice, Shrinkage, ShrinkageCheck, ShrunkenCopy};
use crate::time::{Day, MINUTE, SECOND, Timestamp};
use crate::upstream::UpstreamId;
use crate::window::{Days, PROVISIONAL_MAX_AGE, SNAPSHOT_MAX_AGE, WindowKey};
use serde::{Deserialize, Serialize};

/// Failed tries after which a window is `failed`.
pub const TRIES: u8 = 3;

/// How long a WindowStore may take to collect: its alarm may run for 15 minutes, the last one to settle.
pub const LEASE: i64 = 14 * MINUTE;

/// How long to wait for a WindowStore's report before asking for it.
pub const INQUIRY: i64 = 20 * SECOND;

/// How long to wait for fresh links after the storage of Echo360's files could not be reached.
const STORAGE_RETRY_DELAY: i64 = 30 * SECOND;

/// How often the links of one upstream request may have expired before that counts as a failed try.
const MAX_LINK_REFRESHES: u8 = 2;

/// How many failed upstream requests a window remembers: the newest of them.
const FAILED_UPSTREAMS_KEPT: usize = 20;

/// A window: the copy it serves, the state of the next copy, and the last fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its report, days and parameters.
    pub key: WindowKey,
    /// The state of the next copy.
    pub state: WindowState,
    /// When it entered this state.
    pub since: Timestamp,
    /// Failed tries since the last copy was collected or somebody requested the window again.
    pub tries: u8,
    /// The copy that it serves.
    pub copy: Option<WindowCopy>,
    /// The number of its last lease. A copy's generation is the lease under which it was collected or swept.
    pub lease: u32,
    /// The request for which it was last taken from the queue: its slot counts as this request's.
    pub slot_request: Option<String>,
    /// Upstream requests that failed, which are never adopted.
    pub failed_upstreams: Vec<UpstreamId>,
    /// What went wrong last.
    pub fault: Option<WindowFault>,
    /// The erasures that it has been through and those under way. Absent in windows stored by early versions.
    #[serde(default, skip_serializing_if = "ErasureState::is_untouched")]
    pub erasure: ErasureState,
    /// The last newer copy of the same days, if it was discarded because it has lost rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunken: Option<ShrunkenCopy>,
}

/// The erasures that a window has been through and those under way. See
/// [`ErasureLedger`](crate::scheduler::ErasureLedger) for versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureState {
    /// The copy contains no rows of erasures up to this version.
    #[serde(rename = "clean")]
    pub clean_version: u32,
    /// The copy that is being collected will contain no rows of erasures up to this version.
    #[serde(rename = "carried")]
    pub pending_version: u32,
    /// The sweep of its copy that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// While a wipe is under way: when to repeat it if there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wipe: Option<Timestamp>,
    /// When its days were erased; `None` if they were not, or if it was requested again since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
    /// Erasures of ranges up to this version no longer apply: somebody retried the window by name after them.
    #[serde(default, rename = "lifted")]
    pub waived_version: u32,
}

impl ErasureState {
    fn is_untouched(&self) -> bool {
        *self == Self::default()
    }
}

/// A sweep under way: a rewrite of a window's copy without erased rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Its lease, which becomes the generation of the rewritten copy.
    pub lease: u32,
    /// The rewritten copy will contain no rows of erasures up to this version.
    pub version: u32,
    /// When to ask the WindowStore, if it has reported nothing.
    pub again: Timestamp,
}

/// The state of a window's next copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowState {
    /// No copy is being made.
    Idle,
    /// Waits for a slot.
    Queued {
        /// The earliest time to take it from the queue.
        not_before: Timestamp,
    },
    /// A create is about to be sent, or was sent and its reply not recorded. Holds a slot.
    Asking {
        /// The day after the last requested one.
        end: Option<Day>,
        /// Similar upstream requests that existed before the create: any other is ours.
        seen: Vec<UpstreamId>,
        /// When a list first lacked a request that could be ours.
        absent_since: Option<Timestamp>,
    },
    /// Echo360 builds the report. Holds a slot until it is known to have finished.
    Building {
        /// The upstream request.
        upstream: UpstreamBuild,
        /// When to poll next.
        next_look: Timestamp,
        /// Whether the last poll did not find the request: a list decides whether it is lost.
        #[serde(rename = "doubted")]
        not_found: bool,
        /// How many polls did not find it.
        #[serde(rename = "doubts")]
        not_found_polls: u8,
    },
    /// A WindowStore collects the file. Echo360 has finished, so no slot is held.
    Collecting {
        /// The upstream request that built the file.
        upstream: UpstreamBuild,
        /// The deadline of the lease.
        until: Timestamp,
        /// When to ask the WindowStore, if it has reported nothing.
        next_inquiry: Timestamp,
    },
    /// Given up until somebody requests it again: after [`TRIES`] failed tries, or at once where another try
    /// could not succeed.
    Failed,
}

/// An upstream request that we made or adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamBuild {
    /// Its id.
    pub id: UpstreamId,
    /// When it was made: decides which days are provisional.
    pub created: Timestamp,
    /// The day after the last requested one.
    pub end: Option<Day>,
    /// How often its file was fetched; outages of the storage do not count.
    pub fetched: u8,
    /// Milliseconds from its creation until it was known to be finished; 0 until then.
    #[serde(default)]
    pub took: i64,
}

/// A copy: the rows of one upstream request, as collected and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCopy {
    /// The lease under which it was collected or swept; rises with every copy.
    pub generation: u32,
    /// The upstream request it was collected from.
    pub upstream: UpstreamId,
    /// When that was made.
    pub created: Timestamp,
    /// The day after the last one it contains.
    pub end: Option<Day>,
    /// Data rows.
    pub rows: u64,
    /// Bytes of CSV, without the header.
    pub bytes: u64,
    /// The CSV header row, without its line end.
    pub header: String,
    /// Milliseconds that Echo360 took to build it.
    #[serde(default)]
    pub took: i64,
}

/// What went wrong last with a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowFault {
    /// The upstream request that failed, for Echo360's support.
    pub upstream: Option<UpstreamId>,
    /// A sentence for people.
    pub detail: String,
}

/// How collecting a file ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollectOutcome {
    /// Every byte arrived and was checked; the WindowStore serves the new copy.
    Whole {
        /// Data rows.
        rows: u64,
        /// Bytes of CSV, without the header.
        bytes: u64,
        /// The CSV header row, without its line end.
        header: String,
    },
    /// Every byte arrived and was checked, but the copy has lost rows, and was discarded: the WindowStore still serves
    /// the one before it.
    Shrunken(Shrinkage),
    /// The storage no longer accepts the signed link.
    LinkExpired,
    /// The storage could not be reached.
    Unreachable {
        /// A sentence for people.
        detail: String,
    },
    /// The file is incomplete, damaged or not a CSV file, or collecting it did not end in time.
    BadFile {
        /// A sentence for people.
        detail: String,
    },
    /// The link is not allowed: a setting has to change.
    Barred {
        /// A sentence for people.
        detail: String,
    },
}

impl Window {
    /// A window that is requested for the first time.
    #[must_use]
    pub fn queued(key: WindowKey, now: Timestamp) -> Self {
        Self {
            key,
            state: WindowState::Queued { not_before: now },
            since: now,
            tries: 0,
            copy: None,
            lease: 0,
            slot_request: None,
            failed_upstreams: Vec::new(),
            fault: None,
            erasure: ErasureState::default(),
            shrunken: None,
        }
    }

    /// A window of erased days: it is not queued, only a retry by name requests it.
    #[must_use]
    pub fn forgotten(key: WindowKey, now: Timestamp) -> Self {
        let erasure = ErasureState { forgotten: Some(now), ..ErasureState::default() };
        Self { state: WindowState::Idle, erasure, ..Self::queued(key, now) }
    }

    fn enter(&mut self, state: WindowState, now: Timestamp) {
        self.state = state;
        self.since = now;
    }

    /// Queues a failed or idle window that has no copy or an aged one. Returns whether it was queued.
    pub fn request_if_needed(&mut self, now: Timestamp) -> bool {
        match &self.state {
            _ if self.erasure.forgotten.is_some() => false,
            WindowState::Failed | WindowState::Idle
                if self.copy.as_ref().is_none_or(|copy| self.is_aged(copy, now)) =>
            {
                self.request_again(now)
            }
            _ => false,
        }
    }

    /// Queues the window on a person's explicit request, unless it is unfinished. Returns whether it was
    /// queued.
    pub fn request_again(&mut self, now: Timestamp) -> bool {
        let is_finished = matches!(self.state, WindowState::Failed | WindowState::Idle);
        if is_finished {
            self.tries = 0;
            self.fault = None;
            self.erasure.forgotten = None;
            self.enter(WindowState::Queued { not_before: now }, now);
        }
        is_finished
    }

    /// Takes a window that no request waits for out of the queue. Returns whether the window can be deleted.
    pub fn leave_queue(&mut self, now: Timestamp) -> bool {
        if matches!(self.state, WindowState::Queued { .. }) {
            self.enter(WindowState::Idle, now);
        }
        // After a first lease the window has to keep counting: its WindowStore knows the last lease and
        // ignores jobs with a lower one.
        matches!(self.state, WindowState::Idle) && self.copy.is_none() && self.lease == 0
    }

    /// Whether a copy is worth replacing: a provisional one after [`PROVISIONAL_MAX_AGE`] or when more days
    /// of its week have closed, a snapshot after [`SNAPSHOT_MAX_AGE`]. If a newer copy was discarded because it had
    /// lost rows, only when more days have closed: the same days would lose the same rows again.
    #[must_use]
    pub fn is_aged(&self, copy: &WindowCopy, now: Timestamp) -> bool {
        self.is_aged_at(copy.end, copy.created, now)
            && (self.shrunken.is_none() || self.key.end_at(now.day()) > copy.end)
    }

    fn is_aged_at(&self, end: Option<Day>, created: Timestamp, now: Timestamp) -> bool {
        if self.key.days == Days::All {
            return now.since(created) > SNAPSHOT_MAX_AGE;
        }
        self.key.provisional_from(end, created).is_some()
            && (now.since(created) >= PROVISIONAL_MAX_AGE || self.key.end_at(now.day()) > end)
    }

    /// Whether an equal upstream request can be adopted: it has not failed before, its copy was not discarded for
    /// lost rows (unless an administrator chose it), it is newer than the current copy, and not so old that its copy
    /// would have to be replaced at once.
    #[must_use]
    pub fn can_adopt(&self, id: &UpstreamId, created: Timestamp, end: Option<Day>, now: Timestamp) -> bool {
        let is_discarded = self
            .shrunken
            .as_ref()
            .is_some_and(|shrunken| shrunken.upstream == *id && shrunken.choice != Some(CopyChoice::Replace));
        !self.failed_upstreams.contains(id)
            && !is_discarded
            && self.copy.as_ref().is_none_or(|copy| created > copy.created && *id != copy.upstream)
            && !self.is_aged_at(end, created, now)
    }

    /// Enters `asking`: a create is about to be sent. `request`: the request that the slot is taken for.
    pub fn start_asking(&mut self, end: Option<Day>, seen: Vec<UpstreamId>, request: &str, now: Timestamp) {
        self.slot_request = Some(request.to_owned());
        self.enter(WindowState::Asking { end, seen, absent_since: None }, now);
    }

    /// Enters `building`: a create was answered, a list showed its result, or an equal request is adopted.
    pub fn start_building(&mut self, id: UpstreamId, created: Timestamp, end: Option<Day>, now: Timestamp) {
        let upstream = UpstreamBuild { id, created, end, fetched: 0, took: 0 };
        let next_look = now.plus(backoff::MIN_POLL_INTERVAL);
        self.enter(WindowState::Building { upstream, next_look, not_found: false, not_found_polls: 0 }, now);
    }

    /// Returns to the queue after a create that certainly had no effect. Does not count as a try.
    pub fn requeue(&mut self, now: Timestamp) {
        self.enter(WindowState::Queued { not_before: now }, now);
    }

    /// Sets the time of the next poll, by how long Echo360 has been building.
    pub fn schedule_next_poll(&mut self, now: Timestamp) {
        let age = now.since(self.since);
        if let WindowState::Building { next_look, .. } = &mut self.state {
            *next_look = now.plus(backoff::poll_interval(age));
        }
    }

    /// Enters `collecting` when Echo360 has finished. Returns the new lease, the upstream request and the
    /// deadline; `None` unless the window was `building`.
    pub fn start_collecting(&mut self, now: Timestamp) -> Option<(u32, UpstreamBuild, Timestamp)> {
        let WindowState::Building { upstream, .. } = &self.state else { return None };
        let (mut upstream, until) = (upstream.clone(), now.plus(LEASE));
        if upstream.took == 0 {
            upstream.took = now.since(upstream.created).max(1);
        }
        self.lease = self.lease.saturating_add(1);
        let next_inquiry = now.plus(INQUIRY);
        self.enter(WindowState::Collecting { upstream: upstream.clone(), until, next_inquiry }, now);
        Some((self.lease, upstream, until))
    }

    /// How the copy that is being collected from `upstream` is compared with the one that is served; `None` if it
    /// replaces it in any case: there is none, it covers other days, or it is a snapshot, which shows what exists now.
    #[must_use]
    pub fn shrinkage_check(&self, upstream: &UpstreamBuild) -> Option<ShrinkageCheck> {
        let copy = self.copy.as_ref()?;
        let accepted = self.shrunken.as_ref().filter(|it| it.choice == Some(CopyChoice::Replace));
        let accepted_rows = accepted.map(|it| it.shrinkage.rows);
        (self.key.days != Days::All && copy.end == upstream.end).then_some(ShrinkageCheck { accepted_rows })
    }

    /// Returns from `collecting` to `building`, to poll for fresh links after `wait` milliseconds.
    pub fn poll_for_links(&mut self, now: Timestamp, wait: i64) {
        if let WindowState::Collecting { upstream, .. } = &self.state {
            let state = WindowState::Building {
                upstream: upstream.clone(),
                next_look: now.plus(wait),
                not_found: false,
                not_found_polls: 0,
            };
            self.enter(state, now);
        }
    }

    /// Records how collecting under `lease` ended. A result of an older lease is ignored: no copy is lost by
    /// that, since a WindowStore publishes no copy after its lease has ended.
    pub fn record_collection(&mut self, lease: u32, outcome: CollectOutcome, now: Timestamp) {
        let current = match &mut self.state {
            WindowState::Collecting { upstream, .. } if self.lease == lease => {
                // An outage of the storage says nothing about the file.
                if !matches!(outcome, CollectOutcome::Unreachable { .. }) {
                    upstream.fetched = upstream.fetched.saturating_add(1);
                }
                Some(upstream.clone())
            }
            _ => None,
        };
        match (outcome, current) {
            (CollectOutcome::Whole { rows, bytes, header }, Some(upstream)) => {
                let UpstreamBuild { id, created, end, took, .. } = upstream;
                let generation = lease;
                self.copy =
                    Some(WindowCopy { generation, upstream: id, created, end, rows, bytes, header, took });
                self.tries = 0;
                self.fault = None;
                self.erasure.clean_version = self.erasure.pending_version;
                self.erasure.sweep = None;
                self.shrunken = None;
                self.enter(WindowState::Idle, now);
            }
            // Without a copy there was nothing to compare with: the next one is taken as it is.
            (CollectOutcome::Shrunken(_), Some(_)) if self.copy.is_none() => self.requeue(now),
            (CollectOutcome::Shrunken(shrinkage), Some(upstream)) => {
                let UpstreamBuild { id: upstream, created, .. } = upstream;
                self.shrunken = Some(ShrunkenCopy { upstream, created, shrinkage, choice: None });
                self.tries = 0;
                self.fault = None;
                self.enter(WindowState::Idle, now);
            }
            // The WindowStore serves a copy of a lease that counted as lost: it may contain erased rows.
            (CollectOutcome::Whole { .. }, None) => self.erasure.clean_version = 0,
            (_, None) => {}
            (CollectOutcome::LinkExpired, Some(upstream)) if upstream.fetched <= MAX_LINK_REFRESHES => {
                self.poll_for_links(now, 0);
            }
            (CollectOutcome::LinkExpired, Some(upstream)) => {
                self.record_failed_try(
                    "Echo360's links to the file had expired each time they were used.",
                    Some(upstream.id),
                    now,
                );
            }
            (CollectOutcome::Unreachable { detail }, Some(upstream)) => {
                self.fault = Some(WindowFault { upstream: Some(upstream.id), detail });
                self.poll_for_links(now, STORAGE_RETRY_DELAY);
            }
            // The network may have damaged the file: fetching it again takes seconds, a rebuild takes hours.
            (CollectOutcome::BadFile { detail }, Some(upstream))
                if upstream.fetched <= 1 && self.tries + 1 < TRIES =>
            {
                self.tries += 1;
                self.fault = Some(WindowFault { upstream: Some(upstream.id), detail });
                self.poll_for_links(now, backoff::retry_interval(self.tries));
            }
            (CollectOutcome::BadFile { detail }, Some(upstream)) => {
                self.record_failed_try(&detail, Some(upstream.id), now);
            }
            (CollectOutcome::Barred { detail }, Some(upstream)) => {
                self.fault = Some(WindowFault { upstream: Some(upstream.id), detail });
                self.enter(WindowState::Failed, now);
            }
        }
    }

    /// Counts a failed try: returns to the queue for a new upstream request, or fails after [`TRIES`].
    pub fn record_failed_try(&mut self, detail: &str, upstream: Option<UpstreamId>, now: Timestamp) {
        self.tries = self.tries.saturating_add(1);
        if let Some(id) = &upstream {
            self.failed_upstreams.push(id.clone());
            let surplus = self.failed_upstreams.len().saturating_sub(FAILED_UPSTREAMS_KEPT);
            self.failed_upstreams.drain(..surplus);
        }
        self.fault = Some(WindowFault { upstream, detail: detail.to_owned() });
        let state = if self.tries >= TRIES {
            WindowState::Failed
        } else {
            WindowState::Queued { not_before: now.plus(backoff::retry_interval(self.tries)) }
        };
        self.enter(state, now);
    }

    /// Fails without a call: Echo360 can never build this window (its days are too old by now).
    pub fn give_up(&mut self, detail: &str, now: Timestamp) {
        self.fault = Some(WindowFault { upstream: None, detail: detail.to_owned() });
        self.enter(WindowState::Failed, now);
    }

    /// Whether it failed because of Echo360 or its files, and not because its days are too old or its copy could not
    /// be swept.
    #[must_use]
    pub fn was_given_up(&self) -> bool {
        let has_upstream = self.fault.as_ref().is_some_and(|fault| fault.upstream.is_some());
        self.state == WindowState::Failed && (has_upstream || self.tries >= TRIES)
    }

    /// Enters `idle` without a new copy: the days were erased meanwhile.
    pub fn abandon(&mut self, now: Timestamp) {
        self.enter(WindowState::Idle, now);
    }

    /// Records that the WindowStore has deleted everything.
    pub fn drop_copy(&mut self) {
        self.copy = None;
        self.shrunken = None;
        self.erasure.sweep = None;
        self.erasure.wipe = None;
    }

    /// Whether the window holds a slot: its upstream request may be unfinished. One that is known to be
    /// finished and only waits for fresh links holds none.
    #[must_use]
    pub fn holds_slot(&self) -> bool {
        match &self.state {
            WindowState::Asking { .. } => true,
            WindowState::Building { upstream, .. } => upstream.took == 0,
            _ => false,
        }
    }

    /// Whether a copy is being made, or waits to be.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        !matches!(self.state, WindowState::Idle | WindowState::Failed)
    }

    /// The rows of the copy that it serves and of the newer one that was discarded, while an administrator has to
    /// choose: until they do, and again if the copy that they chose could not be collected.
    #[must_use]
    pub fn row_loss(&self) -> Option<api::RowLoss> {
        let shrunken = self.shrunken.as_ref().filter(|shrunken| match shrunken.choice {
            None => true,
            Some(CopyChoice::Keep) => false,
            Some(CopyChoice::Replace) => !self.is_unfinished(),
        })?;
        Some(api::RowLoss { rows: self.copy.as_ref()?.rows, new_rows: shrunken.shrinkage.rows })
    }

    /// The window as the HTTP API shows it.
    #[must_use]
    pub fn describe(&self, now: Timestamp) -> api::WindowInfo {
        let next_copy = match &self.state {
            WindowState::Idle => self.erasure.forgotten.map(|_| api::WindowStatus::Forgotten),
            WindowState::Queued { .. } => Some(api::WindowStatus::Queued),
            WindowState::Asking { .. } => Some(api::WindowStatus::Asking),
            WindowState::Building { .. } => Some(api::WindowStatus::Building),
            WindowState::Collecting { .. } => Some(api::WindowStatus::Collecting),
            WindowState::Failed => Some(api::WindowStatus::Failed),
        };
        let provisional_from =
            self.copy.as_ref().and_then(|copy| self.key.provisional_from(copy.end, copy.created));
        let served = self.copy.as_ref().map(|_| match provisional_from {
            Some(_) => api::WindowStatus::Provisional,
            None => api::WindowStatus::Ready,
        });
        let (next, requested_end, upstream) = match &self.state {
            WindowState::Queued { not_before } => (Some(*not_before).filter(|t| *t > now), None, None),
            WindowState::Asking { end, .. } => (None, *end, None),
            WindowState::Building { upstream, next_look, .. } => {
                (Some(*next_look), upstream.end, Some(&upstream.id))
            }
            WindowState::Collecting { upstream, .. } => (None, upstream.end, Some(&upstream.id)),
            WindowState::Idle | WindowState::Failed => (None, None, None),
        };
        let of_copy = self.copy.as_ref().map(|copy| &copy.upstream);
        let upstream =
            upstream.or_else(|| self.fault.as_ref().and_then(|fault| fault.upstream.as_ref())).or(of_copy);
        api::WindowInfo {
            id: self.key.id(),
            start: self.key.start(),
            end: self
                .copy
                .as_ref()
                .map_or_else(|| requested_end.or_else(|| self.key.end_at(now.day())), |copy| copy.end),
            // An idle window without a copy that is not erased: a request for it would queue it.
            state: served.or(next_copy).unwrap_or(api::WindowStatus::Queued),
            again: served.and(next_copy).filter(|state| *state != api::WindowStatus::Forgotten),
            tries: self.tries,
            since: self.since,
            next,
            upstream_request_id: upstream.map(|id| id.as_str().to_owned()),
            provisional_from,
            fault: self.fault.as_ref().map(|fault| fault.detail.clone()),
            forgotten: self.erasure.forgotten,
            shrunken: self.row_loss(),
            copy: self.copy.as_ref().map(|copy| api::CopyInfo {
                generation: copy.generation,
                created: copy.created,
                end: copy.end,
                rows: Some(copy.rows),
                bytes: Some(copy.bytes),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ReportName;
    use crate::time::HOUR;
    use crate::window::Parameters;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn window(now: Timestamp) -> Window {
        let days = Days::Week("2026-02-02".parse().unwrap());
        let report = ReportName::parse("videoview").unwrap();
        Window::queued(WindowKey { report, days, parameters: Parameters::new() }, now)
    }

    fn whole() -> CollectOutcome {
        CollectOutcome::Whole { rows: 2, bytes: 20, header: "a,b".into() }
    }

    /// Takes a window from `queued` to `collecting` and returns the lease.
    fn build(window: &mut Window, id: &str, now: Timestamp) -> u32 {
        let end = window.key.end_at(now.day());
        window.start_asking(end, Vec::new(), "r", now);
        window.start_building(UpstreamId::parse(id).unwrap(), now, end, now);
        window.start_collecting(now).unwrap().0
    }

    #[test]
    fn a_window_stays_provisional_while_it_is_requested_again() {
        let monday = at("2026-02-09 00:10:00");
        let mut window = window(monday);
        let lease = build(&mut window, "u1", monday);
        window.record_collection(lease, whole(), monday);
        assert_eq!(window.describe(monday).state, api::WindowStatus::Provisional);
        assert!(!window.request_if_needed(monday.plus(11 * HOUR)), "too early");
        assert!(window.request_if_needed(monday.plus(12 * HOUR)));
        let info = window.describe(monday);
        assert_eq!(
            (info.state, info.again),
            (api::WindowStatus::Provisional, Some(api::WindowStatus::Queued))
        );
        let later = at("2026-02-11 01:00:00");
        let lease = build(&mut window, "u2", later);
        window.record_collection(lease, whole(), later);
        assert_eq!(window.describe(later).state, api::WindowStatus::Ready);
        assert!(
            !window.request_if_needed(later.plus(999 * HOUR)),
            "a ready window is only requested again by name"
        );
    }

    #[test]
    fn a_week_with_a_newly_closed_day_is_requested_again_before_twelve_hours() {
        let wednesday = at("2026-02-04 23:00:00");
        let mut window = window(wednesday);
        let lease = build(&mut window, "u1", wednesday);
        window.record_collection(lease, whole(), wednesday);
        assert_eq!(window.describe(wednesday).end, "2026-02-04".parse().ok());
        assert!(!window.request_if_needed(wednesday.plus(30 * MINUTE)));
        assert!(window.request_if_needed(wednesday.plus(2 * HOUR)));
    }

    #[test]
    fn a_bad_file_is_fetched_once_more_before_it_is_rebuilt() {
        let now = at("2026-03-01");
        let bad = || CollectOutcome::BadFile { detail: "The checksum does not fit.".into() };
        let mut window = window(now);
        let lease = build(&mut window, "u1", now);
        window.record_collection(lease, bad(), now);
        assert!(matches!(&window.state, WindowState::Building { upstream, .. } if upstream.fetched == 1));
        let (lease, ..) = window.start_collecting(now).unwrap();
        window.record_collection(lease, bad(), now);
        assert!(matches!(window.state, WindowState::Queued { .. }));
        let u1 = UpstreamId::parse("u1").unwrap();
        assert!(!window.can_adopt(&u1, now, None, now), "a failed upstream request is not adopted");
        let lease = build(&mut window, "u2", now);
        window.record_collection(lease, bad(), now);
        assert_eq!(window.state, WindowState::Failed);
        let info = window.describe(now);
        assert_eq!((info.tries, info.upstream_request_id.as_deref()), (3, Some("u2")));
        assert!(window.request_if_needed(now) && window.tries == 0, "a new request resets the tries");
    }

    #[test]
    fn a_result_of_an_older_lease_is_ignored() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let old = build(&mut window, "u1", now);
        window.poll_for_links(now, 0);
        let (lease, ..) = window.start_collecting(now).unwrap();
        let before = window.clone();
        window.record_collection(old, CollectOutcome::BadFile { detail: String::new() }, now);
        assert_eq!(window, before);
        window.record_collection(lease, whole(), now);
        assert_eq!(window.copy.as_ref().unwrap().generation, lease);
    }

    #[test]
    fn expired_links_count_as_a_try_only_the_third_time() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let mut lease = build(&mut window, "u1", now);
        for _ in 0..2 {
            window.record_collection(lease, CollectOutcome::LinkExpired, now);
            assert_eq!(window.tries, 0);
            lease = window.start_collecting(now).unwrap().0;
        }
        window.record_collection(lease, CollectOutcome::LinkExpired, now);
        assert_eq!(window.tries, 1);
    }

    #[test]
    fn leases_go_on_rising_after_a_request_was_withdrawn() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let lease = build(&mut window, "u1", now);
        window.record_collection(lease, CollectOutcome::BadFile { detail: String::new() }, now);
        window.record_failed_try("twice bad", None, now);
        assert!(!window.leave_queue(now), "its WindowStore knows lease 1, so it must not be deleted");
        assert!(window.request_if_needed(now));
        assert!(build(&mut window, "u2", now) > lease);
    }

    #[test]
    fn an_outage_of_the_storage_holds_no_slot_and_does_not_count_as_a_fetch() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let mut lease = build(&mut window, "u1", now);
        for _ in 0..4 {
            window.record_collection(lease, CollectOutcome::Unreachable { detail: "no answer".into() }, now);
            assert!(!window.holds_slot(), "Echo360 has finished");
            lease = window.start_collecting(now).unwrap().0;
        }
        window.record_collection(lease, CollectOutcome::BadFile { detail: "cut".into() }, now);
        assert!(
            matches!(&window.state, WindowState::Building { upstream, .. } if upstream.id.as_str() == "u1")
        );
    }

    #[test]
    fn a_failed_window_with_a_final_copy_is_only_requested_again_by_name() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let lease = build(&mut window, "u1", now);
        window.record_collection(lease, whole(), now);
        assert!(window.request_again(now), "a request by name queues it");
        for id in ["u2", "u3", "u4"] {
            window.record_failed_try("Echo360 could not build the report.", UpstreamId::parse(id), now);
        }
        assert_eq!(window.state, WindowState::Failed);
        assert!(!window.request_if_needed(now.plus(99 * HOUR)));
    }

    fn shrunken(rows: u64) -> CollectOutcome {
        CollectOutcome::Shrunken(Shrinkage { rows, sections: Vec::new() })
    }

    fn check(window: &Window) -> Option<ShrinkageCheck> {
        let WindowState::Collecting { upstream, .. } = &window.state else { panic!("it is not collecting") };
        window.shrinkage_check(upstream)
    }

    fn choose(window: &mut Window, choice: CopyChoice) {
        window.shrunken.as_mut().unwrap().choice = Some(choice);
    }

    #[test]
    fn a_final_week_that_has_lost_rows_serves_the_fuller_copy_until_somebody_chooses() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let lease = build(&mut window, "u1", now);
        assert_eq!(check(&window), None, "there is nothing to compare with");
        window.record_collection(lease, whole(), now);
        let fuller = window.copy.clone();
        assert!(window.request_again(now));
        let later = now.plus(HOUR);
        let lease = build(&mut window, "u2", later);
        assert_eq!(check(&window), Some(ShrinkageCheck { accepted_rows: None }));
        window.record_collection(lease, shrunken(1), later);
        assert_eq!((&window.copy, &window.state), (&fuller, &WindowState::Idle));
        let info = window.describe(later);
        assert_eq!((info.state, info.again), (api::WindowStatus::Ready, None));
        assert_eq!(info.shrunken, Some(api::RowLoss { rows: 2, new_rows: 1 }));
        let u2 = UpstreamId::parse("u2").unwrap();
        let end = window.key.end();
        assert!(!window.can_adopt(&u2, later, end, later), "its rows are known");

        choose(&mut window, CopyChoice::Keep);
        assert_eq!(window.describe(later).shrunken, None);
        assert!(window.request_again(later), "somebody asks for another copy");
        let lease = build(&mut window, "u3", later.plus(HOUR));
        assert_eq!(check(&window), Some(ShrinkageCheck { accepted_rows: None }));
        window.record_collection(lease, shrunken(1), later);
        assert!(window.describe(later).shrunken.is_some(), "which is a new question");

        choose(&mut window, CopyChoice::Replace);
        assert!(window.request_again(later));
        assert_eq!(window.describe(later).shrunken, None, "it is on its way");
        let u3 = UpstreamId::parse("u3").unwrap();
        assert!(window.can_adopt(&u3, later.plus(HOUR), end, later), "the copy that was chosen");
        let lease = build(&mut window, "u3", later.plus(HOUR));
        assert_eq!(check(&window), Some(ShrinkageCheck { accepted_rows: Some(1) }));
        window.record_collection(lease, whole(), later);
        assert_eq!((window.copy.as_ref().unwrap().generation, &window.shrunken), (lease, &None));
    }

    #[test]
    fn a_choice_that_could_not_be_carried_out_is_offered_again() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let lease = build(&mut window, "u1", now);
        window.record_collection(lease, whole(), now);
        window.request_again(now);
        let lease = build(&mut window, "u2", now.plus(HOUR));
        window.record_collection(lease, shrunken(1), now);
        choose(&mut window, CopyChoice::Replace);
        window.request_again(now);
        assert!(!window.leave_queue(now), "its request was withdrawn");
        assert!(window.describe(now).shrunken.is_some());
        window.drop_copy();
        assert_eq!(window.describe(now).shrunken, None, "nothing is left to choose from");
    }

    #[test]
    fn a_week_that_has_lost_rows_is_not_requested_again_by_itself_until_more_of_its_days_have_closed() {
        let wednesday = at("2026-02-04 23:00:00");
        let mut window = window(wednesday);
        let lease = build(&mut window, "u1", wednesday);
        window.record_collection(lease, whole(), wednesday);
        window.request_again(wednesday);
        let lease = build(&mut window, "u2", wednesday.plus(MINUTE));
        assert!(check(&window).is_some(), "the same days");
        window.record_collection(lease, shrunken(1), wednesday);
        assert!(!window.request_if_needed(wednesday.plus(30 * MINUTE)));
        let thursday = wednesday.plus(2 * HOUR);
        assert!(window.request_if_needed(thursday));
        let lease = build(&mut window, "u3", thursday);
        assert_eq!(check(&window), None, "it has more days");
        window.record_collection(lease, whole(), thursday);
        assert_eq!(window.shrunken, None);
        // Complete, but not final: it would be requested again after twelve hours.
        let monday = at("2026-02-09 01:00:00");
        window.request_again(monday);
        let lease = build(&mut window, "u4", monday);
        window.record_collection(lease, whole(), monday);
        window.request_again(monday);
        let lease = build(&mut window, "u5", monday.plus(MINUTE));
        window.record_collection(lease, shrunken(1), monday);
        assert!(!window.request_if_needed(monday.plus(99 * HOUR)));
    }

    #[test]
    fn a_snapshot_may_always_have_fewer_rows() {
        let now = at("2026-03-01");
        let key = WindowKey {
            report: ReportName::parse("asset").unwrap(),
            days: Days::All,
            parameters: Parameters::new(),
        };
        let mut window = Window::queued(key, now);
        let lease = build(&mut window, "u1", now);
        window.record_collection(lease, whole(), now);
        window.request_again(now);
        build(&mut window, "u2", now);
        assert_eq!(check(&window), None);
    }

    #[test]
    fn window_format_unchanged() {
        let now = Timestamp(0);
        let mut window = window(now);
        window.start_asking(None, Vec::new(), "r", now);
        assert_eq!(
            serde_json::to_string(&window).unwrap(),
            r#"{"key":{"report":"videoview","days":{"week":"2026-02-02"}},"state":{"asking":{"end":null,"seen":[],"absent_since":null}},"since":0,"tries":0,"copy":null,"lease":0,"slot_request":"r","failed_upstreams":[],"fault":null}"#
        );
        window.start_building(UpstreamId::parse("u").unwrap(), now, None, now);
        assert_eq!(
            serde_json::to_string(&window.state).unwrap(),
            r#"{"building":{"upstream":{"id":"u","created":0,"end":null,"fetched":0,"took":0},"next_look":2000,"doubted":false,"doubts":0}}"#
        );
        let (lease, ..) = window.start_collecting(now).unwrap();
        assert_eq!(
            serde_json::to_string(&window.state).unwrap(),
            r#"{"collecting":{"upstream":{"id":"u","created":0,"end":null,"fetched":0,"took":1},"until":840000,"next_inquiry":20000}}"#
        );
        window.record_collection(lease, whole(), now);
        assert_eq!(
            serde_json::to_string(&window.copy).unwrap(),
            r#"{"generation":1,"upstream":"u","created":0,"end":null,"rows":2,"bytes":20,"header":"a,b","took":1}"#
        );
    }
}
