use super::*;
use domain::query::{Comparison, CourseOptions, WindowCoverage};
use domain::time::Timestamp;
use proptest::prelude::*;
use protocol::WindowSource;

fn report(name: &str) -> ReportName {
    ReportName::parse(name).unwrap()
}

fn about(name: &str) -> Subject {
    Subject::Report { name: report(name), are_names_hidden: false, comparison_label: String::new() }
}

fn source(name: &str, course: Option<&str>, windows: &[(&str, u32)]) -> ReportSource {
    let windows = windows.iter().map(|(id, generation)| WindowSource {
        id: (*id).to_owned(),
        generation: *generation,
        coverage: WindowCoverage { start: None, end: None, provisional_from: None },
        created: Timestamp(0),
    });
    ReportSource { report: report(name), course: course.map(Into::into), windows: windows.collect() }
}

/// Starts and completes every download, with this many rows each.
fn download_all(schedule: &mut Schedule, rows: u64) -> Vec<DownloadOrder> {
    let mut orders = Vec::new();
    while let Some(order) = schedule.start_next() {
        assert_eq!(schedule.announce(order.id, rows), Announcement::Accepted);
        assert!(schedule.advance(order.id, rows, 10 * rows));
        schedule.complete(order.id).unwrap();
        orders.push(order);
    }
    orders
}

fn windows_of(orders: &[DownloadOrder]) -> Vec<&str> {
    orders.iter().map(|order| order.key.window.as_str()).collect()
}

#[test]
fn the_newest_window_comes_first() {
    let mut schedule = Schedule::default();
    schedule.want(&[source("videoview", None, &[("a", 1), ("b", 1)])], &about("videoview"), 100);
    let orders = download_all(&mut schedule, 5);
    assert_eq!(windows_of(&orders), ["b", "a"]);
    assert_eq!(schedule.progress(), Progress { rows: 10, bytes: 100, copies: 2, pending: 0 });
}

#[test]
fn a_download_that_is_not_wanted_any_more_is_aborted_and_has_no_effect() {
    let mut schedule = Schedule::default();
    schedule.want(&[source("videoview", None, &[("a", 1)])], &about("videoview"), 100);
    let order = schedule.start_next().unwrap();
    let (_, aborted) = schedule.want(&[source("videoview", None, &[("b", 1)])], &about("videoview"), 100);
    assert_eq!(aborted, [order.id]);
    assert_eq!(schedule.announce(order.id, 1_000), Announcement::Stale);
    assert!(!schedule.advance(order.id, 1, 1));
    assert_eq!((schedule.complete(order.id), schedule.fail(order.id)), (None, None));
    assert_eq!(windows_of(&download_all(&mut schedule, 5)), ["b"]);
}

#[test]
fn an_older_generation_serves_until_the_newer_is_loaded() {
    let mut schedule = Schedule::default();
    schedule.want(&[source("videoview", None, &[("a", 1)])], &about("videoview"), 100);
    let first = download_all(&mut schedule, 5);
    schedule.want(&[source("videoview", None, &[("a", 2)])], &about("videoview"), 100);
    assert!(schedule.is_loaded(&first[0].key));
    assert_eq!(schedule.progress(), Progress { rows: 5, bytes: 50, copies: 1, pending: 1 });
    let second = download_all(&mut schedule, 7);
    assert_eq!(second[0].generation, 2);
    assert_eq!(schedule.progress(), Progress { rows: 7, bytes: 70, copies: 1, pending: 0 });
}

#[test]
fn a_failed_copy_is_tried_again_at_the_next_query() {
    let mut schedule = Schedule::default();
    let sources = [source("videoview", None, &[("a", 1)])];
    schedule.want(&sources, &about("videoview"), 100);
    let order = schedule.start_next().unwrap();
    assert_eq!(schedule.fail(order.id).unwrap().window, "a");
    assert_eq!((schedule.start_next(), schedule.progress().pending), (None, 0));
    schedule.want(&sources, &about("videoview"), 100);
    assert_eq!(schedule.start_next().unwrap().key, order.key);
}

