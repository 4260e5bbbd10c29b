//! Redirects: chains of 3xx responses through several hosts.
//!
//! Each hop's query contains the rest of the chain, so that one sandbox can be a hop in another's redirect:
//! `/hop?status=302&hops=127.0.0.1:4001,127.0.0.1:4000&path=/moved/files/…` (values percent-encoded).

use crate::faults::{Order, Point};
use crate::sandbox::Sandbox;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use std::sync::Arc;

/// The first redirect of a chain. The last one leads to `path` at the last hop.
pub(super) fn begin(order: &Order, path: &str) -> Response {
    redirect(order.status.unwrap_or(302), &order.hops, path)
}

/// The rest of a redirect chain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestOfChain {
    status: u16,
    hops: String,
    path: String,
}

/// `GET /hop`: the next redirect.
pub(super) async fn hop(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    Query(rest): Query<RestOfChain>,
) -> Response {
    let mut books = sandbox.books();
    *books.ledger.calls.entry(Point::Hop.name()).or_default() += 1;
    books.ledger.authorization_leaks += u64::from(headers.contains_key(header::AUTHORIZATION));
    drop(books);
    let hops: Vec<String> = rest.hops.split(',').map(str::to_owned).collect();
    redirect(rest.status, &hops, &rest.path)
}

fn redirect(status: u16, hops: &[String], path: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
    (status, [(header::LOCATION, location(status, hops, path))]).into_response()
}

fn location(status: StatusCode, hops: &[String], path: &str) -> String {
    let (host, rest) = match hops.split_first() {
        None => ("", &[][..]),
        Some((host, rest)) => (host.as_str(), rest),
    };
    let origin = match host {
        "" => String::new(),
        host if host.contains("://") => host.to_owned(),
        host => format!("http://{host}"),
    };
    if rest.is_empty() {
        return format!("{origin}{path}");
    }
    let (status, hops, path) = (status.as_u16(), percent_encode(&rest.join(",")), percent_encode(path));
    format!("{origin}/hop?status={status}&hops={hops}&path={path}")
}

/// Percent-encodes a query value.
fn percent_encode(text: &str) -> String {
    let byte =
        |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(hosts: &[&str]) -> Vec<String> {
        hosts.iter().map(|host| (*host).to_owned()).collect()
    }

    #[test]
    fn a_location_contains_the_remaining_hops() {
        let location_of = |hosts: &[&str]| location(StatusCode::FOUND, &hops(hosts), "/f?a=%2B");
        assert_eq!(location_of(&["h:1"]), "http://h:1/f?a=%2B");
        assert_eq!(location_of(&[""]), "/f?a=%2B");
        assert_eq!(location_of(&["ftp://h:1"]), "ftp://h:1/f?a=%2B");
        assert_eq!(
            location_of(&["h:1", "i:2", "j:3"]),
            "http://h:1/hop?status=302&hops=i%3A2%2Cj%3A3&path=%2Ff%3Fa%3D%252B"
        );
    }
}
