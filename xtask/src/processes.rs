//! The processes that xtask starts: they stay in its process group, and end when it ends.
//!
//! No child gets its own process group or session, so a SIGKILL to the group ends them all. On Ctrl-C,
//! SIGTERM or SIGHUP a thread sends SIGTERM to each child by its id, waits, and then sends SIGKILL to the
//! remaining ones and their children.
//!
//! | function | output of the command |
//! |---|---|
//! | [`run`] | shown if it fails, or with `--verbose` |
//! | [`run_for_stdout`] | stdout is returned; stderr is shown if it fails, or with `--verbose` |
//! | [`run_with_output`] | shown while it runs |
//! | [`probe`] | stdout is returned, or `None` if it fails |

use crate::checkout::Checkout;
use crate::progress;
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a child may take to end after SIGTERM.
const TERMINATION_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a child's own children may take after it has ended: it had its own time to end them.
const ORPHAN_TIMEOUT: Duration = Duration::from_millis(500);

/// The exit status that shells report for a command ended by Ctrl-C: 128 + SIGINT.
const INTERRUPTED_STATUS: i32 = 128 + 2;

/// The running children.
struct Children {
    /// Whether a signal handler is ending them.
    is_ending: bool,
    ids: Vec<u32>,
}

static CHILDREN: Mutex<Children> = Mutex::new(Children { is_ending: false, ids: Vec::new() });

fn children() -> MutexGuard<'static, Children> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Installs a signal handler that ends all children before xtask itself.
pub(crate) fn end_children_on_signal() -> Result<()> {
    ctrlc::set_handler(|| {
        let ids = {
            let mut children = children();
            children.is_ending = true;
            children.ids.clone()
        };
        progress::end_line();
        end(&ids);
        std::process::exit(INTERRUPTED_STATUS);
    })
    .context("cannot listen for Ctrl-C")
}

/// If a signal is ending xtask, waits for that, so that a child that failed because of the signal is not
/// reported as an error.
pub(crate) fn wait_if_ending() {
    // Ctrl-C in a terminal also reaches the children, which may end before the signal handler runs.
    thread::sleep(Duration::from_millis(50));
    while children().is_ending {
        thread::sleep(TERMINATION_TIMEOUT);
    }
}

/// A child that runs until it is dropped.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a command.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        Ok(Self { child: spawn(command)? })
    }

    /// The exit status, if the process has ended by itself.
    pub(crate) fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("cannot read the status of a child process")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.child.id();
        if matches!(self.child.try_wait(), Ok(None)) {
            end(&[id]);
            let _ = self.child.wait();
        }
        unregister(id);
    }
}

/// Runs a command and waits for it. Shows its output on stderr if it fails, or with `--verbose`.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    if progress::is_verbose() {
        return run_with_output(command);
    }
    let output = wait(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    if !output.status.success() {
        show(&[&output.stdout, &output.stderr]);
    }
    check(command, output.status)
}

/// Runs a command, waits for it and returns its stdout. Shows its stderr if it fails, or with `--verbose`.
pub(crate) fn run_for_stdout(command: &mut Command) -> Result<Vec<u8>> {
    let stderr = if progress::is_verbose() { Stdio::inherit() } else { Stdio::piped() };
    let output = wait(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr))?;
    if !output.status.success() {
        show(&[&output.stderr]);
    }
    check(command, output.status)?;
    Ok(output.stdout)
}

/// Runs a command and waits for it. Shows its output on stderr while it runs.
pub(crate) fn run_with_output(command: &mut Command) -> Result<()> {
    progress::end_line();
    let status = wait(command.stdin(Stdio::null()).stdout(std::io::stderr()))?.status;
    check(command, status)
}

/// Runs a command that answers a question, and returns its stdout; `None` if it cannot be run or fails.
pub(crate) fn probe(command: &mut Command) -> Option<String> {
    let output = wait(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null())).ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", command_line(command));
    }
    Ok(())
}

/// Prints the output of a failed command.
fn show(outputs: &[&[u8]]) {
    progress::end_line();
    for output in outputs {
        eprint!("{}", String::from_utf8_lossy(output));
    }
}

