//! CRC-32 as in gzip, to check slices. Its tables are computed at run time: as constants they would add their full
//! size to the page's wasm, since they do not compress. Code that only the Worker runs uses `crc32fast`.

/// Bytes per step.
const WIDTH: usize = 8;

/// Lookup tables (slicing-by-8): entry `[n][b]` is for byte `b` followed by `n` more bytes.
#[derive(Debug, Clone)]
pub struct Crc32(Box<[[u32; 256]; WIDTH]>);

impl Default for Crc32 {
    fn default() -> Self {
        let mut tables = Box::new([[0; 256]; WIDTH]);
        let mut last = [0; 256];
        for (byte, crc) in (0u32..).zip(&mut last) {
            *crc = (0..8).fold(byte, |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 });
        }
        let one = last;
        for table in tables.iter_mut() {
            *table = last;
            for crc in &mut last {
                *crc = *crc >> 8 ^ table_entry(&one, *crc);
            }
        }
        Self(tables)
    }
}

impl Crc32 {
    /// The CRC-32 of `bytes`.
    #[must_use]
    pub fn checksum(&self, bytes: &[u8]) -> u32 {
        let [one, two, three, four, five, six, seven, eight] = &*self.0;
        let (words, rest) = bytes.as_chunks::<WIDTH>();
        let mut crc = u32::MAX;
        for word in words {
            let [a, b, c, d, e, f, g, h] = *word;
            crc ^= u32::from_le_bytes([a, b, c, d]);
            crc = table_entry(eight, crc)
                ^ table_entry(seven, crc >> 8)
                ^ table_entry(six, crc >> 16)
                ^ table_entry(five, crc >> 24);
            let [e, f, g, h] = [e, f, g, h].map(u32::from);
            crc ^= table_entry(four, e) ^ table_entry(three, f) ^ table_entry(two, g) ^ table_entry(one, h);
        }
        for byte in rest {
            crc = crc >> 8 ^ table_entry(one, crc ^ u32::from(*byte));
        }
        !crc
    }
}

/// The table's entry for the lowest byte of `byte`.
#[inline(always)]
fn table_entry(table: &[u32; 256], byte: u32) -> u32 {
    table.get((byte & 255) as usize).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn checksums_equal_those_of_crc32fast(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(Crc32::default().checksum(&bytes), crc32fast::hash(&bytes));
        }
    }
}
