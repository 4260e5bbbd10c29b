//! `/api/forget`: what is to be forgotten, asked, listed and taken back.

use crate::answer;
use crate::errand::{self, ToDesk};
use crate::route::{allow, body, pass_on, unknown_route};
use domain::erasure::ErasureRequest;
use domain::problem::{Code, Problem};
use worker::{Method, Request, Response, Result, Stub};

/// Answers `/api/forget` and `/api/forget/{id}`. `by` is who asks: whether they may was found out before.
pub(crate) async fn respond(
    request: &mut Request,
    desk: &Stub,
    by: String,
    id: &[&str],
) -> std::result::Result<Result<Response>, Problem> {
    match id {
        [] => {
            allow(request, &[Method::Get, Method::Post])?;
            if request.method() == Method::Get {
                return pass_on(desk, &ToDesk::Forgettings).await;
            }
            let forget: ErasureRequest = body(request).await?;
            pass_on(desk, &ToDesk::Forget { by, forget }).await
        }
        [id] => {
            allow(request, &[Method::Delete])?;
            if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(Problem::new(Code::BadId, "The id of a forgetting is 32 hexadecimal digits."));
            }
            errand::ask::<_, bool>(desk, &ToDesk::Lift { id: (*id).to_owned() }).await?;
            Ok(answer::empty())
        }
        _ => Err(unknown_route()),
    }
}

/// What was done, for the record: never who is forgotten.
pub(crate) fn told(method: Method, id: &[&str]) -> String {
    match (method, id) {
        (Method::Delete, _) => "let in again".to_owned(),
        _ => String::new(),
    }
}
