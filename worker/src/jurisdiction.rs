//! Where Durable Objects are stored: `LECTERN_JURISDICTION`, and the check that it has not changed since data
//! was stored.
//!
//! The first jurisdiction is recorded in an object of the Registry's class that belongs to no jurisdiction,
//! so that it can be found whatever the setting is: see [`domain::jurisdiction`].

use crate::object_namespace::namespace;
use crate::response;
use crate::rpc::{self, RegistryCommand};
use domain::jurisdiction::recorded_name;
use domain::problem::{Code, Problem};
use domain::settings::{Jurisdiction, Settings};
use std::cell::RefCell;
use worker::Env;

thread_local! {
    /// The installation and jurisdiction for which the check has passed in this isolate.
    static CHECKED: RefCell<Option<(String, Option<Jurisdiction>)>> = const { RefCell::new(None) };
}

/// Checks, once per isolate, that the data was stored in the configured jurisdiction. Records the
/// jurisdiction if there is no data yet.
///
/// # Errors
/// `settings-wrong` if the jurisdiction was changed, or if the runtime does not support jurisdictions; the
/// problem of an object that did not answer.
pub(crate) async fn check(env: &Env, settings: &Settings) -> Result<(), Problem> {
    let installation = (settings.scheduler_name(), settings.jurisdiction);
    if CHECKED.with_borrow(|checked| checked.as_ref() == Some(&installation)) {
        return Ok(());
    }
    // A runtime without jurisdictions must not record one: the setting could not be removed again.
    let is_supported = namespace(env, "REGISTRY")
        .and_then(|namespace| namespace.id_from_name(&installation.0).map(drop))
        .is_ok();
    let marker =
        rpc::jurisdiction_marker(env, &installation.0).map_err(|error| response::internal_error(&error))?;
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
    CHECKED.set(Some(installation));
    Ok(())
}
