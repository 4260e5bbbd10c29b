//! A report that Lectern does not know: a table, and measures that the kinds of its columns allow.
//!
//! Nothing is claimed of what a number means. Numbers are told by their spread, days by how many rows they
//! have, texts by how often each stands there. Where rows carry a day, the sum of a column of whole numbers is
//! given for it under the column's own name: a reader who knows the report knows whether that is a number.

use super::selection::find_codes;
use super::{Completeness, Query, median};
use crate::dictionary::{Dictionary, EMPTY};
use crate::table::cell_value::{self, ValueKind};
use crate::table::dataset::{DataStatus, Dataset, WindowData};
use domain::column;
use domain::institution_role::InstitutionRole;
use domain::range::Range;
use domain::time::{Day, SECOND, Timestamp, plus_days};
use std::collections::BTreeMap;

/// Rows that are answered one by one.
const MAX_ROWS: usize = 1_000;
/// Texts of one column that are counted one by one; a column with more is one of names.
const MAX_VALUES: usize = 20;
/// Bins of a spread.
const BINS: usize = 10;

/// What a column says.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnSummary {
    /// Numbers.
    Numbers {
        /// The smallest.
        smallest: f64,
        /// The largest.
        largest: f64,
        /// The one in the middle of them, where all are whole and not below zero.
        median: Option<u64>,
        /// How wide each bin is; whole where the numbers are.
        width: f64,
        /// How many lie in each bin, from the smallest number to the largest.
        bins: Vec<u64>,
    },
    /// Days or times.
    Times {
        /// The first, as seconds since 1970, UTC.
        first: u32,
        /// The last.
        last: u32,
    },
    /// A few texts, each with its rows, most first.
    Values(Vec<(String, u64)>),
    /// Many texts: names, ids, sentences.
    Texts,
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    /// Its name as it came.
    pub name: String,
    /// What it holds.
    pub kind: ValueKind,
    /// Rows in which it holds anything.
    pub filled: u64,
    /// Distinct texts.
    pub distinct: u64,
    /// What it says.
    pub summary: ColumnSummary,
}

/// Rows of a day, and a sum for each column that is added up.
pub type DayTotals = (u64, Vec<u64>);

/// Rows by the days of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsByDay {
    /// The column of days.
    pub column: String,
    /// Columns of whole numbers, which are added up for each day.
    pub sums: Vec<String>,
    /// Every day of the range, in UTC: rows, and a sum for each of those columns.
    pub days: Vec<(Day, Completeness<DayTotals>)>,
    /// Rows whose day lies outside the range, or cannot be read.
    pub outside: u64,
}

/// What an unknown report says.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Its columns, in the order of the newest copy.
    pub columns: Vec<ColumnProfile>,
    /// Rows by day, where a column holds days.
    pub by_day: Option<RowsByDay>,
    /// The first rows, a cell for each column.
    pub rows: Vec<Vec<String>>,
    /// How many rows there are.
    pub count: u64,
    /// Days of the range that are not here.
    pub missing: u64,
    /// Days of the range that may still grow.
    pub provisional: u64,
    /// What was filtered by and has no column here.
    pub unfiltered: Vec<&'static str>,
    /// Rows with another number of fields than their header.
    pub ragged: u64,
}

