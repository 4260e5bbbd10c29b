//! Writes the rows of many slices as one CSV: one delimiter, one column order, trimmed to a span, safe for
//! spreadsheets.
//!
//! Copies of different windows may differ: an adopted one in its delimiter, a newer one in its columns. The
//! output has one header; a row's cells go to where their column stands in it, and columns that a copy lacks
//! stay empty.

use crate::formula_injection::is_formula;
use domain::column;
use domain::range::Span;
use domain::time::Timestamp;
use std::io::Read;

/// What a download is to look like.
#[derive(Debug, Clone)]
pub struct CsvOutput {
    /// The columns, in order, without those that are appended.
    pub columns: Vec<String>,
    /// Columns with the same value in all rows of a copy (`window_start`, `window_end`).
    pub appended: Vec<&'static str>,
    /// One of `,`, tab, `|`.
    pub delimiter: u8,
    /// Whether cells that a spreadsheet would run get a `'` before them.
    pub safe: bool,
}

impl CsvOutput {
    /// The columns of all `headers`, in the order in which they first appear. A report may have two columns
    /// with one key (`email`, `Email`): each is kept.
    #[must_use]
    pub fn merge_columns<'a>(headers: impl IntoIterator<Item = &'a [String]>) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for header in headers {
            let places = column_positions(header, &columns);
            let new = header.iter().enumerate().filter(|(at, _)| !places.contains(&Some(*at)));
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
            self.write(&mut rows, name.as_bytes());
        }
        end_row(&mut rows);
        rows.into_inner().unwrap_or_default()
    }

    fn writer(&self) -> csv::Writer<Vec<u8>> {
        csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            // As Echo360 does: strings quoted, numbers bare.
            .quote_style(csv::QuoteStyle::NonNumeric)
            .from_writer(Vec::new())
    }

    fn write(&self, rows: &mut csv::Writer<Vec<u8>>, cell: &[u8]) {
        // Writing to memory cannot fail, and every row here has as many cells as the header.
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

/// For each of the `wanted` columns, where it stands in `header`: the second of one key is the second there.
fn column_positions(header: &[String], wanted: &[String]) -> Vec<Option<usize>> {
    let mut free: Vec<Option<String>> =
        header.iter().map(|name| Some(column::normalize_name(name))).collect();
    wanted
        .iter()
        .map(|name| {
            let key = Some(column::normalize_name(name));
            let at = free.iter().position(|column| *column == key)?;
            if let Some(taken) = free.get_mut(at) {
                *taken = None;
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
    /// For each column of the output, where it stands in the copy.
    places: Vec<Option<usize>>,
    /// The time column and the span outside which rows are left out.
    trim: Option<(usize, Span)>,
    appended: Vec<String>,
    width: usize,
}

/// Rows that are not what their header says: the copy is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorruptSlice;

impl std::fmt::Display for CorruptSlice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stored row does not fit its header")
    }
}

impl std::error::Error for CorruptSlice {}

impl<'a> Rewriter<'a> {
    /// A rewriter for a copy with this delimiter and header. `trim` names the time column and the span to
    /// keep; a row whose time cannot be read is kept, since leaving it out would lose it without a word.
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
            places: column_positions(columns, &output.columns),
            trim: trim.and_then(|(name, span)| Some((column::position(columns, name)?, span))),
            appended,
            width: columns.len(),
        }
    }

    /// Whether rows pass as they are, byte for byte.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        !self.output.safe
            && self.delimiter == self.output.delimiter
            && self.trim.is_none()
            && self.appended.is_empty()
            && self.width == self.places.len()
            && self.places.iter().enumerate().all(|(at, place)| *place == Some(at))
    }

    /// Adds the rows of `slice` (inflated) to `rows` as the output wants them.
    ///
    /// # Errors
    /// [`CorruptSlice`] when a row has not as many cells as the header.
    pub fn rewrite(&self, slice: &[u8], rows: &mut Vec<u8>) -> Result<(), CorruptSlice> {
        if self.is_identity() {
            rows.extend_from_slice(slice);
            return Ok(());
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            // The reader drops a byte order mark at the very start, and a cell may begin with one: start with
            // an empty line, which it passes over.
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
            for place in &self.places {
                self.output.write(&mut written, place.and_then(|at| row.get(at)).unwrap_or_default());
            }
            for value in &self.appended {
                self.output.write(&mut written, value.as_bytes());
            }
            end_row(&mut written);
        }
        rows.extend_from_slice(&written.into_inner().map_err(|_| CorruptSlice)?);
        Ok(())
    }

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
    fn strings_are_quoted_and_numbers_bare_as_they_came() {
        let wanted = output(&["user", "n"], b'|', false);
        let columns = names(&["user", "n"]);
        let rewriter = Rewriter::new(&wanted, b',', &columns, None, Vec::new());
        assert_eq!(wanted.header_row(), b"\"user\"|\"n\"\n");
        assert_eq!(rewritten(&rewriter, b"\"Al|ice\",2\n\"\",-3.5\n").unwrap(), b"\"Al|ice\"|2\n\"\"|-3.5\n");
    }

    #[test]
    fn a_formula_gets_a_mark_and_a_number_does_not() {
        let wanted = output(&["a", "b"], b',', true);
        let columns = names(&["a", "b"]);
        let rewriter = Rewriter::new(&wanted, b',', &columns, None, Vec::new());
        let rewritten = rewritten(&rewriter, b"\"=HYPERLINK(\"\"x\"\")\",-7\n\"@me\",\"fine\"\n").unwrap();
        assert_eq!(rewritten, b"\"'=HYPERLINK(\"\"x\"\")\",-7\n\"'@me\",\"fine\"\n");
    }

    #[test]
    fn columns_go_to_their_place_and_missing_ones_stay_empty() {
        let columns = CsvOutput::merge_columns([
            &names(&["User_ID", "page"])[..],
            &names(&["page", "userid", "new"])[..],
        ]);
        assert_eq!(columns, ["User_ID", "page", "new"]);
        let twice = names(&["email", "Email"]);
        assert_eq!(CsvOutput::merge_columns([&twice[..], &twice[..]]), ["email", "Email"]);
        let wanted = CsvOutput { columns, appended: vec!["window_start"], delimiter: b',', safe: false };
        let start = vec!["2026-02-02".to_owned()];
        let first = Rewriter::new(&wanted, b',', &names(&["User_ID", "page"]), None, start.clone());
        let second = Rewriter::new(&wanted, b'\t', &names(&["page", "userid", "new"]), None, start);
        assert_eq!(rewritten(&first, b"1,\"p\"\n").unwrap(), b"1,\"p\",\"\",\"2026-02-02\"\n");
        assert_eq!(rewritten(&second, b"\"p\"\t1\t9\n").unwrap(), b"1,\"p\",9,\"2026-02-02\"\n");
        assert_eq!(rewritten(&second, b"\"p\"\t1\n"), Err(CorruptSlice));
    }

    #[test]
    fn rows_outside_the_span_are_left_out_and_rows_without_a_time_are_kept() {
        let wanted = output(&["at"], b',', false);
        let span = Span {
            start: Timestamp::parse("2026-02-03").unwrap(),
            end: Timestamp::parse("2026-02-04").unwrap(),
        };
        let rewriter = Rewriter::new(&wanted, b',', &names(&["at"]), Some(("at", span)), Vec::new());
        let rows = "\"2026-02-02 23:59:59\"\n\"2026-02-03 00:00:00\"\n\"2026-02-03T23:59:59Z\"\n\"?\"\n\"2026-02-04\"\n";
        let kept = String::from_utf8(rewritten(&rewriter, rows.as_bytes()).unwrap()).unwrap();
        assert_eq!(kept, "\"2026-02-03 00:00:00\"\n\"2026-02-03T23:59:59Z\"\n\"?\"\n");
    }

    proptest! {
        #[test]
        fn every_cell_survives_any_change_of_delimiter(
            rows in prop::collection::vec(prop::collection::vec(".{0,12}", 3), 0..12),
            from in prop::sample::select(vec![b',', b'\t', b'|']),
            to in prop::sample::select(vec![b',', b'\t', b'|']),
        ) {
            let mut written = csv::WriterBuilder::new().delimiter(from).from_writer(Vec::new());
            for row in &rows {
                written.write_record(row).unwrap();
            }
            let slice = written.into_inner().unwrap();
            let wanted = output(&["a", "b", "c"], to, false);
            let columns = names(&["a", "b", "c"]);
            let rewriter = Rewriter::new(&wanted, from, &columns, None, Vec::new());
            // With the header before it, as it is sent.
            let sent = [wanted.header_row(), rewritten(&rewriter, &slice).unwrap()].concat();
            let mut reader = csv::ReaderBuilder::new().delimiter(to).from_reader(&sent[..]);
            let back: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(back, rows);
        }
    }
}
