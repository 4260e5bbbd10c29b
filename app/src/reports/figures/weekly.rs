//! The figures of `assetbydate`: week by week.

use super::library::{ignored, name, section};
use super::telling::{Telling, bars_of, count, counted, figure, level, listing, number, row};
use crate::told::Figure;
use crate::words::reports as said;
use crate::words::titles;
use charts::model::{Bar, Series};
use charts::sortable_table::{Cell, ColumnKind, Row};
use engine::reports::Completeness;
use engine::reports::library::are_of_several_courses;
use engine::reports::weekly::{Measures, WeekTotals, WeeklySeries};

/// Lines in a table, most views first.
const LISTED: usize = 2_000;

/// What was watched: by week, by section, by video.
#[must_use]
pub fn figures(telling: &Telling<'_>, measures: &Measures) -> Vec<Figure> {
    let tongue = telling.tongue;
    let all_missing = measures.weeks.iter().all(|week| week.known == Completeness::Missing);
    let viewed = measures.videos.iter().filter(|line| line.entry.sums.is_viewed());
    let viewed =
        viewed.map(|line| line.entry.id.as_str()).collect::<std::collections::BTreeSet<_>>().len() as u64;
    let known = measures.weeks.iter().filter(|week| week.known != Completeness::Missing).count() as u64;
    let sentence = match (all_missing, viewed) {
        (true, _) => said::NOTHING_HERE.to_owned(),
        (false, 0) => said::NO_ACTIVITY.to_owned(),
        _ => said::weeks(tongue, viewed, known),
    };
    let count = |is: &dyn Fn(&Completeness<WeekTotals>) -> bool| {
        measures.weeks.iter().filter(|week| is(&week.known)).count() as u64
    };
    let provisional = count(&|known| matches!(known, Completeness::Provisional(_)));
    let missing = count(&|known| *known == Completeness::Missing);
    let caveat = said::join([
        said::coverage_of_weeks(tongue, missing, provisional),
        said::SUMS_CAVEAT.to_owned(),
        ignored(measures.is_sections_ignored),
        said::left_out(tongue, measures.left_out),
        said::skipped_rows(tongue, measures.ragged),
    ]);
    let hatched = if provisional > 0 { said::HATCHED_WEEK } else { "" };
    let caveat_of_bars = said::join([hatched.to_owned(), caveat.clone()]);
    let several = if measures.repeated > 0 { said::SEVERAL_SECTIONS } else { "" };
    let caveat_of_sums = said::join([several.to_owned(), caveat]);
    let bars = |of: &dyn Fn(&WeekTotals) -> f64| {
        let bar = |week: &engine::reports::weekly::Week| {
            let days = format!("{} – {}", tongue.full_day(week.from), tongue.full_day(week.to));
            let numbered = telling.week_of(week.from);
            Bar {
                name: numbered.map_or_else(|| days.clone(), |it| said::numbered(&it.name, &days)),
                short: numbered.map_or_else(|| tongue.short_day(week.from), |it| it.short.clone()),
                is_landmark: true,
                level: level(&week.known.map(of)),
            }
        };
        measures.weeks.iter().map(bar).collect::<Vec<_>>()
    };
    let unit = |unit: &str| format!("{unit} · {}", crate::words::days_in("UTC"));
    let titles = ["videos-viewed", titles::VIDEOS_BY_WEEK, said::VIDEOS];
    let head = said::WEEK;
    let per_week = (head, bars(&|watched| number(watched.videos)));
    let mut figures = vec![bars_of(
        titles,
        unit(said::VIDEOS),
        sentence.clone(),
        per_week,
        Vec::new(),
        caveat_of_bars.clone(),
    )];
    // Views are added over all rows only where no video stands twice in any week, and each says its views.
    let sums = measures.weeks.iter().filter_map(|week| week.known.value());
    if !all_missing && sums.clone().all(|watched| watched.sums.is_some_and(|sums| sums.views.is_some())) {
        let minutes = measures.weeks.iter().map(|week| week.known.value()?.sums?.minutes);
        let beside = vec![Series { name: said::MINUTES.to_owned(), values: minutes.collect() }];
        let views = bars(&|watched| watched.sums.and_then(|sums| sums.views).map_or(0.0, number));
        let titles = ["views-by-week", titles::VIEWS_BY_WEEK, said::VIEWS];
        figures.push(bars_of(titles, unit(said::VIEWS), sentence, (head, views), beside, caveat_of_bars));
    }
    let are_several = are_of_several_courses(measures.videos.iter().map(|line| &line.entry));
    let section_of = |line: &WeeklySeries| format!("{} {}", said::SECTION, section(&line.entry, are_several));
    figures.push(lines(
        telling,
        ["sections-by-week", titles::SECTIONS],
        (&measures.sections, said::SECTION, &section_of),
        &caveat_of_sums,
    ));
    figures.push(lines(
        telling,
        ["every-video", titles::EVERY_VIDEO_ANYWHERE],
        (&measures.videos, said::VIDEO, &|line| name(&line.entry, are_several)),
        &caveat_of_sums,
    ));
    figures
}

type Lines<'a> = (&'a [WeeklySeries], &'a str, &'a dyn Fn(&WeeklySeries) -> String);

fn lines(telling: &Telling<'_>, titles: [&str; 2], (lines, head, name): Lines<'_>, caveat: &str) -> Figure {
    let columns = [
        (head, ColumnKind::Text),
        (said::VIDEOS, ColumnKind::Number),
        (said::VIEWS, ColumnKind::Number),
        (said::MINUTES, ColumnKind::Number),
        (said::LIVE, ColumnKind::Number),
        (said::ON_DEMAND, ColumnKind::Number),
        (said::DOWNLOADS, ColumnKind::Number),
        (said::LAST_VIEW, ColumnKind::Date),
    ];
    let rows: Vec<Row> = lines
        .iter()
        .take(LISTED)
        .map(|line| {
            let sums = &line.entry.sums;
            let cells = vec![
                Cell::text(name(line)),
                count(line.videos),
                counted(sums.views),
                Cell::number(sums.minutes),
                counted(sums.live),
                counted(sums.on_demand),
                counted(sums.downloads),
                telling.moment_cell(line.entry.last_view),
            ];
            row(cells, &line.weeks)
        })
        .collect();
    let total = lines.len() as u64;
    let sentence = lines.first().filter(|first| first.entry.sums.is_viewed()).map_or_else(
        || said::NO_ACTIVITY.to_owned(),
        |first| {
            let views = telling.tongue.of(first.entry.sums.views.unwrap_or(0), "view", "views");
            format!("{} has the most: {views}.", name(first))
        },
    );
    let caveat = said::join([
        caveat.to_owned(),
        said::SPARK_CAVEAT.to_owned(),
        said::first_of(telling.tongue, rows.len(), total),
    ]);
    let body = listing(&columns, Some(said::OVER_TIME), rows, total);
    figure(titles, String::new(), sentence, caveat, body)
}
