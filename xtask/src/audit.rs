//! `cargo xtask audit`: checks the dependencies by the rules in `deny.toml`.
//!
//! Licenses, bans, duplicates and sources need only the lock file. Known vulnerabilities need a database from the network.
//! If it cannot be fetched, a warning says so, and the other checks still count.

use crate::cargo;
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step_with_output;
use crate::tools;
use anyhow::Result;

/// Checks the dependencies.
pub(crate) fn audit() -> Result<()> {
    let checkout = Checkout::of_xtask();
    let program = tools::cargo_deny(&checkout)?;
    let deny = || {
        let mut deny = cargo::command(&checkout, &program);
        deny.args(["--all-features", "--color", "never"]);
        deny
    };
    step_with_output("Checking licenses, bans, duplicates and sources", || {
        processes::run_with_output(deny().args(["check", "licenses", "bans", "sources"]))
    })?;
    if processes::probe(deny().args(["fetch", "db"])).is_none() {
        eprintln!(
            "warning: known vulnerabilities were NOT checked, because their database cannot be fetched"
        );
        return Ok(());
    }
    step_with_output("Checking for known vulnerabilities", || {
        processes::run_with_output(deny().args(["check", "advisories"]))
    })
}
