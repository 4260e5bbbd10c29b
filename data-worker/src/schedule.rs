//! The download schedule: which copies are wanted, loaded and being downloaded, and which download comes next.
//!
//! Pure: it knows neither the network nor the rows. [`Schedule::want`] takes what a query needs;
//! [`Schedule::start_next`] starts downloads until enough are under way; each download then reports its announcement,
//! its progress and its end. Everything may arrive in any order and late: what is reported of a download that was
//! aborted has no effect.
//!
//! Rows that no query needs any more are kept, so that going back shows figures at once. They are discarded when the
//! device's memory is needed for others.

use domain::ids::CourseId;
use domain::report::{KnownReport, ReportName};
use protocol::{Progress, ReportSource, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// The most simultaneous downloads: enough to keep the network busy while one of them is decoded.
const MAX_DOWNLOADS: usize = 4;

/// Simultaneous downloads however large they are.
const MIN_DOWNLOADS: usize = 2;

/// Rows still to arrive that keep the network busy. With as many, another download would only delay the moment at which
/// the first of them is complete and can be drawn. A download whose announcement has not arrived counts as this many.
const BUSY_ROWS: u64 = 200_000;

/// How the rows of a source are held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// The columns of `videoview`, for that report's figures.
    VideoViewColumns,
    /// A table of any report.
    Table,
}

/// Whose rows, and how they are held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceKey {
    /// The report.
    pub report: ReportName,
    /// The course that the rows are limited to.
    pub course: Option<CourseId>,
    /// How they are held.
    pub layout: Layout,
}

impl SourceKey {
    /// The key of a source of a query about `subject`.
    #[must_use]
    pub fn new(source: &ReportSource, subject: &Subject) -> Self {
        let is_alone = matches!(subject, Subject::Report { .. });
        let layout = match source.report.known() {
            Some(KnownReport::VideoView) if is_alone => Layout::VideoViewColumns,
            _ => Layout::Table,
        };
        Self { report: source.report.clone(), course: source.course.clone(), layout }
    }
}

/// A window's copy of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CopyKey {
    /// The source.
    pub source: SourceKey,
    /// The window's id.
    pub window: String,
}

/// Identifies a download; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DownloadId(u64);

/// A download to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadOrder {
    /// Identifies it.
    pub id: DownloadId,
    /// What to download.
    pub key: CopyKey,
    /// The generation of the copy.
    pub generation: u32,
}

/// What follows from the number of rows that a download announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// There is memory for them.
    Accepted,
    /// The download was aborted.
    Stale,
    /// All wanted rows together are more than fit into memory. Nothing is kept or downloaded until the next query.
    TooLarge {
        /// The rows that were announced until now; there may be more.
        rows: u64,
        /// The downloads to abort.
        aborted: Vec<DownloadId>,
    },
}

/// A wanted copy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WantedCopy {
    key: CopyKey,
    generation: u32,
}

/// A loaded copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LoadedCopy {
    generation: u32,
    rows: u64,
    /// Bytes as they were transferred.
    bytes: u64,
}

/// A download under way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Download {
    id: DownloadId,
    generation: u32,
    /// Its rows, once it has announced them.
    announced: Option<u64>,
    rows: u64,
    bytes: u64,
}

impl Download {
    /// Rows that memory is needed for.
    fn reserved_rows(&self) -> u64 {
        self.announced.unwrap_or(0).max(self.rows)
    }

    /// Rows that are still to arrive.
    fn remaining_rows(&self) -> u64 {
        self.announced.map_or(BUSY_ROWS, |rows| rows.saturating_sub(self.rows))
    }
}

/// The schedule.
#[derive(Debug, Default)]
pub struct Schedule {
    /// In the order in which they are downloaded.
    wanted: Vec<WantedCopy>,
    loaded: BTreeMap<CopyKey, LoadedCopy>,
    downloads: BTreeMap<CopyKey, Download>,
    /// Copies that could not be downloaded. They are tried again at the next query.
    failed: BTreeSet<(CopyKey, u32)>,
    /// The most rows that fit into memory.
    max_rows: u64,
    is_too_large: bool,
    last_id: u64,
}

