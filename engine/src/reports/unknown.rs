//! Measures of a report that Lectern does not know, by the types of its columns.
//!
//! Makes no assumption about what the numbers mean. Columns of numbers get a histogram, days the number of
//! their rows, and texts their frequencies. If rows have a day, columns of whole numbers are also added up by
//! day, under their own names: a reader who knows the report can judge whether such a sum is meaningful.

use super::median;
use super::selection::find_codes;
use crate::completeness::Completeness;
use crate::dictionary::{Dictionary, EMPTY};
use crate::ordering::sort_by;
use crate::person_role::{PersonRoles, TableRoleCounter, decide_roles};
use crate::table::cell_value::{self, ValueKind};
use crate::table::dataset::{DataStatus, Dataset, WindowData};
use domain::column;
use domain::institution_role::InstitutionRole;
use domain::query::MeasureQuery;
use domain::range::Range;
use domain::time::{Day, SECOND, Timestamp, plus_days};
use std::collections::BTreeMap;

/// Largest number of distinct texts that are counted one by one; a column with more contains names, ids or
/// sentences.
const MAX_VALUES: usize = 20;
/// Largest number of bins of a histogram.
const BINS: usize = 10;

/// Summary of a column's cells, by their type.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnSummary {
    /// A histogram of numbers.
    Numbers {
        /// The smallest number.
        smallest: f64,
        /// The largest number.
        largest: f64,
        /// The median, if all numbers are whole and not negative.
        median: Option<u64>,
        /// Width of a bin; a whole number if all numbers are whole and not negative.
        width: f64,
        /// `bins[i]` counts rows with `smallest + i * width <= number < smallest + (i + 1) * width`; the last
        /// bin also contains `largest`.
        bins: Vec<u64>,
    },
    /// Days or times.
    Times {
        /// The earliest: seconds since 1970, UTC.
        first: u32,
        /// The latest: seconds since 1970, UTC.
        last: u32,
    },
    /// At most 20 distinct texts, each with its number of rows, most frequent first.
    Values(Vec<(String, u64)>),
    /// Other texts, all different or more than 20 distinct ones: names, ids, sentences.
    Texts,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    /// Its name, as in the header row.
    pub name: String,
    /// The type of its cells.
    pub kind: ValueKind,
    /// Number of non-empty cells.
    pub filled: u64,
    /// Number of distinct non-empty texts.
    pub distinct: u64,
    /// Summary of its cells.
    pub summary: ColumnSummary,
}

/// Number of rows of a day, and a sum for each of [`RowsByDay::sums`].
pub type DayTotals = (u64, Vec<u64>);

/// Rows by the days of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsByDay {
    /// The name of the column with the days.
    pub column: String,
    /// The names of the columns of whole numbers, which are added up by day.
    pub sums: Vec<String>,
    /// Every day of the range, in UTC.
    pub days: Vec<(Day, Completeness<DayTotals>)>,
    /// Rows whose day is outside the range or cannot be parsed.
    pub outside: u64,
}

/// Measures of an unknown report.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Its columns, in the order of the newest copy.
    pub columns: Vec<ColumnProfile>,
    /// Rows by day, if a column contains days or times.
    pub by_day: Option<RowsByDay>,
    /// The index of the first column with days or times.
    pub time_column: Option<usize>,
    /// Number of all rows.
    pub count: u64,
    /// Days of the range that are not loaded.
    pub missing: u64,
    /// Days of the range that may still grow.
    pub provisional: u64,
    /// Filters of the query that were ignored, since their column does not exist; named by that column.
    pub unfiltered: Vec<&'static str>,
    /// Rows whose number of fields differs from their header's.
    pub ragged: u64,
}

