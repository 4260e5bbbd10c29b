//! CRC-32 as gzip has it, by tables that are worked out when they are first needed: written down they would weigh as
//! much in a program as they do in memory, since no compression makes them smaller.

/// Bytes that are taken at once.
const WIDTH: usize = 8;

/// The tables: of a byte, and of a byte that others follow.
#[derive(Debug, Clone)]
pub struct Crc32(Box<[[u32; 256]; WIDTH]>);

impl Default for Crc32 {
    fn default() -> Self {
        let mut tables = Box::new([[0; 256]; WIDTH]);
        let mut last = [0; 256];
        for (byte, sum) in (0u32..).zip(&mut last) {
            *sum = (0..8).fold(byte, |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 });
        }
        let one = last;
        for table in tables.iter_mut() {
            *table = last;
            for sum in &mut last {
                *sum = *sum >> 8 ^ table_entry(&one, *sum);
            }
        }
        Self(tables)
    }
}

impl Crc32 {
    /// The sum of these bytes.
    #[must_use]
    pub fn checksum(&self, bytes: &[u8]) -> u32 {
        let [one, two, three, four, five, six, seven, eight] = &*self.0;
        let (words, rest) = bytes.as_chunks::<WIDTH>();
        let mut sum = u32::MAX;
        for word in words {
            let [a, b, c, d, e, f, g, h] = *word;
            sum ^= u32::from_le_bytes([a, b, c, d]);
            sum = table_entry(eight, sum)
                ^ table_entry(seven, sum >> 8)
                ^ table_entry(six, sum >> 16)
                ^ table_entry(five, sum >> 24);
            let [e, f, g, h] = [e, f, g, h].map(u32::from);
            sum ^= table_entry(four, e) ^ table_entry(three, f) ^ table_entry(two, g) ^ table_entry(one, h);
        }
        for byte in rest {
            sum = sum >> 8 ^ table_entry(one, sum ^ u32::from(*byte));
        }
        !sum
    }
}

/// What a table says of the lowest byte.
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
        fn it_is_the_sum_that_everybody_gets(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(Crc32::default().checksum(&bytes), crc32fast::hash(&bytes));
        }
    }
}
