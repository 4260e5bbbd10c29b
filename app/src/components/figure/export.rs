//! Exports of a figure: SVG, PNG, CSV and print. Each has a header with the report, days, zone, filters and
//! time.

use crate::downloads;
use crate::words::figures as text;
use charts::model::{Row, Table};
use charts::sortable_table::{Cell, Column, ColumnKind, SortableTable};
use domain::formula_injection::disarm_formulas;
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlImageElement, Url,
};

/// Pixels of a PNG per CSS pixel: sharp on paper and on high-density screens.
const PNG_SCALE: u32 = 2;
/// Pixels between lines of the header.
const LINE: u32 = 20;
/// Pixels around an exported drawing.
const MARGIN: u32 = 16;

/// The SVG attributes that replace the style sheet in an export.
const PRESENTATION_ATTRIBUTES: [&str; 8] = [
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "font-family",
    "font-size",
    "font-weight",
    "text-anchor",
];

/// Describes what the figures of a page show: report, days, zone, filters, and the time of the export.
#[derive(Debug, Clone, Copy)]
pub struct ExportHeader(pub Callback<(), [String; 5]>);

/// The course of a report's figures, with its section if exactly one is chosen, as a Leptos context. On a course page,
/// the title of the report names it.
#[derive(Debug, Clone, Copy)]
pub struct ExportCourse(pub Signal<Option<String>>);

impl ExportHeader {
    /// The lines of an export's header: (heading, value). The figure's title is the second.
    #[must_use]
    pub fn lines(self, title: &str) -> Vec<(String, String)> {
        let [report, days, zone, filters, built] = self.0.run(());
        let values = [report, title.to_owned(), days, zone, filters, built];
        text::EXPORT_HEADS.iter().map(|head| (*head).to_owned()).zip(values).collect()
    }
}

/// Saves a figure's numbers as CSV: the header, an empty line, the table.
pub fn save_csv(table: &Table, about: &[(String, String)], title: &str) {
    save(&csv(table, about), "text/csv;charset=utf-8", &format!("{}.csv", file_name(title)));
}

/// Saves the cells of a table as CSV: the header, an empty line, column headings and rows.
pub fn save_cells(table: &SortableTable, about: &[(String, String)], title: &str) {
    let (heads, rows) = to_cells(table);
    save(&to_csv(heads, rows, about), "text/csv;charset=utf-8", &format!("{}.csv", file_name(title)));
}

/// Headings and rows of cells: numbers in the spelling that every program reads, shares in percent.
fn to_cells(listing: &SortableTable) -> (Vec<String>, Vec<Vec<String>>) {
    let heads = listing.columns.iter().map(|column| match column.kind {
        ColumnKind::Share => format!("{} (%)", column.head),
        _ => column.head.clone(),
    });
    let cell = |(cell, column): (&Cell, &Column)| match (cell, column.kind) {
        (Cell::None, _) => String::new(),
        (Cell::Text(text) | Cell::Date(text, _) | Cell::Time(text, _), _) => text.clone(),
        (Cell::Number(number), ColumnKind::Share) => (number * 100.0).to_string(),
        (Cell::Number(number), _) => number.to_string(),
    };
    let rows = listing.rows.iter().map(|row| row.cells.iter().zip(&listing.columns).map(cell).collect());
    (heads.collect(), rows.collect())
}

/// The numbers as CSV, in the format that every program reads: a decimal point, no thousands separators.
fn csv(table: &Table, about: &[(String, String)]) -> String {
    let row = |row: &Row| {
        let values = row.values.iter().map(|value| value.map_or_else(String::new, |v| v.to_string()));
        [row.name.clone()].into_iter().chain(values).chain(row.state.clone()).collect()
    };
    to_csv(table.columns.clone(), table.rows.iter().map(row).collect(), about)
}

