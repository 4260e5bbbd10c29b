//! The thread of reports: fetches the copies of every report but `videoview`, and answers with figures.
//!
//! A program of its own, loaded when such a report is first looked at: what eight reports need to be read would
//! otherwise weigh on every page. Like the data thread it holds one look at a time, aborts what is no longer
//! wanted, measures whole copies only, and lets an older copy serve until the newer is here.
//!
//! - [`figures`]: from measures to figures, a file for each report; [`tongue`]: how numbers and days are spelt.

pub mod figures;
pub mod tongue;

use crate::told::{Answer, Look, Wanted};
use domain::frame::Frame;
use domain::report::ReportName;
use engine::table::Table;
use engine::table::arriving::Arriving;
use engine::table::held::{Held, Tables};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use thread::message::Load;
use thread::post::{self, say};
use thread::stream::{self, Refusal};
use tongue::Tongue;
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
    post::hear(move |look: Look| {
        thread.borrow_mut().look(look);
        fetch_what_is_missing(&thread);
        thread.borrow_mut().tell();
    });
    say(&Answer::Listening);
}

/// A fetch that is under way.
struct Fetch {
    generation: u32,
    abort: AbortController,
    rows: u64,
    bytes: u64,
}

#[derive(Default)]
struct Thread {
    look: Option<Look>,
    tables: Tables,
    /// Bytes that travelled, of each copy that is here.
    travelled: BTreeMap<String, u64>,
    fetches: BTreeMap<String, Fetch>,
    /// Copies that could not be had, until the page looks again.
    failed: BTreeSet<(String, u32)>,
    tongue: Option<(String, Tongue)>,
    spoke: f64,
    told: f64,
}

impl Thread {
    /// Takes in what the page looks at now.
    fn look(&mut self, look: Look) {
        self.failed.clear();
        let is_same_report = self.look.as_ref().is_some_and(|old| old.report == look.report);
        if !is_same_report {
            self.tables = Tables::default();
            self.travelled.clear();
        }
        if self.tongue.as_ref().is_none_or(|(language, _)| *language != look.language) {
            self.tongue = Some((look.language.clone(), Tongue::of_browser(&look.language)));
        }
        let wanted: BTreeMap<&str, &Wanted> = look.windows.iter().map(|w| (w.id.as_str(), w)).collect();
        self.fetches.retain(|id, fetch| {
            let keep = is_same_report
                && wanted.get(id.as_str()).is_some_and(|window| window.generation == fetch.generation);
            if !keep {
                fetch.abort.abort();
            }
            keep
        });
        // An older generation serves until the newer is here.
        self.tables.keep(|id| wanted.contains_key(id));
        self.travelled.retain(|id, _| wanted.contains_key(id.as_str()));
        for window in &look.windows {
            if self.tables.generation(&window.id) == Some(window.generation) {
                self.tables.restate(&window.id, window.facts);
            }
        }
        self.look = Some(look);
    }

    /// The next window to fetch, newest first; `None` while enough are under way or none is missing.
    fn next(&self) -> Option<(ReportName, Wanted)> {
        let look = self.look.as_ref()?;
        if self.fetches.len() >= SIDE_BY_SIDE {
            return None;
        }
        let window = look.windows.iter().rev().find(|window| self.is_missing(window))?;
        Some((look.report.clone(), window.clone()))
    }

    fn is_missing(&self, window: &Wanted) -> bool {
        !self.fetches.contains_key(&window.id)
            && !self.failed.contains(&(window.id.clone(), window.generation))
            && self.tables.generation(&window.id) != Some(window.generation)
    }

    fn load(&self) -> Load {
        let waiting = self.look.iter().flat_map(|l| &l.windows).filter(|w| self.is_missing(w)).count();
        let mut rows = self.fetches.values().map(|fetch| fetch.rows).sum::<u64>();
        let mut bytes = self.fetches.values().map(|fetch| fetch.bytes).sum::<u64>();
        for (id, held) in self.tables.iter() {
            rows += held.table.rows() as u64 + held.table.ragged;
            bytes += self.travelled.get(id).copied().unwrap_or(0);
        }
        Load { rows, bytes, copies: self.tables.len(), pending: self.fetches.len() + waiting }
    }

