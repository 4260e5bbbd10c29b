//! Benchmarks of every step that rows pass through, run natively, so that a regression shows without a
//! browser: `cargo bench -p engine`.
//!
//! The rows are synthetic and similar to `videoview`: people watch some minutes of a video, in rows of
//! half a minute.

#![expect(clippy::expect_used, reason = "the input is synthetic and valid")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::calendar::Calendar;
use domain::erasure::{PersonTombstone, Tombstones};
use domain::frame::{Head, SliceHead};
use domain::institution_role::InstitutionRole;
use domain::query::{RowQuery, WindowCoverage};
use domain::range::Range;
use domain::report::KnownReport;
use domain::time::{Timestamp, parse_day};
use domain::zone::Zone;
use engine::aggregator::Aggregator;
use engine::decode::{Decoder, Delimiter};
use engine::erasure_filter::{ErasureFilter, hash_person};
use engine::inflate::file::FileInflater;
use engine::slice::SliceInflater;
use engine::split::{Slice, SplitSummary, Splitter};
use engine::video_view_columns::Dictionaries;
use engine::video_view_columns::VideoViewColumns;
use engine::video_view_dataset::{VideoViewDataset, VideoViewTableBuilder, VideoViewWindowData};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::hint::black_box;
use std::io::Write;

/// Rows in total.
const ROWS: u32 = 100_000;

/// Consecutive rows of one viewer and video: ten minutes.
const SESSION_ROWS: u32 = 20;

const HEADER: &str = "videoId,videoName,videoDuration,courseId,courseIdentifier,courseName,sectionId,sectionNumber,\
                      userId,firstName,lastName,userEmail,role,eventTimestamp";

/// A report with the rows of one Monday week, sorted by time within each session.
fn report() -> String {
    let mut csv = String::from(HEADER);
    csv.push('\n');
    let monday = parse_day("2026-02-02").map_or(0, |day| Timestamp::start_of(day).0);
    for row in 0..ROWS {
        let session = row / SESSION_ROWS;
        let id = |kind: u32, count: u32| {
            format!("{kind:08x}-0000-4000-8000-{:012x}", session.wrapping_mul(2_654_435_761) % count)
        };
        let course = session.wrapping_mul(2_654_435_761) % 40;
        let start = i64::from(session.wrapping_mul(40_503) % 590_000) * 1000;
        let at = Timestamp(monday + start + i64::from(row % SESSION_ROWS) * 30_000).rfc3339();
        csv.push_str(&format!(
            "{},\"Lecture {}, part \"\"{}\"\"\",PT50M,{},BIO{course},\"Biology, {course}\",{},{},{},Ana,Nuñez {},a{}@example.edu,Student,{}\n",
            id(1, 300), session % 300, session % 3, id(2, 40), id(3, 120), course % 3, id(4, 5_000), session % 5_000,
            session % 5_000, at.replace('T', " ").trim_end_matches(".000Z"),
        ));
    }
    csv
}

/// Splits the report into slices.
fn split(csv: &[u8]) -> (SplitSummary, Vec<Slice>) {
    split_with_erasures(csv, &Tombstones::default())
}

fn split_with_erasures(csv: &[u8], tombstones: &Tombstones) -> (SplitSummary, Vec<Slice>) {
    let mut slices = Vec::new();
    let mut splitter =
        Splitter::new(Some(KnownReport::VideoView)).with_erasures(ErasureFilter::new(tombstones));
    splitter.push(csv, &mut |slice| slices.push(slice)).expect("the rows are valid");
    splitter.end_file(&mut |slice| slices.push(slice)).expect("the file is complete");
    let summary = splitter.finish(&mut |slice| slices.push(slice)).expect("the report is complete");
    (summary, slices)
}

fn head_of(slice: &Slice) -> SliceHead {
    let length = u32::try_from(slice.bytes.len()).expect("slices are small");
    SliceHead { rows: slice.rows, raw_length: slice.raw_length, crc32: slice.crc32, length }
}

