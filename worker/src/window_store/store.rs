//! A WindowStore's database: its jobs, its copies with their slices, and the sections in them.

use crate::rpc::{CollectJob, ErasureJob, SectionRow};
use crate::schema;
use domain::collector::{CollectFacts, ErasureFacts, ErasureStage};
use domain::data_quality::FileFindings;
use domain::erasure::{IdentityLink, RemainingRows, SweepOutcome, Tombstones};
use domain::ids::{CourseId, UserId};
use domain::scope::RowFilter;
use domain::shrinkage::{SectionRows, Shrinkage};
use domain::time::Timestamp;
use domain::window_state::CollectOutcome;
use engine::pack::{FullPack, PACK_PADDING, SliceLocation};
use engine::split::SplitSummary;
use serde::Deserialize;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;
use worker::{Delay, Result, SqlStorage, SqlStorageValue};

/// A copy has a row in `copy` only when it is complete; slices of any other generation are orphans.
///
/// Slices are stored in packs: their frames as they are sent, concatenated (`pack.bytes`). So a copy of
/// thousands of slices is read as a few values. `framed` says where in its pack each slice is, to read the
/// slices of one section. A pack begins with [`PACK_PADDING`] zeros.
///
/// `job` holds the collect job and `sweep` the erasure job, at most one each; `body`, `outcome` and `swept`
/// are JSON.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS job (
        one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL, starts INTEGER NOT NULL,
        outcome TEXT, told INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS copy (
        generation INTEGER PRIMARY KEY, header BLOB NOT NULL, slices INTEGER NOT NULL, rows INTEGER NOT NULL,
        bytes INTEGER NOT NULL, made INTEGER NOT NULL, delete_at INTEGER);
    CREATE TABLE IF NOT EXISTS pack (
        generation INTEGER NOT NULL, seq INTEGER NOT NULL, slices INTEGER NOT NULL, bytes BLOB NOT NULL,
        PRIMARY KEY (generation, seq));
    CREATE TABLE IF NOT EXISTS framed (
        generation INTEGER NOT NULL, seq INTEGER NOT NULL, course TEXT NOT NULL, section TEXT NOT NULL,
        rows INTEGER NOT NULL, pack INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
        PRIMARY KEY (generation, seq));
    CREATE INDEX IF NOT EXISTS framed_of_section ON framed (generation, course, section, seq);
    CREATE TABLE IF NOT EXISTS section (
        course TEXT NOT NULL, section TEXT NOT NULL,
        code TEXT NOT NULL, name TEXT NOT NULL, number TEXT NOT NULL,
        PRIMARY KEY (course, section));
    CREATE TABLE IF NOT EXISTS sweep (
        one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL, starts INTEGER NOT NULL,
        swept TEXT, stage INTEGER NOT NULL);
";

/// The WindowStore's tables.
#[derive(Clone)]
pub(crate) struct Store {
    sql: SqlStorage,
}

/// The current or latest collect job.
pub(crate) struct CollectTask {
    /// The job.
    pub(crate) job: CollectJob,
    /// How often it was started.
    pub(crate) starts: u32,
    /// How it ended.
    pub(crate) outcome: Option<CollectOutcome>,
    /// Whether the Scheduler has received the outcome.
    pub(crate) is_reported: bool,
}

#[derive(Deserialize)]
struct CollectTaskRow {
    body: String,
    starts: u32,
    outcome: Option<String>,
    told: u32,
}

/// A copy, or the part of it that a filter selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopySummary {
    /// The copy's generation.
    pub(crate) generation: u32,
    /// The header row.
    pub(crate) header: Vec<u8>,
    /// The number of slices.
    pub(crate) slices: u32,
    /// Data rows.
    pub(crate) rows: u64,
    /// The length of the largest slice's frame, in bytes.
    pub(crate) largest: u64,
}

/// Stored frames: a pack, or one slice.
pub(crate) struct StoredFrames {
    /// The `seq` from which to read on.
    pub(crate) seq: i64,
    /// The number of slices.
    pub(crate) slices: u32,
    /// The frames.
    pub(crate) bytes: Vec<u8>,
}

/// The current or latest erasure job.
pub(crate) struct ErasureTask {
    /// The job.
    pub(crate) job: ErasureJob,
    /// How often it was started.
    pub(crate) starts: u32,
    /// How it ended.
    pub(crate) swept: Option<SweepOutcome>,
    /// The stage that it has completed.
    pub(crate) stage: ErasureStage,
}

