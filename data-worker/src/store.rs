//! The datasets of all sources, and the counts of the current query.

use crate::schedule::{CopyKey, Layout, Schedule, SourceKey};
use crate::source::{CopyLoader, Source};
use domain::frame::{Head, SliceHead};
use domain::time::Timestamp;
use engine::aggregator::Aggregator;
use engine::measures::Measures;
use engine::reports::listing::Listing;
use engine::row_index;
use engine::shared_account::SharedAccountSet;
use engine::table::Table;
use engine::table::builder::WindowTable;
use engine::text_search::TextSearch;
use engine::video_view_columns::VideoViewColumns;
use engine::video_view_dataset::VideoViewDataset;
use figures::figure_context::FigureContext;
use figures::locale::LocaleFormatter;
use figures::reports::{rows as report_rows, videoview};
use figures::{FigureBuilder, Loaded, RowLister, RowSource};
use protocol::{
    CountedRows, FetchError, Figure, LongTableRow, Query, ReportSource, RowList, RowRange, WindowSource,
};
use std::collections::BTreeMap;

/// The source of the current query that is answered with `videoview` columns, and what is counted of it.
#[derive(Debug)]
struct Counts {
    source: SourceKey,
    aggregator: Aggregator,
    /// The measures, once figures were made of them.
    measures: Option<Measures>,
    /// The rows behind the measures, once a table has requested them.
    row_index: Option<SearchableList<row_index::RowIndex>>,
    /// The codes of the students, most minutes first, once a table has requested them.
    students: Option<SearchableList<Vec<u32>>>,
}

/// A list, and what was last searched for in it. A search for something else replaces it, as a page of rows is
/// requested many times, but seldom for two searches.
#[derive(Debug)]
struct SearchableList<T, Found = T> {
    list: T,
    found: Option<(TextSearch, Found)>,
}

impl<T, Found> SearchableList<T, Found> {
    fn new(list: T) -> Self {
        Self { list, found: None }
    }

    /// The whole list, and the part of it that `search` finds, unless everything is searched for.
    fn find(
        &mut self,
        search: Option<TextSearch>,
        find: impl FnOnce(&T, &TextSearch) -> Found,
    ) -> (&T, Option<&Found>) {
        let last = self.found.take().filter(|(last, _)| Some(last) == search.as_ref());
        let search_again = || search.map(|search| (search.clone(), find(&self.list, &search)));
        self.found = last.or_else(search_again);
        (&self.list, self.found.as_ref().map(|(_, found)| found))
    }
}

/// The datasets, and the counts of the current query.
#[derive(Debug, Default)]
pub struct Store {
    /// The sources with [`Layout::VideoViewColumns`].
    video_views: BTreeMap<SourceKey, Source<VideoViewColumns>>,
    /// The sources with [`Layout::Table`].
    tables: BTreeMap<SourceKey, Source<Table>>,
    /// The current query's sources, in the order of [`Query::sources`].
    serving: Vec<SourceKey>,
    counts: Option<Counts>,
    /// The rows of the current query's table, once a long table has requested them.
    listing: Option<SearchableList<Listing, Vec<usize>>>,
    /// The accounts that are counted as shared in all copies.
    shared_accounts: SharedAccountSet,
}

impl Store {
    /// A source, whatever its layout.
    fn source(&mut self, key: &SourceKey) -> &mut dyn CopyLoader {
        match key.layout {
            Layout::VideoViewColumns => self.video_views.entry(key.clone()).or_default(),
            Layout::Table => self.tables.entry(key.clone()).or_default(),
        }
    }

    /// Sets the accounts that are counted as shared. Returns whether they are others than before: then all copies must be
    /// loaded again, and a query must follow.
    pub fn set_shared_accounts(&mut self, accounts: SharedAccountSet) -> bool {
        let has_changed = self.shared_accounts != accounts;
        if has_changed {
            self.shared_accounts = accounts;
            self.counts = None;
        }
        has_changed
    }

