//! `/api/roles`: who may do what, and changing it. For administrators.

use crate::audit_log;
use crate::auth::{Visitor, clear_identity_cache};
use crate::registry::describe_role;
use crate::router::{self, refuse_unknown_parameters};
use crate::rpc::{self, RegistryCommand, SchedulerCommand};
use domain::api::{AuditAction, Courses, Person, RoleChange, RoleUploadResult, Roles};
use domain::problem::{Code, Problem};
use domain::role_upload::{MAX_UPLOAD_BYTES, RoleUpload, parse_role_assignment};
use domain::scope::AccessScope;
use domain::settings::Settings;
use domain::token::parse_email;
use std::collections::BTreeMap;
use worker::{Request, Stub};

/// Everybody who has a role.
pub(crate) async fn list(registry: &Stub) -> Result<Roles, Problem> {
    let people: BTreeMap<String, Person> = rpc::call(registry, &RegistryCommand::ListPeople).await?;
    Ok(Roles { people: people.into_values().collect() })
}

/// Gives a role.
pub(crate) async fn assign(
    registry: &Stub,
    visitor: &Visitor,
    appointment: RoleChange,
) -> Result<Person, Problem> {
    let RoleChange { email, role, grants } = appointment;
    let email = parse_email(&email).ok_or_else(|| {
        Problem::new(Code::BadEmail, "`email` must be an e-mail address such as ana@example.org.")
    })?;
    let role_assignment = parse_role_assignment(role, &grants)?;
    let view = describe_role(&email, role_assignment.role, role_assignment.grants.len());
    let audit_entry = audit_log::new_entry(visitor, AuditAction::RoleGiven, view);
    let person =
        rpc::call(registry, &RegistryCommand::AssignRole { email, role_assignment, audit_entry }).await;
    clear_identity_cache();
    person
}

/// Takes a role.
pub(crate) async fn remove(registry: &Stub, visitor: &Visitor, id: &str) -> Result<(), Problem> {
    let audit_entry = audit_log::new_entry(visitor, AuditAction::RoleTaken, String::new());
    let command = RegistryCommand::RemoveRole { id: id.to_owned(), audit_entry };
    let done = rpc::call::<_, bool>(registry, &command).await;
    clear_identity_cache();
    done.map(drop)
}

/// Reads an upload, and says what it would change; with `apply`, changes it.
pub(crate) async fn import(
    request: &mut Request,
    settings: &Settings,
    scheduler: &Stub,
    registry: &Stub,
    visitor: &Visitor,
) -> Result<RoleUploadResult, Problem> {
    let mut query = router::parse_query(request)?;
    let apply = query.remove("apply");
    refuse_unknown_parameters(&query)?;
    let too_large = || {
        Problem::new(
            Code::BodyTooLarge,
            "The upload is over 1 MB: some 10,000 rows. Upload it in parts; nothing was changed.",
        )
    };
    let bytes = router::read_body(request, MAX_UPLOAD_BYTES).await?.ok_or_else(too_large)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Problem::new(
            Code::BadTable,
            "The upload is no text in UTF-8. Save it as CSV UTF-8; nothing was changed.",
        )
    })?;
    let known: Courses =
        rpc::call(scheduler, &SchedulerCommand::ListCourses(AccessScope::Everything)).await?;
    let roster = RoleUpload::parse(&text, &known, &settings.admins)?;
    let audit_entry = audit_log::new_entry(visitor, AuditAction::RolesUploaded, String::new());
    let upload = rpc::call(registry, &RegistryCommand::ImportRoles { roster, apply, audit_entry }).await;
    clear_identity_cache();
    upload
}
