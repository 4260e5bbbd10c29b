//! Publishing: counts a course's weeks from its rows, and stores the numbers that `engine::published_week`
//! allows everybody to see.
//!
//! A published week is never counted again: a second count, after rows were added or erased, may differ, and
//! the difference between two published numbers could reveal something about one student. A week is counted
//! only when all its days are loaded and final. Rows are read one slice at a time and are not stored.
//!
//! A week that was published by older rules is never shown again by its old numbers. It is counted anew, but only
//! from the same copies: so a new number tells of the same rows as the old one. Where the total of the course
//! was shown, only sections are that were shown then: the total, which a reader may have noted, minus these would
//! otherwise reveal what was withheld.

use crate::http_client::BodyReader;
use crate::rpc::{
    self, AvailableWindow, AvailableWindows, RegistryCommand, SchedulerCommand, SharesCommand, StoredWeek,
    WindowStoreCommand,
};
use crate::{clock, response, zone};
use domain::api::Course;
use domain::frame::{Frame, FrameReader};
use domain::ids::normalize_text;
use domain::problem::{Code, Problem};
use domain::query::WindowCoverage;
use domain::range::Range;
use domain::report::{KnownReport, ReportName, Shape};
use domain::scope::RowFilter;
use domain::settings::{MAX_SMALLEST, Settings};
use domain::time::{Day, Timestamp, plus_days};
use domain::window::Days;
use domain::zone::Zone;
use engine::course_week::{AmountsBySection, CourseWeekCounter, CourseWeekQuery, ViewCounter, ViewCounts};
use engine::published_week::{self, PublishedLibrary, VideoViewers};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use worker::{Env, ResponseBody, Stub};

/// Publishes weeks of one course.
pub(super) struct WeekPublisher<'a> {
    pub(super) env: &'a Env,
    pub(super) settings: &'a Settings,
    pub(super) scheduler: &'a Stub,
    pub(super) registry: &'a Stub,
    pub(super) course: &'a Course,
    /// The zone in which weeks begin.
    pub(super) zone: &'a str,
    /// Whether to store the counted weeks; false for a preview.
    pub(super) should_store: bool,
}

/// The published weeks of one report.
pub(super) struct PublishedWeeks {
    /// (key, week), oldest first. A week's key is its Monday, a snapshot's is `@` and its time.
    pub(super) weeks: Vec<(String, StoredWeek)>,
    /// How many of the requested weeks are not loaded or not final.
    pub(super) missing: usize,
}

/// Logs why rows could not be read, without possible addresses or tokens, and returns the problem.
fn unreadable_rows(why: &dyn std::fmt::Display) -> Problem {
    worker::console_error!("a week could not be published: {}", response::sanitize(&why.to_string()));
    Problem::new(Code::Internal, "The stored rows could not be read. Request their weeks again.")
        .retry_after(5)
}

