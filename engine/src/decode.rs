//! Decodes CSV bytes into records: rows of fields without their quotes.
//!
//! A copy's header row is sent once, before its slices. A slice has whole rows only, so it can be decoded on
//! its own. Fields are bytes; callers decide how to treat invalid UTF-8.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The character between two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`, Echo360's default.
    Comma,
    /// A tab.
    Tab,
    /// `|`.
    Pipe,
}

impl Delimiter {
    /// Detects the delimiter of a copy: the most frequent one in its header row, outside quotes. It varies
    /// because equal upstream requests that others created are adopted.
    #[must_use]
    pub fn detect(header: &[u8]) -> Self {
        let count = |delimiter: u8| {
            let mut is_quoted = false;
            header
                .iter()
                .filter(|byte| {
                    is_quoted ^= **byte == b'"';
                    !is_quoted && **byte == delimiter
                })
                .count()
        };
        // `max_by_key` returns the last of equal ones: the comma.
        [Self::Pipe, Self::Tab, Self::Comma]
            .into_iter()
            .max_by_key(|d| count(d.byte()))
            .unwrap_or(Self::Comma)
    }

    /// The character itself.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

/// Offset of spans in `Record::unescaped`: smaller positions are in `Record::bytes`.
const UNESCAPED: u32 = 1 << 31;

/// The fields of one row.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    /// The contents of fields with doubled quotes, unescaped.
    unescaped: &'a [u8],
    /// Start and end of each field without quotes: in `bytes`, or plus [`UNESCAPED`] in `unescaped`.
    spans: &'a [(u32, u32)],
    /// Start and end of the row in `bytes`, with its line end; `None` if `csv_core` decoded it.
    row_span: Option<(usize, usize)>,
}

impl<'a> Record<'a> {
    /// The number of fields.
    #[must_use]
    pub fn width(&self) -> usize {
        self.spans.len()
    }

    /// The field at `index`, without quotes; empty if the row has fewer fields.
    #[must_use]
    #[inline]
    pub fn field(&self, index: usize) -> &'a [u8] {
        let Some((start, end)) = self.spans.get(index) else { return &[] };
        let (bytes, base) = if *start < UNESCAPED { (self.bytes, 0) } else { (self.unescaped, UNESCAPED) };
        bytes.get((start - base) as usize..(end - base) as usize).unwrap_or_default()
    }

    /// The row's original bytes before and after the field at `index`; `None` if they are not available.
    #[must_use]
    pub fn split_around(&self, index: usize) -> Option<(&'a [u8], &'a [u8])> {
        let ((start, end), (row_start, row_end)) =
            (self.spans.get(index).filter(|(start, _)| *start < UNESCAPED)?, self.row_span?);
        Some((self.bytes.get(row_start..*start as usize)?, self.bytes.get(*end as usize..row_end)?))
    }

    /// Every field, in order.
    pub fn fields(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.width()).map(move |index| self.field(index))
    }
}

/// Reads the rows of one slice after another and reuses its buffers.
///
/// Fast path: in nearly every row each field is either unquoted or quoted as a whole. Such fields are found
/// by searching for their ends, several bytes at a time, and not copied. Any other row is read by `csv_core`,
/// byte by byte, and its fields are copied.
pub struct Decoder {
    delimiter: u8,
    reader: Reader,
    /// The current row's [`Record::spans`] and [`Record::unescaped`].
    spans: Vec<(u32, u32)>,
    unescaped: Vec<u8>,
    /// Output of `csv_core`: the fields, concatenated, and where each ends.
    fields: Vec<u8>,
    ends: Vec<usize>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// Creates a decoder for rows with this delimiter.
    #[must_use]
    pub fn new(delimiter: Delimiter) -> Self {
        Self {
            delimiter: delimiter.byte(),
            reader: ReaderBuilder::new().delimiter(delimiter.byte()).build(),
            spans: Vec::with_capacity(32),
            unescaped: Vec::new(),
            fields: vec![0; 4096],
            ends: vec![0; 32],
        }
    }

