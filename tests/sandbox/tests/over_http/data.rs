//! The data: files contain the rows of the ground truth, however a span is split and whenever they are
//! requested.

use crate::client::{body, links, sandbox};
use proptest::prelude::*;
use sandbox::truth::{Ask, row_digest};
use sandbox::{Report, Settings, Truth, parse_instant};
use std::collections::{BTreeMap, BTreeSet};

fn at(text: &str) -> i64 {
    parse_instant(text).unwrap()
}

fn truth() -> Truth {
    Truth::new(&Settings { now: Some(at("2026-04-01")), students: 60, courses: 3, ..Settings::default() })
}

fn ask(report: Report, start: i64, end: i64) -> Ask {
    Ask { report, start, end, course: None, section: None, as_of: None }
}

#[tokio::test]
async fn every_file_has_the_true_rows_and_the_documented_header() {
    assert_files_have_the_true_rows(|_| {}).await;
}

#[tokio::test]
async fn views_of_embedded_videos_are_true_without_section_and_course() {
    assert_files_have_the_true_rows(|settings| settings.embedded_media = true).await;
    let (running, _) = sandbox(|settings| settings.embedded_media = true).await;
    let columns = Truth::columns(Report::VideoView);
    let course = columns.iter().position(|name| *name == "courseId").unwrap();
    let rows = running.truth().rows(&Ask::days(Report::VideoView, "2026-02-02", "2026-03-30").unwrap());
    assert!(rows.iter().any(|row| row[course].is_empty()) && rows.iter().any(|row| !row[course].is_empty()));
}

#[tokio::test]
async fn people_with_odd_identities_are_the_same_in_files_and_in_the_truth() {
    let odd = |settings: &mut Settings| {
        (settings.mixed_roles, settings.renamed_from, settings.two_ids) = (true, Some(0), true);
    };
    assert_files_have_the_true_rows(odd).await;
    let (running, _) = sandbox(odd).await;
    let rows = running.truth().rows(&Ask::days(Report::VideoView, "2026-03-02", "2026-03-09").unwrap());
    let columns = Truth::columns(Report::VideoView);
    let distinct = |name: &str| -> BTreeSet<&str> {
        let place = columns.iter().position(|column| *column == name).unwrap();
        rows.iter().map(|row| row[place].as_str()).collect()
    };
    assert!(
        distinct("role").is_superset(&["student", "Student;Instructor", "[\"Teaching Assistant\"]"].into())
    );
    assert!(distinct("lastname").is_superset(&["User", ""].into()));
    assert!(distinct("email").len() < distinct("userid").len(), "people share addresses");
}

async fn assert_files_have_the_true_rows(change: impl FnOnce(&mut Settings)) {
    let (running, client) = sandbox(change).await;
    let truth = running.truth();
    for report in Report::ALL {
        let body = body(report.name(), "2026-03-02", "2026-03-09", &serde_json::json!({}));
        let built = client.create_and_wait(report.name(), &body).await;
        let file = client.file(&links(&built)[0]).await;
        assert!(file.is_complete);
        let text = file.gunzip().unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), Truth::columns(report));
        let mut found: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let mut ask = Ask::days(report, "2026-03-02", "2026-03-09").unwrap();
        ask.as_of = Some(at(built["created"].as_str().unwrap()));
        let mut expected = truth.rows(&ask);
        let sum = found.iter().fold(0_u64, |sum, row| {
            sum.wrapping_add(row_digest(&row.iter().map(String::as_str).collect::<Vec<_>>()))
        });
        let count = truth.count(&ask);
        assert_eq!((count.rows, count.digest), (found.len() as u64, format!("{sum:016x}")));
        assert!(found.len() > 10, "{} has {} rows", report.name(), found.len());
        if let Some(column) = Truth::columns(report).iter().position(|name| *name == "event_timestamp") {
            assert!(found.is_sorted_by_key(|row| row[column].clone()), "{}", report.name());
        }
        found.sort_unstable();
        expected.sort_unstable();
        assert!(found == expected, "{} differs", report.name());
    }
}

#[tokio::test]
async fn the_truth_can_be_queried_over_http() {
    let (running, client) = sandbox(|_| {}).await;
    let reply = client.get("/sandbox/rows?report=polling&start=2026-03-02&end=2026-03-09").await.json();
    let ask = Ask::days(Report::Polling, "2026-03-02", "2026-03-09").unwrap();
    assert_eq!(reply["rows"], serde_json::json!(running.truth().rows(&ask)));
    let path = "/sandbox/rows?report=videoview&start=2026-03-02&end=2026-03-09";
    let count = client.get(&format!("{path}&summary=count")).await.json();
    let days = client.get(&format!("{path}&summary=minutes_per_day&zone_offset_seconds=3600")).await.json();
    assert_eq!(count["rows"], days["rows"]);
    assert_eq!(client.get("/sandbox/rows?report=nothing").await.status, 400);
    assert_eq!(client.get("/sandbox/rows?report=notes").await.status, 400);
}