#[derive(Deserialize)]
struct ErasureTaskRow {
    body: String,
    starts: u32,
    swept: Option<String>,
    stage: u32,
}

impl CollectTask {
    /// What [`domain::collector`] decides by.
    pub(crate) fn facts(&self) -> CollectFacts {
        CollectFacts {
            lease: self.job.lease,
            starts: self.starts,
            has_outcome: self.outcome.is_some(),
            is_reported: self.is_reported,
        }
    }
}

impl ErasureTask {
    /// What [`domain::collector`] decides by.
    pub(crate) fn facts(&self) -> ErasureFacts {
        ErasureFacts { lease: self.job.lease, starts: self.starts, stage: self.stage }
    }
}

/// A pack and the locations of its slices.
pub(crate) struct Pack {
    /// Its number.
    pub(crate) seq: u32,
    /// Padding, then the concatenated frames.
    pub(crate) bytes: Vec<u8>,
    /// The locations of the slices, in order.
    pub(crate) index: Vec<SliceLocation>,
}

/// Selects the generation of the copy in service.
const SERVED_GENERATION: &str =
    "SELECT max(generation) AS generation FROM copy WHERE delete_at IS NULL HAVING count(*) > 0";

/// Selects slices of a copy.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// Only slices of this course.
    pub(crate) course: Option<CourseId>,
    /// Only slices of this section: its id, or its number, in its normal form.
    pub(crate) section: Option<String>,
    /// The slices that the reader may see.
    pub(crate) row_filter: RowFilter,
}

impl Filter {
    /// Every slice, for what a WindowStore does with its own copies.
    pub(crate) fn all() -> Self {
        Self { course: None, section: None, row_filter: RowFilter::Everything }
    }

    /// Whether it selects everything.
    fn selects_everything(&self) -> bool {
        self.course.is_none() && self.section.is_none() && self.row_filter == RowFilter::Everything
    }

    /// The SQL condition, and the values that it binds after the generation.
    fn condition(&self) -> (String, Vec<SqlStorageValue>) {
        let mut condition = "generation = ?".to_owned();
        let mut values = Vec::new();
        let course = self.course.as_ref().map(CourseId::as_str);
        for (column, value) in [("course", course), ("section", self.section.as_deref())] {
            if let Some(value) = value {
                condition.push_str(&format!(" AND {column} = ?"));
                values.push(value.into());
            }
        }
        if let RowFilter::Only(selectors) = &self.row_filter {
            // As JSON, since a statement binds a hundred values at most. If it cannot be serialized, nothing is
            // selected. Neither subquery depends on the slice, so SQLite runs each once per statement and looks
            // every slice up in its result.
            condition.push_str(
                " AND (course IN (SELECT value->>'course' FROM json_each(?) WHERE value->>'section' IS NULL)
                       OR (course, section) IN (SELECT value->>'course', value->>'section' FROM json_each(?)))",
            );
            let selectors = serde_json::to_string(selectors).unwrap_or_else(|_| "[]".to_owned());
            values.extend([selectors.as_str().into(), selectors.as_str().into()]);
        }
        (condition, values)
    }
}

#[derive(Deserialize)]
struct SliceCounts {
    slices: u32,
    rows: Option<f64>,
    largest: Option<f64>,
}

/// The totals of a copy when it was published.
#[derive(Deserialize)]
struct CopyTotals {
    slices: u32,
    rows: f64,
}

#[derive(Deserialize)]
struct SectionRowCount {
    course: String,
    section: String,
    rows: f64,
}

#[derive(Deserialize)]
struct PackKey {
    generation: u32,
    seq: u32,
}

#[derive(Deserialize)]
struct GenerationRow {
    generation: u32,
}

#[derive(Deserialize)]
struct RemainingRow {
    rows: f64,
    bytes: f64,
}

#[derive(Deserialize)]
struct TimestampRow {
    at: Option<f64>,
}

impl Store {
    /// Opens the database. The first call in an instance creates missing tables.
    pub(crate) fn open(sql: SqlStorage, has_tables: &Cell<bool>) -> Result<Self> {
        schema::open(&sql, has_tables, SCHEMA, schema::no_upgrade)?;
        Ok(Self { sql })
    }

    // ---- The collect job.