    /// Calls `visit` with every row of `csv`. Empty lines are skipped; the last row may lack a line end.
    pub fn for_each_record(&mut self, csv: &[u8], mut visit: impl FnMut(Record<'_>)) {
        let mut rest = csv;
        while let Some(row) = skip_line_ends(rest) {
            rest = self.read_record(row, &mut visit);
        }
    }

    /// Calls `visit` with the first row of `csv`; returns the bytes after it.
    #[inline]
    pub fn read_record<'a>(&mut self, csv: &'a [u8], visit: impl FnOnce(Record<'_>)) -> &'a [u8] {
        let length = match self.find_plain_fields(csv) {
            Some(length) => {
                visit(Record {
                    bytes: csv,
                    unescaped: &self.unescaped,
                    spans: &self.spans,
                    row_span: Some((0, length)),
                });
                length
            }
            None => {
                let length = self.read_with_csv_core(csv);
                visit(Record { bytes: &self.fields, unescaped: &[], spans: &self.spans, row_span: None });
                length
            }
        };
        csv.get(length..).unwrap_or_default()
    }

    /// Finds the fields of the first row of `csv`; returns the row's length; `None` for the slow path.
    #[inline]
    fn find_plain_fields(&mut self, csv: &[u8]) -> Option<usize> {
        self.spans.clear();
        self.unescaped.clear();
        let mut at = 0;
        loop {
            let is_quoted = csv.get(at) == Some(&b'"');
            let start = at + usize::from(is_quoted);
            let end = if is_quoted {
                self.find_quoted_field(csv, start)?
            } else {
                self.find_unquoted_field(csv, start)?
            };
            at = end + usize::from(is_quoted);
            match csv.get(at) {
                Some(byte) if *byte == self.delimiter => at += 1,
                Some(b'\n' | b'\r') => return Some(at + 1),
                None => return Some(at),
                // Text after the closing quote: `csv_core` appends it to the field.
                Some(_) => return None,
            }
        }
    }

    /// Adds the span of the unquoted field that starts at `start`; returns its end.
    #[inline]
    fn find_unquoted_field(&mut self, csv: &[u8], start: usize) -> Option<usize> {
        let rest = csv.get(start..)?;
        let is_end = |byte: &u8| *byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        let end = start + rest.iter().position(is_end).unwrap_or(rest.len());
        self.push_span(start, end)
    }

    /// Adds the span of the quoted field with its text at `start`; returns where its closing quote is.
    #[inline]
    fn find_quoted_field(&mut self, csv: &[u8], start: usize) -> Option<usize> {
        let end = start + memchr::memchr(b'"', csv.get(start..)?)?;
        if csv.get(end + 1) == Some(&b'"') {
            self.unescape_field(csv, start, end)
        } else {
            self.push_span(start, end)
        }
    }

    /// [`Self::find_quoted_field`] for a field with doubled quotes, the first at `first_quote`.
    #[cold]
    fn unescape_field(&mut self, csv: &[u8], start: usize, first_quote: usize) -> Option<usize> {
        let unescaped_start = self.unescaped.len();
        let (mut start, mut end) = (start, first_quote);
        while csv.get(end + 1) == Some(&b'"') {
            // Keeps one of the two quotes.
            self.unescaped.extend_from_slice(csv.get(start..=end)?);
            start = end + 2;
            end = start + memchr::memchr(b'"', csv.get(start..)?)?;
        }
        self.unescaped.extend_from_slice(csv.get(start..end)?);
        let to_span = |position: usize| UNESCAPED.checked_add(u32::try_from(position).ok()?);
        self.spans.push((to_span(unescaped_start)?, to_span(self.unescaped.len())?));
        Some(end)
    }

    #[inline]
    fn push_span(&mut self, start: usize, end: usize) -> Option<usize> {
        let span = (u32::try_from(start).ok()?, u32::try_from(end).ok().filter(|end| *end < UNESCAPED)?);
        self.spans.push(span);
        Some(end)
    }

    /// Slow path: reads the first row of `csv`, whatever its quoting; returns its length.
    #[cold]
    fn read_with_csv_core(&mut self, csv: &[u8]) -> usize {
        self.reader.reset();
        // The reader drops a byte order mark at the start of its input, but a field may begin with one. So
        // the input starts with an empty line, which the reader skips.
        let _ = self.reader.read_record(b"\n", &mut self.fields, &mut self.ends);
        let (mut length, mut fields_length, mut field_count) = (0, 0, 0);
        loop {
            let (result, read, written, ended) = self.reader.read_record(
                csv.get(length..).unwrap_or_default(),
                self.fields.get_mut(fields_length..).unwrap_or_default(),
                self.ends.get_mut(field_count..).unwrap_or_default(),
            );
            length += read;
            fields_length += written;
            field_count += ended;
            match result {
                // A call with empty input tells the reader that the input is complete.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.spans.clear();
        let mut start = 0;
        for end in self.ends.iter().take(field_count) {
            let end = u32::try_from(*end).unwrap_or(u32::MAX);
            self.spans.push((start, end));
            start = end;
        }
        length
    }

    /// Parses a header row into column names, without a byte order mark.
    #[must_use]
    pub fn parse_header(header: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        Self::new(Delimiter::detect(header)).for_each_record(header, |row| {
            if names.is_empty() {
                names = row.fields().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
            }
        });
        if let Some(first) = names.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            *first = rest.trim_matches('"').to_owned();
        }
        names
    }
}

/// `csv` from its next row on: without leading empty lines and the `\n` of a `\r\n`. `None` at the end.
#[must_use]
#[inline]
pub fn skip_line_ends(csv: &[u8]) -> Option<&[u8]> {
    let start = csv.iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
    csv.get(start..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(delimiter: Delimiter, csv: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut rows = Vec::new();
        Decoder::new(delimiter)
            .for_each_record(csv, |row| rows.push(row.fields().map(<[u8]>::to_vec).collect()));
        rows
    }

    proptest! {
        #[test]
        fn records_equal_those_of_the_csv_crate(
            csv in prop::collection::vec(prop::sample::select(b"ab,\"\n\r|\t\xff ".to_vec()), 0..300),
        ) {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_slice());
            let expected: Vec<Vec<Vec<u8>>> = reader
                .byte_records()
                .map(|row| row.unwrap().iter().map(<[u8]>::to_vec).collect())
                .collect();
            prop_assert_eq!(decoded(Delimiter::Comma, &csv), expected);
        }

        #[test]
        fn written_rows_are_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a-z,|\t\"\n é]{0,9}", 3), 0..20),
            delimiter in prop::sample::select(vec![Delimiter::Comma, Delimiter::Tab, Delimiter::Pipe]),
        ) {
            let mut writer = csv::WriterBuilder::new()
                .delimiter(delimiter.byte())
                .quote_style(csv::QuoteStyle::Always)
                .from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let csv = writer.into_inner().unwrap();
            let expected: Vec<Vec<Vec<u8>>> =
                rows.iter().map(|row| row.iter().map(|f| f.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(decoded(delimiter, &csv), expected);
        }
    }

    #[test]
    fn fields_and_rows_larger_than_the_initial_buffers_are_read() {
        let long = "x".repeat(100_000);
        let wide = vec!["y"; 500].join(",");
        let rows = decoded(Delimiter::Comma, format!("{long},1\n{wide}\n").as_bytes());
        assert_eq!((rows[0][0].len(), rows[0].len(), rows[1].len()), (100_000, 2, 500));
    }

    #[test]
    fn the_delimiter_is_detected_from_the_header_row() {
        assert_eq!(Delimiter::detect(b"a,b,c\n"), Delimiter::Comma);
        assert_eq!(Delimiter::detect(b"\"a,x\"\t\"b\"\n"), Delimiter::Tab);
        assert_eq!(Delimiter::detect(b"a|b|c,d\n"), Delimiter::Pipe);
        assert_eq!(Delimiter::detect(b"alone\n"), Delimiter::Comma);
        assert_eq!(Decoder::parse_header(b"\xef\xbb\xbf\"VideoId\"|userid\r\n"), ["VideoId", "userid"]);
    }
}
