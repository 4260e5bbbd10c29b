//! Shares and the weeks that they publish. A share has an owner, a link, and the weeks that it shows.
//!
//! A week is published once for all shares: the numbers stored first never change, so that no two shares
//! contradict each other. Only numbers published by older rules are replaced. A share stores no numbers of its own.

use super::accounts::{AssignmentCache, current_assignment};
use super::store::{Store, count_from_sql, timestamp_from_sql};
use crate::rpc::{
    LinkedShare, OpenShareResponse, OpenedShare, ShareChange, SharesCommand, StoredPanel, StoredShare,
    StoredWeek,
};
use crate::{crypto, response};
use domain::api::AuditAction;
use domain::audit_log::AuditEntry;
use domain::erasure::Invalidation;
use domain::ids::CourseId;
use domain::problem::{Code, Problem};
use domain::report::KnownReport;
use domain::role::Role;
use domain::scope::{Action, authorize};
use domain::settings::{Secret, Settings};
use domain::share_link::ShareLink;
use domain::shares::{Share, ShareState, Shares};
use domain::time::{DAY, Timestamp, parse_day};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use worker::{Response, Result};

/// - `share.token`: the hash of a random token, or the share's id. Neither opens anything: links are signed now.
/// - `share_link`: the version of a share's link, and when its token was first in a path. A share from before
///   links were signed has none.
/// - `frozen`: published weeks.
/// - `lost`: erased rows, by window and course: copies before `generation` counted them.
/// - `gone`: copies before `generation` that were replaced or deleted for their age, by window.
pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS share (
        id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, expires INTEGER NOT NULL,
        withdrawn INTEGER NOT NULL, opened INTEGER NOT NULL, last INTEGER, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS share_link (
        id TEXT PRIMARY KEY, version INTEGER NOT NULL, exposed INTEGER);
    CREATE TABLE IF NOT EXISTS frozen (
        report TEXT NOT NULL, course TEXT NOT NULL, week TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (report, course, week));
    CREATE TABLE IF NOT EXISTS lost (
        window TEXT NOT NULL, course TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (window, course));
    CREATE TABLE IF NOT EXISTS gone (window TEXT PRIMARY KEY, generation INTEGER NOT NULL);
";

/// `lost.course` if rows of any course may have been erased.
const EVERY_COURSE: &str = "";

/// Maximum number of shares that one person can own.
const MAX_SHARES_PER_PERSON: usize = 500;

/// How long a share stays stored after it expires.
const KEPT_AFTER_EXPIRY: i64 = 90 * DAY;

type HandlerResult = Result<std::result::Result<Response, Problem>>;

#[derive(Deserialize)]
struct ShareRow {
    id: String,
    owner: String,
    expires: f64,
    withdrawn: f64,
    opened: f64,
    last: Option<f64>,
    body: String,
    version: Option<u32>,
    exposed: Option<f64>,
}

#[derive(Deserialize)]
struct WeekRow {
    week: String,
    body: String,
}

#[derive(Deserialize)]
struct StoredWeekRow {
    report: String,
    course: String,
    week: String,
    body: String,
}

#[derive(Deserialize)]
struct LossRow {
    window: String,
    course: String,
    generation: f64,
}

#[derive(Deserialize)]
struct DeletedCopiesRow {
    window: String,
    generation: f64,
}

#[derive(Deserialize)]
struct LinkVersionRow {
    version: u32,
}

#[derive(Deserialize)]
struct ReportRow {
    report: String,
}

/// The problem's detail when a withdrawn share is updated.
const WITHDRAWN: &str = "This share was withdrawn: rows that it counted were deleted. Create another.";

/// The problem's detail when a share is updated whose owner has lost access to the course.
const OUT_OF_SCOPE: &str =
    "Its owner can no longer see this course: this share shows nothing, and can only be revoked.";

const SELECT_SHARE: &str = "SELECT id, owner, expires, withdrawn, opened, last, body, version, exposed
    FROM share LEFT JOIN share_link USING (id)";

/// The fact with the key that signs the tokens of links.
const LINK_KEY_FACT: &str = "link key";

/// The fact with how many published weeks were replaced, because they were published by older rules.
const REPLACED_WEEKS_FACT: &str = "replaced weeks";

/// Handles a command about shares.
pub(super) fn handle(
    store: &Store,
    settings: &Settings,
    command: SharesCommand,
    now: Timestamp,
) -> HandlerResult {
    Ok(Ok(match command {
        SharesCommand::GetSettings => response::json(&(is_on(store)?, time_zone(store, settings)?))?,
        SharesCommand::List { person, all } => {
            response::json(&list_shares(store, settings, &person, all, now)?)?
        }
        SharesCommand::SetEnabled { on, person, audit_entry } => {
            store.put_fact("off", &!on)?;
            store.append_audit_entry(&audit_entry, now)?;
            response::json(&list_shares(store, settings, &person, true, now)?)?
        }
        SharesCommand::ListWeeks { report, course } => {
            response::json(&published_weeks(store, &report, &course)?)?
        }
        SharesCommand::PublishWeeks { report, course, zone, weeks } => {
            let stored_zone = store.fact::<String>("zone")?;
            if stored_zone.is_none() {
                store.put_fact("zone", &zone)?;
            }
            // Another share may have been created first, in the zone configured before.
            if stored_zone.is_none_or(|stored_zone| stored_zone == zone) {
                let losses = Losses::load(store)?;
                for (week, numbers) in weeks {
                    publish_week(store, &losses, &report, &course, &week, &numbers)?;
                }
            }
            response::json(&published_weeks(store, &report, &course)?)?
        }
        SharesCommand::Create { id, stored, expires, audit_entry } => {
            if !is_on(store)? {
                return Ok(Err(shares_off()));
            }
            let owned_shares = store.rows::<ShareRow>(
                &format!("{SELECT_SHARE} WHERE owner = ?"),
                vec![stored.owner.as_str().into()],
            )?;
            if owned_shares.len() >= MAX_SHARES_PER_PERSON {
                return Ok(Err(Problem::new(
                    Code::Quota,
                    format!(
                        "You have {MAX_SHARES_PER_PERSON} shares. Revoke some that nobody needs any more."
                    ),
                )));
            }
            let body = serde_json::to_string(&stored)?;
            store.run(
                "INSERT INTO share (id, token, owner, expires, withdrawn, opened, last, body)
                 VALUES (?, ?, ?, ?, 0, 0, NULL, ?)",
                vec![
                    id.as_str().into(),
                    id.as_str().into(),
                    stored.owner.into(),
                    expires.0.into(),
                    body.into(),
                ],
            )?;
            let token = replace_link(store, &id)?;
            // A week may have been invalidated while this share was being created.
            withdraw_invalidated_shares(store)?;
            store.append_audit_entry(&audit_entry, now)?;
            let share = find_share(store, settings, &id, &audit_entry.person, now)?;
            response::json(&LinkedShare { share, token: Some(token) })?
        }
        SharesCommand::Update { id, person, all, change, audit_entry } => {
            let Some(row) = find_owned(store, &id, &person, all)? else { return Ok(Err(unknown_share())) };
            let ShareChange { name, expires, origins, rotate } = change;
            let mut stored: StoredShare = serde_json::from_str(&row.body)?;
            let state = share_state(store, settings, &row, &stored, now, &mut AssignmentCache::default())?;
            let detail = match state {
                ShareState::Open | ShareState::Expired | ShareState::Outdated => None,
                ShareState::Withdrawn => Some(WITHDRAWN),
                ShareState::OutOfScope => Some(OUT_OF_SCOPE),
            };
            if let Some(detail) = detail.filter(|_| expires.is_some() || rotate || origins.is_some()) {
                return Ok(Err(Problem::new(Code::BadShare, detail)));
            }
            stored.name = name.unwrap_or(stored.name);
            stored.origins = origins.unwrap_or(stored.origins);
            let expires = expires.unwrap_or(timestamp_from_sql(row.expires));
            store.run(
                "UPDATE share SET body = ?, expires = ? WHERE id = ?",
                vec![serde_json::to_string(&stored)?.into(), expires.0.into(), id.as_str().into()],
            )?;
            let token = if rotate { Some(replace_link(store, &id)?) } else { None };
            store.append_audit_entry(&audit_entry, now)?;
            response::json(&LinkedShare { share: find_share(store, settings, &id, &person, now)?, token })?
        }
        SharesCommand::Revoke { id, person, all, audit_entry } => {
            if find_owned(store, &id, &person, all)?.is_none() {
                return Ok(Err(unknown_share()));
            }
            store.run("DELETE FROM share WHERE id = ?", vec![id.into()])?;
            delete_unused_links(store)?;
            store.append_audit_entry(&audit_entry, now)?;
            response::json(&true)?
        }
        SharesCommand::GetLinkKey => response::json(&link_key(store)?.reveal())?,
        SharesCommand::OpenShare { link, cached } => {
            return open_share(store, settings, &link, cached.as_deref(), now);
        }
        SharesCommand::CountOpening(link) => return count_opening(store, settings, &link, now),
        SharesCommand::RecordExposure(ShareLink { id, version }) => {
            store.run(
                "UPDATE share_link SET exposed = ? WHERE id = ? AND version = ? AND exposed IS NULL",
                vec![now.0.into(), id.into(), i64::from(version).into()],
            )?;
            response::json(&true)?
        }
        SharesCommand::GetOrigins { id } => {
            // A share that does not open allows no origin, so that probing ids reveals nothing.
            let share =
                find_share(store, settings, &id, "", now)?.filter(|share| share.state == ShareState::Open);
            let is_on = is_on(store)?;
            response::json(&share.filter(|_| is_on).map(|share| share.origins).unwrap_or_default())?
        }
        SharesCommand::RecordLoss(loss) => {
            record_loss(store, &loss)?;
            response::json(&true)?
        }
    }))
}

/// Deletes shares that expired long ago.
pub(super) fn delete_expired(store: &Store, now: Timestamp) -> Result<()> {
    store.run("DELETE FROM share WHERE expires < ?", vec![now.plus(-KEPT_AFTER_EXPIRY).0.into()])?;
    delete_unused_links(store)
}

fn delete_unused_links(store: &Store) -> Result<()> {
    store.run("DELETE FROM share_link WHERE id NOT IN (SELECT id FROM share)", Vec::new())
}

/// The key that signs the tokens of links. It is random and generated once.
fn link_key(store: &Store) -> Result<Secret> {
    if let Some(key) = store.fact::<String>(LINK_KEY_FACT)? {
        return Ok(Secret::new(key));
    }
    let key = crypto::new_key().map_err(|problem| problem.detail)?;
    store.put_fact(LINK_KEY_FACT, &key)?;
    Ok(Secret::new(key))
}

/// Raises the version of a share's link, so that the earlier link stops working. Returns the new token.
fn replace_link(store: &Store, id: &str) -> Result<String> {
    let rows: Vec<LinkVersionRow> = store.rows(
        "INSERT INTO share_link (id, version, exposed) VALUES (?, 1, NULL)
         ON CONFLICT (id) DO UPDATE SET version = version + 1, exposed = NULL RETURNING version",
        vec![id.into()],
    )?;
    let version = rows.first().map_or(0, |row| row.version);
    // An earlier release, after a rollback, would accept the random token of before.
    store.run("UPDATE share SET token = id WHERE id = ?", vec![id.into()])?;
    let link = ShareLink { id: id.to_owned(), version };
    let token = crypto::share_token(&link_key(store)?, &link);
    token.ok_or_else(|| worker::Error::RustError("The link of a share cannot be signed.".to_owned()))
}

fn is_on(store: &Store) -> Result<bool> {
    Ok(!store.fact::<bool>("off")?.unwrap_or(false))
}

/// The time zone of published weeks: that of the first share, even if the setting changes later, since
/// another zone would cut weeks differently.
fn time_zone(store: &Store, settings: &Settings) -> Result<String> {
    Ok(store.fact("zone")?.unwrap_or_else(|| settings.time_zone.clone()))
}

fn list_shares(
    store: &Store,
    settings: &Settings,
    person: &str,
    all: bool,
    now: Timestamp,
) -> Result<Shares> {
    let condition = if all { "?1 = ?1" } else { "owner = ?1" };
    let rows: Vec<ShareRow> =
        store.rows(&format!("{SELECT_SHARE} WHERE {condition}"), vec![person.into()])?;
    let mut assignments = AssignmentCache::default();
    let shares = rows.into_iter().map(|row| describe(store, settings, row, person, now, &mut assignments));
    let mut shares: Vec<Share> = shares.collect::<Result<_>>()?;
    shares.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| a.id.cmp(&b.id)));
    Ok(Shares {
        shares,
        on: is_on(store)?,
        time_zone: time_zone(store, settings)?,
        smallest: settings.smallest,
    })
}

