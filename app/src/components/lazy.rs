//! Components that are loaded when they are first needed. The build cuts them out of the page's program as
//! chunks.
//!
//! A chunk shares signals and context with the rest of the page, so a lazy component is written like any
//! other. Only the place that shows it differs: it calls [`render_lazy`].

use crate::api_client::ApiError;
use crate::components::error_notice::ErrorNotice;
use crate::words;
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use wasm_bindgen_futures::spawn_local;

/// Loads a component's chunk.
pub type LazyComponent<T> = fn() -> LoadFuture<T>;

/// A chunk that is being loaded.
pub type LoadFuture<T> = std::pin::Pin<Box<dyn Future<Output = Result<RenderFn<T>, SplitLoaderError>>>>;

/// Renders a component from its properties.
pub type RenderFn<T> = fn(T) -> AnyView;

/// What is shown in place of a component until its chunk is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// “Loading” in a block that reserves the height of a page.
    Block,
    /// “Loading” in one line.
    Line,
    /// Nothing, even if loading fails: the page works without the component.
    Hidden,
}

/// Starts loading a component that will be shown.
pub fn prefetch<T: 'static>(component: LazyComponent<T>) {
    let chunk = component();
    spawn_local(async move {
        // `render_lazy` reports a failure and loads again.
        let _ = chunk.await;
    });
}

/// Shows a component as soon as its chunk is loaded; shows an error with a retry button if loading fails.
pub fn render_lazy<T: Copy + Send + 'static>(
    component: LazyComponent<T>,
    props: T,
    placeholder: Placeholder,
) -> AnyView {
    let chunk = RwSignal::new(None::<Result<RenderFn<T>, ()>>);
    let load = move || {
        spawn_local(async move {
            let loaded = component().await.map_err(|_| ());
            chunk.try_set(Some(loaded));
        });
    };
    load();
    let again = Callback::new(move |()| load());
    let show = move || match chunk.get() {
        Some(Ok(render)) => render(props),
        other => render_placeholder(placeholder, other.is_some().then_some(again)),
    };
    show.into_any()
}

/// The placeholder, or the error if `again` is given. Not generic, so that it is compiled once.
fn render_placeholder(placeholder: Placeholder, again: Option<Callback<()>>) -> AnyView {
    let line = || view! { <p class="quiet" role="status">{words::LOADING}</p> };
    match (placeholder, again) {
        (Placeholder::Hidden, _) => ().into_any(),
        (_, Some(again)) => view! { <ErrorNotice error=ApiError::Unreachable again /> }.into_any(),
        (Placeholder::Block, None) => view! { <div class="room">{line()}</div> }.into_any(),
        (Placeholder::Line, None) => line().into_any(),
    }
}