/// Measures an unknown report.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Measures {
    let texts = &dataset.texts;
    let base = &query.base;
    let names = column_names(dataset, base.range);
    let (rows, unfiltered) = filter_rows(dataset, query, &names);
    let cell = |row: &Vec<u32>, index: usize| row.get(index).copied().unwrap_or(EMPTY);
    let columns: Vec<ColumnProfile> = names
        .iter()
        .enumerate()
        .map(|(index, name)| profile_column(name, rows.iter().map(|row| cell(row, index)), texts))
        .collect();
    let has_dates = dataset.iter().any(|(_, data)| data.coverage.start.is_some());
    let status = |day: Day| {
        let (start, end) = (Timestamp::start_of(day), Timestamp::start_of(plus_days(day, 1)));
        dataset.status_between(start.seconds(), end.seconds(), base.today)
    };
    let count_days =
        |expected: DataStatus| base.range.each_day().filter(|day| status(*day) == expected).count() as u64;
    let kinds: Vec<ValueKind> = columns.iter().map(|column| column.kind).collect();
    let time_column = time_column(&kinds);
    let day_column = time_column.filter(|_| has_dates);
    let by_day = day_column.map(|day_column| {
        let is_whole =
            |column: &ColumnProfile| matches!(column.summary, ColumnSummary::Numbers { median: Some(_), .. });
        let summed: Vec<usize> = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| is_whole(column))
            .map(|(index, _)| index)
            .collect();
        let mut days: BTreeMap<Day, DayTotals> = BTreeMap::new();
        let mut outside = 0;
        for row in &rows {
            let time = cell_value::parse_time(texts.bytes_of(cell(row, day_column)))
                .map(|seconds| Timestamp(i64::from(seconds) * SECOND));
            // Windows are whole UTC days, by an unknown column: days of another zone would lack hours.
            let day = time.map(Timestamp::day);
            let Some(day) = day.filter(|day| (base.range.from()..=base.range.to()).contains(day)) else {
                outside += 1;
                continue;
            };
            let (count, sums) = days.entry(day).or_insert_with(|| (0, vec![0; summed.len()]));
            *count += 1;
            for (sum, index) in sums.iter_mut().zip(&summed) {
                *sum += cell_value::parse_count(texts.bytes_of(cell(row, *index))).unwrap_or(0);
            }
        }
        let day_totals = |day: Day| {
            let totals = days.get(&day).cloned().unwrap_or_else(|| (0, vec![0; summed.len()]));
            match status(day) {
                DataStatus::Missing => Completeness::Missing,
                DataStatus::Provisional => Completeness::Provisional(totals),
                DataStatus::Complete => Completeness::Complete(totals),
            }
        };
        let name = |index: &usize| names.get(*index).cloned().unwrap_or_default();
        RowsByDay {
            column: name(&day_column),
            sums: summed.iter().map(name).collect(),
            days: base.range.each_day().map(|day| (day, day_totals(day))).collect(),
            outside,
        }
    });
    Measures {
        columns,
        by_day,
        time_column,
        count: rows.len() as u64,
        missing: count_days(DataStatus::Missing),
        provisional: count_days(DataStatus::Provisional),
        unfiltered,
        ragged: dataset.ragged(),
    }
}

/// The index of the first column with days or times.
pub(super) fn time_column(kinds: &[ValueKind]) -> Option<usize> {
    kinds.iter().position(|kind| matches!(kind, ValueKind::Day | ValueKind::Time))
}

/// The names of all columns, those of the newest copy first.
pub(super) fn column_names(dataset: &Dataset, range: Range) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let data: Vec<&WindowData> = dataset.within(range).collect();
    for name in data.iter().rev().flat_map(|data| data.table.names()) {
        if column::position(&names, name).is_none() {
            names.push(name.to_owned());
        }
    }
    names
}

/// The rows that pass the filters, as codes by column; and the columns of filters that do not exist.
pub(super) fn filter_rows(
    dataset: &Dataset,
    query: &MeasureQuery,
    names: &[String],
) -> (Vec<Vec<u32>>, Vec<&'static str>) {
    let texts = &dataset.texts;
    let base = &query.base;
    let filters = [
        ("courseId", find_codes(base.course.as_slice(), texts)),
        ("sectionId", find_codes(&base.sections, texts)),
        ("userid", find_codes(base.student.as_slice(), texts)),
    ];
    let mut unfiltered: Vec<&'static str> = filters
        .iter()
        .filter(|(name, codes)| codes.is_some() && column::position(names, name).is_none())
        .map(|(name, _)| *name)
        .collect();
    let by_role = !base.roles.is_empty();
    if by_role && column::position(names, "role").is_none() {
        unfiltered.push("role");
    }
    let person_roles = if by_role { count_roles(dataset, query) } else { PersonRoles::default() };
    let mut rows = Vec::new();
    for data in dataset.within(base.range) {
        let table = &data.table;
        let user = table.column_index("userid");
        let indexes: Vec<Option<usize>> = names.iter().map(|name| table.column_index(name)).collect();
        let role = table.column_index("role").filter(|_| by_role);
        let filters: Vec<_> = filters
            .iter()
            .filter_map(|(name, codes)| Some((table.column_index(name)?, codes.as_ref()?)))
            .collect();
        for row in 0..table.rows() {
            let passes = filters.iter().all(|(index, codes)| codes.contains(&table.code(Some(*index), row)))
                && role.is_none_or(|index| {
                    let role_of_text =
                        || InstitutionRole::from_text(&texts.text(table.code(Some(index), row)));
                    let role = person_roles.get(table.code(user, row));
                    base.roles.contains(&role.copied().unwrap_or_else(role_of_text))
                });
            if passes {
                rows.push(indexes.iter().map(|index| table.code(*index, row)).collect());
            }
        }
    }
    (rows, unfiltered)
}

