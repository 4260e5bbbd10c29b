//! The figures of a course, in the plain format.

use super::*;
use crate::Loaded;
use crate::locale::PlainFormatter;
use domain::activity::Weights;
use domain::calendar::{Breaks, Calendar};
use domain::query::{Comparison, CourseOptions, MeasureQuery, RowQuery, WindowCoverage};
use domain::range::Range;
use domain::time::{parse_day, plus_days};
use domain::zone::Zone;
use engine::decode::Decoder;
use engine::table::dataset::Dataset;
use engine::table::dataset::WindowData;
use engine::table::{HeaderRow, Table};
use protocol::{Query, ReportSource, Subject};

const WATCHED: &str =
    "VideoId,VideoName,sectionId,courseId,event_timestamp,duration_Minute,userid,firstname,lastname,role
v,Lecture 7,s,c,2026-02-10 10:00:00,1,u1,Ana,Nuñez,Student
v,Lecture 7,s,c,2026-02-10 10:00:30,1,u1,Ana,Nuñez,Student
v,Lecture 7,s,c,2026-02-10 10:01:00,1,u2,Bo,Li,Student
v,Lecture 7,s,c,2026-02-03 10:00:00,1,u1,Ana,Nuñez,Student
v,Lecture 7,s,c,2026-02-03 10:00:30,1,u1,Ana,Nuñez,Student
v,Lecture 7,t,c,2026-02-10 10:00:30,1,u3,Cy,Ames,Student
v,Lecture 7,s,c,2026-02-10 10:00:30,1,u9,Dee,Ray,Instructor
v,Lecture 7,s,c,2026-02-10 10:00:30,1,,,,
";
const MARKED: &str =
    "PresentationID,PresentationName,sectionId,courseId,event_timestamp,userid,firstname,lastname,role
d,Membranes,s,c,2026-02-11 10:00:00,U1,Ana,Nuñez,Student
";

/// The figures of the week from 9 February 2026, with the week before loaded, too.
fn figures_of(change: impl FnOnce(&mut MeasureQuery, &mut CourseOptions)) -> Vec<Figure> {
    let start = parse_day("2026-02-02").unwrap();
    let facts = WindowCoverage {
        start: Some(start),
        end: Some(plus_days(start, 14)),
        provisional_from: parse_day("2026-02-15"),
    };
    let datasets = [("videoview", WATCHED), ("confused", MARKED)].map(|(report, csv)| {
        let (head, rows) = csv.split_once('\n').unwrap();
        let header = HeaderRow::parse(head.as_bytes());
        let (mut tables, mut table) =
            (Dataset::default(), Table::new(&header, domain::report::KnownReport::parse(report)));
        Decoder::new(header.delimiter())
            .for_each_record(rows.as_bytes(), |row| table.push_row(&header, row, &mut tables.texts));
        tables.insert("w", WindowData { generation: 1, table, coverage: facts });
        (domain::report::ReportName::parse(report).unwrap(), tables)
    });
    let mut measure = MeasureQuery {
        base: RowQuery {
            range: Range::parse("2026-02-09", "2026-02-15").unwrap(),
            zone: Zone::utc(),
            course: Some("c".into()),
            sections: vec!["s".into()],
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            comparison: None,
            calendar: Calendar::default(),
            today: parse_day("2026-06-01").unwrap(),
        },
        decks: Vec::new(),
        contents: false,
    };
    let mut options = CourseOptions {
        student: None,
        comparison: Comparison::Before,
        is_chosen: false,
        weights: Weights::default(),
        is_nameless: false,
    };
    change(&mut measure, &mut options);
    let query = Query {
        sequence: 1,
        subject: Subject::Course { options, comparison_label: "section 2".into() },
        measure,
        zone_label: "UTC".into(),
        weeks: Vec::new(),
        section_terms: Vec::new(),
        max_rows: 10,
        language: "en-GB".into(),
        sources: datasets
            .iter()
            .map(|(report, _)| ReportSource {
                report: report.clone(),
                course: Some("c".into()),
                windows: Vec::new(),
            })
            .collect(),
    };
    let tables = datasets.iter().map(|(report, dataset)| (report.clone(), dataset)).collect();
    let loaded = Loaded { tables, video_views: None };
    let figures = crate::build_figures(&query, &loaded, &PlainFormatter);
    for figure in &figures {
        let said = [&figure.sentence, &figure.caveat];
        assert!(said.iter().all(|text| !text.contains('!') && !text.contains("  ")), "{said:?}");
        assert!(figure.sentence.ends_with('.'), "{}", figure.sentence);
    }
    figures
}

