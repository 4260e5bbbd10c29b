//! `/quality`: what is unusual in Echo360's files, report by report.

use super::shared_accounts::SharedAccountList;
use crate::api_client;
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::words;
use crate::words::data_quality as text;
use domain::data_quality::{DataQuality, FileFindings, WindowQuality};
use domain::paging::CutOffList;
use domain::report::ReportName;
use domain::view::Page;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// The page.
#[component]
pub fn DataQualityPage() -> impl IntoView {
    let quality: ApiSignal<DataQuality> = ApiSignal::new(api_client::access::QUALITY);
    let reports = move || {
        let quality = quality.ok();
        quality.map(|DataQuality { windows, lists }| (render_lists(&lists), render_reports(&windows)))
    };
    view! {
        {move || quality.error().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| quality.refetch()) />
        })}
        <div data-testid="quality">{reports}</div>
        <SharedAccountList />
    }
}

/// Echo360's lists that were last read only in part; nothing if there are none.
fn render_lists(lists: &[CutOffList]) -> Option<AnyView> {
    let item = |list: &CutOffList| view! { <li>{text::describe_list(list)}</li> };
    let section = || {
        view! {
            <section class="notice waits" data-testid="quality-lists">
                <h2>{text::LISTS}</h2>
                <ul class="findings">{lists.iter().map(item).collect_view()}</ul>
            </section>
        }
        .into_any()
    };
    (!lists.is_empty()).then(section)
}

fn render_reports(windows: &[WindowQuality]) -> AnyView {
    if windows.is_empty() {
        return view! { <p>{text::NO_WINDOWS}</p> }.into_any();
    }
    let context = expect_context::<AppContext>();
    let mut by_report: BTreeMap<&ReportName, Vec<(&str, &FileFindings)>> = BTreeMap::new();
    for WindowQuality { report, window, findings, .. } in windows {
        by_report.entry(report).or_default().push((window, findings));
    }
    let reports = by_report.into_iter().map(|(report, windows)| {
        let findings = text::describe_findings(&windows);
        let item = |(sentence, weeks): (String, String)| {
            view! { <li>{sentence} <span class="quiet small">" " {weeks}</span></li> }
        };
        view! {
            <section data-report=report.as_str().to_owned()>
                <h2>{context.report_title(report.as_str())}</h2>
                <p>{text::describe_windows(&windows)} {findings.is_empty().then(|| format!(" {}", text::CLEAN))}</p>
                {(!findings.is_empty()).then(|| view! { <ul class="findings">{findings.into_iter().map(item).collect_view()}</ul> })}
            </section>
        }
    });
    view! {
        {reports.collect_view()}
        <p class="quiet small">{text::ABOUT}</p>
        <p class="quiet small">
            {text::SHRUNKEN_WEEKS} " " <a href=Page::Requests.path()>{words::REQUESTS}</a> "."
        </p>
    }
    .into_any()
}
