//! A response of the API as a signal: fetched on creation, again on demand, and after an interruption that kept it away.
//!
//! Leptos resources are not used: their support for suspense and servers is compiled for each type, and made
//! up a tenth of the first load.

use crate::api_client::{self, ApiError};
use crate::interruption;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

/// The latest response, and the latest one that succeeded. Both are kept while it is fetched again.
#[derive(Debug)]
pub struct ApiSignal<T: 'static> {
    url: StoredValue<String>,
    value: RwSignal<Option<T>>,
    /// `Some` once there was a response, with its error if it failed.
    outcome: RwSignal<Option<Option<ApiError>>>,
    turn: StoredValue<u32>,
}

impl<T> Clone for ApiSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ApiSignal<T> {}

impl<T: DeserializeOwned + Clone + Send + Sync + 'static> ApiSignal<T> {
    /// Fetches from one of [`api_client`]'s routes.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let url = StoredValue::new(url.to_owned());
        let (value, outcome) = (RwSignal::new(None), RwSignal::new(None));
        let new = Self { url, value, outcome, turn: StoredValue::new(0) };
        new.refetch();
        interruption::on_end(Box::new(move || {
            if new.error().is_some_and(|error| error.interruption().is_some()) {
                new.refetch();
            }
        }));
        new
    }

    /// Fetches again. The response of an earlier fetch that has not arrived is dropped.
    pub fn refetch(self) {
        let turn = self.turn.try_update_value(|turn| {
            *turn = turn.wrapping_add(1);
            *turn
        });
        let store = move |text| {
            if turn.is_some() && self.turn.try_get_value() == turn {
                let error = match api_client::parse_json(text) {
                    Ok(value) => {
                        self.value.try_set(Some(value));
                        None
                    }
                    Err(error) => Some(error),
                };
                self.outcome.try_set(Some(error));
            }
        };
        if let Some(url) = self.url.try_get_value() {
            fetch(url, Box::new(store));
        }
    }

    /// Fetches again without anybody asking for it, unless the session has ended: every call would be refused.
    pub fn poll(self) {
        if !interruption::is_signed_out() {
            self.refetch();
        }
    }

    /// The latest response; `None` before the first.
    #[must_use]
    pub fn get(self) -> Option<Result<T, ApiError>> {
        match self.outcome.get()? {
            None => self.value.get().map(Ok),
            Some(error) => Some(Err(error)),
        }
    }

    /// The latest response that succeeded. A later error does not remove it from the screen.
    #[must_use]
    pub fn ok(self) -> Option<T> {
        self.value.get()
    }

    /// The error of the latest response, if it failed.
    #[must_use]
    pub fn error(self) -> Option<ApiError> {
        self.outcome.get().flatten()
    }
}

/// Not generic, so that it is compiled once.
fn fetch(url: String, store: Box<dyn FnOnce(Result<String, ApiError>)>) {
    spawn_local(async move { store(api_client::fetch_text(&url).await) });
}
