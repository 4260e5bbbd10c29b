//! The columns of `videoview`. The only module of the page that knows its CSV.
//!
//! What is done with rows that are not as they should be, and counted in [`SkippedRows`]:
//! a row with another number of fields than the header is *ragged*: nobody knows which field is which, so it
//! is skipped; a row whose time cannot be read belongs to no day, so it is skipped too. A text that
//! is not UTF-8 is kept and its row counts; [`Dictionary::text`] shows it with U+FFFD.

use crate::decode::{Decoder, Delimiter, Record, skip_line_ends};
use crate::dictionary::{Dictionary, EMPTY};
use crate::label::Labels;
use crate::rollup::{QUARTER, QuarterHourRollup, RollupIndex};
use crate::row_template::{FieldSlot, RowCodes, RowTemplateCache, TIME};
use crate::row_time::{self, DayCache};
use domain::column;
use domain::report::KnownReport;
use domain::wire_struct;

/// The texts behind the codes, shared by all copies.
#[derive(Debug, Clone, Default)]
pub struct Dictionaries {
    /// `VideoId`.
    pub video: Dictionary,
    /// `courseId`.
    pub course: Dictionary,
    /// `sectionId`.
    pub section: Dictionary,
    /// `userid`; code 0 is nobody.
    pub user: Dictionary,
    /// `role`.
    pub role: Dictionary,
    /// Every name, of whatever it is.
    pub names: Dictionary,
    /// By code of the video: its name, its length in minutes.
    pub videos: Labels,
    /// By code of the course: what it is displayed as, its name.
    pub courses: Labels,
    /// By code of the section: its number, and the code of its course as it is displayed.
    pub sections: Labels,
    /// By code of the viewer: first name, last name.
    pub users: Labels,
}

impl Dictionaries {
    /// What a video is called; empty when no row says it.
    #[must_use]
    pub fn video_name(&self, code: u32) -> String {
        self.names.text(self.videos.get(code)[0]).into_owned()
    }

    /// A video's length in seconds, where a row gives it.
    #[must_use]
    pub fn video_seconds(&self, code: u32) -> Option<u32> {
        seconds_of_minutes(self.names.bytes_of(self.videos.get(code)[1])).filter(|seconds| *seconds > 0)
    }

    /// What a course is displayed as.
    #[must_use]
    pub fn course_code(&self, code: u32) -> String {
        self.names.text(self.courses.get(code)[0]).into_owned()
    }

    /// A section's number and what its course is displayed as.
    #[must_use]
    pub fn section_number(&self, code: u32) -> (String, String) {
        let [number, course] = self.sections.get(code).map(|text| self.names.text(text).into_owned());
        (number, course)
    }

    /// A person's name as a list of people is sorted: `Nuñez, Ana`; empty for nobody.
    #[must_use]
    pub fn person_name(&self, code: u32) -> String {
        let [first, last] = self.users.get(code).map(|text| self.names.text(text));
        match (last.is_empty(), first.is_empty()) {
            (true, _) => first.into_owned(),
            (_, true) => last.into_owned(),
            _ => format!("{last}, {first}"),
        }
    }
}

/// Rows that are not among the columns, by what is wrong with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SkippedRows {
    /// Another number of fields than the header.
    pub ragged: u64,
    /// No time that could be read.
    pub undated: u64,
}

wire_struct!(SkippedRows { ragged, undated });

impl SkippedRows {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.ragged + self.undated
    }

    /// These and those.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { ragged: self.ragged + other.ragged, undated: self.undated + other.undated }
    }
}

/// Rows as columns: the value of row `n` stands at place `n` of each. What rows have in common stands once, in
/// their rollup: 8 bytes a row and 32 a rollup, so never more than 40 bytes a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VideoViewColumns {
    /// Seconds since 1970, UTC.
    pub time: Vec<u32>,
    /// Which of `rollups` the row belongs to.
    pub rollup: Vec<u32>,
    /// What rows say, save for the second.
    pub rollups: Vec<QuarterHourRollup>,
    /// Rows that are not here.
    pub skipped_rows: SkippedRows,
}

