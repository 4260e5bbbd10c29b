//! The reporting API as the Scheduler calls it: the token, the calls, every answer sorted by what to do next.
//!
//! Paths, limits and statuses are from the vendor's reference; what it leaves open (envelopes, paging, which
//! spelling one request has) is read tolerantly.

use crate::clock;
use crate::http_client::{self, HttpRequest, HttpResponse};
use crate::response::sanitize;
use domain::report_listing::{ReportListing, parse_report_listings};
use domain::settings::Settings;
use domain::time::{SECOND, Timestamp};
use domain::upstream::{UpstreamError, UpstreamId, UpstreamRequest, UpstreamStatus, parse_list};
use domain::window::Parameters;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

const REPORTING: &str = "/public/api/v1/reporting";

/// A call that takes longer than this is taken for lost.
const CALL_TIMEOUT: i64 = 60 * SECOND;

/// A list that can wait is given this long: nothing is asked for meanwhile.
const LIST_TIMEOUT: i64 = 8 * SECOND;

/// An answer longer than this is none. A list keeps requests whose files are long gone: this is room for
/// some 50,000 of them.
const MAX_RESPONSE_BYTES: usize = 16 << 20;

/// Pages of the list that are followed at most.
const MAX_PAGES: usize = 100;

/// A token's life when Echo360 does not say: "access tokens live one hour".
const DEFAULT_TOKEN_LIFETIME: i64 = 3600 * SECOND;

/// What is remembered between calls; in memory only, so that a token is never stored.
#[derive(Default)]
pub(crate) struct ClientState {
    token: RefCell<Option<Token>>,
    /// Whether one request is found under `/request/` instead of `/requests/`.
    singular: Cell<bool>,
}

#[derive(Clone)]
struct Token {
    value: String,
    renew_at: Timestamp,
}

/// The API, for as long as one step takes.
pub(crate) struct Echo360Client<'a> {
    /// Where it is and with what credentials.
    pub(crate) settings: &'a Settings,
    /// What is remembered between calls.
    pub(crate) client_state: &'a ClientState,
    /// Called before every HTTP call: the Scheduler counts it, or says that none may go out now.
    pub(crate) may_call: &'a dyn Fn() -> bool,
}

