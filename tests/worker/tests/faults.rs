//! Upstream faults, one by one and combined: the rows equal the truth, or the window fails with a clear message.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use domain::api::{PauseReason, RequestInfo, Requests, WindowStatus};
use domain::problem::Code;
use domain::time::{Timestamp, plus_days};
use sandbox::Report;
use sandbox::faults::{Fault, Order, Point};
use serde_json::json;
use std::time::{Duration, Instant};
use worker_tests::reading::{Digest, csv, frames};
use worker_tests::{Stack, Weeks, quick};

const PATIENCE: Duration = Duration::from_secs(150);

/// The true rows of a window.
fn truth(stack: &Stack, report: Report, window: &domain::api::WindowInfo) -> Digest {
    let (start, end) = (window.start.unwrap().to_string(), window.end.unwrap().to_string());
    Digest::of_truth(stack, &sandbox::truth::Ask::days(report, &start, &end).unwrap())
}

/// How often a window was requested from Echo360.
fn creates(stack: &Stack, window: &domain::api::WindowInfo) -> usize {
    let start = window.start.unwrap().to_string();
    let ledger = stack.sandbox.ledger();
    ledger["creates"].as_array().unwrap().iter().filter(|c| c["parameters"]["start"] == start).count()
}

/// The digest of a window's rows, with times in the format of the truth.
async fn plain_times(stack: &Stack, report: Report, id: &str) -> Digest {
    let frames = frames(stack, &format!("{}/{id}", report.name())).await;
    let header = String::from_utf8(frames.head.header).unwrap();
    let time = header.split(',').position(|name| name.contains("event_timestamp")).unwrap();
    let mut digest = Digest::default();
    for slice in frames.slices {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&slice[..]);
        for row in reader.records() {
            let mut row: Vec<String> = row.unwrap().iter().map(str::to_owned).collect();
            let at = Timestamp::parse(&row[time]).unwrap();
            row[time] = at.rfc3339()[..19].replace('T', " ");
            digest.add(row.iter().map(String::as_str));
        }
    }
    digest
}

#[tokio::test]
async fn every_fault_of_a_request_or_its_file_ends_in_the_truth() {
    let stack = Stack::with(sandbox::Settings { build_seconds: 0.1..=0.3, ..quick() }, &[]).await;
    // The fault, and how often the window must be asked of Echo360 for it to come right.
    let faults = [
        (Fault::ContentEncoding, 1),
        (Fault::PlainNamedGz, 1),
        (Fault::TwoFiles, 1),
        (Fault::Bom, 1),
        (Fault::Crlf, 1),
        (Fault::NoLastLineEnd, 1),
        (Fault::IsoTimes, 1),
        // The wire's fault: fetched once more.
        (Fault::Reset, 1),
        (Fault::TruncatedGzip, 1),
        (Fault::WrongCrc, 1),
        (Fault::WrongLength, 1),
        (Fault::ErrorPage, 1),
        (Fault::ExpiredLink, 1),
        // The file's own, or the request's: asked anew.
        (Fault::ShortRow, 2),
        (Fault::WrongHeader, 2),
        (Fault::Failed, 2),
        (Fault::Missing, 2),
        (Fault::Expired, 2),
        (Fault::Gone, 2),
        // Found again in the list.
        (Fault::LostReply, 1),
    ];
    let weeks = Weeks::back(1, faults.len() as u64);
    for ((fault, _), week) in faults.iter().zip(0..) {
        let start = plus_days(weeks.from, 7 * week).to_string();
        stack.sandbox.harm(vec![Order {
            report: Some("confused".into()),
            start: Some(start),
            ..Order::once(*fault)
        }]);
    }
    let request = stack.ask_weeks(Report::Confused, &weeks).await;
    let request = stack.settled(&request.id, PATIENCE).await;
    for ((fault, asked), window) in faults.iter().zip(&request.windows) {
        assert_eq!(window.state, WindowStatus::Ready, "{fault:?} {window:#?}");
        let read = plain_times(&stack, Report::Confused, &window.id).await;
        assert_eq!(read, truth(&stack, Report::Confused, window), "{fault:?}");
        assert_eq!(creates(&stack, window), *asked, "{fault:?}");
        assert_eq!(window.tries, 0, "a ready window starts afresh");
    }
    stack.check_ledger();
}

