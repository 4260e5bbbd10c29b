//! Authorization: who may do what, with which courses. One function, [`authorize`], decides for every route.
//!
//! What is out of reach answers exactly as what does not exist: its rows, its courses, other people's requests are
//! not there. Whoever may not see all of an institution is told no count of all of it either.

use crate::api::{Course, Courses, RequestInfo, Scope, WindowInfo};
use crate::ids::{CourseId, SectionId, normalize_text};
use crate::report::KnownReport;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody may do in Lectern. Not the role that Echo360's rows name: that is [`crate::institution_role::InstitutionRole`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything: all courses, roles, the record.
    Administrator,
    /// All courses.
    Analyst,
    /// Their courses and sections.
    Instructor,
}

impl Role {
    /// Every role, the one that may do most first.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Analyst, Self::Instructor];

    /// As it stands in JSON and in an upload.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Analyst => "analyst",
            Self::Instructor => "instructor",
        }
    }

    /// Reads a slug.
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.slug() == slug)
    }
}

/// A course that somebody may see, or one section of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The course's UUID.
    pub course: CourseId,
    /// The section's UUID; null for the whole course.
    #[serde(default)]
    pub section: Option<SectionId>,
}

impl Grant {
    /// Whether its ids are UUIDs.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.course.is_uuid() && self.section.as_ref().is_none_or(SectionId::is_uuid)
    }
}

/// The role that somebody was given, with its courses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAssignment {
    /// The role.
    pub role: Role,
    /// An instructor's courses and sections: without them nothing can be seen.
    pub grants: Vec<Grant>,
}

impl RoleAssignment {
    /// An administrator's.
    #[must_use]
    pub fn administrator() -> Self {
        Self { role: Role::Administrator, grants: Vec::new() }
    }

    /// What may be seen.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self.role {
            Role::Administrator | Role::Analyst => Scope::Everything,
            Role::Instructor => Scope::Courses(self.grants.clone()),
        }
    }
}

/// Everything that a route can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Read who one is, and learn that a route is none. Signing out asks for no role: whoever came may go.
    ViewSession,
    /// Read what can be asked for.
    ListReports,
    /// Read the courses.
    ListCourses,
    /// Ask for windows of a report.
    RequestReport {
        /// Which.
        report: &'a str,
    },
    /// Follow requests, try them again, stop them.
    ManageRequests,
    /// Read rows of a report, as frames or as CSV.
    ReadRows {
        /// Which.
        report: &'a str,
    },
    /// Read and change what others may do.
    ManageRoles,
    /// Read the record.
    ReadAuditLog,
    /// Forget people or rows.
    Erase,
    /// Make a share of a course, or of one of its sections.
    CreateShare {
        /// The course's UUID.
        course: &'a CourseId,
        /// The section's UUID; nothing for the whole course.
        section: Option<&'a SectionId>,
    },
    /// Read shares, change and revoke them: one's own, or everybody's.
    ListShares,
    /// Switch shares off and on for everybody.
    SwitchShares,
}

/// How far somebody reaches. Every answer is cut to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessScope {
    /// To all courses, and to everybody's requests.
    Everything,
    /// To some courses and sections, and to their own requests.
    Only {
        /// Who.
        person: String,
        /// What they were given.
        grants: Vec<Grant>,
    },
}

/// Why something may not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDenied {
    /// They have no role.
    NoRole,
    /// Their role does not allow it.
    NotAllowed,
    /// To them there is no such report.
    UnknownReport,
    /// To them there is no such course or section.
    UnknownCourse,
}

/// Whether somebody may do this, and how far it reaches.
///
/// # Errors
/// [`AccessDenied`].
pub fn authorize(
    person: &str,
    assignment: Option<&RoleAssignment>,
    action: Action<'_>,
) -> Result<AccessScope, AccessDenied> {
    let Some(RoleAssignment { role, grants }) = assignment else { return Err(AccessDenied::NoRole) };
    match role {
        Role::Administrator => Ok(AccessScope::Everything),
        Role::Analyst => match action {
            Action::ManageRoles | Action::ReadAuditLog | Action::Erase | Action::SwitchShares => {
                Err(AccessDenied::NotAllowed)
            }
            _ => Ok(AccessScope::Everything),
        },
        Role::Instructor => {
            let reach = AccessScope::Only { person: person.to_owned(), grants: grants.clone() };
            match action {
                Action::ManageRoles | Action::ReadAuditLog | Action::Erase | Action::SwitchShares => {
                    Err(AccessDenied::NotAllowed)
                }
                Action::CreateShare { course, section } if !reach.covers(course, section) => {
                    Err(AccessDenied::UnknownCourse)
                }
                Action::RequestReport { report } | Action::ReadRows { report }
                    if !reach.can_see_report(report) =>
                {
                    Err(AccessDenied::UnknownReport)
                }
                _ => Ok(reach),
            }
        }
    }
}

