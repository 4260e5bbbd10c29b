//! `qanda`: questions with their answers, as threads.
//!
//! The report contains neither unanswered questions, nor the time of a question, nor its lecture. So response
//! times, the number of unanswered questions and the busiest lecture cannot be measured.
//! Each edit of an answer is another row with the same answer id; the latest row is the answer.

use super::cell_text;
use super::selection::{Column, ColumnNames, Row, Selection};
use crate::completeness::Completeness;
use crate::dictionary::EMPTY;
use crate::ordering::sort_by;
use crate::table::dataset::Dataset;
use crate::video_view_columns::SkippedRows;
use domain::ids::UserId;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use domain::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Largest number of threads that are returned.
const MAX_THREADS: usize = 200;

/// An answer, as of its latest row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// When it was written or last edited: seconds since 1970, UTC.
    pub at: u32,
    /// The author's name; may be empty.
    pub person: String,
    /// The author's role.
    pub role: InstitutionRole,
    /// Its text; `None` unless the query includes contents.
    pub text: Option<String>,
    /// Number of its earlier rows in the range.
    pub earlier: u64,
}

/// A question with its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// The question's UUID, as in the rows.
    pub id: String,
    /// The asker's name; may be empty.
    pub person: String,
    /// The asker's role.
    pub role: InstitutionRole,
    /// The question's text; `None` unless the query includes contents.
    pub text: Option<String>,
    /// Its answers, the oldest first.
    pub answers: Vec<Answer>,
}

/// Counts of answers by authors of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleAnswers {
    /// The authors' role.
    pub role: InstitutionRole,
    /// Distinct answers.
    pub answers: u64,
    /// Distinct authors.
    pub people: u64,
}

/// Counts of questions and answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadCounts {
    /// Questions with an answer in the range.
    pub questions: u64,
    /// Distinct answers.
    pub answers: u64,
    /// Distinct people who asked these questions.
    pub askers: u64,
}

/// Measures of `qanda`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// For every day of the range, distinct answers written or edited on it, by authors of the filtered
    /// roles.
    pub days: Vec<(Day, Completeness<u64>)>,
    /// Counts over answers by authors of the filtered roles.
    pub chosen: ThreadCounts,
    /// Counts over all answers. This and the following fields ignore the role filter: a thread is
    /// incomplete without its answers by other roles.
    pub all: ThreadCounts,
    /// Answers by role, in the order of roles; only roles with answers.
    pub roles: Vec<RoleAnswers>,
    /// Questions that a student answered.
    pub answered_by_students: u64,
    /// The newest threads by their last answer, newest first.
    pub threads: Vec<Thread>,
    /// Rows by authors of the filtered roles: answers and edits of answers.
    pub rows: u64,
    /// Rows of the copies that could not be read.
    pub skipped_rows: SkippedRows,
}

/// The columns of ids.
struct IdColumns<'a> {
    questions: Column<'a>,
    askers: Column<'a>,
    answers: Column<'a>,
}

/// Measures threads. Filters of people and roles apply to authors of answers.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Measures {
    let columns = ColumnNames::of(KnownReport::QAndA);
    let selection = Selection::new(dataset, query, &columns);
    let mut all_people = query.clone();
    all_people.base.roles.clear();
    all_people.base.student = None;
    let mut all_answers = Selection::new(dataset, &all_people, &columns);
    let [questions, askers, answers] =
        ["questionid", "question_userid", "answerid"].map(|name| selection.column(name));
    let ids = IdColumns { questions, askers, answers };
    if let Some(student) = &query.base.student {
        retain_threads_with(student, &mut all_answers, &ids);
    }
    let mut days: Vec<BTreeSet<(u32, usize)>> = vec![BTreeSet::new(); selection.days.len()];
    for (index, row) in selection.rows.iter().enumerate() {
        if let Some(day) = days.get_mut(row.day) {
            day.insert(answer_key(index, row, &ids));
        }
    }
    let days = selection
        .days
        .iter()
        .enumerate()
        .zip(&days)
        .map(|((index, (day, _)), answers)| (*day, selection.completeness(index, answers.len() as u64)))
        .collect();
    let threads = group_threads(&all_answers, &ids);
    let mut roles: BTreeMap<InstitutionRole, (u64, BTreeSet<u32>)> = BTreeMap::new();
    let mut answered_by_students = 0;
    for answers in threads.values() {
        let latest = || answers.values().filter_map(|rows| rows.last());
        for row in latest() {
            let (count, people) = roles.entry(row.role).or_default();
            *count += 1;
            if row.user != EMPTY {
                people.insert(row.user);
            }
        }
        answered_by_students += u64::from(latest().any(|row| row.role == InstitutionRole::Student));
    }
    Measures {
        days,
        chosen: count_threads(&group_threads(&selection, &ids), &ids),
        all: count_threads(&threads, &ids),
        roles: roles
            .into_iter()
            .map(|(role, (answers, people))| RoleAnswers { role, answers, people: people.len() as u64 })
            .collect(),
        answered_by_students,
        threads: newest_threads(&all_answers, &threads, query.contents),
        rows: selection.rows.len() as u64,
        skipped_rows: selection.skipped_rows,
    }
}