#[test]
fn courses_and_sections_partition_the_rows() {
    let truth = truth();
    let whole = ask(Report::VideoView, at("2026-03-02"), at("2026-03-09"));
    let columns = Truth::columns(Report::VideoView);
    let column = |name: &str| columns.iter().position(|it| *it == name).unwrap();
    let mut sections = BTreeMap::new();
    for row in truth.rows(&whole) {
        *sections
            .entry((row[column("courseIdentifier")].clone(), row[column("sectionId")].clone()))
            .or_insert(0) += 1;
    }
    assert!(sections.len() > 3);
    for ((course, section), rows) in sections {
        let part = Ask { course: Some(course), section: Some(section), ..whole.clone() };
        assert_eq!(truth.count(&part).rows, rows);
    }
}

#[test]
fn past_rows_do_not_depend_on_the_time_of_the_query() {
    let counts_at = |now: &str| {
        let truth = Truth::new(&Settings { now: Some(at(now)), ..Settings::default() });
        Report::ALL.map(|report| {
            let mut ask = ask(report, at("2026-02-02"), at("2026-02-09"));
            ask.as_of = (report == Report::Asset).then(|| at("2026-02-09"));
            truth.count(&ask)
        })
    };
    assert_eq!(counts_at("2026-02-09"), counts_at("2026-11-23T08:15:00Z"));
}

#[test]
fn no_event_is_after_the_current_time() {
    let settings = Settings { now: Some(at("2026-03-04T11:30:00Z")), ..Settings::default() };
    let truth = Truth::new(&settings);
    for report in [Report::VideoView, Report::Presentation, Report::Polling, Report::Notes, Report::Qanda] {
        let column = Truth::columns(report).iter().position(|name| *name == "event_timestamp").unwrap();
        let rows = truth.rows(&ask(report, at("2026-03-02"), at("2026-03-09")));
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|row| row[column].as_str() < "2026-03-04 11:30:05"), "{}", report.name());
    }
}

#[test]
fn any_twelve_weeks_have_many_rows_of_each_report() {
    let mut now = at("2025-06-01");
    let truth = Truth::new(&Settings { now: Some(at("2027-02-01")), ..Settings::default() });
    while now < at("2027-02-01") {
        for report in [Report::VideoView, Report::Polling, Report::Confused, Report::Qanda, Report::Notes] {
            let rows = truth.count(&ask(report, now - 12 * 7 * 86_400, now)).rows;
            assert!(rows > 300, "{} rows of {} before {now}", rows, report.name());
        }
        now += 67 * 86_400;
    }
}

#[test]
fn cells_contain_accents_quotes_line_breaks_and_formula_characters() {
    let truth = truth();
    let mut text = String::new();
    let mut cells = BTreeSet::new();
    for report in Report::ALL {
        for row in truth.rows(&ask(report, at("2026-01-05"), at("2026-03-30"))) {
            cells.extend(row);
        }
    }
    for cell in &cells {
        text.push_str(cell);
        text.push('\u{1f}');
    }
    for part in ["é", "'", ",", "\"", "\n", "\r\n", "\u{1f}=", "\u{1f}-", "\u{1f}+", "\u{1f}@"] {
        assert!(text.contains(part), "{part:?}");
    }
}

#[test]
fn views_rise_before_exams_and_confusion_marks_cluster() {
    let settings = Settings { now: Some(at("2026-05-01")), ..Settings::default() };
    let truth = Truth::new(&settings);
    let monday = at("2026-01-05");
    let week = |number: i64| {
        let start = monday + number * 7 * 86_400;
        truth.count(&ask(Report::VideoView, start, start + 7 * 86_400)).rows
    };
    assert!(week(7) > week(4) * 3 / 2, "{} {}", week(7), week(4));
    assert!(week(14) > week(10) * 3 / 2);
    assert!(week(16) < week(10) / 2);
    let mut marks: BTreeMap<String, u64> = BTreeMap::new();
    for row in truth.rows(&ask(Report::Confused, monday, at("2026-04-20"))) {
        *marks.entry(row[0].clone()).or_default() += 1;
    }
    let mut counts: Vec<u64> = marks.into_values().collect();
    counts.sort_unstable_by(|one, two| two.cmp(one));
    let top: u64 = counts.iter().take(counts.len() / 4).sum();
    assert!(top * 10 > counts.iter().sum::<u64>() * 6, "{counts:?}");
}

