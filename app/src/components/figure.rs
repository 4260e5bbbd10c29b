//! What surrounds every figure: title, sentence, read-out, caveat, the numbers as a table, and a menu of actions.
//!
//! [`export`], [`spreadsheet`], [`numbers_table`] and the items of [`figure_menu`] are loaded when they are first opened.

pub mod chart_cursor;
pub mod export;
pub mod figure_menu;
pub mod heatmap_cells;
pub mod horizontal_bars;
pub mod long_table_exports;
pub mod numbers_table;
pub mod spreadsheet;
pub mod vertical_bars;

use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::words;
use crate::words::figures as text;
use charts::model::Table;
use charts::sortable_table::SortableTable;
use figure_menu::FigureMenu;
use leptos::html;
use leptos::prelude::*;
use long_table_exports::LongTableExports;
use numbers_table::FigureNumbers;
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

/// The texts of a figure.
#[derive(Debug, Clone)]
pub struct FigureTexts {
    /// The element's id in the document.
    pub id: String,
    /// What the figure shows.
    pub title: String,
    /// The unit, and the days or their zone.
    pub unit: Signal<String>,
    /// The main finding, in a sentence.
    pub sentence: Signal<String>,
    /// What limits the numbers; may be empty.
    pub caveat: Signal<String>,
}

/// The parts of a figure that can be saved. Every figure can be printed.
#[derive(Debug, Clone, Copy)]
pub enum FigureExports {
    /// The drawing of a chart, and its numbers, which are also a table below it.
    Chart(Signal<Option<Table>>),
    /// The cells of a table.
    Table(Memo<Option<SortableTable>>),
    /// The rows of a long table, which are requested for the purpose.
    LongTable(LongTableExports),
    /// Nothing.
    Text,
}

/// What surrounds every figure: its texts, its menu, and the numbers of a chart as a table. The read-out of a chart has a
/// line of its own, reserved while no mark is selected, so that nothing covers the data and nothing moves.
#[component]
pub fn FigureFrame(
    /// The texts.
    texts: FigureTexts,
    /// What can be saved.
    exports: FigureExports,
    /// The mark under the pointer or selected by keyboard, for a chart.
    #[prop(optional)]
    readout: Option<Signal<Option<Readout>>>,
    /// The chart or table.
    children: Children,
) -> impl IntoView {
    let FigureTexts { id, title, unit, sentence, caveat } = texts;
    let figure = NodeRef::<html::Section>::new();
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let stored_title = StoredValue::new(title.clone());
    let is_sheet = matches!(exports, FigureExports::Table(_) | FigureExports::Text);
    let reading = readout.map(|readout| {
        let text = move || match readout.get() {
            None => view! { <span>{text::READ_OUT}</span> }.into_any(),
            Some(Readout { name, text }) => view! {
                <span class="reading-name">{name}</span>
                <span class="reading-mark">": "</span>
                <span class="reading-told">{text}</span>
            }
            .into_any(),
        };
        view! { <p class="reading" aria-live="polite" data-testid="reading">{text}</p> }
    });
    let numbers = match exports {
        FigureExports::Chart(numbers) => {
            Some(view! { <Numbers numbers=FigureNumbers { title: stored_title, numbers } /> })
        }
        FigureExports::Table(_) | FigureExports::LongTable(_) | FigureExports::Text => None,
    };
    view! {
        <section class="figure" class:sheet=is_sheet node_ref=figure id=id aria-labelledby=labelled_by>
            <header>
                <h2 id=heading>{title}</h2>
                <p class="quiet small">{unit}</p>
                <FigureMenu figure title=stored_title exports />
            </header>
            <p class="sentence">{sentence}</p>
            {reading}
            {children()}
            <p class="caveat quiet small">{caveat}</p>
            {numbers}
        </section>
    }
}

/// The numbers of a chart, as a table that is created when it is first opened.
#[component]
fn Numbers(numbers: FigureNumbers) -> impl IntoView {
    let table = expect_context::<AppContext>().components.numbers_table;
    let is_open = RwSignal::new(false);
    view! {
        <details class="numbers" on:toggle=move |_| is_open.set(true)>
            <summary>{words::NUMBERS}</summary>
            <Show when=move || is_open.get()>{render_lazy(table, numbers, Placeholder::Line)}</Show>
        </details>
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
