//! Splits a report's CSV into slices: the rows of one section of one course, deflated.
//!
//! A file has the rows of the whole institution, interleaved, but an instructor may see only one section. So
//! rows are grouped by section while they stream past. When [`MAX_BUFFERED_BYTES`] are buffered, every group
//! becomes a slice. A row keeps its bytes, except that its line end becomes `\n`, so slices of one section
//! can be concatenated.
//!
//! A file with a wrong header, or with a row whose number of cells differs from the header's, is rejected.
//! [`BadFile`] is the only error: the caller tries again.

use crate::erasure_filter::ErasureFilter;
use crate::report_file::{BadFile, HeaderLayout, trim_line_ends};
use csv_core::ReadRecordResult;
use domain::column;
use domain::erasure::SweepFindings;
use domain::ids::normalize_id;
use domain::report::KnownReport;
use flate2::{Compress, Compression, FlushCompress, Status};
use std::collections::{BTreeMap, HashMap};

/// Maximum CSV bytes of one slice. Deflate adds under 0.1 % to incompressible data, so a deflated slice stays
/// under 1.9 MB: a value in a Durable Object's SQLite is limited to 2 MB in production.
pub const MAX_SLICE_BYTES: usize = 1_800_000;

/// CSV bytes to buffer before all groups become slices: with 300 busy sections, about 27 KB each.
pub const MAX_BUFFERED_BYTES: usize = 8 << 20;

/// Maximum length of a header row.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// Maximum number of columns.
const MAX_COLUMNS: usize = 1_000;

/// The level of deflate, which favors speed: slices are deflated in an alarm with a CPU limit, and repetitive text compresses well.
const DEFLATE_LEVEL: u32 = 2;

/// Some rows of one section of one course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The course's id in its normal form; empty in a report without a course column.
    pub course: String,
    /// The section's id, or its number in reports that have no id; in the same form.
    pub section: String,
    /// Data rows.
    pub rows: u32,
    /// CSV bytes.
    pub raw_length: u32,
    /// CRC-32 of the deflated bytes.
    pub crc32: u32,
    /// The CSV rows, as raw deflate.
    pub bytes: Vec<u8>,
}

/// A section's course and number, as its first row gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionInfo {
    /// The course's code, as displayed.
    pub course_code: String,
    /// The course's name.
    pub course_name: String,
    /// The section's number.
    pub section_number: String,
}

/// Totals of a whole report, after its last file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSummary {
    /// The header row, with `\n`.
    pub header: Vec<u8>,
    /// Data rows.
    pub rows: u64,
    /// Bytes of CSV without the header.
    pub bytes: u64,
    /// Sections by course id and section, both as in [`Slice`].
    pub sections: BTreeMap<(String, String), SectionInfo>,
    /// Erased rows that were dropped, and identifiers learned from them.
    pub findings: SweepFindings,
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
/// # Ok::<(), engine::report_file::BadFile>(())
/// ```
pub struct Splitter {
    report: Option<KnownReport>,
    reader: csv_core::Reader,
    /// Bytes not yet split into rows: the start of a row, or of the file.
    pending: Vec<u8>,
    /// How many bytes of `pending` the CSV reader has consumed.
    scanned: usize,
    /// Whether the current file's header row has been read.
    in_rows: bool,
    layout: Option<HeaderLayout>,
    /// The current row's cells without quotes, concatenated; the first `cells_length` bytes are used.
    cells: Vec<u8>,
    cells_length: usize,
    /// Where each cell ends in `cells`; the first `cell_count` ends are used.
    ends: Vec<usize>,
    cell_count: usize,
    /// The current row's key in `groups`.
    key: Vec<u8>,
    groups: HashMap<Vec<u8>, Group>,
    buffered_bytes: usize,
    deflate: Compress,
    rows: u64,
    bytes: u64,
    sections: BTreeMap<(String, String), SectionInfo>,
    /// Rows read, dropped ones included.
    rows_read: u64,
    erasures: Option<ErasureFilter>,
}

/// Buffered rows of one section.
struct Group {
    course: String,
    section: String,
    rows: u32,
    raw: Vec<u8>,
}

