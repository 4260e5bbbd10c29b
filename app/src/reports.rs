//! The thread of reports: fetches the copies of every report but `videoview`, and answers with figures.
//!
//! A program of its own, loaded when such a report is first looked at: what eight reports need to be read would
//! otherwise weigh on every page. Like the data thread it holds one look at a time, aborts what is no longer
//! wanted, measures whole copies only, and lets an older copy serve until the newer is here. A look is at one report,
//! or at several of them over one course; each has tables of its own.
//!
//! - [`intl_formatter`]: numbers and dates through `Intl`.

pub mod intl_formatter;

use domain::frame::Frame;
use domain::ids::CourseId;
use domain::report::ReportName;
use engine::table::Table;
use engine::table::builder::TableBuilder;
use engine::table::dataset::{Dataset, WindowData};
use figures::Datasets;
use intl_formatter::IntlFormatter;
use protocol::{FetchError, Progress, Query, ReportSource, Response, WindowSource};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use thread::post::{self, say};
use thread::stream::{self, Rows};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal};

/// Copies that are fetched at once: enough to keep the network busy while one of them is decoded.
const SIDE_BY_SIDE: usize = 4;

/// Milliseconds between two words on what is arriving: more would be redrawn for nothing.
const BETWEEN_WORDS: f64 = 100.0;

/// Milliseconds between two answers while copies are still arriving: measuring anew takes the thread's time.
const BETWEEN_ANSWERS: f64 = 400.0;

/// Begins to listen to the page.
pub fn run() {
    let thread = Rc::new(RefCell::new(Thread::default()));
    post::hear(move |look: Query| {
        thread.borrow_mut().look(look);
        fetch_what_is_missing(&thread);
        thread.borrow_mut().tell();
    });
    say(&Response::Ready);
}

/// A fetch that is under way.
struct Fetch {
    generation: u32,
    /// Rows that were announced.
    promised: u64,
    abort: AbortController,
    rows: u64,
    bytes: u64,
}

/// Whose rows: a report's, of one course or of all.
pub type Source = (ReportName, Option<CourseId>);

/// One window of them.
type Key = (Source, String);

fn source(part: &ReportSource) -> Source {
    (part.report.clone(), part.course.clone())
}

#[derive(Default)]
struct Thread {
    look: Option<Query>,
    tables: Datasets,
    /// Bytes that travelled, of each copy that is here.
    travelled: BTreeMap<Key, u64>,
    fetches: BTreeMap<Key, Fetch>,
    /// Copies that could not be had, until the page looks again.
    failed: BTreeSet<(Key, u32)>,
    /// Whether more was announced than this device has memory for, until the page looks again.
    is_too_large: bool,
    formatter: Option<(String, IntlFormatter)>,
    spoke: f64,
    told: f64,
}

impl Thread {
    /// Takes in what the page looks at now.
    fn look(&mut self, look: Query) {
        self.failed.clear();
        self.is_too_large = false;
        if self.formatter.as_ref().is_none_or(|(language, _)| *language != look.language) {
            self.formatter = Some((look.language.clone(), IntlFormatter::new(&look.language)));
        }
        let windows = look.sources.iter().flat_map(|part| {
            part.windows.iter().map(|window| ((source(part), window.id.clone()), window.generation))
        });
        let wanted: BTreeMap<Key, u32> = windows.collect();
        self.fetches.retain(|key, fetch| {
            let keep = wanted.get(key).is_some_and(|generation| *generation == fetch.generation);
            if !keep {
                fetch.abort.abort();
            }
            keep
        });
        // What is not looked at any more is let go of, with its texts. An older generation serves until the newer
        // is here.
        self.tables.retain(|held, _| look.sources.iter().any(|part| source(part) == *held));
        for (source, tables) in &mut self.tables {
            tables.retain(|id| wanted.contains_key(&(source.clone(), id.to_owned())));
        }
        self.travelled.retain(|key, _| wanted.contains_key(key));
        for part in &look.sources {
            let tables = self.tables.entry(source(part)).or_default();
            for window in &part.windows {
                if tables.generation(&window.id) == Some(window.generation) {
                    tables.set_coverage(&window.id, window.coverage);
                }
            }
        }
        self.look = Some(look);
    }

    /// The next window to fetch, newest first, of one part after the other; `None` while enough are under way or
    /// none is missing.
    fn next(&self) -> Option<(Source, WindowSource)> {
        if self.fetches.len() >= SIDE_BY_SIDE || self.is_too_large {
            return None;
        }
        self.missing().next()
    }

    fn missing(&self) -> impl Iterator<Item = (Source, WindowSource)> {
        let parts = self.look.iter().flat_map(|look| &look.sources);
        parts.flat_map(|part| {
            let missing = part.windows.iter().rev().filter(|window| self.is_missing(part, window));
            missing.map(|window| (source(part), window.clone()))
        })
    }

    fn is_missing(&self, part: &ReportSource, window: &WindowSource) -> bool {
        let key = (source(part), window.id.clone());
        let here = self.tables.get(&key.0).and_then(|tables| tables.generation(&window.id));
        !self.fetches.contains_key(&key)
            && here != Some(window.generation)
            && !self.failed.contains(&(key, window.generation))
    }

    fn load(&self) -> Progress {
        let waiting = self.missing().count();
        let mut rows = self.fetches.values().map(|fetch| fetch.rows).sum::<u64>();
        let mut bytes = self.fetches.values().map(|fetch| fetch.bytes).sum::<u64>();
        rows += self.tables.values().map(Dataset::rows).sum::<u64>();
        bytes += self.travelled.values().sum::<u64>();
        let copies = self.tables.values().map(Dataset::len).sum();
        Progress { rows, bytes, copies, pending: self.fetches.len() + waiting }
    }

