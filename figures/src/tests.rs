//! The figures of reports, in the plain format.

use super::*;
use crate::locale::PlainFormatter;
use charts::model::DataPoint;
use charts::sortable_table::Cell;
use domain::calendar::Calendar;
use domain::query::{Comparison, MeasureQuery, RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::ReportName;
use domain::time::{Timestamp, plus_days};
use domain::zone::Zone;
use engine::decode::Decoder;
use engine::table::dataset::WindowData;
use engine::table::{HeaderRow, Table};
use protocol::{Body, ColumnContent, CountedRows, Progress, Response, codec};

/// The figures of a report over one copy, for the two weeks from 2 February 2026 of which the first is
/// loaded.
fn figures_of(report: &str, csv: &str, contents: bool) -> Vec<Figure> {
    figures_of_query(report, csv, |query| query.contents = contents)
}

/// Like [`figures_of`], with a query that `change` modifies.
fn figures_of_query(report: &str, csv: &str, change: impl FnOnce(&mut MeasureQuery)) -> Vec<Figure> {
    let start = domain::time::parse_day("2026-02-02").unwrap();
    let name = ReportName::parse(report).unwrap();
    let is_snapshot = report == "asset";
    let facts = WindowCoverage {
        start: Some(start).filter(|_| !is_snapshot),
        end: Some(plus_days(start, 7)).filter(|_| !is_snapshot),
        provisional_from: None,
    };
    let (head, rows) = csv.split_once('\n').unwrap();
    let header = HeaderRow::parse(head.as_bytes());
    let mut tables = Dataset::default();
    let mut table = Table::new(&header, name.known());
    Decoder::new(header.delimiter())
        .for_each_record(rows.as_bytes(), |row| table.push_row(&header, row, &mut tables.texts));
    tables.insert("w", WindowData { generation: 1, table, coverage: facts });
    let wanted = protocol::WindowSource {
        id: "w".into(),
        generation: 1,
        coverage: facts,
        created: Timestamp::start_of(start),
    };
    let mut measure = MeasureQuery {
        base: RowQuery {
            range: Range::new(start, plus_days(start, 13)).unwrap(),
            zone: Zone::utc(),
            course: None,
            sections: Vec::new(),
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            comparison: None,
            calendar: Calendar::default(),
            today: domain::time::parse_day("2026-06-01").unwrap(),
        },
        decks: Vec::new(),
        contents: false,
    };
    change(&mut measure);
    let query = Query {
        sequence: 1,
        subject: Subject::Report {
            name: name.clone(),
            are_names_hidden: false,
            comparison_label: "section 2".into(),
        },
        measure,
        zone_label: "Zone of the page".into(),
        weeks: Vec::new(),
        section_terms: Vec::new(),
        max_rows: 10,
        language: "en-GB".into(),
        sources: vec![ReportSource { report: name.clone(), course: None, windows: vec![wanted] }],
    };
    let loaded = Loaded { tables: [(name, &tables)].into(), video_views: None };
    let answer = Response::Figures {
        sequence: 1,
        figures: build_figures(&query, &loaded, &PlainFormatter),
        student_name: "Nuñez, Ana".to_owned(),
        counted: CountedRows::default(),
        progress: Progress::default(),
    };
    assert_eq!(codec::decode(&codec::encode(&answer)).as_ref(), Some(&answer), "figures travel whole");
    let Response::Figures { figures, .. } = answer else { panic!() };
    let mut ids: Vec<&str> = figures.iter().map(|figure| figure.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), figures.len(), "no two figures share an id");
    for figure in &figures {
        let said = [&figure.sentence, &figure.caveat];
        assert!(!figure.title.is_empty() && !figure.sentence.is_empty(), "{}", figure.id);
        assert!(said.iter().all(|text| !text.contains('!') && !text.contains("  ")), "{said:?}");
        assert!(figure.sentence.ends_with('.'), "{}", figure.sentence);
    }
    figures
}

fn find<'a>(figures: &'a [Figure], id: &str) -> &'a Figure {
    figures.iter().find(|figure| figure.id == id).unwrap()
}

const PLACE: &str = "s,1,c,BIO-101,Biology";

