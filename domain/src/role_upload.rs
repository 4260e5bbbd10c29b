//! Parses an upload of roles (CSV) as a whole or not at all, and compares it with the roles that people have.
//!
//! An upload names people. Whoever it names has exactly what its rows say afterwards; whoever it does not name stays as
//! they are, since a list of one department's instructors must not take every other's roles. Taking a role is done by
//! hand.

use crate::api::{Courses, Person, PersonChange, RoleUploadResult};
use crate::ids::{CourseId, Email, SectionId};
use crate::problem::{Code, LineError, LineErrors, Problem};
use crate::scope::{Grant, Role, RoleAssignment};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of an upload at most: some 10,000 rows.
pub const MAX_UPLOAD_BYTES: usize = 1 << 20;

/// Courses and sections that one person may be given.
pub const MAX_GRANTS: usize = 500;

/// Broken lines that are told.
const LINES_TOLD: usize = 100;

/// The columns; the header names them in any order.
const COLUMNS: [&str; 4] = ["email", "role", "course", "section"];

/// Whom an upload names, with what each has afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleUpload(pub BTreeMap<Email, RoleAssignment>);

/// Reads a role and its grants as a person typed them; grants once each, in order.
///
/// # Errors
/// `bad-grant`.
pub fn parse_role_assignment(role: Role, grants: &[Grant]) -> Result<RoleAssignment, Problem> {
    let wrong = |detail: &str| Problem::new(Code::BadGrant, detail);
    if !grants.iter().all(Grant::is_well_formed) {
        return Err(wrong("Courses and sections are named by their UUIDs."));
    }
    let read: BTreeSet<&Grant> = grants.iter().collect();
    if read.len() > MAX_GRANTS {
        return Err(wrong("One person may be given at most 500 courses and sections."));
    }
    match (role, read.is_empty()) {
        (Role::Instructor, true) => Err(wrong("An instructor needs at least one course.")),
        (Role::Administrator | Role::Analyst, false) => {
            Err(wrong("Administrators and analysts see all courses: give them none."))
        }
        _ => Ok(RoleAssignment { role, grants: read.into_iter().cloned().collect() }),
    }
}

impl RoleUpload {
    /// Reads `email,role,course,section`, with a course's code or UUID and a section's number or UUID. `fixed` are
    /// those whom the settings make administrators.
    ///
    /// # Errors
    /// `bad-table` with every broken line, up to a hundred.
    pub fn parse(text: &str, known: &Courses, fixed: &BTreeSet<Email>) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        // As spreadsheets write it where the comma stands in numbers.
        let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let header = records.next().and_then(Result::ok).unwrap_or_default();
        let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let named: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let is_known = named.len() == names.len() && named.iter().all(|name| COLUMNS.contains(name));
        if !is_known || !named.contains("email") || !named.contains("role") {
            let detail = "The first line must be the header: email,role,course,section.".to_owned();
            return Err(broken(vec![LineError { line: 1, detail }]));
        }
        let mut parser =
            UploadParser { directory: CourseIndex::from_courses(known), fixed, people: BTreeMap::new() };
        let mut lines = Vec::new();
        for record in records {
            let line = |position: Option<&csv::Position>| {
                position.map_or(0, |at| u32::try_from(at.line()).unwrap_or(u32::MAX))
            };
            let result = match &record {
                Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => Ok(()),
                Ok(record) if record.len() != names.len() => {
                    Err(format!("It has {} cells where the header has {}.", record.len(), names.len()))
                }
                Ok(record) => {
                    let cell = |name: &str| {
                        let place = names.iter().position(|known| known == name);
                        place.and_then(|place| record.get(place)).unwrap_or_default().trim()
                    };
                    parser.parse_row(COLUMNS.map(cell))
                }
                Err(_) => Err("It cannot be read as CSV.".to_owned()),
            };
            if let Err(detail) = result {
                let at = match &record {
                    Ok(record) => line(record.position()),
                    Err(error) => line(error.position()),
                };
                lines.push(LineError { line: at, detail });
            }
        }
        if !lines.is_empty() {
            return Err(broken(lines));
        }
        if parser.people.is_empty() {
            return Err(broken(vec![LineError {
                line: 2,
                detail: "There is nobody after the header.".to_owned(),
            }]));
        }
        let standing = |(role, grants): (Role, BTreeSet<Grant>)| RoleAssignment {
            role,
            grants: grants.into_iter().collect(),
        };
        Ok(Self(parser.people.into_iter().map(|(email, given)| (email, standing(given))).collect()))
    }

    /// What this changes of what is there now. The digest is left to whoever has a hash.
    #[must_use]
    pub fn compare(
        &self,
        now: &BTreeMap<Email, Person>,
        id_of: impl Fn(&Email) -> String,
        at: Timestamp,
    ) -> RoleUploadResult {
        let mut upload = RoleUploadResult::default();
        for (email, RoleAssignment { role, grants }) in &self.0 {
            let after = Person {
                id: id_of(email),
                email: email.clone(),
                role: *role,
                grants: grants.clone(),
                fixed: false,
                changed: Some(at),
            };
            match now.get(email) {
                None => upload.added.push(after),
                Some(before) if before.role == *role && before.grants == *grants => upload.unchanged += 1,
                Some(before) => upload.changed.push(PersonChange { before: before.clone(), after }),
            }
        }
        upload
    }
}

