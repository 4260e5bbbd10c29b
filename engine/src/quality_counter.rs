//! Counts what is unusual in the rows of files while they are split: [`FileFindings`]. Finds users that cannot be one person
//! ([`SimultaneousViews`]).

use crate::row_time::{self, DayCache};
use crate::shared_account::PersonFields;
use crate::simultaneous_views::SimultaneousViews;
use domain::column;
use domain::data_quality::FileFindings;
use domain::ids::{UserId, normalize_id};
use domain::institution_role::InstitutionRole;
use domain::report::KnownReport;
use domain::shared_accounts::MAX_FOUND_IN_WINDOW;
use std::collections::{BTreeSet, HashMap};

/// The most people whose roles and addresses are compared: those of the largest institutions, in a few MB. Further ones are
/// not counted.
const MAX_PEOPLE: usize = 50_000;

/// Entries of the cache of recent people, a power of two. Rows are in the order of time, so the next row is most likely of
/// somebody who was active a moment ago.
const CACHE_ENTRIES: usize = 1 << 12;

/// The longest name of a column that is kept, in characters, and the most names.
const MAX_NAME_CHARS: usize = 60;
const MAX_NAMES: usize = 50;

/// What is known of a person.
#[derive(Debug, Default, Clone, Copy)]
struct PersonFacts {
    /// The bit of each role, by its place in [`InstitutionRole::ALL`].
    roles: u8,
    /// The number of the first address, counted from 1; 0 without one.
    address: u32,
    has_several_addresses: bool,
}

/// Whose address it is: a user's number; `None` if it is of several.
type AddressOwner = Option<u32>;

/// The raw cells of the person that was last seen in one place of the cache, and what is known of it.
#[derive(Debug, Default, Clone)]
struct CachedPerson {
    /// User id, role, first name and address, concatenated.
    cells: Vec<u8>,
    lengths: [usize; 4],
    person: ComparedPerson,
}

/// What is known of the person of a row.
#[derive(Debug, Default, Clone, Copy)]
struct ComparedPerson {
    is_shared_account: bool,
    /// The number of the user; `None` if it is not compared.
    number: Option<u32>,
}

impl CachedPerson {
    fn has_cells(&self, cells: [&[u8]; 4]) -> bool {
        let mut rest = self.cells.as_slice();
        self.lengths == cells.map(<[u8]>::len)
            && cells.iter().all(|cell| rest.split_off(..cell.len()).is_some_and(|cached| cached == *cell))
    }
}

/// Counts the rows of one window's files.
#[derive(Debug, Default)]
pub(crate) struct QualityCounter {
    findings: FileFindings,
    /// Whose a row is: `qanda` has the asker and the one who answers.
    people_fields: Vec<PersonFields>,
    time: Option<usize>,
    /// The column of the video, in the report whose rows are half minutes of one.
    video: Option<usize>,
    /// The number and the facts of each user, by id in its normal form.
    people: HashMap<Box<[u8]>, (u32, PersonFacts)>,
    /// By address in lower case, its number and owner.
    addresses: HashMap<Box<[u8]>, (u32, AddressOwner)>,
    cache: Vec<CachedPerson>,
    day_cache: DayCache,
    simultaneous_views: SimultaneousViews,
}

impl QualityCounter {
    /// Finds the columns that are counted, and compares them with those of the reference. Nothing is expected of a report
    /// that the reference does not describe.
    pub(crate) fn new(columns: &[String], report: Option<KnownReport>) -> Self {
        let mut findings = FileFindings::default();
        if let Some(report) = report.map(KnownReport::descriptor) {
            let is_known =
                |name: &&String| column::position(report.columns, name).is_some() || column::is_email(name);
            let unknown = columns.iter().filter(|name| !is_known(name)).take(MAX_NAMES);
            findings.unknown_columns = unknown.map(|name| shorten(name)).collect();
            let has_email = columns.iter().any(|name| column::is_email(name));
            let is_missing = |name: &&&str| match column::is_email(name) {
                true => !has_email,
                false => column::position(columns, name).is_none(),
            };
            findings.missing_columns =
                report.columns.iter().filter(is_missing).map(|name| (*name).to_owned()).collect();
        }
        let time = report.and_then(|report| report.descriptor().time);
        Self {
            findings,
            people_fields: PersonFields::find(columns),
            time: time.and_then(|time| column::position(columns, time)),
            video: report
                .filter(|report| *report == KnownReport::VideoView)
                .and_then(|_| column::position(columns, "VideoId")),
            cache: vec![CachedPerson::default(); CACHE_ENTRIES],
            ..Self::default()
        }
    }

