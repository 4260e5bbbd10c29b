//! The link to the CSV of what is shown, or what is still missing for it.

use crate::words;
use domain::api::Request;
use domain::view::View;
use leptos::prelude::*;

/// The link.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns what it shows")]
pub fn Download(
    /// What has been asked.
    request: Request,
    /// What is on the screen.
    view: View,
) -> impl IntoView {
    let missing = request.windows.iter().filter(|window| !window.state.has_rows()).count();
    if missing > 0 {
        return view! { <p class="quiet" data-testid="csv">{words::no_csv_yet(missing)}</p> }.into_any();
    }
    let mut href = format!("/api/csv/{}", request.report);
    let days = request.from.zip(request.to);
    let pairs = [
        ("from", days.map(|(from, _)| from.to_string())),
        ("to", days.map(|(_, to)| to.to_string())),
        ("tz", days.map(|_| request.tz.replace('+', "%2B"))),
        ("course", view.course.map(|id| id.as_str().to_owned())),
        // The download knows one section at a time; of several it brings the whole course.
        (
            "section",
            Some(view.sections)
                .filter(|ids| ids.len() == 1)
                .and_then(|ids| ids.into_iter().next())
                .map(|id| id.as_str().to_owned()),
        ),
    ];
    let mut mark = '?';
    for (key, value) in pairs.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        href.push(mark);
        href.push_str(&format!("{key}={value}"));
        mark = '&';
    }
    view! { <p><a href=href download="" data-testid="csv">{words::DOWNLOAD}</a></p> }.into_any()
}
