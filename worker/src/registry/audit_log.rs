//! The audit log: who did what, with which role and scope.

use super::store::{Store, count_from_sql, timestamp_from_sql};
use crate::rpc::{AuditEntry, AuditFilter};
use domain::api::{AuditLogEntry, AuditLogPage};
use domain::audit_log::merge_views;
use domain::time::{DAY, Timestamp};
use serde::Deserialize;
use worker::{Result, SqlStorageValue};

/// `person_id` is the keyed hash of `person`, stored so that a query needs no address.
pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS record (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
        person TEXT NOT NULL, person_id TEXT NOT NULL, role TEXT, what TEXT NOT NULL, scope TEXT NOT NULL,
        view TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS record_by_time ON record (at);
    CREATE INDEX IF NOT EXISTS record_of_person ON record (person_id, what, id);
";

/// Number of entries on a page.
const PAGE_ENTRIES: usize = 200;

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
}

impl Store {
    /// Appends an entry, or merges it into a recent entry with the same content and increases its count.
    pub(super) fn append_audit_entry(&self, audit_entry: &AuditEntry, now: Timestamp) -> Result<()> {
        let merge_window_ms = audit_entry.what.merge_window();
        let person_id = self.person_id(&audit_entry.person);
        if merge_window_ms > 0 {
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
                now.plus(-merge_window_ms).0.into(),
            ];
            let rows: Vec<RecentEntryRow> = self.sql().exec(&query, values)?.to_array()?;
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
        let query = format!(
            "SELECT id, at, last, count, person, person_id, role, what, scope, view FROM record
             WHERE {} ORDER BY id DESC LIMIT {}",
            conditions.join(" AND "),
            PAGE_ENTRIES + 1
        );
        let rows: Vec<EntryRow> = self.sql().exec(&query, values)?.to_array()?;
        let has_more = rows.len() > PAGE_ENTRIES;
        let entries: Vec<AuditLogEntry> =
            rows.into_iter().take(PAGE_ENTRIES).filter_map(parse_entry).collect();
        let before = entries.last().map(|entry| entry.id).filter(|_| has_more);
        Ok(AuditLogPage { entries, before, kept_days })
    }

    /// Deletes entries whose last occurrence was before this time.
    pub(super) fn delete_audit_entries_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM record WHERE last < ?", vec![at.0.into()])
    }
}

fn parse_entry(row: EntryRow) -> Option<AuditLogEntry> {
    Some(AuditLogEntry {
        id: count_from_sql(row.id),
        at: timestamp_from_sql(row.at),
        last: timestamp_from_sql(row.last),
        count: u32::try_from(count_from_sql(row.count)).unwrap_or(u32::MAX),
        person: row.person,
        person_id: row.person_id,
        role: row.role.as_deref().and_then(domain::role::Role::parse),
        what: domain::api::AuditAction::parse(&row.what)?,
        scope: row.scope,
        view: row.view,
    })
}
