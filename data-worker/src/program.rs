//! The program: receives the page's requests, runs downloads, and responds with progress, figures and rows.
//!
//! It holds one query at a time. A copy is measured only when it is complete: a week with half of its rows would look
//! like a quiet week.

use crate::download::{self, Receiver};
use crate::intl_formatter::IntlFormatter;
use crate::messages;
use crate::schedule::{Announcement, CopyKey, DownloadId, DownloadOrder, Schedule};
use crate::store::{self, Store};
use domain::frame::{Head, SliceHead};
use engine::shared_account::SharedAccountSet;
use figures::{SubjectBuilder, SubjectGroup};
use js_sys::Promise;
use protocol::{FetchError, Progress, Query, Request, Response, RowRange};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{future_to_promise, spawn_local};
use web_sys::AbortController;

/// Milliseconds between two progress messages: the page would redraw more of them for nothing.
const PROGRESS_INTERVAL_MS: f64 = 100.0;

/// The least milliseconds between two responses with figures while copies are arriving: drawing takes time from them.
const FIGURES_INTERVAL_MS: f64 = 400.0;

/// Milliseconds to wait for the first copy before figures without rows are sent. Making and drawing those takes time from the
/// rows, and is for nothing where rows arrive at once.
const FIRST_COPY_PATIENCE_MS: i32 = 300;

/// While copies are arriving, figures are made for at most one part in so many of the time.
const FIGURES_SHARE: f64 = 4.0;

/// Loads the code that answers queries about a group of subjects, if it is not loaded yet.
pub type LoadBuilder = fn(SubjectGroup) -> Pin<Box<dyn Future<Output = Result<SubjectBuilder, FetchError>>>>;

/// Starts the program.
pub fn run(load_builder: LoadBuilder) {
    let program = Rc::new(RefCell::new(Program::default()));
    messages::receive(move |request| match request {
        Request::Query(query) => {
            program.borrow_mut().set_query(*query);
            fetch_shared_accounts(&program);
            start_downloads(&program);
            if program.borrow().is_awaiting_first_copy() {
                send_figures_later(&program);
            } else {
                program.borrow_mut().send_figures();
            }
            ensure_builder(&program, load_builder);
        }
        Request::Rows(range) => program.borrow_mut().send_rows(range),
    });
    messages::send(&Response::Ready);
}

#[derive(Default)]
struct Program {
    query: Option<Query>,
    schedule: Schedule,
    store: Store,
    aborts: BTreeMap<DownloadId, AbortController>,
    /// The latest fetch of the shared accounts, which downloads wait for.
    accounts_fetch: Option<Promise>,
    /// The numbers of the latest fetch of the shared accounts, and of the latest that has ended.
    accounts_fetches: (u32, u32),
    /// Why the shared accounts could not be fetched.
    accounts_error: Option<FetchError>,
    formatter: Option<(String, IntlFormatter)>,
    /// What answers queries, as far as it is loaded.
    builders: BTreeMap<SubjectGroup, SubjectBuilder>,
    progress_sent: f64,
    figures_sent: f64,
    /// Milliseconds that the last figures took.
    figures_duration: f64,
    /// Whether copies have been loaded since the last figures.
    has_news: bool,
}

impl Program {
    fn set_query(&mut self, query: Query) {
        if self.formatter.as_ref().is_none_or(|(language, _)| *language != query.language) {
            self.formatter = Some((query.language.clone(), IntlFormatter::new(&query.language)));
        }
        let (serving, aborted) = self.schedule.want(&query.sources, &query.subject, query.max_rows);
        self.abort(&aborted);
        self.store.set_query(&query, serving, &self.schedule);
        self.query = Some(query);
    }

    /// Takes the shared accounts. If they are others than before, everything is loaded again.
    fn set_shared_accounts(&mut self, fetch: u32, result: Result<SharedAccountSet, FetchError>) {
        if fetch < self.accounts_fetches.1 {
            return;
        }
        self.accounts_fetches.1 = fetch;
        self.accounts_error = result.as_ref().err().cloned();
        if result.is_ok_and(|accounts| self.store.set_shared_accounts(accounts)) {
            let aborted = self.schedule.reload();
            self.abort(&aborted);
            if let Some(query) = self.query.take() {
                self.set_query(query);
            }
        }
    }

