//! The figures of share pages, over published numbers made by hand.

use super::english_formatter::EnglishFormatter;
use super::*;
use domain::report::KnownReport;
use domain::time::{HOUR, parse_day, plus_days};
use engine::published_week::{PublishedNumber, RULE};
use std::sync::LazyLock;

const SECTION: &str = "11111111-0000-4000-8000-00000000abcd";

/// The sections of the course, of which two are taught in the first two weeks only.
static LISTED: LazyLock<Vec<ListedSection>> = LazyLock::new(|| {
    let section = |id: &str, number: &str, to: Option<&str>| ListedSection {
        id: id.into(),
        number: number.into(),
        from: None,
        to: to.map(day),
    };
    vec![
        section(SECTION, "A 2", None),
        section("22222222-0000-4000-8000-000000000000", "A 3", Some("2026-02-15")),
        section("33333333-0000-4000-8000-000000000000", "A 4", Some("2026-02-15")),
    ]
});

/// Whole-course shares under this `LECTERN_SMALLEST`.
fn whole_course(smallest: u32) -> ShareFilter<'static> {
    ShareFilter { scope: ShareScope::Course(Some(LISTED.as_slice())), smallest }
}

fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

/// Four Mondays, from 2 February 2026.
fn mondays() -> Vec<Day> {
    (0..4).map(|week| plus_days(day("2026-02-02"), 7 * week)).collect()
}

/// A number that is shown if `LECTERN_SMALLEST` is at most `max_smallest`.
fn number(value: f64, max_smallest: u32) -> Option<PublishedNumber> {
    Some(PublishedNumber { value, max_smallest })
}

/// The numbers of these sections.
fn of_sections(sections: &[(&str, &[Option<PublishedNumber>])]) -> PublishedNumbers {
    PublishedNumbers {
        rule: RULE,
        sections: sections.iter().map(|(name, numbers)| ((*name).to_owned(), numbers.to_vec())).collect(),
        ..PublishedNumbers::default()
    }
}

/// The numbers of a course, of which one section is shown.
fn of_course(numbers: &[Option<PublishedNumber>]) -> PublishedNumbers {
    of_sections(&[(SECTION, numbers)])
}

/// The figure of one report. Its days are those of a zone at UTC+1.
fn figure_of(
    filter: ShareFilter<'_>,
    report: &str,
    taken: Option<Timestamp>,
    weeks: &[(&str, PublishedNumbers)],
) -> ShareFigure {
    let weeks: Vec<_> = weeks.iter().map(|(monday, numbers)| (parse_day(monday), numbers)).collect();
    let panel = filter.build_panel(&ReportName::parse(report).unwrap(), taken, &weeks);
    let mondays = if taken.is_some() { Vec::new() } else { mondays() };
    let context =
        ShareContext { locale: &EnglishFormatter, mondays: &mondays, day_of: &|at| at.plus(HOUR).day() };
    let mut figures = build_share_figures(&[panel], &context);
    assert_eq!(figures.len(), 1);
    figures.remove(0)
}

/// The table's headings and rows, with cells as a reader sees them; `–` for a number that does not exist.
fn written(table: &SortableTable) -> (Vec<&str>, Vec<String>) {
    let cell = |cell: &Cell| match cell {
        Cell::Date(text, _) | Cell::Time(text, _) | Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::None => "–".to_owned(),
    };
    let rows = table.rows.iter().map(|row| row.cells.iter().map(cell).collect::<Vec<_>>().join(" | "));
    (table.columns.iter().map(|column| column.head.as_str()).collect(), rows.collect())
}

fn levels(figure: &Figure) -> Vec<DataPoint> {
    let Body::Bars(chart) = &figure.body else { panic!("{figure:?}") };
    chart.bars.iter().map(|bar| bar.level).collect()
}

