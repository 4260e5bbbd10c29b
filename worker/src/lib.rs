//! The Cloudflare Worker between the page and Echo360.
//!
//! An HTTP request passes through [`router`] (match, authenticate, authorize), then [`handlers`] (one module
//! per resource, given a [`request_context`]), then the Durable Objects, through [`rpc`].
//!
//! | topic | modules |
//! |---|---|
//! | access | [`auth`]: sign-in methods, who is calling · [`audit_log`]: who did what |
//! | Durable Objects | [`scheduler`]: the queue, the slots, every call to Echo360 · [`window_store`]: one report and week: collects, stores and serves rows · [`registry`]: accounts, audit log, shares |
//! | storage | [`schema`]: tables and their version · [`transaction`]: all or nothing · [`jurisdiction`]: where objects are stored |
//! | Echo360 | [`echo360`]: the client of the reporting API · [`http_client`]: outgoing HTTP, bodies read to their last byte · [`upstream_health`]: whether it has failed for too long |
//! | shares | [`shares`]: links for people who cannot sign in, and their pages |
//! | runtime | [`config`]: settings · [`clock`] · [`zone`]: UTC offsets from `Intl` · [`crypto`]: hashes, signatures, random ids · [`response`]: JSON and problem responses |

mod audit_log;
mod auth;
mod clock;
mod config;
mod crypto;
mod echo360;
mod handlers;
mod http_client;
mod jurisdiction;
mod object_namespace;
mod rate_limit;
mod registry;
mod request_context;
mod response;
mod router;
mod rpc;
mod scheduler;
mod schema;
mod shares;
mod transaction;
mod upstream_health;
mod window_store;
mod zone;

use worker::{Context, Env, Request, Response, Result, ScheduleContext, ScheduledEvent, event};

/// Handles every HTTP request that no static file of the page answers.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    router::handle(request, &env, &context).await
}

/// Wakes the Scheduler every 15 minutes, in case that the runtime has lost its alarm and nobody calls.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    let Ok(settings) = config::read(&env) else { return };
    let wake = async {
        let scheduler = rpc::scheduler(&env, &settings.scheduler_name())?;
        rpc::send(&scheduler, &rpc::SchedulerCommand::Wake).await
    };
    if let Err(error) = wake.await {
        response::internal_error(&error);
    }
}
