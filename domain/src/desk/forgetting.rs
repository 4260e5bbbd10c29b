//! What the desk does about forgetting: copies gone over until none holds what was forgotten, and copies that are old
//! enough deleted.
//!
//! **Invariant**: a forgetting is done only when every copy that could hold any of it is free of it, or gone. Each
//! forgetting of a person or course has a version, higher than all before it; a window knows up to which version its
//! copy is free ([`Upkeep::clean`](crate::life::Upkeep)), one that is being collected up to which it will be. A window
//! that is behind is gone over under a lease of its own, so that what is left of its copy is a copy like any other,
//! with a number that rises. Two never meet: nothing is gone over while it is being collected, and a Window object
//! that gets both does one after the other.
//!
//! When rows tell that a person has a further id, the forgetting gets a new version, and all begins anew.

use super::{Desk, Step, is_due};
use crate::forget::{
    By, Closed, Forget, Forgetting, Link, Loss, Mark, Named, Progress, Swept, Tombstone, Tombstones, What,
};
use crate::life::{Fault, INQUIRY, Life, Outcome, Sweep, Window};
use crate::problem::{Code, Problem};
use crate::range::Range;
use crate::report::ReportName;
use crate::time::{DAY, Day, Timestamp, monday, plus_days};
use crate::window::{DAYS_PER_WINDOW, WindowKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Windows that are gone over at once: each holds a few MB of memory.
const SWEEPERS: usize = 3;

/// Further ids of one person that are learned: more would be no person.
const LINKS_MOST: usize = 50;

/// Of old days that somebody asks for again, the copy is kept this long.
const OLD_KEPT: i64 = DAY;

/// What all forgettings share.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oblivion {
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

impl std::fmt::Debug for Oblivion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Oblivion(version {})", self.version)
    }
}