    /// Stores a collect job, replacing the last one.
    pub(crate) fn put_collect_job(&self, job: &CollectJob) -> Result<()> {
        self.sql.exec(
            "INSERT OR REPLACE INTO job (one, body, starts, outcome, told) VALUES (1, ?, 0, NULL, 0)",
            vec![serde_json::to_string(job)?.into()],
        )?;
        Ok(())
    }

    /// The current or latest collect job.
    pub(crate) fn collect_task(&self) -> Result<Option<CollectTask>> {
        let rows: Vec<CollectTaskRow> =
            self.sql.exec("SELECT body, starts, outcome, told FROM job", None)?.to_array()?;
        rows.into_iter()
            .next()
            .map(|row| {
                Ok(CollectTask {
                    job: serde_json::from_str(&row.body)?,
                    starts: row.starts,
                    outcome: row.outcome.map(|text| serde_json::from_str(&text)).transpose()?,
                    is_reported: row.told != 0,
                })
            })
            .transpose()
    }

    /// Counts a start of collecting.
    pub(crate) fn count_collect_start(&self) -> Result<()> {
        self.sql.exec("UPDATE job SET starts = starts + 1", None)?;
        Ok(())
    }

    /// Records that the Scheduler has received the outcome of this lease. The sections that have lost rows are not
    /// kept here: their course may be erased. Nor are shared accounts, which are overwritten, since SQLite leaves deleted values
    /// in free pages.
    pub(crate) fn mark_reported(&self, lease: u32) -> Result<()> {
        let Some(mut task) = self.collect_task()?.filter(|task| task.job.lease == lease) else {
            return Ok(());
        };
        self.sql.exec("UPDATE job SET told = 1", None)?;
        if !task.job.shared_accounts.is_empty() {
            task.job.shared_accounts.clear();
            self.sql.exec("UPDATE job SET body = hex(zeroblob(length(body) / 2))", None)?;
            self.sql.exec("UPDATE job SET body = ?", vec![serde_json::to_string(&task.job)?.into()])?;
        }
        if let Some(CollectOutcome::Shrunken(Shrinkage { rows, .. })) = task.outcome {
            let outcome = CollectOutcome::Shrunken(Shrinkage { rows, sections: Vec::new() });
            self.sql.exec("UPDATE job SET outcome = ?", vec![serde_json::to_string(&outcome)?.into()])?;
        }
        Ok(())
    }

    /// Records the outcome of the job, and deletes its links, which are secrets and no longer needed.
    pub(crate) fn finish_collect(&self, outcome: &CollectOutcome) -> Result<()> {
        self.finish_collect_with(outcome, BTreeSet::new(), None, BTreeSet::new())
    }

    fn finish_collect_with(
        &self,
        outcome: &CollectOutcome,
        found: BTreeSet<IdentityLink>,
        quality: Option<FileFindings>,
        shared_accounts: BTreeSet<UserId>,
    ) -> Result<()> {
        let Some(mut task) = self.collect_task()? else { return Ok(()) };
        task.job.links.clear();
        task.job.tombstones = Tombstones::default();
        (task.job.found, task.job.quality) = (found, quality);
        task.job.shared_accounts = shared_accounts;
        self.sql.exec(
            "UPDATE job SET body = ?, outcome = ?, told = 0",
            vec![serde_json::to_string(&task.job)?.into(), serde_json::to_string(outcome)?.into()],
        )?;
        Ok(())
    }

    // ---- Copies.

    /// Writes a pack of a copy that is not published yet.
    pub(crate) fn write_pack(&self, generation: u32, pack: FullPack) -> Result<()> {
        let FullPack { seq, bytes, slices, index } = pack;
        let (generation, seq) = (i64::from(generation), i64::from(seq));
        // One statement: inserting one row at a time took longer than inflating and splitting the file.
        self.sql.exec(
            "INSERT INTO framed (generation, seq, course, section, rows, pack, start, length)
             SELECT ?, value->>'seq', value->>'course', value->>'section', value->>'rows', ?,
                    value->>'start', value->>'length' FROM json_each(?)",
            vec![generation.into(), seq.into(), index.into()],
        )?;
        self.sql.exec(
            "INSERT INTO pack (generation, seq, slices, bytes) VALUES (?, ?, ?, ?)",
            vec![generation.into(), seq.into(), i64::from(slices).into(), bytes.into()],
        )?;
        Ok(())
    }

