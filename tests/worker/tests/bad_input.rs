//! Bad input gets a clear problem and creates nothing; invalid settings are reported; cross-site requests are
//! rejected.

use domain::api::Requests;
use domain::problem::Code;
use domain::time::{minus_days, plus_days};
use serde_json::{Value, json};
use worker_tests::{Stack, quick, refusal, today};

#[tokio::test]
async fn a_bad_request_gets_a_problem_and_creates_nothing() {
    let stack = Stack::start().await;
    let day = |back: u64| minus_days(today(), back).to_string();
    let bad_requests: Vec<(Value, Code)> = vec![
        (json!({"report": "videoviews", "from": day(9), "to": day(3)}), Code::UnknownReport),
        (json!({"report": "../asset"}), Code::UnknownReport),
        (json!({"report": "videoview", "from": day(3), "to": day(9)}), Code::RangeBackwards),
        (json!({"report": "videoview", "from": day(3), "to": day(0)}), Code::RangeInFuture),
        (
            json!({"report": "videoview", "from": day(3), "to": plus_days(today(), 40).to_string()}),
            Code::RangeInFuture,
        ),
        (json!({"report": "videoview", "from": day(9000), "to": day(3)}), Code::RangeTooLong),
        (json!({"report": "assetbydate", "from": day(400), "to": day(3)}), Code::RangeTooOld),
        (json!({"report": "asset", "from": day(9), "to": day(3)}), Code::BadRange),
        (json!({"report": "notes"}), Code::BadRange),
        (json!({"report": "notes", "from": day(9)}), Code::BadRange),
        (json!({"report": "notes", "from": "2026-02-30", "to": day(3)}), Code::BadDay),
        (json!({"report": "notes", "from": "last week", "to": day(3)}), Code::BadDay),
        (json!({"report": "notes", "from": day(9), "to": day(3), "tz": "Berlin"}), Code::BadZone),
        (json!({"report": "notes", "from": day(9), "to": day(3), "tz": "+01:00"}), Code::BadZone),
        (
            json!({"report": "notes", "from": day(9), "to": day(3), "parameters": {"x": "1"}}),
            Code::BadParameters,
        ),
        (json!({"report": "notes", "form": day(9), "to": day(3)}), Code::BadBody),
        (json!({"from": day(9), "to": day(3)}), Code::BadBody),
        (json!({"report": 7}), Code::BadBody),
        (json!([]), Code::BadBody),
    ];
    for (body, code) in bad_requests {
        let problem = refusal(stack.http.post(stack.at("/api/requests")).json(&body)).await;
        assert_eq!(problem.code, code, "{body}: {problem:?}");
        assert!(problem.detail.len() > 20 && problem.detail.ends_with('.'), "{problem:?}");
    }
    let raw = |body: &str| refusal(stack.http.post(stack.at("/api/requests")).body(body.to_owned()));
    assert_eq!(raw("{\"report\":").await.code, Code::BadBody);
    assert_eq!(raw("").await.code, Code::BadBody);
    let long = format!("{{\"report\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(raw(&long).await.code, Code::BodyTooLarge);
    // The same without `Content-Length`.
    let chunks = futures_util::stream::iter(
        std::iter::repeat_n(" ".repeat(10_000), 8).map(Ok::<_, std::convert::Infallible>),
    );
    let call = stack.http.post(stack.at("/api/requests")).body(reqwest::Body::wrap_stream(chunks));
    assert_eq!(refusal(call).await.code, Code::BodyTooLarge);

    let listed: Requests = serde_json::from_value(stack.get("/api/requests").await).unwrap();
    assert!(listed.requests.is_empty());
    assert_eq!(stack.sandbox.ledger()["creates"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn wrong_paths_parameters_and_methods_get_their_problems() {
    let stack = Stack::start().await;
    let none = "0".repeat(32);
    for (path, code) in [
        ("/api/nothing".to_owned(), Code::UnknownRoute),
        ("/api".to_owned(), Code::UnknownRoute),
        ("/api/requests/1".to_owned(), Code::BadId),
        (format!("/api/requests/{none}"), Code::UnknownRequest),
        ("/api/rows/videoview/monday".to_owned(), Code::BadId),
        ("/api/rows/videoview/2020-01-06".to_owned(), Code::UnknownWindow),
        ("/api/rows/videoview/2020-01-06?generation=x".to_owned(), Code::BadQuery),
        ("/api/rows/videoview/2020-01-06?secton=x".to_owned(), Code::BadQuery),
        ("/api/csv/asset?delimiter=%3B".to_owned(), Code::BadQuery),
        ("/api/csv/asset?cells=wild".to_owned(), Code::BadQuery),
        ("/api/csv/asset?cells=raw&cells=safe".to_owned(), Code::BadQuery),
        ("/api/csv/asset".to_owned(), Code::RowsNotReady),
        ("/api/csv/nothing".to_owned(), Code::UnknownReport),
        ("/api/csv/notes?from=2026-01-05&to=2026-01-04".to_owned(), Code::RangeBackwards),
        ("/api/csv/notes?from=2026-01-05&to=2026-01-11&tz=Mars".to_owned(), Code::BadZone),
    ] {
        assert_eq!(stack.problem(&path).await.code, code, "{path}");
    }
    for (method, path) in [
        (reqwest::Method::PUT, "/api/requests"),
        (reqwest::Method::POST, "/api/session/x"),
        (reqwest::Method::DELETE, "/api/requests"),
        (reqwest::Method::POST, "/api/csv/asset"),
        (reqwest::Method::POST, "/healthz"),
    ] {
        let problem = refusal(stack.http.request(method.clone(), stack.at(path))).await;
        assert!([Code::WrongMethod, Code::UnknownRoute].contains(&problem.code), "{method} {path}");
    }
}

#[tokio::test]
async fn cross_site_and_non_loopback_requests_are_refused() {
    let stack = Stack::start().await;
    let session = || stack.http.get(stack.at("/api/session"));
    let host = stack.at("");
    assert!(session().send().await.unwrap().status().is_success());
    let same = session().header("origin", &host).header("sec-fetch-site", "same-origin");
    assert!(same.send().await.unwrap().status().is_success());
    for (name, value, code) in [
        ("origin", "https://evil.example", Code::CrossSite),
        ("origin", "null", Code::CrossSite),
        ("sec-fetch-site", "cross-site", Code::CrossSite),
        ("sec-fetch-site", "same-site", Code::CrossSite),
        ("cf-connecting-ip", "203.0.113.9", Code::SignInNeeded),
        ("host", "lectern.example", Code::SignInNeeded),
    ] {
        assert_eq!(refusal(session().header(name, value)).await.code, code, "{name}: {value}");
        let write =
            stack.http.post(stack.at("/api/requests")).header(name, value).json(&json!({"report": "asset"}));
        assert_eq!(refusal(write).await.code, code, "{name}: {value}");
    }
    let listed: Requests = serde_json::from_value(stack.get("/api/requests").await).unwrap();
    assert!(listed.requests.is_empty());
}

#[tokio::test]
async fn without_a_sign_in_method_all_routes_are_refused_and_healthz_says_why() {
    let stack = Stack::with(quick(), &[("LECTERN_LOCAL", "")]).await;
    let problem = stack.problem("/healthz").await;
    assert_eq!((problem.code, problem.status), (Code::NoWayIn, 503));
    for name in ["ACCESS_TEAM_DOMAIN", "ACCESS_AUD", "LECTERN_KEY", "LECTERN_SESSION_KEY"] {
        assert!(problem.detail.contains(name), "{problem:?}");
    }
    for path in ["/api/session", "/api/reports", "/api/courses", "/api/requests", "/api/csv/asset"] {
        assert_eq!(stack.problem(path).await.code, Code::SignInNeeded, "{path}");
    }
}

#[tokio::test]
async fn every_route_refuses_missing_and_wrong_settings_and_only_healthz_names_them() {
    let wrong = [("ECHO360_CLIENT_SECRET", ""), ("ECHO360_REGION", "mars"), ("LECTERN_TIME_ZONE", "Berlin")];
    let stack = Stack::with(quick(), &wrong).await;
    for path in ["/healthz", "/api/session", "/api/requests"] {
        let problem = stack.problem(path).await;
        assert_eq!((problem.code, problem.status), (Code::SettingsWrong, 503));
        for name in ["ECHO360_CLIENT_SECRET", "ECHO360_URL", "LECTERN_TIME_ZONE"] {
            assert_eq!(problem.detail.contains(name), path == "/healthz", "{path}: {problem:?}");
        }
        assert!(!problem.detail.contains("mars"));
    }
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let stack = Stack::start().await;
    let calls = [
        stack.http.get(stack.at("/healthz")),
        stack.http.get(stack.at("/api/session")),
        stack.http.get(stack.at("/api/sessions")),
        stack.http.get(stack.at("/api/record?as=jsonl")),
        stack.http.delete(stack.at(&format!("/api/sessions/{}", "0".repeat(32)))),
        stack.http.get(stack.at("/api/nothing")),
        stack.http.get(stack.at("/api/session")).header("origin", "https://elsewhere.example"),
        stack.http.post(stack.at("/api/requests")).body("{"),
        stack.http.get(stack.at("/api/csv/videoview?from=2026-02-02&to=2026-02-08")),
    ];
    for call in calls {
        let answer = call.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name).unwrap_or_else(|| panic!("{}: no {name}", answer.url()));
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("strict-transport-security"), "max-age=31536000; includeSubDomains");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert!(header("permissions-policy").contains("camera=()"));
        let policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(header("content-security-policy"), policy);
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
    // Static files of the page.
    for path in ["/", "/people", "/style.css", "/page.js"] {
        let answer = stack.http.get(stack.at(path)).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").unwrap_or_default();
        for part in ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        let transport = header("strict-transport-security");
        assert_eq!(transport.as_deref(), Some("max-age=31536000; includeSubDomains"), "{path}");
        assert_eq!(header("cross-origin-opener-policy").as_deref(), Some("same-origin"), "{path}");
    }
}
