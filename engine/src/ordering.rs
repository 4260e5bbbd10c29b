//! Sorts slices of any type with one compiled sort.
//!
//! The standard library's sort is compiled for each type and order, some 6 KB of code each. Here it sorts indexes, and the
//! items are moved once. For rankings and lists of up to some 100,000 items; a comparison takes an indirect call.
//!
//! Collecting into a `BTreeMap` or `BTreeSet` sorts, too, with code of its own for each type of key. Measures therefore insert
//! one by one; maps whose keys are codes (`u32`) are collected, since they share that code.

use std::cmp::Ordering;

/// Sorts items. Equal items keep their order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let places = sorted_places(items.len(), &|a, b| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    move_to_places(places, &mut |a, b| items.swap(a, b));
}

/// Sorts items by a key that is computed once for each of them. Items with equal keys keep their order.
pub fn sort_by_cached_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    let keys: Vec<K> = items.iter().map(key).collect();
    let places = sorted_places(keys.len(), &|a, b| keys.get(a).cmp(&keys.get(b)));
    move_to_places(places, &mut |a, b| items.swap(a, b));
}

/// The place of each of `count` items in their order. `compare` takes the indexes of two items.
#[inline(never)]
fn sorted_places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| compare(*a, *b));
    let mut places = vec![0; count];
    for (place, index) in order.into_iter().enumerate() {
        if let Some(entry) = places.get_mut(index) {
            *entry = place;
        }
    }
    places
}

/// Moves each item to its place. `swap` swaps the items at two indexes.
#[inline(never)]
fn move_to_places(mut places: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for index in 0..places.len() {
        // Each swap brings one item to its place, so that there are fewer swaps than items.
        while let Some(place) = places.get(index).copied().filter(|place| *place != index) {
            swap(index, place);
            places.swap(index, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_are_in_the_order_of_the_standard_sort(numbers in prop::collection::vec(0u8..20, 0..60)) {
            let mut items: Vec<(u8, usize)> = numbers.into_iter().zip(0..).collect();
            let mut by_key = items.clone();
            let mut expected = items.clone();
            sort_by(&mut items, |(a, _), (b, _)| b.cmp(a));
            sort_by_cached_key(&mut by_key, |(number, _)| number.to_string());
            expected.sort_by(|(a, _), (b, _)| b.cmp(a));
            prop_assert_eq!(&items, &expected);
            expected.sort();
            expected.sort_by_cached_key(|(number, _)| number.to_string());
            prop_assert_eq!(&by_key, &expected);
        }
    }
}
