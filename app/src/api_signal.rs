//! A response of the API as a signal: fetched on creation, and again on demand.
//!
//! Leptos resources are not used: their support for suspense and servers is compiled for each type, and made
//! up a tenth of the first load.

use crate::api_client::{self, ApiError};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

/// The latest response. It is kept while it is fetched again.
#[derive(Debug)]
pub struct ApiSignal<T: 'static> {
    url: &'static str,
    response: RwSignal<Option<Result<T, ApiError>>>,
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
    pub fn new(url: &'static str) -> Self {
        let new = Self { url, response: RwSignal::new(None), turn: StoredValue::new(0) };
        new.refetch();
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
                self.response.try_set(Some(api_client::parse_json(text)));
            }
        };
        fetch(self.url, Box::new(store));
    }

    /// The latest response; `None` before the first.
    #[must_use]
    pub fn get(self) -> Option<Result<T, ApiError>> {
        self.response.get()
    }

    /// The latest response, if it succeeded.
    #[must_use]
    pub fn ok(self) -> Option<T> {
        self.response.with(|response| response.as_ref()?.as_ref().ok().cloned())
    }

    /// The error of the latest response, if it failed.
    #[must_use]
    pub fn error(self) -> Option<ApiError> {
        self.response.with(|response| response.as_ref()?.as_ref().err().cloned())
    }
}

/// Not generic, so that it is compiled once.
fn fetch(url: &'static str, store: Box<dyn FnOnce(Result<String, ApiError>)>) {
    spawn_local(async move { store(api_client::fetch_text(url).await) });
}
