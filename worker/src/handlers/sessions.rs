//! `/api/sessions`: people see and end their sessions, administrators everybody's.

use super::{HandlerResult, Reply};
use crate::auth::{clear_identity_cache, find_all_credentials};
use crate::request_context::RequestContext;
use crate::rpc::{self, Credential, RegistryCommand, SessionSelection};
use crate::{audit_log, crypto};
use domain::api::AuditAction;
use domain::problem::{Code, Problem};
use domain::scope::Action;

/// `GET /api/sessions`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    let credentials = find_all_credentials(context.request, context.settings).await;
    // The first one authenticated the request.
    let current = credentials.first().map(Credential::session_id);
    let command = RegistryCommand::ListSessions { person: owner(context)?, current };
    Reply::forward(&context.registry()?, &command).await
}

/// `DELETE /api/sessions/{id}`
pub(super) async fn end(context: &RequestContext<'_>) -> HandlerResult {
    let id = context.hex_id("A session's id is 32 hexadecimal digits.")?;
    end_sessions(context, SessionSelection::One { id, owner: owner(context)? }).await
}

/// `DELETE /api/sessions`
pub(super) async fn end_all(context: &RequestContext<'_>) -> HandlerResult {
    let selection = match context.query().remove("person") {
        None => SessionSelection::Everybody,
        Some(id) if crypto::is_well_formed_person_id(&id) => SessionSelection::Person { id },
        Some(_) => {
            return Err(Problem::new(Code::BadQuery, "`person` must be the id of a person, not an address."));
        }
    };
    end_sessions(context, selection).await
}

async fn end_sessions(context: &RequestContext<'_>, selection: SessionSelection) -> HandlerResult {
    let audit_entry = audit_log::new_entry(context.visitor()?, AuditAction::SessionsEnded, String::new());
    let command = RegistryCommand::EndSessions { selection, audit_entry };
    let ended = rpc::call::<_, bool>(&context.registry()?, &command).await;
    clear_identity_cache();
    ended?;
    Reply::no_content()
}

/// The person whose sessions the visitor may see and end; `None` for everybody's.
fn owner(context: &RequestContext<'_>) -> Result<Option<String>, Problem> {
    let visitor = context.visitor()?;
    Ok(visitor.authorize(Action::EndSessions).is_err().then(|| visitor.person.clone()))
}
