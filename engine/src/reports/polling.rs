//! `polling`: poll answers, including answers that were changed later.
//!
//! - A person's answer to a poll is their latest one in the range; earlier ones count as changed answers.
//! - An answer is right if `answer` equals `solution`; `isCorrect` is deprecated and ignored. A solution that
//!   is neither a choice nor anybody's answer cannot be compared, and then no answer is right or wrong.
//! - A row without a user id counts as an answer, but not as a person.

pub mod answers;
pub mod content;

use super::activity::{self, Steps};
use super::cell_text;
use super::selection::{Column, ColumnNames, Row, Selection, assign_roles};
use crate::chunked_bit_set::ChunkedBitSet;
use crate::completeness::Completeness;
use crate::dictionary::EMPTY;
use crate::ordering::sort_by;
use crate::person_role::PersonRoles;
use crate::table::dataset::Dataset;
use crate::video_view_columns::SkippedRows;
use answers::{MatchedAnswer, PollAnswers};
use content::Choice;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use domain::time::Day;
use std::collections::BTreeMap;

/// Options of one poll that are listed by name. If there are more, the options that are not choices of the
/// poll and have the fewest answers are added up.
const MAX_OPTIONS: usize = 12;

/// Number of answers, by who gave them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RespondentCounts {
    /// Answers by students.
    pub students: u64,
    /// Answers by other people with a user id.
    pub others: u64,
    /// Answers without a user id.
    pub unnamed: u64,
}

impl RespondentCounts {
    /// The sum of all three.
    #[must_use]
    pub fn total(self) -> u64 {
        self.students + self.others + self.unnamed
    }

    fn add(&mut self, user: u32, role: InstitutionRole) {
        match (user, role) {
            (EMPTY, _) => self.unnamed += 1,
            (_, InstitutionRole::Student) => self.students += 1,
            _ => self.others += 1,
        }
    }

    /// The sums of both, field by field.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            students: self.students + more.students,
            others: self.others + more.others,
            unnamed: self.unnamed + more.unnamed,
        }
    }
}

/// One option of a poll: a choice, an answer that was given, or the solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerOption {
    /// Its text; empty for an empty answer.
    pub text: String,
    /// Whether it is one of the poll's choices. If not, somebody typed it, or only the solution contains it.
    pub is_choice: bool,
    /// People whose latest answer contains it.
    pub respondents: RespondentCounts,
    /// Whether it is the solution or a part of it.
    pub is_solution: bool,
}

/// Whether a poll has a solution, and how many students are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solution {
    /// The rows contain no solution.
    None,
    /// The rows contain a solution that is neither a choice nor anybody's answer, so it cannot be compared.
    Unmatched,
    /// The rows contain a solution that can be compared.
    Known {
        /// Students whose latest answer is the solution.
        right: u64,
        /// Students with an answer.
        of: u64,
    },
}

/// The latest answer of one person to one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestAnswer {
    /// Code of the user id; [`EMPTY`] if the row has none.
    pub user: u32,
    /// The person's role.
    pub role: InstitutionRole,
    /// Code of the section.
    pub section: u32,
    /// Time of the answer: seconds since 1970, UTC.
    pub at: u32,
    /// Code of the answer's text.
    pub answer: u32,
    /// Whether it is the solution; `None` if there is no solution that can be compared.
    pub is_right: Option<bool>,
}

/// One poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// UUID of its activity, as in the rows.
    pub id: String,
    /// The question, as plain text; may be empty.
    pub prompt: String,
    /// The name of its deck; may be empty.
    pub deck: String,
    /// UUID of its deck, as in the rows.
    pub deck_id: String,
    /// Its course as displayed; may be empty.
    pub course: String,
    /// The day of its first answer in the range.
    pub day: Day,
    /// Its choices in their order, then other answers, most frequent first.
    pub options: Vec<AnswerOption>,
    /// Sum over the options that are not listed in `options`, each given less often than those
    /// listed.
    pub other_options: RespondentCounts,
    /// Latest answers, each counted once.
    pub answered: RespondentCounts,
    /// Students who gave at least two different answers in the range.
    pub changed: u64,
    /// The solution.
    pub solution: Solution,
    /// Students who answered any poll of the same course in the range: the known participants.
    pub active: u64,
    /// The latest answer of each person.
    pub latest_answers: Vec<LatestAnswer>,
}

/// Measures of `polling`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// For every day of the range, the number of rows: answers given or changed.
    pub days: Vec<(Day, Completeness<u64>)>,
    /// Polls, the newest first.
    pub polls: Vec<Poll>,
    /// Latest answers, over all polls.
    pub answers: RespondentCounts,
    /// Distinct students.
    pub students: u64,
    /// Distinct people.
    pub people: u64,
    /// The steps of the range.
    pub steps: Steps,
    /// Rows of the copies that could not be read.
    pub skipped_rows: SkippedRows,
}

