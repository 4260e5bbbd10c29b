//! Keeps the measures of one query up to date while windows' copies are added, replaced and removed.
//!
//! A new copy is counted once, incrementally. Rows cannot be subtracted from a count of distinct viewers, so
//! when a copy is removed or replaced, or a day is no longer covered, everything is counted again: that is
//! rare, and costs as much as the first count. The same if new rows change the role of somebody whose rows were counted.
//!
//! A day is a day of the query's zone, but copies cover whole UTC days. A local day overlaps one or two UTC
//! days and is as complete as the worst of them: missing if no copy covers one, provisional if one was not
//! complete when its copy was requested, or is not over yet. Rows of a missing day are counted as soon as a
//! further copy makes their day known.

use crate::chunked_bit_set::ChunkedBitSet;
use crate::code_map::CodeMap;
use crate::completeness::Completeness;
use crate::crossfilter::{self, Crossfilter, FilterResult, FilteredRollup, RowScope};
use crate::dictionary::{Dictionary, EMPTY};
use crate::identity::IdentityCounts;
use crate::measures::{
    Arrivals, DELAY_STARTS, Item, Items, MAX_NAMED, MAX_STEPS, Measures, Students, WatchTotals, Weekday,
};
use crate::ordering::sort_by;
use crate::person_role::{PersonRoles, RoleCounts, decide_roles};
use crate::rollup::QuarterHourRollup;
use crate::table::dataset::DataStatus;
use crate::video_view_columns::{Dictionaries, SkippedRows};
use crate::video_view_dataset::VideoViewDataset;
use domain::institution_role::InstitutionRole;
use domain::query::RowQuery;
use domain::time::{SECOND, Timestamp};

/// Seconds in a day without a clock change.
const PLAIN_DAY: i64 = 86_400;

/// Bin widths of the students' distribution, in minutes: round numbers.
const BIN_WIDTHS: [u64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200, 3_000];

/// Maximum number of bins of a distribution.
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

/// The entry of `code`, inserted with its default if missing.
#[inline]
fn entry_at<T: Clone + Default>(counts: &mut Vec<T>, code: u32) -> Option<&mut T> {
    let index = code as usize;
    if index >= counts.len() {
        counts.resize(index + 1, T::default());
    }
    counts.get_mut(index)
}

/// Adds rows to `counts[code * columns + column]`, a matrix with one row of `columns` counts per code.
#[inline]
fn add_rows(counts: &mut Vec<u32>, code: u32, (column, columns): (usize, usize), rows: u32) {
    let start = code as usize * columns;
    if start >= counts.len() {
        counts.resize(start + columns, 0);
    }
    if let Some(count) = counts.get_mut(start + column) {
        *count += rows;
    }
}

/// Updates the first day on which a video was watched.
#[inline]
fn record_appearance(first_days: &mut Vec<Option<u32>>, video: u32, day: usize) {
    let day = u32::try_from(day).unwrap_or(u32::MAX);
    if let Some(first) = entry_at(first_days, video) {
        *first = Some(first.map_or(day, |first| first.min(day)));
    }
}

/// A window whose copy has been counted.
#[derive(Debug, Clone, Copy)]
struct AggregatedWindow {
    generation: u32,
    /// Starts of its first and last rollup, in seconds since 1970; first > last if it has none.
    time_span: (i64, i64),
    skipped_rows: SkippedRows,
}

/// All counts of a query. Vectors of items are indexed by dictionary code.
#[derive(Debug, Default)]
struct Aggregates {
    /// By day of the range.
    days: Vec<ViewerCount>,
    /// All viewers.
    all: ChunkedBitSet,
    /// Rows that name no course.
    without_course: u64,
    /// Rows by local weekday and hour: `hours[weekday * 24 + hour]`, Monday is 0.
    hours: Vec<u64>,
    videos: Vec<ViewerCount>,
    /// Rows by video and day: `video_days[video * days + day]`.
    video_days: Vec<u32>,
    /// By video, the first day on which anybody watched it, ignoring the filters by role and by student.
    first_days: Vec<Option<u32>>,
    sections: Vec<ViewerCount>,
    /// In the order of [`InstitutionRole::ALL`].
    roles: Vec<ViewerCount>,
    /// Rows by student.
    students: Vec<u32>,
    /// Rows by student and step of the sparkline: `student_steps[student * steps + step]`.
    student_steps: Vec<u32>,
}

