//! What the Register keeps of shares: who made which, the hash of what opens it, and the weeks that they show.
//!
//! A week is frozen once for everybody: what was written first stands, so that no two shares say two things of it. A share
//! has no numbers of its own.

use super::store::{Store, moment, whole};
use super::{Standings, standing_of};
use crate::errand::{Bearer, Change, Kept, Note, Opened, Stored, ToShares, Week};
use crate::{answer, seal};
use domain::api::AuditAction;
use domain::erasure::Invalidation;
use domain::problem::{Code, Problem};
use domain::scope::{Action, Role, authorize};
use domain::settings::Settings;
use domain::shares::{Share, ShareState, Shares};
use domain::time::{DAY, SECOND, Timestamp, parse_day};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use worker::{Response, Result, SqlStorageValue};

/// Made on first use; every statement can be repeated.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS share (
        id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, expires INTEGER NOT NULL,
        withdrawn INTEGER NOT NULL, opened INTEGER NOT NULL, last INTEGER, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS frozen (
        report TEXT NOT NULL, course TEXT NOT NULL, week TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (report, course, week));
    CREATE TABLE IF NOT EXISTS lost (
        window TEXT NOT NULL, course TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (window, course));
    CREATE TABLE IF NOT EXISTS gone (window TEXT PRIMARY KEY, generation INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, body TEXT NOT NULL);
";

/// In the place of a course where nobody knows whose rows were lost.
const EVERY_COURSE: &str = "";

/// Shares of one person at most.
const MOST_OF_ONE: usize = 500;

/// A share that is over for this long is deleted.
const KEPT_AFTER: i64 = 90 * DAY;

type Answered = Result<std::result::Result<Response, Problem>>;

#[derive(Deserialize)]
struct Row {
    id: String,
    owner: String,
    expires: f64,
    withdrawn: f64,
    opened: f64,
    last: Option<f64>,
    body: String,
}

