//! The role that Echo360's rows give a person in the whole institution: student or staff.
//!
//! Echo360's texts for roles vary; measures and URLs use the few values of [`InstitutionRole`]. The role is
//! institution-wide: a doctoral student who teaches a course is still a student. A cell may name several ([`RoleSet`]).

use crate::column;
use serde::{Deserialize, Serialize};

/// A person's role in the whole institution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    #[default]
    Unnamed,
}

impl InstitutionRole {
    /// Every role, in the order in which they are listed.
    pub const ALL: [Self; 6] =
        [Self::Student, Self::Instructor, Self::Assistant, Self::Administrator, Self::Other, Self::Unnamed];

    /// The role of a row, from Echo360's text in any case and spacing. Of several roles, the first of
    /// [`RoleSet::prevailing`].
    ///
    /// ```
    /// use domain::institution_role::InstitutionRole;
    /// assert_eq!(InstitutionRole::from_text("Teaching Assistant"), InstitutionRole::Assistant);
    /// assert_eq!(InstitutionRole::from_text("Student;Instructor"), InstitutionRole::Instructor);
    /// assert_eq!(InstitutionRole::from_text(""), InstitutionRole::Unnamed);
    /// ```
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        RoleSet::parse(text).prevailing()
    }

    /// Parses the name of one role; `None` for an empty one.
    fn parse_name(text: &str) -> Option<Self> {
        let key = column::normalize_name(text);
        let contains = |part: &str| key.contains(part);
        if key.is_empty() {
            None
        } else if contains("assistant") || key == "ta" {
            Some(Self::Assistant)
        } else if contains("student") || contains("learner") {
            Some(Self::Student)
        } else if contains("instructor") || contains("teacher") || contains("faculty") {
            Some(Self::Instructor)
        } else if contains("admin") {
            Some(Self::Administrator)
        } else {
            Some(Self::Other)
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

/// The roles that a cell names: mostly one, but also `Student;Instructor`, `student, ta` or `["Student"]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoleSet(u8);

impl RoleSet {
    /// The roles that a text names.
    ///
    /// ```
    /// use domain::institution_role::{InstitutionRole, RoleSet};
    /// let roles: Vec<_> = RoleSet::parse("[\"Student\", \"TA\"]").iter().collect();
    /// assert_eq!(roles, [InstitutionRole::Student, InstitutionRole::Assistant]);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_separator = |c: char| ";,|/&+[]{}\"'".contains(c) || c.is_control();
        let names = text.split(is_separator).filter_map(InstitutionRole::parse_name);
        Self(names.fold(0, |set, role| set | 1 << role as u8))
    }

    /// The only role that is named; `None` for none or several.
    #[must_use]
    #[inline]
    pub fn single(self) -> Option<InstitutionRole> {
        let is_single = self.0.is_power_of_two();
        InstitutionRole::ALL.get(self.0.trailing_zeros() as usize).copied().filter(|_| is_single)
    }

    /// All roles that either set names.
    #[must_use]
    #[inline]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether no role is named.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a role is named.
    #[must_use]
    #[inline]
    pub fn contains(self, role: InstitutionRole) -> bool {
        self.0 & 1 << role as u8 != 0
    }

    /// The roles, in the order of [`InstitutionRole::ALL`].
    pub fn iter(self) -> impl Iterator<Item = InstitutionRole> {
        InstitutionRole::ALL.into_iter().filter(move |role| self.contains(*role))
    }

    /// The role that counts if all are named equally often: any other before student, since somebody who is wrongly
    /// counted as a student does more harm to numbers about students than one who is missing.
    #[must_use]
    pub fn prevailing(self) -> InstitutionRole {
        let is_student = |role: &InstitutionRole| *role == InstitutionRole::Student;
        let first = self.iter().find(|role| !is_student(role)).or_else(|| self.iter().next());
        first.unwrap_or(InstitutionRole::Unnamed)
    }
}

impl FromIterator<InstitutionRole> for RoleSet {
    fn from_iter<T: IntoIterator<Item = InstitutionRole>>(roles: T) -> Self {
        Self(roles.into_iter().fold(0, |set, role| set | 1 << role as u8))
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

    #[test]
    fn several_roles_in_a_cell_are_told_apart() {
        use InstitutionRole::{Administrator, Assistant, Instructor, Other, Student};
        let cells: [(&str, &[InstitutionRole], InstitutionRole); 8] = [
            ("Student;Instructor", &[Student, Instructor], Instructor),
            ("student, ta", &[Student, Assistant], Assistant),
            ("[\"Student\"]", &[Student], Student),
            ("{Student,Learner}", &[Student], Student),
            ("Teaching Assistant / Student", &[Student, Assistant], Assistant),
            ("Scheduler|Student", &[Student, Other], Other),
            ("Institution Admin; INSTRUCTOR", &[Instructor, Administrator], Instructor),
            (" ;, []", &[], InstitutionRole::Unnamed),
        ];
        for (text, roles, prevailing) in cells {
            let set = RoleSet::parse(text);
            assert_eq!(
                (set.iter().collect::<Vec<_>>(), set.prevailing()),
                (roles.to_vec(), prevailing),
                "{text}"
            );
            assert_eq!((set.is_empty(), set), (roles.is_empty(), roles.iter().copied().collect()), "{text}");
            assert_eq!(set.single(), if let [role] = roles { Some(*role) } else { None }, "{text}");
        }
    }
}
