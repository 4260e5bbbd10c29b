//! `cargo xtask start`: Lectern on this machine, at one URL, until it is told to stop.

use crate::checkout::Checkout;
use crate::port;
use crate::processes::{self, Process};
use crate::progress::{format_duration, step};
use crate::sandbox::{self, Sandbox};
use crate::settings::{Mode, Settings, Upstream};
use crate::site::{self, Finish};
use crate::source_watcher::SourceWatcher;
use crate::state::State;
use crate::tools::Tools;
use crate::worker;
use crate::wrangler;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// How often the children and the sources are looked after.
const TICK: Duration = Duration::from_millis(500);

/// What can be chosen about a start.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port of the page on this machine; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Where the state is kept between starts [default: .lectern in the checkout]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Forget the state first
    #[arg(long)]
    fresh: bool,
    /// Run as if deployed: whoever opens the page has to sign in, by what the settings say
    #[arg(long)]
    no_local: bool,
    /// Rebuild when a source changes
    #[arg(long)]
    watch: bool,
    /// Options for the sandbox, after `--`
    #[arg(last = true, value_name = "SANDBOX OPTIONS")]
    sandbox: Vec<String>,
}

/// Sets up, builds and runs Lectern; returns when something ends that should not, or never.
pub(crate) fn start(options: &Options) -> Result<()> {
    let began = Instant::now();
    let checkout = Checkout::of_this_tool();
    // What a person can put right is said before anything takes time.
    let mut settings = Settings::read(checkout.root())?;
    let upstream = settings.upstream();
    if upstream == Upstream::Echo360 && !options.sandbox.is_empty() {
        bail!("options for the sandbox are given, but the settings name an Echo360: no sandbox is started");
    }
    let port = match options.port {
        0 => port::any_free().context("no port is free")?,
        port => port,
    };
    check_free(port)?;
    let folder = options.state.clone().unwrap_or_else(|| checkout.path(".lectern"));
    let state = State::open(&folder, options.fresh)?;

    let tools = Tools::set_up(&checkout)?;
    // Watched from before the first build, so that no change is missed.
    let watchers = if options.watch { Some(Watchers::new(&checkout)?) } else { None };
    let sandbox = match upstream {
        Upstream::Sandbox => Some(sandbox::build(&checkout)?),
        Upstream::Echo360 => None,
    };
    worker::build(&checkout, &tools, Finish::Quick)?;
    site::build(&checkout, &tools, Finish::Quick)?;

    let mut sandbox = sandbox
        .map(|program| step("Starting the sandbox", || sandbox::start(&program, &state, &options.sandbox)))
        .transpose()?;
    if let Some(Sandbox { url, .. }) = &sandbox {
        settings.use_sandbox(url.clone(), sandbox::CLIENT_ID, sandbox::CLIENT_SECRET);
    }
    let mode = if options.no_local { Mode::AsDeployed } else { Mode::Local };
    settings.hand_over(&state.settings(), mode)?;
    // The builds may have taken minutes.
    check_free(port)?;
    let mut wrangler = step("Starting the Worker", || wrangler::start(&checkout, &tools, &state, port))?;

    let data = match upstream {
        Upstream::Sandbox => "made-up data from the sandbox",
        Upstream::Echo360 => "data from Echo360",
    };
    eprintln!("\nStarted in {}, with {data}. Press Ctrl-C to stop.", format_duration(began.elapsed()));
    if options.no_local && !settings.has_way_in() {
        eprintln!("Nobody can sign in: http://127.0.0.1:{port}/healthz says what to set.");
    }
    println!("Lectern is ready at http://127.0.0.1:{port}/");
    std::io::stdout().flush().context("cannot write the URL")?;

    loop {
        thread::sleep(TICK);
        if let Some(Sandbox { process, .. }) = &mut sandbox {
            check_running(process, "the sandbox", "sandbox.log", &folder)?;
        }
        check_running(&mut wrangler.process, "the Worker", "wrangler.log", &folder)?;
        if let Some(watchers) = &watchers {
            watchers.build_changed(&checkout, &tools);
        }
    }
}

/// The watchers of `--watch`.
struct Watchers {
    worker: SourceWatcher,
    site: SourceWatcher,
}

impl Watchers {
    fn new(checkout: &Checkout) -> Result<Self> {
        Ok(Self {
            worker: SourceWatcher::new(checkout, &worker::SOURCES)?,
            site: SourceWatcher::new(checkout, &site::SOURCES)?,
        })
    }

    /// Builds what has changed since the last call. After an error, the next change tries again.
    fn build_changed(&self, checkout: &Checkout, tools: &Tools) {
        let (worker, site) = (self.worker.changed_file(), self.site.changed_file());
        if let Some(changed) = worker.as_ref().or(site.as_ref()) {
            eprintln!("\n{} has changed", checkout.spelled(changed));
        }
        let worker = worker.map(|_| worker::build(checkout, tools, Finish::Quick));
        let site = site.map(|_| site::build(checkout, tools, Finish::Quick));
        for error in [worker, site].into_iter().flatten().filter_map(Result::err) {
            eprintln!("error: {error:#}");
        }
    }
}

fn check_free(port: u16) -> Result<()> {
    if !port::is_free(port) {
        bail!("port {port} is in use: stop what uses it, or choose another with --port");
    }
    Ok(())
}

fn check_running(process: &mut Process, name: &str, log: &str, state: &std::path::Path) -> Result<()> {
    if let Some(status) = process.exit_status()? {
        processes::wait_if_ending();
        bail!("{name} ended by itself ({status}): see {}", state.join(log).display());
    }
    Ok(())
}
