//! The rows about one person, for somebody who asks what is held about them.

use super::eraser::{DamagedSlice, read_frame};
use super::store::{CopySummary, Filter, Store};
use domain::erasure::{IdentityLink, Tombstones};
use domain::problem::{Code, Problem};
use domain::window::WindowKey;
use engine::erasure_filter::ErasureFilter;
use engine::slice::SliceInflater;
use std::collections::BTreeSet;
use std::time::Duration;
use worker::{Delay, Result};

/// The most bytes of a person's rows in one window: somebody who watches day and night has a tenth of it.
const MAX_BYTES: usize = 16 << 20;

/// How often a copy is searched again that was replaced meanwhile.
const MAX_SEARCHES: u32 = 4;

/// What a copy has about a person.
#[derive(Default)]
pub(super) struct PersonRows {
    /// Other identifiers of the person.
    pub(super) links: BTreeSet<IdentityLink>,
    /// The copy's header row and the person's rows, as CSV; empty if there are none.
    pub(super) csv: Vec<u8>,
}

/// Searches the newest copy for the people of the tombstones, pack by pack.
///
/// # Errors
/// `rows-not-ready` if the copy cannot be read or is replaced again and again, `bad-body` if so many rows are about the person
/// that they cannot be one person's.
pub(super) async fn find(
    store: &Store,
    key: &WindowKey,
    tombstones: &Tombstones,
) -> Result<std::result::Result<PersonRows, Problem>> {
    for _ in 0..MAX_SEARCHES {
        let Ok(copy) = store.select_copy(None, &Filter::all()) else { break };
        let Some((copy, filter)) = copy.zip(ErasureFilter::new(tombstones)) else {
            return Ok(Ok(PersonRows::default()));
        };
        match search(store, key, &copy, filter).await? {
            Search::Found(rows) => return Ok(Ok(rows)),
            Search::TooMany => return Ok(Err(too_many_rows())),
            Search::Damaged => break,
            Search::Replaced => {}
        }
    }
    Ok(Err(unreadable(key)))
}

/// How the search of a copy ended.
enum Search {
    Found(PersonRows),
    TooMany,
    Damaged,
    Replaced,
}

async fn search(
    store: &Store,
    key: &WindowKey,
    copy: &CopySummary,
    mut filter: ErasureFilter,
) -> Result<Search> {
    filter.read_header_row(&copy.header, key.report.known());
    if !filter.can_identify_people() {
        return Ok(Search::Found(PersonRows::default()));
    }
    let (mut inflater, mut csv) = (SliceInflater::default(), copy.header.clone());
    let (mut next, mut slices) = (0, 0);
    while let Some(pack) = store.next_pack(copy.generation, next)? {
        for location in &pack.index {
            let slice = read_frame(&pack.bytes, location)
                .and_then(|(_, head, deflated)| inflater.inflate(&head, deflated).map_err(|_| DamagedSlice));
            let Ok(slice) = slice else { return Ok(Search::Damaged) };
            csv.append(&mut filter.select_slice(slice).bytes);
            slices += 1;
        }
        if csv.len() > MAX_BYTES {
            return Ok(Search::TooMany);
        }
        next = pack.seq + 1;
        // Yield, so that readers and other work in the isolate wait for one pack at most.
        Delay::from(Duration::from_millis(1)).await;
    }
    if slices != copy.slices {
        return Ok(Search::Replaced);
    }
    if csv.len() == copy.header.len() {
        csv.clear();
    }
    Ok(Search::Found(PersonRows { links: filter.into_matches().links, csv }))
}

fn too_many_rows() -> Problem {
    let detail =
        "So many rows have this id or address that they cannot be one person's: it is a shared account.";
    Problem::new(Code::BadBody, detail)
}

fn unreadable(key: &WindowKey) -> Problem {
    let detail = format!(
        "The rows of {} in week {} cannot be read now. Try again; if that does not help, request the week again.",
        key.report,
        key.id()
    );
    Problem::new(Code::RowsNotReady, detail)
}
