//! Tests the scheduler's invariants against a simulated Echo360 that fails, loses requests and replies, and
//! is used by others, on a host that crashes before and after every write and whose clock jumps.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use domain::erasure::{
    Erasure, ErasureProgress, IdentifierKind, Invalidation, PersonHash, RedactedTarget, RemainingRows,
    SweepFindings, SweepOutcome, Tombstones,
};
use domain::fair_queue::Request;
use domain::paging::CutOff;
use domain::range::Range;
use domain::report::ReportName;
use domain::report_listing::ReportListing;
use domain::request_list::RequestList;
use domain::scheduler::{
    Account, CollectProgress, ErasureTarget, MAX_DOUBT, MIN_LIST_GAP, Scheduler, Step, create_parameters,
};
use domain::shrinkage::{CopyChoice, SectionLoss, Shrinkage};
use domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp, minus_days, plus_days};
use domain::upstream::{UpstreamError, UpstreamId, UpstreamRequest, UpstreamStatus};
use domain::upstream_health::UpstreamFailure;
use domain::window::{Parameters, WindowKey, plan_windows};
use domain::window_state::{CollectOutcome, TRIES, Window, WindowState};
use domain::zone::Zone;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// An upstream request in the simulated Echo360.
struct SimulatedRequest {
    id: UpstreamId,
    report: String,
    parameters: Parameters,
    created: Timestamp,
    ready_at: Timestamp,
    /// Its status from `ready_at` on.
    final_status: UpstreamStatus,
    /// Whether Echo360 has lost it.
    is_lost: bool,
    /// Whether the scheduler made it, or another program with the same account.
    is_ours: bool,
}

/// A list that was read to its end.
fn complete(requests: Vec<UpstreamRequest>, started: Timestamp) -> Result<RequestList, UpstreamError> {
    Ok(RequestList { requests, started, cut_off: None })
}

impl SimulatedRequest {
    fn status(&self, now: Timestamp) -> UpstreamStatus {
        if now < self.ready_at { UpstreamStatus::Pending } else { self.final_status }
    }

    fn response(&self, now: Timestamp, with_links: bool) -> UpstreamRequest {
        let status = self.status(now);
        let links = if with_links && status == UpstreamStatus::Available {
            vec![format!("https://files/{}", self.id.as_str())]
        } else {
            Vec::new()
        };
        UpstreamRequest {
            id: self.id.clone(),
            status,
            report: self.report.clone(),
            parameters: self.parameters.clone(),
            created: Some(self.created),
            links,
        }
    }
}

/// The stored state of a simulated WindowStore.
#[derive(Default)]
struct Collector {
    lease: u32,
    until: Timestamp,
    outcome: Option<CollectOutcome>,
    /// Generations that were ever served, oldest first.
    published: Vec<u32>,
    /// Whether the file that is being collected is compared with the copy that is served.
    is_compared: bool,
    /// The people with rows in the file that is being collected.
    people_in_file: BTreeSet<&'static str>,
    /// The people with rows in the copy that is served.
    people_in_copy: BTreeSet<&'static str>,
    /// The lease and outcome of the last sweep.
    last_sweep: Option<(u32, SweepOutcome)>,
}

/// The people who have rows in every file.
const PEOPLE: [&str; 3] = ["u1", "u2", "u3"];

/// The course of all rows.
const COURSE: &str = "c";

/// A number that was counted from a copy's rows.
#[derive(Clone)]
struct Count {
    key: WindowKey,
    generation: u32,
    /// The people who were counted.
    people: BTreeSet<&'static str>,
}

/// Stores counts and drops those that are invalidated, as the Registry does with the weeks of shares.
#[derive(Default)]
struct CountStore {
    stored: Vec<Count>,
    /// Counted, but not stored yet.
    unstored: Vec<Count>,
    /// By window: counts of generations below this are invalid.
    invalid: BTreeMap<String, u32>,
    /// By window: copies of generations below this are deleted, so that erased rows cannot be found in them.
    deleted: BTreeMap<String, u32>,
}

impl CountStore {
    fn invalidate(&mut self, invalidation: Option<Invalidation>) {
        let raise = |bounds: &mut BTreeMap<String, u32>, window: String, before: u32| {
            let bound = bounds.entry(window).or_default();
            *bound = before.max(*bound);
        };
        match invalidation {
            None => {}
            // All rows are of one course.
            Some(Invalidation::Rows { window, before, .. }) => raise(&mut self.invalid, window, before),
            Some(Invalidation::Copies { window, before }) => raise(&mut self.deleted, window, before),
            Some(Invalidation::Person | Invalidation::Course(_) | Invalidation::Weeks { .. }) => {
                for (window, before) in self.deleted.clone() {
                    raise(&mut self.invalid, window, before);
                }
            }
        }
        let invalid = self.invalid.clone();
        self.stored.retain(|count| !is_invalid(&invalid, count));
    }

    fn store(&mut self) {
        let invalid = &self.invalid;
        let unstored = std::mem::take(&mut self.unstored);
        self.stored.extend(unstored.into_iter().filter(|count| !is_invalid(invalid, count)));
    }
}

fn is_invalid(invalid: &BTreeMap<String, u32>, count: &Count) -> bool {
    invalid.get(&count.key.full_id()).is_some_and(|before| count.generation < *before)
}

/// The people without a tombstone.
fn people_without(tombstones: &Tombstones) -> BTreeSet<&'static str> {
    let is_erased = |who: &&str| tombstones.people.iter().any(|person| person.given.0 == **who);
    PEOPLE.into_iter().filter(|who| !is_erased(who)).collect()
}

/// Pseudo-random decisions from the input of a property.
struct Chance<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether nothing goes wrong any more.
    calm: bool,
}

impl Chance<'_> {
    fn roll(&mut self) -> u8 {
        self.at += 1;
        self.bytes[self.at % self.bytes.len()]
    }

    /// True in about `percent` of 100 cases, never if calm.
    fn happens(&mut self, percent: u8) -> bool {
        let roll = self.roll();
        !self.calm && u16::from(roll) * 100 < u16::from(percent) * 256
    }
}

impl Collector {
    /// Sweeps the copy that is served.
    fn sweep(&mut self, lease: u32, tombstones: &Tombstones) -> SweepOutcome {
        let served = self.published.last().copied().unwrap_or(0);
        if served >= lease {
            return SweepOutcome::Moved;
        }
        let remaining: BTreeSet<&str> =
            self.people_in_copy.intersection(&people_without(tombstones)).copied().collect();
        let is_changed = remaining != self.people_in_copy;
        if is_changed {
            self.published.push(lease);
            self.people_in_copy = remaining;
        }
        let courses = is_changed.then(|| COURSE.into()).into_iter().collect();
        SweepOutcome::Clean {
            generation: served,
            remaining: is_changed.then_some(RemainingRows { rows: 1, bytes: 1 }),
            findings: SweepFindings { courses, ..SweepFindings::default() },
        }
    }
}

