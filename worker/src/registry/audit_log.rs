//! The audit log: who did what, with which role and scope. [`domain::audit_log`] has the rules.

use super::store::{Store, count_from_sql, timestamp_from_sql};
use crate::crypto;
use crate::rpc::AuditFilter;
use crate::schema;
use domain::api::{AuditAction, AuditLogEntry, AuditLogPage};
use domain::audit_log::{AuditEntry, AuditLines, DAILY_BUDGET, record};
use domain::settings::Secret;
use domain::time::{DAY, Day, Timestamp};
use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage, SqlStorageValue};

/// - `record.person_id` is the keyed hash of `person`, stored so that a query needs no address.
/// - `record_budget.owner` is such a hash or, for people who are not signed in, an action. `lines` counts what they
///   added on that day, in milliseconds since 1970.
pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS record (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
        person TEXT NOT NULL, person_id TEXT NOT NULL, role TEXT, what TEXT NOT NULL, scope TEXT NOT NULL,
        view TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS record_by_time ON record (at);
    CREATE INDEX IF NOT EXISTS record_of_person ON record (person_id, what, id);
    CREATE TABLE IF NOT EXISTS record_budget (
        owner TEXT NOT NULL, day INTEGER NOT NULL, lines INTEGER NOT NULL, PRIMARY KEY (owner, day));
";

/// - `record.network` is the hash of the network of somebody who was refused and not signed in.
/// - `record.cursor` rises with every change of any entry, so that an export finds what has changed since the last one. It
///   is the time, unless that is not higher than all others: so it rises even if old entries were deleted in between. It is
///   0 in entries of a release that does not know it, which ran before this one or in between: they come next.
pub(super) fn add_columns(sql: &SqlStorage) -> Result<()> {
    schema::add_column(sql, "record", "network", "TEXT NOT NULL DEFAULT ''")?;
    schema::add_column(sql, "record", "cursor", "INTEGER NOT NULL DEFAULT 0")?;
    let indexes = "
        CREATE INDEX IF NOT EXISTS record_by_cursor ON record (cursor);
        CREATE INDEX IF NOT EXISTS record_to_merge ON record (person_id, what, network, at);
    ";
    sql.exec(indexes, None)?;
    let number = "UPDATE record SET cursor = id + (SELECT max(cursor) FROM record) WHERE cursor = 0";
    if let Err(error) = sql.exec(number, None) {
        // The storage may be full, which must stop nobody from signing in.
        crate::response::internal_error(&error);
    }
    Ok(())
}

/// The next value of `cursor`; the parameter is the time.
const NEXT_CURSOR: &str = "max(ifnull((SELECT max(cursor) FROM record), 0) + 1, ?)";

/// The key in the table of facts of the key that hashes networks, with its day.
const NETWORK_KEY_FACT: &str = "network-key";

/// The key that hashes networks on one day. The next one replaces it, so that nobody can try addresses later.
#[derive(Serialize, Deserialize)]
struct NetworkKey {
    /// The start of the day.
    day: Timestamp,
    key: String,
}

/// Number of entries on a page.
const PAGE_ENTRIES: usize = 200;

/// Number of entries in one part of an export.
const EXPORT_ENTRIES: usize = 1_000;

/// Number of a person's latest entries that are searched for one to merge with.
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
    network: String,
    cursor: f64,
}

#[derive(Deserialize)]
struct BudgetRow {
    lines: f64,
}

/// The log while one entry is recorded at this time.
struct Lines<'a> {
    store: &'a Store,
    now: Timestamp,
}

impl Lines<'_> {
    /// The values of the columns by which entries are compared.
    fn identity(&self, entry: &AuditEntry) -> Vec<SqlStorageValue> {
        vec![
            self.store.person_id(&entry.person).into(),
            entry.what.slug().into(),
            entry.role.map_or(SqlStorageValue::Null, |role| role.slug().into()),
            entry.scope.as_str().into(),
            entry.network.as_str().into(),
        ]
    }
}

impl AuditLines for Lines<'_> {
    type Error = worker::Error;

    fn merge(&self, entry: &AuditEntry, since: Timestamp) -> Result<bool> {
        let query = format!(
            "SELECT id, view FROM record
             WHERE person_id = ? AND what = ? AND role IS ? AND scope = ? AND network = ? AND at > ?
                 AND (view = ? OR what = 'saw')
             ORDER BY at DESC LIMIT {MERGE_LOOKBACK}"
        );
        let values = [self.identity(entry), vec![since.0.into(), entry.view.as_str().into()]].concat();
        let rows: Vec<RecentEntryRow> = self.store.rows(&query, values)?;
        let merged = |row: RecentEntryRow| Some((row.id, entry.merged_view(&row.view)?));
        let Some((id, view)) = rows.into_iter().find_map(merged) else { return Ok(false) };
        let count = i64::from(entry.count).into();
        let values = vec![count, self.now.0.into(), view.into(), self.now.0.into(), id.into()];
        let update = format!(
            "UPDATE record SET count = count + ?, last = ?, view = ?, cursor = {NEXT_CURSOR} WHERE id = ?"
        );
        self.store.run(&update, values)?;
        Ok(true)
    }

    fn append(&self, entry: &AuditEntry) -> Result<()> {
        let insert = format!(
            "INSERT INTO record (person_id, what, role, scope, network, at, last, count, person, view, cursor)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {NEXT_CURSOR})"
        );
        let more = vec![
            self.now.0.into(),
            self.now.0.into(),
            i64::from(entry.count).into(),
            entry.person.as_str().into(),
            entry.view.as_str().into(),
            self.now.0.into(),
        ];
        self.store.run(&insert, [self.identity(entry), more].concat())
    }

    fn spend_budget(&self, entry: &AuditEntry) -> Result<bool> {
        let person_id = self.store.person_id(&entry.person);
        let owner = if person_id.is_empty() { entry.what.slug() } else { &person_id };
        let count = "INSERT INTO record_budget (owner, day, lines) VALUES (?, ?, 1)
                     ON CONFLICT (owner, day) DO UPDATE SET lines = lines + 1 RETURNING lines";
        let day = Timestamp::start_of(self.now.day());
        let rows: Vec<BudgetRow> = self.store.rows(count, vec![owner.into(), day.0.into()])?;
        Ok(rows.iter().all(|row| row.lines <= f64::from(DAILY_BUDGET)))
    }
}

