//! Keeps the measures of one query up to date while copies arrive, are replaced and removed.
//!
//! What a copy adds is added once, when it comes. What goes cannot be taken out of a count of distinct
//! viewers, so when a copy goes, is replaced, or no longer answers for a day, everything is counted anew: that
//! is rare, and costs what the first count did.
//!
//! A day is a day of the query's zone, but copies are whole in UTC days. A local day touches one or two
//! of those, and is as good as the worst of them: missing when one is in no copy, provisional when one was not
//! complete when its copy was asked for, or is not over at all. The rows of a day that is missing wait: they
//! are counted when the copy comes that makes their day known.

use crate::chunked_bit_set::ChunkedBitSet;
use crate::crossfilter::{self, Crossfilter, FilterResult, FilteredRollup};
use crate::dictionary::{Dictionary, EMPTY};
use crate::measures::{
    Arrivals, Completeness, DELAY_STARTS, Item, Items, MAX_NAMED, MAX_STEPS, Measures, Query, Students,
    WatchTotals, Weekday,
};
use crate::rollup::QuarterHourRollup;
use crate::sort;
use crate::video_view_columns::{Dictionaries, SkippedRows};
use crate::video_view_dataset::VideoViewDataset;
use domain::institution_role::InstitutionRole;
use domain::time::{SECOND, Timestamp};

/// Seconds of a day on which no clock changes.
const PLAIN_DAY: i64 = 86_400;

/// Widths of a bin of the distribution, in minutes: those that a person would choose.
const BIN_WIDTHS: [u64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 3_000];

/// The most bins of a distribution.
const MAX_BINS: u64 = 12;

/// Rows and distinct viewers so far.
#[derive(Debug, Clone, Default)]
struct ViewerCount {
    rows: u64,
    /// Rows that name a viewer.
    viewer_rows: u64,
    viewers: ChunkedBitSet,
}

impl ViewerCount {
    #[inline]
    fn add(&mut self, user: u32, rows: u32) {
        self.rows += u64::from(rows);
        if user != EMPTY {
            self.viewer_rows += u64::from(rows);
            self.viewers.insert(user);
        }
    }

    fn watched(&self) -> WatchTotals {
        WatchTotals { rows: self.rows, viewers: self.viewers.len() }
    }
}

/// The place of `code`, made if it is not there.
#[inline]
fn entry_at<T: Clone + Default>(counts: &mut Vec<T>, code: u32) -> Option<&mut T> {
    let place = code as usize;
    if place >= counts.len() {
        counts.resize(place + 1, T::default());
    }
    counts.get_mut(place)
}

/// Adds rows to one of the places that `code` has, side by side: `place` of `places`.
#[inline]
fn add_rows(counts: &mut Vec<u32>, code: u32, (place, places): (usize, usize), rows: u32) {
    let from = code as usize * places;
    if from >= counts.len() {
        counts.resize(from + places, 0);
    }
    if let Some(counted) = counts.get_mut(from + place) {
        *counted += rows;
    }
}

/// Notes that a video was watched on `day`.
#[inline]
fn record_appearance(appeared: &mut Vec<Option<u32>>, video: u32, day: usize) {
    let day = u32::try_from(day).unwrap_or(u32::MAX);
    if let Some(first) = entry_at(appeared, video) {
        *first = Some(first.map_or(day, |first| first.min(day)));
    }
}

/// A copy that is in the counts.
#[derive(Debug, Clone, Copy)]
struct AggregatedWindow {
    generation: u32,
    /// The times of its first and last rollup.
    time_span: (i64, i64),
    skipped_rows: SkippedRows,
}

/// Everything that is counted.
#[derive(Debug, Default)]
struct Aggregates {
    days: Vec<ViewerCount>,
    all: ChunkedBitSet,
    /// Rows by weekday and hour, Monday at midnight first.
    hours: Vec<u64>,
    videos: Vec<ViewerCount>,
    /// Rows by video and day: those of one video side by side.
    video_days: Vec<u32>,
    /// The first day by video on which anybody watched it, whatever roles are filtered by.
    appeared: Vec<Option<u32>>,
    sections: Vec<ViewerCount>,
    roles: Vec<ViewerCount>,
    /// Rows by student.
    students: Vec<u32>,
    /// Rows by student and step: those of one student side by side.
    steps: Vec<u32>,
}