struct World<'a> {
    /// The scheduler's clock, which jumps.
    now: Timestamp,
    /// Echo360's clock, which does not.
    true_now: Timestamp,
    scheduler: Scheduler,
    /// The scheduler's state as it is stored (JSON), which survives a crash.
    windows: BTreeMap<WindowKey, String>,
    requests: BTreeMap<String, String>,
    account: String,
    erasure_ledger: String,
    erasures: BTreeMap<String, String>,
    upstream: Vec<SimulatedRequest>,
    collectors: BTreeMap<WindowKey, Collector>,
    counts: CountStore,
    keep_days: Option<u32>,
    chance: Chance<'a>,
    /// How many ids of requests and erasures were used.
    ids: u32,
    creates: u32,
}

struct Crashed;

impl World<'_> {
    fn save(&mut self) {
        let changes = self.scheduler.take_changes();
        for key in changes.windows {
            match self.scheduler.window(&key) {
                Some(window) => self.windows.insert(key, serde_json::to_string(window).unwrap()),
                None => self.windows.remove(&key),
            };
        }
        for id in changes.requests {
            match self.scheduler.request(&id) {
                Some(request) => self.requests.insert(id, serde_json::to_string(request).unwrap()),
                None => self.requests.remove(&id),
            };
        }
        if changes.account {
            self.account = serde_json::to_string(self.scheduler.account()).unwrap();
        }
        for id in changes.erasures {
            let entry = serde_json::to_string(self.scheduler.erasure(&id).unwrap()).unwrap();
            self.erasures.insert(id, entry);
        }
        if changes.erasure_ledger {
            self.erasure_ledger = serde_json::to_string(self.scheduler.erasure_ledger()).unwrap();
        }
    }

    fn pass(&mut self, ms: i64) {
        self.now = self.now.plus(ms);
        self.true_now = self.true_now.plus(ms);
    }

    fn crash(&mut self) {
        let windows: Vec<Window> = self.windows.values().map(|w| serde_json::from_str(w).unwrap()).collect();
        let requests: Vec<Request> =
            self.requests.values().map(|r| serde_json::from_str(r).unwrap()).collect();
        let account: Account = if self.account.is_empty() {
            Account::default()
        } else {
            serde_json::from_str(&self.account).unwrap()
        };
        self.scheduler = Scheduler::load(windows, requests, account);
        if let Some(days) = self.keep_days {
            self.scheduler.set_keep_days(days);
        }
        if !self.erasure_ledger.is_empty() {
            let entries = self.erasures.values().map(|entry| serde_json::from_str(entry).unwrap()).collect();
            self.scheduler.load_erasures(serde_json::from_str(&self.erasure_ledger).unwrap(), entries);
        }
    }

    /// The alarm: runs steps until the scheduler waits. It may crash at each call of [`Self::may_crash`].
    fn alarm(&mut self) {
        for _ in 0..60 {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(Crashed) => return self.crash(),
            }
        }
        panic!("an alarm never ended");
    }

    fn may_crash(&mut self) -> Result<(), Crashed> {
        if self.chance.happens(6) { Err(Crashed) } else { Ok(()) }
    }

    fn step(&mut self) -> Result<bool, Crashed> {
        let step = self.scheduler.next_step(self.now);
        self.may_crash()?;
        self.save();
        self.may_crash()?;
        if !matches!(step, Step::Wait(_) | Step::Idle) && !matches!(step, Step::Inquire { .. }) {
            self.scheduler.record_call(self.now);
        }
        match step {
            Step::Wait(at) => {
                let longest =
                    if self.scheduler.windows().any(Window::is_unfinished) { 5 * MINUTE } else { DAY };
                assert!(at > self.now && at.since(self.now) <= longest, "the alarm is set in time");
                return Ok(false);
            }
            Step::Idle => {
                assert!(!self.scheduler.windows().any(Window::is_unfinished), "unfinished without an alarm");
                return Ok(false);
            }
            Step::List => {
                let reply = self.random_error().map_or_else(
                    || {
                        let listed = self.upstream.iter().filter(|request| !request.is_lost);
                        complete(
                            listed.map(|request| request.response(self.true_now, false)).collect(),
                            self.now,
                        )
                    },
                    Err,
                );
                self.may_crash()?;
                self.scheduler.record_list(reply, self.now);
            }
            Step::Create { key, days } => {
                let reply = self.create(&key, create_parameters(&key, days));
                self.may_crash()?;
                self.scheduler.record_create(&key, reply, self.now);
            }
            Step::Poll { key, id } => {
                let reply = self.random_error().map_or_else(
                    || {
                        let found = self.upstream.iter().find(|request| request.id == id && !request.is_lost);
                        found
                            .map(|request| request.response(self.true_now, true))
                            .ok_or(UpstreamError::Absent)
                    },
                    Err,
                );
                self.may_crash()?;
                if let Some(handoff) = self.scheduler.record_poll(&key, &id, reply, self.now) {
                    self.save();
                    self.may_crash()?;
                    if !self.chance.happens(10) {
                        let collector = self.collectors.entry(handoff.key).or_default();
                        if handoff.lease > collector.lease {
                            collector.lease = handoff.lease;
                            collector.until = handoff.until;
                            collector.outcome = None;
                            collector.is_compared = handoff.shrinkage_check.is_some();
                            collector.people_in_file = people_without(&handoff.tombstones);
                        }
                    }
                }
            }
            Step::Inquire { key, lease } => {
                let progress = if self.chance.happens(10) {
                    None
                } else {
                    Some(match self.collectors.get(&key) {
                        Some(c) if c.lease == lease => {
                            c.outcome.clone().map_or(CollectProgress::Working, CollectProgress::Done)
                        }
                        _ => CollectProgress::Unknown,
                    })
                };
                if let Some(CollectProgress::Done(outcome)) = &progress {
                    self.counts.invalidate(self.scheduler.invalidation_by_copy(&key, lease, outcome));
                }
                self.may_crash()?;
                self.scheduler.record_inquiry(&key, lease, progress, self.now);
            }
            Step::Sweep { key, lease } => {
                let tombstones = self.scheduler.tombstones();
                if !self.chance.happens(15) {
                    let collector = self.collectors.entry(key.clone()).or_default();
                    if collector.last_sweep.as_ref().is_none_or(|(last, _)| *last < lease) {
                        collector.last_sweep = Some((lease, collector.sweep(lease, &tombstones)));
                    }
                    let (last, outcome) = collector.last_sweep.clone().unwrap();
                    self.may_crash()?;
                    let outcome = if last == lease { outcome } else { SweepOutcome::Moved };
                    if !self.chance.happens(20) {
                        self.counts.invalidate(self.scheduler.invalidation_by_sweep(&key, lease, &outcome));
                        self.may_crash()?;
                        self.scheduler.record_sweep(&key, lease, &outcome, self.now);
                    }
                }
            }
            Step::NotifyShares { erasure } => {
                self.counts.invalidate(self.scheduler.invalidation_by_erasure(&erasure));
                self.may_crash()?;
                self.scheduler.record_notification(&erasure, self.now);
            }
            Step::Wipe { key } => {
                self.counts.invalidate(self.scheduler.invalidation_by_wipe(&key));
                self.may_crash()?;
                if !self.chance.happens(15) {
                    // Deletes the leases too, even if a file is being collected whose lease counts as lost.
                    let collector = self.collectors.entry(key.clone()).or_default();
                    let published = std::mem::take(&mut collector.published);
                    *collector = Collector { published, ..Collector::default() };
                    self.may_crash()?;
                    self.scheduler.record_wipe(&key, self.now);
                }
            }
        }
        self.save();
        self.check();
        Ok(true)
    }

    fn random_error(&mut self) -> Option<UpstreamError> {
        self.chance.happens(15).then(|| match self.chance.roll() % 4 {
            0 => UpstreamError::TooMany { retry_after: Some(7 * SECOND) },
            1 => UpstreamError::Down { sent: true, retry_after: None },
            2 => UpstreamError::Denied { detail: "wrong secret".into() },
            _ => UpstreamError::TooMany { retry_after: None },
        })
    }

    fn in_flight(&self) -> usize {
        let is_pending = |request: &&SimulatedRequest| {
            !request.is_lost && request.status(self.true_now) == UpstreamStatus::Pending
        };
        self.upstream.iter().filter(is_pending).count()
    }

    fn create(&mut self, key: &WindowKey, parameters: Parameters) -> Result<UpstreamRequest, UpstreamError> {
        self.creates += 1;
        if self.chance.happens(6) {
            return Err(UpstreamError::Down { sent: false, retry_after: None });
        }
        if self.chance.happens(6) {
            // The create is lost on its way, which the scheduler cannot know.
            return Err(UpstreamError::Down { sent: true, retry_after: None });
        }
        if self.in_flight() >= 3 {
            let text = "limit of in-flight reports".into();
            return Err(UpstreamError::Refused { status: 409, text, retry_after: None });
        }
        let unfinished = self.upstream.iter().find(|request| {
            request.is_ours
                && !request.is_lost
                && request.report == key.report.as_str()
                && request.parameters == parameters
                && request.status(self.true_now) == UpstreamStatus::Pending
        });
        assert!(unfinished.is_none(), "two unfinished upstream requests for one window");
        let created = self.add_upstream_request(key.report.as_str(), parameters, true);
        if self.chance.happens(8) {
            return Err(UpstreamError::Down { sent: true, retry_after: None });
        }
        Ok(created)
    }

    fn add_upstream_request(
        &mut self,
        report: &str,
        parameters: Parameters,
        is_ours: bool,
    ) -> UpstreamRequest {
        let wait = i64::from(self.chance.roll()) * if self.chance.calm { SECOND } else { 20 * SECOND };
        let final_status = if self.chance.happens(20) {
            [UpstreamStatus::Failed, UpstreamStatus::Missing, UpstreamStatus::Expired]
                [usize::from(self.chance.roll() % 3)]
        } else {
            UpstreamStatus::Available
        };
        let request = SimulatedRequest {
            id: UpstreamId::parse(&format!("u{}", self.upstream.len())).unwrap(),
            report: report.to_owned(),
            parameters,
            created: self.true_now,
            ready_at: self.true_now.plus(wait),
            final_status,
            is_lost: false,
            is_ours,
        };
        let response = request.response(self.true_now, false);
        self.upstream.push(request);
        response
    }

    /// Runs each WindowStore in its own alarm. Its report to the scheduler may be lost on its way.
    fn collect(&mut self) {
        let keys: Vec<WindowKey> = self.collectors.keys().cloned().collect();
        for key in keys {
            let outcome = if self.chance.happens(25) {
                match self.chance.roll() % 4 {
                    0 => CollectOutcome::LinkExpired,
                    1 => CollectOutcome::Unreachable { detail: "no answer".into() },
                    _ => CollectOutcome::BadFile { detail: "checksum".into() },
                }
            } else {
                CollectOutcome::Whole { rows: 1, bytes: 1, header: "a".into() }
            };
            let (is_stalled, is_report_lost) = (self.chance.happens(30), self.chance.happens(30));
            let has_shrunk = self.chance.happens(30);
            let collector = self.collectors.get_mut(&key).unwrap();
            let outcome = match outcome {
                CollectOutcome::Whole { .. } if has_shrunk && collector.is_compared => {
                    CollectOutcome::Shrunken(Shrinkage { rows: 0, sections: Vec::new() })
                }
                outcome => outcome,
            };
            if collector.outcome.is_some() || is_stalled {
                continue;
            }
            // A WindowStore publishes no copy after its lease has ended.
            if self.now >= collector.until {
                continue;
            }
            if matches!(outcome, CollectOutcome::Whole { .. }) {
                collector.published.push(collector.lease);
                collector.people_in_copy = collector.people_in_file.clone();
            }
            collector.outcome = Some(outcome.clone());
            let lease = collector.lease;
            if !is_report_lost {
                self.counts.invalidate(self.scheduler.invalidation_by_copy(&key, lease, &outcome));
                self.scheduler.record_collection(&key, lease, outcome, self.now);
                self.save();
            }
        }
    }

    fn submit(&mut self, report: &str, person: &str, weeks_back: u64, weeks: u64) {
        let listing = ReportListing::from_reference(&ReportName::parse(report).unwrap()).unwrap();
        let today = self.now.day();
        let range =
            Range::new(minus_days(today, 7 * (weeks_back + weeks)), minus_days(today, 7 * weeks_back + 1));
        let range = (report != "asset").then(|| range.unwrap());
        let windows = plan_windows(&listing, range, &Zone::utc(), &Parameters::new(), self.now).unwrap();
        self.ids += 1;
        let request = Request {
            id: format!("r{}", self.ids),
            person: person.into(),
            report: listing.name,
            range,
            zone: "UTC".into(),
            parameters: Parameters::new(),
            created: self.now,
            asked: self.now,
            windows,
            turn: 0,
        };
        // The number that is charged to the quota is the number of windows that become unfinished.
        let (before, new) = (self.unfinished(), self.scheduler.count_new_windows(&request.windows, self.now));
        self.scheduler.submit(request, self.now);
        assert_eq!(self.unfinished(), before + new);
        assert!((new..=before + new).contains(&self.scheduler.count_unfinished(person)));
        self.save();
    }

    fn unfinished(&self) -> u32 {
        u32::try_from(self.scheduler.windows().filter(|window| window.is_unfinished()).count()).unwrap()
    }

    fn check(&self) {
        let unfinished = self
            .upstream
            .iter()
            .filter(|request| {
                request.is_ours
                    && !request.is_lost
                    && request.status(self.true_now) == UpstreamStatus::Pending
            })
            .count();
        assert!(unfinished <= 3, "{unfinished} upstream requests of ours in flight");
        for window in self.scheduler.windows() {
            assert!(window.shrunken.is_none() || window.copy.is_some(), "a loss without a fuller copy");
            let Some(copy) = &window.copy else { continue };
            let collector = &self.collectors[&window.key];
            assert!(collector.published.contains(&copy.generation), "a copy that no WindowStore has");
        }
        for entry in self.scheduler.erasures().iter().filter(|entry| entry.state == ErasureProgress::Done) {
            for (window, is_covered) in
                self.scheduler.windows().map(|window| (window, self.covers(entry, window)))
            {
                assert!(!is_covered || window.copy.is_none(), "a copy of erased days");
            }
            let RedactedTarget::Person { mark, .. } = &entry.what else { continue };
            let invalid = self.counts.stored.iter().find(|count| count.people.contains(mark.as_str()));
            assert!(
                invalid.is_none(),
                "a count of {mark} in {} is still stored",
                invalid.unwrap().key.full_id()
            );
            for window in self.scheduler.windows() {
                // The scheduler does not know a copy whose lease counted as lost before it was published.
                let known = window.copy.as_ref().map(|copy| copy.generation);
                let Some(collector) = self.collectors.get(&window.key) else { continue };
                let is_known = collector.published.last().copied() == known;
                assert!(
                    !is_known || !collector.people_in_copy.contains(mark.as_str()),
                    "rows of {mark} in {}",
                    window.key.full_id()
                );
            }
        }
    }

    /// Stores the counts of the last call, and counts again from the copies that are served.
    fn count(&mut self) {
        self.counts.store();
        for window in self.scheduler.windows().filter(|window| window.erasure.forgotten.is_none()) {
            let (Some(copy), Some(collector)) = (&window.copy, self.collectors.get(&window.key)) else {
                continue;
            };
            if collector.published.last() == Some(&copy.generation) {
                self.counts.unstored.push(Count {
                    key: window.key.clone(),
                    generation: copy.generation,
                    people: collector.people_in_copy.clone(),
                });
            }
        }
    }

    /// Whether an erasure of weeks contains a window that nobody retried by name since.
    fn covers(&self, entry: &Erasure, window: &Window) -> bool {
        let RedactedTarget::Range { from, to, .. } = &entry.what else { return false };
        let version = self.scheduler.erasure(&entry.id).unwrap().version;
        let days = window.key.start().zip(window.key.end());
        days.is_some_and(|(start, end)| *from <= start && minus_days(end, 1) <= *to)
            && window.erasure.waived_version < version
    }

    fn erase(&mut self, what: ErasureTarget) {
        self.ids += 1;
        self.scheduler.request_erasure(format!("f{}", self.ids), what, "ana", self.now);
        self.save();
    }

    fn erase_person(&mut self, who: usize) {
        self.erase(ErasureTarget::Person {
            mark: PersonHash(PEOPLE[who].to_owned()),
            named: IdentifierKind::Id,
        });
    }

    fn erase_weeks(&mut self, back: u64, weeks: u64) {
        let monday = minus_days(domain::time::monday(self.now.day()), 7 * back);
        let days = Range::new(monday, minus_days(plus_days(monday, 7 * weeks), 1)).unwrap();
        self.erase(ErasureTarget::Range { report: None, days });
    }
}

