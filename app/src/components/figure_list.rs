//! The figures of a report, in their order, under the chips of the view's filters.

use crate::components::figure::export::ExportHeader;
use crate::components::figure_view::{DrawingKind, FigureView};
use crate::components::filter_chips::{self, FilterChips};
use crate::components::focus::focus;
use crate::context::AppContext;
use crate::words::figures as text;
use charts::sortable_table::RowAction;
use leptos::html;
use leptos::prelude::*;
use protocol::{Body, Figure, FilterKind};

/// Figures that are shown until somebody asks for more: a term has hundreds of polls, each with its own figure.
const INITIAL_COUNT: usize = 12;

/// What identifies a figure on the page. A figure with another title or another kind of drawing is another figure.
pub type FigureKey = (String, String, DrawingKind);

/// The keys of figures, in their order.
pub fn keys(figures: &[Figure]) -> impl Iterator<Item = FigureKey> {
    figures.iter().map(|figure| (figure.id.clone(), figure.title.clone(), DrawingKind::of(&figure.body)))
}

/// Draws the figure with this key, for as long as there is one.
pub fn render_figure(figures: Memo<Vec<Figure>>, (id, title, kind): FigureKey) -> impl IntoView {
    let figure = Memo::new(move |_| {
        let is_same = |figure: &&Figure| figure.id == id && figure.title == title;
        figures.with(|figures| figures.iter().find(is_same).cloned())
    });
    view! { <FigureView figure kind /> }
}

/// The filter chips and the figures.
#[component]
pub fn FigureList(
    /// The figures, in their order.
    figures: Memo<Vec<Figure>>,
    /// The label of the view's time zone.
    zone: Memo<String>,
    /// Whether the figures are about to change, since rows are still arriving.
    #[prop(into)]
    is_busy: Signal<bool>,
    /// Whether the figures are of other days than those chosen, whose request is looked up: they must not be saved.
    #[prop(into)]
    is_outdated: Signal<bool>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let data_worker = context.data_worker();
    let (answer, drawn) = (data_worker.answer(), data_worker.drawn());
    let name = Callback::new(move |choice| {
        figures.with(|figures| {
            answer.with(|answer| {
                filter_chips::choice_label(&choice, figures, &answer.student_name, &context.navigation.view())
            })
        })
    });
    provide_context(ExportHeader(Callback::new(move |()| {
        filter_chips::build_export_header(context, name, zone)
    })));
    let limit = RwSignal::new(INITIAL_COUNT);
    let place = NodeRef::<html::Div>::new();
    let shown = Memo::new(move |_| {
        let count = limit.get().min(drawn.get());
        figures.with(|figures| keys(figures).take(count).collect::<Vec<_>>())
    });
    let rest = move || {
        let count = figures.with(Vec::len);
        let show_all = move |_| {
            limit.set(usize::MAX);
            focus(place);
        };
        (count > limit.get()).then(|| {
            view! { <p><button type="button" on:click=show_all>{text::show_all_figures(count)}</button></p> }
        })
    };
    let hint = Signal::derive(move || figures.with(|figures| filter_hint(figures)));
    let counted = Memo::new(move |_| answer.with(|answer| answer.counted));
    let test_id = move || if counted.get().rows.is_some() { "minutes" } else { "told" };
    view! {
        <div class="figures" data-testid=test_id node_ref=place tabindex="-1" inert=move || is_outdated.get()
            data-rows=move || counted.get().rows.map(|rows| rows.to_string())
            data-complete=move || counted.get().rows.map(|_| counted.get().is_complete.to_string())
            aria-busy=move || is_busy.get().to_string()>
            <FilterChips name none=hint />
            <For each=move || shown.get() key=Clone::clone children=move |key| render_figure(figures, key) />
            {rest}
        </div>
    }
}

/// The hint where no filter is set: which marks set one.
fn filter_hint(figures: &[Figure]) -> &'static str {
    let has = |kind: FilterKind| {
        figures.iter().any(|figure| match &figure.body {
            Body::Ranking { filter, ids, .. } => *filter == kind && !ids.is_empty(),
            Body::SortableTable(table) => {
                kind == FilterKind::Deck
                    && table.row_action == RowAction::Filter
                    && table.rows.iter().any(|row| row.id.is_some())
            }
            _ => false,
        })
    };
    if figures.iter().any(|figure| matches!(&figure.body, Body::Ranking { filter: FilterKind::Video, .. })) {
        text::NO_FILTERS
    } else if has(FilterKind::Deck) {
        text::NO_DECKS_CHOSEN
    } else {
        text::NONE_CHOSEN
    }
}
