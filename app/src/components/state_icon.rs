//! Icons of window states. Each state has a shape of its own, so that none is shown by color alone; they are
//! paths, since fonts may lack a glyph.

use crate::words;
use domain::api::WindowStatus;
use leptos::prelude::*;

/// The icon of a state, in the color of the surrounding text.
#[component]
pub fn StateIcon(
    /// The window's state.
    state: WindowStatus,
    /// Whether a newer copy is under way. Shows the refresh icon if the window has rows.
    #[prop(optional)]
    is_renewed: bool,
) -> impl IntoView {
    let path = if is_renewed && state.has_rows() { REFRESHING } else { icon_path(state) };
    view! {
        <svg class="sign" data-state=words::state_key(state) viewBox="0 0 16 16" aria-hidden="true">
            <path d=path />
        </svg>
    }
}

/// Two arrows in a circle.
const REFRESHING: &str =
    "M13 7A5.2 5.2 0 0 0 3.6 5.2M3 2.2V5.4H6.2M3 9A5.2 5.2 0 0 0 12.4 10.8M13 13.8V10.6H9.8";

fn icon_path(state: WindowStatus) -> &'static str {
    match state {
        // A dashed circle.
        WindowStatus::Queued => {
            "M8 3A5 5 0 0 1 11.5 4.5M13 8A5 5 0 0 1 11.5 11.5M8 13A5 5 0 0 1 4.5 11.5M3 8A5 5 0 0 1 4.5 4.5"
        }
        // An arrow up.
        WindowStatus::Asking => "M8 13V3.2M3.8 7.2L8 3L12.2 7.2",
        // An hourglass.
        WindowStatus::Building => {
            "M4 2.5H12M4 13.5H12M5 2.5C5 6 7.2 6.8 7.2 8C7.2 9.2 5 10 5 13.5M11 2.5C11 6 8.8 6.8 8.8 8C8.8 9.2 11 10 11 13.5"
        }
        // An arrow down onto a line.
        WindowStatus::Collecting => "M8 2.5V10.2M4.4 6.8L8 10.4L11.6 6.8M3 13.5H13",
        // A check mark.
        WindowStatus::Ready => "M3 8.6L6.4 12L13 4.4",
        // Two waves, like the sign for “about”.
        WindowStatus::Provisional => {
            "M2.6 6.6C4.4 4.4 6.2 4.6 8 5.9C9.8 7.2 11.6 7.4 13.4 5.2M2.6 11C4.4 8.8 6.2 9 8 10.3C9.8 11.6 11.6 11.8 13.4 9.6"
        }
        // A cross.
        WindowStatus::Failed => "M4 4L12 12M12 4L4 12",
        // A dash.
        WindowStatus::Forgotten => "M3 8H13",
    }
}
