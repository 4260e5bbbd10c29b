//! Ticks of an axis: three to five round numbers from zero.

/// Ticks from zero to the first at or above `largest`; only whole numbers if `are_whole` (counts). If
/// `largest` is not a positive number (no data, or all zero), it is taken as 2, so that an empty chart still
/// has an axis.
#[must_use]
pub fn from_zero(largest: f64, are_whole: bool) -> Vec<f64> {
    let largest = if largest.is_finite() && largest > 0.0 { largest.clamp(1e-9, 1e15) } else { 2.0 };
    // The smallest round step with 4 * step >= largest. Each round step is at most twice the previous one, so
    // at least three ticks are needed.
    let power = 10f64.powf(largest.log10().floor() - 1.0);
    let step = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0]
        .map(|round| round * power)
        .into_iter()
        .find(|step| step * 4.0 >= largest && (!are_whole || step.fract() == 0.0))
        .unwrap_or(largest.max(1.0));
    let mut ticks = vec![0.0];
    let mut count = 0.0;
    while (ticks.last().is_some_and(|last| *last < largest) && ticks.len() < 5) || ticks.len() < 3 {
        count += 1.0;
        ticks.push(count * step);
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn there_are_three_to_five_ticks_up_to_the_largest_number(
            largest in prop_oneof![0.0f64..10.0, 0.0f64..1e12],
        ) {
            for (largest, are_whole) in [(largest, false), (largest.ceil(), true)] {
                let ticks = from_zero(largest, are_whole);
                prop_assert!((3..=5).contains(&ticks.len()), "{ticks:?}");
                prop_assert!(ticks[0] == 0.0);
                prop_assert!(*ticks.last().unwrap() >= largest);
                prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(!are_whole || ticks.iter().all(|tick| tick.fract() == 0.0), "{ticks:?}");
            }
        }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(from_zero(13.0, false), [0.0, 5.0, 10.0, 15.0]);
        assert_eq!(from_zero(100.0, false), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(from_zero(2_410.0, false), [0.0, 1000.0, 2000.0, 3000.0]);
        assert_eq!(from_zero(1.0, false), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(from_zero(1.0, true), [0.0, 1.0, 2.0]);
        assert_eq!(from_zero(10.0, true), [0.0, 5.0, 10.0]);
    }

    #[test]
    fn an_empty_chart_has_an_axis() {
        for largest in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(from_zero(largest, true), [0.0, 1.0, 2.0]);
        }
    }
}
