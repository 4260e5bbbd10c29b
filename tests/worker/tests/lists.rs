//! Echo360's lists of requests, courses, sections and terms: page by page, along their own path only, as far as they
//! go, and from where they broke off.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::{Courses, PauseReason, Requests, WindowStatus};
use domain::data_quality::DataQuality;
use domain::paging::{CutOff, ListName};
use sandbox::Report;
use sandbox::faults::{Fault, Order, Point};
use serde_json::json;
use std::time::{Duration, Instant};
use worker_tests::{Stack, Weeks, quick};

const PATIENCE: Duration = Duration::from_secs(150);

/// A GET that has an effect at Echo360.
const EFFECT: &str = "/public/api/v1/users/7/invite";

fn calls(stack: &Stack, kind: &str) -> u64 {
    stack.sandbox.ledger()["calls"].get(kind).and_then(serde_json::Value::as_u64).unwrap_or(0)
}

fn always(fault: Fault, on: Point) -> Order {
    Order { on: Some(on), always: true, next: Some(EFFECT.to_owned()), ..Order::once(fault) }
}

async fn clear_faults(stack: &Stack) {
    let faults = format!("{}/sandbox/faults", stack.sandbox.url());
    assert!(stack.http.delete(faults).send().await.unwrap().status().is_success());
}

/// The lists that administrators see as cut off, why, and after how many entries.
async fn cut_off(stack: &Stack) -> Vec<(ListName, CutOff, u64)> {
    let quality: DataQuality = serde_json::from_value(stack.get("/api/quality").await).unwrap();
    quality.lists.iter().map(|list| (list.list, list.reason, list.entries)).collect()
}

async fn courses(stack: &Stack) -> Courses {
    serde_json::from_value(stack.get("/api/courses").await).unwrap()
}

#[tokio::test]
async fn a_list_of_requests_that_cannot_be_read_to_its_end_stops_no_collecting_and_is_reported() {
    for (fault, reason, weeks) in
        [(Fault::BadNext, CutOff::BadNext, 14), (Fault::LongPage, CutOff::PageTooLong, 2)]
    {
        let stack = Stack::with(sandbox::Settings { build_seconds: 0.1..=0.2, ..quick() }, &[]).await;
        stack.sandbox.harm(vec![always(fault, Point::List)]);
        let request = stack.ask_weeks(Report::Confused, &Weeks::back(2, weeks)).await;
        let request = stack.settled(&request.id, PATIENCE).await;
        assert!(request.windows.iter().all(|w| w.state == WindowStatus::Ready && w.tries == 0), "{fault:?}");
        assert!(matches!(cut_off(&stack).await[..], [(ListName::Requests, found, _)] if found == reason));
        assert_eq!(calls(&stack, "other"), 0, "a GET with an effect");
        clear_faults(&stack).await;
        // A list is used for 20 s.
        tokio::time::sleep(Duration::from_secs(21)).await;
        stack.ready(Report::Confused, &Weeks::back(1, 1)).await;
        assert_eq!(cut_off(&stack).await, []);
        stack.check_ledger();
    }
}

#[tokio::test]
async fn a_list_of_courses_that_cannot_be_read_to_its_end_is_read_as_far_as_it_goes_and_reported() {
    let settings = sandbox::Settings { courses: 12, page_entries: 5, ..quick() };
    let stack = Stack::with(settings, &[]).await;
    stack.sandbox.harm(vec![always(Fault::BadNext, Point::Directory)]);
    let known = courses(&stack).await;
    // The five courses of the first page, and perhaps those of the five sections.
    assert!(known.courses.len() >= 5 && !known.terms.is_empty(), "{known:?}");
    let lists = [ListName::Terms, ListName::Courses, ListName::Sections];
    let found = cut_off(&stack).await;
    assert_eq!(found.iter().map(|(list, ..)| *list).collect::<Vec<_>>(), lists);
    assert!(found.iter().all(|(_, reason, entries)| (*reason, *entries <= 5) == (CutOff::BadNext, true)));
    assert_eq!((calls(&stack, "directory"), calls(&stack, "other")), (3, 0));
    // Rows are collected, and their courses are known.
    stack.ready(Report::VideoView, &Weeks::back(1, 1)).await;
    assert!(courses(&stack).await.courses.len() > 5);
}