fn world(bytes: &[u8]) -> World<'_> {
    let now = Timestamp::parse("2026-03-11 09:00:00").unwrap();
    World {
        now,
        true_now: now,
        scheduler: Scheduler::default(),
        windows: BTreeMap::new(),
        requests: BTreeMap::new(),
        account: String::new(),
        erasure_ledger: String::new(),
        erasures: BTreeMap::new(),
        upstream: Vec::new(),
        collectors: BTreeMap::new(),
        counts: CountStore::default(),
        keep_days: None,
        chance: Chance { bytes, at: 0, calm: false },
        ids: 0,
        creates: 0,
    }
}

#[derive(Debug, Clone)]
enum Event {
    Alarm,
    /// So many milliseconds pass.
    Pass(i64),
    /// The scheduler's clock jumps by so many milliseconds.
    Jump(i64),
    /// The WindowStores run their alarms.
    Collect,
    /// A request: report, person, how many weeks back it ends, number of weeks.
    Submit(usize, usize, u64, u64),
    /// The request with this number is withdrawn.
    Withdraw(u32),
    /// The request with this number is retried.
    Retry(u32),
    /// Another program makes an upstream request for the first queued window.
    OtherProgram,
    /// Echo360 loses a finished upstream request.
    Lose,
    Crash,
    ErasePerson(usize),
    /// Erases weeks: how many weeks back they begin, number of weeks.
    EraseWeeks(u64, u64),
    /// The erasure with this number is canceled.
    CancelErasure(u32),
    /// Somebody counts from the copies.
    Count,
    /// From now on copies are kept for so many days.
    KeepDays(u32),
    /// An administrator chooses a copy of the first window that has lost rows.
    ChooseCopy(CopyChoice),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => Just(Event::Alarm),
        4 => (SECOND..10 * MINUTE).prop_map(Event::Pass),
        1 => (-2 * HOUR..6 * HOUR).prop_map(Event::Jump),
        4 => Just(Event::Collect),
        2 => (0usize..5, 0usize..3, 0u64..4, 1u64..15).prop_map(|(r, p, b, w)| Event::Submit(r, p, b, w)),
        1 => (1u32..8).prop_map(Event::Withdraw),
        1 => (1u32..8).prop_map(Event::Retry),
        1 => Just(Event::OtherProgram),
        1 => Just(Event::Lose),
        1 => Just(Event::Crash),
        1 => (0usize..3).prop_map(Event::ErasePerson),
        1 => (1u64..8, 1u64..4).prop_map(|(back, weeks)| Event::EraseWeeks(back, weeks)),
        1 => (1u32..8).prop_map(Event::CancelErasure),
        3 => Just(Event::Count),
        1 => prop_oneof![Just(10u32), Just(400)].prop_map(Event::KeepDays),
        1 => prop_oneof![Just(CopyChoice::Keep), Just(CopyChoice::Replace)].prop_map(Event::ChooseCopy),
    ]
}

