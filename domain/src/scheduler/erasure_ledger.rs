//! Erasure in the scheduler: sweeps copies until none contains erased rows, wipes erased weeks, and deletes
//! copies that have reached their maximum age.
//!
//! A *sweep* rewrites a copy without the rows of erased people and courses. A *wipe* deletes everything that
//! a WindowStore has.
//!
//! **Invariant**: an erasure is done only when every copy that could contain any of it is clean or deleted.
//! Each erasure has a version, higher than all before it. A window records up to which version its copy is
//! clean ([`clean_version`](crate::window_state::ErasureState::clean_version)) and up to which version a copy
//! that is being collected will be ([`pending_version`](crate::window_state::ErasureState::pending_version)).
//! A window whose copy is behind is swept under a lease of its own, so that the remaining rows are an
//! ordinary copy with a higher generation. Sweeping and collecting never overlap: nothing is swept while it
//! is being collected, and a WindowStore that has both jobs does one after the other.
//!
//! When rows show that an erased person has a further id, the erasure gets a new version, and all copies are
//! swept again.

use super::{Scheduler, Step, is_due};
use crate::erasure::{
    CourseTombstone, Erasure, ErasureProgress, ErasureRequest, IdentifierKind, IdentityLink, Invalidation,
    PersonHash, PersonTombstone, RedactedTarget, SweepOutcome, Tombstones,
};
use crate::ids::CourseId;
use crate::problem::{Code, Problem};
use crate::range::Range;
use crate::report::ReportName;
use crate::time::{DAY, Day, Timestamp, monday, plus_days};
use crate::window::{DAYS_PER_WINDOW, WindowKey};
use crate::window_state::{CollectOutcome, INQUIRY, Sweep, Window, WindowFault, WindowState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Sweeps at once: each takes a few MB of memory.
const MAX_SWEEPS: usize = 3;

/// Further ids, and further e-mail addresses, that are learned of one person. More cannot belong to a person.
const MAX_LINKS: usize = 50;

/// How long a copy is kept whose days were too old already when somebody requested them.
const OLD_DAYS_KEPT: i64 = DAY;

/// State that all erasures share.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureLedger {
    /// The key of person hashes: random, made once; empty until it is first needed.
    pub key: String,
    /// The highest version of an erasure so far.
    pub version: u32,
    /// The highest lease of deleted windows: later leases are higher, so that no generation occurs twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub leases: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl std::fmt::Debug for ErasureLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ErasureLedger(version {})", self.version)
    }
}

/// What an erasure deletes: a validated [`ErasureRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErasureTarget {
    /// All rows of a person.
    Person {
        /// The hash of the id or e-mail address in the request.
        mark: PersonHash,
        /// Whether the request had an id or an e-mail address.
        named: IdentifierKind,
    },
    /// All rows of a course.
    Course {
        /// Its UUID, in lower case.
        id: CourseId,
    },
    /// All rows of whole weeks.
    Range {
        /// The report; `None`: all reports with dates.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<ReportName>,
        /// The days, Monday to Sunday.
        days: Range,
    },
}

impl ErasureTarget {
    /// Validates a request. `hash` computes the hash of an id or e-mail address.
    ///
    /// # Errors
    /// `bad-body` for an invalid id, e-mail address or report; `bad-range` for days that are not whole weeks;
    /// the errors of [`Range::parse`].
    pub fn from_request(
        request: &ErasureRequest,
        hash: impl Fn(&str) -> PersonHash,
    ) -> Result<Self, Problem> {
        let bad_body = |detail: &str| Err(Problem::new(Code::BadBody, detail));
        match request {
            ErasureRequest::Course(id) if !id.is_uuid() => {
                bad_body("`course` must be the course's id: a UUID, as in /api/courses.")
            }
            ErasureRequest::Person(person) => {
                Ok(Self::Person { mark: person.hash(hash)?, named: person.kind() })
            }
            ErasureRequest::Course(id) => Ok(Self::Course { id: id.clone() }),
            ErasureRequest::Range(weeks) => {
                let report = match weeks.report.as_deref().map(ReportName::parse) {
                    Some(None) => return bad_body("`report` must be the name of a report, or be left out."),
                    report => report.flatten(),
                };
                let days = Range::parse(&weeks.from, &weeks.to)?;
                let (from, to) = (monday(days.from()), last_of_week(days.to()));
                if (from, to) != (days.from(), days.to()) {
                    let detail = format!("Choose whole weeks, Monday to Sunday: from {from} to {to}.");
                    return Err(Problem::new(Code::BadRange, detail));
                }
                Ok(Self::Range { report, days })
            }
        }
    }

    /// Whether this is a range that contains a whole window. No range contains a window without dates.
    fn covers(&self, key: &WindowKey) -> bool {
        let Self::Range { report, days } = self else { return false };
        report.as_ref().is_none_or(|report| *report == key.report)
            && key
                .start()
                .zip(key.end())
                .is_some_and(|(start, end)| days.from() <= start && end <= plus_days(days.to(), 1))
    }
}

fn last_of_week(day: Day) -> Day {
    plus_days(monday(day), DAYS_PER_WINDOW - 1)
}

/// An erasure, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureEntry {
    /// Its id.
    pub id: String,
    /// What it deletes.
    pub what: ErasureTarget,
    /// Hashes of further user ids of the person, found in rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<PersonHash>,
    /// Hashes of further e-mail addresses of the person, found in rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<PersonHash>,
    /// Who requested it last.
    pub by: String,
    /// When it was first requested.
    pub created: Timestamp,
    /// When it was last requested.
    pub asked: Timestamp,
    /// Its version: rises when it is requested again or a further id is found.
    pub version: u32,
    /// Rows deleted so far.
    pub rows: u64,
    /// Windows that had to be checked; 0 until the erasure is done.
    pub windows: u32,
    /// Whether it is under way, done or canceled.
    pub state: ErasureProgress,
    /// When it was done or canceled.
    pub ended: Option<Timestamp>,
    /// Whether the Registry has received its [`Invalidation`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notified: bool,
}

