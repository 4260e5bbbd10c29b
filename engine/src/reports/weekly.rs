//! `assetbydate`: activity per week. Each row is a sum over its window.
//!
//! Sums are added up across windows for each video in each section, with the latest `last_view`. They are not
//! added up across sections if a video is in several, since that could count it twice. A sum cannot be
//! divided, so only windows inside the range count.

use super::library::{Filter, Key, LibraryEntry, ViewSums, by_views, read_entries};
use crate::completeness::Completeness;
use crate::dictionary::EMPTY;
use crate::ordering::sort_by;
use crate::table::dataset::{DataStatus, Dataset};
use domain::query::MeasureQuery;
use domain::time::{Day, Timestamp, minus_days, monday, plus_days};
use std::collections::{BTreeMap, BTreeSet};

/// A Monday week, or the part of it inside the range, in UTC days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Its first day.
    pub from: Day,
    /// Its last day, inclusive.
    pub to: Day,
    /// Its totals.
    pub known: Completeness<WeekTotals>,
}

/// Totals of a week.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WeekTotals {
    /// Distinct videos with a view.
    pub videos: u64,
    /// Sums over all rows; `None` if a video is in several sections.
    pub sums: Option<ViewSums>,
}

/// Views by week, of a video in a section, or of a section.
#[derive(Debug, Clone, PartialEq)]
pub struct WeeklySeries {
    /// The video in its section, with sums over all weeks. For a section: only course, number, sums and last
    /// view.
    pub entry: LibraryEntry,
    /// Distinct videos with a row: 1 for a video.
    pub videos: u64,
    /// Views by week, in the order of [`Measures::weeks`]; `None` if the week is not loaded or a cell is
    /// empty.
    pub weeks: Vec<Option<u64>>,
}

/// Measures of `assetbydate`.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Every week of the range.
    pub weeks: Vec<Week>,
    /// Videos in sections, most views first.
    pub videos: Vec<WeeklySeries>,
    /// Sections, most views first. A video occurs once in a section, so its numbers can be added up.
    pub sections: Vec<WeeklySeries>,
    /// Distinct videos with a row.
    pub distinct: u64,
    /// Rows of all weeks: a video in a section has one in each window.
    pub rows: u64,
    /// Of these, rows that name no course.
    pub rows_without_course: u64,
    /// Distinct videos that are in several sections.
    pub repeated: u64,
    /// Windows that were left out, since they extend beyond the range.
    pub left_out: u64,
    /// Whether the section filter was ignored: this report has section numbers only, and the filter has ids.
    pub is_sections_ignored: bool,
    /// Rows whose number of fields differs from the header's.
    pub ragged: u64,
}

/// Measures the weeks of the range.
#[must_use]
pub fn measure(dataset: &Dataset, query: &MeasureQuery) -> Measures {
    let parts = week_parts(query);
    let statuses: Vec<DataStatus> = parts.iter().map(|part| part_status(dataset, query, *part)).collect();
    let mut weeks: Vec<BTreeMap<Key, LibraryEntry>> = vec![BTreeMap::new(); parts.len()];
    let (mut rows, mut rows_without_course) = (0, 0);
    let totals = for_each_window(dataset, query, |window| {
        rows += window.entries.len() as u64;
        let without_course = window.entries.iter().filter(|([_, course, _], _)| *course == EMPTY);
        rows_without_course += without_course.count() as u64;
        if let Some(week) = weeks.get_mut(window.week) {
            for (key, entry) in window.entries {
                merge_entry(week, key, entry);
            }
        }
    });
    let series = build_series(&weeks, &statuses);
    let mut media: BTreeMap<u32, u64> = BTreeMap::new();
    for ([id, _, _], _) in &series {
        *media.entry(*id).or_default() += 1;
    }
    let mut sections: BTreeMap<[u32; 2], WeeklySeries> = BTreeMap::new();
    for ([_, course, section], video) in &series {
        let total = sections.entry([*course, *section]).or_insert_with(|| WeeklySeries {
            entry: LibraryEntry {
                course: video.entry.course.clone(),
                section: video.entry.section.clone(),
                sums: ViewSums::ZERO,
                ..LibraryEntry::default()
            },
            videos: 0,
            weeks: video.weeks.iter().map(|views| views.map(|_| 0)).collect(),
        });
        total.videos += 1;
        total.entry.sums = total.entry.sums.plus(video.entry.sums);
        total.entry.last_view = total.entry.last_view.max(video.entry.last_view);
        for (sum, views) in total.weeks.iter_mut().zip(&video.weeks) {
            *sum = sum.zip(*views).map(|(sum, views)| sum + views);
        }
    }
    let sorted = |mut series: Vec<WeeklySeries>| {
        sort_by(&mut series, |WeeklySeries { entry: a, .. }, WeeklySeries { entry: b, .. }| {
            by_views(&a.sums, &b.sums).then_with(|| (&a.id, &a.section).cmp(&(&b.id, &b.section)))
        });
        series
    };
    Measures {
        weeks: parts
            .iter()
            .zip(statuses.iter().zip(&weeks))
            .map(|((from, to), (status, rows))| Week {
                from: *from,
                to: *to,
                known: week_totals(*status, rows),
            })
            .collect(),
        distinct: media.len() as u64,
        repeated: media.values().filter(|sections| **sections > 1).count() as u64,
        videos: sorted(series.into_iter().map(|(_, video)| video).collect()),
        sections: sorted(sections.into_values().collect()),
        rows,
        rows_without_course,
        left_out: totals.left_out,
        is_sections_ignored: totals.is_sections_ignored,
        ragged: dataset.ragged(),
    }
}

