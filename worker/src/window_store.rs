//! The WindowStore: one Durable Object per institution, report and week. It collects the files that the
//! Scheduler assigns to it, splits them by section, stores the rows as slices and serves them.
//!
//! **Invariant**: a copy is served only if all its bytes arrived and were checked. Slices are written under a
//! generation that the table `copy` does not name yet; one final transaction names it. A failure before that
//! leaves orphaned slices that nobody can read, and the next alarm deletes them.
//!
//! Collecting runs in the object's own alarm, so that the Scheduler never waits for bytes and a disconnecting
//! client interrupts nothing. [`domain::collector`] decides what to do next from the stored state: a job is
//! kept until it has an outcome, and the outcome until the Scheduler has received it. After a crash the
//! runtime repeats the alarm, which makes the same decision.

mod collector;
mod eraser;
mod person_rows;
mod rows;
mod store;

use crate::clock;
use crate::config;
use crate::response;
use crate::rpc::{self, CollectJob, CollectResult, LeaseStatus, SchedulerCommand, WindowStoreCommand};
use domain::collector::{
    CollectStep, ErasureStage, ErasureStep, JobOffer, REPORT_RETRY_DELAY, Settlement, answer_erasure,
    is_alarm_lost, is_alarm_running, judge_offer, next_alarm, next_collect_step, next_erasure_step,
    settle_collect, too_many_starts,
};
use domain::erasure::SweepOutcome;
use domain::scheduler::CollectProgress;
use domain::shrinkage::{ShrinkageCheck, find_shrinkage};
use domain::time::Timestamp;
use domain::window_state::CollectOutcome;
use engine::split::SplitSummary;
use std::cell::Cell;
use std::time::Duration;
use store::{CollectTask, ErasureTask, Store};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

#[durable_object]
pub struct WindowStore {
    state: State,
    env: Env,
    /// When the alarm handler that is running in this instance started.
    running_since: Cell<Option<Timestamp>>,
    has_tables: Cell<bool>,
}

