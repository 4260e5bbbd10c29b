//! Runs cargo in this workspace, and finds the files that it builds.

use crate::checkout::Checkout;
use crate::processes;
use crate::progress;
use anyhow::{Context, Result};
use serde_json::Value;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compilation target of the programs that run in browsers and workerd.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Prefixes of the variables with which `cargo run` describes xtask's own package. They are not passed on:
/// otherwise a build script that depends on one would run again whenever cargo is called by hand after xtask.
const VARIABLES_OF_XTASK: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

/// A command that runs at the root of the checkout and builds into its `target/`.
pub(crate) fn command(checkout: &Checkout, program: impl Into<OsString>) -> Command {
    let mut command = Command::new(program.into());
    command.current_dir(checkout.root()).env("CARGO_TARGET_DIR", checkout.target());
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| VARIABLES_OF_XTASK.iter().any(|prefix| name.starts_with(prefix)))
        {
            command.env_remove(name);
        }
    }
    command
}

/// A command for the cargo that runs xtask.
pub(crate) fn cargo(checkout: &Checkout) -> Command {
    command(checkout, env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The same without progress messages, so that only errors are shown if it fails.
pub(crate) fn quiet_cargo(checkout: &Checkout) -> Command {
    let mut cargo = cargo(checkout);
    if !progress::is_verbose() {
        cargo.arg("--quiet");
    }
    cargo
}

/// Runs a `cargo build` and returns the files that it has built or found up to date.
pub(crate) fn build(command: &mut Command) -> Result<Vec<PathBuf>> {
    let messages = processes::run_for_stdout(command.arg("--message-format=json-render-diagnostics"))?;
    Ok(String::from_utf8_lossy(&messages).lines().flat_map(built_files).collect())
}

/// The built files that one of cargo's JSON messages names.
fn built_files(message: &str) -> Vec<PathBuf> {
    let Ok(message) = serde_json::from_str::<Value>(message) else { return Vec::new() };
    if message.get("reason").and_then(Value::as_str) != Some("compiler-artifact") {
        return Vec::new();
    }
    let names = message.get("filenames").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(PathBuf::from).collect()
}

/// The version of a crate from the registry in `Cargo.lock`.
pub(crate) fn locked_version(checkout: &Checkout, name: &str) -> Result<String> {
    let path = checkout.path("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    locked_version_in(&lock, name)
        .with_context(|| format!("Cargo.lock contains no `{name}` from the registry"))
}

fn locked_version_in(lock: &str, name: &str) -> Option<String> {
    let name_line = format!("name = \"{name}\"");
    lock.split("[[package]]")
        .filter(|package| package.lines().any(|line| line == name_line))
        // A package of this workspace may have the same name, but has no source.
        .filter(|package| package.lines().any(|line| line.starts_with("source = ")))
        .find_map(|package| {
            let version = package.lines().find_map(|line| line.strip_prefix("version = "))?;
            Some(version.trim_matches('"').to_owned())
        })
}

/// The SHA-256 of a crate from the registry in the text of `Cargo.lock`; `None` for crates of this workspace.
pub(crate) fn locked_checksum<'a>(lock: &'a str, name: &str, version: &str) -> Option<&'a str> {
    let (name, version) = (format!("name = \"{name}\""), format!("version = \"{version}\""));
    lock.split("[[package]]")
        .filter(|package| {
            [&name, &version].iter().all(|line| package.lines().any(|found| found == line.as_str()))
        })
        .find_map(|package| package.lines().find_map(|line| line.strip_prefix("checksum = ")))
        .map(|checksum| checksum.trim_matches('"'))
}

/// The name of the package in a folder of the workspace.
pub(crate) fn package_name(folder: &Path) -> Result<String> {
    let path = folder.join("Cargo.toml");
    let manifest = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
    let name = name.with_context(|| format!("{} names no package", path.display()))?;
    Ok(name.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_registry() {
        let lock = "[[package]]\nname = \"worker\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"worker\"\nversion = \"0.8.7\"\nsource = \"registry+x\"\n";
        assert_eq!(locked_version_in(lock, "worker").as_deref(), Some("0.8.7"));
        assert_eq!(locked_version_in(lock, "wasm-bindgen"), None);
    }

    #[test]
    fn built_files_are_parsed_from_cargos_messages() {
        let message = r#"{"reason":"compiler-artifact","filenames":["/t/page.wasm"]}"#;
        assert_eq!(built_files(message), [PathBuf::from("/t/page.wasm")]);
        assert!(built_files(r#"{"reason":"build-finished","success":true}"#).is_empty());
        assert!(built_files("warning: not JSON").is_empty());
    }
}