/// The columns of a poll's rows.
struct PollColumns<'a> {
    prompts: Column<'a>,
    contents: Column<'a>,
    solutions: Column<'a>,
    answers: Column<'a>,
    answer_ids: Column<'a>,
    deck_names: Column<'a>,
}

impl<'a> PollColumns<'a> {
    fn find(selection: &Selection<'a>) -> Self {
        Self {
            prompts: selection.column("activity_prompt"),
            contents: selection.column("activity_content"),
            solutions: selection.column("solution"),
            answers: selection.column("answer"),
            answer_ids: selection.column("answer_id"),
            deck_names: selection.column(activity::DECK_NAME),
        }
    }
}

/// What is known of a course from all of its rows.
#[derive(Default)]
struct Course {
    /// Code of the course as displayed, in its newest row; [`EMPTY`] if no row has it.
    name: u32,
    /// Codes of the students who answered any of its polls.
    active: ChunkedBitSet,
}

/// What identifies an answer: its user; without a user id, its answer id; without either, its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AnswerKey {
    Person(u32),
    Id(u32),
    Row(usize),
}

/// Measures polls and their latest answers.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Measures {
    measure_selection(&Selection::new(dataset, query, &ColumnNames::of(KnownReport::Polling)))
}

/// [`measure`], with the roles of people who have rows in other reports, too.
pub(super) fn measure_with_roles(dataset: &Dataset, query: &MeasureQuery, roles: &PersonRoles) -> Measures {
    let mut selection = Selection::new(dataset, query, &ColumnNames::of(KnownReport::Polling));
    assign_roles(&mut selection.rows, roles);
    measure_selection(&selection)
}

fn measure_selection(selection: &Selection<'_>) -> Measures {
    let columns = PollColumns::find(selection);
    let (poll_ids, course_names) = (selection.column("activity_id"), selection.column(activity::COURSE_NAME));
    let mut courses: BTreeMap<u32, Course> = BTreeMap::new();
    let mut polls: BTreeMap<u32, Vec<&Row>> = BTreeMap::new();
    let mut days = vec![0u64; selection.days.len()];
    let (mut students, mut people) = (ChunkedBitSet::default(), ChunkedBitSet::default());
    // Ignores the deck filter: a student who answered another deck's poll was present, too.
    for row in &selection.rows {
        let course = courses.entry(row.course).or_default();
        let name = course_names.code(row);
        if name != EMPTY {
            course.name = name;
        }
        if row.role == InstitutionRole::Student && row.is_named() {
            course.active.insert(row.user);
        }
    }
    for row in selection.chosen_rows() {
        polls.entry(poll_ids.code(row)).or_default().push(row);
        if let Some(day) = days.get_mut(row.day) {
            *day += 1;
        }
        if row.user == EMPTY {
            continue;
        }
        people.insert(row.user);
        if row.role == InstitutionRole::Student {
            students.insert(row.user);
        }
    }
    let mut polls: Vec<(u32, Poll)> = polls
        .into_iter()
        .filter_map(|(id, rows)| {
            let first = rows.first()?;
            let mut poll = measure_poll(selection, &columns, id, &rows)?;
            let course = courses.get(&first.course)?;
            poll.active = course.active.len();
            poll.course = selection.text(course.name).into_owned();
            Some((first.at, poll))
        })
        .collect();
    sort_by(&mut polls, |(a, one), (b, other)| b.cmp(a).then_with(|| one.id.cmp(&other.id)));
    let polls: Vec<Poll> = polls.into_iter().map(|(_, poll)| poll).collect();
    let answers = polls.iter().fold(RespondentCounts::default(), |sum, poll| sum.plus(poll.answered));
    let days = selection
        .days
        .iter()
        .enumerate()
        .zip(days)
        .map(|((index, (day, _)), rows)| (*day, selection.completeness(index, rows)))
        .collect();
    Measures {
        days,
        polls,
        answers,
        students: students.len(),
        people: people.len(),
        steps: Steps::for_days(&selection.days),
        skipped_rows: selection.skipped_rows,
    }
}

