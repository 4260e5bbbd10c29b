//! Compares measures with a plain recomputation over the same CSV.

use super::*;
use crate::measures::{Comparison, WindowCoverage};
use crate::row_list::RowList;
use crate::video_view_table::{DecodeError, VideoViewTable, VideoViewTableBuilder};
use domain::frame::{Head, SliceHead};
use domain::ids::CourseId;
use domain::range::Range;
use domain::time::{Day, parse_day, plus_days};
use domain::zone::Zone;
use proptest::prelude::*;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write;

const HEADER: &str = "VideoId,VideoName,sectionId,sectionNumber,courseId,courseIdentifier,event_timestamp,\
    duration_Minute,userid,firstname,lastname,role\n";

const ROLES: [&str; 4] = ["Student", "Instructor", "Teaching Assistant", ""];

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

fn query(zone: Zone, from: &str, to: &str) -> Query {
    Query {
        range: Range::parse(from, to).unwrap(),
        zone,
        course: None,
        sections: Vec::new(),
        roles: Vec::new(),
        videos: Vec::new(),
        student: None,
        comparison: None,
        today: day("2026-05-01"),
    }
}

fn coverage(week: u64) -> WindowCoverage {
    WindowCoverage {
        start: Some(plus_days(first(), week * 7)),
        end: Some(plus_days(first(), week * 7 + 7)),
        provisional_from: None,
    }
}

fn copy(generation: u32, rows: &[String], texts: &mut Dictionaries) -> VideoViewTable {
    let mut builder = VideoViewTableBuilder::new(&Head {
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
            crc32: crc32fast::hash(&deflated),
            length: u32::try_from(deflated.len()).unwrap(),
        };
        builder.push_slice(&head, &deflated, texts).unwrap();
    }
    builder.finish().unwrap()
}

/// A row of one week.
#[derive(Debug, Clone)]
struct Event {
    /// Seconds into the week.
    second: i64,
    video: u8,
    section: u8,
    /// 0 is nobody.
    user: u8,
    /// Whether the time is spoilt.
    spoilt: bool,
}

/// Of people, by their number: the same person has the same role wherever they appear, save one.
fn role(event: &Event) -> &'static str {
    let place = if event.user == 5 { event.video } else { event.user };
    if event.user == 0 { "" } else { ROLES[usize::from(place % 4)] }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0i64..7 * 86_400, 0u8..30, 0u8..4, 0u8..9, prop::bool::weighted(0.05))
        .prop_map(|(second, video, section, user, spoilt)| Event { second, video, section, user, spoilt });
    prop::collection::vec(event, 0..60)
}

fn lines(week: u64, events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            let Event { second, video, section, user, spoilt } = event;
            let time = Timestamp::start_of(plus_days(first(), week * 7)).plus(second * SECOND).rfc3339();
            let time = if *spoilt { "never" } else { &time[..19] };
            let (id, name) =
                if *user == 0 { (String::new(), "") } else { (format!("user-{user}"), "Ana,Nuñez") };
            let name = if name.is_empty() { "," } else { name };
            let role = role(event);
            let length = u32::from(*video) * 10;
            format!(
                "V{video},Lecture {video},S{section},{section},c{},BIO-{},{time},{length},{id},{name},{role}\n",
                section % 2,
                section % 2
            )
        })
        .collect()
}

/// A row that the slow twin counts.
struct Plain {
    time: Timestamp,
    day: Day,
    video: String,
    section: String,
    user: String,
    role: InstitutionRole,
}

fn watched<'a>(rows: impl Iterator<Item = &'a Plain>) -> (WatchTotals, u64) {
    let (mut viewers, mut count, mut named) = (BTreeSet::new(), 0, 0);
    for row in rows {
        count += 1;
        if !row.user.is_empty() {
            named += 1;
            viewers.insert(&row.user);
        }
    }
    (WatchTotals { rows: count, viewers: viewers.len() as u64 }, named)
}

/// Whether `id` passes a filter: no ids let everything pass.
fn fits<T: Borrow<str>>(ids: &[T], id: &str) -> bool {
    ids.is_empty() || ids.iter().any(|wanted| wanted.borrow() == id)
}

