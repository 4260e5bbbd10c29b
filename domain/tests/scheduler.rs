//! The scheduler against an upstream that lies, fails, forgets and is used by others, on a machine that crashes on
//! either side of every write and whose clock jumps: what must hold, holds.

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
use domain::range::Range;
use domain::report::ReportName;
use domain::report_listing::ReportListing;
use domain::scheduler::{
    Account, CollectProgress, ErasureTarget, LISTS_APART, Scheduler, Step, create_parameters,
};
use domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp, minus_days, plus_days};
use domain::upstream::{UpstreamError, UpstreamId, UpstreamRequest, UpstreamStatus};
use domain::window::{Parameters, WindowKey, plan_windows};
use domain::window_state::{CollectOutcome, TRIES, Window, WindowState};
use domain::zone::Zone;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// An upstream request inside the stand-in.
struct Made {
    id: UpstreamId,
    report: String,
    parameters: Parameters,
    created: Timestamp,
    ready_at: Timestamp,
    ends: UpstreamStatus,
    gone: bool,
    /// Made by the scheduler's own account use, not by "somebody else".
    ours: bool,
}

impl Made {
    fn status(&self, now: Timestamp) -> UpstreamStatus {
        if now < self.ready_at { UpstreamStatus::Pending } else { self.ends }
    }

    fn shown(&self, now: Timestamp, with_links: bool) -> UpstreamRequest {
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

/// A WindowStore object: what it has written down.
#[derive(Default)]
struct Collector {
    lease: u32,
    until: Timestamp,
    outcome: Option<CollectOutcome>,
    made_current: Vec<u32>,
    /// Whose rows the file has that is being collected, and the copy that is served.
    comes: BTreeSet<&'static str>,
    holds: BTreeSet<&'static str>,
    /// The last going over its copy, and how it ended.
    swept: Option<(u32, SweepOutcome)>,
}

/// Everybody who ever did anything.
const PEOPLE: [&str; 3] = ["u1", "u2", "u3"];

/// The course of all rows.
const COURSE: &str = "c";

/// What somebody counted from a copy's rows.
#[derive(Clone)]
struct Counted {
    key: WindowKey,
    generation: u32,
    of: BTreeSet<&'static str>,
}

/// Whoever keeps what was counted, and drops what it hears to be lost, as the Registry does with the weeks of shares.
#[derive(Default)]
struct Keeper {
    kept: Vec<Counted>,
    /// Read, and not kept yet.
    coming: Vec<Counted>,
    lost: BTreeMap<String, u32>,
    gone: BTreeMap<String, u32>,
}

impl Keeper {
    fn hear(&mut self, loss: Option<Invalidation>) {
        let raise = |to: &mut BTreeMap<String, u32>, window: String, before: u32| {
            let known = to.entry(window).or_default();
            *known = before.max(*known);
        };
        match loss {
            None => {}
            // One course holds all rows.
            Some(Invalidation::Rows { window, before, .. }) => raise(&mut self.lost, window, before),
            Some(Invalidation::Copies { window, before }) => raise(&mut self.gone, window, before),
            Some(Invalidation::Person | Invalidation::Course(_) | Invalidation::Weeks { .. }) => {
                for (window, before) in self.gone.clone() {
                    raise(&mut self.lost, window, before);
                }
            }
        }
        let lost = self.lost.clone();
        self.kept.retain(|counted| !is_lost(&lost, counted));
    }

    fn keep(&mut self) {
        let lost = &self.lost;
        let coming = std::mem::take(&mut self.coming);
        self.kept.extend(coming.into_iter().filter(|counted| !is_lost(lost, counted)));
    }
}

fn is_lost(lost: &BTreeMap<String, u32>, counted: &Counted) -> bool {
    lost.get(&counted.key.full_id()).is_some_and(|before| counted.generation < *before)
}

/// Those who are not kept out.
fn all_but(tombstones: &Tombstones) -> BTreeSet<&'static str> {
    let is_out = |who: &&str| tombstones.people.iter().any(|person| person.given.0 == **who);
    PEOPLE.into_iter().filter(|who| !is_out(who)).collect()
}

/// A string of chances, given by the property's input.
struct Chance<'a> {
    bytes: &'a [u8],
    at: usize,
    calm: bool,
}

