//! Shares: links that show one view's measures to people who cannot sign in. These are the API types of
//! shares.
//!
//! A share does not change: it shows final, whole Monday weeks in the institution's time zone, of one course
//! or one of its sections, with a fixed list of measures of what students did. So no two shares divide the
//! same data differently, and numbers of few people are withheld in all of them alike
//! (`engine::disclosure_control`).

use crate::ids::{CourseId, SectionId};
use crate::report::{KnownReport, ReportName, Shape};
use crate::time::{DAY, Day, Timestamp, iso};
use serde::{Deserialize, Serialize};

/// What a share shows: `course` for all shareable reports with weeks, or the name of one shareable report.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ShareSubject {
    /// All shareable reports with weeks.
    Course,
    /// One shareable report.
    Report(KnownReport),
}

impl ShareSubject {
    /// The name of [`ShareSubject::Course`].
    const COURSE: &str = "course";

    /// Every subject, in the order of the choices on the page.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Course].into_iter().chain(KnownReport::READING_ORDER.into_iter().filter_map(Self::of_report))
    }

    /// The subject for one report; `None` if it is not shareable.
    #[must_use]
    pub fn of_report(report: KnownReport) -> Option<Self> {
        report.descriptor().share_title.map(|_| Self::Report(report))
    }

    /// Parses a subject's name; `None` if there is no such subject.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == Self::COURSE {
            return Some(Self::Course);
        }
        KnownReport::parse(text).and_then(Self::of_report)
    }

    /// The subject's name: `course`, or the report's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Course => Self::COURSE,
            Self::Report(report) => report.name(),
        }
    }

    /// The reports that the share shows, in display order.
    #[must_use]
    pub fn reports(self) -> Vec<KnownReport> {
        match self {
            Self::Course => KnownReport::READING_ORDER
                .into_iter()
                .filter(|report| {
                    report.descriptor().share_title.is_some() && report.descriptor().shape == Shape::Rows
                })
                .collect(),
            Self::Report(report) => vec![report],
        }
    }

    /// Whether the share has no days, as the library has none.
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

/// The default lifetime of a share, in days.
pub const DEFAULT_DAYS: u32 = 7;

/// The maximum lifetime of a share, in days. It can be renewed.
pub const MAX_DAYS: u32 = 90;

/// The maximum number of weeks in a share: a year may touch a 53rd week.
pub const MAX_WEEKS: usize = 53;

/// The maximum length of a share's name, in characters.
pub const MAX_NAME_LENGTH: usize = 80;

/// The maximum number of origins that may embed a share.
pub const MAX_ORIGINS: usize = 5;

/// `GET /api/shares`: a person's own shares; for an administrator, everybody's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shares {
    /// The shares, newest first.
    pub shares: Vec<Share>,
    /// Whether shares can be created and opened. An administrator switches this for the institution.
    pub on: bool,
    /// The IANA time zone of the shares' weeks. It stays that of the first share.
    pub time_zone: String,
    /// Measures over fewer students than this are withheld, from the setting `LECTERN_SMALLEST`.
    pub smallest: u32,
}

/// A share, for its owner and administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// The share's id in paths, 32 hexadecimal digits. Unlike the token, it does not open the share.
    pub id: String,
    /// The name that the owner chose. Everybody who opens the share sees it.
    pub name: String,
    /// The owner, as `person` in `GET /api/session`.
    pub owner: String,
    /// Whether the signed-in person is the owner.
    pub mine: bool,
    /// What the share shows: `course` or the name of a report.
    pub report: ShareSubject,
    /// The course's UUID.
    pub course: CourseId,
    /// The section's UUID; absent for the whole course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
    /// The Monday of the first week; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub from: Option<Day>,
    /// The Sunday of the last week; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub to: Option<Day>,
    /// When the share was created.
    pub made: Timestamp,
    /// Until when the link works.
    pub expires: Timestamp,
    /// How often the share was opened in a visible page in which somebody then clicked, typed or scrolled.
    pub opened: u64,
    /// When the share was last opened; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// The origins whose pages may embed the share, such as `https://courses.example.edu`.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Whether the link works, and why not.
    pub state: ShareState,
    /// When the link was first called with its token in the path, where logs may keep it: mail filters encode
    /// `#` as `%23`. The owner should replace the link. Absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed: Option<Timestamp>,
}

/// Whether a share's link works, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ShareState {
    /// The link works.
    Open,
    /// The share has expired. It can be renewed.
    Expired,
    /// Rows that the share counted were deleted. It cannot be renewed.
    Withdrawn,
    /// The owner may not see the course any more. The share can only be renamed or revoked.
    OutOfScope,
    /// The link was made by a version of Lectern that did not sign links. It can be replaced.
    Outdated,
}

