//! `/forgetting`: erasures of a person, a course or weeks: deleted from every copy and kept out of later
//! ones.

use super::grants::GrantSelect;
use super::person_export::PersonExport;
use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::locale;
use crate::words;
use crate::words::access as text;
use domain::api::Courses;
use domain::erasure::{
    Erasure, ErasureProgress, ErasureRequest, Erasures, PersonIdentifier, RedactedTarget, WeekRange,
};
use domain::report::Shape;
use domain::role::Grant;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// How often the list is fetched while an erasure is under way.
const TICK: Duration = Duration::from_secs(2);

/// What an erasure deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErasureKind {
    Person,
    Course,
    WeekRange,
}

/// The page.
#[component]
pub fn ErasurePage() -> impl IntoView {
    let all: ApiSignal<Erasures> = ApiSignal::new(api_client::access::FORGET);
    let courses: ApiSignal<Courses> = ApiSignal::new(api_client::COURSES);
    let directory = Memo::new(move |_| courses.ok().unwrap_or_default());
    let list = Memo::new(move |_| all.ok());
    let error = RwSignal::new(None::<ApiError>);
    let is_under_way = move || {
        list.with_untracked(|list| {
            list.iter().flat_map(|list| &list.erasures).any(|it| it.state == ErasureProgress::UnderWay)
        })
    };
    let tick = move || {
        if is_under_way() && !document().hidden() {
            all.poll();
        }
    };
    if let Ok(interval) = set_interval_with_handle(tick, TICK) {
        on_cleanup(move || interval.clear());
    }
    let erase = Callback::new(move |request: ErasureRequest| {
        error.set(None);
        spawn_local(async move {
            match api_client::access::request_erasure(&request).await {
                Ok(_) => all.refetch(),
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
        });
    });
    let cancel = Callback::new(move |id: String| {
        error.set(None);
        spawn_local(async move {
            match api_client::access::cancel_erasure(&id).await {
                Ok(()) => all.refetch(),
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
        });
    });
    let items = move || {
        let all = list.get().map(|list| list.erasures).unwrap_or_default();
        all.into_iter().map(|erasure| view! { <ErasureItem erasure cancel /> }).collect_view()
    };
    view! {
        <p class="quiet">{move || list.get().map(|list| text::retention(list.keep_days))}</p>
        <ErasureForm directory erase />
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        {move || all.error().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| all.refetch()) />
        })}
        <h2>{text::ERASURES}</h2>
        <Show when=move || list.with(|list| list.as_ref().is_some_and(|list| list.erasures.is_empty()))>
            <p>{text::NO_ERASURES}</p>
        </Show>
        <ul class="plain-list" data-testid="forgettings">{items}</ul>
        <PersonExport />
    }
}

/// An erasure and its progress.
#[component]
fn ErasureItem(erasure: Erasure, cancel: Callback<String>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let can_cancel =
        erasure.state != ErasureProgress::Lifted && !matches!(erasure.what, RedactedTarget::Range { .. });
    let id = erasure.id.clone();
    let report = match &erasure.what {
        RedactedTarget::Range { report, .. } => {
            report.as_ref().map(|report| context.report_title(report.as_str()))
        }
        _ => None,
    };
    let title = match &erasure.what {
        RedactedTarget::Person { mark, named, .. } => text::erased_person(mark, *named),
        RedactedTarget::Course { id } => text::erased_course(id.as_str()),
        RedactedTarget::Range { from, to, .. } => {
            text::erased_weeks(&locale::format_days(*from, *to), report.as_deref())
        }
    };
    let links = match erasure.what {
        RedactedTarget::Person { named, ids, emails, .. } => Some(text::erasure_links(named, ids, emails)),
        RedactedTarget::Course { .. } | RedactedTarget::Range { .. } => None,
    };
    let (state, progress) = text::erasure_progress(&erasure);
    let requested = text::erased_by(&erasure.by, &locale::format_date_time(erasure.asked));
    view! {
        <li class="lines" data-state=state>
            <p>{title} <span class="quiet small">" " {requested}</span></p>
            <p class="small" role="status">{progress}</p>
            {links.map(|links| view! { <p class="quiet small" data-testid="links">{links}</p> })}
            {can_cancel.then(|| view! {
                <p>
                    <button type="button" class="plain" on:click=move |_| cancel.run(id.clone())>{text::CANCEL_ERASURE}</button>
                </p>
            })}
        </li>
    }
}

