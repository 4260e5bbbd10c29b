//! One window of `videoview` on the page: complete or not used at all.
//!
//! Slices are taken in as they arrive, but nothing is measured before the last of them: a week of which
//! half the rows are here would look like a quiet week.
//!
//! Some of the slices may be decoded elsewhere, as [`batch`]s: each has a place, which it keeps whenever it comes.

use crate::row_batch;
use crate::slice::{SliceError, SliceInflater};
use crate::video_view_columns::{ColumnLayout, Dictionaries, VideoViewColumns, VideoViewColumnsBuilder};
use domain::frame::{Head, SliceHead};
use std::collections::VecDeque;

/// Why a copy cannot be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Its header row lacks this column.
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

/// Rows that room is made for before any of them has come.
const TRUSTED_ROWS: usize = 8 << 20;

/// A copy whose slices are still coming.
#[derive(Debug)]
pub struct VideoViewTableBuilder {
    generation: u32,
    expected_rows: u64,
    decoded_rows: u64,
    bytes: u64,
    layout: ColumnLayout,
    inflater: SliceInflater,
    /// The rows of all slices up to the first that is not here.
    rows: VideoViewColumnsBuilder,
    /// Batches from the first that is not here on.
    pending_batches: VecDeque<Option<VideoViewColumns>>,
    /// How many batches stood before those.
    merged_batches: usize,
}

/// Where a batch stands in its copy.
#[derive(Debug, Clone, Copy)]
pub struct BatchSlot(usize);

/// A copy that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoViewTable {
    /// Which one.
    pub generation: u32,
    /// Its rows.
    pub columns: VideoViewColumns,
    /// Bytes of CSV that it had, without the header row.
    pub bytes: u64,
}

impl VideoViewTableBuilder {
    /// Begins a copy.
    ///
    /// # Errors
    /// [`DecodeError::Column`].
    pub fn new(head: &Head) -> Result<Self, DecodeError> {
        let layout = ColumnLayout::parse_header(&head.header).map_err(DecodeError::Column)?;
        let mut rows = VideoViewColumnsBuilder::new(&layout);
        // Growing step by step would take up twice the room at the end; a wrong promise costs this much.
        rows.columns.reserve(usize::try_from(head.rows).unwrap_or(usize::MAX).min(TRUSTED_ROWS));
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

    /// Takes in one slice: inflates, checks, decodes.
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
        let place = self.reserve_batch();
        self.decode_batch(place, [(head, deflated)], texts)
    }

    /// Keeps the next place for a batch.
    pub fn reserve_batch(&mut self) -> BatchSlot {
        self.pending_batches.push_back(None);
        BatchSlot(self.merged_batches + self.pending_batches.len() - 1)
    }

    /// Decodes a batch here.
    ///
    /// # Errors
    /// [`DecodeError::Slice`], [`DecodeError::Rows`].
    pub fn decode_batch<'a>(
        &mut self,
        place: BatchSlot,
        slices: impl IntoIterator<Item = (&'a SliceHead, &'a [u8])>,
        texts: &mut Dictionaries,
    ) -> Result<(), DecodeError> {
        let columns = std::mem::take(&mut self.rows.columns);
        let result = slices
            .into_iter()
            .try_for_each(|(head, deflated)| self.push_slice_in_order(head, deflated, texts));
        let batch = std::mem::replace(&mut self.rows.columns, columns);
        self.insert_batch(place, batch);
        result
    }

    /// Takes in a batch that was decoded elsewhere, of so many `bytes` of CSV. Gives whether it was one; it can still
    /// be decoded here if it was not.
    #[must_use]
    pub fn add_decoded_batch(
        &mut self,
        place: BatchSlot,
        batch: &[u8],
        bytes: u64,
        texts: &mut Dictionaries,
    ) -> bool {
        let mut columns = VideoViewColumns::default();
        let taken = row_batch::decode_into(batch, &mut columns, texts);
        if taken.is_some() {
            self.decoded_rows += columns.rows() as u64 + columns.skipped_rows.total();
            self.bytes += bytes;
            self.insert_batch(place, columns);
        }
        taken.is_some()
    }

    /// Puts a batch in its place, and what is whole by now to the rows.
    fn insert_batch(&mut self, BatchSlot(place): BatchSlot, batch: VideoViewColumns) {
        if let Some(held) =
            place.checked_sub(self.merged_batches).and_then(|place| self.pending_batches.get_mut(place))
        {
            *held = Some(batch);
        }
        while let Some(batch) = self.pending_batches.pop_front_if(|batch| batch.is_some()).flatten() {
            self.rows.columns.append(&batch);
            self.merged_batches += 1;
        }
    }

    /// Inflates, checks and decodes a slice.
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

    /// Rows that the head promised.
    #[must_use]
    pub fn expected_rows(&self) -> u64 {
        self.expected_rows
    }

    /// Rows taken in so far, those skipped included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.decoded_rows
    }

    /// The whole copy, after the last slice; nothing of it is left here.
    ///
    /// # Errors
    /// [`DecodeError::Rows`].
    pub fn finish(&mut self) -> Result<VideoViewTable, DecodeError> {
        if self.decoded_rows != self.expected_rows || !self.pending_batches.is_empty() {
            return Err(DecodeError::Rows);
        }
        let mut columns = std::mem::take(&mut self.rows.columns);
        columns.shrink_to_fit();
        Ok(VideoViewTable { generation: self.generation, columns, bytes: self.bytes })
    }
}
