//! Signing in and out, roles, the record, forgetting.

use super::{Answer, SESSION, Trouble, body, delete, read, sent};
use domain::api::{Impersonation, Person, RoleChange, RoleUploadResult, SignInRequest};
use domain::erasure::{Erasure, ErasureRequest};
use domain::problem::{LineError, LineErrors, Problem};
use gloo_net::http;
use serde::Deserialize;
use thread::stream::Refusal;

/// `GET`: everybody who has a role.
pub const ROLES: &str = "/api/roles";
/// `GET`: who saw what.
pub const RECORD: &str = "/api/record";
/// `GET`: what has been forgotten.
pub const FORGET: &str = "/api/forget";

/// `GET /api/session` of somebody who is not let in: why, and how one signs in. Nothing, when they are by now.
///
/// # Errors
/// [`Trouble`], here and in every other function.
pub async fn door() -> Answer<Option<Problem>> {
    let response = sent(http::Request::get(SESSION).build()).await?;
    if response.ok() {
        return Ok(None);
    }
    let text = response.text().await.map_err(|_| Trouble::Unreachable)?;
    read(Ok(text)).map(Some)
}

/// `POST /api/session` with the installation's key.
///
/// # Errors
/// [`Trouble`].
pub async fn sign_in(key: String) -> Answer<()> {
    arrive(&SignInRequest { key: Some(key), ..SignInRequest::default() }).await
}

/// `POST /api/session` in local mode: looks as somebody else, or as an administrator again.
///
/// # Errors
/// [`Trouble`].
pub async fn look_as(look_as: Option<Impersonation>) -> Answer<()> {
    arrive(&SignInRequest { look_as, ..SignInRequest::default() }).await
}

async fn arrive(arrival: &SignInRequest) -> Answer<()> {
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
pub async fn appoint(appointment: &RoleChange) -> Answer<Person> {
    read(body(sent(http::Request::put(ROLES).json(appointment)).await?).await)
}

/// `DELETE /api/roles/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn dismiss(id: &str) -> Answer<()> {
    delete(&format!("{ROLES}/{id}")).await
}

/// What is wrong with the lines of an upload, in a problem.
#[derive(Deserialize)]
struct Broken {
    lines: Option<LineErrors>,
}

/// `POST /api/roles/csv`: what an upload would change; with the digest of that, what it has changed.
///
/// # Errors
/// [`Trouble`], with what is wrong line by line.
pub async fn upload(csv: &str, apply: Option<&str>) -> Result<RoleUploadResult, (Trouble, Vec<LineError>)> {
    let query = apply.map(|digest| format!("?apply={digest}")).unwrap_or_default();
    let request = http::Request::post(&format!("{ROLES}/csv{query}")).header("content-type", "text/csv");
    let alone = |trouble| (trouble, Vec::new());
    let response = sent(request.body(csv)).await.map_err(alone)?;
    let (is_ok, status) = (response.ok(), response.status());
    let text = response.text().await.map_err(|_| alone(Trouble::Unreachable))?;
    if is_ok {
        return read(Ok(text)).map_err(alone);
    }
    let lines = serde_json::from_str::<Broken>(&text).ok().and_then(|broken| broken.lines);
    Err((Refusal::Said(status, text).into(), lines.unwrap_or_default().0))
}

/// `POST /api/forget`.
///
/// # Errors
/// [`Trouble`].
pub async fn forget(what: &ErasureRequest) -> Answer<Erasure> {
    read(body(sent(http::Request::post(FORGET).json(what)).await?).await)
}

/// `DELETE /api/forget/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn lift(id: &str) -> Answer<()> {
    delete(&format!("{FORGET}/{id}")).await
}
