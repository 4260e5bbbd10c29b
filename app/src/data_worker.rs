//! The client of the data worker: sends queries, and exposes the latest figures as a signal.
//!
//! Not a Leptos resource: resources never cancel, and one query has many answers, each more complete than the last.

use crate::api_client::{self, ApiError};
use crate::timing::{self, TimingMark};
use crate::{device, interruption, locale};
use domain::ids::{CourseId, UserId};
use domain::query::MeasureQuery;
use domain::report::ReportName;
use js_sys::{Function, Reflect, Uint8Array};
use leptos::prelude::*;
use protocol::{
    CountedRows, Figure, LongTableRow, Progress, Query, ReportSource, Request, Response, RowList, RowRange,
    SectionTerm, Subject, TermWeek, codec,
};
use std::time::Duration;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessageEvent, Worker};

/// The files that the data worker's program is started from. The first names its build.
const PROGRAM_FILES: [&str; 3] = ["/data-worker-start.js", "/data-worker.js", "/data-worker_bg.wasm"];

/// What the view needs from the data worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewQuery {
    /// What the figures are about.
    pub subject: Subject,
    /// The range, zone and filters.
    pub measure: MeasureQuery,
    /// The label of the zone: `UTC+1 Berlin`.
    pub zone_label: String,
    /// The weeks of the range that have a number in a term.
    pub weeks: Vec<TermWeek>,
    /// The terms of sections whose number another section of their course has, too.
    pub section_terms: Vec<SectionTerm>,
    /// The reports that are needed, with their windows.
    pub sources: Vec<ReportSource>,
}

impl ViewQuery {
    /// The topic of its figures.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match &self.subject {
            Subject::Report { name, .. } => Topic::Report(name.clone()),
            Subject::Course { options, .. } => {
                Topic::Course(self.measure.base.course.clone(), options.student.clone())
            }
        }
    }
}

/// The topic of figures. Until the figures of another range or filter arrive, the present ones stay on the screen; those
/// of another topic do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// A report.
    Report(ReportName),
    /// A course, or one of its students.
    Course(Option<CourseId>, Option<UserId>),
}

/// The answer to the current query, as far as it has arrived.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The query that the figures answer.
    sequence: u32,
    /// The topic of the figures.
    pub topic: Option<Topic>,
    /// The figures; none until the first arrive.
    pub figures: Vec<Figure>,
    /// The name of the student whose rows they are limited to; empty if there is none, or no row names them.
    pub student_name: String,
    /// The rows that they count.
    pub counted: CountedRows,
    /// What has been downloaded.
    pub progress: Progress,
    /// The windows whose copies could not be downloaded.
    pub failed: Vec<(String, ApiError)>,
    /// If the rows do not fit into this device's memory: how many were announced.
    pub too_large: Option<u64>,
    /// Whether the figures answer the current query.
    pub is_current: bool,
    /// Rises with each response that has figures: rows of long tables that were requested before may be others now.
    pub version: u32,
}

/// Rows of a long table.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRows {
    /// The index of the first.
    pub start: usize,
    /// The rows.
    pub rows: Vec<LongTableRow>,
    /// The number of all rows that are found.
    pub found: usize,
    /// Whether they were searched for.
    pub is_search: bool,
}

/// Takes requested rows.
type RowsCallback = Callback<LoadedRows>;

/// The client of the data worker.
#[derive(Debug, Clone, Copy)]
pub struct DataWorker {
    answer: RwSignal<Answer>,
    topic: StoredValue<Option<Topic>>,
    sequence: StoredValue<u32>,
    /// How many of the figures are drawn. Drawing all of them in one task would block scrolling and typing.
    drawn: RwSignal<usize>,
    /// The query that was sent before the data worker was ready.
    unsent: StoredValue<Option<Query>>,
    is_ready: StoredValue<bool>,
    /// The last query whose first figures were marked.
    marked: StoredValue<u32>,
    /// The requested rows that have not arrived.
    requested_rows: StoredValue<Vec<(RowRange, RowsCallback)>>,
    worker: StoredValue<Option<Worker>, LocalStorage>,
}

impl DataWorker {
    /// A client without a Web Worker, which the first query starts.
    #[must_use]
    pub fn new() -> Self {
        Self {
            answer: RwSignal::new(Answer::default()),
            topic: StoredValue::new(None),
            sequence: StoredValue::new(0),
            drawn: RwSignal::new(0),
            unsent: StoredValue::new(None),
            is_ready: StoredValue::new(false),
            marked: StoredValue::new(0),
            requested_rows: StoredValue::new(Vec::new()),
            worker: StoredValue::new_local(None),
        }
    }

    /// The answer to the current query.
    #[must_use]
    pub fn answer(self) -> ReadSignal<Answer> {
        self.answer.read_only()
    }

