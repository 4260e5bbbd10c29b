//! Horizontal bars of videos, sections and roles. Each is a button that filters all other figures.

use crate::components::figure::{Figure, Readout, observe_width};
use crate::context::AppContext;
use crate::words::figures as said;
use crate::{locale, words};
use charts::ranking::{Item, Ranking};
use domain::ids::{MediaId, SectionId};
use domain::view::{Choice, View};
use engine::measures::{self, Items, Measures};
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// What the bars stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankingSubject {
    /// Videos, with the average share of their length that viewers watched.
    Videos,
    /// Sections.
    Sections,
    /// Roles.
    Roles,
}

/// A bar, with the filter that a click on it toggles.
#[derive(Debug, Clone, PartialEq)]
struct RankedBar {
    item: Item,
    /// `None` if the bar's subject has no id that can appear in a URL.
    choice: Option<Choice>,
}

impl RankingSubject {
    fn id(self) -> &'static str {
        match self {
            Self::Videos => "videos",
            Self::Sections => "sections",
            Self::Roles => "roles",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Videos => said::BY_VIDEO,
            Self::Sections => said::BY_SECTION,
            Self::Roles => said::BY_ROLE,
        }
    }

    fn head(self) -> &'static str {
        match self {
            Self::Videos => said::VIDEO,
            Self::Sections => said::SECTION,
            Self::Roles => said::ROLE,
        }
    }

    fn beside(self) -> Vec<String> {
        let share = (self == Self::Videos).then_some(said::OF_LENGTH);
        [said::VIEWERS].into_iter().chain(share).map(str::to_owned).collect()
    }

    fn sentence(self, measures: &Measures) -> String {
        match self {
            Self::Videos => said::videos_sentence(measures),
            Self::Sections => said::sections_sentence(measures),
            Self::Roles => said::roles_sentence(measures),
        }
    }

    /// The caveat: what the bars leave out, and what they do not mean. Items beyond the longest bars are a
    /// number in the text, since one bar for all of them would dwarf the rest.
    fn caveat(self, measures: &Measures) -> String {
        let others = |items: &Items| {
            let is_any = items.others > 0;
            is_any.then(|| said::others(items.others, self.head(), items.other_rows))
        };
        let parts = match self {
            Self::Videos => [others(&measures.videos), Some(said::LENGTH_CAVEAT.to_owned())],
            Self::Sections => [others(&measures.sections), None],
            Self::Roles => [None, None],
        };
        let parts: Vec<String> = [said::coverage(measures)].into_iter().chain(parts).flatten().collect();
        parts.join(" ")
    }

    /// The bars, in display order.
    fn marks(self, measures: &Measures, view: &View) -> Vec<RankedBar> {
        let any = match self {
            Self::Videos => !view.videos.is_empty(),
            Self::Sections => !view.sections.is_empty(),
            Self::Roles => !view.roles.is_empty(),
        };
        let mark = |name: String, value: f64, beside: Vec<Option<f64>>, choice: Option<Choice>| {
            let is_chosen = choice.as_ref().is_some_and(|choice| view.contains(choice));
            RankedBar { item: Item { name, value, beside, is_left_out: any && !is_chosen }, choice }
        };
        #[expect(clippy::cast_precision_loss, reason = "viewers are far below 2^53")]
        let viewers = |viewers: u64| Some(viewers as f64);
        let named =
            |items: &Items, name: fn(&measures::Item) -> String, choice: fn(&str) -> Option<Choice>| {
                let marks = items.named.iter().map(|item| {
                    let share = item.share_of_length().map(|share| (share * 100.0).round());
                    let share = (self == Self::Videos).then_some(share);
                    let beside = [viewers(item.watched.viewers)].into_iter().chain(share).collect();
                    mark(name(item), item.watched.minutes(), beside, choice(&item.id))
                });
                marks.collect()
            };
        match self {
            Self::Videos => named(&measures.videos, said::video, |id| MediaId::parse(id).map(Choice::Video)),
            Self::Sections => {
                named(&measures.sections, said::section, |id| SectionId::parse(id).map(Choice::Section))
            }
            Self::Roles => measures
                .roles
                .iter()
                .map(|(role, watched)| {
                    let beside = vec![viewers(watched.viewers)];
                    mark(said::role(*role).to_owned(), watched.minutes(), beside, Some(Choice::Role(*role)))
                })
                .collect(),
        }
    }
}

