//! Inflates raw deflate (RFC 1951) in one call, when all input is present and the output size is known.
//!
//! Slices are small, so building a block's Huffman tables takes as long as decoding with them. Tables therefore have no
//! more bits than the longest code. Matches are copied in large pieces.

/// Why bytes cannot be inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeflateError {
    /// The stream is invalid or truncated, or bytes follow it.
    Stream,
    /// The output is longer or shorter than expected.
    Length,
}

/// Maximum bits of a table lookup. The few longer codes are decoded bit by bit.
const TABLE_BITS: usize = 10;
/// Maximum bits of a code.
const MAX_CODE_BITS: usize = 15;
/// Bytes that are copied at once.
const COPY_BYTES: usize = 64;
/// Maximum bytes that one match adds, plus those that its copy may overwrite behind it.
const SLACK: usize = 258 + COPY_BYTES;
/// Maximum output bytes per input byte: a match of 258 bytes takes at least two bits.
const MAX_EXPANSION: usize = 1032;

/// The order in which the lengths of the code length codes are sent (RFC 1951, 3.2.7).
const CODE_LENGTH_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A table entry: bits 0 to 3 are the code's length, 4 to 7 the number of extra bits, 8 to 23 the base value
/// to which the extra bits are added. [`LITERAL`] and [`END`] are flags. 0 is an unassigned code.
type Entry = u32;

const LITERAL: Entry = 1 << 31;
const END: Entry = 1 << 30;

/// Entry of a code length symbol, without the code's length.
fn code_length_entry(symbol: u32) -> Entry {
    symbol << 8
}

/// Entry of a literal, the end of the block or a match length, without the code's length.
fn literal_or_length_entry(symbol: u32) -> Entry {
    match symbol.checked_sub(257) {
        None if symbol == 256 => END,
        None => LITERAL | symbol << 8,
        Some(28) => 258 << 8,
        Some(index @ 0..8) => (index + 3) << 8,
        // Four lengths for each number of extra bits.
        Some(index) => (((4 + index % 4) << (index / 4 - 1)) + 3) << 8 | (index / 4 - 1) << 4,
    }
}

/// Entry of a match distance, without the code's length: two distances for each number of extra bits.
fn distance_entry(symbol: u32) -> Entry {
    match symbol {
        0..4 => (symbol + 1) << 8,
        _ => (((2 + symbol % 2) << (symbol / 2 - 1)) + 1) << 8 | (symbol / 2 - 1) << 4,
    }
}

/// The Huffman codes of one alphabet.
#[derive(Debug)]
struct HuffmanTable {
    /// The entry of a symbol, without the code's length.
    to_entry: fn(u32) -> Entry,
    /// Entries by the next bits: 2^n, where n is the length of the longest code, at most [`TABLE_BITS`].
    table: Vec<Entry>,
    /// Number of codes by length in bits.
    counts: [u16; MAX_CODE_BITS + 1],
    /// Symbols in the order of their codes.
    symbols: [u16; 320],
}

impl HuffmanTable {
    fn new(to_entry: fn(u32) -> Entry) -> Self {
        let counts = [0; MAX_CODE_BITS + 1];
        Self { to_entry, table: vec![0; 1 << TABLE_BITS], counts, symbols: [0; 320] }
    }

