//! The Registry: one Durable Object per institution. It stores people, roles and sessions ([`accounts`]), the
//! audit log ([`audit_log`]), and shares with the weeks that they publish ([`shares`]).
//!
//! They share one object because a change and its audit entry are one transaction: neither is stored without
//! the other, and an upload of roles is applied completely or not at all. Only signing in and out have their entry in a
//! transaction of its own, so that they succeed while the storage is full.

mod accounts;
mod audit_log;
mod shares;
mod store;

pub(crate) use accounts::describe_role;
pub(crate) use shares::can_manage_all_shares;

use crate::rpc::{RegistryCommand, SharesCommand};
use crate::{clock, config, response, transaction};
use domain::audit_log::AuditEntry;
use domain::jurisdiction::{self, JurisdictionCheck};
use domain::problem::{Code, Problem};
use domain::quota::DailyUsage;
use domain::settings::Jurisdiction;
use domain::time::{DAY, SECOND, Timestamp};
use serde::Serialize;
use std::cell::Cell;
use std::time::Duration;
use store::Store;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// How often expired data is deleted.
const CLEANUP_INTERVAL: i64 = DAY / 4;

/// The key in the table of facts under which the jurisdiction is recorded.
const JURISDICTION_FACT: &str = "jurisdiction";

/// What everybody has read today through calls that read many windows.
const READING_FACT: &str = "reading";

#[durable_object]
pub struct Registry {
    state: State,
    env: Env,
    has_tables: Cell<bool>,
    /// Whether this instance has deleted expired data. It does so at its first command, in case an alarm was
    /// missed.
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
        // The object that records the jurisdiction stores nothing that expires.
        if !matches!(command, RegistryCommand::CheckJurisdiction { .. }) {
            self.ensure_alarm().await;
        }
        if !self.has_cleaned_up.replace(true)
            && let Err(error) = self.delete_expired()
        {
            response::internal_error(&error);
        }
        let mut separate_entry = None;
        let answer = self.handle(command, &mut separate_entry);
        if let Some(audit_entry) = separate_entry {
            self.append_separately(&audit_entry).await;
        }
        match answer {
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
        let tables = [accounts::TABLES, audit_log::TABLES, shares::TABLES];
        let add_columns = [accounts::add_columns, audit_log::add_columns];
        Store::open(self.state.storage().sql(), &self.has_tables, &tables, &add_columns)
    }

    async fn set_alarm(&self) {
        let wait = Duration::from_millis(u64::try_from(CLEANUP_INTERVAL).unwrap_or(0));
        if let Err(error) = self.state.storage().set_alarm(wait).await {
            response::internal_error(&error);
        }
    }

    /// Sets the alarm for the next cleanup if there is none, or if it is overdue and so was lost.
    async fn ensure_alarm(&self) {
        let alarm = self.state.storage().get_alarm().await.ok().flatten();
        if alarm.is_none_or(|at| clock::from_runtime(at) < clock::now().plus(-10 * SECOND)) {
            self.set_alarm().await;
        }
    }

    fn delete_expired(&self) -> Result<()> {
        let (store, now) = (self.store()?, clock::now());
        // The retention period of audit entries is a setting: none is deleted while the settings are invalid.
        if let Ok(settings) = config::read(&self.env) {
            store.delete_audit_entries_before(now.plus(-i64::from(settings.record_days) * DAY))?;
        }
        store.delete_budgets_before(now.day())?;
        accounts::delete_expired(&store, now)?;
        shares::delete_expired(&store, now)
    }

    /// Appends an entry in a transaction of its own.
    async fn append_separately(&self, audit_entry: &AuditEntry) {
        // Not in the transaction of what was stored before: SQLite may roll back a whole transaction in which the storage is
        // full.
        self.ensure_alarm().await;
        let append = || self.store()?.append_audit_entry(audit_entry, clock::now());
        if let Err(error) = transaction::run(&self.state, append) {
            worker::console_error!("an entry of the audit log is lost");
            response::internal_error(&error);
        }
    }

