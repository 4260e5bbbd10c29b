//! The content of a share: its numbers, and the HTML fragment that shows them.
//!
//! `figures::share` makes the figures. This module draws them, and knows no report.

use super::text;
use crate::rpc::{OpenedShare, StoredPanel, StoredWeek};
use crate::zone;
use charts::layout::Size;
use charts::model::Chart;
use charts::sortable_table::{Cell, SortableTable};
use charts::svg;
use domain::formula_injection::disarm_formulas;
use domain::ids::SectionId;
use domain::shares::{ShareContent, SharePanel};
use domain::time::{Day, SECOND, Timestamp, parse_day};
use figures::locale::LocaleFormatter;
use figures::share::english_formatter::EnglishFormatter;
use figures::share::{ShareContext, ShareFigure, ShareFilter, ShareScope, build_share_figures};
use maud::{Markup, PreEscaped, html};
use protocol::Body;

/// The format of numbers and dates.
const LOCALE: EnglishFormatter = EnglishFormatter;

/// Each chart is drawn twice, for wide and for narrow screens; the style sheet shows one of them by these
/// class names.
const SIZES: [(&str, Size); 2] =
    [("wide", Size { width: 704, height: 240 }), ("narrow", Size { width: 328, height: 220 })];

/// Renders an opened share: its numbers as data, and the HTML fragment that shows them. `smallest` is the
/// current setting `LECTERN_SMALLEST`.
pub(super) fn render_share(opened: OpenedShare, smallest: u32) -> ShareContent {
    let OpenedShare { stored, expires, panels, time_zone } = opened;
    let section = stored.section.as_ref().map(SectionId::as_str).zip(stored.number.as_deref());
    let scope = match section {
        Some((id, number)) => ShareScope::Section(id, number),
        None => ShareScope::Course(stored.sections.as_deref()),
    };
    let filter = ShareFilter { scope, smallest };
    let panel = |(stored, weeks): (&StoredPanel, Vec<(String, StoredWeek)>)| {
        let taken = weeks.iter().find_map(|(_, week)| week.taken);
        let weeks: Vec<_> = weeks.iter().map(|(key, week)| (parse_day(key), &week.shown)).collect();
        filter.build_panel(&stored.report, taken, &weeks)
    };
    let panels: Vec<SharePanel> = stored.panels.iter().zip(panels).map(panel).collect();
    let mondays: Vec<Day> = stored.from.zip(stored.to).map_or_else(Vec::new, |(from, to)| {
        from.iter_days().step_by(7).take_while(|monday| *monday <= to).collect()
    });
    let day_of = |at: Timestamp| to_zone(at, &time_zone).day();
    let context = ShareContext { locale: &LOCALE, mondays: &mondays, day_of: &day_of };
    let figures = build_share_figures(&panels, &context);
    let (name, of) = (stored.name, stored.course_label);
    let mut shared = ShareContent { name, of, expires, time_zone, smallest, panels, html: String::new() };
    shared.html = render_fragment(&shared, &figures).into_string();
    shared
}

/// The fragment that the page's script inserts into its `main`.
fn render_fragment(shared: &ShareContent, figures: &[ShareFigure]) -> Markup {
    let ShareContent { name, of, panels, smallest, time_zone, .. } = shared;
    let has_students = panels.iter().any(|panel| panel.taken.is_none());
    html! {
        header {
            h1 { (name) }
            @if name != of { p { (of) } }
        }
        @for (index, figure) in figures.iter().enumerate() { (render_figure(index, figure)) }
        footer {
            p { a id="csv" download="share.csv" { (text::SAVE) } }
            p { (text::withholding_note(*smallest, has_students)) }
            p { (text::open_until(&LOCALE, to_zone(shared.expires, time_zone), time_zone)) }
        }
    }
}

/// Shifts an instant by the zone's offset, so that its UTC fields read as local time.
fn to_zone(at: Timestamp, time_zone: &str) -> Timestamp {
    let offset = zone::trace(time_zone, None, at).map_or(0, |zone| zone.offset_at(at));
    at.plus(i64::from(offset) * SECOND)
}

/// A figure: heading, unit, sentence, chart, numbers and caveats. The table of a chart is collapsed.
fn render_figure(index: usize, ShareFigure { figure, table }: &ShareFigure) -> Markup {
    let heading = format!("t{index}");
    html! {
        section aria-labelledby=(heading) {
            h2 id=(heading) { (figure.title) }
            @if !figure.unit.is_empty() { p class="unit" { (figure.unit) } }
            p class="sentence" { (figure.sentence) }
            @if let Body::Bars(chart) = &figure.body {
                @for (class, size) in SIZES {
                    div class=(class) { (draw_chart(chart, &format!("c{index}{class}"), size)) }
                }
                details {
                    summary { (text::AS_TABLE) }
                    (render_table(&figure.title, table))
                }
            } @else {
                (render_table(&figure.title, table))
            }
            @for caveat in figure.caveat.lines() { p class="caveat" { (caveat) } }
        }
    }
}

/// Draws a chart as SVG. `id` is unique in the page.
fn draw_chart(chart: &Chart, id: &str, size: Size) -> Markup {
    let chart = Chart { id: id.to_owned(), ..chart.clone() };
    // `charts` escapes every text that it draws.
    PreEscaped(svg::draw(&chart, size, &|number| LOCALE.format_number(number)))
}

/// A table of numbers. The page's script converts it to CSV; `data-n` is what the file has in place of a cell's text:
/// a number without rounding and separators, or a text that no spreadsheet runs as a formula.
fn render_table(title: &str, table: &SortableTable) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="group" aria-label=(title) {
            table {
                caption data-n=[disarmed(title)] { (title) }
                thead {
                    tr {
                        @for column in &table.columns { th scope="col" data-n=[disarmed(&column.head)] { (column.head) } }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for cell in &row.cells { (render_cell(cell)) }
                        }
                    }
                }
            }
        }
    }
}

/// A cell. A date is the heading of its row, a text a word in place of a number.
fn render_cell(cell: &Cell) -> Markup {
    html! {
        @match cell {
            Cell::Date(day, _) | Cell::Time(day, _) => { th scope="row" data-n=[disarmed(day)] { (day) } }
            Cell::Number(number) => { td data-n=(number) { (LOCALE.format_number(*number)) } }
            Cell::Text(word) => { td class="none" data-n=[disarmed(word)] { (word) } }
            Cell::None => { td class="none" data-n="" { (text::NOTHING) } }
        }
    }
}

/// The text as a CSV file has it, if a spreadsheet would run it as a formula.
fn disarmed(text: &str) -> Option<String> {
    let disarmed = disarm_formulas(text.as_bytes());
    (*disarmed != *text.as_bytes()).then(|| String::from_utf8_lossy(&disarmed).into_owned())
}
