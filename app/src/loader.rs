//! The data thread as the page sees it: told what is looked at, heard when there is something to show.
//!
//! Not a resource: resources never cancel, and one sight has many answers, each better than the last.

use crate::client::Trouble;
use crate::timing::{self, Moment};
use engine::measures::Measures;
use js_sys::Reflect;
use leptos::prelude::*;
use std::time::Duration;
use thread::message::{Answer, List, Load, Look, Part, Said, Show, Sight};
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
    pub load: Load,
    /// Windows whose copy could not be had.
    pub failed: Vec<(String, Trouble)>,
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
    worker: StoredValue<Option<Worker>, LocalStorage>,
}

impl Loader {
    /// Takes over the thread that `start.js` started beside the page. To be called once.
    #[must_use]
    pub fn new() -> Self {
        let worker: Option<Worker> = Reflect::get(&js_sys::global(), &JsValue::from_str("lecternThread"))
            .ok()
            .and_then(|thread| thread.dyn_into().ok());
        let listens = worker
            .as_ref()
            .and_then(|worker| Reflect::get(worker, &JsValue::from_str("listens")).ok())
            .is_some_and(|listens| listens.is_truthy());
        let new = Self {
            loaded: RwSignal::new(Loaded::default()),
            rows: RwSignal::new(None),
            students: RwSignal::new(None),
            turn: StoredValue::new(0),
            drawn: RwSignal::new(0),
            unheard: StoredValue::new(None),
            listens: StoredValue::new(listens),
            worker: StoredValue::new_local(worker.clone()),
        };
        if let Some(worker) = worker {
            let hear = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
                if let Some(answer) = post::unpacked(&message) {
                    new.hear(answer);
                }
            });
            worker.set_onmessage(Some(hear.as_ref().unchecked_ref()));
            // The thread speaks as long as the page lives.
            hear.forget();
        }
        new
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

    /// Draws the next step as soon as the browser has done what is more urgent.
    fn draw_on(self) {
        let drawn = self.drawn.get_untracked();
        if drawn < STEPS {
            self.drawn.set(drawn + 1);
            set_timeout(move || self.draw_on(), Duration::ZERO);
        }
    }

    /// Looks at something else, or at the same again: what could not be had is then tried once more.
    pub fn look(self, sight: Sight) {
        let turn = self.turn.get_value().wrapping_add(1);
        self.turn.set_value(turn);
        timing::mark(Moment::Asked, Load::default());
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
                    self.draw_on();
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
    fn marks(self, turn: u32, load: Load) {
        if load.copies == 0 && load.pending > 0 {
            return;
        }
        let first = self.loaded.with_untracked(|loaded| loaded.turn != turn || loaded.load.copies == 0);
        let whole = load.pending == 0;
        if whole {
            timing::mark(Moment::Measured, load);
        }
        // A frame is drawn between two callbacks: what is set now is on the screen at the second.
        request_animation_frame(move || {
            if first {
                timing::mark(Moment::FirstMarks, load);
            }
            if whole {
                self.mark_painted(load);
            }
        });
    }

    /// Marks that the measures are on the screen, after the frame in which the last of them were drawn.
    fn mark_painted(self, load: Load) {
        request_animation_frame(move || match self.drawn.get_untracked() {
            STEPS => timing::mark(Moment::Painted, load),
            _ => self.mark_painted(load),
        });
    }
}

impl Default for Loader {
    fn default() -> Self {
        Self::new()
    }
}
