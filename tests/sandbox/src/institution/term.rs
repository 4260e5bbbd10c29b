//! A term: its sections with their enrolled students, and its lectures by timetable.

use super::calendar::{TEACHING_WEEKS, TermKey};
use super::words::{BUILDINGS, DEVICES, PERSONAL_DEVICE};
use super::{Course, Institution};
use crate::chance::Dice;
use crate::clock::DAY_SECONDS;

/// Seconds in an hour.
const HOUR_SECONDS: i64 = 60 * 60;

/// A section: a group of students who are taught a course together.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// Section id (UUID).
    pub(crate) id: String,
    /// The section's number, such as `001` or `L01`.
    pub(crate) number: String,
    /// Index of its course.
    pub(crate) course: usize,
    /// Index of the course's timetable that it follows. Sections with the same timetable share captures.
    track: u64,
    /// Indices of the students in it.
    pub(crate) students: Vec<usize>,
}

/// A lecture: the video captured of it, and the deck that was shown.
#[derive(Clone, Debug)]
pub(crate) struct Lecture {
    /// A unique number for keys of [`Dice`].
    pub(crate) number: u64,
    /// Index of its course.
    pub(crate) course: usize,
    /// Indices of its sections in the term.
    pub(crate) sections: Vec<usize>,
    /// Video id (UUID).
    pub(crate) media: String,
    /// Video name.
    pub(crate) title: String,
    /// Deck id (UUID).
    pub(crate) deck: String,
    /// Deck name.
    pub(crate) deck_title: String,
    /// The number of slides in the deck.
    pub(crate) slides: u32,
    /// When it started, in seconds since 1970, UTC.
    pub(crate) starts: i64,
    /// Length of the video in seconds; a multiple of 6, so that minutes with one decimal are exact.
    pub(crate) seconds: i64,
    /// When the video became available, in seconds since 1970, UTC.
    pub(crate) published: i64,
    /// The week of the term, from 0.
    pub(crate) week: i64,
    /// Campus, building, room.
    pub(crate) place: (&'static str, &'static str, String),
    /// The capture device.
    pub(crate) device: &'static str,
    /// Whether it was on the timetable.
    pub(crate) scheduled: bool,
    /// Whether it has a transcript.
    pub(crate) transcribed: bool,
    /// Whether it was streamed live.
    pub(crate) streamed: bool,
    /// Whether it has a public link.
    pub(crate) public: bool,
    /// Whether it is hard to follow, which leads to more confusion marks, questions and second views.
    pub(crate) hard: bool,
}

/// Fifteen weeks of teaching and the break after them.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    /// The year and the part of the year.
    pub(crate) key: TermKey,
    /// Term id (UUID).
    pub(crate) id: String,
    /// Its first Monday, as a day number.
    pub(crate) first_day: i64,
    /// The first day of the next term.
    pub(crate) end_day: i64,
    /// Its sections, course by course.
    pub(crate) sections: Vec<Section>,
    /// Its lectures, in the order in which their videos were published.
    pub(crate) lectures: Vec<Lecture>,
}

impl Term {
    /// Generates a term.
    pub(super) fn draw(institution: &Institution, key: TermKey) -> Self {
        let seed = institution.seed;
        let first_day = key.first_day();
        let mut sections = Vec::new();
        let mut sections_of_course = Vec::new();
        for (course, course_data) in institution.courses.iter().enumerate() {
            let first = sections.len();
            for place in 0..course_data.sections {
                let mut dice = Dice::new(seed, &[0x1003, key.number(), course as u64, place as u64]);
                let id = dice.uuid();
                let number = if place == 3 { "L01".to_owned() } else { format!("{:03}", place + 1) };
                let track = u64::from(place >= 2);
                sections.push(Section { id, number, course, track, students: Vec::new() });
            }
            sections_of_course.push(first..sections.len());
        }
        enroll(institution, key, &sections_of_course, &mut sections);
        let mut lectures = Vec::new();
        for (course, course_data) in institution.courses.iter().enumerate() {
            for track in 0..2 {
                let members: Vec<usize> = sections
                    .iter()
                    .enumerate()
                    .filter(|(_, section)| section.course == course && section.track == track)
                    .map(|(index, _)| index)
                    .collect();
                if !members.is_empty() {
                    add_lectures(seed, key, course, course_data, track, &members, &mut lectures);
                }
            }
        }
        lectures.retain(|lecture: &Lecture| !institution.is_in_break(lecture.starts.div_euclid(DAY_SECONDS)));
        lectures.sort_by_key(|lecture: &Lecture| (lecture.published, lecture.number));
        let id = Dice::new(seed, &[0x1004, key.number()]).uuid();
        Self { key, id, first_day, end_day: key.next().first_day(), sections, lectures }
    }

