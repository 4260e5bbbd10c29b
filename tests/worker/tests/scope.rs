//! Nothing of what is out of scope leaves the Worker: every route is tried with many scopes against data that would show
//! a leak.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use domain::api::{Courses, Reports, RequestInfo, Requests};
use domain::frame::{Frame, FrameReader};
use domain::problem::{Code, Problem};
use reqwest::{Method, RequestBuilder};
use sandbox::Report;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::time::{Duration, Instant};
use worker_tests::signer::Signer;
use worker_tests::{Stack, Weeks, quick, refusal};

const BOSS: &str = "boss@university.example";
const ANA: &str = "ana@university.example";
const HEADER: &str = "cf-access-jwt-assertion";

/// A row of CSV with the course and the section that it says it is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    course: String,
    section: String,
    cells: Vec<String>,
}

/// What a visitor is given, in the words of the test.
type Grants = Vec<(String, Option<String>)>;

struct Trial {
    stack: Stack,
    signer: Signer,
    boss: String,
    ana: String,
    courses: Courses,
    /// The boss's own requests, and every row that they brought, by report.
    requests: BTreeMap<&'static str, RequestInfo>,
    rows: BTreeMap<&'static str, Vec<Row>>,
    weeks: Weeks,
}

/// The columns that tell course and section, found apart from the Worker's own tables.
fn places(header: &[String]) -> (usize, usize, bool) {
    let find = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
    match (find("courseId"), find("sectionId")) {
        (Some(course), Some(section)) => (course, section, false),
        _ => (find("course_identifier").unwrap(), find("section_number").unwrap(), true),
    }
}

fn rows_in(text: &[u8], header: &[String]) -> Vec<Row> {
    let (course, section, _) = places(header);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    let rows = reader.records().map(|row| {
        let cells: Vec<String> = row.unwrap().iter().map(str::to_owned).collect();
        Row { course: cells[course].clone(), section: cells[section].clone(), cells }
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort();
    rows
}

fn header_of(line: &[u8]) -> Vec<String> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line)
        .records()
        .next()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .unwrap_or_default()
}

impl Trial {
    async fn start() -> Self {
        let signer = Signer::start();
        let mut settings = signer.settings().to_vec();
        settings.push(("LECTERN_ADMINS", BOSS));
        let sandbox = sandbox::Settings { students: 80, courses: 4, ..quick() };
        let stack = Stack::with(sandbox, &settings).await;
        let (boss, ana) = (signer.token(BOSS), signer.token(ANA));
        let mut trial = Self {
            stack,
            signer,
            boss,
            ana,
            courses: Courses::default(),
            requests: BTreeMap::new(),
            rows: BTreeMap::new(),
            weeks: Weeks::back(2, 1),
        };
        for report in Report::ALL {
            let call = trial.call(Method::POST, "/api/requests", &trial.boss).json(&trial.weeks.body(report));
            let request: RequestInfo = trial.read(call).await;
            trial.requests.insert(report.name(), request);
        }
        for report in Report::ALL {
            let id = trial.requests[report.name()].id.clone();
            let started = Instant::now();
            let request = loop {
                let request: RequestInfo =
                    trial.read(trial.get(&format!("/api/requests/{id}"), &trial.boss)).await;
                if request.windows.iter().all(|window| window.state.has_rows()) {
                    break request;
                }
                assert!(started.elapsed() < Duration::from_secs(90), "{request:#?}\n{}", trial.stack.log());
                tokio::time::sleep(Duration::from_millis(200)).await;
            };
            trial.requests.insert(report.name(), request);
            if report != Report::Visit {
                let answer = trial.get(&trial.csv_path(report, ""), &trial.boss).send().await.unwrap();
                let text = answer.bytes().await.unwrap();
                let end = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
                trial.rows.insert(report.name(), rows_in(&text[end..], &header_of(&text[..end])));
            }
        }
        trial.courses = trial.read(trial.get("/api/courses", &trial.boss)).await;
        trial
    }

    fn call(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.stack.http.request(method, self.stack.at(path)).header(HEADER, token)
    }

    fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.call(Method::GET, path, token)
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, call: RequestBuilder) -> T {
        let answer = call.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {text}\n{}", self.stack.log());
        serde_json::from_str(&text).unwrap()
    }

    fn csv_path(&self, report: Report, more: &str) -> String {
        let days = if report.has_dates() {
            format!("from={}&to={}&", self.weeks.from, self.weeks.to())
        } else {
            String::new()
        };
        format!("/api/csv/{}?{days}cells=raw{more}", report.name())
    }

    async fn give(&self, role: &str, grants: &Grants) {
        let grants: Vec<Value> =
            grants.iter().map(|(course, section)| json!({"course": course, "section": section})).collect();
        let body = json!({"email": ANA, "role": role, "grants": grants});
        let _: Value = self.read(self.call(Method::PUT, "/api/roles", &self.boss).json(&body)).await;
    }

    /// Whether a row may be seen: a section is known by its id, or by its number where a report has no more.
    fn may_see(&self, grants: &Grants, row: &Row, by_number: bool) -> bool {
        let number_of = |section: &str| {
            let all = self.courses.courses.iter().flat_map(|course| &course.sections);
            all.filter(|known| known.id.eq_ignore_ascii_case(section))
                .map(|known| known.number.as_str())
                .next()
        };
        grants.iter().any(|(course, section)| {
            course.eq_ignore_ascii_case(&row.course)
                && section.as_ref().is_none_or(|section| {
                    if by_number {
                        number_of(section) == Some(&row.section)
                    } else {
                        section.eq_ignore_ascii_case(&row.section)
                    }
                })
        })
    }

    /// Rows as frames, and what their head promises.
    async fn frames(&self, path: &str) -> (u64, u32, Vec<Row>) {
        let answer = self.get(path, &self.ana).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        let mut reader = FrameReader::default();
        reader.push(&answer.bytes().await.unwrap());
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
        let head = head.unwrap();
        assert_eq!(head.slices, slices);
        (head.rows, head.slices, rows_in(&text, &header_of(&head.header)))
    }

    /// Nothing in this text names a course, a section or a count of what is out of scope.
    fn check_silent(&self, grants: &Grants, path: &str, text: &str) {
        let text = text.to_lowercase();
        let seen: BTreeSet<String> = grants.iter().map(|(course, _)| course.to_lowercase()).collect();
        for course in &self.courses.courses {
            if !seen.contains(&course.id.to_lowercase()) {
                for word in [&course.id, &course.code, &course.name] {
                    assert!(!text.contains(&word.to_lowercase()), "{path} tells of {word}: {text}");
                }
            }
            let whole =
                grants.iter().any(|(id, section)| section.is_none() && id.eq_ignore_ascii_case(&course.id));
            for section in &course.sections {
                let given = grants
                    .iter()
                    .any(|(_, id)| id.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(&section.id)));
                assert!(whole || given || !text.contains(&section.id.to_lowercase()), "{path}: {text}");
            }
        }
        for request in self.requests.values() {
            assert!(!text.contains(&request.id), "{path} tells of a request of somebody else");
            for copy in request.windows.iter().filter_map(|window| window.copy.as_ref()) {
                for count in
                    [copy.rows.unwrap(), copy.bytes.unwrap()].into_iter().filter(|count| *count > 999)
                {
                    assert!(
                        !text.contains(&format!(":{count},")) && !text.contains(&format!(":{count}}}")),
                        "{path}"
                    );
                }
            }
        }
    }

    async fn text(&self, path: &str) -> String {
        let answer = self.get(path, &self.ana).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {:?}", answer.text().await);
        answer.text().await.unwrap()
    }

    /// Every route, with this scope. How many rows of all reports are in it.
    async fn try_every_route(&self, grants: &Grants) -> usize {
        let mut in_scope = 0;
        self.give("instructor", grants).await;
        for path in ["/api/session", "/api/reports", "/api/courses", "/api/requests"] {
            self.check_silent(grants, path, &self.text(path).await);
        }
        // What is here can be seen without asking for it again: which weeks, and neither whose nor how many rows.
        let listed: Requests = serde_json::from_str(&self.text("/api/requests").await).unwrap();
        let shared: BTreeSet<&str> = listed.shared.iter().map(|request| request.report.as_str()).collect();
        assert_eq!(shared.len(), 8, "{shared:?}");
        assert!(!shared.contains("visit"));
        for window in listed.shared.iter().flat_map(|request| &request.windows) {
            assert!(window.state.has_rows());
            assert_eq!(window.copy.as_ref().map(|copy| (copy.rows, copy.bytes)), Some((None, None)));
        }
        let courses: Courses = serde_json::from_str(&self.text("/api/courses").await).unwrap();
        let wanted: BTreeSet<&String> = grants.iter().map(|(course, _)| course).collect();
        assert_eq!(courses.courses.len(), wanted.len(), "all that are in scope are listed");
        let reports: Reports = serde_json::from_str(&self.text("/api/reports").await).unwrap();
        assert_eq!(reports.reports.len(), 8);

        let out = self.courses.courses.iter().find(|course| !wanted.contains(&course.id.to_lowercase()));
        for report in Report::ALL {
            if report == Report::Visit {
                continue;
            }
            let (by_number, all) =
                (matches!(report.name(), "asset" | "assetbydate"), &self.rows[report.name()]);
            let visible: Vec<Row> =
                all.iter().filter(|row| self.may_see(grants, row, by_number)).cloned().collect();
            in_scope += visible.len();
            let answer = self.get(&self.csv_path(report, ""), &self.ana).send().await.unwrap();
            let text = answer.bytes().await.unwrap();
            let end = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let header = header_of(&text[..end]);
            assert_eq!(rows_in(&text[end..], &header), visible, "{} {grants:?}", report.name());
            for window in &self.requests[report.name()].windows {
                let path = format!("/api/rows/{}/{}", report.name(), window.id);
                let (rows, slices, found) = self.frames(&path).await;
                assert_eq!(rows, found.len() as u64);
                let columns = found.first().map_or(0, |row| row.cells.len());
                let cut: Vec<Row> = visible
                    .iter()
                    .map(|row| Row { cells: row.cells[..columns].to_vec(), ..row.clone() })
                    .collect();
                assert_eq!(found, cut, "{path} {grants:?}");
                assert!(slices > 0 || found.is_empty());
                // Asking for what is out of scope by its name is asking for what does not exist.
                let Some(out) = out else { continue };
                let none = "00000000-0000-4000-8000-000000000000";
                let (hidden, absent) = (
                    self.frames(&format!("{path}?course={}", out.id)).await,
                    self.frames(&format!("{path}?course={none}")).await,
                );
                assert_eq!(hidden, absent, "{path}");
                assert_eq!((hidden.0, hidden.1), (0, 0));
                let csv = self.csv_path(report, &format!("&course={}", out.id));
                assert_eq!(self.text(&csv).await.lines().count(), 1, "the header alone");
            }
        }
        self.try_what_is_not_theirs(grants).await;
        in_scope
    }

    async fn try_what_is_not_theirs(&self, grants: &Grants) {
        let absent = "f".repeat(32);
        for id in self.requests.values().map(|request| &request.id) {
            for (method, end) in [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/retry")] {
                let at = |id: &str| self.call(method.clone(), &format!("/api/requests/{id}{end}"), &self.ana);
                let hidden: Problem = refusal(at(id)).await;
                assert_eq!(hidden.code, Code::UnknownRequest, "{method} {end}");
                assert_eq!(hidden, refusal(at(&absent)).await, "the same words");
            }
        }
        // A report without a course column is there for those who see all, and for nobody else.
        let window = &self.requests["visit"].windows[0].id;
        let days = format!("from={}&to={}", self.weeks.from, self.weeks.to());
        for (real, made_up) in [
            (format!("/api/rows/visit/{window}"), format!("/api/rows/vizit/{window}")),
            (format!("/api/csv/visit?{days}"), format!("/api/csv/vizit?{days}")),
        ] {
            let (hidden, absent) =
                (refusal(self.get(&real, &self.ana)).await, refusal(self.get(&made_up, &self.ana)).await);
            assert_eq!(hidden.code, Code::UnknownReport);
            assert_eq!(hidden.detail.replace("visit", "vizit"), absent.detail);
        }
        let ask = self.call(Method::POST, "/api/requests", &self.ana).json(&self.weeks.body(Report::Visit));
        assert_eq!(refusal(ask).await.code, Code::UnknownReport);
        for (method, path) in [
            (Method::GET, "/api/roles"),
            (Method::PUT, "/api/roles"),
            (Method::DELETE, "/api/roles/0123456789abcdef"),
            (Method::POST, "/api/roles/csv"),
            (Method::GET, "/api/record"),
            (Method::GET, "/api/record?as=csv"),
            (Method::GET, "/api/forget"),
            (Method::POST, "/api/forget"),
            (Method::DELETE, "/api/forget/0123456789abcdef0123456789abcdef"),
            (Method::PUT, "/api/shares"),
        ] {
            let problem = refusal(self.call(method.clone(), path, &self.ana)).await;
            assert_eq!(problem.code, Code::NotAllowed, "{method} {path}");
            self.check_silent(grants, path, &serde_json::to_string(&problem).unwrap());
        }
    }

    /// Scopes of every kind: whole courses, single sections, both at once, what nobody has heard of.
    fn scopes(&self) -> Vec<Grants> {
        let course = |n: usize| self.courses.courses[n].id.to_lowercase();
        let section = |n: usize, m: usize| {
            let course = &self.courses.courses[n];
            (course.id.to_lowercase(), Some(course.sections[m % course.sections.len()].id.to_lowercase()))
        };
        let mut scopes = vec![
            vec![(course(0), None)],
            vec![section(1, 0)],
            vec![section(1, 0), section(1, 1), (course(2), None)],
            vec![(course(3), None), section(3, 0)],
        ];
        // More that nobody chose, always the same.
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..6 {
            let mut roll = |of: usize| {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                usize::try_from(dice >> 33).unwrap() % of
            };
            let size = 1 + roll(4);
            let grants = (0..size).map(|_| {
                let (n, m, whole) = (roll(4), roll(9), roll(3) == 0);
                if whole { (course(n), None) } else { section(n, m) }
            });
            scopes.push(grants.collect::<BTreeSet<_>>().into_iter().collect());
        }
        scopes
    }
}

