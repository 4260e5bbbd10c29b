//! `cargo xtask shots`: pictures of every page in every state, in `target/shots`, to look at before a release.

use crate::checkout::Checkout;
use crate::chromium;
use crate::processes;
use crate::progress::step;
use crate::test;
use anyhow::Result;

/// Builds what is pictured, and takes the pictures.
pub(crate) fn shots() -> Result<()> {
    let checkout = Checkout::of_this_tool();
    let chromium = chromium::find_or_install()?;
    let (tools, sandbox) = test::build(&checkout)?;
    let mut shots = tools.command(&checkout, &tools.node)?;
    shots.arg("tests/browser/shots.mjs").env("CHROMIUM", chromium);
    let shots = test::say_where(&mut shots, &tools, &sandbox);
    step("Taking pictures", || processes::run(shots))?;
    println!("{}", checkout.path("target/shots").display());
    Ok(())
}
