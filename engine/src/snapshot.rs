//! What a course's students did in one week, by section: from the rows of its windows, to be kept when the rows are not.
//!
//! Students alone are counted, by their user ids: staff and rows that name nobody are left out. The amounts are those of the
//! page: half minutes watched, views, marks, answers as they stood at last, notes.
//!
//! Rows are counted as they are decoded, so that a week of a large course takes no more memory than its students do; polls
//! alone are kept, since only all answers to a poll say what its solution means.

use crate::decode::Decoder;
use crate::measures;
use crate::reports::{Question, library, polling};
use crate::shelf::Facts;
use crate::slice::Inflater;
use crate::table::arriving::{Arriving, Unreadable};
use crate::table::held::{Held, Tables};
use crate::table::{Header, reading};
use crate::withheld::{Amounts, Part};
use domain::column;
use domain::frame::{Head, SliceHead};
use domain::institution_role::InstitutionRole;
use domain::range::Range;
use domain::report::ReportName;
use domain::time::{Day, plus_days};
use domain::zone::Zone;
use std::collections::{BTreeMap, BTreeSet};

/// What is counted, of whom, when.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The report: one with weeks and people.
    pub report: ReportName,
    /// The course's UUID.
    pub course: String,
    /// The week's first day.
    pub monday: Day,
    /// The zone in which its days begin.
    pub zone: Zone,
    /// The current UTC day.
    pub today: Day,
}

/// What students did, by section, as the rows name it; what names no section stands under the empty text.
pub type Parts = BTreeMap<String, Part>;

/// A course's week that is being counted, from one window after the other.
#[derive(Debug)]
pub struct Counting {
    wanted: Wanted,
    /// The second at which each of its days begins, and at which the last ends.
    starts: Vec<i64>,
    reader: Reader,
    inflater: Inflater,
    current: Option<Current>,
}

/// A window whose rows are coming.
#[derive(Debug)]
struct Current {
    places: Places,
    decoder: Decoder,
    width: usize,
    promised: u64,
    seen: u64,
    /// Of polls, which are kept.
    arriving: Option<Arriving>,
}

/// Where the columns stand.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    time: Option<usize>,
    course: Option<usize>,
    section: Option<usize>,
    user: Option<usize>,
    role: Option<usize>,
    answer: Option<usize>,
}

#[derive(Debug)]
enum Reader {
    /// Each row is one of whatever is counted.
    Rows(Parts),
    /// Each answer is one a day, however often it was edited.
    Answers(Parts, BTreeSet<(Vec<u8>, usize)>),
    Polls(Tables),
}

impl Counting {
    /// Begins to count; `None` of a report without people or weeks.
    #[must_use]
    pub fn new(wanted: Wanted) -> Option<Self> {
        let reader = match wanted.report.as_str() {
            "videoview" | "presentation" | "confused" | "notes" => Reader::Rows(Parts::new()),
            "qanda" => Reader::Answers(Parts::new(), BTreeSet::new()),
            "polling" => Reader::Polls(Tables::default()),
            _ => return None,
        };
        let start = |days: u64| wanted.zone.start_of(plus_days(wanted.monday, days)).seconds();
        let starts = (0..=7).map(start).collect();
        Some(Self { wanted, starts, reader, inflater: Inflater::default(), current: None })
    }

    /// A window's copy begins.
    ///
    /// # Errors
    /// [`Unreadable::Column`]: it is not the report it should be.
    pub fn begin(&mut self, head: &Head) -> Result<(), Unreadable> {
        let report = self.wanted.report.known();
        let names = Decoder::names(&head.header);
        if let Some(missing) = report.and_then(|report| report.missing_from(&names)) {
            return Err(Unreadable::Column(missing));
        }
        let place = |name: &str| column::position(&names, name);
        let is_answers = matches!(self.reader, Reader::Answers(..));
        let of = |plain: &str, answer: &str| place(if is_answers { answer } else { plain });
        let arriving = match self.reader {
            Reader::Polls(_) => Some(Arriving::new(head, report)?),
            Reader::Rows(_) | Reader::Answers(..) => None,
        };
        self.current = Some(Current {
            places: Places {
                time: report.and_then(|report| report.time).and_then(place),
                course: report.and_then(|report| place(report.course)),
                section: report.and_then(|report| place(report.section)),
                user: of("userid", "answer_userid"),
                role: of("role", "answer_role"),
                answer: place("answerid").filter(|_| is_answers),
            },
            decoder: Decoder::new(Header::read(&head.header).delimiter()),
            width: names.len(),
            promised: head.rows,
            seen: 0,
            arriving,
        });
        Ok(())
    }

    /// Takes in a slice.
    ///
    /// # Errors
    /// [`Unreadable`]: the copy cannot be counted.
    pub fn take(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), Unreadable> {
        let Some(current) = &mut self.current else { return Err(Unreadable::Rows) };
        let parts = match (&mut self.reader, &mut current.arriving) {
            (Reader::Polls(tables), Some(arriving)) => {
                return arriving.take(head, deflated, &mut tables.texts);
            }
            (Reader::Rows(parts), _) => (parts, None),
            (Reader::Answers(parts, seen), _) => (parts, Some(seen)),
            (Reader::Polls(_), None) => return Err(Unreadable::Rows),
        };
        let (parts, mut answers) = parts;
        let csv = self.inflater.inflate(head, deflated).map_err(Unreadable::Spoilt)?;
        let (places, width, starts) = (current.places, current.width, &self.starts);
        let course = self.wanted.course.as_bytes();
        let mut rows = 0;
        current.decoder.each(csv, |row| {
            rows += 1;
            let cell = |place: Option<usize>| place.map_or(&[][..], |place| row.field(place).trim_ascii());
            if row.width() != width || !cell(places.course).eq_ignore_ascii_case(course) {
                return;
            }
            let Some(at) = reading::time(cell(places.time)).map(i64::from) else { return };
            let Some(day) = starts.partition_point(|start| *start <= at).checked_sub(1) else { return };
            let text = |place| String::from_utf8_lossy(cell(place)).into_owned();
            if day >= 7
                || cell(places.user).is_empty()
                || InstitutionRole::from_text(&text(places.role)) != InstitutionRole::Student
            {
                return;
            }
            let answer = cell(places.answer);
            if let Some(seen) = &mut answers
                && !answer.is_empty()
                && !seen.insert((answer.to_vec(), day))
            {
                return;
            }
            let part = parts.entry(text(places.section).to_ascii_lowercase()).or_default();
            *part.done.entry(text(places.user).to_ascii_lowercase()).or_default() += 1;
        });
        if rows != u64::from(head.rows) {
            return Err(Unreadable::Rows);
        }
        current.seen += rows;
        Ok(())
    }