#[tokio::test]
async fn every_route_keeps_to_every_scope() {
    let trial = Trial::start().await;
    for report in Report::ALL.into_iter().filter(|report| *report != Report::Visit) {
        let courses: BTreeSet<&String> = trial.rows[report.name()].iter().map(|row| &row.course).collect();
        assert!(courses.len() > 1, "{}: a leak would not show", report.name());
    }
    let (mut seen, mut hidden) = (0, 0);
    for grants in trial.scopes() {
        let visible = trial.try_every_route(&grants).await;
        seen += visible;
        hidden += trial.rows.values().map(Vec::len).sum::<usize>() - visible;
    }
    assert!(seen > 1_000 && hidden > 1_000, "{seen} rows seen, {hidden} hidden");

    // What an instructor asks for is theirs to follow, and shared where it is here already.
    let ask = |report: Report, token: &str| {
        trial.call(Method::POST, "/api/requests", token).json(&trial.weeks.body(report))
    };
    let own: RequestInfo = trial.read(ask(Report::Notes, &trial.ana)).await;
    assert_eq!(own.windows.len(), trial.requests["notes"].windows.len());
    let copies: Vec<_> = own.windows.iter().filter_map(|window| window.copy.as_ref()).collect();
    assert!(!copies.is_empty() && copies.iter().all(|copy| copy.rows.is_none() && copy.bytes.is_none()));
    let listed: Requests = trial.read(trial.get("/api/requests", &trial.ana)).await;
    assert_eq!(listed.requests.iter().map(|request| &request.id).collect::<Vec<_>>(), [&own.id]);
    let stopped = trial.call(Method::DELETE, &format!("/api/requests/{}", own.id), &trial.ana).send().await;
    assert_eq!(stopped.unwrap().status(), 204);

    a_quota_keeps_one_person_from_filling_the_queue(&trial).await;

    // An analyst sees all courses and everybody's requests; no roles and no record.
    trial.give("analyst", &Vec::new()).await;
    let listed: Requests = trial.read(trial.get("/api/requests", &trial.ana)).await;
    assert!(listed.requests.len() >= trial.requests.len());
    let notes = trial.get(&trial.csv_path(Report::Notes, ""), &trial.ana).send().await.unwrap();
    assert_eq!(notes.text().await.unwrap().is_empty(), trial.rows["notes"].is_empty());
    let visit = trial.get(&trial.csv_path(Report::Visit, ""), &trial.ana).send().await.unwrap();
    assert!(visit.status().is_success());
    assert_eq!(refusal(trial.get("/api/roles", &trial.ana)).await.code, Code::NotAllowed);
    assert!(trial.signer.fetches() <= 1);
    trial.stack.check_ledger();
}

