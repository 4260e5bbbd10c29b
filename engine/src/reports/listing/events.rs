//! The rows of `presentation`, `confused` and `notes`: one for each event.

use super::{Cell, EventColumns, Listing, PlainTexts};
use crate::reports::selection::{ColumnNames, Selection};
use crate::table::cell_value;
use crate::table::dataset::Dataset;
use domain::query::MeasureQuery;
use domain::report::KnownReport;

/// Slide views: time, deck, course, section, person, role, and the number of slides.
#[must_use]
pub fn list_slide_views(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    list(KnownReport::Presentation, dataset, query, "slide_count", "")
}

/// Confusion marks: time, deck, course, section, person, role.
#[must_use]
pub fn list_marks(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    list(KnownReport::Confused, dataset, query, "", "")
}

/// Note events: time, deck, course, section, person, role, the number of words; and the note if the query includes contents.
#[must_use]
pub fn list_notes(dataset: &Dataset, query: &MeasureQuery) -> Listing {
    list(KnownReport::Notes, dataset, query, "note_count", if query.contents { "content" } else { "" })
}

/// The events in the order of time. `number` and `text` are the columns of a number and of a text that people wrote;
/// empty if rows have none.
fn list(
    report: KnownReport,
    dataset: &Dataset,
    query: &MeasureQuery,
    number: &'static str,
    text: &'static str,
) -> Listing {
    let selection = Selection::new(dataset, query, &ColumnNames::of(report));
    let events = EventColumns::find(&selection);
    let [numbers, contents] = [number, text].map(|name| selection.column(name));
    let (mut listing, mut plain) = (Listing::default(), PlainTexts::default());
    for row in selection.chosen_rows() {
        let count = cell_value::parse_count(selection.texts.bytes_of(numbers.code(row)));
        #[expect(clippy::cast_precision_loss, reason = "counts of slides and words are far below 2^53")]
        let count = (!number.is_empty()).then(|| Cell::number(count.map(|count| count as f64)));
        let content =
            (!text.is_empty()).then(|| plain.cell(contents.code(row), selection.texts, &mut listing));
        listing.push(events.cells(row).into_iter().chain(count).chain(content));
    }
    listing
}