#[derive(Deserialize)]
struct WeekRow {
    week: String,
    body: String,
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

#[derive(Deserialize)]
struct Found {
    report: String,
    course: String,
    week: String,
    body: String,
}

#[derive(Deserialize)]
struct Lost {
    window: String,
    course: String,
    generation: f64,
}

#[derive(Deserialize)]
struct Gone {
    window: String,
    generation: f64,
}

#[derive(Deserialize)]
struct Report {
    report: String,
}

/// Why a share is not renewed.
const WITHDRAWN: &str =
    "This share was withdrawn: rows that it counted are not there any more. Make another.";

/// Why a share is not renewed.
const OUT_OF_SCOPE: &str =
    "Its owner may not see this course any more: this share opens nothing, and can only be revoked.";

const ROW: &str = "SELECT id, owner, expires, withdrawn, opened, last, body FROM share";

/// Does what is asked of shares.
pub(super) fn answer(store: &Store, settings: &Settings, errand: ToShares, now: Timestamp) -> Answered {
    Ok(Ok(match errand {
        ToShares::Terms => answer::json(&(is_on(store)?, zone(store, settings)?))?,
        ToShares::List { person, all } => answer::json(&list(store, settings, &person, all, now)?)?,
        ToShares::Switch { on, person, note } => {
            store.keep_fact("off", &!on)?;
            store.note(&note, now)?;
            answer::json(&list(store, settings, &person, true, now)?)?
        }
        ToShares::Weeks { report, course } => answer::json(&weeks(store, &report, &course)?)?,
        ToShares::Freeze { report, course, zone: counted, weeks: new } => {
            let kept = store.fact::<String>("zone")?;
            if kept.is_none() {
                store.keep_fact("zone", &counted)?;
            }
            // Somebody else's share may have been the first meanwhile, in a zone that was set since.
            if kept.is_none_or(|kept| kept == counted) {
                for (week, frozen) in new {
                    freeze(store, &report, &course, &week, &frozen)?;
                }
            }
            answer::json(&weeks(store, &report, &course)?)?
        }
        ToShares::Make { id, token, stored, expires, note } => {
            if !is_on(store)? {
                return Ok(Err(switched_off()));
            }
            let of_one =
                store.rows::<Row>(&format!("{ROW} WHERE owner = ?"), vec![stored.owner.as_str().into()])?;
            if of_one.len() >= MOST_OF_ONE {
                return Ok(Err(Problem::new(
                    Code::Quota,
                    "You have 500 shares. Revoke some that nobody needs any more.",
                )));
            }
            let body = serde_json::to_string(&stored)?;
            store.run(
                "INSERT INTO share (id, token, owner, expires, withdrawn, opened, last, body)
                 VALUES (?, ?, ?, ?, 0, 0, NULL, ?)",
                vec![id.as_str().into(), token.into(), stored.owner.into(), expires.0.into(), body.into()],
            )?;
            // A week that was spent while this was made is none that it may show.
            withdraw_what_is_spent(store)?;
            store.note(&note, now)?;
            answer::json(&one(store, settings, &id, &note.person, now)?)?
        }
        ToShares::Change { id, person, all, change, note } => {
            let Some(row) = of(store, &id, &person, all)? else { return Ok(Err(unknown())) };
            let Change { name, expires, origins, token } = change;
            let mut stored: Stored = serde_json::from_str(&row.body)?;
            let state = state(store, settings, &row, &stored, now, &mut Standings::default())?;
            let why = match state {
                ShareState::Open | ShareState::Expired => None,
                ShareState::Withdrawn => Some(WITHDRAWN),
                ShareState::OutOfScope => Some(OUT_OF_SCOPE),
            };
            if let Some(why) = why.filter(|_| expires.is_some() || token.is_some() || origins.is_some()) {
                return Ok(Err(Problem::new(Code::BadShare, why)));
            }
            stored.name = name.unwrap_or(stored.name);
            stored.origins = origins.unwrap_or(stored.origins);
            let expires = expires.unwrap_or(moment(row.expires));
            store.run(
                "UPDATE share SET body = ?, expires = ? WHERE id = ?",
                vec![serde_json::to_string(&stored)?.into(), expires.0.into(), id.as_str().into()],
            )?;
            if let Some(token) = token {
                store
                    .run("UPDATE share SET token = ? WHERE id = ?", vec![token.into(), id.as_str().into()])?;
            }
            store.note(&note, now)?;
            answer::json(&one(store, settings, &id, &person, now)?)?
        }
        ToShares::Revoke { id, person, all, note } => {
            if of(store, &id, &person, all)?.is_none() {
                return Ok(Err(unknown()));
            }
            store.run("DELETE FROM share WHERE id = ?", vec![id.into()])?;
            store.note(&note, now)?;
            answer::json(&true)?
        }
        ToShares::Open(bearer) => return open(store, settings, &bearer, now),
        ToShares::Origins { id } => {
            // One that does not open is nobody's to embed: whoever knows an id learns nothing from that.
            let told = one(store, settings, &id, "", now)?.filter(|share| share.state == ShareState::Open);
            let is_on = is_on(store)?;
            answer::json(&told.filter(|_| is_on).map(|share| share.origins).unwrap_or_default())?
        }
        ToShares::Lost(loss) => {
            lose(store, &loss)?;
            answer::json(&true)?
        }
    }))
}

/// Deletes shares that are long over.
pub(super) fn sweep(store: &Store, now: Timestamp) -> Result<()> {
    store.run("DELETE FROM share WHERE expires < ?", vec![now.plus(-KEPT_AFTER).0.into()])
}

fn is_on(store: &Store) -> Result<bool> {
    Ok(!store.fact::<bool>("off")?.unwrap_or(false))
}

/// The zone of the weeks: that of the first share, whatever the settings say later, so that weeks are never cut anew.
fn zone(store: &Store, settings: &Settings) -> Result<String> {
    Ok(store.fact("zone")?.unwrap_or_else(|| settings.time_zone.clone()))
}

fn list(store: &Store, settings: &Settings, person: &str, all: bool, now: Timestamp) -> Result<Shares> {
    let condition = if all { "?1 = ?1" } else { "owner = ?1" };
    let rows: Vec<Row> = store.rows(&format!("{ROW} WHERE {condition}"), vec![person.into()])?;
    let mut standings = Standings::default();
    let shares = rows.into_iter().map(|row| told(store, settings, row, person, now, &mut standings));
    let mut shares: Vec<Share> = shares.collect::<Result<_>>()?;
    shares.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| a.id.cmp(&b.id)));
    Ok(Shares { shares, on: is_on(store)?, time_zone: zone(store, settings)?, smallest: settings.smallest })
}

fn one(store: &Store, settings: &Settings, id: &str, person: &str, now: Timestamp) -> Result<Option<Share>> {
    let rows: Vec<Row> = store.rows(&format!("{ROW} WHERE id = ?"), vec![id.into()])?;
    let mut standings = Standings::default();
    rows.into_iter().next().map(|row| told(store, settings, row, person, now, &mut standings)).transpose()
}

