//! The view: everything that is on the screen, as a URL and back.
//!
//! The view lives in the URL and nowhere else, so that a link, a bookmark and the back button are the same
//! thing. Therefore reading is lenient (a value that cannot be is left out, the rest holds), writing is
//! canonical (one view has one URL), and nothing that names a person can stand in it: every value is a
//! day, a report's name, a zone's name, a role, a UUID, or a plain word for a report's own parameter.
//!
//! ```
//! use domain::view::View;
//! let view = View::parse("/", "v=1&report=videoview&from=2026-02-02&to=2026-03-01&tz=Europe%2FBerlin");
//! assert_eq!(view.to_url(), "/?v=1&report=videoview&from=2026-02-02&to=2026-03-01&tz=Europe/Berlin");
//! ```

use crate::activity::Weights;
use crate::ids::{CourseId, MediaId, PresentationId, SectionId, UserId};
use crate::institution_role::InstitutionRole;
use crate::range::Range;
use crate::report::{KnownReport, ReportName};
use crate::time::parse_day;
use std::collections::BTreeSet;

/// The version of the query's keys: a later one may give a key another meaning.
pub const VERSION: &str = "1";

/// The most values that one filter can hold: what a URL and a row of chips can carry.
pub const MAX_CHOICES: usize = 40;

/// What a key begins with that gives a report's own parameter: `p.page=home`.
const PARAMETER_PREFIX: &str = "p.";

/// The most parameters of its own that a report is given.
pub const MAX_PARAMETERS: usize = 10;

/// The report that a view shows when it names none.
pub const DEFAULT_REPORT: KnownReport = KnownReport::VideoView;

/// Which page: the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// `/`: one report.
    #[default]
    Overview,
    /// `/course`: everything of one course on one axis, or of one of its students.
    Course,
    /// `/requests`: what has been asked for.
    Requests,
    /// `/you`: who one is, and what one may see.
    You,
    /// `/people`: who may see what.
    People,
    /// `/record`: who saw what.
    Record,
    /// `/forgetting`: what has been forgotten.
    Forgetting,
    /// `/shares`: links for people who cannot sign in.
    Shares,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Course,
        Self::Requests,
        Self::You,
        Self::People,
        Self::Record,
        Self::Forgetting,
        Self::Shares,
    ];

    /// Its path.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Course => "/course",
            Self::Requests => "/requests",
            Self::You => "/you",
            Self::People => "/people",
            Self::Record => "/record",
            Self::Forgetting => "/forgetting",
            Self::Shares => "/shares",
        }
    }

    /// The page at a path; the overview where there is none.
    #[must_use]
    pub fn from_path(path: &str) -> Self {
        let path = path.trim_end_matches('/');
        Self::ALL.into_iter().find(|page| page.path() == path).unwrap_or_default()
    }
}

/// A name that an IANA zone could have: letters, digits and `/ _ + -`, at most 40.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName(String);

impl ZoneName {
    /// Reads a name; `None` when no zone could be called so. Whether there is such a zone, the host knows.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        (plain && starts && text.len() <= 40).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a report is asked with beside its days: names and values of letters, digits and `_ - :`, at most 40 each. No
/// address and no full name can be written so, while ids, numbers, days, moments and the words of a list can.
///
/// In the order of their names. A list and no map: every page reads a view, and a map of its own weighs a kilobyte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterValues(Vec<(String, String)>);

impl ParameterValues {
    /// Puts a value in the place of what was there, or takes that out if the value is empty; `false`, and nothing
    /// changes, where the name or the value cannot stand in a URL, or there are too many.
    #[must_use]
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let fits = |text: &str| {
            let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-:".contains(&b));
            plain && !text.is_empty() && text.len() <= 40
        };
        let has_room = self.0.len() < MAX_PARAMETERS || self.value(name).is_some();
        let is_put = !value.is_empty();
        let can_be = fits(name) && fits(value) && has_room;
        if is_put && !can_be {
            return false;
        }
        self.0.retain(|(other, _)| other != name);
        if is_put {
            let place = self.0.iter().take_while(|(other, _)| other.as_str() < name).count();
            self.0.insert(place, (name.to_owned(), value.to_owned()));
        }
        true
    }

