//! One cell for each window, oldest first: its state by shape and by word.

use crate::clock::Clock;
use crate::components::state_icon::StateIcon;
use crate::words;
use domain::api::{WindowInfo, WindowStatus};
use leptos::prelude::*;

/// The cells of some windows, and what their shapes mean.
#[component]
pub fn WindowCells(
    /// Oldest first.
    #[prop(into)]
    windows: Signal<Vec<WindowInfo>>,
    /// For ages.
    clock: Clock,
) -> impl IntoView {
    let ids = move || windows.with(|all| all.iter().map(|window| window.id.clone()).collect::<Vec<_>>());
    let cell = move |id: String| {
        let wanted = id.clone();
        let window = Memo::new(move |_| windows.with(|all| all.iter().find(|w| w.id == wanted).cloned()));
        let text = move || {
            window.get().map(|window| {
                format!(
                    "{}: {}",
                    words::window_days(&window),
                    words::window_state(&window, clock.now(), None)
                )
            })
        };
        let shape = Memo::new(move |_| {
            window.with(|w| w.as_ref().map(|w| (w.state, w.again.is_some_and(WindowStatus::is_under_way))))
        });
        view! {
            <li data-window=id title=text data-state=move || shape.get().map(|(state, _)| words::state_key(state))>
                {move || shape.get().map(|(state, is_renewed)| view! { <StateIcon state is_renewed /> })}
                <span class="unseen">{text}</span>
            </li>
        }
    };
    let kinds = Memo::new(move |_| {
        windows.with(|all| {
            let count = |state| (state, all.iter().filter(|window| window.state == state).count());
            words::STATES.map(count).into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
        })
    });
    let legend = move || {
        let kind = |(state, count): (WindowStatus, usize)| {
            view! { <li><StateIcon state /> {count} " " {words::state(state).to_lowercase().replace("echo360", "Echo360")}</li> }
        };
        kinds.get().into_iter().map(kind).collect_view()
    };
    view! {
        <div class="cells">
            <ol class="coverage"><For each=ids key=String::clone children=cell /></ol>
            // The cells say it in words already, to whoever cannot see them.
            <ul class="legend small quiet" aria-hidden="true">{legend}</ul>
        </div>
    }
}