const REPORTS: [&str; 5] = ["videoview", "polling", "assetbydate", "notes", "asset"];

fn apply(world: &mut World<'_>, event: &Event) {
    match event {
        Event::Alarm => world.alarm(),
        Event::Pass(ms) => world.pass(*ms),
        Event::Jump(ms) => world.now = world.now.plus(*ms),
        Event::Collect => world.collect(),
        Event::Submit(report, person, back, weeks) => {
            world.submit(REPORTS[*report], ["ana", "ben", "eve"][*person], *back, *weeks);
        }
        Event::Withdraw(n) => {
            world.scheduler.withdraw(&format!("r{n}"), world.now);
            world.save();
        }
        Event::Retry(n) => {
            let id = format!("r{n}");
            let (before, new) =
                (world.unfinished(), world.scheduler.count_retried_windows(&id, &[], world.now));
            world.scheduler.retry(&id, &[], true, world.now);
            assert_eq!(world.unfinished(), before + new);
            world.save();
        }
        Event::OtherProgram => {
            let queued =
                world.scheduler.windows().find(|w| matches!(w.state, WindowState::Queued { .. })).cloned();
            if let (Some(window), true) = (queued, world.in_flight() < 3) {
                let days = window.key.start().zip(window.key.end_at(world.now.day()));
                world.add_upstream_request(
                    window.key.report.as_str(),
                    create_parameters(&window.key, days),
                    false,
                );
            }
        }
        Event::Lose => {
            let (now, n) = (world.true_now, usize::from(world.chance.roll()));
            let done: Vec<&mut SimulatedRequest> = world
                .upstream
                .iter_mut()
                .filter(|request| request.status(now) != UpstreamStatus::Pending)
                .collect();
            let count = done.len().max(1);
            if let Some(request) = done.into_iter().nth(n % count) {
                request.is_lost = true;
            }
        }
        Event::Crash => world.crash(),
        Event::ErasePerson(who) => world.erase_person(*who),
        Event::EraseWeeks(back, weeks) => world.erase_weeks(*back, *weeks),
        Event::Count => world.count(),
        Event::KeepDays(days) => {
            world.keep_days = Some(*days);
            world.scheduler.set_keep_days(*days);
        }
        Event::ChooseCopy(choice) => {
            let shrunken = world.scheduler.windows().find(|window| window.row_loss().is_some());
            if let Some(key) = shrunken.map(|window| window.key.clone()) {
                world.ids += 1;
                let request = (format!("r{}", world.ids), "ana");
                assert!(world.scheduler.choose_copy(&key, *choice, request, world.now));
                world.save();
            }
        }
        Event::CancelErasure(n) => {
            world.scheduler.cancel_erasure(&format!("f{n}"), world.now);
            world.save();
        }
    }
    world.check();
}

