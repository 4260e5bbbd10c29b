//! Authorization: who may do what, with which courses. One function, [`authorize`], decides for every route.
//!
//! What is out of scope looks exactly like what does not exist: its rows, its courses, other people's
//! requests. People who may not see everything get no counts over everything either.

use crate::api::{Course, Courses, PauseReason, RequestInfo, SchedulerInfo, WindowInfo};
use crate::ids::{CourseId, SectionId, normalize_text};
use crate::problem::{Code, Problem};
use crate::report::KnownReport;
use crate::role::{Grant, Role, RoleAssignment};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a route does, as far as authorization is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Read the session, and learn that a route does not exist. Signing out needs no role.
    ViewSession,
    /// Read the list of reports.
    ListReports,
    /// Read the list of courses.
    ListCourses,
    /// Request a range of a report.
    RequestReport {
        /// The report's name.
        report: &'a str,
    },
    /// Read, retry and stop requests.
    ManageRequests,
    /// Read rows of a report, as frames or as CSV.
    ReadRows {
        /// The report's name.
        report: &'a str,
    },
    /// Read and change people's roles.
    ManageRoles,
    /// Read the audit log.
    ReadAuditLog,
    /// Start, follow and cancel erasures.
    Erase,
    /// Save everything that is held about a person.
    ExportPerson,
    /// Read what is unusual in Echo360's files.
    ReadDataQuality,
    /// Learn which accounts are counted as shared, as hashes.
    ReadSharedAccounts,
    /// Mark accounts as shared, or as a person.
    MarkAccounts,
    /// List windows whose newer copy has lost rows, and choose one of the copies.
    ChooseCopies,
    /// Share a course, or one of its sections.
    CreateShare {
        /// The course's UUID.
        course: &'a CourseId,
        /// The section's UUID; `None` for the whole course.
        section: Option<&'a SectionId>,
    },
    /// Read, change and revoke shares: one's own; for an administrator, everybody's.
    ListShares,
    /// Switch shares off and on for the institution.
    SwitchShares,
    /// See everybody's sessions and end them. One's own need no more than a role.
    EndSessions,
}

/// What an action of a person may reach. Every response is limited to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessScope {
    /// All courses, and everybody's requests.
    Everything,
    /// Some courses and sections, and the person's own requests.
    Only {
        /// The person.
        person: String,
        /// The person's courses and sections.
        grants: Vec<Grant>,
    },
}

/// Why an action is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDenied {
    /// The person has no role.
    NoRole,
    /// The person's role does not allow the action.
    NotAllowed,
    /// The report is out of scope. The response is that for an unknown report.
    UnknownReport,
    /// The course or section is out of scope. The response is that for an unknown course.
    UnknownCourse,
}

/// Decides whether a person may perform an action, and returns the scope of the action.
///
/// # Errors
/// [`AccessDenied`], if the person may not.
pub fn authorize(
    person: &str,
    assignment: Option<&RoleAssignment>,
    action: Action<'_>,
) -> Result<AccessScope, AccessDenied> {
    let Some(RoleAssignment { role, grants }) = assignment else { return Err(AccessDenied::NoRole) };
    // Every action is listed, so that a new one is granted to nobody by default.
    match role {
        Role::Administrator => Ok(AccessScope::Everything),
        Role::Analyst => match action {
            Action::ManageRoles
            | Action::ReadAuditLog
            | Action::Erase
            | Action::ExportPerson
            | Action::ReadDataQuality
            | Action::MarkAccounts
            | Action::ChooseCopies
            | Action::SwitchShares
            | Action::EndSessions => Err(AccessDenied::NotAllowed),
            Action::ViewSession
            | Action::ListReports
            | Action::ListCourses
            | Action::RequestReport { .. }
            | Action::ManageRequests
            | Action::ReadRows { .. }
            | Action::ReadSharedAccounts
            | Action::CreateShare { .. }
            | Action::ListShares => Ok(AccessScope::Everything),
        },
        Role::Instructor => {
            let scope = AccessScope::Only { person: person.to_owned(), grants: grants.clone() };
            match action {
                Action::ManageRoles
                | Action::ReadAuditLog
                | Action::Erase
                | Action::ExportPerson
                | Action::ReadDataQuality
                | Action::MarkAccounts
                | Action::ChooseCopies
                | Action::SwitchShares
                | Action::EndSessions => Err(AccessDenied::NotAllowed),
                Action::CreateShare { course, section } if !scope.covers(course, section) => {
                    Err(AccessDenied::UnknownCourse)
                }
                Action::RequestReport { report } | Action::ReadRows { report }
                    if !scope.can_see_report(report) =>
                {
                    Err(AccessDenied::UnknownReport)
                }
                Action::ViewSession
                | Action::ListReports
                | Action::ListCourses
                | Action::RequestReport { .. }
                | Action::ManageRequests
                | Action::ReadRows { .. }
                | Action::ReadSharedAccounts
                | Action::CreateShare { .. }
                | Action::ListShares => Ok(scope),
            }
        }
    }
}

