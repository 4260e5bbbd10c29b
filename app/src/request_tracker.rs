//! A request, found and followed until nothing of it is under way.
//!
//! Every way of following it (looking it up, asking, trying again) begins a new turn, and a turn ends as
//! soon as another begins; so an answer that comes late is never shown. [`request_set`]: several requests at once.

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

/// How long the page looks often, in milliseconds: much is decided in the first minute.
const FAST_POLLING_FOR: f64 = 60_000.0;
/// Between two looks in that minute.
const FAST_POLL: i32 = 2_000;
/// Between two looks afterwards, and while the page is hidden.
const SLOW_POLL: i32 = 15_000;

/// Identifies a request: its report, days, zone and parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// The report.
    pub report: ReportName,
    /// The days; none for a report without dates.
    pub range: Option<Range>,
    /// The zone of those days.
    pub tz: String,
    /// What it is asked with beside its days.
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

/// What is known of a request and of its report's windows.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestStatus {
    /// The request's key.
    pub request_key: RequestKey,
    /// Its request, if it has been asked.
    pub request: Option<RequestInfo>,
    /// The windows of its report by id, whoever asked for them.
    pub windows: BTreeMap<String, WindowInfo>,
    /// How the Scheduler fares.
    pub desk: Option<SchedulerInfo>,
    /// What went wrong last.
    pub error: Option<ApiError>,
}

impl RequestStatus {
    /// The request, if it has been asked; or what asking would come to, where every window of `plan` is here
    /// already. Then there is nothing to ask, and nothing to be clicked before it is shown.
    #[must_use]
    pub fn effective_request(&self, plan: &[WindowKey], today: Day) -> Option<RequestInfo> {
        let unasked = || {
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
        self.request.clone().or_else(unasked)
    }

    /// Whether there is nothing to wait for.
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

/// Follows one request at a time.
#[derive(Debug, Clone, Copy)]
pub struct RequestTracker {
    status: RwSignal<Option<RequestStatus>>,
    busy: RwSignal<bool>,
    turn: StoredValue<u32>,
    /// Which request the current turn is about.
    current_key: StoredValue<Option<RequestKey>>,
    /// Ends the current pause early.
    wake: StoredValue<Option<Function>, LocalStorage>,
}

impl RequestTracker {
    /// Follows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let new = Self {
            status: RwSignal::new(None),
            busy: RwSignal::new(false),
            turn: StoredValue::new(0),
            current_key: StoredValue::new(None),
            wake: StoredValue::new_local(None),
        };
        // A page that is looked at again, or is online again, looks at once.
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

    /// What is known of the request with this key; `None` while it is looked up.
    #[must_use]
    pub fn status(self, request_key: &RequestKey) -> Option<RequestStatus> {
        self.status.get().filter(|status| status.request_key == *request_key)
    }

    /// Whether something that was clicked is being done.
    #[must_use]
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// Follows a request unless the current turn is about it already: what was clicked goes on undisturbed.
    pub fn ensure_tracking(self, request_key: RequestKey) {
        if self.current_key.get_value().as_ref() != Some(&request_key) {
            self.track(request_key);
        }
    }

    /// Looks a request up and follows it, if it exists.
    pub fn track(self, request_key: RequestKey) {
        let turn = self.start_turn(&request_key);
        spawn_local(async move { self.poll(turn, request_key, None).await });
    }

    /// Asks for a request, then follows it.
    pub fn create_request(self, request_key: RequestKey) {
        self.run_action(request_key.clone(), async move |_| {
            api_client::create_request(&request_key.to_report_request()).await.map(Some)
        });
    }

    /// Tries again what failed, or asks again for these windows; what was shown without being asked is asked.
    pub fn retry(self, request_key: RequestKey, windows: Vec<String>) {
        self.run_action(request_key.clone(), async move |known| {
            let request = match known {
                Some(request) => request,
                None => api_client::create_request(&request_key.to_report_request()).await?,
            };
            api_client::retry_request(&request.id, &RetryRequest { windows }).await.map(Some)
        });
    }

    /// Stops waiting for a request.
    pub fn withdraw(self, request_key: RequestKey) {
        self.run_action(request_key, async move |known| match known {
            Some(request) => api_client::withdraw_request(&request.id).await.map(|()| None),
            None => Ok(None),
        });
    }

    /// Does what was clicked, shows what came of it, and follows on.
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
                    let status = RequestStatus {
                        error: Some(error),
                        ..self.with_request(&request_key, known.clone())
                    };
                    self.status.try_set(Some(status));
                    // What was under way before the click still is.
                    if known.is_some() && self.pause(turn, SLOW_POLL).await {
                        self.poll(turn, request_key, known).await;
                    }
                }
            }
        });
    }

    async fn poll(self, turn: u32, request_key: RequestKey, mut known: Option<RequestInfo>) {
        let began = js_sys::Date::now();
        let mut fresh = known.is_some();
        loop {
            let result = match &known {
                Some(request) if fresh => Ok(self.with_request(&request_key, Some(request.clone()))),
                Some(request) => api_client::fetch_request(&request.id)
                    .await
                    .map(|r| self.with_request(&request_key, Some(r))),
                None => api_client::list_requests().await.map(|all| lookup_status(&request_key, all)),
            };
            fresh = false;
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
            let is_early = js_sys::Date::now() - began < FAST_POLLING_FOR;
            let pause = if is_early && !is_hidden() { FAST_POLL } else { SLOW_POLL };
            if is_settled || !self.pause(turn, pause).await {
                return;
            }
        }
    }

    /// The status with `request` in place of the last one.
    fn with_request(self, request_key: &RequestKey, request: Option<RequestInfo>) -> RequestStatus {
        let before = self.status.try_get_untracked().flatten();
        let known = before
            .as_ref()
            .filter(|status| status.request_key == *request_key)
            .map(|status| status.windows.clone());
        let said = request.as_ref().and_then(|request| request.scheduler.clone());
        RequestStatus {
            request_key: request_key.clone(),
            request,
            windows: known.unwrap_or_default(),
            desk: said.or_else(|| before.and_then(|status| status.desk)),
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

impl Default for RequestTracker {
    fn default() -> Self {
        Self::new()
    }
}

fn is_hidden() -> bool {
    document().hidden()
}

/// The request with this key among `all`, and what is known of its report's windows.
fn lookup_status(request_key: &RequestKey, all: Requests) -> RequestStatus {
    let windows = index_windows(&request_key.report, &all);
    let request = all.requests.into_iter().find(|request| request_key.matches_request(request));
    RequestStatus {
        request_key: request_key.clone(),
        request,
        windows,
        desk: Some(all.scheduler),
        error: None,
    }
}

/// The windows of `report` by id, whoever asked for them.
#[must_use]
pub fn index_windows(report: &ReportName, all: &Requests) -> BTreeMap<String, WindowInfo> {
    let requests = all.shared.iter().chain(&all.requests).filter(|request| request.report == *report);
    requests.flat_map(|request| &request.windows).map(|window| (window.id.clone(), window.clone())).collect()
}

/// The window of `key` if it is here: it has rows, and of every day that could be asked for today.
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