    /// The value of a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Names and values.
    #[must_use]
    pub fn values(&self) -> &[(String, String)] {
        &self.0
    }
}

/// What a course's numbers are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComparisonTarget {
    /// The days before: as many, and the same days of the week.
    Before,
    /// The same days of this section.
    Section(SectionId),
}

impl ComparisonTarget {
    fn parse(text: &str) -> Option<Self> {
        if text == BEFORE { Some(Self::Before) } else { SectionId::parse(text).map(Self::Section) }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Before => BEFORE,
            Self::Section(id) => id.as_str(),
        }
    }
}

/// The word for the days before.
const BEFORE: &str = "before";

/// What is on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// Which page.
    pub page: Page,
    /// Which report; [`DEFAULT_REPORT`] when none is named.
    pub report: Option<ReportName>,
    /// Which days; none before a person has chosen.
    pub range: Option<Range>,
    /// In which zone those days are; the institution's when none is named.
    pub zone: Option<ZoneName>,
    /// Rows of this course only.
    pub course: Option<CourseId>,
    /// Rows of these sections only; of all when there are none.
    pub sections: BTreeSet<SectionId>,
    /// Rows of people with these roles only; of all when there are none.
    pub roles: BTreeSet<InstitutionRole>,
    /// Rows of these videos only; of all when there are none.
    pub videos: BTreeSet<MediaId>,
    /// Rows of these slide decks only; of all when there are none.
    pub decks: BTreeSet<PresentationId>,
    /// Whether what people wrote is shown, too: never unless somebody chose so.
    pub contents: bool,
    /// This student alone, by the UUID by which Echo360 knows them: their page in a course, their rows in a report.
    pub student: Option<UserId>,
    /// What a course is compared with, if somebody chose something.
    pub compare: Option<ComparisonTarget>,
    /// How much each kind of activity counts.
    pub weights: Weights,
    /// Whether people stand without their names: for a screen that others see.
    pub names_hidden: bool,
    /// What the report is asked with beside its days.
    pub parameters: ParameterValues,
}