impl Schedule {
    /// Takes the sources of a new query. Returns the source that serves each of them, and the downloads to abort.
    ///
    /// A source of one course is served by the whole institution's rows if those are loaded already.
    pub fn want(
        &mut self,
        sources: &[ReportSource],
        subject: &Subject,
        max_rows: u64,
    ) -> (Vec<SourceKey>, Vec<DownloadId>) {
        self.max_rows = max_rows;
        self.is_too_large = false;
        self.failed.clear();
        let serving: Vec<SourceKey> =
            sources.iter().map(|source| self.serving_source(source, subject)).collect();
        // Source after source, newest window first: recent days matter most.
        self.wanted = sources
            .iter()
            .zip(&serving)
            .flat_map(|(source, key)| {
                source.windows.iter().rev().map(|window| WantedCopy {
                    key: CopyKey { source: key.clone(), window: window.id.clone() },
                    generation: window.generation,
                })
            })
            .collect();
        let wanted: BTreeMap<&CopyKey, u32> =
            self.wanted.iter().map(|copy| (&copy.key, copy.generation)).collect();
        let mut aborted = Vec::new();
        self.downloads.retain(|key, download| {
            let is_wanted = wanted.get(key) == Some(&download.generation);
            if !is_wanted {
                aborted.push(download.id);
            }
            is_wanted
        });
        // A source that is measured holds only windows of the query: others would be counted too. An older generation
        // serves until the newer one is loaded.
        self.loaded.retain(|key, _| !serving.contains(&key.source) || wanted.contains_key(key));
        (serving, aborted)
    }

    fn serving_source(&self, source: &ReportSource, subject: &Subject) -> SourceKey {
        let key = SourceKey::new(source, subject);
        let whole = SourceKey { course: None, ..key.clone() };
        let is_loaded = |window: &protocol::WindowSource| {
            let key = CopyKey { source: whole.clone(), window: window.id.clone() };
            self.loaded.get(&key).is_some_and(|copy| copy.generation == window.generation)
        };
        let is_whole_loaded = !source.windows.is_empty() && source.windows.iter().all(is_loaded);
        if is_whole_loaded { whole } else { key }
    }

    /// Starts the next download; `None` while enough are under way or nothing is missing.
    pub fn start_next(&mut self) -> Option<DownloadOrder> {
        let remaining: u64 = self.downloads.values().map(Download::remaining_rows).sum();
        let is_busy = self.downloads.len() >= MIN_DOWNLOADS && remaining >= BUSY_ROWS;
        if self.is_too_large || is_busy || self.downloads.len() >= MAX_DOWNLOADS {
            return None;
        }
        let next = self.wanted.iter().find(|copy| self.is_missing(copy))?.clone();
        self.last_id += 1;
        let id = DownloadId(self.last_id);
        let download = Download { id, generation: next.generation, announced: None, rows: 0, bytes: 0 };
        self.downloads.insert(next.key.clone(), download);
        Some(DownloadOrder { id, key: next.key, generation: next.generation })
    }

    /// Whether a wanted copy is neither loaded nor being downloaded, and has not failed.
    fn is_missing(&self, copy: &WantedCopy) -> bool {
        !self.downloads.contains_key(&copy.key) && self.is_expected(copy)
    }

    /// Whether a wanted copy is still to come.
    fn is_expected(&self, copy: &WantedCopy) -> bool {
        self.loaded.get(&copy.key).is_none_or(|loaded| loaded.generation != copy.generation)
            && !self.failed.contains(&(copy.key.clone(), copy.generation))
    }

    fn download(&mut self, id: DownloadId) -> Option<&mut Download> {
        self.downloads.values_mut().find(|download| download.id == id)
    }

    fn remove_download(&mut self, id: DownloadId) -> Option<(CopyKey, Download)> {
        let key = self.downloads.iter().find(|(_, download)| download.id == id)?.0.clone();
        self.downloads.remove_entry(&key)
    }

