//! What a share shows: its numbers, and a fragment of a page that draws them.

use super::words;
use crate::errand::{Number, Opened, Week};
use charts::layout::Size;
use charts::model::{Bar, Beside, Chart, Level, Words};
use charts::svg;
use domain::report::ReportName;
use domain::shares::{Panel, Shared, Week as Told};
use domain::time::{Day, Timestamp, parse_day};
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
        None => &week.total,
        Some((id, number)) => {
            let name = if is_numbered { number } else { id };
            week.sections.get(&name.to_ascii_lowercase())?
        }
    };
    let is_shown = |number: &Number| smallest <= number.most;
    let told: Vec<Option<f64>> =
        kept.iter().map(|number| number.filter(is_shown).map(|number| number.value)).collect();
    told.iter().any(Option::is_some).then_some(told)
}

/// What a share shows.
pub(super) fn shared(opened: Opened, smallest: u32) -> Shared {
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
        Panel {
            taken,
            measures: measures.iter().map(|&name| name.to_owned()).collect(),
            weeks: weeks.iter().map(told).collect(),
            report: report.clone(),
        }
    };
    let panels: Vec<Panel> = stored.panels.iter().zip(panels).map(panel).collect();
    let asked = stored
        .from
        .zip(stored.to)
        .map_or(0, |(from, to)| from.iter_days().take_while(|day| *day <= to).count() / 7);
    let html = page(&stored.name, &stored.of, &panels, asked, smallest, expires, &time_zone);
    Shared { name: stored.name, of: stored.of, expires, time_zone, smallest, panels, html }
}

fn page(
    name: &str,
    of: &str,
    panels: &[Panel],
    asked: usize,
    smallest: u32,
    expires: Timestamp,
    time_zone: &str,
) -> String {
    let mut html = format!("<header><h1>{}</h1>", escaped(name));
    if name != of {
        let _ = write!(html, "<p>{}</p>", escaped(of));
    }
    html.push_str("</header>");
    for (place, panel) in panels.iter().enumerate() {
        figure(&mut html, place, panel, asked);
    }
    let save = words::SAVE;
    let _ = write!(
        html,
        "<footer><p><a id=\"csv\" download=\"share.csv\">{save}</a></p><p>{}</p><p>{}</p></footer>",
        words::withholding(smallest, panels.iter().any(|panel| panel.taken.is_none())),
        escaped(&words::until(expires, time_zone)),
    );
    html
}

fn figure(html: &mut String, place: usize, panel: &Panel, asked: usize) {
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
        let _ = write!(html, "<p class=\"sentence\">{} {}</p>", words::library(both), words::taken(taken));
        table(html, words::title(report), &heads, &panel.weeks);
    } else {
        let chart = chart(place, panel);
        let _ = write!(html, "<p class=\"sentence\">{}</p>", escaped(&chart.sentence));
        for (class, size) in SIZES {
            let drawn =
                svg::draw(&Chart { id: format!("c{place}{class}"), ..chart.clone() }, size, &words::number);
            let _ = write!(html, "<div class=\"{class}\">{drawn}</div>");
        }
        let _ = write!(html, "<details><summary>{}</summary>", words::AS_TABLE);
        table(html, words::title(report), &heads, &panel.weeks);
        html.push_str("</details>");
        let missing = asked.saturating_sub(panel.weeks.len());
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
        for value in &week.numbers {
            let _ = match value {
                // The CSV has the number as programs read it.
                Some(value) => write!(html, "<td data-n=\"{value}\">{}</td>", words::number(*value)),
                None => write!(html, "<td class=\"none\">{}</td>", words::WITHHELD),
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
}

/// The first number of each week as bars; where it is withheld, a gap with that word.
fn chart(place: usize, panel: &Panel) -> Chart {
    let report = panel.report.as_str();
    let first = |week: &Told| week.numbers.first().copied().flatten();
    let spelt = |day: Option<Day>, spell: fn(Day) -> String| day.map_or_else(String::new, spell);
    let bar = |week: &Told| Bar {
        name: spelt(week.monday, words::day),
        short: spelt(week.monday, words::short_day),
        is_landmark: true,
        level: first(week).map_or(Level::Missing, Level::Complete),
    };
    let shown = panel.weeks.iter().filter_map(first).count();
    let sum = panel.weeks.iter().filter_map(first).sum();
    let beside = |(at, name): (usize, &String)| Beside {
        name: name.clone(),
        values: panel.weeks.iter().map(|week| week.numbers.get(at).copied().flatten()).collect(),
    };
    Chart {
        id: format!("c{place}"),
        title: words::title(report).to_owned(),
        unit: panel.measures.first().cloned().unwrap_or_default(),
        sentence: words::sentence(report, sum, shown, panel.weeks.len() - shown),
        bars: panel.weeks.iter().map(bar).collect(),
        beside: panel.measures.iter().enumerate().skip(1).map(beside).collect(),
        is_stacked: false,
        other: None,
        words: Words {
            bars: words::WEEK.to_owned(),
            state: String::new(),
            complete: String::new(),
            provisional: String::new(),
            missing: words::WITHHELD.to_owned(),
        },
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
