//! The data thread: fetches copies, several at a time, keeps their columns, answers with measures.
//!
//! It holds at most one sight at a time. A new sight is compared with what is here: copies that are still
//! wanted stay, fetches that are not are aborted at once, and only what is missing is fetched. No rows leave
//! it but those that a table has on the screen.

mod coming;

use crate::message::{Answer, List, Look, Part, Said, Show, Sight, Student, Wanted};
use crate::post::{self, say};
use crate::readers::{self, Readers};
use crate::stream::{self, Rows};
use coming::Coming;
use domain::frame::Frame;
use domain::ids::CourseId;
use domain::report::ReportName;
use engine::aggregator::Aggregator;
use engine::row_list::RowList;
use engine::video_view_dataset::VideoViewDataset;
use engine::video_view_table::VideoViewTable;
use protocol::{FetchError, Progress};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal};

/// Copies that are fetched at once, at most: enough to keep the network busy while one of them is decoded.
const SIDE_BY_SIDE: usize = 4;

/// Copies that are fetched at once however large they are.
const AT_LEAST: usize = 2;

/// Rows still to come with which the network is busy enough: beside so many a further copy would only put off the moment
/// at which the first of them is whole and can be drawn. A copy counts for so many until its head says
/// how many it has.
const ENOUGH: u64 = 200_000;

/// Milliseconds between two words on what is arriving: more would be redrawn for nothing.
const BETWEEN_WORDS: f64 = 100.0;

/// Milliseconds between two answers while copies are still arriving: drawing each of them would take the processor from
/// those that arrive.
const BETWEEN_ANSWERS: f64 = 150.0;

/// Begins to listen to the page.
pub fn run() {
    // What it is called is how many cores there are.
    let readers = Readers::of(post::name().parse().unwrap_or(1));
    let readers = Rc::new(RefCell::new(readers));
    let thread = Rc::new(RefCell::new(Thread { readers, ..Thread::default() }));
    post::hear(move |said| match said {
        Said::Look(look) => {
            thread.borrow_mut().look(*look);
            fetch_what_is_missing(&thread);
            thread.borrow_mut().measured();
        }
        Said::Show(show) => thread.borrow_mut().show(show),
    });
    say(&Answer::Listening);
}

/// A fetch that is under way.
struct Fetch {
    window: String,
    generation: u32,
    abort: AbortController,
    /// Rows that its head promised, once it is here.
    promised: Option<u64>,
    rows: u64,
    bytes: u64,
}

#[derive(Default)]
struct Thread {
    turn: u32,
    sight: Option<Sight>,
    dataset: VideoViewDataset,
    /// The course to whose rows the dataset is limited.
    course: Option<CourseId>,
    /// Bytes that travelled, of each copy in the dataset.
    travelled: Vec<(String, u64)>,
    fetches: Vec<Fetch>,
    /// Who decodes along.
    readers: Rc<RefCell<Readers>>,
    /// Copies that could not be had, until the page looks again.
    failed: Vec<(String, u32)>,
    aggregator: Option<Aggregator>,
    /// What tables have asked for since the counts last changed.
    listing: Option<RowList>,
    students: Option<Vec<u32>>,
    spoke: f64,
    answered: f64,
    /// Whether copies came that no answer has told of.
    has_news: bool,
}

impl Thread {
    /// Takes in what the page looks at now.
    fn look(&mut self, Look { turn, sight }: Look) {
        self.turn = turn;
        self.failed.clear();
        // A view of one course downloads that course's rows alone, unless everybody's are loaded: then it filters them.
        let is_loaded = |window: &Wanted| self.dataset.generation(&window.id) == Some(window.generation);
        let is_served = self.course == sight.question.course
            || (self.course.is_none() && sight.windows.iter().all(is_loaded));
        let is_same_source = is_served && self.sight.as_ref().is_some_and(|old| old.report == sight.report);
        if !is_same_source {
            self.course.clone_from(&sight.question.course);
            self.dataset = VideoViewDataset::default();
            self.travelled.clear();
            self.aggregator = None;
        }
        let wanted = |id: &str| sight.windows.iter().find(|window| window.id == id);
        self.fetches.retain(|fetch| {
            let keep = is_same_source
                && wanted(&fetch.window).is_some_and(|window| window.generation == fetch.generation);
            if !keep {
                fetch.abort.abort();
            }
            keep
        });
        // An older generation serves until the newer is here.
        self.dataset.retain(|id| wanted(id).is_some());
        self.travelled.retain(|(id, _)| wanted(id).is_some());
        for window in &sight.windows {
            if self.dataset.generation(&window.id) == Some(window.generation) {
                self.dataset.set_coverage(&window.id, window.facts);
            }
        }
        if self.aggregator.as_ref().is_none_or(|aggregator| *aggregator.query() != sight.question) {
            self.aggregator = Some(Aggregator::new(sight.question.clone()));
        }
        self.sight = Some(sight);
        self.count();
    }

