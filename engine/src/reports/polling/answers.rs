//! The answers to a poll: split into parts, matched with its choices, and as people read them.

use super::content::{self, Choice};
use crate::dictionary::Dictionary;
use crate::reports::cell_text;
use std::collections::BTreeMap;

/// Answers to one poll.
#[derive(Debug)]
pub struct PollAnswers {
    /// The poll's choices.
    pub choices: Vec<Choice>,
    /// The parts of its solution; empty if it has none.
    pub solution: Vec<String>,
    /// By its code, the parts of each distinct answer; empty for an empty answer.
    pub parts: BTreeMap<u32, Vec<String>>,
    encoding: AnswerEncoding,
}

/// One part of an answer or solution, matched with the poll's choices.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchedAnswer {
    /// A choice of the poll, by its index.
    Choice(usize),
    /// A text that matches no choice, in lower case.
    Other(String),
}

/// An answer as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerText {
    /// Its text: the texts of the poll's choices, or what was typed; empty for an empty answer.
    pub text: String,
    /// Whether a part of it is none of the poll's choices, so that somebody typed it.
    pub is_typed: bool,
}

/// Whether answers refer to choices by text or by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerEncoding {
    /// By text; an answer that matches no text may still match an id.
    Texts,
    /// By id: every answer matches an id, and not every answer matches a text.
    Ids,
}

impl PollAnswers {
    /// Splits the answers with these codes. `content` and `solution` are the poll's cells.
    #[must_use]
    pub fn split(
        texts: &Dictionary,
        content: &str,
        solution: &str,
        answers: &mut dyn Iterator<Item = u32>,
    ) -> Self {
        let choices = content::choices(content);
        let solution = split_answer(&choices, solution);
        let mut parts: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for answer in answers {
            parts.entry(answer).or_insert_with(|| split_answer(&choices, &texts.text(answer)));
        }
        let mut all_parts = parts.values().flatten().chain(&solution);
        let all_texts = all_parts.clone().all(|part| find_choice_by_text(&choices, part).is_some());
        let all_ids = all_parts.all(|part| find_choice_by_id(&choices, part).is_some());
        let encoding = if all_ids && !all_texts { AnswerEncoding::Ids } else { AnswerEncoding::Texts };
        Self { choices, solution, parts, encoding }
    }

    /// The parts of an answer or solution, each once and in order.
    #[must_use]
    pub fn match_parts(&self, parts: &[String]) -> Vec<MatchedAnswer> {
        let mut matched: Vec<MatchedAnswer> = Vec::new();
        for part in parts.iter().map(|part| self.match_part(part)) {
            if let Err(place) = matched.binary_search(&part) {
                matched.insert(place, part);
            }
        }
        matched
    }

    fn match_part(&self, part: &str) -> MatchedAnswer {
        let by_text = || find_choice_by_text(&self.choices, part);
        let index = match self.encoding {
            AnswerEncoding::Texts => by_text().or_else(|| find_choice_by_id(&self.choices, part)),
            AnswerEncoding::Ids => find_choice_by_id(&self.choices, part),
        };
        index.map_or_else(|| MatchedAnswer::Other(part.to_lowercase()), MatchedAnswer::Choice)
    }

    /// The text of an answer, from its parts.
    #[must_use]
    pub fn text(&self, parts: &[String]) -> AnswerText {
        let mut is_typed = false;
        let texts = parts.iter().map(|part| match self.match_part(part) {
            MatchedAnswer::Choice(index) => {
                self.choices.get(index).map_or(part.as_str(), |choice| choice.text.as_str())
            }
            MatchedAnswer::Other(_) => {
                is_typed = true;
                part
            }
        });
        let text = texts.collect::<Vec<&str>>().join(", ");
        AnswerText { text, is_typed }
    }
}

fn find_choice_by_text(choices: &[Choice], part: &str) -> Option<usize> {
    let part = part.to_lowercase();
    choices.iter().position(|choice| choice.text.to_lowercase() == part)
}

fn find_choice_by_id(choices: &[Choice], part: &str) -> Option<usize> {
    choices.iter().position(|choice| choice.id.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(part)))
}

/// The parts of an answer: the whole text if it is a choice, the elements of a JSON list, or the text without
/// quotes. Empty for an empty answer.
fn split_answer(choices: &[Choice], answer: &str) -> Vec<String> {
    // A choice may itself be in quotes; removing them could make it equal to another choice.
    let whole = cell_text::strip_html(answer);
    if find_choice_by_text(choices, &whole).is_some() {
        return vec![whole];
    }
    let parts = match cell_text::parse_json(answer) {
        Some(serde_json::Value::Array(parts)) => parts.iter().filter_map(cell_text::value_text).collect(),
        Some(value) => cell_text::value_text(&value).into_iter().collect(),
        None => vec![cell_text::strip_html(answer.trim_matches('"'))],
    };
    parts.into_iter().filter(|part: &String| !part.is_empty() && part != "null").collect()
}
