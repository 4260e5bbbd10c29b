//! The figures of any report as its thread tells them: words, bars, tables. No report is known here.

pub mod sheet;
pub mod sorted;
pub mod stacked;
pub mod threads;

use crate::components::figure::daily_chart::{VerticalBars, bar_readout as read_bar};
use crate::components::figure::export::ExportHeader;
use crate::components::figure::hour_heatmap::{HeatmapCells, cell_readout as read_cell};
use crate::components::figure::ranking::HorizontalBars;
use crate::components::figure::{Figure, Readout};
use crate::components::filter_chips::{self, FilterChips};
use crate::context::AppContext;
use crate::words::figures as said;
use crate::{locale, teller};
use charts::model::Table;
use charts::ranking::Ranking;
use charts::sortable_table::{Cell, RowAction, SortableTable};
use domain::view::Choice;
use leptos::html;
use leptos::prelude::*;
use protocol::{Body, FilterKind};
use sheet::Sheet;
use sorted::Sorted;
use stacked::Stacked;
use threads::Talk;

/// What kind of drawing a figure has: decides which part shows it, as long as it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Upright bars.
    Bars,
    /// Lying bars.
    Ranking,
    /// HeatmapCells.
    Heatmap,
    /// A table.
    SortableTable,
    /// A poll.
    PollAnswers,
    /// Questions.
    Threads,
    /// Small charts on one axis.
    SmallMultiples,
    /// Words alone.
    Text,
}

impl Kind {
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
        }
    }
}

/// Figures that are shown before somebody wants more: a term has hundreds of polls, each with a figure of its own.
const AT_FIRST: usize = 12;

/// All figures of a report.
#[component]
pub fn Told(
    /// The figures, in their order.
    figures: Memo<Vec<protocol::Figure>>,
    /// The zone of the days, as it is said.
    zone: Memo<String>,
    /// Whether they are about to change.
    #[prop(into)]
    is_busy: Signal<bool>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let name = Callback::new(move |choice: Choice| {
        let of_student = |told: &teller::Told| {
            filter_chips::choice_label(&choice, None, &told.student, &context.navigation.view())
        };
        figures
            .with(|figures| name_of(figures, &choice))
            .unwrap_or_else(|| context.teller().told().with(of_student))
    });
    provide_context(ExportHeader(Callback::new(move |()| {
        filter_chips::build_export_header(context, name, zone)
    })));
    let most = RwSignal::new(AT_FIRST);
    let place = NodeRef::<html::Div>::new();
    let keys = Memo::new(move |_| {
        // The title, too: a figure that is called otherwise is another one.
        let key =
            |figure: &protocol::Figure| (figure.id.clone(), figure.title.clone(), Kind::of(&figure.body));
        figures.with(|figures| figures.iter().take(most.get()).map(key).collect::<Vec<_>>())
    });
    let rest = move || {
        let count = figures.with(Vec::len);
        let more = move |_| {
            most.set(usize::MAX);
            focus(place);
        };
        (count > most.get()).then(|| {
            view! { <p><button type="button" on:click=more>{said::show_all_figures(count)}</button></p> }
        })
    };
    let none = Signal::derive(move || match figures.with(|figures| figures.iter().any(has_decks)) {
        true => said::NO_DECKS_CHOSEN,
        false => said::NONE_CHOSEN,
    });
    let one = move |(id, title, kind): (String, String, Kind)| {
        let figure = Memo::new(move |_| {
            let is_it = |figure: &&protocol::Figure| figure.id == id && figure.title == title;
            figures.with(|figures| figures.iter().find(is_it).cloned())
        });
        view! { <One figure kind /> }
    };
    view! {
        <div class="figures" data-testid="told" node_ref=place tabindex="-1" aria-busy=move || is_busy.get().to_string()>
            <FilterChips name none />
            <For each=move || keys.get() key=Clone::clone children=one />
            {rest}
        </div>
    }
}

/// Whether one of its rows can be chosen.
fn has_decks(figure: &protocol::Figure) -> bool {
    match &figure.body {
        Body::Ranking { filter, ids, .. } => *filter == FilterKind::Deck && !ids.is_empty(),
        Body::SortableTable(listing) => {
            listing.row_action == RowAction::Filter && listing.rows.iter().any(|row| row.id.is_some())
        }
        _ => false,
    }
}

/// Takes the focus to what a button showed more of: the button itself is gone, and the focus would be lost.
fn focus(place: NodeRef<html::Div>) {
    if let Some(place) = place.get_untracked() {
        let _ = place.focus();
    }
}

/// What a chosen deck or section is called in the figures.
fn name_of(figures: &[protocol::Figure], choice: &Choice) -> Option<String> {
    let chosen = match choice {
        Choice::Deck(id) => id.as_str(),
        Choice::Section(id) => id.as_str(),
        _ => return None,
    };
    let is_it = |id: &str| id == chosen;
    figures.iter().find_map(|figure| match &figure.body {
        Body::Ranking { ranking, ids, .. } => {
            let place = ids.iter().position(|id| is_it(id))?;
            Some(ranking.items.get(place)?.name.clone())
        }
        Body::SortableTable(listing) => {
            let row = listing.rows.iter().find(|row| row.id.as_deref().is_some_and(is_it))?;
            match row.cells.first() {
                Some(Cell::Text(name)) => Some(name.clone()),
                _ => None,
            }
        }
        _ => None,
    })
}