#[tokio::test]
async fn three_tries_fail_with_the_id_for_support_and_trying_again_starts_afresh() {
    let stack = Stack::with(sandbox::Settings { build_seconds: 0.1..=0.2, ..quick() }, &[]).await;
    let weeks = Weeks::back(1, 3);
    let always = |fault, week: u64| Order {
        start: Some(plus_days(weeks.from, 7 * week).to_string()),
        always: true,
        ..Order::once(fault)
    };
    stack.sandbox.harm(vec![always(Fault::Failed, 0), always(Fault::WrongCrc, 1)]);
    let request = stack.ask_weeks(Report::Polling, &weeks).await;
    let request = stack.settled(&request.id, PATIENCE).await;
    let states: Vec<WindowStatus> = request.windows.iter().map(|window| window.state).collect();
    assert_eq!(states, [WindowStatus::Failed, WindowStatus::Failed, WindowStatus::Ready]);
    for window in &request.windows[..2] {
        assert_eq!(window.tries, 3);
        assert!(window.fault.as_ref().unwrap().ends_with('.'));
        let id = window.upstream_request_id.as_ref().unwrap();
        let ledger = stack.sandbox.ledger();
        assert!(ledger["creates"].as_array().unwrap().iter().any(|made| made["id"] == **id));
        let problem = stack.problem(&format!("/api/rows/polling/{}", window.id)).await;
        assert_eq!(problem.code, Code::RowsNotReady, "a bad file is never served");
    }
    let query = format!("polling?from={}&to={}", weeks.from, weeks.to());
    let problem = stack.problem(&format!("/api/csv/{query}")).await;
    assert_eq!(problem.code, Code::RowsNotReady);
    let missing: Vec<&str> = request.windows[..2].iter().map(|window| window.id.as_str()).collect();
    assert_eq!(problem.windows.to_vec(), missing, "a problem that names them, not a short file");

    stack.http.delete(format!("{}/sandbox/faults", stack.sandbox.url())).send().await.unwrap();
    let retry = stack.at(&format!("/api/requests/{}/retry", request.id));
    stack.http.post(retry).send().await.unwrap();
    let request = stack.settled(&request.id, PATIENCE).await;
    assert!(request.windows.iter().all(|window| window.state == WindowStatus::Ready && window.tries == 0));
    let rows = csv(&stack, &format!("{query}&cells=raw"), b',').await;
    assert_eq!(rows.digest(rows.header.len()), Digest::of_truth(&stack, &weeks.truth(Report::Polling)));
    stack.check_ledger();
}

#[tokio::test]
async fn trouble_with_calls_tokens_and_the_limit_is_waited_out_and_is_never_a_try() {
    let settings = sandbox::Settings { build_seconds: 0.2..=0.5, token_seconds: 20, ..quick() };
    let stack = Stack::with(settings, &[]).await;
    let call = |fault, on, count| Order { on, count: Some(count), ..Order::once(fault) };
    let occasions: Vec<Vec<Order>> = vec![
        vec![Order { after: 2, ..Order::once(Fault::Unauthorized) }],
        vec![Order { seconds: Some(2.0), ..call(Fault::TooManyCalls, None, 2) }],
        vec![call(Fault::TooManyCalls, Some(Point::List), 1)],
        vec![call(Fault::ServerError, Some(Point::Create), 1), call(Fault::ServerError, Some(Point::One), 1)],
        vec![Order { seconds: Some(3.0), ..call(Fault::Slow, Some(Point::One), 1) }],
        vec![call(Fault::ResetApi, Some(Point::List), 1), call(Fault::ResetApi, Some(Point::One), 1)],
        vec![call(Fault::ServerError, Some(Point::Token), 1)],
        vec![call(Fault::ServerError, Some(Point::File), 1)],
        vec![call(Fault::Limit409, None, 1)],
        vec![call(Fault::Limit400, None, 1)],
        vec![call(Fault::Limit429, None, 1)],
    ];
    for (week, orders) in (1..).zip(occasions) {
        let named = format!("{orders:?}");
        stack.sandbox.harm(orders);
        let request = stack.ask_weeks(Report::Notes, &Weeks::back(week, 1)).await;
        let request = stack.settled(&request.id, PATIENCE).await;
        let window = &request.windows[0];
        assert_eq!((window.state, window.tries), (WindowStatus::Ready, 0), "{named}");
        assert_eq!(
            plain_times(&stack, Report::Notes, &window.id).await,
            truth(&stack, Report::Notes, window)
        );
        assert_eq!(creates(&stack, window), 1, "{named}");
    }
    assert!(stack.sandbox.ledger()["tokens_issued"].as_u64().unwrap() > 2, "tokens were renewed");
    stack.check_ledger();
}

#[tokio::test]
async fn a_request_that_was_lost_on_its_way_is_asked_again_after_two_lists_a_minute_apart() {
    let stack = Stack::start().await;
    stack.sandbox.harm(vec![Order::once(Fault::LostRequest)]);
    let started = Instant::now();
    let request = stack.ask_weeks(Report::Confused, &Weeks::back(2, 1)).await;
    let request = stack.settled(&request.id, PATIENCE).await;
    assert!(started.elapsed() >= Duration::from_secs(60));
    assert_eq!((request.windows[0].state, request.windows[0].tries), (WindowStatus::Ready, 0));
    stack.check_ledger();
}

