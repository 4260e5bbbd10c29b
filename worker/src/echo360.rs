//! The reporting API as the Desk calls it: the token, the calls, every answer sorted by what to do next.
//!
//! Paths, limits and statuses are from the vendor's reference; what it leaves open (envelopes, paging, which
//! spelling one request has) is read tolerantly.

use crate::answer::shortened;
use crate::clock;
use crate::wire::{self, Call, Reply};
use domain::offer::{Offer, parse_offers};
use domain::settings::Settings;
use domain::time::{SECOND, Timestamp};
use domain::upstream::{Trouble, UpstreamId, UpstreamRequest, parse_list};
use domain::window::Parameters;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

const REPORTING: &str = "/public/api/v1/reporting";

/// A call that takes longer than this is taken for lost.
const PATIENCE: i64 = 60 * SECOND;

/// An answer longer than this is none: a list of 14 days of requests is far below it.
const ANSWER_LONGEST: usize = 8 << 20;

/// Pages of the list that are followed at most.
const PAGES_MOST: usize = 100;

/// A token's life when Echo360 does not say: "access tokens live one hour".
const TOKEN_LIFE: i64 = 3600 * SECOND;

/// What is remembered between calls; in memory only, so that a token is never stored.
#[derive(Default)]
pub(crate) struct Memory {
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
pub(crate) struct Echo360<'a> {
    /// Where it is and with what credentials.
    pub(crate) settings: &'a Settings,
    /// What is remembered between calls.
    pub(crate) memory: &'a Memory,
    /// Called before every HTTP call, so that the Desk counts it.
    pub(crate) called: &'a dyn Fn(),
}

