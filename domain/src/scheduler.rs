//! The scheduler: all windows of one institution and three slots. It decides the next step and processes each result.
//!
//! **Invariant**: at any instant, (upstream requests of ours that may be unfinished) ≤ 3, and for one window
//! at most one. A window holds its slot from before its "create" is sent until Echo360 is seen to have
//! finished, or until it is sure that nothing was made.
//!
//! The scheduler knows no clock, network or storage. Its host runs it like this, in one alarm at a time:
//!
//! 1. [`Scheduler::next_step`] decides on a [`Step`] and notes it in the state;
//! 2. the host saves [`Scheduler::take_changes`], then does the step;
//! 3. the host passes the answer to the method named at the step, and saves again.
//!
//! A crash anywhere leaves a state from which `next` repeats the step or finds out what became of it.
//! Everything else (asking, withdrawing, a WindowStore's word) may happen between any two of these.

mod erasure_ledger;

pub use erasure_ledger::{ErasureEntry, ErasureLedger, ErasureTarget};

use crate::api;
use crate::backoff::{Backoff, CallLedger};
use crate::erasure::Tombstones;
use crate::fair_queue::{Request, pick_next};
use crate::time::{DAY, Day, MINUTE, SECOND, Timestamp, minus_days};
use crate::upstream::{UpstreamError, UpstreamId, UpstreamRequest, UpstreamStatus, is_limit_response};
use crate::window::{Parameters, WindowKey};
use crate::window_state::{CollectOutcome, INQUIRY, LEASE, UpstreamBuild, Window, WindowState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// "3 in-flight reports"
pub const SLOTS: usize = 3;

/// Files that are collected at once before anything new is started: each holds a few MB of memory.
const COLLECTORS: usize = 3;

/// A list of upstream requests serves several "creates" for this long.
const LISTING_FRESH: i64 = 20 * SECOND;

/// Two lists this far apart must lack a request before its "create" is taken for never made.
pub const LISTS_APART: i64 = MINUTE;

/// A WindowStore that says nothing is given this long past its lease.
const LEASE_GRACE: i64 = 30 * SECOND;

/// However long there is nothing to do, the scheduler wakes this often while anything is unfinished.
const LONGEST_SLEEP: i64 = 5 * MINUTE;

/// No time that the scheduler sets for itself lies further ahead: one that does is a clock that went back.
const FURTHEST: i64 = 2 * LEASE;

/// Windows from which the usual time of building is told: the newest of them, and how many it takes.
const USUAL_OF: usize = 50;
const USUAL_LEAST: usize = 3;

/// "Reports are available for 14 days from the report submission, after which they are permanently deleted"
const RETENTION: i64 = 14 * DAY;

/// An upstream request that looking does not find although lists show it is given up after this many times.
const DOUBTS: u8 = 5;

/// Requests kept for the list, when nothing of them is unfinished: this many days.
pub const REQUESTS_KEPT_DAYS: u64 = 90;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read the list of all upstream requests, then [`Scheduler::record_list`].
    List,
    /// Ask for a window, then [`Scheduler::record_create`].
    Create {
        /// Which window.
        key: WindowKey,
        /// `start` to `end`, where the report has dates.
        days: Option<(Day, Day)>,
    },
    /// Look at one upstream request, then [`Scheduler::record_poll`].
    Poll {
        /// Which window.
        key: WindowKey,
        /// Which upstream request.
        id: UpstreamId,
    },
    /// Ask the WindowStore object what became of its lease, then [`Scheduler::record_inquiry`].
    Inquire {
        /// Which window.
        key: WindowKey,
        /// Which lease.
        lease: u32,
    },
    /// Have the WindowStore object go over its copy, or ask it how that ended, then [`Scheduler::record_sweep`].
    Sweep {
        /// Which window.
        key: WindowKey,
        /// Under which lease.
        lease: u32,
    },
    /// Have the WindowStore object delete everything, then [`Scheduler::record_wipe`].
    Wipe {
        /// Which window.
        key: WindowKey,
    },
    /// Tell what [`Scheduler::invalidation_by_erasure`] says, then [`Scheduler::record_notification`].
    NotifyShares {
        /// Which erasure.
        erasure: String,
    },
    /// Nothing until then.
    Wait(Timestamp),
    /// Nothing is unfinished.
    Idle,
}

