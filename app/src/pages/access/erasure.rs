//! `/forgetting`: a person, a course or weeks, deleted from every copy and kept out of later ones.

use super::grants::GrantSelect;
use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::context::AppContext;
use crate::locale;
use crate::words;
use crate::words::access as said;
use domain::api::Courses;
use domain::erasure::{
    Erasure, ErasureProgress, ErasureRequest, Erasures, PersonIdentifier, RedactedTarget, WeekRange,
};
use domain::report::Shape;
use domain::scope::Grant;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// Between two looks at what is under way.
const TICK: Duration = Duration::from_secs(2);

/// What is to be forgotten.
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
    let moves = move || {
        list.with_untracked(|list| {
            list.iter().flat_map(|list| &list.erasures).any(|it| it.state == ErasureProgress::UnderWay)
        })
    };
    let tick = move || {
        if moves() && !document().hidden() {
            all.refetch();
        }
    };
    if let Ok(interval) = set_interval_with_handle(tick, TICK) {
        on_cleanup(move || interval.clear());
    }
    let forget = Callback::new(move |what: ErasureRequest| {
        error.set(None);
        spawn_local(async move {
            match api_client::access::request_erasure(&what).await {
                Ok(_) => all.refetch(),
                Err(what) => {
                    error.try_set(Some(what));
                }
            }
        });
    });
    let lift = Callback::new(move |id: String| {
        error.set(None);
        spawn_local(async move {
            match api_client::access::cancel_erasure(&id).await {
                Ok(()) => all.refetch(),
                Err(what) => {
                    error.try_set(Some(what));
                }
            }
        });
    });
    let lines = move || {
        let all = list.get().map(|list| list.erasures).unwrap_or_default();
        all.into_iter().map(|it| view! { <ErasureItem it lift /> }).collect_view()
    };
    view! {
        <p class="quiet">{move || list.get().map(|list| said::retention(list.keep_days))}</p>
        <ErasureForm directory forget />
        {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        {move || all.error().map(|error| view! {
            <ErrorNotice error again=Callback::new(move |()| all.refetch()) />
        })}
        <h2>{said::FORGOTTEN}</h2>
        <Show when=move || list.with(|list| list.as_ref().is_some_and(|list| list.erasures.is_empty()))>
            <p>{said::NOTHING_FORGOTTEN}</p>
        </Show>
        <ul class="plain-list" data-testid="forgettings">{lines}</ul>
    }
}

/// One of them, and how far it is.
#[component]
fn ErasureItem(it: Erasure, lift: Callback<String>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let can_lift = it.state != ErasureProgress::Lifted && !matches!(it.what, RedactedTarget::Range { .. });
    let id = it.id.clone();
    let report = match &it.what {
        RedactedTarget::Range { report, .. } => {
            report.as_ref().map(|report| context.report_title(report.as_str()))
        }
        _ => None,
    };
    let title = match &it.what {
        RedactedTarget::Person { mark, named } => said::person_of_mark(mark, *named),
        RedactedTarget::Course { id } => said::course_of_id(id),
        RedactedTarget::Range { from, to, .. } => {
            said::weeks(&locale::format_days(*from, *to), report.as_deref())
        }
    };
    let far = said::far(&it);
    let asked = said::forgotten_by(&it.by, &locale::format_date_time(it.asked));
    view! {
        <li class="lines" data-state=far.0>
            <p>{title} <span class="quiet small">" " {asked}</span></p>
            <p class="small" role="status">{far.1}</p>
            {can_lift.then(|| view! {
                <p>
                    <button type="button" class="plain" on:click=move |_| lift.run(id.clone())>{said::LIFT}</button>
                </p>
            })}
        </li>
    }
}

/// What is to be forgotten, said twice: nothing brings it back.
#[component]
fn ErasureForm(directory: Memo<Courses>, forget: Callback<ErasureRequest>) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let kind = RwSignal::new(ErasureKind::Person);
    let name = RwSignal::new(String::new());
    let course = RwSignal::new(None::<Grant>);
    let (report, from, to) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let what = Memo::new(move |_| match kind.get() {
        ErasureKind::Person => {
            let name = name.get().trim().to_owned();
            let named = if name.contains('@') {
                PersonIdentifier::Email(name.clone())
            } else {
                PersonIdentifier::Id(name.clone())
            };
            (!name.is_empty()).then_some(ErasureRequest::Person(named))
        }
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
        let Some(what) = what.get_untracked() else { return };
        if window().confirm_with_message(said::SURE).unwrap_or_default() {
            forget.run(what);
            name.set(String::new());
        }
    };
    let choice = move |this: ErasureKind, label: &'static str| {
        view! {
            <label class="choice">
                <input type="radio" name="kind" prop:checked=move || kind.get() == this
                    on:change=move |_| kind.set(this) />
                <span>{label}</span>
            </label>
        }
    };
    let reports = move || {
        let dated = context.reports().into_iter().filter(|info| info.shape != Shape::Snapshot);
        dated.map(|info| view! { <option value=info.name.to_string()>{info.title}</option> }).collect_view()
    };
    let day = move |label: &'static str, value: RwSignal<String>| {
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
                <legend>{said::FORGET_WHAT}</legend>
                {choice(ErasureKind::Person, said::A_PERSON)}
                {choice(ErasureKind::Course, said::A_COURSE)}
                {choice(ErasureKind::WeekRange, said::SOME_WEEKS)}
            </fieldset>
            <div class="in-line">
                {move || match kind.get() {
                    ErasureKind::Person => view! {
                        <label>
                            <span>{said::EMAIL_OR_ID}</span>
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
                                <option value="">{said::ALL_REPORTS}</option>
                                {reports()}
                            </select>
                        </label>
                        {day(said::MONDAY, from)}
                        {day(said::SUNDAY, to)}
                    }
                    .into_any(),
                }}
            </div>
            <p class="quiet small">{move || said::what_goes(kind.get() == ErasureKind::Person, kind.get() == ErasureKind::WeekRange)}</p>
            <p>
                <button type="submit" class="main" disabled=move || what.with(Option::is_none)>{said::FORGET}</button>
            </p>
        </form>
    }
}