impl ErasureEntry {
    fn is_active(&self) -> bool {
        self.state != ErasureProgress::Lifted
    }
}

impl Scheduler {
    // ---- Loading, and people's requests.

    /// Restores the erasures from their saved state.
    pub fn load_erasures(&mut self, erasure_ledger: ErasureLedger, entries: Vec<ErasureEntry>) {
        self.erasure_ledger = erasure_ledger;
        let last = entries.iter().map(|entry| entry.version).max().unwrap_or(0);
        self.erasure_ledger.version = self.erasure_ledger.version.max(last);
        self.erasures = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
    }

    /// Sets for how many days after its last day a copy is kept.
    pub fn set_keep_days(&mut self, days: u32) {
        self.keep_days = Some(days);
    }

    /// The state that all erasures share, for saving.
    #[must_use]
    pub fn erasure_ledger(&self) -> &ErasureLedger {
        &self.erasure_ledger
    }

    /// The erasure with this id.
    #[must_use]
    pub fn erasure(&self, id: &str) -> Option<&ErasureEntry> {
        self.erasures.get(id)
    }

    /// The key of person hashes. If there is none yet, `fresh` becomes the key.
    pub fn ensure_hash_key(&mut self, fresh: String) -> String {
        if self.erasure_ledger.key.is_empty() {
            self.erasure_ledger.key = fresh;
            self.changes.erasure_ledger = true;
        }
        self.erasure_ledger.key.clone()
    }

    /// Starts an erasure and returns its id: `id`, or the id of an earlier erasure of the same target, which
    /// then checks all copies again.
    pub fn request_erasure(&mut self, id: String, what: ErasureTarget, by: &str, now: Timestamp) -> String {
        let version = self.next_version();
        let same = self.erasures.values_mut().find(|entry| entry.what == what);
        let entry = match same {
            Some(entry) => entry,
            None => self.erasures.entry(id.clone()).or_insert(ErasureEntry {
                id,
                what,
                ids: Vec::new(),
                emails: Vec::new(),
                by: String::new(),
                created: now,
                asked: now,
                version,
                rows: 0,
                windows: 0,
                state: ErasureProgress::UnderWay,
                ended: None,
                notified: false,
            }),
        };
        entry.by = by.to_owned();
        (entry.asked, entry.version) = (now, version);
        (entry.state, entry.ended, entry.notified) = (ErasureProgress::UnderWay, None, false);
        let id = entry.id.clone();
        self.changes.erasures.insert(id.clone());
        id
    }

    /// Cancels an erasure: copies that are collected later contain its rows again. Returns whether it exists.
    pub fn cancel_erasure(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(entry) = self.erasures.get_mut(id) else { return false };
        if entry.is_active() {
            (entry.state, entry.ended) = (ErasureProgress::Lifted, Some(now));
            entry.ids.clear();
            entry.emails.clear();
            self.changes.erasures.insert(id.to_owned());
        }
        true
    }

    /// All erasures as the HTTP API shows them, newest first.
    #[must_use]
    pub fn erasures(&self) -> Vec<Erasure> {
        let mut erasures: Vec<Erasure> =
            self.erasures.values().map(|entry| self.describe_erasure(entry)).collect();
        erasures.sort_by(|a, b| (b.asked, &b.id).cmp(&(a.asked, &a.id)));
        erasures
    }

    fn describe_erasure(&self, entry: &ErasureEntry) -> Erasure {
        let (done, total) = match entry.state {
            ErasureProgress::UnderWay => self.count_progress(entry),
            ErasureProgress::Done | ErasureProgress::Lifted => (entry.windows, entry.windows),
        };
        let count = |further: &[PersonHash]| u32::try_from(further.len()).unwrap_or(u32::MAX);
        Erasure {
            id: entry.id.clone(),
            what: match &entry.what {
                ErasureTarget::Person { mark, named } => RedactedTarget::Person {
                    mark: mark.short(),
                    named: *named,
                    ids: count(&entry.ids),
                    emails: count(&entry.emails),
                },
                ErasureTarget::Course { id } => RedactedTarget::Course { id: id.clone() },
                ErasureTarget::Range { report, days } => {
                    RedactedTarget::Range { report: report.clone(), from: days.from(), to: days.to() }
                }
            },
            created: entry.created,
            asked: entry.asked,
            by: entry.by.clone(),
            state: entry.state,
            windows: done,
            windows_total: total,
            rows: entry.rows,
            ended: entry.ended,
        }
    }

    /// `(done, total)`: the windows that are clean of an erasure, and all that could contain any of it.
    fn count_progress(&self, entry: &ErasureEntry) -> (u32, u32) {
        let (mut done, mut total) = (0, 0);
        for window in self.windows.values() {
            let erasure = &window.erasure;
            let is_collecting = matches!(window.state, WindowState::Collecting { .. });
            let (is_affected, is_clean) = if matches!(entry.what, ErasureTarget::Range { .. }) {
                let is_covered = entry.what.covers(&window.key) && erasure.waived_version < entry.version;
                (is_covered, erasure.forgotten.is_some() && window.copy.is_none() && !is_collecting)
            } else {
                let is_behind = erasure.clean_version < entry.version;
                let will_be_behind = is_collecting && erasure.pending_version < entry.version;
                let has_clean_copy = !is_behind || (is_collecting && window.copy.is_none());
                (window.lease > 0, !will_be_behind && has_clean_copy)
            };
            total += u32::from(is_affected);
            done += u32::from(is_affected && is_clean);
        }
        (done, total)
    }

