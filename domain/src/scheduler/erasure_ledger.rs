//! What the scheduler does about erasure: copies gone over until none holds what was forgotten, and copies that are old
//! enough deleted.
//!
//! **Invariant**: an erasure is done only when every copy that could hold any of it is free of it, or gone. Each
//! erasure of a person or course has a version, higher than all before it; a window knows up to which version its
//! copy is free ([`ErasureState::clean_version`](crate::window_state::ErasureState)), one that is being collected up to which it will be. A window
//! that is behind is gone over under a lease of its own, so that what is left of its copy is a copy like any other,
//! with a number that rises. Two never meet: nothing is gone over while it is being collected, and a WindowStore object
//! that gets both does one after the other.
//!
//! When rows tell that a person has a further id, the erasure gets a new version, and all begins anew.

use super::{Scheduler, Step, is_due};
use crate::erasure::{
    CourseTombstone, Erasure, ErasureProgress, ErasureRequest, IdentifierKind, IdentityLink, Invalidation,
    PersonHash, PersonIdentifier, PersonTombstone, RedactedTarget, SweepOutcome, Tombstones,
};
use crate::ids::{CourseId, is_reported_email};
use crate::problem::{Code, Problem};
use crate::range::Range;
use crate::report::ReportName;
use crate::time::{DAY, Day, Timestamp, monday, plus_days};
use crate::window::{DAYS_PER_WINDOW, WindowKey};
use crate::window_state::{CollectOutcome, INQUIRY, Sweep, Window, WindowFault, WindowState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Windows that are gone over at once: each holds a few MB of memory.
const SWEEPERS: usize = 3;

/// Further ids of one person that are learned: more would be no person.
const LINKS_MOST: usize = 50;

/// Of old days that somebody asks for again, the copy is kept this long.
const OLD_KEPT: i64 = DAY;

/// What all erasures share.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureLedger {
    /// What marks are made with: made by chance, once.
    pub key: String,
    /// The last version that was given.
    pub version: u32,
    /// The highest lease of windows that are not kept any more: numbers of copies never come again.
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

/// What is forgotten, read from what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErasureTarget {
    /// A person.
    Person {
        /// The mark of what they were named by.
        mark: PersonHash,
        /// How they were named.
        named: IdentifierKind,
    },
    /// A course.
    Course {
        /// Its UUID.
        id: CourseId,
    },
    /// Whole weeks.
    Range {
        /// The report; all with dates when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<ReportName>,
        /// The days.
        days: Range,
    },
}

impl ErasureTarget {
    /// Reads what was asked; `mark` makes the mark of an id.
    ///
    /// # Errors
    /// `bad-body` for what names no person or course, `bad-range` for days that are not whole weeks, and what
    /// [`Range::parse`] refuses.
    pub fn from_request(asked: &ErasureRequest, mark: impl Fn(&str) -> PersonHash) -> Result<Self, Problem> {
        let wrong = |detail: &str| Err(Problem::new(Code::BadBody, detail));
        match asked {
            ErasureRequest::Person(PersonIdentifier::Email(email)) if !is_reported_email(email) => {
                wrong("`email` must be an e-mail address such as name@example.org.")
            }
            ErasureRequest::Person(PersonIdentifier::Id(id)) if !id.is_uuid() => {
                wrong("`id` must be Echo360's user id: a UUID, as it stands in the column `userid`.")
            }
            ErasureRequest::Course(id) if !id.is_uuid() => {
                wrong("`course` must be the course's id: a UUID, as /api/courses lists it.")
            }
            ErasureRequest::Person(PersonIdentifier::Email(email)) => {
                Ok(Self::Person { mark: mark(email), named: IdentifierKind::Email })
            }
            ErasureRequest::Person(PersonIdentifier::Id(id)) => {
                Ok(Self::Person { mark: mark(id.as_str()), named: IdentifierKind::Id })
            }
            ErasureRequest::Course(id) => Ok(Self::Course { id: id.clone() }),
            ErasureRequest::Range(weeks) => {
                let report = match weeks.report.as_deref().map(ReportName::parse) {
                    Some(None) => return wrong("`report` must be the name of a report, or be left out."),
                    report => report.flatten(),
                };
                let days = Range::parse(&weeks.from, &weeks.to)?;
                let (from, to) = (monday(days.from()), last_of_week(days.to()));
                if (from, to) != (days.from(), days.to()) {
                    let detail =
                        format!("A range is whole weeks: from a Monday to a Sunday, here {from} to {to}.");
                    return Err(Problem::new(Code::BadRange, detail));
                }
                Ok(Self::Range { report, days })
            }
        }
    }