impl VideoViewColumns {
    /// The number of rows here.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.time.len()
    }

    /// What a row says, save for the second.
    #[must_use]
    #[inline]
    pub fn rollup_of_row(&self, row: usize) -> Option<&QuarterHourRollup> {
        self.rollups.get(*self.rollup.get(row)? as usize)
    }

    /// Bytes that they take up.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.time.capacity() * size_of::<u32>()
            + self.rollup.capacity() * size_of::<u32>()
            + self.rollups.capacity() * size_of::<QuarterHourRollup>()
    }

    /// Adds rows that stand behind these.
    pub(crate) fn append(&mut self, more: &Self) {
        // A copy has no four thousand million rollups.
        let base = u32::try_from(self.rollups.len()).unwrap_or(u32::MAX);
        self.time.extend_from_slice(&more.time);
        self.rollup.extend(more.rollup.iter().map(|place| base.wrapping_add(*place)));
        self.rollups.extend_from_slice(&more.rollups);
        self.skipped_rows = self.skipped_rows.plus(more.skipped_rows);
    }

    /// Makes room for so many more rows, once.
    pub fn reserve(&mut self, rows: usize) {
        self.time.reserve_exact(rows);
        self.rollup.reserve_exact(rows);
    }

    /// Gives back what room is left: no more rows come.
    pub fn shrink_to_fit(&mut self) {
        self.time.shrink_to_fit();
        self.rollup.shrink_to_fit();
        self.rollups.shrink_to_fit();
    }
}

/// Where the columns stand in a copy's rows, and between which delimiters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLayout {
    delimiter: Delimiter,
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
}

impl ColumnLayout {
    /// Reads a header row, whatever the spelling and order of its names; columns that are new are welcome.
    ///
    /// # Errors
    /// The first column without which nothing can be measured, when it is not there.
    pub fn parse_header(header: &[u8]) -> Result<Self, &'static str> {
        let names = Decoder::parse_header(header);
        if let Some(missing) = KnownReport::VideoView.descriptor().missing_from(&names) {
            return Err(missing);
        }
        let place = |name: &'static str| column::position(&names, name);
        let needed = |name: &'static str| place(name).ok_or(name);
        Ok(Self {
            delimiter: Delimiter::detect(header),
            width: names.len(),
            time: needed("event_timestamp")?,
            video: needed("VideoId")?,
            course: needed("courseId")?,
            section: needed("sectionId")?,
            user: needed("userid")?,
            role: place("role"),
            length: place("duration_Minute"),
            video_name: place("VideoName"),
            section_number: place("sectionNumber"),
            course_code: place("courseIdentifier"),
            course_name: place("courseName"),
            first_name: place("firstname"),
            last_name: place("lastname"),
        })
    }

    /// What stands between its fields.
    #[must_use]
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Adds the rows of a slice; gives how many there were.
    // Where it were put into what calls it, it would be compiled for size as that is.
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
                    let VideoViewColumnsBuilder { decoder, templates, rollup_index, columns, .. } = rows;
                    decoder.read_record(csv, |row| {
                        self.push_record(row, templates, rollup_index, columns, texts);
                    })
                }
            };
        }
        count
    }

    /// Takes a row apart and adds it.
    fn push_record(
        &self,
        row: Record<'_>,
        templates: &mut RowTemplateCache,
        rollup_index: &mut RollupIndex,
        columns: &mut VideoViewColumns,
        texts: &mut Dictionaries,
    ) {
        if row.width() != self.width {
            columns.skipped_rows.ragged += 1;
            return;
        }
        let field = |place: usize| row.field(place).trim_ascii();
        let Some(time) = row_time::parse_seconds(field(self.time)) else {
            columns.skipped_rows.undated += 1;
            return;
        };
        // What stands before the time, and what stands after it.
        let mut codes = [RowCodes::default(); 2];
        let mut say = |said: usize, place: Option<usize>, code: &mut dyn FnMut(&[u8]) -> u32| {
            let part = place.and_then(|place| codes.get_mut(usize::from(place > self.time)).zip(Some(place)));
            if let Some((part, place)) = part
                && let Some(slot) = part.get_mut(said)
            {
                *slot = code(field(place));
            }
        };
        say(FieldSlot::VIDEO, Some(self.video), &mut |text| texts.video.id_code(text));
        say(FieldSlot::COURSE, Some(self.course), &mut |text| texts.course.id_code(text));
        say(FieldSlot::SECTION, Some(self.section), &mut |text| texts.section.id_code(text));
        say(FieldSlot::USER, Some(self.user), &mut |text| texts.user.id_code(text));
        say(FieldSlot::ROLE, self.role, &mut |text| texts.role.code(text));
        say(FieldSlot::MINUTES, self.length, &mut whole_minutes);
        for (said, place) in [
            (FieldSlot::VIDEO_NAME, self.video_name),
            (FieldSlot::LENGTH, self.length),
            (FieldSlot::COURSE_CODE, self.course_code),
            (FieldSlot::COURSE_NAME, self.course_name),
            (FieldSlot::SECTION_NUMBER, self.section_number),
            (FieldSlot::FIRST_NAME, self.first_name),
            (FieldSlot::LAST_NAME, self.last_name),
        ] {
            say(said, place, &mut |text| texts.names.code(text));
        }
        let [before, behind] = codes;
        if let Some((head, tail)) = row.split_around(self.time)
            && row.field(self.time).len() == TIME
        {
            templates.insert((head, before), (tail, behind));
        }
        let mut codes = before;
        codes.iter_mut().zip(behind).for_each(|(code, other)| *code |= other);
        columns.push_row(time, &codes, rollup_index, texts);
    }
}

