//! Draws bar charts as SVG with a role and an accessible name; style sheets color them.
//!
//! Only the static drawing: titles, sentences, tables and everything interactive are HTML.

use crate::layout::{ChartLayout, Size};
use crate::model::{Chart, DataPoint, find_runs};
use crate::palette::PaletteColor;
use plotters::coord::Shift;
use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoTextStyle, ShapeStyle, TextStyle};

/// Largest width of a character of the word in a gap, in pixels.
const CHARACTER_WIDTH: i32 = 8;

/// Draws `chart`; `write` formats a number of the axis. The result is always one `<svg>` element without
/// `style` attributes.
#[must_use]
pub fn draw(chart: &Chart, size: Size, write: &dyn Fn(f64) -> String) -> String {
    let layout = ChartLayout::new(chart, size, write);
    let mut drawing = String::new();
    // Writing to a string cannot fail; if it did, the marks drawn so far would be returned.
    let _ = draw_marks(&mut drawing, chart, &layout);
    let name = format!("{}. {}", chart.title, chart.sentence);
    finish_svg(&drawing, &chart.id, &name)
}

/// An area that draws into a string.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Result of drawing into a string. Errors are not expected to occur.
pub(crate) type DrawResult = Result<(), Box<dyn std::error::Error>>;

/// Boxes an error of plotters, whose type differs by backend.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
pub(crate) fn to_error<E: std::error::Error + Send + Sync>(
    error: DrawingAreaErrorKind<E>,
) -> Box<dyn std::error::Error> {
    Box::from(error.to_string())
}

/// Style of text in a color, with its anchor point.
pub(crate) fn text_style<'a>(
    area: &Area<'_>,
    color: PaletteColor,
    horizontal: HPos,
    vertical: VPos,
) -> TextStyle<'a> {
    ("sans-serif", 13)
        .with_color(color.placeholder())
        .into_text_style(area)
        .pos(Pos::new(horizontal, vertical))
}

/// Draws a filled rectangle.
pub(crate) fn fill_rect(
    area: &Area<'_>,
    color: PaletteColor,
    from: (i32, i32),
    to: (i32, i32),
) -> DrawResult {
    area.draw(&Rectangle::new([from, to], color.placeholder().filled())).map_err(to_error)
}

/// The width that a word may need, in pixels.
pub(crate) fn word_width(word: &str) -> i32 {
    i32::try_from(word.chars().count()).unwrap_or(i32::MAX / CHARACTER_WIDTH) * CHARACTER_WIDTH
}

