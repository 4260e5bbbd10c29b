//! The API, typed: one function per route, one function that reads every answer.

pub mod access;
pub mod shares;

use domain::api::{ReportRequest, RequestInfo, Requests, RetryRequest};
use domain::problem::{Code, Problem, ProblemSummary};
use gloo_net::http;
use serde::de::DeserializeOwned;
use thread::stream::Refusal;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Lectern says what is wrong.
    Said(Problem),
    /// Lectern could not be reached at all: no network, or nobody listens.
    Unreachable,
    /// What came is not what was promised.
    Garbled(String),
}

impl Trouble {
    /// Whether asking again in a while may help without anybody doing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Said(problem) => problem.status >= 500 || problem.status == 429,
            Self::Unreachable | Self::Garbled(_) => true,
        }
    }

    /// Whether it is this kind of problem.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        matches!(self, Self::Said(problem) if problem.code == code)
    }
}

type Answer<T> = Result<T, Trouble>;

/// `GET`: who is asking and what they may see.
pub const SESSION: &str = "/api/session";
/// `GET`: what can be asked for.
pub const REPORTS: &str = "/api/reports";
/// `GET`: the courses in scope.
pub const COURSES: &str = "/api/courses";
/// `GET`: everything that has been asked for; `POST`: asks.
pub const REQUESTS: &str = "/api/requests";

/// What stands at one of these.
///
/// # Errors
/// See [`Trouble`], here and in every other function.
pub async fn text(url: &str) -> Answer<String> {
    body(sent(http::Request::get(url).build()).await?).await
}

/// Reads what came.
///
/// # Errors
/// [`Trouble`].
pub fn read<T: DeserializeOwned>(text: Answer<String>) -> Answer<T> {
    serde_json::from_str(&text?).map_err(|e| Trouble::Garbled(e.to_string()))
}

/// `GET /api/requests`.
///
/// # Errors
/// [`Trouble`].
pub async fn requests() -> Answer<Requests> {
    read(text(REQUESTS).await)
}

/// `GET /api/requests/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn request(id: &str) -> Answer<RequestInfo> {
    read(text(&format!("{REQUESTS}/{id}")).await)
}

/// `POST /api/requests`.
///
/// # Errors
/// [`Trouble`].
pub async fn ask(ask: &ReportRequest) -> Answer<RequestInfo> {
    read(body(sent(http::Request::post(REQUESTS).json(ask)).await?).await)
}

/// `POST /api/requests/{id}/retry`.
///
/// # Errors
/// [`Trouble`].
pub async fn retry(id: &str, retry: &RetryRequest) -> Answer<RequestInfo> {
    read(body(sent(http::Request::post(&format!("{REQUESTS}/{id}/retry")).json(retry)).await?).await)
}

/// `DELETE /api/requests/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn withdraw(id: &str) -> Answer<()> {
    delete(&format!("{REQUESTS}/{id}")).await
}

async fn delete(url: &str) -> Answer<()> {
    let response = sent(http::Request::delete(url).build()).await?;
    if response.ok() { Ok(()) } else { Err(refusal(&response).await) }
}

async fn sent(request: Result<http::Request, gloo_net::Error>) -> Answer<http::Response> {
    let request = request.map_err(|e| Trouble::Garbled(e.to_string()))?;
    request.send().await.map_err(|_| Trouble::Unreachable)
}

/// The text of an answer: what was asked for, or the problem that stands in its place.
async fn body(response: http::Response) -> Answer<String> {
    if response.ok() {
        response.text().await.map_err(|_| Trouble::Unreachable)
    } else {
        Err(refusal(&response).await)
    }
}

async fn refusal(response: &http::Response) -> Trouble {
    let body = response.text().await.unwrap_or_default();
    Refusal::Said(response.status(), body).into()
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Said(status, body) => match serde_json::from_str::<ProblemSummary>(&body) {
                Ok(problem) => Self::Said(problem.into()),
                Err(_) => Self::Garbled(format!("HTTP {status}")),
            },
            Refusal::Unreachable => Self::Unreachable,
            Refusal::Garbled(what) => Self::Garbled(what),
        }
    }
}
