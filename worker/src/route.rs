//! Every route: who may call it, what it takes, what it answers.
//!
//! Whatever a route does is named to `Visitor::may` first, and its answer is cut to the reach that comes back: here, or by
//! the object that has the rows. What is done is noted for the record once its answer is known.

use crate::access::{self, Assertion, Stranger, Visitor, visitor};
use crate::errand::{self, Found, Note, Opening, ToDesk, ToRegister, ToWindow};
use crate::record::{self, View};
use crate::shares::{self, Sharing};
use crate::{answer, clock, download, forget, roles, seal, setting};
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
const BODY_LONGEST: usize = 64 << 10;

/// Who is meant by whoever has the key: it is one for all who have it.
const KEY_HOLDER: &str = "key";

/// What a browser forgets with a session. Our cookie is ended by itself: to clear cookies would end those of every site
/// under the same domain.
const CLEARED: &str = "\"cache\", \"storage\"";

type Answer = std::result::Result<Result<Response>, Problem>;

/// Answers a request that no file of the page answers. Never fails: what goes wrong becomes a problem.
pub(crate) async fn answer(mut request: Request, env: &Env, context: &Context) -> Result<Response> {
    match respond(&mut request, env, context).await {
        Ok(response) => response,
        Err(problem) => answer::problem(&problem),
    }
}

async fn respond(request: &mut Request, env: &Env, context: &Context) -> Answer {
    let settings = setting::read(env);
    let path = request.path();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments == ["healthz"] {
        allow(request, &[Method::Get, Method::Head])?;
        return healthy(&settings?);
    }
    let settings = settings?;
    let desk_name = settings.scheduler_name();
    // For whoever has a link: nobody is asked who they are.
    match segments.as_slice() {
        ["s"] => return shares::serve_page(request, env, &settings, None).await,
        ["s", id] => return shares::serve_page(request, env, &settings, Some(*id)).await,
        ["api", "shared"] => return shares::open(request, env, &settings).await,
        _ => {}
    }
    let is_arrival = segments == ["api", "session"] && request.method() == Method::Post && !settings.local;
    let found = if is_arrival {
        access::refuse_other_sites(request).map(|()| None)
    } else {
        visitor(request, env, &settings).await.map(Some)
    };
    let visitor = match found {
        Ok(Some(visitor)) => visitor,
        Ok(None) => {
            let answer = sign_in(request, env, &settings).await;
            // What the Register refuses it records itself.
            if let Err(problem) = &answer
                && problem.status < 500
                && !matches!(problem.code, Code::KeyWrong | Code::TooManyTries)
            {
                let why = format!("{} POST session", slug(problem));
                record::take(Note::refused(&why), context, env, &desk_name);
            }
            return answer;
        }
        Err(Stranger { problem, why }) => {
            record::take(Note::refused(why), context, env, &desk_name);
            return Err(problem);
        }
    };
    let stubs = || Ok((errand::desk(env, &desk_name)?, errand::register(env, &desk_name)?));
    let (desk, register) = stubs().map_err(|error: worker::Error| answer::internal(&error))?;
    let route = match segments.split_first() {
        Some((&"api", route)) => route,
        _ => return Err(unknown_route()),
    };
    let call = Call { env, settings: &settings, desk, register, visitor };
    let method = request.method();
    let mut done = None;
    let mut answer = call.serve(route, request, &mut done).await;
    if let Err(problem) = &mut answer
        && problem.code == Code::NoRole
    {
        // Whoever came as the wrong person can go, and come as another.
        let sign_out = settings.access.as_ref().map(|access| access.sign_out());
        // Only Access lets in somebody without a role, and wins over the key as long as it does.
        let ways = access::ways(&settings, Assertion::SignedOut);
        problem.sign_in = Some(Box::new(SignInOptions { auth_methods: ways, sign_out }));
    }
    let status = match &answer {
        Ok(Ok(response)) => response.status_code(),
        Ok(Err(_)) => 500,
        Err(problem) => problem.status,
    };
    let note = match (status, &answer, done) {
        (200..300, _, Some((what, view))) => Some(record::of(&call.visitor, what, view)),
        (403 | 404 | 413 | 429, answer, _) => {
            let code = match answer {
                Err(problem) => slug(problem),
                Ok(_) => status.to_string(),
            };
            // The kind of route alone: what else stands in a path may be anything.
            let known = [
                "session", "reports", "courses", "requests", "rows", "csv", "roles", "record", "forget",
                "shares",
            ];
            let kind = route.first().filter(|kind| known.contains(kind)).copied().unwrap_or("?");
            Some(record::of(
                &call.visitor,
                AuditAction::Refused,
                format!("{code} {} {kind}", method.as_ref()),
            ))
        }
        (400, Err(problem), _) if problem.code == Code::BadTable => {
            Some(record::of(&call.visitor, AuditAction::Refused, "bad-table POST roles".to_owned()))
        }
        _ => None,
    };
    if let Some(note) = note {
        record::take(note, context, env, &desk_name);
    }
    answer
}

