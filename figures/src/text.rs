//! The texts of figures, in plain English. Those that the page needs, too, are in [`protocol::text`].
//!
//! - [`reports`], [`titles`]: reports; [`videoview`]: what only that report has.
//! - [`course`]: the page of a course; [`comparison`]: comparisons; [`share`]: share pages.
#![allow(missing_docs, reason = "a constant's text and name say what it is")]

pub mod comparison;
pub mod course;
pub mod reports;
pub mod share;
pub mod titles;
pub mod videoview;

use crate::locale::LocaleFormatter;
use charts::model::ChartText;
use domain::range::Range;
use protocol::text::{BREAK, NOT_FINAL, NOT_LOADED, STATE};

pub const FINAL: &str = "Final";
pub const HATCHED: &str =
    "Hatched days are not final yet: Echo360 completes a day two days after it is over.";

/// `Days in UTC+1 Berlin`.
#[must_use]
pub fn days_in(zone: &str) -> String {
    format!("Days in {zone}")
}

/// The most breaks that a caveat lists.
const MAX_BREAKS: usize = 4;

/// The days without classes of a chart: `Break, without classes: 12 – 18 October 2026.` Empty if there are none.
#[must_use]
pub fn breaks_caveat(locale: &dyn LocaleFormatter, breaks: &[Range]) -> String {
    if breaks.is_empty() {
        return String::new();
    }
    let days = breaks.iter().take(MAX_BREAKS).map(|days| match days.days() {
        1 => locale.format_day(days.from()),
        _ => locale.format_days(days.from(), days.to()),
    });
    let days: Vec<String> = days.collect();
    let more = breaks.len().saturating_sub(MAX_BREAKS) as u64;
    let more = if more > 0 { format!("; and {} more", locale.format_count(more)) } else { String::new() };
    format!("Break, without classes: {}{more}.", days.join("; "))
}

/// The texts of a chart; `bars` is the heading of the column of bar names, such as [`protocol::text::DAY`].
#[must_use]
pub fn chart_text(bars: &str) -> ChartText {
    ChartText {
        bars: bars.to_owned(),
        state: STATE.to_owned(),
        complete: FINAL.to_owned(),
        provisional: NOT_FINAL.to_owned(),
        missing: NOT_LOADED.to_owned(),
        // Nothing is withheld from people who sign in.
        withheld: String::new(),
        on_break: BREAK.to_owned(),
    }
}
