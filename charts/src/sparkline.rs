//! Sparkline: a small bar chart in a table row, without axes or labels.

use crate::layout::Size;
use crate::palette::PaletteColor;
use crate::scale::{Bands, Linear};
use crate::svg::{DrawResult, fill_rect, finish_svg, to_error};
use plotters::prelude::{IntoDrawingArea, SVGBackend};

/// Draws `steps` on a scale from zero to `most`: a bar for each number above zero, and a gap for each `None`.
/// `name` is the accessible name.
#[must_use]
pub fn draw(steps: &[Option<f64>], most: f64, size: Size, name: &str) -> String {
    let mut drawing = String::new();
    // Writing to a string cannot fail; if it did, the marks drawn so far would be returned.
    let _ = draw_marks(&mut drawing, steps, most, size);
    finish_svg(&drawing, "", name)
}

fn draw_marks(into: &mut String, steps: &[Option<f64>], most: f64, size: Size) -> DrawResult {
    let area = SVGBackend::with_string(into, (size.width, size.height)).into_drawing_area();
    let pixels = |n: u32| i32::try_from(n).unwrap_or(i32::MAX / 2);
    let bands = Bands::new(steps.len(), 0, pixels(size.width));
    let bottom = pixels(size.height);
    let scale = Linear::new(most, bottom, 0);
    for (index, step) in steps.iter().enumerate() {
        let (left, right) = bands.edges(index);
        let right = if right - left > 3 { right - 1 } else { right };
        match step {
            None if right > left => fill_rect(&area, PaletteColor::Gap, (left, 0), (right, bottom))?,
            Some(value) if right > left && *value > 0.0 && value.is_finite() => {
                let top = scale.to_pixel(*value).min(bottom - 1);
                fill_rect(&area, PaletteColor::Complete, (left, top), (right, bottom))?;
            }
            _ => {}
        }
    }
    area.present().map_err(to_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_above_zero_are_bars_and_missing_numbers_are_gaps(
            steps in prop::collection::vec(prop::option::of(prop_oneof![Just(0.0), 0.0f64..1e6]), 0..60),
        ) {
            let drawn = draw(&steps, 1e6, Size { width: 120, height: 20 }, "212 minutes");
            let bars = steps.iter().filter(|step| **step > Some(0.0)).count();
            prop_assert_eq!(drawn.matches("class=\"bar\"").count(), bars);
            prop_assert_eq!(drawn.matches("class=\"gap\"").count(), steps.iter().filter(|s| s.is_none()).count());
            prop_assert!(drawn.contains("role=\"img\" aria-label=\"212 minutes\""));
        }

        #[test]
        fn any_numbers_can_be_drawn(
            steps in prop::collection::vec(prop::option::of(any::<f64>()), 0..60),
            most in any::<f64>(),
            width in 0u32..40,
        ) {
            let drawn = draw(&steps, most, Size { width, height: width / 2 }, "");
            prop_assert!(drawn.trim_end().ends_with("</svg>") && !drawn.contains("style="));
        }
    }
}
