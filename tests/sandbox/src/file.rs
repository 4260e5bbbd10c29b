//! Report files: CSV, generated and streamed row by row, gzipped or not, with the injected faults.
//!
//! A thread writes into a bounded channel from which the socket reads, so memory use does not depend on the file's size.

mod chunks;
mod csv;
mod rows;

pub(crate) use chunks::Trouble;
pub(crate) use csv::Shape;

use crate::events::Span;
use crate::institution::Institution;
use crate::report::Report;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write as _};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Capacity of the channel between the writer and the socket, in chunks.
const CHANNEL_CHUNKS: usize = 4;

/// The inputs that determine a file's bytes.
#[derive(Clone, Debug)]
pub(crate) struct FileSpec {
    pub(crate) report: Report,
    /// The requested span; `None` for `asset`.
    pub(crate) span: Option<Span>,
    /// Events at or after this time have not happened yet, in seconds since 1970.
    pub(crate) as_of: i64,
    pub(crate) delimiter: u8,
    pub(crate) gzip: bool,
    pub(crate) bulk: Option<u64>,
    /// Whether views of public links are those of anonymous accounts.
    pub(crate) anonymous_accounts: bool,
    pub(crate) shape: Shape,
    /// (index, number) of this file among those of its request: rows are distributed in turn.
    pub(crate) part: (u64, u64),
    /// Parameters of `visit`: only this page, and only rows with at least `least` visits.
    pub(crate) page: Option<String>,
    pub(crate) least: u64,
}

/// Starts writing a file. The channel yields its chunks, and ends or yields an error last.
pub(crate) fn write(
    institution: Arc<Institution>,
    spec: FileSpec,
    trouble: Option<Trouble>,
) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(CHANNEL_CHUNKS);
    tokio::task::spawn_blocking(move || {
        let chunks = chunks::Chunks::new(sender, trouble);
        // The only error is that the receiver is gone.
        let _ = write_all(&institution, &spec, chunks);
    });
    receiver
}

fn write_all(institution: &Institution, spec: &FileSpec, chunks: chunks::Chunks) -> io::Result<()> {
    if spec.shape.empty {
        return GzEncoder::new(chunks, Compression::default()).finish()?.finish();
    }
    if spec.gzip {
        // Load tests need the file soon; other tests benefit from a small one.
        let level = if spec.bulk.is_some() { Compression::fast() } else { Compression::default() };
        let mut page = csv::Page::new(GzEncoder::new(chunks, level), spec);
        rows::write(institution, spec, &mut page)?;
        page.finish()?.finish()?.finish()
    } else {
        let mut page = csv::Page::new(chunks, spec);
        rows::write(institution, spec, &mut page)?;
        let mut chunks = page.finish()?;
        chunks.flush()?;
        chunks.finish()
    }
}
