//! A row batch: slices of a copy, decoded by another thread and sent back as bytes.
//!
//! The sender has its own dictionaries, so the receiver maps each text to its own code once and then translates the
//! codes in the rollups, about one per twenty rows. A row is only a time and the index of a rollup, so it is copied
//! nearly unchanged.
//!
//! Format: `u32` numbers, little endian; each list after its length. No version: both sides are one build.

use crate::dictionary::Dictionary;
use crate::rollup::QuarterHourRollup;
use crate::video_view_columns::{Dictionaries, SkippedRows, VideoViewColumns};

/// Numbers per rollup.
const ROLLUP_NUMBERS: usize = 8;

/// Numbers per label: the times of two texts, then their codes.
const LABEL_NUMBERS: usize = 4;

/// Encodes rows and the dictionaries behind their codes.
#[must_use]
pub fn encode(columns: &VideoViewColumns, texts: &Dictionaries) -> Vec<u8> {
    let VideoViewColumns { time, rollup, rollups, skipped_rows } = columns;
    let row_bytes = (time.len() + rollup.len() + rollups.len() * ROLLUP_NUMBERS) * 4;
    let mut out = Vec::with_capacity(row_bytes + (64 << 10));
    for column in [time, rollup] {
        push_length(column.len(), &mut out);
        push_numbers(column, &mut out);
    }
    push_length(rollups.len(), &mut out);
    for r in rollups {
        push_numbers(&[r.quarter, r.user, r.video, r.course, r.section, r.role, r.length, r.rows], &mut out);
    }
    // A batch has fewer than 2^32 rows.
    for rows in [skipped_rows.ragged, skipped_rows.undated] {
        push_numbers(&[u32::try_from(rows).unwrap_or(u32::MAX)], &mut out);
    }
    let Dictionaries { video, course, section, user, role, names, videos, courses, sections, users } = texts;
    for dictionary in [video, course, section, user, role, names] {
        push_length(dictionary.len(), &mut out);
        for text in dictionary.texts() {
            push_length(text.len(), &mut out);
            out.extend_from_slice(text);
        }
    }
    for labels in [videos, courses, sections, users] {
        push_length(labels.iter().count(), &mut out);
        for ([first_time, second_time], [first, second]) in labels.iter() {
            push_numbers(&[first_time, second_time, first, second], &mut out);
        }
    }
    out
}

fn push_length(length: usize, out: &mut Vec<u8>) {
    // A batch has a few megabytes, so lengths fit.
    push_numbers(&[u32::try_from(length).unwrap_or(u32::MAX)], out);
}

#[inline(never)]
fn push_numbers(numbers: &[u32], out: &mut Vec<u8>) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Adds the rows of a batch to `columns` and its texts to `texts`. `None`, and no rows, if it is invalid.
pub(crate) fn decode_into(
    batch: &[u8],
    columns: &mut VideoViewColumns,
    texts: &mut Dictionaries,
) -> Option<()> {
    let mut reader = BatchReader(batch);
    let (time, rollup) = (reader.read_list::<1>()?, reader.read_list::<1>()?);
    let rollups = reader.read_list::<ROLLUP_NUMBERS>()?;
    let skipped_rows =
        SkippedRows { ragged: reader.read_number()?.into(), undated: reader.read_number()?.into() };
    let Dictionaries { video, course, section, user, role, names, videos, courses, sections, users } = texts;
    let video_codes = reader.read_dictionary(video)?;
    let course_codes = reader.read_dictionary(course)?;
    let section_codes = reader.read_dictionary(section)?;
    let user_codes = reader.read_dictionary(user)?;
    let role_codes = reader.read_dictionary(role)?;
    let name_codes = reader.read_dictionary(names)?;
    for (labels, codes) in
        [(videos, &video_codes), (courses, &course_codes), (sections, &section_codes), (users, &user_codes)]
    {
        let list = reader.read_list::<LABEL_NUMBERS>()?;
        for (code, [first_time, second_time, first, second]) in codes.iter().zip(list) {
            let texts = [translate(&name_codes, *first)?, translate(&name_codes, *second)?];
            labels.merge(*code, [to_number(*first_time), to_number(*second_time)], texts, names);
        }
    }
    let to_rollup = |numbers: &[NumberBytes; ROLLUP_NUMBERS]| {
        let [quarter, user, video, course, section, role, length, rows] = *numbers;
        Some(QuarterHourRollup {
            quarter: to_number(quarter),
            user: translate(&user_codes, user)?,
            video: translate(&video_codes, video)?,
            course: translate(&course_codes, course)?,
            section: translate(&section_codes, section)?,
            role: translate(&role_codes, role)?,
            length: to_number(length),
            rows: to_number(rows),
        })
    };
    let rollups: Vec<QuarterHourRollup> = rollups.iter().map(to_rollup).collect::<Option<_>>()?;
    if time.len() != rollup.len() || !reader.0.is_empty() {
        return None;
    }
    let base = u32::try_from(columns.rollups.len()).ok()?;
    columns.time.extend(time.iter().map(|[time]| to_number(*time)));
    columns.rollup.extend(rollup.iter().map(|[index]| base.wrapping_add(to_number(*index))));
    columns.rollups.extend(rollups);
    columns.skipped_rows = columns.skipped_rows.plus(skipped_rows);
    Some(())
}

