//! Shares: links for people who cannot sign in.

use super::{ApiResult, parse_json, read_body, request, send_delete, send_request};
use domain::shares::{
    CreateShareRequest, CreateShareResponse, Shares, SwitchSharesRequest, UpdateShareRequest,
};
use gloo_net::http::Method;

/// `GET`: the caller's shares; all shares for an administrator.
pub const SHARES: &str = "/api/shares";

/// `POST /api/shares`: creates a share, or previews what it would show.
///
/// # Errors
/// [`ApiError`](super::ApiError), as in every other function.
pub async fn create_share(body: &CreateShareRequest) -> ApiResult<CreateShareResponse> {
    parse_json(read_body(send_request(request(Method::POST, SHARES).json(body)).await?).await)
}

/// `POST /api/shares/{id}`.
///
/// # Errors
/// [`ApiError`](super::ApiError).
pub async fn update_share(id: &str, body: &UpdateShareRequest) -> ApiResult<CreateShareResponse> {
    let request = request(Method::POST, &format!("{SHARES}/{id}")).json(body);
    parse_json(read_body(send_request(request).await?).await)
}

/// `DELETE /api/shares/{id}`.
///
/// # Errors
/// [`ApiError`](super::ApiError).
pub async fn revoke_share(id: &str) -> ApiResult<()> {
    send_delete(&format!("{SHARES}/{id}")).await
}

/// `PUT /api/shares`: turns shares on or off for the whole institution.
///
/// # Errors
/// [`ApiError`](super::ApiError).
pub async fn set_sharing_enabled(on: bool) -> ApiResult<Shares> {
    let request = request(Method::PUT, SHARES).json(&SwitchSharesRequest { on });
    parse_json(read_body(send_request(request).await?).await)
}
