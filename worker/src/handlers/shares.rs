//! Shares: `/api/shares` manages them, `/api/shared` and `/s` open them for whoever has a link.

use super::{HandlerResult, Reply};
use crate::request_context::RequestContext;
use crate::shares::{self, SharesHandler};

const BAD_ID: &str = "A share's id is 32 hexadecimal digits.";

/// `GET /api/shares`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    Reply::json(&shares_handler(context)?.list().await?)
}

/// `POST /api/shares`
pub(super) async fn create(context: &RequestContext<'_>) -> HandlerResult {
    Reply::json(&shares_handler(context)?.create(context.json()?).await?)
}

/// `PUT /api/shares`
pub(super) async fn switch(context: &RequestContext<'_>) -> HandlerResult {
    Reply::json(&shares_handler(context)?.set_enabled(context.json()?).await?)
}

/// `POST /api/shares/{id}`
pub(super) async fn update(context: &RequestContext<'_>) -> HandlerResult {
    Reply::json(&shares_handler(context)?.update(context.hex_id(BAD_ID)?, context.json()?).await?)
}

/// `DELETE /api/shares/{id}`
pub(super) async fn revoke(context: &RequestContext<'_>) -> HandlerResult {
    shares_handler(context)?.revoke(context.hex_id(BAD_ID)?).await?;
    Reply::no_content()
}

/// `POST /api/shared`
pub(super) async fn open(context: &RequestContext<'_>) -> HandlerResult {
    let (registry, network) = (context.registry()?, context.client_network());
    Reply::json(&*shares::open(&registry, context.settings, &context.json()?, &network).await?)
}

/// `POST /api/shared/opened`
pub(super) async fn count_opening(context: &RequestContext<'_>) -> HandlerResult {
    let (registry, network) = (context.registry()?, context.client_network());
    shares::count_opening(&registry, context.settings, &context.json()?, &network).await?;
    Reply::no_content()
}

/// `GET /s`
pub(super) async fn page(context: &RequestContext<'_>) -> HandlerResult {
    Reply::new(shares::render_page(&context.registry()?, None).await?)
}

/// `GET /s/{id}`
pub(super) async fn embedded_page(context: &RequestContext<'_>) -> HandlerResult {
    Reply::new(shares::render_page(&context.registry()?, Some(context.path_parameter("id"))).await?)
}

/// The handler of shares, on behalf of the visitor.
fn shares_handler<'a>(context: &RequestContext<'a>) -> Result<SharesHandler<'a>, domain::problem::Problem> {
    Ok(SharesHandler {
        env: context.env,
        settings: context.settings,
        scheduler: context.scheduler()?,
        registry: context.registry()?,
        visitor: context.visitor()?,
    })
}
