//! Parses an upload of roles (CSV), as a whole or not at all, and compares it with the current roles.
//!
//! Everybody whom an upload names has exactly the role and grants of its rows afterwards. Nobody else
//! changes, since a list of one department's instructors must not remove everybody else's role. Roles are
//! removed one by one.

use crate::api::{Courses, Person, PersonChange, RoleUploadResult};
use crate::ids::{CourseId, Email, SectionId, normalize_text};
use crate::problem::{Code, LineError, LineErrors, Problem};
use crate::role::{Grant, Role, RoleAssignment};
use crate::section_number::{list_alternatives, section_label, suggest_numbers};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The maximum size of an upload in bytes, enough for some 10,000 rows.
pub const MAX_UPLOAD_BYTES: usize = 1 << 20;

/// The maximum number of grants of one person.
pub const MAX_GRANTS: usize = 500;

/// The maximum number of lines that a `bad-table` problem lists.
const MAX_LINE_ERRORS: usize = 100;

const NOT_A_UUID: &str = "Courses and sections must be UUIDs, as /api/courses lists them.";

const TOO_MANY_GRANTS: &str = "A person can have at most 500 courses and sections.";

/// The columns. The header may have them in any order; `course` and `section` are optional.
const COLUMNS: [&str; 4] = ["email", "role", "course", "section"];

/// A parsed upload: the role and grants that each person, by e-mail address, will have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleUpload(pub BTreeMap<Email, RoleAssignment>);

/// Validates a role and its grants as a person entered them. Returns the grants sorted, without duplicates.
///
/// # Errors
/// `bad-grant`.
pub fn parse_role_assignment(role: Role, grants: &[Grant]) -> Result<RoleAssignment, Problem> {
    let bad_grant = |detail: &str| Problem::new(Code::BadGrant, detail);
    if !grants.iter().all(Grant::is_well_formed) {
        return Err(bad_grant(NOT_A_UUID));
    }
    let normalized: BTreeSet<&Grant> = grants.iter().collect();
    if normalized.len() > MAX_GRANTS {
        return Err(bad_grant(TOO_MANY_GRANTS));
    }
    match (role, normalized.is_empty()) {
        (Role::Instructor, true) => Err(bad_grant("An instructor needs at least one course.")),
        (Role::Administrator | Role::Analyst, false) => {
            Err(bad_grant("Administrators and analysts see all courses: leave the courses out."))
        }
        _ => Ok(RoleAssignment { role, grants: normalized.into_iter().cloned().collect() }),
    }
}

impl RoleUpload {
    /// Parses `email,role,course,section`, with courses by code or UUID, and sections by number, by number and term as in
    /// `001 (Autumn 2026)`, or by UUID.
    /// `fixed` are the addresses in `LECTERN_ADMINS`.
    ///
    /// # Errors
    /// `bad-table` with every invalid line, up to a hundred.
    pub fn parse(text: &str, courses: &Courses, fixed: &BTreeSet<Email>) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        // Spreadsheets write semicolons in locales with a decimal comma.
        let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let header = records.next().and_then(Result::ok).unwrap_or_default();
        let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let distinct: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let is_known = distinct.len() == names.len() && distinct.iter().all(|name| COLUMNS.contains(name));
        if !is_known || !distinct.contains("email") || !distinct.contains("role") {
            let detail =
                "The first line must be the header: email,role,course,section in any order.".to_owned();
            return Err(bad_table(vec![LineError { line: 1, detail }]));
        }
        let mut parser =
            UploadParser { courses: CourseIndex::from_courses(courses), fixed, people: BTreeMap::new() };
        let mut errors = Vec::new();
        for record in records {
            let line = |position: Option<&csv::Position>| {
                position.map_or(0, |at| u32::try_from(at.line()).unwrap_or(u32::MAX))
            };
            let result = match &record {
                Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => Ok(()),
                Ok(record) if record.len() != names.len() => {
                    Err(format!("This line has {} cells, the header has {}.", record.len(), names.len()))
                }
                Ok(record) => {
                    let cell = |name: &str| {
                        let index = names.iter().position(|column| column == name);
                        index.and_then(|index| record.get(index)).unwrap_or_default().trim()
                    };
                    parser.parse_row(COLUMNS.map(cell))
                }
                Err(_) => Err("This line is not valid CSV.".to_owned()),
            };
            if let Err(detail) = result {
                let line = match &record {
                    Ok(record) => line(record.position()),
                    Err(error) => line(error.position()),
                };
                errors.push(LineError { line, detail });
            }
        }
        if !errors.is_empty() {
            return Err(bad_table(errors));
        }
        if parser.people.is_empty() {
            return Err(bad_table(vec![LineError {
                line: 2,
                detail: "The upload names nobody: add a line for each person.".to_owned(),
            }]));
        }
        let assignment = |(role, grants): (Role, BTreeSet<Grant>)| RoleAssignment {
            role,
            grants: grants.into_iter().collect(),
        };
        Ok(Self(parser.people.into_iter().map(|(email, row)| (email, assignment(row))).collect()))
    }

    /// Compares the upload with the `current` people by e-mail address. `person_id` makes a person's id, and
    /// `now` is the time of the change. The caller sets the digest.
    #[must_use]
    pub fn compare(
        &self,
        current: &BTreeMap<Email, Person>,
        person_id: impl Fn(&Email) -> String,
        now: Timestamp,
    ) -> RoleUploadResult {
        let mut result = RoleUploadResult::default();
        for (email, RoleAssignment { role, grants }) in &self.0 {
            let after = Person {
                id: person_id(email),
                email: email.clone(),
                role: *role,
                grants: grants.clone(),
                fixed: false,
                changed: Some(now),
            };
            match current.get(email) {
                None => result.added.push(after),
                Some(before) if before.role == *role && before.grants == *grants => result.unchanged += 1,
                Some(before) => result.changed.push(PersonChange { before: before.clone(), after }),
            }
        }
        result
    }
}