    /// (week of the term, day number) of the two exams, in the middle of the term and at its end.
    pub(crate) const fn exams(&self) -> [(i64, i64); 2] {
        // An exam is on the Friday of its week.
        let (middle, last) = (7, TEACHING_WEEKS - 1);
        [(middle, self.first_day + middle * 7 + 4), (last, self.first_day + last * 7 + 4)]
    }

    /// The first second after the term and its break.
    pub(crate) const fn end(&self) -> i64 {
        self.end_day * DAY_SECONDS
    }
}

fn enroll(
    institution: &Institution,
    key: TermKey,
    sections_of_course: &[std::ops::Range<usize>],
    sections: &mut [Section],
) {
    for student in 0..institution.students {
        let mut dice = Dice::new(institution.seed, &[0x1005, key.number(), student as u64]);
        let load = (2 + dice.index(2)).min(sections_of_course.len());
        let (first, step) =
            (dice.index(sections_of_course.len()), 1 + dice.index(sections_of_course.len().max(2) - 1));
        let mut chosen = Vec::new();
        for turn in 0..sections_of_course.len() {
            let course = (first + turn * step) % sections_of_course.len();
            if chosen.len() == load {
                break;
            }
            if chosen.contains(&course) {
                continue;
            }
            chosen.push(course);
            if let Some(range) = sections_of_course.get(course) {
                let section = range.start + dice.index(range.len());
                if let Some(section) = sections.get_mut(section) {
                    section.students.push(student);
                }
            }
        }
    }
}

fn add_lectures(
    seed: u64,
    key: TermKey,
    course: usize,
    course_data: &Course,
    track: u64,
    sections: &[usize],
    lectures: &mut Vec<Lecture>,
) {
    let mut dice = Dice::new(seed, &[0x1006, key.number(), course as u64, track]);
    let weekdays = dice.pick(&[[0, 2], [1, 3], [2, 4], [0, 3]]).unwrap_or([0, 2]);
    let hour = dice.between(9, 17);
    let (campus, building) = dice.pick(BUILDINGS).unwrap_or(("Main Campus", "Old Library"));
    let room = format!("Room {}.{:02}", dice.between(0, 4), dice.between(1, 30));
    let device = dice.pick(DEVICES).unwrap_or(PERSONAL_DEVICE);
    let streamed = dice.chance(0.5);
    let mut order = 0;
    for week in 0..TEACHING_WEEKS {
        for (slot, weekday) in weekdays.iter().enumerate() {
            let dice_key = [0x1007, key.number(), course as u64, track, week.unsigned_abs(), slot as u64];
            let mut dice = Dice::new(seed, &dice_key);
            let (media, deck, number) = (dice.uuid(), dice.uuid(), dice.next());
            // Some lectures are canceled, and some are recorded ad hoc at a desk.
            if dice.chance(0.03) {
                continue;
            }
            let adhoc = dice.chance(0.06);
            let minutes = dice.between(46, 54);
            let tenths = dice.between(0, 10);
            let starts = (key.first_day() + week * 7 + weekday) * DAY_SECONDS
                + hour * HOUR_SECONDS
                + if adhoc { dice.between(0, 4 * HOUR_SECONDS) } else { 0 };
            let seconds = if adhoc { minutes * 30 } else { minutes * 60 } + tenths * 6;
            let published = starts + seconds + dice.between(15 * 60, 90 * 60);
            let topic =
                course_data.topics.get(order * course_data.topics.len() / 30).copied().unwrap_or("Review");
            order += 1;
            let is_awkward = dice.chance(0.04);
            let title = if is_awkward {
                format!("={} {order}, \"{topic}\"", course_data.code)
            } else {
                format!("{} {order}: {topic}", course_data.code)
            };
            lectures.push(Lecture {
                number,
                course,
                sections: sections.to_vec(),
                media,
                title,
                deck,
                deck_title: format!("{topic} – slides {order}"),
                slides: u32::try_from(dice.between(14, 60)).unwrap_or(20),
                starts,
                seconds,
                published,
                week,
                place: if adhoc { ("", "", String::new()) } else { (campus, building, room.clone()) },
                device: if adhoc { PERSONAL_DEVICE } else { device },
                scheduled: !adhoc,
                transcribed: dice.chance(0.8),
                streamed: streamed && !adhoc,
                public: dice.chance(0.12),
                hard: dice.chance(0.16),
            });
        }
    }
}
