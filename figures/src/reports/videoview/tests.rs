//! The figures of `videoview` over measures made by hand, in the plain format.

use super::*;
use crate::locale::PlainFormatter;
use crate::{Loaded, build_figures, student_name};
use domain::calendar::{Breaks, Calendar, WeekStart};
use domain::query::{Comparison, MeasureQuery, RowQuery};
use domain::range::Range;
use domain::report::ReportName;
use domain::time::{Timestamp, parse_day};
use domain::zone::Zone;
use engine::identity::IdentityCounts;
use engine::measures::{self, Arrivals, Items};
use engine::video_view_columns::SkippedRows;
use protocol::{Query, Subject, codec};

const MEMBRANES: &str = "11111111-0000-4000-8000-000000000000";
const NAMELESS: &str = "22222222-0000-4000-8000-000000000000";

const IDS: [&str; 11] = [
    "minutes", "viewers", "arrivals", "hours", "videos", "after", "sections", "roles", "spread", "students",
    "rows",
];

fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

/// A query for the week from Monday, 2 February 2026, compared with `the week before` if at all.
fn query(change: impl FnOnce(&mut Query)) -> Query {
    let mut query = Query {
        sequence: 1,
        subject: Subject::Report {
            name: ReportName::parse("videoview").unwrap(),
            are_names_hidden: false,
            comparison_label: "the week before".into(),
        },
        measure: MeasureQuery {
            base: RowQuery {
                range: Range::parse("2026-02-02", "2026-02-08").unwrap(),
                zone: Zone::utc(),
                course: None,
                sections: Vec::new(),
                roles: Vec::new(),
                videos: Vec::new(),
                student: None,
                comparison: None,
                calendar: Calendar::default(),
                today: day("2026-06-01"),
            },
            decks: Vec::new(),
            contents: false,
        },
        zone_label: "UTC+1 Berlin".into(),
        weeks: Vec::new(),
        section_terms: Vec::new(),
        max_rows: 10,
        language: "en-GB".into(),
        sources: Vec::new(),
    };
    change(&mut query);
    query
}

fn watched(rows: u64, viewers: u64) -> WatchTotals {
    WatchTotals { rows, viewers }
}

fn item(id: &str, name: &str, part_of: &str, seconds: Option<u32>, watched: WatchTotals) -> Item {
    Item {
        id: id.into(),
        name: name.into(),
        part_of: part_of.into(),
        seconds,
        watched,
        viewer_rows: watched.rows,
    }
}

/// The measures of that week: 3 minutes on Monday, 2.5 on Tuesday, none on the other days.
fn measures() -> Measures {
    let totals = [(6, 2), (5, 3), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)];
    let totals = totals.map(|(rows, viewers)| watched(rows, viewers));
    let days = Range::parse("2026-02-02", "2026-02-08").unwrap().each_day();
    let mut week = [measures::Weekday { known: 1, provisional: 0, hours: [0; 24] }; 7];
    week[0].hours[10] = 6;
    week[1].hours[18] = 5;
    Measures {
        days: days.zip(totals.map(Completeness::Complete)).collect(),
        total: watched(11, 4),
        rows_without_course: 0,
        week,
        videos: Items {
            named: vec![
                item(MEMBRANES, "Membranes", "", Some(240), watched(8, 2)),
                item(NAMELESS, "", "", None, watched(2, 1)),
            ],
            others: 1,
            other_rows: 1,
            unnamed_rows: 0,
        },
        sections: Items {
            named: vec![
                item(MEMBRANES, "1", "BIO-101", None, watched(9, 3)),
                item(NAMELESS, "", "", None, watched(2, 1)),
            ],
            others: 0,
            other_rows: 0,
            unnamed_rows: 0,
        },
        roles: vec![(InstitutionRole::Student, watched(8, 3)), (InstitutionRole::Unnamed, watched(3, 0))],
        identities: IdentityCounts::default(),
        students: Students {
            active: 3,
            rows: 8,
            median_rows: 3,
            bin_minutes: 1,
            bins: vec![1, 1, 1],
            step_days: 1,
            steps_known: vec![true; 7],
        },
        arrivals: totals
            .into_iter()
            .zip([2, 2, 0, 0, 0, 0, 0])
            .map(|(total, new)| Arrivals { known: Completeness::Complete(total), new })
            .collect(),
        by_delay: [6, 2, 0, 0, 0, 0, 3],
        others: Vec::new(),
        student: String::new(),
        skipped_rows: SkippedRows::default(),
    }
}

