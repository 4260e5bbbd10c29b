//! The tables of every row of all reports, in the plain format.

use super::*;
use crate::locale::PlainFormatter;
use crate::{Loaded, RowSource, SubjectGroup, build_figures, student_name};
use domain::calendar::Calendar;
use domain::query::{RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::ReportName;
use domain::time::{Timestamp, parse_day, plus_days};
use domain::zone::Zone;
use engine::decode::Decoder;
use engine::table::dataset::Dataset;
use engine::table::dataset::WindowData;
use engine::table::{HeaderRow, Table};
use protocol::{Query, ReportSource, Subject, WindowSource};

const REPORTS: [&str; 8] =
    ["presentation", "confused", "polling", "qanda", "notes", "assetbydate", "asset", "visit"];

/// Columns of every report, with an unknown one.
const HEADER: &str = "presentationID,presentationName,sectionId,sectionNumber,courseId,courseIdentifier,event_timestamp,\
userid,firstname,lastname,role,slide_count,note_count,content,activity_id,activity_prompt,answer,questionid,question,\
question_firstname,question_lastname,answerid,answer_userid,answer_firstname,answer_lastname,answer_role,mediaid,\
video_name,owner_name,view_count,view_duration_in_minutes,last_view,mood";

/// A table of rows in a week of February, whose people are called Nuñez and whose texts are salty.
fn dataset(report: &ReportName, rows: usize) -> Dataset {
    let row = |n: usize| {
        format!(
            "d,Membranes,s,1,c,BIO-101,2026-02-03 10:00:{:02},u{n},Ana,Nuñez,Student,30,2,salty,p,Is it?,salty,q,salty,\
Ana,Nuñez,a{n},u{n},Ana,Nuñez,Student,m{n},Video {n},Nuñez,7,3.5,2026-02-03 10:00:00,sunny\n",
            59 - n
        )
    };
    let csv: String = (0..rows).map(row).collect();
    let header = HeaderRow::parse(HEADER.as_bytes());
    let mut dataset = Dataset::default();
    let mut table = Table::new(&header, report.known());
    Decoder::new(header.delimiter())
        .for_each_record(csv.as_bytes(), |row| table.push_row(&header, row, &mut dataset.texts));
    dataset.insert("w", WindowData { generation: 1, table, coverage: coverage() });
    dataset
}

fn coverage() -> WindowCoverage {
    let start = parse_day("2026-02-02").unwrap();
    WindowCoverage { start: Some(start), end: Some(plus_days(start, 7)), provisional_from: None }
}

fn query(name: &ReportName, contents: bool, are_names_hidden: bool) -> Query {
    let base = RowQuery {
        range: Range::parse("2026-02-02", "2026-02-08").unwrap(),
        zone: Zone::utc(),
        course: None,
        sections: Vec::new(),
        roles: Vec::new(),
        videos: Vec::new(),
        student: None,
        comparison: None,
        calendar: Calendar::default(),
        today: parse_day("2026-06-01").unwrap(),
    };
    let window = WindowSource { id: "w".into(), generation: 1, coverage: coverage(), created: Timestamp(0) };
    Query {
        sequence: 1,
        subject: Subject::Report { name: name.clone(), are_names_hidden, comparison_label: String::new() },
        measure: MeasureQuery { base, decks: Vec::new(), contents },
        zone_label: "UTC".into(),
        weeks: Vec::new(),
        section_terms: Vec::new(),
        max_rows: 1_000,
        language: "en-GB".into(),
        sources: vec![ReportSource { report: name.clone(), course: None, windows: vec![window] }],
    }
}

/// The last figure of a report, if it is the table of rows, and the rows of that table.
fn row_table(report: &str, rows: usize, contents: bool) -> (Figure, LongTable, Vec<LongTableRow>) {
    let name = ReportName::parse(report).unwrap();
    let (dataset, query) = (dataset(&name, rows), query(&name, contents, false));
    let loaded = Loaded { tables: [(name, &dataset)].into(), video_views: None };
    assert_eq!(student_name(&query, &loaded), "");
    let figure = build_figures(&query, &loaded, &PlainFormatter).pop().unwrap();
    let Body::LongTable(table) = figure.body.clone() else { panic!("{report}: {}", figure.id) };
    let context = FigureContext::new(&query, None, &PlainFormatter);
    let RowSource::Table(list) = SubjectGroup::of(&query.subject).builder().rows else { panic!("{report}") };
    let listing = list(&dataset, &query.measure);
    let rows = listing.rows().map(|cells| format_row(&context, &dataset.texts, &listing, cells));
    (figure, table, rows.collect())
}

#[test]
fn the_last_figure_of_every_report_is_a_table_of_every_row() {
    for report in REPORTS {
        for contents in [false, true] {
            let (figure, table, rows) = row_table(report, 3, contents);
            assert_eq!((figure.id.as_str(), figure.title.as_str()), (ID, titles::EVERY_ROW), "{report}");
            assert_eq!((table.list, table.count, rows.len()), (RowList::Rows, 3, 3), "{report}");
            assert!(rows.iter().all(|row| row.cells.len() == table.columns.len()), "{report}");
            assert!(
                figure.sentence.starts_with("3 ") && figure.sentence.contains(", in order of "),
                "{report}"
            );
            let written = rows.iter().any(|row| row.cells.iter().any(|cell| cell.contains("salty")));
            let has_free_text = ["polling", "qanda", "notes"].contains(&report);
            // The columns of an unknown report are shown as they are.
            assert_eq!(written, contents && has_free_text || report == "visit", "{report}");
            assert_eq!(figure.caveat.contains("not shown."), !contents && has_free_text, "{report}");
        }
        let (figure, table, rows) = row_table(report, 0, true);
        assert_eq!((table.count, rows.len()), (0, 0), "{report}");
        assert_eq!(figure.sentence, text::NO_ACTIVITY, "{report}");
    }
}

#[test]
fn rows_have_the_cells_that_their_report_is_about() {
    let cells = |report: &str| -> Vec<String> {
        let (_, _, rows) = row_table(report, 1, true);
        rows.first().unwrap().cells.clone()
    };
    let time = "2026-02-03T10:00:59.000Z";
    let event = [time, "Membranes", "BIO-101", "1", "Nuñez, Ana", "Student"];
    assert_eq!(cells("confused"), event);
    assert_eq!(cells("presentation"), [&event[..], &["30"]].concat());
    assert_eq!(cells("notes"), [&event[..], &["2", "salty"]].concat());
    assert_eq!(cells("polling"), [&event[..], &["Is it?", "salty"]].concat());
    let answer = [time, "BIO-101", "1", "Nuñez, Ana", "Student", "Nuñez, Ana", "salty", "salty"];
    assert_eq!(cells("qanda"), answer);
    let (_, _, rows) = row_table("assetbydate", 1, false);
    assert_eq!(rows[0].cells[..2], ["2026-02-02 – 2026-02-08", "Video 0"]);
    assert_eq!(rows[0].cells[4..7], ["Nuñez", "7", "3.5"]);
}

#[test]
fn the_table_names_people_so_it_is_removed_while_names_are_hidden() {
    for report in REPORTS {
        let name = ReportName::parse(report).unwrap();
        let (dataset, query) = (dataset(&name, 3), query(&name, true, true));
        assert!(crate::are_rows_hidden(&query));
        let loaded = Loaded { tables: [(name, &dataset)].into(), video_views: None };
        let figures = build_figures(&query, &loaded, &PlainFormatter);
        assert!(!figures.iter().any(|figure| matches!(figure.body, Body::LongTable(_))), "{report}");
        assert!(figures.first().unwrap().caveat.contains(text::NAMES_HIDDEN), "{report}");
        assert!(!format!("{figures:?}").contains("Nuñez"), "{report}");
    }
}
