//! What persists between deployments: the jurisdiction and the tables; and the clock that tests shift.

use domain::api::Session;
use domain::problem::Code;
use domain::time::{DAY, MINUTE};
use std::time::Duration;
use worker_tests::{Stack, now, quick};

#[tokio::test]
async fn a_changed_jurisdiction_is_refused_and_the_first_one_still_works() {
    let mut stack = Stack::start().await;
    stack.get("/api/reports").await;
    stack.kill();
    stack.set("LECTERN_JURISDICTION", "eu");
    stack.boot().await;
    for path in ["/api/reports", "/api/session", "/healthz"] {
        let problem = stack.problem(path).await;
        assert_eq!(problem.code, Code::SettingsWrong, "{path}");
        let detail = problem.detail.to_string();
        let names_it = detail.contains("LECTERN_JURISDICTION") && detail.contains("Remove the setting again");
        assert_eq!(names_it, path == "/healthz", "{path}: {detail}");
    }
    stack.kill();
    stack.set("LECTERN_JURISDICTION", "");
    stack.boot().await;
    stack.get("/api/reports").await;
}

#[tokio::test]
async fn a_runtime_without_jurisdictions_refuses_one_and_records_none() {
    let mut stack = Stack::with(quick(), &[("LECTERN_JURISDICTION", "eu")]).await;
    let problem = stack.problem("/healthz").await;
    assert_eq!(problem.code, Code::SettingsWrong);
    let detail = problem.detail.to_string();
    assert!(detail.contains("this runtime cannot restrict where data is stored"), "{detail}");
    stack.kill();
    stack.set("LECTERN_JURISDICTION", "");
    stack.boot().await;
    stack.get("/api/reports").await;
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_alone() {
    let mut stack = Stack::start().await;
    stack.get("/api/courses").await;
    stack.kill();
    stack.damage("Scheduler", false, "UPDATE schema_version SET version = 2");
    stack.boot().await;
    assert_eq!(stack.problem("/api/courses").await.code, Code::Internal);
    // A log line is written slightly after the response.
    let sentence = "deploy the newer version of Lectern again";
    for _ in 0..100 {
        if stack.log().contains(sentence) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(stack.log().contains(sentence), "{}", stack.log());
    stack.kill();
    stack.damage("Scheduler", false, "UPDATE schema_version SET version = 1");
    stack.boot().await;
    stack.get("/api/courses").await;
}

#[tokio::test]
async fn the_clock_is_shifted_in_local_mode_only() {
    let offset = (30 * DAY / 1000).to_string();
    let mut stack = Stack::with(quick(), &[("LECTERN_CLOCK_OFFSET_SECONDS", &offset)]).await;
    let session: Session = serde_json::from_value(stack.get("/api/session").await).unwrap();
    let ahead = session.now.since(now());
    assert!((30 * DAY - MINUTE..=30 * DAY + MINUTE).contains(&ahead), "{ahead}");
    stack.kill();
    stack.set("LECTERN_LOCAL", "0");
    stack.boot().await;
    let problem = stack.problem("/healthz").await;
    assert_eq!(problem.code, Code::SettingsWrong);
    assert!(problem.detail.contains("LECTERN_CLOCK_OFFSET_SECONDS"), "{}", problem.detail);
}
