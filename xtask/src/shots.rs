//! `cargo xtask shots`: takes screenshots of every page in every state, in `target/shots`, to check before a
//! release.

use crate::checkout::Checkout;
use crate::chromium;
use crate::processes;
use crate::progress::step;
use crate::test;
use anyhow::Result;

/// Builds everything and takes the screenshots.
pub(crate) fn shots() -> Result<()> {
    let checkout = Checkout::of_xtask();
    let chromium = chromium::find_or_install()?;
    let (tools, sandbox) = test::build_everything(&checkout)?;
    let mut shots = tools.command(&checkout, &tools.node)?;
    shots.arg("tests/browser/shots.mjs").env("CHROMIUM", chromium);
    let shots = test::set_program_paths(&mut shots, &tools, &sandbox);
    step("Taking screenshots", || processes::run(shots))?;
    println!("{}", checkout.path("target/shots").display());
    Ok(())
}
