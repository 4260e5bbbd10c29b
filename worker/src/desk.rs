//! The Desk: one Durable Object per institution. Owns the queue and the slots, makes every call to the
//! reporting API, knows each window's state.
//!
//! A thin shell around [`domain::scheduler::Scheduler`], which decides. Here is only what the decisions need: storage
//! (written through, so that memory and disk agree between any two awaits), an alarm that is never lost, the
//! calls themselves. Handlers do not fail: a panic or an `Err` would lose alarms.

mod store;

use crate::answer;
use crate::clock;
use crate::echo360::{Echo360, Memory};
use crate::errand::{
    self, Failed, Found, Going, Held, HeldWindow, Job, Plan, Planned, SectionRow, ToDesk, ToRegister,
    ToShares, ToWindow, Told, Word,
};
use crate::{seal, setting, transaction, zone};
use domain::api::{self, ReportRequest};
use domain::directory::{self, DirectoryReader};
use domain::erasure::{Erasure, ErasureRequest, Erasures, Invalidation, SweepOutcome};
use domain::fair_queue;
use domain::problem::{Code, Problem};
use domain::quota::Quota;
use domain::range::Range;
use domain::report::{REPORTS, ReportName};
use domain::report_listing::ReportListing;
use domain::scheduler::{
    Changes, CollectHandoff, CollectProgress, ErasureTarget as ToForget, Scheduler as Rules, Step,
    create_parameters,
};
use domain::scope::{AccessScope, Role, RowFilter, SectionNumbers};
use domain::settings::Settings;
use domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use domain::upstream::UpstreamError;
use domain::window::{self, Parameters, WindowKey, is_window_id};
use engine::erasure_filter::hash_person;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;
use store::Store;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// Steps of one alarm at most; what is left is done in the next.
const STEPS_PER_ALARM: usize = 40;

/// No step is begun after this long in one alarm: the runtime gives one 15 minutes.
const ALARM_LONGEST: i64 = 5 * MINUTE;

/// Re-arming sooner than this inside an alarm is dropped or late.
const SOONEST: i64 = 250;

/// Set before an alarm does anything: if the isolate is killed half-way, this one still comes.
const SAFETY: i64 = MINUTE;

/// An alarm that should have come this long ago is lost: set again.
const OVERDUE: i64 = 10 * SECOND;

/// How long Echo360's list of reports is taken for current.
const OFFERS_FRESH: i64 = 6 * HOUR;

/// Pages of the directory that a visitor waits for when there is none yet.
const PAGES_WAITED_FOR: usize = 8;

/// A page that has been on its way for this long is lost: a call and a token take a minute each at most.
const PAGE_PATIENCE: i64 = 3 * MINUTE;

/// When calls are short, the directory is gone on with after this long.
const DIRECTORY_PAUSE: i64 = 10 * SECOND;

/// Text of one parameter at most.
const PARAMETER_LONGEST: usize = 200;

#[durable_object]
pub struct Desk {
    state: State,
    env: Env,
    rules: RefCell<Option<Rules>>,
    memory: Memory,
    /// The directory, while it is being read; in memory only, since whoever looks for a course begins anew.
    gathering: RefCell<Option<DirectoryReader>>,
    /// Since when a page of it is on its way: one at a time. A visitor who leaves may take it along.
    reading: Cell<Option<Timestamp>>,
    /// Whether an alarm is running: it arms the next one itself.
    running: Cell<bool>,
    has_tables: Cell<bool>,
}

impl DurableObject for Desk {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            rules: RefCell::new(None),
            memory: Memory::default(),
            gathering: RefCell::new(None),
            reading: Cell::new(None),
            running: Cell::new(false),
            has_tables: Cell::new(false),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let errand = match request.json::<ToDesk>().await {
            Ok(errand) => errand,
            Err(error) => return answer::problem(&answer::internal(&error)),
        };
        let answer = self.answer(errand).await;
        self.ensure_alarm().await;
        match answer {
            Ok(answer) => answer,
            Err(problem) => answer::problem(&problem),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.running.set(true);
        let next = self.run().await;
        self.running.set(false);
        match next {
            Some(at) => self.arm(at).await,
            // Somebody may have asked while the alarm was being taken away.
            None => self.ensure_alarm().await,
        }
        Response::empty()
    }
}

impl Desk {
    fn store(&self) -> worker::Result<Store> {
        Store::open(self.state.storage().sql(), &self.has_tables)
    }

