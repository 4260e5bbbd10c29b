//! The WindowStore: one Durable Object per institution, report and week. It collects the files that the Scheduler hands over,
//! splits them by section, stores the rows as slices and serves them.
//!
//! **Invariant**: a copy is served only if every byte of it arrived and checked. Slices are written under a generation that
//! the table `copy` does not name yet; one transaction at the end names it. Whatever goes wrong before that leaves orphaned
//! slices that nobody can read, and the next alarm deletes them.
//!
//! Collecting runs in the object's own alarm, so that the Scheduler never waits for bytes and a client that disconnects ends
//! nothing. What to do next is decided by [`domain::collector`] from what is stored: a job until it has an outcome, and the
//! outcome until the Scheduler has taken it. After a crash the runtime runs the alarm again, and the same is decided again.

mod collector;
mod eraser;
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
use domain::time::Timestamp;
use domain::window_state::CollectOutcome;
use std::cell::Cell;
use std::time::Duration;
use store::{CollectTask, ErasureTask, Store};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

#[durable_object]
pub struct WindowStore {
    state: State,
    env: Env,
    /// When the alarm that is at work in this instance started.
    running: Cell<Option<Timestamp>>,
    has_tables: Cell<bool>,
}

impl DurableObject for WindowStore {
    fn new(state: State, env: Env) -> Self {
        config::set_clock(&env);
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
                        let found = job.found;
                        LeaseStatus {
                            inquiry: CollectProgress::Done(outcome),
                            sections: store.sections()?,
                            found,
                        }
                    }
                    Some(CollectTask { job, .. }) if job.lease == lease => {
                        // Checked here too: an alarm that was lost would leave the job unfinished for good.
                        let armed = self.state.storage().get_alarm().await?.map(clock::from_runtime);
                        if is_alarm_lost(armed, clock::now()) && !self.is_running() {
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

    /// One alarm: erases, collects, reports, and deletes copies that were replaced.
    async fn run(&self) -> Result<()> {
        let store = self.store()?;
        // First, so that a copy that is collected after the erasure has the higher generation.
        self.erase(&store).await?;
        self.collect(&store).await?;
        store.delete_replaced(clock::now())
    }

    fn is_running(&self) -> bool {
        is_alarm_running(self.running.get(), clock::now())
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

    /// Takes the collect job as far as it gets.
    async fn collect(&self, store: &Store) -> Result<()> {
        while let Some(task) = store.collect_task()? {
            match next_collect_step(Some(task.facts())) {
                CollectStep::Collect => {
                    let lease = task.job.lease;
                    self.collect_files(store, task).await?;
                    store.delete_replaced(clock::now())?;
                    // A job that replaced this one meanwhile has the whole time of an alarm of its own.
                    if store.collect_task()?.is_none_or(|task| task.job.lease != lease) {
                        return Ok(());
                    }
                }
                CollectStep::GiveUp => {
                    store.delete_orphans()?;
                    store.finish_collect(&too_many_starts())?;
                }
                CollectStep::Report => {
                    let lease = task.job.lease;
                    if !self.report_result(store, task).await? {
                        return Ok(());
                    }
                    store.mark_reported(lease)?;
                    // Likewise.
                    if store.collect_task()?.is_none_or(|task| task.job.lease != lease) {
                        return Ok(());
                    }
                }
                CollectStep::Done => return Ok(()),
            }
        }
        Ok(())
    }

    /// Collects the job's files, and records the outcome.
    async fn collect_files(&self, store: &Store, task: CollectTask) -> Result<()> {
        let CollectJob { lease, until, at_once, .. } = task.job;
        store.delete_orphans()?;
        store.count_collect_start()?;
        let result = match config::read(&self.env) {
            Ok(settings) => collector::collect(store, &task.job, &settings).await?,
            Err(_) => Err(CollectOutcome::Unreachable { detail: "Lectern's settings are wrong.".to_owned() }),
        };
        let (stored_lease, now) = (store.collect_task()?.map(|task| task.job.lease), clock::now());
        match settle_collect(result, lease, stored_lease, until, at_once, now) {
            Settlement::Superseded => store.delete_orphans(),
            Settlement::Publish { collected, delete_replaced_at } => {
                store.publish_copy(lease, collected, now, delete_replaced_at)
            }
            Settlement::Fail(outcome) => {
                store.delete_orphans()?;
                store.finish_collect(&outcome)
            }
        }
    }

    /// Takes the erasure job as far as it gets: each stage is recorded, and one that was broken off is done again.
    async fn erase(&self, store: &Store) -> Result<()> {
        while let Some(task) = store.erasure_task()? {
            let lease = task.job.lease;
            match next_erasure_step(Some(task.facts())) {
                ErasureStep::Sweep => {
                    store.delete_orphans()?;
                    store.count_erasure_start()?;
                    // `None`: another job replaced this one meanwhile, and has an alarm of its own.
                    let Some(swept) = eraser::erase(store, &task.job).await? else { return Ok(()) };
                    store.finish_erasure(lease, &swept)?;
                }
                ErasureStep::GiveUp => {
                    store.delete_orphans()?;
                    store.finish_erasure(lease, &SweepOutcome::Damaged)?;
                }
                ErasureStep::DeleteOrphans => {
                    store.delete_orphans()?;
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

    /// Tells the Scheduler how the erasure ended; whether it has heard.
    async fn report_erasure(&self, task: ErasureTask) -> Result<bool> {
        let (Some(swept), Ok(settings)) = (task.swept, config::read(&self.env)) else { return Ok(false) };
        let stub = rpc::scheduler(&self.env, &settings.scheduler_name())?;
        let command = SchedulerCommand::FinishErasure { key: task.job.key, lease: task.job.lease, swept };
        Ok(rpc::call::<_, bool>(&stub, &command).await.is_ok())
    }

    /// Tells the Scheduler how the collect job ended; whether it has heard. If not, it asks, or is told again.
    async fn report_result(&self, store: &Store, task: CollectTask) -> Result<bool> {
        let (Some(outcome), Ok(settings)) = (task.outcome, config::read(&self.env)) else { return Ok(false) };
        let stub = rpc::scheduler(&self.env, &settings.scheduler_name())?;
        let CollectJob { key, lease, found, .. } = task.job;
        let result = CollectResult { key, lease, outcome, sections: store.sections()?, found };
        Ok(rpc::call::<_, bool>(&stub, &SchedulerCommand::FinishCollect(result)).await.is_ok())
    }

    async fn set_alarm(&self, wait: i64) {
        // The runtime drops or delays an alarm that is set any sooner from inside one.
        let wait = Duration::from_millis(u64::try_from(wait.max(250)).unwrap_or(250));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            response::internal_error(&error);
        }
    }
}

/// What was collected, or the outcome that says why nothing was.
pub(crate) type SplitResult = std::result::Result<engine::split::SplitSummary, CollectOutcome>;
