//! The application that is mounted in the document, and the context that all components share.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::clock::Clock;
use crate::components::error_notice::{ErrorNotice, InterruptionNotice};
use crate::components::help::{HelpButton, HelpRequests};
use crate::components::lazy::{Placeholder, render_lazy};
use crate::components::upstream_status::UpstreamFailureBanner;
use crate::data_worker::DataWorker;
use crate::interruption::{self, IsInterruptionShown};
use crate::lazy_components::LazyComponents;
use crate::navigation::{self, Navigation};
use crate::pages::overview::{self, OverviewPage};
use crate::{browser_zones, words};
use domain::api::{ReportInfo, Reports, SessionSummary};
use domain::calendar::WeekStart;
use domain::problem::{Code, Problem};
use domain::view::{Page, View};
use domain::zone::Zone;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// What all components share: view, clock, help, data workers, session and the list of reports.
#[derive(Debug, Clone, Copy)]
pub struct AppContext {
    /// The current view.
    pub navigation: Navigation,
    /// The Worker's time.
    pub clock: Clock,
    /// Components that are loaded when they are first needed.
    pub components: LazyComponents,
    /// Requests to the help dialog.
    pub help: HelpRequests,
    /// The client of the data worker. The application owns it: a download outlives the page that started it.
    data_worker: DataWorker,
    /// Whether the next view should be requested as soon as it is shown.
    is_request_scheduled: StoredValue<bool>,
    session: StoredValue<SessionSummary>,
    reports: StoredValue<Vec<ReportInfo>>,
}

impl AppContext {
    /// The client of the data worker.
    #[must_use]
    pub fn data_worker(self) -> DataWorker {
        self.data_worker
    }

    /// Makes the next view be requested as soon as it is shown.
    pub fn schedule_request(self) {
        self.is_request_scheduled.set_value(true);
    }

    /// Whether the view should be requested; resets it.
    #[must_use]
    pub fn take_scheduled_request(self) -> bool {
        self.is_request_scheduled.try_update_value(std::mem::take).unwrap_or_default()
    }

    /// The session.
    #[must_use]
    pub fn session(self) -> SessionSummary {
        self.session.get_value()
    }

    /// The first day of the week in charts and preset ranges.
    #[must_use]
    pub fn week_start(self) -> WeekStart {
        self.session.with_value(|session| session.week_start)
    }

    /// The reports that Echo360 offers.
    #[must_use]
    pub fn reports(self) -> Vec<ReportInfo> {
        self.reports.get_value()
    }

    /// The report with this name, if Echo360 offers it.
    #[must_use]
    pub fn report(self, name: &str) -> Option<ReportInfo> {
        self.reports.with_value(|all| all.iter().find(|info| info.name.as_str() == name).cloned())
    }

    /// The title of a report; its name if Echo360 does not offer it.
    #[must_use]
    pub fn report_title(self, name: &str) -> String {
        self.report(name).map_or_else(|| name.to_owned(), |info| info.title)
    }

    /// The name of the time zone of `view`: its own, or the institution's.
    #[must_use]
    pub fn zone_name(self, view: &View) -> String {
        match &view.zone {
            Some(zone) => zone.as_str().to_owned(),
            None => self.session.with_value(|session| session.time_zone.clone()),
        }
    }

    /// The time zone of `view`, with offsets for its range; UTC if the browser does not know it.
    #[must_use]
    pub fn zone(self, view: &View) -> Zone {
        browser_zones::trace(
            &self.zone_name(view),
            view.range,
            self.session.with_value(|session| session.now),
        )
        .unwrap_or_else(Zone::utc)
    }
}

/// Mounts the application in the document, next to the shell of `index.html`.
pub fn run(components: LazyComponents) {
    let Some(root) = document().get_element_by_id("page") else { return };
    overview::prefetch(components, &navigation::current_view());
    mount_to(root.unchecked_into(), move || view! { <Application components /> }).forget();
}

