//! How the rows of `videoview` become a dataset: with columns of their own, since there are millions of them.

use crate::shared_account::SharedAccountSet;
use crate::table::builder::{DecodeError, TableBuilder, TableDecoder, WindowTable};
use crate::table::dataset::{Dataset, WindowData};
use crate::video_view_columns::{ColumnLayout, Dictionaries, VideoViewColumns, VideoViewColumnsBuilder};
use domain::frame::Head;
use domain::report::KnownReport;
use domain::time::Timestamp;

/// The loaded copies of `videoview`.
pub type VideoViewDataset = Dataset<VideoViewColumns>;

/// The loaded copy of one window of `videoview`.
pub type VideoViewWindowData = WindowData<VideoViewColumns>;

/// The columns of a copy of `videoview` under construction.
pub type VideoViewTableBuilder = TableBuilder<VideoViewColumns>;

/// Maximum number of rows to reserve memory for before they arrive.
const MAX_RESERVED_ROWS: usize = 8 << 20;

impl WindowTable for VideoViewColumns {
    type Texts = Dictionaries;
    type Decoder = VideoViewDecoder;
}

/// Reads rows into [`VideoViewColumns`].
#[derive(Debug)]
pub struct VideoViewDecoder {
    layout: ColumnLayout,
    /// The rows decoded so far.
    rows: VideoViewColumnsBuilder,
}

impl TableDecoder for VideoViewDecoder {
    type Table = VideoViewColumns;
    type Texts = Dictionaries;

    /// The columns are those of `videoview`, whatever `report` is.
    fn new(head: &Head, _report: Option<KnownReport>) -> Result<Self, DecodeError> {
        let layout = ColumnLayout::parse_header(&head.header).map_err(DecodeError::Column)?;
        let mut rows = VideoViewColumnsBuilder::new(&layout);
        // Growing step by step may take twice the memory. The limit bounds what a wrong row count can cost.
        rows.columns.reserve(usize::try_from(head.rows).unwrap_or(usize::MAX).min(MAX_RESERVED_ROWS));
        Ok(Self { layout, rows })
    }

    fn set_created(&mut self, created: Timestamp) {
        self.rows.set_created(created);
    }

    fn set_shared_accounts(&mut self, accounts: SharedAccountSet) {
        self.rows.set_shared_accounts(accounts);
    }

    fn push_rows(&mut self, csv: &[u8], texts: &mut Dictionaries) -> u64 {
        self.layout.push_slice(csv, &mut self.rows, texts)
    }

    fn finish(self) -> VideoViewColumns {
        let mut columns = self.rows.columns;
        columns.shrink_to_fit();
        columns
    }
}
