//! Splits a report's CSV into slices: the rows of one section of one course, deflated.
//!
//! The whole institution's rows arrive in one file, interleaved; an instructor may see one section. So rows
//! are grouped while they stream past: a few MB are held, then every group becomes a slice. A row keeps its
//! bytes as they came, save that its line end becomes `\n`; so every slice ends with a line end, and slices
//! of one section can be put one after the other.
//!
//! What is not this report, or not whole, is refused: a wrong header, a row with more or fewer cells than
//! the header. [`BadFile`] is the only error: the caller tries again.

use crate::erasure_filter::ErasureFilter;
use csv_core::ReadRecordResult;
use domain::column;
use domain::erasure::SweepFindings;
use domain::ids::normalize_id;
use domain::report::{KnownReport, ReportDescriptor};
use flate2::{Compress, Compression, FlushCompress, Status};
use std::collections::{BTreeMap, HashMap};

/// Why a file cannot be taken, in a sentence that begins with "It" and can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFile(String);

impl BadFile {
    /// A bad file, with its sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl std::fmt::Display for BadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadFile {}

/// CSV bytes of one slice at most. Deflate adds under 0.1 % to what it cannot compress, so that a slice's
/// bytes stay under 1.9 MB: a value in a Durable Object's SQLite is 2 MB at most in production.
pub const MAX_SLICE_BYTES: usize = 1_800_000;

/// CSV bytes that are held before all groups become slices: of 300 busy sections, 27 KB each.
pub const MAX_BUFFERED_BYTES: usize = 8 << 20;

/// A header row longer than this is none.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// More columns than this are no report.
const MAX_COLUMNS: usize = 1_000;

/// Speed over size: a slice is deflated once, in an alarm with a CPU limit, and the text repeats itself.
const LEVEL: u32 = 2;

/// Some rows of one section of one course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The course's id in its normal form; empty in a report without such a column.
    pub course: String,
    /// The section's id, or its number in reports that have no id; in the same form.
    pub section: String,
    /// Data rows.
    pub rows: u32,
    /// Bytes after inflating.
    pub raw_length: u32,
    /// CRC-32 of the deflated bytes.
    pub crc32: u32,
    /// Raw deflate.
    pub bytes: Vec<u8>,
}

/// A section as its first row names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionInfo {
    /// The course's code as people see it.
    pub course_code: String,
    /// The course's name.
    pub course_name: String,
    /// The section's number.
    pub section_number: String,
}

/// What a whole report turned out to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSummary {
    /// The header row, with `\n`.
    pub header: Vec<u8>,
    /// Data rows.
    pub rows: u64,
    /// Bytes of CSV without the header.
    pub bytes: u64,
    /// Sections by course and section id.
    pub sections: BTreeMap<(String, String), SectionInfo>,
    /// What was kept out.
    pub met: SweepFindings,
}

/// Splits a report that arrives as one or several files, each with its own header row.
///
/// # Example: two sections, one slice each
/// ```
/// use domain::report::KnownReport;
/// let mut split = engine::split::Splitter::new(Some(KnownReport::Confused));
/// let mut slices = Vec::new();
/// let columns = "PresentationID,sectionId,courseId,event_timestamp,userid";
/// split.push(format!("{columns}\np,s1,c,t,u\np,s2,c,t,u\np,s1,c,t,v\n").as_bytes(), &mut |s| slices.push(s))?;
/// split.end_file(&mut |s| slices.push(s))?;
/// let summary = split.finish(&mut |s| slices.push(s))?;
/// assert_eq!((summary.rows, slices.len()), (3, 2));
/// # Ok::<(), engine::split::BadFile>(())
/// ```
pub struct Splitter {
    report: Option<KnownReport>,
    core: csv_core::Reader,
    /// Bytes not yet taken apart: the start of a row, or of the file.
    pending: Vec<u8>,
    /// How much of `pending` the reader has seen.
    scanned: usize,
    /// Whether this file's header row has been read.
    in_rows: bool,
    layout: Option<HeaderLayout>,
    cells: Vec<u8>,
    cells_length: usize,
    ends: Vec<usize>,
    columns: usize,
    key: Vec<u8>,
    groups: HashMap<Vec<u8>, Group>,
    buffered_bytes: usize,
    deflate: Compress,
    rows: u64,
    bytes: u64,
    sections: BTreeMap<(String, String), SectionInfo>,
    /// Rows read, those that are kept out included.
    read: u64,
    erasures: Option<ErasureFilter>,
}