#[test]
fn a_course_is_served_by_loaded_rows_of_the_whole_institution() {
    let mut schedule = Schedule::default();
    let of_course = |windows| source("videoview", Some("c"), windows);
    let (serving, _) = schedule.want(&[of_course(&[("a", 1)])], &about("videoview"), 100);
    assert_eq!(serving[0].course, Some("c".into()));
    download_all(&mut schedule, 5);
    schedule.want(&[source("videoview", None, &[("a", 1)])], &about("videoview"), 100);
    download_all(&mut schedule, 5);
    let (serving, _) = schedule.want(&[of_course(&[("a", 1)])], &about("videoview"), 100);
    assert_eq!((serving[0].course.clone(), schedule.progress().pending), (None, 0));
    // A window that is not loaded: only the course's rows are downloaded.
    let (serving, _) = schedule.want(&[of_course(&[("a", 1), ("b", 1)])], &about("videoview"), 100);
    assert_eq!(serving[0].course, Some("c".into()));
}

#[test]
fn a_course_page_reads_videoview_as_a_table() {
    let options = CourseOptions {
        student: None,
        comparison: Comparison::Before,
        is_chosen: false,
        weights: domain::activity::Weights::default(),
        is_nameless: false,
    };
    let of_course = Subject::Course { options, comparison_label: String::new() };
    let source = source("videoview", Some("c"), &[("a", 1)]);
    assert_eq!(SourceKey::new(&source, &of_course).layout, Layout::Table);
    assert_eq!(SourceKey::new(&source, &about("videoview")).layout, Layout::VideoViewColumns);
}

#[test]
fn unwanted_rows_are_kept_until_their_memory_is_needed() {
    let mut schedule = Schedule::default();
    schedule.want(&[source("polling", None, &[("a", 1)])], &about("polling"), 10);
    download_all(&mut schedule, 6);
    schedule.want(&[source("notes", None, &[("a", 1)])], &about("notes"), 10);
    download_all(&mut schedule, 4);
    // Both fit.
    schedule.want(&[source("polling", None, &[("a", 1)])], &about("polling"), 10);
    assert_eq!(schedule.progress(), Progress { rows: 6, bytes: 60, copies: 1, pending: 0 });
    schedule.want(&[source("qanda", None, &[("a", 1)])], &about("qanda"), 10);
    download_all(&mut schedule, 10);
    schedule.want(&[source("polling", None, &[("a", 1)])], &about("polling"), 10);
    assert_eq!(schedule.progress().pending, 1);
}

#[test]
fn more_rows_than_fit_abort_everything_until_the_next_query() {
    let mut schedule = Schedule::default();
    let sources = [source("notes", None, &[("a", 1), ("b", 1), ("c", 1)])];
    schedule.want(&sources, &about("notes"), 10);
    let (first, second) = (schedule.start_next().unwrap(), schedule.start_next().unwrap());
    assert_eq!(schedule.announce(first.id, 6), Announcement::Accepted);
    let expected = Announcement::TooLarge { rows: 12, aborted: vec![second.id, first.id] };
    assert_eq!(schedule.announce(second.id, 6), expected);
    assert_eq!((schedule.start_next(), schedule.progress()), (None, Progress::default()));
    schedule.want(&sources, &about("notes"), 20);
    assert_eq!(download_all(&mut schedule, 6).len(), 3);
}