#[test]
fn weeks_are_shown_withheld_or_missing() {
    let weeks = [
        ("2026-02-02", of_course(&[number(1240.5, 30), number(12.0, 30)])),
        ("2026-02-09", of_course(&[number(8.5, 4), number(4.0, 4)])),
        (
            "2026-02-23",
            of_sections(&[
                (SECTION, &[number(35.0, 5), number(5.0, 5)]),
                ("", &[number(25.0, 6), number(5.0, 6)]),
            ]),
        ),
    ];
    let ShareFigure { figure, table } = figure_of(whole_course(5), "videoview", None, &weeks);
    assert_eq!((figure.id.as_str(), figure.title.as_str()), ("videoview", "Videos watched"));
    assert_eq!(figure.unit, "");
    assert_eq!(figure.sentence, "1,300.5 minutes in 2 weeks; those of 1 week are withheld.");
    assert_eq!(
        figure.caveat,
        "The sum of the sections that are not withheld. The table says how many these are in each week.\n\
         1 more week of these days was not loaded, or not final yet, when this page was created.\n\
         Minutes in which a video was playing for a student. A student counts once in each section and week."
    );
    let level =
        [DataPoint::Complete(1240.5), DataPoint::Withheld, DataPoint::Missing, DataPoint::Complete(60.0)];
    assert_eq!(levels(&figure), level);
    let Body::Bars(chart) = &figure.body else { panic!() };
    assert_eq!((chart.title.as_str(), chart.unit.as_str()), ("Videos watched", "minutes"));
    assert_eq!(chart.sentence, figure.sentence);
    assert_eq!((chart.bars[0].name.as_str(), chart.bars[0].short.as_str()), ("2 Feb 2026", "2 Feb"));
    assert_eq!(chart.gaps(), [(1, 2, "withheld"), (2, 3, "no data")]);
    let (heads, rows) = written(&table);
    assert_eq!(heads, ["Week of", "minutes", "students", "sections"]);
    assert_eq!(
        rows,
        [
            "2026-02-02 | 1240.5 | 12 | 1 of 3",
            "2026-02-09 | withheld | withheld | 0 of 3",
            "2026-02-16 | no data | no data | no data",
            // Rows without a section count as a section.
            "2026-02-23 | 60 | 10 | 2 of 2",
        ]
    );
}

#[test]
fn a_percentage_of_right_answers_can_be_withheld_alone_and_need_not_exist() {
    let weeks = [
        ("2026-02-02", of_course(&[number(90.0, 30), number(9.0, 30), number(60.0, 30), number(25.0, 30)])),
        ("2026-02-09", of_course(&[number(80.0, 30), number(8.0, 30), number(55.0, 4), number(25.0, 4)])),
        ("2026-02-16", of_course(&[number(70.0, 30), number(7.0, 30), None, None])),
        ("2026-02-23", of_course(&[number(60.0, 30), number(6.0, 30)])),
    ];
    let ShareFigure { figure, table } = figure_of(whole_course(5), "polling", None, &weeks);
    assert_eq!(figure.sentence, "300 answers in 4 weeks.");
    assert_eq!(
        figure.caveat,
        "The sum of the sections that are not withheld. The table says how many these are in each week.\n\
         The latest answer of each student to each poll. Right answers are shown for polls that have a solution, and \
         only if enough were right and enough were not; a dash means that no poll has a solution."
    );
    let (heads, rows) = written(&table);
    assert_eq!(heads, ["Week of", "answers", "students", "right, in %", "sections"]);
    assert_eq!(
        rows,
        [
            "2026-02-02 | 90 | 9 | 71 | 1 of 3",
            "2026-02-09 | 80 | 8 | withheld | 1 of 3",
            "2026-02-16 | 70 | 7 | withheld | 1 of 1",
            "2026-02-23 | 60 | 6 | – | 1 of 1",
        ]
    );
    // Of a week that is withheld altogether, nobody learns whether a poll has a solution.
    let weeks = [("2026-02-02", of_course(&[number(60.0, 4), number(6.0, 4)]))];
    let ShareFigure { table, .. } = figure_of(whole_course(5), "polling", None, &weeks);
    assert_eq!(written(&table).1[0], "2026-02-02 | withheld | withheld | withheld | 0 of 3");
}

