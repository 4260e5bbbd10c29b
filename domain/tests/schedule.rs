//! The schedule, simulated without sleeping: a year of every dated report, built in seconds or in hours, ends as
//! soon as three slots allow, and costs few calls.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use domain::fair_queue::Request;
use domain::range::Range;
use domain::report::{KnownReport, Shape};
use domain::report_listing::ReportListing;
use domain::scheduler::{Scheduler, Step, create_parameters};
use domain::time::{HOUR, SECOND, Timestamp, minus_days};
use domain::upstream::{UpstreamId, UpstreamRequest, UpstreamStatus};
use domain::window::{Parameters, WindowKey, plan_windows};
use domain::window_state::CollectOutcome;
use domain::zone::Zone;
use std::collections::BTreeMap;

/// How long one call takes.
const CALL: i64 = SECOND / 5;

/// How long a WindowStore takes to collect a file.
const COLLECTING: i64 = 5 * SECOND;

/// What a schedule came to.
struct Ended {
    windows: u64,
    /// From the ask to the last window's rows.
    took: i64,
    /// No schedule of these builds on three slots is shorter.
    best: i64,
    /// Wakes of the scheduler that made a call.
    ticks: u64,
    calls: u64,
}

/// An upstream request.
struct Building {
    shown: UpstreamRequest,
    ready: Timestamp,
}

/// An even chance of each order of magnitude between five seconds and three hours.
fn build_time(seed: &mut u64) -> i64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let even = f64::from(u32::try_from(*seed >> 33).unwrap()) / f64::from(1_u32 << 31);
    let (least, most) = (5.0_f64, 3.0 * 3600.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most three hours in milliseconds")]
    let time = (least * (most / least).powf(even) * 1000.0) as i64;
    time
}

fn simulated(mut seed: u64) -> Ended {
    let start = Timestamp::parse("2026-07-01 09:00:00").unwrap();
    let mut scheduler = Scheduler::default();
    // A year up to yesterday, less the days until the last is built: one report reaches back a year and no further.
    let range = Range::new(minus_days(start.day(), 357), minus_days(start.day(), 1)).unwrap();
    let mut windows = 0;
    for report in KnownReport::ALL.into_iter().filter(|report| report.descriptor().shape != Shape::Snapshot) {
        let name = domain::report::ReportName::from(report);
        let offer = ReportListing::from_reference(&name).unwrap();
        let keys = plan_windows(&offer, Some(range), &Zone::utc(), &Parameters::new(), start).unwrap();
        windows += keys.len() as u64;
        let request = Request {
            id: report.name().to_owned(),
            person: "somebody".to_owned(),
            report: offer.name,
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
    let mut upstream: BTreeMap<UpstreamId, Building> = BTreeMap::new();
    let mut collecting: Vec<(Timestamp, WindowKey, u32)> = Vec::new();
    let (mut now, mut calls, mut ticks) = (start, 0, 0);
    let (mut total, mut longest) = (0, 0);
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
                let list = upstream.values().map(|it| it.shown.clone()).collect();
                scheduler.record_list(Ok(list), now);
            }
            Step::Create { key, days } => {
                let time = build_time(&mut seed);
                (total, longest) = (total + time, longest.max(time));
                let under_way = upstream.values().filter(|it| it.ready > now).count();
                assert!(under_way < 3, "a fourth upstream request");
                let shown = UpstreamRequest {
                    id: UpstreamId::parse(&format!("u{}", upstream.len())).unwrap(),
                    status: UpstreamStatus::Pending,
                    report: key.report.as_str().to_owned(),
                    parameters: create_parameters(&key, days),
                    created: Some(now),
                    links: Vec::new(),
                };
                scheduler.record_create(&key, Ok(shown.clone()), now);
                upstream.insert(shown.id.clone(), Building { shown, ready: now.plus(time) });
            }
            Step::Poll { key, id } => {
                let building = upstream.get_mut(&id).unwrap();
                if building.ready <= now {
                    building.shown.status = UpstreamStatus::Available;
                    building.shown.links = vec!["https://files/one".to_owned()];
                }
                if let Some(hand) = scheduler.record_poll(&key, &id, Ok(building.shown.clone()), now) {
                    collecting.push((now.plus(COLLECTING), hand.key, hand.lease));
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
                unreachable!("nothing is to be forgotten")
            }
            Step::Idle => break,
        }
    }
    assert!(scheduler.windows().all(|window| window.copy.is_some()), "every window has its rows");
    Ended { windows, took: now.since(start), best: longest.max(total / 3), ticks, calls }
}

#[test]
fn a_year_of_every_dated_report_ends_as_soon_as_three_slots_allow() {
    // One year takes seconds to simulate; the bench asks for more of them.
    let years = std::env::var("LECTERN_YEARS").ok().and_then(|years| years.parse().ok()).unwrap_or(1);
    for seed in 1..=years {
        let ended = simulated(seed);
        #[expect(clippy::cast_precision_loss, reason = "hours in milliseconds")]
        let (took, best) = (ended.took as f64 / HOUR as f64, ended.best as f64 / HOUR as f64);
        let allowed = 3 * ended.ticks + 3 * ended.windows;
        println!(
            "schedule: {} windows in {took:.1} h, {:.3} of the best possible, {} calls of {allowed} allowed",
            ended.windows,
            took / best,
            ended.calls
        );
        assert!((360..=380).contains(&ended.windows), "about a year of weeks for each of seven reports");
        assert!(took <= 1.05 * best, "{took:.2} h, and {best:.2} h would do");
        assert!(ended.calls <= allowed, "{} calls, {allowed} allowed", ended.calls);
    }
}
