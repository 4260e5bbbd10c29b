//! Shares: links that show one view's measures to somebody who cannot sign in. What the Worker and the page say to each
//! other about them.
//!
//! A share is frozen: whole Monday weeks in the institution's zone, all of them final, of one course or one of its
//! sections, from a fixed list of measures of what students did. So no two shares cut the same data two ways, and numbers
//! of few people are withheld by one plan for all of them (`engine::disclosure_control`).

use crate::ids::{CourseId, SectionId};
use crate::report::{KnownReport, ReportName, Shape};
use crate::time::{DAY, Day, Timestamp, iso};
use serde::{Deserialize, Serialize};

/// What a share shows. Its text is `course` or the report's API name.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ShareSubject {
    /// Every shareable report with weeks, at once.
    Course,
    /// One shareable report.
    Report(KnownReport),
}

impl ShareSubject {
    /// The text of [`ShareSubject::Course`].
    const COURSE: &str = "course";

    /// Every subject, in the order in which they are offered.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Course].into_iter().chain(KnownReport::READING_ORDER.into_iter().filter_map(Self::of_report))
    }

    /// One report; `None` when it cannot be shared.
    #[must_use]
    pub fn of_report(report: KnownReport) -> Option<Self> {
        report.descriptor().is_shareable.then_some(Self::Report(report))
    }

    /// Reads its text; `None` of whatever cannot be shared.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == Self::COURSE {
            return Some(Self::Course);
        }
        KnownReport::parse(text).and_then(Self::of_report)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Course => Self::COURSE,
            Self::Report(report) => report.name(),
        }
    }

    /// The reports that it shows, in the order in which they are shown.
    #[must_use]
    pub fn reports(self) -> Vec<KnownReport> {
        match self {
            Self::Course => KnownReport::READING_ORDER
                .into_iter()
                .filter(|report| report.descriptor().is_shareable && report.descriptor().shape == Shape::Rows)
                .collect(),
            Self::Report(report) => vec![report],
        }
    }

    /// Whether it has no days: the library as of one moment.
    #[must_use]
    pub fn is_snapshot(self) -> bool {
        match self {
            Self::Course => false,
            Self::Report(report) => report.descriptor().shape == Shape::Snapshot,
        }
    }
}

impl TryFrom<String> for ShareSubject {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` cannot be shared"))
    }
}

impl From<ShareSubject> for String {
    fn from(subject: ShareSubject) -> Self {
        subject.as_str().to_owned()
    }
}

impl std::fmt::Display for ShareSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Days for which a share stands unless somebody says otherwise.
pub const DEFAULT_DAYS: u32 = 7;

/// Days for which a share stands at most; it can be renewed.
pub const MAX_DAYS: u32 = 90;

/// Weeks that a share may show at most: a year, and a few days of a 53rd.
pub const MAX_WEEKS: usize = 53;

/// Letters of a share's name at most.
pub const MAX_NAME_LENGTH: usize = 80;

/// Origins that may embed a share at most.
pub const MAX_ORIGINS: usize = 5;

/// The token in a link: 32 bytes by chance, in base64url without padding.
pub const TOKEN_LENGTH: usize = 43;

/// `GET /api/shares`: the asker's shares, an administrator's all of the institution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shares {
    /// Newest first.
    pub shares: Vec<Share>,
    /// Whether shares can be made and opened at all: an administrator switches it.
    pub on: bool,
    /// The zone in which their weeks begin.
    pub time_zone: String,
    /// A measure over fewer students is withheld.
    pub smallest: u32,
}

/// A share, as its owner and administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// Names it in paths; it opens nothing.
    pub id: String,
    /// As its owner calls it; shown to whoever opens it.
    pub name: String,
    /// Whose it is: an address, or a word for somebody without one.
    pub owner: String,
    /// Whether that is who asks.
    pub mine: bool,
    /// What it shows.
    pub report: ShareSubject,
    /// The course's UUID.
    pub course: CourseId,
    /// The section's UUID; absent for the whole course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
    /// The first day of the view it was made from, and so of its first week; null for a snapshot.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub from: Option<Day>,
    /// The last day of its last week; null for a snapshot.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub to: Option<Day>,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it opens.
    pub expires: Timestamp,
    /// How often it was opened.
    pub opened: u64,
    /// When last; absent before the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Whose pages may embed it: origins such as `https://courses.example.edu`.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Whether it opens.
    pub state: ShareState,
}

/// Whether a share opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ShareState {
    /// It does.
    Open,
    /// Its time is over; it can be renewed.
    Expired,
    /// Rows that it counted are not there any more: it cannot be renewed.
    Withdrawn,
    /// Its owner may not see this course any more.
    OutOfScope,
}

