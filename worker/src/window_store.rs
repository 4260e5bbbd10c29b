//! A WindowStore: one Durable Object per institution, report and week. Collects the files that the Scheduler hands it,
//! splits them by section, keeps them, serves them.
//!
//! **Invariant**: a copy is served only if every byte of it arrived and checked. Slices are written under a
//! generation that nothing names; one transaction at the end names it. Whatever goes wrong before leaves
//! slices that nobody sees, and the next wake deletes them.
//!
//! It collects in its own alarm, so that the Scheduler never waits on bytes and a client that leaves ends nothing.
//! A crash repeats the alarm; the job is on disk until it has an outcome, and the outcome until the Scheduler has
//! taken it.

mod collector;
mod eraser;
mod rows;
mod store;

use crate::clock;
use crate::config;
use crate::response;
use crate::rpc::{self, CollectJob, CollectResult, LeaseStatus, SchedulerCommand, WindowStoreCommand};
use domain::erasure::SweepOutcome;
use domain::scheduler::CollectProgress;
use domain::time::{MINUTE, SECOND, Timestamp};
use domain::window_state::CollectOutcome;
use std::cell::Cell;
use std::time::Duration;
use store::{CollectTask, ErasureTask, Store, stage};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// How long a replaced copy is kept for readers that are at it.
const REPLACED_COPY_KEPT: i64 = 15 * MINUTE;

/// Starts of one collecting before it is given up: the runtime itself gives an alarm up after six failures.
const MAX_COLLECT_STARTS: u32 = 4;

/// Starts of going over a copy before it is given up, and the copy with it.
const MAX_ERASURE_STARTS: u32 = 8;

/// The runtime gives an alarm this long.
const MAX_ALARM_DURATION: i64 = 15 * MINUTE;

/// An alarm that should have come this long ago is lost: set again.
const LOST_ALARM_AFTER: i64 = 10 * SECOND;

/// How soon to tell the Scheduler again that did not hear.
const REPORT_RETRY_DELAY: i64 = 10 * SECOND;

#[durable_object]
pub struct WindowStore {
    state: State,
    env: Env,
    /// Since when an alarm is running in this very instance.
    running: Cell<Option<Timestamp>>,
    has_tables: Cell<bool>,
}

impl DurableObject for WindowStore {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, running: Cell::new(None), has_tables: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let command = match request.json::<WindowStoreCommand>().await {
            Ok(command) => command,
            Err(error) => return response::problem(&response::internal_error(&error)),
        };
        match self.handle(command).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(problem)) => response::problem(&problem),
            Err(error) => response::problem(&response::internal_error(&error)),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        if !self.is_running() {
            self.running.set(Some(clock::now()));
            if let Err(error) = self.run().await {
                response::internal_error(&error);
            }
            self.running.set(None);
        }
        self.set_next_alarm().await;
        Response::empty()
    }
}

impl WindowStore {
    fn store(&self) -> Result<Store> {
        Store::open(self.state.storage().sql(), &self.has_tables)
    }

