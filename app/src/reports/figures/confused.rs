//! The figures of `confused`.

use super::decks;
use super::telling::{Telling, beside, by, count, figure, listing, most, nothing, number, row};
use crate::told::Figure;
use crate::words::reports as said;
use crate::words::titles;
use charts::sortable_table::{Cell, ColumnKind};
use engine::reports::confused::Measures;

/// Days that stand out and are told, those furthest above the usual first.
const TOLD: usize = 10;

/// Marks: when, on which days far more than usual, at which hours, on which decks.
#[must_use]
pub fn figures(telling: &Telling<'_>, measures: &Measures) -> Vec<Figure> {
    let tongue = telling.tongue;
    let activity = &measures.activity;
    let marks = |count: u64| tongue.of(count, "mark", "marks");
    let total = activity.total;
    let sentence = if total.events == 0 {
        nothing(&activity.days)
    } else {
        let best = most(&activity.days, |count| count.events);
        said::marked(tongue, total.people, decks::chosen(activity), total.events, best)
    };
    let caveat = said::join([
        said::MARK_CAVEAT.to_owned(),
        telling.coverage(&activity.days),
        said::unnamed(tongue, total.unnamed, "mark", "marks"),
        telling.skipped_rows(activity.skipped_rows),
    ]);
    vec![
        telling.per_day(
            ["confusion", titles::MARKS_PER_DAY, said::MARKS],
            sentence,
            &by(&activity.days, |count| count.events),
            vec![beside(said::PEOPLE, &activity.days, |count| count.people)],
            caveat,
        ),
        outliers(telling, measures),
        telling.per_hour(
            ["confusion-hours", titles::MARKS_BY_HOUR, said::MARKS],
            &activity.week,
            &marks,
            telling.coverage(&activity.days),
        ),
        decks::ranked(["decks", titles::MARKS_PER_DECK, said::MARKS], telling, activity, &|count| {
            marks(count.events)
        }),
        decks::listed(
            ["every-deck", titles::DECKS_WITH_MARKS],
            telling,
            activity,
            said::MARK_CAVEAT,
            (&[said::MARKS, said::PEOPLE, said::STUDENTS], &|deck| decks::cells(&deck.count)),
        ),
    ]
}

fn outliers(telling: &Telling<'_>, measures: &Measures) -> Figure {
    let sentence = match measures.outliers.first() {
        Some(first) => said::stands_out(telling.tongue, first.day, first.marks, first.usual, &first.deck),
        None if measures.activity.total.events == 0 => nothing(&measures.activity.days),
        None => said::NO_SPIKES.to_owned(),
    };
    let rows: Vec<_> = measures
        .outliers
        .iter()
        .take(TOLD)
        .map(|outlier| {
            let times = (outlier.usual > 0).then(|| number(outlier.marks) / number(outlier.usual));
            let cells = vec![
                telling.day_cell(outlier.day),
                Cell::text(outlier.deck.clone()),
                Cell::text(outlier.course.clone()),
                count(outlier.marks),
                count(outlier.usual),
                Cell::number(times),
                count(outlier.people),
            ];
            row(cells, &[])
        })
        .collect();
    let total = measures.outliers.len() as u64;
    let columns = [
        (crate::words::DAY, ColumnKind::Date),
        (said::MOST_MARKED, ColumnKind::Text),
        (said::COURSE, ColumnKind::Text),
        (said::MARKS, ColumnKind::Number),
        (said::USUAL, ColumnKind::Number),
        (said::TIMES_USUAL, ColumnKind::Number),
        (said::PEOPLE, ColumnKind::Number),
    ];
    let caveat = said::join([
        said::USUAL_CAVEAT.to_owned(),
        telling.coverage(&measures.activity.days),
        said::first_of(telling.tongue, rows.len(), total),
    ]);
    let unit = telling.unit(said::MARKS);
    figure(["spikes", titles::SPIKES], unit, sentence, caveat, listing(&columns, None, rows, total))
}
