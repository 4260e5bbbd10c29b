//! People, their roles and their sessions.
//!
//! Sessions and failed sign-in attempts follow the rules of [`domain::session`] and
//! [`domain::login_throttle`]. Administrators named in the settings have that role whatever is stored.

mod store;

pub(super) use store::{TABLES, add_columns};

use super::store::Store;
use crate::rpc::{AccountRecord, Credential, Identity, OpenSessionRequest, SessionSelection};
use crate::{crypto, response};
use domain::api::{AuditAction, Person, RoleUploadResult, SessionInfo, Sessions};
use domain::audit_log::AuditEntry;
use domain::auth_method::AuthMethod;
use domain::ids::Email;
use domain::login_throttle::{LoginAttempt, LoginThrottle};
use domain::problem::{Code, Problem};
use domain::role::{Role, RoleAssignment};
use domain::role_upload::RoleUpload;
use domain::session::{self, OpenSession, SessionStatus};
use domain::settings::Settings;
use domain::time::Timestamp;
use domain::token::{is_revoked, revocation_cutoff};
use std::collections::BTreeMap;
use store::listed_id;
use worker::Result;

/// Maximum number of sessions that are listed.
const MAX_SESSIONS_LISTED: usize = 1_000;

/// Deletes sessions that have ended, revocations of tokens that have expired by now, and old failed sign-in attempts.
pub(super) fn delete_expired(store: &Store, now: Timestamp) -> Result<()> {
    store.delete_sessions_before(session::age_cutoff(now), session::idle_cutoff(now))?;
    store.delete_revocations_before(now.plus(-session::REVOCATION_KEPT))?;
    store.delete_tries_before(LoginThrottle::expiry_cutoff(now))
}

/// Who has this credential and what they may do; `None` if the session has ended or the token is revoked. What it stores
/// about the session is not needed to answer, so that people get in while the storage is full.
pub(super) fn identify(
    store: &Store,
    settings: &Settings,
    credential: Credential,
    now: Timestamp,
) -> Result<Option<Identity>> {
    let session_id = credential.session_id();
    let (person, auth_method) = match credential {
        Credential::Session { id } => {
            let Some(session) = store.session(&id)? else { return Ok(None) };
            match session.status(&session_binding(settings, session.auth_method), now) {
                SessionStatus::Ended => {
                    log_failure(store.delete_session(&id));
                    return Ok(None);
                }
                SessionStatus::ActiveTouch => log_failure(store.touch_session(&id, now)),
                SessionStatus::Active => {}
            }
            (session.person, session.auth_method)
        }
        Credential::Token { email, issued } => {
            if is_revoked(issued, store.token_revoked_until(email.as_str(), &session_id)?) {
                return Ok(None);
            }
            let (person, auth_method) = (String::from(email), AuthMethod::Access);
            let binding = session_binding(settings, auth_method);
            let session =
                OpenSession { person: person.clone(), auth_method, binding, opened: issued, seen: now };
            log_failure(store.put_session(&session_id, &session, session::TOUCH_INTERVAL));
            (person, auth_method)
        }
    };
    let role_assignment = current_assignment(store, settings, &person, auth_method)?;
    Ok(Some(Identity { person, auth_method, role_assignment }))
}

