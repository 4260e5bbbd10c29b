//! The view: everything that is on the screen, converted to a URL and back.
//!
//! The view lives in the URL and nowhere else, so that links, bookmarks and the back button all work the same
//! way. Parsing is lenient: an invalid value is left out, and the rest is used. Formatting is canonical: one
//! view has one URL. No URL can contain a person's name or address: every value is a day, a report's name, a
//! zone's name, a role, a UUID, or a plain word for a report's own parameter.
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

/// The version of the URL parameters. A later version may change the meaning of a key.
pub const VERSION: &str = "1";

/// The maximum number of values of one filter, so that they fit into a URL and a row of chips.
pub const MAX_CHOICES: usize = 40;

/// The prefix of keys for a report's own parameters: `p.page=home`.
const PARAMETER_PREFIX: &str = "p.";

/// The maximum number of a report's own parameters.
pub const MAX_PARAMETERS: usize = 10;

/// The report of a view that names none.
pub const DEFAULT_REPORT: KnownReport = KnownReport::VideoView;

/// A page, identified by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// `/`: one report.
    #[default]
    Overview,
    /// `/course`: all activity in one course, or of one of its students.
    Course,
    /// `/requests`: requests and their progress.
    Requests,
    /// `/you`: the signed-in person and what they may see.
    You,
    /// `/people`: people and their roles.
    People,
    /// `/record`: the audit log.
    Record,
    /// `/forgetting`: erasures.
    Forgetting,
    /// `/quality`: what is unusual in Echo360's files.
    Quality,
    /// `/shares`: links for people who cannot sign in.
    Shares,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 9] = [
        Self::Overview,
        Self::Course,
        Self::Requests,
        Self::You,
        Self::People,
        Self::Record,
        Self::Forgetting,
        Self::Quality,
        Self::Shares,
    ];

    /// The page's path.
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
            Self::Quality => "/quality",
            Self::Shares => "/shares",
        }
    }

    /// The page at a path; the overview for any other path.
    #[must_use]
    pub fn from_path(path: &str) -> Self {
        let path = path.trim_end_matches('/');
        Self::ALL.into_iter().find(|page| page.path() == path).unwrap_or_default()
    }
}

/// A name in the form of an IANA time zone: at most 40 letters, digits and `/ _ + -`, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName(String);

impl ZoneName {
    /// Parses a name; `None` if it does not have this form. Whether the zone exists is up to the host's
    /// `Intl`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        let starts_with_letter = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        (is_plain && starts_with_letter && text.len() <= 40).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A report's own parameters, in addition to the days. Names and values have 1 to 40 letters, digits and `_ -
/// :`, which is enough for ids, numbers, days, times and keywords, but not for an address or a full name.
///
/// Sorted by name. This is a list since every page parses views, and another map type would add a kilobyte to
/// the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterValues(Vec<(String, String)>);

impl ParameterValues {
    /// Sets a parameter, or removes it if the value is empty. Returns `false` and changes nothing if the name
    /// or the value is invalid, or if there are [`MAX_PARAMETERS`] others.
    #[must_use]
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let is_valid = |text: &str| {
            let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-:".contains(&b));
            is_plain && !text.is_empty() && text.len() <= 40
        };
        let has_room = self.0.len() < MAX_PARAMETERS || self.value(name).is_some();
        let is_set = !value.is_empty();
        if is_set && !(is_valid(name) && is_valid(value) && has_room) {
            return false;
        }
        self.0.retain(|(other, _)| other != name);
        if is_set {
            let index = self.0.iter().take_while(|(other, _)| other.as_str() < name).count();
            self.0.insert(index, (name.to_owned(), value.to_owned()));
        }
        true
    }

    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All names and values, sorted by name.
    #[must_use]
    pub fn values(&self) -> &[(String, String)] {
        &self.0
    }
}

/// What the numbers of a course are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComparisonTarget {
    /// As many days before: see [`Range::previous_weeks`], which keeps the days of the week.
    Before,
    /// This section, on the same days.
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

/// [`ComparisonTarget::Before`] in a URL.
const BEFORE: &str = "before";

