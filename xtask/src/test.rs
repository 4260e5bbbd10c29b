//! `cargo xtask test`: runs every check, the quickest first, and stops at the first failure.

use crate::audit;
use crate::build::{check_link_sizes, check_upload_size};
use crate::build_profile::BuildProfile;
use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::chromium;
use crate::firefox;
use crate::processes;
use crate::progress::{format_duration, step, step_with_output};
use crate::python;
use crate::sandbox;
use crate::site;
use crate::tools::Tools;
use crate::webkit;
use crate::worker;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only this step; may be repeated
    #[arg(long, value_name = "STEP")]
    only: Vec<Check>,
    /// List the steps and run none
    #[arg(long)]
    list: bool,
}

/// The steps of a test run, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Check {
    /// Formatting
    Format,
    /// Licenses, bans, duplicates and sources of the dependencies
    Dependencies,
    /// Lints of the native crates
    Lints,
    /// Lints of the crates that are compiled to wasm
    WasmLints,
    /// Unit, property and documentation tests
    Native,
    /// Builds of the Worker, the page and the sandbox
    Build,
    /// The size of the Worker, bundled as for a deployment
    Bundle,
    /// Tests of the Worker in workerd, against the sandbox
    Worker,
    /// The page in headless Chromium, its journeys in Firefox and WebKit too
    Page,
}

impl Check {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn description(self) -> String {
        let help = self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
        help.unwrap_or_default()
    }
}

/// Runs the chosen steps, or all if none is chosen.
pub(crate) fn test(options: &Options) -> Result<()> {
    if options.list {
        for check in Check::value_variants() {
            println!("{:<12} {}", check.name(), check.description());
        }
        return Ok(());
    }
    let started = Instant::now();
    let checks: Vec<Check> = Check::value_variants()
        .iter()
        .copied()
        .filter(|check| options.only.is_empty() || options.only.contains(check))
        .collect();
    let run = TestRun { checkout: Checkout::of_xtask() };
    let mut times = Vec::new();
    for check in &checks {
        let started = Instant::now();
        eprintln!("\n== {}: {}", check.name(), check.description());
        run.run(*check).with_context(|| format!("the step `{}` failed", check.name()))?;
        times.push(format!("{} {}", check.name(), format_duration(started.elapsed())));
    }
    println!(
        "\nAll passed: {} steps in {} ({})",
        checks.len(),
        format_duration(started.elapsed()),
        times.join(", ")
    );
    Ok(())
}

/// A run of the tests.
struct TestRun {
    checkout: Checkout,
}

impl TestRun {
    fn run(&self, check: Check) -> Result<()> {
        match check {
            Check::Format => self.format(),
            Check::Dependencies => audit::check_rules(&self.checkout),
            Check::Lints => self.lints(),
            Check::WasmLints => self.wasm_lints(),
            Check::Native => self.native(),
            Check::Build => build_everything(&self.checkout).map(drop),
            Check::Bundle => self.bundle(),
            Check::Worker => self.worker(),
            Check::Page => self.page(),
        }
    }

    fn format(&self) -> Result<()> {
        let mut format = cargo::cargo(&self.checkout);
        format.args(["fmt", "--all", "--check"]);
        step("Checking the format", || processes::run(&mut format))
    }

    fn lints(&self) -> Result<()> {
        let mut clippy = cargo::quiet_cargo(&self.checkout);
        clippy.args(["clippy", "--workspace", "--all-targets", "--exclude", "app", "--exclude"]);
        clippy.arg(cargo::package_name(&self.checkout.path("worker"))?).args(["--", "-D", "warnings"]);
        step("Linting the native crates", || processes::run(&mut clippy))
    }

    /// Uses the profiles with which both crates are built, so that build scripts and macros are compiled only
    /// once.
    fn wasm_lints(&self) -> Result<()> {
        Tools::set_up(&self.checkout)?;
        for (folder, profile) in [("worker", "release"), ("app", "page")] {
            let mut clippy = cargo::quiet_cargo(&self.checkout);
            clippy.current_dir(self.checkout.path(folder));
            clippy.args(["clippy", "--target", WASM, "--profile", profile, "--", "-D", "warnings"]);
            step(&format!("Linting {folder}"), || processes::run(&mut clippy))?;
        }
        Ok(())
    }

