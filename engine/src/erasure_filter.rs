//! Drops the rows of erased people and courses while a file is split or a copy is rewritten.
//!
//! A person is known by marks, keyed hashes of what stands in the columns that tell who did something: user ids,
//! e-mail addresses, and any other column whose name speaks of a user or an owner. Names are no ids: two people may
//! have one. A row in which several people stand (an answer and the question that it answers) goes with any of them.
//!
//! A row that carries both a user id and an e-mail address tells that they belong together: what stands beside the id
//! that was given is learned. An id found in this way is the person's wherever it stands; an address is theirs only
//! where no other id stands beside it, since a mailbox may be shared.

use crate::decode::{Decoder, Delimiter, skip_line_ends};
use domain::column;
use domain::erasure::{IdentifierKind, IdentityLink, PersonHash, SweepFindings, Tombstones};
use domain::ids::{CourseId, normalize_id};
use domain::report::KnownReport;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;

/// Bytes of a mark: more than enough that no two of an institution's people share one.
const HASH_BYTES: usize = 16;

/// Ids whose marks are cached: an institution's people twice over, in some MB.
const MAX_CACHED: usize = 50_000;

type Digest = [u8; HASH_BYTES];

/// The mark of an id or e-mail address; case and spaces around it do not count.
#[must_use]
pub fn hash_person(key: &str, id: &str) -> PersonHash {
    PersonHash(keyed(key).map_or_else(String::new, |keyed| hex(&digest(&keyed, id.as_bytes()))))
}

fn keyed(key: &str) -> Option<Hmac<Sha256>> {
    // A key of any length will do.
    Hmac::new_from_slice(key.as_bytes()).ok()
}

fn digest(keyed: &Hmac<Sha256>, id: &[u8]) -> Digest {
    let mut keyed = keyed.clone();
    keyed.update(String::from_utf8_lossy(id).trim().to_lowercase().as_bytes());
    let whole = keyed.finalize().into_bytes();
    let mut digest = [0; HASH_BYTES];
    digest.iter_mut().zip(whole).for_each(|(place, byte)| *place = byte);
    digest
}

