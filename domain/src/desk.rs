//! All windows of one institution, three slots, one account: decides each next step and takes each answer.
//!
//! **Invariant**: at any instant, (upstream requests of ours that may be unfinished) ≤ 3, and for one window
//! at most one. A window holds its slot from before its "create" is sent until Echo360 is seen to have
//! finished, or until it is sure that nothing was made.
//!
//! The desk knows no clock, network or storage. Its host runs it like this, in one alarm at a time:
//!
//! 1. [`Desk::next`] decides on a [`Step`] and notes it in the state;
//! 2. the host saves [`Desk::take_changes`], then does the step;
//! 3. the host passes the answer to the method named at the step, and saves again.
//!
//! A crash anywhere leaves a state from which `next` repeats the step or finds out what became of it.
//! Everything else (asking, withdrawing, a Window's word) may happen between any two of these.

mod forgetting;

pub use forgetting::{Asked, Entry, Oblivion};

use crate::api;
use crate::forget::Tombstones;
use crate::life::{INQUIRY, LEASE, Life, Outcome, Upstream, Window};
use crate::pace::{Backoff, CallLedger};
use crate::time::{DAY, Day, MINUTE, SECOND, Timestamp, minus_days};
use crate::turn::{Request, pick};
use crate::upstream::{Status, Trouble, UpstreamId, UpstreamRequest, speaks_of_limit};
use crate::window::{Parameters, WindowKey};
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

/// A Window that says nothing is given this long past its lease.
const LEASE_GRACE: i64 = 30 * SECOND;

/// However long there is nothing to do, the desk wakes this often while anything is unfinished.
const LONGEST_SLEEP: i64 = 5 * MINUTE;

/// No time that the desk sets for itself lies further ahead: one that does is a clock that went back.
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
    /// Read the list of all upstream requests, then [`Desk::listed`].
    List,
    /// Ask for a window, then [`Desk::created`].
    Create {
        /// Which window.
        key: WindowKey,
        /// `start` to `end`, where the report has dates.
        days: Option<(Day, Day)>,
    },
    /// Look at one upstream request, then [`Desk::looked`].
    Look {
        /// Which window.
        key: WindowKey,
        /// Which upstream request.
        id: UpstreamId,
    },
    /// Ask the Window object what became of its lease, then [`Desk::inquired`].
    Inquire {
        /// Which window.
        key: WindowKey,
        /// Which lease.
        lease: u32,
    },
    /// Have the Window object go over its copy, or ask it how that ended, then [`Desk::swept`].
    Sweep {
        /// Which window.
        key: WindowKey,
        /// Under which lease.
        lease: u32,
    },
    /// Have the Window object delete everything, then [`Desk::wiped`].
    Wipe {
        /// Which window.
        key: WindowKey,
    },
    /// Tell what [`Desk::loss_by_forgetting`] says, then [`Desk::told`].
    Tell {
        /// Which forgetting.
        forgetting: String,
    },
    /// Nothing until then.
    Wait(Timestamp),
    /// Nothing is unfinished.
    Rest,
}

/// A file that Echo360 has finished, to be handed to the Window object at once: links are not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// Which window.
    pub key: WindowKey,
    /// Under which lease.
    pub lease: u32,
    /// By when it must be done.
    pub until: Timestamp,
    /// What was built.
    pub upstream: Upstream,
    /// The signed links.
    pub links: Vec<String>,
    /// What is kept out.
    pub tombstones: Tombstones,
    /// Whether the copy that it replaces is to go at once: it still holds what was forgotten.
    pub at_once: bool,
}

/// What a Window object says of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inquiry {
    /// It is at it.
    Working,
    /// It has never heard of it.
    Unknown,
    /// It is done.
    Done(Outcome),
}

