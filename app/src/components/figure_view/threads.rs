//! Questions with their answers, one below the other.

use crate::components::focus::focus;
use crate::words::figures as text;
use charts::threads::{Post, Threads};
use leptos::html;
use leptos::prelude::*;

/// Threads that are shown until somebody asks for more.
const INITIAL_COUNT: usize = 20;

/// The threads.
#[component]
pub fn ThreadList(
    /// The threads; `None` until they are loaded.
    threads: Memo<Option<Threads>>,
) -> impl IntoView {
    let limit = RwSignal::new(INITIAL_COUNT);
    let place = NodeRef::<html::Div>::new();
    let items = move || {
        threads.with(|threads| {
            let shown = threads.iter().flat_map(|threads| &threads.threads).take(limit.get());
            let items = shown.map(|thread| {
                let answers = thread.answers.iter().map(|answer| view! { <li>{render_post(answer)}</li> });
                let answers = answers.collect_view();
                view! { <li class="thread">{render_post(&thread.question)}<ol class="replies">{answers}</ol></li> }
            });
            items.collect_view()
        })
    };
    let rest = move || {
        let count = threads.with(|threads| threads.as_ref().map_or(0, |it| it.threads.len()));
        let show_all = move |_| {
            limit.set(usize::MAX);
            focus(place);
        };
        (count > limit.get()).then(|| {
            view! { <p><button type="button" on:click=show_all>{text::show_all(count)}</button></p> }
        })
    };
    let left_out = move || {
        threads.with(|threads| {
            let threads = threads.as_ref()?;
            let shown = threads.threads.len() as u64;
            (threads.total > shown).then(|| text::first_of(shown, threads.total))
        })
    };
    view! {
        <div node_ref=place tabindex="-1"><ol class="threads">{items}</ol></div>
        {rest}
        <p class="quiet small">{left_out}</p>
    }
}

/// One question or answer.
fn render_post(post: &Post) -> impl IntoView + use<> {
    let facts = [&post.role, &post.when, &post.note];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).cloned().collect();
    let text = post.text.clone().map(|text| view! { <p class="said">{text}</p> });
    view! {
        <p class="quiet small" class:staff=post.is_staff>
            <strong>{post.who.clone()}</strong> " " {facts.join(" · ")}
        </p>
        {text}
    }
}
