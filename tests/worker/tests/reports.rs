//! Every report, from the request to its rows, which must equal the ground truth.

use domain::api::{Reports, Requests, RowCount, WindowStatus};
use domain::problem::Code;
use domain::time::{Day, Timestamp, plus_days};
use sandbox::Report;
use serde_json::json;
use std::time::Duration;
use worker_tests::reading::{Digest, csv, csv_archive, frames, rows_of};
use worker_tests::{Stack, Weeks, quick};

#[tokio::test]
async fn all_nine_reports_are_collected_and_served_unchanged() {
    let stack = Stack::start().await;
    let offered: Reports = serde_json::from_value(stack.get("/api/reports").await).unwrap();
    let mut names: Vec<&str> = offered.reports.iter().map(|report| report.name.as_str()).collect();
    names.sort_unstable();
    let mut all: Vec<&str> = Report::ALL.iter().map(|report| report.name()).collect();
    all.sort_unstable();
    assert_eq!(names, all);

    let weeks = Weeks::back(1, 2);
    let mut requests = Vec::new();
    for report in Report::ALL {
        requests.push((report, stack.ask_weeks(report, &weeks).await));
    }
    for (report, request) in requests {
        let request = stack.settled(&request.id, Duration::from_secs(120)).await;
        assert!(request.windows.iter().all(|w| w.state == WindowStatus::Ready), "{request:#?}");
        let days = if report.has_dates() {
            format!("from={}&to={}&", weeks.from, weeks.to())
        } else {
            String::new()
        };
        let csv = csv(&stack, &format!("{}?{days}cells=raw", report.name()), b',').await;
        let columns = report.columns().len();
        let by_window = matches!(report.name(), "assetbydate" | "visit");
        let names: Vec<&str> = sandbox::Truth::columns(report);
        assert_eq!(csv.header[..columns], names, "the columns must be Echo360's, in its order");
        if by_window {
            assert_eq!(csv.header[columns..], ["window_start", "window_end"]);
            // Sums are over each window, so the truth is queried window by window.
            let mut truth = Digest::default();
            for window in &request.windows {
                let (start, end) = (window.start.unwrap(), window.end.unwrap());
                let ask = sandbox::truth::Ask::days(report, &start.to_string(), &end.to_string()).unwrap();
                let part = Digest::of_truth(&stack, &ask);
                truth.rows += part.rows;
                truth.sum = truth.sum.wrapping_add(part.sum);
                assert!(csv.rows.iter().any(|row| row[columns..] == [start.to_string(), end.to_string()]));
            }
            assert_eq!(csv.digest(columns), truth, "{}", report.name());
            assert_eq!(rows_of(&stack, report, &request).await, truth);
        } else {
            assert_eq!(csv.header.len(), columns);
            let mut ask = weeks.truth(report);
            ask.as_of = request.windows[0].copy.as_ref().map(|copy| copy.created.seconds());
            let truth = Digest::of_truth(&stack, &ask);
            assert!(truth.rows > 0, "{}", report.name());
            assert_eq!(csv.digest(columns), truth, "{}", report.name());
            assert_eq!(rows_of(&stack, report, &request).await, truth, "{}", report.name());
        }
    }
    stack.check_ledger();
}

#[tokio::test]
async fn twelve_weeks_use_three_slots_and_a_repeated_request_is_the_same() {
    let stack = Stack::with(sandbox::Settings { build_seconds: 1.0..=3.0, ..quick() }, &[]).await;
    let weeks = Weeks::back(1, 12);
    let first = stack.ask_weeks(Report::VideoView, &weeks).await;
    let again = stack.ask_weeks(Report::VideoView, &weeks).await;
    assert_eq!(first.id, again.id);
    let other = stack.ask_weeks(Report::VideoView, &Weeks::back(1, 4)).await;
    assert_ne!(first.id, other.id);
    let listed: Requests = serde_json::from_value(stack.get("/api/requests").await).unwrap();
    assert_eq!(listed.requests.len(), 2);
    let request = stack.ready(Report::VideoView, &weeks).await;
    assert_eq!(request.windows.len(), 12);
    let ledger = stack.sandbox.ledger();
    assert_eq!(ledger["creates"].as_array().unwrap().len(), 12, "windows must be shared: {ledger:#}");
    assert_eq!(ledger["max_in_flight"], 3);
    stack.check_ledger();
    let truth = Digest::of_truth(&stack, &weeks.truth(Report::VideoView));
    assert_eq!(rows_of(&stack, Report::VideoView, &request).await, truth);
}