/// A file that Echo360 has finished, to be handed to the WindowStore object at once: links are not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectHandoff {
    /// Which window.
    pub key: WindowKey,
    /// Under which lease.
    pub lease: u32,
    /// By when it must be done.
    pub until: Timestamp,
    /// What was built.
    pub upstream: UpstreamBuild,
    /// The signed links.
    pub links: Vec<String>,
    /// What is kept out.
    pub tombstones: Tombstones,
    /// Whether the copy that it replaces is to go at once: it still holds what was forgotten.
    pub at_once: bool,
}

/// What a WindowStore object says of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollectProgress {
    /// It is at it.
    Working,
    /// It has never heard of it.
    Unknown,
    /// It is done.
    Done(CollectOutcome),
}

/// What the scheduler knows of the account it asks with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Calls of the last minute.
    pub calls: CallLedger,
    /// Echo360 fails, or asks us to slow down.
    pub trouble: Backoff,
    /// Somebody else uses the slots.
    pub limit: Backoff,
    /// The credentials are refused.
    pub denied: Backoff,
    /// What was said when they were.
    pub denied_detail: String,
    /// The turns served so far.
    pub turn: u64,
}

/// What has to be saved.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Windows that are new or changed.
    pub windows: BTreeSet<WindowKey>,
    /// Requests that are new, changed or gone.
    pub requests: BTreeSet<String>,
    /// Whether the account changed.
    pub account: bool,
    /// Erasures that are new or changed.
    pub erasures: BTreeSet<String>,
    /// Whether what they share changed.
    pub erasure_ledger: bool,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Scheduler {
    windows: BTreeMap<WindowKey, Window>,
    requests: BTreeMap<String, Request>,
    account: Account,
    /// The last list, in memory only: after a crash it is read anew.
    listing: Option<(Timestamp, Vec<UpstreamRequest>)>,
    changes: Changes,
    erasure_ledger: ErasureLedger,
    erasures: BTreeMap<String, ErasureEntry>,
    /// How long copies are kept; for ever when nobody said.
    keep_days: Option<u32>,
    /// Whether a window that nobody waits for may come back to the queue: looked for only then.
    may_be_unwanted: bool,
}

impl Scheduler {
    /// The scheduler as it was saved.
    #[must_use]
    pub fn load(windows: Vec<Window>, requests: Vec<Request>, account: Account) -> Self {
        Self {
            windows: windows.into_iter().map(|window| (window.key.clone(), window)).collect(),
            requests: requests.into_iter().map(|request| (request.id.clone(), request)).collect(),
            account,
            listing: None,
            changes: Changes::default(),
            erasure_ledger: ErasureLedger::default(),
            erasures: BTreeMap::new(),
            keep_days: None,
            may_be_unwanted: true,
        }
    }

    /// What changed since this was last called.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// A window, if anybody has asked for it.
    #[must_use]
    pub fn window(&self, key: &WindowKey) -> Option<&Window> {
        self.windows.get(key)
    }

