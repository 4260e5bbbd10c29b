//! Compares activity with a naive count over generated rows.

use super::*;
use crate::reports::fixture::{berlin, dataset, day, main_role, query, week, window};
use crate::reports::presentation::measure;
use domain::query::WindowCoverage;
use domain::time::{SECOND, Timestamp, plus_days};
use proptest::prelude::*;
use std::collections::BTreeSet;

const HEADER: &str = "presentationID,presentationName,sectionId,courseId,courseIdentifier,event_timestamp,userid,role,email,slide_count";

#[derive(Debug, Clone)]
struct TestRow {
    deck: u32,
    section: u32,
    user: u32,
    role: &'static str,
    /// Minutes after the first Monday.
    minute: i64,
}

fn rows() -> impl Strategy<Value = Vec<TestRow>> {
    let row =
        (0u32..4, 0u32..3, 0u32..6, prop::sample::select(vec!["Student", "Instructor", ""]), 0i64..21 * 1440);
    let row =
        row.prop_map(|(deck, section, user, role, minute)| TestRow { deck, section, user, role, minute });
    prop::collection::vec(row, 0..60)
}

fn time_of(row: &TestRow) -> Timestamp {
    Timestamp::start_of(day("2026-03-16")).plus(row.minute * 60 * SECOND)
}

fn csv(rows: &[TestRow], week: i64) -> String {
    rows.iter()
        .filter(|row| row.minute / (7 * 1440) == week)
        .map(|row| {
            let (time, user) = (
                time_of(row).rfc3339(),
                if row.user == 0 { String::new() } else { format!("u{}", row.user) },
            );
            format!("d{},Deck,s{},c,BIO,{time},{user},{},x@y,12\n", row.deck, row.section, row.role)
        })
        .collect()
}

proptest! {
    #[test]
    fn measures_match_a_naive_count(
        rows in rows(),
        missing in 0i64..4,
        in_berlin in any::<bool>(),
        section in prop::option::of(0u32..3),
        decks in prop::sample::subsequence(vec![0u32, 1, 2, 3], 0..3),
        only_students in any::<bool>(),
    ) {
        let starts = ["2026-03-16", "2026-03-23", "2026-03-30"];
        let windows: Vec<_> = (0i64..)
            .zip(starts)
            .filter(|(index, _)| *index != missing)
            .map(|(index, start)| week(start, HEADER, &csv(&rows, index)))
            .collect();
        let dataset = dataset(&windows);
        let mut query = query("2026-03-17", "2026-04-04");
        if in_berlin {
            query.base.zone = berlin();
        }
        query.base.sections = section.iter().map(|section| format!("S{section}").into()).collect();
        query.decks = decks.iter().map(|deck| format!("d{deck}").into()).collect();
        if only_students {
            query.base.roles = vec![InstitutionRole::Student];
        }
        let zone = &query.base.zone;
        let is_loaded = |utc: Day| (utc - day("2026-03-16")).num_days() / 7 != missing;
        let is_known = |local: Day| {
            let (start, end) = (zone.start_of(local), zone.start_of(plus_days(local, 1)).plus(-1));
            is_loaded(start.day()) && is_loaded(end.day())
        };
        let local = |row: &TestRow| zone.day_of(time_of(row));
        let is_in_range = |row: &&TestRow| {
            local(row) >= query.base.range.from()
                && local(row) <= query.base.range.to()
                && is_known(local(row))
        };
        let role_of = |row: &TestRow| match row.user {
            0 => row.role,
            user => main_role(rows.iter().filter(is_in_range).filter(|row| row.user == user).map(|row| row.role)),
        };
        let is_match = |row: &&TestRow| {
            is_in_range(row)
                && section.is_none_or(|section| section == row.section)
                && (!only_students || role_of(row) == "Student")
        };
        let is_chosen = |row: &&TestRow| decks.is_empty() || decks.contains(&row.deck);
        let people = |rows: &[&TestRow], role: Option<&str>| {
            let named = rows.iter().filter(|row| row.user != 0 && role.is_none_or(|role| role == role_of(row)));
            named.map(|row| row.user).collect::<BTreeSet<_>>().len() as u64
        };
        let activity = measure(&dataset, &query);
        let chosen: Vec<&TestRow> = rows.iter().filter(is_match).filter(is_chosen).collect();
        prop_assert_eq!(activity.total.events, chosen.len() as u64);
        prop_assert_eq!(activity.total.people, people(&chosen, None));
        prop_assert_eq!(activity.total.students, people(&chosen, Some("Student")));
        prop_assert_eq!(activity.total.unnamed, chosen.iter().filter(|row| row.user == 0).count() as u64);
        for (day, known) in &activity.days {
            let rows_of_day: Vec<&TestRow> = chosen.iter().copied().filter(|row| local(row) == *day).collect();
            let expected = is_known(*day).then(|| (rows_of_day.len() as u64, people(&rows_of_day, None)));
            prop_assert_eq!(known.value().map(|count| (count.events, count.people)), expected);
        }
        for (weekday, hours) in activity.week.iter().enumerate() {
            for (hour, events) in hours.hours.iter().enumerate() {
                let expected = chosen.iter().filter(|row| {
                    weekday_of(local(row)) == weekday && zone.hour_of(time_of(row)) as usize == hour
                });
                prop_assert_eq!(*events, expected.count() as u64);
            }
        }
        let mut listed = BTreeMap::new();
        for row in rows.iter().filter(is_match) {
            *listed.entry(format!("d{}", row.deck)).or_insert(0u64) += 1;
        }
        let decks: BTreeMap<String, u64> =
            activity.decks.iter().map(|deck| (deck.id.clone(), deck.count.events)).collect();
        prop_assert_eq!(decks, listed, "the list of decks ignores the deck filter");
        for deck in &activity.decks {
            prop_assert_eq!(deck.steps.iter().flatten().sum::<u64>(), deck.count.events);
        }
    }
}