fn find_share(
    store: &Store,
    settings: &Settings,
    id: &str,
    person: &str,
    now: Timestamp,
) -> Result<Option<Share>> {
    let rows: Vec<ShareRow> = store.rows(&format!("{SELECT_SHARE} WHERE id = ?"), vec![id.into()])?;
    let mut assignments = AssignmentCache::default();
    rows.into_iter()
        .next()
        .map(|row| describe(store, settings, row, person, now, &mut assignments))
        .transpose()
}

/// The share with this id, if this person owns it or `all` is set.
fn find_owned(store: &Store, id: &str, person: &str, all: bool) -> Result<Option<ShareRow>> {
    let rows: Vec<ShareRow> = store.rows(&format!("{SELECT_SHARE} WHERE id = ?"), vec![id.into()])?;
    Ok(rows.into_iter().next().filter(|row| all || row.owner == person))
}

fn describe(
    store: &Store,
    settings: &Settings,
    row: ShareRow,
    person: &str,
    now: Timestamp,
    assignments: &mut AssignmentCache,
) -> Result<Share> {
    let stored: StoredShare = serde_json::from_str(&row.body)?;
    let state = share_state(store, settings, &row, &stored, now, assignments)?;
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
        expires: timestamp_from_sql(row.expires),
        opened: count_from_sql(row.opened),
        last: row.last.map(timestamp_from_sql),
        origins: stored.origins,
        state,
        exposed: row.exposed.map(timestamp_from_sql),
    })
}

