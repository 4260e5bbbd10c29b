//! Six reports made of the same few people, counted once more by the plainest means.

use super::*;
use crate::reports::fixture::{dataset, day, query, week, window};
use crate::video_view_dataset::WindowCoverage;
use domain::time::{Day, plus_days};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The header of each report, and how one of its rows is written.
const HEADERS: [&str; 6] = [
    "VideoId,VideoName,sectionId,courseId,event_timestamp,duration_Minute,userid,firstname,lastname,role",
    "presentationID,presentationName,sectionId,courseId,event_timestamp,userid,firstname,lastname,role,slide_count",
    "presentation_id,presentation_name,sectionId,courseId,activity_id,solution,event_timestamp,answer_id,answer,userid,firstname,lastname,role",
    "questionid,sectionId,courseId,question_userid,answerid,event_timestamp,answer_userid,answer_firstname,answer_lastname,answer_role",
    "PresentationID,PresentationName,sectionId,courseId,event_timestamp,userid,firstname,lastname,role",
    "PresentationID,PresentationName,sectionId,courseId,note_count,event_timestamp,userid,firstname,lastname,role",
];

/// Four weeks: two that are compared with, two that are shown.
const WEEKS: [&str; 4] = ["2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"];

/// Who: nobody, three students, one who teaches.
const PEOPLE: [(&str, &str, &str, &str); 5] = [
    ("", "", "", ""),
    ("aaaa1111", "Ana", "Nuñez", "Student"),
    ("bbbb2222", "Bo", "Li", "Student"),
    ("cccc3333", "", "", "Student"),
    ("dddd4444", "Dee", "Ray", "Instructor"),
];

/// Something that happened.
#[derive(Debug, Clone)]
struct Happened {
    kind: ActivityKind,
    /// Days from the first of the four weeks.
    day: u64,
    minute: u32,
    who: usize,
    thing: usize,
    section: usize,
    /// Which poll or which answer.
    item: usize,
    /// What a poll was answered with; 1 is right.
    answer: usize,
}

impl Happened {
    fn date(&self) -> Day {
        plus_days(day(WEEKS[0]), self.day)
    }

    fn row(&self) -> String {
        let (id, first, last, role) = PEOPLE[self.who];
        // One report spells UUIDs in capitals.
        let id = if self.kind == ActivityKind::Notes { id.to_uppercase() } else { id.to_owned() };
        let Self { thing, section, item, answer, .. } = self;
        let at = format!("{} {:02}:{:02}:00", self.date(), self.minute / 60, self.minute % 60);
        let who = format!("{id},{first},{last},{role}");
        let place = format!("s{section},c");
        match self.kind {
            ActivityKind::Watch => format!("v{thing},Video {thing},{place},{at},10,{who}"),
            ActivityKind::Slides => format!("d{thing},Deck {thing},{place},{at},{who},30"),
            // A poll belongs to one deck.
            ActivityKind::Polls => format!("d{item},Deck {item},{place},p{item},1,{at},a,{answer},{who}"),
            ActivityKind::Answers => format!("q{item},{place},x,a{item},{at},{who}"),
            ActivityKind::Marks => format!("d{thing},Deck {thing},{place},{at},{who}"),
            ActivityKind::Notes => format!("d{thing},Deck {thing},{place},7,{at},{who}"),
        }
    }
}

fn happened() -> impl Strategy<Value = Happened> {
    let numbers = (0u64..28, 0u32..1440, 0usize..5, 0usize..3, 0usize..2, 0usize..3, 0usize..2);
    (prop::sample::select(ActivityKind::ALL.to_vec()), numbers).prop_map(|(kind, numbers)| {
        let (day, minute, who, thing, section, item, answer) = numbers;
        Happened { kind, day, minute, who, thing, section, item, answer }
    })
}

