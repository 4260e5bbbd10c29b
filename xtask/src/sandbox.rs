//! The sandbox: the stand-in for Echo360, which `start` runs if no Echo360 is configured.

use crate::cargo;
use crate::checkout::Checkout;
use crate::port;
use crate::processes::Process;
use crate::progress::step;
use crate::state::StateFolder;
use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The id of the API client that the sandbox accepts.
pub(crate) const CLIENT_ID: &str = "lectern";
/// The client secret. It need not be secret: it protects generated data on this machine.
pub(crate) const CLIENT_SECRET: &str = "sandbox secret";

/// How long the sandbox may take to generate its institution.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running sandbox.
pub(crate) struct Sandbox {
    /// The base URL.
    pub(crate) url: String,
    /// Ends the sandbox when it is dropped.
    pub(crate) process: Process,
}

/// Builds the program and returns its path. It uses the profile of the native tests, which link it too.
pub(crate) fn build(checkout: &Checkout) -> Result<PathBuf> {
    step("Building the sandbox", || {
        let mut compile = cargo::quiet_cargo(checkout);
        let files = cargo::build(compile.args(["build", "-p", "sandbox", "--bin", "sandbox"]))
            .context("the sandbox does not compile: see the errors above")?;
        let program = files.into_iter().rfind(|file| file.file_name().is_some_and(|name| name == "sandbox"));
        program.context("the package `sandbox` builds no program `sandbox`")
    })
}

/// Starts the sandbox and waits until it responds. It gets the same port as last time if that is free.
pub(crate) fn start(program: &Path, state: &StateFolder, options: &[String]) -> Result<Sandbox> {
    let port = match state.sandbox_port().filter(|port| port::is_free(*port)) {
        Some(port) => port,
        None => port::find_free().context("no port is free for the sandbox")?,
    };
    state.store_sandbox_port(port)?;
    let log = state.create_sandbox_log()?;
    let mut command = Command::new(program);
    // Nothing is written to its stdin. However xtask ends, the pipe closes and the sandbox exits.
    command.args(["--port", &port.to_string(), "--exit-with-parent"]).args(options).stdin(Stdio::piped());
    command.env("ECHO360_CLIENT_SECRET", CLIENT_SECRET).stdout(log.file()?).stderr(log.file()?);
    let mut process = Process::spawn(&mut command)?;
    let started = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if let Some(status) = process.exit_status()? {
            bail!("the sandbox ended ({status}): {} (see {})", log.last_error(), log.path().display());
        }
        if started.elapsed() > START_TIMEOUT {
            bail!(
                "the sandbox does not answer after {} s: see {}",
                START_TIMEOUT.as_secs(),
                log.path().display()
            );
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(Sandbox { url: format!("http://127.0.0.1:{port}"), process })
}
