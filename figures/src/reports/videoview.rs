//! The figures of `videoview`: when, who and what; then every student and every row.
//!
//! The last two are long tables: a figure has only their columns, and [`student_row`] and [`row`] make their
//! rows, which the page requests separately.

use crate::figure_context::{
    FigureContext, FilterBar, HourlyFormat, bar_figure, data_point, describe_empty, filter_ranking,
    new_figure, ratio, to_f64, with_breaks,
};
use crate::overlay::overlay;
use crate::text::course::{MINUTES, VIEWERS};
use crate::text::reports::{self as shared, join};
use crate::text::{titles, videoview as text};
use crate::{RowSource, SubjectBuilder, build_video_view_figures};
use charts::model::{Bar, DataPoint, Series};
use domain::institution_role::InstitutionRole;
use domain::query::Comparison;
use domain::range::Range;
use domain::time::Day;
use engine::completeness::Completeness;
use engine::measures::{DELAY_STARTS, Item, Items, Measures, Students, WatchTotals, minutes};
use engine::reports::activity::Weekday;
use engine::row_index::RowDetails;
use protocol::{Body, ColumnContent, Figure, FilterKind, LongTable, LongTableColumn, LongTableRow, RowList};
use std::collections::BTreeSet;

/// What answers the queries about `videoview`.
pub const BUILDER: SubjectBuilder =
    SubjectBuilder { figures: build_video_view_figures, rows: RowSource::VideoViews };

/// How many of the spans of [`DELAY_STARTS`] make up the first three days after a video appeared.
const SOON_SPANS: usize = 3;

/// The columns of the students, in the order of the cells of [`student_row`].
const STUDENT_COLUMNS: [(&str, ColumnContent); 4] = [
    (shared::STUDENT, ColumnContent::Person),
    (MINUTES, ColumnContent::Amount),
    (shared::OVER_TIME, ColumnContent::Sparkline),
    (text::ACTIONS, ColumnContent::Actions),
];

/// The columns of the rows, in the order of the cells of [`row`].
const ROW_COLUMNS: [(&str, ColumnContent); 7] = [
    (shared::TIME, ColumnContent::Time),
    (shared::VIDEO, ColumnContent::Video),
    (shared::COURSE, ColumnContent::Course),
    (shared::SECTION, ColumnContent::Section),
    (text::VIEWER, ColumnContent::Person),
    (shared::ROLE, ColumnContent::Role),
    (shared::LENGTH, ColumnContent::Amount),
];

/// What is counted per day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DailyMetric {
    /// Minutes watched.
    Minutes,
    /// Distinct viewers.
    Viewers,
}

impl DailyMetric {
    const ALL: [Self; 2] = [Self::Minutes, Self::Viewers];

    fn id(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Viewers => "viewers",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Minutes => MINUTES,
            Self::Viewers => VIEWERS,
        }
    }

    fn value(self, watched: &WatchTotals) -> f64 {
        match self {
            Self::Minutes => watched.minutes(),
            Self::Viewers => to_f64(watched.viewers),
        }
    }

    /// The metric that is a further column of this one's table.
    fn counterpart(self) -> Self {
        match self {
            Self::Minutes => Self::Viewers,
            Self::Viewers => Self::Minutes,
        }
    }
}

/// The figures, in reading order, without the comparison.
#[must_use]
pub fn figures(context: &FigureContext<'_>, measures: &Measures) -> Vec<Figure> {
    vec![
        minutes_chart(context, measures),
        viewers_chart(context, measures),
        arrivals_chart(context, measures),
        hour_heatmap(context, measures),
        video_ranking(context, measures),
        delay_chart(context, measures),
        section_ranking(context, measures),
        role_ranking(context, measures),
        distribution_chart(context, measures),
        student_table(context, measures),
        row_table(context, measures),
    ]
}

/// Overlays the days that the measures are compared with on minutes and viewers per day; `label` names them.
pub fn add_comparison(figures: &mut [Figure], context: &FigureContext<'_>, measures: &Measures, label: &str) {
    if measures.others.is_empty() {
        return;
    }
    for metric in DailyMetric::ALL {
        let others = measures.others.iter();
        let others: Vec<DataPoint> =
            others.map(|known| data_point(&known.map(|watched| metric.value(watched)))).collect();
        let breaks = breaks_of_comparison(context);
        let is_sum = metric == DailyMetric::Minutes;
        for figure in figures.iter_mut().filter(|figure| figure.id == metric.id()) {
            overlay(figure, &others, &breaks, label, is_sum, context);
        }
    }
}

