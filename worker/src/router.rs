//! Every route: who may call it, what it takes, what it answers.
//!
//! Whatever a route does is named to `Visitor::authorize` first, and its answer is cut to the reach that comes back: here, or by
//! the object that has the rows. What is done is noted for the audit log once its answer is known.

use crate::audit_log::{self, AuditView};
use crate::auth::{self, AccessAssertion, AuthRejection, Visitor, authenticate};
use crate::rpc::{
    self, AuditEntry, OpenSessionRequest, ReadableWindow, RegistryCommand, SchedulerCommand,
    WindowStoreCommand,
};
use crate::shares::{self, SharesHandler};
use crate::{clock, config, crypto, download, erasure, jurisdiction, response, roles};
use domain::api::{
    AuditAction, AuthMethod, Health, ReportRequest, RetryRequest, RoleChange, Session, SignInRequest,
};
use domain::problem::{Code, Problem, SignInOptions};
use domain::scope::{Action, Role, RoleAssignment};
use domain::settings::Settings;
use domain::time::minus_days;
use domain::window::is_window_id;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use worker::{Context, Env, Method, Request, Response, Result, Stub};

/// The longest body that is read, save that of an upload.
const MAX_BODY_BYTES: usize = 64 << 10;

/// Who is meant by whoever has the key: it is one for all who have it.
const KEY_HOLDER: &str = "key";

/// What a browser forgets with a session. Our cookie is ended by itself: to clear cookies would end those of every site
/// under the same domain.
const CLEAR_SITE_DATA: &str = "\"cache\", \"storage\"";

type HandlerResult = std::result::Result<Result<Response>, Problem>;

/// Answers a request that no file of the page answers. Never fails: what goes wrong becomes a problem.
pub(crate) async fn handle(mut request: Request, env: &Env, context: &Context) -> Result<Response> {
    match dispatch(&mut request, env, context).await {
        Ok(response) => response,
        Err(problem) => response::problem(&problem),
    }
}

