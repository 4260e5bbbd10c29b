//! What a share shows: its numbers, and a fragment of a page that draws them.

use super::text;
use crate::rpc::{OpenedShare, StoredWeek};
use crate::zone;
use charts::layout::Size;
use charts::model::{Bar, Chart, ChartText, DataPoint};
use charts::svg;
use domain::report::ReportName;
use domain::shares::{ShareContent, SharePanel, ShareWeek};
use domain::time::{Day, SECOND, Timestamp, parse_day};
use engine::published_week::PublishedNumber;
use std::fmt::Write as _;

/// How charts are drawn: for a wide screen and for a phone.
const SIZES: [(&str, Size); 2] =
    [("wide", Size { width: 704, height: 240 }), ("narrow", Size { width: 328, height: 220 })];

/// The numbers of a week for the whole course or a section, by its id and number; nothing where all are withheld. What may
/// not be told of fewer students than are asked for now is withheld, whatever was asked for when the week was frozen.
pub(super) fn visible_numbers(
    report: &ReportName,
    week: &StoredWeek,
    section: Option<(&str, &str)>,
    smallest: u32,
) -> Option<Vec<Option<f64>>> {
    let is_numbered =
        report.known().is_some_and(|report| report.descriptor().identifies_sections_by_number());
    let kept = match section {
        None => &week.shown.total,
        Some((id, number)) => {
            let name = if is_numbered { number } else { id };
            week.shown.sections.get(&name.to_ascii_lowercase())?
        }
    };
    let is_shown = |number: &PublishedNumber| smallest <= number.max_smallest;
    let visible: Vec<Option<f64>> =
        kept.iter().map(|number| number.filter(is_shown).map(|number| number.value)).collect();
    visible.iter().any(Option::is_some).then_some(visible)
}

