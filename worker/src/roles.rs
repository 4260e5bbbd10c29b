//! `/api/roles`: who may do what, and changing it. For administrators.

use crate::access::{Visitor, forget_known};
use crate::errand::{self, ToDesk, ToRegister};
use crate::record;
use crate::register::told;
use crate::route::{self, refuse_rest};
use domain::api::{AuditAction, Courses, Person, RoleChange, RoleUploadResult, Roles};
use domain::problem::{Code, Problem};
use domain::role_upload::{MAX_UPLOAD_BYTES, RoleUpload, parse_role_assignment};
use domain::scope::AccessScope;
use domain::settings::Settings;
use domain::token::parse_email;
use std::collections::BTreeMap;
use worker::{Request, Stub};

/// Everybody who has a role.
pub(crate) async fn list(register: &Stub) -> Result<Roles, Problem> {
    let people: BTreeMap<String, Person> = errand::ask(register, &ToRegister::People).await?;
    Ok(Roles { people: people.into_values().collect() })
}

/// Gives a role.
pub(crate) async fn appoint(
    register: &Stub,
    visitor: &Visitor,
    appointment: RoleChange,
) -> Result<Person, Problem> {
    let RoleChange { email, role, grants } = appointment;
    let email = parse_email(&email).ok_or_else(|| {
        Problem::new(Code::BadEmail, "`email` must be an e-mail address such as ana@example.org.")
    })?;
    let standing = parse_role_assignment(role, &grants)?;
    let view = told(&email, standing.role, standing.grants.len());
    let note = record::of(visitor, AuditAction::RoleGiven, view);
    let person = errand::ask(register, &ToRegister::Appoint { email, standing, note }).await;
    forget_known();
    person
}

/// Takes a role.
pub(crate) async fn dismiss(register: &Stub, visitor: &Visitor, id: &str) -> Result<(), Problem> {
    let note = record::of(visitor, AuditAction::RoleTaken, String::new());
    let errand = ToRegister::Dismiss { id: id.to_owned(), note };
    let done = errand::ask::<_, bool>(register, &errand).await;
    forget_known();
    done.map(drop)
}

/// Reads an upload, and says what it would change; with `apply`, changes it.
pub(crate) async fn upload(
    request: &mut Request,
    settings: &Settings,
    desk: &Stub,
    register: &Stub,
    visitor: &Visitor,
) -> Result<RoleUploadResult, Problem> {
    let mut query = route::query(request)?;
    let apply = query.remove("apply");
    refuse_rest(&query)?;
    let too_large = || {
        Problem::new(
            Code::BodyTooLarge,
            "The upload is over 1 MB: some 10,000 rows. Upload it in parts; nothing was changed.",
        )
    };
    let bytes = route::read_body(request, MAX_UPLOAD_BYTES).await?.ok_or_else(too_large)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Problem::new(
            Code::BadTable,
            "The upload is no text in UTF-8. Save it as CSV UTF-8; nothing was changed.",
        )
    })?;
    let known: Courses = errand::ask(desk, &ToDesk::Courses(AccessScope::Everything)).await?;
    let roster = RoleUpload::parse(&text, &known, &settings.admins)?;
    let note = record::of(visitor, AuditAction::RolesUploaded, String::new());
    let upload = errand::ask(register, &ToRegister::Upload { roster, apply, note }).await;
    forget_known();
    upload
}
