//! Polls several requests with one call per poll: the list of all requests.

use super::{FAST_POLL, FAST_POLLING_FOR, RequestKey, SLOW_POLL, is_hidden};
use crate::api_client::{self, ApiError};
use domain::api::{Requests, RetryRequest};
use domain::window::WindowKey;
use js_sys::{Function, Promise};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// A request that a view needs, with its windows.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRequest {
    /// The key of the request.
    pub request_key: RequestKey,
    /// Its windows.
    pub windows: Vec<WindowKey>,
    /// Whether it is created with the others; if not, its windows are used only if they are loaded.
    pub is_required: bool,
}

/// The status of all requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestSetStatus {
    /// The list of all requests, once it is known.
    pub all: Option<Requests>,
    /// The error of the last call, if it failed.
    pub error: Option<ApiError>,
    /// Whether an action of the user is under way.
    pub is_busy: bool,
}

/// Polls several requests.
#[derive(Debug, Clone, Copy)]
pub struct RequestSetTracker {
    status: RwSignal<RequestSetStatus>,
    request_keys: StoredValue<Vec<RequestKey>>,
    turn: StoredValue<u32>,
    /// Resolves the promise that the current pause awaits.
    wake: StoredValue<Option<Function>, LocalStorage>,
}

impl RequestSetTracker {
    /// A tracker without requests.
    #[must_use]
    pub fn new() -> Self {
        let new = Self {
            status: RwSignal::new(RequestSetStatus::default()),
            request_keys: StoredValue::new(Vec::new()),
            turn: StoredValue::new(0),
            wake: StoredValue::new_local(None),
        };
        // Poll at once when the page becomes visible or goes online again.
        let wake = Closure::<dyn Fn()>::new(move || {
            let resolve = new.wake.try_get_value().flatten().filter(|_| !is_hidden());
            if let Some(resolve) = resolve {
                let _ = resolve.call0(&JsValue::UNDEFINED);
            }
        });
        let listener: Function = wake.as_ref().unchecked_ref::<Function>().clone();
        let _ = document().add_event_listener_with_callback("visibilitychange", &listener);
        let _ = window().add_event_listener_with_callback("online", &listener);
        let wake = StoredValue::new_local((wake, listener));
        on_cleanup(move || {
            new.turn.try_update_value(|turn| *turn = turn.wrapping_add(1));
            wake.try_with_value(|(_, listener)| {
                let _ = document().remove_event_listener_with_callback("visibilitychange", listener);
                let _ = window().remove_event_listener_with_callback("online", listener);
            });
        });
        new
    }

    /// The status. Its signal is updated by every poll.
    #[must_use]
    pub fn status(self) -> ReadSignal<RequestSetStatus> {
        self.status.read_only()
    }

    /// Tracks these requests from now on.
    pub fn track(self, request_keys: Vec<RequestKey>) {
        self.request_keys.set_value(request_keys);
        self.refresh();
    }

    /// Polls now, and continues while a window of the tracked reports is under way.
    pub fn refresh(self) {
        let turn = self.start_turn();
        spawn_local(async move { self.poll(turn).await });
    }

    /// Creates these requests, one after the other, and retries those with the ids in `failed`.
    pub fn create_requests(self, request_keys: Vec<RequestKey>, failed: Vec<String>) {
        let turn = self.start_turn();
        self.status.update(|status| (status.is_busy, status.error) = (true, None));
        spawn_local(async move {
            let mut result = Ok(());
            for request_key in request_keys {
                result =
                    result.and(api_client::create_request(&request_key.to_report_request()).await.map(drop));
            }
            for id in failed {
                result = result.and(
                    api_client::retry_request(&id, &RetryRequest { windows: Vec::new() }).await.map(drop),
                );
            }
            self.status.try_update(|status| status.is_busy = false);
            if !self.is_current(turn) {
                return;
            }
            match result {
                Ok(()) => self.poll(turn).await,
                Err(error) => {
                    self.status.try_update(|status| status.error = Some(error));
                }
            }
        });
    }

    async fn poll(self, turn: u32) {
        let started = js_sys::Date::now();
        loop {
            let result = api_client::list_requests().await;
            if !self.is_current(turn) {
                return;
            }
            let is_settled = match &result {
                Ok(all) => !self.is_under_way(all),
                Err(error) => !error.is_transient(),
            };
            self.status.try_update(|status| match result {
                Ok(all) => (status.all, status.error) = (Some(all), None),
                Err(error) => status.error = Some(error),
            });
            let is_early = js_sys::Date::now() - started < FAST_POLLING_FOR;
            let pause = if is_early && !is_hidden() { FAST_POLL } else { SLOW_POLL };
            if is_settled || !self.pause(turn, pause).await {
                return;
            }
        }
    }

    /// Whether any window of the tracked reports is under way, whoever requested it.
    fn is_under_way(self, all: &Requests) -> bool {
        let is_tracked = |report: &domain::report::ReportName| {
            self.request_keys.with_value(|request_keys| {
                request_keys.iter().any(|request_key| request_key.report == *report)
            })
        };
        let mut windows = all
            .requests
            .iter()
            .filter(|request| is_tracked(&request.report))
            .flat_map(|request| &request.windows);
        windows.any(|w| w.state.is_under_way() || w.again.is_some_and(|again| again.is_under_way()))
    }

    fn start_turn(self) -> u32 {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        self.turn.get_value()
    }

    fn is_current(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }

    /// Waits until the time is over or `wake` is called. Returns `false` if another turn has started
    /// meanwhile.
    async fn pause(self, turn: u32, milliseconds: i32) -> bool {
        let promise = Promise::new(&mut |resolve, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
            self.wake.try_set_value(Some(resolve));
        });
        let _ = JsFuture::from(promise).await;
        self.is_current(turn)
    }
}

impl Default for RequestSetTracker {
    fn default() -> Self {
        Self::new()
    }
}