/// A window that counts.
pub(super) struct CountedWindow {
    /// The index of its week in the range.
    pub(super) week: usize,
    /// The first and the last day of that week in the range.
    pub(super) days: (Day, Day),
    /// Its videos in sections that pass the filters.
    pub(super) entries: BTreeMap<Key, LibraryEntry>,
}

/// What [`for_each_window`] has left out.
pub(super) struct WindowTotals {
    /// Windows that extend beyond the range.
    left_out: u64,
    /// Whether the section filter was ignored.
    is_sections_ignored: bool,
}

/// Calls `visit` for every window that counts, in the order of time: those inside a week of the range that is loaded.
pub(super) fn for_each_window(
    dataset: &Dataset,
    query: &MeasureQuery,
    mut visit: impl FnMut(CountedWindow),
) -> WindowTotals {
    let filter = Filter::new(dataset, query);
    let parts = week_parts(query);
    let mut left_out = 0;
    for data in dataset.within(query.base.range) {
        let containing_week = parts.iter().enumerate().find(|(_, (from, to))| {
            data.coverage.start.is_some_and(|start| start >= *from)
                && data.coverage.end.is_some_and(|end| end <= plus_days(*to, 1))
        });
        let Some((week, days)) = containing_week else {
            left_out += 1;
            continue;
        };
        if part_status(dataset, query, *days) == DataStatus::Missing {
            continue;
        }
        let mut entries = BTreeMap::new();
        read_entries(data, &dataset.texts, &filter, &mut entries);
        visit(CountedWindow { week, days: *days, entries });
    }
    WindowTotals { left_out, is_sections_ignored: filter.is_sections_ignored }
}

/// The state of a week of the range, given as first and last day.
fn part_status(dataset: &Dataset, query: &MeasureQuery, (from, to): (Day, Day)) -> DataStatus {
    let second = |day: Day| Timestamp::start_of(day).seconds();
    dataset.status_between(second(from), second(plus_days(to, 1)), query.base.today)
}

/// The range split at Mondays, as first and last day (UTC, inclusive): the windows that are requested.
fn week_parts(query: &MeasureQuery) -> Vec<(Day, Day)> {
    let (first, last) = (query.base.range.from(), query.base.range.to());
    let mut parts = Vec::new();
    let mut from = first;
    while from <= last {
        let next = plus_days(monday(from), 7);
        parts.push((from, minus_days(next, 1).min(last)));
        if next <= from {
            break;
        }
        from = next;
    }
    parts
}

/// Adds an entry's sums to those of earlier windows.
fn merge_entry(rows: &mut BTreeMap<Key, LibraryEntry>, key: Key, entry: LibraryEntry) {
    match rows.get_mut(&key) {
        None => {
            rows.insert(key, entry);
        }
        Some(merged) => {
            let sums = merged.sums.plus(entry.sums);
            let last_view = merged.last_view.max(entry.last_view);
            // Windows are in the order of time, so the newest names take precedence.
            *merged = LibraryEntry { sums, last_view, ..entry };
        }
    }
}

/// A series for each video in each section, in the order of keys.
fn build_series(weeks: &[BTreeMap<Key, LibraryEntry>], statuses: &[DataStatus]) -> Vec<(Key, WeeklySeries)> {
    let mut all: BTreeMap<Key, LibraryEntry> = BTreeMap::new();
    for (key, entry) in weeks.iter().flatten() {
        merge_entry(&mut all, *key, entry.clone());
    }
    all.into_iter()
        .map(|(key, entry)| {
            let views =
                |rows: &BTreeMap<Key, LibraryEntry>| rows.get(&key).map_or(Some(0), |entry| entry.sums.views);
            let weeks = weeks
                .iter()
                .zip(statuses)
                .map(|(rows, status)| views(rows).filter(|_| *status != DataStatus::Missing))
                .collect();
            (key, WeeklySeries { entry, videos: 1, weeks })
        })
        .collect()
}