/// The form that requests an erasure. A dialog asks for confirmation, since the rows cannot be restored.
#[component]
fn ErasureForm(directory: Memo<Courses>, erase: Callback<ErasureRequest>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let kind = RwSignal::new(ErasureKind::Person);
    let name = RwSignal::new(String::new());
    let course = RwSignal::new(None::<Grant>);
    let (report, from, to) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let request = Memo::new(move |_| match kind.get() {
        ErasureKind::Person => name.with(|name| PersonIdentifier::parse(name)).map(ErasureRequest::Person),
        ErasureKind::Course => course.get().map(|grant| ErasureRequest::Course(grant.course)),
        ErasureKind::WeekRange => {
            let (report, from, to) = (report.get(), from.get(), to.get());
            let report = (!report.is_empty()).then_some(report);
            (!from.is_empty() && !to.is_empty()).then_some(ErasureRequest::Range(WeekRange {
                report,
                from,
                to,
            }))
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(request) = request.get_untracked() else { return };
        if window().confirm_with_message(text::CONFIRM_ERASURE).unwrap_or_default() {
            erase.run(request);
            name.set(String::new());
        }
    };
    let choice = move |option: ErasureKind, label: &'static str| {
        view! {
            <label class="choice">
                <input type="radio" name="kind" prop:checked=move || kind.get() == option
                    on:change=move |_| kind.set(option) />
                <span>{label}</span>
            </label>
        }
    };
    let reports = move || {
        let dated = context.reports().into_iter().filter(|info| info.shape != Shape::Snapshot);
        dated.map(|info| view! { <option value=info.name.to_string()>{info.title}</option> }).collect_view()
    };
    let day_field = move |label: &'static str, value: RwSignal<String>| {
        view! {
            <label>
                <span>{label}</span>
                <input type="date" prop:value=move || value.get()
                    on:change=move |event| value.set(event_target_value(&event)) />
            </label>
        }
    };
    view! {
        <form class="lines" on:submit=submit>
            <fieldset class="in-line">
                <legend>{text::ERASE_WHAT}</legend>
                {choice(ErasureKind::Person, text::A_PERSON)}
                {choice(ErasureKind::Course, text::A_COURSE)}
                {choice(ErasureKind::WeekRange, text::SOME_WEEKS)}
            </fieldset>
            <div class="in-line">
                {move || match kind.get() {
                    ErasureKind::Person => view! {
                        <label>
                            <span>{text::EMAIL_OR_ID}</span>
                            <input type="text" autocomplete="off" size="40" prop:value=move || name.get()
                                on:input=move |event| name.set(event_target_value(&event)) />
                        </label>
                    }
                    .into_any(),
                    ErasureKind::Course => view! { <GrantSelect directory chosen=course has_sections=false /> }.into_any(),
                    ErasureKind::WeekRange => view! {
                        <label>
                            <span>{words::REPORT}</span>
                            <select on:change=move |event| report.set(event_target_value(&event))>
                                <option value="">{text::ALL_REPORTS}</option>
                                {reports()}
                            </select>
                        </label>
                        {day_field(text::MONDAY, from)}
                        {day_field(text::SUNDAY, to)}
                    }
                    .into_any(),
                }}
            </div>
            <p class="quiet small">{move || text::erasure_effect(kind.get() == ErasureKind::Person, kind.get() == ErasureKind::WeekRange)}</p>
            <p>
                <button type="submit" class="main" disabled=move || request.with(Option::is_none)>{text::ERASE}</button>
            </p>
        </form>
    }
}
