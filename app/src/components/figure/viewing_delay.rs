//! How many days after their first view videos are watched: vertical bars, one for each span of days.

use crate::components::figure::Figure;
use crate::components::figure::daily_chart::{VerticalBars, bar_readout, chart_sentence};
use crate::words;
use crate::words::figures as said;
use ::figures::text::chart_text;
use charts::model::{Bar, Chart, ChartText, DataPoint};
use engine::measures::{self, DELAY_STARTS, Measures};
use leptos::prelude::*;

/// The chart. A span of days that begins after the range's length is missing, not zero: it cannot be known.
#[must_use]
pub fn build_chart(measures: &Measures) -> Chart {
    let ends = DELAY_STARTS.iter().skip(1).map(|next| Some(*next)).chain([None]);
    let bars = DELAY_STARTS
        .iter()
        .zip(ends)
        .zip(measures.by_delay)
        .map(|((begin, end), rows)| Bar {
            name: said::days_after(*begin, end),
            short: said::span(*begin, end),
            is_landmark: true,
            level: match (measures.days.len() > *begin, measures.is_complete()) {
                (false, _) => DataPoint::Missing,
                (true, _) if measures.missing() == measures.days.len() => DataPoint::Missing,
                (true, true) => DataPoint::Complete(measures::minutes(rows)),
                (true, false) => DataPoint::Provisional(measures::minutes(rows)),
            },
        })
        .collect();
    Chart {
        id: "after".to_owned(),
        title: said::AFTER.to_owned(),
        unit: words::MINUTES.to_owned(),
        sentence: said::after_sentence(measures),
        bars,
        beside: Vec::new(),
        is_stacked: false,
        other: None,
        words: ChartText { missing: said::NO_DATA.to_owned(), ..chart_text(said::DAYS_AFTER) },
    }
}

/// The figure: minutes by days after a video first appeared.
#[component]
pub fn ViewingDelay(
    /// The measures; `None` until they are loaded.
    measures: Memo<Option<Measures>>,
) -> impl IntoView {
    let chart = Memo::new(move |_| measures.with(|measures| measures.as_ref().map(build_chart)));
    let at = RwSignal::new(None);
    let caveat = Signal::derive(move || {
        let coverage = measures.with(|m| m.as_ref().and_then(said::coverage)).unwrap_or_default();
        format!("{coverage} {}", said::AFTER_CAVEAT).trim().to_owned()
    });
    view! {
        <Figure id="after" title=said::AFTER
            unit=format!("{} · {}", words::MINUTES, said::DAYS_AFTER)
            sentence=chart_sentence(chart) readout=bar_readout(chart, at) caveat
            table=Signal::derive(move || chart.with(|chart| chart.as_ref().map(Chart::table)))>
            <VerticalBars label=said::AFTER chart at />
        </Figure>
    }
}