/// What the first header row told.
struct HeaderLayout {
    header: Vec<u8>,
    delimiter: u8,
    columns: Vec<String>,
    course: Option<usize>,
    section: Option<usize>,
    code: Option<usize>,
    name: Option<usize>,
    number: Option<usize>,
}

struct Group {
    course: String,
    section: String,
    rows: u32,
    raw: Vec<u8>,
}

impl Splitter {
    /// A splitter for this report, or for one whose columns nobody knows.
    #[must_use]
    pub fn new(report: Option<KnownReport>) -> Self {
        Self {
            report,
            core: csv_core::Reader::new(),
            pending: Vec::new(),
            scanned: 0,
            in_rows: false,
            layout: None,
            cells: vec![0; 4 << 10],
            cells_length: 0,
            ends: vec![0; MAX_COLUMNS],
            columns: 0,
            key: Vec::new(),
            groups: HashMap::new(),
            buffered_bytes: 0,
            deflate: Compress::new(Compression::new(LEVEL), false),
            rows: 0,
            bytes: 0,
            sections: BTreeMap::new(),
            read: 0,
            erasures: None,
        }
    }

    /// The same, with rows that are kept out.
    #[must_use]
    pub fn with_erasures(self, erasures: Option<ErasureFilter>) -> Self {
        Self { erasures, ..self }
    }

