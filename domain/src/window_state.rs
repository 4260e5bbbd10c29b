//! The state of one window: `queued → asking → building → collecting → ready`, or `failed`.
//!
//! Each state carries exactly what exists in it. Transitions only happen here; they are pure, and the
//! [`Scheduler`](crate::scheduler::Scheduler) records each before acting on it, so that a crash on either side repeats a
//! step instead of losing one.

use crate::api;
use crate::backoff;
use crate::time::{Day, MINUTE, SECOND, Timestamp};
use crate::upstream::UpstreamId;
use crate::window::{Days, PROVISIONAL_MAX_AGE, SNAPSHOT_MAX_AGE, WindowKey};
use serde::{Deserialize, Serialize};

/// Tries before a window is `failed`.
pub const TRIES: u8 = 3;

/// How long a WindowStore may take to collect: its alarm runs 15 minutes at most, and one is for its own end.
pub const LEASE: i64 = 14 * MINUTE;

/// How long to wait for a WindowStore's word before asking it.
pub const INQUIRY: i64 = 20 * SECOND;

/// After the storage that holds the files could not be reached, look again for fresh links this much later.
const STORAGE_REST: i64 = 30 * SECOND;

/// How often one upstream request's links may turn out expired before that counts as a try.
const LINKS_REFRESHED: u8 = 2;

/// Upstream requests that failed us, remembered so that they are not adopted: the newest of them.
const FAILED_UPSTREAMS_KEPT: usize = 20;

/// A window: where it stands, the copy it serves, what went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Which window.
    pub key: WindowKey,
    /// Where the next copy stands.
    pub state: WindowState,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Tries that have gone wrong since it was last ready.
    pub tries: u8,
    /// The copy that serves.
    pub copy: Option<WindowCopy>,
    /// The number of the last lease that was given; a copy's generation is the lease that brought it.
    pub lease: u32,
    /// The request for which it was last taken from the queue: whose slot it holds.
    pub slot_request: Option<String>,
    /// Upstream requests that failed us: never adopted.
    pub failed_upstreams: Vec<UpstreamId>,
    /// What went wrong last.
    pub fault: Option<WindowFault>,
    /// What erasure has done to it, and is doing. Not stored at first.
    #[serde(default, skip_serializing_if = "ErasureState::is_untouched")]
    pub erasure: ErasureState,
}

/// What erasure has done to a window, and is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureState {
    /// Its copy is free of what was forgotten up to here.
    #[serde(rename = "clean")]
    pub clean_version: u32,
    /// The copy that is being collected will be free of what was forgotten up to here.
    #[serde(rename = "carried")]
    pub pending_version: u32,
    /// Its copy is being gone over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// When to say again that everything of it is to be deleted, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wipe: Option<Timestamp>,
    /// When its days were forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
    /// Ranges that were forgotten up to here do not hold for it: somebody asked for it again by hand.
    #[serde(default, rename = "lifted")]
    pub waived_version: u32,
}

impl ErasureState {
    fn is_untouched(&self) -> bool {
        *self == Self::default()
    }
}

/// Going over a copy: what is left of it becomes a copy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// The lease, which becomes its generation.
    pub lease: u32,
    /// It will be free of what was forgotten up to here.
    pub version: u32,
    /// When to ask the WindowStore object, if it says nothing.
    pub again: Timestamp,
}

/// Where a window's next copy stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowState {
    /// Nothing is to come: the copy serves.
    Idle,
    /// Waits for a slot.
    Queued {
        /// Not before this.
        not_before: Timestamp,
    },
    /// A "create" was about to be sent, or was sent and its reply not recorded. Holds a slot.
    Asking {
        /// The day after the last that is asked for.
        end: Option<Day>,
        /// Equal upstream requests that were there before: any other is ours.
        seen: Vec<UpstreamId>,
        /// When a list first lacked a request that could be ours.
        absent_since: Option<Timestamp>,
    },
    /// Echo360 builds it. Holds a slot.
    Building {
        /// What is being built.
        upstream: UpstreamBuild,
        /// When to look next.
        next_look: Timestamp,
        /// Looking found no such request: a list decides whether it is gone.
        doubted: bool,
        /// How often it was doubted.
        doubts: u8,
    },
    /// Its file is with the WindowStore object. Echo360 has finished, so no slot is held.
    Collecting {
        /// What was built.
        upstream: UpstreamBuild,
        /// By when the WindowStore must be done.
        until: Timestamp,
        /// When to ask the WindowStore, if it says nothing.
        next_inquiry: Timestamp,
    },
    /// Three tries did not bring it.
    Failed,
}

