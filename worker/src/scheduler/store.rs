//! The Scheduler's database: a row for each window, request, section and erasure, Echo360's directory, and
//! single values.

use crate::rpc::SectionRow;
use crate::schema;
use domain::api::{Course, Courses, Section};
use domain::data_quality::FileFindings;
use domain::directory::{self, Directory};
use domain::erasure::Tombstones;
use domain::fair_queue::Request;
use domain::ids::{CourseId, SectionId, UserId};
use domain::quota::DailyUsage;
use domain::report_listing::ReportListing;
use domain::scheduler::{Account, Changes, ErasureEntry, ErasureLedger, Scheduler};
use domain::shared_accounts::AccountMarks;
use domain::time::Timestamp;
use domain::window::WindowKey;
use domain::window_state::Window;
use engine::erasure_filter::is_person_of;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use worker::{Result, SqlStorage};

/// `body` is JSON. `fact` holds single values by name, `forgetting` the erasures, `quality` the findings in the files of
/// a window, `shared_account` the shared accounts that were found in them.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS window (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS request (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS section (
        course TEXT NOT NULL, section TEXT NOT NULL,
        code TEXT NOT NULL, name TEXT NOT NULL, number TEXT NOT NULL,
        PRIMARY KEY (course, section));
    CREATE TABLE IF NOT EXISTS directory (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS forgetting (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS quality (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS shared_account (id TEXT PRIMARY KEY, body TEXT NOT NULL);
";

/// Maximum number of directory entries in one row: some 200 KB of the 2 MB that a value may have.
const DIRECTORY_ENTRIES_PER_ROW: usize = 1_000;

/// The name of the marks of accounts among the single values.
const ACCOUNT_MARKS: &str = "account-marks";

/// The Scheduler's tables.
pub(crate) struct Store {
    sql: SqlStorage,
}

#[derive(Deserialize)]
struct BodyRow {
    body: String,
}

#[derive(Deserialize)]
struct WindowRow {
    id: String,
    body: String,
}

impl Store {
    /// Opens the database. The first call in an instance creates missing tables.
    pub(crate) fn open(sql: SqlStorage, has_tables: &Cell<bool>) -> Result<Self> {
        schema::open(&sql, has_tables, SCHEMA, schema::no_upgrade)?;
        Ok(Self { sql })
    }

    /// Loads the whole state.
    pub(crate) fn load(&self) -> Result<Scheduler> {
        let windows: Vec<Window> = self.load_all("SELECT body FROM window")?;
        let requests: Vec<Request> = self.load_all("SELECT body FROM request")?;
        let account: Option<Account> = self.fact("account")?;
        let mut scheduler = Scheduler::load(windows, requests, account.unwrap_or_default());
        let entries: Vec<ErasureEntry> = self.load_all("SELECT body FROM forgetting")?;
        let erasure_ledger: Option<ErasureLedger> = self.fact("oblivion")?;
        scheduler.load_erasures(erasure_ledger.unwrap_or_default(), entries);
        Ok(scheduler)
    }

    /// Saves what changed. Must be called in a transaction.
    pub(crate) fn save(&self, scheduler: &Scheduler, changes: &Changes) -> Result<()> {
        for key in &changes.windows {
            let window = scheduler.window(key);
            self.put("window", &key.full_id(), window)?;
            if window.is_none_or(|window| window.copy.is_none()) {
                self.put::<FileFindings>("quality", &key.full_id(), None)?;
                self.save_found_accounts(&key.full_id(), &BTreeSet::new())?;
            }
        }
        for id in &changes.requests {
            self.put("request", id, scheduler.request(id))?;
        }
        if changes.account {
            self.put_fact("account", scheduler.account())?;
        }
        for id in &changes.erasures {
            self.put("forgetting", id, scheduler.erasure(id))?;
        }
        if !changes.erasures.is_empty() {
            self.erase_accounts(&scheduler.tombstones())?;
        }
        if changes.erasure_ledger {
            self.put_fact("oblivion", scheduler.erasure_ledger())?;
        }
        Ok(())
    }

    fn put<T: Serialize>(&self, table: &str, id: &str, value: Option<&T>) -> Result<()> {
        match value {
            Some(value) => self.sql.exec(
                &format!("INSERT OR REPLACE INTO {table} (id, body) VALUES (?, ?)"),
                vec![id.into(), serde_json::to_string(value)?.into()],
            )?,
            None => self.sql.exec(&format!("DELETE FROM {table} WHERE id = ?"), vec![id.into()])?,
        };
        Ok(())
    }

    fn load_all<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>> {
        let rows: Vec<BodyRow> = self.sql.exec(query, None)?.to_array()?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.body)?)).collect()
    }

    fn fact<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let rows: Vec<BodyRow> =
            self.sql.exec("SELECT body FROM fact WHERE name = ?", vec![name.into()])?.to_array()?;
        rows.first().map(|row| Ok(serde_json::from_str(&row.body)?)).transpose()
    }

    fn put_fact<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.sql.exec(
            "INSERT OR REPLACE INTO fact (name, body) VALUES (?, ?)",
            vec![name.into(), serde_json::to_string(value)?.into()],
        )?;
        Ok(())
    }

    /// Echo360's list of reports, and when it was read.
    pub(crate) fn offers(&self) -> Result<Option<(Vec<ReportListing>, Timestamp)>> {
        self.fact("offers")
    }

    /// Stores Echo360's list of reports.
    pub(crate) fn save_offers(&self, offers: &[ReportListing], read: Timestamp) -> Result<()> {
        self.put_fact("offers", &(offers, read))
    }

    /// The windows requested today, by person.
    pub(crate) fn tally(&self) -> Result<DailyUsage> {
        Ok(self.fact("tally")?.unwrap_or_default())
    }

    /// Stores the windows requested today.
    pub(crate) fn save_tally(&self, tally: &DailyUsage) -> Result<()> {
        self.put_fact("tally", tally)
    }

    /// Stores what is unusual in the files of a window. Deleted with the window's copy.
    pub(crate) fn save_quality(&self, key: &WindowKey, findings: &FileFindings) -> Result<()> {
        self.put("quality", &key.full_id(), Some(findings))
    }

    /// What is unusual in the files of each window, by the window's full id.
    pub(crate) fn quality(&self) -> Result<BTreeMap<String, FileFindings>> {
        let rows: Vec<WindowRow> = self.sql.exec("SELECT id, body FROM quality", None)?.to_array()?;
        rows.into_iter().map(|row| Ok((row.id, serde_json::from_str(&row.body)?))).collect()
    }

    /// The shared accounts that were found in the files of each window, by the window's full id.
    pub(crate) fn found_accounts(&self) -> Result<BTreeMap<String, BTreeSet<UserId>>> {
        let rows: Vec<WindowRow> = self.sql.exec("SELECT id, body FROM shared_account", None)?.to_array()?;
        rows.into_iter().map(|row| Ok((row.id, serde_json::from_str(&row.body)?))).collect()
    }

    /// Stores the shared accounts that were found in the files of a window. Deleted with the window's copy. Accounts may
    /// be erased later, so they are overwritten before they are deleted: SQLite leaves deleted values in free pages.
    pub(crate) fn save_found_accounts(&self, window: &str, accounts: &BTreeSet<UserId>) -> Result<()> {
        let overwrite = "UPDATE shared_account SET body = hex(zeroblob(length(body) / 2)) WHERE id = ?";
        self.sql.exec(overwrite, vec![window.into()])?;
        self.put("shared_account", window, (!accounts.is_empty()).then_some(accounts))
    }

    /// How administrators have marked accounts.
    pub(crate) fn account_marks(&self) -> Result<AccountMarks> {
        Ok(self.fact(ACCOUNT_MARKS)?.unwrap_or_default())
    }

    /// Stores how administrators have marked accounts.
    pub(crate) fn save_account_marks(&self, marks: &AccountMarks) -> Result<()> {
        let overwrite = "UPDATE fact SET body = hex(zeroblob(length(body) / 2)) WHERE name = ?";
        self.sql.exec(overwrite, vec![ACCOUNT_MARKS.into()])?;
        self.put_fact(ACCOUNT_MARKS, marks)
    }

    /// Deletes erased people from the list of shared accounts.
    fn erase_accounts(&self, tombstones: &Tombstones) -> Result<()> {
        for (window, mut accounts) in self.found_accounts()? {
            let count = accounts.len();
            accounts.retain(|account| !is_person_of(tombstones, account.as_str()));
            if accounts.len() < count {
                self.save_found_accounts(&window, &accounts)?;
            }
        }
        let mut marks = self.account_marks()?;
        let count = marks.len();
        marks.retain(|account, _| !is_person_of(tombstones, account));
        if marks.len() < count { self.save_account_marks(&marks) } else { Ok(()) }
    }

    /// Records the sections in collected rows. An empty value does not replace an earlier one.
    pub(crate) fn save_sections(&self, sections: &[SectionRow]) -> Result<()> {
        for row in sections.iter().filter(|row| !row.course.is_empty()) {
            let values = [&row.course, &row.section, &row.code, &row.name, &row.number];
            self.sql.exec(
                "INSERT INTO section (course, section, code, name, number) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (course, section) DO UPDATE SET
                    code = CASE excluded.code WHEN '' THEN code ELSE excluded.code END,
                    name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
                    number = CASE excluded.number WHEN '' THEN number ELSE excluded.number END",
                values.map(|value| value.as_str().into()).to_vec(),
            )?;
        }
        Ok(())
    }

    /// Deletes a course's names, those from rows and those from Echo360's lists. They are overwritten first,
    /// since SQLite leaves deleted values in free pages.
    pub(crate) fn erase_course(&self, course: &CourseId) -> Result<()> {
        let overwrite = "UPDATE section SET code = hex(zeroblob(length(code) / 2)), name = hex(zeroblob(length(name) / 2)),
                         number = '' WHERE course = ?";
        self.sql.exec(overwrite, vec![course.as_str().into()])?;
        self.sql.exec("DELETE FROM section WHERE course = ?", vec![course.as_str().into()])?;
        let Some((directory, refresh_at)) = self.directory()? else { return Ok(()) };
        self.sql.exec("UPDATE directory SET body = hex(zeroblob(length(body) / 2))", None)?;
        self.save_directory(&directory.without_courses(&BTreeSet::from([course.clone()])), refresh_at)
    }

    /// Makes the next use of the directory read it again, after an erasure of a course was cancelled.
    pub(crate) fn expire_directory(&self) -> Result<()> {
        match self.directory_refresh_at()? {
            Some(_) => self.put_fact("directory", &Timestamp(0)),
            None => Ok(()),
        }
    }

    /// Echo360's courses, sections and terms, and when to read them again; `None` before the first time.
    pub(crate) fn directory(&self) -> Result<Option<(Directory, Timestamp)>> {
        let Some(refresh_at) = self.fact("directory")? else { return Ok(None) };
        let parts: Vec<Directory> = self.load_all("SELECT body FROM directory ORDER BY seq")?;
        let mut all = Directory::default();
        for part in parts {
            all.terms.extend(part.terms);
            all.courses.extend(part.courses);
            all.sections.extend(part.sections);
        }
        Ok(Some((all, refresh_at)))
    }

    /// When to read the directory again; `None` before it was first read.
    pub(crate) fn directory_refresh_at(&self) -> Result<Option<Timestamp>> {
        self.fact("directory")
    }

    /// Stores the directory, replacing the earlier one.
    pub(crate) fn save_directory(&self, directory: &Directory, refresh_at: Timestamp) -> Result<()> {
        let mut parts = vec![Directory { terms: directory.terms.clone(), ..Directory::default() }];
        let courses = directory.courses.chunks(DIRECTORY_ENTRIES_PER_ROW);
        parts.extend(courses.map(|part| Directory { courses: part.to_vec(), ..Directory::default() }));
        let sections = directory.sections.chunks(DIRECTORY_ENTRIES_PER_ROW);
        parts.extend(sections.map(|part| Directory { sections: part.to_vec(), ..Directory::default() }));
        self.sql.exec("DELETE FROM directory", None)?;
        for part in parts {
            let body = serde_json::to_string(&part)?;
            self.sql.exec("INSERT INTO directory (body) VALUES (?)", vec![body.into()])?;
        }
        self.put_fact("directory", &refresh_at)
    }

    /// All courses, sorted by code and name: those in Echo360's lists and those in rows, except the courses
    /// in `erased`. Reports that identify a section only by number add no section.
    pub(crate) fn courses(&self, erased: &BTreeSet<CourseId>) -> Result<Courses> {
        let directory = self.directory()?.map(|(directory, _)| directory).unwrap_or_default();
        let seen: Vec<SectionRow> = self
            .sql
            .exec("SELECT course, section, code, name, number FROM section ORDER BY number, section", None)?
            .to_array()?;
        let mut merged = merge_courses(directory, seen);
        merged.courses.retain(|course| !erased.contains(&course.id));
        Ok(merged)
    }
}

