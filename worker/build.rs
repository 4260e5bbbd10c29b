//! Prepares the script of share pages: `src/shares/page.js`, minified, as `share-page.js` in cargo's output
//! directory.
//!
//! `cargo xtask` names esbuild, which npm installs, in `ESBUILD_BIN`. Without it (`cargo check`, an editor,
//! Clippy) the readable source is embedded as it is: checking Rust code must not need Node. Both do the same,
//! and the policy's hash is computed from what is served.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "src/shares/page.js";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-env-changed=ESBUILD_BIN");
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("share-page.js");
    let Some(esbuild) = env::var_os("ESBUILD_BIN") else {
        fs::copy(SOURCE, output)?;
        return Ok(());
    };
    // An immediately called function (iife), so that esbuild may shorten the names at the top level, too.
    let status = Command::new(esbuild)
        .args([SOURCE, "--minify", "--format=iife", "--log-level=warning"])
        .arg(format!("--outfile={}", output.display()))
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("esbuild cannot minify {SOURCE}: {status}").into()) }
}
