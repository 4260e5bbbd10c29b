//! The role that Echo360's rows give a person in the whole institution: student or staff.
//!
//! Echo360 writes roles as text of its own choosing; what is counted apart, and what stands in a URL, is one of
//! these few. A role is institution-wide: a doctoral student who teaches a course is still a student here.

use crate::column;
use crate::wire_enum;
use serde::{Deserialize, Serialize};

/// A kind of person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstitutionRole {
    /// Learns.
    Student,
    /// Teaches.
    Instructor,
    /// Helps somebody who teaches.
    Assistant,
    /// Runs the system.
    Administrator,
    /// Has a role that Lectern does not know.
    Other,
    /// The row names no role: somebody who came through a public link.
    Unnamed,
}

wire_enum!(InstitutionRole { 0 Student, 1 Instructor, 2 Assistant, 3 Administrator, 4 Other, 5 Unnamed });

impl InstitutionRole {
    /// Every role, in the order in which they are listed.
    pub const ALL: [Self; 6] =
        [Self::Student, Self::Instructor, Self::Assistant, Self::Administrator, Self::Other, Self::Unnamed];

    /// The role that Echo360's text means, whatever its case and spacing.
    ///
    /// ```
    /// use domain::institution_role::InstitutionRole;
    /// assert_eq!(InstitutionRole::from_text("Teaching Assistant"), InstitutionRole::Assistant);
    /// assert_eq!(InstitutionRole::from_text(""), InstitutionRole::Unnamed);
    /// ```
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let key = column::normalize_name(text);
        let has = |part: &str| key.contains(part);
        if key.is_empty() {
            Self::Unnamed
        } else if has("assistant") || key == "ta" {
            Self::Assistant
        } else if has("student") || has("learner") {
            Self::Student
        } else if has("instructor") || has("teacher") || has("faculty") {
            Self::Instructor
        } else if has("admin") {
            Self::Administrator
        } else {
            Self::Other
        }
    }

    /// The role as it stands in a URL.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Instructor => "instructor",
            Self::Assistant => "assistant",
            Self::Administrator => "administrator",
            Self::Other => "other",
            Self::Unnamed => "unnamed",
        }
    }

    /// Reads a slug; `None` for everything else, so that no name can hide in its place.
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.slug() == slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_and_stored_names_are_unchanged() {
        let slugs: Vec<_> = InstitutionRole::ALL.map(InstitutionRole::slug).into();
        assert_eq!(slugs, ["student", "instructor", "assistant", "administrator", "other", "unnamed"]);
        for role in InstitutionRole::ALL {
            assert_eq!(InstitutionRole::parse(role.slug()), Some(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.slug()));
        }
        assert_eq!(InstitutionRole::parse("Ana"), None);
    }

    #[test]
    fn roles_are_read_as_echo360_writes_them() {
        assert_eq!(InstitutionRole::from_text("Student"), InstitutionRole::Student);
        assert_eq!(InstitutionRole::from_text("STUDENT "), InstitutionRole::Student);
        assert_eq!(InstitutionRole::from_text("Student Assistant"), InstitutionRole::Assistant);
        assert_eq!(InstitutionRole::from_text("Instructor"), InstitutionRole::Instructor);
        assert_eq!(InstitutionRole::from_text("Institution Admin"), InstitutionRole::Administrator);
        assert_eq!(InstitutionRole::from_text("Scheduler"), InstitutionRole::Other);
    }
}
