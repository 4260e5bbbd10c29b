//! Middleware of the public API: counts calls, applies the rate limit and faults, and checks the access
//! token.

use super::{answer, redirects};
use crate::clock::millis_of;
use crate::faults::{Fault, Occasion, Point};
use crate::report::Report;
use crate::sandbox::{Books, Sandbox};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Maximum length of a response that can be truncated; lists of requests are far shorter.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// The length of what `long-page` adds to a page.
const LONG_PAGE_BYTES: usize = 5 << 20;

/// What an API call is about: its kind, and the report and start of its upstream request.
struct CallTarget {
    point: Point,
    report: Option<&'static str>,
    start: Option<String>,
}

impl CallTarget {
    fn from_path(method: &Method, path: &str, books: &Books) -> Self {
        let reporting = path.strip_prefix("/public/api/v1/reporting/").unwrap_or_default();
        let (mut report, mut start) = (None, None);
        let point = match reporting.split_once('/') {
            None if reporting == "reports" => Point::Reports,
            None if reporting == "requests" => Point::List,
            Some(("requests", name)) if method == Method::POST => {
                report = Report::named(name).map(Report::name);
                Point::Create
            }
            Some(("requests" | "request", id)) => {
                if let Some(request) = books.requests.iter().find(|request| request.id == id) {
                    report = Some(request.ask.report.name());
                    start = request.ask.start().map(str::to_owned);
                }
                Point::One
            }
            _ if ["courses", "sections", "terms"]
                .map(|list| format!("/public/api/v1/{list}"))
                .contains(&path.to_owned()) =>
            {
                Point::Directory
            }
            _ => Point::Other,
        };
        Self { point, report, start }
    }

    fn occasion(&self) -> Occasion<'_> {
        Occasion { point: self.point, report: self.report, start: self.start.as_deref() }
    }
}

/// Applies the faults that apply to all calls: waits for `slow`, and returns the response of a fault that
/// replaces the real one. A redirect ends at `path`. Files handle redirects themselves, after checking the
/// link's signature.
pub(super) async fn faults(sandbox: &Sandbox, occasion: Occasion<'_>, path: &str) -> Option<Response> {
    let slow = sandbox.books().faults.strikes(Fault::Slow, occasion);
    if let Some(seconds) = slow {
        tokio::time::sleep(Duration::from_secs_f64(seconds.unwrap_or(1.0).max(0.0))).await;
    }
    let mut books = sandbox.books();
    if books.faults.strikes(Fault::ServerError, occasion).is_some() {
        return Some(answer::error(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "The service is not available at the moment.",
        ));
    }
    if let Some(seconds) = books.faults.strikes(Fault::TooManyCalls, occasion) {
        books.ledger.refused_429 += 1;
        let seconds = seconds.map(|seconds| millis_of(seconds).unsigned_abs().div_ceil(1000));
        return Some(answer::too_many("Too many calls in the last minute.", seconds));
    }
    if occasion.point != Point::File
        && let Some(order) = books.faults.order_that_strikes(Fault::Redirect, occasion)
    {
        return Some(redirects::begin(order, path));
    }
    if books.faults.strikes(Fault::Unauthorized, occasion).is_some() {
        books.tokens.revoke();
        return Some(unauthorized());
    }
    None
}

fn unauthorized() -> Response {
    answer::error(StatusCode::UNAUTHORIZED, "Unauthorized", "The access token is missing, wrong or expired.")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The middleware.
pub(super) async fn pass(State(sandbox): State<Arc<Sandbox>>, request: Request, next: Next) -> Response {
    let target = {
        let now = sandbox.clock.millis();
        let mut books = sandbox.books();
        let target = CallTarget::from_path(request.method(), request.uri().path(), &books);
        *books.ledger.calls.entry(target.point.name()).or_default() += 1;
        books.ledger.all.count(now);
        books.ledger.api.count(now);
        if books.allowed.recent(now) >= sandbox.settings.calls_per_minute {
            books.ledger.refused_429 += 1;
            let wait = books.allowed.wait(now).max(0).unsigned_abs().div_ceil(1000);
            return answer::too_many("More than the allowed calls in the last minute.", Some(wait));
        }
        books.allowed.count(now);
        target
    };
    let path = request.uri().to_string();
    if let Some(response) = faults(&sandbox, target.occasion(), &path).await {
        return response;
    }
    let is_authorized = bearer(request.headers())
        .is_some_and(|token| sandbox.books().tokens.admits(token, sandbox.clock.millis()));
    if !is_authorized {
        return unauthorized();
    }
    let response = change_page(&sandbox, target.occasion(), next.run(request).await).await;
    let is_truncated = sandbox.books().faults.strikes(Fault::ResetApi, target.occasion()).is_some();
    if is_truncated { truncate_to_half(response).await } else { response }
}

/// Applies the faults of a page of a list.
async fn change_page(sandbox: &Sandbox, occasion: Occasion<'_>, response: Response) -> Response {
    let (bad_next, is_long) = {
        let mut books = sandbox.books();
        let order = books.faults.order_that_strikes(Fault::BadNext, occasion).cloned();
        (order, books.faults.strikes(Fault::LongPage, occasion).is_some())
    };
    if bad_next.is_none() && !is_long {
        return response;
    }
    let status = response.status();
    let Ok(bytes) = axum::body::to_bytes(response.into_body(), MAX_RESPONSE_BYTES).await else {
        return answer::none();
    };
    let mut page: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if let (Some(order), Some(page)) = (bad_next, page.as_object_mut()) {
        page.insert("has_more".to_owned(), true.into());
        page.insert("next".to_owned(), order.next.into());
    }
    if let Some(page) = page.as_object_mut().filter(|_| is_long) {
        page.insert("note".to_owned(), " ".repeat(LONG_PAGE_BYTES).into());
    }
    answer::json(status, &page)
}

/// The first half of a response, with the `Content-Length` of the whole.
async fn truncate_to_half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_RESPONSE_BYTES).await else { return answer::none() };
    parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    let half: Bytes = bytes.slice(..bytes.len() / 2);
    let (sender, receiver) = tokio::sync::mpsc::channel::<io::Result<Bytes>>(2);
    tokio::spawn(async move {
        let _ = sender.send(Ok(half)).await;
        // Let the first half be sent before the connection closes.
        tokio::time::sleep(Duration::from_millis(40)).await;
        let _ = sender.send(Err(io::ErrorKind::ConnectionReset.into())).await;
    });
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    Response::from_parts(parts, Body::from_stream(stream))
}