/// Whether a share opens, or why not.
fn share_state(
    store: &Store,
    settings: &Settings,
    row: &ShareRow,
    stored: &StoredShare,
    now: Timestamp,
    assignments: &mut AssignmentCache,
) -> Result<ShareState> {
    Ok(if row.withdrawn > 0.0 {
        ShareState::Withdrawn
    } else if !is_owner_authorized(store, settings, stored, assignments)? {
        ShareState::OutOfScope
    } else if timestamp_from_sql(row.expires) <= now {
        ShareState::Expired
    } else if row.version.is_none() {
        ShareState::Outdated
    } else {
        ShareState::Open
    })
}

/// Whether the owner may still see the course or section that they shared.
fn is_owner_authorized(
    store: &Store,
    settings: &Settings,
    stored: &StoredShare,
    assignments: &mut AssignmentCache,
) -> Result<bool> {
    let role_assignment = match assignments.get(&stored.owner) {
        Some(role_assignment) => role_assignment.clone(),
        None => {
            let role_assignment = current_assignment(store, settings, &stored.owner, stored.auth_method)?;
            assignments.insert(stored.owner.clone(), role_assignment.clone());
            role_assignment
        }
    };
    let action = Action::CreateShare { course: &stored.course, section: stored.section.as_ref() };
    Ok(authorize(&stored.owner, role_assignment.as_ref(), action).is_ok())
}

