//! The eight reports that Lectern knows, with their columns as the vendor's reference gives them.

use crate::column;
use crate::wire::{Reader, Wire};
use serde::{Deserialize, Serialize};

/// The name of a report as Echo360 spells it in a path: letters, digits, `_`, `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReportName(String);

impl ReportName {
    /// Reads a name; `None` when it could not stand in a path as it is.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        (plain && (1..=40).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The name as it stands in a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What Lectern knows of it, when it is one of the eight.
    #[must_use]
    pub fn known(&self) -> Option<&'static Report> {
        REPORTS.iter().find(|report| report.name == self.0)
    }
}

impl Wire for ReportName {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::parse(&String::read(from)?)
    }
}

impl TryFrom<String> for ReportName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no report's name"))
    }
}

impl From<ReportName> for String {
    fn from(name: ReportName) -> Self {
        name.0
    }
}

impl std::fmt::Display for ReportName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a report's rows relate to time, which decides how a range is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A timestamp in each row: whole Monday weeks, trimmed afterwards to any days in any zone.
    Rows,
    /// Each row is a sum over the asked window: cannot be trimmed, so cut at the range's own UTC days.
    Sums,
    /// No dates at all: everything, as of the moment it was built.
    Snapshot,
}

/// What Lectern knows of one report.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// As in a path.
    pub name: &'static str,
    /// As a teacher would say it.
    pub title: &'static str,
    /// How its rows relate to time.
    pub shape: Shape,
    /// The documented columns, in their order; `email` stands for the ones whose name the reference lost.
    pub columns: &'static [&'static str],
    /// The column with the row's time, for [`Shape::Rows`].
    pub time: Option<&'static str>,
    /// The column with the course's UUID.
    pub course: &'static str,
    /// The column that tells sections of a course apart: a UUID, or the section's number.
    pub section: &'static str,
    /// Columns without which a file is not this report at all.
    pub essential: &'static [&'static str],
    /// Days back that may be asked for, where the reference bounds it.
    pub days_back: Option<u64>,
}

impl Report {
    /// Whether its rows hold what people wrote or typed themselves: shown only when somebody chooses so.
    #[must_use]
    pub fn has_free_text(&self) -> bool {
        matches!(self.name, "qanda" | "notes" | "polling")
    }

    /// Whether its rows tell sections apart by their numbers, not by their UUIDs.
    #[must_use]
    pub fn identifies_sections_by_number(&self) -> bool {
        self.section == "section_number"
    }

    /// The first essential column that `header` lacks, if any. New columns and other spellings are welcome.
    pub fn missing_from<S: AsRef<str>>(&self, header: &[S]) -> Option<&'static str> {
        self.essential.iter().copied().find(|name| column::position(header, name).is_none())
    }
}

const ASSET_COLUMNS: &[&str] = &[
    "video_name",
    "create_date",
    "section_number",
    "owner_name",
    "mediaid",
    "scheduled",
    "course_identifier",
    "organization_name",
    "department_name",
    "room_name",
    "building_name",
    "campus_name",
    "term_name",
    "transcribed",
    "device",
    "video_duration_in_minutes",
    "last_view",
    "view_count",
    "downloads",
    "view_duration_in_minutes",
    "public",
    "private",
    "live",
    "on_demand",
    "published_date",
];

const ASSET_ESSENTIAL: &[&str] = &["mediaid", "course_identifier", "section_number", "view_count"];