fn ranked<T: Borrow<str>>(
    rows: &[&Plain],
    id: fn(&Plain) -> &str,
    chosen: &[T],
    named: fn(Item) -> Item,
) -> Items {
    let ids: BTreeSet<&str> = rows.iter().map(|row| id(row)).collect();
    let mut items: Vec<Item> = ids
        .into_iter()
        .map(|wanted| {
            let (watched, viewer_rows) = watched(rows.iter().copied().filter(|row| id(row) == wanted));
            named(Item {
                id: wanted.to_owned(),
                name: String::new(),
                part_of: String::new(),
                seconds: None,
                watched,
                viewer_rows,
            })
        })
        .collect();
    items.sort_by_key(|item| (std::cmp::Reverse(item.watched.rows), item.id.clone()));
    let mut others = items.split_off(items.len().min(MAX_NAMED));
    let is_chosen = |item: &Item| chosen.iter().any(|id| id.borrow() == item.id);
    items.extend(others.iter().filter(|item| is_chosen(item)).cloned());
    others.retain(|item| !is_chosen(item));
    let other_rows = others.iter().map(|item| item.watched.rows).sum();
    Items { named: items, others: others.len() as u64, other_rows }
}

/// The slow obvious twin: every row again, with the plain CSV reader and the plain time parser.
fn recomputed(query: &Query, weeks: &[(u64, Vec<Event>)]) -> Measures {
    let csv =
        HEADER.to_owned() + &weeks.iter().flat_map(|(week, rows)| lines(*week, rows)).collect::<String>();
    let covered = |t: Timestamp| {
        weeks
            .iter()
            .any(|(week, _)| coverage(*week).start <= Some(t.day()) && Some(t.day()) < coverage(*week).end)
    };
    let is_known = |day: Day| {
        covered(query.zone.start_of(day))
            && covered(query.zone.start_of(plus_days(day, 1)).plus(-1))
            && query.range.from() <= day
            && day <= query.range.to()
    };
    let mut rows: Vec<Plain> = Vec::new();
    let mut skipped_rows = SkippedRows::default();
    for record in csv::Reader::from_reader(csv.as_bytes()).records() {
        let record = record.unwrap();
        let Some(time) = Timestamp::parse(&record[6]) else {
            skipped_rows.undated += 1;
            continue;
        };
        let day = query.zone.day_of(time);
        if is_known(day) && query.course.as_ref().is_none_or(|c| *c == CourseId::from(&record[4])) {
            rows.push(Plain {
                time,
                day,
                video: record[0].to_owned(),
                section: record[2].to_owned(),
                user: record[8].to_owned(),
                role: InstitutionRole::from_text(&record[11]),
            });
        }
    }
    let of_section = |row: &Plain| fits(&query.sections, &row.section);
    let of_video = |row: &Plain| fits(&query.videos, &row.video);
    let of_role = |row: &Plain| query.roles.is_empty() || query.roles.contains(&row.role);
    let anybody: Vec<&Plain> = rows.iter().filter(|r| of_video(r) && of_section(r)).collect();
    let rows: Vec<&Plain> = rows.iter().filter(|r| fits(query.student.as_slice(), &r.user)).collect();
    let of = |passes: &dyn Fn(&Plain) -> bool| -> Vec<&Plain> {
        rows.iter().copied().filter(|row| passes(row)).collect()
    };
    let all = of(&|r| of_section(r) && of_video(r) && of_role(r));
    let any_video = of(&|r| of_section(r) && of_role(r));
    let any_section = of(&|r| of_video(r) && of_role(r));
    let any_role = of(&|r| of_video(r) && of_section(r));
    let other = query.comparison.as_ref().and_then(|comparison| query.comparison_query(comparison));
    let others = other.map(|other| recomputed(&other, weeks).days).unwrap_or_default();

    let days = query.range.each_day();
    let days: Vec<(Day, Completeness)> = days
        .map(|day| {
            let of_day = all.iter().copied().filter(|row| row.day == day);
            (
                day,
                if is_known(day) { Completeness::Complete(watched(of_day).0) } else { Completeness::Missing },
            )
        })
        .collect();
    let mut week = [Weekday::default(); 7];
    for (place, weekday) in week.iter_mut().enumerate() {
        let is_one = |day: Day| (day - domain::time::monday(day)).num_days() == place as i64;
        weekday.known = days
            .iter()
            .filter(|(day, known)| is_one(*day) && *known != Completeness::Missing)
            .map(|_| 1)
            .sum();
        for row in all.iter().filter(|row| is_one(row.day)) {
            weekday.hours[query.zone.hour_of(row.time) as usize] += 1;
        }
    }
    Measures {
        arrivals: arrivals(&all, &days),
        by_delay: after(&all, &anybody, &days),
        others: others.into_iter().map(|(_, known)| known).collect(),
        student: String::new(),
        total: watched(all.iter().copied()).0,
        week,
        videos: ranked(
            &any_video,
            |row| &row.video,
            &query.videos,
            |item| {
                let number = item.id[1..].parse::<u32>().unwrap();
                Item {
                    name: format!("Lecture {number}"),
                    seconds: Some(number * 600).filter(|n| *n > 0),
                    ..item
                }
            },
        ),
        sections: ranked(
            &any_section,
            |row| &row.section,
            &query.sections,
            |item| {
                let number = item.id[1..].parse::<u32>().unwrap();
                Item { name: number.to_string(), part_of: format!("BIO-{}", number % 2), ..item }
            },
        ),
        roles: InstitutionRole::ALL
            .map(|role| (role, watched(any_role.iter().copied().filter(|row| row.role == role)).0))
            .into_iter()
            .filter(|(_, watched)| watched.rows > 0)
            .collect(),
        students: students(&all, &days),
        days,
        skipped_rows,
    }
}

