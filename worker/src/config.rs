//! The settings as the runtime holds them: vars and secrets of the Worker.

use domain::problem::{Code, Problem};
use domain::settings::Settings;
use worker::Env;

/// Reads and validates the settings.
///
/// # Errors
/// `settings-wrong`, saying all that is missing or wrong.
pub(crate) fn read(env: &Env) -> Result<Settings, Problem> {
    let get = |name: &str| env.var(name).ok().map(|value| value.to_string());
    Settings::read(get, crate::zone::is_known)
        .map_err(|sentences| Problem::new(Code::SettingsWrong, sentences.join(" ")))
}
