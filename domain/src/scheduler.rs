//! The scheduler: all windows of one institution and three slots. It decides the next step and processes
//! each result.
//!
//! **Invariant**: at any instant at most [`SLOTS`] of our upstream requests may be unfinished, and at most
//! one per window. A window holds its slot from before its create is sent until Echo360 reports the upstream
//! request as finished, or until it is certain that the create had no effect.
//!
//! The scheduler knows no clock, network or storage. Its host runs it like this, in one alarm at a time:
//!
//! 1. [`Scheduler::next_step`] decides on a [`Step`] and records it in the state;
//! 2. the host saves [`Scheduler::take_changes`], then does the step;
//! 3. the host passes the result to the method named at the step, and saves again.
//!
//! After a crash at any point, `next_step` repeats the step or finds out whether it took effect. Everything
//! else (new requests, withdrawals, results that a WindowStore reports) may happen between any two of these.

mod erasure_ledger;

pub use erasure_ledger::{ErasureEntry, ErasureLedger, ErasureTarget};

use crate::api;
use crate::backoff::{Backoff, CallLedger};
use crate::erasure::Tombstones;
use crate::fair_queue::{Request, pick_next};
use crate::range::Range;
use crate::request_list::RequestList;
use crate::shrinkage::{CopyChoice, ShrinkageCheck};
use crate::time::{DAY, Day, MINUTE, SECOND, Timestamp, minus_days};
use crate::upstream::{UpstreamError, UpstreamId, UpstreamRequest, UpstreamStatus, is_limit_response};
use crate::upstream_health::{UpstreamFailure, UpstreamRecord, UpstreamResult};
use crate::window::{Parameters, WindowKey};
use crate::window_state::{CollectOutcome, INQUIRY, LEASE, UpstreamBuild, Window, WindowState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The number of our upstream requests that may be unfinished at once: "3 in-flight reports".
pub const SLOTS: usize = 3;

/// While this many files are being collected, no new create is sent: each takes a few MB of memory.
const MAX_COLLECTING: usize = 3;

/// How long one list of upstream requests is reused for further creates.
const LISTING_MAX_AGE: i64 = 20 * SECOND;

/// A create whose reply was lost counts as never received once two lists this far apart lack its request.
pub const MIN_LIST_GAP: i64 = MINUTE;

/// The same while lists cannot be read to their end: hardly any build takes longer, and no slot is lost for good.
pub const MAX_DOUBT: i64 = DAY;

/// A lease counts as lost this long after its deadline, if the WindowStore has reported nothing.
const LEASE_GRACE: i64 = 30 * SECOND;

/// The scheduler wakes at least this often while anything is unfinished.
const MAX_SLEEP: i64 = 5 * MINUTE;

/// The furthest time ahead at which a poll, a list or an inquiry is planned. A later one means that the clock was
/// set back.
const MAX_PLANNED_AHEAD: i64 = 2 * LEASE;

/// The maximum number of copies, the newest ones, from which the usual build times are computed.
const MAX_BUILD_TIME_SAMPLE: usize = 50;

/// The minimum number of copies for that; with fewer, the usual build times are unknown.
const MIN_BUILD_TIME_SAMPLE: usize = 3;

/// How long Echo360 keeps a report: "Reports are available for 14 days from the report submission, after which they
/// are permanently deleted"
const UPSTREAM_RETENTION: i64 = 14 * DAY;

/// An upstream request is given up after this many polls that did not find it, even if lists still show it.
const MAX_NOT_FOUND_POLLS: u8 = 5;

/// A request without unfinished windows is dropped when nobody repeated it for this many days.
pub const REQUESTS_KEPT_DAYS: u64 = 90;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read a page of the list of all upstream requests. After its last page, or if it fails:
    /// [`Scheduler::record_list`].
    List,
    /// Send a create for a window, then [`Scheduler::record_create`].
    Create {
        /// The window.
        key: WindowKey,
        /// `start` (included) and `end` (excluded), if the report has dates.
        days: Option<(Day, Day)>,
    },
    /// Read the status of one upstream request, then [`Scheduler::record_poll`].
    Poll {
        /// The window that is being built.
        key: WindowKey,
        /// Its upstream request.
        id: UpstreamId,
    },
    /// Ask the WindowStore for the result of a lease, then [`Scheduler::record_inquiry`].
    Inquire {
        /// The window that is being collected.
        key: WindowKey,
        /// The lease under which it is collected.
        lease: u32,
    },
    /// Have the WindowStore rewrite its copy without erased rows, or ask for the result of that, then
    /// [`Scheduler::record_sweep`].
    Sweep {
        /// The window.
        key: WindowKey,
        /// The lease of the rewrite.
        lease: u32,
    },
    /// Have the WindowStore delete everything that it stores, then [`Scheduler::record_wipe`].
    Wipe {
        /// The window.
        key: WindowKey,
    },
    /// Send [`Scheduler::invalidation_by_erasure`] to the Registry, so that shares which counted erased rows
    /// are withdrawn; then [`Scheduler::record_notification`].
    NotifyShares {
        /// The id of the erasure.
        erasure: String,
    },
    /// Nothing to do before this time: set the alarm for it.
    Wait(Timestamp),
    /// Nothing is unfinished: no alarm is needed.
    Idle,
}

