//! What all figures share: the context of a query, builders of charts and tables, and conversions to cells.

use crate::locale::LocaleFormatter;
use crate::text::reports as text;
use charts::heatmap::{Heatmap, HeatmapRow};
use charts::model::{Bar, Chart, DataPoint, Series};
use charts::ranking::{Item, Ranking};
use charts::sortable_table::{Cell, Column, ColumnKind, Row, RowAction, SortableTable};
use domain::query::MeasureQuery;
use domain::range::Range;
use domain::time::{Day, SECOND, Timestamp, monday};
use engine::completeness::Completeness;
use engine::reports::activity::Weekday;
use engine::video_view_columns::SkippedRows;
use protocol::{Body, Figure, FilterKind, SectionTerm, TermWeek};
use std::collections::BTreeSet;

/// The query and its formats, for all figures of a response.
#[derive(Debug, Clone, Copy)]
pub struct FigureContext<'a> {
    /// Formats numbers and dates.
    pub locale: &'a dyn LocaleFormatter,
    /// The label of the zone of the days.
    pub zone_label: &'a str,
    /// The weeks that have a number in a term.
    pub weeks: &'a [TermWeek],
    /// The terms of sections whose number another section of their course has, too.
    pub section_terms: &'a [SectionTerm],
    /// The query.
    pub query: &'a MeasureQuery,
    /// When the oldest loaded copy was requested from Echo360.
    pub oldest_copy: Option<Timestamp>,
}

/// Id, title and unit of a figure.
pub type Titles<'a> = [&'a str; 3];

impl<'a> FigureContext<'a> {
    /// The context of a query.
    #[must_use]
    pub fn new(
        query: &'a protocol::Query,
        oldest_copy: Option<Timestamp>,
        locale: &'a dyn LocaleFormatter,
    ) -> Self {
        Self {
            locale,
            zone_label: &query.zone_label,
            weeks: &query.weeks,
            section_terms: &query.section_terms,
            query: &query.measure,
            oldest_copy,
        }
    }

    /// The unit of a chart over days of the zone.
    #[must_use]
    pub fn unit(&self, unit: &str) -> String {
        format!("{unit} · {}", crate::text::days_in(self.zone_label))
    }

    /// The week of a day, if it has a number in a term.
    #[must_use]
    pub fn week_of(&self, day: Day) -> Option<&TermWeek> {
        self.weeks.iter().find(|week| week.monday == monday(day))
    }

    /// The name of a section with its term, if its number does not tell it apart: `BIO-101 · 001 (Autumn 2026)`.
    #[must_use]
    pub fn with_term(&self, id: &str, name: String) -> String {
        let of_section = |it: &&SectionTerm| it.section.as_str().eq_ignore_ascii_case(id);
        match self.section_terms.iter().find(of_section) {
            Some(SectionTerm { term, .. }) => format!("{name} ({term})"),
            None => name,
        }
    }

    /// A time in seconds since 1970, formatted in the query's zone.
    #[must_use]
    pub fn moment(&self, at: u32) -> String {
        let at = Timestamp(i64::from(at) * SECOND);
        let offset = i64::from(self.query.base.zone.offset_at(at)) * SECOND;
        self.locale.format_date_time(at.plus(offset))
    }

    /// A time as a cell.
    #[must_use]
    pub fn moment_cell(&self, at: Option<u32>) -> Cell {
        at.map_or(Cell::None, |at| Cell::Time(self.moment(at), i64::from(at)))
    }

    /// A day as a cell.
    #[must_use]
    pub fn day_cell(&self, day: Day) -> Cell {
        Cell::Date(self.locale.format_day(day), Timestamp::start_of(day).seconds())
    }

    /// The indices of the `steps`, each given by its first and last day, in breaks: those with more days in a break than
    /// others.
    #[must_use]
    pub fn breaks_among(&self, steps: impl IntoIterator<Item = (Day, Day)>) -> BTreeSet<usize> {
        let breaks = &self.query.base.calendar.breaks;
        let steps = steps.into_iter().enumerate();
        steps.filter(|(_, (first, last))| breaks.are_most_of(*first, *last)).map(|(index, _)| index).collect()
    }

