//! A Window: one Durable Object per institution, report and week. Collects the files that the Desk hands it,
//! splits them by section, keeps them, serves them.
//!
//! **Invariant**: a copy is served only if every byte of it arrived and checked. Slices are written under a
//! generation that nothing names; one transaction at the end names it. Whatever goes wrong before leaves
//! slices that nobody sees, and the next wake deletes them.
//!
//! It collects in its own alarm, so that the Desk never waits on bytes and a client that leaves ends nothing.
//! A crash repeats the alarm; the job is on disk until it has an outcome, and the outcome until the Desk has
//! taken it.

mod collector;
mod rows;
mod store;
mod sweeper;

use crate::answer;
use crate::clock;
use crate::errand::{self, Job, ToDesk, ToWindow, Told, Word};
use crate::setting;
use domain::erasure::SweepOutcome;
use domain::scheduler::CollectProgress;
use domain::time::{MINUTE, SECOND, Timestamp};
use domain::window_state::CollectOutcome;
use std::cell::Cell;
use std::time::Duration;
use store::{Store, Sweeping, Task, stage};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// How long a replaced copy is kept for readers that are at it.
const REPLACED_KEPT: i64 = 15 * MINUTE;

/// Starts of one collecting before it is given up: the runtime itself gives an alarm up after six failures.
const STARTS_MOST: u32 = 4;

/// Starts of going over a copy before it is given up, and the copy with it.
const SWEEPS_MOST: u32 = 8;

/// The runtime gives an alarm this long.
const ALARM_LONGEST: i64 = 15 * MINUTE;

/// An alarm that should have come this long ago is lost: set again.
const OVERDUE: i64 = 10 * SECOND;

/// How soon to tell the Desk again that did not hear.
const TELL_AGAIN: i64 = 10 * SECOND;

#[durable_object]
pub struct Window {
    state: State,
    env: Env,
    /// Since when an alarm is running in this very instance.
    running: Cell<Option<Timestamp>>,
    has_tables: Cell<bool>,
}

impl DurableObject for Window {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, running: Cell::new(None), has_tables: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let errand = match request.json::<ToWindow>().await {
            Ok(errand) => errand,
            Err(error) => return answer::problem(&answer::internal(&error)),
        };
        match self.answer(errand).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(problem)) => answer::problem(&problem),
            Err(error) => answer::problem(&answer::internal(&error)),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        if !self.is_running() {
            self.running.set(Some(clock::now()));
            if let Err(error) = self.work().await {
                answer::internal(&error);
            }
            self.running.set(None);
        }
        self.arm_next().await;
        Response::empty()
    }
}

impl Window {
    fn store(&self) -> Result<Store> {
        Store::open(self.state.storage().sql(), &self.has_tables)
    }

    async fn answer(
        &self,
        errand: ToWindow,
    ) -> Result<std::result::Result<Response, domain::problem::Problem>> {
        let store = self.store()?;
        Ok(match errand {
            ToWindow::Collect(job) => {
                // An older lease is old news; the same one is a repeated word.
                let is_news = store.task()?.is_none_or(|task| task.job.lease < job.lease);
                if is_news {
                    store.take(&job)?;
                    self.arm(0).await;
                }
                Ok(answer::json(&true)?)
            }
            ToWindow::Inquire { lease } => {
                let word = match store.task()? {
                    Some(Task { job, outcome: Some(outcome), .. }) if job.lease == lease => {
                        let found = job.found;
                        Word { inquiry: CollectProgress::Done(outcome), sections: store.sections()?, found }
                    }
                    Some(Task { job, .. }) if job.lease == lease => {
                        // Every wake checks: a job without an outcome has an alarm that comes.
                        let armed = self.state.storage().get_alarm().await?;
                        let is_lost = armed.is_none_or(|at| Timestamp(at) < clock::now().plus(-OVERDUE));
                        if is_lost && !self.is_running() {
                            self.arm(0).await;
                        }
                        Word { inquiry: CollectProgress::Working, ..Word::unknown() }
                    }
                    _ => Word::unknown(),
                };
                Ok(answer::json(&word)?)
            }
            ToWindow::Rows { generation, course, section, cut } => {
                rows::serve(store, generation, store::Filter { course, section, cut })?
            }
            ToWindow::Sweep(going) => {
                let swept = match store.sweeping()? {
                    Some(known) if known.going.lease == going.lease => {
                        known.swept.filter(|_| known.stage >= stage::ERASED)
                    }
                    // An older lease is old news.
                    Some(known) if known.going.lease > going.lease => Some(SweepOutcome::Moved),
                    _ => {
                        store.take_sweep(&going)?;
                        None
                    }
                };
                if swept.is_none() && !self.is_running() {
                    self.arm(0).await;
                }
                Ok(answer::json(&swept)?)
            }
            ToWindow::Wipe => {
                store.wipe()?;
                if !self.is_running() {
                    // The file itself goes, and what is left in it between the rows.
                    self.has_tables.set(false);
                    self.state.storage().delete_all().await?;
                }
                Ok(answer::json(&true)?)
            }
        })
    }

