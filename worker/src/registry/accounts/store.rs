//! Tables of people, sessions, revoked tokens and failed sign-in attempts.

use super::super::store::{BodyRow, Store, timestamp_from_sql};
use crate::schema;
use domain::api::Person;
use domain::login_throttle::LoginThrottle;
use domain::session::OpenSession;
use domain::time::Timestamp;
use serde::Deserialize;
use worker::{Result, SqlStorage, SqlStorageValue};

/// - `session.way` is the sign-in method as JSON, `session.seal` the value that the session is bound to.
/// - `ended.at`: tokens of Cloudflare Access issued up to this time are revoked: those of `ended.person`, or the one that
///   is stored as a session with this id, or everybody's ([`EVERYBODY`]).
/// - `tries.address` is a hash, `tries.wrong` the number of wrong keys.
pub(in super::super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS person (email TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS session (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, way TEXT NOT NULL, seal TEXT NOT NULL, seen INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS session_of_person ON session (person);
    CREATE TABLE IF NOT EXISTS ended (person TEXT PRIMARY KEY, at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS tries (address TEXT PRIMARY KEY, wrong INTEGER NOT NULL, last INTEGER NOT NULL);
";

/// `session.opened` is when the session was opened. Those that were opened before there was this column have ended.
pub(in super::super) fn add_columns(sql: &SqlStorage) -> Result<()> {
    schema::add_column(sql, "session", "opened", "INTEGER NOT NULL DEFAULT 0").map(drop)
}

/// `ended.person` for everybody.
pub(super) const EVERYBODY: &str = "*";

/// The number of characters of a session's id that are listed.
const LISTED_ID_LENGTH: usize = 32;

/// Maximum number of addresses in `tries`, so that a flood from many addresses does not fill the disk.
const MAX_ADDRESSES: i64 = 10_000;

#[derive(Deserialize)]
struct SessionRow {
    id: String,
    person: String,
    way: String,
    seal: String,
    opened: f64,
    seen: f64,
}

#[derive(Deserialize)]
struct TimestampRow {
    at: Option<f64>,
}

/// The part of a session's id that is listed.
pub(super) fn listed_id(id: &str) -> String {
    id.chars().take(LISTED_ID_LENGTH).collect()
}

#[derive(Deserialize)]
struct TriesRow {
    wrong: u32,
    last: f64,
}

impl Store {
    // ---- People.

    /// Everybody to whom a role was assigned.
    pub(in super::super) fn people(&self) -> Result<Vec<Person>> {
        let rows: Vec<BodyRow> =
            self.sql().exec("SELECT body FROM person ORDER BY email", None)?.to_array()?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.body)?)).collect()
    }

    /// The person with this address, if a role was assigned to them.
    pub(in super::super) fn person(&self, email: &str) -> Result<Option<Person>> {
        let rows: Vec<BodyRow> =
            self.sql().exec("SELECT body FROM person WHERE email = ?", vec![email.into()])?.to_array()?;
        rows.first().map(|row| Ok(serde_json::from_str(&row.body)?)).transpose()
    }

    /// Stores a person with their role.
    pub(in super::super) fn put_person(&self, person: &Person) -> Result<()> {
        let body = serde_json::to_string(person)?;
        self.run(
            "INSERT OR REPLACE INTO person (email, body) VALUES (?, ?)",
            vec![person.email.as_str().into(), body.into()],
        )
    }

    /// Deletes a person's role.
    pub(in super::super) fn delete_person(&self, email: &str) -> Result<()> {
        self.run("DELETE FROM person WHERE email = ?", vec![email.into()])
    }

    // ---- Sessions.

    /// The stored session with this id.
    pub(in super::super) fn session(&self, id: &str) -> Result<Option<OpenSession>> {
        let found = self.select_sessions("WHERE id = ?", vec![id.into()])?.pop();
        Ok(found.map(|(_, session)| session))
    }

    /// The stored session of which this part of the id is listed.
    pub(in super::super) fn listed_session(&self, listed: &str) -> Result<Option<(String, OpenSession)>> {
        // A range, so that the index is used. An id has only characters below the last one of ASCII.
        let condition = "WHERE id BETWEEN ?1 AND ?1 || '~'";
        let found = self.select_sessions(condition, vec![listed.into()])?;
        Ok(found.into_iter().find(|(id, _)| listed_id(id) == listed))
    }

    /// A person's stored sessions with their ids, the last used first.
    pub(in super::super) fn sessions_of(&self, person: &str) -> Result<Vec<(String, OpenSession)>> {
        self.select_sessions("WHERE person = ? ORDER BY seen DESC", vec![person.into()])
    }

    /// Everybody's stored sessions with their ids, the last used first.
    pub(in super::super) fn all_sessions(&self) -> Result<Vec<(String, OpenSession)>> {
        self.select_sessions("ORDER BY seen DESC", Vec::new())
    }

    /// The people of whom sessions are stored.
    pub(in super::super) fn people_with_sessions(&self) -> Result<Vec<String>> {
        let rows: Vec<BodyRow> = self.rows("SELECT DISTINCT person AS body FROM session", Vec::new())?;
        Ok(rows.into_iter().map(|row| row.body).collect())
    }

    fn select_sessions(
        &self,
        clauses: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<(String, OpenSession)>> {
        let query = format!("SELECT id, person, way, seal, opened, seen FROM session {clauses}");
        let rows: Vec<SessionRow> = self.rows(&query, values)?;
        let parse = |SessionRow { id, person, way, seal, opened, seen }| {
            let session = OpenSession {
                person,
                auth_method: serde_json::from_str(&way)?,
                binding: seal,
                opened: timestamp_from_sql(opened),
                seen: timestamp_from_sql(seen),
            };
            Ok((id, session))
        };
        rows.into_iter().map(parse).collect()
    }

    /// Stores a session, or that it was used: its last use is changed only if it was longer ago than `touch_interval`.
    pub(in super::super) fn put_session(
        &self,
        id: &str,
        session: &OpenSession,
        touch_interval: i64,
    ) -> Result<()> {
        let way = serde_json::to_string(&session.auth_method)?;
        self.run(
            "INSERT INTO session (id, person, way, seal, opened, seen) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET seen = excluded.seen WHERE seen < excluded.seen - ?",
            vec![
                id.into(),
                session.person.as_str().into(),
                way.into(),
                session.binding.as_str().into(),
                session.opened.0.into(),
                session.seen.0.into(),
                touch_interval.into(),
            ],
        )
    }

    /// Records that a session was used.
    pub(in super::super) fn touch_session(&self, id: &str, now: Timestamp) -> Result<()> {
        self.run("UPDATE session SET seen = ? WHERE id = ?", vec![now.0.into(), id.into()])
    }

    /// Deletes a session.
    pub(in super::super) fn delete_session(&self, id: &str) -> Result<()> {
        self.run("DELETE FROM session WHERE id = ?", vec![id.into()])
    }

    /// Deletes sessions that were opened before `age_cutoff`, and those that Lectern opened and that were last used before
    /// `idle_cutoff`.
    pub(in super::super) fn delete_sessions_before(
        &self,
        age_cutoff: Timestamp,
        idle_cutoff: Timestamp,
    ) -> Result<()> {
        self.run(
            "DELETE FROM session WHERE opened < ? OR (seen < ? AND way <> '\"access\"')",
            vec![age_cutoff.0.into(), idle_cutoff.0.into()],
        )
    }

    // ---- Revoked tokens of Cloudflare Access.

    /// Revokes tokens that were issued up to this time: a person's, everybody's, or one by its session's id. An existing
    /// revocation with a later time stays.
    pub(in super::super) fn revoke_tokens(&self, person: &str, until: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO ended (person, at) VALUES (?, ?)
             ON CONFLICT (person) DO UPDATE SET at = max(at, excluded.at)",
            vec![person.into(), until.0.into()],
        )
    }

    /// The issue time up to which the person's tokens are revoked.
    pub(in super::super) fn tokens_revoked_until(&self, person: &str) -> Result<Option<Timestamp>> {
        let rows: Vec<TimestampRow> =
            self.sql().exec("SELECT at FROM ended WHERE person = ?", vec![person.into()])?.to_array()?;
        Ok(rows.first().and_then(|row| row.at).map(timestamp_from_sql))
    }

    /// The issue time up to which a token is revoked that belongs to the person and is stored as this session.
    pub(in super::super) fn token_revoked_until(
        &self,
        person: &str,
        session: &str,
    ) -> Result<Option<Timestamp>> {
        let query = "SELECT max(at) AS at FROM ended WHERE person IN (?, ?, ?)";
        let rows: Vec<TimestampRow> =
            self.rows(query, vec![person.into(), session.into(), EVERYBODY.into()])?;
        Ok(rows.first().and_then(|row| row.at).map(timestamp_from_sql))
    }

    /// Deletes revocations of tokens that were issued before this time.
    pub(in super::super) fn delete_revocations_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM ended WHERE at < ?", vec![at.0.into()])
    }

    // ---- Failed sign-in attempts.

    /// The failed attempts of an address, given as a hash.
    pub(in super::super) fn tries(&self, address: &str) -> Result<LoginThrottle> {
        let rows: Vec<TriesRow> = self
            .sql()
            .exec("SELECT wrong, last FROM tries WHERE address = ?", vec![address.into()])?
            .to_array()?;
        Ok(rows.first().map_or_else(LoginThrottle::default, |row| LoginThrottle {
            wrong: row.wrong,
            last: timestamp_from_sql(row.last),
        }))
    }

    /// Stores the failed attempts of an address.
    pub(in super::super) fn put_tries(&self, address: &str, tries: LoginThrottle) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO tries (address, wrong, last) VALUES (?, ?, ?)",
            vec![address.into(), i64::from(tries.wrong).into(), tries.last.0.into()],
        )?;
        // Cheap: the table is small, and this runs only after a wrong key.
        self.run(
            "DELETE FROM tries WHERE address IN (SELECT address FROM tries ORDER BY last DESC LIMIT -1 OFFSET ?)",
            vec![MAX_ADDRESSES.into()],
        )
    }

    /// Deletes the failed attempts of an address.
    pub(in super::super) fn delete_tries(&self, address: &str) -> Result<()> {
        self.run("DELETE FROM tries WHERE address = ?", vec![address.into()])
    }

    /// Deletes the failed attempts of addresses whose last one was before this time.
    pub(in super::super) fn delete_tries_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM tries WHERE last < ?", vec![at.0.into()])
    }
}