async fn dispatch(request: &mut Request, env: &Env, context: &Context) -> HandlerResult {
    let settings = config::read(env);
    let path = request.path();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments == ["healthz"] {
        allow_methods(request, &[Method::Get, Method::Head])?;
        let settings = settings?;
        jurisdiction::check(env, &settings).await?;
        return health(&settings);
    }
    let settings = settings?;
    jurisdiction::check(env, &settings).await?;
    let scheduler_name = settings.scheduler_name();
    // For whoever has a link: nobody is asked who they are.
    match segments.as_slice() {
        ["s"] => return shares::serve_page(request, env, &settings, None).await,
        ["s", id] => return shares::serve_page(request, env, &settings, Some(*id)).await,
        ["api", "shared"] => return shares::open(request, env, &settings).await,
        _ => {}
    }
    let is_arrival = segments == ["api", "session"] && request.method() == Method::Post && !settings.local;
    let found = if is_arrival {
        auth::refuse_cross_site(request).map(|()| None)
    } else {
        authenticate(request, env, &settings).await.map(Some)
    };
    let visitor = match found {
        Ok(Some(visitor)) => visitor,
        Ok(None) => {
            let answer = sign_in(request, env, &settings).await;
            // What the Registry refuses it records itself.
            if let Err(problem) = &answer
                && problem.status < 500
                && !matches!(problem.code, Code::KeyWrong | Code::TooManyTries)
            {
                let reason = format!("{} POST session", problem_code(problem));
                audit_log::enqueue(AuditEntry::for_rejection(&reason), context, env, &scheduler_name);
            }
            return answer;
        }
        Err(AuthRejection { problem, reason }) => {
            audit_log::enqueue(AuditEntry::for_rejection(reason), context, env, &scheduler_name);
            return Err(problem);
        }
    };
    let stubs = || Ok((rpc::scheduler(env, &scheduler_name)?, rpc::registry(env, &scheduler_name)?));
    let (scheduler, registry) = stubs().map_err(|error: worker::Error| response::internal_error(&error))?;
    let route = match segments.split_first() {
        Some((&"api", route)) => route,
        _ => return Err(unknown_route()),
    };
    let call = RequestContext { env, settings: &settings, scheduler, registry, visitor };
    let method = request.method();
    let mut done = None;
    let mut answer = call.serve(route, request, &mut done).await;
    if let Err(problem) = &mut answer
        && problem.code == Code::NoRole
    {
        // Whoever came as the wrong person can go, and come as another.
        let sign_out = settings.access.as_ref().map(|access| access.sign_out());
        // Only Access lets in somebody without a role, and wins over the key as long as it does.
        let ways = auth::sign_in_methods(&settings, AccessAssertion::SignedOut);
        problem.sign_in = Some(Box::new(SignInOptions { auth_methods: ways, sign_out }));
    }
    let status = match &answer {
        Ok(Ok(response)) => response.status_code(),
        Ok(Err(_)) => 500,
        Err(problem) => problem.status,
    };
    let audit_entry = match (status, &answer, done) {
        (200..300, _, Some((what, view))) => Some(audit_log::new_entry(&call.visitor, what, view)),
        (403 | 404 | 413 | 429, answer, _) => {
            let code = match answer {
                Err(problem) => problem_code(problem),
                Ok(_) => status.to_string(),
            };
            // The kind of route alone: what else stands in a path may be anything.
            let known = [
                "session", "reports", "courses", "requests", "rows", "csv", "roles", "record", "forget",
                "shares",
            ];
            let kind = route.first().filter(|kind| known.contains(kind)).copied().unwrap_or("?");
            Some(audit_log::new_entry(
                &call.visitor,
                AuditAction::Refused,
                format!("{code} {} {kind}", method.as_ref()),
            ))
        }
        (400, Err(problem), _) if problem.code == Code::BadTable => {
            Some(audit_log::new_entry(&call.visitor, AuditAction::Refused, "bad-table POST roles".to_owned()))
        }
        _ => None,
    };
    if let Some(audit_entry) = audit_entry {
        audit_log::enqueue(audit_entry, context, env, &scheduler_name);
    }
    answer
}

/// A problem's code as the audit log tells it.
fn problem_code(problem: &Problem) -> String {
    let code = serde_json::to_value(problem.code).ok();
    code.as_ref()
        .and_then(serde_json::Value::as_str)
        .map_or_else(|| problem.status.to_string(), str::to_owned)
}

/// Whether somebody can use this installation at all.
fn health(settings: &Settings) -> HandlerResult {
    if !settings.local && settings.auth_methods().is_empty() {
        return Err(Problem::new(
            Code::NoWayIn,
            "Nobody can sign in: set ACCESS_TEAM_DOMAIN and ACCESS_AUD for Cloudflare Access (and LECTERN_ADMINS, the \
             first administrators), or LECTERN_KEY and LECTERN_SESSION_KEY for a trial.",
        ));
    }
    Ok(response::json(&Health { ok: true }))
}