/// What its columns allow.
#[must_use]
pub fn measure(dataset: &Dataset, query: &Query) -> Measures {
    let texts = &dataset.texts;
    let base = &query.base;
    let names = names(dataset, base.range);
    let (rows, unfiltered) = rows(dataset, query, &names);
    let cell = |row: &Vec<u32>, place: usize| row.get(place).copied().unwrap_or(EMPTY);
    let columns: Vec<ColumnProfile> = names
        .iter()
        .enumerate()
        .map(|(place, name)| column(name, rows.iter().map(|row| cell(row, place)), texts))
        .collect();
    let has_dates = dataset.iter().any(|(_, data)| data.coverage.start.is_some());
    let status = |day: Day| {
        let (start, end) = (Timestamp::start_of(day), Timestamp::start_of(plus_days(day, 1)));
        dataset.status_between(start.seconds(), end.seconds(), base.today)
    };
    let days_that_are =
        |wanted: DataStatus| base.range.each_day().filter(|day| status(*day) == wanted).count() as u64;
    let is_dated = |column: &ColumnProfile| matches!(column.kind, ValueKind::Day | ValueKind::Time);
    let dated = columns.iter().position(is_dated).filter(|_| has_dates);
    let by_day = dated.map(|dated| {
        let whole =
            |column: &ColumnProfile| matches!(column.summary, ColumnSummary::Numbers { median: Some(_), .. });
        let added: Vec<usize> =
            columns.iter().enumerate().filter(|(_, column)| whole(column)).map(|(place, _)| place).collect();
        let mut days: BTreeMap<Day, DayTotals> = BTreeMap::new();
        let mut outside = 0;
        for row in &rows {
            let at = cell_value::parse_time(texts.bytes_of(cell(row, dated)))
                .map(|at| Timestamp(i64::from(at) * SECOND));
            // Copies are cut at days of UTC, and nobody knows by which column: days of a zone would lack hours.
            let day = at.map(Timestamp::day);
            let Some(day) = day.filter(|day| (base.range.from()..=base.range.to()).contains(day)) else {
                outside += 1;
                continue;
            };
            let (count, sums) = days.entry(day).or_insert_with(|| (0, vec![0; added.len()]));
            *count += 1;
            for (sum, place) in sums.iter_mut().zip(&added) {
                *sum += cell_value::parse_count(texts.bytes_of(cell(row, *place))).unwrap_or(0);
            }
        }
        let of_day = |day: Day| {
            let counted = days.get(&day).cloned().unwrap_or_else(|| (0, vec![0; added.len()]));
            match status(day) {
                DataStatus::Missing => Completeness::Missing,
                DataStatus::Provisional => Completeness::Provisional(counted),
                DataStatus::Complete => Completeness::Complete(counted),
            }
        };
        let name = |place: &usize| names.get(*place).cloned().unwrap_or_default();
        RowsByDay {
            column: name(&dated),
            sums: added.iter().map(name).collect(),
            days: base.range.each_day().map(|day| (day, of_day(day))).collect(),
            outside,
        }
    });
    let told = |row: &Vec<u32>| row.iter().map(|code| texts.text(*code).into_owned()).collect();
    Measures {
        columns,
        by_day,
        count: rows.len() as u64,
        rows: rows.iter().take(MAX_ROWS).map(told).collect(),
        missing: days_that_are(DataStatus::Missing),
        provisional: days_that_are(DataStatus::Provisional),
        unfiltered,
        ragged: dataset.ragged(),
    }
}

/// The names of all columns, those of the newest copy first.
fn names(dataset: &Dataset, range: Range) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let data: Vec<&WindowData> = dataset.within(range).collect();
    for name in data.iter().rev().flat_map(|data| data.table.names()) {
        if column::position(&names, name).is_none() {
            names.push(name.to_owned());
        }
    }
    names
}

/// Every row that the filters let pass, as codes by column; and the filters that have no column here.
fn rows(dataset: &Dataset, query: &Query, names: &[String]) -> (Vec<Vec<u32>>, Vec<&'static str>) {
    let texts = &dataset.texts;
    let base = &query.base;
    let filters = [
        ("courseId", find_codes(base.course.as_slice(), texts)),
        ("sectionId", find_codes(&base.sections, texts)),
        ("userid", find_codes(base.student.as_slice(), texts)),
    ];
    let mut unfiltered: Vec<&'static str> = filters
        .iter()
        .filter(|(name, wanted)| wanted.is_some() && column::position(names, name).is_none())
        .map(|(name, _)| *name)
        .collect();
    let by_role = !base.roles.is_empty();
    if by_role && column::position(names, "role").is_none() {
        unfiltered.push("role");
    }
    let mut rows = Vec::new();
    for data in dataset.within(base.range) {
        let table = &data.table;
        let places: Vec<Option<usize>> = names.iter().map(|name| table.column_index(name)).collect();
        let role = table.column_index("role").filter(|_| by_role);
        let wanted: Vec<_> = filters
            .iter()
            .filter_map(|(name, wanted)| Some((table.column_index(name)?, wanted.as_ref()?)))
            .collect();
        for row in 0..table.rows() {
            let passes = wanted.iter().all(|(place, wanted)| wanted.contains(&table.code(Some(*place), row)))
                && role.is_none_or(|place| {
                    base.roles
                        .contains(&InstitutionRole::from_text(&texts.text(table.code(Some(place), row))))
                });
            if passes {
                rows.push(places.iter().map(|place| table.code(*place, row)).collect());
            }
        }
    }
    (rows, unfiltered)
}

