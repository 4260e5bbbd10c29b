//! The reports that Lectern knows, each described once.
//!
//! [`ReportName`] is any name that Echo360 may list. [`KnownReport`] has one variant per report in the
//! vendor's reference, and [`KnownReport::descriptor`] returns its title, columns, shape, unit and other
//! constants. Code that distinguishes reports matches on [`KnownReport`] without `_`, so that the compiler
//! names every place to consider for a new report. Names are compared as text only in [`KnownReport::parse`].
//!
//! To add a report, add a variant and its descriptor, and follow the compiler's errors. Add it by hand to
//! [`KnownReport::COUNT`], [`KnownReport::ALL`] and [`KnownReport::READING_ORDER`], which the compiler does
//! not ask for. "How to add" in `ARCHITECTURE.md` lists all files.

use crate::activity::ActivityKind;
use crate::column;
use serde::{Deserialize, Serialize};

/// The name of a report in Echo360's paths: 1 to 40 letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct ReportName(String);

impl ReportName {
    /// Parses a name; `None` if it is not valid in a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        (is_plain && (1..=40).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The known report of this name; `None` if Lectern does not know it.
    #[must_use]
    pub fn known(&self) -> Option<KnownReport> {
        KnownReport::parse(&self.0)
    }
}

impl TryFrom<String> for ReportName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a report's name"))
    }
}

impl From<ReportName> for String {
    fn from(name: ReportName) -> Self {
        name.0
    }
}

impl From<KnownReport> for ReportName {
    fn from(report: KnownReport) -> Self {
        Self(report.name().to_owned())
    }
}

impl std::fmt::Display for ReportName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a report's rows relate to time, which decides how a range is split into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Each row has a timestamp. Windows are whole Monday weeks in UTC, whose rows are trimmed to any days in
    /// any zone.
    Rows,
    /// Each row is a sum over its window. Sums cannot be trimmed, so windows end at the range's first and
    /// last UTC days.
    Sums,
    /// No dates. One window has everything as of the moment when Echo360 built the report.
    Snapshot,
}

/// A report in the vendor's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnownReport {
    /// `asset`: one row per video, with totals as of the moment when the report was built.
    Asset,
    /// `assetbydate`: one row per video, with sums over the window.
    AssetByDate,
    /// `presentation`: views of slide decks.
    Presentation,
    /// `videoview`: one row per half minute of a video that a person watched.
    VideoView,
    /// `confused`: confusion marks.
    Confused,
    /// `polling`: answers to polls.
    Polling,
    /// `qanda`: questions and their answers.
    QAndA,
    /// `notes`: one row each time a note is saved.
    Notes,
}

impl KnownReport {
    /// The number of known reports.
    pub const COUNT: usize = 8;

    /// Every report, in the order of the vendor's reference.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Asset,
        Self::AssetByDate,
        Self::Presentation,
        Self::VideoView,
        Self::Confused,
        Self::Polling,
        Self::QAndA,
        Self::Notes,
    ];

    /// Every report, in display order: what people watched and opened, what was unclear, what they answered
    /// and wrote, the library.
    pub const READING_ORDER: [Self; Self::COUNT] = [
        Self::VideoView,
        Self::Presentation,
        Self::Confused,
        Self::Polling,
        Self::QAndA,
        Self::Notes,
        Self::AssetByDate,
        Self::Asset,
    ];

    /// The report with this name in Echo360's API, compared exactly; `None` if Lectern does not know it.
    ///
    /// ```
    /// use domain::report::KnownReport;
    /// assert_eq!(KnownReport::parse("qanda"), Some(KnownReport::QAndA));
    /// assert_eq!(KnownReport::parse("visit"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|report| report.name() == name)
    }

    /// The report's name in Echo360's API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.descriptor().name
    }

    /// The report that records a kind of activity.
    #[must_use]
    pub fn of_activity(kind: ActivityKind) -> Self {
        match kind {
            ActivityKind::Watch => Self::VideoView,
            ActivityKind::Slides => Self::Presentation,
            ActivityKind::Polls => Self::Polling,
            ActivityKind::Answers => Self::QAndA,
            ActivityKind::Marks => Self::Confused,
            ActivityKind::Notes => Self::Notes,
        }
    }

    /// The report's constants.
    #[must_use]
    pub fn descriptor(self) -> &'static ReportDescriptor {
        match self {
            Self::Asset => &ASSET,
            Self::AssetByDate => &ASSET_BY_DATE,
            Self::Presentation => &PRESENTATION,
            Self::VideoView => &VIDEO_VIEW,
            Self::Confused => &CONFUSED,
            Self::Polling => &POLLING,
            Self::QAndA => &Q_AND_A,
            Self::Notes => &NOTES,
        }
    }
}

