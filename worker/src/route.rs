//! Every route: who may call it, what it takes, what it answers.

use crate::access::{Visitor, visitor};
use crate::errand::{self, Found, ToDesk, ToWindow};
use crate::{answer, clock, download, forget, setting};
use domain::api::{Ask, Health, Retry, Session};
use domain::problem::{Code, Problem};
use domain::settings::Settings;
use domain::window::is_window_id;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use worker::{Env, Method, Request, Response, Result};

/// The longest body that is read.
const BODY_LONGEST: usize = 64 << 10;

/// Answers a request that no file of the page answers. Never fails: what goes wrong becomes a problem.
pub(crate) async fn answer(mut request: Request, env: &Env) -> Result<Response> {
    match respond(&mut request, env).await {
        Ok(response) => response,
        Err(problem) => answer::problem(&problem),
    }
}

async fn respond(request: &mut Request, env: &Env) -> std::result::Result<Result<Response>, Problem> {
    let settings = setting::read(env);
    let path = request.path();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments == ["healthz"] {
        allow(request, &[Method::Get, Method::Head])?;
        settings?;
        return Ok(answer::json(&Health { ok: true }));
    }
    let settings = settings?;
    let visitor = visitor(request, &settings)?;
    let desk = errand::desk(env, &settings.desk_name()).map_err(|error| answer::internal(&error))?;
    let route = match segments.split_first() {
        Some((&"api", route)) => route,
        _ => return Err(unknown_route()),
    };
    match route {
        ["session"] => {
            allow(request, &[Method::Get])?;
            Ok(answer::json(&session(visitor, &settings)))
        }
        ["reports"] => {
            allow(request, &[Method::Get])?;
            pass_on(&desk, &ToDesk::Reports).await
        }
        ["courses"] => {
            allow(request, &[Method::Get])?;
            pass_on(&desk, &ToDesk::Courses(visitor.scope)).await
        }
        ["requests"] => {
            allow(request, &[Method::Get, Method::Post])?;
            if request.method() == Method::Get {
                return pass_on(&desk, &ToDesk::Requests).await;
            }
            let ask: Ask = body(request).await?;
            pass_on(&desk, &ToDesk::Ask { person: visitor.person, ask }).await
        }
        ["requests", id] => {
            allow(request, &[Method::Get, Method::Delete])?;
            let id = request_id(id)?;
            if request.method() == Method::Get {
                return pass_on(&desk, &ToDesk::Request { id }).await;
            }
            errand::ask::<_, bool>(&desk, &ToDesk::Withdraw { id }).await?;
            Ok(answer::empty())
        }
        ["requests", id, "retry"] => {
            allow(request, &[Method::Post])?;
            let id = request_id(id)?;
            let Retry { windows } = body(request).await?;
            if !windows.iter().all(|window| is_window_id(window)) {
                return Err(Problem::new(Code::BadId, "`windows` must be ids of this request's windows."));
            }
            pass_on(&desk, &ToDesk::Retry { id, windows }).await
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
            let (report, window) = ((*report).to_owned(), (*window).to_owned());
            let Found { key } = errand::ask(&desk, &ToDesk::Find { report, window }).await?;
            let stub =
                errand::window(env, &settings.desk_name(), &key).map_err(|error| answer::internal(&error))?;
            pass_on(&stub, &ToWindow::Rows { generation, course, section }).await
        }
        ["forget", id @ ..] => forget::respond(request, &desk, visitor.person, id).await,
        ["csv", report] => {
            allow(request, &[Method::Get])?;
            let wanted = download::Wanted::read(report, query(request)?)?;
            Ok(Ok(download::serve(env, &settings, &desk, wanted).await?))
        }
        _ => Err(unknown_route()),
    }
}

fn session(visitor: Visitor, settings: &Settings) -> Session {
    Session {
        person: visitor.person,
        scope: visitor.scope,
        local: visitor.local,
        institution: settings.institution.clone(),
        time_zone: settings.time_zone.clone(),
        now: clock::now(),
    }
}

/// An object's answer, problems included, as it is.
pub(crate) async fn pass_on<T: serde::Serialize>(
    stub: &worker::Stub,
    errand: &T,
) -> std::result::Result<Result<Response>, Problem> {
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
fn query(request: &Request) -> std::result::Result<BTreeMap<String, String>, Problem> {
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

/// The body as JSON; an empty one where every field may be left out.
pub(crate) async fn body<T: DeserializeOwned>(request: &mut Request) -> std::result::Result<T, Problem> {
    let too_large =
        || Problem::new(Code::BodyTooLarge, "The body is over 64 KB. A request needs a few hundred bytes.");
    let length = request.headers().get("content-length").ok().flatten();
    if length.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length > BODY_LONGEST) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    if let Ok(mut stream) = request.stream() {
        while let Some(piece) = stream.next().await {
            bytes.extend(piece.map_err(|error| answer::internal(&error))?);
            if bytes.len() > BODY_LONGEST {
                return Err(too_large());
            }
        }
    }
    let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| {
        let detail = format!(
            "The body is not the JSON that this route takes: {}.",
            answer::shortened(&error.to_string())
        );
        Problem::new(Code::BadBody, detail)
    })
}
