//! The Cloudflare Worker: what stands between the page and Echo360.
//!
//! - [`route`]: every route, who may call it, what it answers; [`access`]: who is asking; [`roles`]: what others may do;
//!   [`record`]: who did what.
//! - [`desk`]: one object per institution: the queue, the slots, every call to the reporting API.
//! - [`window`]: one object per report and week: collects the files, keeps the rows, serves them.
//! - [`register`]: one object per institution: people and roles, sessions, the record.
//! - [`echo360`]: the reporting API as the Desk calls it; [`wire`]: HTTP out, bodies read to their last byte.
//! - [`download`]: `/api/csv`, many windows as one CSV.
//! - [`forget`]: `/api/forget`, what is to be forgotten.
//! - [`shares`]: `/api/shares` and `/s`, links for people who cannot sign in.
//! - [`errand`]: what the parts say to each other; [`answer`]: what they say outside.
//! - [`seal`]: hashes and signatures of our own; [`transaction`]: what is written whole or not at all.
//! - [`setting`], [`clock`], [`zone`]: what the runtime knows and the rules are told.

mod access;
mod answer;
mod clock;
mod desk;
mod download;
mod echo360;
mod errand;
mod forget;
mod record;
mod register;
mod roles;
mod route;
mod seal;
mod setting;
mod shares;
mod transaction;
mod window;
mod wire;
mod zone;

use worker::{Context, Env, Request, Response, Result, event};

/// Every request that no file of the page answers.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    route::answer(request, &env, &context).await
}