    /// Brings the counts up to the dataset.
    fn count(&mut self) {
        (self.listing, self.students) = (None, None);
        if let Some(aggregator) = &mut self.aggregator {
            aggregator.update(&self.dataset);
        }
    }

    /// Answers with a part of a list. What was asked of another look has no rows any more.
    fn show(&mut self, show: Show) {
        let Some(aggregator) = self.aggregator.as_ref().filter(|_| show.turn == self.turn) else { return };
        let part = match show.list {
            List::Rows => {
                let listing = self.listing.get_or_insert_with(|| {
                    RowList::new(aggregator.query(), &aggregator.counted_days(), &self.dataset)
                });
                Part::Rows(listing.rows(show.from, show.count, &self.dataset))
            }
            List::Students => {
                let texts = &self.dataset.texts;
                let order = self.students.get_or_insert_with(|| aggregator.students_by_minutes(texts));
                let students = order.iter().skip(show.from).take(show.count).map(|user| {
                    let (rows, steps) = aggregator.student(*user);
                    let id = texts.user.text(*user).into_owned();
                    Student { id, name: texts.person_name(*user), rows, steps }
                });
                Part::Students(students.collect())
            }
        };
        say(&Answer::Shown { show, part });
    }

    /// The next window to fetch, newest first; `None` while enough are under way or none is missing.
    fn next(&self) -> Option<(ReportName, Option<CourseId>, Wanted)> {
        let sight = self.sight.as_ref()?;
        let to_come = |fetch: &Fetch| fetch.promised.map_or(ENOUGH, |rows| rows.saturating_sub(fetch.rows));
        let on_their_way: u64 = self.fetches.iter().map(to_come).sum();
        let is_busy = self.fetches.len() >= AT_LEAST && on_their_way >= ENOUGH;
        if is_busy || self.fetches.len() >= SIDE_BY_SIDE {
            return None;
        }
        let window = sight.windows.iter().rev().find(|window| self.is_missing(window))?;
        Some((sight.report.clone(), self.course.clone(), window.clone()))
    }

    /// Rows that are still to come: windows of which nothing is known are taken for ones like those that are coming.
    fn to_come(&self) -> u64 {
        let known: Vec<_> = self.fetches.iter().filter_map(|f| Some((f.promised?, f.rows))).collect();
        let promised: u64 = known.iter().map(|(promised, _)| promised).sum();
        let here: u64 = known.iter().map(|(_, rows)| rows).sum();
        let unknown = (self.load().pending - known.len()) as u64;
        promised.saturating_sub(here) + promised / (known.len().max(1) as u64) * unknown
    }

    fn is_missing(&self, window: &Wanted) -> bool {
        let is_it = |id: &str, generation: u32| id == window.id && generation == window.generation;
        !self.fetches.iter().any(|fetch| fetch.window == window.id)
            && !self.failed.iter().any(|(id, generation)| is_it(id, *generation))
            && self.dataset.generation(&window.id) != Some(window.generation)
    }

    fn load(&self) -> Progress {
        let waiting = self.sight.iter().flat_map(|s| &s.windows).filter(|w| self.is_missing(w)).count();
        let (mut rows, mut bytes) = (0, 0);
        for (id, held) in self.dataset.iter() {
            rows += held.table.columns.rows() as u64 + held.table.columns.skipped_rows.total();
            bytes += self.travelled.iter().filter(|(of, _)| of == id).map(|(_, bytes)| bytes).sum::<u64>();
        }
        for fetch in &self.fetches {
            rows += fetch.rows;
            bytes += fetch.bytes;
        }
        Progress { rows, bytes, copies: self.dataset.len(), pending: self.fetches.len() + waiting }
    }