/// `POST /api/session` of somebody who is not here yet: opens a session for the key.
async fn sign_in(request: &mut Request, env: &Env, settings: &Settings) -> HandlerResult {
    let SignInRequest { key, look_as } = parse_body(request).await?;
    if look_as.is_some() {
        return Err(Problem::new(Code::NotAllowed, "Looking as somebody else is for local mode."));
    }
    let (Some(expected_key), Some(session_key)) = (&settings.key, &settings.session_key) else {
        return Err(auth::sign_in_needed(settings, AccessAssertion::None));
    };
    let key = key.ok_or_else(|| Problem::new(Code::BadBody, "The body must be {\"key\": …}."))?;
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let address = network_of(&header("cf-connecting-ip").unwrap_or_default());
    let id = crypto::new_id()?;
    let role_assignment = Some(RoleAssignment::administrator());
    let visitor = Visitor { person: KEY_HOLDER.to_owned(), role_assignment, auth_method: AuthMethod::Key };
    let session_request = OpenSessionRequest {
        address: crypto::sign(session_key, "address", &address),
        is_right: crypto::is_same_secret(session_key, key.trim(), expected_key),
        id: crypto::sha256_hex(&id),
        person: visitor.person.clone(),
        auth_method: AuthMethod::Key,
        audit_entry: audit_log::new_entry(&visitor, AuditAction::SignedIn, String::new()),
    };
    let registry =
        rpc::registry(env, &settings.scheduler_name()).map_err(|error| response::internal_error(&error))?;
    rpc::call::<_, bool>(&registry, &RegistryCommand::OpenSession(session_request)).await?;
    let respond = || {
        let response = response::json(&describe_session(&visitor, settings))?;
        response.headers().append("set-cookie", &auth::session_cookie(session_key, &id))?;
        Ok(response)
    };
    Ok(respond())
}

/// The network that an address is of: whoever has one of version 6 has 2^64 of them.
pub(crate) fn network_of(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(address)) => {
            address.segments().iter().take(4).map(|part| format!("{part:x}:")).collect()
        }
        _ => address.to_owned(),
    }
}

/// A call of somebody who is known.
struct RequestContext<'a> {
    env: &'a Env,
    settings: &'a Settings,
    scheduler: Stub,
    registry: Stub,
    visitor: Visitor,
}

