//! Links for people who cannot sign in: made, changed, revoked.

use super::{Answer, body, delete, read, sent};
use domain::shares::{
    CreateShareRequest, CreateShareResponse, Shares, SwitchSharesRequest, UpdateShareRequest,
};
use gloo_net::http;

/// `GET`: one's shares, an administrator's all.
pub const SHARES: &str = "/api/shares";

/// `POST /api/shares`: makes a share, or says what it would show.
///
/// # Errors
/// [`Trouble`](super::Trouble), here and in every other function.
pub async fn make(wanted: &CreateShareRequest) -> Answer<CreateShareResponse> {
    read(body(sent(http::Request::post(SHARES).json(wanted)).await?).await)
}

/// `POST /api/shares/{id}`.
///
/// # Errors
/// [`Trouble`](super::Trouble).
pub async fn change(id: &str, wanted: &UpdateShareRequest) -> Answer<CreateShareResponse> {
    read(body(sent(http::Request::post(&format!("{SHARES}/{id}")).json(wanted)).await?).await)
}

/// `DELETE /api/shares/{id}`.
///
/// # Errors
/// [`Trouble`](super::Trouble).
pub async fn revoke(id: &str) -> Answer<()> {
    delete(&format!("{SHARES}/{id}")).await
}

/// `PUT /api/shares`: for the whole institution.
///
/// # Errors
/// [`Trouble`](super::Trouble).
pub async fn switch(on: bool) -> Answer<Shares> {
    read(body(sent(http::Request::put(SHARES).json(&SwitchSharesRequest { on })).await?).await)
}