impl Echo360<'_> {
    /// `GET /reports`.
    pub(crate) async fn reports(&self) -> Result<Vec<Offer>, Trouble> {
        let answer = self.get(&format!("{REPORTING}/reports")).await?;
        parse_offers(&answer).ok_or(UNREADABLE)
    }

    /// `GET /requests`, all pages.
    pub(crate) async fn list(&self) -> Result<Vec<UpstreamRequest>, Trouble> {
        let mut all = Vec::new();
        let mut path = format!("{REPORTING}/requests");
        for _ in 0..PAGES_MOST {
            let (requests, next) = parse_list(&self.get(&path).await?).ok_or(UNREADABLE)?;
            let is_last = requests.is_empty();
            all.extend(requests);
            match next {
                Some(next) if !is_last && next != path => path = next,
                _ => return Ok(all),
            }
        }
        Ok(all)
    }

    /// `POST /requests/{report}`, for a gzipped CSV with commas.
    pub(crate) async fn create(
        &self,
        report: &str,
        parameters: &Parameters,
    ) -> Result<UpstreamRequest, Trouble> {
        let body = json!({"parameters": parameters, "output": {"compression": true, "delimiter": ","}});
        let answer = self.call("POST", &format!("{REPORTING}/requests/{report}"), Some(body)).await?;
        UpstreamRequest::parse(&answer).ok_or(UNREADABLE)
    }

    /// One request with its signed links, in whichever spelling of the path is served.
    pub(crate) async fn look(&self, id: &UpstreamId) -> Result<UpstreamRequest, Trouble> {
        let path = |singular: bool| {
            format!("{REPORTING}/{}/{}", if singular { "request" } else { "requests" }, id.as_str())
        };
        let known = self.memory.singular.get();
        let answer = match self.get(&path(known)).await {
            Err(Trouble::Absent) => {
                let answer = self.get(&path(!known)).await?;
                self.memory.singular.set(!known);
                answer
            }
            answer => answer?,
        };
        UpstreamRequest::parse(&answer).filter(|found| found.id == *id).ok_or(UNREADABLE)
    }

    async fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.call("GET", path, None).await.map_err(|trouble| match trouble {
            // Only a "create" can be refused for what it asks; to read nothing is to lack the right.
            Trouble::Refused { status: 403, text } => Trouble::Denied { detail: denied(&text) },
            other => other,
        })
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Trouble> {
        let reply = self.authorized(method, path, body.as_ref(), false).await?;
        let reply = if reply.status() == 401 {
            // Perhaps the token ended before its time: once more with a new one.
            self.memory.token.borrow_mut().take();
            self.authorized(method, path, body.as_ref(), true).await?
        } else {
            reply
        };
        let status = reply.status();
        let retry_after = retry_after(&reply);
        let text = reply.text(ANSWER_LONGEST).await;
        match status {
            200..300 => {
                let text = text.map_err(|_| UNREADABLE)?;
                serde_json::from_str(&text).map_err(|_| UNREADABLE)
            }
            401 => Err(Trouble::Denied { detail: denied(&text.unwrap_or_default()) }),
            404 | 405 => Err(Trouble::Absent),
            429 => Err(Trouble::TooMany { retry_after }),
            400..500 => Err(Trouble::Refused { status, text: said(&text.unwrap_or_default()) }),
            _ => Err(Trouble::Down { sent: true, retry_after }),
        }
    }

    async fn authorized(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        again: bool,
    ) -> Result<Reply, Trouble> {
        let token = self.token(again).await?;
        let mut headers =
            vec![("authorization", format!("Bearer {token}")), ("accept", "application/json".to_owned())];
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let call =
            Call { method, headers, body: body.map(Value::to_string), timeout: PATIENCE, ..Call::default() };
        (self.called)();
        wire::send(&format!("{}{path}", self.settings.upstream), call)
            .await
            .map_err(|_| Trouble::Down { sent: true, retry_after: None })
    }

    /// The access token: cached, and renewed at nine tenths of its life.
    async fn token(&self, again: bool) -> Result<String, Trouble> {
        let cached = self.memory.token.borrow().clone();
        if let Some(token) = cached.filter(|token| !again && clock::now() < token.renew_at) {
            return Ok(token.value);
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.settings.client_id),
            ("client_secret", self.settings.client_secret.reveal()),
        ];
        let body = form.map(|(name, value)| format!("{name}={}", form_encoded(value))).join("&");
        let call = Call {
            method: "POST",
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            body: Some(body),
            timeout: PATIENCE,
            ..Call::default()
        };
        (self.called)();
        // Whatever goes wrong here, the call itself was not sent.
        let down = |retry_after| Trouble::Down { sent: false, retry_after };
        let url = format!("{}/oauth2/access_token", self.settings.upstream);
        let reply = wire::send(&url, call).await.map_err(|_| down(None))?;
        let (status, wait) = (reply.status(), retry_after(&reply));
        let answer: Value = reply
            .text(ANSWER_LONGEST)
            .await
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        match (status, answer.get("access_token").and_then(Value::as_str)) {
            (200..300, Some(value)) => {
                let seconds = answer.get("expires_in").and_then(Value::as_i64);
                let life = seconds.map_or(TOKEN_LIFE, |seconds| seconds.clamp(1, 86_400) * SECOND);
                let token = Token { value: value.to_owned(), renew_at: clock::now().plus(life / 10 * 9) };
                *self.memory.token.borrow_mut() = Some(token);
                Ok(value.to_owned())
            }
            (400 | 401 | 403, _) => Err(Trouble::Denied { detail: denied("") }),
            _ => Err(down(wait)),
        }
    }
}

/// An answer that cannot be read may still have had its effect.
const UNREADABLE: Trouble = Trouble::Down { sent: true, retry_after: None };

fn denied(text: &str) -> String {
    let text = said(text);
    let mut detail =
        "Echo360 refuses the credentials: check ECHO360_CLIENT_ID and ECHO360_CLIENT_SECRET.".to_owned();
    if !text.is_empty() {
        detail.push_str(&format!(" It said: {text}"));
    }
    detail
}

/// What an error's body says, shortened: its `message` if it is the vendor's JSON.
fn said(text: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let message = parsed.as_ref().and_then(|value| value.get("message")?.as_str());
    shortened(message.unwrap_or(text))
}

fn retry_after(reply: &Reply) -> Option<i64> {
    reply.header("retry-after")?.trim().parse::<i64>().ok().map(|seconds| seconds.clamp(0, 86_400) * SECOND)
}

/// A value in a form: everything but letters and digits is escaped.
fn form_encoded(value: &str) -> String {
    value
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
