//! The binary format of `GET /api/rows/{report}/{window}`: a stream of frames with the slices of a copy.
//!
//! All numbers are little endian.
//!
//! ```text
//! magic      4 bytes  "LRF1" (Lectern row frames, version 1)
//! generation u32      which copy
//! slices     u32      how many frames follow
//! rows       u64      data rows in all of them
//! header     u32      length of the header row, then its bytes: one CSV line with its line end
//! then per slice:
//! rows       u32      data rows in it
//! raw_length u32      bytes after inflating
//! crc32      u32      of the bytes as they stand here
//! length     u32      bytes as they stand here
//! bytes      length   raw deflate
//! ```
//!
//! A reader that gets fewer slices than it was promised knows that the rows are not whole.

/// The first bytes of a stream of frames.
pub const MAGIC: [u8; 4] = *b"LRF1";

/// Bytes of the fixed part of the head.
pub const HEAD_LENGTH: usize = 4 + 4 + 4 + 8 + 4;

/// Bytes before each slice.
pub const SLICE_HEAD_LENGTH: usize = 16;

/// What stands before the slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which copy.
    pub generation: u32,
    /// How many slices follow.
    pub slices: u32,
    /// Data rows in all of them.
    pub rows: u64,
    /// The CSV header row as it was collected, with its line end.
    pub header: Vec<u8>,
}

/// What stands before each slice's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceHead {
    /// Data rows in it.
    pub rows: u32,
    /// Bytes after inflating.
    pub raw_length: u32,
    /// CRC-32 of the deflated bytes: what was stored and sent is what came. A tenth of the inflated ones or less.
    pub crc32: u32,
    /// Deflated bytes that follow.
    pub length: u32,
}

impl Head {
    /// The head as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_LENGTH + self.header.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.generation.to_le_bytes());
        bytes.extend_from_slice(&self.slices.to_le_bytes());
        bytes.extend_from_slice(&self.rows.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(self.header.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&self.header);
        bytes
    }
}

impl SliceHead {
    /// The head that `bytes` begin with, if there are enough of them.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            rows: u32_at(bytes, 0)?,
            raw_length: u32_at(bytes, 4)?,
            crc32: u32_at(bytes, 8)?,
            length: u32_at(bytes, 12)?,
        })
    }

    /// The head as bytes.
    #[must_use]
    pub fn encode(self) -> [u8; SLICE_HEAD_LENGTH] {
        let mut bytes = [0; SLICE_HEAD_LENGTH];
        for (place, number) in
            bytes.chunks_exact_mut(4).zip([self.rows, self.raw_length, self.crc32, self.length])
        {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }
}

/// Why a stream of frames cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// It does not start as one, or is of a version that is not known.
    NotFrames,
    /// It ended before all that was promised had come.
    CutShort,
    /// More came than was promised.
    TooLong,
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotFrames => "these are no row frames",
            Self::CutShort => "the rows stopped before their end",
            Self::TooLong => "more rows came than were promised",
        })
    }
}

impl std::error::Error for FrameError {}

/// What a [`FrameReader`] found next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The head: once, first.
    Head(Head),
    /// A slice with its deflated bytes.
    Slice(SliceHead, Vec<u8>),
}

/// Cuts frames out of bytes that arrive in pieces of any size.
///
/// # Example: bytes one at a time
/// ```
/// use domain::frame::{Frame, FrameReader, Head};
/// let head = Head { generation: 1, slices: 0, rows: 0, header: b"a,b\n".to_vec() };
/// let mut reader = FrameReader::default();
/// let mut found = Vec::new();
/// for byte in head.encode() {
///     reader.push(&[byte]);
///     while let Some(frame) = reader.next()? {
///         found.push(frame);
///     }
/// }
/// reader.finish()?;
/// assert_eq!(found, [Frame::Head(head)]);
/// # Ok::<(), domain::frame::FrameError>(())
/// ```
#[derive(Debug, Default)]
pub struct FrameReader {
    pending: Vec<u8>,
    taken: usize,
    promised: Option<u32>,
    seen: u32,
}