    // ---- Tombstones.

    /// The people and courses whose rows are dropped from copies that are collected or swept now.
    #[must_use]
    pub fn tombstones(&self) -> Tombstones {
        let mut tombstones = Tombstones { key: self.erasure_ledger.key.clone(), ..Tombstones::default() };
        for entry in self.erasures.values().filter(|entry| entry.is_active()) {
            let erasure = entry.id.clone();
            match &entry.what {
                ErasureTarget::Person { mark, .. } => tombstones.people.push(PersonTombstone {
                    erasure,
                    given: mark.clone(),
                    ids: entry.ids.clone(),
                    emails: entry.emails.clone(),
                }),
                ErasureTarget::Course { id } => {
                    tombstones.courses.push(CourseTombstone { erasure, course: id.clone() });
                }
                ErasureTarget::Range { .. } => {}
            }
        }
        if tombstones.is_empty() { Tombstones::default() } else { tombstones }
    }

    /// Courses that are erased: their names are not shown.
    #[must_use]
    pub fn erased_courses(&self) -> BTreeSet<CourseId> {
        self.tombstones().courses.into_iter().map(|tombstone| tombstone.course).collect()
    }

    /// The version up to which every copy has to be clean.
    pub(super) fn required_version(&self) -> u32 {
        let needs_sweep =
            |entry: &&ErasureEntry| entry.is_active() && !matches!(entry.what, ErasureTarget::Range { .. });
        self.erasures.values().filter(needs_sweep).map(|entry| entry.version).max().unwrap_or(0)
    }

    /// Whether a window's days are erased, and nobody has retried it by name since.
    pub(super) fn is_erased(&self, key: &WindowKey) -> bool {
        let waived = self.windows.get(key).map_or(0, |window| window.erasure.waived_version);
        self.erasures
            .values()
            .any(|entry| entry.is_active() && entry.version > waived && entry.what.covers(key))
    }

    fn next_version(&mut self) -> u32 {
        self.erasure_ledger.version = self.erasure_ledger.version.saturating_add(1);
        self.changes.erasure_ledger = true;
        self.erasure_ledger.version
    }

    // ---- The next step.

    /// Decides the next sweep, wipe or notification, if one is due.
    pub(super) fn plan_cleanup(&mut self, now: Timestamp) -> Option<Step> {
        self.finish_erasures(now);
        // Days that were erased while Echo360 built them, and whose window returned to the queue: nobody has
        // requested it since.
        let is_erased_in_queue = |window: &&Window| {
            matches!(window.state, WindowState::Queued { .. }) && window.erasure.forgotten.is_some()
        };
        while let Some(key) = self.windows.values().find(is_erased_in_queue).map(key_of) {
            self.change(&key, |window| window.abandon(now));
        }
        while let Some(key) = self.windows.values().find(|window| self.is_wipe_due(window, now)).map(key_of) {
            if self.windows.get(&key).is_some_and(|window| window.lease > 0) {
                self.change(&key, |window| window.erasure.wipe = Some(now.plus(INQUIRY)));
                return Some(Step::Wipe { key });
            }
            // Its WindowStore never received a job, so it has nothing to delete.
            self.record_wipe(&key, now);
        }
        let version = self.required_version();
        let due = self.windows.values().find(|window| self.is_sweep_due(window, version, now)).map(key_of);
        let Some(key) = due else {
            return self.next_notification().map(|entry| Step::NotifyShares { erasure: entry.id.clone() });
        };
        let mut lease = 0;
        self.change(&key, |window| {
            let again = now.plus(INQUIRY);
            lease = match &mut window.erasure.sweep {
                Some(sweep) => {
                    sweep.again = again;
                    sweep.lease
                }
                none => {
                    window.lease = window.lease.saturating_add(1);
                    none.insert(Sweep { lease: window.lease, version, again }).lease
                }
            };
        });
        Some(Step::Sweep { key, lease })
    }

    /// When [`Scheduler::plan_cleanup`] has to be called next; `None` if nothing is left to clean up.
    pub(super) fn next_cleanup_at(&self, now: Timestamp) -> Option<Timestamp> {
        let version = self.required_version();
        let next_for = |window: &Window| {
            let wipe = match window.erasure.wipe {
                Some(again) => Some(again),
                None if self.needs_wipe(window, now) => Some(now),
                None => self.expiry(window),
            };
            let sweep = match window.erasure.sweep {
                Some(sweep) => Some(sweep.again),
                None => self.is_sweep_due(window, version, now).then_some(now),
            };
            wipe.into_iter().chain(sweep).min()
        };
        let is_erasure_due =
            self.next_notification().is_some() || self.erasures.values().any(|entry| self.has_ended(entry));
        let erasure_due = is_erasure_due.then_some(now);
        // At least once a day: `keep_days` may have been changed.
        self.windows.values().filter_map(next_for).chain(erasure_due).min().map(|at| at.min(now.plus(DAY)))
    }

    fn next_notification(&self) -> Option<&ErasureEntry> {
        self.erasures.values().find(|entry| entry.state == ErasureProgress::UnderWay && !entry.notified)
    }

    fn is_wipe_due(&self, window: &Window, now: Timestamp) -> bool {
        self.needs_wipe(window, now) && window.erasure.wipe.is_none_or(|again| is_due(again, now))
    }

    fn needs_wipe(&self, window: &Window, now: Timestamp) -> bool {
        let is_collecting = matches!(window.state, WindowState::Collecting { .. });
        let is_expired = self.expiry(window).is_some_and(|at| at <= now);
        let is_unwiped = window.erasure.forgotten.is_none() || window.copy.is_some();
        let is_erased = is_unwiped && self.is_erased(&window.key);
        !is_collecting && (is_expired || is_erased)
    }