#[test]
fn slide_views_name_missing_days() {
    let head = "presentationID,presentationName,sectionId,sectionNumber,courseId,courseIdentifier,courseName,event_timestamp,userid,role,slide_count\n";
    let csv = format!(
        "{head}d,Membranes,{PLACE},2026-02-03 10:00:00,u1,Student,30\nd,Membranes,{PLACE},2026-02-03 10:00:00,,,30\n"
    );
    let figures = figures_of("presentation", &csv, false);
    let views = find(&figures, "slide-views");
    assert_eq!(views.sentence, "1 person opened 1 deck (2 views), most on 2026-02-03.");
    assert_eq!(
        views.caveat,
        "7 days are not loaded yet and are not counted. 1 view has no user id or is of a shared account, so it counts for no person."
    );
    let Body::Bars(chart) = &views.body else { panic!() };
    assert_eq!(chart.bars[1].level, DataPoint::Complete(2.0));
    assert_eq!(chart.bars[7].level, DataPoint::Missing, "a gap, never a zero");
    let Body::Ranking { ids, .. } = &find(&figures, "decks").body else { panic!() };
    assert_eq!(ids, &["d"]);
    assert!(find(&figures, "every-deck").caveat.contains("no report says which slides were seen"));
}

#[test]
fn a_poll_has_its_solution_and_its_share_of_right_answers() {
    let head = "presentation_id,presentation_name,sectionId,sectionNumber,courseId,courseIdentifier,courseName,activity_id,activity_prompt,activity_content,solution,event_timestamp,answer_id,answer,isCorrect,userid,role\n";
    let content = r#""{""choices"":[{""id"":0,""text"":""Yes""},{""id"":1,""text"":""No""}]}""#;
    let answer = |second: u32, user: &str, answer: &str| {
        format!(
            "d,Membranes,{PLACE},p-1,Is it?,{content},No,2026-02-03 10:00:0{second},a,{answer},0,{user},Student\n"
        )
    };
    let csv = format!("{head}{}{}{}", answer(1, "u1", "Yes"), answer(2, "u1", "No"), answer(3, "u2", "Yes"));
    let figures = figures_of("polling", &csv, false);
    assert_eq!(
        find(&figures, "poll-answers").sentence,
        "2 students answered 1 poll. 50 % of students' answers are right."
    );
    let poll = find(&figures, "poll-p-1");
    assert_eq!(poll.title, "Is it?");
    assert_eq!(
        poll.sentence,
        "2 of 2 students active in polls answered. 1 was right (50 %). 1 student changed their answer."
    );
    let Body::PollAnswers(answers) = &poll.body else { panic!() };
    assert!(answers.has_solution && answers.choices[1].is_solution);
    let Body::SortableTable(listing) = &find(&figures, "polls").body else { panic!() };
    assert_eq!(listing.rows[0].cells[6], Cell::Number(0.5));
    // Cells are spelt with their sign, and a CSV adds it to the head.
    let shares =
        listing.columns.iter().filter(|column| column.kind == charts::sortable_table::ColumnKind::Share);
    assert!(shares.clone().count() == 2 && shares.into_iter().all(|column| !column.head.contains('%')));
}

#[test]
fn questions_and_notes_have_contents_only_on_request() {
    let head = "questionid,question,sectionId,sectionNumber,courseId,courseIdentifier,courseName,question_userid,question_firstname,question_lastname,question_email,question_role,answerid,answer,event_timestamp,answer_userid,answer_firstname,answer_lastname,answer_email,answer_role\n";
    let csv = format!(
        "{head}q,Why water?,{PLACE},u1,Ana,Nuñez,a@b,Student,a,Because of salt,2026-02-03 10:00:00,t,Bo,Li,b@b,Instructor\n"
    );
    let text = |contents: bool| format!("{:?}", figures_of("qanda", &csv, contents));
    assert!(!text(false).contains("water") && text(false).contains("What people wrote is not shown."));
    assert!(text(true).contains("Why water?") && text(true).contains("Because of salt"));
    assert!(!text(true).contains("a@b"), "no address travels");
    assert_eq!(
        find(&figures_of("qanda", &csv, false), "answers").sentence,
        "1 question has 1 answer; 1 person asked."
    );
    let head = "PresentationID,PresentationName,sectionId,sectionNumber,courseId,courseIdentifier,courseName,content,note_count,event_timestamp,userid,firstname,lastname,role\n";
    let csv = format!("{head}d,Membranes,{PLACE},salty,3,2026-02-03 10:00:00,u1,Ana,Nuñez,Student\n");
    let text = |contents: bool| format!("{:?}", figures_of("notes", &csv, contents));
    assert!(!text(false).contains("salty") && text(true).contains("salty"));
    assert_eq!(
        find(&figures_of("notes", &csv, false), "notes").sentence,
        "1 person wrote notes (1 note event, 3 words), most on 2026-02-03."
    );
}