/// The role of each person in the rows of the query's windows and course.
fn count_roles(dataset: &Dataset, query: &MeasureQuery) -> PersonRoles {
    let base = &query.base;
    let courses = find_codes(base.course.as_slice(), &dataset.texts);
    let mut counter = TableRoleCounter::new(&dataset.texts);
    for data in dataset.within(base.range) {
        let table = &data.table;
        let (people, course) = (TableRoleCounter::find_people(table), table.column_index("courseId"));
        let is_of_course =
            |row: &usize| courses.as_ref().is_none_or(|codes| codes.contains(&table.code(course, *row)));
        (0..table.rows())
            .filter(|row| course.is_none() || is_of_course(row))
            .for_each(|row| counter.add_row(&people, row));
    }
    decide_roles(&counter.finish(), None)
}

/// Describes a column by the codes of its cells.
fn profile_column(name: &str, codes: impl Iterator<Item = u32>, texts: &Dictionary) -> ColumnProfile {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    codes.filter(|code| *code != EMPTY).for_each(|code| *counts.entry(code).or_default() += 1);
    let kind = ValueKind::infer(counts.keys().map(|code| texts.bytes_of(*code)));
    let filled = counts.values().sum();
    let summary = match kind {
        ValueKind::Number => summarize_numbers(&counts, texts),
        ValueKind::Day | ValueKind::Time => {
            let times = || counts.keys().filter_map(|code| cell_value::parse_time(texts.bytes_of(*code)));
            times().min().zip(times().max()).map(|(first, last)| ColumnSummary::Times { first, last })
        }
        ValueKind::Text if counts.len() <= MAX_VALUES && filled > counts.len() as u64 => {
            let mut values: Vec<(String, u64)> =
                counts.iter().map(|(code, rows)| (texts.text(*code).into_owned(), *rows)).collect();
            sort_by(&mut values, |(a, a_rows), (b, b_rows)| b_rows.cmp(a_rows).then_with(|| a.cmp(b)));
            Some(ColumnSummary::Values(values))
        }
        ValueKind::Text => None,
    };
    ColumnProfile {
        name: name.to_owned(),
        kind,
        filled,
        distinct: counts.len() as u64,
        summary: summary.unwrap_or(ColumnSummary::Texts),
    }
}

