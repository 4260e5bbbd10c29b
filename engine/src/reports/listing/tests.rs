//! Listings have the rows that the measures count.

use super::{Cell, Listing, answers, columns, events, polls, videos};
use crate::reports::fixture::{dataset, day, query, week, window};
use crate::reports::{confused, library, notes, polling, presentation, qanda, unknown, weekly};
use crate::table::dataset::Dataset;
use crate::text_search::TextSearch;
use domain::institution_role::InstitutionRole;
use domain::query::{MeasureQuery, WindowCoverage};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The columns of all reports with a time in each row.
const HEADER: &str = "presentationID,presentationName,sectionId,sectionNumber,courseId,courseIdentifier,event_timestamp,\
userid,firstname,lastname,role,slide_count,note_count,content,activity_id,activity_prompt,activity_content,solution,\
answer_id,answer,questionid,question,question_userid,question_firstname,question_lastname,question_role,answerid,\
answer_userid,answer_firstname,answer_lastname,answer_role";

const CHOICES: &str = r#""{""choices"":[{""id"":""a"",""text"":""Yes""},{""id"":""b"",""text"":""No""}]}""#;

/// A row: deck, section, user and day of February.
type Event = (u32, u32, u32, u32);

fn role(user: u32) -> &'static str {
    if user.is_multiple_of(2) { "Student" } else { "Instructor" }
}

fn csv(rows: &[Event], answer: &str) -> String {
    let row = |(index, (deck, section, user, day)): (usize, &Event)| {
        let role = role(*user);
        let user = if *user == 4 { String::new() } else { format!("u{user}") };
        format!(
            "d{deck},Deck {deck},s{section},{section},c{},BIO,2026-02-{day:02} 10:00:{:02},{user},Ana,{user},{role},30,\
7,secret note,p{deck},Is it?,{CHOICES},Yes,x{index},{answer},q{deck},secret question,u1,Bo,Li,Student,a{},{user},Ana,\
{user},{role}\n",
            section % 2,
            59 - index,
            index % 5,
        )
    };
    rows.iter().enumerate().map(row).collect()
}

fn times(listing: &Listing) -> Vec<u32> {
    let time = |cells: &[Cell]| match cells.first() {
        Some(Cell::Time(time)) => *time,
        other => panic!("{other:?}"),
    };
    listing.rows().map(time).collect()
}

fn number(cell: Cell) -> f64 {
    let Cell::Number(number) = cell else { panic!("{cell:?}") };
    number
}

/// Whether any cell shows a text that contains `part`.
fn shows(listing: &Listing, dataset: &Dataset, part: &str) -> bool {
    listing.rows().flatten().any(|cell| match cell {
        Cell::Text(code) => dataset.texts.text(*code).contains(part),
        Cell::Label(index) => listing.label(*index).contains(part),
        _ => false,
    })
}

