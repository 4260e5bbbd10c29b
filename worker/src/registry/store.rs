//! What the Registry keeps in SQLite: people, sessions, when somebody signed out, wrong keys by address, the audit log.

use crate::rpc::{AuditEntry, AuditFilter};
use crate::{crypto, schema};
use domain::api::{AuditLogEntry, AuditLogPage, AuthMethod, Person};
use domain::audit_log::merge_views;
use domain::login_throttle::LoginThrottle;
use domain::session::OpenSession;
use domain::settings::Secret;
use domain::time::{DAY, Timestamp};
use serde::Deserialize;
use std::cell::Cell;
use worker::{Result, SqlStorage, SqlStorageValue};

/// Made on first use; every statement can be repeated.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS person (email TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS session (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, way TEXT NOT NULL, seal TEXT NOT NULL, seen INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS ended (person TEXT PRIMARY KEY, at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS tries (address TEXT PRIMARY KEY, wrong INTEGER NOT NULL, last INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS record (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
        person TEXT NOT NULL, person_id TEXT NOT NULL, role TEXT, what TEXT NOT NULL, scope TEXT NOT NULL,
        view TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS record_by_time ON record (at);
    CREATE INDEX IF NOT EXISTS record_of_person ON record (person_id, what, id);
";

/// Entries of one answer.
const PAGE_ENTRIES: usize = 200;

/// Addresses whose wrong keys are remembered: a flood from many must not fill the disk.
const MAX_ADDRESSES: i64 = 10_000;

/// The Registry's tables.
pub(super) struct Store {
    sql: SqlStorage,
    /// What people's ids are made with: made by chance once, and known to nobody else.
    person_id_key: Secret,
}

#[derive(Deserialize)]
struct SessionRow {
    person: String,
    way: String,
    seal: String,
    seen: f64,
}

#[derive(Deserialize)]
struct BodyRow {
    body: String,
}

#[derive(Deserialize)]
struct TimestampRow {
    at: f64,
}

#[derive(Deserialize)]
struct TriesRow {
    wrong: u32,
    last: f64,
}

/// Lines of one person in which the same is looked for, the newest first: of other views that they had meanwhile.
const MERGE_LOOKBACK: usize = 200;

#[derive(Deserialize)]
struct RecentEntryRow {
    id: f64,
    view: String,
}

#[derive(Deserialize)]
struct EntryRow {
    id: f64,
    at: f64,
    last: f64,
    count: f64,
    person: String,
    person_id: String,
    role: Option<String>,
    what: String,
    scope: String,
    view: String,
}

impl Store {
    /// The tables behind this storage, made when this object has not yet seen them.
    pub(super) fn open(sql: SqlStorage, has_tables: &Cell<bool>) -> Result<Self> {
        let tables = [SCHEMA, super::shares::SCHEMA].concat();
        schema::open(&sql, has_tables, &tables, schema::no_upgrade)?;
        let person_id_key = load_person_id_key(&sql)?;
        Ok(Self { sql, person_id_key })
    }

    /// What somebody is called in paths, queries and logs.
    pub(super) fn person_id(&self, person: &str) -> String {
        crypto::person_id(&self.person_id_key, person)
    }

