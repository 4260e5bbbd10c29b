//! What is mounted in the document: who is asking, what can be asked, and the page of the current route.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::clock::Clock;
use crate::components::error_notice::ErrorNotice;
use crate::components::help::{HelpButton, HelpRequests};
use crate::components::lazy::{Placeholder, render_lazy};
use crate::lazy_components::LazyComponents;
use crate::loader::Loader;
use crate::navigation::{self, Navigation};
use crate::pages::overview::{self, OverviewPage};
use crate::teller::Teller;
use crate::{browser_zones, words};
use domain::api::{ReportInfo, Reports, SessionSummary};
use domain::problem::{Code, Problem};
use domain::view::{Page, View};
use domain::zone::Zone;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// What every component uses: view, clock, help, data threads, session and the list of reports.
#[derive(Debug, Clone, Copy)]
pub struct AppContext {
    /// The view.
    pub navigation: Navigation,
    /// The Worker's time.
    pub clock: Clock,
    /// What is fetched when it is first needed.
    pub components: LazyComponents,
    /// What is asked of the help.
    pub help: HelpRequests,
    /// The threads that have been needed, each made once: what is on its way outlives the page that wanted it.
    threads: StoredValue<Threads>,
    /// Whether a button asked for what is about to be shown.
    is_request_scheduled: StoredValue<bool>,
    session: StoredValue<SessionSummary>,
    reports: StoredValue<Vec<ReportInfo>>,
}

/// The threads that have been needed.
#[derive(Debug, Default)]
struct Threads {
    owner: Option<Owner>,
    loader: Option<Loader>,
    teller: Option<Teller>,
}

impl Threads {
    /// What is there, or what is made now under the owner of all: it must not go with the page that first needs it.
    fn get_or_start<T: Copy>(&mut self, of: fn(&mut Self) -> &mut Option<T>, make: fn() -> T) -> T {
        let owner = self.owner.clone();
        *of(self).get_or_insert_with(|| owner.map_or_else(make, |owner| owner.with(make)))
    }
}

impl AppContext {
    /// The data thread.
    #[must_use]
    pub fn loader(self) -> Loader {
        self.threads
            .try_update_value(|it| it.get_or_start(|it| &mut it.loader, Loader::new))
            .unwrap_or_default()
    }

    /// The thread of all other reports.
    #[must_use]
    pub fn teller(self) -> Teller {
        self.threads
            .try_update_value(|it| it.get_or_start(|it| &mut it.teller, Teller::new))
            .unwrap_or_default()
    }

    /// Notes that what is about to be shown is to be asked for, too.
    pub fn schedule_request(self) {
        self.is_request_scheduled.set_value(true);
    }

    /// Whether what is shown is to be asked for; once.
    #[must_use]
    pub fn take_scheduled_request(self) -> bool {
        self.is_request_scheduled.try_update_value(std::mem::take).unwrap_or_default()
    }

    /// Who is asking, and where.
    #[must_use]
    pub fn session(self) -> SessionSummary {
        self.session.get_value()
    }

    /// What can be asked for.
    #[must_use]
    pub fn reports(self) -> Vec<ReportInfo> {
        self.reports.get_value()
    }

    /// One of them.
    #[must_use]
    pub fn report(self, name: &str) -> Option<ReportInfo> {
        self.reports.with_value(|all| all.iter().find(|info| info.name.as_str() == name).cloned())
    }

    /// What a report is called; its name, when it is no longer offered.
    #[must_use]
    pub fn report_title(self, name: &str) -> String {
        self.report(name).map_or_else(|| name.to_owned(), |info| info.title)
    }

    /// The name of the zone that `view` is in.
    #[must_use]
    pub fn zone_name(self, view: &View) -> String {
        match &view.zone {
            Some(zone) => zone.as_str().to_owned(),
            None => self.session.with_value(|session| session.time_zone.clone()),
        }
    }

