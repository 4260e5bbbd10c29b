//! Inflates raw deflate (RFC 1951) in one call, where all input is present and the output size is known.
//!
//! A library for streams weighs fifty kilobytes in the page's data thread, most of them for what a slice is not: a gzip
//! file, in pieces, of unknown length. And slices are small, so that reading a block's codes takes as long as using
//! them: tables here are no larger than their codes. Text that repeats itself is copied in large pieces.

/// Why bytes cannot be inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeflateError {
    /// They are no deflate stream, or end before it does, or go on after it.
    Stream,
    /// More or less comes out than was promised.
    Length,
}

/// Bits of a code that are looked up at once. The few codes that are longer are walked.
const FAST: usize = 10;
/// Bits of the longest code.
const LONGEST: usize = 15;
/// Bytes that are copied at once.
const WIDE: usize = 64;
/// Bytes that one code adds at most, and those that its copy may write behind them.
const SLACK: usize = 258 + WIDE;
/// Bytes that come out of one at most: a copy of 258 in two bits.
const GROWTH: usize = 1032;

/// The order in which the lengths of the codes of lengths stand.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// What a code means: its bits in the lowest four, then four for how many more bits say how much is added to the value
/// above them. Zero is no code.
type Symbol = u32;

const BYTE: Symbol = 1 << 31;
const END: Symbol = 1 << 30;

fn plain(symbol: u32) -> Symbol {
    symbol << 8
}

/// A byte, the end of the block, or the length of a copy.
fn byte_or_length(symbol: u32) -> Symbol {
    match symbol.checked_sub(257) {
        None if symbol == 256 => END,
        None => BYTE | symbol << 8,
        Some(28) => 258 << 8,
        Some(at @ 0..8) => (at + 3) << 8,
        // Four lengths for each number of further bits.
        Some(at) => (((4 + at % 4) << (at / 4 - 1)) + 3) << 8 | (at / 4 - 1) << 4,
    }
}

/// How far back a copy is from; two distances for each number of further bits.
fn distance(symbol: u32) -> Symbol {
    match symbol {
        0..4 => (symbol + 1) << 8,
        _ => (((2 + symbol % 2) << (symbol / 2 - 1)) + 1) << 8 | (symbol / 2 - 1) << 4,
    }
}

/// The codes of one alphabet.
#[derive(Debug)]
struct HuffmanTable {
    /// What each symbol means, but for the bits of its code.
    means: fn(u32) -> Symbol,
    /// By the next bits; as long as the longest code, or as [`FAST`] allows.
    table: Vec<Symbol>,
    /// How many codes there are of each length.
    counts: [u16; LONGEST + 1],
    /// Symbols in the order of their codes.
    symbols: [u16; 320],
}

impl HuffmanTable {
    fn new(means: fn(u32) -> Symbol) -> Self {
        Self { means, table: vec![0; 1 << FAST], counts: [0; LONGEST + 1], symbols: [0; 320] }
    }

    /// Takes in the length of each symbol's code. `None` where more codes are asked for than there are; codes that
    /// stand for nothing are an error when they are met.
    fn set(&mut self, lengths: &[u8]) -> Option<()> {
        self.counts = [0; LONGEST + 1];
        for length in lengths {
            *self.counts.get_mut(usize::from(*length))? += 1;
        }
        self.counts[0] = 0;
        let mut places = [0u16; LONGEST + 2];
        let (mut room, mut longest) = (1i32, 0);
        for (length, count) in self.counts.iter().enumerate().skip(1) {
            *places.get_mut(length + 1)? = *places.get(length)? + count;
            room = room * 2 - i32::from(*count);
            if room < 0 {
                return None;
            }
            if *count > 0 {
                longest = length;
            }
        }
        for (symbol, length) in (0u16..).zip(lengths).filter(|(_, length)| **length > 0) {
            let place = places.get_mut(usize::from(*length))?;
            *self.symbols.get_mut(usize::from(*place))? = symbol;
            *place += 1;
        }
        // A code is looked up by its first bits, the first of them lowest: a table for one bit more is this one twice,
        // with the codes of that length put in.
        let mut symbols = self.symbols.iter();
        let mut turned = 0usize;
        self.table.clear();
        self.table.push(0);
        for (length, count) in (0u32..).zip(&self.counts).skip(1).take(longest.min(FAST)) {
            self.table.extend_from_within(..);
            for symbol in symbols.by_ref().take(usize::from(*count)) {
                *self.table.get_mut(turned)? = (self.means)(u32::from(*symbol)) | length;
                // One more, counted from the highest bit.
                let mut bit = 1 << (length - 1);
                while turned & bit != 0 {
                    turned ^= bit;
                    bit >>= 1;
                }
                turned |= bit;
            }
        }
        Some(())
    }