    pub(super) fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.sql.exec(statement, values).map(drop)
    }

    /// What statements are run on.
    pub(super) fn sql(&self) -> &SqlStorage {
        &self.sql
    }

    // ---- People.

    /// Everybody who was given a role.
    pub(super) fn people(&self) -> Result<Vec<Person>> {
        let rows: Vec<BodyRow> = self.sql.exec("SELECT body FROM person ORDER BY email", None)?.to_array()?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.body)?)).collect()
    }

    /// Somebody who was given a role.
    pub(super) fn person(&self, email: &str) -> Result<Option<Person>> {
        let rows: Vec<BodyRow> =
            self.sql.exec("SELECT body FROM person WHERE email = ?", vec![email.into()])?.to_array()?;
        rows.first().map(|row| Ok(serde_json::from_str(&row.body)?)).transpose()
    }

    /// Gives a role.
    pub(super) fn put_person(&self, person: &Person) -> Result<()> {
        let body = serde_json::to_string(person)?;
        self.run(
            "INSERT OR REPLACE INTO person (email, body) VALUES (?, ?)",
            vec![person.email.as_str().into(), body.into()],
        )
    }

    /// Takes a role.
    pub(super) fn delete_person(&self, email: &str) -> Result<()> {
        self.run("DELETE FROM person WHERE email = ?", vec![email.into()])
    }

    // ---- Sessions.

    /// A session, by the hash of its id.
    pub(super) fn session(&self, id: &str) -> Result<Option<OpenSession>> {
        let query = "SELECT person, way, seal, seen FROM session WHERE id = ?";
        let rows: Vec<SessionRow> = self.sql.exec(query, vec![id.into()])?.to_array()?;
        rows.into_iter()
            .next()
            .map(|SessionRow { person, way, seal, seen }| {
                Ok(OpenSession {
                    person,
                    auth_method: serde_json::from_str(&way)?,
                    binding: seal,
                    seen: timestamp_from_sql(seen),
                })
            })
            .transpose()
    }

    /// Opens a session.
    pub(super) fn put_session(
        &self,
        id: &str,
        person: &str,
        auth_method: AuthMethod,
        seal: &str,
        now: Timestamp,
    ) -> Result<()> {
        let way = serde_json::to_string(&auth_method)?;
        self.run(
            "INSERT OR REPLACE INTO session (id, person, way, seal, seen) VALUES (?, ?, ?, ?, ?)",
            vec![id.into(), person.into(), way.into(), seal.into(), now.0.into()],
        )
    }

    /// Notes that a session is used.
    pub(super) fn touch_session(&self, id: &str, now: Timestamp) -> Result<()> {
        self.run("UPDATE session SET seen = ? WHERE id = ?", vec![now.0.into(), id.into()])
    }

    /// Ends a session.
    pub(super) fn delete_session(&self, id: &str) -> Result<()> {
        self.run("DELETE FROM session WHERE id = ?", vec![id.into()])
    }

    /// Ends sessions that were last used before this.
    pub(super) fn delete_sessions_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM session WHERE seen < ?", vec![at.0.into()])
    }

    // ---- Signing out of Access.

    /// Tokens of this person that were made until then are no longer good; nor are those that were so before.
    pub(super) fn revoke_tokens(&self, person: &str, until: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO ended (person, at) VALUES (?, ?)
             ON CONFLICT (person) DO UPDATE SET at = max(at, excluded.at)",
            vec![person.into(), until.0.into()],
        )
    }

    /// Until when this person's tokens are no longer good.
    pub(super) fn tokens_revoked_until(&self, person: &str) -> Result<Option<Timestamp>> {
        let rows: Vec<TimestampRow> =
            self.sql.exec("SELECT at FROM ended WHERE person = ?", vec![person.into()])?.to_array()?;
        Ok(rows.first().map(|row| timestamp_from_sql(row.at)))
    }

    /// Forgets who signed out before this.
    pub(super) fn delete_revocations_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM ended WHERE at < ?", vec![at.0.into()])
    }

    // ---- Wrong keys.

    /// Wrong keys from an address, which is hashed.
    pub(super) fn tries(&self, address: &str) -> Result<LoginThrottle> {
        let rows: Vec<TriesRow> = self
            .sql
            .exec("SELECT wrong, last FROM tries WHERE address = ?", vec![address.into()])?
            .to_array()?;
        Ok(rows.first().map_or_else(LoginThrottle::default, |row| LoginThrottle {
            wrong: row.wrong,
            last: timestamp_from_sql(row.last),
        }))
    }

    /// Notes them.
    pub(super) fn put_tries(&self, address: &str, tries: LoginThrottle) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO tries (address, wrong, last) VALUES (?, ?, ?)",
            vec![address.into(), i64::from(tries.wrong).into(), tries.last.0.into()],
        )?;
        // The rows are few, and this is run for wrong keys and links only.
        self.run(
            "DELETE FROM tries WHERE address IN (SELECT address FROM tries ORDER BY last DESC LIMIT -1 OFFSET ?)",
            vec![MAX_ADDRESSES.into()],
        )
    }

    /// Forgets those of an address.
    pub(super) fn delete_tries(&self, address: &str) -> Result<()> {
        self.run("DELETE FROM tries WHERE address = ?", vec![address.into()])
    }

    /// Forgets those that were last made before this.
    pub(super) fn delete_tries_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM tries WHERE last < ?", vec![at.0.into()])
    }

    // ---- The audit log.

    /// Writes a line, or counts it into one that says the same and is not old.
    pub(super) fn append_audit_entry(&self, audit_entry: &AuditEntry, now: Timestamp) -> Result<()> {
        let merge_within = audit_entry.what.merge_window();
        let person_id = self.person_id(&audit_entry.person);
        if merge_within > 0 {
            let query = format!(
                "SELECT id, view FROM record
                 WHERE person_id = ? AND role IS ? AND what = ? AND scope = ? AND at > ?
                 ORDER BY id DESC LIMIT {MERGE_LOOKBACK}"
            );
            let values = vec![
                person_id.as_str().into(),
                audit_entry.role.map_or(SqlStorageValue::Null, |role| role.slug().into()),
                audit_entry.what.slug().into(),
                audit_entry.scope.as_str().into(),
                now.plus(-merge_within).0.into(),
            ];
            let rows: Vec<RecentEntryRow> = self.sql.exec(&query, values)?.to_array()?;
            let merge = |row: RecentEntryRow| {
                let view = if row.view == audit_entry.view {
                    Some(row.view)
                } else {
                    merge_views(&row.view, &audit_entry.view)
                };
                Some((row.id, view?))
            };
            if let Some((id, view)) = rows.into_iter().find_map(merge) {
                return self.run(
                    "UPDATE record SET count = count + ?, last = ?, view = ? WHERE id = ?",
                    vec![i64::from(audit_entry.count).into(), now.0.into(), view.into(), id.into()],
                );
            }
        }
        let role = audit_entry.role.map_or(SqlStorageValue::Null, |role| role.slug().into());
        self.run(
            "INSERT INTO record (at, last, count, person, person_id, role, what, scope, view)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            vec![
                now.0.into(),
                now.0.into(),
                i64::from(audit_entry.count).into(),
                audit_entry.person.as_str().into(),
                person_id.into(),
                role,
                audit_entry.what.slug().into(),
                audit_entry.scope.as_str().into(),
                audit_entry.view.as_str().into(),
            ],
        )
    }

    /// A page of the audit log, newest first.
    pub(super) fn read_audit_log(&self, filter: &AuditFilter, kept_days: u32) -> Result<AuditLogPage> {
        let mut conditions = vec!["1".to_owned()];
        let mut values: Vec<SqlStorageValue> = Vec::new();
        let mut ask = |condition: &str, value: Option<SqlStorageValue>| {
            if let Some(value) = value {
                conditions.push(condition.to_owned());
                values.push(value);
            }
        };
        ask("at >= ?", filter.from.map(|day| Timestamp::start_of(day).0.into()));
        ask("at < ?", filter.to.map(|day| Timestamp::start_of(day).plus(DAY).0.into()));
        ask("person_id = ?", filter.person.as_deref().map(Into::into));
        ask("what = ?", filter.what.map(|what| what.slug().into()));
        ask("id < ?", filter.before.map(|id| i64::try_from(id).unwrap_or(i64::MAX).into()));
        let query = format!(
            "SELECT id, at, last, count, person, person_id, role, what, scope, view FROM record
             WHERE {} ORDER BY id DESC LIMIT {}",
            conditions.join(" AND "),
            PAGE_ENTRIES + 1
        );
        let rows: Vec<EntryRow> = self.sql.exec(&query, values)?.to_array()?;
        let more = rows.len() > PAGE_ENTRIES;
        let entries: Vec<AuditLogEntry> =
            rows.into_iter().take(PAGE_ENTRIES).filter_map(parse_entry).collect();
        let before = entries.last().map(|entry| entry.id).filter(|_| more);
        Ok(AuditLogPage { entries, before, kept_days })
    }

    /// Forgets what was recorded before this.
    pub(super) fn delete_audit_entries_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM record WHERE last < ?", vec![at.0.into()])
    }
}

