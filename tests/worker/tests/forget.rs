//! Erasure and retention: erased rows are in no copy, in no later copy and in no database file; old copies
//! are deleted.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::WindowStatus;
use domain::erasure::{Erasure, ErasureProgress, Erasures, RedactedTarget};
use domain::formula_injection::disarm_formulas;
use domain::problem::Code;
use domain::time::{DAY, minus_days, plus_days};
use sandbox::{Report, Truth};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use worker_tests::reading::{Csv, Digest, csv, files_in_zip, frames, parse_csv};
use worker_tests::{Stack, Weeks, node, quick, refusal, today};

/// A person of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Person {
    id: String,
    email: String,
}

impl Person {
    /// Whether a row has a cell with this person's data.
    fn is_in(&self, row: &[String]) -> bool {
        row.iter().any(|cell| *cell == self.id || *cell == self.email)
    }
}

/// The person with the most rows in these weeks; of questions and answers, the one who answered most.
fn busiest(stack: &Stack, report: Report, weeks: &Weeks) -> Person {
    let columns = Truth::columns(report);
    let at = |name: &str| columns.iter().rposition(|column| column.to_lowercase().ends_with(name)).unwrap();
    let (id, email) = (at("userid"), at("email"));
    let mut rows: BTreeMap<Person, usize> = BTreeMap::new();
    for row in stack.truth().rows(&weeks.truth(report)) {
        if !row[id].is_empty() {
            *rows.entry(Person { id: row[id].clone(), email: row[email].clone() }).or_default() += 1;
        }
    }
    rows.into_iter().max_by_key(|(_, rows)| *rows).unwrap().0
}

/// Requests all of these at once, and waits for their rows.
async fn ready(stack: &Stack, reports_and_weeks: &[(Report, &Weeks)]) {
    for (report, weeks) in reports_and_weeks {
        stack.ask_weeks(*report, weeks).await;
    }
    for (report, weeks) in reports_and_weeks {
        stack.ready(*report, weeks).await;
    }
}

/// The digest of the true rows except those that match `is_erased`.
fn digest_without(
    stack: &Stack,
    report: Report,
    weeks: &Weeks,
    is_erased: impl Fn(&[String]) -> bool,
) -> Digest {
    let mut digest = Digest::default();
    for row in stack.truth().rows(&weeks.truth(report)).iter().filter(|row| !is_erased(row)) {
        digest.add(row.iter().map(String::as_str));
    }
    digest
}

async fn download(stack: &Stack, report: Report, weeks: &Weeks) -> Csv {
    let days =
        if report.has_dates() { format!("from={}&to={}&", weeks.from, weeks.to()) } else { String::new() };
    csv(stack, &format!("{}?{days}cells=raw", report.name()), b',').await
}

async fn digest(stack: &Stack, report: Report, weeks: &Weeks) -> Digest {
    let csv = download(stack, report, weeks).await;
    csv.digest(Truth::columns(report).len())
}

/// The digest of a snapshot's rows except those that match `is_erased`. A snapshot is not compared with the
/// ground truth, which changes by the minute.
fn remaining_digest(before: &Csv, is_erased: impl Fn(&[String]) -> bool) -> Digest {
    let mut digest = Digest::default();
    for row in before.rows.iter().filter(|row| !is_erased(row)) {
        digest.add(row.iter().map(String::as_str));
    }
    digest
}

