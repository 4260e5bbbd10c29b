//! The Scheduler: one Durable Object per institution. Owns the queue and the slots, makes every call to the
//! reporting API, knows each window's state.
//!
//! A thin shell around [`domain::scheduler::Scheduler`], which decides. Here is only what the decisions need: storage
//! (written through, so that memory and disk agree between any two awaits), an alarm that is never lost, the
//! calls themselves. Handlers do not fail: a panic or an `Err` would lose alarms.

mod store;

use crate::clock;
use crate::echo360::{ClientState, Echo360Client};
use crate::response;
use crate::rpc::{
    self, AvailableWindow, AvailableWindows, CollectJob, CollectResult, DownloadPlan, ErasureJob,
    LeaseStatus, PlannedWindow, ReadableWindow, RegistryCommand, SchedulerCommand, SectionRow, SharesCommand,
    WindowFailure, WindowStoreCommand,
};
use crate::{config, crypto, jurisdiction, transaction, zone};
use domain::api::{self, ReportRequest};
use domain::directory::{self, DirectoryReader};
use domain::erasure::{Erasure, ErasureRequest, Erasures, Invalidation, SweepOutcome};
use domain::fair_queue;
use domain::ids::CourseId;
use domain::problem::{Code, Problem};
use domain::quota::Quota;
use domain::range::Range;
use domain::report::{KnownReport, ReportName};
use domain::report_listing::ReportListing;
use domain::scheduler::{
    Changes, CollectHandoff, CollectProgress, ErasureTarget, Scheduler as Rules, Step, create_parameters,
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
const MAX_STEPS_PER_ALARM: usize = 40;

/// No step is begun after this long in one alarm: the runtime gives one 15 minutes.
const MAX_ALARM_DURATION: i64 = 5 * MINUTE;

/// Re-arming sooner than this inside an alarm is dropped or late.
const MIN_ALARM_DELAY: i64 = 250;

/// Set before an alarm does anything: if the isolate is killed half-way, this one still comes.
const SAFETY_ALARM_DELAY: i64 = MINUTE;

/// An alarm that should have come this long ago is lost: set again.
const LOST_ALARM_AFTER: i64 = 10 * SECOND;

/// How long Echo360's list of reports is taken for current.
const OFFERS_TTL: i64 = 6 * HOUR;

/// Pages of the directory that a visitor waits for when there is none yet.
const MAX_PAGES_WAITED_FOR: usize = 8;

/// A page that has been on its way for this long is lost: a call and a token take a minute each at most.
const PAGE_TIMEOUT: i64 = 3 * MINUTE;

/// When calls are short, the directory is gone on with after this long.
const DIRECTORY_PAUSE: i64 = 10 * SECOND;

/// Text of one parameter at most.
const MAX_PARAMETER_BYTES: usize = 200;

#[durable_object]
pub struct Scheduler {
    state: State,
    env: Env,
    rules: RefCell<Option<Rules>>,
    client_state: ClientState,
    /// The directory, while it is being read; in memory only, since whoever looks for a course begins anew.
    directory_reader: RefCell<Option<DirectoryReader>>,
    /// Since when a page of it is on its way: one at a time. A visitor who leaves may take it along.
    reading: Cell<Option<Timestamp>>,
    /// Whether an alarm is running: it arms the next one itself.
    running: Cell<bool>,
    has_tables: Cell<bool>,
}

impl DurableObject for Scheduler {
    fn new(state: State, env: Env) -> Self {
        config::set_clock(&env);
        Self {
            state,
            env,
            rules: RefCell::new(None),
            client_state: ClientState::default(),
            directory_reader: RefCell::new(None),
            reading: Cell::new(None),
            running: Cell::new(false),
            has_tables: Cell::new(false),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let command = match request.json::<SchedulerCommand>().await {
            Ok(command) => command,
            Err(error) => return response::problem(&response::internal_error(&error)),
        };
        let answer = self.handle(command).await;
        self.ensure_alarm().await;
        match answer {
            Ok(answer) => answer,
            Err(problem) => response::problem(&problem),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.running.set(true);
        let next = self.run().await;
        self.running.set(false);
        match next {
            Some(at) => self.set_alarm(at).await,
            // Somebody may have asked while the alarm was being taken away.
            None => self.ensure_alarm().await,
        }
        Response::empty()
    }
}

impl Scheduler {
    fn store(&self) -> worker::Result<Store> {
        Store::open(self.state.storage().sql(), &self.has_tables)
    }

    fn try_store<T>(&self, work: impl FnOnce(&Store) -> worker::Result<T>) -> Result<T, Problem> {
        self.store().and_then(|store| work(&store)).map_err(|error| response::internal_error(&error))
    }

    /// Works on the rules, loaded when they are not in memory, and saves what changed: without an await
    /// between, so that no other event sees the one without the other.
    fn with_rules<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> worker::Result<T> {
        let store = self.store()?;
        let mut held = self.rules.try_borrow_mut().map_err(|error| error.to_string())?;
        let rules = match &mut *held {
            Some(rules) => rules,
            empty => {
                let mut rules = store.load()?;
                if let Ok(settings) = config::read(&self.env) {
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
            transaction::run(&self.state, || store.save(rules, &changes))
        };
        if let Err(error) = saved {
            // What is in memory was not written: forget it, and go on from what was.
            *held = None;
            return Err(error);
        }
        Ok(result)
    }

    fn try_rules<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> Result<T, Problem> {
        self.with_rules(work).map_err(|error| response::internal_error(&error))
    }

    /// Notes sections that rows name. What was collected before a course was forgotten may still tell of it.
    fn save_sections(&self, sections: &[SectionRow]) -> worker::Result<()> {
        let closed = self.with_rules(|rules| rules.erased_courses())?;
        let is_open = |row: &&SectionRow| !closed.contains(row.course.as_str());
        let open: Vec<SectionRow> = sections.iter().filter(is_open).cloned().collect();
        self.store()?.save_sections(&open)
    }

    /// Whether this is the Scheduler that the settings name.
    fn is_named(&self, settings: &Settings) -> bool {
        let Ok(all) = jurisdiction::namespace(&self.env, "SCHEDULER") else { return false };
        let named = all.id_from_name(&settings.scheduler_name()).map(|named| named.to_string());
        named.is_ok_and(|named| named == self.state.id().to_string())
    }

    // ---- The alarm.

    /// Runs steps until there is nothing to do now; returns when to wake.
    async fn run(&self) -> Option<Timestamp> {
        self.set_alarm(clock::now().plus(SAFETY_ALARM_DELAY)).await;
        let Ok(settings) = config::read(&self.env) else {
            // Nothing can be asked until somebody sets them; what is asked for is kept.
            return Some(clock::now().plus(MINUTE));
        };
        if !self.is_named(&settings) {
            // The settings name another Scheduler, and its WindowStores are not ours to collect into, to go over or to empty.
            return Some(clock::now().plus(HOUR));
        }
        let started = clock::now();
        for _ in 0..MAX_STEPS_PER_ALARM {
            if clock::now().since(started) > MAX_ALARM_DURATION {
                break;
            }
            let step = self.with_rules(|rules| rules.next_step(clock::now()));
            // What can wait is done when there is nothing to ask for.
            if matches!(step, Ok(Step::Wait(_) | Step::Idle)) && self.directory_reader.borrow().is_some() {
                match self.read_directory_page(&settings).await {
                    // Meanwhile somebody may have asked: what the step was is of before that.
                    DirectoryProgress::MorePages | DirectoryProgress::Complete => continue,
                    DirectoryProgress::Postponed => {
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
                        && let Err(error) = self.with_rules(|rules| rules.drop_old_requests(now))
                    {
                        response::internal_error(&error);
                    }
                    return Some(at);
                }
                Ok(Step::Idle) => {
                    let now = clock::now();
                    if let Err(error) = self.with_rules(|rules| rules.drop_old_requests(now)) {
                        response::internal_error(&error);
                    }
                    self.clear_alarm().await;
                    return None;
                }
                Ok(step) => {
                    if let Err(error) = self.perform(step, &settings).await {
                        response::internal_error(&error);
                        return Some(clock::now().plus(MINUTE / 6));
                    }
                }
                Err(error) => {
                    response::internal_error(&error);
                    return Some(clock::now().plus(MINUTE / 6));
                }
            }
        }
        Some(clock::now())
    }

    async fn perform(&self, step: Step, settings: &Settings) -> worker::Result<()> {
        let may_call = || self.may_call();
        let echo360 = Echo360Client { settings, client_state: &self.client_state, may_call: &may_call };
        match step {
            Step::List => {
                let reply = echo360.list_requests().await;
                self.with_rules(|rules| rules.record_list(reply, clock::now()))
            }
            Step::Create { key, days } => {
                let reply = echo360.create_request(key.report.as_str(), &create_parameters(&key, days)).await;
                self.with_rules(|rules| rules.record_create(&key, reply, clock::now()))
            }
            Step::Poll { key, id } => {
                let reply = echo360.get_request(&id).await;
                match self.with_rules(|rules| rules.record_poll(&key, &id, reply, clock::now()))? {
                    Some(hand) => {
                        self.start_collect(hand, settings).await;
                        Ok(())
                    }
                    None => Ok(()),
                }
            }
            Step::Inquire { key, lease } => {
                let status = match rpc::window_store(&self.env, &settings.scheduler_name(), &key) {
                    Ok(stub) => {
                        rpc::call::<_, LeaseStatus>(&stub, &WindowStoreCommand::GetLeaseStatus { lease })
                            .await
                            .ok()
                    }
                    Err(_) => None,
                };
                if let Some(status) = &status {
                    if let CollectProgress::Done(outcome) = &status.inquiry {
                        self.notify_shares(settings, |rules| {
                            rules.invalidation_by_copy(&key, lease, outcome)
                        })
                        .await?;
                    }
                    self.save_sections(&status.sections)?;
                    self.with_rules(|rules| rules.record_links(&status.found))?;
                }
                let inquiry = status.map(|status| status.inquiry);
                self.with_rules(|rules| rules.record_inquiry(&key, lease, inquiry, clock::now()))
            }
            Step::Sweep { key, lease } => {
                let tombstones = self.with_rules(|rules| rules.tombstones())?;
                let job = ErasureJob { key: key.clone(), lease, tombstones };
                let stub = rpc::window_store(&self.env, &settings.scheduler_name(), &key)?;
                let swept =
                    rpc::call::<_, Option<SweepOutcome>>(&stub, &WindowStoreCommand::Erase(job)).await;
                if let Ok(Some(swept)) = &swept {
                    self.notify_shares(settings, |rules| rules.invalidation_by_sweep(&key, lease, swept))
                        .await?;
                }
                match swept {
                    Ok(Some(swept)) => {
                        self.with_rules(|rules| rules.record_sweep(&key, lease, &swept, clock::now()))
                    }
                    // It tells, or is asked again.
                    Ok(None) | Err(_) => Ok(()),
                }
            }
            Step::Wipe { key } => {
                self.notify_shares(settings, |rules| rules.invalidation_by_wipe(&key)).await?;
                let stub = rpc::window_store(&self.env, &settings.scheduler_name(), &key)?;
                match rpc::call::<_, bool>(&stub, &WindowStoreCommand::DeleteAll).await {
                    Ok(_) => self.with_rules(|rules| rules.record_wipe(&key, clock::now())),
                    Err(_) => Ok(()),
                }
            }
            Step::NotifyShares { erasure } => {
                self.notify_shares(settings, |rules| rules.invalidation_by_erasure(&erasure)).await?;
                self.with_rules(|rules| rules.record_notification(&erasure, clock::now()))
            }
            Step::Wait(_) | Step::Idle => Ok(()),
        }
    }

    /// Hands a file to its WindowStore. If this fails, the Scheduler asks the WindowStore later and learns that it never
    /// heard of it.
    async fn start_collect(&self, hand: CollectHandoff, settings: &Settings) {
        let CollectHandoff { key, lease, until, links, tombstones, at_once, .. } = hand;
        let Ok(stub) = rpc::window_store(&self.env, &settings.scheduler_name(), &key) else { return };
        let found = BTreeSet::new();
        let job =
            WindowStoreCommand::Collect(CollectJob { key, lease, until, links, tombstones, at_once, found });
        if let Err(problem) = rpc::call::<_, bool>(&stub, &job).await {
            worker::console_warn!("a WindowStore did not take its file: {}", problem.title);
        }
    }

    /// Tells the Registry which rows are gone, before it counts here: shares that counted these rows are withdrawn before a
    /// forgetting is done.
    async fn notify_shares(
        &self,
        settings: &Settings,
        of: impl FnOnce(&Rules) -> Option<Invalidation>,
    ) -> worker::Result<()> {
        let Some(loss) = self.with_rules(|rules| of(rules))? else { return Ok(()) };
        let registry = rpc::registry(&self.env, &settings.scheduler_name())?;
        let notified =
            rpc::call::<_, bool>(&registry, &RegistryCommand::Shares(SharesCommand::RecordLoss(loss))).await;
        notified.map(drop).map_err(|problem| worker::Error::RustError(problem.detail))
    }

    /// Notes a call that is about to go out, unless none may now.
    fn may_call(&self) -> bool {
        let now = clock::now();
        let noted = self.with_rules(|rules| {
            let may = rules.calls_paused_until(now).is_none();
            if may {
                rules.record_call(now);
            }
            may
        });
        noted.unwrap_or_else(|error| {
            response::internal_error(&error);
            false
        })
    }

    async fn set_alarm(&self, at: Timestamp) {
        let wait = at.since(clock::now()).max(MIN_ALARM_DELAY);
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            response::internal_error(&error);
        }
    }

    async fn clear_alarm(&self) {
        if let Err(error) = self.state.storage().delete_alarm().await {
            response::internal_error(&error);
        }
    }

    /// Every wake checks: whatever is unfinished has an alarm, and one that comes soon enough.
    async fn ensure_alarm(&self) {
        if self.running.get() {
            return;
        }
        let now = clock::now();
        let next = match self.with_rules(|rules| rules.wakes_at(now)) {
            Ok(next) => next,
            Err(error) => {
                response::internal_error(&error);
                Some(now)
            }
        };
        let next = if self.directory_reader.borrow().is_some() { Some(now) } else { next };
        let Some(next) = next else { return };
        let armed = self.state.storage().get_alarm().await.ok().flatten();
        if armed.is_none_or(|at| {
            let at = clock::from_runtime(at);
            at > next.plus(MIN_ALARM_DELAY) || at < now.plus(-LOST_ALARM_AFTER)
        }) {
            self.set_alarm(next).await;
        }
    }

    // ---- What is asked of the Scheduler.

    async fn handle(&self, command: SchedulerCommand) -> Result<Result<Response>, Problem> {
        let now = clock::now();
        let answer = match command {
            SchedulerCommand::ListReports(access_scope) => {
                let mut reports = self.list_reports().await?;
                reports.reports.retain(|report| access_scope.can_see_report(report.name.as_str()));
                response::json(&reports)
            }
            SchedulerCommand::ListCourses(access_scope) => {
                self.ensure_directory().await?;
                let closed = self.try_rules(|rules| rules.erased_courses())?;
                response::json(&access_scope.filter_courses(self.try_store(|store| store.courses(&closed))?))
            }
            SchedulerCommand::CreateRequest { person, role, ask, access_scope } => {
                response::json(&access_scope.redact_request(self.create_request(person, role, ask).await?))
            }
            SchedulerCommand::ListRequests(access_scope) => response::json(&self.try_rules(|rules| {
                let mut requests: Vec<api::RequestInfo> = rules
                    .requests()
                    .filter(|request| access_scope.can_see_requests_of(&request.person))
                    .filter_map(|request| rules.describe(&request.id, now))
                    .map(|request| access_scope.redact_request(request))
                    .collect();
                requests.sort_by_key(|request| std::cmp::Reverse(request.created));
                for request in &mut requests {
                    request.scheduler = None;
                }
                let mut shared = Vec::new();
                if access_scope != AccessScope::Everything {
                    shared = rules.describe_shared_windows(now);
                    shared.retain(|request| access_scope.can_see_report(request.report.as_str()));
                    shared = shared.into_iter().map(|request| access_scope.redact_request(request)).collect();
                }
                api::Requests { requests, shared, scheduler: rules.info(now) }
            })?),
            SchedulerCommand::GetRequest { id, access_scope } => {
                response::json(&self.describe(&id, &access_scope)?)
            }
            SchedulerCommand::RetryWindows { id, windows, person, role, access_scope } => {
                let request = self.describe(&id, &access_scope)?;
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
                        "Some of these weeks were erased. An administrator can request them again.",
                    ));
                }
                let new = self.try_rules(|rules| rules.count_retried_windows(&id, &windows, now))?;
                self.take_quota(&person, role, new, now)?;
                self.try_rules(|rules| rules.retry(&id, &windows, may_recall, now))?;
                response::json(&self.describe(&id, &access_scope)?)
            }
            SchedulerCommand::WithdrawRequest { id, access_scope } => {
                self.describe(&id, &access_scope)?;
                if !self.try_rules(|rules| rules.withdraw(&id, now))? {
                    return Err(unknown_request());
                }
                response::json(&true)
            }
            SchedulerCommand::FindWindow { report, window, access_scope } => {
                response::json(&self.find_window(&report, &window, &access_scope)?)
            }
            SchedulerCommand::PlanDownload { ask, access_scope } => {
                response::json(&self.plan_download(&ask, &access_scope).await?)
            }
            SchedulerCommand::FinishCollect(result) => {
                let CollectResult { key, lease, outcome, sections, found } = result;
                let settings = config::read(&self.env)?;
                let notified = self
                    .notify_shares(&settings, |rules| rules.invalidation_by_copy(&key, lease, &outcome))
                    .await;
                notified.map_err(|error| response::internal_error(&error))?;
                self.save_sections(&sections).map_err(|error| response::internal_error(&error))?;
                self.try_rules(|rules| {
                    rules.record_links(&found);
                    rules.record_collection(&key, lease, outcome, now);
                })?;
                response::json(&true)
            }
            SchedulerCommand::StartErasure { by, forget } => {
                response::json(&self.start_erasure(&by, &forget)?)
            }
            SchedulerCommand::ListErasures => response::json(&Erasures {
                erasures: self.try_rules(|rules| rules.erasures())?,
                keep_days: config::read(&self.env)?.keep_days,
            }),
            SchedulerCommand::CancelErasure { id } => {
                if !self.try_rules(|rules| rules.cancel_erasure(&id, now))? {
                    return Err(Problem::new(
                        Code::UnknownRequest,
                        "There is no erasure with this id: see /api/forget.",
                    ));
                }
                self.try_store(Store::expire_directory)?;
                response::json(&true)
            }
            SchedulerCommand::ListAvailable { report, course } => {
                response::json(&self.available_windows(&report, &course)?)
            }
            SchedulerCommand::FinishErasure { key, lease, swept } => {
                let settings = config::read(&self.env)?;
                let notified = self
                    .notify_shares(&settings, |rules| rules.invalidation_by_sweep(&key, lease, &swept))
                    .await;
                notified.map_err(|error| response::internal_error(&error))?;
                self.try_rules(|rules| rules.record_sweep(&key, lease, &swept, now))?;
                response::json(&true)
            }
        };
        Ok(answer)
    }

    /// A request; one out of reach is not there.
    fn describe(&self, id: &str, access_scope: &AccessScope) -> Result<api::RequestInfo, Problem> {
        let described = self.try_rules(|rules| {
            let seen =
                rules.request(id).is_some_and(|request| access_scope.can_see_requests_of(&request.person));
            if seen { rules.describe(id, clock::now()) } else { None }
        })?;
        described.map(|request| access_scope.redact_request(request)).ok_or_else(unknown_request)
    }

    /// Takes windows that are newly asked for into a person's quota. To be followed by asking without an await between.
    fn take_quota(&self, person: &str, role: Role, new: u32, now: Timestamp) -> Result<(), Problem> {
        if new == 0 {
            return Ok(());
        }
        let unfinished = self.try_rules(|rules| rules.count_unfinished(person))?;
        let mut tally = self.try_store(Store::tally)?;
        tally.charge(person, Quota::for_role(role), unfinished, new, now)?;
        self.try_store(|store| store.save_tally(&tally))
    }

    /// Which slices of a report may be sent. Numbers of sections are looked up where only they count.
    fn row_filter(&self, report: &ReportName, access_scope: &AccessScope) -> Result<RowFilter, Problem> {
        let Some(known) = report.known() else { return Ok(access_scope.row_filter_for_unknown_report()) };
        let numbers = if access_scope.needs_section_numbers(known) {
            SectionNumbers::from_courses(&self.try_store(|store| store.courses(&BTreeSet::new()))?)
        } else {
            SectionNumbers::default()
        };
        Ok(access_scope.row_filter(known, &numbers))
    }

    async fn create_request(
        &self,
        person: String,
        role: Role,
        ask: ReportRequest,
    ) -> Result<api::RequestInfo, Problem> {
        let now = clock::now();
        let validated = self.validate_request(&ask, now).await?;
        let request = fair_queue::Request {
            id: crypto::new_id()?,
            person,
            report: validated.offer.name,
            range: validated.range,
            zone: validated.zone.name().to_owned(),
            parameters: ask.parameters,
            created: now,
            asked: now,
            windows: validated.windows,
            turn: 0,
        };
        let new = self.try_rules(|rules| rules.count_new_windows(&request.windows, now))?;
        self.take_quota(&request.person, role, new, now)?;
        let id = self.try_rules(|rules| rules.submit(request, now))?;
        self.describe(&id, &AccessScope::Everything)
    }

    /// Forgets: noted here, and done in alarms. An id or e-mail address goes no further than this.
    fn start_erasure(&self, by: &str, forget: &ErasureRequest) -> Result<Erasure, Problem> {
        let (id, fresh) = (crypto::new_id()?, [crypto::new_id()?, crypto::new_id()?].concat());
        let key = self.try_rules(|rules| rules.ensure_hash_key(fresh))?;
        let what = ErasureTarget::from_request(forget, |text| hash_person(&key, text))?;
        if let ErasureTarget::Course { id } = &what {
            self.try_store(|store| transaction::run(&self.state, || store.erase_course(id)))?;
        }
        let shown = self.try_rules(|rules| {
            let id = rules.request_erasure(id, what, by, clock::now());
            rules.erasures().into_iter().find(|forgetting| forgetting.id == id)
        })?;
        shown.ok_or_else(|| Problem::new(Code::Internal, "Something went wrong inside Lectern. Try again."))
    }

    async fn plan_download(
        &self,
        ask: &ReportRequest,
        access_scope: &AccessScope,
    ) -> Result<DownloadPlan, Problem> {
        let now = clock::now();
        let validated = self.validate_request(ask, now).await?;
        let shape = validated.offer.shape();
        let row_filter = self.row_filter(&validated.offer.name, access_scope)?;
        self.try_rules(|rules| {
            let planned = |key: WindowKey| {
                let window = rules.window(&key);
                PlannedWindow {
                    copy: window.and_then(|window| window.copy.clone()),
                    failed: window
                        .and_then(WindowFailure::from_window)
                        .map(|failed| failed.redact(access_scope)),
                    key,
                }
            };
            DownloadPlan {
                shape,
                windows: validated.windows.into_iter().map(planned).collect(),
                needed_until: validated.range.map(|range| window::needed_until(range, &validated.zone, now)),
                span: validated.range.map(|range| range.span(&validated.zone)),
                row_filter,
            }
        })
    }

    /// The copies of a report that may be counted for a share of a course: none of a course that is being forgotten.
    fn available_windows(&self, report: &ReportName, course: &CourseId) -> Result<AvailableWindows, Problem> {
        self.try_rules(|rules| {
            let is_closed = rules.erased_courses().contains(course);
            let windows = rules.windows().filter(|window| {
                window.key.report == *report
                    && window.key.parameters.is_empty()
                    && window.erasure.forgotten.is_none()
                    && !is_closed
            });
            let held = windows.filter_map(|window| {
                let copy = window.copy.clone()?;
                Some(AvailableWindow { key: window.key.clone(), copy })
            });
            AvailableWindows { windows: held.collect() }
        })
    }

    fn find_window(
        &self,
        report: &str,
        id: &str,
        access_scope: &AccessScope,
    ) -> Result<ReadableWindow, Problem> {
        if !is_window_id(id) {
            return Err(Problem::new(
                Code::BadId,
                "A window's id is the Monday of its week, such as 2026-02-02, or `all`.",
            ));
        }
        let found = self.try_rules(|rules| {
            rules
                .windows()
                .find(|window| window.key.report.as_str() == report && window.key.id() == id)
                .map(|window| (window.key.clone(), window.copy.is_some(), WindowFailure::from_window(window)))
        })?;
        match found {
            None => Err(Problem::new(
                Code::UnknownWindow,
                "Nobody has requested this window yet: request its days.",
            )),
            Some((key, false, failed)) => {
                Err(rows_not_ready(vec![key.id()], failed.map(|failed| failed.redact(access_scope))))
            }
            Some((key, true, _)) => {
                Ok(ReadableWindow { row_filter: self.row_filter(&key.report, access_scope)?, key })
            }
        }
    }

    /// Reads an ask: everything that can be wrong with it is found here, and nothing has been created.
    async fn validate_request(
        &self,
        ask: &ReportRequest,
        now: Timestamp,
    ) -> Result<ValidatedRequest, Problem> {
        let name = ReportName::parse(&ask.report).ok_or_else(|| response::unknown_report(&ask.report))?;
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
        Ok(ValidatedRequest { offer, range, zone, windows })
    }

    // ---- The directory: courses, sections and terms.

    /// Has the directory read when there is none or it has aged. Who finds none waits for its first pages.
    async fn ensure_directory(&self) -> Result<(), Problem> {
        let now = clock::now();
        let due = self.try_store(Store::directory_refresh_at)?;
        // A time further ahead than any that is ever set is a clock that went back.
        if due.is_some_and(|due| now < due && due.since(now) <= directory::FRESH) {
            return Ok(());
        }
        if self.directory_reader.borrow().is_none() {
            let kept = self.try_store(Store::directory)?.map(|(kept, _)| kept).unwrap_or_default();
            *self.directory_reader.borrow_mut() = Some(DirectoryReader::new(kept));
        }
        let settings = config::read(&self.env)?;
        for _ in 0..MAX_PAGES_WAITED_FOR {
            if due.is_some()
                || !matches!(self.read_directory_page(&settings).await, DirectoryProgress::MorePages)
            {
                break;
            }
        }
        Ok(())
    }

    /// Reads one page of the directory; the last one is followed by keeping it all.
    async fn read_directory_page(&self, settings: &Settings) -> DirectoryProgress {
        let now = clock::now();
        let spare = self.with_rules(|rules| rules.has_spare_calls(now)).unwrap_or(false);
        let reads = self.reading.get().is_some_and(|since| (0..PAGE_TIMEOUT).contains(&now.since(since)));
        if !spare || reads {
            return DirectoryProgress::Postponed;
        }
        let path = self.directory_reader.borrow().as_ref().map(DirectoryReader::next_path);
        let Some(path) = path else { return DirectoryProgress::Complete };
        if let Some(path) = path {
            let may_call = || self.may_call();
            let echo360 = Echo360Client { settings, client_state: &self.client_state, may_call: &may_call };
            self.reading.set(Some(now));
            let answer = echo360.get_page(&path).await;
            self.reading.set(None);
            if let Err(trouble @ UpstreamError::TooMany { .. }) = &answer
                && let Err(error) = self.with_rules(|rules| rules.record_error(trouble.clone(), clock::now()))
            {
                response::internal_error(&error);
            }
            if let Some(directory_reader) = self.directory_reader.borrow_mut().as_mut() {
                directory_reader.record_page(&path, answer, &settings.upstream);
                if directory_reader.next_path().is_some() {
                    return DirectoryProgress::MorePages;
                }
            }
        }
        let Some(directory_reader) = self.directory_reader.borrow_mut().take() else {
            return DirectoryProgress::Complete;
        };
        let (found, again) = directory_reader.finish(clock::now());
        let kept = self.with_rules(|rules| rules.erased_courses()).and_then(|closed| {
            // A course may have been forgotten since its page was read.
            let (store, found) = (self.store()?, found.without_courses(&closed));
            transaction::run(&self.state, || store.save_directory(&found, again))
        });
        if let Err(error) = kept {
            response::internal_error(&error);
        }
        DirectoryProgress::Complete
    }

    // ---- What Echo360 offers.

    /// The offer of one report: the reference's for the eight, Echo360's own list for any other.
    async fn offer(&self, name: &ReportName) -> Result<ReportListing, Problem> {
        if let Some(offer) = ReportListing::from_reference(name) {
            return Ok(offer);
        }
        let (offers, _) = self.offers().await?;
        offers
            .into_iter()
            .find(|offer| offer.name == *name)
            .ok_or_else(|| response::unknown_report(name.as_str()))
    }

    async fn list_reports(&self) -> Result<api::Reports, Problem> {
        let (offers, listed) = match self.offers().await {
            Ok((offers, listed)) => (offers, Some(listed)),
            // The eight can be asked for all the same; the requests say how Echo360 fares.
            Err(problem) if problem.code != Code::CredentialsRefused => {
                let names = KnownReport::ALL.into_iter().map(ReportName::from);
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
                    title: known.map_or(described, |report| report.descriptor().title).to_owned(),
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
        let kept = self.try_store(Store::offers)?;
        if let Some((offers, listed)) = &kept
            && now.since(*listed) < OFFERS_TTL
            && *listed <= now
        {
            return Ok((offers.clone(), *listed));
        }
        let settings = config::read(&self.env)?;
        let held =
            self.try_rules(|rules| rules.calls_paused_until(now).is_some().then(|| rules.info(now)))?;
        let reply = match held {
            Some(info) => Err(paused_problem(&info, now)),
            None => {
                let may_call = || self.may_call();
                let echo360 = Echo360Client {
                    settings: &settings,
                    client_state: &self.client_state,
                    may_call: &may_call,
                };
                match echo360.list_reports().await {
                    Ok(offers) => Ok(offers),
                    Err(trouble) => {
                        let problem = upstream_problem(&trouble);
                        self.try_rules(|rules| rules.record_error(trouble, clock::now()))?;
                        Err(problem)
                    }
                }
            }
        };
        match (reply, kept) {
            (Ok(offers), _) => {
                self.try_store(|store| store.save_offers(&offers, now))?;
                Ok((offers, now))
            }
            (Err(_), Some(kept)) => Ok(kept),
            (Err(problem), None) => Err(problem),
        }
    }
}

/// How far the directory has come.
enum DirectoryProgress {
    /// A page is read, and there are more.
    MorePages,
    /// It is kept.
    Complete,
    /// No page may be read now.
    Postponed,
}

/// An ask that holds.
struct ValidatedRequest {
    offer: ReportListing,
    range: Option<Range>,
    zone: domain::zone::Zone,
    windows: Vec<WindowKey>,
}

fn check_parameters(offer: &ReportListing, given: &Parameters) -> Result<(), Problem> {
    let wrong = |detail: String| Err(Problem::new(Code::BadParameters, detail));
    for (name, value) in given {
        if !offer.extra_parameters().any(|parameter| parameter.name == *name) {
            let name = response::sanitize(name);
            return wrong(format!("The report `{}` takes no parameter `{name}`.", offer.name));
        }
        if value.len() > MAX_PARAMETER_BYTES || value.chars().any(char::is_control) {
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
    Problem::new(
        Code::UnknownRequest,
        "There is no such request: it may have been withdrawn. Request the report again.",
    )
}

/// Which windows are not ready, so that nobody takes a short file for a whole one; and, when one of them has
/// failed, that waiting will not help.
pub(crate) fn rows_not_ready(ids: Vec<String>, failed: Option<WindowFailure>) -> Problem {
    let some = ids.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if ids.len() > 5 { format!(" and {} more", ids.len() - 5) } else { String::new() };
    match failed {
        None => {
            let detail =
                format!("Not loaded yet: {some}{more}. Request them, and wait until they are loaded.");
            Problem::new(Code::RowsNotReady, detail).windows(ids).retry_after(15)
        }
        Some(WindowFailure { window, forgotten: true, .. }) => {
            let detail = format!(
                "Not here: {some}{more}. {window} was forgotten, and is not asked again by itself: leave its days out, \
                 or have an administrator ask for it again."
            );
            Problem::new(Code::RowsNotReady, detail).windows(ids)
        }
        Some(WindowFailure { window, fault, upstream, .. }) => {
            let detail = format!("Not loaded: {some}{more}. {window} failed: {fault} Try it again.");
            let problem = Problem::new(Code::RowsNotReady, detail).windows(ids);
            Problem { upstream_request_id: upstream.map(String::into_boxed_str), ..problem }
        }
    }
}

fn paused_problem(info: &api::SchedulerInfo, now: Timestamp) -> Problem {
    match &info.held {
        Some(held) => {
            let code = match held.reason {
                api::PauseReason::CredentialsRefused => Code::CredentialsRefused,
                api::PauseReason::UpstreamDown | api::PauseReason::LimitReached => Code::UpstreamDown,
            };
            let wait = held.until.since(now) / SECOND;
            Problem::new(code, held.detail.clone()).retry_after(u32::try_from(wait).unwrap_or(0).max(1))
        }
        None => Problem::new(
            Code::UpstreamDown,
            "Lectern has made as many calls to Echo360 as it may in this minute.",
        )
        .retry_after(30),
    }
}

fn upstream_problem(trouble: &UpstreamError) -> Problem {
    match trouble {
        UpstreamError::Denied { detail } => Problem::new(Code::CredentialsRefused, detail.clone()),
        _ => Problem::new(Code::UpstreamDown, "Echo360 is not responding as expected. Try again in a while.")
            .retry_after(30),
    }
}
