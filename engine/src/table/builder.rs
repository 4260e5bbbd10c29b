//! Builds a table from slices as they arrive. Only a complete table can be used.

use super::{HeaderRow, Table};
use crate::decode::Decoder;
use crate::dictionary::Dictionary;
use crate::slice::{SliceError, SliceInflater};
use domain::frame::{Head, SliceHead};
use domain::report::KnownReport;

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

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Column(name) => write!(f, "the header row lacks the column {name}"),
            Self::Slice(error) => error.fmt(f),
            Self::Rows => f.write_str("there are not as many rows as were promised"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// A table under construction.
#[derive(Debug)]
pub struct TableBuilder {
    expected_rows: u64,
    decoded_rows: u64,
    header: HeaderRow,
    decoder: Decoder,
    inflater: SliceInflater,
    table: Table,
}

impl TableBuilder {
    /// Starts a table for a copy. With an unknown `report` (`None`) any header row is accepted.
    ///
    /// # Errors
    /// [`DecodeError::Column`]: the header row lacks a required column of `report`.
    pub fn new(head: &Head, report: Option<KnownReport>) -> Result<Self, DecodeError> {
        let header = HeaderRow::parse(&head.header);
        let names: Vec<&str> = header.names().collect();
        if let Some(missing) = report.and_then(|report| report.descriptor().missing_from(&names)) {
            return Err(DecodeError::Column(missing));
        }
        Ok(Self {
            expected_rows: head.rows,
            decoded_rows: 0,
            decoder: Decoder::new(header.delimiter()),
            inflater: SliceInflater::default(),
            table: Table::new(&header, report),
            header,
        })
    }

    /// Inflates, checks and decodes one slice. `texts` is the dictionary of the dataset.
    ///
    /// # Errors
    /// [`DecodeError::Slice`]: the slice is damaged. [`DecodeError::Rows`]: its number of rows is wrong.
    pub fn push_slice(
        &mut self,
        head: &SliceHead,
        deflated: &[u8],
        texts: &mut Dictionary,
    ) -> Result<(), DecodeError> {
        let csv = self.inflater.inflate(head, deflated).map_err(DecodeError::Slice)?;
        let (header, table) = (&self.header, &mut self.table);
        let mut rows = 0;
        self.decoder.for_each_record(csv, |row| {
            rows += 1;
            table.push_row(header, row, texts);
        });
        if rows != u64::from(head.rows) {
            return Err(DecodeError::Rows);
        }
        self.decoded_rows += rows;
        Ok(())
    }

    /// Number of rows decoded so far, including ragged ones.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.decoded_rows
    }

    /// The complete table, after the last slice.
    ///
    /// # Errors
    /// [`DecodeError::Rows`]: rows are missing.
    pub fn finish(self) -> Result<Table, DecodeError> {
        if self.decoded_rows == self.expected_rows { Ok(self.table) } else { Err(DecodeError::Rows) }
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
        let mut builder = TableBuilder::new(&head("user,page\n", 3), None).unwrap();
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
        let mut builder = TableBuilder::new(&head("user,page\n", 2), None).unwrap();
        builder.push_slice(&slice_head, &deflated, &mut texts).unwrap();
        assert_eq!(builder.finish().unwrap_err(), DecodeError::Rows);
        let mut builder = TableBuilder::new(&head("user,page\n", 1), None).unwrap();
        let damaged = SliceHead { crc32: slice_head.crc32 ^ 1, ..slice_head };
        assert_eq!(
            builder.push_slice(&damaged, &deflated, &mut texts),
            Err(DecodeError::Slice(SliceError::Crc))
        );
        let notes = Some(KnownReport::Notes);
        assert!(matches!(TableBuilder::new(&head("user,page\n", 1), notes), Err(DecodeError::Column(_))));
    }
}
