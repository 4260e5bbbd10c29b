//! How files write a quotation mark inside a quoted cell.
//!
//! RFC 4180 doubles it: `"say ""hi"""`. Some programs put a backslash before it: `"say \"hi\""`. Most of these
//! put one before a backslash too, but some do not. Read by the wrong rule, most such rows have too many or
//! too few cells. Some have the right number, but one of them ends in an odd place; [`is_rfc_4180`]
//! recognizes these.
//!
//! Each file is read by the first of the three rules in [`Quoting`] that fits all of it.
//! [`BackslashConverter`] turns the other two into RFC 4180, so that everything else knows only that.
//!
//! Some files fit two rules, and then the first one decides. In a file that fits RFC 4180, `\"` ends a cell
//! and `\\` is two backslashes, whatever was meant. In a file that escapes quotation marks, `\\` is one
//! backslash unless some other backslash shows that the file does not escape them. By the third rule a
//! backslash at the end of a cell looks like an escape; such rows rarely fit, so the file is rejected.

/// How a file writes a quotation mark inside a quoted cell, in the order in which the rules are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quoting {
    /// Doubled, as RFC 4180 wants it.
    #[default]
    Doubled,
    /// With a backslash before it. Backslashes and line ends have one too, and nothing else has: in a quoted
    /// cell every backslash is an escape or escaped.
    Backslash,
    /// With a backslash before it. Any other backslash is text: `"\\server\share"` begins with two.
    BackslashBeforeQuotes,
}

impl Quoting {
    /// The rule to try after this one, if there are backslashes before quotation marks.
    pub(crate) fn next(self) -> Option<Self> {
        match self {
            Self::Doubled => Some(Self::Backslash),
            Self::Backslash => Some(Self::BackslashBeforeQuotes),
            Self::BackslashBeforeQuotes => None,
        }
    }
}

/// The cells of one row as they are written, quotation marks included.
///
/// A quotation mark begins a quoted cell only as the cell's first character. Text after the closing one
/// belongs to the cell, as for `csv_core`.
pub(crate) struct RawCells<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
}

impl<'a> RawCells<'a> {
    /// The cells of `row`, which has no line end.
    pub(crate) fn new(row: &'a [u8], delimiter: u8) -> Self {
        Self { rest: Some(row), delimiter }
    }
}

impl<'a> Iterator for RawCells<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let row = self.rest?;
        let quoted = if is_quoted(row) { quoted_length(row).unwrap_or(row.len()) } else { 0 };
        let (_, unquoted) = row.split_at_checked(quoted)?;
        match memchr::memchr(self.delimiter, unquoted) {
            Some(at) => {
                let (cell, rest) = row.split_at_checked(quoted + at)?;
                self.rest = rest.get(1..);
                Some(cell)
            }
            None => {
                self.rest = None;
                Some(row)
            }
        }
    }
}

/// Whether a raw cell is quoted.
pub(crate) fn is_quoted(cell: &[u8]) -> bool {
    cell.first() == Some(&b'"')
}