fn bad_table(errors: Vec<LineError>) -> Problem {
    let first =
        errors.first().map_or_else(String::new, |error| format!("Line {}: {}", error.line, error.detail));
    let more = match errors.len() {
        0 | 1 => String::new(),
        count => format!(" And {} more.", count - 1),
    };
    let listed = errors.into_iter().take(MAX_LINE_ERRORS).collect();
    let detail = format!("Nothing was changed. {first}{more}");
    Problem { lines: Some(Box::new(LineErrors(listed))), ..Problem::new(Code::BadTable, detail) }
}

/// Parses the rows of an upload one by one.
struct UploadParser<'a> {
    courses: CourseIndex,
    fixed: &'a BTreeSet<Email>,
    /// The role and grants of each person in the rows parsed so far, by e-mail address.
    people: BTreeMap<Email, (Role, BTreeSet<Grant>)>,
}

impl UploadParser<'_> {
    /// Parses a row. The error is a sentence for people that repeats no cell.
    fn parse_row(&mut self, [email, role, course, section]: [&str; 4]) -> Result<(), String> {
        let email = Email::parse(email).ok_or("This is not a valid e-mail address.")?;
        if self.fixed.contains(&email) {
            return Err("LECTERN_ADMINS makes this person an administrator: remove the line.".to_owned());
        }
        let role = Role::parse(&role.to_ascii_lowercase())
            .ok_or("The role must be administrator, analyst or instructor.")?;
        let grant = match (role, course, section) {
            (Role::Instructor, "", _) => return Err("An instructor needs a course.".to_owned()),
            (Role::Instructor, course, section) => Some(self.courses.find_grant(course, section)?),
            (_, "", "") => None,
            _ => {
                return Err(
                    "Administrators and analysts see all courses: leave course and section empty.".to_owned()
                );
            }
        };
        let (earlier_role, grants) = match self.people.entry(email) {
            Entry::Occupied(person) => person.into_mut(),
            Entry::Vacant(person) => person.insert((role, BTreeSet::new())),
        };
        if *earlier_role != role {
            return Err("An earlier line gives this person another role: keep one of them.".to_owned());
        }
        grants.extend(grant);
        if grants.len() > MAX_GRANTS {
            return Err(TOO_MANY_GRANTS.to_owned());
        }
        Ok(())
    }
}

/// Finds the UUIDs of courses and sections.
struct CourseIndex {
    /// Course ids by code, in lower case.
    codes: BTreeMap<String, Vec<CourseId>>,
    /// Sections by course id and number. Numbers are in the normal form of [`normalize_text`], as in slices, so
    /// that an upload finds the sections whose rows the instructor will see.
    sections: BTreeMap<CourseId, BTreeMap<String, Vec<NumberedSection>>>,
}