/// A command as typed at the root of the checkout, for messages.
fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args().map(OsStr::to_string_lossy) {
        line.push(' ');
        if argument.contains([' ', '*', '"']) {
            line.push_str(&format!("'{argument}'"));
        } else {
            line.push_str(&argument);
        }
    }
    line.replace(&format!("{}/", Checkout::of_xtask().root().display()), "")
}

fn spawn(command: &mut Command) -> Result<Child> {
    let mut children = children();
    if children.is_ending {
        bail!("interrupted");
    }
    let child =
        command.spawn().with_context(|| format!("cannot run {}", command.get_program().to_string_lossy()))?;
    children.ids.push(child.id());
    Ok(child)
}

fn wait(command: &mut Command) -> Result<Output> {
    let child = spawn(command)?;
    let id = child.id();
    let output = child.wait_with_output();
    unregister(id);
    let output =
        output.with_context(|| format!("cannot wait for {}", command.get_program().to_string_lossy()))?;
    if !output.status.success() {
        wait_if_ending();
    }
    Ok(output)
}

fn unregister(id: u32) {
    children().ids.retain(|child| *child != id);
}

/// Ends these children and all their descendants: SIGTERM to the children, later SIGKILL to whatever is still
/// running.
fn end(ids: &[u32]) {
    let processes = ProcessEntry::read_with_descendants(ids);
    for id in ids {
        signal(*id, Signal::SIGTERM);
    }
    let (children, descendants): (Vec<_>, Vec<_>) =
        processes.iter().partition(|process| ids.contains(&process.id));
    wait_for_end_of(&children, TERMINATION_TIMEOUT);
    wait_for_end_of(&descendants, ORPHAN_TIMEOUT);
    for process in processes.iter().filter(|process| process.is_alive()) {
        signal(process.id, Signal::SIGKILL);
    }
}

fn wait_for_end_of(processes: &[&ProcessEntry], timeout: Duration) {
    let started = Instant::now();
    while started.elapsed() < timeout && processes.iter().any(|process| process.is_alive()) {
        thread::sleep(Duration::from_millis(20));
    }
}

fn signal(id: u32, signal: Signal) {
    if let Ok(id) = i32::try_from(id) {
        // An error means that the process has already ended.
        let _ = kill(Pid::from_raw(id), signal);
    }
}

/// A process, as read from `/proc`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ProcessEntry {
    id: u32,
    parent: u32,
    /// Start time in clock ticks since boot, which distinguishes it from a later process with the same id.
    start_time: u64,
}

impl ProcessEntry {
    /// Reads one process; `None` if it has ended, even if it is still a zombie.
    fn read(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The format is `pid (name) state ppid …`, and `starttime` is field 22. The name may contain spaces
        // and parentheses.
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let start_time = fields.nth(22 - 5)?.parse().ok()?;
        (state != "Z" && state != "X").then_some(Self { id, parent, start_time })
    }

    fn is_alive(&self) -> bool {
        // The parent may have changed; the id and the start time identify the process.
        Self::read(self.id).is_some_and(|now| now.start_time == self.start_time)
    }

    /// These processes and all their descendants.
    fn read_with_descendants(ids: &[u32]) -> Vec<Self> {
        let all: Vec<Self> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(Self::read)
            .collect();
        let mut found: Vec<Self> = all.iter().filter(|process| ids.contains(&process.id)).copied().collect();
        loop {
            let children: Vec<Self> = all
                .iter()
                .filter(|process| !found.contains(process))
                .filter(|process| found.iter().any(|parent| parent.id == process.parent))
                .copied()
                .collect();
            if children.is_empty() {
                return found;
            }
            found.extend(children);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_ends_with_its_children_when_dropped() {
        let process = Process::spawn(Command::new("sh").args(["-c", "sleep 60 & sleep 60; true"])).unwrap();
        let id = process.child.id();
        let started = Instant::now();
        let processes = loop {
            let processes = ProcessEntry::read_with_descendants(&[id]);
            if processes.len() == 3 || started.elapsed() > TERMINATION_TIMEOUT {
                break processes;
            }
        };
        assert_eq!(processes.len(), 3);
        drop(process);
        thread::sleep(Duration::from_millis(50));
        assert!(!processes.iter().any(ProcessEntry::is_alive));
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` failed (exit status: 3)");
    }
}