impl Store {
    /// Records an entry, or merges it into a recent one.
    pub(super) fn append_audit_entry(&self, audit_entry: &AuditEntry, now: Timestamp) -> Result<()> {
        let network = self.hash_network(&audit_entry.network, now)?;
        record(&Lines { store: self, now }, AuditEntry { network, ..audit_entry.clone() }, now)
    }

    /// The hash of a network with the key of this day; empty for an empty text.
    fn hash_network(&self, network: &str, now: Timestamp) -> Result<String> {
        if network.is_empty() {
            return Ok(String::new());
        }
        let day = Timestamp::start_of(now.day());
        let stored: Option<NetworkKey> = self.fact(NETWORK_KEY_FACT)?;
        let key = match stored.filter(|stored| stored.day == day) {
            Some(stored) => stored.key,
            None => {
                let part = || crypto::new_id().map_err(|problem| problem.detail);
                let new = NetworkKey { day, key: [part()?, part()?].concat() };
                self.put_fact(NETWORK_KEY_FACT, &new)?;
                new.key
            }
        };
        Ok(crypto::sign(&Secret::new(key), "network", network).chars().take(16).collect())
    }

    /// Deletes the budgets of earlier days.
    pub(super) fn delete_budgets_before(&self, day: Day) -> Result<()> {
        self.run("DELETE FROM record_budget WHERE day < ?", vec![Timestamp::start_of(day).0.into()])
    }

    /// A page of the audit log, newest first; of an export, what changed first comes first.
    pub(super) fn read_audit_log(&self, filter: &AuditFilter, kept_days: u32) -> Result<AuditLogPage> {
        let mut conditions = vec!["1".to_owned()];
        let mut values: Vec<SqlStorageValue> = Vec::new();
        let mut add_condition = |condition: &str, value: Option<SqlStorageValue>| {
            if let Some(value) = value {
                conditions.push(condition.to_owned());
                values.push(value);
            }
        };
        add_condition("at >= ?", filter.from.map(|day| Timestamp::start_of(day).0.into()));
        add_condition("at < ?", filter.to.map(|day| Timestamp::start_of(day).plus(DAY).0.into()));
        add_condition("person_id = ?", filter.person.as_deref().map(Into::into));
        // The text of these is the address, alone or followed by the role.
        add_condition(
            "what IN ('role-given', 'role-taken') AND instr(view || ' ', ?) = 1",
            filter.role_of.as_ref().map(|email| format!("{email} ").into()),
        );
        add_condition("what = ?", filter.what.map(|what| what.slug().into()));
        add_condition("id < ?", filter.before.map(|id| i64::try_from(id).unwrap_or(i64::MAX).into()));
        add_condition(
            "cursor > ?",
            filter.after.map(|cursor| i64::try_from(cursor).unwrap_or(i64::MAX).into()),
        );
        let is_export = filter.after.is_some();
        let (order, limit) = if is_export { ("cursor", EXPORT_ENTRIES) } else { ("id DESC", PAGE_ENTRIES) };
        let query = format!(
            "SELECT id, at, last, count, person, person_id, role, what, scope, view, network, cursor FROM record
             WHERE {} ORDER BY {order} LIMIT {}",
            conditions.join(" AND "),
            limit + 1
        );
        let rows: Vec<EntryRow> = self.sql().exec(&query, values)?.to_array()?;
        let has_more = rows.len() > limit;
        let parse = |row| parse_entry(row, is_export);
        let entries: Vec<AuditLogEntry> = rows.into_iter().take(limit).filter_map(parse).collect();
        let before = entries.last().map(|entry| entry.id).filter(|_| has_more);
        Ok(AuditLogPage { entries, before, kept_days })
    }

    /// Deletes entries whose last occurrence was before this time.
    pub(super) fn delete_audit_entries_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM record WHERE last < ?", vec![at.0.into()])
    }
}

fn parse_entry(row: EntryRow, is_export: bool) -> Option<AuditLogEntry> {
    Some(AuditLogEntry {
        id: count_from_sql(row.id),
        at: timestamp_from_sql(row.at),
        last: timestamp_from_sql(row.last),
        count: u32::try_from(count_from_sql(row.count)).unwrap_or(u32::MAX),
        person: row.person,
        person_id: row.person_id,
        role: row.role.as_deref().and_then(domain::role::Role::parse),
        what: AuditAction::parse(&row.what)?,
        scope: row.scope,
        view: row.view,
        network: row.network,
        cursor: is_export.then(|| count_from_sql(row.cursor)),
    })
}