/// An upstream request that is ours, or that we took as ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamBuild {
    /// Its id.
    pub id: UpstreamId,
    /// When it was made: days are provisional by this.
    pub created: Timestamp,
    /// The day after the last that it asks for.
    pub end: Option<Day>,
    /// How often its file was fetched.
    pub fetched: u8,
    /// Milliseconds from asking until it was seen to be finished; 0 until then.
    #[serde(default)]
    pub took: i64,
}

/// The rows of one upstream request, as collected and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowCopy {
    /// Which copy: the lease that brought it; rises with every copy.
    pub generation: u32,
    /// Where it came from.
    pub upstream: UpstreamId,
    /// When Echo360 was asked for it.
    pub created: Timestamp,
    /// The day after the last it covers.
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
    /// The upstream request it went wrong with, for support.
    pub upstream: Option<UpstreamId>,
    /// In a sentence.
    pub detail: String,
}

/// How collecting a file ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollectOutcome {
    /// Every byte arrived and checked; the copy is current.
    Whole {
        /// Data rows.
        rows: u64,
        /// Bytes of CSV, without the header.
        bytes: u64,
        /// The CSV header row, without its line end.
        header: String,
    },
    /// The storage no longer honours the link.
    LinkExpired,
    /// The storage could not be reached.
    Unreachable {
        /// In a sentence.
        detail: String,
    },
    /// What came is not the file that was promised.
    BadFile {
        /// In a sentence.
        detail: String,
    },
    /// The link leads somewhere we do not go: a setting has to change.
    Barred {
        /// In a sentence.
        detail: String,
    },
}

