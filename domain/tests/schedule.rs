//! Simulates the scheduler without sleeping: collecting a year of every dated report, whose builds take
//! seconds to hours, takes hardly longer than three slots allow, and costs few calls.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use domain::fair_queue::Request;
use domain::range::Range;
use domain::report::{KnownReport, Shape};
use domain::report_listing::ReportListing;
use domain::request_list::RequestList;
use domain::scheduler::{Scheduler, Step, create_parameters};
use domain::time::{HOUR, SECOND, Timestamp, minus_days};
use domain::upstream::{UpstreamId, UpstreamRequest, UpstreamStatus};
use domain::window::{Parameters, WindowKey, plan_windows};
use domain::window_state::CollectOutcome;
use domain::zone::Zone;
use std::collections::BTreeMap;

/// How long one call takes, in milliseconds.
const CALL: i64 = SECOND / 5;

/// How long a WindowStore takes to collect a file, in milliseconds.
const COLLECTING: i64 = 5 * SECOND;

/// The result of one simulation. Times are in milliseconds.
struct Simulation {
    windows: u64,
    /// From the requests to the last window's rows.
    took: i64,
    /// A lower bound of `took`: no schedule of these builds on three slots is shorter.
    best: i64,
    /// How often the scheduler woke and made a call.
    ticks: u64,
    calls: u64,
}

/// An upstream request in the simulated Echo360.
struct SimulatedRequest {
    response: UpstreamRequest,
    ready_at: Timestamp,
}

/// A random build time in milliseconds, log-uniform between five seconds and three hours.
fn random_build_time(seed: &mut u64) -> i64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let uniform = f64::from(u32::try_from(*seed >> 33).unwrap()) / f64::from(1_u32 << 31);
    let (shortest, longest) = (5.0_f64, 3.0 * 3600.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most three hours in milliseconds")]
    let time = (shortest * (longest / shortest).powf(uniform) * 1000.0) as i64;
    time
}

fn simulate(mut seed: u64) -> Simulation {
    let start = Timestamp::parse("2026-07-01 09:00:00").unwrap();
    let mut scheduler = Scheduler::default();
    // A year up to yesterday, less the days that building takes: one report is available for a year only.
    let range = Range::new(minus_days(start.day(), 357), minus_days(start.day(), 1)).unwrap();
    let mut windows = 0;
    for report in KnownReport::ALL.into_iter().filter(|report| report.descriptor().shape != Shape::Snapshot) {
        let name = domain::report::ReportName::from(report);
        let listing = ReportListing::from_reference(&name).unwrap();
        let keys = plan_windows(&listing, Some(range), &Zone::utc(), &Parameters::new(), start).unwrap();
        windows += keys.len() as u64;
        let request = Request {
            id: report.name().to_owned(),
            person: "somebody".to_owned(),
            report: listing.name,
            range: Some(range),
            zone: "UTC".to_owned(),
            parameters: Parameters::new(),
            created: start,
            asked: start,
            windows: keys,
            turn: 0,
        };
        scheduler.submit(request, start);
    }
    let mut upstream: BTreeMap<UpstreamId, SimulatedRequest> = BTreeMap::new();
    let mut collecting: Vec<(Timestamp, WindowKey, u32)> = Vec::new();
    let (mut now, mut calls, mut ticks) = (start, 0, 0);
    let (mut total_build_time, mut longest_build_time) = (0, 0);
    let mut calls_before = 0;
    loop {
        collecting.retain(|(done, key, lease)| {
            let is_done = *done <= now;
            if is_done {
                let outcome = CollectOutcome::Whole { rows: 1, bytes: 1, header: "a".to_owned() };
                scheduler.record_collection(key, *lease, outcome, now);
            }
            !is_done
        });
        let step = scheduler.next_step(now);
        if matches!(step, Step::List | Step::Create { .. } | Step::Poll { .. }) {
            scheduler.record_call(now);
            calls += 1;
            now = now.plus(CALL);
        }
        match step {
            Step::List => {
                let list = upstream.values().map(|request| request.response.clone()).collect();
                let list = RequestList { requests: list, started: now, cut_off: None };
                scheduler.record_list(Ok(list), now);
            }
            Step::Create { key, days } => {
                let time = random_build_time(&mut seed);
                total_build_time += time;
                longest_build_time = longest_build_time.max(time);
                let unfinished = upstream.values().filter(|request| request.ready_at > now).count();
                assert!(unfinished < 3, "a fourth upstream request");
                let response = UpstreamRequest {
                    id: UpstreamId::parse(&format!("u{}", upstream.len())).unwrap(),
                    status: UpstreamStatus::Pending,
                    report: key.report.as_str().to_owned(),
                    parameters: create_parameters(&key, days),
                    created: Some(now),
                    links: Vec::new(),
                };
                scheduler.record_create(&key, Ok(response.clone()), now);
                let ready_at = now.plus(time);
                upstream.insert(response.id.clone(), SimulatedRequest { response, ready_at });
            }
            Step::Poll { key, id } => {
                let request = upstream.get_mut(&id).unwrap();
                if request.ready_at <= now {
                    request.response.status = UpstreamStatus::Available;
                    request.response.links = vec!["https://files/one".to_owned()];
                }
                if let Some(handoff) = scheduler.record_poll(&key, &id, Ok(request.response.clone()), now) {
                    collecting.push((now.plus(COLLECTING), handoff.key, handoff.lease));
                }
            }
            Step::Inquire { key, lease } => {
                scheduler.record_inquiry(&key, lease, Some(domain::scheduler::CollectProgress::Working), now);
            }
            Step::Wait(until) => {
                ticks += u64::from(calls > calls_before);
                calls_before = calls;
                now = collecting.iter().map(|(done, ..)| *done).fold(until, Timestamp::min);
            }
            Step::Sweep { .. } | Step::Wipe { .. } | Step::NotifyShares { .. } => {
                unreachable!("nothing is erased")
            }
            Step::Idle => break,
        }
    }
    assert!(scheduler.windows().all(|window| window.copy.is_some()), "every window has its rows");
    let best = longest_build_time.max(total_build_time / 3);
    Simulation { windows, took: now.since(start), best, ticks, calls }
}

#[test]
fn a_year_of_every_dated_report_takes_hardly_longer_than_three_slots_allow() {
    // One year takes seconds to simulate. The benchmark sets `LECTERN_YEARS` to simulate more.
    let years = std::env::var("LECTERN_YEARS").ok().and_then(|years| years.parse().ok()).unwrap_or(1);
    for seed in 1..=years {
        let simulation = simulate(seed);
        #[expect(clippy::cast_precision_loss, reason = "hours in milliseconds")]
        let (took, best) = (simulation.took as f64 / HOUR as f64, simulation.best as f64 / HOUR as f64);
        let allowed = 3 * simulation.ticks + 3 * simulation.windows;
        println!(
            "schedule: {} windows in {took:.1} h, {:.3} of the best possible, {} calls of {allowed} allowed",
            simulation.windows,
            took / best,
            simulation.calls
        );
        assert!((360..=380).contains(&simulation.windows), "about a year of weeks for each of seven reports");
        assert!(took <= 1.05 * best, "{took:.2} h, although {best:.2} h are possible");
        assert!(simulation.calls <= allowed, "{} calls, {allowed} allowed", simulation.calls);
    }
}