    /// The caveat about breaks in the range.
    #[must_use]
    pub fn breaks_caveat(&self) -> String {
        let base = &self.query.base;
        let breaks: Vec<Range> = base.calendar.breaks.between(base.range.from(), base.range.to()).collect();
        crate::text::breaks_caveat(self.locale, &breaks)
    }

    /// Whether a day is the first of its week.
    #[must_use]
    pub fn is_week_start(&self, day: Day) -> bool {
        self.query.base.calendar.week_start.first_day(day) == day
    }

    /// The caveat about missing and provisional days.
    #[must_use]
    pub fn coverage<T>(&self, days: &[(Day, Completeness<T>)]) -> String {
        let count =
            |is: &dyn Fn(&Completeness<T>) -> bool| days.iter().filter(|(_, known)| is(known)).count() as u64;
        let missing = count(&|known| matches!(known, Completeness::Missing));
        text::coverage_caveat(
            self.locale,
            missing,
            count(&|known| matches!(known, Completeness::Provisional(_))),
        )
    }

    /// The caveat about rows that could not be read.
    #[must_use]
    pub fn skipped_rows(&self, rows: SkippedRows) -> String {
        text::skipped_rows_caveat(self.locale, rows.total())
    }

    /// Vertical bars per day; `beside` are further columns of the table.
    #[must_use]
    pub fn per_day(
        &self,
        [id, title, unit]: Titles<'_>,
        sentence: String,
        days: &[(Day, Completeness<f64>)],
        beside: Vec<Series>,
        caveat: String,
    ) -> Figure {
        let bars = days.iter().map(|(day, known)| Bar {
            name: self.locale.format_day(*day),
            short: self.locale.format_short_day(*day),
            is_landmark: self.is_week_start(*day),
            level: data_point(known),
        });
        let bars = bars.collect();
        let is_hatched = days.iter().any(|(_, known)| matches!(known, Completeness::Provisional(_)));
        let hatched = if is_hatched { crate::text::HATCHED } else { "" };
        let caveat = text::join([hatched.to_owned(), self.breaks_caveat(), caveat]);
        let titles = [id, title, unit];
        let breaks = self.breaks_among(days.iter().map(|(day, _)| (*day, *day)));
        let figure =
            bar_figure(titles, self.unit(unit), sentence, (protocol::text::DAY, bars), beside, caveat);
        with_breaks(figure, breaks)
    }

    /// A heat map of events by weekday and hour; `events` formats a count with its unit.
    #[must_use]
    pub fn per_hour(
        &self,
        titles: Titles<'_>,
        week: &[Weekday; 7],
        events: &dyn Fn(u64) -> String,
        caveat: String,
    ) -> Figure {
        let [_, _, unit] = titles;
        let format = HourlyFormat {
            describe: events,
            value: to_f64,
            hour: |hour| hour.to_string(),
            state: protocol::text::STATE,
        };
        self.hour_heatmap(titles, self.unit(unit), week, &format, caveat)
    }

    /// A heat map by weekday and hour.
    #[must_use]
    pub fn hour_heatmap(
        &self,
        [id, title, unit]: Titles<'_>,
        whole_unit: String,
        week: &[Weekday; 7],
        format: &HourlyFormat<'_>,
        caveat: String,
    ) -> Figure {
        let cells = (0u64..).zip(week).flat_map(|(weekday, of)| {
            of.hours.iter().enumerate().map(move |(hour, count)| (weekday, hour, *count))
        });
        let busiest = cells.max_by_key(|(_, _, count)| *count).filter(|(_, _, count)| *count > 0);
        let sentence = match busiest {
            Some((weekday, hour, most)) => {
                text::busiest_hour_sentence(self.locale, weekday, hour, &(format.describe)(most))
            }
            None if week.iter().all(|weekday| weekday.known == 0) => text::NOTHING_LOADED.to_owned(),
            None => text::NO_ACTIVITY.to_owned(),
        };
        let value = |weekday: &Weekday, count: u64| (weekday.known > 0).then(|| (format.value)(count));
        let weekdays = self.query.base.calendar.week_start.weekdays().into_iter();
        let weekdays = weekdays.filter_map(|place| Some((place, week.get(usize::try_from(place).ok()?)?)));
        let lines = weekdays.map(|(place, weekday)| HeatmapRow {
            name: self.locale.format_weekday(place),
            short: self.locale.format_short_weekday(place),
            cells: weekday.hours.iter().map(|count| value(weekday, *count)).collect(),
            state: text::weekday_state(self.locale, weekday.known, weekday.provisional),
        });
        let heat = Heatmap {
            id: id.to_owned(),
            title: title.to_owned(),
            unit: unit.to_owned(),
            sentence: sentence.clone(),
            head: text::WEEKDAY.to_owned(),
            state: format.state.to_owned(),
            columns: (0..24).map(format.hour).collect(),
            rows: lines.collect(),
        };
        new_figure([id, title], whole_unit, sentence, caveat, Body::Heatmap(heat))
    }
}