/// Of ranges with steps of a day.
fn arrivals(all: &[&Plain], days: &[(Day, Completeness)]) -> Vec<Arrivals> {
    let viewers = |fits: &dyn Fn(Day) -> bool| -> BTreeSet<&str> {
        let named = all.iter().filter(|row| !row.user.is_empty() && fits(row.day));
        named.map(|row| row.user.as_str()).collect()
    };
    let is_whole =
        |day: Day| !days.iter().any(|(other, known)| *other <= day && *known == Completeness::Missing);
    days.iter()
        .map(|(day, known)| {
            let new = viewers(&|at| at == *day).difference(&viewers(&|at| at < *day)).count() as u64;
            let known = match *known {
                Completeness::Complete(watched) if !is_whole(*day) => Completeness::Provisional(watched),
                known => known,
            };
            Arrivals { known, new }
        })
        .collect()
}

fn after(all: &[&Plain], any_role: &[&Plain], days: &[(Day, Completeness)]) -> [u64; 7] {
    let place = |day: Day| days.iter().position(|(other, _)| *other == day).unwrap();
    let spans = [0..=0, 1..=1, 2..=3, 4..=7, 8..=14, 15..=28, 29..=usize::MAX];
    let later = |row: &Plain| {
        let first =
            any_role.iter().filter(|other| other.video == row.video).map(|other| place(other.day)).min();
        place(row.day) - first.unwrap()
    };
    spans.map(|span| all.iter().filter(|row| span.contains(&later(row))).count() as u64)
}

fn students(all: &[&Plain], days: &[(Day, Completeness)]) -> Students {
    let is_student = |row: &&Plain| row.role == InstitutionRole::Student && !row.user.is_empty();
    let mut by_user: BTreeMap<&str, u64> = BTreeMap::new();
    for row in all.iter().copied().filter(is_student) {
        *by_user.entry(&row.user).or_default() += 1;
    }
    let mut rows: Vec<u64> = by_user.into_values().collect();
    rows.sort_unstable();
    let most = rows.last().copied().unwrap_or(0);
    let median_rows = match rows.len() {
        0 => 0,
        n => (rows[(n - 1) / 2] + rows[n / 2]) / 2,
    };
    let width = BIN_WIDTHS.into_iter().find(|width| most < 2 * width * MAX_BINS).unwrap();
    let bins = (0..if rows.is_empty() { 0 } else { most / 2 / width + 1 })
        .map(|bin| {
            rows.iter().filter(|rows| bin * width * 2 <= **rows && **rows < (bin + 1) * width * 2).count()
        })
        .map(|count| count as u64)
        .collect();
    Students {
        active: rows.len() as u64,
        rows: rows.iter().sum(),
        median_rows,
        bin_minutes: width,
        bins,
        step_days: 1,
        steps_known: days.iter().map(|(_, known)| *known != Completeness::Missing).collect(),
    }
}