    fn turn(&self) -> u32 {
        self.look.as_ref().map_or(0, |look| look.sequence)
    }

    /// Answers with the figures of all copies that are here.
    fn tell(&mut self) {
        self.told = js_sys::Date::now();
        if self.is_too_large {
            return;
        }
        if let (Some(look), Some((_, formatter))) = (&self.look, &self.formatter) {
            let figures = figures::build_figures(look, &self.tables, formatter);
            let student_name = figures::student_name(look, &self.tables);
            say(&Response::Figures { sequence: look.sequence, figures, student_name, progress: self.load() });
        }
    }

    /// Takes note of how many rows a copy will bring, before any of them is kept; `None` when it is no longer wanted, or
    /// all together would be more than this device has memory for.
    fn promise(&mut self, key: &Key, generation: u32, rows: u64) -> Option<()> {
        let fetch = self.fetches.get_mut(key).filter(|fetch| fetch.generation == generation)?;
        fetch.promised = rows;
        let held = self.tables.values().map(Dataset::rows).sum::<u64>();
        let all = held + self.fetches.values().map(|fetch| fetch.promised).sum::<u64>();
        if self.look.as_ref().is_some_and(|look| all > look.max_rows) {
            self.fetches.values().for_each(|fetch| fetch.abort.abort());
            self.fetches.clear();
            self.tables.clear();
            self.travelled.clear();
            self.is_too_large = true;
            say(&Response::TooLarge { sequence: self.turn(), rows: all });
            return None;
        }
        Some(())
    }

    /// Takes note of a fetch's progress; `None` when it is no longer wanted.
    fn progress(&mut self, key: &Key, generation: u32, rows: u64, bytes: u64) -> Option<()> {
        let fetch = self.fetches.get_mut(key).filter(|fetch| fetch.generation == generation)?;
        (fetch.rows, fetch.bytes) = (rows, bytes);
        let now = js_sys::Date::now();
        if now - self.spoke > BETWEEN_WORDS {
            self.spoke = now;
            say(&Response::Progress { sequence: self.turn(), progress: self.load() });
        }
        Some(())
    }

    fn finished(&mut self, key: Key, window: &WindowSource, result: Result<(Table, u64), FetchError>) {
        self.fetches.remove(&key);
        match result {
            Ok((table, bytes)) => {
                let held = WindowData { generation: window.generation, table, coverage: window.coverage };
                self.tables.entry(key.0.clone()).or_default().insert(&window.id, held);
                self.travelled.insert(key, bytes);
            }
            Err(error) => {
                self.failed.insert((key, window.generation));
                say(&Response::Failed { sequence: self.turn(), window: window.id.clone(), error });
            }
        }
        // The last of them always answers; before it, now and then.
        if self.load().pending == 0 || js_sys::Date::now() - self.told > BETWEEN_ANSWERS {
            self.tell();
        }
    }
}

fn fetch_what_is_missing(thread: &Rc<RefCell<Thread>>) {
    loop {
        let Some((source, window)) = thread.borrow().next() else { return };
        let Ok(abort) = AbortController::new() else { return };
        let signal = abort.signal();
        let fetch = Fetch { generation: window.generation, promised: 0, abort, rows: 0, bytes: 0 };
        let key = (source, window.id.clone());
        thread.borrow_mut().fetches.insert(key.clone(), fetch);
        let thread = Rc::clone(thread);
        spawn_local(async move {
            let result = fetched(&thread, &key, window.generation, &signal).await;
            // Who was aborted has been struck off already, and perhaps replaced.
            if signal.aborted() {
                return;
            }
            thread.borrow_mut().finished(key, &window, result);
            fetch_what_is_missing(&thread);
        });
    }
}

/// A window's copy, read frame by frame as it arrives, with the bytes that travelled.
async fn fetched(
    thread: &Rc<RefCell<Thread>>,
    key: &Key,
    generation: u32,
    signal: &AbortSignal,
) -> Result<(Table, u64), FetchError> {
    let ((report, course), window) = key;
    let mut builder: Option<TableBuilder> = None;
    let mut travelled = 0;
    let from = Rows { report, window, generation, course: course.as_ref() };
    stream::read(&from, signal, |mut frames, bytes| {
        travelled = bytes;
        while let Some(frame) = frames.next()? {
            match (frame, &mut builder) {
                (Frame::Head(head), _) => {
                    let room = thread.borrow_mut().promise(key, generation, head.rows);
                    room.ok_or(FetchError::Unreachable)?;
                    builder =
                        Some(TableBuilder::new(&head, report.known()).map_err(|e| FetchError::invalid(&e))?);
                }
                (Frame::Slice(head, deflated), Some(builder)) => {
                    let mut thread = thread.borrow_mut();
                    let texts = &mut thread.tables.entry(key.0.clone()).or_default().texts;
                    builder.push_slice(&head, &deflated, texts).map_err(|e| FetchError::invalid(&e))?;
                }
                (Frame::Slice(..), None) => {
                    return Err(FetchError::invalid(&"rows came before their header"));
                }
            }
        }
        let rows = builder.as_ref().map_or(0, TableBuilder::rows);
        thread.borrow_mut().progress(key, generation, rows, bytes).ok_or(FetchError::Unreachable)
    })
    .await?;
    let builder = builder.ok_or_else(|| FetchError::invalid(&"nothing came"))?;
    Ok((builder.finish().map_err(|e| FetchError::invalid(&e))?, travelled))
}