    /// All windows.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.windows.values()
    }

    /// A request.
    #[must_use]
    pub fn request(&self, id: &str) -> Option<&Request> {
        self.requests.get(id)
    }

    /// All requests.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.values()
    }

    /// What is known of the account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// A request as it is shown outside.
    #[must_use]
    pub fn describe(&self, id: &str, now: Timestamp) -> Option<api::RequestInfo> {
        let mut shown = self.requests.get(id)?.describe(&self.windows, now);
        shown.scheduler = Some(self.info(now));
        Some(shown)
    }

    /// The windows that have rows, by report, whoever asked for them; none of reports with parameters of their own, which
    /// tell what somebody asked.
    #[must_use]
    pub fn describe_shared_windows(&self, now: Timestamp) -> Vec<api::RequestInfo> {
        let mut shared: Vec<api::RequestInfo> = Vec::new();
        // In the order of their keys: report by report.
        for window in self.windows.values().filter(|window| window.key.parameters.is_empty()) {
            let shown = window.describe(now);
            if !shown.state.has_rows() {
                continue;
            }
            match shared.last_mut().filter(|last| last.report == window.key.report) {
                Some(last) => last.windows.push(shown),
                None => shared.push(api::RequestInfo {
                    id: String::new(),
                    report: window.key.report.clone(),
                    from: None,
                    to: None,
                    tz: String::new(),
                    parameters: Parameters::new(),
                    created: now,
                    windows: vec![shown],
                    scheduler: None,
                }),
            }
        }
        shared
    }

    /// How the scheduler fares.
    #[must_use]
    pub fn info(&self, now: Timestamp) -> api::SchedulerInfo {
        let account = &self.account;
        let held = |backoff: &Backoff, reason, detail: &str| {
            backoff.until(now).map(|until| api::Pause { reason, detail: detail.to_owned(), until })
        };
        api::SchedulerInfo {
            in_flight: u8::try_from(self.slots_held()).unwrap_or(u8::MAX),
            queued: u32::try_from(self.count(|state| matches!(state, WindowState::Queued { .. })))
                .unwrap_or(u32::MAX),
            usual: self.build_times(),
            held: held(&account.denied, api::PauseReason::CredentialsRefused, &account.denied_detail)
                .or_else(|| {
                    let detail = "Echo360 does not answer as it should; Lectern tries again.";
                    held(&account.trouble, api::PauseReason::UpstreamDown, detail)
                })
                .or_else(|| {
                    let detail = "Somebody else is using this account's three reports at a time.";
                    held(&account.limit, api::PauseReason::LimitReached, detail)
                }),
        }
    }

    fn build_times(&self) -> Option<api::BuildTimes> {
        let copies = || self.windows.values().filter_map(|window| window.copy.as_ref());
        let mut latest: Vec<(Timestamp, i64)> =
            copies().filter(|copy| copy.took > 0).map(|copy| (copy.created, copy.took)).collect();
        latest.sort_unstable_by(|a, b| b.cmp(a));
        let mut took: Vec<i64> = latest.into_iter().take(USUAL_OF).map(|(_, took)| took).collect();
        took.sort_unstable();
        let last = took.len().checked_sub(1).filter(|_| took.len() >= USUAL_LEAST)?;
        Some(api::BuildTimes {
            low: *took.get(last / 10)?,
            high: *took.get(last - last / 10)?,
            sample_size: u32::try_from(took.len()).unwrap_or(u32::MAX),
        })
    }

    // ---- What people do.

    /// Takes a person's ask and returns the id of its request: `request.id`, or an earlier one's that asks
    /// the same. Windows that nobody asked for are queued; failed ones are tried anew, aged ones asked again.
    pub fn submit(&mut self, request: Request, now: Timestamp) -> String {
        for key in &request.windows {
            if let Some(window) = self.simulate_request(key, now) {
                self.windows.insert(key.clone(), window);
                self.changes.windows.insert(key.clone());
            }
        }
        let id = match self.requests.values_mut().find(|earlier| earlier.is_same_request(&request)) {
            Some(earlier) => {
                earlier.windows = request.windows;
                earlier.asked = now;
                self.may_be_unwanted = true;
                earlier.id.clone()
            }
            None => {
                let id = request.id.clone();
                self.requests.insert(id.clone(), request);
                id
            }
        };
        self.changes.requests.insert(id.clone());
        self.shorten_denied_backoff(now);
        id
    }

    /// How many of these windows Echo360 would have to build if they were asked for now.
    #[must_use]
    pub fn count_new_windows(&self, keys: &[WindowKey], now: Timestamp) -> u32 {
        let is_begun = |key: &&WindowKey| {
            let was = self.windows.get(key).is_some_and(Window::is_unfinished);
            !was && self.simulate_request(key, now).is_some_and(|window| window.is_unfinished())
        };
        count(keys.iter().filter(is_begun))
    }

    /// A window as asking for it now leaves it; `None` when that changes nothing.
    fn simulate_request(&self, key: &WindowKey, now: Timestamp) -> Option<Window> {
        let is_gone = self.is_erased(key);
        let Some(window) = self.windows.get(key) else {
            let new = if is_gone { Window::forgotten } else { Window::queued };
            return Some(new(key.clone(), now));
        };
        let mut window = window.clone();
        let is_lifted = window.erasure.forgotten.is_some() && !is_gone;
        let changed = if is_lifted { window.request_again(now) } else { window.request_if_needed(now) };
        changed.then_some(window)
    }

    /// How many windows Echo360 would have to build if [`Scheduler::retry`] were called now.
    #[must_use]
    pub fn count_retried_windows(&self, id: &str, named: &[String], now: Timestamp) -> u32 {
        let windows = self.requests.get(id).into_iter().flat_map(|request| &request.windows);
        count(
            windows
                .filter_map(|key| self.windows.get(key))
                .filter(|window| is_retried(window, named) && (*window).clone().request_again(now)),
        )
    }

    /// How many unfinished windows a person waits for.
    #[must_use]
    pub fn count_unfinished(&self, person: &str) -> u32 {
        let of_person = self.requests.values().filter(|request| request.person == person);
        let keys: BTreeSet<&WindowKey> = of_person.flat_map(|request| &request.windows).collect();
        count(
            keys.into_iter().filter_map(|key| self.windows.get(key)).filter(|window| window.is_unfinished()),
        )
    }

    /// Asks a request's windows again: those named, or else those that failed. One that was forgotten comes back only
    /// for somebody who `may_recall` it. Returns whether the request exists.
    pub fn retry(&mut self, id: &str, named: &[String], may_recall: bool, now: Timestamp) -> bool {
        let Some(request) = self.requests.get(id) else { return false };
        for key in &request.windows {
            let Some(window) = self.windows.get_mut(key) else { continue };
            let may = may_recall || window.erasure.forgotten.is_none();
            if is_retried(window, named) && may && window.request_again(now) {
                window.erasure.waived_version = self.erasure_ledger.version;
                self.changes.windows.insert(key.clone());
            }
        }
        self.shorten_denied_backoff(now);
        true
    }

    /// Stops waiting: the request goes, and its windows that nobody else wants leave the queue. What Echo360
    /// is building is kept. Returns whether the request existed.
    pub fn withdraw(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(request) = self.requests.remove(id) else { return false };
        self.changes.requests.insert(id.to_owned());
        self.may_be_unwanted = true;
        let wanted: BTreeSet<&WindowKey> = self.requests.values().flat_map(|r| &r.windows).collect();
        let orphans: Vec<WindowKey> =
            request.windows.into_iter().filter(|key| !wanted.contains(key)).collect();
        for key in orphans {
            self.leave_queue(&key, now);
        }
        true
    }

    fn leave_queue(&mut self, key: &WindowKey, now: Timestamp) {
        let Some(window) = self.windows.get_mut(key) else { return };
        if window.leave_queue(now) {
            self.windows.remove(key);
        }
        self.changes.windows.insert(key.clone());
    }

    /// A window that nobody waits for any more and that came back to the queue (its request was withdrawn
    /// while Echo360 was at it) would stay there for ever: it leaves.
    fn dequeue_unwanted(&mut self, now: Timestamp) {
        if !self.may_be_unwanted {
            return;
        }
        let wanted: BTreeSet<&WindowKey> = self.requests.values().flat_map(|r| &r.windows).collect();
        let unwanted = |window: &&Window| window.is_unfinished() && !wanted.contains(&window.key);
        // While all that is unfinished is wanted, what comes back to the queue is, too.
        let may_be_unwanted = self.windows.values().any(|window| unwanted(&window));
        let unwanted: Vec<WindowKey> = self
            .windows
            .values()
            .filter(|window| matches!(window.state, WindowState::Queued { .. }))
            .filter(unwanted)
            .map(|window| window.key.clone())
            .collect();
        self.may_be_unwanted = may_be_unwanted;
        for key in unwanted {
            self.leave_queue(&key, now);
        }
    }

    /// Drops requests that are met and that nobody asked for [`REQUESTS_KEPT_DAYS`]; their windows stay.
    pub fn drop_old_requests(&mut self, now: Timestamp) {
        let oldest = Timestamp::start_of(minus_days(now.day(), REQUESTS_KEPT_DAYS));
        let windows = &self.windows;
        let is_met = |request: &Request| {
            !request.windows.iter().any(|key| windows.get(key).is_some_and(Window::is_unfinished))
        };
        let old: Vec<String> = self
            .requests
            .values()
            .filter(|request| request.asked.max(request.created) < oldest && is_met(request))
            .map(|request| request.id.clone())
            .collect();
        for id in old {
            self.may_be_unwanted = true;
            self.requests.remove(&id);
            self.changes.requests.insert(id);
        }
    }

    /// Somebody asks, perhaps because a secret was mended: try the credentials again soon, but not once for
    /// every ask, or an impatient person would have them locked.
    fn shorten_denied_backoff(&mut self, now: Timestamp) {
        if self.account.denied.until(now).is_some() {
            self.account.denied.shorten();
            self.changes.account = true;
        }
    }

    // ---- What to do next.

    /// Notes a call that goes out at `now`; to be called once for every HTTP call, token calls too.
    pub fn record_call(&mut self, now: Timestamp) {
        self.account.calls.record_call(now);
        self.changes.account = true;
    }

    /// Until when no call may go out, if so.
    #[must_use]
    pub fn calls_paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        let account = &self.account;
        [account.denied.until(now), account.trouble.until(now), account.calls.next_free_at(now)]
            .into_iter()
            .flatten()
            .max()
    }

    /// Whether calls may go out for what can wait: asking for windows comes first.
    #[must_use]
    pub fn has_spare_calls(&self, now: Timestamp) -> bool {
        self.calls_paused_until(now).is_none() && self.account.calls.has_spare_calls(now)
    }

    /// Decides the next step. Any step but waiting has been noted in the state, which is to be saved before
    /// the step is done.
    pub fn next_step(&mut self, now: Timestamp) -> Step {
        self.dequeue_unwanted(now);
        if let Some(step) = self.plan_inquiry(now).or_else(|| self.plan_cleanup(now)) {
            return step;
        }
        if self.calls_paused_until(now).is_none() {
            let step =
                self.plan_poll(now).or_else(|| self.plan_recovery(now)).or_else(|| self.plan_create(now));
            if let Some(step) = step {
                return step;
            }
        }
        match self.wakes_at(now) {
            Some(at) => Step::Wait(at),
            None => Step::Idle,
        }
    }

    fn plan_inquiry(&mut self, now: Timestamp) -> Option<Step> {
        let over = self.find(|window| {
            matches!(window.state, WindowState::Collecting { until, .. } if is_due(until.plus(LEASE_GRACE), now))
        });
        if let Some(key) = over {
            self.change(&key, |window| {
                if let WindowState::Collecting { upstream, .. } = &window.state {
                    let id = upstream.id.clone();
                    // It may be there all the same.
                    window.erasure.clean_version =
                        window.erasure.clean_version.min(window.erasure.pending_version);
                    window.record_failed_try("Collecting the file took too long.", Some(id), now);
                }
            });
        }
        let key = self.find(|window| {
            matches!(window.state, WindowState::Collecting { next_inquiry, .. } if is_due(next_inquiry, now))
        })?;
        let mut lease = 0;
        self.change(&key, |window| {
            lease = window.lease;
            if let WindowState::Collecting { next_inquiry, .. } = &mut window.state {
                *next_inquiry = now.plus(INQUIRY);
            }
        });
        Some(Step::Inquire { key, lease })
    }

    fn plan_poll(&mut self, now: Timestamp) -> Option<Step> {
        let (_, key, id) = self
            .windows
            .values()
            .filter_map(|window| match &window.state {
                WindowState::Building { upstream, next_look, doubted: false, .. }
                    if is_due(*next_look, now) =>
                {
                    Some((*next_look, window.key.clone(), upstream.id.clone()))
                }
                _ => None,
            })
            .min()?;
        self.change(&key, |window| window.schedule_next_poll(now));
        Some(Step::Poll { key, id })
    }

    /// No create is under way while `next` decides, so every window that is asking lost its reply.
    fn plan_recovery(&mut self, now: Timestamp) -> Option<Step> {
        self.find(|window| list_due_at(window).is_some_and(|at| is_due(at, now))).map(|_| Step::List)
    }

    fn plan_create(&mut self, now: Timestamp) -> Option<Step> {
        loop {
            if self.is_full() || self.account.limit.until(now).is_some() {
                return None;
            }
            let (request, key) = pick_next(&self.requests, &self.windows, now)?;
            let Some((_, listed)) =
                self.listing.as_ref().filter(|(read, _)| *read <= now && now.since(*read) < LISTING_FRESH)
            else {
                return Some(Step::List);
            };
            let end = key.end_at(now.day());
            let like_ours: Vec<UpstreamRequest> =
                listed.iter().filter(|request| request.could_answer(&key, end)).cloned().collect();
            self.account.turn += 1;
            self.changes.account = true;
            if let Some(served) = self.requests.get_mut(&request) {
                served.turn = self.account.turn;
                self.changes.requests.insert(request.clone());
            }
            if is_too_old(&key, now) {
                let detail =
                    "Echo360 gives this report at most a year back, and these days are older by now.";
                self.change(&key, |window| window.give_up(detail, now));
                continue;
            }
            let adopted =
                self.windows.get(&key).and_then(|window| find_adoptable(window, &like_ours, end, now));
            if let Some((id, created)) = adopted {
                self.change(&key, |window| {
                    window.slot_request = Some(request.clone());
                    window.start_building(id.clone(), created, end, now);
                });
                continue;
            }
            let seen = like_ours.into_iter().map(|request| request.id).collect();
            self.change(&key, |window| window.start_asking(end, seen, &request, now));
            let days = key.start().zip(end);
            return Some(Step::Create { key, days });
        }
    }

    /// When the scheduler has something to do again, at least a second from `now`; `None` only when nothing is
    /// unfinished.
    #[must_use]
    pub fn wakes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let longest = now.plus(LONGEST_SLEEP);
        let calls = self.calls_paused_until(now);
        let after_calls = |at: Timestamp| calls.map_or(at, |calls| calls.max(at));
        let limit = self.account.limit.until(now).unwrap_or(now);
        self.windows
            .values()
            .filter_map(|window| match &window.state {
                WindowState::Idle | WindowState::Failed => None,
                WindowState::Collecting { next_inquiry, .. } => Some(*next_inquiry),
                WindowState::Building { next_look, doubted: false, .. } => Some(after_calls(*next_look)),
                WindowState::Building { .. } | WindowState::Asking { .. } => {
                    list_due_at(window).map(after_calls)
                }
                // A full scheduler is woken by what fills it; an open one when the window may be asked.
                WindowState::Queued { .. } if self.is_full() => Some(longest),
                WindowState::Queued { not_before } => Some(after_calls((*not_before).max(limit))),
            })
            .map(|at| at.clamp(now.plus(SECOND), longest))
            // However far ahead: what is old enough one day is deleted then.
            .chain(self.next_cleanup_at(now).map(|at| at.max(now.plus(SECOND))))
            .min()
    }

    // ---- What came of it.

    /// The answer to [`Step::List`].
    pub fn record_list(&mut self, reply: Result<Vec<UpstreamRequest>, UpstreamError>, now: Timestamp) {
        let listed = match reply {
            Ok(listed) => {
                self.record_success();
                listed
            }
            Err(trouble) => return self.record_error(trouble, now),
        };
        let waiting: Vec<WindowKey> = self
            .windows
            .values()
            .filter(|window| list_due_at(window).is_some())
            .map(|window| window.key.clone())
            .collect();
        for key in waiting {
            let is_like = |other: &WindowKey| other.report == key.report && other.days == key.days;
            let is_alone = self.windows.keys().filter(|other| is_like(other)).count() == 1;
            self.change(&key, |window| resolve_from_list(window, &listed, is_alone, now));
        }
        self.listing = Some((now, listed));
    }

    /// The answer to [`Step::Create`].
    pub fn record_create(
        &mut self,
        key: &WindowKey,
        reply: Result<UpstreamRequest, UpstreamError>,
        now: Timestamp,
    ) {
        let Some(WindowState::Asking { end, .. }) = self.windows.get(key).map(|window| window.state.clone())
        else {
            return;
        };
        match reply {
            Ok(made) => {
                self.record_success();
                self.account.limit.reset();
                // The earlier of the two clocks: a day must not look complete because one of them is fast.
                let created = made.created.map_or(now, |created| created.min(now));
                self.change(key, |window| window.start_building(made.id, created, end, now));
            }
            // Surely made nothing: 429 and the limit mean wait, and are no try.
            Err(UpstreamError::TooMany { retry_after }) => {
                self.record_limit(key, retry_after, now);
                self.record_error(UpstreamError::TooMany { retry_after }, now);
            }
            Err(UpstreamError::Refused { status, text, retry_after }) if is_limit_response(status, &text) => {
                self.record_limit(key, retry_after, now);
            }
            Err(UpstreamError::Refused { status, text, .. }) => {
                let detail = format!("Echo360 refused the request ({status}): {text}");
                self.change(key, |window| window.record_failed_try(&detail, None, now));
            }
            Err(UpstreamError::Absent) => {
                let detail = "Echo360 does not know this report.";
                self.change(key, |window| window.record_failed_try(detail, None, now));
            }
            Err(trouble @ (UpstreamError::Denied { .. } | UpstreamError::Down { sent: false, .. })) => {
                self.change(key, |window| window.requeue(now));
                self.record_error(trouble, now);
            }
            // Perhaps made something: keeps its slot until lists have told.
            Err(trouble @ UpstreamError::Down { sent: true, .. }) => self.record_error(trouble, now),
        }
    }

    /// The answer to [`Step::Poll`]. When the file is finished, what to hand to the WindowStore object.
    #[must_use]
    pub fn record_poll(
        &mut self,
        key: &WindowKey,
        id: &UpstreamId,
        reply: Result<UpstreamRequest, UpstreamError>,
        now: Timestamp,
    ) -> Option<CollectHandoff> {
        let is_ours = |window: &Window| matches!(&window.state, WindowState::Building { upstream, .. } if upstream.id == *id);
        if !self.windows.get(key).is_some_and(is_ours) {
            return None;
        }
        match reply {
            Ok(seen) => {
                self.record_success();
                let failed = match seen.status {
                    UpstreamStatus::Pending if self.is_overdue(key, now) => {
                        "Echo360 has been building the report for 14 days."
                    }
                    UpstreamStatus::Pending => return None,
                    UpstreamStatus::Available if seen.links.is_empty() => {
                        "Echo360 says that the report is available, but names no file."
                    }
                    UpstreamStatus::Available => return self.hand_off(key, seen.links, now),
                    UpstreamStatus::Expired => "Echo360 says that the report has expired.",
                    UpstreamStatus::Failed => "Echo360 could not build the report.",
                    UpstreamStatus::Missing => "Echo360 did not get to building the report.",
                };
                self.change(key, |window| window.record_failed_try(failed, Some(id.clone()), now));
            }
            Err(UpstreamError::Absent | UpstreamError::Refused { .. }) => self.change(key, |window| {
                if let WindowState::Building { doubted, doubts, .. } = &mut window.state {
                    *doubted = true;
                    *doubts = doubts.saturating_add(1);
                }
            }),
            Err(trouble) => self.record_error(trouble, now),
        }
        None
    }

    /// Whether a window has been building for as long as Echo360 keeps anything.
    fn is_overdue(&self, key: &WindowKey, now: Timestamp) -> bool {
        self.windows.get(key).is_some_and(|window| {
            matches!(&window.state, WindowState::Building { upstream, .. } if now.since(upstream.created) > RETENTION)
        })
    }

    fn hand_off(&mut self, key: &WindowKey, links: Vec<String>, now: Timestamp) -> Option<CollectHandoff> {
        let mut given = None;
        let version = self.required_version();
        let mut at_once = false;
        if self.is_erased(key) {
            self.change(key, |window| window.abandon(now));
            return None;
        }
        let leases = self.erasure_ledger.leases;
        self.change(key, |window| {
            window.lease = window.lease.max(leases);
            given = window.start_collecting(now);
            window.erasure.pending_version = version;
            // Taken back while Echo360 was at it.
            window.erasure.forgotten = None;
            at_once = window.erasure.clean_version < version;
        });
        let (lease, upstream, until) = given?;
        let tombstones = self.tombstones();
        Some(CollectHandoff { key: key.clone(), lease, until, upstream, links, tombstones, at_once })
    }

    /// The answer to [`Step::Inquire`]; `None` when the WindowStore object could not be reached.
    pub fn record_inquiry(
        &mut self,
        key: &WindowKey,
        lease: u32,
        inquiry: Option<CollectProgress>,
        now: Timestamp,
    ) {
        match inquiry {
            None | Some(CollectProgress::Working) => {}
            Some(CollectProgress::Done(outcome)) => self.record_collection(key, lease, outcome, now),
            Some(CollectProgress::Unknown) => self.change(key, |window| {
                if window.lease == lease {
                    window.poll_for_links(now, 0);
                }
            }),
        }
    }

    /// A WindowStore object's word on how its collecting ended.
    pub fn record_collection(
        &mut self,
        key: &WindowKey,
        lease: u32,
        outcome: CollectOutcome,
        now: Timestamp,
    ) {
        self.change(key, |window| window.record_collection(lease, outcome, now));
    }

    fn record_limit(&mut self, key: &WindowKey, retry_after: Option<i64>, now: Timestamp) {
        self.account.limit.record_failure(now, retry_after);
        self.changes.account = true;
        self.change(key, |window| window.requeue(now));
    }

    fn record_success(&mut self) {
        self.account.trouble.reset();
        self.account.denied.reset();
        self.account.denied_detail.clear();
        self.changes.account = true;
    }

    /// Waiting is the answer to every trouble with the account or the wire; none of them is a try.
    pub fn record_error(&mut self, trouble: UpstreamError, now: Timestamp) {
        match trouble {
            UpstreamError::TooMany { retry_after } | UpstreamError::Down { retry_after, .. } => {
                self.account.trouble.record_failure(now, retry_after);
            }
            UpstreamError::Denied { detail } => {
                self.account.denied.record_failure(now, None);
                self.account.denied_detail = detail;
            }
            UpstreamError::Absent | UpstreamError::Refused { .. } => {
                self.account.trouble.record_failure(now, None);
            }
        }
        self.changes.account = true;
    }

    // ---- Small things.

    fn find(&self, wanted: impl Fn(&Window) -> bool) -> Option<WindowKey> {
        self.windows.values().find(|window| wanted(window)).map(|window| window.key.clone())
    }

    fn count(&self, wanted: impl Fn(&WindowState) -> bool) -> usize {
        self.windows.values().filter(|window| wanted(&window.state)).count()
    }

    /// Whether nothing new can be started.
    fn is_full(&self) -> bool {
        let collecting = self.count(|state| matches!(state, WindowState::Collecting { .. }));
        self.slots_held() >= SLOTS || collecting >= COLLECTORS
    }

    /// Slots in use by upstream requests of ours.
    #[must_use]
    pub fn slots_held(&self) -> usize {
        self.windows.values().filter(|window| window.holds_slot()).count()
    }

    fn change(&mut self, key: &WindowKey, change: impl FnOnce(&mut Window)) {
        if let Some(window) = self.windows.get_mut(key) {
            change(window);
            self.changes.windows.insert(key.clone());
        }
    }
}

