//! A link that has been made, shown this once, and buttons that copy.

use crate::words;
use crate::words::shares as said;
use domain::shares::CreateShareResponse;
use leptos::html;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// For how long it is said whether something was copied.
const CONFIRMATION_SHOWN: Duration = Duration::from_secs(4);

/// A button that copies a text.
#[component]
pub fn CopyButton(
    /// The text, as it is when the button is pressed.
    text: Callback<(), String>,
    /// What the button says.
    label: &'static str,
) -> impl IntoView {
    let outcome = RwSignal::new(None::<&'static str>);
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&text.run(()));
        spawn_local(async move {
            let is_copied = JsFuture::from(promise).await.is_ok();
            outcome.try_set(Some(if is_copied { words::COPIED } else { words::NOT_COPIED }));
            set_timeout(
                move || {
                    outcome.try_set(None);
                },
                CONFIRMATION_SHOWN,
            );
        });
    };
    view! {
        <button type="button" on:click=copy>{label}</button>
        <span class="quiet small" role="status">{move || outcome.get()}</span>
    }
}

/// The link, and the snippet where somebody may embed it.
#[component]
pub fn ShareLink(
    /// The answer that has its token.
    made: CreateShareResponse,
) -> impl IntoView {
    let CreateShareResponse { share, token, .. } = made;
    let (share, token) = share.zip(token)?;
    let link = format!("{}/s#{token}", page_origin());
    let snippet =
        (!share.origins.is_empty()).then(|| embed_snippet(&page_origin(), &share.id, &token, &share.name));
    // The button that made it is gone: whoever pressed it goes on here, and Escape still closes the panel.
    let place = NodeRef::<html::Textarea>::new();
    place.on_load(|field| {
        let _ = field.focus();
    });
    Some(view! {
        <div class="lines" data-testid="made">
            <CopyField text=link label=said::LINK copy=said::COPY place />
            {snippet.map(|text| view! { <CopyField text label=said::SNIPPET copy=said::COPY_SNIPPET /> })}
            <p class="small" role="status">{said::SHOWN_ONCE}</p>
        </div>
    })
}

/// A text to copy.
#[component]
fn CopyField(
    text: String,
    label: &'static str,
    copy: &'static str,
    /// Where it will stand in the page.
    #[prop(optional)]
    place: NodeRef<html::Textarea>,
) -> impl IntoView {
    let copied = text.clone();
    view! {
        <label>
            <span>{label}</span>
            <textarea rows="3" readonly=true spellcheck="false" class="made" node_ref=place>{text}</textarea>
        </label>
        <p><CopyButton text=Callback::new(move |()| copied.clone()) label=copy /></p>
    }
}

/// Where this page stands.
#[must_use]
pub fn page_origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// What a course page embeds a share with.
#[must_use]
pub fn embed_snippet(origin: &str, id: &str, token: &str, name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<iframe src=\"{origin}/s/{id}#{token}\" title=\"{name}\" width=\"100%\" height=\"600\" style=\"border:0\"></iframe>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_the_snippet() {
        let text = embed_snippet("https://l.example.edu", "0a", "tok-en_", "\"><script>&");
        assert_eq!(
            text,
            "<iframe src=\"https://l.example.edu/s/0a#tok-en_\" title=\"&quot;>&lt;script>&amp;\" width=\"100%\" \
             height=\"600\" style=\"border:0\"></iframe>"
        );
    }
}