    /// Builds the codes from the code length of each symbol. `None` if the code is oversubscribed; an
    /// incomplete code is only an error when an unassigned code occurs.
    fn build(&mut self, lengths: &[u8]) -> Option<()> {
        self.counts = [0; MAX_CODE_BITS + 1];
        for length in lengths {
            *self.counts.get_mut(usize::from(*length))? += 1;
        }
        self.counts[0] = 0;
        // By code length, the index in `symbols` of the next symbol with a code of that length.
        let mut next_indices = [0u16; MAX_CODE_BITS + 2];
        let (mut free_codes, mut longest) = (1i32, 0);
        for (length, count) in self.counts.iter().enumerate().skip(1) {
            *next_indices.get_mut(length + 1)? = *next_indices.get(length)? + count;
            free_codes = free_codes * 2 - i32::from(*count);
            if free_codes < 0 {
                return None;
            }
            if *count > 0 {
                longest = length;
            }
        }
        for (symbol, length) in (0u16..).zip(lengths).filter(|(_, length)| **length > 0) {
            let index = next_indices.get_mut(usize::from(*length))?;
            *self.symbols.get_mut(usize::from(*index))? = symbol;
            *index += 1;
        }
        // A code's first bit is the lowest bit of the lookup index, so codes are stored with their bits
        // reversed. The table for one more bit is the current one twice, plus the codes of the new length.
        let mut symbols = self.symbols.iter();
        let mut reversed_code = 0usize;
        self.table.clear();
        self.table.push(0);
        for (length, count) in (0u32..).zip(&self.counts).skip(1).take(longest.min(TABLE_BITS)) {
            self.table.extend_from_within(..);
            for symbol in symbols.by_ref().take(usize::from(*count)) {
                *self.table.get_mut(reversed_code)? = (self.to_entry)(u32::from(*symbol)) | length;
                // Increments the reversed code: carries run from the highest bit down.
                let mut bit = 1 << (length - 1);
                while reversed_code & bit != 0 {
                    reversed_code ^= bit;
                    bit >>= 1;
                }
                reversed_code |= bit;
            }
        }
        Some(())
    }

    /// The entry of the code that `bits` starts with, lowest bit first; `None` if no code is assigned.
    #[inline(always)]
    fn find(&self, bits: u64) -> Option<Entry> {
        let mask = self.table.len() - 1;
        match self.table.get((bits & 0xffff) as usize & mask) {
            Some(entry) if *entry != 0 => Some(*entry),
            _ => self.find_bit_by_bit(bits),
        }
    }