/// Merges courses and sections from both sources.
fn merge_courses(directory: Directory, seen: Vec<SectionRow>) -> Courses {
    let blank = |id: CourseId| Course { id, code: String::new(), name: String::new(), sections: Vec::new() };
    let mut courses: BTreeMap<CourseId, Course> = BTreeMap::new();
    for course in directory.courses {
        let directory::DirectoryCourse { id, code, name } = course;
        courses.insert(id.clone(), Course { code, name, ..blank(id) });
    }
    let mut sections: BTreeMap<SectionId, (CourseId, Section)> = BTreeMap::new();
    for section in directory.sections {
        let directory::DirectorySection { id, course, number, term } = section;
        let term = Some(term).filter(|term| !term.is_empty());
        sections.insert(id.clone(), (course, Section { id, number, term }));
    }
    for row in seen {
        let id = CourseId::from(row.course);
        let course = courses.entry(id.clone()).or_insert_with(|| blank(id.clone()));
        if !row.code.is_empty() {
            course.code = row.code;
        }
        if !row.name.is_empty() {
            course.name = row.name;
        }
        if !row.number.is_empty() {
            let section = Section { id: row.section.into(), number: row.number, term: None };
            sections.entry(section.id.clone()).or_insert((id, section));
        }
    }
    let mut sections: Vec<(CourseId, Section)> = sections.into_values().collect();
    sections.sort_by(|(_, a), (_, b)| (&a.number, &a.id).cmp(&(&b.number, &b.id)));
    for (course, section) in sections {
        courses.entry(course.clone()).or_insert_with(|| blank(course)).sections.push(section);
    }
    let mut courses: Vec<Course> = courses.into_values().collect();
    courses.sort_by(|a, b| (&a.code, &a.name, &a.id).cmp(&(&b.code, &b.name, &b.id)));
    Courses { courses, terms: directory.terms }
}
