//! The figures of `assetbydate`: week by week.

use super::library::{ignored_sections_caveat, section_label, video_label};
use super::rows;
use crate::figure_context::{
    FigureContext, bar_figure, count_cell, data_point, new_figure, optional_count_cell, plain_row,
    table_body, to_f64, with_breaks,
};
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::model::{Bar, Series};
use charts::sortable_table::{Cell, ColumnKind, Row};
use engine::completeness::Completeness;
use engine::ordering::sort_by;
use engine::reports::library::are_of_several_courses;
use engine::reports::listing;
use engine::reports::weekly::{WeekTotals, WeeklySeries, measure};
use engine::table::dataset::Dataset;
use protocol::Figure;

/// The most rows of a table, those with the most views first.
const MAX_LISTED: usize = 2_000;

/// What answers the queries about `assetbydate`.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::videos::list_weeks),
};

/// Videos and views per week, by section and by video.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let measures = &measure(dataset, context.query);
    let locale = context.locale;
    let all_missing = measures.weeks.iter().all(|week| week.known == Completeness::Missing);
    let viewed = measures.videos.iter().filter(|line| line.entry.sums.is_viewed());
    let mut viewed: Vec<&str> = viewed.map(|line| line.entry.id.as_str()).collect();
    sort_by(&mut viewed, |a, b| a.cmp(b));
    viewed.dedup();
    let viewed = viewed.len() as u64;
    let known = measures.weeks.iter().filter(|week| week.known != Completeness::Missing).count() as u64;
    let sentence = match (all_missing, viewed) {
        (true, _) => text::NOTHING_LOADED.to_owned(),
        (false, 0) => text::NO_ACTIVITY.to_owned(),
        _ => text::viewed_videos_sentence(locale, viewed, known),
    };
    let count = |is: &dyn Fn(&Completeness<WeekTotals>) -> bool| {
        measures.weeks.iter().filter(|week| is(&week.known)).count() as u64
    };
    let provisional = count(&|known| matches!(known, Completeness::Provisional(_)));
    let missing = count(&|known| *known == Completeness::Missing);
    let without_course = measures.rows_without_course;
    let rows_without_course = locale.count_of(without_course, "row", "rows");
    let caveat = text::join([
        text::week_coverage_caveat(locale, missing, provisional),
        text::without_course_caveat(&rows_without_course, to_f64(without_course)),
        text::SUMS_CAVEAT.to_owned(),
        ignored_sections_caveat(measures.is_sections_ignored),
        text::excluded_weeks_caveat(locale, measures.left_out),
        text::skipped_rows_caveat(locale, measures.ragged),
    ]);
    let hatched = if provisional > 0 { text::HATCHED_WEEK } else { "" };
    let caveat_of_bars = text::join([hatched.to_owned(), context.breaks_caveat(), caveat.clone()]);
    let breaks = context.breaks_among(measures.weeks.iter().map(|week| (week.from, week.to)));
    let several = if measures.repeated > 0 { text::SEVERAL_SECTIONS } else { "" };
    let caveat_of_sums = text::join([several.to_owned(), caveat]);
    let bars = |of: &dyn Fn(&WeekTotals) -> f64| {
        let bar = |week: &engine::reports::weekly::Week| {
            let days = format!("{} – {}", locale.format_day(week.from), locale.format_day(week.to));
            let numbered = context.week_of(week.from);
            Bar {
                name: numbered.map_or_else(|| days.clone(), |it| text::week_label(&it.name, &days)),
                short: numbered.map_or_else(|| locale.format_short_day(week.from), |it| it.short.clone()),
                is_landmark: true,
                level: data_point(&week.known.map(of)),
            }
        };
        measures.weeks.iter().map(bar).collect::<Vec<_>>()
    };
    let unit = |unit: &str| format!("{unit} · {}", crate::text::days_in("UTC"));
    let titles = ["videos-viewed", titles::VIDEOS_BY_WEEK, text::VIDEOS];
    let head = text::WEEK;
    let per_week = (head, bars(&|watched| to_f64(watched.videos)));
    let videos = bar_figure(
        titles,
        unit(text::VIDEOS),
        sentence.clone(),
        per_week,
        Vec::new(),
        caveat_of_bars.clone(),
    );
    let mut figures = vec![with_breaks(videos, breaks.clone())];
    // Views are added over all rows only where no video stands twice in any week, and each says its views.
    let sums = measures.weeks.iter().filter_map(|week| week.known.value());
    if !all_missing && sums.clone().all(|watched| watched.sums.is_some_and(|sums| sums.views.is_some())) {
        let minutes = measures.weeks.iter().map(|week| week.known.value()?.sums?.minutes);
        let beside = vec![Series { name: text::MINUTES.to_owned(), values: minutes.collect() }];
        let views = bars(&|watched| watched.sums.and_then(|sums| sums.views).map_or(0.0, to_f64));
        let titles = ["views-by-week", titles::VIEWS_BY_WEEK, text::VIEWS];
        let views = bar_figure(titles, unit(text::VIEWS), sentence, (head, views), beside, caveat_of_bars);
        figures.push(with_breaks(views, breaks));
    }
    let are_several = are_of_several_courses(measures.videos.iter().map(|line| &line.entry));
    let section_of =
        |line: &WeeklySeries| format!("{} {}", text::SECTION, section_label(&line.entry, are_several));
    figures.push(series_table(
        context,
        ["sections-by-week", titles::SECTIONS],
        (&measures.sections, text::SECTION, &section_of),
        &caveat_of_sums,
    ));
    figures.push(series_table(
        context,
        ["every-video", titles::VIDEOS_BY_SECTION],
        (&measures.videos, text::VIDEO, &|line| video_label(&line.entry, are_several, false)),
        &caveat_of_sums,
    ));
    let sentence = match (all_missing, measures.rows) {
        (true, _) => text::NOTHING_LOADED.to_owned(),
        (false, 0) => text::NO_ACTIVITY.to_owned(),
        (false, rows) => text::rows_sentence(locale, rows, ["row", "rows"], Some(text::BY_TIME)),
    };
    let columns: Vec<rows::Column<'_>> =
        [rows::WEEK_COLUMN].into_iter().chain(rows::VIDEO_COLUMNS.iter().copied()).collect();
    let days = crate::text::days_in("UTC");
    figures.push(rows::build_figure(&columns, measures.rows, days, sentence, caveat_of_sums));
    figures
}

