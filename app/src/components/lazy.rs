//! A part of the page that is fetched when it is first needed: a chunk of the page's program, cut out by the build.
//!
//! What a chunk needs of the rest it shares with it, signals and context too: a part is written like any other, and
//! only the place where it is shown is written otherwise.

use crate::api_client::ApiError;
use crate::components::error_notice::ErrorNotice;
use crate::words;
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use wasm_bindgen_futures::spawn_local;

/// How a chunk is fetched: it gives what draws its part.
pub type LazyComponent<T> = fn() -> LoadFuture<T>;

/// A fetch that is under way.
pub type LoadFuture<T> = std::pin::Pin<Box<dyn Future<Output = Result<RenderFn<T>, SplitLoaderError>>>>;

/// Renders a component from its properties.
pub type RenderFn<T> = fn(T) -> AnyView;

/// What stands in a part's place until its chunk is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// The room that it will take, and that it is loading.
    Block,
    /// A line that says so.
    Line,
    /// Nothing: the page is whole without it.
    Hidden,
}

/// Begins to fetch a part that will be shown.
pub fn prefetch<T: 'static>(component: LazyComponent<T>) {
    let fetching = component();
    spawn_local(async move {
        // A failure is said where the part is shown, and fetched anew.
        let _ = fetching.await;
    });
}

/// Shows a part as soon as its chunk is here; says so if it cannot be had and is missed.
pub fn render_lazy<T: Copy + Send + 'static>(
    component: LazyComponent<T>,
    props: T,
    placeholder: Placeholder,
) -> AnyView {
    let here = RwSignal::new(None::<Result<RenderFn<T>, ()>>);
    let fetch = move || {
        spawn_local(async move {
            let fetched = component().await.map_err(|_| ());
            here.try_set(Some(fetched));
        });
    };
    fetch();
    let again = Callback::new(move |()| fetch());
    let show = move || match here.get() {
        Some(Ok(draw)) => draw(props),
        other => render_placeholder(placeholder, other.is_some().then_some(again)),
    };
    show.into_any()
}

/// The same for every part: what stands in its place, or that it could not be had.
fn render_placeholder(placeholder: Placeholder, again: Option<Callback<()>>) -> AnyView {
    let line = || view! { <p class="quiet" role="status">{words::LOADING}</p> };
    match (placeholder, again) {
        (Placeholder::Hidden, _) => ().into_any(),
        (_, Some(again)) => view! { <ErrorNotice error=ApiError::Unreachable again /> }.into_any(),
        (Placeholder::Block, None) => view! { <div class="room">{line()}</div> }.into_any(),
        (Placeholder::Line, None) => line().into_any(),
    }
}