/// A problem's code as the record tells it.
fn slug(problem: &Problem) -> String {
    let code = serde_json::to_value(problem.code).ok();
    code.as_ref()
        .and_then(serde_json::Value::as_str)
        .map_or_else(|| problem.status.to_string(), str::to_owned)
}

/// Whether somebody can use this installation at all.
fn healthy(settings: &Settings) -> Answer {
    if !settings.local && settings.ways().is_empty() {
        return Err(Problem::new(
            Code::NoWayIn,
            "Nobody can sign in: set ACCESS_TEAM_DOMAIN and ACCESS_AUD for Cloudflare Access (and LECTERN_ADMINS, the \
             first administrators), or LECTERN_KEY and LECTERN_SESSION_KEY for a trial.",
        ));
    }
    Ok(answer::json(&Health { ok: true }))
}

/// `POST /api/session` of somebody who is not here yet: opens a session for the key.
async fn sign_in(request: &mut Request, env: &Env, settings: &Settings) -> Answer {
    let SignInRequest { key, look_as } = body(request).await?;
    if look_as.is_some() {
        return Err(Problem::new(Code::NotAllowed, "Looking as somebody else is for local mode."));
    }
    let (Some(wanted), Some(session_key)) = (&settings.key, &settings.session_key) else {
        return Err(access::sign_in_needed(settings, Assertion::None));
    };
    let key = key.ok_or_else(|| Problem::new(Code::BadBody, "The body must be {\"key\": …}."))?;
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let address = network(&header("cf-connecting-ip").unwrap_or_default());
    let id = seal::new_id()?;
    let standing = Some(RoleAssignment::administrator());
    let visitor = Visitor { person: KEY_HOLDER.to_owned(), standing, way: AuthMethod::Key };
    let opening = Opening {
        address: seal::sign(session_key, "address", &address),
        is_right: seal::is_same(session_key, key.trim(), wanted),
        id: seal::digest(&id),
        person: visitor.person.clone(),
        way: AuthMethod::Key,
        note: record::of(&visitor, AuditAction::SignedIn, String::new()),
    };
    let register =
        errand::register(env, &settings.scheduler_name()).map_err(|error| answer::internal(&error))?;
    errand::ask::<_, bool>(&register, &ToRegister::Open(opening)).await?;
    let respond = || {
        let response = answer::json(&session_of(&visitor, settings))?;
        response.headers().append("set-cookie", &access::open(session_key, &id))?;
        Ok(response)
    };
    Ok(respond())
}

/// The network that an address is of: whoever has one of version 6 has 2^64 of them.
pub(crate) fn network(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(address)) => {
            address.segments().iter().take(4).map(|part| format!("{part:x}:")).collect()
        }
        _ => address.to_owned(),
    }
}

/// A call of somebody who is known.
struct Call<'a> {
    env: &'a Env,
    settings: &'a Settings,
    desk: Stub,
    register: Stub,
    visitor: Visitor,
}

