//! Python, with which tests sign tokens, so that they share no code with the Worker.

use crate::debian;
use crate::processes;
use anyhow::{Result, bail};
use std::process::Command;

/// Finds a Python that can create virtual environments, or installs it if there is none and xtask runs as
/// root.
pub(crate) fn find_or_install() -> Result<()> {
    if has_venv() {
        return Ok(());
    }
    debian::try_to_install("Python", &["python3", "python3-venv"]);
    if has_venv() {
        return Ok(());
    }
    bail!("no python3 with venv: install them (Debian: `sudo apt-get install python3-venv`)");
}

fn has_venv() -> bool {
    processes::probe(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_some()
}
