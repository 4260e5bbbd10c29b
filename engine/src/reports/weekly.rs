//! `assetbydate`: activity per week. Each row is a sum over its window.
//!
//! Sums are added across windows for each video in each section, with the latest `last_view`. Across sections
//! they are shown side by side: a video in several sections repeats, and adding it up could count it twice. A
//! window cannot be trimmed, so only those that lie inside the range count.

use super::library::{Filter, Key, LibraryEntry, ViewSums, by_views, for_each_entry, keep_greater};
use super::{Completeness, Query};
use crate::table::dataset::{DataStatus, Dataset};
use domain::time::{Day, Timestamp, minus_days, monday, plus_days};
use std::collections::{BTreeMap, BTreeSet};

/// A week, or the part of one that the range holds, in UTC days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Week {
    /// Its first day.
    pub from: Day,
    /// Its last, included.
    pub to: Day,
    /// What was watched in it.
    pub known: Completeness<WeekTotals>,
}

/// What was watched in a week.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WeekTotals {
    /// Distinct videos with a view.
    pub videos: u64,
    /// Sums over all rows, where no video stands in several sections.
    pub sums: Option<ViewSums>,
}

/// A video in a section, or a section, over the weeks.
#[derive(Debug, Clone, PartialEq)]
pub struct WeeklySeries {
    /// What it is; its numbers are those of all weeks. Of a section, only its course and number.
    pub entry: LibraryEntry,
    /// Distinct videos: one, or those of the section with a row.
    pub videos: u64,
    /// Views by week; none where nothing is known, or a row does not say it.
    pub weeks: Vec<Option<u64>>,
}

/// What was watched, week by week.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Every week of the range.
    pub weeks: Vec<Week>,
    /// Videos in sections, most views first.
    pub videos: Vec<WeeklySeries>,
    /// Sections, most views first. Inside a section no video stands twice, so its numbers can be added.
    pub sections: Vec<WeeklySeries>,
    /// Distinct videos with a row.
    pub distinct: u64,
    /// Distinct videos that stand in several sections.
    pub repeated: u64,
    /// Windows that reach beyond the range, and are therefore left out.
    pub left_out: u64,
    /// Whether sections were asked for that this report cannot tell: it knows them by number alone.
    pub is_sections_ignored: bool,
    /// Rows with another number of fields than the header.
    pub ragged: u64,
}

/// What was watched in the weeks of the range.
#[must_use]
pub fn measure(dataset: &Dataset, query: &Query) -> Measures {
    let filter = Filter::new(dataset, query);
    let pieces = week_parts(query);
    let second = |day: Day| Timestamp::start_of(day).seconds();
    let statuses: Vec<DataStatus> = pieces
        .iter()
        .map(|(from, to)| dataset.status_between(second(*from), second(plus_days(*to, 1)), query.base.today))
        .collect();
    let mut weeks: Vec<BTreeMap<Key, LibraryEntry>> = vec![BTreeMap::new(); pieces.len()];
    let mut left_out = 0;
    for data in dataset.within(query.base.range) {
        let inside = pieces.iter().position(|(from, to)| {
            data.coverage.start.is_some_and(|start| start >= *from)
                && data.coverage.end.is_some_and(|end| end <= plus_days(*to, 1))
        });
        let Some(week) = inside else {
            left_out += 1;
            continue;
        };
        if statuses.get(week) == Some(&DataStatus::Missing) {
            continue;
        }
        let mut rows = BTreeMap::new();
        for_each_entry(data, &dataset.texts, &filter, |key, entry| keep_greater(&mut rows, key, entry));
        if let Some(week) = weeks.get_mut(week) {
            for (key, entry) in rows {
                merge_entry(week, key, entry);
            }
        }
    }
    let lines = lines(&weeks, &statuses);
    let mut media: BTreeMap<u32, u64> = BTreeMap::new();
    for [id, _, _] in lines.keys() {
        *media.entry(*id).or_default() += 1;
    }
    let mut sections: BTreeMap<[u32; 2], WeeklySeries> = BTreeMap::new();
    for ([_, course, section], line) in &lines {
        let known = sections.entry([*course, *section]).or_insert_with(|| WeeklySeries {
            entry: LibraryEntry {
                course: line.entry.course.clone(),
                section: line.entry.section.clone(),
                sums: ViewSums::ZERO,
                ..LibraryEntry::default()
            },
            videos: 0,
            weeks: line.weeks.iter().map(|views| views.map(|_| 0)).collect(),
        });
        known.videos += 1;
        known.entry.sums = known.entry.sums.plus(line.entry.sums);
        known.entry.last_view = known.entry.last_view.max(line.entry.last_view);
        for (sum, views) in known.weeks.iter_mut().zip(&line.weeks) {
            *sum = sum.zip(*views).map(|(sum, views)| sum + views);
        }
    }
    let sorted = |mut lines: Vec<WeeklySeries>| {
        let id = |line: &WeeklySeries| (line.entry.id.clone(), line.entry.section.clone());
        lines.sort_by(|a, b| by_views(&a.entry.sums, &b.entry.sums).then_with(|| id(a).cmp(&id(b))));
        lines
    };
    Measures {
        weeks: pieces
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
        videos: sorted(lines.into_values().collect()),
        sections: sorted(sections.into_values().collect()),
        left_out,
        is_sections_ignored: filter.is_sections_ignored,
        ragged: dataset.ragged(),
    }
}

