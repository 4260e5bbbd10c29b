//! The Registry: one Durable Object per institution. Knows who has which role, which sessions are open, who did what,
//! which addresses try keys, and what is shared ([`shares`]).
//!
//! What changes a role writes the audit log in the same transaction, so that neither is there without the other, and an upload
//! is there whole or not at all.

mod shares;
mod store;

use crate::clock;
use crate::config;
use crate::crypto;
use crate::response;
use crate::rpc::{AuditEntry, Credential, Identity, OpenSessionRequest, RegistryCommand};
use crate::transaction;
use domain::api::{AuditAction, AuthMethod, Person, RoleUploadResult};
use domain::login_throttle::{LoginAttempt, LoginThrottle};
use domain::problem::{Code, Problem};
use domain::role_upload::RoleUpload;
use domain::scope::{Role, RoleAssignment};
use domain::session::{self, SessionStatus};
use domain::settings::Settings;
use domain::time::{DAY, SECOND, Timestamp};
use domain::token::{is_revoked, revocation_cutoff};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;
use store::Store;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// How often expired data is deleted.
const CLEANUP_INTERVAL: i64 = DAY / 4;

#[durable_object]
pub struct Registry {
    state: State,
    env: Env,
    has_tables: Cell<bool>,
    /// Whether this instance has deleted what is old: it may have slept past its alarm.
    has_cleaned_up: Cell<bool>,
}

impl DurableObject for Registry {
    fn new(state: State, env: Env) -> Self {
        config::set_clock(&env);
        Self { state, env, has_tables: Cell::new(false), has_cleaned_up: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let command = match request.json::<RegistryCommand>().await {
            Ok(command) => command,
            Err(error) => return response::problem(&response::internal_error(&error)),
        };
        self.ensure_alarm().await;
        if !self.has_cleaned_up.replace(true)
            && let Err(error) = self.delete_expired()
        {
            response::internal_error(&error);
        }
        match self.handle(command) {
            Ok(answer) => answer,
            Err(problem) => response::problem(&problem),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        if let Err(error) = self.delete_expired() {
            response::internal_error(&error);
        }
        self.set_alarm().await;
        Response::empty()
    }
}

impl Registry {
    fn store(&self) -> Result<Store> {
        Store::open(self.state.storage().sql(), &self.has_tables)
    }

    async fn set_alarm(&self) {
        let wait = Duration::from_millis(u64::try_from(CLEANUP_INTERVAL).unwrap_or(0));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            response::internal_error(&error);
        }
    }

    /// Every wake checks: what is kept for a time is deleted in time. One that is overdue is lost.
    async fn ensure_alarm(&self) {
        let armed = self.state.storage().get_alarm().await.ok().flatten();
        if armed.is_none_or(|at| clock::from_runtime(at) < clock::now().plus(-10 * SECOND)) {
            self.set_alarm().await;
        }
    }

    fn delete_expired(&self) -> Result<()> {
        let (store, now) = (self.store()?, clock::now());
        // Without settings nobody knows for how long: nothing goes before they are mended.
        if let Ok(settings) = config::read(&self.env) {
            store.delete_audit_entries_before(now.plus(-i64::from(settings.record_days) * DAY))?;
        }
        store.delete_sessions_before(session::idle_cutoff(now))?;
        store.delete_revocations_before(now.plus(-session::REVOCATION_KEPT))?;
        shares::delete_expired(&store, now)?;
        store.delete_tries_before(LoginThrottle::expiry_cutoff(now))
    }

    fn handle(&self, command: RegistryCommand) -> std::result::Result<Result<Response>, Problem> {
        let settings = config::read(&self.env)?;
        let fault = |error| response::internal_error(&error);
        let store = self.store().map_err(fault)?;
        let now = clock::now();
        let only_reads = matches!(
            command,
            RegistryCommand::Identify { .. } | RegistryCommand::ListPeople | RegistryCommand::ReadAuditLog(_)
        );
        let work = || -> Result<std::result::Result<Response, Problem>> {
            Ok(Ok(match command {
                RegistryCommand::Identify { credential } => {
                    response::json(&identify(&store, &settings, credential, now)?)?
                }
                RegistryCommand::OpenSession(session_request) => {
                    match open_session(&store, &settings, session_request, now)? {
                        Ok(()) => response::json(&true)?,
                        Err(problem) => return Ok(Err(problem)),
                    }
                }
                RegistryCommand::SignOut { credentials, audit_entry } => {
                    for credential in credentials {
                        match credential {
                            Credential::Session { id } => store.delete_session(&id)?,
                            Credential::Token { email, issued } => {
                                store.revoke_tokens(&email, revocation_cutoff(issued, now))?
                            }
                        }
                    }
                    store.append_audit_entry(&audit_entry, now)?;
                    response::json(&true)?
                }
                RegistryCommand::ListPeople => response::json(&all_people(&store, &settings)?)?,
                RegistryCommand::AssignRole { email, role_assignment, audit_entry } => {
                    if settings.admins.contains(&email) {
                        return Ok(Err(fixed_role_problem()));
                    }
                    let person = new_person(&store, &email, role_assignment, now);
                    store.put_person(&person)?;
                    store.append_audit_entry(&audit_entry, now)?;
                    response::json(&person)?
                }
                RegistryCommand::RemoveRole { id, audit_entry } => {
                    let people = all_people(&store, &settings)?;
                    let Some(person) = people.into_values().find(|person| person.id == id) else {
                        return Ok(Err(Problem::new(
                            Code::UnknownPerson,
                            "Nobody of this id has a role: it may have been taken already.",
                        )));
                    };
                    if person.fixed {
                        return Ok(Err(fixed_role_problem()));
                    }
                    store.delete_person(&person.email)?;
                    store.append_audit_entry(&AuditEntry { view: person.email, ..audit_entry }, now)?;
                    response::json(&true)?
                }
                RegistryCommand::ImportRoles { roster, apply, audit_entry } => {
                    match import_roles(&store, &settings, &roster, apply, &audit_entry, now)? {
                        Ok(upload) => response::json(&upload)?,
                        Err(problem) => return Ok(Err(problem)),
                    }
                }
                RegistryCommand::AppendAuditEntries(audit_entries) => {
                    for audit_entry in &audit_entries {
                        store.append_audit_entry(audit_entry, now)?;
                    }
                    response::json(&true)?
                }
                RegistryCommand::Shares(command) => match shares::handle(&store, &settings, command, now)? {
                    Ok(response) => response,
                    Err(problem) => return Ok(Err(problem)),
                },
                RegistryCommand::ReadAuditLog(filter) => {
                    response::json(&store.read_audit_log(&filter, settings.record_days)?)?
                }
            }))
        };
        let done = if only_reads { work() } else { transaction::run(&self.state, work) };
        done.map_err(fault)?.map(Ok)
    }
}

/// Who this is and what they may do; `None` when their session is over.
fn identify(
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
            if is_revoked(issued, store.tokens_revoked_until(&email)?) {
                return Ok(None);
            }
            (email, AuthMethod::Access)
        }
    };
    let role_assignment = current_assignment(store, settings, &person, auth_method)?;
    Ok(Some(Identity { person, auth_method, role_assignment }))
}

