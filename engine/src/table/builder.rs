//! Builds the table of a window's copy from its slices as they arrive. Only a complete table can be used: a week with
//! half of its rows would look like a quiet week.
//!
//! A table has one of two layouts: [`Table`] for any report, and
//! [`VideoViewColumns`](crate::video_view_columns::VideoViewColumns). [`TableBuilder`] is the same for both; their
//! [`TableDecoder`]s differ.

use super::{HeaderRow, Table};
use crate::decode::Decoder;
use crate::dictionary::Dictionary;
use crate::label::seconds_of_copy;
use crate::shared_account::SharedAccountSet;
use crate::slice::{SliceError, SliceInflater};
use domain::frame::{Head, SliceHead};
use domain::report::KnownReport;
use domain::time::Timestamp;
use std::fmt::{self, Debug, Display};

/// Why a copy cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The header row lacks this required column of the report.
    Column(&'static str),
    /// A slice is damaged.
    Slice(SliceError),
    /// The number of rows differs from the one in the head of the copy or slice.
    Rows,
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(name) => write!(f, "the header row lacks the column {name}"),
            Self::Slice(error) => Display::fmt(error, f),
            Self::Rows => f.write_str("there are not as many rows as were promised"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The rows of a window's copy, in one of the layouts.
pub trait WindowTable: Sized + Debug {
    /// The texts behind the codes, which the tables of a dataset share.
    type Texts: Default + Debug;
    /// Reads rows into a table.
    type Decoder: TableDecoder<Table = Self, Texts = Self::Texts> + Debug;
}

/// Reads the rows of a copy into a table.
pub trait TableDecoder: Sized {
    /// The table.
    type Table;
    /// The texts behind its codes.
    type Texts;

    /// Starts an empty table for a copy. With an unknown `report` (`None`) any header row is accepted.
    ///
    /// # Errors
    /// [`DecodeError::Column`]: the header row lacks a required column of `report`.
    fn new(head: &Head, report: Option<KnownReport>) -> Result<Self, DecodeError>;

    /// Sets when the copy was made, before its first rows.
    fn set_created(&mut self, created: Timestamp);

    /// Sets the accounts that are counted as shared, before the first rows.
    fn set_shared_accounts(&mut self, accounts: SharedAccountSet);

    /// Appends the rows of a slice; returns how many it has, including those that cannot be read.
    fn push_rows(&mut self, csv: &[u8], texts: &mut Self::Texts) -> u64;

    /// The table, after the last slice.
    fn finish(self) -> Self::Table;
}

impl WindowTable for Table {
    type Texts = Dictionary;
    type Decoder = ColumnDecoder;
}

/// Reads rows into a [`Table`].
#[derive(Debug)]
pub struct ColumnDecoder {
    header: HeaderRow,
    decoder: Decoder,
    table: Table,
}

impl TableDecoder for ColumnDecoder {
    type Table = Table;
    type Texts = Dictionary;

    fn new(head: &Head, report: Option<KnownReport>) -> Result<Self, DecodeError> {
        let header = HeaderRow::parse(&head.header);
        let names: Vec<&str> = header.names().collect();
        if let Some(missing) = report.and_then(|report| report.descriptor().missing_from(&names)) {
            return Err(DecodeError::Column(missing));
        }
        let (decoder, table) = (Decoder::new(header.delimiter()), Table::new(&header, report));
        Ok(Self { header, decoder, table })
    }

    fn set_created(&mut self, created: Timestamp) {
        self.table.created = seconds_of_copy(created);
    }

    fn set_shared_accounts(&mut self, accounts: SharedAccountSet) {
        self.header.set_shared_accounts(accounts);
    }

    fn push_rows(&mut self, csv: &[u8], texts: &mut Dictionary) -> u64 {
        let Self { header, decoder, table } = self;
        let mut rows = 0;
        decoder.for_each_record(csv, |row| {
            rows += 1;
            table.push_row(header, row, texts);
        });
        rows
    }

    fn finish(self) -> Table {
        self.table
    }
}

/// A table under construction.
#[derive(Debug)]
pub struct TableBuilder<T: WindowTable = Table> {
    expected_rows: u64,
    decoded_rows: u64,
    inflater: SliceInflater,
    decoder: T::Decoder,
}

impl<T: WindowTable> TableBuilder<T> {
    /// Starts a table for a copy. With an unknown `report` (`None`) any header row is accepted.
    ///
    /// # Errors
    /// [`DecodeError::Column`]: the header row lacks a required column of `report`.
    pub fn new(head: &Head, report: Option<KnownReport>) -> Result<Self, DecodeError> {
        Ok(Self {
            expected_rows: head.rows,
            decoded_rows: 0,
            inflater: SliceInflater::default(),
            decoder: T::Decoder::new(head, report)?,
        })
    }

    /// Sets when Echo360 was asked for the copy: the names of copies that were made later win.
    #[must_use]
    pub fn made_at(mut self, created: Timestamp) -> Self {
        self.decoder.set_created(created);
        self
    }

    /// Sets the accounts that are counted as shared.
    #[must_use]
    pub fn with_shared_accounts(mut self, accounts: &SharedAccountSet) -> Self {
        self.decoder.set_shared_accounts(accounts.clone());
        self
    }

    /// Inflates, checks and decodes one slice. `texts` are those of the dataset.
    ///
    /// # Errors
    /// [`DecodeError::Slice`]: the slice is damaged. [`DecodeError::Rows`]: its number of rows is wrong.
    pub fn push_slice(
        &mut self,
        head: &SliceHead,
        deflated: &[u8],
        texts: &mut T::Texts,
    ) -> Result<(), DecodeError> {
        let csv = self.inflater.inflate(head, deflated).map_err(DecodeError::Slice)?;
        let rows = self.decoder.push_rows(csv, texts);
        if rows != u64::from(head.rows) {
            return Err(DecodeError::Rows);
        }
        self.decoded_rows += rows;
        Ok(())
    }

    /// Number of rows decoded so far, including those that cannot be read.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.decoded_rows
    }

    /// The complete table, after the last slice.
    ///
    /// # Errors
    /// [`DecodeError::Rows`]: rows are missing.
    pub fn finish(self) -> Result<T, DecodeError> {
        if self.decoded_rows == self.expected_rows {
            Ok(self.decoder.finish())
        } else {
            Err(DecodeError::Rows)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn slice(csv: &str, rows: u32) -> (SliceHead, Vec<u8>) {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(csv.as_bytes()).unwrap();
        let deflated = encoder.finish().unwrap();
        let raw_length = u32::try_from(csv.len()).unwrap();
        let length = u32::try_from(deflated.len()).unwrap();
        (SliceHead { rows, raw_length, crc32: crc32fast::hash(&deflated), length }, deflated)
    }

    fn head(header: &str, rows: u64) -> Head {
        Head { generation: 1, slices: 2, rows, header: header.as_bytes().to_vec() }
    }

    #[test]
    fn an_unknown_report_is_decoded() {
        let mut texts = Dictionary::default();
        let mut builder = TableBuilder::<Table>::new(&head("user,page\n", 3), None).unwrap();
        for (csv, rows) in [("Ana,home\nBo,home\n", 2), ("ragged\n", 1)] {
            let (head, deflated) = slice(csv, rows);
            builder.push_slice(&head, &deflated, &mut texts).unwrap();
        }
        let table = builder.finish().unwrap();
        assert_eq!((table.rows(), table.ragged), (2, 1));
    }

    #[test]
    fn incomplete_damaged_and_wrong_copies_are_rejected() {
        let mut texts = Dictionary::default();
        let (slice_head, deflated) = slice("a,b\n", 1);
        let mut builder = TableBuilder::<Table>::new(&head("user,page\n", 2), None).unwrap();
        builder.push_slice(&slice_head, &deflated, &mut texts).unwrap();
        assert_eq!(builder.finish().unwrap_err(), DecodeError::Rows);
        let mut builder = TableBuilder::<Table>::new(&head("user,page\n", 1), None).unwrap();
        let damaged = SliceHead { crc32: slice_head.crc32 ^ 1, ..slice_head };
        assert_eq!(
            builder.push_slice(&damaged, &deflated, &mut texts),
            Err(DecodeError::Slice(SliceError::Crc))
        );
        let notes = Some(KnownReport::Notes);
        assert!(matches!(
            TableBuilder::<Table>::new(&head("user,page\n", 1), notes),
            Err(DecodeError::Column(_))
        ));
    }
}
