//! Reads the settings from the Worker's variables and secrets.

use crate::clock;
use domain::problem::{Code, Problem};
use domain::settings::{Jurisdiction, Settings};
use std::cell::OnceCell;
use worker::Env;

thread_local! {
    /// The settings of this isolate, which are the same for all its calls: a changed variable or secret is a new deployment.
    /// Reading them takes milliseconds, since the runtime has to know the time zone.
    static SETTINGS: OnceCell<Result<Settings, Problem>> = const { OnceCell::new() };
}

/// The jurisdiction alone, for callers that need no other setting. [`read`] validates it.
pub(crate) fn jurisdiction(env: &Env) -> Option<Jurisdiction> {
    let name = env.var("LECTERN_JURISDICTION").ok()?.to_string();
    Jurisdiction::parse(name.trim())
}

/// Reads and validates the settings, and applies their clock offset.
///
/// # Errors
/// `settings-wrong`, with one sentence for each missing or wrong setting.
pub(crate) fn read(env: &Env) -> Result<Settings, Problem> {
    let settings = SETTINGS.with(|settings| {
        let read = || {
            let get = |name: &str| env.var(name).ok().map(|value| value.to_string());
            Settings::read(get, crate::zone::is_known)
                .map_err(|sentences| Problem::new(Code::SettingsWrong, sentences.join(" ")))
        };
        settings.get_or_init(read).clone()
    })?;
    clock::set_offset(&settings);
    Ok(settings)
}

/// Applies the clock offset, for an object that reads the time before any setting. Invalid settings leave the
/// clock unchanged: callers that need them report the error.
pub(crate) fn set_clock(env: &Env) {
    drop(read(env));
}