impl RequestContext<'_> {
    /// Answers, and says what that did, for the audit log.
    async fn serve(
        &self,
        route: &[&str],
        request: &mut Request,
        done: &mut Option<(AuditAction, String)>,
    ) -> HandlerResult {
        let Self { env, settings, scheduler, registry, visitor } = self;
        match route {
            ["session"] => {
                allow_methods(request, &[Method::Get, Method::Post, Method::Delete])?;
                match request.method() {
                    Method::Delete => self.sign_out(request).await,
                    Method::Post => self.look_as(request, done).await,
                    _ => {
                        visitor.authorize(Action::ViewSession)?;
                        Ok(response::json(&describe_session(visitor, settings)))
                    }
                }
            }
            ["reports"] => {
                allow_methods(request, &[Method::Get])?;
                let access_scope = visitor.authorize(Action::ListReports)?;
                forward(scheduler, &SchedulerCommand::ListReports(access_scope)).await
            }
            ["courses"] => {
                allow_methods(request, &[Method::Get])?;
                let access_scope = visitor.authorize(Action::ListCourses)?;
                forward(scheduler, &SchedulerCommand::ListCourses(access_scope)).await
            }
            ["requests"] => {
                allow_methods(request, &[Method::Get, Method::Post])?;
                if request.method() == Method::Get {
                    let access_scope = visitor.authorize(Action::ManageRequests)?;
                    return forward(scheduler, &SchedulerCommand::ListRequests(access_scope)).await;
                }
                let (person, role) = self.requester()?;
                let ask: ReportRequest = parse_body(request).await?;
                let access_scope = visitor.authorize(Action::RequestReport { report: &ask.report })?;
                let view = AuditView {
                    report: &ask.report,
                    days: ask.from.as_deref().zip(ask.to.as_deref()),
                    course: None,
                    section: None,
                };
                *done = Some((AuditAction::Asked, view.describe()));
                forward(scheduler, &SchedulerCommand::CreateRequest { person, role, ask, access_scope }).await
            }
            ["requests", id] => {
                allow_methods(request, &[Method::Get, Method::Delete])?;
                let id = parse_request_id(id)?;
                let access_scope = visitor.authorize(Action::ManageRequests)?;
                if request.method() == Method::Get {
                    return forward(scheduler, &SchedulerCommand::GetRequest { id, access_scope }).await;
                }
                *done = Some((AuditAction::Withdrew, id.clone()));
                rpc::call::<_, bool>(scheduler, &SchedulerCommand::WithdrawRequest { id, access_scope })
                    .await?;
                Ok(response::no_content())
            }
            ["requests", id, "retry"] => {
                allow_methods(request, &[Method::Post])?;
                let id = parse_request_id(id)?;
                let access_scope = visitor.authorize(Action::ManageRequests)?;
                let (person, role) = self.requester()?;
                let RetryRequest { windows } = parse_body(request).await?;
                if !windows.iter().all(|window| is_window_id(window)) {
                    return Err(Problem::new(
                        Code::BadId,
                        "`windows` must be ids of this request's windows.",
                    ));
                }
                *done = Some((AuditAction::Retried, id.clone()));
                forward(
                    scheduler,
                    &SchedulerCommand::RetryWindows { id, windows, person, role, access_scope },
                )
                .await
            }
            ["rows", report, window] => {
                allow_methods(request, &[Method::Get])?;
                let mut query = parse_query(request)?;
                let generation = query
                    .remove("generation")
                    .map(|text| text.parse().map_err(|_| bad_query("`generation` must be a whole number.")))
                    .transpose()?;
                let (course, section) = (query.remove("course"), query.remove("section"));
                refuse_unknown_parameters(&query)?;
                let access_scope = visitor.authorize(Action::ReadRows { report })?;
                let (name, window) = ((*report).to_owned(), (*window).to_owned());
                let ReadableWindow { key, row_filter } = rpc::call(
                    scheduler,
                    &SchedulerCommand::FindWindow { report: name, window, access_scope },
                )
                .await?;
                let days = key.start().zip(key.end()).map(|(start, end)| (start, minus_days(end, 1)));
                let days = days.map(|(first, last)| (first.to_string(), last.to_string()));
                let days = days.as_ref().map(|(first, last)| (first.as_str(), last.as_str()));
                let view = AuditView { report, days, course: course.as_deref(), section: section.as_deref() };
                *done = Some((AuditAction::Saw, view.describe()));
                let stub = rpc::window_store(env, &settings.scheduler_name(), &key)
                    .map_err(|error| response::internal_error(&error))?;
                forward(&stub, &WindowStoreCommand::ReadRows { generation, course, section, row_filter })
                    .await
            }
            ["csv", report] => {
                allow_methods(request, &[Method::Get])?;
                let download_request = download::DownloadRequest::parse(report, parse_query(request)?)?;
                let access_scope = visitor.authorize(Action::ReadRows { report })?;
                *done = Some((AuditAction::Downloaded, download_request.view().describe()));
                Ok(Ok(download::serve(env, settings, scheduler, download_request, access_scope).await?))
            }
            ["shares", rest @ ..] => {
                SharesHandler { env, settings, scheduler, registry, visitor }.handle(rest, request).await
            }
            ["roles", rest @ ..] => {
                visitor.authorize(Action::ManageRoles)?;
                match rest {
                    [] => {
                        allow_methods(request, &[Method::Get, Method::Put])?;
                        if request.method() == Method::Get {
                            *done = Some((AuditAction::SawRoles, String::new()));
                            return Ok(response::json(&roles::list(registry).await?));
                        }
                        let appointment: RoleChange = parse_body(request).await?;
                        Ok(response::json(&roles::assign(registry, visitor, appointment).await?))
                    }
                    ["csv"] => {
                        allow_methods(request, &[Method::Post])?;
                        Ok(response::json(
                            &roles::import(request, settings, scheduler, registry, visitor).await?,
                        ))
                    }
                    [id] => {
                        allow_methods(request, &[Method::Delete])?;
                        roles::remove(registry, visitor, id).await?;
                        Ok(response::no_content())
                    }
                    _ => Err(unknown_route()),
                }
            }
            ["forget", id @ ..] => {
                visitor.authorize(Action::Erase)?;
                if request.method() != Method::Get {
                    *done = Some((AuditAction::Forgot, erasure::audit_view(request.method(), id)));
                }
                erasure::respond(request, scheduler, visitor.person.clone(), id).await
            }
            ["record"] => {
                allow_methods(request, &[Method::Get])?;
                visitor.authorize(Action::ReadAuditLog)?;
                let (filter, as_file) = audit_log::parse_query(parse_query(request)?)?;
                *done = Some((AuditAction::SawRecord, if as_file { "csv" } else { "" }.to_owned()));
                let (env, scheduler_name) = (*env, settings.scheduler_name());
                if as_file {
                    return audit_log::stream_csv(env, &scheduler_name, filter).await.map(Ok);
                }
                Ok(response::json(&audit_log::read_page(env, &scheduler_name, registry, filter).await?))
            }
            _ => {
                visitor.authorize(Action::ViewSession)?;
                Err(unknown_route())
            }
        }
    }

    /// By what name and within what quota somebody asks.
    fn requester(&self) -> std::result::Result<(String, Role), Problem> {
        self.visitor.authorize(Action::ManageRequests)?;
        let role = self
            .visitor
            .role_assignment
            .as_ref()
            .map_or(Role::Instructor, |role_assignment| role_assignment.role);
        Ok((self.visitor.person.clone(), role))
    }

    /// `POST /api/session` in local mode: the administrator looks as somebody else, or as themselves again.
    async fn look_as(
        &self,
        request: &mut Request,
        done: &mut Option<(AuditAction, String)>,
    ) -> HandlerResult {
        if self.visitor.auth_method != AuthMethod::Local {
            // Somebody else on a Worker in local mode: as any stranger, and no session to be had.
            return Err(auth::sign_in_needed(self.settings, AccessAssertion::None));
        }
        let SignInRequest { key, look_as } = parse_body(request).await?;
        if key.is_some() {
            return Err(Problem::new(Code::BadBody, "In local mode no key is needed: you are in."));
        }
        let (role_assignment, cookie, view) = match &look_as {
            Some(look) => {
                let cookie = auth::look_as_cookie(look)?;
                let role_assignment = domain::role_upload::parse_role_assignment(look.role, &look.courses)?;
                let view = format!("{} of {}", look.role.slug(), role_assignment.grants.len());
                (role_assignment, cookie, view)
            }
            None => {
                (RoleAssignment::administrator(), auth::expired_look_as_cookie(), "administrator".to_owned())
            }
        };
        *done = Some((AuditAction::LookedAs, view));
        let visitor = auth::local_visitor(look_as.map(|_| role_assignment));
        let respond = || {
            let response = response::json(&describe_session(&visitor, self.settings))?;
            response.headers().append("set-cookie", &cookie)?;
            Ok(response)
        };
        Ok(respond())
    }

    /// `DELETE /api/session`, for whoever is signed in, with a role or without: ends whatever they could come with.
    async fn sign_out(&self, request: &Request) -> HandlerResult {
        let visitor = &self.visitor;
        if visitor.auth_method != AuthMethod::Local {
            let credentials = auth::find_all_credentials(request, self.settings).await;
            let audit_entry = audit_log::new_entry(visitor, AuditAction::SignedOut, String::new());
            let closed =
                rpc::call::<_, bool>(&self.registry, &RegistryCommand::SignOut { credentials, audit_entry })
                    .await;
            auth::clear_identity_cache();
            closed?;
        }
        let respond = || {
            let response = response::no_content()?;
            let headers = response.headers();
            headers.set("clear-site-data", CLEAR_SITE_DATA)?;
            for cookie in auth::sign_out_cookies(self.settings, visitor) {
                headers.append("set-cookie", &cookie)?;
            }
            Ok(response)
        };
        Ok(respond())
    }
}