fn figures_of(measures: &Measures, change: impl FnOnce(&mut Query)) -> Vec<Figure> {
    let loaded = Loaded { video_views: Some(measures), ..Loaded::default() };
    let figures = build_figures(&query(change), &loaded, &PlainFormatter);
    for figure in &figures {
        assert_eq!(codec::decode(&codec::encode(figure)).as_ref(), Some(figure), "figures travel whole");
        let texts = [&figure.sentence, &figure.caveat];
        assert!(texts.iter().all(|text| !text.contains("  ") && text.trim() == text.as_str()), "{texts:?}");
    }
    figures
}

fn find<'a>(figures: &'a [Figure], id: &str) -> &'a Figure {
    figures.iter().find(|figure| figure.id == id).unwrap()
}

fn sentences(figures: &[Figure]) -> Vec<&str> {
    figures.iter().map(|figure| figure.sentence.as_str()).collect()
}

fn bars<'a>(figures: &'a [Figure], id: &str) -> &'a charts::model::Chart {
    let Body::Bars(chart) = &find(figures, id).body else { panic!("{id} has no bars") };
    chart
}

fn ranking<'a>(figures: &'a [Figure], id: &str) -> (&'a charts::ranking::Ranking, FilterKind, &'a [String]) {
    let Body::Ranking { ranking, filter, ids } = &find(figures, id).body else {
        panic!("{id} is no ranking")
    };
    (ranking, *filter, ids)
}

fn long_table<'a>(figures: &'a [Figure], id: &str) -> &'a LongTable {
    let Body::LongTable(table) = &find(figures, id).body else { panic!("{id} is no long table") };
    table
}

#[test]
fn all_figures_are_in_reading_order_with_titles_and_units() {
    let figures = figures_of(&measures(), |_| {});
    let texts: Vec<[&str; 3]> =
        figures.iter().map(|it| [&it.id, &it.title, &it.unit].map(|s| s.as_str())).collect();
    let expected = [
        ["minutes", "Minutes watched per day", "Minutes · Days in UTC+1 Berlin"],
        ["viewers", "Viewers per day", "Viewers · Days in UTC+1 Berlin"],
        [
            "arrivals",
            "New and returning viewers",
            "Viewers · Filled: new. Hollow: returning · Days in UTC+1 Berlin",
        ],
        ["hours", "Minutes by weekday and hour", "Minutes · Hours in UTC+1 Berlin"],
        ["videos", "Minutes per video", "Minutes"],
        ["after", "How soon videos are watched", "Minutes · Days after the video first appeared"],
        ["sections", "Minutes per section", "Minutes"],
        ["roles", "Minutes by role", "Minutes"],
        ["spread", "How much students watched", "Students · minutes each"],
        ["students", "Students", "Minutes"],
        ["rows", "Every row", "Days in UTC+1 Berlin"],
    ];
    assert_eq!(texts, expected);
    let without_measures = build_figures(&query(|_| {}), &Loaded::default(), &PlainFormatter);
    assert!(without_measures.is_empty());
}

#[test]
fn every_figure_has_its_sentence() {
    let figures = figures_of(&measures(), |_| {});
    let expected = [
        "5.5 minutes watched by 4 viewers. The busiest day was 2026-02-02, with 3.",
        "4 viewers, each counted once. Most on 2026-02-03: 3.",
        "4 viewers; 2 of them first watched after the first day.",
        "The busiest hour of the week is Day 0 10:00–11:00, with 3 minutes in all.",
        "Membranes was watched most: 4 minutes by 2 viewers, 50 % of its length per viewer.",
        "73 % of all minutes were watched within 3 days after a video first appeared.",
        "2 sections with recorded activity; BIO-101 · 1 has the most minutes.",
        "Students watched 73 % of all minutes.",
        "3 students with recorded activity. Median: 1.5 min.",
        "3 students with recorded activity: 4 minutes.",
        "11 rows of 30 seconds each, in order of time.",
    ];
    assert_eq!(sentences(&figures), expected);
    for figure in &figures {
        if let Body::Bars(chart) = &figure.body {
            assert_eq!(chart.sentence, figure.sentence);
        }
    }
}

#[test]
fn counts_of_one_are_in_the_singular() {
    let mut one = measures();
    one.days.truncate(1);
    one.days[0].1 = Completeness::Complete(watched(1, 1));
    one.total = watched(1, 1);
    one.sections.named.truncate(1);
    one.videos.named.truncate(1);
    one.videos.named[0].watched = watched(2, 1);
    one.videos.named[0].seconds = None;
    one.arrivals = vec![Arrivals { known: Completeness::Complete(watched(1, 1)), new: 1 }];
    one.students = Students { active: 1, rows: 1, median_rows: 1, step_days: 7, ..one.students };
    let figures = figures_of(&one, |_| {});
    let expected = [
        ("minutes", "0.5 minutes watched by 1 viewer. The busiest day was 2026-02-02, with 0.5."),
        ("viewers", "1 viewer, each counted once. Most on 2026-02-02: 1."),
        ("arrivals", "1 viewer; 0 of them first watched after the first week."),
        ("videos", "Membranes was watched most: 1 minute by 1 viewer."),
        ("sections", "All minutes are in BIO-101 · 1."),
        ("spread", "1 student with recorded activity, of 0.5 minutes."),
        ("students", "1 student with recorded activity: 0.5 minutes."),
        ("rows", "1 row of 30 seconds."),
    ];
    for (id, sentence) in expected {
        assert_eq!(find(&figures, id).sentence, sentence);
    }
}

