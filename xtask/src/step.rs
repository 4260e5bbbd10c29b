//! A step: a piece of work that is announced, timed, and heard of while it lasts.
//!
//! Steps are told on stderr, so that stdout holds answers only: a URL, sizes, a summary.

use anyhow::Result;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a step may be silent before it says that it is still at work.
const PATIENCE: Duration = Duration::from_secs(20);

/// Does `work` under a title; prints the title first and the time it took last.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("{title}");
    let began = Instant::now();
    let (finish, finished) = mpsc::channel::<()>();
    let told = title.to_owned();
    let ticker = thread::spawn(move || {
        while finished.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("  {told}: still at it after {}", seconds(began.elapsed()));
        }
    });
    let outcome = work();
    drop(finish);
    let _ = ticker.join();
    match &outcome {
        Ok(_) => eprintln!("  done in {}", seconds(began.elapsed())),
        Err(_) => eprintln!("  failed after {}", seconds(began.elapsed())),
    }
    outcome
}

/// A span of time as a person reads it: `0.3 s`, `42 s`, `3 min 05 s`.
pub(crate) fn seconds(span: Duration) -> String {
    let whole = span.as_secs();
    if whole < 10 {
        format!("{:.1} s", span.as_secs_f64())
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
    fn a_span_is_told_as_finely_as_it_matters() {
        assert_eq!(seconds(Duration::from_millis(340)), "0.3 s");
        assert_eq!(seconds(Duration::from_secs(42)), "42 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
