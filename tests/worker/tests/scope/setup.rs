//! The shared setup: a sandbox with a week of every report, a Worker behind Cloudflare Access, tokens for all
//! visitors, and the rows that each of them must see, from the sandbox's ground truth.

use crate::routes::Access;
use crate::visitors::{self, COURSES, Part, Visitor};
use domain::api::{Courses, RequestInfo};
use domain::frame::{Frame, FrameReader};
use domain::ids::{SectionId, normalize_text};
use domain::report::KnownReport;
use domain::role::Grant;
use domain::scope::{AccessScope, SectionNumbers};
use domain::shares::CreateShareResponse;
use reqwest::{Method, RequestBuilder};
use sandbox::{Report, Truth};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::time::{Duration, Instant};
use worker_tests::signer::Signer;
use worker_tests::{Stack, Weeks, quick};

/// The first administrator, whose requests and shares instructors must not see.
const BOSS: &str = "boss@university.example";

const HEADER: &str = "cf-access-jwt-assertion";

/// The columns that the Worker appends to reports whose rows are sums over a window.
const WINDOW_COLUMNS: [&str; 2] = ["window_start", "window_end"];

/// A CSV row with its course and section.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) course: String,
    pub(crate) section: String,
    pub(crate) cells: Vec<String>,
}

/// Granted courses and sections (`None`: the whole course), as lower-case ids.
pub(crate) type Grants = BTreeSet<(String, Option<String>)>;

pub(crate) struct Setup {
    pub(crate) stack: Stack,
    pub(crate) visitors: Vec<Visitor>,
    pub(crate) weeks: Weeks,
    pub(crate) courses: Courses,
    /// The first administrator's token, requests by report name, and shares of the first and the last course.
    pub(crate) boss: String,
    pub(crate) requests: BTreeMap<&'static str, RequestInfo>,
    pub(crate) shares: Vec<CreateShareResponse>,
    /// All true rows by report name, sorted.
    rows: BTreeMap<&'static str, Vec<Row>>,
    /// Tokens by visitor name.
    tokens: BTreeMap<String, String>,
    signer: Signer,
}

/// Whether a report's rows identify a section by its number, not by its id.
pub(crate) fn has_numbers(report: Report) -> bool {
    matches!(report, Report::Asset | Report::AssetByDate)
}

/// Whether a report's rows are sums over a window.
fn has_windows(report: Report) -> bool {
    matches!(report, Report::AssetByDate | Report::Visit)
}

/// The expected CSV header of a report.
pub(crate) fn header(report: Report) -> Vec<&'static str> {
    let more = if has_windows(report) { &WINDOW_COLUMNS[..] } else { &[] };
    Truth::columns(report).into_iter().chain(more.iter().copied()).collect()
}

/// Rows with their course and section, sorted. Finds the columns independently of the Worker.
fn locate_rows(report: Report, rows: impl Iterator<Item = Vec<String>>) -> Vec<Row> {
    let columns = Truth::columns(report);
    let find = |name: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    let course = find("courseId").or(find("course_identifier"));
    let section = find("sectionId").or(find("section_number"));
    let cell = |cells: &[String], place: Option<usize>| place.map_or(String::new(), |at| cells[at].clone());
    let mut rows: Vec<Row> = rows
        .map(|cells| Row { course: cell(&cells, course), section: cell(&cells, section), cells })
        .collect();
    rows.sort();
    rows
}

fn read_rows(report: Report, csv: &[u8]) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    locate_rows(report, reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()))
}