#[test]
fn a_short_video_has_no_share_of_its_length_and_one_caveat() {
    let mut short = measures();
    short.videos.named[0].seconds = Some(29);
    let figures = figures_of(&short, |_| {});
    let videos = find(&figures, "videos");
    let Body::Ranking { ranking, .. } = &videos.body else { panic!() };
    assert_eq!(ranking.items[0].beside[1], None);
    assert!(!videos.sentence.contains('%'), "{}", videos.sentence);
    assert!(videos.caveat.ends_with(shared::SHORT_VIDEOS), "{}", videos.caveat);
    short.videos.named[0].seconds = Some(30);
    assert!(!find(&figures_of(&short, |_| {}), "videos").caveat.contains(shared::SHORT_VIDEOS));
}

#[test]
fn caveats_say_how_much_names_no_course_section_or_video() {
    let caveat = |measures: &Measures, id| find(&figures_of(measures, |_| {}), id).caveat.clone();
    let mut embedded = measures();
    assert!(!caveat(&embedded, "minutes").contains("course"));
    (embedded.rows_without_course, embedded.sections.unnamed_rows) = (5, 2);
    embedded.videos.unnamed_rows = 3;
    let expected = "2.5 minutes name no course and are in no course's numbers.";
    assert!(caveat(&embedded, "minutes").contains(expected));
    assert!(caveat(&embedded, "sections").ends_with("1 minute names no section."));
    assert!(caveat(&embedded, "videos").contains("1.5 minutes name no video."));
}

#[test]
fn of_equally_busy_days_the_last_is_named() {
    let mut equal = measures();
    equal.days[1].1 = Completeness::Complete(watched(6, 2));
    let figures = figures_of(&equal, |_| {});
    assert!(find(&figures, "minutes").sentence.ends_with("The busiest day was 2026-02-03, with 3."));
    assert!(find(&figures, "viewers").sentence.ends_with("Most on 2026-02-03: 2."));
}

#[test]
fn nothing_is_counted_while_no_day_is_loaded_and_days_without_rows_have_no_activity() {
    let mut empty = measures();
    for (_, known) in &mut empty.days {
        *known = Completeness::Complete(watched(0, 0));
    }
    empty.total = watched(0, 0);
    empty.week = [measures::Weekday { known: 1, ..Default::default() }; 7];
    (empty.videos, empty.sections, empty.roles) = (Items::default(), Items::default(), Vec::new());
    empty.students = Students { step_days: 1, steps_known: vec![true; 7], ..Students::default() };
    empty.arrivals = vec![Arrivals { known: Completeness::Complete(watched(0, 0)), new: 0 }; 7];
    empty.by_delay = [0; DELAY_STARTS.len()];
    assert_eq!(sentences(&figures_of(&empty, |_| {})), [shared::NO_ACTIVITY; IDS.len()]);

    for (_, known) in &mut empty.days {
        *known = Completeness::Missing;
    }
    empty.week = Default::default();
    empty.students.steps_known = vec![false; 7];
    empty.arrivals = vec![Arrivals { known: Completeness::Missing, new: 0 }; 7];
    let figures = figures_of(&empty, |_| {});
    assert_eq!(sentences(&figures), [shared::NOTHING_LOADED; IDS.len()]);
    for id in ["minutes", "viewers", "arrivals", "after"] {
        let chart = bars(&figures, id);
        assert!(
            !chart.bars.is_empty() && chart.bars.iter().all(|bar| bar.level == DataPoint::Missing),
            "{id}"
        );
    }
    let Body::Heatmap(heat) = &find(&figures, "hours").body else { panic!() };
    assert!(heat.rows.iter().all(|row| row.cells.iter().all(Option::is_none) && row.state == "No data"));
    assert_eq!(long_table(&figures, "rows").count, 0);
}

