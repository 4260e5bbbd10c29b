//! The developer's commands: `cargo xtask start`, `test`, `build`, `bench`, `shots` and `audit`.
//!
//! Everything that a fresh machine lacks is set up on the way, and nothing is built twice.
//!
//! | module | |
//! |---|---|
//! | [`start`] | the page at one URL, with the sandbox or a real Echo360 behind it |
//! | [`test`] | every check, in the order of what fails soonest |
//! | [`build`] | what is deployed, and how large it is |
//! | [`bench`] | how fast everything is, of what the same takes without Lectern |
//! | [`shots`] | pictures of every page in every state |
//! | [`audit`] | what the dependencies are, and may be |
//! | [`checkout`], [`state`], [`stamp`] | the folders: of the sources, of one running Lectern, and what was built from what |
//! | [`tools`], [`chromium`], [`python`], [`debian`] | what the machine must have, and how it is got |
//! | [`site`], [`worker`], [`sandbox`], [`wrangler`] | the four things that are built or run |
//! | [`settings`] | what a person says about the upstream, and how it reaches the Worker |
//! | [`processes`], [`port`] | children that end with us; where they listen |
//! | [`cargo`], [`progress`], [`source_watcher`] | calls of cargo, the line that each step prints, changes on disk |
//! | `architecture` | tests of the dependencies between crates and between modules |

#[cfg(test)]
mod architecture;
mod audit;
mod bench;
mod build;
mod cargo;
mod checkout;
mod chromium;
mod debian;
mod port;
mod processes;
mod progress;
mod python;
mod sandbox;
mod settings;
mod shots;
mod site;
mod source_watcher;
mod stamp;
mod start;
mod state;
mod test;
mod tools;
mod worker;
mod wrangler;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The developer's commands of Lectern.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Show the output of cargo, npm and other tools; otherwise it is shown only if they fail
    #[arg(long, short, global = true)]
    verbose: bool,
}

/// One of the developer's commands.
#[derive(Subcommand)]
enum Command {
    /// Set up, build and run Lectern here, and print its URL
    #[command(after_help = settings::help())]
    Start(start::Options),
    /// Run every check: formatting, lints, native, the Worker in workerd, the page in Chromium
    Test(test::Options),
    /// Build what is deployed, and print its sizes
    Build,
    /// Measure everything that is promised to be fast, and print a table
    Bench(bench::Options),
    /// Take pictures of every page in every state, both themes, phone and desktop
    Shots,
    /// Check the dependencies: licences, bans, sources, duplicates, and known vulnerabilities where they can be looked up
    Audit,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    progress::set_verbose(arguments.verbose);
    let done = processes::end_children_on_signal().and_then(|()| match arguments.command {
        Command::Start(options) => start::start(&options),
        Command::Test(options) => test::test(&options),
        Command::Build => build::build(),
        Command::Bench(options) => bench::bench(&options),
        Command::Shots => shots::shots(),
        Command::Audit => audit::audit(),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            processes::wait_if_ending();
            progress::end_line();
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
