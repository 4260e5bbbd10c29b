//! Serves a copy's slices as frames, one pack or several slices at a time.

use super::store::{CopySummary, Filter, Store};
use crate::response;
use domain::frame::Head;
use domain::problem::{Code, Problem};
use futures_util::stream;
use worker::{Response, Result};

/// Target size of one read from storage, for reads of selected sections.
const READ_BYTES: u64 = 2 << 20;

/// Maximum number of slices in one read.
const MAX_SLICES_PER_READ: u64 = 1_000;

struct RowStream {
    store: Store,
    summary: CopySummary,
    filter: Filter,
    slices_per_read: u32,
    seq: i64,
    remaining_slices: u32,
}

/// The number of a copy's rows that the filter selects.
pub(crate) fn count(
    store: &Store,
    generation: u32,
    filter: &Filter,
) -> Result<std::result::Result<Response, Problem>> {
    match store.select_copy(Some(generation), filter)? {
        Some(summary) => Ok(Ok(response::json(&summary.rows)?)),
        None => Ok(Err(no_copy(Some(generation)))),
    }
}

/// Why there is no such copy.
fn no_copy(generation: Option<u32>) -> Problem {
    match generation {
        Some(_) => Problem::new(
            Code::CopyReplaced,
            "This copy has been replaced by a newer one: read the window again.",
        ),
        None => Problem::new(Code::RowsNotReady, "The rows of this window are not loaded yet."),
    }
}

/// The rows of a copy as frames: `GET /api/rows`.
pub(crate) fn serve(
    store: Store,
    generation: Option<u32>,
    filter: Filter,
) -> Result<std::result::Result<Response, Problem>> {
    let Some(summary) = store.select_copy(generation, &filter)? else {
        return Ok(Err(no_copy(generation)));
    };
    let head = Head {
        generation: summary.generation,
        slices: summary.slices,
        rows: summary.rows,
        header: summary.header.clone(),
    };
    // Computed from the largest slice, so that a run of large ones is not read at once.
    let slices_per_read =
        u32::try_from((READ_BYTES / summary.largest.max(1)).clamp(1, MAX_SLICES_PER_READ)).unwrap_or(1);
    let remaining_slices = summary.slices;
    let row_stream = RowStream { store, summary, filter, slices_per_read, seq: 0, remaining_slices };
    let frames = stream::try_unfold((Some(head), row_stream), |(head, mut row_stream)| async move {
        if let Some(head) = head {
            return Ok(Some((head.encode(), (None, row_stream))));
        }
        if row_stream.remaining_slices == 0 {
            return Ok(None);
        }
        let bytes = row_stream.next()?;
        Ok(Some((bytes, (None, row_stream))))
    });
    let frames: std::pin::Pin<Box<dyn stream::Stream<Item = Result<Vec<u8>>>>> = Box::pin(frames);
    let response = Response::from_stream(frames)?;
    response.headers().set("content-type", "application/octet-stream")?;
    Ok(Ok(response::with_private_headers(response)?))
}

impl RowStream {
    fn next(&mut self) -> Result<Vec<u8>> {
        let found =
            self.store.read_frames(self.summary.generation, &self.filter, self.seq, self.slices_per_read)?;
        // The copy was deleted during the read; an error keeps the reader from taking this for the end.
        let Some(last) = found.last() else { return Err("the copy was replaced while it was read".into()) };
        self.seq = last.seq;
        self.remaining_slices =
            self.remaining_slices.saturating_sub(found.iter().map(|stored| stored.slices).sum());
        let mut frames = found.into_iter().map(|stored| stored.bytes);
        let mut bytes = frames.next().unwrap_or_default();
        frames.for_each(|more| bytes.extend_from_slice(&more));
        Ok(bytes)
    }
}
