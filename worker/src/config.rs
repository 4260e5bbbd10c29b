//! The settings as the runtime holds them: the Worker's variables and secrets.

use crate::clock;
use domain::problem::{Code, Problem};
use domain::settings::{Jurisdiction, Settings};
use worker::Env;

/// The jurisdiction alone, for whoever needs nothing else. Its setting is validated by [`read`].
pub(crate) fn jurisdiction(env: &Env) -> Option<Jurisdiction> {
    let name = env.var("LECTERN_JURISDICTION").ok()?.to_string();
    Jurisdiction::parse(name.trim())
}

/// Reads and validates the settings, and sets the clock by them.
///
/// # Errors
/// `settings-wrong`, with a sentence for everything that is missing or wrong.
pub(crate) fn read(env: &Env) -> Result<Settings, Problem> {
    let get = |name: &str| env.var(name).ok().map(|value| value.to_string());
    let settings = Settings::read(get, crate::zone::is_known)
        .map_err(|sentences| Problem::new(Code::SettingsWrong, sentences.join(" ")))?;
    clock::set_offset(&settings);
    Ok(settings)
}

/// Sets the clock by the settings, for an object that reads the time before it reads any setting. Wrong settings leave it as
/// it is: whoever needs them reports them.
pub(crate) fn set_clock(env: &Env) {
    drop(read(env));
}
