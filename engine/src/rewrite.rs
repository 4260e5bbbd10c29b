//! Rewrites the rows of many slices as one CSV download: one delimiter, one column order, trimmed to a time
//! span, and safe for spreadsheets.
//!
//! Copies of different windows may differ: adopted ones in their delimiter, newer ones in their columns. The
//! output has one header. Cells move to their column's position in it; columns that a copy lacks stay empty.

use domain::column;
use domain::formula_injection::is_formula;
use domain::range::Span;
use domain::time::Timestamp;
use std::io::Read;

/// The format of a download.
#[derive(Debug, Clone)]
pub struct CsvOutput {
    /// The columns in order, without the appended ones.
    pub columns: Vec<String>,
    /// Further columns, with the same value in all rows of a copy (`window_start`, `window_end`).
    pub appended: Vec<&'static str>,
    /// One of `,`, tab, `|`.
    pub delimiter: u8,
    /// Whether cells that a spreadsheet would run as a formula are prefixed with `'`.
    pub safe: bool,
}

impl CsvOutput {
    /// The columns of all `headers`, in the order of first appearance. A report may have two columns with the
    /// same normalized name (`email`, `Email`): both are included.
    #[must_use]
    pub fn merge_columns<'a>(headers: impl IntoIterator<Item = &'a [String]>) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for header in headers {
            let positions = column_positions(header, &columns);
            let new = header.iter().enumerate().filter(|(at, _)| !positions.contains(&Some(*at)));
            let new: Vec<String> =
                new.map(|(_, name)| name.trim_start_matches('\u{feff}').to_owned()).collect();
            columns.extend(new);
        }
        columns
    }

    /// The header row.
    #[must_use]
    pub fn header_row(&self) -> Vec<u8> {
        let mut rows = self.writer();
        let names = self.columns.iter().map(String::as_str).chain(self.appended.iter().copied());
        for name in names {
            self.write_cell(&mut rows, name.as_bytes());
        }
        end_row(&mut rows);
        rows.into_inner().unwrap_or_default()
    }

    fn writer(&self) -> csv::Writer<Vec<u8>> {
        csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            // Like Echo360: strings quoted, numbers unquoted.
            .quote_style(csv::QuoteStyle::NonNumeric)
            .from_writer(Vec::new())
    }

    fn write_cell(&self, rows: &mut csv::Writer<Vec<u8>>, cell: &[u8]) {
        // Writing to memory cannot fail, and every row has as many cells as the header.
        let _ = if self.safe && is_formula(cell) {
            rows.write_field([b"'", cell].concat())
        } else {
            rows.write_field(cell)
        };
    }
}

fn end_row(rows: &mut csv::Writer<Vec<u8>>) {
    let _ = rows.write_record(None::<&[u8]>);
}

/// The position in `header` of each of `columns`. Of columns with the same normalized name, the n-th in
/// `columns` is the n-th in `header`.
fn column_positions(header: &[String], columns: &[String]) -> Vec<Option<usize>> {
    let mut unused: Vec<Option<String>> =
        header.iter().map(|name| Some(column::normalize_name(name))).collect();
    columns
        .iter()
        .map(|name| {
            let name = Some(column::normalize_name(name));
            let at = unused.iter().position(|column| *column == name)?;
            if let Some(column) = unused.get_mut(at) {
                *column = None;
            }
            Some(at)
        })
        .collect()
}

/// Rewrites the rows of one copy.
#[derive(Debug)]
pub struct Rewriter<'a> {
    output: &'a CsvOutput,
    delimiter: u8,
    /// The position in the copy of each column of the output.
    positions: Vec<Option<usize>>,
    /// The position of the time column, and the span outside which rows are dropped.
    trim: Option<(usize, Span)>,
    /// Values of the appended columns.
    appended: Vec<String>,
    /// Number of columns of the copy.
    width: usize,
}

/// The number of cells in a stored row differs from its header's: the copy is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorruptSlice;

impl std::fmt::Display for CorruptSlice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stored row does not fit its header")
    }
}

impl std::error::Error for CorruptSlice {}

impl<'a> Rewriter<'a> {
    /// Creates a rewriter for a copy with this delimiter and header. `trim` is the name of the time column
    /// and the span to keep; rows whose time cannot be parsed are kept, since dropping them would lose data
    /// silently.
    #[must_use]
    pub fn new(
        output: &'a CsvOutput,
        delimiter: u8,
        columns: &[String],
        trim: Option<(&str, Span)>,
        appended: Vec<String>,
    ) -> Self {
        Self {
            output,
            delimiter,
            positions: column_positions(columns, &output.columns),
            trim: trim.and_then(|(name, span)| Some((column::position(columns, name)?, span))),
            appended,
            width: columns.len(),
        }
    }