    async fn handle(
        &self,
        command: WindowStoreCommand,
    ) -> Result<std::result::Result<Response, domain::problem::Problem>> {
        let store = self.store()?;
        Ok(match command {
            WindowStoreCommand::Collect(job) => {
                // An older lease is old news; the same one is a repeated word.
                let is_news = store.collect_task()?.is_none_or(|task| task.job.lease < job.lease);
                if is_news {
                    store.put_collect_job(&job)?;
                    self.set_alarm(0).await;
                }
                Ok(response::json(&true)?)
            }
            WindowStoreCommand::GetLeaseStatus { lease } => {
                let status = match store.collect_task()? {
                    Some(CollectTask { job, outcome: Some(outcome), .. }) if job.lease == lease => {
                        let found = job.found;
                        LeaseStatus {
                            inquiry: CollectProgress::Done(outcome),
                            sections: store.sections()?,
                            found,
                        }
                    }
                    Some(CollectTask { job, .. }) if job.lease == lease => {
                        // Every wake checks: a job without an outcome has an alarm that comes.
                        let armed = self.state.storage().get_alarm().await?;
                        let is_lost =
                            armed.is_none_or(|at| Timestamp(at) < clock::now().plus(-LOST_ALARM_AFTER));
                        if is_lost && !self.is_running() {
                            self.set_alarm(0).await;
                        }
                        LeaseStatus { inquiry: CollectProgress::Working, ..LeaseStatus::unknown() }
                    }
                    _ => LeaseStatus::unknown(),
                };
                Ok(response::json(&status)?)
            }
            WindowStoreCommand::ReadRows { generation, course, section, row_filter } => {
                rows::serve(store, generation, store::Filter { course, section, row_filter })?
            }
            WindowStoreCommand::Erase(job) => {
                let swept = match store.erasure_task()? {
                    Some(known) if known.job.lease == job.lease => {
                        known.swept.filter(|_| known.stage >= stage::ERASED)
                    }
                    // An older lease is old news.
                    Some(known) if known.job.lease > job.lease => Some(SweepOutcome::Moved),
                    _ => {
                        store.put_erasure_job(&job)?;
                        None
                    }
                };
                if swept.is_none() && !self.is_running() {
                    self.set_alarm(0).await;
                }
                Ok(response::json(&swept)?)
            }
            WindowStoreCommand::DeleteAll => {
                store.delete_all()?;
                if !self.is_running() {
                    // The file itself goes, and what is left in it between the rows.
                    self.has_tables.set(false);
                    self.state.storage().delete_all().await?;
                }
                Ok(response::json(&true)?)
            }
        })
    }

    /// What an alarm does: go over the copy, collect, tell, tidy.
    async fn run(&self) -> Result<()> {
        let store = self.store()?;
        // First, so that a copy that is collected after it has the higher number.
        if let Some(erasure) = store.erasure_task()?.filter(|erasure| erasure.stage < stage::REPORTED) {
            self.erase(&store, erasure).await?;
        }
        if let Some(task) = store.collect_task()?.filter(|task| task.outcome.is_none()) {
            self.collect(&store, &task).await?;
            store.delete_replaced(clock::now())?;
        }
        if let Some(task) = store.collect_task()?.filter(|task| !task.is_reported) {
            self.report_result(&store, task).await?;
        }
        store.delete_replaced(clock::now())
    }

    /// One that the runtime broke off without ending this instance does not count for ever.
    fn is_running(&self) -> bool {
        self.running.get().is_some_and(|since| clock::now().since(since) < MAX_ALARM_DURATION)
    }

    /// Arms the alarm for what comes first of what is left to do: there is only one, and setting it replaces it.
    async fn set_next_alarm(&self) {
        let wait = self.store().and_then(|store| {
            if store.erasure_task()?.is_some_and(|erasure| erasure.stage < stage::REPORTED) {
                return Ok(Some(REPORT_RETRY_DELAY / 10));
            }
            let task = store.collect_task()?;
            if task.as_ref().is_some_and(|task| task.outcome.is_none()) {
                return Ok(Some(if self.is_running() { REPORT_RETRY_DELAY } else { 0 }));
            }
            if task.is_some_and(|task| !task.is_reported) {
                return Ok(Some(REPORT_RETRY_DELAY));
            }
            Ok(store.next_deletion()?.map(|at| at.since(clock::now())))
        });
        match wait {
            Ok(Some(wait)) => self.set_alarm(wait).await,
            Ok(None) => {}
            Err(error) => {
                response::internal_error(&error);
                self.set_alarm(REPORT_RETRY_DELAY).await;
            }
        }
    }