/// The measures of one query over a dataset.
#[derive(Debug)]
pub struct Aggregator {
    query: Query,
    starts: Vec<i64>,
    /// Days in a step of a spark-line.
    step_days: usize,
    windows: Vec<(String, AggregatedWindow)>,
    /// For each day whether it is final; `None` while it is not all here. Its rows are counted if it is.
    known: Vec<Option<bool>>,
    counts: Aggregates,
    /// What it is held against, if anything.
    other: Option<Box<Self>>,
}

impl Aggregator {
    /// Measures of nothing yet.
    #[must_use]
    pub fn new(query: Query) -> Self {
        let starts = crossfilter::day_starts(&query);
        let days = starts.len().saturating_sub(1);
        // A day each for up to six weeks; then whole weeks, and more of them if there are more than a year's.
        let step_days = if days <= 42 { 1 } else { days.div_ceil(MAX_STEPS * 7) * 7 };
        let counts = Aggregates {
            days: vec![ViewerCount::default(); days],
            hours: vec![0; 7 * 24],
            roles: vec![ViewerCount::default(); InstitutionRole::ALL.len()],
            ..Aggregates::default()
        };
        let other = query.comparison.as_ref().and_then(|comparison| query.comparison_query(comparison));
        let other = other.map(|query| Box::new(Self::new(query)));
        Self { query, starts, step_days, windows: Vec::new(), known: vec![None; days], counts, other }
    }

    /// The query.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Brings the counts up to the dataset.
    pub fn update(&mut self, dataset: &VideoViewDataset) {
        let known: Vec<Option<bool>> = self
            .starts
            .iter()
            .zip(self.starts.iter().skip(1))
            .map(|(start, end)| dataset.is_final(*start, *end, self.query.today))
            .collect();
        let has_gone =
            self.windows.iter().any(|(id, window)| dataset.generation(id) != Some(window.generation));
        let has_lost = self.known.iter().zip(&known).any(|(before, now)| before.is_some() && now.is_none());
        if has_gone || has_lost {
            *self = Self::new(self.query.clone());
        }
        if let Some(other) = &mut self.other {
            other.update(dataset);
        }
        let here: Vec<bool> = known.iter().map(Option::is_some).collect();
        let fresh: Vec<bool> =
            self.known.iter().zip(&here).map(|(before, now)| before.is_none() && *now).collect();
        let crossfilter = Crossfilter::new(&self.query, &self.starts, &dataset.texts);
        let counter = Counter::new(&self.query, &self.starts, self.step_days);
        for (id, data) in dataset.iter() {
            let columns = &data.table.columns;
            if let Some((_, window)) = self.windows.iter().find(|(window, _)| window == id) {
                if self.overlaps_days(window.time_span, &fresh) {
                    counter.count(&crossfilter, &columns.rollups, &fresh, &mut self.counts);
                }
                continue;
            }
            counter.count(&crossfilter, &columns.rollups, &here, &mut self.counts);
            let starts = || columns.rollups.iter().map(QuarterHourRollup::start);
            let (first, last) = (starts().min().unwrap_or(i64::MAX), starts().max().unwrap_or(i64::MIN));
            let (generation, skipped_rows) = (data.table.generation, columns.skipped_rows);
            self.windows.push((
                id.to_owned(),
                AggregatedWindow { generation, time_span: (first, last), skipped_rows },
            ));
        }
        self.known = known;
    }

    /// Whether a rollup between two times can be of one of `days`.
    fn overlaps_days(&self, (first, last): (i64, i64), days: &[bool]) -> bool {
        let spans = self.starts.iter().zip(self.starts.iter().skip(1)).zip(days);
        spans.filter(|(_, wanted)| **wanted).any(|((start, end), _)| first < *end && *start <= last)
    }

