//! Upright bars per day, of minutes or of viewers, read by one cursor: the same day in both.

use crate::parts::figure::reader::Reader;
use crate::parts::figure::{Figure, Reading, width_of};
use crate::words::against;
use crate::words::figures as said;
use crate::{spelling, words};
use charts::layout::{ChartLayout, Size};
use charts::model::{Bar, Chart, ChartText, DataPoint, Series};
use charts::svg;
use domain::time::monday;
use engine::measures::{Completeness, Measures, WatchTotals};
use leptos::html;
use leptos::prelude::*;

/// The height of the drawing, reserved before there is anything to draw.
const HEIGHT: u32 = 240;

/// What is counted per day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Minutes watched.
    Minutes,
    /// Distinct viewers.
    Viewers,
}

impl Counted {
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
    fn of(self, watched: WatchTotals) -> f64 {
        match self {
            Self::Minutes => watched.minutes(),
            Self::Viewers => watched.viewers as f64,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Minutes => Self::Viewers,
            Self::Viewers => Self::Minutes,
        }
    }
}

/// The chart of `counted` per day; the other count stands beside it in the table. `against` is what it is held against,
/// as it is called.
#[must_use]
pub fn chart(measures: &Measures, counted: Counted, against: &str) -> Chart {
    let bars = measures
        .days
        .iter()
        .map(|(day, known)| Bar {
            name: spelling::full_day(*day),
            short: spelling::short_day(*day),
            is_landmark: monday(*day) == *day,
            level: match known {
                Completeness::Missing => DataPoint::Missing,
                Completeness::Provisional(watched) => DataPoint::Provisional(counted.of(*watched)),
                Completeness::Complete(watched) => DataPoint::Complete(counted.of(*watched)),
            },
        })
        .collect();
    let other = counted.other();
    let beside = measures.days.iter().map(|(_, known)| known.watched().map(|w| other.of(w))).collect();
    let over = |known: &Completeness| known.watched().map(|watched| counted.of(watched));
    let others = (!measures.others.is_empty())
        .then(|| Series { name: against.to_owned(), values: measures.others.iter().map(over).collect() });
    let shown = match counted {
        Counted::Minutes => words::minutes_sentence(measures),
        Counted::Viewers => said::viewers_sentence(measures),
    };
    Chart {
        id: counted.id().to_owned(),
        title: counted.title().to_owned(),
        unit: counted.unit().to_owned(),
        sentence: format!("{shown} {}", compared(measures, counted, against)).trim_end().to_owned(),
        bars,
        beside: vec![Series { name: other.unit().to_owned(), values: beside }],
        is_stacked: false,
        other: others,
        words: words_of(words::DAY),
    }
}

/// The words of a chart whose bars are called so.
#[must_use]
pub fn words_of(bars: &str) -> ChartText {
    ChartText {
        bars: bars.to_owned(),
        state: words::STATE.to_owned(),
        complete: words::FINAL.to_owned(),
        provisional: words::NOT_FINAL.to_owned(),
        missing: words::NOT_HERE.to_owned(),
        // To whoever may sign in everything is told.
        withheld: String::new(),
    }
}

/// What the days come to against the others: those alone that are final in both.
fn compared(measures: &Measures, counted: Counted, other: &str) -> String {
    let complete = |known: &Completeness| match known {
        Completeness::Complete(watched) => Some(counted.of(*watched)),
        Completeness::Missing | Completeness::Provisional(_) => None,
    };
    let days = measures.days.iter().zip(&measures.others);
    let pairs = against::Pairs::of(days.map(|((_, now), then)| (complete(now), complete(then))));
    let is_sum = counted == Counted::Minutes;
    let told = against::Told { unit: counted.unit(), place: "day", is_sum, other };
    against::sentence(pairs, told, &spelling::number)
}

/// Bars per day.
#[component]
pub fn Days(
    /// What is counted.
    counted: Counted,
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
    /// The zone of the days, as it is said.
    zone: Memo<String>,
    /// What they are held against, as it is called.
    other: Memo<String>,
    /// The day that is read.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let chart = Memo::new(move |_| measures.with(|m| m.as_ref().map(|m| chart(m, counted, &other.get()))));
    // From the numbers alone: what reads a memo of them first, and then them, is not told when they change and it does not.
    let caveat = Signal::derive(move || {
        let of_count = if counted == Counted::Minutes { words::MINUTE_IS } else { "" };
        let (hatched, lines) = measures.with(|m| {
            let hatched = if m.as_ref().is_some_and(|m| m.provisional() > 0) { words::HATCHED } else { "" };
            let others = m.as_ref().map(|m| &m.others).filter(|others| !others.is_empty());
            let is_any = |others: &Vec<_>| others.iter().any(|known| *known != Completeness::Missing);
            (hatched, others.map(|others| against::lines(&other.get(), is_any(others))))
        });
        format!("{} {hatched} {of_count}", lines.unwrap_or_default()).trim().to_owned()
    });
    view! {
        <Figure id=counted.id() title=counted.title()
            unit=Signal::derive(move || format!("{} · {}", counted.unit(), words::days_in(&zone.get())))
            sentence=sentence(chart) reading=reading(chart, at) caveat
            table=Signal::derive(move || chart.with(|chart| chart.as_ref().map(Chart::table)))>
            <Upright label=counted.title() chart at />
        </Figure>
    }
}

/// A chart's sentence; empty before there is one.
pub fn sentence(chart: Memo<Option<Chart>>) -> Signal<String> {
    Signal::derive(move || chart.with(|c| c.as_ref().map(|c| c.sentence.clone()).unwrap_or_default()))
}

/// The read-out of the bar `at`.
pub fn reading(chart: Memo<Option<Chart>>, at: RwSignal<Option<usize>>) -> Signal<Option<Reading>> {
    Signal::derive(move || {
        let place = at.get()?;
        chart.with(|chart| {
            let chart = chart.as_ref()?;
            let bar = chart.bars.get(place)?;
            let beside = chart.beside.iter().filter_map(|beside| {
                let value = beside.values.get(place).copied().flatten()?;
                Some(format!("{} {}", spelling::number(value), beside.name.to_lowercase()))
            });
            let state =
                matches!(bar.level, DataPoint::Provisional(_)).then(|| words::NOT_FINAL.to_lowercase());
            let other = chart.other(place).map(|other| against::against(&spelling::number(other)));
            let rest: Vec<String> = other.into_iter().chain(beside).chain(state).collect();
            let told = said::told(bar.level.value(), &chart.unit, &rest);
            Some(Reading { name: bar.name.clone(), told })
        })
    })
}

/// The drawing of upright bars, with what reads it out.
#[component]
pub fn Upright(
    /// What is read.
    #[prop(into)]
    label: String,
    /// The chart, once there is one.
    chart: Memo<Option<Chart>>,
    /// The bar that is read.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = width_of(place);
    let size = move || Size { width: width.get(), height: HEIGHT };
    let layout = Memo::new(move |_| {
        chart.with(|c| c.as_ref().map(|chart| ChartLayout::new(chart, size(), &spelling::number)))
    });
    let drawing = Memo::new(move |_| {
        chart.with(|c| c.as_ref().map(|chart| svg::draw(chart, size(), &spelling::number)))
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
            <Reader label count at name spot find />
        </div>
    }
}
