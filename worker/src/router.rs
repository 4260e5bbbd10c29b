//! Routes an HTTP request: match the path, authenticate, authorize, read the body, handle, write the audit
//! log.
//!
//! [`domain::routes::ROUTES`] defines everything specific to a route; [`handlers`] implements it.

use crate::auth::{self, AccessAssertion, AuthRejection, Visitor, authenticate};
use crate::handlers::{self, HandlerResult};
use crate::request_context::{Caller, PathParameters, RequestContext, client_network};
use crate::rpc;
use crate::{audit_log, config, jurisdiction, rate_limit, response, shares};
use domain::api::AuditAction;
use domain::audit_log::{AuditEntry, is_refusal};
use domain::problem::{Code, Problem, SignInOptions};
use domain::routes::{Access, Audit, ROUTES, Route, resource_of};
use domain::scope::{AccessScope, Action};
use domain::settings::Settings;
use domain::share_link::split_encoded_fragment;
use std::sync::LazyLock;
use worker::{Context, Env, Request, Response};

/// The routes of each path, by its pattern.
static ROUTES_BY_PATH: LazyLock<matchit::Router<&'static [Route]>> = LazyLock::new(|| {
    let mut paths = matchit::Router::new();
    for routes in ROUTES.chunk_by(|a, b| a.path == b.path) {
        let Some(Route { path, .. }) = routes.first() else { continue };
        // A last parameter may be empty: the handler rejects it like any other invalid value.
        let without_last =
            path.strip_suffix('}').and_then(|path| path.rsplit_once('{')).map(|(start, _)| start);
        for pattern in [Some(*path), without_last].into_iter().flatten() {
            if let Err(error) = paths.insert(pattern, routes) {
                worker::console_error!("{pattern} cannot be routed: {error}");
            }
        }
    }
    paths
});