fn column(name: &str, codes: impl Iterator<Item = u32>, texts: &Dictionary) -> ColumnProfile {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    codes.filter(|code| *code != EMPTY).for_each(|code| *counts.entry(code).or_default() += 1);
    let kind = ValueKind::infer(counts.keys().map(|code| texts.bytes_of(*code)));
    let filled = counts.values().sum();
    let summary = match kind {
        ValueKind::Number => numbers(&counts, texts),
        ValueKind::Day | ValueKind::Time => {
            let times = || counts.keys().filter_map(|code| cell_value::parse_time(texts.bytes_of(*code)));
            times().min().zip(times().max()).map(|(first, last)| ColumnSummary::Times { first, last })
        }
        ValueKind::Text if counts.len() <= MAX_VALUES && filled > counts.len() as u64 => {
            let mut values: Vec<(String, u64)> =
                counts.iter().map(|(code, rows)| (texts.text(*code).into_owned(), *rows)).collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
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

fn numbers(counts: &BTreeMap<u32, u64>, texts: &Dictionary) -> Option<ColumnSummary> {
    let read = || {
        counts
            .iter()
            .filter_map(|(code, rows)| Some((cell_value::parse_number(texts.bytes_of(*code))?, *rows)))
    };
    let smallest = read().map(|(number, _)| number).min_by(f64::total_cmp)?;
    let largest = read().map(|(number, _)| number).max_by(f64::total_cmp)?;
    let whole: Option<Vec<(u64, u64)>> = counts
        .iter()
        .map(|(code, rows)| Some((cell_value::parse_count(texts.bytes_of(*code))?, *rows)))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "ten bins")]
    let most = BINS as f64;
    let span = largest - smallest;
    // Half a visit is none: whole numbers are counted by whole numbers.
    let width = if whole.is_some() { ((span + 1.0) / most).ceil().max(1.0) } else { span / most };
    let filled = if whole.is_some() { ((span + 1.0) / width).ceil() } else { most };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from one to ten")]
    let mut bins = vec![0; if span > 0.0 { (filled as usize).clamp(1, BINS) } else { 1 }];
    for (number, rows) in read() {
        let place = if width > 0.0 { (number - smallest) / width } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to ten")]
        let place = (place as usize).min(bins.len() - 1);
        if let Some(bin) = bins.get_mut(place) {
            *bin += rows;
        }
    }
    let median = whole.map(|whole| {
        let each =
            |(number, rows): (u64, u64)| std::iter::repeat_n(number, usize::try_from(rows).unwrap_or(0));
        median(whole.into_iter().flat_map(each).collect())
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
    fn the_vendors_own_example_is_read_by_the_kinds_of_its_columns() {
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
    fn a_filter_without_a_column_is_said_and_an_address_is_not_there() {
        let mut query = query("2020-02-03", "2020-02-09");
        query.base.course = Some("c".into());
        let measures = measure(&dataset(&[week("2020-02-03", "user,user_email", "Ana,a@b\n")]), &query);
        assert_eq!((measures.unfiltered.as_slice(), measures.count), (["courseId"].as_slice(), 1));
        assert_eq!(measures.columns.len(), 1);
    }

    #[test]
    fn days_are_those_of_utc_by_which_copies_are_cut() {
        let rows = "Ana,2026-03-30 01:00:00\nBo,2026-03-29 23:30:00\nCy,2026-04-05 23:30:00\n";
        let mut query = query("2026-03-30", "2026-04-05");
        query.base.zone = crate::reports::fixture::berlin();
        let measures = measure(&dataset(&[week("2026-03-30", "user,time", rows)]), &query);
        let by_day = measures.by_day.unwrap();
        let days: Vec<u64> =
            by_day.days.iter().filter_map(|(_, k)| k.value().map(|(rows, _)| *rows)).collect();
        assert_eq!(days, [1, 0, 0, 0, 0, 0, 1], "its last day is whole");
        assert_eq!(by_day.outside, 1);
    }

    proptest! {
        #[test]
        fn a_spread_holds_every_number_once(numbers in prop::collection::vec(-50i32..50, 1..60)) {
            let csv: String = numbers.iter().map(|n| format!("{n},x\n")).collect();
            let measures =
                measure(&dataset(&[week("2020-02-03", "n,x", &csv)]), &query("2020-02-03", "2020-02-09"));
            let ColumnSummary::Numbers { smallest, largest, ref bins, .. } = measures.columns[0].summary else { panic!() };
            prop_assert_eq!(bins.iter().sum::<u64>(), numbers.len() as u64);
            prop_assert_eq!(smallest, f64::from(*numbers.iter().min().unwrap()));
            prop_assert_eq!(largest, f64::from(*numbers.iter().max().unwrap()));
        }

        #[test]
        fn whole_numbers_are_counted_by_whole_numbers(numbers in prop::collection::vec(0u32..300, 1..60)) {
            let csv: String = numbers.iter().map(|n| format!("{n},x\n")).collect();
            let measures =
                measure(&dataset(&[week("2020-02-03", "n,x", &csv)]), &query("2020-02-03", "2020-02-09"));
            let ColumnSummary::Numbers { smallest, width, ref bins, .. } = measures.columns[0].summary else { panic!() };
            prop_assert_eq!(width.fract(), 0.0);
            for (place, bin) in (0u32..).zip(bins) {
                let from = smallest + width * f64::from(place);
                let within = |n: &&u32| from <= f64::from(**n) && f64::from(**n) < from + width;
                prop_assert_eq!(*bin, numbers.iter().filter(within).count() as u64);
            }
        }

        #[test]
        fn no_table_is_a_panic(rows in "[a-c0-9,\n\"-]{0,80}") {
            let _ = measure(&dataset(&[week("2020-02-03", VISIT, &rows)]), &query("2020-02-03", "2020-02-09"));
        }
    }
}
