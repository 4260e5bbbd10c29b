//! The columns of `videoview`. The page's only module that knows the CSV of this report.
//!
//! Two kinds of rows are skipped and counted in [`SkippedRows`]: *ragged* rows, whose number of fields
//! differs from the header's, because their fields cannot be assigned to columns; and *undated* rows, whose
//! time cannot be parsed, because they belong to no day. A row with text that is not UTF-8 counts;
//! [`Dictionary::text`] shows invalid bytes as U+FFFD.

use crate::decode::{Decoder, Delimiter, Record, skip_line_ends};
use crate::dictionary::{Dictionary, EMPTY};
use crate::identity::{CopyEmails, EmailIndex};
use crate::label::{Labels, PeopleLabels, TextAge, is_deleted_user, person_label, seconds_of_copy};
use crate::rollup::{QUARTER, QuarterHourRollup, RollupIndex};
use crate::row_template::{FieldSlot, RowCodes, RowTemplateCache, TIME};
use crate::row_time::{self, DayCache};
use crate::shared_account::{PersonFields, SharedAccountSet};
use domain::column;
use domain::report::KnownReport;
use domain::time::Timestamp;

/// The texts behind the codes, shared by the copies of all windows.
#[derive(Debug, Clone, Default)]
pub struct Dictionaries {
    /// `VideoId`.
    pub video: Dictionary,
    /// `courseId`.
    pub course: Dictionary,
    /// `sectionId`.
    pub section: Dictionary,
    /// `userid`; code 0 is a row without one.
    pub user: Dictionary,
    /// `role`.
    pub role: Dictionary,
    /// The texts of all labels: names, lengths, course codes and section numbers.
    pub names: Dictionary,
    /// By code of the video: its name, its length in minutes.
    pub videos: Labels,
    /// By code of the course: its course code as displayed, its name.
    pub courses: Labels,
    /// By code of the section: its number, its course code as displayed.
    pub sections: Labels,
    /// By code of the viewer: first name, last name.
    pub users: PeopleLabels,
    /// The e-mail addresses of viewers, as hashes.
    pub emails: EmailIndex,
}

impl Dictionaries {
    /// A video's name; empty if no row has one.
    #[must_use]
    pub fn video_name(&self, code: u32) -> String {
        self.names.text(self.videos.get(code)[0]).into_owned()
    }

    /// A video's length in seconds, if a row has one.
    #[must_use]
    pub fn video_seconds(&self, code: u32) -> Option<u32> {
        parse_minutes(self.names.bytes_of(self.videos.get(code)[1])).filter(|seconds| *seconds > 0)
    }

    /// A course's code as displayed.
    #[must_use]
    pub fn course_code(&self, code: u32) -> String {
        self.names.text(self.courses.get(code)[0]).into_owned()
    }

    /// A section's number, and its course's code as displayed.
    #[must_use]
    pub fn section_number(&self, code: u32) -> (String, String) {
        let [number, course] = self.sections.get(code).map(|text| self.names.text(text).into_owned());
        (number, course)
    }

    /// A person's name as it is shown, last name first: `Nuñez, Ana`; empty if there is none.
    #[must_use]
    pub fn person_name(&self, code: u32) -> String {
        let [first, last] = self.users.get(code).map(|text| self.names.text(text));
        person_label(&first, &last, &self.user.text(code))
    }

    /// Whether a person's account has been deleted at Echo360.
    #[must_use]
    pub fn is_deleted_user(&self, code: u32) -> bool {
        let [first, last] = self.users.get(code).map(|text| self.names.text(text));
        is_deleted_user(&first, &last)
    }
}

/// Rows that were left out of the columns, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SkippedRows {
    /// Rows whose number of fields differs from the header's.
    pub ragged: u64,
    /// Rows whose time could not be parsed.
    pub undated: u64,
}

impl SkippedRows {
    /// All skipped rows.
    #[must_use]
    pub fn total(self) -> u64 {
        self.ragged + self.undated
    }

    /// The sum of both counts, by reason.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { ragged: self.ragged + other.ragged, undated: self.undated + other.undated }
    }
}