/// What a share shows.
pub(super) fn render_share(opened: OpenedShare, smallest: u32) -> ShareContent {
    let OpenedShare { stored, expires, panels, time_zone } = opened;
    let section = stored.section.as_deref().zip(stored.number.as_deref());
    let panel = |(kept, weeks): (&crate::rpc::StoredPanel, Vec<(String, StoredWeek)>)| {
        let report = kept.report.clone();
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
    shared.html = render_fragment(&shared, &mondays);
    shared
}

fn render_fragment(shared: &ShareContent, mondays: &[Day]) -> String {
    let ShareContent { name, of, panels, smallest, time_zone, .. } = shared;
    let mut html = format!("<header><h1>{}</h1>", escape_html(name));
    if name != of {
        let _ = write!(html, "<p>{}</p>", escape_html(of));
    }
    html.push_str("</header>");
    for (place, panel) in panels.iter().enumerate() {
        write_panel(&mut html, place, panel, mondays, time_zone);
    }
    let save = text::SAVE;
    let until = text::open_until(to_zone(shared.expires, time_zone), time_zone);
    let _ = write!(
        html,
        "<footer><p><a id=\"csv\" download=\"share.csv\">{save}</a></p><p>{}</p><p>{}</p></footer>",
        text::withholding_note(*smallest, panels.iter().any(|panel| panel.taken.is_none())),
        escape_html(&until),
    );
    html
}

/// A moment as clocks of a zone show it.
fn to_zone(at: Timestamp, time_zone: &str) -> Timestamp {
    let offset = zone::trace(time_zone, None, at).map_or(0, |zone| zone.offset_at(at));
    at.plus(i64::from(offset) * SECOND)
}

/// The weeks of a panel with those that were not here between them: these have no numbers.
fn fill_missing_weeks(panel: &SharePanel, mondays: &[Day]) -> Vec<ShareWeek> {
    let find_week = |monday: &Day| {
        let week = panel.weeks.iter().find(|week| week.monday == Some(*monday));
        week.cloned().unwrap_or(ShareWeek { monday: Some(*monday), numbers: Vec::new() })
    };
    mondays.iter().map(find_week).collect()
}

fn write_panel(html: &mut String, place: usize, panel: &SharePanel, mondays: &[Day], time_zone: &str) {
    let report = panel.report.known();
    let _ = write!(
        html,
        "<section aria-labelledby=\"t{place}\"><h2 id=\"t{place}\">{}</h2>",
        text::title(report)
    );
    let heads: Vec<String> = panel.measures.iter().map(|name| escape_html(name)).collect();
    if let Some(taken) = panel.taken {
        let numbers = panel.weeks.first().map(|week| week.numbers.as_slice());
        let both = match numbers {
            Some([Some(videos), Some(views)]) => Some((*videos, *views)),
            _ => None,
        };
        let _ = write!(
            html,
            "<p class=\"sentence\">{} {}</p>",
            text::library_sentence(both),
            text::taken_at(to_zone(taken, time_zone))
        );
        write_table(html, text::title(report), &heads, &panel.weeks);
    } else {
        let weeks = fill_missing_weeks(panel, mondays);
        let chart = chart_of_panel(place, panel, &weeks);
        let _ = write!(html, "<p class=\"sentence\">{}</p>", escape_html(&chart.sentence));
        for (class, size) in SIZES {
            let drawn = svg::draw(
                &Chart { id: format!("c{place}{class}"), ..chart.clone() },
                size,
                &text::format_number,
            );
            let _ = write!(html, "<div class=\"{class}\">{drawn}</div>");
        }
        let _ = write!(html, "<details><summary>{}</summary>", text::AS_TABLE);
        write_table(html, text::title(report), &heads, &weeks);
        html.push_str("</details>");
        let missing = weeks.len() - panel.weeks.len();
        if missing > 0 {
            let _ = write!(html, "<p class=\"caveat\">{}</p>", text::missing_weeks_note(missing));
        }
    }
    let _ = write!(html, "<p class=\"caveat\">{}</p></section>", text::caveat(report));
}

fn write_table(html: &mut String, caption: &str, heads: &[String], weeks: &[ShareWeek]) {
    let has_weeks = weeks.iter().any(|week| week.monday.is_some());
    let _ =
        write!(html, "<div class=\"scroll\" tabindex=\"0\"><table><caption>{caption}</caption><thead><tr>");
    if has_weeks {
        let _ = write!(html, "<th scope=\"col\">{}</th>", text::WEEK);
    }
    for head in heads {
        let _ = write!(html, "<th scope=\"col\">{head}</th>");
    }
    html.push_str("</tr></thead><tbody>");
    for week in weeks {
        html.push_str("<tr>");
        if let Some(monday) = week.monday {
            let _ = write!(html, "<th scope=\"row\">{monday}</th>");
        }
        for place in 0..heads.len() {
            let _ = match week.numbers.get(place) {
                // The CSV has the number as programs read it.
                Some(Some(value)) => {
                    write!(html, "<td data-n=\"{value}\">{}</td>", text::format_number(*value))
                }
                Some(None) => write!(html, "<td class=\"none\">{}</td>", text::WITHHELD),
                None if week.numbers.is_empty() => {
                    write!(html, "<td class=\"none\">{}</td>", text::NOT_HERE)
                }
                None => write!(html, "<td class=\"none\" data-n=\"\">{}</td>", text::NOTHING),
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
}

/// The first number of each week as bars; where it is withheld or not here, a gap with that word.
fn chart_of_panel(place: usize, panel: &SharePanel, weeks: &[ShareWeek]) -> Chart {
    let report = panel.report.known();
    let first = |week: &ShareWeek| week.numbers.first().copied().flatten();
    let spelt = |day: Option<Day>, spell: fn(Day) -> String| day.map_or_else(String::new, spell);
    let bar = |week: &ShareWeek| Bar {
        name: spelt(week.monday, text::format_day),
        short: spelt(week.monday, text::format_short_day),
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
        id: format!("c{place}"),
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
            missing: text::NOT_HERE.to_owned(),
            withheld: text::WITHHELD.to_owned(),
        },
    }
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