/// One figure, by its kind.
#[component]
pub fn One(
    /// The figure, as long as it is told.
    figure: Memo<Option<protocol::Figure>>,
    /// What it is drawn as.
    kind: Kind,
) -> impl IntoView {
    let text = move |part: fn(&protocol::Figure) -> &String| {
        Signal::derive(move || figure.with(|f| f.as_ref().map(|f| part(f).clone()).unwrap_or_default()))
    };
    let (id, title) = figure.with_untracked(|figure| {
        figure.as_ref().map(|figure| (figure.id.clone(), figure.title.clone())).unwrap_or_default()
    });
    let (unit, sentence, caveat) = (text(|f| &f.unit), text(|f| &f.sentence), text(|f| &f.caveat));
    let table: Signal<Option<Table>> =
        Signal::derive(move || figure.with(|figure| figure.as_ref().and_then(protocol::Figure::table)));
    let at = RwSignal::new(None);
    match kind {
        Kind::Bars => {
            let chart = Memo::new(move |_| {
                figure.with(|figure| match figure.as_ref().map(|figure| &figure.body) {
                    Some(Body::Bars(chart)) => Some(chart.clone()),
                    _ => None,
                })
            });
            view! {
                <Figure id title=title.clone() unit sentence readout=read_bar(chart, at) caveat table>
                    <VerticalBars label=title chart at />
                </Figure>
            }
            .into_any()
        }
        Kind::Heatmap => {
            let chart = Memo::new(move |_| {
                figure.with(|figure| match figure.as_ref().map(|figure| &figure.body) {
                    Some(Body::Heatmap(heat)) => Some(heat.clone()),
                    _ => None,
                })
            });
            view! {
                <Figure id title=title.clone() unit sentence readout=read_cell(chart, at) caveat table>
                    <HeatmapCells label=title chart at />
                </Figure>
            }
            .into_any()
        }
        Kind::Ranking | Kind::PollAnswers => {
            let chart = Memo::new(move |_| figure.with(|figure| figure.as_ref().and_then(lying)));
            let ranking = Memo::new(move |_| chart.get().unwrap_or_else(nothing));
            let choices = Memo::new(move |_| {
                figure.with(|figure| match figure.as_ref().map(|figure| &figure.body) {
                    Some(Body::Ranking { filter, ids, .. }) => {
                        ids.iter().map(|id| filter.choice(id)).collect()
                    }
                    _ => Vec::new(),
                })
            });
            let readout = Signal::derive(move || ranking.with(|ranking| read_item(ranking, at.get()?)));
            view! {
                <Figure id=id.clone() title unit sentence readout caveat table>
                    <HorizontalBars id chart=ranking choices at />
                </Figure>
            }
            .into_any()
        }
        Kind::SortableTable => {
            let listing = Memo::new(move |_| {
                figure.with(|figure| match figure.as_ref().map(|figure| &figure.body) {
                    Some(Body::SortableTable(listing)) => listing.clone(),
                    _ => SortableTable {
                        columns: Vec::new(),
                        spark: None,
                        rows: Vec::new(),
                        total: 0,
                        row_action: RowAction::Filter,
                        flag: None,
                    },
                })
            });
            let cells = Callback::new(move |()| listing.with_untracked(sorted::as_text));
            view! {
                <Sheet id title=title.clone() unit sentence caveat cells=Some(cells)>
                    <Sorted title listing />
                </Sheet>
            }
            .into_any()
        }
        Kind::SmallMultiples => {
            let strips = Memo::new(move |_| {
                figure.with(|figure| match figure.as_ref().map(|figure| &figure.body) {
                    Some(Body::SmallMultiples(strips)) => Some(strips.clone()),
                    _ => None,
                })
            });
            let readout = Signal::derive(move || stacked::readout(strips, at));
            view! {
                <Figure id title=title.clone() unit sentence readout caveat table>
                    <Stacked label=title strips at />
                </Figure>
            }
            .into_any()
        }
        Kind::Threads => {
            let talk = Memo::new(move |_| {
                figure.with(|figure| match figure.as_ref().map(|figure| &figure.body) {
                    Some(Body::Threads(threads)) => Some(threads.clone()),
                    _ => None,
                })
            });
            view! { <Sheet id title unit sentence caveat cells=None><Talk talk /></Sheet> }.into_any()
        }
        Kind::Text => view! { <Sheet id title unit sentence caveat cells=None /> }.into_any(),
    }
}

/// The lying bars of a figure.
fn lying(figure: &protocol::Figure) -> Option<Ranking> {
    match &figure.body {
        Body::Ranking { ranking, .. } => Some(ranking.clone()),
        Body::PollAnswers(answers) => Some(answers.ranking(&figure.id, &figure.title, &figure.sentence)),
        _ => None,
    }
}

fn nothing() -> Ranking {
    Ranking {
        id: String::new(),
        title: String::new(),
        unit: String::new(),
        sentence: String::new(),
        head: String::new(),
        beside: Vec::new(),
        items: Vec::new(),
    }
}

/// The read-out of a lying bar.
fn read_item(ranking: &Ranking, place: usize) -> Option<Readout> {
    let item = ranking.items.get(place)?;
    let beside = item.beside.iter().zip(&ranking.beside);
    let rest: Vec<String> = beside
        .filter_map(|(value, name)| {
            Some(format!("{} {}", locale::format_number((*value)?), name.to_lowercase()))
        })
        .collect();
    Some(Readout { name: item.name.clone(), text: said::told(Some(item.drawn()), &ranking.unit, &rest) })
}
