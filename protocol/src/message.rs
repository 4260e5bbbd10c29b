//! The messages between the page and its data worker.

use crate::figure::{Figure, LongTableRow, RowList};
use domain::ids::{CourseId, SectionId};
use domain::query::{CourseOptions, MeasureQuery, WindowCoverage};
use domain::report::ReportName;
use domain::time::{Day, Timestamp, iso};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// From the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// The view has changed, or a failed download is to be tried again.
    Query(Box<Query>),
    /// Rows of a long table are on the screen, or are exported.
    Rows(RowRange),
}

/// Rows of a [`LongTable`](crate::figure::LongTable).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRange {
    /// The query whose figures contain the table.
    pub sequence: u32,
    /// The table.
    pub list: RowList,
    /// Only rows that have a text which contains this one, in any case; all if it is blank.
    pub search: String,
    /// The index of the first row, among those that are found.
    pub start: usize,
    /// The number of rows.
    pub count: usize,
}

/// Everything that the data worker needs to know about the view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// The number of the query. It rises; responses to older queries are ignored.
    pub sequence: u32,
    /// What the figures are about.
    pub subject: Subject,
    /// The range, zone and filters.
    pub measure: MeasureQuery,
    /// The label of the zone: `UTC+1 Berlin`.
    pub zone_label: String,
    /// The weeks of the range that have a number in a term.
    pub weeks: Vec<TermWeek>,
    /// The terms of sections whose number another section of their course has, too.
    pub section_terms: Vec<SectionTerm>,
    /// The most rows that fit into this device's memory.
    pub max_rows: u64,
    /// The page's language for numbers and dates, such as `en-GB`. A Web Worker's own may differ.
    pub language: String,
    /// The reports that are needed, with their windows.
    pub sources: Vec<ReportSource>,
}

/// A week with its number in a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermWeek {
    /// Its Monday.
    #[serde(with = "iso")]
    pub monday: Day,
    /// `Week 3`.
    pub short: String,
    /// `Week 3 of Autumn 2026`.
    pub name: String,
}

/// The term of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionTerm {
    /// The section (UUID).
    pub section: SectionId,
    /// The term's name: `Autumn 2026`.
    pub term: String,
}

/// What figures are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// One report, the only source of the query.
    Report {
        /// The report.
        name: ReportName,
        /// Whether names of people are left out.
        are_names_hidden: bool,
        /// The label of what is compared with; empty without a comparison.
        comparison_label: String,
    },
    /// One course, across all sources of the query.
    Course {
        /// The student, comparison and weights.
        options: CourseOptions,
        /// The label of what is compared with.
        comparison_label: String,
    },
}

/// A report and the windows whose copies can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportSource {
    /// The report.
    pub report: ReportName,
    /// Limits the download to the rows of this course.
    pub course: Option<CourseId>,
    /// The windows, oldest first.
    pub windows: Vec<WindowSource>,
}

/// A window whose copy can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSource {
    /// Its id.
    pub id: String,
    /// The generation of the copy that is served.
    pub generation: u32,
    /// The days that the copy covers.
    pub coverage: WindowCoverage,
    /// When Echo360 was asked for the copy: the time of a snapshot.
    pub created: Timestamp,
}

/// From the data worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// It accepts queries from now on; earlier ones are lost.
    Ready,
    /// Rows are arriving.
    Progress {
        /// The query.
        sequence: u32,
        /// What has arrived.
        progress: Progress,
    },
    /// The figures over the copies that are loaded.
    Figures {
        /// The query.
        sequence: u32,
        /// The figures, in reading order.
        figures: Vec<Figure>,
        /// The name of the student whose rows they are limited to; empty if there is none, or no row names them.
        student_name: String,
        /// The rows that they count.
        counted: CountedRows,
        /// What they are made of.
        progress: Progress,
    },
    /// Rows of a long table.
    Rows {
        /// The rows that were requested.
        range: RowRange,
        /// The rows; fewer than requested at the end of the list.
        rows: Vec<LongTableRow>,
        /// The number of all rows that are found.
        found: u64,
    },
    /// There are more rows than fit into memory. Nothing is kept, and nothing more is downloaded.
    TooLarge {
        /// The query.
        sequence: u32,
        /// The rows that were announced until then; there may be more.
        rows: u64,
    },
    /// A copy could not be downloaded.
    Failed {
        /// The query.
        sequence: u32,
        /// The window.
        window: String,
        /// Why.
        error: FetchError,
    },
}

/// The rows that figures count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedRows {
    /// Rows within the range and the filters; `None` for a report or a course whose figures count different rows.
    pub rows: Option<u64>,
    /// Whether every day of the range is loaded and final.
    pub is_complete: bool,
}

/// How much has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Rows that have been read.
    pub rows: u64,
    /// Bytes as they were transferred.
    pub bytes: u64,
    /// Complete copies.
    pub copies: usize,
    /// Copies still to come.
    pub pending: usize,
}

/// Why a copy could not be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FetchError {
    /// The Worker responded with an error: its status and body. The page parses the problem in it.
    Problem(u16, String),
    /// The Worker could not be reached, or the connection broke.
    Unreachable,
    /// The response is not what was expected, with the reason.
    InvalidResponse(String),
    /// The session has ended: what is in front of Lectern, such as Cloudflare Access, redirects to a sign-in page.
    SignedOut,
    /// Code that is loaded on demand is missing, since another build has been deployed.
    Outdated,
}

impl FetchError {
    /// The error for a chunk that could not be loaded. `reason` is what the loader of chunks recorded (`fetch-chunk.js`).
    #[must_use]
    pub fn for_chunk(reason: &str) -> Self {
        match reason {
            "signed-out" => Self::SignedOut,
            "outdated" => Self::Outdated,
            _ => Self::Unreachable,
        }
    }

    /// The response is not what was expected.
    pub fn invalid(reason: &dyn Display) -> Self {
        Self::InvalidResponse(reason.to_string())
    }
}
