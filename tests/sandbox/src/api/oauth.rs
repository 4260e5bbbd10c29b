//! `POST /oauth2/access_token`.

use super::answer;
use super::gate;
use crate::faults::{Occasion, Point};
use crate::sandbox::Sandbox;
use crate::tokens::Grant;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;

/// Issues an access token and a refresh token.
pub(super) async fn token(
    State(sandbox): State<Arc<Sandbox>>,
    form: Result<Form<Grant>, FormRejection>,
) -> Response {
    {
        let now = sandbox.clock.millis();
        let mut books = sandbox.books();
        *books.ledger.calls.entry(Point::Token.name()).or_default() += 1;
        books.ledger.all.count(now);
        books.ledger.token.count(now);
    }
    let occasion = Occasion { point: Point::Token, report: None, start: None };
    if let Some(response) = gate::faults(&sandbox, occasion, super::TOKEN_PATH).await {
        return response;
    }
    let Ok(Form(grant)) = form else {
        let body = json!({ "error": "invalid_request", "error_description": "Send a form." });
        return answer::json(StatusCode::BAD_REQUEST, &body);
    };
    let now = sandbox.clock.millis();
    let mut books = sandbox.books();
    match books.tokens.issue(&grant, &sandbox.settings, now) {
        Ok(pair) => {
            books.ledger.tokens_issued += 1;
            let body = json!({
                "token_type": "Bearer",
                "access_token": pair.access,
                "expires_in": sandbox.settings.token_seconds,
                "refresh_token": pair.refresh,
            });
            answer::json(StatusCode::OK, &body)
        }
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNAUTHORIZED);
            let body = json!({ "error": refusal.error, "error_description": refusal.description });
            answer::json(status, &body)
        }
    }
}