impl FrameReader {
    /// Adds bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 && (self.taken == self.pending.len() || self.taken > (1 << 20)) {
            self.pending.drain(..self.taken);
            self.taken = 0;
        }
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` until more bytes come.
    ///
    /// # Errors
    /// [`FrameError::NotFrames`], [`FrameError::TooLong`].
    #[expect(clippy::should_implement_trait, reason = "an iterator ends at `None`; this one waits for more")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        match self.promised {
            None => self.head(),
            Some(promised) if self.seen == promised => {
                if self.rest().is_empty() {
                    Ok(None)
                } else {
                    Err(FrameError::TooLong)
                }
            }
            Some(_) => Ok(self.slice()),
        }
    }

    /// To be called at the end of the bytes.
    ///
    /// # Errors
    /// [`FrameError::CutShort`] when not all that was promised has come.
    pub fn finish(&self) -> Result<(), FrameError> {
        if self.promised == Some(self.seen) && self.rest().is_empty() {
            Ok(())
        } else {
            Err(FrameError::CutShort)
        }
    }

    fn rest(&self) -> &[u8] {
        self.pending.get(self.taken..).unwrap_or_default()
    }

    fn head(&mut self) -> Result<Option<Frame>, FrameError> {
        let rest = self.rest();
        let start = rest.get(..4).unwrap_or(rest);
        if !MAGIC.starts_with(start) {
            return Err(FrameError::NotFrames);
        }
        let fixed = (|| Some((u32_at(rest, 4)?, u32_at(rest, 8)?, u64_at(rest, 12)?, u32_at(rest, 20)?)))();
        let Some((generation, slices, rows, length)) = fixed else { return Ok(None) };
        let Some(header) = rest.get(HEAD_LENGTH..HEAD_LENGTH + length as usize) else { return Ok(None) };
        let head = Head { generation, slices, rows, header: header.to_vec() };
        self.taken += HEAD_LENGTH + length as usize;
        self.promised = Some(slices);
        Ok(Some(Frame::Head(head)))
    }

    fn slice(&mut self) -> Option<Frame> {
        let rest = self.rest();
        let head = SliceHead::decode(rest)?;
        let bytes = rest.get(SLICE_HEAD_LENGTH..SLICE_HEAD_LENGTH + head.length as usize)?.to_vec();
        self.taken += SLICE_HEAD_LENGTH + bytes.len();
        self.seen += 1;
        Some(Frame::Slice(head, bytes))
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(header: &[u8], slices: &[Vec<u8>]) -> (Vec<Frame>, Vec<u8>) {
        let head = Head {
            generation: 3,
            slices: u32::try_from(slices.len()).unwrap(),
            rows: slices.len() as u64,
            header: header.to_vec(),
        };
        let mut bytes = head.encode();
        let mut frames = vec![Frame::Head(head)];
        for slice in slices {
            let length = u32::try_from(slice.len()).unwrap();
            let head = SliceHead { rows: 1, raw_length: 9, crc32: 7, length };
            bytes.extend(head.encode());
            bytes.extend(slice);
            frames.push(Frame::Slice(head, slice.clone()));
        }
        (frames, bytes)
    }

    fn read(bytes: &[u8], cuts: &[usize]) -> Result<Vec<Frame>, FrameError> {
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        let mut at = 0;
        for cut in cuts.iter().copied().chain([bytes.len()]) {
            let end = (at + cut).min(bytes.len());
            reader.push(&bytes[at..end]);
            at = end;
            while let Some(frame) = reader.next()? {
                frames.push(frame);
            }
        }
        reader.finish().map(|()| frames)
    }

    proptest! {
        #[test]
        fn frames_survive_any_cutting(
            header in prop::collection::vec(any::<u8>(), 0..40),
            slices in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..6),
            cuts in prop::collection::vec(0usize..50, 0..20),
            lost in 1usize..30,
        ) {
            let (frames, bytes) = encoded(&header, &slices);
            prop_assert_eq!(read(&bytes, &cuts).unwrap(), frames);
            let short = &bytes[..bytes.len().saturating_sub(lost)];
            prop_assert!(read(short, &cuts).is_err(), "a cut stream is never whole");
        }
    }

    #[test]
    fn frame_format_unchanged() {
        let (_, bytes) = encoded(b"a\n", &[vec![0xAA]]);
        let expected = [
            b"LRF1".as_slice(),
            &[3, 0, 0, 0],
            &[1, 0, 0, 0],
            &[1, 0, 0, 0, 0, 0, 0, 0],
            &[2, 0, 0, 0],
            b"a\n",
            &[1, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0xAA],
        ]
        .concat();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_is_not_frames_is_refused() {
        assert_eq!(read(b"<!doctype html>", &[]), Err(FrameError::NotFrames));
        assert_eq!(read(b"", &[]), Err(FrameError::CutShort));
        let (_, mut bytes) = encoded(b"a\n", &[]);
        bytes.push(0);
        assert_eq!(read(&bytes, &[]), Err(FrameError::TooLong));
    }
}