    /// The answer as of now.
    #[must_use]
    pub fn measures(&self, texts: &Dictionaries) -> Measures {
        let counts = &self.counts;
        let days = self.query.range.each_day().zip(self.days()).collect();
        let rows = counts.days.iter().map(|count| count.rows).sum();
        // Copies that are here only for what these days are held against say nothing of them.
        let all = vec![true; self.known.len()];
        let of_these = |window: &&AggregatedWindow| {
            self.other.is_none()
                || window.time_span.0 > window.time_span.1
                || self.overlaps_days(window.time_span, &all)
        };
        let window = self.windows.iter().map(|(_, window)| window).filter(of_these);
        let skipped_rows = window.fold(SkippedRows::default(), |sum, window| sum.plus(window.skipped_rows));
        let roles = InstitutionRole::ALL.into_iter().zip(counts.roles.iter().map(ViewerCount::watched));
        Measures {
            days,
            total: WatchTotals { rows, viewers: counts.all.len() },
            week: self.week(),
            videos: rank_items(
                &counts.videos,
                &texts.video,
                &texts.video.find_all(&self.query.videos),
                &|code| (texts.video_name(code), String::new(), texts.video_seconds(code)),
            ),
            sections: rank_items(
                &counts.sections,
                &texts.section,
                &texts.section.find_all(&self.query.sections),
                &|code| {
                    let (number, course) = texts.section_number(code);
                    (number, course, None)
                },
            ),
            roles: roles.filter(|(_, watched)| watched.rows > 0).collect(),
            students: self.students(),
            arrivals: self.arrivals(),
            by_delay: self.by_delay(),
            others: self.other.as_ref().map(|other| other.days().collect()).unwrap_or_default(),
            student: self.student_name(texts),
            skipped_rows,
        }
    }

    /// Each day of the range, as far as it is known.
    fn days(&self) -> impl Iterator<Item = Completeness> {
        self.known.iter().zip(&self.counts.days).map(|(known, count)| match known {
            None => Completeness::Missing,
            Some(true) => Completeness::Complete(count.watched()),
            Some(false) => Completeness::Provisional(count.watched()),
        })
    }

    /// What the student is called whose rows alone are counted.
    fn student_name(&self, texts: &Dictionaries) -> String {
        let Some(id) = &self.query.student else { return String::new() };
        let user = texts.user.find(id.as_str().as_bytes());
        user.map_or_else(String::new, |user| texts.person_name(user))
    }

    fn week(&self) -> [Weekday; 7] {
        let mut week = [Weekday::default(); 7];
        for (weekday, rows) in week.iter_mut().zip(self.counts.hours.chunks(24)) {
            for (hour, rows) in weekday.hours.iter_mut().zip(rows) {
                *hour = *rows;
            }
        }
        for (day, known) in self.query.range.each_day().zip(&self.known) {
            if let (Some(weekday), Some(is_final)) = (week.get_mut(weekday_of(day)), known) {
                weekday.known += 1;
                weekday.provisional += u32::from(!is_final);
            }
        }
        week
    }

    fn students(&self) -> Students {
        let mut rows: Vec<u64> =
            self.counts.students.iter().filter(|rows| **rows > 0).map(|rows| u64::from(*rows)).collect();
        sort::sort_ascending(&mut rows);
        let active = rows.len() as u64;
        let middle = |place: usize| rows.get(place).copied().unwrap_or(0);
        let median_rows = match rows.len() {
            0 => 0,
            n if n % 2 == 1 => middle(n / 2),
            n => u64::midpoint(middle(n / 2 - 1), middle(n / 2)),
        };
        // Two rows are a minute: a student of `r` rows is in bin `r / (2 × width)`.
        let most = rows.last().copied().unwrap_or(0);
        let fits = |width: &u64| most / (2 * width) < MAX_BINS;
        let bin_minutes = BIN_WIDTHS
            .into_iter()
            .find(fits)
            .unwrap_or_else(|| (most / (2 * MAX_BINS) + 1).next_multiple_of(1_000));
        let mut bins = vec![0; if active == 0 { 0 } else { to_index(most / (2 * bin_minutes)) + 1 }];
        for rows in &rows {
            if let Some(bin) = bins.get_mut(to_index(rows / (2 * bin_minutes))) {
                *bin += 1;
            }
        }
        Students {
            active,
            rows: rows.iter().sum(),
            median_rows,
            bin_minutes,
            bins,
            step_days: self.step_days,
            steps_known: self
                .known
                .chunks(self.step_days.max(1))
                .map(|days| days.iter().any(Option::is_some))
                .collect(),
        }
    }