impl WeekPublisher<'_> {
    /// Returns the weeks of a report that start on these Mondays, or its latest snapshot. Counts those that
    /// are not published yet.
    pub(super) async fn publish(
        &self,
        report: &ReportName,
        mondays: &[Day],
    ) -> Result<PublishedWeeks, Problem> {
        let course = self.course.id.clone();
        let windows = self.list_windows(report).await?;
        let list_weeks =
            SharesCommand::ListWeeks { report: report.as_str().to_owned(), course: course.clone() };
        let published: Vec<(String, StoredWeek)> =
            rpc::call(self.registry, &RegistryCommand::Shares(list_weeks)).await?;
        let mut new: Vec<(String, StoredWeek)> = Vec::new();
        let shape = report.known().map(|report| report.descriptor().shape);
        if shape == Some(Shape::Snapshot) {
            new.extend(self.count_snapshot(report, &windows.windows, &published).await?);
        } else {
            for monday in mondays {
                let key = monday.to_string();
                let before = published.iter().find(|(published, _)| *published == key).map(|(_, week)| week);
                if before.is_some_and(|before| !before.is_replaceable()) {
                    continue;
                }
                let week = self.count_week(report, *monday, &windows).await?;
                let week = match before {
                    Some(before) => week.and_then(|week| week.limit_to_older(before)),
                    None => week,
                };
                new.extend(week.map(|week| (key, week)));
            }
        }
        let mut all = published;
        if self.should_store && !new.is_empty() {
            let (report, zone) = (report.as_str().to_owned(), self.zone.to_owned());
            let publish_weeks = SharesCommand::PublishWeeks { report, course, zone, weeks: new };
            all = rpc::call(self.registry, &RegistryCommand::Shares(publish_weeks)).await?;
        } else {
            all.extend(new);
        }
        if shape == Some(Shape::Snapshot) {
            // The keys have the same length, so they sort by time.
            let latest = all.into_iter().rfind(|(_, week)| week.is_usable());
            let missing = usize::from(latest.is_none());
            return Ok(PublishedWeeks { weeks: latest.into_iter().collect(), missing });
        }
        let requested: BTreeSet<String> = mondays.iter().map(ToString::to_string).collect();
        all.retain(|(key, week)| requested.contains(key) && week.is_usable());
        let missing = mondays.len() - all.len();
        Ok(PublishedWeeks { weeks: all, missing })
    }

    /// The stored windows of a report that may have rows of the course.
    async fn list_windows(&self, report: &ReportName) -> Result<AvailableWindows, Problem> {
        let command =
            SchedulerCommand::ListAvailable { report: report.clone(), course: self.course.id.clone() };
        rpc::call(self.scheduler, &command).await
    }

    /// Publishes one week of a report of events; `None` unless all its days are loaded and final.
    async fn count_week(
        &self,
        report: &ReportName,
        monday: Day,
        windows: &AvailableWindows,
    ) -> Result<Option<StoredWeek>, Problem> {
        let Ok(range) = Range::new(monday, plus_days(monday, 6)) else { return Ok(None) };
        let Some(zone) = zone::trace(self.zone, Some(range), clock::now()) else { return Ok(None) };
        let Some((amounts, sources)) = self.count_amounts(report, range, zone, windows).await? else {
            return Ok(None);
        };
        let shown = published_week::publish_week(report, &amounts, &self.bounds());
        Ok(Some(StoredWeek { shown, sources, ..StoredWeek::default() }))
    }

    /// Counts one week of a report of events, and returns the copies that were counted; `None` unless all its days are
    /// loaded and final.
    async fn count_amounts(
        &self,
        report: &ReportName,
        week: Range,
        zone: Zone,
        windows: &AvailableWindows,
    ) -> Result<Option<(AmountsBySection, Vec<(String, u32)>)>, Problem> {
        let span = week.span(&zone);
        let days = span.start.day().iter_days().take_while(|day| Timestamp::start_of(*day) < span.end);
        let mut sources: Vec<&AvailableWindow> = Vec::new();
        for day in days {
            let Some(window) = windows.windows.iter().find(|window| is_final_on(window, day)) else {
                return Ok(None);
            };
            if !sources.iter().any(|source| source.key == window.key) {
                sources.push(window);
            }
        }
        let query = CourseWeekQuery {
            report: report.clone(),
            course: self.course.id.clone(),
            monday: week.from(),
            zone,
            today: clock::now().day(),
            shared_accounts: windows.shared_accounts.iter().copied().collect(),
        };
        let Some(mut counter) = CourseWeekCounter::new(query) else { return Ok(None) };
        for window in &sources {
            self.for_each_frame(window, |frame| {
                let result = match frame {
                    Frame::Head(head) => counter.begin_window(&head),
                    Frame::Slice(head, deflated) => counter.push_slice(&head, &deflated),
                };
                result.map_err(|why| unreadable_rows(&why))
            })
            .await?;
            let facts =
                WindowCoverage { start: window.key.start(), end: window.copy.end, provisional_from: None };
            counter.end_window(&window.key.id(), facts).map_err(|why| unreadable_rows(&why))?;
        }
        Ok(Some((counter.finish(), source_ids(&sources))))
    }

    /// The values of `LECTERN_SMALLEST` to decide for: the current one and all larger ones, because rows are
    /// read only once.
    fn bounds(&self) -> RangeInclusive<u32> {
        self.settings.smallest..=MAX_SMALLEST
    }

    /// Counts the latest snapshot of the library, and returns it with its key; `None` if it is already
    /// published, or no section of it may be published after the earlier ones in `before`.
    async fn count_snapshot(
        &self,
        report: &ReportName,
        windows: &[AvailableWindow],
        before: &[(String, StoredWeek)],
    ) -> Result<Option<(String, StoredWeek)>, Problem> {
        let Some(window) = windows.iter().find(|window| window.key.days == Days::All) else {
            return Ok(None);
        };
        let taken = window.copy.created;
        if before.iter().any(|(_, week)| week.taken.is_some_and(|before| before >= taken)) {
            return Ok(None);
        }
        // Where the views of an invalidated snapshot are deleted, differences from it cannot be checked.
        if before.iter().any(|(_, week)| week.spent && week.taken.is_none()) {
            return Ok(None);
        }
        let Some(views) = self.read_views(report, window).await? else { return Ok(None) };
        let (viewers, viewer_sources) = self.list_video_viewers(taken).await?;
        let before: Vec<PublishedLibrary> = before.iter().filter_map(|(_, week)| week.library()).collect();
        let PublishedLibrary { shown, views, .. } =
            published_week::publish_library(&views, taken, &viewers, &before, &self.bounds());
        if shown.sections.is_empty() {
            return Ok(None);
        }
        let key = format!("@{:015}", taken.0);
        // The views decide as much as the snapshot does: without them, nothing may be shown.
        let sources = source_ids(&[window]).into_iter().chain(viewer_sources).collect();
        Ok(Some((key, StoredWeek { shown, taken: Some(taken), views, sources, spent: false })))
    }

    /// Sums the views in a snapshot; `None` if a row lacks its number of views.
    async fn read_views(
        &self,
        report: &ReportName,
        window: &AvailableWindow,
    ) -> Result<Option<ViewCounts>, Problem> {
        let mut view_counter: Option<ViewCounter> = None;
        self.for_each_frame(window, |frame| {
            match (frame, &mut view_counter) {
                (Frame::Head(head), _) => {
                    view_counter =
                        Some(ViewCounter::new(&head, report).map_err(|why| unreadable_rows(&why))?);
                }
                (Frame::Slice(head, deflated), Some(view_counter)) => {
                    view_counter.push_slice(&head, &deflated).map_err(|why| unreadable_rows(&why))?;
                }
                (Frame::Slice(..), None) => {}
            }
            Ok(())
        })
        .await?;
        let Some(view_counter) = view_counter else { return Ok(None) };
        let views =
            view_counter.finish(&self.course.id, clock::now().day()).map_err(|why| unreadable_rows(&why))?;
        Ok((!views.is_unknown).then_some(views))
    }

    /// How many windows of `videoview` there are, all of which a snapshot of the library is published with.
    pub(super) async fn count_video_view_windows(&self) -> Result<usize, Problem> {
        Ok(self.list_windows(&KnownReport::VideoView.into()).await?.windows.len())
    }

    /// The students who watched videos in the final weeks that ended before a snapshot of the library was `taken`, by
    /// section number, and the copies that were read. Reads all weeks, since students who are not known could let a number
    /// seem to be of fewer.
    async fn list_video_viewers(
        &self,
        taken: Timestamp,
    ) -> Result<(VideoViewers, BTreeSet<(String, u32)>), Problem> {
        let report = ReportName::from(KnownReport::VideoView);
        let windows = self.list_windows(&report).await?;
        let numbers: BTreeMap<String, String> = self
            .course
            .sections
            .iter()
            .map(|section| (section.id.to_string(), normalize_text(&section.number).into_owned()))
            .filter(|(_, number)| !number.is_empty())
            .chain([(String::new(), String::new())])
            .collect();
        let weeks: BTreeSet<Day> = windows.windows.iter().filter_map(|window| window.key.start()).collect();
        let (mut viewers, mut sources) = (VideoViewers::default(), BTreeSet::new());
        for monday in weeks {
            let Ok(week) = Range::new(monday, plus_days(monday, 6)) else { continue };
            if taken < week.span(&Zone::utc()).end {
                continue;
            }
            let Some((amounts, read)) = self.count_amounts(&report, week, Zone::utc(), &windows).await?
            else {
                continue;
            };
            sources.extend(read);
            for (section, amounts) in amounts {
                // Views of sections that the course does not list cannot be assigned to a number.
                if let Some(number) = numbers.get(&section) {
                    viewers.add(number, Timestamp::start_of(monday), amounts.done.into_keys());
                }
            }
        }
        Ok((viewers, sources))
    }

    /// Reads the course's rows in a window, and calls `visit` with each frame.
    async fn for_each_frame(
        &self,
        window: &AvailableWindow,
        mut visit: impl FnMut(Frame) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let stub = rpc::window_store(self.env, &self.settings.scheduler_name(), &window.key)
            .map_err(|error| response::internal_error(&error))?;
        let command = WindowStoreCommand::ReadRows {
            generation: Some(window.copy.generation),
            course: Some(self.course.id.clone()),
            section: None,
            row_filter: RowFilter::Everything,
        };
        let response = rpc::send(&stub, &command).await.map_err(|error| response::internal_error(&error))?;
        let mut body = match (response.status_code(), response.body()) {
            (200, ResponseBody::Stream(stream)) => {
                BodyReader::new(Some(stream)).map_err(|error| unreadable_rows(&error.0))?
            }
            (status, _) => return Err(unreadable_rows(&format!("a WindowStore answered {status}"))),
        };
        let mut frames = FrameReader::default();
        while let Some(chunk) = body.next().await.map_err(|error| unreadable_rows(&error.0))? {
            frames.push(&chunk);
            while let Some(frame) = frames.next().map_err(|error| unreadable_rows(&error))? {
                visit(frame)?;
            }
        }
        frames.finish().map_err(|error| unreadable_rows(&error))
    }
}

/// Whether a window contains this day and it is final, that is, later requests would give the same rows.
fn is_final_on(window: &AvailableWindow, day: Day) -> bool {
    let AvailableWindow { key, copy } = window;
    matches!(key.days, Days::Week(_))
        && key.start().is_some_and(|start| start <= day)
        && copy.end.is_some_and(|end| day < end)
        && key.provisional_from(copy.end, copy.created).is_none_or(|from| day < from)
}

fn source_ids(sources: &[&AvailableWindow]) -> Vec<(String, u32)> {
    sources.iter().map(|window| (window.key.full_id(), window.copy.generation)).collect()
}
