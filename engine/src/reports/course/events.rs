//! Turns the rows of six reports into events: user, time, video or deck.

use crate::code_map::CodeMap;
use crate::completeness::Completeness;
use crate::dictionary::{Dictionary, EMPTY};
use crate::identity::EmailIndex;
use crate::label::TextAge;
use crate::person_role::{PersonRoles, RoleCounts};
use crate::reports::activity;
use crate::reports::person_name::PersonNames;
use crate::reports::selection::{Column, ColumnNames, Row, Selection, assign_roles, latest_code};
use crate::table::dataset::{DataStatus, Dataset};
use crate::video_view_columns::SkippedRows;
use domain::activity::ActivityKind;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use domain::time::{Day, plus_days};
use std::collections::{BTreeMap, BTreeSet};

/// All events of one kind. An event is one action of a person: one row, except that edits of an answer on one day are one
/// event.
#[derive(Debug, Default)]
pub struct Events<'a> {
    /// The texts of the codes; `None` if the report is not loaded.
    pub texts: Option<&'a Dictionary>,
    /// Every day of the range, first to last.
    pub days: Vec<(Day, DataStatus)>,
    /// The events, in the order of time.
    pub events: Vec<Row>,
    /// Rows that could not be read.
    pub skipped_rows: SkippedRows,
    /// The roles that each person's rows name, and the role that everybody counts by, by the codes of user ids.
    role_counts: CodeMap<RoleCounts>,
    pub(super) roles: PersonRoles,
    /// Names of videos or decks.
    pub item_names: Column<'a>,
    /// A column specific to the report: length in minutes, slide count, poll id, answer id, or number of words.
    pub details: Column<'a>,
    people: Option<&'a People>,
}

/// What all rows of a report say about people, whatever the range.
#[derive(Debug)]
pub struct People {
    names: PersonNames,
    emails: EmailIndex,
}

impl People {
    /// Reads all rows of a dataset.
    #[must_use]
    pub fn read(dataset: &Dataset) -> Self {
        let emails = EmailIndex::read(dataset.iter().map(|(_, data)| &data.table.emails));
        Self { names: PersonNames::read(dataset), emails }
    }
}

/// The names of the columns of [`Events::item_names`] and [`Events::details`].
fn further_columns(kind: ActivityKind) -> [&'static str; 2] {
    match kind {
        ActivityKind::Watch => ["VideoName", "duration_Minute"],
        ActivityKind::Slides => [activity::DECK_NAME, "slide_count"],
        ActivityKind::Polls => [activity::DECK_NAME, "activity_id"],
        ActivityKind::Marks => [activity::DECK_NAME, ""],
        ActivityKind::Notes => [activity::DECK_NAME, "note_count"],
        ActivityKind::Answers => ["", "answerid"],
    }
}

impl<'a> Events<'a> {
    /// Reads the events of a kind. Without a dataset there are none, and every past day is missing.
    #[must_use]
    pub fn read(
        kind: ActivityKind,
        dataset: Option<(&'a Dataset, &'a People)>,
        query: &MeasureQuery,
    ) -> Self {
        let Some((dataset, people)) = dataset else {
            let base = &query.base;
            let start = |day: Day| base.zone.start_of(day).seconds();
            let empty: Dataset = Dataset::default();
            let status = |day: Day| empty.status_between(start(day), start(plus_days(day, 1)), base.today);
            let days = base.range.each_day().map(|day| (day, status(day))).collect();
            return Self { days, ..Self::default() };
        };
        let selection = Selection::new(dataset, query, &ColumnNames::of(KnownReport::of_activity(kind)));
        let [item_names, details] = further_columns(kind).map(|name| selection.column(name));
        let mut events = selection.rows;
        if kind == ActivityKind::Answers {
            // Edits of an answer on one day are one event, at the time of the last edit, so that a student's last
            // activity is not too early. Rows without an answer id are separate events.
            let mut seen: BTreeSet<(u32, usize)> = BTreeSet::new();
            events.reverse();
            events.retain(|row| details.code(row) == EMPTY || seen.insert((details.code(row), row.day)));
            events.reverse();
        }
        Self {
            texts: Some(selection.texts),
            days: selection.days,
            events,
            skipped_rows: selection.skipped_rows,
            role_counts: selection.role_counts,
            roles: PersonRoles::default(),
            item_names,
            details,
            people: Some(people),
        }
    }