    fn stored<T>(&self, work: impl FnOnce(&Store) -> worker::Result<T>) -> Result<T, Problem> {
        self.store().and_then(|store| work(&store)).map_err(|error| answer::internal(&error))
    }

    /// Works on the rules, loaded when they are not in memory, and saves what changed: without an await
    /// between, so that no other event sees the one without the other.
    fn with<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> worker::Result<T> {
        let store = self.store()?;
        let mut held = self.rules.try_borrow_mut().map_err(|error| error.to_string())?;
        let rules = match &mut *held {
            Some(rules) => rules,
            empty => {
                let mut rules = store.load()?;
                if let Ok(settings) = setting::read(&self.env) {
                    rules.set_keep_days(settings.keep_days);
                }
                empty.insert(rules)
            }
        };
        let result = work(rules);
        let changes = rules.take_changes();
        let saved = if changes == Changes::default() {
            Ok(())
        } else {
            transaction::whole(&self.state, || store.save(rules, &changes))
        };
        if let Err(error) = saved {
            // What is in memory was not written: forget it, and go on from what was.
            *held = None;
            return Err(error);
        }
        Ok(result)
    }

    fn rules<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> Result<T, Problem> {
        self.with(work).map_err(|error| answer::internal(&error))
    }

    /// Notes sections that rows name. What was collected before a course was forgotten may still tell of it.
    fn note_sections(&self, sections: &[SectionRow]) -> worker::Result<()> {
        let closed = self.with(|rules| rules.erased_courses())?;
        let is_open = |row: &&SectionRow| !closed.contains(&row.course.to_ascii_lowercase());
        let open: Vec<SectionRow> = sections.iter().filter(is_open).cloned().collect();
        self.store()?.note_sections(&open)
    }

    /// Whether this is the Desk that the settings name.
    fn is_named(&self, settings: &Settings) -> bool {
        let Ok(all) = self.env.durable_object("DESK") else { return false };
        let named = all.id_from_name(&settings.scheduler_name()).map(|named| named.to_string());
        named.is_ok_and(|named| named == self.state.id().to_string())
    }

    // ---- The alarm.

    /// Runs steps until there is nothing to do now; returns when to wake.
    async fn run(&self) -> Option<Timestamp> {
        self.arm(clock::now().plus(SAFETY)).await;
        let Ok(settings) = setting::read(&self.env) else {
            // Nothing can be asked until somebody sets them; what is asked for is kept.
            return Some(clock::now().plus(MINUTE));
        };
        if !self.is_named(&settings) {
            // The settings name another Desk, and its Windows are not ours to collect into, to go over or to empty.
            return Some(clock::now().plus(HOUR));
        }
        let started = clock::now();
        for _ in 0..STEPS_PER_ALARM {
            if clock::now().since(started) > ALARM_LONGEST {
                break;
            }
            let step = self.with(|rules| rules.next_step(clock::now()));
            // What can wait is done when there is nothing to ask for.
            if matches!(step, Ok(Step::Wait(_) | Step::Idle)) && self.gathering.borrow().is_some() {
                match self.gather(&settings).await {
                    // Meanwhile somebody may have asked: what the step was is of before that.
                    Gathered::Some | Gathered::All => continue,
                    Gathered::Later => {
                        let later = clock::now().plus(DIRECTORY_PAUSE);
                        return Some(if let Ok(Step::Wait(at)) = step { at.min(later) } else { later });
                    }
                }
            }
            match step {
                Ok(Step::Wait(at)) => {
                    let now = clock::now();
                    // Only what is old is waited for.
                    if at.since(now) > HOUR
                        && let Err(error) = self.with(|rules| rules.drop_old_requests(now))
                    {
                        answer::internal(&error);
                    }
                    return Some(at);
                }
                Ok(Step::Idle) => {
                    let now = clock::now();
                    if let Err(error) = self.with(|rules| rules.drop_old_requests(now)) {
                        answer::internal(&error);
                    }
                    self.disarm().await;
                    return None;
                }
                Ok(step) => {
                    if let Err(error) = self.take(step, &settings).await {
                        answer::internal(&error);
                        return Some(clock::now().plus(MINUTE / 6));
                    }
                }
                Err(error) => {
                    answer::internal(&error);
                    return Some(clock::now().plus(MINUTE / 6));
                }
            }
        }
        Some(clock::now())
    }

