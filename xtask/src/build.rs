//! `cargo xtask build`: what is deployed, and how large it is.

use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use crate::site::{self, Finish};
use crate::tools::Tools;
use crate::worker;
use crate::wrangler;
use anyhow::{Context, Result, bail};

/// The largest Worker, compressed, that this project lets through, in bytes: less than half of the free plan's 3 MB.
const LARGEST_WORKER: u64 = 1_200_000;

/// What the page wants before its first view, with brotli, in bytes, and what it may have at most.
const PAGE_BUDGET: u64 = 150_000;
const LARGEST_PAGE: u64 = 200_000;

/// The same of the data thread, which is loaded beside; it is there.
const THREAD_BUDGET: u64 = 60_000;
const LARGEST_THREAD: u64 = THREAD_BUDGET;

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
        const beside = [[/^thread/, 'data thread'], [/^reports/, 'thread of reports'], [/^(split|chunk)_/, 'chunks of the page, later']];
        const group = beside.find(([its]) => its.test(name))?.[1] ?? 'page';
        groups.set(group, (groups.get(group) ?? 0) + size);
        console.log(`${String(size).padStart(9)} bytes  ${name}`);
    }
    for (const [group, size] of groups) console.log(`${String(size).padStart(9)} bytes  the ${group}`);
";

/// Builds everything that is deployed and prints its sizes.
pub(crate) fn build() -> Result<()> {
    let checkout = Checkout::of_this_tool();
    let tools = Tools::set_up(&checkout)?;
    worker::build(&checkout, &tools, Finish::Small)?;
    site::build(&checkout, &tools, Finish::Small)?;
    let sizes = step("Compressing the site with brotli", || {
        let mut node = tools.command(&checkout, &tools.node)?;
        processes::run_for_stdout(node.args(["-e", BROTLI]).arg(checkout.path("target/site")))
    })?;
    let sizes = String::from_utf8_lossy(&sizes);
    print!("The site, with brotli:\n{sizes}");
    check_budget(&sizes, "the page", PAGE_BUDGET, LARGEST_PAGE)?;
    check_budget(&sizes, "the data thread", THREAD_BUDGET, LARGEST_THREAD)?;
    check_upload(&checkout, &tools)
}

/// Prints how much of its budget a part of the site takes, and fails if it is too large.
fn check_budget(sizes: &str, part: &str, budget: u64, largest: u64) -> Result<()> {
    let size = size_of(sizes, part).with_context(|| format!("{part} has no size"))?;
    println!("Before the first view, {part}: {size} bytes, {budget} wanted, {largest} allowed");
    if size > largest {
        bail!("{part} is too large: {size} bytes with brotli, {largest} are allowed");
    }
    Ok(())
}

/// The size that stands before a name in lines of `123 bytes  name`.
fn size_of(sizes: &str, name: &str) -> Option<u64> {
    let found = sizes.lines().filter_map(|line| line.trim_start().split_once(" bytes  "));
    found.filter(|(_, named)| *named == name).find_map(|(size, _)| size.parse().ok())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_over_what_is_allowed_is_refused() {
        let sizes = "      122 bytes  icon.svg\n   332257 bytes  the page\n";
        assert_eq!(size_of(sizes, "the page"), Some(332_257));
        assert_eq!(size_of(sizes, "the data thread"), None);
        assert!(check_budget(sizes, "the page", 1, 332_257).is_ok());
        assert!(check_budget(sizes, "the page", 1, 332_256).is_err());
    }
}