fn draw_marks(into: &mut String, chart: &Chart, layout: &ChartLayout) -> DrawResult {
    let root = SVGBackend::with_string(into, (layout.size.width, layout.size.height)).into_drawing_area();
    let text = |color: PaletteColor, horizontal, vertical| text_style(&root, color, horizontal, vertical);
    let line = |y: i32, color: PaletteColor| {
        PathElement::new(vec![(layout.left, y), (layout.right, y)], ShapeStyle::from(&color.placeholder()))
    };
    let top = layout.ticks.last().map_or(0, |tick| tick.y);
    for (first, last) in find_runs(chart.breaks.iter().copied().filter(|index| *index < chart.bars.len())) {
        let (left, right) = (layout.bands.edges(first).0, layout.bands.edges(last).1);
        fill_rect(&root, PaletteColor::Break, (left, top), (right, layout.baseline))?;
        if right - left >= word_width(&chart.words.on_break) {
            let middle = (left + (right - left) / 2, top + 4);
            root.draw_text(&chart.words.on_break, &text(PaletteColor::Word, HPos::Center, VPos::Top), middle)
                .map_err(to_error)?;
        }
    }
    let number = text(PaletteColor::Label, HPos::Right, VPos::Center);
    for tick in &layout.ticks {
        root.draw(&line(tick.y, PaletteColor::Grid)).map_err(to_error)?;
        root.draw_text(&tick.label, &number, (layout.left - 8, tick.y)).map_err(to_error)?;
    }
    let gaps = chart.gaps();
    for (from, to, word) in &gaps {
        let (left, right) = (layout.bands.edges(*from).0, layout.bands.edges(to.saturating_sub(1)).1);
        // Leaves two pixels between adjacent gaps.
        let right = if gaps.iter().any(|(next, ..)| next == to) { right - 2 } else { right };
        root.draw(&Rectangle::new(
            [(left, top), (right, layout.baseline)],
            PaletteColor::Gap.placeholder().filled(),
        ))
        .map_err(to_error)?;
        if right - left >= word_width(word) {
            let middle = (left + (right - left) / 2, top + (layout.baseline - top) / 2);
            root.draw_text(word, &text(PaletteColor::Word, HPos::Center, VPos::Center), middle)
                .map_err(to_error)?;
        }
    }
    for (index, bar) in chart.bars.iter().enumerate() {
        let color = if matches!(bar.level, DataPoint::Provisional(_)) {
            PaletteColor::Provisional
        } else {
            PaletteColor::Complete
        };
        let (Some(value), Some(reach)) = (bar.level.value(), chart.reach(index)) else { continue };
        let (left, right) = layout.bands.bar(index);
        let mut bottom = layout.baseline;
        for (color, value, is_above_zero) in
            [(color, value, value > 0.0), (PaletteColor::Hollow, reach, reach > value)]
        {
            if is_above_zero && right > left {
                // A number above zero is at least one pixel high.
                let top = layout.amounts.to_pixel(value).min(bottom - 1);
                fill_rect(&root, color, (left, top), (right, bottom))?;
                bottom = top;
            }
        }
    }
    for index in 0..chart.bars.len() {
        let Some(other) = chart.other(index).filter(|other| *other > 0.0) else { continue };
        let ((left, right), y) = (layout.bands.edges(index), layout.amounts.to_pixel(other));
        let comparison = PathElement::new(
            vec![(left, y), (right, y)],
            ShapeStyle::from(&PaletteColor::Other.placeholder()),
        );
        root.draw(&comparison).map_err(to_error)?;
    }
    root.draw(&line(layout.baseline, PaletteColor::Baseline)).map_err(to_error)?;
    let name = text(PaletteColor::Label, HPos::Left, VPos::Top);
    for index in &layout.named {
        let short = chart.bars.get(*index).map_or("", |bar| bar.short.as_str());
        let position = (layout.bands.bar(*index).0, layout.baseline + 8);
        root.draw_text(short, &name, position).map_err(to_error)?;
    }
    root.present().map_err(to_error)
}

/// Adds role and accessible name, the hatch pattern of provisional numbers, and classes in place of colors.
pub(crate) fn finish_svg(drawing: &str, id: &str, name: &str) -> String {
    let hatch = format!("{id}-hatch");
    let mut svg = drawing.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "");
    for color in PaletteColor::ALL {
        let fill = if color == PaletteColor::Provisional {
            format!("class=\"{}\" fill=\"url(#{hatch})\"", color.class())
        } else {
            format!("class=\"{}\"", color.class())
        };
        svg = svg
            .replace(&format!("fill=\"{}\"", color.hex()), &fill)
            .replace(&format!("stroke=\"{}\"", color.hex()), &format!("class=\"{}\"", color.class()));
    }
    let name = escape_xml(name);
    svg = svg.replacen("<svg ", &format!("<svg class=\"chart\" role=\"img\" aria-label=\"{name}\" "), 1);
    // Omits the unused pattern: a table has a sparkline in every row.
    if !svg.contains(&hatch) {
        return svg;
    }
    let pattern = format!(
        "<defs><pattern id=\"{hatch}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect class=\"hatch-ground\" width=\"6\" height=\"6\"/>\
         <rect class=\"hatch-line\" width=\"3\" height=\"6\"/></pattern></defs>\n"
    );
    match svg.find(">\n") {
        Some(end) => svg.insert_str(end + 2, &pattern),
        None => svg.push_str(&pattern),
    }
    svg
}

fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