/// The indices of the days that are not compared with earlier ones, since one of both is in a break.
fn breaks_of_comparison(context: &FigureContext<'_>) -> BTreeSet<usize> {
    let base = &context.query.base;
    let ranges = match &base.comparison {
        Some(Comparison::Before) => [Some(base.range), base.calendar.breaks.previous_weeks(base.range)],
        Some(Comparison::Section(_)) | None => [None, None],
    };
    let days = |range: Range| range.each_day().map(|day| (day, day));
    ranges.into_iter().flatten().flat_map(|range| context.breaks_among(days(range))).collect()
}

fn minutes_chart(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let days = measures.days.iter().filter_map(|(day, known)| Some((*day, known.value()?)));
    let busiest = days.max_by_key(|(_, watched)| watched.rows).filter(|(_, watched)| watched.rows > 0);
    let busiest = busiest.map(|(day, watched)| (day, watched.minutes()));
    let sentence = if measures.missing() == measures.days.len() {
        describe_empty(&measures.days)
    } else {
        join([
            text::minutes_sentence(context.locale, measures.total, busiest),
            shared::coverage_caveat(context.locale, measures.missing() as u64, 0),
            context.skipped_rows(measures.skipped_rows),
        ])
    };
    let rows = measures.rows_without_course;
    let without_course =
        shared::without_course_caveat(&text::format_minutes(context.locale, rows), minutes(rows));
    let caveat = join([without_course, text::MINUTES_CAVEAT.to_owned()]);
    daily_chart(context, measures, DailyMetric::Minutes, text::MINUTES_PER_DAY, sentence, caveat)
}

fn viewers_chart(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let days = measures.days.iter().filter_map(|(day, known)| Some((*day, known.value()?.viewers)));
    let most = days.max_by_key(|(_, viewers)| *viewers).filter(|(_, viewers)| *viewers > 0);
    let sentence = most.map_or_else(
        || describe_empty(&measures.days),
        |most| text::viewers_sentence(context.locale, measures.total.viewers, most),
    );
    daily_chart(context, measures, DailyMetric::Viewers, text::VIEWERS_PER_DAY, sentence, String::new())
}

fn daily_chart(
    context: &FigureContext<'_>,
    measures: &Measures,
    metric: DailyMetric,
    title: &str,
    sentence: String,
    caveat: String,
) -> Figure {
    let days: Vec<(Day, Completeness<f64>)> =
        measures.days.iter().map(|(day, known)| (*day, known.map(|watched| metric.value(watched)))).collect();
    let other = metric.counterpart();
    let values = measures.days.iter().map(|(_, known)| known.value().map(|watched| other.value(watched)));
    let beside = vec![Series { name: other.unit().to_owned(), values: values.collect() }];
    context.per_day([metric.id(), title, metric.unit()], sentence, &days, beside, caveat)
}

/// New viewers by day or week, with the returning ones stacked on them.
fn arrivals_chart(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let (locale, is_daily) = (context.locale, measures.students.step_days <= 1);
    let bars = list_steps(measures).zip(&measures.arrivals).map(|((first, last), step)| Bar {
        name: if is_daily { locale.format_day(first) } else { locale.format_days(first, last) },
        short: locale.format_short_day(first),
        is_landmark: is_daily && context.is_week_start(first),
        level: data_point(&step.known.map(|_| to_f64(step.new))),
    });
    let returning = measures.arrivals.iter().map(|step| step.returning().map(to_f64)).collect();
    let first = measures.arrivals.iter().find(|step| step.known.value().is_some());
    let viewers = measures.total.viewers;
    let sentence = match first {
        None => shared::NOTHING_LOADED.to_owned(),
        Some(_) if viewers == 0 => shared::NO_ACTIVITY.to_owned(),
        Some(first) => {
            let later = viewers.saturating_sub(first.new);
            text::arrivals_sentence(locale, viewers, later, measures.students.step_days)
        }
    };
    let mut figure = bar_figure(
        ["arrivals", text::ARRIVALS, text::NEW_VIEWERS],
        context.unit(text::NEW_AND_RETURNING),
        sentence,
        (if is_daily { protocol::text::DAY } else { text::DAYS }, bars.collect()),
        vec![Series { name: text::RETURNING_VIEWERS.to_owned(), values: returning }],
        join([context.breaks_caveat(), context.coverage(&measures.days), text::ARRIVALS_CAVEAT.to_owned()]),
    );
    if let Body::Bars(chart) = &mut figure.body {
        chart.is_stacked = true;
    }
    with_breaks(figure, context.breaks_among(list_steps(measures)))
}

