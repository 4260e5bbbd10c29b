//! Installs Debian packages if a program is missing and xtask runs as root.

use crate::processes;
use crate::progress::step;
use crate::tools;
use anyhow::{Context, Result};
use std::process::Command;

/// Tries to install packages, ignoring errors. The caller checks whether its program is there now, and says
/// what to do if not.
pub(crate) fn try_to_install(what: &str, packages: &[&str]) {
    if tools::find_on_path("apt-get").is_some() && nix::unistd::geteuid().is_root() {
        let _ = step(&format!("Installing {what} with apt-get"), || install(packages));
    }
}

fn install(packages: &[&str]) -> Result<()> {
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    processes::run(apt().arg("update")).context("cannot update the package lists")?;
    processes::run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
}
