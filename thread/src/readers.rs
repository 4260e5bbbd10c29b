//! The readers: further threads of the same program, which decode portions of copies for the keeper.
//!
//! One core is for drawing and one for the keeper; any other can have a reader while copies arrive. A reader costs
//! some megabytes, so there are no more of them than rows to come are worth, and none when all have come. It is given the
//! compiled program, and neither fetches nor compiles it.
//!
//! What a reader cannot do falls back to the keeper, and a reader that failed is not replaced.

use crate::post;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

/// What a reader is called.
pub const NAME: &str = "reader";

/// Cores that have no reader: one draws, one keeps.
const OTHERS: usize = 2;

/// Rows to come for which one more reader is worth its start: some thirty milliseconds of decoding.
const ROWS_EACH: u64 = 100_000;

/// Told once of each portion: its bytes as they were decoded, `None` when the reader failed.
type Done = Box<dyn FnOnce(Option<&[u8]>)>;

/// The readers of one keeper.
#[derive(Debug, Default)]
pub struct Readers {
    most: usize,
    readers: Vec<Reader>,
    started: usize,
}

struct Reader {
    number: usize,
    worker: Worker,
    listens: bool,
    /// What is to be told of the portion that it decodes.
    portion: Option<Done>,
    /// The same of one that it has so that it need not wait for it. More would only be decoded in vain when they are no
    /// longer wanted.
    next: Option<Done>,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _failed: Closure<dyn Fn(Event)>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Readers {
    /// The readers that a machine of so many cores can have.
    #[must_use]
    pub fn of(cores: usize) -> Self {
        Self { most: cores.saturating_sub(OTHERS), ..Self::default() }
    }

    /// Whether any of them listens.
    #[must_use]
    pub fn listen(&self) -> bool {
        self.readers.iter().any(|reader| reader.listens)
    }

    /// Gives a portion to the reader that has least to do; gives `done` back when all of them have enough.
    ///
    /// # Errors
    /// `done`, untold.
    pub fn give(&mut self, portion: &[u8], done: Done) -> Result<(), Done> {
        let free = self.readers.iter_mut().filter(|reader| reader.listens && reader.next.is_none());
        let Some(reader) = free.min_by_key(|reader| reader.portion.is_some()) else { return Err(done) };
        let (bytes, moved) = post::movable(portion);
        if reader.worker.post_message_with_transfer(&bytes, &moved).is_err() {
            return Err(done);
        }
        let place = if reader.portion.is_none() { &mut reader.portion } else { &mut reader.next };
        *place = Some(done);
        Ok(())
    }
}

/// Starts as many readers as the rows to come are worth.
pub fn start(readers: &Rc<RefCell<Readers>>, to_come: impl FnOnce() -> u64) {
    let mut all = readers.borrow_mut();
    if all.readers.len() >= all.most {
        return;
    }
    let worth = usize::try_from(to_come() / ROWS_EACH).unwrap_or(usize::MAX);
    while all.readers.len() < worth.min(all.most) {
        all.started += 1;
        match Reader::start(readers, all.started) {
            Some(reader) => all.readers.push(reader),
            None => all.most = 0,
        }
    }
}

/// Ends all of them: no copy is arriving.
pub fn end(readers: &Rc<RefCell<Readers>>) {
    let ended = std::mem::take(&mut readers.borrow_mut().readers);
    ended.into_iter().for_each(Reader::give_up);
}

/// Tells of a portion what has become of it; `None` when the reader is gone or had none.
fn tell(readers: &Rc<RefCell<Readers>>, number: usize, portion: &[u8]) {
    let done = {
        let mut all = readers.borrow_mut();
        let Some(reader) = all.readers.iter_mut().find(|reader| reader.number == number) else { return };
        if !reader.listens {
            reader.listens = true;
            return;
        }
        std::mem::replace(&mut reader.portion, reader.next.take())
    };
    if let Some(done) = done {
        done(Some(portion).filter(|portion| !portion.is_empty()));
    }
}

/// Takes a reader out that failed.
fn fail(readers: &Rc<RefCell<Readers>>, number: usize) {
    let failed = {
        let mut all = readers.borrow_mut();
        let Some(place) = all.readers.iter().position(|reader| reader.number == number) else { return };
        all.most = all.most.saturating_sub(1);
        all.readers.swap_remove(place)
    };
    failed.give_up();
}

impl Reader {
    fn start(readers: &Rc<RefCell<Readers>>, number: usize) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(NAME);
        let worker = Worker::new_with_options("/reader-start.js", &options).ok()?;
        worker.post_message(&wasm_bindgen::module()).ok()?;
        let all = Rc::clone(readers);
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
            tell(&all, number, &post::handed_over(&message).unwrap_or_default());
        });
        let all = Rc::clone(readers);
        let failed = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            // It is dealt with here.
            event.prevent_default();
            fail(&all, number);
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Some(Self {
            number,
            worker,
            listens: false,
            portion: None,
            next: None,
            _heard: heard,
            _failed: failed,
        })
    }

    /// Tells of all its portions that nothing has become of them.
    fn give_up(mut self) {
        for done in [self.portion.take(), self.next.take()].into_iter().flatten() {
            done(None);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}