/// What a report counts: the unit of its first measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureUnit {
    /// Minutes watched; a row is half a minute.
    Minutes,
    /// Views of a slide deck; a row is one.
    SlideViews,
    /// Confusion marks; a row is one.
    Marks,
    /// Answers to polls; a row is an answer or a change of an answer.
    PollAnswers,
    /// Answers to questions; a row is an answer or an edit of an answer.
    Answers,
    /// Saves of a note; a row is one.
    NoteEvents,
    /// Views of videos; a row has a video's number of views.
    Views,
}

/// The words for what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitWords {
    /// The beginning of a title: `Slide views`.
    pub title: &'static str,
    /// The heading of a column, and the unit of an axis: `Views`.
    pub heading: &'static str,
    /// One of them, in a sentence: `view`.
    pub one: &'static str,
    /// Several of them, in a sentence: `views`.
    pub many: &'static str,
    /// Several of them, for readers of shares, who have never seen Lectern: `slide views`.
    pub public: &'static str,
}

impl MeasureUnit {
    /// The divisor that converts a counted amount into this unit: minutes are half minutes divided by 2.
    #[must_use]
    pub fn divisor(self) -> f64 {
        match self {
            Self::Minutes => 2.0,
            Self::SlideViews
            | Self::Marks
            | Self::PollAnswers
            | Self::Answers
            | Self::NoteEvents
            | Self::Views => 1.0,
        }
    }

    /// The words for what is counted.
    #[must_use]
    pub fn words(self) -> UnitWords {
        let [title, heading, one, many, public] = match self {
            Self::Minutes => ["Minutes", "Minutes", "minute", "minutes", "minutes"],
            Self::SlideViews => ["Slide views", "Views", "view", "views", "slide views"],
            Self::Marks => ["Confusion marks", "Marks", "mark", "marks", "marks"],
            Self::PollAnswers => ["Poll answers", "Answers", "answer", "answers", "answers"],
            Self::Answers => ["Answers", "Answers", "answer", "answers", "answers"],
            Self::NoteEvents => ["Note events", "Note events", "note event", "note events", "notes"],
            Self::Views => ["Views", "Views", "view", "views", "views"],
        };
        UnitWords { title, heading, one, many, public }
    }
}

/// The columns that say who did what a row records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonColumns {
    /// Column of the user id.
    pub user: &'static str,
    /// Column of the user's institution role.
    pub role: &'static str,
}

/// The constants of a report. Columns are matched by [`column::position`], in any spelling.
#[derive(Debug, PartialEq, Eq)]
pub struct ReportDescriptor {
    /// The name in Echo360's API.
    pub name: &'static str,
    /// The title on the page.
    pub title: &'static str,
    /// The short title: of the report's tab in a course, and in the progress of its requests.
    pub tab: &'static str,
    /// The title for readers of shares, who have never seen Lectern; `None` if shares cannot show the report.
    pub share_title: Option<&'static str>,
    /// How the rows relate to time.
    pub shape: Shape,
    /// The documented columns, in order. `email` replaces the column names that the vendor's reference has
    /// lost.
    pub columns: &'static [&'static str],
    /// The columns with ids of Echo360, which are read in their normal form.
    pub id_columns: &'static [&'static str],
    /// The columns with numbers, and with 0 or 1 for no or yes.
    pub number_columns: &'static [&'static str],
    /// The columns with times and days.
    pub time_columns: &'static [&'static str],
    /// The columns that identify or name a person.
    pub personal_columns: &'static [&'static str],
    /// The column with the row's time; `None` unless the shape is [`Shape::Rows`].
    pub time: Option<&'static str>,
    /// The column with the course's UUID.
    pub course: &'static str,
    /// The column that identifies the section within the course: by UUID, or by number.
    pub section: &'static str,
    /// Who did what a row records; `None` for a report whose rows are videos. A report with
    /// such columns can be filtered by role.
    pub person: Option<PersonColumns>,
    /// The column of the slide deck's UUID, if views can be filtered by deck.
    pub deck: Option<&'static str>,
    /// The column of the video's UUID, if views can be filtered by video.
    pub video: Option<&'static str>,
    /// The column that identifies an event which may have several rows: one each time that it is edited.
    pub event: Option<&'static str>,
    /// Whether rows are answers to questions that may have a solution.
    pub has_solutions: bool,
    /// The columns without which a file is rejected as another report.
    pub essential: &'static [&'static str],
    /// What the first measure counts.
    pub unit: MeasureUnit,
    /// The kind of activity that the rows record; `None` for a report whose rows are videos.
    pub activity: Option<ActivityKind>,
    /// Whether the rows contain texts that people wrote. The page shows them only on request.
    pub has_free_text: bool,
    /// How many days back a range may begin; `None` if the vendor's reference sets no limit.
    pub days_back: Option<u64>,
}