fn hex(digest: &Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(mark: &PersonHash) -> Option<Digest> {
    let mut digest = [0; HASH_BYTES];
    for (at, place) in digest.iter_mut().enumerate() {
        *place = u8::from_str_radix(mark.0.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(digest)
}

/// How a mark belongs to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HashSource {
    /// They were named by it.
    Given,
    /// A user id that stands beside it.
    Id,
    /// An e-mail address that stands beside it.
    Email,
}

/// Columns that tell of one person in a row: `userid` with `email`, `question_userid` with `question_email`.
#[derive(Debug, Default)]
struct PersonColumns {
    ids: Vec<usize>,
    emails: Vec<usize>,
}

/// Some rows of a slice, when others of it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredSlice {
    /// How many.
    pub rows: u32,
    /// Themselves, byte for byte, in their order.
    pub bytes: Vec<u8>,
}

/// Tells rows that are to go from others, and counts them.
pub struct ErasureFilter {
    keyed: Hmac<Sha256>,
    people: Vec<String>,
    marks: HashMap<Digest, (usize, HashSource)>,
    /// The forgetting's id, and the course's.
    courses: Vec<(String, CourseId)>,
    person_columns: Vec<PersonColumns>,
    course: Option<usize>,
    delimiter: Delimiter,
    /// What each text means that stood in a cell.
    cache: HashMap<Box<[u8]>, Option<(usize, HashSource)>>,
    met: SweepFindings,
}

impl ErasureFilter {
    /// Nothing where nothing is kept out.
    #[must_use]
    pub fn new(tombstones: &Tombstones) -> Option<Self> {
        if tombstones.is_empty() {
            return None;
        }
        let mut marks = HashMap::new();
        for (at, person) in tombstones.people.iter().enumerate() {
            let given = [(&person.given, HashSource::Given)].into_iter();
            let ids = person.ids.iter().map(|mark| (mark, HashSource::Id));
            let emails = person.emails.iter().map(|mark| (mark, HashSource::Email));
            for (mark, source) in given.chain(ids).chain(emails) {
                let Some(digest) = unhex(mark) else { continue };
                // Somebody may be given who was found beside another: what was given counts.
                if source == HashSource::Given || !marks.contains_key(&digest) {
                    marks.insert(digest, (at, source));
                }
            }
        }
        let courses = tombstones.courses.iter();
        Some(Self {
            keyed: keyed(&tombstones.key)?,
            people: tombstones.people.iter().map(|person| person.erasure.clone()).collect(),
            marks,
            courses: courses.map(|closed| (closed.erasure.clone(), closed.course.clone())).collect(),
            person_columns: Vec::new(),
            course: None,
            delimiter: Delimiter::Comma,
            cache: HashMap::new(),
            met: SweepFindings::default(),
        })
    }

    /// Finds the columns that tell of people and courses.
    pub fn read_header(&mut self, columns: &[String], report: Option<KnownReport>) {
        let mut person_columns: HashMap<String, PersonColumns> = HashMap::new();
        self.person_columns.clear();
        for (at, name) in columns.iter().enumerate() {
            let key = column::normalize_name(name);
            let whose =
                || key.replace("email", "").replace("address", "").replace("user", "").replace("id", "");
            if column::is_email(name) {
                person_columns.entry(whose()).or_default().emails.push(at);
            } else if key.ends_with("userid") {
                person_columns.entry(whose()).or_default().ids.push(at);
            } else if key.contains("user") || key.contains("owner") {
                self.person_columns.push(PersonColumns { ids: vec![at], emails: Vec::new() });
            }
        }
        self.person_columns.extend(person_columns.into_values());
        if self.people.is_empty() {
            self.person_columns.clear();
        }
        let course = report.map_or("courseId", |report| report.descriptor().course);
        self.course = column::position(columns, course).filter(|_| !self.courses.is_empty());
    }

    /// The same, of a header row as it is stored.
    pub fn read_header_row(&mut self, header: &[u8], report: Option<KnownReport>) {
        self.delimiter = Delimiter::detect(header);
        if let Some((_, columns)) = crate::split::read_header(header, report) {
            self.read_header(&columns, report);
        }
    }

    /// What was met with.
    #[must_use]
    pub fn into_matches(self) -> SweepFindings {
        self.met
    }

    /// Whether a row is to go, by its cells; counted if so.
    pub fn should_drop<'a>(&mut self, cell: impl Fn(usize) -> &'a [u8]) -> bool {
        let course = self.course.and_then(|at| self.find_erased_course(cell(at)));
        let person = self.find_erased_person(&cell);
        let person = person.and_then(|at| self.people.get(at).cloned());
        let Some(forgetting) = person.or(course) else {
            return false;
        };
        *self.met.dropped.entry(forgetting).or_default() += 1;
        true
    }

    /// Whether a whole slice of `rows` rows is to go, by its course; counted if so.
    pub fn should_drop_course(&mut self, course: &str, rows: u32) -> bool {
        let Some(forgetting) = self.find_erased_course(course.as_bytes()) else { return false };
        *self.met.dropped.entry(forgetting).or_default() += u64::from(rows);
        true
    }

    /// The rows of a slice that stay; nothing when all of them do.
    pub fn filter_slice(&mut self, slice: &[u8]) -> Option<FilteredSlice> {
        if self.person_columns.is_empty() && self.course.is_none() {
            return None;
        }
        let mut decoder = Decoder::new(self.delimiter);
        let (mut kept, mut rest) = (None::<FilteredSlice>, slice);
        let mut rows = 0;
        while let Some(row) = skip_line_ends(rest) {
            let mut goes = false;
            let after = decoder.read_record(row, |record| goes = self.should_drop(|at| record.field(at)));
            let length = row.len() - after.len();
            if goes {
                kept.get_or_insert_with(|| FilteredSlice {
                    rows,
                    bytes: slice.get(..slice.len() - row.len()).unwrap_or_default().to_vec(),
                });
            } else {
                rows += 1;
                if let Some(kept) = &mut kept {
                    kept.rows = rows;
                    kept.bytes.extend_from_slice(row.get(..length).unwrap_or_default());
                }
            }
            rest = after;
        }
        kept
    }

    fn find_erased_course(&self, course: &[u8]) -> Option<String> {
        let course = normalize_id(course);
        let closed = self.courses.iter().find(|(_, id)| *id.as_str().as_bytes() == *course);
        closed.map(|(forgetting, _)| forgetting.clone())
    }

    /// Whose row it is, if it is a forgotten person's; what stands beside what they were named by is learned.
    fn find_erased_person<'a>(&mut self, cell: &impl Fn(usize) -> &'a [u8]) -> Option<usize> {
        let mut whose = None;
        let person_columns = std::mem::take(&mut self.person_columns);
        for PersonColumns { ids, emails } in &person_columns {
            let has_id = ids.iter().any(|at| !cell(*at).trim_ascii().is_empty());
            for at in ids {
                let Some((person, source)) = self.find(cell(*at)) else { continue };
                whose = whose.or(Some(person));
                if source == HashSource::Given {
                    emails.iter().for_each(|at| self.learn(person, IdentifierKind::Email, cell(*at)));
                }
            }
            for at in emails {
                let Some((person, source)) = self.find(cell(*at)) else { continue };
                if source != HashSource::Email || !has_id {
                    whose = whose.or(Some(person));
                }
                if source == HashSource::Given {
                    ids.iter().for_each(|at| self.learn(person, IdentifierKind::Id, cell(*at)));
                }
            }
        }
        self.person_columns = person_columns;
        whose
    }

    fn find(&mut self, cell: &[u8]) -> Option<(usize, HashSource)> {
        if let Some(known) = self.cache.get(cell) {
            return *known;
        }
        if cell.trim_ascii().is_empty() {
            return None;
        }
        let found = self.marks.get(&digest(&self.keyed, cell)).copied();
        if self.cache.len() >= MAX_CACHED {
            self.cache.clear();
        }
        self.cache.insert(cell.into(), found);
        found
    }

    fn learn(&mut self, person: usize, by: IdentifierKind, cell: &[u8]) {
        if cell.trim_ascii().is_empty() || self.find(cell).is_some() {
            return;
        }
        let digest = digest(&self.keyed, cell);
        let source = if by == IdentifierKind::Id { HashSource::Id } else { HashSource::Email };
        self.marks.insert(digest, (person, source));
        self.cache.insert(cell.into(), Some((person, source)));
        if let Some(forgetting) = self.people.get(person) {
            let forgetting = forgetting.clone();
            self.met.links.insert(IdentityLink { erasure: forgetting, by, mark: PersonHash(hex(&digest)) });
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

    fn person(id: &str) -> Tombstones {
        let given = hash_person(KEY, id);
        let tombstone = PersonTombstone { erasure: "p".into(), given, ids: vec![], emails: vec![] };
        Tombstones { key: KEY.into(), people: vec![tombstone], courses: vec![] }
    }

    fn course(id: &str) -> Tombstones {
        let closed = CourseTombstone { erasure: "c".into(), course: id.into() };
        Tombstones { key: KEY.into(), people: vec![], courses: vec![closed] }
    }

    /// The rows that stay of a stored slice, and what was met with.
    fn kept(tombstones: &Tombstones, header: &str, rows: &str) -> (String, SweepFindings) {
        let mut erasures = ErasureFilter::new(tombstones).unwrap();
        erasures.read_header_row(format!("{header}\n").as_bytes(), None);
        let kept = erasures.filter_slice(rows.as_bytes());
        let left = kept.map_or(rows.to_owned(), |kept| {
            let text = String::from_utf8(kept.bytes).unwrap();
            assert_eq!(kept.rows as usize, text.lines().count());
            text
        });
        (left, erasures.into_matches())
    }

    #[test]
    fn a_person_goes_by_id_and_by_address_however_they_are_spelled() {
        let rows = "1,U-1,Ada,ada@x.example\n2,U-2,Ben,ben@x.example\n3,u-1,Ada,\n";
        for id in ["u-1", " ADA@x.example "] {
            let (left, met) = kept(&person(id), "n,User_ID,firstname,E-Mail", rows);
            assert_eq!(left, "2,U-2,Ben,ben@x.example\n", "{id}");
            assert_eq!(met.dropped["p"], 2);
            assert_eq!(met.links.len(), 1, "the other id is learned");
        }
    }

    #[test]
    fn what_was_learned_in_one_copy_holds_in_another() {
        let (_, met) = kept(&person("ada@x.example"), "userid,email", "u1,ada@x.example\n");
        let link = met.links.first().unwrap();
        assert_eq!((link.by, &link.mark), (IdentifierKind::Id, &hash_person(KEY, "u1")));
        let mut known = person("ada@x.example");
        known.people[0].ids.push(link.mark.clone());
        let (left, met) = kept(&known, "n,userid", "1,u1\n2,u2\n");
        assert_eq!((left.as_str(), met.links.len()), ("2,u2\n", 0));
    }

    #[test]
    fn a_shared_mailbox_does_not_take_others_along() {
        let rows = "u1,desk@x.example\nu2,desk@x.example\n,desk@x.example\nu2,ben@x.example\n";
        let (left, _) = kept(&person("u1"), "userid,email", rows);
        assert_eq!(left, "u2,desk@x.example\nu2,ben@x.example\n");
    }

    #[test]
    fn either_person_of_a_row_takes_it_along_and_is_told_from_the_other() {
        let header = "question_userid,question_email,answer_userid,answer_email";
        let rows = "u1,a@x,u2,b@x\nu2,b@x,u3,c@x\n";
        let (left, met) = kept(&person("u1"), header, rows);
        assert_eq!(left, "u2,b@x,u3,c@x\n");
        assert_eq!(met.links.first().unwrap().mark, hash_person(KEY, "a@x"));
    }

    #[test]
    fn rows_without_an_id_and_names_alone_stay() {
        let rows = "Ada,,\nAda,u2,\n";
        assert_eq!(kept(&person("Ada"), "firstname,userid,email", rows).0, rows);
    }

    #[test]
    fn a_course_goes_whatever_the_letters_of_its_id() {
        let (left, met) = kept(&course("C-1"), "courseId,n", "c-1,1\nc-2,2\n");
        assert_eq!((left.as_str(), met.dropped["c"]), ("c-2,2\n", 1));
        let mut erasures = ErasureFilter::new(&course("C-1")).unwrap();
        assert!(erasures.should_drop_course("c-1", 7) && !erasures.should_drop_course("", 7));
        assert_eq!(erasures.into_matches().dropped["c"], 7);
    }

    #[test]
    fn nothing_is_kept_out_by_no_tombstones() {
        assert!(ErasureFilter::new(&Tombstones::default()).is_none());
    }

    #[test]
    fn mark_format_unchanged() {
        // What is stored must be known again after any deploy.
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

    fn inflated(slice: &Slice) -> Vec<u8> {
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
        /// By both ways in which rows are kept out: while a file is split, and of slices that are stored.
        #[test]
        fn no_row_of_theirs_is_left_and_every_other_is_as_it_was(
            rows in prop::collection::vec((cell(), 0u8..3, 0u8..3, 0u8..4, 0u8..3), 1..60),
            by_email in any::<bool>(),
            cut in 1usize..300,
        ) {
            let lines: Vec<(String, String, bool)> = rows
                .iter()
                .map(|(name, section, course, who, carries)| {
                    let (id, email) = (format!("u{who}"), format!("A{who}@x"));
                    // All rows carry an id; some an address as well.
                    let email = if *carries == 0 { String::new() } else { email };
                    let cells = ["p".into(), name.clone(), format!("s{section}"), format!("c{course}"),
                        "2026-02-02 10:00:00".into(), id, email];
                    (format!("c{course} s{section}"), line(&cells), *who == 1)
                })
                .collect();
            // Somebody named by their address is known by their id once a row has told.
            let is_known = lines.iter().any(|(_, line, theirs)| *theirs && line.contains("A1@x"));
            let mut tombstones = person(if by_email { "a1@X" } else { "U1" });
            let file: String = lines.iter().map(|(_, line, _)| line.as_str()).collect();
            let file = format!("{HEADER}\n{file}");
            let (first, _) = split(file.as_bytes(), &tombstones, cut);
            for link in first.met.links {
                match link.by {
                    IdentifierKind::Id => tombstones.people[0].ids.push(link.mark),
                    IdentifierKind::Email => tombstones.people[0].emails.push(link.mark),
                }
            }
            let goes = |theirs: bool| theirs && (!by_email || is_known);
            let left = |place: &str| -> String {
                lines.iter().filter(|(at, _, theirs)| at == place && !goes(*theirs)).map(|(_, l, _)| l.as_str()).collect()
            };
            let (summary, slices) = split(file.as_bytes(), &tombstones, cut);
            let gone = lines.iter().filter(|(_, _, theirs)| goes(*theirs)).count() as u64;
            prop_assert_eq!(summary.met.dropped.get("p").copied().unwrap_or_default(), gone);
            prop_assert_eq!(summary.rows + gone, lines.len() as u64);
            for slice in &slices {
                let place = format!("{} {}", slice.course, slice.section);
                prop_assert_eq!(String::from_utf8(inflated(slice)).unwrap(), left(&place));
            }
            let (_, stored) = split(file.as_bytes(), &Tombstones::default(), cut);
            let mut erasures = ErasureFilter::new(&tombstones).unwrap();
            erasures.read_header_row(HEADER.as_bytes(), None);
            for slice in &stored {
                let place = format!("{} {}", slice.course, slice.section);
                let raw = inflated(slice);
                let kept = erasures.filter_slice(&raw);
                prop_assert_eq!(kept.is_none(), left(&place).len() == raw.len(), "rewritten only where it must be");
                let kept = kept.unwrap_or(FilteredSlice { rows: slice.rows, bytes: raw });
                prop_assert_eq!(String::from_utf8(kept.bytes).unwrap(), left(&place));
                let rows = lines.iter().filter(|(at, _, theirs)| *at == place && !goes(*theirs)).count();
                prop_assert_eq!(kept.rows as usize, rows);
            }
            prop_assert_eq!(erasures.into_matches().dropped.get("p").copied().unwrap_or_default(), gone);
        }
    }
}
