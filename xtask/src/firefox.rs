//! Firefox: one of the browsers that the journeys run in, found on the system or installed.

use crate::debian;
use crate::processes;
use crate::tools;
use anyhow::{Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names one in place of a search.
pub(crate) const VARIABLE: &str = "FIREFOX";

/// Program names, the preferred one first: Debian's release for organizations changes once a year.
const NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// Finds a Firefox that runs; installs one if there is none and we may.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from) {
        if runs(&named) {
            return Ok(named);
        }
        bail!("{VARIABLE} names {}, which does not run", named.display());
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    debian::try_to_install("Firefox", &["firefox-esr"]);
    if let Some(found) = find() {
        return Ok(found);
    }
    bail!(
        "no Firefox: install one (Debian: `sudo apt-get install firefox-esr`), name one in {VARIABLE}, or run the \
         journeys without it (`LECTERN_ENGINES=chromium`)"
    );
}

fn find() -> Option<PathBuf> {
    NAMES.iter().filter_map(|name| tools::find_on_path(name)).find(|path| runs(path))
}

/// Returns whether it starts: Ubuntu's `firefox` may be a note that a snap is needed.
fn runs(path: &Path) -> bool {
    processes::probe(Command::new(path).arg("--version")).is_some()
}
