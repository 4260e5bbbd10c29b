//! The figures of `notes`.

use super::{decks, rows};
use crate::figure_context::{
    FigureContext, busiest_day, count_cell, days_by, describe_empty, new_figure, plain_row, table_body,
    table_series, to_f64, with_row_action,
};
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::sortable_table::{Cell, ColumnKind, Row, RowAction};
use engine::reports::listing;
use engine::reports::notes::{Measures, measure};
use engine::table::dataset::Dataset;
use protocol::{ColumnContent, Figure};

/// What answers the queries about `notes`.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::events::list_notes),
};

/// Note events per day, per deck and per student; the notes themselves if the query asks for contents.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let measures = &measure(dataset, context.query);
    let locale = context.locale;
    let activity = &measures.activity;
    let total = activity.total;
    let events = |count: u64| locale.count_of(count, "note event", "note events");
    let sentence = if total.events == 0 {
        describe_empty(&activity.days)
    } else {
        let best = busiest_day(&activity.days, |count| count.events);
        text::notes_sentence(locale, total.people, total.events, total.amount, best)
    };
    let caveat = text::join([
        text::NOTES_CAVEAT.to_owned(),
        context.coverage(&activity.days),
        text::unnamed_caveat(locale, total.unnamed, "note event", "note events"),
        context.skipped_rows(activity.skipped_rows),
    ]);
    let mut figures = vec![
        context.per_day(
            ["notes", titles::EVENTS_PER_DAY, text::EVENTS],
            sentence,
            &days_by(&activity.days, |count| count.events),
            vec![
                table_series(text::WORDS, &activity.days, |count| count.amount),
                table_series(text::PEOPLE, &activity.days, |count| count.people),
            ],
            caveat,
        ),
        decks::build_ranking(["decks", titles::EVENTS_PER_DECK, text::EVENTS], context, activity, &|count| {
            events(count.events)
        }),
        decks::build_table(
            ["every-deck", titles::DECKS_WITH_NOTES],
            context,
            activity,
            text::NOTES_CAVEAT,
            (&[text::EVENTS, text::PEOPLE, text::STUDENTS, text::WORDS], &|deck| {
                decks::event_cells(&deck.count).into_iter().chain([count_cell(deck.count.amount)]).collect()
            }),
        ),
        student_table(context, measures),
    ];
    if context.query.contents {
        figures.push(note_table(context, measures));
    }
    figures.push(row_table(context, measures));
    figures
}

fn row_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let activity = &measures.activity;
    let count = activity.total.events;
    let sentence = if count == 0 {
        describe_empty(&activity.days)
    } else {
        text::rows_sentence(context.locale, count, ["note event", "note events"], Some(text::BY_TIME))
    };
    let hidden = if context.query.contents { "" } else { text::CONTENTS_HIDDEN };
    let caveat =
        text::join([hidden.to_owned(), text::NOTES_CAVEAT.to_owned(), context.coverage(&activity.days)]);
    let columns =
        rows::event_columns(&[(text::WORDS, ColumnContent::Amount), (text::NOTE, ColumnContent::Text)]);
    let columns = rows::without_contents(&columns, 1, context.query);
    rows::build_figure(columns, count, crate::text::days_in(context.zone_label), sentence, caveat)
}

fn student_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let rows: Vec<_> = measures
        .students
        .iter()
        .map(|student| {
            let name = if student.name.is_empty() { text::NO_NAME } else { &student.name };
            let cells = vec![
                Cell::text(name),
                count_cell(student.events),
                count_cell(student.words),
                context.day_cell(student.last),
            ];
            Row { id: Some(student.id.clone()), ..plain_row(cells, &student.steps) }
        })
        .collect();
    let total = rows.len() as u64;
    let columns = [
        (text::STUDENT, ColumnKind::Text),
        (text::EVENTS, ColumnKind::Number),
        (text::WORDS, ColumnKind::Number),
        (text::LAST_NOTE, ColumnKind::Date),
    ];
    let sentence = if total == 0 {
        describe_empty(&measures.activity.days)
    } else {
        format!("{} with note events.", context.locale.count_of(total, "student", "students"))
    };
    let caveat = text::join([
        text::STUDENTS_CAVEAT.to_owned(),
        text::NOTES_CAVEAT.to_owned(),
        context.coverage(&measures.activity.days),
        text::SPARK_CAVEAT.to_owned(),
    ]);
    let body =
        with_row_action(table_body(&columns, Some(text::OVER_TIME), rows, total), RowAction::Student, None);
    new_figure(["note-takers", titles::STUDENTS], String::new(), sentence, caveat, body)
}

fn note_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let rows: Vec<_> = measures
        .newest
        .iter()
        .map(|note| {
            let cells = vec![
                context.moment_cell(Some(note.at)),
                Cell::text(note.person.clone()),
                Cell::text(note.deck.clone()),
                Cell::number(note.words.map(to_f64)),
                Cell::text(note.text.clone()),
            ];
            plain_row(cells, &[])
        })
        .collect();
    let shown = rows.len();
    let columns = [
        (text::TIME, ColumnKind::Date),
        (text::PERSON, ColumnKind::Text),
        (text::DECK, ColumnKind::Text),
        (text::WORDS, ColumnKind::Number),
        (text::NOTE, ColumnKind::Text),
    ];
    let total = measures.activity.total.events;
    let sentence = if shown == 0 {
        describe_empty(&measures.activity.days)
    } else {
        format!("{}, the newest first.", context.locale.count_of(total, "note event", "note events"))
    };
    let caveat = text::join([
        text::NOTES_CAVEAT.to_owned(),
        context.coverage(&measures.activity.days),
        text::truncation_caveat(context.locale, shown, total),
    ]);
    new_figure(
        ["written", titles::NOTES],
        String::new(),
        sentence,
        caveat,
        table_body(&columns, None, rows, total),
    )
}
