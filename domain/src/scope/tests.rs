use super::*;
use crate::api::{Copy, Section, State};
use crate::directory::Term;
use crate::report::REPORTS;
use crate::time::Timestamp;
use crate::window::Parameters;
use proptest::prelude::*;

fn id(n: u8) -> String {
    format!("{n:08x}-0000-4000-8000-00000000000a")
}

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let grant = (0u8..4, prop::option::of(0u8..4)).prop_map(|(course, section)| Grant {
        course: id(course),
        section: section.map(|s| id(0x10 * (course + 1) + s)),
    });
    prop::collection::vec(grant, 0..5)
}

/// Four courses of four sections, numbered from 0 in each; those of a number share a term, the last have none.
fn known() -> Courses {
    let sections = |course: u8| {
        (0u8..4).map(move |s| Section {
            id: id(0x10 * (course + 1) + s).to_uppercase(),
            number: format!("{s:03}"),
            term: (s < 3).then(|| format!("t{s}")),
        })
    };
    let course = |n: u8| Course {
        id: id(n),
        code: format!("C{n}"),
        name: String::new(),
        sections: sections(n).collect(),
    };
    let term = |n: u8| Term {
        id: format!("t{n}"),
        name: format!("Term {n}"),
        from: "2026-02-02".parse().unwrap(),
        to: "2026-06-07".parse().unwrap(),
    };
    Courses { courses: (0..4).map(course).collect(), terms: (0..3).map(term).collect() }
}

fn standing() -> impl Strategy<Value = Option<Standing>> {
    prop::option::of(
        (prop::sample::select(Role::ALL.to_vec()), grants())
            .prop_map(|(role, grants)| Standing { role, grants }),
    )
}

const DOINGS: [Doing<'static>; 15] = [
    Doing::BeHere,
    Doing::ListReports,
    Doing::ListCourses,
    Doing::Ask { report: "notes" },
    Doing::Ask { report: "visit" },
    Doing::Follow,
    Doing::Read { report: "asset" },
    Doing::Read { report: "visit" },
    Doing::Read { report: "../asset" },
    Doing::Appoint,
    Doing::Audit,
    Doing::Forget,
    Doing::Share { course: "c", section: None },
    Doing::ListShares,
    Doing::SwitchShares,
];

