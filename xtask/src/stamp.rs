//! A stamp: what a product was last built from, so that nothing is built twice.
//!
//! Contents are compared, not times: a fresh clone or a switched branch changes every time and often nothing else.

use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// What a product would be built from now, and the file that says what it was built from last.
pub(crate) struct Stamp {
    file: PathBuf,
    hasher: DefaultHasher,
}

impl Stamp {
    /// A stamp that is kept in `file`, of nothing so far.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, hasher: DefaultHasher::new() }
    }

    /// Adds something that decides the product: a version, an option.
    pub(crate) fn of(mut self, part: impl Hash) -> Self {
        part.hash(&mut self.hasher);
        self
    }

    /// Adds the contents of a file.
    pub(crate) fn of_file(self, path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(self.of(bytes))
    }

    /// Whether the product was last built from just this.
    pub(crate) fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.text())
    }

    /// Records that the product is now built from this.
    pub(crate) fn press(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&self.file, self.text()).with_context(|| format!("cannot write {}", self.file.display()))
    }

    fn text(&self) -> String {
        format!("{:016x}\n", self.hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_until_a_part_changes() {
        let file = std::env::temp_dir().join(format!("lectern-stamp-{}", std::process::id()));
        let _ = fs::remove_file(&file);
        let stamp = || Stamp::new(file.clone()).of("0.2.130");
        assert!(!stamp().holds());
        stamp().press().unwrap();
        assert!(stamp().holds());
        assert!(!stamp().of("small").holds());
        fs::remove_file(&file).unwrap();
    }
}
