//! Courses, sections and terms: from Echo360's lists before any row has arrived, and from rows if the lists
//! cannot be read.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::{Courses, Requests};
use domain::range::Range;
use sandbox::Report;
use sandbox::faults::{Fault, Order, Point};
use serde_json::Value;
use std::collections::BTreeSet;
use worker_tests::{Stack, Weeks, quick};

async fn courses(stack: &Stack) -> Courses {
    serde_json::from_value(stack.get("/api/courses").await).unwrap()
}

/// All pages of one of the sandbox's lists, read with the sandbox's credentials.
async fn read_list(stack: &Stack, path: &str) -> Vec<Value> {
    let settings = quick();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        settings.client_id, settings.client_secret
    );
    let token = stack
        .http
        .post(format!("{}/oauth2/access_token", stack.sandbox.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let token: Value = token.send().await.unwrap().json().await.unwrap();
    let (mut all, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let call = stack.http.get(format!("{}{path}", stack.sandbox.url()));
        let page = call.bearer_auth(token["access_token"].as_str().unwrap()).send().await.unwrap();
        let page: Value = page.json().await.unwrap();
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
    }
    all
}

fn ids(entries: &[Value]) -> BTreeSet<String> {
    entries.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

fn directory_calls(stack: &Stack) -> u64 {
    stack.sandbox.ledger()["calls"]["directory"].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn the_lists_are_read_before_any_row_arrives_and_once_a_day() {
    let stack = Stack::with(sandbox::Settings { courses: 12, ..quick() }, &[]).await;
    let known = courses(&stack).await;
    let calls = directory_calls(&stack);
    assert!(calls >= 4, "sections must take more than one page: {calls} calls");
    let again = courses(&stack).await;
    assert_eq!(again, known);
    assert_eq!(directory_calls(&stack), calls, "the lists must be read only once");
    assert!(stack.sandbox.ledger()["creates"].as_array().unwrap().is_empty());

    let truth = read_list(&stack, "/public/api/v1/courses").await;
    assert_eq!(
        known.courses.iter().map(|course| course.id.to_string()).collect::<BTreeSet<_>>(),
        ids(&truth)
    );
    for course in &known.courses {
        let listed = truth.iter().find(|entry| entry["id"] == course.id.as_str()).unwrap();
        assert_eq!(
            (&listed["name"], &listed["courseIdentifier"]),
            (&course.name.clone().into(), &course.code.clone().into())
        );
    }
    let truth = read_list(&stack, "/public/api/v1/sections").await;
    let sections = || known.courses.iter().flat_map(|course| &course.sections);
    assert_eq!(sections().map(|section| section.id.to_string()).collect::<BTreeSet<_>>(), ids(&truth));
    let terms: BTreeSet<&str> = known.terms.iter().map(|term| term.id.as_str()).collect();
    assert!(sections().all(|section| terms.contains(section.term.as_deref().unwrap())));
    let truth = read_list(&stack, "/public/api/v1/terms").await;
    assert_eq!(known.terms.iter().map(|term| term.id.clone()).collect::<BTreeSet<_>>(), ids(&truth));
    assert!(
        known.terms.windows(2).all(|pair| pair[0].to < pair[1].from),
        "terms must be oldest first and not overlap"
    );
}

#[tokio::test]
async fn the_term_of_a_week_without_classes_lists_it_as_a_break() {
    let week = Weeks::back(2, 1);
    let day = sandbox::parse_instant(&week.from.to_string()).unwrap() / (24 * 60 * 60);
    let stack = Stack::with(sandbox::Settings { break_week: Some(day), ..quick() }, &[]).await;
    let known = courses(&stack).await;
    let breaks = |term: &domain::directory::Term| term.breaks.iter().collect::<Vec<_>>();
    let (with, without): (Vec<_>, Vec<_>) = known.terms.iter().partition(|term| !term.breaks.is_empty());
    assert_eq!(with.len(), 1, "one term must have a break: {with:?}");
    let term = with[0];
    assert!(!without.is_empty());
    assert!(term.from <= week.from && week.to() <= term.to);
    // The sandbox lists Monday to Friday.
    assert_eq!(breaks(term), [Range::new(week.from, week.to()).unwrap()]);
    // The lists are stored between readings.
    assert_eq!(courses(&stack).await, known);
    stack.ready(Report::VideoView, &Weeks::back(1, 2)).await;
}

#[tokio::test]
async fn rows_add_no_duplicate_courses_or_sections() {
    let stack = Stack::start().await;
    let before = courses(&stack).await;
    stack.ready(Report::VideoView, &Weeks::back(1, 2)).await;
    stack.ready(Report::Notes, &Weeks::back(1, 2)).await;
    assert_eq!(courses(&stack).await, before);
}

#[tokio::test]
async fn without_the_lists_courses_come_from_rows_and_requests_continue() {
    for fault in [Fault::ServerError, Fault::Unauthorized] {
        let stack = Stack::start().await;
        stack.sandbox.harm(vec![Order { on: Some(Point::Directory), always: true, ..Order::once(fault) }]);
        assert!(courses(&stack).await.courses.is_empty());
        let requests: Requests = serde_json::from_value(stack.get("/api/requests").await).unwrap();
        assert_eq!(requests.scheduler.held, None, "{fault:?}");
        stack.ready(Report::VideoView, &Weeks::back(1, 1)).await;
        let known = courses(&stack).await;
        assert!(!known.courses.is_empty() && known.terms.is_empty());
        assert!(known.courses.iter().all(|course| !course.sections.is_empty() && !course.code.is_empty()));
    }
}
