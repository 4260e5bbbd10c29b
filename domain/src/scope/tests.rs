use super::*;
use crate::api::{CopyInfo, Section, WindowStatus};
use crate::directory::Term;
use crate::report::{KnownReport, ReportName};
use crate::time::Timestamp;
use crate::window::Parameters;
use proptest::prelude::*;

fn uuid(n: u8) -> String {
    format!("{n:08x}-0000-4000-8000-00000000000a")
}

fn id<T: From<String>>(n: u8) -> T {
    uuid(n).into()
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
            id: uuid(0x10 * (course + 1) + s).to_uppercase().into(),
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

fn standing() -> impl Strategy<Value = Option<RoleAssignment>> {
    prop::option::of(
        (prop::sample::select(Role::ALL.to_vec()), grants())
            .prop_map(|(role, grants)| RoleAssignment { role, grants }),
    )
}

const DOINGS: [Action<'static>; 14] = [
    Action::ViewSession,
    Action::ListReports,
    Action::ListCourses,
    Action::RequestReport { report: "notes" },
    Action::RequestReport { report: "visit" },
    Action::ManageRequests,
    Action::ReadRows { report: "asset" },
    Action::ReadRows { report: "visit" },
    Action::ReadRows { report: "../asset" },
    Action::ManageRoles,
    Action::ReadAuditLog,
    Action::Erase,
    Action::ListShares,
    Action::SwitchShares,
];

proptest! {
    #[test]
    fn nobody_reaches_further_than_their_role(standing in standing(), doing in prop::sample::select(DOINGS.to_vec()), share in any::<bool>()) {
        let course = CourseId::from("c");
        let doing = if share { Action::CreateShare { course: &course, section: None } } else { doing };
        let reach = authorize("ana", standing.as_ref(), doing);
        let administers = matches!(doing, Action::ManageRoles | Action::ReadAuditLog | Action::Erase | Action::SwitchShares);
        match (&standing, &reach) {
            (None, reach) => prop_assert_eq!(reach, &Err(AccessDenied::NoRole)),
            (Some(given), Ok(AccessScope::Everything)) => {
                prop_assert!(given.role == Role::Administrator || (given.role == Role::Analyst && !administers));
            }
            (Some(given), Ok(AccessScope::Only { person, grants })) => {
                prop_assert_eq!((given.role, person.as_str(), grants), (Role::Instructor, "ana", &given.grants));
                prop_assert!(!administers);
            }
            (Some(given), Err(refused)) => {
                prop_assert_ne!(given.role, Role::Administrator);
                prop_assert_eq!(*refused == AccessDenied::NotAllowed, administers);
                prop_assert_ne!(*refused, AccessDenied::NoRole);
            }
        }
    }

    #[test]
    fn slices_and_courses_are_those_of_the_grants_and_no_others(grants in grants(), report in prop::sample::select(KnownReport::ALL.to_vec())) {
        let known = known();
        let reach = AccessScope::Only { person: "ana".into(), grants: grants.clone() };
        let cut = reach.row_filter(report, &SectionNumbers::from_courses(&known));
        let seen = reach.filter_courses(known.clone());
        for course in &known.courses {
            for section in &course.sections {
                // Said once more, in other words than the code's.
                let may = grants.iter().any(|g| g.course == course.id
                    && (g.section.is_none() || g.section.as_ref() == Some(&section.id)));
                let name = if report.descriptor().identifies_sections_by_number() { &section.number } else { section.id.as_str() };
                prop_assert_eq!(cut.allows(course.id.as_str(), name), may, "{} {}", course.code, section.number);
                let is_listed = seen.courses.iter().any(|c| c.id == course.id && c.sections.contains(section));
                prop_assert_eq!(is_listed, may);
            }
            let whole = grants.iter().any(|g| g.course == course.id && g.section.is_none());
            prop_assert_eq!(cut.allows(course.id.as_str(), "elsewhere"), whole);
        }
        prop_assert!(!cut.allows("", ""));
        prop_assert!(seen.courses.iter().all(|course| grants.iter().any(|g| g.course == course.id)));
        for (n, term) in (0u8..).zip(&known.terms) {
            // The n-th section of each course is of the n-th term.
            let may = (0u8..4).any(|course| grants.iter().any(|g| g.course == id(course)
                && g.section.as_ref().is_none_or(|s| *s == id::<SectionId>(0x10 * (course + 1) + n))));
            prop_assert_eq!(seen.terms.contains(term), may, "{}", term.name);
        }
    }

    #[test]
    fn a_share_is_of_what_was_given_whole(standing in standing(), course in 0u8..4, section in prop::option::of(0u8..4)) {
        let section = section.map(|s| SectionId::from(uuid(0x10 * (course + 1) + s).to_uppercase()));
        let course = CourseId::from(uuid(course).to_uppercase());
        let doing = Action::CreateShare { course: &course, section: section.as_ref() };
        let may = authorize("ana", standing.as_ref(), doing).is_ok();
        let wanted = standing.is_some_and(|standing| match standing.role {
            Role::Administrator | Role::Analyst => true,
            Role::Instructor => standing.grants.iter().any(|given| given.course == course
                && (given.section.is_none() || given.section == section)),
        });
        prop_assert_eq!(may, wanted);
    }

    #[test]
    fn ids_are_compared_without_regard_to_case_and_nothing_else_is_an_id(text in "\\PC{0,40}", n in any::<u8>()) {
        let upper = Grant {
            course: format!(" {} ", uuid(n).to_uppercase()).into(),
            section: Some(uuid(n).to_uppercase().into()),
        };
        prop_assert!(upper.is_well_formed());
        prop_assert_eq!(upper, Grant { course: id(n), section: Some(id(n)) });
        if let Some(read) = CourseId::parse(&text) {
            let read = read.as_str();
            prop_assert!(read.len() == 36 && read.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'));
        }
    }
}

#[test]
fn a_section_whose_number_nobody_knows_is_not_shown_where_only_numbers_count() {
    let asset = KnownReport::Asset;
    let grants =
        vec![Grant { course: id(0), section: Some(id(0xff)) }, Grant { course: id(1), section: None }];
    let reach = AccessScope::Only { person: "ana".into(), grants };
    assert!(reach.needs_section_numbers(asset));
    let cut = reach.row_filter(asset, &SectionNumbers::from_courses(&known()));
    assert_eq!(cut, RowFilter::Only(vec![SliceSelector { course: id(1), section: None }]));
    assert_eq!(AccessScope::Everything.row_filter(asset, &SectionNumbers::default()), RowFilter::Everything);
}

#[test]
fn a_request_of_an_instructors_counts_no_rows_of_others() {
    let window = |fault: Option<&str>| WindowInfo {
        id: "2026-02-02".into(),
        start: None,
        end: None,
        state: WindowStatus::Ready,
        again: None,
        tries: 0,
        since: Timestamp(6),
        next: None,
        upstream_request_id: Some("u".into()),
        provisional_from: None,
        forgotten: None,
        fault: fault.map(str::to_owned),
        copy: Some(CopyInfo {
            generation: 1,
            created: Timestamp(1),
            end: None,
            rows: Some(123_456),
            bytes: Some(9),
        }),
    };
    let request = RequestInfo {
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
        scheduler: None,
    };
    assert_eq!(AccessScope::Everything.redact_request(request.clone()), request);
    let reach = AccessScope::Only { person: "ana".into(), grants: Vec::new() };
    let cut = reach.redact_request(request);
    let text = serde_json::to_string(&cut).unwrap();
    assert!(!text.contains("123") && !text.contains("bytes"), "{text}");
    assert_eq!(cut.windows[0].fault.as_deref(), Some(FAULT_CUT));
    assert_eq!(cut.windows[1].fault.as_deref(), Some(FAULT_CUT), "whatever it says");
    assert_eq!(reach.redact_fault("Row seven.".into()), FAULT_CUT);
    assert_eq!(AccessScope::Everything.redact_fault("Row 7.".into()), "Row 7.");
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
    let selectors = vec![SliceSelector { course: "c".into(), section: None }];
    let reach = AccessScope::Only { person: "ana".into(), grants };
    let text = r#"{"only":{"person":"ana","grants":[{"course":"c","section":null}]}}"#;
    assert_eq!(serde_json::to_string(&reach).unwrap(), text);
    assert_eq!(
        serde_json::to_string(&RowFilter::Only(selectors)).unwrap(),
        r#"{"only":[{"course":"c","section":null}]}"#
    );
}
