//! Chromium: the browser in which the page is tested, found on this machine or installed.

use crate::debian;
use crate::processes;
use crate::tools;
use anyhow::{Result, bail};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names a program to use instead of searching for one.
const VARIABLE: &str = "CHROMIUM";

/// The names of the program, in the order of preference.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Finds a Chromium that runs, or installs it if there is none and xtask runs as root.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()).map(PathBuf::from) {
        if can_run(&named) {
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
    NAMES.iter().filter_map(|name| tools::find_on_path(name)).find(|path| can_run(path))
}

/// Whether the program starts. Ubuntu's `chromium-browser` may only print that a snap is needed.
fn can_run(path: &Path) -> bool {
    processes::probe(Command::new(path).arg("--version")).is_some()
}