    async fn take(&self, step: Step, settings: &Settings) -> worker::Result<()> {
        let may_call = || self.may_call();
        let echo360 = Echo360 { settings, memory: &self.memory, may_call: &may_call };
        match step {
            Step::List => {
                let reply = echo360.list().await;
                self.with(|rules| rules.record_list(reply, clock::now()))
            }
            Step::Create { key, days } => {
                let reply = echo360.create(key.report.as_str(), &create_parameters(&key, days)).await;
                self.with(|rules| rules.record_create(&key, reply, clock::now()))
            }
            Step::Poll { key, id } => {
                let reply = echo360.look(&id).await;
                match self.with(|rules| rules.record_poll(&key, &id, reply, clock::now()))? {
                    Some(hand) => {
                        self.hand(hand, settings).await;
                        Ok(())
                    }
                    None => Ok(()),
                }
            }
            Step::Inquire { key, lease } => {
                let word = match errand::window(&self.env, &settings.scheduler_name(), &key) {
                    Ok(stub) => errand::ask::<_, Word>(&stub, &ToWindow::Inquire { lease }).await.ok(),
                    Err(_) => None,
                };
                if let Some(word) = &word {
                    if let CollectProgress::Done(outcome) = &word.inquiry {
                        self.tell(settings, |rules| rules.invalidation_by_copy(&key, lease, outcome)).await?;
                    }
                    self.note_sections(&word.sections)?;
                    self.with(|rules| rules.record_links(&word.found))?;
                }
                let inquiry = word.map(|word| word.inquiry);
                self.with(|rules| rules.record_inquiry(&key, lease, inquiry, clock::now()))
            }
            Step::Sweep { key, lease } => {
                let tombstones = self.with(|rules| rules.tombstones())?;
                let going = Going { key: key.clone(), lease, tombstones };
                let stub = errand::window(&self.env, &settings.scheduler_name(), &key)?;
                let swept = errand::ask::<_, Option<SweepOutcome>>(&stub, &ToWindow::Sweep(going)).await;
                if let Ok(Some(swept)) = &swept {
                    self.tell(settings, |rules| rules.invalidation_by_sweep(&key, lease, swept)).await?;
                }
                match swept {
                    Ok(Some(swept)) => {
                        self.with(|rules| rules.record_sweep(&key, lease, &swept, clock::now()))
                    }
                    // It tells, or is asked again.
                    Ok(None) | Err(_) => Ok(()),
                }
            }
            Step::Wipe { key } => {
                self.tell(settings, |rules| rules.invalidation_by_wipe(&key)).await?;
                let stub = errand::window(&self.env, &settings.scheduler_name(), &key)?;
                match errand::ask::<_, bool>(&stub, &ToWindow::Wipe).await {
                    Ok(_) => self.with(|rules| rules.record_wipe(&key, clock::now())),
                    Err(_) => Ok(()),
                }
            }
            Step::NotifyShares { erasure } => {
                self.tell(settings, |rules| rules.invalidation_by_erasure(&erasure)).await?;
                self.with(|rules| rules.record_notification(&erasure, clock::now()))
            }
            Step::Wait(_) | Step::Idle => Ok(()),
        }
    }

    /// Hands a file to its Window. If this fails, the Desk asks the Window later and learns that it never
    /// heard of it.
    async fn hand(&self, hand: CollectHandoff, settings: &Settings) {
        let CollectHandoff { key, lease, until, links, tombstones, at_once, .. } = hand;
        let Ok(stub) = errand::window(&self.env, &settings.scheduler_name(), &key) else { return };
        let found = BTreeSet::new();
        let job = ToWindow::Collect(Job { key, lease, until, links, tombstones, at_once, found });
        if let Err(problem) = errand::ask::<_, bool>(&stub, &job).await {
            worker::console_warn!("a Window did not take its file: {}", problem.title);
        }
    }

    /// Tells the Register which rows are gone, before it counts here: shares that counted these rows are withdrawn before a
    /// forgetting is done.
    async fn tell(
        &self,
        settings: &Settings,
        of: impl FnOnce(&Rules) -> Option<Invalidation>,
    ) -> worker::Result<()> {
        let Some(loss) = self.with(|rules| of(rules))? else { return Ok(()) };
        let register = errand::register(&self.env, &settings.scheduler_name())?;
        let told = errand::ask::<_, bool>(&register, &ToRegister::Shares(ToShares::Lost(loss))).await;
        told.map(drop).map_err(|problem| worker::Error::RustError(problem.detail))
    }

    /// Notes a call that is about to go out, unless none may now.
    fn may_call(&self) -> bool {
        let now = clock::now();
        let noted = self.with(|rules| {
            let may = rules.calls_paused_until(now).is_none();
            if may {
                rules.record_call(now);
            }
            may
        });
        noted.unwrap_or_else(|error| {
            answer::internal(&error);
            false
        })
    }