/// The first and the last day of each step of the range.
fn list_steps(measures: &Measures) -> impl Iterator<Item = (Day, Day)> {
    let steps = measures.days.chunks(measures.students.step_days.max(1));
    steps.filter_map(|days| Some((days.first()?.0, days.last()?.0)))
}

fn hour_heatmap(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let week = measures.week.map(|weekday| Weekday {
        known: weekday.known,
        provisional: weekday.provisional,
        hours: weekday.hours,
    });
    let format = HourlyFormat {
        describe: &|rows| text::format_minutes(context.locale, rows),
        value: minutes,
        hour: |hour| format!("{hour:02}"),
        state: text::DAYS,
    };
    let unit = format!("{MINUTES} · {}", text::hours_in(context.zone_label));
    let caveat = context.coverage(&measures.days);
    context.hour_heatmap(["hours", text::BY_HOUR, MINUTES], unit, &week, &format, caveat)
}

fn video_ranking(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let name = |video: &Item| shared::name_or_id(&video.name, shared::VIDEO, &video.id);
    let chosen = &context.query.base.videos;
    let bars = measures.videos.named.iter().map(|video| {
        let share = video.share_of_length().map(|share| (share * 100.0).round());
        let is_left_out = is_left_out(chosen, |id| id.as_str() == video.id);
        watched_bar(&video.id, name(video), video.watched, &[share], is_left_out)
    });
    let sentence = measures.videos.named.first().map_or_else(
        || describe_empty(&measures.days),
        |first| text::videos_sentence(context.locale, &name(first), first.watched, first.share_of_length()),
    );
    let (others, rows) = (measures.videos.others, measures.videos.other_rows);
    let caveat = join([
        context.coverage(&measures.days),
        text::others_caveat(context.locale, others, shared::VIDEO, rows),
        unnamed_caveat(context, &measures.videos, shared::VIDEO),
        text::LENGTH_CAVEAT.to_owned(),
        shared::short_videos_caveat(measures.videos.named.iter().any(Item::is_short)),
    ]);
    let heads: (&str, &[&str]) = (shared::VIDEO, &[VIEWERS, text::OF_LENGTH]);
    let titles = ["videos", text::BY_VIDEO, MINUTES];
    let mut figure = filter_ranking(titles, sentence, caveat, heads, FilterKind::Video, bars);
    if let Body::Ranking { ranking, .. } = &mut figure.body {
        ranking.beside_units = vec![VIEWERS.to_lowercase(), text::OF_LENGTH_UNIT.to_owned()];
    }
    figure
}

/// The caveat about minutes that name none of the items; `head` is their heading.
fn unnamed_caveat(context: &FigureContext<'_>, items: &Items, head: &str) -> String {
    let rows = items.unnamed_rows;
    shared::without_item_caveat(&text::format_minutes(context.locale, rows), minutes(rows), head)
}

/// A bar of minutes, with the viewers and `further` numbers beside it.
fn watched_bar(
    id: &str,
    name: String,
    watched: WatchTotals,
    further: &[Option<f64>],
    is_left_out: bool,
) -> FilterBar {
    let beside = [Some(to_f64(watched.viewers))].into_iter().chain(further.iter().copied());
    FilterBar::new(id, name, watched.minutes(), beside.collect(), is_left_out)
}

/// Whether a filter by the items in `chosen` excludes an item; `is_item` recognizes it. Without any, there is
/// no filter.
fn is_left_out<T>(chosen: &[T], is_item: impl Fn(&T) -> bool) -> bool {
    !chosen.is_empty() && !chosen.iter().any(is_item)
}