impl Splitter {
    /// Creates a splitter. The rows of an unknown report (`None`) form one group, since its columns are unknown.
    #[must_use]
    pub fn new(report: Option<KnownReport>) -> Self {
        Self {
            report,
            reader: csv_core::Reader::new(),
            pending: Vec::new(),
            scanned: 0,
            in_rows: false,
            layout: None,
            cells: vec![0; 4 << 10],
            cells_length: 0,
            ends: vec![0; MAX_COLUMNS],
            cell_count: 0,
            key: Vec::new(),
            groups: HashMap::new(),
            buffered_bytes: 0,
            deflate: Compress::new(Compression::new(DEFLATE_LEVEL), false),
            rows: 0,
            bytes: 0,
            sections: BTreeMap::new(),
            rows_read: 0,
            erasures: None,
        }
    }

    /// Drops the rows that `erasures` matches.
    #[must_use]
    pub fn with_erasures(self, erasures: Option<ErasureFilter>) -> Self {
        Self { erasures, ..self }
    }

    /// Reads the next bytes of a file and passes complete slices to `sink`.
    ///
    /// # Errors
    /// A header or row that does not fit the report.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        self.pending.extend_from_slice(bytes);
        if !self.in_rows && !self.read_header(false)? {
            return Ok(());
        }
        self.read_rows(false, sink)
    }

    /// Must be called at the end of each file: reads its last row, which may lack a line end.
    ///
    /// # Errors
    /// A header or row that does not fit the report; a file that ends inside a quoted cell.
    pub fn end_file(&mut self, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        if !self.in_rows {
            if self.pending.is_empty() && self.layout.is_some() {
                // An empty file after the first: no rows.
                return Ok(());
            }
            self.read_header(true)?;
        }
        // A last row that is cut inside a quoted cell has an odd number of quotes; the reader accepts it.
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

    /// Must be called after the last file: turns the buffered rows into slices.
    ///
    /// # Errors
    /// When there was no file, or the rows could not be deflated.
    pub fn finish(mut self, sink: &mut impl FnMut(Slice)) -> Result<SplitSummary, BadFile> {
        self.flush_all(sink)?;
        let layout = self.layout.ok_or_else(|| BadFile::new("It is empty."))?;
        Ok(SplitSummary {
            header: layout.header,
            rows: self.rows,
            bytes: self.bytes,
            sections: self.sections,
            findings: self.erasures.map(ErasureFilter::into_matches).unwrap_or_default(),
        })
    }

    /// Reads the header row once all of it has arrived; returns whether it was read.
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
        let layout = HeaderLayout::parse(&line, self.report)?;
        if let Some(first) = &self.layout {
            let has_same_name =
                |a: &String, b: &String| column::normalize_name(a) == column::normalize_name(b);
            let is_same_layout = first.columns.len() == layout.columns.len()
                && first.delimiter == layout.delimiter
                && first.columns.iter().zip(&layout.columns).all(|(a, b)| has_same_name(a, b));
            if !is_same_layout {
                return Err(BadFile::new("Its files have different header rows."));
            }
        }
        self.reader = csv_core::ReaderBuilder::new().delimiter(layout.delimiter).build();
        if let Some(erasures) = &mut self.erasures {
            erasures.read_header(&layout.columns, self.report);
        }
        self.layout.get_or_insert(layout);
        self.in_rows = true;
        self.scanned = 0;
        (self.cells_length, self.cell_count) = (0, 0);
        Ok(true)
    }

    fn read_rows(&mut self, at_end: bool, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        let mut row_start = 0;
        loop {
            let input = self.pending.get(self.scanned..).unwrap_or_default();
            if input.is_empty() && !at_end {
                break;
            }
            let (result, read, written, ends) = self.reader.read_record(
                input,
                self.cells.get_mut(self.cells_length..).unwrap_or_default(),
                self.ends.get_mut(self.cell_count..).unwrap_or_default(),
            );
            self.scanned += read;
            self.cells_length += written;
            self.cell_count += ends;
            match result {
                // At the end, one more call with empty input tells the reader that the input is complete.
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
                    self.add_row(raw, sink)?;
                    (self.cells_length, self.cell_count) = (0, 0);
                }
                ReadRecordResult::End => break,
            }
        }
        self.pending.drain(..row_start);
        self.scanned -= row_start;
        Ok(())
    }

    /// Adds the current row, whose bytes are `pending[raw]`, to the group of its section.
    fn add_row(&mut self, raw: std::ops::Range<usize>, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        let Some(layout) = &self.layout else { return Err(BadFile::new("It has no header row.")) };
        if self.cell_count != layout.columns.len() {
            let problem =
                format!("has {} cells where the header has {}", self.cell_count, layout.columns.len());
            return Err(self.bad_row(&problem));
        }
        let raw = trim_line_ends(self.pending.get(raw).unwrap_or_default());
        if raw.len() >= MAX_SLICE_BYTES {
            return Err(self.bad_row("is over 1.8 MB long"));
        }
        self.rows_read += 1;
        if let Some(erasures) = &mut self.erasures
            && erasures.should_drop(|at| cell_at(&self.cells, &self.ends, at))
        {
            return Ok(());
        }
        let cell = |at: Option<usize>| at.map_or(&[][..], |at| cell_at(&self.cells, &self.ends, at));
        let id = |at: Option<usize>| normalize_id(cell(at));
        let (course, section) = (id(layout.course), id(layout.section));
        // The length of the course comes first, so that no two pairs of course and section have the same key.
        self.key.clear();
        self.key.extend_from_slice(&course.len().to_le_bytes());
        self.key.extend_from_slice(&course);
        self.key.extend_from_slice(&section);
        if !self.groups.contains_key(&self.key) {
            let text = |at| String::from_utf8_lossy(cell(at)).into_owned();
            let id = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
            let (course, section) = (id(&course), id(&section));
            self.sections.entry((course.clone(), section.clone())).or_insert_with(|| SectionInfo {
                course_code: text(layout.course_code),
                course_name: text(layout.course_name),
                section_number: text(layout.section_number),
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

    /// Turns every group into a slice.
    fn flush_all(&mut self, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        // Sorted by id, so that the same file always gives the same slices.
        let mut groups: Vec<Group> = std::mem::take(&mut self.groups).into_values().collect();
        groups.sort_by(|a, b| (&a.course, &a.section).cmp(&(&b.course, &b.section)));
        for mut group in groups.into_iter().filter(|group| group.rows > 0) {
            sink(compress_group(&mut self.deflate, &mut group)?);
        }
        self.buffered_bytes = 0;
        Ok(())
    }

    fn bad_row(&self, problem: &str) -> BadFile {
        BadFile::new(format!("Its row {} {problem}.", self.rows_read + 1))
    }
}

/// The cell at index `at`, given where each cell ends in `cells`.
fn cell_at<'a>(cells: &'a [u8], ends: &[usize], at: usize) -> &'a [u8] {
    let start = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(at).and_then(|end| cells.get(start..*end)).unwrap_or_default()
}

/// Deflates rewritten rows of one section, for example after an erasure.
pub struct SliceCompressor(Compress);

impl Default for SliceCompressor {
    fn default() -> Self {
        Self(Compress::new(Compression::new(DEFLATE_LEVEL), false))
    }
}

impl SliceCompressor {
    /// Deflates the CSV bytes `raw` of `rows` rows as a slice of `section_key`: course id and section id.
    ///
    /// # Errors
    /// When deflating fails.
    pub fn compress(
        &mut self,
        section_key: (String, String),
        rows: u32,
        raw: Vec<u8>,
    ) -> Result<Slice, BadFile> {
        let (course, section) = section_key;
        compress_group(&mut self.0, &mut Group { course, section, rows, raw })
    }
}

/// Deflates a group's rows and clears the group.
fn compress_group(deflate: &mut Compress, group: &mut Group) -> Result<Slice, BadFile> {
    let mut bytes = Vec::with_capacity(group.raw.len() / 4 + 1024);
    deflate.reset();
    loop {
        let consumed = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
        let rest = group.raw.get(consumed..).unwrap_or_default();
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
        piece_size: usize,
    ) -> Result<(SplitSummary, Vec<Slice>), BadFile> {
        let mut splitter = Splitter::new(report);
        let mut slices = Vec::new();
        for file in files {
            for piece in file.chunks(piece_size.max(1)) {
                splitter.push(piece, &mut |slice| slices.push(slice))?;
            }
            splitter.end_file(&mut |slice| slices.push(slice))?;
        }
        let summary = splitter.finish(&mut |slice| slices.push(slice))?;
        Ok((summary, slices))
    }

    const HEADER: [&str; 6] = ["VideoId", "VideoName", "sectionId", "courseId", "event_timestamp", "userid"];

    fn file(
        rows: &[[String; 6]],
        delimiter: u8,
        is_crlf: bool,
        has_bom: bool,
        ends_with_line_end: bool,
    ) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if is_crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(if has_bom { vec![0xEF, 0xBB, 0xBF] } else { Vec::new() });
        writer.write_record(HEADER).unwrap();
        for row in rows {
            writer.write_record(row).unwrap();
        }
        let mut file = writer.into_inner().unwrap();
        while !ends_with_line_end && file.last().is_some_and(|end| b"\r\n".contains(end)) {
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

    /// An id in one of the spellings that files may have.
    fn spell(id: &str, number: u8, spelling: usize) -> String {
        let id = format!("{id}{number}");
        [id.clone(), id.to_uppercase(), format!("{{{id}}}"), format!(" {id} ")][spelling].clone()
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_slice_of_its_own_section(
            rows in prop::collection::vec((cell(), cell(), (0u8..3, 0usize..4), (0u8..3, 0usize..4), cell()), 1..40),
            delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
            is_crlf in any::<bool>(),
            has_bom in any::<bool>(),
            ends_with_line_end in any::<bool>(),
            files in 1usize..3,
            piece_size in 1usize..200,
        ) {
            let rows: Vec<[String; 6]> = rows
                .into_iter()
                .map(|(id, name, s, c, user)| {
                    let [s, c] = [("s", s), ("c", c)].map(|(id, (number, spelling))| spell(id, number, spelling));
                    [id, name, s, c, "2026-02-02 10:00:00".into(), user]
                })
                .collect();
            let files: Vec<Vec<u8>> = rows
                .chunks(rows.len().div_ceil(files))
                .map(|rows| file(rows, delimiter, is_crlf, has_bom, ends_with_line_end))
                .collect();
            let (summary, slices) = split(videoview(), &files, piece_size).unwrap();
            prop_assert_eq!(summary.rows, rows.len() as u64);
            let mut found = Vec::new();
            for slice in &slices {
                let raw = inflate(slice);
                let mut reader =
                    csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(&raw[..]);
                let mut count = 0;
                for record in reader.records() {
                    let record = record.unwrap();
                    let ids = [&record[3], &record[2]].map(|id| id.trim_matches(['{', '}', ' ']).to_lowercase());
                    prop_assert_eq!([&ids[0], &ids[1]], [&slice.course, &slice.section]);
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
    fn an_invalid_file_is_rejected_with_a_reason() {
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
    fn a_file_with_only_a_header_gives_no_rows_and_no_slices() {
        for end in ["", "\n", "\r\n"] {
            let (summary, slices) =
                split(videoview(), &[format!("{}{end}", HEADER.join(",")).into_bytes()], 3).unwrap();
            assert_eq!((summary.rows, slices.len()), (0, 0));
        }
    }

    #[test]
    fn rows_of_an_unknown_report_form_one_slice() {
        let text =
            b"\"user\",\"page\",\"visit_count\",\"date\"\n\"Alice\",\"home\",2,\"2020-02-02\"\n".to_vec();
        let (summary, slices) = split(None, &[text], 5).unwrap();
        assert_eq!((summary.rows, slices.len(), slices[0].course.as_str()), (1, 1, ""));
    }

    #[test]
    fn a_slice_of_incompressible_rows_fits_into_a_stored_value() {
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
