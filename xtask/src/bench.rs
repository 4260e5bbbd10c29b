//! `cargo xtask bench`: measures everything that must be fast, and compares it with plain JavaScript.
//!
//! A native test simulates the schedule. `tests/bench/bench.mjs` measures everything else from outside, in
//! one workerd and one Chromium.

use crate::cargo;
use crate::checkout::Checkout;
use crate::chromium;
use crate::processes;
use crate::progress::step_with_output;
use crate::test;
use anyhow::Result;
use clap::ValueEnum;

/// The options of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure only this part; may be repeated [default: all but `large`]
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// How often each measurement is repeated
    #[arg(long, value_name = "N", default_value_t = 7)]
    runs: u32,
}

/// A part of the benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A simulated year of requests on three slots
    Schedule,
    /// A first visit: bytes transferred, and Lighthouse scores
    First,
    /// Cold links on a slow phone: bytes, files, first figure, all figures
    Links,
    /// A view of a report: loading, filtering, drawing
    Page,
    /// Views of 400,000 rows of other reports, and a course page
    Reports,
    /// The Worker: collecting, serving, downloading, memory
    Worker,
    /// Ten million rows in one browser tab
    Large,
}

/// Measures the chosen parts.
pub(crate) fn bench(options: &Options) -> Result<()> {
    let checkout = Checkout::of_xtask();
    let all = [Part::Schedule, Part::First, Part::Links, Part::Page, Part::Reports, Part::Worker];
    let parts = if options.only.is_empty() { &all[..] } else { &options.only };
    if parts.contains(&Part::Schedule) {
        let mut simulate = cargo::cargo(&checkout);
        simulate.args(["test", "--quiet", "-p", "domain", "--test", "schedule", "--", "--nocapture"]);
        simulate.env("LECTERN_YEARS", "5");
        step_with_output("Simulating a year of every dated report", || {
            processes::run_with_output(&mut simulate)
        })?;
    }
    let part_names: Vec<String> = parts
        .iter()
        .filter(|part| **part != Part::Schedule)
        .filter_map(|part| part.to_possible_value().map(|value| value.get_name().to_owned()))
        .collect();
    if part_names.is_empty() {
        return Ok(());
    }
    let chromium = chromium::find_or_install()?;
    let (tools, sandbox) = test::build_everything(&checkout)?;
    let mut bench = tools.command(&checkout, &tools.node)?;
    bench.args(["tests/bench/bench.mjs", "--runs", &options.runs.to_string()]).env("CHROMIUM", chromium);
    bench.args(part_names.iter().flat_map(|part| ["--only", part]));
    processes::run_with_output(test::set_program_paths(&mut bench, &tools, &sandbox))
}
