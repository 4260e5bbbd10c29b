//! Erasure: what an administrator asks to be forgotten, and what is told of it.
//!
//! `POST /api/forget` takes an [`ErasureRequest`] and answers with an [`Erasure`]; `GET /api/forget` lists them
//! ([`Erasures`]), newest first; `DELETE /api/forget/{id}` lifts one: later copies have its rows again, what is
//! gone stays gone until its windows are asked again. Asking the same twice is asking once, and goes over all copies
//! again.
//!
//! Nothing here, and nothing that is kept, holds a person's id or e-mail address: only marks of them, made with a key
//! that each institution has of its own.

use crate::ids::{CourseId, UserId};
use crate::range::Range;
use crate::report::ReportName;
use crate::time::{Day, Timestamp, iso};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked to be forgotten: the body of `POST /api/forget`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ErasureRequest {
    /// All rows of one person, in every copy that is here and in later ones.
    Person(PersonIdentifier),
    /// All rows of a course, by its UUID.
    Course(CourseId),
    /// Whole weeks: they lose their copies, read `forgotten`, and are not asked again by themselves.
    Range(WeekRange),
}

/// How a person is named.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PersonIdentifier {
    /// By e-mail address; rows that have only the user id go too, as far as copies tell which it is.
    Email(String),
    /// By Echo360's user id (UUID); rows that have only the e-mail address go too.
    Id(UserId),
}

impl std::fmt::Debug for PersonIdentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(•••)",
            Self::Id(_) => "Id(•••)",
        })
    }
}

/// Whole weeks of one report, or of all that have dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WeekRange {
    /// The report; all of them when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The first day, a Monday (UTC): `YYYY-MM-DD`.
    pub from: String,
    /// The last day, included: a Sunday.
    pub to: String,
}

/// `GET /api/forget`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Erasures {
    /// Newest first.
    #[serde(rename = "forgettings")]
    pub erasures: Vec<Erasure>,
    /// Days after its last one for which a window's copy is kept.
    pub keep_days: u32,
}

/// Something that is forgotten, or about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Erasure {
    /// Its id.
    pub id: String,
    /// What is forgotten.
    pub what: RedactedTarget,
    /// When it was first asked.
    pub created: Timestamp,
    /// When it was last asked.
    pub asked: Timestamp,
    /// Who asked it last.
    pub by: String,
    /// How far it is.
    pub state: ErasureProgress,
    /// Windows whose copies are free of it. Begins anew when copies tell that a person has a further id.
    pub windows: u32,
    /// Windows that have to be gone over.
    #[serde(rename = "of")]
    pub windows_total: u32,
    /// Rows that were deleted so far.
    pub rows: u64,
    /// When it was done, or lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// What is forgotten, as far as it may be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RedactedTarget {
    /// A person.
    Person {
        /// The start of their mark, eight hexadecimal digits: tells them apart, and tells nobody who they are.
        mark: String,
        /// How they were named.
        named: IdentifierKind,
    },
    /// A course.
    Course {
        /// Its UUID.
        id: CourseId,
    },
    /// Whole weeks.
    Range {
        /// The report; all of them when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<ReportName>,
        /// The first day, a Monday.
        #[serde(with = "iso")]
        #[cfg_attr(feature = "schema", schemars(with = "Day"))]
        from: Day,
        /// The last day, a Sunday.
        #[serde(with = "iso")]
        #[cfg_attr(feature = "schema", schemars(with = "Day"))]
        to: Day,
    },
}

/// By what a person was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierKind {
    /// An e-mail address.
    Email,
    /// A user id.
    Id,
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ErasureProgress {
    /// Copies are being gone over.
    UnderWay,
    /// No copy has any of it.
    Done,
    /// It was taken back: later copies have its rows again.
    Lifted,
}

/// A keyed hash of an id or e-mail address, in hexadecimal: equal for equal ones, and of no use without the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonHash(pub String);

/// What is kept out of every copy, as a WindowStore is told.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstones {
    /// What marks are made with.
    pub key: String,
    /// People.
    pub people: Vec<PersonTombstone>,
    /// Courses.
    pub courses: Vec<CourseTombstone>,
}

impl Tombstones {
    /// Whether nothing is kept out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.courses.is_empty()
    }
}

impl std::fmt::Debug for Tombstones {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tombstones({} people, {} courses)", self.people.len(), self.courses.len())
    }
}

/// A person who is kept out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonTombstone {
    /// The erasure's id.
    pub erasure: String,
    /// The mark of what they were named by.
    pub given: PersonHash,
    /// Marks of the user ids that stand beside it in rows: theirs, wherever they stand.
    pub ids: Vec<PersonHash>,
    /// Marks of the e-mail addresses that stand beside it: theirs where no other user id stands.
    pub emails: Vec<PersonHash>,
}

/// A course that is kept out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseTombstone {
    /// The erasure's id.
    pub erasure: String,
    /// Its UUID.
    pub course: CourseId,
}

