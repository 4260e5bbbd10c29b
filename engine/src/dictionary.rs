//! Dictionary encoding: each distinct text of a column gets a numeric code, in order of first appearance.
//!
//! Rows repeat a few thousand ids millions of times; a code has a tenth of an id's size and is compared in
//! one step. All windows share a dictionary, so that a viewer of two weeks counts once. Texts are stored as
//! bytes, so that ids which differ only in invalid UTF-8 stay distinct.

use crate::row_template::bytes_equal;
use domain::ids::normalize_id;
use std::borrow::{Borrow, Cow};

/// The code of the empty text, in every dictionary.
pub const EMPTY: u32 = 0;

/// Marks an empty slot.
const FREE: u32 = u32::MAX;

/// The distinct texts of one column.
#[derive(Debug, Clone)]
pub struct Dictionary {
    bytes: Vec<u8>,
    /// Where each text ends in `bytes`.
    ends: Vec<usize>,
    /// Codes by hash, each with its hash: open addressing, a power of two, at most half full. With the hash beside it, most
    /// other texts are told apart, and slots are doubled, without reading any text.
    slots: Vec<Slot>,
    /// The last returned code: consecutive rows often have the same text.
    last: u32,
}

/// A code with the hash of its text.
#[derive(Debug, Clone, Copy)]
struct Slot {
    code: u32,
    hash: u32,
}

/// A slot without a code.
const FREE_SLOT: Slot = Slot { code: FREE, hash: 0 };

impl Default for Dictionary {
    fn default() -> Self {
        let mut dictionary =
            Self { bytes: Vec::new(), ends: Vec::new(), slots: vec![FREE_SLOT; 64], last: EMPTY };
        dictionary.code(b"");
        dictionary
    }
}

impl Dictionary {
    /// The code of `text`; a new text gets the next code.
    #[inline]
    pub fn code(&mut self, text: &[u8]) -> u32 {
        if !self.ends.is_empty() && bytes_equal(self.bytes_of(self.last), text) {
            return self.last;
        }
        let hash = hash(text);
        let index = self.find_slot(text, hash);
        let code = self.slots.get(index).map_or(FREE, |slot| slot.code);
        self.last = if code == FREE { self.insert(text, hash, index) } else { code };
        self.last
    }

    /// The code of an id: ids with the same normal form have the same code.
    #[inline]
    pub fn id_code(&mut self, id: &[u8]) -> u32 {
        self.code(&normalize_id(id))
    }

    /// The code of `text`, if it has one.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        let slot = self.slots.get(self.find_slot(text, hash(text)))?;
        (slot.code != FREE).then_some(slot.code)
    }

    /// The codes of those of `ids` that have one.
    #[must_use]
    pub fn find_all<T: Borrow<str>>(&self, ids: &[T]) -> Vec<u32> {
        ids.iter().filter_map(|id| self.find(id.borrow().as_bytes())).collect()
    }

    /// The number of distinct texts, including the empty one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Always `false`: every dictionary has the empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a code, as bytes; empty if the code is unknown.
    #[must_use]
    #[inline]
    pub fn bytes_of(&self, code: u32) -> &[u8] {
        let index = code as usize;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(index).and_then(|end| self.bytes.get(start..*end)).unwrap_or_default()
    }

    /// The text of a code; invalid UTF-8 is replaced with U+FFFD.
    #[must_use]
    pub fn text(&self, code: u32) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes_of(code))
    }

    /// All texts as bytes, in the order of their codes.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(|code| self.bytes_of(code))
    }

    /// The index of the slot of `text`, or of the free slot for it if it is new.
    #[inline]
    fn find_slot(&self, text: &[u8], hash: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut index = hash as usize & mask;
        loop {
            match self.slots.get(index) {
                Some(slot)
                    if slot.code != FREE
                        && (slot.hash != hash || !bytes_equal(self.bytes_of(slot.code), text)) =>
                {
                    index = (index + 1) & mask;
                }
                _ => return index,
            }
        }
    }

    /// Adds a new text to the free slot at `index` and returns its code; doubles the slots when half full.
    #[cold]
    fn insert(&mut self, text: &[u8], hash: u32, index: usize) -> u32 {
        // 2^32 distinct texts do not fit into a page's memory.
        let code = u32::try_from(self.ends.len()).unwrap_or(FREE - 1);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Slot { code, hash };
        }
        if self.ends.len() * 2 > self.slots.len() {
            self.double_slots();
        }
        code
    }

    fn double_slots(&mut self) {
        let mut slots = vec![FREE_SLOT; self.slots.len() * 2];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|slot| slot.code != FREE) {
            let mut index = slot.hash as usize & mask;
            while slots.get(index).is_some_and(|slot| slot.code != FREE) {
                index = (index + 1) & mask;
            }
            if let Some(free) = slots.get_mut(index) {
                *free = *slot;
            }
        }
        self.slots = slots;
    }
}

/// Hashes eight bytes at a time, so an id takes five steps. Not resistant to deliberate collisions: they
/// would only slow the page of the person who views the rows.
#[inline]
fn hash(text: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = text.len() as u64;
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(MULTIPLIER);
    }
    for byte in rest {
        hash = (hash.rotate_left(7) ^ u64::from(*byte)).wrapping_mul(MULTIPLIER);
    }
    // The high half is mixed better.
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn each_distinct_text_gets_one_code(
            texts in prop::collection::vec(prop::collection::vec(0u8..3, 0..12), 0..400),
        ) {
            let mut dictionary = Dictionary::default();
            let mut expected_codes: HashMap<Vec<u8>, u32> = HashMap::from([(Vec::new(), EMPTY)]);
            for text in &texts {
                let next = u32::try_from(expected_codes.len()).unwrap();
                let expected = *expected_codes.entry(text.clone()).or_insert(next);
                prop_assert_eq!(dictionary.code(text), expected);
            }
            prop_assert_eq!(dictionary.len(), expected_codes.len());
            for (text, code) in &expected_codes {
                prop_assert_eq!(dictionary.bytes_of(*code), text.as_slice());
                prop_assert_eq!(dictionary.find(text), Some(*code));
            }
            prop_assert_eq!(dictionary.find(b"never"), None);
        }
    }

    #[test]
    fn ids_that_differ_in_case_alone_have_one_code() {
        let mut dictionary = Dictionary::default();
        let code = dictionary.id_code(b"0B0C-A");
        assert_eq!(dictionary.id_code(b" {0b0c-a}"), code);
        assert_eq!(dictionary.bytes_of(code), b"0b0c-a");
        assert_ne!(dictionary.code(b"0B0C-A"), code, "a text is not an id");
        assert_eq!(dictionary.id_code(b" "), EMPTY);
    }

    #[test]
    fn many_ids_get_distinct_codes() {
        let mut dictionary = Dictionary::default();
        for n in 0..20_000u32 {
            dictionary.code(format!("{n:08x}-0000-4000-8000-{n:012x}").as_bytes());
        }
        assert_eq!(dictionary.len(), 20_001);
    }
}
