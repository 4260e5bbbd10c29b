//! The data thread as the page sees it: told what is looked at, heard when there is something to show.
//!
//! Not a resource: resources never cancel, and one sight has many answers, each better than the last.

use crate::api_client::ApiError;
use crate::timing::{self, TimingMark};
use engine::measures::Measures;
use js_sys::{Function, Reflect};
use leptos::prelude::*;
use protocol::Progress;
use std::time::Duration;
use thread::message::{Answer, List, Look, Part, Said, Show, Sight};
use thread::post;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker};

/// What has come of the current sight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// Which look all this belongs to.
    turn: u32,
    /// The measures, once there are any.
    pub measures: Option<Measures>,
    /// What they are made of, and what is on its way.
    pub load: Progress,
    /// Windows whose copy could not be had.
    pub failed: Vec<(String, ApiError)>,
    /// Rises with every answer: parts of lists that were shown before are of other rows.
    pub version: u32,
}

/// A part of a list that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The number of its first row.
    pub from: usize,
    /// Its rows.
    pub part: Part,
}

/// Steps in which the figures of the first answer are drawn.
pub const STEPS: u8 = 5;

/// The owner of the data thread.
#[derive(Debug, Clone, Copy)]
pub struct Loader {
    loaded: RwSignal<Loaded>,
    rows: RwSignal<Option<Shown>>,
    students: RwSignal<Option<Shown>>,
    turn: StoredValue<u32>,
    /// How many of the figures are drawn: all of them at once would hold up whoever scrolls or types meanwhile.
    drawn: RwSignal<u8>,
    /// What was said before the thread listened: only the last of it counts.
    unheard: StoredValue<Option<Said>>,
    listens: StoredValue<bool>,
    /// The turn of the last measures that were marked as the first of theirs.
    marked: StoredValue<u32>,
    /// The thread, once something was looked at.
    worker: StoredValue<Option<Worker>, LocalStorage>,
}

impl Loader {
    /// A page that has looked at nothing yet. To be called once.
    #[must_use]
    pub fn new() -> Self {
        Self {
            loaded: RwSignal::new(Loaded::default()),
            rows: RwSignal::new(None),
            students: RwSignal::new(None),
            turn: StoredValue::new(0),
            drawn: RwSignal::new(0),
            unheard: StoredValue::new(None),
            listens: StoredValue::new(false),
            marked: StoredValue::new(0),
            worker: StoredValue::new_local(None),
        }
    }