impl AccessScope {
    /// Whether a report is in scope. The columns of an unknown report do not say whose rows they are, so only
    /// people who see everything may see it.
    #[must_use]
    pub fn can_see_report(&self, name: &str) -> bool {
        *self == Self::Everything || KnownReport::parse(name).is_some()
    }

    /// Whether a whole course (without `section`) or one section is in scope. A grant of a section does not
    /// cover its course.
    #[must_use]
    pub fn covers(&self, course: &CourseId, section: Option<&SectionId>) -> bool {
        let Self::Only { grants, .. } = self else { return true };
        grants.iter().any(|grant| {
            grant.course == *course && (grant.section.is_none() || grant.section.as_ref() == section)
        })
    }

    /// Whether the requests of `owner` are in scope.
    #[must_use]
    pub fn can_see_requests_of(&self, owner: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only { person, .. } => person == owner,
        }
    }

    /// Filters courses and sections to those in scope, and terms to those of the remaining sections.
    #[must_use]
    pub fn filter_courses(&self, all: Courses) -> Courses {
        let Self::Only { grants, .. } = self else { return all };
        let Courses { mut courses, mut terms } = all;
        courses.retain_mut(|course| {
            let of_course = || grants.iter().filter(|grant| grant.course == course.id);
            if of_course().any(|grant| grant.section.is_none()) {
                return true;
            }
            let sections: BTreeSet<&SectionId> =
                of_course().filter_map(|grant| grant.section.as_ref()).collect();
            course.sections.retain(|section| sections.contains(&section.id));
            !sections.is_empty()
        });
        let terms_of = |course: &Course| {
            course.sections.iter().filter_map(|section| section.term.clone()).collect::<Vec<_>>()
        };
        let visible: BTreeSet<String> = courses.iter().flat_map(terms_of).collect();
        terms.retain(|term| visible.contains(&term.id));
        Courses { courses, terms }
    }

    /// Removes what counts or quotes rows out of scope from a request: the sizes of copies, lost rows, and faults.
    #[must_use]
    pub fn redact_request(&self, mut request: RequestInfo) -> RequestInfo {
        if *self != Self::Everything {
            request.windows.iter_mut().for_each(redact_window);
        }
        request.scheduler = request.scheduler.map(|scheduler| self.redact_scheduler(scheduler));
        request
    }

    /// Replaces what Echo360 said about the credentials by a general sentence unless everything is in scope.
    #[must_use]
    pub fn redact_scheduler(&self, mut scheduler: SchedulerInfo) -> SchedulerInfo {
        if *self != Self::Everything
            && let Some(pause) = &mut scheduler.held
            && pause.reason == PauseReason::CredentialsRefused
        {
            pause.detail = REDACTED_DENIAL.to_owned();
        }
        scheduler
    }

    /// The same in a problem.
    #[must_use]
    pub fn redact_problem(&self, mut problem: Problem) -> Problem {
        if *self != Self::Everything && problem.code == Code::CredentialsRefused {
            problem.detail = REDACTED_DENIAL.to_owned();
        }
        problem
    }

    /// Replaces a fault by a general sentence unless everything is in scope: a fault may count rows or quote
    /// Echo360.
    #[must_use]
    pub fn redact_fault(&self, fault: String) -> String {
        if *self == Self::Everything { fault } else { REDACTED_FAULT.to_owned() }
    }

    /// The filter for the slices of a known report. If the report identifies sections by number, `sections`
    /// supplies the numbers of the granted sections: one without a number is left out, and sections of a
    /// course that have the same number in several terms cannot be told apart.
    #[must_use]
    pub fn row_filter(&self, report: KnownReport, sections: &SectionNumbers) -> RowFilter {
        let Self::Only { grants, .. } = self else { return RowFilter::Everything };
        let by_number = report.descriptor().identifies_sections_by_number();
        let selectors = grants.iter().filter_map(|grant| {
            let course = grant.course.clone();
            let section = match &grant.section {
                None => None,
                Some(id) if by_number => Some(sections.0.get(&(course.clone(), id.clone()))?.clone()),
                Some(id) => Some(id.to_string()),
            };
            Some(SliceSelector { course, section })
        });
        RowFilter::Only(selectors.collect())
    }

    /// The filter for the slices of an unknown report, whose columns do not say whose rows they are.
    #[must_use]
    pub fn row_filter_for_unknown_report(&self) -> RowFilter {
        if *self == Self::Everything { RowFilter::Everything } else { RowFilter::Only(Vec::new()) }
    }

    /// Whether [`AccessScope::row_filter`] needs the numbers of sections for a report.
    #[must_use]
    pub fn needs_section_numbers(&self, report: KnownReport) -> bool {
        matches!(self, Self::Only { grants, .. } if grants.iter().any(|grant| grant.section.is_some()))
            && report.descriptor().identifies_sections_by_number()
    }
}