    /// Installs the npm packages first, since one test calls wrangler's parser of settings files.
    fn native(&self) -> Result<()> {
        Tools::set_up(&self.checkout)?;
        // The Worker is tested in workerd, by the package `worker-tests`.
        let worker = cargo::package_name(&self.checkout.path("worker"))?;
        let packages = ["--workspace", "--exclude", "worker-tests", "--exclude", worker.as_str()];
        let mut build = cargo::quiet_cargo(&self.checkout);
        build.arg("test").args(packages).arg("--no-run");
        step("Building the native tests", || processes::run(&mut build))?;
        let mut tests = cargo::cargo(&self.checkout);
        tests.arg("test").args(packages).args(["--", "--quiet"]);
        step_with_output("Running the native tests", || processes::run_with_output(&mut tests))
    }

    fn bundle(&self) -> Result<()> {
        let tools = Tools::set_up(&self.checkout)?;
        worker::build(&self.checkout, &tools, BuildProfile::Release)?;
        check_upload_size(&self.checkout, &tools)
    }

    fn worker(&self) -> Result<()> {
        let (tools, sandbox) = build_everything(&self.checkout)?;
        python::find_or_install()?;
        let mut build = cargo::quiet_cargo(&self.checkout);
        build.args(["test", "-p", "worker-tests", "--no-run"]);
        step("Building the tests of the Worker", || processes::run(&mut build))?;
        let mut tests = cargo::cargo(&self.checkout);
        tests.args(["test", "-p", "worker-tests"]);
        // The tests mostly wait for the sandbox to build reports, so run more of them at once than there are
        // cores.
        tests.env("RUST_TEST_THREADS", "5");
        set_program_paths(&mut tests, &tools, &sandbox);
        step_with_output("Running the tests of the Worker", || processes::run_with_output(&mut tests))
    }

    fn page(&self) -> Result<()> {
        let folder = self.checkout.path("tests/browser");
        if !folder.is_dir() {
            bail!("tests/browser is missing");
        }
        let chromium = chromium::find_or_install()?;
        let engines = env::var("LECTERN_ENGINES").unwrap_or_default();
        let is_chosen =
            |name: &str| engines.is_empty() || engines.split(',').any(|engine| engine.trim() == name);
        let firefox = is_chosen("firefox").then(firefox::find_or_install).transpose()?;
        let webkit = is_chosen("webkit").then(webkit::find_or_install).transpose()?;
        let (tools, sandbox) = build_everything(&self.checkout)?;
        check_link_sizes(&self.checkout, &tools)?;
        let mut tests = tools.command(&self.checkout, &tools.node)?;
        // Each file starts a Worker and a browser of its own, and often waits for the sandbox to build reports: two
        // files at once keep two cores busy.
        tests.args(["--test", "--test-reporter=spec", "--test-concurrency=2", "tests/browser/*.test.mjs"]);
        tests.env("CHROMIUM", chromium).envs(firefox.map(|firefox| (firefox::VARIABLE, firefox)));
        if let Some(webkit) = webkit {
            tests.env(webkit::DRIVER_VARIABLE, webkit.driver).env(webkit::BROWSER_VARIABLE, webkit.browser);
        }
        set_program_paths(&mut tests, &tools, &sandbox);
        step_with_output("Running the tests of the page", || processes::run_with_output(&mut tests))
    }
}

/// Builds everything that tests run. Returns the tools and the path of the sandbox.
pub(crate) fn build_everything(checkout: &Checkout) -> Result<(Tools, PathBuf)> {
    let tools = Tools::set_up(checkout)?;
    let sandbox = sandbox::build(checkout)?;
    worker::build(checkout, &tools, BuildProfile::Release)?;
    site::build(checkout, &tools, BuildProfile::Release)?;
    Ok((tools, sandbox))
}

/// Sets the environment variables with the paths of the programs that tests start.
pub(crate) fn set_program_paths<'a>(
    tests: &'a mut Command,
    tools: &Tools,
    sandbox: &Path,
) -> &'a mut Command {
    tests
        .env("LECTERN_SANDBOX_BIN", sandbox)
        .env("LECTERN_NODE", &tools.node)
        .env("LECTERN_WRANGLER", &tools.wrangler)
}