proptest! {
    #[test]
    fn nobody_reaches_further_than_their_role(standing in standing(), doing in prop::sample::select(DOINGS.to_vec())) {
        let reach = permit("ana", standing.as_ref(), doing);
        let administers = matches!(doing, Doing::Appoint | Doing::Audit | Doing::Forget | Doing::SwitchShares);
        match (&standing, &reach) {
            (None, reach) => prop_assert_eq!(reach, &Err(Refused::NoRole)),
            (Some(given), Ok(Reach::Everything)) => {
                prop_assert!(given.role == Role::Administrator || (given.role == Role::Analyst && !administers));
            }
            (Some(given), Ok(Reach::Only { person, grants })) => {
                prop_assert_eq!((given.role, person.as_str(), grants), (Role::Instructor, "ana", &given.grants));
                prop_assert!(!administers);
            }
            (Some(given), Err(refused)) => {
                prop_assert_ne!(given.role, Role::Administrator);
                prop_assert_eq!(*refused == Refused::NotAllowed, administers);
                prop_assert_ne!(*refused, Refused::NoRole);
            }
        }
    }

    #[test]
    fn slices_and_courses_are_those_of_the_grants_and_no_others(grants in grants(), place in 0..REPORTS.len()) {
        let (known, report) = (known(), &REPORTS[place]);
        let reach = Reach::Only { person: "ana".into(), grants: grants.clone() };
        let cut = reach.cut_slices(report, &Numbers::of(&known));
        let seen = reach.cut_courses(known.clone());
        for course in &known.courses {
            for section in &course.sections {
                // Said once more, in other words than the code's.
                let may = grants.iter().any(|g| g.course == course.id
                    && (g.section.is_none() || g.section == Some(section.id.to_lowercase())));
                let name = if report.numbers_sections() { &section.number } else { &section.id };
                prop_assert_eq!(cut.lets_through(&course.id, name), may, "{} {}", course.code, section.number);
                let is_listed = seen.courses.iter().any(|c| c.id == course.id && c.sections.contains(section));
                prop_assert_eq!(is_listed, may);
            }
            let whole = grants.iter().any(|g| g.course == course.id && g.section.is_none());
            prop_assert_eq!(cut.lets_through(&course.id, "elsewhere"), whole);
        }
        prop_assert!(!cut.lets_through("", ""));
        prop_assert!(seen.courses.iter().all(|course| grants.iter().any(|g| g.course == course.id)));
        for (n, term) in (0u8..).zip(&known.terms) {
            // The n-th section of each course is of the n-th term.
            let may = (0u8..4).any(|course| grants.iter().any(|g| g.course == id(course)
                && g.section.as_ref().is_none_or(|s| *s == id(0x10 * (course + 1) + n))));
            prop_assert_eq!(seen.terms.contains(term), may, "{}", term.name);
        }
    }

    #[test]
    fn a_share_is_of_what_was_given_whole(standing in standing(), course in 0u8..4, section in prop::option::of(0u8..4)) {
        let (course, section) = (id(course), section.map(|s| id(0x10 * (course + 1) + s).to_uppercase()));
        let doing = Doing::Share { course: &course.to_uppercase(), section: section.as_deref() };
        let may = permit("ana", standing.as_ref(), doing).is_ok();
        let wanted = standing.is_some_and(|standing| match standing.role {
            Role::Administrator | Role::Analyst => true,
            Role::Instructor => standing.grants.iter().any(|given| given.course == course
                && (given.section.is_none() || given.section == section.as_deref().map(str::to_lowercase))),
        });
        prop_assert_eq!(may, wanted);
    }

    #[test]
    fn ids_are_compared_without_regard_to_case_and_nothing_else_is_an_id(text in "\\PC{0,40}", n in any::<u8>()) {
        let shouted = Grant { course: format!(" {} ", id(n).to_uppercase()), section: Some(id(n).to_uppercase()) };
        prop_assert_eq!(shouted.read(), Some(Grant { course: id(n), section: Some(id(n)) }));
        if let Some(read) = read_id(&text) {
            prop_assert!(read.len() == 36 && read.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'));
        }
    }
}

#[test]
fn a_section_whose_number_nobody_knows_is_not_shown_where_only_numbers_count() {
    let asset = ReportName::parse("asset").unwrap().known().unwrap();
    let grants =
        vec![Grant { course: id(0), section: Some(id(0xff)) }, Grant { course: id(1), section: None }];
    let reach = Reach::Only { person: "ana".into(), grants };
    assert!(reach.needs_numbers(asset));
    let cut = reach.cut_slices(asset, &Numbers::of(&known()));
    assert_eq!(cut, Cut::Only(vec![Grant { course: id(1), section: None }]));
    assert_eq!(Reach::Everything.cut_slices(asset, &Numbers::default()), Cut::Everything);
}

#[test]
fn a_request_of_an_instructors_counts_no_rows_of_others() {
    let window = |fault: Option<&str>| Window {
        id: "2026-02-02".into(),
        start: None,
        end: None,
        state: State::Ready,
        again: None,
        tries: 0,
        since: Timestamp(6),
        next: None,
        upstream_request_id: Some("u".into()),
        provisional_from: None,
        forgotten: None,
        fault: fault.map(str::to_owned),
        copy: Some(Copy {
            generation: 1,
            created: Timestamp(1),
            end: None,
            rows: Some(123_456),
            bytes: Some(9),
        }),
    };
    let request = Request {
        id: "r".into(),
        report: ReportName::parse("notes").unwrap(),
        from: None,
        to: None,
        tz: "UTC".into(),
        parameters: Parameters::new(),
        created: Timestamp(5),
        windows: vec![
            window(Some("Row 123,456 has 3 cells.")),
            window(Some("Echo360 could not build the report.")),
        ],
        desk: None,
    };
    assert_eq!(Reach::Everything.cut_request(request.clone()), request);
    let reach = Reach::Only { person: "ana".into(), grants: Vec::new() };
    let cut = reach.cut_request(request);
    let text = serde_json::to_string(&cut).unwrap();
    assert!(!text.contains("123") && !text.contains("bytes"), "{text}");
    assert_eq!(cut.windows[0].fault.as_deref(), Some(FAULT_CUT));
    assert_eq!(cut.windows[1].fault.as_deref(), Some(FAULT_CUT), "whatever it says");
    assert_eq!(reach.cut_fault("Row seven.".into()), FAULT_CUT);
    assert_eq!(Reach::Everything.cut_fault("Row 7.".into()), "Row 7.");
}

#[test]
fn roles_are_called_the_same_everywhere() {
    for role in Role::ALL {
        assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.slug()));
        assert_eq!(Role::parse(role.slug()), Some(role));
    }
}

#[test]
fn reach_and_cut_format_unchanged() {
    let grants = vec![Grant { course: "c".into(), section: None }];
    let reach = Reach::Only { person: "ana".into(), grants: grants.clone() };
    let text = r#"{"only":{"person":"ana","grants":[{"course":"c","section":null}]}}"#;
    assert_eq!(serde_json::to_string(&reach).unwrap(), text);
    assert_eq!(
        serde_json::to_string(&Cut::Only(grants)).unwrap(),
        r#"{"only":[{"course":"c","section":null}]}"#
    );
}