impl Chance<'_> {
    fn roll(&mut self) -> u8 {
        self.at += 1;
        self.bytes[self.at % self.bytes.len()]
    }

    /// True about `percent` of the time, never when calm.
    fn happens(&mut self, percent: u8) -> bool {
        let roll = self.roll();
        !self.calm && u16::from(roll) * 100 < u16::from(percent) * 256
    }
}

impl Collector {
    /// Goes over the copy that is served.
    fn sweep(&mut self, lease: u32, tombstones: &Tombstones) -> SweepOutcome {
        let served = self.made_current.last().copied().unwrap_or(0);
        if served >= lease {
            return SweepOutcome::Moved;
        }
        let left: BTreeSet<&str> = self.holds.intersection(&all_but(tombstones)).copied().collect();
        let is_changed = left != self.holds;
        if is_changed {
            self.made_current.push(lease);
            self.holds = left;
        }
        let courses = is_changed.then(|| COURSE.into()).into_iter().collect();
        SweepOutcome::Clean {
            generation: served,
            left: is_changed.then_some(RemainingRows { rows: 1, bytes: 1 }),
            met: SweepFindings { courses, ..SweepFindings::default() },
        }
    }
}

struct World<'a> {
    /// The scheduler's clock, which jumps; the upstream's own does not.
    now: Timestamp,
    true_now: Timestamp,
    scheduler: Scheduler,
    /// What survives a crash, in the form in which it is stored.
    windows: BTreeMap<WindowKey, String>,
    requests: BTreeMap<String, String>,
    account: String,
    erasure_ledger: String,
    erasures: BTreeMap<String, String>,
    upstream: Vec<Made>,
    collectors: BTreeMap<WindowKey, Collector>,
    keeper: Keeper,
    keep_days: Option<u32>,
    chance: Chance<'a>,
    asks: u32,
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

    /// The alarm: steps until the scheduler waits, with a crash possible at each seam.
    fn alarm(&mut self) {
        for _ in 0..60 {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(Crashed) => return self.crash(),
            }
        }
        panic!("an alarm never came to rest");
    }

    fn seam(&mut self) -> Result<(), Crashed> {
        if self.chance.happens(6) { Err(Crashed) } else { Ok(()) }
    }

    fn step(&mut self) -> Result<bool, Crashed> {
        let step = self.scheduler.next_step(self.now);
        self.seam()?;
        self.save();
        self.seam()?;
        if !matches!(step, Step::Wait(_) | Step::Idle) && !matches!(step, Step::Inquire { .. }) {
            self.scheduler.record_call(self.now);
        }
        match step {
            Step::Wait(at) => {
                let longest =
                    if self.scheduler.windows().any(Window::is_unfinished) { 5 * MINUTE } else { DAY };
                assert!(at > self.now && at.since(self.now) <= longest, "a wake that comes");
                return Ok(false);
            }
            Step::Idle => {
                assert!(!self.scheduler.windows().any(Window::is_unfinished), "unfinished, and no alarm");
                return Ok(false);
            }
            Step::List => {
                let reply = self.trouble().map_or_else(
                    || {
                        Ok(self
                            .upstream
                            .iter()
                            .filter(|m| !m.gone)
                            .map(|m| m.shown(self.true_now, false))
                            .collect())
                    },
                    Err,
                );
                self.seam()?;
                self.scheduler.record_list(reply, self.now);
            }
            Step::Create { key, days } => {
                let reply = self.create(&key, create_parameters(&key, days));
                self.seam()?;
                self.scheduler.record_create(&key, reply, self.now);
            }
            Step::Poll { key, id } => {
                let reply = self.trouble().map_or_else(
                    || {
                        let made = self.upstream.iter().find(|m| m.id == id && !m.gone);
                        made.map(|m| m.shown(self.true_now, true)).ok_or(UpstreamError::Absent)
                    },
                    Err,
                );
                self.seam()?;
                if let Some(hand) = self.scheduler.record_poll(&key, &id, reply, self.now) {
                    self.save();
                    self.seam()?;
                    if !self.chance.happens(10) {
                        let collector = self.collectors.entry(hand.key).or_default();
                        if hand.lease > collector.lease {
                            collector.lease = hand.lease;
                            collector.until = hand.until;
                            collector.outcome = None;
                            collector.comes = all_but(&hand.tombstones);
                        }
                    }
                }
            }
            Step::Inquire { key, lease } => {
                let answer = if self.chance.happens(10) {
                    None
                } else {
                    Some(match self.collectors.get(&key) {
                        Some(c) if c.lease == lease => {
                            c.outcome.clone().map_or(CollectProgress::Working, CollectProgress::Done)
                        }
                        _ => CollectProgress::Unknown,
                    })
                };
                if let Some(CollectProgress::Done(outcome)) = &answer {
                    self.keeper.hear(self.scheduler.invalidation_by_copy(&key, lease, outcome));
                }
                self.seam()?;
                self.scheduler.record_inquiry(&key, lease, answer, self.now);
            }
            Step::Sweep { key, lease } => {
                let tombstones = self.scheduler.tombstones();
                if !self.chance.happens(15) {
                    let collector = self.collectors.entry(key.clone()).or_default();
                    if collector.swept.as_ref().is_none_or(|(known, _)| *known < lease) {
                        collector.swept = Some((lease, collector.sweep(lease, &tombstones)));
                    }
                    let (known, swept) = collector.swept.clone().unwrap();
                    self.seam()?;
                    let swept = if known == lease { swept } else { SweepOutcome::Moved };
                    if !self.chance.happens(20) {
                        self.keeper.hear(self.scheduler.invalidation_by_sweep(&key, lease, &swept));
                        self.seam()?;
                        self.scheduler.record_sweep(&key, lease, &swept, self.now);
                    }
                }
            }
            Step::NotifyShares { erasure } => {
                self.keeper.hear(self.scheduler.invalidation_by_erasure(&erasure));
                self.seam()?;
                self.scheduler.record_notification(&erasure, self.now);
            }
            Step::Wipe { key } => {
                self.keeper.hear(self.scheduler.invalidation_by_wipe(&key));
                self.seam()?;
                if !self.chance.happens(15) {
                    // Its object may be at a file whose lease was given up, and knows no lease afterwards.
                    let collector = self.collectors.entry(key.clone()).or_default();
                    let made_current = std::mem::take(&mut collector.made_current);
                    *collector = Collector { made_current, ..Collector::default() };
                    self.seam()?;
                    self.scheduler.record_wipe(&key, self.now);
                }
            }
        }
        self.save();
        self.check();
        Ok(true)
    }

    fn trouble(&mut self) -> Option<UpstreamError> {
        self.chance.happens(15).then(|| match self.chance.roll() % 4 {
            0 => UpstreamError::TooMany { retry_after: Some(7 * SECOND) },
            1 => UpstreamError::Down { sent: true, retry_after: None },
            2 => UpstreamError::Denied { detail: "wrong secret".into() },
            _ => UpstreamError::TooMany { retry_after: None },
        })
    }

    fn in_flight(&self) -> usize {
        self.upstream.iter().filter(|m| !m.gone && m.status(self.true_now) == UpstreamStatus::Pending).count()
    }

    fn create(&mut self, key: &WindowKey, parameters: Parameters) -> Result<UpstreamRequest, UpstreamError> {
        self.creates += 1;
        if self.chance.happens(6) {
            return Err(UpstreamError::Down { sent: false, retry_after: None });
        }
        if self.chance.happens(6) {
            // The request is lost on its way; the scheduler cannot know.
            return Err(UpstreamError::Down { sent: true, retry_after: None });
        }
        if self.in_flight() >= 3 {
            let text = "limit of in-flight reports".into();
            return Err(UpstreamError::Refused { status: 409, text, retry_after: None });
        }
        let live = self.upstream.iter().find(|m| {
            m.ours
                && !m.gone
                && m.report == key.report.as_str()
                && m.parameters == parameters
                && m.status(self.true_now) == UpstreamStatus::Pending
        });
        assert!(live.is_none(), "two live asks for one window");
        let shown = self.make(key.report.as_str(), parameters, true);
        if self.chance.happens(8) {
            return Err(UpstreamError::Down { sent: true, retry_after: None });
        }
        Ok(shown)
    }

    fn make(&mut self, report: &str, parameters: Parameters, ours: bool) -> UpstreamRequest {
        let wait = i64::from(self.chance.roll()) * if self.chance.calm { SECOND } else { 20 * SECOND };
        let ends = if self.chance.happens(20) {
            [UpstreamStatus::Failed, UpstreamStatus::Missing, UpstreamStatus::Expired]
                [usize::from(self.chance.roll() % 3)]
        } else {
            UpstreamStatus::Available
        };
        let made = Made {
            id: UpstreamId::parse(&format!("u{}", self.upstream.len())).unwrap(),
            report: report.to_owned(),
            parameters,
            created: self.true_now,
            ready_at: self.true_now.plus(wait),
            ends,
            gone: false,
            ours,
        };
        let shown = made.shown(self.true_now, false);
        self.upstream.push(made);
        shown
    }

    /// The WindowStore objects work, each in its own alarm; their word may be lost on its way.
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
            let (stall, lost) = (self.chance.happens(30), self.chance.happens(30));
            let collector = self.collectors.get_mut(&key).unwrap();
            if collector.outcome.is_some() || stall {
                continue;
            }
            // A WindowStore makes nothing current once its lease is over.
            if self.now >= collector.until {
                continue;
            }
            if matches!(outcome, CollectOutcome::Whole { .. }) {
                collector.made_current.push(collector.lease);
                collector.holds = collector.comes.clone();
            }
            collector.outcome = Some(outcome.clone());
            let lease = collector.lease;
            if !lost {
                self.keeper.hear(self.scheduler.invalidation_by_copy(&key, lease, &outcome));
                self.scheduler.record_collection(&key, lease, outcome, self.now);
                self.save();
            }
        }
    }

    fn ask(&mut self, report: &str, person: &str, weeks_back: u64, weeks: u64) {
        let offer = ReportListing::from_reference(&ReportName::parse(report).unwrap()).unwrap();
        let today = self.now.day();
        let range =
            Range::new(minus_days(today, 7 * (weeks_back + weeks)), minus_days(today, 7 * weeks_back + 1));
        let range = (report != "asset").then(|| range.unwrap());
        let windows = plan_windows(&offer, range, &Zone::utc(), &Parameters::new(), self.now).unwrap();
        self.asks += 1;
        let request = Request {
            id: format!("r{}", self.asks),
            person: person.into(),
            report: offer.name,
            range,
            zone: "UTC".into(),
            parameters: Parameters::new(),
            created: self.now,
            asked: self.now,
            windows,
            turn: 0,
        };
        // What a quota is taken from is what is really begun.
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
            .filter(|m| m.ours && !m.gone && m.status(self.true_now) == UpstreamStatus::Pending)
            .count();
        assert!(unfinished <= 3, "{unfinished} upstream requests of ours in flight");
        for window in self.scheduler.windows() {
            let Some(copy) = &window.copy else { continue };
            let collector = &self.collectors[&window.key];
            assert!(collector.made_current.contains(&copy.generation), "a copy that no Window holds");
        }
        for entry in self.scheduler.erasures().iter().filter(|entry| entry.state == ErasureProgress::Done) {
            for (window, is_covered) in
                self.scheduler.windows().map(|window| (window, self.covers(entry, window)))
            {
                assert!(!is_covered || window.copy.is_none(), "a copy of days that are forgotten");
            }
            let RedactedTarget::Person { mark, .. } = &entry.what else { continue };
            let told = self.keeper.kept.iter().find(|counted| counted.of.contains(mark.as_str()));
            assert!(told.is_none(), "what counted {mark} is kept of {}", told.unwrap().key.full_id());
            for window in self.scheduler.windows() {
                // Of a copy that was made when its lease had been given up, the scheduler knows when it is told.
                let known = window.copy.as_ref().map(|copy| copy.generation);
                let Some(object) = self.collectors.get(&window.key) else { continue };
                let is_known = object.made_current.last().copied() == known;
                assert!(!is_known || !object.holds.contains(mark.as_str()), "{}", window.key.full_id());
            }
        }
    }

    /// Somebody counts from the copies that are here; what they counted before is kept.
    fn count(&mut self) {
        self.keeper.keep();
        for window in self.scheduler.windows().filter(|window| window.erasure.forgotten.is_none()) {
            let (Some(copy), Some(object)) = (&window.copy, self.collectors.get(&window.key)) else {
                continue;
            };
            if object.made_current.last() == Some(&copy.generation) {
                self.keeper.coming.push(Counted {
                    key: window.key.clone(),
                    generation: copy.generation,
                    of: object.holds.clone(),
                });
            }
        }
    }

    /// Whether a window lies in what is forgotten, and nobody asked for it by hand since.
    fn covers(&self, entry: &Erasure, window: &Window) -> bool {
        let RedactedTarget::Range { from, to, .. } = &entry.what else { return false };
        let version = self.scheduler.erasure(&entry.id).unwrap().version;
        let days = window.key.start().zip(window.key.end());
        days.is_some_and(|(start, end)| *from <= start && minus_days(end, 1) <= *to)
            && window.erasure.waived_version < version
    }

    fn forget(&mut self, what: ErasureTarget) {
        self.asks += 1;
        self.scheduler.request_erasure(format!("f{}", self.asks), what, "ana", self.now);
        self.save();
    }

    fn forget_person(&mut self, who: usize) {
        self.forget(ErasureTarget::Person {
            mark: PersonHash(PEOPLE[who].to_owned()),
            named: IdentifierKind::Id,
        });
    }

    fn forget_weeks(&mut self, back: u64, weeks: u64) {
        let monday = minus_days(domain::time::monday(self.now.day()), 7 * back);
        let days = Range::new(monday, minus_days(plus_days(monday, 7 * weeks), 1)).unwrap();
        self.forget(ErasureTarget::Range { report: None, days });
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
        keeper: Keeper::default(),
        keep_days: None,
        chance: Chance { bytes, at: 0, calm: false },
        asks: 0,
        creates: 0,
    }
}

