//! `cargo xtask build`: what is deployed, and how large it is.

use crate::checkout::Checkout;
use crate::processes;
use crate::site::{self, Finish};
use crate::step::step;
use crate::tools::Tools;
use crate::worker;
use crate::wrangler;
use anyhow::{Result, bail};

/// The largest Worker, compressed, that this project lets through, in bytes: a third of the free plan's 3 MB.
const LARGEST_WORKER: u64 = 1_000_000;

/// Compresses each file of the site as a browser would get it, and prints a line for each.
const BROTLI: &str = "
    const { readFileSync, readdirSync, statSync } = require('node:fs');
    const { brotliCompressSync, constants } = require('node:zlib');
    const site = process.argv[1];
    const groups = new Map();
    for (const name of readdirSync(site, { recursive: true }).sort()) {
        const path = `${site}/${name}`;
        if (!statSync(path).isFile() || name.startsWith('_')) continue;
        const bytes = readFileSync(path);
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        const size = brotliCompressSync(bytes, { params }).length;
        const group = name.startsWith('thread') ? 'data thread' : 'page';
        groups.set(group, (groups.get(group) ?? 0) + size);
        console.log(`${String(size).padStart(9)} bytes  ${name}`);
    }
    for (const [group, size] of groups) console.log(`${String(size).padStart(9)} bytes  the ${group}, in all`);
";

/// Builds everything that is deployed and prints its sizes.
pub(crate) fn build() -> Result<()> {
    let checkout = Checkout::of_this_tool();
    let tools = Tools::set_up(&checkout)?;
    worker::build(&checkout, &tools, Finish::Small)?;
    site::build(&checkout, &tools, Finish::Small)?;
    let sizes = step("Compressing the site with brotli", || {
        let mut node = tools.command(&checkout, &tools.node)?;
        processes::run_for_output(node.args(["-e", BROTLI]).arg(checkout.path("target/site")))
    })?;
    print!("The site, with brotli:\n{}", String::from_utf8_lossy(&sizes));
    check_upload(&checkout, &tools)
}

/// Prints the size of the Worker as wrangler counts it, and fails if it is too large.
pub(crate) fn check_upload(checkout: &Checkout, tools: &Tools) -> Result<()> {
    let size = step("Bundling the Worker as for a deployment", || wrangler::upload_size(checkout, tools))?;
    println!("The Worker, with gzip: {size} bytes of {LARGEST_WORKER} allowed");
    if size > LARGEST_WORKER {
        bail!("the Worker is too large: {size} bytes compressed, {LARGEST_WORKER} are allowed");
    }
    Ok(())
}
