//! CSV bytes as records: fields without their quotes, row by row.
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
    pub fn of(header: &[u8]) -> Self {
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

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// The number of fields.
    #[must_use]
    pub fn width(&self) -> usize {
        self.ends.len()
    }

    /// The field at `place`, without quotes; empty where the row has none.
    #[must_use]
    #[inline]
    pub fn field(&self, place: usize) -> &'a [u8] {
        let start = match place.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).copied().unwrap_or(usize::MAX),
        };
        self.ends.get(place).and_then(|end| self.bytes.get(start..*end)).unwrap_or_default()
    }

    /// Every field, in order.
    pub fn fields(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.width()).map(move |place| self.field(place))
    }
}

/// Reads rows out of whole slices, keeping its memory between them.
pub struct Decoder {
    reader: Reader,
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
            reader: ReaderBuilder::new().delimiter(delimiter.byte()).build(),
            fields: vec![0; 4096],
            ends: vec![0; 32],
        }
    }

    /// Shows every row of `csv` to `see`. Empty lines are no rows; a last row may lack its line end.
    pub fn each(&mut self, csv: &[u8], mut see: impl FnMut(Record<'_>)) {
        self.reader.reset();
        let (mut input, mut field, mut end) = (csv, 0, 0);
        loop {
            let (result, taken, written, ended) = self.reader.read_record(
                input,
                self.fields.get_mut(field..).unwrap_or_default(),
                self.ends.get_mut(end..).unwrap_or_default(),
            );
            input = input.get(taken..).unwrap_or_default();
            field += written;
            end += ended;
            match result {
                // Reading on from nothing tells the reader that this was all.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    see(Record {
                        bytes: self.fields.get(..field).unwrap_or_default(),
                        ends: self.ends.get(..end).unwrap_or_default(),
                    });
                    (field, end) = (0, 0);
                }
                ReadRecordResult::End => return,
            }
        }
    }

    /// The names in a header row, as text; a byte order mark is no part of the first.
    #[must_use]
    pub fn names(header: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        Self::new(Delimiter::of(header)).each(header, |row| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(delimiter: Delimiter, csv: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut rows = Vec::new();
        Decoder::new(delimiter).each(csv, |row| rows.push(row.fields().map(<[u8]>::to_vec).collect()));
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
        assert_eq!(Delimiter::of(b"a,b,c\n"), Delimiter::Comma);
        assert_eq!(Delimiter::of(b"\"a,x\"\t\"b\"\n"), Delimiter::Tab);
        assert_eq!(Delimiter::of(b"a|b|c,d\n"), Delimiter::Pipe);
        assert_eq!(Delimiter::of(b"alone\n"), Delimiter::Comma);
        assert_eq!(Decoder::names(b"\xef\xbb\xbf\"VideoId\"|userid\r\n"), ["VideoId", "userid"]);
    }
}
