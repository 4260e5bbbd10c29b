//! Shares: what they show and what they withhold, who may manage them, and how they end.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use domain::api::{AuditAction, AuditLogPage, Courses, RequestInfo};
use domain::erasure::{ErasureProgress, Erasures};
use domain::problem::Code;
use domain::shares::{
    CreateShareResponse, ShareContent, SharePanel, ShareState, ShareWeek, Shares, TOKEN_LENGTH,
};
use domain::time::{DAY, Day, minus_days, plus_days};
use reqwest::{Method, RequestBuilder, Response};
use sandbox::{Report, Truth};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use worker_tests::signer::Signer;
use worker_tests::suppression::{self, Amounts, Section, Shown};
use worker_tests::{Stack, Weeks, now, quick, refusal};

const BOSS: &str = "boss@university.example";
const ANA: &str = "ana@university.example";
const HEADER: &str = "cf-access-jwt-assertion";

/// `LECTERN_SMALLEST` in these tests.
const SMALLEST: usize = 6;

struct Trial {
    stack: Stack,
    signer: Signer,
    boss: String,
    ana: String,
    weeks: Weeks,
    courses: Courses,
}

/// How much of one report the shares of a course and its sections showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Found {
    /// Weeks with numbers, of the course or of a section.
    shown: usize,
    /// Weeks whose numbers are withheld.
    withheld: usize,
    /// Shares of right answers.
    right: usize,
}

impl Trial {
    async fn start() -> Self {
        let signer = Signer::start();
        let mut settings = signer.settings().to_vec();
        let smallest = SMALLEST.to_string();
        settings.extend([
            ("LECTERN_ADMINS", BOSS),
            ("LECTERN_SMALLEST", smallest.as_str()),
            ("LECTERN_TIME_ZONE", "Africa/Lagos"),
        ]);
        let sandbox = sandbox::Settings { students: 160, courses: 3, ..quick() };
        let stack = Stack::with(sandbox, &settings).await;
        let (boss, ana) = (signer.token(BOSS), signer.token(ANA));
        let weeks = Weeks::back(2, 3);
        let mut trial = Self { stack, signer, boss, ana, weeks, courses: Courses::default() };
        trial.bring(Report::VideoView).await;
        trial.courses = trial.read(trial.get("/api/courses", &trial.boss)).await;
        trial
    }

