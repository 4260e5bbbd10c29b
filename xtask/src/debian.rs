//! Debian's packages: installed when something is missing and we may.

use crate::processes;
use crate::progress::step;
use crate::tools;
use anyhow::{Context, Result};
use std::process::Command;

/// Tries to install packages. A failure is told by whoever needs them, with what to do.
pub(crate) fn try_to_install(what: &str, packages: &[&str]) {
    if tools::on_path("apt-get").is_some() && nix::unistd::geteuid().is_root() {
        let _ = step(&format!("Installing {what} with apt-get"), || install(packages));
    }
}

fn install(packages: &[&str]) -> Result<()> {
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    processes::run(apt().arg("update")).context("could not read the package lists")?;
    processes::run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
}
