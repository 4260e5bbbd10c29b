//! Row templates: what stands before and after the time in rows that have been read, with what it means.
//!
//! Half an hour of one lecture is sixty rows of one viewer that differ in nothing but the time. So the bytes before
//! the time and those after it are kept with their codes, and a row that repeats them is compared, not taken
//! apart: a third of the work. Whatever is not equal byte for byte is taken apart as ever.

/// A row's time as nearly all have it: `YYYY-MM-DD HH:MM:SS`.
pub(crate) const TIME: usize = 19;

/// What a row says but its time, as codes, in the order of [`FieldSlot`]'s constants.
pub(crate) type RowCodes = [u32; 16];

/// Where each code of a row stands.
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

/// Row templates of the part before the time: as many as there are videos that are watched at once.
const HEADS: usize = 1 << 9;
/// Of the part after it: as many as there are viewers at once.
const TAILS: usize = 1 << 12;
/// A part longer than this is not kept: all of them together stay within a few megabytes.
const LONGEST: usize = 1 << 10;
/// Where the bytes are that tell one part from another: the first of the part, past a quote; and, past a length
/// that is as much the video's as the viewer's, the viewer's id.
const HEAD_KEY: usize = 1;
const TAIL_KEY: usize = 12;

/// The same bytes and what they mean.
#[derive(Debug, Clone, Default)]
struct RowTemplate {
    bytes: Vec<u8>,
    codes: RowCodes,
}

/// The templates of one copy. What cannot be found costs a comparison; what is found is equal.
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
    /// The row that `csv` begins with, if both of its parts are known: its time's bytes, its codes, its length.
    #[inline]
    pub(crate) fn find<'a>(&self, csv: &'a [u8]) -> Option<(&'a [u8; TIME], RowCodes, usize)> {
        let head = self.heads.get(place(csv, HEAD_KEY, HEADS)?)?;
        let rest = strip_template(csv, head)?;
        let (time, rest) = rest.split_first_chunk::<TIME>()?;
        let tail = self.tails.get(place(rest, TAIL_KEY, TAILS)?)?;
        strip_template(rest, tail)?;
        let mut codes = head.codes;
        for (code, other) in codes.iter_mut().zip(&tail.codes) {
            // Each column is in one of the parts, and 0 in the other.
            *code |= other;
        }
        Some((time, codes, head.bytes.len() + TIME + tail.bytes.len()))
    }

    /// Keeps a row's parts: `head` and `tail` with the codes of what is in them.
    pub(crate) fn insert(&mut self, head: (&[u8], RowCodes), tail: (&[u8], RowCodes)) {
        let parts = [
            (place(head.0, HEAD_KEY, HEADS).and_then(|at| self.heads.get_mut(at)), head),
            (place(tail.0, TAIL_KEY, TAILS).and_then(|at| self.tails.get_mut(at)), tail),
        ];
        for (template, (bytes, codes)) in parts {
            if let Some(template) = template.filter(|_| bytes.len() <= LONGEST) {
                template.bytes.clear();
                template.bytes.extend_from_slice(bytes);
                template.codes = codes;
            }
        }
    }
}

/// What follows a template's bytes, where `csv` begins with them.
#[inline]
fn strip_template<'a>(csv: &'a [u8], template: &RowTemplate) -> Option<&'a [u8]> {
    let (start, rest) = csv.split_at_checked(template.bytes.len())?;
    (!start.is_empty() && bytes_equal(start, &template.bytes)).then_some(rest)
}

/// Where a part is kept, by eight of its bytes.
#[inline]
fn place(part: &[u8], key: usize, places: usize) -> Option<usize> {
    let key = u64::from_le_bytes(*part.get(key..)?.first_chunk::<8>()?);
    let spread = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    Some(spread as u32 as usize & (places - 1))
}

/// Whether two texts are equal, sixteen bytes at a time: a comparison that is left to the compiler goes byte by
/// byte in wasm.
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
        fn texts_are_the_same_when_they_are_equal(
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
    fn a_row_is_found_when_both_of_its_parts_are_known() {
        let mut templates = RowTemplateCache::default();
        let (head, tail) = (b"\"video-01\",\"", b"\",50,\"viewer-0000001\"\n");
        let (mut before, mut behind) = (RowCodes::default(), RowCodes::default());
        (before[FieldSlot::VIDEO], behind[FieldSlot::USER]) = (7, 9);
        let row = [&head[..], b"2026-02-02 12:00:00", tail, b"more"].concat();
        assert_eq!(templates.find(&row), None);
        templates.insert((head, before), (tail, behind));
        let (time, codes, length) = templates.find(&row).unwrap();
        assert_eq!((&time[..], length), (&b"2026-02-02 12:00:00"[..], row.len() - 4));
        assert_eq!((codes[FieldSlot::VIDEO], codes[FieldSlot::USER]), (7, 9));
        let other = [&head[..], b"2026-02-02 12:00:00", b"\",51,\"viewer-0000001\"\n"].concat();
        assert_eq!(templates.find(&other), None);
    }
}
