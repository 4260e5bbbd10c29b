//! Common responses: JSON, errors in the vendor's format, and closing the connection without a response.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// Marks a response that must not be sent: the connection closes instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangUp;

/// A JSON response with this status.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// An error in the vendor's format: `{"error":…,"message":…}`.
pub(super) fn error(status: StatusCode, error: &str, message: &str) -> Response {
    json(status, &json!({ "error": error, "message": message }))
}

/// The response with status 404.
pub(super) async fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "NotFound", "There is nothing here.")
}

/// The response with status 405.
pub(super) async fn not_allowed() -> Response {
    error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "This cannot be done here.")
}

/// The response with status 429, with `Retry-After` if `seconds` is known.
pub(super) fn too_many(message: &str, seconds: Option<u64>) -> Response {
    let mut response = error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message);
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// No response: the server closes the connection.
pub(super) fn none() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}
