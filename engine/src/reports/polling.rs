//! `polling`: poll answers, including answers that were changed later.
//!
//! - A person's answer to a poll is their latest on these days; those before it are minds that changed.
//! - Whether it is right is read by comparing `answer` with `solution`; `isCorrect` is deprecated and not looked
//!   at. A solution that is neither a choice nor anybody's answer cannot be compared, and then nothing is right
//!   or wrong.
//! - A row that names nobody is an answer, and never a person.

pub mod content;

use super::activity::Steps;
use super::selection::{ColumnNames, Row, Selection};
use super::{Completeness, Query, cell_text};
use crate::dictionary::EMPTY;
use crate::table::dataset::Dataset;
use crate::video_view_columns::SkippedRows;
use content::Choice;
use domain::institution_role::InstitutionRole;
use domain::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Options of one poll that are told by name; those that were not among its choices and got fewest answers
/// are summed up.
const MAX_OPTIONS: usize = 12;

/// Who gave an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RespondentCounts {
    /// Students.
    pub students: u64,
    /// Others who are named.
    pub others: u64,
    /// Answers that name nobody.
    pub unnamed: u64,
}

impl RespondentCounts {
    /// All of them.
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

    /// These and those.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            students: self.students + more.students,
            others: self.others + more.others,
            unnamed: self.unnamed + more.unnamed,
        }
    }
}

/// One thing that could be, or was, answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerOption {
    /// What it says; empty for an empty answer.
    pub text: String,
    /// Whether it is one of the poll's choices; if not, somebody typed it, or it is the solution alone.
    pub is_choice: bool,
    /// Who chose it at last.
    pub respondents: RespondentCounts,
    /// Whether it is (among) what the solution says.
    pub is_solution: bool,
}

/// What is known of a poll's solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solution {
    /// The rows give none.
    None,
    /// The rows give one that is neither a choice nor anybody's answer: it cannot be compared.
    Unmatched,
    /// Students who are right at last, of those who answered.
    Known {
        /// Students whose latest answer is the solution.
        right: u64,
        /// Students with an answer.
        of: u64,
    },
}

/// Somebody's answer as it stood at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestAnswer {
    /// Code of who gave it; that of the empty text where the rows name nobody.
    pub user: u32,
    /// Their role.
    pub role: InstitutionRole,
    /// Code of the section it was given in.
    pub section: u32,
    /// When, as seconds since 1970, UTC.
    pub at: u32,
    /// Code of what was answered.
    pub answer: u32,
    /// Whether it is the solution; `None` where there is none that can be compared.
    pub is_right: Option<bool>,
}

/// One poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Its activity's UUID, as it came.
    pub id: String,
    /// What was asked; may be empty.
    pub prompt: String,
    /// The name of its deck; may be empty.
    pub deck: String,
    /// Its deck's UUID, as it came.
    pub deck_id: String,
    /// Its course as displayed; may be empty.
    pub course: String,
    /// The day of its first answer on these days.
    pub day: Day,
    /// Its choices in their order, then answers that are none of them, most first.
    pub options: Vec<AnswerOption>,
    /// Further answers, each given less often.
    pub other_options: RespondentCounts,
    /// Who answered.
    pub answered: RespondentCounts,
    /// Students with two different answers on these days.
    pub changed: u64,
    /// The solution.
    pub solution: Solution,
    /// Students who answered any poll of the same course on these days: those who could be known to be there.
    pub active: u64,
    /// The latest answer of everybody.
    pub latest_answers: Vec<LatestAnswer>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Every day of the range: rows, which are answers given or changed.
    pub days: Vec<(Day, Completeness<u64>)>,
    /// Polls, the newest first.
    pub polls: Vec<Poll>,
    /// Answers at last, over all polls.
    pub answers: RespondentCounts,
    /// Distinct students.
    pub students: u64,
    /// Distinct people.
    pub people: u64,
    /// The steps of the range.
    pub steps: Steps,
    /// Rows of the copies that could not be placed.
    pub skipped_rows: SkippedRows,
}

const COLUMNS: ColumnNames<7> = ColumnNames {
    time: "event_timestamp",
    course: "courseId",
    section: "sectionId",
    user: "userid",
    role: "role",
    deck: "presentation_id",
    cells: [
        "activity_id",
        "activity_prompt",
        "activity_content",
        "solution",
        "answer",
        "answer_id",
        "presentation_name",
    ],
};

/// Whose answer it is: a person's, or, where none is named, that of an answer id, or of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AnswerKey {
    Person(u32),
    Id(u32),
    Row(usize),
}