    pub(crate) fn count_repeated_header(&mut self) {
        self.findings.repeated_headers += 1;
    }

    pub(crate) fn count_rewritten_row(&mut self) {
        self.findings.rewritten_rows += 1;
    }

    /// Counts a row. `cell` returns the cell at an index.
    pub(crate) fn count_row<'a>(&mut self, cell: impl Fn(usize) -> &'a [u8]) {
        self.findings.rows += 1;
        let seconds = self.time.and_then(|time| self.parse_time(cell(time)));
        self.findings.rows_without_time += u64::from(self.time.is_some() && seconds.is_none());
        let fields = std::mem::take(&mut self.people_fields);
        let mut has_shared_account = false;
        for person in &fields {
            let ComparedPerson { is_shared_account, number } = self.count_person(person, &cell);
            has_shared_account |= is_shared_account;
            let video = self.video.map(&cell).filter(|video| !video.is_empty());
            if let (Some(user), Some(seconds), Some(video)) = (number, seconds, video) {
                self.simultaneous_views.add(user, seconds, video);
            }
        }
        self.people_fields = fields;
        self.findings.rows_of_shared_accounts += u64::from(has_shared_account);
    }

    fn parse_time(&mut self, field: &[u8]) -> Option<u32> {
        let common = field.try_into().ok().and_then(|field| self.day_cache.parse_seconds(field));
        common.or_else(|| row_time::parse_seconds(field))
    }

    /// Compares the person of a row with what is known of them.
    fn count_person<'a>(
        &mut self,
        person: &PersonFields,
        cell: impl Fn(usize) -> &'a [u8],
    ) -> ComparedPerson {
        let [first_name, _] = person.names();
        let cells =
            [Some(person.user), person.role, first_name, person.email].map(|at| at.map_or(&[][..], &cell));
        let [user, role, _, address] = cells;
        let place = cache_place(user);
        if let Some(cached) = self.cache.get(place)
            && cached.has_cells(cells)
        {
            return cached.person;
        }
        let is_shared_account = person.has_shared_name(&cell);
        let is_compared = !is_shared_account && !user.is_empty();
        let number = if is_compared { self.compare_person(user, role, address) } else { None };
        let person = ComparedPerson { is_shared_account, number };
        if let Some(cached) = self.cache.get_mut(place) {
            *cached = CachedPerson { cells: cells.concat(), lengths: cells.map(<[u8]>::len), person };
        }
        person
    }

    /// Adds a role and an address to the facts about a user, and returns the user's number; `None` if there are too many.
    fn compare_person(&mut self, user: &[u8], role: &[u8], address: &[u8]) -> Option<u32> {
        let user = normalize_id(user);
        if self.people.len() >= MAX_PEOPLE && !self.people.contains_key(&*user) {
            return None;
        }
        let next = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        let (number, facts) = self.people.entry((*user).into()).or_insert((next, PersonFacts::default()));
        let number = *number;
        let role = InstitutionRole::from_text(&String::from_utf8_lossy(role));
        let place = InstitutionRole::ALL.iter().position(|it| *it == role).unwrap_or(0);
        facts.roles |= 1 << place;
        let address = String::from_utf8_lossy(address).trim().to_lowercase();
        let is_new = !self.addresses.contains_key(address.as_bytes());
        if address.is_empty() || (is_new && self.addresses.len() >= MAX_PEOPLE) {
            return Some(number);
        }
        let next = u32::try_from(self.addresses.len()).unwrap_or(u32::MAX).saturating_add(1);
        let (address_number, owner) =
            self.addresses.entry(address.into_bytes().into()).or_insert((next, Some(number)));
        if *owner != Some(number) {
            *owner = None;
        }
        match facts.address {
            0 => facts.address = *address_number,
            first => facts.has_several_addresses |= first != *address_number,
        }
        Some(number)
    }

    /// The findings, with the cells of each column that had null markers, and the users that cannot be one person.
    pub(crate) fn finish(
        self,
        null_markers: impl Iterator<Item = (String, u64)>,
    ) -> (FileFindings, BTreeSet<UserId>) {
        let mut findings = self.findings;
        let found: BTreeSet<u32> = self.simultaneous_views.finish().take(MAX_FOUND_IN_WINDOW).collect();
        let shared_accounts = self.people.iter().filter(|(_, (number, _))| found.contains(number));
        let shared_accounts =
            shared_accounts.map(|(id, _)| String::from_utf8_lossy(id).into_owned().into()).collect();
        let null_markers = null_markers.filter(|(_, cells)| *cells > 0).take(MAX_NAMES);
        findings.null_markers = null_markers.map(|(name, cells)| (shorten(&name), cells)).collect();
        findings.people = self.people.len() as u64;
        for (_, facts) in self.people.values() {
            // A row without a role says nothing about it.
            let roles = InstitutionRole::ALL.iter().enumerate().filter(|(place, role)| {
                **role != InstitutionRole::Unnamed && facts.roles & (1 << place) != 0
            });
            let mut roles: Vec<&str> = roles.map(|(_, role)| role.slug()).collect();
            if roles.len() > 1 {
                roles.sort_unstable();
                *findings.people_with_several_roles.entry(roles.join(", ")).or_default() += 1;
            }
            findings.people_with_several_addresses += u64::from(facts.has_several_addresses);
        }
        findings.addresses_of_several_people =
            self.addresses.values().filter(|(_, owner)| owner.is_none()).count() as u64;
        (findings, shared_accounts)
    }
}