    /// Publishes a complete copy and records the outcome. There is no await between these statements, so they
    /// are committed together.
    pub(crate) fn publish_copy(
        &self,
        generation: u32,
        summary: SplitSummary,
        now: Timestamp,
        delete_old_at: Timestamp,
    ) -> Result<()> {
        let SplitSummary { header, rows, bytes, sections, findings, quality, shared_accounts } = summary;
        let slices = self.count(generation, &Filter::all())?.slices;
        self.sql.exec(
            "INSERT OR REPLACE INTO copy (generation, header, slices, rows, bytes, made, delete_at)
             VALUES (?, ?, ?, ?, ?, ?, NULL)",
            vec![
                i64::from(generation).into(),
                header.clone().into(),
                i64::from(slices).into(),
                integer_to_sql(rows),
                integer_to_sql(bytes),
                now.0.into(),
            ],
        )?;
        self.sql.exec("DELETE FROM section", None)?;
        for ((course, section), names) in sections {
            self.sql.exec(
                "INSERT OR REPLACE INTO section (course, section, code, name, number) VALUES (?, ?, ?, ?, ?)",
                vec![
                    course.into(),
                    section.into(),
                    names.course_code.into(),
                    names.course_name.into(),
                    names.section_number.into(),
                ],
            )?;
        }
        // Last, so that if an earlier statement fails the old copy stays in service and is not marked for
        // deletion.
        self.sql.exec(
            "UPDATE copy SET delete_at = ? WHERE delete_at IS NULL AND generation <> ?",
            vec![delete_old_at.0.into(), i64::from(generation).into()],
        )?;
        let header = String::from_utf8_lossy(&header).trim_end().to_owned();
        let outcome = CollectOutcome::Whole { rows, bytes, header };
        self.finish_collect_with(&outcome, findings.links, Some(quality), shared_accounts)
    }

    /// The sections in the rows of the current copy.
    pub(crate) fn sections(&self) -> Result<Vec<SectionRow>> {
        self.sql.exec("SELECT course, section, code, name, number FROM section", None)?.to_array()
    }

    /// Deletes slices that belong to no copy. They are overwritten first, since deleted values stay readable
    /// in free pages of the database's file.
    pub(crate) async fn delete_orphans(&self) -> Result<()> {
        self.delete_orphans_where("1").await
    }

    /// Deletes the slices of one generation, unless it is a copy's.
    pub(crate) async fn delete_orphans_of(&self, generation: u32) -> Result<()> {
        self.delete_orphans_where(&format!("generation = {generation}")).await
    }

    /// One transaction per pack: a copy of 1 GB in one transaction would block all readers. If it is interrupted, the rest
    /// is deleted the next time.
    async fn delete_orphans_where(&self, condition: &str) -> Result<()> {
        // A newer job may write slices meanwhile.
        let newest: GenerationRow =
            self.sql.exec("SELECT coalesce(max(generation), 0) AS generation FROM pack", None)?.one()?;
        let orphans = format!(
            "WHERE {condition} AND generation <= {} AND generation NOT IN (SELECT generation FROM copy)",
            newest.generation
        );
        self.sql.exec(&format!("DELETE FROM framed {orphans}"), None)?;
        let query = format!("SELECT generation, seq FROM pack {orphans} ORDER BY generation, seq LIMIT 1");
        loop {
            let next: Vec<PackKey> = self.sql.exec(&query, None)?.to_array()?;
            let Some(PackKey { generation, seq }) = next.first() else { return Ok(()) };
            let pack = format!("WHERE generation = {generation} AND seq = {seq}");
            self.sql.exec(&format!("UPDATE pack SET bytes = zeroblob(length(bytes)) {pack}"), None)?;
            // Ends the transaction, so that the zeros are written before the pack's pages are free.
            Delay::from(Duration::from_millis(1)).await;
            self.sql.exec(&format!("DELETE FROM pack {pack}"), None)?;
        }
    }

    /// Deletes copies that were replaced long enough ago.
    pub(crate) async fn delete_replaced(&self, now: Timestamp) -> Result<()> {
        self.sql.exec("DELETE FROM copy WHERE delete_at <= ?", vec![now.0.into()])?;
        let is_idle = self.collect_task()?.is_none_or(|task| task.outcome.is_some());
        if is_idle { self.delete_orphans().await } else { Ok(()) }
    }

    // ---- The erasure job.

