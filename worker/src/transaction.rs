//! A transaction on an object's SQLite database: all statements take effect, or none.
//!
//! The runtime commits everything that is written between two awaits together, so a crash cannot split it.
//! But a statement that fails is no crash: `exec` throws, the event handler continues, and earlier statements
//! are committed. `transactionSync` sets a savepoint, and rolls back to it when its callback throws
//! (Cloudflare's reference of the SQLite storage API, and workerd's `DurableObjectStorage::transactionSync`).
//! The `worker` crate binds only the asynchronous `transaction`.

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

/// Runs `work` in a transaction, which is rolled back if it fails.
pub(crate) fn run<T>(state: &State, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let storage: Storage = state.as_raw().storage()?.unchecked_into();
    let (mut work, mut result) = (Some(work), None);
    let mut callback = || match work.take().map(|work| work()) {
        Some(Ok(value)) => {
            result = Some(Ok(value));
            Ok(())
        }
        Some(Err(error)) => {
            result = Some(Err(error));
            Err(JsValue::from_str("taken back"))
        }
        None => Ok(()),
    };
    let transaction_result = storage.transaction_sync(&mut callback);
    match (result, transaction_result) {
        (Some(Err(error)), _) => Err(error),
        (_, Err(error)) => Err(error.into()),
        (Some(Ok(value)), Ok(_)) => Ok(value),
        (None, Ok(_)) => Err("a transaction was not run".into()),
    }
}