/// Events that affect the copies of a few weeks and the counts from them.
fn counting_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => Just(Event::Alarm),
        6 => Just(Event::Collect),
        4 => Just(Event::Count),
        2 => (0u64..2).prop_map(|back| Event::Submit(3, 0, back, 1)),
        2 => (MINUTE..HOUR).prop_map(Event::Pass),
        2 => (DAY..20 * DAY).prop_map(Event::Pass),
        2 => (0usize..2).prop_map(Event::ErasePerson),
        1 => (1u64..4, 1u64..3).prop_map(|(back, weeks)| Event::EraseWeeks(back, weeks)),
        1 => (1u32..8).prop_map(Event::CancelErasure),
        1 => Just(Event::KeepDays(10)),
        1 => Just(Event::ChooseCopy(CopyChoice::Replace)),
        1 => Just(Event::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn when_an_erasure_is_done_no_copy_and_no_stored_count_contains_its_rows(
        events in prop::collection::vec(counting_event(), 20..160),
        chances in prop::collection::vec(any::<u8>(), 64..512),
        calm in any::<bool>(),
    ) {
        let mut world = world(&chances);
        world.chance.calm = calm;
        for event in &events {
            apply(&mut world, event);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_slot_limit_always_holds_and_all_work_comes_to_an_end(
        events in prop::collection::vec(event(), 1..160),
        chances in prop::collection::vec(any::<u8>(), 64..512),
    ) {
        let mut world = world(&chances);
        for event in &events {
            apply(&mut world, event);
        }
        // Then nothing goes wrong any more, and everything has to end without further events.
        world.chance.calm = true;
        for request in &mut world.upstream {
            request.final_status = UpstreamStatus::Available;
        }
        for _ in 0..4000 {
            world.alarm();
            world.collect();
            let is_erasing =
                world.scheduler.erasures().iter().any(|entry| entry.state == ErasureProgress::UnderWay);
            if !is_erasing && !world.scheduler.windows().any(Window::is_unfinished) {
                break;
            }
            let wake = match world.scheduler.next_step(world.now) {
                Step::Wait(at) => at.since(world.now),
                _ => SECOND,
            };
            world.pass(wake.min(20 * SECOND));
        }
        let tries: u32 = world.scheduler.windows().map(|w| u32::from(w.tries)).sum();
        for entry in world.scheduler.erasures() {
            prop_assert!(entry.state != ErasureProgress::UnderWay, "{entry:?} never ends");
        }
        world.check();
        for window in world.scheduler.windows() {
            prop_assert!(!window.is_unfinished(), "{:?} after {tries} tries", window.state);
            match window.state {
                WindowState::Failed => prop_assert!(window.tries >= TRIES && window.fault.is_some()),
                _ => {
                    let is_erased = window.erasure.forgotten.is_some();
                    prop_assert!(
                        window.copy.is_some() || window.lease > 0 || is_erased,
                        "an idle window without a copy, which no request waits for"
                    );
                }
            }
        }
    }
}

fn calm(world: &mut World<'_>) {
    world.chance.calm = true;
}

fn run_until_done(world: &mut World<'_>) {
    for _ in 0..10_000 {
        world.alarm();
        world.collect();
        if !world.scheduler.windows().any(Window::is_unfinished) {
            return;
        }
        world.pass(2 * SECOND);
    }
    panic!("never done");
}

#[test]
fn twelve_weeks_take_one_create_each() {
    let chances = [3u8, 9, 1, 7];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("videoview", "ana", 0, 12);
    world.submit("videoview", "ben", 0, 12);
    let windows = world.scheduler.windows().count();
    run_until_done(&mut world);
    assert_eq!(world.creates as usize, windows, "two people's requests share their windows");
}

#[test]
fn a_lost_reply_keeps_the_slot_until_a_list_shows_the_request() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    let Step::List = world.scheduler.next_step(world.now) else { panic!("the list comes before a create") };
    world.scheduler.record_list(complete(Vec::new(), world.now), world.now);
    let Step::Create { key, days } = world.scheduler.next_step(world.now) else { panic!("then the create") };
    let made = world.add_upstream_request("notes", create_parameters(&key, days), true);
    world.scheduler.record_create(
        &key,
        Err(UpstreamError::Down { sent: true, retry_after: None }),
        world.now,
    );
    world.save();
    world.crash();
    assert_eq!(world.scheduler.slots_held(), 1);
    world.now = world.now.plus(10 * SECOND);
    let Step::List = world.scheduler.next_step(world.now) else { panic!("a list is read again") };
    world.scheduler.record_list(complete(vec![made.clone()], world.now), world.now);
    assert!(
        matches!(&world.scheduler.window(&key).unwrap().state, WindowState::Building { upstream, .. } if upstream.id == made.id)
    );
}

#[test]
fn a_lost_create_is_repeated_only_after_two_lists_a_minute_apart() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    world.scheduler.next_step(world.now);
    world.scheduler.record_list(complete(Vec::new(), world.now), world.now);
    let Step::Create { key, .. } = world.scheduler.next_step(world.now) else { panic!("a create") };
    let started = world.now;
    world.save();
    world.crash();
    let mut lists = Vec::new();
    loop {
        match world.scheduler.next_step(world.now) {
            Step::List => {
                lists.push(world.now);
                world.scheduler.record_list(complete(Vec::new(), world.now), world.now);
            }
            Step::Create { key: again, .. } if again == key => break,
            Step::Create { key, days } => {
                let made = world.add_upstream_request("notes", create_parameters(&key, days), true);
                world.scheduler.record_create(&key, Ok(made), world.now);
            }
            Step::Poll { key, id } => {
                let refused =
                    Err(UpstreamError::Refused { status: 400, text: String::new(), retry_after: None });
                assert!(world.scheduler.record_poll(&key, &id, refused, world.now).is_none());
            }
            Step::Wait(at) => world.now = at,
            other => panic!("{other:?}"),
        }
        assert!(world.now.since(started) < 10 * MINUTE);
    }
    assert!(lists.len() >= 2 && lists[lists.len() - 1].since(lists[0]) >= MIN_LIST_GAP);
    assert_eq!(world.scheduler.window(&key).unwrap().tries, 0, "a lost create does not count as a try");
}

