//! The API, typed: one function per route, one function that reads every answer.

use domain::api::{Ask, Courses, Reports, Request, Requests, Retry, Session};
use domain::problem::{Code, Problem};
use gloo_net::http;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use web_sys::AbortSignal;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// `GET /api/session`.
///
/// # Errors
/// See [`Trouble`], here and in every other function.
pub async fn session() -> Answer<Session> {
    get("/api/session").await
}

/// `GET /api/reports`.
///
/// # Errors
/// [`Trouble`].
pub async fn reports() -> Answer<Reports> {
    get("/api/reports").await
}

/// `GET /api/courses`.
///
/// # Errors
/// [`Trouble`].
pub async fn courses() -> Answer<Courses> {
    get("/api/courses").await
}

/// `GET /api/requests`.
///
/// # Errors
/// [`Trouble`].
pub async fn requests() -> Answer<Requests> {
    get("/api/requests").await
}

/// `GET /api/requests/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn request(id: &str) -> Answer<Request> {
    get(&format!("/api/requests/{id}")).await
}

/// `POST /api/requests`.
///
/// # Errors
/// [`Trouble`].
pub async fn ask(ask: &Ask) -> Answer<Request> {
    decode(sent(http::Request::post("/api/requests").json(ask)).await?).await
}

/// `POST /api/requests/{id}/retry`.
///
/// # Errors
/// [`Trouble`].
pub async fn retry(id: &str, retry: &Retry) -> Answer<Request> {
    decode(sent(http::Request::post(&format!("/api/requests/{id}/retry")).json(retry)).await?).await
}

/// `DELETE /api/requests/{id}`.
///
/// # Errors
/// [`Trouble`].
pub async fn withdraw(id: &str) -> Answer<()> {
    let response = sent(http::Request::delete(&format!("/api/requests/{id}")).build()).await?;
    if response.ok() { Ok(()) } else { Err(refusal(&response).await) }
}

/// `GET /api/rows/{report}/{window}`, of all courses or of one: the answer with its body unread.
///
/// # Errors
/// [`Trouble`].
pub async fn rows(
    report: &str,
    window: &str,
    generation: u32,
    course: Option<&str>,
    signal: &AbortSignal,
) -> Answer<http::Response> {
    let course = course.map_or_else(String::new, |id| format!("&course={id}"));
    let url = format!("/api/rows/{report}/{window}?generation={generation}{course}");
    let response = sent(http::Request::get(&url).abort_signal(Some(signal)).build()).await?;
    if response.ok() { Ok(response) } else { Err(refusal(&response).await) }
}

async fn get<T: DeserializeOwned>(url: &str) -> Answer<T> {
    decode(sent(http::Request::get(url).build()).await?).await
}

async fn sent(request: Result<http::Request, gloo_net::Error>) -> Answer<http::Response> {
    let request = request.map_err(|e| Trouble::Garbled(e.to_string()))?;
    request.send().await.map_err(|_| Trouble::Unreachable)
}

/// Reads an answer: what was asked for, or the problem that stands in its place.
async fn decode<T: DeserializeOwned>(response: http::Response) -> Answer<T> {
    if response.ok() {
        let text = response.text().await.map_err(|_| Trouble::Unreachable)?;
        serde_json::from_str(&text).map_err(|e| Trouble::Garbled(e.to_string()))
    } else {
        Err(refusal(&response).await)
    }
}

async fn refusal(response: &http::Response) -> Trouble {
    let text = response.text().await.unwrap_or_default();
    match serde_json::from_str(&text) {
        Ok(problem) => Trouble::Said(problem),
        Err(_) => Trouble::Garbled(format!("HTTP {}", response.status())),
    }
}
