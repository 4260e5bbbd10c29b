//! Weeks that lose rows when they are requested again: the fuller copy is served until an administrator has chosen,
//! and erasures apply to both.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::{RequestInfo, ShrunkenWindows, WindowStatus};
use domain::problem::Code;
use sandbox::faults::{Fault, Order};
use sandbox::{Report, Truth};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use worker_tests::reading::{Digest, csv};
use worker_tests::{Stack, Weeks, refusal};

const REPORT: Report = Report::VideoView;
const PATIENCE: Duration = Duration::from_secs(90);

/// The columns of a section's and a course's id.
const SECTION: usize = 2;
const COURSE: usize = 4;

/// From now on every file lacks a section.
fn lose_sections(stack: &Stack) {
    stack.sandbox.harm(vec![Order { always: true, ..Order::once(Fault::MissingSection) }]);
}

async fn clear_faults(stack: &Stack) {
    let url = format!("{}/sandbox/faults", stack.sandbox.url());
    assert!(stack.http.delete(url).send().await.unwrap().status().is_success());
}

/// Requests windows of a request again, by name, and waits for the result.
async fn request_again(stack: &Stack, request: &RequestInfo, windows: &[&str]) -> RequestInfo {
    let path = stack.at(&format!("/api/requests/{}/retry", request.id));
    let answer = stack.http.post(path).json(&json!({"windows": windows})).send().await.unwrap();
    assert!(answer.status().is_success());
    stack.settled(&request.id, PATIENCE).await
}

async fn list(stack: &Stack) -> ShrunkenWindows {
    serde_json::from_value(stack.get("/api/shrunken").await).unwrap()
}

fn choice(stack: &Stack, window: &str, choice: &str) -> reqwest::RequestBuilder {
    let body = json!({"report": REPORT.name(), "window": window, "choice": choice});
    stack.http.post(stack.at("/api/shrunken")).json(&body)
}