/// A term of everything fits; far more does not, and says when to go on.
async fn a_quota_keeps_one_person_from_filling_the_queue(trial: &Trial) {
    let grants = vec![(trial.courses.courses[0].id.to_lowercase(), None)];
    trial.give("instructor", &grants).await;
    let ask = |report: Report, weeks: Weeks| {
        trial.call(Method::POST, "/api/requests", &trial.ana).json(&weeks.body(report))
    };
    let term = Weeks::back(3, 16);
    for report in Report::ALL.into_iter().filter(|report| *report != Report::Visit) {
        let request: RequestInfo = trial.read(ask(report, term)).await;
        assert!(!request.windows.is_empty());
    }
    let refused = refusal(ask(Report::Notes, Weeks::back(30, 200))).await;
    assert_eq!((refused.code, refused.status), (Code::Quota, 429), "{refused:?}");
    assert!(refused.retry_after.unwrap() > 0);
    let listed: Requests = trial.read(trial.get("/api/requests", &trial.ana)).await;
    assert_eq!(listed.requests.len(), 8, "what was refused was not asked");
    for request in listed.requests {
        let stop = trial.call(Method::DELETE, &format!("/api/requests/{}", request.id), &trial.ana);
        assert_eq!(stop.send().await.unwrap().status(), 204);
    }
}
