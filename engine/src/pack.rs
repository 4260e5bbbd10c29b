//! Packs: the frames of many slices as one stored value, with an index of where each slice is.
//!
//! A copy of thousands of slices is read as a few values. A value in SQLite is 2 MB at most, and so is the index of a
//! pack, which is stored by one statement: a pack is full when either would become too long. Slices of one row each fill
//! the index first.

use crate::split::Slice;
use domain::frame::{SLICE_HEAD_LENGTH, SliceHead};
use serde::{Deserialize, Serialize};

/// Zeros at the start of each pack. SQLite stores the first bytes of a value, up to a page of 4 KB, beside the other
/// columns, and copies them when it reorganizes its pages: what stood in the old places would outlive the overwriting of an
/// erased slice. Everything further stays where it was written. A frame never begins with zeros, so packs of earlier
/// releases, which have no padding, are recognized.
pub const PACK_PADDING: usize = 4096;

/// Maximum length of a pack without its padding. A slice stays below it.
const MAX_PACK_BYTES: usize = 1_900_000;

/// Maximum length of a pack's index: some 6,500 slices.
const MAX_INDEX_BYTES: usize = 1_000_000;

/// The location of a slice's frame in its pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceLocation {
    /// Its number.
    pub seq: u32,
    /// The slice's course.
    pub course: String,
    /// The slice's section.
    pub section: String,
    /// Data rows.
    pub rows: u32,
    /// The offset of the frame, in bytes.
    pub start: usize,
    /// The length of the frame, in bytes.
    pub length: usize,
}

/// A pack that is ready to be stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FullPack {
    /// Its number.
    pub seq: u32,
    /// Padding, then the concatenated frames.
    pub bytes: Vec<u8>,
    /// The number of slices.
    pub slices: u32,
    /// The [`SliceLocation`]s, in order, as a JSON array.
    pub index: String,
}

/// Fills packs, one at a time.
#[derive(Debug, Default)]
pub struct PackBuilder {
    pack: FullPack,
    /// The number of the next slice.
    next_slice: u32,
}

impl PackBuilder {
    /// Adds a slice. Returns the pack before it if that is full.
    pub fn push(&mut self, slice: Slice) -> Option<FullPack> {
        let length = SLICE_HEAD_LENGTH + slice.bytes.len();
        // The start in the next pack may have fewer digits than in this one.
        let Slice { course, section, rows, .. } = slice;
        let start = self.pack.bytes.len().max(PACK_PADDING);
        let mut location = SliceLocation { seq: self.next_slice, course, section, rows, start, length };
        let mut entry = to_json(&location);
        let is_full = self.pack.slices > 0
            && (self.pack.bytes.len() - PACK_PADDING + length > MAX_PACK_BYTES
                || self.pack.index.len() + entry.len() + 2 > MAX_INDEX_BYTES);
        let full = if is_full { self.finish() } else { None };
        if full.is_some() {
            location.start = PACK_PADDING;
            entry = to_json(&location);
        }
        let pack = &mut self.pack;
        if pack.slices == 0 {
            pack.bytes.resize(PACK_PADDING, 0);
        }
        let head = SliceHead {
            rows,
            raw_length: slice.raw_length,
            crc32: slice.crc32,
            length: u32::try_from(slice.bytes.len()).unwrap_or(u32::MAX),
        };
        pack.bytes.extend_from_slice(&head.encode());
        pack.bytes.extend_from_slice(&slice.bytes);
        pack.index.push(if pack.slices == 0 { '[' } else { ',' });
        pack.index.push_str(&entry);
        pack.slices += 1;
        self.next_slice += 1;
        full
    }

    /// The pack that is being filled; `None` if it is empty. To be called after the last slice, too.
    pub fn finish(&mut self) -> Option<FullPack> {
        let next = FullPack { seq: self.pack.seq + 1, ..FullPack::default() };
        if self.pack.slices == 0 {
            return None;
        }
        let mut full = std::mem::replace(&mut self.pack, next);
        full.index.push(']');
        Some(full)
    }
}

fn to_json(location: &SliceLocation) -> String {
    // Texts and numbers can always be serialized.
    serde_json::to_string(location).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slice(section: String, length: usize) -> Slice {
        Slice { course: "c".repeat(36), section, rows: 1, raw_length: 9, crc32: 7, bytes: vec![5; length] }
    }

    fn pack_all(slices: Vec<Slice>) -> Vec<FullPack> {
        let mut builder = PackBuilder::default();
        let mut packs: Vec<FullPack> = slices.into_iter().filter_map(|slice| builder.push(slice)).collect();
        packs.extend(builder.finish());
        assert_eq!(builder.finish(), None);
        packs
    }

    /// Checks that every slice is where the index says.
    fn check(packs: &[FullPack], slices: &[Slice]) {
        let mut seq = 0;
        for (pack, number) in packs.iter().zip(0..) {
            assert!(
                pack.seq == number && pack.index.len() <= MAX_INDEX_BYTES && pack.bytes.len() < 2_000_000
            );
            let index: Vec<SliceLocation> = serde_json::from_str(&pack.index).unwrap();
            assert_eq!(index.len(), pack.slices as usize);
            let mut end = PACK_PADDING;
            for location in index {
                let slice = &slices[seq as usize];
                assert_eq!((location.seq, location.start, &location.section), (seq, end, &slice.section));
                end += location.length;
                let frame = &pack.bytes[location.start..end];
                assert_eq!(SliceHead::decode(frame).unwrap().crc32, slice.crc32);
                assert_eq!(&frame[SLICE_HEAD_LENGTH..], &slice.bytes[..]);
                seq += 1;
            }
            assert_eq!(end, pack.bytes.len());
        }
        assert_eq!(seq as usize, slices.len());
    }

    #[test]
    fn a_pack_of_one_row_sections_is_cut_by_its_index() {
        let slices: Vec<Slice> = (0..14_000).map(|n| slice(format!("{n:036}"), 60)).collect();
        let packs = pack_all(slices.clone());
        assert!(packs.len() > 2 && packs[0].bytes.len() < MAX_PACK_BYTES / 2);
        check(&packs, &slices);
    }

    proptest! {
        #[test]
        fn every_slice_is_in_one_pack_and_no_value_is_too_long(
            slices in prop::collection::vec((any::<String>(), 0_usize..500_000), 0..12),
        ) {
            let slices: Vec<Slice> = slices.into_iter().map(|(section, length)| slice(section, length)).collect();
            check(&pack_all(slices.clone()), &slices);
        }
    }
}
