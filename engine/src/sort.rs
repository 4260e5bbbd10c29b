//! A radix sort of numbers and a merge sort of codes, for the page. The standard library's sorts are compiled once
//! for each element type, which would add more to the page's wasm than the code that uses them.

use std::cmp::Ordering;

/// Sorts numbers in ascending order: radix sort, from the lowest byte to the highest. Where all numbers have the
/// same byte, none is moved.
pub fn sort_ascending(numbers: &mut Vec<u64>) {
    let mut sorted = vec![0; numbers.len()];
    for shift in (0..64).step_by(8) {
        let byte_of = |number: u64| ((number >> shift) & 255) as usize;
        // By byte value: first the count, then the index of the next number with it.
        let mut indices = [0usize; 256];
        for number in numbers.iter() {
            if let Some(count) = indices.get_mut(byte_of(*number)) {
                *count += 1;
            }
        }
        if indices.contains(&numbers.len()) {
            continue;
        }
        let mut next = 0;
        for index in &mut indices {
            next += std::mem::replace(index, next);
        }
        for number in numbers.iter() {
            if let Some(index) = indices.get_mut(byte_of(*number)) {
                if let Some(target) = sorted.get_mut(*index) {
                    *target = *number;
                }
                *index += 1;
            }
        }
        std::mem::swap(numbers, &mut sorted);
    }
}

/// Sorts codes by `compare`: stable merge sort.
pub fn sort_by(codes: &mut Vec<u32>, compare: &mut dyn FnMut(u32, u32) -> Ordering) {
    let mut width = 1;
    while width < codes.len() {
        let mut merged = Vec::with_capacity(codes.len());
        for pair in codes.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                let (code, source) =
                    if compare(*b, *a) == Ordering::Less { (b, &mut right) } else { (a, &mut left) };
                merged.push(*code);
                *source = source.get(1..).unwrap_or_default();
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        *codes = merged;
        width *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_sorts_agree_with_the_standard_library(
            numbers in prop::collection::vec(prop_oneof![0u64..9, any::<u64>(), 1u64 << 40..1 << 41], 0..300),
        ) {
            let mut expected = numbers.clone();
            expected.sort_unstable();
            let mut sorted = numbers.clone();
            sort_ascending(&mut sorted);
            prop_assert_eq!(sorted, expected);

            let mut expected: Vec<u32> = (0..u32::try_from(numbers.len()).unwrap()).collect();
            let mut codes = expected.clone();
            let key = |code: u32| numbers[code as usize] % 16;
            expected.sort_by_key(|code| key(*code));
            sort_by(&mut codes, &mut |a, b| key(a).cmp(&key(b)));
            prop_assert_eq!(codes, expected);
        }
    }
}
