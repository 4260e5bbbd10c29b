//! Components that are loaded when they are first needed. The build cuts them out of the page's program as
//! chunks.
//!
//! A chunk shares signals and context with the rest of the page, so a lazy component is written like any
//! other. Only the place that shows it differs: it calls [`render_lazy`].

use crate::api_client::ApiError;
use crate::components::error_notice::ErrorNotice;
use crate::words;
use js_sys::Reflect;
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use protocol::FetchError;
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
    let chunk = RwSignal::new(None::<Result<RenderFn<T>, ApiError>>);
    let load = move || {
        spawn_local(async move {
            let loaded = component().await.map_err(|_| chunk_error());
            chunk.try_set(Some(loaded));
        });
    };
    load();
    let again = Callback::new(move |()| load());
    let show = move || match chunk.get() {
        Some(Ok(render)) => render(props),
        Some(Err(error)) => render_placeholder(placeholder, Some(error), again),
        None => render_placeholder(placeholder, None, again),
    };
    show.into_any()
}

/// Why the last chunk that could not be loaded is missing, as its loader recorded it (`fetch-chunk.js`).
fn chunk_error() -> ApiError {
    let reason = Reflect::get(&js_sys::global(), &"lecternChunkFailure".into());
    let reason = reason.ok().and_then(|reason| reason.as_string()).unwrap_or_default();
    ApiError::from(FetchError::for_chunk(&reason)).interrupt_page()
}

/// The placeholder, or the error. Not generic, so that it is compiled once.
fn render_placeholder(placeholder: Placeholder, error: Option<ApiError>, again: Callback<()>) -> AnyView {
    let line = || view! { <p class="quiet" role="status">{words::LOADING}</p> };
    match (placeholder, error) {
        (Placeholder::Hidden, _) => ().into_any(),
        (_, Some(error)) => view! { <ErrorNotice error again /> }.into_any(),
        (Placeholder::Block, None) => view! { <div class="room">{line()}</div> }.into_any(),
        (Placeholder::Line, None) => line().into_any(),
    }
}
