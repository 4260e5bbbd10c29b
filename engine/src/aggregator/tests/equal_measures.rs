//! `videoview` rows give the same numbers from their columns ([`Aggregator`]), which a report page measures, and from
//! a general [`Dataset`], which a course page measures ([`course`]) and which all other reports share
//! ([`Activity`], [`groups`]).
//!
//! The definitions differ in these cases, which are left out of the comparison or of the generated rows:
//!
//! | | columns | table |
//! |---|---|---|
//! | students' rows without a user id | count as rows of students by day and video | count as [`KindSeries::unnamed`] |
//! | rows without a video | are [`Items::unnamed_rows`] | are listed by [`Activity`] as a deck without an id, not by a course |
//! | steps of more than 42 days | weeks from the first day of the range | weeks from Monday |
//! | names of videos and sections, and lengths | from the newest row that has one, of any day | from the newest row that is counted |
//!
//! So a course's students are compared by [`Students`] and [`Item::viewer_rows`], long ranges start on a Monday, and
//! all rows of an id have the same name. There are fewer videos than [`MAX_NAMED`], so that all are listed.

use super::{HEADER, berlin, day, first_monday};
use crate::aggregator::Aggregator;
use crate::completeness::Completeness;
use crate::label::person_label;
use crate::measures::{Item, MAX_NAMED, Measures, Students, WatchTotals};
use crate::reports::activity::{Activity, EventCounts};
use crate::reports::course::time_bins::{TimeBin, TimeBins};
use crate::reports::course::{self, ComparisonTotals, KindSeries, Sources};
use crate::reports::groups;
use crate::reports::person_name::find_name;
use crate::reports::selection::{ColumnNames, Selection};
use crate::row_index::{RowDetails, RowIndex};
use crate::split::SliceCompressor;
use crate::table::builder::TableBuilder;
use crate::table::cell_value;
use crate::table::dataset::{Dataset, WindowData};
use crate::video_view_dataset::{VideoViewDataset, VideoViewTableBuilder, VideoViewWindowData};
use domain::activity::{ActivityKind, Weights};
use domain::calendar::Calendar;
use domain::frame::{Head, SliceHead};
use domain::ids::{PresentationId, UserId};
use domain::institution_role::InstitutionRole;
use domain::query::{Comparison, CourseOptions, MeasureQuery, RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::KnownReport;
use domain::time::{Day, SECOND, Timestamp, minus_days, monday, plus_days};
use domain::zone::Zone;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Weeks with rows.
const WEEKS: u64 = 8;

/// User id, first name, last name, role; for the role `?` see [`MIXED_ROLES`].
const PEOPLE: [(&str, &str, &str, &str); 13] = [
    ("", "", "", ""),
    ("", "", "", "Student"),
    ("", "", "", "Instructor"),
    ("u3", "Ana", "Nuñez", "Student"),
    ("u4", "Bo", "", "Student"),
    ("u5", "", "\"O\"\"Hara, jr.\"", "learner"),
    ("u6", "", "", "Student"),
    ("u7", "Dee", "Ray", "?"),
    ("u8", "Eve", "Ray", "Instructor"),
    ("u9", "Flo", "Ray", "Teaching Assistant"),
    ("u10", "Gus", "Ray", "Scheduler"),
    ("u11", "Hal", "Ray", ""),
    ("u12", "Ida", "Ray", "?"),
];

/// Roles of people whose rows name different ones, by video and person.
const MIXED_ROLES: [&str; 5] = ["Student", "Instructor", "\"student, ta\"", "", "STUDENT"];

/// Id, name and length of each video.
const VIDEOS: [(&str, &str, &str); 8] = [
    ("", "", ""),
    ("v1", "", "10"),
    ("v2", "\"Cells, part 1\"", "50.5"),
    ("v3", "Tissues", "0"),
    ("v4", "Organs", ""),
    ("v5", "Systems", "12.34"),
    ("v6", "Öhre", "50"),
    ("v7", "Eyes", "90"),
];

const SECTIONS: usize = 5;

/// Of these, the one whose rows name neither section nor course.
const NO_SECTION: usize = 4;

/// Some rows of one person and video, half a minute apart.
#[derive(Debug, Clone)]
struct TestRows {
    /// The week of their window.
    week: u64,
    /// Seconds from the start of the week; may be on the day before or after the week.
    second: i64,
    count: i64,
    /// Index into [`PEOPLE`].
    person: usize,
    /// Index into [`VIDEOS`].
    video: usize,
    section: usize,
    spelling: Spelling,
    defect: Option<Defect>,
}

/// How ids and times are written.
#[derive(Debug, Clone, Copy)]
enum Spelling {
    Usual,
    UpperCase,
    Quoted,
    Padded,
}

/// Why rows are skipped.
#[derive(Debug, Clone, Copy)]
enum Defect {
    Ragged,
    Undated,
}

impl TestRows {
    fn lines(&self) -> impl Iterator<Item = String> {
        let (user, first, last, role) = PEOPLE[self.person];
        let (video, title, length) = VIDEOS[self.video];
        let mixed_role = MIXED_ROLES[(self.video + self.person) % MIXED_ROLES.len()];
        let role = if role == "?" { mixed_role } else { role };
        let id = |id: &str| match self.spelling {
            Spelling::Usual => id.to_owned(),
            Spelling::UpperCase => id.to_uppercase(),
            Spelling::Quoted => format!("\"{{{id}}}\""),
            Spelling::Padded => format!(" {id} "),
        };
        let place = match self.section {
            NO_SECTION => ",,,".to_owned(),
            section => format!(
                "{},{section},{},BIO-{}",
                id(&format!("s{section}")),
                id(&format!("c{}", section % 2)),
                section % 2,
            ),
        };
        let before = format!("{},{title},{place}", id(video));
        // Two people each have the same address.
        let email = if user.is_empty() { String::new() } else { format!("p{}@x.example", self.person / 2) };
        let mut after = format!("{length},{},{first},{last},{role},{email}", id(user));
        if matches!(self.defect, Some(Defect::Ragged)) {
            after.push_str(",more");
        }
        let week_start = Timestamp::start_of(plus_days(first_monday(), self.week * 7));
        (0..self.count).map(move |index| {
            let time = week_start.plus((self.second + 30 * index) * SECOND).rfc3339();
            let (time, with_space) = (&time[..19], time[..19].replace('T', " "));
            let time = match (self.defect, self.spelling) {
                (Some(Defect::Undated), _) => "soon".to_owned(),
                (_, Spelling::Usual) => with_space,
                (_, Spelling::UpperCase) => format!("{time}Z"),
                (_, Spelling::Quoted) => format!("\"{with_space}.750\""),
                (_, Spelling::Padded) => format!(" {with_space} "),
            };
            format!("{before},{time},{after}\n")
        })
    }
}

fn test_rows() -> impl Strategy<Value = TestRows> {
    let spelling = prop_oneof![
        5 => Just(Spelling::Usual),
        1 => Just(Spelling::UpperCase),
        1 => Just(Spelling::Quoted),
        1 => Just(Spelling::Padded),
    ];
    let defect = prop_oneof![
        20 => Just(None),
        1 => Just(Some(Defect::Ragged)),
        1 => Just(Some(Defect::Undated)),
    ];
    let numbers = (0..WEEKS, -40_000i64..645_000, 1i64..70, 0..PEOPLE.len(), 0..VIDEOS.len(), 0..SECTIONS);
    (numbers, spelling, defect).prop_map(|(numbers, spelling, defect)| {
        let (week, second, count, person, video, section) = numbers;
        TestRows { week, second, count, person, video, section, spelling, defect }
    })
}

/// Rows of which some have the person and times of others: then a rollup must keep videos and sections apart.
fn all_rows() -> impl Strategy<Value = Vec<TestRows>> {
    let other = prop::option::weighted(0.4, (prop::option::of(0..VIDEOS.len()), 0..SECTIONS));
    prop::collection::vec((test_rows(), other), 0..30).prop_map(|pairs| {
        let pair = |(rows, other): (TestRows, Option<(Option<usize>, usize)>)| {
            let other = other.map(|(video, section)| TestRows {
                video: video.unwrap_or(rows.video),
                section,
                ..rows.clone()
            });
            [rows].into_iter().chain(other)
        };
        pairs.into_iter().flat_map(pair).collect()
    })
}

/// Each week's window; `None` if it is not loaded.
fn windows() -> impl Strategy<Value = Vec<Option<WindowCoverage>>> {
    let window = prop::option::weighted(0.85, prop::option::weighted(0.2, 0u64..7));
    prop::collection::vec(window, usize::try_from(WEEKS).unwrap()).prop_map(|windows| {
        let coverage = |(week, provisional_day): (u64, Option<u64>)| {
            let start = plus_days(first_monday(), week * 7);
            WindowCoverage {
                start: Some(start),
                end: Some(plus_days(start, 7)),
                provisional_from: provisional_day.map(|day| plus_days(start, day)),
            }
        };
        (0..).zip(windows).map(|(week, provisional_day)| Some(coverage((week, provisional_day?)))).collect()
    })
}

/// Up to 42 days from any day, or seven to nine weeks from a Monday; from the week before the first window.
fn range() -> impl Strategy<Value = Range> {
    let days =
        prop_oneof![3 => (0u64..70, 1u64..=42), 1 => (0u64..4, 7u64..=9).prop_map(|(a, b)| (a * 7, b * 7))];
    days.prop_map(|(first, count)| {
        let first = plus_days(minus_days(first_monday(), 7), first);
        Range::new(first, plus_days(first, count - 1)).unwrap()
    })
}

fn zone() -> impl Strategy<Value = Zone> {
    let constant = |name: &str, offset: i32| {
        let span = (Timestamp::parse("2026-01-01").unwrap(), Timestamp::parse("2026-07-01").unwrap());
        Zone::trace(name, span.0, span.1, |_| Some(offset)).unwrap()
    };
    let kathmandu = constant("Asia/Kathmandu", 20_700);
    prop::sample::select(vec![Zone::utc(), berlin(), kathmandu, constant("America/Bogota", -18_000)])
}

/// A query of a course page: by course and section.
fn query() -> impl Strategy<Value = RowQuery> {
    let sections = prop::collection::vec(0..=SECTIONS, 0..3);
    let today =
        prop_oneof![2 => Just(day("2026-12-01")), 1 => (0u64..70).prop_map(|n| plus_days(first_monday(), n))];
    (range(), zone(), prop::option::weighted(0.3, 0u8..3), sections, today).prop_map(
        |(range, zone, course, sections, today)| RowQuery {
            range,
            zone,
            course: course.map(|id| format!("c{id}").into()),
            sections: sections.into_iter().map(|id| format!("s{id}").into()).collect(),
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            comparison: None,
            calendar: Calendar::default(),
            today,
        },
    )
}

/// A person with a user id, or somebody without rows.
fn student() -> impl Strategy<Value = UserId> {
    (3..=PEOPLE.len()).prop_map(|number| format!("U{number}").into())
}

/// Loads the same copies into columns and into tables, as the data worker does: one slice for each section.
fn load(rows: &[TestRows], windows: &[Option<WindowCoverage>]) -> (VideoViewDataset, Dataset) {
    let (mut columns, mut tables) = (VideoViewDataset::default(), Dataset::default());
    for (week, coverage) in (0..).zip(windows).filter_map(|(week, coverage)| Some((week, (*coverage)?))) {
        let mut compressor = SliceCompressor::default();
        let slices: Vec<_> = (0..SECTIONS)
            .map(|section| {
                let rows = rows.iter().filter(|rows| (rows.week, rows.section) == (week, section));
                let lines: Vec<String> = rows.flat_map(TestRows::lines).collect();
                let count = u32::try_from(lines.len()).unwrap();
                let key = match section {
                    NO_SECTION => (String::new(), String::new()),
                    section => (format!("c{}", section % 2), format!("s{section}")),
                };
                compressor.compress(key, count, lines.concat().into_bytes()).unwrap()
            })
            .collect();
        let head = Head {
            generation: 1,
            slices: u32::try_from(slices.len()).unwrap(),
            rows: slices.iter().map(|slice| u64::from(slice.rows)).sum(),
            header: HEADER.as_bytes().to_vec(),
        };
        let mut column_builder = VideoViewTableBuilder::new(&head, None).unwrap();
        let mut table_builder = TableBuilder::new(&head, Some(KnownReport::VideoView)).unwrap();
        for slice in &slices {
            let head = SliceHead {
                rows: slice.rows,
                raw_length: slice.raw_length,
                crc32: slice.crc32,
                length: u32::try_from(slice.bytes.len()).unwrap(),
            };
            column_builder.push_slice(&head, &slice.bytes, &mut columns.texts).unwrap();
            table_builder.push_slice(&head, &slice.bytes, &mut tables.texts).unwrap();
        }
        let window = coverage.start.unwrap().to_string();
        let table = column_builder.finish().unwrap();
        columns.insert(&window, VideoViewWindowData { generation: 1, table, coverage });
        let data = WindowData { generation: 1, table: table_builder.finish().unwrap(), coverage };
        tables.insert(&window, data);
    }
    (columns, tables)
}

fn aggregate(query: &RowQuery, columns: &VideoViewDataset) -> (Aggregator, Measures) {
    let mut aggregator = Aggregator::new(query.clone());
    aggregator.update(columns);
    let measures = aggregator.measures(&columns.texts);
    (aggregator, measures)
}

/// The rows behind the measures, as a table lists them.
fn listed_rows(aggregator: &Aggregator, columns: &VideoViewDataset) -> Vec<RowDetails> {
    RowIndex::new(aggregator, columns).rows(0, usize::MAX, columns)
}

/// `number` with the worst status of `days`.
fn with_worst_status<T>(days: &[(Day, Completeness<T>)], number: u64) -> Completeness<u64> {
    if days.iter().any(|(_, day)| matches!(day, Completeness::Missing)) {
        Completeness::Missing
    } else if days.iter().any(|(_, day)| matches!(day, Completeness::Provisional(_))) {
        Completeness::Provisional(number)
    } else {
        Completeness::Complete(number)
    }
}

/// Numbers about the students of a course.
#[derive(Debug, PartialEq)]
struct StudentNumbers {
    /// By user id: name, rows, and days with rows by Monday week (empty if the steps of the columns are longer than
    /// a day).
    students: BTreeMap<String, (String, u64, Vec<Option<u64>>)>,
    active: u64,
    median_rows: u64,
    rows: u64,
    /// Rows by bin of the course's axis.
    bins: Vec<Completeness<u64>>,
    /// By id: name, rows, viewers, seconds.
    videos: BTreeMap<String, (String, u64, u64, Option<u32>)>,
    missing_days: u64,
    provisional_days: u64,
}

/// The numbers of `query`, and of its comparison, measured from columns.
fn numbers_with_comparison(query: &RowQuery, columns: &VideoViewDataset) -> [StudentNumbers; 2] {
    let query = RowQuery { roles: vec![InstitutionRole::Student], ..query.clone() };
    let (aggregator, _) = aggregate(&query, columns);
    [&aggregator, aggregator.comparison.as_ref().unwrap()]
        .map(|aggregator| student_numbers(aggregator, columns))
}

/// The numbers of a query for students, measured from columns.
fn student_numbers(aggregator: &Aggregator, columns: &VideoViewDataset) -> StudentNumbers {
    let measures = aggregator.measures(&columns.texts);
    let step_days = measures.students.step_days;
    let texts = &columns.texts;
    let mut rows_by_step = vec![0; measures.students.steps_known.len()];
    let mut students = BTreeMap::new();
    for user in aggregator.students_by_minutes(texts) {
        let (rows, steps) = aggregator.student(user);
        rows_by_step.iter_mut().zip(&steps).for_each(|(sum, rows)| *sum += u64::from(*rows));
        let mut weeks: BTreeMap<Day, Option<u64>> = BTreeMap::new();
        for ((day, known), rows) in measures.days.iter().zip(&steps).filter(|_| step_days == 1) {
            let count = weeks.entry(monday(*day)).or_default();
            if known.value().is_some() {
                *count = Some(count.unwrap_or(0) + u64::from(*rows > 0));
            }
        }
        let weeks = weeks.into_values().collect();
        students.insert(texts.user.text(user).into_owned(), (texts.person_name(user), rows, weeks));
    }
    assert_eq!(measures.total.viewers, measures.students.active);
    let steps = measures.days.chunks(step_days).zip(rows_by_step);
    let viewed = measures.videos.named.iter().filter(|item| !item.id.is_empty() && item.viewer_rows > 0);
    let numbers = |item: &Item| (item.name.clone(), item.viewer_rows, item.watched.viewers, item.seconds);
    let Students { active, rows, median_rows, .. } = measures.students;
    StudentNumbers {
        students,
        active,
        median_rows,
        rows,
        bins: steps.map(|(days, rows)| with_worst_status(days, rows)).collect(),
        videos: viewed.map(|item| (item.id.clone(), numbers(item))).collect(),
        missing_days: measures.missing() as u64,
        provisional_days: measures.provisional() as u64,
    }
}

/// The numbers of `query` among those of a course, measured from a table.
fn course_numbers(query: &RowQuery, measures: &course::Measures) -> StudentNumbers {
    let series = &measures.series[ActivityKind::Watch.index()];
    let active = measures.students.iter().filter(|student| student.is_active());
    let weeks = |weeks: &[Option<u64>]| if query.range.days() <= 42 { weeks.to_vec() } else { Vec::new() };
    let videos = measures.videos.iter().map(|video| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive, small number"
        )]
        let seconds = video.length.map(|minutes| (minutes * 60.0).round() as u32);
        (video.id.clone(), (video.name.clone(), video.rows, video.viewers, seconds))
    });
    assert_eq!(measures.active.0, measures.watched);
    StudentNumbers {
        students: active
            .map(|student| {
                let rows = student.amount(ActivityKind::Watch);
                (student.id.clone(), (student.name.clone(), rows, weeks(&student.weeks)))
            })
            .collect(),
        active: measures.active.0,
        median_rows: measures.median_rows,
        rows: series.total,
        bins: series.bins.clone(),
        videos: videos.collect(),
        missing_days: series.missing,
        provisional_days: series.provisional,
    }
}