    /// Requests the weeks of a report and waits for their rows.
    async fn bring(&self, report: Report) -> RequestInfo {
        let call = self.call(Method::POST, "/api/requests", &self.boss).json(&self.weeks.body(report));
        let RequestInfo { id, .. } = self.read(call).await;
        let started = Instant::now();
        loop {
            let request: RequestInfo = self.read(self.get(&format!("/api/requests/{id}"), &self.boss)).await;
            if request.windows.iter().all(|window| window.state.has_rows()) {
                return request;
            }
            assert!(started.elapsed() < Duration::from_secs(90), "{request:#?}\n{}", self.stack.log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn call(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.stack.http.request(method, self.stack.at(path)).header(HEADER, token)
    }

    fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.call(Method::GET, path, token)
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> RequestBuilder {
        self.call(Method::POST, path, token).json(body)
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, call: RequestBuilder) -> T {
        let answer = call.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {text}\n{}", self.stack.log());
        serde_json::from_str(&text).unwrap()
    }

    /// The body that creates a share of all weeks.
    fn wanted(&self, course: &str, section: Option<&str>) -> Value {
        json!({
            "report": "videoview", "course": course, "section": section,
            "from": self.weeks.from.to_string(), "to": self.weeks.to().to_string(),
        })
    }

    async fn make(&self, token: &str, body: &Value) -> CreateShareResponse {
        self.read(self.post("/api/shares", token, body)).await
    }

    /// Opens a share without signing in, from an IP address.
    fn open(&self, token: &str, address: &str) -> RequestBuilder {
        let call = self.stack.http.post(self.stack.at("/api/shared")).json(&json!({"token": token}));
        call.header("cf-connecting-ip", address)
    }

    async fn opened(&self, token: &str) -> ShareContent {
        self.read(self.open(token, "192.0.2.1")).await
    }

    async fn list(&self, token: &str) -> Shares {
        self.read(self.get("/api/shares", token)).await
    }

    async fn give(&self, grants: &[(&str, Option<&str>)]) {
        let grants: Vec<Value> =
            grants.iter().map(|(course, section)| json!({"course": course, "section": section})).collect();
        let body = json!({"email": ANA, "role": "instructor", "grants": grants});
        let call = self.call(Method::PUT, "/api/roles", &self.boss).json(&body);
        assert!(call.send().await.unwrap().status().is_success());
    }

    /// The activity of students by section of a course, in the week from `monday` on (Africa/Lagos), from the true rows. Of a poll
    /// answer, the latest update counts; an answer to a question counts once a day. Sections that are taught in that week are
    /// included even without activity.
    fn truth(&self, report: Report, course: &str, monday: Day) -> BTreeMap<String, Section> {
        let columns = Columns::of(report);
        let (start, end) = (start_of(monday), start_of(plus_days(monday, 7)));
        let mut rows = self.stack.truth().rows(&self.weeks.truth(report));
        rows.retain(|row| {
            let is_in =
                row[columns.time].as_str() >= start.as_str() && row[columns.time].as_str() < end.as_str();
            let is_students = row[columns.role] == "Student" && !row[columns.user].is_empty();
            is_in && is_students && row[columns.course] == course
        });
        if let Some(thing) = columns.thing {
            rows.sort_by(|a, b| a[columns.time].cmp(&b[columns.time]));
            let mut last: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
            for row in rows {
                // In Lagos the day begins an hour earlier.
                let day = domain::time::Timestamp::parse(&row[columns.time]).unwrap().plus(DAY / 24).day();
                let day = if report == Report::Qanda { day.to_string() } else { String::new() };
                last.insert((row[thing].clone(), row[columns.user].clone(), day), row);
            }
            rows = last.into_values().collect();
        }
        let known = self.courses.courses.iter().find(|known| known.id.as_str() == course);
        let taught =
            known.into_iter().flat_map(|course| &course.sections).map(|section| section.id.to_string());
        let mut sections: BTreeMap<String, Section> = taught
            .filter(|section| self.is_taught(section, monday))
            .map(|section| (section, Section::default()))
            .collect();
        for row in rows {
            let section = sections.entry(row[columns.section].to_lowercase()).or_default();
            let add = |amounts: &mut Amounts| *amounts.entry(row[columns.user].clone()).or_default() += 1;
            add(&mut section.done);
            if let (Some(answer), Some(solution)) = (columns.answer, columns.solution)
                && !row[solution].is_empty()
            {
                add(if row[answer] == row[solution] { &mut section.right } else { &mut section.wrong });
            }
        }
        sections
    }

    /// Whether a section's term overlaps the week from `monday` on. A section of an unknown term counts as taught.
    fn is_taught(&self, section: &str, monday: Day) -> bool {
        let sections = self.courses.courses.iter().flat_map(|course| &course.sections);
        let term = sections.filter(|it| it.id.as_str() == section).find_map(|it| it.term.as_ref());
        let term = term.and_then(|id| self.courses.terms.iter().find(|term| term.id == *id));
        term.is_none_or(|term| term.from <= plus_days(monday, 6) && monday <= term.to)
    }

    /// Compares one report of the shares of a course and of its sections (by lower-case id) with the truth: in each week, exactly
    /// the numbers that must be shown are shown, and they are right.
    fn check(
        &self,
        report: Report,
        course: &str,
        whole: &ShareContent,
        sections: &BTreeMap<String, ShareContent>,
    ) -> Found {
        let panel_of = |shared: &ShareContent| -> SharePanel {
            let mut panels = shared.panels.iter();
            panels.find(|panel| panel.report.as_str() == report.name()).cloned().unwrap()
        };
        let (whole, mut found) = (panel_of(whole), Found::default());
        let sections: BTreeMap<&String, SharePanel> =
            sections.iter().map(|(id, shared)| (id, panel_of(shared))).collect();
        // The first week in Lagos begins on a Sunday (UTC) that was not requested.
        let mondays: Vec<Day> = whole.weeks.iter().map(|week| week.monday.unwrap()).collect();
        assert_eq!(mondays, [7, 14].map(|days| plus_days(self.weeks.from, days)), "{}", report.name());
        for (place, monday) in mondays.into_iter().enumerate() {
            let truth = self.truth(report, course, monday);
            let (names, parts): (Vec<&String>, Vec<Section>) =
                truth.iter().map(|(name, part)| (name, part.clone())).unzip();
            let must = suppression::shown(&parts, SMALLEST);
            let is_judged = parts.iter().any(|part| !part.right.is_empty() || !part.wrong.is_empty());
            let mut check = |what: &str, week: &ShareWeek, is_shown: bool, parts: &[Section]| {
                let what = format!("{} of {what} in the week of {monday}: {must:?}", report.name());
                if !is_shown {
                    assert!(week.numbers.iter().all(Option::is_none), "must be withheld: {week:?}, {what}");
                    found.withheld += 1;
                    return;
                }
                let mut numbers = vec![Some(amount(report, parts)), Some(students(parts))];
                if is_judged {
                    let right = right_share(parts).filter(|_| must.right);
                    found.right += usize::from(right.is_some());
                    numbers.push(right);
                }
                assert_eq!(week.numbers, numbers, "must be shown: {what}");
                found.shown += 1;
            };
            check("the course", &whole.weeks[place], must.total, &parts);
            for (id, panel) in &sections {
                let week = &panel.weeks[place];
                assert_eq!(week.monday, Some(monday));
                // A section that is not taught in that week has no numbers.
                let at = names.iter().position(|name| name == id);
                match at {
                    Some(at) => check(id, week, must.sections[at], &parts[at..=at]),
                    None => assert!(week.numbers.iter().all(Option::is_none), "{week:?}"),
                }
            }
            check_cover(&must, &parts);
        }
        found
    }

    /// Creates and opens shares of a course, of each section taught in these weeks, and of one other section.
    async fn open_all(
        &self,
        report: &str,
        course: &domain::api::Course,
    ) -> (ShareContent, BTreeMap<String, ShareContent>) {
        let open = async |section: Option<&str>| {
            let mut wanted = self.wanted(&course.id, section);
            wanted["report"] = json!(report);
            let made = self.make(&self.boss, &wanted).await;
            self.opened(&made.token.unwrap()).await
        };
        let mut sections = BTreeMap::new();
        let is_taught = |section: &&domain::api::Section| {
            (0..3).any(|week| self.is_taught(section.id.as_str(), plus_days(self.weeks.from, 7 * week)))
        };
        let (taught, others): (Vec<_>, Vec<_>) = course.sections.iter().partition(is_taught);
        for section in taught.into_iter().chain(others.into_iter().take(1)) {
            sections.insert(section.id.to_string(), open(Some(section.id.as_str())).await);
        }
        (open(None).await, sections)
    }

    /// Requests an erasure and waits until it is done.
    async fn forget(&self, body: &Value) {
        let asked: Value = self.read(self.post("/api/forget", &self.boss, body)).await;
        let started = Instant::now();
        loop {
            let all: Erasures = self.read(self.get("/api/forget", &self.boss)).await;
            if all
                .erasures
                .iter()
                .any(|it| asked["id"] == it.id.as_str() && it.state == ErasureProgress::Done)
            {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{all:#?}\n{}", self.stack.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn record(&self) -> AuditLogPage {
        self.read(self.get("/api/record", &self.boss)).await
    }
}

/// The columns of a report that the tests need.
struct Columns {
    time: usize,
    course: usize,
    section: usize,
    user: usize,
    role: usize,
    /// The activity: a later row of the same person and activity replaces an earlier one.
    thing: Option<usize>,
    answer: Option<usize>,
    solution: Option<usize>,
}

impl Columns {
    fn of(report: Report) -> Self {
        let names = Truth::columns(report);
        let find = |name: &str| names.iter().position(|column| column.eq_ignore_ascii_case(name));
        let of = |name: &str| find(name).unwrap();
        let answers = |plain: &str, answer: &str| find(answer).or(find(plain)).unwrap();
        Self {
            time: of("event_timestamp"),
            course: of("courseId"),
            section: of("sectionId"),
            user: answers("userid", "answer_userid"),
            role: answers("role", "answer_role"),
            thing: find("activity_id").or(find("answerid")),
            answer: find("answer"),
            solution: find("solution"),
        }
    }
}

/// The amount as shares show it: minutes for `videoview`, a count for other reports.
fn amount(report: Report, parts: &[Section]) -> f64 {
    let sum = real(parts.iter().flat_map(|part| part.done.values()).sum());
    if report == Report::VideoView { sum / 2.0 } else { sum }
}

/// The number of students, counted once per section.
fn students(parts: &[Section]) -> f64 {
    real(parts.iter().map(|part| part.done.len() as u64).sum())
}

/// Right answers, in percent of those that can be judged.
fn right_share(parts: &[Section]) -> Option<f64> {
    let sum = |of: fn(&Section) -> &Amounts| -> u64 { parts.iter().flat_map(|part| of(part).values()).sum() };
    let (right, wrong) = (sum(|part| &part.right), sum(|part| &part.wrong));
    (right + wrong > 0).then(|| (100.0 * real(right) / real(right + wrong)).round())
}

fn real(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// Checks the purpose of the rule: every shown number is safe, and so is everything that can be derived from all of them.
fn check_cover(shown: &Shown, parts: &[Section]) {
    let is_safe = |parts: &[&Section]| {
        suppression::is_safe(&parts.iter().map(|part| &part.done).collect::<Vec<_>>(), SMALLEST)
    };
    let (open, hidden): (Vec<_>, Vec<_>) = parts.iter().zip(&shown.sections).partition(|(_, shown)| **shown);
    assert!(open.iter().all(|(part, _)| is_safe(&[part])));
    if shown.total {
        let hidden: Vec<&Section> = hidden.into_iter().map(|(part, _)| part).collect();
        assert!(is_safe(&parts.iter().collect::<Vec<_>>()));
        assert!(hidden.is_empty() || is_safe(&hidden));
        for out in 0..hidden.len() {
            let rest: Vec<&Section> =
                hidden.iter().enumerate().filter(|(at, _)| *at != out).map(|(_, part)| *part).collect();
            assert!(rest.is_empty() || is_safe(&rest), "for the teacher of one of them");
        }
    }
}

/// The start of a day in Lagos (UTC+1 all year), in the rows' time format.
fn start_of(day: Day) -> String {
    format!("{} 23:00:00", minus_days(day, 1))
}

/// Status, headers (without the date) and body of a response.
async fn told(answer: Response) -> (u16, BTreeMap<String, String>, String) {
    let headers = answer.headers().iter().filter(|(name, _)| *name != "date");
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (answer.status().as_u16(), headers, answer.text().await.unwrap())
}

#[tokio::test]
async fn what_is_shared_is_true_and_nothing_else_is_told() {
    let trial = Trial::start().await;
    let course = trial.courses.courses.iter().max_by_key(|course| course.sections.len()).unwrap();
    // A preview makes nothing.
    let mut wanted = trial.wanted(&course.id, None);
    wanted["preview"] = json!(true);
    let preview = trial.make(&trial.boss, &wanted).await;
    assert!(preview.token.is_none() && preview.share.is_none());
    assert!(trial.list(&trial.boss).await.shares.is_empty());
    wanted["preview"] = json!(false);
    let made = trial.make(&trial.boss, &wanted).await;
    assert_eq!(made.contents, preview.contents);
    // Lagos's first week begins on the Sunday before, which is not here.
    assert_eq!(made.contents[0].missing, 1, "{:?}", made.contents);
    assert_eq!(made.contents[0].shown + made.contents[0].withheld, 2);
    let first_week = trial.weeks.from.to_string();
    let token = made.token.unwrap();
    assert_eq!(token.len(), TOKEN_LENGTH);
    let whole = trial.opened(&token).await;
    assert_eq!((whole.time_zone.as_str(), whole.smallest as usize), ("Africa/Lagos", SMALLEST));
    let (_, sections) = trial.open_all("videoview", course).await;
    let found = trial.check(Report::VideoView, &course.id, &whole, &sections);
    assert!(found.shown > 0, "something is shown: {found:?}");
    // Nothing of anybody: neither an id nor a name of all the rows that were counted.
    let columns = Truth::columns(Report::VideoView);
    let personal: Vec<usize> = ["userid", "email", "lastname"]
        .iter()
        .map(|name| columns.iter().position(|column| column.eq_ignore_ascii_case(name)).unwrap())
        .collect();
    let rows = trial.stack.truth().rows(&trial.weeks.truth(Report::VideoView));
    let cells: BTreeSet<&String> = rows.iter().flat_map(|row| personal.iter().map(|at| &row[*at])).collect();
    let all = serde_json::to_string(&(&whole, &sections.values().collect::<Vec<_>>())).unwrap();
    for cell in cells.iter().filter(|cell| cell.len() > 3) {
        assert!(!all.contains(cell.as_str()), "{cell}");
    }
    assert!(whole.html.contains("<svg") && whole.html.contains("<table>") && !whole.html.contains("style="));
    // A week that is not here stands among the others, and has no number.
    let missing = format!("<th scope=\"row\">{first_week}</th><td class=\"none\">no data</td>");
    assert!(whole.html.contains(&missing), "{}", whole.html);
    // Frozen: what is asked once more says the same.
    let again = trial.make(&trial.boss, &trial.wanted(&course.id, None)).await;
    assert_eq!(trial.opened(&again.token.unwrap()).await.panels, whole.panels);

    // A course is all that tells what students did, as far as it is here.
    let mut wanted = trial.wanted(&course.id, None);
    wanted["report"] = json!("course");
    let made = trial.make(&trial.boss, &wanted).await;
    assert_eq!(made.contents.len(), 6);
    assert!(made.contents.iter().skip(1).all(|outline| (outline.shown, outline.missing) == (0, 3)));
    assert_eq!(trial.opened(&made.token.unwrap()).await.panels, whole.panels);
    trial.stack.check_ledger();
}

#[tokio::test]
async fn each_report_shows_what_it_must_and_withholds_what_it_must() {
    const REPORTS: [(Report, &str); 6] = [
        (Report::VideoView, "minutes"),
        (Report::Presentation, "slide views"),
        (Report::Confused, "marks"),
        (Report::Polling, "answers"),
        (Report::Qanda, "answers"),
        (Report::Notes, "notes"),
    ];
    let trial = Trial::start().await;
    for (report, _) in REPORTS.into_iter().skip(1) {
        trial.bring(report).await;
    }
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    for course in &trial.courses.courses {
        let (whole, sections) = trial.open_all("course", course).await;
        let order: Vec<(&str, &str)> =
            whole.panels.iter().map(|panel| (panel.report.as_str(), panel.measures[0].as_str())).collect();
        assert_eq!(order, REPORTS.map(|(report, unit)| (report.name(), unit)));
        for (report, _) in REPORTS {
            let of_course = trial.check(report, &course.id, &whole, &sections);
            let all = found.entry(report.name()).or_default();
            all.shown += of_course.shown;
            all.withheld += of_course.withheld;
            all.right += of_course.right;
        }
    }
    // The data tests both directions of the rule.
    assert!(found.values().any(|found| found.withheld > 0), "{found:?}");
    for (report, found) in &found {
        // Few students answer questions here.
        assert!(found.shown > 0 || *report == "qanda", "{report}: {found:?}");
    }
    assert!(found["polling"].right > 0, "what was right is told somewhere");
}

#[tokio::test]
async fn the_library_shows_the_views_of_each_section_that_has_enough() {
    let trial = Trial::start().await;
    let request = trial.bring(Report::Asset).await;
    let taken = request.windows[0].copy.as_ref().unwrap().created;
    let mut ask = trial.weeks.truth(Report::Asset);
    ask.as_of = Some(taken.seconds());
    let columns = Truth::columns(Report::Asset);
    let at = |name: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(name)).unwrap();
    let (video, of, number, views) =
        (at("mediaid"), at("course_identifier"), at("section_number"), at("view_count"));
    let rows = trial.stack.truth().rows(&ask);
    let (mut shown, mut withheld) = (0, 0);
    for course in &trial.courses.courses {
        let rows: Vec<&Vec<String>> = rows.iter().filter(|row| row[of] == course.id).collect();
        let videos: BTreeSet<&String> = rows.iter().map(|row| &row[video]).collect();
        assert!(videos.len() < rows.len(), "a video in several sections, whose views must not be added up");
        let library = async |section: Option<&str>| {
            let body = json!({"report": "asset", "course": course.id, "section": section});
            let made = trial.make(&trial.boss, &body).await;
            let [panel] = trial.opened(&made.token.unwrap()).await.panels.try_into().unwrap();
            assert_eq!((panel.taken, panel.measures.join(" ")), (Some(taken), "videos views".to_owned()));
            let [week] = panel.weeks.try_into().unwrap();
            assert_eq!(week.monday, None);
            week.numbers
        };
        assert_eq!(library(None).await, [None, None], "the whole course");
        // This report identifies a section by its number only, across all terms.
        let sections: BTreeMap<&str, &str> =
            course.sections.iter().map(|section| (section.number.as_str(), section.id.as_str())).collect();
        for (section, id) in sections {
            let rows: Vec<&&Vec<String>> = rows.iter().filter(|row| row[number] == section).collect();
            let sum: u64 = rows.iter().map(|row| row[views].parse::<u64>().unwrap()).sum();
            let numbers = library(Some(id)).await;
            if sum < SMALLEST as u64 {
                assert_eq!(numbers, [None, None], "{sum} views");
                withheld += 1;
            } else {
                assert_eq!(numbers, [Some(real(rows.len() as u64)), Some(real(sum))]);
                shown += 1;
            }
        }
    }
    assert!(shown > 0, "{shown} shown, {withheld} withheld");
}

#[tokio::test]
async fn a_share_lives_is_changed_and_ends() {
    let mut trial = Trial::start().await;
    let course = trial.courses.courses[0].clone();
    let mut wanted = trial.wanted(&course.id, None);
    wanted["name"] = json!("Week <3");
    wanted["origins"] = json!(["https://courses.example.edu"]);
    let made = trial.make(&trial.boss, &wanted).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    assert_eq!((share.name.as_str(), share.opened, share.mine), ("Week <3", 0, true));
    assert_eq!(share.expires.since(share.made), 7 * DAY);
    let shared = trial.opened(&token).await;
    assert!(shared.html.contains("Week &lt;3") && !shared.html.contains("Week <3"));
    trial.opened(&token).await;
    let listed = trial.list(&trial.boss).await.shares.remove(0);
    assert_eq!((listed.opened, listed.last.is_some(), listed.state), (2, true, ShareState::Open));

    // The page: embedded where it was said, and nothing of it is kept or sent on.
    let page = |path: &str| trial.stack.http.get(trial.stack.at(path));
    let embedded = told(page(&format!("/s/{}", share.id)).send().await.unwrap()).await;
    let policy = &embedded.1["content-security-policy"];
    assert!(policy.ends_with("frame-ancestors https://courses.example.edu"), "{policy}");
    let plain = told(page("/s").send().await.unwrap()).await;
    assert_eq!(told(page(&format!("/s/{}", "0".repeat(32))).send().await.unwrap()).await, plain);
    assert!(plain.1["content-security-policy"].ends_with("frame-ancestors 'none'"));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!((plain.0, plain.1[name].as_str(), embedded.1[name].as_str()), (200, value, value));
    }
    assert!(plain.2.contains("noindex") && plain.2.len() < 8_000, "{} bytes", plain.2.len());

    // Changed: only what is named.
    let path = format!("/api/shares/{}", share.id);
    let change = |body: Value| trial.post(&path, &trial.boss, &body);
    let renamed: CreateShareResponse = trial.read(change(json!({"name": "Another"}))).await;
    assert!(renamed.token.is_none());
    let renewed: CreateShareResponse = trial.read(change(json!({"days": 90}))).await;
    let renewed = renewed.share.unwrap();
    assert_eq!((renewed.name.as_str(), renewed.origins.len()), ("Another", 1));
    assert!((renewed.expires.since(now()) - 90 * DAY).abs() < DAY / 24);
    let rotated: CreateShareResponse = trial.read(change(json!({"rotate": true}))).await;
    let fresh = rotated.token.unwrap();
    assert_ne!(fresh, token);
    assert_eq!(trial.opened(&fresh).await.name, "Another");
    let old = told(trial.open(&token, "192.0.2.2").send().await.unwrap()).await;
    for body in [json!({"days": 0}), json!({"days": 91}), json!({"name": ""}), json!({"origins": ["*"]})] {
        assert_eq!(refusal(change(body)).await.code, Code::BadShare);
    }

    // Another that is revoked, one that has expired, and what never was: alike, but for the time of day.
    let spare = trial.make(&trial.boss, &trial.wanted(&course.id, None)).await;
    let (revoked, id) = (spare.token.unwrap(), spare.share.unwrap().id);
    let delete = |id: &str| trial.call(Method::DELETE, &format!("/api/shares/{id}"), &trial.boss);
    assert_eq!(delete(&id).send().await.unwrap().status(), 204);
    assert_eq!(refusal(delete(&id)).await.code, Code::UnknownShare);
    let spare = trial.make(&trial.boss, &trial.wanted(&course.id, None)).await;
    let expired = spare.token.unwrap();
    trial.stack.kill();
    let statement = format!("UPDATE share SET expires = 1000 WHERE id = '{}'", spare.share.unwrap().id);
    // Long over, it would be deleted: only for a moment.
    let statement = statement.replace("1000", &now().plus(-1000).0.to_string());
    trial.stack.damage("Registry", false, &statement);
    trial.stack.boot().await;
    assert_eq!(old.0, 404);
    let wrong = "A".repeat(TOKEN_LENGTH);
    let altered = format!("{}A", &fresh[..TOKEN_LENGTH - 1]).replacen(&fresh[..1], "_", 1);
    for (at, token) in [&revoked, &expired, &wrong, &altered, &fresh[..20].to_owned()].into_iter().enumerate()
    {
        let answer = told(trial.open(token, &format!("192.0.2.{}", 10 + at)).send().await.unwrap()).await;
        assert_eq!(answer, old, "{at}");
    }
    let states: BTreeSet<String> =
        trial.list(&trial.boss).await.shares.iter().map(|it| format!("{:?}", it.state)).collect();
    assert_eq!(states, BTreeSet::from(["Expired".to_owned(), "Open".to_owned()]));

    are_answered_in_one_time(&trial, &[wrong, revoked, expired]).await;
    // Who brings many wrong ones waits, and opens a right one all the same.
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(refusal(trial.open(&"B".repeat(TOKEN_LENGTH), "198.51.100.1")).await.code);
    }
    assert_eq!((codes[0], codes[7]), (Code::ShareGone, Code::TooManyTries));
    let right = trial.open(&fresh, "198.51.100.1").send().await.unwrap();
    assert_eq!(right.status(), 200);

    // Switched off for everybody, and on again.
    let switch =
        |token: &str, on: bool| trial.call(Method::PUT, "/api/shares", token).json(&json!({"on": on}));
    let off: Shares = trial.read(switch(&trial.boss, false)).await;
    assert!(!off.on && !off.shares.is_empty());
    assert_eq!(refusal(trial.open(&fresh, "192.0.2.30")).await.code, Code::ShareGone);
    let call = trial.post("/api/shares", &trial.boss, &trial.wanted(&course.id, None));
    assert_eq!(refusal(call).await.code, Code::SharesOff);
    let _: Shares = trial.read(switch(&trial.boss, true)).await;
    trial.opened(&fresh).await;

    // From another site nothing opens.
    let call = trial.open(&fresh, "192.0.2.31").header("origin", "https://elsewhere.example");
    assert_eq!(refusal(call).await.code, Code::CrossSite);

    // All of it is in the record, and no token.
    let record = trial.record().await;
    for what in [
        AuditAction::Shared,
        AuditAction::ShareOpened,
        AuditAction::ShareChanged,
        AuditAction::ShareRevoked,
        AuditAction::SharesSwitched,
    ] {
        assert!(record.entries.iter().any(|entry| entry.what == what), "{what:?}");
    }
    let opened = record.entries.iter().find(|entry| entry.what == AuditAction::ShareOpened).unwrap();
    assert!(opened.person.is_empty() && opened.view.contains(&share.id));
    let text = serde_json::to_string(&record).unwrap();
    for token in [&token, &fresh] {
        assert!(!text.contains(token.as_str()) && !trial.stack.log().contains(token.as_str()));
    }
}

/// Rejections take the same time, whatever their reason: a Mann-Whitney U test (normal approximation) on interleaved requests finds
/// no difference between the kinds of tokens.
async fn are_answered_in_one_time(trial: &Trial, tokens: &[String]) {
    const ROUNDS: usize = 80;
    let mut times: Vec<(f64, usize)> = Vec::new();
    for round in 0..ROUNDS + 5 {
        for place in 0..tokens.len() {
            let kind = (place + round) % tokens.len();
            let address = format!("203.0.{}.{}", round, 10 + place);
            let started = Instant::now();
            let answer = trial.open(&tokens[kind], &address).send().await.unwrap();
            assert_eq!(answer.status(), 404);
            answer.bytes().await.unwrap();
            if round >= 5 {
                times.push((started.elapsed().as_secs_f64(), kind));
            }
        }
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let real = |n: usize| n as f64;
    for one in 0..tokens.len() {
        for other in 0..one {
            let both: Vec<usize> =
                times.iter().map(|(_, kind)| *kind).filter(|k| *k == one || *k == other).collect();
            let ranks = both.iter().enumerate().filter(|(_, kind)| **kind == one).map(|(rank, _)| rank + 1);
            let n = real(ROUNDS);
            let u = real(ranks.sum()) - n * (n + 1.0) / 2.0;
            let z = (u - n * n / 2.0) / (n * n * (2.0 * n + 1.0) / 12.0).sqrt();
            // One in thirty thousand by chance alone.
            assert!(z.abs() < 4.0, "{one} against {other}: z = {z}");
        }
    }
}

#[tokio::test]
async fn nobody_shares_what_they_may_not_see_and_what_is_wrong_makes_nothing() {
    let trial = Trial::start().await;
    let of_many = |course: &&domain::api::Course| course.sections.len() > 1;
    let ours = trial.courses.courses.iter().find(of_many).unwrap();
    let other = trial.courses.courses.iter().find(|course| course.id != ours.id).unwrap();
    let (first, second) = (&ours.sections[0].id, &ours.sections[1].id);
    let nowhere = "00000000-0000-4000-8000-000000000000";
    trial.give(&[(&ours.id, Some(first))]).await;
    let wanted = |course: &str, section: Option<&str>| trial.wanted(course, section);
    let missing = refusal(trial.post("/api/shares", &trial.ana, &wanted(nowhere, None))).await;
    assert_eq!(missing.code, Code::BadShare);
    for (course, section) in [
        (ours.id.as_str(), None),
        (&ours.id, Some(second.as_str())),
        (&other.id, None),
        (nowhere, Some(nowhere)),
    ] {
        let problem = refusal(trial.post("/api/shares", &trial.ana, &wanted(course, section))).await;
        assert_eq!(problem, missing, "in the words of what does not exist");
    }
    let made = trial.make(&trial.ana, &wanted(&ours.id, Some(first))).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    let bosses = trial.make(&trial.boss, &wanted(&ours.id, None)).await.share.unwrap();
    let ids = |shares: Shares| shares.shares.into_iter().map(|it| it.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(trial.list(&trial.ana).await), BTreeSet::from([share.id.clone()]));
    let both = BTreeSet::from([share.id.clone(), bosses.id.clone()]);
    assert_eq!(ids(trial.list(&trial.boss).await), both);
    let theirs = format!("/api/shares/{}", bosses.id);
    let unknown = format!("/api/shares/{}", "0".repeat(32));
    let rotate = json!({"rotate": true});
    let wrong = refusal(trial.post(&unknown, &trial.ana, &rotate)).await;
    assert_eq!(wrong.code, Code::UnknownShare);
    assert_eq!(refusal(trial.post(&theirs, &trial.ana, &rotate)).await, wrong);
    assert_eq!(refusal(trial.call(Method::DELETE, &theirs, &trial.ana)).await, wrong);
    let switch = trial.call(Method::PUT, "/api/shares", &trial.ana).json(&json!({"on": false}));
    assert_eq!(refusal(switch).await.code, Code::NotAllowed);
    let nobody = trial.signer.token("nobody@university.example");
    assert_eq!(refusal(trial.get("/api/shares", &nobody)).await.code, Code::NoRole);
    assert_eq!(refusal(trial.post("/api/shares", &nobody, &wanted(&ours.id, None))).await.code, Code::NoRole);

    // Whoever may not see a course any more shows it to nobody.
    trial.opened(&token).await;
    trial.give(&[(&other.id, None)]).await;
    assert_eq!(refusal(trial.open(&token, "192.0.2.9")).await.code, Code::ShareGone);
    let listed = trial.list(&trial.boss).await.shares;
    assert_eq!(listed.iter().find(|it| it.id == share.id).unwrap().state, ShareState::OutOfScope);
    // Nor is it renewed meanwhile, by whomever; nothing was changed by a try.
    let path = format!("/api/shares/{}", share.id);
    for (who, body) in [
        (&trial.ana, json!({"days": 90})),
        (&trial.ana, rotate.clone()),
        (&trial.ana, json!({"origins": ["https://courses.example.edu"]})),
        (&trial.boss, rotate.clone()),
    ] {
        assert_eq!(refusal(trial.post(&path, who, &body)).await.code, Code::BadShare, "{body}");
    }
    let after = trial.list(&trial.boss).await.shares;
    assert_eq!(after.iter().find(|it| it.id == share.id), listed.iter().find(|it| it.id == share.id));
    trial.give(&[(&ours.id, None)]).await;
    trial.opened(&token).await;

    // What is wrong is a problem, and makes nothing.
    let with = |name: &str, value: Value| {
        let mut body = wanted(&ours.id, None);
        body[name] = value;
        body
    };
    let many: Vec<String> = (0..6).map(|n| format!("https://{n}.example.edu")).collect();
    for (body, code) in [
        (with("report", json!("visit")), Code::BadShare),
        (with("report", json!("videoview/../notes")), Code::BadShare),
        (with("course", json!("BIO-101")), Code::BadShare),
        (with("section", json!("1")), Code::BadShare),
        (with("days", json!(0)), Code::BadShare),
        (with("days", json!(91)), Code::BadShare),
        (with("days", json!(-1)), Code::BadBody),
        (with("name", json!("two\nlines")), Code::BadShare),
        (with("name", json!("n".repeat(81))), Code::BadShare),
        (with("origins", json!(["http://courses.example.edu"])), Code::BadShare),
        (with("origins", json!(["https://courses.example.edu/path"])), Code::BadShare),
        (with("origins", json!(["https://a.example; script-src *"])), Code::BadShare),
        (with("origins", json!(["https://*.example.edu"])), Code::BadShare),
        (with("origins", json!(many)), Code::BadShare),
        (with("student", json!("Ana")), Code::BadBody),
        (with("from", json!("yesterday")), Code::BadDay),
        (with("to", Value::Null), Code::BadRange),
        (with("from", json!(trial.weeks.end().to_string())), Code::RangeBackwards),
        (with("from", json!(minus_days(trial.weeks.from, 400).to_string())), Code::BadShare),
        (with("report", json!("notes")), Code::NothingToShare),
        (with("to", json!(plus_days(trial.weeks.from, 5).to_string())), Code::NothingToShare),
    ] {
        let problem = refusal(trial.post("/api/shares", &trial.boss, &body)).await;
        assert_eq!(problem.code, code, "{body} {problem:?}");
    }
    assert_eq!(ids(trial.list(&trial.boss).await), both);
    let short = trial.stack.http.post(trial.stack.at("/api/shared")).json(&json!({"code": "x"}));
    assert_eq!(refusal(short).await.code, Code::BadBody);
}

#[tokio::test]
async fn a_share_that_counted_somebody_who_is_forgotten_is_withdrawn() {
    let trial = Trial::start().await;
    let monday = plus_days(trial.weeks.from, 14);
    let person_in = |course: &str| {
        let truth = trial.truth(Report::VideoView, course, monday);
        truth.values().flat_map(|section| section.done.keys()).next().cloned()
    };
    let (course, person) =
        trial.courses.courses.iter().find_map(|it| Some((it, person_in(&it.id)?))).unwrap();
    let in_all = |course: &str| {
        (0..3).any(|week| {
            let truth = trial.truth(Report::VideoView, course, plus_days(trial.weeks.from, 7 * week));
            truth.values().any(|section| section.done.contains_key(&person))
        })
    };
    let other = trial.courses.courses.iter().find(|it| !in_all(&it.id));
    let made = trial.make(&trial.boss, &trial.wanted(&course.id, None)).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    trial.opened(&token).await;
    let untouched = match other {
        Some(other) => Some(trial.make(&trial.boss, &trial.wanted(&other.id, None)).await.token.unwrap()),
        None => None,
    };
    trial.forget(&json!({"person": {"id": person}})).await;
    assert_eq!(refusal(trial.open(&token, "192.0.2.40")).await.code, Code::ShareGone);
    let listed = trial.list(&trial.boss).await.shares;
    assert_eq!(listed.iter().find(|it| it.id == share.id).unwrap().state, ShareState::Withdrawn);
    let renew = trial.post(&format!("/api/shares/{}", share.id), &trial.boss, &json!({"days": 30}));
    assert_eq!(refusal(renew).await.code, Code::BadShare);
    if let Some(token) = untouched {
        trial.opened(&token).await;
    }
    // The weeks that counted them are spent for good.
    let mut wanted = trial.wanted(&course.id, None);
    wanted["from"] = json!(monday.to_string());
    let problem = refusal(trial.post("/api/shares", &trial.boss, &wanted)).await;
    assert_eq!(problem.code, Code::NothingToShare);
}

#[tokio::test]
async fn whoever_asks_for_more_people_is_told_less_at_once() {
    let mut trial = Trial::start().await;
    let course = trial.courses.courses.iter().max_by_key(|course| course.sections.len()).unwrap().clone();
    let made = trial.make(&trial.boss, &trial.wanted(&course.id, None)).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    let before = trial.opened(&token).await;
    trial.stack.kill();
    trial.stack.set("LECTERN_SMALLEST", "30");
    trial.stack.boot().await;
    let after = trial.opened(&token).await;
    assert_eq!(after.smallest, 30);
    for (was, is) in before.panels[0].weeks.iter().zip(&after.panels[0].weeks) {
        let all = trial.truth(Report::VideoView, &course.id, is.monday.unwrap());
        let people: BTreeSet<&String> = all.values().flat_map(|section| section.done.keys()).collect();
        assert!(is.numbers == was.numbers || is.numbers == [None, None]);
        assert!(is.numbers == [None, None] || people.len() >= 30, "{} people", people.len());
    }
    // Another share of the same weeks says the same.
    let again = trial.make(&trial.boss, &trial.wanted(&course.id, None)).await;
    assert_eq!(trial.opened(&again.token.unwrap()).await.panels, after.panels);
    trial.stack.kill();
    trial.stack.set("LECTERN_SMALLEST", &SMALLEST.to_string());
    trial.stack.boot().await;
    assert_eq!(trial.opened(&token).await.panels, before.panels);
    // A page may be embedded for one share: it opens no other.
    let under = |id: &str| {
        let body = json!({"token": token, "id": id});
        trial
            .stack
            .http
            .post(trial.stack.at("/api/shared"))
            .json(&body)
            .header("cf-connecting-ip", "192.0.2.60")
    };
    assert_eq!(refusal(under(&again.share.unwrap().id)).await.code, Code::ShareGone);
    assert_eq!(trial.read::<ShareContent>(under(&share.id)).await.panels, before.panels);
}

#[tokio::test]
async fn a_share_of_days_that_are_forgotten_is_withdrawn() {
    let trial = Trial::start().await;
    let course = trial.courses.courses.iter().max_by_key(|course| course.sections.len()).unwrap();
    let all = trial.make(&trial.boss, &trial.wanted(&course.id, None)).await.token.unwrap();
    let mut last = trial.wanted(&course.id, None);
    last["from"] = json!(plus_days(trial.weeks.from, 14).to_string());
    let last = trial.make(&trial.boss, &last).await.token.unwrap();
    trial.opened(&all).await;
    let week =
        json!({"from": trial.weeks.from.to_string(), "to": plus_days(trial.weeks.from, 6).to_string()});
    trial.forget(&json!({"range": week})).await;
    assert_eq!(refusal(trial.open(&all, "192.0.2.50")).await.code, Code::ShareGone);
    trial.opened(&last).await;
}
