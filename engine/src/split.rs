//! Splits a report's CSV into slices: the rows of one section of one course, deflated.
//!
//! A file has the rows of the whole institution, interleaved, but an instructor may see only one section. So
//! rows are grouped by section while they stream past. When [`MAX_BUFFERED_BYTES`] are buffered, every group
//! becomes a slice. Slices are RFC 4180 with `\n` as line end, so slices of one section can be concatenated.
//! A row keeps its bytes, except that cells with a null marker ([`crate::null_marker`]) become empty, that
//! quotation marks which the file escapes with backslashes are doubled ([`crate::quoting`]), and that cells
//! such as `5" disk`, which RFC 4180 does not allow, are quoted. Header rows between the rows are dropped.
//!
//! A file with a wrong header, or with a row whose number of cells differs from the header's, is rejected.
//! [`BadFile`] is the only error: the caller tries again. Errors count a file's data rows, and its lines
//! as an editor does: from 1, with the header row and with line breaks inside cells.

use crate::decode::skip_line_ends;
use crate::erasure_filter::ErasureFilter;
use crate::null_marker::NullMarkers;
use crate::quality_counter::QualityCounter;
use crate::quoting::{
    BackslashConverter, Quoting, ends_in_quotes, has_backslash_quote, is_rfc_4180, write_as_rfc_4180,
};
use crate::report_file::{BadFile, ColumnOrder, HeaderLayout, trim_line_ends};
use csv_core::ReadRecordResult;
use domain::data_quality::FileFindings;
use domain::erasure::SweepFindings;
use domain::ids::{UserId, normalize_id};
use domain::report::KnownReport;
use flate2::{Compress, Compression, FlushCompress, Status};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    /// What is unusual in the files.
    pub quality: FileFindings,
    /// Users who watched three videos in the same half minute, which one person cannot.
    pub shared_accounts: BTreeSet<UserId>,
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
    /// How the current file is read.
    quoting: Quoting,
    /// Converts the current file's rows; `None` if they are RFC 4180 already.
    backslashes: Option<BackslashConverter>,
    reader: csv_core::Reader,
    /// Bytes not yet split into rows: the start of a row, or of the file.
    pending: Vec<u8>,
    /// How many bytes of `pending` the CSV reader has consumed.
    scanned: usize,
    /// Whether the current file's header row has been read.
    in_rows: bool,
    layout: Option<HeaderLayout>,
    null_markers: NullMarkers,
    quality: QualityCounter,
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
    /// Files whose header row was read.
    files: u64,
    /// Rows read of the current file, erased ones included.
    rows_read: u64,
    /// Whether a row of the current file had a backslash before a quotation mark.
    has_backslash_quotes: bool,
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
            quoting: Quoting::default(),
            backslashes: None,
            reader: csv_core::Reader::new(),
            pending: Vec::new(),
            scanned: 0,
            in_rows: false,
            layout: None,
            null_markers: NullMarkers::new(&[], report, b','),
            quality: QualityCounter::default(),
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
            files: 0,
            rows_read: 0,
            has_backslash_quotes: false,
            erasures: None,
        }
    }

    /// Drops the rows that `erasures` matches.
    #[must_use]
    pub fn with_erasures(self, erasures: Option<ErasureFilter>) -> Self {
        Self { erasures, ..self }
    }

    /// Reads quotation marks inside cells of the next file by `quoting`. Must be called before the file's first
    /// bytes; otherwise it is read by RFC 4180.
    pub fn set_quoting(&mut self, quoting: Quoting) {
        self.quoting = quoting;
    }

    /// Reads the next bytes of a file and passes complete slices to `sink`.
    ///
    /// # Errors
    /// A header or row that does not fit the report.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        match &mut self.backslashes {
            Some(backslashes) => backslashes.convert(bytes, &mut self.pending),
            None => self.pending.extend_from_slice(bytes),
        }
        self.check_backslashes()?;
        if !self.in_rows && !self.read_header(false)? {
            return Ok(());
        }
        self.read_rows(false, sink)
    }

    /// Must be called at the end of each file: reads its last row, which may lack a line end.
    ///
    /// # Errors
    /// A header or row that does not fit the report; a file that is empty or ends inside a quoted cell.
    pub fn end_file(&mut self, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        if !self.in_rows {
            self.read_header(true)?;
        }
        // The reader would accept a last row that is cut inside a quoted cell.
        let delimiter = self.layout.as_ref().map_or(b',', |layout| layout.delimiter);
        if skip_line_ends(&self.pending).is_some_and(|row| ends_in_quotes(row, delimiter)) {
            return Err(self.bad_row(0, "has a quoted cell without an end"));
        }
        self.read_rows(true, sink)?;
        self.pending.clear();
        self.scanned = 0;
        self.in_rows = false;
        self.backslashes = None;
        self.quoting = Quoting::default();
        Ok(())
    }

    /// Must be called after the last file: turns the buffered rows into slices.
    ///
    /// # Errors
    /// When there was no file, or the rows could not be deflated.
    pub fn finish(mut self, sink: &mut impl FnMut(Slice)) -> Result<SplitSummary, BadFile> {
        self.flush_all(sink)?;
        let layout = self.layout.ok_or_else(BadFile::empty)?;
        let removed = self.null_markers.removed().iter().copied();
        let (quality, shared_accounts) = self.quality.finish(layout.columns.iter().cloned().zip(removed));
        Ok(SplitSummary {
            quality,
            shared_accounts,
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
        if self.pending.is_empty() && at_end {
            return Err(BadFile::empty());
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
        if self.layout.as_ref().is_some_and(|first| !first.is_same(&layout)) {
            return Err(BadFile::new("Its files have different header rows."));
        }
        let delimiter = layout.delimiter;
        self.reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        if let Some(erasures) = &mut self.erasures {
            erasures.read_header(&layout.columns, self.report);
        }
        if self.layout.is_none() {
            self.null_markers = NullMarkers::new(&layout.columns, self.report, delimiter);
            self.quality = QualityCounter::new(&layout.columns, self.report);
            self.layout = Some(layout);
        }
        self.backslashes = BackslashConverter::new(self.quoting, delimiter);
        if let Some(backslashes) = &mut self.backslashes {
            let rows = std::mem::take(&mut self.pending);
            backslashes.convert(&rows, &mut self.pending);
        }
        self.check_backslashes()?;
        (self.files, self.rows_read) = (self.files + 1, 0);
        self.has_backslash_quotes = false;
        self.in_rows = true;
        self.scanned = 0;
        (self.cells_length, self.cell_count) = (0, 0);
        Ok(true)
    }

    /// Rejects a file whose backslashes are not all escapes, if it is read by a rule that wants this.
    fn check_backslashes(&self) -> Result<(), BadFile> {
        if self.backslashes.as_ref().is_some_and(BackslashConverter::is_wrong) {
            let bad = BadFile::new("It has backslashes that are not escapes.");
            return Err(bad.with_other_quoting(self.quoting.next()));
        }
        Ok(())
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
                ReadRecordResult::OutputFull => return Err(self.bad_row(row_start, "is over 1.8 MB long")),
                ReadRecordResult::OutputEndsFull => {
                    return Err(self.bad_row(row_start, "has over 1,000 cells"));
                }
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

    /// Adds the current row, whose bytes are `pending[raw]`, to the group of its section, unless it repeats
    /// the header row or is erased.
    fn add_row(&mut self, raw: std::ops::Range<usize>, sink: &mut impl FnMut(Slice)) -> Result<(), BadFile> {
        let Some(layout) = &self.layout else { return Err(BadFile::new("It has no header row.")) };
        if self.cell_count != layout.columns.len() {
            let problem =
                format!("has {} cells where the header has {}", self.cell_count, layout.columns.len());
            return Err(self.bad_row(raw.start, &problem));
        }
        match layout.column_order(|at| cell_at(&self.cells, &self.ends, at)) {
            None => {}
            Some(ColumnOrder::Same) => {
                self.quality.count_repeated_header();
                return Ok(());
            }
            Some(ColumnOrder::Other) => {
                return Err(self.bad_row(raw.start, "has the column names in another order"));
            }
        }
        let row = trim_line_ends(self.pending.get(raw.clone()).unwrap_or_default());
        let has_backslash_quote = has_backslash_quote(row);
        let (cells, ends) = (&mut self.cells, self.ends.get_mut(..self.cell_count).unwrap_or_default());
        let is_allowed = is_rfc_4180(row, cells.get(..self.cells_length).unwrap_or_default(), ends);
        if !is_allowed && (has_backslash_quote || self.quoting != Quoting::Doubled) {
            return Err(self.bad_row(raw.start, "has quotation marks that are not doubled"));
        }
        self.has_backslash_quotes |= has_backslash_quote;
        let without_markers = self.null_markers.remove(row, cells, ends);
        let row = without_markers.as_deref().unwrap_or(row);
        let cells = cells.get(..ends.last().copied().unwrap_or(0)).unwrap_or_default();
        let rewritten = (!is_allowed).then(|| write_as_rfc_4180(row, layout.delimiter, cells, ends));
        let row = rewritten.as_deref().unwrap_or(row);
        if row.len() >= MAX_SLICE_BYTES {
            return Err(self.bad_row(raw.start, "is over 1.8 MB long"));
        }
        self.rows_read += 1;
        if let Some(erasures) = &mut self.erasures
            && erasures.should_drop(|at| cell_at(&self.cells, &self.ends, at))
        {
            return Ok(());
        }
        if rewritten.is_some() || self.quoting != Quoting::Doubled {
            self.quality.count_rewritten_row();
        }
        self.quality.count_row(|at| cell_at(&self.cells, &self.ends, at));
        let cell = |at: Option<usize>| at.map_or(&[][..], |at| cell_at(&self.cells, &self.ends, at));
        let id = |at: Option<usize>| normalize_id(cell(at));
        let (course, section) = (id(layout.course), id(layout.section));
        // The length of the course comes first, so that no two pairs of course and section have the same key.
        self.key.clear();
        self.key.extend_from_slice(&course.len().to_le_bytes());
        self.key.extend_from_slice(&course);
        self.key.extend_from_slice(&section);
        let group = match self.groups.get_mut(&self.key) {
            Some(group) => group,
            None => {
                let text = |at| String::from_utf8_lossy(cell(at)).into_owned();
                let id = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
                let (course, section) = (id(&course), id(&section));
                self.sections.entry((course.clone(), section.clone())).or_insert_with(|| SectionInfo {
                    course_code: text(layout.course_code),
                    course_name: text(layout.course_name),
                    section_number: text(layout.section_number),
                });
                let group = Group { course, section, rows: 0, raw: Vec::new() };
                self.groups.entry(self.key.clone()).or_insert(group)
            }
        };
        if group.raw.len() + row.len() >= MAX_SLICE_BYTES {
            self.buffered_bytes -= group.raw.len();
            sink(compress_group(&mut self.deflate, group)?);
        }
        group.raw.extend_from_slice(row);
        group.raw.push(b'\n');
        group.rows += 1;
        self.buffered_bytes += row.len() + 1;
        self.rows += 1;
        self.bytes += row.len() as u64 + 1;
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

    /// The error for the row that starts at `pending[start]`, with its number and its first line.
    fn bad_row(&self, start: usize, problem: &str) -> BadFile {
        let row = self.pending.get(start..self.scanned).and_then(skip_line_ends).unwrap_or_default();
        let line_ends = row.iter().filter(|byte| **byte == b'\n').count() as u64;
        let row_number = self.rows_read + 1;
        // The header row is line 1, and the reader starts at its end.
        let place = match self.reader.line().saturating_sub(line_ends) {
            // The lines end with `\r`, which the reader does not count.
            ..=1 => String::new(),
            line if self.files > 1 => format!(" (line {line} of file {})", self.files),
            line => format!(" (line {line})"),
        };
        let has_backslashes =
            self.quoting != Quoting::Doubled || self.has_backslash_quotes || has_backslash_quote(row);
        BadFile::new(format!("Its row {row_number}{place} {problem}."))
            .with_other_quoting(self.quoting.next().filter(|_| has_backslashes))
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
mod tests;