/// How a heat map by weekday and hour shows what it counts.
pub struct HourlyFormat<'a> {
    /// A count with its unit: `3 views`.
    pub describe: &'a dyn Fn(u64) -> String,
    /// The number that is drawn for a count.
    pub value: fn(u64) -> f64,
    /// The heading of the column of an hour.
    pub hour: fn(usize) -> String,
    /// The heading of the column that says how many days of a weekday are loaded.
    pub state: &'a str,
}

/// A figure of these parts.
#[must_use]
pub fn new_figure(
    [id, title]: [&str; 2],
    unit: String,
    sentence: String,
    caveat: String,
    body: Body,
) -> Figure {
    Figure { id: id.to_owned(), title: title.to_owned(), unit, sentence, caveat, body }
}

/// Vertical bars; `head` is the heading of their names, `beside` are further columns of the table.
#[must_use]
pub fn bar_figure(
    [id, title, unit]: Titles<'_>,
    whole_unit: String,
    sentence: String,
    (head, bars): (&str, Vec<Bar>),
    beside: Vec<Series>,
    caveat: String,
) -> Figure {
    let chart = Chart {
        id: id.to_owned(),
        title: title.to_owned(),
        unit: unit.to_owned(),
        sentence: sentence.clone(),
        bars,
        breaks: BTreeSet::new(),
        beside,
        is_stacked: false,
        other: None,
        words: crate::text::chart_text(head),
    };
    new_figure([id, title], whole_unit, sentence, caveat, Body::Bars(chart))
}

/// The same figure with the bars of these indices in breaks.
#[must_use]
pub fn with_breaks(mut figure: Figure, breaks: BTreeSet<usize>) -> Figure {
    if let Body::Bars(chart) = &mut figure.body {
        chart.breaks = breaks;
    }
    figure
}

/// Horizontal bars that cannot be clicked; `beside` are the headings of further columns of the table.
#[must_use]
pub fn ranking_figure(
    [id, title, unit]: Titles<'_>,
    sentence: String,
    caveat: String,
    (head, beside): (&str, &[&str]),
    items: Vec<Item>,
) -> Figure {
    let ranking = Ranking {
        id: id.to_owned(),
        title: title.to_owned(),
        unit: unit.to_owned(),
        sentence: sentence.clone(),
        head: head.to_owned(),
        beside: beside.iter().map(|name| (*name).to_owned()).collect(),
        beside_units: beside.iter().map(|name| name.to_lowercase()).collect(),
        items,
    };
    new_figure(
        [id, title],
        unit.to_owned(),
        sentence,
        caveat,
        Body::Ranking { ranking, filter: FilterKind::Deck, ids: Vec::new() },
    )
}

/// A bar of a ranking.
#[must_use]
pub fn ranking_item(name: String, value: f64, beside: Vec<Option<f64>>) -> Item {
    Item { name, value, beside, is_left_out: false }
}

/// Horizontal bars, each of which filters by the item that it stands for.
#[must_use]
pub fn filter_ranking(
    titles: Titles<'_>,
    sentence: String,
    caveat: String,
    heads: (&str, &[&str]),
    filter_kind: FilterKind,
    bars: impl IntoIterator<Item = FilterBar>,
) -> Figure {
    let (items, item_ids) = bars.into_iter().map(|bar| (bar.item, bar.id)).unzip();
    let mut figure = ranking_figure(titles, sentence, caveat, heads, items);
    if let Body::Ranking { filter, ids, .. } = &mut figure.body {
        (*filter, *ids) = (filter_kind, item_ids);
    }
    figure
}

/// A bar of a ranking that filters by its item.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterBar {
    /// The id of the item: a UUID, or a role as URLs write it.
    pub id: String,
    /// The bar.
    pub item: Item,
}

