//! The figures of a report that Lectern does not know, as far as the kinds of its columns allow.

use super::rows;
use crate::figure_context::{
    FigureContext, bar_figure, busiest_day, days_by, describe_empty, ranking_figure, ranking_item,
    table_series, to_f64,
};
use crate::text::reports as text;
use crate::text::titles;
use crate::{RowSource, SubjectBuilder, build_report_figures};
use charts::model::{Bar, DataPoint};
use engine::reports::listing;
use engine::reports::unknown::{ColumnProfile, ColumnSummary, Measures, RowsByDay, measure};
use engine::table::dataset::Dataset;
use protocol::Figure;

/// The most columns with their own figure.
const MAX_DRAWN: usize = 8;

/// What answers the queries about any report that Lectern does not know.
pub const BUILDER: SubjectBuilder = SubjectBuilder {
    figures: |query, loaded, locale| build_report_figures(query, loaded, locale, figures),
    rows: RowSource::Table(listing::columns::list_columns),
};

/// Rows and sums per day, distributions of columns, and the rows themselves.
#[must_use]
pub fn figures(context: &FigureContext<'_>, dataset: &Dataset) -> Vec<Figure> {
    let measures = &measure(dataset, context.query);
    let locale = context.locale;
    let coverage = text::coverage_caveat(locale, measures.missing, measures.provisional);
    let caveat = text::join([
        text::UNKNOWN_CAVEAT.to_owned(),
        text::unfiltered_caveat(&measures.unfiltered),
        coverage.clone(),
        text::skipped_rows_caveat(locale, measures.ragged),
    ]);
    let mut figures = Vec::new();
    if let Some(by_day) = &measures.by_day {
        // Whatever zone is looked at: such a report is cut in days of UTC.
        let in_utc = FigureContext { zone_label: "UTC", ..*context };
        figures.extend(daily_figures(&in_utc, by_day, &caveat, &coverage));
    }
    for (place, column) in measures.columns.iter().enumerate().take(MAX_DRAWN) {
        let id = format!("column-{place}");
        let whole = (column, coverage.as_str());
        figures.extend(match &column.summary {
            ColumnSummary::Numbers { smallest, largest, median, width, bins } => {
                Some(histogram(context, &id, whole, (*smallest, *largest, *median), (*width, bins)))
            }
            ColumnSummary::Values(values) => Some(value_ranking(context, &id, whole, values)),
            ColumnSummary::Times { .. } | ColumnSummary::Texts => None,
        });
    }
    figures.push(row_table(context, measures, caveat));
    figures
}

fn daily_figures(
    context: &FigureContext<'_>,
    by_day: &RowsByDay,
    caveat: &str,
    coverage: &str,
) -> Vec<Figure> {
    let locale = context.locale;
    let outside = text::outside_caveat(locale, by_day.outside, &by_day.column);
    let total: u64 = by_day.days.iter().filter_map(|(_, known)| known.value()).map(|(rows, _)| rows).sum();
    let describe = |sum: u64, noun: &str, best: Option<domain::time::Day>| match best {
        None => describe_empty(&by_day.days),
        Some(day) => {
            format!("{} {noun}, most on {}.", locale.format_count(sum), locale.format_day(day))
        }
    };
    let noun = if total == 1 { "row" } else { "rows" };
    let sentence = describe(total, noun, busiest_day(&by_day.days, |(rows, _)| *rows));
    let title = titles::rows_per_day(&by_day.column);
    let mut figures = vec![context.per_day(
        ["rows-by-day", &title, text::ROWS],
        sentence,
        &days_by(&by_day.days, |(rows, _)| *rows),
        Vec::new(),
        text::join([caveat.to_owned(), outside.clone()]),
    )];
    for (place, name) in by_day.sums.iter().enumerate().take(MAX_DRAWN) {
        let of = |(_, sums): &(u64, Vec<u64>)| sums.get(place).copied().unwrap_or(0);
        let sum = by_day.days.iter().filter_map(|(_, known)| known.value()).map(of).sum();
        figures.push(context.per_day(
            [&format!("sum-{place}"), &titles::sum_per_day(name, &by_day.column), name],
            describe(sum, name, busiest_day(&by_day.days, of)),
            &days_by(&by_day.days, of),
            vec![table_series(text::ROWS, &by_day.days, |(rows, _)| *rows)],
            text::join([text::SUM_CAVEAT.to_owned(), coverage.to_owned(), outside.clone()]),
        ));
    }
    figures
}

fn histogram(
    context: &FigureContext<'_>,
    id: &str,
    (column, caveat): (&ColumnProfile, &str),
    (smallest, largest, median): (f64, f64, Option<u64>),
    (width, bins): (f64, &[u64]),
) -> Figure {
    let locale = context.locale;
    // The last whole number of a bin is one before the next; of other numbers the next bin begins where one ends.
    let step = if median.is_some() { 1.0 } else { 0.0 };
    let bars = (0u64..).zip(bins).map(|(place, rows)| {
        let from = smallest + width * to_f64(place);
        let to = (from + width - step).min(largest);
        let name = if to > from {
            format!("{} – {}", locale.format_number(from), locale.format_number(to))
        } else {
            locale.format_number(from)
        };
        Bar {
            short: locale.format_number(from),
            name,
            is_landmark: true,
            level: DataPoint::Complete(to_f64(*rows)),
        }
    });
    let bars = bars.collect();
    let middle = median.map(|median| format!("; median: {}", locale.format_count(median)));
    let sentence = format!(
        "From {} to {}{}.",
        locale.format_number(smallest),
        locale.format_number(largest),
        middle.unwrap_or_default()
    );
    let title = format!("Rows by {}", column.name);
    let titles = [id, title.as_str(), text::ROWS];
    bar_figure(titles, text::ROWS.to_owned(), sentence, (&column.name, bars), Vec::new(), caveat.to_owned())
}

fn value_ranking(
    context: &FigureContext<'_>,
    id: &str,
    (column, caveat): (&ColumnProfile, &str),
    values: &[(String, u64)],
) -> Figure {
    let items =
        values.iter().map(|(name, rows)| ranking_item(name.clone(), to_f64(*rows), Vec::new())).collect();
    let sentence = values.first().map_or_else(String::new, |(name, rows)| {
        format!("{name} has the most: {}.", context.locale.count_of(*rows, "row", "rows"))
    });
    let title = format!("Rows by {}", column.name);
    ranking_figure([id, &title, text::ROWS], sentence, caveat.to_owned(), (&column.name, &[]), items)
}

fn row_table(context: &FigureContext<'_>, measures: &Measures, caveat: String) -> Figure {
    let columns = measures.columns.iter();
    let columns: Vec<rows::Column<'_>> =
        columns.map(|column| (column.name.as_str(), rows::content_of(column.kind))).collect();
    let order = measures.time_column.and_then(|index| measures.columns.get(index));
    let sentence = if measures.count == 0 {
        text::NO_ACTIVITY.to_owned()
    } else {
        let order = order.map(|column| column.name.as_str());
        text::rows_sentence(context.locale, measures.count, ["row", "rows"], order)
    };
    rows::build_figure(&columns, measures.count, String::new(), sentence, caveat)
}
