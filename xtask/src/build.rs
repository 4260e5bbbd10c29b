//! `cargo xtask build`: builds everything that is deployed, and checks its size.

use crate::build_profile::BuildProfile;
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use crate::site;
use crate::tools::Tools;
use crate::worker;
use crate::wrangler;
use anyhow::{Context, Result, bail};

/// Maximum size of the compressed Worker in bytes: less than half of the 3 MB that the free plan allows. Some
/// 16 KB of it are the OpenAPI document, which is stored as JSON.
const MAX_WORKER_BYTES: u64 = 1_300_000;

/// Target for what the page loads before its first view, in bytes, compressed with brotli.
const PAGE_BUDGET: u64 = 150_000;
/// Maximum; a larger page fails the build.
const MAX_PAGE_BYTES: u64 = 200_000;

/// The same for the data worker, which is loaded at the same time as the page.
const DATA_WORKER_BUDGET: u64 = 60_000;
const MAX_DATA_WORKER_BYTES: u64 = DATA_WORKER_BUDGET;

/// A script for Node that prints the size of each file of the site, compressed with brotli, and of each group of files.
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
        const groupsByName = [
            [/^data-worker/, 'data worker'],
            [/^(split|chunk)_/, 'chunks that the page loads later'],
        ];
        const group = groupsByName.find(([pattern]) => pattern.test(name))?.[1] ?? 'page';
        groups.set(group, (groups.get(group) ?? 0) + size);
        console.log(`${String(size).padStart(9)} bytes  ${name}`);
    }
    for (const [group, size] of groups) console.log(`${String(size).padStart(9)} bytes  the ${group}`);
";

/// Builds everything that is deployed and prints its sizes.
pub(crate) fn build() -> Result<()> {
    let checkout = Checkout::of_xtask();
    let tools = Tools::set_up(&checkout)?;
    worker::build(&checkout, &tools, BuildProfile::Release)?;
    site::build(&checkout, &tools, BuildProfile::Release)?;
    let sizes = step("Compressing the site with brotli", || {
        let mut node = tools.command(&checkout, &tools.node)?;
        processes::run_for_stdout(node.args(["-e", BROTLI]).arg(checkout.path("target/site")))
    })?;
    let sizes = String::from_utf8_lossy(&sizes);
    print!("The site, with brotli:\n{sizes}");
    check_budget(&sizes, "the page", PAGE_BUDGET, MAX_PAGE_BYTES)?;
    check_budget(&sizes, "the data worker", DATA_WORKER_BUDGET, MAX_DATA_WORKER_BYTES)?;
    check_upload_size(&checkout, &tools)
}

/// Prints the size of a part of the site with its budget, and fails if it exceeds the limit.
fn check_budget(sizes: &str, part: &str, budget: u64, limit: u64) -> Result<()> {
    let size = size_of(sizes, part).with_context(|| format!("the size of {part} was not measured"))?;
    println!("Before the first view, {part}: {size} bytes (budget {budget}, limit {limit})");
    if size > limit {
        bail!("{part} is too large: {size} bytes with brotli, the limit is {limit}");
    }
    Ok(())
}

/// The size of `name` in lines such as `123 bytes  name`.
fn size_of(sizes: &str, name: &str) -> Option<u64> {
    let found = sizes.lines().filter_map(|line| line.trim_start().split_once(" bytes  "));
    found.filter(|(_, named)| *named == name).find_map(|(size, _)| size.parse().ok())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_over_its_limit_is_refused() {
        let sizes = "      122 bytes  icon.svg\n   332257 bytes  the page\n";
        assert_eq!(size_of(sizes, "the page"), Some(332_257));
        assert_eq!(size_of(sizes, "the data worker"), None);
        assert!(check_budget(sizes, "the page", 1, 332_257).is_ok());
        assert!(check_budget(sizes, "the page", 1, 332_256).is_err());
    }
}
