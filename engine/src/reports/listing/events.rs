//! The rows of `presentation`, `confused` and `notes`: one for each event.

use super::{Cell, Listing, PlainTexts};
use crate::reports::selection::{ColumnNames, Selection};
use crate::table::cell_value;
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;

/// Slide views: time, deck, course, section, person, role, number of slides.
#[must_use]
pub fn slide_views(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    list(dataset, query, "slide_count", "")
}

/// Confusion marks: time, deck, course, section, person, role.
#[must_use]
pub fn marks(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    list(dataset, query, "", "")
}

/// Note events: time, deck, course, section, person, role, words; and the note if the query includes contents.
#[must_use]
pub fn notes(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    list(dataset, query, "note_count", if query.contents { "content" } else { "" })
}

/// The events in the order of time. `number` and `text` are the columns of a number and of a text that people wrote;
/// empty if rows have none.
fn list(dataset: &Dataset, query: &MeasureQuery, number: &'static str, text: &'static str) -> Listing {
    let columns = ColumnNames {
        time: "event_timestamp",
        course: "courseId",
        section: "sectionId",
        user: "userid",
        role: "role",
        deck: "presentationID",
    };
    let selection = Selection::new(dataset, query, &columns);
    let columns = [
        "presentationName",
        "courseIdentifier",
        "sectionNumber",
        "firstname",
        "lastname",
        "role",
        number,
        text,
    ]
    .map(|name| selection.column(name));
    let (mut listing, mut plain) = (Listing::default(), PlainTexts::default());
    for row in selection.chosen_rows() {
        let [name, course, section, first, last, role, count, content] =
            columns.each_ref().map(|column| column.code(row));
        let count = cell_value::parse_count(selection.texts.bytes_of(count));
        #[expect(clippy::cast_precision_loss, reason = "counts of slides and words are far below 2^53")]
        let count = (!number.is_empty()).then(|| Cell::number(count.map(|count| count as f64)));
        let content = (!text.is_empty()).then(|| plain.cell(content, selection.texts, &mut listing));
        let cells = [
            Cell::Time(row.at),
            Cell::Deck { name, id: row.deck },
            Cell::Text(course),
            Cell::Text(section),
            Cell::Person { first, last },
            Cell::Text(role),
        ];
        listing.push(cells.into_iter().chain(count).chain(content));
    }
    listing
}