#[derive(Debug, Clone)]
enum Event {
    Alarm,
    Pass(i64),
    Jump(i64),
    Collect,
    Ask(usize, usize, u64, u64),
    Withdraw(u32),
    Retry(u32),
    SomebodyElse,
    Lose,
    Crash,
    Forget(usize),
    ForgetWeeks(u64, u64),
    Lift(u32),
    Count,
    Age(u32),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => Just(Event::Alarm),
        4 => (SECOND..10 * MINUTE).prop_map(Event::Pass),
        1 => (-2 * HOUR..6 * HOUR).prop_map(Event::Jump),
        4 => Just(Event::Collect),
        2 => (0usize..5, 0usize..3, 0u64..4, 1u64..15).prop_map(|(r, p, b, w)| Event::Ask(r, p, b, w)),
        1 => (1u32..8).prop_map(Event::Withdraw),
        1 => (1u32..8).prop_map(Event::Retry),
        1 => Just(Event::SomebodyElse),
        1 => Just(Event::Lose),
        1 => Just(Event::Crash),
        1 => (0usize..3).prop_map(Event::Forget),
        1 => (1u64..8, 1u64..4).prop_map(|(back, weeks)| Event::ForgetWeeks(back, weeks)),
        1 => (1u32..8).prop_map(Event::Lift),
        3 => Just(Event::Count),
        1 => prop_oneof![Just(10u32), Just(400)].prop_map(Event::Age),
    ]
}