/// The eight reports of the vendor's reference, in its order.
pub const REPORTS: &[Report] = &[
    Report {
        name: "asset",
        title: "Library: every video, all time",
        shape: Shape::Snapshot,
        columns: ASSET_COLUMNS,
        time: None,
        course: "course_identifier",
        section: "section_number",
        essential: ASSET_ESSENTIAL,
        days_back: None,
    },
    Report {
        name: "assetbydate",
        title: "Library: videos by week",
        shape: Shape::Sums,
        columns: ASSET_COLUMNS,
        time: None,
        course: "course_identifier",
        section: "section_number",
        essential: ASSET_ESSENTIAL,
        // "up to one year prior to the date the report is requested"
        days_back: Some(365),
    },
    Report {
        name: "presentation",
        title: "Slide views",
        shape: Shape::Rows,
        columns: &[
            "presentationID",
            "presentationName",
            "sectionId",
            "sectionNumber",
            "courseId",
            "courseIdentifier",
            "courseName",
            "event_timestamp",
            "userid",
            "firstname",
            "lastname",
            "email",
            "role",
            "slide_count",
        ],
        time: Some("event_timestamp"),
        course: "courseId",
        section: "sectionId",
        essential: &["presentationID", "sectionId", "courseId", "event_timestamp", "userid"],
        days_back: None,
    },
    Report {
        name: "videoview",
        title: "Videos watched",
        shape: Shape::Rows,
        columns: &[
            "VideoId",
            "VideoName",
            "sectionId",
            "sectionNumber",
            "courseId",
            "courseIdentifier",
            "courseName",
            "event_timestamp",
            "duration_Minute",
            "userid",
            "firstname",
            "lastname",
            "email",
            "role",
        ],
        time: Some("event_timestamp"),
        course: "courseId",
        section: "sectionId",
        essential: &["VideoId", "sectionId", "courseId", "event_timestamp", "userid"],
        days_back: None,
    },
    Report {
        name: "confused",
        title: "Confusion marks",
        shape: Shape::Rows,
        columns: &[
            "PresentationID",
            "PresentationName",
            "sectionId",
            "sectionNumber",
            "courseId",
            "courseIdentifier",
            "courseName",
            "event_timestamp",
            "userid",
            "firstname",
            "lastname",
            "email",
            "role",
        ],
        time: Some("event_timestamp"),
        course: "courseId",
        section: "sectionId",
        essential: &["PresentationID", "sectionId", "courseId", "event_timestamp", "userid"],
        days_back: None,
    },
    Report {
        name: "polling",
        title: "Poll answers",
        shape: Shape::Rows,
        columns: &[
            "presentation_id",
            "presentation_name",
            "sectionId",
            "sectionNumber",
            "courseId",
            "courseIdentifier",
            "courseName",
            "activity_id",
            "activity_prompt",
            "activity_content",
            "solution",
            "event_timestamp",
            "answer_id",
            "answer",
            "isCorrect",
            "userid",
            "firstname",
            "lastname",
            "email",
            "role",
        ],
        time: Some("event_timestamp"),
        course: "courseId",
        section: "sectionId",
        essential: &["sectionId", "courseId", "activity_id", "event_timestamp", "answer", "userid"],
        days_back: None,
    },
    Report {
        name: "qanda",
        title: "Questions and answers",
        shape: Shape::Rows,
        columns: &[
            "questionid",
            "question",
            "sectionId",
            "sectionNumber",
            "courseId",
            "courseIdentifier",
            "courseName",
            "question_userid",
            "question_firstname",
            "question_lastname",
            "question_email",
            "question_role",
            "answerid",
            "answer",
            "event_timestamp",
            "answer_userid",
            "answer_firstname",
            "answer_lastname",
            "answer_email",
            "answer_role",
        ],
        time: Some("event_timestamp"),
        course: "courseId",
        section: "sectionId",
        essential: &["questionid", "sectionId", "courseId", "answerid", "event_timestamp"],
        days_back: None,
    },
    Report {
        name: "notes",
        title: "Notes",
        shape: Shape::Rows,
        columns: &[
            "PresentationID",
            "PresentationName",
            "sectionId",
            "sectionNumber",
            "courseId",
            "courseIdentifier",
            "courseName",
            "content",
            "note_count",
            "event_timestamp",
            "userid",
            "firstname",
            "lastname",
            "email",
            "role",
        ],
        time: Some("event_timestamp"),
        course: "courseId",
        section: "sectionId",
        essential: &["PresentationID", "sectionId", "courseId", "note_count", "event_timestamp", "userid"],
        days_back: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_names_a_documented_column() {
        assert_eq!(REPORTS.len(), 8);
        for report in REPORTS {
            let roles = [Some(report.course), Some(report.section), report.time];
            for role in roles.into_iter().flatten().chain(report.essential.iter().copied()) {
                assert!(column::position(report.columns, role).is_some(), "{} {role}", report.name);
            }
            assert_eq!(report.time.is_some(), report.shape == Shape::Rows);
            assert_eq!(report.missing_from(report.columns), None);
        }
    }

    #[test]
    fn another_spelling_of_a_header_is_the_same_header() {
        let videoview = ReportName::parse("videoview").unwrap().known().unwrap();
        let shouted: Vec<String> =
            videoview.columns.iter().map(|c| c.to_uppercase().replace("ID", " Id")).collect();
        assert_eq!(videoview.missing_from(&shouted), None);
        assert_eq!(videoview.missing_from(&["VideoId", "sectionId"]), Some("courseId"));
    }

    #[test]
    fn a_name_that_could_leave_its_path_is_refused() {
        for wrong in ["", "../secrets", "Video View", "a/b", "é", &"x".repeat(41)] {
            assert_eq!(ReportName::parse(wrong), None, "{wrong}");
        }
        assert!(ReportName::parse("pollingv2").is_some());
    }
}
