//! The tabs of a course: the course page and each report. A tab keeps the course, the days and the rest of
//! the view.

use crate::context::AppContext;
use crate::words::course as text;
use domain::report::KnownReport;
use domain::view::Page;
use leptos::prelude::*;

/// Links to the course page and to its reports.
#[component]
pub fn CourseTabs() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let navigation = context.navigation;
    let course_href = move || navigation.view().with_page(Page::Course).to_url();
    let is_course_page = move || (navigation.view().page == Page::Course).then_some("page");
    let offered = KnownReport::READING_ORDER.into_iter().filter_map(|known| context.report(known.name()));
    let tabs = offered.map(|info| {
        let label = text::report_tab(info.name.known());
        let name = StoredValue::new(info.name);
        let href =
            move || navigation.view().with_page(Page::Overview).with_report(Some(name.get_value())).to_url();
        let is_current = move || {
            let view = navigation.view();
            let is_chosen = name.with_value(|name| name.as_str() == view.report_name());
            (view.page == Page::Overview && is_chosen).then_some("page")
        };
        view! { <li><a href=href aria-current=is_current>{label}</a></li> }
    });
    view! {
        <nav class="tabs" aria-label=text::REPORTS>
            <ul>
                <li><a href=course_href aria-current=is_course_page>{text::OVERVIEW}</a></li>
                {tabs.collect_view()}
            </ul>
        </nav>
    }
}