impl ReportDescriptor {
    /// Whether the rows identify sections by number instead of UUID.
    #[must_use]
    pub fn identifies_sections_by_number(&self) -> bool {
        self.section == "section_number"
    }

    /// The first essential column that `header` lacks, if any. Further columns and other spellings are
    /// accepted.
    pub fn missing_from<S: AsRef<str>>(&self, header: &[S]) -> Option<&'static str> {
        self.essential.iter().copied().find(|name| column::position(header, name).is_none())
    }
}

/// The id columns that most reports share. The rows of an unknown report can be filtered by them.
const SHARED_ID_COLUMNS: &[&str] = &["courseId", "sectionId", "userid"];

/// Whether a column of a report holds ids, which are read in their normal form.
///
/// ```
/// use domain::report::{KnownReport, is_id_column};
/// assert!(is_id_column(Some(KnownReport::Asset), "Media_ID"));
/// // The course's UUID in this report, and the code that people see in others.
/// assert!(is_id_column(Some(KnownReport::Asset), "course_identifier"));
/// assert!(!is_id_column(Some(KnownReport::Notes), "courseIdentifier"));
/// assert!(is_id_column(None, "user id") && !is_id_column(None, "paid"));
/// ```
#[must_use]
pub fn is_id_column(report: Option<KnownReport>, name: &str) -> bool {
    let columns = report.map_or(SHARED_ID_COLUMNS, |report| report.descriptor().id_columns);
    column::position(columns, name).is_some()
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Ids of Echo360, and section numbers, which identify sections too.
    Id,
    /// E-mail addresses.
    Email,
    /// Institution roles.
    Role,
    /// Numbers, and 0 or 1 for no or yes.
    Number,
    /// Times and days.
    Time,
    /// Everything else: names, codes, and what people wrote. Any text may be data here.
    Text,
}

/// The kind of a column of a report. In an unknown report, and in columns that the reference does not
/// document, only ids, e-mail addresses and roles are recognized, by their names.
///
/// ```
/// use domain::report::{ColumnKind, KnownReport, column_kind};
/// assert_eq!(column_kind(Some(KnownReport::VideoView), "duration_minute"), ColumnKind::Number);
/// assert_eq!(column_kind(Some(KnownReport::QAndA), "Question Role"), ColumnKind::Role);
/// assert_eq!(column_kind(None, "userid"), ColumnKind::Id);
/// assert_eq!(column_kind(None, "visit_count"), ColumnKind::Text);
/// ```
#[must_use]
pub fn column_kind(report: Option<KnownReport>, name: &str) -> ColumnKind {
    let descriptor = report.map(KnownReport::descriptor);
    let is_one_of = |columns: &[&str]| column::position(columns, name).is_some();
    if is_id_column(report, name) || is_one_of(SECTION_NUMBER_COLUMNS) {
        ColumnKind::Id
    } else if column::is_email(name) {
        ColumnKind::Email
    } else if column::is_role(name) {
        ColumnKind::Role
    } else if descriptor.is_some_and(|report| is_one_of(report.number_columns)) {
        ColumnKind::Number
    } else if descriptor.is_some_and(|report| is_one_of(report.time_columns)) {
        ColumnKind::Time
    } else {
        ColumnKind::Text
    }
}

