//! The rows of `polling`: one for each answer, or change of an answer.

use super::{Cell, Listing, PlainTexts};
use crate::reports::polling::answer_texts::{AnswerText, answer_texts};
use crate::reports::selection::{Column, ColumnNames, Row, Selection};
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use std::collections::{BTreeMap, HashMap};

/// Poll answers in the order of time: time, deck, course, section, person, role, poll, answer. An answer that somebody
/// typed is hidden unless the query includes contents; one of the poll's choices is not.
#[must_use]
pub fn answers(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    let columns = ColumnNames {
        time: "event_timestamp",
        course: "courseId",
        section: "sectionId",
        user: "userid",
        role: "role",
        deck: "presentation_id",
    };
    let selection = Selection::new(dataset, query, &columns);
    let columns = [
        "presentation_name",
        "courseIdentifier",
        "sectionNumber",
        "firstname",
        "lastname",
        "role",
        "activity_id",
        "activity_prompt",
        "activity_content",
        "solution",
        "answer",
    ]
    .map(|name| selection.column(name));
    let texts = selection.texts;
    let [.., poll_column, _, content_column, solution_column, answer_column] = &columns;
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
        let codes = rows.iter().map(|row| answer_column.code(row));
        let (content, solution) = (newest(content_column), newest(solution_column));
        for (code, AnswerText { text, is_typed }) in answer_texts(texts, &content, &solution, codes) {
            let cell = match (text.is_empty(), is_typed && !query.contents) {
                (true, _) => Cell::EmptyAnswer,
                (false, true) => Cell::Hidden,
                (false, false) => listing.add_label(text),
            };
            answers.insert((*poll, code), cell);
        }
    }
    for row in selection.chosen_rows() {
        let [name, course, section, first, last, role, poll, prompt, _, _, answer] =
            columns.each_ref().map(|column| column.code(row));
        let prompt = prompts.cell(prompt, texts, &mut listing);
        listing.push([
            Cell::Time(row.at),
            Cell::Deck { name, id: row.deck },
            Cell::Text(course),
            Cell::Text(section),
            Cell::Person { first, last },
            Cell::Text(role),
            prompt,
            answers.get(&(poll, answer)).copied().unwrap_or_default(),
        ]);
    }
    listing
}