    /// What the next bits mean.
    #[inline(always)]
    fn find(&self, bits: u64) -> Option<Symbol> {
        let mask = self.table.len() - 1;
        match self.table.get((bits & 0xffff) as usize & mask) {
            Some(meaning) if *meaning != 0 => Some(*meaning),
            _ => self.walk(bits),
        }
    }

    /// The same, bit by bit.
    #[cold]
    #[inline(never)]
    fn walk(&self, bits: u64) -> Option<Symbol> {
        let (mut code, mut first, mut place) = (0u32, 0u32, 0u32);
        for (length, count) in (0u32..).zip(self.counts).skip(1) {
            code |= (bits >> (length - 1) & 1) as u32;
            let count = u32::from(count);
            if code < first + count {
                let symbol = self.symbols.get((place + code - first) as usize)?;
                return Some((self.means)(u32::from(*symbol)) | length);
            }
            place += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// The bits of a stream.
struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bytes that are held, or were.
    taken: usize,
    /// The bits that come next, the lowest first.
    held: u64,
    count: u32,
    /// How many of them are zeros behind the end.
    lent: u32,
}

impl BitReader<'_> {
    /// Holds at least 56 bits; `None` once bits were used that nobody sent.
    #[inline(always)]
    fn fill(&mut self) -> Option<()> {
        match self.bytes.get(self.taken..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(word) => {
                self.held |= u64::from_le_bytes(*word) << self.count;
                self.taken += (63 - self.count as usize) / 8;
                self.count |= 56;
                Some(())
            }
            None => self.fill_slowly(),
        }
    }

    #[cold]
    #[inline(never)]
    fn fill_slowly(&mut self) -> Option<()> {
        while self.count < 56 {
            match self.bytes.get(self.taken) {
                Some(byte) => {
                    self.held |= u64::from(*byte) << self.count;
                    self.taken += 1;
                }
                None => self.lent += 8,
            }
            self.count += 8;
        }
        (self.lent <= self.count).then_some(())
    }

    /// The next bits as a number: at most 32 of those that are held.
    #[inline(always)]
    fn take(&mut self, count: u32) -> u32 {
        let bits = self.held & ((1 << count) - 1);
        self.held >>= count;
        self.count -= count;
        (bits & 0xffff_ffff) as u32
    }

    /// What the next code means, with what its further bits add.
    #[inline(always)]
    fn value(&mut self, meaning: Symbol) -> usize {
        self.take(meaning & 15);
        let more = self.take(meaning >> 4 & 15);
        (meaning >> 8 & 0xffff) as usize + more as usize
    }

    /// Drops what is left of a byte and gives whole bytes back; `None` where bits were used that nobody sent.
    fn align(&mut self) -> Option<()> {
        self.taken -= (self.count.checked_sub(self.lent)? / 8) as usize;
        (self.held, self.count, self.lent) = (0, 0, 0);
        Some(())
    }
}

/// Inflates one text after another, keeping its memory between them.
#[derive(Debug)]
pub struct DeflateDecoder {
    lengths: HuffmanTable,
    literals: HuffmanTable,
    distances: HuffmanTable,
    out: Vec<u8>,
}

impl Default for DeflateDecoder {
    fn default() -> Self {
        Self {
            lengths: HuffmanTable::new(plain),
            literals: HuffmanTable::new(byte_or_length),
            distances: HuffmanTable::new(distance),
            out: Vec::new(),
        }
    }
}

impl DeflateDecoder {
    /// The text that these bytes hold, which is `wanted` bytes long.
    ///
    /// # Errors
    /// [`DeflateError`].
    pub fn inflate(&mut self, bytes: &[u8], wanted: usize) -> Result<&[u8], DeflateError> {
        // Nothing is set aside for what cannot be.
        if wanted > bytes.len().saturating_mul(GROWTH) {
            return Err(DeflateError::Length);
        }
        if self.out.len() < wanted + SLACK {
            self.out.resize(wanted + SLACK, 0);
        }
        let mut bits = BitReader { bytes, taken: 0, held: 0, count: 0, lent: 0 };
        let mut at = 0;
        loop {
            bits.fill().ok_or(DeflateError::Stream)?;
            let is_last = bits.take(1) == 1;
            at = match bits.take(2) {
                0 => self.stored(&mut bits, at, wanted)?,
                1 => {
                    self.fixed().ok_or(DeflateError::Stream)?;
                    self.block(&mut bits, at, wanted)?
                }
                2 => {
                    self.dynamic(&mut bits).ok_or(DeflateError::Stream)?;
                    self.block(&mut bits, at, wanted)?
                }
                _ => return Err(DeflateError::Stream),
            };
            if is_last {
                break;
            }
        }
        bits.align().filter(|()| bits.taken == bytes.len()).ok_or(DeflateError::Stream)?;
        self.out.get(..wanted).filter(|_| at == wanted).ok_or(DeflateError::Length)
    }