/// A share, if it is this person's, or they see all.
fn of(store: &Store, id: &str, person: &str, all: bool) -> Result<Option<Row>> {
    let rows: Vec<Row> = store.rows(&format!("{ROW} WHERE id = ?"), vec![id.into()])?;
    Ok(rows.into_iter().next().filter(|row| all || row.owner == person))
}

fn told(
    store: &Store,
    settings: &Settings,
    row: Row,
    person: &str,
    now: Timestamp,
    standings: &mut Standings,
) -> Result<Share> {
    let stored: Stored = serde_json::from_str(&row.body)?;
    let state = state(store, settings, &row, &stored, now, standings)?;
    Ok(Share {
        id: row.id,
        mine: row.owner == person,
        owner: row.owner,
        name: stored.name,
        report: stored.report,
        course: stored.course,
        section: stored.section,
        from: stored.from,
        to: stored.to,
        made: stored.made,
        expires: moment(row.expires),
        opened: whole(row.opened),
        last: row.last.map(moment),
        origins: stored.origins,
        state,
    })
}

/// Whether a share opens.
fn state(
    store: &Store,
    settings: &Settings,
    row: &Row,
    stored: &Stored,
    now: Timestamp,
    standings: &mut Standings,
) -> Result<ShareState> {
    Ok(if row.withdrawn > 0.0 {
        ShareState::Withdrawn
    } else if !may_still(store, settings, stored, standings)? {
        ShareState::OutOfScope
    } else if moment(row.expires) <= now {
        ShareState::Expired
    } else {
        ShareState::Open
    })
}

/// Whether the owner may still see what they shared.
fn may_still(store: &Store, settings: &Settings, stored: &Stored, known: &mut Standings) -> Result<bool> {
    let standing = match known.get(&stored.owner) {
        Some(standing) => standing.clone(),
        None => {
            let standing = standing_of(store, settings, &stored.owner, stored.way)?;
            known.insert(stored.owner.clone(), standing.clone());
            standing
        }
    };
    let doing = Action::CreateShare { course: &stored.course, section: stored.section.as_deref() };
    Ok(authorize(&stored.owner, standing.as_ref(), doing).is_ok())
}

fn weeks(store: &Store, report: &str, course: &str) -> Result<Vec<(String, Week)>> {
    let query = "SELECT week, body FROM frozen WHERE report = ? AND course = ? ORDER BY week";
    let rows: Vec<WeekRow> = store.rows(query, vec![report.into(), course.into()])?;
    rows.into_iter().map(|row| Ok((row.week, serde_json::from_str(&row.body)?))).collect()
}

/// Keeps a week, unless it is kept already. Of rows that are lost meanwhile nothing is kept.
fn freeze(store: &Store, report: &str, course: &str, week: &str, frozen: &Week) -> Result<()> {
    if losses(store, report)?.has(course, frozen) {
        return Ok(());
    }
    store.run(
        "INSERT OR IGNORE INTO frozen (report, course, week, body) VALUES (?, ?, ?, ?)",
        vec![report.into(), course.into(), week.into(), serde_json::to_string(frozen)?.into()],
    )
}

/// Notes what is gone. Weeks that counted it are spent, and shares that show these weeks withdrawn.
///
/// Of copies that went for their age or for a newer one nobody can say what they held: they count as lost as soon as
/// something is forgotten that they may have held.
fn lose(store: &Store, loss: &Invalidation) -> Result<()> {
    const LOSE: &str = "INSERT INTO lost (window, course, generation) VALUES (?, ?, ?)
        ON CONFLICT (window, course) DO UPDATE SET generation = max(generation, excluded.generation)";
    let lose = |window: &str, course: &str, before: u32| {
        store.run(LOSE, vec![window.into(), course.to_ascii_lowercase().into(), i64::from(before).into()])
    };
    match loss {
        Invalidation::Rows { window, courses: Some(courses), before } => {
            for course in courses {
                lose(window, course, *before)?;
            }
        }
        Invalidation::Rows { window, courses: None, before } => lose(window, EVERY_COURSE, *before)?,
        Invalidation::Copies { window, before } => {
            return store.run(
                "INSERT INTO gone (window, generation) VALUES (?, ?)
                 ON CONFLICT (window) DO UPDATE SET generation = max(generation, excluded.generation)",
                vec![window.as_str().into(), i64::from(*before).into()],
            );
        }
        Invalidation::Person | Invalidation::Course(_) | Invalidation::Weeks { .. } => {
            let course = if let Invalidation::Course(id) = loss { id.as_str() } else { EVERY_COURSE };
            for gone in store.rows::<Gone>("SELECT window, generation FROM gone", Vec::new())? {
                if may_lie_in(&gone.window, loss) {
                    lose(&gone.window, course, generation(gone.generation))?;
                }
            }
        }
    }
    spend_what_is_lost(store)?;
    withdraw_what_is_spent(store)
}

