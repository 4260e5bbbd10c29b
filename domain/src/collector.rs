//! Decides what a WindowStore does next: collect a file, give up, report the result, erase rows, or wait.
//!
//! A WindowStore has at most one *collect job* (signed links to collect under a lease) and one *erasure job*
//! (a sweep under a lease). Both are stored, and every decision depends only on what is stored, so that it is
//! the same again after a crash. The WindowStore decides, records, acts and records the result.
//!
//! **Invariants**, tested below with arbitrary interleavings: an unfinished job has an alarm due, and the
//! result of an older lease never settles a newer one.

use crate::erasure::SweepOutcome;
use crate::settings::{HostRule, is_loopback};
use crate::time::{MINUTE, SECOND, Timestamp};
use crate::window_state::CollectOutcome;

/// How long a replaced copy is kept for downloads that are reading it.
pub const REPLACED_COPY_KEPT: i64 = 15 * MINUTE;

/// How often collecting may be started under one lease. The runtime drops an alarm after six failures.
pub const MAX_COLLECT_STARTS: u32 = 4;

/// How often an erasure may be started. After that the copy is deleted as a whole.
pub const MAX_ERASURE_STARTS: u32 = 8;

/// The runtime ends an alarm after this long.
pub const MAX_ALARM_DURATION: i64 = 15 * MINUTE;

/// An alarm that is overdue by more than this counts as lost, and is set again.
pub const LOST_ALARM_AFTER: i64 = 10 * SECOND;

/// How long to wait before reporting a result again that the Scheduler did not accept.
pub const REPORT_RETRY_DELAY: i64 = 10 * SECOND;

/// How long to wait before an unfinished erasure is continued.
pub const ERASURE_RETRY_DELAY: i64 = SECOND;

/// How many redirects of one link are followed, each only to allowed hosts.
pub const MAX_REDIRECTS: u32 = 3;

/// The stored state of a collect job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectFacts {
    /// The job's lease.
    pub lease: u32,
    /// How often collecting was started.
    pub starts: u32,
    /// Whether it has an outcome.
    pub has_outcome: bool,
    /// Whether the Scheduler has accepted the outcome.
    pub is_reported: bool,
}

/// The stored state of an erasure job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasureFacts {
    /// The job's lease.
    pub lease: u32,
    /// How often it was started.
    pub starts: u32,
    /// How far it has got.
    pub stage: ErasureStage,
}

/// How far an erasure has got. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErasureStage {
    /// The copy still has to be swept.
    Pending = 0,
    /// The remaining rows are served; the erased ones are still stored, as orphans.
    Published = 1,
    /// The erased rows are deleted from storage.
    Erased = 2,
    /// The Scheduler has accepted the outcome.
    Reported = 3,
}

impl ErasureStage {
    /// Reads a stored number. An unknown number counts as the last stage, so that nothing is done twice.
    #[must_use]
    pub fn from_stored(stored: u32) -> Self {
        match stored {
            0 => Self::Pending,
            1 => Self::Published,
            2 => Self::Erased,
            _ => Self::Reported,
        }
    }
}

/// How a job that the Scheduler hands over relates to the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOffer {
    /// It replaces the stored job.
    Accept,
    /// It is the stored job, sent again.
    Repeated,
    /// Its lease is older than the stored one: ignore it.
    Superseded,
}

/// Compares the lease of a job that the Scheduler hands over with the stored lease.
#[must_use]
pub fn judge_offer(stored_lease: Option<u32>, offered_lease: u32) -> JobOffer {
    match stored_lease {
        Some(stored) if stored == offered_lease => JobOffer::Repeated,
        Some(stored) if stored > offered_lease => JobOffer::Superseded,
        _ => JobOffer::Accept,
    }
}

/// The next step of a collect job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectStep {
    /// Count a start, then collect the files.
    Collect,
    /// Record [`too_many_starts`] as the outcome.
    GiveUp,
    /// Report the outcome to the Scheduler.
    Report,
    /// Nothing is left to do.
    Done,
}

/// Decides the next step of the collect job.
#[must_use]
pub fn next_collect_step(job: Option<CollectFacts>) -> CollectStep {
    match job {
        Some(job) if !job.has_outcome && job.starts >= MAX_COLLECT_STARTS => CollectStep::GiveUp,
        Some(job) if !job.has_outcome => CollectStep::Collect,
        Some(job) if !job.is_reported => CollectStep::Report,
        _ => CollectStep::Done,
    }
}