impl FilterBar {
    /// The bar of an item. `is_left_out`: whether the filter excludes the item from all other figures.
    #[must_use]
    pub fn new(id: &str, name: String, value: f64, beside: Vec<Option<f64>>, is_left_out: bool) -> Self {
        Self { id: id.to_owned(), item: Item { name, value, beside, is_left_out } }
    }
}

/// A table of these columns, whose rows filter by the ids that they have.
#[must_use]
pub fn table_body(columns: &[(&str, ColumnKind)], spark: Option<&str>, rows: Vec<Row>, total: u64) -> Body {
    let column = |(head, kind): &(&str, ColumnKind)| Column { head: (*head).to_owned(), kind: *kind };
    let columns = columns.iter().map(column).collect();
    let spark = spark.map(str::to_owned);
    Body::SortableTable(SortableTable {
        columns,
        spark,
        rows,
        total,
        row_action: RowAction::Filter,
        flag: None,
    })
}

/// Sets what a click on a row does, and the button that limits the table to flagged rows.
#[must_use]
pub fn with_row_action(body: Body, opens: RowAction, flag: Option<String>) -> Body {
    match body {
        Body::SortableTable(mut listing) => {
            (listing.row_action, listing.flag) = (opens, flag);
            Body::SortableTable(listing)
        }
        body => body,
    }
}

/// A row without an id, which cannot be clicked.
#[must_use]
pub fn plain_row(cells: Vec<Cell>, spark: &[Option<u64>]) -> Row {
    Row { id: None, cells, spark: spark_values(spark), is_left_out: false, is_flagged: false }
}

/// The values of a sparkline.
#[must_use]
pub fn spark_values(steps: &[Option<u64>]) -> Vec<Option<f64>> {
    steps.iter().map(|step| step.map(to_f64)).collect()
}

/// A count as a value that can be drawn.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
pub fn to_f64(count: u64) -> f64 {
    count as f64
}

/// A count as a cell.
#[must_use]
pub fn count_cell(count: u64) -> Cell {
    Cell::Number(to_f64(count))
}

/// A count as a cell; an empty cell for `None`.
#[must_use]
pub fn optional_count_cell(count: Option<u64>) -> Cell {
    Cell::number(count.map(to_f64))
}

/// `part / whole`; `None` if `whole` is zero.
#[must_use]
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| to_f64(part) / to_f64(whole))
}

/// A value with its completeness, for a chart.
#[must_use]
pub fn data_point(known: &Completeness<f64>) -> DataPoint {
    match known {
        Completeness::Missing => DataPoint::Missing,
        Completeness::Provisional(value) => DataPoint::Provisional(*value),
        Completeness::Complete(value) => DataPoint::Complete(*value),
    }
}

/// One number per day, for a chart.
#[must_use]
pub fn days_by<T>(days: &[(Day, Completeness<T>)], of: impl Fn(&T) -> u64) -> Vec<(Day, Completeness<f64>)> {
    days.iter().map(|(day, known)| (*day, known.map(|value| to_f64(of(value))))).collect()
}

/// Another number per day, for a column of the table.
#[must_use]
pub fn table_series<T>(name: &str, days: &[(Day, Completeness<T>)], of: impl Fn(&T) -> u64) -> Series {
    let values = days.iter().map(|(_, known)| known.value().map(|value| to_f64(of(value)))).collect();
    Series { name: name.to_owned(), values }
}

/// The day with the largest number, the first of equals; `None` if all are zero.
#[must_use]
pub fn busiest_day<T>(days: &[(Day, Completeness<T>)], of: impl Fn(&T) -> u64) -> Option<Day> {
    let numbers = days.iter().rev().filter_map(|(day, known)| Some((*day, of(known.value()?))));
    numbers.max_by_key(|(_, number)| *number).filter(|(_, number)| *number > 0).map(|(day, _)| day)
}

/// The sentence without events: no day is loaded, or no activity is recorded.
#[must_use]
pub fn describe_empty<T>(days: &[(Day, Completeness<T>)]) -> String {
    let nothing = if engine::reports::activity::is_nothing_known(days) {
        text::NOTHING_LOADED
    } else {
        text::NO_ACTIVITY
    };
    nothing.to_owned()
}
