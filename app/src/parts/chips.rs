//! What is filtered by, as chips that take a filter away.

use crate::page::Ground;
use crate::words::figures as said;
use domain::view::Choice;
use engine::measures::{Item, Items, Measures};
use leptos::prelude::*;

/// What a choice is called: by the measures, which name whatever is filtered by; else by its id.
#[must_use]
pub fn name(choice: &Choice, measures: Option<&Measures>) -> String {
    let find = |items: fn(&Measures) -> &Items, id: &str, name: fn(&Item) -> String| {
        let items = measures.map(items);
        let item = items.and_then(|items| items.named.iter().find(|i| i.id.eq_ignore_ascii_case(id)));
        item.map(name)
    };
    match choice {
        Choice::Role(role) => said::role(*role).to_owned(),
        Choice::Section(id) => find(|m| &m.sections, id.as_str(), said::section)
            .unwrap_or_else(|| format!("{} {}", said::SECTION, said::beginning(id.as_str()))),
        Choice::Video(id) => find(|m| &m.videos, id.as_str(), said::video)
            .unwrap_or_else(|| format!("{} {}", said::VIDEO, said::beginning(id.as_str()))),
        Choice::Deck(id) => format!("{} {}", said::DECK, said::beginning(id.as_str())),
    }
}

/// The chips. Their line is kept free when there are none: nothing jumps when the first comes.
#[component]
pub fn Chips(
    /// The numbers, once there are any.
    measures: Memo<Option<Measures>>,
) -> impl IntoView {
    let address = expect_context::<Ground>().address;
    let choices = Memo::new(move |_| address.view().choices());
    let chips = move || {
        let chips = choices.get().into_iter().map(|choice| {
            let name = measures.with(|measures| name(&choice, measures.as_ref()));
            let label = said::remove(&name);
            let take = move |_| address.go(address.view().toggled(&choice));
            view! {
                <li>
                    <button type="button" class="chip" aria-label=label on:click=take>
                        {name} <span aria-hidden="true">"✕"</span>
                    </button>
                </li>
            }
        });
        chips.collect_view()
    };
    view! {
        <section class="chips" aria-label=said::FILTERS data-testid="filters">
            <Show when=move || choices.with(|choices| !choices.is_empty())
                fallback=|| view! { <p class="quiet small">{said::NO_FILTERS}</p> }>
                <ul>{chips}</ul>
                <button type="button" class="plain" on:click=move |_| address.go(address.view().unfiltered())>
                    {said::CLEAR_FILTERS}
                </button>
            </Show>
        </section>
    }
}