proptest! {
    #[test]
    fn measures_kept_up_equal_a_plain_recomputation(
        weeks in prop::collection::vec(events(), 4),
        steps in prop::collection::vec((0usize..4, 0u8..4), 0..14),
        (from, length) in (0u64..28, 0u64..20),
        in_berlin in any::<bool>(),
        sections in prop::collection::vec(0u8..5, 0..3),
        videos in prop::collection::vec(0u8..31, 0..3),
        roles in prop::collection::vec(prop::sample::select(InstitutionRole::ALL.to_vec()), 0..3),
        course in prop::option::of(0u8..3),
        student in prop::option::of(1u8..10),
        comparison in prop::option::of(prop::option::of(0u8..5)),
    ) {
        let zone = if in_berlin { berlin() } else { Zone::utc() };
        let from = plus_days(first(), from);
        let range = Range::new(from, plus_days(from, length)).unwrap();
        let query = Query {
            range,
            zone,
            course: course.map(|c| format!("C{c}").into()),
            sections: sections.iter().map(|s| format!("s{s}").into()).collect(),
            roles,
            videos: videos.iter().map(|v| format!("v{v}").into()).collect(),
            student: student.map(|s| format!("USER-{s}").into()),
            comparison: comparison.map(|s| s.map_or(Comparison::Before, |s| Comparison::Section(format!("s{s}").into()))),
            // After every range: a day that is not over has rules of its own.
            today: day("2026-06-01"),
        };
        let mut dataset = VideoViewDataset::default();
        let mut aggregator = Aggregator::new(query.clone());
        let mut here: BTreeMap<usize, Vec<Event>> = BTreeMap::new();
        for (generation, (week, what)) in (1..).zip(steps) {
            let id = week.to_string();
            if what == 0 {
                dataset.retain(|window| *window != id);
                here.remove(&week);
            } else {
                // A newer generation has other rows: those of the week, a few less each time.
                let rows: Vec<Event> = weeks[week].iter().skip(usize::from(what)).cloned().collect();
                let copy = copy(generation, &lines(week as u64, &rows), &mut dataset.texts);
                dataset.insert(&id, copy, coverage(week as u64));
                here.insert(week, rows);
            }
            aggregator.update(&dataset);
            let plain: Vec<_> = here.iter().map(|(week, rows)| (*week as u64, rows.clone())).collect();
            let mut answer = aggregator.measures(&dataset.texts);
            let name = std::mem::take(&mut answer.student);
            prop_assert!(name.is_empty() || (name == "Nuñez, Ana" && student.is_some()), "{}", name);
            let mut plainly = recomputed(&query, &plain);
            if query.comparison.is_some() {
                // Of copies that are here for the others alone, what was skipped is left out.
                prop_assert!(answer.skipped_rows.total() <= plainly.skipped_rows.total());
                plainly.skipped_rows = answer.skipped_rows;
            }
            prop_assert_eq!(&answer, &plainly);

            let listing = RowList::new(&query, &aggregator.counted_days(), &dataset);
            prop_assert_eq!(listing.len() as u64, answer.total.rows, "the table has the rows of the total");
            let rows = listing.rows(0, usize::MAX, &dataset);
            prop_assert!(rows.windows(2).all(|pair| pair[0].time <= pair[1].time));
            let pieces: Vec<_> = (0..rows.len()).step_by(7).flat_map(|at| listing.rows(at, 7, &dataset)).collect();
            prop_assert_eq!(pieces, rows);

            let order = aggregator.students_by_minutes(&dataset.texts);
            prop_assert_eq!(order.len() as u64, answer.students.active);
            let each: Vec<_> = order.iter().map(|user| aggregator.student(*user)).collect();
            prop_assert_eq!(each.iter().map(|(rows, _)| rows).sum::<u64>(), answer.students.rows);
            prop_assert!(each.windows(2).all(|pair| pair[0].0 >= pair[1].0));
            for (rows, steps) in &each {
                prop_assert_eq!(steps.iter().map(|n| u64::from(*n)).sum::<u64>(), *rows);
                prop_assert_eq!(steps.len(), answer.students.steps_known.len());
            }
        }
    }
}

fn event(second: i64, user: u8) -> Event {
    Event { second, video: 4, section: 1, user, spoilt: false }
}

fn answered(
    query: Query,
    coverage: WindowCoverage,
    rows: &[Event],
    dataset: &mut VideoViewDataset,
) -> Measures {
    let copy = copy(1, &lines(0, rows), &mut dataset.texts);
    dataset.insert("w", copy, coverage);
    let mut aggregator = Aggregator::new(query);
    aggregator.update(dataset);
    aggregator.measures(&dataset.texts)
}

#[test]
fn a_row_is_half_a_minute_and_nobody_is_no_viewer() {
    let rows = [event(0, 1), event(30, 1), event(60, 2), event(90, 0), event(120, 0)];
    let query = query(Zone::utc(), "2026-03-16", "2026-03-16");
    let answer = answered(query, coverage(0), &rows, &mut VideoViewDataset::default());
    assert_eq!(answer.total, WatchTotals { rows: 5, viewers: 2 });
    assert!((answer.total.minutes() - 2.5).abs() < f64::EPSILON);
    assert!(answer.is_complete());
    // 1.5 minutes by 2 viewers, of a video of 40 minutes: nobody's minute is no viewer's.
    let share = answer.videos.named[0].share_of_length().unwrap();
    assert!((share - 0.75 / 40.0).abs() < 1e-12, "{share}");
}