impl Aggregates {
    /// The counts of no rows, for a range of so many days.
    fn new(days: usize) -> Self {
        Self {
            days: vec![ViewerCount::default(); days],
            hours: vec![0; 7 * 24],
            roles: vec![ViewerCount::default(); InstitutionRole::ALL.len()],
            ..Self::default()
        }
    }
}

/// The measures of one query over a dataset.
#[derive(Debug)]
pub struct Aggregator {
    query: RowQuery,
    /// Where each day of the range starts, and where the last one ends, in seconds since 1970.
    day_starts: Vec<i64>,
    /// Days in a step of a sparkline.
    step_days: usize,
    windows: Vec<(String, AggregatedWindow)>,
    /// For each day, whether it is final; `None` while it is missing. Only days with `Some` are counted.
    finality: Vec<Option<bool>>,
    /// The roles that the rows of the counted days name, by person.
    role_counts: CodeMap<RoleCounts>,
    /// The role that each person's rows are counted by.
    roles: PersonRoles,
    counts: Aggregates,
    /// Aggregator of the query's comparison, if it has one.
    comparison: Option<Box<Self>>,
}

impl Aggregator {
    /// Creates an aggregator that has counted nothing yet.
    #[must_use]
    pub fn new(query: RowQuery) -> Self {
        let day_starts = crossfilter::day_starts(&query);
        let days = day_starts.len().saturating_sub(1);
        // Steps of one day for ranges up to six weeks; else of whole weeks, at most `MAX_STEPS` steps.
        let step_days = if days <= 42 { 1 } else { days.div_ceil(MAX_STEPS * 7) * 7 };
        let comparison = query.comparison.as_ref().and_then(|comparison| query.comparison_query(comparison));
        let comparison = comparison.map(|query| Box::new(Self::new(query)));
        Self {
            query,
            day_starts,
            step_days,
            windows: Vec::new(),
            finality: vec![None; days],
            role_counts: CodeMap::default(),
            roles: PersonRoles::default(),
            counts: Aggregates::new(days),
            comparison,
        }
    }

    /// The query that is measured.
    #[must_use]
    pub fn query(&self) -> &RowQuery {
        &self.query
    }