/// A `u32`, little endian.
type NumberBytes = [u8; 4];

fn to_number(bytes: NumberBytes) -> u32 {
    u32::from_le_bytes(bytes)
}

/// The receiver's code for a code of the batch: `codes[code]`.
fn translate(codes: &[u32], code: NumberBytes) -> Option<u32> {
    codes.get(to_number(code) as usize).copied()
}

/// Reads a batch; holds its unread bytes.
struct BatchReader<'a>(&'a [u8]);

impl<'a> BatchReader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn read_number(&mut self) -> Option<u32> {
        Some(to_number(*self.take(4)?.first_chunk()?))
    }

    /// Reads a list of groups of `N` numbers.
    fn read_list<const N: usize>(&mut self) -> Option<&'a [[NumberBytes; N]]> {
        let count = self.read_number()? as usize;
        let (numbers, _) = self.take(count.checked_mul(N * 4)?)?.as_chunks();
        Some(numbers.as_chunks().0)
    }

    /// Reads a dictionary and adds its texts to `dictionary`; returns the new codes by those in the batch.
    // Called for six dictionaries: inlined, the code would be six times as large.
    #[inline(never)]
    fn read_dictionary(&mut self, dictionary: &mut Dictionary) -> Option<Vec<u32>> {
        let mut codes = Vec::new();
        for _ in 0..self.read_number()? {
            let length = self.read_number()? as usize;
            codes.push(dictionary.code(self.take(length)?));
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
        let to_u32 = |number: usize| u32::try_from(number).unwrap();
        let head = SliceHead {
            rows: to_u32(rows.len()),
            raw_length: to_u32(csv.len()),
            crc32: crc32fast::hash(&deflated),
            length: to_u32(deflated.len()),
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

    /// Decodes all slices in order.
    fn decode(slices: &[Slice], texts: &mut Dictionaries) -> VideoViewTable {
        let mut builder = VideoViewTableBuilder::new(&head(slices)).unwrap();
        slices.iter().for_each(|(head, deflated)| builder.push_slice(head, deflated, texts).unwrap());
        builder.finish().unwrap()
    }

    fn batch(slices: &[Slice]) -> Vec<u8> {
        let mut texts = Dictionaries::default();
        encode(&decode(slices, &mut texts).columns, &texts)
    }

    fn dataset(table: VideoViewTable, texts: Dictionaries) -> VideoViewDataset {
        let mut dataset = VideoViewDataset::default();
        dataset.texts = texts;
        dataset.insert(
            "2026-02-02",
            table,
            WindowCoverage { start: None, end: None, provisional_from: None },
        );
        dataset
    }

    /// Rows of which many differ only in their time, and some are ragged or undated.
    fn rows() -> impl Strategy<Value = Vec<String>> {
        let names = prop::sample::select(vec!["Ana,Nuñez", "\"A, \"\"B\"\"\",Nuñez", ",", "Bo,"]);
        let row = (0u8..4, 0u8..3, 0u32..200, 0u8..6, names, prop::bool::weighted(0.05), 0u8..20);
        let row = row.prop_map(|(video, section, minute, user, name, is_undated, variant)| {
            let time = format!(
                "2026-02-0{} {:02}:{:02}:{:02}",
                2 + minute % 3,
                minute / 12,
                minute % 60,
                minute % 7
            );
            let time = if is_undated { "soon" } else { &time };
            let user = if user == 0 { String::new() } else { format!("viewer-number-{user}") };
            let role = if variant == 0 { "Student,more" } else { "Student" };
            format!(
                "video-{video},N{},S{section},{section},c,BIO,{time},{video}0,{user},{name},{role}\n",
                variant % 2
            )
        });
        prop::collection::vec(row, 0..80)
    }

    proptest! {
        #[test]
        fn a_copy_decoded_in_batches_equals_the_copy_decoded_in_order(
            rows in rows(),
            sizes in prop::collection::vec(0usize..6, 0..40),
            cuts in prop::collection::vec((1usize..5, 0u8..3, any::<u32>()), 40),
        ) {
            let mut slices = Vec::new();
            let mut rest = rows.as_slice();
            for size in sizes {
                let (first, left) = rest.split_at(size.min(rest.len()));
                rest = left;
                slices.push(slice(first));
            }
            slices.push(slice(rest));
            let mut texts = Dictionaries::default();
            let table = decode(&slices, &mut texts);
            let whole = dataset(table, texts);

            // Methods: 0 pushes slices in order, 1 decodes them later, 2 adds them as an encoded batch.
            let mut texts = Dictionaries::default();
            let mut builder = VideoViewTableBuilder::new(&head(&slices)).unwrap();
            let mut batches = Vec::new();
            let mut rest = slices.as_slice();
            for (size, method, order) in cuts {
                let (first, left) = rest.split_at(size.min(rest.len()));
                rest = left;
                if method == 0 {
                    for (head, deflated) in first {
                        builder.push_slice(head, deflated, &mut texts).unwrap();
                    }
                } else {
                    batches.push((order, method, builder.reserve_batch(), first));
                }
            }
            batches.sort_by_key(|(order, ..)| *order);
            for (_, method, slot, slices) in batches {
                if method == 1 {
                    let slices = slices.iter().map(|(head, deflated)| (head, deflated.as_slice()));
                    builder.decode_batch(slot, slices, &mut texts).unwrap();
                } else {
                    let bytes = slices.iter().map(|(head, _)| u64::from(head.raw_length)).sum();
                    prop_assert!(builder.add_decoded_batch(slot, &batch(slices), bytes, &mut texts));
                }
            }
            let table = builder.finish().unwrap();
            let expected = &whole.get("2026-02-02").unwrap().table;
            prop_assert_eq!(table.bytes, expected.bytes);
            prop_assert_eq!(&table.columns.time, &expected.columns.time);
            let batched = dataset(table, texts);

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
            let results = [&whole, &batched].map(|dataset| {
                let mut aggregator = Aggregator::new(query.clone());
                aggregator.update(dataset);
                let row_list = RowList::new(&query, &aggregator.counted_days(), dataset);
                (aggregator.measures(&dataset.texts), row_list.rows(0, rows.len(), dataset))
            });
            let [(expected_measures, expected_rows), (measures, listed_rows)] = results;
            prop_assert_eq!(measures, expected_measures);
            prop_assert_eq!(listed_rows, expected_rows);
        }

        #[test]
        fn a_truncated_batch_adds_no_rows_and_a_damaged_one_does_not_panic(
            rows in rows(),
            at in any::<prop::sample::Index>(),
            flip in 1u8..=255,
        ) {
            let mut batch = batch(&[slice(&rows)]);
            let mut columns = VideoViewColumns::default();
            prop_assert_eq!(decode_into(&batch[..at.index(batch.len())], &mut columns, &mut Dictionaries::default()), None);
            prop_assert_eq!(&columns, &VideoViewColumns::default());
            // A changed byte may go unnoticed, but decoding ends without a panic.
            let at = at.index(batch.len());
            batch[at] ^= flip;
            let _ = decode_into(&batch, &mut columns, &mut Dictionaries::default());
        }
    }

    #[test]
    fn a_copy_is_complete_only_with_all_of_its_batches() {
        let slices = [slice(&["v,n,s,1,c,B,2026-02-02 12:00:00,5,u,a,b,Student\n".to_owned()])];
        let mut builder = VideoViewTableBuilder::new(&head(&slices)).unwrap();
        let (_first, second) = (builder.reserve_batch(), builder.reserve_batch());
        let mut texts = Dictionaries::default();
        assert!(!builder.add_decoded_batch(second, b"no batch", 0, &mut texts));
        assert!(builder.add_decoded_batch(second, &batch(&slices), 9, &mut texts));
        assert_eq!(builder.rows(), 1);
        assert!(builder.finish().is_err(), "all rows are present, but one batch is missing");
    }
}
