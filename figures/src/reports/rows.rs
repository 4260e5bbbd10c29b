//! The long table of every row of a report other than `videoview`, whose own is in [`super::videoview`].
//!
//! The figure has only the columns and the number of rows. The rows are those of a [`Listing`], which the page requests
//! separately; [`format_row`] makes their texts, in the order of the columns.

use crate::figure_context::{FigureContext, new_figure};
use crate::text::reports as text;
use crate::text::titles;
use domain::query::MeasureQuery;
use engine::dictionary::{Dictionary, EMPTY};
use engine::label::person_label;
use engine::reports::listing::{Cell, Listing};
use engine::table::cell_value::ValueKind;
use protocol::{Body, ColumnContent, Figure, LongTable, LongTableColumn, LongTableRow, RowList};

/// The id of the figure.
pub const ID: &str = "rows";

/// A column's heading, and what its cells contain.
pub type Column<'a> = (&'a str, ColumnContent);

/// The column of a time.
pub const TIME: Column<'_> = (text::TIME, ColumnContent::Time);
const DECK: Column<'_> = (text::DECK, ColumnContent::Deck);
/// The column of a course.
pub const COURSE: Column<'_> = (text::COURSE, ColumnContent::Course);
/// The column of a section.
pub const SECTION: Column<'_> = (text::SECTION, ColumnContent::Section);
const PERSON: Column<'_> = (text::PERSON, ColumnContent::Person);
/// The column of a role.
pub const ROLE: Column<'_> = (text::ROLE, ColumnContent::Role);

/// The columns of every event, in the order of its cells ([`engine::reports::listing`]).
const EVENT: [Column<'_>; 6] = [TIME, DECK, COURSE, SECTION, PERSON, ROLE];

/// The columns of an event, with those of its report after them.
#[must_use]
pub fn event_columns<'a>(further: &[Column<'a>]) -> Vec<Column<'a>> {
    EVENT.iter().chain(further).copied().collect()
}

/// The columns of videos, in the order of the cells of [`engine::reports::listing::videos::list_library`].
pub const VIDEO_COLUMNS: &[Column<'_>] = &[
    (text::VIDEO, ColumnContent::Video),
    COURSE,
    SECTION,
    (text::OWNER, ColumnContent::Person),
    (text::VIEWS, ColumnContent::Amount),
    (crate::text::course::MINUTES, ColumnContent::Amount),
    (text::DOWNLOADS, ColumnContent::Amount),
    (text::LENGTH, ColumnContent::Amount),
    (text::LAST_VIEW, ColumnContent::Time),
];

/// The column of a week, which stands before those of videos in the order of the cells of
/// [`engine::reports::listing::videos::list_weeks`].
pub const WEEK_COLUMN: Column<'_> = (text::WEEK, ColumnContent::Time);

/// The columns without those of texts that people wrote, which come last, unless the query includes contents.
#[must_use]
pub fn without_contents<'a>(
    columns: &'a [Column<'a>],
    written: usize,
    query: &MeasureQuery,
) -> &'a [Column<'a>] {
    let shown = if query.contents { columns.len() } else { columns.len().saturating_sub(written) };
    columns.get(..shown).unwrap_or_default()
}

/// What the cells of a column of an unknown report contain.
#[must_use]
pub fn content_of(kind: ValueKind) -> ColumnContent {
    match kind {
        ValueKind::Day | ValueKind::Time => ColumnContent::Time,
        ValueKind::Number => ColumnContent::Amount,
        ValueKind::Text => ColumnContent::Text,
    }
}

/// The figure of a table with these columns and so many rows.
#[must_use]
pub fn build_figure(
    columns: &[Column<'_>],
    count: u64,
    unit: String,
    sentence: String,
    caveat: String,
) -> Figure {
    let column =
        |(head, content): &Column<'_>| LongTableColumn { head: (*head).to_owned(), content: *content };
    let columns = columns.iter().map(column).collect();
    let body = Body::LongTable(LongTable { list: RowList::Rows, columns, count, steps: Vec::new() });
    new_figure([ID, titles::EVERY_ROW], unit, sentence, caveat, body)
}

/// A row of the table, from a row of the listing.
#[must_use]
pub fn format_row(
    context: &FigureContext<'_>,
    texts: &Dictionary,
    listing: &Listing,
    cells: &[Cell],
) -> LongTableRow {
    let cells = cells.iter().map(|cell| format_cell(context, texts, listing, *cell)).collect();
    LongTableRow { cells, ..LongTableRow::default() }
}

fn format_cell(context: &FigureContext<'_>, texts: &Dictionary, listing: &Listing, cell: Cell) -> String {
    let locale = context.locale;
    let named = |name: u32, kind: &str, id: u32| match (name, id) {
        (EMPTY, EMPTY) => text::NO_NAME.to_owned(),
        _ => text::name_or_id(&texts.text(name), kind, &texts.text(id)),
    };
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(code) => texts.text(code).into_owned(),
        Cell::Label(index) => listing.label(index).to_owned(),
        Cell::Hidden => text::HIDDEN.to_owned(),
        Cell::EmptyAnswer => text::EMPTY_ANSWER.to_owned(),
        Cell::Time(time) => context.moment(time),
        Cell::Day(day) => locale.format_day(day),
        Cell::Days(from, to) => locale.format_days(from, to),
        Cell::Number(number) => locale.format_number(number),
        Cell::Person { first: EMPTY, last: EMPTY, .. } => text::NO_NAME.to_owned(),
        Cell::Person { id, first, last } => {
            person_label(&texts.text(first), &texts.text(last), &texts.text(id))
        }
        Cell::Deck { name, id } => named(name, text::DECK, id),
        Cell::Video { name, id } => named(name, text::VIDEO, id),
        Cell::Course(code) => text::short_course(&texts.text(code)).to_owned(),
    }
}

#[cfg(test)]
mod tests;
