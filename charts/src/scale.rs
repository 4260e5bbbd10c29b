//! Scales: from a number or a bar's index to a pixel, and back.

/// A linear axis from zero: numbers to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linear {
    top: f64,
    zero_at: i32,
    top_at: i32,
}

impl Linear {
    /// The axis with 0 at pixel `zero_at` and `top` at pixel `top_at`. A `top` that is not positive is
    /// replaced by 1.
    #[must_use]
    pub fn new(top: f64, zero_at: i32, top_at: i32) -> Self {
        let top = if top.is_finite() && top > 0.0 { top } else { 1.0 };
        Self { top, zero_at, top_at }
    }

    /// The pixel of `value`, clamped to the ends of the axis.
    #[must_use]
    pub fn to_pixel(self, value: f64) -> i32 {
        let share = if value.is_nan() { 0.0 } else { (value / self.top).clamp(0.0, 1.0) };
        self.zero_at + round_pixel(share * f64::from(self.top_at - self.zero_at))
    }

    /// The number at `pixel`, clamped to the ends of the axis.
    #[must_use]
    pub fn value(self, pixel: i32) -> f64 {
        let length = self.top_at - self.zero_at;
        if length == 0 {
            return 0.0;
        }
        (f64::from(pixel - self.zero_at) / f64::from(length)).clamp(0.0, 1.0) * self.top
    }
}

/// Equal bands side by side, one for each bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bands {
    count: usize,
    left: i32,
    right: i32,
}

impl Bands {
    /// `count` bands between the pixels `left` and `right`.
    #[must_use]
    pub fn new(count: usize, left: i32, right: i32) -> Self {
        Self { count, left, right: right.max(left) }
    }

    /// Left and right edge of the band at `index`; past the last band, the right end.
    #[must_use]
    pub fn edges(self, index: usize) -> (i32, i32) {
        (self.edge(index), self.edge(index.saturating_add(1)))
    }

    /// Left and right edge of the bar in the band at `index`. A fifth of the band stays free if it has a
    /// pixel to spare, and a bar is at most 48 pixels wide, so that a chart of one day is not filled by its
    /// bar.
    #[must_use]
    pub fn bar(self, index: usize) -> (i32, i32) {
        let (left, right) = self.edges(index);
        let width = right - left;
        let free = if width >= 3 { (width / 5).max(1).max(width - 48) } else { 0 };
        (left + free / 2, right - (free - free / 2))
    }

    /// The index of the band at a pixel; `None` outside all bands.
    #[must_use]
    pub fn band_at(self, pixel: i32) -> Option<usize> {
        if self.count == 0 || pixel < self.left || pixel >= self.right {
            return None;
        }
        let share = f64::from(pixel - self.left) / f64::from(self.right - self.left);
        let mut index = to_index(share * to_f64(self.count)).min(self.count - 1);
        // Edges are rounded to pixels, so the pixel may belong to a neighboring band.
        while index > 0 && self.edges(index).0 > pixel {
            index -= 1;
        }
        while index + 1 < self.count && self.edges(index).1 <= pixel {
            index += 1;
        }
        Some(index)
    }

    fn edge(self, index: usize) -> i32 {
        if self.count == 0 {
            return self.left;
        }
        let share = to_f64(index.min(self.count)) / to_f64(self.count);
        self.left + round_pixel(share * f64::from(self.right - self.left))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of bars are far below 2^53")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "pixels, and a float cast saturates")]
fn round_pixel(pixels: f64) -> i32 {
    pixels.round() as i32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indexes of bars, and a float cast saturates"
)]
fn to_index(index: f64) -> usize {
    index as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_round_trips_through_its_pixel(top in 1.0f64..1e6, share in 0.0f64..=1.0, height in 1i32..2000) {
            let scale = Linear::new(top, height, 0);
            let back = scale.value(scale.to_pixel(share * top));
            prop_assert!((back - share * top).abs() <= top / f64::from(height));
        }

        #[test]
        fn every_pixel_of_a_band_leads_back_to_it(count in 1usize..400, left in -5i32..60, width in 1i32..900) {
            let bands = Bands::new(count, left, left + width);
            prop_assert_eq!(bands.edges(0).0, left);
            prop_assert_eq!(bands.edges(count - 1).1, left + width);
            for index in 0..count {
                let (from, to) = bands.edges(index);
                for pixel in from..to {
                    prop_assert_eq!(bands.band_at(pixel), Some(index));
                }
                let bar = bands.bar(index);
                prop_assert!(from <= bar.0 && bar.0 <= bar.1 && bar.1 <= to);
                prop_assert!(from == to || bar.0 < bar.1, "a band with a pixel has a bar with one");
            }
        }
    }

    #[test]
    fn empty_scales_are_valid() {
        assert_eq!(Linear::new(0.0, 100, 0).to_pixel(0.0), 100);
        assert_eq!(Linear::new(f64::NAN, 5, 5).value(5), 0.0);
        let none = Bands::new(0, 10, 10);
        assert_eq!((none.edges(0), none.bar(3), none.band_at(10)), ((10, 10), (10, 10), None));
    }
}
