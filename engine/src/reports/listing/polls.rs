//! The rows of `polling`: one for each answer, or change of an answer.

use super::{Cell, EventColumns, Listing, PlainTexts};
use crate::reports::polling::answers::{AnswerText, PollAnswers};
use crate::reports::selection::{Column, ColumnNames, Row, Selection};
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use domain::report::KnownReport;
use std::collections::{BTreeMap, HashMap};

/// Poll answers in the order of time: time, deck, course, section, person, role, poll, answer. An answer that somebody typed is hidden
/// unless the query includes contents; one of the poll's choices is not.
#[must_use]
pub fn list_answers(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    let selection = Selection::new(dataset, query, &ColumnNames::of(KnownReport::Polling));
    let events = EventColumns::find(&selection);
    let [poll_column, prompt_column, content_column, solution_column, answer_column] =
        ["activity_id", "activity_prompt", "activity_content", "solution", "answer"]
            .map(|name| selection.column(name));
    let texts = selection.texts;
    let mut polls: BTreeMap<u32, Vec<&Row>> = BTreeMap::new();
    for row in selection.chosen_rows() {
        polls.entry(poll_column.code(row)).or_default().push(row);
    }
    let (mut listing, mut prompts) = (Listing::default(), PlainTexts::default());
    // By poll and answer.
    let mut answers: HashMap<(u32, u32), Cell> = HashMap::new();
    for (poll, rows) in &polls {
        // Like the poll's figure, which takes the newest texts.
        let newest = |column: &Column<'_>| selection.latest_text(rows, column);
        let mut codes = rows.iter().map(|row| answer_column.code(row));
        let (content, solution) = (newest(&content_column), newest(&solution_column));
        let poll_answers = PollAnswers::split(texts, &content, &solution, &mut codes);
        for (code, parts) in &poll_answers.parts {
            let AnswerText { text, is_typed } = poll_answers.text(parts);
            let cell = match (text.is_empty(), is_typed && !query.contents) {
                (true, _) => Cell::EmptyAnswer,
                (false, true) => Cell::Hidden,
                (false, false) => listing.add_label(text),
            };
            answers.insert((*poll, *code), cell);
        }
    }
    for row in selection.chosen_rows() {
        let prompt = prompts.cell(prompt_column.code(row), texts, &mut listing);
        let answer = answers.get(&(poll_column.code(row), answer_column.code(row)));
        listing.push(events.cells(row).into_iter().chain([prompt, answer.copied().unwrap_or_default()]));
    }
    listing
}
