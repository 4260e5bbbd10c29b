//! The Register: one Durable Object per institution. Knows who has which role, which sessions are open, who did what,
//! which addresses try keys, and what is shared ([`shares`]).
//!
//! What changes a role writes the record in the same transaction, so that neither is there without the other, and an upload
//! is there whole or not at all.

mod shares;
mod store;

use crate::answer;
use crate::clock;
use crate::errand::{Known, Note, Opening, Proof, ToRegister};
use crate::seal;
use crate::setting;
use crate::transaction;
use domain::api::{AuditAction, AuthMethod, Person, RoleUploadResult};
use domain::login_throttle::LoginThrottle;
use domain::problem::{Code, Problem};
use domain::role_upload::RoleUpload;
use domain::scope::{Role, RoleAssignment};
use domain::settings::Settings;
use domain::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use domain::token::session_cutoff;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;
use store::Store;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// A session that is not used for this long is over.
const IDLE: i64 = 8 * HOUR;

/// How often the use of a session is written down.
const SEEN_EVERY: i64 = MINUTE;

/// How often what is old is deleted.
const SWEEP: i64 = DAY / 4;

/// A token of Access lives for a month at most: after that nobody need know when its person signed out.
const ENDED_KEPT: i64 = 40 * DAY;

#[durable_object]
pub struct Register {
    state: State,
    env: Env,
    has_tables: Cell<bool>,
    /// Whether this instance has deleted what is old: it may have slept past its alarm.
    has_swept: Cell<bool>,
}

impl DurableObject for Register {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, has_tables: Cell::new(false), has_swept: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let errand = match request.json::<ToRegister>().await {
            Ok(errand) => errand,
            Err(error) => return answer::problem(&answer::internal(&error)),
        };
        self.ensure_alarm().await;
        if !self.has_swept.replace(true)
            && let Err(error) = self.sweep()
        {
            answer::internal(&error);
        }
        match self.answer(errand) {
            Ok(answer) => answer,
            Err(problem) => answer::problem(&problem),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        if let Err(error) = self.sweep() {
            answer::internal(&error);
        }
        self.arm().await;
        Response::empty()
    }
}

impl Register {
    fn store(&self) -> Result<Store> {
        Store::open(self.state.storage().sql(), &self.has_tables)
    }