/// What is known of who may do what, while one call is answered.
type AssignmentCache = BTreeMap<String, Option<RoleAssignment>>;

/// What somebody may do now.
fn current_assignment(
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

/// What sessions are bound to: see [`domain::session`].
fn session_binding(settings: &Settings, auth_method: AuthMethod) -> String {
    match (auth_method, &settings.session_key, &settings.key) {
        (AuthMethod::Key, Some(session_key), Some(key)) => {
            crypto::sign(session_key, "opened with", key.reveal())
        }
        _ => String::new(),
    }
}

/// Opens a session, or counts a wrong key against the address that sent it.
fn open_session(
    store: &Store,
    settings: &Settings,
    session_request: OpenSessionRequest,
    now: Timestamp,
) -> Result<std::result::Result<(), Problem>> {
    let OpenSessionRequest { address, is_right, id, person, auth_method, audit_entry } = session_request;
    match store.tries(&address)?.attempt(is_right, now) {
        LoginAttempt::Throttled { retry_after_seconds } => {
            store.append_audit_entry(&AuditEntry::for_rejection("too-many-tries"), now)?;
            let detail = "There were several wrong keys from this address. Wait a while before the next.";
            return Ok(Err(Problem::new(Code::TooManyTries, detail).retry_after(retry_after_seconds)));
        }
        LoginAttempt::Failed(throttle) => {
            store.put_tries(&address, throttle)?;
            store.append_audit_entry(&AuditEntry::for_rejection("key-wrong"), now)?;
            let detail = "This is not the key of this installation. Copy it again, whole.";
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

fn new_person(store: &Store, email: &str, role_assignment: RoleAssignment, now: Timestamp) -> Person {
    let RoleAssignment { role, grants } = role_assignment;
    Person {
        id: store.person_id(email),
        email: email.to_owned(),
        role,
        grants,
        fixed: false,
        changed: Some(now),
    }
}

/// Everybody who has a role, by address. Whom the settings name has theirs from them.
fn all_people(store: &Store, settings: &Settings) -> Result<BTreeMap<String, Person>> {
    let kept = store.people()?.into_iter().map(|person| (person.email.clone(), person));
    let fixed = settings.admins.iter().map(|email| {
        let role_assignment = RoleAssignment { role: Role::Administrator, grants: Vec::new() };
        let person =
            Person { fixed: true, changed: None, ..new_person(store, email, role_assignment, Timestamp(0)) };
        (email.clone(), person)
    });
    Ok(kept.chain(fixed).collect())
}

/// What an upload would change; when `apply` names just that, it is changed.
fn import_roles(
    store: &Store,
    settings: &Settings,
    roster: &RoleUpload,
    apply: Option<String>,
    audit_entry: &AuditEntry,
    now: Timestamp,
) -> Result<std::result::Result<RoleUploadResult, Problem>> {
    let mut upload = roster.compare(&all_people(store, settings)?, |email| store.person_id(email), now);
    // Of who has what before and after, not of when.
    let pairs = |person: &Person| (person.email.clone(), person.role, person.grants.clone());
    let changes = upload.changed.iter().map(|change| (pairs(&change.before), pairs(&change.after)));
    let added: Vec<_> = upload.added.iter().map(pairs).collect();
    let changed: Vec<_> = changes.collect();
    upload.digest = crypto::sha256_hex(&serde_json::to_string(&(added, changed, roster))?);
    let Some(apply) = apply else { return Ok(Ok(upload)) };
    if apply != upload.digest {
        return Ok(Err(Problem::new(
            Code::PreviewStale,
            "Roles have changed since this was previewed, or the file has. Look at what it would change once more.",
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

pub(crate) use shares::can_manage_all_shares;

/// A role as the audit log tells it.
pub(crate) fn describe_role(email: &str, role: Role, grants: usize) -> String {
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
