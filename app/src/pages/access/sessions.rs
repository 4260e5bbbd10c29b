//! On the account page: where people are signed in, with buttons that sign them out there.

use crate::api_client::{self, ApiError};
use crate::api_signal::ApiSignal;
use crate::components::error_notice::ErrorNotice;
use crate::components::focus::focus;
use crate::context::AppContext;
use crate::words;
use crate::words::access as text;
use crate::{browser_zones, locale};
use domain::api::{SessionInfo, Sessions};
use domain::range::Range;
use domain::role::Role;
use domain::time::{SECOND, Timestamp, minus_days};
use domain::zone::Zone;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Days before today for which the time zone's offsets are traced: longer than a session lasts.
const TRACED_DAYS: u64 = 3;

/// What a button ends: the path after [`api_client::access::SESSIONS`], and a question before it is called, if several
/// sessions end.
type Ending = (String, Option<String>);

/// Your own sessions; for an administrator, everybody's.
#[component]
pub fn SessionList() -> impl IntoView {
    let context = expect_context::<AppContext>();
    let is_administrator = context.session().role == Role::Administrator;
    let sessions: ApiSignal<Sessions> = ApiSignal::new(api_client::access::SESSIONS);
    let error = RwSignal::new(None::<ApiError>);
    let has_ended = RwSignal::new(false);
    let status: NodeRef<html::Div> = NodeRef::new();
    let end = Callback::new(move |(path, question): Ending| {
        let is_confirmed = |question: String| window().confirm_with_message(&question).unwrap_or_default();
        if !question.is_none_or(is_confirmed) {
            return;
        }
        error.set(None);
        spawn_local(async move {
            match api_client::access::end_sessions(&path).await {
                Ok(()) => {
                    has_ended.try_set(true);
                    // The button disappears, and the focus would be lost with it. An empty status cannot have it.
                    request_animation_frame(move || focus(status));
                }
                Err(failure) => {
                    error.try_set(Some(failure));
                }
            }
            sessions.refetch();
        });
    });
    let (zone_name, now) = (context.session().time_zone, context.session().now);
    let range = Range::new(minus_days(now.day(), TRACED_DAYS), now.day()).ok();
    let zone = browser_zones::trace(&zone_name, range, now).unwrap_or_else(Zone::utc);
    let zone = StoredValue::new(zone);
    let time = move |at: Timestamp| {
        let offset = zone.with_value(|zone| zone.offset_at(at));
        locale::format_date_time(at.plus(i64::from(offset) * SECOND))
    };
    let row = move |session: SessionInfo| {
        let SessionInfo { id, person, person_id, auth_method, opened, seen, current } = session;
        let person = text::person_label(&person).to_owned();
        let (name, opened) = (text::end_session_of(&person, &time(opened)), time(opened));
        let one = move |_| end.run((format!("/{id}"), None));
        let question = text::confirm_sessions_end(&person);
        let all_name = text::end_sessions_of(&person);
        let all = move |_| end.run((format!("?person={person_id}"), Some(question.clone())));
        view! {
            <tr>
                {is_administrator.then(|| view! { <th scope="row">{person}</th> })}
                <td>{text::auth_method(auth_method)}</td>
                <th scope="row">{opened}</th>
                <td>{time(seen)}</td>
                <td>
                    <span class="actions">
                        {if current {
                            view! { <span class="quiet small">{text::THIS_SESSION}</span> }.into_any()
                        } else {
                            view! {
                                <button type="button" class="plain" aria-label=name on:click=one>{text::END_SESSION}</button>
                            }
                            .into_any()
                        }}
                        {is_administrator.then(|| view! {
                            <button type="button" class="plain" aria-label=all_name on:click=all>{text::END_ALL_OF_PERSON}</button>
                        })}
                    </span>
                </td>
            </tr>
        }
    };
    let everybody = move |_| end.run((String::new(), Some(text::CONFIRM_EVERYBODYS_END.to_owned())));
    view! {
        <section class="lines" data-testid="sessions">
            <h2>{if is_administrator { text::SESSIONS } else { text::YOUR_SESSIONS }}</h2>
            <p class="quiet">{text::SESSIONS_ARE} " " {text::session_zone(&zone_name)}</p>
            {move || sessions.error().map(|error| view! {
                <ErrorNotice error again=Callback::new(move |()| sessions.refetch()) />
            })}
            <div class="wide">
                <table>
                    <thead>
                        <tr>
                            {is_administrator.then(|| view! { <th scope="col">{text::WHO}</th> })}
                            <th scope="col">{text::AUTH_METHOD}</th>
                            <th scope="col">{text::OPENED}</th>
                            <th scope="col">{text::LAST_USED}</th>
                            <th scope="col">{words::ACTION}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {move || sessions.ok().map(|all| all.sessions.into_iter().map(row).collect_view())}
                    </tbody>
                </table>
            </div>
            {is_administrator.then(|| view! {
                <p><button type="button" on:click=everybody>{text::END_EVERYBODYS}</button></p>
            })}
            <div role="status" tabindex="-1" node_ref=status>{move || has_ended.get().then_some(text::ENDED)}</div>
            {move || error.get().map(|error| view! { <ErrorNotice error /> })}
        </section>
    }
}
