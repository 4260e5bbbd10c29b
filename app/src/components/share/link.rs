//! A created share link, which is shown only once, and copy buttons.

use crate::words;
use crate::words::shares as text;
use domain::shares::CreateShareResponse;
use leptos::html;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// How long the confirmation of a copy is shown.
const CONFIRMATION_SHOWN: Duration = Duration::from_secs(4);

/// A button that copies a text.
#[component]
pub fn CopyButton(
    /// Returns the text to copy when the button is pressed.
    text: Callback<(), String>,
    /// The button's text.
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

/// The link, and the embed snippet if any site may embed the share.
#[component]
pub fn ShareLink(
    /// The response that contains the token.
    created: CreateShareResponse,
) -> impl IntoView {
    let CreateShareResponse { share, token, .. } = created;
    let (share, token) = share.zip(token)?;
    let link = format!("{}/s#{token}", page_origin());
    let snippet =
        (!share.origins.is_empty()).then(|| embed_snippet(&page_origin(), &share.id, &token, &share.name));
    // The button that had the focus is gone. Focusing the link keeps Escape working, which closes the panel.
    let field = NodeRef::<html::Textarea>::new();
    field.on_load(|field| {
        let _ = field.focus();
    });
    Some(view! {
        <div class="lines" data-testid="made">
            <CopyField text=link label=text::LINK copy=text::COPY field />
            {snippet.map(|text| view! {
                <CopyField text label=text::SNIPPET copy=text::COPY_SNIPPET />
                <p class="quiet small">{text::EMBEDDING}</p>
            })}
            <p class="small" role="status">{text::SHOWN_ONCE}</p>
        </div>
    })
}

/// A read-only field with a copy button.
#[component]
fn CopyField(
    text: String,
    label: &'static str,
    copy: &'static str,
    /// A reference to the field.
    #[prop(optional)]
    field: NodeRef<html::Textarea>,
) -> impl IntoView {
    let copied = text.clone();
    view! {
        <label>
            <span>{label}</span>
            <textarea rows="3" readonly=true spellcheck="false" class="made" node_ref=field>{text}</textarea>
        </label>
        <p><CopyButton text=Callback::new(move |()| copied.clone()) label=copy /></p>
    }
}

/// The origin of this page: `https://lectern.example.edu`.
#[must_use]
pub fn page_origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// The HTML with which another site embeds a share. Below it is a link that opens the share by itself: where one of the pages
/// around it may not embed it, the frame stays blank.
#[must_use]
pub fn embed_snippet(origin: &str, id: &str, token: &str, name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<iframe src=\"{origin}/s/{id}#{token}\" title=\"{name}\" width=\"100%\" height=\"600\" style=\"border:0\"></iframe>\n\
         <p><a href=\"{origin}/s#{token}\" target=\"_blank\" rel=\"noopener\" title=\"{name}\">{}</a></p>",
        text::OPEN_IN_BROWSER
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_escaped_in_the_snippet() {
        let text = embed_snippet("https://l.example.edu", "0a", "tok-en_", "\"><script>&");
        assert_eq!(
            text,
            "<iframe src=\"https://l.example.edu/s/0a#tok-en_\" title=\"&quot;>&lt;script>&amp;\" width=\"100%\" \
             height=\"600\" style=\"border:0\"></iframe>\n<p><a href=\"https://l.example.edu/s#tok-en_\" target=\"_blank\" \
             rel=\"noopener\" title=\"&quot;>&lt;script>&amp;\">Open in the browser</a></p>"
        );
    }
}
