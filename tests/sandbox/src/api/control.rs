//! The sandbox's own routes: ground truth, faults, ledger, requests of other clients, and the clock.

use super::answer;
use super::reporting::create_by;
use crate::clock::{instant_text, millis_of, parse_instant};
use crate::faults::Order;
use crate::report::Report;
use crate::requests::By;
use crate::sandbox::Sandbox;
use crate::truth::{Ask, Truth};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Minimum length of a chunk of rows, in bytes.
const MIN_CHUNK_BYTES: usize = 64 * 1024;

/// The routes below `/sandbox`.
pub(super) fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox/rows", get(rows))
        .route("/sandbox/faults", get(list_faults).post(set_faults).delete(clear_faults))
        .route("/sandbox/ledger", get(ledger).delete(clear_ledger))
        .route("/sandbox/requests", post(create))
        .route("/sandbox/clock", get(clock).post(advance))
}

fn bad_request(message: &str) -> Response {
    answer::error(StatusCode::BAD_REQUEST, "BadRequest", message)
}

/// The query of `GET /sandbox/rows`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowsQuery {
    report: String,
    start: Option<String>,
    end: Option<String>,
    course: Option<String>,
    section: Option<String>,
    as_of: Option<String>,
    summary: Option<String>,
    zone_offset_seconds: Option<i64>,
}

impl RowsQuery {
    fn to_ask(&self) -> Result<Ask, String> {
        let report =
            Report::named(&self.report).ok_or_else(|| format!("There is no report '{}'.", self.report))?;
        let instant = |text: &Option<String>, name: &str| match text {
            Some(text) => parse_instant(text),
            None if !report.has_dates() => Ok(0),
            None => Err(format!("'{name}' is missing.")),
        };
        Ok(Ask {
            report,
            start: instant(&self.start, "start")?,
            end: instant(&self.end, "end")?,
            course: self.course.clone(),
            section: self.section.clone(),
            as_of: self.as_of.as_deref().map(parse_instant).transpose()?,
        })
    }
}

/// `GET /sandbox/rows`: a JSON object `{"columns":[…],"rows":[…]}` with one row per line, or a summary.
async fn rows(State(sandbox): State<Arc<Sandbox>>, query: Query<RowsQuery>) -> Response {
    let ask = match query.to_ask() {
        Ok(ask) => ask,
        Err(message) => return bad_request(&message),
    };
    let Sandbox { institution, settings, clock, .. } = &*sandbox;
    let truth = Truth::of(Arc::clone(institution), settings.bulk_rows, Arc::clone(clock));
    let offset = query.zone_offset_seconds.unwrap_or(0);
    let summary = match query.summary.as_deref() {
        None => return stream(truth, ask),
        Some("count") => tokio::task::spawn_blocking(move || json!(truth.count(&ask))).await,
        Some("minutes_per_day") => {
            tokio::task::spawn_blocking(move || json!(truth.minutes_per_day(&ask, offset))).await
        }
        Some(other) => return bad_request(&format!("There is no summary '{other}'.")),
    };
    match summary {
        Ok(summary) => answer::json(StatusCode::OK, &summary),
        Err(_) => answer::error(StatusCode::INTERNAL_SERVER_ERROR, "Internal", "The truth was not found."),
    }
}

fn stream(truth: Truth, ask: Ask) -> Response {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        let mut chunk = format!("{{\"columns\":{},\"rows\":[", json!(Truth::columns(ask.report)));
        let mut separator = "\n";
        truth.each_row(&ask, &mut |cells| {
            chunk.push_str(separator);
            chunk.push_str(&json!(cells).to_string());
            separator = ",\n";
            if chunk.len() >= MIN_CHUNK_BYTES {
                let full = std::mem::take(&mut chunk);
                if sender.blocking_send(Ok(Bytes::from(full))).is_err() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        chunk.push_str("\n]}\n");
        // An error means that the client is gone.
        let _ = sender.blocking_send(Ok(Bytes::from(chunk)));
    });
    let body = Body::from_stream(ReceiverStream::new(receiver));
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn list_faults(State(sandbox): State<Arc<Sandbox>>) -> Response {
    answer::json(StatusCode::OK, &json!({ "faults": sandbox.books().faults.list() }))
}

async fn set_faults(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let orders = match serde_json::from_slice::<Value>(&body) {
        Ok(orders @ Value::Array(_)) => orders,
        Ok(order) => Value::Array(vec![order]),
        Err(error) => return bad_request(&error.to_string()),
    };
    match serde_json::from_value::<Vec<Order>>(orders) {
        Ok(orders) => {
            sandbox.books().faults.set(orders);
            list_faults(State(sandbox)).await
        }
        Err(error) => bad_request(&error.to_string()),
    }
}

async fn clear_faults(State(sandbox): State<Arc<Sandbox>>) -> StatusCode {
    sandbox.books().faults.clear();
    StatusCode::NO_CONTENT
}

async fn ledger(State(sandbox): State<Arc<Sandbox>>) -> Response {
    answer::json(StatusCode::OK, &sandbox.ledger())
}

async fn clear_ledger(State(sandbox): State<Arc<Sandbox>>) -> StatusCode {
    let mut books = sandbox.books();
    books.ledger = crate::ledger::Ledger { first_request: books.requests.len(), ..Default::default() };
    StatusCode::NO_CONTENT
}

/// `POST /sandbox/requests`: creates an upstream request as another client of the same account.
async fn create(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&body) else {
        return bad_request("The body is not a JSON object.");
    };
    let Some(Value::String(report)) = body.remove("report") else {
        return bad_request("'report' is missing.");
    };
    let seconds = body.remove("build_seconds").and_then(|seconds| seconds.as_f64());
    create_by(&sandbox, &report, Value::Object(body).to_string().as_bytes(), By::Other, seconds)
}

async fn clock(State(sandbox): State<Arc<Sandbox>>) -> Response {
    answer::json(StatusCode::OK, &json!({ "now": instant_text(sandbox.clock.millis()) }))
}

/// `POST /sandbox/clock` `{"advance_seconds":…}`: moves the clock forward.
async fn advance(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Response {
    let seconds = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|body| body.get("advance_seconds").and_then(Value::as_f64));
    let Some(seconds) = seconds else { return bad_request("'advance_seconds' is missing.") };
    sandbox.clock.advance(millis_of(seconds));
    clock(State(sandbox)).await
}