/// Totals over the pairs of days that are both final. Each bin must be a day.
fn compare_days(now: &[Completeness<u64>], then: &[Completeness<u64>]) -> ComparisonTotals {
    let mut totals = ComparisonTotals::default();
    for pair in now.iter().zip(then) {
        if let (Completeness::Complete(now), Completeness::Complete(then)) = pair {
            totals.days += 1;
            totals.now += now;
            totals.then += then;
        }
    }
    totals
}

/// Numbers about one student of a course.
#[derive(Debug, PartialEq)]
struct PersonNumbers {
    name: String,
    rows: u64,
    bins: Vec<Completeness<u64>>,
    /// Days with rows.
    days: u64,
    /// By id: rows, and the time of the last one.
    videos: BTreeMap<String, (u64, u32)>,
    /// Time of the last row in the range or in the days before it.
    last: Option<u32>,
}

/// The numbers of a student, measured from columns. `bins` is the course's axis.
fn person_from_columns(
    query: &RowQuery,
    id: &UserId,
    bins: &TimeBins,
    columns: &VideoViewDataset,
) -> PersonNumbers {
    let roles = vec![InstitutionRole::Student];
    let query = RowQuery { roles, student: Some(id.clone()), ..query.clone() };
    let (_, measures) = aggregate(&query, columns);
    let rows_by_day: Vec<u64> =
        measures.days.iter().map(|(_, day)| day.value().map_or(0, |watched| watched.rows)).collect();
    let mut days = measures.days.as_slice();
    let add_status = |(bin, rows): (&TimeBin, u64)| {
        let length = usize::try_from((bin.last - bin.first).num_days()).unwrap() + 1;
        let (days_of_bin, rest) = days.split_at(length);
        days = rest;
        with_worst_status(days_of_bin, rows)
    };
    let find_last =
        |aggregator: &Aggregator| listed_rows(aggregator, columns).iter().map(|row| row.time).max();
    let find_last_of_video = |video: &str| {
        find_last(&aggregate(&RowQuery { videos: vec![video.into()], ..query.clone() }, columns).0).unwrap()
    };
    let before = query.calendar.breaks.days_before(query.range).unwrap();
    let mut before = RowQuery { range: before, ..query.clone() };
    // The role that the range gives somebody counts in the days before, too.
    let unfiltered = RowQuery { roles: Vec::new(), sections: Vec::new(), ..query.clone() };
    let (_, in_any_role) = aggregate(&unfiltered, columns);
    let roles: Vec<InstitutionRole> = in_any_role.roles.iter().map(|(role, _)| *role).collect();
    if roles == [InstitutionRole::Student] {
        before.roles.clear();
    }
    let is_staff =
        roles.iter().any(|role| !matches!(role, InstitutionRole::Student | InstitutionRole::Unnamed));
    let last_before = if is_staff { None } else { find_last(&aggregate(&before, columns).0) };
    let videos = measures.videos.named.iter().filter(|item| !item.id.is_empty());
    PersonNumbers {
        name: measures.student.clone(),
        rows: measures.total.rows,
        bins: bins.all.iter().zip(bins.sums(&rows_by_day)).map(add_status).collect(),
        days: rows_by_day.iter().filter(|rows| **rows > 0).count() as u64,
        videos: videos
            .map(|item| (item.id.clone(), (item.watched.rows, find_last_of_video(&item.id))))
            .collect(),
        last: find_last(&aggregate(&query, columns).0).max(last_before),
    }
}

