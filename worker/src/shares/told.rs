//! What a share shows: its numbers, and a fragment of a page that draws them.

use super::words;
use crate::errand::{Opened, Week};
use crate::zone;
use charts::layout::Size;
use charts::model::{Bar, Chart, ChartText, DataPoint};
use charts::svg;
use domain::report::ReportName;
use domain::shares::{ShareContent, SharePanel, ShareWeek as Told};
use domain::time::{Day, SECOND, Timestamp, parse_day};
use engine::published_week::PublishedNumber;
use std::fmt::Write as _;

/// How charts are drawn: for a wide screen and for a phone.
const SIZES: [(&str, Size); 2] =
    [("wide", Size { width: 704, height: 240 }), ("narrow", Size { width: 328, height: 220 })];

/// The numbers of a week for the whole course or a section, by its id and number; nothing where all are withheld. What may
/// not be told of fewer students than are asked for now is withheld, whatever was asked for when the week was frozen.
pub(super) fn numbers(
    report: &ReportName,
    week: &Week,
    section: Option<(&str, &str)>,
    smallest: u32,
) -> Option<Vec<Option<f64>>> {
    let is_numbered = report.known().is_some_and(|report| report.numbers_sections());
    let kept = match section {
        None => &week.shown.total,
        Some((id, number)) => {
            let name = if is_numbered { number } else { id };
            week.shown.sections.get(&name.to_ascii_lowercase())?
        }
    };
    let is_shown = |number: &PublishedNumber| smallest <= number.max_smallest;
    let told: Vec<Option<f64>> =
        kept.iter().map(|number| number.filter(is_shown).map(|number| number.value)).collect();
    told.iter().any(Option::is_some).then_some(told)
}

/// What a share shows.
pub(super) fn shared(opened: Opened, smallest: u32) -> ShareContent {
    let Opened { stored, expires, panels, time_zone } = opened;
    let section = stored.section.as_deref().zip(stored.number.as_deref());
    let panel = |(kept, weeks): (&crate::errand::Kept, Vec<(String, Week)>)| {
        let report = kept.report.clone();
        let measures = words::measures(report.as_str());
        let taken = weeks.iter().find_map(|(_, week)| week.taken);
        let told = |(key, week): &(String, Week)| Told {
            monday: parse_day(key),
            numbers: numbers(&report, week, section, smallest).unwrap_or_else(|| vec![None; measures.len()]),
        };
        SharePanel {
            taken,
            measures: measures.iter().map(|&name| name.to_owned()).collect(),
            weeks: weeks.iter().map(told).collect(),
            report: report.clone(),
        }
    };
    let panels: Vec<SharePanel> = stored.panels.iter().zip(panels).map(panel).collect();
    let mondays: Vec<Day> = stored.from.zip(stored.to).map_or_else(Vec::new, |(from, to)| {
        from.iter_days().step_by(7).take_while(|monday| *monday <= to).collect()
    });
    let (name, of) = (stored.name, stored.of);
    let mut shared = ShareContent { name, of, expires, time_zone, smallest, panels, html: String::new() };
    shared.html = page(&shared, &mondays);
    shared
}

fn page(shared: &ShareContent, mondays: &[Day]) -> String {
    let ShareContent { name, of, panels, smallest, time_zone, .. } = shared;
    let mut html = format!("<header><h1>{}</h1>", escaped(name));
    if name != of {
        let _ = write!(html, "<p>{}</p>", escaped(of));
    }
    html.push_str("</header>");
    for (place, panel) in panels.iter().enumerate() {
        figure(&mut html, place, panel, mondays, time_zone);
    }
    let save = words::SAVE;
    let until = words::until(in_zone(shared.expires, time_zone), time_zone);
    let _ = write!(
        html,
        "<footer><p><a id=\"csv\" download=\"share.csv\">{save}</a></p><p>{}</p><p>{}</p></footer>",
        words::withholding(*smallest, panels.iter().any(|panel| panel.taken.is_none())),
        escaped(&until),
    );
    html
}

/// A moment as clocks of a zone show it.
fn in_zone(at: Timestamp, time_zone: &str) -> Timestamp {
    let offset = zone::trace(time_zone, None, at).map_or(0, |zone| zone.offset_at(at));
    at.plus(i64::from(offset) * SECOND)
}

