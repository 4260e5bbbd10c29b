use super::*;
use crate::schedule::DownloadOrder;
use domain::calendar::Calendar;
use domain::ids::CourseId;
use domain::query::{MeasureQuery, RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::{KnownReport, ReportName};
use domain::time::{Timestamp, parse_day, plus_days};
use domain::zone::Zone;
use engine::split::{Slice, SliceCompressor};
use figures::locale::PlainFormatter;
use figures::{SubjectBuilder, SubjectGroup};
use protocol::{Body, Subject};

/// The columns of `videoview` and `presentation`.
const HEADER: &str = "VideoId,VideoName,presentationID,presentationName,sectionId,sectionNumber,courseId,\
courseIdentifier,event_timestamp,duration_Minute,userid,firstname,lastname,role\n";

const MONDAYS: [&str; 2] = ["2026-02-02", "2026-02-09"];

fn query(report: &str, generation: u32) -> Query {
    let name = ReportName::parse(report).unwrap();
    let windows = MONDAYS.map(|monday| {
        let start = parse_day(monday).unwrap();
        let end = Some(plus_days(start, 7));
        let coverage = WindowCoverage { start: Some(start), end, provisional_from: None };
        WindowSource { id: monday.into(), generation, coverage, created: Timestamp(0) }
    });
    Query {
        sequence: 1,
        subject: Subject::Report {
            name: name.clone(),
            are_names_hidden: false,
            comparison_label: String::new(),
        },
        measure: MeasureQuery {
            base: RowQuery {
                range: Range::parse("2026-02-02", "2026-02-15").unwrap(),
                zone: Zone::utc(),
                course: None::<CourseId>,
                sections: Vec::new(),
                roles: Vec::new(),
                videos: Vec::new(),
                student: None,
                comparison: None,
                calendar: Calendar::default(),
                today: parse_day("2026-06-01").unwrap(),
            },
            decks: Vec::new(),
            contents: false,
        },
        zone_label: "UTC".into(),
        weeks: Vec::new(),
        section_terms: Vec::new(),
        max_rows: 1_000,
        language: "en-GB".into(),
        sources: vec![ReportSource { report: name, course: None, windows: windows.into() }],
    }
}

fn builder(report: &str) -> SubjectBuilder {
    SubjectGroup::Report(KnownReport::parse(report)).builder()
}

/// Seven rows of one week, in two slices, the later rows first.
fn slices(monday: &str) -> Vec<Slice> {
    let day = plus_days(parse_day(monday).unwrap(), 1);
    let mut compressor = SliceCompressor::default();
    let slice = |(section, rows): (u32, std::ops::Range<u32>)| {
        let row = |n: u32| {
            let name = if n % 2 == 1 { "Bo,Li" } else { "Ana,Nuñez" };
            format!(
                "v{n},Video {n},d{n},Deck {n},s{section},{section},c,BIO,{day} 10:00:{:02},50,u{n},{name},Student\n",
                30 - n
            )
        };
        let count = u32::try_from(rows.len()).unwrap();
        let csv: String = rows.map(row).collect();
        compressor.compress(("c".into(), format!("s{section}")), count, csv.into_bytes()).unwrap()
    };
    [(1, 0..4), (2, 4..7)].into_iter().map(slice).collect()
}

fn head() -> Head {
    Head { generation: 1, slices: 2, rows: 7, header: HEADER.as_bytes().to_vec() }
}

fn push(store: &mut Store, key: &CopyKey, slice: &Slice) -> Result<(), FetchError> {
    let length = u32::try_from(slice.bytes.len()).unwrap();
    let head = SliceHead { rows: slice.rows, raw_length: slice.raw_length, crc32: slice.crc32, length };
    store.push_slice(key, &head, &slice.bytes)
}

/// A store that has loaded every window of the query.
fn loaded(query: &Query) -> (Store, Schedule) {
    let (mut store, mut schedule) = (Store::default(), Schedule::default());
    let (serving, _) = schedule.want(&query.sources, &query.subject, query.max_rows);
    store.set_query(query, serving, &schedule);
    while let Some(DownloadOrder { id, key, .. }) = schedule.start_next() {
        schedule.announce(id, 7);
        store.begin(&key, &head(), Timestamp(0)).unwrap();
        slices(&key.window).iter().for_each(|slice| push(&mut store, &key, slice).unwrap());
        store.complete(&key.source, find_window(&query.sources, &key).unwrap()).unwrap();
        schedule.complete(id);
    }
    (store, schedule)
}

fn rows(store: &mut Store, query: &Query, start: usize, count: usize) -> Vec<LongTableRow> {
    find(store, query, RowList::Rows, "", (start, count)).0
}

fn find(
    store: &mut Store,
    query: &Query,
    list: RowList,
    search: &str,
    (start, count): (usize, usize),
) -> (Vec<LongTableRow>, u64) {
    let Subject::Report { name, .. } = &query.subject else { panic!() };
    let range = RowRange { sequence: query.sequence, list, search: search.into(), start, count };
    store.rows(query, &range, builder(name.as_str()).rows, &PlainFormatter)
}

#[test]
fn ranges_of_rows_make_up_the_whole_table_in_the_order_of_time() {
    for report in ["videoview", "presentation", "visit"] {
        let query = query(report, 1);
        let (mut store, _) = loaded(&query);
        let (figures, _, _) = store.figures(&query, builder(report).figures, &PlainFormatter);
        let Body::LongTable(table) = &figures.last().unwrap().body else { panic!("{report}") };
        let all = rows(&mut store, &query, 0, usize::MAX);
        assert_eq!((table.count, all.len()), (14, 14), "{report}");
        let time = table.columns.iter().position(|column| column.content == protocol::ColumnContent::Time);
        assert!(all.is_sorted_by_key(|row| row.cells[time.unwrap()].clone()), "{report}");
        let parts: Vec<_> = (0..5).flat_map(|part| rows(&mut store, &query, 3 * part, 3)).collect();
        assert_eq!(parts, all, "{report}");
    }
}

#[test]
fn rows_name_nobody_while_names_are_hidden() {
    for report in ["videoview", "presentation", "visit"] {
        let mut query = query(report, 1);
        let (mut store, _) = loaded(&query);
        assert!(format!("{:?}", rows(&mut store, &query, 0, 9)).contains("Nuñez"), "{report}");
        if let Subject::Report { are_names_hidden, .. } = &mut query.subject {
            *are_names_hidden = true;
        }
        assert_eq!(rows(&mut store, &query, 0, 1), [], "{report}");
    }
}

#[test]
fn rows_are_those_of_the_newest_query_and_copies() {
    let all = query("presentation", 1);
    let (mut store, mut schedule) = loaded(&all);
    assert_eq!(rows(&mut store, &all, 0, usize::MAX).len(), 14);
    let mut section = all.clone();
    section.measure.base.sections = vec!["s2".into()];
    let (serving, _) = schedule.want(&section.sources, &section.subject, section.max_rows);
    store.set_query(&section, serving, &schedule);
    assert_eq!(rows(&mut store, &section, 0, usize::MAX).len(), 6);
}

#[test]
fn a_copy_that_is_damaged_incomplete_or_not_downloaded_any_more_is_discarded() {
    for report in ["videoview", "presentation"] {
        let query = query(report, 1);
        let (mut store, mut schedule) = (Store::default(), Schedule::default());
        let (serving, _) = schedule.want(&query.sources, &query.subject, query.max_rows);
        store.set_query(&query, serving, &schedule);
        let order = schedule.start_next().unwrap();
        let (key, window) = (&order.key, find_window(&query.sources, &order.key).unwrap());
        let slices = slices(&key.window);
        assert!(push(&mut store, key, &slices[0]).is_err(), "no head yet");
        let no_columns = Head { header: b"mood\n".to_vec(), ..head() };
        assert!(store.begin(key, &no_columns, Timestamp(0)).is_err());
        store.begin(key, &head(), Timestamp(0)).unwrap();
        push(&mut store, key, &slices[0]).unwrap();
        let damaged = Slice { crc32: slices[1].crc32 ^ 1, ..slices[1].clone() };
        assert!(push(&mut store, key, &damaged).is_err());
        assert!(store.complete(&key.source, window).is_err(), "rows are missing");
        assert!(push(&mut store, key, &slices[1]).is_err(), "the copy is discarded");

        store.begin(key, &head(), Timestamp(0)).unwrap();
        store.abandon(key);
        assert!(push(&mut store, key, &slices[0]).is_err());

        store.begin(key, &head(), Timestamp(0)).unwrap();
        let newer = super::tests::query(report, 2);
        let (serving, aborted) = schedule.want(&newer.sources, &newer.subject, newer.max_rows);
        assert_eq!(aborted, [order.id]);
        store.set_query(&newer, serving, &schedule);
        assert!(push(&mut store, key, &slices[0]).is_err(), "the download was aborted");
        assert!(rows(&mut store, &newer, 0, 9).is_empty());
    }
}

#[test]
fn a_search_finds_the_rows_that_contain_its_text() {
    for report in ["videoview", "presentation", "visit"] {
        let query = query(report, 1);
        let (mut store, _) = loaded(&query);
        let all = rows(&mut store, &query, 0, usize::MAX);
        // Names of videos and decks end with the number of their row, and people with odd numbers are called Bo Li.
        for search in ["o 3", "DECK 3", "li", " nuñez ", "s2", "nowhere", ""] {
            let text = search.trim().to_lowercase();
            let is_found = |row: &&LongTableRow| {
                // An unknown report shows its ids.
                row.cells.iter().any(|cell| !cell.starts_with("2026") && cell.to_lowercase().contains(&text))
            };
            let expected: Vec<LongTableRow> = all.iter().filter(is_found).cloned().collect();
            let (found, count) = find(&mut store, &query, RowList::Rows, search, (0, usize::MAX));
            assert_eq!((found.len() as u64, &found), (count, &expected), "{report}: {search}");
            let parts =
                (0..8).flat_map(|part| find(&mut store, &query, RowList::Rows, search, (2 * part, 2)).0);
            assert_eq!(parts.collect::<Vec<_>>(), expected, "{report}: {search}");
        }
    }
    let query = query("videoview", 1);
    let (mut store, _) = loaded(&query);
    let mut students = |search: &str| find(&mut store, &query, RowList::Students, search, (0, 9));
    assert_eq!((students("").1, students("bo").1, students("nobody").1), (7, 3, 0));
    assert!(students("bo").0.iter().all(|row| row.cells[0] == "Li, Bo"));
}