/// The length of the quoted text that `cell` begins with, both quotation marks included; `None` if it has no
/// end.
fn quoted_length(cell: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr(b'"', cell.get(at..)?)? + 1;
        if cell.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// Whether RFC 4180 allows every cell of a row: a quoted cell ends with its closing quotation mark, and other
/// cells have none. `cells` has the row's cells without quotes, concatenated, and `ends` where each ends.
pub(crate) fn is_rfc_4180(row: &[u8], cells: &[u8], ends: &[usize]) -> bool {
    let mut marks = memchr::memchr_iter(b'"', cells).peekable();
    let (mut at, mut start) = (0, 0);
    ends.iter().all(|end| {
        let mut doubled = 0;
        while marks.next_if(|mark| mark < end).is_some() {
            doubled += 1;
        }
        let raw = row.get(at..).unwrap_or_default();
        let quoted = end - start + doubled + 2;
        start = *end;
        match (is_quoted(raw), doubled) {
            (true, 0) => {
                at += quoted + 1;
                // Text after the closing quotation mark is as long as if the mark were at its end.
                raw.get(quoted - 1) == Some(&b'"')
            }
            (true, _) => {
                at += quoted + 1;
                quoted_length(raw) == Some(quoted)
            }
            (false, _) => {
                at += quoted - 1;
                doubled == 0
            }
        }
    })
}

fn is_rfc_4180_cell(cell: &[u8]) -> bool {
    if is_quoted(cell) { quoted_length(cell) == Some(cell.len()) } else { !cell.contains(&b'"') }
}

/// Writes a row by RFC 4180. Cells that are written so already keep their bytes. `cells` has the row's cells
/// without quotes, concatenated, and `ends` where each ends.
#[cold]
pub(crate) fn write_as_rfc_4180(row: &[u8], delimiter: u8, cells: &[u8], ends: &[usize]) -> Vec<u8> {
    let mut new_row = Vec::with_capacity(row.len() + 8);
    let mut start = 0;
    for (at, (raw, end)) in RawCells::new(row, delimiter).zip(ends).enumerate() {
        if at > 0 {
            new_row.push(delimiter);
        }
        if is_rfc_4180_cell(raw) {
            new_row.extend_from_slice(raw);
        } else {
            new_row.push(b'"');
            for byte in cells.get(start..*end).unwrap_or_default() {
                let count = if *byte == b'"' { 2 } else { 1 };
                new_row.extend(std::iter::repeat_n(*byte, count));
            }
            new_row.push(b'"');
        }
        start = *end;
    }
    new_row
}

/// Whether the last cell of a row is quoted and has no end.
pub(crate) fn ends_in_quotes(row: &[u8], delimiter: u8) -> bool {
    RawCells::new(row, delimiter).any(|cell| is_quoted(cell) && quoted_length(cell).is_none())
}

/// Whether a backslash stands before a quotation mark. RFC 4180 allows that: in `"C:\"` the cell ends with a
/// backslash.
pub(crate) fn has_backslash_quote(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', bytes).any(|at| bytes.get(at + 1) == Some(&b'"'))
}

/// Converts CSV that escapes quotation marks with backslashes into RFC 4180, in pieces of any size.
///
/// In a quoted cell `\"` becomes `""`. By [`Quoting::Backslash`], a backslash before another one or a line end
/// is dropped. Any other backslash stays: in `"C:\new"` it was never an escape. Outside of quotes nothing
/// changes; there `\N` means no value.
pub(crate) struct BackslashConverter {
    delimiter: u8,
    escapes_backslashes: bool,
    has_other_backslashes: bool,
    state: State,
}

/// Where the converter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a cell.
    Start,
    /// In a cell without quotation marks, or after the closing one.
    Unquoted,
    /// In a quoted cell.
    Quoted,
    /// In a quoted cell, after a backslash that has not been written yet.
    Escape,
    /// After a quotation mark in a quoted cell, which closes it unless another one follows.
    Closed,
}

impl BackslashConverter {
    /// A converter for the rows of one file; `None` if they are RFC 4180 already.
    pub(crate) fn new(quoting: Quoting, delimiter: u8) -> Option<Self> {
        let escapes_backslashes = match quoting {
            Quoting::Doubled => return None,
            Quoting::Backslash => true,
            Quoting::BackslashBeforeQuotes => false,
        };
        Some(Self { delimiter, escapes_backslashes, has_other_backslashes: false, state: State::Start })
    }

    /// Whether [`Quoting::Backslash`] does not fit the rows so far: a backslash in a quoted cell is no escape.
    pub(crate) fn is_wrong(&self) -> bool {
        self.escapes_backslashes && self.has_other_backslashes
    }

    /// Converts the next bytes and appends them to `out`.
    pub(crate) fn convert(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(bytes.len());
        for byte in bytes.iter().copied() {
            self.state = match (self.state, byte) {
                (State::Escape, b'"') => {
                    out.extend_from_slice(b"\"\"");
                    State::Quoted
                }
                (State::Escape, b'\\' | b'\n' | b'\r') if self.escapes_backslashes => {
                    out.push(byte);
                    State::Quoted
                }
                // The second backslash may escape a quotation mark.
                (State::Escape, b'\\') => {
                    out.push(b'\\');
                    State::Escape
                }
                (State::Escape, _) => {
                    self.has_other_backslashes = true;
                    out.extend_from_slice(&[b'\\', byte]);
                    State::Quoted
                }
                (State::Quoted, b'\\') => State::Escape,
                (state, byte) => {
                    out.push(byte);
                    self.after(state, byte)
                }
            };
        }
    }