/// `POST /api/shares`: makes a share; with `preview`, only says what it would show. `from` and `to` are days of a view: the
/// share has the whole weeks among them. Answers with [`CreateShareResponse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateShareRequest {
    /// The text of a [`ShareSubject`].
    pub report: String,
    /// The course's UUID.
    pub course: CourseId,
    /// The section's UUID; absent for the whole course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
    /// `YYYY-MM-DD`; left out for `asset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What it is called; the course's code when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For how many days it opens, from 1 to [`MAX_DAYS`]; [`DEFAULT_DAYS`] when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Origins that may embed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// Makes nothing: says what would be shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preview: bool,
}

/// A share that was made, or rotated.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateShareResponse {
    /// The share; absent of a preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// What opens it, said this once: the link is `/s#<token>`, to be embedded `/s/<id>#<token>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What it shows, by report and week.
    pub contents: Vec<PanelOutline>,
}

impl std::fmt::Debug for CreateShareResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made")
            .field("share", &self.share)
            .field("contents", &self.contents)
            .finish_non_exhaustive()
    }
}

/// How much of one report a share shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PanelOutline {
    /// The report.
    pub report: ReportName,
    /// Weeks with numbers.
    pub shown: u32,
    /// Weeks whose numbers are withheld: too few people.
    pub withheld: u32,
    /// Whole weeks of the view that cannot be shown: not here, or not final yet.
    pub missing: u32,
}

/// `POST /api/shares/{id}`: changes what it names and nothing else. Answers with [`CreateShareResponse`], whose token is there when
/// `rotate` asked for a new one. `DELETE /api/shares/{id}` revokes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateShareRequest {
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From now on so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Other origins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// Another token: the link that there was opens nothing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rotate: bool,
}

/// `PUT /api/shares`: an administrator switches shares off and on for the whole institution. Answers with [`Shares`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SwitchSharesRequest {
    /// Whether they can be made and opened.
    pub on: bool,
}

/// `POST /api/shared`: opens a share. Answers with [`ShareContent`], or with the problem `share-gone`, whatever the reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenShareRequest {
    /// What stood in the link's fragment.
    pub token: String,
    /// The share's id, where it stood in the link's path: who may embed one may not embed another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl std::fmt::Debug for OpenShareRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenShareRequest")
    }
}

/// What a share shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShareContent {
    /// What its owner calls it.
    pub name: String,
    /// The course's code and name, and the section's number, where they are known.
    pub of: String,
    /// Until when it opens.
    pub expires: Timestamp,
    /// The zone in which its weeks begin.
    pub time_zone: String,
    /// A measure over fewer students is withheld.
    pub smallest: u32,
    /// Its numbers.
    pub panels: Vec<SharePanel>,
    /// All of it as it is shown: a fragment of a page.
    pub html: String,
}

/// One report of a share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SharePanel {
    /// The report.
    pub report: ReportName,
    /// Of when a snapshot is; absent of a report with weeks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Timestamp>,
    /// What is counted, in words, in the order of each week's numbers.
    pub measures: Vec<String>,
    /// Its weeks, oldest first; of a snapshot, one without a day.
    pub weeks: Vec<ShareWeek>,
}

/// A week of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShareWeek {
    /// Its Monday; null of a snapshot.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub monday: Option<Day>,
    /// Its numbers; null where they are withheld, all or none of them save a share of right answers. That is left out where
    /// no poll had a solution.
    pub numbers: Vec<Option<f64>>,
}

/// How long a share stands, in milliseconds; `None` of a number of days that is not allowed.
#[must_use]
pub fn lifetime(days: u32) -> Option<i64> {
    (1..=MAX_DAYS).contains(&days).then(|| i64::from(days) * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_subject_format_unchanged() {
        let texts: Vec<&str> = ShareSubject::all().map(ShareSubject::as_str).collect();
        assert_eq!(
            texts,
            ["course", "videoview", "presentation", "confused", "polling", "qanda", "notes", "asset"]
        );
        for subject in ShareSubject::all() {
            let json = serde_json::to_string(&subject).unwrap();
            assert_eq!(json, format!("\"{subject}\""));
            assert_eq!(serde_json::from_str::<ShareSubject>(&json).unwrap(), subject);
        }
        for text in ["assetbydate", "visit", "Course", ""] {
            assert_eq!(ShareSubject::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_course_is_shared_as_every_report_with_weeks() {
        let names: Vec<&str> = ShareSubject::Course.reports().into_iter().map(KnownReport::name).collect();
        assert_eq!(names, ["videoview", "presentation", "confused", "polling", "qanda", "notes"]);
    }
}