/// Whether trying a request again is about this window: one of those named, or else one that failed.
fn is_retried(window: &Window, named: &[String]) -> bool {
    if named.is_empty() {
        matches!(window.state, WindowState::Failed)
    } else {
        named.contains(&window.key.id())
    }
}

fn count<T>(windows: impl Iterator<Item = T>) -> u32 {
    u32::try_from(windows.count()).unwrap_or(u32::MAX)
}

/// Whether `at` has come. A time further ahead than any that is ever set is a clock that went back.
fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at.since(now) > FURTHEST
}

/// When a window wants a list to be read to find out what became of it, if it does.
fn list_due_at(window: &Window) -> Option<Timestamp> {
    match &window.state {
        WindowState::Asking { absent_since: None, .. } => Some(window.since),
        WindowState::Asking { absent_since: Some(absent), .. } => Some(absent.plus(LISTS_APART)),
        WindowState::Building { doubted: true, next_look, .. } => Some(*next_look),
        _ => None,
    }
}

/// What a list tells of a window whose "create" lost its reply, or whose upstream request was not found. A
/// window that `is_alone` in its report and days also knows its own by less than all the parameters shown:
/// nothing else of ours could be meant.
fn resolve_from_list(window: &mut Window, listed: &[UpstreamRequest], is_alone: bool, now: Timestamp) {
    match &mut window.state {
        WindowState::Asking { end, seen, absent_since } => {
            let end = *end;
            let fresh = || {
                listed.iter().filter(|r| !seen.contains(&r.id) && !window.failed_upstreams.contains(&r.id))
            };
            // One that echoes just what we sent is more surely ours than one that says more.
            let ours = fresh()
                .find(|request| request.is_for(&window.key, end))
                .or_else(|| fresh().find(|request| is_alone && request.could_answer(&window.key, end)));
            match (ours, *absent_since) {
                (Some(ours), _) => {
                    let created = ours.created.map_or(window.since, |created| created.min(now));
                    window.start_building(ours.id.clone(), created, end, now);
                }
                (None, Some(absent)) if absent <= now && now.since(absent) >= LISTS_APART => {
                    window.requeue(now);
                }
                (None, Some(absent)) if absent <= now => {}
                (None, _) => *absent_since = Some(now),
            }
        }
        WindowState::Building { upstream, doubted: doubted @ true, doubts, .. } => {
            let shown = listed.iter().find(|request| request.id == upstream.id);
            let is_alive = shown.is_some_and(|request| {
                matches!(request.status, UpstreamStatus::Pending | UpstreamStatus::Available)
                    && *doubts < DOUBTS
            });
            if is_alive {
                *doubted = false;
                window.schedule_next_poll(now);
            } else {
                let id = upstream.id.clone();
                window.record_failed_try("Echo360 no longer gives the request.", Some(id), now);
            }
        }
        _ => {}
    }
}

