//! The checkout and the paths of its files and folders.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout in which this xtask was built. If the checkout is moved, cargo builds xtask again.
    pub(crate) fn of_xtask() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: here.parent().unwrap_or(here).to_path_buf() }
    }

    /// The root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The full path of a file or folder, given its path from the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The folder for all build output, whatever the caller's `CARGO_TARGET_DIR` is.
    pub(crate) fn target(&self) -> PathBuf {
        self.path("target")
    }

    /// A path relative to the root of the checkout, for messages.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