#[test]
fn days_with_unusually_many_marks_stand_out() {
    let head = "PresentationID,PresentationName,sectionId,sectionNumber,courseId,courseIdentifier,courseName,event_timestamp,userid,role\n";
    let mark = |day: u32, n: u32| format!("d,Membranes,{PLACE},2026-02-0{day} 10:00:0{n},u{n},Student\n");
    let quiet: String = [2, 3, 4].map(|day| mark(day, 1)).concat();
    let loud: String = (0..6).map(|n| mark(5, n)).collect();
    let figures = figures_of("confused", &format!("{head}{quiet}{loud}"), false);
    let spikes = find(&figures, "spikes");
    assert_eq!(spikes.sentence, "2026-02-05 stands out: 6 marks, usually 1, most of them on Membranes.");
    assert_eq!(
        find(&figures_of("confused", &format!("{head}{quiet}"), false), "spikes").sentence,
        crate::text::reports::NO_SPIKES
    );
}

const ASSETS: &str = "video_name,section_number,owner_name,mediaid,course_identifier,department_name,transcribed,video_duration_in_minutes,last_view,view_count,downloads,view_duration_in_minutes,public,private,live,on_demand\n\
    Membranes,1,Bo,m,c,Biology,1,50.0,2026-02-03 10:00:00,7,1,100.0,2,5,3,4\n\
    Membranes,2,Bo,m,c,Biology,1,50.0,,0,0,0,0,0,0,0\n";

#[test]
fn the_library_has_its_time_and_does_not_add_up_repeated_videos() {
    let figures = figures_of("asset", ASSETS, false);
    let library = find(&figures, "library");
    assert_eq!(library.sentence, "1 video, 0 never viewed. 100 % transcribed automatically.");
    assert!(library.caveat.contains("as of 2026-02-02T00:00:00.000Z UTC"));
    let departments = find(&figures, "departments");
    let Body::Ranking { ranking, .. } = &departments.body else { panic!() };
    assert_eq!((ranking.items[0].value, ranking.items[0].beside.as_slice()), (1.0, [None, None].as_slice()));
    assert!(departments.caveat.contains("not added up"));
    assert!(!figures.iter().any(|figure| figure.id == "rooms"), "a column that is not there is no figure");
}

#[test]
fn weeks_show_sections_side_by_side_and_missing_weeks_as_gaps() {
    let figures = figures_of("assetbydate", ASSETS, false);
    assert_eq!(find(&figures, "videos-viewed").sentence, "1 video viewed in 1 week.");
    let Body::Bars(chart) = &find(&figures, "videos-viewed").body else { panic!() };
    assert_eq!([chart.bars[0].level, chart.bars[1].level], [DataPoint::Complete(1.0), DataPoint::Missing]);
    assert!(!figures.iter().any(|figure| figure.id == "views-by-week"), "the video stands in two sections");
    let Body::SortableTable(sections) = &find(&figures, "sections-by-week").body else { panic!() };
    assert_eq!(sections.rows.len(), 2);
}

#[test]
fn an_unknown_report_has_figures_by_its_columns() {
    let figures = figures_of(
        "visit",
        "user,page,visit_count,date\nAna,home,2,2026-02-02\nBo,home,1,2026-02-03\n",
        false,
    );
    assert_eq!(find(&figures, "rows-by-day").sentence, "2 rows, most on 2026-02-02.");
    assert_eq!(find(&figures, "sum-0").title, "Sum of visit_count per day of date");
    assert!(find(&figures, "sum-0").caveat.contains("may be added up"));
    assert_eq!(find(&figures, "rows").sentence, "2 rows, in order of date.");
    let Body::LongTable(rows) = &find(&figures, "rows").body else { panic!() };
    let columns: Vec<_> = rows.columns.iter().map(|column| (column.head.as_str(), column.content)).collect();
    let [user, page] = ["user", "page"].map(|head| (head, ColumnContent::Text));
    assert_eq!(columns, [user, page, ("visit_count", ColumnContent::Amount), ("date", ColumnContent::Time)]);
}