    fn arrivals(&self) -> Vec<Arrivals> {
        let (mut before, mut is_final) = (ChunkedBitSet::default(), true);
        let step = self.step_days.max(1);
        let steps = self.counts.days.chunks(step).zip(self.known.chunks(step));
        steps
            .map(|(days, known)| {
                let mut viewers = ChunkedBitSet::default();
                for day in days {
                    viewers.union_with(&day.viewers);
                }
                let watched =
                    WatchTotals { rows: days.iter().map(|day| day.rows).sum(), viewers: viewers.len() };
                is_final &= known.iter().all(|known| *known == Some(true));
                let known = match known.iter().any(Option::is_some) {
                    false => Completeness::Missing,
                    true if is_final => Completeness::Complete(watched),
                    true => Completeness::Provisional(watched),
                };
                Arrivals { known, new: before.union_with(&viewers) }
            })
            .collect()
    }

    fn by_delay(&self) -> [u64; DELAY_STARTS.len()] {
        let mut after = [0; DELAY_STARTS.len()];
        let videos = self.counts.appeared.iter().zip(self.counts.video_days.chunks(self.known.len().max(1)));
        for (appeared, days) in videos {
            let from = appeared.unwrap_or(0) as usize;
            for (later, rows) in days.iter().skip(from).enumerate() {
                let span = DELAY_STARTS.iter().take_while(|begin| **begin <= later).count() - 1;
                if let Some(sum) = after.get_mut(span) {
                    *sum += u64::from(*rows);
                }
            }
        }
        after
    }

    /// The students with recorded activity, most minutes first, those of equal minutes by name.
    #[must_use]
    pub fn students_by_minutes(&self, texts: &Dictionaries) -> Vec<u32> {
        let rows = &self.counts.students;
        let mut order: Vec<u32> =
            (0..).zip(rows).filter(|(_, rows)| **rows > 0).map(|(user, _)| user).collect();
        let rows = |user: u32| rows.get(user as usize);
        sort::sort_by(&mut order, &mut |a, b| {
            let by_name = || texts.person_name(a).cmp(&texts.person_name(b));
            let by_id = || texts.user.bytes_of(a).cmp(texts.user.bytes_of(b));
            rows(b).cmp(&rows(a)).then_with(by_name).then_with(by_id)
        });
        order
    }

    /// A student's rows: all of them, and by step of the spark-line.
    #[must_use]
    pub fn student(&self, user: u32) -> (u64, Vec<u32>) {
        let rows = self.counts.students.get(user as usize).copied().unwrap_or(0);
        let steps = self.known.len().div_ceil(self.step_days.max(1));
        let from = user as usize * steps;
        let own = self.counts.steps.get(from..from + steps);
        (u64::from(rows), own.map_or_else(|| vec![0; steps], <[u32]>::to_vec))
    }

    /// For each day of the range, whether its rows are counted.
    #[must_use]
    pub fn counted_days(&self) -> Vec<bool> {
        self.known.iter().map(Option::is_some).collect()
    }
}

fn to_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Monday is 0.
fn weekday_of(day: domain::time::Day) -> usize {
    to_index(u64::try_from((day - domain::time::monday(day)).num_days()).unwrap_or(0))
}

/// What is the same for all rollups of a day.
struct DayContext {
    start: i64,
    /// Place of its Monday-to-Sunday weekday's first hour.
    weekday: usize,
    /// Whether hours can be counted from its start.
    is_plain: bool,
    step: usize,
}

/// Adds rollups to counts.
struct Counter<'a> {
    query: &'a Query,
    days: Vec<DayContext>,
    steps: usize,
}

impl<'a> Counter<'a> {
    fn new(query: &'a Query, starts: &[i64], step_days: usize) -> Self {
        let hour = |seconds: i64| query.zone.hour_of(Timestamp(seconds * SECOND));
        let days: Vec<DayContext> = query
            .range
            .each_day()
            .zip(starts.iter().zip(starts.iter().skip(1)))
            .enumerate()
            .map(|(place, (day, (start, end)))| DayContext {
                start: *start,
                weekday: weekday_of(day) * 24,
                is_plain: end - start == PLAIN_DAY && hour(*start) == 0 && hour(end - 1) == 23,
                step: place / step_days.max(1),
            })
            .collect();
        let steps = days.last().map_or(0, |day| day.step + 1);
        Self { query, days, steps }
    }