    fn turn(&self) -> u32 {
        self.look.as_ref().map_or(0, |look| look.turn)
    }

    /// Answers with the figures of all copies that are here.
    fn tell(&mut self) {
        self.told = js_sys::Date::now();
        if let (Some(look), Some((_, tongue))) = (&self.look, &self.tongue) {
            let figures = figures::of(look, &self.tables, tongue);
            say(&Answer::Told { turn: look.turn, figures, load: self.load() });
        }
    }

    /// Takes note of a fetch's progress; `None` when it is no longer wanted.
    fn progress(&mut self, window: &Wanted, rows: u64, bytes: u64) -> Option<()> {
        let fetch = self.fetches.get_mut(&window.id).filter(|f| f.generation == window.generation)?;
        (fetch.rows, fetch.bytes) = (rows, bytes);
        let now = js_sys::Date::now();
        if now - self.spoke > BETWEEN_WORDS {
            self.spoke = now;
            say(&Answer::Arriving { turn: self.turn(), load: self.load() });
        }
        Some(())
    }

    fn finished(&mut self, window: &Wanted, result: Result<(Table, u64), Refusal>) {
        self.fetches.remove(&window.id);
        match result {
            Ok((table, bytes)) => {
                let held = Held { generation: window.generation, table, facts: window.facts };
                self.tables.put(&window.id, held);
                self.travelled.insert(window.id.clone(), bytes);
            }
            Err(refusal) => {
                self.failed.insert((window.id.clone(), window.generation));
                say(&Answer::Failed { turn: self.turn(), window: window.id.clone(), refusal });
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
        let Some((report, window)) = thread.borrow().next() else { return };
        let Ok(abort) = AbortController::new() else { return };
        let signal = abort.signal();
        let fetch = Fetch { generation: window.generation, abort, rows: 0, bytes: 0 };
        thread.borrow_mut().fetches.insert(window.id.clone(), fetch);
        let thread = Rc::clone(thread);
        spawn_local(async move {
            let result = fetched(&thread, &report, &window, &signal).await;
            // Who was aborted has been struck off already, and perhaps replaced.
            if signal.aborted() {
                return;
            }
            thread.borrow_mut().finished(&window, result);
            fetch_what_is_missing(&thread);
        });
    }
}

/// A window's copy, read frame by frame as it arrives, with the bytes that travelled.
async fn fetched(
    thread: &Rc<RefCell<Thread>>,
    report: &ReportName,
    window: &Wanted,
    signal: &AbortSignal,
) -> Result<(Table, u64), Refusal> {
    let mut arriving: Option<Arriving> = None;
    let mut travelled = 0;
    stream::read(report, &window.id, window.generation, signal, |mut frames, bytes| {
        travelled = bytes;
        while let Some(frame) = frames.next()? {
            match (frame, &mut arriving) {
                (Frame::Head(head), _) => {
                    arriving = Some(Arriving::new(&head, report.known()).map_err(|e| Refusal::garbled(&e))?);
                }
                (Frame::Slice(head, deflated), Some(arriving)) => {
                    let texts = &mut thread.borrow_mut().tables.texts;
                    arriving.take(&head, &deflated, texts).map_err(|e| Refusal::garbled(&e))?;
                }
                (Frame::Slice(..), None) => return Err(Refusal::garbled(&"rows came before their header")),
            }
        }
        let rows = arriving.as_ref().map_or(0, Arriving::rows);
        thread.borrow_mut().progress(window, rows, bytes).ok_or(Refusal::Unreachable)
    })
    .await?;
    let arriving = arriving.ok_or_else(|| Refusal::garbled(&"nothing came"))?;
    Ok((arriving.finish().map_err(|e| Refusal::garbled(&e))?, travelled))
}