#[tokio::test]
async fn an_equal_request_that_somebody_else_made_is_adopted_whatever_its_delimiter() {
    let stack = Stack::start().await;
    let weeks = Weeks::back(1, 1);
    let theirs = json!({
        "report": "qanda",
        "parameters": {"start": weeks.from.to_string(), "end": weeks.end().to_string()},
        "output": {"delimiter": "|", "compression": false},
    });
    let url = format!("{}/sandbox/requests", stack.sandbox.url());
    assert!(stack.http.post(url).json(&theirs).send().await.unwrap().status().is_success());
    stack.ready(Report::Qanda, &weeks).await;
    let ledger = stack.sandbox.ledger();
    assert!(ledger["creates"].as_array().unwrap().iter().all(|made| made["by"] == "other"), "{ledger:#}");
    let path = format!("qanda?from={}&to={}&cells=raw", weeks.from, weeks.to());
    let rows = csv(&stack, &path, b',').await;
    assert_eq!(rows.digest(rows.header.len()), Digest::of_truth(&stack, &weeks.truth(Report::Qanda)));
}

#[tokio::test]
async fn wrong_credentials_pause_the_desk_visibly_and_a_mended_secret_goes_on() {
    let mut stack = Stack::with(quick(), &[("ECHO360_CLIENT_SECRET", "wrong")]).await;
    let request = stack.ask_weeks(Report::Confused, &Weeks::back(1, 1)).await;
    let started = Instant::now();
    let held = loop {
        let all: Requests = serde_json::from_value(stack.get("/api/requests").await).unwrap();
        if let Some(held) = all.scheduler.held {
            break held;
        }
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(held.reason, PauseReason::CredentialsRefused);
    assert!(held.detail.contains("ECHO360_CLIENT_SECRET") && !held.detail.contains("wrong"));
    let waiting = stack.request(&request.id).await;
    assert_eq!((waiting.windows[0].state, waiting.windows[0].tries), (WindowStatus::Queued, 0));
    stack.kill();
    stack.set("ECHO360_CLIENT_SECRET", "sandbox secret");
    stack.boot().await;
    stack.ready(Report::Confused, &Weeks::back(1, 1)).await;
}

#[tokio::test]
async fn a_file_on_a_host_that_is_not_allowed_is_never_fetched() {
    let stack = Stack::with(quick(), &[("LECTERN_ASSET_HOSTS", "files.example.org")]).await;
    let request = stack.ask_weeks(Report::Confused, &Weeks::back(1, 1)).await;
    let request = stack.settled(&request.id, PATIENCE).await;
    let window = &request.windows[0];
    assert_eq!(window.state, WindowStatus::Failed);
    let fault = window.fault.as_ref().unwrap();
    assert!(fault.contains("LECTERN_ASSET_HOSTS") && !fault.contains("Signature"), "{fault}");
    assert_eq!(stack.sandbox.ledger()["calls"]["file"].as_u64().unwrap_or(0), 0);
}

#[tokio::test]
async fn faults_mixed_at_random_end_in_the_truth_or_in_a_clear_failure() {
    let settings = sandbox::Settings { build_seconds: 0.1..=0.8, ..quick() };
    let stack = Stack::with(settings, &[]).await;
    let mut noise = 0x2545_F491_4F6C_DD1D_u64;
    let mut roll = |most: u64| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise % most
    };
    let kinds = [
        Fault::TooManyCalls,
        Fault::ServerError,
        Fault::ResetApi,
        Fault::Unauthorized,
        Fault::Reset,
        Fault::TruncatedGzip,
        Fault::WrongCrc,
        Fault::ErrorPage,
        Fault::ExpiredLink,
        Fault::TwoFiles,
        Fault::Crlf,
        Fault::ShortRow,
        Fault::Failed,
        Fault::Missing,
        Fault::Gone,
        Fault::LostReply,
        Fault::Limit409,
    ];
    let orders = (0..40)
        .map(|_| Order {
            after: roll(12),
            seconds: Some(1.0),
            ..Order::once(kinds[usize::try_from(roll(kinds.len() as u64)).unwrap()])
        })
        .collect();
    stack.sandbox.harm(orders);
    let weeks = Weeks::back(1, 6);
    let mut requests: Vec<(Report, RequestInfo)> = Vec::new();
    for report in [Report::Confused, Report::Polling] {
        requests.push((report, stack.ask_weeks(report, &weeks).await));
    }
    let mut ready = 0;
    for (report, request) in requests {
        let request = stack.settled(&request.id, Duration::from_secs(300)).await;
        for window in &request.windows {
            if window.state == WindowStatus::Ready {
                assert_eq!(plain_times(&stack, report, &window.id).await, truth(&stack, report, window));
                ready += 1;
            } else {
                assert_eq!((window.state, window.tries), (WindowStatus::Failed, 3));
                assert!(window.fault.is_some());
            }
        }
    }
    assert!(ready >= 6, "most come right: {ready}");
    stack.check_ledger();
}