    fn count(
        &self,
        crossfilter: &Crossfilter<'_>,
        rollups: &[QuarterHourRollup],
        days: &[bool],
        counts: &mut Aggregates,
    ) {
        crossfilter.for_each_match(rollups, days, |FilteredRollup { rollup, day, role, passes }| {
            let Some(rollup) = rollups.get(rollup) else { return };
            let QuarterHourRollup { user, rows, .. } = *rollup;
            match passes {
                FilterResult::AllExceptVideos => {
                    if let Some(count) = entry_at(&mut counts.videos, rollup.video) {
                        count.add(user, rows);
                    }
                }
                FilterResult::AllExceptSections => {
                    if let Some(count) = entry_at(&mut counts.sections, rollup.section) {
                        count.add(user, rows);
                    }
                }
                FilterResult::AllExceptRoles => {
                    if let Some(count) = counts.roles.get_mut(role as usize) {
                        count.add(user, rows);
                    }
                    record_appearance(&mut counts.appeared, rollup.video, day);
                }
                FilterResult::AllExceptStudent => record_appearance(&mut counts.appeared, rollup.video, day),
                FilterResult::All => self.count_everywhere(rollup, day, role, counts),
            }
        });
    }

    #[inline]
    fn count_everywhere(
        &self,
        rollup: &QuarterHourRollup,
        day: usize,
        role: InstitutionRole,
        counts: &mut Aggregates,
    ) {
        let Some(of) = self.days.get(day) else { return };
        let QuarterHourRollup { user, rows, .. } = *rollup;
        if let Some(count) = counts.days.get_mut(day) {
            count.add(user, rows);
        }
        if user != EMPTY {
            counts.all.insert(user);
        }
        let time = rollup.start();
        let hour = if of.is_plain {
            usize::try_from((time - of.start) / 3600).unwrap_or(0)
        } else {
            self.query.zone.hour_of(Timestamp(time * SECOND)) as usize
        };
        if let Some(counted) = counts.hours.get_mut(of.weekday + hour) {
            *counted += u64::from(rows);
        }
        if let Some(count) = entry_at(&mut counts.videos, rollup.video) {
            count.add(user, rows);
        }
        if rollup.video != EMPTY {
            record_appearance(&mut counts.appeared, rollup.video, day);
            add_rows(&mut counts.video_days, rollup.video, (day, self.days.len()), rows);
        }
        if let Some(count) = entry_at(&mut counts.sections, rollup.section) {
            count.add(user, rows);
        }
        if let Some(count) = counts.roles.get_mut(role as usize) {
            count.add(user, rows);
        }
        if role == InstitutionRole::Student && user != EMPTY {
            if let Some(counted) = entry_at(&mut counts.students, user) {
                *counted += rows;
            }
            add_rows(&mut counts.steps, user, (of.step, self.steps), rows);
        }
    }
}

/// The first of `counts` by rows, those of equal rows by id; and whatever is among `chosen`.
fn rank_items(
    counts: &[ViewerCount],
    ids: &Dictionary,
    chosen: &[u32],
    label: &dyn Fn(u32) -> (String, String, Option<u32>),
) -> Items {
    let rows = |code: u32| counts.get(code as usize).map_or(0, |count| count.rows);
    let mut order: Vec<u32> = (0..).take(counts.len()).filter(|code| rows(*code) > 0).collect();
    sort::sort_by(&mut order, &mut |a, b| {
        rows(b).cmp(&rows(a)).then_with(|| ids.bytes_of(a).cmp(ids.bytes_of(b)))
    });
    let mut items = Items::default();
    for (place, code) in order.into_iter().enumerate() {
        let Some(count) = counts.get(code as usize) else { continue };
        if place >= MAX_NAMED && !chosen.contains(&code) {
            items.others += 1;
            items.other_rows += count.rows;
            continue;
        }
        let (name, part_of, seconds) = label(code);
        let id = ids.text(code).into_owned();
        let (watched, viewer_rows) = (count.watched(), count.viewer_rows);
        items.named.push(Item { id, name, part_of, seconds, watched, viewer_rows });
    }
    items
}

#[cfg(test)]
mod tests;