    /// Takes the next bytes of a file.
    ///
    /// # Errors
    /// What is not this report.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        self.pending.extend_from_slice(bytes);
        if !self.in_rows && !self.read_header(false)? {
            return Ok(());
        }
        self.read_rows(false, sink)
    }

    /// To be called at the end of each file: its last row needs no line end.
    ///
    /// # Errors
    /// What is not this report; a file that ends inside a quoted cell.
    pub fn end_file(&mut self, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        if !self.in_rows {
            if self.pending.is_empty() && self.layout.is_some() {
                // A further file with nothing in it, not even a header row: no rows.
                return Ok(());
            }
            self.read_header(true)?;
        }
        // A last row that is cut inside a quoted cell has an odd number of quotes; the reader would take it.
        let rest = trim_line_ends(&self.pending);
        if !self.pending.ends_with(b"\n") && rest.iter().filter(|b| **b == b'"').count() % 2 == 1 {
            return Err(BadFile::new("It ends inside a quoted cell."));
        }
        self.read_rows(true, sink)?;
        self.pending.clear();
        self.scanned = 0;
        self.in_rows = false;
        Ok(())
    }

    /// To be called after the last file: what is still held becomes slices.
    ///
    /// # Errors
    /// When there was no file at all.
    pub fn finish(mut self, sink: &mut impl FnMut(Slice)) -> Result<SplitSummary, BadFile> {
        self.flush_all(sink)?;
        let layout = self.layout.ok_or_else(|| BadFile::new("It is empty."))?;
        Ok(SplitSummary {
            header: layout.header,
            rows: self.rows,
            bytes: self.bytes,
            sections: self.sections,
            met: self.erasures.map(ErasureFilter::into_matches).unwrap_or_default(),
        })
    }

    /// Reads the header row once it has wholly arrived; returns whether it has.
    fn read_header(&mut self, at_end: bool) -> Result<bool, BadFile> {
        let bom: &[u8] = &[0xEF, 0xBB, 0xBF];
        if self.pending.len() < bom.len() && bom.starts_with(&self.pending) && !at_end {
            return Ok(false);
        }
        if self.pending.starts_with(bom) {
            self.pending.drain(..bom.len());
        }
        if self.pending.trim_ascii_start().starts_with(b"<") {
            return Err(BadFile::new("It is a web page, not a report."));
        }
        let line_end = self.pending.iter().position(|b| matches!(b, b'\n' | b'\r'));
        let length = match line_end {
            Some(at) => at,
            None if self.pending.len() > MAX_HEADER_BYTES => {
                return Err(BadFile::new("It has no header row."));
            }
            None if at_end => self.pending.len(),
            None => return Ok(false),
        };
        let line: Vec<u8> = self.pending.drain(..length).collect();
        let layout = HeaderLayout::read(&line, self.report)?;
        if let Some(first) = &self.layout {
            let same = |a: &String, b: &String| column::normalize_name(a) == column::normalize_name(b);
            let fits = first.columns.len() == layout.columns.len()
                && first.delimiter == layout.delimiter
                && first.columns.iter().zip(&layout.columns).all(|(a, b)| same(a, b));
            if !fits {
                return Err(BadFile::new("Its files have different header rows."));
            }
        }
        self.core = csv_core::ReaderBuilder::new().delimiter(layout.delimiter).build();
        if let Some(erasures) = &mut self.erasures {
            erasures.read_header(&layout.columns, self.report);
        }
        self.layout.get_or_insert(layout);
        self.in_rows = true;
        self.scanned = 0;
        (self.cells_length, self.columns) = (0, 0);
        Ok(true)
    }

    fn read_rows(&mut self, at_end: bool, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        let mut row_start = 0;
        loop {
            let input = self.pending.get(self.scanned..).unwrap_or_default();
            if input.is_empty() && !at_end {
                break;
            }
            let (result, read, written, ends) = self.core.read_record(
                input,
                self.cells.get_mut(self.cells_length..).unwrap_or_default(),
                self.ends.get_mut(self.columns..).unwrap_or_default(),
            );
            self.scanned += read;
            self.cells_length += written;
            self.columns += ends;
            match result {
                // At the end, one more call without input tells the reader that there is no more.
                ReadRecordResult::InputEmpty if at_end => {}
                ReadRecordResult::InputEmpty => break,
                ReadRecordResult::OutputFull if self.cells.len() < 2 * MAX_SLICE_BYTES => {
                    self.cells.resize(self.cells.len() * 2, 0);
                }
                ReadRecordResult::OutputFull => return Err(self.bad_row("is over 1.8 MB long")),
                ReadRecordResult::OutputEndsFull => return Err(self.bad_row("has over 1,000 cells")),
                ReadRecordResult::Record => {
                    let raw = row_start..self.scanned;
                    row_start = self.scanned;
                    self.take_row(raw, sink)?;
                    (self.cells_length, self.columns) = (0, 0);
                }
                ReadRecordResult::End => break,
            }
        }
        self.pending.drain(..row_start);
        self.scanned -= row_start;
        Ok(())
    }

    fn take_row(&mut self, raw: std::ops::Range<usize>, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        let Some(layout) = &self.layout else { return Err(BadFile::new("It has no header row.")) };
        if self.columns != layout.columns.len() {
            let detail = format!("has {} cells where the header has {}", self.columns, layout.columns.len());
            return Err(self.bad_row(&detail));
        }
        let raw = trim_line_ends(self.pending.get(raw).unwrap_or_default());
        if raw.len() >= MAX_SLICE_BYTES {
            return Err(self.bad_row("is over 1.8 MB long"));
        }
        self.read += 1;
        if let Some(erasures) = &mut self.erasures
            && erasures.should_drop(|at| cell_at(&self.cells, &self.ends, at))
        {
            return Ok(());
        }
        let cell = |at: Option<usize>| at.map_or(&[][..], |at| cell_at(&self.cells, &self.ends, at));
        let id = |at: Option<usize>| normalize_id(cell(at));
        let (course, section) = (id(layout.course), id(layout.section));
        self.key.clear();
        self.key.extend_from_slice(&course);
        self.key.push(0x1f);
        self.key.extend_from_slice(&section);
        if !self.groups.contains_key(&self.key) {
            let text = |at| String::from_utf8_lossy(cell(at)).into_owned();
            let id = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
            let (course, section) = (id(&course), id(&section));
            self.sections.entry((course.clone(), section.clone())).or_insert_with(|| SectionInfo {
                course_code: text(layout.code),
                course_name: text(layout.name),
                section_number: text(layout.number),
            });
            self.groups.insert(self.key.clone(), Group { course, section, rows: 0, raw: Vec::new() });
        }
        if let Some(group) = self.groups.get_mut(&self.key) {
            if group.raw.len() + raw.len() >= MAX_SLICE_BYTES {
                self.buffered_bytes -= group.raw.len();
                sink(compress_group(&mut self.deflate, group)?);
            }
            group.raw.extend_from_slice(raw);
            group.raw.push(b'\n');
            group.rows += 1;
            self.buffered_bytes += raw.len() + 1;
        }
        self.rows += 1;
        self.bytes += raw.len() as u64 + 1;
        if self.buffered_bytes >= MAX_BUFFERED_BYTES { self.flush_all(sink) } else { Ok(()) }
    }

    fn flush_all(&mut self, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        // In the order of their ids, so that the same file always makes the same slices.
        let mut groups: Vec<Group> = std::mem::take(&mut self.groups).into_values().collect();
        groups.sort_by(|a, b| (&a.course, &a.section).cmp(&(&b.course, &b.section)));
        for mut group in groups.into_iter().filter(|group| group.rows > 0) {
            sink(compress_group(&mut self.deflate, &mut group)?);
        }
        self.buffered_bytes = 0;
        Ok(())
    }

    fn bad_row(&self, what: &str) -> BadFile {
        BadFile::new(format!("Its row {} {what}.", self.read + 1))
    }
}

