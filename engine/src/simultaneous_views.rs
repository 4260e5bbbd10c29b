//! Finds users who watch three different videos in the same half minute: one person cannot, so it is a shared account.
//!
//! A row of `videoview` is half a minute of a video. Rows may be in any order and in several files, so every row of a user is
//! remembered until all have been read, in 4 bytes.

use domain::ids::normalize_id;

/// So many different videos in the same half minute are no one person's. Two are: a person closes one and opens another.
const VIDEOS: usize = 3;

/// The most rows that are remembered: 16 MB, or 32 MB while lists grow. Consecutive rows of a user with the same half minute
/// and video are one. Later rows of a larger window are not compared.
const MAX_VIEWS: usize = 4 << 20;

/// A half minute in the upper 16 bits, a video in the lower. Half minutes are counted modulo 65,536, which is 22 days: longer
/// than a window.
type View = u32;

/// The views of all users of one window.
#[derive(Debug, Default)]
pub(crate) struct SimultaneousViews {
    /// By number of the user.
    views: Vec<Vec<View>>,
    /// Length of all lists.
    remembered: usize,
}

impl SimultaneousViews {
    /// Adds a row: the number of the user, the time in seconds since 1970, and the id of the video.
    pub(crate) fn add(&mut self, user: u32, seconds: u32, video: &[u8]) {
        let user = user as usize;
        if self.views.len() <= user {
            self.views.resize_with(user + 1, Vec::new);
        }
        let Some(views) = self.views.get_mut(user) else { return };
        let view = ((seconds / 30) << 16) | u32::from(video_code(video));
        if views.last() != Some(&view) && self.remembered < MAX_VIEWS {
            views.push(view);
            self.remembered += 1;
        }
    }

    /// The numbers of the users who watched [`VIDEOS`] videos in the same half minute.
    pub(crate) fn finish(self) -> impl Iterator<Item = u32> {
        let has_found = |mut views: Vec<View>| {
            views.sort_unstable();
            views.dedup();
            views
                .windows(VIDEOS)
                .any(|run| run.first().map(|view| view >> 16) == run.last().map(|view| view >> 16))
        };
        (0..).zip(self.views).filter_map(move |(user, views)| has_found(views).then_some(user))
    }
}

/// A hash of a video's id in its normal form. Two videos may have the same, so that one in 20,000 half minutes with three
/// videos is missed; nobody is found who should not be.
fn video_code(id: &[u8]) -> u16 {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let has_nothing_around = is_plain(id.first()) && is_plain(id.last());
    if has_nothing_around { hash_ignoring_case(id) } else { hash_ignoring_case(&normalize_id(id)) }
}

/// A hash that is the same for letters of either case, eight bytes at a time.
fn hash_ignoring_case(id: &[u8]) -> u16 {
    // The constant of rustc's FxHash: the upper bits depend on all bytes.
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    // The bit in which upper and lower case differ; digits and hyphens have it, too.
    const CASE: u64 = u64::from_ne_bytes([b' '; 8]);
    let step = |hash: u64, word: u64| (hash.rotate_left(5) ^ (word | CASE)).wrapping_mul(FACTOR);
    let (words, rest) = id.as_chunks::<8>();
    let hash = words.iter().fold(0, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let hash = match id.last_chunk::<8>() {
        Some(last) => step(hash, u64::from_le_bytes(*last)),
        None => rest.iter().fold(hash, |hash, byte| step(hash, u64::from(*byte))),
    };
    (hash >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Their codes differ, see the first test.
    const IDS: [&str; 5] =
        ["v1", "v2", "0b0c3f4e-0000-4000-8000-00000000000a", "0b0c3f4e-0000-4000-8000-00000000000b", ""];

    fn found(rows: impl IntoIterator<Item = (u32, u32, &'static str)>) -> Vec<u32> {
        let mut views = SimultaneousViews::default();
        rows.into_iter().for_each(|(user, seconds, video)| views.add(user, seconds, video.as_bytes()));
        views.finish().collect()
    }

    #[test]
    fn a_video_has_one_code_however_its_id_is_written() {
        let codes: BTreeSet<u16> = IDS.iter().map(|id| video_code(id.as_bytes())).collect();
        assert_eq!(codes.len(), IDS.len());
        for id in IDS {
            assert_eq!(
                video_code(format!(" {{{}}}", id.to_uppercase()).as_bytes()),
                video_code(id.as_bytes())
            );
        }
    }

    #[test]
    fn three_videos_must_be_in_the_same_half_minute() {
        assert_eq!(found([(0, 60, "v1"), (0, 70, "v2"), (0, 89, "")]), [0]);
        assert_eq!(
            found([(0, 60, "v1"), (0, 70, "v2"), (0, 90, "")]),
            Vec::<u32>::new(),
            "the next half minute"
        );
        assert_eq!(found([(0, 60, "v1"), (0, 70, "v2"), (0, 80, "v1")]), Vec::<u32>::new(), "two videos");
        assert_eq!(found([(0, 60, "v1"), (0, 70, "v2"), (1, 80, "")]), Vec::<u32>::new(), "two users");
    }

    #[test]
    fn rows_beyond_the_limit_are_not_compared() {
        let mut views = SimultaneousViews { remembered: MAX_VIEWS - 2, ..SimultaneousViews::default() };
        for video in IDS {
            views.add(3, 60, video.as_bytes());
        }
        assert_eq!(views.remembered, MAX_VIEWS);
        assert_eq!(views.finish().count(), 0);
    }

    proptest! {
        #[test]
        fn found_are_those_with_three_videos_in_a_half_minute_in_any_order(
            rows in prop::collection::vec((0u32..4, 1_770_033_600u32..1_770_033_720, 0..IDS.len()), 0..40),
        ) {
            let mut videos: BTreeMap<(u32, u32), BTreeSet<usize>> = BTreeMap::new();
            for (user, seconds, video) in &rows {
                videos.entry((*user, seconds / 30)).or_default().insert(*video);
            }
            let expected: BTreeSet<u32> =
                videos.iter().filter(|(_, videos)| videos.len() >= 3).map(|((user, _), _)| *user).collect();
            let found = found(rows.into_iter().map(|(user, seconds, video)| (user, seconds, IDS[video])));
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
