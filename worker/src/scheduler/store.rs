//! The Scheduler's database: a row for each window, request, section and erasure, Echo360's directory, and
//! single values.

use crate::rpc::{CoursePart, SectionRow};
use crate::schema;
use domain::api::{Course, Courses, Section};
use domain::data_quality::FileFindings;
use domain::directory::{self, Directory, DirectoryPage, DirectoryReader};
use domain::erasure::Tombstones;
use domain::fair_queue::Request;
use domain::ids::{CourseId, UserId};
use domain::paging::{CutOff, CutOffList, ListName, PageOutcome};
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
use worker::{Result, SqlStorage, SqlStorageValue};

/// `body` is JSON. `directory` holds Echo360's lists in parts, each of one list, and `directory_page` the parts of the
/// list that is being read. `fact` holds single values by name, `forgetting` the erasures, `quality` the findings in the files of
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
    CREATE TABLE IF NOT EXISTS directory_page (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS forgetting (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS quality (id TEXT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS shared_account (id TEXT PRIMARY KEY, body TEXT NOT NULL);
";

/// Maximum number of courses or sections in one row. A section has four texts of at most 200 characters: at most 1.7 MB
/// of the 2 MB that a value may have, and usually 100 KB.
const DIRECTORY_ENTRIES_PER_ROW: usize = 500;

/// The same of terms, which may have 400 breaks each.
const TERMS_PER_ROW: usize = 50;

/// Overwrites a text with as many bytes, since SQLite leaves deleted values in free pages.
const OVERWRITE_BODY: &str = "SET body = CAST(zeroblob(length(CAST(body AS BLOB))) AS TEXT)";

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
struct SeqRow {
    seq: i64,
}

#[derive(Deserialize)]
struct CountRow {
    count: f64,
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

    /// Whether rows of this part of a course have been collected. A section is known only with its course.
    pub(crate) fn has_rows_of(&self, part: &CoursePart) -> Result<bool> {
        let CoursePart { course: Some(course), section } = part else { return Ok(false) };
        let section = section.as_deref().map_or(SqlStorageValue::Null, Into::into);
        let query = "SELECT course AS body FROM section
                     WHERE course = ?1 AND (?2 IS NULL OR section = ?2 OR lower(number) = ?2) LIMIT 1";
        let rows: Vec<BodyRow> = self.sql.exec(query, vec![course.as_str().into(), section])?.to_array()?;
        Ok(!rows.is_empty())
    }

    /// Deletes a course's names, those from rows and those from Echo360's lists. They are overwritten first,
    /// since SQLite leaves deleted values in free pages.
    pub(crate) fn erase_course(&self, course: &CourseId) -> Result<()> {
        let overwrite = "UPDATE section SET code = hex(zeroblob(length(code) / 2)), name = hex(zeroblob(length(name) / 2)),
                         number = '' WHERE course = ?";
        self.sql.exec(overwrite, vec![course.as_str().into()])?;
        self.sql.exec("DELETE FROM section WHERE course = ?", vec![course.as_str().into()])?;
        let erased = BTreeSet::from([course.clone()]);
        for table in ["directory", "directory_page"] {
            let rows: Vec<SeqRow> = self.sql.exec(&format!("SELECT seq FROM {table}"), None)?.to_array()?;
            for SeqRow { seq } in rows {
                let query = format!("SELECT body FROM {table} WHERE seq = {seq}");
                let row: BodyRow = self.sql.exec(&query, None)?.one()?;
                let part: Directory = serde_json::from_str(&row.body)?;
                let remaining = part.clone().without_courses(&erased);
                if remaining != part {
                    self.sql.exec(&format!("UPDATE {table} {OVERWRITE_BODY} WHERE seq = {seq}"), None)?;
                    self.sql.exec(
                        &format!("UPDATE {table} SET body = ? WHERE seq = {seq}"),
                        vec![serde_json::to_string(&remaining)?.into()],
                    )?;
                }
            }
        }
        Ok(())
    }

    // ---- Echo360's lists.

    /// Makes the next use of the directory read it again, after an erasure of a course was cancelled.
    pub(crate) fn expire_directory(&self) -> Result<()> {
        self.save_directory_reader(None)?;
        match self.directory_refresh_at()? {
            Some(_) => self.set_directory_refresh_at(Timestamp(0)),
            None => Ok(()),
        }
    }

    /// Echo360's courses, sections and terms. A part is parsed at a time, since all of them may be 10 MB.
    pub(crate) fn directory(&self) -> Result<Directory> {
        let mut all = Directory::default();
        for row in self.sql.exec("SELECT body FROM directory ORDER BY seq", None)?.next::<BodyRow>() {
            let part: Directory = serde_json::from_str(&row?.body)?;
            all.terms.extend(part.terms);
            all.courses.extend(part.courses);
            all.sections.extend(part.sections);
        }
        all.terms.sort_by(|a, b| (a.from, a.to, &a.name).cmp(&(b.from, b.to, &b.name)));
        Ok(all)
    }

    /// When to read the directory again; `None` before it was first read.
    pub(crate) fn directory_refresh_at(&self) -> Result<Option<Timestamp>> {
        self.fact("directory")
    }

    /// Records when to read the directory again.
    pub(crate) fn set_directory_refresh_at(&self, refresh_at: Timestamp) -> Result<()> {
        self.put_fact("directory", &refresh_at)
    }

    /// How far the directory was read; `None` when it is not being read.
    pub(crate) fn directory_reader(&self) -> Result<Option<DirectoryReader>> {
        Ok(self.fact::<Option<DirectoryReader>>("directory_reader")?.flatten())
    }

    /// Stores how far the directory was read. A new reader, or none, starts without pages.
    pub(crate) fn save_directory_reader(&self, reader: Option<&DirectoryReader>) -> Result<()> {
        if reader.is_none_or(|reader| *reader == DirectoryReader::default()) {
            self.delete_parts("directory_page", "1")?;
        }
        self.put_fact("directory_reader", &reader)
    }

    /// Stores a page of the directory, without the erased courses. The pages of a list take the place of its previous
    /// entries when the list was read to its end, or as far as it goes and further than before.
    pub(crate) fn save_directory_page(
        &self,
        page: DirectoryPage,
        erased: &BTreeSet<CourseId>,
        now: Timestamp,
    ) -> Result<()> {
        let (list, count, cut_off) = (page.list, page.count, page.cut_off());
        let Directory { terms, courses, sections } = page.entries.without_courses(erased);
        let part = Directory::default;
        let terms = terms.chunks(TERMS_PER_ROW).map(|terms| Directory { terms: terms.to_vec(), ..part() });
        let courses = courses
            .chunks(DIRECTORY_ENTRIES_PER_ROW)
            .map(|courses| Directory { courses: courses.to_vec(), ..part() });
        let sections = sections
            .chunks(DIRECTORY_ENTRIES_PER_ROW)
            .map(|sections| Directory { sections: sections.to_vec(), ..part() });
        for part in terms.chain(courses).chain(sections) {
            let body = serde_json::to_string(&part)?;
            self.sql.exec("INSERT INTO directory_page (body) VALUES (?)", vec![body.into()])?;
        }
        let field = match list {
            ListName::Terms => "$.terms",
            ListName::Courses => "$.courses",
            ListName::Sections | ListName::Requests => "$.sections",
        };
        let is_of_list = format!("json_array_length(body, '{field}') > 0");
        let has_replacement = match page.outcome {
            PageOutcome::MorePages => return Ok(()),
            PageOutcome::Unavailable => false,
            PageOutcome::Complete => true,
            PageOutcome::CutOff(_) => {
                self.count_entries("directory", field)? < self.count_entries("directory_page", field)?
            }
        };
        if has_replacement {
            self.delete_parts("directory", &is_of_list)?;
            self.sql
                .exec("INSERT INTO directory (body) SELECT body FROM directory_page ORDER BY seq", None)?;
        }
        self.delete_parts("directory_page", "1")?;
        if page.outcome != PageOutcome::Unavailable {
            self.save_cut_off(list, cut_off, count, now)?;
        }
        Ok(())
    }

    fn count_entries(&self, table: &str, field: &str) -> Result<f64> {
        let query = format!("SELECT total(json_array_length(body, '{field}')) AS count FROM {table}");
        let row: CountRow = self.sql.exec(&query, None)?.one()?;
        Ok(row.count)
    }

    fn delete_parts(&self, table: &str, condition: &str) -> Result<()> {
        self.sql.exec(&format!("UPDATE {table} {OVERWRITE_BODY} WHERE {condition}"), None)?;
        // Not `condition` again, which the overwritten parts do not meet.
        self.sql.exec(&format!("DELETE FROM {table} WHERE substr(body, 1, 1) <> '{{'"), None)?;
        Ok(())
    }

    /// Records why a list was cut off after `entries` entries when it was last read, or that it was not.
    pub(crate) fn save_cut_off(
        &self,
        list: ListName,
        cut_off: Option<CutOff>,
        entries: usize,
        at: Timestamp,
    ) -> Result<()> {
        let mut lists = self.cut_off_lists()?;
        let entries = entries as u64;
        match cut_off {
            Some(reason) => drop(lists.insert(list, CutOffList { list, reason, entries, at })),
            None if lists.remove(&list).is_some() => {}
            None => return Ok(()),
        }
        self.put_fact("cut_off_lists", &lists)
    }

    /// The lists that could not be read to their end.
    pub(crate) fn cut_off_lists(&self) -> Result<BTreeMap<ListName, CutOffList>> {
        Ok(self.fact("cut_off_lists")?.unwrap_or_default())
    }

    /// All courses, sorted by code and name: those in Echo360's lists and those in rows, except the courses
    /// in `erased`. Reports that identify a section only by number add no section.
    pub(crate) fn courses(&self, erased: &BTreeSet<CourseId>) -> Result<Courses> {
        let directory = self.directory()?;
        let seen: Vec<SectionRow> = self
            .sql
            .exec("SELECT course, section, code, name, number FROM section ORDER BY number, section", None)?
            .to_array()?;
        let mut merged = merge_courses(directory, seen);
        merged.courses.retain(|course| !erased.contains(&course.id));
        Ok(merged)
    }
}

/// Merges courses and sections from both sources. In sorted lists, since maps of fifty thousand of each would take as
/// much memory again.
fn merge_courses(directory: Directory, seen: Vec<SectionRow>) -> Courses {
    let new_course = |id, code, name| Course { id, code, name, sections: Vec::new() };
    let mut sections: Vec<(CourseId, Section)> = directory
        .sections
        .into_iter()
        .map(|directory::DirectorySection { id, course, number, term }| {
            (course, Section { id, number, term: Some(term).filter(|term| !term.is_empty()) })
        })
        .collect();
    let mut courses: Vec<Course> = directory
        .courses
        .into_iter()
        .map(|directory::DirectoryCourse { id, code, name }| new_course(id, code, name))
        .collect();
    for row in seen {
        let id = CourseId::from(row.course);
        if !row.number.is_empty() {
            sections.push((id.clone(), Section { id: row.section.into(), number: row.number, term: None }));
        }
        courses.push(new_course(id, row.code, row.name));
    }
    // Of a section, Echo360's entry is the first and stays. Of a course, names in rows replace those in lists.
    sections.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
    sections.dedup_by(|(_, later), (_, first)| later.id == first.id);
    sections.sort_by(|(_, a), (_, b)| (&a.number, &a.id).cmp(&(&b.number, &b.id)));
    courses.sort_by(|a, b| a.id.cmp(&b.id));
    courses.dedup_by(|later, first| {
        let is_same = later.id == first.id;
        if is_same && !later.code.is_empty() {
            first.code = std::mem::take(&mut later.code);
        }
        if is_same && !later.name.is_empty() {
            first.name = std::mem::take(&mut later.name);
        }
        is_same
    });
    let find = |courses: &[Course], id: &CourseId| courses.binary_search_by(|course| course.id.cmp(id));
    let unlisted = sections.iter().map(|(course, _)| course).filter(|id| find(&courses, id).is_err());
    let unlisted: BTreeSet<CourseId> = unlisted.cloned().collect();
    courses.extend(unlisted.into_iter().map(|id| new_course(id, String::new(), String::new())));
    courses.sort_by(|a, b| a.id.cmp(&b.id));
    for (course, section) in sections {
        if let Ok(at) = find(&courses, &course)
            && let Some(course) = courses.get_mut(at)
        {
            // Most courses have one or two.
            course.sections.reserve_exact(1);
            course.sections.push(section);
        }
    }
    courses.sort_by(|a, b| (&a.code, &a.name, &a.id).cmp(&(&b.code, &b.name, &b.id)));
    Courses { courses, terms: directory.terms }
}
