//! The thread of reports as the page sees it: told what is looked at, heard when there are figures to draw.
//!
//! It is started when a report that only it can read is first looked at: most visits never need it.

use crate::api_client::ApiError;
use crate::device_memory;
use crate::timing::{self, TimingMark};
use domain::ids::{CourseId, UserId};
use domain::report::ReportName;
use engine::reports;
use leptos::prelude::*;
use protocol::{Figure, Progress, Query, ReportSource, Response, Subject, TermWeek};
use thread::post;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// What is told.
    pub subject: Subject,
    /// What is to be measured.
    pub question: reports::Query,
    /// The zone of the days, as it is said.
    pub zone: String,
    /// The weeks of the range that have a number in a term.
    pub weeks: Vec<TermWeek>,
    /// Each report that is needed.
    pub parts: Vec<ReportSource>,
}

impl Sight {
    /// What the figures are of: those of something else are not shown in its place.
    #[must_use]
    pub fn about(&self) -> About {
        match &self.subject {
            Subject::Report { name, .. } => About::Report(name.clone()),
            Subject::Course { options, .. } => {
                About::Course(self.question.base.course.clone(), options.student.clone())
            }
        }
    }
}

/// What figures are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A report.
    Report(ReportName),
    /// A course, and one of its students alone.
    Course(Option<CourseId>, Option<UserId>),
}

/// What has come of the current sight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// Which look all this belongs to.
    turn: u32,
    /// What the figures are of.
    pub about: Option<About>,
    /// The figures, once there are any.
    pub figures: Vec<Figure>,
    /// What the student is called whose rows alone they are of, where a row names them.
    pub student: String,
    /// What they are made of, and what is on its way.
    pub load: Progress,
    /// Windows whose copy could not be had.
    pub failed: Vec<(String, ApiError)>,
    /// Rows that were announced, where they are more than this device has memory for.
    pub too_large: Option<u64>,
    /// Whether the figures answer what is looked at now.
    pub is_current: bool,
}

/// The owner of the thread.
#[derive(Debug, Clone, Copy)]
pub struct Teller {
    told: RwSignal<Told>,
    sight: StoredValue<Option<Sight>>,
    turn: StoredValue<u32>,
    /// What was said before the thread listened: only the last of it counts.
    unheard: StoredValue<Option<Query>>,
    listens: StoredValue<bool>,
    /// The turn of the last figures that were marked as the first of theirs.
    marked: StoredValue<u32>,
    worker: StoredValue<Option<Worker>, LocalStorage>,
}

impl Teller {
    /// No thread yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            told: RwSignal::new(Told::default()),
            sight: StoredValue::new(None),
            turn: StoredValue::new(0),
            unheard: StoredValue::new(None),
            listens: StoredValue::new(false),
            marked: StoredValue::new(0),
            worker: StoredValue::new_local(None),
        }
    }

    /// What has come of the current sight.
    #[must_use]
    pub fn told(self) -> ReadSignal<Told> {
        self.told.read_only()
    }

    /// Looks at something else, or at the same again: what could not be had is then tried once more.
    pub fn look(self, sight: Sight, language: String) {
        let turn = self.turn.get_value().wrapping_add(1);
        self.turn.set_value(turn);
        let about = sight.about();
        let is_other = self.told.with_untracked(|told| told.about.as_ref().is_some_and(|of| *of != about));
        self.told.update(|told| {
            // Of something else nothing stays; of the same the old figures, until the new ones come.
            if is_other {
                *told = Told::default();
            }
            told.failed.clear();
            told.too_large = None;
            told.is_current = false;
        });
        self.sight.set_value(Some(sight.clone()));
        let Sight { subject, question, zone, weeks, parts } = sight;
        let most_rows = device_memory::max_rows();
        let look = Query {
            sequence: turn,
            subject,
            measure: question,
            zone_label: zone,
            weeks,
            max_rows: most_rows,
            language,
            sources: parts,
        };
        self.start();
        if self.listens.get_value() {
            self.post(&look);
        } else {
            self.unheard.set_value(Some(look));
        }
    }

    fn start(self) {
        if self.worker.with_value(Option::is_some) {
            return;
        }
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let Ok(worker) = Worker::new_with_options("/reports-start.js", &options) else { return };
        let hear = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(answer) = post::unpacked(&message) {
                self.hear(answer);
            }
        });
        worker.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        let fall = Closure::<dyn Fn()>::new(move || self.fell());
        worker.set_onerror(Some(fall.as_ref().unchecked_ref()));
        // The thread speaks as long as the page lives.
        hear.forget();
        fall.forget();
        self.worker.set_value(Some(worker));
    }

    /// The thread could not be loaded, or broke: the next look starts another.
    fn fell(self) {
        self.worker.with_value(|worker| worker.iter().for_each(Worker::terminate));
        self.worker.set_value(None);
        self.listens.set_value(false);
        self.told.try_update(|told| {
            told.failed = vec![(String::new(), ApiError::Unreachable)];
            told.load.pending = 0;
            told.is_current = true;
        });
    }

    fn post(self, look: &Query) {
        self.worker.with_value(|worker| {
            if let Some(worker) = worker {
                let _ = worker.post_message(&post::packed(look));
            }
        });
    }

    /// Records the marks of a response once its figures are on the screen: what is set before a frame is drawn at the next.
    fn record_marks(self, turn: u32, load: Progress) {
        if load.copies == 0 && load.pending > 0 {
            return;
        }
        let is_first = self.marked.get_value() != turn;
        self.marked.set_value(turn);
        let first = is_first.then_some(TimingMark::FirstFigure);
        let last = [TimingMark::AllFigures, TimingMark::FiltersReady];
        let last = last.into_iter().filter(|_| load.pending == 0);
        let marks: Vec<TimingMark> = first.into_iter().chain(last).collect();
        request_animation_frame(move || {
            request_animation_frame(move || marks.iter().for_each(|mark| timing::record_mark(*mark, load)));
        });
    }

    fn hear(self, answer: Response) {
        let now = self.turn.get_value();
        match answer {
            Response::Ready => {
                self.listens.set_value(true);
                if let Some(look) = self.unheard.get_value() {
                    self.unheard.set_value(None);
                    self.post(&look);
                }
            }
            Response::Progress { sequence, progress: load } if sequence == now => {
                self.told.try_update(|told| told.load = load);
            }
            Response::Figures { sequence: turn, figures, student_name: student, progress: load }
                if turn == now =>
            {
                self.record_marks(turn, load);
                let about = self.sight.with_value(|sight| sight.as_ref().map(Sight::about));
                self.told.try_update(|told| {
                    if told.turn != turn {
                        told.turn = turn;
                        told.failed.clear();
                    }
                    (told.about, told.figures, told.load, told.is_current) = (about, figures, load, true);
                    told.student = student;
                });
            }
            Response::TooLarge { sequence, rows } if sequence == now => {
                self.told.try_update(|told| {
                    told.figures.clear();
                    (told.too_large, told.load.pending, told.is_current) = (Some(rows), 0, true);
                });
            }
            Response::Failed { sequence, window, error } if sequence == now => {
                self.told.try_update(|told| {
                    told.failed.retain(|(id, _)| *id != window);
                    told.failed.push((window, error.into()));
                });
            }
            // Of an older sight: nobody looks there any more.
            Response::Progress { .. }
            | Response::Figures { .. }
            | Response::TooLarge { .. }
            | Response::Failed { .. } => {}
        }
    }
}

impl Default for Teller {
    fn default() -> Self {
        Self::new()
    }
}
