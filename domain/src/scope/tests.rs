use super::*;
use crate::api::{CopyInfo, Pause, RowLoss, Section, WindowStatus};
use crate::calendar::Breaks;
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

/// Four courses with four sections each, numbered 000 to 003. Sections with the same number share a term; 003
/// has none.
fn all_courses() -> Courses {
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
        breaks: Breaks::default(),
    };
    Courses { courses: (0..4).map(course).collect(), terms: (0..3).map(term).collect() }
}

fn assignments() -> impl Strategy<Value = Option<RoleAssignment>> {
    prop::option::of(
        (prop::sample::select(Role::ALL.to_vec()), grants())
            .prop_map(|(role, grants)| RoleAssignment { role, grants }),
    )
}

const ACTIONS: [Action<'static>; 20] = [
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
    Action::ExportPerson,
    Action::ReadDataQuality,
    Action::ChooseCopies,
    Action::ReadSharedAccounts,
    Action::MarkAccounts,
    Action::ListShares,
    Action::SwitchShares,
    Action::EndSessions,
];

proptest! {
    #[test]
    fn no_scope_exceeds_the_role(assignment in assignments(), action in prop::sample::select(ACTIONS.to_vec()), share in any::<bool>()) {
        let course = CourseId::from("c");
        let action = if share { Action::CreateShare { course: &course, section: None } } else { action };
        let decision = authorize("ana", assignment.as_ref(), action);
        let is_administrative = matches!(action, Action::ManageRoles | Action::ReadAuditLog | Action::Erase | Action::ExportPerson | Action::ReadDataQuality | Action::MarkAccounts | Action::ChooseCopies | Action::SwitchShares | Action::EndSessions);
        match (&assignment, &decision) {
            (None, decision) => prop_assert_eq!(decision, &Err(AccessDenied::NoRole)),
            (Some(RoleAssignment { role, .. }), Ok(AccessScope::Everything)) => {
                prop_assert!(*role == Role::Administrator || (*role == Role::Analyst && !is_administrative));
            }
            (Some(assignment), Ok(AccessScope::Only { person, grants })) => {
                prop_assert_eq!(
                    (assignment.role, person.as_str(), grants),
                    (Role::Instructor, "ana", &assignment.grants)
                );
                prop_assert!(!is_administrative);
            }
            (Some(assignment), Err(denied)) => {
                prop_assert_ne!(assignment.role, Role::Administrator);
                prop_assert_eq!(*denied == AccessDenied::NotAllowed, is_administrative);
                prop_assert_ne!(*denied, AccessDenied::NoRole);
            }
        }
    }

    #[test]
    fn exactly_the_granted_slices_courses_and_terms_are_visible(grants in grants(), report in prop::sample::select(KnownReport::ALL.to_vec())) {
        let all = all_courses();
        let scope = AccessScope::Only { person: "ana".into(), grants: grants.clone() };
        let filter = scope.row_filter(report, &SectionNumbers::from_courses(&all));
        let visible = scope.filter_courses(all.clone());
        for course in &all.courses {
            for section in &course.sections {
                // The rule once more, independent of the code under test.
                let is_granted = grants.iter().any(|g| g.course == course.id
                    && (g.section.is_none() || g.section.as_ref() == Some(&section.id)));
                let name = if report.descriptor().identifies_sections_by_number() { &section.number } else { section.id.as_str() };
                prop_assert_eq!(filter.allows(course.id.as_str(), name), is_granted, "{} {}", course.code, section.number);
                let is_listed = visible.courses.iter().any(|c| c.id == course.id && c.sections.contains(section));
                prop_assert_eq!(is_listed, is_granted);
            }
            let whole = grants.iter().any(|g| g.course == course.id && g.section.is_none());
            prop_assert_eq!(filter.allows(course.id.as_str(), "elsewhere"), whole);
        }
        prop_assert!(!filter.allows("", ""));
        prop_assert!(visible.courses.iter().all(|course| grants.iter().any(|g| g.course == course.id)));
        for (n, term) in (0u8..).zip(&all.terms) {
            // Section n of each course is in term n.
            let is_granted = (0u8..4).any(|course| grants.iter().any(|g| g.course == id(course)
                && g.section.as_ref().is_none_or(|s| *s == id::<SectionId>(0x10 * (course + 1) + n))));
            prop_assert_eq!(visible.terms.contains(term), is_granted, "{}", term.name);
        }
    }

    #[test]
    fn only_a_granted_course_or_section_can_be_shared(assignment in assignments(), course in 0u8..4, section in prop::option::of(0u8..4)) {
        let section = section.map(|s| SectionId::from(uuid(0x10 * (course + 1) + s).to_uppercase()));
        let course = CourseId::from(uuid(course).to_uppercase());
        let action = Action::CreateShare { course: &course, section: section.as_ref() };
        let is_allowed = authorize("ana", assignment.as_ref(), action).is_ok();
        let expected = assignment.is_some_and(|assignment| match assignment.role {
            Role::Administrator | Role::Analyst => true,
            Role::Instructor => assignment.grants.iter().any(|grant| grant.course == course
                && (grant.section.is_none() || grant.section == section)),
        });
        prop_assert_eq!(is_allowed, expected);
    }

    #[test]
    fn grants_are_normalized_to_lower_case_and_ids_are_uuids(text in "\\PC{0,40}", n in any::<u8>()) {
        let upper = Grant {
            course: format!(" {} ", uuid(n).to_uppercase()).into(),
            section: Some(uuid(n).to_uppercase().into()),
        };
        prop_assert!(upper.is_well_formed());
        prop_assert_eq!(upper, Grant { course: id(n), section: Some(id(n)) });
        if let Some(id) = CourseId::parse(&text) {
            let id = id.as_str();
            prop_assert!(id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'));
        }
    }
}

#[test]
fn a_section_without_a_known_number_is_hidden_in_reports_by_number() {
    let asset = KnownReport::Asset;
    let grants =
        vec![Grant { course: id(0), section: Some(id(0xff)) }, Grant { course: id(1), section: None }];
    let scope = AccessScope::Only { person: "ana".into(), grants };
    assert!(scope.needs_section_numbers(asset));
    let filter = scope.row_filter(asset, &SectionNumbers::from_courses(&all_courses()));
    assert_eq!(filter, RowFilter::Only(vec![SliceSelector { course: id(1), section: None }]));
    assert_eq!(AccessScope::Everything.row_filter(asset, &SectionNumbers::default()), RowFilter::Everything);
}

#[test]
fn an_instructor_sees_no_counts_or_faults_of_a_request() {
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
        shrunken: Some(RowLoss { rows: 123_456, new_rows: 1 }),
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
    let scope = AccessScope::Only { person: "ana".into(), grants: Vec::new() };
    let redacted = scope.redact_request(request);
    let text = serde_json::to_string(&redacted).unwrap();
    assert!(!text.contains("123") && !text.contains("bytes"), "{text}");
    assert_eq!(redacted.windows[0].fault.as_deref(), Some(REDACTED_FAULT));
    assert_eq!(redacted.windows[1].fault.as_deref(), Some(REDACTED_FAULT), "a fault without numbers");
    assert_eq!(scope.redact_fault("Row seven.".into()), REDACTED_FAULT);
    assert_eq!(AccessScope::Everything.redact_fault("Row 7.".into()), "Row 7.");
}

#[test]
fn only_people_who_see_everything_read_what_echo360_says_about_the_credentials() {
    let said = "It said: the client of Prof. Ana is locked.";
    let scheduler = |reason| SchedulerInfo {
        in_flight: 0,
        queued: 0,
        usual: None,
        held: Some(Pause { reason, detail: said.into(), until: Timestamp(5) }),
    };
    let denied = scheduler(PauseReason::CredentialsRefused);
    let problem = Problem::new(Code::CredentialsRefused, said);
    assert_eq!(AccessScope::Everything.redact_scheduler(denied.clone()), denied);
    assert_eq!(AccessScope::Everything.redact_problem(problem.clone()), problem);
    let scope = AccessScope::Only { person: "ana".into(), grants: Vec::new() };
    let redacted = scope.redact_problem(problem);
    assert_eq!((redacted.code, redacted.detail.as_str()), (Code::CredentialsRefused, REDACTED_DENIAL));
    assert_eq!(scope.redact_scheduler(denied).held.unwrap().detail, REDACTED_DENIAL);
    // The other reasons are in Lectern's own words.
    let down = scheduler(PauseReason::UpstreamDown);
    assert_eq!(scope.redact_scheduler(down.clone()), down);
}

#[test]
fn slugs_of_roles_equal_their_json_names() {
    for role in Role::ALL {
        assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.slug()));
        assert_eq!(Role::parse(role.slug()), Some(role));
    }
}

#[test]
fn access_scope_and_row_filter_format_unchanged() {
    let grants = vec![Grant { course: "c".into(), section: None }];
    let selectors = vec![SliceSelector { course: "c".into(), section: None }];
    let scope = AccessScope::Only { person: "ana".into(), grants };
    let text = r#"{"only":{"person":"ana","grants":[{"course":"c","section":null}]}}"#;
    assert_eq!(serde_json::to_string(&scope).unwrap(), text);
    assert_eq!(
        serde_json::to_string(&RowFilter::Only(selectors)).unwrap(),
        r#"{"only":[{"course":"c","section":null}]}"#
    );
}
