//! What is mounted in the document: who is asking, what can be asked, and the page of the current route.

use crate::address::Address;
use crate::client::{self, Trouble};
use crate::clock::Clock;
use crate::loader::Loader;
use crate::pages::course::CoursePage;
use crate::pages::overview::Overview;
use crate::pages::requests::Board;
use crate::parts::notice::Notice;
use crate::teller::Teller;
use crate::{words, zone};
use domain::api::{ReportInfo, Reports, Session};
use domain::view::{Place, View};
use domain::zone::Zone;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// What every part stands on.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// The view.
    pub address: Address,
    /// The Worker's time.
    pub clock: Clock,
    /// The data thread.
    pub loader: Loader,
    /// The thread of all other reports.
    pub teller: Teller,
    session: StoredValue<Session>,
    reports: StoredValue<Vec<ReportInfo>>,
}

impl Ground {
    /// Who is asking, and where.
    #[must_use]
    pub fn session(self) -> Session {
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
    pub fn title(self, name: &str) -> String {
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
        zone::trace(&self.zone_name(view), view.range, self.session.with_value(|session| session.now))
            .unwrap_or_else(Zone::utc)
    }
}

/// Puts the application into the document, in place of the shell that was there before it ran.
pub fn run() {
    let Some(place) = document().get_element_by_id("page") else { return };
    place.set_inner_html("");
    mount_to(place.unchecked_into(), Application).forget();
}

/// The application.
#[component]
pub fn Application() -> impl IntoView {
    let address = Address::new();
    let loader = Loader::new();
    let teller = Teller::new();
    let session = LocalResource::new(client::session);
    let reports = LocalResource::new(client::reports);
    let again = move || {
        session.refetch();
        reports.refetch();
    };
    // Who could not be reached may be reached again; what is shown otherwise stays as it is.
    let online = Closure::<dyn Fn()>::new(move || {
        let is_lost = |trouble: &Trouble| *trouble == Trouble::Unreachable;
        let lost = session.get_untracked().is_some_and(|it| it.is_err_and(|trouble| is_lost(&trouble)))
            || reports.get_untracked().is_some_and(|it| it.is_err_and(|trouble| is_lost(&trouble)));
        if lost {
            again();
        }
    });
    let _ = window().add_event_listener_with_callback("online", online.as_ref().unchecked_ref());
    // It listens as long as the page lives.
    online.forget();
    move || match (session.get(), reports.get()) {
        (Some(Err(trouble)), _) | (_, Some(Err(trouble))) => view! {
            <Frame address session=None>
                <Notice trouble is_all=true again=Callback::new(move |()| again()) />
            </Frame>
        }
        .into_any(),
        (Some(Ok(session)), Some(Ok(Reports { reports, .. }))) => {
            let clock = Clock::new(session.now);
            provide_context(Ground {
                address,
                clock,
                loader,
                teller,
                session: StoredValue::new(session.clone()),
                reports: StoredValue::new(reports),
            });
            view! {
                <Frame address session=Some(session)>
                    <Route address />
                </Frame>
            }
            .into_any()
        }
        _ => view! {
            <Frame address session=None>
                <p class="quiet" role="status">{words::LOADING}</p>
            </Frame>
        }
        .into_any(),
    }
}

/// The page of the current route.
#[component]
fn Route(address: Address) -> impl IntoView {
    let place = Memo::new(move |_| address.view().place);
    move || match place.get() {
        Place::Overview => view! { <Overview /> }.into_any(),
        Place::Course => view! { <CoursePage /> }.into_any(),
        Place::Requests => view! { <Board /> }.into_any(),
    }
}

/// The head of every page, and the room under it.
#[component]
fn Frame(address: Address, session: Option<Session>, children: Children) -> impl IntoView {
    let to = move |place: Place| move || address.view().at(place).to_url();
    let current = move |place: Place| move || (address.view().place == place).then_some("page");
    let institution = session.map(|session| session.institution).filter(|name| name != words::UNNAMED);
    view! {
        <a class="skip" href="#content">{words::SKIP}</a>
        <header class="top">
            <a class="top-name" href="/">{words::NAME}</a>
            <nav aria-label=words::NAME>
                <a href=to(Place::Course) aria-current=current(Place::Course)>{words::course::COURSE}</a>
                <a href=to(Place::Overview) aria-current=current(Place::Overview)>{words::REPORTS}</a>
                <a href=to(Place::Requests) aria-current=current(Place::Requests)>{words::REQUESTS}</a>
            </nav>
            {institution.map(|name| view! { <span class="quiet top-institution">{name}</span> })}
        </header>
        <main id="content" tabindex="-1">{children()}</main>
    }
}
