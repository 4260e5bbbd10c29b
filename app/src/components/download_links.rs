//! The links to a view's CSV files, or how many windows they still lack.

use crate::components::csv_files::CsvFiles;
use crate::words;
use domain::api::RequestInfo;
use leptos::prelude::*;

/// The links. They are kept while the request is polled, so that they keep the focus.
#[component]
pub fn DownloadLinks(
    /// The view's request.
    request: Memo<Option<RequestInfo>>,
    /// The files, once every window has rows.
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
        files.get().map(|CsvFiles { files, ignores_filters }| {
            let link = |file: crate::components::csv_files::CsvFile| {
                view! { <li><a href=file.href download="" data-testid="csv">{file.label}</a></li> }
            };
            view! {
                <ul class="downloads">{files.into_iter().map(link).collect_view()}</ul>
                {ignores_filters.then(|| view! { <p class="quiet small">{words::CSV_IGNORES_FILTERS}</p> })}
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