    /// A download has announced how many rows it has, before any of them is kept.
    pub fn announce(&mut self, id: DownloadId, rows: u64) -> Announcement {
        let Some(download) = self.download(id) else { return Announcement::Stale };
        download.announced = Some(rows);
        if self.reserved_rows() > self.max_rows {
            let wanted: BTreeSet<&SourceKey> = self.wanted.iter().map(|copy| &copy.key.source).collect();
            self.loaded.retain(|key, _| wanted.contains(&key.source));
        }
        let rows = self.reserved_rows();
        if rows <= self.max_rows {
            return Announcement::Accepted;
        }
        let aborted = self.downloads.values().map(|download| download.id).collect();
        self.downloads.clear();
        self.loaded.clear();
        self.is_too_large = true;
        Announcement::TooLarge { rows, aborted }
    }

    /// Rows that memory is used or needed for.
    fn reserved_rows(&self) -> u64 {
        let loaded: u64 = self.loaded.values().map(|copy| copy.rows).sum();
        loaded + self.downloads.values().map(Download::reserved_rows).sum::<u64>()
    }

    /// A download has read this many rows and bytes. Returns whether it is still wanted.
    pub fn advance(&mut self, id: DownloadId, rows: u64, bytes: u64) -> bool {
        let Some(download) = self.download(id) else { return false };
        (download.rows, download.bytes) = (rows, bytes);
        true
    }

    /// A download is complete. Returns the copy that is loaded now; `None` if the download was aborted.
    pub fn complete(&mut self, id: DownloadId) -> Option<CopyKey> {
        let (key, download) = self.remove_download(id)?;
        let Download { generation, rows, bytes, .. } = download;
        self.loaded.insert(key.clone(), LoadedCopy { generation, rows, bytes });
        Some(key)
    }

    /// A download has failed. Returns its copy; `None` if the download was aborted.
    pub fn fail(&mut self, id: DownloadId) -> Option<CopyKey> {
        let (key, download) = self.remove_download(id)?;
        self.failed.insert((key.clone(), download.generation));
        Some(key)
    }

    /// What was decoded has to be loaded again. Returns the downloads to abort: those that have begun.
    pub fn reload(&mut self) -> Vec<DownloadId> {
        self.loaded.clear();
        let mut aborted = Vec::new();
        self.downloads.retain(|_, download| {
            let has_begun = download.announced.is_some();
            aborted.extend(has_begun.then_some(download.id));
            !has_begun
        });
        aborted
    }

    /// Whether a copy is loaded.
    #[must_use]
    pub fn is_loaded(&self, key: &CopyKey) -> bool {
        self.loaded.contains_key(key)
    }

    /// Whether a copy is being downloaded.
    #[must_use]
    pub fn is_downloading(&self, key: &CopyKey) -> bool {
        self.downloads.contains_key(key)
    }

    /// Whether the query's rows are more than fit into memory.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// The sources of which copies are loaded or being downloaded.
    pub fn sources(&self) -> impl Iterator<Item = &SourceKey> {
        self.loaded.keys().chain(self.downloads.keys()).map(|key| &key.source)
    }

    /// What has arrived of the query's copies.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let loaded: Vec<&LoadedCopy> =
            self.wanted.iter().filter_map(|copy| self.loaded.get(&copy.key)).collect();
        let downloads = || self.downloads.values();
        let is_pending = |copy: &&WantedCopy| !self.is_too_large && self.is_expected(copy);
        Progress {
            rows: loaded.iter().map(|copy| copy.rows).sum::<u64>()
                + downloads().map(|it| it.rows).sum::<u64>(),
            bytes: loaded.iter().map(|copy| copy.bytes).sum::<u64>()
                + downloads().map(|it| it.bytes).sum::<u64>(),
            copies: loaded.len(),
            pending: self.wanted.iter().filter(is_pending).count(),
        }
    }
}

#[cfg(test)]
mod tests;