/// What is forgotten, read from what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// A person.
    Person {
        /// The mark of what they were named by.
        mark: Mark,
        /// How they were named.
        named: By,
    },
    /// A course, by its UUID in small letters.
    Course {
        /// The UUID.
        id: String,
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

impl Asked {
    /// Reads what was asked; `mark` makes the mark of an id.
    ///
    /// # Errors
    /// `bad-body` for what names no person or course, `bad-range` for days that are not whole weeks, and what
    /// [`Range::parse`] refuses.
    pub fn read(asked: &Forget, mark: impl Fn(&str) -> Mark) -> Result<Self, Problem> {
        let wrong = |detail: &str| Err(Problem::new(Code::BadBody, detail));
        match asked {
            Forget::Person(Named::Email(email)) if !is_email(email) => {
                wrong("`email` must be an e-mail address such as name@example.org.")
            }
            Forget::Person(Named::Id(id)) if !is_uuid(id) => {
                wrong("`id` must be Echo360's user id: a UUID, as it stands in the column `userid`.")
            }
            Forget::Course(id) if !is_uuid(id) => {
                wrong("`course` must be the course's id: a UUID, as /api/courses lists it.")
            }
            Forget::Person(Named::Email(email)) => Ok(Self::Person { mark: mark(email), named: By::Email }),
            Forget::Person(Named::Id(id)) => Ok(Self::Person { mark: mark(id), named: By::Id }),
            Forget::Course(id) => Ok(Self::Course { id: id.trim().to_ascii_lowercase() }),
            Forget::Range(weeks) => {
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

fn is_email(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 254
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn is_uuid(text: &str) -> bool {
    let text = text.trim().as_bytes();
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A forgetting, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// What is forgotten.
    pub what: Asked,
    /// Marks of further user ids of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Mark>,
    /// Marks of further e-mail addresses of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Mark>,
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
    pub state: Progress,
    /// When it was done or lifted.
    pub ended: Option<Timestamp>,
    /// Whether its [`Loss`] was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

impl Entry {
    fn holds(&self) -> bool {
        self.state != Progress::Lifted
    }
}

impl Desk {
    // ---- Loading, and what people do.

    /// Forgettings as they were saved.
    pub fn recall(&mut self, oblivion: Oblivion, entries: Vec<Entry>) {
        self.oblivion = oblivion;
        let last = entries.iter().map(|entry| entry.version).max().unwrap_or(0);
        self.oblivion.version = self.oblivion.version.max(last);
        self.forgettings = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
    }

    /// Keeps copies for this many days after their last day, and no longer.
    pub fn keep_for(&mut self, days: u32) {
        self.keep_days = Some(days);
    }

    /// What all forgettings share.
    #[must_use]
    pub fn oblivion(&self) -> &Oblivion {
        &self.oblivion
    }

    /// A forgetting, as it is kept.
    #[must_use]
    pub fn forgetting(&self, id: &str) -> Option<&Entry> {
        self.forgettings.get(id)
    }

    /// The key that marks are made with: `fresh` when there is none yet.
    pub fn marks_with(&mut self, fresh: String) -> String {
        if self.oblivion.key.is_empty() {
            self.oblivion.key = fresh;
            self.changes.oblivion = true;
        }
        self.oblivion.key.clone()
    }

    /// Forgets; gives the id: `id`, or that of an earlier forgetting of the same, which goes over all copies again.
    pub fn forget(&mut self, id: String, what: Asked, by: &str, now: Timestamp) -> String {
        let version = self.next_version();
        let same = self.forgettings.values_mut().find(|entry| entry.what == what);
        let entry = match same {
            Some(entry) => entry,
            None => self.forgettings.entry(id.clone()).or_insert(Entry {
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
                state: Progress::UnderWay,
                ended: None,
                told: false,
            }),
        };
        entry.by = by.to_owned();
        (entry.asked, entry.version) = (now, version);
        (entry.state, entry.ended, entry.told) = (Progress::UnderWay, None, false);
        let id = entry.id.clone();
        self.changes.forgettings.insert(id.clone());
        id
    }

    /// Takes a forgetting back: later copies have its rows again. Returns whether there is such a forgetting.
    pub fn lift(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(entry) = self.forgettings.get_mut(id) else { return false };
        if entry.holds() {
            (entry.state, entry.ended) = (Progress::Lifted, Some(now));
            entry.ids.clear();
            entry.emails.clear();
            self.changes.forgettings.insert(id.to_owned());
        }
        true
    }

    /// All forgettings, newest first, as they are shown.
    #[must_use]
    pub fn forgettings(&self) -> Vec<Forgetting> {
        let mut shown: Vec<Forgetting> = self.forgettings.values().map(|entry| self.show(entry)).collect();
        shown.sort_by(|a, b| (b.asked, &b.id).cmp(&(a.asked, &a.id)));
        shown
    }

    fn show(&self, entry: &Entry) -> Forgetting {
        let (done, of) = match entry.state {
            Progress::UnderWay => self.progress(entry),
            Progress::Done | Progress::Lifted => (entry.windows, entry.windows),
        };
        Forgetting {
            id: entry.id.clone(),
            what: match &entry.what {
                Asked::Person { mark, named } => {
                    What::Person { mark: mark.0.chars().take(8).collect(), named: *named }
                }
                Asked::Course { id } => What::Course { id: id.clone() },
                Asked::Range { report, days } => {
                    What::Range { report: report.clone(), from: days.from(), to: days.to() }
                }
            },
            created: entry.created,
            asked: entry.asked,
            by: entry.by.clone(),
            state: entry.state,
            windows: done,
            of,
            rows: entry.rows,
            ended: entry.ended,
        }
    }

    /// Windows that are free of it, and all that could hold any of it.
    fn progress(&self, entry: &Entry) -> (u32, u32) {
        let (mut done, mut of) = (0, 0);
        for window in self.windows.values() {
            let upkeep = &window.upkeep;
            let collecting = matches!(window.life, Life::Collecting { .. });
            let (counts, is_free) = if matches!(entry.what, Asked::Range { .. }) {
                let covers = entry.what.covers(&window.key) && upkeep.lifted < entry.version;
                (covers, upkeep.forgotten.is_some() && window.copy.is_none() && !collecting)
            } else {
                let behind = upkeep.clean < entry.version;
                let comes = collecting && upkeep.carried < entry.version;
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
        let mut tombstones = Tombstones { key: self.oblivion.key.clone(), ..Tombstones::default() };
        for entry in self.forgettings.values().filter(|entry| entry.holds()) {
            let forgetting = entry.id.clone();
            match &entry.what {
                Asked::Person { mark, .. } => tombstones.people.push(Tombstone {
                    forgetting,
                    given: mark.clone(),
                    ids: entry.ids.clone(),
                    emails: entry.emails.clone(),
                }),
                Asked::Course { id } => {
                    tombstones.courses.push(Closed { forgetting, course: id.clone() });
                }
                Asked::Range { .. } => {}
            }
        }
        if tombstones.is_empty() { Tombstones::default() } else { tombstones }
    }

    /// Courses that are not named, by UUID in small letters.
    #[must_use]
    pub fn closed_courses(&self) -> BTreeSet<String> {
        self.tombstones().courses.into_iter().map(|closed| closed.course).collect()
    }

    /// The version that copies have to be free up to.
    pub(super) fn kept_out(&self) -> u32 {
        let is_of_rows = |entry: &&Entry| entry.holds() && !matches!(entry.what, Asked::Range { .. });
        self.forgettings.values().filter(is_of_rows).map(|entry| entry.version).max().unwrap_or(0)
    }

    /// Whether a window's days are forgotten, and nobody has asked for it by hand since.
    pub(super) fn is_gone(&self, key: &WindowKey) -> bool {
        let lifted = self.windows.get(key).map_or(0, |window| window.upkeep.lifted);
        self.forgettings
            .values()
            .any(|entry| entry.holds() && entry.version > lifted && entry.what.covers(key))
    }

    fn next_version(&mut self) -> u32 {
        self.oblivion.version = self.oblivion.version.saturating_add(1);
        self.changes.oblivion = true;
        self.oblivion.version
    }

    // ---- What to do next.

    /// Decides the next step of going over copies and deleting them, if there is one now.
    pub(super) fn tidy(&mut self, now: Timestamp) -> Option<Step> {
        self.settle(now);
        // Echo360 was at it when its days were forgotten, and it came back to the queue: nobody asked for it again.
        let is_back = |window: &&Window| {
            matches!(window.life, Life::Queued { .. }) && window.upkeep.forgotten.is_some()
        };
        while let Some(key) = self.windows.values().find(is_back).map(key_of) {
            self.change(&key, |window| window.let_go(now));
        }
        while let Some(key) = self.windows.values().find(|window| self.wipe_due(window, now)).map(key_of) {
            if self.windows.get(&key).is_some_and(|window| window.lease > 0) {
                self.change(&key, |window| window.upkeep.wipe = Some(now.plus(INQUIRY)));
                return Some(Step::Wipe { key });
            }
            // Nothing was ever handed to its object.
            self.wiped(&key, now);
        }
        let version = self.kept_out();
        let behind = self.windows.values().find(|window| self.sweep_due(window, version, now)).map(key_of);
        let Some(key) = behind else {
            return self.untold().map(|entry| Step::Tell { forgetting: entry.id.clone() });
        };
        let mut lease = 0;
        self.change(&key, |window| {
            let again = now.plus(INQUIRY);
            lease = match &mut window.upkeep.sweep {
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
    pub(super) fn tidy_due(&self, now: Timestamp) -> Option<Timestamp> {
        let version = self.kept_out();
        let of = |window: &Window| {
            let wipe = match window.upkeep.wipe {
                Some(again) => Some(again),
                None if self.wants_wipe(window, now) => Some(now),
                None => self.expiry(window),
            };
            let sweep = match window.upkeep.sweep {
                Some(sweep) => Some(sweep.again),
                None => self.sweep_due(window, version, now).then_some(now),
            };
            wipe.into_iter().chain(sweep).min()
        };
        let has_word =
            self.untold().is_some() || self.forgettings.values().any(|entry| self.has_ended(entry));
        let ends = has_word.then_some(now);
        // Once a day at least: somebody may have changed for how long copies are kept.
        self.windows.values().filter_map(of).chain(ends).min().map(|at| at.min(now.plus(DAY)))
    }

    fn untold(&self) -> Option<&Entry> {
        self.forgettings.values().find(|entry| entry.state == Progress::UnderWay && !entry.told)
    }

    fn wipe_due(&self, window: &Window, now: Timestamp) -> bool {
        self.wants_wipe(window, now) && window.upkeep.wipe.is_none_or(|again| is_due(again, now))
    }

    fn wants_wipe(&self, window: &Window, now: Timestamp) -> bool {
        let is_collecting = matches!(window.life, Life::Collecting { .. });
        let is_old = self.expiry(window).is_some_and(|at| at <= now);
        let is_here = window.upkeep.forgotten.is_none() || window.copy.is_some();
        let is_gone = is_here && self.is_gone(&window.key);
        !is_collecting && (is_old || is_gone)
    }

    /// When a window that nothing is to come of is old enough to be deleted.
    fn expiry(&self, window: &Window) -> Option<Timestamp> {
        let kept = i64::from(self.keep_days?) * DAY;
        let since = window.copy.as_ref().map_or(window.since, |copy| copy.created);
        let last = window.key.end().map_or(since, Timestamp::start_of);
        matches!(window.life, Life::Rest | Life::Failed)
            .then(|| last.plus(kept).max(window.since.plus(OLD_KEPT)))
    }

    fn sweep_due(&self, window: &Window, version: u32, now: Timestamp) -> bool {
        match window.upkeep.sweep {
            Some(sweep) => is_due(sweep.again, now),
            None => {
                let sweeping =
                    || self.windows.values().filter(|window| window.upkeep.sweep.is_some()).count();
                // Whether its object has a copy is not asked: one may be there whose word was lost.
                window.lease > 0
                    && window.upkeep.clean < version
                    && !matches!(window.life, Life::Collecting { .. })
                    && sweeping() < SWEEPERS
            }
        }
    }

    fn has_ended(&self, entry: &Entry) -> bool {
        let (done, of) = self.progress(entry);
        entry.state == Progress::UnderWay && entry.told && done == of
    }

    /// Notes what is done.
    fn settle(&mut self, now: Timestamp) {
        let ended: Vec<String> = self
            .forgettings
            .values()
            .filter(|entry| self.has_ended(entry))
            .map(|entry| entry.id.clone())
            .collect();
        for id in ended {
            let windows = self.forgettings.get(&id).map_or(0, |entry| self.progress(entry).1);
            if let Some(entry) = self.forgettings.get_mut(&id) {
                (entry.state, entry.ended, entry.windows) = (Progress::Done, Some(now), windows);
                self.changes.forgettings.insert(id);
            }
        }
    }

    // ---- What whoever keeps something that was counted has to hear.

    /// To be told before [`Desk::told`].
    #[must_use]
    pub fn loss_by_forgetting(&self, id: &str) -> Option<Loss> {
        Some(match &self.forgettings.get(id)?.what {
            Asked::Person { .. } => Loss::Person,
            Asked::Course { id } => Loss::Course(id.clone()),
            Asked::Range { report, days } => {
                Loss::Weeks { report: report.as_ref().map(|report| report.as_str().to_owned()), days: *days }
            }
        })
    }

    /// To be told before [`Desk::swept`].
    #[must_use]
    pub fn loss_by_sweep(&self, key: &WindowKey, lease: u32, swept: &Swept) -> Option<Loss> {
        let known = self.windows.get(key)?.copy.as_ref().map_or(0, |copy| copy.generation);
        let rows = |courses| Some(Loss::Rows { window: key.full_id(), courses, before: lease });
        match swept {
            Swept::Moved => None,
            // Another copy than the one that is known here: nobody has gone over that one.
            Swept::Clean { of, .. } if *of != known => rows(None),
            Swept::Clean { met, .. } if met.courses.is_empty() => None,
            Swept::Clean { met, .. } => rows(Some(met.courses.clone())),
            Swept::Damaged => rows(None),
        }
    }

    /// To be told before [`Desk::collected`] and [`Desk::inquired`]: another copy takes a copy's place.
    ///
    /// A copy whose days were not all there and final has to be followed by another, which holds these days too: whoever is
    /// forgotten later is looked for in that one.
    #[must_use]
    pub fn loss_by_copy(&self, key: &WindowKey, lease: u32, outcome: &Outcome) -> Option<Loss> {
        let loss =
            matches!(outcome, Outcome::Whole { .. }).then(|| self.loss_of_copies(key, lease)).flatten()?;
        let copy = self.windows.get(key)?.copy.as_ref()?;
        let is_whole = copy.end == key.end() && key.provisional_from(copy.end, copy.created).is_none();
        (is_whole || matches!(loss, Loss::Rows { .. })).then_some(loss)
    }

    /// To be told before [`Desk::wiped`].
    #[must_use]
    pub fn loss_by_wipe(&self, key: &WindowKey) -> Option<Loss> {
        let window = self.windows.get(key)?;
        let before = window.lease.saturating_add(1);
        if window.upkeep.forgotten.is_some() || self.is_gone(key) {
            return Some(Loss::Rows { window: key.full_id(), courses: None, before });
        }
        self.loss_of_copies(key, before)
    }

    /// Of copies that nobody will go over. What is being forgotten may be in those that nobody has gone over for it.
    fn loss_of_copies(&self, key: &WindowKey, before: u32) -> Option<Loss> {
        let window = self.windows.get(key)?;
        window.copy.as_ref()?;
        Some(if window.upkeep.clean < self.kept_out() {
            Loss::Rows { window: key.full_id(), courses: None, before }
        } else {
            Loss::Copies { window: key.full_id(), before }
        })
    }

    // ---- What came of it.

    /// The answer to [`Step::Tell`]: its loss was told.
    pub fn told(&mut self, forgetting: &str, now: Timestamp) {
        if let Some(entry) = self.forgettings.get_mut(forgetting) {
            entry.told = true;
            self.changes.forgettings.insert(forgetting.to_owned());
        }
        self.settle(now);
    }

    /// The answer to [`Step::Sweep`], or a Window object's own word.
    pub fn swept(&mut self, key: &WindowKey, lease: u32, swept: &Swept, now: Timestamp) {
        let ours = self.windows.get(key).and_then(|window| window.upkeep.sweep);
        let ours = ours.filter(|sweep| sweep.lease == lease);
        if let Swept::Clean { met, .. } = swept {
            self.learn(&met.links);
        }
        let Some(sweep) = ours else { return };
        if let Swept::Clean { met, .. } = swept {
            for (id, rows) in &met.dropped {
                if let Some(entry) = self.forgettings.get_mut(id) {
                    entry.rows = entry.rows.saturating_add(*rows);
                    self.changes.forgettings.insert(id.clone());
                }
            }
        }
        self.change(key, |window| {
            window.upkeep.sweep = None;
            match swept {
                Swept::Clean { left, .. } => {
                    window.upkeep.clean = window.upkeep.clean.max(sweep.version);
                    if let (Some(copy), Some(left)) = (&mut window.copy, left.as_ref()) {
                        (copy.generation, copy.rows, copy.bytes) = (lease, left.rows, left.bytes);
                    }
                }
                Swept::Damaged => {
                    window.lose_copy();
                    window.fault = Some(Fault {
                        upstream: None,
                        detail: "Its stored rows could not be gone over to forget what was to be forgotten, and were \
                                 deleted. Ask for it again."
                            .to_owned(),
                    });
                    if window.life == Life::Rest {
                        (window.life, window.since) = (Life::Failed, now);
                    }
                }
                Swept::Moved => {}
            }
        });
        self.settle(now);
    }

    /// Takes in further ids of forgotten people, which a Window met with: copies have to be gone over for them too.
    pub fn learn(&mut self, links: &BTreeSet<Link>) {
        let mut version = None;
        for link in links {
            let Some(entry) = self.forgettings.get(&link.forgetting).filter(|entry| entry.holds()) else {
                continue;
            };
            let known = if link.by == By::Id { &entry.ids } else { &entry.emails };
            if known.contains(&link.mark) || known.len() >= LINKS_MOST {
                continue;
            }
            let version = *version.get_or_insert_with(|| self.oblivion.version.saturating_add(1));
            self.oblivion.version = version;
            self.changes.oblivion = true;
            if let Some(entry) = self.forgettings.get_mut(&link.forgetting) {
                let known = if link.by == By::Id { &mut entry.ids } else { &mut entry.emails };
                known.push(link.mark.clone());
                entry.version = version;
                // What went meanwhile may have held the further id.
                (entry.state, entry.ended, entry.told) = (Progress::UnderWay, None, false);
                self.changes.forgettings.insert(entry.id.clone());
            }
        }
    }

    /// The answer to [`Step::Wipe`]: the Window object has nothing any more.
    pub fn wiped(&mut self, key: &WindowKey, now: Timestamp) {
        let Some(window) = self.windows.get(key) else { return };
        let is_old = self.expiry(window).is_some_and(|at| at <= now);
        let is_gone = self.is_gone(key);
        let rows = window.copy.as_ref().map_or(0, |copy| copy.rows);
        if is_old {
            self.oblivion.leases = self.oblivion.leases.max(window.lease);
            self.changes.oblivion = true;
            self.windows.remove(key);
            self.changes.windows.insert(key.clone());
            self.drop_empty_requests();
        } else {
            self.change(key, |window| {
                window.lose_copy();
                if is_gone && matches!(window.life, Life::Queued { .. } | Life::Failed) {
                    window.fault = None;
                    window.let_go(now);
                }
                // Lifted meanwhile or not: the rows are gone.
                window.upkeep.forgotten = Some(now).filter(|_| is_gone || window.life == Life::Rest);
            });
        }
        if is_gone {
            let entry = self.forgettings.values_mut().find(|entry| entry.holds() && entry.what.covers(key));
            if let Some(entry) = entry {
                entry.rows = entry.rows.saturating_add(rows);
                self.changes.forgettings.insert(entry.id.clone());
            }
        }
        self.settle(now);
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
    use crate::forget::{Left, Met, Weeks};
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

    /// A desk with a copy of each of these, collected at `now`.
    fn desk(keys: &[WindowKey], now: Timestamp) -> Desk {
        let windows = keys.iter().map(|key| {
            let mut window = Window::queued(key.clone(), now);
            window.ask(key.end(), Vec::new(), "r", now);
            window.build(UpstreamId::parse("u").unwrap(), now, key.end(), now);
            let (lease, ..) = window.collect(now).unwrap();
            window.collected(lease, Outcome::Whole { rows: 9, bytes: 90, header: "a".into() }, now);
            window
        });
        Desk::load(windows.collect(), Vec::new(), super::super::Account::default())
    }

    fn person(mark: &str) -> Asked {
        Asked::Person { mark: Mark(mark.into()), named: By::Email }
    }

    fn weeks(from: &str, to: &str) -> Asked {
        Asked::Range { report: None, days: Range::parse(from, to).unwrap() }
    }

    #[test]
    fn what_names_nobody_and_nothing_is_refused() {
        let read = |asked: &Forget| Asked::read(asked, |id| Mark(id.trim().into())).map_err(|p| p.code);
        let email = |text: &str| read(&Forget::Person(Named::Email(text.into())));
        let id = |text: &str| read(&Forget::Person(Named::Id(text.into())));
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
            read(&Forget::Range(Weeks { report, from: from.into(), to: to.into() }))
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
        let of_notes = Asked::Range {
            report: ReportName::parse("notes"),
            days: Range::parse("2026-02-02", "2026-02-15").unwrap(),
        };
        assert!(of_notes.covers(&week("2026-02-02")));
        assert!(!of_notes.covers(&key("visit", Days::Week(day("2026-02-02")))));
    }

    #[test]
    fn a_further_id_begins_it_anew() {
        let now = at("2026-03-02");
        let mut desk = desk(&[week("2026-02-02"), week("2026-02-09")], now);
        let id = desk.forget("f".into(), person("m"), "ana", now);
        let link = Link { forgetting: id.clone(), by: By::Id, mark: Mark("n".into()) };
        let met = Met { dropped: [(id.clone(), 4)].into(), links: [link].into(), ..Met::default() };
        let mut steps = 0;
        while let Some(Step::Sweep { key, lease }) = desk.tidy(now.plus(HOUR + steps * SECOND)) {
            steps += 1;
            let met = if key == week("2026-02-02") { met.clone() } else { Met::default() };
            let left = (steps == 1).then_some(Left { rows: 5, bytes: 50 });
            desk.swept(&key, lease, &Swept::Clean { of: 1, left, met }, now);
        }
        desk.told(&id, now);
        assert_eq!(steps, 3, "the first, and both of them again: the second was not yet gone over");
        let shown = desk.forgettings().remove(0);
        assert_eq!((shown.state, shown.windows, shown.of), (Progress::Done, 2, 2));
        let copy = desk.window(&week("2026-02-02")).unwrap().copy.clone().unwrap();
        assert_eq!((copy.rows, copy.generation), (5, 2));
        assert_eq!(desk.tombstones().people[0].ids, [Mark("n".into())]);
        desk.lift(&id, now);
        assert!(desk.tombstones().is_empty() && desk.forgetting(&id).unwrap().ids.is_empty());
    }

    #[test]
    fn a_copy_that_cannot_be_gone_over_is_lost_and_says_so() {
        let now = at("2026-03-02");
        let mut desk = desk(&[week("2026-02-02")], now);
        desk.forget("f".into(), person("m"), "ana", now);
        let Some(Step::Sweep { key, lease }) = desk.tidy(now) else { panic!("nothing to do") };
        desk.swept(&key, lease + 1, &Swept::Damaged, now);
        assert!(desk.window(&key).unwrap().copy.is_some(), "a word under another lease is none");
        desk.swept(&key, lease, &Swept::Damaged, now);
        let shown = desk.window(&key).unwrap().describe(now);
        assert_eq!((shown.state, shown.fault.is_some()), (crate::api::State::Failed, true));
    }

    #[test]
    fn copies_go_some_days_after_their_last_and_those_of_old_days_after_one() {
        let collected = at("2026-03-02 10:00:00");
        let (young, old) = (week("2026-02-16"), week("2025-02-03"));
        let mut desk = desk(&[young.clone(), old.clone(), key("asset", Days::All)], collected);
        assert_eq!(desk.tidy_due(collected), None, "nobody said for how long");
        desk.keep_for(30);
        assert_eq!(desk.tidy(collected.plus(23 * HOUR)), None);
        assert_eq!(desk.tidy_due(collected), Some(collected.plus(DAY)));
        let next_day = collected.plus(DAY);
        assert_eq!(desk.tidy(next_day), Some(Step::Wipe { key: old.clone() }));
        assert_eq!(desk.tidy(next_day.plus(SECOND)), None, "it is not said twice at once");
        desk.wiped(&old, next_day.plus(SECOND));
        assert!(desk.window(&old).is_none());
        // The last of its days was 22 February: 30 days after it is 24 March.
        assert_eq!(desk.tidy(at("2026-03-24 23:59:59")), None);
        assert_eq!(desk.tidy(at("2026-03-25")), Some(Step::Wipe { key: young }));
    }

    #[test]
    fn forgotten_days_are_asked_for_by_hand_alone() {
        let now = at("2026-03-02");
        let (here, new) = (week("2026-02-02"), week("2026-02-09"));
        let mut desk = desk(std::slice::from_ref(&here), now);
        desk.forget("f".into(), weeks("2026-02-02", "2026-02-15"), "ana", now);
        assert_eq!(desk.tidy(now), Some(Step::Wipe { key: here.clone() }));
        desk.wiped(&here, now);
        let request = crate::turn::Request {
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
        desk.ask(request.clone(), now);
        let states = |desk: &Desk| {
            let shown = desk.describe("r", now).unwrap();
            shown.windows.iter().map(|window| window.state).collect::<Vec<_>>()
        };
        use crate::api::State::{Forgotten, Queued};
        assert_eq!(states(&desk), [Forgotten, Forgotten]);
        desk.retry("r", &[], true, now);
        assert_eq!(states(&desk), [Forgotten, Forgotten], "nothing of it failed");
        desk.retry("r", &[here.id()], false, now);
        assert_eq!(states(&desk), [Forgotten, Forgotten], "not everybody may");
        desk.retry("r", &[here.id()], true, now);
        assert_eq!(states(&desk), [Queued, Forgotten]);
        assert_eq!(desk.tidy(now), Some(Step::Tell { forgetting: "f".into() }));
        desk.told("f", now);
        assert!(desk.tidy(now.plus(HOUR)).is_none(), "and is not emptied again");
        desk.lift("f", now);
        desk.ask(request, now);
        assert_eq!(states(&desk), [Queued, Queued], "lifted: whoever asks has it");
    }

    #[test]
    fn days_that_are_forgotten_taken_back_and_forgotten_again_while_echo360_is_at_it_end() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let mut desk = desk(std::slice::from_ref(&key), now);
        desk.change(&key, |window| {
            window.want_again(now);
            window.ask(key.end(), Vec::new(), "r", now);
            window.build(UpstreamId::parse("v").unwrap(), now, key.end(), now);
        });
        desk.forget("f".into(), weeks("2026-02-02", "2026-02-08"), "ana", now);
        assert!(matches!(desk.tidy(now), Some(Step::Wipe { .. })));
        desk.wiped(&key, now);
        desk.lift("f", now);
        let lease = desk.hand(&key, vec!["link".into()], now).unwrap().lease;
        desk.collected(&key, lease, Outcome::Whole { rows: 9, bytes: 90, header: "a".into() }, now);
        assert!(desk.window(&key).unwrap().describe(now).forgotten.is_none());
        desk.forget("f".into(), weeks("2026-02-02", "2026-02-08"), "ana", now);
        assert!(matches!(desk.tidy(now), Some(Step::Wipe { .. })));
        desk.wiped(&key, now);
        assert_eq!(desk.forgettings()[0].state, Progress::UnderWay, "not before its loss is told");
        assert_eq!(desk.tidy(now), Some(Step::Tell { forgetting: "f".into() }));
        desk.told("f", now);
        assert_eq!(desk.forgettings()[0].state, Progress::Done);
    }

    #[test]
    fn copies_that_went_for_their_age_are_lost_when_something_is_forgotten() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let mut desk = desk(std::slice::from_ref(&key), now);
        let copies = Loss::Copies { window: key.full_id(), before: 2 };
        assert_eq!(desk.loss_by_wipe(&key), Some(copies));
        desk.forget("f".into(), person("m"), "ana", now);
        let rows = Loss::Rows { window: key.full_id(), courses: None, before: 2 };
        assert_eq!(desk.loss_by_wipe(&key), Some(rows), "nobody has looked for them in it");
        assert_eq!(desk.loss_by_forgetting("f"), Some(Loss::Person));
    }

    #[test]
    fn going_over_another_copy_than_the_known_one_says_nothing_of_that() {
        let now = at("2026-03-02");
        let key = week("2026-02-02");
        let desk = desk(std::slice::from_ref(&key), now);
        let swept = |of: u32| Swept::Clean { of, left: None, met: Met::default() };
        assert_eq!(desk.loss_by_sweep(&key, 3, &swept(1)), None);
        let rows = Loss::Rows { window: key.full_id(), courses: None, before: 3 };
        assert_eq!(desk.loss_by_sweep(&key, 3, &swept(2)), Some(rows));
    }

    #[test]
    fn numbers_of_copies_never_come_again() {
        let now = at("2025-03-02");
        let key = week("2025-02-03");
        let mut desk = desk(std::slice::from_ref(&key), now);
        desk.keep_for(30);
        let later = at("2026-03-02");
        assert_eq!(desk.tidy(later), Some(Step::Wipe { key: key.clone() }));
        desk.wiped(&key, later);
        assert!(desk.window(&key).is_none() && desk.take_changes().oblivion);
        let mut window = Window::queued(key.clone(), later);
        window.ask(key.end(), Vec::new(), "r", later);
        window.build(UpstreamId::parse("v").unwrap(), later, key.end(), later);
        desk.windows.insert(key.clone(), window);
        assert_eq!(desk.hand(&key, vec!["link".into()], later).unwrap().lease, 2);
    }

    #[test]
    fn a_version_that_a_further_id_gave_is_not_given_again_after_a_crash() {
        let now = at("2026-03-02");
        let mut desk = desk(&[week("2026-02-02")], now);
        desk.forget("f".into(), person("m"), "ana", now);
        desk.told("f", now);
        desk.take_changes();
        desk.learn(&[Link { forgetting: "f".into(), by: By::Id, mark: Mark("n".into()) }].into());
        assert!(desk.take_changes().oblivion, "it is kept");
        let entry = desk.forgetting("f").unwrap().clone();
        assert!(!entry.told, "what went meanwhile may have held the further id");
        let mut desk = Desk::default();
        desk.recall(Oblivion { version: 1, ..Oblivion::default() }, vec![entry]);
        desk.forget("g".into(), person("o"), "ana", now);
        assert_eq!(desk.forgetting("g").unwrap().version, 3);
    }

    #[test]
    fn forgettings_are_kept_in_a_format_unchanged() {
        let mut desk = desk(&[week("2026-02-02")], Timestamp(0));
        desk.forget("f".into(), person("m"), "ana", Timestamp(5));
        desk.forget("g".into(), weeks("2026-02-02", "2026-02-08"), "ana", Timestamp(6));
        desk.forget("h".into(), Asked::Course { id: "c".into() }, "ana", Timestamp(7));
        desk.learn(&[Link { forgetting: "f".into(), by: By::Email, mark: Mark("n".into()) }].into());
        let stored = |id: &str| serde_json::to_string(desk.forgetting(id).unwrap()).unwrap();
        assert_eq!(
            stored("f"),
            r#"{"id":"f","what":{"person":{"mark":"m","named":"email"}},"emails":["n"],"by":"ana","created":5,"asked":5,"version":4,"rows":0,"windows":0,"state":"under-way","ended":null}"#
        );
        assert!(stored("g").contains(r#""what":{"range":{"days":{"from":"2026-02-02","to":"2026-02-08"}}}"#));
        assert!(stored("h").contains(r#""what":{"course":{"id":"c"}}"#));
        assert_eq!(serde_json::to_string(desk.oblivion()).unwrap(), r#"{"key":"","version":4}"#);
        let Some(Step::Wipe { key }) = desk.tidy(Timestamp(10)) else { panic!("nothing to do") };
        desk.wiped(&key, Timestamp(11));
        desk.tidy(Timestamp(12));
        assert_eq!(
            serde_json::to_string(&desk.window(&key).unwrap().upkeep).unwrap(),
            r#"{"clean":0,"carried":0,"sweep":{"lease":2,"version":4,"again":20012},"forgotten":11,"lifted":0}"#
        );
    }
}