    /// The state after a byte that stays as it is.
    fn after(&self, state: State, byte: u8) -> State {
        match (state, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted | State::Escape, _) | (State::Start | State::Closed, b'"') => State::Quoted,
            (_, b'\n' | b'\r') => State::Start,
            (_, byte) if byte == self.delimiter => State::Start,
            _ => State::Unquoted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The converted rows, and whether the rule fits them.
    fn converted(quoting: Quoting, csv: &[u8], delimiter: u8, piece_size: usize) -> (Vec<u8>, bool) {
        let mut converter = BackslashConverter::new(quoting, delimiter).unwrap();
        let mut out = Vec::new();
        for piece in csv.chunks(piece_size) {
            converter.convert(piece, &mut out);
        }
        (out, !converter.is_wrong())
    }

    const BACKSLASHES: [Quoting; 2] = [Quoting::Backslash, Quoting::BackslashBeforeQuotes];

    /// The same as [`is_rfc_4180`], from the row alone.
    fn has_only_rfc_4180_cells(row: &[u8], delimiter: u8) -> bool {
        RawCells::new(row, delimiter).all(is_rfc_4180_cell)
    }

    /// The cells of a row, as `csv_core` reads them.
    fn read(row: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(row);
        let row = reader.byte_records().next().map(Result::unwrap).unwrap_or_default();
        row.iter().map(<[u8]>::to_vec).collect()
    }

    proptest! {
        #[test]
        fn raw_cells_are_those_that_csv_core_reads(
            row in prop::collection::vec(prop::sample::select(b"ab,\"\"\"\\|\t ".to_vec()), 1..60),
            delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
        ) {
            let cells: Vec<&[u8]> = RawCells::new(&row, delimiter).collect();
            prop_assert_eq!(cells.join(&delimiter), row.clone(), "nothing is lost");
            let read_alone: Vec<Vec<u8>> =
                cells.iter().map(|cell| read(cell, delimiter).concat()).collect();
            prop_assert_eq!(read_alone, read(&row, delimiter));
        }

        #[test]
        fn a_row_that_was_written_by_rfc_4180_is_recognized(
            cells in prop::collection::vec("[a,|\"\\\\\n é]{0,9}", 1..6),
            delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
            is_always_quoted in any::<bool>(),
        ) {
            let style = if is_always_quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
            let mut writer =
                csv::WriterBuilder::new().delimiter(delimiter).quote_style(style).from_writer(Vec::new());
            writer.write_record(&cells).unwrap();
            let row = writer.into_inner().unwrap();
            prop_assert!(has_only_rfc_4180_cells(&row[..row.len() - 1], delimiter));
            prop_assert!(!ends_in_quotes(&row[..row.len() - 1], delimiter));
        }

        #[test]
        fn backslashes_become_doubled_quotes_in_pieces_of_any_size(
            rows in prop::collection::vec(prop::collection::vec("[a,|\t\"\\\\\n é]{0,9}", 1..6), 1..6),
            delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
            piece_size in 1usize..40,
        ) {
            let quote = |cell: &String, quoted_mark: &str, backslash: &str| {
                format!("\"{}\"", cell.replace('\\', backslash).replace('"', quoted_mark))
            };
            let write = |quoted_mark: &str, backslash: &str| -> Vec<u8> {
                rows.iter()
                    .flat_map(|row| {
                        let cells: Vec<String> =
                            row.iter().map(|cell| quote(cell, quoted_mark, backslash)).collect();
                        format!("{}\n", cells.join(&char::from(delimiter).to_string())).into_bytes()
                    })
                    .collect()
            };
            // A backslash inside is replaced before the one of a quotation mark is added.
            let escaped = write("\u{1}", "\\\\").iter().copied().flat_map(|byte| match byte {
                1 => b"\\\"".to_vec(),
                byte => vec![byte],
            }).collect::<Vec<u8>>();
            let expected = (write("\"\"", "\\"), true);
            prop_assert_eq!(converted(Quoting::Backslash, &escaped, delimiter, piece_size), expected);
        }

        #[test]
        fn rows_without_backslashes_stay_as_they_are(
            csv in prop::collection::vec(prop::sample::select(b"ab,\"\"\n\r|\xef ".to_vec()), 0..200),
            piece_size in 1usize..40,
        ) {
            for quoting in BACKSLASHES {
                prop_assert_eq!(converted(quoting, &csv, b',', piece_size), (csv.clone(), true));
            }
        }

        #[test]
        fn backslashes_that_are_text_stay_where_only_quotation_marks_are_escaped(
            rows in prop::collection::vec(prop::collection::vec("[a,|\t\"\\\\\n é]{0,9}z", 1..6), 1..6),
            piece_size in 1usize..40,
        ) {
            let write = |quoted_mark: &str| -> Vec<u8> {
                let quote = |cell: &String| format!("\"{}\"", cell.replace('"', quoted_mark));
                let row = |row: &Vec<String>| row.iter().map(quote).collect::<Vec<_>>().join(",") + "\n";
                rows.iter().map(row).collect::<String>().into_bytes()
            };
            let expected = (write("\"\""), true);
            let quoting = Quoting::BackslashBeforeQuotes;
            prop_assert_eq!(converted(quoting, &write("\\\""), b',', piece_size), expected);
        }

        #[test]
        fn rows_become_rfc_4180_and_keep_their_cells(
            row in prop::collection::vec(prop::sample::select(b"ab,,\"\"\"\\|\t ".to_vec()), 1..60),
            delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
        ) {
            prop_assume!(!ends_in_quotes(&row, delimiter));
            let cells = read(&row, delimiter);
            let ends: Vec<usize> = (1..=cells.len()).map(|count| cells[..count].concat().len()).collect();
            let concatenated = cells.concat();
            let is_allowed = has_only_rfc_4180_cells(&row, delimiter);
            prop_assert_eq!(is_rfc_4180(&row, &concatenated, &ends), is_allowed);
            let written = write_as_rfc_4180(&row, delimiter, &concatenated, &ends);
            prop_assert!(has_only_rfc_4180_cells(&written, delimiter));
            prop_assert_eq!(written == row, is_allowed);
            prop_assert_eq!(read(&written, delimiter), cells);
        }
    }

    #[test]
    fn only_escapes_are_converted() {
        let convert = |quoting, row: &str| {
            let (row, fits) = converted(quoting, row.as_bytes(), b',', 3);
            (String::from_utf8(row).unwrap(), fits)
        };
        let [every, quotes] = BACKSLASHES;
        for quoting in BACKSLASHES {
            let json = convert(quoting, r#""{\"choices\":[\"A\"]}",5,\N"#);
            assert_eq!(json, (r#""{""choices"":[""A""]}",5,\N"#.to_owned(), true));
        }
        for (row, by_every, by_quotes) in [
            (r#""a\\b",\N,"\\""#, (r#""a\b",\N,"\""#, true), (r#""a\\b",\N,"\"""#, true)),
            (r#""C:\new""#, (r#""C:\new""#, false), (r#""C:\new""#, true)),
            ("\"two\\\nlines\",x\\y", ("\"two\nlines\",x\\y", true), ("\"two\\\nlines\",x\\y", true)),
            (r#""\\server\a","\"""#, (r#""\server\a","""""#, false), (r#""\\server\a","""""#, true)),
        ] {
            assert_eq!(convert(every, row), (by_every.0.to_owned(), by_every.1), "{row}");
            assert_eq!(convert(quotes, row), (by_quotes.0.to_owned(), by_quotes.1), "{row}");
        }
    }

    #[test]
    fn cells_that_rfc_4180_cannot_have_are_recognized() {
        for row in [r#""a\"b""#, r#""a",b""#, r#""a" ,"b""#, r#""open"#, r#"a"b"#] {
            assert!(!has_only_rfc_4180_cells(row.as_bytes(), b','), "{row}");
        }
        for row in [r#""C:\","D:\""#, r#""a\""b""#, "", ",", r#""""#] {
            assert!(has_only_rfc_4180_cells(row.as_bytes(), b','), "{row}");
        }
        assert!(ends_in_quotes(br#"a,"b"#, b',') && !ends_in_quotes(br#"a,5" b"#, b','));
    }
}