/// Polls and their latest answers.
#[must_use]
pub fn measure(dataset: &Dataset, query: &Query) -> Measures {
    let selection = Selection::new(dataset, query, &COLUMNS);
    let courses = Selection::new(
        dataset,
        query,
        &ColumnNames { cells: ["courseIdentifier"], ..columns_without_cells() },
    );
    let names: BTreeMap<u32, u32> = courses
        .rows
        .iter()
        .map(|row| (row.course, row.cells[0]))
        .filter(|(_, name)| *name != EMPTY)
        .collect();
    let mut polls: BTreeMap<u32, Vec<&Row<7>>> = BTreeMap::new();
    let mut days = vec![0u64; selection.days.len()];
    let mut active: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let (mut students, mut people) = (BTreeSet::new(), BTreeSet::new());
    // Whatever deck is chosen: a student who answered another deck's poll was there.
    for row in selection.rows.iter().filter(|row| row.role == InstitutionRole::Student && row.user != EMPTY) {
        active.entry(row.course).or_default().insert(row.user);
    }
    for row in selection.chosen_rows() {
        polls.entry(row.cells[0]).or_default().push(row);
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
            let mut poll = poll(&selection, id, &rows)?;
            poll.active = active.get(&first.course).map_or(0, |students| students.len() as u64);
            poll.course =
                names.get(&first.course).map_or_else(String::new, |n| selection.text(*n).into_owned());
            Some((first.at, poll))
        })
        .collect();
    polls.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.id.cmp(&other.id)));
    let polls: Vec<Poll> = polls.into_iter().map(|(_, poll)| poll).collect();
    let answers = polls.iter().fold(RespondentCounts::default(), |sum, poll| sum.plus(poll.answered));
    let days = selection
        .days
        .iter()
        .enumerate()
        .zip(days)
        .map(|((place, (day, _)), rows)| (*day, selection.completeness(place, rows)))
        .collect();
    Measures {
        days,
        polls,
        answers,
        students: students.len() as u64,
        people: people.len() as u64,
        steps: Steps::for_days(&selection.days),
        skipped_rows: selection.skipped_rows,
    }
}

const fn columns_without_cells() -> ColumnNames<1> {
    let ColumnNames { time, course, section, user, role, deck, .. } = COLUMNS;
    ColumnNames { time, course, section, user, role, deck, cells: [""] }
}

fn poll(selection: &Selection<'_, 7>, id: u32, rows: &[&Row<7>]) -> Option<Poll> {
    let newest =
        |place: usize| selection.latest_text(rows.iter().filter_map(|row| row.cells.get(place).copied()));
    // Rows stand in the order of time, so the last that is put in is the latest.
    let mut latest: BTreeMap<AnswerKey, &Row<7>> = BTreeMap::new();
    let mut given: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        let key = match (row.user, row.cells[5]) {
            (EMPTY, EMPTY) => AnswerKey::Row(place),
            (EMPTY, answer) => AnswerKey::Id(answer),
            (user, _) => AnswerKey::Person(user),
        };
        latest.insert(key, row);
        if row.role == InstitutionRole::Student && row.user != EMPTY {
            given.entry(row.user).or_default().insert(row.cells[4]);
        }
    }
    let choices = content::choices(&newest(2));
    let solution = parts(&choices, &newest(3));
    let answers: BTreeMap<u32, Vec<String>> =
        latest.values().map(|row| (row.cells[4], parts(&choices, &selection.text(row.cells[4])))).collect();
    let encoding = AnswerEncoding::detect(&choices, answers.values().flatten().chain(&solution));
    let solution: BTreeSet<MatchedAnswer> =
        solution.iter().map(|part| encoding.match_answer(&choices, part)).collect();
    let meant: BTreeMap<u32, BTreeSet<MatchedAnswer>> = answers
        .iter()
        .map(|(code, parts)| {
            (*code, parts.iter().map(|part| encoding.match_answer(&choices, part)).collect())
        })
        .collect();
    let can_be_compared = !solution.is_empty()
        && (solution.iter().all(|part| matches!(part, MatchedAnswer::Choice(_)))
            || meant.values().any(|answer| *answer == solution));
    let mut counts: BTreeMap<MatchedAnswer, RespondentCounts> = BTreeMap::new();
    let (mut answered, mut right, mut of) = (RespondentCounts::default(), 0, 0);
    let mut all = Vec::new();
    for row in latest.values() {
        let meaning = meant.get(&row.cells[4])?;
        let is_right = can_be_compared.then_some(*meaning == solution);
        let (section, answer) = (row.section, row.cells[4]);
        all.push(LatestAnswer { user: row.user, role: row.role, section, at: row.at, answer, is_right });
        answered.add(row.user, row.role);
        for part in meaning {
            counts.entry(part.clone()).or_default().add(row.user, row.role);
        }
        if meaning.is_empty() {
            counts.entry(MatchedAnswer::Other(String::new())).or_default().add(row.user, row.role);
        }
        if row.user != EMPTY && row.role == InstitutionRole::Student {
            of += 1;
            right += u64::from(*meaning == solution);
        }
    }
    // Spellings that differ in case alone are one answer; one of them is shown.
    let spelt: BTreeMap<String, &String> =
        answers.values().flatten().map(|part| (part.to_lowercase(), part)).collect();
    let (mut options, other_options) = options(&choices, counts, can_be_compared.then_some(&solution));
    for option in options.iter_mut().skip(choices.len()) {
        if let Some(spelt) = spelt.get(&option.text) {
            option.text.clone_from(spelt);
        }
    }
    let changed = given.values().filter(|answers| answers.len() > 1).count() as u64;
    Some(Poll {
        id: selection.text(id).into_owned(),
        prompt: cell_text::plain_text(&newest(1)),
        deck: newest(6),
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
        latest_answers: all,
    })
}