/// Whether a window may have held what is forgotten.
fn may_lie_in(window: &str, loss: &Invalidation) -> bool {
    let Some((of, id)) = window.split_once('/') else { return true };
    let (report, days) = match loss {
        Invalidation::Weeks { report, days } => (report, days),
        // The library's reports name nobody.
        Invalidation::Person => return !of.starts_with("asset"),
        _ => return true,
    };
    // The id of a window begins with its first day, where it has days.
    let first = id.get(..10).and_then(parse_day);
    report.as_ref().is_none_or(|report| report == of)
        && first.is_some_and(|first| days.from() <= first && first <= days.to())
}

/// What was lost of a report: generations by window and course.
struct Losses(BTreeMap<(String, String), u32>);

impl Losses {
    /// Whether a week counted any of it.
    fn has(&self, course: &str, week: &Week) -> bool {
        let is_before = |window: &str, course: &str, generation: u32| {
            let lost = self.0.get(&(window.to_owned(), course.to_owned()));
            lost.is_some_and(|before| generation < *before)
        };
        week.sources.iter().any(|(window, generation)| {
            [EVERY_COURSE, course].iter().any(|course| is_before(window, course, *generation))
        })
    }
}

fn losses(store: &Store, report: &str) -> Result<Losses> {
    let query = "SELECT window, course, generation FROM lost WHERE window >= ? AND window < ?";
    // The next character after a slash ends what begins with the report's name and a slash.
    let rows: Vec<Lost> =
        store.rows(query, vec![format!("{report}/").into(), format!("{report}0").into()])?;
    let by_place = rows.into_iter().map(|row| ((row.window, row.course), generation(row.generation)));
    Ok(Losses(by_place.collect()))
}

fn generation(stored: f64) -> u32 {
    u32::try_from(whole(stored)).unwrap_or(u32::MAX)
}

fn spend_what_is_lost(store: &Store) -> Result<()> {
    let reports: Vec<Report> = store.rows("SELECT DISTINCT report FROM frozen", Vec::new())?;
    for Report { report } in reports {
        let losses = losses(store, &report)?;
        let query = "SELECT report, course, week, body FROM frozen WHERE report = ?";
        for found in store.rows::<Found>(query, vec![report.as_str().into()])? {
            let frozen: Week = serde_json::from_str(&found.body)?;
            if frozen.spent || !losses.has(&found.course, &frozen) {
                continue;
            }
            let spent = Week { spent: true, sources: frozen.sources, ..Week::default() };
            store.run(
                "UPDATE frozen SET body = ? WHERE report = ? AND course = ? AND week = ?",
                vec![
                    serde_json::to_string(&spent)?.into(),
                    found.report.into(),
                    found.course.into(),
                    found.week.into(),
                ],
            )?;
        }
    }
    Ok(())
}

/// Withdraws every share that shows a week that is spent.
fn withdraw_what_is_spent(store: &Store) -> Result<()> {
    let spent: BTreeSet<(String, String, String)> = store
        .rows::<Found>(
            "SELECT report, course, week, body FROM frozen WHERE body LIKE '%\"spent\":true%'",
            Vec::new(),
        )?
        .into_iter()
        .map(|found| (found.report, found.course, found.week))
        .collect();
    if spent.is_empty() {
        return Ok(());
    }
    for row in store.rows::<Row>(&format!("{ROW} WHERE withdrawn = 0"), Vec::new())? {
        let stored: Stored = serde_json::from_str(&row.body)?;
        let shows = |kept: &Kept| {
            let key = |week: &String| (kept.report.as_str().to_owned(), stored.course.clone(), week.clone());
            kept.weeks.iter().any(|week| spent.contains(&key(week)))
        };
        if stored.panels.iter().any(shows) {
            store.run("UPDATE share SET withdrawn = 1 WHERE id = ?", vec![row.id.into()])?;
        }
    }
    Ok(())
}

