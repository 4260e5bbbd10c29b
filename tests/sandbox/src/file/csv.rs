//! CSV in the vendor's format (text is quoted, numbers are not) and in variations of it.

use super::FileSpec;
use crate::clock::DAY_SECONDS;
use std::io::{self, Write};

/// Number of bytes that are buffered before they are written.
const BUFFER_BYTES: usize = 64 * 1024;

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
    delimiter: u8,
    shape: Shape,
    part: (u64, u64),
    /// Number of rows so far, of all parts.
    rows: u64,
    /// Number of rows written to this part.
    written: u64,
    /// Offset in the buffer of the row's last cell, including the delimiter before it.
    last_cell: usize,
    /// Whether the row has a cell.
    has_cell: bool,
    /// Whether the last line has no line end yet.
    is_line_open: bool,
    day: (i64, String),
}

impl<W: Write> Page<W> {
    /// Starts a file with its header row.
    pub(super) fn new(out: W, spec: &FileSpec) -> Self {
        let mut page = Self {
            out,
            buffer: Vec::with_capacity(BUFFER_BYTES + 4096),
            delimiter: spec.delimiter,
            shape: spec.shape,
            part: spec.part,
            rows: 0,
            written: 0,
            last_cell: 0,
            has_cell: false,
            is_line_open: false,
            day: (i64::MIN, String::new()),
        };
        if spec.shape.bom || spec.part.0 > 0 {
            page.buffer.extend_from_slice("\u{feff}".as_bytes());
        }
        let columns = spec.report.columns();
        for (place, (name, _)) in columns.iter().enumerate() {
            // Leaves out the fourth column, or the third of `visit`, which has fewer columns.
            if spec.shape.wrong_header && place == columns.len().min(6) / 2 {
                continue;
            }
            if spec.shape.upper_case_header {
                page.text(&name.to_ascii_uppercase());
            } else {
                page.text(name);
            }
        }
        page.is_line_open = true;
        page.has_cell = false;
        page
    }

    /// Starts a row. Returns `false` if it belongs to another part and must not be written.
    pub(super) fn begin(&mut self) -> io::Result<bool> {
        let turn = self.rows % self.part.1;
        self.rows += 1;
        if turn != self.part.0 {
            return Ok(false);
        }
        self.end_line();
        if self.buffer.len() >= BUFFER_BYTES {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        self.has_cell = false;
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
        if self.has_cell {
            self.buffer.push(self.delimiter);
        }
        self.has_cell = true;
    }

    /// Writes a quoted cell.
    pub(super) fn text(&mut self, text: &str) {
        self.next_cell();
        quote(text, &mut self.buffer);
    }

    /// Writes a cell without quotes.
    pub(super) fn number(&mut self, number: impl std::fmt::Display) {
        self.next_cell();
        // Writing to memory cannot fail.
        let _ = write!(self.buffer, "{number}");
    }

    /// Writes an instant (seconds since 1970), or an empty quoted cell.
    pub(super) fn time(&mut self, at: Option<i64>) {
        self.next_cell();
        self.buffer.push(b'"');
        if let Some(at) = at {
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
        }
        self.buffer.push(b'"');
    }

    /// Writes cells made by [`joined`], with the offset of the last one.
    pub(super) fn cells(&mut self, cells: &[u8], last: usize) {
        self.next_cell();
        let start = self.buffer.len();
        self.buffer.extend_from_slice(cells);
        if last > 0 {
            self.last_cell = start + last;
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

    /// Joins quoted cells with delimiters, and returns them with the offset of the last one's delimiter.
    pub(super) fn joined(&self, texts: &[&str]) -> (Vec<u8>, usize) {
        let (mut cells, mut last) = (Vec::new(), 0);
        for (place, text) in texts.iter().enumerate() {
            last = cells.len();
            if place > 0 {
                cells.push(self.delimiter);
            }
            quote(text, &mut cells);
        }
        (cells, last)
    }
}

fn quote(text: &str, into: &mut Vec<u8>) {
    into.push(b'"');
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        into.extend_from_slice(before.as_bytes());
        into.extend_from_slice(b"\"\"");
        rest = after;
    }
    into.extend_from_slice(rest.as_bytes());
    into.push(b'"');
}
