//! A bit set over dictionary codes, in chunks: counts distinct viewers.
//!
//! Codes are given in the order of first sight, so the viewers of one video lie close together: bits are kept
//! in chunks, and a chunk that holds nobody takes no room.

/// 64-bit words in a chunk: 64 × 64 = 4,096 codes in 512 bytes.
const WORDS: usize = 64;

/// A set of codes.
#[derive(Debug, Clone, Default)]
pub struct ChunkedBitSet(Vec<Option<Box<[u64; WORDS]>>>);

impl ChunkedBitSet {
    /// Takes a code in; nothing changes if it was there.
    #[inline]
    pub fn insert(&mut self, code: u32) {
        let (word, bit) = ((code / 64) as usize, code % 64);
        let place = word / WORDS;
        if place >= self.0.len() {
            self.0.resize(place + 1, None);
        }
        if let Some(chunk) = self.0.get_mut(place) {
            let words = chunk.get_or_insert_with(|| Box::new([0; WORDS]));
            if let Some(bits) = words.get_mut(word % WORDS) {
                *bits |= 1 << bit;
            }
        }
    }

    /// Takes in all codes of `other`; gives how many of them were not there.
    pub fn union_with(&mut self, other: &Self) -> u64 {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), None);
        }
        let mut fresh = 0;
        for (own, chunk) in self.0.iter_mut().zip(&other.0) {
            let Some(chunk) = chunk else { continue };
            let words = own.get_or_insert_with(|| Box::new([0; WORDS]));
            for (bits, more) in words.iter_mut().zip(chunk.iter()) {
                fresh += u64::from((more & !*bits).count_ones());
                *bits |= more;
            }
        }
        fresh
    }

    /// How many codes are in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().flatten().flat_map(|chunk| chunk.iter()).map(|bits| u64::from(bits.count_ones())).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_counts_what_a_plain_set_counts(
            given in prop::collection::vec(prop_oneof![0u32..200, 0u32..20_000], 0..300),
        ) {
            let mut codes = ChunkedBitSet::default();
            prop_assert!(codes.is_empty());
            given.iter().for_each(|code| codes.insert(*code));
            let plain: BTreeSet<_> = given.iter().collect();
            prop_assert_eq!(codes.len(), plain.len() as u64);
            prop_assert_eq!(codes.is_empty(), plain.is_empty());
        }

        #[test]
        fn joined_sets_are_their_union_and_tell_what_was_new(
            sets in prop::array::uniform2(prop::collection::vec(prop_oneof![0u32..200, 0u32..20_000], 0..300)),
        ) {
            let [mut codes, other] = sets.clone().map(|given| {
                let mut codes = ChunkedBitSet::default();
                given.iter().for_each(|code| codes.insert(*code));
                codes
            });
            let [plain, more] = sets.map(BTreeSet::from_iter);
            prop_assert_eq!(codes.union_with(&other), more.difference(&plain).count() as u64);
            prop_assert_eq!(codes.len(), plain.union(&more).count() as u64);
            prop_assert_eq!(codes.union_with(&other), 0);
        }
    }
}
