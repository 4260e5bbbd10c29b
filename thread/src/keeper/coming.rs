//! A copy on its way: its slices decoded here, or dealt out to readers and put together again.
//!
//! Where nobody reads along, a slice is decoded when it comes. Readers are given portions of several slices, each as a
//! small copy of its own; what they have no room for is decoded here, so that the network is never further ahead
//! than by the portions that are out.

use super::{Thread, fetch_what_is_missing};
use crate::message::Wanted;
use crate::readers::{self, Readers};
use domain::frame::{Head, SliceHead};
use engine::video_view_table::{BatchSlot, VideoViewTable, VideoViewTableBuilder};
use protocol::FetchError;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use web_sys::AbortSignal;

/// Bytes of CSV in a portion: some milliseconds of decoding, beside which handing it to and fro is little.
const PORTION: u64 = 4 << 20;

type Slice = (SliceHead, Vec<u8>);

/// A copy on its way.
pub(super) struct Coming {
    thread: Rc<RefCell<Thread>>,
    readers: Rc<RefCell<Readers>>,
    window: Wanted,
    signal: AbortSignal,
    head: Head,
    builder: RefCell<VideoViewTableBuilder>,
    /// Slices that are no portion yet, and their bytes of CSV.
    pile: RefCell<(Vec<Slice>, u64)>,
    /// Portions that readers have.
    out: Cell<usize>,
    /// Bytes that have travelled.
    travelled: Cell<u64>,
    trouble: RefCell<Option<FetchError>>,
    waiting: RefCell<Option<Waker>>,
}

impl Coming {
    /// Begins a copy.
    pub(super) fn new(
        thread: &Rc<RefCell<Thread>>,
        window: &Wanted,
        signal: &AbortSignal,
        head: Head,
    ) -> Result<Rc<Self>, FetchError> {
        let builder = VideoViewTableBuilder::new(&head).map_err(|e| FetchError::invalid(&e))?;
        let readers = Rc::clone(&thread.borrow().readers);
        Ok(Rc::new(Self {
            thread: Rc::clone(thread),
            readers,
            window: window.clone(),
            signal: signal.clone(),
            head,
            builder: RefCell::new(builder),
            pile: RefCell::default(),
            out: Cell::new(0),
            travelled: Cell::new(0),
            trouble: RefCell::default(),
            waiting: RefCell::default(),
        }))
    }

    /// Takes in a slice.
    pub(super) fn slice(self: &Rc<Self>, head: SliceHead, deflated: Vec<u8>) -> Result<(), FetchError> {
        let mut pile = self.pile.borrow_mut();
        if pile.0.is_empty() && !self.readers.borrow().listen() {
            let texts = &mut self.thread.borrow_mut().dataset.texts;
            let taken = self.builder.borrow_mut().push_slice(&head, &deflated, texts);
            return taken.map_err(|e| FetchError::invalid(&e));
        }
        pile.0.push((head, deflated));
        pile.1 += u64::from(head.raw_length);
        let is_portion = pile.1 >= PORTION;
        drop(pile);
        if is_portion {
            self.deal();
        }
        Ok(())
    }

    /// Gives what is on the pile to a reader, or decodes it here when none has room.
    fn deal(self: &Rc<Self>) {
        let (slices, length) = self.pile.take();
        let place = self.builder.borrow_mut().reserve_batch();
        let portion = self.as_copy(&slices);
        let coming = Rc::clone(self);
        let done = move |portion: Option<&[u8]>| coming.came(place, &slices, length, portion);
        self.out.set(self.out.get() + 1);
        let given = self.readers.borrow_mut().give(&portion, Box::new(done));
        if let Err(done) = given {
            done(None);
        }
    }

    /// Slices as a copy of their own.
    fn as_copy(&self, slices: &[Slice]) -> Vec<u8> {
        let head = Head {
            generation: self.head.generation,
            slices: u32::try_from(slices.len()).unwrap_or(u32::MAX),
            rows: slices.iter().map(|(head, _)| u64::from(head.rows)).sum(),
            header: self.head.header.clone(),
        };
        let mut bytes = head.encode();
        for (head, deflated) in slices {
            bytes.extend_from_slice(&head.encode());
            bytes.extend_from_slice(deflated);
        }
        bytes
    }

    /// Takes in a portion that a reader had, or decodes it here if the reader failed.
    fn came(self: &Rc<Self>, place: BatchSlot, slices: &[Slice], length: u64, portion: Option<&[u8]>) {
        self.out.set(self.out.get() - 1);
        // Who was aborted has no place in the dataset any more, and perhaps another shelf.
        if !self.signal.aborted() {
            let is_here = portion.is_some_and(|portion| {
                let texts = &mut self.thread.borrow_mut().dataset.texts;
                self.builder.borrow_mut().add_decoded_batch(place, portion, length, texts)
            });
            let decoded = if is_here { Ok(()) } else { self.decode(place, slices) };
            if let Err(refusal) = decoded.and_then(|()| self.progress()) {
                *self.trouble.borrow_mut() = Some(refusal);
            }
        }
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }

    fn decode(&self, place: BatchSlot, slices: &[Slice]) -> Result<(), FetchError> {
        let texts = &mut self.thread.borrow_mut().dataset.texts;
        let slices = slices.iter().map(|(head, deflated)| (head, deflated.as_slice()));
        self.builder.borrow_mut().decode_batch(place, slices, texts).map_err(|e| FetchError::invalid(&e))
    }

    /// Notes how many bytes have travelled; an error when nothing will come of it.
    pub(super) fn travelled(&self, bytes: u64) -> Result<(), FetchError> {
        self.travelled.set(bytes);
        match self.trouble.take() {
            Some(refusal) => Err(refusal),
            None => self.progress(),
        }
    }

    /// Tells how far it is; an error when it is no longer wanted.
    fn progress(&self) -> Result<(), FetchError> {
        let (promised, rows) = (Some(self.head.rows), self.builder.borrow().rows());
        let is_wanted = self.thread.borrow_mut().progress(&self.window, promised, rows, self.travelled.get());
        is_wanted.ok_or(FetchError::Unreachable)?;
        readers::start(&self.readers, || self.thread.borrow().to_come());
        fetch_what_is_missing(&self.thread);
        Ok(())
    }

    /// The whole copy, when its last slice has come and every portion is back.
    pub(super) async fn whole(self: Rc<Self>) -> Result<(VideoViewTable, u64), FetchError> {
        if !self.pile.borrow().0.is_empty() {
            self.deal();
        }
        poll_fn(|context| {
            *self.waiting.borrow_mut() = Some(context.waker().clone());
            let is_over = self.out.get() == 0 || self.trouble.borrow().is_some();
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        if let Some(refusal) = self.trouble.take() {
            return Err(refusal);
        }
        let copy = self.builder.borrow_mut().finish().map_err(|e| FetchError::invalid(&e))?;
        Ok((copy, self.travelled.get()))
    }
}