    /// When a window is old enough to be deleted; `None` for ever, or while it is unfinished.
    fn expiry(&self, window: &Window) -> Option<Timestamp> {
        let kept = i64::from(self.keep_days?) * DAY;
        let since = window.copy.as_ref().map_or(window.since, |copy| copy.created);
        let last = window.key.end().map_or(since, Timestamp::start_of);
        matches!(window.state, WindowState::Idle | WindowState::Failed)
            .then(|| last.plus(kept).max(window.since.plus(OLD_DAYS_KEPT)))
    }

    fn is_sweep_due(&self, window: &Window, version: u32, now: Timestamp) -> bool {
        match window.erasure.sweep {
            Some(sweep) => is_due(sweep.again, now),
            None => {
                let count_sweeps =
                    || self.windows.values().filter(|window| window.erasure.sweep.is_some()).count();
                // Not `window.copy.is_some()`: the WindowStore may have a copy whose result was lost.
                window.lease > 0
                    && window.erasure.clean_version < version
                    && !matches!(window.state, WindowState::Collecting { .. })
                    && count_sweeps() < MAX_SWEEPS
            }
        }
    }

    fn has_ended(&self, entry: &ErasureEntry) -> bool {
        let (done, total) = self.count_progress(entry);
        entry.state == ErasureProgress::UnderWay && entry.notified && done == total
    }

    /// Marks erasures as done that have ended.
    fn finish_erasures(&mut self, now: Timestamp) {
        let ended: Vec<String> = self
            .erasures
            .values()
            .filter(|entry| self.has_ended(entry))
            .map(|entry| entry.id.clone())
            .collect();
        for id in ended {
            let windows = self.erasures.get(&id).map_or(0, |entry| self.count_progress(entry).1);
            if let Some(entry) = self.erasures.get_mut(&id) {
                (entry.state, entry.ended, entry.windows) = (ErasureProgress::Done, Some(now), windows);
                self.changes.erasures.insert(id);
            }
        }
    }

    // ---- Invalidations, which the Registry has to receive: it stores numbers that were counted from copies.

    /// The invalidation to send before [`Scheduler::record_notification`].
    #[must_use]
    pub fn invalidation_by_erasure(&self, id: &str) -> Option<Invalidation> {
        Some(match &self.erasures.get(id)?.what {
            ErasureTarget::Person { .. } => Invalidation::Person,
            ErasureTarget::Course { id } => Invalidation::Course(id.clone()),
            ErasureTarget::Range { report, days } => Invalidation::Weeks {
                report: report.as_ref().map(|report| report.as_str().to_owned()),
                days: *days,
            },
        })
    }

    /// The invalidation to send before [`Scheduler::record_sweep`].
    #[must_use]
    pub fn invalidation_by_sweep(
        &self,
        key: &WindowKey,
        lease: u32,
        swept: &SweepOutcome,
    ) -> Option<Invalidation> {
        let known = self.windows.get(key)?.copy.as_ref().map_or(0, |copy| copy.generation);
        let rows = |courses| Some(Invalidation::Rows { window: key.full_id(), courses, before: lease });
        match swept {
            SweepOutcome::Moved => None,
            // Not the copy that the scheduler knows, which has not been swept: any course may have lost rows.
            SweepOutcome::Clean { generation, .. } if *generation != known => rows(None),
            SweepOutcome::Clean { findings, .. } if findings.courses.is_empty() => None,
            SweepOutcome::Clean { findings, .. } => rows(Some(findings.courses.clone())),
            SweepOutcome::Damaged => rows(None),
        }
    }

    /// The invalidation to send before [`Scheduler::record_collection`] and [`Scheduler::record_inquiry`],
    /// when a new copy replaces the current one.
    ///
    /// `None` if the replaced copy is clean, but incomplete or provisional: the new copy contains its days
    /// too, so later sweeps look for erased people there.
    #[must_use]
    pub fn invalidation_by_copy(
        &self,
        key: &WindowKey,
        lease: u32,
        outcome: &CollectOutcome,
    ) -> Option<Invalidation> {
        let loss = matches!(outcome, CollectOutcome::Whole { .. })
            .then(|| self.invalidation_of_copies(key, lease))
            .flatten()?;
        let copy = self.windows.get(key)?.copy.as_ref()?;
        let is_whole = copy.end == key.end() && key.provisional_from(copy.end, copy.created).is_none();
        (is_whole || matches!(loss, Invalidation::Rows { .. })).then_some(loss)
    }

    /// The invalidation to send before [`Scheduler::record_wipe`].
    #[must_use]
    pub fn invalidation_by_wipe(&self, key: &WindowKey) -> Option<Invalidation> {
        let window = self.windows.get(key)?;
        let before = window.lease.saturating_add(1);
        if window.erasure.forgotten.is_some() || self.is_erased(key) {
            return Some(Invalidation::Rows { window: key.full_id(), courses: None, before });
        }
        self.invalidation_of_copies(key, before)
    }

    /// The invalidation for copies that are about to be deleted or replaced, and so can no longer be swept.
    /// If they are not clean up to the required version, they may contain rows that are being erased now.
    fn invalidation_of_copies(&self, key: &WindowKey, before: u32) -> Option<Invalidation> {
        let window = self.windows.get(key)?;
        window.copy.as_ref()?;
        Some(if window.erasure.clean_version < self.required_version() {
            Invalidation::Rows { window: key.full_id(), courses: None, before }
        } else {
            Invalidation::Copies { window: key.full_id(), before }
        })
    }

    // ---- Results of steps.

