//! The reporting API: the list of reports, the list of upstream requests, one request, and creating one.

use super::answer;
use super::directory::ListQuery;
use crate::clock::{DAY_SECONDS, millis_of};
use crate::faults::{Fault, Occasion, Point};
use crate::links;
use crate::report::Report;
use crate::requests::{Ask, By, Status};
use crate::sandbox::Sandbox;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /reports`
pub(super) async fn reports(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let listing = |report: Report| report.listing(sandbox.settings.visits_of_page);
    let listings: Vec<Value> = Report::ALL.into_iter().map(listing).collect();
    answer::json(StatusCode::OK, &json!({ "reports": listings }))
}

/// `GET /requests`: all upstream requests, oldest first.
pub(super) async fn list(State(sandbox): State<Arc<Sandbox>>, Query(part): Query<ListQuery>) -> Response {
    let now = sandbox.clock.millis();
    let books = sandbox.books();
    let requests: Vec<Value> = books
        .requests
        .iter()
        .filter(|request| !request.gone)
        .map(|request| {
            let status = request.status(now, sandbox.settings.retention_seconds);
            let files = (status == Status::Available).then(|| ("assets", request.files.clone()));
            request.json(status, files)
        })
        .collect();
    match sandbox.settings.request_page_entries {
        Some(most) => part
            .page("/public/api/v1/reporting/requests", most, requests.len(), |at| requests.get(at).cloned())
            .respond("requests"),
        None => answer::json(StatusCode::OK, &json!({ "requests": requests })),
    }
}

/// `GET /requests/{id}` or `/request/{id}`, with signed links once the files are available.
pub(super) async fn one(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let now = sandbox.clock.millis();
    let books = sandbox.books();
    let Some(request) = books.requests.iter().find(|request| request.id == id && !request.gone) else {
        return answer::error(StatusCode::NOT_FOUND, "NotFound", "There is no such request.");
    };
    let status = request.status(now, sandbox.settings.retention_seconds);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let files = (status == Status::Available).then(|| {
        let expires = now.div_euclid(1000) + sandbox.settings.link_seconds;
        let links = request.files.iter().map(|name| {
            format!("http://{host}/files/{name}?{}", links::query(sandbox.settings.seed, name, expires))
        });
        ("signedAssets", links.collect())
    });
    answer::json(StatusCode::OK, &request.json(status, files))
}

/// `POST /requests/{report}`
pub(super) async fn create(
    State(sandbox): State<Arc<Sandbox>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    create_by(&sandbox, &name, &body, By::Client, None)
}

/// Creates an upstream request. Its build takes `build_seconds`, or a random time.
pub(super) fn create_by(
    sandbox: &Sandbox,
    name: &str,
    body: &[u8],
    by: By,
    build_seconds: Option<f64>,
) -> Response {
    let Some(report) = Report::named(name) else {
        return answer::error(StatusCode::NOT_FOUND, "NotFound", &format!("There is no report '{name}'."));
    };
    let now = sandbox.clock.millis();
    let ask =
        match Ask::read(report, body, now.div_euclid(1000 * DAY_SECONDS), sandbox.settings.visits_of_page) {
            Ok(ask) => ask,
            Err(message) => return answer::error(StatusCode::BAD_REQUEST, "BadRequest", &message),
        };
    let mut books = sandbox.books();
    let start = ask.start().map(str::to_owned);
    let occasion = Occasion { point: Point::Create, report: Some(report.name()), start: start.as_deref() };
    let conflict = || {
        let message = "Too many reports in progress. Wait until one finishes.";
        answer::error(StatusCode::CONFLICT, "Conflict", message)
    };
    let mut strikes = |fault| by == By::Client && books.faults.strikes(fault, occasion).is_some();
    if strikes(Fault::LostRequest) {
        return answer::none();
    }
    if strikes(Fault::Limit409) {
        return conflict();
    }
    if strikes(Fault::Limit400) {
        let message = "limit of in-flight reports reached";
        return answer::error(StatusCode::BAD_REQUEST, "BadRequest", message);
    }
    if strikes(Fault::Limit429) {
        return answer::too_many("The limit of in-flight reports is reached.", None);
    }
    if books.in_flight(None, now) >= sandbox.settings.in_flight {
        return conflict();
    }
    let request = books.create(&sandbox.settings, ask, by, now);
    if let Some(seconds) = build_seconds {
        request.finished = now + millis_of(seconds);
    }
    let reply = request.json(Status::Pending, None);
    if by == By::Client && books.faults.strikes(Fault::LostReply, occasion).is_some() {
        return answer::none();
    }
    answer::json(StatusCode::OK, &reply)
}
