//! Rewrites the rows of many slices as one CSV download: one delimiter, one column order, trimmed to a time
//! span, and safe for spreadsheets.
//!
//! What is made for spreadsheets begins with a byte order mark, without which they assume an encoding other than
//! UTF-8, has its formulas disarmed, and has the local time of each row.
//!
//! Copies of different windows may differ: adopted ones in their delimiter, newer ones in their columns. The
//! output has one header. Cells move to their column's position in it; columns that a copy lacks stay empty.

use domain::column;
use domain::formula_injection::disarm_formulas;
use domain::range::Span;
use domain::time::Timestamp;
use domain::zone::Zone;
use std::io::Read;

/// The format of a download.
#[derive(Debug, Clone)]
pub struct CsvOutput {
    /// The columns in order, without the appended ones.
    pub columns: Vec<String>,
    /// Further columns, with the same value in all rows of a copy (`window_start`, `window_end`).
    pub appended: Vec<&'static str>,
    /// The zone of the last column, [`LOCAL_TIME`]; `None` without that column.
    pub local_time: Option<Zone>,
    /// One of `,`, tab, `|`.
    pub delimiter: u8,
    /// Whether the file is made for spreadsheets: it begins with a byte order mark, and formulas are disarmed.
    pub safe: bool,
}

/// The column with the local time of a row and its UTC offset: `2026-02-02T11:00:00+01:00`.
pub const LOCAL_TIME: &str = "event_local_time";