/// The measures with a missing Saturday and a provisional Sunday, and two rows that could not be read.
#[test]
fn odd_identities_are_counted_beside_roles_and_students() {
    let identities =
        IdentityCounts { ambiguous_roles: 2, shared_emails: 1, ambiguous_ids: 3, deleted_users: 1 };
    let figures = figures_of(&Measures { identities, ..measures() }, |_| {});
    for caveat in [
        "2 people have rows with different roles; each counts by the more frequent one.",
        "1 e-mail address occurs with more than one user id; they count as different people.",
        "3 user ids occur with more than one e-mail address; each counts as one person.",
        "1 person was renamed Deleted User at Echo360; an administrator can erase them here too, under Access.",
    ] {
        let with_caveat = figures.iter().filter(|figure| figure.caveat.contains(caveat));
        assert_eq!(with_caveat.map(|figure| figure.id.as_str()).collect::<Vec<_>>(), ["roles", "students"]);
    }
}

fn incomplete_measures() -> Measures {
    let mut incomplete = measures();
    incomplete.days[5].1 = Completeness::Missing;
    incomplete.days[6].1 = Completeness::Provisional(watched(0, 0));
    incomplete.week[5].known = 0;
    incomplete.week[6].provisional = 1;
    incomplete.students.steps_known[5] = false;
    incomplete.arrivals[5].known = Completeness::Missing;
    incomplete.arrivals[6].known = Completeness::Provisional(watched(0, 0));
    incomplete.skipped_rows = SkippedRows { ragged: 1, undated: 1 };
    incomplete
}

#[test]
fn missing_and_provisional_days_are_named() {
    let figures = figures_of(&incomplete_measures(), |_| {});
    assert_eq!(
        find(&figures, "minutes").sentence,
        "5.5 minutes watched by 4 viewers. The busiest day was 2026-02-02, with 3. \
         1 day is not loaded yet and is not counted. 2 rows could not be read and are not counted."
    );
    let coverage = "1 day is not loaded yet and is not counted. 1 day is not final yet.";
    let others = "1 other video has 0.5 minutes.";
    let expected = [
        ("minutes", format!("{} {}", crate::text::HATCHED, text::MINUTES_CAVEAT)),
        ("viewers", crate::text::HATCHED.to_owned()),
        ("arrivals", format!("{coverage} {}", text::ARRIVALS_CAVEAT)),
        ("hours", coverage.to_owned()),
        ("videos", format!("{coverage} {others} {}", text::LENGTH_CAVEAT)),
        ("after", format!("{coverage} {}", text::DELAY_CAVEAT)),
        ("sections", coverage.to_owned()),
        ("roles", coverage.to_owned()),
        ("spread", format!("{coverage} {}", shared::STUDENTS_CAVEAT)),
        ("students", format!("{coverage} {} {}", shared::STUDENTS_CAVEAT, text::SPARK_CAVEAT)),
        ("rows", String::new()),
    ];
    let caveats = figures.iter().map(|figure| (figure.id.as_str(), figure.caveat.clone()));
    assert_eq!(caveats.collect::<Vec<_>>(), expected);

    let levels = |id: &str| bars(&figures, id).bars.iter().map(|bar| bar.level).collect::<Vec<_>>();
    assert_eq!(
        levels("minutes")[4..],
        [DataPoint::Complete(0.0), DataPoint::Missing, DataPoint::Provisional(0.0)]
    );
    assert_eq!(levels("arrivals")[1], DataPoint::Complete(2.0));
    assert_eq!(levels("arrivals")[5..], [DataPoint::Missing, DataPoint::Provisional(0.0)]);
    assert_eq!(levels("spread"), [DataPoint::Provisional(1.0); 3], "sums are final only if every day is");
    let Body::Heatmap(heat) = &find(&figures, "hours").body else { panic!() };
    let states: Vec<&str> = heat.rows.iter().map(|row| row.state.as_str()).collect();
    assert_eq!(states[4..], ["1 day", "No data", "1 day, not final yet"]);

    let whole = figures_of(&measures(), |_| {});
    assert!(
        whole.iter().all(|figure| !figure.caveat.contains("not loaded") && !figure.caveat.contains("final"))
    );
    assert_eq!(find(&whole, "minutes").caveat, text::MINUTES_CAVEAT);
    assert_eq!(find(&whole, "viewers").caveat, "");
}