/// The weeks of a panel with those that were not here between them: these have no numbers.
fn with_gaps(panel: &SharePanel, mondays: &[Day]) -> Vec<Told> {
    let of = |monday: &Day| {
        let week = panel.weeks.iter().find(|week| week.monday == Some(*monday));
        week.cloned().unwrap_or(Told { monday: Some(*monday), numbers: Vec::new() })
    };
    mondays.iter().map(of).collect()
}

fn figure(html: &mut String, place: usize, panel: &SharePanel, mondays: &[Day], time_zone: &str) {
    let report = panel.report.as_str();
    let _ = write!(
        html,
        "<section aria-labelledby=\"t{place}\"><h2 id=\"t{place}\">{}</h2>",
        words::title(report)
    );
    let heads: Vec<String> = panel.measures.iter().map(|name| escaped(name)).collect();
    if let Some(taken) = panel.taken {
        let numbers = panel.weeks.first().map(|week| week.numbers.as_slice());
        let both = match numbers {
            Some([Some(videos), Some(views)]) => Some((*videos, *views)),
            _ => None,
        };
        let _ = write!(
            html,
            "<p class=\"sentence\">{} {}</p>",
            words::library(both),
            words::taken(in_zone(taken, time_zone))
        );
        table(html, words::title(report), &heads, &panel.weeks);
    } else {
        let weeks = with_gaps(panel, mondays);
        let chart = chart(place, panel, &weeks);
        let _ = write!(html, "<p class=\"sentence\">{}</p>", escaped(&chart.sentence));
        for (class, size) in SIZES {
            let drawn =
                svg::draw(&Chart { id: format!("c{place}{class}"), ..chart.clone() }, size, &words::number);
            let _ = write!(html, "<div class=\"{class}\">{drawn}</div>");
        }
        let _ = write!(html, "<details><summary>{}</summary>", words::AS_TABLE);
        table(html, words::title(report), &heads, &weeks);
        html.push_str("</details>");
        let missing = weeks.len() - panel.weeks.len();
        if missing > 0 {
            let _ = write!(html, "<p class=\"caveat\">{}</p>", words::not_here(missing));
        }
    }
    let _ = write!(html, "<p class=\"caveat\">{}</p></section>", words::caveat(report));
}

fn table(html: &mut String, caption: &str, heads: &[String], weeks: &[Told]) {
    let has_weeks = weeks.iter().any(|week| week.monday.is_some());
    let _ =
        write!(html, "<div class=\"scroll\" tabindex=\"0\"><table><caption>{caption}</caption><thead><tr>");
    if has_weeks {
        let _ = write!(html, "<th scope=\"col\">{}</th>", words::WEEK);
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
                Some(Some(value)) => write!(html, "<td data-n=\"{value}\">{}</td>", words::number(*value)),
                Some(None) => write!(html, "<td class=\"none\">{}</td>", words::WITHHELD),
                None if week.numbers.is_empty() => {
                    write!(html, "<td class=\"none\">{}</td>", words::NOT_HERE)
                }
                None => write!(html, "<td class=\"none\" data-n=\"\">{}</td>", words::NOTHING),
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
}

/// The first number of each week as bars; where it is withheld or not here, a gap with that word.
fn chart(place: usize, panel: &SharePanel, weeks: &[Told]) -> Chart {
    let report = panel.report.as_str();
    let first = |week: &Told| week.numbers.first().copied().flatten();
    let spelt = |day: Option<Day>, spell: fn(Day) -> String| day.map_or_else(String::new, spell);
    let bar = |week: &Told| Bar {
        name: spelt(week.monday, words::day),
        short: spelt(week.monday, words::short_day),
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
        title: words::title(report).to_owned(),
        unit: panel.measures.first().cloned().unwrap_or_default(),
        sentence: words::sentence(report, sum, shown, panel.weeks.len() - shown),
        bars: weeks.iter().map(bar).collect(),
        beside: Vec::new(),
        is_stacked: false,
        other: None,
        words: ChartText {
            bars: words::WEEK.to_owned(),
            state: String::new(),
            complete: String::new(),
            provisional: String::new(),
            missing: words::NOT_HERE.to_owned(),
            withheld: words::WITHHELD.to_owned(),
        },
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