    /// Answers with what came since the last answer, unless that was a moment ago and more is coming.
    fn measured_by_now(&mut self) {
        let is_whole = self.load().pending == 0;
        if self.has_news && (is_whole || js_sys::Date::now() - self.answered > BETWEEN_ANSWERS) {
            self.measured();
        }
    }

    fn measured(&mut self) {
        // One that has nothing to draw puts off no other.
        self.answered = if self.dataset.is_empty() { 0.0 } else { js_sys::Date::now() };
        self.has_news = false;
        if let Some(aggregator) = &self.aggregator {
            let measures = Box::new(aggregator.measures(&self.dataset.texts));
            say(&Answer::Measured { turn: self.turn, measures, load: self.load() });
        }
    }

    /// Takes note of a fetch's progress; `None` when it is no longer wanted.
    fn progress(&mut self, window: &Wanted, promised: Option<u64>, rows: u64, bytes: u64) -> Option<()> {
        let is_it = |f: &&mut Fetch| f.window == window.id && f.generation == window.generation;
        let fetch = self.fetches.iter_mut().find(is_it)?;
        (fetch.promised, fetch.rows, fetch.bytes) = (promised, rows, bytes);
        let now = js_sys::Date::now();
        if now - self.spoke > BETWEEN_WORDS {
            self.spoke = now;
            say(&Answer::Arriving { turn: self.turn, load: self.load() });
            self.measured_by_now();
        }
        Some(())
    }

    fn finished(&mut self, window: &Wanted, result: Result<(VideoViewTable, u64), FetchError>) {
        self.fetches.retain(|fetch| fetch.window != window.id);
        match result {
            Ok((copy, bytes)) => {
                self.dataset.insert(&window.id, copy, window.facts);
                self.travelled.retain(|(id, _)| *id != window.id);
                self.travelled.push((window.id.clone(), bytes));
                self.count();
            }
            Err(refusal) => {
                self.failed.push((window.id.clone(), window.generation));
                say(&Answer::Failed { turn: self.turn, window: window.id.clone(), refusal });
            }
        }
        self.has_news = true;
        self.measured_by_now();
    }
}

fn fetch_what_is_missing(thread: &Rc<RefCell<Thread>>) {
    loop {
        let Some((report, course, window)) = thread.borrow().next() else { break };
        let Ok(abort) = AbortController::new() else { return };
        let signal = abort.signal();
        let (id, generation) = (window.id.clone(), window.generation);
        thread.borrow_mut().fetches.push(Fetch {
            window: id,
            generation,
            abort,
            promised: None,
            rows: 0,
            bytes: 0,
        });
        let thread = Rc::clone(thread);
        spawn_local(async move {
            let result = fetched(&thread, &report, course.as_ref(), &window, &signal).await;
            // Who was aborted has been struck off already, and perhaps replaced.
            if signal.aborted() {
                return;
            }
            thread.borrow_mut().finished(&window, result);
            fetch_what_is_missing(&thread);
        });
    }
    if thread.borrow().fetches.is_empty() {
        let readers = Rc::clone(&thread.borrow().readers);
        readers::end(&readers);
    }
}

/// A window's copy, read frame by frame as it arrives, with the bytes that travelled.
async fn fetched(
    thread: &Rc<RefCell<Thread>>,
    report: &ReportName,
    course: Option<&CourseId>,
    window: &Wanted,
    signal: &AbortSignal,
) -> Result<(VideoViewTable, u64), FetchError> {
    let mut coming: Option<Rc<Coming>> = None;
    let from = Rows { report, window: &window.id, generation: window.generation, course };
    stream::read(&from, signal, |mut frames, bytes| {
        while let Some(frame) = frames.next()? {
            match (frame, &coming) {
                (Frame::Head(head), _) => {
                    let begun = coming.insert(Coming::new(thread, window, signal, head)?);
                    // Readers start now, not after what has come with the head.
                    begun.travelled(bytes)?;
                }
                (Frame::Slice(head, deflated), Some(coming)) => coming.slice(head, deflated)?,
                (Frame::Slice(..), None) => {
                    return Err(FetchError::invalid(&"rows came before their header"));
                }
            }
        }
        coming.as_ref().map_or(Ok(()), |coming| coming.travelled(bytes))
    })
    .await?;
    coming.ok_or_else(|| FetchError::invalid(&"nothing came"))?.whole().await
}