/// The numbers of a student, measured from a table.
fn person_from_table(person: &course::person::Person) -> PersonNumbers {
    let watch = ActivityKind::Watch;
    let videos = person.videos.iter();
    PersonNumbers {
        name: person.student.name.clone(),
        rows: person.student.amount(watch),
        bins: person.series[watch.index()].1.clone(),
        days: person.days,
        videos: videos.map(|video| (video.id.clone(), (video.amounts[watch.index()], video.last))).collect(),
        last: person.student.last,
    }
}

/// The columns of `videoview`; a video is filtered and grouped like a deck.
const COLUMNS: ColumnNames = ColumnNames {
    time: "event_timestamp",
    course: "courseId",
    section: "sectionId",
    user: "userid",
    role: "role",
    deck: "VideoId",
};

/// The rows that a selection chooses, in the order of [`RowDetails::time`] and its other fields.
fn selected_rows(tables: &Dataset, query: &MeasureQuery) -> Vec<RowDetails> {
    let selection = Selection::new(tables, query, &COLUMNS);
    let columns = [
        "VideoName",
        "courseIdentifier",
        "sectionNumber",
        "firstname",
        "lastname",
        "role",
        "duration_Minute",
    ]
    .map(|name| selection.column(name));
    let rows = selection.chosen_rows().map(|row| {
        let [video, course, section, first, last, role, length] =
            columns.each_ref().map(|column| selection.text(column.code(row)).into_owned());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive, small number"
        )]
        let minutes = cell_value::parse_number(length.as_bytes()).map(|minutes| minutes as u32);
        RowDetails {
            time: row.at,
            video,
            course,
            section,
            person: person_label(&first, &last, &selection.text(row.user)),
            role,
            length: minutes.filter(|minutes| *minutes > 0),
        }
    });
    sorted(rows.collect())
}

