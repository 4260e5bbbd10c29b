//! A typed client of the API: one function per route.

pub mod access;
pub mod shares;

use domain::api::{ReportRequest, RequestInfo, Requests, RetryRequest};
use domain::problem::{Code, Problem, ProblemSummary};
use gloo_net::http;
use protocol::FetchError;
use serde::de::DeserializeOwned;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The Worker responded with a problem.
    Problem(Problem),
    /// There was no response: no network, or no server.
    Unreachable,
    /// The response has an unexpected format; the text says what is wrong with it.
    InvalidResponse(String),
}

impl ApiError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.status >= 500 || problem.status == 429,
            Self::Unreachable | Self::InvalidResponse(_) => true,
        }
    }

    /// Whether it is a problem with this code.
    #[must_use]
    pub fn has_code(&self, code: Code) -> bool {
        matches!(self, Self::Problem(problem) if problem.code == code)
    }
}

type ApiResult<T> = Result<T, ApiError>;

/// `GET`: who is signed in, and their role.
pub const SESSION: &str = "/api/session";
/// `GET`: the reports that Echo360 offers.
pub const REPORTS: &str = "/api/reports";
/// `GET`: the courses in scope, and terms.
pub const COURSES: &str = "/api/courses";
/// `GET`: all requests; `POST`: creates a request.
pub const REQUESTS: &str = "/api/requests";

/// `GET` of `url`: the body as text.
///
/// # Errors
/// [`ApiError`], as in every other function.
pub async fn fetch_text(url: &str) -> ApiResult<String> {
    read_body(send_request(http::Request::get(url).build()).await?).await
}

/// Parses a body.
///
/// # Errors
/// [`ApiError`].
pub fn parse_json<T: DeserializeOwned>(text: ApiResult<String>) -> ApiResult<T> {
    serde_json::from_str(&text?).map_err(|e| ApiError::InvalidResponse(e.to_string()))
}

/// `GET /api/requests`.
///
/// # Errors
/// [`ApiError`].
pub async fn list_requests() -> ApiResult<Requests> {
    parse_json(fetch_text(REQUESTS).await)
}

/// `GET /api/requests/{id}`.
///
/// # Errors
/// [`ApiError`].
pub async fn fetch_request(id: &str) -> ApiResult<RequestInfo> {
    parse_json(fetch_text(&format!("{REQUESTS}/{id}")).await)
}

/// `POST /api/requests`.
///
/// # Errors
/// [`ApiError`].
pub async fn create_request(body: &ReportRequest) -> ApiResult<RequestInfo> {
    parse_json(read_body(send_request(http::Request::post(REQUESTS).json(body)).await?).await)
}

/// `POST /api/requests/{id}/retry`.
///
/// # Errors
/// [`ApiError`].
pub async fn retry_request(id: &str, body: &RetryRequest) -> ApiResult<RequestInfo> {
    parse_json(
        read_body(send_request(http::Request::post(&format!("{REQUESTS}/{id}/retry")).json(body)).await?)
            .await,
    )
}

/// `DELETE /api/requests/{id}`.
///
/// # Errors
/// [`ApiError`].
pub async fn withdraw_request(id: &str) -> ApiResult<()> {
    send_delete(&format!("{REQUESTS}/{id}")).await
}

async fn send_delete(url: &str) -> ApiResult<()> {
    let response = send_request(http::Request::delete(url).build()).await?;
    if response.ok() { Ok(()) } else { Err(read_error(&response).await) }
}

async fn send_request(request: Result<http::Request, gloo_net::Error>) -> ApiResult<http::Response> {
    let request = request.map_err(|e| ApiError::InvalidResponse(e.to_string()))?;
    request.send().await.map_err(|_| ApiError::Unreachable)
}

/// The body of a successful response, or the error that the response describes.
async fn read_body(response: http::Response) -> ApiResult<String> {
    if response.ok() {
        response.text().await.map_err(|_| ApiError::Unreachable)
    } else {
        Err(read_error(&response).await)
    }
}

async fn read_error(response: &http::Response) -> ApiError {
    let body = response.text().await.unwrap_or_default();
    FetchError::Problem(response.status(), body).into()
}

impl From<FetchError> for ApiError {
    fn from(refusal: FetchError) -> Self {
        match refusal {
            FetchError::Problem(status, body) => match serde_json::from_str::<ProblemSummary>(&body) {
                Ok(problem) => Self::Problem(problem.into()),
                Err(_) => Self::InvalidResponse(format!("HTTP {status}")),
            },
            FetchError::Unreachable => Self::Unreachable,
            FetchError::InvalidResponse(what) => Self::InvalidResponse(what),
        }
    }
}
