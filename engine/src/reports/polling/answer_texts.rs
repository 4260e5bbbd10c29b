//! The readable text of each answer to a poll.

use super::content;
use super::{AnswerEncoding, MatchedAnswer, split_answer};
use crate::dictionary::Dictionary;
use std::collections::BTreeMap;

/// An answer as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerText {
    /// Its text: the texts of the poll's choices, or what was typed; empty for an empty answer.
    pub text: String,
    /// Whether a part of it is none of the poll's choices, so that somebody typed it.
    pub is_typed: bool,
}

/// The texts of the answers with these codes, by code. `content` and `solution` are the poll's cells.
#[must_use]
pub fn answer_texts(
    texts: &Dictionary,
    content: &str,
    solution: &str,
    answers: impl Iterator<Item = u32>,
) -> BTreeMap<u32, AnswerText> {
    let choices = content::choices(content);
    let solution = split_answer(&choices, solution);
    let answers: BTreeMap<u32, Vec<String>> =
        answers.map(|code| (code, split_answer(&choices, &texts.text(code)))).collect();
    let encoding = AnswerEncoding::detect(&choices, answers.values().flatten().chain(&solution));
    let read = |parts: Vec<String>| {
        let mut is_typed = false;
        let parts = parts.into_iter().map(|part| match encoding.match_part(&choices, &part) {
            MatchedAnswer::Choice(index) => choices.get(index).map_or(part, |choice| choice.text.clone()),
            MatchedAnswer::Other(_) => {
                is_typed = true;
                part
            }
        });
        let text = parts.collect::<Vec<String>>().join(", ");
        AnswerText { text, is_typed }
    };
    answers.into_iter().map(|(code, parts)| (code, read(parts))).collect()
}
