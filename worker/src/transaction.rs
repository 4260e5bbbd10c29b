//! A transaction over an object's SQLite: every statement of a piece of work holds, or none.
//!
//! What one turn writes without an await between is committed together, which a crash cannot tear apart. A statement that
//! fails is no crash: `exec` throws, the turn goes on, and what it wrote before is committed. `transactionSync` sets a
//! savepoint, and goes back to it when the work throws (Cloudflare's reference of the SQLite storage API, and workerd's
//! `DurableObjectStorage::transactionSync`). The runtime crate binds only the other one, which awaits.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Result, State};

#[wasm_bindgen]
extern "C" {
    type Storage;
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Storage,
        work: &mut dyn FnMut() -> std::result::Result<(), JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// Does this work whole: when it fails, nothing that it wrote is kept.
pub(crate) fn run<T>(state: &State, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let storage: Storage = state.as_raw().storage()?.unchecked_into();
    let (mut work, mut done) = (Some(work), None);
    let mut once = || match work.take().map(|work| work()) {
        Some(Ok(value)) => {
            done = Some(Ok(value));
            Ok(())
        }
        Some(Err(error)) => {
            done = Some(Err(error));
            Err(JsValue::from_str("taken back"))
        }
        None => Ok(()),
    };
    let ended = storage.transaction_sync(&mut once);
    match (done, ended) {
        (Some(Err(error)), _) => Err(error),
        (_, Err(error)) => Err(error.into()),
        (Some(Ok(value)), Ok(_)) => Ok(value),
        (None, Ok(_)) => Err("a transaction was not run".into()),
    }
}
