//! `cargo xtask bench`: everything that is promised to be fast, held against what the same takes without Lectern.
//!
//! The schedule is simulated natively, in a test; everything else is measured by `tests/bench/bench.mjs`, from outside,
//! in one workerd and one Chromium.

use crate::cargo;
use crate::checkout::Checkout;
use crate::chromium;
use crate::processes;
use crate::progress::step_with_output;
use crate::test;
use anyhow::Result;
use clap::ValueEnum;

/// What can be chosen about a bench.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure these parts alone (may be given several times); all but `large` when none is named
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// How often each way is measured
    #[arg(long, value_name = "N", default_value_t = 7)]
    runs: u32,
}

/// A part of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A simulated year on three slots
    Schedule,
    /// A first visit: bytes, and Lighthouse
    First,
    /// A view: loaded, filtered, drawn
    Page,
    /// The Worker: collecting, serving, downloads, memory
    Worker,
    /// Ten million rows in one tab
    Large,
}

/// Measures the chosen parts.
pub(crate) fn bench(options: &Options) -> Result<()> {
    let checkout = Checkout::of_this_tool();
    let all = [Part::Schedule, Part::First, Part::Page, Part::Worker];
    let parts = if options.only.is_empty() { &all[..] } else { &options.only };
    if parts.contains(&Part::Schedule) {
        let mut simulate = cargo::cargo(&checkout);
        simulate.args(["test", "--quiet", "-p", "domain", "--test", "schedule", "--", "--nocapture"]);
        simulate.env("LECTERN_YEARS", "5");
        step_with_output("Simulating a year of every dated report", || {
            processes::run_with_output(&mut simulate)
        })?;
    }
    let measured: Vec<String> = parts
        .iter()
        .filter(|part| **part != Part::Schedule)
        .filter_map(|part| part.to_possible_value().map(|value| value.get_name().to_owned()))
        .collect();
    if measured.is_empty() {
        return Ok(());
    }
    let chromium = chromium::find_or_install()?;
    let (tools, sandbox) = test::build(&checkout)?;
    let mut bench = tools.command(&checkout, &tools.node)?;
    bench.args(["tests/bench/bench.mjs", "--runs", &options.runs.to_string()]).env("CHROMIUM", chromium);
    bench.args(measured.iter().flat_map(|part| ["--only", part]));
    processes::run_with_output(test::say_where(&mut bench, &tools, &sandbox))
}
