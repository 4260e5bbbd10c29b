//! The rules for dependencies: `deny.toml`, as cargo-deny checks it.
//!
//! Licenses, bans, duplicates and sources follow from the lock file, so every `cargo xtask test` checks them: cargo-deny
//! is built in less than a minute, once. Known vulnerabilities change without any change here, and their databases are
//! on the network. `cargo xtask audit` therefore fails if it cannot read them, instead of passing without a check.

use crate::cargo;
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step_with_output;
use crate::tools;
use anyhow::{Context, Result};
use std::process::Command;

/// The options of `cargo xtask audit`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out known vulnerabilities, whose databases are on the network
    #[arg(long)]
    offline: bool,
}

/// Checks the dependencies, known vulnerabilities included.
pub(crate) fn audit(options: &Options) -> Result<()> {
    let checkout = Checkout::of_xtask();
    check_rules(&checkout)?;
    let mut crates = deny(&checkout)?;
    crates.args(["check", "advisories"]);
    let mut npm_packages = cargo::command(&checkout, "npm");
    npm_packages.args(["audit", "--package-lock-only", "--omit=dev"]);
    check_advisories(options, [("crates", crates), ("npm packages", npm_packages)])
}

/// Checks licenses, bans, duplicates and sources.
pub(crate) fn check_rules(checkout: &Checkout) -> Result<()> {
    let mut deny = deny(checkout)?;
    deny.args(["check", "licenses", "bans", "sources"]);
    step_with_output("Checking licenses, bans, duplicates and sources", || {
        processes::run_with_output(&mut deny)
    })
}

/// Runs the commands that compare what is linked with databases of known vulnerabilities. A command fails if its database
/// is missing.
fn check_advisories<const N: usize>(options: &Options, commands: [(&str, Command); N]) -> Result<()> {
    if options.offline {
        eprintln!("warning: known vulnerabilities were NOT checked (--offline)");
        return Ok(());
    }
    for (what, mut command) in commands {
        step_with_output(&format!("Checking the {what} for known vulnerabilities"), || {
            processes::run_with_output(&mut command).with_context(|| {
                format!(
                    "the {what} have known vulnerabilities, or the database cannot be fetched: see above. --offline leaves \
                     this check out"
                )
            })
        })?;
    }
    Ok(())
}

fn deny(checkout: &Checkout) -> Result<Command> {
    let program = tools::cargo_deny(checkout)?;
    let mut deny = cargo::command(checkout, &program);
    deny.args(["--all-features", "--color", "never"]);
    Ok(deny)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands that fail, as those do whose database cannot be fetched.
    fn failing_commands() -> [(&'static str, Command); 1] {
        [("crates", Command::new("false"))]
    }

    #[test]
    fn an_audit_fails_without_its_databases_unless_it_is_offline() {
        assert!(check_advisories(&Options { offline: false }, failing_commands()).is_err());
        assert!(check_advisories(&Options { offline: true }, failing_commands()).is_ok());
        let passing = [("crates", Command::new("true"))];
        assert!(check_advisories(&Options { offline: false }, passing).is_ok());
    }
}
