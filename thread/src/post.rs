//! How messages travel between a page and its threads: as the bytes of [`domain::wire`], in `postMessage`.

use domain::wire::{self, Wire};
use js_sys::Uint8Array;
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
    wire::read(&message.data().dyn_into::<Uint8Array>().ok()?.to_vec())
}

/// The thread that this runs in; `None` in a page.
fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Hears what the page says, for as long as it lives.
pub fn hear<T: Wire + 'static>(heard: impl Fn(T) + 'static) {
    let Some(scope) = scope() else { return };
    let hear = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        if let Some(said) = unpacked(&message) {
            heard(said);
        }
    });
    scope.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    hear.forget();
}

/// Says something to the page.
pub fn say<T: Wire>(said: &T) {
    if let Some(scope) = scope() {
        let _ = scope.post_message(&packed(said));
    }
}
