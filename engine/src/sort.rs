//! Sorting, in two ways that are small: each of the standard library's sorts is compiled anew for every type that it
//! sorts, and weighs more than what it is used for here.

use std::cmp::Ordering;

/// Sorts numbers, least first: a byte of them at a time, from the lowest. Bytes that are the same in all cost a look.
pub fn sort_ascending(numbers: &mut Vec<u64>) {
    let mut other = vec![0; numbers.len()];
    for shift in (0..64).step_by(8) {
        let byte = |number: u64| ((number >> shift) & 255) as usize;
        let mut places = [0usize; 256];
        for number in numbers.iter() {
            if let Some(count) = places.get_mut(byte(*number)) {
                *count += 1;
            }
        }
        if places.contains(&numbers.len()) {
            continue;
        }
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for number in numbers.iter() {
            if let Some(place) = places.get_mut(byte(*number)) {
                if let Some(slot) = other.get_mut(*place) {
                    *slot = *number;
                }
                *place += 1;
            }
        }
        std::mem::swap(numbers, &mut other);
    }
}

/// Sorts codes by what `compare` says of two of them; those that are equal stay in their order.
pub fn sort_by(codes: &mut Vec<u32>, compare: &mut dyn FnMut(u32, u32) -> Ordering) {
    let mut width = 1;
    while width < codes.len() {
        let mut merged = Vec::with_capacity(codes.len());
        for pair in codes.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                let (taken, from) =
                    if compare(*b, *a) == Ordering::Less { (b, &mut right) } else { (a, &mut left) };
                merged.push(*taken);
                *from = from.get(1..).unwrap_or_default();
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
        fn numbers_and_codes_are_in_the_order_that_the_library_gives(
            numbers in prop::collection::vec(prop_oneof![0u64..9, any::<u64>(), 1u64 << 40..1 << 41], 0..300),
        ) {
            let mut expected = numbers.clone();
            expected.sort_unstable();
            let mut sorted = numbers.clone();
            sort_ascending(&mut sorted);
            prop_assert_eq!(sorted, expected);

            let mut expected: Vec<u32> = (0..u32::try_from(numbers.len()).unwrap()).collect();
            let mut codes = expected.clone();
            let of = |code: u32| numbers[code as usize] % 16;
            expected.sort_by_key(|code| of(*code));
            sort_by(&mut codes, &mut |a, b| of(a).cmp(&of(b)));
            prop_assert_eq!(codes, expected);
        }
    }
}
