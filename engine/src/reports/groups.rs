//! Measures by section and by role, for every report with a timestamp in each row.
//!
//! Crossfilter: the measures by section ignore the section filter, and those by role the role filter.

use super::activity::{self, EventCounter, EventCounts};
use super::selection::{Column, ColumnNames, Row, Selection, find_codes};
use crate::chunked_bit_set::ChunkedBitSet;
use crate::completeness::Completeness;
use crate::dictionary::EMPTY;
use crate::identity::IdentityCounts;
use crate::ordering::sort_by;
use crate::table::dataset::Dataset;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use domain::time::Day;
use std::collections::BTreeMap;

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its UUID, as in the rows.
    pub id: String,
    /// Its number in its newest row; may be empty.
    pub number: String,
    /// Its course as displayed, in its newest row; may be empty.
    pub course: String,
    /// Counts of its events.
    pub count: EventCounts,
    /// Whether the section filter excludes it from all other measures.
    pub is_left_out: bool,
}

/// Measures by section and by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Sections, most events first.
    pub sections: Vec<Section>,
    /// Events that name no section; ignores the section filter, like the sections.
    pub events_without_section: u64,
    /// Events that pass all filters and name no course, such as those of media embedded in other pages.
    pub events_without_course: u64,
    /// The state of each day of the range.
    pub days: Vec<(Day, Completeness<()>)>,
    /// Roles that have events, in the order of roles; `true` if the role filter excludes the role from all
    /// other measures.
    pub roles: Vec<(InstitutionRole, EventCounts, bool)>,
    /// What is odd about the people in `roles`.
    pub identities: IdentityCounts,
}

/// Counts the rows of a report by section and by role.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery, report: KnownReport) -> Groups {
    let columns = ColumnNames::of(report);
    let event_id = report.descriptor().event.unwrap_or_default();
    let mut all_sections = query.clone();
    all_sections.base.sections.clear();
    let selection = Selection::new(dataset, &all_sections, &columns);
    let [event_ids, numbers, course_names] =
        [event_id, "sectionNumber", activity::COURSE_NAME].map(|name| selection.column(name));
    let mut sections: BTreeMap<u32, (EventCounter, Vec<&Row>)> = BTreeMap::new();
    let rows = events(&selection, &event_ids);
    let chosen = find_codes(&query.base.sections, selection.texts);
    let is_chosen = |section: u32| chosen.as_ref().is_none_or(|chosen| chosen.contains(&section));
    let events_without_section = rows.iter().filter(|row| row.section == EMPTY).count() as u64;
    let without_course = rows.iter().filter(|row| row.course == EMPTY && is_chosen(row.section));
    let events_without_course = without_course.count() as u64;
    for row in rows.iter().filter(|row| row.section != EMPTY) {
        let (counter, rows) = sections.entry(row.section).or_default();
        counter.add(row.user, row.role, 0);
        rows.push(*row);
    }
    let mut sections: Vec<Section> = sections
        .into_iter()
        .map(|(section, (counter, rows))| {
            let id = selection.text(section).into_owned();
            Section {
                number: selection.latest_text(&rows, &numbers),
                course: selection.latest_text(&rows, &course_names),
                count: counter.finish(),
                is_left_out: !is_chosen(section),
                id,
            }
        })
        .collect();
    sort_by(&mut sections, |a, b| b.count.events.cmp(&a.count.events).then_with(|| a.id.cmp(&b.id)));
    // Without filters, both are of the same rows.
    let of_all_roles = (all_sections != *query || !query.base.roles.is_empty()).then(|| {
        let mut all_roles = query.clone();
        all_roles.base.roles.clear();
        Selection::new(dataset, &all_roles, &columns)
    });
    let (selection, rows) = match &of_all_roles {
        Some(selection) => (selection, events(selection, &event_ids)),
        None => (&selection, rows),
    };
    let mut roles: BTreeMap<InstitutionRole, EventCounter> = BTreeMap::new();
    for row in &rows {
        roles.entry(row.role).or_default().add(row.user, row.role, 0);
    }
    let filter = &query.base.roles;
    let is_role_left_out = |role: &InstitutionRole| !filter.is_empty() && !filter.contains(role);
    let days = selection.days.iter().enumerate();
    Groups {
        days: days.map(|(index, (day, _))| (*day, selection.completeness(index, ()))).collect(),
        sections,
        events_without_section,
        events_without_course,
        identities: selection.count_identities(rows),
        roles: roles
            .into_iter()
            .map(|(role, counter)| (role, counter.finish(), is_role_left_out(&role)))
            .collect(),
    }
}

