//! Measures held against a plain recomputation over the same CSV.

use super::*;
use crate::copy::Arriving;
use domain::frame::{Head, SliceHead};
use domain::time::{parse_day, plus_days};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::Write;

const HEADER: &str = "VideoId,sectionId,courseId,event_timestamp,duration_Minute,userid,role\n";

fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

/// The first Monday of the windows in these tests.
fn first() -> Day {
    day("2026-03-16")
}

fn berlin() -> Zone {
    let change = Timestamp::parse("2026-03-29 01:00:00").unwrap();
    let (from, to) = (Timestamp::parse("2026-01-01").unwrap(), Timestamp::parse("2026-06-01").unwrap());
    Zone::trace("Europe/Berlin", from, to, |t| Some(if t < change { 3600 } else { 7200 })).unwrap()
}

fn question(zone: Zone, from: &str, to: &str) -> Question {
    let range = Range::parse(from, to).unwrap();
    Question { range, zone, course: None, section: None, today: day("2026-05-01") }
}

fn facts(week: u64) -> Facts {
    Facts {
        start: Some(plus_days(first(), week * 7)),
        end: Some(plus_days(first(), week * 7 + 7)),
        provisional_from: None,
    }
}

fn copy(generation: u32, rows: &[String], texts: &mut Texts) -> Copy {
    let mut arriving = Arriving::new(&Head {
        generation,
        slices: 2,
        rows: rows.len() as u64,
        header: HEADER.as_bytes().to_vec(),
    })
    .unwrap();
    let (front, back) = rows.split_at(rows.len() / 3);
    for slice in [front, back] {
        let csv = slice.concat();
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflate.write_all(csv.as_bytes()).unwrap();
        let deflated = deflate.finish().unwrap();
        let head = SliceHead {
            rows: u32::try_from(slice.len()).unwrap(),
            raw_length: u32::try_from(csv.len()).unwrap(),
            crc32: crc32fast::hash(csv.as_bytes()),
            length: u32::try_from(deflated.len()).unwrap(),
        };
        arriving.take(&head, &deflated, texts).unwrap();
    }
    arriving.finish().unwrap()
}

/// Rows of one week: seconds into it, section, viewer (0 is nobody), whether the time is spoilt.
type Row = (i64, u8, u8, bool);

fn lines(week: u64, rows: &[Row]) -> Vec<String> {
    rows.iter()
        .map(|(second, section, user, spoilt)| {
            let time = Timestamp::start_of(plus_days(first(), week * 7)).plus(second * SECOND).rfc3339();
            let time = if *spoilt { "never" } else { &time[..19] };
            let user = if *user == 0 { String::new() } else { format!("user-{user}") };
            format!("v,S{section},c{},{time},50,{user},Student\n", section % 2)
        })
        .collect()
}

/// The slow obvious twin: every row again, with the plain CSV reader and the plain time parser.
fn recomputed(question: &Question, weeks: &[(u64, Vec<Row>)]) -> Measures {
    let csv =
        HEADER.to_owned() + &weeks.iter().flat_map(|(week, rows)| lines(*week, rows)).collect::<String>();
    let mut rows: Vec<(Day, String)> = Vec::new();
    let mut passed_over = PassedOver::default();
    for record in csv::Reader::from_reader(csv.as_bytes()).records() {
        let record = record.unwrap();
        let Some(time) = Timestamp::parse(&record[3]) else {
            passed_over.undated += 1;
            continue;
        };
        let fits =
            |wanted: &Option<String>, id: &str| wanted.as_ref().is_none_or(|w| w.eq_ignore_ascii_case(id));
        if fits(&question.section, &record[1]) && fits(&question.course, &record[2]) {
            rows.push((question.zone.day_of(time), record[5].to_owned()));
        }
    }
    let covered = |t: Timestamp| {
        weeks.iter().any(|(week, _)| facts(*week).start <= Some(t.day()) && Some(t.day()) < facts(*week).end)
    };
    let mut everybody = BTreeSet::new();
    let mut total = Watched::default();
    let days = question
        .range
        .each_day()
        .map(|day| {
            let start = question.zone.start_of(day);
            let end = question.zone.start_of(plus_days(day, 1));
            if !covered(start) || !covered(end.plus(-1)) {
                return (day, Known::Missing);
            }
            let here: Vec<_> = rows.iter().filter(|(d, _)| *d == day).collect();
            let viewers: BTreeSet<_> = here.iter().map(|(_, user)| user).filter(|u| !u.is_empty()).collect();
            everybody.extend(viewers.iter().map(|user| (*user).clone()));
            total.rows += here.len() as u64;
            (day, Known::Complete(Watched { rows: here.len() as u64, viewers: viewers.len() as u64 }))
        })
        .collect();
    total.viewers = everybody.len() as u64;
    Measures { days, total, passed_over }
}

