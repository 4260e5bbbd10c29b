//! Client of the reporting API for the Scheduler: access token, calls, and errors sorted by what to do next.
//!
//! Paths, limits and statuses are from the vendor's reference. What it leaves open (envelopes, paging, the
//! spelling of the path of one request) is read tolerantly.

use crate::clock;
use crate::http_client::{self, HttpRequest, HttpResponse};
use crate::response::sanitize;
use domain::paging::ListName;
use domain::report_listing::{ReportListing, parse_report_listings};
use domain::request_list::{RequestList, RequestListReader};
use domain::settings::Settings;
use domain::time::{HOUR, SECOND, Timestamp};
use domain::upstream::{UpstreamError, UpstreamId, UpstreamRequest, UpstreamStatus};
use domain::window::Parameters;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

const REPORTING: &str = "/public/api/v1/reporting";

/// Timeout of a call, with that for an access token; a call that exceeds it may still have taken effect.
const CALL_TIMEOUT: i64 = 60 * SECOND;

/// Timeout of a call that reads a list of lower priority, since no other call is made meanwhile.
const LIST_TIMEOUT: i64 = 8 * SECOND;

/// Maximum length of a response. As parsed JSON it takes several times as much of the isolate's memory.
const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// Lifetime of a token if the response has no `expires_in`: "access tokens live one hour".
const DEFAULT_TOKEN_LIFETIME: i64 = 3600 * SECOND;

/// The client's state between calls. It is in memory only, so that a token is never stored.
#[derive(Default)]
pub(crate) struct ClientState {
    token: RefCell<Option<Token>>,
    /// Whether the path of one request starts with `/request/` instead of `/requests/`.
    is_path_singular: Cell<bool>,
    /// The list of requests while it is being read.
    request_list: RefCell<Option<RequestListReader>>,
}

#[derive(Clone)]
struct Token {
    value: String,
    renew_at: Timestamp,
}

/// The client, created anew for each step of the Scheduler.
pub(crate) struct Echo360Client<'a> {
    /// The API's address and credentials.
    pub(crate) settings: &'a Settings,
    /// The state that outlives this client.
    pub(crate) client_state: &'a ClientState,
    /// Called before every HTTP call. The Scheduler counts the call and returns true, or returns false if its
    /// rate limit is reached.
    pub(crate) may_call: &'a dyn Fn() -> bool,
}