    /// The rows of the query's days and course.
    pub(crate) fn scope(&self, texts: &Dictionaries) -> RowScope<'_> {
        RowScope::new(&self.query, &self.day_starts, texts)
    }

    /// The filters of the query in its scope, with the roles that people are counted by.
    pub(crate) fn crossfilter<'a>(
        &'a self,
        scope: &'a RowScope<'a>,
        texts: &Dictionaries,
    ) -> Crossfilter<'a> {
        Crossfilter::new(&self.query, scope, &self.roles, texts)
    }

    /// Updates the counts to the dataset.
    pub fn update(&mut self, dataset: &VideoViewDataset) {
        self.update_with_roles(dataset, None);
    }

    /// [`Self::update`]; `main_roles` are those of the query that this one's is the comparison of.
    fn update_with_roles(&mut self, dataset: &VideoViewDataset, main_roles: Option<&PersonRoles>) {
        let finality: Vec<Option<bool>> = self
            .day_starts
            .iter()
            .zip(self.day_starts.iter().skip(1))
            .map(|(start, end)| match dataset.status_between(*start, *end, self.query.today) {
                DataStatus::Missing => None,
                DataStatus::Provisional => Some(false),
                DataStatus::Complete => Some(true),
            })
            .collect();
        let has_lost_window =
            self.windows.iter().any(|(id, window)| dataset.generation(id) != Some(window.generation));
        let has_lost_day =
            self.finality.iter().zip(&finality).any(|(before, now)| before.is_some() && now.is_none());
        if has_lost_window || has_lost_day {
            *self = Self::new(self.query.clone());
        }
        let known_days: Vec<bool> = finality.iter().map(Option::is_some).collect();
        let new_days: Vec<bool> =
            self.finality.iter().zip(&known_days).map(|(before, now)| before.is_none() && *now).collect();
        let scope = RowScope::new(&self.query, &self.day_starts, &dataset.texts);
        self.role_counts.reserve(dataset.texts.user.len());
        for (id, data) in dataset.iter() {
            if let Some(days) = self.uncounted_days(id, &known_days, &new_days) {
                scope.count_roles(&data.table.rollups, days, &mut self.role_counts);
            }
        }
        let roles = decide_roles(&self.role_counts, main_roles);
        if self.roles.iter().any(|(user, role)| roles.get(user) != Some(role)) {
            self.windows.clear();
            self.counts = Aggregates::new(known_days.len());
        }
        self.roles = roles;
        let crossfilter = Crossfilter::new(&self.query, &scope, &self.roles, &dataset.texts);
        let counter = Counter::new(&self.query, &self.day_starts, self.step_days);
        for (id, data) in dataset.iter() {
            let columns = &data.table;
            if let Some(days) = self.uncounted_days(id, &known_days, &new_days) {
                counter.count(&crossfilter, &columns.rollups, days, &mut self.counts);
            }
            if self.find_window(id).is_none() {
                let starts = || columns.rollups.iter().map(QuarterHourRollup::start);
                let (first, last) = (starts().min().unwrap_or(i64::MAX), starts().max().unwrap_or(i64::MIN));
                let (generation, skipped_rows) = (data.generation, columns.skipped_rows);
                self.windows.push((
                    id.to_owned(),
                    AggregatedWindow { generation, time_span: (first, last), skipped_rows },
                ));
            }
        }
        self.finality = finality;
        if let Some(comparison) = &mut self.comparison {
            comparison.update_with_roles(dataset, Some(&self.roles));
        }
    }

    /// A window that has been counted.
    fn find_window(&self, id: &str) -> Option<&AggregatedWindow> {
        self.windows.iter().find(|(window, _)| window == id).map(|(_, window)| window)
    }

    /// The days of a window that are not counted yet: all known ones, or, if the window has been counted, those that have
    /// become known since; `None` if it may have no rows on them.
    fn uncounted_days<'a>(&self, id: &str, known: &'a [bool], new: &'a [bool]) -> Option<&'a [bool]> {
        match self.find_window(id) {
            None => Some(known),
            Some(window) => self.overlaps_days(window.time_span, new).then_some(new),
        }
    }

    /// Whether a rollup with a start in `first..=last` may be on one of the days marked in `days`.
    fn overlaps_days(&self, (first, last): (i64, i64), days: &[bool]) -> bool {
        let spans = self.day_starts.iter().zip(self.day_starts.iter().skip(1)).zip(days);
        spans.filter(|(_, is_marked)| **is_marked).any(|((start, end), _)| first < *end && *start <= last)
    }

    /// The measures as of the last [`Self::update`].
    #[must_use]
    pub fn measures(&self, texts: &Dictionaries) -> Measures {
        let counts = &self.counts;
        let days = self.query.range.each_day().zip(self.days()).collect();
        let rows = counts.days.iter().map(|count| count.rows).sum();
        // Skipped rows of windows that are loaded only for the comparison are left out.
        let all_days = vec![true; self.finality.len()];
        let is_in_range = |window: &&AggregatedWindow| {
            self.comparison.is_none()
                || window.time_span.0 > window.time_span.1
                || self.overlaps_days(window.time_span, &all_days)
        };
        let windows = self.windows.iter().map(|(_, window)| window).filter(is_in_range);
        let skipped_rows = windows.fold(SkippedRows::default(), |sum, window| sum.plus(window.skipped_rows));
        let roles = InstitutionRole::ALL.into_iter().zip(counts.roles.iter().map(ViewerCount::watched));
        Measures {
            days,
            total: WatchTotals { rows, viewers: counts.all.len() },
            rows_without_course: counts.without_course,
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
            others: self
                .comparison
                .as_ref()
                .map(|comparison| comparison.days().collect())
                .unwrap_or_default(),
            student: self.student_name(texts),
            identities: self.count_identities(texts),
            skipped_rows,
        }
    }

    /// Rows and viewers of each day of the range.
    fn days(&self) -> impl Iterator<Item = Completeness<WatchTotals>> {
        self.finality.iter().zip(&self.counts.days).map(|(is_final, count)| match is_final {
            None => Completeness::Missing,
            Some(true) => Completeness::Complete(count.watched()),
            Some(false) => Completeness::Provisional(count.watched()),
        })
    }

    /// What is odd about the people who are counted by role.
    fn count_identities(&self, texts: &Dictionaries) -> IdentityCounts {
        let mut people = ChunkedBitSet::default();
        for count in &self.counts.roles {
            people.union_with(&count.viewers);
        }
        let is_counted = |user: u32| people.contains(user);
        let mut identities = IdentityCounts {
            shared_emails: texts.emails.count_shared(is_counted),
            ambiguous_ids: texts.emails.ambiguous(is_counted).count() as u64,
            ..IdentityCounts::default()
        };
        for (user, roles) in self.role_counts.iter().filter(|(user, _)| is_counted(*user)) {
            identities.ambiguous_roles += u64::from(roles.is_ambiguous());
            identities.deleted_users += u64::from(texts.is_deleted_user(user));
        }
        identities
    }

    /// The name of the student that the query filters by; empty without such a filter.
    fn student_name(&self, texts: &Dictionaries) -> String {
        let Some(id) = &self.query.student else { return String::new() };
        let user = texts.user.find(id.as_str().as_bytes());
        user.map_or_else(String::new, |user| texts.person_name(user))
    }

    fn week(&self) -> [Weekday; 7] {
        let mut week = [Weekday::default(); 7];
        for (weekday, hours) in week.iter_mut().zip(self.counts.hours.chunks(24)) {
            for (hour, rows) in weekday.hours.iter_mut().zip(hours) {
                *hour = *rows;
            }
        }
        for (day, is_final) in self.query.range.each_day().zip(&self.finality) {
            if let (Some(weekday), Some(is_final)) = (week.get_mut(weekday_of(day)), is_final) {
                weekday.known += 1;
                weekday.provisional += u32::from(!is_final);
            }
        }
        week
    }

    fn students(&self) -> Students {
        let mut rows: Vec<u64> =
            self.counts.students.iter().filter(|rows| **rows > 0).map(|rows| u64::from(*rows)).collect();
        rows.sort_unstable();
        let active = rows.len() as u64;
        let rows_at = |index: usize| rows.get(index).copied().unwrap_or(0);
        let median_rows = match rows.len() {
            0 => 0,
            n if n % 2 == 1 => rows_at(n / 2),
            n => u64::midpoint(rows_at(n / 2 - 1), rows_at(n / 2)),
        };
        // Two rows are a minute: a student with `r` rows is in bin `r / (2 × width)`.
        let max_rows = rows.last().copied().unwrap_or(0);
        let is_wide_enough = |width: &u64| max_rows / (2 * width) < MAX_BINS;
        let bin_minutes = BIN_WIDTHS
            .into_iter()
            .find(is_wide_enough)
            .unwrap_or_else(|| (max_rows / (2 * MAX_BINS) + 1).next_multiple_of(1_000));
        let mut bins = vec![0; if active == 0 { 0 } else { to_index(max_rows / (2 * bin_minutes)) + 1 }];
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
                .finality
                .chunks(self.step_days.max(1))
                .map(|days| days.iter().any(Option::is_some))
                .collect(),
        }
    }

    fn arrivals(&self) -> Vec<Arrivals> {
        let (mut earlier_viewers, mut are_all_final) = (ChunkedBitSet::default(), true);
        let step_days = self.step_days.max(1);
        let steps = self.counts.days.chunks(step_days).zip(self.finality.chunks(step_days));
        steps
            .map(|(days, finality)| {
                let mut viewers = ChunkedBitSet::default();
                for day in days {
                    viewers.union_with(&day.viewers);
                }
                let watched =
                    WatchTotals { rows: days.iter().map(|day| day.rows).sum(), viewers: viewers.len() };
                are_all_final &= finality.iter().all(|is_final| *is_final == Some(true));
                let known = match finality.iter().any(Option::is_some) {
                    false => Completeness::Missing,
                    true if are_all_final => Completeness::Complete(watched),
                    true => Completeness::Provisional(watched),
                };
                Arrivals { known, new: earlier_viewers.union_with(&viewers) }
            })
            .collect()
    }

    fn by_delay(&self) -> [u64; DELAY_STARTS.len()] {
        let mut by_delay = [0; DELAY_STARTS.len()];
        let days = self.finality.len().max(1);
        let videos = self.counts.first_days.iter().zip(self.counts.video_days.chunks(days));
        for (first_day, rows_by_day) in videos {
            let first_day = first_day.unwrap_or(0) as usize;
            for (delay, rows) in rows_by_day.iter().skip(first_day).enumerate() {
                let span = DELAY_STARTS.iter().take_while(|start| **start <= delay).count() - 1;
                if let Some(sum) = by_delay.get_mut(span) {
                    *sum += u64::from(*rows);
                }
            }
        }
        by_delay
    }

    /// Codes of the students with recorded activity, most minutes first, then by name, then by id.
    #[must_use]
    pub fn students_by_minutes(&self, texts: &Dictionaries) -> Vec<u32> {
        let rows = &self.counts.students;
        let mut order: Vec<u32> =
            (0..).zip(rows).filter(|(_, rows)| **rows > 0).map(|(user, _)| user).collect();
        let rows = |user: u32| rows.get(user as usize);
        sort_by(&mut order, |&a, &b| {
            let by_name = || texts.person_name(a).cmp(&texts.person_name(b));
            let by_id = || texts.user.bytes_of(a).cmp(texts.user.bytes_of(b));
            rows(b).cmp(&rows(a)).then_with(by_name).then_with(by_id)
        });
        order
    }

    /// A student's rows: in total, and by step of the sparkline.
    #[must_use]
    pub fn student(&self, user: u32) -> (u64, Vec<u32>) {
        let rows = self.counts.students.get(user as usize).copied().unwrap_or(0);
        let steps = self.finality.len().div_ceil(self.step_days.max(1));
        let start = user as usize * steps;
        let rows_by_step = self.counts.student_steps.get(start..start + steps);
        (u64::from(rows), rows_by_step.map_or_else(|| vec![0; steps], <[u32]>::to_vec))
    }

    /// For each day of the range, whether its rows are counted.
    #[must_use]
    pub fn counted_days(&self) -> Vec<bool> {
        self.finality.iter().map(Option::is_some).collect()
    }
}