/// The next step of an erasure job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureStep {
    /// Count a start, then sweep the copy.
    Sweep,
    /// Record [`SweepOutcome::Damaged`]: the copy cannot be swept, and is deleted as a whole.
    GiveUp,
    /// Delete the rows that no copy refers to.
    DeleteOrphans,
    /// Report the outcome to the Scheduler.
    Report,
    /// Nothing is left to do.
    Done,
}

/// Decides the next step of the erasure job.
#[must_use]
pub fn next_erasure_step(job: Option<ErasureFacts>) -> ErasureStep {
    let Some(job) = job else { return ErasureStep::Done };
    match job.stage {
        ErasureStage::Pending if job.starts >= MAX_ERASURE_STARTS => ErasureStep::GiveUp,
        ErasureStage::Pending => ErasureStep::Sweep,
        ErasureStage::Published => ErasureStep::DeleteOrphans,
        ErasureStage::Erased => ErasureStep::Report,
        ErasureStage::Reported => ErasureStep::Done,
    }
}

/// The immediate reply to an erasure job that the Scheduler hands over: the outcome of the same lease once
/// its rows are deleted from storage, [`SweepOutcome::Moved`] for an older lease, `None` if the work is still
/// to be done.
#[must_use]
pub fn answer_erasure(
    stored: Option<(ErasureFacts, Option<SweepOutcome>)>,
    offered_lease: u32,
) -> Option<SweepOutcome> {
    let (job, outcome) = stored?;
    match judge_offer(Some(job.lease), offered_lease) {
        JobOffer::Repeated => outcome.filter(|_| job.stage >= ErasureStage::Erased),
        JobOffer::Superseded => Some(SweepOutcome::Moved),
        JobOffer::Accept => None,
    }
}

/// What to do with the result of collecting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement<T> {
    /// A newer job has replaced the one that was collected, or it has an outcome already: discard the new
    /// copy, and record nothing.
    Superseded,
    /// Publish the new copy.
    Publish {
        /// The new copy.
        collected: T,
        /// When to delete the copy that it replaces.
        delete_replaced_at: Timestamp,
    },
    /// Discard the new copy, and record this outcome.
    Fail(CollectOutcome),
}

/// Settles a collect job. `stored` is to be read *after* collecting: meanwhile the Scheduler may have given up
/// this lease and handed over another job, or a later alarm may have given up this job.
///
/// `deadline`: from then on the Scheduler counts the lease as lost, and the copy is discarded.
/// `replaces_at_once`: the replaced copy contains erased rows, so it is not kept for readers.
pub fn settle_collect<T>(
    result: Result<T, CollectOutcome>,
    lease: u32,
    stored: Option<CollectFacts>,
    deadline: Timestamp,
    replaces_at_once: bool,
    now: Timestamp,
) -> Settlement<T> {
    if stored.is_none_or(|job| job.lease != lease || job.has_outcome) {
        return Settlement::Superseded;
    }
    match result {
        Ok(_) if now >= deadline => Settlement::Fail(CollectOutcome::BadFile {
            detail: "Downloading the file took too long.".to_owned(),
        }),
        Ok(collected) => {
            let kept = if replaces_at_once { 0 } else { REPLACED_COPY_KEPT };
            Settlement::Publish { collected, delete_replaced_at: now.plus(kept) }
        }
        Err(outcome) => Settlement::Fail(outcome),
    }
}

/// The outcome of a job that was started [`MAX_COLLECT_STARTS`] times without one.
#[must_use]
pub fn too_many_starts() -> CollectOutcome {
    CollectOutcome::BadFile { detail: "Downloading the file was interrupted four times.".to_owned() }
}

/// Milliseconds until the next alarm; `None` if none is needed. A Durable Object has only one alarm: it is
/// set for an unfinished erasure job, else for an unfinished collect job, else for the next deletion.
///
/// `is_running`: another alarm of this instance is running. `next_deletion`: when the next replaced copy is
/// to be deleted.
#[must_use]
pub fn next_alarm(
    collect: Option<CollectFacts>,
    erasure: Option<ErasureFacts>,
    is_running: bool,
    next_deletion: Option<Timestamp>,
    now: Timestamp,
) -> Option<i64> {
    if next_erasure_step(erasure) != ErasureStep::Done {
        return Some(ERASURE_RETRY_DELAY);
    }
    match next_collect_step(collect) {
        CollectStep::Collect | CollectStep::GiveUp if is_running => Some(REPORT_RETRY_DELAY),
        CollectStep::Collect | CollectStep::GiveUp => Some(0),
        CollectStep::Report => Some(REPORT_RETRY_DELAY),
        CollectStep::Done => next_deletion.map(|at| at.since(now)),
    }
}

