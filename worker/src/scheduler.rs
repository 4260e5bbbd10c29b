//! The Scheduler: one Durable Object per institution. It owns the queue and the slots, makes every call to
//! the reporting API, and tracks each window's state.
//!
//! It is a thin shell around [`domain::scheduler::Scheduler`], which decides. This module provides what the
//! decisions need: storage (written through, so that memory and disk agree between any two awaits), an alarm
//! that is never lost, and the calls themselves. Handlers do not fail: a panic or an `Err` would lose alarms.

mod shared_accounts;
mod store;

use crate::clock;
use crate::echo360::{ClientState, Echo360Client};
use crate::response;
use crate::rpc::{
    self, AvailableWindow, AvailableWindows, CollectJob, CollectResult, CoursePart, DownloadPlan, ErasureJob,
    LeaseStatus, PersonExportPlan, PlannedWindow, ReadableWindow, RegistryCommand, SchedulerCommand,
    SectionRow, SharesCommand, WindowFailure, WindowStoreCommand,
};
use crate::{config, crypto, object_namespace, transaction};
use domain::api::{
    self, CopyChoiceRequest, Courses, ReportRequest, ShrunkenSection, ShrunkenWindow, ShrunkenWindows,
};
use domain::data_quality::{DataQuality, FileFindings, WindowQuality};
use domain::directory::{self, Directory, DirectoryReader};
use domain::erasure::{
    Erasure, ErasureRequest, Erasures, Invalidation, PersonIdentifier, SweepOutcome, Tombstones,
};
use domain::fair_queue;
use domain::ids::{CourseId, normalize_text};
use domain::paging::ListName;
use domain::problem::{Code, Problem};
use domain::quota::Quota;
use domain::range::Range;
use domain::report::{KnownReport, ReportName};
use domain::report_listing::ReportListing;
use domain::role::Role;
use domain::scheduler::{
    Changes, CollectHandoff, CollectProgress, ErasureTarget, Scheduler as Rules, Step, create_parameters,
};
use domain::scope::{AccessScope, RowFilter, SectionNumbers};
use domain::settings::Settings;
use domain::shrinkage::{CopyChoice, SectionLoss};
use domain::time::{HOUR, MINUTE, SECOND, Timestamp};
use domain::upstream::UpstreamError;
use domain::window::{self, Parameters, WindowKey, is_window_id};
use domain::window_state::Window;
use domain::zone::Zone;
use engine::erasure_filter::hash_person;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;
use store::Store;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// Maximum number of steps in one alarm; the next alarm continues.
const MAX_STEPS_PER_ALARM: usize = 40;

/// No step starts later than this in one alarm, since the runtime allows an alarm 15 minutes.
const MAX_ALARM_DURATION: i64 = 5 * MINUTE;

/// Minimum delay of an alarm: one that an alarm handler sets for an earlier time is dropped or late.
const MIN_ALARM_DELAY: i64 = 250;

/// Delay of the alarm that an alarm handler sets first, so that there is one even if the isolate is killed
/// half-way.
const SAFETY_ALARM_DELAY: i64 = MINUTE;

/// An alarm that is overdue by this long was lost and is set again.
const LOST_ALARM_AFTER: i64 = 10 * SECOND;

/// How long Echo360's list of reports counts as current.
const OFFERS_TTL: i64 = 6 * HOUR;

/// Maximum number of directory pages that a visitor waits for while no directory is stored.
const MAX_PAGES_WAITED_FOR: usize = 8;

/// A page requested this long ago was lost: a call and a token take at most a minute each.
const PAGE_TIMEOUT: i64 = 3 * MINUTE;

/// Expected length of the JSON of a course with a section.
const COURSE_BYTES: usize = 256;

/// Maximum length of a parameter's value.
const MAX_PARAMETER_BYTES: usize = 200;

