//! `/api/openapi.json`: the description of this API, which `domain::openapi` generates.

use super::{HandlerResult, Reply};
use crate::response;
use worker::Response;

/// The generated file. A test compares it with the route table.
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
