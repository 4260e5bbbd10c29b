//! Accounts with ordinary names that stand for many people: found by three videos in the same half minute, marked by
//! administrators, and erased.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::problem::Code;
use domain::shared_accounts::{AccountMark, ListedAccount, SharedAccounts, format_hash, hash_account};
use domain::time::{Timestamp, monday};
use sandbox::{Report, Truth};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use worker_tests::reading::{csv, files_in_zip};
use worker_tests::{Stack, Weeks, quick, refusal};

const REPORT: Report = Report::VideoView;
const KIOSK: &str = "kiosk@university.example";

async fn list(stack: &Stack) -> SharedAccounts {
    serde_json::from_value(stack.get("/api/shared-accounts").await).unwrap()
}

fn mark(stack: &Stack, account: &str, mark: Option<&str>) -> reqwest::RequestBuilder {
    stack.http.post(stack.at("/api/shared-accounts")).json(&json!({"account": account, "mark": mark}))
}

/// The list after an account was marked.
async fn marked(stack: &Stack, account: &str, how: Option<&str>) -> SharedAccounts {
    let answer = mark(stack, account, how).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{status} {text}");
    let changed: SharedAccounts = serde_json::from_str(&text).unwrap();
    assert_eq!(changed, list(stack).await);
    changed
}

fn hashes<const N: usize>(accounts: [&str; N]) -> Vec<String> {
    let hashes: BTreeSet<String> =
        accounts.iter().map(|account| format_hash(hash_account(account.bytes()))).collect();
    hashes.into_iter().collect()
}

/// By user id, the latest Monday of a week with three videos in the same half minute, from the truth.
fn busy_accounts(stack: &Stack, weeks: &Weeks) -> BTreeMap<String, String> {
    let position = |name: &str| Truth::columns(REPORT).iter().position(|column| *column == name).unwrap();
    let [user, time, video] = ["userid", "event_timestamp", "VideoId"].map(position);
    let mut videos: BTreeMap<(String, i64), BTreeSet<String>> = BTreeMap::new();
    for row in stack.truth().rows(&weeks.truth(REPORT)).into_iter().filter(|row| !row[user].is_empty()) {
        let half_minute = Timestamp::parse(&row[time]).unwrap().seconds() / 30;
        videos.entry((row[user].clone(), half_minute)).or_default().insert(row[video].clone());
    }
    let busy = videos.into_iter().filter(|(_, videos)| videos.len() >= 3);
    // In the order of time, so the latest stays.
    busy.map(|((user, half_minute), _)| (user, monday(Timestamp(half_minute * 30_000).day()).to_string()))
        .collect()
}