#[tokio::test]
async fn a_list_of_courses_that_is_interrupted_goes_on_from_its_page_even_after_a_crash() {
    let settings = sandbox::Settings { courses: 12, page_entries: 20, ..quick() };
    let mut stack = Stack::with(settings, &[]).await;
    // The terms and the courses are on one page each, so this is a page of sections.
    stack.sandbox.harm(vec![Order {
        on: Some(Point::Directory),
        after: 5,
        ..Order::once(Fault::ServerError)
    }]);
    let known = courses(&stack).await;
    assert!(known.courses.len() == 12 && known.courses.iter().all(|course| course.sections.is_empty()));
    stack.kill();
    stack.boot().await;
    let started = Instant::now();
    let known = loop {
        let known = courses(&stack).await;
        if known.courses.iter().any(|course| !course.sections.is_empty()) {
            break known;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{}", stack.log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let sections = known.courses.iter().map(|course| course.sections.len()).sum::<usize>();
    let pages: usize =
        [known.terms.len(), known.courses.len(), sections].map(|n| n.div_ceil(20)).iter().sum();
    assert_eq!(known.courses.len(), 12);
    assert_eq!(calls(&stack, "directory"), pages as u64 + 1, "only the failed page is read twice");
}

#[tokio::test]
async fn a_list_of_requests_in_pages_is_read_to_its_end_and_goes_on_after_an_error() {
    let settings = sandbox::Settings { build_seconds: 0.1..=0.2, request_page_entries: Some(1), ..quick() };
    let stack = Stack::with(settings, &[]).await;
    let url = format!("{}/sandbox/requests", stack.sandbox.url());
    for week in [4, 3, 2, 1] {
        let weeks = Weeks::back(week, 1);
        let parameters = json!({"start": weeks.from.to_string(), "end": weeks.end().to_string()});
        let theirs = json!({"report": "qanda", "parameters": parameters, "build_seconds": 0.1});
        assert!(stack.http.post(&url).json(&theirs).send().await.unwrap().status().is_success());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    stack.sandbox.harm(vec![Order { on: Some(Point::List), after: 2, ..Order::once(Fault::ServerError) }]);
    // The request on the fourth page.
    stack.ready(Report::Qanda, &Weeks::back(1, 1)).await;
    let ledger = stack.sandbox.ledger();
    assert!(ledger["creates"].as_array().unwrap().iter().all(|made| made["by"] == "other"), "{ledger:#}");
    assert_eq!(calls(&stack, "list"), 5, "four pages, the third of them twice");
    assert_eq!(cut_off(&stack).await, []);
}

#[tokio::test]
async fn a_long_retry_after_holds_for_an_hour_and_an_administrator_ends_it() {
    let stack = Stack::with(sandbox::Settings { build_seconds: 0.1..=0.2, ..quick() }, &[]).await;
    stack.sandbox.harm(vec![Order {
        on: Some(Point::List),
        seconds: Some(86_400.0),
        ..Order::once(Fault::TooManyCalls)
    }]);
    let request = stack.ask_weeks(Report::Confused, &Weeks::back(1, 1)).await;
    let started = Instant::now();
    let pause = loop {
        let all: Requests = serde_json::from_value(stack.get("/api/requests").await).unwrap();
        if let Some(pause) = all.scheduler.held {
            break pause;
        }
        assert!(started.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(pause.reason, PauseReason::UpstreamDown);
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    assert!((3_000_000..=3_600_000).contains(&(pause.until.0 - now)), "{pause:?}");
    let retry = stack.at(&format!("/api/requests/{}/retry", request.id));
    assert!(stack.http.post(retry).send().await.unwrap().status().is_success());
    let request = stack.settled(&request.id, Duration::from_secs(60)).await;
    assert!(request.windows.iter().all(|window| window.state == WindowStatus::Ready));
}