#[test]
fn lists_that_are_cut_off_stop_no_collecting_and_free_the_slot_of_a_lost_create_after_a_day() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 14, 14);
    let cut_off = |now| {
        let list = RequestList { requests: Vec::new(), started: now, cut_off: Some(CutOff::BadNext) };
        Ok(list)
    };
    let (mut lost, mut repeated_at, mut ready) = (None, None, BTreeSet::new());
    let started = world.now;
    while repeated_at.is_none() {
        match world.scheduler.next_step(world.now) {
            Step::List => world.scheduler.record_list(cut_off(world.now), world.now),
            // The reply to the first create is lost.
            Step::Create { key, .. } if lost.is_none() => {
                let reply = Err(UpstreamError::Down { sent: true, retry_after: None });
                world.scheduler.record_create(&key, reply, world.now);
                lost = Some(key);
            }
            Step::Create { key, .. } if lost.as_ref() == Some(&key) => repeated_at = Some(world.now),
            Step::Create { key, days } => {
                let made = world.add_upstream_request("notes", create_parameters(&key, days), true);
                world.scheduler.record_create(&key, Ok(made), world.now);
            }
            // One poll in a while does not find its request, which no list shows either.
            Step::Poll { key, id } if ready.len() == 3 => {
                ready.insert(key.clone());
                let handoff = world.scheduler.record_poll(&key, &id, Err(UpstreamError::Absent), world.now);
                assert!(handoff.is_none());
            }
            Step::Poll { key, id } => {
                let found = world.upstream.iter().find(|request| request.id == id).unwrap();
                let mut found = found.response(world.now, true);
                (found.status, found.links) = (UpstreamStatus::Available, vec!["https://files/1".into()]);
                let handoff = world.scheduler.record_poll(&key, &id, Ok(found), world.now).unwrap();
                let outcome = CollectOutcome::Whole { rows: 1, bytes: 1, header: String::new() };
                world.scheduler.record_collection(&key, handoff.lease, outcome, world.now);
                ready.insert(key);
            }
            Step::Wait(at) => world.now = at,
            other => panic!("{other:?}"),
        }
        let is_ready = |window: &&Window| window.copy.is_some() && window.tries == 0;
        if world.now.since(started) > HOUR {
            let windows = world.scheduler.windows().count();
            assert_eq!(world.scheduler.windows().filter(is_ready).count(), windows - 1);
        }
        assert!(world.now.since(started) < 2 * DAY);
    }
    assert!(repeated_at.unwrap().since(started) >= MAX_DOUBT);
}

#[test]
fn an_administrator_who_tries_again_ends_a_wait_for_retry_after() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    assert_eq!(world.scheduler.next_step(world.now), Step::List);
    let too_many = || Err(UpstreamError::TooMany { retry_after: Some(DAY) });
    world.scheduler.record_list(too_many(), world.now);
    let Step::Wait(_) = world.scheduler.next_step(world.now) else { panic!("a call during the pause") };
    let pause = world.scheduler.info(world.now).held.unwrap();
    assert_eq!(pause.until.since(world.now), HOUR, "the longest pause");
    world.scheduler.end_waits();
    assert_eq!(world.scheduler.info(world.now).held, None);
    assert_eq!(world.scheduler.next_step(world.now), Step::List);
}