/// What the audit log says about marks, newest first. It is written once a second.
async fn marks_in_audit_log(stack: &Stack, count: usize) -> Vec<String> {
    let started = Instant::now();
    loop {
        let page = stack.get("/api/record?what=account-marked").await;
        let mut marks = Vec::new();
        // Equal entries of one second are one.
        for entry in page["entries"].as_array().unwrap() {
            let times = usize::try_from(entry["count"].as_u64().unwrap()).unwrap();
            marks.extend(std::iter::repeat_n(entry["view"].as_str().unwrap().to_owned(), times));
        }
        if marks.len() >= count || started.elapsed() > Duration::from_secs(10) {
            assert!(!page.to_string().contains(KIOSK), "{page}");
            marks.sort();
            return marks;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn an_account_with_three_videos_at_once_is_found_and_administrators_have_the_last_word() {
    let stack = Stack::with(sandbox::Settings { busy_account: true, ..quick() }, &[]).await;
    let weeks = Weeks::back(3, 3);
    assert_eq!(list(&stack).await, SharedAccounts { hashes: Vec::new(), accounts: Some(Vec::new()) });
    stack.ready(REPORT, &weeks).await;
    let busy = busy_accounts(&stack, &weeks);
    let (id, week) = busy.first_key_value().unwrap();
    assert_eq!(busy.len(), 1, "one account: {busy:?}");
    let found =
        ListedAccount { account: id.clone(), found: Some(week.clone()), mark: None, by: None, at: None };
    let expected = SharedAccounts { hashes: hashes([id]), accounts: Some(vec![found.clone()]) };
    assert_eq!(list(&stack).await, expected);

    let person = marked(&stack, &format!("{{{}}}", id.to_uppercase()), Some("person")).await;
    assert_eq!(person.hashes, hashes([]));
    let [account] = &person.accounts.unwrap()[..] else { panic!("one account") };
    assert_eq!((account.mark, &account.found), (Some(AccountMark::Person), &found.found));
    assert!(account.by.is_some() && account.at.is_some());
    let both = marked(&stack, &format!(" {}", KIOSK.to_uppercase()), Some("shared")).await;
    assert_eq!((both.hashes, both.accounts.unwrap().len()), (hashes([KIOSK]), 2));
    let both = marked(&stack, id, None).await;
    assert_eq!(both.hashes, hashes([id, KIOSK]));
    assert_eq!(marked(&stack, KIOSK, None).await, expected);
    for (account, how) in [("somebody", Some("shared")), ("", Some("shared")), (KIOSK, Some("many"))] {
        assert_eq!(refusal(mark(&stack, account, how)).await.code, Code::BadBody);
    }
    let marks = marks_in_audit_log(&stack, 4).await;
    assert_eq!(marks, ["mark removed", "mark removed", "person", "shared"]);

    // The rows themselves stay as they are.
    let path = format!("{}?from={}&to={}&cells=raw", REPORT.name(), weeks.from, weeks.to());
    let rows = csv(&stack, &path, b',').await.rows;
    assert_eq!(rows.len(), stack.truth().rows(&weeks.truth(REPORT)).len());
    stack.check_ledger();
}

#[tokio::test]
async fn an_erasure_removes_an_account_from_the_list_and_keeps_it_out() {
    let mut stack = Stack::with(sandbox::Settings { busy_account: true, ..quick() }, &[]).await;
    let weeks = Weeks::back(3, 3);
    let request = stack.ready(REPORT, &weeks).await;
    let id = busy_accounts(&stack, &weeks).into_keys().next().unwrap();
    marked(&stack, &id, Some("shared")).await;
    marked(&stack, KIOSK, Some("shared")).await;

    let export =
        stack.http.post(stack.at("/api/person-export")).json(&json!({"id": id})).send().await.unwrap();
    let files: BTreeMap<String, Vec<u8>> = files_in_zip(&export.bytes().await.unwrap()).into_iter().collect();
    let about: Value = serde_json::from_slice(&files["shared-account.json"]).unwrap();
    assert_eq!((&about[0]["account"], &about[0]["mark"]), (&json!(id), &json!("shared")));
    assert_eq!(about.as_array().unwrap().len(), 1);

    // The list is read back from the files, and what was written before is in them.
    stack.kill();
    stack.boot().await;
    assert_eq!(list(&stack).await.hashes, hashes([&id, KIOSK]));
    let erasure = json!({"person": {"id": id}});
    let answer = stack.http.post(stack.at("/api/forget")).json(&erasure).send().await.unwrap();
    assert!(answer.status().is_success());
    assert_eq!(list(&stack).await.hashes, hashes([KIOSK]), "at once");
    stack.wait_until_erased().await;
    assert_eq!(refusal(mark(&stack, &id, Some("shared"))).await.code, Code::BadBody);

    // It is in no file of the objects, free pages included, and newer copies do not bring it back. SQLite's write-ahead log has
    // it until the next checkpoint, which opening the database again is.
    stack.kill();
    for class in ["Scheduler", "WindowStore"] {
        stack.damage(class, false, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    for class in ["Scheduler", "WindowStore"] {
        let databases = stack.databases(class, false);
        let folders: BTreeSet<_> = databases.iter().map(|path| path.parent().unwrap()).collect();
        assert!(!folders.is_empty());
        for entry in folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let has_id = bytes.windows(id.len()).any(|window| window == id.as_bytes());
            assert!(!has_id, "{}", path.display());
        }
    }
    stack.boot().await;
    let windows: Vec<&str> = request.windows.iter().map(|window| window.id.as_str()).collect();
    let retry = stack.at(&format!("/api/requests/{}/retry", request.id));
    let answer = stack.http.post(retry).json(&json!({"windows": windows})).send().await.unwrap();
    assert!(answer.status().is_success());
    stack.settled(&request.id, Duration::from_secs(90)).await;
    assert_eq!(list(&stack).await.hashes, hashes([KIOSK]));
    stack.check_ledger();
}
