//! People, their roles and their sessions.
//!
//! Sessions and failed sign-in attempts follow the rules of [`domain::session`] and
//! [`domain::login_throttle`]. Administrators named in the settings have that role whatever is stored.

mod store;

pub(super) use store::TABLES;

use super::store::Store;
use crate::crypto;
use crate::rpc::{AccountRecord, AuditEntry, Credential, Identity, OpenSessionRequest};
use domain::api::{AuditAction, Person, RoleUploadResult};
use domain::auth_method::AuthMethod;
use domain::ids::Email;
use domain::login_throttle::{LoginAttempt, LoginThrottle};
use domain::problem::{Code, Problem};
use domain::role::{Role, RoleAssignment};
use domain::role_upload::RoleUpload;
use domain::session::{self, SessionStatus};
use domain::settings::Settings;
use domain::time::Timestamp;
use domain::token::{is_revoked, revocation_cutoff};
use std::collections::BTreeMap;
use worker::Result;

/// Deletes idle sessions, revocations of tokens that have expired by now, and old failed sign-in attempts.
pub(super) fn delete_expired(store: &Store, now: Timestamp) -> Result<()> {
    store.delete_sessions_before(session::idle_cutoff(now))?;
    store.delete_revocations_before(now.plus(-session::REVOCATION_KEPT))?;
    store.delete_tries_before(LoginThrottle::expiry_cutoff(now))
}

/// Who has this credential and what they may do; `None` if the session has ended or the token is revoked.
pub(super) fn identify(
    store: &Store,
    settings: &Settings,
    credential: Credential,
    now: Timestamp,
) -> Result<Option<Identity>> {
    let (person, auth_method) = match credential {
        Credential::Session { id } => {
            let Some(session) = store.session(&id)? else { return Ok(None) };
            match session.status(&session_binding(settings, session.auth_method), now) {
                SessionStatus::Ended => {
                    store.delete_session(&id)?;
                    return Ok(None);
                }
                SessionStatus::ActiveTouch => store.touch_session(&id, now)?,
                SessionStatus::Active => {}
            }
            (session.person, session.auth_method)
        }
        Credential::Token { email, issued } => {
            if is_revoked(issued, store.tokens_revoked_until(email.as_str())?) {
                return Ok(None);
            }
            (email.into(), AuthMethod::Access)
        }
    };
    let role_assignment = current_assignment(store, settings, &person, auth_method)?;
    Ok(Some(Identity { person, auth_method, role_assignment }))
}

/// Role assignments by person, cached while one command is handled.
pub(super) type AssignmentCache = BTreeMap<String, Option<RoleAssignment>>;

/// A person's role, given the method with which they signed in; `None` if they have no role.
pub(super) fn current_assignment(
    store: &Store,
    settings: &Settings,
    person: &str,
    auth_method: AuthMethod,
) -> Result<Option<RoleAssignment>> {
    Ok(match auth_method {
        AuthMethod::Key => settings.key.as_ref().map(|_| RoleAssignment::administrator()),
        AuthMethod::Local => Some(RoleAssignment::administrator()),
        AuthMethod::Access if settings.admins.contains(person) => Some(RoleAssignment::administrator()),
        AuthMethod::Access => {
            store.person(person)?.map(|person| RoleAssignment { role: person.role, grants: person.grants })
        }
    })
}

/// The value that a session is bound to, see [`domain::session`]: it changes with the installation's key,
/// which ends the session.
fn session_binding(settings: &Settings, auth_method: AuthMethod) -> String {
    match (auth_method, &settings.session_key, &settings.key) {
        (AuthMethod::Key, Some(session_key), Some(key)) => {
            crypto::sign(session_key, "opened with", key.reveal())
        }
        _ => String::new(),
    }
}

/// Opens a session, or counts a wrong key against the client's address.
pub(super) fn open_session(
    store: &Store,
    settings: &Settings,
    session_request: OpenSessionRequest,
    now: Timestamp,
) -> Result<std::result::Result<(), Problem>> {
    let OpenSessionRequest { address, is_right, id, person, auth_method, audit_entry } = session_request;
    match store.tries(&address)?.attempt(is_right, now) {
        LoginAttempt::Throttled { retry_after_seconds } => {
            store.append_audit_entry(&AuditEntry::for_rejection("too-many-tries"), now)?;
            let detail = "Several wrong keys came from this address. Wait a while before the next try.";
            return Ok(Err(Problem::new(Code::TooManyTries, detail).retry_after(retry_after_seconds)));
        }
        LoginAttempt::Failed(throttle) => {
            store.put_tries(&address, throttle)?;
            store.append_audit_entry(&AuditEntry::for_rejection("key-wrong"), now)?;
            let detail = "This is not the key of this installation. Copy the whole key again.";
            return Ok(Err(Problem::new(Code::KeyWrong, detail)));
        }
        LoginAttempt::Succeeded => {}
    }
    store.delete_tries(&address)?;
    store.delete_sessions_before(session::idle_cutoff(now))?;
    store.put_session(&id, &person, auth_method, &session_binding(settings, auth_method), now)?;
    store.append_audit_entry(&audit_entry, now)?;
    Ok(Ok(()))
}

