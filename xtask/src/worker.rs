//! The Worker: from `worker/` to the bundle in `worker/build` that wrangler runs and deploys.

use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use crate::site::Finish;
use crate::stamp::Stamp;
use crate::tools::Tools;
use anyhow::{Context, Result};

/// The folders and files that a change of the Worker is in.
pub(crate) const SOURCES: [&str; 6] = ["worker", "engine", "charts", "domain", "Cargo.toml", "Cargo.lock"];

/// Brings the bundle up to date.
pub(crate) fn build(checkout: &Checkout, tools: &Tools, finish: Finish) -> Result<()> {
    step("Building the Worker", || {
        let folder = checkout.path("worker");
        let mut compile = cargo::quiet_cargo(checkout);
        compile.current_dir(&folder).args(["build", "--lib", "--release", "--target", WASM]);
        // worker-build sets this for the macros of wasm-bindgen; with it they give what it will find fresh.
        compile.env("WASM_BINDGEN_USE_JS_SYS", "1");
        let files = cargo::build(&mut compile).context("the Worker does not build: see the errors above")?;
        let wasm = files.iter().rfind(|file| file.extension().is_some_and(|kind| kind == "wasm"));
        let wasm = wasm.context("worker/ builds no wasm file: is its crate type `cdylib`?")?;

        let stamp = Stamp::new(checkout.path("target/stamps/worker"))
            .of(finish)
            .of(&tools.wasm_bindgen_version)
            .of_file(wasm)?;
        if stamp.holds() && folder.join("build/index.js").is_file() {
            return Ok(());
        }
        let mut bundle = tools.command(checkout, &tools.worker_build)?;
        bundle.current_dir(&folder).arg("--release");
        if finish == Finish::Quick {
            bundle.arg("--no-opt");
        }
        bundle.env("WASM_BINDGEN_BIN", &tools.wasm_bindgen);
        bundle.env("WASM_OPT_BIN", &tools.wasm_opt);
        bundle.env("ESBUILD_BIN", &tools.esbuild);
        processes::run(&mut bundle).context("the Worker cannot be bundled: see above")?;
        stamp.press()
    })
}