#[test]
fn tables_of_charts_have_the_headings_and_numbers_of_the_measures() {
    let figures = figures_of(&measures(), |_| {});
    let minutes = find(&figures, "minutes").table().unwrap();
    assert_eq!(minutes.columns, ["Day", "Minutes", "Viewers", "State"]);
    assert_eq!(minutes.rows[1].values, [Some(2.5), Some(3.0)]);
    let viewers = find(&figures, "viewers").table().unwrap();
    assert_eq!(viewers.columns, ["Day", "Viewers", "Minutes", "State"]);
    assert_eq!(viewers.rows[1].values, [Some(3.0), Some(2.5)]);

    let arrivals = bars(&figures, "arrivals");
    assert!(arrivals.is_stacked);
    assert_eq!(arrivals.table().columns, ["Day", "New viewers", "Returning viewers", "State"]);
    assert_eq!(arrivals.table().rows[1].values, [Some(2.0), Some(1.0)]);
    assert!(arrivals.bars[0].is_landmark && !arrivals.bars[1].is_landmark, "Monday");

    let Body::Heatmap(heat) = &find(&figures, "hours").body else { panic!() };
    assert_eq!((heat.head.as_str(), heat.state.as_str()), ("Weekday", "Days"));
    assert_eq!((heat.columns[0].as_str(), heat.columns[23].as_str()), ("00", "23"));
    assert_eq!((heat.rows[0].cells[10], heat.rows[1].cells[18]), (Some(3.0), Some(2.5)));

    let spread = find(&figures, "spread").table().unwrap();
    assert_eq!(spread.columns, ["Minutes each", "Students", "State"]);
    assert_eq!(spread.rows[2].name, "2–3 minutes");
}

#[test]
fn spans_of_days_beyond_the_range_are_missing() {
    let figures = figures_of(&measures(), |_| {});
    let table = find(&figures, "after").table().unwrap();
    assert_eq!(table.columns, ["Days after the video first appeared", "Minutes", "State"]);
    let rows: Vec<(&str, Option<f64>)> =
        table.rows.iter().map(|row| (row.name.as_str(), row.values[0])).collect();
    let expected = [
        ("The same day", Some(3.0)),
        ("1 day after", Some(1.0)),
        ("2–3 days after", Some(0.0)),
        ("4–7 days after", Some(0.0)),
        ("8–14 days after", None),
        ("15–28 days after", None),
        ("29+ days after", None),
    ];
    assert_eq!(rows, expected);
    assert_eq!(table.rows[6].state.as_deref(), Some("No data"));
    let shorts: Vec<&str> = bars(&figures, "after").bars.iter().map(|bar| bar.short.as_str()).collect();
    assert_eq!(shorts, ["0", "1", "2–3", "4–7", "8–14", "15–28", "29+"]);
}

#[test]
fn steps_of_several_days_are_named_by_their_first_and_last_day() {
    let mut long = measures();
    long.students.step_days = 5;
    long.arrivals.truncate(2);
    let figures = figures_of(&long, |_| {});
    let arrivals = bars(&figures, "arrivals");
    let names: Vec<&str> = arrivals.bars.iter().map(|bar| bar.name.as_str()).collect();
    assert_eq!(names, ["2026-02-02 – 2026-02-06", "2026-02-07 – 2026-02-08"]);
    assert_eq!(arrivals.words.bars, "Days");
    assert!(arrivals.bars.iter().all(|bar| !bar.is_landmark));
    assert!(find(&figures, "arrivals").sentence.ends_with("after the first 5 days."));
    assert_eq!(long_table(&figures, "students").steps, names, "exports name the same steps");
}

#[test]
fn bars_have_the_ids_and_numbers_of_their_items() {
    let figures = figures_of(&measures(), |_| {});
    let (videos, filter, ids) = ranking(&figures, "videos");
    assert_eq!((filter, ids), (FilterKind::Video, [MEMBRANES, NAMELESS].map(str::to_owned).as_slice()));
    assert_eq!(videos.table().columns, ["Video", "Minutes", "Viewers", "Minutes per viewer ÷ length, %"]);
    assert_eq!(videos.beside_units, ["viewers", "% of its length per viewer"]);
    assert_eq!(
        (videos.items[0].value, videos.items[0].beside.as_slice()),
        (4.0, [Some(2.0), Some(50.0)].as_slice())
    );
    assert_eq!(videos.items[1].beside, [Some(1.0), None], "a video without a known length");
    assert_eq!(videos.items[1].name, "Video 22222222");

    let (sections, filter, ids) = ranking(&figures, "sections");
    assert_eq!((filter, ids.len()), (FilterKind::Section, 2));
    assert_eq!(sections.table().columns, ["Section", "Minutes", "Viewers"]);
    assert_eq!(sections.beside_units, ["viewers"]);
    let names: Vec<&str> = sections.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["BIO-101 · 1", "Section 22222222"]);

    let (roles, filter, ids) = ranking(&figures, "roles");
    assert_eq!((filter, ids), (FilterKind::Role, ["student", "unnamed"].map(str::to_owned).as_slice()));
    let names: Vec<&str> = roles.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["Students", "No role given"]);
    assert!([videos, sections, roles].iter().all(|it| it.items.iter().all(|item| !item.is_left_out)));
    for (ids, filter) in [(ranking(&figures, "videos").2, FilterKind::Video), (ids, FilterKind::Role)] {
        assert!(ids.iter().all(|id| filter.choice(id).is_some()), "every bar can be clicked");
    }
}

