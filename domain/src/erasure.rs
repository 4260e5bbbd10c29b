//! Erasure: deletes a person, a course or whole weeks from every copy, and keeps them out of later copies.
//!
//! `POST /api/forget` takes an [`ErasureRequest`] and returns an [`Erasure`]. `GET /api/forget` lists them
//! ([`Erasures`]). `DELETE /api/forget/{id}` cancels one: later copies contain its rows again, but deleted
//! rows come back only when their windows are requested again. Requesting the same erasure twice is one
//! erasure, which checks all copies again.
//!
//! No person's id or e-mail address is stored, only keyed hashes of them ([`PersonHash`]). Each institution
//! has a key of its own.

use crate::ids::{CourseId, UserId, may_be_email};
use crate::problem::{Code, Problem};
use crate::range::Range;
use crate::report::ReportName;
use crate::time::{Day, Timestamp, iso};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `POST /api/forget`: what to erase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ErasureRequest {
    /// All rows of one person, in current and later copies.
    Person(PersonIdentifier),
    /// All rows of the course with this UUID, in current and later copies.
    Course(CourseId),
    /// Whole weeks. Their windows lose their copies, become `forgotten`, and are not requested again by
    /// themselves.
    Range(WeekRange),
}

/// What a person is identified by, to erase their rows or to save them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PersonIdentifier {
    /// The person's e-mail address. Rows with only the user id count too, if some row has both.
    Email(String),
    /// Echo360's user id (UUID). Rows with only the e-mail address count too, if some row has both.
    Id(UserId),
}

impl PersonIdentifier {
    /// The identifier that somebody entered: an e-mail address if it has an `@`, else an id. `None` for an empty text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "" => None,
            email if email.contains('@') => Some(Self::Email(email.to_owned())),
            id => Some(Self::Id(id.into())),
        }
    }

    /// The hash of the identifier, computed by `hash`.
    ///
    /// # Errors
    /// `bad-body` if it is neither an e-mail address nor a UUID.
    pub fn hash(&self, hash: impl Fn(&str) -> PersonHash) -> Result<PersonHash, Problem> {
        match self {
            Self::Email(email) if may_be_email(email) => Ok(hash(email)),
            Self::Id(id) if id.is_uuid() => Ok(hash(id.as_str())),
            Self::Email(_) => Err(Problem::new(
                Code::BadBody,
                "`email` must be an e-mail address such as name@example.org.",
            )),
            Self::Id(_) => Err(Problem::new(
                Code::BadBody,
                "`id` must be Echo360's user id: a UUID, as in the column `userid`.",
            )),
        }
    }

    /// The kind of the identifier.
    #[must_use]
    pub fn kind(&self) -> IdentifierKind {
        match self {
            Self::Email(_) => IdentifierKind::Email,
            Self::Id(_) => IdentifierKind::Id,
        }
    }
}

impl std::fmt::Debug for PersonIdentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(•••)",
            Self::Id(_) => "Id(•••)",
        })
    }
}

/// Whole weeks of one report, or of all reports with dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WeekRange {
    /// The report's name; all reports with dates if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The first day, `YYYY-MM-DD`: a Monday in UTC.
    pub from: String,
    /// The last day, inclusive, `YYYY-MM-DD`: a Sunday in UTC.
    pub to: String,
}

/// `GET /api/forget`: all erasures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Erasures {
    /// The erasures, most recently requested first.
    #[serde(rename = "forgettings")]
    pub erasures: Vec<Erasure>,
    /// For how many days after a window's last day its rows are kept, from the setting `LECTERN_KEEP_DAYS`.
    pub keep_days: u32,
}

