//! A typed client of the API: one function per route.

pub mod access;
pub mod shares;

use crate::interruption::{self, Interruption, reload_page};
use domain::api::{
    CopyChoiceRequest, ReportRequest, RequestInfo, Requests, RetryRequest, SCRIPT_HEADER, SessionSummary,
};
use domain::problem::{Code, Problem, ProblemSummary};
use gloo_net::http::{self, Method, RequestBuilder};
use protocol::FetchError;
use serde::de::DeserializeOwned;
use web_sys::{RequestRedirect, ResponseType};

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The Worker responded with a problem.
    Problem(Problem),
    /// There was no response: no network, or no server.
    Unreachable,
    /// The response has an unexpected format; the text says what is wrong with it.
    InvalidResponse(String),
    /// The session has ended, according to what is in front of Lectern, such as Cloudflare Access.
    SignedOut,
    /// Code of the page is missing, since another build has been deployed.
    Outdated,
}

impl ApiError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.status >= 500 || problem.status == 429,
            Self::Unreachable | Self::InvalidResponse(_) => true,
            Self::SignedOut | Self::Outdated => false,
        }
    }

    /// The interruption of the whole page that it is a sign of.
    #[must_use]
    pub fn interruption(&self) -> Option<Interruption> {
        match self {
            Self::SignedOut | Self::Problem(Problem { code: Code::SignInNeeded, .. }) => {
                Some(Interruption::SignedOut)
            }
            Self::Outdated => Some(Interruption::Outdated),
            Self::Problem(_) | Self::Unreachable | Self::InvalidResponse(_) => None,
        }
    }

    /// Interrupts the whole page if it is a sign of that. Returns the error.
    #[must_use]
    pub fn interrupt_page(self) -> Self {
        if let Some(interruption) = self.interruption() {
            interruption::start(interruption);
        }
        self
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
/// `GET`: windows whose newer copy has lost rows; `POST`: chooses one of the copies.
pub const SHRUNKEN: &str = "/api/shrunken";

/// `GET` of `url`: the body as text.
///
/// # Errors
/// [`ApiError`], as in every other function.
pub async fn fetch_text(url: &str) -> ApiResult<String> {
    read_body(send_request(request(Method::GET, url).build()).await?).await
}

/// `GET` of a file of the page's own code: its text, or `None` if the site does not have it any more.
///
/// # Errors
/// [`ApiError`].
pub async fn fetch_code(url: &str) -> ApiResult<Option<String>> {
    let response = send(request(Method::GET, url).build()).await?;
    // The site answers with its page for every path without a file.
    let is_page = response.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    if response.status() == 404 || (response.ok() && is_page) {
        return Ok(None);
    }
    read_body(response).await.map(Some)
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
    parse_json(read_body(send_request(request(Method::POST, REQUESTS).json(body)).await?).await)
}

/// `POST /api/requests/{id}/retry`.
///
/// # Errors
/// [`ApiError`].
pub async fn retry_request(id: &str, body: &RetryRequest) -> ApiResult<RequestInfo> {
    let request = request(Method::POST, &format!("{REQUESTS}/{id}/retry")).json(body);
    parse_json(read_body(send_request(request).await?).await)
}

/// `DELETE /api/requests/{id}`.
///
/// # Errors
/// [`ApiError`].
pub async fn withdraw_request(id: &str) -> ApiResult<()> {
    send_delete(&format!("{REQUESTS}/{id}")).await
}

/// `POST /api/shrunken`.
///
/// # Errors
/// [`ApiError`].
pub async fn choose_copy(body: &CopyChoiceRequest) -> ApiResult<()> {
    read_body(send_request(request(Method::POST, SHRUNKEN).json(body)).await?).await.map(drop)
}

async fn send_delete(url: &str) -> ApiResult<()> {
    let response = send_request(request(Method::DELETE, url).build()).await?;
    if response.ok() { Ok(()) } else { Err(read_error(&response).await) }
}

/// A request as every call sends it: recognizable as a script's, and without following redirects. The API has none: one comes
/// from what is in front of Lectern, and asks for a sign-in. Followed to another origin, it would look like a network error.
fn request(method: Method, url: &str) -> RequestBuilder {
    let (name, value) = SCRIPT_HEADER;
    RequestBuilder::new(url).method(method).header(name, value).redirect(RequestRedirect::Manual)
}

/// Sends a call of the API: after the end of the session only if the same person has signed in again.
async fn send_request(request: Result<http::Request, gloo_net::Error>) -> ApiResult<http::Response> {
    if interruption::is_signed_out() {
        resume_session().await?;
    }
    send(request).await
}

/// Looks for another session after the end of the first. One of the same person and role ends the interruption; for anybody
/// else the page is loaded again.
///
/// # Errors
/// [`ApiError`] if nobody, or somebody else, is signed in.
pub async fn resume_session() -> ApiResult<()> {
    let body = read_body(send(request(Method::GET, SESSION).build()).await?).await;
    match parse_json::<SessionSummary>(body) {
        Ok(session) if interruption::resume(&session) => Ok(()),
        Ok(_) | Err(ApiError::Problem(Problem { code: Code::NoRole, .. })) => {
            reload_page();
            Err(ApiError::SignedOut)
        }
        Err(error) => Err(error),
    }
}

async fn send(request: Result<http::Request, gloo_net::Error>) -> ApiResult<http::Response> {
    let request = request.map_err(|e| ApiError::InvalidResponse(e.to_string()))?;
    let response = request.send().await.map_err(|_| ApiError::Unreachable)?;
    if response.type_() == ResponseType::Opaqueredirect {
        return Err(ApiError::SignedOut.interrupt_page());
    }
    Ok(response)
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
    ApiError::from(FetchError::Problem(response.status(), body)).interrupt_page()
}

impl From<Interruption> for ApiError {
    fn from(interruption: Interruption) -> Self {
        match interruption {
            Interruption::SignedOut => Self::SignedOut,
            Interruption::Outdated => Self::Outdated,
        }
    }
}

impl From<FetchError> for ApiError {
    fn from(refusal: FetchError) -> Self {
        match refusal {
            FetchError::Problem(status, body) => match serde_json::from_str::<ProblemSummary>(&body) {
                Ok(problem) => Self::Problem(problem.into()),
                // Not from Lectern, whose 401 is a problem.
                Err(_) if status == 401 => Self::SignedOut,
                Err(_) => Self::InvalidResponse(format!("HTTP {status}")),
            },
            FetchError::Unreachable => Self::Unreachable,
            FetchError::InvalidResponse(what) => Self::InvalidResponse(what),
            FetchError::SignedOut => Self::SignedOut,
            FetchError::Outdated => Self::Outdated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_of_the_session_is_not_transient_whoever_noticed_it() {
        let problem = r#"{"code":"sign-in-needed","title":"Sign in first","status":401,"detail":"Sign in."}"#;
        let from_worker = FetchError::Problem(401, problem.to_owned());
        let from_access = FetchError::Problem(401, "<!doctype html><title>Sign in</title>".to_owned());
        for error in [from_worker, from_access, FetchError::SignedOut, FetchError::for_chunk("signed-out")] {
            let error = ApiError::from(error);
            assert_eq!(error.interruption(), Some(Interruption::SignedOut), "{error:?}");
            assert!(!error.is_transient(), "{error:?}");
        }
        let outdated = ApiError::from(FetchError::for_chunk("outdated"));
        assert_eq!(outdated.interruption(), Some(Interruption::Outdated));
        assert!(!outdated.is_transient());
    }

    #[test]
    fn other_errors_interrupt_nothing() {
        let wrong_key = r#"{"code":"key-wrong","title":"Wrong key","status":401,"detail":"Try again."}"#;
        let others = [
            FetchError::Problem(401, wrong_key.to_owned()),
            FetchError::Problem(403, "<title>Blocked</title>".to_owned()),
            FetchError::Problem(502, String::new()),
            FetchError::Unreachable,
            FetchError::for_chunk(""),
            FetchError::InvalidResponse("no rows".to_owned()),
        ];
        for error in others {
            assert_eq!(ApiError::from(error.clone()).interruption(), None, "{error:?}");
        }
    }
}