/// Opens a share. Whatever there is no share for takes the same way: one query decides, and a try is noted. A right token is
/// never slowed: nobody guesses 256 bits, and many people read one course page from behind one address.
fn open(store: &Store, settings: &Settings, bearer: &Bearer, now: Timestamp) -> Answered {
    let Bearer { token, id, address } = bearer;
    let query = format!("{ROW} WHERE token = ? AND expires > ? AND withdrawn = 0");
    let rows: Vec<Row> = store.rows(&query, vec![token.as_str().into(), now.0.into()])?;
    let found =
        rows.into_iter().next().map(|row| Ok::<_, worker::Error>((serde_json::from_str(&row.body)?, row)));
    let found: Option<(Stored, Row)> = found.transpose()?;
    let mut standings = Standings::default();
    let is_open = match &found {
        Some((stored, _)) => may_still(store, settings, stored, &mut standings)?,
        None => store.person("")?.is_some(),
    };
    let found = found.filter(|(_, row)| is_open && id.as_ref().is_none_or(|id| *id == row.id));
    if !is_on(store)? || found.is_none() {
        return Ok(Err(miss(store, address, now)?));
    }
    let Some((stored, row)) = found else { return Ok(Err(gone())) };
    store.run(
        "UPDATE share SET opened = opened + 1, last = ? WHERE id = ?",
        vec![now.0.into(), row.id.as_str().into()],
    )?;
    let view = format!("{} {} course {}", row.id, stored.report, stored.course);
    let note = Note { what: AuditAction::ShareOpened, view, ..Note::refused("") };
    store.note(&note, now)?;
    let mut panels = Vec::new();
    for kept in &stored.panels {
        let all = weeks(store, kept.report.as_str(), &stored.course)?;
        panels.push(all.into_iter().filter(|(week, _)| kept.weeks.contains(week)).collect());
    }
    let (expires, time_zone) = (moment(row.expires), zone(store, settings)?);
    Ok(Ok(answer::json(&Opened { stored, expires, panels, time_zone })?))
}

/// A token that opens nothing, told as every other; who brings many waits.
fn miss(store: &Store, address: &str, now: Timestamp) -> Result<Problem> {
    let key = match store.fact::<String>("address")? {
        Some(key) => key,
        None => {
            let key = seal::new_id().map_err(|problem| worker::Error::RustError(problem.detail))?;
            store.keep_fact("address", &key)?;
            key
        }
    };
    let address = format!("share {}", seal::digest(&format!("{key} {address}")));
    let mut tries = store.tries(&address)?;
    if let Some(wait) = tries.wait(now) {
        let seconds = u32::try_from((wait + SECOND - 1) / SECOND).unwrap_or(u32::MAX);
        let detail = "Several links that open nothing came from this address. Wait a while before the next.";
        return Ok(Problem::new(Code::TooManyTries, detail).retry_after(seconds));
    }
    tries.record_failure(now);
    store.put_tries(&address, tries)?;
    Ok(gone())
}

pub(super) fn gone() -> Problem {
    Problem::new(
        Code::ShareGone,
        "It may have expired, have been revoked, or be cut short. Ask whoever gave it to you.",
    )
}

fn unknown() -> Problem {
    Problem::new(Code::UnknownShare, "There is no such share: it may have been revoked.")
}

fn switched_off() -> Problem {
    Problem::new(Code::SharesOff, "An administrator has switched shares off for the whole institution.")
}

impl Store {
    fn rows<T: for<'a> Deserialize<'a>>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>> {
        self.sql().exec(query, values)?.to_array()
    }

    fn fact<T: for<'a> Deserialize<'a>>(&self, name: &str) -> Result<Option<T>> {
        let rows: Vec<Body> = self.rows("SELECT body FROM fact WHERE name = ?", vec![name.into()])?;
        rows.first().map(|row| Ok(serde_json::from_str(&row.body)?)).transpose()
    }

    fn keep_fact<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let body = serde_json::to_string(value)?;
        self.run("INSERT OR REPLACE INTO fact (name, body) VALUES (?, ?)", vec![name.into(), body.into()])
    }
}

/// Whether this role sees and revokes everybody's shares.
pub(crate) fn sees_all(role: Option<Role>) -> bool {
    role == Some(Role::Administrator)
}
