//! The section about shared accounts: which were found or marked, and how an administrator marks them.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::components::focus::focus;
use crate::context::AppContext;
use crate::words::data_quality as text;
use domain::shared_accounts::{AccountMark, AccountMarkRequest, ListedAccount, SharedAccounts};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The section.
#[component]
pub fn SharedAccountList() -> impl IntoView {
    let data_worker = expect_context::<AppContext>().data_worker();
    let all: ApiSignal<SharedAccounts> = ApiSignal::new(api_client::access::SHARED_ACCOUNTS);
    let name = RwSignal::new(String::new());
    let (is_busy, is_marked) = (RwSignal::new(false), RwSignal::new(false));
    let error = RwSignal::new(None::<ApiError>);
    let status: NodeRef<html::Div> = NodeRef::new();
    let mark = Callback::new(move |(account, mark): (String, Option<AccountMark>)| {
        is_busy.set(true);
        is_marked.set(false);
        error.set(None);
        spawn_local(async move {
            let result = api_client::access::mark_account(&AccountMarkRequest { account, mark }).await;
            is_busy.try_set(false);
            match result {
                Ok(()) => {
                    data_worker.forget_rows();
                    name.try_set(String::new());
                    is_marked.try_set(true);
                    // The button disappears, and the focus would be lost with it. An empty status cannot have it.
                    request_animation_frame(move || focus(status));
                }
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
            all.refetch();
        });
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        mark.run((name.get_untracked(), Some(AccountMark::Shared)));
    };
    let accounts = Memo::new(move |_| all.ok().and_then(|all| all.accounts).unwrap_or_default());
    let items = move || {
        let item = |account: ListedAccount| view! { <Item account is_busy mark /> };
        accounts.get().into_iter().map(item).collect_view()
    };
    view! {
        <section class="lines" data-testid="shared-accounts">
            <h2>{text::SHARED_ACCOUNTS}</h2>
            <p class="quiet">{text::SHARED_ACCOUNTS_ARE}</p>
            <Show when=move || accounts.with(|accounts| !accounts.is_empty())>
                <ul class="plain-list">{items}</ul>
            </Show>
            <form class="in-line" on:submit=submit>
                <label>
                    <span>{text::ACCOUNT}</span> " "
                    <input type="text" autocomplete="off" size="40" prop:value=move || name.get()
                        on:input=move |event| name.set(event_target_value(&event)) />
                </label>
                " "
                <button type="submit" disabled=move || is_busy.get() || name.with(|name| name.trim().is_empty())>
                    {text::COUNT_AS_SHARED}
                </button>
            </form>
            <div role="status" tabindex="-1" node_ref=status>{move || is_marked.get().then_some(text::MARKED)}</div>
            {move || error.get().or_else(|| all.error()).map(|error| view! { <ErrorNotice error /> })}
        </section>
    }
}

#[component]
fn Item(
    account: ListedAccount,
    is_busy: RwSignal<bool>,
    mark: Callback<(String, Option<AccountMark>)>,
) -> impl IntoView {
    let button = |label: &'static str, new: Option<AccountMark>| {
        let (name, id) = (format!("{label}: {}", account.account), account.account.clone());
        view! {
            <button type="button" aria-label=name disabled=move || is_busy.get()
                on:click=move |_| mark.run((id.clone(), new))>{label}</button> " "
        }
    };
    let other = match account.is_shared() {
        true => button(text::COUNT_AS_PERSON, Some(AccountMark::Person)),
        false => button(text::COUNT_AS_SHARED, Some(AccountMark::Shared)),
    };
    let removal = account.mark.map(|_| button(text::REMOVE_MARK, None));
    view! {
        <li class="lines" data-account=account.account.clone()>
            <p><strong>{account.account.clone()}</strong> " " {text::describe_account(&account)}</p>
            <p class="in-line">{other} {removal}</p>
        </li>
    }
}