#[test]
fn every_report_without_rows_says_so() {
    for report in ["presentation", "confused", "polling", "qanda", "notes", "assetbydate", "asset", "visit"] {
        let head = "mediaid,event_timestamp,userid\n";
        let figures = figures_of(report, head, true);
        assert!(
            figures.iter().any(|figure| figure.sentence == crate::text::reports::NO_ACTIVITY),
            "{report}"
        );
    }
}

#[test]
fn equal_titles_are_numbered() {
    let named = |title: &str| Figure {
        id: String::new(),
        title: title.into(),
        unit: String::new(),
        sentence: String::new(),
        caveat: String::new(),
        body: Body::Text,
    };
    let mut figures = vec![named("Why?"), named("How?"), named("Why?"), named("Why?")];
    number_equal_titles(&mut figures);
    let titles: Vec<&str> = figures.iter().map(|figure| figure.title.as_str()).collect();
    assert_eq!(titles, ["Why?", "How?", "Why? (2)", "Why? (3)"]);
}

#[test]
fn sparklines_share_one_scale() {
    let row = |spark: &[Option<u64>]| figure_context::plain_row(Vec::new(), spark);
    let Body::SortableTable(listing) =
        figure_context::table_body(&[], Some("Over time"), vec![row(&[Some(1)]), row(&[Some(9)])], 2)
    else {
        panic!()
    };
    assert_eq!(listing.largest_spark().to_string(), "9", "the largest of all rows");
    assert!(text::reports::SPARK_CAVEAT.contains("share one scale"));
}

#[test]
fn every_figure_names_missing_days_once() {
    let head = "presentation_id,presentation_name,presentationName,courseId,courseIdentifier,activity_id,activity_prompt,answer,event_timestamp,userid,role,questionid,answerid,answer_userid,answer_role,n,kind,date";
    let row = |n: u32, day: u32| {
        format!(
            "d,Membranes,Membranes,c,BIO,p,Is it?,Yes,2026-02-0{day} 10:00:00,u{n},Student,q,a{n},u{n},Student,{n},x,2026-02-0{day}\n"
        )
    };
    let csv = format!("{head}\n{}{}", row(1, 2), row(2, 3));
    for report in ["presentation", "confused", "polling", "qanda", "notes", "visit"] {
        for figure in figures_of(report, &csv, true) {
            let said = figure.caveat.matches("7 days are not loaded yet and are not counted.").count();
            assert_eq!(said, 1, "{report}, {}: {}", figure.id, figure.caveat);
        }
    }
    for figure in figures_of("assetbydate", ASSETS, true) {
        let said = figure.caveat.matches("1 week is not loaded yet and is not counted.").count();
        assert_eq!(said, 1, "{}: {}", figure.id, figure.caveat);
    }
}

#[test]
fn filters_that_a_report_cannot_apply_are_named() {
    let words = [text::reports::ROLES_IGNORED, text::reports::DECKS_IGNORED, text::reports::VIDEOS_IGNORED];
    for (report, is_said) in [
        ("asset", [true, true, true]),
        ("assetbydate", [true, true, true]),
        ("qanda", [false, true, true]),
        ("visit", [false, true, true]),
        ("polling", [false, false, true]),
        ("notes", [false, false, true]),
    ] {
        let csv = "mediaid,event_timestamp,userid\n";
        let figures = figures_of_query(report, csv, |query| {
            query.base.roles = vec![domain::institution_role::InstitutionRole::Student];
            query.base.videos = vec!["v".into()];
            query.decks = vec!["d".into()];
        });
        let caveat = &figures.first().unwrap().caveat;
        assert_eq!(words.map(|words| caveat.contains(words)), is_said, "{report}: {caveat}");
        let plain = figures_of(report, csv, false);
        assert!(
            words.iter().all(|words| !plain.iter().any(|figure| figure.caveat.contains(words))),
            "{report}"
        );
    }
}

#[test]
fn an_unknown_report_has_days_in_utc() {
    let figures = figures_of("visit", "user,time\nAna,2026-02-02 10:00:00\n", false);
    assert_eq!(find(&figures, "rows-by-day").unit, "Rows · Days in UTC");
}

const POLLS: &str =
    "courseId,activity_id,activity_prompt,activity_content,answer,event_timestamp,userid,role\n";