    /// What an alarm does: go over the copy, collect, tell, tidy.
    async fn work(&self) -> Result<()> {
        let store = self.store()?;
        // First, so that a copy that is collected after it has the higher number.
        if let Some(sweeping) = store.sweeping()?.filter(|sweeping| sweeping.stage < stage::TOLD) {
            self.sweep(&store, sweeping).await?;
        }
        if let Some(task) = store.task()?.filter(|task| task.outcome.is_none()) {
            self.collect(&store, &task).await?;
            store.delete_replaced(clock::now())?;
        }
        if let Some(task) = store.task()?.filter(|task| !task.told) {
            self.tell(&store, task).await?;
        }
        store.delete_replaced(clock::now())
    }

    /// One that the runtime broke off without ending this instance does not count for ever.
    fn is_running(&self) -> bool {
        self.running.get().is_some_and(|since| clock::now().since(since) < ALARM_LONGEST)
    }

    /// Arms the alarm for what comes first of what is left to do: there is only one, and setting it replaces it.
    async fn arm_next(&self) {
        let wait = self.store().and_then(|store| {
            if store.sweeping()?.is_some_and(|sweeping| sweeping.stage < stage::TOLD) {
                return Ok(Some(TELL_AGAIN / 10));
            }
            let task = store.task()?;
            if task.as_ref().is_some_and(|task| task.outcome.is_none()) {
                return Ok(Some(if self.is_running() { TELL_AGAIN } else { 0 }));
            }
            if task.is_some_and(|task| !task.told) {
                return Ok(Some(TELL_AGAIN));
            }
            Ok(store.next_deletion()?.map(|at| at.since(clock::now())))
        });
        match wait {
            Ok(Some(wait)) => self.arm(wait).await,
            Ok(None) => {}
            Err(error) => {
                answer::internal(&error);
                self.arm(TELL_AGAIN).await;
            }
        }
    }

    async fn collect(&self, store: &Store, task: &Task) -> Result<()> {
        let Job { lease, until, .. } = task.job;
        store.delete_orphans()?;
        let outcome = if task.starts >= STARTS_MOST {
            Err(CollectOutcome::BadFile {
                detail: "Collecting the file was broken off four times.".to_owned(),
            })
        } else {
            store.note_start()?;
            match setting::read(&self.env) {
                Ok(settings) => collector::collect(store, &task.job, &settings).await?,
                Err(_) => {
                    Err(CollectOutcome::Unreachable { detail: "Lectern's settings are wrong.".to_owned() })
                }
            }
        };
        // The Desk may have given this lease up meanwhile, and handed over another.
        let is_ours = store.task()?.is_some_and(|task| task.job.lease == lease);
        if !is_ours {
            store.delete_orphans()?;
            return Ok(());
        }
        match outcome {
            Ok(_) if clock::now() >= until => {
                store.delete_orphans()?;
                store.settle(&CollectOutcome::BadFile {
                    detail: "Collecting the file took too long.".to_owned(),
                })
            }
            Ok(summary) => {
                let kept = if task.job.at_once { 0 } else { REPLACED_KEPT };
                store.make_current(lease, summary, clock::now(), clock::now().plus(kept))
            }
            Err(outcome) => {
                store.delete_orphans()?;
                store.settle(&outcome)
            }
        }
    }

    /// Takes going over the copy as far as it gets: each stage is noted, and whatever broke off is done again.
    async fn sweep(&self, store: &Store, sweeping: Sweeping) -> Result<()> {
        let going = &sweeping.going;
        if sweeping.stage == stage::OPEN {
            store.delete_orphans()?;
            let swept = if sweeping.starts >= SWEEPS_MOST {
                Some(SweepOutcome::Damaged)
            } else {
                store.note_sweep_start()?;
                sweeper::sweep(store, going).await?
            };
            let Some(swept) = swept else { return Ok(()) };
            store.settle_sweep(going.lease, &swept)?;
        }
        let Some(sweeping) = store.sweeping()?.filter(|now| now.going.lease == going.lease) else {
            return Ok(());
        };
        if sweeping.stage == stage::SERVED {
            store.delete_orphans()?;
            store.note_stage(going.lease, stage::ERASED)?;
        }
        let (Some(swept), Ok(settings)) = (sweeping.swept, setting::read(&self.env)) else { return Ok(()) };
        let stub = errand::desk(&self.env, &settings.scheduler_name())?;
        let word = ToDesk::Swept { key: going.key.clone(), lease: going.lease, swept };
        match errand::ask::<_, bool>(&stub, &word).await {
            Ok(_) => store.note_stage(going.lease, stage::TOLD),
            Err(_) => Ok(()),
        }
    }

    /// Tells the Desk how the job ended. If it does not hear, it asks; and we tell again.
    async fn tell(&self, store: &Store, task: Task) -> Result<()> {
        let (Some(outcome), Ok(settings)) = (task.outcome, setting::read(&self.env)) else { return Ok(()) };
        let stub = errand::desk(&self.env, &settings.scheduler_name())?;
        let Job { key, lease, found, .. } = task.job;
        let told = Told { key, lease, outcome, sections: store.sections()?, found };
        match errand::ask::<_, bool>(&stub, &ToDesk::Collected(told)).await {
            Ok(_) => store.note_told(lease),
            Err(_) => Ok(()),
        }
    }

    async fn arm(&self, wait: i64) {
        // Sooner than this inside an alarm is dropped or late.
        let wait = Duration::from_millis(u64::try_from(wait.max(250)).unwrap_or(250));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            answer::internal(&error);
        }
    }
}

/// What a job was, and how it ended, when that is known.
pub(crate) type Collected = std::result::Result<engine::split::SplitSummary, CollectOutcome>;
