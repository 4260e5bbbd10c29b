//! The rules of the audit log: which entries become one line, and how many lines a day can add.
//!
//! - An entry like a recent one only raises its count. So does one of the same view on other days, since the page reads
//!   a view week by week: the log shows what was viewed instead of fifty lines for a term.
//! - One person adds at most [`DAILY_BUDGET`] lines a day, and then one that only counts. Somebody who is signed in, such
//!   as a program that runs wild, can fill the log no more than that. Changes by administrators are listed even then
//!   ([`AuditEntry::is_always_listed`]).
//! - People who are not signed in share one budget per action. When it is used up, their lines no longer tell
//!   networks apart, so that there are only as many as kinds of refusals.

use crate::api::AuditAction;
use crate::audit_buffer::CountedEntry;
use crate::problem::Code;
use crate::role::Role;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The number of lines that one person can add in a UTC day; of people who are not signed in, those of one action.
pub const DAILY_BUDGET: u32 = 2_000;

/// Something to record, without its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The person; empty if not authenticated.
    pub person: String,
    /// Their role.
    pub role: Option<Role>,
    /// Their access scope as text.
    pub scope: String,
    /// The action.
    pub what: AuditAction,
    /// The object of the action, as text.
    pub view: String,
    /// The network of somebody who was not authenticated; empty if it is not recorded.
    pub network: String,
    /// The number of occurrences.
    pub count: u32,
}

impl CountedEntry for AuditEntry {
    fn is_same_entry(&self, other: &Self) -> bool {
        self.what == other.what
            && self.view == other.view
            && self.person == other.person
            && self.network == other.network
            && self.scope == other.scope
            && self.role == other.role
    }

    fn count(&mut self) -> &mut u32 {
        &mut self.count
    }
}

impl AuditEntry {
    /// An entry for `count` entries that were dropped from a full buffer.
    #[must_use]
    pub fn for_dropped(count: u32) -> Self {
        Self { count, ..Self::for_rejection("lines-lost") }
    }

    /// An entry for a request that was not authenticated.
    #[must_use]
    pub fn for_rejection(reason: &str) -> Self {
        Self {
            person: String::new(),
            role: None,
            scope: String::new(),
            what: AuditAction::Refused,
            view: reason.to_owned(),
            network: String::new(),
            count: 1,
        }
    }

    /// The view of a line that this entry is merged into; `None` if it cannot be. Person, role, scope, action and network
    /// are equal already.
    #[must_use]
    pub fn merged_view(&self, line: &str) -> Option<String> {
        if self.view == line {
            return Some(line.to_owned());
        }
        // Only views: a download of two weeks is not one of the weeks between them.
        (self.what == AuditAction::Saw).then(|| merge_views(line, &self.view))?
    }

    /// Whether the entry is listed however many there are: an administrator's change. Others can end sessions,
    /// too, but only their own.
    #[must_use]
    pub fn is_always_listed(&self) -> bool {
        self.role == Some(Role::Administrator) && self.what.is_administrative()
    }

    /// What is left of an entry when the budget is used up.
    fn into_overflow(self) -> Self {
        if self.person.is_empty() {
            return Self { network: String::new(), ..self };
        }
        let (person, count) = (self.person, self.count);
        Self { what: AuditAction::OverBudget, person, count, ..Self::for_rejection("") }
    }
}

/// The stored lines of the audit log.
pub trait AuditLines {
    /// An error of the storage.
    type Error;

    /// Adds an entry's count to the latest line that it can be merged into, among those that began after `since`. Returns
    /// whether there is one.
    ///
    /// # Errors
    /// Errors of the storage.
    fn merge(&self, entry: &AuditEntry, since: Timestamp) -> Result<bool, Self::Error>;

    /// Appends a line.
    ///
    /// # Errors
    /// Errors of the storage.
    fn append(&self, entry: &AuditEntry) -> Result<(), Self::Error>;

    /// Counts one more line of this day, and returns whether the budget of the entry's person had room for it.
    ///
    /// # Errors
    /// Errors of the storage.
    fn spend_budget(&self, entry: &AuditEntry) -> Result<bool, Self::Error>;
}

/// Records an entry at `now`.
///
/// # Errors
/// Errors of the storage.
pub fn record<L: AuditLines>(lines: &L, entry: AuditEntry, now: Timestamp) -> Result<(), L::Error> {
    let merge_window = entry.what.merge_window();
    if merge_window > 0 && lines.merge(&entry, now.plus(-merge_window))? {
        return Ok(());
    }
    if entry.is_always_listed() || lines.spend_budget(&entry)? {
        return lines.append(&entry);
    }
    let overflow = entry.into_overflow();
    if lines.merge(&overflow, Timestamp::start_of(now.day()).plus(-1))? {
        return Ok(());
    }
    lines.append(&overflow)
}

