//! Report files: CSV, generated and streamed row by row, gzipped or not, with the faults of the request and fetch.
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

/// Chunks that may wait between the writer and the socket.
const CHUNKS_WAITING: usize = 4;

/// The inputs that determine a file's bytes.
#[derive(Clone, Debug)]
pub(crate) struct FileSpec {
    pub(crate) report: Report,
    /// The asked span; none for `asset`.
    pub(crate) span: Option<Span>,
    /// Nothing at or after this has happened.
    pub(crate) as_of: i64,
    pub(crate) delimiter: u8,
    pub(crate) gzip: bool,
    pub(crate) bulk: Option<u64>,
    pub(crate) shape: Shape,
    /// Which part of how many: rows are dealt out in turn.
    pub(crate) part: (u64, u64),
    /// Only visits of this page, and of rows with as many.
    pub(crate) page: Option<String>,
    pub(crate) least: u64,
}

/// Starts writing a file; the chunks come out of the channel until it closes, or ends in an error.
pub(crate) fn write(
    institution: Arc<Institution>,
    spec: FileSpec,
    trouble: Option<Trouble>,
) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    tokio::task::spawn_blocking(move || {
        let chunks = chunks::Chunks::new(sender, trouble);
        // The only error is that nobody reads any more: then there is nobody to tell.
        let _ = write_all(&institution, &spec, chunks);
    });
    receiver
}

fn write_all(institution: &Institution, spec: &FileSpec, chunks: chunks::Chunks) -> io::Result<()> {
    if spec.gzip {
        // Load tests want the file soon, everybody else wants it small.
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
