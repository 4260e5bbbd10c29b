//! A slice as the page receives it: inflated and checked before any of its rows is used.

use crate::crc32::Crc32;
use crate::deflate::{DeflateDecoder, DeflateError};
use domain::frame::SliceHead;

/// Why a slice is not what was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SliceError {
    /// The deflate stream cannot be read, or goes on after its end.
    Deflate,
    /// It inflates to another number of bytes than was promised.
    Length,
    /// Its bytes have another CRC than was promised: they are not those that were stored.
    Crc,
}

impl std::fmt::Display for SliceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Deflate => "a slice cannot be inflated",
            Self::Length => "a slice has another length than was promised",
            Self::Crc => "a slice's bytes are not those that were stored",
        })
    }
}

impl std::error::Error for SliceError {}

/// Inflates one slice after another, keeping its memory between them.
#[derive(Debug, Default)]
pub struct SliceInflater {
    crc: Crc32,
    deflate: DeflateDecoder,
}

impl SliceInflater {
    /// The CSV bytes of a slice, once they are known to be those that were stored.
    ///
    /// # Errors
    /// [`SliceError`]: the copy has to be fetched again.
    pub fn inflate(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<&[u8], SliceError> {
        // Before anything of it is believed.
        if self.crc.checksum(deflated) != head.crc32 {
            return Err(SliceError::Crc);
        }
        self.deflate.inflate(deflated, head.raw_length as usize).map_err(|broken| match broken {
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
        fn what_was_deflated_comes_back_one_slice_after_another(
            slices in prop::collection::vec(prop::collection::vec(0u8..4, 0..5000), 1..4),
        ) {
            let mut inflater = SliceInflater::default();
            for raw in &slices {
                let (head, deflated) = deflate(raw);
                prop_assert_eq!(inflater.inflate(&head, &deflated).unwrap(), raw.as_slice());
            }
        }

        #[test]
        fn a_slice_that_lost_or_changed_a_byte_is_spoilt(
            raw in prop::collection::vec(any::<u8>(), 1..3000),
            at in any::<prop::sample::Index>(),
            flip in 1u8..=255,
        ) {
            let (head, mut deflated) = deflate(&raw);
            let mut inflater = SliceInflater::default();
            let at = at.index(deflated.len());
            // With a CRC that fits, too: what is cut or longer is no slice, whoever says so.
            let fitting = |bytes: &[u8]| SliceHead { crc32: crc32fast::hash(bytes), ..head };
            let longer = [deflated.as_slice(), &[0]].concat();
            for spoilt in [&deflated[..at], &longer] {
                prop_assert!(inflater.inflate(&head, spoilt).is_err());
                prop_assert!(inflater.inflate(&fitting(spoilt), spoilt).is_err());
            }
            deflated[at] ^= flip;
            prop_assert_eq!(inflater.inflate(&head, &deflated), Err(SliceError::Crc));
        }
    }

    #[test]
    fn a_wrong_promise_is_not_believed() {
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
