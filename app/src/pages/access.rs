//! The pages around access: account, shares, people, audit log, erasure and data quality.
//!
//! The Worker decides and enforces who may see what. These pages hide nothing that it would send.

pub mod account;
pub mod audit_log;
pub mod data_quality;
pub mod erasure;
pub mod grants;
pub mod people;
pub mod person_export;
pub mod role_upload;
pub mod sessions;
pub mod shared_accounts;
pub mod sign_in;

use crate::components::lazy::{Placeholder, render_lazy};
use crate::context::AppContext;
use crate::words;
use crate::words::access as text;
use account::AccountPage;
use audit_log::AuditPage;
use data_quality::DataQualityPage;
use domain::role::Role;
use domain::view::Page;
use erasure::ErasurePage;
use leptos::prelude::*;
use people::PeoplePage;

/// The current page of these, below links to all of them.
#[component]
pub fn AccessPage() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let page = Memo::new(move |_| context.navigation.view().page);
    let is_administrator = context.session().role == Role::Administrator;
    Effect::new(move |_| {
        document().set_title(&format!("{} – {}", text::title(page.get()), words::NAME));
    });
    let link = move |target: Page| {
        let current = move || (page.get() == target).then_some("page");
        view! { <li><a href=target.path() aria-current=current>{text::title(target)}</a></li> }
    };
    // All but the first two are for administrators.
    let pages = [Page::You, Page::Shares, Page::People, Page::Record, Page::Forgetting, Page::Quality];
    let count = if is_administrator { pages.len() } else { 2 };
    let links = pages.into_iter().take(count).map(link).collect_view();
    view! {
        <nav class="tabs" aria-label=text::ACCESS><ul>{links}</ul></nav>
        <header class="heading">
            <h1>{move || text::title(page.get())}</h1>
            <p class="quiet">{move || text::purpose(page.get())}</p>
        </header>
        {move || match page.get() {
            Page::Shares => render_lazy(context.components.shares_page, (), Placeholder::Line),
            Page::People if is_administrator => view! { <PeoplePage /> }.into_any(),
            Page::Record if is_administrator => view! { <AuditPage /> }.into_any(),
            Page::Forgetting if is_administrator => view! { <ErasurePage /> }.into_any(),
            Page::Quality if is_administrator => view! { <DataQualityPage /> }.into_any(),
            Page::People | Page::Record | Page::Forgetting | Page::Quality => {
                view! { <p>{text::ADMINISTRATORS_ONLY}</p> }.into_any()
            }
            _ => view! { <AccountPage /> }.into_any(),
        }}
    }
}