/// Whether an alarm that started at `since` in this instance is still running. The runtime may have ended it
/// without ending the instance.
#[must_use]
pub fn is_alarm_running(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_some_and(|since| now.since(since) < MAX_ALARM_DURATION)
}

/// Whether the alarm, set for `armed`, is missing or overdue and has to be set again.
#[must_use]
pub fn is_alarm_lost(armed: Option<Timestamp>, now: Timestamp) -> bool {
    armed.is_none_or(|at| at < now.plus(-LOST_ALARM_AFTER))
}

/// A link to a file, parsed as a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLink<'a> {
    /// The whole link.
    pub link: &'a str,
    /// The scheme, such as `https`.
    pub scheme: &'a str,
    /// The host, in lower case.
    pub host: &'a str,
    /// The port, if it is not the scheme's default.
    pub port: Option<u16>,
    /// Whether the URL contains a user name or a password.
    pub has_credentials: bool,
}

/// The outcome for a link that is not a URL.
#[must_use]
pub fn unreadable_link() -> CollectOutcome {
    CollectOutcome::Barred { detail: "Echo360's link to the file is not a valid web address.".to_owned() }
}

/// Checks a link against `rules` and returns the URL to fetch. It is `https`, or `http` on this machine. Any
/// other `http` link is changed to `https`: the vendor's own sample is `http`, and the signature does not
/// cover the scheme.
///
/// # Errors
/// [`CollectOutcome::Barred`] for hosts that are not allowed, links with credentials and other schemes.
pub fn check_link(link: FileLink<'_>, rules: &[HostRule]) -> Result<String, CollectOutcome> {
    let FileLink { link, scheme, host, port, has_credentials } = link;
    let host_and_port = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if has_credentials || !rules.iter().any(|rule| rule.allows(&host_and_port)) {
        // Names the port too: the same host on another port may be allowed.
        let detail = format!(
            "Echo360's file is on {host_and_port}, which is not an allowed host: set LECTERN_ASSET_HOSTS."
        );
        return Err(CollectOutcome::Barred { detail });
    }
    match (scheme, link.strip_prefix("http://")) {
        ("https", _) => Ok(link.to_owned()),
        ("http", _) if is_loopback(host) => Ok(link.to_owned()),
        ("http", Some(rest)) => Ok(format!("https://{rest}")),
        _ => Err(unreadable_link()),
    }
}

/// What to do with the HTTP response to a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkResponse {
    /// Read the file from its body.
    File,
    /// Follow its `Location`, if [`check_link`] allows that.
    Redirect,
    /// Give up with this outcome.
    Failed(CollectOutcome),
}

/// Decides by the HTTP status of a response, after `redirects` that were followed already.
#[must_use]
pub fn judge_response(status: u16, redirects: u32) -> LinkResponse {
    match status {
        200 => LinkResponse::File,
        301 | 302 | 303 | 307 | 308 if redirects < MAX_REDIRECTS => LinkResponse::Redirect,
        301 | 302 | 303 | 307 | 308 => LinkResponse::Failed(CollectOutcome::BadFile {
            detail: format!("Echo360's link to the file leads through more than {MAX_REDIRECTS} redirects."),
        }),
        400 | 401 | 403 | 404 | 410 => LinkResponse::Failed(CollectOutcome::LinkExpired),
        _ => LinkResponse::Failed(storage_unreachable()),
    }
}