/// A collect job for a file that Echo360 has finished, to be sent to the window's WindowStore at once: the scheduler
/// never stores the file's links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectHandoff {
    /// The window.
    pub key: WindowKey,
    /// The lease, which becomes the generation of the copy.
    pub lease: u32,
    /// The deadline of the lease.
    pub until: Timestamp,
    /// The upstream request that built the file.
    pub upstream: UpstreamBuild,
    /// The signed links to the file.
    pub links: Vec<String>,
    /// The people and courses whose rows are dropped.
    pub tombstones: Tombstones,
    /// Whether the replaced copy is deleted at once instead of staying for current readers: it still contains
    /// erased rows.
    pub at_once: bool,
    /// How the new copy is compared with the one that it would replace.
    pub shrinkage_check: Option<ShrinkageCheck>,
}

/// A WindowStore's answer to an inquiry about a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollectProgress {
    /// Collecting is still under way.
    Working,
    /// The WindowStore has no job with this lease: the handoff never arrived.
    Unknown,
    /// Collecting has ended with this outcome.
    Done(CollectOutcome),
}

/// The state of the Echo360 account: calls, backoffs and turns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Calls of the last minute.
    pub calls: CallLedger,
    /// Backoff while Echo360 fails or asks us to slow down.
    #[serde(rename = "trouble")]
    pub outage_backoff: Backoff,
    /// Backoff for creates while another program uses the account's slots.
    #[serde(rename = "limit")]
    pub limit_backoff: Backoff,
    /// Backoff while the credentials are refused.
    #[serde(rename = "denied")]
    pub credentials_backoff: Backoff,
    /// The reason for the last refusal: a sentence for people, without secrets.
    pub denied_detail: String,
    /// Turns of the fair queue so far.
    pub turn: u64,
    /// The results of the latest days. Absent in accounts stored by early versions.
    #[serde(default, rename = "results", skip_serializing_if = "UpstreamRecord::is_empty")]
    pub upstream_record: UpstreamRecord,
}

/// What has to be saved.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Windows that are new, changed or removed.
    pub windows: BTreeSet<WindowKey>,
    /// Ids of requests that are new, changed or removed.
    pub requests: BTreeSet<String>,
    /// Whether the account changed.
    pub account: bool,
    /// Ids of erasures that are new or changed.
    pub erasures: BTreeSet<String>,
    /// Whether the [`ErasureLedger`] changed.
    pub erasure_ledger: bool,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Scheduler {
    windows: BTreeMap<WindowKey, Window>,
    requests: BTreeMap<String, Request>,
    account: Account,
    /// The last list of upstream requests and when it was read. Kept in memory only: a new instance reads it
    /// again.
    listing: Option<(Timestamp, Vec<UpstreamRequest>)>,
    changes: Changes,
    erasure_ledger: ErasureLedger,
    erasures: BTreeMap<String, ErasureEntry>,
    /// For how many days after its last day a copy is kept; `None`: for ever.
    keep_days: Option<u32>,
    /// Whether there may be an unfinished window that no request waits for. While false, no step has to search the
    /// queue for such windows.
    may_be_unwanted: bool,
}

impl Scheduler {
    /// Restores a scheduler from its saved state. Erasures are restored by [`Scheduler::load_erasures`].
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

    /// Returns what changed since the last call.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// The window with this key; `None` if nobody has requested it.
    #[must_use]
    pub fn window(&self, key: &WindowKey) -> Option<&Window> {
        self.windows.get(key)
    }