/// Measures one poll from its rows, without `course` and `active`.
fn measure_poll(
    selection: &Selection<'_>,
    columns: &PollColumns<'_>,
    id: u32,
    rows: &[&Row],
) -> Option<Poll> {
    let newest_cell = |column: &Column<'_>| selection.latest_text(rows, column);
    let answer_in = |row: &Row| columns.answers.code(row);
    // Rows are in the order of time, so the last one inserted is the latest.
    let mut latest: BTreeMap<AnswerKey, &Row> = BTreeMap::new();
    // By student, their first answer, and whether a later one differs from it.
    let mut first_answers: BTreeMap<u32, (u32, bool)> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let key = match (row.user, columns.answer_ids.code(row)) {
            (EMPTY, EMPTY) => AnswerKey::Row(index),
            (EMPTY, answer) => AnswerKey::Id(answer),
            (user, _) => AnswerKey::Person(user),
        };
        latest.insert(key, row);
        if row.role == InstitutionRole::Student && row.user != EMPTY {
            let (first, is_changed) = first_answers.entry(row.user).or_insert((answer_in(row), false));
            *is_changed |= *first != answer_in(row);
        }
    }
    let (content, solution) = (newest_cell(&columns.contents), newest_cell(&columns.solutions));
    let mut codes = latest.values().map(|row| answer_in(row));
    let answers = PollAnswers::split(selection.texts, &content, &solution, &mut codes);
    let solution = answers.match_parts(&answers.solution);
    let mut matched: BTreeMap<u32, Vec<MatchedAnswer>> = BTreeMap::new();
    for (code, parts) in &answers.parts {
        matched.insert(*code, answers.match_parts(parts));
    }
    let can_be_compared = !solution.is_empty()
        && (solution.iter().all(|part| matches!(part, MatchedAnswer::Choice(_)))
            || matched.values().any(|answer| *answer == solution));
    let mut counts: BTreeMap<MatchedAnswer, RespondentCounts> = BTreeMap::new();
    let (mut answered, mut right, mut of) = (RespondentCounts::default(), 0, 0);
    let mut latest_answers = Vec::new();
    for row in latest.values() {
        let (section, answer) = (row.section, answer_in(row));
        let parts = matched.get(&answer)?;
        let is_right = can_be_compared.then_some(*parts == solution);
        latest_answers.push(LatestAnswer {
            user: row.user,
            role: row.role,
            section,
            at: row.at,
            answer,
            is_right,
        });
        answered.add(row.user, row.role);
        for part in parts {
            counts.entry(part.clone()).or_default().add(row.user, row.role);
        }
        if parts.is_empty() {
            counts.entry(MatchedAnswer::Other(String::new())).or_default().add(row.user, row.role);
        }
        if row.user != EMPTY && row.role == InstitutionRole::Student {
            of += 1;
            right += u64::from(*parts == solution);
        }
    }
    // Answers that differ only in case are one option, displayed in one of the original spellings.
    let mut spellings: BTreeMap<String, &String> = BTreeMap::new();
    for part in answers.parts.values().flatten() {
        spellings.insert(part.to_lowercase(), part);
    }
    let (mut options, other_options) =
        build_options(&answers.choices, counts, can_be_compared.then_some(solution.as_slice()));
    for option in options.iter_mut().skip(answers.choices.len()) {
        if let Some(spelling) = spellings.get(&option.text) {
            option.text.clone_from(spelling);
        }
    }
    let changed = first_answers.values().filter(|(_, is_changed)| *is_changed).count() as u64;
    Some(Poll {
        id: selection.text(id).into_owned(),
        prompt: cell_text::plain_text(&newest_cell(&columns.prompts)),
        deck: newest_cell(&columns.deck_names),
        deck_id: selection.text(rows.first()?.deck).into_owned(),
        course: String::new(),
        day: selection.days.get(rows.first()?.day)?.0,
        options,
        other_options,
        answered,
        changed,
        solution: match (solution.is_empty(), can_be_compared) {
            (true, _) => Solution::None,
            (false, false) => Solution::Unmatched,
            (false, true) => Solution::Known { right, of },
        },
        active: 0,
        latest_answers,
    })
}

/// The choices in their order, then other answers, most frequent first; and the sum of the options beyond
/// [`MAX_OPTIONS`].
fn build_options(
    choices: &[Choice],
    mut counts: BTreeMap<MatchedAnswer, RespondentCounts>,
    solution: Option<&[MatchedAnswer]>,
) -> (Vec<AnswerOption>, RespondentCounts) {
    let is_solution = |answer: &MatchedAnswer| solution.is_some_and(|solution| solution.contains(answer));
    let mut options: Vec<AnswerOption> = choices
        .iter()
        .enumerate()
        .map(|(index, choice)| AnswerOption {
            text: choice.text.clone(),
            is_solution: is_solution(&MatchedAnswer::Choice(index)),
            is_choice: true,
            respondents: counts.get(&MatchedAnswer::Choice(index)).copied().unwrap_or_default(),
        })
        .collect();
    // The solution is an option even if nobody gave it.
    for part in solution.into_iter().flatten().filter(|part| matches!(part, MatchedAnswer::Other(_))) {
        counts.entry(part.clone()).or_default();
    }
    let mut others: Vec<AnswerOption> = counts
        .into_iter()
        .filter_map(|(answer, respondents)| {
            let is_solution = is_solution(&answer);
            let MatchedAnswer::Other(text) = answer else { return None };
            Some(AnswerOption { text, is_choice: false, respondents, is_solution })
        })
        .collect();
    sort_by(&mut others, |a, b| {
        b.is_solution
            .cmp(&a.is_solution)
            .then_with(|| b.respondents.total().cmp(&a.respondents.total()))
            .then_with(|| a.text.cmp(&b.text))
    });
    let room = MAX_OPTIONS.saturating_sub(options.len());
    let other_options =
        others.iter().skip(room).fold(RespondentCounts::default(), |sum, other| sum.plus(other.respondents));
    options.extend(others.into_iter().take(room));
    (options, other_options)
}

#[cfg(test)]
mod tests;