#[test]
fn typed_poll_answers_are_shown_only_with_contents() {
    let content = r#""{""choices"":[{""id"":0,""text"":""Yes""},{""id"":1,""text"":""No""}]}""#;
    let csv = format!(
        "{POLLS}c,p,Is it?,{content},Yes,2026-02-03 10:00:00,u1,Student\nc,p,Is it?,{content},My own words,2026-02-03 10:00:00,u2,Student\n"
    );
    let texts = |contents: bool| -> Vec<String> {
        let figures = figures_of("polling", &csv, contents);
        let poll = find(&figures, "poll-p");
        assert_eq!(poll.caveat.contains(text::reports::CONTENTS_HIDDEN), !contents);
        let Body::PollAnswers(answers) = &poll.body else { panic!() };
        assert!(answers.choices.iter().map(|choice| choice.count).sum::<f64>() > 1.9, "nobody is lost");
        answers.choices.iter().map(|choice| choice.text.clone()).collect()
    };
    assert_eq!(texts(false), ["Yes", "No", text::reports::OTHER_ANSWERS]);
    assert_eq!(texts(true), ["Yes", "No", "My own words"]);
}

#[test]
fn polls_without_answers_by_students_do_not_say_0_students() {
    let row = |user: &str, role: &str| format!("c,p,Is it?,,Yes,2026-02-03 10:00:00,{user},{role}\n");
    let sentence = |rows: &[String]| {
        find(&figures_of("polling", &format!("{POLLS}{}", rows.concat()), false), "polls").sentence.clone()
    };
    let (student, staff, nobody) = (row("u1", "Student"), row("u2", "Instructor"), row("", ""));
    assert_eq!(sentence(std::slice::from_ref(&staff)), "1 person who is not a student answered 1 poll.");
    assert_eq!(sentence(&[student, staff]), "1 student and 1 other answered 1 poll.");
    assert_eq!(sentence(&[nobody]), "People without a user id answered 1 poll.");
}

#[test]
fn the_share_of_answers_by_students_ignores_the_filter_by_role() {
    let head = "questionid,answerid,event_timestamp,answer_userid,answer_role";
    let csv = format!("{head}\nq,a,2026-02-03 10:00:00,u,Student\nq,b,2026-02-03 10:00:00,t,Instructor\n");
    let figures = figures_of_query("qanda", &csv, |query| {
        query.base.roles = vec![domain::institution_role::InstitutionRole::Student];
    });
    assert_eq!(find(&figures, "answers").sentence, "1 question has 1 answer; 0 people asked.");
    let roles = find(&figures, "who-answers");
    assert_eq!(roles.sentence, "Students wrote 50 % of the answers, to 1 of 1 question.");
    let threads = find(&figures, "threads");
    let Body::Threads(body) = &threads.body else { panic!() };
    assert_eq!(body.threads[0].answers.len(), 2);
    assert!([roles, threads].iter().all(|figure| figure.caveat.contains(text::reports::ROLES_NOT_APPLIED)));
    assert!(find(&figures, "answers").caveat.contains(text::reports::ANSWER_ROLES_CAVEAT));
}

#[test]
fn sections_of_several_courses_have_their_course() {
    let figures = figures_of("assetbydate", ASSETS, false);
    assert_eq!(find(&figures, "sections-by-week").sentence, "Section 1 has the most: 7 views.");
    assert_eq!(find(&figures, "every-video").sentence, "Membranes · Section 1 has the most: 7 views.");
    let other = "11111111-2222-4333-8444-555555555555";
    let csv = format!("{ASSETS}Cells,1,Bo,n,{other},Physics,,,,9,,,,,,\n");
    let figures = figures_of("assetbydate", &csv, false);
    assert_eq!(
        find(&figures, "sections-by-week").sentence,
        "Section 1, course 11111111 has the most: 9 views."
    );
    let figures = figures_of("asset", &csv, false);
    let Body::SortableTable(listing) = &find(&figures, "every-video").body else { panic!() };
    assert_eq!(listing.rows[1].cells[1], Cell::text("1, course c"));
}