/// Builds a window's copy from its slices, as the page does.
fn build_table(summary: &SplitSummary, slices: &[Slice], texts: &mut Dictionaries) -> VideoViewColumns {
    let count = u32::try_from(slices.len()).expect("there are few slices");
    let head = Head { generation: 1, slices: count, rows: summary.rows, header: summary.header.clone() };
    let mut builder = VideoViewTableBuilder::new(&head, None).expect("all required columns are present");
    for slice in slices {
        builder.push_slice(&head_of(slice), &slice.bytes, texts).expect("the slice is valid");
    }
    builder.finish().expect("all rows are present")
}

fn query(roles: Vec<InstitutionRole>) -> RowQuery {
    RowQuery {
        range: Range::parse("2026-02-02", "2026-02-08").expect("a valid range"),
        zone: Zone::utc(),
        course: None,
        sections: Vec::new(),
        roles,
        videos: Vec::new(),
        student: None,
        comparison: None,
        calendar: Calendar::default(),
        today: parse_day("2026-03-01").expect("a valid day"),
    }
}

fn bench(criterion: &mut Criterion) {
    let csv = report();
    let (summary, slices) = split(csv.as_bytes());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(csv.as_bytes()).expect("writing to memory");
    let gzip = gzip.finish().expect("writing to memory");

    let mut group = criterion.benchmark_group("rows");
    group.sample_size(20).throughput(Throughput::Bytes(csv.len() as u64));
    group.bench_function("inflate a file", |b| {
        b.iter(|| {
            let (mut inflater, mut length) = (FileInflater::default(), 0);
            let mut count = |bytes: &[u8]| {
                length += bytes.len();
                Ok(())
            };
            inflater.push(&gzip, &mut count).expect("the gzip data is valid");
            inflater.finish(&mut count).expect("the file is complete");
            black_box(length)
        });
    });
    group.bench_function("split into slices", |b| b.iter(|| split(black_box(csv.as_bytes()))));
    let given = hash_person("key", "nobody@westmere.example");
    let tombstone = PersonTombstone { erasure: "f".into(), given, ids: Vec::new(), emails: Vec::new() };
    let tombstones = Tombstones { key: "key".into(), people: vec![tombstone], courses: Vec::new() };
    group.bench_function("split into slices, one person erased", |b| {
        b.iter(|| split_with_erasures(black_box(csv.as_bytes()), &tombstones));
    });
    group.bench_function("inflate slices", |b| {
        let mut inflater = SliceInflater::default();
        b.iter(|| {
            for slice in &slices {
                black_box(inflater.inflate(&head_of(slice), &slice.bytes).expect("the slice is valid"));
            }
        });
    });
    group.bench_function("decode records", |b| {
        let rows = csv.as_bytes().get(HEADER.len() + 1..).unwrap_or_default();
        b.iter(|| {
            let mut widths = 0;
            Decoder::new(Delimiter::detect(HEADER.as_bytes()))
                .for_each_record(rows, |record| widths += record.width());
            black_box(widths)
        });
    });
    group.bench_function("decode slices into columns", |b| {
        b.iter(|| build_table(&summary, &slices, &mut Dictionaries::default()));
    });

    let mut dataset = VideoViewDataset::default();
    let table = build_table(&summary, &slices, &mut dataset.texts);
    let coverage = WindowCoverage {
        start: parse_day("2026-02-02"),
        end: parse_day("2026-02-09"),
        provisional_from: None,
    };
    dataset.insert("2026-02-02", VideoViewWindowData { generation: 1, table, coverage });
    for (name, roles) in
        [("measure without a filter", vec![]), ("measure with a filter", vec![InstitutionRole::Student])]
    {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut aggregator = Aggregator::new(query(roles.clone()));
                aggregator.update(&dataset);
                black_box(aggregator.measures(&dataset.texts).total.rows)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
