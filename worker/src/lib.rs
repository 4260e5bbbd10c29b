//! The Cloudflare Worker: what stands between the page and Echo360.
//!
//! A request goes one way: [`router`] (which route, who calls, may they) → [`handlers`] (one module for each resource, given a
//! [`request_context`]) → the objects, through [`rpc`].
//!
//! - [`auth`]: who is calling; [`audit_log`]: who did what.
//! - [`scheduler`]: one object per institution: the queue, the slots, every call to the reporting API.
//! - [`window_store`]: one object per report and week: collects the files, keeps the rows, serves them.
//! - [`registry`]: one object per institution: people and roles, sessions, the audit log.
//! - [`echo360`]: the reporting API as the Scheduler calls it; [`http_client`]: HTTP out, bodies read to their last byte.
//! - [`shares`]: links for people who cannot sign in, and the pages that they open.
//! - [`rpc`]: what the parts say to each other; [`response`]: what they say outside.
//! - [`crypto`]: hashes and signatures of our own; [`transaction`]: what is written whole or not at all; [`schema`]: an object's
//!   tables and their version; [`jurisdiction`]: where objects are stored.
//! - [`config`], [`clock`], [`zone`]: what the runtime knows and the rules are told.

mod audit_log;
mod auth;
mod clock;
mod config;
mod crypto;
mod echo360;
mod handlers;
mod http_client;
mod jurisdiction;
mod registry;
mod request_context;
mod response;
mod router;
mod rpc;
mod scheduler;
mod schema;
mod shares;
mod transaction;
mod window_store;
mod zone;

use worker::{Context, Env, Request, Response, Result, event};

/// Every request that no file of the page answers.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    router::handle(request, &env, &context).await
}