    /// How many of the figures may be drawn. It rises from task to task until all are.
    #[must_use]
    pub fn drawn(self) -> ReadSignal<usize> {
        self.drawn.read_only()
    }

    /// Sends a query. The same query again retries failed downloads.
    pub fn send_query(self, query: ViewQuery) {
        let sequence = self.sequence.get_value().wrapping_add(1);
        self.sequence.set_value(sequence);
        timing::record_mark(TimingMark::QuerySent, Progress::default());
        let topic = query.topic();
        let has_other_figures =
            self.answer.with_untracked(|answer| answer.topic.as_ref().is_some_and(|old| *old != topic));
        if has_other_figures {
            self.drawn.set(0);
        }
        self.answer.update(|answer| {
            if has_other_figures {
                *answer = Answer { version: answer.version, ..Answer::default() };
            }
            answer.failed.clear();
            answer.too_large = None;
            answer.is_current = false;
        });
        self.topic.set_value(Some(topic));
        self.requested_rows.set_value(Vec::new());
        if interruption::is_signed_out() {
            // The data worker calls the API itself, whoever is signed in by now.
            spawn_local(async { drop(api_client::resume_session().await) });
        }
        let ViewQuery { subject, measure, zone_label, weeks, section_terms, sources } = query;
        let (max_rows, language) = (device::max_rows(), locale::language_tag());
        let query = Query {
            sequence,
            subject,
            measure,
            zone_label,
            weeks,
            section_terms,
            max_rows,
            language,
            sources,
        };
        self.start_worker();
        if self.is_ready.get_value() {
            self.post(&Request::Query(Box::new(query)));
        } else {
            self.unsent.set_value(Some(query));
        }
    }

    /// Requests rows of a long table that contain `search`; `take` is called once with those that exist.
    pub fn request_rows(self, list: RowList, search: &str, start: usize, count: usize, take: RowsCallback) {
        let sequence = self.sequence.get_value();
        let range = RowRange { sequence, list, search: search.to_owned(), start, count };
        self.requested_rows.update_value(|requested| requested.push((range.clone(), take)));
        self.post(&Request::Rows(range));
    }

    /// Takes over the Web Worker from `start.js`, which may have started it before the page's program was loaded.
    fn start_worker(self) {
        if self.worker.with_value(Option::is_some) {
            return;
        }
        // Asynchronously, like every other failure: the query that starts it is not sent yet.
        let fail = move || set_timeout(move || self.handle_failure(), Duration::ZERO);
        let Some(worker) = call_start_script("lecternDataWorker").and_then(|it| it.dyn_into::<Worker>().ok())
        else {
            return fail();
        };
        let has_flag = |name: &str| Reflect::get(&worker, &name.into()).is_ok_and(|flag| flag.is_truthy());
        self.is_ready.set_value(has_flag("isReady"));
        if has_flag("hasFailed") {
            fail();
        }
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = event.data().dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec());
            if let Some(response) = bytes.ok().and_then(|bytes| codec::decode(&bytes)) {
                self.handle_response(response);
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let on_error = Closure::<dyn Fn()>::new(move || self.handle_failure());
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        // The listeners live as long as the page.
        on_message.forget();
        on_error.forget();
        self.worker.set_value(Some(worker));
    }

    /// Forgets all rows and figures, since other rows count now. The next query loads them again.
    pub fn forget_rows(self) {
        self.stop();
        self.drawn.set(0);
        self.answer.update(|answer| *answer = Answer { version: answer.version, ..Answer::default() });
    }

    /// Ends the Web Worker. The next query starts another.
    fn stop(self) {
        call_start_script("lecternForgetDataWorker");
        self.worker.set_value(None);
        self.is_ready.set_value(false);
        self.requested_rows.set_value(Vec::new());
    }

    /// The Web Worker could not be loaded, or broke down.
    fn handle_failure(self) {
        self.stop();
        let sequence = self.sequence.get_value();
        spawn_local(async move {
            let error = explain_failure().await;
            // Another query has started another Web Worker meanwhile.
            if self.sequence.try_get_value() != Some(sequence) {
                return;
            }
            self.answer.try_update(|answer| {
                answer.failed = vec![(String::new(), error)];
                answer.progress.pending = 0;
                answer.is_current = true;
            });
        });
    }

    fn post(self, request: &Request) {
        self.worker.with_value(|worker| {
            if let Some(worker) = worker {
                let _ = worker.post_message(&Uint8Array::from(codec::encode(request).as_slice()));
            }
        });
    }

