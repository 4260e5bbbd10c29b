//! Compares measures with a naive count over generated rows of six reports.

use super::*;
use crate::reports::fixture::{dataset, day, query, week, window};
use domain::activity::Weights;
use domain::calendar::Breaks;
use domain::query::{Comparison, CourseOptions, WindowCoverage};
use domain::range::Range;
use domain::time::{Day, plus_days};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The header row of each report, by [`ActivityKind::index`].
const HEADERS: [&str; 6] = [
    "VideoId,VideoName,sectionId,courseId,event_timestamp,duration_Minute,userid,firstname,lastname,role",
    "presentationID,presentationName,sectionId,courseId,event_timestamp,userid,firstname,lastname,role,slide_count",
    "presentation_id,presentation_name,sectionId,courseId,activity_id,solution,event_timestamp,answer_id,answer,userid,firstname,lastname,role",
    "questionid,sectionId,courseId,question_userid,answerid,event_timestamp,answer_userid,answer_firstname,answer_lastname,answer_role",
    "PresentationID,PresentationName,sectionId,courseId,event_timestamp,userid,firstname,lastname,role",
    "PresentationID,PresentationName,sectionId,courseId,note_count,event_timestamp,userid,firstname,lastname,role",
];

/// Four weeks: two of the comparison, then two of the range.
const WEEKS: [&str; 4] = ["2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"];

/// User id, first name, last name, role: nobody, three students, one instructor.
const PEOPLE: [(&str, &str, &str, &str); 5] = [
    ("", "", "", ""),
    ("aaaa1111", "Ana", "Nuñez", "Student"),
    ("bbbb2222", "Bo", "Li", "Student"),
    ("cccc3333", "", "", "Student"),
    ("dddd4444", "Dee", "Ray", "Instructor"),
];

/// A row of one of the reports.
#[derive(Debug, Clone)]
struct TestRow {
    kind: ActivityKind,
    /// Days from the first of the four weeks.
    day: u64,
    minute: u32,
    /// Index into [`PEOPLE`].
    person: usize,
    /// Number of the video or deck.
    medium: usize,
    section: usize,
    /// Number of the poll or answer.
    item: usize,
    /// The answer to a poll; 1 is right.
    answer: usize,
}

impl TestRow {
    fn date(&self) -> Day {
        plus_days(day(WEEKS[0]), self.day)
    }

    fn row(&self) -> String {
        let (id, first, last, role) = PEOPLE[self.person];
        // One report has UUIDs in upper case.
        let id = if self.kind == ActivityKind::Notes { id.to_uppercase() } else { id.to_owned() };
        let Self { medium, section, item, answer, .. } = self;
        let at = format!("{} {:02}:{:02}:00", self.date(), self.minute / 60, self.minute % 60);
        let person = format!("{id},{first},{last},{role}");
        let course = format!("s{section},c");
        match self.kind {
            ActivityKind::Watch => format!("v{medium},Video {medium},{course},{at},10,{person}"),
            ActivityKind::Slides => format!("d{medium},Deck {medium},{course},{at},{person},30"),
            // A poll belongs to one deck.
            ActivityKind::Polls => format!("d{item},Deck {item},{course},p{item},1,{at},a,{answer},{person}"),
            ActivityKind::Answers => format!("q{item},{course},x,a{item},{at},{person}"),
            ActivityKind::Marks => format!("d{medium},Deck {medium},{course},{at},{person}"),
            ActivityKind::Notes => format!("d{medium},Deck {medium},{course},7,{at},{person}"),
        }
    }
}

fn test_row() -> impl Strategy<Value = TestRow> {
    let numbers = (0u64..28, 0u32..1440, 0usize..5, 0usize..3, 0usize..2, 0usize..3, 0usize..2);
    (prop::sample::select(ActivityKind::ALL.to_vec()), numbers).prop_map(|(kind, numbers)| {
        let (day, minute, person, medium, section, item, answer) = numbers;
        TestRow { kind, day, minute, person, medium, section, item, answer }
    })
}