/// A further id of a person, found beside the one that was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IdentityLink {
    /// The erasure's id.
    pub erasure: String,
    /// What it is.
    pub by: IdentifierKind,
    /// Its mark.
    pub mark: PersonHash,
}

/// What tombstones met with in a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepFindings {
    /// Rows that were left out, by the erasure's id.
    pub dropped: BTreeMap<String, u64>,
    /// Further ids.
    pub links: BTreeSet<IdentityLink>,
    /// Courses that lost rows.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub courses: BTreeSet<CourseId>,
}

/// How going over a copy ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SweepOutcome {
    /// It is free of what was to be kept out.
    Clean {
        /// The generation that was gone over; none where no copy is here.
        #[serde(default)]
        generation: u32,
        /// What is left, when anything went: a copy of its own, under the lease.
        left: Option<RemainingRows>,
        /// What was met with.
        met: SweepFindings,
    },
    /// It could not be read, and was deleted.
    Damaged,
    /// It was replaced meanwhile: the copy that serves now has not been gone over.
    Moved,
}

/// What is left of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemainingRows {
    /// Data rows.
    pub rows: u64,
    /// Bytes of CSV, without the header.
    pub bytes: u64,
}

/// What becomes of rows from which something was counted and kept: told before it counts here, so that nothing is told of
/// somebody whose erasure is done. Copies are named by the generation that came after them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invalidation {
    /// Rows were forgotten.
    Rows {
        /// The window, by its full id.
        window: String,
        /// Of these courses; of any where nobody knows.
        courses: Option<BTreeSet<CourseId>>,
        /// They were in copies before this generation.
        before: u32,
    },
    /// Copies went for another reason, their age or a newer one: nobody can go over them for what is forgotten later.
    Copies {
        /// The window, by its full id.
        window: String,
        /// Those before this generation.
        before: u32,
    },
    /// A person is forgotten: copies that went before may have named them.
    Person,
    /// A course is forgotten, by its UUID: so may they have this.
    Course(CourseId),
    /// Weeks are forgotten: so may they have lain in them.
    Weeks {
        /// The report; all with dates when absent.
        report: Option<String>,
        /// The days.
        days: Range,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forget_format_unchanged() {
        let read = |value| serde_json::from_value::<ErasureRequest>(value).unwrap();
        assert_eq!(
            read(json!({"person": {"email": "a@b.example"}})),
            ErasureRequest::Person(PersonIdentifier::Email("a@b.example".into()))
        );
        assert_eq!(
            read(json!({"person": {"id": "u"}})),
            ErasureRequest::Person(PersonIdentifier::Id("u".into()))
        );
        assert_eq!(read(json!({"course": "c"})), ErasureRequest::Course("c".into()));
        let weeks = WeekRange { report: None, from: "2026-02-02".into(), to: "2026-02-08".into() };
        assert_eq!(
            read(json!({"range": {"from": "2026-02-02", "to": "2026-02-08"}})),
            ErasureRequest::Range(weeks.clone())
        );
        assert_eq!(
            read(json!({"range": {"report": "notes", "from": "2026-02-02", "to": "2026-02-08"}})),
            ErasureRequest::Range(WeekRange { report: Some("notes".into()), ..weeks })
        );
        for wrong in [
            json!({}),
            json!({"person": {"email": "a", "id": "b"}}),
            json!({"person": {"name": "Ada"}}),
            json!({"course": "c", "person": {"id": "u"}}),
            json!({"range": {"from": "2026-02-02", "till": "2026-02-08"}}),
        ] {
            assert!(serde_json::from_value::<ErasureRequest>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn forgetting_format_unchanged() {
        let erasure = |what| Erasure {
            id: "f".into(),
            what,
            created: Timestamp(1),
            asked: Timestamp(2),
            by: "local".into(),
            state: ErasureProgress::UnderWay,
            windows: 3,
            windows_total: 4,
            rows: 5,
            ended: None,
        };
        let shown = |what| serde_json::to_value(erasure(what)).unwrap();
        assert_eq!(
            shown(RedactedTarget::Person { mark: "0123abcd".into(), named: IdentifierKind::Email }),
            json!({
                "id": "f", "what": {"person": {"mark": "0123abcd", "named": "email"}}, "created": 1, "asked": 2,
                "by": "local", "state": "under-way", "windows": 3, "of": 4, "rows": 5,
            })
        );
        assert_eq!(shown(RedactedTarget::Course { id: "c".into() })["what"], json!({"course": {"id": "c"}}));
        let range = RedactedTarget::Range {
            report: None,
            from: "2026-02-02".parse().unwrap(),
            to: "2026-02-08".parse().unwrap(),
        };
        assert_eq!(shown(range)["what"], json!({"range": {"from": "2026-02-02", "to": "2026-02-08"}}));
    }

    #[test]
    fn who_is_to_be_forgotten_does_not_print() {
        let named = ErasureRequest::Person(PersonIdentifier::Email("ada@westmere.example".into()));
        assert!(!format!("{named:?}").contains("ada"));
    }
}