    /// Takes over the thread from `start.js`, which may have started it beside the page.
    fn meet(self) {
        if self.worker.with_value(Option::is_some) {
            return;
        }
        let start = Reflect::get(&js_sys::global(), &JsValue::from_str("lecternThread"));
        let started = start.and_then(|start| start.unchecked_into::<Function>().call0(&JsValue::NULL));
        let Some(worker) = started.ok().and_then(|thread| thread.dyn_into::<Worker>().ok()) else { return };
        let listens = Reflect::get(&worker, &JsValue::from_str("listens"));
        self.listens.set_value(listens.is_ok_and(|listens| listens.is_truthy()));
        let hear = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(answer) = post::unpacked(&message) {
                self.hear(answer);
            }
        });
        worker.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        // The thread speaks as long as the page lives.
        hear.forget();
        self.worker.set_value(Some(worker));
    }

    /// What has come of the current sight.
    #[must_use]
    pub fn loaded(self) -> ReadSignal<Loaded> {
        self.loaded.read_only()
    }

    /// Whether the figures of a step may be drawn: the first answer is drawn step by step, each a task of its own;
    /// what is drawn again is drawn at once.
    #[must_use]
    pub fn draws(self, step: u8) -> bool {
        self.drawn.get() >= step
    }

    /// Draws the next step as soon as the browser has shown the first, and done what is more urgent.
    fn draw_on(self) {
        let drawn = self.drawn.get_untracked();
        if drawn == STEPS {
            return;
        }
        let on = move || set_timeout(move || self.draw_on(), Duration::ZERO);
        self.drawn.set(drawn + 1);
        if drawn == 0 { request_animation_frame(on) } else { on() }
    }

    /// Looks at something else, or at the same again: what could not be had is then tried once more.
    pub fn look(self, sight: Sight) {
        let turn = self.turn.get_value().wrapping_add(1);
        self.turn.set_value(turn);
        timing::record_mark(TimingMark::QuerySent, Progress::default());
        self.meet();
        let look = Said::Look(Box::new(Look { turn, sight }));
        if self.listens.get_value() {
            self.post(&look);
        } else {
            self.unheard.set_value(Some(look));
        }
    }

    /// Asks for a part of a list; it comes in [`Loader::shown`].
    pub fn show(self, list: List, from: usize, count: usize) {
        let show = Show { turn: self.turn.get_value(), list, from, count };
        self.post(&Said::Show(show));
    }

    /// The part of a list that came last.
    #[must_use]
    pub fn shown(self, list: List) -> ReadSignal<Option<Shown>> {
        match list {
            List::Rows => self.rows,
            List::Students => self.students,
        }
        .read_only()
    }

    fn post(self, said: &Said) {
        self.worker.with_value(|worker| {
            if let Some(worker) = worker {
                let _ = worker.post_message(&post::packed(said));
            }
        });
    }

    fn hear(self, answer: Answer) {
        let now = self.turn.get_value();
        match answer {
            Answer::Listening => {
                self.listens.set_value(true);
                if let Some(said) = self.unheard.get_value() {
                    self.unheard.set_value(None);
                    self.post(&said);
                }
            }
            Answer::Arriving { turn, load } if turn == now => {
                self.loaded.try_update(|loaded| loaded.load = load);
            }
            Answer::Measured { turn, measures, load } if turn == now => {
                self.marks(turn, load);
                self.loaded.try_update(|loaded| {
                    if loaded.turn != turn {
                        loaded.turn = turn;
                        loaded.failed.clear();
                    }
                    loaded.measures = Some(*measures);
                    loaded.version = loaded.version.wrapping_add(1);
                    loaded.load = load;
                });
                if self.drawn.get_untracked() == 0 {
                    set_timeout(move || self.draw_on(), Duration::ZERO);
                }
            }
            Answer::Shown { show, part } if show.turn == now => {
                let list = match show.list {
                    List::Rows => self.rows,
                    List::Students => self.students,
                };
                list.try_set(Some(Shown { from: show.from, part }));
            }
            Answer::Failed { turn, window, refusal } if turn == now => {
                self.loaded.try_update(|loaded| {
                    loaded.failed.retain(|(id, _)| *id != window);
                    loaded.failed.push((window, refusal.into()));
                });
            }
            // Of an older sight: nobody looks there any more.
            Answer::Arriving { .. }
            | Answer::Measured { .. }
            | Answer::Shown { .. }
            | Answer::Failed { .. } => {}
        }
    }

    /// Marks what an answer is for this look; one before anything has come is no moment of the view.
    fn marks(self, turn: u32, load: Progress) {
        if load.copies == 0 && load.pending > 0 {
            return;
        }
        let first = self.marked.get_value() != turn;
        self.marked.set_value(turn);
        let whole = load.pending == 0;
        if whole {
            timing::record_mark(TimingMark::Measured, load);
        }
        if first {
            self.mark_once_drawn(&[TimingMark::FirstMarks, TimingMark::FirstFigure], 1, load);
        }
        if whole {
            let marks = &[TimingMark::Painted, TimingMark::AllFigures, TimingMark::FiltersReady];
            self.mark_once_drawn(marks, STEPS, load);
        }
    }

    /// Marks that a step of the figures is on the screen. A frame is drawn between two callbacks: what is set before the
    /// first is on the screen at the second.
    fn mark_once_drawn(self, marks: &'static [TimingMark], step: u8, load: Progress) {
        request_animation_frame(move || {
            if self.drawn.get_untracked() < step {
                return self.mark_once_drawn(marks, step, load);
            }
            request_animation_frame(move || marks.iter().for_each(|mark| timing::record_mark(*mark, load)));
        });
    }
}

impl Default for Loader {
    fn default() -> Self {
        Self::new()
    }
}