async fn start_erasure(stack: &Stack, what: &Value) -> Erasure {
    let answer = stack.http.post(stack.at("/api/forget")).json(what).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{what}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

async fn list_erasures(stack: &Stack) -> Vec<Erasure> {
    let all: Erasures = serde_json::from_value(stack.get("/api/forget").await).unwrap();
    all.erasures
}

async fn wait_until_erased(stack: &Stack, id: &str) -> Erasure {
    let started = Instant::now();
    loop {
        let all = list_erasures(stack).await;
        let erasure = all.into_iter().find(|erasure| erasure.id == id).unwrap();
        if erasure.state == ErasureProgress::Done {
            assert_eq!(erasure.windows, erasure.windows_total);
            return erasure;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{erasure:#?}\n{}", stack.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// All files of a Durable Object class: the databases and SQLite's journals.
fn files(stack: &Stack, class: &str) -> Vec<PathBuf> {
    let databases = stack.databases(class, false);
    let folders: BTreeSet<&Path> = databases.iter().map(|path| path.parent().unwrap()).collect();
    let entries = folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

fn contains_bytes(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// Runs an SQL statement on the scheduler's database while nothing else has it open.
fn change_scheduler(stack: &Stack, statement: &str) {
    let script = "const { DatabaseSync } = require('node:sqlite');
        const [statement, ...files] = process.argv.slice(1);
        for (const file of files) { new DatabaseSync(file).exec(statement); }";
    let files = stack.databases("Scheduler", false);
    assert!(!files.is_empty());
    let done = Command::new(node()).args(["--no-warnings", "-e", script, statement]).args(files).status();
    assert!(done.unwrap().success());
}

/// The contents of all window tables as text, with slices inflated.
fn stored_text(stack: &Stack) -> String {
    tables(stack, "WindowStore")
}

/// The contents of all tables of a class as text, with slices inflated.
fn tables(stack: &Stack, class: &str) -> String {
    let script = "const { DatabaseSync } = require('node:sqlite');
        const { inflateRawSync } = require('node:zlib');
        for (const file of process.argv.slice(1)) {
            const database = new DatabaseSync(file);
            const all = (query) => database.prepare(query).all();
            for (const { name } of all(`SELECT name FROM sqlite_master WHERE type = 'table'`)) {
                if (name.startsWith('_cf')) continue;
                for (const row of all(`SELECT * FROM ${name}`)) {
                    for (const value of Object.values(row)) {
                        if (!(value instanceof Uint8Array)) { console.log(String(value)); continue; }
                        if (name !== 'pack') { console.log(Buffer.from(value).toString()); continue; }
                        // Padding, then frames.
                        const frames = Buffer.from(value).subarray(4096);
                        for (let at = 0; at < frames.length; ) {
                            const length = frames.readUInt32LE(at + 12);
                            console.log(inflateRawSync(frames.subarray(at + 16, at + 16 + length)).toString());
                            at += 16 + length;
                        }
                    }
                }
            }
        }";
    let files = stack.databases(class, false);
    assert!(!files.is_empty());
    let read = Command::new(node()).args(["--no-warnings", "-e", script]).args(files).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).unwrap()
}

/// Asserts that no pack has rows where SQLite would copy them: in the part of a value that is stored beside the other
/// columns.
fn assert_packs_are_padded(stack: &Stack) {
    let script = "const { DatabaseSync } = require('node:sqlite');
        for (const file of process.argv.slice(1)) {
            for (const { start } of new DatabaseSync(file).prepare('SELECT substr(bytes, 1, 4096) AS start FROM pack').all()) {
                console.log(start.length === 4096 && start.every((byte) => byte === 0));
            }
        }";
    let files = stack.databases("WindowStore", false);
    let read = Command::new(node()).args(["--no-warnings", "-e", script]).args(files).output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    assert!(text.lines().count() > 0 && text.lines().all(|line| line == "true"), "{text}");
}

/// A part of each deflated slice that contains this text, to search for in the database files afterwards.
fn samples(stack: &Stack, text: &str) -> Vec<Vec<u8>> {
    let script = "const { DatabaseSync } = require('node:sqlite');
        const { inflateRawSync } = require('node:zlib');
        const [text, ...files] = process.argv.slice(1);
        for (const file of files) {
            for (const { bytes } of new DatabaseSync(file).prepare('SELECT bytes FROM pack').all()) {
                const frames = Buffer.from(bytes).subarray(4096);
                for (let at = 0; at < frames.length; ) {
                    const length = frames.readUInt32LE(at + 12);
                    const slice = frames.subarray(at + 16, at + 16 + length);
                    if (length > 200 && inflateRawSync(slice).includes(text)) {
                        console.log(slice.subarray(length - 80, length - 48).toString('hex'));
                    }
                    at += 16 + length;
                }
            }
        }";
    let files = stack.databases("WindowStore", false);
    let read = Command::new(node()).args(["--no-warnings", "-e", script, text]).args(files).output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    let byte = |line: &str, at: usize| u8::from_str_radix(&line[at..at + 2], 16).unwrap();
    text.lines().map(|line| (0..line.len()).step_by(2).map(|at| byte(line, at)).collect()).collect()
}

/// Downloads everything that is held about a person: the files' names and content.
async fn export_person(stack: &Stack, person: &Value) -> BTreeMap<String, Vec<u8>> {
    let answer = stack.http.post(stack.at("/api/person-export")).json(person).send().await.unwrap();
    let (status, bytes) = (answer.status(), answer.bytes().await.unwrap());
    assert!(status.is_success(), "{status} {}", String::from_utf8_lossy(&bytes));
    files_in_zip(&bytes).into_iter().collect()
}

/// The true rows about a person, sorted, with cells that are safe in spreadsheets. What identifies others in them is
/// empty.
fn rows_about(stack: &Stack, report: Report, weeks: &Weeks, person: &Person) -> Vec<Vec<String>> {
    let columns = Truth::columns(report);
    let position = |name: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    let mut rows = stack.truth().rows(&weeks.truth(report));
    rows.retain(|row| person.is_in(row));
    for row in &mut rows {
        for prefix in ["", "question_", "answer_"] {
            let Some(id) = position(&format!("{prefix}userid")) else { continue };
            if row[id] == person.id {
                continue;
            }
            for name in ["userid", "firstname", "lastname", "email"] {
                row[position(&format!("{prefix}{name}")).unwrap()].clear();
            }
        }
    }
    for cell in rows.iter_mut().flatten() {
        *cell = String::from_utf8(disarm_formulas(cell.as_bytes()).into_owned()).unwrap();
    }
    rows.sort();
    rows
}

#[tokio::test]
async fn everything_about_a_person_is_in_one_archive_until_it_is_erased() {
    let stack = Stack::start().await;
    let weeks = Weeks::back(2, 2);
    let reports = [Report::VideoView, Report::Qanda, Report::Polling];
    ready(&stack, &reports.map(|report| (report, &weeks))).await;
    let person = busiest(&stack, Report::Qanda, &weeks);
    let role = json!({"email": person.email, "role": "analyst"});
    assert!(stack.http.put(stack.at("/api/roles")).json(&role).send().await.unwrap().status().is_success());

    let by_email = export_person(&stack, &json!({"email": person.email.to_uppercase()})).await;
    let by_id = export_person(&stack, &json!({"id": person.id})).await;
    for report in reports {
        let is_of_report =
            |(name, _): &(&String, &Vec<u8>)| name.starts_with(&format!("lectern-{}-", report.name()));
        let expected = rows_about(&stack, report, &weeks, &person);
        if report == Report::Qanda {
            let asker =
                Truth::columns(report).iter().position(|column| *column == "question_userid").unwrap();
            assert!(expected.iter().any(|row| row[asker].is_empty()), "they answered questions of others");
        }
        for files in [&by_email, &by_id] {
            let mut rows: Vec<Vec<String>> = Vec::new();
            for (_, bytes) in files.iter().filter(is_of_report) {
                let csv = parse_csv(bytes, b',');
                assert_eq!(csv.header, Truth::columns(report));
                rows.extend(csv.rows);
            }
            rows.sort();
            assert_eq!(rows, expected, "{report:?}");
        }
    }
    let account: Value = serde_json::from_slice(&by_email["account.json"]).unwrap();
    assert_eq!(account["role"]["role"], "analyst");
    assert_eq!(account["requests"], json!([]));
    // The only entry about them is the change of their role, which somebody else made.
    let entries = parse_csv(&by_email["audit-log.csv"], b',');
    let [entry] = &entries.rows[..] else { panic!("{:?}", entries.rows) };
    let of_column = |name: &str| &entry[entries.header.iter().position(|column| column == name).unwrap()];
    assert_eq!((of_column("person").as_str(), of_column("what").as_str()), ("", "role-given"));
    assert_eq!(of_column("view"), &format!("{} analyst", person.email));
    assert!(by_email.contains_key("about.txt"));
    assert!(!by_id.contains_key("account.json") && by_id.contains_key("about.txt"));

    let erasure = start_erasure(&stack, &json!({"person": {"email": person.email}})).await;
    wait_until_erased(&stack, &erasure.id).await;
    let after = export_person(&stack, &json!({"email": person.email})).await;
    assert_eq!(after.keys().collect::<Vec<_>>(), ["about.txt", "account.json", "audit-log.csv"]);
    let log = stack.get("/api/record?what=person-exported").await;
    let count = |view: &str| {
        let entries = log["entries"].as_array().unwrap().iter().filter(|entry| entry["view"] == view);
        entries.map(|entry| entry["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((count("by e-mail address"), count("by user id")), (2, 1), "{log}");
    assert!(!log.to_string().contains(&person.email) && !log.to_string().contains(&person.id));
    let anonymous = json!({"email": "anonymous+4f2a@echo360.example"});
    let refused = refusal(stack.http.post(stack.at("/api/person-export")).json(&anonymous)).await;
    assert_eq!(refused.code, Code::BadBody);
}

#[tokio::test]
async fn an_erased_person_is_in_no_copy_later_copy_or_file() {
    let mut stack = Stack::start().await;
    let weeks = Weeks::back(2, 2);
    let reports = [Report::VideoView, Report::Qanda, Report::Polling, Report::Asset];
    ready(&stack, &reports.map(|report| (report, &weeks))).await;
    let person = busiest(&stack, Report::VideoView, &weeks);
    stack.kill();
    let before = stored_text(&stack);
    assert!(before.contains(&person.id) && before.contains(&person.email));
    let slices = samples(&stack, &person.id);
    assert_packs_are_padded(&stack);
    stack.boot().await;
    let library = download(&stack, Report::Asset, &weeks).await;
    let asked = start_erasure(&stack, &json!({"person": {"email": person.email.to_uppercase()}})).await;
    let ended = wait_until_erased(&stack, &asked.id).await;
    let erased_rows: u64 = {
        let rows = |report| stack.truth().rows(&weeks.truth(report));
        reports.iter().flat_map(|report| rows(*report)).filter(|row| person.is_in(row)).count() as u64
    };
    assert_eq!((ended.rows, ended.by.as_str()), (erased_rows, "local"));
    let RedactedTarget::Person { mark, ids, emails, .. } = &ended.what else { unreachable!("{ended:?}") };
    assert_eq!((mark.len(), *ids, *emails), (8, 1, 0), "the user id was found beside the address");
    for report in reports {
        let expected = match report {
            Report::Asset => remaining_digest(&library, |row| person.is_in(row)),
            _ => digest_without(&stack, report, &weeks, |row| person.is_in(row)),
        };
        assert_eq!(digest(&stack, report, &weeks).await, expected, "{report:?}");
    }
    // The head of the rows and the list of requests describe the remaining rows.
    for request in stack.get("/api/requests").await["requests"].as_array().unwrap() {
        for window in request["windows"].as_array().unwrap() {
            let path = format!("{}/{}", request["report"].as_str().unwrap(), window["id"].as_str().unwrap());
            let head = frames(&stack, &path).await.head;
            assert_eq!(window["copy"]["rows"], head.rows);
            assert_eq!(window["copy"]["generation"], head.generation);
        }
    }
    // Weeks that are first requested now, and one that is requested again.
    let later = Weeks::back(4, 1);
    let request = stack.ask_weeks(Report::Polling, &weeks).await;
    let again = json!({"windows": [request.windows[0].id]});
    let path = format!("/api/requests/{}/retry", request.id);
    assert!(stack.http.post(stack.at(&path)).json(&again).send().await.unwrap().status().is_success());
    stack.ready(Report::VideoView, &later).await;
    let is_erased_row = |row: &[String]| person.is_in(row);
    assert!(stack.truth().rows(&later.truth(Report::VideoView)).iter().any(|row| is_erased_row(row)));
    assert_eq!(
        digest(&stack, Report::VideoView, &later).await,
        digest_without(&stack, Report::VideoView, &later, is_erased_row)
    );
    let request = stack.settled(&request.id, Duration::from_secs(60)).await;
    assert!(request.windows.iter().all(|window| window.state.has_rows()));
    assert_eq!(
        digest(&stack, Report::Polling, &weeks).await,
        digest_without(&stack, Report::Polling, &weeks, is_erased_row)
    );
    // A second request for the same erasure returns the first.
    let twice = start_erasure(&stack, &json!({"person": {"email": person.email}})).await;
    assert_eq!((&twice.id, list_erasures(&stack).await.len()), (&asked.id, 1));
    assert_eq!(wait_until_erased(&stack, &twice.id).await.rows, erased_rows);

    stack.kill();
    assert_packs_are_padded(&stack);
    let remaining = stored_text(&stack);
    for text in [&person.id, &person.email] {
        assert!(!remaining.contains(text.as_str()));
        for class in ["Scheduler", "WindowStore"] {
            for file in files(&stack, class) {
                let bytes = std::fs::read(&file).unwrap();
                assert!(!contains_bytes(&bytes, text.as_bytes()), "{}", file.display());
            }
        }
        assert!(!stack.log().contains(text.as_str()));
    }
    // The person's data was in deflated slices: nothing of these slices remains, not even in free pages.
    assert!(slices.len() > 3, "{} slices", slices.len());
    for file in files(&stack, "WindowStore") {
        let bytes = std::fs::read(&file).unwrap();
        let remaining = slices.iter().filter(|slice| contains_bytes(&bytes, slice)).count();
        assert_eq!(remaining, 0, "of {} slices in {}", slices.len(), file.display());
    }
}

#[tokio::test]
async fn an_erasure_that_is_killed_midway_completes() {
    let settings = sandbox::Settings { bulk_rows: Some(60_000), build_seconds: 0.1..=0.2, ..quick() };
    let mut stack = Stack::with(settings, &[]).await;
    let weeks = Weeks::back(1, 4);
    stack.ready(Report::VideoView, &weeks).await;
    let person = busiest(&stack, Report::VideoView, &weeks);
    let asked = start_erasure(&stack, &json!({"person": {"id": person.id}})).await;
    let mut unfinished = 0;
    for wait in [20, 300, 700] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        stack.kill();
        stack.boot().await;
        unfinished += u32::from(list_erasures(&stack).await[0].state == ErasureProgress::UnderWay);
    }
    assert!(unfinished > 1, "the Worker must have been killed during the erasure");
    let ended = wait_until_erased(&stack, &asked.id).await;
    assert_eq!(ended.windows_total, 4);
    let truth = digest_without(&stack, Report::VideoView, &weeks, |row| person.is_in(row));
    assert_eq!(digest(&stack, Report::VideoView, &weeks).await, truth);
    stack.kill();
    assert!(!stored_text(&stack).contains(&person.id));
}

#[tokio::test]
async fn erasing_a_course_can_be_canceled_and_erased_weeks_are_not_requested_automatically() {
    let mut stack = Stack::start().await;
    let weeks = Weeks::back(1, 3);
    ready(&stack, &[(Report::VideoView, &weeks), (Report::Asset, &weeks)]).await;
    let course = stack.truth().rows(&weeks.truth(Report::VideoView))[0][4].clone();
    let lists_course =
        |courses: &Value| courses["courses"].as_array().unwrap().iter().any(|it| it["id"] == course.as_str());
    let known = stack.get("/api/courses").await;
    assert!(lists_course(&known));
    let name =
        known["courses"].as_array().unwrap().iter().find(|it| it["id"] == course.as_str()).unwrap()["name"]
            .as_str()
            .unwrap()
            .to_owned();
    let library = download(&stack, Report::Asset, &weeks).await;
    let asked = start_erasure(&stack, &json!({"course": course.to_uppercase()})).await;
    wait_until_erased(&stack, &asked.id).await;
    let is_of_course = |row: &[String]| row.contains(&course);
    let remaining = digest_without(&stack, Report::VideoView, &weeks, is_of_course);
    assert_eq!(digest(&stack, Report::VideoView, &weeks).await, remaining);
    assert_eq!(digest(&stack, Report::Asset, &weeks).await, remaining_digest(&library, is_of_course));
    assert!(!lists_course(&stack.get("/api/courses").await));
    let later = Weeks::back(4, 1);
    stack.ready(Report::VideoView, &later).await;
    assert_eq!(
        digest(&stack, Report::VideoView, &later).await,
        digest_without(&stack, Report::VideoView, &later, is_of_course)
    );
    assert!(!lists_course(&stack.get("/api/courses").await));
    stack.kill();
    let kept = tables(&stack, "Scheduler");
    assert!(
        !kept.contains(&name) && kept.contains(&course.to_lowercase()),
        "the tombstone must stay, and the name be deleted"
    );
    // A day later, Echo360's lists are read again.
    stack.damage("Scheduler", false, "UPDATE fact SET body = '0' WHERE name = 'directory'");
    stack.boot().await;
    assert!(!lists_course(&stack.get("/api/courses").await));
    tokio::time::sleep(Duration::from_secs(2)).await;
    stack.kill();
    let kept = tables(&stack, "Scheduler");
    assert!(!kept.contains(&name) && kept.contains("\"courses\":[{"), "the name must not be stored again");
    stack.boot().await;
    // After the erasure is canceled, a new request gets the rows again.
    let canceled = stack.http.delete(stack.at(&format!("/api/forget/{}", asked.id))).send().await.unwrap();
    assert_eq!(canceled.status(), 204);
    assert_eq!(list_erasures(&stack).await[0].state, ErasureProgress::Lifted);
    let request = stack.ask_weeks(Report::VideoView, &later).await;
    let again = |id: &str| json!({"windows": [id]});
    let retry = |id: &str| stack.http.post(stack.at(&format!("/api/requests/{id}/retry")));
    retry(&request.id).json(&again(&request.windows[0].id)).send().await.unwrap();
    stack.settled(&request.id, Duration::from_secs(60)).await;
    assert_eq!(
        digest(&stack, Report::VideoView, &later).await,
        Digest::of_truth(&stack, &later.truth(Report::VideoView))
    );

    // Erases the second of three weeks in all reports, then an earlier week that nobody requested.
    let (second, third) = (plus_days(weeks.from, 7), plus_days(weeks.from, 14));
    let range = json!({"range": {"from": second.to_string(), "to": minus_days(third, 1).to_string()}});
    let asked = start_erasure(&stack, &range).await;
    let ended = wait_until_erased(&stack, &asked.id).await;
    assert_eq!((ended.windows_total, ended.rows > 0), (1, true));
    let request = stack.ask_weeks(Report::VideoView, &weeks).await;
    let states: Vec<WindowStatus> = request.windows.iter().map(|window| window.state).collect();
    assert_eq!(states, [WindowStatus::Ready, WindowStatus::Forgotten, WindowStatus::Ready]);
    assert!(request.windows[1].forgotten.is_some() && request.windows[1].copy.is_none());
    let path = format!("/api/rows/videoview/{second}");
    for path in [path, format!("/api/csv/videoview?from={}&to={}", weeks.from, weeks.to())] {
        let problem = stack.problem(&path).await;
        assert_eq!(problem.code, Code::RowsNotReady);
        assert!(problem.detail.contains("is erased") && problem.retry_after.is_none(), "{problem:?}");
    }
    let asset = download(&stack, Report::Asset, &weeks).await;
    assert!(!asset.rows.is_empty(), "a report without days must not be affected by erasing a range");
    let early = Weeks::back(8, 1);
    let range =
        json!({"range": {"report": "notes", "from": early.from.to_string(), "to": early.to().to_string()}});
    start_erasure(&stack, &range).await;
    let creates = stack.sandbox.ledger()["creates"].as_array().unwrap().len();
    let notes = stack.ask_weeks(Report::Notes, &early).await;
    assert_eq!(notes.windows[0].state, WindowStatus::Forgotten);
    let confused = stack.ready(Report::Confused, &early).await;
    assert_eq!(
        confused.windows[0].state,
        WindowStatus::Ready,
        "the same week of another report must not be erased"
    );
    assert_eq!(stack.sandbox.ledger()["creates"].as_array().unwrap().len(), creates + 1);
    // An explicit retry brings the week back.
    retry(&request.id).json(&again(&request.windows[1].id)).send().await.unwrap();
    let request = stack.settled(&request.id, Duration::from_secs(60)).await;
    assert!(
        request
            .windows
            .iter()
            .all(|window| window.state == WindowStatus::Ready && window.forgotten.is_none())
    );
    let shown = frames(&stack, &format!("videoview/{second}")).await;
    let week = Weeks { from: second, count: 1 };
    assert!(
        shown.head.rows > 0
            && shown.head.rows < Digest::of_truth(&stack, &week.truth(Report::VideoView)).rows + 1
    );

    // Invalid requests change nothing.
    let all = list_erasures(&stack).await;
    for (wrong, code) in [
        (json!({"person": {"email": "nobody"}}), Code::BadBody),
        (json!({"person": {"id": "Ada Lovelace"}}), Code::BadBody),
        (json!({"course": "BIO-101"}), Code::BadBody),
        (json!({"everybody": true}), Code::BadBody),
        (json!({"range": {"from": second.to_string(), "to": third.to_string()}}), Code::BadRange),
        (json!({"range": {"from": "yesterday", "to": third.to_string()}}), Code::BadDay),
        (json!({"range": {"from": third.to_string(), "to": second.to_string()}}), Code::RangeBackwards),
    ] {
        let problem = refusal(stack.http.post(stack.at("/api/forget")).json(&wrong)).await;
        assert_eq!(problem.code, code, "{wrong}");
    }
    let unknown = format!("/api/forget/{}", "0".repeat(32));
    assert_eq!(refusal(stack.http.delete(stack.at(&unknown))).await.code, Code::UnknownRequest);
    assert_eq!(list_erasures(&stack).await, all);
    stack.check_ledger();
}

#[tokio::test]
async fn copies_older_than_keep_days_are_deleted_and_can_be_requested_again() {
    let mut stack = Stack::with(quick(), &[("LECTERN_KEEP_DAYS", "30")]).await;
    let (old, young) = (Weeks::back(8, 1), Weeks::back(1, 1));
    let reports_and_weeks = [(Report::VideoView, &old), (Report::VideoView, &young), (Report::Asset, &young)];
    ready(&stack, &reports_and_weeks).await;
    assert!((today() - old.to()).num_days() > 30);
    // Rows that were just requested are kept for a day.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!download(&stack, Report::VideoView, &old).await.rows.is_empty());
    stack.kill();
    let files_before = stored_text(&stack).len();
    let shift_back = |path: &str, days: i64| {
        let json = format!("json_set(body, '$.{path}', json_extract(body, '$.{path}') - {})", days * DAY);
        change_scheduler(&stack, &format!("UPDATE window SET body = {json}"));
    };
    shift_back("since", 32);
    shift_back("copy.created", 31);
    stack.boot().await;
    let started = Instant::now();
    loop {
        let all = stack.get("/api/requests").await;
        let left: Vec<&Value> = all["requests"].as_array().unwrap().iter().collect();
        if left.len() == 1 && left[0]["windows"][0]["start"] == young.from.to_string() {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{all:#}\n{}", stack.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!download(&stack, Report::VideoView, &young).await.rows.is_empty());
    let path = format!("/api/rows/videoview/{}", old.from);
    assert_eq!(stack.problem(&path).await.code, Code::UnknownWindow);
    stack.kill();
    assert!(stored_text(&stack).len() < files_before, "the rows must be deleted from the files too");
    stack.boot().await;
    stack.ready(Report::VideoView, &old).await;
    assert_eq!(
        digest(&stack, Report::VideoView, &old).await,
        Digest::of_truth(&stack, &old.truth(Report::VideoView))
    );
    assert_eq!(stack.get("/api/forget").await["keep_days"], 30);
}