    fn handle_response(self, response: Response) {
        let current = self.sequence.get_value();
        match response {
            Response::Ready => {
                self.is_ready.set_value(true);
                if let Some(query) = self.unsent.try_update_value(Option::take).flatten() {
                    self.post(&Request::Query(Box::new(query)));
                }
            }
            Response::Progress { sequence, progress } if sequence == current => {
                self.answer.try_update(|answer| answer.progress = progress);
            }
            Response::Figures { sequence, figures, student_name, counted, progress }
                if sequence == current =>
            {
                self.record_marks(sequence, progress, figures.len());
                let topic = self.topic.get_value();
                self.answer.try_update(|answer| {
                    if answer.sequence != sequence {
                        answer.sequence = sequence;
                        answer.failed.clear();
                    }
                    (answer.topic, answer.figures, answer.student_name) = (topic, figures, student_name);
                    (answer.counted, answer.progress, answer.is_current) = (counted, progress, true);
                    answer.version = answer.version.wrapping_add(1);
                });
                if self.drawn.get_untracked() == 0 {
                    set_timeout(move || self.draw_next(), Duration::ZERO);
                }
            }
            Response::Rows { range, rows, found } if range.sequence == current => {
                let take = self.requested_rows.try_update_value(|requested| {
                    let index = requested.iter().position(|(requested, _)| *requested == range)?;
                    Some(requested.remove(index).1)
                });
                if let Some(take) = take.flatten() {
                    let found = usize::try_from(found).unwrap_or(usize::MAX);
                    let is_search = !range.search.trim().is_empty();
                    let _ = take.try_run(LoadedRows { start: range.start, rows, found, is_search });
                }
            }
            Response::TooLarge { sequence, rows } if sequence == current => {
                self.answer.try_update(|answer| {
                    answer.figures.clear();
                    (answer.too_large, answer.progress.pending, answer.is_current) = (Some(rows), 0, true);
                });
            }
            Response::Failed { sequence, window, error } if sequence == current => {
                self.answer.try_update(|answer| {
                    answer.failed.retain(|(id, _)| *id != window);
                    answer.failed.push((window, ApiError::from(error).interrupt_page()));
                });
            }
            // Responses to an older query.
            Response::Progress { .. }
            | Response::Figures { .. }
            | Response::Rows { .. }
            | Response::TooLarge { .. }
            | Response::Failed { .. } => {}
        }
    }

    /// Draws the next figure, as soon as the browser has shown the one before and done what is more urgent.
    fn draw_next(self) {
        let drawn = self.drawn.get_untracked();
        let count = self.answer.with_untracked(|answer| answer.figures.len());
        if drawn >= count {
            return;
        }
        let next = move || set_timeout(move || self.draw_next(), Duration::ZERO);
        self.drawn.set(if drawn + 1 == count { usize::MAX } else { drawn + 1 });
        if drawn == 0 { request_animation_frame(next) } else { next() }
    }

    /// Records the timing marks of a response with figures. One before anything has been downloaded is no milestone.
    fn record_marks(self, sequence: u32, progress: Progress, count: usize) {
        if progress.copies == 0 && progress.pending > 0 {
            return;
        }
        let is_first = self.marked.get_value() != sequence;
        self.marked.set_value(sequence);
        let is_last = progress.pending == 0;
        if is_last {
            timing::record_mark(TimingMark::Measured, progress);
        }
        if is_first {
            self.mark_once_drawn(&[TimingMark::FirstMarks, TimingMark::FirstFigure], count.min(1), progress);
        }
        if is_last {
            let marks = &[TimingMark::Painted, TimingMark::AllFigures, TimingMark::FiltersReady];
            self.mark_once_drawn(marks, count, progress);
        }
    }

    /// Records marks once so many figures are on the screen. A frame is drawn between two callbacks: what is set before
    /// the first is on the screen at the second.
    fn mark_once_drawn(self, marks: &'static [TimingMark], count: usize, progress: Progress) {
        request_animation_frame(move || {
            if self.drawn.get_untracked() < count {
                return self.mark_once_drawn(marks, count, progress);
            }
            request_animation_frame(move || {
                marks.iter().for_each(|mark| timing::record_mark(*mark, progress));
            });
        });
    }
}

impl Default for DataWorker {
    fn default() -> Self {
        Self::new()
    }
}

/// Why the Web Worker could not be started: a browser does not say. After a deployment its files are missing, or those of
/// another build, which would not understand this page.
async fn explain_failure() -> ApiError {
    let build = Reflect::get(&js_sys::global(), &"lecternBuild".into()).ok().and_then(|it| it.as_string());
    let mut expected = build.unwrap_or_default();
    for file in PROGRAM_FILES {
        match api_client::fetch_code(file).await {
            Ok(Some(text)) if text.contains(&expected) => expected.clear(),
            Ok(_) => return ApiError::Outdated.interrupt_page(),
            Err(error) => return error,
        }
    }
    ApiError::Unreachable
}

/// Calls a function of `start.js`.
fn call_start_script(name: &str) -> Option<JsValue> {
    let function = Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into::<Function>().ok()?;
    function.call0(&JsValue::NULL).ok()
}
