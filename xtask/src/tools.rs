//! The tools: what a build needs beside rustup's stable toolchain, and how the missing ones are set up.
//!
//! Cargo's go to `target/tools`, npm's to `node_modules`: nothing is installed for the whole machine. Versions are
//! read from the two lock files, so that a tool and the library it must equal cannot drift apart.

use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Node that installs the npm packages; they bring the newer one that wrangler runs on.
const OLDEST_NODE: u32 = 20;

/// What checks the dependencies. Of no lock file: nothing of ours is built with it.
const CARGO_DENY: &str = "0.20.2";

/// Where the tools are, all of them present.
pub(crate) struct Tools {
    /// The Node that npm brought.
    pub(crate) node: PathBuf,
    /// Wrangler's program, run by that Node: its launcher would be one process more, and not pass every signal on.
    pub(crate) wrangler: PathBuf,
    /// Turns a wasm file into one that JavaScript can load.
    pub(crate) wasm_bindgen: PathBuf,
    /// Makes wasm files smaller.
    pub(crate) wasm_opt: PathBuf,
    /// Bundles the Worker's JavaScript.
    pub(crate) esbuild: PathBuf,
    /// Builds the Worker.
    pub(crate) worker_build: PathBuf,
    /// The version of `wasm_bindgen`.
    pub(crate) wasm_bindgen_version: String,
}

impl Tools {
    /// Sets up what is missing, and says where everything is.
    pub(crate) fn set_up(checkout: &Checkout) -> Result<Self> {
        set_up_wasm_target(checkout)?;
        set_up_npm_packages(checkout)?;
        let wasm_bindgen_version = cargo::locked_version(checkout, "wasm-bindgen")?;
        let wasm_bindgen = installed(checkout, "wasm-bindgen-cli", "wasm-bindgen", &wasm_bindgen_version)?;
        // The crate and its builder are released together, under one version.
        let worker_version = cargo::locked_version(checkout, "worker")?;
        let worker_build = installed(checkout, "worker-build", "worker-build", &worker_version)?;
        Ok(Self {
            node: checkout.path("node_modules/node/bin/node"),
            wrangler: checkout.path("node_modules/wrangler/wrangler-dist/cli.js"),
            wasm_bindgen,
            wasm_opt: checkout.path("node_modules/.bin/wasm-opt"),
            esbuild: checkout.path("node_modules/.bin/esbuild"),
            worker_build,
            wasm_bindgen_version,
        })
    }

    /// A command in the checkout, where scripts of npm packages find their own Node first.
    pub(crate) fn command(&self, checkout: &Checkout, program: &Path) -> Result<Command> {
        let mut command = cargo::command(checkout, program);
        let ours = self.node.parent().map(Path::to_path_buf);
        let theirs = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(ours.into_iter().chain(env::split_paths(&theirs)))
            .context("PATH cannot be extended")?;
        command.env("PATH", path);
        Ok(command)
    }
}

/// cargo-deny, installed when it is first wanted: a test needs none.
pub(crate) fn cargo_deny(checkout: &Checkout) -> Result<PathBuf> {
    installed(checkout, "cargo-deny", "cargo-deny", CARGO_DENY)
}

/// A program on the `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn set_up_wasm_target(checkout: &Checkout) -> Result<()> {
    let has_target = || {
        let mut rustc = cargo::command(checkout, "rustc");
        let folder = processes::probe(rustc.args(["--print", "target-libdir", "--target", WASM]));
        folder.is_some_and(|folder| Path::new(&folder).is_dir())
    };
    if has_target() {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        bail!(
            "Rust's target {WASM} is missing, and so is rustup to add it: install Rust from https://rustup.rs"
        );
    }
    step(&format!("Adding Rust's target {WASM}"), || {
        let mut rustup = cargo::command(checkout, "rustup");
        processes::run(rustup.args(["target", "add", WASM])).context("could not add the target")?;
        if !has_target() {
            bail!(
                "rustc does not see the target {WASM} that rustup added: is it rustup's own rustc on the PATH?"
            );
        }
        Ok(())
    })
}

fn set_up_npm_packages(checkout: &Checkout) -> Result<()> {
    let node = checkout.path("node_modules/node/bin/node");
    if npm_packages_are_current(checkout) && node.is_file() {
        return Ok(());
    }
    check_node()?;
    if !npm_packages_are_current(checkout) {
        step("Installing the npm packages", || {
            // Not `npm ci`: it refuses a lock file without an entry for every other system's package. This installs
            // what the lock file says as well, and leaves the file as it is.
            let mut npm = cargo::command(checkout, "npm");
            npm.args(["install", "--no-save", "--no-fund", "--no-audit", "--loglevel", "error"]);
            processes::run(&mut npm).context("could not install npm packages")
        })?;
    }
    if !node.is_file() {
        // The package `node` fetches its program in an install script, which npm may have held back.
        step("Fetching Node for wrangler", || {
            let mut fetch = cargo::command(checkout, "node");
            fetch.current_dir(checkout.path("node_modules/node")).arg("installArchSpecificPackage.js");
            processes::run(&mut fetch).context("could not fetch Node")
        })?;
    }
    Ok(())
}

/// Whether npm's own note of what it installed is as new as the lock file.
fn npm_packages_are_current(checkout: &Checkout) -> bool {
    let written = |relative| fs::metadata(checkout.path(relative)).and_then(|file| file.modified()).ok();
    let (installed, wanted) = (written("node_modules/.package-lock.json"), written("package-lock.json"));
    installed.is_some() && installed >= wanted
}

fn check_node() -> Result<()> {
    let advice = format!("install Node {OLDEST_NODE} or newer with npm, for example from https://nodejs.org");
    let Some(version) = processes::probe(Command::new("node").arg("--version")) else {
        bail!("node is missing: {advice}");
    };
    if major(&version).is_none_or(|major| major < OLDEST_NODE) {
        bail!("node is too old ({version}): {advice}");
    }
    if on_path("npm").is_none() {
        bail!("npm is missing: {advice}");
    }
    Ok(())
}

/// The first number of a version such as `v22.23.3`.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// A program of cargo's in `target/tools`, at the version asked for, installed if it is not there.
fn installed(checkout: &Checkout, package: &str, program: &str, version: &str) -> Result<PathBuf> {
    let root = checkout.path("target/tools");
    let path = root.join("bin").join(program);
    let is_current = || {
        let said = processes::probe(Command::new(&path).arg("--version"));
        said.is_some_and(|said| said.split(' ').next_back() == Some(version))
    };
    if is_current() {
        return Ok(path);
    }
    step(&format!("Installing {package} {version} (once)"), || {
        let mut install = cargo::quiet_cargo(checkout);
        install.args(["install", package, "--version", version, "--force", "--root"]).arg(&root);
        install.arg("--target-dir").arg(root.join("build"));
        // They work for seconds at a time: compiling them faster is worth more than having them faster.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        processes::run(&mut install).with_context(|| format!("could not install {package} {version}"))?;
        if !is_current() {
            bail!("{} is not version {version} although it was just installed", path.display());
        }
        Ok(())
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compared_by_its_first_number() {
        assert_eq!(major("v22.23.3"), Some(22));
        assert_eq!(major("v9.1"), Some(9));
        assert_eq!(major(""), None);
    }
}