/// The outcome for a request to the storage that fails or gets an unexpected status.
#[must_use]
pub fn storage_unreachable() -> CollectOutcome {
    CollectOutcome::Unreachable { detail: "The storage with Echo360's file could not be reached.".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What may happen to a WindowStore, in any order.
    #[derive(Debug, Clone)]
    enum Event {
        /// The Scheduler hands over a collect job with this lease. Leases are small, so that they repeat and
        /// go backwards.
        Collect(u32),
        /// The Scheduler hands over an erasure job with this lease.
        Erase(u32),
        /// So many milliseconds pass, and the alarm runs if it is due.
        Wait(i64),
        /// Collecting that is under way ends: true with a file, false without.
        CollectEnds(bool),
        /// From now on the Scheduler can be reached, or cannot.
        SchedulerAnswers(bool),
        /// The instance dies; the runtime runs an interrupted alarm again.
        Crash,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (1u32..6).prop_map(Event::Collect),
            (1u32..6).prop_map(Event::Erase),
            prop_oneof![0i64..2 * SECOND, 0i64..30 * MINUTE].prop_map(Event::Wait),
            any::<bool>().prop_map(Event::CollectEnds),
            any::<bool>().prop_map(Event::SchedulerAnswers),
            Just(Event::Crash),
        ]
    }

    /// A WindowStore with its alarm, in memory.
    #[derive(Default)]
    struct Model {
        now: Timestamp,
        collect: Option<CollectFacts>,
        erasure: Option<ErasureFacts>,
        /// When the alarm is due.
        armed: Option<Timestamp>,
        /// The lease that a running alarm collects, and when that alarm started.
        collecting: Option<(u32, Timestamp)>,
        scheduler_answers: bool,
        /// Leases with an outcome, in the order in which they were settled.
        settled: Vec<u32>,
    }

    impl Model {
        fn is_running(&self) -> bool {
            is_alarm_running(self.collecting.map(|(_, since)| since), self.now)
        }

        fn arm(&mut self, wait: i64) {
            self.armed = Some(self.now.plus(wait.max(250)));
        }

        fn arm_next(&mut self) {
            if let Some(wait) = next_alarm(self.collect, self.erasure, self.is_running(), None, self.now) {
                self.arm(wait);
            }
        }

        fn run_alarm(&mut self) {
            self.armed = None;
            if self.is_running() {
                return self.arm_next();
            }
            loop {
                match (next_erasure_step(self.erasure), &mut self.erasure) {
                    (ErasureStep::Sweep, Some(job)) => {
                        job.starts += 1;
                        job.stage = ErasureStage::Published;
                    }
                    (ErasureStep::GiveUp, Some(job)) => job.stage = ErasureStage::Published,
                    (ErasureStep::DeleteOrphans, Some(job)) => job.stage = ErasureStage::Erased,
                    (ErasureStep::Report, Some(job)) if self.scheduler_answers => {
                        job.stage = ErasureStage::Reported;
                    }
                    _ => break,
                }
            }
            match (next_collect_step(self.collect), &mut self.collect) {
                (CollectStep::Collect, Some(job)) => {
                    job.starts += 1;
                    self.collecting = Some((job.lease, self.now));
                    // This alarm goes on running and arms the next one when it ends.
                    return;
                }
                (CollectStep::GiveUp, Some(job)) => {
                    job.has_outcome = true;
                    self.settled.push(job.lease);
                }
                _ => {}
            }
            self.report();
            self.arm_next();
        }

        fn report(&mut self) {
            if next_collect_step(self.collect) == CollectStep::Report && self.scheduler_answers {
                self.collect.as_mut().unwrap().is_reported = true;
            }
        }

        #[expect(clippy::needless_pass_by_value, reason = "a model consumes its events")]
        fn apply(&mut self, event: Event) {
            match event {
                Event::Collect(lease) => {
                    if judge_offer(self.collect.map(|job| job.lease), lease) == JobOffer::Accept {
                        let fresh = CollectFacts { lease, starts: 0, has_outcome: false, is_reported: false };
                        self.collect = Some(fresh);
                        self.arm(0);
                    }
                }
                Event::Erase(lease) => {
                    if judge_offer(self.erasure.map(|job| job.lease), lease) == JobOffer::Accept {
                        self.erasure = Some(ErasureFacts { lease, starts: 0, stage: ErasureStage::Pending });
                    }
                    let stored = self.erasure.map(|job| (job, Some(SweepOutcome::Damaged)));
                    if answer_erasure(stored, lease).is_none() && !self.is_running() {
                        self.arm(0);
                    }
                }
                Event::Wait(time) => {
                    self.now = self.now.plus(time);
                    if self.armed.is_some_and(|at| at <= self.now) {
                        self.run_alarm();
                    }
                }
                Event::CollectEnds(is_whole) => {
                    let Some((lease, since)) = self.collecting.take() else { return };
                    let result = if is_whole { Ok(()) } else { Err(CollectOutcome::LinkExpired) };
                    match settle_collect(
                        result,
                        lease,
                        self.collect,
                        since.plus(10 * MINUTE),
                        false,
                        self.now,
                    ) {
                        Settlement::Superseded => {
                            assert!(self.collect.is_none_or(|job| job.lease != lease || job.has_outcome));
                        }
                        Settlement::Publish { .. } | Settlement::Fail(_) => {
                            let job = self.collect.as_mut().unwrap();
                            assert_eq!(job.lease, lease, "an old lease never settles a newer one");
                            assert!(!job.has_outcome, "no job is settled twice");
                            job.has_outcome = true;
                            self.settled.push(lease);
                            self.report();
                        }
                    }
                    self.arm_next();
                }
                Event::SchedulerAnswers(answers) => self.scheduler_answers = answers,
                Event::Crash => {
                    if self.collecting.take().is_some() {
                        self.arm(0);
                    }
                }
            }
        }

        fn check(&self) {
            // A running alarm arms the next one, or the runtime runs it again.
            let is_due = self.armed.is_some() || self.collecting.is_some();
            if next_collect_step(self.collect) != CollectStep::Done {
                assert!(is_due, "an unfinished collect job has no alarm due: {:?}", self.collect);
            }
            if next_erasure_step(self.erasure) != ErasureStep::Done {
                assert!(is_due, "an unfinished erasure job has no alarm due: {:?}", self.erasure);
            }
            assert!(self.collect.is_none_or(|job| job.starts <= MAX_COLLECT_STARTS));
            assert!(self.settled.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", self.settled);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn an_unfinished_job_has_an_alarm_and_an_old_lease_never_settles_a_newer_one(
            events in prop::collection::vec(event(), 0..120),
        ) {
            let mut model = Model::default();
            for event in events {
                model.apply(event);
                model.check();
            }
            // Without further events, and with a Scheduler that answers, every job ends.
            model.scheduler_answers = true;
            for _ in 0..40 {
                model.apply(Event::CollectEnds(true));
                model.apply(Event::Wait(MINUTE));
                model.check();
            }
            prop_assert_eq!(next_collect_step(model.collect), CollectStep::Done);
            prop_assert_eq!(next_erasure_step(model.erasure), ErasureStep::Done);
        }
    }

    #[test]
    fn a_job_that_always_crashes_is_given_up() {
        let mut model = Model { scheduler_answers: true, ..Model::default() };
        model.apply(Event::Collect(1));
        for _ in 0..=MAX_COLLECT_STARTS {
            model.apply(Event::Wait(SECOND));
            model.apply(Event::Crash);
            model.check();
        }
        assert_eq!(
            (model.settled.as_slice(), next_collect_step(model.collect)),
            (&[1][..], CollectStep::Done)
        );
    }

    #[test]
    fn collecting_that_outlives_its_alarm_does_not_settle_a_job_that_was_given_up() {
        let mut model = Model { scheduler_answers: true, ..Model::default() };
        model.apply(Event::Collect(1));
        for _ in 1..MAX_COLLECT_STARTS {
            model.apply(Event::Wait(SECOND));
            model.apply(Event::Crash);
        }
        model.apply(Event::Wait(SECOND));
        model.apply(Event::Wait(MAX_ALARM_DURATION));
        // Sets an alarm, which finds four starts and no outcome.
        model.apply(Event::Erase(1));
        model.apply(Event::Wait(SECOND));
        assert_eq!((model.settled.as_slice(), model.collecting.is_some()), (&[1][..], true));
        model.apply(Event::CollectEnds(true));
        model.check();
        assert_eq!(model.settled, [1]);
    }

    #[test]
    fn a_late_copy_is_discarded_and_a_replaced_copy_with_erased_rows_is_deleted_at_once() {
        let now = Timestamp(MINUTE);
        let job = |lease| Some(CollectFacts { lease, starts: 1, has_outcome: false, is_reported: false });
        let settle = |until, at_once| settle_collect(Ok(()), 2, job(2), until, at_once, now);
        assert!(matches!(settle(now, false), Settlement::Fail(CollectOutcome::BadFile { .. })));
        let publish =
            |kept_for| Settlement::Publish { collected: (), delete_replaced_at: now.plus(kept_for) };
        assert_eq!(settle(now.plus(1), false), publish(REPLACED_COPY_KEPT));
        assert_eq!(settle(now.plus(1), true), publish(0));
        assert_eq!(settle_collect(Ok(()), 2, job(3), now.plus(1), false, now), Settlement::Superseded);
        assert_eq!(settle_collect(Ok(()), 2, None, now.plus(1), false, now), Settlement::Superseded);
    }

    #[test]
    fn an_erasure_is_answered_once_its_rows_are_deleted() {
        let stored = |stage| Some((ErasureFacts { lease: 3, starts: 1, stage }, Some(SweepOutcome::Damaged)));
        for (stage, answer) in [
            (ErasureStage::Pending, None),
            (ErasureStage::Published, None),
            (ErasureStage::Erased, Some(SweepOutcome::Damaged)),
            (ErasureStage::Reported, Some(SweepOutcome::Damaged)),
        ] {
            assert_eq!(answer_erasure(stored(stage), 3), answer, "{stage:?}");
            assert_eq!(ErasureStage::from_stored(stage as u32), stage);
        }
        assert_eq!(answer_erasure(stored(ErasureStage::Pending), 2), Some(SweepOutcome::Moved));
        assert_eq!(answer_erasure(stored(ErasureStage::Erased), 4), None);
        assert_eq!(answer_erasure(None, 1), None);
    }

    #[test]
    fn an_overdue_alarm_counts_as_lost_and_an_overlong_one_as_ended() {
        let now = Timestamp(MINUTE);
        assert!(is_alarm_lost(None, now) && is_alarm_lost(Some(now.plus(-LOST_ALARM_AFTER - 1)), now));
        assert!(!is_alarm_lost(Some(now.plus(-LOST_ALARM_AFTER)), now) && !is_alarm_lost(Some(now), now));
        assert!(!is_alarm_running(None, now) && is_alarm_running(Some(now), now));
        assert!(!is_alarm_running(Some(now), now.plus(MAX_ALARM_DURATION)));
        let next_deletion = Some(now.plus(MINUTE));
        assert_eq!(next_alarm(None, None, false, next_deletion, now), Some(MINUTE));
        assert_eq!(next_alarm(None, None, false, None, now), None);
    }

    #[test]
    fn a_link_is_fetched_by_https_from_allowed_hosts_only() {
        let rules = [HostRule::Exactly("files.example".into()), HostRule::Loopback];
        let check = |link: &'static str, scheme, host, port, has_credentials| {
            check_link(FileLink { link, scheme, host, port, has_credentials }, &rules)
        };
        let by_https = "https://files.example/a?sig=1";
        assert_eq!(check(by_https, "https", "files.example", None, false), Ok(by_https.into()));
        let from_http = check("http://files.example/a?sig=1", "http", "files.example", None, false);
        assert_eq!(from_http, Ok(by_https.into()), "by https instead");
        let local = "http://127.0.0.1:4000/a";
        assert_eq!(check(local, "http", "127.0.0.1", Some(4000), false), Ok(local.into()));
        for barred in [
            check("https://evil.example/a", "https", "evil.example", None, false),
            check("https://files.example@evil.example/", "https", "evil.example", None, true),
            check("https://u:p@files.example/", "https", "files.example", None, true),
            check("ftp://files.example/", "ftp", "files.example", None, false),
            check("HTTP://files.example/", "http", "files.example", None, false),
        ] {
            assert!(matches!(barred, Err(CollectOutcome::Barred { .. })), "{barred:?}");
        }
    }

    #[test]
    fn at_most_three_redirects_are_followed() {
        assert_eq!(judge_response(200, MAX_REDIRECTS), LinkResponse::File);
        for redirects in 0..MAX_REDIRECTS {
            assert_eq!(judge_response(302, redirects), LinkResponse::Redirect);
        }
        let too_many = judge_response(302, MAX_REDIRECTS);
        assert!(matches!(too_many, LinkResponse::Failed(CollectOutcome::BadFile { .. })));
        assert_eq!(judge_response(403, 0), LinkResponse::Failed(CollectOutcome::LinkExpired));
        assert_eq!(judge_response(500, 0), LinkResponse::Failed(storage_unreachable()));
        assert_eq!(judge_response(206, 0), LinkResponse::Failed(storage_unreachable()));
    }
}
