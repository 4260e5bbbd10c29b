//! Who one is, who may see what, who saw what, what has been forgotten: four pages of one room.
//!
//! They reflect what the Worker decides and enforces; nothing is hidden here that it would tell.

pub mod account;
pub mod audit_log;
pub mod erasure;
pub mod grants;
pub mod people;
pub mod role_upload;
pub mod sign_in;

use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::words;
use crate::words::access as said;
use account::AccountPage;
use audit_log::AuditPage;
use domain::scope::Role;
use domain::view::Page;
use erasure::ErasurePage;
use leptos::prelude::*;
use people::PeoplePage;

/// The page of the current place, under the links to its neighbours.
#[component]
pub fn AccessPage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let place = Memo::new(move |_| context.navigation.view().page);
    let is_administrator = context.session().role == Role::Administrator;
    Effect::new(move |_| {
        document().set_title(&format!("{} – {}", said::title(place.get()), words::NAME));
    });
    let link = move |to: Page| {
        let current = move || (place.get() == to).then_some("page");
        view! { <li><a href=to.path() aria-current=current>{said::title(to)}</a></li> }
    };
    // To everybody else the last three are not there.
    let places = [Page::You, Page::Shares, Page::People, Page::Record, Page::Forgetting];
    let count = if is_administrator { places.len() } else { 2 };
    let links = places.into_iter().take(count).map(link).collect_view();
    view! {
        <nav class="tabs" aria-label=said::ACCESS><ul>{links}</ul></nav>
        <header class="heading">
            <h1>{move || said::title(place.get())}</h1>
            <p class="quiet">{move || said::purpose(place.get())}</p>
        </header>
        {move || match place.get() {
            Page::Shares => render_lazy(context.components.shares_page, (), Placeholder::Line),
            Page::People if is_administrator => view! { <PeoplePage /> }.into_any(),
            Page::Record if is_administrator => view! { <AuditPage /> }.into_any(),
            Page::Forgetting if is_administrator => view! { <ErasurePage /> }.into_any(),
            Page::People | Page::Record | Page::Forgetting => {
                view! { <p>{said::ADMINISTRATORS_ONLY}</p> }.into_any()
            }
            _ => view! { <AccountPage /> }.into_any(),
        }}
    }
}