fn published_weeks(store: &Store, report: &str, course: &CourseId) -> Result<Vec<(String, StoredWeek)>> {
    let query = "SELECT week, body FROM frozen WHERE report = ? AND course = ? ORDER BY week";
    let rows: Vec<WeekRow> = store.rows(query, vec![report.into(), course.as_str().into()])?;
    rows.into_iter().map(|row| Ok((row.week, serde_json::from_str(&row.body)?))).collect()
}

/// Stores a week, unless it is already stored by the current rules or rows that it counts have been erased in the
/// meantime.
fn publish_week(
    store: &Store,
    losses: &Losses,
    report: &str,
    course: &CourseId,
    week: &str,
    numbers: &StoredWeek,
) -> Result<()> {
    if losses.affects(course.as_str(), &numbers.sources) {
        return Ok(());
    }
    let query = "SELECT week, body FROM frozen WHERE report = ? AND course = ? AND week = ?";
    let key = vec![report.into(), course.as_str().into(), week.into()];
    if let Some(WeekRow { body, .. }) = store.rows::<WeekRow>(query, key)?.first() {
        if !serde_json::from_str::<StoredWeek>(body)?.is_replaceable() {
            return Ok(());
        }
        store.put_fact(REPLACED_WEEKS_FACT, &(replaced_weeks(store)? + 1))?;
    }
    store.run(
        "INSERT OR REPLACE INTO frozen (report, course, week, body) VALUES (?, ?, ?, ?)",
        vec![report.into(), course.as_str().into(), week.into(), serde_json::to_string(numbers)?.into()],
    )
}

