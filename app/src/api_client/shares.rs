//! Links for people who cannot sign in: made, changed, revoked.

use super::{ApiResult, parse_json, read_body, send_delete, send_request};
use domain::shares::{
    CreateShareRequest, CreateShareResponse, Shares, SwitchSharesRequest, UpdateShareRequest,
};
use gloo_net::http;

/// `GET`: one's shares, an administrator's all.
pub const SHARES: &str = "/api/shares";

/// `POST /api/shares`: makes a share, or says what it would show.
///
/// # Errors
/// [`ApiError`](super::ApiError), here and in every other function.
pub async fn create_share(wanted: &CreateShareRequest) -> ApiResult<CreateShareResponse> {
    parse_json(read_body(send_request(http::Request::post(SHARES).json(wanted)).await?).await)
}

/// `POST /api/shares/{id}`.
///
/// # Errors
/// [`ApiError`](super::ApiError).
pub async fn update_share(id: &str, wanted: &UpdateShareRequest) -> ApiResult<CreateShareResponse> {
    parse_json(
        read_body(send_request(http::Request::post(&format!("{SHARES}/{id}")).json(wanted)).await?).await,
    )
}

/// `DELETE /api/shares/{id}`.
///
/// # Errors
/// [`ApiError`](super::ApiError).
pub async fn revoke_share(id: &str) -> ApiResult<()> {
    send_delete(&format!("{SHARES}/{id}")).await
}

/// `PUT /api/shares`: for the whole institution.
///
/// # Errors
/// [`ApiError`](super::ApiError).
pub async fn set_sharing_enabled(on: bool) -> ApiResult<Shares> {
    parse_json(
        read_body(send_request(http::Request::put(SHARES).json(&SwitchSharesRequest { on })).await?).await,
    )
}