impl View {
    /// Reads a path and a query (with or without its `?`). What cannot be read is left out; of a key that
    /// stands there twice the first counts.
    #[must_use]
    pub fn parse(path: &str, query: &str) -> Self {
        let pairs: Vec<(String, String)> = query
            .trim_start_matches('?')
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (unescape(key), unescape(value)))
            .collect();
        let value = |key: &str| pairs.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
        let range = value("from")
            .and_then(parse_day)
            .zip(value("to").and_then(parse_day))
            .and_then(|(from, to)| Range::new(from, to).ok());
        let page = Page::from_path(path);
        let mut parameters = ParameterValues::default();
        for (key, value) in &pairs {
            if let Some(name) =
                key.strip_prefix(PARAMETER_PREFIX).filter(|name| parameters.value(name).is_none())
            {
                // What cannot be is left out.
                let _ = parameters.set(name, value);
            }
        }
        Self {
            page,
            report: value("report").and_then(ReportName::parse),
            range,
            zone: value("tz").and_then(ZoneName::parse),
            course: value("course").and_then(CourseId::parse),
            sections: chosen(value("section"), SectionId::parse),
            roles: chosen(value("role"), InstitutionRole::parse),
            videos: chosen(value("video"), MediaId::parse),
            decks: chosen(value("deck"), PresentationId::parse),
            contents: value("contents") == Some("1"),
            // The board shows nobody.
            student: value("student").and_then(UserId::parse).filter(|_| page != Page::Requests),
            compare: value("compare").and_then(ComparisonTarget::parse),
            weights: value("weights").map_or_else(Weights::default, Weights::parse),
            names_hidden: value("names") == Some("hidden"),
            parameters,
        }
    }

    /// The query, without `?`: empty when nothing is chosen, otherwise with its version first and its keys in
    /// one order.
    #[must_use]
    pub fn to_query(&self) -> String {
        let days = self.range.map(|range| (range.from().to_string(), range.to().to_string()));
        let sections = list(self.sections.iter().map(SectionId::as_str));
        let roles = list(self.roles.iter().map(|role| role.slug()));
        let videos = list(self.videos.iter().map(MediaId::as_str));
        let decks = list(self.decks.iter().map(PresentationId::as_str));
        let weights = self.weights.to_text();
        let pairs = [
            ("report", self.report.as_ref().map(ReportName::as_str)),
            ("from", days.as_ref().map(|(from, _)| from.as_str())),
            ("to", days.as_ref().map(|(_, to)| to.as_str())),
            ("tz", self.zone.as_ref().map(ZoneName::as_str)),
            ("course", self.course.as_ref().map(CourseId::as_str)),
            ("section", sections.as_deref()),
            ("role", roles.as_deref()),
            ("video", videos.as_deref()),
            ("deck", decks.as_deref()),
            ("contents", self.contents.then_some("1")),
            ("student", self.student.as_ref().map(UserId::as_str)),
            ("compare", self.compare.as_ref().map(ComparisonTarget::as_str)),
            ("weights", weights.as_deref()),
            ("names", self.names_hidden.then_some("hidden")),
        ];
        let mut query = String::new();
        let parameters = self
            .parameters
            .values()
            .iter()
            .map(|(name, value)| (PARAMETER_PREFIX, name.as_str(), value.as_str()));
        let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key, "", value?)));
        for (key, name, value) in pairs.chain(parameters) {
            if query.is_empty() {
                query.push_str("v=");
                query.push_str(VERSION);
            }
            query.push('&');
            query.push_str(key);
            query.push_str(name);
            query.push('=');
            // Of all that a value may hold, only `+` means something else in a query.
            query.push_str(&value.replace('+', "%2B"));
        }
        query
    }

    /// Path and query: the one URL of this view.
    #[must_use]
    pub fn to_url(&self) -> String {
        let query = self.to_query();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.page.path())
    }

    /// The report it shows.
    #[must_use]
    pub fn report_name(&self) -> &str {
        self.report.as_ref().map_or(DEFAULT_REPORT.name(), ReportName::as_str)
    }

    /// The report it shows, when Lectern knows it.
    #[must_use]
    pub fn known_report(&self) -> Option<KnownReport> {
        self.report.as_ref().map_or(Some(DEFAULT_REPORT), ReportName::known)
    }

    /// The same view at another page. The board shows nobody: a student stays behind.
    #[must_use]
    pub fn with_page(mut self, page: Page) -> Self {
        self.page = page;
        self.student = self.student.filter(|_| page != Page::Requests);
        self
    }

    /// The same view of another course. Its sections and students stay behind.
    #[must_use]
    pub fn with_course(mut self, course: Option<CourseId>) -> Self {
        self.course = course;
        self.sections.clear();
        self.student = None;
        self.compare = self.compare.filter(|compare| *compare == ComparisonTarget::Before);
        self
    }

    /// The same view of other days.
    #[must_use]
    pub fn with_range(mut self, range: Option<Range>) -> Self {
        self.range = range;
        self
    }

    /// The same view with `choice` taken into its filter, or out of it if it was there.
    #[must_use]
    pub fn toggled(mut self, choice: &Choice) -> Self {
        match choice {
            Choice::Section(id) => toggle(&mut self.sections, id),
            Choice::Role(role) => toggle(&mut self.roles, role),
            Choice::Video(id) => toggle(&mut self.videos, id),
            Choice::Deck(id) => toggle(&mut self.decks, id),
            Choice::Student(id) => {
                let other = Some(id.clone()).filter(|id| self.student.as_ref() != Some(id));
                self.student = other;
            }
        }
        self
    }

    /// Whether `choice` is in its filter.
    #[must_use]
    pub fn contains(&self, choice: &Choice) -> bool {
        match choice {
            Choice::Section(id) => self.sections.contains(id),
            Choice::Role(role) => self.roles.contains(role),
            Choice::Video(id) => self.videos.contains(id),
            Choice::Deck(id) => self.decks.contains(id),
            Choice::Student(id) => self.student.as_ref() == Some(id),
        }
    }

    /// The same view of another report. Videos and decks stay behind, since no report knows both; so do the report's own
    /// parameters.
    #[must_use]
    pub fn with_report(mut self, report: Option<ReportName>) -> Self {
        self.parameters = ParameterValues::default();
        self.report = report;
        self.videos.clear();
        self.decks.clear();
        self.contents = false;
        self
    }

    /// Everything that is filtered by: a student, sections, roles, videos, decks.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        let sections = self.sections.iter().cloned().map(Choice::Section);
        let roles = self.roles.iter().copied().map(Choice::Role);
        let videos = self.videos.iter().cloned().map(Choice::Video);
        let decks = self.decks.iter().cloned().map(Choice::Deck);
        let student = self.student.iter().cloned().map(Choice::Student);
        student.chain(sections).chain(roles).chain(videos).chain(decks).collect()
    }

    /// The same view without a student, sections, roles, videos and decks.
    #[must_use]
    pub fn without_filters(mut self) -> Self {
        self.sections.clear();
        self.roles.clear();
        self.videos.clear();
        self.decks.clear();
        self.student = None;
        self
    }
}

