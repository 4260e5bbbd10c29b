//! What a chart is drawn with: each color a color that means nothing, turned into a class afterwards.
//!
//! Presentation attributes lose to CSS, so a drawing whose colors are classes follows the page: dark mode,
//! print and forced colors cost nothing, and no color is written twice.

use plotters::style::RGBColor;

/// A color, by its duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaletteColor {
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
    /// Names that are read before their bar.
    Name,
    /// Bars that a filter leaves out.
    Hollow,
    /// A cell of nothing.
    Cell0,
    /// A cell of the lowest fifth of the scale.
    Cell1,
    /// A cell of the second fifth.
    Cell2,
    /// A cell of the third fifth.
    Cell3,
    /// A cell of the fourth fifth.
    Cell4,
    /// A cell of the highest fifth.
    Cell5,
    /// What a bar is compared with.
    Other,
}

impl PaletteColor {
    /// Every color.
    pub const ALL: [Self; 16] = [
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
    ];

    /// The cells of a heat map, by step of its scale.
    pub const CELLS: [Self; 6] =
        [Self::Cell0, Self::Cell1, Self::Cell2, Self::Cell3, Self::Cell4, Self::Cell5];

    /// The color it is drawn in before it becomes a class: no two alike, none of them used by a person.
    #[must_use]
    pub fn placeholder(self) -> RGBColor {
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
            Self::Name => "name",
            Self::Hollow => "bar hollow",
            Self::Cell0 => "cell cell-0",
            Self::Cell1 => "cell cell-1",
            Self::Cell2 => "cell cell-2",
            Self::Cell3 => "cell cell-3",
            Self::Cell4 => "cell cell-4",
            Self::Cell5 => "cell cell-5",
            Self::Other => "other",
        }
    }

    /// The color as the drawing spells it.
    pub(crate) fn hex(self) -> String {
        let RGBColor(red, green, blue) = self.placeholder();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}