/// The key of people's ids; one that is new when there is none yet.
fn load_person_id_key(sql: &SqlStorage) -> Result<Secret> {
    let kept: Vec<BodyRow> = sql.exec("SELECT body FROM fact WHERE name = 'naming'", None)?.to_array()?;
    if let Some(kept) = kept.into_iter().next() {
        return Ok(Secret::new(kept.body));
    }
    let part = || crypto::new_id().map_err(|problem| problem.detail);
    let fresh = [part()?, part()?].concat();
    sql.exec("INSERT INTO fact (name, body) VALUES ('naming', ?)", vec![fresh.as_str().into()])?;
    Ok(Secret::new(fresh))
}

fn parse_entry(row: EntryRow) -> Option<AuditLogEntry> {
    Some(AuditLogEntry {
        id: count_from_sql(row.id),
        at: timestamp_from_sql(row.at),
        last: timestamp_from_sql(row.last),
        count: u32::try_from(count_from_sql(row.count)).unwrap_or(u32::MAX),
        person: row.person,
        person_id: row.person_id,
        role: row.role.as_deref().and_then(domain::scope::Role::parse),
        what: domain::api::AuditAction::parse(&row.what)?,
        scope: row.scope,
        view: row.view,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a date")]
pub(super) fn timestamp_from_sql(value: f64) -> Timestamp {
    Timestamp(value as i64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, exact below 2^53")]
pub(super) fn count_from_sql(value: f64) -> u64 {
    value.max(0.0) as u64
}