    async fn arm(&self) {
        let wait = Duration::from_millis(u64::try_from(SWEEP).unwrap_or(0));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            answer::internal(&error);
        }
    }

    /// Every wake checks: what is kept for a time is deleted in time. One that is overdue is lost.
    async fn ensure_alarm(&self) {
        let armed = self.state.storage().get_alarm().await.ok().flatten();
        if armed.is_none_or(|at| Timestamp(at) < clock::now().plus(-10 * SECOND)) {
            self.arm().await;
        }
    }

    fn sweep(&self) -> Result<()> {
        let (store, now) = (self.store()?, clock::now());
        // Without settings nobody knows for how long: nothing goes before they are mended.
        if let Ok(settings) = setting::read(&self.env) {
            store.delete_record_before(now.plus(-i64::from(settings.record_days) * DAY))?;
        }
        store.delete_sessions_before(now.plus(-IDLE))?;
        store.delete_ended_before(now.plus(-ENDED_KEPT))?;
        shares::sweep(&store, now)?;
        store.delete_tries_before(now.plus(-LoginThrottle::FORGOTTEN_AFTER))
    }

    fn answer(&self, errand: ToRegister) -> std::result::Result<Result<Response>, Problem> {
        let settings = setting::read(&self.env)?;
        let fault = |error| answer::internal(&error);
        let store = self.store().map_err(fault)?;
        let now = clock::now();
        let only_reads =
            matches!(errand, ToRegister::Arrive { .. } | ToRegister::People | ToRegister::Records(_));
        let work = || -> Result<std::result::Result<Response, Problem>> {
            Ok(Ok(match errand {
                ToRegister::Arrive { proof } => answer::json(&arrive(&store, &settings, proof, now)?)?,
                ToRegister::Open(opening) => match open(&store, &settings, opening, now)? {
                    Ok(()) => answer::json(&true)?,
                    Err(problem) => return Ok(Err(problem)),
                },
                ToRegister::Close { proofs, note } => {
                    for proof in proofs {
                        match proof {
                            Proof::Session { id } => store.delete_session(&id)?,
                            Proof::Token { email, issued } => {
                                store.end(&email, session_cutoff(issued, now))?
                            }
                        }
                    }
                    store.note(&note, now)?;
                    answer::json(&true)?
                }
                ToRegister::People => answer::json(&people(&store, &settings)?)?,
                ToRegister::Appoint { email, standing, note } => {
                    if settings.admins.contains(&email) {
                        return Ok(Err(is_fixed()));
                    }
                    let person = person(&store, &email, standing, now);
                    store.put_person(&person)?;
                    store.note(&note, now)?;
                    answer::json(&person)?
                }
                ToRegister::Dismiss { id, note } => {
                    let people = people(&store, &settings)?;
                    let Some(person) = people.into_values().find(|person| person.id == id) else {
                        return Ok(Err(Problem::new(
                            Code::UnknownPerson,
                            "Nobody of this id has a role: it may have been taken already.",
                        )));
                    };
                    if person.fixed {
                        return Ok(Err(is_fixed()));
                    }
                    store.delete_person(&person.email)?;
                    store.note(&Note { view: person.email, ..note }, now)?;
                    answer::json(&true)?
                }
                ToRegister::Upload { roster, apply, note } => {
                    match upload(&store, &settings, &roster, apply, &note, now)? {
                        Ok(upload) => answer::json(&upload)?,
                        Err(problem) => return Ok(Err(problem)),
                    }
                }
                ToRegister::Note(notes) => {
                    for note in &notes {
                        store.note(note, now)?;
                    }
                    answer::json(&true)?
                }
                ToRegister::Shares(errand) => match shares::answer(&store, &settings, errand, now)? {
                    Ok(response) => response,
                    Err(problem) => return Ok(Err(problem)),
                },
                ToRegister::Records(filter) => answer::json(&store.records(&filter, settings.record_days)?)?,
            }))
        };
        let done = if only_reads { work() } else { transaction::whole(&self.state, work) };
        done.map_err(fault)?.map(Ok)
    }
}

/// Who this is and what they may do; `None` when their session is over.
fn arrive(store: &Store, settings: &Settings, proof: Proof, now: Timestamp) -> Result<Option<Known>> {
    let (person, way) = match proof {
        Proof::Session { id } => {
            let Some(session) = store.session(&id)? else { return Ok(None) };
            // A clock that went back makes nobody stay.
            let is_idle = now.since(session.seen).abs() > IDLE;
            if is_idle || session.seal != seal_of(settings, session.way) {
                store.delete_session(&id)?;
                return Ok(None);
            }
            if now.since(session.seen) > SEEN_EVERY {
                store.see_session(&id, now)?;
            }
            (session.person, session.way)
        }
        Proof::Token { email, issued } => {
            if store.ended(&email)?.is_some_and(|ended| issued <= ended) {
                return Ok(None);
            }
            (email, AuthMethod::Access)
        }
    };
    let standing = standing_of(store, settings, &person, way)?;
    Ok(Some(Known { person, way, standing }))
}

/// What is known of who may do what, while one call is answered.
type Standings = BTreeMap<String, Option<RoleAssignment>>;

/// What somebody may do now.
fn standing_of(
    store: &Store,
    settings: &Settings,
    person: &str,
    way: AuthMethod,
) -> Result<Option<RoleAssignment>> {
    Ok(match way {
        AuthMethod::Key => settings.key.as_ref().map(|_| RoleAssignment::administrator()),
        AuthMethod::Local => Some(RoleAssignment::administrator()),
        AuthMethod::Access if settings.admins.contains(person) => Some(RoleAssignment::administrator()),
        AuthMethod::Access => {
            store.person(person)?.map(|person| RoleAssignment { role: person.role, grants: person.grants })
        }
    })
}

