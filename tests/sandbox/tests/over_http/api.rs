//! The API: tokens, validation, limits, statuses, links, the ledger.

use crate::client::{API, body, links, sandbox, week};
use sandbox::truth::Ask;
use sandbox::{Report, SingleRequest};
use serde_json::json;

#[tokio::test]
async fn wrong_credentials_and_invalid_tokens_get_401() {
    let (_running, mut client) = sandbox(|_| {}).await;
    let reply = client.token("grant_type=client_credentials&client_id=lectern&client_secret=guess").await;
    assert_eq!((reply.status, reply.json()["error"].as_str()), (401, Some("invalid_client")));
    client.token = "made up".to_owned();
    let reply = client.api("GET", "/reports", "").await;
    assert_eq!((reply.status, reply.json()["error"].as_str()), (401, Some("Unauthorized")));
}

#[tokio::test]
async fn a_token_expires() {
    let (running, client) = sandbox(|settings| settings.token_seconds = 60).await;
    assert_eq!(client.api("GET", "/reports", "").await.status, 200);
    running.advance(61.0);
    assert_eq!(client.api("GET", "/reports", "").await.status, 401);
}

#[tokio::test]
async fn a_refresh_token_works_once() {
    let (_running, mut client) = sandbox(|_| {}).await;
    let form = "grant_type=client_credentials&client_id=lectern&client_secret=sandbox+secret";
    let pair = client.token(form).await.json();
    assert_eq!(pair["expires_in"], 3600);
    let refresh = pair["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&client_id=lectern&refresh_token={refresh}");
    client.token = client.token(&form).await.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(client.api("GET", "/reports", "").await.status, 200);
    assert_eq!(client.token(&form).await.status, 400);
}