fn to_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Monday is 0.
fn weekday_of(day: domain::time::Day) -> usize {
    to_index(u64::try_from((day - domain::time::monday(day)).num_days()).unwrap_or(0))
}

/// Values that all rollups of a day share.
struct DayContext {
    /// Seconds since 1970.
    start: i64,
    /// Index of its weekday's first hour in [`Aggregates::hours`].
    first_hour: usize,
    /// Whether it has no clock change, so that the local hour is the number of hours since its start.
    is_plain: bool,
    /// Its step of the sparkline.
    step: usize,
}

/// Adds rollups to the counts of a query.
struct Counter<'a> {
    query: &'a RowQuery,
    days: Vec<DayContext>,
    steps: usize,
}

impl<'a> Counter<'a> {
    fn new(query: &'a RowQuery, day_starts: &[i64], step_days: usize) -> Self {
        let hour_of = |seconds: i64| query.zone.hour_of(Timestamp(seconds * SECOND));
        let days: Vec<DayContext> = query
            .range
            .each_day()
            .zip(day_starts.iter().zip(day_starts.iter().skip(1)))
            .enumerate()
            .map(|(index, (day, (start, end)))| DayContext {
                start: *start,
                first_hour: weekday_of(day) * 24,
                is_plain: end - start == PLAIN_DAY && hour_of(*start) == 0 && hour_of(end - 1) == 23,
                step: index / step_days.max(1),
            })
            .collect();
        let steps = days.last().map_or(0, |day| day.step + 1);
        Self { query, days, steps }
    }