/// The dataset of each report, with the loaded weeks.
fn course(
    all: &[TestRow],
    is_loaded: impl Fn(ActivityKind, usize) -> bool,
) -> BTreeMap<ActivityKind, Dataset> {
    let kind_dataset = |kind: ActivityKind| {
        let windows: Vec<_> = (0..4)
            .filter(|week| is_loaded(kind, *week))
            .map(|index| {
                let rows = all.iter().filter(|row| row.kind == kind && row.day / 7 == index as u64);
                let rows: String = rows.map(|row| row.row() + "\n").collect();
                week(WEEKS[index], HEADERS[kind.index()], &rows)
            })
            .collect();
        (kind, dataset(&windows))
    };
    ActivityKind::ALL.into_iter().map(kind_dataset).collect()
}

fn options() -> CourseOptions {
    CourseOptions {
        student: None,
        comparison: Comparison::Before,
        is_chosen: false,
        weights: Weights::default(),
        is_nameless: false,
    }
}

fn measure_course(
    dataset: &BTreeMap<ActivityKind, Dataset>,
    options: &CourseOptions,
    sections: &[&str],
) -> Measures {
    let mut query = query(WEEKS[2], "2026-03-01");
    query.base.sections = sections.iter().map(|id| (*id).into()).collect();
    let sources =
        Sources { by_kind: dataset.iter().map(|(kind, dataset)| (*kind, dataset)).collect(), library: None };
    measure(&sources, &query, options)
}

fn is_student(row: &TestRow) -> bool {
    (1..=3).contains(&row.person)
}

/// Number of events on one day: edits of an answer count once.
fn count_events(all: &[&TestRow]) -> usize {
    let answers: BTreeSet<_> =
        all.iter().filter(|row| row.kind == ActivityKind::Answers).map(|row| (row.day, row.item)).collect();
    all.iter().filter(|row| row.kind != ActivityKind::Answers).count() + answers.len()
}

