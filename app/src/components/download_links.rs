//! The links to the CSV of what is shown, or what is still missing for it.

use crate::components::csv_files::CsvFiles;
use crate::words;
use domain::api::RequestInfo;
use leptos::prelude::*;

/// The links. They stay while the request is looked at again, and the focus on them.
#[component]
pub fn DownloadLinks(
    /// What has been asked.
    request: Memo<Option<RequestInfo>>,
    /// The files, once they are whole.
    files: Memo<Option<CsvFiles>>,
) -> impl IntoView {
    let missing = Memo::new(move |_| {
        request.with(|r| {
            let windows = &r.as_ref()?.windows;
            Some(windows.iter().filter(|window| !window.state.has_rows()).count())
                .filter(|missing| *missing > 0)
        })
    });
    let links = move || {
        files.get().map(|CsvFiles { files, holds_more }| {
            let link = |file: crate::components::csv_files::CsvFile| {
                view! { <li><a href=file.href download="" data-testid="csv">{file.label}</a></li> }
            };
            view! {
                <ul class="downloads">{files.into_iter().map(link).collect_view()}</ul>
                {holds_more.then(|| view! { <p class="quiet small">{words::CSV_HOLDS_MORE}</p> })}
            }
        })
    };
    view! {
        {move || missing.get().map(|missing| view! {
            <p class="quiet" data-testid="csv">{words::no_csv_yet(missing)}</p>
        })}
        <div class="download">{links}</div>
    }
}