    async fn arm(&self, at: Timestamp) {
        let wait = at.since(clock::now()).max(SOONEST);
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            answer::internal(&error);
        }
    }

    async fn disarm(&self) {
        if let Err(error) = self.state.storage().delete_alarm().await {
            answer::internal(&error);
        }
    }

    /// Every wake checks: whatever is unfinished has an alarm, and one that comes soon enough.
    async fn ensure_alarm(&self) {
        if self.running.get() {
            return;
        }
        let now = clock::now();
        let next = match self.with(|rules| rules.wakes_at(now)) {
            Ok(next) => next,
            Err(error) => {
                answer::internal(&error);
                Some(now)
            }
        };
        let next = if self.gathering.borrow().is_some() { Some(now) } else { next };
        let Some(next) = next else { return };
        let armed = self.state.storage().get_alarm().await.ok().flatten();
        if armed.is_none_or(|at| Timestamp(at) > next.plus(SOONEST) || Timestamp(at) < now.plus(-OVERDUE)) {
            self.arm(next).await;
        }
    }

    // ---- What is asked of the Desk.

    async fn answer(&self, errand: ToDesk) -> Result<Result<Response>, Problem> {
        let now = clock::now();
        let answer = match errand {
            ToDesk::Reports(reach) => {
                let mut reports = self.reports().await?;
                reports.reports.retain(|report| reach.can_see_report(report.name.as_str()));
                answer::json(&reports)
            }
            ToDesk::Courses(reach) => {
                self.seek_directory().await?;
                let closed = self.rules(|rules| rules.erased_courses())?;
                answer::json(&reach.filter_courses(self.stored(|store| store.courses(&closed))?))
            }
            ToDesk::Ask { person, role, ask, reach } => {
                answer::json(&reach.redact_request(self.ask(person, role, ask).await?))
            }
            ToDesk::Requests(reach) => answer::json(&self.rules(|rules| {
                let mut requests: Vec<api::RequestInfo> = rules
                    .requests()
                    .filter(|request| reach.can_see_requests_of(&request.person))
                    .filter_map(|request| rules.describe(&request.id, now))
                    .map(|request| reach.redact_request(request))
                    .collect();
                requests.sort_by_key(|request| std::cmp::Reverse(request.created));
                for request in &mut requests {
                    request.scheduler = None;
                }
                let mut shared = Vec::new();
                if reach != AccessScope::Everything {
                    shared = rules.describe_shared_windows(now);
                    shared.retain(|request| reach.can_see_report(request.report.as_str()));
                    shared = shared.into_iter().map(|request| reach.redact_request(request)).collect();
                }
                api::Requests { requests, shared, scheduler: rules.info(now) }
            })?),
            ToDesk::Request { id, reach } => answer::json(&self.describe(&id, &reach)?),
            ToDesk::Retry { id, windows, person, role, reach } => {
                let request = self.describe(&id, &reach)?;
                if !windows.iter().all(|named| request.windows.iter().any(|window| window.id == *named)) {
                    return Err(Problem::new(Code::UnknownWindow, "This request has no such window."));
                }
                let may_recall = role == Role::Administrator;
                let is_forgotten = |window: &api::WindowInfo| {
                    window.state == api::WindowStatus::Forgotten && windows.contains(&window.id)
                };
                if !may_recall && request.windows.iter().any(is_forgotten) {
                    return Err(Problem::new(
                        Code::NotAllowed,
                        "Some of these weeks were forgotten. An administrator can ask for them again.",
                    ));
                }
                let new = self.rules(|rules| rules.count_retried_windows(&id, &windows, now))?;
                self.take_quota(&person, role, new, now)?;
                self.rules(|rules| rules.retry(&id, &windows, may_recall, now))?;
                answer::json(&self.describe(&id, &reach)?)
            }
            ToDesk::Withdraw { id, reach } => {
                self.describe(&id, &reach)?;
                if !self.rules(|rules| rules.withdraw(&id, now))? {
                    return Err(unknown_request());
                }
                answer::json(&true)
            }
            ToDesk::Find { report, window, reach } => answer::json(&self.find(&report, &window, &reach)?),
            ToDesk::Plan { ask, reach } => answer::json(&self.plan(&ask, &reach).await?),
            ToDesk::Collected(told) => {
                let Told { key, lease, outcome, sections, found } = told;
                let settings = setting::read(&self.env)?;
                let told =
                    self.tell(&settings, |rules| rules.invalidation_by_copy(&key, lease, &outcome)).await;
                told.map_err(|error| answer::internal(&error))?;
                self.note_sections(&sections).map_err(|error| answer::internal(&error))?;
                self.rules(|rules| {
                    rules.record_links(&found);
                    rules.record_collection(&key, lease, outcome, now);
                })?;
                answer::json(&true)
            }
            ToDesk::Forget { by, forget } => answer::json(&self.forget(&by, &forget)?),
            ToDesk::Forgettings => answer::json(&Erasures {
                erasures: self.rules(|rules| rules.erasures())?,
                keep_days: setting::read(&self.env)?.keep_days,
            }),
            ToDesk::Lift { id } => {
                if !self.rules(|rules| rules.cancel_erasure(&id, now))? {
                    return Err(Problem::new(
                        Code::UnknownRequest,
                        "Nothing was forgotten under this id: see /api/forget.",
                    ));
                }
                self.stored(Store::expire_directory)?;
                answer::json(&true)
            }
            ToDesk::Held { report, course } => answer::json(&self.held(&report, &course)?),
            ToDesk::Swept { key, lease, swept } => {
                let settings = setting::read(&self.env)?;
                let told =
                    self.tell(&settings, |rules| rules.invalidation_by_sweep(&key, lease, &swept)).await;
                told.map_err(|error| answer::internal(&error))?;
                self.rules(|rules| rules.record_sweep(&key, lease, &swept, now))?;
                answer::json(&true)
            }
        };
        Ok(answer)
    }

    /// A request; one out of reach is not there.
    fn describe(&self, id: &str, reach: &AccessScope) -> Result<api::RequestInfo, Problem> {
        let described = self.rules(|rules| {
            let seen = rules.request(id).is_some_and(|request| reach.can_see_requests_of(&request.person));
            if seen { rules.describe(id, clock::now()) } else { None }
        })?;
        described.map(|request| reach.redact_request(request)).ok_or_else(unknown_request)
    }

    /// Takes windows that are newly asked for into a person's quota. To be followed by asking without an await between.
    fn take_quota(&self, person: &str, role: Role, new: u32, now: Timestamp) -> Result<(), Problem> {
        if new == 0 {
            return Ok(());
        }
        let unfinished = self.rules(|rules| rules.count_unfinished(person))?;
        let mut tally = self.stored(Store::tally)?;
        tally.charge(person, Quota::for_role(role), unfinished, new, now)?;
        self.stored(|store| store.keep_tally(&tally))
    }

    /// Which slices of a report may be sent. Numbers of sections are looked up where only they count.
    fn cut(&self, report: &ReportName, reach: &AccessScope) -> Result<RowFilter, Problem> {
        let Some(known) = report.known() else { return Ok(reach.row_filter_for_unknown_report()) };
        let numbers = if reach.needs_section_numbers(known) {
            SectionNumbers::from_courses(&self.stored(|store| store.courses(&BTreeSet::new()))?)
        } else {
            SectionNumbers::default()
        };
        Ok(reach.row_filter(known, &numbers))
    }

    async fn ask(&self, person: String, role: Role, ask: ReportRequest) -> Result<api::RequestInfo, Problem> {
        let now = clock::now();
        let asked = self.read(&ask, now).await?;
        let request = fair_queue::Request {
            id: seal::new_id()?,
            person,
            report: asked.offer.name,
            range: asked.range,
            zone: asked.zone.name().to_owned(),
            parameters: ask.parameters,
            created: now,
            asked: now,
            windows: asked.windows,
            turn: 0,
        };
        let new = self.rules(|rules| rules.count_new_windows(&request.windows, now))?;
        self.take_quota(&request.person, role, new, now)?;
        let id = self.rules(|rules| rules.submit(request, now))?;
        self.describe(&id, &AccessScope::Everything)
    }

    /// Forgets: noted here, and done in alarms. An id or e-mail address goes no further than this.
    fn forget(&self, by: &str, forget: &ErasureRequest) -> Result<Erasure, Problem> {
        let (id, fresh) = (seal::new_id()?, [seal::new_id()?, seal::new_id()?].concat());
        let key = self.rules(|rules| rules.ensure_hash_key(fresh))?;
        let what = ToForget::from_request(forget, |text| hash_person(&key, text))?;
        if let ToForget::Course { id } = &what {
            self.stored(|store| transaction::whole(&self.state, || store.forget_course(id)))?;
        }
        let shown = self.rules(|rules| {
            let id = rules.request_erasure(id, what, by, clock::now());
            rules.erasures().into_iter().find(|forgetting| forgetting.id == id)
        })?;
        shown.ok_or_else(|| Problem::new(Code::Internal, "Something went wrong inside Lectern. Try again."))
    }

    async fn plan(&self, ask: &ReportRequest, reach: &AccessScope) -> Result<Plan, Problem> {
        let now = clock::now();
        let asked = self.read(ask, now).await?;
        let shape = asked.offer.shape();
        let cut = self.cut(&asked.offer.name, reach)?;
        self.rules(|rules| {
            let planned = |key: WindowKey| {
                let window = rules.window(&key);
                Planned {
                    copy: window.and_then(|window| window.copy.clone()),
                    failed: window.and_then(Failed::of).map(|failed| failed.cut(reach)),
                    key,
                }
            };
            Plan {
                shape,
                windows: asked.windows.into_iter().map(planned).collect(),
                needed_until: asked.range.map(|range| window::needed_until(range, &asked.zone, now)),
                span: asked.range.map(|range| range.span(&asked.zone)),
                cut,
            }
        })
    }

    /// The copies of a report that may be counted for a share of a course: none of a course that is being forgotten.
    fn held(&self, report: &ReportName, course: &str) -> Result<Held, Problem> {
        self.rules(|rules| {
            let is_closed = rules.erased_courses().contains(&course.to_ascii_lowercase());
            let windows = rules.windows().filter(|window| {
                window.key.report == *report
                    && window.key.parameters.is_empty()
                    && window.erasure.forgotten.is_none()
                    && !is_closed
            });
            let held = windows.filter_map(|window| {
                let copy = window.copy.clone()?;
                Some(HeldWindow { key: window.key.clone(), copy })
            });
            Held { windows: held.collect() }
        })
    }

    fn find(&self, report: &str, id: &str, reach: &AccessScope) -> Result<Found, Problem> {
        if !is_window_id(id) {
            return Err(Problem::new(
                Code::BadId,
                "A window's id is the Monday of its week, such as 2026-02-02, or `all`.",
            ));
        }
        let found = self.rules(|rules| {
            rules
                .windows()
                .find(|window| window.key.report.as_str() == report && window.key.id() == id)
                .map(|window| (window.key.clone(), window.copy.is_some(), Failed::of(window)))
        })?;
        match found {
            None => Err(Problem::new(
                Code::UnknownWindow,
                "Nobody has asked for this window yet: ask for its days.",
            )),
            Some((key, false, failed)) => {
                Err(rows_not_ready(vec![key.id()], failed.map(|failed| failed.cut(reach))))
            }
            Some((key, true, _)) => Ok(Found { cut: self.cut(&key.report, reach)?, key }),
        }
    }

    /// Reads an ask: everything that can be wrong with it is found here, and nothing has been created.
    async fn read(&self, ask: &ReportRequest, now: Timestamp) -> Result<Asked, Problem> {
        let name = ReportName::parse(&ask.report).ok_or_else(|| unknown_report(&ask.report))?;
        let range = match (&ask.from, &ask.to) {
            (Some(from), Some(to)) => Some(Range::parse(from, to)?),
            (None, None) => None,
            _ => {
                return Err(Problem::new(
                    Code::BadRange,
                    "Give both the first and the last day, `from` and `to`.",
                ));
            }
        };
        if let Some(range) = range {
            range.check_plausible(now)?;
        }
        let zone_name = ask.tz.as_deref().unwrap_or("UTC");
        let zone = zone::trace(zone_name, range, now).ok_or_else(|| {
            Problem::new(
                Code::BadZone,
                "`tz` must be an IANA time zone such as Europe/Berlin, or be left out.",
            )
        })?;
        let offer = self.offer(&name).await?;
        check_parameters(&offer, &ask.parameters)?;
        let windows = window::plan_windows(&offer, range, &zone, &ask.parameters, now)?;
        if windows.is_empty() {
            return Err(Problem::new(Code::RangeInFuture, "No day of this range is over yet in UTC."));
        }
        Ok(Asked { offer, range, zone, windows })
    }

    // ---- The directory: courses, sections and terms.

    /// Has the directory read when there is none or it has aged. Who finds none waits for its first pages.
    async fn seek_directory(&self) -> Result<(), Problem> {
        let now = clock::now();
        let due = self.stored(Store::directory_due)?;
        // A time further ahead than any that is ever set is a clock that went back.
        if due.is_some_and(|due| now < due && due.since(now) <= directory::FRESH) {
            return Ok(());
        }
        if self.gathering.borrow().is_none() {
            let kept = self.stored(Store::directory)?.map(|(kept, _)| kept).unwrap_or_default();
            *self.gathering.borrow_mut() = Some(DirectoryReader::new(kept));
        }
        let settings = setting::read(&self.env)?;
        for _ in 0..PAGES_WAITED_FOR {
            if due.is_some() || !matches!(self.gather(&settings).await, Gathered::Some) {
                break;
            }
        }
        Ok(())
    }

    /// Reads one page of the directory; the last one is followed by keeping it all.
    async fn gather(&self, settings: &Settings) -> Gathered {
        let now = clock::now();
        let spare = self.with(|rules| rules.has_spare_calls(now)).unwrap_or(false);
        let reads = self.reading.get().is_some_and(|since| (0..PAGE_PATIENCE).contains(&now.since(since)));
        if !spare || reads {
            return Gathered::Later;
        }
        let path = self.gathering.borrow().as_ref().map(DirectoryReader::next_path);
        let Some(path) = path else { return Gathered::All };
        if let Some(path) = path {
            let may_call = || self.may_call();
            let echo360 = Echo360 { settings, memory: &self.memory, may_call: &may_call };
            self.reading.set(Some(now));
            let answer = echo360.page(&path).await;
            self.reading.set(None);
            if let Err(trouble @ UpstreamError::TooMany { .. }) = &answer
                && let Err(error) = self.with(|rules| rules.record_error(trouble.clone(), clock::now()))
            {
                answer::internal(&error);
            }
            if let Some(gathering) = self.gathering.borrow_mut().as_mut() {
                gathering.record_page(&path, answer, &settings.upstream);
                if gathering.next_path().is_some() {
                    return Gathered::Some;
                }
            }
        }
        let Some(gathering) = self.gathering.borrow_mut().take() else { return Gathered::All };
        let (found, again) = gathering.finish(clock::now());
        let kept = self.with(|rules| rules.erased_courses()).and_then(|closed| {
            // A course may have been forgotten since its page was read.
            let (store, found) = (self.store()?, found.without_courses(&closed));
            transaction::whole(&self.state, || store.keep_directory(&found, again))
        });
        if let Err(error) = kept {
            answer::internal(&error);
        }
        Gathered::All
    }

    // ---- What Echo360 offers.

    /// The offer of one report: the reference's for the eight, Echo360's own list for any other.
    async fn offer(&self, name: &ReportName) -> Result<ReportListing, Problem> {
        if let Some(offer) = ReportListing::from_reference(name) {
            return Ok(offer);
        }
        let (offers, _) = self.offers().await?;
        offers.into_iter().find(|offer| offer.name == *name).ok_or_else(|| unknown_report(name.as_str()))
    }

    async fn reports(&self) -> Result<api::Reports, Problem> {
        let (offers, listed) = match self.offers().await {
            Ok((offers, listed)) => (offers, Some(listed)),
            // The eight can be asked for all the same; the requests say how Echo360 fares.
            Err(problem) if problem.code != Code::CredentialsRefused => {
                let names = REPORTS.iter().filter_map(|report| ReportName::parse(report.name));
                (names.filter_map(|name| ReportListing::from_reference(&name)).collect(), None)
            }
            Err(problem) => return Err(problem),
        };
        let reports = offers
            .into_iter()
            .map(|offer| {
                let known = offer.name.known();
                let described =
                    if offer.description.is_empty() { offer.name.as_str() } else { &offer.description };
                api::ReportInfo {
                    title: known.map_or(described, |report| report.title).to_owned(),
                    known: known.is_some(),
                    shape: offer.shape(),
                    parameters: offer.extra_parameters().cloned().collect(),
                    name: offer.name,
                }
            })
            .collect();
        Ok(api::Reports { reports, listed })
    }

    /// Echo360's own list, from memory for six hours; an older one when Echo360 cannot be reached.
    async fn offers(&self) -> Result<(Vec<ReportListing>, Timestamp), Problem> {
        let now = clock::now();
        let kept = self.stored(Store::offers)?;
        if let Some((offers, listed)) = &kept
            && now.since(*listed) < OFFERS_FRESH
            && *listed <= now
        {
            return Ok((offers.clone(), *listed));
        }
        let settings = setting::read(&self.env)?;
        let held = self.rules(|rules| rules.calls_paused_until(now).is_some().then(|| rules.info(now)))?;
        let reply = match held {
            Some(info) => Err(held_problem(&info, now)),
            None => {
                let may_call = || self.may_call();
                let echo360 = Echo360 { settings: &settings, memory: &self.memory, may_call: &may_call };
                match echo360.reports().await {
                    Ok(offers) => Ok(offers),
                    Err(trouble) => {
                        let problem = trouble_problem(&trouble);
                        self.rules(|rules| rules.record_error(trouble, clock::now()))?;
                        Err(problem)
                    }
                }
            }
        };
        match (reply, kept) {
            (Ok(offers), _) => {
                self.stored(|store| store.keep_offers(&offers, now))?;
                Ok((offers, now))
            }
            (Err(_), Some(kept)) => Ok(kept),
            (Err(problem), None) => Err(problem),
        }
    }
}