proptest! {
    #[test]
    fn listings_have_the_rows_that_figures_count(
        rows in prop::collection::vec((0u32..3, 0u32..4, 0u32..6, 1u32..16), 0..40),
        sections in prop::collection::vec(0u32..4, 0..2),
        decks in prop::collection::vec(0u32..3, 0..2),
        course in prop::option::of(0u32..2),
        (by_role, by_student, contents) in any::<(bool, bool, bool)>(),
    ) {
        let rows: Vec<Event> = rows;
        let dataset = dataset(&[week("2026-02-02", HEADER, &csv(&rows, "my own words"))]);
        // The second week is not loaded, so its rows do not count.
        let mut query = query("2026-02-02", "2026-02-15");
        query.contents = contents;
        query.decks = decks.iter().map(|deck| format!("D{deck}").into()).collect();
        query.base.sections = sections.iter().map(|section| format!("s{section}").into()).collect();
        query.base.course = course.map(|course| format!("c{course}").into());
        query.base.roles = if by_role { vec![InstitutionRole::Student] } else { Vec::new() };
        query.base.student = by_student.then(|| "u2".into());

        let views = events::list_slide_views(&dataset, &query);
        prop_assert_eq!(views.len() as u64, presentation::measure(&dataset, &query).total.events);
        let marks = events::list_marks(&dataset, &query);
        prop_assert_eq!(marks.len() as u64, confused::measure(&dataset, &query).activity.total.events);
        let written = events::list_notes(&dataset, &query);
        let notes = notes::measure(&dataset, &query);
        prop_assert_eq!(written.len() as u64, notes.activity.total.events);
        let words = written.rows().map(|cells| number(cells[6])).sum::<f64>();
        #[expect(clippy::cast_precision_loss, reason = "few words")]
        let counted = notes.activity.total.amount as f64;
        prop_assert!((words - counted).abs() < 0.5, "{words} {counted}");
        let polled = polls::list_answers(&dataset, &query);
        let days = polling::measure(&dataset, &query).days;
        prop_assert_eq!(polled.len() as u64, days.iter().filter_map(|(_, known)| known.value()).sum::<u64>());
        let answered = answers::list_answers(&dataset, &query);
        prop_assert_eq!(answered.len() as u64, qanda::measure(&dataset, &query).rows);

        for listing in [&views, &marks, &written, &polled, &answered] {
            prop_assert!(times(listing).is_sorted());
            let has_text = ["secret", "my own words"].iter().any(|text| shows(listing, &dataset, text));
            prop_assert!(contents || !has_text, "texts that people wrote are left out");
        }
        let is_any = !written.is_empty();
        prop_assert_eq!(shows(&written, &dataset, "secret note"), contents && is_any);
        prop_assert_eq!(shows(&polled, &dataset, "my own words"), contents && is_any);
        let is_answered = !answered.is_empty();
        prop_assert_eq!(shows(&answered, &dataset, "secret question"), contents && is_answered);
    }

    #[test]
    fn videos_are_listed_once_for_each_section_and_week(
        weeks in prop::collection::vec(prop::collection::btree_map((0u32..4, 0u32..3), 0u64..9, 0..8), 3),
        by_section in any::<bool>(),
    ) {
        let header = "video_name,section_number,mediaid,course_identifier,owner_name,view_count";
        let starts = ["2026-02-02", "2026-02-09", "2026-02-16"];
        let windows: Vec<_> = weeks
            .iter()
            .zip(starts)
            .map(|(rows, start)| {
                let row = |((video, section), views): (&(u32, u32), &u64)| {
                    format!("Video {},{section},m{video},c,Bo,{views}\n", 9 - video)
                };
                let csv: String = rows.iter().map(row).collect();
                // A row that is there twice counts once.
                week(start, header, &csv.repeat(2))
            })
            .collect();
        // The first week is cut by the range, so it does not count.
        let mut query = query("2026-02-04", "2026-02-22");
        query.base.sections = if by_section { vec!["1".into()] } else { Vec::new() };
        let dataset = dataset(&windows);
        let (listing, measures) = (videos::list_weeks(&dataset, &query), weekly::measure(&dataset, &query));
        prop_assert_eq!(listing.len() as u64, measures.rows);
        let views = listing.rows().map(|cells| number(cells[5])).sum::<f64>();
        #[expect(clippy::cast_precision_loss, reason = "few views")]
        let counted = measures.videos.iter().map(|video| video.entry.sums.views.unwrap() as f64).sum::<f64>();
        prop_assert!((views - counted).abs() < 0.5, "{views} {counted}");
        let days: Vec<Cell> = listing.rows().map(|cells| cells[0]).collect();
        let first = |cell: &Cell| match cell { Cell::Days(first, _) => *first, other => panic!("{other:?}") };
        prop_assert!(days.iter().map(first).is_sorted());
        prop_assert!(days.iter().all(|cell| first(cell) >= day("2026-02-09")));

        let snapshot = videos::list_library(&dataset, &query);
        prop_assert_eq!(snapshot.len(), library::measure(&dataset, &query).entries.len());
        let names: Vec<String> = snapshot
            .rows()
            .map(|cells| match cells[0] {
                Cell::Video { name, .. } => dataset.texts.text(name).into_owned(),
                other => panic!("{other:?}"),
            })
            .collect();
        prop_assert!(names.is_sorted());
    }

    #[test]
    fn rows_of_an_unknown_report_are_in_the_order_of_its_time(
        rows in prop::collection::vec((0u32..3, 2u32..9, 0u32..100), 0..40),
        by_course in any::<bool>(),
    ) {
        let row = |(course, day, number): &(u32, u32, u32)| format!("c{course},{number},2026-02-{day:02},x y\n");
        let csv: String = rows.iter().map(row).collect();
        let dataset = dataset(&[week("2026-02-02", "courseId,amount,when,what", &csv)]);
        let mut query = query("2026-02-02", "2026-02-08");
        query.base.course = by_course.then(|| "c1".into());
        let (listing, measures) = (columns::list_columns(&dataset, &query), unknown::measure(&dataset, &query));
        prop_assert_eq!(listing.len() as u64, measures.count);
        let day = |cells: &[Cell]| match cells[2] { Cell::Day(day) => day, other => panic!("{other:?}") };
        prop_assert!(listing.rows().map(day).is_sorted());
        prop_assert!(listing.rows().all(|cells| matches!(cells[1], Cell::Number(_)) && matches!(cells[3], Cell::Text(_))));
    }
}