#[tokio::test]
async fn the_list_of_reports_has_all_reports_with_their_parameters() {
    let (_running, client) = sandbox(|_| {}).await;
    let reply = client.api("GET", "/reports", "").await.json();
    let reports = reply["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 9);
    assert_eq!(
        reports[0],
        json!({
            "name": "asset", "description": "Asset report", "note": "Engagement for all video assets", "parameters": []
        })
    );
    let dates = json!([
        { "name": "start", "datatype": "date", "required": true },
        { "name": "end", "datatype": "date", "required": true }
    ]);
    assert!(reports[1..].iter().all(|report| report["parameters"] == dates));
}

#[tokio::test]
async fn a_request_goes_from_pending_to_available_to_expired() {
    let (running, client) = sandbox(|settings| settings.build_seconds = 30.0..=60.0).await;
    let created = client.ask("notes", "2026-03-02", "2026-03-09").await.json();
    assert_eq!(created["status"], "Pending");
    assert_eq!(created["parameters"], json!({ "start": "2026-03-02", "end": "2026-03-09" }));
    assert!(created["created"].as_str().unwrap().starts_with("2026-03-20T12:00:0"));
    let path = format!("/requests/{}", created["requestId"].as_str().unwrap());
    assert_eq!(client.api("GET", &path, "").await.json()["status"], "Pending");
    running.advance(61.0);
    let built = client.api("GET", &path, "").await.json();
    assert_eq!(built["status"], "Available");
    let listed = client.api("GET", "/requests", "").await.json();
    let name = listed["requests"][0]["assets"][0].as_str().unwrap().to_owned();
    assert!(name.ends_with(".csv.gz") && links(&built)[0].contains(&name));
    running.advance(14.0 * 86_400.0);
    let mut client = client;
    client.sign_in().await;
    let gone = client.api("GET", &path, "").await.json();
    assert_eq!((gone["status"].as_str(), gone.get("signedAssets")), (Some("Expired"), None));
    assert_eq!(client.file(&links(&built)[0]).await.status, 403);
}

#[tokio::test]
async fn one_request_is_found_only_under_the_configured_path() {
    for (spelling, good, bad) in
        [(SingleRequest::Plural, "requests", "request"), (SingleRequest::Singular, "request", "requests")]
    {
        let (_running, client) = sandbox(|settings| settings.single_request = spelling).await;
        let id = client.ask("notes", "2026-03-02", "2026-03-09").await.json()["requestId"].clone();
        let id = id.as_str().unwrap();
        assert_eq!(client.api("GET", &format!("/{good}/{id}"), "").await.status, 200);
        assert_eq!(client.api("GET", &format!("/{bad}/{id}"), "").await.status, 404);
        assert_eq!(client.api("GET", &format!("/{good}/nothing"), "").await.status, 404);
    }
}

#[tokio::test]
async fn invalid_requests_are_refused_and_not_created() {
    let (_running, client) = sandbox(|_| {}).await;
    assert_eq!(client.ask("nothing", "2026-03-02", "2026-03-09").await.status, 404);
    let reply = client.ask("notes", "2026-03-02", "2026-03-10").await;
    assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some("BadRequest")));
    assert_eq!(client.ask("notes", "2026-03-02", "2026-03-02").await.status, 400);
    assert_eq!(client.ask("notes", "2026-03-02", "tomorrow").await.status, 400);
    assert_eq!(client.ask("assetbydate", "2025-03-10", "2025-03-17").await.status, 400);
    assert_eq!(client.ask("assetbydate", "2025-03-24", "2025-03-31").await.status, 200);
    let bad_delimiter = body("notes", "2026-03-02", "2026-03-09", &json!({ "delimiter": ";" }));
    assert_eq!(client.api("POST", "/requests/notes", &bad_delimiter).await.status, 400);
    assert_eq!(client.ledger().await["creates"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn all_clients_of_an_account_share_three_slots() {
    let (running, client) = sandbox(|settings| settings.build_seconds = 5.0..=5.0).await;
    let other = json!({ "report": "polling", "parameters": { "start": "2026-03-02", "end": "2026-03-09" } });
    assert_eq!(client.send("POST", "/sandbox/requests", "", &other.to_string()).await.status, 200);
    assert_eq!(client.ask("notes", "2026-03-02", "2026-03-09").await.status, 200);
    assert_eq!(client.ask("notes", "2026-03-02", "2026-03-09").await.status, 200);
    let conflict = client.ask("qanda", "2026-03-02", "2026-03-09").await;
    assert_eq!((conflict.status, conflict.json()["error"].as_str()), (409, Some("Conflict")));
    running.advance(6.0);
    assert_eq!(client.ask("qanda", "2026-03-02", "2026-03-09").await.status, 200);
    let ledger = client.ledger().await;
    assert_eq!(ledger["max_in_flight"], 2);
    assert_eq!(ledger["equal_live_asks"], 1);
    let by: Vec<_> =
        ledger["creates"].as_array().unwrap().iter().map(|create| create["by"].clone()).collect();
    assert_eq!(by, ["other", "client", "client", "client"]);
    let listed = client.api("GET", "/requests", "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn calls_over_the_rate_limit_get_429_for_a_minute() {
    let (running, client) = sandbox(|settings| settings.calls_per_minute = 5).await;
    for _ in 0..5 {
        assert_eq!(client.api("GET", "/reports", "").await.status, 200);
    }
    let refused = client.api("GET", "/reports", "").await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((55..=60).contains(&wait), "{wait}");
    let ledger = client.ledger().await;
    assert_eq!(ledger["max_api_calls_per_minute"], 6);
    assert_eq!(ledger["max_calls_per_minute"], 7);
    assert_eq!(ledger["max_token_calls_per_minute"], 1);
    assert_eq!(ledger["calls"], json!({ "reports": 6, "token": 1 }));
    assert_eq!(ledger["tokens_issued"], 1);
    running.advance(60.0);
    assert_eq!(client.api("GET", "/reports", "").await.status, 200);
    assert_eq!(client.send("DELETE", "/sandbox/ledger", "", "").await.status, 204);
    assert_eq!(client.ledger().await["max_calls_per_minute"], 0);
}

#[tokio::test]
async fn a_link_works_unchanged_for_seven_days() {
    let (running, client) = sandbox(|_| {}).await;
    let link = client.links("notes").await[0].clone();
    assert_eq!(client.file(&link).await.status, 200);
    assert_eq!(client.file(&link.replace("%3D", "=")).await.status, 403);
    assert!(
        client.file(&link.replace("Expires=", "Expires=9")).await.text().contains("SignatureDoesNotMatch")
    );
    running.advance(7.0 * 86_400.0);
    assert!(client.file(&link).await.text().contains("Request has expired"));
}

#[tokio::test]
async fn a_token_sent_to_the_file_store_is_counted() {
    let (_running, client) = sandbox(|_| {}).await;
    let link = client.links("notes").await[0].clone();
    client.file(&link).await;
    assert_eq!(client.ledger().await["authorization_leaks"], 0);
    let path = link.split_once("/files/").unwrap().1;
    client.send("GET", &format!("/files/{path}"), "Authorization: Bearer x\r\n", "").await;
    assert_eq!(client.ledger().await["authorization_leaks"], 1);
}

#[tokio::test]
async fn files_have_the_requested_compression_and_delimiter() {
    let (_running, client) = sandbox(|_| {}).await;
    let comma = client.week("polling").await;
    for (name, delimiter) in [("tab", "\t"), ("pipe", "|")] {
        let output = json!({ "compression": false, "delimiter": delimiter });
        let built =
            client.create_and_wait("polling", &body("polling", "2026-03-02", "2026-03-09", &output)).await;
        let link = links(&built)[0].clone();
        assert!(link.contains(".csv?"), "{name}: {link}");
        let text = client.file(&link).await.text();
        let read = |text: &str, delimiter: u8| -> Vec<csv::StringRecord> {
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
            reader.records().map(Result::unwrap).collect()
        };
        assert_eq!(read(&text, delimiter.as_bytes()[0]), read(&comma, b','));
    }
}

#[tokio::test]
async fn a_week_without_classes_is_an_exception_of_its_term_and_has_no_rows() {
    let monday = sandbox::monday(sandbox::parse_instant("2026-03-11").unwrap() / (24 * 60 * 60));
    let (running, client) = sandbox(|settings| settings.break_week = Some(monday)).await;
    let header = format!("Authorization: Bearer {}\r\n", client.token);
    let terms = client.send("GET", "/public/api/v1/terms", &header, "").await.json();
    let with_exceptions: Vec<_> = terms["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|term| !term["exceptions"].as_array().unwrap().is_empty())
        .collect();
    let [term] = with_exceptions.as_slice() else { panic!("one term must have an exception: {terms}") };
    assert_eq!(term["name"], "Spring 2026");
    assert_eq!(term["exceptions"][0]["startDate"], "2026-03-09");
    assert_eq!(term["exceptions"][0]["endDate"], "2026-03-13");
    for report in [Report::VideoView, Report::Notes, Report::Polling] {
        let count =
            |start: &str, end: &str| running.truth().count(&Ask::days(report, start, end).unwrap()).rows;
        assert_eq!(count("2026-03-09", "2026-03-16"), 0, "{}", report.name());
        assert!(count("2026-03-02", "2026-03-09") > 0 && count("2026-03-16", "2026-03-23") > 0);
    }
}

#[tokio::test]
async fn lists_of_courses_sections_and_terms_are_paged() {
    let (_running, client) = sandbox(|_| {}).await;
    let header = format!("Authorization: Bearer {}\r\n", client.token);
    let mut path = "/public/api/v1/sections?limit=10".to_owned();
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let page = client.send("GET", &path, &header, "").await.json();
        for section in page["data"].as_array().unwrap() {
            assert!(seen.insert(section["id"].as_str().unwrap().to_owned()));
        }
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break assert_eq!(page["has_more"], false),
        }
    }
    assert!(seen.len() > 40, "{}", seen.len());
    let courses = client.send("GET", "/public/api/v1/courses", &header, "").await.json();
    assert_eq!(courses["data"].as_array().unwrap().len(), 3);
    assert_eq!(client.send("GET", "/public/api/v1/terms", "", "").await.status, 401);
    assert_eq!(client.send("GET", &format!("{API}/nothing"), &header, "").await.status, 404);
    assert_eq!(client.api("PUT", "/requests/notes", &week("notes")).await.status, 405);
}
