//! A request, found and followed until nothing of it is under way.
//!
//! Every way of following it (looking it up, asking, trying again) begins a new turn, and a turn ends as
//! soon as another begins; so an answer that comes late is never shown. [`gather`]: several wishes at once.

pub mod gather;

use crate::client::{self, Trouble};
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
const OFTEN_FOR: f64 = 60_000.0;
/// Between two looks in that minute.
const OFTEN: i32 = 2_000;
/// Between two looks afterwards, and while the page is hidden.
const SELDOM: i32 = 15_000;

/// What a person wishes to see: the key by which a request is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The report.
    pub report: ReportName,
    /// The days; none for a report without dates.
    pub range: Option<Range>,
    /// The zone of those days.
    pub tz: String,
    /// What it is asked with beside its days.
    pub parameters: Parameters,
}

impl Wish {
    /// Whether `request` is this wish, asked.
    #[must_use]
    pub fn is_met_by(&self, request: &RequestInfo) -> bool {
        request.report == self.report
            && request.from == self.range.map(Range::from)
            && request.to == self.range.map(Range::to)
            && request.tz == self.tz
            && request.parameters == self.parameters
    }

    fn ask(&self) -> ReportRequest {
        ReportRequest {
            report: self.report.to_string(),
            from: self.range.map(|range| range.from().to_string()),
            to: self.range.map(|range| range.to().to_string()),
            tz: Some(self.tz.clone()),
            parameters: self.parameters.clone(),
        }
    }
}

/// What is known of a wish.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Which wish.
    pub wish: Wish,
    /// Its request, if it has been asked.
    pub request: Option<RequestInfo>,
    /// The windows of its report by id, whoever asked for them.
    pub known: BTreeMap<String, WindowInfo>,
    /// How the Scheduler fares.
    pub desk: Option<SchedulerInfo>,
    /// What went wrong last.
    pub trouble: Option<Trouble>,
}

impl Seen {
    /// The request, if it has been asked; or what asking would come to, where every window of `plan` is here
    /// already. Then there is nothing to ask, and nothing to be clicked before it is shown.
    #[must_use]
    pub fn shown(&self, plan: &[WindowKey], today: Day) -> Option<RequestInfo> {
        let unasked = || {
            let windows = plan.iter().map(|key| here(key, &self.known, today).cloned());
            let windows = windows.collect::<Option<Vec<_>>>().filter(|windows| !windows.is_empty())?;
            let created = windows.iter().filter_map(|window| Some(window.copy.as_ref()?.created)).max()?;
            Some(RequestInfo {
                id: String::new(),
                report: self.wish.report.clone(),
                from: self.wish.range.map(Range::from),
                to: self.wish.range.map(Range::to),
                tz: self.wish.tz.clone(),
                parameters: self.wish.parameters.clone(),
                created,
                windows,
                scheduler: None,
            })
        };
        self.request.clone().or_else(unasked)
    }

    /// Whether there is nothing to wait for.
    fn is_settled(&self) -> bool {
        match (&self.trouble, &self.request) {
            (Some(trouble), _) => !trouble.may_pass(),
            (None, None) => true,
            (None, Some(request)) => !request
                .windows
                .iter()
                .any(|w| w.state.is_under_way() || w.again.is_some_and(|s| s.is_under_way())),
        }
    }
}

/// Follows one wish at a time.
#[derive(Debug, Clone, Copy)]
pub struct Follower {
    seen: RwSignal<Option<Seen>>,
    busy: RwSignal<bool>,
    turn: StoredValue<u32>,
    /// Which wish the current turn is about.
    about: StoredValue<Option<Wish>>,
    /// Ends the current pause early.
    wake: StoredValue<Option<Function>, LocalStorage>,
}

impl Follower {
    /// Follows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let new = Self {
            seen: RwSignal::new(None),
            busy: RwSignal::new(false),
            turn: StoredValue::new(0),
            about: StoredValue::new(None),
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

    /// What is known of `wish`; `None` while it is looked up.
    #[must_use]
    pub fn seen(self, wish: &Wish) -> Option<Seen> {
        self.seen.get().filter(|seen| seen.wish == *wish)
    }

    /// Whether something that was clicked is being done.
    #[must_use]
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// Follows a wish unless the current turn is about it already: what was clicked goes on undisturbed.
    pub fn attend(self, wish: Wish) {
        if self.about.get_value().as_ref() != Some(&wish) {
            self.follow(wish);
        }
    }

    /// Looks a wish up and follows its request, if there is one.
    pub fn follow(self, wish: Wish) {
        let turn = self.begin(&wish);
        spawn_local(async move { self.keep_looking(turn, wish, None).await });
    }

    /// Asks for a wish, then follows it.
    pub fn ask(self, wish: Wish) {
        self.act(wish.clone(), async move |_| client::ask(&wish.ask()).await.map(Some));
    }