    /// Slow path of [`Self::find`], for codes longer than the table's bits.
    #[cold]
    #[inline(never)]
    fn find_bit_by_bit(&self, bits: u64) -> Option<Entry> {
        let (mut code, mut first, mut index) = (0u32, 0u32, 0u32);
        for (length, count) in (0u32..).zip(self.counts).skip(1) {
            code |= (bits >> (length - 1) & 1) as u32;
            let count = u32::from(count);
            if code < first + count {
                let symbol = self.symbols.get((index + code - first) as usize)?;
                return Some((self.to_entry)(u32::from(*symbol)) | length);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// Reads bits from a byte stream, the lowest bit of each byte first.
struct BitReader<'a> {
    bytes: &'a [u8],
    /// Number of bytes already loaded into `buffer`.
    position: usize,
    /// The next bits, lowest first.
    buffer: u64,
    /// Number of valid bits in `buffer`.
    count: u32,
    /// How many of them are zeros that pad the end of the input.
    padding: u32,
}

impl BitReader<'_> {
    /// Fills the buffer to at least 56 bits, with zeros after the input; `None` once these were consumed.
    #[inline(always)]
    fn fill(&mut self) -> Option<()> {
        match self.bytes.get(self.position..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(word) => {
                self.buffer |= u64::from_le_bytes(*word) << self.count;
                self.position += (63 - self.count as usize) / 8;
                self.count |= 56;
                Some(())
            }
            None => self.fill_near_end(),
        }
    }

    #[cold]
    #[inline(never)]
    fn fill_near_end(&mut self) -> Option<()> {
        while self.count < 56 {
            match self.bytes.get(self.position) {
                Some(byte) => {
                    self.buffer |= u64::from(*byte) << self.count;
                    self.position += 1;
                }
                None => self.padding += 8,
            }
            self.count += 8;
        }
        (self.padding <= self.count).then_some(())
    }

    /// Consumes the next `count` bits, at most 32, which must be in the buffer.
    #[inline(always)]
    fn take(&mut self, count: u32) -> u32 {
        let bits = self.buffer & ((1 << count) - 1);
        self.buffer >>= count;
        self.count -= count;
        (bits & 0xffff_ffff) as u32
    }

    /// Consumes the code of `entry` and its extra bits; returns base value plus extra bits.
    #[inline(always)]
    fn take_value(&mut self, entry: Entry) -> usize {
        self.take(entry & 15);
        let extra = self.take(entry >> 4 & 15);
        (entry >> 8 & 0xffff) as usize + extra as usize
    }

    /// Skips to the next byte boundary and unloads whole bytes; `None` if padding was consumed.
    fn align(&mut self) -> Option<()> {
        self.position -= (self.count.checked_sub(self.padding)? / 8) as usize;
        (self.buffer, self.count, self.padding) = (0, 0, 0);
        Some(())
    }
}

/// Inflates one stream after another and reuses its buffers.
#[derive(Debug)]
pub struct DeflateDecoder {
    code_lengths: HuffmanTable,
    literals: HuffmanTable,
    distances: HuffmanTable,
    /// The last output, followed by at least [`SLACK`] bytes.
    out: Vec<u8>,
}

impl Default for DeflateDecoder {
    fn default() -> Self {
        Self {
            code_lengths: HuffmanTable::new(code_length_entry),
            literals: HuffmanTable::new(literal_or_length_entry),
            distances: HuffmanTable::new(distance_entry),
            out: Vec::new(),
        }
    }
}

impl DeflateDecoder {
    /// Inflates `bytes` into exactly `expected` bytes.
    ///
    /// # Errors
    /// [`DeflateError`].
    pub fn inflate(&mut self, bytes: &[u8], expected: usize) -> Result<&[u8], DeflateError> {
        // Do not allocate memory for an impossible length.
        if expected > bytes.len().saturating_mul(MAX_EXPANSION) {
            return Err(DeflateError::Length);
        }
        if self.out.len() < expected + SLACK {
            self.out.resize(expected + SLACK, 0);
        }
        let mut bits = BitReader { bytes, position: 0, buffer: 0, count: 0, padding: 0 };
        let mut at = 0;
        loop {
            bits.fill().ok_or(DeflateError::Stream)?;
            let is_last = bits.take(1) == 1;
            at = match bits.take(2) {
                0 => self.copy_stored_block(&mut bits, at, expected)?,
                1 => {
                    self.build_fixed_codes().ok_or(DeflateError::Stream)?;
                    self.inflate_block(&mut bits, at, expected)?
                }
                2 => {
                    self.read_dynamic_codes(&mut bits).ok_or(DeflateError::Stream)?;
                    self.inflate_block(&mut bits, at, expected)?
                }
                _ => return Err(DeflateError::Stream),
            };
            if is_last {
                break;
            }
        }
        bits.align().filter(|()| bits.position == bytes.len()).ok_or(DeflateError::Stream)?;
        self.out.get(..expected).filter(|_| at == expected).ok_or(DeflateError::Length)
    }

    /// Copies an uncompressed block to `out[at..]`; returns where it ends.
    fn copy_stored_block(
        &mut self,
        bits: &mut BitReader<'_>,
        at: usize,
        expected: usize,
    ) -> Result<usize, DeflateError> {
        bits.align().ok_or(DeflateError::Stream)?;
        let rest = bits.bytes.get(bits.position..).unwrap_or_default();
        let (head, rest) = rest.split_first_chunk::<4>().ok_or(DeflateError::Stream)?;
        let [a, b, c, d] = *head;
        let length = u16::from_le_bytes([a, b]);
        if length != !u16::from_le_bytes([c, d]) {
            return Err(DeflateError::Stream);
        }
        let source = rest.get(..usize::from(length)).ok_or(DeflateError::Stream)?;
        let end = at + source.len();
        let target = self.out.get_mut(at..end).filter(|_| end <= expected).ok_or(DeflateError::Length)?;
        target.copy_from_slice(source);
        bits.position += 4 + source.len();
        Ok(end)
    }

    /// Builds the predefined codes of a block with fixed Huffman codes.
    #[cold]
    fn build_fixed_codes(&mut self) -> Option<()> {
        let mut lengths = [8; 288];
        lengths.get_mut(144..256)?.fill(9);
        lengths.get_mut(256..280)?.fill(7);
        self.literals.build(&lengths)?;
        self.distances.build(&[5; 30])
    }

    /// Reads the codes at the start of a block with dynamic Huffman codes.
    fn read_dynamic_codes(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        let literals = bits.take(5) as usize + 257;
        let total = literals + bits.take(5) as usize + 1;
        let code_lengths = bits.take(4) as usize + 4;
        let mut lengths = [0u8; 19];
        for symbol in CODE_LENGTH_ORDER.iter().take(code_lengths) {
            bits.fill()?;
            *lengths.get_mut(usize::from(*symbol))? = (bits.take(3) & 7) as u8;
        }
        self.code_lengths.build(&lengths)?;
        let mut lengths = [0u8; 320];
        let mut at = 0;
        while at < total {
            bits.fill()?;
            let entry = self.code_lengths.find(bits.buffer)?;
            let (length, times) = match bits.take_value(entry) {
                16 => (*lengths.get(at.checked_sub(1)?)?, 3 + bits.take(2)),
                17 => (0, 3 + bits.take(3)),
                18 => (0, 11 + bits.take(7)),
                length => (u8::try_from(length).ok()?, 1),
            };
            let end = at + times as usize;
            lengths.get_mut(at..end).filter(|_| end <= total)?.fill(length);
            at = end;
        }
        let (literals, distances) = lengths.get(..total)?.split_at_checked(literals)?;
        self.literals.build(literals)?;
        self.distances.build(distances)
    }

    /// Inflates the literals and matches of a block to `out[at..]`; returns where they end.
    #[inline(never)]
    fn inflate_block(
        &mut self,
        bits: &mut BitReader<'_>,
        mut at: usize,
        expected: usize,
    ) -> Result<usize, DeflateError> {
        let Self { literals, distances, out, .. } = self;
        let out = out.get_mut(..expected + SLACK).ok_or(DeflateError::Length)?;
        let mut local_bits = BitReader { ..*bits };
        loop {
            local_bits.fill().ok_or(DeflateError::Stream)?;
            let entry = literals.find(local_bits.buffer).ok_or(DeflateError::Stream)?;
            if entry & LITERAL != 0 {
                *out.get_mut(at).ok_or(DeflateError::Length)? = (entry >> 8 & 255) as u8;
                local_bits.take(entry & 15);
                at += 1;
            } else if entry & END != 0 {
                local_bits.take(entry & 15);
                *bits = local_bits;
                return Ok(at);
            } else {
                let length = local_bits.take_value(entry);
                let entry = distances.find(local_bits.buffer).ok_or(DeflateError::Stream)?;
                let distance = local_bits.take_value(entry);
                copy_match(out, at, distance, length).ok_or(if at > expected {
                    DeflateError::Length
                } else {
                    DeflateError::Stream
                })?;
                at += length;
            }
        }
    }
}

/// Copies `length` bytes from `distance` bytes before `at` to `at`. May overwrite up to [`COPY_BYTES`] more.
#[inline(always)]
fn copy_match(out: &mut [u8], at: usize, distance: usize, length: usize) -> Option<()> {
    let (before, after) = out.split_at_mut_checked(at)?;
    let source = before.get(at.checked_sub(distance)?..)?;
    if length + COPY_BYTES <= source.len() {
        let (source, _) = source.as_chunks::<COPY_BYTES>();
        let (target, _) = after.as_chunks_mut::<COPY_BYTES>();
        for (target, source) in target.iter_mut().zip(source).take(length.div_ceil(COPY_BYTES)) {
            *target = *source;
        }
        return Some(());
    }
    copy_overlapping_match(out, at, distance, length)
}

/// Copies a match in small steps: its source may overlap the bytes that it writes.
#[inline(never)]
fn copy_overlapping_match(out: &mut [u8], at: usize, distance: usize, length: usize) -> Option<()> {
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

    /// Inflates with flate2; returns the output and the number of input bytes read.
    fn inflate_with_flate2(bytes: &[u8]) -> Option<(Vec<u8>, u64)> {
        let mut decoder = flate2::read::DeflateDecoder::new(bytes);
        let mut text = Vec::new();
        decoder.read_to_end(&mut text).ok()?;
        Some((text, decoder.total_in()))
    }

    /// Bytes with a small alphabet, with a large one, and with matches at short and long distances.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let small_alphabet = prop::collection::vec(0u8..4, 0..6000);
        let large_alphabet = prop::collection::vec(any::<u8>(), 0..3000);
        let repeats = (prop::collection::vec((any::<u8>(), 1usize..700), 0..60)).prop_map(|parts| {
            let mut text = b"some text to begin with, and to copy from".to_vec();
            for (byte, distance) in parts {
                let start = text.len().saturating_sub(distance);
                text.extend_from_within(start..);
                text.push(byte);
            }
            text.truncate(200_000);
            text
        });
        prop_oneof![small_alphabet, large_alphabet, repeats]
    }

    proptest! {
        #[test]
        fn deflated_text_inflates_to_itself(text in text(), level in 0u32..10, error in 0usize..9) {
            let mut decoder = DeflateDecoder::default();
            let bytes = deflated(&text, level);
            prop_assert_eq!(decoder.inflate(&bytes, text.len()), Ok(text.as_slice()));
            if error != 0 {
                let wrong_length = text.len() + error;
                prop_assert_eq!(decoder.inflate(&bytes, wrong_length), Err(DeflateError::Length));
                if let Some(wrong_length) = text.len().checked_sub(error) {
                    prop_assert_eq!(decoder.inflate(&bytes, wrong_length), Err(DeflateError::Length));
                }
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            prop_assert_eq!(decoder.inflate(&longer, text.len()), Err(DeflateError::Stream));
            prop_assert!(decoder.inflate(&bytes[..bytes.len() - 1], text.len()).is_err());
            // The decoder can be used after errors.
            prop_assert_eq!(decoder.inflate(&bytes, text.len()), Ok(text.as_slice()));
        }

        #[test]
        fn damaged_bytes_that_flate2_accepts_give_the_same_output(
            text in text(),
            level in 0u32..10,
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut bytes = deflated(&text, level);
            for (at, flip) in flips {
                let at = at.index(bytes.len());
                bytes[at] ^= flip;
            }
            let mut decoder = DeflateDecoder::default();
            match inflate_with_flate2(&bytes) {
                Some((text, read)) if read == bytes.len() as u64 => {
                    prop_assert_eq!(decoder.inflate(&bytes, text.len()), Ok(text.as_slice()));
                }
                // The decoder may accept incomplete codes that flate2 rejects: callers check the CRC.
                _ => drop(decoder.inflate(&bytes, text.len()).map(<[u8]>::len)),
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            expected in 0usize..9000,
        ) {
            let mut decoder = DeflateDecoder::default();
            if let Ok(text) = decoder.inflate(&bytes, expected) {
                prop_assert_eq!(text.len(), expected);
            }
        }
    }

    #[test]
    fn codes_longer_than_the_table_bits_are_decoded() {
        // Bytes whose frequencies are Fibonacci numbers get codes of the maximum length.
        let (mut a, mut b) = (1usize, 1usize);
        let mut text = Vec::new();
        for letter in 0..24u8 {
            text.extend(std::iter::repeat_n(letter, a));
            (a, b) = (b, a + b);
        }
        // Shuffled, so that there are few matches.
        let mut mixed: Vec<u8> = Vec::with_capacity(text.len());
        let mut index = 0;
        for _ in 0..text.len() {
            index = (index + 40_503) % text.len();
            mixed.push(text[index]);
        }
        for level in [1, 6, 9] {
            let bytes = deflated(&mixed, level);
            assert_eq!(DeflateDecoder::default().inflate(&bytes, mixed.len()), Ok(mixed.as_slice()));
        }
    }

    #[test]
    fn no_memory_is_allocated_for_an_impossible_length() {
        let mut decoder = DeflateDecoder::default();
        assert_eq!(decoder.inflate(&deflated(b"a,b\n", 6), u32::MAX as usize), Err(DeflateError::Length));
        assert!(decoder.out.is_empty());
        assert_eq!(decoder.inflate(&[], 0), Err(DeflateError::Stream));
    }
}