#[tokio::test]
async fn a_download_is_trimmed_to_days_in_its_zone_and_to_a_section() {
    let stack = Stack::start().await;
    let weeks = Weeks::back(1, 3);
    let (from, to) = (plus_days(weeks.from, 3), plus_days(weeks.from, 15));
    for (zone, offset_at_start, offset_at_end) in
        [("UTC", 0, 0), ("Asia/Kolkata", 19_800, 19_800), ("America/Phoenix", -25_200, -25_200)]
    {
        let body = json!({"report": "videoview", "from": from.to_string(), "to": to.to_string(), "tz": zone});
        let request = stack.ask(&body).await;
        stack.settled(&request.id, Duration::from_secs(120)).await;
        let path = format!("videoview?from={from}&to={to}&tz={zone}&cells=raw");
        let rows = csv(&stack, &path, b',').await;
        let mut ask =
            sandbox::truth::Ask::days(Report::VideoView, &from.to_string(), &plus_days(to, 1).to_string())
                .unwrap();
        ask.start -= offset_at_start;
        ask.end -= offset_at_end;
        assert_eq!(rows.digest(14), Digest::of_truth(&stack, &ask), "{zone}");
        // One section of one course, with another delimiter.
        let (course, section) = (rows.rows[0][4].clone(), rows.rows[0][2].clone());
        let path = format!("{path}&course={course}&section={section}&delimiter=%09");
        let part = csv(&stack, &path, b'\t').await;
        ask.course = Some(course);
        ask.section = Some(section);
        assert!(!part.rows.is_empty() && part.rows.len() < rows.rows.len());
        assert_eq!(part.digest(14), Digest::of_truth(&stack, &ask), "{zone}");
    }
}

/// A cell of `cells=safe`, computed apart from the Worker's rule: `'` before each part that starts with a formula
/// character, after blanks and quotes.
fn disarm(cell: &str) -> String {
    if cell.parse::<f64>().is_ok() {
        return cell.to_owned();
    }
    let starts = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let parts = cell.split_inclusive([',', ';', '|', '\t', '\n', '\r']);
    let is_formula = |part: &str| part.trim_start_matches([' ', '"']).starts_with(starts);
    parts.map(|part| format!("{}{part}", if is_formula(part) { "'" } else { "" })).collect()
}

#[tokio::test]
async fn formulas_are_disarmed_in_every_part_of_a_cell_unless_raw_is_requested() {
    let stack = Stack::start().await;
    let weeks = Weeks::back(1, 6);
    stack.ready(Report::Qanda, &weeks).await;
    stack.ready(Report::Notes, &weeks).await;
    let (mut whole, mut inner) = (0, 0);
    for report in [Report::Qanda, Report::Notes] {
        let path = format!("{}?from={}&to={}", report.name(), weeks.from, weeks.to());
        for (delimiter, character) in [("%2C", b','), ("%09", b'\t'), ("%7C", b'|')] {
            let safe = csv(&stack, &format!("{path}&delimiter={delimiter}"), character).await;
            let raw = csv(&stack, &format!("{path}&delimiter={delimiter}&cells=raw"), character).await;
            assert!(safe.has_byte_order_mark && !raw.has_byte_order_mark);
            assert_eq!(raw.digest(raw.header.len()), Digest::of_truth(&stack, &weeks.truth(report)));
            assert_eq!(safe.rows.len(), raw.rows.len());
            for (safe, raw) in safe.rows.iter().zip(&raw.rows) {
                for (safe, raw) in safe.iter().zip(raw) {
                    whole += u32::from(safe.starts_with('\''));
                    inner += u32::from(safe.contains(";'=") && safe.contains("\n'\u{ff1d}"));
                    assert_eq!(*safe, disarm(raw));
                }
            }
        }
    }
    assert!(whole > 0 && inner > 0, "the sandbox must have such text: {whole}, {inner}");
}