    /// Tries again what failed, or asks again for these windows; what was shown without being asked is asked.
    pub fn retry(self, wish: Wish, windows: Vec<String>) {
        self.act(wish.clone(), async move |known| {
            let request = match known {
                Some(request) => request,
                None => client::ask(&wish.ask()).await?,
            };
            client::retry(&request.id, &RetryRequest { windows }).await.map(Some)
        });
    }

    /// Stops waiting for a wish.
    pub fn withdraw(self, wish: Wish) {
        self.act(wish, async move |known| match known {
            Some(request) => client::withdraw(&request.id).await.map(|()| None),
            None => Ok(None),
        });
    }

    /// Does what was clicked, shows what came of it, and follows on.
    fn act(
        self,
        wish: Wish,
        action: impl AsyncFnOnce(Option<RequestInfo>) -> Result<Option<RequestInfo>, Trouble> + 'static,
    ) {
        let turn = self.begin(&wish);
        let known = self.seen.get_untracked().filter(|seen| seen.wish == wish).and_then(|seen| seen.request);
        self.busy.set(true);
        spawn_local(async move {
            let result = action(known.clone()).await;
            self.busy.try_set(false);
            if !self.is_current(turn) {
                return;
            }
            match result {
                Ok(request) => self.keep_looking(turn, wish, request).await,
                Err(trouble) => {
                    let seen = Seen { trouble: Some(trouble), ..self.known(&wish, known.clone()) };
                    self.seen.try_set(Some(seen));
                    // What was under way before the click still is.
                    if known.is_some() && self.pause(turn, SELDOM).await {
                        self.keep_looking(turn, wish, known).await;
                    }
                }
            }
        });
    }

    async fn keep_looking(self, turn: u32, wish: Wish, mut known: Option<RequestInfo>) {
        let began = js_sys::Date::now();
        let mut fresh = known.is_some();
        loop {
            let result = match &known {
                Some(request) if fresh => Ok(self.known(&wish, Some(request.clone()))),
                Some(request) => client::request(&request.id).await.map(|r| self.known(&wish, Some(r))),
                None => client::requests().await.map(|all| looked_up(&wish, all)),
            };
            fresh = false;
            if !self.is_current(turn) {
                return;
            }
            let seen = match result {
                Ok(seen) => {
                    known.clone_from(&seen.request);
                    seen
                }
                Err(trouble) => Seen { trouble: Some(trouble), ..self.known(&wish, known.clone()) },
            };
            let is_settled = seen.is_settled();
            self.seen.try_set(Some(seen));
            let is_early = js_sys::Date::now() - began < OFTEN_FOR;
            let pause = if is_early && !is_hidden() { OFTEN } else { SELDOM };
            if is_settled || !self.pause(turn, pause).await {
                return;
            }
        }
    }

    /// `request` with what was seen beside it before.
    fn known(self, wish: &Wish, request: Option<RequestInfo>) -> Seen {
        let before = self.seen.try_get_untracked().flatten();
        let known = before.as_ref().filter(|seen| seen.wish == *wish).map(|seen| seen.known.clone());
        let said = request.as_ref().and_then(|request| request.scheduler.clone());
        Seen {
            wish: wish.clone(),
            request,
            known: known.unwrap_or_default(),
            desk: said.or_else(|| before.and_then(|seen| seen.desk)),
            trouble: None,
        }
    }

    fn begin(self, wish: &Wish) -> u32 {
        self.about.set_value(Some(wish.clone()));
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

impl Default for Follower {
    fn default() -> Self {
        Self::new()
    }
}

fn is_hidden() -> bool {
    document().hidden()
}

/// The request that is this wish, and what is known of its report's windows.
fn looked_up(wish: &Wish, all: Requests) -> Seen {
    let known = known(&wish.report, &all);
    let request = all.requests.into_iter().find(|request| wish.is_met_by(request));
    Seen { wish: wish.clone(), request, known, desk: Some(all.scheduler), trouble: None }
}

/// The windows of `report` by id, whoever asked for them.
#[must_use]
pub fn known(report: &ReportName, all: &Requests) -> BTreeMap<String, WindowInfo> {
    let requests = all.shared.iter().chain(&all.requests).filter(|request| request.report == *report);
    requests.flat_map(|request| &request.windows).map(|window| (window.id.clone(), window.clone())).collect()
}

/// The window of `key` if it is here: it has rows, and of every day that could be asked for today.
#[must_use]
pub fn here<'a>(
    key: &WindowKey,
    known: &'a BTreeMap<String, WindowInfo>,
    today: Day,
) -> Option<&'a WindowInfo> {
    known.get(&key.id()).filter(|window| {
        let until = window.copy.as_ref().and_then(|copy| copy.end);
        window.state.has_rows() && key.end_at(today) <= until
    })
}
