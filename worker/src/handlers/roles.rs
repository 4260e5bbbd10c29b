//! `/api/roles`: people and their roles, for administrators.

use super::{HandlerResult, Reply};
use crate::audit_log;
use crate::auth::clear_identity_cache;
use crate::registry::describe_role;
use crate::request_context::RequestContext;
use crate::rpc::{self, RegistryCommand, SchedulerCommand};
use domain::api::{AuditAction, Courses, Person, RoleChange, RoleUploadResult, Roles};
use domain::ids::Email;
use domain::problem::{Code, Problem};
use domain::role_upload::{RoleUpload, parse_role_assignment};
use domain::scope::AccessScope;
use std::collections::BTreeMap;

/// `GET /api/roles`
pub(super) async fn list(context: &RequestContext<'_>) -> HandlerResult {
    let people: BTreeMap<Email, Person> =
        rpc::call(&context.registry()?, &RegistryCommand::ListPeople).await?;
    Reply::json(&Roles { people: people.into_values().collect() })
}

/// `PUT /api/roles`
pub(super) async fn assign(context: &RequestContext<'_>) -> HandlerResult {
    let RoleChange { email, role, grants } = context.json()?;
    let email = Email::parse(&email).ok_or_else(|| {
        Problem::new(Code::BadEmail, "`email` must be an e-mail address such as ana@example.org.")
    })?;
    let role_assignment = parse_role_assignment(role, &grants)?;
    let detail = describe_role(&email, role_assignment.role, role_assignment.grants.len());
    let audit_entry = audit_log::new_entry(context.visitor()?, AuditAction::RoleGiven, detail);
    let command = RegistryCommand::AssignRole { email, role_assignment, audit_entry };
    let person: Result<Person, Problem> = rpc::call(&context.registry()?, &command).await;
    clear_identity_cache();
    Reply::json(&person?)
}

/// `DELETE /api/roles/{id}`
pub(super) async fn remove(context: &RequestContext<'_>) -> HandlerResult {
    let audit_entry = audit_log::new_entry(context.visitor()?, AuditAction::RoleTaken, String::new());
    let command = RegistryCommand::RemoveRole { id: context.path_parameter("id").to_owned(), audit_entry };
    let removed = rpc::call::<_, bool>(&context.registry()?, &command).await;
    clear_identity_cache();
    removed?;
    Reply::no_content()
}

/// `POST /api/roles/csv`: previews an upload. With `apply`, the digest of a preview, it makes the changes.
pub(super) async fn upload(context: &RequestContext<'_>) -> HandlerResult {
    let apply = context.query().remove("apply");
    let text = std::str::from_utf8(context.body()).map_err(|_| {
        Problem::new(
            Code::BadTable,
            "The upload is not UTF-8 text. Save it as CSV UTF-8; nothing was changed.",
        )
    })?;
    let courses: Courses =
        rpc::call(&context.scheduler()?, &SchedulerCommand::ListCourses(AccessScope::Everything)).await?;
    let roster = RoleUpload::parse(text, &courses, &context.settings.admins)?;
    let audit_entry = audit_log::new_entry(context.visitor()?, AuditAction::RolesUploaded, String::new());
    let command = RegistryCommand::ImportRoles { roster, apply, audit_entry };
    let result: Result<RoleUploadResult, Problem> = rpc::call(&context.registry()?, &command).await;
    clear_identity_cache();
    Reply::json(&result?)
}
