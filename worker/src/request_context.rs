//! The context of a handler: an authorized HTTP request with its parameters and body read.

use crate::auth::Visitor;
use crate::{crypto, response, rpc};
use domain::link_limits::network_of;
use domain::problem::{Code, Problem};
use domain::routes::{Body, Route};
use domain::scope::AccessScope;
use domain::settings::Settings;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use worker::{Env, Request, Stub};

/// Path parameters, by name.
pub(crate) type PathParameters = BTreeMap<String, String>;

/// The visitor and their access scope. On routes that need no session both are `None`; on routes that need a
/// session but have no action, only the access scope is.
pub(crate) struct Caller<'a> {
    /// Who is signed in.
    pub(crate) visitor: Option<&'a Visitor>,
    /// The scope of the route's action, if it has one.
    pub(crate) access_scope: Option<AccessScope>,
}

/// Everything that a handler needs of an HTTP request.
pub(crate) struct RequestContext<'a> {
    /// The Worker's bindings.
    pub(crate) env: &'a Env,
    /// The settings.
    pub(crate) settings: &'a Settings,
    /// The HTTP request, for its headers. Its body has been consumed.
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
    /// `bad-query` for an unknown or repeated URL parameter, `body-too-large`.
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
    /// `internal` on a route that needs no session: its handler must not call this.
    pub(crate) fn visitor(&self) -> Result<&'a Visitor, Problem> {
        self.caller.visitor.ok_or_else(|| undeclared_use("visitor"))
    }

    /// Who is signed in; `None` on routes that need no session. In local mode, the route for signing in has a
    /// visitor, too.
    pub(crate) fn visitor_if_any(&self) -> Option<&'a Visitor> {
        self.caller.visitor
    }

    /// The access scope of the route's action. Every response must be restricted to it.
    ///
    /// # Errors
    /// `internal` on a route without an action: its handler must not call this.
    pub(crate) fn access_scope(&self) -> Result<AccessScope, Problem> {
        self.caller.access_scope.clone().ok_or_else(|| undeclared_use("access scope"))
    }

    /// A path parameter, as matched; empty if there is none of this name.
    pub(crate) fn path_parameter(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// The path parameter `id`, which is 32 hexadecimal digits.
    ///
    /// # Errors
    /// `bad-id` with this detail.
    pub(crate) fn hex_id(&self, detail: &str) -> Result<String, Problem> {
        let id = self.path_parameter("id");
        if crypto::is_well_formed_id(id) { Ok(id.to_owned()) } else { Err(Problem::new(Code::BadId, detail)) }
    }

    /// The URL parameters; all are known to the route.
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

    /// The body as received.
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

    /// See [`client_network`].
    pub(crate) fn client_network(&self) -> String {
        client_network(self.request)
    }
}

/// The network that an HTTP request came from.
pub(crate) fn client_network(request: &Request) -> String {
    network_of(&request.headers().get("cf-connecting-ip").ok().flatten().unwrap_or_default())
}

/// The problem for a handler that uses `what` although its route does not provide it: that bug yields an error
/// and never data.
fn undeclared_use(what: &str) -> Problem {
    worker::console_error!("a handler uses the {what}, which its route does not provide");
    Problem::new(Code::Internal, "Something went wrong inside Lectern.")
}

/// Reads and checks the URL parameters. A route without any ignores them all.
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

/// Reads the body that a route accepts, up to its limit.
async fn read_body(body: Body, request: &mut Request) -> Result<Vec<u8>, Problem> {
    let (max_bytes, too_large) = match body {
        Body::None => return Ok(Vec::new()),
        Body::Json { max_bytes } => {
            let limit = max_bytes >> 10;
            (max_bytes, format!("The body is over {limit} KB. A request needs a few hundred bytes."))
        }
        Body::Csv { max_bytes } => {
            let limit = max_bytes >> 20;
            let detail = format!(
                "The upload is over {limit} MB: some 10,000 rows. Upload it in parts; nothing was changed."
            );
            (max_bytes, detail)
        }
    };
    let too_large = || Problem::new(Code::BodyTooLarge, too_large.clone());
    let length = request.headers().get("content-length").ok().flatten();
    if length.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    if let Ok(mut stream) = request.stream() {
        while let Some(chunk) = stream.next().await {
            bytes.extend(chunk.map_err(|error| response::internal_error(&error))?);
            if bytes.len() > max_bytes {
                return Err(too_large());
            }
        }
    }
    Ok(bytes)
}