/// Minutes by days since a video first appeared. A span of days that begins after the range's length is
/// missing, not zero: it cannot be known.
fn delay_chart(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let ends = DELAY_STARTS.iter().skip(1).map(|next| Some(*next)).chain([None]);
    let is_any_known = measures.missing() < measures.days.len();
    let bars = DELAY_STARTS.iter().zip(ends).zip(measures.by_delay).map(|((begin, end), rows)| Bar {
        name: text::delay_label(*begin, end),
        short: text::delay_span(*begin, end),
        is_landmark: true,
        level: match is_any_known && measures.days.len() > *begin {
            false => DataPoint::Missing,
            true => count_point(measures, minutes(rows)),
        },
    });
    let all: u64 = measures.by_delay.iter().sum();
    let soon: u64 = measures.by_delay.iter().take(SOON_SPANS).sum();
    let sentence = ratio(soon, all)
        .map_or_else(|| describe_empty(&measures.days), |share| text::delay_sentence(context.locale, share));
    let mut figure = bar_figure(
        ["after", text::DELAY, MINUTES],
        format!("{MINUTES} · {}", text::DAYS_AFTER),
        sentence,
        (text::DAYS_AFTER, bars.collect()),
        Vec::new(),
        join([context.coverage(&measures.days), text::DELAY_CAVEAT.to_owned()]),
    );
    if let Body::Bars(chart) = &mut figure.body {
        chart.words.missing = shared::NO_DATA.to_owned();
    }
    figure
}

/// A number over all loaded days, which is final if every day is.
fn count_point(measures: &Measures, number: f64) -> DataPoint {
    if measures.is_complete() { DataPoint::Complete(number) } else { DataPoint::Provisional(number) }
}

fn section_ranking(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let name = |section: &Item| {
        context.with_term(&section.id, text::section_label(&section.name, &section.part_of, &section.id))
    };
    let chosen = &context.query.base.sections;
    let bars = measures.sections.named.iter().map(|section| {
        let is_left_out = is_left_out(chosen, |id| id.as_str() == section.id);
        watched_bar(&section.id, name(section), section.watched, &[], is_left_out)
    });
    let (others, rows) = (measures.sections.others, measures.sections.other_rows);
    let count = measures.sections.named.len() as u64 + others;
    let sentence = measures.sections.named.first().map_or_else(
        || describe_empty(&measures.days),
        |first| text::sections_sentence(context.locale, count, &name(first)),
    );
    let caveat = join([
        context.coverage(&measures.days),
        text::others_caveat(context.locale, others, shared::SECTION, rows),
        unnamed_caveat(context, &measures.sections, shared::SECTION),
    ]);
    let heads: (&str, &[&str]) = (shared::SECTION, &[VIEWERS]);
    let titles = ["sections", text::BY_SECTION, MINUTES];
    filter_ranking(titles, sentence, caveat, heads, FilterKind::Section, bars)
}

fn role_ranking(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let chosen = &context.query.base.roles;
    let bars = measures.roles.iter().map(|(role, watched)| {
        let is_left_out = is_left_out(chosen, |chosen| chosen == role);
        watched_bar(role.slug(), protocol::text::role(*role).to_owned(), *watched, &[], is_left_out)
    });
    let all: u64 = measures.roles.iter().map(|(_, watched)| watched.rows).sum();
    let students = measures.roles.iter().find(|(role, _)| *role == InstitutionRole::Student);
    let sentence = ratio(students.map_or(0, |(_, watched)| watched.rows), all)
        .map_or_else(|| describe_empty(&measures.days), |share| text::roles_sentence(context.locale, share));
    let caveat = join([context.coverage(&measures.days), identities_caveat(context, measures)]);
    let heads: (&str, &[&str]) = (shared::ROLE, &[VIEWERS]);
    filter_ranking(["roles", text::BY_ROLE, MINUTES], sentence, caveat, heads, FilterKind::Role, bars)
}

fn identities_caveat(context: &FigureContext<'_>, measures: &Measures) -> String {
    shared::identities_caveat(context.locale, measures.identities)
}

