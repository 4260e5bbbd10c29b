//! Formats that Durable Objects store. State outlives a deployment, so each JSON text here must stay readable
//! and be serialized to the same bytes.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use domain::directory::Directory;
use domain::fair_queue::Request;
use domain::report_listing::ReportListing;
use domain::role::RoleAssignment;
use domain::role_upload::RoleUpload;
use domain::scheduler::{Account, CollectProgress};
use domain::shared_accounts::AccountMarks;
use domain::shrinkage::ShrunkenCopy;
use domain::window::WindowKey;
use domain::window_state::CollectOutcome;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Checks that a text, without its line breaks and indentation, is parsed and serialized to the same bytes.
#[track_caller]
fn check<T: DeserializeOwned + Serialize>(text: &str) {
    let text: String = text.lines().map(str::trim_start).collect();
    let value: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
}

#[test]
fn window_key_format_unchanged() {
    check::<WindowKey>(r#"{"report":"asset","days":"all"}"#);
    check::<WindowKey>(r#"{"report":"videoview","days":{"week":"2026-02-02"}}"#);
    check::<WindowKey>(
        r#"{"report":"visit","days":{"exactly":["2026-02-04","2026-02-09"]},"parameters":{"page":"home"}}"#,
    );
}

#[test]
fn request_format_unchanged() {
    check::<Request>(
        r#"{"id":"r","person":"ana@university.example","report":"videoview",
        "range":{"from":"2026-02-02","to":"2026-02-08"},"zone":"UTC","parameters":{},"created":5,"asked":6,
        "windows":[{"report":"videoview","days":{"week":"2026-02-02"}}],"turn":7}"#,
    );
}

#[test]
fn account_format_unchanged() {
    check::<Account>(
        r#"{"calls":[1,2],"trouble":{"troubles":1,"until":5},"limit":{"troubles":0,"until":0},
        "denied":{"troubles":0,"until":0},"denied_detail":"","turn":9}"#,
    );
    check::<Account>(
        r#"{"calls":[],"trouble":{"troubles":0,"until":0},"limit":{"troubles":0,"until":0},
        "denied":{"troubles":0,"until":0},"denied_detail":"","turn":9,
        "results":{"day":"2026-02-02","answered":false,"unanswered":true,"collected":false,"given_up":false,
        "failed_before":2}}"#,
    );
}

#[test]
fn collect_outcome_and_progress_format_unchanged() {
    check::<CollectOutcome>(r#"{"whole":{"rows":2,"bytes":20,"header":"a,b"}}"#);
    check::<CollectOutcome>(
        r#"{"shrunken":{"rows":9,"sections":[{"course":"c","section":"s","before":11,"after":0}]}}"#,
    );
    check::<CollectOutcome>(r#""link-expired""#);
    for kind in ["unreachable", "bad-file", "barred"] {
        check::<CollectOutcome>(&format!(r#"{{"{kind}":{{"detail":"It failed."}}}}"#));
    }
    check::<CollectProgress>(r#""working""#);
    check::<CollectProgress>(r#""unknown""#);
    check::<CollectProgress>(r#"{"done":"link-expired"}"#);
}

#[test]
fn shrunken_copy_format_unchanged() {
    check::<ShrunkenCopy>(r#"{"upstream":"u","created":5,"shrinkage":{"rows":9,"sections":[]}}"#);
    check::<ShrunkenCopy>(
        r#"{"upstream":"u","created":5,"shrinkage":{"rows":9,"sections":[]},"choice":"replace"}"#,
    );
}

#[test]
fn directory_format_unchanged() {
    check::<Directory>(
        r#"{"terms":[{"id":"t","name":"Spring 2026","from":"2026-01-12","to":"2026-05-10"}],
        "courses":[{"id":"c","code":"BIO-101","name":"Cells"}],
        "sections":[{"id":"s","course":"c","number":"001","term":"t"}]}"#,
    );
    check::<Directory>(
        r#"{"terms":[{"id":"t","name":"Spring 2026","from":"2026-01-12","to":"2026-05-10",
        "breaks":[{"from":"2026-02-16","to":"2026-02-22"}]}],"courses":[],"sections":[]}"#,
    );
}

#[test]
fn report_listing_format_unchanged() {
    check::<ReportListing>(
        r#"{"name":"notes","description":"Notes","note":"",
        "parameters":[{"name":"start","datatype":"date","required":true}]}"#,
    );
}

#[test]
fn role_assignment_format_unchanged() {
    check::<RoleAssignment>(r#"{"role":"instructor","grants":[{"course":"c","section":"s"}]}"#);
    check::<RoleUpload>(r#"{"ana@university.example":{"role":"analyst","grants":[]}}"#);
}

#[test]
fn marks_of_accounts_format_unchanged() {
    check::<AccountMarks>(r#"{"u":{"mark":"shared","by":"a@x","at":5}}"#);
}
