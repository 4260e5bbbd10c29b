//! Sessions, roles, the audit log and erasures.

use super::{
    ApiError, ApiResult, SESSION, parse_json, read_body, read_error, request, send, send_delete, send_request,
};
use domain::api::{Impersonation, Person, RoleChange, RoleUploadResult, SignInRequest};
use domain::erasure::{Erasure, ErasureRequest, PersonIdentifier};
use domain::problem::{LineError, LineErrors, Problem};
use domain::shared_accounts::AccountMarkRequest;
use gloo_net::http::Method;
use protocol::FetchError;
use serde::Deserialize;

/// `GET`: everybody who has a role.
pub const ROLES: &str = "/api/roles";
/// `GET`: entries of the audit log.
pub const RECORD: &str = "/api/record";
/// `GET`: your sessions; for an administrator, everybody's.
pub const SESSIONS: &str = "/api/sessions";
/// `POST`: everything held about a person.
const PERSON_EXPORT: &str = "/api/person-export";
/// `GET`: what is unusual in Echo360's files.
pub const QUALITY: &str = "/api/quality";
/// `GET`: accounts that stand for many people.
pub const SHARED_ACCOUNTS: &str = "/api/shared-accounts";
/// `GET`: erasures.
pub const FORGET: &str = "/api/forget";

/// `GET /api/session` for a visitor who was refused: the problem, with the sign-in methods. `None` if they
/// are signed in by now.
///
/// # Errors
/// [`ApiError`], as in every other function.
pub async fn fetch_sign_in_problem() -> ApiResult<Option<Problem>> {
    let response = send(request(Method::GET, SESSION).build()).await?;
    if response.ok() {
        return Ok(None);
    }
    let (status, text) = (response.status(), response.text().await.map_err(|_| ApiError::Unreachable)?);
    serde_json::from_str(&text).map(Some).map_err(|_| FetchError::Problem(status, text).into())
}

/// `POST /api/session` with the installation's key.
///
/// # Errors
/// [`ApiError`].
pub async fn sign_in(key: String) -> ApiResult<()> {
    post_session(&SignInRequest { key: Some(key), ..SignInRequest::default() }).await
}

/// `POST /api/session` in local mode: views Lectern as another role, or as an administrator again.
///
/// # Errors
/// [`ApiError`].
pub async fn view_as(look_as: Option<Impersonation>) -> ApiResult<()> {
    post_session(&SignInRequest { look_as, ..SignInRequest::default() }).await
}

async fn post_session(body: &SignInRequest) -> ApiResult<()> {
    // Not only for the person whom the page was loaded for: this opens a session.
    read_body(send(request(Method::POST, SESSION).json(body)).await?).await.map(drop)
}

/// `DELETE /api/session`.
///
/// # Errors
/// [`ApiError`].
pub async fn sign_out() -> ApiResult<()> {
    send_delete(SESSION).await
}

/// `DELETE /api/sessions` with more of the path: one session, a person's or everybody's.
///
/// # Errors
/// [`ApiError`].
pub async fn end_sessions(path: &str) -> ApiResult<()> {
    send_delete(&format!("{SESSIONS}{path}")).await
}

/// `PUT /api/roles`.
///
/// # Errors
/// [`ApiError`].
pub async fn assign_role(change: &RoleChange) -> ApiResult<Person> {
    parse_json(read_body(send_request(request(Method::PUT, ROLES).json(change)).await?).await)
}

/// `DELETE /api/roles/{id}`.
///
/// # Errors
/// [`ApiError`].
pub async fn remove_role(id: &str) -> ApiResult<()> {
    send_delete(&format!("{ROLES}/{id}")).await
}

/// The part of an upload's problem that lists errors by line.
#[derive(Deserialize)]
struct UploadProblem {
    lines: Option<LineErrors>,
}

/// `POST /api/roles/csv`: previews an upload, or applies it if `apply` is the digest of its preview.
///
/// # Errors
/// [`ApiError`], with the errors of single lines.
pub async fn upload_roles(
    csv: &str,
    apply: Option<&str>,
) -> Result<RoleUploadResult, (ApiError, Vec<LineError>)> {
    let query = apply.map(|digest| format!("?apply={digest}")).unwrap_or_default();
    let request = request(Method::POST, &format!("{ROLES}/csv{query}")).header("content-type", "text/csv");
    let without_lines = |error| (error, Vec::new());
    let response = send_request(request.body(csv)).await.map_err(without_lines)?;
    let (is_ok, status) = (response.ok(), response.status());
    let text = response.text().await.map_err(|_| without_lines(ApiError::Unreachable))?;
    if is_ok {
        return parse_json(Ok(text)).map_err(without_lines);
    }
    let lines = serde_json::from_str::<UploadProblem>(&text).ok().and_then(|problem| problem.lines);
    let error = ApiError::from(FetchError::Problem(status, text)).interrupt_page();
    Err((error, lines.unwrap_or_default().0))
}

/// `POST /api/forget`.
///
/// # Errors
/// [`ApiError`].
pub async fn request_erasure(body: &ErasureRequest) -> ApiResult<Erasure> {
    parse_json(read_body(send_request(request(Method::POST, FORGET).json(body)).await?).await)
}

/// `DELETE /api/forget/{id}`.
///
/// # Errors
/// [`ApiError`].
pub async fn cancel_erasure(id: &str) -> ApiResult<()> {
    send_delete(&format!("{FORGET}/{id}")).await
}

/// `POST /api/shared-accounts`.
///
/// # Errors
/// [`ApiError`].
pub async fn mark_account(body: &AccountMarkRequest) -> ApiResult<()> {
    read_body(send_request(request(Method::POST, SHARED_ACCOUNTS).json(body)).await?).await.map(drop)
}

/// `POST /api/person-export`: a zip file.
///
/// # Errors
/// [`ApiError`].
pub async fn export_person(body: &PersonIdentifier) -> ApiResult<Vec<u8>> {
    let response = send_request(request(Method::POST, PERSON_EXPORT).json(body)).await?;
    if response.ok() {
        response.binary().await.map_err(|_| ApiError::Unreachable)
    } else {
        Err(read_error(&response).await)
    }
}
