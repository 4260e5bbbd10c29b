//! An answer of the API that is fetched at once, and again when somebody wants it anew.
//!
//! Not a resource: those bring a machinery for suspense and for servers, compiled anew for each type, that weighed a
//! tenth of what is loaded before the first view.

use crate::client::{self, Trouble};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::spawn_local;

/// The answer, once there is one. It stays while it is fetched again.
#[derive(Debug)]
pub struct Fetched<T: 'static> {
    url: &'static str,
    answer: RwSignal<Option<Result<T, Trouble>>>,
    turn: StoredValue<u32>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

impl<T: DeserializeOwned + Clone + Send + Sync + 'static> Fetched<T> {
    /// Fetches from one of [`client`]'s routes.
    #[must_use]
    pub fn new(url: &'static str) -> Self {
        let new = Self { url, answer: RwSignal::new(None), turn: StoredValue::new(0) };
        new.renew();
        new
    }

    /// Fetches anew; an answer that was still on its way is dropped.
    pub fn renew(self) {
        let turn = self.turn.try_update_value(|turn| {
            *turn = turn.wrapping_add(1);
            *turn
        });
        let take = move |text| {
            if turn.is_some() && self.turn.try_get_value() == turn {
                self.answer.try_set(Some(client::read(text)));
            }
        };
        fetch(self.url, Box::new(take));
    }

    /// What came last.
    #[must_use]
    pub fn get(self) -> Option<Result<T, Trouble>> {
        self.answer.get()
    }

    /// What came last, if it is what was asked for.
    #[must_use]
    pub fn ok(self) -> Option<T> {
        self.answer.with(|answer| answer.as_ref()?.as_ref().ok().cloned())
    }

    /// What went wrong last.
    #[must_use]
    pub fn trouble(self) -> Option<Trouble> {
        self.answer.with(|answer| answer.as_ref()?.as_ref().err().cloned())
    }
}

/// The same for every type.
fn fetch(url: &'static str, take: Box<dyn FnOnce(Result<String, Trouble>)>) {
    spawn_local(async move { take(client::text(url).await) });
}