fn broken(lines: Vec<LineError>) -> Problem {
    let count = lines.len();
    let first = lines.first().map_or_else(String::new, |line| format!("Line {}: {}", line.line, line.detail));
    let more = match count {
        0 | 1 => String::new(),
        _ => format!(" And {} more.", count - 1),
    };
    let told = lines.into_iter().take(LINES_TOLD).collect();
    let detail = format!("Nothing was changed. {first}{more}");
    Problem { lines: Some(Box::new(LineErrors(told))), ..Problem::new(Code::BadTable, detail) }
}

/// An upload, as far as it is read.
struct UploadParser<'a> {
    directory: CourseIndex,
    fixed: &'a BTreeSet<Email>,
    people: BTreeMap<Email, (Role, BTreeSet<Grant>)>,
}

impl UploadParser<'_> {
    /// Takes a row; what is wrong with it is said without repeating it.
    fn parse_row(&mut self, [email, role, course, section]: [&str; 4]) -> Result<(), String> {
        let email = Email::parse(email).ok_or("The address is none.")?;
        if self.fixed.contains(&email) {
            return Err("The settings make this person an administrator: leave them out.".to_owned());
        }
        let role = Role::parse(&role.to_ascii_lowercase())
            .ok_or("The role must be administrator, analyst or instructor.")?;
        let grant = match (role, course, section) {
            (Role::Instructor, "", _) => return Err("An instructor needs a course.".to_owned()),
            (Role::Instructor, course, section) => Some(self.directory.find(course, section)?),
            (_, "", "") => None,
            _ => {
                return Err("Administrators and analysts see all courses: leave the course empty.".to_owned());
            }
        };
        let (had, grants) = match self.people.entry(email) {
            Entry::Occupied(person) => person.into_mut(),
            Entry::Vacant(person) => person.insert((role, BTreeSet::new())),
        };
        if *had != role {
            return Err("Another line gives this person another role.".to_owned());
        }
        grants.extend(grant);
        if grants.len() > MAX_GRANTS {
            return Err("One person may be given at most 500 courses and sections.".to_owned());
        }
        Ok(())
    }
}

/// Courses by code, and sections by course and number.
struct CourseIndex {
    codes: BTreeMap<String, Vec<CourseId>>,
    sections: BTreeMap<(CourseId, String), Vec<SectionId>>,
}