impl Call<'_> {
    /// Answers, and says what that did, for the record.
    async fn serve(
        &self,
        route: &[&str],
        request: &mut Request,
        done: &mut Option<(AuditAction, String)>,
    ) -> Answer {
        let Self { env, settings, desk, register, visitor } = self;
        match route {
            ["session"] => {
                allow(request, &[Method::Get, Method::Post, Method::Delete])?;
                match request.method() {
                    Method::Delete => self.sign_out(request).await,
                    Method::Post => self.look_as(request, done).await,
                    _ => {
                        visitor.may(Action::ViewSession)?;
                        Ok(answer::json(&session_of(visitor, settings)))
                    }
                }
            }
            ["reports"] => {
                allow(request, &[Method::Get])?;
                let reach = visitor.may(Action::ListReports)?;
                pass_on(desk, &ToDesk::Reports(reach)).await
            }
            ["courses"] => {
                allow(request, &[Method::Get])?;
                let reach = visitor.may(Action::ListCourses)?;
                pass_on(desk, &ToDesk::Courses(reach)).await
            }
            ["requests"] => {
                allow(request, &[Method::Get, Method::Post])?;
                if request.method() == Method::Get {
                    let reach = visitor.may(Action::ManageRequests)?;
                    return pass_on(desk, &ToDesk::Requests(reach)).await;
                }
                let (person, role) = self.asker()?;
                let ask: ReportRequest = body(request).await?;
                let reach = visitor.may(Action::RequestReport { report: &ask.report })?;
                let view = View {
                    report: &ask.report,
                    days: ask.from.as_deref().zip(ask.to.as_deref()),
                    course: None,
                    section: None,
                };
                *done = Some((AuditAction::Asked, view.told()));
                pass_on(desk, &ToDesk::Ask { person, role, ask, reach }).await
            }
            ["requests", id] => {
                allow(request, &[Method::Get, Method::Delete])?;
                let id = request_id(id)?;
                let reach = visitor.may(Action::ManageRequests)?;
                if request.method() == Method::Get {
                    return pass_on(desk, &ToDesk::Request { id, reach }).await;
                }
                *done = Some((AuditAction::Withdrew, id.clone()));
                errand::ask::<_, bool>(desk, &ToDesk::Withdraw { id, reach }).await?;
                Ok(answer::empty())
            }
            ["requests", id, "retry"] => {
                allow(request, &[Method::Post])?;
                let id = request_id(id)?;
                let reach = visitor.may(Action::ManageRequests)?;
                let (person, role) = self.asker()?;
                let RetryRequest { windows } = body(request).await?;
                if !windows.iter().all(|window| is_window_id(window)) {
                    return Err(Problem::new(
                        Code::BadId,
                        "`windows` must be ids of this request's windows.",
                    ));
                }
                *done = Some((AuditAction::Retried, id.clone()));
                pass_on(desk, &ToDesk::Retry { id, windows, person, role, reach }).await
            }
            ["rows", report, window] => {
                allow(request, &[Method::Get])?;
                let mut query = query(request)?;
                let generation = query
                    .remove("generation")
                    .map(|text| text.parse().map_err(|_| bad_query("`generation` must be a whole number.")))
                    .transpose()?;
                let (course, section) = (query.remove("course"), query.remove("section"));
                refuse_rest(&query)?;
                let reach = visitor.may(Action::ReadRows { report })?;
                let (name, window) = ((*report).to_owned(), (*window).to_owned());
                let Found { key, cut } =
                    errand::ask(desk, &ToDesk::Find { report: name, window, reach }).await?;
                let days = key.start().zip(key.end()).map(|(start, end)| (start, minus_days(end, 1)));
                let days = days.map(|(first, last)| (first.to_string(), last.to_string()));
                let days = days.as_ref().map(|(first, last)| (first.as_str(), last.as_str()));
                let view = View { report, days, course: course.as_deref(), section: section.as_deref() };
                *done = Some((AuditAction::Saw, view.told()));
                let stub = errand::window(env, &settings.scheduler_name(), &key)
                    .map_err(|error| answer::internal(&error))?;
                pass_on(&stub, &ToWindow::Rows { generation, course, section, cut }).await
            }
            ["csv", report] => {
                allow(request, &[Method::Get])?;
                let wanted = download::Wanted::read(report, query(request)?)?;
                let reach = visitor.may(Action::ReadRows { report })?;
                *done = Some((AuditAction::Downloaded, wanted.view().told()));
                Ok(Ok(download::serve(env, settings, desk, wanted, reach).await?))
            }
            ["shares", rest @ ..] => {
                Sharing { env, settings, desk, register, visitor }.answer(rest, request).await
            }
            ["roles", rest @ ..] => {
                visitor.may(Action::ManageRoles)?;
                match rest {
                    [] => {
                        allow(request, &[Method::Get, Method::Put])?;
                        if request.method() == Method::Get {
                            *done = Some((AuditAction::SawRoles, String::new()));
                            return Ok(answer::json(&roles::list(register).await?));
                        }
                        let appointment: RoleChange = body(request).await?;
                        Ok(answer::json(&roles::appoint(register, visitor, appointment).await?))
                    }
                    ["csv"] => {
                        allow(request, &[Method::Post])?;
                        Ok(answer::json(&roles::upload(request, settings, desk, register, visitor).await?))
                    }
                    [id] => {
                        allow(request, &[Method::Delete])?;
                        roles::dismiss(register, visitor, id).await?;
                        Ok(answer::empty())
                    }
                    _ => Err(unknown_route()),
                }
            }
            ["forget", id @ ..] => {
                visitor.may(Action::Erase)?;
                if request.method() != Method::Get {
                    *done = Some((AuditAction::Forgot, forget::told(request.method(), id)));
                }
                forget::respond(request, desk, visitor.person.clone(), id).await
            }
            ["record"] => {
                allow(request, &[Method::Get])?;
                visitor.may(Action::ReadAuditLog)?;
                let (sought, as_file) = record::read(query(request)?)?;
                *done = Some((AuditAction::SawRecord, if as_file { "csv" } else { "" }.to_owned()));
                let (env, desk_name) = (*env, settings.scheduler_name());
                if as_file {
                    return record::file(env, &desk_name, sought).await.map(Ok);
                }
                Ok(answer::json(&record::page(env, &desk_name, register, sought).await?))
            }
            _ => {
                visitor.may(Action::ViewSession)?;
                Err(unknown_route())
            }
        }
    }

    /// By what name and within what quota somebody asks.
    fn asker(&self) -> std::result::Result<(String, Role), Problem> {
        self.visitor.may(Action::ManageRequests)?;
        let role = self.visitor.standing.as_ref().map_or(Role::Instructor, |standing| standing.role);
        Ok((self.visitor.person.clone(), role))
    }

    /// `POST /api/session` in local mode: the administrator looks as somebody else, or as themselves again.
    async fn look_as(&self, request: &mut Request, done: &mut Option<(AuditAction, String)>) -> Answer {
        if self.visitor.way != AuthMethod::Local {
            // Somebody else on a Worker in local mode: as any stranger, and no session to be had.
            return Err(access::sign_in_needed(self.settings, Assertion::None));
        }
        let SignInRequest { key, look_as } = body(request).await?;
        if key.is_some() {
            return Err(Problem::new(Code::BadBody, "In local mode no key is needed: you are in."));
        }
        let (standing, cookie, view) = match &look_as {
            Some(look) => {
                let cookie = access::look_as(look)?;
                let standing = domain::role_upload::parse_role_assignment(look.role, &look.courses)?;
                let view = format!("{} of {}", look.role.slug(), standing.grants.len());
                (standing, cookie, view)
            }
            None => (RoleAssignment::administrator(), access::look_no_more(), "administrator".to_owned()),
        };
        *done = Some((AuditAction::LookedAs, view));
        let visitor = access::local_visitor(look_as.map(|_| standing));
        let respond = || {
            let response = answer::json(&session_of(&visitor, self.settings))?;
            response.headers().append("set-cookie", &cookie)?;
            Ok(response)
        };
        Ok(respond())
    }

    /// `DELETE /api/session`, for whoever is signed in, with a role or without: ends whatever they could come with.
    async fn sign_out(&self, request: &Request) -> Answer {
        let visitor = &self.visitor;
        if visitor.way != AuthMethod::Local {
            let proofs = access::proofs(request, self.settings).await;
            let note = record::of(visitor, AuditAction::SignedOut, String::new());
            let closed = errand::ask::<_, bool>(&self.register, &ToRegister::Close { proofs, note }).await;
            access::forget_known();
            closed?;
        }
        let respond = || {
            let response = answer::empty()?;
            let headers = response.headers();
            headers.set("clear-site-data", CLEARED)?;
            headers.append("set-cookie", &access::close())?;
            if visitor.way == AuthMethod::Local {
                headers.append("set-cookie", &access::look_no_more())?;
            }
            Ok(response)
        };
        Ok(respond())
    }
}

