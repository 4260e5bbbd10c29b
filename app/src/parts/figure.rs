//! A chart with its title, its sentence, its caveat, and its table twin.

use crate::spelling;
use crate::words;
use charts::layout::Size;
use charts::model::{Bar, Beside, Chart, Level, Words};
use charts::svg;
use domain::time::monday;
use engine::measures::{Known, Measures};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// The height of a chart, reserved before there is anything to draw.
const HEIGHT: u32 = 240;
/// The width of a chart before it is known.
const WIDTH: u32 = 640;

/// The chart of minutes watched per day.
#[must_use]
pub fn minutes_chart(measures: &Measures) -> Chart {
    let bars = measures
        .days
        .iter()
        .map(|(day, known)| Bar {
            name: spelling::full_day(*day),
            short: spelling::short_day(*day),
            is_landmark: monday(*day) == *day,
            level: match known {
                Known::Missing => Level::Missing,
                Known::Provisional(watched) => Level::Provisional(watched.minutes()),
                Known::Complete(watched) => Level::Complete(watched.minutes()),
            },
        })
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
    let viewers = measures.days.iter().map(|(_, known)| known.watched().map(|w| w.viewers as f64)).collect();
    Chart {
        id: "minutes".to_owned(),
        title: words::MINUTES_WATCHED.to_owned(),
        unit: words::MINUTES.to_owned(),
        sentence: words::minutes_sentence(measures),
        bars,
        beside: vec![Beside { name: words::VIEWERS.to_owned(), values: viewers }],
        words: Words {
            bars: words::DAY.to_owned(),
            state: words::STATE.to_owned(),
            complete: words::FINAL.to_owned(),
            provisional: words::NOT_FINAL.to_owned(),
            missing: words::NOT_HERE.to_owned(),
        },
    }
}

/// Minutes watched per day.
#[component]
pub fn Minutes(
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
    /// The zone of the days, as it is said.
    zone: Memo<String>,
) -> impl IntoView {
    let chart = Memo::new(move |_| measures.with(|measures| measures.as_ref().map(minutes_chart)));
    let place = NodeRef::<html::Div>::new();
    let width = width_of(place);
    let drawing = Memo::new(move |_| {
        let size = Size { width: width.get(), height: HEIGHT };
        chart.with(|chart| chart.as_ref().map(|chart| svg::draw(chart, size, &spelling::number)))
    });
    let rows = move || measures.with(|m| m.as_ref().map_or(0, |m| m.total.rows)).to_string();
    let complete = move || measures.with(|m| m.as_ref().is_some_and(Measures::is_complete)).to_string();
    let is_hatched = Memo::new(move |_| {
        let provisional = |bar: &Bar| matches!(bar.level, Level::Provisional(_));
        chart.with(|chart| chart.as_ref().is_some_and(|chart| chart.bars.iter().any(provisional)))
    });
    view! {
        <section class="figure" data-testid="minutes" data-rows=rows data-complete=complete>
            <header>
                <h2>{words::MINUTES_WATCHED}</h2>
                <p class="quiet small">{move || words::days_in(&zone.get())}</p>
            </header>
            <p class="sentence">{move || chart.with(|c| c.as_ref().map(|c| c.sentence.clone()))}</p>
            <div class="drawing" node_ref=place inner_html=move || drawing.get().unwrap_or_default()></div>
            <p class="quiet small">
                {move || is_hatched.get().then_some(words::HATCHED)} " " {words::MINUTE_IS}
            </p>
            <details>
                <summary>{words::NUMBERS}</summary>
                {move || chart.with(|chart| chart.as_ref().map(|chart| view! { <Twin chart=chart.clone() /> }))}
            </details>
        </section>
    }
}

/// The same numbers as a table.
#[component]
fn Twin(chart: Chart) -> impl IntoView {
    let table = chart.table();
    let last = table.columns.len().saturating_sub(1);
    let columns = table
        .columns
        .into_iter()
        .enumerate()
        .map(|(place, name)| {
            let is_number = place > 0 && place < last;
            view! { <th scope="col" class:number=is_number>{name}</th> }
        })
        .collect_view();
    let rows = table
        .rows
        .into_iter()
        .map(|row| {
            let values = row
                .values
                .into_iter()
                .map(|value| view! { <td class="number">{value.map_or("–".to_owned(), spelling::number)}</td> })
                .collect_view();
            view! { <tr><th scope="row">{row.name}</th>{values}<td>{row.state}</td></tr> }
        })
        .collect_view();
    view! {
        <table>
            <caption>{chart.title}</caption>
            <thead><tr>{columns}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// The width of an element in CSS pixels, renewed when the window's changes.
fn width_of(place: NodeRef<html::Div>) -> Memo<u32> {
    let resized = RwSignal::new(());
    let hear = Closure::<dyn Fn()>::new(move || {
        resized.try_set(());
    });
    let _ = window().add_event_listener_with_callback("resize", hear.as_ref().unchecked_ref());
    let hear = StoredValue::new_local(hear);
    on_cleanup(move || {
        hear.with_value(|hear| {
            let _ = window().remove_event_listener_with_callback("resize", hear.as_ref().unchecked_ref());
        });
    });
    Memo::new(move |_| {
        resized.track();
        let width = place.get().and_then(|element| u32::try_from(element.client_width()).ok());
        width.filter(|width| *width > 0).unwrap_or(WIDTH)
    })
}
