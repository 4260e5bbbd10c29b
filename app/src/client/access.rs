//! Signing in and out, roles, the record, forgetting.

use super::{Answer, Trouble, body, read, sent};
use domain::api::{Appointment, Arrival, LookAs, Person, RolesUpload};
use domain::forget::{Forget, Forgetting};
use gloo_net::http;

use super::SESSION;

/// `GET`: everybody who has a role.
pub const ROLES: &str = "/api/roles";
/// `GET`: who saw what.
pub const RECORD: &str = "/api/record";
/// `GET`: what has been forgotten.
pub const FORGET: &str = "/api/forget";

/// `POST /api/session` with the installation's key.
///
/// # Errors
/// [`Trouble`], here and in every other function.
pub async fn sign_in(key: String) -> Answer<()> {
    arrive(&Arrival { key: Some(key), ..Arrival::default() }).await
}

/// `POST /api/session` in local mode: looks as somebody else, or as an administrator again.
///
/// # Errors
/// [`Trouble`].
pub async fn look_as(look_as: Option<LookAs>) -> Answer<()> {
    arrive(&Arrival { look_as, ..Arrival::default() }).await
}

async fn arrive(arrival: &Arrival) -> Answer<()> {
    body(sent(http::Request::post(SESSION).json(arrival)).await?).await.map(drop)
}

/// `DELETE /api/session`.
///
/// # Errors
/// [`Trouble`].
pub async fn sign_out() -> Answer<()> {
    delete(SESSION).await
}

/// `PUT /api/roles`.
///
/// # Errors
/// [`Trouble`].
pub async fn appoint(appointment: &Appointment) -> Answer<Person> {
    read(body(sent(http::Request::put(ROLES).json(appointment)).await?).await)
}

/// `DELETE /api/roles/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn dismiss(id: &str) -> Answer<()> {
    delete(&format!("{ROLES}/{id}")).await
}

/// `POST /api/roles/csv`: what an upload would change; with the digest of that, what it has changed.
///
/// # Errors
/// [`Trouble`].
pub async fn upload(csv: &str, apply: Option<&str>) -> Answer<RolesUpload> {
    let query = apply.map(|digest| format!("?apply={digest}")).unwrap_or_default();
    let request = http::Request::post(&format!("{ROLES}/csv{query}")).header("content-type", "text/csv");
    read(body(sent(request.body(csv)).await?).await)
}

/// `POST /api/forget`.
///
/// # Errors
/// [`Trouble`].
pub async fn forget(what: &Forget) -> Answer<Forgetting> {
    read(body(sent(http::Request::post(FORGET).json(what)).await?).await)
}

/// `DELETE /api/forget/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn lift(id: &str) -> Answer<()> {
    delete(&format!("{FORGET}/{id}")).await
}

async fn delete(url: &str) -> Answer<()> {
    let response = sent(http::Request::delete(url).build()).await?;
    if response.ok() { Ok(()) } else { Err::<(), Trouble>(super::refusal(&response).await) }
}