    /// Takes a new query: `serving` names the source that serves each of the query's sources.
    pub fn set_query(&mut self, query: &Query, serving: Vec<SourceKey>, schedule: &Schedule) {
        self.discard(schedule);
        for (source, key) in query.sources.iter().zip(&serving) {
            let data = self.source(key);
            source.windows.iter().for_each(|window| data.set_coverage(window));
        }
        let columns = serving.iter().find(|key| key.layout == Layout::VideoViewColumns);
        self.counts = columns.map(|source| match self.counts.take() {
            Some(counts) if counts.source == *source && *counts.aggregator.query() == query.measure.base => {
                counts
            }
            _ => Counts {
                source: source.clone(),
                aggregator: Aggregator::new(query.measure.base.clone()),
                measures: None,
                row_index: None,
                students: None,
            },
        });
        self.serving = serving;
        self.listing = None;
        self.count();
    }

    /// Discards the copies that are neither loaded nor downloaded any more according to the schedule.
    pub fn discard(&mut self, schedule: &Schedule) {
        let before = self.loaded_tables();
        discard_copies(&mut self.video_views, schedule);
        discard_copies(&mut self.tables, schedule);
        if self.loaded_tables() != before {
            self.listing = None;
        }
    }

    /// The number of loaded copies that are tables.
    fn loaded_tables(&self) -> usize {
        self.tables.values().map(|source| source.dataset.iter().count()).sum()
    }

    /// Begins a copy, which Echo360 was asked for at `created`.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if the header lacks a column.
    pub fn begin(&mut self, key: &CopyKey, head: &Head, created: Timestamp) -> Result<(), FetchError> {
        let (accounts, report) = (self.shared_accounts.clone(), key.source.report.known());
        self.source(&key.source).begin(&key.window, head, report, created, &accounts)
    }

    /// Adds a slice to a copy.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if the slice is damaged, or the copy has not begun.
    pub fn push_slice(&mut self, key: &CopyKey, head: &SliceHead, deflated: &[u8]) -> Result<(), FetchError> {
        self.source(&key.source).push_slice(&key.window, head, deflated)
    }

    /// Completes a copy of `window`.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if rows are missing, or the copy has not begun.
    pub fn complete(&mut self, source: &SourceKey, window: &WindowSource) -> Result<(), FetchError> {
        self.source(source).complete(window)?;
        self.listing = None;
        if self.counts.as_ref().is_some_and(|counts| counts.source == *source) {
            self.count();
        }
        Ok(())
    }

    /// Discards a copy whose download has failed.
    pub fn abandon(&mut self, key: &CopyKey) {
        self.source(&key.source).abandon(&key.window);
    }

    /// Brings the counts up to date with the dataset.
    fn count(&mut self) {
        let Some(counts) = &mut self.counts else { return };
        (counts.measures, counts.row_index, counts.students) = (None, None, None);
        if let Some(source) = self.video_views.get(&counts.source) {
            counts.aggregator.update(&source.dataset);
        }
    }

    /// The dataset of the current counts, and the counts.
    fn counted(&mut self) -> Option<(&VideoViewDataset, &mut Counts)> {
        let counts = self.counts.as_mut()?;
        Some((&self.video_views.get(&counts.source)?.dataset, counts))
    }

    /// The figures over the copies that are loaded, the student's name, and what they count.
    pub fn figures(
        &mut self,
        query: &Query,
        build: FigureBuilder,
        locale: &dyn LocaleFormatter,
    ) -> (Vec<Figure>, String, CountedRows) {
        if let Some((dataset, counts)) = self.counted()
            && counts.measures.is_none()
        {
            counts.measures = Some(counts.aggregator.measures(&dataset.texts));
        }
        let measures = self.counts.as_ref().and_then(|counts| counts.measures.as_ref());
        let tables = query
            .sources
            .iter()
            .zip(&self.serving)
            .filter_map(|(source, key)| Some((source.report.clone(), &self.tables.get(key)?.dataset)));
        let loaded = Loaded { tables: tables.collect(), video_views: measures };
        let counted = measures.map_or_else(CountedRows::default, |measures| CountedRows {
            rows: Some(measures.total.rows),
            is_complete: measures.is_complete(),
        });
        (build(query, &loaded, locale), figures::student_name(query, &loaded), counted)
    }

