//! The datasets of all sources, and the counts of the current query.

use crate::schedule::{CopyKey, Layout, Schedule, SourceKey};
use domain::frame::{Head, SliceHead};
use engine::aggregator::Aggregator;
use engine::measures::Measures;
use engine::row_list;
use engine::table::builder::TableBuilder;
use engine::table::dataset::{Dataset, WindowData};
use engine::video_view_dataset::VideoViewDataset;
use engine::video_view_table::VideoViewTableBuilder;
use figures::figure_context::FigureContext;
use figures::locale::LocaleFormatter;
use figures::reports::videoview;
use figures::{FigureBuilder, Loaded};
use protocol::{
    CountedRows, FetchError, Figure, LongTableRow, Query, ReportSource, RowList, RowRange, WindowSource,
};
use std::collections::BTreeMap;

/// The rows of one source.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a view has few sources")]
enum SourceData {
    VideoViews(VideoViewDataset),
    Tables(Dataset),
}

impl SourceData {
    fn new(layout: Layout) -> Self {
        match layout {
            Layout::VideoViewColumns => Self::VideoViews(VideoViewDataset::default()),
            Layout::Table => Self::Tables(Dataset::default()),
        }
    }

    fn generation(&self, window: &str) -> Option<u32> {
        match self {
            Self::VideoViews(dataset) => dataset.generation(window),
            Self::Tables(dataset) => dataset.generation(window),
        }
    }

    fn set_coverage(&mut self, window: &WindowSource) {
        match self {
            Self::VideoViews(dataset) => dataset.set_coverage(&window.id, window.coverage),
            Self::Tables(dataset) => dataset.set_coverage(&window.id, window.coverage),
        }
    }

    fn retain(&mut self, should_keep: impl Fn(&str) -> bool) {
        match self {
            Self::VideoViews(dataset) => dataset.retain(should_keep),
            Self::Tables(dataset) => dataset.retain(should_keep),
        }
    }
}

/// A copy whose slices are arriving.
#[derive(Debug)]
pub enum CopyBuilder {
    /// In the columns of `videoview`.
    VideoViews(Box<VideoViewTableBuilder>),
    /// As a table.
    Table(Box<TableBuilder>),
}

impl CopyBuilder {
    /// Begins a copy of this source.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if the header lacks a column.
    pub fn new(source: &SourceKey, head: &Head) -> Result<Self, FetchError> {
        Ok(match source.layout {
            Layout::VideoViewColumns => {
                let builder = VideoViewTableBuilder::new(head).map_err(|e| FetchError::invalid(&e))?;
                Self::VideoViews(Box::new(builder))
            }
            Layout::Table => {
                let builder = TableBuilder::new(head, source.report.known());
                Self::Table(Box::new(builder.map_err(|e| FetchError::invalid(&e))?))
            }
        })
    }

    /// The rows that have arrived.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match self {
            Self::VideoViews(builder) => builder.rows(),
            Self::Table(builder) => builder.rows(),
        }
    }
}

/// The source of the current query that is answered with `videoview` columns, and what is counted of it.
#[derive(Debug)]
struct Counts {
    source: SourceKey,
    aggregator: Aggregator,
    /// The measures, once figures were made of them.
    measures: Option<Measures>,
    /// The rows behind the measures, once a table has requested them.
    row_list: Option<row_list::RowList>,
    /// The codes of the students, most minutes first, once a table has requested them.
    students: Option<Vec<u32>>,
}

/// The datasets, and the counts of the current query.
#[derive(Debug, Default)]
pub struct Store {
    sources: BTreeMap<SourceKey, SourceData>,
    /// The current query's sources, in the order of [`Query::sources`].
    serving: Vec<SourceKey>,
    counts: Option<Counts>,
}