/// How many students watched how many minutes. Without students there are no bars.
fn distribution_chart(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let Students { active, median_rows, bin_minutes, bins, .. } = &measures.students;
    let bars = (0u64..).zip(bins).map(|(place, count)| {
        let bin = text::bin_label(context.locale, place, *bin_minutes);
        Bar {
            name: format!("{bin} {}", MINUTES.to_lowercase()),
            short: bin,
            is_landmark: true,
            level: count_point(measures, to_f64(*count)),
        }
    });
    let sentence = match active {
        0 => describe_empty(&measures.days),
        _ => text::distribution_sentence(context.locale, *active, *median_rows),
    };
    bar_figure(
        ["spread", text::DISTRIBUTION, shared::STUDENTS],
        format!("{} · {}", shared::STUDENTS, text::MINUTES_EACH.to_lowercase()),
        sentence,
        (text::MINUTES_EACH, bars.collect()),
        Vec::new(),
        join([context.coverage(&measures.days), shared::STUDENTS_CAVEAT.to_owned()]),
    )
}

fn student_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let Students { active, rows, .. } = measures.students;
    let sentence = match active {
        0 => describe_empty(&measures.days),
        _ => text::students_sentence(context.locale, active, rows),
    };
    let caveat = join([
        context.coverage(&measures.days),
        shared::STUDENTS_CAVEAT.to_owned(),
        identities_caveat(context, measures),
        text::SPARK_CAVEAT.to_owned(),
    ]);
    let steps = list_steps(measures).map(|(first, last)| text::step_label(first, last)).collect();
    let body = long_table(RowList::Students, &STUDENT_COLUMNS, active, steps);
    new_figure(["students", titles::STUDENTS], MINUTES.to_owned(), sentence, caveat, body)
}

fn row_table(context: &FigureContext<'_>, measures: &Measures) -> Figure {
    let count = measures.total.rows;
    let sentence = match count {
        0 => describe_empty(&measures.days),
        _ => text::rows_sentence(context.locale, count),
    };
    let unit = crate::text::days_in(context.zone_label);
    let body = long_table(RowList::Rows, &ROW_COLUMNS, count, Vec::new());
    new_figure(["rows", titles::EVERY_ROW], unit, sentence, String::new(), body)
}

fn long_table(list: RowList, columns: &[(&str, ColumnContent)], count: u64, steps: Vec<String>) -> Body {
    let column = |(head, content): &(&str, ColumnContent)| LongTableColumn {
        head: (*head).to_owned(),
        content: *content,
    };
    Body::LongTable(LongTable { list, columns: columns.iter().map(column).collect(), count, steps })
}

/// A row of the table of all rows.
#[must_use]
pub fn row(context: &FigureContext<'_>, details: RowDetails) -> LongTableRow {
    let RowDetails { time, video, course, section, person, role, length } = details;
    let length = length.map(|minutes| context.locale.format_count(u64::from(minutes)));
    LongTableRow {
        cells: vec![
            context.moment(time),
            video,
            course,
            section,
            name_or_placeholder(person),
            role,
            length.unwrap_or_default(),
        ],
        ..LongTableRow::default()
    }
}

/// A row of the table of students. `rows` and `steps` are half minutes (rows of 30 s), as
/// [`engine::aggregator::Aggregator::student`] returns them.
#[must_use]
pub fn student_row(
    context: &FigureContext<'_>,
    id: String,
    name: String,
    rows: u64,
    steps: &[u32],
    students: &Students,
) -> LongTableRow {
    let steps = steps.iter().zip(&students.steps_known);
    LongTableRow {
        student: id,
        cells: vec![
            name_or_placeholder(name),
            context.locale.format_number(minutes(rows)),
            String::new(),
            String::new(),
        ],
        amount: Some(minutes(rows)),
        steps: steps.map(|(rows, is_known)| is_known.then(|| minutes(u64::from(*rows)))).collect(),
        steps_label: text::sparkline_label(context.locale, rows, students.step_days),
    }
}

/// A person's name, or what stands in its place.
fn name_or_placeholder(name: String) -> String {
    if name.is_empty() { shared::NO_NAME.to_owned() } else { name }
}

#[cfg(test)]
mod tests;