impl Window {
    /// A window that somebody asks for the first time.
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
        }
    }

    /// A window of days that were forgotten: nobody asks for it by itself.
    #[must_use]
    pub fn forgotten(key: WindowKey, now: Timestamp) -> Self {
        let erasure = ErasureState { forgotten: Some(now), ..ErasureState::default() };
        Self { state: WindowState::Idle, erasure, ..Self::queued(key, now) }
    }

    fn enter(&mut self, state: WindowState, now: Timestamp) {
        self.state = state;
        self.since = now;
    }

    /// Somebody wants it: queues it when it failed, or when its copy has aged. Returns whether it changed.
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

    /// Somebody asks for it again by hand: queues it unless it is under way. Returns whether it changed.
    pub fn request_again(&mut self, now: Timestamp) -> bool {
        let idle = matches!(self.state, WindowState::Failed | WindowState::Idle);
        if idle {
            self.tries = 0;
            self.fault = None;
            self.erasure.forgotten = None;
            self.enter(WindowState::Queued { not_before: now }, now);
        }
        idle
    }

    /// Nobody wants it any more: leaves the queue. Returns whether nothing is left of it.
    pub fn leave_queue(&mut self, now: Timestamp) -> bool {
        if matches!(self.state, WindowState::Queued { .. }) {
            self.enter(WindowState::Idle, now);
        }
        // A window that was ever handed over keeps its count of leases: the WindowStore object knows the last one,
        // and would take a lower number for old news.
        matches!(self.state, WindowState::Idle) && self.copy.is_none() && self.lease == 0
    }

    /// Whether a copy is worth asking again: a provisional one after 12 h or once its week has moved on, a
    /// snapshot after a day.
    #[must_use]
    pub fn is_aged(&self, copy: &WindowCopy, now: Timestamp) -> bool {
        self.is_aged_at(copy.end, copy.created, now)
    }

    fn is_aged_at(&self, end: Option<Day>, created: Timestamp, now: Timestamp) -> bool {
        if self.key.days == Days::All {
            return now.since(created) > SNAPSHOT_MAX_AGE;
        }
        self.key.provisional_from(end, created).is_some()
            && (now.since(created) >= PROVISIONAL_MAX_AGE || self.key.end_at(now.day()) > end)
    }

    /// Whether an equal request that somebody else made will do: later than the copy it would replace, not
    /// one that failed us, and not so old that its copy would be asked again at once.
    #[must_use]
    pub fn can_adopt(&self, id: &UpstreamId, created: Timestamp, end: Option<Day>, now: Timestamp) -> bool {
        !self.failed_upstreams.contains(id)
            && self.copy.as_ref().is_none_or(|copy| created > copy.created && *id != copy.upstream)
            && !self.is_aged_at(end, created, now)
    }

    /// A "create" is about to be sent.
    pub fn start_asking(&mut self, end: Option<Day>, seen: Vec<UpstreamId>, request: &str, now: Timestamp) {
        self.slot_request = Some(request.to_owned());
        self.enter(WindowState::Asking { end, seen, absent_since: None }, now);
    }

    /// An upstream request is ours: the reply came, a list showed it, or somebody's equal one is adopted.
    pub fn start_building(&mut self, id: UpstreamId, created: Timestamp, end: Option<Day>, now: Timestamp) {
        let upstream = UpstreamBuild { id, created, end, fetched: 0, took: 0 };
        let next_look = now.plus(backoff::MIN_POLL_INTERVAL);
        self.enter(WindowState::Building { upstream, next_look, doubted: false, doubts: 0 }, now);
    }

    /// The "create" surely made nothing: back to the queue. Not a try.
    pub fn requeue(&mut self, now: Timestamp) {
        self.enter(WindowState::Queued { not_before: now }, now);
    }

    /// A look is about to be sent: the next one is due a while after it.
    pub fn schedule_next_poll(&mut self, now: Timestamp) {
        let age = now.since(self.since);
        if let WindowState::Building { next_look, .. } = &mut self.state {
            *next_look = now.plus(backoff::poll_interval(age));
        }
    }

    /// Echo360 has finished: the file goes to the WindowStore object under a new lease, which is returned.
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

    /// The WindowStore object does not know the lease (it crashed before it wrote it down): fetch links again.
    pub fn poll_for_links(&mut self, now: Timestamp, wait: i64) {
        if let WindowState::Collecting { upstream, .. } = &self.state {
            let state = WindowState::Building {
                upstream: upstream.clone(),
                next_look: now.plus(wait),
                doubted: false,
                doubts: 0,
            };
            self.enter(state, now);
        }
    }

    /// How the WindowStore object's collecting under `lease` ended. A word under an old lease is old news: the
    /// object makes no copy current once its lease is over, so none is lost by that.
    pub fn record_collection(&mut self, lease: u32, outcome: CollectOutcome, now: Timestamp) {
        let current = match &mut self.state {
            WindowState::Collecting { upstream, .. } if self.lease == lease => {
                // An outage of the storage says nothing of the file.
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
                self.enter(WindowState::Idle, now);
            }
            // A copy is there that we had given up.
            (CollectOutcome::Whole { .. }, None) => self.erasure.clean_version = 0,
            (_, None) => {}
            (CollectOutcome::LinkExpired, Some(upstream)) if upstream.fetched <= LINKS_REFRESHED => {
                self.poll_for_links(now, 0);
            }
            (CollectOutcome::LinkExpired, Some(upstream)) => {
                self.record_failed_try(
                    "Echo360's links to the file were expired each time.",
                    Some(upstream.id),
                    now,
                );
            }
            (CollectOutcome::Unreachable { detail }, Some(upstream)) => {
                self.fault = Some(WindowFault { upstream: Some(upstream.id), detail });
                self.poll_for_links(now, STORAGE_REST);
            }
            // A first bad file may be the wire's fault: fetching it again takes seconds, building it anew hours.
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

    /// A try went wrong: tries again with a new upstream request, or gives up after the third.
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

    /// It can never be asked as it is (too far back by now): fails without a call.
    pub fn give_up(&mut self, detail: &str, now: Timestamp) {
        self.fault = Some(WindowFault { upstream: None, detail: detail.to_owned() });
        self.enter(WindowState::Failed, now);
    }

    /// What Echo360 has built is not wanted any more.
    pub fn abandon(&mut self, now: Timestamp) {
        self.enter(WindowState::Idle, now);
    }

    /// Everything of it was deleted.
    pub fn drop_copy(&mut self) {
        self.copy = None;
        self.erasure.sweep = None;
        self.erasure.wipe = None;
    }

    /// Whether an upstream request of ours may be unfinished: it holds one of the three slots. One that was
    /// seen to be finished and only waits for fresh links does not.
    #[must_use]
    pub fn holds_slot(&self) -> bool {
        match &self.state {
            WindowState::Asking { .. } => true,
            WindowState::Building { upstream, .. } => upstream.took == 0,
            _ => false,
        }
    }

    /// Whether something is still to come.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        !matches!(self.state, WindowState::Idle | WindowState::Failed)
    }

    /// As it is shown outside.
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
        let (next, asked_end, upstream) = match &self.state {
            WindowState::Queued { not_before } => (Some(*not_before).filter(|t| *t > now), None, None),
            WindowState::Asking { end, .. } => (None, *end, None),
            WindowState::Building { upstream, next_look, .. } => {
                (Some(*next_look), upstream.end, Some(&upstream.id))
            }
            WindowState::Collecting { upstream, .. } => (None, upstream.end, Some(&upstream.id)),
            WindowState::Idle | WindowState::Failed => (None, None, None),
        };
        let copied = self.copy.as_ref().map(|copy| &copy.upstream);
        let upstream =
            upstream.or_else(|| self.fault.as_ref().and_then(|fault| fault.upstream.as_ref())).or(copied);
        api::WindowInfo {
            id: self.key.id(),
            start: self.key.start(),
            end: self
                .copy
                .as_ref()
                .map_or_else(|| asked_end.or_else(|| self.key.end_at(now.day())), |copy| copy.end),
            // A key with neither copy nor state is dropped by the Scheduler; if one is seen, it waits to be asked.
            state: served.or(next_copy).unwrap_or(api::WindowStatus::Queued),
            again: served.and(next_copy).filter(|state| *state != api::WindowStatus::Forgotten),
            tries: self.tries,
            since: self.since,
            next,
            upstream_request_id: upstream.map(|id| id.as_str().to_owned()),
            provisional_from,
            fault: self.fault.as_ref().map(|fault| fault.detail.clone()),
            forgotten: self.erasure.forgotten,
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

    fn built(window: &mut Window, id: &str, now: Timestamp) -> u32 {
        let end = window.key.end_at(now.day());
        window.start_asking(end, Vec::new(), "r", now);
        window.start_building(UpstreamId::parse(id).unwrap(), now, end, now);
        window.start_collecting(now).unwrap().0
    }

    #[test]
    fn a_provisional_copy_serves_under_that_name_while_it_is_asked_again() {
        let monday = at("2026-02-09 00:10:00");
        let mut window = window(monday);
        let lease = built(&mut window, "u1", monday);
        window.record_collection(lease, whole(), monday);
        assert_eq!(window.describe(monday).state, api::WindowStatus::Provisional);
        assert!(!window.request_if_needed(monday.plus(11 * HOUR)), "not worth asking yet");
        assert!(window.request_if_needed(monday.plus(12 * HOUR)));
        let shown = window.describe(monday);
        assert_eq!(
            (shown.state, shown.again),
            (api::WindowStatus::Provisional, Some(api::WindowStatus::Queued))
        );
        let later = at("2026-02-11 01:00:00");
        let lease = built(&mut window, "u2", later);
        window.record_collection(lease, whole(), later);
        assert_eq!(window.describe(later).state, api::WindowStatus::Ready);
        assert!(
            !window.request_if_needed(later.plus(999 * HOUR)),
            "a ready window is never asked again by itself"
        );
    }

    #[test]
    fn a_week_that_has_moved_on_is_asked_again_before_twelve_hours_are_over() {
        let wednesday = at("2026-02-04 23:00:00");
        let mut window = window(wednesday);
        let lease = built(&mut window, "u1", wednesday);
        window.record_collection(lease, whole(), wednesday);
        assert_eq!(window.describe(wednesday).end, "2026-02-04".parse().ok());
        assert!(!window.request_if_needed(wednesday.plus(30 * MINUTE)));
        assert!(window.request_if_needed(wednesday.plus(2 * HOUR)));
    }

    #[test]
    fn a_bad_file_is_fetched_once_more_before_it_is_built_anew() {
        let now = at("2026-03-01");
        let bad = || CollectOutcome::BadFile { detail: "The checksum does not fit.".into() };
        let mut window = window(now);
        let lease = built(&mut window, "u1", now);
        window.record_collection(lease, bad(), now);
        assert!(matches!(&window.state, WindowState::Building { upstream, .. } if upstream.fetched == 1));
        let (lease, ..) = window.start_collecting(now).unwrap();
        window.record_collection(lease, bad(), now);
        assert!(matches!(window.state, WindowState::Queued { .. }));
        let u1 = UpstreamId::parse("u1").unwrap();
        assert!(!window.can_adopt(&u1, now, None, now), "what failed us is not adopted");
        let lease = built(&mut window, "u2", now);
        window.record_collection(lease, bad(), now);
        assert_eq!(window.state, WindowState::Failed);
        let shown = window.describe(now);
        assert_eq!((shown.tries, shown.upstream_request_id.as_deref()), (3, Some("u2")));
        assert!(window.request_if_needed(now) && window.tries == 0, "asking again resets the tries");
    }

    #[test]
    fn a_word_under_an_old_lease_is_old_news() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let old = built(&mut window, "u1", now);
        window.poll_for_links(now, 0);
        let (lease, ..) = window.start_collecting(now).unwrap();
        let before = window.clone();
        window.record_collection(old, CollectOutcome::BadFile { detail: String::new() }, now);
        assert_eq!(window, before);
        window.record_collection(lease, whole(), now);
        assert_eq!(window.copy.as_ref().unwrap().generation, lease);
    }

    #[test]
    fn links_that_expire_are_not_tries_until_they_do_so_every_time() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let mut lease = built(&mut window, "u1", now);
        for _ in 0..2 {
            window.record_collection(lease, CollectOutcome::LinkExpired, now);
            assert_eq!(window.tries, 0);
            lease = window.start_collecting(now).unwrap().0;
        }
        window.record_collection(lease, CollectOutcome::LinkExpired, now);
        assert_eq!(window.tries, 1);
    }

    #[test]
    fn a_window_asked_again_after_its_request_was_stopped_goes_on_counting_leases() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let lease = built(&mut window, "u1", now);
        window.record_collection(lease, CollectOutcome::BadFile { detail: String::new() }, now);
        window.record_failed_try("twice bad", None, now);
        assert!(!window.leave_queue(now), "its object knows lease 1: it is not forgotten");
        assert!(window.request_if_needed(now));
        assert!(built(&mut window, "u2", now) > lease);
    }

    #[test]
    fn an_outage_of_the_storage_holds_no_slot_and_uses_up_no_chance_of_the_file() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let mut lease = built(&mut window, "u1", now);
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
    fn a_failed_window_with_a_final_copy_is_not_asked_again_by_itself() {
        let now = at("2026-03-01");
        let mut window = window(now);
        let lease = built(&mut window, "u1", now);
        window.record_collection(lease, whole(), now);
        assert!(window.request_again(now), "by hand it is");
        for id in ["u2", "u3", "u4"] {
            window.record_failed_try("Echo360 could not build the report.", UpstreamId::parse(id), now);
        }
        assert_eq!(window.state, WindowState::Failed);
        assert!(!window.request_if_needed(now.plus(99 * HOUR)));
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