/// How far the directory has come.
enum Gathered {
    /// A page is read, and there are more.
    Some,
    /// It is kept.
    All,
    /// No page may be read now.
    Later,
}

/// An ask that holds.
struct Asked {
    offer: ReportListing,
    range: Option<Range>,
    zone: domain::zone::Zone,
    windows: Vec<WindowKey>,
}

fn check_parameters(offer: &ReportListing, given: &Parameters) -> Result<(), Problem> {
    let wrong = |detail: String| Err(Problem::new(Code::BadParameters, detail));
    for (name, value) in given {
        if !offer.extra_parameters().any(|parameter| parameter.name == *name) {
            let name = answer::shortened(name);
            return wrong(format!("The report `{}` takes no parameter `{name}`.", offer.name));
        }
        if value.len() > PARAMETER_LONGEST || value.chars().any(char::is_control) {
            return wrong(format!("The parameter `{name}` must be one line of at most 200 characters."));
        }
    }
    match offer
        .extra_parameters()
        .find(|parameter| parameter.required && !given.contains_key(&parameter.name))
    {
        Some(missing) => {
            wrong(format!("The report `{}` needs the parameter `{}`.", offer.name, missing.name))
        }
        None => Ok(()),
    }
}

fn unknown_request() -> Problem {
    Problem::new(Code::UnknownRequest, "There is no such request: it may have been stopped. Ask again.")
}