/// A section with a number.
struct NumberedSection {
    id: SectionId,
    /// The number, as Echo360 writes it.
    number: String,
    /// The index of its term among all terms, which are in the order of time; `None` if it is unknown.
    term: Option<usize>,
    /// `001 (Autumn 2026)`; `None` if its term is unknown.
    label: Option<String>,
}

impl CourseIndex {
    fn from_courses(courses: &Courses) -> Self {
        let mut index = Self { codes: BTreeMap::new(), sections: BTreeMap::new() };
        for course in &courses.courses {
            index.codes.entry(course.code.trim().to_lowercase()).or_default().push(course.id.clone());
            let sections = index.sections.entry(course.id.clone()).or_default();
            for section in &course.sections {
                let term = courses.terms.iter().position(|term| section.term.as_ref() == Some(&term.id));
                let label = courses.term_of(section).map(|term| section_label(&section.number, &term.name));
                let numbered = NumberedSection {
                    id: section.id.clone(),
                    number: section.number.trim().to_owned(),
                    term,
                    label,
                };
                sections.entry(normalize_text(&section.number).into_owned()).or_default().push(numbered);
            }
        }
        index
    }

    /// Finds a course by code or UUID, and a section by number or UUID; no section if the text is empty.
    /// UUIDs are not looked up, since a course may be newer than Echo360's lists, or the lists may be
    /// unreadable.
    fn find_grant(&self, course: &str, section: &str) -> Result<Grant, String> {
        let course = match CourseId::parse(course) {
            Some(id) => id,
            None => match self.codes.get(&course.to_lowercase()).map(Vec::as_slice) {
                Some([id]) => id.clone(),
                Some(_) => return Err("Several courses have this code: use the course's UUID.".to_owned()),
                None => {
                    return Err("No course has this code: correct it, or use the course's UUID.".to_owned());
                }
            },
        };
        let section = match (section, SectionId::parse(section)) {
            ("", _) => None,
            (_, Some(id)) => Some(id),
            (number, None) => Some(self.find_section(&course, &normalize_text(number))?),
        };
        Ok(Grant { course, section })
    }

