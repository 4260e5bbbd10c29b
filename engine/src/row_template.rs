//! Row templates: the bytes before and after the time of decoded rows, with their codes.
//!
//! A viewer's half hour of one lecture is sixty rows that differ only in the time. So the bytes before the
//! time (head) and after it (tail) are cached with their codes. A row that repeats both is compared instead
//! of decoded, which is a third of the work. All other rows are decoded.

/// Bytes of a time in the usual spelling: `YYYY-MM-DD HH:MM:SS`.
pub(crate) const TIME: usize = 19;

/// The codes of a row's fields except the time, indexed by [`FieldSlot`]'s constants; 0 if there is none.
pub(crate) type RowCodes = [u32; 16];

/// Indices of [`RowCodes`].
pub(crate) struct FieldSlot;

impl FieldSlot {
    pub(crate) const VIDEO: usize = 0;
    pub(crate) const COURSE: usize = 1;
    pub(crate) const SECTION: usize = 2;
    pub(crate) const USER: usize = 3;
    pub(crate) const ROLE: usize = 4;
    pub(crate) const MINUTES: usize = 5;
    pub(crate) const VIDEO_NAME: usize = 6;
    pub(crate) const LENGTH: usize = 7;
    pub(crate) const COURSE_CODE: usize = 8;
    pub(crate) const COURSE_NAME: usize = 9;
    pub(crate) const SECTION_NUMBER: usize = 10;
    pub(crate) const FIRST_NAME: usize = 11;
    pub(crate) const LAST_NAME: usize = 12;
}

/// Cached heads: about as many as videos that are watched at the same time.
const HEADS: usize = 1 << 9;
/// Cached tails: about as many as viewers at the same time.
const TAILS: usize = 1 << 12;
/// Maximum bytes of a cached head or tail, so that the cache stays within a few megabytes.
const MAX_TEMPLATE_BYTES: usize = 1 << 10;
/// Positions of the eight bytes that heads and tails are hashed by: a head's first field, after a quote; in a
/// tail the viewer's id, after the video's length.
const HEAD_KEY: usize = 1;
const TAIL_KEY: usize = 12;

/// A head or tail with the codes of its fields.
#[derive(Debug, Clone, Default)]
struct RowTemplate {
    bytes: Vec<u8>,
    codes: RowCodes,
}

/// The templates of one copy: a cache with one entry per hash. Hits are compared byte for byte.
#[derive(Debug)]
pub(crate) struct RowTemplateCache {
    heads: Vec<RowTemplate>,
    tails: Vec<RowTemplate>,
}

impl Default for RowTemplateCache {
    fn default() -> Self {
        Self { heads: vec![RowTemplate::default(); HEADS], tails: vec![RowTemplate::default(); TAILS] }
    }
}

impl RowTemplateCache {
    /// The time, codes and length in bytes of the first row of `csv`, if its head and tail are cached.
    #[inline]
    pub(crate) fn find<'a>(&self, csv: &'a [u8]) -> Option<(&'a [u8; TIME], RowCodes, usize)> {
        let head = self.heads.get(index_of(csv, HEAD_KEY, HEADS)?)?;
        let rest = strip_template(csv, head)?;
        let (time, rest) = rest.split_first_chunk::<TIME>()?;
        let tail = self.tails.get(index_of(rest, TAIL_KEY, TAILS)?)?;
        strip_template(rest, tail)?;
        let mut codes = head.codes;
        for (code, other) in codes.iter_mut().zip(&tail.codes) {
            // Each field is in either head or tail; its code is 0 in the other.
            *code |= other;
        }
        Some((time, codes, head.bytes.len() + TIME + tail.bytes.len()))
    }

    /// Caches a row's head and tail with the codes of their fields.
    pub(crate) fn insert(&mut self, head: (&[u8], RowCodes), tail: (&[u8], RowCodes)) {
        let entries = [
            (index_of(head.0, HEAD_KEY, HEADS).and_then(|index| self.heads.get_mut(index)), head),
            (index_of(tail.0, TAIL_KEY, TAILS).and_then(|index| self.tails.get_mut(index)), tail),
        ];
        for (template, (bytes, codes)) in entries {
            if let Some(template) = template.filter(|_| bytes.len() <= MAX_TEMPLATE_BYTES) {
                template.bytes.clear();
                template.bytes.extend_from_slice(bytes);
                template.codes = codes;
            }
        }
    }
}

/// `csv` without the template's bytes at its start; `None` if it does not start with them.
#[inline]
fn strip_template<'a>(csv: &'a [u8], template: &RowTemplate) -> Option<&'a [u8]> {
    let (start, rest) = csv.split_at_checked(template.bytes.len())?;
    (!start.is_empty() && bytes_equal(start, &template.bytes)).then_some(rest)
}

/// The cache index of a head or tail: a hash of its eight bytes at `key_start`. `size` is a power of two.
#[inline]
fn index_of(bytes: &[u8], key_start: usize, size: usize) -> Option<usize> {
    let key = u64::from_le_bytes(*bytes.get(key_start..)?.first_chunk::<8>()?);
    let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    Some(hash as u32 as usize & (size - 1))
}

/// Compares two byte slices sixteen bytes at a time: the compiler's own wasm compares byte by byte.
#[must_use]
#[inline]
pub(crate) fn bytes_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (a, a_rest) = a.as_chunks::<16>();
    let (b, b_rest) = b.as_chunks::<16>();
    a.iter().zip(b).all(|(a, b)| u128::from_le_bytes(*a) == u128::from_le_bytes(*b))
        && rest_equal(a_rest, b_rest)
}

#[inline]
fn rest_equal(a: &[u8], b: &[u8]) -> bool {
    let (a, a_rest) = a.as_chunks::<4>();
    let (b, b_rest) = b.as_chunks::<4>();
    a.iter().zip(b).all(|(a, b)| u32::from_le_bytes(*a) == u32::from_le_bytes(*b))
        && a_rest.iter().zip(b_rest).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_equal_agrees_with_the_operator(
            text in prop::collection::vec(any::<u8>(), 0..70),
            at in any::<prop::sample::Index>(),
            flip in any::<u8>(),
        ) {
            let mut other = text.clone();
            if !text.is_empty() {
                other[at.index(text.len())] ^= flip;
            }
            prop_assert_eq!(bytes_equal(&text, &other), text == other);
            prop_assert!(!bytes_equal(&text, &[text.as_slice(), b"x"].concat()));
        }
    }

    #[test]
    fn a_row_is_found_only_if_its_head_and_tail_are_cached() {
        let mut templates = RowTemplateCache::default();
        let (head, tail) = (b"\"video-01\",\"", b"\",50,\"viewer-0000001\"\n");
        let (mut before, mut after) = (RowCodes::default(), RowCodes::default());
        (before[FieldSlot::VIDEO], after[FieldSlot::USER]) = (7, 9);
        let row = [&head[..], b"2026-02-02 12:00:00", tail, b"more"].concat();
        assert_eq!(templates.find(&row), None);
        templates.insert((head, before), (tail, after));
        let (time, codes, length) = templates.find(&row).unwrap();
        assert_eq!((&time[..], length), (&b"2026-02-02 12:00:00"[..], row.len() - 4));
        assert_eq!((codes[FieldSlot::VIDEO], codes[FieldSlot::USER]), (7, 9));
        let other = [&head[..], b"2026-02-02 12:00:00", b"\",51,\"viewer-0000001\"\n"].concat();
        assert_eq!(templates.find(&other), None);
    }
}
