//! The rows about one person, for somebody who asks what is held about them.

use super::eraser::{DamagedSlice, read_frame};
use super::store::{Filter, Store};
use domain::erasure::{IdentityLink, Tombstones};
use domain::window::WindowKey;
use engine::erasure_filter::ErasureFilter;
use engine::slice::SliceInflater;
use std::collections::BTreeSet;
use std::time::Duration;
use worker::{Delay, Result};

/// What the newest copy has about a person.
#[derive(Default)]
pub(super) struct PersonRows {
    /// Other identifiers of the person.
    pub(super) links: BTreeSet<IdentityLink>,
    /// The rows as CSV without a header row.
    pub(super) rows: Vec<u8>,
}

/// Searches the newest copy for the people of the tombstones, pack by pack.
///
/// # Errors
/// If the copy cannot be read, or is replaced meanwhile.
pub(super) async fn find(store: &Store, key: &WindowKey, tombstones: &Tombstones) -> Result<PersonRows> {
    let (summary, filter) = (store.select_copy(None, &Filter::all())?, ErasureFilter::new(tombstones));
    let Some((summary, mut filter)) = summary.zip(filter) else { return Ok(PersonRows::default()) };
    filter.read_header_row(&summary.header, key.report.known());
    let damaged = |_: DamagedSlice| worker::Error::RustError("a stored slice cannot be read".to_owned());
    let (mut inflater, mut rows) = (SliceInflater::default(), Vec::new());
    let (mut next, mut slices) = (0, 0);
    while let Some(pack) = store.next_pack(summary.generation, next)? {
        for location in &pack.index {
            let (_, head, deflated) = read_frame(&pack.bytes, location).map_err(damaged)?;
            let slice = inflater.inflate(&head, deflated).map_err(|_| damaged(DamagedSlice))?;
            rows.append(&mut filter.select_slice(slice).bytes);
            slices += 1;
        }
        next = pack.seq + 1;
        // Yield, so that readers and other work in the isolate wait for one pack at most.
        Delay::from(Duration::from_millis(1)).await;
    }
    if slices != summary.slices {
        return Err("the copy was replaced while it was read".into());
    }
    Ok(PersonRows { links: filter.into_matches().links, rows })
}
