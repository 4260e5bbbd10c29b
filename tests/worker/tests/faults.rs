//! Upstream faults, one by one and combined: the rows equal the ground truth, or the window fails with a
//! clear message.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::{Pause, PauseReason, RequestInfo, Requests, WindowStatus};
use domain::data_quality::{DataQuality, FileFindings};
use domain::problem::Code;
use domain::time::{DAY, Timestamp, plus_days};
use sandbox::Report;
use sandbox::faults::{Fault, Order, Point};
use serde_json::json;
use std::time::{Duration, Instant};
use worker_tests::reading::{Digest, csv, frames, rows_of};
use worker_tests::{Stack, Weeks, quick};

const PATIENCE: Duration = Duration::from_secs(150);

/// The digest of a window's true rows.
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

/// The digest of a window's rows, with times in the format of the ground truth.
async fn digest_with_plain_times(stack: &Stack, report: Report, id: &str) -> Digest {
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
async fn after_every_fault_of_a_request_or_file_the_rows_are_true() {
    let stack = Stack::with(sandbox::Settings { build_seconds: 0.1..=0.3, ..quick() }, &[]).await;
    // The fault, and how often the window must be requested from Echo360 to become ready.
    let faults = [
        (Fault::ContentEncoding, 1),
        (Fault::PlainNamedGz, 1),
        (Fault::TwoFiles, 1),
        (Fault::Bom, 1),
        (Fault::Crlf, 1),
        (Fault::NoLastLineEnd, 1),
        (Fault::IsoTimes, 1),
        (Fault::NullMarkers, 1),
        (Fault::RepeatedHeader, 1),
        (Fault::BackslashQuotes, 1),
        (Fault::ZeroPadding, 1),
        // Possibly a fault of the network: the file is fetched again.
        (Fault::Reset, 1),
        (Fault::TruncatedGzip, 1),
        (Fault::WrongCrc, 1),
        (Fault::WrongLength, 1),
        (Fault::TrailingBytes, 1),
        (Fault::ErrorPage, 1),
        (Fault::ExpiredLink, 1),
        // A fault of the file or the upstream request: it is requested again.
        (Fault::ShortRow, 2),
        (Fault::WrongHeader, 2),
        (Fault::EmptyGzip, 2),
        (Fault::Failed, 2),
        (Fault::Missing, 2),
        (Fault::Expired, 2),
        (Fault::Gone, 2),
        // The upstream request is found in the list.
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
    for ((fault, requested), window) in faults.iter().zip(&request.windows) {
        assert_eq!(window.state, WindowStatus::Ready, "{fault:?} {window:#?}");
        let read = digest_with_plain_times(&stack, Report::Confused, &window.id).await;
        assert_eq!(read, truth(&stack, Report::Confused, window), "{fault:?}");
        assert_eq!(creates(&stack, window), *requested, "{fault:?}");
        assert_eq!(window.tries, 0, "a ready window must have its tries reset");
    }
    stack.check_ledger();
}

#[tokio::test]
async fn whatever_the_writing_of_a_file_the_rows_and_the_download_are_true() {
    // So many views that some are of nobody.
    let settings = sandbox::Settings { build_seconds: 0.1..=0.3, bulk_rows: Some(100_000), ..quick() };
    let stack = Stack::with(settings, &[]).await;
    let weeks = Weeks::back(1, 2);
    // The report, its fault, and how often a window's file must be fetched.
    let cases = [
        (Report::VideoView, Fault::NullMarkers, 1),
        // Some videos were never viewed.
        (Report::Asset, Fault::NullMarkers, 1),
        // One of the answers is "None".
        (Report::Polling, Fault::BackslashQuotes, 2),
        (Report::Qanda, Fault::RepeatedHeader, 1),
        (Report::Presentation, Fault::ZeroPadding, 1),
    ];
    for (report, fault, fetches) in cases {
        let report_name = Some(report.name().to_owned());
        stack.sandbox.harm(vec![Order { report: report_name, count: None, ..Order::once(fault) }]);
        let fetched = |stack: &Stack| stack.sandbox.ledger()["calls"]["file"].as_u64().unwrap_or(0);
        let before = fetched(&stack);
        let request = stack.ready(report, &weeks).await;
        assert_eq!(fetched(&stack) - before, fetches * request.windows.len() as u64, "{fault:?}");
        let mut ask = weeks.truth(report);
        ask.as_of = request.windows[0].copy.as_ref().map(|copy| copy.created.seconds());
        let truth = Digest::of_truth(&stack, &ask);
        assert!(truth.rows > 0, "{fault:?}");
        assert_eq!(rows_of(&stack, report, &request).await, truth, "{fault:?}");
        let rows = request.windows.iter().filter_map(|window| window.copy.as_ref()?.rows).sum::<u64>();
        assert_eq!(rows, truth.rows, "{fault:?}");
        let days = if report.has_dates() {
            format!("from={}&to={}&", weeks.from, weeks.to())
        } else {
            String::new()
        };
        let csv = csv(&stack, &format!("{}?{days}cells=raw", report.name()), b',').await;
        assert_eq!(csv.digest(csv.header.len()), truth, "{fault:?}");
        let has_empty_cells = csv.rows.iter().flatten().any(String::is_empty);
        assert!(has_empty_cells || fault != Fault::NullMarkers, "no cell had a marker");
    }
    let quality: DataQuality = serde_json::from_value(stack.get("/api/quality").await).unwrap();
    for (report, fault, _) in cases {
        let of_report = quality.windows.iter().filter(|window| window.report.as_str() == report.name());
        let found = of_report.fold(FileFindings::default(), |sum, window| sum.plus(&window.findings));
        let is_told = match fault {
            Fault::NullMarkers => !found.null_markers.is_empty(),
            Fault::BackslashQuotes => found.rewritten_rows == found.rows,
            Fault::RepeatedHeader => found.repeated_headers > 0,
            _ => found.is_clean(),
        };
        assert!(is_told && found.rows > 0, "{fault:?} {found:?}");
    }
    stack.check_ledger();
}

#[tokio::test]
async fn a_file_that_cannot_be_read_names_the_problem_and_its_line() {
    let stack = Stack::with(sandbox::Settings { build_seconds: 0.1..=0.2, ..quick() }, &[]).await;
    let cases = [
        (Fault::ShortRow, "row 1 (line 2) has 12 cells where the header has 13"),
        (Fault::EmptyGzip, "is empty"),
        (Fault::TrailingBytes, "16 bytes after its gzip data"),
    ];
    let weeks = Weeks::back(1, cases.len() as u64);
    for ((fault, _), week) in cases.iter().zip(0..) {
        let start = Some(plus_days(weeks.from, 7 * week).to_string());
        stack.sandbox.harm(vec![Order { start, always: true, ..Order::once(*fault) }]);
    }
    let request = stack.ask_weeks(Report::Confused, &weeks).await;
    let request = stack.settled(&request.id, PATIENCE).await;
    for ((fault, expected), window) in cases.iter().zip(&request.windows) {
        assert_eq!(window.state, WindowStatus::Failed, "{fault:?}");
        let detail = window.fault.as_ref().unwrap();
        assert!(detail.contains(expected), "{fault:?}: {detail}");
    }
    stack.check_ledger();
}

#[tokio::test]
async fn a_window_fails_after_three_tries_with_the_upstream_id_and_a_retry_resets_them() {
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
        assert_eq!(problem.code, Code::RowsNotReady, "a bad file must never be served");
    }
    let query = format!("polling?from={}&to={}", weeks.from, weeks.to());
    let problem = stack.problem(&format!("/api/csv/{query}")).await;
    assert_eq!(problem.code, Code::RowsNotReady);
    let missing: Vec<&str> = request.windows[..2].iter().map(|window| window.id.as_str()).collect();
    assert_eq!(problem.windows.to_vec(), missing, "the problem must name the missing windows");

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
async fn errors_of_calls_tokens_and_limits_never_count_as_a_try() {
    let settings = sandbox::Settings { build_seconds: 0.2..=0.5, token_seconds: 20, ..quick() };
    let stack = Stack::with(settings, &[]).await;
    let call = |fault, on, count| Order { on, count: Some(count), ..Order::once(fault) };
    let cases: Vec<Vec<Order>> = vec![
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
    for (week, orders) in (1..).zip(cases) {
        let case = format!("{orders:?}");
        stack.sandbox.harm(orders);
        let request = stack.ask_weeks(Report::Notes, &Weeks::back(week, 1)).await;
        let request = stack.settled(&request.id, PATIENCE).await;
        let window = &request.windows[0];
        assert_eq!((window.state, window.tries), (WindowStatus::Ready, 0), "{case}");
        assert_eq!(
            digest_with_plain_times(&stack, Report::Notes, &window.id).await,
            truth(&stack, Report::Notes, window)
        );
        assert_eq!(creates(&stack, window), 1, "{case}");
    }
    assert!(stack.sandbox.ledger()["tokens_issued"].as_u64().unwrap() > 2, "tokens must have been renewed");
    stack.check_ledger();
}

#[tokio::test]
async fn a_lost_create_is_repeated_after_two_lists_a_minute_apart() {
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
async fn an_equal_request_of_another_client_is_adopted_whatever_its_delimiter() {
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

/// Waits until the scheduler pauses.
async fn wait_for_pause(stack: &Stack) -> Pause {
    let started = Instant::now();
    loop {
        let all: Requests = serde_json::from_value(stack.get("/api/requests").await).unwrap();
        if let Some(pause) = all.scheduler.held {
            return pause;
        }
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn wrong_credentials_pause_the_scheduler_visibly_until_they_are_fixed() {
    let mut stack = Stack::with(quick(), &[("ECHO360_CLIENT_SECRET", "wrong")]).await;
    let request = stack.ask_weeks(Report::Confused, &Weeks::back(1, 1)).await;
    let pause = wait_for_pause(&stack).await;
    assert_eq!(pause.reason, PauseReason::CredentialsRefused);
    assert!(pause.detail.contains("ECHO360_CLIENT_SECRET") && !pause.detail.contains("wrong"));
    let waiting = stack.request(&request.id).await;
    assert_eq!((waiting.windows[0].state, waiting.windows[0].tries), (WindowStatus::Queued, 0));
    // An instructor learns no setting's name and nothing that Echo360 said.
    let course = "11111111-2222-4333-8444-555555555555";
    let look = json!({"look_as": {"role": "instructor", "courses": [{"course": course}]}});
    let answer = stack.http.post(stack.at("/api/session")).json(&look).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for path in ["/api/requests", "/api/reports"] {
        let answer = stack.http.get(stack.at(path)).header("cookie", &cookie).send().await.unwrap();
        let text = answer.text().await.unwrap();
        assert!(!text.contains("ECHO360_") && !text.contains("It said"), "{path}: {text}");
        assert!(path == "/api/reports" || text.contains("credentials-refused"), "{path}: {text}");
    }
    stack.kill();
    stack.set("ECHO360_CLIENT_SECRET", "sandbox secret");
    stack.boot().await;
    stack.ready(Report::Confused, &Weeks::back(1, 1)).await;
}

/// Waits until `/healthz` is `expected`. An isolate uses an answer of the Scheduler for 30 seconds.
async fn wait_for_health(stack: &Stack, expected: &serde_json::Value) {
    let started = Instant::now();
    loop {
        // Not 200 would be an error.
        let health = stack.get("/healthz").await;
        if health == *expected {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(45), "{health}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn refused_credentials_show_in_healthz_without_details_and_in_the_session_of_administrators_until_they_are_fixed()
 {
    let mut stack = Stack::with(quick(), &[("ECHO360_CLIENT_SECRET", "wrong")]).await;
    assert_eq!(stack.get("/api/session").await.get("upstream_failure"), None, "nothing was called yet");
    stack.ask_weeks(Report::Confused, &Weeks::back(1, 1)).await;
    wait_for_health(&stack, &json!({"ok": true, "upstream": "failing"})).await;
    assert_eq!(stack.get("/api/session").await["upstream_failure"], "credentials-refused");
    // An analyst loads the same page.
    let look_as = json!({"look_as": {"role": "analyst"}});
    let answer = stack.http.post(stack.at("/api/session")).json(&look_as).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let session = stack.http.get(stack.at("/api/session")).header("cookie", cookie).send().await.unwrap();
    let session: serde_json::Value = session.json().await.unwrap();
    assert_eq!(session["role"], "analyst");
    assert_eq!(session.get("upstream_failure"), None);

    stack.kill();
    stack.set("ECHO360_CLIENT_SECRET", "sandbox secret");
    stack.boot().await;
    stack.ready(Report::Confused, &Weeks::back(1, 1)).await;
    assert_eq!(stack.get("/api/session").await.get("upstream_failure"), None);
    wait_for_health(&stack, &json!({"ok": true})).await;
    stack.check_ledger();
}

#[tokio::test]
async fn the_third_day_without_an_answer_shows_in_healthz_and_an_answer_ends_it() {
    let mut stack = Stack::start().await;
    stack.sandbox.harm(vec![Order { always: true, ..Order::once(Fault::ServerError) }]);
    stack.ask_weeks(Report::Confused, &Weeks::back(3, 1)).await;
    for day in 0..3 {
        if day > 0 {
            stack.kill();
            stack.set("LECTERN_CLOCK_OFFSET_SECONDS", &(day * DAY / 1000).to_string());
            stack.boot().await;
        }
        // The pause of the day before is over.
        assert_eq!(wait_for_pause(&stack).await.reason, PauseReason::UpstreamDown);
        let failure = stack.get("/api/session").await.get("upstream_failure").cloned();
        assert_eq!(failure, (day == 2).then(|| json!("failed-days")), "day {day}");
    }
    wait_for_health(&stack, &json!({"ok": true, "upstream": "failing"})).await;
    let faults = format!("{}/sandbox/faults", stack.sandbox.url());
    assert!(stack.http.delete(faults).send().await.unwrap().status().is_success());
    stack.ready(Report::Confused, &Weeks::back(3, 1)).await;
    assert_eq!(stack.get("/api/session").await.get("upstream_failure"), None);
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
async fn random_faults_end_in_true_rows_or_a_clear_failure() {
    let settings = sandbox::Settings { build_seconds: 0.1..=0.8, ..quick() };
    let stack = Stack::with(settings, &[]).await;
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random_below = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
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
        Fault::RepeatedHeader,
        Fault::BackslashQuotes,
        Fault::TrailingBytes,
        Fault::Failed,
        Fault::Missing,
        Fault::Gone,
        Fault::LostReply,
        Fault::Limit409,
    ];
    let orders = (0..40)
        .map(|_| Order {
            after: random_below(12),
            seconds: Some(1.0),
            ..Order::once(kinds[usize::try_from(random_below(kinds.len() as u64)).unwrap()])
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
                assert_eq!(
                    digest_with_plain_times(&stack, report, &window.id).await,
                    truth(&stack, report, window)
                );
                ready += 1;
            } else {
                assert_eq!((window.state, window.tries), (WindowStatus::Failed, 3));
                assert!(window.fault.is_some());
            }
        }
    }
    assert!(ready >= 6, "only {ready} windows became ready");
    stack.check_ledger();
}