    /// A window's copy is whole; `facts` are its days.
    ///
    /// # Errors
    /// [`Unreadable::Rows`]: it is not.
    pub fn end(&mut self, window: &str, facts: Facts) -> Result<(), Unreadable> {
        let current = self.current.take().ok_or(Unreadable::Rows)?;
        match (&mut self.reader, current.arriving) {
            (Reader::Polls(tables), Some(arriving)) => {
                tables.put(window, Held { generation: 0, table: arriving.finish()?, facts });
                Ok(())
            }
            _ if current.seen == current.promised => Ok(()),
            _ => Err(Unreadable::Rows),
        }
    }

    /// What was counted.
    #[must_use]
    pub fn finish(self) -> Parts {
        match self.reader {
            Reader::Rows(parts) | Reader::Answers(parts, _) => parts,
            Reader::Polls(tables) => polls(&tables, &self.wanted),
        }
    }
}

/// The latest answers to polls, and which of them are right.
fn polls(tables: &Tables, wanted: &Wanted) -> Parts {
    let Ok(range) = Range::new(wanted.monday, plus_days(wanted.monday, 6)) else { return Parts::new() };
    let measures = polling::measure(tables, &question(&wanted.course, range, &wanted.zone, wanted.today));
    let mut parts = Parts::new();
    let text = |code| tables.texts.text(code).to_ascii_lowercase();
    for given in measures.polls.iter().flat_map(|poll| &poll.given) {
        let user = text(given.user);
        if given.role != InstitutionRole::Student || user.is_empty() {
            continue;
        }
        let part = parts.entry(text(given.section)).or_default();
        let mut add = |to: fn(&mut Part) -> &mut Amounts| *to(part).entry(user.clone()).or_default() += 1;
        add(|part| &mut part.done);
        match given.is_right {
            Some(true) => add(|part| &mut part.right),
            Some(false) => add(|part| &mut part.wrong),
            None => {}
        }
    }
    parts
}

/// A question about a course as a whole.
fn question(course: &str, range: Range, zone: &Zone, today: Day) -> Question {
    Question {
        base: measures::Question {
            range,
            zone: zone.clone(),
            course: Some(course.to_owned()),
            sections: Vec::new(),
            roles: Vec::new(),
            videos: Vec::new(),
            student: None,
            against: None,
            today,
        },
        decks: Vec::new(),
        contents: false,
    }
}

/// Views and videos by section, of a report that knows no people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Views {
    /// By section number; what names no section stands under the empty text.
    pub sections: BTreeMap<String, Viewed>,
    /// Distinct videos of the course.
    pub videos: u64,
    /// Whether a video stands in several sections: nobody knows whose views its rows then tell, and they are not added up.
    pub is_repeated: bool,
    /// Whether some row does not say how many views there were.
    pub is_unknown: bool,
}

/// One section's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Viewed {
    /// Views, of whatever length.
    pub views: u64,
    /// Distinct videos.
    pub videos: u64,
}

/// A copy of `asset` or of a week of `assetbydate` that is being counted.
#[derive(Debug)]
pub struct Viewing {
    arriving: Arriving,
    tables: Tables,
}

impl Viewing {
    /// Begins.
    ///
    /// # Errors
    /// [`Unreadable::Column`].
    pub fn begin(head: &Head, report: &ReportName) -> Result<Self, Unreadable> {
        Ok(Self { arriving: Arriving::new(head, report.known())?, tables: Tables::default() })
    }

    /// Takes in a slice.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn take(&mut self, head: &SliceHead, deflated: &[u8]) -> Result<(), Unreadable> {
        self.arriving.take(head, deflated, &mut self.tables.texts)
    }

    /// What was counted of a course.
    ///
    /// # Errors
    /// [`Unreadable::Rows`].
    pub fn finish(self, course: &str, day: Day) -> Result<Views, Unreadable> {
        let Self { arriving, mut tables } = self;
        let facts = Facts { start: None, end: None, provisional_from: None };
        tables.put("all", Held { generation: 0, table: arriving.finish()?, facts });
        let range = Range::from_day(day);
        let measures = library::measure(&tables, &question(course, range, &Zone::utc(), day));
        let mut views =
            Views { videos: measures.videos, is_repeated: measures.repeated > 0, ..Views::default() };
        for entry in measures.entries.iter().filter(|entry| entry.course.eq_ignore_ascii_case(course)) {
            let section = views.sections.entry(entry.section.to_ascii_lowercase()).or_default();
            section.videos += 1;
            section.views = section.views.saturating_add(entry.sums.views.unwrap_or(0));
            views.is_unknown |= entry.sums.views.is_none();
        }
        Ok(views)
    }
}

#[cfg(test)]
mod tests;