impl CourseIndex {
    fn from_courses(known: &Courses) -> Self {
        let mut all = Self { codes: BTreeMap::new(), sections: BTreeMap::new() };
        for course in &known.courses {
            all.codes.entry(course.code.trim().to_lowercase()).or_default().push(course.id.clone());
            for section in &course.sections {
                let key = (course.id.clone(), section.number.trim().to_lowercase());
                all.sections.entry(key).or_default().push(section.id.clone());
            }
        }
        all
    }

    /// A UUID is taken as it is: a course may be new, and no list of Echo360's readable.
    fn find(&self, course: &str, section: &str) -> Result<Grant, String> {
        let course = match CourseId::parse(course) {
            Some(id) => id,
            None => match self.codes.get(&course.to_lowercase()).map(Vec::as_slice) {
                Some([id]) => id.clone(),
                Some(_) => return Err("Several courses bear this code: give the course's UUID.".to_owned()),
                None => return Err("No course bears this code.".to_owned()),
            },
        };
        let section = match (section, SectionId::parse(section)) {
            ("", _) => None,
            (_, Some(id)) => Some(id),
            (number, None) => {
                match self.sections.get(&(course.clone(), number.to_lowercase())).map(Vec::as_slice) {
                    Some([id]) => Some(id.clone()),
                    Some(_) => {
                        return Err(
                            "Several sections of the course bear this number: give the section's UUID."
                                .to_owned(),
                        );
                    }
                    None => return Err("The course has no section of this number.".to_owned()),
                }
            }
        };
        Ok(Grant { course, section })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Course, Section};
    use proptest::prelude::*;

    fn uuid(n: u32) -> String {
        format!("{n:08x}-0000-4000-8000-00000000000a")
    }

    fn id<T: From<String>>(n: u32) -> T {
        uuid(n).into()
    }

    fn known() -> Courses {
        let section = |n: u32, number: &str| Section { id: id(n), number: number.into(), term: None };
        let course = |n: u32, code: &str, sections| Course {
            id: id(n),
            code: code.into(),
            name: String::new(),
            sections,
        };
        let courses = vec![
            course(1, "BIO 101", vec![section(11, "001"), section(12, "002"), section(13, "002")]),
            course(2, "TWICE", Vec::new()),
            course(3, "twice", Vec::new()),
        ];
        Courses { courses, terms: Vec::new() }
    }

    fn read(text: &str) -> Result<RoleUpload, Problem> {
        RoleUpload::parse(text, &known(), &BTreeSet::from(["boss@x.org".into()]))
    }

    #[test]
    fn an_upload_names_people_with_all_that_they_have_afterwards() {
        let text = format!(
            "\u{feff}Email , role,course,section\r\n Ana@X.org,Instructor,bio 101,001\r\nana@x.org,instructor,{},\n\n\
             ben@x.org,analyst,,\nana@x.org,instructor,BIO 101,{}\n",
            uuid(2).to_uppercase(),
            uuid(99)
        );
        let roster = read(&text).unwrap();
        let grant = |course, section: Option<u32>| Grant { course: id(course), section: section.map(id) };
        let ana = RoleAssignment {
            role: Role::Instructor,
            grants: vec![grant(1, Some(11)), grant(1, Some(99)), grant(2, None)],
        };
        let ben = RoleAssignment { role: Role::Analyst, grants: Vec::new() };
        assert_eq!(roster.0, BTreeMap::from([("ana@x.org".into(), ana), ("ben@x.org".into(), ben)]));
        assert_eq!(read("role;email\nanalyst;ben@x.org").unwrap().0.len(), 1);
    }