impl DurableObject for WindowStore {
    fn new(state: State, env: Env) -> Self {
        config::set_clock(&env);
        Self { state, env, running_since: Cell::new(None), has_tables: Cell::new(false) }
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
            let started = Some(clock::now());
            self.running_since.set(started);
            if let Err(error) = self.run().await {
                response::internal_error(&error);
            }
            // An alarm that outlived its time does not end a later one.
            if self.running_since.get() == started {
                self.running_since.set(None);
            }
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
                let stored_lease = store.collect_task()?.map(|task| task.job.lease);
                if judge_offer(stored_lease, job.lease) == JobOffer::Accept {
                    store.put_collect_job(&job)?;
                    self.set_alarm(0).await;
                }
                Ok(response::json(&true)?)
            }
            WindowStoreCommand::GetLeaseStatus { lease } => {
                let status = match store.collect_task()? {
                    Some(CollectTask { job, outcome: Some(outcome), .. }) if job.lease == lease => {
                        LeaseStatus {
                            inquiry: CollectProgress::Done(outcome),
                            sections: store.sections()?,
                            found: job.found,
                            quality: job.quality,
                            shared_accounts: job.shared_accounts,
                        }
                    }
                    Some(CollectTask { job, .. }) if job.lease == lease => {
                        // Without this check, a lost alarm would leave the job unfinished for good.
                        let alarm = self.state.storage().get_alarm().await?.map(clock::from_runtime);
                        if is_alarm_lost(alarm, clock::now()) && !self.is_running() {
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
            WindowStoreCommand::CountRows { generation, course, section, row_filter } => {
                rows::count(&store, generation, &store::Filter { course, section, row_filter })?
            }
            WindowStoreCommand::Erase(job) => {
                let stored = store.erasure_task()?;
                if judge_offer(stored.as_ref().map(|task| task.job.lease), job.lease) == JobOffer::Accept {
                    store.put_erasure_job(&job)?;
                }
                let swept = answer_erasure(stored.map(|task| (task.facts(), task.swept)), job.lease);
                if swept.is_none() && !self.is_running() {
                    self.set_alarm(0).await;
                }
                Ok(response::json(&swept)?)
            }
            WindowStoreCommand::FindLinks { key, tombstones } => {
                match person_rows::find(&store, &key, &tombstones).await? {
                    Ok(found) => Ok(response::json(&found.links)?),
                    Err(problem) => Err(problem),
                }
            }
            WindowStoreCommand::ReadPersonRows { key, tombstones } => {
                match person_rows::find(&store, &key, &tombstones).await? {
                    Ok(found) => Ok(Response::from_bytes(found.csv)?),
                    Err(problem) => Err(problem),
                }
            }
            WindowStoreCommand::DeleteAll => {
                store.delete_all().await?;
                // Meanwhile a newer job may have come, of a week that was requested again.
                let has_job = store.collect_task()?.is_some() || store.erasure_task()?.is_some();
                if !has_job && !self.is_running() {
                    // Deletes the database file too, and with it remains of rows in free pages.
                    self.has_tables.set(false);
                    self.state.storage().delete_all().await?;
                }
                Ok(response::json(&true)?)
            }
        })
    }

    /// The alarm handler's work: erases, collects, reports, and deletes replaced copies.
    async fn run(&self) -> Result<()> {
        let store = self.store()?;
        // Erase first, so that a copy collected after the erasure has the higher generation.
        self.erase(&store).await?;
        self.collect(&store).await?;
        store.delete_replaced(clock::now()).await
    }

    fn is_running(&self) -> bool {
        is_alarm_running(self.running_since.get(), clock::now())
    }

    async fn set_next_alarm(&self) {
        let wait = self.store().and_then(|store| {
            let collect = store.collect_task()?.map(|task| task.facts());
            let erasure = store.erasure_task()?.map(|task| task.facts());
            Ok(next_alarm(collect, erasure, self.is_running(), store.next_deletion()?, clock::now()))
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

    /// Runs the steps of the collect job until it is done or has to wait.
    async fn collect(&self, store: &Store) -> Result<()> {
        while let Some(task) = store.collect_task()? {
            match next_collect_step(Some(task.facts())) {
                CollectStep::Collect => {
                    let lease = task.job.lease;
                    self.collect_files(store, task).await?;
                    store.delete_replaced(clock::now()).await?;
                    // A job that has replaced this one gets the full time of an alarm of its own.
                    if store.collect_task()?.is_none_or(|task| task.job.lease != lease) {
                        return Ok(());
                    }
                }
                CollectStep::GiveUp => {
                    // Before the first await, since another job may replace this one then.
                    store.finish_collect(&too_many_starts())?;
                    store.delete_orphans().await?;
                }
                CollectStep::Report => {
                    let lease = task.job.lease;
                    if !self.report_result(store, task).await? {
                        return Ok(());
                    }
                    store.mark_reported(lease)?;
                    // As above.
                    if store.collect_task()?.is_none_or(|task| task.job.lease != lease) {
                        return Ok(());
                    }
                }
                CollectStep::Done => return Ok(()),
            }
        }
        Ok(())
    }

    /// Collects the job's files and stores the outcome.
    async fn collect_files(&self, store: &Store, task: CollectTask) -> Result<()> {
        let CollectJob { lease, until, at_once, shrinkage_check, .. } = task.job;
        store.count_collect_start()?;
        store.delete_orphans().await?;
        let result = match config::read(&self.env) {
            Ok(settings) => collector::collect(store, &task.job, &settings).await?,
            Err(_) => Err(CollectOutcome::Unreachable { detail: "Lectern's settings are wrong.".to_owned() }),
        };
        let result = match (result, shrinkage_check) {
            (Ok(summary), Some(check)) => Self::check_shrinkage(store, &task.job, summary, check)?,
            (result, _) => result,
        };
        let (stored, now) = (store.collect_task()?.map(|task| task.facts()), clock::now());
        match settle_collect(result, lease, stored, until, at_once, now) {
            // Other orphans may be those of a newer job that is writing them.
            Settlement::Superseded => store.delete_orphans_of(lease).await,
            Settlement::Publish { collected, delete_replaced_at } => {
                store.publish_copy(lease, collected, now, delete_replaced_at)
            }
            Settlement::Fail(outcome) => {
                store.finish_collect(&outcome)?;
                store.delete_orphans_of(lease).await
            }
        }
    }

    /// Compares what was collected with the copy in service.
    fn check_shrinkage(
        store: &Store,
        job: &CollectJob,
        summary: SplitSummary,
        check: ShrinkageCheck,
    ) -> Result<SplitResult> {
        let Some(served) = store.served_generation()? else { return Ok(Ok(summary)) };
        let (before, after) = (store.section_rows(served)?, store.section_rows(job.lease)?);
        // A copy that must be replaced at once still has the rows that are being erased.
        let dropped = if job.at_once { summary.findings.dropped.values().sum() } else { 0 };
        let erased = job.tombstones.courses.iter().map(|tombstone| tombstone.course.clone()).collect();
        let shrinkage = find_shrinkage(check, &before, &after, dropped, &erased);
        Ok(shrinkage.map_or(Ok(summary), |shrinkage| Err(CollectOutcome::Shrunken(shrinkage))))
    }

    /// Runs the steps of the erasure job until it is done or has to wait. Each stage is recorded; an
    /// interrupted one is repeated.
    async fn erase(&self, store: &Store) -> Result<()> {
        while let Some(task) = store.erasure_task()? {
            let lease = task.job.lease;
            match next_erasure_step(Some(task.facts())) {
                ErasureStep::Sweep => {
                    store.count_erasure_start()?;
                    store.delete_orphans().await?;
                    // `None`: another job has replaced this one, and has an alarm of its own.
                    let Some(swept) = eraser::erase(store, &task.job).await? else { return Ok(()) };
                    store.finish_erasure(lease, &swept)?;
                }
                ErasureStep::GiveUp => {
                    store.delete_orphans().await?;
                    store.finish_erasure(lease, &SweepOutcome::Damaged)?;
                }
                ErasureStep::DeleteOrphans => {
                    store.delete_orphans().await?;
                    store.set_erasure_stage(lease, ErasureStage::Erased)?;
                }
                ErasureStep::Report => {
                    if !self.report_erasure(task).await? {
                        return Ok(());
                    }
                    store.set_erasure_stage(lease, ErasureStage::Reported)?;
                }
                ErasureStep::Done => return Ok(()),
            }
            if store.erasure_task()?.is_none_or(|task| task.job.lease != lease) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reports the result of the erasure to the Scheduler. Returns whether the Scheduler received it.
    async fn report_erasure(&self, task: ErasureTask) -> Result<bool> {
        let (Some(swept), Ok(settings)) = (task.swept, config::read(&self.env)) else { return Ok(false) };
        let stub = rpc::scheduler(&self.env, &settings.scheduler_name())?;
        let command = SchedulerCommand::FinishErasure { key: task.job.key, lease: task.job.lease, swept };
        Ok(rpc::call::<_, bool>(&stub, &command).await.is_ok())
    }

    /// Reports the result of the collect job to the Scheduler. Returns whether the Scheduler received it; if
    /// not, it is reported again, or the Scheduler asks.
    async fn report_result(&self, store: &Store, task: CollectTask) -> Result<bool> {
        let (Some(outcome), Ok(settings)) = (task.outcome, config::read(&self.env)) else { return Ok(false) };
        let stub = rpc::scheduler(&self.env, &settings.scheduler_name())?;
        let CollectJob { key, lease, found, quality, shared_accounts, .. } = task.job;
        let sections = store.sections()?;
        let result = CollectResult { key, lease, outcome, sections, found, quality, shared_accounts };
        Ok(rpc::call::<_, bool>(&stub, &SchedulerCommand::FinishCollect(result)).await.is_ok())
    }

    async fn set_alarm(&self, wait: i64) {
        // The runtime drops or delays an alarm that an alarm handler sets for an earlier time.
        let wait = Duration::from_millis(u64::try_from(wait.max(250)).unwrap_or(250));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            response::internal_error(&error);
        }
    }
}

/// A summary of what was collected, or the outcome of the failure.
pub(crate) type SplitResult = std::result::Result<SplitSummary, CollectOutcome>;
