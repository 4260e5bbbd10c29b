//! How messages travel between a page and its threads: as the bytes of [`domain::wire`], in `postMessage`.
//!
//! Between a keeper and its readers bytes themselves travel, and change hands: they are megabytes.

use domain::wire::{self, Wire};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// What is posted.
#[must_use]
pub fn packed<T: Wire>(said: &T) -> JsValue {
    Uint8Array::from(wire::written(said).as_slice()).into()
}

/// What a message says; `None` when it is of another build, or of somebody else.
#[must_use]
pub fn unpacked<T: Wire>(message: &MessageEvent) -> Option<T> {
    wire::read(&handed_over(message)?)
}

/// The thread that this runs in; `None` in a page.
fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// What this thread is called.
#[must_use]
pub fn name() -> String {
    scope().map(|scope| scope.name()).unwrap_or_default()
}

/// Hears what the page says, for as long as it lives.
pub fn hear<T: Wire + 'static>(heard: impl Fn(T) + 'static) {
    hear_messages(move |message| {
        if let Some(said) = unpacked(&message) {
            heard(said);
        }
    });
}

/// Hears bytes that are handed over, for as long as the thread lives.
pub fn hear_bytes(heard: impl Fn(&[u8]) + 'static) {
    hear_messages(move |message| {
        if let Some(bytes) = handed_over(&message) {
            heard(&bytes);
        }
    });
}

fn hear_messages(heard: impl Fn(MessageEvent) + 'static) {
    let Some(scope) = scope() else { return };
    let hear = Closure::<dyn Fn(MessageEvent)>::new(heard);
    scope.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    hear.forget();
}

/// Says something to the page.
pub fn say<T: Wire>(said: &T) {
    if let Some(scope) = scope() {
        let _ = scope.post_message(&packed(said));
    }
}

/// Hands bytes over to whoever started this thread.
pub fn hand_over(bytes: &[u8]) {
    if let Some(scope) = scope() {
        let (bytes, moved) = movable(bytes);
        let _ = scope.post_message_with_transfer(&bytes, &moved);
    }
}

/// Bytes as they are posted, and what is moved of them, not copied.
#[must_use]
pub fn movable(bytes: &[u8]) -> (Uint8Array, Array) {
    let bytes = Uint8Array::from(bytes);
    let moved = Array::of1(&bytes.buffer());
    (bytes, moved)
}

/// The bytes that a message hands over.
#[must_use]
pub fn handed_over(message: &MessageEvent) -> Option<Vec<u8>> {
    Some(message.data().dyn_into::<Uint8Array>().ok()?.to_vec())
}
