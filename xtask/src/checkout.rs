//! The checkout: where its parts are.

use std::path::{Path, PathBuf};

/// The folder that holds the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that this tool was built in: one that moves is built anew by cargo.
    pub(crate) fn of_this_tool() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: here.parent().unwrap_or(here).to_path_buf() }
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Something in the checkout, by its path from the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where everything that is built goes, whatever the caller's `CARGO_TARGET_DIR` says.
    pub(crate) fn target(&self) -> PathBuf {
        self.path("target")
    }

    /// A path as a person would type it at the root.
    pub(crate) fn spelled<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
