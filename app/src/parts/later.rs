//! A part of the page that is fetched when it is first needed: a chunk of the page's program, cut out by the build.
//!
//! What a chunk needs of the rest it shares with it, signals and context too: a part is written like any other, and
//! only the place where it is shown is written otherwise.

use crate::client::Trouble;
use crate::parts::notice::Notice;
use crate::words;
use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
use wasm_bindgen_futures::spawn_local;

/// How a chunk is fetched: it gives what draws its part.
pub type Chunk<T> = fn() -> Fetching<T>;

/// A fetch that is under way.
pub type Fetching<T> = std::pin::Pin<Box<dyn Future<Output = Result<Draw<T>, SplitLoaderError>>>>;

/// Draws a part from what it is told.
pub type Draw<T> = fn(T) -> AnyView;

/// What stands in a part's place until its chunk is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// The room that it will take, and that it is loading.
    Room,
    /// A line that says so.
    Line,
    /// Nothing: the page is whole without it.
    Nothing,
}

/// Begins to fetch a part that will be shown.
pub fn prefetch<T: 'static>(chunk: Chunk<T>) {
    let fetching = chunk();
    spawn_local(async move {
        // A failure is said where the part is shown, and fetched anew.
        let _ = fetching.await;
    });
}

/// Shows a part as soon as its chunk is here; says so if it cannot be had and is missed.
pub fn later<T: Copy + Send + 'static>(chunk: Chunk<T>, told: T, meanwhile: Meanwhile) -> AnyView {
    let here = RwSignal::new(None::<Result<Draw<T>, ()>>);
    let fetch = move || {
        spawn_local(async move {
            let fetched = chunk().await.map_err(|_| ());
            here.try_set(Some(fetched));
        });
    };
    fetch();
    let again = Callback::new(move |()| fetch());
    let show = move || match here.get() {
        Some(Ok(draw)) => draw(told),
        other => waiting(meanwhile, other.is_some().then_some(again)),
    };
    show.into_any()
}

/// The same for every part: what stands in its place, or that it could not be had.
fn waiting(meanwhile: Meanwhile, again: Option<Callback<()>>) -> AnyView {
    let line = || view! { <p class="quiet" role="status">{words::LOADING}</p> };
    match (meanwhile, again) {
        (Meanwhile::Nothing, _) => ().into_any(),
        (_, Some(again)) => view! { <Notice trouble=Trouble::Unreachable again /> }.into_any(),
        (Meanwhile::Room, None) => view! { <div class="room">{line()}</div> }.into_any(),
        (Meanwhile::Line, None) => line().into_any(),
    }
}