/// One thing to filter by: what a click on a bar chooses, and a chip takes back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// Rows of this section.
    Section(SectionId),
    /// Rows of people with this role.
    Role(InstitutionRole),
    /// Rows of this video.
    Video(MediaId),
    /// Rows of this deck.
    Deck(PresentationId),
    /// Rows of this student.
    Student(UserId),
}

fn toggle<T: Ord + Clone>(filter: &mut BTreeSet<T>, value: &T) {
    if !filter.remove(value) && filter.len() < MAX_CHOICES {
        filter.insert(value.clone());
    }
}

/// The values of a list such as `a,b`; what cannot be is left out.
fn chosen<T: Ord>(value: Option<&str>, read: fn(&str) -> Option<T>) -> BTreeSet<T> {
    let values = value.into_iter().flat_map(|list| list.split(','));
    // One by one: collecting would bring a whole sort for each type, and these are few.
    let mut chosen = BTreeSet::new();
    for value in values.filter_map(read).take(MAX_CHOICES) {
        chosen.insert(value);
    }
    chosen
}

/// A list as it is written; `None` when it is empty.
fn list<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let values: Vec<&str> = values.collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// A query's text without its escapes: `%2F` and `+`. A broken escape stands for itself.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let escaped = || {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
        };
        match (first, escaped()) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Day, plus_days};
    use proptest::prelude::*;

    const COURSE: &str = "0a1b2c3d-0000-4000-8000-00000000000f";

    fn uuids<T: std::fmt::Debug>(parse: fn(&str) -> Option<T>) -> impl Strategy<Value = T> {
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
            .prop_filter_map("a UUID", move |text| parse(&text))
    }

    fn views() -> impl Strategy<Value = View> {
        let range = prop::option::of((0u64..9000, 0u64..1800)).prop_map(|days| {
            let (start, length) = days?;
            let from = plus_days(Day::from_ymd_opt(2005, 1, 1)?, start);
            Range::new(from, plus_days(from, length)).ok()
        });
        (
            prop_oneof![Just(Page::Overview), Just(Page::Course), Just(Page::Requests)],
            prop::option::of("[a-z0-9_-]{1,40}"),
            range,
            prop::option::of("[A-Za-z][A-Za-z0-9/_+-]{0,39}"),
            prop::option::of(uuids(CourseId::parse)),
            prop::collection::btree_set(uuids(SectionId::parse), 0..4),
            prop::collection::btree_set(prop::sample::select(InstitutionRole::ALL.to_vec()), 0..4),
            prop::collection::btree_set(uuids(MediaId::parse), 0..4),
            (prop::collection::btree_set(uuids(PresentationId::parse), 0..4), any::<bool>()),
            (
                prop::option::of(uuids(UserId::parse)),
                prop::option::of(prop::option::of(uuids(SectionId::parse))),
                "[a-z0-9,-]{0,40}",
                any::<bool>(),
                prop::collection::vec(("[A-Za-z0-9_:-]{1,40}", "[A-Za-z0-9_:-]{1,40}"), 0..4),
            ),
        )
            .prop_map(
                move |(
                    page,
                    report,
                    range,
                    zone,
                    course,
                    sections,
                    roles,
                    videos,
                    (decks, contents),
                    of_course,
                )| {
                    let (student, compare, weights, names_hidden, parameters) = of_course;
                    View {
                        page,
                        report: report.as_deref().and_then(ReportName::parse),
                        range,
                        zone: zone.as_deref().and_then(ZoneName::parse),
                        course,
                        sections,
                        roles,
                        videos,
                        decks,
                        contents,
                        student: student.filter(|_| page != Page::Requests),
                        compare: compare.map(|section| {
                            section.map_or(ComparisonTarget::Before, ComparisonTarget::Section)
                        }),
                        weights: Weights::parse(&weights),
                        names_hidden,
                        parameters: {
                            let mut plain = ParameterValues::default();
                            assert!(parameters.iter().all(|(name, value)| plain.set(name, value)));
                            plain
                        },
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn a_view_goes_into_its_url_and_comes_back(view in views()) {
            let url = view.to_url();
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            prop_assert_eq!(View::parse(path, query), view);
        }

        #[test]
        fn whatever_is_read_has_one_url(path in ".{0,20}", query in ".{0,120}") {
            let view = View::parse(&path, &query);
            let url = view.to_url();
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            prop_assert_eq!(View::parse(path, query).to_url(), url);
        }

        #[test]
        fn nothing_with_an_at_sign_or_a_space_survives(name in "[A-Za-z]{1,9}[@ +][a-z.]{1,9}") {
            let keys = "report from to tz course section role video deck contents student compare weights names email p.page p.";
            for key in keys.split(' ') {
                let query = format!("v=1&{key}={}", name.replace('@', "%40"));
                prop_assert_eq!(View::parse("/", &query), View::default());
                prop_assert_eq!(View::parse("/course", &query), View::default().with_page(Page::Course));
            }
        }
    }

    #[test]
    fn url_format_unchanged() {
        let query =
            format!("section={COURSE}&course={COURSE}&tz=Etc%2FGMT%2B3&to=2026-03-01&from=2026-02-02");
        let view = View::parse("/requests/", &format!("?{query}&report=notes"));
        assert_eq!(
            view.to_url(),
            format!(
                "/requests?v=1&report=notes&from=2026-02-02&to=2026-03-01&tz=Etc/GMT%2B3&course={COURSE}&section={COURSE}"
            )
        );
        assert_eq!(View::default().to_url(), "/");
        assert_eq!(View::default().report_name(), "videoview");
    }

    #[test]
    fn course_url_format_unchanged() {
        let query =
            format!("names=hidden&weights=notes-0,watch-5&compare=before&student={COURSE}&course={COURSE}");
        let view = View::parse("/course", &query);
        assert_eq!(
            view.to_url(),
            format!(
                "/course?v=1&course={COURSE}&student={COURSE}&compare=before&weights=watch-5,notes-0&names=hidden"
            )
        );
        assert_eq!(
            View::parse("/course", &format!("compare={COURSE}")).to_url(),
            format!("/course?v=1&compare={COURSE}")
        );
        assert_eq!(View::parse("/course", "compare=Ana&weights=x&names=shown").to_url(), "/course");
    }

    #[test]
    fn parameters_url_format_unchanged() {
        let query =
            "p.page=home&names=hidden&p.at=2026-02-02T10:00&report=visit&p.page=other&p.who=a%40b&p.=x&p.no=";
        let view = View::parse("/", query);
        assert_eq!(view.to_url(), "/?v=1&report=visit&names=hidden&p.at=2026-02-02T10:00&p.page=home");
        let mut parameters = view.parameters.clone();
        assert_eq!((parameters.value("page"), parameters.value("who")), (Some("home"), None));
        assert!(parameters.set("page", "") && !parameters.set("at", "10 am") && parameters.set("at", "noon"));
        assert_eq!(parameters.values(), [("at".to_owned(), "noon".to_owned())]);
        assert_eq!(view.with_report(ReportName::parse("notes")).to_url(), "/?v=1&report=notes&names=hidden");
        let many: Vec<String> = (0..12).map(|n| format!("p.n{n:02}=1")).collect();
        let mut parameters = View::parse("/", &many.join("&")).parameters;
        assert_eq!(parameters.values().len(), MAX_PARAMETERS);
        assert!(parameters.set("n00", "2") && !parameters.set("n11", "2"));
    }

    #[test]
    fn another_course_has_other_sections_and_students() {
        let view = View::parse(
            "/course",
            &format!("section={COURSE}&student={COURSE}&compare={COURSE}&names=hidden"),
        );
        assert_eq!(
            view.with_course(CourseId::parse(COURSE)).to_url(),
            format!("/course?v=1&course={COURSE}&names=hidden")
        );
        let view = View::parse("/course", "compare=before");
        assert_eq!(view.clone().with_course(None), view);
    }

    #[test]
    fn a_student_is_of_a_course_and_of_its_reports_and_stays_behind_elsewhere() {
        let query = format!("student={COURSE}");
        assert_eq!(View::parse("/requests", &query), View::default().with_page(Page::Requests));
        let view = View::parse("/course", &query);
        assert_eq!(view.clone().with_page(Page::Overview).to_url(), format!("/?v=1&student={COURSE}"));
        assert_eq!(view.with_page(Page::Requests), View::default().with_page(Page::Requests));
    }

    #[test]
    fn one_student_is_filtered_by_and_another_takes_their_place() {
        let student = |text: &str| Choice::Student(UserId::parse(text).unwrap());
        let (one, other) = (student(COURSE), student(&COURSE.replace('f', "0")));
        let view = View::default().toggled(&one);
        assert!(view.contains(&one) && !view.contains(&other));
        let view = view.toggled(&other);
        assert_eq!(view.choices(), std::slice::from_ref(&other));
        assert_eq!(view.clone().without_filters(), View::default());
        assert_eq!(view.toggled(&other), View::default());
    }

    #[test]
    fn several_at_once_are_written_in_one_order_and_toggled() {
        let other = COURSE.replace('f', "0");
        let view = View::parse("/", &format!("video={COURSE},x,{other}&role=instructor,Ana,student"));
        assert_eq!(view.to_url(), format!("/?v=1&role=student,instructor&video={other},{COURSE}"));
        let choices = view.choices();
        assert_eq!(choices.len(), 4);
        assert!(choices.iter().all(|choice| view.contains(choice)));
        let emptied = choices.iter().fold(view.clone(), |view, choice| view.toggled(choice));
        assert_eq!(emptied, View::default());
        assert_eq!(choices.iter().fold(emptied, |view, choice| view.toggled(choice)), view);
        assert_eq!(view.without_filters(), View::default());
    }

    #[test]
    fn another_report_keeps_days_and_people_and_leaves_videos_and_decks_behind() {
        let view =
            View::parse("/", &format!("report=notes&role=student&video={COURSE}&deck={COURSE}&contents=1"));
        assert_eq!(
            view.to_url(),
            format!("/?v=1&report=notes&role=student&video={COURSE}&deck={COURSE}&contents=1")
        );
        assert_eq!(
            view.with_report(ReportName::parse("polling")).to_url(),
            "/?v=1&report=polling&role=student"
        );
    }

    #[test]
    fn one_bad_value_does_not_lose_the_rest() {
        let view = View::parse("/", "v=9&report=../x&from=2026-02-02&to=2026-02-08&tz=%&course=Ana&zzz=1");
        assert_eq!(view, View { range: Range::parse("2026-02-02", "2026-02-08").ok(), ..View::default() });
        let view = View::parse("/nowhere", "report=notes&from=2026-02-09&to=2026-02-08");
        assert_eq!(view, View { report: ReportName::parse("notes"), ..View::default() });
    }
}
