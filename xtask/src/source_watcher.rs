//! Source watcher: reports source files that are written, added or removed, for `--watch`.

use crate::checkout::Checkout;
use anyhow::{Context, Result};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// A change is reported when no other change follows for this long. Saving a file or switching a branch
/// causes many events, and one build is enough for all of them.
const QUIET_TIME: Duration = Duration::from_millis(100);

/// Maximum delay of a report.
const MAX_DELAY: Duration = Duration::from_secs(2);

/// Watches some folders and files of the checkout.
pub(crate) struct SourceWatcher {
    /// Folders, watched recursively, and files.
    sources: Vec<PathBuf>,
    events: Receiver<notify::Result<Event>>,
    /// Stops watching when dropped.
    _watcher: RecommendedWatcher,
}

impl SourceWatcher {
    /// Starts watching these folders and files, given by their paths from the root of the checkout.
    pub(crate) fn new(checkout: &Checkout, sources: &[&str]) -> Result<Self> {
        Self::watch(sources.iter().map(|source| checkout.path(source)).collect())
    }

    fn watch(sources: Vec<PathBuf>) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(sender).context("cannot watch the sources")?;
        // A file is watched through its folder: many editors save by replacing the file.
        let folders: BTreeSet<(&Path, bool)> = sources
            .iter()
            .filter_map(|source| {
                if source.is_dir() { Some((source.as_path(), true)) } else { Some((source.parent()?, false)) }
            })
            .collect();
        for (folder, is_source) in folders {
            let mode = if is_source { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            watcher.watch(folder, mode).with_context(|| format!("cannot watch {}", folder.display()))?;
        }
        Ok(Self { sources, events, _watcher: watcher })
    }

    /// A file that has changed since the last call, if any.
    pub(crate) fn changed_file(&self) -> Option<PathBuf> {
        let changed = self.events.try_iter().find_map(|event| self.changed_source(event))?;
        let started = Instant::now();
        while started.elapsed() < MAX_DELAY && self.events.recv_timeout(QUIET_TIME).is_ok() {}
        Some(changed)
    }

    /// The source file that an event changes, if any.
    fn changed_source(&self, event: notify::Result<Event>) -> Option<PathBuf> {
        let event = event.ok()?;
        let is_change =
            matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
        event.paths.into_iter().find(|path| is_change && self.is_source(path))
    }

    /// Whether a path is a source file, as opposed to build output beside the sources or an editor's
    /// temporary file.
    fn is_source(&self, path: &Path) -> bool {
        let below = self.sources.iter().find_map(|source| path.strip_prefix(source).ok());
        below.is_some_and(|below| {
            below.iter().all(|name| {
                let name = name.to_string_lossy();
                let is_temporary = name.starts_with('.') || name.ends_with('~');
                !is_temporary && !matches!(&*name, "build" | "target" | "node_modules")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::thread;

    /// The next change, if one is reported within `patience`.
    fn next_change(watcher: &SourceWatcher, patience: Duration) -> Option<PathBuf> {
        let started = Instant::now();
        while started.elapsed() < patience {
            if let Some(changed) = watcher.changed_file() {
                return Some(changed);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }

    #[test]
    fn a_written_an_added_and_a_removed_file_are_each_reported_once() {
        const SOON: Duration = Duration::from_secs(10);
        const QUIET: Duration = Duration::from_millis(300);
        let folder = std::env::temp_dir().join(format!("lectern-watch-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src/build")).unwrap();
        let folder = folder.canonicalize().unwrap();
        let (file, manifest) = (folder.join("src/lib.rs"), folder.join("Cargo.toml"));
        fs::write(&file, "1").unwrap();
        fs::write(&manifest, "1").unwrap();
        let watcher = SourceWatcher::watch(vec![folder.join("src"), manifest.clone()]).unwrap();
        assert_eq!(next_change(&watcher, QUIET), None);
        fs::write(&file, "22").unwrap();
        assert_eq!(next_change(&watcher, SOON), Some(file.clone()));
        assert_eq!(next_change(&watcher, QUIET), None);
        let added = folder.join("src/added.rs");
        fs::write(&added, "").unwrap();
        assert_eq!(next_change(&watcher, SOON), Some(added));
        fs::remove_file(&file).unwrap();
        assert_eq!(next_change(&watcher, SOON), Some(file));
        // Editors save by replacing the file.
        fs::write(folder.join("new"), "22").unwrap();
        fs::rename(folder.join("new"), &manifest).unwrap();
        assert_eq!(next_change(&watcher, SOON), Some(manifest));
        fs::write(folder.join("src/build/index.js"), "").unwrap();
        fs::write(folder.join("src/lib.rs~"), "").unwrap();
        fs::write(folder.join("lectern.env"), "").unwrap();
        assert_eq!(next_change(&watcher, QUIET), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