impl Setup {
    pub(crate) async fn start() -> Self {
        let signer = Signer::start();
        let mut settings = signer.settings().to_vec();
        settings.push(("LECTERN_ADMINS", BOSS));
        let sandbox = sandbox::Settings { students: 80, courses: COURSES, ..quick() };
        let stack = Stack::with(sandbox, &settings).await;
        let mut setup = Self {
            stack,
            visitors: visitors::all(),
            weeks: Weeks::back(2, 1),
            courses: Courses::default(),
            boss: signer.token(BOSS),
            requests: BTreeMap::new(),
            shares: Vec::new(),
            rows: BTreeMap::new(),
            tokens: BTreeMap::new(),
            signer,
        };
        setup.collect().await;
        let started = Instant::now();
        // Also wait for Echo360's lists, which have sections and terms that occur in no row.
        while setup.courses.terms.is_empty() {
            assert!(started.elapsed() < Duration::from_secs(60), "no terms\n{}", setup.stack.log());
            setup.courses = setup.read(setup.get("/api/courses", &setup.boss)).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(setup.courses.courses.len(), COURSES);
        for report in Report::ALL {
            let rows = setup.true_rows(report);
            setup.rows.insert(report.name(), rows);
        }
        for visitor in visitors::all() {
            let token = setup.token_of(&visitor, &visitor.email()).await;
            setup.tokens.insert(visitor.name, token);
        }
        for course in [0, COURSES - 1] {
            let share = setup.share(setup.courses.courses[course].id.as_str(), None);
            let made = setup.read(setup.post("/api/shares", &setup.boss, &share)).await;
            setup.shares.push(made);
        }
        setup
    }

    /// Requests a week of every report and waits for its rows.
    async fn collect(&mut self) {
        for report in Report::ALL {
            let request: RequestInfo =
                self.read(self.post("/api/requests", &self.boss, &self.weeks.body(report))).await;
            assert_eq!(request.windows.len(), 1, "{request:#?}");
            self.requests.insert(report.name(), request);
        }
        for report in Report::ALL {
            let path = format!("/api/requests/{}", self.requests[report.name()].id);
            let started = Instant::now();
            let request = loop {
                let request: RequestInfo = self.read(self.get(&path, &self.boss)).await;
                if request.windows.iter().all(|window| window.state.has_rows()) {
                    break request;
                }
                assert!(started.elapsed() < Duration::from_secs(90), "{request:#?}\n{}", self.stack.log());
                tokio::time::sleep(Duration::from_millis(200)).await;
            };
            self.requests.insert(report.name(), request);
        }
    }

    /// All rows that a report's CSV must have, from the ground truth.
    fn true_rows(&self, report: Report) -> Vec<Row> {
        let window = &self.requests[report.name()].windows[0];
        let mut ask = self.weeks.truth(report);
        if report == Report::Asset {
            ask.as_of = window.copy.as_ref().map(|copy| copy.created.seconds());
        }
        let span = if has_windows(report) {
            vec![window.start.unwrap().to_string(), window.end.unwrap().to_string()]
        } else {
            Vec::new()
        };
        let rows = self.stack.truth().rows(&ask).into_iter();
        locate_rows(report, rows.map(|cells| cells.into_iter().chain(span.clone()).collect()))
    }

    /// Gives `email` the role and scope of `visitor`, and returns a token for it.
    pub(crate) async fn token_of(&self, visitor: &Visitor, email: &str) -> String {
        let role = match visitor.access {
            Access::Stranger | Access::NoRole => None,
            Access::Instructor => Some("instructor"),
            Access::Analyst => Some("analyst"),
            Access::Administrator => Some("administrator"),
        };
        if let Some(role) = role {
            let grant = |(course, section)| json!({"course": course, "section": section});
            let grants: Vec<Value> = self.grants(visitor).into_iter().map(grant).collect();
            let body = json!({"email": email, "role": role, "grants": grants});
            let _: Value = self.read(self.call(Method::PUT, "/api/roles", &self.boss).json(&body)).await;
        }
        self.signer.token(email)
    }

    /// Another token of the visitor, issued before the others.
    pub(crate) fn token_issued(&self, visitor: &Visitor, seconds_ago: i64) -> String {
        let mut claims = self.signer.claims(&visitor.email());
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() - seconds_ago);
        self.signer.sign(&claims, "RS256", "first", "first")
    }

    /// The visitor's token; empty if not signed in.
    pub(crate) fn token(&self, visitor: &Visitor) -> &str {
        if visitor.access == Access::Stranger { "" } else { &self.tokens[&visitor.name] }
    }

    /// An instructor's grants.
    pub(crate) fn grants(&self, visitor: &Visitor) -> Grants {
        let grant = |part: &Part| match *part {
            Part::Course(course) => (self.courses.courses[course].id.to_string(), None),
            Part::Section(course, section) => {
                let course = &self.courses.courses[course];
                // Only sections with rows, since a scope without rows cannot reveal a leak.
                let rows = self.all_rows(Report::VideoView).iter();
                let used: BTreeSet<&str> = rows
                    .filter(|row| row.course == course.id.as_str())
                    .map(|row| row.section.as_str())
                    .collect();
                let section = used.iter().nth(section % used.len()).unwrap();
                (course.id.to_string(), Some((*section).to_owned()))
            }
        };
        visitor.parts.iter().map(grant).collect()
    }