/// Header and cells as CSV. It begins with a byte order mark, without which spreadsheets assume an encoding
/// other than UTF-8.
fn to_csv(heads: Vec<String>, rows: Vec<Vec<String>>, about: &[(String, String)]) -> String {
    let mut csv = String::from("\u{feff}");
    let about = about.iter().map(|(head, value)| vec![head.clone(), value.clone()]);
    for line in about.chain([Vec::new(), heads]).chain(rows) {
        let cells: Vec<String> = line.iter().map(|cell| quote_cell(cell)).collect();
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    csv
}

/// A cell, safe in spreadsheets, and quoted where necessary.
fn quote_cell(cell: &str) -> String {
    let disarmed = disarm_formulas(cell.as_bytes());
    let cell = String::from_utf8_lossy(&disarmed);
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into_owned()
    }
}

/// Saves the drawing as SVG.
pub fn save_svg(figure: &Element, about: &[(String, String)], title: &str) {
    if let Some((svg, _, _)) = standalone_svg(figure, about) {
        save(&svg, "image/svg+xml", &format!("{}.svg", file_name(title)));
    }
}

/// Saves the drawing as PNG.
pub fn save_png(figure: &Element, about: &[(String, String)], title: &str) {
    let name = format!("{}.png", file_name(title));
    let Some((svg, width, height)) = standalone_svg(figure, about) else { return };
    let Some(url) = blob_url(&svg, "image/svg+xml") else { return };
    let Ok(image) = HtmlImageElement::new() else { return };
    let drawn = image.clone();
    let from = url.clone();
    let loaded = Closure::once_into_js(move || {
        let _ = draw_to_canvas(&drawn, width, height, name);
        let _ = Url::revoke_object_url(&from);
    });
    image.set_onload(Some(loaded.unchecked_ref()));
    image.set_src(&url);
}

fn draw_to_canvas(image: &HtmlImageElement, width: u32, height: u32, name: String) -> Result<(), JsValue> {
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width(width * PNG_SCALE);
    canvas.set_height(height * PNG_SCALE);
    let context: CanvasRenderingContext2d =
        canvas.get_context("2d")?.ok_or(JsValue::UNDEFINED)?.unchecked_into();
    context.scale(f64::from(PNG_SCALE), f64::from(PNG_SCALE))?;
    context.draw_image_with_html_image_element(image, 0.0, 0.0)?;
    let ready = Closure::once_into_js(move |blob: JsValue| {
        if let Some(url) = blob.dyn_ref::<Blob>().and_then(|b| Url::create_object_url_with_blob(b).ok()) {
            downloads::save_object(&url, &name);
        }
    });
    canvas.to_blob(ready.unchecked_ref())
}

/// Prints this figure and nothing else, and calls `after` on the event `afterprint`: in some browsers `print`
/// returns before printing has ended.
pub fn print(figure: &Element, after: impl FnOnce() + 'static) {
    let body = document().body();
    let _ = figure.set_attribute("data-printed", "");
    if let Some(body) = &body {
        let _ = body.set_attribute("data-printing", "");
    }
    let printed = figure.clone();
    let done = Closure::once_into_js(move || {
        window().set_onafterprint(None);
        let _ = printed.remove_attribute("data-printed");
        if let Some(body) = body {
            let _ = body.remove_attribute("data-printing");
        }
        after();
    });
    window().set_onafterprint(Some(done.unchecked_ref()));
    let _ = window().print();
}

