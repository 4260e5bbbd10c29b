//! Where Durable Objects are stored: `LECTERN_JURISDICTION`, and the check that it has not changed since data was stored.
//!
//! The first jurisdiction is recorded in an object of the Registry's class that belongs to no jurisdiction, so that it is found
//! whatever the setting says: see [`domain::jurisdiction`].

use crate::rpc::{self, RegistryCommand};
use crate::{config, response};
use domain::jurisdiction::recorded_name;
use domain::problem::{Code, Problem};
use domain::settings::{Jurisdiction, Settings};
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Env, ObjectNamespace};

#[wasm_bindgen]
extern "C" {
    /// A namespace of Durable Objects. The runtime crate binds jurisdictions for objects without names only.
    type Namespace;
    #[wasm_bindgen(method, catch)]
    fn jurisdiction(this: &Namespace, name: &str) -> Result<JsValue, JsValue>;
}

thread_local! {
    /// The installation and jurisdiction for which the check has passed in this isolate.
    static CHECKED: RefCell<Option<(String, Option<Jurisdiction>)>> = const { RefCell::new(None) };
}

/// The namespace of this binding, restricted to the jurisdiction that the settings name.
pub(crate) fn namespace(env: &Env, binding: &str) -> worker::Result<ObjectNamespace> {
    let namespace = env.durable_object(binding)?;
    let Some(jurisdiction) = config::jurisdiction(env) else { return Ok(namespace) };
    let namespace: &Namespace = namespace.as_ref().unchecked_ref();
    Ok(namespace.jurisdiction(jurisdiction.as_str())?.unchecked_into())
}

/// Checks, once per isolate, that the jurisdiction is the one that data was stored in; records it when there is no data yet.
///
/// # Errors
/// `settings-wrong` when it was changed, or when the runtime has no jurisdictions; the problem of an object that did not answer.
pub(crate) async fn check(env: &Env, settings: &Settings) -> Result<(), Problem> {
    let today = (settings.scheduler_name(), settings.jurisdiction);
    if CHECKED.with_borrow(|checked| checked.as_ref() == Some(&today)) {
        return Ok(());
    }
    // A runtime that has no jurisdictions must not record one: the setting could not be removed again.
    let is_supported =
        namespace(env, "REGISTRY").and_then(|namespace| namespace.id_from_name(&today.0).map(drop)).is_ok();
    let marker = rpc::jurisdiction_marker(env, &today.0).map_err(|error| response::internal_error(&error))?;
    let name = recorded_name(settings.jurisdiction).to_owned();
    let command = RegistryCommand::CheckJurisdiction { today: name, may_record: is_supported };
    rpc::call::<_, bool>(&marker, &command).await?;
    if !is_supported {
        return Err(Problem::new(
            Code::SettingsWrong,
            "LECTERN_JURISDICTION works on Cloudflare only, and this runtime cannot restrict where data is stored: remove \
             the setting.",
        ));
    }
    CHECKED.set(Some(today));
    Ok(())
}
