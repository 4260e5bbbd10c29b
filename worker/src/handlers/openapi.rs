//! `/api/openapi.json`: the OpenAPI description of this API, generated from `domain::openapi`.

use super::{HandlerResult, Reply};
use crate::response;
use worker::Response;

/// The generated file. A test checks that it is up to date with `domain::openapi`.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// `GET /api/openapi.json`
pub(super) fn get() -> HandlerResult {
    let respond = || {
        let response = Response::ok(DOCUMENT)?;
        response.headers().set("content-type", "application/json")?;
        response::with_private_headers(response)
    };
    Reply::new(respond())
}
