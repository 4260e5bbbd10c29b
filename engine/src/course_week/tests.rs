use super::*;
use crate::reports::fixture::main_role;
use domain::query::WindowCoverage;
use domain::shared_accounts::hash_account;
use domain::time::{Timestamp, parse_day};
use proptest::prelude::*;
use std::io::Write;

const COURSE: &str = "11111111-0000-4000-8000-000000000000";

fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

fn slice(csv: &str, rows: usize) -> (SliceHead, Vec<u8>) {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(csv.as_bytes()).unwrap();
    let deflated = encoder.finish().unwrap();
    let raw_length = u32::try_from(csv.len()).unwrap();
    let (rows, length) = (u32::try_from(rows).unwrap(), u32::try_from(deflated.len()).unwrap());
    (SliceHead { rows, raw_length, crc32: crc32fast::hash(&deflated), length }, deflated)
}

/// An account that is counted as shared, although its name is ordinary.
const LISTED_ACCOUNT: &str = "listed";

/// Counts the rows of windows, in a zone one hour ahead of UTC.
fn count_rows(report: &str, columns: &[&str], windows: &[Vec<Vec<String>>]) -> AmountsBySection {
    let from = Timestamp::parse("2026-01-01").unwrap();
    let zone = Zone::trace("Europe/Berlin", from, from.plus(1 << 33), |_| Some(3600)).unwrap();
    let week_query = CourseWeekQuery {
        report: ReportName::parse(report).unwrap(),
        course: COURSE.to_uppercase().into(),
        monday: day("2026-02-02"),
        zone,
        today: day("2026-11-01"),
        shared_accounts: [hash_account(LISTED_ACCOUNT.bytes())].into_iter().collect(),
    };
    let mut counter = CourseWeekCounter::new(week_query).unwrap();
    for (at, rows) in windows.iter().enumerate() {
        let mut csv = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| csv.write_record(row).unwrap());
        let csv = String::from_utf8(csv.into_inner().unwrap()).unwrap();
        let header = format!("{}\n", columns.join(",")).into_bytes();
        counter.begin_window(&Head { generation: 1, slices: 1, rows: rows.len() as u64, header }).unwrap();
        let (head, deflated) = slice(&csv, rows.len());
        counter.push_slice(&head, &deflated).unwrap();
        let start = day(["2026-01-26", "2026-02-02"][at % 2]);
        let coverage =
            WindowCoverage { start: Some(start), end: Some(plus_days(start, 7)), provisional_from: None };
        counter.end_window(&start.to_string(), coverage).unwrap();
    }
    counter.finish()
}

fn columns(report: &str) -> Vec<&'static str> {
    ReportName::parse(report).unwrap().known().unwrap().descriptor().columns.to_vec()
}

/// A row with these cells; all others are empty.
fn row(report: &str, cells: &[(&str, &str)]) -> Vec<String> {
    let cell_of = |column: &&str| {
        let cell =
            cells.iter().find(|(name, _)| column::normalize_name(name) == column::normalize_name(column));
        cell.map_or_else(String::new, |(_, cell)| (*cell).to_owned())
    };
    columns(report).iter().map(cell_of).collect()
}

proptest! {
    #[test]
    fn a_row_counts_once_for_a_student_of_the_course_in_the_week(
        rows in prop::collection::vec((0u32..14 * 24, 0u8..3, 0u8..4, 0u8..3, any::<bool>()), 0..60),
    ) {
        let mut expected: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut roles: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let start = Timestamp::parse("2026-01-26 00:30:00").unwrap();
        let mut windows = vec![Vec::new(), Vec::new()];
        for (hour, section, user, role, is_of_course) in rows {
            let at = start.plus(i64::from(hour) * 3_600_000);
            let (section, role) = (["", "S1", "s1"][section as usize], ["Student", "Instructor", ""][role as usize]);
            let user = ["", "U1", "u1", "u2"][user as usize];
            let course = if is_of_course { COURSE } else { "other" };
            // The week begins on Sunday at 23:00 UTC, which is Monday 00:00 in the zone.
            let local = i64::from(hour) + 1;
            if is_of_course && !user.is_empty() && (7 * 24..14 * 24).contains(&local) {
                roles.entry(user.to_lowercase()).or_default().push(role);
                *expected.entry((section.to_lowercase(), user.to_lowercase())).or_default() += 1;
            }
            let time = at.rfc3339();
            let cells = [
                ("event_timestamp", time.as_str()), ("courseId", course), ("sectionId", section),
                ("userid", user), ("role", role),
            ];
            windows[usize::from(hour >= 7 * 24)].push(row("confused", &cells));
        }
        expected.retain(|(_, user), _| main_role(roles[user].iter().copied()) == "Student");
        let sections = count_rows("confused", &columns("confused"), &windows);
        let counted_amounts = sections.iter().flat_map(|(section, amounts)| {
            amounts.done.iter().map(|(user, n)| ((section.clone(), user.clone()), *n))
        });
        prop_assert_eq!(counted_amounts.collect::<BTreeMap<_, _>>(), expected);
    }
}