    fn abort(&mut self, downloads: &[DownloadId]) {
        for abort in downloads.iter().filter_map(|id| self.aborts.remove(id)) {
            abort.abort();
        }
    }

    fn sequence(&self) -> u32 {
        self.query.as_ref().map_or(0, |query| query.sequence)
    }

    /// What the current query is about.
    fn group(&self) -> Option<SubjectGroup> {
        self.query.as_ref().map(|query| SubjectGroup::of(&query.subject))
    }

    /// Whether figures would have no rows yet, and rows are arriving.
    fn is_awaiting_first_copy(&self) -> bool {
        let progress = self.schedule.progress();
        progress.copies == 0 && progress.pending > 0
    }

    /// Sends the figures of all loaded copies.
    fn send_figures(&mut self) {
        let (Some(query), Some((_, formatter))) = (&self.query, &self.formatter) else { return };
        let Some(builder) = self.builders.get(&SubjectGroup::of(&query.subject)) else { return };
        if self.schedule.is_too_large() {
            return;
        }
        let start = js_sys::Date::now();
        let (figures, student_name, counted) = self.store.figures(query, builder.figures, formatter);
        let progress = self.schedule.progress();
        let sequence = query.sequence;
        messages::send(&Response::Figures { sequence, figures, student_name, counted, progress });
        let end = js_sys::Date::now();
        self.has_news = false;
        self.figures_duration = end - start;
        // Figures without rows delay no others.
        self.figures_sent = if progress.copies == 0 { 0.0 } else { end };
    }

    /// Sends figures if copies have been loaded since the last ones, unless those were sent a moment ago and more copies
    /// are arriving.
    fn send_news(&mut self) {
        let interval = FIGURES_INTERVAL_MS.max(self.figures_duration * FIGURES_SHARE);
        let is_due = js_sys::Date::now() - self.figures_sent >= interval;
        if self.has_news && (is_due || self.schedule.progress().pending == 0) {
            self.send_figures();
        }
    }

    fn send_progress(&mut self) {
        let now = js_sys::Date::now();
        if now - self.progress_sent >= PROGRESS_INTERVAL_MS {
            self.progress_sent = now;
            let progress: Progress = self.schedule.progress();
            messages::send(&Response::Progress { sequence: self.sequence(), progress });
            self.send_news();
        }
    }

    fn send_rows(&mut self, range: RowRange) {
        // Rows of an older query may be others now.
        let query = self.query.as_ref().filter(|query| query.sequence == range.sequence);
        if let (Some(query), Some((_, formatter))) = (query, &self.formatter) {
            // Without a builder there are no figures, and so no long table.
            let Some(builder) = self.builders.get(&SubjectGroup::of(&query.subject)) else { return };
            let (rows, found) = self.store.rows(query, &range, builder.rows, formatter);
            messages::send(&Response::Rows { range, rows, found });
        }
    }

    /// Begins a download's copy, unless it has too many rows.
    fn begin(&mut self, id: DownloadId, key: &CopyKey, head: &Head) -> Result<(), FetchError> {
        if let Some(error) = &self.accounts_error {
            return Err(error.clone());
        }
        let announcement = self.schedule.announce(id, head.rows);
        self.store.discard(&self.schedule);
        match announcement {
            Announcement::Accepted => {
                let sources = self.query.as_ref().map_or(&[][..], |query| &query.sources);
                let window = store::find_window(sources, key).ok_or(FetchError::Unreachable)?;
                self.store.begin(key, head, window.created)
            }
            Announcement::Stale => Err(FetchError::Unreachable),
            Announcement::TooLarge { rows, aborted } => {
                self.abort(&aborted);
                messages::send(&Response::TooLarge { sequence: self.sequence(), rows });
                Err(FetchError::Unreachable)
            }
        }
    }

    /// Takes the end of a download. One that was aborted has no effect.
    fn finish(&mut self, order: &DownloadOrder, result: Result<(), FetchError>) {
        self.aborts.remove(&order.id);
        let completed = result.and_then(|()| {
            let sources = self.query.as_ref().map_or(&[][..], |query| &query.sources);
            let window = store::find_window(sources, &order.key).ok_or(FetchError::Unreachable)?;
            self.store.complete(&order.key.source, window)
        });
        match completed {
            Ok(()) => {
                self.schedule.complete(order.id);
            }
            Err(error) => {
                if self.schedule.fail(order.id).is_none() {
                    return;
                }
                self.store.abandon(&order.key);
                let window = order.key.window.clone();
                messages::send(&Response::Failed { sequence: self.sequence(), window, error });
            }
        }
        self.has_news = true;
        self.send_news();
    }
}

