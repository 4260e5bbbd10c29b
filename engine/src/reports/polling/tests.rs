//! Tests of polls: latest answers, changed answers, solutions of every shape.

use super::*;
use crate::reports::fixture::{dataset, main_role, query, week};
use proptest::prelude::*;
use std::collections::BTreeSet;

const HEADER: &str = "presentation_id,presentation_name,sectionId,courseId,courseIdentifier,activity_id,activity_prompt,activity_content,solution,event_timestamp,answer_id,answer,isCorrect,userid,role";

/// `(activity, seconds, user, role, answer)`; user 0 is a row without a user id.
type AnswerRow = (u32, u32, u32, &'static str, String);

fn csv(content: &str, solution: &str, rows: &[AnswerRow]) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    for (activity, second, user, role, answer) in rows {
        let time = format!("2026-02-0{} 10:{:02}:{:02}", 2 + second / 3600, second % 3600 / 60, second % 60);
        let user = if *user == 0 { String::new() } else { format!("u{user}") };
        let id = format!("a{activity}-{user}-{second}");
        let activity = format!("p{activity}");
        writer
            .write_record([
                "d", "Deck", "s", "c", "BIO", &activity, "Which?", content, solution, &time, &id, answer,
                "1", &user, role,
            ])
            .unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn measure_polls(content: &str, solution: &str, rows: &[AnswerRow]) -> Measures {
    let dataset = dataset(&[week("2026-02-02", HEADER, &csv(content, solution, rows))]);
    measure(&dataset, &query("2026-02-02", "2026-02-08"))
}

fn answer_row(second: u32, user: u32, role: &'static str, answer: &str) -> AnswerRow {
    (1, second, user, role, answer.to_owned())
}

const CHOICES: &str = r#"{"type":"multiple-choice","choices":[{"id":0,"text":"Yes"},{"id":1,"text":"No"}]}"#;

proptest! {
    #[test]
    fn latest_answers_match_a_naive_count(
        rows in prop::collection::vec(
            (0u32..3, 0u32..7200, 0u32..5, prop::sample::select(vec!["Student", "Instructor"]), prop::sample::select(vec!["Yes", "No", "Maybe"])),
            0..50,
        ),
    ) {
        let rows: Vec<AnswerRow> = rows.into_iter().map(|(a, s, u, r, answer)| (a, s, u, r, answer.to_owned())).collect();
        let measures = measure_polls(CHOICES, "No", &rows);
        prop_assert_eq!(measures.days.iter().filter_map(|(_, k)| k.value()).sum::<u64>(), rows.len() as u64);
        for poll in &measures.polls {
            let own: Vec<&AnswerRow> = rows.iter().filter(|row| format!("p{}", row.0) == poll.id).collect();
            let mut last: BTreeMap<u32, &AnswerRow> = BTreeMap::new();
            let mut sorted = own.clone();
            sorted.sort_by_key(|row| row.1);
            for row in sorted.into_iter().filter(|row| row.2 != 0) {
                last.insert(row.2, row);
            }
            let is_student = |user: u32| {
                main_role(rows.iter().filter(|row| row.2 == user).map(|row| row.3)) == "Student"
            };
            let students: Vec<_> = last.values().filter(|row| is_student(row.2)).collect();
            prop_assert_eq!(poll.answered.students, students.len() as u64);
            prop_assert_eq!(poll.answered.others, (last.len() - students.len()) as u64);
            for option in &poll.options {
                let chose = students.iter().filter(|row| row.4 == option.text).count() as u64;
                prop_assert_eq!(option.respondents.students, chose);
                prop_assert_eq!(option.is_solution, option.text == "No");
            }
            let right = students.iter().filter(|row| row.4 == "No").count() as u64;
            prop_assert_eq!(poll.solution, Solution::Known { right, of: students.len() as u64 });
            let options: u64 = poll.options.iter().map(|o| o.respondents.total()).sum::<u64>() + poll.other_options.total();
            prop_assert_eq!(options, poll.answered.total());
            let changed = (1..5).filter(|user| {
                let answers = own.iter().filter(|row| row.2 == *user && is_student(*user));
                answers.map(|row| &row.4).collect::<BTreeSet<_>>().len() > 1
            });
            prop_assert_eq!(poll.changed, changed.count() as u64);
        }
    }
}

#[test]
fn a_changed_answer_counts_once_with_its_latest_value() {
    let measures = measure_polls(
        CHOICES,
        "No",
        &[
            answer_row(1, 1, "Student", "Yes"),
            answer_row(9, 1, "Student", "No"),
            answer_row(2, 2, "Student", "Yes"),
            answer_row(3, 3, "Instructor", "No"),
            answer_row(4, 0, "", "No"),
        ],
    );
    let [poll] = measures.polls.as_slice() else { panic!("one poll") };
    assert_eq!(poll.changed, 1);
    assert_eq!(poll.answered, RespondentCounts { students: 2, others: 1, unnamed: 1 });
    assert_eq!(poll.solution, Solution::Known { right: 1, of: 2 }, "students only, and isCorrect is ignored");
    assert_eq!(poll.options[1].respondents, RespondentCounts { students: 1, others: 1, unnamed: 1 });
    assert_eq!((measures.people, measures.students), (3, 2), "a row without a user id is no person");
}

#[test]
fn an_answer_can_be_the_id_of_a_choice() {
    let numbers = r#"{"choices":[{"id":"a","text":"1"},{"id":"b","text":"2"}]}"#;
    let measures =
        measure_polls(numbers, "b", &[answer_row(1, 1, "Student", "a"), answer_row(2, 2, "Student", "b")]);
    assert_eq!(measures.polls[0].solution, Solution::Known { right: 1, of: 2 });
    assert_eq!(measures.polls[0].options[1].respondents.students, 1);
    assert!(measures.polls[0].options[1].is_solution && !measures.polls[0].options[0].is_solution);
}

#[test]
fn a_choice_in_quotes_differs_from_the_choice_without_quotes() {
    let content = r#"{"choices":[{"id":0,"text":"A1"},{"id":1,"text":"\"A1\""}]}"#;
    let rows = [
        answer_row(0, 1, "Student", "A1"),
        answer_row(1, 2, "Student", "\"A1\""),
        answer_row(2, 3, "Student", "[\"A1\"]"),
    ];
    let poll = &measure_polls(content, "A1", &rows).polls[0];
    assert_eq!(poll.solution, Solution::Known { right: 2, of: 3 });
    let chose: Vec<u64> = poll.options.iter().map(|option| option.respondents.students).collect();
    assert_eq!(chose, [2, 1]);
    // If no choice is in quotes, quotes around an answer are ignored.
    let poll = &measure_polls(CHOICES, "Yes", &[answer_row(0, 1, "Student", "\"Yes\"")]).polls[0];
    assert_eq!(poll.solution, Solution::Known { right: 1, of: 1 });
}

#[test]
fn an_answer_with_several_parts_is_right_only_as_a_whole() {
    let rows = [
        answer_row(1, 1, "Student", r#"["No","Yes"]"#),
        answer_row(2, 2, "Student", "Yes"),
        answer_row(3, 3, "Student", r#"["yes","no"]"#),
    ];
    let measures = measure_polls(CHOICES, r#"["Yes","No"]"#, &rows);
    assert_eq!(measures.polls[0].solution, Solution::Known { right: 2, of: 3 });
    assert_eq!(measures.polls[0].options[0].respondents.students, 3, "each part counts for its option");
}

#[test]
fn without_a_comparable_solution_no_answer_is_right_or_wrong() {
    let rows = [answer_row(1, 1, "Student", "Yes")];
    for empty in ["", "null", "[]"] {
        assert_eq!(measure_polls(CHOICES, empty, &rows).polls[0].solution, Solution::None, "{empty}");
    }
    let unmatched = measure_polls(CHOICES, "choice 2 of 2", &rows);
    assert_eq!(unmatched.polls[0].solution, Solution::Unmatched);
    assert!(unmatched.polls[0].options.iter().all(|option| !option.is_solution));
}

#[test]
fn if_the_content_cannot_be_parsed_the_options_are_the_given_answers() {
    let rows = [
        answer_row(1, 1, "Student", "Osmosis"),
        answer_row(2, 2, "Student", "osmosis "),
        answer_row(3, 3, "Student", "Diffusion"),
    ];
    let measures = measure_polls("not json", "Osmosis", &rows);
    assert_eq!(measures.polls[0].solution, Solution::Known { right: 2, of: 3 }, "case is ignored");
    let texts: Vec<&str> = measures.polls[0].options.iter().map(|option| option.text.as_str()).collect();
    assert_eq!((texts.len(), texts[1]), (2, "Diffusion"));
}

#[test]
fn active_students_are_those_who_answered_any_poll_of_the_course() {
    let mut rows = vec![answer_row(1, 1, "Student", "Yes"), answer_row(2, 2, "Student", "Yes")];
    rows.push((2, 3, 3, "Student", "No".into()));
    let measures = measure_polls(CHOICES, "", &rows);
    assert!(measures.polls.iter().all(|poll| poll.active == 3));
}

#[test]
fn the_deck_filter_does_not_reduce_active_students() {
    let rows = [answer_row(1, 1, "Student", "Yes"), (2, 3, 2, "Student", "No".into())];
    let csv = csv(CHOICES, "", &rows).replacen("d,Deck", "e,Other deck", 1);
    let mut query = query("2026-02-02", "2026-02-08");
    query.decks = vec!["d".into()];
    let measures = measure(&dataset(&[week("2026-02-02", HEADER, &csv)]), &query);
    let [poll] = measures.polls.as_slice() else { panic!("one poll") };
    assert_eq!((poll.answered.students, poll.active), (1, 2));
}
