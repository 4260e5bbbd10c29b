//! Tests of polls: latest answers, changed answers, solutions of every shape.

use super::*;
use crate::reports::fixture::{dataset, query, week};
use proptest::prelude::*;

const HEADER: &str = "presentation_id,presentation_name,sectionId,courseId,courseIdentifier,activity_id,activity_prompt,activity_content,solution,event_timestamp,answer_id,answer,isCorrect,userid,role";

/// `(activity, seconds, user, role, answer)`.
type LatestAnswer = (u32, u32, u32, &'static str, String);

fn csv(content: &str, solution: &str, rows: &[LatestAnswer]) -> String {
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

fn measured(content: &str, solution: &str, rows: &[LatestAnswer]) -> Measures {
    let dataset = dataset(&[week("2026-02-02", HEADER, &csv(content, solution, rows))]);
    measure(&dataset, &query("2026-02-02", "2026-02-08"))
}

fn given(second: u32, user: u32, role: &'static str, answer: &str) -> LatestAnswer {
    (1, second, user, role, answer.to_owned())
}

const CHOICES: &str = r#"{"type":"multiple-choice","choices":[{"id":0,"text":"Yes"},{"id":1,"text":"No"}]}"#;

proptest! {
    #[test]
    fn the_latest_answers_are_those_that_are_found_by_hand(
        rows in prop::collection::vec(
            (0u32..3, 0u32..7200, 0u32..5, prop::sample::select(vec!["Student", "Instructor"]), prop::sample::select(vec!["Yes", "No", "Maybe"])),
            0..50,
        ),
    ) {
        let rows: Vec<LatestAnswer> = rows.into_iter().map(|(a, s, u, r, answer)| (a, s, u, r, answer.to_owned())).collect();
        let measures = measured(CHOICES, "No", &rows);
        prop_assert_eq!(measures.days.iter().filter_map(|(_, k)| k.value()).sum::<u64>(), rows.len() as u64);
        for poll in &measures.polls {
            let of: Vec<&LatestAnswer> = rows.iter().filter(|row| format!("p{}", row.0) == poll.id).collect();
            let mut last: BTreeMap<u32, &LatestAnswer> = BTreeMap::new();
            let mut sorted = of.clone();
            sorted.sort_by_key(|row| row.1);
            for row in sorted.into_iter().filter(|row| row.2 != 0) {
                last.insert(row.2, row);
            }
            let students: Vec<_> = last.values().filter(|row| row.3 == "Student").collect();
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
                let own = of.iter().filter(|row| row.2 == *user && row.3 == "Student");
                own.map(|row| &row.4).collect::<BTreeSet<_>>().len() > 1
            });
            prop_assert_eq!(poll.changed, changed.count() as u64);
        }
    }
}

#[test]
fn a_mind_that_changed_counts_once_and_with_its_last_answer() {
    let measures = measured(
        CHOICES,
        "No",
        &[
            given(1, 1, "Student", "Yes"),
            given(9, 1, "Student", "No"),
            given(2, 2, "Student", "Yes"),
            given(3, 3, "Instructor", "No"),
            given(4, 0, "", "No"),
        ],
    );
    let [poll] = measures.polls.as_slice() else { panic!("one poll") };
    assert_eq!(poll.changed, 1);
    assert_eq!(poll.answered, RespondentCounts { students: 2, others: 1, unnamed: 1 });
    assert_eq!(poll.solution, Solution::Known { right: 1, of: 2 }, "students alone, whatever isCorrect says");
    assert_eq!(poll.options[1].respondents, RespondentCounts { students: 1, others: 1, unnamed: 1 });
    assert_eq!((measures.people, measures.students), (3, 2), "nobody is no person");
}

#[test]
fn an_answer_may_be_told_by_its_choices_id() {
    let numbers = r#"{"choices":[{"id":"a","text":"1"},{"id":"b","text":"2"}]}"#;
    let measures = measured(numbers, "b", &[given(1, 1, "Student", "a"), given(2, 2, "Student", "b")]);
    assert_eq!(measures.polls[0].solution, Solution::Known { right: 1, of: 2 });
    assert_eq!(measures.polls[0].options[1].respondents.students, 1);
    assert!(measures.polls[0].options[1].is_solution && !measures.polls[0].options[0].is_solution);
}