/// Whether a response is a refusal, which is recorded: of access, of something that does not exist or is out of
/// scope, of too much, or of an upload. `code` is `None` where an object's problem is passed on unread.
#[must_use]
pub fn is_refusal(status: u16, code: Option<Code>) -> bool {
    matches!(status, 401 | 403 | 404 | 405 | 413 | 429)
        || matches!(code, Some(Code::BadTable | Code::BadShare))
}

/// Merges two views into one that spans the days of both. `None` if they differ in anything but the days, or
/// if either has no days.
#[must_use]
pub fn merge_views(first: &str, second: &str) -> Option<String> {
    let (report, (from, to), rest) = parse_view(first)?;
    let (other_report, (other_from, other_to), other_rest) = parse_view(second)?;
    // `YYYY-MM-DD` sorts as text in the order of days.
    let (from, to) = (from.min(other_from), to.max(other_to));
    let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
    (report == other_report && rest.trim_start() == other_rest)
        .then(|| format!("{report} {from}..{to}{rest}"))
}

/// The report, the first and the last day, and the rest.
fn parse_view(view: &str) -> Option<(&str, (&str, &str), &str)> {
    let (report, rest) = view.split_once(' ')?;
    let (days, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((report, days.split_once("..")?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, Day, SECOND, parse_day, plus_days};
    use proptest::prelude::*;
    use std::cell::RefCell;
    use std::convert::Infallible;

    /// Lines in memory, with a small budget.
    struct Lines {
        now: Timestamp,
        stored: RefCell<Vec<(Timestamp, AuditEntry)>>,
        spent: RefCell<Vec<(String, Day)>>,
    }

    const BUDGET: usize = 4;

    impl AuditLines for Lines {
        type Error = Infallible;

        fn merge(&self, entry: &AuditEntry, since: Timestamp) -> Result<bool, Infallible> {
            let mut stored = self.stored.borrow_mut();
            let line = stored.iter_mut().rev().find_map(|(at, line)| {
                let plain = AuditEntry { view: entry.view.clone(), ..line.clone() };
                let view = entry.merged_view(&line.view)?;
                (*at > since && plain.is_same_entry(entry)).then_some((line, view))
            });
            let Some((line, view)) = line else { return Ok(false) };
            (line.view, line.count) = (view, line.count + entry.count);
            Ok(true)
        }

        fn append(&self, entry: &AuditEntry) -> Result<(), Infallible> {
            self.stored.borrow_mut().push((self.now, entry.clone()));
            Ok(())
        }

        fn spend_budget(&self, entry: &AuditEntry) -> Result<bool, Infallible> {
            let owner = if entry.person.is_empty() { entry.what.slug() } else { &entry.person };
            let line = (owner.to_owned(), self.now.day());
            let mut spent = self.spent.borrow_mut();
            spent.push(line.clone());
            Ok(spent.iter().filter(|one| **one == line).count() <= BUDGET)
        }
    }

    fn entry(person: &str, what: AuditAction, view: &str, network: &str) -> AuditEntry {
        let (person, network) = (person.to_owned(), network.to_owned());
        AuditEntry { person, what, network, ..AuditEntry::for_rejection(view) }
    }

    proptest! {
        #[test]
        fn nobody_can_fill_the_log_and_every_entry_is_counted(
            recorded in prop::collection::vec(
                (0usize..3, 0usize..AuditAction::ALL.len(), 0u8..6, 0u8..40, 0i64..9_000), 0..400),
            role in prop::sample::select(vec![None, Some(Role::Instructor), Some(Role::Administrator)]),
        ) {
            let mut lines = Lines {
                now: Timestamp(100 * DAY),
                stored: RefCell::default(),
                spent: RefCell::default(),
            };
            for (person, what, view, network, pause) in &recorded {
                lines.now = lines.now.plus(pause * SECOND / 10);
                let (person, what) = (["", "ana", "ben"][*person], AuditAction::ALL[*what]);
                let network = if person.is_empty() { network.to_string() } else { String::new() };
                let now = lines.now;
                let role = role.filter(|_| !person.is_empty());
                record(&lines, AuditEntry { role, ..entry(person, what, &view.to_string(), &network) }, now).unwrap();
            }
            let stored = lines.stored.into_inner();
            let counted: u32 = stored.iter().map(|(_, line)| line.count).sum();
            prop_assert_eq!(counted as usize, recorded.len());
            for day in 0..60 {
                let on_day = stored.iter().filter(|(at, line)| {
                    *at >= Timestamp((100 + day) * DAY)
                        && *at < Timestamp((101 + day) * DAY)
                        && !line.is_always_listed()
                });
                let on_day: Vec<&AuditEntry> = on_day.map(|(_, line)| line).collect();
                for person in ["ana", "ben"] {
                    let own = on_day.iter().filter(|line| line.person == person).count();
                    prop_assert!(own <= BUDGET + 1, "{own} lines of one person");
                }
                for what in AuditAction::ALL {
                    let strangers =
                        on_day.iter().filter(|line| line.person.is_empty() && line.what == what).count();
                    // Six kinds, without networks, once the budget is used up.
                    prop_assert!(strangers <= BUDGET + 6, "{strangers} lines of strangers");
                }
            }
        }
    }

    #[test]
    fn changes_by_administrators_are_listed_however_many_there_are() {
        let lines =
            Lines { now: Timestamp(100 * DAY), stored: RefCell::default(), spent: RefCell::default() };
        for n in 0..20 {
            record(&lines, entry("ana", AuditAction::Downloaded, &n.to_string(), ""), lines.now).unwrap();
            let role = Some(Role::Administrator);
            let given = AuditEntry { role, ..entry("ana", AuditAction::RoleGiven, "ben analyst", "") };
            record(&lines, given, lines.now).unwrap();
            let ended = entry("ben", AuditAction::SessionsEnded, "ben", "");
            record(&lines, AuditEntry { role: Some(Role::Analyst), ..ended }, lines.now).unwrap();
        }
        let stored = lines.stored.into_inner();
        let of = |what| stored.iter().filter(|(_, line)| line.what == what).collect::<Vec<_>>();
        assert_eq!(of(AuditAction::RoleGiven).len(), 20);
        assert_eq!(of(AuditAction::Downloaded).len(), BUDGET);
        assert_eq!(of(AuditAction::SessionsEnded).len(), BUDGET, "one's own sessions");
        let [(_, overflow), (_, _)] = of(AuditAction::OverBudget)[..] else { panic!("one line each") };
        assert_eq!((overflow.count as usize, overflow.person.as_str()), (20 - BUDGET, "ana"));
    }

    #[test]
    fn every_refusal_is_recorded() {
        let not_recorded = Code::ALL.into_iter().filter(|code| !is_refusal(code.status(), Some(*code)));
        let not_recorded: Vec<Code> = not_recorded.collect();
        assert_eq!(
            not_recorded,
            [
                // The input was wrong.
                Code::BadBody,
                Code::BadDay,
                Code::BadZone,
                Code::BadId,
                Code::BadQuery,
                Code::BadParameters,
                Code::BadEmail,
                Code::BadGrant,
                Code::BadRange,
                Code::RangeBackwards,
                Code::RangeInFuture,
                Code::RangeTooLong,
                Code::RangeTooOld,
                // It is too early, or too late.
                Code::PreviewStale,
                Code::AccessDown,
                Code::RowsNotReady,
                Code::NothingToShare,
                Code::CopyReplaced,
                Code::UpstreamDown,
                // The installation is not set up, or fails.
                Code::CredentialsRefused,
                Code::SettingsWrong,
                Code::NoWayIn,
                Code::Internal,
            ]
        );
    }

    fn day(offset: u16) -> Day {
        plus_days(parse_day("2026-02-02").unwrap(), offset.into())
    }

    proptest! {
        #[test]
        fn weeks_of_one_view_merge_into_one_entry(weeks in prop::collection::vec(0u16..60, 1..20)) {
            let view = |week: &u16| format!("videoview {}..{} course c", day(week * 7), day(week * 7 + 6));
            let mut views = weeks.iter().map(view);
            let first = views.next().unwrap();
            let merged = views.try_fold(first, |merged, view| merge_views(&merged, &view));
            let (earliest, latest) = (weeks.iter().min().unwrap(), weeks.iter().max().unwrap());
            let expected = format!("videoview {}..{} course c", day(earliest * 7), day(latest * 7 + 6));
            prop_assert_eq!(merged, Some(expected));
        }
    }

    #[test]
    fn different_views_are_not_merged() {
        let view = "videoview 2026-02-02..2026-02-08";
        assert_eq!(merge_views(view, view).as_deref(), Some(view));
        for other in [
            "polling 2026-02-02..2026-02-08",
            "videoview 2026-02-02..2026-02-08 course c",
            "videoview",
            "videoview course c",
            "",
        ] {
            assert_eq!(merge_views(view, other), None, "{other}");
            assert_eq!(merge_views(other, view), None, "{other}");
        }
    }
}
