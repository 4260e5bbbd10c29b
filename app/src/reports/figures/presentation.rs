//! The figures of `presentation`.

use super::decks;
use super::telling::{Telling, beside, by, most, nothing, number};
use crate::told::Figure;
use crate::words::reports as said;
use crate::words::titles;
use charts::sortable_table::Cell;
use engine::reports::activity::Activity;

/// Looks at decks: when, at which hours, at which decks.
#[must_use]
pub fn figures(telling: &Telling<'_>, activity: &Activity) -> Vec<Figure> {
    let tongue = telling.tongue;
    let views = |count: u64| tongue.of(count, "view", "views");
    let total = activity.total;
    let sentence = if total.events == 0 {
        nothing(&activity.days)
    } else {
        let best = most(&activity.days, |count| count.events);
        said::opened(tongue, total.people, decks::chosen(activity), total.events, best)
    };
    let caveat = said::join([
        telling.coverage(&activity.days),
        said::unnamed(tongue, total.unnamed, "view", "views"),
        telling.skipped_rows(activity.skipped_rows),
    ]);
    vec![
        telling.per_day(
            ["slide-views", titles::VIEWS_PER_DAY, said::VIEWS],
            sentence,
            &by(&activity.days, |count| count.events),
            vec![
                beside(said::PEOPLE, &activity.days, |count| count.people),
                beside(said::STUDENTS, &activity.days, |count| count.students),
            ],
            caveat,
        ),
        telling.per_hour(
            ["slide-hours", titles::VIEWS_BY_HOUR, said::VIEWS],
            &activity.week,
            &views,
            telling.coverage(&activity.days),
        ),
        decks::ranked(["decks", titles::VIEWS_PER_DECK, said::VIEWS], telling, activity, &|count| {
            views(count.events)
        }),
        decks::listed(
            ["every-deck", titles::EVERY_DECK],
            telling,
            activity,
            said::SLIDES_CAVEAT,
            (&[said::VIEWS, said::PEOPLE, said::STUDENTS, said::SLIDES], &|deck| {
                let slides = Cell::number(deck.newest.map(number));
                decks::cells(&deck.count).into_iter().chain([slides]).collect()
            }),
        ),
    ]
}
