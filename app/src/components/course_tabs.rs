//! One course over the same days, as a whole and report by report: everything else of the view goes along.

use crate::context::AppContext;
use crate::words::course as said;
use domain::report::KnownReport;
use domain::view::Page;
use leptos::prelude::*;

/// The pages of a course.
#[component]
pub fn CourseTabs() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let whole = move || navigation.view().with_page(Page::Course).to_url();
    let is_whole = move || (navigation.view().page == Page::Course).then_some("page");
    let offered = KnownReport::READING_ORDER.into_iter().filter_map(|known| context.report(known.name()));
    let tabs = offered.map(|info| {
        let word = said::part(info.name.known());
        let name = StoredValue::new(info.name);
        let href =
            move || navigation.view().with_page(Page::Overview).with_report(Some(name.get_value())).to_url();
        let is_current = move || {
            let view = navigation.view();
            let is_it = name.with_value(|name| name.as_str() == view.report_name());
            (view.page == Page::Overview && is_it).then_some("page")
        };
        view! { <li><a href=href aria-current=is_current>{word}</a></li> }
    });
    view! {
        <nav class="tabs" aria-label=said::REPORTS>
            <ul>
                <li><a href=whole aria-current=is_whole>{said::OVERVIEW}</a></li>
                {tabs.collect_view()}
            </ul>
        </nav>
    }
}
