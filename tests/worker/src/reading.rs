//! Readers of the Worker's responses, independent of its code, and digests to compare rows with the ground
//! truth.

use crate::Stack;
use domain::api::RequestInfo;
use domain::frame::{Frame, FrameReader, Head};
use futures_util::StreamExt;
use sandbox::Report;
use sandbox::truth::{Ask, row_digest};
use std::io::Read;

/// The number of rows and a digest that is independent of their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// The number of rows.
    pub rows: u64,
    /// The wrapping sum of each row's [`row_digest`].
    pub sum: u64,
}

impl Digest {
    /// Adds a row.
    pub fn add<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        let cells: Vec<&str> = cells.collect();
        self.rows += 1;
        self.sum = self.sum.wrapping_add(row_digest(&cells));
    }

    /// The digest of the true rows of a query.
    #[must_use]
    pub fn of_truth(stack: &Stack, ask: &Ask) -> Self {
        let count = stack.truth().count(ask);
        Self { rows: count.rows, sum: u64::from_str_radix(&count.digest, 16).unwrap() }
    }

    /// The digest of CSV rows without a header.
    #[must_use]
    pub fn of_csv(rows: &[u8], delimiter: u8) -> Self {
        let mut digest = Self::default();
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(rows);
        for record in reader.records() {
            digest.add(record.unwrap().iter());
        }
        digest
    }
}

/// A downloaded CSV.
pub struct Csv {
    /// Whether it begins with a byte order mark.
    pub has_byte_order_mark: bool,
    /// The cells of the header row.
    pub header: Vec<String>,
    /// The data rows.
    pub rows: Vec<Vec<String>>,
}

impl Csv {
    /// The digest of the first `columns` cells of each row.
    #[must_use]
    pub fn digest(&self, columns: usize) -> Digest {
        let mut digest = Digest::default();
        for row in &self.rows {
            digest.add(row[..columns].iter().map(String::as_str));
        }
        digest
    }
}

/// Downloads `/api/csv` with this path and query.
pub async fn csv(stack: &Stack, path: &str, delimiter: u8) -> Csv {
    parse_csv(&download(stack, path).await, delimiter)
}

/// Downloads `/api/csv` as a zip file, with this path and query: the names of its files, and their content.
pub async fn csv_archive(stack: &Stack, path: &str, delimiter: u8) -> Vec<(String, Csv)> {
    let files = files_in_zip(&download(stack, path).await).into_iter();
    files.map(|(name, bytes)| (name, parse_csv(&bytes, delimiter))).collect()
}

/// The names of the files in a zip file, and their content.
pub fn files_in_zip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let read = |number| {
        let mut file = archive.by_index(number).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}

async fn download(stack: &Stack, path: &str) -> Vec<u8> {
    let answer = stack.http.get(stack.at(&format!("/api/csv/{path}"))).send().await.unwrap();
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
    bytes.to_vec()
}

/// Parses a CSV file with a header row.
pub fn parse_csv(bytes: &[u8], delimiter: u8) -> Csv {
    let text = bytes.strip_prefix("\u{feff}".as_bytes());
    let has_byte_order_mark = text.is_some();
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.unwrap_or(bytes));
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    Csv { has_byte_order_mark, header, rows }
}

/// The row frames of a window.
pub struct Frames {
    /// The head of the stream.
    pub head: Head,
    /// The inflated CSV of each slice.
    pub slices: Vec<Vec<u8>>,
}

impl Frames {
    /// The digest of all rows.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_csv(&self.slices.concat(), b',')
    }
}

/// Reads `/api/rows` with this path and query, and checks lengths, checksums and row counts.
pub async fn frames(stack: &Stack, path: &str) -> Frames {
    let answer = stack.http.get(stack.at(&format!("/api/rows/{path}"))).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {:?}", answer.text().await);
    assert_eq!(answer.headers().get("content-encoding"), None);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let mut reader = FrameReader::default();
    let (mut head, mut slices, mut rows) = (None, Vec::new(), 0);
    let mut stream = answer.bytes_stream();
    while let Some(chunk) = stream.next().await {
        reader.push(&chunk.unwrap());
        while let Some(frame) = reader.next().unwrap() {
            match frame {
                Frame::Head(found) => head = Some(found),
                Frame::Slice(slice_head, bytes) => {
                    let mut slice = Vec::new();
                    flate2::read::DeflateDecoder::new(&bytes[..]).read_to_end(&mut slice).unwrap();
                    assert_eq!(slice.len(), slice_head.raw_length as usize);
                    assert_eq!(crc32fast::hash(&bytes), slice_head.crc32);
                    assert_eq!(slice.last(), Some(&b'\n'), "each slice must end with a line end");
                    assert!(bytes.len() < 1_900_000, "a stored value may be 2 MB at most");
                    rows += u64::from(slice_head.rows);
                    slices.push(slice);
                }
            }
        }
    }
    reader.finish().unwrap();
    let head = head.unwrap();
    assert_eq!(head.rows, rows);
    Frames { head, slices }
}

/// The digest of all rows of a request, read window by window from `/api/rows`.
pub async fn rows_of(stack: &Stack, report: Report, request: &RequestInfo) -> Digest {
    let mut all = Digest::default();
    for window in &request.windows {
        let digest = frames(stack, &format!("{}/{}", report.name(), window.id)).await.digest();
        all.rows += digest.rows;
        all.sum = all.sum.wrapping_add(digest.sum);
    }
    all
}