    async fn collect(&self, store: &Store, task: &CollectTask) -> Result<()> {
        let CollectJob { lease, until, .. } = task.job;
        store.delete_orphans()?;
        let outcome = if task.starts >= MAX_COLLECT_STARTS {
            Err(CollectOutcome::BadFile {
                detail: "Collecting the file was broken off four times.".to_owned(),
            })
        } else {
            store.count_collect_start()?;
            match config::read(&self.env) {
                Ok(settings) => collector::collect(store, &task.job, &settings).await?,
                Err(_) => {
                    Err(CollectOutcome::Unreachable { detail: "Lectern's settings are wrong.".to_owned() })
                }
            }
        };
        // The Scheduler may have given this lease up meanwhile, and handed over another.
        let is_ours = store.collect_task()?.is_some_and(|task| task.job.lease == lease);
        if !is_ours {
            store.delete_orphans()?;
            return Ok(());
        }
        match outcome {
            Ok(_) if clock::now() >= until => {
                store.delete_orphans()?;
                store.finish_collect(&CollectOutcome::BadFile {
                    detail: "Collecting the file took too long.".to_owned(),
                })
            }
            Ok(summary) => {
                let kept = if task.job.at_once { 0 } else { REPLACED_COPY_KEPT };
                store.publish_copy(lease, summary, clock::now(), clock::now().plus(kept))
            }
            Err(outcome) => {
                store.delete_orphans()?;
                store.finish_collect(&outcome)
            }
        }
    }

    /// Takes going over the copy as far as it gets: each stage is noted, and whatever broke off is done again.
    async fn erase(&self, store: &Store, erasure: ErasureTask) -> Result<()> {
        let job = &erasure.job;
        if erasure.stage == stage::PENDING {
            store.delete_orphans()?;
            let swept = if erasure.starts >= MAX_ERASURE_STARTS {
                Some(SweepOutcome::Damaged)
            } else {
                store.count_erasure_start()?;
                eraser::erase(store, job).await?
            };
            let Some(swept) = swept else { return Ok(()) };
            store.finish_erasure(job.lease, &swept)?;
        }
        let Some(erasure) = store.erasure_task()?.filter(|now| now.job.lease == job.lease) else {
            return Ok(());
        };
        if erasure.stage == stage::PUBLISHED {
            store.delete_orphans()?;
            store.set_erasure_stage(job.lease, stage::ERASED)?;
        }
        let (Some(swept), Ok(settings)) = (erasure.swept, config::read(&self.env)) else { return Ok(()) };
        let stub = rpc::scheduler(&self.env, &settings.scheduler_name())?;
        let command = SchedulerCommand::FinishErasure { key: job.key.clone(), lease: job.lease, swept };
        match rpc::call::<_, bool>(&stub, &command).await {
            Ok(_) => store.set_erasure_stage(job.lease, stage::REPORTED),
            Err(_) => Ok(()),
        }
    }

    /// Tells the Scheduler how the job ended. If it does not hear, it asks; and we tell again.
    async fn report_result(&self, store: &Store, task: CollectTask) -> Result<()> {
        let (Some(outcome), Ok(settings)) = (task.outcome, config::read(&self.env)) else { return Ok(()) };
        let stub = rpc::scheduler(&self.env, &settings.scheduler_name())?;
        let CollectJob { key, lease, found, .. } = task.job;
        let result = CollectResult { key, lease, outcome, sections: store.sections()?, found };
        match rpc::call::<_, bool>(&stub, &SchedulerCommand::FinishCollect(result)).await {
            Ok(_) => store.mark_reported(lease),
            Err(_) => Ok(()),
        }
    }

    async fn set_alarm(&self, wait: i64) {
        // Sooner than this inside an alarm is dropped or late.
        let wait = Duration::from_millis(u64::try_from(wait.max(250)).unwrap_or(250));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            response::internal_error(&error);
        }
    }
}

/// What a job was, and how it ended, when that is known.
pub(crate) type SplitResult = std::result::Result<engine::split::SplitSummary, CollectOutcome>;