/// A copy's rows while they come.
#[derive(Debug)]
pub struct VideoViewColumnsBuilder {
    decoder: Decoder,
    templates: RowTemplateCache,
    rollup_index: RollupIndex,
    day_cache: DayCache,
    /// The rows so far.
    pub columns: VideoViewColumns,
}

impl VideoViewColumnsBuilder {
    /// No rows yet of a copy of this layout.
    #[must_use]
    pub fn new(layout: &ColumnLayout) -> Self {
        Self {
            decoder: Decoder::new(layout.delimiter()),
            templates: RowTemplateCache::default(),
            rollup_index: RollupIndex::default(),
            day_cache: DayCache::default(),
            columns: VideoViewColumns::default(),
        }
    }

    /// Adds the row that `csv` begins with, if it is like others but for its time; gives its length.
    #[inline]
    fn push_matching_template(&mut self, csv: &[u8], texts: &mut Dictionaries) -> Option<usize> {
        let (time, codes, length) = self.templates.find(csv)?;
        let time = self.day_cache.parse_seconds(time)?;
        self.columns.push_row(time, &codes, &mut self.rollup_index, texts);
        Some(length)
    }
}

impl VideoViewColumns {
    /// Adds a row that says this.
    #[inline]
    fn push_row(
        &mut self,
        time: u32,
        codes: &RowCodes,
        rollup_index: &mut RollupIndex,
        texts: &mut Dictionaries,
    ) {
        let [video, course, section, user, role, length, ..] = *codes;
        let at = |said: usize| codes.get(said).copied().unwrap_or(EMPTY);
        let Dictionaries { names, videos, courses, sections, users, .. } = texts;
        videos.update(video, time, [at(FieldSlot::VIDEO_NAME), at(FieldSlot::LENGTH)], names);
        courses.update(course, time, [at(FieldSlot::COURSE_CODE), at(FieldSlot::COURSE_NAME)], names);
        sections.update(section, time, [at(FieldSlot::SECTION_NUMBER), at(FieldSlot::COURSE_CODE)], names);
        users.update(user, time, [at(FieldSlot::FIRST_NAME), at(FieldSlot::LAST_NAME)], names);
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

/// `50`, `50.0` and `50.7` as 50: a part of a minute is nothing to a lecture.
fn whole_minutes(field: &[u8]) -> u32 {
    field
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0u32, |minutes, digit| minutes.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

/// `50.75` minutes as 3,045 seconds, rounded; `None` when it is no number of minutes. A share of the length is
/// told to the percent, and half a minute of fifty is one.
fn seconds_of_minutes(field: &[u8]) -> Option<u32> {
    let mut parts = field.splitn(2, |byte| *byte == b'.');
    let (whole, part) = (parts.next()?, parts.next().unwrap_or_default());
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0u32, |number, digit| Some(number * 10 + char::from(*digit).to_digit(10)?))
    };
    if whole.len() > 6 || whole.len() + part.len() == 0 || !part.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Six places are a ten-thousandth of a second.
    let part = part.get(..6).unwrap_or(part);
    let unit = part.iter().fold(1u32, |unit, _| unit * 10);
    Some(number(whole)? * 60 + (number(part)? * 60 + unit / 2) / unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "VideoId|VIDEO NAME|section_id|sectionNumber|courseId|Event_Timestamp|duration_Minute|userid|role|new one\n";

    fn columns(header: &str, csv: &[u8]) -> (VideoViewColumns, Dictionaries) {
        let layout = ColumnLayout::parse_header(header.as_bytes()).unwrap();
        let (mut rows, mut texts) = (VideoViewColumnsBuilder::new(&layout), Dictionaries::default());
        layout.push_slice(csv, &mut rows, &mut texts);
        (rows.columns, texts)
    }

    #[test]
    fn columns_are_found_by_name_whatever_the_spelling_and_order() {
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
        assert_eq!(texts.person_name(columns.rollup_of_row(0).unwrap().user), "", "no column names anybody");
        assert_eq!(
            ColumnLayout::parse_header(b"VideoId,sectionId,courseId,userid\n"),
            Err("event_timestamp")
        );
    }

    #[test]
    fn a_row_that_cannot_be_placed_is_passed_over_and_counted() {
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
            "not UTF-8: kept, and its row counts"
        );
        assert_eq!(columns.rollup_of_row(1).unwrap().user, crate::dictionary::EMPTY);
    }

    proptest! {
        #[test]
        fn minutes_are_whole_seconds(whole in 0u32..999_999, part in "(\\.[0-9]{0,12})?") {
            let text = format!("{whole}{part}");
            let exact = text.parse::<f64>().unwrap() * 60.0;
            let seconds = seconds_of_minutes(text.as_bytes()).unwrap();
            prop_assert!((f64::from(seconds) - exact).abs() < 0.5001, "{} is {}", text, seconds);
        }

        #[test]
        fn what_is_no_number_of_minutes_is_none(text in "[-+0-9.ea ]{0,12}") {
            let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if seconds_of_minutes(text.as_bytes()).is_some() {
                prop_assert!(is_plain && text.parse::<f64>().is_ok(), "{}", text);
            }
        }
    }

    /// What every row says, as texts.
    fn said(columns: &VideoViewColumns, texts: &Dictionaries) -> Vec<(u32, [String; 8], u32)> {
        (0..columns.rows())
            .map(|row| {
                let it = columns.rollup_of_row(row).unwrap();
                let said = [
                    texts.video.text(it.video).into_owned(),
                    texts.course.text(it.course).into_owned(),
                    texts.section.text(it.section).into_owned(),
                    texts.user.text(it.user).into_owned(),
                    texts.role.text(it.role).into_owned(),
                    texts.video_name(it.video),
                    texts.section_number(it.section).0,
                    it.quarter.to_string(),
                ];
                (columns.time[row], said, it.length)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn a_row_like_another_says_what_it_would_say_alone(
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
            let mut alone = (VideoViewColumns::default(), Dictionaries::default());
            let mut count = 0;
            for line in &lines {
                let mut rows = VideoViewColumnsBuilder { columns: std::mem::take(&mut alone.0), ..VideoViewColumnsBuilder::new(&layout) };
                count += layout.push_slice(line.as_bytes(), &mut rows, &mut alone.1);
                alone.0 = rows.columns;
            }
            let (mut together, mut texts) = (VideoViewColumnsBuilder::new(&layout), Dictionaries::default());
            prop_assert_eq!(layout.push_slice(lines.concat().as_bytes(), &mut together, &mut texts), count);
            prop_assert_eq!(together.columns.skipped_rows, alone.0.skipped_rows);
            prop_assert_eq!(said(&together.columns, &texts), said(&alone.0, &alone.1));
        }
    }
}