#[test]
fn no_part_of_a_figure_contains_a_suppressed_number() {
    // Values that no other part of a figure contains. The percentage of right answers is 37.
    let (amount, students) = (77_771.5, 77_772.0);
    let numbers = |max_smallest: u32| {
        let right = |value| number(value, max_smallest - 1);
        [number(amount, max_smallest), number(students, max_smallest), right(370.0), right(630.0)]
    };
    let published =
        of_sections(&[(SECTION, &numbers(6)), ("33333333-0000-4000-8000-000000000000", &numbers(9))]);
    let contains = |filter: ShareFilter<'_>| {
        let weeks = [("2026-02-02", published.clone()), ("2026-02-09", of_course(&[number(3.0, 99); 2]))];
        let figure = format!("{:?}", figure_of(filter, "polling", None, &weeks));
        // The sum over the weeks, 77,774.5, would reveal the amount, and so would the sum over both sections.
        let is_shown = |texts: &[&str]| texts.iter().any(|text| figure.contains(text));
        [
            is_shown(&["77771", "77,771", "77774", "77,774"]),
            is_shown(&["155543", "155,543", "155546", "155,546"]),
            is_shown(&["77772", "77,772", "155544"]),
            is_shown(&["Number(37.0)"]),
        ]
    };
    let of_section = |smallest| ShareFilter { scope: ShareScope::Section(SECTION, "2"), smallest };
    for smallest in 2..12 {
        let whole = contains(whole_course(smallest));
        let expected = [
            smallest > 6 && smallest <= 9,
            smallest <= 6,
            smallest <= 9,
            smallest <= 5 || (7..9).contains(&smallest),
        ];
        assert_eq!(whole, expected, "{smallest}");
        assert_eq!(
            contains(of_section(smallest)),
            [smallest <= 6, false, smallest <= 6, smallest <= 5],
            "{smallest}"
        );
    }
    // Numbers of a section that is not taught are withheld, too.
    let other =
        ShareFilter { scope: ShareScope::Section("22222222-0000-4000-8000-000000000000", "2"), smallest: 2 };
    assert_eq!(contains(other), [false; 4]);
    // Without Echo360's list of sections there is no sum.
    assert_eq!(contains(ShareFilter { scope: ShareScope::Course(None), smallest: 2 }), [false; 4]);
}

#[test]
fn sections_of_the_library_are_found_by_number_and_others_by_id() {
    let numbers = of_sections(&[
        (SECTION, &[number(1.0, 9), number(2.0, 9)]),
        ("a 2", &[number(3.0, 9), number(4.0, 9)]),
        ("", &[number(5.0, 9), number(6.0, 9)]),
    ]);
    let visible = |report: &str, scope| {
        let filter = ShareFilter { scope, smallest: 5 };
        Some(filter.visible_numbers(&ReportName::parse(report).unwrap(), &numbers)?.numbers)
    };
    assert_eq!(visible("notes", whole_course(5).scope), Some(vec![Some(9.0), Some(12.0)]));
    assert_eq!(visible("notes", ShareScope::Section(SECTION, "A 2")), Some(vec![Some(1.0), Some(2.0)]));
    assert_eq!(visible("asset", ShareScope::Section(SECTION, "A 2")), Some(vec![Some(3.0), Some(4.0)]));
    assert_eq!(visible("asset", ShareScope::Section(SECTION, "")), None);
}

