//! Progress: one line on stderr for each step, with the time it took.
//!
//! ```text
//! Building the Worker                      1 min 12 s
//! Building the page                        48 s
//! ```
//!
//! The title appears when the step starts, the time when it ends. In between, a terminal shows the elapsed
//! seconds; a file or a pipe gets a dot now and then. stdout is left to results: a URL, sizes, a summary.

use anyhow::Result;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The column in which times start.
const TIME_COLUMN: usize = 41;

/// How often the time of a running step is updated on a terminal.
const TERMINAL_INTERVAL: Duration = Duration::from_secs(1);

/// How often a running step prints a dot if stderr is not a terminal.
const DOT_INTERVAL: Duration = Duration::from_secs(20);

/// Whether tools show their output (`--verbose`).
static VERBOSE: AtomicBool = AtomicBool::new(false);

/// The line of the running step, if it is not finished.
static OPEN_LINE: Mutex<Option<Line>> = Mutex::new(None);

/// The line of a running step.
#[derive(Clone)]
struct Line {
    title: String,
    started: Instant,
    /// The number of characters on the line.
    length: usize,
}

impl Line {
    /// Whether this is the line of the step that started at this time.
    fn is_of(&self, started: Instant) -> bool {
        self.started == started
    }

    /// Spaces up to the column of times.
    fn padding(&self) -> String {
        " ".repeat(TIME_COLUMN.saturating_sub(self.length).max(1))
    }
}

fn open_line() -> MutexGuard<'static, Option<Line>> {
    OPEN_LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets whether tools show their output.
pub(crate) fn set_verbose(verbose: bool) {
    VERBOSE.store(verbose, Ordering::Relaxed);
}

/// Whether the tools that a step runs show their output.
pub(crate) fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// Runs a step and shows its progress on one line. With `--verbose`, the output of its tools follows the
/// title.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if is_verbose() {
        return step_with_output(title, work);
    }
    let started = Instant::now();
    end_line();
    eprint!("{title}");
    *open_line() = Some(Line { title: title.to_owned(), started, length: title.chars().count() });
    let (finish, finished) = mpsc::channel::<()>();
    let updates = thread::spawn(move || {
        let on_terminal = std::io::stderr().is_terminal();
        let interval = if on_terminal { TERMINAL_INTERVAL } else { DOT_INTERVAL };
        while finished.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            update_line(started, on_terminal);
        }
    });
    let outcome = work();
    drop(finish);
    let _ = updates.join();
    finish_line(title, started, outcome.is_err());
    outcome
}

/// Runs a step and shows its output, such as that of tests: the title, the output, the time.
pub(crate) fn step_with_output<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    end_line();
    eprintln!("{title}");
    let outcome = work();
    end_line();
    let verb = if outcome.is_ok() { "done in" } else { "failed after" };
    eprintln!("  {verb} {}", format_duration(started.elapsed()));
    outcome
}

/// Ends the line of the running step, so that something else can be printed. The step's time then gets its
/// own line.
pub(crate) fn end_line() {
    if open_line().take().is_some() {
        eprintln!();
    }
}

/// Shows that a step is still running.
fn update_line(started: Instant, on_terminal: bool) {
    let mut open = open_line();
    let Some(line) = open.as_mut().filter(|line| line.is_of(started)) else { return };
    if on_terminal {
        eprint!("\r{}{}{}", line.title, line.padding(), format_duration(started.elapsed()));
    } else {
        eprint!(".");
        line.length += 1;
    }
}

/// Prints the time of a step and ends its line.
fn finish_line(title: &str, started: Instant, failed: bool) {
    let line = open_line().take_if(|line| line.is_of(started));
    let (start, line) = match line {
        // The title is already printed; on a terminal, so is the time of the last update.
        Some(line) if std::io::stderr().is_terminal() => (format!("\r{title}"), line),
        Some(line) => (String::new(), line),
        None => (title.to_owned(), Line { title: title.to_owned(), started, length: title.chars().count() }),
    };
    let verb = if failed { "failed after " } else { "" };
    eprintln!("{start}{}{verb}{}", line.padding(), format_duration(started.elapsed()));
}

/// Formats a duration as `0.3 s`, `42 s` or `3 min 05 s`.
pub(crate) fn format_duration(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 10 {
        format!("{:.1} s", duration.as_secs_f64())
    } else if whole < 60 {
        format!("{whole} s")
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_formatted_with_suitable_precision() {
        assert_eq!(format_duration(Duration::from_millis(340)), "0.3 s");
        assert_eq!(format_duration(Duration::from_secs(42)), "42 s");
        assert_eq!(format_duration(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn times_start_in_one_column_or_after_a_long_title() {
        let line = |length| Line { title: String::new(), started: Instant::now(), length };
        assert_eq!(line(20).padding().len(), TIME_COLUMN - 20);
        assert_eq!(line(60).padding(), " ");
    }
}
