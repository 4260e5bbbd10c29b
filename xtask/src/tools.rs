//! The tools that a build needs in addition to rustup's stable toolchain; installs missing ones.
//!
//! Cargo installs into `target/tools` and npm into `node_modules`: nothing is installed for the whole
//! machine. Versions are read from the two lock files, so that each tool has the version of the library that
//! it belongs to.

use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Minimum version of the Node that installs the npm packages. One of these packages is the newer Node on
/// which wrangler runs.
const MIN_NODE_VERSION: u32 = 20;

/// The version of cargo-deny. It is in no lock file, since nothing is built with it.
const CARGO_DENY: &str = "0.20.2";

/// Leaves out of wasm-bindgen-cli what only its test runner needs: a TLS library, which takes a minute to compile.
const LOCAL_ONLY: [&str; 1] = ["--no-default-features"];

/// The paths of the tools, all of which are installed.
pub(crate) struct Tools {
    /// The Node from npm.
    pub(crate) node: PathBuf,
    /// Wrangler's script, for that Node. Wrangler's own launcher would be an additional process that does not
    /// pass on every signal.
    pub(crate) wrangler: PathBuf,
    /// Makes a wasm file loadable by JavaScript.
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
    /// Installs the tools that are missing.
    pub(crate) fn set_up(checkout: &Checkout) -> Result<Self> {
        set_up_wasm_target(checkout)?;
        set_up_npm_packages(checkout)?;
        let wasm_bindgen_version = cargo::locked_version(checkout, "wasm-bindgen")?;
        let wasm_bindgen = install_cargo_tool(
            checkout,
            "wasm-bindgen-cli",
            "wasm-bindgen",
            &wasm_bindgen_version,
            &LOCAL_ONLY,
        )?;
        // The crate and its builder are released together, with the same version.
        let worker_version = cargo::locked_version(checkout, "worker")?;
        let worker_build =
            install_cargo_tool(checkout, "worker-build", "worker-build", &worker_version, &[])?;
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

    /// A command at the root of the checkout. Scripts of npm packages that it runs use the Node from npm.
    pub(crate) fn command(&self, checkout: &Checkout, program: &Path) -> Result<Command> {
        let mut command = cargo::command(checkout, program);
        let node_folder = self.node.parent().map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(node_folder.into_iter().chain(env::split_paths(&path)))
            .context("cannot extend PATH")?;
        command.env("PATH", path);
        Ok(command)
    }
}

/// The path of cargo-deny, which is installed if it is missing. Only the checks of dependencies need it.
pub(crate) fn cargo_deny(checkout: &Checkout) -> Result<PathBuf> {
    install_cargo_tool(checkout, "cargo-deny", "cargo-deny", CARGO_DENY, &[])
}

/// The path of a program on the `PATH`.
pub(crate) fn find_on_path(name: &str) -> Option<PathBuf> {
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
    if find_on_path("rustup").is_none() {
        bail!(
            "Rust's target {WASM} is missing, and there is no rustup to add it: install Rust from https://rustup.rs"
        );
    }
    step(&format!("Adding Rust's target {WASM}"), || {
        let mut rustup = cargo::command(checkout, "rustup");
        processes::run(rustup.args(["target", "add", WASM])).context("cannot add the target")?;
        if !has_target() {
            bail!(
                "rustc does not find the target {WASM} that rustup has added: is the rustc on the PATH rustup's own?"
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
            // `npm ci` refuses a lock file without an entry for each operating system's package. `npm
            // install` installs the same versions, and with --no-save it leaves the lock file unchanged.
            let mut npm = cargo::command(checkout, "npm");
            npm.args(["install", "--no-save", "--no-fund", "--no-audit", "--loglevel", "error"]);
            processes::run(&mut npm).context("cannot install the npm packages")
        })?;
    }
    if !node.is_file() {
        // The package `node` downloads its program in an install script, which npm may not have run.
        step("Fetching Node for wrangler", || {
            let mut fetch = cargo::command(checkout, "node");
            fetch.current_dir(checkout.path("node_modules/node")).arg("installArchSpecificPackage.js");
            processes::run(&mut fetch).context("cannot fetch Node")
        })?;
    }
    Ok(())
}

/// Whether npm has installed its packages since the lock file was last changed.
fn npm_packages_are_current(checkout: &Checkout) -> bool {
    let modified = |relative| fs::metadata(checkout.path(relative)).and_then(|file| file.modified()).ok();
    let (installed, locked) = (modified("node_modules/.package-lock.json"), modified("package-lock.json"));
    installed.is_some() && installed >= locked
}

fn check_node() -> Result<()> {
    let advice =
        format!("install Node {MIN_NODE_VERSION} or newer with npm, for example from https://nodejs.org");
    let Some(version) = processes::probe(Command::new("node").arg("--version")) else {
        bail!("node is missing: {advice}");
    };
    if major_version(&version).is_none_or(|major| major < MIN_NODE_VERSION) {
        bail!("node is too old ({version}): {advice}");
    }
    if find_on_path("npm").is_none() {
        bail!("npm is missing: {advice}");
    }
    Ok(())
}

/// The first number of a version such as `v22.23.3`.
fn major_version(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// The path of a program in `target/tools`. Runs `cargo install` unless it is there with this version.
fn install_cargo_tool(
    checkout: &Checkout,
    package: &str,
    program: &str,
    version: &str,
    options: &[&str],
) -> Result<PathBuf> {
    let root = checkout.path("target/tools");
    let path = root.join("bin").join(program);
    let is_current = || {
        let output = processes::probe(Command::new(&path).arg("--version"));
        output.is_some_and(|output| output.split(' ').next_back() == Some(version))
    };
    if is_current() {
        return Ok(path);
    }
    step(&format!("Installing {package} {version} (once)"), || {
        let mut install = cargo::quiet_cargo(checkout);
        install.args(["install", package, "--version", version, "--force", "--root"]).arg(&root);
        install.arg("--target-dir").arg(root.join("build")).args(options);
        // The tools run for a second at most, so a fast compilation matters more than fast code.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
        processes::run(&mut install).with_context(|| format!("cannot install {package} {version}"))?;
        if !is_current() {
            bail!("{} does not report version {version}, although it was just installed", path.display());
        }
        Ok(())
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_parsed() {
        assert_eq!(major_version("v22.23.3"), Some(22));
        assert_eq!(major_version("v9.1"), Some(9));
        assert_eq!(major_version(""), None);
    }
}
