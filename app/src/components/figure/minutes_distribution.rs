//! The distribution of minutes over students: upright bars, one for each span of minutes.

use crate::components::figure::Figure;
use crate::components::figure::daily_chart::{VerticalBars, bar_readout, chart_sentence};
use crate::words;
use crate::words::figures as said;
use ::figures::text::chart_text;
use charts::model::{Bar, Chart, DataPoint};
use engine::measures::Measures;
use leptos::prelude::*;

/// The chart. Without students it has no bars.
#[must_use]
pub fn build_chart(measures: &Measures) -> Chart {
    let students = &measures.students;
    #[expect(clippy::cast_precision_loss, reason = "students are far below 2^53")]
    let bars = (0u64..)
        .zip(&students.bins)
        .map(|(place, count)| Bar {
            name: format!("{} {}", said::bin(place, students.bin_minutes), words::MINUTES.to_lowercase()),
            short: said::bin(place, students.bin_minutes),
            is_landmark: true,
            level: match measures.is_complete() {
                true => DataPoint::Complete(*count as f64),
                false => DataPoint::Provisional(*count as f64),
            },
        })
        .collect();
    Chart {
        id: "spread".to_owned(),
        title: said::SPREAD.to_owned(),
        unit: said::STUDENTS_UNIT.to_owned(),
        sentence: said::spread_sentence(measures),
        bars,
        beside: Vec::new(),
        is_stacked: false,
        other: None,
        words: chart_text(said::MINUTES_EACH),
    }
}

/// How many students watched how much.
#[component]
pub fn MinutesDistribution(
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
) -> impl IntoView {
    let chart = Memo::new(move |_| measures.with(|measures| measures.as_ref().map(build_chart)));
    let at = RwSignal::new(None);
    let caveat = Signal::derive(move || {
        let coverage = measures.with(|m| m.as_ref().and_then(said::coverage)).unwrap_or_default();
        format!("{coverage} {}", said::STUDENTS_CAVEAT).trim().to_owned()
    });
    view! {
        <Figure id="spread" title=said::SPREAD
            unit=format!("{} · {}", said::STUDENTS_UNIT, said::MINUTES_EACH.to_lowercase())
            sentence=chart_sentence(chart) readout=bar_readout(chart, at) caveat
            table=Signal::derive(move || chart.with(|chart| chart.as_ref().map(Chart::table)))>
            <VerticalBars label=said::SPREAD chart at />
        </Figure>
    }
}
