//! `cargo xtask build`: builds everything that is deployed, checks its size, and writes its SBOMs.

use crate::build_profile::BuildProfile;
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use crate::sbom;
use crate::site;
use crate::tools::Tools;
use crate::worker;
use crate::wrangler;
use anyhow::{Context, Result, bail};

/// Maximum size of the compressed Worker in bytes: about half of the 3 MB that the free plan allows. Some
/// 16 KB of it are the OpenAPI document, which is stored as JSON.
const MAX_WORKER_BYTES: u64 = 1_300_000;

/// Builds everything that is deployed, prints its sizes, and writes its SBOMs.
pub(crate) fn build() -> Result<()> {
    let checkout = Checkout::of_xtask();
    let tools = Tools::set_up(&checkout)?;
    worker::build(&checkout, &tools, BuildProfile::Release)?;
    site::build(&checkout, &tools, BuildProfile::Release)?;
    check_link_sizes(&checkout, &tools)?;
    check_upload_size(&checkout, &tools)?;
    sbom::write(&checkout)
}

/// Prints what links to the site load, and fails if one is above its limit.
pub(crate) fn check_link_sizes(checkout: &Checkout, tools: &Tools) -> Result<()> {
    let sizes = step("Compressing the site", || {
        let mut node = tools.command(checkout, &tools.node)?;
        node.arg(checkout.path("tests/bench/sizes.mjs")).arg(checkout.path("target/site"));
        processes::run_for_stdout(&mut node).context("the site is too large: see the sizes above")
    })?;
    print!("{}", String::from_utf8_lossy(&sizes));
    Ok(())
}

/// Prints the compressed size of the Worker as wrangler reports it, and fails if it exceeds the limit.
pub(crate) fn check_upload_size(checkout: &Checkout, tools: &Tools) -> Result<()> {
    let size = step("Bundling the Worker as for a deployment", || wrangler::upload_size(checkout, tools))?;
    println!("The Worker, with gzip: {size} bytes (limit {MAX_WORKER_BYTES})");
    if size > MAX_WORKER_BYTES {
        bail!("the Worker is too large: {size} bytes with gzip, the limit is {MAX_WORKER_BYTES}");
    }
    Ok(())
}
