//! The role of a person in a view: one, however many their rows name.
//!
//! It is the role that most of their rows name, on the days and in the course that are measured; other filters do not matter,
//! so that no click in a chart changes anybody's role. A cell with several roles names each of them, and an empty one
//! none. Of roles that are named equally often, [`RoleSet::prevailing`] counts. So neither the order of rows nor that of
//! windows matters. A row without a user id has the role of its own cell.
//!
//! What a range is compared with is part of the view: there, people who have rows in the range have the role that they have in it.

use crate::code_map::CodeMap;
use crate::dictionary::Dictionary;
use crate::shared_account::PersonFields;
use crate::table::Table;
use domain::institution_role::{InstitutionRole, RoleSet};

/// How many rows of a person name each role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RoleCounts {
    rows: [u32; InstitutionRole::ALL.len()],
    /// The roles that any row names: mostly one, which needs no counting.
    named: RoleSet,
}

impl RoleCounts {
    /// Adds rows whose cells name `roles`.
    #[inline]
    pub(crate) fn add(&mut self, roles: RoleSet, rows: u32) {
        self.named = self.named.union(roles);
        if let Some(role) = roles.single() {
            if let Some(count) = self.rows.get_mut(role as usize) {
                *count = count.saturating_add(rows);
            }
        } else {
            self.add_each(roles, rows);
        }
    }

    #[cold]
    fn add_each(&mut self, roles: RoleSet, rows: u32) {
        for role in roles.iter() {
            self.add(RoleSet::from_iter([role]), rows);
        }
    }

    /// Adds the rows of the same person in another report.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.named = self.named.union(other.named);
        self.rows.iter_mut().zip(other.rows).for_each(|(count, more)| *count = count.saturating_add(more));
    }

    /// The person's role.
    #[inline]
    pub(crate) fn role(&self) -> InstitutionRole {
        self.named.single().unwrap_or_else(|| self.most_frequent().prevailing())
    }

    /// The roles that are named most often.
    fn most_frequent(&self) -> RoleSet {
        let most = self.rows.into_iter().max().unwrap_or(0);
        self.named.iter().filter(|role| self.rows.get(*role as usize) == Some(&most)).collect()
    }

    /// Whether rows name different roles.
    #[inline]
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.named.single().is_none() && !self.named.is_empty()
    }
}

/// Counts the roles of all people in rows of tables.
pub(crate) struct TableRoleCounter<'a> {
    texts: &'a Dictionary,
    /// The roles that the texts of role cells name, by code.
    role_sets: CodeMap<Option<RoleSet>>,
    counts: CodeMap<RoleCounts>,
}

impl<'a> TableRoleCounter<'a> {
    /// Has counted no rows of the dataset with these texts.
    pub(crate) fn new(texts: &'a Dictionary) -> Self {
        Self { texts, role_sets: CodeMap::default(), counts: CodeMap::default() }
    }

    /// The codes of user ids and roles of the people in a table's rows: a question and its answer have one each.
    pub(crate) fn find_people(table: &Table) -> Vec<(&[u32], &[u32])> {
        let names: Vec<String> = table.names().map(str::to_owned).collect();
        let people = PersonFields::find(&names).into_iter().filter_map(|person| {
            let (user, role) = person.user_and_role();
            Some((table.codes(user), table.codes(role?)))
        });
        people.collect()
    }

    /// Counts the people of a row.
    pub(crate) fn add_row(&mut self, people: &[(&[u32], &[u32])], row: usize) {
        for (users, roles) in people {
            let (user, role) = (users.get(row).copied(), roles.get(row).copied());
            let Some(counts) = user.and_then(|user| self.counts.entry(user)) else { continue };
            if let Some((role, set)) = role.and_then(|role| Some((role, self.role_sets.entry(role)?))) {
                let parse = || RoleSet::parse(&self.texts.text(role));
                counts.add(*set.get_or_insert_with(parse), 1);
            }
        }
    }

    /// What all people's rows name.
    pub(crate) fn finish(self) -> CodeMap<RoleCounts> {
        self.counts
    }
}

/// The roles of people, by the codes of their user ids.
pub(crate) type PersonRoles = CodeMap<InstitutionRole>;

/// The roles of all people with rows; `main` has those of people who have rows in the range that theirs is compared with.
pub(crate) fn decide_roles(counts: &CodeMap<RoleCounts>, main: Option<&PersonRoles>) -> PersonRoles {
    let role = |(user, counts): (u32, &RoleCounts)| {
        let main = main.and_then(|main| main.get(user)).filter(|role| **role != InstitutionRole::Unnamed);
        (user, main.copied().unwrap_or_else(|| counts.role()))
    };
    counts.iter().map(role).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CELLS: [&str; 7] =
        ["Student", "student", "Instructor", "TA", "Student;Instructor", "", "Scheduler"];

    fn count(rows: impl IntoIterator<Item = (usize, u32)>) -> RoleCounts {
        let mut counts = RoleCounts::default();
        rows.into_iter().for_each(|(cell, rows)| counts.add(RoleSet::parse(CELLS[cell]), rows));
        counts
    }

    proptest! {
        #[test]
        fn a_role_depends_neither_on_the_order_of_rows_nor_on_how_they_are_divided(
            rows in prop::collection::vec((0..CELLS.len(), 1u32..9), 0..12), split in any::<prop::sample::Index>(),
        ) {
            let counts = count(rows.iter().copied());
            prop_assert_eq!(count(rows.iter().rev().copied()), counts);
            let (one, other) = rows.split_at(split.index(rows.len() + 1));
            let mut merged = count(one.iter().copied());
            merged.merge(&count(other.iter().copied()));
            prop_assert_eq!(merged, counts);
        }

        #[test]
        fn somebody_is_a_student_only_if_most_of_their_rows_say_so(
            rows in prop::collection::vec((0..CELLS.len(), 1u32..9), 0..12),
        ) {
            let named = |role: &str| -> u32 {
                let names = |cell: usize| CELLS[cell].to_lowercase().split(';').any(|name| name == role);
                rows.iter().filter(|(cell, _)| names(*cell)).map(|(_, rows)| rows).sum()
            };
            let [students, instructors, assistants, others] =
                ["student", "instructor", "ta", "scheduler"].map(named);
            let counts = count(rows.iter().copied());
            let is_student = students > instructors.max(assistants).max(others);
            prop_assert_eq!(counts.role() == InstitutionRole::Student, is_student);
            let distinct = [students, instructors, assistants, others].into_iter().filter(|rows| *rows > 0).count();
            prop_assert_eq!(counts.is_ambiguous(), distinct > 1);
            prop_assert_eq!(counts.role() == InstitutionRole::Unnamed, distinct == 0);
        }
    }

    #[test]
    fn people_of_the_range_keep_their_role_in_what_it_is_compared_with() {
        let [student, instructor, unnamed] = [0, 2, 5].map(|cell| count([(cell, 1)]));
        let main = decide_roles(&[(1, instructor), (2, unnamed)].into_iter().collect(), None);
        let then: CodeMap<RoleCounts> = [(1, student), (2, student), (3, student)].into_iter().collect();
        let roles = decide_roles(&then, Some(&main));
        let expected = [InstitutionRole::Instructor, InstitutionRole::Student, InstitutionRole::Student];
        assert_eq!([1, 2, 3].map(|user| roles.get(user).copied()), expected.map(Some));
    }
}