    /// Finds the section with this number, or with this number and term.
    fn find_section(&self, course: &CourseId, number: &str) -> Result<SectionId, String> {
        let numbers = self.sections.get(course);
        let with_number =
            numbers.and_then(|numbers| numbers.get(number)).map(Vec::as_slice).unwrap_or_default();
        if let [section] = with_number {
            return Ok(section.id.clone());
        }
        let all = || numbers.into_iter().flat_map(BTreeMap::values).flatten();
        let has_label = |section: &&NumberedSection| {
            section.label.as_ref().is_some_and(|label| normalize_text(label) == number)
        };
        let labeled: Vec<&NumberedSection> = all().filter(has_label).collect();
        if let [section] = labeled.as_slice() {
            return Ok(section.id.clone());
        }
        if with_number.is_empty() && labeled.is_empty() {
            let suggested = suggest_numbers(number, all().map(|section| section.number.as_str()));
            return Err(match suggested.is_empty() {
                true => "No section of the course has this number: correct it, or use the section's UUID."
                    .to_owned(),
                false => format!(
                    "No section of the course has this number. Did you mean {}?",
                    list_alternatives(suggested)
                ),
            });
        }
        let labels: BTreeSet<&str> =
            with_number.iter().filter_map(|section| section.label.as_deref()).collect();
        let newest = with_number.iter().max_by_key(|section| section.term);
        let newest = newest.filter(|_| labels.len() == with_number.len()).and_then(|it| it.label.as_deref());
        Err(match newest {
            Some(label) => format!(
                "Several sections of the course have this number: add the term, as in {label}, or use the section's UUID."
            ),
            None => "Several sections of the course have this number: use the section's UUID.".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Course, Section};
    use crate::calendar::Breaks;
    use crate::directory::Term;
    use proptest::prelude::*;

    fn uuid(n: u32) -> String {
        format!("{n:08x}-0000-4000-8000-00000000000a")
    }

    fn id<T: From<String>>(n: u32) -> T {
        uuid(n).into()
    }

    fn courses() -> Courses {
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

    fn parse(text: &str) -> Result<RoleUpload, Problem> {
        RoleUpload::parse(text, &courses(), &BTreeSet::from(["boss@x.org".into()]))
    }

    #[test]
    fn an_upload_is_parsed_into_one_assignment_per_person() {
        let text = format!(
            "\u{feff}Email , role,course,section\r\n Ana@X.org,Instructor,bio 101,001\r\nana@x.org,instructor,{},\n\n\
             ben@x.org,analyst,,\nana@x.org,instructor,BIO 101,{}\n",
            uuid(2).to_uppercase(),
            uuid(99)
        );
        let upload = parse(&text).unwrap();
        let grant = |course, section: Option<u32>| Grant { course: id(course), section: section.map(id) };
        let ana = RoleAssignment {
            role: Role::Instructor,
            grants: vec![grant(1, Some(11)), grant(1, Some(99)), grant(2, None)],
        };
        let ben = RoleAssignment { role: Role::Analyst, grants: Vec::new() };
        assert_eq!(upload.0, BTreeMap::from([("ana@x.org".into(), ana), ("ben@x.org".into(), ben)]));
        assert_eq!(parse("role;email\nanalyst;ben@x.org").unwrap().0.len(), 1);
    }

    #[test]
    fn section_numbers_are_compared_as_in_slices() {
        let section = |n: u32, number: &str| Section { id: id(n), number: number.into(), term: None };
        let sections = vec![section(11, " {a1} "), section(12, "\u{c9}"), section(13, "\u{e9}")];
        let course = Course { id: id(1), code: "BIO 101".into(), name: String::new(), sections };
        let courses = Courses { courses: vec![course], terms: Vec::new() };
        for (number, section) in [("A1", 11), ("{A1}", 11), ("\u{c9}", 12), ("\u{e9}", 13)] {
            let text = format!("email,role,course,section\na@x.org,instructor,BIO 101,{number}\n");
            let RoleUpload(people) = RoleUpload::parse(&text, &courses, &BTreeSet::new()).unwrap();
            let grant = Grant { course: id(1), section: Some(id(section)) };
            assert_eq!(people[&Email::from("a@x.org")].grants, [grant], "{number}");
        }
    }

    fn find_section(number: &str) -> Result<Option<SectionId>, String> {
        let section = |n: u32, number: &str, term: &str| Section {
            id: id(n),
            number: number.into(),
            term: Some(term.into()),
        };
        let term = |id: &str, name: &str, from: &str, to: &str| Term {
            id: id.into(),
            name: name.into(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            breaks: Breaks::default(),
        };
        let sections = vec![
            section(11, "001", "t1"),
            section(12, "001", "t2"),
            section(13, "002", "t2"),
            section(14, "1-3", "t2"),
            section(15, "L01", "t2"),
            section(16, "009", "t3"),
            section(17, "009", "unknown"),
            section(18, "010", "t2"),
            section(19, "010", "t2"),
        ];
        let course = Course { id: id(1), code: "BIO 101".into(), name: String::new(), sections };
        let terms = vec![
            term("t1", "Spring 2026", "2026-01-05", "2026-05-03"),
            term("t2", "Autumn 2026", "2026-09-01", "2026-12-20"),
        ];
        let text = format!("email,role,course,section\na@x.org,instructor,BIO 101,{number}\n");
        RoleUpload::parse(&text, &Courses { courses: vec![course], terms }, &BTreeSet::new())
            .map(|RoleUpload(people)| people.into_values().next().unwrap().grants[0].section.clone())
            .map_err(|problem| problem.lines.unwrap().0[0].detail.clone())
    }

    #[test]
    fn a_section_number_of_several_terms_is_told_apart_by_its_term() {
        let error = find_section("001").unwrap_err();
        assert!(
            error.contains("add the term, as in 001 (Autumn 2026), or use the section's UUID"),
            "{error}"
        );
        assert_eq!(find_section("001 (spring 2026)"), Ok(Some(id(11))));
        assert_eq!(find_section("001 (Autumn 2026)"), Ok(Some(id(12))));
        for number in ["009", "010", "010 (Autumn 2026)"] {
            let error = find_section(number).unwrap_err();
            assert!(error.ends_with("have this number: use the section's UUID."), "{number}: {error}");
        }
    }

    #[test]
    fn a_number_that_a_spreadsheet_has_changed_gets_the_likely_one() {
        for (number, meant) in [
            ("1", "001"),
            ("2", "002"),
            ("02", "002"),
            ("2.0", "002"),
            ("3-Jan", "1-3"),
            ("01.03.2026", "1-3"),
            ("l1", "L01"),
        ] {
            let error = find_section(number).unwrap_err();
            assert!(error.ends_with(&format!("Did you mean {meant}?")), "{number}: {error}");
        }
        assert!(find_section("77").unwrap_err().contains("correct it"));
    }

    #[test]
    fn every_invalid_line_is_reported() {
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
        let problem = parse(text).unwrap_err();
        assert_eq!((problem.code, problem.status), (Code::BadTable, 400));
        let lines: Vec<u32> = problem.lines.unwrap().0.iter().map(|line| line.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]);
        assert!(problem.detail.starts_with("Nothing was changed. Line 2: "), "{}", problem.detail);
        for header in
            ["", "email\na@x.org", "email,role,curse\n", "email,email,role\n", "a@x.org,analyst,,\n"]
        {
            assert_eq!(parse(header).unwrap_err().lines.unwrap().0[0].line, 1, "{header}");
        }
        assert_eq!(parse("email,role\n").unwrap_err().code, Code::BadTable);
    }

    #[test]
    fn grants_must_fit_the_role() {
        let grant = |course: String| Grant { course: course.into(), section: None };
        let grants = [grant(uuid(1).to_uppercase()), grant(uuid(1))];
        assert_eq!(parse_role_assignment(Role::Instructor, &grants).unwrap().grants, [grant(uuid(1))]);
        assert!(parse_role_assignment(Role::Analyst, &[]).is_ok());
        let (good, without_uuid) = (grant(uuid(1)), grant("BIO 101".into()));
        for (role, grants) in
            [(Role::Instructor, vec![]), (Role::Analyst, vec![good]), (Role::Instructor, vec![without_uuid])]
        {
            assert_eq!(parse_role_assignment(role, &grants).unwrap_err().code, Code::BadGrant);
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_returns_valid_assignments(
            rows in prop::collection::vec(
                ("[ab]@x\\.org|\\PC{0,12}", "instructor|analyst|\\PC{0,6}", "BIO 101|TWICE|\\PC{0,8}|", "001|\\PC{0,4}|"), 0..8),
            raw in "\\PC{0,80}",
        ) {
            let _ = parse(&raw);
            let text: String = rows.iter().map(|(a, b, c, d)| format!("{a},{b},{c},{d}\n")).collect();
            if let Ok(RoleUpload(people)) = parse(&format!("email,role,course,section\n{text}")) {
                for (email, assignment) in people {
                    prop_assert_eq!(Email::parse(email.as_str()), Some(email));
                    prop_assert_eq!(parse_role_assignment(assignment.role, &assignment.grants).unwrap(), assignment);
                }
            }
        }

        #[test]
        fn an_upload_changes_nothing_a_second_time(
            current in prop::collection::btree_map("[a-d]@x\\.org".prop_map(Email::from), 1u32..4, 0..4),
            uploaded in prop::collection::btree_map("[a-d]@x\\.org".prop_map(Email::from), 1u32..4, 1..4),
        ) {
            let assignment = |n: u32| RoleAssignment { role: Role::Instructor, grants: vec![Grant { course: id(n), section: None }] };
            let person = |email: &Email, n: u32| Person {
                id: email.to_string(), email: email.clone(), role: Role::Instructor, grants: assignment(n).grants, fixed: false, changed: None,
            };
            let mut people: BTreeMap<Email, Person> =
                current.iter().map(|(email, n)| (email.clone(), person(email, *n))).collect();
            let upload = RoleUpload(uploaded.iter().map(|(email, n)| (email.clone(), assignment(*n))).collect());
            let result = upload.compare(&people, Email::to_string, Timestamp(7));
            prop_assert_eq!(result.added.len() + result.changed.len() + result.unchanged as usize, uploaded.len());
            let after = result.added.into_iter().chain(result.changed.into_iter().map(|change| change.after));
            people.extend(after.map(|person| (person.email.clone(), person)));
            let again = upload.compare(&people, Email::to_string, Timestamp(8));
            prop_assert!(again.added.is_empty() && again.changed.is_empty());
            for (email, n) in &current {
                if !uploaded.contains_key(email) {
                    prop_assert_eq!(&people[email], &person(email, *n), "a person outside the upload changed");
                }
            }
        }
    }
}