const BYTE_ORDER_MARK: &str = "\u{feff}";

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

    /// Appends the column [`LOCAL_TIME`] in this zone, if the file is made for spreadsheets and has the column
    /// `time`, but none called like the new one.
    #[must_use]
    pub fn with_local_time(self, time: &str, zone: Zone) -> Self {
        let has = |name| column::position(&self.columns, name).is_some();
        let is_appended = self.safe && has(time) && !has(LOCAL_TIME);
        Self { local_time: is_appended.then_some(zone), ..self }
    }

    /// The beginning of the file: the header row, after a byte order mark if the file is made for spreadsheets.
    #[must_use]
    pub fn header_row(&self) -> Vec<u8> {
        let mut rows = self.writer();
        let names = self.columns.iter().map(String::as_str).chain(self.appended.iter().copied());
        for name in names.chain(self.local_time.as_ref().map(|_| LOCAL_TIME)) {
            self.write_cell(&mut rows, name.as_bytes());
        }
        end_row(&mut rows);
        let mark = if self.safe { BYTE_ORDER_MARK } else { "" };
        [mark.as_bytes(), &rows.into_inner().unwrap_or_default()].concat()
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
        let _ = if self.safe { rows.write_field(disarm_formulas(cell)) } else { rows.write_field(cell) };
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
    /// The position of the time column.
    time: Option<usize>,
    /// The span outside which rows are dropped.
    span: Option<Span>,
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
    /// Creates a rewriter for a copy with this delimiter and header. `time` is the name of the time column,
    /// `span` what to keep of the copy; rows whose time cannot be parsed are kept, since dropping them would lose
    /// data silently.
    #[must_use]
    pub fn new(
        output: &'a CsvOutput,
        delimiter: u8,
        columns: &[String],
        time: Option<&str>,
        span: Option<Span>,
        appended: Vec<String>,
    ) -> Self {
        Self {
            output,
            delimiter,
            positions: column_positions(columns, &output.columns),
            time: time.and_then(|name| column::position(columns, name)),
            span,
            appended,
            width: columns.len(),
        }
    }

    /// Whether rows are written unchanged, byte for byte.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        !self.output.safe
            && self.delimiter == self.output.delimiter
            && self.time.zip(self.span).is_none()
            && self.appended.is_empty()
            && self.output.local_time.is_none()
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
            let time = self.time(&row);
            if time.zip(self.span).is_some_and(|(time, span)| !span.contains(time)) {
                continue;
            }
            for position in &self.positions {
                let cell = position.and_then(|at| row.get(at)).unwrap_or_default();
                self.output.write_cell(&mut written, cell);
            }
            for value in &self.appended {
                self.output.write_cell(&mut written, value.as_bytes());
            }
            if let Some(zone) = &self.output.local_time {
                let local_time = time.map_or_else(String::new, |time| zone.format_local(time));
                self.output.write_cell(&mut written, local_time.as_bytes());
            }
            end_row(&mut written);
        }
        rows.extend_from_slice(&written.into_inner().map_err(|_| CorruptSlice)?);
        Ok(())
    }

    /// The row's time; `None` if it cannot be parsed, or if neither a trim nor the local time needs it.
    fn time(&self, row: &csv::ByteRecord) -> Option<Timestamp> {
        if self.span.is_none() && self.output.local_time.is_none() {
            return None;
        }
        Timestamp::parse(std::str::from_utf8(row.get(self.time?)?).ok()?)
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
        CsvOutput { columns: names(columns), appended: Vec::new(), local_time: None, delimiter, safe }
    }

    #[test]
    fn strings_are_quoted_and_numbers_are_not() {
        let output = output(&["user", "n"], b'|', false);
        let columns = names(&["user", "n"]);
        let rewriter = Rewriter::new(&output, b',', &columns, None, None, Vec::new());
        assert_eq!(output.header_row(), b"\"user\"|\"n\"\n");
        assert_eq!(rewritten(&rewriter, b"\"Al|ice\",2\n\"\",-3.5\n").unwrap(), b"\"Al|ice\"|2\n\"\"|-3.5\n");
    }

    #[test]
    fn a_formula_gets_an_apostrophe_and_a_number_does_not() {
        let output = output(&["a", "b"], b',', true);
        let columns = names(&["a", "b"]);
        let rewriter = Rewriter::new(&output, b',', &columns, None, None, Vec::new());
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
        let output = CsvOutput {
            columns,
            appended: vec!["window_start"],
            local_time: None,
            delimiter: b',',
            safe: false,
        };
        let start = vec!["2026-02-02".to_owned()];
        let first = Rewriter::new(&output, b',', &names(&["User_ID", "page"]), None, None, start.clone());
        let second = Rewriter::new(&output, b'\t', &names(&["page", "userid", "new"]), None, None, start);
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
        let rewriter = Rewriter::new(&output, b',', &names(&["at"]), Some("at"), Some(span), Vec::new());
        let rows = "\"2026-02-02 23:59:59\"\n\"2026-02-03 00:00:00\"\n\"2026-02-03T23:59:59Z\"\n\"?\"\n\"2026-02-04\"\n";
        let kept = String::from_utf8(rewritten(&rewriter, rows.as_bytes()).unwrap()).unwrap();
        assert_eq!(kept, "\"2026-02-03 00:00:00\"\n\"2026-02-03T23:59:59Z\"\n\"?\"\n");
    }

    #[test]
    fn a_file_for_spreadsheets_begins_with_a_byte_order_mark_and_ends_rows_with_the_local_time() {
        let from = Timestamp::parse("2026-03-01").unwrap();
        let change = Timestamp::parse("2026-03-29 01:00:00").unwrap();
        let berlin = Zone::trace("Europe/Berlin", from, from.plus(60 * domain::time::DAY), |t| {
            Some(if t < change { 3600 } else { 7200 })
        });
        let output =
            CsvOutput { appended: vec!["window_start"], ..output(&["event_timestamp", "n"], b',', true) };
        let output = output.with_local_time("event_timestamp", berlin.unwrap());
        let header = "\u{feff}\"event_timestamp\",\"n\",\"window_start\",\"event_local_time\"\n";
        assert_eq!(String::from_utf8(output.header_row()).unwrap(), header);
        let columns = names(&["n", "Event_Timestamp"]);
        let time = Some("event_timestamp");
        let rewriter = Rewriter::new(&output, b',', &columns, time, None, vec!["2026-03-23".to_owned()]);
        let rows = "1,\"2026-03-29 00:59:59\"\n2,\"2026-03-29T01:00:00.250Z\"\n3,\"=soon\"\n4,\"\"\n";
        assert_eq!(
            String::from_utf8(rewritten(&rewriter, rows.as_bytes()).unwrap()).unwrap(),
            "\"2026-03-29 00:59:59\",1,\"2026-03-23\",\"2026-03-29T01:59:59+01:00\"\n\
             \"2026-03-29T01:00:00.250Z\",2,\"2026-03-23\",\"2026-03-29T03:00:00.250+02:00\"\n\
             \"'=soon\",3,\"2026-03-23\",\"\"\n\"\",4,\"2026-03-23\",\"\"\n"
        );
        // A copy without the column has no times.
        let without = names(&["n"]);
        let rewriter = Rewriter::new(&output, b',', &without, time, None, vec!["2026-03-23".to_owned()]);
        assert_eq!(rewritten(&rewriter, b"5\n").unwrap(), b"\"\",5,\"2026-03-23\",\"\"\n");
    }

    #[test]
    fn the_local_time_is_appended_once_and_only_for_spreadsheets() {
        let is_appended = |columns: &[&str], safe: bool| {
            output(columns, b',', safe).with_local_time("event_timestamp", Zone::utc()).local_time.is_some()
        };
        assert!(is_appended(&["n", "EventTimestamp"], true));
        assert!(!is_appended(&["n", "EventTimestamp"], false));
        assert!(!is_appended(&["n"], true));
        assert!(!is_appended(&["event_timestamp", "Event_Local_Time"], true));
    }

    /// What a program may take for cells of `file`, reading it with this delimiter: regardless of quotes, with
    /// regard to them, and line by line.
    fn possible_cells(file: &str, delimiter: u8) -> Vec<String> {
        let is_break = |c: char| "\n\r\u{b}\u{c}\u{85}\u{2028}\u{2029}".contains(c);
        let bare = file.split(|c: char| c == char::from(delimiter) || is_break(c)).map(str::to_owned);
        let quoted = [file].into_iter().chain(file.split(is_break)).flat_map(|text| {
            let mut reader = csv::ReaderBuilder::new();
            let mut reader =
                reader.delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
            let records = reader.records().map(|record| record.unwrap()).collect::<Vec<_>>();
            records.into_iter().flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>())
        });
        bare.chain(quoted).collect()
    }

    proptest! {
        #[test]
        fn no_cell_starts_with_a_formula_character_with_whatever_delimiter_a_file_is_read(
            rows in prop::collection::vec(prop::collection::vec("[-=+@＝＋－＠ ,;|\t\r\n\"a\u{a0}]{0,8}", 3), 1..6),
            to in prop::sample::select(vec![b',', b'\t', b'|']),
        ) {
            let mut written = csv::WriterBuilder::new().from_writer(Vec::new());
            for row in &rows {
                written.write_record(row).unwrap();
            }
            let slice = written.into_inner().unwrap();
            let output = output(&["=a", "b", "c"], to, true);
            let columns = names(&["=a", "b", "c"]);
            let rewriter = Rewriter::new(&output, b',', &columns, None, None, Vec::new());
            let file = [output.header_row(), rewritten(&rewriter, &slice).unwrap()].concat();
            let file = String::from_utf8(file).unwrap();
            let file = file.strip_prefix('\u{feff}').unwrap();
            for delimiter in *b",;\t|" {
                for cell in possible_cells(file, delimiter) {
                    let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '"');
                    prop_assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{cell:?} in {file:?}");
                }
            }
        }

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
            let rewriter = Rewriter::new(&output, from, &columns, None, None, Vec::new());
            // A download starts with the header row.
            let download = [output.header_row(), rewritten(&rewriter, &slice).unwrap()].concat();
            let mut reader = csv::ReaderBuilder::new().delimiter(to).from_reader(&download[..]);
            let read_back: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(read_back, rows);
        }
    }
}