impl Store {
    /// Takes a new query: `serving` names the source that serves each of the query's sources.
    pub fn set_query(&mut self, query: &Query, serving: Vec<SourceKey>, schedule: &Schedule) {
        self.discard(schedule);
        for (source, key) in query.sources.iter().zip(&serving) {
            let data = self.sources.entry(key.clone()).or_insert_with(|| SourceData::new(key.layout));
            for window in &source.windows {
                if data.generation(&window.id) == Some(window.generation) {
                    data.set_coverage(window);
                }
            }
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
                row_list: None,
                students: None,
            },
        });
        self.serving = serving;
        self.count();
    }

    /// Discards the copies that are not loaded any more according to the schedule.
    pub fn discard(&mut self, schedule: &Schedule) {
        for (source, data) in &mut self.sources {
            data.retain(|window| {
                schedule.is_loaded(&CopyKey { source: source.clone(), window: window.to_owned() })
            });
        }
        // With its last copy a source loses its texts, too.
        let used: Vec<&SourceKey> = schedule.sources().collect();
        self.sources.retain(|source, _| used.contains(&source));
    }

    /// Adds a slice to a copy.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if the slice is damaged.
    pub fn push_slice(
        &mut self,
        source: &SourceKey,
        builder: &mut CopyBuilder,
        head: &SliceHead,
        deflated: &[u8],
    ) -> Result<(), FetchError> {
        let data = self.sources.entry(source.clone()).or_insert_with(|| SourceData::new(source.layout));
        match (data, builder) {
            (SourceData::VideoViews(dataset), CopyBuilder::VideoViews(builder)) => builder
                .push_slice(head, deflated, &mut dataset.texts)
                .map_err(|error| FetchError::invalid(&error)),
            (SourceData::Tables(dataset), CopyBuilder::Table(builder)) => builder
                .push_slice(head, deflated, &mut dataset.texts)
                .map_err(|error| FetchError::invalid(&error)),
            // The layout of the source decides both.
            (SourceData::VideoViews(_), CopyBuilder::Table(_))
            | (SourceData::Tables(_), CopyBuilder::VideoViews(_)) => Ok(()),
        }
    }

    /// Adds a complete copy.
    ///
    /// # Errors
    /// [`FetchError::InvalidResponse`] if rows are missing.
    pub fn insert(
        &mut self,
        key: &CopyKey,
        window: &WindowSource,
        builder: CopyBuilder,
    ) -> Result<(), FetchError> {
        let data =
            self.sources.entry(key.source.clone()).or_insert_with(|| SourceData::new(key.source.layout));
        match (data, builder) {
            (SourceData::VideoViews(dataset), CopyBuilder::VideoViews(mut builder)) => {
                let table = builder.finish().map_err(|e| FetchError::invalid(&e))?;
                dataset.insert(&key.window, table, window.coverage);
            }
            (SourceData::Tables(dataset), CopyBuilder::Table(builder)) => {
                let table = builder.finish().map_err(|e| FetchError::invalid(&e))?;
                let data = WindowData { generation: window.generation, table, coverage: window.coverage };
                dataset.insert(&key.window, data);
            }
            (SourceData::VideoViews(_), CopyBuilder::Table(_))
            | (SourceData::Tables(_), CopyBuilder::VideoViews(_)) => {}
        }
        if self.counts.as_ref().is_some_and(|counts| counts.source == key.source) {
            self.count();
        }
        Ok(())
    }

    /// Brings the counts up to date with the dataset.
    fn count(&mut self) {
        let Some(counts) = &mut self.counts else { return };
        (counts.measures, counts.row_list, counts.students) = (None, None, None);
        if let Some(SourceData::VideoViews(dataset)) = self.sources.get(&counts.source) {
            counts.aggregator.update(dataset);
        }
    }

    /// The dataset of the current counts, and the counts.
    fn counted(&mut self) -> Option<(&VideoViewDataset, &mut Counts)> {
        let counts = self.counts.as_mut()?;
        match self.sources.get(&counts.source) {
            Some(SourceData::VideoViews(dataset)) => Some((dataset, counts)),
            Some(SourceData::Tables(_)) | None => None,
        }
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
        let tables =
            query.sources.iter().zip(&self.serving).filter_map(|(source, key)| match self.sources.get(key) {
                Some(SourceData::Tables(dataset)) => Some((source.report.clone(), dataset)),
                Some(SourceData::VideoViews(_)) | None => None,
            });
        let loaded = Loaded { tables: tables.collect(), video_views: measures };
        let counted = measures.map_or_else(CountedRows::default, |measures| CountedRows {
            rows: Some(measures.total.rows),
            is_complete: measures.is_complete(),
        });
        (build(query, &loaded, locale), figures::student_name(query, &loaded), counted)
    }

    /// Rows of a long table.
    pub fn rows(
        &mut self,
        query: &Query,
        range: RowRange,
        locale: &dyn LocaleFormatter,
    ) -> Vec<LongTableRow> {
        let context = FigureContext::new(query, None, locale);
        let Some((dataset, counts)) = self.counted() else { return Vec::new() };
        let Counts { aggregator, measures, row_list, students, .. } = counts;
        match range.list {
            RowList::Rows => {
                let list = row_list.get_or_insert_with(|| {
                    row_list::RowList::new(aggregator.query(), &aggregator.counted_days(), dataset)
                });
                let rows = list.rows(range.start, range.count, dataset);
                rows.into_iter().map(|row| videoview::row(&context, row)).collect()
            }
            RowList::Students => {
                let texts = &dataset.texts;
                let order = students.get_or_insert_with(|| aggregator.students_by_minutes(texts));
                let summary = &measures.get_or_insert_with(|| aggregator.measures(texts)).students;
                let rows = order.iter().skip(range.start).take(range.count).map(|user| {
                    let (rows, steps) = aggregator.student(*user);
                    let id = texts.user.text(*user).into_owned();
                    let name = texts.person_name(*user);
                    videoview::student_row(&context, id, name, rows, &steps, summary)
                });
                rows.collect()
            }
        }
    }
}

/// The window of a copy in the query that it is downloaded for.
#[must_use]
pub fn find_window<'a>(sources: &'a [ReportSource], key: &CopyKey) -> Option<&'a WindowSource> {
    let source = sources.iter().find(|source| source.report == key.source.report)?;
    source.windows.iter().find(|window| window.id == key.window)
}
