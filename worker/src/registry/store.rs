//! The Registry's database. Its tables, and the statements on them, belong to the modules beside this one.

use super::{accounts, audit_log, shares};
use crate::{crypto, schema};
use domain::settings::Secret;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use worker::{Result, SqlStorage, SqlStorageValue};

/// Single values by name, as JSON.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, body TEXT NOT NULL);
";

/// The Registry's tables.
pub(super) struct Store {
    sql: SqlStorage,
    /// Makes people's ids from their addresses: random, made once, and known to nobody else.
    person_id_key: Secret,
}

/// A value that is stored as JSON.
#[derive(Deserialize)]
pub(super) struct BodyRow {
    pub(super) body: String,
}

impl Store {
    /// Opens the tables; the first time in an instance, creates those that are missing.
    pub(super) fn open(sql: SqlStorage, is_open: &Cell<bool>) -> Result<Self> {
        let tables = [TABLES, accounts::TABLES, audit_log::TABLES, shares::TABLES].concat();
        schema::open(&sql, is_open, &tables, schema::no_upgrade)?;
        let person_id_key = load_person_id_key(&sql)?;
        Ok(Self { sql, person_id_key })
    }

    /// The id that stands for somebody in paths, queries and logs.
    pub(super) fn person_id(&self, person: &str) -> String {
        crypto::person_id(&self.person_id_key, person)
    }

    /// Runs a statement that returns no rows.
    pub(super) fn run(&self, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
        self.sql.exec(statement, values).map(drop)
    }

    /// Runs a query.
    pub(super) fn rows<T: for<'a> Deserialize<'a>>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<T>> {
        self.sql.exec(query, values)?.to_array()
    }

    /// The database, for statements of the modules beside this one.
    pub(super) fn sql(&self) -> &SqlStorage {
        &self.sql
    }

    /// A value that is stored by name.
    pub(super) fn fact<T: for<'a> Deserialize<'a>>(&self, name: &str) -> Result<Option<T>> {
        let rows: Vec<BodyRow> = self.rows("SELECT body FROM fact WHERE name = ?", vec![name.into()])?;
        rows.first().map(|row| Ok(serde_json::from_str(&row.body)?)).transpose()
    }

    /// Stores a value by name.
    pub(super) fn put_fact<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let body = serde_json::to_string(value)?;
        self.run("INSERT OR REPLACE INTO fact (name, body) VALUES (?, ?)", vec![name.into(), body.into()])
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

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a date")]
pub(super) fn timestamp_from_sql(value: f64) -> Timestamp {
    Timestamp(value as i64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, exact below 2^53")]
pub(super) fn count_from_sql(value: f64) -> u64 {
    value.max(0.0) as u64
}