fn shorten(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARS).collect()
}

/// Where a user is in the cache, by the last bytes of the id, which are random in a UUID.
fn cache_place(user: &[u8]) -> usize {
    let start = user.len().saturating_sub(8);
    let hash = user
        .get(start..)
        .unwrap_or_default()
        .iter()
        .fold(0_u32, |hash, byte| (hash.rotate_left(5) ^ u32::from(*byte)).wrapping_mul(0x9E37_79B1));
    (hash >> 20) as usize & (CACHE_ENTRIES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Splitter;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    const HEADER: &str = "PresentationID,PresentationName,sectionId,sectionNumber,courseId,courseIdentifier,courseName,\
        event_timestamp,userid,firstname,lastname,email,role";

    fn findings(header: &str, rows: &str) -> FileFindings {
        let mut splitter = Splitter::new(Some(KnownReport::Confused));
        splitter.push(format!("{header}\n{rows}").as_bytes(), &mut |_| {}).unwrap();
        splitter.end_file(&mut |_| {}).unwrap();
        splitter.finish(&mut |_| {}).unwrap().quality
    }

    fn row(time: &str, user: &str, first: &str, email: &str, role: &str) -> String {
        format!("p,Deck,s,1,c,BIO,Cells,{time},{user},{first},Lee,{email},{role}\n")
    }

    #[test]
    fn an_ordinary_file_is_clean() {
        let rows = row("2026-02-02 10:00:00", "u1", "Ana", "a@x", "Student");
        let findings = findings(HEADER, &rows.repeat(3));
        assert!(findings.is_clean(), "{findings:?}");
        assert_eq!((findings.rows, findings.people), (3, 1));
    }

    #[test]
    fn everything_unusual_is_counted() {
        let time = "2026-02-02 10:00:00";
        let header = HEADER.replace("lastname", "Mood");
        let rows = [
            row(time, "u1", "Ana", "a@x", "Student"),
            row(time, "{U1}", "Ana", "A@X", "Instructor"),
            row(time, "u1", "Ana", "other@x", ""),
            row(time, "u2", "NULL", "a@x", "null"),
            row("soon", "", "", "-", ""),
            format!("{header}\n"),
            row(time, "u3", "Anon-4f2a", "anonymous@x", "Student"),
            row(time, "u4", "Bo \"the\" Lee", "b@x", "Student"),
        ];
        let expected = FileFindings {
            rows: 7,
            unknown_columns: ["Mood".to_owned()].into(),
            missing_columns: ["lastname".to_owned()].into(),
            null_markers: [("firstname", 1), ("email", 1), ("role", 1)]
                .map(|(name, n)| (name.to_owned(), n))
                .into(),
            repeated_headers: 1,
            rewritten_rows: 1,
            rows_without_time: 1,
            rows_of_shared_accounts: 1,
            people: 3,
            people_with_several_roles: [("instructor, student".to_owned(), 1)].into(),
            people_with_several_addresses: 1,
            addresses_of_several_people: 1,
        };
        assert_eq!(findings(&header, &rows.concat()), expected);
    }

    #[test]
    fn both_people_of_a_question_are_compared() {
        let header = KnownReport::QAndA.descriptor().columns;
        let row = |asker: (&str, &str), answerer: (&str, &str)| {
            let cell = |name: &&str| match *name {
                "question_userid" => asker.0,
                "question_role" => asker.1,
                "answer_userid" => answerer.0,
                "answer_role" => answerer.1,
                "event_timestamp" => "2026-02-02 10:00:00",
                _ => "x",
            };
            header.iter().map(cell).collect::<Vec<_>>().join(",")
        };
        let rows = [row(("u1", "Student"), ("u2", "Instructor")), row(("u2", "Student"), ("u1", "Student"))];
        let mut splitter = Splitter::new(Some(KnownReport::QAndA));
        splitter
            .push(format!("{}\n{}\n", header.join(","), rows.join("\n")).as_bytes(), &mut |_| {})
            .unwrap();
        splitter.end_file(&mut |_| {}).unwrap();
        let found = splitter.finish(&mut |_| {}).unwrap().quality;
        assert_eq!((found.people, found.people_with_several_roles["instructor, student"]), (2, 1));
    }

    #[test]
    fn users_with_three_videos_in_a_half_minute_are_found_in_rows_of_several_files() {
        let header = KnownReport::VideoView.descriptor().columns;
        let row = |user: &str, first: &str, seconds: u32, video: &str| {
            let time = format!("2026-02-02 10:00:{seconds:02}");
            let cell = |name: &&str| match *name {
                "userid" => user.to_owned(),
                "firstname" => first.to_owned(),
                "event_timestamp" => time.clone(),
                "VideoId" => video.to_owned(),
                _ => "x".to_owned(),
            };
            header.iter().map(cell).collect::<Vec<_>>().join(",") + "\n"
        };
        let files = [
            row("u1", "Ana", 1, "v1") + &row("{U2}", "Bo", 1, "v1") + &row("u3", "Cy", 1, "v1"),
            row("u2", "Bo", 29, "{V2}") + &row("u1", "Ana", 9, "V1") + &row("u3", "Cy", 29, "v2"),
            row("U2", "Bo", 2, "v3") + &row("u1", "Ana", 9, "v2") + &row("u3", "Cy", 30, "v3"),
            ["v1", "v2", "v3"].map(|video| row("u4", "Anon-4f2a", 3, video)).concat(),
        ];
        let mut splitter = Splitter::new(Some(KnownReport::VideoView));
        for file in files {
            splitter.push(format!("{}\n{file}", header.join(",")).as_bytes(), &mut |_| {}).unwrap();
            splitter.end_file(&mut |_| {}).unwrap();
        }
        let summary = splitter.finish(&mut |_| {}).unwrap();
        assert_eq!(summary.shared_accounts, ["u2".into()].into(), "the fourth is known by its name");
    }

    proptest! {
        #[test]
        fn people_are_compared_whatever_the_order_of_their_rows(
            rows in prop::collection::vec((0u8..6, 0u8..4, 0u8..5), 0..60),
        ) {
            const ROLES: [&str; 4] = ["Student", "Instructor", "Teaching Assistant", ""];
            let (mut roles, mut addresses) = (BTreeMap::new(), BTreeMap::new());
            let mut owners: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
            let mut csv = String::new();
            for (user, role, address) in rows {
                let email = if address == 0 { String::new() } else { format!("a{address}@x") };
                csv.push_str(&row("2026-02-02", &format!("u{user}"), "Ana", &email, ROLES[usize::from(role)]));
                roles.entry(user).or_insert_with(BTreeSet::new).extend((role < 3).then_some(role));
                let own: &mut BTreeSet<u8> = addresses.entry(user).or_default();
                if address > 0 {
                    own.insert(address);
                    owners.entry(address).or_default().insert(user);
                }
            }
            let found = findings(HEADER, &csv);
            prop_assert_eq!(found.people, roles.len() as u64);
            let expected = roles.values().filter(|roles| roles.len() > 1).count() as u64;
            prop_assert_eq!(found.people_with_several_roles.values().sum::<u64>(), expected);
            let expected = addresses.values().filter(|own| own.len() > 1).count() as u64;
            prop_assert_eq!(found.people_with_several_addresses, expected);
            let expected = owners.values().filter(|owners| owners.len() > 1).count() as u64;
            prop_assert_eq!(found.addresses_of_several_people, expected);
        }
    }
}
