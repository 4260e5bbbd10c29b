//! Batches of a copy: some of its slices, decoded apart from the rest by texts of their own, as bytes from one thread to
//! another.
//!
//! Whoever takes a batch in gives each of its texts a code of its own, once, and translates the rollups, of which there
//! is one for twenty rows. Of the rows themselves only times and places of rollups are here: they are moved, not read.
//!
//! Numbers are of four bytes, little endian, and lists stand behind their length: both sides are of one build.

use crate::dictionary::Dictionary;
use crate::rollup::QuarterHourRollup;
use crate::video_view_columns::{Dictionaries, SkippedRows, VideoViewColumns};

/// Numbers in a rollup.
const ROLLUP: usize = 8;

/// Numbers in a label: the times of two texts, and their codes.
const LABEL: usize = 4;

/// Rows with the texts behind their codes, as bytes.
#[must_use]
pub fn encode(columns: &VideoViewColumns, texts: &Dictionaries) -> Vec<u8> {
    let VideoViewColumns { time, rollup, rollups, skipped_rows } = columns;
    let rows = (time.len() + rollup.len() + rollups.len() * ROLLUP) * 4;
    let mut to = Vec::with_capacity(rows + (64 << 10));
    for column in [time, rollup] {
        push_length(column.len(), &mut to);
        push_numbers(column, &mut to);
    }
    push_length(rollups.len(), &mut to);
    for s in rollups {
        push_numbers(&[s.quarter, s.user, s.video, s.course, s.section, s.role, s.length, s.rows], &mut to);
    }
    // A batch has fewer rows than fit into its first list.
    for rows in [skipped_rows.ragged, skipped_rows.undated] {
        push_numbers(&[u32::try_from(rows).unwrap_or(u32::MAX)], &mut to);
    }
    let Dictionaries { video, course, section, user, role, names, videos, courses, sections, users } = texts;
    for dictionary in [video, course, section, user, role, names] {
        push_length(dictionary.len(), &mut to);
        for text in dictionary.texts() {
            push_length(text.len(), &mut to);
            to.extend_from_slice(text);
        }
    }
    for labels in [videos, courses, sections, users] {
        push_length(labels.iter().count(), &mut to);
        for ([time, other], [text, second]) in labels.iter() {
            push_numbers(&[time, other, text, second], &mut to);
        }
    }
    to
}

/// How many of something, or how long it is.
fn push_length(count: usize, to: &mut Vec<u8>) {
    // A batch is some megabytes.
    push_numbers(&[u32::try_from(count).unwrap_or(u32::MAX)], to);
}