impl Echo360Client<'_> {
    /// `GET /reports`.
    pub(crate) async fn list_reports(&self) -> Result<Vec<ReportListing>, UpstreamError> {
        let answer = self.get(&format!("{REPORTING}/reports")).await?;
        parse_report_listings(&answer).ok_or(UNREADABLE)
    }

    /// The next page of `GET /requests`: the whole list after the last page, and `None` if there are more. After an
    /// error the next call goes on from the same page.
    pub(crate) async fn list_requests(&self) -> Result<Option<RequestList>, UpstreamError> {
        let now = clock::now();
        let reader = self.client_state.request_list.take().filter(|reader| reader.is_current(now));
        let mut reader = reader.unwrap_or_else(|| RequestListReader::new(now));
        let is_first_page = reader.path() == ListName::Requests.path();
        let page = if is_first_page {
            self.get(reader.path()).await
        } else {
            self.call("GET", reader.path(), None).await
        };
        let list = reader.record_page(page, &self.settings.upstream);
        if !matches!(list, Ok(Some(_))) {
            self.client_state.request_list.replace(Some(reader));
        }
        list
    }

    /// `POST /requests/{report}`, asking for a gzipped, comma-separated CSV.
    pub(crate) async fn create_request(
        &self,
        report: &str,
        parameters: &Parameters,
    ) -> Result<UpstreamRequest, UpstreamError> {
        // A list that was begun before this request cannot tell whether it exists.
        self.client_state.request_list.take();
        let body = json!({"parameters": parameters, "output": {"compression": true, "delimiter": ","}});
        let answer = self.call("POST", &format!("{REPORTING}/requests/{report}"), Some(body)).await?;
        UpstreamRequest::parse(&answer).ok_or(UNREADABLE)
    }

    /// One request with its signed links, from whichever spelling of the path is served.
    pub(crate) async fn get_request(&self, id: &UpstreamId) -> Result<UpstreamRequest, UpstreamError> {
        let path = |is_path_singular: bool| {
            format!("{REPORTING}/{}/{}", if is_path_singular { "request" } else { "requests" }, id.as_str())
        };
        let read =
            |answer: &Value| UpstreamRequest::parse(answer).filter(|found| found.id == *id).ok_or(UNREADABLE);
        let known_spelling = self.client_state.is_path_singular.get();
        let found = match self.call("GET", &path(known_spelling), None).await {
            Err(UpstreamError::Absent) => None,
            answer => Some(read(&answer?)?),
        };
        // Under one of the spellings the API may return the list's entry, which has no links.
        if let Some(found) =
            found.as_ref().filter(|f| f.status != UpstreamStatus::Available || !f.links.is_empty())
        {
            return Ok(found.clone());
        }
        match (self.call("GET", &path(!known_spelling), None).await, found) {
            (Ok(answer), _) => {
                let other = read(&answer)?;
                self.client_state.is_path_singular.set(!known_spelling);
                Ok(other)
            }
            (Err(UpstreamError::Absent), Some(found)) => Ok(found),
            (Err(trouble), _) => Err(trouble),
        }
    }

    /// A page of a list outside the reporting API. The credentials may lack the right to read it and still be
    /// valid for reports.
    pub(crate) async fn get_page(&self, path: &str) -> Result<Value, UpstreamError> {
        self.call_with_timeout(LIST_TIMEOUT, "GET", path, None).await
    }

    async fn get(&self, path: &str) -> Result<Value, UpstreamError> {
        self.call("GET", path, None).await.map_err(|trouble| match trouble {
            // Only the body of a "create" can be refused; 403 on a read means that the credentials lack the
            // right.
            UpstreamError::Refused { status: 403, text, .. } => {
                UpstreamError::Denied { detail: denied_detail(&text) }
            }
            other => other,
        })
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, UpstreamError> {
        self.call_with_timeout(CALL_TIMEOUT, method, path, body).await
    }

    async fn call_with_timeout(
        &self,
        timeout: i64,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, UpstreamError> {
        let deadline = clock::now().plus(timeout);
        let reply = self.send_authorized(deadline, method, path, body.as_ref(), false).await?;
        let reply = if reply.status() == 401 {
            // The token may have ended early: try once more with a new one.
            self.client_state.token.borrow_mut().take();
            self.send_authorized(deadline, method, path, body.as_ref(), true).await?
        } else {
            reply
        };
        let status = reply.status();
        let retry_after = retry_after(&reply);
        let text = reply.text(MAX_RESPONSE_BYTES).await;
        if let 200..300 = status {
            let text =
                text.map_err(|error| if error.is_too_long() { UpstreamError::TooLong } else { UNREADABLE })?;
            return serde_json::from_str(&text).map_err(|_| UNREADABLE);
        }
        let text = error_message(&self.redact_secrets(&text.unwrap_or_default()));
        match status {
            401 => Err(UpstreamError::Denied { detail: denied_detail(&text) }),
            404 | 405 => Err(UpstreamError::Absent),
            429 => Err(UpstreamError::TooMany { retry_after }),
            400..500 => Err(UpstreamError::Refused { status, text, retry_after }),
            _ => Err(UpstreamError::Down { sent: true, retry_after }),
        }
    }

    /// Replaces the credentials and the token in an error's text, which may quote the HTTP request.
    fn redact_secrets(&self, text: &str) -> String {
        let token = self.client_state.token.borrow().as_ref().map(|token| token.value.clone());
        [Some(self.settings.client_secret.reveal()), Some(self.settings.client_id.as_str()), token.as_deref()]
            .into_iter()
            .flatten()
            .filter(|secret| secret.len() > 3)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }

    async fn send_authorized(
        &self,
        deadline: Timestamp,
        method: &str,
        path: &str,
        body: Option<&Value>,
        renew_token: bool,
    ) -> Result<HttpResponse, UpstreamError> {
        let token = self.token(deadline, renew_token).await?;
        let mut headers =
            vec![("authorization", format!("Bearer {token}")), ("accept", "application/json".to_owned())];
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let call = HttpRequest {
            method,
            headers,
            body: body.map(Value::to_string),
            timeout: deadline.since(clock::now()),
            ..HttpRequest::default()
        };
        if !(self.may_call)() {
            return Err(UpstreamError::Down { sent: false, retry_after: None });
        }
        http_client::send(&format!("{}{path}", self.settings.upstream), call)
            .await
            .map_err(|_| UpstreamError::Down { sent: true, retry_after: None })
    }

    /// The access token: cached, and renewed after nine tenths of its lifetime.
    async fn token(&self, deadline: Timestamp, force_renewal: bool) -> Result<String, UpstreamError> {
        let cached = self.client_state.token.borrow().clone();
        if let Some(token) = cached.filter(|token| !force_renewal && clock::now() < token.renew_at) {
            return Ok(token.value);
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.settings.client_id),
            ("client_secret", self.settings.client_secret.reveal()),
        ];
        let body = form.map(|(name, value)| format!("{name}={}", encode_form_value(value))).join("&");
        let call = HttpRequest {
            method: "POST",
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: Some(body),
            timeout: deadline.since(clock::now()),
            ..HttpRequest::default()
        };
        // Whatever fails before the token is there, the call itself was not sent.
        let down = |retry_after| UpstreamError::Down { sent: false, retry_after };
        if !(self.may_call)() {
            return Err(down(None));
        }
        let url = format!("{}/oauth2/access_token", self.settings.upstream);
        let reply = http_client::send(&url, call).await.map_err(|_| down(None))?;
        let (status, wait) = (reply.status(), retry_after(&reply));
        let answer: Value = reply
            .text(MAX_RESPONSE_BYTES)
            .await
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        match (status, answer.get("access_token").and_then(Value::as_str)) {
            (200..300, Some(value)) => {
                let seconds = answer.get("expires_in").and_then(Value::as_i64);
                let lifetime =
                    seconds.map_or(DEFAULT_TOKEN_LIFETIME, |seconds| seconds.clamp(1, 86_400) * SECOND);
                let token = Token { value: value.to_owned(), renew_at: clock::now().plus(lifetime / 10 * 9) };
                *self.client_state.token.borrow_mut() = Some(token);
                Ok(value.to_owned())
            }
            (400 | 401 | 403, _) => Err(UpstreamError::Denied { detail: denied_detail("") }),
            _ => Err(down(wait)),
        }
    }
}