impl HeaderLayout {
    fn read(line: &[u8], report: Option<KnownReport>) -> Result<Self, BadFile> {
        let report: Option<&ReportDescriptor> = report.map(KnownReport::descriptor);
        let candidates = [b',', b'\t', b'|'].map(|delimiter| (delimiter, parse_line(line, delimiter)));
        let (delimiter, columns) = candidates
            .iter()
            .find(|(_, columns)| report.is_some_and(|report| report.missing_from(columns).is_none()))
            .or_else(|| {
                candidates.iter().max_by_key(|(delimiter, columns)| (columns.len(), *delimiter == b','))
            })
            .cloned()
            .unwrap_or((b',', Vec::new()));
        if columns.iter().all(|name| name.trim().is_empty()) {
            return Err(BadFile::new("It has no header row."));
        }
        if let Some(missing) = report.and_then(|report| report.missing_from(&columns)) {
            return Err(BadFile::new(format!("Its header row lacks the column `{missing}`.")));
        }
        let at = |name: &str| column::position(&columns, name);
        let mut header = line.to_vec();
        header.push(b'\n');
        Ok(Self {
            header,
            delimiter,
            course: report.and_then(|report| at(report.course)),
            section: report.and_then(|report| at(report.section)),
            // In reports whose `course_identifier` is the UUID there is no code to show.
            code: report.filter(|report| report.course == "courseId").and_then(|_| at("courseIdentifier")),
            name: at("courseName"),
            // Where the number stands for the section's id there is no section to name by it.
            number: at("sectionNumber").filter(|number| report.and_then(|r| at(r.section)) != Some(*number)),
            columns,
        })
    }
}

/// The cells of one line of CSV.
#[must_use]
pub fn parse_line(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(line);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect(),
        _ => Vec::new(),
    }
}

/// The delimiter of a header row that a copy was stored with, and its columns.
#[must_use]
pub fn read_header(header: &[u8], report: Option<KnownReport>) -> Option<(u8, Vec<String>)> {
    let layout = HeaderLayout::read(trim_line_ends(header), report).ok()?;
    Some((layout.delimiter, layout.columns))
}

fn cell_at<'a>(cells: &'a [u8], ends: &[usize], at: usize) -> &'a [u8] {
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(at).and_then(|end| cells.get(start..*end)).unwrap_or_default()
}