    /// Stores an erasure job, replacing the last one.
    pub(crate) fn put_erasure_job(&self, job: &ErasureJob) -> Result<()> {
        self.sql.exec(
            "INSERT OR REPLACE INTO sweep (one, body, starts, swept, stage) VALUES (1, ?, 0, NULL, 0)",
            vec![serde_json::to_string(job)?.into()],
        )?;
        Ok(())
    }

    /// The current or latest erasure job.
    pub(crate) fn erasure_task(&self) -> Result<Option<ErasureTask>> {
        let rows: Vec<ErasureTaskRow> =
            self.sql.exec("SELECT body, starts, swept, stage FROM sweep", None)?.to_array()?;
        rows.into_iter()
            .next()
            .map(|row| {
                Ok(ErasureTask {
                    job: serde_json::from_str(&row.body)?,
                    starts: row.starts,
                    swept: row.swept.map(|text| serde_json::from_str(&text)).transpose()?,
                    stage: ErasureStage::from_stored(row.stage),
                })
            })
            .transpose()
    }

    /// Counts a start of the erasure.
    pub(crate) fn count_erasure_start(&self) -> Result<()> {
        self.sql.exec("UPDATE sweep SET starts = starts + 1", None)?;
        Ok(())
    }

    /// Records the stage that the erasure under this lease has completed.
    pub(crate) fn set_erasure_stage(&self, lease: u32, stage: ErasureStage) -> Result<()> {
        if self.erasure_task()?.is_some_and(|erasure| erasure.job.lease == lease) {
            self.sql.exec("UPDATE sweep SET stage = ?", vec![i64::from(stage as u32).into()])?;
        }
        Ok(())
    }

    /// Records the outcome of the erasure, and deletes replaced copies and the key of the tombstones.
    pub(crate) fn finish_erasure(&self, lease: u32, swept: &SweepOutcome) -> Result<()> {
        let Some(mut erasure) = self.erasure_task()?.filter(|erasure| erasure.job.lease == lease) else {
            return Ok(());
        };
        erasure.job.tombstones = Tombstones::default();
        let condition = if *swept == SweepOutcome::Damaged { "TRUE" } else { "delete_at IS NOT NULL" };
        self.sql.exec(&format!("DELETE FROM copy WHERE {condition}"), None)?;
        self.sql.exec(
            "UPDATE sweep SET body = ?, swept = ?, stage = ?",
            vec![
                serde_json::to_string(&erasure.job)?.into(),
                serde_json::to_string(swept)?.into(),
                i64::from(ErasureStage::Published as u32).into(),
            ],
        )?;
        Ok(())
    }

    /// The first pack of a copy whose number is at least `seq`.
    pub(crate) fn next_pack(&self, generation: u32, seq: u32) -> Result<Option<Pack>> {
        let values = vec![i64::from(generation).into(), i64::from(seq).into()];
        let query = "SELECT seq, bytes FROM pack WHERE generation = ? AND seq >= ? ORDER BY seq LIMIT 1";
        let row = self.sql.exec(query, values)?.raw().next().transpose()?;
        let Some(row) = row else { return Ok(None) };
        let damaged = || worker::Error::RustError("a stored pack cannot be read".to_owned());
        let Ok([SqlStorageValue::Integer(seq), SqlStorageValue::Blob(bytes)]) =
            <[SqlStorageValue; 2]>::try_from(row)
        else {
            return Err(damaged());
        };
        let seq = u32::try_from(seq).map_err(|_| damaged())?;
        let index = self
            .sql
            .exec(
                "SELECT seq, course, section, rows, start, length FROM framed
                 WHERE generation = ? AND pack = ? ORDER BY start",
                vec![i64::from(generation).into(), i64::from(seq).into()],
            )?
            .to_array()?;
        Ok(Some(Pack { seq, bytes, index }))
    }

    /// Copies packs unchanged from one generation to another: those with numbers in `start..end`.
    pub(crate) fn copy_packs(&self, from: u32, to: u32, start: u32, end: u32) -> Result<()> {
        let values =
            || [to, from, start, end].map(|number| SqlStorageValue::from(i64::from(number))).to_vec();
        self.sql.exec(
            "INSERT INTO framed (generation, seq, course, section, rows, pack, start, length)
             SELECT ?, seq, course, section, rows, pack, start, length FROM framed
             WHERE generation = ? AND pack >= ? AND pack < ?",
            values(),
        )?;
        self.sql.exec(
            "INSERT INTO pack (generation, seq, slices, bytes)
             SELECT ?, seq, slices, bytes FROM pack WHERE generation = ? AND seq >= ? AND seq < ?",
            values(),
        )?;
        Ok(())
    }