/// Records that rows were erased: invalidates the weeks that counted them, and withdraws the shares that show
/// those weeks.
///
/// The content of a copy that was replaced, or deleted for its age, is no longer known. As soon as something
/// is erased that it may have contained, its rows count as erased.
fn record_loss(store: &Store, loss: &Invalidation) -> Result<()> {
    const INSERT_LOSS: &str = "INSERT INTO lost (window, course, generation) VALUES (?, ?, ?)
        ON CONFLICT (window, course) DO UPDATE SET generation = max(generation, excluded.generation)";
    let insert_loss = |window: &str, course: &str, before: u32| {
        store.run(INSERT_LOSS, vec![window.into(), course.into(), i64::from(before).into()])
    };
    match loss {
        Invalidation::Rows { window, courses: Some(courses), before } => {
            for course in courses {
                insert_loss(window, course.as_str(), *before)?;
            }
        }
        Invalidation::Rows { window, courses: None, before } => insert_loss(window, EVERY_COURSE, *before)?,
        Invalidation::Copies { window, before } => {
            return store.run(
                "INSERT INTO gone (window, generation) VALUES (?, ?)
                 ON CONFLICT (window) DO UPDATE SET generation = max(generation, excluded.generation)",
                vec![window.as_str().into(), i64::from(*before).into()],
            );
        }
        Invalidation::Person | Invalidation::Course(_) | Invalidation::Weeks { .. } => {
            let course = if let Invalidation::Course(id) = loss { id.as_str() } else { EVERY_COURSE };
            for copies in store.rows::<DeletedCopiesRow>("SELECT window, generation FROM gone", Vec::new())? {
                if may_contain(&copies.window, loss) {
                    insert_loss(&copies.window, course, generation_from_sql(copies.generation))?;
                }
            }
        }
    }
    invalidate_lost_weeks(store)?;
    withdraw_invalidated_shares(store)
}

/// Whether a report has rows about people; the library reports have none.
fn records_people(report: KnownReport) -> bool {
    report.descriptor().activity.is_some()
}