#[test]
fn changed_poll_answers_and_edited_answers_keep_their_ids() {
    let truth = truth();
    for (report, id) in [(Report::Polling, "answer_id"), (Report::Qanda, "answerid")] {
        let column = Truth::columns(report).iter().position(|name| *name == id).unwrap();
        let rows = truth.rows(&ask(report, at("2026-01-05"), at("2026-03-30")));
        let ids: BTreeSet<_> = rows.iter().map(|row| &row[column]).collect();
        assert!(ids.len() < rows.len(), "{}", report.name());
    }
}

#[test]
fn some_students_never_watch_and_some_viewers_are_unknown() {
    let truth = truth();
    let rows = truth.rows(&ask(Report::VideoView, at("2026-01-05"), at("2026-03-30")));
    let students: BTreeSet<_> =
        rows.iter().filter(|row| row[13] == "Student").map(|row| row[9].clone()).collect();
    assert!((40..60).contains(&students.len()), "{} of 60 watched", students.len());
    assert!(rows.iter().any(|row| row[9..].iter().all(String::is_empty)));
}

#[test]
fn bulk_weeks_have_the_requested_rows_however_split() {
    let settings = Settings { bulk_rows: Some(5000), now: Some(at("2026-04-01")), ..Settings::default() };
    let truth = Truth::new(&settings);
    let (start, end) = (at("2026-03-02"), at("2026-03-09"));
    let whole = truth.count(&ask(Report::VideoView, start, end));
    assert_eq!(whole.rows, 5000);
    let days = truth.minutes_per_day(&ask(Report::VideoView, start, end), 0);
    assert_eq!((days.days.len(), days.rows), (7, 5000));
    let cut = start + 200_001;
    assert_eq!(sum(&truth, Report::VideoView, &[start, cut, end]), (whole.rows, whole.digest));
}

/// The sums of rows and digests over the spans between these instants.
fn sum(truth: &Truth, report: Report, cuts: &[i64]) -> (u64, String) {
    let mut all = (0, 0_u64);
    for pair in cuts.windows(2) {
        let part = truth.count(&ask(report, pair[0], pair[1]));
        all = (all.0 + part.rows, all.1.wrapping_add(u64::from_str_radix(&part.digest, 16).unwrap()));
    }
    (all.0, format!("{:016x}", all.1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_span_split_anywhere_has_the_same_rows(
        first in 0_i64..500 * 86_400,
        length in 1_i64..10 * 86_400,
        cuts in proptest::collection::vec(0_i64..1000, 0..4),
    ) {
        let truth = truth();
        let start = at("2024-10-01") + first;
        let mut places = vec![start, start + length];
        places.extend(cuts.iter().map(|cut| start + cut * length / 1000));
        places.sort_unstable();
        for report in [
            Report::VideoView, Report::Presentation, Report::Confused, Report::Polling, Report::Qanda, Report::Notes,
        ] {
            let whole = truth.count(&ask(report, start, start + length));
            prop_assert_eq!(sum(&truth, report, &places), (whole.rows, whole.digest));
        }
    }

    #[test]
    fn totals_of_parts_add_up_to_the_total_of_the_whole(cut in 1_i64..7 * 86_400) {
        let truth = truth();
        let (start, end) = (at("2026-03-02"), at("2026-03-09"));
        let columns = Truth::columns(Report::AssetByDate);
        let totals = |start, end| {
            let mut sums = [0.0; 7];
            for row in truth.rows(&ask(Report::AssetByDate, start, end)) {
                for (sum, name) in sums.iter_mut().zip(
                    ["view_count", "downloads", "view_duration_in_minutes", "public", "private", "live", "on_demand"],
                ) {
                    let column = columns.iter().position(|it| *it == name).unwrap();
                    *sum += row[column].parse::<f64>().unwrap();
                }
            }
            sums
        };
        let (one, two, all) = (totals(start, start + cut), totals(start + cut, end), totals(start, end));
        for place in 0..7 {
            prop_assert!((one[place] + two[place] - all[place]).abs() < 1e-6);
        }
        let rows = truth.count(&ask(Report::VideoView, start, end)).rows;
        prop_assert!((all[2] * 2.0 - rows as f64).abs() < 1e-6);
    }
}