/// The application.
#[component]
pub fn Application(
    /// Components that are loaded when they are first needed.
    components: LazyComponents,
) -> impl IntoView {
    let navigation = Navigation::new();
    let help = HelpRequests::new();
    let data_worker = DataWorker::new();
    let is_request_scheduled = StoredValue::new(false);
    let session: ApiSignal<SessionSummary> = ApiSignal::new(api_client::SESSION);
    let reports: ApiSignal<Reports> = ApiSignal::new(api_client::REPORTS);
    let again = move || {
        session.refetch();
        reports.refetch();
    };
    // Once online again, fetches what could not be reached. Other errors stay.
    let online = Closure::<dyn Fn()>::new(move || {
        let was_unreachable = [session.error(), reports.error()].contains(&Some(ApiError::Unreachable));
        if was_unreachable {
            again();
        }
    });
    let _ = window().add_event_listener_with_callback("online", online.as_ref().unchecked_ref());
    // The listener lives as long as the page.
    online.forget();
    move || match (session.get(), reports.get()) {
        (Some(Err(ApiError::Problem(Problem { code: Code::SignInNeeded | Code::NoRole, .. }))), _) => {
            remove_shell();
            view! {
                <PageFrame navigation session=None>{render_lazy(components.sign_in_page, (), Placeholder::Block)}</PageFrame>
            }
            .into_any()
        }
        (Some(Err(error)), _) | (_, Some(Err(error))) => {
            remove_shell();
            view! {
                <PageFrame navigation session=None>
                    <ErrorNotice error is_all=true again=Callback::new(move |()| again()) />
                </PageFrame>
            }
            .into_any()
        }
        (Some(Ok(session)), Some(Ok(Reports { reports, .. }))) => {
            remove_shell();
            interruption::set_viewer(&session);
            let clock = Clock::new(session.now);
            provide_context(AppContext {
                navigation,
                clock,
                components,
                help,
                data_worker,
                is_request_scheduled,
                session: StoredValue::new(session.clone()),
                reports: StoredValue::new(reports),
            });
            provide_context(IsInterruptionShown);
            view! {
                <PageFrame navigation session=Some(session)>
                    <CurrentPage navigation />
                    <InterruptionNotice />
                </PageFrame>
            }
            .into_any()
        }
        // The shell stays until both responses are here.
        _ => ().into_any(),
    }
}

/// Removes the shell of `index.html`.
fn remove_shell() {
    if let Some(shell) = document().get_element_by_id("shell") {
        shell.remove();
    }
}

/// The page of the current route.
#[component]
fn CurrentPage(navigation: Navigation) -> impl IntoView {
    let page = Memo::new(move |_| navigation.view().page);
    move || match page.get() {
        Page::Overview => view! { <OverviewPage /> }.into_any(),
        Page::Course => {
            render_lazy(expect_context::<AppContext>().components.course_page, (), Placeholder::Block)
        }
        Page::Requests => {
            render_lazy(expect_context::<AppContext>().components.requests_page, (), Placeholder::Block)
        }
        Page::You | Page::People | Page::Record | Page::Forgetting | Page::Quality | Page::Shares => {
            render_lazy(expect_context::<AppContext>().components.access_page, (), Placeholder::Block)
        }
    }
}

/// The frame of every page: header, content, footer.
#[component]
fn PageFrame(navigation: Navigation, session: Option<SessionSummary>, children: Children) -> impl IntoView {
    let href = move |page: Page| move || navigation.view().with_page(page).to_url();
    let current = move |page: Page| move || (navigation.view().page == page).then_some("page");
    // The help needs the application context, which exists only with a session.
    let help = session.is_some().then(|| view! { <HelpButton /> });
    let failure = session.as_ref().and_then(|session| session.upstream_failure);
    let signed_in = session.as_ref().map(words::access::session_sentence);
    let institution = session.map(|session| session.institution).filter(|name| name != words::UNNAMED);
    view! {
        <a class="skip" href="#content">{words::SKIP}</a>
        <header class="top">
            <a class="top-name" href="/">{words::NAME}</a>
            <nav aria-label=words::NAME>
                <a href=href(Page::Course) aria-current=current(Page::Course)>{words::COURSE}</a>
                <a href=href(Page::Overview) aria-current=current(Page::Overview)>{words::REPORTS}</a>
                <a href=href(Page::Requests) aria-current=current(Page::Requests)>{words::REQUESTS}</a>
            </nav>
            {institution.map(|name| view! { <span class="quiet top-institution">{name}</span> })}
            {help}
        </header>
        <main id="content" tabindex="-1">
            {failure.map(|failure| view! { <UpstreamFailureBanner failure navigation /> })}
            {children()}
        </main>
        {signed_in.map(|signed_in| view! {
            <footer class="foot quiet small">{signed_in} " " <a href=Page::You.path()>{words::access::YOUR_ACCOUNT}</a></footer>
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_has_the_header_of_the_page() {
        let shell = include_str!("../../index.html");
        let links = [("/course", words::COURSE), ("/", words::REPORTS), ("/requests", words::REQUESTS)];
        let nav: String = links.iter().map(|(href, name)| format!("<a href=\"{href}\">{name}</a>")).collect();
        let html: String = shell.lines().map(str::trim).collect();
        assert!(html.contains(&format!("<nav aria-label=\"{}\">{nav}</nav>", words::NAME)), "{shell}");
        assert!(html.contains(&format!("<a class=\"top-name\" href=\"/\">{}</a>", words::NAME)), "{shell}");
    }

    #[test]
    fn the_shell_has_the_notices_that_start_js_shows() {
        let (shell, script) = (include_str!("../../index.html"), include_str!("../public/start.js"));
        for id in ["unsupported", "not-loaded"] {
            assert!(shell.contains(&format!("<template id=\"{id}\">")), "{id}");
            assert!(script.contains(&format!("\"{id}\"")), "{id}");
        }
    }
}
