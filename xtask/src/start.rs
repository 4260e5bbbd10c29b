//! `cargo xtask start`: runs Lectern on this machine, at one URL, until it is stopped.

use crate::build_profile::BuildProfile;
use crate::checkout::Checkout;
use crate::port;
use crate::processes::{self, Process};
use crate::progress::{format_duration, step};
use crate::sandbox::{self, Sandbox};
use crate::settings::{Settings, SignIn, Upstream};
use crate::site;
use crate::source_watcher::SourceWatcher;
use crate::state::StateFolder;
use crate::tools::Tools;
use crate::worker;
use crate::wrangler;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How often the child processes and the sources are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// The options of `cargo xtask start`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port of the page on this machine; 0 chooses a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// The folder in which data is kept between starts [default: .lectern in the checkout]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Delete the data of earlier starts first
    #[arg(long)]
    fresh: bool,
    /// Run as if deployed: people have to sign in, in the way that the settings choose
    #[arg(long)]
    no_local: bool,
    /// Build again when a source file changes
    #[arg(long)]
    watch: bool,
    /// Options for the sandbox, after `--`
    #[arg(last = true, value_name = "SANDBOX OPTIONS")]
    sandbox: Vec<String>,
}

/// Sets up, builds and runs Lectern. Returns only with an error, such as that the Worker has ended.
pub(crate) fn start(options: &Options) -> Result<()> {
    let started = Instant::now();
    let checkout = Checkout::of_xtask();
    // Report errors that a person has to correct before anything slow starts.
    let mut settings = Settings::read(checkout.root())?;
    let upstream = settings.upstream();
    if upstream == Upstream::Echo360 && !options.sandbox.is_empty() {
        bail!(
            "there are options for the sandbox, but the settings name an Echo360, so no sandbox is started"
        );
    }
    let port = match options.port {
        0 => port::find_free().context("no port is free")?,
        port => port,
    };
    check_free(port)?;
    let folder = options.state.clone().unwrap_or_else(|| checkout.path(".lectern"));
    let state = StateFolder::open(&folder, options.fresh)?;

    let tools = Tools::set_up(&checkout)?;
    // Start watching before the first build, so that no change is missed.
    let watchers = if options.watch { Some(Watchers::new(&checkout)?) } else { None };
    let sandbox = match upstream {
        Upstream::Sandbox => Some(sandbox::build(&checkout)?),
        Upstream::Echo360 => None,
    };
    worker::build(&checkout, &tools, BuildProfile::Draft)?;
    site::build(&checkout, &tools, BuildProfile::Draft)?;

    let mut sandbox = sandbox
        .map(|program| step("Starting the sandbox", || sandbox::start(&program, &state, &options.sandbox)))
        .transpose()?;
    if let Some(Sandbox { url, .. }) = &sandbox {
        settings.use_sandbox(url.clone(), sandbox::CLIENT_ID, sandbox::CLIENT_SECRET);
    }
    let sign_in = if options.no_local { SignIn::Required } else { SignIn::LocalMode };
    settings.write_env_file(&state.settings_file(), sign_in)?;
    // Another program may have taken the port during the builds.
    check_free(port)?;
    let mut wrangler = step("Starting the Worker", || wrangler::start(&checkout, &tools, &state, port))?;

    let data = match upstream {
        Upstream::Sandbox => "made-up data from the sandbox",
        Upstream::Echo360 => "data from Echo360",
    };
    eprintln!("\nStarted in {}, with {data}. Press Ctrl-C to stop.", format_duration(started.elapsed()));
    if options.no_local && !settings.has_sign_in() {
        eprintln!("Nobody can sign in yet: http://127.0.0.1:{port}/healthz says which settings are missing.");
    }
    println!("Lectern is ready at http://127.0.0.1:{port}/");
    std::io::stdout().flush().context("cannot write the URL")?;

    loop {
        thread::sleep(CHECK_INTERVAL);
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

    /// Builds what has changed since the last call. After an error, the next change triggers another attempt.
    fn build_changed(&self, checkout: &Checkout, tools: &Tools) {
        let (worker, site) = (self.worker.changed_file(), self.site.changed_file());
        if let Some(changed) = worker.as_ref().or(site.as_ref()) {
            eprintln!("\n{} has changed", checkout.relative(changed));
        }
        let worker = worker.map(|_| worker::build(checkout, tools, BuildProfile::Draft));
        let site = site.map(|_| site::build(checkout, tools, BuildProfile::Draft));
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

fn check_running(process: &mut Process, name: &str, log: &str, state: &Path) -> Result<()> {
    if let Some(status) = process.exit_status()? {
        processes::wait_if_ending();
        bail!("{name} has ended unexpectedly ({status}): see {}", state.join(log).display());
    }
    Ok(())
}
