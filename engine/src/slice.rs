//! Checks and inflates a slice on the page, before any of its rows is used.

use crate::crc32::Crc32;
use crate::inflate::deflate::{DeflateDecoder, DeflateError};
use domain::frame::SliceHead;

/// Why a slice is rejected as damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SliceError {
    /// The deflate stream is invalid, or bytes follow it.
    Deflate,
    /// The inflated length differs from that in the slice's head.
    Length,
    /// The CRC of the deflated bytes differs from that in the slice's head.
    Crc,
}

impl std::fmt::Display for SliceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Deflate => "a slice cannot be inflated",
            Self::Length => "a slice does not have the expected length",
            Self::Crc => "a slice does not have the expected checksum",
        })
    }
}

impl std::error::Error for SliceError {}

/// Inflates one slice after another and reuses its buffers.
#[derive(Debug, Default)]
pub struct SliceInflater {
    crc: Crc32,
    deflate: DeflateDecoder,
}

impl SliceInflater {
    /// Checks a slice against its head and returns its CSV bytes.
    ///
    /// # Errors
    /// [`SliceError`]: the copy must be fetched again.
    pub fn inflate(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<&[u8], SliceError> {
        // The checksum first: the inflater may accept streams that other libraries reject.
        if self.crc.checksum(deflated) != head.crc32 {
            return Err(SliceError::Crc);
        }
        self.deflate.inflate(deflated, head.raw_length as usize).map_err(|error| match error {
            DeflateError::Stream => SliceError::Deflate,
            DeflateError::Length => SliceError::Length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn deflate(raw: &[u8]) -> (SliceHead, Vec<u8>) {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(raw).unwrap();
        let deflated = encoder.finish().unwrap();
        let head = SliceHead {
            rows: 1,
            raw_length: u32::try_from(raw.len()).unwrap(),
            crc32: crc32fast::hash(&deflated),
            length: u32::try_from(deflated.len()).unwrap(),
        };
        (head, deflated)
    }

    proptest! {
        #[test]
        fn consecutive_slices_inflate_to_their_content(
            slices in prop::collection::vec(prop::collection::vec(0u8..4, 0..5000), 1..4),
        ) {
            let mut inflater = SliceInflater::default();
            for raw in &slices {
                let (head, deflated) = deflate(raw);
                prop_assert_eq!(inflater.inflate(&head, &deflated).unwrap(), raw.as_slice());
            }
        }

        #[test]
        fn truncated_extended_and_changed_slices_are_errors(
            raw in prop::collection::vec(any::<u8>(), 1..3000),
            at in any::<prop::sample::Index>(),
            flip in 1u8..=255,
        ) {
            let (head, mut deflated) = deflate(&raw);
            let mut inflater = SliceInflater::default();
            let at = at.index(deflated.len());
            // Truncated and extended slices are errors even if their CRC matches.
            let head_with_crc_of = |bytes: &[u8]| SliceHead { crc32: crc32fast::hash(bytes), ..head };
            let extended = [deflated.as_slice(), &[0]].concat();
            for damaged in [&deflated[..at], &extended] {
                prop_assert!(inflater.inflate(&head, damaged).is_err());
                prop_assert!(inflater.inflate(&head_with_crc_of(damaged), damaged).is_err());
            }
            deflated[at] ^= flip;
            prop_assert_eq!(inflater.inflate(&head, &deflated), Err(SliceError::Crc));
        }
    }

    #[test]
    fn a_head_with_a_wrong_length_or_checksum_is_an_error() {
        let (head, deflated) = deflate(b"a,b\n1,2\n");
        let mut inflater = SliceInflater::default();
        let shorter = SliceHead { raw_length: 3, ..head };
        assert_eq!(inflater.inflate(&shorter, &deflated), Err(SliceError::Length));
        let huge = SliceHead { raw_length: u32::MAX, ..head };
        assert_eq!(inflater.inflate(&huge, &deflated), Err(SliceError::Length));
        let other = SliceHead { crc32: head.crc32 ^ 1, ..head };
        assert_eq!(inflater.inflate(&other, &deflated), Err(SliceError::Crc));
        assert!(inflater.inflate(&head, &deflated).is_ok());
    }
}