/// The columns with a section's number. They are not read in the normal form of ids.
const SECTION_NUMBER_COLUMNS: &[&str] = &["sectionNumber"];

/// Who did what a row records, in most reports.
const USER: Option<PersonColumns> = Some(PersonColumns { user: "userid", role: "role" });

/// The columns that identify the person in a row, in most reports.
const PERSONAL_COLUMNS: &[&str] = &["userid", "firstname", "lastname", "email"];

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

const ASSET_NUMBERS: &[&str] = &[
    "scheduled",
    "transcribed",
    "video_duration_in_minutes",
    "view_count",
    "downloads",
    "view_duration_in_minutes",
    "public",
    "private",
    "live",
    "on_demand",
];

const ASSET_TIMES: &[&str] = &["create_date", "last_view", "published_date"];

const ASSET_ESSENTIAL: &[&str] = &["mediaid", "course_identifier", "section_number", "view_count"];

static ASSET: ReportDescriptor = ReportDescriptor {
    name: "asset",
    title: "Library: every video, all time",
    tab: "Library",
    share_title: Some("Library of videos"),
    shape: Shape::Snapshot,
    columns: ASSET_COLUMNS,
    id_columns: &["mediaid", "course_identifier"],
    number_columns: ASSET_NUMBERS,
    time_columns: ASSET_TIMES,
    personal_columns: &["owner_name"],
    time: None,
    course: "course_identifier",
    section: "section_number",
    person: None,
    deck: None,
    video: None,
    event: None,
    has_solutions: false,
    essential: ASSET_ESSENTIAL,
    unit: MeasureUnit::Views,
    activity: None,
    has_free_text: false,
    days_back: None,
};

static ASSET_BY_DATE: ReportDescriptor = ReportDescriptor {
    name: "assetbydate",
    title: "Library: videos by week",
    tab: "Library by week",
    // The library is the sum of these weeks, so each would reveal the other's withheld views.
    share_title: None,
    shape: Shape::Sums,
    columns: ASSET_COLUMNS,
    id_columns: &["mediaid", "course_identifier"],
    number_columns: ASSET_NUMBERS,
    time_columns: ASSET_TIMES,
    personal_columns: &["owner_name"],
    time: None,
    course: "course_identifier",
    section: "section_number",
    person: None,
    deck: None,
    video: None,
    event: None,
    has_solutions: false,
    essential: ASSET_ESSENTIAL,
    unit: MeasureUnit::Views,
    activity: None,
    has_free_text: false,
    // The vendor's reference: "up to one year prior to the date the report is requested"
    days_back: Some(365),
};

static PRESENTATION: ReportDescriptor = ReportDescriptor {
    name: "presentation",
    title: "Slide views",
    tab: "Slides",
    share_title: Some("Slides viewed"),
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
    id_columns: &["presentationID", "sectionId", "courseId", "userid"],
    number_columns: &["slide_count"],
    time_columns: &["event_timestamp"],
    personal_columns: PERSONAL_COLUMNS,
    time: Some("event_timestamp"),
    course: "courseId",
    section: "sectionId",
    person: USER,
    deck: Some("presentationID"),
    video: None,
    event: None,
    has_solutions: false,
    essential: &["presentationID", "sectionId", "courseId", "event_timestamp", "userid"],
    unit: MeasureUnit::SlideViews,
    activity: Some(ActivityKind::Slides),
    has_free_text: false,
    days_back: None,
};

static VIDEO_VIEW: ReportDescriptor = ReportDescriptor {
    name: "videoview",
    title: "Videos watched",
    tab: "Videos",
    share_title: Some("Videos watched"),
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
    id_columns: &["VideoId", "sectionId", "courseId", "userid"],
    number_columns: &["duration_Minute"],
    time_columns: &["event_timestamp"],
    personal_columns: PERSONAL_COLUMNS,
    time: Some("event_timestamp"),
    course: "courseId",
    section: "sectionId",
    person: USER,
    deck: None,
    video: Some("VideoId"),
    event: None,
    has_solutions: false,
    essential: &["VideoId", "sectionId", "courseId", "event_timestamp", "userid"],
    unit: MeasureUnit::Minutes,
    activity: Some(ActivityKind::Watch),
    has_free_text: false,
    days_back: None,
};

