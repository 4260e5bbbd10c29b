//! The figures of `notes`.

use super::decks;
use super::telling::{Telling, beside, by, count, figure, listing, most, nothing, number, opening, row};
use crate::told::Figure;
use crate::words::reports as said;
use crate::words::titles;
use charts::sortable_table::{Cell, ColumnKind, Row, RowAction};
use engine::reports::notes::Measures;

/// Note events: when, on which decks, by which students; what was written, if that was asked for.
#[must_use]
pub fn figures(telling: &Telling<'_>, measures: &Measures) -> Vec<Figure> {
    let tongue = telling.tongue;
    let activity = &measures.activity;
    let total = activity.total;
    let events = |count: u64| tongue.of(count, "note event", "note events");
    let sentence = if total.events == 0 {
        nothing(&activity.days)
    } else {
        let best = most(&activity.days, |count| count.events);
        said::noted(tongue, total.people, total.events, total.amount, best)
    };
    let caveat = said::join([
        said::NOTES_CAVEAT.to_owned(),
        telling.coverage(&activity.days),
        said::unnamed(tongue, total.unnamed, "note event", "note events"),
        telling.skipped_rows(activity.skipped_rows),
    ]);
    let mut figures = vec![
        telling.per_day(
            ["notes", titles::EVENTS_PER_DAY, said::EVENTS],
            sentence,
            &by(&activity.days, |count| count.events),
            vec![
                beside(said::WORDS, &activity.days, |count| count.amount),
                beside(said::PEOPLE, &activity.days, |count| count.people),
            ],
            caveat,
        ),
        decks::ranked(["decks", titles::EVENTS_PER_DECK, said::EVENTS], telling, activity, &|count| {
            events(count.events)
        }),
        decks::listed(
            ["every-deck", titles::DECKS_WITH_NOTES],
            telling,
            activity,
            said::NOTES_CAVEAT,
            (&[said::EVENTS, said::PEOPLE, said::STUDENTS, said::WORDS], &|deck| {
                decks::cells(&deck.count).into_iter().chain([count(deck.count.amount)]).collect()
            }),
        ),
        students(telling, measures),
    ];
    if telling.question.contents {
        figures.push(written(telling, measures));
    }
    figures
}

fn students(telling: &Telling<'_>, measures: &Measures) -> Figure {
    let rows: Vec<_> = measures
        .students
        .iter()
        .map(|student| {
            let name = if student.name.is_empty() { said::NO_NAME } else { &student.name };
            let cells = vec![
                Cell::text(name),
                count(student.events),
                count(student.words),
                telling.day_cell(student.last),
            ];
            Row { id: Some(student.id.clone()), ..row(cells, &student.steps) }
        })
        .collect();
    let total = rows.len() as u64;
    let columns = [
        (said::STUDENT, ColumnKind::Text),
        (said::EVENTS, ColumnKind::Number),
        (said::WORDS, ColumnKind::Number),
        (said::LAST_NOTE, ColumnKind::Date),
    ];
    let sentence = if total == 0 {
        nothing(&measures.activity.days)
    } else {
        format!("{} with note events.", telling.tongue.of(total, "student", "students"))
    };
    let caveat = said::join([
        said::STUDENTS_CAVEAT.to_owned(),
        said::NOTES_CAVEAT.to_owned(),
        telling.coverage(&measures.activity.days),
        said::SPARK_CAVEAT.to_owned(),
    ]);
    let body = opening(listing(&columns, Some(said::OVER_TIME), rows, total), RowAction::Student, None);
    figure(["note-takers", titles::NOTE_TAKERS], String::new(), sentence, caveat, body)
}

fn written(telling: &Telling<'_>, measures: &Measures) -> Figure {
    let rows: Vec<_> = measures
        .newest
        .iter()
        .map(|note| {
            let cells = vec![
                telling.moment_cell(Some(note.at)),
                Cell::text(note.person.clone()),
                Cell::text(note.deck.clone()),
                Cell::number(note.words.map(number)),
                Cell::text(note.text.clone()),
            ];
            row(cells, &[])
        })
        .collect();
    let shown = rows.len();
    let columns = [
        (said::TIME, ColumnKind::Date),
        (said::PERSON, ColumnKind::Text),
        (said::DECK, ColumnKind::Text),
        (said::WORDS, ColumnKind::Number),
        (said::NOTE, ColumnKind::Text),
    ];
    let total = measures.activity.total.events;
    let sentence = if shown == 0 {
        nothing(&measures.activity.days)
    } else {
        format!("{}, the newest first.", telling.tongue.of(total, "note event", "note events"))
    };
    let caveat = said::join([
        said::NOTES_CAVEAT.to_owned(),
        telling.coverage(&measures.activity.days),
        said::first_of(telling.tongue, shown, total),
    ]);
    figure(
        ["written", titles::WRITTEN],
        String::new(),
        sentence,
        caveat,
        listing(&columns, None, rows, total),
    )
}
