//! A file of a report as Echo360 sends it: its header row, and why it cannot be used.

use crate::quoting::Quoting;
use domain::column::{self, normalize_name};
use domain::report::{KnownReport, ReportDescriptor};

/// Why a file is rejected: a sentence that begins with "It" or "Its" and can be shown on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFile {
    sentence: String,
    other_quoting: Option<Quoting>,
}

impl BadFile {
    /// Creates the error from its sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), other_quoting: None }
    }

    /// The error for a file without content.
    pub(crate) fn empty() -> Self {
        Self::new("It is empty.")
    }

    /// The error for a file that may be valid if it is read by another rule.
    pub(crate) fn with_other_quoting(self, other_quoting: Option<Quoting>) -> Self {
        Self { other_quoting, ..self }
    }

    /// The rule by which the file may be valid.
    #[must_use]
    pub fn other_quoting(&self) -> Option<Quoting> {
        self.other_quoting
    }

    /// The text of the problem that the page shows: that the file cannot be used, and why.
    #[must_use]
    pub fn detail(&self) -> String {
        format!("Echo360's file cannot be used. {self}")
    }
}

impl std::fmt::Display for BadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for BadFile {}

/// A parsed header row, with the positions of the columns that are needed.
pub(crate) struct HeaderLayout {
    pub(crate) header: Vec<u8>,
    pub(crate) delimiter: u8,
    pub(crate) columns: Vec<String>,
    pub(crate) course: Option<usize>,
    pub(crate) section: Option<usize>,
    pub(crate) course_code: Option<usize>,
    pub(crate) course_name: Option<usize>,
    pub(crate) section_number: Option<usize>,
    /// The ASCII letters and digits that column names begin with, letters in both cases.
    initials: Vec<u8>,
}

/// The order of the column names in a row that has all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnOrder {
    /// The header row's.
    Same,
    /// Another one.
    Other,
}

impl HeaderLayout {
    /// Parses a header row without its line end. The delimiter is the first that gives all columns of
    /// `report`, or else the one that gives the most columns.
    pub(crate) fn parse(line: &[u8], report: Option<KnownReport>) -> Result<Self, BadFile> {
        let report: Option<&ReportDescriptor> = report.map(KnownReport::descriptor);
        let candidates = [b',', b'\t', b'|'].map(|delimiter| (delimiter, parse_line(line, delimiter)));
        let (delimiter, columns) = candidates
            .iter()
            .find(|(_, columns)| report.is_some_and(|report| report.missing_from(columns).is_none()))
            .or_else(|| {
                candidates.iter().max_by_key(|(delimiter, columns)| (columns.len(), *delimiter == b','))
            })
            .cloned()
            .unwrap_or((b',', Vec::new()));
        if columns.iter().all(|name| name.trim().is_empty()) {
            return Err(BadFile::new("It has no header row."));
        }
        if let Some(missing) = report.and_then(|report| report.missing_from(&columns)) {
            return Err(BadFile::new(format!("Its header row lacks the column `{missing}`.")));
        }
        let at = |name: &str| column::position(&columns, name);
        let mut header = line.to_vec();
        header.push(b'\n');
        let initials = columns
            .iter()
            .filter_map(|name| normalize_name(name).bytes().next())
            .filter(u8::is_ascii_alphanumeric)
            .flat_map(|initial| [initial, initial.to_ascii_uppercase()])
            .collect();
        Ok(Self {
            header,
            delimiter,
            course: report.and_then(|report| at(report.course)),
            section: report.and_then(|report| at(report.section)),
            // In reports whose `course_identifier` is the UUID there is no course code.
            course_code: report
                .filter(|report| report.course == "courseId")
                .and_then(|_| at("courseIdentifier")),
            course_name: at("courseName"),
            // Where a report uses the section number as the id, it has no separate number.
            section_number: at("sectionNumber")
                .filter(|number| report.and_then(|r| at(r.section)) != Some(*number)),
            columns,
            initials,
        })
    }

    /// The order of the column names if a row's cells are these names, in any spelling; `None` for a data
    /// row. A name alone may be data, so with one column every row is a data row.
    pub(crate) fn column_order<'a>(&self, cell: impl Fn(usize) -> &'a [u8]) -> Option<ColumnOrder> {
        // Fast path: hardly any first cell begins like a name, and hardly any of those is one.
        let may_be_name = |initial: &u8| !initial.is_ascii_alphanumeric() || self.initials.contains(initial);
        if self.columns.len() < 2 || !cell(0).first().is_none_or(may_be_name) {
            return None;
        }
        let first = read_name(cell(0))?;
        if !self.columns.iter().any(|name| column::is_same_name(first, name)) {
            return None;
        }
        let names = (0..self.columns.len()).map(|at| read_name(cell(at)).map(normalize_name));
        let mut names = names.collect::<Option<Vec<String>>>()?;
        let mut columns: Vec<String> = self.columns.iter().map(|name| normalize_name(name)).collect();
        if names == columns {
            return Some(ColumnOrder::Same);
        }
        names.sort_unstable();
        columns.sort_unstable();
        (names == columns).then_some(ColumnOrder::Other)
    }

    /// Whether another header row has the same columns and delimiter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.delimiter == other.delimiter
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(a, b)| column::is_same_name(a, b))
    }
}

/// A cell as a column name. A byte order mark may come first; then the cell's quotation marks count as text.
fn read_name(cell: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(cell).ok()?;
    Some(text.strip_prefix('\u{feff}').map_or(text, |text| text.trim_matches('"')))
}

/// Parses one line of CSV into its cells; empty if it cannot be read.
#[must_use]
pub fn parse_line(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(line);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Parses a stored header row into its delimiter and column names; `None` if it does not fit the report.
#[must_use]
pub fn read_header(header: &[u8], report: Option<KnownReport>) -> Option<(u8, Vec<String>)> {
    let layout = HeaderLayout::parse(trim_line_ends(header), report).ok()?;
    Some((layout.delimiter, layout.columns))
}

/// `row` without line ends on either side.
pub(crate) fn trim_line_ends(mut row: &[u8]) -> &[u8] {
    while let [b'\n' | b'\r', rest @ ..] = row {
        row = rest;
    }
    while let [rest @ .., b'\n' | b'\r'] = row {
        row = rest;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_keeps_sentences_that_begin_with_its() {
        for sentence in
            ["It is empty.", "Its row 3 has 2 cells instead of 4.", "Its files have different header rows."]
        {
            let detail = BadFile::new(sentence).detail();
            assert_eq!(detail, format!("Echo360's file cannot be used. {sentence}"));
        }
    }
}
