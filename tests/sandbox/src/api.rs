//! The HTTP routes: the vendor's API, the file store, and the sandbox's own control routes.

mod answer;
mod control;
mod directory;
mod files;
mod gate;
mod oauth;
mod redirects;
mod reporting;

pub(crate) use answer::HangUp;

use crate::sandbox::Sandbox;
use crate::settings::SingleRequest;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// The path of the OAuth token endpoint.
const TOKEN_PATH: &str = "/oauth2/access_token";

/// All routes.
pub(crate) fn router(sandbox: Arc<Sandbox>) -> Router {
    let one = get(reporting::one);
    let create = post(reporting::create);
    let reporting =
        Router::new().route("/reports", get(reporting::reports)).route("/requests", get(reporting::list));
    let reporting = match sandbox.settings.single_request {
        SingleRequest::Plural => reporting.route("/requests/{name}", create.merge(one)),
        SingleRequest::Singular => {
            reporting.route("/requests/{name}", create.get(answer::not_found)).route("/request/{name}", one)
        }
    };
    let public = Router::new()
        .nest("/public/api/v1/reporting", reporting)
        .route("/public/api/v1/courses", get(directory::courses))
        .route("/public/api/v1/sections", get(directory::sections))
        .route("/public/api/v1/terms", get(directory::terms))
        .route("/public/api/{*rest}", axum::routing::any(answer::not_found))
        .method_not_allowed_fallback(answer::not_allowed)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&sandbox), gate::pass));
    Router::new()
        .merge(public)
        .route(TOKEN_PATH, post(oauth::token))
        .route("/files/{name}", get(files::file))
        .route("/moved/files/{name}", get(files::moved_file))
        .route("/hop", get(redirects::hop))
        .merge(control::router())
        .fallback(answer::not_found)
        .with_state(sandbox)
}
