//! The rows of `qanda`: one for each answer to a question, or edit of an answer.

use super::{Cell, Listing, PlainTexts, person_cell};
use crate::reports::selection::{ColumnNames, Selection};
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use domain::report::KnownReport;

/// Answers in the order of time: time, course, section, who answered, their role, who asked; and the question and the
/// answer if the query includes contents. Filters of people and roles apply to those who answered.
#[must_use]
pub fn list_answers(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    let selection = Selection::new(dataset, query, &ColumnNames::of(KnownReport::QAndA));
    let columns = [
        "courseIdentifier",
        "sectionNumber",
        "answer_firstname",
        "answer_lastname",
        "answer_role",
        "question_firstname",
        "question_lastname",
        "question",
        "answer",
    ]
    .map(|name| selection.column(name));
    let (people, askers) = (selection.names(), selection.column("question_userid"));
    let (mut listing, mut plain) = (Listing::default(), PlainTexts::default());
    for row in &selection.rows {
        let [course, section, first, last, role, asker_first, asker_last, question, answer] =
            columns.each_ref().map(|column| column.code(row));
        let contents = query
            .contents
            .then(|| [question, answer].map(|code| plain.cell(code, selection.texts, &mut listing)));
        let cells = [
            Cell::Time(row.at),
            Cell::Text(course),
            Cell::Text(section),
            person_cell(&people, row.user, [first, last]),
            Cell::Text(role),
            person_cell(&people, askers.code(row), [asker_first, asker_last]),
        ];
        listing.push(cells.into_iter().chain(contents.into_iter().flatten()));
    }
    listing
}