pub(crate) fn unknown_report(name: &str) -> Problem {
    let name = answer::shortened(name);
    Problem::new(Code::UnknownReport, format!("Echo360 offers no report called `{name}`; see /api/reports."))
}

/// Which windows are not ready, so that nobody takes a short file for a whole one; and, when one of them has
/// failed, that waiting will not help.
pub(crate) fn rows_not_ready(ids: Vec<String>, failed: Option<Failed>) -> Problem {
    let some = ids.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if ids.len() > 5 { format!(" and {} more", ids.len() - 5) } else { String::new() };
    match failed {
        None => {
            let detail = format!("Not here yet: {some}{more}. Ask for them, and wait until they are.");
            Problem::new(Code::RowsNotReady, detail).windows(ids).retry_after(15)
        }
        Some(Failed { window, forgotten: true, .. }) => {
            let detail = format!(
                "Not here: {some}{more}. {window} was forgotten, and is not asked again by itself: leave its days out, \
                 or have an administrator ask for it again."
            );
            Problem::new(Code::RowsNotReady, detail).windows(ids)
        }
        Some(Failed { window, fault, upstream, .. }) => {
            let detail = format!("Not here: {some}{more}. {window} failed: {fault} Try it again.");
            let problem = Problem::new(Code::RowsNotReady, detail).windows(ids);
            Problem { upstream_request_id: upstream.map(String::into_boxed_str), ..problem }
        }
    }
}

fn held_problem(info: &api::SchedulerInfo, now: Timestamp) -> Problem {
    match &info.held {
        Some(held) => {
            let code = match held.reason {
                api::PauseReason::CredentialsRefused => Code::CredentialsRefused,
                api::PauseReason::UpstreamDown | api::PauseReason::LimitReached => Code::UpstreamDown,
            };
            let wait = held.until.since(now) / SECOND;
            Problem::new(code, held.detail.clone()).retry_after(u32::try_from(wait).unwrap_or(0).max(1))
        }
        None => Problem::new(Code::UpstreamDown, "Lectern has asked as often as it may this minute.")
            .retry_after(30),
    }
}

fn trouble_problem(trouble: &UpstreamError) -> Problem {
    match trouble {
        UpstreamError::Denied { detail } => Problem::new(Code::CredentialsRefused, detail.clone()),
        _ => Problem::new(Code::UpstreamDown, "Echo360 does not answer as it should. Try again in a while.")
            .retry_after(30),
    }
}