fn session_of(visitor: &Visitor, settings: &Settings) -> Session {
    // Somebody without a role has got no further than `Visitor::may`.
    let nothing = || RoleAssignment { role: Role::Instructor, grants: Vec::new() };
    let standing = visitor.standing.clone().unwrap_or_else(nothing);
    Session {
        person: visitor.person.clone(),
        role: standing.role,
        scope: standing.scope(),
        auth_method: visitor.way,
        local: visitor.way == AuthMethod::Local,
        sign_out: settings
            .access
            .as_ref()
            .filter(|_| visitor.way == AuthMethod::Access)
            .map(|access| access.sign_out()),
        institution: settings.institution.clone(),
        time_zone: settings.time_zone.clone(),
        now: clock::now(),
    }
}

/// An object's answer, problems included, as it is.
pub(crate) async fn pass_on<T: serde::Serialize>(stub: &worker::Stub, errand: &T) -> Answer {
    errand::send(stub, errand).await.map(Ok).map_err(|error| answer::internal(&error))
}

pub(crate) fn allow(request: &Request, methods: &[Method]) -> std::result::Result<(), Problem> {
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

/// A request's id as the Desk makes them.
fn request_id(text: &str) -> std::result::Result<String, Problem> {
    if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text.to_owned())
    } else {
        Err(Problem::new(Code::BadId, "A request's id is 32 hexadecimal digits."))
    }
}

