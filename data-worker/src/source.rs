//! The rows of one source: its complete copies, and those whose slices are arriving.

use domain::frame::{Head, SliceHead};
use domain::report::KnownReport;
use domain::time::Timestamp;
use engine::shared_account::SharedAccountSet;
use engine::table::builder::{TableBuilder, WindowTable};
use engine::table::dataset::{Dataset, WindowData};
use protocol::{FetchError, WindowSource};
use std::collections::BTreeMap;

/// The rows of one source, in tables of one layout. Dataset and builders are kept together, since a builder's codes
/// are those of the dataset's texts.
#[derive(Debug)]
pub struct Source<T: WindowTable> {
    /// The complete copies.
    pub dataset: Dataset<T>,
    /// The copies that are arriving, by window id.
    builders: BTreeMap<String, TableBuilder<T>>,
}

impl<T: WindowTable> Default for Source<T> {
    fn default() -> Self {
        Self { dataset: Dataset::default(), builders: BTreeMap::new() }
    }
}

/// What loads copies into a source, whatever the layout of its tables.
pub trait CopyLoader {
    /// Updates the days that a window's copy covers, unless another generation is loaded.
    fn set_coverage(&mut self, window: &WindowSource);

    /// Removes the complete copies of the windows for which `is_loaded` is false, and the arriving ones of those for
    /// which `is_arriving` is false.
    fn retain(&mut self, is_loaded: &dyn Fn(&str) -> bool, is_arriving: &dyn Fn(&str) -> bool);

    /// Begins a window's copy, which Echo360 was asked for at `created`. `accounts` are counted as shared.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if the header lacks a column of `report`.
    fn begin(
        &mut self,
        window: &str,
        head: &Head,
        report: Option<KnownReport>,
        created: Timestamp,
        accounts: &SharedAccountSet,
    ) -> Result<(), FetchError>;

    /// Adds a slice to a window's copy.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if the slice is damaged, or the copy has not begun.
    fn push_slice(&mut self, window: &str, head: &SliceHead, deflated: &[u8]) -> Result<(), FetchError>;

    /// Completes a window's copy.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if rows are missing, or the copy has not begun.
    fn complete(&mut self, window: &WindowSource) -> Result<(), FetchError>;

    /// Discards a window's copy, whose download has failed.
    fn abandon(&mut self, window: &str);
}

/// The error for a copy without a head.
fn not_begun() -> FetchError {
    FetchError::invalid(&"rows came before their header")
}

impl<T: WindowTable> CopyLoader for Source<T> {
    fn set_coverage(&mut self, window: &WindowSource) {
        if self.dataset.generation(&window.id) == Some(window.generation) {
            self.dataset.set_coverage(&window.id, window.coverage);
        }
    }

    fn retain(&mut self, is_loaded: &dyn Fn(&str) -> bool, is_arriving: &dyn Fn(&str) -> bool) {
        self.dataset.retain(is_loaded);
        self.builders.retain(|window, _| is_arriving(window));
    }

    fn begin(
        &mut self,
        window: &str,
        head: &Head,
        report: Option<KnownReport>,
        created: Timestamp,
        accounts: &SharedAccountSet,
    ) -> Result<(), FetchError> {
        let builder = TableBuilder::new(head, report).map_err(|error| FetchError::invalid(&error))?;
        self.builders.insert(window.to_owned(), builder.made_at(created).with_shared_accounts(accounts));
        Ok(())
    }

    fn push_slice(&mut self, window: &str, head: &SliceHead, deflated: &[u8]) -> Result<(), FetchError> {
        let builder = self.builders.get_mut(window).ok_or_else(not_begun)?;
        let pushed = builder.push_slice(head, deflated, &mut self.dataset.texts);
        pushed.map_err(|error| FetchError::invalid(&error))
    }

    fn complete(&mut self, window: &WindowSource) -> Result<(), FetchError> {
        let builder = self.builders.remove(&window.id).ok_or_else(not_begun)?;
        let table = builder.finish().map_err(|error| FetchError::invalid(&error))?;
        let data = WindowData { generation: window.generation, table, coverage: window.coverage };
        self.dataset.insert(&window.id, data);
        Ok(())
    }

    fn abandon(&mut self, window: &str) {
        self.builders.remove(window);
    }
}
