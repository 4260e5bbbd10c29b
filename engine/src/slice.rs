//! A slice as the page gets it: raw deflate, inflated and checked before a single row of it is believed.

use domain::frame::SliceHead;
use flate2::{Decompress, FlushDecompress, Status};

/// Why a slice is not what was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoilt {
    /// The deflate stream cannot be read, or goes on after its end.
    Deflate,
    /// It inflates to another number of bytes than was promised.
    Length,
    /// Its bytes have another CRC than was promised: they are not those that were stored.
    Crc,
}

impl std::fmt::Display for Spoilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Deflate => "a slice cannot be inflated",
            Self::Length => "a slice has another length than was promised",
            Self::Crc => "a slice's bytes are not those that were stored",
        })
    }
}

impl std::error::Error for Spoilt {}

/// Memory that is set aside before a slice has shown that it needs it: a wrong length costs no more.
const TRUSTED: usize = 16 << 20;

/// Inflates one slice after another, keeping its memory between them.
#[derive(Debug)]
pub struct Inflater {
    stream: Decompress,
    bytes: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { stream: Decompress::new(false), bytes: Vec::new() }
    }
}

impl Inflater {
    /// The CSV bytes of a slice, once they are known to be those that were stored.
    ///
    /// # Errors
    /// [`Spoilt`]: the copy has to be fetched again.
    pub fn inflate(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<&[u8], Spoilt> {
        // Before anything of it is believed.
        if crc32fast::hash(deflated) != head.crc32 {
            return Err(Spoilt::Crc);
        }
        let wanted = head.raw_length as usize;
        self.stream.reset(false);
        self.bytes.clear();
        self.bytes.reserve(wanted.min(TRUSTED));
        loop {
            let taken = usize::try_from(self.stream.total_in()).unwrap_or(usize::MAX);
            let rest = deflated.get(taken..).unwrap_or_default();
            let before = self.bytes.len();
            if before == self.bytes.capacity() {
                // One byte over what was promised, so that too much shows.
                self.bytes.reserve((wanted + 1).saturating_sub(before).clamp(1, TRUSTED));
            }
            let status = self
                .stream
                .decompress_vec(rest, &mut self.bytes, FlushDecompress::Finish)
                .map_err(|_| Spoilt::Deflate)?;
            let full = self.bytes.len() == self.bytes.capacity();
            match status {
                Status::StreamEnd => break,
                _ if self.bytes.len() > wanted => return Err(Spoilt::Length),
                Status::Ok | Status::BufError if full => {}
                // Room is left and nothing more comes: the stream has no end.
                Status::Ok | Status::BufError if self.bytes.len() == before => return Err(Spoilt::Deflate),
                Status::Ok | Status::BufError => {}
            }
        }
        if self.stream.total_in() != deflated.len() as u64 {
            return Err(Spoilt::Deflate);
        }
        if self.bytes.len() != wanted {
            return Err(Spoilt::Length);
        }
        Ok(&self.bytes)
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
            let mut inflater = Inflater::default();
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
            let mut inflater = Inflater::default();
            let at = at.index(deflated.len());
            // With a CRC that fits, too: what is cut or longer is no slice, whoever says so.
            let fitting = |bytes: &[u8]| SliceHead { crc32: crc32fast::hash(bytes), ..head };
            let longer = [deflated.as_slice(), &[0]].concat();
            for spoilt in [&deflated[..at], &longer] {
                prop_assert!(inflater.inflate(&head, spoilt).is_err());
                prop_assert!(inflater.inflate(&fitting(spoilt), spoilt).is_err());
            }
            deflated[at] ^= flip;
            prop_assert_eq!(inflater.inflate(&head, &deflated), Err(Spoilt::Crc));
        }
    }

    #[test]
    fn a_wrong_promise_is_not_believed() {
        let (head, deflated) = deflate(b"a,b\n1,2\n");
        let mut inflater = Inflater::default();
        let shorter = SliceHead { raw_length: 3, ..head };
        assert_eq!(inflater.inflate(&shorter, &deflated), Err(Spoilt::Length));
        let huge = SliceHead { raw_length: u32::MAX, ..head };
        assert_eq!(inflater.inflate(&huge, &deflated), Err(Spoilt::Length));
        let other = SliceHead { crc32: head.crc32 ^ 1, ..head };
        assert_eq!(inflater.inflate(&other, &deflated), Err(Spoilt::Crc));
        assert!(inflater.inflate(&head, &deflated).is_ok());
    }
}
