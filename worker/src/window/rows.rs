//! Serving a copy's slices as frames, a pack or some slices at a time.

use super::store::{Filter, Part, Store};
use crate::answer;
use domain::frame::Head;
use domain::problem::{Code, Problem};
use futures_util::stream;
use worker::{Response, Result};

/// Bytes of some sections' slices that are read from storage at a time.
const AT_ONCE: u64 = 2 << 20;

/// Slices that are read at a time at most.
const SLICES_AT_ONCE: u64 = 64;

struct Reading {
    store: Store,
    part: Part,
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
    let Some(part) = store.part(generation, &filter)? else {
        return Ok(Err(match generation {
            Some(_) => Problem::new(
                Code::CopyReplaced,
                "This copy has been replaced by a newer one: read the window again.",
            ),
            None => Problem::new(Code::RowsNotReady, "The rows of this window are not here yet."),
        }));
    };
    let head = Head {
        generation: part.generation,
        slices: part.slices,
        rows: part.rows,
        header: part.header.clone(),
    };
    // By the largest, so that a run of large ones is not read at once.
    let at_once = u32::try_from((AT_ONCE / part.largest.max(1)).clamp(1, SLICES_AT_ONCE)).unwrap_or(1);
    let left = part.slices;
    let reading = Reading { store, part, filter, at_once, seq: 0, left };
    let frames = stream::try_unfold((Some(head), reading), |(head, mut reading)| async move {
        if let Some(head) = head {
            return Ok(Some((head.encode(), (None, reading))));
        }
        if reading.left == 0 {
            return Ok(None);
        }
        let bytes = reading.next()?;
        Ok(Some((bytes, (None, reading))))
    });
    let frames: std::pin::Pin<Box<dyn stream::Stream<Item = Result<Vec<u8>>>>> = Box::pin(frames);
    let response = Response::from_stream(frames)?;
    response.headers().set("content-type", "application/octet-stream")?;
    Ok(Ok(answer::private(response)?))
}

impl Reading {
    fn next(&mut self) -> Result<Vec<u8>> {
        let found = self.store.frames_from(self.part.generation, &self.filter, self.seq, self.at_once)?;
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
