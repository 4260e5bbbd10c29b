//! The Worker: builds the bundle in `worker/build`, which wrangler runs and deploys.

use crate::build_profile::BuildProfile;
use crate::build_stamp::BuildStamp;
use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use crate::tools::Tools;
use anyhow::{Context, Result};

/// The folders and files that the Worker is built from.
pub(crate) const SOURCES: [&str; 8] =
    ["worker", "figures", "protocol", "engine", "charts", "domain", "Cargo.toml", "Cargo.lock"];

/// Brings the bundle up to date.
pub(crate) fn build(checkout: &Checkout, tools: &Tools, profile: BuildProfile) -> Result<()> {
    step("Building the Worker", || {
        let folder = checkout.path("worker");
        let mut compile = cargo::quiet_cargo(checkout);
        compile.current_dir(&folder).args(["build", "--lib", "--release", "--target", WASM]);
        // worker-build sets this for wasm-bindgen's macros. With the same value it need not compile anything
        // again.
        compile.env("WASM_BINDGEN_USE_JS_SYS", "1");
        // The Worker's build script minifies the script of share pages with esbuild; worker-build gets the
        // same value below.
        compile.env("ESBUILD_BIN", &tools.esbuild);
        let files =
            cargo::build(&mut compile).context("the Worker does not compile: see the errors above")?;
        let wasm = files.iter().rfind(|file| file.extension().is_some_and(|kind| kind == "wasm"));
        let wasm = wasm.context("worker/ builds no wasm file: is its crate type `cdylib`?")?;

        let stamp = BuildStamp::new(checkout.path("target/stamps/worker"))
            .with(profile)
            .with(&tools.wasm_bindgen_version)
            .with_file(wasm)?;
        if stamp.is_current() && folder.join("build/index.js").is_file() {
            return Ok(());
        }
        let mut bundle = tools.command(checkout, &tools.worker_build)?;
        bundle.current_dir(&folder).arg("--release");
        if profile == BuildProfile::Draft {
            bundle.arg("--no-opt");
        }
        bundle.env("WASM_BINDGEN_BIN", &tools.wasm_bindgen);
        bundle.env("WASM_OPT_BIN", &tools.wasm_opt);
        bundle.env("ESBUILD_BIN", &tools.esbuild);
        processes::run(&mut bundle).context("the Worker cannot be bundled: see the errors above")?;
        stamp.save()
    })
}
