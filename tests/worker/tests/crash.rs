//! A machine that fails hard, at random points, many times: every window becomes ready all the same, once.

use domain::api::WindowStatus;
use futures_util::StreamExt;
use sandbox::Report;
use std::time::Duration;
use worker_tests::reading::{Digest, frames, rows_of};
use worker_tests::{Stack, Weeks, quick};

#[tokio::test]
async fn killed_many_times_every_window_becomes_ready_and_is_asked_once() {
    let settings = sandbox::Settings { build_seconds: 0.5..=4.0, ..quick() };
    let mut stack = Stack::with(settings, &[]).await;
    let weeks = Weeks::back(1, 12);
    let request = stack.ask_weeks(Report::VideoView, &weeks).await;
    for wait in [300, 900, 2400, 40, 1700, 700, 3100, 150, 1200, 500] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
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
async fn a_download_that_breaks_off_reaches_the_client_as_an_error() {
    let mut stack = Stack::start().await;
    let weeks = Weeks::back(1, 1);
    let request = stack.ready(Report::VideoView, &weeks).await;
    let whole = frames(&stack, &format!("videoview/{}", request.windows[0].id)).await;
    assert!(whole.slices.len() > 1);
    stack.kill();
    // The last byte of the last slice.
    let damaged = "CAST(substr(bytes, 1, length(bytes) - 1) || x'2a' AS BLOB)";
    let statement = format!("UPDATE pack SET bytes = {damaged} WHERE seq = (SELECT max(seq) FROM pack)");
    stack.damage("WindowStore", false, &statement);
    stack.boot().await;
    let path = format!("/api/csv/videoview?from={}&to={}", weeks.from, weeks.to());
    let answer = stack.http.get(stack.at(&path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "what goes wrong is met only after the first rows");
    let mut pieces = answer.bytes_stream();
    let (mut bytes, mut broke_off) = (0, false);
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => bytes += piece.len(),
            Err(_) => broke_off = true,
        }
    }
    assert!(bytes > 0 && broke_off, "{bytes} bytes, and then a clean end");
}

#[tokio::test]
async fn an_alarm_that_was_lost_is_set_again_by_the_next_wake() {
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