/// What is held about a person.
pub(super) fn read_account(store: &Store, settings: &Settings, email: &Email) -> Result<AccountRecord> {
    Ok(AccountRecord {
        id: store.person_id(email.as_str()),
        role: all_people(store, settings)?.remove(email),
        signed_out: store.tokens_revoked_until(email.as_str())?,
    })
}

fn new_person(store: &Store, email: &Email, role_assignment: RoleAssignment, now: Timestamp) -> Person {
    let RoleAssignment { role, grants } = role_assignment;
    Person {
        id: store.person_id(email.as_str()),
        email: email.clone(),
        role,
        grants,
        fixed: false,
        changed: Some(now),
    }
}

/// Everybody who has a role, by address, including the administrators named in the settings.
pub(super) fn all_people(store: &Store, settings: &Settings) -> Result<BTreeMap<Email, Person>> {
    let stored = store.people()?.into_iter().map(|person| (person.email.clone(), person));
    let fixed = settings.admins.iter().map(|email| {
        let role_assignment = RoleAssignment { role: Role::Administrator, grants: Vec::new() };
        let person =
            Person { fixed: true, changed: None, ..new_person(store, email, role_assignment, Timestamp(0)) };
        (email.clone(), person)
    });
    Ok(stored.chain(fixed).collect())
}

/// Previews an upload of roles. With `apply`, the digest of an earlier preview, applies it if the preview is
/// still current.
pub(super) fn import_roles(
    store: &Store,
    settings: &Settings,
    roster: &RoleUpload,
    apply: Option<String>,
    audit_entry: &AuditEntry,
    now: Timestamp,
) -> Result<std::result::Result<RoleUploadResult, Problem>> {
    let mut upload =
        roster.compare(&all_people(store, settings)?, |email| store.person_id(email.as_str()), now);
    // The digest covers roles and grants before and after, but no times.
    let summarize = |person: &Person| (person.email.clone(), person.role, person.grants.clone());
    let changes = upload.changed.iter().map(|change| (summarize(&change.before), summarize(&change.after)));
    let added: Vec<_> = upload.added.iter().map(summarize).collect();
    let changed: Vec<_> = changes.collect();
    upload.digest = crypto::sha256_hex(&serde_json::to_string(&(added, changed, roster))?);
    let Some(apply) = apply else { return Ok(Ok(upload)) };
    if apply != upload.digest {
        return Ok(Err(Problem::new(
            Code::PreviewStale,
            "The roles or the file have changed since the preview. Preview the upload again.",
        )));
    }
    let after = upload.added.iter().chain(upload.changed.iter().map(|change| &change.after));
    for person in after {
        store.put_person(person)?;
        let view = describe_role(&person.email, person.role, person.grants.len());
        store.append_audit_entry(
            &AuditEntry { what: AuditAction::RoleGiven, view, ..audit_entry.clone() },
            now,
        )?;
    }
    let view = format!(
        "{} added, {} changed, {} as before",
        upload.added.len(),
        upload.changed.len(),
        upload.unchanged
    );
    store.append_audit_entry(&AuditEntry { view, ..audit_entry.clone() }, now)?;
    upload.applied = true;
    Ok(Ok(upload))
}

/// Signs out: revokes these credentials.
pub(super) fn sign_out(
    store: &Store,
    credentials: Vec<Credential>,
    audit_entry: &AuditEntry,
    now: Timestamp,
) -> Result<()> {
    for credential in credentials {
        match credential {
            Credential::Session { id } => store.delete_session(&id)?,
            Credential::Token { email, issued } => {
                store.revoke_tokens(email.as_str(), revocation_cutoff(issued, now))?;
            }
        }
    }
    store.append_audit_entry(audit_entry, now)
}

/// Assigns a role to a person.
pub(super) fn assign_role(
    store: &Store,
    settings: &Settings,
    email: &Email,
    role_assignment: RoleAssignment,
    audit_entry: &AuditEntry,
    now: Timestamp,
) -> Result<std::result::Result<Person, Problem>> {
    if settings.admins.contains(email) {
        return Ok(Err(fixed_role_problem()));
    }
    let person = new_person(store, email, role_assignment, now);
    store.put_person(&person)?;
    store.append_audit_entry(audit_entry, now)?;
    Ok(Ok(person))
}

/// Removes the role of the person with this id.
pub(super) fn remove_role(
    store: &Store,
    settings: &Settings,
    id: &str,
    audit_entry: AuditEntry,
    now: Timestamp,
) -> Result<std::result::Result<(), Problem>> {
    let Some(person) = all_people(store, settings)?.into_values().find(|person| person.id == id) else {
        return Ok(Err(Problem::new(
            Code::UnknownPerson,
            "Nobody with this id has a role: it may have been removed already.",
        )));
    };
    if person.fixed {
        return Ok(Err(fixed_role_problem()));
    }
    store.delete_person(person.email.as_str())?;
    store.append_audit_entry(&AuditEntry { view: person.email.into(), ..audit_entry }, now)?;
    Ok(Ok(()))
}

/// The audit log's description of a role with this number of grants.
pub(crate) fn describe_role(email: &Email, role: Role, grants: usize) -> String {
    match grants {
        0 => format!("{email} {}", role.slug()),
        _ => format!("{email} {} of {grants}", role.slug()),
    }
}

fn fixed_role_problem() -> Problem {
    Problem::new(
        Code::NotAllowed,
        "The settings make this person an administrator: change LECTERN_ADMINS to change that.",
    )
}