#[test]
fn a_filter_leaves_out_the_bars_of_other_items() {
    let left_out = |id: &str, change: fn(&mut RowQuery)| -> Vec<bool> {
        let figures = figures_of(&measures(), |query| change(&mut query.measure.base));
        let others = ["videos", "sections", "roles"].into_iter().filter(|other| *other != id);
        for other in others {
            assert!(ranking(&figures, other).0.items.iter().all(|item| !item.is_left_out), "{other}");
        }
        ranking(&figures, id).0.items.iter().map(|item| item.is_left_out).collect()
    };
    assert_eq!(left_out("videos", |query| query.videos = vec![NAMELESS.into()]), [true, false]);
    assert_eq!(
        left_out("videos", |query| query.videos = vec![MEMBRANES.into(), NAMELESS.into()]),
        [false; 2]
    );
    assert_eq!(left_out("sections", |query| query.sections = vec![MEMBRANES.into()]), [false, true]);
    assert_eq!(left_out("roles", |query| query.roles = vec![InstitutionRole::Unnamed]), [true, false]);
    assert_eq!(left_out("roles", |query| query.roles = vec![InstitutionRole::Assistant]), [true; 2]);
}

#[test]
fn videos_are_a_filter_of_this_report_but_decks_are_not() {
    let figures = figures_of(&measures(), |query| {
        query.measure.base.videos = vec![MEMBRANES.into()];
        query.measure.base.roles = vec![InstitutionRole::Student];
        query.measure.base.student = Some(MEMBRANES.into());
    });
    assert_eq!(figures[0].caveat, text::MINUTES_CAVEAT);
    let figures = figures_of(&measures(), |query| query.measure.decks = vec![MEMBRANES.into()]);
    assert!(figures[0].caveat.starts_with(shared::DECKS_IGNORED));
}

#[test]
fn sections_with_the_same_number_are_told_apart_by_their_terms() {
    let mut measures = measures();
    (measures.sections.named[1].name, measures.sections.named[1].part_of) = ("1".into(), "BIO-101".into());
    let figures = figures_of(&measures, |query| {
        query.section_terms = [(MEMBRANES, "Spring 2026"), (NAMELESS, "Autumn 2026")]
            .map(|(section, term)| protocol::SectionTerm { section: section.into(), term: term.into() })
            .into();
    });
    let Body::Ranking { ranking, .. } = &find(&figures, "sections").body else { panic!() };
    let names: Vec<&str> = ranking.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["BIO-101 · 1 (Spring 2026)", "BIO-101 · 1 (Autumn 2026)"]);
}

#[test]
fn items_without_a_bar_are_summed_up() {
    let mut many = measures();
    (many.videos.others, many.videos.other_rows) = (4, 2);
    (many.sections.others, many.sections.other_rows) = (3, 4);
    let figures = figures_of(&many, |_| {});
    assert!(
        find(&figures, "videos").caveat.starts_with("4 other videos together have 1 minute. Minutes per")
    );
    assert_eq!(find(&figures, "sections").caveat, "3 other sections together have 2 minutes.");
    assert!(find(&figures, "sections").sentence.starts_with("5 sections with recorded activity;"));
}

fn compare(query: &mut Query) {
    query.measure.base.comparison = Some(Comparison::Before);
}

#[test]
fn days_before_are_overlaid_on_minutes_and_viewers() {
    let mut compared = incomplete_measures();
    compared.others = compared.days.iter().map(|_| Completeness::Complete(watched(4, 1))).collect();
    compared.others[0] = Completeness::Missing;
    compared.others[1] = Completeness::Provisional(watched(8, 6));
    let figures = figures_of(&compared, compare);
    // Final on both sides: Wednesday to Friday, without activity in this week.
    let end = ", counting only the 3 of 7 days that are final in both.";
    let minutes = find(&figures, "minutes");
    assert_eq!(
        minutes.sentence,
        format!(
            "5.5 minutes watched by 4 viewers. The busiest day was 2026-02-02, with 3. \
             1 day is not loaded yet and is not counted. 2 rows could not be read and are not counted. \
             100 % less than the week before (0 minutes against 6){end}"
        )
    );
    assert_eq!(
        minutes.caveat,
        format!("Lines show the week before. {} {}", crate::text::HATCHED, text::MINUTES_CAVEAT)
    );
    let viewers = find(&figures, "viewers");
    assert_eq!(
        viewers.sentence,
        format!(
            "4 viewers, each counted once. Most on 2026-02-03: 3. \
             100 % less than the week before (0 viewers per day against 1){end}"
        )
    );
    assert_eq!(viewers.caveat, format!("Lines show the week before. {}", crate::text::HATCHED));
    for (id, values) in [("minutes", [None, Some(4.0), Some(2.0)]), ("viewers", [None, Some(6.0), Some(1.0)])]
    {
        let chart = bars(&figures, id);
        assert_eq!(chart.sentence, find(&figures, id).sentence);
        let other = chart.other.as_ref().unwrap();
        assert_eq!(
            (other.name.as_str(), &other.values[..3], other.values.len()),
            ("the week before", &values[..], 7)
        );
        assert_eq!(chart.table().columns[2], format!("{}, the week before", chart.unit));
    }
    let alone = figures_of(&incomplete_measures(), |_| {});
    assert_eq!(figures[2..], alone[2..], "all other figures count only the chosen days");
}

