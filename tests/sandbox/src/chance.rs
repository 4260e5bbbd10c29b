//! Deterministic random numbers, derived from a seed and a key, so that the same query always gets the same events.
//!
//! There is no shared generator state. The events of one student and lecture come from a [`Dice`] with just
//! these two in its key, so the files of a day and of its week agree.

use std::fmt::Write as _;

/// A random number generator for one key.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: u64,
}

/// Mixes a word so that every output bit depends on every input bit (the finalizer of `splitmix64`).
pub(crate) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Dice {
    /// A generator for a seed and a key.
    pub(crate) fn new(seed: u64, key: &[u64]) -> Self {
        let mut state = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
        for word in key {
            state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ word.wrapping_mul(0xd6e8_feb8_6659_fd93));
        }
        Self { state }
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// An integer in `0..bound`; 0 if the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// An index in `0..bound`; 0 if the bound is 0.
    pub(crate) fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap_or(0)
    }

    /// An integer in `low..high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.below(high.saturating_sub(low).max(0).cast_unsigned())).unwrap_or(0)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// An exponentially distributed waiting time with this mean, rounded down.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a wait is whole units, and a cast of floats saturates"
    )]
    pub(crate) fn wait(&mut self, mean: f64) -> i64 {
        (-(1.0 - self.unit()).ln() * mean) as i64
    }

    /// A random element; `None` if there are none.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.index(of.len())).copied()
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let high = (high & !0xf000) | 0x4000;
        let low = (low & (u64::MAX >> 2)) | (1 << 63);
        let mut text = String::with_capacity(36);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_and_key_give_the_same_numbers() {
        let (mut one, mut two) = (Dice::new(7, &[1, 2]), Dice::new(7, &[1, 2]));
        assert_eq!((one.next(), one.uuid()), (two.next(), two.uuid()));
        assert_ne!(Dice::new(7, &[1, 2]).next(), Dice::new(7, &[2, 1]).next());
        assert_ne!(Dice::new(7, &[1]).next(), Dice::new(8, &[1]).next());
    }

    #[test]
    fn a_uuid_has_36_characters_and_version_4() {
        let text = Dice::new(7, &[3]).uuid();
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4');
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let mut dice = Dice::new(1, &[]);
        for _ in 0..1000 {
            assert!(dice.below(7) < 7);
            assert!((-3..4).contains(&dice.between(-3, 4)));
            assert!((0.0..1.0).contains(&dice.unit()));
        }
    }
}