    /// Whether a window lies wholly in it; nothing without days does.
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

/// An erasure, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureEntry {
    /// Its id.
    pub id: String,
    /// What is forgotten.
    pub what: ErasureTarget,
    /// Marks of further user ids of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<PersonHash>,
    /// Marks of further e-mail addresses of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<PersonHash>,
    /// Who asked it last.
    pub by: String,
    /// When it was first asked.
    pub created: Timestamp,
    /// When it was last asked.
    pub asked: Timestamp,
    /// Its version.
    pub version: u32,
    /// Rows that were deleted.
    pub rows: u64,
    /// Windows that were gone over, once it is done.
    pub windows: u32,
    /// How far it is.
    pub state: ErasureProgress,
    /// When it was done or lifted.
    pub ended: Option<Timestamp>,
    /// Whether its [`Invalidation`] was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notified: bool,
}

impl ErasureEntry {
    fn is_active(&self) -> bool {
        self.state != ErasureProgress::Lifted
    }
}

impl Scheduler {
    // ---- Loading, and what people do.

    /// Erasures as they were saved.
    pub fn load_erasures(&mut self, erasure_ledger: ErasureLedger, entries: Vec<ErasureEntry>) {
        self.erasure_ledger = erasure_ledger;
        let last = entries.iter().map(|entry| entry.version).max().unwrap_or(0);
        self.erasure_ledger.version = self.erasure_ledger.version.max(last);
        self.erasures = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
    }

    /// Keeps copies for this many days after their last day, and no longer.
    pub fn set_keep_days(&mut self, days: u32) {
        self.keep_days = Some(days);
    }

    /// What all erasures share.
    #[must_use]
    pub fn erasure_ledger(&self) -> &ErasureLedger {
        &self.erasure_ledger
    }

    /// An erasure, as it is kept.
    #[must_use]
    pub fn erasure(&self, id: &str) -> Option<&ErasureEntry> {
        self.erasures.get(id)
    }

    /// The key that marks are made with: `fresh` when there is none yet.
    pub fn ensure_hash_key(&mut self, fresh: String) -> String {
        if self.erasure_ledger.key.is_empty() {
            self.erasure_ledger.key = fresh;
            self.changes.erasure_ledger = true;
        }
        self.erasure_ledger.key.clone()
    }

    /// Forgets; gives the id: `id`, or that of an earlier erasure of the same, which goes over all copies again.
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

    /// Takes an erasure back: later copies have its rows again. Returns whether there is such an erasure.
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

    /// All erasures, newest first, as they are shown.
    #[must_use]
    pub fn erasures(&self) -> Vec<Erasure> {
        let mut shown: Vec<Erasure> =
            self.erasures.values().map(|entry| self.describe_erasure(entry)).collect();
        shown.sort_by(|a, b| (b.asked, &b.id).cmp(&(a.asked, &a.id)));
        shown
    }

