//! Drops the rows of erased people and courses while a file is split or a copy is rewritten, and selects the rows about
//! a person who asks what is held about them.
//!
//! Person hash: the keyed hash of an identifier from a column that identifies a person: user ids, e-mail
//! addresses, and any other column whose name contains "user" or "owner". First and last names are not used,
//! since two people may share a name. A row about several people (an answer and its question) is dropped when
//! any of them is erased.
//!
//! A row with both a user id and an e-mail address links the two: when one of them was given in the erasure,
//! the other is learned. A learned user id identifies the person in every row; a learned address only in rows
//! without a user id, since a mailbox may be shared.

use crate::decode::{Decoder, Delimiter, skip_line_ends};
use domain::column;
use domain::erasure::{IdentifierKind, IdentityLink, PersonHash, SweepFindings, Tombstones};
use domain::ids::{CourseId, normalize_id};
use domain::report::KnownReport;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;

/// Bytes of a person hash: enough that no two people of an institution share one.
const HASH_BYTES: usize = 16;

/// Identifiers whose hashes are cached: two for each person of an institution, in a few MB.
const MAX_CACHED: usize = 50_000;

type Digest = [u8; HASH_BYTES];

/// The keyed hash of a user id or e-mail address, ignoring case and surrounding white space.
#[must_use]
pub fn hash_person(key: &str, id: &str) -> PersonHash {
    PersonHash(
        new_hmac(key).map_or_else(String::new, |hmac| format_hex(&hash_identifier(&hmac, id.as_bytes()))),
    )
}

/// Whether a user id or e-mail address is one of the people in `tombstones`.
#[must_use]
pub fn is_person_of(tombstones: &Tombstones, id: &str) -> bool {
    if tombstones.people.is_empty() {
        return false;
    }
    let hash = hash_person(&tombstones.key, id);
    let mut people = tombstones.people.iter();
    people.any(|person| person.given == hash || person.ids.contains(&hash) || person.emails.contains(&hash))
}

fn new_hmac(key: &str) -> Option<Hmac<Sha256>> {
    // HMAC accepts a key of any length, so this is never `None`.
    Hmac::new_from_slice(key.as_bytes()).ok()
}

fn hash_identifier(hmac: &Hmac<Sha256>, identifier: &[u8]) -> Digest {
    let mut hmac = hmac.clone();
    // Beyond ASCII too: an address must be recognized in any case.
    hmac.update(String::from_utf8_lossy(&normalize_id(identifier)).trim().to_lowercase().as_bytes());
    let full_digest = hmac.finalize().into_bytes();
    let mut digest = [0; HASH_BYTES];
    digest.iter_mut().zip(full_digest).for_each(|(target, byte)| *target = byte);
    digest
}

fn format_hex(digest: &Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_hex(hash: &PersonHash) -> Option<Digest> {
    let mut digest = [0; HASH_BYTES];
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hash.0.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(digest)
}

/// Where the hash of a person comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HashSource {
    /// From the identifier given in the erasure.
    Given,
    /// From a user id in the same row as the given identifier.
    Id,
    /// From an e-mail address in the same row as the given identifier.
    Email,
}

/// The columns of one person in a row: `userid` with `email`, `question_userid` with `question_email`.
#[derive(Debug, Default)]
struct PersonColumns {
    ids: Vec<usize>,
    emails: Vec<usize>,
    /// Columns of first and last names.
    names: Vec<usize>,
}

/// The rows of a slice that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredSlice {
    /// The number of rows.
    pub rows: u32,
    /// The rows as CSV without a header row, in their order.
    pub bytes: Vec<u8>,
}

/// Decides which rows are dropped, and counts them by erasure.
pub struct ErasureFilter {
    hmac: Hmac<Sha256>,
    /// The erasure id of each erased person.
    person_erasures: Vec<String>,
    /// By hash: the person's index in `person_erasures`, and where the hash comes from.
    hashes: HashMap<Digest, (usize, HashSource)>,
    /// Erasure id and course id.
    courses: Vec<(String, CourseId)>,
    person_columns: Vec<PersonColumns>,
    /// Index of the course column.
    course: Option<usize>,
    delimiter: Delimiter,
    /// Results of earlier lookups in `hashes`, by cell text.
    cache: HashMap<Box<[u8]>, Option<(usize, HashSource)>>,
    findings: SweepFindings,
}

