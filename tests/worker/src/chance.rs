//! Seeded random numbers: a test that uses them prints its seed, and a run with the same seed repeats the
//! same numbers.
//!
//! ```sh
//! LECTERN_TEST_SEED=1718035200123 cargo test -p worker-tests --test crash killed_many_times
//! ```

use crate::now;
use std::io::Write;

/// The environment variable with the seed, an integer. The default is the current time.
pub const SEED: &str = "LECTERN_TEST_SEED";

/// A random number generator (SplitMix64).
#[derive(Debug)]
pub struct Chance {
    test: &'static str,
    seed: u64,
    state: u64,
}

impl Chance {
    /// A generator for the test `test`. Prints the seed now, and again if the test fails.
    ///
    /// # Panics
    /// If `LECTERN_TEST_SEED` is not an integer.
    #[must_use]
    pub fn of(test: &'static str) -> Self {
        let given = std::env::var(SEED).ok().filter(|seed| !seed.trim().is_empty());
        let seed = given.map_or_else(
            || now().0.unsigned_abs(),
            |seed| {
                seed.trim().parse().unwrap_or_else(|_| panic!("{SEED} must be a whole number, not {seed:?}"))
            },
        );
        let chance = Self::seeded(test, seed);
        chance.print("runs with");
        chance
    }

    fn seeded(test: &'static str, seed: u64) -> Self {
        Self { test, seed, state: seed }
    }

    /// Writes to standard error directly, since the test harness hides the output of a passing test.
    fn print(&self, what: &str) {
        let Self { test, seed, .. } = self;
        let _ = writeln!(std::io::stderr(), "{test} {what} {SEED}={seed}");
    }

    /// A number in `0..end`; `end` must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.print("failed with");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_only_on_the_seed() {
        let draw = |seed| {
            let mut chance = Chance::seeded("this test", seed);
            (0..20).map(|_| chance.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).iter().all(|number| *number < 1000));
    }
}
