//! Builds a table from slices as they arrive. A table is complete or not used at all.

use super::{HeaderRow, Table};
use crate::decode::Decoder;
use crate::dictionary::Dictionary;
use crate::slice::{SliceError, SliceInflater};
use domain::frame::{Head, SliceHead};
use domain::report::KnownReport;

/// Why a copy cannot be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Its header row lacks this column, without which it is not the report it should be.
    Column(&'static str),
    /// A slice is not what was stored.
    Slice(SliceError),
    /// It has another number of rows than was promised.
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

/// A copy that is on its way.
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
    /// Begins a copy of `report`; of a report that is not known every header will do.
    ///
    /// # Errors
    /// [`DecodeError::Column`].
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

    /// Takes in one slice: inflates, checks, decodes.
    ///
    /// # Errors
    /// [`DecodeError::Slice`], [`DecodeError::Rows`].
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

    /// Rows taken in so far, those skipped included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.decoded_rows
    }

    /// The whole copy, after the last slice.
    ///
    /// # Errors
    /// [`DecodeError::Rows`].
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
    fn a_copy_of_a_report_that_nobody_knows_is_taken_in() {
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
    fn what_is_not_whole_or_not_the_report_is_refused() {
        let mut texts = Dictionary::default();
        let (promise, deflated) = slice("a,b\n", 1);
        let mut builder = TableBuilder::new(&head("user,page\n", 2), None).unwrap();
        builder.push_slice(&promise, &deflated, &mut texts).unwrap();
        assert_eq!(builder.finish().unwrap_err(), DecodeError::Rows);
        let mut builder = TableBuilder::new(&head("user,page\n", 1), None).unwrap();
        let wrong = SliceHead { crc32: promise.crc32 ^ 1, ..promise };
        assert_eq!(
            builder.push_slice(&wrong, &deflated, &mut texts),
            Err(DecodeError::Slice(SliceError::Crc))
        );
        let notes = Some(KnownReport::Notes);
        assert!(matches!(TableBuilder::new(&head("user,page\n", 1), notes), Err(DecodeError::Column(_))));
    }
}