/// The figure's chart as a standalone SVG (colors as attributes, header above it), its width and its height.
fn standalone_svg(figure: &Element, about: &[(String, String)]) -> Option<(String, u32, u32)> {
    let svg = figure.query_selector("svg.chart").ok()??;
    let number = |name: &str| svg.get_attribute(name)?.parse::<u32>().ok();
    let (width, height) = (number("width")?, number("height")?);
    let copy: Element = svg.clone_node_with_deep(true).ok()?.unchecked_into();
    let (live, copied) = (svg.query_selector_all("*").ok()?, copy.query_selector_all("*").ok()?);
    for place in 0..live.length() {
        let (Some(live), Some(copied)) = (live.item(place), copied.item(place)) else { continue };
        inline_styles(live.unchecked_ref(), copied.unchecked_ref());
    }
    let style = window().get_computed_style(figure).ok()??;
    let ink = style.get_property_value("color").ok()?;
    let paper = window().get_computed_style(&document().document_element()?).ok()??;
    let paper = paper.get_property_value("background-color").ok()?;
    let head = u32::try_from(about.len()).unwrap_or(0) * LINE + MARGIN;
    let (all_width, all_height) = (width + 2 * MARGIN, height + head + 2 * MARGIN);
    let lines: String = (1u32..)
        .zip(about)
        .map(|(line, (name, value))| {
            let y = MARGIN + line * LINE - 6;
            let text = escape_xml(&format!("{name}: {value}"));
            format!(
                "<text x=\"{MARGIN}\" y=\"{y}\" fill=\"{ink}\" font-family=\"sans-serif\" font-size=\"13\">{text}</text>"
            )
        })
        .collect();
    let _ = copy.set_attribute("x", &MARGIN.to_string());
    let _ = copy.set_attribute("y", &(MARGIN + head).to_string());
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all_width}\" height=\"{all_height}\" \
         viewBox=\"0 0 {all_width} {all_height}\"><rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>{lines}{}</svg>",
        to_xml(&copy)
    );
    Some((svg, all_width, all_height))
}

/// An SVG element as XML with its namespace, which an SVG file needs.
fn to_xml(element: &Element) -> String {
    let html = element.outer_html();
    if html.contains("xmlns=") {
        html
    } else {
        html.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1)
    }
}

/// Writes the computed style of `live` into the attributes of `copied`.
fn inline_styles(live: &Element, copied: &Element) {
    let Ok(Some(style)) = window().get_computed_style(live) else { return };
    for name in PRESENTATION_ATTRIBUTES {
        let Ok(value) = style.get_property_value(name) else { continue };
        // The browser resolves `url(#pattern)` against the page's URL; the file needs the fragment alone.
        let value = match value.find('#') {
            Some(mark) if value.starts_with("url(") => {
                format!("url({}", value.get(mark..).unwrap_or_default().replace('"', ""))
            }
            _ => value,
        };
        if !value.is_empty() && value != "none" || name == "fill" || name == "stroke" {
            let _ = copied.set_attribute(name, &value);
        }
    }
}

fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A title as a file name: letters, digits and `-`.
#[must_use]
pub fn file_name(title: &str) -> String {
    let plain = title.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    plain.collect()
}

fn blob_url(text: &str, kind: &str) -> Option<String> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options).ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}

fn save(text: &str, kind: &str, name: &str) {
    if let Some(url) = blob_url(text, kind) {
        downloads::save_object(&url, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use charts::model::Row;

    #[test]
    fn exported_numbers_are_plain_and_no_cell_is_a_formula() {
        let table = Table {
            columns: vec!["Video".into(), "Minutes".into()],
            rows: vec![
                Row { name: "=1+1, \"x\"".into(), values: vec![Some(1234.5)], state: None },
                Row { name: "a;\u{ff1d}b|\n-c".into(), values: vec![Some(-2.0)], state: None },
                Row { name: "B".into(), values: vec![None], state: Some("Not loaded yet".into()) },
            ],
        };
        let csv = csv(&table, &[("Days".into(), "2 Feb – 1 Mar 2026".into())]);
        assert_eq!(
            csv,
            "\u{feff}Days,2 Feb – 1 Mar 2026\r\n\r\nVideo,Minutes\r\n\"'=1+1, \"\"x\"\"\",1234.5\r\n\
             \"a;'\u{ff1d}b|\n'-c\",-2\r\nB,,Not loaded yet\r\n"
        );
        assert_eq!(file_name("Minutes per video"), "minutes-per-video");
    }
}
