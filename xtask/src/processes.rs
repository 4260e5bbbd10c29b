//! The processes that xtask starts: they stay in its process group, and end when it ends.
//!
//! None gets a group or a session of its own, so a SIGKILL to the group ends all. On Ctrl-C, SIGTERM or SIGHUP a
//! thread asks each child to end, by its id, waits, and ends by force what is left of them and of their children.

use crate::checkout::Checkout;
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

/// How long a child may take to end after it was asked.
const GRACE: Duration = Duration::from_secs(5);

/// How long a child's own children may live on after it: it had its time to end them.
const ORPHANS_GRACE: Duration = Duration::from_millis(500);

/// What a shell reports for a command that Ctrl-C ended: 128 + SIGINT.
const INTERRUPTED: i32 = 128 + 2;

/// The children that run now.
struct Children {
    ending: bool,
    ids: Vec<u32>,
}

static CHILDREN: Mutex<Children> = Mutex::new(Children { ending: false, ids: Vec::new() });

fn children() -> MutexGuard<'static, Children> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From here on, a signal that would end xtask ends its children first.
pub(crate) fn end_on_signal() -> Result<()> {
    ctrlc::set_handler(|| {
        let ids = {
            let mut children = children();
            children.ending = true;
            children.ids.clone()
        };
        end(&ids);
        std::process::exit(INTERRUPTED);
    })
    .context("cannot listen for Ctrl-C")
}

/// Waits for the end that a signal has begun, if one has: a child that failed because it was told to end is no news.
pub(crate) fn wait_if_ending() {
    // A Ctrl-C in a terminal reaches the children too, and they may be quicker to end than our own thread to hear of it.
    thread::sleep(Duration::from_millis(50));
    while children().ending {
        thread::sleep(GRACE);
    }
}

/// A child that is meant to run until we end it.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a command.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        Ok(Self { child: spawn(command)? })
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("cannot look after a child")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.child.id();
        if matches!(self.child.try_wait(), Ok(None)) {
            end(&[id]);
            let _ = self.child.wait();
        }
        forget(id);
    }
}

/// Runs a command to its end and shows what it says, on stderr.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = wait(command.stdin(Stdio::null()).stdout(std::io::stderr()))?.status;
    if !status.success() {
        bail!("`{}` failed ({status})", spelled(command));
    }
    Ok(())
}

/// Runs a command to its end and shows what it says only if it fails; gives its stdout.
pub(crate) fn run_quietly(command: &mut Command) -> Result<Vec<u8>> {
    let output = wait(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("`{}` failed ({})", spelled(command), output.status);
    }
    Ok(output.stdout)
}

/// Runs a command to its end, shows its stderr as it comes, and gives its stdout.
pub(crate) fn run_for_output(command: &mut Command) -> Result<Vec<u8>> {
    let output = wait(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", spelled(command), output.status);
    }
    Ok(output.stdout)
}

/// What a command answers on stdout; nothing if it cannot be run or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = wait(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null())).ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A command as a person would type it at the root of the checkout.
pub(crate) fn spelled(command: &Command) -> String {
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
    line.replace(&format!("{}/", Checkout::of_this_tool().root().display()), "")
}

fn spawn(command: &mut Command) -> Result<Child> {
    let mut children = children();
    if children.ending {
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
    forget(id);
    let output =
        output.with_context(|| format!("cannot wait for {}", command.get_program().to_string_lossy()))?;
    if !output.status.success() {
        wait_if_ending();
    }
    Ok(output)
}

fn forget(id: u32) {
    children().ids.retain(|kept| *kept != id);
}

/// Asks these children to end, waits, and ends by force what is left of them and of their children.
fn end(ids: &[u32]) {
    let family = Relative::family_of(ids);
    for id in ids {
        signal(*id, Signal::SIGTERM);
    }
    let (children, theirs): (Vec<_>, Vec<_>) = family.iter().partition(|relative| ids.contains(&relative.id));
    wait_for_end_of(&children, GRACE);
    wait_for_end_of(&theirs, ORPHANS_GRACE);
    for relative in family.iter().filter(|relative| relative.lives()) {
        signal(relative.id, Signal::SIGKILL);
    }
}

fn wait_for_end_of(family: &[&Relative], grace: Duration) {
    let began = Instant::now();
    while began.elapsed() < grace && family.iter().any(|relative| relative.lives()) {
        thread::sleep(Duration::from_millis(20));
    }
}

fn signal(id: u32, signal: Signal) {
    if let Ok(id) = i32::try_from(id) {
        // One that has ended meanwhile needs no signal.
        let _ = kill(Pid::from_raw(id), signal);
    }
}

/// A child of ours, or a child of one, as `/proc` shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Relative {
    id: u32,
    parent: u32,
    /// When it began, in clock ticks since boot: tells it from a later process with its id.
    began: u64,
}

impl Relative {
    /// Reads one process; nothing if it has ended, zombie or not.
    fn read(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // pid (name) state ppid … starttime is field 22; the name may hold spaces and brackets.
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        let began = fields.nth(22 - 5)?.parse().ok()?;
        (state != "Z" && state != "X").then_some(Self { id, parent, began })
    }

    fn lives(&self) -> bool {
        // A parent that ends changes: the id and the beginning say who it is.
        Self::read(self.id).is_some_and(|now| now.began == self.began)
    }

    /// These processes and everything that descends from them.
    fn family_of(ids: &[u32]) -> Vec<Self> {
        let everyone: Vec<Self> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(Self::read)
            .collect();
        let mut family: Vec<Self> =
            everyone.iter().filter(|process| ids.contains(&process.id)).copied().collect();
        loop {
            let younger: Vec<Self> = everyone
                .iter()
                .filter(|process| !family.contains(process))
                .filter(|process| family.iter().any(|relative| relative.id == process.parent))
                .copied()
                .collect();
            if younger.is_empty() {
                return family;
            }
            family.extend(younger);
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
        let begun = Instant::now();
        let family = loop {
            let family = Relative::family_of(&[id]);
            if family.len() == 3 || begun.elapsed() > GRACE {
                break family;
            }
        };
        assert_eq!(family.len(), 3);
        drop(process);
        thread::sleep(Duration::from_millis(50));
        assert!(!family.iter().any(Relative::lives));
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run_quietly(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` failed (exit status: 3)");
    }
}