fn first_answer(answer: &str, change: impl FnOnce(&mut MeasureQuery)) -> (Cell, String) {
    let dataset = dataset(&[week("2026-02-02", HEADER, &csv(&[(0, 0, 0, 3)], answer))]);
    let mut query = query("2026-02-02", "2026-02-08");
    change(&mut query);
    let listing = polls::list_answers(&dataset, &query);
    let cell = *listing.rows().next().unwrap().last().unwrap();
    let text = match cell {
        Cell::Label(index) => listing.label(index).to_owned(),
        _ => String::new(),
    };
    (cell, text)
}

#[test]
fn a_choice_of_a_poll_is_shown_as_its_text_and_a_typed_answer_only_with_contents() {
    let with_contents = |query: &mut MeasureQuery| query.contents = true;
    assert_eq!(first_answer("No", |_| {}).1, "No");
    assert_eq!(first_answer("\"[\"\"Yes\"\",\"\"No\"\"]\"", |_| {}).1, "Yes, No");
    assert_eq!(first_answer("Perhaps", |_| {}).0, Cell::Hidden);
    assert_eq!(first_answer("\"[\"\"Yes\"\",\"\"Perhaps\"\"]\"", |_| {}).0, Cell::Hidden);
    assert_eq!(first_answer("Perhaps", with_contents).1, "Perhaps");
    assert_eq!(first_answer("", |_| {}).0, Cell::EmptyAnswer);
}

#[test]
fn a_snapshot_without_days_is_listed() {
    let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
    let rows = "m1,c,1,3,Zebras\nm2,c,1,4,apes\nm3,c,1,,\n";
    let header = "mediaid,course_identifier,section_number,view_count,video_name";
    let dataset = dataset(&[window(coverage, header, rows)]);
    let listing = videos::list_library(&dataset, &query("2026-02-02", "2026-02-08"));
    let ids: Vec<String> = listing
        .rows()
        .map(|cells| match cells[0] {
            Cell::Video { id, .. } => dataset.texts.text(id).into_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, ["m3", "m2", "m1"], "by name, ignoring case");
    let views: BTreeSet<String> = listing.rows().map(|cells| format!("{:?}", cells[4])).collect();
    assert!(views.contains("Empty"), "an empty cell is unknown, not zero");
}

#[test]
fn a_video_without_a_name_is_found_by_its_id_which_is_shown_instead() {
    let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
    let rows = "0a1b-unnamed,c,1,3,\nm2,c,1,4,apes\n";
    let header = "mediaid,course_identifier,section_number,view_count,video_name";
    let dataset = dataset(&[window(coverage, header, rows)]);
    let listing = videos::list_library(&dataset, &query("2026-02-02", "2026-02-08"));
    let found = |text: &str| listing.find(&TextSearch::new(text).unwrap(), &dataset.texts).len();
    assert_eq!((found("unnamed"), found("m2"), found("APES")), (1, 0, 1));
}