#[test]
fn a_page_says_why_everything_is_withheld() {
    let why = |filter: ShareFilter<'_>, weeks: &[(&str, PublishedNumbers)]| {
        figure_of(filter, "notes", None, weeks).figure.caveat.lines().next().unwrap().to_owned()
    };
    let (small, shown) = (of_sections(&[]), of_course(&[number(60.0, 9), number(6.0, 9)]));
    let older = PublishedNumbers { rule: 0, ..shown.clone() };
    let weeks = |numbers: &PublishedNumbers| [("2026-02-02", numbers.clone())];
    assert_eq!(
        why(whole_course(5), &weeks(&small)),
        "The numbers of a course are the sum of its sections, without those that are withheld. Here all of them are: in each, \
         too few students were active, or not active enough, or one or two of them may account for nearly everything."
    );
    assert_eq!(why(whole_course(5), &weeks(&shown)), "The sum of 1 of 3 sections; the rest is withheld.");
    assert_eq!(
        why(ShareFilter { scope: ShareScope::Course(None), smallest: 5 }, &weeks(&shown)),
        "When this page was created, it was not known which sections the course has. So they are not added up."
    );
    let repeated = PublishedNumbers { is_repeated: true, ..small.clone() };
    assert_eq!(
        why(whole_course(5), &weeks(&repeated)),
        "A section is withheld if a video of it is in another section, too, or if too few students are known to have watched. Here \
         all are."
    );
    let one_section = ShareFilter { scope: ShareScope::Section(SECTION, "A 2"), smallest: 5 };
    for filter in [whole_course(5), one_section] {
        assert_eq!(
            why(filter, &weeks(&older)),
            "These numbers were counted before the rules that protect small groups became stricter, and are no longer shown. \
             Ask the person who gave you this link to create another one."
        );
        let both = [("2026-02-02", older.clone()), ("2026-02-23", shown.clone())];
        let ShareFigure { figure, .. } = figure_of(filter, "notes", None, &both);
        assert_eq!(figure.sentence, "60 notes in 1 week; those of 1 week are withheld.");
        assert!(!figure.caveat.contains("rules"), "{}", figure.caveat);
    }
    assert_eq!(
        why(whole_course(5), &[("2026-02-23", shown)]),
        "The sum of the 1 section listed; other rows may be left out."
    );
    assert_eq!(
        why(one_section, &weeks(&small)),
        "3 more weeks of these days were not loaded, or not final yet, when this page was created."
    );
}

#[test]
fn a_snapshot_is_a_sentence_and_one_row() {
    // Half past eleven in the evening of 2 February in UTC.
    let taken = Timestamp::start_of(day("2026-02-03")).plus(-HOUR / 2);
    let library = |max_smallest| {
        [("@", of_sections(&[("a 2", &[number(24.0, max_smallest), number(1310.0, max_smallest)])]))]
    };
    let ShareFigure { figure, table } = figure_of(whole_course(5), "asset", Some(taken), &library(5));
    assert_eq!((figure.id.as_str(), figure.title.as_str()), ("asset", "Library of videos"));
    assert_eq!(figure.sentence, "24 videos, viewed 1,310 times. As of 3 Feb 2026.");
    assert_eq!(
        figure.caveat,
        "The sum of 1 of 3 sections; the rest is withheld.\n\
         Views by anybody, students or not: this report does not say whose they are."
    );
    assert_eq!(figure.body, Body::Text);
    assert_eq!(written(&table), (vec!["videos", "views", "sections"], vec!["24 | 1310 | 1 of 3".to_owned()]));

    let ShareFigure { figure, table } = figure_of(whole_course(5), "asset", Some(taken), &library(4));
    assert_eq!(figure.sentence, "These numbers are withheld. As of 3 Feb 2026.");
    assert_eq!(written(&table).1, ["withheld | withheld | 0 of 3"]);
}