#[test]
fn a_choice_in_quotes_is_not_the_choice_without_them() {
    let content = r#"{"choices":[{"id":0,"text":"A1"},{"id":1,"text":"\"A1\""}]}"#;
    let rows =
        [given(0, 1, "Student", "A1"), given(1, 2, "Student", "\"A1\""), given(2, 3, "Student", "[\"A1\"]")];
    let poll = &measured(content, "A1", &rows).polls[0];
    assert_eq!(poll.solution, Solution::Known { right: 2, of: 3 });
    let chose: Vec<u64> = poll.options.iter().map(|option| option.respondents.students).collect();
    assert_eq!(chose, [2, 1]);
    // Where no choice has them, quotes are only how a text was written.
    let poll = &measured(CHOICES, "Yes", &[given(0, 1, "Student", "\"Yes\"")]).polls[0];
    assert_eq!(poll.solution, Solution::Known { right: 1, of: 1 });
}

#[test]
fn several_answers_at_once_are_right_only_together() {
    let rows = [
        given(1, 1, "Student", r#"["No","Yes"]"#),
        given(2, 2, "Student", "Yes"),
        given(3, 3, "Student", r#"["yes","no"]"#),
    ];
    let measures = measured(CHOICES, r#"["Yes","No"]"#, &rows);
    assert_eq!(measures.polls[0].solution, Solution::Known { right: 2, of: 3 });
    assert_eq!(measures.polls[0].options[0].respondents.students, 3, "each part is an answer");
}

#[test]
fn without_a_solution_that_can_be_compared_nothing_is_right_or_wrong() {
    let rows = [given(1, 1, "Student", "Yes")];
    for none in ["", "null", "[]"] {
        assert_eq!(measured(CHOICES, none, &rows).polls[0].solution, Solution::None, "{none}");
    }
    let strange = measured(CHOICES, "choice 2 of 2", &rows);
    assert_eq!(strange.polls[0].solution, Solution::Unmatched);
    assert!(strange.polls[0].options.iter().all(|option| !option.is_solution));
}

#[test]
fn a_poll_whose_content_cannot_be_read_has_the_answers_that_were_given() {
    let rows = [
        given(1, 1, "Student", "Osmosis"),
        given(2, 2, "Student", "osmosis "),
        given(3, 3, "Student", "Diffusion"),
    ];
    let measures = measured("not json", "Osmosis", &rows);
    assert_eq!(measures.polls[0].solution, Solution::Known { right: 2, of: 3 }, "whatever the case");
    let texts: Vec<&str> = measures.polls[0].options.iter().map(|option| option.text.as_str()).collect();
    assert_eq!((texts.len(), texts[1]), (2, "Diffusion"));
}

#[test]
fn participation_is_of_those_who_answered_any_poll_of_the_course() {
    let mut rows = vec![given(1, 1, "Student", "Yes"), given(2, 2, "Student", "Yes")];
    rows.push((2, 3, 3, "Student", "No".into()));
    let measures = measured(CHOICES, "", &rows);
    assert!(measures.polls.iter().all(|poll| poll.active == 3));
}

#[test]
fn a_choice_of_decks_does_not_make_fewer_students_active() {
    let rows = [given(1, 1, "Student", "Yes"), (2, 3, 2, "Student", "No".into())];
    let csv = csv(CHOICES, "", &rows).replacen("d,Deck", "e,Other deck", 1);
    let mut query = query("2026-02-02", "2026-02-08");
    query.decks = vec!["d".into()];
    let measures = measure(&dataset(&[week("2026-02-02", HEADER, &csv)]), &query);
    let [poll] = measures.polls.as_slice() else { panic!("one poll") };
    assert_eq!((poll.answered.students, poll.active), (1, 2));
}