#[test]
fn the_scheduler_waits_while_another_program_uses_all_slots() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    for n in 0..3 {
        world.add_upstream_request(
            "presentation",
            Parameters::from([("start".into(), format!("2026-01-0{n}"))]),
            false,
        );
    }
    world.submit("notes", "ana", 2, 1);
    world.alarm();
    assert_eq!(world.scheduler.info(world.now).held.unwrap().reason, domain::api::PauseReason::LimitReached);
    run_until_done(&mut world);
    assert!(world.scheduler.windows().all(|w| w.copy.is_some() && w.tries == 0));
}

#[test]
fn an_equal_upstream_request_of_another_program_is_adopted() {
    let chances = [10u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    apply(&mut world, &Event::OtherProgram);
    run_until_done(&mut world);
    let queued = world.scheduler.windows().count();
    assert_eq!(world.creates as usize, queued - 1);
}

#[test]
fn refused_credentials_pause_the_scheduler_and_requests_shorten_the_pause_only_once() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("asset", "ana", 0, 1);
    let denied = || Err(UpstreamError::Denied { detail: "invalid_client".into() });
    let mut refused = world.now;
    for _ in 0..6 {
        while let Step::Wait(at) = world.scheduler.next_step(world.now) {
            world.now = at;
        }
        world.scheduler.record_list(denied(), world.now);
        refused = world.now;
    }
    let held = world.scheduler.info(world.now).held.unwrap();
    assert_eq!(
        (held.reason, held.detail.as_str()),
        (domain::api::PauseReason::CredentialsRefused, "invalid_client")
    );
    assert!(held.until.since(refused) > MINUTE, "{}", held.until.since(refused));
    for _ in 0..5 {
        world.submit("asset", "ana", 0, 1);
    }
    let Step::Wait(soon) = world.scheduler.next_step(world.now) else { panic!("a call for every request") };
    assert_eq!(soon.since(refused), 20 * SECOND);
    world.now = soon;
    assert!(matches!(world.scheduler.next_step(world.now), Step::List));
}

#[test]
fn refused_credentials_need_an_administrator_until_a_call_is_answered() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("asset", "ana", 0, 1);
    assert_eq!(world.scheduler.upstream_failure(), None);
    while let Step::Wait(at) = world.scheduler.next_step(world.now) {
        world.now = at;
    }
    world.scheduler.record_list(Err(UpstreamError::Denied { detail: "invalid_client".into() }), world.now);
    // The pause is over long before anybody corrects the credentials.
    world.pass(DAY);
    assert_eq!(world.scheduler.info(world.now).held, None);
    world.save();
    world.crash();
    assert_eq!(world.scheduler.upstream_failure(), Some(UpstreamFailure::CredentialsRefused));
    world.scheduler.record_list(complete(Vec::new(), world.now), world.now);
    assert_eq!(world.scheduler.upstream_failure(), None);
}

#[test]
fn three_days_without_an_answer_need_an_administrator() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("asset", "ana", 0, 1);
    let down = || Err(UpstreamError::Down { sent: false, retry_after: None });
    for day in 0..3 {
        assert_eq!(world.scheduler.upstream_failure(), None, "day {day}");
        // Echo360 asks for patience: it is there.
        world.scheduler.record_list(Err(UpstreamError::TooMany { retry_after: None }), world.now);
        assert_eq!(world.scheduler.upstream_failure(), None, "day {day}");
        world.scheduler.record_list(down(), world.now);
        world.pass(DAY);
        world.save();
        world.crash();
    }
    assert_eq!(world.scheduler.upstream_failure(), Some(UpstreamFailure::FailedDays));
    world.scheduler.record_list(complete(Vec::new(), world.now), world.now);
    assert_eq!(world.scheduler.upstream_failure(), None);
}

#[test]
fn three_days_on_which_every_window_fails_need_an_administrator() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    for (day, report) in ["notes", "polling", "qanda"].into_iter().enumerate() {
        assert_eq!(world.scheduler.upstream_failure(), None, "day {day}");
        world.submit(report, "ana", 2, 1);
        for _ in 0..200 {
            for request in &mut world.upstream {
                request.final_status = UpstreamStatus::Failed;
            }
            world.alarm();
            world.pass(10 * SECOND);
        }
        assert!(world.scheduler.windows().all(|window| window.state == WindowState::Failed));
        world.pass(DAY);
    }
    assert_eq!(world.scheduler.upstream_failure(), Some(UpstreamFailure::FailedDays));
    world.submit("confused", "ana", 2, 1);
    run_until_done(&mut world);
    assert_eq!(world.scheduler.upstream_failure(), None, "one window was collected");
}