/// The choices, then the other answers, most first; and the sum of those that are not told by name.
fn options(
    choices: &[Choice],
    mut counts: BTreeMap<MatchedAnswer, RespondentCounts>,
    solution: Option<&BTreeSet<MatchedAnswer>>,
) -> (Vec<AnswerOption>, RespondentCounts) {
    let is_solution = |meant: &MatchedAnswer| solution.is_some_and(|solution| solution.contains(meant));
    let mut options: Vec<AnswerOption> = choices
        .iter()
        .enumerate()
        .map(|(place, choice)| AnswerOption {
            text: choice.text.clone(),
            is_solution: is_solution(&MatchedAnswer::Choice(place)),
            is_choice: true,
            respondents: counts.remove(&MatchedAnswer::Choice(place)).unwrap_or_default(),
        })
        .collect();
    // What nobody answered is an option too, if it is the solution.
    for part in solution.into_iter().flatten().filter(|part| matches!(part, MatchedAnswer::Other(_))) {
        counts.entry(part.clone()).or_default();
    }
    let mut others: Vec<AnswerOption> = counts
        .into_iter()
        .map(|(meant, respondents)| AnswerOption {
            is_solution: is_solution(&meant),
            is_choice: false,
            text: if let MatchedAnswer::Other(text) = meant { text } else { String::new() },
            respondents,
        })
        .collect();
    others.sort_by(|a, b| {
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

/// What (a part of) an answer or a solution means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum MatchedAnswer {
    /// A choice of the poll, by its place.
    Choice(usize),
    /// Words that are no choice, in lower case.
    Other(String),
}

/// Whether answers tell choices by what they say or by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerEncoding {
    /// By what they say; what nothing says may be an id.
    Texts,
    /// By their ids: every answer is one, and not every answer is a text.
    Ids,
}

impl AnswerEncoding {
    fn detect<'a>(choices: &[Choice], mut given: impl Iterator<Item = &'a String> + Clone) -> Self {
        let all_texts = given.clone().all(|part| by_text(choices, part).is_some());
        let all_ids = given.all(|part| by_id(choices, part).is_some());
        if all_ids && !all_texts { Self::Ids } else { Self::Texts }
    }

    fn match_answer(self, choices: &[Choice], part: &str) -> MatchedAnswer {
        let place = match self {
            Self::Texts => by_text(choices, part).or_else(|| by_id(choices, part)),
            Self::Ids => by_id(choices, part),
        };
        place.map_or_else(|| MatchedAnswer::Other(part.to_lowercase()), MatchedAnswer::Choice)
    }
}

fn by_text(choices: &[Choice], part: &str) -> Option<usize> {
    let wanted = part.to_lowercase();
    choices.iter().position(|choice| choice.text.to_lowercase() == wanted)
}

fn by_id(choices: &[Choice], part: &str) -> Option<usize> {
    choices.iter().position(|choice| choice.id.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(part)))
}

/// The parts of an answer: a choice as it stands, those of a list in JSON, or the text itself; none of an empty one.
fn parts(choices: &[Choice], answer: &str) -> Vec<String> {
    // A choice may itself stand in quotes: without them it would be another.
    let whole = cell_text::strip_html(answer);
    if by_text(choices, &whole).is_some() {
        return vec![whole];
    }
    let parts = match cell_text::parse_json(answer) {
        Some(serde_json::Value::Array(parts)) => parts.iter().filter_map(cell_text::value_text).collect(),
        Some(value) => cell_text::value_text(&value).into_iter().collect(),
        None => vec![cell_text::strip_html(answer.trim_matches('"'))],
    };
    parts.into_iter().filter(|part: &String| !part.is_empty() && part != "null").collect()
}

#[cfg(test)]
mod tests;
