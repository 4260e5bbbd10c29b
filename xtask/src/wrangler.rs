//! Wrangler: runs the Worker in workerd on this machine, and measures the size of a deployment.

use crate::checkout::Checkout;
use crate::processes::{self, Process};
use crate::state::{LogFile, StateFolder};
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

/// How long workerd may take to respond.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running Worker.
pub(crate) struct RunningWorker {
    /// Ends wrangler and workerd when it is dropped.
    pub(crate) process: Process,
    /// The output of wrangler and workerd.
    pub(crate) log: LogFile,
}

/// Starts `wrangler dev` on a local port and waits until the Worker reports that it is healthy.
pub(crate) fn start(
    checkout: &Checkout,
    tools: &Tools,
    state: &StateFolder,
    port: u16,
) -> Result<RunningWorker> {
    let log = state.create_wrangler_log()?;
    let mut wrangler = command(checkout, tools, true)?;
    wrangler.args(["dev", "--config", CONFIG, "--ip", "127.0.0.1", "--port", &port.to_string()]);
    // Otherwise two running Lecterns would use the same port for debuggers.
    wrangler.args(["--inspector-port", "0", "--show-interactive-dev-session=false"]);
    wrangler.arg("--persist-to").arg(state.worker_folder());
    // The path is absolute; wrangler resolves a relative one from the folder of its configuration.
    wrangler.arg("--env-file").arg(state.settings_file());
    wrangler.env("WRANGLER_REGISTRY_PATH", state.registry_folder());
    wrangler.stdin(Stdio::null()).stdout(log.file()?).stderr(log.file()?);
    let mut running = RunningWorker { process: Process::spawn(&mut wrangler)?, log };

    let started = Instant::now();
    loop {
        if let Some(status) = running.process.exit_status()? {
            processes::wait_if_ending();
            let log = &running.log;
            bail!("the Worker did not start ({status}): {} (see {})", log.last_error(), log.path().display());
        }
        match read_health(port) {
            Some(Health::Healthy) => return Ok(running),
            Some(Health::Unhealthy(reason)) => bail!("the Worker reports a problem: {reason}"),
            None if started.elapsed() > START_TIMEOUT => {
                let (log, waited) = (&running.log, START_TIMEOUT.as_secs());
                bail!("the Worker does not answer after {waited} s: see {}", log.path().display());
            }
            None => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// The compressed size of a deployment as wrangler reports it, in bytes.
///
/// Uploads nothing and needs no account; writes the bundle to `target/deploy`.
pub(crate) fn upload_size(checkout: &Checkout, tools: &Tools) -> Result<u64> {
    let mut wrangler = command(checkout, tools, false)?;
    wrangler
        .args(["deploy", "--dry-run", "--config", CONFIG, "--outdir"])
        .arg(checkout.path("target/deploy"));
    let output = processes::run_for_stdout(&mut wrangler)?;
    let output = String::from_utf8_lossy(&output);
    upload_size_in(&output).with_context(|| format!("wrangler printed no upload size: {output}"))
}

/// Parses the compressed size in `Total Upload: 1390.09 KiB / gzip: 455.12 KiB`, in bytes.
fn upload_size_in(output: &str) -> Option<u64> {
    let size = output.lines().find(|line| line.contains("Total Upload"))?.split("gzip: ").nth(1)?;
    let kibibytes = size.split(" KiB").next()?;
    let (whole, hundredths) = kibibytes.split_once('.').unwrap_or((kibibytes, "0"));
    let (whole, hundredths): (u64, u64) = (whole.parse().ok()?, format!("{hundredths:0<2}").parse().ok()?);
    Some((whole * 100 + hundredths) * 1024 / 100)
}

/// A command that runs wrangler non-interactively. With `ends_with_parent`, wrangler ends even if xtask is
/// killed.
fn command(checkout: &Checkout, tools: &Tools, ends_with_parent: bool) -> Result<Command> {
    // With setpriv (util-linux), the kernel sends SIGTERM to wrangler when xtask exits, even by SIGKILL.
    // Wrangler then ends workerd.
    let guard = if ends_with_parent { tools::find_on_path("setpriv") } else { None };
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
        // No questions, no keyboard shortcuts, no colors.
        ("CI", "1"),
        ("NO_COLOR", "1"),
        // No telemetry and no downloads.
        ("WRANGLER_SEND_METRICS", "false"),
        ("WRANGLER_SEND_ERROR_REPORTS", "false"),
        ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
        ("WRANGLER_HIDE_BANNER", "true"),
        ("WRANGLER_WRITE_LOGS", "false"),
        // The first would store the Worker's calls, signed links included; the second would show the content
        // of its objects.
        ("X_LOCAL_OBSERVABILITY", "false"),
        ("X_LOCAL_EXPLORER", "false"),
        // Settings come from the file alone, not from the environment.
        ("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "true"),
        ("CLOUDFLARE_INCLUDE_PROCESS_ENV", "false"),
    ]);
    command.env_remove("CLOUDFLARE_ENV");
    Ok(command)
}

/// The Worker's health, from `/healthz`.
#[derive(Debug, PartialEq, Eq)]
enum Health {
    Healthy,
    Unhealthy(String),
}

/// Reads the Worker's health; `None` if it does not respond yet.
fn read_health(port: u16) -> Option<Health> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).ok()?;
    parse_health(&String::from_utf8_lossy(&response))
}

fn parse_health(response: &str) -> Option<Health> {
    let status: u16 = response.split(' ').nth(1)?.parse().ok()?;
    if status == 200 {
        return Some(Health::Healthy);
    }
    // The body may be chunked: the problem's JSON is the text between the outermost braces.
    let problem =
        response.find('{').zip(response.rfind('}')).and_then(|(begin, end)| response.get(begin..=end));
    let problem: Option<Value> = problem.and_then(|problem| serde_json::from_str(problem).ok());
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")).and_then(Value::as_str);
    Some(Health::Unhealthy(
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
    fn an_unhealthy_worker_gives_the_reason() {
        let response = "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n\
                      2a\r\n{\"code\":\"settings\",\"detail\":\"Set ECHO360_REGION.\"}\r\n0\r\n\r\n";
        assert_eq!(parse_health(response), Some(Health::Unhealthy("Set ECHO360_REGION.".to_owned())));
        assert_eq!(parse_health("HTTP/1.1 200 OK\r\n\r\nok"), Some(Health::Healthy));
        assert_eq!(
            parse_health("HTTP/1.1 500 x\r\n\r\n"),
            Some(Health::Unhealthy("/healthz answers 500".to_owned()))
        );
        assert_eq!(parse_health(""), None);
    }
}