#[test]
fn shares_without_numbers_say_so() {
    let context = ShareContext { locale: &EnglishFormatter, mondays: &[], day_of: &|at| at.day() };
    assert_eq!(build_share_figures(&[], &context), []);

    // No week was published.
    let ShareFigure { figure, table } = figure_of(whole_course(5), "notes", None, &[]);
    assert_eq!(figure.sentence, "There is no week to show.");
    assert_eq!(
        figure.caveat,
        "4 more weeks of these days were not loaded, or not final yet, when this page was created.\n\
         Activity of students. A student counts once in each section and week."
    );
    assert_eq!(levels(&figure), [DataPoint::Missing; 4]);
    assert_eq!(written(&table).1[0], "2026-02-02 | no data | no data");

    // All weeks are withheld: their numbers are suppressed, were never stored, are all `None`, or of an older rule.
    let weeks = [
        ("2026-02-02", of_course(&[number(60.0, 4), number(6.0, 4)])),
        ("2026-02-09", of_sections(&[])),
        ("2026-02-16", of_course(&[None, None])),
        ("2026-02-23", PublishedNumbers::default()),
    ];
    let ShareFigure { figure, table } = figure_of(whole_course(5), "notes", None, &weeks);
    assert_eq!(figure.sentence, "The numbers of 4 weeks are withheld.");
    assert!(
        figure.caveat.ends_with("\nActivity of students. A student counts once in each section and week.")
    );
    assert_eq!(levels(&figure), [DataPoint::Withheld; 4]);
    assert!(written(&table).1.iter().all(|row| row.contains(" | withheld | withheld | 0 of ")));

    // A share without a range has no column of weeks.
    let panel = whole_course(5).build_panel(&ReportName::parse("notes").unwrap(), None, &[]);
    let figures = build_share_figures(&[panel], &context);
    assert_eq!(written(&figures[0].table), (vec!["notes", "students"], Vec::new()));
}

#[test]
fn every_report_has_a_title_and_units() {
    let texts = |report: KnownReport| (text::title(Some(report)), text::units(Some(report)));
    assert_eq!(texts(KnownReport::VideoView), ("Videos watched", ["minutes", "students"].to_vec()));
    assert_eq!(texts(KnownReport::Presentation), ("Slides viewed", ["slide views", "students"].to_vec()));
    assert_eq!(texts(KnownReport::Confused), ("Confusion marks", ["marks", "students"].to_vec()));
    let polling = ("Poll answers", ["answers", "students", "right, in %"].to_vec());
    assert_eq!(texts(KnownReport::Polling), polling);
    assert_eq!(texts(KnownReport::QAndA), ("Answers to questions", ["answers", "students"].to_vec()));
    assert_eq!(texts(KnownReport::Notes), ("Notes taken", ["notes", "students"].to_vec()));
    assert_eq!(texts(KnownReport::Asset), ("Library of videos", ["videos", "views"].to_vec()));
    for report in KnownReport::ALL.into_iter().filter(|report| report.descriptor().share_title.is_some()) {
        assert!(!text::units(Some(report)).is_empty(), "{}", report.name());
    }
}

#[test]
fn the_english_format_has_separators_and_no_weekdays() {
    let locale = EnglishFormatter;
    let numbers = [0.0, 7.0, 999.5, 1000.0, 12_345.54, 1_234_567.96, -1234.5];
    let expected = ["0", "7", "999.5", "1,000", "12,345.5", "1,234,568", "-1,234.5"];
    assert_eq!(numbers.map(|number| locale.format_number(number)), expected);
    let (from, to) = (day("2026-02-02"), day("2026-12-31"));
    assert_eq!([locale.format_day(from), locale.format_day(to)], ["2 Feb 2026", "31 Dec 2026"]);
    assert_eq!([locale.format_short_day(from), locale.format_short_day(to)], ["2 Feb", "31 Dec"]);
    assert_eq!(locale.format_days(from, to), "2 Feb – 31 Dec 2026");
    assert_eq!(locale.format_days(to, day("2027-01-04")), "31 Dec 2026 – 4 Jan 2027");
    assert_eq!(locale.format_date_time(Timestamp::start_of(from).plus(14 * HOUR)), "2 Feb 2026, 14:00");
    assert_eq!([0, 6, 7].map(|weekday| locale.format_weekday(weekday)), ["Monday", "Sunday", ""]);
    assert_eq!([0, 6].map(|weekday| locale.format_short_weekday(weekday)), ["Mon", "Sun"]);
}