/// The range cut at Mondays, in UTC days, both included: the windows that are asked for.
fn week_parts(query: &Query) -> Vec<(Day, Day)> {
    let (first, last) = (query.base.range.from(), query.base.range.to());
    let mut pieces = Vec::new();
    let mut from = first;
    while from <= last {
        let next = plus_days(monday(from), 7);
        pieces.push((from, minus_days(next, 1).min(last)));
        if next <= from {
            break;
        }
        from = next;
    }
    pieces
}

fn merge_entry(rows: &mut BTreeMap<Key, LibraryEntry>, key: Key, entry: LibraryEntry) {
    match rows.get_mut(&key) {
        None => {
            rows.insert(key, entry);
        }
        Some(known) => {
            let sums = known.sums.plus(entry.sums);
            let last_view = known.last_view.max(entry.last_view);
            // Windows come in the order of time: the newest names win.
            *known = LibraryEntry { sums, last_view, ..entry };
        }
    }
}

fn lines(weeks: &[BTreeMap<Key, LibraryEntry>], statuses: &[DataStatus]) -> BTreeMap<Key, WeeklySeries> {
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
    let watched = WeekTotals { videos: viewed.len() as u64, sums: (media.len() == rows.len()).then(sum) };
    match status {
        DataStatus::Missing => Completeness::Missing,
        DataStatus::Provisional => Completeness::Provisional(watched),
        DataStatus::Complete => Completeness::Complete(watched),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::fixture::{dataset, day, query, window};
    use crate::video_view_dataset::WindowCoverage;
    use proptest::prelude::*;

    const HEADER: &str =
        "video_name,section_number,mediaid,course_identifier,last_view,view_count,view_duration_in_minutes";

    fn coverage(from: &str, end: &str) -> WindowCoverage {
        WindowCoverage { start: Some(day(from)), end: Some(day(end)), provisional_from: None }
    }

    proptest! {
        #[test]
        fn sums_are_added_across_windows_for_each_video_in_each_section(
            weeks in prop::collection::vec(prop::collection::btree_map((0u32..4, 0u32..3), 0u64..9, 0..8), 3),
            missing in 0usize..4,
        ) {
            let ends = ["2026-02-04", "2026-02-09", "2026-02-16", "2026-02-18"];
            let windows: Vec<_> = weeks
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != missing)
                .map(|(place, rows)| {
                    let csv: String = rows
                        .iter()
                        .map(|((video, section), views)| format!("V,{section},m{video},c,2026-02-{:02},{views},1.5\n", 4 + place))
                        .collect();
                    window(coverage(ends[place], ends[place + 1]), HEADER, &csv)
                })
                .collect();
            let measures = measure(&dataset(&windows), &query("2026-02-04", "2026-02-17"));
            let mut plain: BTreeMap<(String, String), u64> = BTreeMap::new();
            for (_, rows) in weeks.iter().enumerate().filter(|(place, _)| *place != missing) {
                for ((video, section), views) in rows {
                    *plain.entry((format!("m{video}"), section.to_string())).or_default() += views;
                }
            }
            let measured: BTreeMap<(String, String), u64> = measures
                .videos
                .iter()
                .map(|line| ((line.entry.id.clone(), line.entry.section.clone()), line.entry.sums.views.unwrap()))
                .collect();
            prop_assert_eq!(&measured, &plain);
            for section in &measures.sections {
                let own = plain.iter().filter(|((_, number), _)| *number == section.entry.section);
                prop_assert_eq!(section.entry.sums.views, Some(own.map(|(_, views)| views).sum::<u64>()));
            }
            for (place, week) in measures.weeks.iter().enumerate() {
                prop_assert_eq!(week.known.value().is_none(), place == missing);
                let Some(watched) = week.known.value() else { continue };
                let viewed: BTreeSet<u32> =
                    weeks[place].iter().filter(|(_, views)| **views > 0).map(|((video, _), _)| *video).collect();
                prop_assert_eq!(watched.videos, viewed.len() as u64);
                let repeats = weeks[place].keys().map(|(video, _)| *video).collect::<BTreeSet<_>>().len() < weeks[place].len();
                prop_assert_eq!(watched.sums.is_none(), repeats, "shown side by side, not added");
            }
        }
    }

    #[test]
    fn the_latest_view_is_that_of_all_windows_and_what_reaches_beyond_the_range_is_left_out() {
        let rows = |time: &str| format!("V,1,m,c,{time},2,3.0\n");
        let windows = [
            window(coverage("2026-02-02", "2026-02-09"), HEADER, &rows("2026-02-08 10:00:00")),
            window(coverage("2026-02-09", "2026-02-16"), HEADER, &rows("")),
            window(coverage("2026-01-29", "2026-02-04"), HEADER, &rows("2026-01-30")),
            // Here for what the range is held against: nothing of it is missing from these weeks.
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
