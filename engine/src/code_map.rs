//! Values for some of a dictionary's codes: four bytes for each code, and a value for each code that has one.

use crate::dictionary::EMPTY;

/// Marks a code without a value.
const NONE: u32 = u32::MAX;

/// Values by dictionary code. [`EMPTY`] has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeMap<T> {
    /// By code, the index of its value.
    indexes: Vec<u32>,
    values: Vec<(u32, T)>,
}

impl<T> Default for CodeMap<T> {
    fn default() -> Self {
        Self { indexes: Vec::new(), values: Vec::new() }
    }
}

impl<T: Default> CodeMap<T> {
    /// Reserves memory for the values of so many codes, all below `codes`.
    pub(crate) fn reserve(&mut self, codes: usize) {
        self.indexes.reserve(codes.next_multiple_of(1024).saturating_sub(self.indexes.len()));
        self.values.reserve(codes.saturating_sub(self.values.len()));
    }

    /// The value of `code`, inserted if missing; `None` for the empty text.
    #[inline]
    pub(crate) fn entry(&mut self, code: u32) -> Option<&mut T> {
        let at = code as usize;
        if code == EMPTY {
            return None;
        }
        if at >= self.indexes.len() {
            self.indexes.resize((at + 1).next_multiple_of(1024), NONE);
        }
        let index = self.indexes.get_mut(at)?;
        if *index == NONE {
            *index = u32::try_from(self.values.len()).unwrap_or(NONE);
            self.values.push((code, T::default()));
        }
        self.values.get_mut(*index as usize).map(|(_, value)| value)
    }

    /// The value of `code`.
    #[inline]
    pub(crate) fn get(&self, code: u32) -> Option<&T> {
        let index = *self.indexes.get(code as usize)?;
        self.values.get(index as usize).map(|(_, value)| value)
    }

    /// Every code with its value, in the order in which they were inserted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.values.iter().map(|(code, value)| (*code, value))
    }
}

impl<T: Default> FromIterator<(u32, T)> for CodeMap<T> {
    fn from_iter<I: IntoIterator<Item = (u32, T)>>(values: I) -> Self {
        let mut map = Self::default();
        let values = values.into_iter();
        map.reserve(values.size_hint().0);
        for (code, value) in values {
            if let Some(entry) = map.entry(code) {
                *entry = value;
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn values_equal_those_of_a_map(codes in prop::collection::vec(0u32..3000, 0..50)) {
            let (mut map, mut expected) = (CodeMap::<u32>::default(), BTreeMap::<u32, u32>::new());
            for code in codes {
                if let Some(count) = map.entry(code) {
                    *count += 1;
                    *expected.entry(code).or_default() += 1;
                }
            }
            prop_assert!(map.get(EMPTY).is_none() && map.get(3000).is_none());
            prop_assert!(expected.iter().all(|(code, count)| map.get(*code) == Some(count)));
            prop_assert_eq!(map.iter().map(|(code, count)| (code, *count)).collect::<BTreeMap<_, _>>(), expected);
        }
    }
}
