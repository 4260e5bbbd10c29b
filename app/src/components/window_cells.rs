//! A cell for each window of a request, oldest first, with its state as an icon and as text.

use crate::clock::Clock;
use crate::components::state_icon::StateIcon;
use crate::words;
use domain::api::{WindowInfo, WindowStatus};
use leptos::prelude::*;

/// The cells, and a legend of their icons with counts.
#[component]
pub fn WindowCells(
    /// The windows, oldest first.
    #[prop(into)]
    windows: Signal<Vec<WindowInfo>>,
    /// The clock that ages are computed with.
    clock: Clock,
) -> impl IntoView {
    let ids = move || windows.with(|all| all.iter().map(|window| window.id.clone()).collect::<Vec<_>>());
    let cell = move |id: String| {
        let window_id = id.clone();
        let window = Memo::new(move |_| windows.with(|all| all.iter().find(|w| w.id == window_id).cloned()));
        let text = move || {
            window.get().map(|window| {
                format!(
                    "{}: {}",
                    words::window_days(&window),
                    words::window_state(&window, clock.now(), None)
                )
            })
        };
        let icon = Memo::new(move |_| {
            window.with(|w| w.as_ref().map(|w| (w.state, w.again.is_some_and(WindowStatus::is_under_way))))
        });
        view! {
            <li data-window=id title=text data-state=move || icon.get().map(|(state, _)| words::state_key(state))>
                {move || icon.get().map(|(state, is_renewed)| view! { <StateIcon state is_renewed /> })}
                <span class="unseen">{text}</span>
            </li>
        }
    };
    let counts = Memo::new(move |_| {
        windows.with(|all| {
            let count = |state| (state, all.iter().filter(|window| window.state == state).count());
            words::STATES.map(count).into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
        })
    });
    let legend = move || {
        let item = |(state, count): (WindowStatus, usize)| {
            view! { <li><StateIcon state /> {count} " " {words::state_in_legend(state)}</li> }
        };
        counts.get().into_iter().map(item).collect_view()
    };
    view! {
        <div class="cells">
            <ol class="coverage"><For each=ids key=String::clone children=cell /></ol>
            // Hidden from screen readers: each cell has its state as text.
            <ul class="legend small quiet" aria-hidden="true">{legend}</ul>
        </div>
    }
}