    /// Handles a command. `separate_entry` is set to an entry that must be appended separately afterwards.
    fn handle(
        &self,
        command: RegistryCommand,
        separate_entry: &mut Option<AuditEntry>,
    ) -> std::result::Result<Result<Response>, Problem> {
        let settings = config::read(&self.env)?;
        let fault = |error| response::internal_error(&error);
        let store = self.store().map_err(fault)?;
        let now = clock::now();
        // They change at most one row.
        let needs_no_transaction = matches!(
            command,
            RegistryCommand::Identify { .. }
                | RegistryCommand::ListSessions { .. }
                | RegistryCommand::ListPeople
                | RegistryCommand::ReadAccount { .. }
                | RegistryCommand::ReadAuditLog(_)
                | RegistryCommand::Shares(SharesCommand::OpenShare { .. } | SharesCommand::GetOrigins { .. })
        );
        let execute = || -> Result<std::result::Result<Response, Problem>> {
            let result = match command {
                RegistryCommand::Identify { credential } => {
                    Ok(response::json(&accounts::identify(&store, &settings, credential, now)?)?)
                }
                RegistryCommand::OpenSession(session_request) => {
                    let (opened, audit_entry) =
                        accounts::open_session(&store, &settings, session_request, now)?;
                    *separate_entry = Some(audit_entry);
                    respond(opened.map(|()| true))?
                }
                RegistryCommand::SignOut { credentials, audit_entry } => {
                    accounts::sign_out(&store, credentials, now)?;
                    *separate_entry = Some(audit_entry);
                    Ok(response::json(&true)?)
                }
                RegistryCommand::ListSessions { person, current } => Ok(response::json(
                    &accounts::list_sessions(&store, &settings, person.as_deref(), current.as_deref(), now)?,
                )?),
                RegistryCommand::EndSessions { selection, audit_entry } => {
                    accounts::end_sessions(&store, &settings, &selection, audit_entry, now)?;
                    Ok(response::json(&true)?)
                }
                RegistryCommand::ListPeople => Ok(response::json(&accounts::all_people(&store, &settings)?)?),
                RegistryCommand::ReadAccount { email } => {
                    Ok(response::json(&accounts::read_account(&store, &settings, &email)?)?)
                }
                RegistryCommand::AssignRole { email, role_assignment, audit_entry } => respond(
                    accounts::assign_role(&store, &settings, &email, role_assignment, &audit_entry, now)?,
                )?,
                RegistryCommand::RemoveRole { id, audit_entry } => {
                    let removed = accounts::remove_role(&store, &settings, &id, audit_entry, now)?;
                    respond(removed.map(|()| true))?
                }
                RegistryCommand::ImportRoles { roster, apply, audit_entry } => {
                    respond(accounts::import_roles(&store, &settings, &roster, apply, &audit_entry, now)?)?
                }
                RegistryCommand::ChargeReading { person, windows, audit_entry } => {
                    respond(charge_reading(&store, &person, windows, audit_entry.as_ref(), now)?)?
                }
                RegistryCommand::AppendAuditEntries(audit_entries) => {
                    for audit_entry in &audit_entries {
                        store.append_audit_entry(audit_entry, now)?;
                    }
                    Ok(response::json(&true)?)
                }
                RegistryCommand::Shares(command) => shares::handle(&store, &settings, command, now)?,
                RegistryCommand::ReadAuditLog(filter) => {
                    Ok(response::json(&store.read_audit_log(&filter, settings.record_days)?)?)
                }
                RegistryCommand::CheckJurisdiction { today, may_record } => {
                    respond(check_jurisdiction(&store, &today, may_record)?.map(|()| true))?
                }
            };
            Ok(result)
        };
        let result = if needs_no_transaction { execute() } else { transaction::run(&self.state, execute) };
        result.map_err(fault)?.map(Ok)
    }
}

/// Counts windows that a person is about to read, and records it.
fn charge_reading(
    store: &Store,
    person: &str,
    windows: u32,
    audit_entry: Option<&AuditEntry>,
    now: Timestamp,
) -> Result<std::result::Result<bool, Problem>> {
    let mut usage: DailyUsage = store.fact(READING_FACT)?.unwrap_or_default();
    if let Err(problem) = usage.charge_reading(person, windows, now) {
        return Ok(Err(problem));
    }
    store.put_fact(READING_FACT, &usage)?;
    if let Some(audit_entry) = audit_entry {
        store.append_audit_entry(audit_entry, now)?;
    }
    Ok(Ok(true))
}

/// A JSON response with the result, or its problem.
fn respond<T: Serialize>(
    result: std::result::Result<T, Problem>,
) -> Result<std::result::Result<Response, Problem>> {
    result.map_or_else(|problem| Ok(Err(problem)), |value| response::json(&value).map(Ok))
}

/// Compares the jurisdiction in the settings with the recorded one, which was used first.
fn check_jurisdiction(
    store: &Store,
    today: &str,
    may_record: bool,
) -> Result<std::result::Result<(), Problem>> {
    let recorded: Option<String> = store.fact(JURISDICTION_FACT)?;
    match jurisdiction::check(recorded.as_deref(), Jurisdiction::parse(today)) {
        JurisdictionCheck::Record(_) if !may_record => Ok(Ok(())),
        JurisdictionCheck::Record(name) => store.put_fact(JURISDICTION_FACT, &name).map(Ok),
        JurisdictionCheck::Unchanged => Ok(Ok(())),
        JurisdictionCheck::Changed(sentence) => Ok(Err(Problem::new(Code::SettingsWrong, sentence))),
    }
}