    /// Records the result of [`Step::NotifyShares`]: the Registry has received the invalidation.
    pub fn record_notification(&mut self, erasure: &str, now: Timestamp) {
        if let Some(entry) = self.erasures.get_mut(erasure) {
            entry.notified = true;
            self.changes.erasures.insert(erasure.to_owned());
        }
        self.finish_erasures(now);
    }

    /// Records the result of [`Step::Sweep`], or an outcome that a WindowStore reports by itself.
    pub fn record_sweep(&mut self, key: &WindowKey, lease: u32, swept: &SweepOutcome, now: Timestamp) {
        let current = self.windows.get(key).and_then(|window| window.erasure.sweep);
        let current = current.filter(|sweep| sweep.lease == lease);
        if let SweepOutcome::Clean { findings, .. } = swept {
            self.record_links(&findings.links);
        }
        let Some(sweep) = current else { return };
        if let SweepOutcome::Clean { findings, .. } = swept {
            for (id, rows) in &findings.dropped {
                if let Some(entry) = self.erasures.get_mut(id) {
                    entry.rows = entry.rows.saturating_add(*rows);
                    self.changes.erasures.insert(id.clone());
                }
            }
        }
        let courses = self.erased_courses();
        self.change(key, |window| {
            window.erasure.sweep = None;
            match swept {
                SweepOutcome::Clean { remaining, .. } => {
                    window.erasure.clean_version = window.erasure.clean_version.max(sweep.version);
                    if let (Some(copy), Some(remaining)) = (&mut window.copy, remaining.as_ref()) {
                        let erased = copy.rows.saturating_sub(remaining.rows);
                        if let Some(shrunken) = &mut window.shrunken
                            && !shrunken.record_erasure(erased, remaining.rows, &courses)
                        {
                            window.shrunken = None;
                        }
                        (copy.generation, copy.rows, copy.bytes) = (lease, remaining.rows, remaining.bytes);
                    }
                }
                SweepOutcome::Damaged => {
                    window.drop_copy();
                    window.fault = Some(WindowFault {
                        upstream: None,
                        detail:
                            "Its stored rows could not be searched for rows to forget, so all of them were \
                                 deleted. Request it again."
                                .to_owned(),
                    });
                    if window.state == WindowState::Idle {
                        (window.state, window.since) = (WindowState::Failed, now);
                    }
                }
                SweepOutcome::Moved => {}
            }
        });
        self.finish_erasures(now);
    }

    /// Adds further ids of erased people, which a WindowStore found in rows: copies are swept for them too.
    pub fn record_links(&mut self, links: &BTreeSet<IdentityLink>) {
        let mut version = None;
        for link in links {
            let Some(entry) = self.erasures.get(&link.erasure).filter(|entry| entry.is_active()) else {
                continue;
            };
            let known = if link.by == IdentifierKind::Id { &entry.ids } else { &entry.emails };
            if known.contains(&link.mark) || known.len() >= MAX_LINKS {
                continue;
            }
            let version = *version.get_or_insert_with(|| self.erasure_ledger.version.saturating_add(1));
            self.erasure_ledger.version = version;
            self.changes.erasure_ledger = true;
            if let Some(entry) = self.erasures.get_mut(&link.erasure) {
                let known = if link.by == IdentifierKind::Id { &mut entry.ids } else { &mut entry.emails };
                known.push(link.mark.clone());
                entry.version = version;
                // Copies that were deleted or replaced meanwhile may have contained the further id.
                (entry.state, entry.ended, entry.notified) = (ErasureProgress::UnderWay, None, false);
                self.changes.erasures.insert(entry.id.clone());
            }
        }
    }

    /// Records the result of [`Step::Wipe`]: the WindowStore stores nothing any more.
    pub fn record_wipe(&mut self, key: &WindowKey, now: Timestamp) {
        let Some(window) = self.windows.get(key) else { return };
        let is_expired = self.expiry(window).is_some_and(|at| at <= now);
        let is_erased = self.is_erased(key);
        let rows = window.copy.as_ref().map_or(0, |copy| copy.rows);
        if is_expired {
            self.erasure_ledger.leases = self.erasure_ledger.leases.max(window.lease);
            self.changes.erasure_ledger = true;
            self.windows.remove(key);
            self.changes.windows.insert(key.clone());
            self.drop_empty_requests();
        } else {
            self.change(key, |window| {
                window.drop_copy();
                if is_erased && matches!(window.state, WindowState::Queued { .. } | WindowState::Failed) {
                    window.fault = None;
                    window.abandon(now);
                }
                // Also if the erasure was canceled meanwhile: the rows are deleted.
                window.erasure.forgotten =
                    Some(now).filter(|_| is_erased || window.state == WindowState::Idle);
            });
        }
        if is_erased {
            let entry = self.erasures.values_mut().find(|entry| entry.is_active() && entry.what.covers(key));
            if let Some(entry) = entry {
                entry.rows = entry.rows.saturating_add(rows);
                self.changes.erasures.insert(entry.id.clone());
            }
        }
        self.finish_erasures(now);
    }

    /// Removes requests whose windows have all been deleted.
    fn drop_empty_requests(&mut self) {
        let windows = &self.windows;
        let is_empty = |keys: &[WindowKey]| !keys.iter().any(|key| windows.contains_key(key));
        let empty: Vec<String> = self
            .requests
            .values()
            .filter(|request| is_empty(&request.windows))
            .map(|request| request.id.clone())
            .collect();
        for id in empty {
            self.requests.remove(&id);
            self.changes.requests.insert(id);
        }
    }
}