/// Rows as columns: row `n` has the time `time[n]` and the rollup `rollups[rollup[n]]`, which holds the
/// values that its rows have in common. 8 bytes per row and 32 per rollup, so at most 40 bytes per row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VideoViewColumns {
    /// Seconds since 1970, UTC.
    pub time: Vec<u32>,
    /// Each row's index in `rollups`.
    pub rollup: Vec<u32>,
    /// Everything but the exact time of the rows.
    pub rollups: Vec<QuarterHourRollup>,
    /// Rows that were left out.
    pub skipped_rows: SkippedRows,
}

impl VideoViewColumns {
    /// The number of rows, without skipped ones.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.time.len()
    }

    /// The rollup that a row belongs to: everything but its exact time.
    #[must_use]
    #[inline]
    pub fn rollup_of_row(&self, row: usize) -> Option<&QuarterHourRollup> {
        self.rollups.get(*self.rollup.get(row)? as usize)
    }

    /// Reserves memory for exactly `rows` more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.time.reserve_exact(rows);
        self.rollup.reserve_exact(rows);
    }

    /// Frees unused capacity, after the last row.
    pub fn shrink_to_fit(&mut self) {
        self.time.shrink_to_fit();
        self.rollup.shrink_to_fit();
        self.rollups.shrink_to_fit();
    }
}

/// The delimiter of a copy and the position of each column in its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLayout {
    delimiter: Delimiter,
    /// Number of columns.
    width: usize,
    time: usize,
    video: usize,
    course: usize,
    section: usize,
    user: usize,
    role: Option<usize>,
    length: Option<usize>,
    video_name: Option<usize>,
    section_number: Option<usize>,
    course_code: Option<usize>,
    course_name: Option<usize>,
    first_name: Option<usize>,
    last_name: Option<usize>,
    people: Vec<PersonFields>,
}

