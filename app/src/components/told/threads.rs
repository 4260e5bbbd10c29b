//! Questions with their answers, one below the other.

use super::focus;
use crate::words::figures as said;
use charts::threads::{Post, Threads};
use leptos::html;
use leptos::prelude::*;

/// Threads that are shown before somebody wants more.
const AT_FIRST: usize = 20;

/// The threads.
#[component]
pub fn Talk(
    /// What was asked and answered.
    talk: Memo<Option<Threads>>,
) -> impl IntoView {
    let most = RwSignal::new(AT_FIRST);
    let place = NodeRef::<html::Div>::new();
    let threads = move || {
        talk.with(|talk| {
            let threads = talk.iter().flat_map(|talk| &talk.threads).take(most.get());
            let thread = threads.map(|thread| {
                let answers = thread.answers.iter().map(|answer| view! { <li>{one(answer)}</li> });
                let answers = answers.collect_view();
                view! { <li class="thread">{one(&thread.question)}<ol class="replies">{answers}</ol></li> }
            });
            thread.collect_view()
        })
    };
    let rest = move || {
        let count = talk.with(|talk| talk.as_ref().map_or(0, |talk| talk.threads.len()));
        let more = move |_| {
            most.set(usize::MAX);
            focus(place);
        };
        (count > most.get()).then(|| {
            view! { <p><button type="button" on:click=more>{said::show_all(count)}</button></p> }
        })
    };
    let left_out = move || {
        talk.with(|talk| {
            let talk = talk.as_ref()?;
            let here = talk.threads.len() as u64;
            (talk.total > here).then(|| said::first_of(here, talk.total))
        })
    };
    view! {
        <div node_ref=place tabindex="-1"><ol class="threads">{threads}</ol></div>
        {rest}
        <p class="quiet small">{left_out}</p>
    }
}

fn one(said: &Post) -> impl IntoView + use<> {
    let facts = [&said.role, &said.when, &said.note];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).cloned().collect();
    let text = said.text.clone().map(|text| view! { <p class="said">{text}</p> });
    view! {
        <p class="quiet small" class:staff=said.is_staff>
            <strong>{said.who.clone()}</strong> " " {facts.join(" · ")}
        </p>
        {text}
    }
}