/// The figure with horizontal bars.
#[component]
pub fn RankingChart(
    /// What the bars stand for.
    subject: RankingSubject,
    /// The measures; `None` until they are loaded.
    measures: Memo<Option<Measures>>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let marks: Memo<Vec<RankedBar>> = Memo::new(move |_| {
        measures.with(|m| m.as_ref().map(|m| subject.marks(m, &navigation.view())).unwrap_or_default())
    });
    let sentence = Memo::new(move |_| {
        measures.with(|measures| measures.as_ref().map(|m| subject.sentence(m)).unwrap_or_default())
    });
    let chart = Memo::new(move |_| Ranking {
        id: subject.id().to_owned(),
        title: subject.title().to_owned(),
        unit: words::MINUTES.to_owned(),
        sentence: sentence.get(),
        head: subject.head().to_owned(),
        beside: subject.beside(),
        items: marks.with(|marks| marks.iter().map(|mark| mark.item.clone()).collect()),
    });
    let at = RwSignal::new(None::<usize>);
    let readout = Signal::derive(move || {
        let place = at.get()?;
        marks.with(|marks| {
            let item = &marks.get(place)?.item;
            let rest: Vec<String> = item
                .beside
                .iter()
                .zip(subject.beside())
                .filter_map(|(value, name)| {
                    let value = (*value)?;
                    Some(match name == said::OF_LENGTH {
                        true => said::of_length(value),
                        false => format!("{} {}", locale::format_number(value), name.to_lowercase()),
                    })
                })
                .collect();
            let text = said::told(Some(item.drawn()), words::MINUTES, &rest);
            Some(Readout { name: item.name.clone(), text })
        })
    });
    let caveat = Signal::derive(move || {
        measures.with(|measures| measures.as_ref().map(|m| subject.caveat(m)).unwrap_or_default())
    });
    let choices = Memo::new(move |_| marks.with(|m| m.iter().map(|mark| mark.choice.clone()).collect()));
    view! {
        <Figure id=subject.id() title=subject.title() unit=words::MINUTES.to_owned()
            sentence readout caveat
            table=Signal::derive(move || measures.with(Option::is_some).then(|| chart.with(Ranking::table)))>
            <HorizontalBars id=subject.id() chart choices at />
        </Figure>
    }
}

/// The drawing of horizontal bars, with a button over each.
#[component]
pub fn HorizontalBars(
    /// The value of `data-of`, by which style sheets find the drawing.
    #[prop(into)]
    id: String,
    /// The chart.
    chart: Memo<Ranking>,
    /// The filter that a click on each bar toggles; `None` if it has none.
    choices: Memo<Vec<Option<Choice>>>,
    /// The index of the bar under the pointer or with the focus.
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let width = observe_width(place);
    let drawing = Memo::new(move |_| chart.with(|chart| chart.draw(width.get(), &locale::format_number)));
    let count = Memo::new(move |_| chart.with(|chart| chart.items.len()));
    let title = move || chart.with(|chart| chart.title.clone());
    view! {
        <div class="drawing ranking" data-of=id>
            <div class="bars" node_ref=place>
                <div inner_html=drawing></div>
                <div class="rows" role="toolbar" aria-orientation="vertical" aria-label=title
                    on:keydown=move |event| move_focus(&event, at, count.get_untracked())>
                    <For each=move || 0..count.get() key=|place| *place let:place>
                        <Bar place chart choices at />
                    </For>
                </div>
            </div>
        </div>
    }
}

/// The button over one bar. The element is kept when its bar changes, so that it keeps the focus.
#[component]
fn Bar(
    place: usize,
    chart: Memo<Ranking>,
    choices: Memo<Vec<Option<Choice>>>,
    at: RwSignal<Option<usize>>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let choice = Memo::new(move |_| choices.with(|choices| choices.get(place).cloned().flatten()));
    let name = move || chart.with(|chart| chart.items.get(place).map(|item| item.name.clone()));
    let is_chosen =
        move || choice.get().map(|choice| if navigation.view().contains(&choice) { "true" } else { "false" });
    let choose = move |_| {
        if let Some(choice) = choice.get_untracked() {
            navigation.navigate(navigation.view().toggled(&choice));
        }
    };
    // There may be fewer bars now than when `at` was set.
    let last = move || chart.with(|chart| chart.items.len().saturating_sub(1));
    let tab = move || if at.get().unwrap_or(0).min(last()) == place { "0" } else { "-1" };
    view! {
        <button type="button" class="row" tabindex=tab aria-pressed=is_chosen
            aria-disabled=move || choice.with(Option::is_none).then_some("true")
            on:click=choose
            on:focus=move |_| at.set(Some(place))
            on:pointerenter=move |_| at.set(Some(place))>
            <span class="unseen">{name}</span>
        </button>
    }
}

/// Moves the focus between the bars with arrow keys, Home and End: all bars are one tab stop.
fn move_focus(event: &KeyboardEvent, at: RwSignal<Option<usize>>, count: usize) {
    let Some(last) = count.checked_sub(1) else { return };
    let here = at.get_untracked().unwrap_or(0).min(last);
    let there = match event.key().as_str() {
        "ArrowDown" | "ArrowRight" => (here + 1).min(last),
        "ArrowUp" | "ArrowLeft" => here.saturating_sub(1),
        "Home" => 0,
        "End" => last,
        _ => return,
    };
    event.prevent_default();
    let rows = event.current_target().and_then(|rows| rows.dyn_into::<web_sys::Element>().ok());
    let button = rows.and_then(|rows| {
        let there = u32::try_from(there).ok()?;
        rows.query_selector_all("button").ok()?.item(there)?.dyn_into::<HtmlElement>().ok()
    });
    if let Some(button) = button {
        let _ = button.focus();
    }
}