/// Whether a window may have contained rows that were erased.
fn may_contain(window: &str, loss: &Invalidation) -> bool {
    let Some((window_report, id)) = window.split_once('/') else { return true };
    let (report, days) = match loss {
        Invalidation::Weeks { report, days } => (report, days),
        Invalidation::Person => return KnownReport::parse(window_report).is_none_or(records_people),
        _ => return true,
    };
    // A window's id starts with its first day, if the window has days.
    let first = id.get(..10).and_then(parse_day);
    report.as_ref().is_none_or(|report| report == window_report)
        && first.is_some_and(|first| days.from() <= first && first <= days.to())
}

/// The erased rows. By window and course, the generation before which copies counted them.
struct Losses(BTreeMap<(String, String), u32>);

impl Losses {
    fn load(store: &Store) -> Result<Self> {
        let rows: Vec<LossRow> = store.rows("SELECT window, course, generation FROM lost", Vec::new())?;
        let by_window_and_course =
            rows.into_iter().map(|row| ((row.window, row.course), generation_from_sql(row.generation)));
        Ok(Self(by_window_and_course.collect()))
    }

    /// Whether any of these rows were counted from these copies. A snapshot of the library has copies of several reports.
    fn affects<'a>(&self, course: &str, sources: impl IntoIterator<Item = &'a (String, u32)>) -> bool {
        let is_before = |window: &str, course: &str, generation: u32| {
            let lost = self.0.get(&(window.to_owned(), course.to_owned()));
            lost.is_some_and(|before| generation < *before)
        };
        sources.into_iter().any(|(window, generation)| {
            [EVERY_COURSE, course].iter().any(|course| is_before(window, course, *generation))
        })
    }
}

fn generation_from_sql(value: f64) -> u32 {
    u32::try_from(count_from_sql(value)).unwrap_or(u32::MAX)
}