/// What is on the screen. An empty filter selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// The page.
    pub page: Page,
    /// The report; `None` for [`DEFAULT_REPORT`].
    pub report: Option<ReportName>,
    /// The days; `None` before a person has chosen any.
    pub range: Option<Range>,
    /// The time zone of the days; `None` for the institution's.
    pub zone: Option<ZoneName>,
    /// Filter: rows of this course.
    pub course: Option<CourseId>,
    /// Filter: rows of these sections.
    pub sections: BTreeSet<SectionId>,
    /// Filter: rows of people with these roles.
    pub roles: BTreeSet<InstitutionRole>,
    /// Filter: rows of these videos.
    pub videos: BTreeSet<MediaId>,
    /// Filter: rows of these slide decks.
    pub decks: BTreeSet<PresentationId>,
    /// Whether texts that people wrote are shown; only on request.
    pub contents: bool,
    /// Filter: this student, by Echo360's user id. On the course page, the student's own page.
    pub student: Option<UserId>,
    /// What the course is compared with, if anything.
    pub compare: Option<ComparisonTarget>,
    /// The weights of the kinds of activity in scores.
    pub weights: Weights,
    /// Whether names of people are hidden, for a screen that others see.
    pub names_hidden: bool,
    /// The report's own parameters.
    pub parameters: ParameterValues,
}

impl View {
    /// Parses a path and a query, with or without its `?`. Invalid values are left out. If a key occurs
    /// twice, the first counts.
    #[must_use]
    pub fn parse(path: &str, query: &str) -> Self {
        let pairs: Vec<(String, String)> = query
            .trim_start_matches('?')
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (percent_decode(key), percent_decode(value)))
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
                // An invalid parameter is left out.
                let _ = parameters.set(name, value);
            }
        }
        Self {
            page,
            report: value("report").and_then(ReportName::parse),
            range,
            zone: value("tz").and_then(ZoneName::parse),
            course: value("course").and_then(CourseId::parse),
            sections: parse_list(value("section"), SectionId::parse),
            roles: parse_list(value("role"), InstitutionRole::parse),
            videos: parse_list(value("video"), MediaId::parse),
            decks: parse_list(value("deck"), PresentationId::parse),
            contents: value("contents") == Some("1"),
            // The requests page shows no people.
            student: value("student").and_then(UserId::parse).filter(|_| page != Page::Requests),
            compare: value("compare").and_then(ComparisonTarget::parse),
            weights: value("weights").map_or_else(Weights::default, Weights::parse),
            names_hidden: value("names") == Some("hidden"),
            parameters,
        }
    }

    /// The query without `?`: empty for the default view, otherwise the version and then the keys in a fixed
    /// order.
    #[must_use]
    pub fn to_query(&self) -> String {
        let days = self.range.map(|range| (range.from().to_string(), range.to().to_string()));
        let sections = format_list(self.sections.iter().map(SectionId::as_str));
        let roles = format_list(self.roles.iter().map(|role| role.slug()));
        let videos = format_list(self.videos.iter().map(MediaId::as_str));
        let decks = format_list(self.decks.iter().map(PresentationId::as_str));
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
            // Of the characters that a value can have, only `+` has another meaning in a query.
            query.push_str(&value.replace('+', "%2B"));
        }
        query
    }

    /// Path and query: the canonical URL of the view.
    #[must_use]
    pub fn to_url(&self) -> String {
        let query = self.to_query();
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{}{separator}{query}", self.page.path())
    }

    /// The name of the report, or of [`DEFAULT_REPORT`].
    #[must_use]
    pub fn report_name(&self) -> &str {
        self.report.as_ref().map_or(DEFAULT_REPORT.name(), ReportName::as_str)
    }

    /// The report, or [`DEFAULT_REPORT`]; `None` if Lectern does not know it.
    #[must_use]
    pub fn known_report(&self) -> Option<KnownReport> {
        self.report.as_ref().map_or(Some(DEFAULT_REPORT), ReportName::known)
    }

    /// Changes the page. The requests page shows no people, so the student is removed there.
    #[must_use]
    pub fn with_page(mut self, page: Page) -> Self {
        self.page = page;
        self.student = self.student.filter(|_| page != Page::Requests);
        self
    }

    /// Changes the course, and removes its sections and student.
    #[must_use]
    pub fn with_course(mut self, course: Option<CourseId>) -> Self {
        self.course = course;
        self.sections.clear();
        self.student = None;
        self.compare = self.compare.filter(|compare| *compare == ComparisonTarget::Before);
        self
    }

    /// Changes the days.
    #[must_use]
    pub fn with_range(mut self, range: Option<Range>) -> Self {
        self.range = range;
        self
    }

    /// Adds `choice` to its filter, or removes it if it is there. A filter takes at most [`MAX_CHOICES`].
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

    /// Whether the view filters by `choice`.
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

    /// Changes the report. Videos and decks are removed, since no report has both, and so are texts and the
    /// report's own parameters.
    #[must_use]
    pub fn with_report(mut self, report: Option<ReportName>) -> Self {
        self.parameters = ParameterValues::default();
        self.report = report;
        self.videos.clear();
        self.decks.clear();
        self.contents = false;
        self
    }

    /// All choices in the filters: student, sections, roles, videos, decks.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        let sections = self.sections.iter().cloned().map(Choice::Section);
        let roles = self.roles.iter().copied().map(Choice::Role);
        let videos = self.videos.iter().cloned().map(Choice::Video);
        let decks = self.decks.iter().cloned().map(Choice::Deck);
        let student = self.student.iter().cloned().map(Choice::Student);
        student.chain(sections).chain(roles).chain(videos).chain(decks).collect()
    }

    /// Removes student, sections, roles, videos and decks.
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