fn find<'a>(figures: &'a [Figure], id: &str) -> &'a Figure {
    figures.iter().find(|figure| figure.id == id).unwrap()
}

fn cells(figure: &Figure) -> Vec<Vec<Cell>> {
    let Body::SortableTable(listing) = &figure.body else { panic!() };
    listing.rows.iter().map(|row| row.cells.clone()).collect()
}

#[test]
fn the_first_sentence_counts_active_students_and_compares_final_days() {
    let figures = figures_of(|_, _| {});
    assert_eq!(
        find(&figures, "lead").sentence,
        "2 of 2 active students watched videos. Median: 0.5 min per week. \
         In all, students watched 50 % more than in the week before, counting only the 6 days that are final in both."
    );
}

#[test]
fn charts_have_their_caveats() {
    let activity = figures_of(|_, _| {}).into_iter().find(|figure| figure.id == "activity").unwrap();
    assert!(activity.caveat.contains("Hatched numbers are not final yet"), "{}", activity.caveat);
    assert!(
        activity
            .caveat
            .contains("Slide views, Poll answers, Answers to questions, Note events: none of 7 days loaded.")
    );
    let not_counted =
        "Not counted: 0.5 minutes by staff; 0.5 minutes without a user id or by shared accounts.";
    assert!(activity.caveat.contains(not_counted), "{}", activity.caveat);
    let Body::SmallMultiples(strips) = &activity.body else { panic!() };
    let minutes: Vec<Option<f64>> = strips.panels[0].levels.iter().map(|level| level.value()).collect();
    assert_eq!(minutes, [0.0, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0].map(Some));
    assert!(strips.panels[1].levels.iter().all(|level| level.value().is_none()), "a gap, never a zero");
    assert!(
        strips.steps[1].summary.starts_with("minutes watched 1.5 · slide views not loaded yet"),
        "{}",
        strips.steps[1].summary
    );
    assert_eq!(
        strips.table().rows[1].state.as_deref(),
        Some("Not loaded yet: Slide views, Poll answers, Answers to questions, Note events")
    );
}

#[test]
fn a_break_is_marked_named_and_not_compared() {
    let figures = figures_of(|query, _| {
        let week = Range::parse("2026-02-11", "2026-02-12").unwrap();
        query.base.calendar.breaks = Breaks::new([week]);
    });
    let lead = find(&figures, "lead");
    assert!(lead.sentence.contains("counting only the 4 days that are final in both"), "{}", lead.sentence);
    assert_eq!(lead.caveat, "2 days are not compared because of a break.");
    let activity = find(&figures, "activity");
    assert!(
        activity.caveat.contains("Break, without classes: 2026-02-11 – 2026-02-12."),
        "{}",
        activity.caveat
    );
    let Body::SmallMultiples(strips) = &activity.body else { panic!() };
    assert_eq!(strips.breaks, [2, 3].into());
    assert!(strips.steps[2].summary.ends_with(" · break"), "{}", strips.steps[2].summary);
    assert!(!strips.steps[0].summary.contains("break"));
    assert!(strips.table().rows[2].state.as_deref().unwrap().ends_with(", break"));
}