#[tokio::test]
async fn a_download_for_spreadsheets_ends_with_the_local_time_of_its_zone() {
    let stack = Stack::start().await;
    let weeks = Weeks::back(1, 2);
    let (from, to) = (weeks.from, plus_days(weeks.from, 10));
    for (zone, offset) in [("", "+00:00"), ("Asia/Kolkata", "+05:30"), ("America/Phoenix", "-07:00")] {
        let mut body = json!({"report": "notes", "from": from.to_string(), "to": to.to_string()});
        let mut path = format!("notes?from={from}&to={to}");
        if !zone.is_empty() {
            body["tz"] = json!(zone);
            path = format!("{path}&tz={zone}");
        }
        let request = stack.ask(&body).await;
        stack.settled(&request.id, Duration::from_secs(120)).await;
        let safe = csv(&stack, &path, b',').await;
        let raw = csv(&stack, &format!("{path}&cells=raw"), b',').await;
        let width = raw.header.len();
        assert_eq!(safe.header[..width], raw.header[..]);
        assert_eq!(safe.header[width..], ["event_local_time"]);
        let time = raw.header.iter().position(|name| name == "event_timestamp").unwrap();
        assert!(!safe.rows.is_empty());
        for row in &safe.rows {
            let local_time = &row[width];
            assert!(
                local_time.ends_with(offset) && local_time.as_bytes()[10] == b'T',
                "{zone}: {local_time}"
            );
            assert_eq!(Timestamp::parse(local_time), Timestamp::parse(&row[time]), "{zone}: {local_time}");
        }
    }
    // A report without a time column has no local time.
    let asset = stack.ask(&json!({"report": "asset"})).await;
    stack.settled(&asset.id, Duration::from_secs(60)).await;
    let safe = csv(&stack, "asset", b',').await;
    assert!(safe.has_byte_order_mark && !safe.header.iter().any(|name| name == "event_local_time"));
}

#[tokio::test]
async fn rows_are_counted_before_a_download_and_sent_as_a_file_for_each_week() {
    let stack = Stack::start().await;
    let weeks = Weeks::back(1, 3);
    let request = stack.ready(Report::VideoView, &weeks).await;
    let days = |from: Day, to: Day| format!("from={from}&to={to}");
    let count = async |query: &str| -> RowCount {
        serde_json::from_value(stack.get(&format!("/api/csv/videoview/count?{query}")).await).unwrap()
    };
    let whole = days(weeks.from, weeks.to());
    let all = csv(&stack, &format!("videoview?{whole}&cells=raw"), b',').await;
    assert_eq!(count(&whole).await, RowCount { rows: all.rows.len() as u64, exact: true });
    let (course, section) = (all.rows[0][4].clone(), all.rows[0][2].clone());
    let of_section = format!("{whole}&course={course}&section={section}");
    let rows = all.rows.iter().filter(|row| row[4] == course && row[2] == section).count();
    assert_eq!(count(&of_section).await, RowCount { rows: rows as u64, exact: true });
    // Some days of a week: their share of its rows.
    let trimmed = days(plus_days(weeks.from, 3), weeks.to());
    let estimate = count(&trimmed).await;
    let actual = csv(&stack, &format!("videoview?{trimmed}&cells=raw"), b',').await.rows.len() as u64;
    assert!(!estimate.exact && estimate.rows < all.rows.len() as u64);
    assert!(estimate.rows > actual / 2 && estimate.rows < actual * 2, "{estimate:?} of {actual}");

    let files = csv_archive(&stack, &format!("videoview?{whole}&as=zip"), b',').await;
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected: Vec<String> =
        request.windows.iter().map(|window| format!("lectern-videoview-{}.csv", window.id)).collect();
    assert_eq!(names, expected);
    let safe = csv(&stack, &format!("videoview?{whole}"), b',').await;
    assert!(files.iter().all(|(_, file)| file.has_byte_order_mark && file.header == safe.header));
    let rows: Vec<&Vec<String>> = files.iter().flat_map(|(_, file)| &file.rows).collect();
    assert_eq!(rows, safe.rows.iter().collect::<Vec<_>>());
    // Trimmed, of one section, with another delimiter, and unchanged cells.
    let query = format!("{trimmed}&course={course}&section={section}&delimiter=%09&cells=raw");
    let files = csv_archive(&stack, &format!("videoview?{query}&as=zip"), b'\t').await;
    let rows: Vec<&Vec<String>> = files.iter().flat_map(|(_, file)| &file.rows).collect();
    assert!(files[0].0.ends_with(".tsv") && !files[0].1.has_byte_order_mark);
    assert_eq!(rows, csv(&stack, &format!("videoview?{query}"), b'\t').await.rows.iter().collect::<Vec<_>>());
    // What a download would refuse, a count refuses.
    let problem = stack.problem("/api/csv/notes/count?from=2026-01-05&to=2026-01-04").await;
    assert_eq!(problem.code, Code::RangeBackwards);
    let problem = stack.problem("/api/csv/asset/count?cells=raw").await;
    assert_eq!(problem.code, Code::BadQuery);
}