    /// All windows, in the order of their keys.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.windows.values()
    }

    /// The request with this id.
    #[must_use]
    pub fn request(&self, id: &str) -> Option<&Request> {
        self.requests.get(id)
    }

    /// All requests, in the order of their ids.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.values()
    }

    /// The state of the Echo360 account, for saving.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// A request as the HTTP API shows it.
    #[must_use]
    pub fn describe(&self, id: &str, now: Timestamp) -> Option<api::RequestInfo> {
        let mut info = self.requests.get(id)?.describe(&self.windows, now);
        info.scheduler = Some(self.info(now));
        Some(info)
    }

    /// All windows that have rows, whoever requested them, as one entry per report. Windows with parameters
    /// are left out, since parameters tell what somebody asked.
    #[must_use]
    pub fn describe_shared_windows(&self, now: Timestamp) -> Vec<api::RequestInfo> {
        let mut shared: Vec<api::RequestInfo> = Vec::new();
        // In the order of their keys: report by report.
        for window in self.windows.values().filter(|window| window.key.parameters.is_empty()) {
            let info = window.describe(now);
            if !info.state.has_rows() {
                continue;
            }
            match shared.last_mut().filter(|last| last.report == window.key.report) {
                Some(last) => last.windows.push(info),
                None => shared.push(api::RequestInfo {
                    id: String::new(),
                    report: window.key.report.clone(),
                    from: None,
                    to: None,
                    tz: String::new(),
                    parameters: Parameters::new(),
                    created: now,
                    windows: vec![info],
                    scheduler: None,
                }),
            }
        }
        shared
    }

    /// The state of the queue and why calls are paused, as the HTTP API shows it.
    #[must_use]
    pub fn info(&self, now: Timestamp) -> api::SchedulerInfo {
        let account = &self.account;
        let pause = |backoff: &Backoff, reason, detail: &str| {
            backoff.until(now).map(|until| api::Pause { reason, detail: detail.to_owned(), until })
        };
        api::SchedulerInfo {
            in_flight: u8::try_from(self.slots_held()).unwrap_or(u8::MAX),
            queued: u32::try_from(self.count(|state| matches!(state, WindowState::Queued { .. })))
                .unwrap_or(u32::MAX),
            usual: self.build_times(),
            held: pause(
                &account.credentials_backoff,
                api::PauseReason::CredentialsRefused,
                &account.denied_detail,
            )
            .or_else(|| {
                let detail = "Echo360 does not answer as it should; Lectern tries again.";
                pause(&account.outage_backoff, api::PauseReason::UpstreamDown, detail)
            })
            .or_else(|| {
                let detail =
                    "Another program is using this account's three report slots; Lectern waits for one.";
                pause(&account.limit_backoff, api::PauseReason::LimitReached, detail)
            }),
        }
    }

    /// Why an administrator has to act, if so.
    #[must_use]
    pub fn upstream_failure(&self) -> Option<UpstreamFailure> {
        if self.account.credentials_backoff.has_failed() {
            Some(UpstreamFailure::CredentialsRefused)
        } else {
            self.account.upstream_record.is_failing().then_some(UpstreamFailure::FailedDays)
        }
    }

    /// The 10th and 90th percentile of the newest build times.
    fn build_times(&self) -> Option<api::BuildTimes> {
        let copies = || self.windows.values().filter_map(|window| window.copy.as_ref());
        let mut latest: Vec<(Timestamp, i64)> =
            copies().filter(|copy| copy.took > 0).map(|copy| (copy.created, copy.took)).collect();
        latest.sort_unstable_by(|a, b| b.cmp(a));
        let mut took: Vec<i64> =
            latest.into_iter().take(MAX_BUILD_TIME_SAMPLE).map(|(_, took)| took).collect();
        took.sort_unstable();
        let last = took.len().checked_sub(1).filter(|_| took.len() >= MIN_BUILD_TIME_SAMPLE)?;
        Some(api::BuildTimes {
            low: *took.get(last / 10)?,
            high: *took.get(last - last / 10)?,
            sample_size: u32::try_from(took.len()).unwrap_or(u32::MAX),
        })
    }

    // ---- People's requests.

    /// Adds a person's request and returns its id: `request.id`, or the id of an earlier equal request, which
    /// is renewed. New windows are queued; failed and aged ones are requested again.
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
        self.shorten_credentials_backoff(now);
        id
    }

    /// How many of these windows Echo360 would have to build if they were requested now.
    #[must_use]
    pub fn count_new_windows(&self, keys: &[WindowKey], now: Timestamp) -> u32 {
        let is_new = |key: &&WindowKey| {
            let is_unfinished = self.windows.get(key).is_some_and(Window::is_unfinished);
            !is_unfinished && self.simulate_request(key, now).is_some_and(|window| window.is_unfinished())
        };
        count(keys.iter().filter(is_new))
    }

    /// The state of a window after requesting it now; `None` if that changes nothing.
    fn simulate_request(&self, key: &WindowKey, now: Timestamp) -> Option<Window> {
        let is_erased = self.is_erased(key);
        let Some(window) = self.windows.get(key) else {
            let create = if is_erased { Window::forgotten } else { Window::queued };
            return Some(create(key.clone(), now));
        };
        let mut window = window.clone();
        let is_erasure_canceled = window.erasure.forgotten.is_some() && !is_erased;
        let is_changed =
            if is_erasure_canceled { window.request_again(now) } else { window.request_if_needed(now) };
        is_changed.then_some(window)
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

    /// How many unfinished windows a person's requests wait for.
    #[must_use]
    pub fn count_unfinished(&self, person: &str) -> u32 {
        let requests = self.requests.values().filter(|request| request.person == person);
        let keys: BTreeSet<&WindowKey> = requests.flat_map(|request| &request.windows).collect();
        count(
            keys.into_iter().filter_map(|key| self.windows.get(key)).filter(|window| window.is_unfinished()),
        )
    }

    /// Requests a request's windows again: those whose ids are `named`, or, if none is, those that failed. An
    /// erased window is requested again only if the person `may_restore_erased` it, even while its erasure holds.
    /// Returns whether the request exists.
    pub fn retry(&mut self, id: &str, named: &[String], may_restore_erased: bool, now: Timestamp) -> bool {
        let Some(request) = self.requests.get(id) else { return false };
        for key in &request.windows {
            let Some(window) = self.windows.get_mut(key) else { continue };
            let is_permitted = may_restore_erased || window.erasure.forgotten.is_none();
            if is_retried(window, named) && is_permitted && window.request_again(now) {
                window.erasure.waived_version = self.erasure_ledger.version;
                self.changes.windows.insert(key.clone());
            }
        }
        self.shorten_credentials_backoff(now);
        true
    }

    /// Chooses one of two copies of a window whose newer copy has lost rows. To replace the stored one, `person`
    /// requests the window once more, as the request `id`, so that it is not taken out of the queue. Returns whether
    /// there is such a window.
    pub fn choose_copy(
        &mut self,
        key: &WindowKey,
        choice: CopyChoice,
        (id, person): (String, &str),
        now: Timestamp,
    ) -> bool {
        let Some(window) = self.windows.get(key).filter(|window| window.row_loss().is_some()) else {
            return false;
        };
        let last = window.copy.as_ref().and_then(|copy| copy.end).map(|end| minus_days(end, 1));
        let range = key.start().zip(last).and_then(|(start, last)| Range::new(start, last).ok());
        self.change(key, |window| {
            if let Some(shrunken) = &mut window.shrunken {
                shrunken.choice = Some(choice);
            }
        });
        if choice == CopyChoice::Replace {
            let request = Request {
                id,
                person: person.to_owned(),
                report: key.report.clone(),
                range,
                zone: "UTC".to_owned(),
                parameters: key.parameters.clone(),
                created: now,
                asked: now,
                windows: vec![key.clone()],
                turn: 0,
            };
            self.submit(request, now);
            self.change(key, |window| {
                window.request_again(now);
            });
        }
        true
    }

    /// Removes a request. Its windows leave the queue unless another request waits for them; those that
    /// Echo360 is building already go on. Returns whether the request existed.
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

    /// Takes windows that no request waits for out of the queue, where they would stay for ever. A window
    /// gets there when its request is withdrawn while Echo360 builds it and the build then fails.
    fn dequeue_unwanted(&mut self, now: Timestamp) {
        if !self.may_be_unwanted {
            return;
        }
        let wanted: BTreeSet<&WindowKey> = self.requests.values().flat_map(|r| &r.windows).collect();
        let is_unwanted = |window: &&Window| window.is_unfinished() && !wanted.contains(&window.key);
        // Only unfinished windows return to the queue. If all are wanted, the next search is due when a request is
        // removed or replaced, which sets the flag.
        let may_be_unwanted = self.windows.values().any(|window| is_unwanted(&window));
        let unwanted: Vec<WindowKey> = self
            .windows
            .values()
            .filter(|window| matches!(window.state, WindowState::Queued { .. }))
            .filter(is_unwanted)
            .map(|window| window.key.clone())
            .collect();
        self.may_be_unwanted = may_be_unwanted;
        for key in unwanted {
            self.leave_queue(&key, now);
        }
    }

    /// Drops finished requests that nobody repeated for [`REQUESTS_KEPT_DAYS`]; their windows stay.
    pub fn drop_old_requests(&mut self, now: Timestamp) {
        let oldest = Timestamp::start_of(minus_days(now.day(), REQUESTS_KEPT_DAYS));
        let windows = &self.windows;
        let is_finished = |request: &Request| {
            !request.windows.iter().any(|key| windows.get(key).is_some_and(Window::is_unfinished))
        };
        let old: Vec<String> = self
            .requests
            .values()
            .filter(|request| request.asked.max(request.created) < oldest && is_finished(request))
            .map(|request| request.id.clone())
            .collect();
        for id in old {
            self.may_be_unwanted = true;
            self.requests.remove(&id);
            self.changes.requests.insert(id);
        }
    }

    /// Shortens the backoff of refused credentials, since a person who requests something may have corrected the
    /// secret. Further requests shorten it no further: Echo360 might lock the credentials after too many tries.
    fn shorten_credentials_backoff(&mut self, now: Timestamp) {
        if self.account.credentials_backoff.until(now).is_some() {
            self.account.credentials_backoff.shorten();
            self.changes.account = true;
        }
    }

    /// Ends the waits after failed calls, because an administrator tries again. Refused credentials are only tried
    /// sooner, as after any request.
    pub fn end_waits(&mut self) {
        self.account.outage_backoff.end_wait();
        self.account.limit_backoff.end_wait();
        self.changes.account = true;
    }

    // ---- The next step.

    /// Records a call that goes out at `now`: to be called once for each HTTP call, including those for a
    /// token.
    pub fn record_call(&mut self, now: Timestamp) {
        self.account.calls.record_call(now);
        self.changes.account = true;
    }

    /// Until when no call may go out; `None` if one may go out now.
    #[must_use]
    pub fn calls_paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        let account = &self.account;
        [
            account.credentials_backoff.until(now),
            account.outage_backoff.until(now),
            account.calls.next_free_at(now),
        ]
        .into_iter()
        .flatten()
        .max()
    }

    /// Whether calls of low priority may go out (Echo360's lists of courses): report requests come first.
    #[must_use]
    pub fn has_spare_calls(&self, now: Timestamp) -> bool {
        self.calls_paused_until(now).is_none() && self.account.calls.has_spare_calls(now)
    }

    /// Decides the next step and records it in the state, which has to be saved before the step is done.
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
        let overdue = self.find(|window| {
            matches!(window.state, WindowState::Collecting { until, .. } if is_due(until.plus(LEASE_GRACE), now))
        });
        if let Some(key) = overdue {
            self.change(&key, |window| {
                if let WindowState::Collecting { upstream, .. } = &window.state {
                    let id = upstream.id.clone();
                    // The copy may have been stored although its result never arrived.
                    window.erasure.clean_version =
                        window.erasure.clean_version.min(window.erasure.pending_version);
                    window.record_failed_try("Downloading the file took too long.", Some(id), now);
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
                WindowState::Building { upstream, next_look, not_found: false, .. }
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

    /// Lists the upstream requests if a window needs that. No create is under way while `next_step` decides,
    /// so every window in the state `asking` has lost its reply.
    fn plan_recovery(&mut self, now: Timestamp) -> Option<Step> {
        self.find(|window| list_due_at(window).is_some_and(|at| is_due(at, now))).map(|_| Step::List)
    }

    fn plan_create(&mut self, now: Timestamp) -> Option<Step> {
        loop {
            if self.is_full() || self.account.limit_backoff.until(now).is_some() {
                return None;
            }
            let (request, key) = pick_next(&self.requests, &self.windows, now)?;
            let Some((_, listed)) =
                self.listing.as_ref().filter(|(read, _)| *read <= now && now.since(*read) < LISTING_MAX_AGE)
            else {
                return Some(Step::List);
            };
            let end = key.end_at(now.day());
            let similar: Vec<UpstreamRequest> =
                listed.iter().filter(|request| request.could_answer(&key, end)).cloned().collect();
            self.account.turn += 1;
            self.changes.account = true;
            if let Some(served) = self.requests.get_mut(&request) {
                served.turn = self.account.turn;
                self.changes.requests.insert(request.clone());
            }
            if is_too_old(&key, now) {
                let detail = "Echo360 provides this report for the last year only, and these days are older.";
                self.change(&key, |window| window.give_up(detail, now));
                continue;
            }
            let adopted =
                self.windows.get(&key).and_then(|window| find_adoptable(window, &similar, end, now));
            if let Some((id, created)) = adopted {
                self.change(&key, |window| {
                    window.slot_request = Some(request.clone());
                    window.start_building(id.clone(), created, end, now);
                });
                continue;
            }
            let seen = similar.into_iter().map(|request| request.id).collect();
            self.change(&key, |window| window.start_asking(end, seen, &request, now));
            let days = key.start().zip(end);
            return Some(Step::Create { key, days });
        }
    }

    /// When the next step is due, at least a second after `now`; `None` only if nothing is unfinished.
    #[must_use]
    pub fn wakes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let longest = now.plus(MAX_SLEEP);
        let calls = self.calls_paused_until(now);
        let after_calls = |at: Timestamp| calls.map_or(at, |calls| calls.max(at));
        let limit = self.account.limit_backoff.until(now).unwrap_or(now);
        self.windows
            .values()
            .filter_map(|window| match &window.state {
                WindowState::Idle | WindowState::Failed => None,
                WindowState::Collecting { next_inquiry, .. } => Some(*next_inquiry),
                WindowState::Building { next_look, not_found: false, .. } => Some(after_calls(*next_look)),
                WindowState::Building { .. } | WindowState::Asking { .. } => {
                    list_due_at(window).map(after_calls)
                }
                // While nothing new can be started, the windows in the slots set the time of the next step.
                WindowState::Queued { .. } if self.is_full() => Some(longest),
                WindowState::Queued { not_before } => Some(after_calls((*not_before).max(limit))),
            })
            .map(|at| at.clamp(now.plus(SECOND), longest))
            // Not limited by `longest`: copies expire on their day, even if nothing is unfinished until then.
            .chain(self.next_cleanup_at(now).map(|at| at.max(now.plus(SECOND))))
            .min()
    }

    // ---- Results of steps.

    /// Records the result of [`Step::List`].
    pub fn record_list(&mut self, reply: Result<RequestList, UpstreamError>, now: Timestamp) {
        let list = match reply {
            Ok(list) => {
                self.record_success(now);
                list
            }
            Err(error) => return self.record_error(error, now),
        };
        let waiting: Vec<WindowKey> = self
            .windows
            .values()
            .filter(|window| list_due_at(window).is_some())
            .map(|window| window.key.clone())
            .collect();
        for key in waiting {
            let has_same_days = |other: &WindowKey| other.report == key.report && other.days == key.days;
            let is_only_one = self.windows.keys().filter(|other| has_same_days(other)).count() == 1;
            self.change(&key, |window| resolve_from_list(window, &list, is_only_one, now));
        }
        self.listing = Some((now, list.requests));
    }

    /// Records the result of [`Step::Create`].
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
                self.record_success(now);
                self.account.limit_backoff.reset();
                // The earlier of the two clocks: a fast clock must not make a day look complete.
                let created = made.created.map_or(now, |created| created.min(now));
                self.change(key, |window| window.start_building(made.id, created, end, now));
            }
            // Certainly without effect: 429 and the limit mean wait, and do not count as a try.
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
            Err(error @ (UpstreamError::Denied { .. } | UpstreamError::Down { sent: false, .. })) => {
                self.change(key, |window| window.requeue(now));
                self.record_error(error, now);
            }
            // Perhaps the create took effect: the window keeps its slot until lists decide.
            Err(error @ (UpstreamError::Down { sent: true, .. } | UpstreamError::TooLong)) => {
                self.record_error(error, now);
            }
        }
    }

    /// Records the result of [`Step::Poll`]. If the file is finished, returns the job for the WindowStore.
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
                self.record_success(now);
                let detail = match seen.status {
                    UpstreamStatus::Pending if self.is_overdue(key, now) => {
                        "Echo360 did not finish the report within 14 days."
                    }
                    UpstreamStatus::Pending => return None,
                    UpstreamStatus::Available if seen.links.is_empty() => {
                        "Echo360 says that the report is available, but gives no link to its file."
                    }
                    UpstreamStatus::Available => return self.hand_off(key, seen.links, now),
                    UpstreamStatus::Expired => "Echo360 says that the report has expired.",
                    UpstreamStatus::Failed => "Echo360 could not build the report.",
                    UpstreamStatus::Missing => "Echo360 did not start to build the report in time.",
                };
                self.change(key, |window| window.record_failed_try(detail, Some(id.clone()), now));
            }
            Err(UpstreamError::Absent | UpstreamError::Refused { .. }) => self.change(key, |window| {
                if let WindowState::Building { not_found, not_found_polls, .. } = &mut window.state {
                    *not_found = true;
                    *not_found_polls = not_found_polls.saturating_add(1);
                }
            }),
            Err(error) => self.record_error(error, now),
        }
        None
    }

    /// Whether a window has been building for longer than Echo360 keeps reports.
    fn is_overdue(&self, key: &WindowKey, now: Timestamp) -> bool {
        self.windows.get(key).is_some_and(|window| {
            matches!(&window.state, WindowState::Building { upstream, .. } if now.since(upstream.created) > UPSTREAM_RETENTION)
        })
    }

    fn hand_off(&mut self, key: &WindowKey, links: Vec<String>, now: Timestamp) -> Option<CollectHandoff> {
        let mut started = None;
        let version = self.required_version();
        let (mut at_once, mut shrinkage_check) = (false, None);
        if self.is_erased(key) {
            self.change(key, |window| window.abandon(now));
            return None;
        }
        let leases = self.erasure_ledger.leases;
        self.change(key, |window| {
            window.lease = window.lease.max(leases);
            started = window.start_collecting(now);
            window.erasure.pending_version = version;
            // An erasure of these days was canceled while Echo360 built the report.
            window.erasure.forgotten = None;
            at_once = window.erasure.clean_version < version;
            shrinkage_check = started.as_ref().and_then(|(_, upstream, _)| window.shrinkage_check(upstream));
        });
        let (lease, upstream, until) = started?;
        let tombstones = self.tombstones();
        let key = key.clone();
        Some(CollectHandoff { key, lease, until, upstream, links, tombstones, at_once, shrinkage_check })
    }

    /// Records the result of [`Step::Inquire`]; `None` if the WindowStore could not be reached.
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

    /// Records the outcome of collecting that a WindowStore reports.
    pub fn record_collection(
        &mut self,
        key: &WindowKey,
        lease: u32,
        outcome: CollectOutcome,
        now: Timestamp,
    ) {
        let is_current =
            |window: &Window| window.lease == lease && matches!(window.state, WindowState::Collecting { .. });
        let is_collected = matches!(outcome, CollectOutcome::Whole { .. } | CollectOutcome::Shrunken(_));
        if is_collected && self.windows.get(key).is_some_and(is_current) {
            self.record_result(UpstreamResult::Collected, now);
        }
        self.change(key, |window| window.record_collection(lease, outcome, now));
    }

    fn record_limit(&mut self, key: &WindowKey, retry_after: Option<i64>, now: Timestamp) {
        self.account.limit_backoff.record_failure(now, retry_after);
        self.changes.account = true;
        self.change(key, |window| window.requeue(now));
    }

    /// Ends the backoffs after a call that was answered.
    pub fn record_success(&mut self, now: Timestamp) {
        self.record_result(UpstreamResult::Answered, now);
        self.account.outage_backoff.reset();
        self.account.credentials_backoff.reset();
        self.account.denied_detail.clear();
        self.changes.account = true;
    }

    /// Backs off after an error of the account or the network. Such errors never count as a try of a window.
    pub fn record_error(&mut self, error: UpstreamError, now: Timestamp) {
        if matches!(error, UpstreamError::Down { .. } | UpstreamError::Denied { .. }) {
            self.record_result(UpstreamResult::Unanswered, now);
        }
        match error {
            UpstreamError::TooMany { retry_after } | UpstreamError::Down { retry_after, .. } => {
                self.account.outage_backoff.record_failure(now, retry_after);
            }
            UpstreamError::Denied { detail } => {
                self.account.credentials_backoff.record_failure(now, None);
                self.account.denied_detail = detail;
            }
            UpstreamError::Absent | UpstreamError::TooLong | UpstreamError::Refused { .. } => {
                self.account.outage_backoff.record_failure(now, None);
            }
        }
        self.changes.account = true;
    }

    fn record_result(&mut self, result: UpstreamResult, now: Timestamp) {
        if self.account.upstream_record.add(result, now) {
            self.changes.account = true;
        }
    }

    fn find(&self, is_match: impl Fn(&Window) -> bool) -> Option<WindowKey> {
        self.windows.values().find(|window| is_match(window)).map(|window| window.key.clone())
    }

    fn count(&self, is_match: impl Fn(&WindowState) -> bool) -> usize {
        self.windows.values().filter(|window| is_match(&window.state)).count()
    }

    /// Whether nothing new can be started.
    fn is_full(&self) -> bool {
        let collecting = self.count(|state| matches!(state, WindowState::Collecting { .. }));
        self.slots_held() >= SLOTS || collecting >= MAX_COLLECTING
    }

    /// How many slots our upstream requests occupy.
    #[must_use]
    pub fn slots_held(&self) -> usize {
        self.windows.values().filter(|window| window.holds_slot()).count()
    }

    fn change(&mut self, key: &WindowKey, change: impl FnOnce(&mut Window)) {
        if let Some(window) = self.windows.get_mut(key) {
            let had_failed = window.state == WindowState::Failed;
            change(window);
            let given_up_at = (!had_failed && window.was_given_up()).then_some(window.since);
            self.changes.windows.insert(key.clone());
            if let Some(at) = given_up_at {
                self.record_result(UpstreamResult::GivenUp, at);
            }
        }
    }
}

