//! The drawing: an SVG of marks and axes, with a role and a name, for the page's own style sheet to colour.
//!
//! Titles, sentences, tables and everything that is focused or pointed at belong to HTML: this draws what
//! stands still.

use crate::ink::Ink;
use crate::layout::{Layout, Size};
use crate::model::{Chart, Level};
use plotters::coord::Shift;
use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoTextStyle, ShapeStyle, TextStyle};

/// Pixels that a character of a word in a gap takes at most.
const CHARACTER: i32 = 8;

/// Draws `chart`; `write` spells a number of the axis. Whatever the chart and the size, the result is one
/// `<svg>` element without `style` attributes.
#[must_use]
pub fn draw(chart: &Chart, size: Size, write: &dyn Fn(f64) -> String) -> String {
    let layout = Layout::new(chart, size, write);
    let mut drawing = String::new();
    // Writing to a string cannot fail; were it ever to, what was drawn until then is shown.
    let _ = marks(&mut drawing, chart, &layout);
    let name = format!("{}. {}", chart.title, chart.sentence);
    finished(&drawing, &chart.id, &name)
}

/// An area that draws into a string.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What goes wrong when a string cannot be written to: nothing that has been seen.
pub(crate) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// One kind of error for all of plotters'.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
pub(crate) fn failed<E: std::error::Error + Send + Sync>(
    error: DrawingAreaErrorKind<E>,
) -> Box<dyn std::error::Error> {
    Box::from(error.to_string())
}

/// How text of an ink stands at its point.
pub(crate) fn written<'a>(area: &Area<'_>, ink: Ink, horizontal: HPos, vertical: VPos) -> TextStyle<'a> {
    ("sans-serif", 13).with_color(ink.sentinel()).into_text_style(area).pos(Pos::new(horizontal, vertical))
}

/// Draws a filled rectangle.
pub(crate) fn block(area: &Area<'_>, ink: Ink, from: (i32, i32), to: (i32, i32)) -> Drawn {
    area.draw(&Rectangle::new([from, to], ink.sentinel().filled())).map_err(failed)
}

fn marks(into: &mut String, chart: &Chart, layout: &Layout) -> Drawn {
    let root = SVGBackend::with_string(into, (layout.size.width, layout.size.height)).into_drawing_area();
    let text = |ink: Ink, horizontal, vertical| written(&root, ink, horizontal, vertical);
    let line = |y: i32, ink: Ink| {
        PathElement::new(vec![(layout.left, y), (layout.right, y)], ShapeStyle::from(&ink.sentinel()))
    };
    let number = text(Ink::Label, HPos::Right, VPos::Center);
    for tick in &layout.ticks {
        root.draw(&line(tick.y, Ink::Grid)).map_err(failed)?;
        root.draw_text(&tick.label, &number, (layout.left - 8, tick.y)).map_err(failed)?;
    }
    let gaps = chart.gaps();
    for (from, to, word) in &gaps {
        let (left, right) = (layout.bands.edges(*from).0, layout.bands.edges(to.saturating_sub(1)).1);
        // Where another follows, a line of the ground parts them.
        let right = if gaps.iter().any(|(next, ..)| next == to) { right - 2 } else { right };
        let top = layout.ticks.last().map_or(0, |tick| tick.y);
        root.draw(&Rectangle::new([(left, top), (right, layout.baseline)], Ink::Gap.sentinel().filled()))
            .map_err(failed)?;
        let needed = i32::try_from(word.chars().count()).unwrap_or(i32::MAX / CHARACTER) * CHARACTER;
        if right - left >= needed {
            let middle = (left + (right - left) / 2, top + (layout.baseline - top) / 2);
            root.draw_text(word, &text(Ink::Word, HPos::Center, VPos::Center), middle).map_err(failed)?;
        }
    }
    for (place, bar) in chart.bars.iter().enumerate() {
        let ink = if matches!(bar.level, Level::Provisional(_)) { Ink::Provisional } else { Ink::Complete };
        let (Some(value), Some(reach)) = (bar.level.value(), chart.reach(place)) else { continue };
        let (left, right) = layout.bands.bar(place);
        let mut foot = layout.baseline;
        for (ink, value, is_any) in [(ink, value, value > 0.0), (Ink::Hollow, reach, reach > value)] {
            if is_any && right > left {
                // What is more than nothing shows, if only as a pixel.
                let top = layout.amounts.pixel(value).min(foot - 1);
                block(&root, ink, (left, top), (right, foot))?;
                foot = top;
            }
        }
    }
    for place in 0..chart.bars.len() {
        let Some(other) = chart.other(place).filter(|other| *other > 0.0) else { continue };
        let ((left, right), y) = (layout.bands.edges(place), layout.amounts.pixel(other));
        let across = PathElement::new(vec![(left, y), (right, y)], ShapeStyle::from(&Ink::Other.sentinel()));
        root.draw(&across).map_err(failed)?;
    }
    root.draw(&line(layout.baseline, Ink::Baseline)).map_err(failed)?;
    let name = text(Ink::Label, HPos::Left, VPos::Top);
    for place in &layout.named {
        let short = chart.bars.get(*place).map_or("", |bar| bar.short.as_str());
        let at = (layout.bands.bar(*place).0, layout.baseline + 8);
        root.draw_text(short, &name, at).map_err(failed)?;
    }
    root.present().map_err(failed)
}

/// Gives the drawing its role and name, the pattern of what may still change, and classes for its inks.
pub(crate) fn finished(drawing: &str, id: &str, name: &str) -> String {
    let hatch = format!("{id}-hatch");
    let mut svg = drawing.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "");
    for ink in Ink::ALL {
        let fill = if ink == Ink::Provisional {
            format!("class=\"{}\" fill=\"url(#{hatch})\"", ink.class())
        } else {
            format!("class=\"{}\"", ink.class())
        };
        svg = svg
            .replace(&format!("fill=\"{}\"", ink.hex()), &fill)
            .replace(&format!("stroke=\"{}\"", ink.hex()), &format!("class=\"{}\"", ink.class()));
    }
    let name = escaped(name);
    svg = svg.replacen("<svg ", &format!("<svg class=\"chart\" role=\"img\" aria-label=\"{name}\" "), 1);
    // A drawing without hatching needs no pattern: a table draws a line of them for every row.
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