/// Retains the threads in which a student asked or answered, with all of their answers.
fn retain_threads_with(student: &UserId, selection: &mut Selection<'_>, ids: &IdColumns<'_>) {
    let student = selection.texts.find(student.as_str().as_bytes());
    let has_student = |row: &&Row| Some(row.user) == student || Some(ids.askers.code(row)) == student;
    let threads: BTreeSet<u32> =
        selection.rows.iter().filter(has_student).map(|row| ids.questions.code(row)).collect();
    selection.rows.retain(|row| threads.contains(&ids.questions.code(row)));
}

/// The rows of each answer of a thread by [`answer_key`], the oldest first.
type AnswerRows<'a> = BTreeMap<(u32, usize), Vec<&'a Row>>;

/// Identifies an answer: the code of its id and 0, or, without an id, the index of its row.
fn answer_key(index: usize, row: &Row, ids: &IdColumns<'_>) -> (u32, usize) {
    let answer = ids.answers.code(row);
    (answer, if answer == EMPTY { index } else { 0 })
}

/// The answers of each thread, by the code of the question's id.
fn group_threads<'a>(selection: &'a Selection<'_>, ids: &IdColumns<'_>) -> BTreeMap<u32, AnswerRows<'a>> {
    let mut threads: BTreeMap<u32, AnswerRows<'a>> = BTreeMap::new();
    for (index, row) in selection.rows.iter().enumerate() {
        let answers = threads.entry(ids.questions.code(row)).or_default();
        answers.entry(answer_key(index, row, ids)).or_default().push(row);
    }
    threads
}

fn count_threads(threads: &BTreeMap<u32, AnswerRows<'_>>, ids: &IdColumns<'_>) -> ThreadCounts {
    let latest = threads.values().flat_map(|answers| answers.values().filter_map(|rows| rows.last()));
    let askers: BTreeSet<u32> =
        latest.map(|row| ids.askers.code(row)).filter(|asker| *asker != EMPTY).collect();
    ThreadCounts {
        questions: threads.len() as u64,
        answers: threads.values().map(|answers| answers.len() as u64).sum(),
        askers: askers.len() as u64,
    }
}

