//! The tables of a Durable Object, created or upgraded when the object first uses them.
//!
//! The version of the tables is stored in the table `schema_version`. Tables of a newer version are left
//! alone and every use of them fails until code that knows them is deployed again: see
//! [`domain::schema_version`].

use domain::schema_version::{SchemaStep, newer_sentence, next_step};
use serde::Deserialize;
use std::cell::Cell;
use worker::{Result, SqlStorage};

const VERSION_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS schema_version (
        one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL);
";

/// Upgrades the tables from the given version to the next. It must be idempotent, since a crash may come
/// before the new version is recorded.
pub(crate) type Upgrade = fn(&SqlStorage, u32) -> Result<()>;

#[derive(Deserialize)]
struct VersionRow {
    version: u32,
}

/// Creates or upgrades the tables, unless `is_open` says that this instance has done so. The statements in
/// `tables` must be idempotent.
///
/// # Errors
/// If the tables are of a newer version, or a statement fails.
pub(crate) fn open(sql: &SqlStorage, is_open: &Cell<bool>, tables: &str, upgrade: Upgrade) -> Result<()> {
    if is_open.get() {
        return Ok(());
    }
    sql.exec(VERSION_TABLE, None)?;
    loop {
        let rows: Vec<VersionRow> = sql.exec("SELECT version FROM schema_version", None)?.to_array()?;
        match next_step(rows.first().map(|row| row.version)) {
            SchemaStep::Record(version) => record(sql, version)?,
            SchemaStep::UpgradeFrom(version) => {
                upgrade(sql, version)?;
                record(sql, version + 1)?;
            }
            SchemaStep::Newer(version) => return Err(worker::Error::RustError(newer_sentence(version))),
            SchemaStep::Ready => break,
        }
    }
    sql.exec(tables, None)?;
    is_open.set(true);
    Ok(())
}

/// The upgrade of tables that have only ever had one version: always an error.
pub(crate) fn no_upgrade(_: &SqlStorage, version: u32) -> Result<()> {
    Err(worker::Error::RustError(format!("There is no way to upgrade tables of version {version}.")))
}

#[derive(Deserialize)]
struct ColumnRow {
    name: String,
}

/// Adds a column to a table that was created without it. Its definition needs a default value, so that the previous
/// deployment can go on inserting rows. Returns whether it was missing.
pub(crate) fn add_column(sql: &SqlStorage, table: &str, column: &str, definition: &str) -> Result<bool> {
    let columns: Vec<ColumnRow> = sql.exec(&format!("PRAGMA table_info({table})"), None)?.to_array()?;
    let is_missing = columns.iter().all(|found| found.name != column);
    if is_missing {
        sql.exec(&format!("ALTER TABLE {table} ADD COLUMN {column} {definition}"), None)?;
    }
    Ok(is_missing)
}

fn record(sql: &SqlStorage, version: u32) -> Result<()> {
    sql.exec(
        "INSERT OR REPLACE INTO schema_version (one, version) VALUES (1, ?)",
        vec![i64::from(version).into()],
    )?;
    Ok(())
}
