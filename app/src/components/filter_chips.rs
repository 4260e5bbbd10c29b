//! What is filtered by, as chips that take a filter away.

use crate::context::AppContext;
use crate::words::figures as said;
use crate::{locale, words};
use domain::report::Shape;
use domain::time::SECOND;
use domain::view::{Choice, View};
use engine::measures::{Item, Items, Measures};
use leptos::prelude::*;

/// What a choice is called: by the measures, which name whatever is filtered by, and a student by `student`; else by its
/// id.
#[must_use]
pub fn choice_label(choice: &Choice, measures: Option<&Measures>, student: &str, view: &View) -> String {
    let find = |items: fn(&Measures) -> &Items, id: &str, name: fn(&Item) -> String| {
        let items = measures.map(items);
        let item = items.and_then(|items| items.named.iter().find(|i| i.id == id));
        item.map(name)
    };
    match choice {
        Choice::Role(role) => said::role(*role).to_owned(),
        Choice::Section(id) => find(|m| &m.sections, id.as_str(), said::section)
            .unwrap_or_else(|| format!("{} {}", said::SECTION, said::beginning(id.as_str()))),
        Choice::Video(id) => find(|m| &m.videos, id.as_str(), said::video)
            .unwrap_or_else(|| format!("{} {}", said::VIDEO, said::beginning(id.as_str()))),
        Choice::Deck(id) => format!("{} {}", said::DECK, said::beginning(id.as_str())),
        Choice::Student(_) if view.names_hidden => said::ONE_STUDENT.to_owned(),
        Choice::Student(id) if student.is_empty() => {
            format!("{} {}", said::STUDENT, said::beginning(id.as_str()))
        }
        Choice::Student(_) => format!("{}: {student}", said::STUDENT),
    }
}

/// The header of an export: report, days, zone, filters by `name`, moment.
#[must_use]
pub fn build_export_header(
    context: AppContext,
    name: Callback<Choice, String>,
    zone: Memo<String>,
) -> [String; 5] {
    let view = context.navigation.view();
    let names: Vec<String> = untrack(|| view.choices().into_iter().map(|choice| name.run(choice)).collect());
    let is_snapshot = context.report(view.report_name()).is_some_and(|info| info.shape == Shape::Snapshot);
    // A range may stand in the link of a report that has no days: it says nothing of its numbers.
    let days = view.range.filter(|_| !is_snapshot);
    let now = context.clock.now();
    let offset = context.zone(&view).offset_at(now);
    [
        context.report_title(view.report_name()),
        days.map_or_else(|| words::ALL_TIME.to_owned(), locale::format_range),
        zone.get_untracked(),
        if names.is_empty() { said::NONE.to_owned() } else { names.join("; ") },
        locale::format_date_time(now.plus(i64::from(offset) * SECOND)),
    ]
}

/// The chips. Their line is kept free when there are none: nothing jumps when the first comes.
#[component]
pub fn FilterChips(
    /// What a choice is called.
    name: Callback<Choice, String>,
    /// What is said while nothing is filtered by.
    #[prop(into)]
    none: Signal<&'static str>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let choices = Memo::new(move |_| navigation.view().choices());
    let chips = move || {
        let chips = choices.get().into_iter().map(|choice| {
            let name = name.run(choice.clone());
            let label = said::remove(&name);
            let take = move |_| navigation.navigate(navigation.view().toggled(&choice));
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
                fallback=move || view! { <p class="quiet small">{none}</p> }>
                <ul>{chips}</ul>
                <button type="button" class="plain" on:click=move |_| navigation.navigate(navigation.view().without_filters())>
                    {said::CLEAR_FILTERS}
                </button>
            </Show>
        </section>
    }
}
