//! The role that Echo360's rows give a person in the whole institution: student or staff.
//!
//! Echo360's texts for roles vary; measures and URLs use the few values of [`InstitutionRole`]. The role is
//! institution-wide: a doctoral student who teaches a course is still a student.

use crate::column;
use serde::{Deserialize, Serialize};

/// A person's role in the whole institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstitutionRole {
    /// A student or learner.
    Student,
    /// An instructor, teacher or faculty member.
    Instructor,
    /// An assistant of an instructor, such as a teaching assistant.
    Assistant,
    /// An administrator of Echo360.
    Administrator,
    /// A role that Lectern does not know.
    Other,
    /// No role in the row: a visitor who came through a public link.
    Unnamed,
}

impl InstitutionRole {
    /// Every role, in the order in which they are listed.
    pub const ALL: [Self; 6] =
        [Self::Student, Self::Instructor, Self::Assistant, Self::Administrator, Self::Other, Self::Unnamed];

    /// Parses Echo360's text for a role, in any case and spacing.
    ///
    /// ```
    /// use domain::institution_role::InstitutionRole;
    /// assert_eq!(InstitutionRole::from_text("Teaching Assistant"), InstitutionRole::Assistant);
    /// assert_eq!(InstitutionRole::from_text(""), InstitutionRole::Unnamed);
    /// ```
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let key = column::normalize_name(text);
        let contains = |part: &str| key.contains(part);
        if key.is_empty() {
            Self::Unnamed
        } else if contains("assistant") || key == "ta" {
            Self::Assistant
        } else if contains("student") || contains("learner") {
            Self::Student
        } else if contains("instructor") || contains("teacher") || contains("faculty") {
            Self::Instructor
        } else if contains("admin") {
            Self::Administrator
        } else {
            Self::Other
        }
    }

    /// The role's name in URLs and JSON.
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

    /// Parses a slug; `None` for anything else, so that no person's name can stand in its place.
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
    fn the_roles_that_echo360_writes_are_recognized() {
        assert_eq!(InstitutionRole::from_text("Student"), InstitutionRole::Student);
        assert_eq!(InstitutionRole::from_text("STUDENT "), InstitutionRole::Student);
        assert_eq!(InstitutionRole::from_text("Student Assistant"), InstitutionRole::Assistant);
        assert_eq!(InstitutionRole::from_text("Instructor"), InstitutionRole::Instructor);
        assert_eq!(InstitutionRole::from_text("Institution Admin"), InstitutionRole::Administrator);
        assert_eq!(InstitutionRole::from_text("Scheduler"), InstitutionRole::Other);
    }
}