impl ColumnLayout {
    /// Parses a header row: names in any known spelling and order; unknown columns are ignored.
    ///
    /// # Errors
    /// The name of the first required column that is missing.
    pub fn parse_header(header: &[u8]) -> Result<Self, &'static str> {
        let names = Decoder::parse_header(header);
        if let Some(missing) = KnownReport::VideoView.descriptor().missing_from(&names) {
            return Err(missing);
        }
        let optional = |name: &'static str| column::position(&names, name);
        let required = |name: &'static str| optional(name).ok_or(name);
        Ok(Self {
            delimiter: Delimiter::detect(header),
            width: names.len(),
            time: required("event_timestamp")?,
            video: required("VideoId")?,
            course: required("courseId")?,
            section: required("sectionId")?,
            user: required("userid")?,
            role: optional("role"),
            length: optional("duration_Minute"),
            video_name: optional("VideoName"),
            section_number: optional("sectionNumber"),
            course_code: optional("courseIdentifier"),
            course_name: optional("courseName"),
            first_name: optional("firstname"),
            last_name: optional("lastname"),
            people: PersonFields::find(&names),
        })
    }

    /// The delimiter between fields.
    #[must_use]
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Appends the rows of a slice; returns how many it had, skipped ones included.
    // Not inlined: callers are compiled for size, this for speed.
    #[inline(never)]
    pub fn push_slice(
        &self,
        csv: &[u8],
        rows: &mut VideoViewColumnsBuilder,
        texts: &mut Dictionaries,
    ) -> u64 {
        let mut count = 0;
        let mut rest = csv;
        while let Some(csv) = skip_line_ends(rest) {
            count += 1;
            rest = match rows.push_matching_template(csv, texts) {
                Some(length) => csv.get(length..).unwrap_or_default(),
                None => {
                    let VideoViewColumnsBuilder {
                        decoder,
                        templates,
                        rollup_index,
                        columns,
                        copy,
                        emails,
                        shared_accounts,
                        ..
                    } = rows;
                    decoder.read_record(csv, |row| {
                        let is_shared = |person: &PersonFields| {
                            person.is_shared_account(shared_accounts, |at| row.field(at))
                        };
                        let is_shared = row.width() == self.width && self.people.iter().any(is_shared);
                        let copy = (columns, *copy);
                        let user = self.push_record(row, is_shared, templates, rollup_index, copy, texts);
                        self.add_email(row, user, emails, texts);
                    })
                }
            };
        }
        count
    }

    /// Adds the e-mail address in a row of a viewer.
    fn add_email(&self, row: Record<'_>, user: u32, emails: &mut CopyEmails, texts: &mut Dictionaries) {
        let viewer = self.people.iter().find(|person| person.user() == self.user);
        if let Some(email) = viewer.and_then(PersonFields::email)
            && let Some(hash) = emails.add(user, row.field(email))
        {
            texts.emails.add(user, hash, emails);
        }
    }

    /// Appends a parsed row, without user and role if it `is_shared`, else caches its templates. Returns the code of its
    /// viewer.
    fn push_record(
        &self,
        row: Record<'_>,
        is_shared: bool,
        templates: &mut RowTemplateCache,
        rollup_index: &mut RollupIndex,
        (columns, copy): (&mut VideoViewColumns, CopyNames),
        texts: &mut Dictionaries,
    ) -> u32 {
        if row.width() != self.width {
            columns.skipped_rows.ragged += 1;
            return EMPTY;
        }
        let field = |position: usize| row.field(position).trim_ascii();
        let Some(time) = row_time::parse_seconds(field(self.time)) else {
            columns.skipped_rows.undated += 1;
            return EMPTY;
        };
        // Codes of the fields before the time, and of those after it.
        let mut codes = [RowCodes::default(); 2];
        let mut set = |slot: usize, position: Option<usize>, encode: &mut dyn FnMut(&[u8]) -> u32| {
            let part = position
                .and_then(|position| codes.get_mut(usize::from(position > self.time)).zip(Some(position)));
            if let Some((part, position)) = part
                && let Some(code) = part.get_mut(slot)
            {
                *code = encode(field(position));
            }
        };
        set(FieldSlot::VIDEO, Some(self.video), &mut |text| texts.video.id_code(text));
        set(FieldSlot::COURSE, Some(self.course), &mut |text| texts.course.id_code(text));
        set(FieldSlot::SECTION, Some(self.section), &mut |text| texts.section.id_code(text));
        if !is_shared {
            set(FieldSlot::USER, Some(self.user), &mut |text| texts.user.id_code(text));
            set(FieldSlot::ROLE, self.role, &mut |text| texts.role.code(text));
        }
        set(FieldSlot::MINUTES, self.length, &mut whole_minutes);
        for (slot, position) in [
            (FieldSlot::VIDEO_NAME, self.video_name),
            (FieldSlot::LENGTH, self.length),
            (FieldSlot::COURSE_CODE, self.course_code),
            (FieldSlot::COURSE_NAME, self.course_name),
            (FieldSlot::SECTION_NUMBER, self.section_number),
            (FieldSlot::FIRST_NAME, self.first_name),
            (FieldSlot::LAST_NAME, self.last_name),
        ] {
            set(slot, position, &mut |text| texts.names.code(text));
        }
        let [before, after] = codes;
        // The fields on one side of the time may tell that a user id on the other side is a shared account's.
        if let Some((head, tail)) = row.split_around(self.time)
            && row.field(self.time).len() == TIME
            && !is_shared
        {
            templates.insert((head, before), (tail, after));
        }
        // Each code is set in one of the parts, and 0 in the other.
        let mut codes = before;
        codes.iter_mut().zip(after).for_each(|(code, other)| *code |= other);
        columns.push_row(time, &codes, rollup_index, copy, texts);
        codes.get(FieldSlot::USER).copied().unwrap_or(EMPTY)
    }
}

/// What the names in a copy's rows are worth.
#[derive(Debug, Clone, Copy)]
struct CopyNames {
    /// When the copy was made, in seconds since 1970; 0 if that is unknown.
    created: u32,
    /// Whether it has names of people.
    has_people: bool,
}

/// Builds the columns of a copy, slice by slice.
#[derive(Debug)]
pub struct VideoViewColumnsBuilder {
    decoder: Decoder,
    templates: RowTemplateCache,
    rollup_index: RollupIndex,
    day_cache: DayCache,
    copy: CopyNames,
    /// The e-mail addresses in the rows so far, as hashes.
    emails: CopyEmails,
    shared_accounts: SharedAccountSet,
    /// The rows so far.
    pub columns: VideoViewColumns,
}

