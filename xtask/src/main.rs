//! The developer's commands: `cargo xtask start`, `test`, `build`, `bench`, `shots` and `audit`.
//!
//! Each command installs missing tools that it needs, and builds only what has changed.
//!
//! | modules | |
//! |---|---|
//! | [`start`] | runs the page at one URL, with the sandbox or a real Echo360 |
//! | [`test`] | runs every check, the quickest first |
//! | [`build`] | builds what is deployed, and checks its size |
//! | [`bench`] | measures everything that is promised to be fast |
//! | [`shots`] | takes screenshots of every page in every state |
//! | [`audit`], [`sbom`] | checks the dependencies, and lists those that are deployed |
//! | [`site`], [`worker`], [`sandbox`], [`wrangler`] | what is built and run |
//! | [`build_profile`], [`build_stamp`], [`cargo`] | how it is built, and when it has to be built again |
//! | [`settings`] | the settings of a start, and how they are passed to the Worker |
//! | [`checkout`], [`state`] | the folder of the sources, and the folder of a running Lectern's data |
//! | [`tools`], [`chromium`], [`firefox`], [`webkit`], [`python`], [`debian`] | the programs that this machine needs, and how they are installed |
//! | [`processes`], [`port`] | child processes, which end when xtask ends, and the ports that they listen at |
//! | [`progress`] | the line that each step prints |
//! | [`source_watcher`] | reports changed source files, for `--watch` |
//! | `architecture` | tests of the dependencies between crates and between modules |

#[cfg(test)]
mod architecture;
mod audit;
mod bench;
mod build;
mod build_profile;
mod build_stamp;
mod cargo;
mod checkout;
mod chromium;
mod debian;
mod firefox;
mod port;
mod processes;
mod progress;
mod python;
mod sandbox;
mod sbom;
mod settings;
mod shots;
mod site;
mod source_watcher;
mod start;
mod state;
mod test;
mod tools;
mod webkit;
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

/// The commands.
#[derive(Subcommand)]
enum Command {
    /// Set up, build and run Lectern on this machine, and print its URL
    #[command(after_help = settings::help())]
    Start(start::Options),
    /// Run every check: formatting, lints, native tests, the Worker in workerd, the page in browsers
    Test(test::Options),
    /// Build everything that is deployed, print its sizes, and list its dependencies (SBOM)
    Build,
    /// Measure everything that is promised to be fast, and print a table
    Bench(bench::Options),
    /// Take screenshots of every page in every state, in both themes, as on phones and desktops
    Shots,
    /// Check the dependencies: licenses, bans, sources, duplicates, and known vulnerabilities, whose databases are fetched
    Audit(audit::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    progress::set_verbose(arguments.verbose);
    let outcome = processes::end_children_on_signal().and_then(|()| match arguments.command {
        Command::Start(options) => start::start(&options),
        Command::Test(options) => test::test(&options),
        Command::Build => build::build(),
        Command::Bench(options) => bench::bench(&options),
        Command::Shots => shots::shots(),
        Command::Audit(options) => audit::audit(&options),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            processes::wait_if_ending();
            progress::end_line();
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