    /// Whether `visitor` may see a section, or the whole course if `section` is `None`.
    pub(crate) fn may_see(&self, visitor: &Visitor, course: &str, section: Option<&str>) -> bool {
        match visitor.access {
            Access::Stranger | Access::NoRole => false,
            Access::Analyst | Access::Administrator => true,
            Access::Instructor => self.grants(visitor).iter().any(|(granted, part)| {
                granted == course && part.as_ref().is_none_or(|part| section == Some(part.as_str()))
            }),
        }
    }

    /// All rows of a report.
    pub(crate) fn all_rows(&self, report: Report) -> &[Row] {
        &self.rows[report.name()]
    }

    /// The rows of a report in the visitor's scope.
    pub(crate) fn visible_rows(&self, visitor: &Visitor, report: Report) -> Vec<Row> {
        let is_visible = |row: &&Row| {
            let section = if has_numbers(report) {
                let course = self.courses.courses.iter().find(|it| it.id.as_str() == row.course);
                let mut sections = course.into_iter().flat_map(|course| &course.sections);
                // Sections of several terms share a number; one visible section suffices.
                let visible = sections.find(|section| {
                    section.number == row.section
                        && self.may_see(visitor, &row.course, Some(section.id.as_str()))
                });
                visible.map(|section| section.id.as_str())
            } else {
                Some(row.section.as_str())
            };
            self.may_see(visitor, &row.course, section)
        };
        self.all_rows(report).iter().filter(is_visible).cloned().collect()
    }

    /// The rows of a report of which `RowFilter::allows` says that the visitor may see them; `None` for an
    /// unknown report.
    pub(crate) fn allowed_rows(&self, visitor: &Visitor, report: Report) -> Option<Vec<Row>> {
        let known = KnownReport::parse(report.name())?;
        let grant = |(course, section): (String, Option<String>)| Grant {
            course: course.into(),
            section: section.map(SectionId::from),
        };
        let scope = if visitor.access == Access::Instructor {
            let grants = self.grants(visitor).into_iter().map(grant).collect();
            AccessScope::Only { person: visitor.email(), grants }
        } else {
            AccessScope::Everything
        };
        let filter = scope.row_filter(known, &SectionNumbers::from_courses(&self.courses));
        let is_allowed =
            |row: &&Row| filter.allows(&normalize_text(&row.course), &normalize_text(&row.section));
        Some(self.all_rows(report).iter().filter(is_allowed).cloned().collect())
    }

    pub(crate) fn call(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let call = self.stack.http.request(method, self.stack.at(path));
        if token.is_empty() { call } else { call.header(HEADER, token) }
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.call(Method::GET, path, token)
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> RequestBuilder {
        self.call(Method::POST, path, token).json(body)
    }

    pub(crate) async fn bytes(&self, call: RequestBuilder) -> Vec<u8> {
        let answer = call.send().await.unwrap();
        let (status, path) = (answer.status(), answer.url().path().to_owned());
        let bytes = answer.bytes().await.unwrap();
        let log = || self.stack.log();
        assert!(status.is_success(), "{path}: {status} {}\n{}", String::from_utf8_lossy(&bytes), log());
        bytes.into()
    }

    pub(crate) async fn text(&self, call: RequestBuilder) -> String {
        String::from_utf8(self.bytes(call).await).unwrap()
    }

    pub(crate) async fn read<T: serde::de::DeserializeOwned>(&self, call: RequestBuilder) -> T {
        serde_json::from_slice(&self.bytes(call).await).unwrap()
    }

    /// Requests the week of a report, which is ready already.
    pub(crate) async fn ask(&self, report: Report, token: &str) -> RequestInfo {
        self.read(self.post("/api/requests", token, &self.weeks.body(report))).await
    }

    /// The body that creates a share of the week's `videoview`.
    pub(crate) fn share(&self, course: &str, section: Option<&str>) -> Value {
        let Weeks { from, .. } = self.weeks;
        let (from, to) = (from.to_string(), self.weeks.to().to_string());
        json!({"report": "videoview", "course": course, "section": section, "from": from, "to": to})
    }

    /// The path of a report's CSV.
    pub(crate) fn csv_path(&self, report: Report, more: &str) -> String {
        let days = if report.has_dates() {
            format!("from={}&to={}&", self.weeks.from, self.weeks.to())
        } else {
            String::new()
        };
        format!("/api/csv/{}?{days}cells=raw{more}", report.name())
    }

    /// The path of the number of rows of a report's CSV.
    pub(crate) fn count_path(&self, report: Report, more: &str) -> String {
        let Weeks { from, .. } = self.weeks;
        let days =
            if report.has_dates() { format!("&from={from}&to={}", self.weeks.to()) } else { String::new() };
        let query = format!("{days}{more}");
        format!("/api/csv/{}/count?{}", report.name(), query.trim_start_matches('&'))
    }

    /// The path of a report's window.
    pub(crate) fn rows_path(&self, report: Report) -> String {
        format!("/api/rows/{}/{}", report.name(), self.requests[report.name()].windows[0].id)
    }

    /// The data rows of a report's CSV download. Checks the header.
    pub(crate) async fn csv(&self, report: Report, more: &str, token: &str) -> Vec<Row> {
        let text = self.bytes(self.get(&self.csv_path(report, more), token)).await;
        let mut reader = csv::Reader::from_reader(&text[..]);
        assert_eq!(*reader.headers().unwrap(), header(report), "{} {more}", report.name());
        locate_rows(report, reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()))
    }