/// A filter value: a click on a bar adds it, and a chip removes it.
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

/// Parses the values of a list such as `a,b`. Invalid values are left out.
fn parse_list<T: Ord>(list: Option<&str>, parse: fn(&str) -> Option<T>) -> BTreeSet<T> {
    let values = list.into_iter().flat_map(|list| list.split(','));
    // One by one: `collect` would add a sort function for each type to the page, and there are few values.
    let mut set = BTreeSet::new();
    for value in values.filter_map(parse).take(MAX_CHOICES) {
        set.insert(value);
    }
    set
}

/// Joins values with commas; `None` if there are none.
fn format_list<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let values: Vec<&str> = values.collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Decodes `%2F` and `+` in a query. An invalid escape stays as it is.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let decode_escape = || {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
        };
        match (first, decode_escape()) {
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
                    others,
                )| {
                    let (student, compare, weights, names_hidden, parameters) = others;
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
                            let mut values = ParameterValues::default();
                            assert!(parameters.iter().all(|(name, value)| values.set(name, value)));
                            values
                        },
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn a_view_survives_formatting_and_parsing(view in views()) {
            let url = view.to_url();
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            prop_assert_eq!(View::parse(path, query), view);
        }

        #[test]
        fn any_parsed_view_has_one_canonical_url(path in ".{0,20}", query in ".{0,120}") {
            let view = View::parse(&path, &query);
            let url = view.to_url();
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            prop_assert_eq!(View::parse(path, query).to_url(), url);
        }

        #[test]
        fn values_with_an_at_sign_or_a_space_are_dropped(name in "[A-Za-z]{1,9}[@ +][a-z.]{1,9}") {
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
    fn changing_the_course_removes_sections_and_student() {
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
    fn a_student_is_kept_on_course_and_report_pages_only() {
        let query = format!("student={COURSE}");
        assert_eq!(View::parse("/requests", &query), View::default().with_page(Page::Requests));
        let view = View::parse("/course", &query);
        assert_eq!(view.clone().with_page(Page::Overview).to_url(), format!("/?v=1&student={COURSE}"));
        assert_eq!(view.with_page(Page::Requests), View::default().with_page(Page::Requests));
    }

    #[test]
    fn toggling_another_student_replaces_the_first() {
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
    fn several_values_of_a_filter_are_sorted_and_can_be_toggled() {
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
    fn changing_the_report_keeps_roles_and_removes_videos_decks_and_texts() {
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
    fn an_invalid_value_does_not_affect_the_others() {
        let view = View::parse("/", "v=9&report=../x&from=2026-02-02&to=2026-02-08&tz=%&course=Ana&zzz=1");
        assert_eq!(view, View { range: Range::parse("2026-02-02", "2026-02-08").ok(), ..View::default() });
        let view = View::parse("/nowhere", "report=notes&from=2026-02-09&to=2026-02-08");
        assert_eq!(view, View { report: ReportName::parse("notes"), ..View::default() });
    }
}
