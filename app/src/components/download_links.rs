//! The links to a view's CSV files, each with the number of its rows, or how many windows they still lack.

use crate::api_signal::ApiSignal;
use crate::components::csv_files::{CsvFile, CsvFiles};
use crate::words;
use domain::api::{RequestInfo, RowCount};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IntersectionObserver, IntersectionObserverEntry};

/// The links. They are kept while the request is polled, so that they keep the focus.
#[component]
pub fn DownloadLinks(
    /// The view's request.
    request: Memo<Option<RequestInfo>>,
    /// The files, once every window has rows.
    files: Memo<Option<CsvFiles>>,
    /// Whether all that stands above the links is drawn.
    is_settled: Memo<bool>,
) -> impl IntoView {
    let missing = Memo::new(move |_| {
        request.with(|r| {
            let windows = &r.as_ref()?.windows;
            Some(windows.iter().filter(|window| !window.state.has_rows()).count())
                .filter(|missing| *missing > 0)
        })
    });
    // Counting asks every window's object, so only for links that are on the screen.
    let place = NodeRef::<html::Div>::new();
    let is_seen = observe_visibility(place, is_settled);
    // Rises with every new copy of a window, whose rows are counted then.
    let copies = Memo::new(move |_| {
        request.with(|r| {
            let windows = r.iter().flat_map(|request| &request.windows);
            windows.filter_map(|window| Some(u64::from(window.copy.as_ref()?.generation))).sum::<u64>()
        })
    });
    let links = move || {
        files.get().map(|CsvFiles { files, ignores_filters }| {
            let link = |file: CsvFile| {
                let (href, label) = (file.href.clone(), file.label.clone());
                view! {
                    <li>
                        <a href=href download="" data-testid="csv">{label}</a>
                        {move || is_seen.get().then(|| view! { <DownloadSize file=file.clone() copies /> })}
                    </li>
                }
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
        <div class="download" node_ref=place>{links}</div>
    }
}

/// Whether an element has been on the screen since `is_settled` was true. Before, it is where something else will be.
fn observe_visibility(place: NodeRef<html::Div>, is_settled: Memo<bool>) -> ReadSignal<bool> {
    let is_seen = RwSignal::new(false);
    let see = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let is_visible =
            |entry: JsValue| entry.unchecked_into::<IntersectionObserverEntry>().is_intersecting();
        if entries.iter().any(is_visible) && is_seen.try_get_untracked() == Some(false) {
            is_seen.set(true);
        }
    });
    let observer = IntersectionObserver::new(see.as_ref().unchecked_ref()).ok();
    let observer = StoredValue::new_local((observer, see));
    Effect::new(move |_| {
        if let Some(element) = place.get().filter(|_| is_settled.get()) {
            observer.with_value(|(observer, _)| observer.as_ref().inspect(|o| o.observe(&element)).is_some());
        }
    });
    on_cleanup(move || {
        observer.try_with_value(|(observer, _)| observer.as_ref().inspect(|o| o.disconnect()).is_some());
    });
    is_seen.read_only()
}

/// The number of rows of a file; above what a spreadsheet can show, also a link to one file per week.
#[component]
fn DownloadSize(file: CsvFile, copies: Memo<u64>) -> impl IntoView {
    let CsvFile { count_href, archive_href, .. } = file;
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
    move || {
        count.ok().map(|count| {
            view! {
                " " <span class="quiet" data-testid="csv-rows">{words::csv_rows(count)}</span>
                {warning(count)}
            }
        })
    }
}
