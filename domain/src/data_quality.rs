//! Data quality: what is unusual in Echo360's files, as counts. Nothing here names anybody.
//!
//! `GET /api/quality` returns a [`DataQuality`]. The counts are made while a window's files are split, and replaced when the
//! window is collected again. Erased rows are not counted; an erasure of rows that were counted changes no counts. Up to
//! 50,000 people and addresses of a window are compared.

use crate::paging::CutOffList;
use crate::report::ReportName;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `GET /api/quality`: the findings of every window that has a copy, and the lists that could not be read to their end.
/// Copies that an older release collected have no findings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DataQuality {
    /// The windows, by report, newest first.
    pub windows: Vec<WindowQuality>,
    /// Echo360's lists that were last read only in part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<CutOffList>,
}

/// What was found in the files of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WindowQuality {
    /// The report.
    pub report: ReportName,
    /// The window's id, as in `GET /api/requests`.
    pub window: String,
    /// When the copy was requested from Echo360.
    pub created: Timestamp,
    /// The findings.
    pub findings: FileFindings,
}

/// What was found in files while they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct FileFindings {
    /// Rows of data.
    pub rows: u64,
    /// Names of columns that Echo360's reference does not list.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown_columns: BTreeSet<String>,
    /// Names of columns that the reference lists and the files lack.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub missing_columns: BTreeSet<String>,
    /// By column, cells with a word for no value, such as `NULL`, which were read as empty.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub null_markers: BTreeMap<String, u64>,
    /// Header rows between the rows of data, which were dropped.
    pub repeated_headers: u64,
    /// Rows whose quotation marks were written in another way than RFC 4180 says; all rows of a file that escapes them with
    /// backslashes.
    pub rewritten_rows: u64,
    /// Rows whose time cannot be read. No chart counts them.
    pub rows_without_time: u64,
    /// Rows of the anonymous accounts that Echo360 makes for public links, which count for no person.
    pub rows_of_shared_accounts: u64,
    /// People: distinct user ids.
    pub people: u64,
    /// People with rows in several roles, by the roles: `instructor, student`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub people_with_several_roles: BTreeMap<String, u64>,
    /// People with rows under several e-mail addresses.
    pub people_with_several_addresses: u64,
    /// E-mail addresses with rows of several user ids.
    pub addresses_of_several_people: u64,
}

impl FileFindings {
    /// The findings of both. People are added up, although the same person may be in both.
    #[must_use]
    pub fn plus(mut self, more: &Self) -> Self {
        self.rows += more.rows;
        self.unknown_columns.extend(more.unknown_columns.iter().cloned());
        self.missing_columns.extend(more.missing_columns.iter().cloned());
        for (column, cells) in &more.null_markers {
            *self.null_markers.entry(column.clone()).or_default() += cells;
        }
        for (roles, people) in &more.people_with_several_roles {
            *self.people_with_several_roles.entry(roles.clone()).or_default() += people;
        }
        self.repeated_headers += more.repeated_headers;
        self.rewritten_rows += more.rewritten_rows;
        self.rows_without_time += more.rows_without_time;
        self.rows_of_shared_accounts += more.rows_of_shared_accounts;
        self.people += more.people;
        self.people_with_several_addresses += more.people_with_several_addresses;
        self.addresses_of_several_people += more.addresses_of_several_people;
        self
    }

    /// Whether nothing is unusual.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self { rows: self.rows, people: self.people, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_added_up() {
        let one = FileFindings {
            rows: 5,
            people: 2,
            unknown_columns: ["a".to_owned()].into(),
            null_markers: [("role".to_owned(), 3)].into(),
            people_with_several_roles: [("instructor, student".to_owned(), 1)].into(),
            ..FileFindings::default()
        };
        let two = one.clone().plus(&one);
        assert_eq!((two.rows, two.people, two.null_markers["role"]), (10, 4, 6));
        assert_eq!((two.unknown_columns.len(), two.people_with_several_roles["instructor, student"]), (1, 2));
        assert!(!two.is_clean() && FileFindings { rows: 5, people: 2, ..FileFindings::default() }.is_clean());
    }
}