/// The newest equal upstream request that will do instead of asking, whoever made it.
fn find_adoptable(
    window: &Window,
    listed: &[UpstreamRequest],
    end: Option<Day>,
    now: Timestamp,
) -> Option<(UpstreamId, Timestamp)> {
    listed
        .iter()
        .filter(|request| request.is_for(&window.key, end))
        .filter(|request| matches!(request.status, UpstreamStatus::Pending | UpstreamStatus::Available))
        .filter_map(|request| Some((request.created?, request.id.clone())))
        .filter(|(created, id)| window.can_adopt(id, *created, end, now))
        .max()
        .map(|(created, id)| (id, created))
}

fn is_too_old(key: &WindowKey, now: Timestamp) -> bool {
    let days_back = key.report.known().and_then(|report| report.descriptor().days_back);
    match (days_back, key.start()) {
        (Some(back), Some(start)) => start < minus_days(now.day(), back),
        _ => false,
    }
}

/// The parameters of a "create": the days, where the report has them, and what else was asked.
#[must_use]
pub fn create_parameters(key: &WindowKey, days: Option<(Day, Day)>) -> Parameters {
    let mut parameters = key.parameters.clone();
    if let Some((start, end)) = days {
        parameters.insert("start".to_owned(), start.to_string());
        parameters.insert("end".to_owned(), end.to_string());
    }
    parameters
}