fn describe_session(visitor: &Visitor, settings: &Settings) -> Session {
    // Somebody without a role has got no further than `Visitor::authorize`.
    let nothing = || RoleAssignment { role: Role::Instructor, grants: Vec::new() };
    let role_assignment = visitor.role_assignment.clone().unwrap_or_else(nothing);
    Session {
        person: visitor.person.clone(),
        role: role_assignment.role,
        scope: role_assignment.scope(),
        auth_method: visitor.auth_method,
        local: visitor.auth_method == AuthMethod::Local,
        sign_out: auth::sign_out_url(settings, visitor.auth_method),
        institution: settings.institution.clone(),
        time_zone: settings.time_zone.clone(),
        now: clock::now(),
    }
}

/// An object's answer, problems included, as it is.
pub(crate) async fn forward<T: serde::Serialize>(stub: &worker::Stub, command: &T) -> HandlerResult {
    rpc::send(stub, command).await.map(Ok).map_err(|error| response::internal_error(&error))
}

pub(crate) fn allow_methods(request: &Request, methods: &[Method]) -> std::result::Result<(), Problem> {
    if methods.contains(&request.method()) {
        return Ok(());
    }
    let names: Vec<String> = methods.iter().map(ToString::to_string).collect();
    let detail = format!("This route takes {}.", names.join(" and "));
    Err(Problem { allow: Some(names.join(", ").into()), ..Problem::new(Code::WrongMethod, detail) })
}

