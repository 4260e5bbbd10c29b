//! Draws one figure, whatever report it is about: its texts, and its chart or table.

pub mod long_table;
pub mod long_table_cell;
pub mod small_multiples;
pub mod sortable_table;
pub mod threads;
pub mod virtual_table;

use crate::components::figure::heatmap_cells::{HeatmapCells, cell_readout};
use crate::components::figure::horizontal_bars::{HorizontalBars, item_readout};
use crate::components::figure::long_table_exports::LongTableExports;
use crate::components::figure::vertical_bars::{VerticalBars, bar_readout};
use crate::components::figure::{ChartCursorGroup, FigureExports, FigureFrame, FigureTexts, Readout};
use charts::model::{Chart, Table};
use charts::ranking::Ranking;
use domain::view::Choice;
use leptos::prelude::*;
use long_table::LongTableView;
use protocol::{Body, Figure, RowList};
use small_multiples::SmallMultiplesView;
use sortable_table::SortableTableView;
use threads::ThreadList;

/// The kind of drawing of a figure, which decides the component that draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DrawingKind {
    /// Vertical bars.
    Bars,
    /// Horizontal bars.
    Ranking,
    /// Cells by weekday and hour.
    Heatmap,
    /// A table that is sorted by its headings.
    SortableTable,
    /// The answers to a poll, as horizontal bars.
    PollAnswers,
    /// Questions with their answers.
    Threads,
    /// Small charts on one time axis.
    SmallMultiples,
    /// Texts only.
    Text,
    /// A table whose rows are loaded as it is scrolled.
    LongTable,
}

impl DrawingKind {
    /// The kind of a body.
    #[must_use]
    pub fn of(body: &Body) -> Self {
        match body {
            Body::Bars(_) => Self::Bars,
            Body::Ranking { .. } => Self::Ranking,
            Body::Heatmap(_) => Self::Heatmap,
            Body::SortableTable(_) => Self::SortableTable,
            Body::PollAnswers(_) => Self::PollAnswers,
            Body::Threads(_) => Self::Threads,
            Body::SmallMultiples(_) => Self::SmallMultiples,
            Body::Text => Self::Text,
            Body::LongTable(_) => Self::LongTable,
        }
    }
}

