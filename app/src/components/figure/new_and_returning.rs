//! New and returning viewers: vertical bars per day or week. New viewers, whose first row within the range
//! falls on that day or week, are filled; returning viewers are stacked on them, hollow.

use crate::components::figure::Figure;
use crate::components::figure::daily_chart::{VerticalBars, bar_readout, chart_sentence};
use crate::words::figures as said;
use crate::{locale, words};
use ::figures::text::chart_text;
use charts::model::{Bar, Chart, DataPoint, Series};
use domain::time::{Day, monday};
use engine::measures::{Arrivals, Completeness, Measures};
use leptos::prelude::*;

/// The chart of new viewers, with returning viewers stacked on them.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
pub fn build_chart(measures: &Measures) -> Chart {
    let days: Vec<Day> = measures.days.iter().map(|(day, _)| *day).collect();
    let step = measures.students.step_days.max(1);
    let steps = days.chunks(step).filter_map(|days| Some((*days.first()?, *days.last()?)));
    let bars = steps
        .zip(&measures.arrivals)
        .map(|((first, last), Arrivals { known, new })| Bar {
            name: if step == 1 { locale::format_full_day(first) } else { locale::format_days(first, last) },
            short: locale::format_short_day(first),
            is_landmark: step == 1 && monday(first) == first,
            level: match known {
                Completeness::Missing => DataPoint::Missing,
                Completeness::Provisional(_) => DataPoint::Provisional(*new as f64),
                Completeness::Complete(_) => DataPoint::Complete(*new as f64),
            },
        })
        .collect();
    let returning = measures.arrivals.iter().map(|step| step.returning().map(|count| count as f64)).collect();
    Chart {
        id: "arrivals".to_owned(),
        title: said::ARRIVALS.to_owned(),
        unit: said::NEW_VIEWERS.to_owned(),
        sentence: said::arrivals_sentence(measures),
        bars,
        beside: vec![Series { name: said::RETURNING_VIEWERS.to_owned(), values: returning }],
        is_stacked: true,
        other: None,
        words: chart_text(if step == 1 { words::DAY } else { words::DAYS }),
    }
}

/// The figure: new and returning viewers.
#[component]
pub fn NewAndReturning(
    /// The measures; `None` until they are loaded.
    measures: Memo<Option<Measures>>,
    /// The label of the view's time zone.
    zone: Memo<String>,
) -> impl IntoView {
    let chart = Memo::new(move |_| measures.with(|measures| measures.as_ref().map(build_chart)));
    let at = RwSignal::new(None);
    let caveat = Signal::derive(move || {
        let coverage = measures.with(|m| m.as_ref().and_then(said::coverage)).unwrap_or_default();
        format!("{coverage} {}", said::ARRIVALS_CAVEAT).trim().to_owned()
    });
    view! {
        <Figure id="arrivals" title=said::ARRIVALS
            unit=Signal::derive(move || format!("{} · {}", said::NEW_AND_HOLLOW, words::days_in(&zone.get())))
            sentence=chart_sentence(chart) readout=bar_readout(chart, at) caveat
            table=Signal::derive(move || chart.with(|chart| chart.as_ref().map(Chart::table)))>
            <VerticalBars label=said::ARRIVALS chart at />
        </Figure>
    }
}