fn key_of(window: &Window) -> WindowKey {
    window.key.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::PersonIdentifier;
    use crate::erasure::{RemainingRows, SweepFindings, WeekRange};
    use crate::time::{HOUR, SECOND};
    use crate::upstream::UpstreamId;
    use crate::window::{Days, Parameters};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn key(report: &str, days: Days) -> WindowKey {
        WindowKey { report: ReportName::parse(report).unwrap(), days, parameters: Parameters::new() }
    }

    fn week(monday: &str) -> WindowKey {
        key("notes", Days::Week(monday.parse().unwrap()))
    }

    /// A scheduler with a copy of each of these windows, collected at `now`.
    fn scheduler(keys: &[WindowKey], now: Timestamp) -> Scheduler {
        let windows = keys.iter().map(|key| {
            let mut window = Window::queued(key.clone(), now);
            window.start_asking(key.end(), Vec::new(), "r", now);
            window.start_building(UpstreamId::parse("u").unwrap(), now, key.end(), now);
            let (lease, ..) = window.start_collecting(now).unwrap();
            window.record_collection(
                lease,
                CollectOutcome::Whole { rows: 9, bytes: 90, header: "a".into() },
                now,
            );
            window
        });
        Scheduler::load(windows.collect(), Vec::new(), super::super::Account::default())
    }

    fn person(hash: &str) -> ErasureTarget {
        ErasureTarget::Person { mark: PersonHash(hash.into()), named: IdentifierKind::Email }
    }

    fn weeks(from: &str, to: &str) -> ErasureTarget {
        ErasureTarget::Range { report: None, days: Range::parse(from, to).unwrap() }
    }

    #[test]
    fn an_invalid_erasure_request_is_refused() {
        let validate = |request: &ErasureRequest| {
            ErasureTarget::from_request(request, |id| PersonHash(id.trim().into())).map_err(|p| p.code)
        };
        let email = |text: &str| validate(&ErasureRequest::Person(PersonIdentifier::Email(text.into())));
        let id = |text: &str| validate(&ErasureRequest::Person(PersonIdentifier::Id(text.into())));
        assert!(email(" ada@x.example ").is_ok() && id("0B0C3F4E-0000-4000-8000-00000000000a").is_ok());
        for wrong in ["", "@", "ada", "a da@x", "ada@"] {
            assert_eq!(email(wrong), Err(Code::BadBody), "{wrong}");
        }
        for wrong in
            ["", "ada@x.example", "0b0c3f4e000040008000000000000000a", "zb0c3f4e-0000-4000-8000-00000000000a"]
        {
            assert_eq!(id(wrong), Err(Code::BadBody), "{wrong}");
        }
        let range = |report: Option<&str>, from: &str, to: &str| {
            let report = report.map(str::to_owned);
            validate(&ErasureRequest::Range(WeekRange { report, from: from.into(), to: to.into() }))
        };
        assert_eq!(range(None, "2026-02-02", "2026-02-15"), Ok(weeks("2026-02-02", "2026-02-15")));
        assert_eq!(range(None, "2026-02-03", "2026-02-15"), Err(Code::BadRange));
        assert_eq!(range(None, "2026-02-02", "2026-02-14"), Err(Code::BadRange));
        assert_eq!(range(Some("../x"), "2026-02-02", "2026-02-15"), Err(Code::BadBody));
    }

    #[test]
    fn a_range_covers_the_windows_that_lie_wholly_inside_it() {
        let range = weeks("2026-02-02", "2026-02-15");
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert!(range.covers(&week("2026-02-02")) && range.covers(&week("2026-02-09")));
        assert!(!range.covers(&week("2026-01-26")) && !range.covers(&week("2026-02-16")));
        assert!(range.covers(&key("visit", Days::Exactly(day("2026-02-12"), day("2026-02-16")))));
        assert!(!range.covers(&key("asset", Days::All)), "a window without dates is in no range");
        let notes_only = ErasureTarget::Range {
            report: ReportName::parse("notes"),
            days: Range::parse("2026-02-02", "2026-02-15").unwrap(),
        };
        assert!(notes_only.covers(&week("2026-02-02")));
        assert!(!notes_only.covers(&key("visit", Days::Week(day("2026-02-02")))));
    }

    #[test]
    fn a_further_id_of_a_person_makes_all_copies_be_swept_again() {
        let now = at("2026-03-02");
        let mut scheduler = scheduler(&[week("2026-02-02"), week("2026-02-09")], now);
        let id = scheduler.request_erasure("f".into(), person("m"), "ana", now);
        let link = IdentityLink { erasure: id.clone(), by: IdentifierKind::Id, mark: PersonHash("n".into()) };
        let findings = SweepFindings {
            dropped: [(id.clone(), 4)].into(),
            links: [link].into(),
            ..SweepFindings::default()
        };
        let mut steps = 0;
        while let Some(Step::Sweep { key, lease }) = scheduler.plan_cleanup(now.plus(HOUR + steps * SECOND)) {
            steps += 1;
            let findings =
                if key == week("2026-02-02") { findings.clone() } else { SweepFindings::default() };
            let remaining = (steps == 1).then_some(RemainingRows { rows: 5, bytes: 50 });
            let swept = SweepOutcome::Clean { generation: 1, remaining, findings };
            scheduler.record_sweep(&key, lease, &swept, now);
        }
        scheduler.record_notification(&id, now);
        assert_eq!(steps, 3, "the first window twice; the second, which was not swept before, once");
        let erasure = scheduler.erasures().remove(0);
        assert_eq!((erasure.state, erasure.windows, erasure.windows_total), (ErasureProgress::Done, 2, 2));
        assert!(
            matches!(erasure.what, RedactedTarget::Person { ids: 1, emails: 0, .. }),
            "{:?}",
            erasure.what
        );
        let copy = scheduler.window(&week("2026-02-02")).unwrap().copy.clone().unwrap();
        assert_eq!((copy.rows, copy.generation), (5, 2));
        assert_eq!(scheduler.tombstones().people[0].ids, [PersonHash("n".into())]);
        scheduler.cancel_erasure(&id, now);
        assert!(scheduler.tombstones().is_empty() && scheduler.erasure(&id).unwrap().ids.is_empty());
    }

    #[test]
    fn a_copy_that_cannot_be_swept_is_dropped_with_a_reason() {
        let now = at("2026-03-02");
        let mut scheduler = scheduler(&[week("2026-02-02")], now);
        scheduler.request_erasure("f".into(), person("m"), "ana", now);
        let Some(Step::Sweep { key, lease }) = scheduler.plan_cleanup(now) else { panic!("nothing to do") };
        scheduler.record_sweep(&key, lease + 1, &SweepOutcome::Damaged, now);
        assert!(scheduler.window(&key).unwrap().copy.is_some(), "a result of another lease is ignored");
        scheduler.record_sweep(&key, lease, &SweepOutcome::Damaged, now);
        let info = scheduler.window(&key).unwrap().describe(now);
        assert_eq!((info.state, info.fault.is_some()), (crate::api::WindowStatus::Failed, true));
    }

    #[test]
    fn a_copy_is_deleted_keep_days_after_its_last_day_and_one_of_old_days_after_a_day() {
        let collected = at("2026-03-02 10:00:00");
        let (young, old) = (week("2026-02-16"), week("2025-02-03"));
        let mut scheduler = scheduler(&[young.clone(), old.clone(), key("asset", Days::All)], collected);
        assert_eq!(scheduler.next_cleanup_at(collected), None, "without a limit copies are kept for ever");
        scheduler.set_keep_days(30);
        assert_eq!(scheduler.plan_cleanup(collected.plus(23 * HOUR)), None);
        assert_eq!(scheduler.next_cleanup_at(collected), Some(collected.plus(DAY)));
        let next_day = collected.plus(DAY);
        assert_eq!(scheduler.plan_cleanup(next_day), Some(Step::Wipe { key: old.clone() }));
        assert_eq!(scheduler.plan_cleanup(next_day.plus(SECOND)), None, "a wipe is not repeated at once");
        scheduler.record_wipe(&old, next_day.plus(SECOND));
        assert!(scheduler.window(&old).is_none());
        // The last of its days was 22 February: 30 days after it is 24 March.
        assert_eq!(scheduler.plan_cleanup(at("2026-03-24 23:59:59")), None);
        assert_eq!(scheduler.plan_cleanup(at("2026-03-25")), Some(Step::Wipe { key: young }));
    }

    #[test]
    fn erased_days_come_back_only_by_a_retry_by_name() {
        let now = at("2026-03-02");
        let (stored, new) = (week("2026-02-02"), week("2026-02-09"));
        let mut scheduler = scheduler(std::slice::from_ref(&stored), now);
        scheduler.request_erasure("f".into(), weeks("2026-02-02", "2026-02-15"), "ana", now);
        assert_eq!(scheduler.plan_cleanup(now), Some(Step::Wipe { key: stored.clone() }));
        scheduler.record_wipe(&stored, now);
        let request = crate::fair_queue::Request {
            id: "r".into(),
            person: "ana".into(),
            report: stored.report.clone(),
            range: None,
            zone: "UTC".into(),
            parameters: Parameters::new(),
            created: now,
            asked: now,
            windows: vec![stored.clone(), new],
            turn: 0,
        };
        scheduler.submit(request.clone(), now);
        let states = |scheduler: &Scheduler| {
            let info = scheduler.describe("r", now).unwrap();
            info.windows.iter().map(|window| window.state).collect::<Vec<_>>()
        };
        use crate::api::WindowStatus::{Forgotten, Queued};
        assert_eq!(states(&scheduler), [Forgotten, Forgotten]);
        scheduler.retry("r", &[], true, now);
        assert_eq!(states(&scheduler), [Forgotten, Forgotten], "none of the windows failed");
        scheduler.retry("r", &[stored.id()], false, now);
        assert_eq!(states(&scheduler), [Forgotten, Forgotten], "without the right to recall it");
        scheduler.retry("r", &[stored.id()], true, now);
        assert_eq!(states(&scheduler), [Queued, Forgotten]);
        assert_eq!(scheduler.plan_cleanup(now), Some(Step::NotifyShares { erasure: "f".into() }));
        scheduler.record_notification("f", now);
        assert!(scheduler.plan_cleanup(now.plus(HOUR)).is_none(), "and is not wiped again");
        scheduler.cancel_erasure("f", now);
        scheduler.submit(request, now);
        assert_eq!(states(&scheduler), [Queued, Queued], "after canceling, a request is enough");
    }

    #[test]
    fn erasing_canceling_and_erasing_days_again_while_they_are_built_comes_to_an_end() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let mut scheduler = scheduler(std::slice::from_ref(&key), now);
        scheduler.change(&key, |window| {
            window.request_again(now);
            window.start_asking(key.end(), Vec::new(), "r", now);
            window.start_building(UpstreamId::parse("v").unwrap(), now, key.end(), now);
        });
        scheduler.request_erasure("f".into(), weeks("2026-02-02", "2026-02-08"), "ana", now);
        assert!(matches!(scheduler.plan_cleanup(now), Some(Step::Wipe { .. })));
        scheduler.record_wipe(&key, now);
        scheduler.cancel_erasure("f", now);
        let lease = scheduler.hand_off(&key, vec!["link".into()], now).unwrap().lease;
        scheduler.record_collection(
            &key,
            lease,
            CollectOutcome::Whole { rows: 9, bytes: 90, header: "a".into() },
            now,
        );
        assert!(scheduler.window(&key).unwrap().describe(now).forgotten.is_none());
        scheduler.request_erasure("f".into(), weeks("2026-02-02", "2026-02-08"), "ana", now);
        assert!(matches!(scheduler.plan_cleanup(now), Some(Step::Wipe { .. })));
        scheduler.record_wipe(&key, now);
        assert_eq!(
            scheduler.erasures()[0].state,
            ErasureProgress::UnderWay,
            "the Registry is not notified yet"
        );
        assert_eq!(scheduler.plan_cleanup(now), Some(Step::NotifyShares { erasure: "f".into() }));
        scheduler.record_notification("f", now);
        assert_eq!(scheduler.erasures()[0].state, ErasureProgress::Done);
    }

    #[test]
    fn a_copy_that_expires_unswept_during_an_erasure_invalidates_its_rows() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let mut scheduler = scheduler(std::slice::from_ref(&key), now);
        let copies = Invalidation::Copies { window: key.full_id(), before: 2 };
        assert_eq!(scheduler.invalidation_by_wipe(&key), Some(copies));
        scheduler.request_erasure("f".into(), person("m"), "ana", now);
        let rows = Invalidation::Rows { window: key.full_id(), courses: None, before: 2 };
        assert_eq!(scheduler.invalidation_by_wipe(&key), Some(rows), "it was never swept for this erasure");
        assert_eq!(scheduler.invalidation_by_erasure("f"), Some(Invalidation::Person));
    }

    #[test]
    fn sweeping_another_copy_than_the_known_one_invalidates_all_rows() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let scheduler = scheduler(std::slice::from_ref(&key), now);
        let swept = |generation| SweepOutcome::Clean {
            generation,
            remaining: None,
            findings: SweepFindings::default(),
        };
        assert_eq!(scheduler.invalidation_by_sweep(&key, 3, &swept(1)), None);
        let rows = Invalidation::Rows { window: key.full_id(), courses: None, before: 3 };
        assert_eq!(scheduler.invalidation_by_sweep(&key, 3, &swept(2)), Some(rows));
    }

    #[test]
    fn a_generation_is_never_used_again_after_its_window_was_deleted() {
        let now = at("2025-03-02");
        let key = week("2025-02-03");
        let mut scheduler = scheduler(std::slice::from_ref(&key), now);
        scheduler.set_keep_days(30);
        let later = at("2026-03-02");
        assert_eq!(scheduler.plan_cleanup(later), Some(Step::Wipe { key: key.clone() }));
        scheduler.record_wipe(&key, later);
        assert!(scheduler.window(&key).is_none() && scheduler.take_changes().erasure_ledger);
        let mut window = Window::queued(key.clone(), later);
        window.start_asking(key.end(), Vec::new(), "r", later);
        window.start_building(UpstreamId::parse("v").unwrap(), later, key.end(), later);
        scheduler.windows.insert(key.clone(), window);
        assert_eq!(scheduler.hand_off(&key, vec!["link".into()], later).unwrap().lease, 2);
    }

    #[test]
    fn a_version_that_a_further_id_used_is_not_used_again_after_a_crash() {
        let now = at("2026-03-02");
        let mut scheduler = scheduler(&[week("2026-02-02")], now);
        scheduler.request_erasure("f".into(), person("m"), "ana", now);
        scheduler.record_notification("f", now);
        scheduler.take_changes();
        scheduler.record_links(
            &[IdentityLink { erasure: "f".into(), by: IdentifierKind::Id, mark: PersonHash("n".into()) }]
                .into(),
        );
        assert!(scheduler.take_changes().erasure_ledger, "the new version is saved");
        let entry = scheduler.erasure("f").unwrap().clone();
        assert!(!entry.notified, "copies deleted meanwhile may have contained the further id");
        let mut scheduler = Scheduler::default();
        scheduler.load_erasures(ErasureLedger { version: 1, ..ErasureLedger::default() }, vec![entry]);
        scheduler.request_erasure("g".into(), person("o"), "ana", now);
        assert_eq!(scheduler.erasure("g").unwrap().version, 3);
    }

    #[test]
    fn erasure_format_unchanged() {
        let mut scheduler = scheduler(&[week("2026-02-02")], Timestamp(0));
        scheduler.request_erasure("f".into(), person("m"), "ana", Timestamp(5));
        scheduler.request_erasure("g".into(), weeks("2026-02-02", "2026-02-08"), "ana", Timestamp(6));
        scheduler.request_erasure("h".into(), ErasureTarget::Course { id: "c".into() }, "ana", Timestamp(7));
        scheduler.record_links(
            &[IdentityLink { erasure: "f".into(), by: IdentifierKind::Email, mark: PersonHash("n".into()) }]
                .into(),
        );
        let stored = |id: &str| serde_json::to_string(scheduler.erasure(id).unwrap()).unwrap();
        assert_eq!(
            stored("f"),
            r#"{"id":"f","what":{"person":{"mark":"m","named":"email"}},"emails":["n"],"by":"ana","created":5,"asked":5,"version":4,"rows":0,"windows":0,"state":"under-way","ended":null}"#
        );
        assert!(stored("g").contains(r#""what":{"range":{"days":{"from":"2026-02-02","to":"2026-02-08"}}}"#));
        assert!(stored("h").contains(r#""what":{"course":{"id":"c"}}"#));
        assert_eq!(serde_json::to_string(scheduler.erasure_ledger()).unwrap(), r#"{"key":"","version":4}"#);
        let Some(Step::Wipe { key }) = scheduler.plan_cleanup(Timestamp(10)) else { panic!("nothing to do") };
        scheduler.record_wipe(&key, Timestamp(11));
        scheduler.plan_cleanup(Timestamp(12));
        assert_eq!(
            serde_json::to_string(&scheduler.window(&key).unwrap().erasure).unwrap(),
            r#"{"clean":0,"carried":0,"sweep":{"lease":2,"version":4,"again":20012},"forgotten":11,"lifted":0}"#
        );
    }
}
