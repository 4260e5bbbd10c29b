//! The Registry's database. The sibling modules define its tables and statements.

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
    /// The key of the HMAC that turns addresses into people's ids. It is random, generated once, and never
    /// leaves the Registry.
    person_id_key: Secret,
}

/// A row with a value stored as JSON.
#[derive(Deserialize)]
pub(super) struct BodyRow {
    pub(super) body: String,
}

impl Store {
    /// Opens the database. The first call in an instance creates missing tables: `tables`, beside its own. Then it calls
    /// `add_columns`, which must be idempotent.
    pub(super) fn open(
        sql: SqlStorage,
        is_open: &Cell<bool>,
        tables: &[&str],
        add_columns: &[fn(&SqlStorage) -> Result<()>],
    ) -> Result<Self> {
        if !is_open.get() {
            schema::open(&sql, is_open, &[&[TABLES], tables].concat().concat(), schema::no_upgrade)?;
            // Unless all of them are there, the next call tries again.
            is_open.set(false);
            add_columns.iter().try_for_each(|add| add(&sql))?;
            is_open.set(true);
        }
        let person_id_key = load_person_id_key(&sql)?;
        Ok(Self { sql, person_id_key })
    }

    /// A person's pseudonym for paths, queries and logs.
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

    /// The database, for the sibling modules.
    pub(super) fn sql(&self) -> &SqlStorage {
        &self.sql
    }

    /// The value stored under this name.
    pub(super) fn fact<T: for<'a> Deserialize<'a>>(&self, name: &str) -> Result<Option<T>> {
        let rows: Vec<BodyRow> = self.rows("SELECT body FROM fact WHERE name = ?", vec![name.into()])?;
        rows.first().map(|row| Ok(serde_json::from_str(&row.body)?)).transpose()
    }

    /// Stores a value under this name, replacing any earlier one.
    pub(super) fn put_fact<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let body = serde_json::to_string(value)?;
        self.run("INSERT OR REPLACE INTO fact (name, body) VALUES (?, ?)", vec![name.into(), body.into()])
    }
}

/// Loads the key of people's ids, or generates it the first time.
fn load_person_id_key(sql: &SqlStorage) -> Result<Secret> {
    let stored: Vec<BodyRow> = sql.exec("SELECT body FROM fact WHERE name = 'naming'", None)?.to_array()?;
    if let Some(row) = stored.into_iter().next() {
        return Ok(Secret::new(row.body));
    }
    let part = || crypto::new_id().map_err(|problem| problem.detail);
    let key = [part()?, part()?].concat();
    sql.exec("INSERT INTO fact (name, body) VALUES ('naming', ?)", vec![key.as_str().into()])?;
    Ok(Secret::new(key))
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a date")]
pub(super) fn timestamp_from_sql(value: f64) -> Timestamp {
    Timestamp(value as i64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, exact below 2^53")]
pub(super) fn count_from_sql(value: f64) -> u64 {
    value.max(0.0) as u64
}
