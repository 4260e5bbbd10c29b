//! Erasing: rewrites a copy without the erased rows, one pack at a time, as a new copy.
//!
//! The new packs belong to a generation that nothing names until the end, so that a reader sees either the
//! old copy or the new one. If the work is interrupted, the old copy stays in service and the work starts
//! again.

use super::store::{Filter, Pack, Store};
use crate::rpc::ErasureJob;
use domain::erasure::{RemainingRows, SweepFindings, SweepOutcome};
use domain::frame::{SLICE_HEAD_LENGTH, SliceHead};
use domain::ids::CourseId;
use engine::erasure_filter::{ErasureFilter, FilteredSlice};
use engine::pack::{PACK_PADDING, SliceLocation};
use engine::slice::SliceInflater;
use engine::split::SliceCompressor;
use std::collections::BTreeSet;
use std::time::Duration;
use worker::{Delay, Result};

/// The error for a stored slice that cannot be read.
pub(super) struct DamagedSlice;

/// The state between two packs.
struct Eraser {
    erasures: ErasureFilter,
    inflater: SliceInflater,
    compressor: SliceCompressor,
    /// The number of rows and bytes erased so far.
    erased: RemainingRows,
    /// The courses of the erased rows.
    courses: BTreeSet<CourseId>,
    /// The number of remaining slices.
    slices: u32,
}

/// Rewrites the copy in service without the erased rows. Returns `None` if another job has replaced this one.
pub(crate) async fn erase(store: &Store, job: &ErasureJob) -> Result<Option<SweepOutcome>> {
    let clean =
        |generation, findings| Ok(Some(SweepOutcome::Clean { generation, remaining: None, findings }));
    let summary = match store.select_copy(None, &Filter::all()) {
        Ok(Some(summary)) => summary,
        Ok(None) => return clean(0, SweepFindings::default()),
        // Slices are missing, so the copy cannot be read any more.
        Err(_) => return Ok(Some(SweepOutcome::Damaged)),
    };
    if summary.generation >= job.lease {
        return Ok(Some(SweepOutcome::Moved));
    }
    let Some(mut erasures) = ErasureFilter::new(&job.tombstones) else {
        return clean(summary.generation, SweepFindings::default());
    };
    erasures.read_header_row(&summary.header, job.key.report.known());
    let mut eraser = Eraser {
        erasures,
        inflater: SliceInflater::default(),
        compressor: SliceCompressor::default(),
        erased: RemainingRows { rows: 0, bytes: 0 },
        courses: BTreeSet::new(),
        slices: 0,
    };
    let (from, to) = (summary.generation, job.lease);
    // Packs from `carried` to `next` are unchanged and not yet copied to the new generation.
    let (mut next, mut carried, mut is_changed) = (0, 0, false);
    while let Some(pack) = store.next_pack(from, next)? {
        let seq = pack.seq;
        match eraser.erase_from_pack(pack) {
            Ok(None) => {}
            Ok(Some(left)) => {
                store.copy_packs(from, to, carried, seq)?;
                store.put_pack(to, left)?;
                (carried, is_changed) = (seq + 1, true);
            }
            Err(DamagedSlice) => return Ok(Some(SweepOutcome::Damaged)),
        }
        next = seq + 1;
        // Yield, so that readers and other work in the isolate wait for one pack at most.
        Delay::from(Duration::from_millis(1)).await;
        if store.erasure_task()?.is_none_or(|erasure| erasure.job.lease != job.lease) {
            return Ok(None);
        }
    }
    if !is_changed {
        return clean(from, eraser.erasures.into_matches());
    }
    store.copy_packs(from, to, carried, next)?;
    let Eraser { erasures, erased, courses, slices, .. } = eraser;
    Ok(Some(match store.replace_copy(from, to, slices, erased)? {
        Some(remaining) => SweepOutcome::Clean {
            generation: from,
            remaining: Some(remaining),
            findings: SweepFindings { courses, ..erasures.into_matches() },
        },
        None => SweepOutcome::Moved,
    }))
}

impl Eraser {
    /// The remaining rows of a pack; `None` if nothing was erased.
    fn erase_from_pack(&mut self, pack: Pack) -> std::result::Result<Option<Pack>, DamagedSlice> {
        let mut left = Pack { seq: pack.seq, bytes: Vec::new(), index: Vec::new() };
        let mut is_changed = false;
        for framed in pack.index {
            let (frame, head, deflated) = read_frame(&pack.bytes, &framed)?;
            let erased = |rows: u32, bytes: u32| RemainingRows { rows: rows.into(), bytes: bytes.into() };
            if self.erasures.should_drop_course(&framed.course, framed.rows) {
                self.count_erased(&framed.course, erased(framed.rows, head.raw_length));
                is_changed = true;
                continue;
            }
            let rows = self.inflater.inflate(&head, deflated).map_err(|_| DamagedSlice)?;
            let Some(FilteredSlice { rows, bytes }) = self.erasures.filter_slice(rows) else {
                self.slices += 1;
                left.push(&framed, framed.rows, frame);
                continue;
            };
            is_changed = true;
            let raw_length = u32::try_from(bytes.len()).map_err(|_| DamagedSlice)?;
            let (erased_rows, erased_bytes) =
                (framed.rows.checked_sub(rows), head.raw_length.checked_sub(raw_length));
            self.count_erased(
                &framed.course,
                erased(erased_rows.ok_or(DamagedSlice)?, erased_bytes.ok_or(DamagedSlice)?),
            );
            if rows == 0 {
                continue;
            }
            let place = (framed.course.clone(), framed.section.clone());
            let slice = self.compressor.compress(place, rows, bytes).map_err(|_| DamagedSlice)?;
            let length = u32::try_from(slice.bytes.len()).map_err(|_| DamagedSlice)?;
            let head = SliceHead { rows, raw_length, crc32: slice.crc32, length };
            self.slices += 1;
            left.push(&framed, rows, &[&head.encode()[..], &slice.bytes].concat());
        }
        Ok(is_changed.then_some(left))
    }

    fn count_erased(&mut self, course: &str, erased: RemainingRows) {
        self.courses.insert(course.into());
        self.erased.rows += erased.rows;
        self.erased.bytes += erased.bytes;
    }
}

impl Pack {
    fn push(&mut self, framed: &SliceLocation, rows: u32, frame: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.resize(PACK_PADDING, 0);
        }
        let (start, length) = (self.bytes.len(), frame.len());
        self.bytes.extend_from_slice(frame);
        self.index.push(SliceLocation { rows, start, length, ..framed.clone() });
    }
}

/// A slice's frame in a pack, its head, and its deflated rows.
pub(super) fn read_frame<'a>(
    pack: &'a [u8],
    location: &SliceLocation,
) -> std::result::Result<(&'a [u8], SliceHead, &'a [u8]), DamagedSlice> {
    let frame = pack.get(location.start..location.start + location.length).ok_or(DamagedSlice)?;
    let head = SliceHead::decode(frame).ok_or(DamagedSlice)?;
    let deflated = frame.get(SLICE_HEAD_LENGTH..).ok_or(DamagedSlice)?;
    if usize::try_from(head.length).is_ok_and(|length| length == deflated.len()) {
        Ok((frame, head, deflated))
    } else {
        Err(DamagedSlice)
    }
}