fn trim_line_ends(mut row: &[u8]) -> &[u8] {
    while let [b'\n' | b'\r', rest @ ..] = row {
        row = rest;
    }
    while let [rest @ .., b'\n' | b'\r'] = row {
        row = rest;
    }
    row
}

/// Deflates rows of one section that are put together anew.
pub struct SliceCompressor(Compress);

impl Default for SliceCompressor {
    fn default() -> Self {
        Self(Compress::new(Compression::new(LEVEL), false))
    }
}

impl SliceCompressor {
    /// Rows as a slice.
    ///
    /// # Errors
    /// When they cannot be deflated.
    pub fn compress(&mut self, place: (String, String), rows: u32, raw: Vec<u8>) -> Result<Slice, BadFile> {
        let (course, section) = place;
        compress_group(&mut self.0, &mut Group { course, section, rows, raw })
    }
}

/// Deflates what a group holds and empties it.
fn compress_group(deflate: &mut Compress, group: &mut Group) -> Result<Slice, BadFile> {
    let mut bytes = Vec::with_capacity(group.raw.len() / 4 + 1024);
    deflate.reset();
    loop {
        let taken = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
        let rest = group.raw.get(taken..).unwrap_or_default();
        match deflate.compress_vec(rest, &mut bytes, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => break,
            Ok(_) => bytes.reserve(bytes.capacity().max(4096)),
            Err(error) => return Err(BadFile::new(format!("It could not be deflated: {error}."))),
        }
    }
    let slice = Slice {
        course: group.course.clone(),
        section: group.section.clone(),
        rows: group.rows,
        raw_length: u32::try_from(group.raw.len()).unwrap_or(u32::MAX),
        crc32: crc32fast::hash(&bytes),
        bytes,
    };
    group.raw.clear();
    group.rows = 0;
    Ok(slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn videoview() -> Option<KnownReport> {
        Some(KnownReport::VideoView)
    }

    fn inflate(slice: &Slice) -> Vec<u8> {
        let mut raw = Vec::new();
        flate2::read::DeflateDecoder::new(&slice.bytes[..]).read_to_end(&mut raw).unwrap();
        assert_eq!((raw.len(), crc32fast::hash(&slice.bytes)), (slice.raw_length as usize, slice.crc32));
        assert_eq!(raw.last(), Some(&b'\n'));
        raw
    }

    fn split(
        report: Option<KnownReport>,
        files: &[Vec<u8>],
        cut: usize,
    ) -> Result<(SplitSummary, Vec<Slice>), BadFile> {
        let mut splitter = Splitter::new(report);
        let mut slices = Vec::new();
        for file in files {
            for piece in file.chunks(cut.max(1)) {
                splitter.push(piece, &mut |slice| slices.push(slice))?;
            }
            splitter.end_file(&mut |slice| slices.push(slice))?;
        }
        let summary = splitter.finish(&mut |slice| slices.push(slice))?;
        Ok((summary, slices))
    }

    const HEADER: [&str; 6] = ["VideoId", "VideoName", "sectionId", "courseId", "event_timestamp", "userid"];

    fn file(rows: &[[String; 6]], delimiter: u8, crlf: bool, bom: bool, last_end: bool) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(if bom { vec![0xEF, 0xBB, 0xBF] } else { Vec::new() });
        writer.write_record(HEADER).unwrap();
        for row in rows {
            writer.write_record(row).unwrap();
        }
        let mut file = writer.into_inner().unwrap();
        while !last_end && file.last().is_some_and(|end| b"\r\n".contains(end)) {
            file.pop();
        }
        file
    }

    fn sorted(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
        rows.sort();
        rows
    }

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{1,6}",
            Just("say \"hi\", \n\r\n and | go\ton".to_owned()),
            Just("Ünïcödé '=1+1".to_owned()),
            Just("\"".to_owned()),
            Just("x,".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_slice_of_its_own_section(
            rows in prop::collection::vec((cell(), cell(), 0u8..3, 0u8..3, cell()), 1..40),
            delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
            crlf in any::<bool>(),
            bom in any::<bool>(),
            last_end in any::<bool>(),
            files in 1usize..3,
            cut in 1usize..200,
        ) {
            let rows: Vec<[String; 6]> = rows
                .into_iter()
                .map(|(id, name, s, c, user)| {
                    [id, name, format!("s{s}"), format!("c{c}"), "2026-02-02 10:00:00".into(), user]
                })
                .collect();
            let files: Vec<Vec<u8>> = rows
                .chunks(rows.len().div_ceil(files))
                .map(|rows| file(rows, delimiter, crlf, bom, last_end))
                .collect();
            let (summary, slices) = split(videoview(), &files, cut).unwrap();
            prop_assert_eq!(summary.rows, rows.len() as u64);
            let mut found = Vec::new();
            for slice in &slices {
                let raw = inflate(slice);
                let mut reader =
                    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(&raw[..]);
                let mut count = 0;
                for record in reader.records() {
                    let record = record.unwrap();
                    prop_assert_eq!((&record[3], &record[2]), (slice.course.as_str(), slice.section.as_str()));
                    found.push(record.iter().map(str::to_owned).collect::<Vec<_>>());
                    count += 1;
                }
                prop_assert_eq!(count, slice.rows);
            }
            let expected = rows.iter().map(|row| row.to_vec()).collect();
            prop_assert_eq!(sorted(found), sorted(expected));
            prop_assert_eq!(summary.bytes, slices.iter().map(|s| u64::from(s.raw_length)).sum::<u64>());
        }
    }

    #[test]
    fn what_is_not_this_report_is_refused_with_a_reason() {
        let reason = |file: &str| split(videoview(), &[file.as_bytes().to_vec()], 7).unwrap_err().to_string();
        assert_eq!(reason("<!doctype html><p>Service Unavailable"), "It is a web page, not a report.");
        assert_eq!(reason("VideoId,userid\n1,2\n"), "Its header row lacks the column `sectionId`.");
        let header = HEADER.join(",");
        assert_eq!(
            reason(&format!("{header}\n1,2,3,4,5\n")),
            "Its row 1 has 5 cells where the header has 6."
        );
        assert_eq!(reason("\n\n"), "It has no header row.");
        assert!(split(videoview(), &[], 1).is_err());
        let mixed = [format!("{header}\n").into_bytes(), format!("more,{header}\n").into_bytes()];
        assert_eq!(
            split(videoview(), &mixed, 9).unwrap_err().to_string(),
            "Its files have different header rows."
        );
    }

    #[test]
    fn a_header_alone_is_a_report_without_rows() {
        for end in ["", "\n", "\r\n"] {
            let (summary, slices) =
                split(videoview(), &[format!("{}{end}", HEADER.join(",")).into_bytes()], 3).unwrap();
            assert_eq!((summary.rows, slices.len()), (0, 0));
        }
    }

    #[test]
    fn an_unknown_report_is_one_group() {
        let text =
            b"\"user\",\"page\",\"visit_count\",\"date\"\n\"Alice\",\"home\",2,\"2020-02-02\"\n".to_vec();
        let (summary, slices) = split(None, &[text], 5).unwrap();
        assert_eq!((summary.rows, slices.len(), slices[0].course.as_str()), (1, 1, ""));
    }

    #[test]
    fn a_slice_stays_under_what_a_stored_value_may_be() {
        // Bytes that deflate cannot compress, in rows of 50 KB.
        let mut noise = 0x9E37_79B9_u32;
        let mut rows = Vec::new();
        for _ in 0..80 {
            let name: String = (0..50_000)
                .map(|_| {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    char::from(b'!' + u8::try_from(noise % 90).unwrap())
                })
                .collect();
            let text = |t: &str| t.to_owned();
            rows.push([text("v"), name, text("s"), text("c"), text("t"), text("u")]);
        }
        let (_, slices) = split(videoview(), &[file(&rows, b',', false, false, true)], 65_536).unwrap();
        assert!(slices.len() > 1);
        assert!(slices.iter().all(|slice| slice.bytes.len() < 1_900_000));
    }
}