#[test]
fn a_day_is_as_good_as_the_worst_utc_day_it_touches() {
    let known = |query: Query, provisional_from: Option<Day>| {
        let coverage = WindowCoverage { provisional_from, ..coverage(0) };
        let answer = answered(query, coverage, &[], &mut VideoViewDataset::default());
        answer.days.iter().map(|(_, known)| format!("{known:?}")[..1].to_owned()).collect::<String>()
    };
    // One window, 16 to 22 March: in Berlin the 16th begins in the week before.
    let week = |zone| query(zone, "2026-03-15", "2026-03-24");
    assert_eq!(known(week(Zone::utc()), None), "MCCCCCCCMM");
    assert_eq!(known(week(berlin()), None), "MMCCCCCCMM");
    assert_eq!(known(week(Zone::utc()), Some(day("2026-03-20"))), "MCCCCPPPMM");
    assert_eq!(known(week(berlin()), Some(day("2026-03-20"))), "MMCCCPPPMM");
    // What is not over is provisional, not missing.
    let open = |zone| Query { today: day("2026-03-23"), ..week(zone) };
    assert_eq!(known(open(Zone::utc()), None), "MCCCCCCCPP");
    assert_eq!(known(open(berlin()), None), "MMCCCCCCPP");
}

/// The week and its day, the video and the viewer of an event at that day's noon.
fn noon(day: i64, video: u8, user: u8) -> Event {
    Event { second: day * 86_400 + 43_200, video, section: 1, user, spoilt: false }
}

#[test]
fn a_viewer_is_new_once_and_a_step_of_a_week_counts_them_once() {
    let mut dataset = VideoViewDataset::default();
    // Week 2 is missing, so that nobody knows who of week 3 was there already.
    for (week, rows) in [
        (0, vec![noon(0, 4, 1), noon(1, 4, 1), noon(6, 4, 2), noon(6, 4, 0)]),
        (1, vec![noon(0, 4, 1), noon(0, 4, 3)]),
        (3, vec![noon(0, 4, 2), noon(0, 4, 4)]),
    ] {
        let copy = copy(1, &lines(week, &rows), &mut dataset.texts);
        dataset.insert(&week.to_string(), copy, coverage(week));
    }
    let mut aggregator = Aggregator::new(query(Zone::utc(), "2026-03-16", "2026-05-10"));
    aggregator.update(&dataset);
    let arrivals = aggregator.measures(&dataset.texts).arrivals;
    let told: Vec<_> = arrivals.iter().map(|step| (step.new, step.returning())).collect();
    assert_eq!(told[..4], [(2, Some(0)), (1, Some(1)), (0, None), (1, Some(1))]);
    assert_eq!(arrivals[1].known, Completeness::Complete(WatchTotals { rows: 2, viewers: 2 }));
    assert_eq!(arrivals[3].known, Completeness::Provisional(WatchTotals { rows: 2, viewers: 2 }));
}

#[test]
fn a_video_appears_when_anybody_watches_it_and_what_is_no_video_never_does() {
    // Viewer 4 is a student, viewer 1 an instructor, who was there two days before.
    let rows = [noon(0, 9, 1), noon(2, 9, 4), noon(3, 9, 4), noon(6, 9, 4), noon(6, 8, 4)];
    let mut dataset = VideoViewDataset::default();
    let mut lines = lines(0, &rows);
    lines.push(lines[3].replace("V9,", ","));
    let copy = copy(1, &lines, &mut dataset.texts);
    dataset.insert("w", copy, coverage(0));
    let students =
        Query { roles: vec![InstitutionRole::Student], ..query(Zone::utc(), "2026-03-16", "2026-03-22") };
    let mut aggregator = Aggregator::new(students);
    aggregator.update(&dataset);
    let answer = aggregator.measures(&dataset.texts);
    assert_eq!(answer.by_delay, [1, 0, 2, 1, 0, 0, 0]);
    assert_eq!(answer.total.rows, 5);
}

#[test]
fn a_long_range_has_steps_of_weeks_and_never_more_than_a_year_of_them() {
    for (to, days, steps) in [("2026-04-26", 1, 42), ("2026-04-27", 7, 7), ("2029-03-15", 21, 53)] {
        let answer = Aggregator::new(query(Zone::utc(), "2026-03-16", to)).measures(&Dictionaries::default());
        assert_eq!((answer.students.step_days, answer.students.steps_known.len()), (days, steps), "{to}");
    }
}

#[test]
fn a_copy_with_a_row_too_few_is_no_copy() {
    let head = Head { generation: 1, slices: 0, rows: 1, header: HEADER.as_bytes().to_vec() };
    let mut builder = VideoViewTableBuilder::new(&head).unwrap();
    assert_eq!(builder.finish(), Err(DecodeError::Rows));
}
