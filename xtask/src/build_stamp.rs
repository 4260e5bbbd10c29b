//! Build stamps: a hash of all inputs of a product's last build, so that nothing is built twice.
//!
//! The hash is of contents, since a fresh clone or a switched branch changes the modification times of all
//! files.

use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The hash of a product's current inputs, and the file that stores the hash of the last build.
pub(crate) struct BuildStamp {
    file: PathBuf,
    hasher: DefaultHasher,
}

impl BuildStamp {
    /// A stamp that is stored in `file`, with no inputs yet.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, hasher: DefaultHasher::new() }
    }

    /// Adds an input that is not a file, such as a version or an option.
    pub(crate) fn with(mut self, part: impl Hash) -> Self {
        part.hash(&mut self.hasher);
        self
    }

    /// Adds the contents of a file.
    pub(crate) fn with_file(self, path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(self.with(bytes))
    }

    /// Whether the product was last built from exactly these inputs.
    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|stored| stored == self.text())
    }

    /// Records that the product has been built from these inputs.
    pub(crate) fn save(&self) -> Result<()> {
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
    fn a_stamp_is_current_until_an_input_changes() {
        let file = std::env::temp_dir().join(format!("lectern-stamp-{}", std::process::id()));
        let _ = fs::remove_file(&file);
        let stamp = || BuildStamp::new(file.clone()).with("0.2.130");
        assert!(!stamp().is_current());
        stamp().save().unwrap();
        assert!(stamp().is_current());
        assert!(!stamp().with("small").is_current());
        fs::remove_file(&file).unwrap();
    }
}