type SeriesTable<'a> = (&'a [WeeklySeries], &'a str, &'a dyn Fn(&WeeklySeries) -> String);

fn series_table(
    context: &FigureContext<'_>,
    titles: [&str; 2],
    (lines, head, name): SeriesTable<'_>,
    caveat: &str,
) -> Figure {
    let columns = [
        (head, ColumnKind::Text),
        (text::VIDEOS, ColumnKind::Number),
        (text::VIEWS, ColumnKind::Number),
        (text::MINUTES, ColumnKind::Number),
        (text::LIVE, ColumnKind::Number),
        (text::ON_DEMAND, ColumnKind::Number),
        (text::DOWNLOADS, ColumnKind::Number),
        (text::LAST_VIEW, ColumnKind::Date),
    ];
    let rows: Vec<Row> = lines
        .iter()
        .take(MAX_LISTED)
        .map(|line| {
            let sums = &line.entry.sums;
            let cells = vec![
                Cell::text(name(line)),
                count_cell(line.videos),
                optional_count_cell(sums.views),
                Cell::number(sums.minutes),
                optional_count_cell(sums.live),
                optional_count_cell(sums.on_demand),
                optional_count_cell(sums.downloads),
                context.moment_cell(line.entry.last_view),
            ];
            plain_row(cells, &line.weeks)
        })
        .collect();
    let total = lines.len() as u64;
    let sentence = lines.first().filter(|first| first.entry.sums.is_viewed()).map_or_else(
        || text::NO_ACTIVITY.to_owned(),
        |first| {
            let views = context.locale.count_of(first.entry.sums.views.unwrap_or(0), "view", "views");
            format!("{} has the most: {views}.", name(first))
        },
    );
    let caveat = text::join([
        caveat.to_owned(),
        text::SPARK_CAVEAT.to_owned(),
        text::truncation_caveat(context.locale, rows.len(), total),
    ]);
    let body = table_body(&columns, Some(text::OVER_TIME), rows, total);
    new_figure(titles, String::new(), sentence, caveat, body)
}
