//! CSV in the vendor's format (text is quoted, numbers are not) and in variations of it.

use super::FileSpec;
use crate::clock::DAY_SECONDS;
use crate::report::{Cell, Report};
use std::borrow::Cow;
use std::io::{self, Write};

/// Number of bytes that are buffered before they are written.
const BUFFER_BYTES: usize = 64 * 1024;

/// With `repeated-header`, a header row follows the first row and then every 40th.
const ROWS_PER_HEADER: u64 = 40;

/// What `null-markers` writes instead of an empty cell, in turn.
const NULL_MARKERS: [&str; 12] = [
    "null", "\"null\"", "NULL", "\"NULL\"", "\\N", "\"\\N\"", "None", "\"None\"", "-", "\"-\"", "  ", "\" \"",
];

/// The same in columns with texts, where other words may be data.
const NULL_MARKERS_OF_TEXTS: [&str; 2] = ["NULL", "\\N"];

/// The ends of the names of columns with ids, e-mail addresses, roles and times.
const NO_TEXT: [&str; 6] = ["id", "email", "role", "timestamp", "date", "last_view"];

/// Variations and defects of a file. With all fields `false`, a regular file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The file starts with a byte order mark.
    pub(crate) bom: bool,
    /// Lines end in CR LF.
    pub(crate) crlf: bool,
    /// The last line has no line end.
    pub(crate) no_last_line_end: bool,
    /// Times are ISO 8601.
    pub(crate) iso_times: bool,
    /// A row lacks its last cell.
    pub(crate) short_row: bool,
    /// The header lacks a documented column.
    pub(crate) wrong_header: bool,
    /// The header is in capitals.
    pub(crate) upper_case_header: bool,
    /// Empty cells have a word for "no value" instead.
    pub(crate) null_markers: bool,
    /// The header row is repeated between the rows, every other time with a byte order mark.
    pub(crate) repeated_header: bool,
    /// Quotation marks in texts have a backslash before them, and backslashes too.
    pub(crate) backslash_quotes: bool,
    /// The rows of the first row's section are missing.
    pub(crate) missing_section: bool,
    pub(crate) many_sections: bool,
    /// Ids are in capitals, in braces or between blanks, in turn.
    pub(crate) id_spellings: bool,
    /// The file has no content, not even a header row.
    pub(crate) empty: bool,
    /// There are two files.
    pub(crate) two_files: bool,
    /// The file is not compressed, although its name ends in `.gz`.
    pub(crate) plain_named_gz: bool,
    /// The file store sends `Content-Encoding: gzip`.
    pub(crate) content_encoding: bool,
}

/// Writes one CSV file.
pub(super) struct Page<W> {
    out: W,
    buffer: Vec<u8>,
    report: Report,
    delimiter: u8,
    shape: Shape,
    part: (u64, u64),
    /// Number of rows so far, of all parts.
    rows: u64,
    /// Number of rows written to this part.
    written: u64,
    /// Offset in the buffer of the row's last cell, including the delimiter before it.
    last_cell: usize,
    /// Number of cells of the row so far.
    cells: usize,
    /// Whether the last line has no line end yet.
    is_line_open: bool,
    day: (i64, String),
}

/// Quoted cells, joined with delimiters.
pub(super) struct JoinedCells {
    bytes: Vec<u8>,
    /// The offset of the last one's delimiter.
    last: usize,
    count: usize,
}

impl<W: Write> Page<W> {
    /// Starts a file with its header row.
    pub(super) fn new(out: W, spec: &FileSpec) -> Self {
        let mut page = Self {
            out,
            buffer: Vec::with_capacity(BUFFER_BYTES + 4096),
            report: spec.report,
            delimiter: spec.delimiter,
            shape: spec.shape,
            part: spec.part,
            rows: 0,
            written: 0,
            last_cell: 0,
            cells: 0,
            is_line_open: false,
            day: (i64::MIN, String::new()),
        };
        page.header(spec.shape.bom || spec.part.0 > 0);
        page
    }

    /// Writes the header row.
    fn header(&mut self, has_bom: bool) {
        if has_bom {
            self.buffer.extend_from_slice("\u{feff}".as_bytes());
        }
        self.cells = 0;
        let columns = self.report.columns();
        for (place, (name, _)) in columns.iter().enumerate() {
            // Leaves out the fourth column, or the third of `visit`, which has fewer columns.
            if self.shape.wrong_header && place == columns.len().min(6) / 2 {
                continue;
            }
            if self.shape.upper_case_header {
                self.text(&name.to_ascii_uppercase());
            } else {
                self.text(name);
            }
        }
        self.is_line_open = true;
    }

