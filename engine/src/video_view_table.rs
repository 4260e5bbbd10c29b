//! The decoded copy of one `videoview` window on the page.
//!
//! Slices are decoded as they arrive, but the copy is used only when it is complete: a week with half of its
//! rows would look like a quiet week.

use crate::slice::{SliceError, SliceInflater};
use crate::video_view_columns::{ColumnLayout, Dictionaries, VideoViewColumns, VideoViewColumnsBuilder};
use domain::frame::{Head, SliceHead};

/// Why a copy cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Its header row lacks this column.
    Column(&'static str),
    /// A slice is damaged.
    Slice(SliceError),
    /// The number of rows differs from that in the head of the copy or of a slice.
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
    layout: ColumnLayout,
    inflater: SliceInflater,
    /// The rows decoded so far.
    rows: VideoViewColumnsBuilder,
}

/// A complete copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoViewTable {
    /// The copy's generation.
    pub generation: u32,
    /// Its rows.
    pub columns: VideoViewColumns,
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
            inflater: SliceInflater::default(),
            layout,
            rows,
        })
    }

    /// Checks, inflates and decodes the next slice, and appends its rows.
    ///
    /// # Errors
    /// [`DecodeError::Slice`], [`DecodeError::Rows`].
    pub fn push_slice(
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
        Ok(())
    }

    /// Rows decoded so far, skipped ones included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.decoded_rows
    }

    /// Moves the complete copy out of the builder, after the last slice.
    ///
    /// # Errors
    /// [`DecodeError::Rows`] if rows are missing.
    pub fn finish(&mut self) -> Result<VideoViewTable, DecodeError> {
        if self.decoded_rows != self.expected_rows {
            return Err(DecodeError::Rows);
        }
        let mut columns = std::mem::take(&mut self.rows.columns);
        columns.shrink_to_fit();
        Ok(VideoViewTable { generation: self.generation, columns })
    }
}