#[test]
fn truncated_lists_have_their_length() {
    let rooms: String = (0..25).map(|n| format!("m{n},c,1,{n},Room {n}\n")).collect();
    let figures = figures_of(
        "asset",
        &format!("mediaid,course_identifier,section_number,view_count,room_name\n{rooms}"),
        false,
    );
    assert!(find(&figures, "rooms").caveat.ends_with("The first 20 of 25 are shown."));
    assert!(find(&figures, "most-viewed").caveat.ends_with("The first 20 of 24 are shown."));
    let head = "presentationID,courseId,event_timestamp,userid,role";
    let marks: String = (0..11)
        .flat_map(|course| [(2, 1), (3, 1), (4, 1), (5, 1), (6, 6)].map(|(day, marks)| (course, day, marks)))
        .flat_map(|(course, day, marks)| {
            (0..marks).map(move |n| format!("d,c{course},2026-02-0{day} 10:00:00,u{n},Student\n"))
        })
        .collect();
    let figures = figures_of("confused", &format!("{head}\n{marks}"), false);
    let spikes = find(&figures, "spikes");
    let Body::SortableTable(listing) = &spikes.body else { panic!() };
    assert_eq!((listing.rows.len(), listing.total), (10, 11));
    assert!(spikes.caveat.ends_with("The first 10 of 11 are shown."), "{}", spikes.caveat);
}

#[test]
fn figures_that_name_people_are_removed_while_names_are_hidden() {
    let head = "PresentationID,PresentationName,sectionId,courseId,content,note_count,event_timestamp,userid,firstname,lastname,role\n";
    let csv = format!("{head}d,Membranes,s,c,Osmosis,1,2026-02-03 10:00:00,u1,Ana,Nuñez,Student\n");
    let mut figures = figures_of("notes", &csv, true);
    assert!(format!("{figures:?}").contains("Nuñez"));
    assert_eq!(remove_people(&mut figures), text::reports::NAMES_HIDDEN);
    assert!(!figures.is_empty() && !format!("{figures:?}").contains("Nuñez"));
}

const SLIDE_VIEWS: &str = "presentationID,presentationName,sectionId,sectionNumber,courseId,courseIdentifier,courseName,event_timestamp,userid,firstname,lastname,role,slide_count\n";

/// Three views in section 1 on the 3rd, one in section 2 on the 3rd and one there on the 4th, each by
/// somebody else.
fn slide_views() -> String {
    let row = |section: u32, day: u32, user: u32| {
        format!(
            "d,Membranes,s{section},{section},c,BIO-101,Biology,2026-02-0{day} 10:00:00,u{user},Ana,N{user},Student,30\n"
        )
    };
    let rows = [row(1, 3, 1), row(1, 3, 2), row(1, 3, 3), row(2, 3, 4), row(2, 4, 5)];
    format!("{SLIDE_VIEWS}{}", rows.concat())
}

#[test]
fn another_section_is_overlaid_and_only_final_days_are_compared() {
    let figures = figures_of_query("presentation", &slide_views(), |query| {
        query.base.sections = vec!["s1".into()];
        query.base.comparison = Some(Comparison::Section("S2".into()));
    });
    let views = find(&figures, "slide-views");
    let end = "50 % more than section 2 (3 views against 2), counting only the 7 of 14 days that are final in both.";
    assert!(views.sentence.ends_with(end), "{}", views.sentence);
    assert!(views.caveat.starts_with("Lines show section 2. "), "{}", views.caveat);
    let Body::Bars(chart) = &views.body else { panic!() };
    let table = chart.table();
    assert_eq!(table.columns[1..3], ["Views", "Views, section 2"]);
    assert_eq!(table.rows[1].values[..2], [Some(3.0), Some(1.0)]);
    assert_eq!(table.rows[2].values[..2], [Some(0.0), Some(1.0)]);
    assert_eq!(table.rows[9].values[..2], [None, None], "not loaded");
}

#[test]
fn missing_days_before_are_named_and_not_compared() {
    let figures = figures_of_query("presentation", &slide_views(), |query| {
        query.base.comparison = Some(Comparison::Before);
    });
    let views = find(&figures, "slide-views");
    assert!(views.caveat.starts_with("No data for section 2 yet."), "{}", views.caveat);
    assert!(!views.sentence.contains("than"), "{}", views.sentence);
}

#[test]
fn a_student_filters_every_figure_and_reports_without_people_say_that_they_ignore_it() {
    let ask = |query: &mut MeasureQuery| query.base.student = Some("U4".into());
    let figures = figures_of_query("presentation", &slide_views(), ask);
    let sentence = &find(&figures, "slide-views").sentence;
    assert_eq!(sentence, "1 person opened 1 deck (1 view), most on 2026-02-03.");
    let library = figures_of_query(
        "asset",
        "mediaid,medianame,courseid,sectionnumber,total_views\nm,Cells,c,1,3\n",
        ask,
    );
    assert!(library[0].caveat.contains(text::reports::STUDENT_IGNORED), "{}", library[0].caveat);
}