    /// Writes the remaining rows of a pack, under the pack's number; nothing if it is empty.
    pub(crate) fn put_pack(&self, generation: u32, pack: Pack) -> Result<()> {
        let Pack { seq, bytes, index } = pack;
        let slices = u32::try_from(index.len()).unwrap_or(u32::MAX);
        if slices == 0 {
            return Ok(());
        }
        let index = serde_json::to_string(&index)?;
        self.write_pack(generation, FullPack { seq, bytes, slices, index })
    }

    /// Replaces the copy `from` by its remaining rows, which are `slices` slices under the generation
    /// `lease`, and deletes every other copy. There is no await between these statements. Returns the
    /// remaining rows, or `None` if `from` is no longer in service or slices are missing.
    pub(crate) fn replace_copy(
        &self,
        from: u32,
        lease: u32,
        slices: u32,
        erased: RemainingRows,
    ) -> Result<Option<RemainingRows>> {
        let is_served = self.select_copy(None, &Filter::all())?.is_some_and(|copy| copy.generation == from);
        let stored = self.count(lease, &Filter::all())?;
        if !is_served || stored.slices != slices {
            return Ok(None);
        }
        self.sql.exec(
            "INSERT OR REPLACE INTO copy (generation, header, slices, rows, bytes, made, delete_at)
             SELECT ?, header, ?, rows - ?, bytes - ?, made, NULL FROM copy WHERE generation = ?",
            vec![
                i64::from(lease).into(),
                i64::from(slices).into(),
                integer_to_sql(erased.rows),
                integer_to_sql(erased.bytes),
                i64::from(from).into(),
            ],
        )?;
        let remaining: RemainingRow = self
            .sql
            .exec("SELECT rows, bytes FROM copy WHERE generation = ?", vec![i64::from(lease).into()])?
            .one()?;
        self.sql.exec("DELETE FROM copy WHERE generation <> ?", vec![i64::from(lease).into()])?;
        self.sql.exec(
            "DELETE FROM section WHERE NOT EXISTS (SELECT 1 FROM framed WHERE generation = ?
             AND framed.course = section.course AND framed.section = section.section)",
            vec![i64::from(lease).into()],
        )?;
        Ok(Some(RemainingRows {
            rows: count_from_sql(Some(remaining.rows)),
            bytes: count_from_sql(Some(remaining.bytes)),
        }))
    }

    /// Deletes every row of every table.
    pub(crate) async fn delete_all(&self) -> Result<()> {
        // The jobs first, so that one that is running publishes nothing.
        for table in ["job", "sweep", "section", "copy"] {
            self.sql.exec(&format!("DELETE FROM {table}"), None)?;
        }
        self.delete_orphans().await
    }

    /// When the next replaced copy is to be deleted.
    pub(crate) fn next_deletion(&self) -> Result<Option<Timestamp>> {
        let rows: Vec<TimestampRow> =
            self.sql.exec("SELECT min(delete_at) AS at FROM copy", None)?.to_array()?;
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a date")]
        let at = rows.first().and_then(|row| row.at).map(|at| Timestamp(at as i64));
        Ok(at)
    }

    /// The copy in service, or the one with this generation if it still exists, restricted to the filter.
    ///
    /// # Errors
    /// If slices of the copy are missing.
    pub(crate) fn select_copy(
        &self,
        generation: Option<u32>,
        filter: &Filter,
    ) -> Result<Option<CopySummary>> {
        let (query, values) = match generation {
            Some(generation) => {
                ("SELECT generation FROM copy WHERE generation = ?", vec![i64::from(generation).into()])
            }
            None => (SERVED_GENERATION, Vec::new()),
        };
        let rows: Vec<GenerationRow> = self.sql.exec(query, values)?.to_array()?;
        let Some(GenerationRow { generation }) = rows.first() else { return Ok(None) };
        let header = self
            .sql
            .exec("SELECT header FROM copy WHERE generation = ?", vec![i64::from(*generation).into()])?
            .raw()
            .next()
            .transpose()?
            .and_then(|row| row.into_iter().next());
        let Some(SqlStorageValue::Blob(header)) = header else { return Ok(None) };
        // The copy must be as complete as when it was published, or nothing of it is served.
        let expected: CopyTotals = self
            .sql
            .exec("SELECT slices, rows FROM copy WHERE generation = ?", vec![i64::from(*generation).into()])?
            .one()?;
        let stored = self.count(*generation, &Filter::all())?;
        if expected.slices != stored.slices
            || count_from_sql(Some(expected.rows)) != count_from_sql(stored.rows)
        {
            return Err("a copy lacks slices that it had".into());
        }
        let count = if filter.selects_everything() { stored } else { self.count(*generation, filter)? };
        Ok(Some(CopySummary {
            generation: *generation,
            header,
            slices: count.slices,
            rows: count_from_sql(count.rows),
            largest: count_from_sql(count.largest),
        }))
    }

    /// The generation of the copy in service.
    pub(crate) fn served_generation(&self) -> Result<Option<u32>> {
        let rows: Vec<GenerationRow> = self.sql.exec(SERVED_GENERATION, None)?.to_array()?;
        Ok(rows.first().map(|row| row.generation))
    }

    /// The rows of each section of a copy, published or not.
    pub(crate) fn section_rows(&self, generation: u32) -> Result<SectionRows> {
        let query = "SELECT course, section, sum(rows) AS rows FROM framed WHERE generation = ?
                     GROUP BY course, section";
        let rows: Vec<SectionRowCount> =
            self.sql.exec(query, vec![i64::from(generation).into()])?.to_array()?;
        let entry = |row: SectionRowCount| ((row.course, row.section), count_from_sql(Some(row.rows)));
        Ok(rows.into_iter().map(entry).collect())
    }

    fn count(&self, generation: u32, filter: &Filter) -> Result<SliceCounts> {
        let (condition, mut values) = filter.condition();
        values.insert(0, i64::from(generation).into());
        self.sql
            .exec(
                &format!(
                    "SELECT count(*) AS slices, sum(rows) AS rows, max(length) AS largest
                     FROM framed WHERE {condition}"
                ),
                values,
            )?
            .one()
    }

    /// The next frames of a copy from `seq` on: a pack, or at most `max_slices` slices if the filter selects
    /// only some.
    pub(crate) fn read_frames(
        &self,
        generation: u32,
        filter: &Filter,
        seq: i64,
        max_slices: u32,
    ) -> Result<Vec<StoredFrames>> {
        let (condition, mut values) = filter.condition();
        values.insert(0, i64::from(generation).into());
        values.push(seq.into());
        let query = if filter.selects_everything() {
            format!(
                "SELECT seq + 1, slices,
                        CASE WHEN substr(bytes, 1, 16) = zeroblob(16) THEN substr(bytes, {PACK_PADDING} + 1) ELSE bytes END
                 FROM pack WHERE generation = ? AND seq >= ? ORDER BY seq LIMIT 1"
            )
        } else {
            // The packs are in the outer loop, so that SQLite loads each once, and not once for each slice.
            values.push(i64::from(generation).into());
            format!(
                "WITH selected AS MATERIALIZED (
                     SELECT seq, pack, start, length FROM framed WHERE {condition} AND seq >= ?
                     ORDER BY seq LIMIT {max_slices})
                 SELECT selected.seq + 1, 1, substr(bytes, start + 1, length)
                 FROM pack CROSS JOIN selected ON selected.pack = pack.seq
                 WHERE pack.generation = ? ORDER BY selected.seq"
            )
        };
        let damaged = || worker::Error::RustError("a stored slice cannot be read".to_owned());
        self.sql
            .exec(&query, values)?
            .raw()
            .map(|row| match <[SqlStorageValue; 3]>::try_from(row?) {
                Ok(
                    [
                        SqlStorageValue::Integer(seq),
                        SqlStorageValue::Integer(slices),
                        SqlStorageValue::Blob(bytes),
                    ],
                ) => Ok(StoredFrames { seq, slices: u32::try_from(slices).map_err(|_| damaged())?, bytes }),
                _ => Err(damaged()),
            })
            .collect()
    }
}

/// Integers of SQL pass through doubles, which are exact up to 2^53, far above any count of rows or bytes.
fn integer_to_sql(value: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, exact below 2^53")]
fn count_from_sql(value: Option<f64>) -> u64 {
    value.unwrap_or_default().max(0.0) as u64
}