#[test]
fn a_break_is_marked_and_its_days_are_not_compared() {
    let mut compared = measures();
    compared.others = compared.days.iter().map(|_| Completeness::Complete(watched(2, 1))).collect();
    let with_break = |query: &mut Query| {
        compare(query);
        // Tuesday, and the Wednesday of the week before.
        query.measure.base.calendar.breaks =
            Breaks::new(["2026-02-03", "2026-01-28"].map(|day| Range::parse(day, day).unwrap()));
    };
    let figures = figures_of(&compared, with_break);
    let minutes = find(&figures, "minutes");
    assert!(
        minutes.sentence.ends_with(" 40 % less than the week before (3 minutes against 5)."),
        "{}",
        minutes.sentence
    );
    let caveat = "Lines show the week before. 2 days are not compared because of a break. \
        Break, without classes: 2026-02-03. ";
    assert!(minutes.caveat.starts_with(caveat), "{}", minutes.caveat);
    for id in ["minutes", "viewers", "arrivals"] {
        let chart = bars(&figures, id);
        assert_eq!(chart.breaks, [1].into(), "{id}");
        assert_eq!(chart.table().rows[1].state.as_deref(), Some("Final, break"), "{id}");
        assert!(find(&figures, id).caveat.contains("Break, without classes: 2026-02-03."), "{id}");
    }
    let of_section = figures_of(&compared, |query| {
        with_break(query);
        query.measure.base.comparison = Some(Comparison::Section("s".into()));
    });
    let sentence = &find(&of_section, "minutes").sentence;
    assert!(
        sentence.ends_with("(5.5 minutes against 7)."),
        "the other section has the same break: {sentence}"
    );
}

#[test]
fn weeks_of_charts_start_on_the_day_that_is_set() {
    let figures = figures_of(&measures(), |query| query.measure.base.calendar.week_start = WeekStart::Sunday);
    let Body::Heatmap(hours) = &find(&figures, "hours").body else { panic!() };
    let names: Vec<&str> = hours.rows.iter().map(|row| row.short.as_str()).collect();
    assert_eq!(names, ["6", "0", "1", "2", "3", "4", "5"]);
    assert_eq!(hours.rows[1].cells[10], Some(3.0), "the numbers stay with their days");
    assert_eq!(find(&figures, "hours").sentence, find(&figures_of(&measures(), |_| {}), "hours").sentence);
    let landmarks: Vec<bool> = bars(&figures, "minutes").bars.iter().map(|bar| bar.is_landmark).collect();
    assert_eq!(landmarks, [false, false, false, false, false, false, true]);
}

#[test]
fn minutes_are_added_up_and_viewers_are_averaged() {
    let mut compared = measures();
    compared.others = compared.days.iter().map(|_| Completeness::Complete(watched(2, 1))).collect();
    let figures = figures_of(&compared, compare);
    let sentence = |id: &str| find(&figures, id).sentence.as_str();
    assert!(sentence("minutes").ends_with(" 21 % less than the week before (5.5 minutes against 7)."));
    assert!(
        sentence("viewers").ends_with(" 29 % less than the week before (0.7 viewers per day against 1).")
    );
}

#[test]
fn days_before_that_are_not_loaded_are_named() {
    let mut compared = measures();
    compared.others = vec![Completeness::Missing; 7];
    let figures = figures_of(&compared, compare);
    let minutes = find(&figures, "minutes");
    assert_eq!(minutes.sentence, "5.5 minutes watched by 4 viewers. The busiest day was 2026-02-02, with 3.");
    assert_eq!(minutes.caveat, format!("No data for the week before yet. {}", text::MINUTES_CAVEAT));
    assert_eq!(find(&figures, "viewers").caveat, "No data for the week before yet.");
    assert!(figures_of(&measures(), |_| {}).iter().all(|figure| match &figure.body {
        Body::Bars(chart) => chart.other.is_none(),
        _ => true,
    }));
}