/// The query, each name once.
pub(crate) fn query(request: &Request) -> std::result::Result<BTreeMap<String, String>, Problem> {
    let url = request.url().map_err(|error| answer::internal(&error))?;
    let mut values = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        if values.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(bad_query(&format!("`{}` is given twice.", answer::shortened(&name))));
        }
    }
    Ok(values)
}

/// A name that nobody reads would change nothing, and its sender would not know.
pub(crate) fn refuse_rest(rest: &BTreeMap<String, String>) -> std::result::Result<(), Problem> {
    match rest.keys().next() {
        None => Ok(()),
        Some(name) => Err(bad_query(&format!("This route takes no `{}`.", answer::shortened(name)))),
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
            bytes.extend(piece.map_err(|error| answer::internal(&error))?);
            if bytes.len() > most {
                return Ok(None);
            }
        }
    }
    Ok(Some(bytes))
}

/// The body as JSON; an empty one where every field may be left out.
pub(crate) async fn body<T: DeserializeOwned>(request: &mut Request) -> std::result::Result<T, Problem> {
    let bytes = read_body(request, BODY_LONGEST).await?.ok_or_else(|| {
        Problem::new(Code::BodyTooLarge, "The body is over 64 KB. A request needs a few hundred bytes.")
    })?;
    let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| {
        let detail = format!(
            "The body is not the JSON that this route takes: {}.",
            answer::shortened(&error.to_string())
        );
        Problem::new(Code::BadBody, detail)
    })
}