    /// Starts a row. Returns `false` if it belongs to another part and must not be written.
    pub(super) fn begin(&mut self) -> io::Result<bool> {
        let turn = self.rows % self.part.1;
        self.rows += 1;
        if turn != self.part.0 {
            return Ok(false);
        }
        self.end_line();
        if self.shape.repeated_header && self.written % ROWS_PER_HEADER == 1 {
            self.header(self.written % (2 * ROWS_PER_HEADER) == 1);
            self.end_line();
        }
        if self.buffer.len() >= BUFFER_BYTES {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        self.cells = 0;
        Ok(true)
    }

    /// Ends a row.
    pub(super) fn end(&mut self) {
        self.written += 1;
        self.is_line_open = true;
        if self.shape.short_row && self.written == 1 {
            self.buffer.truncate(self.last_cell);
        }
    }

    fn end_line(&mut self) {
        if self.is_line_open {
            self.buffer.extend_from_slice(if self.shape.crlf { b"\r\n" } else { b"\n" });
            self.is_line_open = false;
        }
    }

    fn next_cell(&mut self) {
        self.last_cell = self.buffer.len();
        if self.cells > 0 {
            self.buffer.push(self.delimiter);
        }
        self.cells += 1;
    }

    /// Writes a quoted cell.
    pub(super) fn text(&mut self, text: &str) {
        self.next_cell();
        if text.is_empty() && self.shape.null_markers {
            self.null_marker();
        } else {
            quote(&self.spell(text, self.cells), self.shape.backslash_quotes, &mut self.buffer);
        }
    }

    /// The spelling of a cell's text, which differs from the text only if it is an id.
    fn spell<'a>(&self, text: &'a str, cell: usize) -> Cow<'a, str> {
        let is_id = text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
        if !is_id || !self.shape.id_spellings {
            return Cow::Borrowed(text);
        }
        Cow::Owned(match (usize::try_from(self.rows).unwrap_or(0) + cell) % 4 {
            0 => text.to_ascii_uppercase(),
            1 => format!("{{{text}}}"),
            2 => format!(" {{{}}} ", text.to_ascii_uppercase()),
            _ => text.to_owned(),
        })
    }

    /// Writes a null marker into the current cell.
    fn null_marker(&mut self) {
        let (name, _) = self.report.columns().get(self.cells - 1).copied().unwrap_or(("", Cell::Text));
        let has_text = !NO_TEXT.iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        let markers: &[&str] = if has_text { &NULL_MARKERS_OF_TEXTS } else { &NULL_MARKERS };
        let turn = usize::try_from(self.rows).unwrap_or(0) + self.cells;
        let marker = markers.get(turn % markers.len()).copied().unwrap_or_default();
        self.buffer.extend_from_slice(marker.as_bytes());
    }

    /// Writes a cell without quotes.
    pub(super) fn number(&mut self, number: impl std::fmt::Display) {
        self.next_cell();
        // Writing to memory cannot fail.
        let _ = write!(self.buffer, "{number}");
    }

    /// Writes an instant (seconds since 1970), or an empty quoted cell.
    pub(super) fn time(&mut self, at: Option<i64>) {
        let Some(at) = at else { return self.text("") };
        self.next_cell();
        self.buffer.push(b'"');
        let day = at.div_euclid(DAY_SECONDS);
        if self.day.0 != day {
            self.day = (day, crate::clock::day_text(day));
        }
        let second = at.rem_euclid(DAY_SECONDS);
        self.buffer.extend_from_slice(self.day.1.as_bytes());
        self.buffer.push(if self.shape.iso_times { b'T' } else { b' ' });
        for (place, part) in [second / 3600, second / 60 % 60, second % 60].into_iter().enumerate() {
            if place > 0 {
                self.buffer.push(b':');
            }
            // At most 59, so two digits.
            let part = u8::try_from(part).unwrap_or(0);
            self.buffer.extend_from_slice(&[b'0' + part / 10, b'0' + part % 10]);
        }
        if self.shape.iso_times {
            self.buffer.push(b'Z');
        }
        self.buffer.push(b'"');
    }

    /// Writes cells made by [`Self::joined`].
    pub(super) fn cells(&mut self, joined: &JoinedCells) {
        self.next_cell();
        self.cells += joined.count - 1;
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&joined.bytes);
        if joined.last > 0 {
            self.last_cell = start + joined.last;
        }
    }

    /// Writes the rest of the buffer and returns the writer.
    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.shape.no_last_line_end {
            self.end_line();
        }
        self.out.write_all(&self.buffer)?;
        Ok(self.out)
    }

    /// Joins quoted cells with delimiters.
    pub(super) fn joined(&self, texts: &[&str]) -> JoinedCells {
        let mut joined = JoinedCells { bytes: Vec::new(), last: 0, count: texts.len() };
        for (place, text) in texts.iter().enumerate() {
            joined.last = joined.bytes.len();
            if place > 0 {
                joined.bytes.push(self.delimiter);
            }
            quote(&self.spell(text, place), self.shape.backslash_quotes, &mut joined.bytes);
        }
        joined
    }
}

fn quote(text: &str, with_backslashes: bool, into: &mut Vec<u8>) {
    into.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' if with_backslashes => into.push(b'\\'),
            b'"' => into.push(b'"'),
            _ => {}
        }
        into.push(byte);
    }
    into.push(b'"');
}