/// A world with one final week of notes with 1,000 rows, whose newer copy had 900: course `c` is gone.
fn shrunken_world(chances: &[u8]) -> (World<'_>, WindowKey) {
    let mut world = world(chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    run_until_done(&mut world);
    let key = world.scheduler.windows().next().unwrap().key.clone();
    let whole = CollectOutcome::Whole { rows: 1000, bytes: 1, header: "a".into() };
    let loss = SectionLoss { course: COURSE.into(), section: "s".into(), before: 100, after: 0 };
    let shrunken = CollectOutcome::Shrunken(Shrinkage { rows: 900, sections: vec![loss] });
    for outcome in [whole, shrunken] {
        let id = world.scheduler.requests().next().unwrap().id.clone();
        world.scheduler.retry(&id, &[key.id()], true, world.now);
        while !matches!(world.scheduler.window(&key).unwrap().state, WindowState::Collecting { .. }) {
            world.pass(SECOND);
            world.alarm();
        }
        let lease = world.scheduler.window(&key).unwrap().lease;
        world.collectors.get_mut(&key).unwrap().outcome = Some(outcome.clone());
        world.collectors.get_mut(&key).unwrap().published.push(lease);
        world.scheduler.record_collection(&key, lease, outcome, world.now);
        world.save();
    }
    assert!(world.scheduler.window(&key).unwrap().row_loss().is_some());
    (world, key)
}

#[test]
fn the_copy_that_an_administrator_chose_is_collected_without_another_build() {
    let chances = [1u8];
    let (mut world, key) = shrunken_world(&chances);
    let creates = world.creates;
    let id = world.scheduler.requests().next().unwrap().id.clone();
    world.pass(MINUTE);
    // Nobody waits for the week any more.
    world.scheduler.withdraw(&id, world.now);
    assert!(world.scheduler.choose_copy(&key, CopyChoice::Replace, ("r9".into(), "eve"), world.now));
    assert!(!world.scheduler.choose_copy(&key, CopyChoice::Replace, ("r10".into(), "eve"), world.now));
    let before = world.scheduler.window(&key).unwrap().copy.as_ref().unwrap().generation;
    run_until_done(&mut world);
    let window = world.scheduler.window(&key).unwrap();
    assert!(window.copy.as_ref().unwrap().generation > before && window.shrunken.is_none());
    assert_eq!(world.creates, creates, "its file was still at Echo360");
}

#[test]
fn an_erasure_of_what_was_lost_ends_the_question_and_another_erasure_changes_both_counts() {
    for (what, expected) in [
        (ErasureTarget::Course { id: COURSE.into() }, None),
        (ErasureTarget::Course { id: "another".into() }, Some((900, 800))),
    ] {
        let chances = [1u8];
        let (mut world, key) = shrunken_world(&chances);
        world.erase(what);
        let lease = loop {
            match world.scheduler.next_step(world.now) {
                Step::Sweep { lease, .. } => break lease,
                Step::NotifyShares { erasure } => world.scheduler.record_notification(&erasure, world.now),
                Step::Wait(at) => world.now = at,
                other => panic!("{other:?}"),
            }
        };
        let swept = SweepOutcome::Clean {
            generation: 1,
            remaining: Some(RemainingRows { rows: 900, bytes: 1 }),
            findings: SweepFindings::default(),
        };
        world.scheduler.record_sweep(&key, lease, &swept, world.now);
        let loss = world.scheduler.window(&key).unwrap().row_loss();
        assert_eq!(loss.map(|loss| (loss.rows, loss.new_rows)), expected);
    }
}

#[test]
fn a_request_with_a_lost_reply_is_recognized_despite_parameters_that_echo360_added() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    let mut creates = 0;
    while world.scheduler.windows().any(|window| !matches!(window.state, WindowState::Building { .. })) {
        match world.scheduler.next_step(world.now) {
            Step::List => {
                let listed =
                    world.upstream.iter().map(|request| request.response(request.created, false)).collect();
                world.scheduler.record_list(complete(listed, world.now), world.now);
            }
            Step::Create { key, days } => {
                creates += 1;
                let mut parameters = create_parameters(&key, days);
                parameters.insert("scope".into(), "all".into());
                world.add_upstream_request("notes", parameters, true);
                let lost = Err(UpstreamError::Down { sent: true, retry_after: None });
                world.scheduler.record_create(&key, lost, world.now);
            }
            Step::Poll { key, id } => {
                assert!(
                    world.scheduler.record_poll(&key, &id, Err(UpstreamError::Absent), world.now).is_none()
                );
            }
            Step::Wait(at) => world.now = at,
            other => panic!("{other:?}"),
        }
        assert!(creates <= world.scheduler.windows().count(), "a second create for one window");
    }
}

#[test]
fn of_two_possible_requests_the_one_with_exactly_our_parameters_is_chosen() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    let (key, days) = loop {
        match world.scheduler.next_step(world.now) {
            Step::List => world.scheduler.record_list(complete(Vec::new(), world.now), world.now),
            Step::Create { key, days } => break (key, days),
            other => panic!("{other:?}"),
        }
    };
    let ours = create_parameters(&key, days);
    let mut narrower = ours.clone();
    narrower.insert("scope".into(), "own".into());
    let others = world.add_upstream_request("notes", narrower, false);
    let made = world.add_upstream_request("notes", ours, true);
    world.scheduler.record_create(
        &key,
        Err(UpstreamError::Down { sent: true, retry_after: None }),
        world.now,
    );
    while !matches!(world.scheduler.next_step(world.now), Step::List) {
        world.pass(SECOND);
    }
    world.scheduler.record_list(complete(vec![others, made.clone()], world.now), world.now);
    let WindowState::Building { upstream, .. } = &world.scheduler.window(&key).unwrap().state else {
        panic!()
    };
    assert_eq!(upstream.id, made.id);
}

#[test]
fn a_request_that_is_repeated_every_day_does_not_expire() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    world.submit("polling", "ben", 2, 1);
    run_until_done(&mut world);
    let daily = world.scheduler.requests().find(|request| request.person == "ana").unwrap().clone();
    for _ in 0..100 {
        world.pass(DAY);
        world.scheduler.submit(daily.clone(), world.now);
        run_until_done(&mut world);
        world.scheduler.drop_old_requests(world.now);
    }
    let left: Vec<&str> = world.scheduler.requests().map(|request| request.person.as_str()).collect();
    assert_eq!(left, ["ana"]);
}

#[test]
fn withdrawing_a_request_empties_the_queue_but_finishes_windows_that_are_being_built() {
    let chances = [50u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("videoview", "ana", 1, 6);
    world.alarm();
    let id = world.scheduler.requests().next().unwrap().id.clone();
    assert!(world.scheduler.withdraw(&id, world.now));
    assert_eq!(world.scheduler.windows().count(), 3, "three windows are being built");
    world.save();
    run_until_done(&mut world);
    assert_eq!(world.scheduler.windows().filter(|w| w.copy.is_some()).count(), 3);
}

#[test]
fn days_that_have_become_too_old_are_not_requested_from_echo360() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("assetbydate", "ana", 51, 1);
    world.pass(30 * DAY);
    run_until_done(&mut world);
    assert_eq!(world.creates, 0);
    assert!(world.scheduler.windows().all(|w| w.state == WindowState::Failed));
    assert!(!world.scheduler.windows().any(Window::was_given_up), "that is no failure of Echo360's");
}

#[test]
fn a_request_that_polls_never_find_is_given_up_although_lists_show_it() {
    let chances = [0u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.submit("notes", "ana", 2, 1);
    let mut polls = 0;
    for _ in 0..200 {
        match world.scheduler.next_step(world.now) {
            Step::List => {
                let listed =
                    world.upstream.iter().map(|request| request.response(request.created, false)).collect();
                world.scheduler.record_list(complete(listed, world.now), world.now);
            }
            Step::Create { key, days } => {
                let made = world.add_upstream_request("notes", create_parameters(&key, days), true);
                world.scheduler.record_create(&key, Ok(made), world.now);
            }
            Step::Poll { key, id } => {
                polls += 1;
                assert!(
                    world.scheduler.record_poll(&key, &id, Err(UpstreamError::Absent), world.now).is_none()
                );
            }
            Step::Wait(at) => world.now = at,
            Step::Inquire { .. } | Step::Sweep { .. } | Step::Wipe { .. } | Step::NotifyShares { .. } => {
                panic!("nothing is being collected")
            }
            Step::Idle => break,
        }
    }
    assert!(
        polls > 0 && world.scheduler.windows().all(|window| window.state == WindowState::Failed),
        "{polls} polls"
    );
}