/// Replaces every fault for people who may not see everything.
const REDACTED_FAULT: &str = "Echo360's answer could not be used. An administrator can see why.";

/// Replaces what Echo360 said about the credentials, which may name settings, for people who may not see everything.
const REDACTED_DENIAL: &str = "Echo360 refuses Lectern's credentials. An administrator can see why.";

fn redact_window(window: &mut WindowInfo) {
    if let Some(copy) = &mut window.copy {
        (copy.rows, copy.bytes) = (None, None);
    }
    window.shrunken = None;
    window.fault = window.fault.take().map(|_| REDACTED_FAULT.to_owned());
}

/// The numbers of sections in their normal form, by the ids of course and section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionNumbers(BTreeMap<(CourseId, SectionId), String>);

impl SectionNumbers {
    /// Collects the numbers of the courses' sections. Sections without a number are left out.
    #[must_use]
    pub fn from_courses(courses: &Courses) -> Self {
        let numbers = courses.courses.iter().flat_map(|course| {
            let numbered = course.sections.iter().filter(|section| !section.number.is_empty());
            numbered.map(|section| {
                ((course.id.clone(), section.id.clone()), normalize_text(&section.number).into_owned())
            })
        });
        Self(numbers.collect())
    }
}

/// Which slices of a copy may be sent. Selectors identify sections as the report's rows do: by UUID or by
/// number. There is no `Default`, so that a forgotten filter cannot become one that allows everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowFilter {
    /// All slices.
    Everything,
    /// The slices of these courses and sections.
    Only(Vec<SliceSelector>),
}

/// The slices of a course, or of one section of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceSelector {
    /// The course.
    pub course: CourseId,
    /// The section's id, or its number in reports that have no id; `None` for the whole course.
    pub section: Option<String>,
}

impl RowFilter {
    /// Whether a slice of this course and section, both in their normal form, may be sent. A slice without a
    /// course matches only [`RowFilter::Everything`].
    ///
    /// This is the specification. The Worker filters in SQL (`worker/src/window_store/store.rs`), and its
    /// tests compare the result with this function (`tests/worker/tests/scope`).
    #[must_use]
    pub fn allows(&self, course: &str, section: &str) -> bool {
        let Self::Only(selectors) = self else { return true };
        selectors.iter().any(|selector| {
            selector.course.as_str() == course
                && selector.section.as_ref().is_none_or(|granted| granted == section)
        })
    }
}

#[cfg(test)]
mod tests;
