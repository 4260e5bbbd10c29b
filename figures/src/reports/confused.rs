//! The figures of `confused`.

use super::{decks, rows};
use crate::figure_context::{
    FigureContext, busiest_day, count_cell, days_by, describe_empty, new_figure, plain_row, table_body,
    table_series, to_f64,
};
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::sortable_table::{Cell, ColumnKind};
use engine::reports::confused::{Measures, measure};
use engine::reports::listing;
use engine::table::dataset::Dataset;
use protocol::Figure;

/// The most days that the table of outliers lists, those furthest above the usual first.
const MAX_LISTED: usize = 10;

/// What answers the queries about `confused`.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::events::list_marks),
};

/// Confusion marks per day, outliers, marks by weekday and hour, and marks per deck.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let measures = &measure(dataset, context.query);
    let locale = context.locale;
    let activity = &measures.activity;
    let marks = |count: u64| locale.count_of(count, "mark", "marks");
    let total = activity.total;
    let sentence = if total.events == 0 {
        describe_empty(&activity.days)
    } else {
        let best = busiest_day(&activity.days, |count| count.events);
        text::marks_sentence(locale, total.people, decks::count_chosen(activity), total.events, best)
    };
    let caveat = text::join([
        text::MARK_CAVEAT.to_owned(),
        context.coverage(&activity.days),
        text::unnamed_caveat(locale, total.unnamed, "mark", "marks"),
        context.skipped_rows(activity.skipped_rows),
    ]);
    let row_sentence = if total.events == 0 {
        describe_empty(&activity.days)
    } else {
        text::rows_sentence(locale, total.events, ["confusion mark", "confusion marks"], Some(text::BY_TIME))
    };
    vec![
        context.per_day(
            ["confusion", titles::MARKS_PER_DAY, text::MARKS],
            sentence,
            &days_by(&activity.days, |count| count.events),
            vec![table_series(text::PEOPLE, &activity.days, |count| count.people)],
            caveat,
        ),
        outlier_table(context, measures),
        context.per_hour(
            ["confusion-hours", titles::MARKS_BY_HOUR, text::MARKS],
            &activity.week,
            &marks,
            context.coverage(&activity.days),
        ),
        decks::build_ranking(["decks", titles::MARKS_PER_DECK, text::MARKS], context, activity, &|count| {
            marks(count.events)
        }),
        decks::build_table(
            ["every-deck", titles::DECKS_WITH_MARKS],
            context,
            activity,
            text::MARK_CAVEAT,
            (&[text::MARKS, text::PEOPLE, text::STUDENTS], &|deck| decks::event_cells(&deck.count)),
        ),
        rows::build_figure(
            &rows::event_columns(&[]),
            total.events,
            crate::text::days_in(context.zone_label),
            row_sentence,
            context.coverage(&activity.days),
        ),
    ]
}

fn outlier_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let sentence = match measures.outliers.first() {
        Some(first) => {
            text::outlier_sentence(context.locale, first.day, first.marks, first.usual, &first.deck)
        }
        None if measures.activity.total.events == 0 => describe_empty(&measures.activity.days),
        None => text::NO_SPIKES.to_owned(),
    };
    let rows: Vec<_> = measures
        .outliers
        .iter()
        .take(MAX_LISTED)
        .map(|outlier| {
            let times = (outlier.usual > 0).then(|| to_f64(outlier.marks) / to_f64(outlier.usual));
            let cells = vec![
                context.day_cell(outlier.day),
                Cell::text(outlier.deck.clone()),
                Cell::text(outlier.course.clone()),
                count_cell(outlier.marks),
                count_cell(outlier.usual),
                Cell::number(times),
                count_cell(outlier.people),
            ];
            plain_row(cells, &[])
        })
        .collect();
    let total = measures.outliers.len() as u64;
    let columns = [
        (protocol::text::DAY, ColumnKind::Date),
        (text::MOST_MARKED, ColumnKind::Text),
        (text::COURSE, ColumnKind::Text),
        (text::MARKS, ColumnKind::Number),
        (text::USUAL, ColumnKind::Number),
        (text::TIMES_USUAL, ColumnKind::Number),
        (text::PEOPLE, ColumnKind::Number),
    ];
    let caveat = text::join([
        text::USUAL_CAVEAT.to_owned(),
        context.coverage(&measures.activity.days),
        text::truncation_caveat(context.locale, rows.len(), total),
    ]);
    let unit = context.unit(text::MARKS);
    new_figure(["spikes", titles::OUTLIERS], unit, sentence, caveat, table_body(&columns, None, rows, total))
}
