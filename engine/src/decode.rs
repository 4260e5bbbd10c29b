//! Decodes CSV bytes into records: fields without their quotes, row by row.
//!
//! A copy's header row comes once, before its slices; a slice holds whole rows only, so every slice is
//! decoded on its own. Fields are bytes: what is not UTF-8 is for the reader of a field to judge.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// What stands between two fields.
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
    /// The delimiter of a copy, read from its header row: the one that stands there most often outside
    /// quotes. Equal requests that others made are adopted, and those chose their own.
    #[must_use]
    pub fn detect(header: &[u8]) -> Self {
        let count = |wanted: u8| {
            let mut quoted = false;
            header
                .iter()
                .filter(|byte| {
                    quoted ^= **byte == b'"';
                    !quoted && **byte == wanted
                })
                .count()
        };
        // Of equals the last wins: the comma.
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

/// A field that begins here or later is among those whose quotes have been undone.
const UNESCAPED: u32 = 1 << 31;

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    /// Fields whose doubled quotes have been undone.
    unescaped: &'a [u8],
    /// Where each field begins and ends in `bytes`, without quotes.
    spans: &'a [(u32, u32)],
    /// Where the row itself begins and ends in `bytes`, with its line end; nothing when it was put together anew.
    whole: Option<(usize, usize)>,
}

impl<'a> Record<'a> {
    /// The number of fields.
    #[must_use]
    pub fn width(&self) -> usize {
        self.spans.len()
    }

    /// The field at `place`, without quotes; empty where the row has none.
    #[must_use]
    #[inline]
    pub fn field(&self, place: usize) -> &'a [u8] {
        let Some((start, end)) = self.spans.get(place) else { return &[] };
        let (bytes, base) = if *start < UNESCAPED { (self.bytes, 0) } else { (self.unescaped, UNESCAPED) };
        bytes.get((start - base) as usize..(end - base) as usize).unwrap_or_default()
    }

    /// The bytes before and after the field at `place`, where all of them stand as they came.
    #[must_use]
    pub fn split_around(&self, place: usize) -> Option<(&'a [u8], &'a [u8])> {
        let ((start, end), (from, to)) =
            (self.spans.get(place).filter(|(start, _)| *start < UNESCAPED)?, self.whole?);
        Some((self.bytes.get(from..*start as usize)?, self.bytes.get(*end as usize..to)?))
    }

    /// Every field, in order.
    pub fn fields(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.width()).map(move |place| self.field(place))
    }
}

/// Reads rows out of whole slices, keeping its memory between them.
///
/// Nearly every row is plain: each field is bare, or stands wholly in quotes. Its fields are where they are, found
/// by looking for what ends them, several bytes at a time. Any other row is read by `csv_core`, byte by byte, and
/// its fields put together anew.
pub struct Decoder {
    delimiter: u8,
    reader: Reader,
    spans: Vec<(u32, u32)>,
    unescaped: Vec<u8>,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder of rows whose fields stand between `delimiter`s.
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