    /// Adds the rollups on the days marked in `days`, each to the counts whose filters it passes.
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
                    record_appearance(&mut counts.first_days, rollup.video, day);
                }
                FilterResult::AllExceptStudent => {
                    record_appearance(&mut counts.first_days, rollup.video, day);
                }
                FilterResult::All => self.add_to_all(rollup, day, role, counts),
            }
        });
    }

    /// Adds a rollup that passes all filters to every count.
    #[inline]
    fn add_to_all(
        &self,
        rollup: &QuarterHourRollup,
        day: usize,
        role: InstitutionRole,
        counts: &mut Aggregates,
    ) {
        let Some(context) = self.days.get(day) else { return };
        let QuarterHourRollup { user, rows, .. } = *rollup;
        if let Some(count) = counts.days.get_mut(day) {
            count.add(user, rows);
        }
        if user != EMPTY {
            counts.all.insert(user);
        }
        if rollup.course == EMPTY {
            counts.without_course += u64::from(rows);
        }
        let time = rollup.start();
        let hour = if context.is_plain {
            usize::try_from((time - context.start) / 3600).unwrap_or(0)
        } else {
            self.query.zone.hour_of(Timestamp(time * SECOND)) as usize
        };
        if let Some(count) = counts.hours.get_mut(context.first_hour + hour) {
            *count += u64::from(rows);
        }
        if let Some(count) = entry_at(&mut counts.videos, rollup.video) {
            count.add(user, rows);
        }
        if rollup.video != EMPTY {
            record_appearance(&mut counts.first_days, rollup.video, day);
            add_rows(&mut counts.video_days, rollup.video, (day, self.days.len()), rows);
        }
        if let Some(count) = entry_at(&mut counts.sections, rollup.section) {
            count.add(user, rows);
        }
        if let Some(count) = counts.roles.get_mut(role as usize) {
            count.add(user, rows);
        }
        if role == InstitutionRole::Student && user != EMPTY {
            if let Some(count) = entry_at(&mut counts.students, user) {
                *count += rows;
            }
            add_rows(&mut counts.student_steps, user, (context.step, self.steps), rows);
        }
    }
}

/// The first [`MAX_NAMED`] items by rows, then by id, and all `chosen` ones. `label`: name, parent, seconds.
fn rank_items(
    counts: &[ViewerCount],
    ids: &Dictionary,
    chosen: &[u32],
    label: &dyn Fn(u32) -> (String, String, Option<u32>),
) -> Items {
    let rows = |code: u32| counts.get(code as usize).map_or(0, |count| count.rows);
    let is_item = |code: &u32| *code != EMPTY && rows(*code) > 0;
    let mut order: Vec<u32> = (0..).take(counts.len()).filter(is_item).collect();
    sort_by(&mut order, |&a, &b| rows(b).cmp(&rows(a)).then_with(|| ids.bytes_of(a).cmp(ids.bytes_of(b))));
    let mut items = Items { unnamed_rows: rows(EMPTY), ..Items::default() };
    for (rank, code) in order.into_iter().enumerate() {
        let Some(count) = counts.get(code as usize) else { continue };
        if rank >= MAX_NAMED && !chosen.contains(&code) {
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
