//! Python: signs the tokens that the Worker is tested with, by a library that shares no code with the Worker.

use crate::debian;
use crate::processes;
use anyhow::{Result, bail};
use std::process::Command;

/// Sees to it that there is a Python that can create virtual environments.
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