/// What the desk knows of the account it asks with.
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
    /// Forgettings that are new or changed.
    pub forgettings: BTreeSet<String>,
    /// Whether what they share changed.
    pub oblivion: bool,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Desk {
    windows: BTreeMap<WindowKey, Window>,
    requests: BTreeMap<String, Request>,
    account: Account,
    /// The last list, in memory only: after a crash it is read anew.
    listing: Option<(Timestamp, Vec<UpstreamRequest>)>,
    changes: Changes,
    oblivion: Oblivion,
    forgettings: BTreeMap<String, Entry>,
    /// How long copies are kept; for ever when nobody said.
    keep_days: Option<u32>,
    /// Whether a window that nobody waits for may come back to the queue: looked for only then.
    may_be_unwanted: bool,
}

impl Desk {
    /// The desk as it was saved.
    #[must_use]
    pub fn load(windows: Vec<Window>, requests: Vec<Request>, account: Account) -> Self {
        Self {
            windows: windows.into_iter().map(|window| (window.key.clone(), window)).collect(),
            requests: requests.into_iter().map(|request| (request.id.clone(), request)).collect(),
            account,
            listing: None,
            changes: Changes::default(),
            oblivion: Oblivion::default(),
            forgettings: BTreeMap::new(),
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
    pub fn describe(&self, id: &str, now: Timestamp) -> Option<api::Request> {
        let mut shown = self.requests.get(id)?.describe(&self.windows, now);
        shown.desk = Some(self.info(now));
        Some(shown)
    }

    /// The windows that have rows, by report, whoever asked for them; none of reports with parameters of their own, which
    /// tell what somebody asked.
    #[must_use]
    pub fn shared(&self, now: Timestamp) -> Vec<api::Request> {
        let mut shared: Vec<api::Request> = Vec::new();
        // In the order of their keys: report by report.
        for window in self.windows.values().filter(|window| window.key.parameters.is_empty()) {
            let shown = window.describe(now);
            if !shown.state.has_rows() {
                continue;
            }
            match shared.last_mut().filter(|last| last.report == window.key.report) {
                Some(last) => last.windows.push(shown),
                None => shared.push(api::Request {
                    id: String::new(),
                    report: window.key.report.clone(),
                    from: None,
                    to: None,
                    tz: String::new(),
                    parameters: Parameters::new(),
                    created: now,
                    windows: vec![shown],
                    desk: None,
                }),
            }
        }
        shared
    }

    /// How the desk fares.
    #[must_use]
    pub fn info(&self, now: Timestamp) -> api::DeskInfo {
        let account = &self.account;
        let held = |backoff: &Backoff, why, detail: &str| {
            backoff.until(now).map(|until| api::Held { why, detail: detail.to_owned(), until })
        };
        api::DeskInfo {
            in_flight: u8::try_from(self.slots_held()).unwrap_or(u8::MAX),
            queued: u32::try_from(self.count(|life| matches!(life, Life::Queued { .. }))).unwrap_or(u32::MAX),
            usual: self.usual(),
            held: held(&account.denied, api::Hold::CredentialsRefused, &account.denied_detail)
                .or_else(|| {
                    let detail = "Echo360 does not answer as it should; Lectern tries again.";
                    held(&account.trouble, api::Hold::UpstreamDown, detail)
                })
                .or_else(|| {
                    let detail = "Somebody else is using this account's three reports at a time.";
                    held(&account.limit, api::Hold::LimitReached, detail)
                }),
        }
    }

    fn usual(&self) -> Option<api::Usual> {
        let copies = || self.windows.values().filter_map(|window| window.copy.as_ref());
        let mut latest: Vec<(Timestamp, i64)> =
            copies().filter(|copy| copy.took > 0).map(|copy| (copy.created, copy.took)).collect();
        latest.sort_unstable_by(|a, b| b.cmp(a));
        let mut took: Vec<i64> = latest.into_iter().take(USUAL_OF).map(|(_, took)| took).collect();
        took.sort_unstable();
        let last = took.len().checked_sub(1).filter(|_| took.len() >= USUAL_LEAST)?;
        Some(api::Usual {
            low: *took.get(last / 10)?,
            high: *took.get(last - last / 10)?,
            of: u32::try_from(took.len()).unwrap_or(u32::MAX),
        })
    }

    // ---- What people do.

    /// Takes a person's ask and returns the id of its request: `request.id`, or an earlier one's that asks
    /// the same. Windows that nobody asked for are queued; failed ones are tried anew, aged ones asked again.
    pub fn ask(&mut self, request: Request, now: Timestamp) -> String {
        for key in &request.windows {
            if let Some(window) = self.asked(key, now) {
                self.windows.insert(key.clone(), window);
                self.changes.windows.insert(key.clone());
            }
        }
        let id = match self.requests.values_mut().find(|earlier| earlier.asks_same(&request)) {
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
        self.denied_may_be_mended(now);
        id
    }

    /// How many of these windows Echo360 would have to build if they were asked for now.
    #[must_use]
    pub fn would_ask(&self, keys: &[WindowKey], now: Timestamp) -> u32 {
        let is_begun = |key: &&WindowKey| {
            let was = self.windows.get(key).is_some_and(Window::is_unfinished);
            !was && self.asked(key, now).is_some_and(|window| window.is_unfinished())
        };
        count(keys.iter().filter(is_begun))
    }

    /// A window as asking for it now leaves it; `None` when that changes nothing.
    fn asked(&self, key: &WindowKey, now: Timestamp) -> Option<Window> {
        let is_gone = self.is_gone(key);
        let Some(window) = self.windows.get(key) else {
            let new = if is_gone { Window::forgotten } else { Window::queued };
            return Some(new(key.clone(), now));
        };
        let mut window = window.clone();
        let is_lifted = window.upkeep.forgotten.is_some() && !is_gone;
        let changed = if is_lifted { window.want_again(now) } else { window.want(now) };
        changed.then_some(window)
    }

    /// How many windows Echo360 would have to build if [`Desk::retry`] were called now.
    #[must_use]
    pub fn would_retry(&self, id: &str, named: &[String], now: Timestamp) -> u32 {
        let windows = self.requests.get(id).into_iter().flat_map(|request| &request.windows);
        count(
            windows
                .filter_map(|key| self.windows.get(key))
                .filter(|window| is_retried(window, named) && (*window).clone().want_again(now)),
        )
    }

    /// How many unfinished windows a person waits for.
    #[must_use]
    pub fn unfinished_of(&self, person: &str) -> u32 {
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
            let may = may_recall || window.upkeep.forgotten.is_none();
            if is_retried(window, named) && may && window.want_again(now) {
                window.upkeep.lifted = self.oblivion.version;
                self.changes.windows.insert(key.clone());
            }
        }
        self.denied_may_be_mended(now);
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
            .filter(|window| matches!(window.life, Life::Queued { .. }))
            .filter(unwanted)
            .map(|window| window.key.clone())
            .collect();
        self.may_be_unwanted = may_be_unwanted;
        for key in unwanted {
            self.leave_queue(&key, now);
        }
    }

    /// Drops requests that are met and that nobody asked for [`REQUESTS_KEPT_DAYS`]; their windows stay.
    pub fn forget_old_requests(&mut self, now: Timestamp) {
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
    fn denied_may_be_mended(&mut self, now: Timestamp) {
        if self.account.denied.until(now).is_some() {
            self.account.denied.hurry();
            self.changes.account = true;
        }
    }

    // ---- What to do next.

    /// Notes a call that goes out at `now`; to be called once for every HTTP call, token calls too.
    pub fn called(&mut self, now: Timestamp) {
        self.account.calls.called(now);
        self.changes.account = true;
    }

    /// Until when no call may go out, if so.
    #[must_use]
    pub fn calls_held(&self, now: Timestamp) -> Option<Timestamp> {
        let account = &self.account;
        [account.denied.until(now), account.trouble.until(now), account.calls.free_at(now)]
            .into_iter()
            .flatten()
            .max()
    }

    /// Whether calls may go out for what can wait: asking for windows comes first.
    #[must_use]
    pub fn has_calls_to_spare(&self, now: Timestamp) -> bool {
        self.calls_held(now).is_none() && self.account.calls.has_to_spare(now)
    }

    /// Decides the next step. Any step but waiting has been noted in the state, which is to be saved before
    /// the step is done.
    pub fn next(&mut self, now: Timestamp) -> Step {
        self.dequeue_unwanted(now);
        if let Some(step) = self.inquire(now).or_else(|| self.tidy(now)) {
            return step;
        }
        if self.calls_held(now).is_none() {
            let step = self.look(now).or_else(|| self.recover(now)).or_else(|| self.fill(now));
            if let Some(step) = step {
                return step;
            }
        }
        match self.wakes_at(now) {
            Some(at) => Step::Wait(at),
            None => Step::Rest,
        }
    }

    fn inquire(&mut self, now: Timestamp) -> Option<Step> {
        let over = self.find(|window| {
            matches!(window.life, Life::Collecting { until, .. } if is_due(until.plus(LEASE_GRACE), now))
        });
        if let Some(key) = over {
            self.change(&key, |window| {
                if let Life::Collecting { upstream, .. } = &window.life {
                    let id = upstream.id.clone();
                    // It may be there all the same.
                    window.upkeep.clean = window.upkeep.clean.min(window.upkeep.carried);
                    window.tried("Collecting the file took too long.", Some(id), now);
                }
            });
        }
        let key = self.find(|window| {
            matches!(window.life, Life::Collecting { next_inquiry, .. } if is_due(next_inquiry, now))
        })?;
        let mut lease = 0;
        self.change(&key, |window| {
            lease = window.lease;
            if let Life::Collecting { next_inquiry, .. } = &mut window.life {
                *next_inquiry = now.plus(INQUIRY);
            }
        });
        Some(Step::Inquire { key, lease })
    }

    fn look(&mut self, now: Timestamp) -> Option<Step> {
        let (_, key, id) = self
            .windows
            .values()
            .filter_map(|window| match &window.life {
                Life::Building { upstream, next_look, doubted: false, .. } if is_due(*next_look, now) => {
                    Some((*next_look, window.key.clone(), upstream.id.clone()))
                }
                _ => None,
            })
            .min()?;
        self.change(&key, |window| window.look_again_later(now));
        Some(Step::Look { key, id })
    }

    /// No create is under way while `next` decides, so every window that is asking lost its reply.
    fn recover(&mut self, now: Timestamp) -> Option<Step> {
        self.find(|window| list_due(window).is_some_and(|at| is_due(at, now))).map(|_| Step::List)
    }

    fn fill(&mut self, now: Timestamp) -> Option<Step> {
        loop {
            if self.is_full() || self.account.limit.until(now).is_some() {
                return None;
            }
            let (request, key) = pick(&self.requests, &self.windows, now)?;
            let Some((_, listed)) =
                self.listing.as_ref().filter(|(read, _)| *read <= now && now.since(*read) < LISTING_FRESH)
            else {
                return Some(Step::List);
            };
            let end = key.end_at(now.day());
            let like_ours: Vec<UpstreamRequest> =
                listed.iter().filter(|request| request.answers(&key, end)).cloned().collect();
            self.account.turn += 1;
            self.changes.account = true;
            if let Some(served) = self.requests.get_mut(&request) {
                served.turn = self.account.turn;
                self.changes.requests.insert(request.clone());
            }
            if too_old(&key, now) {
                let detail =
                    "Echo360 gives this report at most a year back, and these days are older by now.";
                self.change(&key, |window| window.give_up(detail, now));
                continue;
            }
            let adopted = self.windows.get(&key).and_then(|window| adoptable(window, &like_ours, end, now));
            if let Some((id, created)) = adopted {
                self.change(&key, |window| {
                    window.taken_for = Some(request.clone());
                    window.build(id.clone(), created, end, now);
                });
                continue;
            }
            let seen = like_ours.into_iter().map(|request| request.id).collect();
            self.change(&key, |window| window.ask(end, seen, &request, now));
            let days = key.start().zip(end);
            return Some(Step::Create { key, days });
        }
    }

    /// When the desk has something to do again, at least a second from `now`; `None` only when nothing is
    /// unfinished.
    #[must_use]
    pub fn wakes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let longest = now.plus(LONGEST_SLEEP);
        let calls = self.calls_held(now);
        let after_calls = |at: Timestamp| calls.map_or(at, |calls| calls.max(at));
        let limit = self.account.limit.until(now).unwrap_or(now);
        self.windows
            .values()
            .filter_map(|window| match &window.life {
                Life::Rest | Life::Failed => None,
                Life::Collecting { next_inquiry, .. } => Some(*next_inquiry),
                Life::Building { next_look, doubted: false, .. } => Some(after_calls(*next_look)),
                Life::Building { .. } | Life::Asking { .. } => list_due(window).map(after_calls),
                // A full desk is woken by what fills it; an open one when the window may be asked.
                Life::Queued { .. } if self.is_full() => Some(longest),
                Life::Queued { not_before } => Some(after_calls((*not_before).max(limit))),
            })
            .map(|at| at.clamp(now.plus(SECOND), longest))
            // However far ahead: what is old enough one day is deleted then.
            .chain(self.tidy_due(now).map(|at| at.max(now.plus(SECOND))))
            .min()
    }

    // ---- What came of it.

    /// The answer to [`Step::List`].
    pub fn listed(&mut self, reply: Result<Vec<UpstreamRequest>, Trouble>, now: Timestamp) {
        let listed = match reply {
            Ok(listed) => {
                self.all_is_well();
                listed
            }
            Err(trouble) => return self.troubled(trouble, now),
        };
        let waiting: Vec<WindowKey> = self
            .windows
            .values()
            .filter(|window| list_due(window).is_some())
            .map(|window| window.key.clone())
            .collect();
        for key in waiting {
            let is_like = |other: &WindowKey| other.report == key.report && other.days == key.days;
            let is_alone = self.windows.keys().filter(|other| is_like(other)).count() == 1;
            self.change(&key, |window| settle_by_list(window, &listed, is_alone, now));
        }
        self.listing = Some((now, listed));
    }

    /// The answer to [`Step::Create`].
    pub fn created(&mut self, key: &WindowKey, reply: Result<UpstreamRequest, Trouble>, now: Timestamp) {
        let Some(Life::Asking { end, .. }) = self.windows.get(key).map(|window| window.life.clone()) else {
            return;
        };
        match reply {
            Ok(made) => {
                self.all_is_well();
                self.account.limit.success();
                // The earlier of the two clocks: a day must not look complete because one of them is fast.
                let created = made.created.map_or(now, |created| created.min(now));
                self.change(key, |window| window.build(made.id, created, end, now));
            }
            // Surely made nothing: 429 and the limit mean wait, and are no try.
            Err(Trouble::TooMany { retry_after }) => {
                self.limited(key, retry_after, now);
                self.troubled(Trouble::TooMany { retry_after }, now);
            }
            Err(Trouble::Refused { status, text, retry_after }) if speaks_of_limit(status, &text) => {
                self.limited(key, retry_after, now);
            }
            Err(Trouble::Refused { status, text, .. }) => {
                let detail = format!("Echo360 refused the request ({status}): {text}");
                self.change(key, |window| window.tried(&detail, None, now));
            }
            Err(Trouble::Absent) => {
                let detail = "Echo360 does not know this report.";
                self.change(key, |window| window.tried(detail, None, now));
            }
            Err(trouble @ (Trouble::Denied { .. } | Trouble::Down { sent: false, .. })) => {
                self.change(key, |window| window.not_asked(now));
                self.troubled(trouble, now);
            }
            // Perhaps made something: keeps its slot until lists have told.
            Err(trouble @ Trouble::Down { sent: true, .. }) => self.troubled(trouble, now),
        }
    }

    /// The answer to [`Step::Look`]. When the file is finished, what to hand to the Window object.
    #[must_use]
    pub fn looked(
        &mut self,
        key: &WindowKey,
        id: &UpstreamId,
        reply: Result<UpstreamRequest, Trouble>,
        now: Timestamp,
    ) -> Option<Hand> {
        let is_ours =
            |window: &Window| matches!(&window.life, Life::Building { upstream, .. } if upstream.id == *id);
        if !self.windows.get(key).is_some_and(is_ours) {
            return None;
        }
        match reply {
            Ok(seen) => {
                self.all_is_well();
                let failed = match seen.status {
                    Status::Pending if self.is_overdue(key, now) => {
                        "Echo360 has been building the report for 14 days."
                    }
                    Status::Pending => return None,
                    Status::Available if seen.links.is_empty() => {
                        "Echo360 says that the report is available, but names no file."
                    }
                    Status::Available => return self.hand(key, seen.links, now),
                    Status::Expired => "Echo360 says that the report has expired.",
                    Status::Failed => "Echo360 could not build the report.",
                    Status::Missing => "Echo360 did not get to building the report.",
                };
                self.change(key, |window| window.tried(failed, Some(id.clone()), now));
            }
            Err(Trouble::Absent | Trouble::Refused { .. }) => self.change(key, |window| {
                if let Life::Building { doubted, doubts, .. } = &mut window.life {
                    *doubted = true;
                    *doubts = doubts.saturating_add(1);
                }
            }),
            Err(trouble) => self.troubled(trouble, now),
        }
        None
    }

    /// Whether a window has been building for as long as Echo360 keeps anything.
    fn is_overdue(&self, key: &WindowKey, now: Timestamp) -> bool {
        self.windows.get(key).is_some_and(|window| {
            matches!(&window.life, Life::Building { upstream, .. } if now.since(upstream.created) > RETENTION)
        })
    }

    fn hand(&mut self, key: &WindowKey, links: Vec<String>, now: Timestamp) -> Option<Hand> {
        let mut given = None;
        let version = self.kept_out();
        let mut at_once = false;
        if self.is_gone(key) {
            self.change(key, |window| window.let_go(now));
            return None;
        }
        let leases = self.oblivion.leases;
        self.change(key, |window| {
            window.lease = window.lease.max(leases);
            given = window.collect(now);
            window.upkeep.carried = version;
            // Taken back while Echo360 was at it.
            window.upkeep.forgotten = None;
            at_once = window.upkeep.clean < version;
        });
        let (lease, upstream, until) = given?;
        let tombstones = self.tombstones();
        Some(Hand { key: key.clone(), lease, until, upstream, links, tombstones, at_once })
    }

    /// The answer to [`Step::Inquire`]; `None` when the Window object could not be reached.
    pub fn inquired(&mut self, key: &WindowKey, lease: u32, inquiry: Option<Inquiry>, now: Timestamp) {
        match inquiry {
            None | Some(Inquiry::Working) => {}
            Some(Inquiry::Done(outcome)) => self.collected(key, lease, outcome, now),
            Some(Inquiry::Unknown) => self.change(key, |window| {
                if window.lease == lease {
                    window.look_for_links(now, 0);
                }
            }),
        }
    }

    /// A Window object's word on how its collecting ended.
    pub fn collected(&mut self, key: &WindowKey, lease: u32, outcome: Outcome, now: Timestamp) {
        self.change(key, |window| window.collected(lease, outcome, now));
    }

    fn limited(&mut self, key: &WindowKey, retry_after: Option<i64>, now: Timestamp) {
        self.account.limit.trouble(now, retry_after);
        self.changes.account = true;
        self.change(key, |window| window.not_asked(now));
    }

    fn all_is_well(&mut self) {
        self.account.trouble.success();
        self.account.denied.success();
        self.account.denied_detail.clear();
        self.changes.account = true;
    }

    /// Waiting is the answer to every trouble with the account or the wire; none of them is a try.
    pub fn troubled(&mut self, trouble: Trouble, now: Timestamp) {
        match trouble {
            Trouble::TooMany { retry_after } | Trouble::Down { retry_after, .. } => {
                self.account.trouble.trouble(now, retry_after);
            }
            Trouble::Denied { detail } => {
                self.account.denied.trouble(now, None);
                self.account.denied_detail = detail;
            }
            Trouble::Absent | Trouble::Refused { .. } => self.account.trouble.trouble(now, None),
        }
        self.changes.account = true;
    }

    // ---- Small things.

    fn find(&self, wanted: impl Fn(&Window) -> bool) -> Option<WindowKey> {
        self.windows.values().find(|window| wanted(window)).map(|window| window.key.clone())
    }

    fn count(&self, wanted: impl Fn(&Life) -> bool) -> usize {
        self.windows.values().filter(|window| wanted(&window.life)).count()
    }

    /// Whether nothing new can be started.
    fn is_full(&self) -> bool {
        let collecting = self.count(|life| matches!(life, Life::Collecting { .. }));
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
    if named.is_empty() { matches!(window.life, Life::Failed) } else { named.contains(&window.key.id()) }
}

fn count<T>(windows: impl Iterator<Item = T>) -> u32 {
    u32::try_from(windows.count()).unwrap_or(u32::MAX)
}

/// Whether `at` has come. A time further ahead than any that is ever set is a clock that went back.
fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at.since(now) > FURTHEST
}

/// When a window wants a list to be read to find out what became of it, if it does.
fn list_due(window: &Window) -> Option<Timestamp> {
    match &window.life {
        Life::Asking { absent_since: None, .. } => Some(window.since),
        Life::Asking { absent_since: Some(absent), .. } => Some(absent.plus(LISTS_APART)),
        Life::Building { doubted: true, next_look, .. } => Some(*next_look),
        _ => None,
    }
}

/// What a list tells of a window whose "create" lost its reply, or whose upstream request was not found. A
/// window that `is_alone` in its report and days also knows its own by less than all the parameters shown:
/// nothing else of ours could be meant.
fn settle_by_list(window: &mut Window, listed: &[UpstreamRequest], is_alone: bool, now: Timestamp) {
    match &mut window.life {
        Life::Asking { end, seen, absent_since } => {
            let end = *end;
            let fresh = || listed.iter().filter(|r| !seen.contains(&r.id) && !window.spent.contains(&r.id));
            // One that echoes just what we sent is more surely ours than one that says more.
            let ours = fresh()
                .find(|request| request.is_for(&window.key, end))
                .or_else(|| fresh().find(|request| is_alone && request.answers(&window.key, end)));
            match (ours, *absent_since) {
                (Some(ours), _) => {
                    let created = ours.created.map_or(window.since, |created| created.min(now));
                    window.build(ours.id.clone(), created, end, now);
                }
                (None, Some(absent)) if absent <= now && now.since(absent) >= LISTS_APART => {
                    window.not_asked(now);
                }
                (None, Some(absent)) if absent <= now => {}
                (None, _) => *absent_since = Some(now),
            }
        }
        Life::Building { upstream, doubted: doubted @ true, doubts, .. } => {
            let shown = listed.iter().find(|request| request.id == upstream.id);
            let is_alive = shown.is_some_and(|request| {
                matches!(request.status, Status::Pending | Status::Available) && *doubts < DOUBTS
            });
            if is_alive {
                *doubted = false;
                window.look_again_later(now);
            } else {
                let id = upstream.id.clone();
                window.tried("Echo360 no longer gives the request.", Some(id), now);
            }
        }
        _ => {}
    }
}

/// The newest equal upstream request that will do instead of asking, whoever made it.
fn adoptable(
    window: &Window,
    listed: &[UpstreamRequest],
    end: Option<Day>,
    now: Timestamp,
) -> Option<(UpstreamId, Timestamp)> {
    listed
        .iter()
        .filter(|request| request.is_for(&window.key, end))
        .filter(|request| matches!(request.status, Status::Pending | Status::Available))
        .filter_map(|request| Some((request.created?, request.id.clone())))
        .filter(|(created, id)| window.would_adopt(id, *created, end, now))
        .max()
        .map(|(created, id)| (id, created))
}

fn too_old(key: &WindowKey, now: Timestamp) -> bool {
    let days_back = key.report.known().and_then(|report| report.days_back);
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
