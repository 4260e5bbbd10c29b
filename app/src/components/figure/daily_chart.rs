//! Vertical bars per day, of minutes or of viewers. Both charts share one cursor, which selects the same day
//! in both.

use crate::components::figure::chart_cursor::ChartCursor;
use crate::components::figure::{Figure, Readout, observe_width};
use crate::words::figures as said;
use crate::{locale, words};
use ::figures::text::chart_text;
use ::figures::text::comparison as comparison_text;
use charts::layout::{ChartLayout, Size};
use charts::model::{Bar, Chart, DataPoint, Series};
use charts::svg;
use domain::time::monday;
use engine::measures::{Completeness, Measures, WatchTotals};
use leptos::html;
use leptos::prelude::*;

/// The height of the drawing in CSS pixels, reserved before there is anything to draw.
const HEIGHT: u32 = 240;

/// What is counted per day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DailyMetric {
    /// Minutes watched.
    Minutes,
    /// Distinct viewers.
    Viewers,
}

impl DailyMetric {
    fn id(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Viewers => "viewers",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Minutes => words::MINUTES_WATCHED,
            Self::Viewers => said::VIEWERS_PER_DAY,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Minutes => words::MINUTES,
            Self::Viewers => said::VIEWERS,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
    fn value(self, watched: WatchTotals) -> f64 {
        match self {
            Self::Minutes => watched.minutes(),
            Self::Viewers => watched.viewers as f64,
        }
    }

    fn counterpart(self) -> Self {
        match self {
            Self::Minutes => Self::Viewers,
            Self::Viewers => Self::Minutes,
        }
    }
}

/// The chart of `metric` per day; its table also has the other metric. `against` is the label of the
/// comparison.
#[must_use]
pub fn build_chart(measures: &Measures, metric: DailyMetric, against: &str) -> Chart {
    let bars = measures
        .days
        .iter()
        .map(|(day, known)| Bar {
            name: locale::format_full_day(*day),
            short: locale::format_short_day(*day),
            is_landmark: monday(*day) == *day,
            level: match known {
                Completeness::Missing => DataPoint::Missing,
                Completeness::Provisional(watched) => DataPoint::Provisional(metric.value(*watched)),
                Completeness::Complete(watched) => DataPoint::Complete(metric.value(*watched)),
            },
        })
        .collect();
    let other = metric.counterpart();
    let beside = measures.days.iter().map(|(_, known)| known.watched().map(|w| other.value(w))).collect();
    let over = |known: &Completeness| known.watched().map(|watched| metric.value(watched));
    let others = (!measures.others.is_empty())
        .then(|| Series { name: against.to_owned(), values: measures.others.iter().map(over).collect() });
    let shown = match metric {
        DailyMetric::Minutes => words::minutes_sentence(measures),
        DailyMetric::Viewers => said::viewers_sentence(measures),
    };
    Chart {
        id: metric.id().to_owned(),
        title: metric.title().to_owned(),
        unit: metric.unit().to_owned(),
        sentence: format!("{shown} {}", compare_days(measures, metric, against)).trim_end().to_owned(),
        bars,
        beside: vec![Series { name: other.unit().to_owned(), values: beside }],
        is_stacked: false,
        other: others,
        words: chart_text(words::DAY),
    }
}

/// The comparison in a sentence, over the days that are final on both sides.
fn compare_days(measures: &Measures, metric: DailyMetric, other: &str) -> String {
    let complete = |known: &Completeness| match known {
        Completeness::Complete(watched) => Some(metric.value(*watched)),
        Completeness::Missing | Completeness::Provisional(_) => None,
    };
    let days = measures.days.iter().zip(&measures.others);
    let pairs =
        comparison_text::ComparedSums::of(days.map(|((_, now), then)| (complete(now), complete(then))));
    let is_sum = metric == DailyMetric::Minutes;
    let comparison = comparison_text::ComparedUnit { unit: metric.unit(), place: "day", is_sum, other };
    comparison_text::comparison_sentence(pairs, comparison, &locale::format_number)
}

/// Bars per day.
#[component]
pub fn DailyChart(
    /// What is counted per day.
    metric: DailyMetric,
    /// The measures; `None` until they are loaded.
    measures: Memo<Option<Measures>>,
    /// The label of the view's time zone.
    zone: Memo<String>,
    /// The label of the comparison; empty without one.
    other: Memo<String>,
    /// The index of the day under the cursor.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let chart =
        Memo::new(move |_| measures.with(|m| m.as_ref().map(|m| build_chart(m, metric, &other.get()))));
    // Reads `measures` only, not the memo `chart`: `reactive_graph` does not run a view again that reads a
    // memo of `measures` first, if `measures` changes and the memo does not.
    let caveat = Signal::derive(move || {
        let of_count = if metric == DailyMetric::Minutes { words::MINUTE_IS } else { "" };
        let (hatched, lines) = measures.with(|m| {
            let hatched = if m.as_ref().is_some_and(|m| m.provisional() > 0) { words::HATCHED } else { "" };
            let others = m.as_ref().map(|m| &m.others).filter(|others| !others.is_empty());
            let is_any = |others: &Vec<_>| others.iter().any(|known| *known != Completeness::Missing);
            (hatched, others.map(|others| comparison_text::overlay_caveat(&other.get(), is_any(others))))
        });
        format!("{} {hatched} {of_count}", lines.unwrap_or_default()).trim().to_owned()
    });
    view! {
        <Figure id=metric.id() title=metric.title()
            unit=Signal::derive(move || format!("{} · {}", metric.unit(), words::days_in(&zone.get())))
            sentence=chart_sentence(chart) readout=bar_readout(chart, at) caveat
            table=Signal::derive(move || chart.with(|chart| chart.as_ref().map(Chart::table)))>
            <VerticalBars label=metric.title() chart at />
        </Figure>
    }
}

/// A chart's sentence; empty until the chart is loaded.
pub fn chart_sentence(chart: Memo<Option<Chart>>) -> Signal<String> {
    Signal::derive(move || chart.with(|c| c.as_ref().map(|c| c.sentence.clone()).unwrap_or_default()))
}

/// The read-out of the bar with the index `at`.
pub fn bar_readout(chart: Memo<Option<Chart>>, at: RwSignal<Option<usize>>) -> Signal<Option<Readout>> {
    Signal::derive(move || {
        let place = at.get()?;
        chart.with(|chart| {
            let chart = chart.as_ref()?;
            let bar = chart.bars.get(place)?;
            let beside = chart.beside.iter().filter_map(|beside| {
                let value = beside.values.get(place).copied().flatten()?;
                Some(format!("{} {}", locale::format_number(value), beside.name.to_lowercase()))
            });
            let state =
                matches!(bar.level, DataPoint::Provisional(_)).then(|| words::NOT_FINAL.to_lowercase());
            let other = chart
                .other(place)
                .map(|other| comparison_text::compared_value(&locale::format_number(other)));
            let rest: Vec<String> = other.into_iter().chain(beside).chain(state).collect();
            let text = said::told(bar.level.value(), &chart.unit, &rest);
            Some(Readout { name: bar.name.clone(), text })
        })
    })
}

/// The drawing of vertical bars, with its cursor.
#[component]
pub fn VerticalBars(
    /// The accessible name of the cursor.
    #[prop(into)]
    label: String,
    /// The chart; `None` until it is loaded.
    chart: Memo<Option<Chart>>,
    /// The index of the bar under the cursor.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = observe_width(place);
    let size = move || Size { width: width.get(), height: HEIGHT };
    let layout = Memo::new(move |_| {
        chart.with(|c| c.as_ref().map(|chart| ChartLayout::new(chart, size(), &locale::format_number)))
    });
    let drawing = Memo::new(move |_| {
        chart.with(|c| c.as_ref().map(|chart| svg::draw(chart, size(), &locale::format_number)))
    });
    let count = Signal::derive(move || chart.with(|chart| chart.as_ref().map_or(0, |c| c.bars.len())));
    let name = Signal::derive(move || {
        let bar = |chart: &Chart| Some(chart.bars.get(at.get()?)?.name.clone());
        chart.with(|chart| chart.as_ref().and_then(bar)).unwrap_or_default()
    });
    let spot = Signal::derive(move || {
        let place = at.get().filter(|place| *place < count.get())?;
        layout.with(|layout| {
            let layout = layout.as_ref()?;
            let (left, right) = layout.bands.edges(place);
            let top = layout.ticks.last().map_or(0, |tick| tick.y);
            Some((left, top, (right - left).max(1), layout.baseline - top))
        })
    });
    let find = Callback::new(move |(x, _)| {
        layout.with_untracked(|layout| layout.as_ref().and_then(|layout| layout.bands.band_at(x)))
    });
    view! {
        <div class="drawing upright" node_ref=place>
            <div inner_html=move || drawing.get().unwrap_or_default()></div>
            <ChartCursor label count at name spot find />
        </div>
    }
}