#[test]
fn a_week_after_a_break_is_compared_with_the_week_before_it() {
    let figures = figures_of(|query, wanted| {
        query.base.range = Range::parse("2026-02-16", "2026-02-22").unwrap();
        query.base.calendar.breaks = Breaks::new([Range::parse("2026-02-09", "2026-02-15").unwrap()]);
        wanted.is_chosen = true;
    });
    let Body::SmallMultiples(strips) = &find(&figures, "activity").body else { panic!() };
    assert_eq!(strips.other.as_deref(), Some("the week before the break"));
    assert!(strips.panels[0].others.contains(&Some(1.0)), "{:?}", strips.panels[0].others);
}

#[test]
fn a_chosen_comparison_is_drawn_and_sections_are_compared_per_student() {
    let activity = |figures: Vec<Figure>| match &find(&figures, "activity").body {
        Body::SmallMultiples(strips) => (strips.other.clone(), strips.panels[0].others.clone()),
        _ => panic!(),
    };
    assert_eq!(activity(figures_of(|_, _| {})), (None, Vec::new()));
    let (other, others) = activity(figures_of(|_, wanted| wanted.is_chosen = true));
    assert_eq!(other.as_deref(), Some("the week before"));
    assert_eq!(others[1], Some(1.0));
    let figures = figures_of(|_, wanted| {
        (wanted.is_chosen, wanted.comparison) = (true, Comparison::Section("t".into()));
    });
    assert!(
        find(&figures, "lead").sentence.ends_with("Per active student, that is 50 % more than in section 2.")
    );
}

#[test]
fn numbers_of_missing_reports_are_empty() {
    let figures = figures_of(|_, _| {});
    let deck = &cells(find(&figures, "decks"))[0];
    assert_eq!(deck[..4], [Cell::text("Membranes"), Cell::None, Cell::None, Cell::Number(1.0)]);
    let video = &cells(find(&figures, "videos"))[0];
    assert_eq!(video[1..], [Cell::Number(1.5), Cell::Number(2.0), Cell::Number(0.75), Cell::None]);
    assert!(find(&figures, "videos").caveat.contains(text::NO_LIBRARY_CAVEAT));
}

#[test]
fn hidden_names_appear_nowhere_and_cannot_be_inferred_from_the_order() {
    let names = |figures: &[Figure]| -> Vec<Cell> {
        cells(find(figures, "students")).into_iter().map(|cells| cells[0].clone()).collect()
    };
    assert_eq!(names(&figures_of(|_, _| {})), ["Li, Bo", "Nuñez, Ana"].map(Cell::text));
    let hidden = figures_of(|_, wanted| wanted.is_nameless = true);
    assert_eq!(names(&hidden), ["Student 1", "Student 2"].map(Cell::text));
    let alone = figures_of(|_, wanted| (wanted.is_nameless, wanted.student) = (true, Some("u1".into())));
    for figures in [hidden, alone] {
        let text = format!("{figures:?}");
        assert!(!text.contains("Nuñez") && !text.contains("Bo"), "{text}");
    }
}

#[test]
fn the_page_of_a_student_has_their_recorded_activity() {
    let figures = figures_of(|_, wanted| wanted.student = Some("u1".into()));
    let lead = find(&figures, "lead");
    assert_eq!(lead.title, "Nuñez, Ana");
    assert!(
        lead.sentence.starts_with("Active on 2 of 7 days: 1 minute, 1 confusion mark."),
        "{}",
        lead.sentence
    );
    assert_eq!(cells(find(&figures, "totals"))[0][1..], [Cell::Number(1.0), Cell::Number(0.5)]);
    assert_eq!(cells(find(&figures, "watched"))[0][..2], [Cell::text("Lecture 7"), Cell::Number(1.0)]);
    let nobody = figures_of(|_, wanted| wanted.student = Some("u7".into()));
    assert_eq!(find(&nobody, "lead").sentence, text::NO_SUCH_STUDENT);
    assert_eq!(nobody.len(), 1);
}

#[test]
fn filters_that_do_not_apply_are_named() {
    let figures = figures_of(|query, _| query.decks = vec!["d".into()]);
    assert_eq!(find(&figures, "lead").caveat, text::NOT_FILTERED);
}
