//! Crashes: the Worker is killed at random times; every window still becomes ready and is requested once.
//!
//! Each run chooses new times; `LECTERN_TEST_SEED` repeats those of an earlier run.

use domain::api::WindowStatus;
use futures_util::StreamExt;
use sandbox::Report;
use std::time::Duration;
use worker_tests::chance::Chance;
use worker_tests::reading::{Digest, frames, rows_of};
use worker_tests::{Stack, Weeks, quick};

/// Number of crashes in one run.
const KILLS: usize = 10;

/// Milliseconds until the next crash: roughly log-uniform from 20 to 5120, with a mean of 960.
fn run_time(chance: &mut Chance) -> u64 {
    let least = 20 << chance.below(8);
    least + chance.below(least)
}

#[tokio::test]
async fn killed_many_times_every_window_becomes_ready_and_is_requested_once() {
    let settings = sandbox::Settings { build_seconds: 0.5..=4.0, ..quick() };
    let mut stack = Stack::with(settings, &[]).await;
    let weeks = Weeks::back(1, 12);
    let request = stack.ask_weeks(Report::VideoView, &weeks).await;
    let mut chance = Chance::of("killed_many_times_every_window_becomes_ready_and_is_requested_once");
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(run_time(&mut chance))).await;
        stack.kill();
        stack.boot().await;
    }
    let request = stack.settled(&request.id, Duration::from_secs(240)).await;
    assert!(request.windows.iter().all(|window| window.state == WindowStatus::Ready), "{request:#?}");
    let truth = Digest::of_truth(&stack, &weeks.truth(Report::VideoView));
    assert_eq!(rows_of(&stack, Report::VideoView, &request).await, truth);
    let ledger = stack.sandbox.ledger();
    let creates = ledger["creates"].as_array().unwrap();
    let mut starts: Vec<&str> =
        creates.iter().map(|made| made["parameters"]["start"].as_str().unwrap()).collect();
    starts.sort_unstable();
    starts.dedup();
    assert_eq!((creates.len(), starts.len()), (12, 12), "{ledger:#}");
    stack.check_ledger();
}

#[tokio::test]
async fn a_damaged_slice_breaks_the_download_off_with_an_error() {
    let mut stack = Stack::start().await;
    let weeks = Weeks::back(1, 1);
    let request = stack.ready(Report::VideoView, &weeks).await;
    let window_frames = frames(&stack, &format!("videoview/{}", request.windows[0].id)).await;
    assert!(window_frames.slices.len() > 1);
    stack.kill();
    // Damages the last byte of the last slice.
    let damaged = "CAST(substr(bytes, 1, length(bytes) - 1) || x'2a' AS BLOB)";
    let statement = format!("UPDATE pack SET bytes = {damaged} WHERE seq = (SELECT max(seq) FROM pack)");
    stack.damage("WindowStore", false, &statement);
    stack.boot().await;
    let path = format!("/api/csv/videoview?from={}&to={}", weeks.from, weeks.to());
    let answer = stack.http.get(stack.at(&path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "the damage must come after the first rows");
    let mut stream = answer.bytes_stream();
    let (mut bytes, mut broke_off) = (0, false);
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => bytes += chunk.len(),
            Err(_) => broke_off = true,
        }
    }
    assert!(bytes > 0 && broke_off, "the download ended without an error after {bytes} bytes");
}

#[tokio::test]
async fn a_lost_alarm_is_set_again_by_the_cron_trigger_without_any_call() {
    let settings = sandbox::Settings { build_seconds: 3.0..=4.0, ..quick() };
    let mut stack = Stack::with(settings, &[]).await;
    stack.ask_weeks(Report::Confused, &Weeks::back(1, 2)).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    stack.kill();
    stack.damage("Scheduler", true, "DELETE FROM _cf_ALARM");
    // The page for share links reaches no object.
    stack.boot_until("/s").await;
    let files = |stack: &Stack| stack.sandbox.ledger()["calls"]["file"].as_u64().unwrap_or(0);
    // An alarm counts as lost ten seconds after its time.
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(files(&stack), 0, "something else has set the alarm");
    let fired = stack.http.get(stack.at("/cdn-cgi/local/scheduled")).send().await.unwrap();
    assert!(fired.status().is_success(), "{}", fired.status());
    let started = std::time::Instant::now();
    while files(&stack) < 2 {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{} {}",
            stack.sandbox.ledger()["calls"],
            stack.log()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    stack.check_ledger();
}

#[tokio::test]
async fn a_lost_alarm_is_set_again_by_the_next_command() {
    let settings = sandbox::Settings { build_seconds: 3.0..=4.0, ..quick() };
    let mut stack = Stack::with(settings, &[]).await;
    let request = stack.ask_weeks(Report::Confused, &Weeks::back(1, 2)).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    stack.kill();
    stack.damage("Scheduler", true, "DELETE FROM _cf_ALARM");
    stack.boot().await;
    let request = stack.settled(&request.id, Duration::from_secs(120)).await;
    assert!(request.windows.iter().all(|window| window.state == WindowStatus::Ready));
}
