//! What a handler gets: a request that its route lets through, with its parameters and body read.

use crate::auth::Visitor;
use crate::{response, rpc};
use domain::problem::{Code, Problem};
use domain::routes::{Body, Route};
use domain::scope::AccessScope;
use domain::settings::Settings;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::net::IpAddr;
use worker::{Env, Request, Stub};

/// The parameters that a path was matched with, by name.
pub(crate) type PathParameters = BTreeMap<String, String>;

/// Who calls, and what they may see: nothing of either where the route needs no session.
pub(crate) struct Caller<'a> {
    /// Who is signed in.
    pub(crate) visitor: Option<&'a Visitor>,
    /// What the route's action lets them see.
    pub(crate) access_scope: Option<AccessScope>,
}

/// A request on its way to its handler.
pub(crate) struct RequestContext<'a> {
    /// The Worker's bindings.
    pub(crate) env: &'a Env,
    /// The settings.
    pub(crate) settings: &'a Settings,
    /// The request, for its headers. Its body has been read.
    pub(crate) request: &'a Request,
    caller: Caller<'a>,
    path: PathParameters,
    query: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl<'a> RequestContext<'a> {
    /// Reads the URL parameters and the body that the route takes.
    ///
    /// # Errors
    /// `bad-query` for a URL parameter that the route does not take or that is given twice, `body-too-large`.
    pub(crate) async fn read(
        route: &Route,
        request: &'a mut Request,
        (env, settings): (&'a Env, &'a Settings),
        caller: Caller<'a>,
        path: PathParameters,
    ) -> Result<Self, Problem> {
        let query = read_query(route, request)?;
        let body = read_body(route.body, request).await?;
        Ok(Self { env, settings, request, caller, path, query, body })
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// `internal` on a route that asks nobody to sign in: such a handler must not need this.
    pub(crate) fn visitor(&self) -> Result<&'a Visitor, Problem> {
        self.caller.visitor.ok_or_else(|| unauthorized("no visitor"))
    }

    /// Who is signed in, if the route needs a session or the Worker is in local mode.
    pub(crate) fn visitor_if_any(&self) -> Option<&'a Visitor> {
        self.caller.visitor
    }

    /// What the visitor may see with the route's action. Every answer is cut to it.
    ///
    /// # Errors
    /// `internal` on a route without an action: such a handler must not need this.
    pub(crate) fn access_scope(&self) -> Result<AccessScope, Problem> {
        self.caller.access_scope.clone().ok_or_else(|| unauthorized("no access scope"))
    }

    /// A path parameter as it stands in the path.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The path parameter `id`, which is 32 hexadecimal digits.
    ///
    /// # Errors
    /// `bad-id` with this detail.
    pub(crate) fn hex_id(&self, detail: &str) -> Result<String, Problem> {
        let id = self.path("id");
        if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(id.to_owned())
        } else {
            Err(Problem::new(Code::BadId, detail))
        }
    }

    /// The URL parameters, all of which the route takes.
    pub(crate) fn query(&self) -> BTreeMap<String, String> {
        self.query.clone()
    }

    /// The body as JSON. An empty body counts as `{}`.
    ///
    /// # Errors
    /// `bad-body`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text: &[u8] = if self.body.trim_ascii().is_empty() { b"{}" } else { &self.body };
        serde_json::from_slice(text).map_err(|error| {
            let detail = format!(
                "The body is not the JSON that this route takes: {}.",
                response::sanitize(&error.to_string())
            );
            Problem::new(Code::BadBody, detail)
        })
    }

    /// The body as it came.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The institution's scheduler.
    pub(crate) fn scheduler(&self) -> Result<Stub, Problem> {
        rpc::scheduler(self.env, &self.settings.scheduler_name())
            .map_err(|error| response::internal_error(&error))
    }

    /// The institution's registry.
    pub(crate) fn registry(&self) -> Result<Stub, Problem> {
        rpc::registry(self.env, &self.settings.scheduler_name())
            .map_err(|error| response::internal_error(&error))
    }

    /// The network that the request came from, for limits on attempts. Of an IPv6 address its first 64 bits: whoever has one
    /// such address has all of that network.
    pub(crate) fn client_network(&self) -> String {
        let address = self.request.headers().get("cf-connecting-ip").ok().flatten().unwrap_or_default();
        match address.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => {
                address.segments().iter().take(4).map(|part| format!("{part:x}:")).collect()
            }
            _ => address,
        }
    }
}

/// A handler asks for what its route has not established: answered with an error rather than with data.
fn unauthorized(missing: &str) -> Problem {
    worker::console_error!("a route has {missing}");
    Problem::new(Code::Internal, "Something went wrong inside Lectern.")
}

/// The URL parameters of a route that takes any.
fn read_query(route: &Route, request: &Request) -> Result<BTreeMap<String, String>, Problem> {
    let mut values = BTreeMap::new();
    if route.query.is_empty() {
        return Ok(values);
    }
    let bad_query = |detail: String| Problem::new(Code::BadQuery, detail);
    let url = request.url().map_err(|error| response::internal_error(&error))?;
    for (name, value) in url.query_pairs() {
        if !route.query.iter().any(|parameter| parameter.is_called(&name)) {
            return Err(bad_query(format!("This route takes no `{}`.", response::sanitize(&name))));
        }
        if values.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(bad_query(format!("`{}` is given twice.", response::sanitize(&name))));
        }
    }
    Ok(values)
}

/// The body that a route takes, read up to its limit and no further.
async fn read_body(body: Body, request: &mut Request) -> Result<Vec<u8>, Problem> {
    let (max_bytes, too_large) = match body {
        Body::None => return Ok(Vec::new()),
        Body::Json { max_bytes } => {
            (max_bytes, "The body is over 64 KB. A request needs a few hundred bytes.")
        }
        Body::Csv { max_bytes } => {
            (max_bytes, "The upload is over 1 MB: some 10,000 rows. Upload it in parts; nothing was changed.")
        }
    };
    let too_large = || Problem::new(Code::BodyTooLarge, too_large);
    let length = request.headers().get("content-length").ok().flatten();
    if length.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    if let Ok(mut stream) = request.stream() {
        while let Some(piece) = stream.next().await {
            bytes.extend(piece.map_err(|error| response::internal_error(&error))?);
            if bytes.len() > max_bytes {
                return Err(too_large());
            }
        }
    }
    Ok(bytes)
}
