//! What surrounds every chart: title, sentence, read-out, caveat, the numbers as a table, and a menu of actions.

pub mod chart_cursor;
pub mod export;
pub mod figure_menu;
pub mod heatmap_cells;
pub mod horizontal_bars;
pub mod vertical_bars;

use crate::components::figure::export::ExportHeader;
use crate::components::figure::figure_menu::FigureMenu;
use crate::words::figures as text;
use crate::{locale, words};
use charts::model::Table;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::ResizeObserver;

/// The width of a chart until it is measured, in CSS pixels.
const WIDTH: u32 = 640;

/// The read-out of one mark. In two parts, so that a long name never hides the number after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readout {
    /// The mark's name.
    pub name: String,
    /// Its number, and further details.
    pub text: String,
}

/// The mark under the cursor that several charts share: the same day in each of them.
#[derive(Debug, Clone, Copy)]
pub struct ChartCursorGroup(pub RwSignal<Option<usize>>);

/// The parts of a figure around its chart. The read-out has its own line, reserved while no mark is selected,
/// so that nothing covers the data and nothing moves.
#[component]
pub fn FigureFrame(
    /// The element's id in the document.
    #[prop(into)]
    id: String,
    /// What the figure shows.
    #[prop(into)]
    title: String,
    /// The unit, and the days or their zone.
    #[prop(into)]
    unit: Signal<String>,
    /// The main finding, in a sentence.
    #[prop(into)]
    sentence: Signal<String>,
    /// The mark under the pointer or selected by keyboard; `None` if there is none.
    #[prop(into)]
    readout: Signal<Option<Readout>>,
    /// What limits the numbers; may be empty.
    #[prop(into)]
    caveat: Signal<String>,
    /// Its numbers as a table; `None` until they are loaded.
    #[prop(into)]
    numbers: Signal<Option<Table>>,
    /// The chart.
    children: Children,
) -> impl IntoView {
    let place = NodeRef::<html::Section>::new();
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let is_open = RwSignal::new(false);
    let about = expect_context::<ExportHeader>();
    let name = StoredValue::new(title.clone());
    let act = move |act: fn(&web_sys::Element, &[(String, String)], &str)| {
        move |_| {
            if let Some(figure) = place.get_untracked() {
                name.with_value(|name| act(&figure, &about.lines(name), name));
            }
        }
    };
    let csv = move |_| {
        if let Some(table) = numbers.get_untracked() {
            name.with_value(|name| export::save_csv(&table, &about.lines(name), name));
        }
    };
    view! {
        <section class="figure" node_ref=place id=id aria-labelledby=labelled_by>
            <header>
                <h2 id=heading>{title.clone()}</h2>
                <p class="quiet small">{unit}</p>
                <FigureMenu title>
                    <button type="button" on:click=act(export::save_svg)>{text::SAVE_SVG}</button>
                    <button type="button" on:click=act(export::save_png)>{text::SAVE_PNG}</button>
                    <button type="button" on:click=csv>{text::SAVE_CSV}</button>
                    <button type="button" on:click=act(|figure, _, _| export::print(figure, || {}))>{text::PRINT}</button>
                </FigureMenu>
            </header>
            <p class="sentence">{sentence}</p>
            <p class="reading" aria-live="polite" data-testid="reading">
                {move || match readout.get() {
                    None => view! { <span>{text::READ_OUT}</span> }.into_any(),
                    Some(Readout { name, text }) => view! {
                        <span class="reading-name">{name}</span>
                        <span class="reading-mark">": "</span>
                        <span class="reading-told">{text}</span>
                    }
                    .into_any(),
                }}
            </p>
            {children()}
            <p class="caveat quiet small">{caveat}</p>
            <details class="numbers" on:toggle=move |_| is_open.set(true)>
                <summary>{words::NUMBERS}</summary>
                <Show when=move || is_open.get()>
                    {move || numbers.get().map(|table| view! { <NumbersTable title=name.get_value() table /> })}
                </Show>
            </details>
        </section>
    }
}

/// The figure's numbers as a table.
#[component]
fn NumbersTable(title: String, table: Table) -> impl IntoView {
    let has_state = table.rows.first().is_some_and(|row| row.state.is_some());
    let number_columns = 1..table.columns.len().saturating_sub(usize::from(has_state));
    let columns = table
        .columns
        .into_iter()
        .enumerate()
        .map(|(place, name)| view! { <th scope="col" class:number=number_columns.contains(&place)>{name}</th> })
        .collect_view();
    let rows = table
        .rows
        .into_iter()
        .map(|row| {
            let values = row
                .values
                .into_iter()
                .map(|value| view! { <td class="number">{value.map_or("–".to_owned(), locale::format_number)}</td> })
                .collect_view();
            let state = row.state.map(|state| view! { <td>{state}</td> });
            view! { <tr><th scope="row">{row.name}</th>{values}{state}</tr> }
        })
        .collect_view();
    let label = text::numbers_of(&title);
    // `tabindex` makes a table that is wider than the page scrollable by keyboard.
    view! {
        <div class="twin" tabindex="0" role="region" aria-label=label>
            <table>
                <caption>{title}</caption>
                <thead><tr>{columns}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// The width of an element in CSS pixels, as a signal. An element that is not in the document yet has no
/// width, so a chart that measured it only once would keep the default.
pub fn observe_width(place: NodeRef<html::Div>) -> Signal<u32> {
    let width = RwSignal::new(WIDTH);
    let measure = Closure::<dyn Fn()>::new(move || {
        let element = place.try_get_untracked().flatten();
        let now = element.and_then(|element| u32::try_from(element.client_width()).ok());
        if let Some(now) = now.filter(|now| *now > 0 && width.try_get_untracked() != Some(*now)) {
            width.try_set(now);
        }
    });
    let observer = ResizeObserver::new(measure.as_ref().unchecked_ref()).ok();
    let observer = StoredValue::new_local((observer, measure));
    Effect::new(move |_| {
        if let Some(element) = place.get() {
            observer.with_value(|(observer, _)| observer.as_ref().inspect(|o| o.observe(&element)).is_some());
        }
    });
    on_cleanup(move || {
        observer.try_with_value(|(observer, _)| observer.as_ref().inspect(|o| o.disconnect()).is_some());
    });
    width.into()
}