impl ErasureFilter {
    /// The filter for these tombstones; `None` if there are none.
    #[must_use]
    pub fn new(tombstones: &Tombstones) -> Option<Self> {
        if tombstones.is_empty() {
            return None;
        }
        let mut hashes = HashMap::new();
        for (index, person) in tombstones.people.iter().enumerate() {
            let given = [(&person.given, HashSource::Given)].into_iter();
            let ids = person.ids.iter().map(|hash| (hash, HashSource::Id));
            let emails = person.emails.iter().map(|hash| (hash, HashSource::Email));
            for (hash, source) in given.chain(ids).chain(emails) {
                let Some(digest) = parse_hex(hash) else { continue };
                // An identifier can be given in one erasure and learned in another: the given one takes
                // precedence.
                if source == HashSource::Given || !hashes.contains_key(&digest) {
                    hashes.insert(digest, (index, source));
                }
            }
        }
        let courses = tombstones.courses.iter();
        Some(Self {
            hmac: new_hmac(&tombstones.key)?,
            person_erasures: tombstones.people.iter().map(|person| person.erasure.clone()).collect(),
            hashes,
            courses: courses.map(|tombstone| (tombstone.erasure.clone(), tombstone.course.clone())).collect(),
            person_columns: Vec::new(),
            course: None,
            delimiter: Delimiter::Comma,
            cache: HashMap::new(),
            findings: SweepFindings::default(),
        })
    }

    /// Finds the columns that identify people and courses.
    pub fn read_header(&mut self, columns: &[String], report: Option<KnownReport>) {
        let mut person_columns: HashMap<String, PersonColumns> = HashMap::new();
        self.person_columns.clear();
        for (index, name) in columns.iter().enumerate() {
            let key = column::normalize_name(name);
            // `question_userid`, `question_email` and `question_firstname` have the same prefix, so they are about the
            // same person.
            let prefix = || {
                ["firstname", "lastname", "name", "email", "address", "user", "id"]
                    .iter()
                    .fold(key.clone(), |key, part| key.replace(part, ""))
            };
            if key.ends_with("firstname") || key.ends_with("lastname") {
                person_columns.entry(prefix()).or_default().names.push(index);
            } else if column::is_role(name) {
                // The role of a user identifies nobody.
            } else if column::is_email(name) {
                person_columns.entry(prefix()).or_default().emails.push(index);
            } else if key.ends_with("userid") {
                person_columns.entry(prefix()).or_default().ids.push(index);
            } else if key.contains("user") || key.contains("owner") {
                self.person_columns.push(PersonColumns { ids: vec![index], ..PersonColumns::default() });
            }
        }
        self.person_columns.extend(person_columns.into_values());
        if self.person_erasures.is_empty() {
            self.person_columns.clear();
        }
        let course = report.map_or("courseId", |report| report.descriptor().course);
        self.course = column::position(columns, course).filter(|_| !self.courses.is_empty());
    }

    /// Like [`Self::read_header`], for a stored header row; also detects the delimiter.
    pub fn read_header_row(&mut self, header: &[u8], report: Option<KnownReport>) {
        self.delimiter = Delimiter::detect(header);
        if let Some((_, columns)) = crate::report_file::read_header(header, report) {
            self.read_header(&columns, report);
        }
    }

    /// Dropped rows by erasure, and learned identifiers.
    #[must_use]
    pub fn into_matches(self) -> SweepFindings {
        self.findings
    }