#[test]
fn edits_of_an_answer_on_one_day_count_once() {
    let answer = |time: &str, id: &str| {
        let cells = [
            ("event_timestamp", time),
            ("courseId", COURSE),
            ("sectionId", "s"),
            ("answerid", id),
            ("answer_userid", "u"),
            ("answer_role", "Student"),
        ];
        row("qanda", &cells)
    };
    let times = ["2026-02-03 10:00:00", "2026-02-03 11:00:00", "2026-02-04 10:00:00"];
    let rows = times.map(|time| answer(time, "a")).into_iter().chain(times.map(|time| answer(time, "")));
    let sections = count_rows("qanda", &columns("qanda"), &[Vec::new(), rows.collect()]);
    assert_eq!(sections["s"].done["u"], 2 + 3, "two days with edits, and three rows without an answer id");
}

#[test]
fn the_latest_answer_to_a_poll_is_right_or_wrong() {
    let answer = |time: &str, user: &str, poll: &str, answer: &str, solution: &str| {
        let cells = [
            ("event_timestamp", time),
            ("courseId", COURSE),
            ("sectionId", "s"),
            ("userid", user),
            ("role", "Student"),
            ("activity_id", poll),
            ("answer", answer),
            ("solution", solution),
        ];
        row("polling", &cells)
    };
    let rows = vec![
        answer("2026-02-03 10:00:00", "u1", "p", "A", "B"),
        answer("2026-02-03 10:01:00", "u1", "p", "B", "B"),
        answer("2026-02-03 10:02:00", "u2", "p", "A", "B"),
        answer("2026-02-04 10:02:00", "u2", "q", "A", ""),
    ];
    let section = &count_rows("polling", &columns("polling"), &[Vec::new(), rows])["s"];
    let amounts =
        |pairs: &[(&str, u64)]| pairs.iter().map(|(user, n)| ((*user).to_owned(), *n)).collect::<Amounts>();
    assert_eq!(section.done, amounts(&[("u1", 1), ("u2", 2)]));
    assert_eq!((&section.right, &section.wrong), (&amounts(&[("u1", 1)]), &amounts(&[("u2", 1)])));
    assert_eq!(section.unjudged(), amounts(&[("u1", 0), ("u2", 1)]));
}

#[test]
fn views_are_counted_by_section_number_and_a_repeated_video_is_reported() {
    let count_views = |rows: &str| {
        let header = b"mediaid,course_identifier,section_number,view_count\n".to_vec();
        let count = rows.lines().count();
        let report = ReportName::parse("asset").unwrap();
        let head = Head { generation: 1, slices: 1, rows: count as u64, header };
        let mut view_counter = ViewCounter::new(&head, &report).unwrap();
        let (head, deflated) = slice(rows, count);
        view_counter.push_slice(&head, &deflated).unwrap();
        view_counter.finish(&COURSE.into(), day("2026-02-02")).unwrap()
    };
    let distinct =
        count_views(&format!("m1,{COURSE},1,7\nm2,{COURSE},1,5\nm3,{COURSE},2,1\nm4,other,1,90\n"));
    assert_eq!(distinct.sections["1"], SectionViews { views: 12, videos: 2, is_repeated: false });
    assert!(!distinct.is_unknown && distinct.sections.values().all(|section| !section.is_repeated));
    let repeated =
        count_views(&format!("m1,{COURSE},1,7\nm1,{COURSE},2,\nm2,{COURSE},2,4\nm3,{COURSE},3,1\n"));
    let sections: Vec<bool> = repeated.sections.values().map(|section| section.is_repeated).collect();
    assert_eq!((sections, repeated.is_unknown), (vec![true, true, false], true));
    assert!(!count_views("m4,other,1,90\n").sections.contains_key("1"), "the row is of another course");
}

#[test]
fn shared_anonymous_accounts_are_no_students() {
    let cells = [
        ("courseId", COURSE),
        ("sectionId", "s1"),
        ("role", "Student"),
        ("event_timestamp", "2026-02-03 10:00:00"),
    ];
    let of = |user, first, email| {
        let own = [("userid", user), ("firstname", first), ("email", email)];
        row("notes", &[&cells[..], &own[..]].concat())
    };
    let rows = vec![
        of("u1", "Ana", "ana@uni.example"),
        of("u2", "Anon-4f2a", "x@echo360.example"),
        of("u3", "Guest", "anonymous@echo360.example"),
        of(LISTED_ACCOUNT, "Bo", "bo@uni.example"),
    ];
    let sections = count_rows("notes", &columns("notes"), &[Vec::new(), rows]);
    let students: Vec<&String> = sections["s1"].done.keys().collect();
    assert_eq!(students, ["u1"]);
}