#[test]
fn tables_that_name_people_are_removed_while_names_are_hidden() {
    let figures = figures_of(&measures(), |query| {
        let Subject::Report { are_names_hidden, .. } = &mut query.subject else { panic!() };
        *are_names_hidden = true;
    });
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id.as_str()).collect();
    assert_eq!(ids, IDS[..9]);
    assert_eq!(figures[0].caveat, format!("{} {}", shared::NAMES_HIDDEN, text::MINUTES_CAVEAT));
    assert!(figures[1..].iter().all(|figure| !figure.caveat.contains(shared::NAMES_HIDDEN)));
}

#[test]
fn the_student_is_named_by_the_measures() {
    let mut named = measures();
    named.student = "Nuñez, Ana".into();
    let query = query(|query| query.measure.base.student = Some(MEMBRANES.into()));
    let loaded = Loaded { video_views: Some(&named), ..Loaded::default() };
    assert_eq!(student_name(&query, &loaded), "Nuñez, Ana");
    assert_eq!(student_name(&query, &Loaded::default()), "");
}

#[test]
fn rows_of_students_have_their_minutes_by_step() {
    let figures = figures_of(&measures(), |_| {});
    let table = long_table(&figures, "students");
    assert_eq!((table.list, table.count), (RowList::Students, 3));
    let heads: Vec<&str> = table.columns.iter().map(|column| column.head.as_str()).collect();
    assert_eq!(heads, ["Student", "Minutes", "Over time", "More"]);
    assert_eq!((table.steps.len(), table.steps[0].as_str()), (7, "2026-02-02"));

    let query = query(|_| {});
    let context = FigureContext::new(&query, None, &PlainFormatter);
    let students = Students { step_days: 1, steps_known: vec![true, false, true], ..Students::default() };
    let row = student_row(&context, MEMBRANES.into(), "Nuñez, Ana".into(), 3, &[2, 0, 1], &students);
    let expected = LongTableRow {
        student: MEMBRANES.into(),
        cells: vec!["Nuñez, Ana".into(), "1.5".into(), String::new(), String::new()],
        amount: Some(1.5),
        steps: vec![Some(1.0), None, Some(0.5)],
        steps_label: "1.5 minutes by day".into(),
    };
    assert_eq!(row, expected);
    assert_eq!(row.cells.len(), table.columns.len());

    let weekly = Students { step_days: 7, ..students };
    let row = student_row(&context, String::new(), String::new(), 2, &[], &weekly);
    assert_eq!((row.cells[0].as_str(), row.steps_label.as_str()), ("Not named", "1 minute by 7 days"));
}

#[test]
fn rows_are_formatted_in_the_zone_of_the_query() {
    let figures = figures_of(&measures(), |_| {});
    let table = long_table(&figures, "rows");
    assert_eq!((table.list, table.count, table.steps.len()), (RowList::Rows, 11, 0));
    let columns: Vec<(&str, ColumnContent)> =
        table.columns.iter().map(|column| (column.head.as_str(), column.content)).collect();
    let expected = [
        ("Time", ColumnContent::Time),
        ("Video", ColumnContent::Video),
        ("Course", ColumnContent::Course),
        ("Section", ColumnContent::Section),
        ("Viewer", ColumnContent::Person),
        ("Role", ColumnContent::Role),
        ("Length, min", ColumnContent::Amount),
    ];
    assert_eq!(columns, expected);

    let (from, to) = (Timestamp::parse("2026-01-01").unwrap(), Timestamp::parse("2026-06-01").unwrap());
    let berlin = Zone::trace("Europe/Berlin", from, to, |_| Some(3600)).unwrap();
    let query = query(|query| query.measure.base.zone = berlin);
    let context = FigureContext::new(&query, None, &PlainFormatter);
    let details = RowDetails {
        time: u32::try_from(Timestamp::parse("2026-02-03 23:30:00").unwrap().seconds()).unwrap(),
        video: "Membranes".into(),
        course: "BIO-101".into(),
        section: "1".into(),
        person: "Nuñez, Ana".into(),
        role: "Student".into(),
        length: Some(50),
    };
    let cells = ["2026-02-04T00:30:00.000Z", "Membranes", "BIO-101", "1", "Nuñez, Ana", "Student", "50"];
    let shown = row(&context, details.clone());
    assert_eq!(shown, LongTableRow { cells: cells.map(str::to_owned).into(), ..LongTableRow::default() });
    let nameless = row(&context, RowDetails { person: String::new(), length: None, ..details });
    assert_eq!((nameless.cells[4].as_str(), nameless.cells[6].as_str()), ("Not named", ""));
}
