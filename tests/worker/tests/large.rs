//! Large windows: memory stays flat and CPU time below the configured limit, while collecting, downloading
//! and erasing.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use futures_util::StreamExt;
use sandbox::Report;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use worker_tests::{Stack, Weeks, quick};

/// `limits.cpu_ms` of `wrangler.toml`, in seconds.
const CPU_LIMIT: f64 = 300.0;

struct Measurement {
    bytes: u64,
    /// Peak memory of workerd, in MB.
    peak: f64,
    /// CPU time of workerd, in seconds.
    cpu: f64,
}

/// Collects a week of about `rows` rows, downloads it as CSV, erases a person from it, and measures workerd.
async fn collect(rows: u64) -> Measurement {
    let settings = sandbox::Settings { bulk_rows: Some(rows), build_seconds: 0.1..=0.1, ..quick() };
    let stack = Stack::with(settings, &[]).await;
    let weeks = Weeks::back(1, 1);
    let started = Instant::now();
    let request = stack.ask_weeks(Report::VideoView, &weeks).await;
    let request = stack.settled(&request.id, Duration::from_secs(280)).await;
    let copy = request.windows[0].copy.as_ref().expect("the window is ready");
    println!(
        "{} rows, {} MB of CSV collected in {:.1?}",
        copy.rows.unwrap(),
        copy.bytes.unwrap() / 1_000_000,
        started.elapsed()
    );
    let path = format!("/api/csv/videoview?from={}&to={}&cells=raw", weeks.from, weeks.to());
    let mut stream = stack.http.get(stack.at(&path)).send().await.unwrap().bytes_stream();
    let mut lines = 0;
    while let Some(chunk) = stream.next().await {
        lines += chunk.unwrap().iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    let before = copy.rows.unwrap();
    assert!(lines > before, "the download must have every row and the header");

    let mut user = String::new();
    let columns = sandbox::Truth::columns(Report::VideoView);
    let at = columns.iter().position(|column| *column == "userid").unwrap();
    stack.truth().each_row(&weeks.truth(Report::VideoView), &mut |row| {
        row[at].clone_into(&mut user);
        if user.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let started = Instant::now();
    let body = serde_json::json!({"person": {"id": user}});
    let asked = stack.http.post(stack.at("/api/forget")).json(&body).send().await.unwrap();
    assert!(asked.status().is_success());
    let rows = loop {
        let erasure = stack.get("/api/forget").await["forgettings"][0].clone();
        if erasure["state"] == "done" {
            break erasure["rows"].as_u64().unwrap();
        }
        assert!(started.elapsed() < Duration::from_secs(200), "{erasure:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let remaining = stack.request(&request.id).await.windows[0].copy.as_ref().unwrap().rows.unwrap();
    assert_eq!(remaining + rows, before);
    println!("{rows} rows erased in {:.1?}", started.elapsed());
    let (mut peak, mut cpu) = (0.0_f64, 0.0_f64);
    for process in stack.processes() {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        peak = peak.max(line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0);
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // utime and stime, in hundredths of a second.
        cpu = cpu.max((fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0);
    }
    println!("workerd: at most {peak:.0} MB, {cpu:.1} s of CPU");
    Measurement { bytes: copy.bytes.unwrap(), peak, cpu }
}

#[tokio::test]
async fn memory_stays_flat_from_100_mb_to_1_gb() {
    let small = collect(350_000).await;
    let large = collect(3_500_000).await;
    assert!(small.bytes > 95_000_000 && large.bytes > 1_000_000_000);
    assert!(large.peak < small.peak * 1.25 + 40.0, "{:.0} MB became {:.0} MB", small.peak, large.peak);
    assert!(large.cpu < CPU_LIMIT, "{:.0} s of CPU", large.cpu);
}