    /// A block whose bytes stand as they are; gives where the text ends now, as the other kinds do.
    fn stored(&mut self, bits: &mut BitReader<'_>, at: usize, wanted: usize) -> Result<usize, DeflateError> {
        bits.align().ok_or(DeflateError::Stream)?;
        let rest = bits.bytes.get(bits.taken..).unwrap_or_default();
        let (head, rest) = rest.split_first_chunk::<4>().ok_or(DeflateError::Stream)?;
        let [a, b, c, d] = *head;
        let length = u16::from_le_bytes([a, b]);
        if length != !u16::from_le_bytes([c, d]) {
            return Err(DeflateError::Stream);
        }
        let source = rest.get(..usize::from(length)).ok_or(DeflateError::Stream)?;
        let end = at + source.len();
        let target = self.out.get_mut(at..end).filter(|_| end <= wanted).ok_or(DeflateError::Length)?;
        target.copy_from_slice(source);
        bits.taken += 4 + source.len();
        Ok(end)
    }

    /// The codes of blocks that bring none.
    #[cold]
    fn fixed(&mut self) -> Option<()> {
        let mut lengths = [8; 288];
        lengths.get_mut(144..256)?.fill(9);
        lengths.get_mut(256..280)?.fill(7);
        self.literals.set(&lengths)?;
        self.distances.set(&[5; 30])
    }

    /// The codes that a block brings.
    fn dynamic(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        let literals = bits.take(5) as usize + 257;
        let all = literals + bits.take(5) as usize + 1;
        let given = bits.take(4) as usize + 4;
        let mut lengths = [0u8; 19];
        for place in ORDER.iter().take(given) {
            bits.fill()?;
            *lengths.get_mut(usize::from(*place))? = (bits.take(3) & 7) as u8;
        }
        self.lengths.set(&lengths)?;
        let mut lengths = [0u8; 320];
        let mut at = 0;
        while at < all {
            bits.fill()?;
            let meaning = self.lengths.find(bits.held)?;
            let (length, times) = match bits.value(meaning) {
                16 => (*lengths.get(at.checked_sub(1)?)?, 3 + bits.take(2)),
                17 => (0, 3 + bits.take(3)),
                18 => (0, 11 + bits.take(7)),
                length => (u8::try_from(length).ok()?, 1),
            };
            let end = at + times as usize;
            lengths.get_mut(at..end).filter(|_| end <= all)?.fill(length);
            at = end;
        }
        let (literals, distances) = lengths.get(..all)?.split_at_checked(literals)?;
        self.literals.set(literals)?;
        self.distances.set(distances)
    }