    /// Whether rows are written unchanged, byte for byte.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        !self.output.safe
            && self.delimiter == self.output.delimiter
            && self.trim.is_none()
            && self.appended.is_empty()
            && self.width == self.positions.len()
            && self.positions.iter().enumerate().all(|(at, position)| *position == Some(at))
    }

    /// Appends the rows of an inflated slice to `rows`, in the output's format.
    ///
    /// # Errors
    /// [`CorruptSlice`] if a row's number of cells differs from the header's.
    pub fn rewrite(&self, slice: &[u8], rows: &mut Vec<u8>) -> Result<(), CorruptSlice> {
        if self.is_identity() {
            rows.extend_from_slice(slice);
            return Ok(());
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            // The reader drops a byte order mark at the start of its input, but a cell may begin with one. So
            // the input starts with an empty line, which the reader skips.
            .from_reader(b"\n".chain(slice));
        let mut row = csv::ByteRecord::new();
        let mut written = self.output.writer();
        while reader.read_byte_record(&mut row).map_err(|_| CorruptSlice)? {
            if row.len() != self.width {
                return Err(CorruptSlice);
            }
            if self.is_outside(&row) {
                continue;
            }
            for position in &self.positions {
                let cell = position.and_then(|at| row.get(at)).unwrap_or_default();
                self.output.write_cell(&mut written, cell);
            }
            for value in &self.appended {
                self.output.write_cell(&mut written, value.as_bytes());
            }
            end_row(&mut written);
        }
        rows.extend_from_slice(&written.into_inner().map_err(|_| CorruptSlice)?);
        Ok(())
    }

    /// Whether the row's time is outside the span to keep.
    fn is_outside(&self, row: &csv::ByteRecord) -> bool {
        let Some((at, span)) = self.trim else { return false };
        row.get(at)
            .and_then(|cell| std::str::from_utf8(cell).ok())
            .and_then(Timestamp::parse)
            .is_some_and(|time| !span.contains(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rewritten(rewriter: &Rewriter<'_>, slice: &[u8]) -> Result<Vec<u8>, CorruptSlice> {
        let mut rows = Vec::new();
        rewriter.rewrite(slice, &mut rows).map(|()| rows)
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn output(columns: &[&str], delimiter: u8, safe: bool) -> CsvOutput {
        CsvOutput { columns: names(columns), appended: Vec::new(), delimiter, safe }
    }

    #[test]
    fn strings_are_quoted_and_numbers_are_not() {
        let output = output(&["user", "n"], b'|', false);
        let columns = names(&["user", "n"]);
        let rewriter = Rewriter::new(&output, b',', &columns, None, Vec::new());
        assert_eq!(output.header_row(), b"\"user\"|\"n\"\n");
        assert_eq!(rewritten(&rewriter, b"\"Al|ice\",2\n\"\",-3.5\n").unwrap(), b"\"Al|ice\"|2\n\"\"|-3.5\n");
    }

    #[test]
    fn a_formula_gets_an_apostrophe_and_a_number_does_not() {
        let output = output(&["a", "b"], b',', true);
        let columns = names(&["a", "b"]);
        let rewriter = Rewriter::new(&output, b',', &columns, None, Vec::new());
        let rewritten = rewritten(&rewriter, b"\"=HYPERLINK(\"\"x\"\")\",-7\n\"@me\",\"fine\"\n").unwrap();
        assert_eq!(rewritten, b"\"'=HYPERLINK(\"\"x\"\")\",-7\n\"'@me\",\"fine\"\n");
    }

    #[test]
    fn cells_move_to_their_column_and_missing_columns_stay_empty() {
        let columns = CsvOutput::merge_columns([
            &names(&["User_ID", "page"])[..],
            &names(&["page", "userid", "new"])[..],
        ]);
        assert_eq!(columns, ["User_ID", "page", "new"]);
        let same_name = names(&["email", "Email"]);
        assert_eq!(CsvOutput::merge_columns([&same_name[..], &same_name[..]]), ["email", "Email"]);
        let output = CsvOutput { columns, appended: vec!["window_start"], delimiter: b',', safe: false };
        let start = vec!["2026-02-02".to_owned()];
        let first = Rewriter::new(&output, b',', &names(&["User_ID", "page"]), None, start.clone());
        let second = Rewriter::new(&output, b'\t', &names(&["page", "userid", "new"]), None, start);
        assert_eq!(rewritten(&first, b"1,\"p\"\n").unwrap(), b"1,\"p\",\"\",\"2026-02-02\"\n");
        assert_eq!(rewritten(&second, b"\"p\"\t1\t9\n").unwrap(), b"1,\"p\",9,\"2026-02-02\"\n");
        assert_eq!(rewritten(&second, b"\"p\"\t1\n"), Err(CorruptSlice));
    }

    #[test]
    fn rows_outside_the_span_are_dropped_and_rows_without_a_time_are_kept() {
        let output = output(&["at"], b',', false);
        let span = Span {
            start: Timestamp::parse("2026-02-03").unwrap(),
            end: Timestamp::parse("2026-02-04").unwrap(),
        };
        let rewriter = Rewriter::new(&output, b',', &names(&["at"]), Some(("at", span)), Vec::new());
        let rows = "\"2026-02-02 23:59:59\"\n\"2026-02-03 00:00:00\"\n\"2026-02-03T23:59:59Z\"\n\"?\"\n\"2026-02-04\"\n";
        let kept = String::from_utf8(rewritten(&rewriter, rows.as_bytes()).unwrap()).unwrap();
        assert_eq!(kept, "\"2026-02-03 00:00:00\"\n\"2026-02-03T23:59:59Z\"\n\"?\"\n");
    }

    proptest! {
        #[test]
        fn cells_are_unchanged_after_a_change_of_delimiter(
            rows in prop::collection::vec(prop::collection::vec(".{0,12}", 3), 0..12),
            from in prop::sample::select(vec![b',', b'\t', b'|']),
            to in prop::sample::select(vec![b',', b'\t', b'|']),
        ) {
            let mut written = csv::WriterBuilder::new().delimiter(from).from_writer(Vec::new());
            for row in &rows {
                written.write_record(row).unwrap();
            }
            let slice = written.into_inner().unwrap();
            let output = output(&["a", "b", "c"], to, false);
            let columns = names(&["a", "b", "c"]);
            let rewriter = Rewriter::new(&output, from, &columns, None, Vec::new());
            // A download starts with the header row.
            let download = [output.header_row(), rewritten(&rewriter, &slice).unwrap()].concat();
            let mut reader = csv::ReaderBuilder::new().delimiter(to).from_reader(&download[..]);
            let read_back: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(read_back, rows);
        }
    }
}