static CONFUSED: ReportDescriptor = ReportDescriptor {
    name: "confused",
    title: "Confusion marks",
    tab: "Confusion",
    share_title: Some("Confusion marks"),
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
    id_columns: &["PresentationID", "sectionId", "courseId", "userid"],
    number_columns: &[],
    time_columns: &["event_timestamp"],
    personal_columns: PERSONAL_COLUMNS,
    time: Some("event_timestamp"),
    course: "courseId",
    section: "sectionId",
    person: USER,
    deck: Some("PresentationID"),
    video: None,
    event: None,
    has_solutions: false,
    essential: &["PresentationID", "sectionId", "courseId", "event_timestamp", "userid"],
    unit: MeasureUnit::Marks,
    activity: Some(ActivityKind::Marks),
    has_free_text: false,
    days_back: None,
};

static POLLING: ReportDescriptor = ReportDescriptor {
    name: "polling",
    title: "Poll answers",
    tab: "Polls",
    share_title: Some("Poll answers"),
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
    id_columns: &["presentation_id", "sectionId", "courseId", "activity_id", "answer_id", "userid"],
    number_columns: &["isCorrect"],
    time_columns: &["event_timestamp"],
    personal_columns: PERSONAL_COLUMNS,
    time: Some("event_timestamp"),
    course: "courseId",
    section: "sectionId",
    person: USER,
    deck: Some("presentation_id"),
    video: None,
    event: None,
    has_solutions: true,
    essential: &["sectionId", "courseId", "activity_id", "event_timestamp", "answer", "userid"],
    unit: MeasureUnit::PollAnswers,
    activity: Some(ActivityKind::Polls),
    has_free_text: true,
    days_back: None,
};

static Q_AND_A: ReportDescriptor = ReportDescriptor {
    name: "qanda",
    title: "Questions and answers",
    tab: "Questions",
    share_title: Some("Answers to questions"),
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
    id_columns: &["questionid", "sectionId", "courseId", "question_userid", "answerid", "answer_userid"],
    number_columns: &[],
    time_columns: &["event_timestamp"],
    personal_columns: &[
        "question_userid",
        "question_firstname",
        "question_lastname",
        "question_email",
        "answer_userid",
        "answer_firstname",
        "answer_lastname",
        "answer_email",
    ],
    time: Some("event_timestamp"),
    course: "courseId",
    section: "sectionId",
    person: Some(PersonColumns { user: "answer_userid", role: "answer_role" }),
    deck: None,
    video: None,
    event: Some("answerid"),
    has_solutions: false,
    essential: &["questionid", "sectionId", "courseId", "answerid", "event_timestamp"],
    unit: MeasureUnit::Answers,
    activity: Some(ActivityKind::Answers),
    has_free_text: true,
    days_back: None,
};

