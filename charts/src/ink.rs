//! What a chart is drawn with: each ink a colour that means nothing, turned into a class afterwards.
//!
//! Presentation attributes lose to CSS, so a drawing whose colours are classes follows the page: dark mode,
//! print and forced colours cost nothing, and no colour is written twice.

use plotters::style::RGBColor;

/// An ink, by its duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The hairlines at the ticks.
    Grid,
    /// The line at zero.
    Baseline,
    /// Numbers and names beside the axes.
    Label,
    /// Bars that are final.
    Complete,
    /// Bars that may still grow.
    Provisional,
    /// The ground of a gap.
    Gap,
    /// The word in a gap.
    Word,
}

impl Ink {
    /// Every ink.
    pub const ALL: [Self; 7] =
        [Self::Grid, Self::Baseline, Self::Label, Self::Complete, Self::Provisional, Self::Gap, Self::Word];

    /// The colour it is drawn in before it becomes a class: no two alike, none of them used by a person.
    #[must_use]
    pub fn sentinel(self) -> RGBColor {
        RGBColor(1, 254, self as u8)
    }

    /// The class that stands in the drawing.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Baseline => "baseline",
            Self::Label => "label",
            Self::Complete => "bar",
            Self::Provisional => "bar provisional",
            Self::Gap => "gap",
            Self::Word => "word",
        }
    }

    /// The colour as the drawing spells it.
    pub(crate) fn hex(self) -> String {
        let RGBColor(red, green, blue) = self.sentinel();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}