#[durable_object]
pub struct Scheduler {
    state: State,
    env: Env,
    rules: RefCell<Option<Rules>>,
    client_state: ClientState,
    /// When the current page of the directory was requested; only one is requested at a time. If its visitor disconnects, the
    /// call may be cancelled without resetting this: see [`PAGE_TIMEOUT`].
    page_requested_at: Cell<Option<Timestamp>>,
    /// The numbers of all sections, from the directory and from rows; `None` until they are needed, and when one of them
    /// may have changed: parsing the whole directory for each call would take longer than the call.
    section_numbers: RefCell<Option<SectionNumbers>>,
    /// Whether the alarm handler is running, which sets the next alarm itself.
    is_alarm_running: Cell<bool>,
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
            page_requested_at: Cell::new(None),
            section_numbers: RefCell::new(None),
            is_alarm_running: Cell::new(false),
            has_tables: Cell::new(false),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let command = match request.json::<SchedulerCommand>().await {
            Ok(command) => command,
            Err(error) => return response::problem(&response::internal_error(&error)),
        };
        let access_scope = command.access_scope().cloned();
        let answer = self.handle(command).await;
        self.ensure_alarm().await;
        match (answer, access_scope) {
            (Ok(answer), _) => answer,
            (Err(problem), Some(access_scope)) => response::problem(&access_scope.redact_problem(problem)),
            (Err(problem), None) => response::problem(&problem),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.is_alarm_running.set(true);
        let next = self.run().await;
        self.is_alarm_running.set(false);
        match next {
            Some(at) => self.set_alarm(at).await,
            // A command may have arrived while the alarm was being deleted.
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

    /// Calls `work` with the rules, which are loaded if necessary, and saves what changed. There is no await
    /// in between, so that memory and disk never differ for another event.
    fn with_rules<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> worker::Result<T> {
        let store = self.store()?;
        let mut cached = self.rules.try_borrow_mut().map_err(|error| error.to_string())?;
        let rules = match &mut *cached {
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
            // The state in memory was not written: drop it and load the stored state next time.
            *cached = None;
            return Err(error);
        }
        Ok(result)
    }

    fn try_rules<T>(&self, work: impl FnOnce(&mut Rules) -> T) -> Result<T, Problem> {
        self.with_rules(work).map_err(|error| response::internal_error(&error))
    }

    /// Records the sections in collected rows, except those of erased courses: the rows may have been
    /// collected before the erasure.
    fn save_sections(&self, sections: &[SectionRow]) -> worker::Result<()> {
        let erased = self.with_rules(|rules| rules.erased_courses())?;
        let is_retained = |row: &&SectionRow| !erased.contains(row.course.as_str());
        let retained: Vec<SectionRow> = sections.iter().filter(is_retained).cloned().collect();
        self.section_numbers.replace(None);
        self.store()?.save_sections(&retained)
    }

    /// Stores what is unusual in the files of a copy, if that copy is in service.
    fn save_quality(
        &self,
        key: &WindowKey,
        lease: u32,
        findings: Option<&FileFindings>,
    ) -> worker::Result<()> {
        let generation = |rules: &mut Rules| Some(rules.window(key)?.copy.as_ref()?.generation);
        match findings {
            Some(findings) if self.with_rules(|rules| generation(rules))? == Some(lease) => {
                self.store()?.save_quality(key, findings)
            }
            _ => Ok(()),
        }
    }

    /// Whether this is the Scheduler of the institution that the settings name.
    fn is_named(&self, settings: &Settings) -> bool {
        let Ok(namespace) = object_namespace::namespace(&self.env, "SCHEDULER") else { return false };
        let named_id = namespace.id_from_name(&settings.scheduler_name()).map(|id| id.to_string());
        named_id.is_ok_and(|id| id == self.state.id().to_string())
    }

    // ---- The alarm.

    /// Runs steps until there is nothing to do now. Returns the time of the next alarm, if one is needed.
    async fn run(&self) -> Option<Timestamp> {
        self.set_alarm(clock::now().plus(SAFETY_ALARM_DELAY)).await;
        let Ok(settings) = config::read(&self.env) else {
            // No call can be made until the settings are valid; requests stay queued.
            return Some(clock::now().plus(MINUTE));
        };
        if !self.is_named(&settings) {
            // The settings name another Scheduler, which owns the WindowStores: this one must not collect,
            // rewrite or empty them.
            return Some(clock::now().plus(HOUR));
        }
        let started = clock::now();
        for _ in 0..MAX_STEPS_PER_ALARM {
            if clock::now().since(started) > MAX_ALARM_DURATION {
                break;
            }
            let step = self.with_rules(|rules| rules.next_step(clock::now()));
            // The directory is read only when there is no step to do.
            if matches!(step, Ok(Step::Wait(_) | Step::Idle)) && self.directory_reader().is_some() {
                match self.read_directory_page(&settings).await {
                    // A command may have arrived during the call, so compute the step again.
                    DirectoryProgress::MorePages | DirectoryProgress::Complete => continue,
                    DirectoryProgress::Postponed(later) => {
                        return Some(if let Ok(Step::Wait(at)) = step { at.min(later) } else { later });
                    }
                }
            }
            match step {
                Ok(Step::Wait(at)) => {
                    let now = clock::now();
                    // A wait of over an hour is only for data to expire.
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
                let now = clock::now();
                let Some(reply) = reply.transpose() else {
                    // The next page is a step of its own, so that calls of higher priority come first.
                    return self.with_rules(|rules| rules.record_success(now));
                };
                if let Ok(list) = &reply {
                    self.store()?.save_cut_off(ListName::Requests, list.cut_off, list.requests.len(), now)?;
                }
                self.with_rules(|rules| rules.record_list(reply, now))
            }
            Step::Create { key, days } => {
                let reply = echo360.create_request(key.report.as_str(), &create_parameters(&key, days)).await;
                self.with_rules(|rules| rules.record_create(&key, reply, clock::now()))
            }
            Step::Poll { key, id } => {
                let reply = echo360.get_request(&id).await;
                match self.with_rules(|rules| rules.record_poll(&key, &id, reply, clock::now()))? {
                    Some(handoff) => {
                        self.start_collect(handoff, settings).await;
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
                let (inquiry, found) =
                    status.map(|status| (status.inquiry, (status.quality, status.shared_accounts))).unzip();
                self.with_rules(|rules| rules.record_inquiry(&key, lease, inquiry, clock::now()))?;
                let (quality, shared_accounts) = found.unwrap_or_default();
                self.save_found_accounts(&key, lease, &shared_accounts)?;
                self.save_quality(&key, lease, quality.as_ref())
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
                    // The WindowStore reports later, or the step is repeated.
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

    /// Sends a collect job to its WindowStore. If this fails, a later inquiry finds that the WindowStore does
    /// not know the lease.
    async fn start_collect(&self, handoff: CollectHandoff, settings: &Settings) {
        let CollectHandoff { key, lease, until, links, tombstones, at_once, shrinkage_check, .. } = handoff;
        let Ok(stub) = rpc::window_store(&self.env, &settings.scheduler_name(), &key) else { return };
        let job = CollectJob {
            key,
            lease,
            until,
            links,
            tombstones,
            at_once,
            found: BTreeSet::new(),
            quality: None,
            shared_accounts: BTreeSet::new(),
            shrinkage_check,
        };
        let job = WindowStoreCommand::Collect(job);
        if let Err(problem) = rpc::call::<_, bool>(&stub, &job).await {
            worker::console_warn!("a WindowStore did not take its file: {}", problem.title);
        }
    }

    /// Tells the Registry which rows were erased, before recording the erasure here: shares that counted
    /// these rows are withdrawn before an erasure is reported done.
    async fn notify_shares(
        &self,
        settings: &Settings,
        find_invalidation: impl FnOnce(&Rules) -> Option<Invalidation>,
    ) -> worker::Result<()> {
        let Some(loss) = self.with_rules(|rules| find_invalidation(rules))? else { return Ok(()) };
        let registry = rpc::registry(&self.env, &settings.scheduler_name())?;
        let notified =
            rpc::call::<_, bool>(&registry, &RegistryCommand::Shares(SharesCommand::RecordLoss(loss))).await;
        notified.map(drop).map_err(|problem| worker::Error::RustError(problem.detail))
    }

    /// Counts a call that is about to be made, and returns whether it may be made now.
    fn may_call(&self) -> bool {
        let now = clock::now();
        let is_allowed = self.with_rules(|rules| {
            let is_allowed = rules.calls_paused_until(now).is_none();
            if is_allowed {
                rules.record_call(now);
            }
            is_allowed
        });
        is_allowed.unwrap_or_else(|error| {
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

    /// Makes sure that unfinished work has an alarm, early enough. Called after every command.
    async fn ensure_alarm(&self) {
        if self.is_alarm_running.get() {
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
        let page_at = self.directory_reader().map(|reader| self.next_page_at(&reader, now));
        let next = next.into_iter().chain(page_at).min();
        let Some(next) = next else { return };
        let alarm = self.state.storage().get_alarm().await.ok().flatten();
        if alarm.is_none_or(|at| {
            let at = clock::from_runtime(at);
            at > next.plus(MIN_ALARM_DELAY) || at < now.plus(-LOST_ALARM_AFTER)
        }) {
            self.set_alarm(next).await;
        }
    }

    // ---- Commands.

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
                let erased = self.try_rules(|rules| rules.erased_courses())?;
                let courses = access_scope.filter_courses(self.try_store(|store| store.courses(&erased))?);
                response::large_json(&courses, courses.courses.len() * COURSE_BYTES)
            }
            SchedulerCommand::ListSections(course) => {
                self.ensure_directory().await?;
                // A list that was cut off does not say how many sections a course has.
                let is_cut_off = self.try_store(Store::cut_off_lists)?.contains_key(&ListName::Sections);
                let directory =
                    if is_cut_off { Directory::default() } else { self.try_store(Store::directory)? };
                response::json(&directory.listed_sections(&course))
            }
            SchedulerCommand::CreateRequest { person, role, ask, zone, access_scope } => response::json(
                &access_scope.redact_request(self.create_request(person, role, ask, zone).await?),
            ),
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
                api::Requests { requests, shared, scheduler: access_scope.redact_scheduler(rules.info(now)) }
            })?),
            SchedulerCommand::GetRequest { id, access_scope } => {
                response::json(&self.describe(&id, &access_scope)?)
            }
            SchedulerCommand::RetryWindows { id, windows, person, role, access_scope } => {
                let request = self.describe(&id, &access_scope)?;
                if !windows.iter().all(|id| request.windows.iter().any(|window| window.id == *id)) {
                    return Err(Problem::new(Code::UnknownWindow, "This request has no such window."));
                }
                let may_restore_erased = role == Role::Administrator;
                let is_forgotten = |window: &api::WindowInfo| {
                    window.state == api::WindowStatus::Forgotten && windows.contains(&window.id)
                };
                if !may_restore_erased && request.windows.iter().any(is_forgotten) {
                    return Err(Problem::new(
                        Code::NotAllowed,
                        "Some of these weeks were erased. An administrator can request them again.",
                    ));
                }
                let new = self.try_rules(|rules| rules.count_retried_windows(&id, &windows, now))?;
                self.take_quota(&person, role, new, now)?;
                self.try_rules(|rules| {
                    if role == Role::Administrator {
                        rules.end_waits();
                    }
                    rules.retry(&id, &windows, may_restore_erased, now)
                })?;
                response::json(&self.describe(&id, &access_scope)?)
            }
            SchedulerCommand::WithdrawRequest { id, access_scope } => {
                self.describe(&id, &access_scope)?;
                if !self.try_rules(|rules| rules.withdraw(&id, now))? {
                    return Err(unknown_request());
                }
                response::json(&true)
            }
            SchedulerCommand::FindWindow { report, window, part, access_scope } => {
                response::json(&self.find_window(&report, &window, &part, &access_scope)?)
            }
            SchedulerCommand::PlanDownload { ask, zone, part, access_scope } => {
                response::json(&self.plan_download(&ask, zone, &part, &access_scope).await?)
            }
            SchedulerCommand::FinishCollect(result) => {
                let CollectResult { key, lease, outcome, sections, found, quality, shared_accounts } = result;
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
                // In the same event as the change above, so that nobody reads the copy without them.
                self.save_found_accounts(&key, lease, &shared_accounts)
                    .and_then(|()| self.save_quality(&key, lease, quality.as_ref()))
                    .map_err(|error| response::internal_error(&error))?;
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
            SchedulerCommand::ListQuality => response::json(&self.list_quality()?),
            SchedulerCommand::ListSharedAccounts { has_accounts } => {
                response::json(&self.describe_shared_accounts(has_accounts)?)
            }
            SchedulerCommand::MarkAccount { by, request } => {
                self.mark_account(&by, &request)?;
                response::json(&self.describe_shared_accounts(true)?)
            }
            SchedulerCommand::FindAccounts { person } => response::json(&self.accounts_of(&person)?),
            SchedulerCommand::PlanPersonExport { person } => {
                response::json(&self.plan_person_export(&person)?)
            }
            SchedulerCommand::ListShrunken => response::json(&self.list_shrunken()?),
            SchedulerCommand::ChooseCopy { person, choice } => {
                self.choose_copy(&person, &choice, now)?;
                response::json(&self.list_shrunken()?)
            }
            SchedulerCommand::GetUpstreamFailure => {
                response::json(&self.try_rules(|rules| rules.upstream_failure())?)
            }
            SchedulerCommand::Wake => response::json(&true),
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

    /// The description of a request.
    ///
    /// # Errors
    /// `unknown-request`, also if it is outside the scope.
    fn describe(&self, id: &str, access_scope: &AccessScope) -> Result<api::RequestInfo, Problem> {
        let description = self.try_rules(|rules| {
            let is_visible =
                rules.request(id).is_some_and(|request| access_scope.can_see_requests_of(&request.person));
            if is_visible { rules.describe(id, clock::now()) } else { None }
        })?;
        description.map(|request| access_scope.redact_request(request)).ok_or_else(unknown_request)
    }

    /// Charges new windows to a person's quota. The caller must queue them without an await in between.
    fn take_quota(&self, person: &str, role: Role, new: u32, now: Timestamp) -> Result<(), Problem> {
        if new == 0 {
            return Ok(());
        }
        let unfinished = self.try_rules(|rules| rules.count_unfinished(person))?;
        let mut usage = self.try_store(Store::tally)?;
        usage.charge(person, Quota::for_role(role), unfinished, new, now)?;
        self.try_store(|store| store.save_tally(&usage))
    }

    /// The filter of the slices that may be sent. Section numbers are looked up only for reports that
    /// identify sections by number.
    fn row_filter(&self, report: &ReportName, access_scope: &AccessScope) -> Result<RowFilter, Problem> {
        let Some(known) = report.known() else { return Ok(access_scope.row_filter_for_unknown_report()) };
        if !access_scope.needs_section_numbers(known) {
            return Ok(access_scope.row_filter(known, &SectionNumbers::default()));
        }
        let numbers = match self.section_numbers.take() {
            Some(numbers) => numbers,
            None => SectionNumbers::from_courses(&self.try_store(|store| store.courses(&BTreeSet::new()))?),
        };
        let row_filter = access_scope.row_filter(known, &numbers);
        self.section_numbers.replace(Some(numbers));
        Ok(row_filter)
    }

    async fn create_request(
        &self,
        person: String,
        role: Role,
        ask: ReportRequest,
        zone: Option<Zone>,
    ) -> Result<api::RequestInfo, Problem> {
        let now = clock::now();
        let valid_request = self.validate_request(&ask, zone, now).await?;
        let request = fair_queue::Request {
            id: crypto::new_id()?,
            person,
            report: valid_request.offer.name,
            range: valid_request.range,
            zone: valid_request.zone.name().to_owned(),
            parameters: ask.parameters,
            created: now,
            asked: now,
            windows: valid_request.windows,
            turn: 0,
        };
        let new = self.try_rules(|rules| rules.count_new_windows(&request.windows, now))?;
        self.take_quota(&request.person, role, new, now)?;
        let id = self.try_rules(|rules| rules.submit(request, now))?;
        self.describe(&id, &AccessScope::Everything)
    }

    /// The windows whose newer copy has lost rows. Erased courses are not named.
    fn list_shrunken(&self) -> Result<ShrunkenWindows, Problem> {
        let (erased, shrunken) = self.try_rules(|rules| {
            let shrunken = rules.windows().filter(|window| window.row_loss().is_some());
            (rules.erased_courses(), shrunken.cloned().collect::<Vec<_>>())
        })?;
        if shrunken.is_empty() {
            return Ok(ShrunkenWindows::default());
        }
        let courses = self.try_store(|store| store.courses(&erased))?;
        let windows = shrunken.iter().filter_map(|window| describe_shrunken(window, &courses, &erased));
        Ok(ShrunkenWindows { windows: windows.collect() })
    }

    fn choose_copy(
        &self,
        person: &str,
        CopyChoiceRequest { report, window: id, choice }: &CopyChoiceRequest,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let unknown =
            || Problem::new(Code::UnknownWindow, "No newer copy of this window waits for a choice.");
        let is_named = |window: &&Window| {
            window.key.report == *report && window.key.id() == *id && window.row_loss().is_some()
        };
        let key = self.try_rules(|rules| rules.windows().find(is_named).map(|window| window.key.clone()))?;
        let (key, request) = (key.ok_or_else(unknown)?, crypto::new_id()?);
        if *choice == CopyChoice::Replace {
            self.take_quota(person, Role::Administrator, 1, now)?;
        }
        let is_chosen = self.try_rules(|rules| rules.choose_copy(&key, *choice, (request, person), now))?;
        if is_chosen { Ok(()) } else { Err(unknown()) }
    }

    /// Starts an erasure, which alarms carry out. The id or e-mail address itself is not stored, only its
    /// hash.
    fn start_erasure(&self, by: &str, forget: &ErasureRequest) -> Result<Erasure, Problem> {
        let (id, key) = (crypto::new_id()?, self.hash_key()?);
        let target = ErasureTarget::from_request(forget, |text| hash_person(&key, text))?;
        if let ErasureTarget::Course { id } = &target {
            self.section_numbers.replace(None);
            self.try_store(|store| transaction::run(&self.state, || store.erase_course(id)))?;
        }
        let erasure = self.try_rules(|rules| {
            let id = rules.request_erasure(id, target, by, clock::now());
            rules.erasures().into_iter().find(|erasure| erasure.id == id)
        })?;
        erasure.ok_or_else(|| Problem::new(Code::Internal, "Something went wrong inside Lectern. Try again."))
    }

    fn list_quality(&self) -> Result<DataQuality, Problem> {
        let mut found = self.try_store(Store::quality)?;
        let lists = self.try_store(Store::cut_off_lists)?.into_values().collect();
        self.try_rules(|rules| {
            let describe = |window: &Window| {
                Some(WindowQuality {
                    report: window.key.report.clone(),
                    window: window.key.id(),
                    created: window.copy.as_ref()?.created,
                    findings: found.remove(&window.key.full_id())?,
                })
            };
            let mut windows: Vec<WindowQuality> = rules.windows().filter_map(describe).collect();
            windows.sort_by(|a, b| (&a.report, &b.window).cmp(&(&b.report, &a.window)));
            DataQuality { windows, lists }
        })
    }

    /// Describes the person as an erasure does, so that the same rows are found that an erasure deletes.
    fn plan_person_export(&self, person: &PersonIdentifier) -> Result<PersonExportPlan, Problem> {
        let key = self.hash_key()?;
        let hash = person.hash(|text| hash_person(&key, text))?;
        self.try_rules(|rules| {
            // Not only those with a copy: a WindowStore may have one whose result was lost.
            let may_have_rows = |window: &&Window| {
                let known = window.key.report.known();
                window.lease > 0 && known.is_none_or(|report| report.descriptor().person.is_some())
            };
            let windows = rules.windows().filter(may_have_rows).map(|window| window.key.clone()).collect();
            PersonExportPlan { windows, tombstones: Tombstones::of_person(key, hash) }
        })
    }

    /// The key of people's hashes; made when it is first needed.
    fn hash_key(&self) -> Result<String, Problem> {
        let new_key = [crypto::new_id()?, crypto::new_id()?].concat();
        self.try_rules(|rules| rules.ensure_hash_key(new_key))
    }

    async fn plan_download(
        &self,
        ask: &ReportRequest,
        zone: Option<Zone>,
        part: &CoursePart,
        access_scope: &AccessScope,
    ) -> Result<DownloadPlan, Problem> {
        let now = clock::now();
        let valid_request = self.validate_request(ask, zone, now).await?;
        let shape = valid_request.offer.shape();
        let row_filter = self.row_filter(&valid_request.offer.name, access_scope)?;
        let is_known = self.try_store(|store| store.has_rows_of(part))?;
        self.try_rules(|rules| {
            let plan_window = |key: WindowKey| {
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
                windows: valid_request.windows.into_iter().map(plan_window).collect(),
                needed_until: valid_request
                    .range
                    .map(|range| window::needed_until(range, &valid_request.zone, now)),
                span: valid_request.range.map(|range| range.span(&valid_request.zone)),
                zone: valid_request.zone,
                row_filter,
                is_known,
            }
        })
    }

    /// The copies of a report that a share of a course may count; none if the course is being erased.
    fn available_windows(&self, report: &ReportName, course: &CourseId) -> Result<AvailableWindows, Problem> {
        let shared_accounts = self.shared_account_hashes()?;
        self.try_rules(|rules| {
            let is_erased = rules.erased_courses().contains(course);
            let windows = rules.windows().filter(|window| {
                window.key.report == *report
                    && window.key.parameters.is_empty()
                    && window.erasure.forgotten.is_none()
                    && !is_erased
            });
            let available = windows.filter_map(|window| {
                let copy = window.copy.clone()?;
                Some(AvailableWindow { key: window.key.clone(), copy })
            });
            AvailableWindows { windows: available.collect(), shared_accounts }
        })
    }

    fn find_window(
        &self,
        report: &str,
        id: &str,
        part: &CoursePart,
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
                let is_known = self.try_store(|store| store.has_rows_of(part))?;
                Ok(ReadableWindow { row_filter: self.row_filter(&key.report, access_scope)?, key, is_known })
            }
        }
    }

    /// Validates a request. All errors of the request are found here, before anything is created.
    async fn validate_request(
        &self,
        ask: &ReportRequest,
        zone: Option<Zone>,
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
        let zone = zone.ok_or_else(|| {
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

    /// Starts reading the directory if there is none or it is out of date. If there is none, waits for its
    /// first pages.
    async fn ensure_directory(&self) -> Result<(), Problem> {
        let now = clock::now();
        let due = self.try_store(Store::directory_refresh_at)?;
        // A time further ahead than the refresh interval means that the clock went back.
        if due.is_some_and(|due| now < due && due.since(now) <= directory::FRESH) {
            return Ok(());
        }
        if self.directory_reader().is_none() {
            self.try_store(|store| store.save_directory_reader(Some(&DirectoryReader::default())))?;
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

    /// Reads the directory page by page; `None` when it is not being read.
    fn directory_reader(&self) -> Option<DirectoryReader> {
        self.store().and_then(|store| store.directory_reader()).unwrap_or_else(|error| {
            response::internal_error(&error);
            None
        })
    }

    /// When to request the next page of the directory: `now` if it can be requested now.
    fn next_page_at(&self, reader: &DirectoryReader, now: Timestamp) -> Timestamp {
        let calls = self.with_rules(|rules| (rules.has_spare_calls(now), rules.calls_paused_until(now)));
        let (has_spare_calls, paused_until) = calls.unwrap_or_default();
        let is_reading =
            self.page_requested_at.get().is_some_and(|since| (0..PAGE_TIMEOUT).contains(&now.since(since)));
        reader.next_page_at(!has_spare_calls || is_reading, paused_until, now)
    }

    /// Reads and stores one page of the directory.
    async fn read_directory_page(&self, settings: &Settings) -> DirectoryProgress {
        let now = clock::now();
        let Some(reader) = self.directory_reader() else { return DirectoryProgress::Complete };
        let Some(path) = reader.next_path() else { return DirectoryProgress::Complete };
        let next = self.next_page_at(&reader, now);
        if next > now {
            return DirectoryProgress::Postponed(next);
        }
        let may_call = || self.may_call();
        let echo360 = Echo360Client { settings, client_state: &self.client_state, may_call: &may_call };
        self.page_requested_at.set(Some(now));
        let answer = echo360.get_page(path).await;
        self.page_requested_at.set(None);
        if let Err(upstream_error @ UpstreamError::TooMany { .. }) = &answer
            && let Err(error) =
                self.with_rules(|rules| rules.record_error(upstream_error.clone(), clock::now()))
        {
            response::internal_error(&error);
        }
        self.record_directory_page(path, &answer, &settings.upstream).unwrap_or_else(|error| {
            response::internal_error(&error);
            DirectoryProgress::Postponed(clock::now().plus(directory::PAUSE))
        })
    }

    fn record_directory_page(
        &self,
        path: &str,
        answer: &std::result::Result<serde_json::Value, UpstreamError>,
        upstream: &str,
    ) -> worker::Result<DirectoryProgress> {
        let (store, now) = (self.store()?, clock::now());
        // Another event may have recorded a page meanwhile, or begun anew.
        let Some(mut reader) = store.directory_reader()? else { return Ok(DirectoryProgress::Complete) };
        let Some(page) = reader.record_page(path, answer, upstream, now) else {
            return Ok(DirectoryProgress::MorePages);
        };
        let erased = self.with_rules(|rules| rules.erased_courses())?;
        let has_more = reader.next_path().is_some();
        self.section_numbers.replace(None);
        transaction::run(&self.state, || {
            store.save_directory_page(page, &erased, now)?;
            if has_more {
                return store.save_directory_reader(Some(&reader));
            }
            store.save_directory_reader(None)?;
            store.set_directory_refresh_at(reader.next_reading(now))
        })?;
        Ok(match reader.waits_until(now) {
            _ if !has_more => DirectoryProgress::Complete,
            Some(later) => DirectoryProgress::Postponed(later),
            None => DirectoryProgress::MorePages,
        })
    }

    // ---- The reports that Echo360 offers.

    /// The listing of one report: for the eight known ones from the vendor's reference, for others from
    /// Echo360's list.
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
            // The eight known reports can still be requested; the list of requests shows that Echo360 does
            // not respond.
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
                let description =
                    if offer.description.is_empty() { offer.name.as_str() } else { &offer.description };
                api::ReportInfo {
                    title: known.map_or(description, |report| report.descriptor().title).to_owned(),
                    known: known.is_some(),
                    shape: offer.shape(),
                    parameters: offer.extra_parameters().cloned().collect(),
                    name: offer.name,
                }
            })
            .collect();
        Ok(api::Reports { reports, listed })
    }

    /// Echo360's list of reports, and when it was read: stored for six hours, or older if Echo360 cannot be
    /// reached.
    async fn offers(&self) -> Result<(Vec<ReportListing>, Timestamp), Problem> {
        let now = clock::now();
        let stored = self.try_store(Store::offers)?;
        if let Some((offers, listed)) = &stored
            && now.since(*listed) < OFFERS_TTL
            && *listed <= now
        {
            return Ok((offers.clone(), *listed));
        }
        let settings = config::read(&self.env)?;
        let paused =
            self.try_rules(|rules| rules.calls_paused_until(now).is_some().then(|| rules.info(now)))?;
        let reply = match paused {
            Some(info) => Err(paused_problem(&info, now)),
            None => {
                let may_call = || self.may_call();
                let echo360 = Echo360Client {
                    settings: &settings,
                    client_state: &self.client_state,
                    may_call: &may_call,
                };
                match echo360.list_reports().await {
                    Ok(offers) => {
                        self.try_rules(|rules| rules.record_success(clock::now()))?;
                        Ok(offers)
                    }
                    Err(error) => {
                        let problem = upstream_problem(&error);
                        self.try_rules(|rules| rules.record_error(error, clock::now()))?;
                        Err(problem)
                    }
                }
            }
        };
        match (reply, stored) {
            (Ok(offers), _) => {
                self.try_store(|store| store.save_offers(&offers, now))?;
                Ok((offers, now))
            }
            (Err(_), Some(stored)) => Ok(stored),
            (Err(problem), None) => Err(problem),
        }
    }
}

/// The progress of reading the directory.
enum DirectoryProgress {
    /// A page was read, and there are more.
    MorePages,
    /// The directory was stored, or is not being read.
    Complete,
    /// No page can be read before this time.
    Postponed(Timestamp),
}

/// A request that passed validation.
struct ValidatedRequest {
    offer: ReportListing,
    range: Option<Range>,
    zone: Zone,
    windows: Vec<WindowKey>,
}

fn describe_shrunken(
    window: &Window,
    courses: &Courses,
    erased: &BTreeSet<CourseId>,
) -> Option<ShrunkenWindow> {
    let (copy, shrunken, row_loss) = (window.copy.as_ref()?, window.shrunken.as_ref()?, window.row_loss()?);
    let sections = shrunken.shrinkage.sections.iter().filter(|loss| !erased.contains(&loss.course));
    let describe_section = |loss: &SectionLoss| ShrunkenSection {
        course: loss.course.clone(),
        section: loss.section.clone(),
        label: section_label(loss, courses),
        rows: loss.before,
        new_rows: loss.after,
    };
    Some(ShrunkenWindow {
        report: window.key.report.clone(),
        window: window.key.id(),
        start: window.key.start(),
        end: copy.end,
        stored: copy.created,
        requested: shrunken.created,
        rows: row_loss.rows,
        new_rows: row_loss.new_rows,
        sections: sections.map(describe_section).collect(),
    })
}

/// The course's code and name, and the section's number, as far as they are known.
fn section_label(loss: &SectionLoss, courses: &Courses) -> String {
    let Some(course) = courses.courses.iter().find(|course| course.id == loss.course) else {
        return String::new();
    };
    let is_section = |section: &&api::Section| {
        section.id.as_str() == loss.section || normalize_text(&section.number) == loss.section
    };
    let number = course.sections.iter().find(is_section).map_or("", |section| &section.number);
    let number = if number.is_empty() { String::new() } else { format!(", section {number}") };
    format!("{} {}{number}", course.code, course.name)
}

fn check_parameters(offer: &ReportListing, parameters: &Parameters) -> Result<(), Problem> {
    let bad_parameters = |detail: String| Err(Problem::new(Code::BadParameters, detail));
    for (name, value) in parameters {
        if !offer.extra_parameters().any(|parameter| parameter.name == *name) {
            let name = response::sanitize(name);
            return bad_parameters(format!("The report `{}` takes no parameter `{name}`.", offer.name));
        }
        if value.len() > MAX_PARAMETER_BYTES || value.chars().any(char::is_control) {
            return bad_parameters(format!(
                "The parameter `{name}` must be one line of at most 200 characters."
            ));
        }
    }
    match offer
        .extra_parameters()
        .find(|parameter| parameter.required && !parameters.contains_key(&parameter.name))
    {
        Some(missing) => {
            bad_parameters(format!("The report `{}` needs the parameter `{}`.", offer.name, missing.name))
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

/// The problem `rows-not-ready`, which names the windows without rows, so that a partial file is never taken
/// for a complete one. If one of them failed or was erased, it says that waiting will not help.
pub(crate) fn rows_not_ready(ids: Vec<String>, failed: Option<WindowFailure>) -> Problem {
    let names = ids.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if ids.len() > 5 { format!(" and {} more", ids.len() - 5) } else { String::new() };
    match failed {
        None => {
            let detail =
                format!("Not loaded yet: {names}{more}. Request them, and wait until they are loaded.");
            Problem::new(Code::RowsNotReady, detail).windows(ids).retry_after(15)
        }
        Some(WindowFailure { window, forgotten: true, .. }) => {
            let detail = format!(
                "Not loaded: {names}{more}. {window} is erased, and is not requested again automatically: leave its \
                 days out, or ask an administrator to request it again."
            );
            Problem::new(Code::RowsNotReady, detail).windows(ids)
        }
        Some(WindowFailure { window, fault, upstream, .. }) => {
            let detail = format!("Not loaded: {names}{more}. {window} failed: {fault} Try it again.");
            let problem = Problem::new(Code::RowsNotReady, detail).windows(ids);
            Problem { upstream_request_id: upstream.map(String::into_boxed_str), ..problem }
        }
    }
}

fn paused_problem(info: &api::SchedulerInfo, now: Timestamp) -> Problem {
    match &info.held {
        Some(pause) => {
            let code = match pause.reason {
                api::PauseReason::CredentialsRefused => Code::CredentialsRefused,
                api::PauseReason::UpstreamDown | api::PauseReason::LimitReached => Code::UpstreamDown,
            };
            let wait = pause.until.since(now) / SECOND;
            Problem::new(code, pause.detail.clone()).retry_after(u32::try_from(wait).unwrap_or(0).max(1))
        }
        None => Problem::new(
            Code::UpstreamDown,
            "Lectern has made as many calls to Echo360 as it may in this minute.",
        )
        .retry_after(30),
    }
}

fn upstream_problem(error: &UpstreamError) -> Problem {
    match error {
        UpstreamError::Denied { detail } => Problem::new(Code::CredentialsRefused, detail.clone()),
        _ => Problem::new(Code::UpstreamDown, "Echo360 is not responding as expected. Try again in a while.")
            .retry_after(30),
    }
}
