//! Tables of people, sessions, revoked tokens and failed sign-in attempts.

use super::super::store::{BodyRow, Store, timestamp_from_sql};
use domain::api::Person;
use domain::auth_method::AuthMethod;
use domain::login_throttle::LoginThrottle;
use domain::session::OpenSession;
use domain::time::Timestamp;
use serde::Deserialize;
use worker::Result;

/// - `session.way` is the sign-in method as JSON, `session.seal` the value that the session is bound to.
/// - `ended.at`: tokens of Cloudflare Access issued to the person up to this time are revoked.
/// - `tries.address` is a hash, `tries.wrong` the number of wrong keys.
pub(in super::super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS person (email TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS session (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, way TEXT NOT NULL, seal TEXT NOT NULL, seen INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS ended (person TEXT PRIMARY KEY, at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS tries (address TEXT PRIMARY KEY, wrong INTEGER NOT NULL, last INTEGER NOT NULL);
";

/// Maximum number of addresses in `tries`, so that a flood from many addresses does not fill the disk.
const MAX_ADDRESSES: i64 = 10_000;

#[derive(Deserialize)]
struct SessionRow {
    person: String,
    way: String,
    seal: String,
    seen: f64,
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

    /// A session, by the hash of its id.
    pub(in super::super) fn session(&self, id: &str) -> Result<Option<OpenSession>> {
        let query = "SELECT person, way, seal, seen FROM session WHERE id = ?";
        let rows: Vec<SessionRow> = self.sql().exec(query, vec![id.into()])?.to_array()?;
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

    /// Stores a session that was opened at `now`.
    pub(in super::super) fn put_session(
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

    /// Records that a session was used.
    pub(in super::super) fn touch_session(&self, id: &str, now: Timestamp) -> Result<()> {
        self.run("UPDATE session SET seen = ? WHERE id = ?", vec![now.0.into(), id.into()])
    }

    /// Deletes a session.
    pub(in super::super) fn delete_session(&self, id: &str) -> Result<()> {
        self.run("DELETE FROM session WHERE id = ?", vec![id.into()])
    }

    /// Deletes sessions that were last used before this time.
    pub(in super::super) fn delete_sessions_before(&self, at: Timestamp) -> Result<()> {
        self.run("DELETE FROM session WHERE seen < ?", vec![at.0.into()])
    }

    // ---- Revoked tokens of Cloudflare Access.

    /// Revokes the person's tokens that were issued up to this time. An existing revocation with a later time
    /// stays.
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
        Ok(rows.first().map(|row| timestamp_from_sql(row.at)))
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
