//! Polls a request until nothing of it is under way. [`request_set`] does so for several requests at once.
//!
//! Looking a request up, creating it or retrying it starts a new turn, which ends the current one, so that a
//! late response of an earlier turn is never shown.

pub mod request_set;

use crate::api_client::{self, ApiError};
use domain::api::{ReportRequest, RequestInfo, Requests, RetryRequest, SchedulerInfo, WindowInfo};
use domain::range::Range;
use domain::report::ReportName;
use domain::time::Day;
use domain::window::{Parameters, WindowKey};
use js_sys::{Function, Promise};
use leptos::prelude::*;
use std::collections::BTreeMap;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// How long a turn polls fast, in milliseconds: most changes happen in the first minute.
const FAST_POLLING_FOR: f64 = 60_000.0;
/// Milliseconds between two polls in that minute.
const FAST_POLL: i32 = 2_000;
/// Milliseconds between two polls afterwards, and while the page is hidden.
const SLOW_POLL: i32 = 15_000;

/// Identifies a request: its report, days, zone and parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The report.
    pub report: ReportName,
    /// The days; none for a report without dates.
    pub range: Option<Range>,
    /// The time zone of these days.
    pub tz: String,
    /// Parameters besides the days.
    pub parameters: Parameters,
}

impl RequestKey {
    /// Whether `request` has this key.
    #[must_use]
    pub fn matches_request(&self, request: &RequestInfo) -> bool {
        request.report == self.report
            && request.from == self.range.map(Range::from)
            && request.to == self.range.map(Range::to)
            && request.tz == self.tz
            && request.parameters == self.parameters
    }

    fn to_report_request(&self) -> ReportRequest {
        ReportRequest {
            report: self.report.to_string(),
            from: self.range.map(|range| range.from().to_string()),
            to: self.range.map(|range| range.to().to_string()),
            tz: Some(self.tz.clone()),
            parameters: self.parameters.clone(),
        }
    }
}

/// The status of a request, and of all windows of its report.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestStatus {
    /// The key of the request.
    pub request_key: RequestKey,
    /// The request, if it exists.
    pub request: Option<RequestInfo>,
    /// The windows of the report by id, whoever requested them.
    pub windows: BTreeMap<String, WindowInfo>,
    /// The state of the Scheduler.
    pub scheduler: Option<SchedulerInfo>,
    /// The error of the last call, if it failed.
    pub error: Option<ApiError>,
}

impl RequestStatus {
    /// The request, if it exists; or a substitute without an id if every window of `plan` is loaded already:
    /// then nothing has to be requested before figures are shown.
    #[must_use]
    pub fn effective_request(&self, plan: &[WindowKey], today: Day) -> Option<RequestInfo> {
        let substitute = || {
            let windows = plan.iter().map(|key| find_available(key, &self.windows, today).cloned());
            let windows = windows.collect::<Option<Vec<_>>>().filter(|windows| !windows.is_empty())?;
            let created = windows.iter().filter_map(|window| Some(window.copy.as_ref()?.created)).max()?;
            Some(RequestInfo {
                id: String::new(),
                report: self.request_key.report.clone(),
                from: self.request_key.range.map(Range::from),
                to: self.request_key.range.map(Range::to),
                tz: self.request_key.tz.clone(),
                parameters: self.request_key.parameters.clone(),
                created,
                windows,
                scheduler: None,
            })
        };
        self.request.clone().or_else(substitute)
    }

    /// Whether polling can stop.
    fn is_settled(&self) -> bool {
        match (&self.error, &self.request) {
            (Some(error), _) => !error.is_transient(),
            (None, None) => true,
            (None, Some(request)) => !request
                .windows
                .iter()
                .any(|w| w.state.is_under_way() || w.again.is_some_and(|s| s.is_under_way())),
        }
    }
}

/// Polls one request at a time.
#[derive(Debug, Clone, Copy)]
pub struct RequestTracker {
    status: RwSignal<Option<RequestStatus>>,
    busy: RwSignal<bool>,
    turn: StoredValue<u32>,
    /// The request of the current turn.
    current_key: StoredValue<Option<RequestKey>>,
    /// Resolves the promise that the current pause awaits.
    wake: StoredValue<Option<Function>, LocalStorage>,
}