impl Echo360Client<'_> {
    /// `GET /reports`.
    pub(crate) async fn list_reports(&self) -> Result<Vec<ReportListing>, UpstreamError> {
        let answer = self.get(&format!("{REPORTING}/reports")).await?;
        parse_report_listings(&answer).ok_or(UNREADABLE)
    }

    /// `GET /requests`, all pages.
    pub(crate) async fn list_requests(&self) -> Result<Vec<UpstreamRequest>, UpstreamError> {
        let mut all = Vec::new();
        let mut path = format!("{REPORTING}/requests");
        for _ in 0..MAX_PAGES {
            let answer = self.get(&path).await?;
            let (requests, next) = parse_list(&answer, &self.settings.upstream, &path).ok_or(UNREADABLE)?;
            let is_last = requests.is_empty();
            all.extend(requests);
            match next {
                Some(next) if !is_last && next != path => path = next,
                _ => return Ok(all),
            }
        }
        // Half a list proves no absence.
        Err(UNREADABLE)
    }

    /// `POST /requests/{report}`, for a gzipped CSV with commas.
    pub(crate) async fn create_request(
        &self,
        report: &str,
        parameters: &Parameters,
    ) -> Result<UpstreamRequest, UpstreamError> {
        let body = json!({"parameters": parameters, "output": {"compression": true, "delimiter": ","}});
        let answer = self.call("POST", &format!("{REPORTING}/requests/{report}"), Some(body)).await?;
        UpstreamRequest::parse(&answer).ok_or(UNREADABLE)
    }

    /// One request with its signed links, in whichever spelling of the path is served.
    pub(crate) async fn get_request(&self, id: &UpstreamId) -> Result<UpstreamRequest, UpstreamError> {
        let path = |singular: bool| {
            format!("{REPORTING}/{}/{}", if singular { "request" } else { "requests" }, id.as_str())
        };
        let read =
            |answer: &Value| UpstreamRequest::parse(answer).filter(|found| found.id == *id).ok_or(UNREADABLE);
        let known = self.client_state.singular.get();
        let found = match self.call("GET", &path(known), None).await {
            Err(UpstreamError::Absent) => None,
            answer => Some(read(&answer?)?),
        };
        // One of the spellings may be a mere entry of the list: only the other has the links.
        if let Some(found) =
            found.as_ref().filter(|f| f.status != UpstreamStatus::Available || !f.links.is_empty())
        {
            return Ok(found.clone());
        }
        match (self.call("GET", &path(!known), None).await, found) {
            (Ok(answer), _) => {
                let other = read(&answer)?;
                self.client_state.singular.set(!known);
                Ok(other)
            }
            (Err(UpstreamError::Absent), Some(found)) => Ok(found),
            (Err(trouble), _) => Err(trouble),
        }
    }

    /// A page of one of the wider API's lists. That the credentials may not read it says nothing of the rest.
    pub(crate) async fn get_page(&self, path: &str) -> Result<Value, UpstreamError> {
        self.call_with_timeout(LIST_TIMEOUT, "GET", path, None).await
    }

    async fn get(&self, path: &str) -> Result<Value, UpstreamError> {
        self.call("GET", path, None).await.map_err(|trouble| match trouble {
            // Only a "create" can be refused for what it asks; to read nothing is to lack the right.
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
        let reply = self.send_authorized(timeout, method, path, body.as_ref(), false).await?;
        let reply = if reply.status() == 401 {
            // Perhaps the token ended before its time: once more with a new one.
            self.client_state.token.borrow_mut().take();
            self.send_authorized(timeout, method, path, body.as_ref(), true).await?
        } else {
            reply
        };
        let status = reply.status();
        let retry_after = retry_after(&reply);
        let text = reply.text(MAX_RESPONSE_BYTES).await;
        if let 200..300 = status {
            return serde_json::from_str(&text.map_err(|_| UNREADABLE)?).map_err(|_| UNREADABLE);
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

    /// What an error says, should it repeat what it was sent.
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
        timeout: i64,
        method: &str,
        path: &str,
        body: Option<&Value>,
        again: bool,
    ) -> Result<HttpResponse, UpstreamError> {
        let token = self.token(timeout, again).await?;
        let mut headers =
            vec![("authorization", format!("Bearer {token}")), ("accept", "application/json".to_owned())];
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let call = HttpRequest {
            method,
            headers,
            body: body.map(Value::to_string),
            timeout,
            ..HttpRequest::default()
        };
        if !(self.may_call)() {
            return Err(UpstreamError::Down { sent: false, retry_after: None });
        }
        http_client::send(&format!("{}{path}", self.settings.upstream), call)
            .await
            .map_err(|_| UpstreamError::Down { sent: true, retry_after: None })
    }

    /// The access token: cached, and renewed at nine tenths of its life.
    async fn token(&self, timeout: i64, again: bool) -> Result<String, UpstreamError> {
        let cached = self.client_state.token.borrow().clone();
        if let Some(token) = cached.filter(|token| !again && clock::now() < token.renew_at) {
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
            timeout,
            ..HttpRequest::default()
        };
        // Whatever goes wrong here, the call itself was not sent.
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
                let life =
                    seconds.map_or(DEFAULT_TOKEN_LIFETIME, |seconds| seconds.clamp(1, 86_400) * SECOND);
                let token = Token { value: value.to_owned(), renew_at: clock::now().plus(life / 10 * 9) };
                *self.client_state.token.borrow_mut() = Some(token);
                Ok(value.to_owned())
            }
            (400 | 401 | 403, _) => Err(UpstreamError::Denied { detail: denied_detail("") }),
            _ => Err(down(wait)),
        }
    }
}

/// An answer that cannot be read may still have had its effect.
const UNREADABLE: UpstreamError = UpstreamError::Down { sent: true, retry_after: None };

fn denied_detail(text: &str) -> String {
    let mut detail =
        "Echo360 refuses the credentials: check ECHO360_CLIENT_ID and ECHO360_CLIENT_SECRET.".to_owned();
    if !text.is_empty() {
        detail.push_str(&format!(" It said: {text}"));
    }
    detail
}

/// What an error's body says, shortened: its `message` if it is the vendor's JSON.
fn error_message(text: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let message = parsed.as_ref().and_then(|value| value.get("message")?.as_str());
    sanitize(message.unwrap_or(text))
}

fn retry_after(reply: &HttpResponse) -> Option<i64> {
    let text = reply.header("retry-after")?;
    let seconds = text.trim().parse::<i64>().ok().map(|seconds| seconds.clamp(0, 86_400) * SECOND);
    seconds.or_else(|| {
        // The other form is a date.
        let at = js_sys::Date::parse(text.trim());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "milliseconds of a date; what is none is refused"
        )]
        let at = (at.is_finite() && at > 0.0).then_some(Timestamp(at as i64))?;
        Some(at.since(clock::now()).clamp(0, 86_400 * SECOND))
    })
}

/// A value in a form: everything but letters and digits is escaped.
fn encode_form_value(value: &str) -> String {
    value
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
