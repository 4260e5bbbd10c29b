//! The links to a view's CSV files, each with the number of its rows, or how many windows they still lack.

use crate::api_signal::ApiSignal;
use crate::components::csv_files::{CsvFile, CsvFiles};
use crate::words;
use domain::api::{RequestInfo, RowCount};
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
    // Rises with every new copy of a window, whose rows are counted then.
    let copies = Memo::new(move |_| {
        request.with(|r| {
            let windows = r.iter().flat_map(|request| &request.windows);
            windows.filter_map(|window| Some(u64::from(window.copy.as_ref()?.generation))).sum::<u64>()
        })
    });
    let links = move || {
        files.get().map(|CsvFiles { files, ignores_filters }| {
            let link = |file: CsvFile| view! { <DownloadLink file copies /> };
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

/// A link and the number of rows; above what a spreadsheet can show, also a link to one file per week.
#[component]
fn DownloadLink(file: CsvFile, copies: Memo<u64>) -> impl IntoView {
    let CsvFile { href, count_href, archive_href, label, .. } = file;
    let count: ApiSignal<RowCount> = ApiSignal::new(&count_href);
    Effect::new(move |earlier: Option<()>| {
        copies.track();
        if earlier.is_some() {
            count.refetch();
        }
    });
    let warning = move |count: RowCount| {
        let weeks = archive_href.clone().map(|href| {
            view! { " " <a href=href download="" data-testid="csv-zip">{words::DOWNLOAD_WEEKS}</a> }
        });
        (count.rows > RowCount::MAX_IN_SPREADSHEET).then(|| {
            view! { <p class="small" data-testid="csv-too-long">{words::TOO_LONG_FOR_SPREADSHEETS} {weeks}</p> }
        })
    };
    // Without a count the link works all the same.
    let rows = move || {
        count.ok().map(|count| {
            view! {
                " " <span class="quiet" data-testid="csv-rows">{words::csv_rows(count)}</span>
                {warning(count)}
            }
        })
    };
    view! { <li><a href=href download="" data-testid="csv">{label}</a> {rows}</li> }
}
