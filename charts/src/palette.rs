//! The colors of charts: placeholder colors while drawing, replaced by CSS classes afterwards.
//!
//! Style sheets map the classes to colors, so dark mode, print and forced colors need no second drawing, and
//! each color is defined once.

use plotters::style::RGBColor;

/// A color, by its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaletteColor {
    /// Grid lines at the ticks.
    Grid,
    /// The line at zero.
    Baseline,
    /// Numbers and names beside the axes.
    Label,
    /// Final bars.
    Complete,
    /// Provisional bars, which may still grow.
    Provisional,
    /// The background of a gap.
    Gap,
    /// The word in a gap.
    Word,
    /// Names of horizontal bars and of panels.
    Name,
    /// Bars that a filter excludes, and bars stacked on others.
    Hollow,
    /// A heat map cell of zero.
    Cell0,
    /// A heat map cell in the lowest fifth of the scale.
    Cell1,
    /// A heat map cell in the second fifth.
    Cell2,
    /// A heat map cell in the third fifth.
    Cell3,
    /// A heat map cell in the fourth fifth.
    Cell4,
    /// A heat map cell in the highest fifth.
    Cell5,
    /// Lines of a comparison.
    Other,
    /// The background of a break.
    Break,
}

impl PaletteColor {
    /// Every color.
    pub const ALL: [Self; 17] = [
        Self::Grid,
        Self::Baseline,
        Self::Label,
        Self::Complete,
        Self::Provisional,
        Self::Gap,
        Self::Word,
        Self::Name,
        Self::Hollow,
        Self::Cell0,
        Self::Cell1,
        Self::Cell2,
        Self::Cell3,
        Self::Cell4,
        Self::Cell5,
        Self::Other,
        Self::Break,
    ];

    /// The colors of heat map cells, from zero to the highest fifth of the scale.
    pub const CELLS: [Self; 6] =
        [Self::Cell0, Self::Cell1, Self::Cell2, Self::Cell3, Self::Cell4, Self::Cell5];

    /// The color in the drawing until it is replaced by a class: unique, and not used for anything else.
    #[must_use]
    pub fn placeholder(self) -> RGBColor {
        RGBColor(1, 254, self as u8)
    }

    /// The CSS classes that replace the color.
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
            Self::Name => "name",
            Self::Hollow => "bar hollow",
            Self::Cell0 => "cell cell-0",
            Self::Cell1 => "cell cell-1",
            Self::Cell2 => "cell cell-2",
            Self::Cell3 => "cell cell-3",
            Self::Cell4 => "cell cell-4",
            Self::Cell5 => "cell cell-5",
            Self::Other => "other",
            Self::Break => "break",
        }
    }

    /// The placeholder as plotters writes it: `#01FE00`.
    pub(crate) fn hex(self) -> String {
        let RGBColor(red, green, blue) = self.placeholder();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}