proptest! {
    #[test]
    fn measures_match_a_naive_count(
        all in prop::collection::vec(test_row(), 0..80),
        gaps in prop::collection::btree_set((0usize..6, 0usize..4), 0..3),
        only in prop::option::of(0usize..2),
    ) {
        // All rows of an answer have the same author, as in real data.
        let mut writers = BTreeMap::new();
        let mut all = all;
        for row in all.iter_mut().filter(|row| row.kind == ActivityKind::Answers) {
            (row.person, row.section) = *writers.entry(row.item).or_insert((row.person, row.section));
        }
        let dataset = course(&all, |kind, week| !gaps.contains(&(kind.index(), week)));
        let sections: Vec<String> = only.iter().map(|section| format!("s{section}")).collect();
        let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
        let measures = measure_course(&dataset, &options(), &sections);
        let is_selected = |row: &&TestRow| {
            !gaps.contains(&(row.kind.index(), usize::try_from(row.day / 7).unwrap()))
                && only.is_none_or(|section| row.section == section)
        };
        let selected: Vec<&TestRow> = all.iter().filter(is_selected).collect();
        let now: Vec<&TestRow> = selected.iter().copied().filter(|row| row.day >= 14).collect();
        for series in &measures.series {
            let on = |day: u64| -> Vec<&TestRow> {
                selected.iter().copied().filter(|row| row.kind == series.kind && row.day == day && is_student(row)).collect()
            };
            let is_missing = |day: u64| gaps.contains(&(series.kind.index(), usize::try_from(day / 7).unwrap()));
            let (mut total, mut compared) = (0, ComparisonTotals::default());
            for index in 0..14 {
                let (day, then) = (index + 14, on(index).len());
                let count = count_events(&on(day)) as u64;
                let then = if series.kind == ActivityKind::Answers { count_events(&on(index)) } else { then } as u64;
                let known = measures.series[series.kind.index()].bins[usize::try_from(index).unwrap()];
                prop_assert_eq!(known, if is_missing(day) { Completeness::Missing } else { Completeness::Complete(count) });
                let other = series.others[usize::try_from(index).unwrap()];
                prop_assert_eq!(other, (!is_missing(index)).then_some(then));
                total += if is_missing(day) { 0 } else { count };
                if !is_missing(day) && !is_missing(index) {
                    compared.days += 1;
                    compared.now += count;
                    compared.then += then;
                }
            }
            prop_assert_eq!((series.total, series.compared), (total, compared));
            let unnamed = now.iter().filter(|row| row.kind == series.kind && row.person == 0);
            let unnamed: Vec<&TestRow> = unnamed.copied().collect();
            prop_assert_eq!(series.unnamed, count_events(&unnamed) as u64);
        }
        for (person, (id, ..)) in PEOPLE.iter().enumerate().filter(|(person, _)| (1..=3).contains(person)) {
            let own: Vec<&TestRow> = selected.iter().copied().filter(|row| row.person == person).collect();
            let found = measures.students.iter().find(|student| student.id == *id);
            prop_assert_eq!(found.is_some(), !own.is_empty());
            let Some(student) = found else { continue };
            for kind in ActivityKind::ALL {
                let rows: Vec<&TestRow> = own.iter().copied().filter(|row| row.day >= 14 && row.kind == kind).collect();
                let items: BTreeSet<usize> = rows.iter().map(|row| row.item).collect();
                let is_per_item = matches!(kind, ActivityKind::Polls | ActivityKind::Answers);
                let amount = if is_per_item { items.len() } else { rows.len() };
                prop_assert_eq!(student.amount(kind), amount as u64);
            }
            let last = own.iter().map(|row| (row.day, row.minute)).max();
            let start = domain::time::Timestamp::start_of(day(WEEKS[0])).seconds();
            let at = last.map(|(day, minute)| u32::try_from(start).unwrap() + u32::try_from(day).unwrap() * 86400 + minute * 60);
            prop_assert_eq!(student.last, at);
            let is_quiet = !own.iter().any(|row| row.day >= 14);
            prop_assert_eq!(student.is_quiet, is_quiet && measures.is_quiet_known);
            prop_assert!(student.score.is_none_or(|score| (0.0..=100.0).contains(&score)));
            for (index, count) in student.weeks.iter().enumerate() {
                let days: BTreeSet<u64> = own.iter().map(|row| row.day).filter(|day| *day / 7 == index as u64 + 2).collect();
                let is_known = ActivityKind::ALL.iter().any(|kind| !gaps.contains(&(kind.index(), index + 2)));
                prop_assert_eq!(*count, is_known.then_some(days.len() as u64));
            }
        }
        let is_whole = |index: usize| (0..6).all(|kind| !gaps.contains(&(kind, index)));
        prop_assert_eq!(measures.is_quiet_known, is_whole(2) && is_whole(3));
        let active: BTreeSet<usize> = now.iter().filter(|row| is_student(row)).map(|row| row.person).collect();
        prop_assert_eq!(measures.active.0, active.len() as u64);
        for video in &measures.videos {
            let is_view = |row: &&&TestRow| row.kind == ActivityKind::Watch && is_student(row);
            let views = now.iter().filter(is_view).filter(|row| format!("v{}", row.medium) == video.id);
            let viewers: BTreeSet<usize> = views.clone().map(|row| row.person).collect();
            prop_assert_eq!((video.rows, video.viewers), (views.count() as u64, viewers.len() as u64));
            let share = video.rows as f64 / 2.0 / video.viewers as f64 / 10.0;
            prop_assert!((video.share_of_length().unwrap() - share).abs() < 1e-9);
        }
        for deck in &measures.decks {
            let by_students = |kind: ActivityKind| now.iter().filter(move |row| row.kind == kind && is_student(row));
            let count = |kind: ActivityKind| by_students(kind).filter(|row| format!("d{}", row.medium) == deck.id).count() as u64;
            prop_assert_eq!((deck.views, deck.marks, deck.notes), (count(ActivityKind::Slides), count(ActivityKind::Marks), count(ActivityKind::Notes)));
            let mut latest: BTreeMap<usize, (u64, u32, usize)> = BTreeMap::new();
            let mut times = BTreeSet::new();
            for row in by_students(ActivityKind::Polls).filter(|row| format!("d{}", row.item) == deck.id) {
                times.insert((row.person, row.day, row.minute, row.answer));
                let latest = latest.entry(row.person).or_insert((row.day, row.minute, row.answer));
                *latest = (*latest).max((row.day, row.minute, row.answer));
            }
            // The rows have no choices, so a solution that nobody gave cannot be compared.
            let everybody = now.iter().filter(|row| row.kind == ActivityKind::Polls && format!("d{}", row.item) == deck.id);
            let is_clear = everybody.clone().count() == times.len();
            if is_clear && latest.values().any(|(.., answer)| *answer == 1) {
                let minutes: BTreeSet<(usize, u64, u32)> = times.iter().map(|(person, day, minute, _)| (*person, *day, *minute)).collect();
                if minutes.len() == times.len() {
                    let right = latest.values().filter(|(.., answer)| *answer == 1).count() as u64;
                    prop_assert_eq!(deck.right, (right, latest.len() as u64));
                }
            }
        }
    }

    #[test]
    fn measures_of_one_student_match_the_list_of_students(all in prop::collection::vec(test_row(), 1..60)) {
        let dataset = course(&all, |_, _| true);
        for (id, ..) in &PEOPLE[1..=3] {
            let options = CourseOptions { student: Some(id.to_uppercase().into()), ..options() };
            let measures = measure_course(&dataset, &options, &[]);
            let listed = measures.students.iter().find(|student| student.id == *id);
            prop_assert_eq!(measures.person.as_ref().map(|person| &person.student), listed);
            let Some(person) = measures.person else { continue };
            let rows = |kind: ActivityKind| -> u64 {
                person.series[kind.index()].1.iter().filter_map(Completeness::value).sum()
            };
            for kind in [ActivityKind::Watch, ActivityKind::Slides, ActivityKind::Marks, ActivityKind::Notes] {
                prop_assert_eq!(rows(kind), person.student.amount(kind));
                let items = if kind == ActivityKind::Watch { &person.videos } else { &person.decks };
                prop_assert_eq!(items.iter().map(|used| used.amounts[kind.index()]).sum::<u64>(), rows(kind));
            }
            prop_assert_eq!(person.polls.len() as u64, person.student.amount(ActivityKind::Polls));
            prop_assert_eq!(person.words, 7 * person.student.amount(ActivityKind::Notes));
            prop_assert!(person.polls.iter().all(|poll| poll.answer.is_none()), "contents are off by default");
        }
    }
}