/// One figure. Its component is kept while the figure changes, so that the focus and opened tables are kept.
#[component]
pub fn FigureView(
    /// The figure; `None` once there is none any more.
    figure: Memo<Option<Figure>>,
    /// What it is drawn as.
    kind: DrawingKind,
) -> impl IntoView {
    let text = move |part: fn(&Figure) -> &String| {
        Signal::derive(move || figure.with(|f| f.as_ref().map(|f| part(f).clone()).unwrap_or_default()))
    };
    let (id, title) = figure.with_untracked(|figure| {
        figure.as_ref().map(|figure| (figure.id.clone(), figure.title.clone())).unwrap_or_default()
    });
    let texts = FigureTexts {
        id: id.clone(),
        title: title.clone(),
        unit: text(|f| &f.unit),
        sentence: text(|f| &f.sentence),
        caveat: text(|f| &f.caveat),
    };
    let numbers = Signal::derive(move || figure.with(|figure| figure.as_ref().and_then(Figure::table)));
    let at = RwSignal::new(None);
    match kind {
        DrawingKind::Bars => {
            let chart = body_memo(figure, |body| match body {
                Body::Bars(chart) => Some(chart.clone()),
                _ => None,
            });
            // Charts of one number per day share a cursor: pointing at a day reads it out in each of them.
            let is_per_day = chart.with_untracked(|chart| {
                let is_it = |chart: &Chart| chart.words.bars == protocol::text::DAY && !chart.is_stacked;
                chart.as_ref().is_some_and(is_it)
            });
            let shared = use_context::<ChartCursorGroup>().filter(|_| is_per_day);
            let at = shared.map_or(at, |group| group.0);
            let drawing = view! { <VerticalBars label=title chart at /> }.into_any();
            render_chart(texts, numbers, bar_readout(chart, at), drawing)
        }
        DrawingKind::Heatmap => {
            let chart = body_memo(figure, |body| match body {
                Body::Heatmap(heatmap) => Some(heatmap.clone()),
                _ => None,
            });
            let drawing = view! { <HeatmapCells label=title chart at /> }.into_any();
            render_chart(texts, numbers, cell_readout(chart, at), drawing)
        }
        DrawingKind::Ranking | DrawingKind::PollAnswers => {
            let ranking = Memo::new(move |_| figure.with(|figure| ranking_of(figure.as_ref()?)));
            let choices = Memo::new(move |_| figure.with(|figure| choices_of(figure.as_ref())));
            let drawing = view! { <HorizontalBars id chart=ranking choices at /> }.into_any();
            render_chart(texts, numbers, item_readout(ranking, at), drawing)
        }
        DrawingKind::SmallMultiples => {
            let panels = body_memo(figure, |body| match body {
                Body::SmallMultiples(panels) => Some(panels.clone()),
                _ => None,
            });
            let readout = Signal::derive(move || small_multiples::step_readout(panels, at));
            let drawing = view! { <SmallMultiplesView label=title panels at /> }.into_any();
            render_chart(texts, numbers, readout, drawing)
        }
        DrawingKind::SortableTable => {
            let table = body_memo(figure, |body| match body {
                Body::SortableTable(table) => Some(table.clone()),
                _ => None,
            });
            let drawing = view! { <SortableTableView title table /> }.into_any();
            render_sheet(texts, FigureExports::Table(table), drawing)
        }
        DrawingKind::Threads => {
            let threads = body_memo(figure, |body| match body {
                Body::Threads(threads) => Some(threads.clone()),
                _ => None,
            });
            let drawing = view! { <ThreadList threads /> }.into_any();
            render_sheet(texts, FigureExports::Text, drawing)
        }
        DrawingKind::Text => render_sheet(texts, FigureExports::Text, ().into_any()),
        DrawingKind::LongTable => {
            let table = body_memo(figure, |body| match body {
                Body::LongTable(table) => Some(table.clone()),
                _ => None,
            });
            let list = table.with_untracked(|table| table.as_ref().map_or(RowList::Rows, |table| table.list));
            let exports = LongTableExports { list, table, printed_rows: RwSignal::new(None) };
            let drawing = view! { <LongTableView title exports /> }.into_any();
            render_sheet(texts, FigureExports::LongTable(exports), drawing)
        }
    }
}

/// A figure with a chart.
fn render_chart(
    texts: FigureTexts,
    numbers: Signal<Option<Table>>,
    readout: Signal<Option<Readout>>,
    drawing: AnyView,
) -> AnyView {
    view! { <FigureFrame texts exports=FigureExports::Chart(numbers) readout>{drawing}</FigureFrame> }
        .into_any()
}

/// A figure without a chart: it has no read-out.
fn render_sheet(texts: FigureTexts, exports: FigureExports, contents: AnyView) -> AnyView {
    view! { <FigureFrame texts exports>{contents}</FigureFrame> }.into_any()
}

/// The body of a figure, as a memo.
fn body_memo<T: Clone + PartialEq + Send + Sync + 'static>(
    figure: Memo<Option<Figure>>,
    find: fn(&Body) -> Option<T>,
) -> Memo<Option<T>> {
    Memo::new(move |_| figure.with(|figure| figure.as_ref().and_then(|figure| find(&figure.body))))
}

/// The horizontal bars of a figure.
fn ranking_of(figure: &Figure) -> Option<Ranking> {
    match &figure.body {
        Body::Ranking { ranking, .. } => Some(ranking.clone()),
        Body::PollAnswers(answers) => Some(answers.ranking(&figure.id, &figure.title, &figure.sentence)),
        _ => None,
    }
}

/// By bar, the filter that a click on it toggles.
fn choices_of(figure: Option<&Figure>) -> Vec<Option<Choice>> {
    match figure.map(|figure| &figure.body) {
        Some(Body::Ranking { filter, ids, .. }) => ids.iter().map(|id| filter.choice(id)).collect(),
        _ => Vec::new(),
    }
}