impl VideoViewColumnsBuilder {
    /// Creates a builder without rows for a copy with this layout.
    #[must_use]
    pub fn new(layout: &ColumnLayout) -> Self {
        Self {
            decoder: Decoder::new(layout.delimiter()),
            templates: RowTemplateCache::default(),
            rollup_index: RollupIndex::default(),
            day_cache: DayCache::default(),
            copy: CopyNames {
                created: 0,
                has_people: layout.first_name.is_some() || layout.last_name.is_some(),
            },
            emails: CopyEmails::default(),
            shared_accounts: SharedAccountSet::default(),
            columns: VideoViewColumns::default(),
        }
    }

    /// Sets when the copy was made, before its first rows.
    pub fn set_created(&mut self, created: Timestamp) {
        self.copy.created = seconds_of_copy(created);
    }

    /// Sets the accounts that are counted as shared, before the first rows.
    pub fn set_shared_accounts(&mut self, accounts: SharedAccountSet) {
        self.shared_accounts = accounts;
    }

    /// Appends the first row of `csv` if it equals earlier rows except for its time; returns its byte length.
    #[inline]
    fn push_matching_template(&mut self, csv: &[u8], texts: &mut Dictionaries) -> Option<usize> {
        let (time, codes, length) = self.templates.find(csv)?;
        let time = self.day_cache.parse_seconds(time)?;
        self.columns.push_row(time, &codes, &mut self.rollup_index, self.copy, texts);
        Some(length)
    }
}

impl VideoViewColumns {
    /// Appends a row: updates the labels of its ids and counts it in its rollup.
    #[inline]
    fn push_row(
        &mut self,
        time: u32,
        codes: &RowCodes,
        rollup_index: &mut RollupIndex,
        copy: CopyNames,
        texts: &mut Dictionaries,
    ) {
        let [video, course, section, user, role, length, ..] = *codes;
        let at = |slot: usize| codes.get(slot).copied().unwrap_or(EMPTY);
        let Dictionaries { names, videos, courses, sections, users, .. } = texts;
        let age = TextAge::new(copy.created, time);
        videos.update(video, age, [at(FieldSlot::VIDEO_NAME), at(FieldSlot::LENGTH)], names);
        courses.update(course, age, [at(FieldSlot::COURSE_CODE), at(FieldSlot::COURSE_NAME)], names);
        sections.update(section, age, [at(FieldSlot::SECTION_NUMBER), at(FieldSlot::COURSE_CODE)], names);
        if copy.has_people {
            users.update(user, age, [at(FieldSlot::FIRST_NAME), at(FieldSlot::LAST_NAME)], names);
        }
        let row = QuarterHourRollup {
            quarter: time / QUARTER,
            user,
            video,
            course,
            section,
            role,
            length,
            rows: 1,
        };
        self.time.push(time);
        self.rollup.push(rollup_index.count_row(row, &mut self.rollups));
    }
}