    /// The zone that `view` is in, as the browser knows it; UTC when it knows none of that name.
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

/// Puts the application into the document, beside the shell that was there before it ran.
pub fn run(components: LazyComponents) {
    let Some(place) = document().get_element_by_id("page") else { return };
    overview::prefetch(components, &navigation::current_view());
    mount_to(place.unchecked_into(), move || view! { <Application components /> }).forget();
}

/// The application.
#[component]
pub fn Application(
    /// What is fetched later.
    components: LazyComponents,
) -> impl IntoView {
    let navigation = Navigation::new();
    let help = HelpRequests::new();
    let threads = StoredValue::new(Threads { owner: Owner::current(), ..Threads::default() });
    let is_request_scheduled = StoredValue::new(false);
    let session: ApiSignal<SessionSummary> = ApiSignal::new(api_client::SESSION);
    let reports: ApiSignal<Reports> = ApiSignal::new(api_client::REPORTS);
    let again = move || {
        session.refetch();
        reports.refetch();
    };
    // Who could not be reached may be reached again; what is shown otherwise stays as it is.
    let online = Closure::<dyn Fn()>::new(move || {
        let lost = [session.error(), reports.error()].contains(&Some(ApiError::Unreachable));
        if lost {
            again();
        }
    });
    let _ = window().add_event_listener_with_callback("online", online.as_ref().unchecked_ref());
    // It listens as long as the page lives.
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
            let clock = Clock::new(session.now);
            provide_context(AppContext {
                navigation,
                clock,
                components,
                help,
                threads,
                is_request_scheduled,
                session: StoredValue::new(session.clone()),
                reports: StoredValue::new(reports),
            });
            view! {
                <PageFrame navigation session=Some(session)>
                    <CurrentPage navigation />
                </PageFrame>
            }
            .into_any()
        }
        // The shell stands until there is something to say.
        _ => ().into_any(),
    }
}

/// Takes away what was there before the page ran.
fn remove_shell() {
    if let Some(shell) = document().get_element_by_id("shell") {
        shell.remove();
    }
}

/// The page of the current route.
#[component]
fn CurrentPage(navigation: Navigation) -> impl IntoView {
    let place = Memo::new(move |_| navigation.view().page);
    move || match place.get() {
        Page::Overview => view! { <OverviewPage /> }.into_any(),
        Page::Course => {
            render_lazy(expect_context::<AppContext>().components.course_page, (), Placeholder::Block)
        }
        Page::Requests => {
            render_lazy(expect_context::<AppContext>().components.requests_page, (), Placeholder::Block)
        }
        Page::You | Page::People | Page::Record | Page::Forgetting | Page::Shares => {
            render_lazy(expect_context::<AppContext>().components.access_page, (), Placeholder::Block)
        }
    }
}

/// The head of every page, and the room under it.
#[component]
fn PageFrame(navigation: Navigation, session: Option<SessionSummary>, children: Children) -> impl IntoView {
    let to = move |place: Page| move || navigation.view().with_page(place).to_url();
    let current = move |place: Page| move || (navigation.view().page == place).then_some("page");
    // What the help stands on is known as soon as it is known who asks.
    let help = session.is_some().then(|| view! { <HelpButton /> });
    let you = session.as_ref().map(words::access::you);
    let institution = session.map(|session| session.institution).filter(|name| name != words::UNNAMED);
    view! {
        <a class="skip" href="#content">{words::SKIP}</a>
        <header class="top">
            <a class="top-name" href="/">{words::NAME}</a>
            <nav aria-label=words::NAME>
                <a href=to(Page::Course) aria-current=current(Page::Course)>{words::course::COURSE}</a>
                <a href=to(Page::Overview) aria-current=current(Page::Overview)>{words::REPORTS}</a>
                <a href=to(Page::Requests) aria-current=current(Page::Requests)>{words::REQUESTS}</a>
            </nav>
            {institution.map(|name| view! { <span class="quiet top-institution">{name}</span> })}
            {help}
        </header>
        <main id="content" tabindex="-1">{children()}</main>
        {you.map(|you| view! {
            <footer class="foot quiet small">{you} " " <a href=Page::You.path()>{words::access::MORE}</a></footer>
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_has_the_head_that_takes_its_place() {
        let shell = include_str!("../../index.html");
        let links =
            [("/course", words::course::COURSE), ("/", words::REPORTS), ("/requests", words::REQUESTS)];
        let nav: String = links.iter().map(|(to, name)| format!("<a href=\"{to}\">{name}</a>")).collect();
        let plain: String = shell.lines().map(str::trim).collect();
        assert!(plain.contains(&format!("<nav aria-label=\"{}\">{nav}</nav>", words::NAME)), "{shell}");
        assert!(plain.contains(&format!("<a class=\"top-name\" href=\"/\">{}</a>", words::NAME)), "{shell}");
    }
}