    /// Shows every row of `csv` to `see`. Empty lines are no rows; a last row may lack its line end.
    pub fn for_each_record(&mut self, csv: &[u8], mut see: impl FnMut(Record<'_>)) {
        let mut rest = csv;
        while let Some(row) = skip_line_ends(rest) {
            rest = self.read_record(row, &mut see);
        }
    }

    /// Shows the row that `csv` begins with; gives what follows it.
    #[inline]
    pub fn read_record<'a>(&mut self, csv: &'a [u8], see: impl FnOnce(Record<'_>)) -> &'a [u8] {
        let length = match self.find_plain_fields(csv) {
            Some(length) => {
                see(Record {
                    bytes: csv,
                    unescaped: &self.unescaped,
                    spans: &self.spans,
                    whole: Some((0, length)),
                });
                length
            }
            None => {
                let length = self.read_with_csv_core(csv);
                see(Record { bytes: &self.fields, unescaped: &[], spans: &self.spans, whole: None });
                length
            }
        };
        csv.get(length..).unwrap_or_default()
    }

    /// Finds the fields of the row that `csv` begins with; gives its length, `None` when it is not plain.
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
                self.find_bare_field(csv, start)?
            };
            at = end + usize::from(is_quoted);
            match csv.get(at) {
                Some(byte) if *byte == self.delimiter => at += 1,
                Some(b'\n' | b'\r') => return Some(at + 1),
                None => return Some(at),
                // More stands after the quotes: what the reader takes as it is.
                Some(_) => return None,
            }
        }
    }

    /// Notes the bare field that begins at `start`; gives where it ends.
    #[inline]
    fn find_bare_field(&mut self, csv: &[u8], start: usize) -> Option<usize> {
        let rest = csv.get(start..)?;
        let is_end = |byte: &u8| *byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        let end = start + rest.iter().position(is_end).unwrap_or(rest.len());
        self.push_span(start, end)
    }

    /// Notes the field in quotes whose text begins at `start`; gives where its last quote stands.
    #[inline]
    fn find_quoted_field(&mut self, csv: &[u8], start: usize) -> Option<usize> {
        let end = start + memchr::memchr(b'"', csv.get(start..)?)?;
        if csv.get(end + 1) == Some(&b'"') {
            self.find_doubled_quotes(csv, start, end)
        } else {
            self.push_span(start, end)
        }
    }

    /// The same, from the first doubled quote on.
    #[cold]
    fn find_doubled_quotes(&mut self, csv: &[u8], start: usize, first: usize) -> Option<usize> {
        let from = self.unescaped.len();
        let (mut start, mut end) = (start, first);
        while csv.get(end + 1) == Some(&b'"') {
            // With one of the two quotes.
            self.unescaped.extend_from_slice(csv.get(start..=end)?);
            start = end + 2;
            end = start + memchr::memchr(b'"', csv.get(start..)?)?;
        }
        self.unescaped.extend_from_slice(csv.get(start..end)?);
        let span = |place: usize| UNESCAPED.checked_add(u32::try_from(place).ok()?);
        self.spans.push((span(from)?, span(self.unescaped.len())?));
        Some(end)
    }

    #[inline]
    fn push_span(&mut self, start: usize, end: usize) -> Option<usize> {
        let span = (u32::try_from(start).ok()?, u32::try_from(end).ok().filter(|end| *end < UNESCAPED)?);
        self.spans.push(span);
        Some(end)
    }

    /// Reads the row that `csv` begins with, whatever it is; gives its length.
    #[cold]
    fn read_with_csv_core(&mut self, csv: &[u8]) -> usize {
        self.reader.reset();
        // At its very start the reader drops a byte order mark, which a field may begin with: it starts with an
        // empty line, which it passes over.
        let _ = self.reader.read_record(b"\n", &mut self.fields, &mut self.ends);
        let (mut read, mut field, mut end) = (0, 0, 0);
        loop {
            let (result, taken, written, ended) = self.reader.read_record(
                csv.get(read..).unwrap_or_default(),
                self.fields.get_mut(field..).unwrap_or_default(),
                self.ends.get_mut(end..).unwrap_or_default(),
            );
            read += taken;
            field += written;
            end += ended;
            match result {
                // Reading on from nothing tells the reader that this was all.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.spans.clear();
        let mut start = 0;
        for end in self.ends.iter().take(end) {
            let end = u32::try_from(*end).unwrap_or(u32::MAX);
            self.spans.push((start, end));
            start = end;
        }
        read
    }

    /// The names in a header row, as text; a byte order mark is no part of the first.
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

/// `csv` from the next row on: past empty lines, and what is left of a line end of two bytes. `None` at the end.
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
        fn rows_are_those_that_the_plain_reader_finds(
            csv in prop::collection::vec(prop::sample::select(b"ab,\"\n\r|\t\xff ".to_vec()), 0..300),
        ) {
            let mut plain = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_slice());
            let expected: Vec<Vec<Vec<u8>>> = plain
                .byte_records()
                .map(|row| row.unwrap().iter().map(<[u8]>::to_vec).collect())
                .collect();
            prop_assert_eq!(decoded(Delimiter::Comma, &csv), expected);
        }

        #[test]
        fn rows_that_were_written_are_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a-z,|\t\"\n é]{0,9}", 3), 0..20),
            which in 0usize..3,
        ) {
            let delimiter = [Delimiter::Comma, Delimiter::Tab, Delimiter::Pipe][which];
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
    fn a_field_longer_than_the_memory_and_a_row_wider_than_it_are_read() {
        let long = "x".repeat(100_000);
        let wide = vec!["y"; 500].join(",");
        let rows = decoded(Delimiter::Comma, format!("{long},1\n{wide}\n").as_bytes());
        assert_eq!((rows[0][0].len(), rows[0].len(), rows[1].len()), (100_000, 2, 500));
    }

    #[test]
    fn the_delimiter_is_read_from_the_header_row() {
        assert_eq!(Delimiter::detect(b"a,b,c\n"), Delimiter::Comma);
        assert_eq!(Delimiter::detect(b"\"a,x\"\t\"b\"\n"), Delimiter::Tab);
        assert_eq!(Delimiter::detect(b"a|b|c,d\n"), Delimiter::Pipe);
        assert_eq!(Delimiter::detect(b"alone\n"), Delimiter::Comma);
        assert_eq!(Decoder::parse_header(b"\xef\xbb\xbf\"VideoId\"|userid\r\n"), ["VideoId", "userid"]);
    }
}