/// `POST /api/shares`: creates a share; with `preview`, only returns what it would show. The share has the
/// whole weeks between `from` and `to`. Returns a [`CreateShareResponse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateShareRequest {
    /// What to share: `course` for all shareable reports with weeks, or the name of one shareable report.
    pub report: String,
    /// The course's UUID.
    pub course: CourseId,
    /// The section's UUID; absent for the whole course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
    /// The first day, `YYYY-MM-DD`. Left out for `asset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, inclusive, `YYYY-MM-DD`. Left out for `asset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The share's name, one line of 1 to 80 characters; the course's code if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For how many days the link works, 1 to 90; 7 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// The origins whose pages may embed the share, at most five: `https://` and a host, without a path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// Whether to create nothing, and only return what the share would show.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preview: bool,
}

/// A share that was created, previewed or changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateShareResponse {
    /// The share; absent for a preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// The token that opens the share, which is returned this once. The link is `/s#<token>`, for embedding
    /// `/s/<id>#<token>`. Absent for a preview and for a change without `rotate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// How many weeks of each report the share shows; empty for a change.
    pub contents: Vec<PanelOutline>,
}

impl std::fmt::Debug for CreateShareResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateShareResponse")
            .field("share", &self.share)
            .field("contents", &self.contents)
            .finish_non_exhaustive()
    }
}

/// How many weeks of one report a share shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PanelOutline {
    /// The report's name.
    pub report: ReportName,
    /// The number of weeks with numbers.
    pub shown: u32,
    /// The number of weeks whose numbers are withheld because of too few people.
    pub withheld: u32,
    /// The number of whole weeks in the range that are not collected or not final yet, and so are left out.
    pub missing: u32,
}

/// `POST /api/shares/{id}`: changes the given fields of a share. Returns a [`CreateShareResponse`], with a
/// token if `rotate` is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateShareRequest {
    /// The new name, one line of 1 to 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For how many days from now the link works, 1 to 90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// The new origins whose pages may embed the share, at most five. An empty list allows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// Whether to replace the token. The old link stops working.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rotate: bool,
}

/// `PUT /api/shares`: switches shares off or on for the whole institution. Returns [`Shares`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SwitchSharesRequest {
    /// Whether shares can be created and opened.
    pub on: bool,
}

/// `POST /api/shared`: opens a share. Returns [`ShareContent`], or the problem `share-gone` for whatever
/// reason. `POST /api/shared/opened`, with the same body: counts an opening.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenShareRequest {
    /// The token from the link's fragment.
    pub token: String,
    /// The share's id, if the link's path has one. The token must belong to it, since a page that may embed
    /// one share may not embed others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl std::fmt::Debug for OpenShareRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenShareRequest")
    }
}

/// The content of a share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShareContent {
    /// The name that the owner chose.
    pub name: String,
    /// The course's code and name, and the section's number, as far as they are known.
    pub of: String,
    /// Until when the link works.
    pub expires: Timestamp,
    /// The IANA time zone of the weeks.
    pub time_zone: String,
    /// Measures over fewer students than this are withheld.
    pub smallest: u32,
    /// The numbers, one panel per report.
    pub panels: Vec<SharePanel>,
    /// The content as a fragment of HTML, with charts and tables. Its wording may change.
    pub html: String,
}

/// One report in a share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SharePanel {
    /// The report's name.
    pub report: ReportName,
    /// When a report without dates was requested from Echo360; absent for a report with weeks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Timestamp>,
    /// The units of the numbers of each week, such as `minutes` and `students`.
    pub measures: Vec<String>,
    /// The weeks that are available, oldest first; for a report without dates, one entry without a Monday.
    pub weeks: Vec<ShareWeek>,
    /// Why all numbers are withheld; absent if some are shown, or if the section itself is too small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<WithheldReason>,
}

/// Why all numbers of a report are withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WithheldReason {
    /// The numbers of a course are the sum over its sections that are shown, and none is.
    SmallSections,
    /// Sections with a video that is in several of them are withheld, and no other section is shown.
    RepeatedVideos,
    /// It is not known which sections the course has.
    UnlistedSections,
    /// The numbers were published by rules that are not in force any more.
    OlderRule,
}

/// One week in a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShareWeek {
    /// The week's Monday; null for a report without dates.
    #[serde(default, with = "iso::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Day>"))]
    pub monday: Option<Day>,
    /// The numbers, in the order of `measures`; null if withheld. Either all numbers are withheld or none,
    /// except the percentage of right answers, which may be withheld alone, and is left out if no poll had a
    /// solution. Sums over people are rounded to multiples of five.
    pub numbers: Vec<Option<f64>>,
    /// Of how many of the course's sections the numbers are the sum; absent in a share of one section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sections: Option<SectionCount>,
}

/// The sections of a course that are shown in a week. Rows without a section count as one more section if they are
/// shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SectionCount {
    /// The number of sections whose numbers were added up.
    pub shown: u32,
    /// The number of sections that are taught in this week, and of other sections that are shown.
    pub of: u32,
}

/// The milliseconds of a lifetime of `days`; `None` unless it is 1 to [`MAX_DAYS`].
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