fn invalidate_lost_weeks(store: &Store) -> Result<()> {
    let losses = Losses::load(store)?;
    let reports: Vec<ReportRow> = store.rows("SELECT DISTINCT report FROM frozen", Vec::new())?;
    for ReportRow { report } in reports {
        let query = "SELECT report, course, week, body FROM frozen WHERE report = ?";
        for found in store.rows::<StoredWeekRow>(query, vec![report.as_str().into()])? {
            let week: StoredWeek = serde_json::from_str(&found.body)?;
            if (week.spent && week.taken.is_none()) || !losses.affects(&found.course, &week.sources) {
                continue;
            }
            // The views of a snapshot are compared with later ones, unless its own rows were erased.
            let is_own =
                |source: &&(String, u32)| source.0.split_once('/').is_some_and(|(of, _)| of == found.report);
            let own_sources = week.sources.iter().filter(is_own);
            let (taken, views) = if losses.affects(&found.course, own_sources) {
                (None, BTreeMap::new())
            } else {
                (week.taken, week.views)
            };
            let spent =
                StoredWeek { spent: true, sources: week.sources, taken, views, ..StoredWeek::default() };
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

/// Withdraws every share that shows an invalidated week.
fn withdraw_invalidated_shares(store: &Store) -> Result<()> {
    let spent: BTreeSet<(String, CourseId, String)> = store
        .rows::<StoredWeekRow>(
            "SELECT report, course, week, body FROM frozen WHERE body LIKE '%\"spent\":true%'",
            Vec::new(),
        )?
        .into_iter()
        .map(|found| (found.report, found.course.into(), found.week))
        .collect();
    if spent.is_empty() {
        return Ok(());
    }
    for row in store.rows::<ShareRow>(&format!("{SELECT_SHARE} WHERE withdrawn = 0"), Vec::new())? {
        let stored: StoredShare = serde_json::from_str(&row.body)?;
        let shows_invalidated_week = |panel: &StoredPanel| {
            let key = |week: &String| (panel.report.as_str().to_owned(), stored.course.clone(), week.clone());
            panel.weeks.iter().any(|week| spent.contains(&key(week)))
        };
        if stored.panels.iter().any(shows_invalidated_week) {
            store.run("UPDATE share SET withdrawn = 1 WHERE id = ?", vec![row.id.into()])?;
        }
    }
    Ok(())
}

/// The share that a verified link opens now. Every link that opens nothing is handled the same way, whatever the
/// reason: lookups by key, and no write.
fn find_open(
    store: &Store,
    settings: &Settings,
    ShareLink { id, version }: &ShareLink,
    now: Timestamp,
) -> Result<Option<(StoredShare, ShareRow)>> {
    let query = format!("{SELECT_SHARE} WHERE id = ? AND version = ? AND expires > ? AND withdrawn = 0");
    let values = vec![id.as_str().into(), i64::from(*version).into(), now.0.into()];
    let found = store.rows::<ShareRow>(&query, values)?.into_iter().next();
    let found = found.map(|row| Ok::<_, worker::Error>((serde_json::from_str(&row.body)?, row)));
    let found: Option<(StoredShare, ShareRow)> = found.transpose()?;
    let is_authorized = match &found {
        Some((stored, _)) => is_owner_authorized(store, settings, stored, &mut AssignmentCache::default())?,
        None => store.person("")?.is_some(),
    };
    let is_open = is_on(store)? && is_authorized;
    Ok(found.filter(|_| is_open))
}

/// How many published weeks were ever replaced.
fn replaced_weeks(store: &Store) -> Result<u64> {
    Ok(store.fact(REPLACED_WEEKS_FACT)?.unwrap_or_default())
}

/// Opens a share. While it is open, the numbers of its weeks change only when those of an older rule are replaced. So the
/// version of its content is a hash of all the rest, and of how many weeks were replaced in the whole institution.
fn open_share(
    store: &Store,
    settings: &Settings,
    link: &ShareLink,
    cached: Option<&str>,
    now: Timestamp,
) -> HandlerResult {
    let Some((stored, row)) = find_open(store, settings, link, now)? else {
        return Ok(Err(response::share_gone()));
    };
    let (expires, time_zone) = (timestamp_from_sql(row.expires), time_zone(store, settings)?);
    let replaced = replaced_weeks(store)?;
    let version = crypto::sha256_hex(&format!("{} {time_zone} {replaced} {}", expires.0, row.body));
    if cached == Some(version.as_str()) {
        return Ok(Ok(response::json(&OpenShareResponse { version, content: None })?));
    }
    let mut panels = Vec::new();
    for panel in &stored.panels {
        let all = published_weeks(store, panel.report.as_str(), &stored.course)?;
        panels.push(all.into_iter().filter(|(week, _)| panel.weeks.contains(week)).collect());
    }
    let content = Some(OpenedShare { stored, expires, panels, time_zone });
    Ok(Ok(response::json(&OpenShareResponse { version, content })?))
}

/// Counts an opening: somebody has used the share's page.
fn count_opening(store: &Store, settings: &Settings, link: &ShareLink, now: Timestamp) -> HandlerResult {
    let Some((stored, row)) = find_open(store, settings, link, now)? else {
        return Ok(Err(response::share_gone()));
    };
    store.run(
        "UPDATE share SET opened = opened + 1, last = ? WHERE id = ?",
        vec![now.0.into(), row.id.as_str().into()],
    )?;
    let view = format!("{} {} course {}", row.id, stored.report, stored.course);
    let audit_entry = AuditEntry { what: AuditAction::ShareOpened, view, ..AuditEntry::for_rejection("") };
    store.append_audit_entry(&audit_entry, now)?;
    Ok(Ok(response::json(&true)?))
}

fn unknown_share() -> Problem {
    Problem::new(Code::UnknownShare, "There is no such share: it may have been revoked.")
}

fn shares_off() -> Problem {
    Problem::new(Code::SharesOff, "An administrator has turned shares off for the whole institution.")
}

/// Whether this role can list and revoke everybody's shares.
pub(crate) fn can_manage_all_shares(role: Option<Role>) -> bool {
    role == Some(Role::Administrator)
}
