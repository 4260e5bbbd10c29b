//! `GET /files/{name}`: the file store, which checks signatures and needs no token. Redirects end at `GET
//! /moved/files/{name}`: the same file and signature, never redirected again.

use super::{gate, redirects};
use crate::faults::{Fault, Occasion, Point};
use crate::file::{self, FileSpec, Trouble};
use crate::links;
use crate::requests::{Request, Status};
use crate::sandbox::Sandbox;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use tokio_stream::wrappers::ReceiverStream;

/// Streams a file, or redirects to it.
pub(super) async fn file(
    State(sandbox): State<Arc<Sandbox>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    serve(&sandbox, &name, &query.unwrap_or_default(), &headers, false).await
}

/// Streams a file after its redirects.
pub(super) async fn moved_file(
    State(sandbox): State<Arc<Sandbox>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    serve(&sandbox, &name, &query.unwrap_or_default(), &headers, true).await
}

async fn serve(
    sandbox: &Arc<Sandbox>,
    name: &str,
    query: &str,
    headers: &HeaderMap,
    is_moved: bool,
) -> Response {
    let found = {
        let mut books = sandbox.books();
        *books.ledger.calls.entry(Point::File.name()).or_default() += 1;
        books.ledger.authorization_leaks += u64::from(headers.contains_key(header::AUTHORIZATION));
        books.requests.iter().find(|request| request.files.iter().any(|file| file == name)).cloned()
    };
    let start = found.as_ref().and_then(|request| request.ask.start()).map(str::to_owned);
    let report = found.as_ref().map(|request| request.ask.report.name());
    let occasion = Occasion { point: Point::File, report, start: start.as_deref() };
    if let Some(response) = gate::faults(sandbox, occasion, "").await {
        return response;
    }
    let mut books = sandbox.books();
    let expires = links::expires(query).unwrap_or(0);
    if query != links::query(sandbox.settings.seed, name, expires) {
        return refusal(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The signature does not match the link.",
        );
    }
    if sandbox.clock.seconds() >= expires || books.faults.strikes(Fault::ExpiredLink, occasion).is_some() {
        return refusal(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired");
    }
    let Some(request) = found.filter(|request| {
        request.status(sandbox.clock.millis(), sandbox.settings.retention_seconds) == Status::Available
    }) else {
        return refusal(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.");
    };
    if !is_moved && let Some(order) = books.faults.order_that_strikes(Fault::Redirect, occasion) {
        return redirects::begin(order, &format!("/moved/files/{name}?{query}"));
    }
    if books.faults.strikes(Fault::ErrorPage, occasion).is_some() {
        let page = "<!DOCTYPE html><html><head><title>Oops</title></head>\
                    <body><h1>Something went wrong</h1><p>Try again later.</p></body></html>";
        return (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    }
    let mut strikes = |fault| books.faults.strikes(fault, occasion).is_some();
    let trouble = if strikes(Fault::Reset) {
        Some(Trouble::Reset)
    } else if strikes(Fault::TruncatedGzip) {
        Some(Trouble::Truncated)
    } else if strikes(Fault::WrongCrc) {
        Some(Trouble::WrongCrc)
    } else if strikes(Fault::WrongLength) {
        Some(Trouble::WrongLength)
    } else if strikes(Fault::ZeroPadding) {
        Some(Trouble::ZeroPadding)
    } else if strikes(Fault::TrailingBytes) {
        Some(Trouble::TrailingBytes)
    } else {
        None
    };
    drop(books);
    send(sandbox, &request, name, trouble)
}

fn send(sandbox: &Sandbox, request: &Request, name: &str, trouble: Option<Trouble>) -> Response {
    let place = request.files.iter().position(|file| file == name).unwrap_or(0);
    let gzip = request.ask.gzip && !request.shape.plain_named_gz;
    let spec = FileSpec {
        report: request.ask.report,
        span: request.ask.span,
        as_of: request.created.div_euclid(1000),
        delimiter: request.ask.delimiter,
        gzip,
        bulk: sandbox.settings.bulk_rows,
        anonymous_accounts: sandbox.settings.anonymous_accounts,
        shape: request.shape,
        part: (place as u64, request.files.len() as u64),
        page: request.ask.extra("page").map(str::to_owned),
        least: request.ask.extra("least").and_then(|least| least.parse().ok()).unwrap_or(0),
    };
    let chunks = file::write(Arc::clone(&sandbox.institution), spec, trouble);
    let mut response = Response::new(Body::from_stream(ReceiverStream::new(chunks)));
    let kind = if request.ask.gzip { "application/x-gzip" } else { "text/csv" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if request.shape.content_encoding && gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// An error in the file store's format (XML).
fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}
