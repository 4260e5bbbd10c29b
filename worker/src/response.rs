//! Responses: JSON and problems, with headers that keep them private.

use domain::problem::{Code, Problem};
use serde::Serialize;
use worker::{Response, Result};

/// A JSON response that must not be cached.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<Response> {
    with_private_headers(Response::from_json(value)?)
}

/// A JSON response of some `expected_bytes` that may be megabytes: the text is made in place, and copied once instead of
/// three times.
pub(crate) fn large_json<T: Serialize>(value: &T, expected_bytes: usize) -> Result<Response> {
    let mut bytes = Vec::with_capacity(expected_bytes);
    serde_json::to_writer(&mut bytes, value)?;
    let response = Response::from_bytes(bytes)?;
    response.headers().set("content-type", "application/json")?;
    with_private_headers(response)
}

/// A problem as `application/problem+json`, with `Retry-After` and `Allow` where it has them.
pub(crate) fn problem(problem: &Problem) -> Result<Response> {
    let response = Response::from_json(problem)?.with_status(problem.status);
    response.headers().set("content-type", Problem::MEDIA_TYPE)?;
    if let Some(seconds) = problem.retry_after {
        response.headers().set("retry-after", &seconds.to_string())?;
    }
    if let Some(methods) = &problem.allow {
        response.headers().set("allow", methods)?;
    }
    with_private_headers(response)
}

/// A 204 response.
pub(crate) fn no_content() -> Result<Response> {
    with_private_headers(Response::empty()?.with_status(204))
}

/// Sets headers so that the response is not stored, sniffed or framed.
pub(crate) fn with_private_headers(response: Response) -> Result<Response> {
    let headers = response.headers();
    headers.set("cache-control", "no-store")?;
    headers.set("strict-transport-security", "max-age=31536000; includeSubDomains")?;
    headers.set("x-content-type-options", "nosniff")?;
    headers.set("referrer-policy", "no-referrer")?;
    headers.set("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")?;
    headers.set("cross-origin-resource-policy", "same-origin")?;
    headers.set("cross-origin-opener-policy", "same-origin")?;
    headers.set("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")?;
    Ok(response)
}

/// The problem for an error of the runtime. Its sanitized text goes to the log only, since it may contain
/// addresses.
pub(crate) fn internal_error(error: &worker::Error) -> Problem {
    worker::console_error!("a fault of our own: {}", sanitize(&error.to_string()));
    Problem::new(Code::Internal, "Something went wrong inside Lectern. Try again; nothing is lost.")
        .retry_after(5)
}

/// The problem for a report that Echo360 does not offer, or that the visitor may not see.
pub(crate) fn unknown_report(name: &str) -> Problem {
    let name = sanitize(name);
    Problem::new(Code::UnknownReport, format!("Echo360 offers no report called `{name}`; see /api/reports."))
}

/// The problem for a course or section that does not exist, or that the visitor may not see.
pub(crate) fn unknown_course() -> Problem {
    Problem::new(Code::BadShare, "There is no such course or section. Choose one from your list of courses.")
}

/// The problem of every link of a share that does not work, for whatever reason.
pub(crate) fn share_gone() -> Problem {
    Problem::new(
        Code::ShareGone,
        "It may have expired or been revoked, or it may be incomplete. Ask the person who gave it to you.",
    )
}

/// The first 200 characters of a foreign text, with words removed that could be an address, URL or token.
pub(crate) fn sanitize(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let is_private = |word: &str| word.contains("://") || word.contains('@') || word.len() > 60;
    let words = plain.split_whitespace().map(|word| if is_private(word) { "…" } else { word });
    let text: String = words.collect::<Vec<_>>().join(" ");
    text.chars().take(200).collect()
}
