//! A copy on the page: the rows of one window, whole or not at all.
//!
//! Slices are taken in as they arrive, but nothing is measured before the last of them: a week of which
//! half the rows are here would look like a quiet week.
//!
//! Some of the slices may be decoded elsewhere, as [`portion`]s: each has a place, which it keeps whenever it comes.

use crate::columns::{Columns, Layout, Rows, Texts};
use crate::portion;
use crate::slice::{Inflater, Spoilt};
use domain::frame::{Head, SliceHead};
use std::collections::VecDeque;

/// Why a copy cannot be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Its header row lacks this column.
    Column(&'static str),
    /// A slice is not what was stored.
    Spoilt(Spoilt),
    /// It has another number of rows than was promised.
    Rows,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Column(name) => write!(f, "the header row lacks the column {name}"),
            Self::Spoilt(spoilt) => spoilt.fmt(f),
            Self::Rows => f.write_str("there are not as many rows as were promised"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// Rows that room is made for before any of them has come.
const TRUSTED_ROWS: usize = 8 << 20;

/// A copy whose slices are still coming.
#[derive(Debug)]
pub struct Arriving {
    generation: u32,
    promised: u64,
    seen: u64,
    bytes: u64,
    layout: Layout,
    inflater: Inflater,
    /// The rows of all slices up to the first that is not here.
    rows: Rows,
    /// Portions from the first that is not here on.
    ahead: VecDeque<Option<Columns>>,
    /// How many portions stood before those.
    passed: usize,
}

/// Where a portion stands in its copy.
#[derive(Debug, Clone, Copy)]
pub struct Place(usize);

/// A copy that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Which one.
    pub generation: u32,
    /// Its rows.
    pub columns: Columns,
    /// Bytes of CSV that it had, without the header row.
    pub bytes: u64,
}

impl Arriving {
    /// Begins a copy.
    ///
    /// # Errors
    /// [`Unreadable::Column`].
    pub fn new(head: &Head) -> Result<Self, Unreadable> {
        let layout = Layout::read(&head.header).map_err(Unreadable::Column)?;
        let mut rows = Rows::new(&layout);
        // Growing step by step would take up twice the room at the end; a wrong promise costs this much.
        rows.columns.reserve(usize::try_from(head.rows).unwrap_or(usize::MAX).min(TRUSTED_ROWS));
        Ok(Self {
            generation: head.generation,
            promised: head.rows,
            seen: 0,
            bytes: 0,
            inflater: Inflater::default(),
            layout,
            rows,
            ahead: VecDeque::new(),
            passed: 0,
        })
    }

    /// Takes in one slice: inflates, checks, decodes.
    ///
    /// # Errors
    /// [`Unreadable::Spoilt`], [`Unreadable::Rows`].
    pub fn take(&mut self, head: &SliceHead, deflated: &[u8], texts: &mut Texts) -> Result<(), Unreadable> {
        if self.ahead.is_empty() {
            return self.read(head, deflated, texts);
        }
        let place = self.place();
        self.decode(place, [(head, deflated)], texts)
    }

    /// Keeps the next place for a portion.
    pub fn place(&mut self) -> Place {
        self.ahead.push_back(None);
        Place(self.passed + self.ahead.len() - 1)
    }

    /// Decodes a portion here.
    ///
    /// # Errors
    /// [`Unreadable::Spoilt`], [`Unreadable::Rows`].
    pub fn decode<'a>(
        &mut self,
        place: Place,
        slices: impl IntoIterator<Item = (&'a SliceHead, &'a [u8])>,
        texts: &mut Texts,
    ) -> Result<(), Unreadable> {
        let columns = std::mem::take(&mut self.rows.columns);
        let result = slices.into_iter().try_for_each(|(head, deflated)| self.read(head, deflated, texts));
        let portion = std::mem::replace(&mut self.rows.columns, columns);
        self.put(place, portion);
        result
    }

    /// Takes in a portion that was decoded elsewhere, of so many `bytes` of CSV. Gives whether it was one; it can still
    /// be decoded here if it was not.
    #[must_use]
    pub fn join(&mut self, place: Place, portion: &[u8], bytes: u64, texts: &mut Texts) -> bool {
        let mut columns = Columns::default();
        let taken = portion::take(portion, &mut columns, texts);
        if taken.is_some() {
            self.seen += columns.rows() as u64 + columns.passed_over.total();
            self.bytes += bytes;
            self.put(place, columns);
        }
        taken.is_some()
    }

    /// Puts a portion in its place, and what is whole by now to the rows.
    fn put(&mut self, Place(place): Place, portion: Columns) {
        if let Some(held) = place.checked_sub(self.passed).and_then(|place| self.ahead.get_mut(place)) {
            *held = Some(portion);
        }
        while let Some(portion) = self.ahead.pop_front_if(|portion| portion.is_some()).flatten() {
            self.rows.columns.append(&portion);
            self.passed += 1;
        }
    }

    /// Inflates, checks and decodes a slice.
    #[inline(never)]
    fn read(&mut self, head: &SliceHead, deflated: &[u8], texts: &mut Texts) -> Result<(), Unreadable> {
        let csv = self.inflater.inflate(head, deflated).map_err(Unreadable::Spoilt)?;
        let rows = self.layout.take(csv, &mut self.rows, texts);
        if rows != u64::from(head.rows) {
            return Err(Unreadable::Rows);
        }
        self.seen += rows;
        self.bytes += u64::from(head.raw_length);
        Ok(())
    }

    /// Rows that the head promised.
    #[must_use]
    pub fn promised(&self) -> u64 {
        self.promised
    }

    /// Rows taken in so far, those passed over included.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.seen
    }

    /// The whole copy, after the last slice; nothing of it is left here.
    ///
    /// # Errors
    /// [`Unreadable::Rows`].
    pub fn finish(&mut self) -> Result<Copy, Unreadable> {
        if self.seen != self.promised || !self.ahead.is_empty() {
            return Err(Unreadable::Rows);
        }
        let mut columns = std::mem::take(&mut self.rows.columns);
        columns.close();
        Ok(Copy { generation: self.generation, columns, bytes: self.bytes })
    }
}