/// Loads what answers the current query, then sends its figures. Rows are downloaded meanwhile.
fn ensure_builder(program: &Rc<RefCell<Program>>, load_builder: LoadBuilder) {
    let group = program.borrow().group();
    let Some(group) = group.filter(|group| !program.borrow().builders.contains_key(group)) else { return };
    let shared = Rc::clone(program);
    spawn_local(async move {
        let loaded = load_builder(group).await;
        let mut program = shared.borrow_mut();
        match loaded {
            Ok(builder) => {
                program.builders.insert(group, builder);
                if program.is_awaiting_first_copy() {
                    drop(program);
                    send_figures_later(&shared);
                } else {
                    program.send_figures();
                }
            }
            // No window is to blame. The next query tries again; one about another subject does not need it.
            Err(error) if program.group() == Some(group) => {
                let (sequence, window) = (program.sequence(), String::new());
                messages::send(&Response::Failed { sequence, window, error });
            }
            Err(_) => {}
        }
    });
}

/// Sends figures without rows if the first copy does not arrive soon.
fn send_figures_later(program: &Rc<RefCell<Program>>) {
    let (program, sequence) = (Rc::clone(program), program.borrow().sequence());
    messages::call_later(FIRST_COPY_PATIENCE_MS, move || {
        let mut program = program.borrow_mut();
        if program.sequence() == sequence && program.is_awaiting_first_copy() {
            program.send_figures();
        }
    });
}

/// Fetches the shared accounts, if rows are missing: further ones may have been found in the copies that the query names.
fn fetch_shared_accounts(program: &Rc<RefCell<Program>>) {
    let mut current = program.borrow_mut();
    if current.schedule.progress().pending == 0 {
        return;
    }
    current.accounts_fetches.0 += 1;
    let (shared, fetch) = (Rc::clone(program), current.accounts_fetches.0);
    current.accounts_fetch = Some(future_to_promise(async move {
        let result = download::fetch_shared_accounts().await;
        shared.borrow_mut().set_shared_accounts(fetch, result);
        start_downloads(&shared);
        Ok(JsValue::UNDEFINED)
    }));
}

fn start_downloads(program: &Rc<RefCell<Program>>) {
    loop {
        let Ok(abort) = AbortController::new() else { return };
        let Some(order) = program.borrow_mut().schedule.start_next() else { return };
        let signal = abort.signal();
        program.borrow_mut().aborts.insert(order.id, abort);
        let mut receiver =
            ProgramReceiver { program: Rc::clone(program), id: order.id, key: order.key.clone() };
        let accounts = program.borrow().accounts_fetch.clone();
        spawn_local(async move {
            let result = download::run(&order, &signal, accounts, &mut receiver).await;
            if !signal.aborted() {
                receiver.program.borrow_mut().finish(&order, result);
                start_downloads(&receiver.program);
            }
        });
    }
}

/// Hands the frames of a download to the program.
struct ProgramReceiver {
    program: Rc<RefCell<Program>>,
    id: DownloadId,
    key: CopyKey,
}

impl Receiver for ProgramReceiver {
    fn receive_head(&mut self, head: &Head) -> Result<(), FetchError> {
        self.program.borrow_mut().begin(self.id, &self.key, head)?;
        // How many rows are to come decides whether another download starts.
        start_downloads(&self.program);
        Ok(())
    }

    fn receive_slice(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), FetchError> {
        self.program.borrow_mut().store.push_slice(&self.key, head, deflated)
    }

    fn receive_progress(&mut self, rows: u64, bytes: u64) -> Result<(), FetchError> {
        {
            let mut program = self.program.borrow_mut();
            if !program.schedule.advance(self.id, rows, bytes) {
                return Err(FetchError::Unreachable);
            }
            program.send_progress();
        }
        start_downloads(&self.program);
        Ok(())
    }
}
