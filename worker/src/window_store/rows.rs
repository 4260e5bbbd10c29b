//! Serving a copy's slices as frames, a pack or some slices at a time.

use super::store::{CopySummary, Filter, Store};
use crate::response;
use domain::frame::Head;
use domain::problem::{Code, Problem};
use futures_util::stream;
use worker::{Response, Result};

/// Bytes of some sections' slices that are read from storage at a time.
const READ_BYTES: u64 = 2 << 20;

/// Slices that are read at a time at most.
const MAX_SLICES_PER_READ: u64 = 64;

struct RowStream {
    store: Store,
    part: CopySummary,
    filter: Filter,
    at_once: u32,
    seq: i64,
    left: u32,
}

/// The rows of a copy as frames: `GET /api/rows`.
pub(crate) fn serve(
    store: Store,
    generation: Option<u32>,
    filter: Filter,
) -> Result<std::result::Result<Response, Problem>> {
    let Some(part) = store.select_copy(generation, &filter)? else {
        return Ok(Err(match generation {
            Some(_) => Problem::new(
                Code::CopyReplaced,
                "This copy has been replaced by a newer one: read the window again.",
            ),
            None => Problem::new(Code::RowsNotReady, "The rows of this window are not loaded yet."),
        }));
    };
    let head = Head {
        generation: part.generation,
        slices: part.slices,
        rows: part.rows,
        header: part.header.clone(),
    };
    // By the largest, so that a run of large ones is not read at once.
    let at_once =
        u32::try_from((READ_BYTES / part.largest.max(1)).clamp(1, MAX_SLICES_PER_READ)).unwrap_or(1);
    let left = part.slices;
    let row_stream = RowStream { store, part, filter, at_once, seq: 0, left };
    let frames = stream::try_unfold((Some(head), row_stream), |(head, mut row_stream)| async move {
        if let Some(head) = head {
            return Ok(Some((head.encode(), (None, row_stream))));
        }
        if row_stream.left == 0 {
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
        let found = self.store.read_frames(self.part.generation, &self.filter, self.seq, self.at_once)?;
        // The copy was deleted while it was read: the reader must not take this for the end.
        let Some(last) = found.last() else { return Err("the copy was replaced while it was read".into()) };
        self.seq = last.seq;
        self.left = self.left.saturating_sub(found.iter().map(|stored| stored.slices).sum());
        let mut frames = found.into_iter().map(|stored| stored.bytes);
        let mut bytes = frames.next().unwrap_or_default();
        frames.for_each(|more| bytes.extend_from_slice(&more));
        Ok(bytes)
    }
}