fn watch(day: u64, person: usize, medium: usize, times: u32) -> Vec<TestRow> {
    let one = |minute| TestRow {
        kind: ActivityKind::Watch,
        day,
        minute,
        person,
        medium,
        section: 0,
        item: 0,
        answer: 0,
    };
    (0..times).map(one).collect()
}

#[test]
fn a_score_is_the_weighted_mean_of_ranks() {
    let mut all = [watch(14, 1, 0, 9), watch(15, 2, 0, 1)].concat();
    all.push(TestRow { kind: ActivityKind::Notes, ..all[9].clone() });
    let dataset = course(&all, |_, _| true);
    let scores = |weights: &str| -> Vec<Option<f64>> {
        let options = CourseOptions { weights: Weights::parse(weights), ..options() };
        let mut students = measure_course(&dataset, &options, &[]).students;
        students.sort_by(|a, b| a.id.cmp(&b.id));
        students.iter().map(|student| student.score).collect()
    };
    // Ana watched most (rank 1) and has no notes (0); Bo watched less (rank 0.5) and noted most (1). No other
    // activity.
    assert_eq!(scores("watch-1,notes-1"), [Some(50.0), Some(75.0)]);
    assert_eq!(scores("watch-1,notes-0"), [Some(100.0), Some(50.0)]);
    assert_eq!(scores("watch-0,notes-0"), [None, None], "all kinds in use have weight zero");
}

