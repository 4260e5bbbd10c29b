//! Each fault as a client sees it.

use crate::client::{Client, Reply, links, sandbox, week};
use sandbox::Settings;
use sandbox::faults::{Fault, Order};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The data rows of CSV text.
fn rows(text: &str) -> Vec<csv::StringRecord> {
    let text = text.trim_start_matches('\u{feff}');
    csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
}

async fn struck(client: &Client) -> Vec<u64> {
    let list = client.get("/sandbox/faults").await.json();
    list["faults"].as_array().unwrap().iter().map(|fault| fault["struck"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn call_faults_strike_and_then_calls_succeed() {
    let (_running, mut client) = sandbox(|_| {}).await;
    client
        .inject(json!([
            { "fault": "too-many-calls", "seconds": 7 },
            { "fault": "server-error", "count": 1, "after": 1, "on": "reports" },
        ]))
        .await;
    let reply = client.api("GET", "/reports", "").await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("7")));
    assert_eq!(client.api("GET", "/reports", "").await.status, 503);
    assert_eq!(client.api("GET", "/reports", "").await.status, 200);
    assert_eq!(struck(&client).await, [1, 1]);
    client.inject(json!({ "fault": "unauthorized" })).await;
    assert_eq!(client.api("GET", "/requests", "").await.status, 401);
    assert_eq!(client.api("GET", "/requests", "").await.status, 401);
    client.sign_in().await;
    assert_eq!(client.api("GET", "/requests", "").await.status, 200);
    assert_eq!(client.send("DELETE", "/sandbox/faults", "", "").await.status, 204);
    assert!(struck(&client).await.is_empty());
    let wrong = client.send("POST", "/sandbox/faults", "", r#"{"fault":"flood"}"#).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn faults_and_the_ledger_are_available_without_http() {
    let (running, client) = sandbox(|_| {}).await;
    running.harm(vec![Order::once(Fault::ServerError)]);
    assert_eq!(client.api("GET", "/reports", "").await.status, 503);
    assert_eq!(running.ledger()["calls"]["reports"], 1);
    assert_eq!(running.ledger(), client.ledger().await);
}

#[tokio::test]
async fn a_response_can_be_slow_or_truncated() {
    let (_running, client) = sandbox(|_| {}).await;
    client
        .inject(json!([{ "fault": "slow", "seconds": 0.3 }, { "fault": "reset-api", "on": "reports" }]))
        .await;
    let started = Instant::now();
    assert_eq!(client.api("GET", "/requests", "").await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
    let reply = client.api("GET", "/reports", "").await;
    assert_eq!(reply.status, 200);
    assert!(!reply.is_complete && !reply.body.is_empty());
    assert!(client.api("GET", "/reports", "").await.is_complete);
}

#[tokio::test]
async fn a_create_call_or_its_response_can_be_lost() {
    let (_running, client) = sandbox(|_| {}).await;
    client.inject(json!([{ "fault": "lost-request" }, { "fault": "lost-reply", "after": 0 }])).await;
    assert_eq!(client.ask("notes", "2026-03-02", "2026-03-09").await.status, 0);
    assert_eq!(client.ledger().await["creates"].as_array().unwrap().len(), 0);
    assert_eq!(client.ask("notes", "2026-03-02", "2026-03-09").await.status, 0);
    assert_eq!(client.ledger().await["creates"].as_array().unwrap().len(), 1);
    let listed = client.api("GET", "/requests", "").await.json();
    assert_eq!(listed["requests"][0]["reportName"], "notes");
}

#[tokio::test]
async fn the_limit_of_slots_can_respond_409_400_or_429() {
    let (_running, client) = sandbox(|_| {}).await;
    for (fault, status) in [("limit-409", 409), ("limit-400", 400), ("limit-429", 429)] {
        client.inject(json!({ "fault": fault })).await;
        let reply = client.ask("notes", "2026-03-02", "2026-03-09").await;
        assert_eq!(reply.status, status);
        assert!(reply.header("retry-after").is_none());
    }
    assert_eq!(client.ledger().await["creates"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn requests_can_fail_expire_or_disappear() {
    let (_running, client) = sandbox(|_| {}).await;
    for (fault, status) in [("failed", "Failed"), ("missing", "Missing"), ("expired", "Expired")] {
        client.inject(json!({ "fault": fault, "report": "polling", "start": "2026-03-02" })).await;
        assert_eq!(client.create_and_wait("notes", &week("notes")).await["status"], "Available");
        let bad = client.create_and_wait("polling", &week("polling")).await;
        assert_eq!((bad["status"].as_str(), bad.get("signedAssets")), (Some(status), None));
        assert_eq!(client.create_and_wait("polling", &week("polling")).await["status"], "Available");
    }
    client.inject(json!({ "fault": "gone" })).await;
    let id = client.ask("qanda", "2026-03-02", "2026-03-09").await.json()["requestId"].clone();
    assert_eq!(client.api("GET", &format!("/requests/{}", id.as_str().unwrap()), "").await.status, 404);
    assert!(!client.api("GET", "/requests", "").await.text().contains(id.as_str().unwrap()));
}

#[tokio::test]
async fn file_faults_strike_one_fetch_and_the_next_is_intact() {
    let (_running, client) = sandbox(|_| {}).await;
    let link = client.links("videoview").await[0].clone();
    let good = client.file(&link).await;
    assert!(good.is_complete);
    let text = good.gunzip().unwrap();
    client.inject(json!({ "fault": "reset" })).await;
    let cut = client.file(&link).await;
    assert!(
        cut.status == 200 && !cut.is_complete && !cut.body.is_empty() && cut.body.len() < good.body.len()
    );
    client.inject(json!([{ "fault": "zero-padding" }, { "fault": "trailing-bytes", "after": 0 }])).await;
    let padded = client.file(&link).await.body;
    let (same, padding) = padded.split_at(good.body.len());
    assert!(same == &good.body[..] && !padding.is_empty() && padding.iter().all(|byte| *byte == 0));
    let with_more = client.file(&link).await.body;
    let (same, more) = with_more.split_at(good.body.len());
    assert!(same == &good.body[..] && !more.is_empty() && !more.starts_with(&[0]));
    for fault in ["truncated-gzip", "wrong-crc", "wrong-length"] {
        client.inject(json!({ "fault": fault })).await;
        let bad = client.file(&link).await;
        assert!(bad.is_complete && bad.status == 200, "{fault}");
        assert!(bad.gunzip().is_err(), "{fault}");
    }
    client.inject(json!({ "fault": "error-page" })).await;
    let page = client.file(&link).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    client.inject(json!({ "fault": "expired-link" })).await;
    assert_eq!(client.file(&link).await.status, 403);
    client.inject(json!({ "fault": "server-error", "on": "file" })).await;
    assert_eq!(client.api("GET", "/reports", "").await.status, 200);
    assert_eq!(client.file(&link).await.status, 503);
    assert_eq!(client.file(&link).await.gunzip().unwrap(), text);
}

#[tokio::test]
async fn a_file_can_be_fetched_through_redirects() {
    let (_running, client) = sandbox(|_| {}).await;
    let (_other, elsewhere) = sandbox(|_| {}).await;
    let link = client.links("polling").await[0].clone();
    let text = client.file(&link).await.gunzip().unwrap();
    let (here, there) = (client.address.to_string(), elsewhere.address.to_string());
    client.inject(json!({ "fault": "redirect", "hops": [there, "", here], "status": 307 })).await;
    let to = |reply: &Reply, host: &str| {
        assert_eq!(reply.status, 307);
        let location = reply.header("location").unwrap().to_owned();
        let origin = if host.is_empty() { String::new() } else { format!("http://{host}") };
        location.strip_prefix(&origin).unwrap_or_else(|| panic!("{location}")).to_owned()
    };
    let first = client.file(&link).await;
    let second = elsewhere.get(&to(&first, &there)).await;
    assert!(
        second.header("location").unwrap().starts_with("/hop?"),
        "an empty host must make the location relative"
    );
    let third = elsewhere.get(&to(&second, "")).await;
    let end = client.get(&to(&third, &here)).await;
    assert_eq!(end.gunzip().unwrap(), text);
    let calls = |ledger: Value, kind: &str| ledger["calls"][kind].as_u64().unwrap_or(0);
    assert_eq!((calls(client.ledger().await, "file"), calls(client.ledger().await, "hop")), (3, 0));
    assert_eq!((calls(elsewhere.ledger().await, "file"), calls(elsewhere.ledger().await, "hop")), (0, 2));
    let moved = link.replace("/files/", "/moved/files/").replace("Signature=", "Signature=x");
    assert_eq!(client.file(&moved).await.status, 403, "the signature must be checked after redirects too");
}

#[tokio::test]
async fn an_api_call_is_redirected_if_on_names_it() {
    let (_running, client) = sandbox(|_| {}).await;
    client.inject(json!({ "fault": "redirect", "hops": ["127.0.0.1:1"], "on": "list" })).await;
    assert_eq!(client.api("GET", "/reports", "").await.status, 200);
    let reply = client.api("GET", "/requests", "").await;
    let location = format!("http://127.0.0.1:1{}/requests", crate::client::API);
    assert_eq!((reply.status, reply.header("location")), (302, Some(location.as_str())));
    assert_eq!(client.api("GET", "/requests", "").await.status, 200);
}

#[tokio::test]
async fn a_large_file_is_truncated_in_its_middle() {
    let bulk = |settings: &mut Settings| settings.bulk_rows = Some(20_000);
    let (_running, client) = sandbox(bulk).await;
    let output = json!({ "compression": false });
    let body = crate::client::body("videoview", "2026-03-02", "2026-03-09", &output);
    let link = links(&client.create_and_wait("videoview", &body).await)[0].clone();
    client.inject(json!({ "fault": "reset" })).await;
    let cut = client.file(&link).await;
    assert!(!cut.is_complete);
    assert!((200_000..400_000).contains(&cut.body.len()), "{}", cut.body.len());
}

#[tokio::test]
async fn shape_faults_change_the_format_of_a_file() {
    let (_running, client) = sandbox(|_| {}).await;
    let good = client.week("polling").await;
    let week_with_fault = async |fault: &str| {
        client.inject(json!({ "fault": fault })).await;
        client.week("polling").await
    };
    let bom = week_with_fault("bom").await;
    assert_eq!(bom.strip_prefix('\u{feff}'), Some(good.as_str()));
    let crlf = week_with_fault("crlf").await;
    assert!(crlf.ends_with("\r\n"));
    assert_eq!(rows(&crlf), rows(&good));
    let open = week_with_fault("no-last-line-end").await;
    assert_eq!(format!("{open}\n"), good);
    let iso = week_with_fault("iso-times").await;
    assert_eq!(rows(&iso)[0][11].replace('T', " ").trim_end_matches('Z'), &rows(&good)[0][11]);
    assert!(rows(&iso)[0][11].ends_with('Z'));
    let capitals = week_with_fault("upper-case-header").await;
    assert!(capitals.starts_with("\"PRESENTATION_ID\""));
    assert_eq!(rows(&capitals), rows(&good));
    let header = week_with_fault("wrong-header").await;
    assert_eq!(header.lines().next().unwrap().split(',').count(), 19);
    let short = week_with_fault("short-row").await;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(short.as_bytes());
    let widths: Vec<_> = reader.records().map(|row| row.unwrap().len()).collect();
    assert_eq!(widths[0], 19);
    assert!(widths[1..].iter().all(|width| *width == 20));
    assert_eq!(client.week("polling").await, good);
}

/// Markers of no value in the last five columns of CSV text, which have no commas: the cells as they are
/// written, with their columns.
fn null_markers(text: &str) -> std::collections::BTreeSet<(String, String)> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let is_marker = |cell: &str| {
        let cell = cell.trim_matches('"');
        cell.trim().is_empty() || ["null", "NULL", "\\N", "None", "-"].contains(&cell)
    };
    lines
        .flat_map(|line| header.iter().rev().zip(line.rsplit(',')).take(5))
        .filter(|(_, cell)| is_marker(cell))
        .map(|(name, cell)| (name.trim_matches('"').to_owned(), cell.to_owned()))
        .collect()
}

#[tokio::test]
async fn faults_of_the_csv_change_its_writing_but_not_its_meaning() {
    let (_running, client) = sandbox(|_| {}).await;
    let week_with_fault = async |report: &str, fault: &str| {
        client.inject(json!({ "fault": fault })).await;
        client.week(report).await
    };
    let good = client.week("polling").await;
    let repeated = week_with_fault("polling", "repeated-header").await;
    let header = good.lines().next().unwrap();
    let is_header = |line: &&str| line.trim_start_matches('\u{feff}') == header;
    let rest: Vec<&str> = repeated.lines().filter(|line| !is_header(line)).collect();
    assert_eq!(rest, good.lines().skip(1).collect::<Vec<_>>());
    let headers: Vec<&str> = repeated.lines().filter(is_header).collect();
    assert!(headers.len() > 2 && headers[1].starts_with('\u{feff}') && headers[2] == header);

    let escaped = week_with_fault("polling", "backslash-quotes").await;
    assert!(escaped.contains(r#""{\""#) && !escaped.contains(r#""{"""#));
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.escape(Some(b'\\')).double_quote(false);
    let read: Vec<_> = reader.from_reader(escaped.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(read, rows(&good));

    let spelled = week_with_fault("polling", "id-spellings").await;
    assert!(spelled.contains("\"{") && spelled.contains("\" {"), "ids are in braces and between blanks");
    let normalize = |text: &str| text.replace(['{', '}', ' '], "").to_lowercase();
    assert!(spelled != good && normalize(&spelled) == normalize(&good));

    client.inject(json!({ "fault": "empty-gzip" })).await;
    let link = client.links("polling").await[0].clone();
    let empty = client.file(&link).await;
    assert!(!empty.body.is_empty());
    assert_eq!(empty.gunzip().unwrap(), "");
}

#[tokio::test]
async fn the_rows_of_one_section_can_be_missing() {
    let (_running, client) = sandbox(|_| {}).await;
    for report in ["videoview", "notes"] {
        let all = client.week(report).await;
        let mut names = all.trim_start_matches('\u{feff}').lines().next().unwrap().split(',');
        let section =
            names.position(|name| name.trim_matches('"').eq_ignore_ascii_case("sectionid")).unwrap();
        let all = rows(&all);
        client.inject(json!({ "fault": "missing-section" })).await;
        let left = rows(&client.week(report).await);
        let expected: Vec<_> = all.iter().filter(|row| row[section] != all[0][section]).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len());
        assert_eq!(left, expected, "{report}");
    }
}

#[tokio::test]
async fn empty_cells_can_have_words_for_no_value() {
    // So many rows that some are of nobody.
    let (_running, client) = sandbox(|settings| settings.bulk_rows = Some(100_000)).await;
    client.inject(json!({ "fault": "null-markers" })).await;
    let marked = client.week("videoview").await;
    let found = null_markers(&marked);
    for cell in ["null", "\"null\"", "\\N", "\"None\"", "-", "  "] {
        assert!(found.contains(&("userid".to_owned(), cell.to_owned())), "{cell} {found:?}");
    }
    let unmarked = null_markers(&client.week("videoview").await);
    assert!(unmarked.len() == 5 && unmarked.iter().all(|(_, cell)| cell == "\"\""), "{unmarked:?}");
    for name in ["firstname", "lastname"] {
        let of_name: Vec<&str> =
            found.iter().filter(|(column, _)| column == name).map(|(_, cell)| cell.as_str()).collect();
        assert_eq!(of_name, ["NULL", "\\N"], "quoted words may be names");
    }
}

#[tokio::test]
async fn a_file_can_contradict_its_name_or_headers() {
    let (_running, client) = sandbox(|_| {}).await;
    let good = client.week("polling").await;
    client.inject(json!({ "fault": "plain-named-gz" })).await;
    let link = client.links("polling").await[0].clone();
    assert!(link.contains(".csv.gz?"));
    assert_eq!(client.file(&link).await.text(), good);
    client.inject(json!({ "fault": "content-encoding" })).await;
    let link = client.links("polling").await[0].clone();
    let file = client.file(&link).await;
    assert_eq!(file.header("content-encoding"), Some("gzip"));
    assert_eq!(file.gunzip().unwrap(), good);
}

#[tokio::test]
async fn rows_can_be_split_over_two_files() {
    let (_running, client) = sandbox(|_| {}).await;
    for report in ["polling", "asset"] {
        let good = rows(&client.week(report).await);
        client.inject(json!({ "fault": "two-files" })).await;
        let two = client.links(report).await;
        assert_eq!(two.len(), 2);
        let one = client.file(&two[0]).await.gunzip().unwrap();
        let other = client.file(&two[1]).await.gunzip().unwrap();
        assert!(!one.starts_with('\u{feff}') && other.starts_with('\u{feff}'));
        let mut both = rows(&one);
        both.extend(rows(&other));
        let sorted = |mut rows: Vec<csv::StringRecord>| {
            rows.sort_by(|one, two| one.as_slice().cmp(two.as_slice()));
            rows
        };
        assert!(sorted(both) == sorted(good), "{report}");
    }
}
