//! The decoded copy of one `videoview` window on the page.
//!
//! Slices are decoded as they arrive, but the copy is used only when it is complete: a week with half of its
//! rows would look like a quiet week.
//!
//! Other threads may decode some of the slices as batches ([`crate::row_batch`]). Each batch reserves a slot,
//! so that rows stay in order whenever it arrives.

use crate::row_batch;
use crate::slice::{SliceError, SliceInflater};
use crate::video_view_columns::{ColumnLayout, Dictionaries, VideoViewColumns, VideoViewColumnsBuilder};
use domain::frame::{Head, SliceHead};
use std::collections::VecDeque;

/// Why a copy cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Its header row lacks this column.
    Column(&'static str),
    /// A slice is damaged.
    Slice(SliceError),
    /// The number of rows differs from that in the head of the copy or of a slice, or a batch is missing.
    Rows,
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Column(name) => write!(f, "the header row lacks the column {name}"),
            Self::Slice(error) => error.fmt(f),
            Self::Rows => f.write_str("the number of rows is not as expected"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Maximum number of rows to reserve memory for before they arrive.
const MAX_RESERVED_ROWS: usize = 8 << 20;

/// Builds a copy from its slices.
#[derive(Debug)]
pub struct VideoViewTableBuilder {
    generation: u32,
    expected_rows: u64,
    decoded_rows: u64,
    bytes: u64,
    layout: ColumnLayout,
    inflater: SliceInflater,
    /// The rows before the first batch that is missing.
    rows: VideoViewColumnsBuilder,
    /// Batches from the first missing one on; `None` until they arrive.
    pending_batches: VecDeque<Option<VideoViewColumns>>,
    /// Number of batches already appended to `rows`.
    merged_batches: usize,
}

/// The position of a batch in its copy.
#[derive(Debug, Clone, Copy)]
pub struct BatchSlot(usize);

/// A complete copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoViewTable {
    /// The copy's generation.
    pub generation: u32,
    /// Its rows.
    pub columns: VideoViewColumns,
    /// Bytes of its CSV, without the header row.
    pub bytes: u64,
}

impl VideoViewTableBuilder {
    /// Creates a builder from the head of a copy.
    ///
    /// # Errors
    /// [`DecodeError::Column`] if a required column is missing.
    pub fn new(head: &Head) -> Result<Self, DecodeError> {
        let layout = ColumnLayout::parse_header(&head.header).map_err(DecodeError::Column)?;
        let mut rows = VideoViewColumnsBuilder::new(&layout);
        // Growing step by step may take twice the memory. The limit bounds what a wrong row count can cost.
        rows.columns.reserve(usize::try_from(head.rows).unwrap_or(usize::MAX).min(MAX_RESERVED_ROWS));
        Ok(Self {
            generation: head.generation,
            expected_rows: head.rows,
            decoded_rows: 0,
            bytes: 0,
            inflater: SliceInflater::default(),
            layout,
            rows,
            pending_batches: VecDeque::new(),
            merged_batches: 0,
        })
    }

    /// Checks, inflates and decodes the next slice.
    ///
    /// # Errors
    /// [`DecodeError::Slice`], [`DecodeError::Rows`].
    pub fn push_slice(
        &mut self,
        head: &SliceHead,
        deflated: &[u8],
        texts: &mut Dictionaries,
    ) -> Result<(), DecodeError> {
        if self.pending_batches.is_empty() {
            return self.push_slice_in_order(head, deflated, texts);
        }
        let slot = self.reserve_batch();
        self.decode_batch(slot, [(head, deflated)], texts)
    }

    /// Reserves the next position for a batch.
    pub fn reserve_batch(&mut self) -> BatchSlot {
        self.pending_batches.push_back(None);
        BatchSlot(self.merged_batches + self.pending_batches.len() - 1)
    }

    /// Decodes the slices of a batch on this thread.
    ///
    /// # Errors
    /// [`DecodeError::Slice`], [`DecodeError::Rows`].
    pub fn decode_batch<'a>(
        &mut self,
        slot: BatchSlot,
        slices: impl IntoIterator<Item = (&'a SliceHead, &'a [u8])>,
        texts: &mut Dictionaries,
    ) -> Result<(), DecodeError> {
        let columns = std::mem::take(&mut self.rows.columns);
        let result = slices
            .into_iter()
            .try_for_each(|(head, deflated)| self.push_slice_in_order(head, deflated, texts));
        let batch = std::mem::replace(&mut self.rows.columns, columns);
        self.insert_batch(slot, batch);
        result
    }

    /// Adds a batch of `bytes` bytes of CSV that another thread decoded. Returns whether it was valid; if
    /// not, its slices can still be decoded on this thread.
    #[must_use]
    pub fn add_decoded_batch(
        &mut self,
        slot: BatchSlot,
        batch: &[u8],
        bytes: u64,
        texts: &mut Dictionaries,
    ) -> bool {
        let mut columns = VideoViewColumns::default();
        let decoded = row_batch::decode_into(batch, &mut columns, texts);
        if decoded.is_some() {
            self.decoded_rows += columns.rows() as u64 + columns.skipped_rows.total();
            self.bytes += bytes;
            self.insert_batch(slot, columns);
        }
        decoded.is_some()
    }

    /// Stores a batch in its slot, and appends all batches before the first missing one to the rows.
    fn insert_batch(&mut self, BatchSlot(slot): BatchSlot, batch: VideoViewColumns) {
        if let Some(pending) =
            slot.checked_sub(self.merged_batches).and_then(|index| self.pending_batches.get_mut(index))
        {
            *pending = Some(batch);
        }
        while let Some(batch) = self.pending_batches.pop_front_if(|batch| batch.is_some()).flatten() {
            self.rows.columns.append(&batch);
            self.merged_batches += 1;
        }
    }

    /// Checks, inflates and decodes a slice, and appends its rows to `self.rows`.
    #[inline(never)]
    fn push_slice_in_order(
        &mut self,
        head: &SliceHead,
        deflated: &[u8],
        texts: &mut Dictionaries,
    ) -> Result<(), DecodeError> {
        let csv = self.inflater.inflate(head, deflated).map_err(DecodeError::Slice)?;
        let rows = self.layout.push_slice(csv, &mut self.rows, texts);
        if rows != u64::from(head.rows) {
            return Err(DecodeError::Rows);
        }
        self.decoded_rows += rows;
        self.bytes += u64::from(head.raw_length);
        Ok(())
    }

    /// Number of rows that the head announced.
    #[must_use]
    pub fn expected_rows(&self) -> u64 {
        self.expected_rows
    }

    /// Rows decoded so far, skipped ones included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.decoded_rows
    }

    /// Moves the complete copy out of the builder, after the last slice.
    ///
    /// # Errors
    /// [`DecodeError::Rows`] if rows or batches are missing.
    pub fn finish(&mut self) -> Result<VideoViewTable, DecodeError> {
        if self.decoded_rows != self.expected_rows || !self.pending_batches.is_empty() {
            return Err(DecodeError::Rows);
        }
        let mut columns = std::mem::take(&mut self.rows.columns);
        columns.shrink_to_fit();
        Ok(VideoViewTable { generation: self.generation, columns, bytes: self.bytes })
    }
}