pub(crate) fn unknown_route() -> Problem {
    Problem::new(Code::UnknownRoute, "There is nothing here. The routes are in the README.")
}

fn bad_query(detail: &str) -> Problem {
    Problem::new(Code::BadQuery, detail)
}

/// A request's id as the Scheduler makes them.
fn parse_request_id(text: &str) -> std::result::Result<String, Problem> {
    if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text.to_owned())
    } else {
        Err(Problem::new(Code::BadId, "A request's id is 32 hexadecimal digits."))
    }
}

/// The query, each name once.
pub(crate) fn parse_query(request: &Request) -> std::result::Result<BTreeMap<String, String>, Problem> {
    let url = request.url().map_err(|error| response::internal_error(&error))?;
    let mut values = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        if values.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(bad_query(&format!("`{}` is given twice.", response::sanitize(&name))));
        }
    }
    Ok(values)
}

/// A name that nobody reads would change nothing, and its sender would not know.
pub(crate) fn refuse_unknown_parameters(rest: &BTreeMap<String, String>) -> std::result::Result<(), Problem> {
    match rest.keys().next() {
        None => Ok(()),
        Some(name) => Err(bad_query(&format!("This route takes no `{}`.", response::sanitize(name)))),
    }
}

/// The body, `None` when it is over `most` bytes: no more of it is read then.
pub(crate) async fn read_body(
    request: &mut Request,
    most: usize,
) -> std::result::Result<Option<Vec<u8>>, Problem> {
    let length = request.headers().get("content-length").ok().flatten();
    if length.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > most) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    if let Ok(mut stream) = request.stream() {
        while let Some(piece) = stream.next().await {
            bytes.extend(piece.map_err(|error| response::internal_error(&error))?);
            if bytes.len() > most {
                return Ok(None);
            }
        }
    }
    Ok(Some(bytes))
}

/// The body as JSON; an empty one where every field may be left out.
pub(crate) async fn parse_body<T: DeserializeOwned>(
    request: &mut Request,
) -> std::result::Result<T, Problem> {
    let bytes = read_body(request, MAX_BODY_BYTES).await?.ok_or_else(|| {
        Problem::new(Code::BodyTooLarge, "The body is over 64 KB. A request needs a few hundred bytes.")
    })?;
    let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| {
        let detail = format!(
            "The body is not the JSON that this route takes: {}.",
            response::sanitize(&error.to_string())
        );
        Problem::new(Code::BadBody, detail)
    })
}
