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
use sandbox::faults::{Fault, Order};
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

/// Peak memory in MB and CPU time in seconds of workerd.
fn usage(stack: &Stack) -> (f64, f64) {
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
    (peak, cpu)
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

    let user = some_person(&stack, &weeks);
    let started = Instant::now();
    let rows = erase_person(&stack, &user).await;
    let remaining = stack.request(&request.id).await.windows[0].copy.as_ref().unwrap().rows.unwrap();
    assert_eq!(remaining + rows, before);
    println!("{rows} rows erased in {:.1?}", started.elapsed());
    let (peak, cpu) = usage(&stack);
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

/// Some id of a person in the rows of these weeks.
fn some_person(stack: &Stack, weeks: &Weeks) -> String {
    let mut user = String::new();
    let columns = sandbox::Truth::columns(Report::VideoView);
    let at = columns.iter().position(|column| *column == "userid").unwrap();
    stack.truth().each_row(&weeks.truth(Report::VideoView), &mut |row| {
        row[at].clone_into(&mut user);
        if user.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    user
}

/// Erases a person and waits until that is done. Returns the number of erased rows.
async fn erase_person(stack: &Stack, user: &str) -> u64 {
    let started = Instant::now();
    let body = serde_json::json!({"person": {"id": user}});
    let asked = stack.http.post(stack.at("/api/forget")).json(&body).send().await.unwrap();
    assert!(asked.status().is_success());
    loop {
        let erasure = stack.get("/api/forget").await["forgettings"][0].clone();
        if erasure["state"] == "done" {
            return erasure["rows"].as_u64().unwrap();
        }
        assert!(started.elapsed() < Duration::from_secs(200), "{erasure:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Peak memory of workerd, in MB, while it reads a directory and answers with it four times.
async fn directory_peak(listed_courses: usize) -> f64 {
    let settings = sandbox::Settings { listed_courses, page_entries: 20_000, ..quick() };
    let stack = Stack::with(settings, &[]).await;
    for _ in 0..4 {
        let courses = stack.get("/api/courses").await;
        assert!(courses["courses"].as_array().unwrap().len() > listed_courses);
    }
    usage(&stack).0
}

#[tokio::test]
async fn a_directory_of_50_000_courses_and_sections_stays_within_the_memory_of_an_isolate() {
    let small = directory_peak(100).await;
    let large = directory_peak(49_900).await;
    println!("workerd: {small:.0} MB with a small directory, {large:.0} MB with a large one");
    // One isolate has 128 MB. This is what all isolates take in addition, each with its copies of four answers of 11 MB.
    assert!(large - small < 128.0, "{small:.0} MB became {large:.0} MB");
}

#[tokio::test]
async fn a_copy_of_many_small_sections_is_stored_in_short_packs_which_are_overwritten_one_by_one() {
    let settings = sandbox::Settings { bulk_rows: Some(14_000), build_seconds: 0.1..=0.1, ..quick() };
    let mut stack = Stack::with(settings, &[]).await;
    stack.sandbox.harm(vec![Order { always: true, ..Order::once(Fault::ManySections) }]);
    let weeks = Weeks::back(1, 1);
    let request = stack.ready(Report::VideoView, &weeks).await;
    let rows = request.windows[0].copy.as_ref().unwrap().rows.unwrap();
    assert!(rows > 12_000, "{rows}");
    let user = some_person(&stack, &weeks);
    stack.kill();
    let packs = &stack.query("WindowStore", "SELECT count(*) AS packs, max(slices) AS most FROM pack")[0];
    let [count, most] = ["packs", "most"].map(|name| packs[name].as_u64().unwrap());
    // An entry of the index has 150 bytes, and a value 2 MB at most.
    assert!(count > 2 && most * 150 < 2_000_000, "{packs}");
    // Records when each pack is overwritten. Within one statement the time stands still.
    let log = "CREATE TABLE overwritten (at REAL);
        CREATE TRIGGER overwriting AFTER UPDATE ON pack
        BEGIN INSERT INTO overwritten VALUES (julianday('now')); END;";
    stack.damage("WindowStore", false, log);
    stack.boot().await;
    let erased = erase_person(&stack, &user).await;
    assert!(erased > 0);
    let remaining = stack.request(&request.id).await.windows[0].copy.as_ref().unwrap().rows.unwrap();
    assert_eq!(remaining + erased, rows);
    stack.kill();
    let query = "SELECT count(*) AS packs, count(DISTINCT at) AS times FROM overwritten";
    let overwritten = &stack.query("WindowStore", query)[0];
    assert_eq!(overwritten["packs"], count, "{overwritten}");
    assert_eq!(overwritten["times"], count, "{overwritten}");
}
