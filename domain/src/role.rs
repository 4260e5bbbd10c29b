//! Roles, and the courses and sections that instructors are granted.

use crate::ids::{CourseId, SectionId};
use serde::{Deserialize, Serialize};

/// A person's role in Lectern, independent of the role in Echo360's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees all courses, manages roles, erasures and everybody's shares, and reads the audit log.
    Administrator,
    /// Sees all courses.
    Analyst,
    /// Sees the granted courses and sections.
    Instructor,
}

impl Role {
    /// Every role, by decreasing permissions.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Analyst, Self::Instructor];

    /// The role's name in JSON and in uploads.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Analyst => "analyst",
            Self::Instructor => "instructor",
        }
    }

    /// Parses a slug; `None` if it is unknown.
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.slug() == slug)
    }
}

/// Access to a course, or to one section of it. Ids are accepted in either case and returned in lower case.
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

/// A person's role, with an instructor's grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAssignment {
    /// The role.
    pub role: Role,
    /// An instructor's courses and sections; without any, the instructor sees nothing. Empty for other roles.
    pub grants: Vec<Grant>,
}

impl RoleAssignment {
    /// The assignment of an administrator.
    #[must_use]
    pub fn administrator() -> Self {
        Self { role: Role::Administrator, grants: Vec::new() }
    }
}