proptest! {
    #[test]
    fn measures_kept_up_equal_a_plain_recomputation(
        weeks in prop::collection::vec(
            prop::collection::vec((0i64..7 * 86_400, 0u8..4, 0u8..6, prop::bool::weighted(0.05)), 0..60), 4,
        ),
        steps in prop::collection::vec((0usize..4, 0u8..4), 0..14),
        (from, length) in (0u64..28, 0u64..20),
        in_berlin in any::<bool>(),
        section in prop::option::of(0u8..5),
        course in prop::option::of(0u8..3),
    ) {
        let zone = if in_berlin { berlin() } else { Zone::utc() };
        let from = plus_days(first(), from);
        let range = Range::new(from, plus_days(from, length)).unwrap();
        let question = Question {
            range,
            zone,
            course: course.map(|c| format!("C{c}")),
            section: section.map(|s| format!("s{s}")),
            // After every range: a day that is not over has rules of its own.
            today: day("2026-06-01"),
        };
        let mut texts = Texts::default();
        let mut daily = Daily::new(question.clone());
        let mut here: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        for (generation, (week, what)) in (1..).zip(steps) {
            if what == 0 {
                daily.exclude(&week.to_string());
                here.remove(&week);
            } else {
                // A newer generation has other rows: those of the week, a few less each time.
                let rows: Vec<Row> = weeks[week].iter().skip(usize::from(what)).copied().collect();
                let copy = copy(generation, &lines(week as u64, &rows), &mut texts);
                daily.include(&week.to_string(), &copy, facts(week as u64), &texts);
                here.insert(week, rows);
            }
            let plain: Vec<_> = here.iter().map(|(week, rows)| (*week as u64, rows.clone())).collect();
            prop_assert_eq!(daily.answer(), recomputed(&question, &plain));
        }
    }
}

#[test]
fn a_row_is_half_a_minute_and_nobody_is_no_viewer() {
    let mut texts = Texts::default();
    let rows =
        [(0, 1, 1, false), (30, 1, 1, false), (60, 1, 2, false), (90, 1, 0, false), (120, 1, 0, false)];
    let mut daily = Daily::new(question(Zone::utc(), "2026-03-16", "2026-03-16"));
    daily.include("w", &copy(1, &lines(0, &rows), &mut texts), facts(0), &texts);
    let answer = daily.answer();
    assert_eq!(answer.total, Watched { rows: 5, viewers: 2 });
    assert!((answer.total.minutes() - 2.5).abs() < f64::EPSILON);
    assert!(answer.is_complete());
}

#[test]
fn a_day_is_as_good_as_the_worst_utc_day_it_touches() {
    let mut texts = Texts::default();
    let known = |question: Question, provisional_from: Option<Day>, texts: &mut Texts| {
        let mut daily = Daily::new(question);
        daily.include("w", &copy(1, &[], texts), Facts { provisional_from, ..facts(0) }, texts);
        daily.answer().days.iter().map(|(_, known)| format!("{known:?}")[..1].to_owned()).collect::<String>()
    };
    // One window, 16 to 22 March: in Berlin the 16th begins in the week before.
    let week = |zone| question(zone, "2026-03-15", "2026-03-24");
    assert_eq!(known(week(Zone::utc()), None, &mut texts), "MCCCCCCCMM");
    assert_eq!(known(week(berlin()), None, &mut texts), "MMCCCCCCMM");
    assert_eq!(known(week(Zone::utc()), Some(day("2026-03-20")), &mut texts), "MCCCCPPPMM");
    assert_eq!(known(week(berlin()), Some(day("2026-03-20")), &mut texts), "MMCCCPPPMM");
    // What is not over is provisional, not missing.
    let open = |zone| Question { today: day("2026-03-23"), ..week(zone) };
    assert_eq!(known(open(Zone::utc()), None, &mut texts), "MCCCCCCCPP");
    assert_eq!(known(open(berlin()), None, &mut texts), "MMCCCCCCPP");
}

#[test]
fn a_copy_with_a_row_too_few_is_no_copy() {
    let head = Head { generation: 1, slices: 0, rows: 1, header: HEADER.as_bytes().to_vec() };
    let arriving = Arriving::new(&head).unwrap();
    assert_eq!(arriving.finish(), Err(crate::copy::Unreadable::Rows));
}
