//! `/api/forget`: what is to be forgotten, asked, listed and taken back.

use crate::response;
use crate::router::{allow_methods, forward, parse_body, unknown_route};
use crate::rpc::{self, SchedulerCommand};
use domain::erasure::ErasureRequest;
use domain::problem::{Code, Problem};
use worker::{Method, Request, Response, Result, Stub};

/// Answers `/api/forget` and `/api/forget/{id}`. `by` is who asks: whether they may was found out before.
pub(crate) async fn respond(
    request: &mut Request,
    scheduler: &Stub,
    by: String,
    id: &[&str],
) -> std::result::Result<Result<Response>, Problem> {
    match id {
        [] => {
            allow_methods(request, &[Method::Get, Method::Post])?;
            if request.method() == Method::Get {
                return forward(scheduler, &SchedulerCommand::ListErasures).await;
            }
            let forget: ErasureRequest = parse_body(request).await?;
            forward(scheduler, &SchedulerCommand::StartErasure { by, forget }).await
        }
        [id] => {
            allow_methods(request, &[Method::Delete])?;
            if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(Problem::new(Code::BadId, "The id of a forgetting is 32 hexadecimal digits."));
            }
            rpc::call::<_, bool>(scheduler, &SchedulerCommand::CancelErasure { id: (*id).to_owned() })
                .await?;
            Ok(response::no_content())
        }
        _ => Err(unknown_route()),
    }
}

/// What was done, for the audit log: never who is forgotten.
pub(crate) fn audit_view(method: Method, id: &[&str]) -> String {
    match (method, id) {
        (Method::Delete, _) => "let in again".to_owned(),
        _ => String::new(),
    }
}
