//! The namespaces of the Durable Objects, restricted to the jurisdiction in the settings.

use crate::config;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Env, ObjectNamespace};

#[wasm_bindgen]
extern "C" {
    /// A namespace of Durable Objects. The `worker` crate binds jurisdictions only for objects without names.
    type Namespace;
    #[wasm_bindgen(method, catch)]
    fn jurisdiction(this: &Namespace, name: &str) -> Result<JsValue, JsValue>;
}

/// The namespace of this binding, restricted to the jurisdiction that the settings name.
pub(crate) fn namespace(env: &Env, binding: &str) -> worker::Result<ObjectNamespace> {
    let namespace = env.durable_object(binding)?;
    let Some(jurisdiction) = config::jurisdiction(env) else { return Ok(namespace) };
    let namespace: &Namespace = namespace.as_ref().unchecked_ref();
    Ok(namespace.jurisdiction(jurisdiction.as_str())?.unchecked_into())
}
