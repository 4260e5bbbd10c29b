//! Figures that reports about decks share: a ranking and a table of decks.

use crate::figure_context::{
    FigureContext, FilterBar, Titles, count_cell, filter_ranking, new_figure, spark_values, table_body,
    to_f64,
};
use crate::text::reports as text;
use charts::sortable_table::{Cell, ColumnKind, Row};
use engine::reports::activity::{Activity, Deck, EventCounts};
use protocol::{Figure, FilterKind};

/// The most decks in a ranking. The table has all of them.
const MAX_RANKED: usize = 20;

/// The columns after deck and course: their headings, and the cells of a deck.
pub type TableColumns<'a> = (&'a [&'a str], &'a dyn Fn(&Deck) -> Vec<Cell>);

/// A deck's name; without one, the beginning of its id.
#[must_use]
pub fn deck_label(deck: &Deck) -> String {
    text::name_or_id(&deck.name, text::DECK, &deck.id)
}

/// How many decks the filter includes.
#[must_use]
pub fn count_chosen(activity: &Activity) -> u64 {
    activity.decks.iter().filter(|deck| !deck.is_left_out).count() as u64
}

/// Decks by events. A click on a bar filters by its deck.
#[must_use]
pub fn build_ranking(
    [id, title, unit]: Titles<'_>,
    context: &FigureContext<'_>,
    activity: &Activity,
    events: &dyn Fn(&EventCounts) -> String,
) -> Figure {
    let sentence = activity.decks.first().map_or_else(
        || crate::figure_context::describe_empty(&activity.days),
        |first| {
            let people = context.locale.count_of(first.count.people, "person", "people");
            text::leader_sentence(&deck_label(first), &events(&first.count), &people)
        },
    );
    let decks: Vec<&Deck> = activity.decks.iter().take(MAX_RANKED).collect();
    let bars = decks.iter().map(|deck| {
        let beside = vec![Some(to_f64(deck.count.people))];
        FilterBar::new(&deck.id, deck_label(deck), to_f64(deck.count.events), beside, deck.is_left_out)
    });
    let caveat = text::join([
        context.coverage(&activity.days),
        text::truncation_caveat(context.locale, decks.len(), activity.decks.len() as u64),
    ]);
    let heads: (&str, &[&str]) = (text::DECK, &[text::PEOPLE]);
    filter_ranking([id, title, unit], sentence, caveat, heads, FilterKind::Deck, bars)
}

/// A table of all decks.
#[must_use]
pub fn build_table(
    [id, title]: [&str; 2],
    context: &FigureContext<'_>,
    activity: &Activity,
    caveat: &str,
    (heads, cells): TableColumns<'_>,
) -> Figure {
    let rows: Vec<Row> = activity
        .decks
        .iter()
        .map(|deck| Row {
            id: Some(deck.id.clone()),
            cells: [Cell::text(deck_label(deck)), Cell::text(deck.course.clone())]
                .into_iter()
                .chain(cells(deck))
                .collect(),
            spark: spark_values(&deck.steps),
            is_left_out: deck.is_left_out,
            is_flagged: false,
        })
        .collect();
    let columns: Vec<(&str, ColumnKind)> = [(text::DECK, ColumnKind::Text), (text::COURSE, ColumnKind::Text)]
        .into_iter()
        .chain(heads.iter().map(|head| (*head, ColumnKind::Number)))
        .collect();
    let total = rows.len() as u64;
    let sentence = context.locale.count_of(total, "deck", "decks") + ".";
    let sentence = if total == 0 { crate::figure_context::describe_empty(&activity.days) } else { sentence };
    let caveat =
        text::join([caveat.to_owned(), context.coverage(&activity.days), text::SPARK_CAVEAT.to_owned()]);
    let body = table_body(&columns, Some(text::OVER_TIME), rows, total);
    new_figure([id, title], String::new(), sentence, caveat, body)
}

/// The cells of events, people and students.
#[must_use]
pub fn event_cells(of: &EventCounts) -> Vec<Cell> {
    vec![count_cell(of.events), count_cell(of.people), count_cell(of.students)]
}