    /// Rows of a long table, which are read from `source`, and how many are found.
    pub fn rows(
        &mut self,
        query: &Query,
        range: &RowRange,
        source: RowSource,
        locale: &dyn LocaleFormatter,
    ) -> (Vec<LongTableRow>, u64) {
        let context = FigureContext::new(query, None, locale);
        if figures::are_rows_hidden(query) {
            return (Vec::new(), 0);
        }
        let (rows, found) = match (source, range.list) {
            (RowSource::VideoViews, _) => self.counted_rows(&context, range),
            (RowSource::Table(list), RowList::Rows) => self.listed_rows(&context, range, list),
            // Only `videoview` has a long table of students.
            (RowSource::Table(_), RowList::Students) | (RowSource::None, _) => (Vec::new(), 0),
        };
        (rows, found as u64)
    }

    /// Rows of the table of a report whose rows are a table.
    fn listed_rows(
        &mut self,
        context: &FigureContext<'_>,
        range: &RowRange,
        list: RowLister,
    ) -> (Vec<LongTableRow>, usize) {
        let Some(source) = self.serving.iter().find_map(|key| self.tables.get(key)) else {
            return (Vec::new(), 0);
        };
        let dataset = &source.dataset;
        let listing = self.listing.get_or_insert_with(|| SearchableList::new(list(dataset, context.query)));
        let find = |listing: &Listing, search: &TextSearch| listing.find(search, &dataset.texts);
        let (listing, found) = listing.find(TextSearch::new(&range.search), find);
        let count = found.map_or(listing.len(), Vec::len);
        let rows = (range.start..count).take(range.count);
        // Without a search the rows are found in their own order.
        let rows = rows.filter_map(|index| found.map_or(Some(index), |found| found.get(index).copied()));
        let format = |index| report_rows::format_row(context, &dataset.texts, listing, listing.row(index));
        (rows.map(format).collect(), count)
    }

    /// Rows of the tables of `videoview`.
    fn counted_rows(&mut self, context: &FigureContext<'_>, range: &RowRange) -> (Vec<LongTableRow>, usize) {
        let Some((dataset, counts)) = self.counted() else { return (Vec::new(), 0) };
        let Counts { aggregator, measures, row_index, students, .. } = counts;
        let search = TextSearch::new(&range.search);
        match range.list {
            RowList::Rows => {
                let list = row_index.get_or_insert_with(|| {
                    SearchableList::new(row_index::RowIndex::new(aggregator, dataset))
                });
                let (list, found) = list.find(search, |list, search| list.find(search, dataset));
                let list = found.unwrap_or(list);
                let rows = list.rows(range.start, range.count, dataset);
                (rows.into_iter().map(|row| videoview::row(context, row)).collect(), list.len())
            }
            RowList::Students => {
                let texts = &dataset.texts;
                let order = students
                    .get_or_insert_with(|| SearchableList::new(aggregator.students_by_minutes(texts)));
                let is_found = |search: &TextSearch, user: u32| search.finds(&texts.person_name(user));
                let (order, found) = order.find(search, |order, search| {
                    order.iter().copied().filter(|user| is_found(search, *user)).collect()
                });
                let order = found.unwrap_or(order);
                let summary = &measures.get_or_insert_with(|| aggregator.measures(texts)).students;
                let rows = order.iter().skip(range.start).take(range.count).map(|user| {
                    let (rows, steps) = aggregator.student(*user);
                    let id = texts.user.text(*user).into_owned();
                    let name = texts.person_name(*user);
                    videoview::student_row(context, id, name, rows, &steps, summary)
                });
                (rows.collect(), order.len())
            }
        }
    }
}

fn discard_copies<T: WindowTable>(sources: &mut BTreeMap<SourceKey, Source<T>>, schedule: &Schedule) {
    for (key, source) in &mut *sources {
        let copy = |window: &str| CopyKey { source: key.clone(), window: window.to_owned() };
        source.retain(&|window| schedule.is_loaded(&copy(window)), &|window| {
            schedule.is_downloading(&copy(window))
        });
    }
    // With its last copy a source loses its texts, too.
    let used: Vec<&SourceKey> = schedule.sources().collect();
    sources.retain(|key, _| used.contains(&key));
}

/// The window of a copy in the query that it is downloaded for.
#[must_use]
pub fn find_window<'a>(sources: &'a [ReportSource], key: &CopyKey) -> Option<&'a WindowSource> {
    let source = sources.iter().find(|source| source.report == key.source.report)?;
    source.windows.iter().find(|window| window.id == key.window)
}

#[cfg(test)]
mod tests;
