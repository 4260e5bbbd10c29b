//! CSV in the vendor's format: text is quoted, numbers are not; and variations of that format.

use super::FileSpec;
use crate::clock::DAY_SECONDS;
use std::io::{self, Write};

/// Bytes gathered before they are handed on.
const BLOCK: usize = 64 * 1024;

/// Variations and defects of a file; all `false` is a regular file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// A byte order mark comes first.
    pub(crate) bom: bool,
    /// Lines end in CR LF.
    pub(crate) crlf: bool,
    /// The last line does not end.
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
    /// Not compressed, although its name says so.
    pub(crate) plain_named_gz: bool,
    /// The store says `Content-Encoding: gzip`.
    pub(crate) content_encoding: bool,
}

/// A CSV file in the making.
pub(super) struct Page<W> {
    out: W,
    block: Vec<u8>,
    delimiter: u8,
    shape: Shape,
    part: (u64, u64),
    /// Rows begun, of all parts.
    rows: u64,
    /// Rows written to this part.
    written: u64,
    /// Where the row's last cell begins, with the delimiter before it.
    cell: usize,
    /// Whether the row has a cell yet.
    begun: bool,
    /// A line that is not ended yet.
    open: bool,
    day: (i64, String),
}

impl<W: Write> Page<W> {
    /// A page with its header row.
    pub(super) fn new(out: W, spec: &FileSpec) -> Self {
        let mut page = Self {
            out,
            block: Vec::with_capacity(BLOCK + 4096),
            delimiter: spec.delimiter,
            shape: spec.shape,
            part: spec.part,
            rows: 0,
            written: 0,
            cell: 0,
            begun: false,
            open: false,
            day: (i64::MIN, String::new()),
        };
        if spec.shape.bom || spec.part.0 > 0 {
            page.block.extend_from_slice("\u{feff}".as_bytes());
        }
        let columns = spec.report.columns();
        for (place, (name, _)) in columns.iter().enumerate() {
            // Every report but `visit` has its sixth column, every report its second.
            if spec.shape.wrong_header && place == columns.len().min(6) / 2 {
                continue;
            }
            if spec.shape.upper_case_header {
                page.text(&name.to_ascii_uppercase());
            } else {
                page.text(name);
            }
        }
        page.open = true;
        page.begun = false;
        page
    }

    /// Begins a row; `false` when it belongs to another part and must not be written.
    pub(super) fn begin(&mut self) -> io::Result<bool> {
        let turn = self.rows % self.part.1;
        self.rows += 1;
        if turn != self.part.0 {
            return Ok(false);
        }
        self.end_line();
        if self.block.len() >= BLOCK {
            self.out.write_all(&self.block)?;
            self.block.clear();
        }
        self.begun = false;
        Ok(true)
    }

    /// Ends a row.
    pub(super) fn end(&mut self) {
        self.written += 1;
        self.open = true;
        if self.shape.short_row && self.written == 1 {
            self.block.truncate(self.cell);
        }
    }

    fn end_line(&mut self) {
        if self.open {
            self.block.extend_from_slice(if self.shape.crlf { b"\r\n" } else { b"\n" });
            self.open = false;
        }
    }

    fn next_cell(&mut self) {
        self.cell = self.block.len();
        if self.begun {
            self.block.push(self.delimiter);
        }
        self.begun = true;
    }

    /// A quoted cell.
    pub(super) fn text(&mut self, text: &str) {
        self.next_cell();
        quote(text, &mut self.block);
    }

    /// A bare cell.
    pub(super) fn number(&mut self, number: impl std::fmt::Display) {
        self.next_cell();
        // Writing to memory cannot fail.
        let _ = write!(self.block, "{number}");
    }

    /// An instant, or an empty cell.
    pub(super) fn time(&mut self, at: Option<i64>) {
        self.next_cell();
        self.block.push(b'"');
        if let Some(at) = at {
            let day = at.div_euclid(DAY_SECONDS);
            if self.day.0 != day {
                self.day = (day, crate::clock::day_text(day));
            }
            let second = at.rem_euclid(DAY_SECONDS);
            self.block.extend_from_slice(self.day.1.as_bytes());
            self.block.push(if self.shape.iso_times { b'T' } else { b' ' });
            for (place, part) in [second / 3600, second / 60 % 60, second % 60].into_iter().enumerate() {
                if place > 0 {
                    self.block.push(b':');
                }
                // Below 60, so two digits.
                let part = u8::try_from(part).unwrap_or(0);
                self.block.extend_from_slice(&[b'0' + part / 10, b'0' + part % 10]);
            }
            if self.shape.iso_times {
                self.block.push(b'Z');
            }
        }
        self.block.push(b'"');
    }

    /// Cells that were put together before, by [`joined`].
    pub(super) fn cells(&mut self, cells: &[u8], last: usize) {
        self.next_cell();
        let start = self.block.len();
        self.block.extend_from_slice(cells);
        if last > 0 {
            self.cell = start + last;
        }
    }

    /// Hands on the rest, and gives the writer back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.shape.no_last_line_end {
            self.end_line();
        }
        self.out.write_all(&self.block)?;
        Ok(self.out)
    }

    /// Quoted cells with delimiters between them, and where the last one begins with its delimiter.
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