async fn choose(stack: &Stack, window: &str, what: &str) -> ShrunkenWindows {
    let answer = choice(stack, window, what).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// The digest of the true rows of a week that match.
fn truth(stack: &Stack, week: &Weeks, is_included: impl Fn(&[String]) -> bool) -> Digest {
    let mut digest = Digest::default();
    for row in stack.truth().rows(&week.truth(REPORT)).iter().filter(|row| is_included(row)) {
        digest.add(row.iter().map(String::as_str));
    }
    digest
}

async fn digest(stack: &Stack, week: &Weeks) -> Digest {
    let path = format!("{}?from={}&to={}&cells=raw", REPORT.name(), week.from, week.to());
    csv(stack, &path, b',').await.digest(Truth::columns(REPORT).len())
}

fn creates(stack: &Stack) -> usize {
    stack.sandbox.ledger()["creates"].as_array().unwrap().len()
}

/// The choices in the audit log, newest first. It is written once a second.
async fn choices_in_audit_log(stack: &Stack, count: usize) -> Vec<String> {
    let started = Instant::now();
    loop {
        let page = stack.get("/api/record?what=copy-chosen").await;
        let entries = page["entries"].as_array().unwrap();
        if entries.len() >= count || started.elapsed() > Duration::from_secs(10) {
            return entries.iter().map(|entry| entry["view"].as_str().unwrap().to_owned()).collect();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn erase(stack: &Stack, what: &Value) {
    let answer = stack.http.post(stack.at("/api/forget")).json(what).send().await.unwrap();
    assert!(answer.status().is_success());
    stack.wait_until_erased().await;
}

#[tokio::test]
async fn a_final_week_that_has_lost_a_section_serves_the_fuller_copy_until_an_administrator_chooses() {
    let stack = Stack::start().await;
    let (weeks, older, newer) = (Weeks::back(2, 2), Weeks::back(3, 1), Weeks::back(2, 1));
    let before = stack.ready(REPORT, &weeks).await;
    let [first, second] = before.windows.as_slice() else { unreachable!("two weeks") };
    assert_eq!((first.start, second.start), (Some(older.from), Some(newer.from)));
    assert_eq!(list(&stack).await, ShrunkenWindows::default());

    lose_sections(&stack);
    let after = request_again(&stack, &before, &[&first.id, &second.id]).await;
    for (week, (was, is)) in [&older, &newer].into_iter().zip(before.windows.iter().zip(&after.windows)) {
        assert_eq!((is.state, is.again, is.tries, &is.fault), (WindowStatus::Ready, None, 0, &None));
        assert_eq!(is.copy, was.copy, "the copy stays");
        assert_eq!(digest(&stack, week).await, truth(&stack, week, |_| true));
    }
    let shrunken = list(&stack).await.windows;
    assert_eq!(shrunken.iter().map(|window| &window.window).collect::<Vec<_>>(), [&first.id, &second.id]);
    for (window, week) in shrunken.iter().zip([&older, &newer]) {
        let rows = stack.truth().rows(&week.truth(REPORT));
        let [section] = window.sections.as_slice() else { unreachable!("one section: {window:?}") };
        let lost = rows.iter().filter(|row| row[SECTION] == section.section).count() as u64;
        assert!(lost > 0 && section.label.contains("section "), "{section:?}");
        assert_eq!((section.rows, section.new_rows), (lost, 0));
        assert_eq!((window.rows, window.new_rows), (rows.len() as u64, rows.len() as u64 - lost));
        let info = after.windows.iter().find(|info| info.id == window.window).unwrap();
        let loss = info.shrunken.unwrap();
        assert_eq!((loss.rows, loss.new_rows), (window.rows, window.new_rows));
    }

    // Nobody's request collects the week again by itself.
    let known = creates(&stack);
    stack.ready(REPORT, &weeks).await;
    assert_eq!(creates(&stack), known);

    let left = choose(&stack, &first.id, "keep").await;
    assert_eq!(left.windows.iter().map(|window| &window.window).collect::<Vec<_>>(), [&second.id]);
    assert_eq!(refusal(choice(&stack, &first.id, "replace")).await.code, Code::UnknownWindow);
    assert_eq!(refusal(choice(&stack, "monday", "keep")).await.code, Code::BadId);
    assert_eq!(choose(&stack, &second.id, "replace").await, ShrunkenWindows::default());
    let replaced = stack.settled(&before.id, PATIENCE).await;
    let (kept, lost) = (&replaced.windows[0], &shrunken[1]);
    assert_eq!((&kept.copy, kept.shrunken), (&first.copy, None));
    let copy = replaced.windows[1].copy.as_ref().unwrap();
    assert_eq!((copy.rows, replaced.windows[1].shrunken), (Some(lost.new_rows), None));
    let is_left = |row: &[String]| row[SECTION] != lost.sections[0].section;
    assert_eq!(digest(&stack, &newer).await, truth(&stack, &newer, is_left));
    assert_eq!(digest(&stack, &older).await, truth(&stack, &older, |_| true));

    let expected = [format!("replace videoview/{}", second.id), format!("keep videoview/{}", first.id)];
    assert_eq!(choices_in_audit_log(&stack, expected.len()).await, expected);

    // Once the section is back, a week that is requested again is complete again.
    clear_faults(&stack).await;
    let complete = request_again(&stack, &before, &[&first.id, &second.id]).await;
    assert!(complete.windows.iter().all(|window| window.shrunken.is_none()));
    assert_eq!(digest(&stack, &newer).await, truth(&stack, &newer, |_| true));
    stack.check_ledger();
}

#[tokio::test]
async fn a_snapshot_is_replaced_whatever_it_has_lost() {
    let stack = Stack::start().await;
    lose_sections(&stack);
    let before = stack.ready(Report::Asset, &Weeks::back(1, 1)).await;
    clear_faults(&stack).await;
    let full = request_again(&stack, &before, &["all"]).await;
    lose_sections(&stack);
    let after = request_again(&stack, &before, &["all"]).await;
    let rows = |request: &RequestInfo| request.windows[0].copy.as_ref().unwrap().rows.unwrap();
    assert!(rows(&before) < rows(&full) && rows(&after) < rows(&full));
    assert_eq!(after.windows[0].shrunken, None);
}

#[tokio::test]
async fn erasures_apply_to_both_copies_and_erased_rows_are_no_loss() {
    let stack = Stack::start().await;
    let week = Weeks::back(2, 1);
    let before = stack.ready(REPORT, &week).await;
    let id = before.windows[0].id.clone();
    lose_sections(&stack);
    request_again(&stack, &before, &[&id]).await;
    let found = list(&stack).await.windows.remove(0);
    let section = found.sections[0].clone();

    // A person with rows outside the lost section: both counts fall by as much.
    let rows = stack.truth().rows(&week.truth(REPORT));
    let mut by_person: BTreeMap<&str, usize> = BTreeMap::new();
    let email = Truth::columns(REPORT).iter().position(|name| name.eq_ignore_ascii_case("email")).unwrap();
    for row in rows.iter().filter(|row| !row[email].is_empty() && row[COURSE] != section.course.as_str()) {
        *by_person.entry(&row[email]).or_default() += 1;
    }
    let person = by_person.into_iter().max_by_key(|(_, rows)| *rows).unwrap().0.to_owned();
    let is_of_person = |row: &[String]| row[email] == person;
    let erased = rows.iter().filter(|row| is_of_person(row)).count() as u64;
    erase(&stack, &json!({"person": {"email": person}})).await;
    let now = list(&stack).await.windows.remove(0);
    assert_eq!((now.rows, now.new_rows), (found.rows - erased, found.new_rows - erased));
    assert_eq!(digest(&stack, &week).await, truth(&stack, &week, |row| !is_of_person(row)));

    // The smaller copy is collected once more, without the erased person.
    choose(&stack, &id, "replace").await;
    let replaced = stack.settled(&before.id, PATIENCE).await;
    assert_eq!(replaced.windows[0].shrunken, None);
    let is_left = |row: &[String]| !is_of_person(row) && row[SECTION] != section.section;
    assert_eq!(digest(&stack, &week).await, truth(&stack, &week, is_left));

    // Erasing the course whose section was lost leaves nothing to compare.
    clear_faults(&stack).await;
    request_again(&stack, &before, &[&id]).await;
    assert_eq!(digest(&stack, &week).await, truth(&stack, &week, |row| !is_of_person(row)));
    lose_sections(&stack);
    request_again(&stack, &before, &[&id]).await;
    assert_eq!(list(&stack).await.windows.len(), 1);
    erase(&stack, &json!({"course": section.course})).await;
    assert_eq!(list(&stack).await, ShrunkenWindows::default());
    let is_left = |row: &[String]| !is_of_person(row) && row[COURSE] != section.course.as_str();
    assert_eq!(digest(&stack, &week).await, truth(&stack, &week, is_left));
    stack.check_ledger();
}