/// The histogram of a column of numbers, from the number of rows by code.
fn summarize_numbers(counts: &BTreeMap<u32, u64>, texts: &Dictionary) -> Option<ColumnSummary> {
    let numbers = || {
        counts
            .iter()
            .filter_map(|(code, rows)| Some((cell_value::parse_number(texts.bytes_of(*code))?, *rows)))
    };
    let smallest = numbers().map(|(number, _)| number).min_by(f64::total_cmp)?;
    let largest = numbers().map(|(number, _)| number).max_by(f64::total_cmp)?;
    let whole: Option<Vec<(u64, u64)>> = counts
        .iter()
        .map(|(code, rows)| Some((cell_value::parse_count(texts.bytes_of(*code))?, *rows)))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "ten bins")]
    let max_bins = BINS as f64;
    let span = largest - smallest;
    // Whole numbers get bins of a whole width: half a visit does not exist.
    let width = if whole.is_some() { ((span + 1.0) / max_bins).ceil().max(1.0) } else { span / max_bins };
    let bin_count = if whole.is_some() { ((span + 1.0) / width).ceil() } else { max_bins };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from one to ten")]
    let mut bins = vec![0; if span > 0.0 { (bin_count as usize).clamp(1, BINS) } else { 1 }];
    for (number, rows) in numbers() {
        let index = if width > 0.0 { (number - smallest) / width } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to ten")]
        let index = (index as usize).min(bins.len() - 1);
        if let Some(bin) = bins.get_mut(index) {
            *bin += rows;
        }
    }
    let median = whole.map(|whole| {
        let repeat =
            |(number, rows): (u64, u64)| std::iter::repeat_n(number, usize::try_from(rows).unwrap_or(0));
        median(whole.into_iter().flat_map(repeat).collect())
    });
    Some(ColumnSummary::Numbers { smallest, largest, median, width, bins })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, day, query, week};
    use proptest::prelude::*;

    const VISIT: &str = "user,page,visit_count,date";

    #[test]
    fn the_example_of_the_api_reference_is_described_by_its_column_types() {
        let rows = "Alice,home,2,2020-02-03\nAlice,profile,1,2020-02-03\nBob,home,4,2020-02-03\nAlice,home,2,2020-02-04\n";
        let measures =
            measure(&dataset(&[week("2020-02-03", VISIT, rows)]), &query("2020-02-03", "2020-02-10"));
        let kinds: Vec<ValueKind> = measures.columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [ValueKind::Text, ValueKind::Text, ValueKind::Number, ValueKind::Day]);
        assert_eq!(
            measures.columns[1].summary,
            ColumnSummary::Values(vec![("home".into(), 3), ("profile".into(), 1)])
        );
        let by_day = measures.by_day.unwrap();
        assert_eq!(
            (by_day.column.as_str(), by_day.sums.as_slice()),
            ("date", ["visit_count".to_owned()].as_slice())
        );
        assert_eq!(by_day.days[0], (day("2020-02-03"), Completeness::Complete((3, vec![7]))));
        assert_eq!(by_day.days[2].1, Completeness::Complete((0, vec![0])));
        assert_eq!(by_day.days[7].1, Completeness::Missing);
        assert_eq!((measures.count, measures.missing), (4, 1));
    }

    #[test]
    fn filters_without_a_column_are_listed_and_addresses_are_left_out() {
        let mut query = query("2020-02-03", "2020-02-09");
        query.base.course = Some("c".into());
        let measures = measure(&dataset(&[week("2020-02-03", "user,user_email", "Ana,a@b\n")]), &query);
        assert_eq!((measures.unfiltered.as_slice(), measures.count), (["courseId"].as_slice(), 1));
        assert_eq!(measures.columns.len(), 1);
    }

    #[test]
    fn an_unknown_report_is_filtered_by_ids_in_any_spelling() {
        let id = "0b0c3f4e-0000-4000-8000-00000000000a";
        let rows = format!("{id},1\n{},1\n{{{id}}},1\nother,1\n", id.to_uppercase());
        let mut query = query("2020-02-03", "2020-02-09");
        query.base.course = Some(id.into());
        let measures = measure(&dataset(&[week("2020-02-03", "courseId,count", &rows)]), &query);
        assert_eq!(measures.count, 3);
    }

    #[test]
    fn days_are_utc_days_like_those_of_windows() {
        let rows = "Ana,2026-03-30 01:00:00\nBo,2026-03-29 23:30:00\nCy,2026-04-05 23:30:00\n";
        let mut query = query("2026-03-30", "2026-04-05");
        query.base.zone = crate::reports::fixture::berlin();
        let measures = measure(&dataset(&[week("2026-03-30", "user,time", rows)]), &query);
        let by_day = measures.by_day.unwrap();
        let days: Vec<u64> =
            by_day.days.iter().filter_map(|(_, k)| k.value().map(|(rows, _)| *rows)).collect();
        assert_eq!(days, [1, 0, 0, 0, 0, 0, 1], "the last day is complete");
        assert_eq!(by_day.outside, 1);
    }

    proptest! {
        #[test]
        fn a_histogram_counts_every_number_once(numbers in prop::collection::vec(-50i32..50, 1..60)) {
            let csv: String = numbers.iter().map(|n| format!("{n},x\n")).collect();
            let measures =
                measure(&dataset(&[week("2020-02-03", "n,x", &csv)]), &query("2020-02-03", "2020-02-09"));
            let ColumnSummary::Numbers { smallest, largest, ref bins, .. } = measures.columns[0].summary else { panic!() };
            prop_assert_eq!(bins.iter().sum::<u64>(), numbers.len() as u64);
            prop_assert_eq!(smallest, f64::from(*numbers.iter().min().unwrap()));
            prop_assert_eq!(largest, f64::from(*numbers.iter().max().unwrap()));
        }

        #[test]
        fn whole_numbers_get_bins_of_a_whole_width(numbers in prop::collection::vec(0u32..300, 1..60)) {
            let csv: String = numbers.iter().map(|n| format!("{n},x\n")).collect();
            let measures =
                measure(&dataset(&[week("2020-02-03", "n,x", &csv)]), &query("2020-02-03", "2020-02-09"));
            let ColumnSummary::Numbers { smallest, width, ref bins, .. } = measures.columns[0].summary else { panic!() };
            prop_assert_eq!(width.fract(), 0.0);
            for (index, bin) in (0u32..).zip(bins) {
                let from = smallest + width * f64::from(index);
                let within = |n: &&u32| from <= f64::from(**n) && f64::from(**n) < from + width;
                prop_assert_eq!(*bin, numbers.iter().filter(within).count() as u64);
            }
        }

        #[test]
        fn no_table_panics(rows in "[a-c0-9,\n\"-]{0,80}") {
            let _ = measure(&dataset(&[week("2020-02-03", VISIT, &rows)]), &query("2020-02-03", "2020-02-09"));
        }
    }
}