    /// Whether a row must be dropped; if so, counts it. `cell` returns the field at an index.
    pub fn should_drop<'a>(&mut self, cell: impl Fn(usize) -> &'a [u8]) -> bool {
        let course = self.course.and_then(|index| self.find_erased_course(cell(index)));
        let person = self.find_erased_person(&cell);
        let person = person.and_then(|index| self.person_erasures.get(index).cloned());
        let Some(erasure) = person.or(course) else {
            return false;
        };
        *self.findings.dropped.entry(erasure).or_default() += 1;
        true
    }

    /// Whether a whole slice of `course` with `rows` rows must be dropped; if so, counts its rows.
    pub fn should_drop_course(&mut self, course: &str, rows: u32) -> bool {
        let Some(erasure) = self.find_erased_course(course.as_bytes()) else { return false };
        *self.findings.dropped.entry(erasure).or_default() += u64::from(rows);
        true
    }

    /// The remaining rows of a slice, byte for byte; `None` if no row must be dropped.
    pub fn filter_slice(&mut self, slice: &[u8]) -> Option<FilteredSlice> {
        if self.person_columns.is_empty() && self.course.is_none() {
            return None;
        }
        let mut decoder = Decoder::new(self.delimiter);
        let (mut filtered, mut rest) = (None::<FilteredSlice>, slice);
        let mut rows = 0;
        while let Some(row) = skip_line_ends(rest) {
            let mut is_dropped = false;
            let after =
                decoder.read_record(row, |record| is_dropped = self.should_drop(|index| record.field(index)));
            let length = row.len() - after.len();
            if is_dropped {
                filtered.get_or_insert_with(|| FilteredSlice {
                    rows,
                    bytes: slice.get(..slice.len() - row.len()).unwrap_or_default().to_vec(),
                });
            } else {
                rows += 1;
                if let Some(filtered) = &mut filtered {
                    filtered.rows = rows;
                    filtered.bytes.extend_from_slice(row.get(..length).unwrap_or_default());
                }
            }
            rest = after;
        }
        filtered
    }

    /// Whether a report has columns that identify people, so that rows about somebody can be found in it.
    #[must_use]
    pub fn can_identify_people(&self) -> bool {
        !self.person_columns.is_empty()
    }

    /// The rows of a slice about the people of the tombstones. In a row about several people, the ids, addresses and
    /// first and last names of the others are left empty.
    pub fn select_slice(&mut self, slice: &[u8]) -> FilteredSlice {
        let mut selected = FilteredSlice { rows: 0, bytes: Vec::new() };
        let mut decoder = Decoder::new(self.delimiter);
        let mut rest = slice;
        while let Some(row) = skip_line_ends(rest) {
            let (mut is_selected, mut rewritten) = (false, None);
            let after = decoder.read_record(row, |record| {
                let (person, others) = self.find_people(&|index| record.field(index));
                is_selected = person.is_some();
                let has_others = others.iter().any(|index| !record.field(*index).is_empty());
                if is_selected && has_others {
                    let cell = |(index, cell)| if others.contains(&index) { &[][..] } else { cell };
                    rewritten = Some(self.write_row(record.fields().enumerate().map(cell)));
                }
            });
            if is_selected {
                selected.rows += 1;
                let unchanged = row.get(..row.len() - after.len()).unwrap_or_default();
                selected.bytes.extend_from_slice(rewritten.as_deref().unwrap_or(unchanged));
            }
            rest = after;
        }
        selected
    }

    /// A row as CSV, with its line end.
    fn write_row<'a>(&self, cells: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter.byte())
            .quote_style(csv::QuoteStyle::NonNumeric)
            .from_writer(Vec::new());
        // Writing to memory cannot fail.
        let _ = writer.write_record(cells);
        writer.into_inner().unwrap_or_default()
    }

    fn find_erased_course(&self, course: &[u8]) -> Option<String> {
        let course = normalize_id(course);
        let tombstone = self.courses.iter().find(|(_, id)| *id.as_str().as_bytes() == *course);
        tombstone.map(|(erasure, _)| erasure.clone())
    }

    /// The first erased person of a row, as an index into `person_erasures`. Learns identifiers that are
    /// beside a given one.
    fn find_erased_person<'a>(&mut self, cell: &impl Fn(usize) -> &'a [u8]) -> Option<usize> {
        let mut found = None;
        let person_columns = std::mem::take(&mut self.person_columns);
        for columns in &person_columns {
            found = found.or(self.find_in_columns(columns, cell));
        }
        self.person_columns = person_columns;
        found
    }

    /// The same person, and the columns about others in the row: those of people with another id or address.
    fn find_people<'a>(&mut self, cell: &impl Fn(usize) -> &'a [u8]) -> (Option<usize>, Vec<usize>) {
        let (mut found, mut others) = (None, Vec::new());
        let person_columns = std::mem::take(&mut self.person_columns);
        for columns in &person_columns {
            let person = self.find_in_columns(columns, cell);
            found = found.or(person);
            let mut identifiers = columns.ids.iter().chain(&columns.emails);
            if person.is_none() && identifiers.any(|index| !cell(*index).trim_ascii().is_empty()) {
                others.extend([&columns.ids, &columns.emails, &columns.names].into_iter().flatten().copied());
            }
        }
        self.person_columns = person_columns;
        (found, others)
    }

    /// The erased person whom these columns of a row are about. Learns identifiers that are beside a given one.
    fn find_in_columns<'a>(
        &mut self,
        PersonColumns { ids, emails, .. }: &PersonColumns,
        cell: &impl Fn(usize) -> &'a [u8],
    ) -> Option<usize> {
        let mut found = None;
        let has_id = ids.iter().any(|index| !cell(*index).trim_ascii().is_empty());
        for index in ids {
            let Some((person, source)) = self.find_person(cell(*index)) else { continue };
            found = found.or(Some(person));
            if source == HashSource::Given {
                emails.iter().for_each(|index| self.learn(person, IdentifierKind::Email, cell(*index)));
            }
        }
        for index in emails {
            let Some((person, source)) = self.find_person(cell(*index)) else { continue };
            if source != HashSource::Email || !has_id {
                found = found.or(Some(person));
            }
            if source == HashSource::Given {
                ids.iter().for_each(|index| self.learn(person, IdentifierKind::Id, cell(*index)));
            }
        }
        found
    }

    /// The erased person whom a cell identifies, and where the hash of the cell comes from.
    fn find_person(&mut self, cell: &[u8]) -> Option<(usize, HashSource)> {
        if let Some(cached) = self.cache.get(cell) {
            return *cached;
        }
        if cell.trim_ascii().is_empty() {
            return None;
        }
        let found = self.hashes.get(&hash_identifier(&self.hmac, cell)).copied();
        if self.cache.len() >= MAX_CACHED {
            self.cache.clear();
        }
        self.cache.insert(cell.into(), found);
        found
    }

    fn learn(&mut self, person: usize, by: IdentifierKind, cell: &[u8]) {
        if cell.trim_ascii().is_empty() || self.find_person(cell).is_some() {
            return;
        }
        let digest = hash_identifier(&self.hmac, cell);
        let source = if by == IdentifierKind::Id { HashSource::Id } else { HashSource::Email };
        self.hashes.insert(digest, (person, source));
        self.cache.insert(cell.into(), Some((person, source)));
        if let Some(erasure) = self.person_erasures.get(person) {
            let erasure = erasure.clone();
            self.findings.links.insert(IdentityLink { erasure, by, mark: PersonHash(format_hex(&digest)) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::{Slice, SplitSummary, Splitter};
    use domain::erasure::{CourseTombstone, PersonTombstone};
    use proptest::prelude::*;
    use std::io::Read;

    const KEY: &str = "a key";

    fn person_tombstone(id: &str) -> Tombstones {
        let given = hash_person(KEY, id);
        let tombstone = PersonTombstone { erasure: "p".into(), given, ids: vec![], emails: vec![] };
        Tombstones { key: KEY.into(), people: vec![tombstone], courses: vec![] }
    }

    fn course_tombstone(id: &str) -> Tombstones {
        let tombstone = CourseTombstone { erasure: "c".into(), course: id.into() };
        Tombstones { key: KEY.into(), people: vec![], courses: vec![tombstone] }
    }

    /// The remaining rows of a stored slice, and the findings.
    fn filter_rows(tombstones: &Tombstones, header: &str, rows: &str) -> (String, SweepFindings) {
        let mut filter = ErasureFilter::new(tombstones).unwrap();
        filter.read_header_row(format!("{header}\n").as_bytes(), None);
        let filtered = filter.filter_slice(rows.as_bytes());
        let remaining = filtered.map_or(rows.to_owned(), |filtered| {
            let text = String::from_utf8(filtered.bytes).unwrap();
            assert_eq!(filtered.rows as usize, text.lines().count());
            text
        });
        (remaining, filter.into_matches())
    }

    #[test]
    fn a_person_is_erased_by_id_or_address_in_any_spelling() {
        let rows = "1,U-1,Ada,ada@x.example\n2,U-2,Ben,ben@x.example\n3,u-1,Ada,\n4,{U-1},Ada,\n";
        for id in ["u-1", " ADA@x.example "] {
            let (remaining, findings) =
                filter_rows(&person_tombstone(id), "n,User_ID,firstname,E-Mail", rows);
            assert_eq!(remaining, "2,U-2,Ben,ben@x.example\n", "{id}");
            assert_eq!(findings.dropped["p"], 3);
            assert_eq!(findings.links.len(), 1, "the other identifier is learned");
        }
    }

    #[test]
    fn a_person_is_erased_in_every_report_however_their_id_is_spelled() {
        for report in KnownReport::ALL {
            let columns = report.descriptor().columns;
            for user in columns.iter().filter(|name| column::normalize_name(name).ends_with("userid")) {
                let row = |id: &str| {
                    let cells = columns.iter().map(|name| if name == user { id } else { "" });
                    cells.collect::<Vec<_>>().join(",") + "\n"
                };
                let rows = ["U-1", "{u-1}", " u-1 ", "u-2"].map(row);
                let (remaining, _) =
                    filter_rows(&person_tombstone("u-1"), &columns.join(","), &rows.concat());
                assert_eq!(remaining, rows[3], "{report:?}: {user}");
            }
        }
    }

    #[test]
    fn an_id_learned_in_one_copy_erases_rows_of_another() {
        let tombstones = person_tombstone("ada@x.example");
        let (_, findings) = filter_rows(&tombstones, "userid,email", "u1,ada@x.example\n");
        let link = findings.links.first().unwrap();
        assert_eq!((link.by, &link.mark), (IdentifierKind::Id, &hash_person(KEY, "u1")));
        let mut learned = tombstones;
        learned.people[0].ids.push(link.mark.clone());
        let (remaining, findings) = filter_rows(&learned, "n,userid", "1,u1\n2,u2\n");
        assert_eq!((remaining.as_str(), findings.links.len()), ("2,u2\n", 0));
    }

    #[test]
    fn rows_of_others_with_a_shared_mailbox_remain() {
        let rows = "u1,desk@x.example\nu2,desk@x.example\n,desk@x.example\nu2,ben@x.example\n";
        let (remaining, _) = filter_rows(&person_tombstone("u1"), "userid,email", rows);
        assert_eq!(remaining, "u2,desk@x.example\nu2,ben@x.example\n");
    }

    #[test]
    fn a_row_is_dropped_for_either_person_and_links_only_their_own_identifiers() {
        let header = "question_userid,question_email,answer_userid,answer_email";
        let rows = "u1,a@x,u2,b@x\nu2,b@x,u3,c@x\n";
        let (remaining, findings) = filter_rows(&person_tombstone("u1"), header, rows);
        assert_eq!(remaining, "u2,b@x,u3,c@x\n");
        assert_eq!(findings.links.first().unwrap().mark, hash_person(KEY, "a@x"));
    }

    /// The rows about a person, and how many.
    fn select_rows(tombstones: &Tombstones, header: &str, rows: &str) -> (String, u32) {
        let mut filter = ErasureFilter::new(tombstones).unwrap();
        filter.read_header_row(format!("{header}\n").as_bytes(), None);
        let FilteredSlice { rows, bytes } = filter.select_slice(rows.as_bytes());
        (String::from_utf8(bytes).unwrap(), rows)
    }

    #[test]
    fn rows_about_a_person_are_selected_and_name_nobody_else() {
        let header =
            "question,question_userid,question_firstname,question_email,answer,answer_userid,answer_email";
        let rows = "\"Why?\",\"u1\",\"Ada\",\"a@x\",\"So, \"\"so\"\"\",\"u2\",\"b@x\"\n\
                    \"How?\",\"u2\",\"Ben\",\"b@x\",\"So\",\"u1\",\"a@x\"\n\
                    \"Who?\",\"u2\",\"Ben\",\"b@x\",\"Me\",\"u3\",\"c@x\"\n\
                    \"What?\",\"u1\",\"Ada\",\"a@x\",\"It\",\"\",\"a@x\"\n";
        let selected = "\"Why?\",\"u1\",\"Ada\",\"a@x\",\"So, \"\"so\"\"\",\"\",\"\"\n\
                        \"How?\",\"\",\"\",\"\",\"So\",\"u1\",\"a@x\"\n\
                        \"What?\",\"u1\",\"Ada\",\"a@x\",\"It\",\"\",\"a@x\"\n";
        assert_eq!(select_rows(&person_tombstone("a@x"), header, rows), (selected.to_owned(), 3));
        assert_eq!(select_rows(&person_tombstone("u1"), header, rows), (selected.to_owned(), 3));
        assert_eq!(select_rows(&person_tombstone("u4"), header, rows), (String::new(), 0));
    }

    #[test]
    fn the_cells_of_a_person_stay_whatever_their_columns_are_called() {
        let header = "user_firstname,user_id,user_role,answer|x";
        let rows = "Ada,u1,Student,so\nBen,u2,Student,so\n";
        assert_eq!(select_rows(&person_tombstone("u1"), header, rows).0, "Ada,u1,Student,so\n");
        let tabs = select_rows(&person_tombstone("u1"), "userid\tn", "u1\t1\nu2\t2\nu1\t\"a\tb\"\n");
        assert_eq!(tabs, ("u1\t1\nu1\t\"a\tb\"\n".to_owned(), 2));
    }

    #[test]
    fn first_names_do_not_identify_a_person() {
        let rows = "Ada,,\nAda,u2,\n";
        assert_eq!(filter_rows(&person_tombstone("Ada"), "firstname,userid,email", rows).0, rows);
    }

    #[test]
    fn a_course_is_erased_whatever_the_case_of_its_id() {
        let (remaining, findings) = filter_rows(&course_tombstone("C-1"), "courseId,n", "c-1,1\nc-2,2\n");
        assert_eq!((remaining.as_str(), findings.dropped["c"]), ("c-2,2\n", 1));
        let mut filter = ErasureFilter::new(&course_tombstone("C-1")).unwrap();
        assert!(filter.should_drop_course("c-1", 7) && !filter.should_drop_course("", 7));
        assert_eq!(filter.into_matches().dropped["c"], 7);
    }

    #[test]
    fn without_tombstones_there_is_no_filter() {
        assert!(ErasureFilter::new(&Tombstones::default()).is_none());
    }

    #[test]
    fn mark_format_unchanged() {
        // Hashes are stored: every release must compute the same ones.
        assert_eq!(hash_person("key", " Ada@X.example").0, hash_person("key", "ada@x.example").0);
        assert_ne!(hash_person("key", "ada").0, hash_person("other", "ada").0);
        // `printf ada | openssl dgst -sha256 -hmac key`, its first half.
        assert_eq!(hash_person("key", "ada").0, "708a727d2475357eaacc4f88c80d7eec");
    }

    fn split(file: &[u8], tombstones: &Tombstones, cut: usize) -> (SplitSummary, Vec<Slice>) {
        let report = Some(KnownReport::Confused);
        let mut splitter = Splitter::new(report).with_erasures(ErasureFilter::new(tombstones));
        let mut slices = Vec::new();
        for piece in file.chunks(cut) {
            splitter.push(piece, &mut |slice| slices.push(slice)).unwrap();
        }
        splitter.end_file(&mut |slice| slices.push(slice)).unwrap();
        (splitter.finish(&mut |slice| slices.push(slice)).unwrap(), slices)
    }

    fn inflate(slice: &Slice) -> Vec<u8> {
        let mut raw = Vec::new();
        flate2::read::DeflateDecoder::new(&slice.bytes[..]).read_to_end(&mut raw).unwrap();
        raw
    }

    const HEADER: &str = "PresentationID,PresentationName,sectionId,courseId,event_timestamp,userid,email";

    fn line(cells: &[String]) -> String {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(cells).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z]{1,6}", Just("say \"u1\", \n\r\n and | a1@x\t".to_owned()), Just("\"".to_owned())]
    }

    proptest! {
        /// Tests both uses of the filter: while a file is split, and on stored slices.
        #[test]
        fn rows_of_an_erased_person_are_dropped_and_all_others_remain_unchanged(
            rows in prop::collection::vec((cell(), 0u8..3, 0u8..3, 0u8..4, 0u8..3), 1..60),
            by_email in any::<bool>(),
            cut in 1usize..300,
        ) {
            let lines: Vec<(String, String, bool)> = rows
                .iter()
                .map(|(name, section, course, user, has_email)| {
                    let (id, email) = (format!("u{user}"), format!("A{user}@x"));
                    // All rows have a user id, and some an address as well.
                    let email = if *has_email == 0 { String::new() } else { email };
                    let cells = ["p".into(), name.clone(), format!("s{section}"), format!("c{course}"),
                        "2026-02-02 10:00:00".into(), id, email];
                    (format!("c{course} s{section}"), line(&cells), *user == 1)
                })
                .collect();
            // A person given by address is identified by user id if any row has both.
            let is_linked = lines.iter().any(|(_, line, is_erased)| *is_erased && line.contains("A1@x"));
            let mut tombstones = person_tombstone(if by_email { "a1@X" } else { "U1" });
            let file: String = lines.iter().map(|(_, line, _)| line.as_str()).collect();
            let file = format!("{HEADER}\n{file}");
            let (first, _) = split(file.as_bytes(), &tombstones, cut);
            for link in first.findings.links {
                match link.by {
                    IdentifierKind::Id => tombstones.people[0].ids.push(link.mark),
                    IdentifierKind::Email => tombstones.people[0].emails.push(link.mark),
                }
            }
            let is_dropped = |is_erased: bool| is_erased && (!by_email || is_linked);
            let remaining = |section: &str| -> Vec<&str> {
                let own = lines.iter().filter(|(of, _, is_erased)| of == section && !is_dropped(*is_erased));
                own.map(|(_, line, _)| line.as_str()).collect()
            };
            let (summary, slices) = split(file.as_bytes(), &tombstones, cut);
            let dropped = lines.iter().filter(|(_, _, is_erased)| is_dropped(*is_erased)).count() as u64;
            prop_assert_eq!(summary.findings.dropped.get("p").copied().unwrap_or_default(), dropped);
            prop_assert_eq!(summary.rows + dropped, lines.len() as u64);
            for slice in &slices {
                let section = format!("{} {}", slice.course, slice.section);
                prop_assert_eq!(String::from_utf8(inflate(slice)).unwrap(), remaining(&section).concat());
            }
            let (_, stored) = split(file.as_bytes(), &Tombstones::default(), cut);
            let mut filter = ErasureFilter::new(&tombstones).unwrap();
            filter.read_header_row(HEADER.as_bytes(), None);
            for slice in &stored {
                let section = format!("{} {}", slice.course, slice.section);
                let raw = inflate(slice);
                let filtered = filter.filter_slice(&raw);
                // One person in each row: the selected rows are the others of the slice, byte for byte.
                let selected = filter.select_slice(&raw);
                prop_assert_eq!(selected.rows as usize + remaining(&section).len(), slice.rows as usize);
                prop_assert_eq!(selected.bytes.len() + remaining(&section).concat().len(), raw.len());
                let expected = remaining(&section);
                let is_unchanged = expected.concat().len() == raw.len();
                prop_assert_eq!(filtered.is_none(), is_unchanged, "rewritten only if rows were dropped");
                let filtered = filtered.unwrap_or(FilteredSlice { rows: slice.rows, bytes: raw });
                prop_assert_eq!(String::from_utf8(filtered.bytes).unwrap(), expected.concat());
                prop_assert_eq!(filtered.rows as usize, expected.len());
            }
            prop_assert_eq!(filter.into_matches().dropped.get("p").copied().unwrap_or_default(), dropped);
        }
    }
}
