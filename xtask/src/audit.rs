//! `cargo xtask audit`: what the dependencies are allowed to be, by `deny.toml`.
//!
//! Licences, bans, duplicates and sources need nothing but the lock file. Known vulnerabilities are looked up in a
//! database that is fetched; where it cannot be reached, that is said, and the rest still counts.

use crate::cargo;
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step_with_output;
use crate::tools;
use anyhow::Result;

/// Checks the dependencies.
pub(crate) fn audit() -> Result<()> {
    let checkout = Checkout::of_this_tool();
    let program = tools::cargo_deny(&checkout)?;
    let deny = || {
        let mut deny = cargo::command(&checkout, &program);
        deny.args(["--all-features", "--color", "never"]);
        deny
    };
    step_with_output("Checking licences, bans, duplicates and sources", || {
        processes::run_with_output(deny().args(["check", "licenses", "bans", "sources"]))
    })?;
    if processes::probe(deny().args(["fetch", "db"])).is_none() {
        eprintln!("Known vulnerabilities were NOT checked: their database cannot be reached from here.");
        return Ok(());
    }
    step_with_output("Checking for known vulnerabilities", || {
        processes::run_with_output(deny().args(["check", "advisories"]))
    })
}