#[test]
fn an_outlier_week_is_found_with_its_main_video() {
    let all = [watch(15, 1, 0, 40), watch(22, 1, 1, 200), watch(29, 1, 0, 50)].concat();
    let windows = |text: &str, count: u64| -> Vec<_> {
        let start = |index: u64| plus_days(day(text), 7 * index).to_string();
        let rows = |index: u64| {
            all.iter().filter(|row| row.day / 7 == index + 2).map(|row| row.row() + "\n").collect::<String>()
        };
        (0..count).map(|index| week(&start(index), HEADERS[0], &rows(index))).collect()
    };
    let dataset = dataset(&windows("2026-02-16", 3));
    let sources = Sources { by_kind: [(ActivityKind::Watch, &dataset)].into(), library: None };
    let found = measure(&sources, &query("2026-02-16", "2026-03-08"), &options()).outlier.unwrap();
    assert_eq!((found.first, found.last), (day("2026-02-23"), day("2026-03-01")));
    assert_eq!((found.amount, found.usual, found.main_item.as_deref()), (200, 45, Some("Video 1")));
    // The range cuts the last week, so there are too few whole weeks, and too few days with activity.
    assert_eq!(measure(&sources, &query("2026-02-16", "2026-03-07"), &options()).outlier, None);
}

#[test]
fn missing_data_affects_only_its_kind_and_nobody_is_quiet() {
    let all = watch(14, 1, 0, 3);
    let dataset = course(&all, |kind, _| kind == ActivityKind::Watch);
    let measures = measure_course(&dataset, &options(), &[]);
    assert_eq!(measures.series[0].missing, 0);
    assert!(measures.series[1..].iter().all(|series| series.missing == 14 && series.total == 0));
    assert!(!measures.is_quiet_known && measures.students.iter().all(|student| !student.is_quiet));
    let whole = measure_course(&course(&watch(13, 1, 0, 3), |_, _| true), &options(), &[]);
    assert_eq!((whole.students.len(), whole.active), (1, (0, 1)));
    assert!(whole.students[0].is_quiet && whole.students[0].score.is_none());
}

/// Measures the days from `from` to `to` with these breaks.
fn measure_with_breaks(all: &[TestRow], (from, to): (&str, &str), breaks: &[(&str, &str)]) -> Measures {
    let dataset = course(all, |_, _| true);
    let mut query = query(from, to);
    query.base.calendar.breaks = Breaks::new(breaks.iter().map(|(from, to)| Range::parse(from, to).unwrap()));
    let sources =
        Sources { by_kind: dataset.iter().map(|(kind, dataset)| (*kind, dataset)).collect(), library: None };
    measure(&sources, &query, &options())
}

#[test]
fn nobody_is_quiet_because_of_a_break() {
    // Ana before the last two weeks, Bo two weeks earlier, and the third student in the last week.
    let all = [watch(13, 1, 0, 3), watch(3, 2, 0, 3), watch(25, 3, 0, 3)].concat();
    let quiet = |days: (&str, &str), breaks: &[(&str, &str)]| {
        let measures = measure_with_breaks(&all, days, breaks);
        assert!(measures.is_quiet_known);
        let quiet = measures.students.into_iter().filter(|student| student.is_quiet);
        quiet.map(|student| student.id).collect::<BTreeSet<_>>()
    };
    let ids = |people: &[usize]| people.iter().map(|person| PEOPLE[*person].0.to_owned()).collect();
    let two_weeks = (WEEKS[2], "2026-03-01");
    assert_eq!(quiet(two_weeks, &[]), ids(&[1, 2]));
    // The range ends with a break, or has one; the weekend belongs to it.
    assert_eq!(quiet(two_weeks, &[(WEEKS[3], "2026-03-01")]), ids(&[2]));
    assert_eq!(quiet(two_weeks, &[(WEEKS[2], "2026-02-20")]), ids(&[2]));
    // With a break before the range, the week before the break is read, too, and the break itself: whoever is active in
    // it is not quiet.
    let all = [watch(13, 1, 0, 3), watch(18, 2, 0, 3)].concat();
    let measures = measure_with_breaks(&all, (WEEKS[3], "2026-03-01"), &[(WEEKS[2], "2026-02-22")]);
    let students: Vec<_> = measures.students.iter().map(|it| (it.id.as_str(), it.is_quiet)).collect();
    assert!(measures.is_quiet_known);
    assert_eq!(students, [(PEOPLE[2].0, false), (PEOPLE[1].0, false)]);
}