fn sorted(mut rows: Vec<RowDetails>) -> Vec<RowDetails> {
    rows.sort_by_key(|row| {
        let texts = [&row.video, &row.course, &row.section, &row.person, &row.role].map(Clone::clone);
        (row.time, texts, row.length)
    });
    rows
}

fn watch_totals(counts: &EventCounts) -> WatchTotals {
    WatchTotals { rows: counts.events, viewers: counts.people }
}

proptest! {
    #[test]
    fn a_course_has_the_same_numbers_from_columns_and_from_a_table(
        rows in all_rows(),
        windows in windows(),
        query in query(),
        student in student(),
        compared_section in prop::option::of(0..=SECTIONS),
    ) {
        let (columns, tables) = load(&rows, &windows);
        let comparison = compared_section
            .map_or(Comparison::Before, |section| Comparison::Section(format!("s{section}").into()));
        let options = CourseOptions {
            student: Some(student.clone()),
            comparison: comparison.clone(),
            is_chosen: true,
            weights: Weights::default(),
            is_nameless: false,
        };
        let sources = Sources { by_kind: [(ActivityKind::Watch, &tables)].into(), library: None };
        let report_query = MeasureQuery { base: query.clone(), decks: Vec::new(), contents: false };
        let measures = course::measure(&sources, &report_query, &options);
        let series: &KindSeries = &measures.series[ActivityKind::Watch.index()];

        let compared_query = RowQuery { comparison: Some(comparison), ..query.clone() };
        let [now, then] = numbers_with_comparison(&compared_query, &columns);
        prop_assert_eq!(&now, &course_numbers(&query, &measures));

        let (_, everybody) = aggregate(&query, &columns);
        let rows_of = |id: &str| {
            aggregate(&RowQuery { student: Some(id.into()), ..query.clone() }, &columns).1.total.rows
        };
        let named_rows: u64 = PEOPLE.iter().filter(|(id, ..)| !id.is_empty()).map(|(id, ..)| rows_of(id)).sum();
        prop_assert_eq!(series.staff, named_rows - now.rows);
        prop_assert_eq!(series.unnamed, everybody.total.rows - named_rows);
        prop_assert_eq!(series.skipped_rows, everybody.skipped_rows);
        if query.sections.is_empty() {
            prop_assert_eq!(measures.identities, everybody.identities);
        }

        prop_assert_eq!(measures.active.1, then.active);
        let others: Vec<Option<u64>> = then.bins.iter().map(|bin| bin.value().copied()).collect();
        prop_assert_eq!(&series.others, &others);
        if !measures.bins.are_weeks {
            prop_assert_eq!(series.compared, compare_days(&now.bins, &then.bins));
        }

        if let Some(person) = &measures.person {
            let expected = person_from_columns(&query, &student, &measures.bins, &columns);
            prop_assert_eq!(person_from_table(person), expected);
        } else {
            prop_assert!(!now.students.contains_key(student.as_str()));
        }
    }

    #[test]
    fn days_hours_and_groups_have_the_same_numbers_from_columns_and_from_a_table(
        rows in all_rows(),
        windows in windows(),
        query in query(),
        student in prop::option::weighted(0.2, student()),
        roles in prop::collection::vec(prop::sample::select(InstitutionRole::ALL.to_vec()), 0..4),
        videos in prop::collection::btree_set(1..=VIDEOS.len(), 0..3),
    ) {
        let (columns, tables) = load(&rows, &windows);
        let query = RowQuery {
            roles,
            videos: videos.iter().map(|video| format!("v{video}").into()).collect(),
            student,
            ..query
        };
        let decks: Vec<PresentationId> = videos.iter().map(|video| format!("v{video}").into()).collect();
        let report_query = MeasureQuery { base: query.clone(), decks, contents: false };
        let (aggregator, measures) = aggregate(&query, &columns);
        let selection = Selection::new(&tables, &report_query, &COLUMNS);
        let activity = Activity::from_selection(&selection, "VideoName", "");

        prop_assert_eq!(measures.total, watch_totals(&activity.total));
        prop_assert_eq!(measures.students.active, activity.total.students);
        let days: Vec<_> = activity.days.iter().map(|(day, known)| (*day, known.map(watch_totals))).collect();
        prop_assert_eq!(&measures.days, &days);
        let week = measures.week.map(|weekday| (weekday.known, weekday.provisional, weekday.hours));
        prop_assert_eq!(week, activity.week.map(|weekday| (weekday.known, weekday.provisional, weekday.hours)));
        prop_assert_eq!(measures.students.step_days, activity.steps.days);
        prop_assert_eq!(&measures.students.steps_known, &activity.steps.known);
        prop_assert_eq!(measures.skipped_rows, activity.skipped_rows);
        prop_assert!(VIDEOS.len() <= MAX_NAMED && measures.videos.others == 0);
        let items: Vec<_> = measures
            .videos
            .named
            .iter()
            .map(|item| (item.id.as_str(), item.name.as_str(), item.watched, item.viewer_rows))
            .collect();
        let decks: Vec<_> = activity
            .decks
            .iter()
            .filter(|deck| !deck.id.is_empty())
            .map(|deck| {
                let viewer_rows = deck.count.events - deck.count.unnamed;
                (deck.id.as_str(), deck.name.as_str(), watch_totals(&deck.count), viewer_rows)
            })
            .collect();
        prop_assert_eq!(items, decks);
        let unnamed = activity.decks.iter().find(|deck| deck.id.is_empty());
        prop_assert_eq!(measures.videos.unnamed_rows, unnamed.map_or(0, |deck| deck.count.events));
        prop_assert_eq!(sorted(listed_rows(&aggregator, &columns)), selected_rows(&tables, &report_query));
        if let Some(id) = &query.student
            && columns.texts.user.find(id.as_str().as_bytes()).is_some()
        {
            prop_assert_eq!(&measures.student, &find_name(&tables, id));
        }

        // Groups read no videos, so they are compared without a filter by video.
        let query = RowQuery { videos: Vec::new(), ..query };
        let (_, measures) = aggregate(&query, &columns);
        let groups_query = MeasureQuery { base: query, decks: Vec::new(), contents: false };
        let groups = groups::measure(&tables, &groups_query, KnownReport::VideoView);
        let items: Vec<_> = measures
            .sections
            .named
            .iter()
            .map(|item| (item.id.as_str(), item.name.as_str(), item.part_of.as_str(), item.watched))
            .collect();
        let sections: Vec<_> = groups
            .sections
            .iter()
            .map(|it| (it.id.as_str(), it.number.as_str(), it.course.as_str(), watch_totals(&it.count)))
            .collect();
        prop_assert_eq!(items, sections);
        prop_assert_eq!(measures.sections.unnamed_rows, groups.events_without_section);
        prop_assert_eq!(measures.rows_without_course, groups.events_without_course);
        let roles: Vec<_> = groups.roles.iter().map(|(role, count, _)| (*role, watch_totals(count))).collect();
        prop_assert_eq!(&measures.roles, &roles);
        prop_assert_eq!(measures.identities, groups.identities);
    }
}