/// `50`, `50.0` and `50.7` as 50: for a lecture, fractions of a minute do not matter.
fn whole_minutes(field: &[u8]) -> u32 {
    field
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0u32, |minutes, digit| minutes.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

/// Parses minutes into seconds, rounded: `50.75` as 3,045; `None` if the field is not a number. Seconds
/// matter because shares of the length are shown in percent, and half a minute of fifty is one percent.
fn parse_minutes(field: &[u8]) -> Option<u32> {
    let mut parts = field.splitn(2, |byte| *byte == b'.');
    let (whole, fraction) = (parts.next()?, parts.next().unwrap_or_default());
    let parse_digits = |digits: &[u8]| {
        digits.iter().try_fold(0u32, |number, digit| Some(number * 10 + char::from(*digit).to_digit(10)?))
    };
    if whole.len() > 6 || whole.len() + fraction.len() == 0 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Six decimal places resolve a ten-thousandth of a second.
    let fraction = fraction.get(..6).unwrap_or(fraction);
    let scale = fraction.iter().fold(1u32, |scale, _| scale * 10);
    Some(parse_digits(whole)? * 60 + (parse_digits(fraction)? * 60 + scale / 2) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::shared_accounts::hash_account;
    use proptest::prelude::*;

    const HEADER: &str = "VideoId|VIDEO NAME|section_id|sectionNumber|courseId|Event_Timestamp|duration_Minute|userid|role|new one\n";

    fn columns(header: &str, csv: &[u8]) -> (VideoViewColumns, Dictionaries) {
        columns_with(header, csv, &[])
    }

    fn columns_with(header: &str, csv: &[u8], shared_accounts: &[&str]) -> (VideoViewColumns, Dictionaries) {
        let layout = ColumnLayout::parse_header(header.as_bytes()).unwrap();
        let (mut rows, mut texts) = (VideoViewColumnsBuilder::new(&layout), Dictionaries::default());
        rows.set_shared_accounts(shared_accounts.iter().map(|text| hash_account(text.bytes())).collect());
        layout.push_slice(csv, &mut rows, &mut texts);
        (rows.columns, texts)
    }

    #[test]
    fn columns_are_found_by_name_in_any_spelling_and_order() {
        let (columns, texts) = columns(HEADER, b"v1|n|s1|1|c1|2026-02-02 12:00:00|50.5|u1|Student|x\n");
        assert_eq!(columns.rows(), 1);
        assert_eq!(columns.time, [1_770_033_600]);
        assert_eq!(texts.video.text(columns.rollup_of_row(0).unwrap().video), "v1");
        assert_eq!(texts.role.text(columns.rollup_of_row(0).unwrap().role), "Student");
        assert_eq!(columns.rollup_of_row(0).unwrap().length, 50);
        assert_eq!(texts.video_name(columns.rollup_of_row(0).unwrap().video), "n");
        assert_eq!(texts.video_seconds(columns.rollup_of_row(0).unwrap().video), Some(3030), "50.5 minutes");
        assert_eq!(
            texts.section_number(columns.rollup_of_row(0).unwrap().section),
            ("1".to_owned(), String::new())
        );
        assert_eq!(texts.person_name(columns.rollup_of_row(0).unwrap().user), "", "no name columns");
        assert_eq!(
            ColumnLayout::parse_header(b"VideoId,sectionId,courseId,userid\n"),
            Err("event_timestamp")
        );
    }

    #[test]
    fn ragged_and_undated_rows_are_skipped_and_counted() {
        let csv = b"v|n|s|1|c|2026-02-02 12:00:00|5|u|r\n\
            v|n|s|1|c|soon|5|u|r|x\n\
            v|n|s|1|c|2026-02-02 12:00:00|5|u\xff|r|x\n\
            v|n|s|1|c|2026-02-02 12:00:00|5||r|x\n";
        let (columns, texts) = columns(HEADER, csv);
        assert_eq!(columns.skipped_rows, SkippedRows { ragged: 1, undated: 1 });
        assert_eq!(columns.rows(), 2);
        assert_eq!(
            texts.user.text(columns.rollup_of_row(0).unwrap().user),
            "u\u{fffd}",
            "a row with invalid UTF-8 counts"
        );
        assert_eq!(columns.rollup_of_row(1).unwrap().user, crate::dictionary::EMPTY);
    }

    #[test]
    fn rows_of_shared_accounts_are_read_without_user_and_role() {
        let header = "VideoId,sectionId,courseId,event_timestamp,userid,firstname,lastname,email,role\n";
        let csv = b"v,s,c,2026-02-02 12:00:00,viewer-number-1,Ana,N,ana@uni.example,Student\n\
            v,s,c,2026-02-02 12:00:30,viewer-number-2,Anon-4f2a,User,x@echo360.example,Student\n\
            v,s,c,2026-02-02 12:01:00,viewer-number-3,Guest,User,anonymous@echo360.example,Student\n\
            v,s,c,2026-02-02 12:01:30,viewer-number-2,Anon-4f2a,User,x@echo360.example,Student\n\
            v,s,c,2026-02-02 12:02:00,viewer-number-4,Bo,Li,bo@uni.example,Student\n\
            v,s,c,2026-02-02 12:02:30,viewer-number-5,Cy,Li,kiosk@uni.example,Student\n\
            v,s,c,2026-02-02 12:03:00,viewer-number-4,Bo,Li,bo@uni.example,Student\n\
            v,s,c,2026-02-02 12:03:30,viewer-number-1,Ana,N,ana@uni.example,Student\n";
        let (columns, texts) = columns_with(header, csv, &["viewer-number-4", "kiosk@uni.example"]);
        let users: Vec<(String, String)> = (0..columns.rows())
            .map(|row| columns.rollup_of_row(row).unwrap())
            .map(|rollup| (texts.user.text(rollup.user).into(), texts.role.text(rollup.role).into()))
            .collect();
        let nobody = || (String::new(), String::new());
        let ana = ("viewer-number-1".to_owned(), "Student".to_owned());
        assert_eq!((users.first(), users.last(), users.len()), (Some(&ana), Some(&ana), 8));
        assert!(users[1..7].iter().all(|user| *user == nobody()), "{users:?}");
    }

    proptest! {
        #[test]
        fn minutes_are_rounded_to_seconds(whole in 0u32..999_999, fraction in "(\\.[0-9]{0,12})?") {
            let text = format!("{whole}{fraction}");
            let exact = text.parse::<f64>().unwrap() * 60.0;
            let seconds = parse_minutes(text.as_bytes()).unwrap();
            prop_assert!((f64::from(seconds) - exact).abs() < 0.5001, "{} is {}", text, seconds);
        }

        #[test]
        fn only_plain_decimal_numbers_are_parsed_as_minutes(text in "[-+0-9.ea ]{0,12}") {
            let is_plain_decimal = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if parse_minutes(text.as_bytes()).is_some() {
                prop_assert!(is_plain_decimal && text.parse::<f64>().is_ok(), "{}", text);
            }
        }
    }

    /// Every row's time, texts and video length.
    fn row_texts(columns: &VideoViewColumns, texts: &Dictionaries) -> Vec<(u32, [String; 8], u32)> {
        (0..columns.rows())
            .map(|row| {
                let rollup = columns.rollup_of_row(row).unwrap();
                let row_texts = [
                    texts.video.text(rollup.video).into_owned(),
                    texts.course.text(rollup.course).into_owned(),
                    texts.section.text(rollup.section).into_owned(),
                    texts.user.text(rollup.user).into_owned(),
                    texts.role.text(rollup.role).into_owned(),
                    texts.video_name(rollup.video),
                    texts.section_number(rollup.section).0,
                    rollup.quarter.to_string(),
                ];
                (columns.time[row], row_texts, rollup.length)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn a_row_that_matches_a_template_is_decoded_as_if_it_came_alone(
            rows in prop::collection::vec(
                (
                    prop::sample::select(vec!["video-number-1", "\"video-number-1\"", "video-2", ""]),
                    prop::sample::select(vec!["Name", "\"A, \"\"B\"\"\"", "\"\"", "N\u{e4}me"]),
                    prop::sample::select(vec![
                        "2026-02-02 12:00:00", "\"2026-02-02 12:00:30\"", "2026-02-02 12:14:59", "2026-02-02T12:15:00Z",
                        "2026-02-31 12:00:00", "", "\"2026-02-02 \n12:00:00\"",
                    ]),
                    prop::sample::select(vec!["50", "50.5", "\"7\"", ""]),
                    prop::sample::select(vec!["viewer-number-one", "viewer-number-two", "\"viewer-number-one\"", ""]),
                    prop::sample::select(vec!["Student,x\n", "Student,x\r\n", "\"Student\",\"x\"\n", "Student\n", "a\"b,x\n\n"]),
                ),
                0..60,
            ),
        ) {
            let lines: Vec<String> = rows
                .iter()
                .map(|(video, name, time, length, user, rest)| {
                    format!("{video}|{name}|s1|1|c1|{time}|{length}|{user}|{rest}").replace("|", ",")
                })
                .collect();
            let header = HEADER.replace('|', ",");
            let layout = ColumnLayout::parse_header(header.as_bytes()).unwrap();
            // A new builder for each row has no templates.
            let (mut columns, mut texts_alone) = (VideoViewColumns::default(), Dictionaries::default());
            let mut count = 0;
            for line in &lines {
                let mut rows = VideoViewColumnsBuilder { columns, ..VideoViewColumnsBuilder::new(&layout) };
                count += layout.push_slice(line.as_bytes(), &mut rows, &mut texts_alone);
                columns = rows.columns;
            }
            let (mut together, mut texts) = (VideoViewColumnsBuilder::new(&layout), Dictionaries::default());
            prop_assert_eq!(layout.push_slice(lines.concat().as_bytes(), &mut together, &mut texts), count);
            prop_assert_eq!(together.columns.skipped_rows, columns.skipped_rows);
            prop_assert_eq!(row_texts(&together.columns, &texts), row_texts(&columns, &texts_alone));
        }
    }
}