#[tokio::test]
async fn rows_can_be_read_by_section_and_by_generation() {
    let stack = Stack::start().await;
    let weeks = Weeks::back(1, 1);
    let request = stack.ready(Report::VideoView, &weeks).await;
    let window = &request.windows[0];
    let path = format!("videoview/{}", window.id);
    let whole = frames(&stack, &path).await;
    assert_eq!(whole.head.generation, window.copy.as_ref().unwrap().generation);
    let courses: domain::api::Courses = serde_json::from_value(stack.get("/api/courses").await).unwrap();
    let mut parts = 0;
    for course in &courses.courses {
        for section in &course.sections {
            let part = frames(&stack, &format!("{path}?course={}&section={}", course.id, section.id)).await;
            let mut ask = weeks.truth(Report::VideoView);
            ask.course = Some(course.id.to_string());
            ask.section = Some(section.id.to_string());
            assert_eq!(part.digest(), Digest::of_truth(&stack, &ask));
            // UUIDs are matched ignoring case: links have them in lower case, rows as Echo360 writes them.
            let (course, section) = (course.id.as_str().to_uppercase(), section.id.as_str().to_uppercase());
            let upper_case = frames(&stack, &format!("{path}?course={course}&section={section}")).await;
            assert_eq!(upper_case.digest(), part.digest());
            parts += part.head.rows;
        }
    }
    assert_eq!(parts, whole.head.rows, "every row must be in exactly one section");

    // After a retry a new copy replaces the old one, which stays available for a while.
    let retry = json!({"windows": [window.id]});
    let answer =
        stack.http.post(stack.at(&format!("/api/requests/{}/retry", request.id))).json(&retry).send().await;
    assert!(answer.unwrap().status().is_success());
    let request = stack.settled(&request.id, Duration::from_secs(60)).await;
    let newer = request.windows[0].copy.as_ref().unwrap().generation;
    assert!(newer > whole.head.generation);
    let old = frames(&stack, &format!("{path}?generation={}", whole.head.generation)).await;
    assert_eq!(old.digest(), whole.digest());
    assert_eq!(frames(&stack, &path).await.head.generation, newer);
    let gone = stack.problem(&format!("/api/rows/{path}?generation=999")).await;
    assert_eq!(gone.code, Code::CopyReplaced);
}

#[tokio::test]
async fn provisional_days_are_served_while_they_are_requested_again() {
    let stack = Stack::start().await;
    let yesterday = domain::time::minus_days(worker_tests::today(), 1);
    let body = json!({"report": "videoview", "from": yesterday.to_string(), "to": yesterday.to_string()});
    let request = stack.ask(&body).await;
    let request = stack.settled(&request.id, Duration::from_secs(60)).await;
    let window = &request.windows[0];
    assert_eq!(window.state, WindowStatus::Provisional);
    assert_eq!(
        window.end,
        Some(worker_tests::today()).min(window.end),
        "no day after today may be requested"
    );
    assert!(window.provisional_from.unwrap() <= yesterday);
    let retry = json!({"windows": [window.id]});
    let url = stack.at(&format!("/api/requests/{}/retry", request.id));
    stack.http.post(&url).json(&retry).send().await.unwrap();
    let meanwhile = stack.request(&request.id).await;
    assert_eq!(meanwhile.windows[0].state, WindowStatus::Provisional);
    assert!(meanwhile.windows[0].again.is_some());
    frames(&stack, &format!("videoview/{}", window.id)).await;
    let after = stack.settled(&request.id, Duration::from_secs(60)).await;
    assert!(after.windows[0].copy.as_ref().unwrap().generation > window.copy.as_ref().unwrap().generation);
}

#[tokio::test]
async fn a_withdrawn_request_leaves_the_queue() {
    let stack = Stack::with(sandbox::Settings { build_seconds: 3.0..=4.0, ..quick() }, &[]).await;
    let request = stack.ask_weeks(Report::Notes, &Weeks::back(1, 8)).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let url = stack.at(&format!("/api/requests/{}", request.id));
    assert_eq!(stack.http.delete(&url).send().await.unwrap().status(), 204);
    assert_eq!(stack.problem(&format!("/api/requests/{}", request.id)).await.code, Code::UnknownRequest);
    tokio::time::sleep(Duration::from_secs(8)).await;
    let creates = stack.sandbox.ledger()["creates"].as_array().unwrap().len();
    assert!(creates <= 3, "queued windows must never be requested: {creates} were");
}

#[tokio::test]
async fn the_singular_path_of_one_request_is_found() {
    let stack =
        Stack::with(sandbox::Settings { single_request: sandbox::SingleRequest::Singular, ..quick() }, &[])
            .await;
    let weeks = Weeks::back(1, 2);
    let request = stack.ready(Report::Confused, &weeks).await;
    let truth = Digest::of_truth(&stack, &weeks.truth(Report::Confused));
    assert_eq!(rows_of(&stack, Report::Confused, &request).await, truth);
}
