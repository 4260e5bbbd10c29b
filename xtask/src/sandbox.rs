//! The sandbox: the stand-in for Echo360 that `start` runs when no upstream is named.

use crate::cargo;
use crate::checkout::Checkout;
use crate::port;
use crate::processes::Process;
use crate::progress::step;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The client that the sandbox lets in.
pub(crate) const CLIENT_ID: &str = "lectern";
/// Its secret; the same everywhere, since it guards made-up data on this machine.
pub(crate) const CLIENT_SECRET: &str = "sandbox secret";

/// How long the sandbox may take to make up its institution.
const PATIENCE: Duration = Duration::from_secs(30);

/// A sandbox that answers.
pub(crate) struct Sandbox {
    /// Where it answers.
    pub(crate) url: String,
    /// It ends when this is dropped.
    pub(crate) process: Process,
}

/// Builds the program, in the profile of the native tests, which link it too.
pub(crate) fn build(checkout: &Checkout) -> Result<PathBuf> {
    step("Building the sandbox", || {
        let mut compile = cargo::quiet_cargo(checkout);
        let files = cargo::build(compile.args(["build", "-p", "sandbox", "--bin", "sandbox"]))
            .context("the sandbox does not build: see the errors above")?;
        let program = files.into_iter().rfind(|file| file.file_name().is_some_and(|name| name == "sandbox"));
        program.context("the package `sandbox` builds no program `sandbox`")
    })
}

/// Starts it where it listened last, if that is free, and waits until it answers.
pub(crate) fn start(program: &Path, state: &State, options: &[String]) -> Result<Sandbox> {
    let port = match state.sandbox_port().filter(|port| port::is_free(*port)) {
        Some(port) => port,
        None => port::any_free().context("no port is free for the sandbox")?,
    };
    state.keep_sandbox_port(port)?;
    let log = state.sandbox_log()?;
    let mut command = Command::new(program);
    // Its stdin is a pipe that nobody writes to: its end tells the sandbox that we are gone, however we went.
    command.args(["--port", &port.to_string(), "--exit-with-parent"]).args(options).stdin(Stdio::piped());
    command.env("ECHO360_CLIENT_SECRET", CLIENT_SECRET).stdout(log.file()?).stderr(log.file()?);
    let mut process = Process::spawn(&mut command)?;
    let began = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if let Some(status) = process.exit_status()? {
            bail!("the sandbox ended ({status}): {} (see {})", log.complaint(), log.path().display());
        }
        if began.elapsed() > PATIENCE {
            bail!("the sandbox does not answer after {} s: see {}", PATIENCE.as_secs(), log.path().display());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(Sandbox { url: format!("http://127.0.0.1:{port}"), process })
}
