//! Limits on how often somebody may call, and on how much one person may read in a day.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests and their helpers fail at the first error")]

use domain::problem::{Code, Problem};
use domain::quota::MAX_READ_PER_DAY;
use domain::rate_limit::RateLimit;
use domain::shares::ShareSubject;
use domain::time::{minus_days, monday};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use worker_tests::signer::Signer;
use worker_tests::{Stack, quick, today};

const KEY: &str = "e2c4d1d06ff3a1d9c0d4f5ab8b4e0f3f";
const SESSION_KEY: &str = "0d107d09f5bbe40cade3de5c71e9e9b7aaaa5555ffff0000";
const BOSS: &str = "boss@university.example";
const ANA: &str = "ana@university.example";
const HEADER: &str = "cf-access-jwt-assertion";

struct Setup {
    stack: Stack,
    signer: Signer,
}

impl Setup {
    async fn start() -> Self {
        let signer = Signer::start();
        let mut settings = signer.settings().to_vec();
        let admins = format!("{BOSS},{ANA}");
        settings.extend([
            ("LECTERN_KEY", KEY),
            ("LECTERN_SESSION_KEY", SESSION_KEY),
            ("LECTERN_ADMINS", admins.as_str()),
            // Not UTC, so that a week is in two windows.
            ("LECTERN_TIME_ZONE", "Africa/Lagos"),
        ]);
        Self { stack: Stack::with(quick(), &settings).await, signer }
    }

    fn call(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.stack.http.request(method, self.stack.at(path)).header(HEADER, token)
    }
}

/// Repeats a call until it is refused, and returns the number of calls before and the problem. The runtime counts in whole minutes,
/// so a limit applies after twice as many calls at the latest.
async fn repeat_until_refused(limit: RateLimit, call: impl Fn() -> RequestBuilder) -> (u32, Problem) {
    for count in 0..=2 * limit.max_calls() {
        let answer = call().send().await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return (count, answer.json().await.unwrap());
        }
        assert!(!answer.status().is_server_error(), "{}", answer.status());
    }
    panic!("{limit:?} limits nothing");
}

#[tokio::test]
async fn calls_are_limited_by_person_and_sign_ins_by_network() {
    let setup = Setup::start().await;
    let (boss, ana) = (setup.signer.token(BOSS), setup.signer.token(ANA));
    // Nothing is loaded: the call counts whatever it finds.
    let count = |token: &str| setup.call(Method::GET, "/api/csv/asset/count", token);
    let (calls, problem) = repeat_until_refused(RateLimit::Reading, || count(&boss)).await;
    assert_eq!((problem.code, problem.retry_after), (Code::TooManyTries, Some(60)));
    assert!(calls >= RateLimit::Reading.max_calls(), "{calls}");
    assert_ne!(count(&ana).send().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS, "another person");
    let session = setup.call(Method::GET, "/api/session", &boss);
    assert_eq!(session.send().await.unwrap().status(), StatusCode::OK, "routes that cost little");

    // With the right key, which the throttle for wrong ones does not count.
    let sign_in = |network: &str| {
        let call = setup.stack.http.post(setup.stack.at("/api/session")).json(&json!({"key": KEY}));
        call.header("cf-connecting-ip", network)
    };
    let (count, problem) = repeat_until_refused(RateLimit::SignIn, || sign_in("2001:db8:0:1::7")).await;
    assert_eq!((problem.code, problem.retry_after), (Code::TooManyTries, Some(60)));
    assert!(count >= RateLimit::SignIn.max_calls(), "{count}");
    assert_eq!(sign_in("2001:db8:0:2::1").send().await.unwrap().status(), StatusCode::OK, "another network");
}

#[tokio::test]
async fn previews_of_shares_are_recorded_and_what_one_person_reads_in_a_day_is_limited() {
    let setup = Setup::start().await;
    let (boss, ana) = (setup.signer.token(BOSS), setup.signer.token(ANA));
    let courses: serde_json::Value =
        setup.call(Method::GET, "/api/courses", &boss).send().await.unwrap().json().await.unwrap();
    // All reports of a course over a year, of which nothing is loaded.
    let last = minus_days(monday(today()), 1);
    let body = json!({
        "report": "course", "course": courses["courses"][0]["id"], "preview": true,
        "from": minus_days(last, 53 * 7 - 1).to_string(), "to": last.to_string(),
    });
    let preview = |token: &str| setup.call(Method::POST, "/api/shares", token).json(&body);
    let mut previews = 0;
    let problem: Problem = loop {
        let problem: Problem = preview(&boss).send().await.unwrap().json().await.unwrap();
        if problem.code != Code::NothingToShare {
            break problem;
        }
        previews += 1;
    };
    assert_eq!(problem.code, Code::Quota, "{problem:?}");
    let windows = 2 * 53 * u32::try_from(ShareSubject::Course.reports().len()).unwrap();
    assert_eq!(previews, MAX_READ_PER_DAY / windows);
    let other: Problem = preview(&ana).send().await.unwrap().json().await.unwrap();
    assert_eq!(other.code, Code::NothingToShare, "another person");

    let record = setup.call(Method::GET, "/api/record?what=share-previewed", &boss).send().await.unwrap();
    let page: domain::api::AuditLogPage = record.json().await.unwrap();
    let count: u32 = page.entries.iter().filter(|entry| entry.person == BOSS).map(|entry| entry.count).sum();
    assert_eq!(count, previews, "{page:?}");
}
