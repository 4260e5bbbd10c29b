//! Several wishes, followed by looking at the list of all requests: one call tells how far each of them is.

use super::{OFTEN, OFTEN_FOR, SELDOM, Wish, is_hidden};
use crate::client::{self, Trouble};
use domain::api::{Requests, RetryRequest};
use domain::window::WindowKey;
use js_sys::{Function, Promise};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// One report over some days, with the windows that it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Wished {
    /// What to ask for.
    pub wish: Wish,
    /// Its windows.
    pub keys: Vec<WindowKey>,
    /// Whether it is asked for with the others, or used only if it is here.
    pub is_asked: bool,
}

/// What is known of all requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gathered {
    /// All of them, once they are known.
    pub all: Option<Requests>,
    /// What went wrong last.
    pub trouble: Option<Trouble>,
    /// Whether something that was clicked is being done.
    pub is_busy: bool,
}

/// Follows several wishes.
#[derive(Debug, Clone, Copy)]
pub struct Gatherer {
    gathered: RwSignal<Gathered>,
    wishes: StoredValue<Vec<Wish>>,
    turn: StoredValue<u32>,
    /// Ends the current pause early.
    wake: StoredValue<Option<Function>, LocalStorage>,
}

impl Gatherer {
    /// Follows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let new = Self {
            gathered: RwSignal::new(Gathered::default()),
            wishes: StoredValue::new(Vec::new()),
            turn: StoredValue::new(0),
            wake: StoredValue::new_local(None),
        };
        // A page that is looked at again, or is online again, looks at once.
        let wake = Closure::<dyn Fn()>::new(move || {
            let resolve = new.wake.try_get_value().flatten().filter(|_| !is_hidden());
            if let Some(resolve) = resolve {
                let _ = resolve.call0(&JsValue::UNDEFINED);
            }
        });
        let hear: Function = wake.as_ref().unchecked_ref::<Function>().clone();
        let _ = document().add_event_listener_with_callback("visibilitychange", &hear);
        let _ = window().add_event_listener_with_callback("online", &hear);
        let wake = StoredValue::new_local((wake, hear));
        on_cleanup(move || {
            new.turn.try_update_value(|turn| *turn = turn.wrapping_add(1));
            wake.try_with_value(|(_, hear)| {
                let _ = document().remove_event_listener_with_callback("visibilitychange", hear);
                let _ = window().remove_event_listener_with_callback("online", hear);
            });
        });
        new
    }

    /// What is known.
    #[must_use]
    pub fn gathered(self) -> ReadSignal<Gathered> {
        self.gathered.read_only()
    }

    /// Follows these wishes from now on.
    pub fn attend(self, wishes: Vec<Wish>) {
        self.wishes.set_value(wishes);
        self.look();
    }

    /// Looks now, and goes on as long as anything of the wishes is under way.
    pub fn look(self) {
        let turn = self.begin();
        spawn_local(async move { self.keep_looking(turn).await });
    }

    /// Asks for these wishes, one after the other, and tries again what failed of these requests.
    pub fn ask(self, wishes: Vec<Wish>, failed: Vec<String>) {
        let turn = self.begin();
        self.gathered.update(|gathered| (gathered.is_busy, gathered.trouble) = (true, None));
        spawn_local(async move {
            let mut result = Ok(());
            for wish in wishes {
                result = result.and(client::ask(&wish.ask()).await.map(drop));
            }
            for id in failed {
                result =
                    result.and(client::retry(&id, &RetryRequest { windows: Vec::new() }).await.map(drop));
            }
            self.gathered.try_update(|gathered| gathered.is_busy = false);
            if !self.is_current(turn) {
                return;
            }
            match result {
                Ok(()) => self.keep_looking(turn).await,
                Err(trouble) => {
                    self.gathered.try_update(|gathered| gathered.trouble = Some(trouble));
                }
            }
        });
    }

    async fn keep_looking(self, turn: u32) {
        let began = js_sys::Date::now();
        loop {
            let result = client::requests().await;
            if !self.is_current(turn) {
                return;
            }
            let is_settled = match &result {
                Ok(all) => !self.is_under_way(all),
                Err(trouble) => !trouble.may_pass(),
            };
            self.gathered.try_update(|gathered| match result {
                Ok(all) => (gathered.all, gathered.trouble) = (Some(all), None),
                Err(trouble) => gathered.trouble = Some(trouble),
            });
            let is_early = js_sys::Date::now() - began < OFTEN_FOR;
            let pause = if is_early && !is_hidden() { OFTEN } else { SELDOM };
            if is_settled || !self.pause(turn, pause).await {
                return;
            }
        }
    }

    /// Whether any window of the wished reports is on its way, whoever asked for it.
    fn is_under_way(self, all: &Requests) -> bool {
        let is_wished = |report: &domain::report::ReportName| {
            self.wishes.with_value(|wishes| wishes.iter().any(|wish| wish.report == *report))
        };
        let mut windows = all
            .requests
            .iter()
            .filter(|request| is_wished(&request.report))
            .flat_map(|request| &request.windows);
        windows.any(|w| w.state.is_under_way() || w.again.is_some_and(|again| again.is_under_way()))
    }

    fn begin(self) -> u32 {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        self.turn.get_value()
    }

    fn is_current(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }

    /// Waits, unless it is woken; `false` when another turn has begun meanwhile.
    async fn pause(self, turn: u32, milliseconds: i32) -> bool {
        let promise = Promise::new(&mut |resolve, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
            self.wake.try_set_value(Some(resolve));
        });
        let _ = JsFuture::from(promise).await;
        self.is_current(turn)
    }
}

impl Default for Gatherer {
    fn default() -> Self {
        Self::new()
    }
}
