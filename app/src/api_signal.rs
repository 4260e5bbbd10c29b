//! An answer of the API that is fetched at once, and again when somebody wants it anew.
//!
//! Not a resource: those bring a machinery for suspense and for servers, compiled anew for each type, that weighed a
//! tenth of what is loaded before the first view.

use crate::api_client::{self, ApiError};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

/// The response, once there is one. It stays while it is fetched again.
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

    /// Fetches anew; an answer that was still on its way is dropped.
    pub fn refetch(self) {
        let turn = self.turn.try_update_value(|turn| {
            *turn = turn.wrapping_add(1);
            *turn
        });
        let take = move |text| {
            if turn.is_some() && self.turn.try_get_value() == turn {
                self.response.try_set(Some(api_client::parse_json(text)));
            }
        };
        fetch(self.url, Box::new(take));
    }

    /// What came last.
    #[must_use]
    pub fn get(self) -> Option<Result<T, ApiError>> {
        self.response.get()
    }

    /// What came last, if it is what was asked for.
    #[must_use]
    pub fn ok(self) -> Option<T> {
        self.response.with(|response| response.as_ref()?.as_ref().ok().cloned())
    }

    /// What went wrong last.
    #[must_use]
    pub fn error(self) -> Option<ApiError> {
        self.response.with(|response| response.as_ref()?.as_ref().err().cloned())
    }
}

/// The same for every type.
fn fetch(url: &'static str, take: Box<dyn FnOnce(Result<String, ApiError>)>) {
    spawn_local(async move { take(api_client::fetch_text(url).await) });
}
