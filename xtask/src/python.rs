//! Python: signs the tokens that tests hold the Worker's judgement against, by a library that shares no code with it.

use crate::debian;
use crate::processes;
use anyhow::{Result, bail};
use std::process::Command;

/// Sees to it that there is a Python that can make a folder for packages of its own.
pub(crate) fn find_or_install() -> Result<()> {
    if makes_folders() {
        return Ok(());
    }
    debian::try_to_install("Python", &["python3", "python3-venv"]);
    if makes_folders() {
        return Ok(());
    }
    bail!("no python3 with venv: install them (Debian: `sudo apt-get install python3-venv`)");
}

fn makes_folders() -> bool {
    processes::probe(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_some()
}
