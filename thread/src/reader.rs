//! A reader: a further thread of the same program, which decodes portions of copies for the keeper.
//!
//! A portion comes as a copy of a few slices. Nothing of it is kept when it has been handed over.

use crate::post;
use domain::frame::{Frame, FrameReader};
use engine::row_batch;
use engine::video_view_columns::Dictionaries;
use engine::video_view_table::VideoViewTableBuilder;

/// Begins to listen to the keeper. What it says first, nothing, says that it does.
pub fn run() {
    // The keeper decodes for itself what cannot be decoded here, and says why.
    post::hear_bytes(|bytes| post::hand_over(&decoded(bytes).unwrap_or_default()));
    post::hand_over(&[]);
}

fn decoded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut frames = FrameReader::default();
    frames.push(bytes);
    let Frame::Head(head) = frames.next().ok()?? else { return None };
    let mut builder = VideoViewTableBuilder::new(&head).ok()?;
    let mut texts = Dictionaries::default();
    while let Some(Frame::Slice(head, deflated)) = frames.next().ok()? {
        builder.push_slice(&head, &deflated, &mut texts).ok()?;
    }
    frames.finish().ok()?;
    Some(row_batch::encode(&builder.finish().ok()?.columns, &texts))
}