/// An erasure and its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Erasure {
    /// The erasure's id, 32 hexadecimal digits.
    pub id: String,
    /// What is erased.
    pub what: RedactedTarget,
    /// When it was first requested.
    pub created: Timestamp,
    /// When it was last requested.
    pub asked: Timestamp,
    /// Who requested it last, as `person` in `GET /api/session`.
    pub by: String,
    /// Its state.
    pub state: ErasureProgress,
    /// The number of windows that are free of the erased rows. Starts again when rows reveal another id of
    /// the person.
    pub windows: u32,
    /// The number of windows to check.
    #[serde(rename = "of")]
    pub windows_total: u32,
    /// The number of rows deleted so far.
    pub rows: u64,
    /// When it was completed or canceled; absent while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// What is erased, without a person's id or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RedactedTarget {
    /// A person.
    Person {
        /// The first eight hexadecimal digits of the person's keyed hash. They distinguish erasures without
        /// identifying anybody.
        mark: String,
        /// The kind of identifier in the request.
        named: IdentifierKind,
        /// The number of further user ids of the person that rows revealed. Their rows are erased too.
        ids: u32,
        /// The number of further e-mail addresses of the person that rows revealed.
        emails: u32,
    },
    /// A course.
    Course {
        /// The course's UUID, in lower case.
        id: CourseId,
    },
    /// Whole weeks.
    Range {
        /// The report's name; absent for all reports with dates.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<ReportName>,
        /// The first day, a Monday in UTC.
        #[serde(with = "iso")]
        #[cfg_attr(feature = "schema", schemars(with = "Day"))]
        from: Day,
        /// The last day, inclusive: a Sunday in UTC.
        #[serde(with = "iso")]
        #[cfg_attr(feature = "schema", schemars(with = "Day"))]
        to: Day,
    },
}

/// The kind of a person's identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierKind {
    /// An e-mail address.
    Email,
    /// Echo360's user id.
    Id,
}

/// The state of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ErasureProgress {
    /// Copies are being checked and rewritten.
    UnderWay,
    /// No copy contains any of the erased rows.
    Done,
    /// It was canceled: later copies contain the rows again.
    Lifted,
}

/// A keyed hash (HMAC-SHA-256, 128 bits) of a user id or e-mail address in lower case: 32 hexadecimal digits.
/// Useless without the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonHash(pub String);

impl PersonHash {
    /// The first eight digits, which distinguish people without identifying anybody.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.chars().take(8).collect()
    }
}

/// What a collect or erasure job must keep out of a copy.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstones {
    /// The key of the hashes.
    pub key: String,
    /// The erased people.
    pub people: Vec<PersonTombstone>,
    /// The erased courses.
    pub courses: Vec<CourseTombstone>,
}

impl Tombstones {
    /// The tombstones of one person, known by one hash.
    #[must_use]
    pub fn of_person(key: String, given: PersonHash) -> Self {
        let person = PersonTombstone { erasure: String::new(), given, ids: Vec::new(), emails: Vec::new() };
        Self { key, people: vec![person], courses: Vec::new() }
    }

    /// Adds another identifier to the person of an erasure.
    pub fn add_link(&mut self, link: &IdentityLink) {
        for person in self.people.iter_mut().filter(|person| person.erasure == link.erasure) {
            match link.by {
                IdentifierKind::Id => person.ids.push(link.mark.clone()),
                IdentifierKind::Email => person.emails.push(link.mark.clone()),
            }
        }
    }

    /// Whether there is nothing to keep out.
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

/// An erased person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonTombstone {
    /// The erasure's id.
    pub erasure: String,
    /// The hash of the identifier in the request.
    pub given: PersonHash,
    /// Hashes of the user ids that occur together with it in rows. They identify the person in every row.
    pub ids: Vec<PersonHash>,
    /// Hashes of the e-mail addresses that occur together with it. They identify the person only in rows
    /// without another user id, since a mailbox may be shared.
    pub emails: Vec<PersonHash>,
}

/// An erased course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseTombstone {
    /// The erasure's id.
    pub erasure: String,
    /// The course's UUID, in lower case.
    pub course: CourseId,
}

/// Another identifier of an erased person, found in a row together with a known one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IdentityLink {
    /// The erasure's id.
    pub erasure: String,
    /// The kind of identifier.
    pub by: IdentifierKind,
    /// The identifier's hash.
    pub mark: PersonHash,
}

/// What applying the tombstones to a copy found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepFindings {
    /// The number of dropped rows, by erasure id.
    pub dropped: BTreeMap<String, u64>,
    /// Other identifiers of erased people.
    pub links: BTreeSet<IdentityLink>,
    /// The ids of courses that lost rows.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub courses: BTreeSet<CourseId>,
}