#[test]
fn large_downloads_are_not_joined_by_more() {
    let mut schedule = Schedule::default();
    let windows: Vec<(String, u32)> = (0..9).map(|window| (window.to_string(), 1)).collect();
    let windows: Vec<(&str, u32)> =
        windows.iter().map(|(id, generation)| (id.as_str(), *generation)).collect();
    schedule.want(&[source("notes", None, &windows)], &about("notes"), u64::MAX);
    let started: Vec<_> = std::iter::from_fn(|| schedule.start_next()).collect();
    assert_eq!(started.len(), MIN_DOWNLOADS, "nothing is announced yet");
    for order in &started {
        schedule.announce(order.id, 1_000);
    }
    assert_eq!(std::iter::from_fn(|| schedule.start_next()).count(), 1, "the third one may be large");
    let mut schedule = Schedule::default();
    schedule.want(&[source("notes", None, &windows)], &about("notes"), u64::MAX);
    let mut count = 0;
    while let Some(order) = schedule.start_next() {
        schedule.announce(order.id, 1_000);
        count += 1;
    }
    assert_eq!(count, MAX_DOWNLOADS);
}

/// What may happen to a schedule.
#[derive(Debug, Clone)]
enum Event {
    /// A query for windows with generations, of one report or another, of a course or of all.
    Want {
        report: bool,
        is_course: bool,
        windows: Vec<(u8, u32)>,
        max_rows: u64,
    },
    Start,
    /// The download with this index among all that were ever started announces its rows.
    Announce(usize, u64),
    Advance(usize, u64),
    Complete(usize),
    Fail(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let windows = proptest::collection::btree_map(0u8..4, 1u32..3, 0..4);
    let want = (any::<bool>(), any::<bool>(), windows, prop_oneof![Just(50u64), Just(1_000_000)]).prop_map(
        |(report, is_course, windows, max_rows)| Event::Want {
            report,
            is_course,
            windows: windows.into_iter().collect(),
            max_rows,
        },
    );
    prop_oneof![
        2 => want,
        6 => Just(Event::Start),
        4 => (0usize..12, 0u64..40).prop_map(|(index, rows)| Event::Announce(index, rows)),
        2 => (0usize..12, 0u64..40).prop_map(|(index, rows)| Event::Advance(index, rows)),
        4 => (0usize..12).prop_map(Event::Complete),
        1 => (0usize..12).prop_map(Event::Fail),
    ]
}

proptest! {
    /// Whatever arrives, in whatever order: at most four downloads, one per copy, only of wanted copies, within memory;
    /// an aborted download has no effect; and in the end every wanted copy is loaded.
    #[test]
    fn everything_wanted_is_loaded_once_and_nothing_else_is_downloaded(
        events in proptest::collection::vec(event(), 0..120),
    ) {
        let mut schedule = Schedule::default();
        let mut started: Vec<DownloadOrder> = Vec::new();
        let mut aborted: BTreeSet<DownloadId> = BTreeSet::new();
        let mut ended: BTreeSet<DownloadId> = BTreeSet::new();
        let order_at = |started: &[DownloadOrder], index: usize| {
            started.len().checked_sub(index + 1).map(|index| started[index].clone())
        };
        for event in events {
            let is_stale = |id: DownloadId| aborted.contains(&id) || ended.contains(&id);
            match event {
                Event::Want { report, is_course, windows, max_rows } => {
                    let name = if report { "polling" } else { "videoview" };
                    let windows: Vec<(String, u32)> =
                        windows.into_iter().map(|(id, generation)| (id.to_string(), generation)).collect();
                    let windows: Vec<(&str, u32)> =
                        windows.iter().map(|(id, generation)| (id.as_str(), *generation)).collect();
                    let source = source(name, is_course.then_some("c"), &windows);
                    let (_, now) = schedule.want(&[source], &about(name), max_rows);
                    aborted.extend(now);
                }
                Event::Start => started.extend(schedule.start_next()),
                Event::Announce(index, rows) => {
                    let Some(order) = order_at(&started, index) else { continue };
                    let announcement = schedule.announce(order.id, rows);
                    prop_assert_eq!(announcement == Announcement::Stale, is_stale(order.id));
                    if let Announcement::TooLarge { aborted: now, rows } = announcement {
                        prop_assert!(rows > schedule.max_rows);
                        prop_assert!(now.contains(&order.id));
                        aborted.extend(now);
                    }
                }
                Event::Advance(index, rows) => {
                    let Some(order) = order_at(&started, index) else { continue };
                    let announced = schedule.download(order.id).and_then(|download| download.announced);
                    let rows = rows.min(announced.unwrap_or(0));
                    prop_assert_eq!(schedule.advance(order.id, rows, rows * 10), !is_stale(order.id));
                }
                Event::Complete(index) => {
                    let Some(order) = order_at(&started, index) else { continue };
                    let is_stale = is_stale(order.id);
                    prop_assert_eq!(schedule.complete(order.id), (!is_stale).then_some(order.key));
                    ended.insert(order.id);
                }
                Event::Fail(index) => {
                    let Some(order) = order_at(&started, index) else { continue };
                    let is_stale = is_stale(order.id);
                    prop_assert_eq!(schedule.fail(order.id), (!is_stale).then_some(order.key));
                    ended.insert(order.id);
                }
            }
            prop_assert!(schedule.downloads.len() <= MAX_DOWNLOADS);
            for (key, download) in &schedule.downloads {
                let copy = WantedCopy { key: key.clone(), generation: download.generation };
                prop_assert!(schedule.wanted.contains(&copy));
            }
            // A query with less memory keeps what is loaded until something else is announced.
            let ids: BTreeSet<DownloadId> = schedule.downloads.values().map(|it| it.id).collect();
            prop_assert_eq!(ids.len(), schedule.downloads.len());
        }
        // The network recovers, and there is memory for everything.
        schedule.max_rows = u64::MAX;
        schedule.is_too_large = false;
        schedule.failed.clear();
        for order in &started {
            schedule.complete(order.id);
        }
        while let Some(order) = schedule.start_next() {
            schedule.announce(order.id, 1);
            schedule.complete(order.id);
        }
        prop_assert_eq!(schedule.progress().pending, 0);
        for copy in &schedule.wanted {
            prop_assert_eq!(schedule.loaded.get(&copy.key).map(|it| it.generation), Some(copy.generation));
        }
    }

    /// Rows that were announced never exceed the memory, unless a query lowered the limit below what is loaded.
    #[test]
    fn memory_is_never_exceeded(rows in proptest::collection::vec(0u64..30, 1..20), max_rows in 1u64..100) {
        let mut schedule = Schedule::default();
        let windows: Vec<String> = (0..rows.len()).map(|index| format!("{index:02}")).collect();
        let windows: Vec<(&str, u32)> = windows.iter().map(|id| (id.as_str(), 1)).collect();
        schedule.want(&[source("notes", None, &windows)], &about("notes"), max_rows);
        let mut announced = 0;
        for rows in &rows {
            let Some(order) = schedule.start_next() else { break };
            announced += rows;
            let is_accepted = schedule.announce(order.id, *rows) == Announcement::Accepted;
            prop_assert_eq!(is_accepted, announced <= max_rows);
            prop_assert!(schedule.reserved_rows() <= max_rows);
            if !is_accepted {
                break;
            }
            schedule.advance(order.id, *rows, 0);
            schedule.complete(order.id);
        }
    }
}

#[test]
fn a_reload_aborts_what_has_begun_and_downloads_everything_again() {
    let mut schedule = Schedule::default();
    schedule.want(&[source("videoview", None, &[("a", 1), ("b", 1), ("c", 1)])], &about("videoview"), 100);
    let [loaded, begun, waiting] = [(); 3].map(|()| {
        let order = schedule.start_next().unwrap();
        if order.key.window != "a" {
            assert_eq!(schedule.announce(order.id, 5), Announcement::Accepted);
        }
        order
    });
    schedule.complete(loaded.id).unwrap();
    assert_eq!(schedule.reload(), [begun.id]);
    assert_eq!(schedule.progress(), Progress { rows: 0, bytes: 0, copies: 0, pending: 3 });
    assert_eq!(schedule.announce(waiting.id, 5), Announcement::Accepted);
    schedule.complete(waiting.id).unwrap();
    assert_eq!(windows_of(&download_all(&mut schedule, 5)), ["c", "b"]);
}