    /// The rows of `/api/rows`. Checks them against the head of the stream.
    pub(crate) async fn frames(&self, path: &str, report: Report, token: &str) -> Vec<Row> {
        let mut reader = FrameReader::default();
        reader.push(&self.bytes(self.get(path, token)).await);
        let (mut head, mut text, mut slices) = (None, Vec::new(), 0);
        while let Some(frame) = reader.next().unwrap() {
            match frame {
                Frame::Head(found) => head = Some(found),
                Frame::Slice(_, bytes) => {
                    slices += 1;
                    flate2::read::DeflateDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
                }
            }
        }
        reader.finish().unwrap();
        let (head, rows) = (head.unwrap(), read_rows(report, &text));
        assert_eq!((head.rows, head.slices), (rows.len() as u64, slices), "{path}");
        assert_eq!(
            slices > 0,
            !rows.is_empty(),
            "{path}: there must be slices if and only if there are rows"
        );
        rows
    }

    /// Checks that a response contains no course, section, request, share or row count outside the visitor's scope.
    pub(crate) fn check_silent(&self, visitor: &Visitor, what: &str, text: &str) {
        if matches!(visitor.access, Access::Analyst | Access::Administrator) {
            return;
        }
        let text = text.to_lowercase();
        let grants = self.grants(visitor);
        for course in &self.courses.courses {
            if !grants.iter().any(|(id, _)| id == course.id.as_str()) {
                for word in [course.id.as_str(), &course.code, &course.name] {
                    assert!(!text.contains(&word.to_lowercase()), "{what} reveals {word}: {text}");
                }
            }
            for section in &course.sections {
                let is_visible = self.may_see(visitor, course.id.as_str(), Some(section.id.as_str()));
                assert!(is_visible || !text.contains(section.id.as_str()), "{what}: {text}");
            }
        }
        for request in self.requests.values() {
            assert!(!text.contains(&request.id), "{what} reveals another person's request");
            for copy in request.windows.iter().filter_map(|window| window.copy.as_ref()) {
                let counts = [copy.rows.unwrap(), copy.bytes.unwrap()];
                for count in counts.into_iter().filter(|count| *count > 999) {
                    let is_revealed = [',', '}'].iter().any(|end| text.contains(&format!(":{count}{end}")));
                    assert!(!is_revealed, "{what} reveals the count {count}");
                }
            }
        }
        for share in self.shares.iter().filter_map(|made| made.share.as_ref()) {
            assert!(!text.contains(&share.id), "{what} reveals another person's share");
        }
    }

    /// Checks what must hold after all tests.
    pub(crate) fn check_afterwards(&self) {
        assert!(
            self.signer.fetches() <= 1,
            "the keys must be fetched once and cached:\n{}",
            self.stack.log()
        );
        self.stack.check_ledger();
    }
}
