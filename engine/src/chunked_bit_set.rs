//! A bit set of dictionary codes, in chunks, which counts distinct viewers.
//!
//! Codes are assigned in the order of first appearance, so the viewers of one video have nearby codes. Chunks
//! without any are not allocated.

/// 64-bit words in a chunk: 64 × 64 = 4,096 codes in 512 bytes.
const WORDS: usize = 64;

/// A set of dictionary codes.
#[derive(Debug, Clone, Default)]
pub struct ChunkedBitSet(Vec<Option<Box<[u64; WORDS]>>>);

impl ChunkedBitSet {
    /// Adds a code; returns whether it was new.
    #[inline]
    pub fn insert(&mut self, code: u32) -> bool {
        let (word, bit) = ((code / 64) as usize, code % 64);
        let index = word / WORDS;
        if index >= self.0.len() {
            self.0.resize(index + 1, None);
        }
        if let Some(chunk) = self.0.get_mut(index) {
            let words = chunk.get_or_insert_with(|| Box::new([0; WORDS]));
            if let Some(bits) = words.get_mut(word % WORDS) {
                let is_new = *bits & (1 << bit) == 0;
                *bits |= 1 << bit;
                return is_new;
            }
        }
        false
    }

    /// Whether a code is in the set.
    #[must_use]
    pub fn contains(&self, code: u32) -> bool {
        let (word, bit) = ((code / 64) as usize, code % 64);
        let chunk = self.0.get(word / WORDS).and_then(Option::as_ref);
        chunk.and_then(|words| words.get(word % WORDS)).is_some_and(|bits| bits & (1 << bit) != 0)
    }

    /// Adds all codes of `other`; returns how many of them were new.
    pub fn union_with(&mut self, other: &Self) -> u64 {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), None);
        }
        let mut added = 0;
        for (chunk, other) in self.0.iter_mut().zip(&other.0) {
            let Some(other) = other else { continue };
            let words = chunk.get_or_insert_with(|| Box::new([0; WORDS]));
            for (bits, other) in words.iter_mut().zip(other.iter()) {
                added += u64::from((other & !*bits).count_ones());
                *bits |= other;
            }
        }
        added
    }

    /// The number of codes in the set.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().flatten().flat_map(|chunk| chunk.iter()).map(|bits| u64::from(bits.count_ones())).sum()
    }

    /// Whether the set has no codes.
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
        fn the_length_equals_that_of_a_standard_set(
            inserted in prop::collection::vec(prop_oneof![0u32..200, 0u32..20_000], 0..300),
        ) {
            let mut codes = ChunkedBitSet::default();
            prop_assert!(codes.is_empty());
            let mut expected = BTreeSet::new();
            for code in &inserted {
                prop_assert_eq!(codes.insert(*code), expected.insert(code));
            }
            prop_assert_eq!(codes.len(), expected.len() as u64);
            prop_assert_eq!(codes.is_empty(), expected.is_empty());
        }

        #[test]
        fn a_union_counts_the_codes_that_were_new(
            sets in prop::array::uniform2(prop::collection::vec(prop_oneof![0u32..200, 0u32..20_000], 0..300)),
        ) {
            let [mut codes, other] = sets.clone().map(|inserted| {
                let mut codes = ChunkedBitSet::default();
                for code in &inserted {
                    codes.insert(*code);
                }
                codes
            });
            let [expected, expected_other] = sets.map(BTreeSet::from_iter);
            prop_assert_eq!(codes.union_with(&other), expected_other.difference(&expected).count() as u64);
            prop_assert_eq!(codes.len(), expected.union(&expected_other).count() as u64);
            prop_assert_eq!(codes.union_with(&other), 0);
        }
    }
}