impl RequestTracker {
    /// A tracker without a request.
    #[must_use]
    pub fn new() -> Self {
        let new = Self {
            status: RwSignal::new(None),
            busy: RwSignal::new(false),
            turn: StoredValue::new(0),
            current_key: StoredValue::new(None),
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

    /// The status of the request with this key; `None` while it is looked up.
    #[must_use]
    pub fn status(self, request_key: &RequestKey) -> Option<RequestStatus> {
        self.status.get().filter(|status| status.request_key == *request_key)
    }

    /// Whether an action of the user is under way.
    #[must_use]
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// Tracks a request unless the current turn does already: an action that is under way continues.
    pub fn ensure_tracking(self, request_key: RequestKey) {
        if self.current_key.get_value().as_ref() != Some(&request_key) {
            self.track(request_key);
        }
    }

    /// Looks a request up and polls it, if it exists.
    pub fn track(self, request_key: RequestKey) {
        let turn = self.start_turn(&request_key);
        spawn_local(async move { self.poll(turn, request_key, None).await });
    }

    /// Creates a request, then polls it.
    pub fn create_request(self, request_key: RequestKey) {
        self.run_action(request_key.clone(), async move |_| {
            api_client::create_request(&request_key.to_report_request()).await.map(Some)
        });
    }

    /// Retries all failed windows, or these windows. Creates the request first if it does not exist.
    pub fn retry(self, request_key: RequestKey, windows: Vec<String>) {
        self.run_action(request_key.clone(), async move |known| {
            let request = match known {
                Some(request) => request,
                None => api_client::create_request(&request_key.to_report_request()).await?,
            };
            api_client::retry_request(&request.id, &RetryRequest { windows }).await.map(Some)
        });
    }

    /// Withdraws a request.
    pub fn withdraw(self, request_key: RequestKey) {
        self.run_action(request_key, async move |known| match known {
            Some(request) => api_client::withdraw_request(&request.id).await.map(|()| None),
            None => Ok(None),
        });
    }

    /// Runs an action of the user, shows its result, and continues polling.
    fn run_action(
        self,
        request_key: RequestKey,
        action: impl AsyncFnOnce(Option<RequestInfo>) -> Result<Option<RequestInfo>, ApiError> + 'static,
    ) {
        let turn = self.start_turn(&request_key);
        let known = self
            .status
            .get_untracked()
            .filter(|status| status.request_key == request_key)
            .and_then(|status| status.request);
        self.busy.set(true);
        spawn_local(async move {
            let result = action(known.clone()).await;
            self.busy.try_set(false);
            if !self.is_current(turn) {
                return;
            }
            match result {
                Ok(request) => self.poll(turn, request_key, request).await,
                Err(error) => {
                    let is_interrupted = error.interruption().is_some();
                    let status = RequestStatus {
                        error: Some(error),
                        ..self.with_request(&request_key, known.clone())
                    };
                    self.status.try_set(Some(status));
                    // The request may still be under way after a failed action.
                    if known.is_some() && !is_interrupted && self.pause(turn, SLOW_POLL).await {
                        self.poll(turn, request_key, known).await;
                    }
                }
            }
        });
    }

    async fn poll(self, turn: u32, request_key: RequestKey, mut known: Option<RequestInfo>) {
        let started = js_sys::Date::now();
        let mut is_fresh = known.is_some();
        loop {
            let result = match &known {
                Some(request) if is_fresh => Ok(self.with_request(&request_key, Some(request.clone()))),
                Some(request) => api_client::fetch_request(&request.id)
                    .await
                    .map(|r| self.with_request(&request_key, Some(r))),
                None => api_client::list_requests().await.map(|all| lookup_status(&request_key, all)),
            };
            is_fresh = false;
            if !self.is_current(turn) {
                return;
            }
            let status = match result {
                Ok(status) => {
                    known.clone_from(&status.request);
                    status
                }
                Err(error) => {
                    RequestStatus { error: Some(error), ..self.with_request(&request_key, known.clone()) }
                }
            };
            let is_settled = status.is_settled();
            self.status.try_set(Some(status));
            let is_early = js_sys::Date::now() - started < FAST_POLLING_FOR;
            let pause = if is_early && !is_hidden() { FAST_POLL } else { SLOW_POLL };
            if is_settled || !self.pause(turn, pause).await {
                return;
            }
        }
    }

    /// The last status with another `request`.
    fn with_request(self, request_key: &RequestKey, request: Option<RequestInfo>) -> RequestStatus {
        let before = self.status.try_get_untracked().flatten();
        let known = before
            .as_ref()
            .filter(|status| status.request_key == *request_key)
            .map(|status| status.windows.clone());
        let scheduler = request.as_ref().and_then(|request| request.scheduler.clone());
        RequestStatus {
            request_key: request_key.clone(),
            request,
            windows: known.unwrap_or_default(),
            scheduler: scheduler.or_else(|| before.and_then(|status| status.scheduler)),
            error: None,
        }
    }

    fn start_turn(self, request_key: &RequestKey) -> u32 {
        self.current_key.set_value(Some(request_key.clone()));
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

impl Default for RequestTracker {
    fn default() -> Self {
        Self::new()
    }
}

fn is_hidden() -> bool {
    document().hidden()
}

/// The status of the request with this key, from the list of all requests.
fn lookup_status(request_key: &RequestKey, all: Requests) -> RequestStatus {
    let windows = index_windows(&request_key.report, &all);
    let request = all.requests.into_iter().find(|request| request_key.matches_request(request));
    RequestStatus {
        request_key: request_key.clone(),
        request,
        windows,
        scheduler: Some(all.scheduler),
        error: None,
    }
}

/// The windows of `report` by id, whoever requested them.
#[must_use]
pub fn index_windows(report: &ReportName, all: &Requests) -> BTreeMap<String, WindowInfo> {
    let requests = all.shared.iter().chain(&all.requests).filter(|request| request.report == *report);
    requests.flat_map(|request| &request.windows).map(|window| (window.id.clone(), window.clone())).collect()
}

/// The window of `key` if it is loaded: it has rows for every day that could be requested today.
#[must_use]
pub fn find_available<'a>(
    key: &WindowKey,
    known: &'a BTreeMap<String, WindowInfo>,
    today: Day,
) -> Option<&'a WindowInfo> {
    known.get(&key.id()).filter(|window| {
        let until = window.copy.as_ref().and_then(|copy| copy.end);
        window.state.has_rows() && key.end_at(today) <= until
    })
}
