//! Wrangler: runs the Worker in workerd on this machine, and counts what a deployment would upload.

use crate::checkout::Checkout;
use crate::processes::{self, Process};
use crate::state::{Log, State};
use crate::tools::{self, Tools};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The Worker's configuration.
const CONFIG: &str = "worker/wrangler.toml";

/// How long workerd may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Worker that answers.
pub(crate) struct Running {
    /// It ends when this is dropped.
    pub(crate) process: Process,
    /// All that it says.
    pub(crate) log: Log,
}

/// Starts `wrangler dev` at a port of this machine and waits until the Worker says that it is well.
pub(crate) fn start(checkout: &Checkout, tools: &Tools, state: &State, port: u16) -> Result<Running> {
    let log = state.wrangler_log()?;
    let mut wrangler = command(checkout, tools, true)?;
    wrangler.args(["dev", "--config", CONFIG, "--ip", "127.0.0.1", "--port", &port.to_string()]);
    // Two starts side by side would otherwise want the same port for debuggers.
    wrangler.args(["--inspector-port", "0", "--show-interactive-dev-session=false"]);
    wrangler.arg("--persist-to").arg(state.worker());
    // An absolute path: wrangler reads a relative one from the folder of its configuration.
    wrangler.arg("--env-file").arg(state.settings());
    wrangler.env("WRANGLER_REGISTRY_PATH", state.registry());
    wrangler.stdin(Stdio::null()).stdout(log.file()?).stderr(log.file()?);
    let mut running = Running { process: Process::spawn(&mut wrangler)?, log };

    let began = Instant::now();
    loop {
        if let Some(status) = running.process.exit_status()? {
            processes::wait_if_ending();
            let log = &running.log;
            bail!("the Worker did not start ({status}): {} (see {})", log.complaint(), log.path().display());
        }
        match health(port) {
            Some(Health::Well) => return Ok(running),
            Some(Health::Unwell(reason)) => bail!("the Worker is not well: {reason}"),
            None if began.elapsed() > PATIENCE => {
                let (log, waited) = (&running.log, PATIENCE.as_secs());
                bail!("the Worker does not answer after {waited} s: see {}", log.path().display());
            }
            None => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// The size of what a deployment would upload, compressed as wrangler counts it, in bytes.
///
/// Nothing is uploaded and nobody is asked; the bundle goes to `target/deploy`.
pub(crate) fn upload_size(checkout: &Checkout, tools: &Tools) -> Result<u64> {
    let mut wrangler = command(checkout, tools, false)?;
    wrangler
        .args(["deploy", "--dry-run", "--config", CONFIG, "--outdir"])
        .arg(checkout.path("target/deploy"));
    let said = processes::run_for_stdout(&mut wrangler)?;
    let said = String::from_utf8_lossy(&said);
    upload_size_in(&said).with_context(|| format!("wrangler told no upload size: {said}"))
}

/// Reads `Total Upload: 1390.09 KiB / gzip: 455.12 KiB`.
fn upload_size_in(said: &str) -> Option<u64> {
    let size = said.lines().find(|line| line.contains("Total Upload"))?.split("gzip: ").nth(1)?;
    let kibibytes = size.split(" KiB").next()?;
    let (whole, hundredths) = kibibytes.split_once('.').unwrap_or((kibibytes, "0"));
    let (whole, hundredths): (u64, u64) = (whole.parse().ok()?, format!("{hundredths:0<2}").parse().ok()?);
    Some((whole * 100 + hundredths) * 1024 / 100)
}

/// A call of wrangler that asks nobody anything; a `lasting` one ends even if we are killed.
fn command(checkout: &Checkout, tools: &Tools, lasting: bool) -> Result<Command> {
    // setpriv (util-linux) has the kernel tell wrangler when its parent is gone, so that a SIGKILL to xtask alone
    // leaves nothing behind either; wrangler then ends workerd.
    let guard = if lasting { tools::on_path("setpriv") } else { None };
    let mut command = match guard {
        Some(setpriv) => {
            let mut command = tools.command(checkout, &setpriv)?;
            command.args(["--pdeathsig", "TERM", "--"]).arg(&tools.node);
            command
        }
        None => tools.command(checkout, &tools.node)?,
    };
    command.arg("--no-warnings").arg(&tools.wrangler);
    command.envs([
        // No questions, no keys, no colours.
        ("CI", "1"),
        ("NO_COLOR", "1"),
        // Nobody is told, and nothing is fetched.
        ("WRANGLER_SEND_METRICS", "false"),
        ("WRANGLER_SEND_ERROR_REPORTS", "false"),
        ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
        ("WRANGLER_HIDE_BANNER", "true"),
        ("WRANGLER_WRITE_LOGS", "false"),
        // Both keep what the Worker sends, signed links included, or show what its objects hold.
        ("X_LOCAL_OBSERVABILITY", "false"),
        ("X_LOCAL_EXPLORER", "false"),
        // The settings file is the only one that is read, and the environment is not mixed in.
        ("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "true"),
        ("CLOUDFLARE_INCLUDE_PROCESS_ENV", "false"),
    ]);
    command.env_remove("CLOUDFLARE_ENV");
    Ok(command)
}

/// What the Worker says of itself.
#[derive(Debug, PartialEq, Eq)]
enum Health {
    Well,
    Unwell(String),
}

/// Asks the Worker; nothing if it does not answer yet.
fn health(port: u16) -> Option<Health> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    health_in(&String::from_utf8_lossy(&answer))
}

fn health_in(answer: &str) -> Option<Health> {
    let status: u16 = answer.split(' ').nth(1)?.parse().ok()?;
    if status == 200 {
        return Some(Health::Well);
    }
    // The body may come in one chunk or plain: the problem is what stands in braces.
    let problem = answer.find('{').zip(answer.rfind('}')).and_then(|(begin, end)| answer.get(begin..=end));
    let problem: Option<Value> = problem.and_then(|problem| serde_json::from_str(problem).ok());
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")).and_then(Value::as_str);
    Some(Health::Unwell(
        detail.map_or_else(|| format!("/healthz answers {status}"), |detail| detail.replace('\n', " ")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upload_size_is_the_compressed_one() {
        assert_eq!(upload_size_in("a\nTotal Upload: 1390.09 KiB / gzip: 455.50 KiB\nb"), Some(466_432));
        assert_eq!(upload_size_in("Total Upload: 3.00 KiB / gzip: 1 KiB"), Some(1024));
        assert_eq!(upload_size_in("nothing"), None);
    }

    #[test]
    fn an_unwell_worker_says_why() {
        let answer = "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n\
                      2a\r\n{\"code\":\"settings\",\"detail\":\"Set ECHO360_REGION.\"}\r\n0\r\n\r\n";
        assert_eq!(health_in(answer), Some(Health::Unwell("Set ECHO360_REGION.".to_owned())));
        assert_eq!(health_in("HTTP/1.1 200 OK\r\n\r\nok"), Some(Health::Well));
        assert_eq!(
            health_in("HTTP/1.1 500 x\r\n\r\n"),
            Some(Health::Unwell("/healthz answers 500".to_owned()))
        );
        assert_eq!(health_in(""), None);
    }
}
