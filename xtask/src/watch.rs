//! A watch on sources: tells when one of them is written, added or removed.
//!
//! It looks at times and lengths twice a second: a few hundred files cost less than the dependency that would be told.

use crate::checkout::Checkout;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What was seen of a file: when it was written, and its length in bytes.
type Seen = (Option<SystemTime>, u64);

/// A watch on some folders and files of the checkout.
pub(crate) struct Watch {
    watched: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Seen>,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn begin(checkout: &Checkout, sources: &[&str]) -> Self {
        let watched: Vec<PathBuf> = sources.iter().map(|source| checkout.path(source)).collect();
        let seen = look(&watched);
        Self { watched, seen }
    }

    /// A file that changed since the last call or the beginning, if one did.
    pub(crate) fn changed(&mut self) -> Option<PathBuf> {
        let now = look(&self.watched);
        let before = std::mem::replace(&mut self.seen, now);
        let written = self.seen.iter().find(|(path, seen)| before.get(*path) != Some(seen));
        let removed = || before.iter().find(|(path, _)| !self.seen.contains_key(*path));
        written.or_else(removed).map(|(path, _)| path.clone())
    }
}

fn look(watched: &[PathBuf]) -> BTreeMap<PathBuf, Seen> {
    let mut seen = BTreeMap::new();
    let mut paths = watched.to_vec();
    while let Some(path) = paths.pop() {
        // A file may be gone between being listed and being looked at.
        let Ok(found) = fs::metadata(&path) else { continue };
        if found.is_file() {
            seen.insert(path, (found.modified().ok(), found.len()));
        } else if let Ok(entries) = fs::read_dir(&path) {
            paths.extend(entries.flatten().map(|entry| entry.path()).filter(|path| is_source(path)));
        }
    }
    seen
}

/// Not what a build writes into the folders of the sources, nor what an editor keeps beside a file.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !(name.starts_with('.') || name.ends_with('~') || matches!(name, "build" | "target" | "node_modules"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_an_added_and_a_removed_file_are_each_told_once() {
        let folder = std::env::temp_dir().join(format!("lectern-watch-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("build")).unwrap();
        let file = folder.join("lib.rs");
        fs::write(&file, "1").unwrap();
        let mut watch = Watch { seen: look(std::slice::from_ref(&folder)), watched: vec![folder.clone()] };
        assert_eq!(watch.changed(), None);
        fs::write(&file, "22").unwrap();
        assert_eq!(watch.changed(), Some(file.clone()));
        assert_eq!(watch.changed(), None);
        let added = folder.join("added.rs");
        fs::write(&added, "").unwrap();
        assert_eq!(watch.changed(), Some(added));
        fs::remove_file(&file).unwrap();
        assert_eq!(watch.changed(), Some(file));
        fs::write(folder.join("build/index.js"), "").unwrap();
        assert_eq!(watch.changed(), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