/// Whether retrying a request includes this window: it is `named`, or, if none is named, it failed.
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

/// Whether `at` has come. A time further ahead than any that is ever planned means that the clock was set
/// back, and counts as due.
fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at.since(now) > MAX_PLANNED_AHEAD
}

/// When the list of upstream requests has to be read for a window whose upstream request is in doubt.
fn list_due_at(window: &Window) -> Option<Timestamp> {
    match &window.state {
        WindowState::Asking { absent_since: None, .. } => Some(window.since),
        WindowState::Asking { absent_since: Some(absent), .. } => Some(absent.plus(MIN_LIST_GAP)),
        WindowState::Building { not_found: true, next_look, .. } => Some(*next_look),
        _ => None,
    }
}

/// Applies a list of upstream requests to a window whose create lost its reply, or whose upstream request a poll did
/// not find.
///
/// `is_only_one`: no other window of ours has this report and these days. Then a listed request with further
/// parameters is recognized too, since it cannot belong to another window.
fn resolve_from_list(window: &mut Window, list: &RequestList, is_only_one: bool, now: Timestamp) {
    let listed = &list.requests;
    match &mut window.state {
        WindowState::Asking { end, seen, absent_since } => {
            let end = *end;
            let candidates = || {
                listed.iter().filter(|r| !seen.contains(&r.id) && !window.failed_upstreams.contains(&r.id))
            };
            // A request with exactly our parameters is more likely ours than one with further parameters.
            let ours = candidates().find(|request| request.is_for(&window.key, end)).or_else(|| {
                candidates().find(|request| is_only_one && request.could_answer(&window.key, end))
            });
            match (ours, *absent_since) {
                (Some(ours), _) => {
                    let created = ours.created.map_or(window.since, |created| created.min(now));
                    window.start_building(ours.id.clone(), created, end, now);
                }
                (None, _) if list.cut_off.is_some() => {
                    // The absolute value, since the clock may have been set back.
                    if now.since(window.since).abs() >= MAX_DOUBT {
                        window.requeue(now);
                    } else {
                        *absent_since = Some(now);
                    }
                }
                (None, Some(absent)) if absent <= now && list.started.since(absent) >= MIN_LIST_GAP => {
                    window.requeue(now);
                }
                (None, Some(absent)) if absent <= now => {}
                (None, _) => *absent_since = Some(now),
            }
        }
        WindowState::Building { upstream, not_found: not_found @ true, not_found_polls, .. } => {
            let ours = listed.iter().find(|request| request.id == upstream.id);
            let is_listed = ours.map_or(list.cut_off.is_some(), |request| {
                matches!(request.status, UpstreamStatus::Pending | UpstreamStatus::Available)
            });
            let is_alive = is_listed && *not_found_polls < MAX_NOT_FOUND_POLLS;
            if is_alive {
                *not_found = false;
                window.schedule_next_poll(now);
            } else {
                let id = upstream.id.clone();
                window.record_failed_try("Echo360 can no longer find this request.", Some(id), now);
            }
        }
        _ => {}
    }
}

/// The newest equal upstream request, whoever made it, that can be used instead of sending a create.
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

/// The parameters of a create: `start` and `end`, if the report has dates, and the window's own parameters.
#[must_use]
pub fn create_parameters(key: &WindowKey, days: Option<(Day, Day)>) -> Parameters {
    let mut parameters = key.parameters.clone();
    if let Some((start, end)) = days {
        parameters.insert("start".to_owned(), start.to_string());
        parameters.insert("end".to_owned(), end.to_string());
    }
    parameters
}