const ASKED: [&str; 5] = ["videoview", "polling", "assetbydate", "notes", "asset"];

fn happen(world: &mut World<'_>, event: &Event) {
    match event {
        Event::Alarm => world.alarm(),
        Event::Pass(ms) => world.pass(*ms),
        Event::Jump(ms) => world.now = world.now.plus(*ms),
        Event::Collect => world.collect(),
        Event::Ask(report, person, back, weeks) => {
            world.ask(ASKED[*report], ["ana", "ben", "eve"][*person], *back, *weeks);
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
        Event::SomebodyElse => {
            let queued =
                world.scheduler.windows().find(|w| matches!(w.state, WindowState::Queued { .. })).cloned();
            if let (Some(window), true) = (queued, world.in_flight() < 3) {
                let days = window.key.start().zip(window.key.end_at(world.now.day()));
                world.make(window.key.report.as_str(), create_parameters(&window.key, days), false);
            }
        }
        Event::Lose => {
            let (now, n) = (world.true_now, usize::from(world.chance.roll()));
            let done: Vec<&mut Made> =
                world.upstream.iter_mut().filter(|m| m.status(now) != UpstreamStatus::Pending).collect();
            let count = done.len().max(1);
            if let Some(made) = done.into_iter().nth(n % count) {
                made.gone = true;
            }
        }
        Event::Crash => world.crash(),
        Event::Forget(who) => world.forget_person(*who),
        Event::ForgetWeeks(back, weeks) => world.forget_weeks(*back, *weeks),
        Event::Count => world.count(),
        Event::Age(days) => {
            world.keep_days = Some(*days);
            world.scheduler.set_keep_days(*days);
        }
        Event::Lift(n) => {
            world.scheduler.cancel_erasure(&format!("f{n}"), world.now);
            world.save();
        }
    }
    world.check();
}

/// What happens to the copies of a few weeks, and to what was counted from them.
fn event_of_counting() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => Just(Event::Alarm),
        6 => Just(Event::Collect),
        4 => Just(Event::Count),
        2 => (0u64..2).prop_map(|back| Event::Ask(3, 0, back, 1)),
        2 => (MINUTE..HOUR).prop_map(Event::Pass),
        2 => (DAY..20 * DAY).prop_map(Event::Pass),
        2 => (0usize..2).prop_map(Event::Forget),
        1 => (1u64..4, 1u64..3).prop_map(|(back, weeks)| Event::ForgetWeeks(back, weeks)),
        1 => (1u32..8).prop_map(Event::Lift),
        1 => Just(Event::Age(10)),
        1 => Just(Event::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_kept_that_counted_somebody_whose_forgetting_is_done(
        events in prop::collection::vec(event_of_counting(), 20..160),
        chances in prop::collection::vec(any::<u8>(), 64..512),
        calm in any::<bool>(),
    ) {
        let mut world = world(&chances);
        world.chance.calm = calm;
        for event in &events {
            happen(&mut world, event);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_three_slots_one_ask_a_window_and_an_end(
        events in prop::collection::vec(event(), 1..160),
        chances in prop::collection::vec(any::<u8>(), 64..512),
    ) {
        let mut world = world(&chances);
        for event in &events {
            happen(&mut world, event);
        }
        // Then all is calm: everything comes to an end, without anybody doing anything.
        world.chance.calm = true;
        for made in &mut world.upstream {
            made.ends = UpstreamStatus::Available;
        }
        for _ in 0..4000 {
            world.alarm();
            world.collect();
            let forgets = world.scheduler.erasures().iter().any(|entry| entry.state == ErasureProgress::UnderWay);
            if !forgets && !world.scheduler.windows().any(Window::is_unfinished) {
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
                    let is_forgotten = window.erasure.forgotten.is_some();
                    prop_assert!(window.copy.is_some() || window.lease > 0 || is_forgotten, "nobody waits for it");
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
    world.ask("videoview", "ana", 0, 12);
    world.ask("videoview", "ben", 0, 12);
    let windows = world.scheduler.windows().count();
    run_until_done(&mut world);
    assert_eq!(world.creates as usize, windows, "two people's asks share their windows");
}

#[test]
fn a_lost_reply_keeps_its_slot_and_its_request_is_found_again() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("notes", "ana", 2, 1);
    let Step::List = world.scheduler.next_step(world.now) else { panic!("the list comes before a create") };
    world.scheduler.record_list(Ok(Vec::new()), world.now);
    let Step::Create { key, days } = world.scheduler.next_step(world.now) else { panic!("then the create") };
    let made = world.make("notes", create_parameters(&key, days), true);
    world.scheduler.record_create(
        &key,
        Err(UpstreamError::Down { sent: true, retry_after: None }),
        world.now,
    );
    world.save();
    world.crash();
    assert_eq!(world.scheduler.slots_held(), 1);
    world.now = world.now.plus(10 * SECOND);
    let Step::List = world.scheduler.next_step(world.now) else { panic!("a list tells") };
    world.scheduler.record_list(Ok(vec![made.clone()]), world.now);
    assert!(
        matches!(&world.scheduler.window(&key).unwrap().state, WindowState::Building { upstream, .. } if upstream.id == made.id)
    );
}

#[test]
fn a_lost_create_is_made_again_only_after_two_lists_a_minute_apart() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("notes", "ana", 2, 1);
    world.scheduler.next_step(world.now);
    world.scheduler.record_list(Ok(Vec::new()), world.now);
    let Step::Create { key, .. } = world.scheduler.next_step(world.now) else { panic!("a create") };
    let started = world.now;
    world.save();
    world.crash();
    let mut lists = Vec::new();
    loop {
        match world.scheduler.next_step(world.now) {
            Step::List => {
                lists.push(world.now);
                world.scheduler.record_list(Ok(Vec::new()), world.now);
            }
            Step::Create { key: again, .. } if again == key => break,
            Step::Create { key, days } => {
                let made = world.make("notes", create_parameters(&key, days), true);
                world.scheduler.record_create(&key, Ok(made), world.now);
            }
            Step::Poll { key, id } => {
                let trouble =
                    Err(UpstreamError::Refused { status: 400, text: String::new(), retry_after: None });
                assert!(world.scheduler.record_poll(&key, &id, trouble, world.now).is_none());
            }
            Step::Wait(at) => world.now = at,
            other => panic!("{other:?}"),
        }
        assert!(world.now.since(started) < 10 * MINUTE);
    }
    assert!(lists.len() >= 2 && lists[lists.len() - 1].since(lists[0]) >= LISTS_APART);
    assert_eq!(world.scheduler.window(&key).unwrap().tries, 0, "no try");
}

#[test]
fn the_limit_used_up_by_somebody_else_is_waited_out() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    for n in 0..3 {
        world.make("presentation", Parameters::from([("start".into(), format!("2026-01-0{n}"))]), false);
    }
    world.ask("notes", "ana", 2, 1);
    world.alarm();
    assert_eq!(world.scheduler.info(world.now).held.unwrap().reason, domain::api::PauseReason::LimitReached);
    run_until_done(&mut world);
    assert!(world.scheduler.windows().all(|w| w.copy.is_some() && w.tries == 0));
}

#[test]
fn an_equal_request_of_somebody_else_is_adopted() {
    let chances = [10u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("notes", "ana", 2, 1);
    happen(&mut world, &Event::SomebodyElse);
    run_until_done(&mut world);
    let queued = world.scheduler.windows().count();
    assert_eq!(world.creates as usize, queued - 1);
}

#[test]
fn wrong_credentials_pause_the_desk_and_asking_hurries_it_without_a_call_for_every_ask() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("asset", "ana", 0, 1);
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
        world.ask("asset", "ana", 0, 1);
    }
    let Step::Wait(soon) = world.scheduler.next_step(world.now) else { panic!("a call for every ask") };
    assert_eq!(soon.since(refused), 20 * SECOND);
    world.now = soon;
    assert!(matches!(world.scheduler.next_step(world.now), Step::List));
}

#[test]
fn a_lost_reply_is_known_again_by_an_echo_with_parameters_that_echo360_filled_in() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("notes", "ana", 2, 1);
    let mut creates = 0;
    while world.scheduler.windows().any(|window| !matches!(window.state, WindowState::Building { .. })) {
        match world.scheduler.next_step(world.now) {
            Step::List => {
                let listed = world.upstream.iter().map(|m| m.shown(m.created, false)).collect();
                world.scheduler.record_list(Ok(listed), world.now);
            }
            Step::Create { key, days } => {
                creates += 1;
                let mut parameters = create_parameters(&key, days);
                parameters.insert("scope".into(), "all".into());
                world.make("notes", parameters, true);
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
        assert!(creates <= world.scheduler.windows().count(), "a second one was built");
    }
}

#[test]
fn of_two_that_could_be_ours_the_one_that_echoes_just_what_we_sent_is_taken() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("notes", "ana", 2, 1);
    let (key, days) = loop {
        match world.scheduler.next_step(world.now) {
            Step::List => world.scheduler.record_list(Ok(Vec::new()), world.now),
            Step::Create { key, days } => break (key, days),
            other => panic!("{other:?}"),
        }
    };
    let ours = create_parameters(&key, days);
    let mut narrower = ours.clone();
    narrower.insert("scope".into(), "own".into());
    let others = world.make("notes", narrower, false);
    let made = world.make("notes", ours, true);
    world.scheduler.record_create(
        &key,
        Err(UpstreamError::Down { sent: true, retry_after: None }),
        world.now,
    );
    while !matches!(world.scheduler.next_step(world.now), Step::List) {
        world.pass(SECOND);
    }
    world.scheduler.record_list(Ok(vec![others, made.clone()]), world.now);
    let WindowState::Building { upstream, .. } = &world.scheduler.window(&key).unwrap().state else {
        panic!()
    };
    assert_eq!(upstream.id, made.id);
}

#[test]
fn a_request_that_is_asked_every_day_is_not_forgotten() {
    let chances = [200u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("notes", "ana", 2, 1);
    world.ask("polling", "ben", 2, 1);
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
fn a_withdrawn_request_takes_its_windows_out_of_the_queue_and_keeps_what_is_built() {
    let chances = [50u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("videoview", "ana", 1, 6);
    world.alarm();
    let id = world.scheduler.requests().next().unwrap().id.clone();
    assert!(world.scheduler.withdraw(&id, world.now));
    assert_eq!(world.scheduler.windows().count(), 3, "three are being built");
    world.save();
    run_until_done(&mut world);
    assert_eq!(world.scheduler.windows().filter(|w| w.copy.is_some()).count(), 3);
}

#[test]
fn days_that_have_grown_too_old_are_not_asked_for() {
    let chances = [1u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("assetbydate", "ana", 51, 1);
    world.pass(30 * DAY);
    run_until_done(&mut world);
    assert_eq!(world.creates, 0);
    assert!(world.scheduler.windows().all(|w| w.state == WindowState::Failed));
}

#[test]
fn a_request_that_looking_never_finds_is_given_up_although_lists_show_it() {
    let chances = [0u8];
    let mut world = world(&chances);
    calm(&mut world);
    world.ask("notes", "ana", 2, 1);
    let mut looks = 0;
    for _ in 0..200 {
        match world.scheduler.next_step(world.now) {
            Step::List => {
                let listed = world.upstream.iter().map(|m| m.shown(m.created, false)).collect();
                world.scheduler.record_list(Ok(listed), world.now);
            }
            Step::Create { key, days } => {
                let made = world.make("notes", create_parameters(&key, days), true);
                world.scheduler.record_create(&key, Ok(made), world.now);
            }
            Step::Poll { key, id } => {
                looks += 1;
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
        looks > 0 && world.scheduler.windows().all(|window| window.state == WindowState::Failed),
        "{looks} looks"
    );
}
