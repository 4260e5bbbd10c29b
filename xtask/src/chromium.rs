//! Chromium: the browser that the page's tests run in, found on the system or installed.

use crate::debian;
use crate::processes;
use crate::tools;
use anyhow::{Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that names one in place of a search.
const VARIABLE: &str = "CHROMIUM";

/// What it is called, most wanted first.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A Chromium that runs, installed first if there is none and we may.
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
    debian::try_to_install("Chromium", &["chromium"]);
    if let Some(found) = find() {
        return Ok(found);
    }
    bail!(
        "no Chromium: install one (Debian: `sudo apt-get install chromium`; Ubuntu: Google Chrome's own package), or \
         name one in {VARIABLE}"
    );
}

fn find() -> Option<PathBuf> {
    NAMES.iter().filter_map(|name| tools::on_path(name)).find(|path| runs(path))
}

/// Whether it starts: Ubuntu's `chromium-browser` may be a note that a snap is needed.
fn runs(path: &Path) -> bool {
    processes::probe(Command::new(path).arg("--version")).is_some()
}