#[test]
fn a_row_without_a_user_id_is_an_event_but_no_person() {
    let rows = "d,Deck,s,c,BIO,2026-02-02 10:00:00,,,,12\nd,Deck,s,c,BIO,2026-02-02 10:00:00,u,Student,,12\n";
    let activity = measure(&dataset(&[week("2026-02-02", HEADER, rows)]), &query("2026-02-02", "2026-02-02"));
    let EventCounts { events, people, students, unnamed, .. } = activity.total;
    assert_eq!((events, people, students, unnamed), (2, 1, 1, 1));
}

#[test]
fn uncovered_days_are_missing_and_days_that_may_grow_are_provisional() {
    let coverage = WindowCoverage {
        start: Some(day("2026-02-02")),
        end: Some(day("2026-02-04")),
        provisional_from: Some(day("2026-02-03")),
    };
    let rows =
        "d,Deck,s,c,BIO,2026-02-03 10:00:00,u,Student,,12\nd,Deck,s,c,BIO,soon,u,Student,,12\nd,Deck\n";
    let activity = measure(&dataset(&[window(coverage, HEADER, rows)]), &query("2026-02-02", "2026-02-04"));
    let known: Vec<Completeness<u64>> =
        activity.days.iter().map(|(_, known)| known.map(|count| count.events)).collect();
    assert_eq!(known, [Completeness::Complete(0), Completeness::Provisional(1), Completeness::Missing]);
    assert_eq!((activity.skipped_rows.undated, activity.skipped_rows.ragged), (1, 1));
}

#[test]
fn a_deck_has_its_newest_name_and_number_of_slides() {
    let rows =
        "d,New,s,c,BIO,2026-02-03 10:00:00,u,Student,,14\nd,Old,s,c,BIO,2026-02-02 10:00:00,u,Student,,12\n";
    let activity = measure(&dataset(&[week("2026-02-02", HEADER, rows)]), &query("2026-02-02", "2026-02-08"));
    assert_eq!((activity.decks[0].name.as_str(), activity.decks[0].newest), ("New", Some(14)));
}