    /// Adds the roles that each person's rows name to those of other reports, by user id.
    pub(super) fn count_roles(&self, people: &mut BTreeMap<String, RoleCounts>) {
        for (user, counts) in self.role_counts.iter() {
            people.entry(self.text(user)).or_default().merge(counts);
        }
    }

    /// Every e-mail address, by its hash, with each user id that has it.
    pub(super) fn emails(&self) -> impl Iterator<Item = (u64, String)> {
        let emails = self.people.into_iter().flat_map(|people| people.emails.iter());
        emails.map(|(hash, user)| (hash, self.text(user)))
    }

    /// The ids of people with several e-mail addresses in one copy.
    pub(super) fn ambiguous_ids(&self) -> impl Iterator<Item = String> {
        let ids = self.people.into_iter().flat_map(|people| people.emails.ambiguous(|_| true));
        ids.map(|user| self.text(user))
    }

    /// Gives everybody the role that `role_of` returns for a user id.
    pub(super) fn assign_roles(&mut self, role_of: impl Fn(&str) -> InstitutionRole) {
        let people = self.role_counts.iter();
        self.roles = people.map(|(user, _)| (user, role_of(&self.text(user)))).collect();
        assign_roles(&mut self.events, &self.roles);
    }

    /// Events of students with a user id.
    pub fn by_students(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.events.iter().filter(|event| event.role == InstitutionRole::Student && event.is_named())
    }

    /// Number of events of students with a user id, by day of the range.
    #[must_use]
    pub fn by_day(&self) -> Vec<u64> {
        let mut days = vec![0; self.days.len()];
        for event in self.by_students() {
            if let Some(count) = days.get_mut(event.day) {
                *count += 1;
            }
        }
        days
    }

    /// The text of a code; empty if the report is not loaded.
    #[must_use]
    pub fn text(&self, code: u32) -> String {
        self.texts.map_or_else(String::new, |texts| texts.text(code).into_owned())
    }

    /// The user id of a code, which identifies a person in all reports; `None` for the empty
    /// text.
    #[must_use]
    pub fn person(&self, code: u32) -> Option<String> {
        (code != EMPTY).then(|| self.text(code))
    }

    /// A person's name: `Nuñez, Ana`; may be empty.
    #[must_use]
    pub fn name(&self, user: u32) -> String {
        let people = self.texts.zip(self.people);
        people.map_or_else(String::new, |(texts, people)| people.names.label(user, [EMPTY; 2], texts))
    }

    /// How old a person's name is: of several reports, that with the newest one has the name.
    #[must_use]
    pub fn age_of_name(&self, user: u32) -> TextAge {
        self.people.map_or_else(TextAge::default, |people| people.names.age(user))
    }

    /// The age of the name of the person with a user id, and whether their account has been deleted at Echo360.
    #[must_use]
    pub fn newest_name(&self, id: &str) -> Option<(TextAge, bool)> {
        let (texts, people) = self.texts.zip(self.people)?;
        let user = texts.find(id.as_bytes())?;
        Some((people.names.age(user), people.names.is_deleted(user, texts)))
    }

    /// The last non-empty text of a column in `selected`, some of the events; may be empty.
    #[must_use]
    pub fn latest_text(&self, selected: &[&Row], column: &Column<'_>) -> String {
        self.text(latest_code(selected, column))
    }
}

/// A number with the state of its days.
#[must_use]
pub fn completeness<T>(status: DataStatus, number: T) -> Completeness<T> {
    match status {
        DataStatus::Missing => Completeness::Missing,
        DataStatus::Provisional => Completeness::Provisional(number),
        DataStatus::Complete => Completeness::Complete(number),
    }
}
