//! The content of a share: its numbers, and the HTML fragment that shows them as charts and tables.

use super::text;
use crate::rpc::{OpenedShare, StoredPanel, StoredWeek};
use crate::zone;
use charts::layout::Size;
use charts::model::{Bar, Chart, ChartText, DataPoint};
use charts::svg;
use domain::ids::{SectionId, normalize_text};
use domain::report::ReportName;
use domain::shares::{ShareContent, SharePanel, ShareWeek};
use domain::time::{Day, SECOND, Timestamp, parse_day};
use engine::published_week::PublishedNumber;
use maud::{Markup, PreEscaped, html};

/// Each chart is drawn twice, for wide and for narrow screens; the style sheet shows one of them by these
/// class names.
const SIZES: [(&str, Size); 2] =
    [("wide", Size { width: 704, height: 240 }), ("narrow", Size { width: 328, height: 220 })];

/// The numbers of a published week, for the whole course or for one section, given as (id, number); `None` if
/// all are withheld.
///
/// `smallest` is the current setting `LECTERN_SMALLEST`: raising it also withholds numbers of weeks published
/// earlier.
pub(super) fn visible_numbers(
    report: &ReportName,
    week: &StoredWeek,
    section: Option<(&str, &str)>,
    smallest: u32,
) -> Option<Vec<Option<f64>>> {
    let uses_section_numbers =
        report.known().is_some_and(|report| report.descriptor().identifies_sections_by_number());
    let published = match section {
        None => &week.shown.total,
        Some((id, number)) => {
            let name = if uses_section_numbers { number } else { id };
            week.shown.sections.get(&*normalize_text(name))?
        }
    };
    let is_shown = |number: &PublishedNumber| smallest <= number.max_smallest;
    let visible: Vec<Option<f64>> =
        published.iter().map(|number| number.filter(is_shown).map(|number| number.value)).collect();
    visible.iter().any(Option::is_some).then_some(visible)
}

/// Renders an opened share: its numbers as data, and the HTML fragment that shows them.
pub(super) fn render_share(opened: OpenedShare, smallest: u32) -> ShareContent {
    let OpenedShare { stored, expires, panels, time_zone } = opened;
    let section = stored.section.as_ref().map(SectionId::as_str).zip(stored.number.as_deref());
    let panel = |(stored, weeks): (&StoredPanel, Vec<(String, StoredWeek)>)| {
        let report = stored.report.clone();
        let measures = text::measures(report.known());
        let taken = weeks.iter().find_map(|(_, week)| week.taken);
        let shared_week = |(key, week): &(String, StoredWeek)| ShareWeek {
            monday: parse_day(key),
            numbers: visible_numbers(&report, week, section, smallest)
                .unwrap_or_else(|| vec![None; measures.len()]),
        };
        SharePanel {
            taken,
            measures: measures.iter().map(|&name| name.to_owned()).collect(),
            weeks: weeks.iter().map(shared_week).collect(),
            report: report.clone(),
        }
    };
    let panels: Vec<SharePanel> = stored.panels.iter().zip(panels).map(panel).collect();
    let mondays: Vec<Day> = stored.from.zip(stored.to).map_or_else(Vec::new, |(from, to)| {
        from.iter_days().step_by(7).take_while(|monday| *monday <= to).collect()
    });
    let (name, of) = (stored.name, stored.course_label);
    let mut shared = ShareContent { name, of, expires, time_zone, smallest, panels, html: String::new() };
    shared.html = render_fragment(&shared, &mondays).into_string();
    shared
}

/// The fragment that the page's script inserts into its `main`.
fn render_fragment(shared: &ShareContent, mondays: &[Day]) -> Markup {
    let ShareContent { name, of, panels, smallest, time_zone, .. } = shared;
    let has_students = panels.iter().any(|panel| panel.taken.is_none());
    html! {
        header {
            h1 { (name) }
            @if name != of { p { (of) } }
        }
        @for (index, panel) in panels.iter().enumerate() {
            (render_panel(index, panel, mondays, time_zone))
        }
        footer {
            p { a id="csv" download="share.csv" { (text::SAVE) } }
            p { (text::withholding_note(*smallest, has_students)) }
            p { (text::open_until(to_zone(shared.expires, time_zone), time_zone)) }
        }
    }
}

/// Shifts an instant by the zone's offset, so that its UTC fields read as local time.
fn to_zone(at: Timestamp, time_zone: &str) -> Timestamp {
    let offset = zone::trace(time_zone, None, at).map_or(0, |zone| zone.offset_at(at));
    at.plus(i64::from(offset) * SECOND)
}

/// One entry for each of the share's weeks. Missing weeks have no numbers.
fn fill_missing_weeks(panel: &SharePanel, mondays: &[Day]) -> Vec<ShareWeek> {
    let find_week = |monday: &Day| {
        let week = panel.weeks.iter().find(|week| week.monday == Some(*monday));
        week.cloned().unwrap_or(ShareWeek { monday: Some(*monday), numbers: Vec::new() })
    };
    mondays.iter().map(find_week).collect()
}