    #[test]
    fn every_broken_line_is_told_and_nothing_is_taken() {
        let text = "email,role,course,section\n\
            nobody,analyst,,\n\
            a@x.org,teacher,,\n\
            a@x.org,instructor,,\n\
            a@x.org,instructor,TWICE,\n\
            a@x.org,instructor,NONE,\n\
            a@x.org,instructor,BIO 101,009\n\
            a@x.org,instructor,BIO 101,002\n\
            a@x.org,analyst,BIO 101,\n\
            a@x.org,analyst\n\
            good@x.org,analyst,,\n\
            good@x.org,administrator,,\n\
            boss@x.org,analyst,,\n";
        let problem = read(text).unwrap_err();
        assert_eq!((problem.code, problem.status), (Code::BadTable, 400));
        let lines: Vec<u32> = problem.lines.unwrap().0.iter().map(|line| line.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]);
        assert!(problem.detail.starts_with("Nothing was changed. Line 2: "), "{}", problem.detail);
        for header in
            ["", "email\na@x.org", "email,role,curse\n", "email,email,role\n", "a@x.org,analyst,,\n"]
        {
            assert_eq!(read(header).unwrap_err().lines.unwrap().0[0].line, 1, "{header}");
        }
        assert_eq!(read("email,role\n").unwrap_err().code, Code::BadTable);
    }

    #[test]
    fn a_role_is_given_with_courses_that_fit_it() {
        let grant = |course: String| Grant { course: course.into(), section: None };
        let grants = [grant(uuid(1).to_uppercase()), grant(uuid(1))];
        assert_eq!(parse_role_assignment(Role::Instructor, &grants).unwrap().grants, [grant(uuid(1))]);
        assert!(parse_role_assignment(Role::Analyst, &[]).is_ok());
        let (good, bad) = (grant(uuid(1)), grant("BIO 101".into()));
        for (role, grants) in
            [(Role::Instructor, vec![]), (Role::Analyst, vec![good]), (Role::Instructor, vec![bad])]
        {
            assert_eq!(parse_role_assignment(role, &grants).unwrap_err().code, Code::BadGrant);
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader_and_what_is_read_is_sound(
            rows in prop::collection::vec(
                ("[ab]@x\\.org|\\PC{0,12}", "instructor|analyst|\\PC{0,6}", "BIO 101|TWICE|\\PC{0,8}|", "001|\\PC{0,4}|"), 0..8),
            raw in "\\PC{0,80}",
        ) {
            let _ = read(&raw);
            let text: String = rows.iter().map(|(a, b, c, d)| format!("{a},{b},{c},{d}\n")).collect();
            if let Ok(RoleUpload(people)) = read(&format!("email,role,course,section\n{text}")) {
                for (email, standing) in people {
                    prop_assert_eq!(Email::parse(email.as_str()), Some(email));
                    prop_assert_eq!(parse_role_assignment(standing.role, &standing.grants).unwrap(), standing);
                }
            }
        }

        #[test]
        fn what_is_applied_changes_nothing_a_second_time(
            had in prop::collection::btree_map("[a-d]@x\\.org".prop_map(Email::from), 1u32..4, 0..4),
            given in prop::collection::btree_map("[a-d]@x\\.org".prop_map(Email::from), 1u32..4, 1..4),
        ) {
            let standing = |n: u32| RoleAssignment { role: Role::Instructor, grants: vec![Grant { course: id(n), section: None }] };
            let person = |email: &Email, n: u32| Person {
                id: email.to_string(), email: email.clone(), role: Role::Instructor, grants: standing(n).grants, fixed: false, changed: None,
            };
            let mut people: BTreeMap<Email, Person> =
                had.iter().map(|(email, n)| (email.clone(), person(email, *n))).collect();
            let roster = RoleUpload(given.iter().map(|(email, n)| (email.clone(), standing(*n))).collect());
            let upload = roster.compare(&people, Email::to_string, Timestamp(7));
            prop_assert_eq!(upload.added.len() + upload.changed.len() + upload.unchanged as usize, given.len());
            let after = upload.added.into_iter().chain(upload.changed.into_iter().map(|change| change.after));
            people.extend(after.map(|person| (person.email.clone(), person)));
            let again = roster.compare(&people, Email::to_string, Timestamp(8));
            prop_assert!(again.added.is_empty() && again.changed.is_empty());
            for (email, n) in &had {
                if !given.contains_key(email) {
                    prop_assert_eq!(&people[email], &person(email, *n), "whom it does not name stays");
                }
            }
        }
    }
}