static NOTES: ReportDescriptor = ReportDescriptor {
    name: "notes",
    title: "Notes",
    tab: "Notes",
    share_title: Some("Notes taken"),
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
    id_columns: &["PresentationID", "sectionId", "courseId", "userid"],
    number_columns: &["note_count"],
    time_columns: &["event_timestamp"],
    personal_columns: PERSONAL_COLUMNS,
    time: Some("event_timestamp"),
    course: "courseId",
    section: "sectionId",
    person: USER,
    deck: Some("PresentationID"),
    video: None,
    event: None,
    has_solutions: false,
    essential: &["PresentationID", "sectionId", "courseId", "note_count", "event_timestamp", "userid"],
    unit: MeasureUnit::NoteEvents,
    activity: Some(ActivityKind::Notes),
    has_free_text: true,
    days_back: None,
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_named_column_is_documented() {
        assert_eq!(KnownReport::ALL.len(), 8);
        for report in KnownReport::ALL.map(KnownReport::descriptor) {
            let person = report.person.into_iter().flat_map(|person| [Some(person.user), Some(person.role)]);
            let columns = [Some(report.course), Some(report.section), report.time].into_iter().chain(person);
            let columns = columns.chain([report.deck, report.video, report.event]);
            for name in columns.flatten().chain(report.essential.iter().copied()) {
                assert!(column::position(report.columns, name).is_some(), "{} {name}", report.name);
            }
            assert_eq!(report.time.is_some(), report.shape == Shape::Rows);
            assert!(report.person.is_some() || report.activity.is_none(), "{}", report.name);
            assert_eq!(report.missing_from(report.columns), None);
        }
    }

    #[test]
    fn every_column_that_identifies_a_person_is_personal() {
        for report in KnownReport::ALL.map(KnownReport::descriptor) {
            for name in report.columns {
                let key = column::normalize_name(name);
                let identifies = column::is_email(name)
                    || ["userid", "firstname", "lastname"].iter().any(|suffix| key.ends_with(suffix))
                    || key.contains("owner");
                assert_eq!(report.personal_columns.contains(name), identifies, "{} {name}", report.name);
            }
            for name in report.personal_columns {
                assert!(report.columns.contains(name), "{} {name}", report.name);
            }
        }
    }

    #[test]
    fn every_column_of_a_kind_is_documented_and_has_that_kind() {
        for report in KnownReport::ALL {
            let descriptor = report.descriptor();
            for (columns, kind) in [
                (descriptor.id_columns, ColumnKind::Id),
                (descriptor.number_columns, ColumnKind::Number),
                (descriptor.time_columns, ColumnKind::Time),
                (&[descriptor.course, descriptor.section], ColumnKind::Id),
                (descriptor.time.as_slice(), ColumnKind::Time),
            ] {
                for name in columns {
                    assert!(descriptor.columns.contains(name), "{} {name}", descriptor.name);
                    assert_eq!(column_kind(Some(report), name), kind, "{} {name}", descriptor.name);
                }
            }
            for name in descriptor.columns.iter().copied() {
                let key = column::normalize_name(name);
                let is_kind = |kind| column_kind(Some(report), name) == kind;
                assert_eq!(is_kind(ColumnKind::Role), key.ends_with("role"), "{} {name}", descriptor.name);
                assert_eq!(is_kind(ColumnKind::Email), key.ends_with("email"), "{} {name}", descriptor.name);
                if key.ends_with("name") || ["answer", "question", "content", "solution"].contains(&&*key) {
                    assert!(is_kind(ColumnKind::Text), "{} {name}", descriptor.name);
                }
            }
        }
    }

    #[test]
    fn names_are_distinct_and_both_orders_are_complete() {
        let all: BTreeSet<KnownReport> = KnownReport::ALL.into_iter().collect();
        assert_eq!(all.len(), KnownReport::COUNT);
        assert_eq!(KnownReport::READING_ORDER.into_iter().collect::<BTreeSet<_>>(), all);
        for report in KnownReport::ALL {
            assert_eq!(KnownReport::parse(report.name()), Some(report));
            assert_eq!(ReportName::from(report).known(), Some(report));
            assert_eq!(ReportName::parse(report.name()), Some(ReportName::from(report)));
        }
    }

    #[test]
    fn every_kind_of_activity_is_recorded_by_one_report_with_times() {
        for kind in ActivityKind::ALL {
            let report = KnownReport::of_activity(kind).descriptor();
            assert_eq!(report.activity, Some(kind));
            assert_eq!(report.time, Some("event_timestamp"));
        }
        let recording = KnownReport::ALL.iter().filter(|report| report.descriptor().activity.is_some());
        assert_eq!(recording.count(), ActivityKind::ALL.len());
    }

    #[test]
    fn headers_are_matched_in_any_spelling() {
        let videoview = KnownReport::VideoView.descriptor();
        let respelled: Vec<String> =
            videoview.columns.iter().map(|c| c.to_uppercase().replace("ID", " Id")).collect();
        assert_eq!(videoview.missing_from(&respelled), None);
        assert_eq!(videoview.missing_from(&["VideoId", "sectionId"]), Some("courseId"));
    }

    #[test]
    fn a_name_that_is_unsafe_in_a_path_is_rejected() {
        for invalid in ["", "../secrets", "Video View", "a/b", "é", &"x".repeat(41)] {
            assert_eq!(ReportName::parse(invalid), None, "{invalid}");
        }
        assert!(ReportName::parse("pollingv2").is_some());
    }
}