fn newest_threads(
    selection: &Selection<'_>,
    threads: &BTreeMap<u32, AnswerRows<'_>>,
    contents: bool,
) -> Vec<Thread> {
    let question_names = ["question_firstname", "question_lastname"].map(|name| selection.column(name));
    let answer_names = ["answer_firstname", "answer_lastname"].map(|name| selection.column(name));
    let [questions, answers, askers, asker_roles] =
        ["question", "answer", "question_userid", "question_role"].map(|name| selection.column(name));
    let cell = |column: &Column<'_>, row: &Row| selection.text(column.code(row));
    let text = |column, row| contents.then(|| cell_text::plain_text(&cell(column, row)));
    let people = selection.names();
    let name = |user: u32, names: &[Column<'_>; 2], row: &Row| {
        people.label(user, names.each_ref().map(|column| column.code(row)), selection.texts)
    };
    let mut threads: Vec<_> = threads
        .iter()
        .filter_map(|(id, rows_by_answer)| {
            let latest = rows_by_answer.values().filter_map(|rows| rows.last());
            Some((latest.max_by_key(|row| row.at)?, *id, rows_by_answer))
        })
        .collect();
    sort_by(&mut threads, |(a, a_id, _), (b, b_id, _)| {
        b.at.cmp(&a.at).then_with(|| selection.text(*a_id).cmp(&selection.text(*b_id)))
    });
    threads
        .into_iter()
        .take(MAX_THREADS)
        .map(|(newest, id, rows_by_answer)| {
            let mut thread_answers: Vec<Answer> = rows_by_answer
                .values()
                .filter_map(|rows| {
                    let row = rows.last()?;
                    let earlier = rows.len() as u64 - 1;
                    Some(Answer {
                        at: row.at,
                        person: name(row.user, &answer_names, row),
                        role: row.role,
                        text: text(&answers, row),
                        earlier,
                    })
                })
                .collect();
            sort_by(&mut thread_answers, |a, b| a.at.cmp(&b.at));
            Thread {
                id: selection.text(id).into_owned(),
                person: name(askers.code(newest), &question_names, newest),
                role: selection.role_of(askers.code(newest), asker_roles.code(newest)),
                text: text(&questions, newest),
                answers: thread_answers,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, query, week};
    use proptest::prelude::*;

    const HEADER: &str = "questionid,question,sectionId,courseId,question_userid,question_firstname,question_lastname,question_email,question_role,answerid,answer,event_timestamp,answer_userid,answer_firstname,answer_lastname,answer_role";

    const ROWS: &str = "\
q1,Why?,s,c,u1,Ana,Nuñez,a@b,Student,a1,Because,2026-02-02 10:00:00,t1,Bo,Li,Instructor
q1,Why?,s,c,u1,Ana,Nuñez,a@b,Student,a1,Because of water,2026-02-03 10:00:00,t1,Bo,Li,Instructor
q1,Why?,s,c,u1,Ana,Nuñez,a@b,Student,a2,I think so,2026-02-02 11:00:00,u2,Cy,Moe,Student
q2,How?,s,c,u1,Ana,Nuñez,a@b,Student,a3,Slowly,2026-02-05 10:00:00,,,,
";

    proptest! {
        #[test]
        fn answers_are_distinct_ids_and_a_day_counts_those_written_or_edited_on_it(
            rows in prop::collection::vec((0u32..6, 2u32..9, 0u32..4), 0..40),
        ) {
            let csv: String = rows
                .iter()
                .map(|(a, day, user)| {
                    // An answer belongs to one question.
                    format!("q{},Why?,s,c,u1,,,,Student,a{a},x,2026-02-0{day} 10:00:00,u{user},,,Student\n", a % 3)
                })
                .collect();
            let dataset = dataset(&[week("2026-02-02", HEADER, &csv)]);
            let measures = measure(&dataset, &query("2026-02-02", "2026-02-08"));
            let ids: BTreeSet<u32> = rows.iter().map(|row| row.0).collect();
            prop_assert_eq!(measures.chosen.answers, ids.len() as u64);
            prop_assert_eq!(measures.chosen.questions, ids.iter().map(|a| a % 3).collect::<BTreeSet<_>>().len() as u64);
            for (index, (_, known)) in measures.days.iter().enumerate() {
                let edited: BTreeSet<u32> =
                    rows.iter().filter(|row| row.1 as usize == index + 2).map(|row| row.0).collect();
                prop_assert_eq!(known.value(), Some(&(edited.len() as u64)));
            }
            prop_assert_eq!(measures.threads.iter().map(|t| t.answers.len()).sum::<usize>(), ids.len());
        }
    }

    #[test]
    fn the_latest_row_of_an_answer_counts() {
        let mut query = query("2026-02-02", "2026-02-08");
        query.contents = true;
        let measures = measure(&dataset(&[week("2026-02-02", HEADER, ROWS)]), &query);
        assert_eq!(measures.all, ThreadCounts { questions: 2, answers: 3, askers: 1 });
        assert_eq!(measures.threads[0].id, "q2", "the newest first");
        let [student, staff] = measures.threads[1].answers.as_slice() else { panic!("two answers") };
        assert_eq!((student.role, student.earlier), (InstitutionRole::Student, 0));
        assert_eq!(staff.text.as_deref(), Some("Because of water"));
        assert_eq!((staff.earlier, staff.person.as_str()), (1, "Li, Bo"));
        let days: Vec<u64> = measures.days.iter().filter_map(|(_, known)| known.value().copied()).collect();
        assert_eq!(days, [2, 1, 0, 1, 0, 0, 0], "an edit counts on the day of the edit");
    }

    #[test]
    fn answers_are_counted_by_role_and_rows_without_a_user_id_are_no_person() {
        let measures =
            measure(&dataset(&[week("2026-02-02", HEADER, ROWS)]), &query("2026-02-02", "2026-02-08"));
        let roles: Vec<_> = measures.roles.iter().map(|by| (by.role, by.answers, by.people)).collect();
        assert_eq!(
            roles,
            [
                (InstitutionRole::Student, 1, 1),
                (InstitutionRole::Instructor, 1, 1),
                (InstitutionRole::Unnamed, 1, 0)
            ]
        );
        assert_eq!(measures.answered_by_students, 1);
        assert!(measures.threads.iter().all(|thread| thread.text.is_none()), "contents are off by default");
    }

    #[test]
    fn the_role_filter_does_not_reduce_threads_or_counts_by_role() {
        let mut query = query("2026-02-02", "2026-02-08");
        query.base.roles = vec![InstitutionRole::Student];
        let measures = measure(&dataset(&[week("2026-02-02", HEADER, ROWS)]), &query);
        assert_eq!(measures.chosen, ThreadCounts { questions: 1, answers: 1, askers: 1 });
        assert_eq!(measures.all, ThreadCounts { questions: 2, answers: 3, askers: 1 });
        assert_eq!(
            (measures.roles.len(), measures.threads[1].answers.len()),
            (3, 2),
            "answers by staff are included"
        );
        assert_eq!(measures.days[1].1.value(), Some(&0), "days apply the role filter");
    }
}