/// What a session was opened with: once that is changed, the session is over.
fn seal_of(settings: &Settings, way: AuthMethod) -> String {
    match (way, &settings.session_key, &settings.key) {
        (AuthMethod::Key, Some(session_key), Some(key)) => {
            seal::sign(session_key, "opened with", key.reveal())
        }
        _ => String::new(),
    }
}

/// Opens a session, or notes that the key was wrong. An address that must wait is told so, whatever it brings: the answer
/// must not tell whether it was right.
fn open(
    store: &Store,
    settings: &Settings,
    opening: Opening,
    now: Timestamp,
) -> Result<std::result::Result<(), Problem>> {
    let Opening { address, is_right, id, person, way, note } = opening;
    let mut tries = store.tries(&address)?;
    if let Some(wait) = tries.wait(now) {
        let seconds = u32::try_from((wait + SECOND - 1) / SECOND).unwrap_or(u32::MAX);
        store.note(&Note::refused("too-many-tries"), now)?;
        return Ok(Err(Problem::new(
            Code::TooManyTries,
            "There were several wrong keys from this address. Wait a while before the next.",
        )
        .retry_after(seconds)));
    }
    if !is_right {
        tries.record_failure(now);
        store.put_tries(&address, tries)?;
        store.note(&Note::refused("key-wrong"), now)?;
        return Ok(Err(Problem::new(
            Code::KeyWrong,
            "This is not the key of this installation. Copy it again, whole.",
        )));
    }
    store.delete_tries(&address)?;
    store.delete_sessions_before(now.plus(-IDLE))?;
    store.put_session(&id, &person, way, &seal_of(settings, way), now)?;
    store.note(&note, now)?;
    Ok(Ok(()))
}

fn person(store: &Store, email: &str, standing: RoleAssignment, now: Timestamp) -> Person {
    let RoleAssignment { role, grants } = standing;
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
fn people(store: &Store, settings: &Settings) -> Result<BTreeMap<String, Person>> {
    let kept = store.people()?.into_iter().map(|person| (person.email.clone(), person));
    let fixed = settings.admins.iter().map(|email| {
        let standing = RoleAssignment { role: Role::Administrator, grants: Vec::new() };
        let person = Person { fixed: true, changed: None, ..person(store, email, standing, Timestamp(0)) };
        (email.clone(), person)
    });
    Ok(kept.chain(fixed).collect())
}

/// What an upload would change; when `apply` names just that, it is changed.
fn upload(
    store: &Store,
    settings: &Settings,
    roster: &RoleUpload,
    apply: Option<String>,
    note: &Note,
    now: Timestamp,
) -> Result<std::result::Result<RoleUploadResult, Problem>> {
    let mut upload = roster.compare(&people(store, settings)?, |email| store.person_id(email), now);
    // Of who has what before and after, not of when.
    let pairs = |person: &Person| (person.email.clone(), person.role, person.grants.clone());
    let changes = upload.changed.iter().map(|change| (pairs(&change.before), pairs(&change.after)));
    let added: Vec<_> = upload.added.iter().map(pairs).collect();
    let changed: Vec<_> = changes.collect();
    upload.digest = seal::digest(&serde_json::to_string(&(added, changed, roster))?);
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
        let view = told(&person.email, person.role, person.grants.len());
        store.note(&Note { what: AuditAction::RoleGiven, view, ..note.clone() }, now)?;
    }
    let view = format!(
        "{} added, {} changed, {} as before",
        upload.added.len(),
        upload.changed.len(),
        upload.unchanged
    );
    store.note(&Note { view, ..note.clone() }, now)?;
    upload.applied = true;
    Ok(Ok(upload))
}

pub(crate) use shares::sees_all;

/// A role as the record tells it.
pub(crate) fn told(email: &str, role: Role, grants: usize) -> String {
    match grants {
        0 => format!("{email} {}", role.slug()),
        _ => format!("{email} {} of {grants}", role.slug()),
    }
}

fn is_fixed() -> Problem {
    Problem::new(
        Code::NotAllowed,
        "The settings make this person an administrator: change LECTERN_ADMINS to change that.",
    )
}