fn week_totals(status: DataStatus, rows: &BTreeMap<Key, LibraryEntry>) -> Completeness<WeekTotals> {
    let media: BTreeSet<u32> = rows.keys().map(|[id, _, _]| *id).collect();
    let viewed: BTreeSet<u32> =
        rows.iter().filter(|(_, entry)| entry.sums.is_viewed()).map(|([id, _, _], _)| *id).collect();
    let sum = || rows.values().fold(ViewSums::ZERO, |sum, entry| sum.plus(entry.sums));
    let totals = WeekTotals { videos: viewed.len() as u64, sums: (media.len() == rows.len()).then(sum) };
    match status {
        DataStatus::Missing => Completeness::Missing,
        DataStatus::Provisional => Completeness::Provisional(totals),
        DataStatus::Complete => Completeness::Complete(totals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, day, query, window};
    use domain::query::WindowCoverage;
    use proptest::prelude::*;

    const HEADER: &str =
        "video_name,section_number,mediaid,course_identifier,last_view,view_count,view_duration_in_minutes";

    fn coverage(from: &str, end: &str) -> WindowCoverage {
        WindowCoverage { start: Some(day(from)), end: Some(day(end)), provisional_from: None }
    }

    proptest! {
        #[test]
        fn sums_are_added_up_across_windows_for_each_video_in_each_section(
            weeks in prop::collection::vec(prop::collection::btree_map((0u32..4, 0u32..3), 0u64..9, 0..8), 3),
            missing in 0usize..4,
        ) {
            let ends = ["2026-02-04", "2026-02-09", "2026-02-16", "2026-02-18"];
            let windows: Vec<_> = weeks
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != missing)
                .map(|(index, rows)| {
                    let csv: String = rows
                        .iter()
                        .map(|((video, section), views)| format!("V,{section},m{video},c,2026-02-{:02},{views},1.5\n", 4 + index))
                        .collect();
                    window(coverage(ends[index], ends[index + 1]), HEADER, &csv)
                })
                .collect();
            let measures = measure(&dataset(&windows), &query("2026-02-04", "2026-02-17"));
            let mut expected: BTreeMap<(String, String), u64> = BTreeMap::new();
            for (_, rows) in weeks.iter().enumerate().filter(|(index, _)| *index != missing) {
                for ((video, section), views) in rows {
                    *expected.entry((format!("m{video}"), section.to_string())).or_default() += views;
                }
            }
            let measured: BTreeMap<(String, String), u64> = measures
                .videos
                .iter()
                .map(|video| ((video.entry.id.clone(), video.entry.section.clone()), video.entry.sums.views.unwrap()))
                .collect();
            prop_assert_eq!(&measured, &expected);
            for section in &measures.sections {
                let own = expected.iter().filter(|((_, number), _)| *number == section.entry.section);
                prop_assert_eq!(section.entry.sums.views, Some(own.map(|(_, views)| views).sum::<u64>()));
            }
            for (index, week) in measures.weeks.iter().enumerate() {
                prop_assert_eq!(week.known.value().is_none(), index == missing);
                let Some(watched) = week.known.value() else { continue };
                let viewed: BTreeSet<u32> =
                    weeks[index].iter().filter(|(_, views)| **views > 0).map(|((video, _), _)| *video).collect();
                prop_assert_eq!(watched.videos, viewed.len() as u64);
                let repeats = weeks[index].keys().map(|(video, _)| *video).collect::<BTreeSet<_>>().len() < weeks[index].len();
                prop_assert_eq!(watched.sums.is_none(), repeats, "not added up if a video is repeated");
            }
        }
    }

    #[test]
    fn the_latest_view_is_over_all_windows_and_windows_beyond_the_range_are_left_out() {
        let rows = |time: &str| format!("V,1,m,c,{time},2,3.0\n");
        let windows = [
            window(coverage("2026-02-02", "2026-02-09"), HEADER, &rows("2026-02-08 10:00:00")),
            window(coverage("2026-02-09", "2026-02-16"), HEADER, &rows("")),
            window(coverage("2026-01-29", "2026-02-04"), HEADER, &rows("2026-01-30")),
            // Loaded for a comparison. It is outside the range, so it is not counted as left out.
            window(coverage("2026-01-19", "2026-01-26"), HEADER, &rows("2026-01-20")),
        ];
        let measures = measure(&dataset(&windows), &query("2026-02-02", "2026-02-15"));
        assert_eq!(measures.left_out, 1);
        assert_eq!(measures.videos[0].entry.sums.views, Some(4));
        let latest = Timestamp::parse("2026-02-08 10:00:00").map(Timestamp::seconds);
        assert_eq!(measures.videos[0].entry.last_view.map(i64::from), latest);
        assert_eq!(measures.videos[0].weeks, [Some(2), Some(2)]);
    }
}