#[inline(never)]
fn push_numbers(numbers: &[u32], to: &mut Vec<u8>) {
    to.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Adds the rows of a batch to `columns`, and its texts to `texts`. `None`, and no rows, when it is none.
pub(crate) fn decode_into(
    batch: &[u8],
    columns: &mut VideoViewColumns,
    texts: &mut Dictionaries,
) -> Option<()> {
    let mut from = Bytes(batch);
    let (time, place, said) = (from.list::<1>()?, from.list::<1>()?, from.list::<ROLLUP>()?);
    let skipped_rows = SkippedRows { ragged: from.number()?.into(), undated: from.number()?.into() };
    let Dictionaries { video, course, section, user, role, names, videos, courses, sections, users } = texts;
    let video = from.codes(video)?;
    let course = from.codes(course)?;
    let section = from.codes(section)?;
    let user = from.codes(user)?;
    let role = from.codes(role)?;
    let name = from.codes(names)?;
    for (labels, codes) in [(videos, &video), (courses, &course), (sections, &section), (users, &user)] {
        for (code, [time, other, text, second]) in codes.iter().zip(from.list::<LABEL>()?) {
            let texts = [translate(&name, *text)?, translate(&name, *second)?];
            labels.merge(*code, [number(*time), number(*other)], texts, names);
        }
    }
    let rollup = |said: &[Number; ROLLUP]| {
        let [quarter, whose, of_video, of_course, of_section, as_role, length, rows] = *said;
        Some(QuarterHourRollup {
            quarter: number(quarter),
            user: translate(&user, whose)?,
            video: translate(&video, of_video)?,
            course: translate(&course, of_course)?,
            section: translate(&section, of_section)?,
            role: translate(&role, as_role)?,
            length: number(length),
            rows: number(rows),
        })
    };
    let said: Vec<QuarterHourRollup> = said.iter().map(rollup).collect::<Option<_>>()?;
    if time.len() != place.len() || !from.0.is_empty() {
        return None;
    }
    let base = u32::try_from(columns.rollups.len()).ok()?;
    columns.time.extend(time.iter().map(|[time]| number(*time)));
    columns.rollup.extend(place.iter().map(|[place]| base.wrapping_add(number(*place))));
    columns.rollups.extend(said);
    columns.skipped_rows = columns.skipped_rows.plus(skipped_rows);
    Some(())
}

/// A number as it stands.
type Number = [u8; 4];

fn number(stands: Number) -> u32 {
    u32::from_le_bytes(stands)
}

/// What a code of the batch is here.
fn translate(codes: &[u32], code: Number) -> Option<u32> {
    codes.get(number(code) as usize).copied()
}

/// What is left of a batch.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(number(*self.take(4)?.first_chunk()?))
    }

    fn list<const N: usize>(&mut self) -> Option<&'a [[Number; N]]> {
        let count = self.number()? as usize;
        let (numbers, _) = self.take(count.checked_mul(N * 4)?)?.as_chunks();
        Some(numbers.as_chunks().0)
    }

    /// The codes here of a dictionary's texts, by their codes there.
    // For each of the dictionaries once: put into what calls it, it would be six times as large.
    #[inline(never)]
    fn codes(&mut self, here: &mut Dictionary) -> Option<Vec<u32>> {
        let mut codes = Vec::new();
        for _ in 0..self.number()? {
            let length = self.number()? as usize;
            codes.push(here.code(self.take(length)?));
        }
        Some(codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregator::Aggregator;
    use crate::measures::{Query, WindowCoverage};
    use crate::row_list::RowList;
    use crate::video_view_dataset::VideoViewDataset;
    use crate::video_view_table::{VideoViewTable, VideoViewTableBuilder};
    use domain::frame::{Head, SliceHead};
    use domain::range::Range;
    use domain::zone::Zone;
    use proptest::prelude::*;
    use std::io::Write;

    const HEADER: &str = "VideoId,VideoName,sectionId,sectionNumber,courseId,courseIdentifier,event_timestamp,\
        duration_Minute,userid,firstname,lastname,role\n";

    type Slice = (SliceHead, Vec<u8>);

    fn slice(rows: &[String]) -> Slice {
        let csv = rows.concat();
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflate.write_all(csv.as_bytes()).unwrap();
        let deflated = deflate.finish().unwrap();
        let small = |number: usize| u32::try_from(number).unwrap();
        let head = SliceHead {
            rows: small(rows.len()),
            raw_length: small(csv.len()),
            crc32: crc32fast::hash(&deflated),
            length: small(deflated.len()),
        };
        (head, deflated)
    }

    fn head(slices: &[Slice]) -> Head {
        Head {
            generation: 7,
            slices: u32::try_from(slices.len()).unwrap(),
            rows: slices.iter().map(|(head, _)| u64::from(head.rows)).sum(),
            header: HEADER.as_bytes().to_vec(),
        }
    }

    /// Slices that were decoded in one go, by texts that may be others' too.
    fn decoded(slices: &[Slice], texts: &mut Dictionaries) -> VideoViewTable {
        let mut builder = VideoViewTableBuilder::new(&head(slices)).unwrap();
        slices.iter().for_each(|(head, deflated)| builder.push_slice(head, deflated, texts).unwrap());
        builder.finish().unwrap()
    }

    fn batch(slices: &[Slice]) -> Vec<u8> {
        let mut texts = Dictionaries::default();
        encode(&decoded(slices, &mut texts).columns, &texts)
    }

    fn dataset(copy: VideoViewTable, texts: Dictionaries) -> VideoViewDataset {
        let mut dataset = VideoViewDataset::default();
        dataset.texts = texts;
        dataset.insert("2026-02-02", copy, WindowCoverage { start: None, end: None, provisional_from: None });
        dataset
    }

    /// Rows of which many repeat others but for their time, and some cannot be read.
    fn rows() -> impl Strategy<Value = Vec<String>> {
        let names = prop::sample::select(vec!["Ana,Nuñez", "\"A, \"\"B\"\"\",Nuñez", ",", "Bo,"]);
        let row = (0u8..4, 0u8..3, 0u32..200, 0u8..6, names, prop::bool::weighted(0.05), 0u8..20);
        let row = row.prop_map(|(video, section, minute, user, name, is_undated, odd)| {
            let time = format!(
                "2026-02-0{} {:02}:{:02}:{:02}",
                2 + minute % 3,
                minute / 12,
                minute % 60,
                minute % 7
            );
            let time = if is_undated { "soon" } else { &time };
            let user = if user == 0 { String::new() } else { format!("viewer-number-{user}") };
            let role = if odd == 0 { "Student,more" } else { "Student" };
            format!(
                "video-{video},N{},S{section},{section},c,BIO,{time},{video}0,{user},{name},{role}\n",
                odd % 2
            )
        });
        prop::collection::vec(row, 0..80)
    }

    proptest! {
        #[test]
        fn a_copy_in_any_batches_is_the_copy_in_one_go(
            rows in rows(),
            sizes in prop::collection::vec(0usize..6, 0..40),
            cuts in prop::collection::vec((1usize..5, 0u8..3, any::<u32>()), 40),
        ) {
            let mut slices = Vec::new();
            let mut rest = rows.as_slice();
            for size in sizes {
                let (some, left) = rest.split_at(size.min(rest.len()));
                rest = left;
                slices.push(slice(some));
            }
            slices.push(slice(rest));
            let mut texts = Dictionaries::default();
            let whole = decoded(&slices, &mut texts);
            let whole = dataset(whole, texts);

            // Each batch is decoded at once, or here or elsewhere when its turn comes.
            let mut texts = Dictionaries::default();
            let mut builder = VideoViewTableBuilder::new(&head(&slices)).unwrap();
            let mut batches = Vec::new();
            let mut rest = slices.as_slice();
            for (size, way, turn) in cuts {
                let (some, left) = rest.split_at(size.min(rest.len()));
                rest = left;
                if way == 0 {
                    some.iter().for_each(|(head, deflated)| builder.push_slice(head, deflated, &mut texts).unwrap());
                } else {
                    batches.push((turn, way, builder.reserve_batch(), some));
                }
            }
            batches.sort_by_key(|(turn, ..)| *turn);
            for (_, way, place, slices) in batches {
                if way == 1 {
                    let slices = slices.iter().map(|(head, deflated)| (head, deflated.as_slice()));
                    builder.decode_batch(place, slices, &mut texts).unwrap();
                } else {
                    let bytes = slices.iter().map(|(head, _)| u64::from(head.raw_length)).sum();
                    prop_assert!(builder.add_decoded_batch(place, &batch(slices), bytes, &mut texts));
                }
            }
            let copy = builder.finish().unwrap();
            let held = &whole.get("2026-02-02").unwrap().table;
            prop_assert_eq!(copy.bytes, held.bytes);
            prop_assert_eq!(&copy.columns.time, &held.columns.time);
            let portioned = dataset(copy, texts);

            let query = Query {
                range: Range::parse("2026-02-02", "2026-02-04").unwrap(),
                zone: Zone::utc(),
                course: None,
                sections: Vec::new(),
                roles: Vec::new(),
                videos: Vec::new(),
                student: None,
                comparison: None,
                today: "2026-03-01".parse().unwrap(),
            };
            let [mut one, mut other] = [(); 2].map(|()| Aggregator::new(query.clone()));
            one.update(&whole);
            other.update(&portioned);
            prop_assert_eq!(one.measures(&whole.texts), other.measures(&portioned.texts));
            let [listed, also] = [(&one, &whole), (&other, &portioned)].map(|(aggregator, dataset)| {
                RowList::new(&query, &aggregator.counted_days(), dataset).rows(0, rows.len(), dataset)
            });
            prop_assert_eq!(listed, also);
        }

        #[test]
        fn what_is_no_batch_adds_no_row(
            rows in rows(),
            at in any::<prop::sample::Index>(),
            flip in 1u8..=255,
        ) {
            let mut batch = batch(&[slice(&rows)]);
            let mut columns = VideoViewColumns::default();
            prop_assert_eq!(decode_into(&batch[..at.index(batch.len())], &mut columns, &mut Dictionaries::default()), None);
            prop_assert_eq!(&columns, &VideoViewColumns::default());
            // Whatever else it says, it is read to an end.
            let at = at.index(batch.len());
            batch[at] ^= flip;
            let _ = decode_into(&batch, &mut columns, &mut Dictionaries::default());
        }
    }

    #[test]
    fn a_copy_is_whole_only_with_all_of_its_batches() {
        let slices = [slice(&["v,n,s,1,c,B,2026-02-02 12:00:00,5,u,a,b,Student\n".to_owned()])];
        let mut builder = VideoViewTableBuilder::new(&head(&slices)).unwrap();
        let (_first, second) = (builder.reserve_batch(), builder.reserve_batch());
        let mut texts = Dictionaries::default();
        assert!(!builder.add_decoded_batch(second, b"no batch", 0, &mut texts));
        assert!(builder.add_decoded_batch(second, &batch(&slices), 9, &mut texts));
        assert_eq!(builder.rows(), 1);
        assert!(builder.finish().is_err(), "all rows are here, and one batch is not");
    }
}