/// The tables of each report, of the weeks that are here.
fn course(
    all: &[Happened],
    is_here: impl Fn(ActivityKind, usize) -> bool,
) -> BTreeMap<ActivityKind, Dataset> {
    let of = |kind: ActivityKind| {
        let windows: Vec<_> = (0..4)
            .filter(|week| is_here(kind, *week))
            .map(|place| {
                let rows = all.iter().filter(|it| it.kind == kind && it.day / 7 == place as u64);
                let rows: String = rows.map(|it| it.row() + "\n").collect();
                week(WEEKS[place], HEADERS[kind.index()], &rows)
            })
            .collect();
        (kind, dataset(&windows))
    };
    ActivityKind::ALL.into_iter().map(of).collect()
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

fn measured(
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

fn is_student(it: &Happened) -> bool {
    (1..=3).contains(&it.who)
}

/// What counts as one on a day: an answer that is edited on it is one.
fn distinct(all: &[&Happened]) -> usize {
    let answers: BTreeSet<_> =
        all.iter().filter(|it| it.kind == ActivityKind::Answers).map(|it| (it.day, it.item)).collect();
    all.iter().filter(|it| it.kind != ActivityKind::Answers).count() + answers.len()
}

proptest! {
    #[test]
    fn every_number_is_what_a_plain_count_finds(
        all in prop::collection::vec(happened(), 0..80),
        gaps in prop::collection::btree_set((0usize..6, 0usize..4), 0..3),
        only in prop::option::of(0usize..2),
    ) {
        // The rows of one answer name one writer, as they do in truth.
        let mut writers = BTreeMap::new();
        let mut all = all;
        for it in all.iter_mut().filter(|it| it.kind == ActivityKind::Answers) {
            (it.who, it.section) = *writers.entry(it.item).or_insert((it.who, it.section));
        }
        let dataset = course(&all, |kind, week| !gaps.contains(&(kind.index(), week)));
        let sections: Vec<String> = only.iter().map(|section| format!("s{section}")).collect();
        let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
        let measures = measured(&dataset, &options(), &sections);
        let is_here = |it: &&Happened| {
            !gaps.contains(&(it.kind.index(), usize::try_from(it.day / 7).unwrap()))
                && only.is_none_or(|section| it.section == section)
        };
        let here: Vec<&Happened> = all.iter().filter(is_here).collect();
        let now: Vec<&Happened> = here.iter().copied().filter(|it| it.day >= 14).collect();
        for strip in &measures.series {
            let on = |day: u64| -> Vec<&Happened> {
                here.iter().copied().filter(|it| it.kind == strip.kind && it.day == day && is_student(it)).collect()
            };
            let gap = |day: u64| gaps.contains(&(strip.kind.index(), usize::try_from(day / 7).unwrap()));
            let (mut total, mut compared) = (0, ComparisonTotals::default());
            for place in 0..14 {
                let (day, then) = (place + 14, on(place).len());
                let count = distinct(&on(day)) as u64;
                let then = if strip.kind == ActivityKind::Answers { distinct(&on(place)) } else { then } as u64;
                let known = measures.series[strip.kind.index()].bins[usize::try_from(place).unwrap()];
                prop_assert_eq!(known, if gap(day) { Completeness::Missing } else { Completeness::Complete(count) });
                let other = strip.others[usize::try_from(place).unwrap()];
                prop_assert_eq!(other, (!gap(place)).then_some(then));
                total += if gap(day) { 0 } else { count };
                if !gap(day) && !gap(place) {
                    compared.days += 1;
                    compared.now += count;
                    compared.then += then;
                }
            }
            prop_assert_eq!((strip.total, strip.compared), (total, compared));
            let unnamed = now.iter().filter(|it| it.kind == strip.kind && it.who == 0);
            let unnamed: Vec<&Happened> = unnamed.copied().collect();
            prop_assert_eq!(strip.unnamed, distinct(&unnamed) as u64);
        }
        for (who, (id, ..)) in PEOPLE.iter().enumerate().filter(|(who, _)| (1..=3).contains(who)) {
            let own: Vec<&Happened> = here.iter().copied().filter(|it| it.who == who).collect();
            let found = measures.students.iter().find(|student| student.id == *id);
            prop_assert_eq!(found.is_some(), !own.is_empty());
            let Some(student) = found else { continue };
            for kind in ActivityKind::ALL {
                let of: Vec<&Happened> = own.iter().copied().filter(|it| it.day >= 14 && it.kind == kind).collect();
                let items: BTreeSet<usize> = of.iter().map(|it| it.item).collect();
                let amount = if matches!(kind, ActivityKind::Polls | ActivityKind::Answers) { items.len() } else { of.len() };
                prop_assert_eq!(student.amount(kind), amount as u64);
            }
            let last = own.iter().map(|it| (it.day, it.minute)).max();
            let start = domain::time::Timestamp::start_of(day(WEEKS[0])).seconds();
            let at = last.map(|(day, minute)| u32::try_from(start).unwrap() + u32::try_from(day).unwrap() * 86400 + minute * 60);
            prop_assert_eq!(student.last, at);
            let is_quiet = !own.iter().any(|it| it.day >= 14);
            prop_assert_eq!(student.is_quiet, is_quiet && measures.is_quiet_known);
            prop_assert!(student.score.is_none_or(|score| (0.0..=100.0).contains(&score)));
            for (place, count) in student.weeks.iter().enumerate() {
                let days: BTreeSet<u64> = own.iter().map(|it| it.day).filter(|day| *day / 7 == place as u64 + 2).collect();
                let is_known = ActivityKind::ALL.iter().any(|kind| !gaps.contains(&(kind.index(), place + 2)));
                prop_assert_eq!(*count, is_known.then_some(days.len() as u64));
            }
        }
        let is_whole = |place: usize| (0..6).all(|kind| !gaps.contains(&(kind, place)));
        prop_assert_eq!(measures.is_quiet_known, is_whole(2) && is_whole(3));
        let active: BTreeSet<usize> = now.iter().filter(|it| is_student(it)).map(|it| it.who).collect();
        prop_assert_eq!(measures.active.0, active.len() as u64);
        for video in &measures.videos {
            let of = now.iter().filter(|it| it.kind == ActivityKind::Watch && is_student(it) && format!("v{}", it.thing) == video.id);
            let viewers: BTreeSet<usize> = of.clone().map(|it| it.who).collect();
            prop_assert_eq!((video.rows, video.viewers), (of.count() as u64, viewers.len() as u64));
            let share = video.rows as f64 / 2.0 / video.viewers as f64 / 10.0;
            prop_assert!((video.share_of_length().unwrap() - share).abs() < 1e-9);
        }
        for deck in &measures.decks {
            let of = |kind: ActivityKind| now.iter().filter(move |it| it.kind == kind && is_student(it));
            let count = |kind: ActivityKind| of(kind).filter(|it| format!("d{}", it.thing) == deck.id).count() as u64;
            prop_assert_eq!((deck.views, deck.marks, deck.notes), (count(ActivityKind::Slides), count(ActivityKind::Marks), count(ActivityKind::Notes)));
            let mut latest: BTreeMap<usize, (u64, u32, usize)> = BTreeMap::new();
            let mut times = BTreeSet::new();
            for it in of(ActivityKind::Polls).filter(|it| format!("d{}", it.item) == deck.id) {
                times.insert((it.who, it.day, it.minute, it.answer));
                let latest = latest.entry(it.who).or_insert((it.day, it.minute, it.answer));
                *latest = (*latest).max((it.day, it.minute, it.answer));
            }
            // A solution that nobody gave cannot be compared: the rows here have no choices.
            let everybody = now.iter().filter(|it| it.kind == ActivityKind::Polls && format!("d{}", it.item) == deck.id);
            let is_clear = everybody.clone().count() == times.len();
            if is_clear && latest.values().any(|(.., answer)| *answer == 1) {
                let minutes: BTreeSet<(usize, u64, u32)> = times.iter().map(|(who, day, minute, _)| (*who, *day, *minute)).collect();
                if minutes.len() == times.len() {
                    let right = latest.values().filter(|(.., answer)| *answer == 1).count() as u64;
                    prop_assert_eq!(deck.right, (right, latest.len() as u64));
                }
            }
        }
    }

    #[test]
    fn a_student_alone_has_what_the_list_says_of_them(all in prop::collection::vec(happened(), 1..60)) {
        let dataset = course(&all, |_, _| true);
        for (id, ..) in &PEOPLE[1..=3] {
            let options = CourseOptions { student: Some(id.to_uppercase().into()), ..options() };
            let measures = measured(&dataset, &options, &[]);
            let listed = measures.students.iter().find(|student| student.id == *id);
            prop_assert_eq!(measures.person.as_ref().map(|person| &person.student), listed);
            let Some(person) = measures.person else { continue };
            let rows = |kind: ActivityKind| -> u64 {
                person.series[kind.index()].1.iter().filter_map(Completeness::value).sum()
            };
            for kind in [ActivityKind::Watch, ActivityKind::Slides, ActivityKind::Marks, ActivityKind::Notes] {
                prop_assert_eq!(rows(kind), person.student.amount(kind));
                let things = if kind == ActivityKind::Watch { &person.videos } else { &person.decks };
                prop_assert_eq!(things.iter().map(|used| used.amounts[kind.index()]).sum::<u64>(), rows(kind));
            }
            prop_assert_eq!(person.polls.len() as u64, person.student.amount(ActivityKind::Polls));
            prop_assert_eq!(person.words, 7 * person.student.amount(ActivityKind::Notes));
            prop_assert!(person.polls.iter().all(|poll| poll.answer.is_none()), "contents are off at first");
        }
    }
}

fn watch(day: u64, who: usize, thing: usize, times: u32) -> Vec<Happened> {
    let one = |minute| Happened {
        kind: ActivityKind::Watch,
        day,
        minute,
        who,
        thing,
        section: 0,
        item: 0,
        answer: 0,
    };
    (0..times).map(one).collect()
}

#[test]
fn a_score_is_a_place_among_students_by_the_chosen_weights() {
    let mut all = [watch(14, 1, 0, 9), watch(15, 2, 0, 1)].concat();
    all.push(Happened { kind: ActivityKind::Notes, ..all[9].clone() });
    let dataset = course(&all, |_, _| true);
    let scores = |weights: &str| -> Vec<Option<f64>> {
        let options = CourseOptions { weights: Weights::parse(weights), ..options() };
        let mut students = measured(&dataset, &options, &[]).students;
        students.sort_by(|a, b| a.id.cmp(&b.id));
        students.iter().map(|student| student.score).collect()
    };
    // Ana watched most (place 1 of 2) and noted nothing; Bo watched less (0.5) and noted most. Nobody did the rest.
    assert_eq!(scores("watch-1,notes-1"), [Some(50.0), Some(75.0)]);
    assert_eq!(scores("watch-1,notes-0"), [Some(100.0), Some(50.0)]);
    assert_eq!(scores("watch-0,notes-0"), [None, None], "nothing that anybody did weighs anything");
}

#[test]
fn a_week_that_is_unlike_the_others_stands_out_with_what_most_of_it_was() {
    let all = [watch(15, 1, 0, 40), watch(22, 1, 1, 200), watch(29, 1, 0, 50)].concat();
    let of_weeks = |text: &str, count: u64| -> Vec<_> {
        let start = |place: u64| plus_days(day(text), 7 * place).to_string();
        let rows = |place: u64| {
            all.iter().filter(|it| it.day / 7 == place + 2).map(|it| it.row() + "\n").collect::<String>()
        };
        (0..count).map(|place| week(&start(place), HEADERS[0], &rows(place))).collect()
    };
    let dataset = dataset(&of_weeks("2026-02-16", 3));
    let sources = Sources { by_kind: [(ActivityKind::Watch, &dataset)].into(), library: None };
    let found = measure(&sources, &query("2026-02-16", "2026-03-08"), &options()).outlier.unwrap();
    assert_eq!((found.first, found.last), (day("2026-02-23"), day("2026-03-01")));
    assert_eq!((found.amount, found.usual, found.main_item.as_deref()), (200, 45, Some("Video 1")));
    // The last week is cut, so there are too few to call anything usual, and only three days have any.
    assert_eq!(measure(&sources, &query("2026-02-16", "2026-03-07"), &options()).outlier, None);
}

#[test]
fn what_is_not_here_is_missing_for_its_kind_alone_and_nobody_is_called_quiet() {
    let all = watch(14, 1, 0, 3);
    let dataset = course(&all, |kind, _| kind == ActivityKind::Watch);
    let measures = measured(&dataset, &options(), &[]);
    assert_eq!(measures.series[0].missing, 0);
    assert!(measures.series[1..].iter().all(|strip| strip.missing == 14 && strip.total == 0));
    assert!(!measures.is_quiet_known && measures.students.iter().all(|student| !student.is_quiet));
    let whole = measured(&course(&watch(13, 1, 0, 3), |_, _| true), &options(), &[]);
    assert_eq!((whole.students.len(), whole.active), (1, (0, 1)));
    assert!(whole.students[0].is_quiet && whole.students[0].score.is_none());
}

#[test]
fn another_section_is_held_against_the_same_days() {
    let other = |it: Happened| Happened { section: 1, ..it };
    let all = [watch(14, 1, 0, 3), watch(14, 2, 0, 5).into_iter().map(other).collect()].concat();
    let dataset = course(&all, |_, _| true);
    let options =
        CourseOptions { comparison: Comparison::Section("S1".into()), is_chosen: true, ..options() };
    let measures = measured(&dataset, &options, &["s0"]);
    assert_eq!(measures.series[0].compared, ComparisonTotals { days: 14, now: 3, then: 5 });
    assert_eq!(measures.active, (1, 1));
    assert_eq!(measures.students.len(), 1, "the other section's students are not listed");
}

#[test]
fn days_that_are_not_final_are_compared_with_nothing() {
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
fn a_video_has_the_day_of_its_capture_where_the_library_knows_it() {
    let tables_of = course(&watch(14, 1, 0, 3), |_, _| true);
    let coverage = WindowCoverage { start: None, end: None, provisional_from: None };
    let library = dataset(&[window(coverage, "mediaid,create_date", "V0,2026-01-05 09:00:00\n")]);
    let sources = Sources {
        by_kind: [(ActivityKind::Watch, &tables_of[&ActivityKind::Watch])].into(),
        library: Some(&library),
    };
    let measures = measure(&sources, &query(WEEKS[2], "2026-03-01"), &options());
    assert_eq!(measures.videos[0].captured, Some(day("2026-01-05")));
}