/// Handles an HTTP request that no static file of the page answers.
pub(crate) async fn handle(mut request: Request, env: &Env, context: &Context) -> worker::Result<Response> {
    let path = request.path();
    let answer = match config::read(env) {
        Ok(settings) => match jurisdiction::check(env, &settings).await {
            Ok(()) => Dispatcher { env, context, settings: &settings }.dispatch(&mut request).await,
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    answer.or_else(|problem| {
        let names_settings = problem.code == Code::SettingsWrong && path != "/healthz";
        response::problem(&if names_settings { settings_wrong() } else { problem })
    })
}

/// Dispatches one HTTP request.
struct Dispatcher<'a> {
    env: &'a Env,
    context: &'a Context,
    settings: &'a Settings,
}

impl Dispatcher<'_> {
    async fn dispatch(&self, request: &mut Request) -> Result<Response, Problem> {
        let path = format!("/{}", request.path().trim_start_matches('/'));
        if let Some((page, fragment)) = split_encoded_fragment(&path) {
            let registry = rpc::registry(self.env, &self.settings.scheduler_name());
            let registry = registry.map_err(|error| response::internal_error(&error))?;
            return shares::restore_fragment(
                &registry,
                self.settings,
                page,
                fragment,
                &client_network(request),
            )
            .await;
        }
        let (routes, parameters) = match_path(&path);
        let route = find_route(routes, request.method().as_ref());
        match (routes.first().map(|route| route.access), &route) {
            (Some(Access::Public | Access::ShareToken), _) => {
                self.answer_without_session(routes, route, request, parameters).await
            }
            // In local mode the visitor on this machine is known without signing in.
            (_, Ok(found)) if found.access == Access::SignIn && !self.settings.local => {
                self.answer_sign_in(found, request, parameters).await
            }
            _ => self.answer_with_session(&path, routes, route, request, parameters).await,
        }
    }

    /// Handles routes that need no session.
    async fn answer_without_session(
        &self,
        routes: &[Route],
        route: Result<&Route, Problem>,
        request: &mut Request,
        parameters: PathParameters,
    ) -> Result<Response, Problem> {
        let (network, method) = (client_network(request), request.method());
        let answer = match route {
            Ok(route) => {
                if route.access != Access::Public {
                    auth::refuse_cross_site(request).map_err(|rejection| self.reject(rejection, &network))?;
                }
                let caller = Caller { visitor: None, access_scope: None };
                self.run(route, request, caller, parameters).await
            }
            Err(problem) => Err(problem),
        };
        self.record_stranger(&answer, method.as_ref(), routes, network);
        Ok(answer?.response)
    }

    /// Handles `POST /api/session` with the key.
    async fn answer_sign_in(
        &self,
        route: &Route,
        request: &mut Request,
        parameters: PathParameters,
    ) -> Result<Response, Problem> {
        let network = client_network(request);
        auth::refuse_cross_site(request).map_err(|rejection| self.reject(rejection, &network))?;
        if let Err(problem) = self.count_call(route, &network).await {
            return Err(
                self.reject(AuthRejection { problem, reason: "too-many-tries POST session" }, &network)
            );
        }
        let caller = Caller { visitor: None, access_scope: None };
        let answer = self.run(route, request, caller, parameters).await;
        if let Err(problem) = &answer {
            // The registry records wrong keys itself, as it knows of earlier ones.
            let is_recorded = matches!(problem.code, Code::KeyWrong | Code::TooManyTries);
            if problem.status < 500 && !is_recorded {
                let reason = format!("{} POST session", problem.code.slug());
                self.record(AuditEntry { network, ..AuditEntry::for_rejection(&reason) });
            }
        }
        Ok(answer?.response)
    }

    /// Records that somebody was refused who need not be signed in.
    fn record_stranger(&self, answer: &HandlerResult, method: &str, routes: &[Route], network: String) {
        if let Err(problem) = answer
            && is_refusal(problem.status, Some(problem.code))
        {
            // The pattern of the path, since a caller can write anything into the path itself.
            let path = routes.first().map_or("?", |route| route.path.trim_start_matches("/api/"));
            let reason = format!("{} {method} {path}", problem.code.slug());
            self.record(AuditEntry { network, ..AuditEntry::for_rejection(&reason) });
        }
    }

    /// Handles all other paths. Visitors must be signed in, even to learn that a path does not exist.
    async fn answer_with_session(
        &self,
        path: &str,
        routes: &[Route],
        route: Result<&Route, Problem>,
        request: &mut Request,
        parameters: PathParameters,
    ) -> Result<Response, Problem> {
        let visitor = authenticate(request, self.env, self.settings).await;
        let visitor = visitor.map_err(|rejection| self.reject(rejection, &client_network(request)))?;
        if path != "/api" && !path.starts_with("/api/") {
            return Err(unknown_route());
        }
        let method = request.method();
        let audit = route.as_ref().map_or(Audit::None, |route| route.audit);
        let mut answer = match authorize_route(&visitor, routes, route, &parameters) {
            Ok((route, access_scope)) => match self.count_call(route, &visitor.person).await {
                Ok(()) => {
                    let caller = Caller { visitor: Some(&visitor), access_scope };
                    self.run(route, request, caller, parameters).await
                }
                Err(problem) => Err(problem),
            },
            Err(problem) => Err(problem),
        };
        if let Err(problem) = &mut answer
            && problem.code == Code::NoRole
        {
            problem.sign_in = Some(Box::new(self.sign_in_options_without_role()));
        }
        if let Some(entry) = audit_entry(&visitor, audit, method.as_ref(), path, &answer) {
            self.record(entry);
        }
        Ok(answer?.response)
    }

    /// Counts a call of a route with a rate limit. `caller` is a person, or a network before somebody is signed in.
    async fn count_call(&self, route: &Route, caller: &str) -> Result<(), Problem> {
        match route.rate_limit() {
            Some(limit) => rate_limit::count(self.env, limit, caller).await,
            None => Ok(()),
        }
    }

    /// Reads parameters and body, and calls the route's handler.
    async fn run(
        &self,
        route: &Route,
        request: &mut Request,
        caller: Caller<'_>,
        parameters: PathParameters,
    ) -> HandlerResult {
        let context =
            RequestContext::read(route, request, (self.env, self.settings), caller, parameters).await?;
        handlers::handle(route.operation, &context).await
    }

    /// The sign-in options of a visitor without a role, who can sign out and return as another person.
    fn sign_in_options_without_role(&self) -> SignInOptions {
        let sign_out = self.settings.access.as_ref().map(|access| access.sign_out());
        // Only Cloudflare Access authenticates people without a role, and it takes precedence over the key.
        let auth_methods = auth::sign_in_methods(self.settings, AccessAssertion::SignedOut);
        SignInOptions { auth_methods, sign_out }
    }

    /// Records a request that was not authenticated, and returns its problem.
    fn reject(&self, AuthRejection { problem, reason }: AuthRejection, network: &str) -> Problem {
        self.record(AuditEntry { network: network.to_owned(), ..AuditEntry::for_rejection(reason) });
        problem
    }

    fn record(&self, entry: AuditEntry) {
        audit_log::enqueue(entry, self.context, self.env, &self.settings.scheduler_name());
    }
}