    /// A block of codes.
    #[inline(never)]
    fn block(
        &mut self,
        bits: &mut BitReader<'_>,
        mut at: usize,
        wanted: usize,
    ) -> Result<usize, DeflateError> {
        let Self { literals, distances, out, .. } = self;
        let out = out.get_mut(..wanted + SLACK).ok_or(DeflateError::Length)?;
        let mut here = BitReader { ..*bits };
        loop {
            here.fill().ok_or(DeflateError::Stream)?;
            let meaning = literals.find(here.held).ok_or(DeflateError::Stream)?;
            if meaning & BYTE != 0 {
                *out.get_mut(at).ok_or(DeflateError::Length)? = (meaning >> 8 & 255) as u8;
                here.take(meaning & 15);
                at += 1;
            } else if meaning & END != 0 {
                here.take(meaning & 15);
                *bits = here;
                return Ok(at);
            } else {
                let length = here.value(meaning);
                let meaning = distances.find(here.held).ok_or(DeflateError::Stream)?;
                let distance = here.value(meaning);
                copy(out, at, distance, length).ok_or(if at > wanted {
                    DeflateError::Length
                } else {
                    DeflateError::Stream
                })?;
                at += length;
            }
        }
    }
}

/// Repeats at `at` what stands `distance` before it. What is behind it may be written over, too.
#[inline(always)]
fn copy(out: &mut [u8], at: usize, distance: usize, length: usize) -> Option<()> {
    let (before, after) = out.split_at_mut_checked(at)?;
    let source = before.get(at.checked_sub(distance)?..)?;
    if length + WIDE <= source.len() {
        let (source, _) = source.as_chunks::<WIDE>();
        let (target, _) = after.as_chunks_mut::<WIDE>();
        for (target, source) in target.iter_mut().zip(source).take(length.div_ceil(WIDE)) {
            *target = *source;
        }
        return Some(());
    }
    overlapping(out, at, distance, length)
}

/// The same where what is copied is what the copy itself writes.
#[inline(never)]
fn overlapping(out: &mut [u8], at: usize, distance: usize, length: usize) -> Option<()> {
    let from = at.checked_sub(distance)?;
    if distance >= 16 {
        for step in (0..length).step_by(16) {
            let chunk = *out.get(from + step..)?.first_chunk::<16>()?;
            *out.get_mut(at + step..)?.first_chunk_mut::<16>()? = chunk;
        }
    } else {
        for step in 0..length {
            let byte = *out.get(from + step)?;
            *out.get_mut(at + step)? = byte;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;
    use std::io::{Read, Write};

    fn deflated(text: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// What a library makes of it, and how many bytes it read.
    fn plainly(bytes: &[u8]) -> Option<(Vec<u8>, u64)> {
        let mut decoder = flate2::read::DeflateDecoder::new(bytes);
        let mut text = Vec::new();
        decoder.read_to_end(&mut text).ok()?;
        Some((text, decoder.total_in()))
    }

    /// Texts of few and of many letters, with repeats near and far.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let few = prop::collection::vec(0u8..4, 0..6000);
        let many = prop::collection::vec(any::<u8>(), 0..3000);
        let repeats = (prop::collection::vec((any::<u8>(), 1usize..700), 0..60)).prop_map(|parts| {
            let mut text = b"some text to begin with, and to copy from".to_vec();
            for (byte, back) in parts {
                let from = text.len().saturating_sub(back);
                text.extend_from_within(from..);
                text.push(byte);
            }
            text.truncate(200_000);
            text
        });
        prop_oneof![few, many, repeats]
    }

    proptest! {
        #[test]
        fn what_was_deflated_comes_back(text in text(), level in 0u32..10, other in 0usize..9) {
            let mut deflate = DeflateDecoder::default();
            let bytes = deflated(&text, level);
            prop_assert_eq!(deflate.inflate(&bytes, text.len()), Ok(text.as_slice()));
            if other != 0 {
                let wrong = text.len() + other;
                prop_assert_eq!(deflate.inflate(&bytes, wrong), Err(DeflateError::Length));
                if let Some(wrong) = text.len().checked_sub(other) {
                    prop_assert_eq!(deflate.inflate(&bytes, wrong), Err(DeflateError::Length));
                }
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            prop_assert_eq!(deflate.inflate(&longer, text.len()), Err(DeflateError::Stream));
            prop_assert!(deflate.inflate(&bytes[..bytes.len() - 1], text.len()).is_err());
            // Nothing of what went wrong stays.
            prop_assert_eq!(deflate.inflate(&bytes, text.len()), Ok(text.as_slice()));
        }

        #[test]
        fn damaged_bytes_give_what_a_library_gives(
            text in text(),
            level in 0u32..10,
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut bytes = deflated(&text, level);
            for (at, flip) in flips {
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
            }
            let mut deflate = DeflateDecoder::default();
            match plainly(&bytes) {
                Some((text, read)) if read == bytes.len() as u64 => {
                    prop_assert_eq!(deflate.inflate(&bytes, text.len()), Ok(text.as_slice()));
                }
                // Codes that no library takes may be taken here: what comes out is checked by its CRC and length.
                _ => drop(deflate.inflate(&bytes, text.len()).map(<[u8]>::len)),
            }
        }

        #[test]
        fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..300), wanted in 0usize..9000) {
            let mut deflate = DeflateDecoder::default();
            if let Ok(text) = deflate.inflate(&bytes, wanted) {
                prop_assert_eq!(text.len(), wanted);
            }
        }
    }

    #[test]
    fn long_codes_are_walked() {
        // Letters as rare as Fibonacci's numbers have codes as long as codes can be.
        let (mut a, mut b) = (1usize, 1usize);
        let mut text = Vec::new();
        for letter in 0..24u8 {
            text.extend(std::iter::repeat_n(letter, a));
            (a, b) = (b, a + b);
        }
        // Spread, so that little repeats.
        let mut mixed: Vec<u8> = Vec::with_capacity(text.len());
        let mut place = 0;
        for _ in 0..text.len() {
            place = (place + 40_503) % text.len();
            mixed.push(text[place]);
        }
        for level in [1, 6, 9] {
            let bytes = deflated(&mixed, level);
            assert_eq!(DeflateDecoder::default().inflate(&bytes, mixed.len()), Ok(mixed.as_slice()));
        }
    }

    #[test]
    fn nothing_is_set_aside_for_what_cannot_be() {
        let mut deflate = DeflateDecoder::default();
        assert_eq!(deflate.inflate(&deflated(b"a,b\n", 6), u32::MAX as usize), Err(DeflateError::Length));
        assert!(deflate.out.is_empty());
        assert_eq!(deflate.inflate(&[], 0), Err(DeflateError::Stream));
    }
}