#[test]
fn a_comparison_skips_breaks() {
    let all = [watch(0, 1, 0, 5), watch(7, 1, 0, 1), watch(14, 1, 0, 10), watch(16, 1, 0, 2)].concat();
    let compare = |days: (&str, &str), breaks: &[(&str, &str)]| {
        measure_with_breaks(&all, days, breaks).series[0].compared
    };
    let week = (WEEKS[2], "2026-02-22");
    let whole = ComparisonTotals { days: 7, now: 12, then: 1, in_breaks: 0 };
    assert_eq!(compare(week, &[]), whole);
    // A week after a break is compared with the week before it, and without a holiday of its own.
    let before_break = ComparisonTotals { then: 5, ..whole };
    assert_eq!(compare(week, &[(WEEKS[1], "2026-02-15")]), before_break);
    let without_day = ComparisonTotals { days: 6, now: 10, in_breaks: 1, ..before_break };
    assert_eq!(compare(week, &[(WEEKS[1], "2026-02-15"), ("2026-02-18", "2026-02-18")]), without_day);
    // A break is not compared at all.
    let nothing = ComparisonTotals { in_breaks: 7, ..ComparisonTotals::default() };
    assert_eq!(compare(week, &[(WEEKS[2], "2026-02-22")]), nothing);
}

#[test]
fn a_week_in_a_break_stands_out_neither_itself_nor_beside_others() {
    let all = [watch(1, 1, 0, 150), watch(8, 1, 0, 40), watch(15, 1, 0, 160), watch(22, 1, 0, 500)].concat();
    let outlier = |breaks: &[(&str, &str)]| {
        measure_with_breaks(&all, (WEEKS[0], "2026-03-01"), breaks)
            .outlier
            .map(|found| (found.first, found.usual))
    };
    assert_eq!(outlier(&[]), Some((day(WEEKS[3]), 150)));
    assert_eq!(outlier(&[(WEEKS[1], "2026-02-13")]), Some((day(WEEKS[3]), 155)));
    assert_eq!(outlier(&[(WEEKS[3], "2026-02-27")]), None);
}

#[test]
fn a_section_is_compared_over_the_same_days() {
    let other = |row: TestRow| TestRow { section: 1, ..row };
    let all = [watch(14, 1, 0, 3), watch(14, 2, 0, 5).into_iter().map(other).collect()].concat();
    let dataset = course(&all, |_, _| true);
    let options =
        CourseOptions { comparison: Comparison::Section("S1".into()), is_chosen: true, ..options() };
    let measures = measure_course(&dataset, &options, &["s0"]);
    assert_eq!(measures.series[0].compared, ComparisonTotals { days: 14, now: 3, then: 5, in_breaks: 0 });
    assert_eq!(measures.active, (1, 1));
    assert_eq!(measures.students.len(), 1, "the other section's students are not listed");
}

#[test]
fn provisional_days_are_not_compared() {
    let provisional = WindowCoverage {
        start: Some(day(WEEKS[3])),
        end: Some(plus_days(day(WEEKS[3]), 7)),
        provisional_from: Some(day("2026-02-27")),
    };
    let mut windows: Vec<_> = WEEKS[..3].iter().map(|start| week(start, HEADERS[0], "")).collect();
    windows.push(window(provisional, HEADERS[0], ""));
    let dataset = dataset(&windows);
    let sources = Sources { by_kind: [(ActivityKind::Watch, &dataset)].into(), library: None };
    let measures = measure(&sources, &query(WEEKS[2], "2026-03-01"), &options());
    assert_eq!((measures.series[0].compared.days, measures.series[0].provisional), (11, 3));
    assert!(matches!(measures.series[0].bins[11], Completeness::Provisional(0)));
}

#[test]
fn a_video_has_the_day_of_its_capture_from_the_library() {
    let tables_of = course(&watch(14, 1, 0, 3), |_, _| true);
    let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
    let header = "mediaid,course_identifier,section_number,view_count,create_date";
    let library = dataset(&[window(coverage, header, "V0,c,1,0,2026-01-05 09:00:00\n")]);
    let sources = Sources {
        by_kind: [(ActivityKind::Watch, &tables_of[&ActivityKind::Watch])].into(),
        library: Some(&library),
    };
    let measures = measure(&sources, &query(WEEKS[2], "2026-03-01"), &options());
    assert_eq!(measures.videos[0].captured, Some(day("2026-01-05")));
}