/// The routes of a path, and the values of its parameters; both are empty for an unknown path.
fn match_path(path: &str) -> (&'static [Route], PathParameters) {
    match ROUTES_BY_PATH.at(path) {
        Ok(found) => {
            let parameters = found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            (found.value, parameters.collect())
        }
        Err(_) => (&[], PathParameters::new()),
    }
}

/// The route with this method.
///
/// # Errors
/// `unknown-route`, `wrong-method`.
fn find_route<'a>(routes: &'a [Route], method: &str) -> Result<&'a Route, Problem> {
    if routes.is_empty() {
        return Err(unknown_route());
    }
    routes.iter().find(|route| route.accepts(method)).ok_or_else(|| {
        let names = routes.iter().flat_map(|route| {
            [Some(route.method.as_str()), route.answers_head().then_some("HEAD")].into_iter().flatten()
        });
        let names: Vec<&str> = names.collect();
        let detail = format!("This route takes {}.", names.join(" and "));
        Problem { allow: Some(names.join(", ").into()), ..Problem::new(Code::WrongMethod, detail) }
    })
}

/// Checks that the visitor may call the route, and returns the access scope of its action.
///
/// # Errors
/// `no-role`, `not-allowed`, `unknown-report`; for an unknown path or method, the problem in `route`.
fn authorize_route<'a>(
    visitor: &Visitor,
    routes: &[Route],
    route: Result<&'a Route, Problem>,
    parameters: &PathParameters,
) -> Result<(&'a Route, Option<AccessScope>), Problem> {
    let route = match route {
        Ok(route) => route,
        Err(problem) => {
            // Only people with a role learn that a path does not exist. For a wrong method, only
            // administrators learn the methods of a route that is for administrators.
            match routes.first().map(|route| route.access) {
                None => visitor.authorize(Action::ViewSession).map(drop)?,
                Some(access @ Access::Authorized(action)) if access.is_for_administrators() => {
                    visitor.authorize(action).map(drop)?;
                }
                Some(_) => {}
            }
            return Err(problem);
        }
    };
    let access_scope = match route.access {
        Access::Public | Access::ShareToken | Access::SignIn | Access::SignedIn => None,
        Access::Authorized(action) => Some(visitor.authorize(action)?),
        Access::ReportReader => {
            let report = parameters.get("report").map_or("", String::as_str);
            Some(visitor.authorize(Action::ReadRows { report })?)
        }
    };
    Ok((route, access_scope))
}

/// The audit log's entry for a success of an audited route, or for a refusal; `None` for all other responses.
fn audit_entry(
    visitor: &Visitor,
    audit: Audit,
    method: &str,
    path: &str,
    answer: &HandlerResult,
) -> Option<AuditEntry> {
    // An object's problem is forwarded as a response whose body is not parsed, so its status replaces its code.
    let (status, code) = match answer {
        Ok(reply) => (reply.response.status_code(), reply.response.status_code().to_string()),
        Err(problem) => (problem.status, problem.code.slug()),
    };
    let is_refusal = is_refusal(status, answer.as_ref().err().map(|problem| problem.code));
    match (audit, answer) {
        (Audit::AfterAnswer(action), Ok(reply)) if (200..300).contains(&status) => {
            Some(audit_log::new_entry(visitor, action, reply.audit_detail.clone()))
        }
        _ if is_refusal => {
            let resource = resource_of(path).unwrap_or("?");
            let detail = format!("{code} {method} {resource}");
            Some(audit_log::new_entry(visitor, AuditAction::Refused, detail))
        }
        _ => None,
    }
}

/// The problem for missing or wrong settings on every route but `/healthz`, which names them.
fn settings_wrong() -> Problem {
    let detail =
        "A setting of this installation is missing or wrong. Its operator sees which one at /healthz.";
    Problem::new(Code::SettingsWrong, detail)
}

fn unknown_route() -> Problem {
    let detail = "There is no such route. docs/reference.md and /api/openapi.json list all routes.";
    Problem::new(Code::UnknownRoute, detail)
}