fn render_panel(index: usize, panel: &SharePanel, mondays: &[Day], time_zone: &str) -> Markup {
    let report = panel.report.known();
    let heading = format!("t{index}");
    html! {
        section aria-labelledby=(heading) {
            h2 id=(heading) { (text::title(report)) }
            @match panel.taken {
                Some(taken) => (render_snapshot(panel, to_zone(taken, time_zone))),
                None => (render_weeks(index, panel, mondays)),
            }
            p class="caveat" { (text::caveat(report)) }
        }
    }
}

/// A report without dates: one sentence, and its numbers at the time of the snapshot.
fn render_snapshot(panel: &SharePanel, taken: Timestamp) -> Markup {
    let library = match panel.weeks.first().map(|week| week.numbers.as_slice()) {
        Some([Some(videos), Some(views)]) => Some((*videos, *views)),
        _ => None,
    };
    html! {
        p class="sentence" { (text::library_sentence(library)) " " (text::taken_at(taken)) }
        (render_table(panel, &panel.weeks))
    }
}

/// A report by weeks: a sentence, a chart in both sizes, and the chart's numbers as a table.
fn render_weeks(index: usize, panel: &SharePanel, mondays: &[Day]) -> Markup {
    let weeks = fill_missing_weeks(panel, mondays);
    let chart = chart_of_panel(index, panel, &weeks);
    let draw = |class: &str, size: Size| {
        let chart = Chart { id: format!("c{index}{class}"), ..chart.clone() };
        // `charts` escapes every text that it draws.
        PreEscaped(svg::draw(&chart, size, &text::format_number))
    };
    let missing = weeks.len() - panel.weeks.len();
    html! {
        p class="sentence" { (chart.sentence) }
        @for (class, size) in SIZES {
            div class=(class) { (draw(class, size)) }
        }
        details {
            summary { (text::AS_TABLE) }
            (render_table(panel, &weeks))
        }
        @if missing > 0 { p class="caveat" { (text::missing_weeks_note(missing)) } }
    }
}

/// A panel's numbers, one row per week. The page's script converts the table to CSV; `data-n` is a cell's
/// number without rounding and separators.
fn render_table(panel: &SharePanel, weeks: &[ShareWeek]) -> Markup {
    let has_weeks = weeks.iter().any(|week| week.monday.is_some());
    html! {
        div class="scroll" tabindex="0" {
            table {
                caption { (text::title(panel.report.known())) }
                thead {
                    tr {
                        @if has_weeks { th scope="col" { (text::WEEK) } }
                        @for measure in &panel.measures { th scope="col" { (measure) } }
                    }
                }
                tbody {
                    @for week in weeks {
                        tr {
                            @if let Some(monday) = week.monday { th scope="row" { (maud::display(monday)) } }
                            @for index in 0..panel.measures.len() { (render_cell(week, index)) }
                        }
                    }
                }
            }
        }
    }
}

fn render_cell(week: &ShareWeek, index: usize) -> Markup {
    html! {
        @match week.numbers.get(index) {
            Some(Some(value)) => { td data-n=(value) { (text::format_number(*value)) } }
            Some(None) => { td class="none" { (text::WITHHELD) } }
            None if week.numbers.is_empty() => { td class="none" { (text::NO_DATA) } }
            None => { td class="none" data-n="" { (text::NOTHING) } }
        }
    }
}

/// A bar chart of each week's first number. A withheld or missing week is a labeled gap.
fn chart_of_panel(index: usize, panel: &SharePanel, weeks: &[ShareWeek]) -> Chart {
    let report = panel.report.known();
    let first = |week: &ShareWeek| week.numbers.first().copied().flatten();
    let label = |day: Option<Day>, format: fn(Day) -> String| day.map_or_else(String::new, format);
    let bar = |week: &ShareWeek| Bar {
        name: label(week.monday, text::format_day),
        short: label(week.monday, text::format_short_day),
        is_landmark: true,
        level: match week.numbers.first() {
            None => DataPoint::Missing,
            Some(None) => DataPoint::Withheld,
            Some(Some(number)) => DataPoint::Complete(*number),
        },
    };
    let shown = panel.weeks.iter().filter_map(first).count();
    let sum = panel.weeks.iter().filter_map(first).sum();
    Chart {
        id: format!("c{index}"),
        title: text::title(report).to_owned(),
        unit: panel.measures.first().cloned().unwrap_or_default(),
        sentence: text::sentence(report, sum, shown, panel.weeks.len() - shown),
        bars: weeks.iter().map(bar).collect(),
        beside: Vec::new(),
        is_stacked: false,
        other: None,
        words: ChartText {
            bars: text::WEEK.to_owned(),
            state: String::new(),
            complete: String::new(),
            provisional: String::new(),
            missing: text::NO_DATA.to_owned(),
            withheld: text::WITHHELD.to_owned(),
        },
    }
}
