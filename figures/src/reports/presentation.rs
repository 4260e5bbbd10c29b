//! The figures of `presentation`.

use super::{decks, rows};
use crate::figure_context::{FigureContext, busiest_day, days_by, describe_empty, table_series, to_f64};
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::sortable_table::Cell;
use engine::reports::listing;
use engine::reports::presentation::measure;
use engine::table::dataset::Dataset;
use protocol::{ColumnContent, Figure};

/// What answers the queries about `presentation`.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::events::list_slide_views),
};

/// Slide views per day, by weekday and hour, and per deck.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let activity = &measure(dataset, context.query);
    let locale = context.locale;
    let views = |count: u64| locale.count_of(count, "view", "views");
    let total = activity.total;
    let sentence = if total.events == 0 {
        describe_empty(&activity.days)
    } else {
        let best = busiest_day(&activity.days, |count| count.events);
        text::views_sentence(locale, total.people, decks::count_chosen(activity), total.events, best)
    };
    let caveat = text::join([
        context.coverage(&activity.days),
        text::unnamed_caveat(locale, total.unnamed, "view", "views"),
        context.skipped_rows(activity.skipped_rows),
    ]);
    let row_sentence = if total.events == 0 {
        describe_empty(&activity.days)
    } else {
        text::rows_sentence(locale, total.events, ["slide view", "slide views"], Some(text::BY_TIME))
    };
    vec![
        context.per_day(
            ["slide-views", titles::VIEWS_PER_DAY, text::VIEWS],
            sentence,
            &days_by(&activity.days, |count| count.events),
            vec![
                table_series(text::PEOPLE, &activity.days, |count| count.people),
                table_series(text::STUDENTS, &activity.days, |count| count.students),
            ],
            caveat,
        ),
        context.per_hour(
            ["slide-hours", titles::VIEWS_BY_HOUR, text::VIEWS],
            &activity.week,
            &views,
            context.coverage(&activity.days),
        ),
        decks::build_ranking(["decks", titles::VIEWS_PER_DECK, text::VIEWS], context, activity, &|count| {
            views(count.events)
        }),
        decks::build_table(
            ["every-deck", titles::EVERY_DECK],
            context,
            activity,
            text::SLIDES_CAVEAT,
            (&[text::VIEWS, text::PEOPLE, text::STUDENTS, text::SLIDES], &|deck| {
                let slides = Cell::number(deck.newest.map(to_f64));
                decks::event_cells(&deck.count).into_iter().chain([slides]).collect()
            }),
        ),
        rows::build_figure(
            &rows::event_columns(&[(text::SLIDES_SHORT, ColumnContent::Amount)]),
            total.events,
            crate::text::days_in(context.zone_label),
            row_sentence,
            context.coverage(&activity.days),
        ),
    ]
}
