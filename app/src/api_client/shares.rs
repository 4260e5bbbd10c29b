//! Shares: links for people who cannot sign in.

use super::{ApiResult, parse_json, read_body, send_delete, send_request};
use domain::shares::{
    CreateShareRequest, CreateShareResponse, Shares, SwitchSharesRequest, UpdateShareRequest,
};
use gloo_net::http;

/// `GET`: the caller's shares; all shares for an administrator.
pub const SHARES: &str = "/api/shares";

/// `POST /api/shares`: creates a share, or previews what it would show.
///
/// # Errors
/// [`ApiError`](super::ApiError), as in every other function.
pub async fn create_share(body: &CreateShareRequest) -> ApiResult<CreateShareResponse> {
    parse_json(read_body(send_request(http::Request::post(SHARES).json(body)).await?).await)
}

/// `POST /api/shares/{id}`.
///
/// # Errors
/// [`ApiError`](super::ApiError).
pub async fn update_share(id: &str, body: &UpdateShareRequest) -> ApiResult<CreateShareResponse> {
    parse_json(
        read_body(send_request(http::Request::post(&format!("{SHARES}/{id}")).json(body)).await?).await,
    )
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
    parse_json(
        read_body(send_request(http::Request::put(SHARES).json(&SwitchSharesRequest { on })).await?).await,
    )
}