fn log_failure(stored: Result<()>) {
    if let Err(error) = stored {
        worker::console_error!("a change of a session is not stored");
        response::internal_error(&error);
    }
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

/// Opens a session, or counts a wrong key against the client's address. Also returns the entry of the audit log, which the
/// caller appends when this is stored: see [`super::Registry`].
pub(super) fn open_session(
    store: &Store,
    settings: &Settings,
    session_request: OpenSessionRequest,
    now: Timestamp,
) -> Result<(std::result::Result<(), Problem>, AuditEntry)> {
    let OpenSessionRequest { address, network, is_right, id, person, auth_method, audit_entry } =
        session_request;
    let rejection = |reason| AuditEntry { network, ..AuditEntry::for_rejection(reason) };
    match store.tries(&address)?.attempt(is_right, now) {
        LoginAttempt::Throttled { retry_after_seconds } => {
            let detail = "Several wrong keys came from this address. Wait a while before the next try.";
            let problem = Problem::new(Code::TooManyTries, detail).retry_after(retry_after_seconds);
            return Ok((Err(problem), rejection("too-many-tries")));
        }
        LoginAttempt::Failed(throttle) => {
            store.put_tries(&address, throttle)?;
            let detail = "This is not the key of this installation. Copy the whole key again.";
            return Ok((Err(Problem::new(Code::KeyWrong, detail)), rejection("key-wrong")));
        }
        LoginAttempt::Succeeded => {}
    }
    store.delete_tries(&address)?;
    store.delete_sessions_before(session::age_cutoff(now), session::idle_cutoff(now))?;
    let binding = session_binding(settings, auth_method);
    store.put_session(&id, &OpenSession { person, auth_method, binding, opened: now, seen: now }, 0)?;
    Ok((Ok(()), audit_entry))
}

/// The open sessions of this person, or of everybody. `current` is the id of the caller's.
pub(super) fn list_sessions(
    store: &Store,
    settings: &Settings,
    person: Option<&str>,
    current: Option<&str>,
    now: Timestamp,
) -> Result<Sessions> {
    let stored = person.map_or_else(|| store.all_sessions(), |person| store.sessions_of(person))?;
    let open = stored.into_iter().filter(|(_, session)| {
        session.status(&session_binding(settings, session.auth_method), now) != SessionStatus::Ended
    });
    let describe = |(id, session): (String, OpenSession)| SessionInfo {
        current: current == Some(id.as_str()),
        id: listed_id(&id),
        person_id: store.person_id(&session.person),
        person: session.person,
        auth_method: session.auth_method,
        opened: session.opened,
        seen: session.seen,
    };
    Ok(Sessions { sessions: open.map(describe).take(MAX_SESSIONS_LISTED).collect() })
}

/// Ends sessions. Sessions that do not exist have ended already.
pub(super) fn end_sessions(
    store: &Store,
    settings: &Settings,
    selection: &SessionSelection,
    audit_entry: AuditEntry,
    now: Timestamp,
) -> Result<()> {
    let end = |sessions: &[(String, OpenSession)]| -> Result<()> {
        for (id, session) in sessions {
            store.delete_session(id)?;
            if session.auth_method == AuthMethod::Access {
                store.revoke_tokens(id, session.opened)?;
            }
        }
        Ok(())
    };
    let view = match selection {
        SessionSelection::One { id: listed, owner } => {
            let found = store.listed_session(listed)?;
            let Some(found) =
                found.filter(|(_, session)| owner.as_ref().is_none_or(|owner| session.person == *owner))
            else {
                return Ok(());
            };
            end(std::slice::from_ref(&found))?;
            found.1.person
        }
        // Also revokes tokens that have not been used yet, which have no stored session.
        SessionSelection::Person { id } => {
            let with_role = all_people(store, settings)?.into_keys().map(String::from);
            let mut people = store.people_with_sessions()?.into_iter().chain(with_role);
            let Some(person) = people.find(|person| store.person_id(person) == *id) else { return Ok(()) };
            end(&store.sessions_of(&person)?)?;
            store.revoke_tokens(&person, now)?;
            person
        }
        SessionSelection::Everybody => {
            end(&store.all_sessions()?)?;
            store.revoke_tokens(store::EVERYBODY, now)?;
            "everybody".to_owned()
        }
    };
    store.append_audit_entry(&AuditEntry { view, ..audit_entry }, now)
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
pub(super) fn sign_out(store: &Store, credentials: Vec<Credential>, now: Timestamp) -> Result<()> {
    for credential in credentials {
        match credential {
            Credential::Session { id } => store.delete_session(&id)?,
            Credential::Token { email, issued } => {
                let cutoff = revocation_cutoff(issued, now);
                store.revoke_tokens(email.as_str(), cutoff)?;
                for (id, session) in store.sessions_of(email.as_str())? {
                    if session.auth_method == AuthMethod::Access && is_revoked(session.opened, Some(cutoff)) {
                        store.delete_session(&id)?;
                    }
                }
            }
        }
    }
    Ok(())
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