/// The error for an unreadable response: the call may still have taken effect.
const UNREADABLE: UpstreamError = UpstreamError::Down { sent: true, retry_after: None };

fn denied_detail(text: &str) -> String {
    let mut detail =
        "Echo360 refuses the credentials: check ECHO360_CLIENT_ID and ECHO360_CLIENT_SECRET.".to_owned();
    if !text.is_empty() {
        detail.push_str(&format!(" It said: {text}"));
    }
    detail
}

/// The message in the body of an error, shortened: the field `message` if it is the vendor's JSON.
fn error_message(text: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let message = parsed.as_ref().and_then(|value| value.get("message")?.as_str());
    sanitize(message.unwrap_or(text))
}

fn retry_after(reply: &HttpResponse) -> Option<i64> {
    let text = reply.header("retry-after")?;
    let seconds = text.trim().parse::<i64>().ok().map(|seconds| seconds.clamp(0, HOUR / SECOND) * SECOND);
    seconds.or_else(|| {
        // The header's other form is a date.
        let at = js_sys::Date::parse(text.trim());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "milliseconds of a date; NaN and infinities are excluded"
        )]
        let at = (at.is_finite() && at > 0.0).then_some(Timestamp(at as i64))?;
        Some(at.since(clock::now()).clamp(0, HOUR))
    })
}

/// Percent-encodes everything but letters and digits.
fn encode_form_value(value: &str) -> String {
    value
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