    fn describe_erasure(&self, entry: &ErasureEntry) -> Erasure {
        let (done, of) = match entry.state {
            ErasureProgress::UnderWay => self.count_progress(entry),
            ErasureProgress::Done | ErasureProgress::Lifted => (entry.windows, entry.windows),
        };
        Erasure {
            id: entry.id.clone(),
            what: match &entry.what {
                ErasureTarget::Person { mark, named } => {
                    RedactedTarget::Person { mark: mark.0.chars().take(8).collect(), named: *named }
                }
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
            windows_total: of,
            rows: entry.rows,
            ended: entry.ended,
        }
    }

    /// Windows that are free of it, and all that could hold any of it.
    fn count_progress(&self, entry: &ErasureEntry) -> (u32, u32) {
        let (mut done, mut of) = (0, 0);
        for window in self.windows.values() {
            let erasure = &window.erasure;
            let collecting = matches!(window.state, WindowState::Collecting { .. });
            let (counts, is_free) = if matches!(entry.what, ErasureTarget::Range { .. }) {
                let covers = entry.what.covers(&window.key) && erasure.waived_version < entry.version;
                (covers, erasure.forgotten.is_some() && window.copy.is_none() && !collecting)
            } else {
                let behind = erasure.clean_version < entry.version;
                let comes = collecting && erasure.pending_version < entry.version;
                (window.lease > 0, !comes && (!behind || (collecting && window.copy.is_none())))
            };
            of += u32::from(counts);
            done += u32::from(counts && is_free);
        }
        (done, of)
    }

    // ---- What is kept out.

    /// What is kept out of copies that are made now.
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

    /// Courses that are erased: nothing may name them.
    #[must_use]
    pub fn erased_courses(&self) -> BTreeSet<CourseId> {
        self.tombstones().courses.into_iter().map(|closed| closed.course).collect()
    }

    /// The version that copies have to be free up to.
    pub(super) fn required_version(&self) -> u32 {
        let is_of_rows =
            |entry: &&ErasureEntry| entry.is_active() && !matches!(entry.what, ErasureTarget::Range { .. });
        self.erasures.values().filter(is_of_rows).map(|entry| entry.version).max().unwrap_or(0)
    }

    /// Whether a window's days are forgotten, and nobody has asked for it by hand since.
    pub(super) fn is_erased(&self, key: &WindowKey) -> bool {
        let lifted = self.windows.get(key).map_or(0, |window| window.erasure.waived_version);
        self.erasures
            .values()
            .any(|entry| entry.is_active() && entry.version > lifted && entry.what.covers(key))
    }

    fn next_version(&mut self) -> u32 {
        self.erasure_ledger.version = self.erasure_ledger.version.saturating_add(1);
        self.changes.erasure_ledger = true;
        self.erasure_ledger.version
    }

    // ---- What to do next.

    /// Decides the next step of going over copies and deleting them, if there is one now.
    pub(super) fn plan_cleanup(&mut self, now: Timestamp) -> Option<Step> {
        self.finish_erasures(now);
        // Echo360 was at it when its days were forgotten, and it came back to the queue: nobody asked for it again.
        let is_back = |window: &&Window| {
            matches!(window.state, WindowState::Queued { .. }) && window.erasure.forgotten.is_some()
        };
        while let Some(key) = self.windows.values().find(is_back).map(key_of) {
            self.change(&key, |window| window.abandon(now));
        }
        while let Some(key) = self.windows.values().find(|window| self.is_wipe_due(window, now)).map(key_of) {
            if self.windows.get(&key).is_some_and(|window| window.lease > 0) {
                self.change(&key, |window| window.erasure.wipe = Some(now.plus(INQUIRY)));
                return Some(Step::Wipe { key });
            }
            // Nothing was ever handed to its object.
            self.record_wipe(&key, now);
        }
        let version = self.required_version();
        let behind = self.windows.values().find(|window| self.is_sweep_due(window, version, now)).map(key_of);
        let Some(key) = behind else {
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

    /// When there is something of that to do, if ever.
    pub(super) fn next_cleanup_at(&self, now: Timestamp) -> Option<Timestamp> {
        let version = self.required_version();
        let of = |window: &Window| {
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
        let has_word =
            self.next_notification().is_some() || self.erasures.values().any(|entry| self.has_ended(entry));
        let ends = has_word.then_some(now);
        // Once a day at least: somebody may have changed for how long copies are kept.
        self.windows.values().filter_map(of).chain(ends).min().map(|at| at.min(now.plus(DAY)))
    }

    fn next_notification(&self) -> Option<&ErasureEntry> {
        self.erasures.values().find(|entry| entry.state == ErasureProgress::UnderWay && !entry.notified)
    }

    fn is_wipe_due(&self, window: &Window, now: Timestamp) -> bool {
        self.needs_wipe(window, now) && window.erasure.wipe.is_none_or(|again| is_due(again, now))
    }

    fn needs_wipe(&self, window: &Window, now: Timestamp) -> bool {
        let is_collecting = matches!(window.state, WindowState::Collecting { .. });
        let is_old = self.expiry(window).is_some_and(|at| at <= now);
        let is_here = window.erasure.forgotten.is_none() || window.copy.is_some();
        let is_gone = is_here && self.is_erased(&window.key);
        !is_collecting && (is_old || is_gone)
    }

    /// When a window that nothing is to come of is old enough to be deleted.
    fn expiry(&self, window: &Window) -> Option<Timestamp> {
        let kept = i64::from(self.keep_days?) * DAY;
        let since = window.copy.as_ref().map_or(window.since, |copy| copy.created);
        let last = window.key.end().map_or(since, Timestamp::start_of);
        matches!(window.state, WindowState::Idle | WindowState::Failed)
            .then(|| last.plus(kept).max(window.since.plus(OLD_KEPT)))
    }

    fn is_sweep_due(&self, window: &Window, version: u32, now: Timestamp) -> bool {
        match window.erasure.sweep {
            Some(sweep) => is_due(sweep.again, now),
            None => {
                let sweeping =
                    || self.windows.values().filter(|window| window.erasure.sweep.is_some()).count();
                // Whether its object has a copy is not asked: one may be there whose word was lost.
                window.lease > 0
                    && window.erasure.clean_version < version
                    && !matches!(window.state, WindowState::Collecting { .. })
                    && sweeping() < SWEEPERS
            }
        }
    }

    fn has_ended(&self, entry: &ErasureEntry) -> bool {
        let (done, of) = self.count_progress(entry);
        entry.state == ErasureProgress::UnderWay && entry.notified && done == of
    }

    /// Notes what is done.
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

    // ---- What whoever keeps something that was counted has to hear.

    /// To be told before [`Scheduler::record_notification`].
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

    /// To be told before [`Scheduler::record_sweep`].
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
            // Another copy than the one that is known here: nobody has gone over that one.
            SweepOutcome::Clean { generation, .. } if *generation != known => rows(None),
            SweepOutcome::Clean { met, .. } if met.courses.is_empty() => None,
            SweepOutcome::Clean { met, .. } => rows(Some(met.courses.clone())),
            SweepOutcome::Damaged => rows(None),
        }
    }

    /// To be told before [`Scheduler::record_collection`] and [`Scheduler::record_inquiry`]: another copy takes a copy's place.
    ///
    /// A copy whose days were not all there and final has to be followed by another, which holds these days too: whoever is
    /// forgotten later is looked for in that one.
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

    /// To be told before [`Scheduler::record_wipe`].
    #[must_use]
    pub fn invalidation_by_wipe(&self, key: &WindowKey) -> Option<Invalidation> {
        let window = self.windows.get(key)?;
        let before = window.lease.saturating_add(1);
        if window.erasure.forgotten.is_some() || self.is_erased(key) {
            return Some(Invalidation::Rows { window: key.full_id(), courses: None, before });
        }
        self.invalidation_of_copies(key, before)
    }

    /// Of copies that nobody will go over. What is being forgotten may be in those that nobody has gone over for it.
    fn invalidation_of_copies(&self, key: &WindowKey, before: u32) -> Option<Invalidation> {
        let window = self.windows.get(key)?;
        window.copy.as_ref()?;
        Some(if window.erasure.clean_version < self.required_version() {
            Invalidation::Rows { window: key.full_id(), courses: None, before }
        } else {
            Invalidation::Copies { window: key.full_id(), before }
        })
    }

    // ---- What came of it.

    /// The answer to [`Step::NotifyShares`]: its loss was told.
    pub fn record_notification(&mut self, erasure: &str, now: Timestamp) {
        if let Some(entry) = self.erasures.get_mut(erasure) {
            entry.notified = true;
            self.changes.erasures.insert(erasure.to_owned());
        }
        self.finish_erasures(now);
    }

    /// The answer to [`Step::Sweep`], or a WindowStore object's own word.
    pub fn record_sweep(&mut self, key: &WindowKey, lease: u32, swept: &SweepOutcome, now: Timestamp) {
        let ours = self.windows.get(key).and_then(|window| window.erasure.sweep);
        let ours = ours.filter(|sweep| sweep.lease == lease);
        if let SweepOutcome::Clean { met, .. } = swept {
            self.record_links(&met.links);
        }
        let Some(sweep) = ours else { return };
        if let SweepOutcome::Clean { met, .. } = swept {
            for (id, rows) in &met.dropped {
                if let Some(entry) = self.erasures.get_mut(id) {
                    entry.rows = entry.rows.saturating_add(*rows);
                    self.changes.erasures.insert(id.clone());
                }
            }
        }
        self.change(key, |window| {
            window.erasure.sweep = None;
            match swept {
                SweepOutcome::Clean { left, .. } => {
                    window.erasure.clean_version = window.erasure.clean_version.max(sweep.version);
                    if let (Some(copy), Some(left)) = (&mut window.copy, left.as_ref()) {
                        (copy.generation, copy.rows, copy.bytes) = (lease, left.rows, left.bytes);
                    }
                }
                SweepOutcome::Damaged => {
                    window.drop_copy();
                    window.fault = Some(WindowFault {
                        upstream: None,
                        detail: "Its stored rows could not be gone over to forget what was to be forgotten, and were \
                                 deleted. Ask for it again."
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

    /// Takes in further ids of forgotten people, which a WindowStore met with: copies have to be gone over for them too.
    pub fn record_links(&mut self, links: &BTreeSet<IdentityLink>) {
        let mut version = None;
        for link in links {
            let Some(entry) = self.erasures.get(&link.erasure).filter(|entry| entry.is_active()) else {
                continue;
            };
            let known = if link.by == IdentifierKind::Id { &entry.ids } else { &entry.emails };
            if known.contains(&link.mark) || known.len() >= LINKS_MOST {
                continue;
            }
            let version = *version.get_or_insert_with(|| self.erasure_ledger.version.saturating_add(1));
            self.erasure_ledger.version = version;
            self.changes.erasure_ledger = true;
            if let Some(entry) = self.erasures.get_mut(&link.erasure) {
                let known = if link.by == IdentifierKind::Id { &mut entry.ids } else { &mut entry.emails };
                known.push(link.mark.clone());
                entry.version = version;
                // What went meanwhile may have held the further id.
                (entry.state, entry.ended, entry.notified) = (ErasureProgress::UnderWay, None, false);
                self.changes.erasures.insert(entry.id.clone());
            }
        }
    }

    /// The answer to [`Step::Wipe`]: the WindowStore object has nothing any more.
    pub fn record_wipe(&mut self, key: &WindowKey, now: Timestamp) {
        let Some(window) = self.windows.get(key) else { return };
        let is_old = self.expiry(window).is_some_and(|at| at <= now);
        let is_gone = self.is_erased(key);
        let rows = window.copy.as_ref().map_or(0, |copy| copy.rows);
        if is_old {
            self.erasure_ledger.leases = self.erasure_ledger.leases.max(window.lease);
            self.changes.erasure_ledger = true;
            self.windows.remove(key);
            self.changes.windows.insert(key.clone());
            self.drop_empty_requests();
        } else {
            self.change(key, |window| {
                window.drop_copy();
                if is_gone && matches!(window.state, WindowState::Queued { .. } | WindowState::Failed) {
                    window.fault = None;
                    window.abandon(now);
                }
                // Lifted meanwhile or not: the rows are gone.
                window.erasure.forgotten = Some(now).filter(|_| is_gone || window.state == WindowState::Idle);
            });
        }
        if is_gone {
            let entry = self.erasures.values_mut().find(|entry| entry.is_active() && entry.what.covers(key));
            if let Some(entry) = entry {
                entry.rows = entry.rows.saturating_add(rows);
                self.changes.erasures.insert(entry.id.clone());
            }
        }
        self.finish_erasures(now);
    }

    /// A request of which no window is left asks for nothing any more.
    fn drop_empty_requests(&mut self) {
        let windows = &self.windows;
        let is_empty = |windows_of: &[WindowKey]| !windows_of.iter().any(|key| windows.contains_key(key));
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

    /// A scheduler with a copy of each of these, collected at `now`.
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

    fn person(mark: &str) -> ErasureTarget {
        ErasureTarget::Person { mark: PersonHash(mark.into()), named: IdentifierKind::Email }
    }

    fn weeks(from: &str, to: &str) -> ErasureTarget {
        ErasureTarget::Range { report: None, days: Range::parse(from, to).unwrap() }
    }

    #[test]
    fn what_names_nobody_and_nothing_is_refused() {
        let read = |asked: &ErasureRequest| {
            ErasureTarget::from_request(asked, |id| PersonHash(id.trim().into())).map_err(|p| p.code)
        };
        let email = |text: &str| read(&ErasureRequest::Person(PersonIdentifier::Email(text.into())));
        let id = |text: &str| read(&ErasureRequest::Person(PersonIdentifier::Id(text.into())));
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
            read(&ErasureRequest::Range(WeekRange { report, from: from.into(), to: to.into() }))
        };
        assert_eq!(range(None, "2026-02-02", "2026-02-15"), Ok(weeks("2026-02-02", "2026-02-15")));
        assert_eq!(range(None, "2026-02-03", "2026-02-15"), Err(Code::BadRange));
        assert_eq!(range(None, "2026-02-02", "2026-02-14"), Err(Code::BadRange));
        assert_eq!(range(Some("../x"), "2026-02-02", "2026-02-15"), Err(Code::BadBody));
    }

    #[test]
    fn a_range_covers_whole_windows_and_ragged_ones_inside_it() {
        let range = weeks("2026-02-02", "2026-02-15");
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert!(range.covers(&week("2026-02-02")) && range.covers(&week("2026-02-09")));
        assert!(!range.covers(&week("2026-01-26")) && !range.covers(&week("2026-02-16")));
        assert!(range.covers(&key("visit", Days::Exactly(day("2026-02-12"), day("2026-02-16")))));
        assert!(!range.covers(&key("asset", Days::All)), "what has no days is in no range");
        let of_notes = ErasureTarget::Range {
            report: ReportName::parse("notes"),
            days: Range::parse("2026-02-02", "2026-02-15").unwrap(),
        };
        assert!(of_notes.covers(&week("2026-02-02")));
        assert!(!of_notes.covers(&key("visit", Days::Week(day("2026-02-02")))));
    }

    #[test]
    fn a_further_id_begins_it_anew() {
        let now = at("2026-03-02");
        let mut scheduler = scheduler(&[week("2026-02-02"), week("2026-02-09")], now);
        let id = scheduler.request_erasure("f".into(), person("m"), "ana", now);
        let link = IdentityLink { erasure: id.clone(), by: IdentifierKind::Id, mark: PersonHash("n".into()) };
        let met = SweepFindings {
            dropped: [(id.clone(), 4)].into(),
            links: [link].into(),
            ..SweepFindings::default()
        };
        let mut steps = 0;
        while let Some(Step::Sweep { key, lease }) = scheduler.plan_cleanup(now.plus(HOUR + steps * SECOND)) {
            steps += 1;
            let met = if key == week("2026-02-02") { met.clone() } else { SweepFindings::default() };
            let left = (steps == 1).then_some(RemainingRows { rows: 5, bytes: 50 });
            scheduler.record_sweep(&key, lease, &SweepOutcome::Clean { generation: 1, left, met }, now);
        }
        scheduler.record_notification(&id, now);
        assert_eq!(steps, 3, "the first, and both of them again: the second was not yet gone over");
        let shown = scheduler.erasures().remove(0);
        assert_eq!((shown.state, shown.windows, shown.windows_total), (ErasureProgress::Done, 2, 2));
        let copy = scheduler.window(&week("2026-02-02")).unwrap().copy.clone().unwrap();
        assert_eq!((copy.rows, copy.generation), (5, 2));
        assert_eq!(scheduler.tombstones().people[0].ids, [PersonHash("n".into())]);
        scheduler.cancel_erasure(&id, now);
        assert!(scheduler.tombstones().is_empty() && scheduler.erasure(&id).unwrap().ids.is_empty());
    }

    #[test]
    fn a_copy_that_cannot_be_gone_over_is_lost_and_says_so() {
        let now = at("2026-03-02");
        let mut scheduler = scheduler(&[week("2026-02-02")], now);
        scheduler.request_erasure("f".into(), person("m"), "ana", now);
        let Some(Step::Sweep { key, lease }) = scheduler.plan_cleanup(now) else { panic!("nothing to do") };
        scheduler.record_sweep(&key, lease + 1, &SweepOutcome::Damaged, now);
        assert!(scheduler.window(&key).unwrap().copy.is_some(), "a word under another lease is none");
        scheduler.record_sweep(&key, lease, &SweepOutcome::Damaged, now);
        let shown = scheduler.window(&key).unwrap().describe(now);
        assert_eq!((shown.state, shown.fault.is_some()), (crate::api::WindowStatus::Failed, true));
    }

    #[test]
    fn copies_go_some_days_after_their_last_and_those_of_old_days_after_one() {
        let collected = at("2026-03-02 10:00:00");
        let (young, old) = (week("2026-02-16"), week("2025-02-03"));
        let mut scheduler = scheduler(&[young.clone(), old.clone(), key("asset", Days::All)], collected);
        assert_eq!(scheduler.next_cleanup_at(collected), None, "nobody said for how long");
        scheduler.set_keep_days(30);
        assert_eq!(scheduler.plan_cleanup(collected.plus(23 * HOUR)), None);
        assert_eq!(scheduler.next_cleanup_at(collected), Some(collected.plus(DAY)));
        let next_day = collected.plus(DAY);
        assert_eq!(scheduler.plan_cleanup(next_day), Some(Step::Wipe { key: old.clone() }));
        assert_eq!(scheduler.plan_cleanup(next_day.plus(SECOND)), None, "it is not said twice at once");
        scheduler.record_wipe(&old, next_day.plus(SECOND));
        assert!(scheduler.window(&old).is_none());
        // The last of its days was 22 February: 30 days after it is 24 March.
        assert_eq!(scheduler.plan_cleanup(at("2026-03-24 23:59:59")), None);
        assert_eq!(scheduler.plan_cleanup(at("2026-03-25")), Some(Step::Wipe { key: young }));
    }

    #[test]
    fn forgotten_days_are_asked_for_by_hand_alone() {
        let now = at("2026-03-02");
        let (here, new) = (week("2026-02-02"), week("2026-02-09"));
        let mut scheduler = scheduler(std::slice::from_ref(&here), now);
        scheduler.request_erasure("f".into(), weeks("2026-02-02", "2026-02-15"), "ana", now);
        assert_eq!(scheduler.plan_cleanup(now), Some(Step::Wipe { key: here.clone() }));
        scheduler.record_wipe(&here, now);
        let request = crate::fair_queue::Request {
            id: "r".into(),
            person: "ana".into(),
            report: here.report.clone(),
            range: None,
            zone: "UTC".into(),
            parameters: Parameters::new(),
            created: now,
            asked: now,
            windows: vec![here.clone(), new],
            turn: 0,
        };
        scheduler.submit(request.clone(), now);
        let states = |scheduler: &Scheduler| {
            let shown = scheduler.describe("r", now).unwrap();
            shown.windows.iter().map(|window| window.state).collect::<Vec<_>>()
        };
        use crate::api::WindowStatus::{Forgotten, Queued};
        assert_eq!(states(&scheduler), [Forgotten, Forgotten]);
        scheduler.retry("r", &[], true, now);
        assert_eq!(states(&scheduler), [Forgotten, Forgotten], "nothing of it failed");
        scheduler.retry("r", &[here.id()], false, now);
        assert_eq!(states(&scheduler), [Forgotten, Forgotten], "not everybody may");
        scheduler.retry("r", &[here.id()], true, now);
        assert_eq!(states(&scheduler), [Queued, Forgotten]);
        assert_eq!(scheduler.plan_cleanup(now), Some(Step::NotifyShares { erasure: "f".into() }));
        scheduler.record_notification("f", now);
        assert!(scheduler.plan_cleanup(now.plus(HOUR)).is_none(), "and is not emptied again");
        scheduler.cancel_erasure("f", now);
        scheduler.submit(request, now);
        assert_eq!(states(&scheduler), [Queued, Queued], "lifted: whoever asks has it");
    }

    #[test]
    fn days_that_are_forgotten_taken_back_and_forgotten_again_while_echo360_is_at_it_end() {
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
        assert_eq!(scheduler.erasures()[0].state, ErasureProgress::UnderWay, "not before its loss is told");
        assert_eq!(scheduler.plan_cleanup(now), Some(Step::NotifyShares { erasure: "f".into() }));
        scheduler.record_notification("f", now);
        assert_eq!(scheduler.erasures()[0].state, ErasureProgress::Done);
    }

    #[test]
    fn copies_that_went_for_their_age_are_lost_when_something_is_forgotten() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let mut scheduler = scheduler(std::slice::from_ref(&key), now);
        let copies = Invalidation::Copies { window: key.full_id(), before: 2 };
        assert_eq!(scheduler.invalidation_by_wipe(&key), Some(copies));
        scheduler.request_erasure("f".into(), person("m"), "ana", now);
        let rows = Invalidation::Rows { window: key.full_id(), courses: None, before: 2 };
        assert_eq!(scheduler.invalidation_by_wipe(&key), Some(rows), "nobody has looked for them in it");
        assert_eq!(scheduler.invalidation_by_erasure("f"), Some(Invalidation::Person));
    }

    #[test]
    fn going_over_another_copy_than_the_known_one_says_nothing_of_that() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let scheduler = scheduler(std::slice::from_ref(&key), now);
        let swept =
            |of: u32| SweepOutcome::Clean { generation: of, left: None, met: SweepFindings::default() };
        assert_eq!(scheduler.invalidation_by_sweep(&key, 3, &swept(1)), None);
        let rows = Invalidation::Rows { window: key.full_id(), courses: None, before: 3 };
        assert_eq!(scheduler.invalidation_by_sweep(&key, 3, &swept(2)), Some(rows));
    }

    #[test]
    fn numbers_of_copies_never_come_again() {
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
    fn a_version_that_a_further_id_gave_is_not_given_again_after_a_crash() {
        let now = at("2026-03-02");
        let mut scheduler = scheduler(&[week("2026-02-02")], now);
        scheduler.request_erasure("f".into(), person("m"), "ana", now);
        scheduler.record_notification("f", now);
        scheduler.take_changes();
        scheduler.record_links(
            &[IdentityLink { erasure: "f".into(), by: IdentifierKind::Id, mark: PersonHash("n".into()) }]
                .into(),
        );
        assert!(scheduler.take_changes().erasure_ledger, "it is kept");
        let entry = scheduler.erasure("f").unwrap().clone();
        assert!(!entry.notified, "what went meanwhile may have held the further id");
        let mut scheduler = Scheduler::default();
        scheduler.load_erasures(ErasureLedger { version: 1, ..ErasureLedger::default() }, vec![entry]);
        scheduler.request_erasure("g".into(), person("o"), "ana", now);
        assert_eq!(scheduler.erasure("g").unwrap().version, 3);
    }

    #[test]
    fn forgettings_are_kept_in_a_format_unchanged() {
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