impl AccessScope {
    /// Whether this report can be seen at all: without columns that name the course, only by those who see all.
    #[must_use]
    pub fn can_see_report(&self, name: &str) -> bool {
        *self == Self::Everything || KnownReport::parse(name).is_some()
    }

    /// Whether all of this course, or of this section, can be seen: a section is not its course.
    #[must_use]
    pub fn covers(&self, course: &CourseId, section: Option<&SectionId>) -> bool {
        let Self::Only { grants, .. } = self else { return true };
        grants.iter().any(|grant| {
            grant.course == *course && (grant.section.is_none() || grant.section.as_ref() == section)
        })
    }

    /// Whether this person's requests can be seen.
    #[must_use]
    pub fn can_see_requests_of(&self, owner: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only { person, .. } => person == owner,
        }
    }

    /// The courses that can be seen, with the sections that can be and the terms that these are of. Without a section
    /// whose term is known there is none.
    #[must_use]
    pub fn filter_courses(&self, known: Courses) -> Courses {
        let Self::Only { grants, .. } = self else { return known };
        let Courses { mut courses, mut terms } = known;
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
        let named =
            |course: &Course| course.sections.iter().filter_map(|it| it.term.clone()).collect::<Vec<_>>();
        let named: BTreeSet<String> = courses.iter().flat_map(named).collect();
        terms.retain(|term| named.contains(&term.id));
        Courses { courses, terms }
    }

    /// A request without what counts rows of everybody.
    #[must_use]
    pub fn redact_request(&self, mut request: RequestInfo) -> RequestInfo {
        if *self != Self::Everything {
            request.windows.iter_mut().for_each(redact_window);
        }
        request
    }

    /// A fault as it may be told: any may count rows of everybody, or quote what Echo360 said.
    #[must_use]
    pub fn redact_fault(&self, fault: String) -> String {
        if *self == Self::Everything { fault } else { FAULT_CUT.to_owned() }
    }

    /// The slices of a report that can be seen. Reports that know a section by its number alone are cut by the
    /// numbers of `sections`: sections of one course that bear the same number in several terms are one to them.
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

    /// The slices of a report whose columns are not known: nothing says whose rows they are.
    #[must_use]
    pub fn row_filter_for_unknown_report(&self) -> RowFilter {
        if *self == Self::Everything { RowFilter::Everything } else { RowFilter::Only(Vec::new()) }
    }

    /// Whether [`AccessScope::row_filter`] needs to know the numbers of sections.
    #[must_use]
    pub fn needs_section_numbers(&self, report: KnownReport) -> bool {
        matches!(self, Self::Only { grants, .. } if grants.iter().any(|grant| grant.section.is_some()))
            && report.descriptor().identifies_sections_by_number()
    }
}

/// What is said instead of a fault, whatever it is.
const FAULT_CUT: &str = "Echo360's answer could not be used. An administrator can see why.";

fn redact_window(window: &mut WindowInfo) {
    if let Some(copy) = &mut window.copy {
        (copy.rows, copy.bytes) = (None, None);
    }
    window.fault = window.fault.take().map(|_| FAULT_CUT.to_owned());
}

/// The numbers of sections, by the ids of course and section, as slices are named by them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionNumbers(BTreeMap<(CourseId, SectionId), String>);

impl SectionNumbers {
    /// The numbers of these courses' sections; a section without one has none.
    #[must_use]
    pub fn from_courses(known: &Courses) -> Self {
        let numbers = known.courses.iter().flat_map(|course| {
            let numbered = course.sections.iter().filter(|section| !section.number.is_empty());
            numbered.map(|section| {
                ((course.id.clone(), section.id.clone()), normalize_text(&section.number).into_owned())
            })
        });
        Self(numbers.collect())
    }
}

/// Which slices of a copy may be sent: a section is named as the report's rows name it. It has no default: a cut that
/// was left out somewhere must not become one that lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowFilter {
    /// All.
    Everything,
    /// Those of these courses and sections.
    Only(Vec<SliceSelector>),
}

/// The slices of a course, or of one section of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceSelector {
    /// The course.
    pub course: CourseId,
    /// The section's id, or its number in reports that have no id; null for the whole course.
    pub section: Option<String>,
}

impl RowFilter {
    /// Whether a slice may be sent; `course` and `section` are its names in their normal form. A slice that names no
    /// course is for those who see all.
    #[must_use]
    pub fn allows(&self, course: &str, section: &str) -> bool {
        let Self::Only(selectors) = self else { return true };
        selectors.iter().any(|selector| {
            selector.course.as_str() == course
                && selector.section.as_ref().is_none_or(|wanted| wanted == section)
        })
    }
}

#[cfg(test)]
mod tests;
