//! A file of a report as Echo360 sends it: its header row, and why it cannot be used.

use domain::column;
use domain::report::{KnownReport, ReportDescriptor};

/// Why a file is rejected: a sentence that begins with "It" or "Its" and can be shown on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFile {
    sentence: String,
    may_have_backslash_quotes: bool,
}

impl BadFile {
    /// Creates the error from its sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), may_have_backslash_quotes: false }
    }

    /// The error for a file without content.
    pub(crate) fn empty() -> Self {
        Self::new("It is empty.")
    }

    /// The error for rows that may be valid if quotation marks are escaped with backslashes.
    pub(crate) fn with_backslash_quotes(self, may_have_backslash_quotes: bool) -> Self {
        Self { may_have_backslash_quotes, ..self }
    }

    /// Whether the file may be valid if it is read with [`Quoting::Backslash`](crate::quoting::Quoting).
    #[must_use]
    pub fn may_have_backslash_quotes(&self) -> bool {
        self.may_have_backslash_quotes
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
        })
    }

    /// Whether a row repeats the header row: its cells are the column names, in any spelling. A byte order
    /// mark may come first; then the first cell's quotation marks count as text.
    pub(crate) fn is_repeated_by<'a>(&self, cell: impl Fn(usize) -> &'a [u8]) -> bool {
        self.columns.iter().enumerate().all(|(at, name)| {
            std::str::from_utf8(cell(at)).is_ok_and(|text| {
                let text = text.strip_prefix('\u{feff}').map_or(text, |text| text.trim_matches('"'));
                column::is_same_name(text, name)
            })
        })
    }

    /// Whether another header row has the same columns and delimiter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.delimiter == other.delimiter
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(a, b)| column::is_same_name(a, b))
    }
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
