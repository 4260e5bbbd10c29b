//! Messages between the page and the data worker: encoded by [`protocol::codec`], sent with `postMessage`.

use js_sys::Uint8Array;
use protocol::{Request, Response, codec};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// The global scope of this Web Worker; `None` in a page.
#[must_use]
pub fn worker_scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Calls `handle` with every request of the page.
pub fn receive(handle: impl Fn(Request) + 'static) {
    let Some(scope) = worker_scope() else { return };
    let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        // A message that cannot be decoded is from another version of the page.
        let bytes = event.data().dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec());
        if let Some(request) = bytes.ok().and_then(|bytes| codec::decode(&bytes)) {
            handle(request);
        }
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // It listens as long as the Web Worker lives.
    listener.forget();
}

/// Calls `task` once after so many milliseconds.
pub fn call_later(milliseconds: i32, task: impl FnOnce() + 'static) {
    if let Some(scope) = worker_scope() {
        let task = Closure::once_into_js(task);
        let task = task.unchecked_ref();
        let _ = scope.set_timeout_with_callback_and_timeout_and_arguments_0(task, milliseconds);
    }
}

/// Sends a response to the page.
pub fn send(response: &Response) {
    if let Some(scope) = worker_scope() {
        let _ = scope.post_message(&Uint8Array::from(codec::encode(response).as_slice()));
    }
}
