//! The binary format of `GET /api/rows/{report}/{window}`: a stream of frames with the slices of a copy.
//!
//! All numbers are little endian.
//!
//! ```text
//! magic      4 bytes  "LRF1" (Lectern row frames, version 1)
//! generation u32      the generation of the copy
//! slices     u32      how many slices follow
//! rows       u64      data rows in all slices
//! header     u32      length of the header row, then its bytes: one CSV line with its line end
//! then per slice:
//! rows       u32      data rows in the slice
//! raw_length u32      bytes after inflating
//! crc32      u32      CRC-32 of the deflated bytes
//! length     u32      deflated bytes
//! bytes      length   raw deflate
//! ```
//!
//! A reader that gets fewer slices than the head promises knows that rows are missing.

/// The first bytes of a stream of frames.
pub const MAGIC: [u8; 4] = *b"LRF1";

/// The length of a head without its header row, in bytes.
pub const HEAD_LENGTH: usize = 4 + 4 + 4 + 8 + 4;

/// The length of a slice's head, in bytes.
pub const SLICE_HEAD_LENGTH: usize = 16;

/// The head of a stream, which precedes the slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The generation of the copy.
    pub generation: u32,
    /// How many slices follow.
    pub slices: u32,
    /// Data rows in all slices.
    pub rows: u64,
    /// The CSV header row as it was collected, with its line end.
    pub header: Vec<u8>,
}

/// The head of a slice, which precedes its deflated bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceHead {
    /// Data rows in the slice.
    pub rows: u32,
    /// Bytes after inflating.
    pub raw_length: u32,
    /// CRC-32 of the deflated bytes, which checks storage and network. They are a tenth of the inflated bytes
    /// or less, so this is faster than a checksum of those.
    pub crc32: u32,
    /// Deflated bytes that follow.
    pub length: u32,
}

impl Head {
    /// Encodes the head.
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
    /// Decodes the head at the start of `bytes`; `None` if there are too few of them.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            rows: u32_at(bytes, 0)?,
            raw_length: u32_at(bytes, 4)?,
            crc32: u32_at(bytes, 8)?,
            length: u32_at(bytes, 12)?,
        })
    }

    /// Encodes the head.
    #[must_use]
    pub fn encode(self) -> [u8; SLICE_HEAD_LENGTH] {
        let mut bytes = [0; SLICE_HEAD_LENGTH];
        for (field, number) in
            bytes.chunks_exact_mut(4).zip([self.rows, self.raw_length, self.crc32, self.length])
        {
            field.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }
}

/// Why a stream of frames cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// It does not start with [`MAGIC`]: another format, or an unknown version.
    NotFrames,
    /// It ended before the last slice that its head promised.
    CutShort,
    /// It continues after the last slice that its head promised.
    TooLong,
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotFrames => "not a stream of row frames",
            Self::CutShort => "the stream of row frames ended early",
            Self::TooLong => "the stream of row frames continues after its last slice",
        })
    }
}

impl std::error::Error for FrameError {}

/// One frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The head, which comes first.
    Head(Head),
    /// A slice with its deflated bytes.
    Slice(SliceHead, Vec<u8>),
}

/// Decodes frames from bytes that arrive in chunks of any size.
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
    buffer: Vec<u8>,
    /// How many bytes at the start of `buffer` have been decoded.
    consumed: usize,
    /// How many slices the head promised.
    slices: Option<u32>,
    /// How many slices have been decoded.
    decoded: u32,
}

impl FrameReader {
    /// Adds bytes in the order in which they arrive.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.consumed > 0 && (self.consumed == self.buffer.len() || self.consumed > (1 << 20)) {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete frame; `None` until more bytes are pushed, and after the last frame.
    ///
    /// # Errors
    /// [`FrameError::NotFrames`], [`FrameError::TooLong`].
    #[expect(clippy::should_implement_trait, reason = "an iterator ends at `None`; this one waits for more")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        match self.slices {
            None => self.decode_head(),
            Some(slices) if self.decoded == slices => {
                if self.rest().is_empty() {
                    Ok(None)
                } else {
                    Err(FrameError::TooLong)
                }
            }
            Some(_) => Ok(self.decode_slice()),
        }
    }

    /// Checks at the end of the stream that it was complete.
    ///
    /// # Errors
    /// [`FrameError::CutShort`] if the head, a slice or part of one is missing.
    pub fn finish(&self) -> Result<(), FrameError> {
        if self.slices == Some(self.decoded) && self.rest().is_empty() {
            Ok(())
        } else {
            Err(FrameError::CutShort)
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.consumed..).unwrap_or_default()
    }

    fn decode_head(&mut self) -> Result<Option<Frame>, FrameError> {
        let rest = self.rest();
        let start = rest.get(..4).unwrap_or(rest);
        if !MAGIC.starts_with(start) {
            return Err(FrameError::NotFrames);
        }
        let fixed = (|| Some((u32_at(rest, 4)?, u32_at(rest, 8)?, u64_at(rest, 12)?, u32_at(rest, 20)?)))();
        let Some((generation, slices, rows, length)) = fixed else { return Ok(None) };
        let Some(header) = rest.get(HEAD_LENGTH..HEAD_LENGTH + length as usize) else { return Ok(None) };
        let head = Head { generation, slices, rows, header: header.to_vec() };
        self.consumed += HEAD_LENGTH + length as usize;
        self.slices = Some(slices);
        Ok(Some(Frame::Head(head)))
    }

    fn decode_slice(&mut self) -> Option<Frame> {
        let rest = self.rest();
        let head = SliceHead::decode(rest)?;
        let bytes = rest.get(SLICE_HEAD_LENGTH..SLICE_HEAD_LENGTH + head.length as usize)?.to_vec();
        self.consumed += SLICE_HEAD_LENGTH + bytes.len();
        self.decoded += 1;
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

    /// Frames of a stream with this header and these slices, and the stream itself.
    fn encode(header: &[u8], slices: &[Vec<u8>]) -> (Vec<Frame>, Vec<u8>) {
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

    /// Decodes `bytes`, pushed in chunks of these lengths and a last one with the rest.
    fn decode(bytes: &[u8], chunk_lengths: &[usize]) -> Result<Vec<Frame>, FrameError> {
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        let mut at = 0;
        for length in chunk_lengths.iter().copied().chain([bytes.len()]) {
            let end = (at + length).min(bytes.len());
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
        fn frames_are_decoded_from_chunks_of_any_length_and_a_cut_stream_is_refused(
            header in prop::collection::vec(any::<u8>(), 0..40),
            slices in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..6),
            chunk_lengths in prop::collection::vec(0usize..50, 0..20),
            lost in 1usize..30,
        ) {
            let (frames, bytes) = encode(&header, &slices);
            prop_assert_eq!(decode(&bytes, &chunk_lengths).unwrap(), frames);
            let cut = &bytes[..bytes.len().saturating_sub(lost)];
            prop_assert!(decode(cut, &chunk_lengths).is_err(), "a cut stream is never complete");
        }
    }

    #[test]
    fn frame_format_unchanged() {
        let (_, bytes) = encode(b"a\n", &[vec![0xAA]]);
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
    fn other_formats_and_empty_and_overlong_streams_are_refused() {
        assert_eq!(decode(b"<!doctype html>", &[]), Err(FrameError::NotFrames));
        assert_eq!(decode(b"", &[]), Err(FrameError::CutShort));
        let (_, mut bytes) = encode(b"a\n", &[]);
        bytes.push(0);
        assert_eq!(decode(&bytes, &[]), Err(FrameError::TooLong));
    }
}