/// The result of applying tombstones to a stored copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SweepOutcome {
    /// The copy is free of erased rows.
    Clean {
        /// The generation that was checked; 0 if there is no copy.
        #[serde(default)]
        generation: u32,
        /// The remaining rows, if any were dropped: a new copy whose generation is the job's lease.
        #[serde(rename = "left")]
        remaining: Option<RemainingRows>,
        /// What was found.
        #[serde(rename = "met")]
        findings: SweepFindings,
    },
    /// The copy could not be read, and was deleted.
    Damaged,
    /// The copy was replaced in the meantime. Its successor has not been checked.
    Moved,
}

/// The size of what remains of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemainingRows {
    /// The number of data rows.
    pub rows: u64,
    /// The bytes of CSV, without the header.
    pub bytes: u64,
}

/// Rows or copies that are gone, so that shares which counted them are withdrawn. The registry must record it
/// before the scheduler records the change, so that no share shows an erased person once the erasure is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invalidation {
    /// Rows were erased.
    Rows {
        /// The window's full id.
        window: String,
        /// The rows' courses; `None` if they are not known.
        courses: Option<BTreeSet<CourseId>>,
        /// The rows were in copies with lower generations than this.
        before: u32,
    },
    /// Copies were deleted for their age or replaced. They can no longer be checked for what is erased later.
    Copies {
        /// The window's full id.
        window: String,
        /// The copies have lower generations than this.
        before: u32,
    },
    /// A person is erased, who may have been in copies that are gone.
    Person,
    /// The course with this UUID is erased, which may have been in copies that are gone.
    Course(CourseId),
    /// Weeks are erased, whose copies may be gone already.
    Weeks {
        /// The report's name; `None` for all reports with dates.
        report: Option<String>,
        /// The erased days.
        days: Range,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn erasure_request_format_unchanged() {
        let parse = |value| serde_json::from_value::<ErasureRequest>(value).unwrap();
        assert_eq!(
            parse(json!({"person": {"email": "a@b.example"}})),
            ErasureRequest::Person(PersonIdentifier::Email("a@b.example".into()))
        );
        assert_eq!(
            parse(json!({"person": {"id": "u"}})),
            ErasureRequest::Person(PersonIdentifier::Id("u".into()))
        );
        assert_eq!(parse(json!({"course": "c"})), ErasureRequest::Course("c".into()));
        let weeks = WeekRange { report: None, from: "2026-02-02".into(), to: "2026-02-08".into() };
        assert_eq!(
            parse(json!({"range": {"from": "2026-02-02", "to": "2026-02-08"}})),
            ErasureRequest::Range(weeks.clone())
        );
        assert_eq!(
            parse(json!({"range": {"report": "notes", "from": "2026-02-02", "to": "2026-02-08"}})),
            ErasureRequest::Range(WeekRange { report: Some("notes".into()), ..weeks })
        );
        for invalid in [
            json!({}),
            json!({"person": {"email": "a", "id": "b"}}),
            json!({"person": {"name": "Ada"}}),
            json!({"course": "c", "person": {"id": "u"}}),
            json!({"range": {"from": "2026-02-02", "till": "2026-02-08"}}),
        ] {
            assert!(serde_json::from_value::<ErasureRequest>(invalid.clone()).is_err(), "{invalid}");
        }
    }

    #[test]
    fn erasure_format_unchanged() {
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
        let serialize = |what| serde_json::to_value(erasure(what)).unwrap();
        assert_eq!(
            serialize(RedactedTarget::Person {
                mark: "0123abcd".into(),
                named: IdentifierKind::Email,
                ids: 2,
                emails: 0,
            }),
            json!({
                "id": "f", "what": {"person": {"mark": "0123abcd", "named": "email", "ids": 2, "emails": 0}}, "created": 1, "asked": 2,
                "by": "local", "state": "under-way", "windows": 3, "of": 4, "rows": 5,
            })
        );
        assert_eq!(
            serialize(RedactedTarget::Course { id: "c".into() })["what"],
            json!({"course": {"id": "c"}})
        );
        let range = RedactedTarget::Range {
            report: None,
            from: "2026-02-02".parse().unwrap(),
            to: "2026-02-08".parse().unwrap(),
        };
        assert_eq!(serialize(range)["what"], json!({"range": {"from": "2026-02-02", "to": "2026-02-08"}}));
    }

    #[test]
    fn debug_output_does_not_reveal_the_person() {
        let request = ErasureRequest::Person(PersonIdentifier::Email("ada@westmere.example".into()));
        assert!(!format!("{request:?}").contains("ada"));
    }
}
