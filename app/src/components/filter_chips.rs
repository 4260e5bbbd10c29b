//! The view's filters as chips; each chip removes its filter. Also the header of exports, which lists them.

use crate::context::AppContext;
use crate::words::figures as text;
use crate::{locale, words};
use charts::sortable_table::Cell;
use domain::report::Shape;
use domain::time::SECOND;
use domain::view::{Choice, View};
use leptos::prelude::*;
use protocol::{Body, Figure};

/// The label of a filter. Videos, sections and decks have the names that `figures` give them, a student that of
/// `student_name`; whatever has no name is labeled with the beginning of its id.
#[must_use]
pub fn choice_label(choice: &Choice, figures: &[Figure], student_name: &str, view: &View) -> String {
    let named = |kind: &str, id: &str| {
        find_name(figures, id).unwrap_or_else(|| format!("{kind} {}", text::beginning(id)))
    };
    match choice {
        Choice::Role(role) => protocol::text::role(*role).to_owned(),
        Choice::Section(id) => named(text::SECTION, id.as_str()),
        Choice::Video(id) => named(text::VIDEO, id.as_str()),
        Choice::Deck(id) => named(text::DECK, id.as_str()),
        Choice::Student(_) if view.names_hidden => text::ONE_STUDENT.to_owned(),
        Choice::Student(id) if student_name.is_empty() => {
            format!("{} {}", text::STUDENT, text::beginning(id.as_str()))
        }
        Choice::Student(_) => format!("{}: {student_name}", text::STUDENT),
    }
}

/// The name of the item with this id in the figures.
fn find_name(figures: &[Figure], id: &str) -> Option<String> {
    figures.iter().find_map(|figure| match &figure.body {
        Body::Ranking { ranking, ids, .. } => {
            let index = ids.iter().position(|item| item == id)?;
            Some(ranking.items.get(index)?.name.clone())
        }
        Body::SortableTable(table) => {
            let row = table.rows.iter().find(|row| row.id.as_deref() == Some(id))?;
            match row.cells.first() {
                Some(Cell::Text(name)) => Some(name.clone()),
                _ => None,
            }
        }
        _ => None,
    })
}

/// The header of an export: report, days, zone, filters (labeled by `name`), time of the export.
#[must_use]
pub fn build_export_header(
    context: AppContext,
    name: Callback<Choice, String>,
    zone: Memo<String>,
) -> [String; 5] {
    let view = context.navigation.view();
    let names: Vec<String> = untrack(|| view.choices().into_iter().map(|choice| name.run(choice)).collect());
    let is_snapshot = context.report(view.report_name()).is_some_and(|info| info.shape == Shape::Snapshot);
    // The URL of a snapshot report may still have a range, which does not apply to it.
    let days = view.range.filter(|_| !is_snapshot);
    let now = context.clock.now();
    let offset = context.zone(&view).offset_at(now);
    [
        context.report_title(view.report_name()),
        days.map_or_else(|| words::ALL_TIME.to_owned(), locale::format_range),
        zone.get_untracked(),
        if names.is_empty() { text::NONE.to_owned() } else { names.join("; ") },
        locale::format_date_time(now.plus(i64::from(offset) * SECOND)),
    ]
}

/// The chips. Without filters their line shows a hint, so that the layout does not jump when the first is
/// added.
#[component]
pub fn FilterChips(
    /// The label of a filter.
    name: Callback<Choice, String>,
    /// The hint shown without filters.
    #[prop(into)]
    none: Signal<&'static str>,
) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let choices = Memo::new(move |_| navigation.view().choices());
    let chips = move || {
        let chips = choices.get().into_iter().map(|choice| {
            let name = name.run(choice.clone());
            let label = text::remove(&name);
            let remove = move |_| navigation.navigate(navigation.view().toggled(&choice));
            view! {
                <li>
                    <button type="button" class="chip" aria-label=label on:click=remove>
                        {name} <span aria-hidden="true">"✕"</span>
                    </button>
                </li>
            }
        });
        chips.collect_view()
    };
    view! {
        <section class="chips" aria-label=text::FILTERS data-testid="filters">
            <Show when=move || choices.with(|choices| !choices.is_empty())
                fallback=move || view! { <p class="quiet small">{none}</p> }>
                <ul>{chips}</ul>
                <button type="button" class="plain" on:click=move |_| navigation.navigate(navigation.view().without_filters())>
                    {text::CLEAR_FILTERS}
                </button>
            </Show>
        </section>
    }
}