/// One row for each event: of an edited answer, its last row.
fn events<'a>(selection: &'a Selection<'_>, event_ids: &Column<'_>) -> Vec<&'a Row> {
    let mut seen = ChunkedBitSet::default();
    let is_last = |row: &&Row| {
        let event = event_ids.code(row);
        event == EMPTY || seen.insert(event)
    };
    let mut rows: Vec<&Row> = selection.chosen_rows().rev().filter(is_last).collect();
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, query, week};
    use proptest::prelude::*;

    const HEADER: &str =
        "presentationID,sectionId,sectionNumber,courseId,courseIdentifier,event_timestamp,userid,role";

    proptest! {
        #[test]
        fn every_event_counts_for_one_section_and_one_role_regardless_of_their_filters(
            rows in prop::collection::vec((0u32..3, 0u32..5, 2u32..9), 0..40),
            chosen in prop::collection::vec(0u32..4, 0..3),
            by_role in any::<bool>(),
        ) {
            let role = |user: u32| if user.is_multiple_of(2) { "Student" } else { "Instructor" };
            let csv: String = rows
                .iter()
                .map(|(section, user, day)| {
                    format!("d,s{section},{section},c,BIO,2026-02-0{day} 10:00:00,u{user},{}\n", role(*user))
                })
                .collect();
            let mut query = query("2026-02-02", "2026-02-08");
            query.base.sections = chosen.iter().map(|section| format!("S{section}").into()).collect();
            query.base.roles = if by_role { vec![InstitutionRole::Student] } else { Vec::new() };
            let groups = measure(&dataset(&[week("2026-02-02", HEADER, &csv)]), &query, KnownReport::Notes);
            let students = rows.iter().filter(|(_, user, _)| !by_role || user.is_multiple_of(2)).count() as u64;
            prop_assert_eq!(groups.sections.iter().map(|it| it.count.events).sum::<u64>(), students);
            let is_in = |section: u32| chosen.is_empty() || chosen.contains(&section);
            let here = rows.iter().filter(|(section, _, _)| is_in(*section)).count() as u64;
            prop_assert_eq!(groups.roles.iter().map(|(_, count, _)| count.events).sum::<u64>(), here);
            for section in &groups.sections {
                let own: u32 = section.number.parse().unwrap();
                prop_assert_eq!(section.is_left_out, !is_in(own));
                let count = rows.iter().filter(|(s, user, _)| *s == own && (!by_role || user % 2 == 0)).count();
                prop_assert_eq!(section.count.events, count as u64);
            }
        }
    }

    #[test]
    fn an_edited_answer_counts_once() {
        let header = "sectionId,sectionNumber,courseId,answerid,event_timestamp,answer_userid,answer_role";
        let rows = "s,1,c,a1,2026-02-02 10:00:00,t,Instructor\ns,1,c,a1,2026-02-03 10:00:00,t,Instructor\ns,1,c,,2026-02-03 10:00:00,u,Student\n";
        let dataset = dataset(&[week("2026-02-02", header, rows)]);
        let groups = measure(&dataset, &query("2026-02-02", "2026-02-08"), KnownReport::QAndA);
        assert_eq!(groups.sections[0].count.events, 2);
        let roles: Vec<(InstitutionRole, u64)> =
            groups.roles.iter().map(|(role, count, _)| (*role, count.events)).collect();
        assert_eq!(roles, [(InstitutionRole::Student, 1), (InstitutionRole::Instructor, 1)]);
    }
}
