//! Shares: what they show and withhold, who may manage them, and how they end.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::{AuditAction, AuditLogPage, Courses, RequestInfo};
use domain::erasure::{ErasureProgress, Erasures};
use domain::paging::{CutOff, CutOffList, ListName};
use domain::problem::Code;
use domain::share_link::TOKEN_LENGTH;
use domain::shares::{
    CreateShareResponse, SectionCount, Share, ShareContent, SharePanel, ShareState, ShareWeek, Shares,
    WithheldReason,
};
use domain::time::{DAY, Day, minus_days, plus_days};
use reqwest::{Method, RequestBuilder, Response};
use sandbox::{Report, Truth};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use worker_tests::signer::Signer;
use worker_tests::suppression::{self, Amounts, Answers, Section, ShownNumbers};
use worker_tests::{Stack, Weeks, now, quick, refusal};

const BOSS: &str = "boss@university.example";
const ANA: &str = "ana@university.example";
const HEADER: &str = "cf-access-jwt-assertion";

/// `LECTERN_SMALLEST` in these tests.
const SMALLEST: u64 = 6;

struct TestSetup {
    stack: Stack,
    signer: Signer,
    boss: String,
    ana: String,
    weeks: Weeks,
    courses: Courses,
}

/// How many numbers of one report the shares of a course and its sections showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    /// Weeks that have numbers, of the course or of a section.
    shown: usize,
    /// Weeks whose numbers are withheld.
    withheld: usize,
    /// Weeks with a percentage of right answers.
    right: usize,
    /// Weeks of a course whose numbers leave out some of its sections.
    partial: usize,
    /// Weeks of sections with activity of fewer students than [`SMALLEST`], whose numbers must be withheld.
    small: usize,
}

impl TestSetup {
    async fn start() -> Self {
        Self::with(sandbox::Settings { students: 160, courses: 3, ..quick() }).await
    }

    async fn with(sandbox: sandbox::Settings) -> Self {
        let signer = Signer::start();
        let mut settings = signer.settings().to_vec();
        let smallest = SMALLEST.to_string();
        settings.extend([
            ("LECTERN_ADMINS", BOSS),
            ("LECTERN_SMALLEST", smallest.as_str()),
            ("LECTERN_TIME_ZONE", "Africa/Lagos"),
        ]);
        let stack = Stack::with(sandbox, &settings).await;
        let (boss, ana) = (signer.token(BOSS), signer.token(ANA));
        let weeks = Weeks::back(2, 3);
        let mut setup = Self { stack, signer, boss, ana, weeks, courses: Courses::default() };
        setup.request_and_wait(Report::VideoView).await;
        setup.courses = setup.read(setup.get("/api/courses", &setup.boss)).await;
        setup
    }

    /// Requests the weeks of a report and waits for their rows.
    async fn request_and_wait(&self, report: Report) -> RequestInfo {
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
    fn share_request(&self, course: &str, section: Option<&str>) -> Value {
        json!({
            "report": "videoview", "course": course, "section": section,
            "from": self.weeks.from.to_string(), "to": self.weeks.to().to_string(),
        })
    }

    async fn create_share(&self, token: &str, body: &Value) -> CreateShareResponse {
        self.read(self.post("/api/shares", token, body)).await
    }

    /// Opens a share without signing in, from an IP address.
    fn open(&self, token: &str, address: &str) -> RequestBuilder {
        let call = self.stack.http.post(self.stack.at("/api/shared")).json(&json!({"token": token}));
        call.header("cf-connecting-ip", address)
    }

    async fn open_share(&self, token: &str) -> ShareContent {
        self.read(self.open(token, "192.0.2.1")).await
    }

    /// Reports that a share's page was used.
    fn count_opening(&self, token: &str, address: &str) -> RequestBuilder {
        let call = self.stack.http.post(self.stack.at("/api/shared/opened")).json(&json!({"token": token}));
        call.header("cf-connecting-ip", address)
    }

    /// Calls a path without following redirects. Returns the status, and where it redirects to.
    async fn call_path(&self, method: Method, path: &str) -> (u16, Option<String>) {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = http.request(method, self.stack.at(path)).send().await.unwrap();
        let target = answer.headers().get("location").map(|path| path.to_str().unwrap().to_owned());
        if target.is_some() {
            assert_eq!(answer.headers()["cache-control"], "no-store");
            assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        }
        (answer.status().as_u16(), target)
    }

    /// A share in the administrator's list.
    async fn find(&self, id: &str) -> Share {
        self.list(&self.boss).await.shares.into_iter().find(|share| share.id == id).unwrap()
    }

    async fn list(&self, token: &str) -> Shares {
        self.read(self.get("/api/shares", token)).await
    }

    async fn assign_grants(&self, grants: &[(&str, Option<&str>)]) {
        let grants: Vec<Value> =
            grants.iter().map(|(course, section)| json!({"course": course, "section": section})).collect();
        let body = json!({"email": ANA, "role": "instructor", "grants": grants});
        let call = self.call(Method::PUT, "/api/roles", &self.boss).json(&body);
        assert!(call.send().await.unwrap().status().is_success());
    }

    /// The students' activity by section of a course, in the week that starts on `monday` in Africa/Lagos,
    /// from the true rows. Of a poll answer, the latest update counts; an answer to a question counts once a
    /// day. Includes sections that are taught in that week and have no activity.
    fn truth(&self, report: Report, course: &str, monday: Day) -> BTreeMap<String, Section> {
        let columns = Columns::of(report);
        let (start, end) = (start_of(monday), start_of(plus_days(monday, 7)));
        let mut rows = self.stack.truth().rows(&self.weeks.truth(report));
        rows.retain(|row| {
            let is_in_week =
                row[columns.time].as_str() >= start.as_str() && row[columns.time].as_str() < end.as_str();
            let is_by_student = row[columns.role] == "Student" && !row[columns.user].is_empty();
            is_in_week && is_by_student && row[columns.course] == course
        });
        if let Some(activity) = columns.activity {
            rows.sort_by(|a, b| a[columns.time].cmp(&b[columns.time]));
            let mut last: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
            for row in rows {
                // In Lagos a day starts an hour earlier than in UTC.
                let day = domain::time::Timestamp::parse(&row[columns.time]).unwrap().plus(DAY / 24).day();
                let day = if report == Report::Qanda { day.to_string() } else { String::new() };
                last.insert((row[activity].clone(), row[columns.user].clone(), day), row);
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

    /// Whether a section's term overlaps the week that starts on `monday`. A section of an unknown term
    /// counts as taught.
    fn is_taught(&self, section: &str, monday: Day) -> bool {
        let sections = self.courses.courses.iter().flat_map(|course| &course.sections);
        let term = sections.filter(|it| it.id.as_str() == section).find_map(|it| it.term.as_ref());
        let term = term.and_then(|id| self.courses.terms.iter().find(|term| term.id == *id));
        term.is_none_or(|term| term.from <= plus_days(monday, 6) && monday <= term.to)
    }

    /// Compares one report in the shares of a course and of its sections (by lower-case id) with the ground
    /// truth: in each week, exactly the numbers that must be shown are shown, with the true values.
    fn check(
        &self,
        report: Report,
        course: &str,
        whole: &ShareContent,
        sections: &BTreeMap<String, ShareContent>,
    ) -> Counts {
        let panel_of = |shared: &ShareContent| -> SharePanel {
            let mut panels = shared.panels.iter();
            panels.find(|panel| panel.report.as_str() == report.name()).cloned().unwrap()
        };
        let (whole, mut found) = (panel_of(whole), Counts::default());
        let sections: BTreeMap<&String, SharePanel> =
            sections.iter().map(|(id, shared)| (id, panel_of(shared))).collect();
        // The first week in Lagos starts on a Sunday (UTC) that was not requested.
        let mondays: Vec<Day> = whole.weeks.iter().map(|week| week.monday.unwrap()).collect();
        assert_eq!(mondays, [7, 14].map(|days| plus_days(self.weeks.from, days)), "{}", report.name());
        for (place, monday) in mondays.into_iter().enumerate() {
            let truth = self.truth(report, course, monday);
            let divisor = if report == Report::VideoView { 2 } else { 1 };
            let shown: BTreeMap<&String, ShownNumbers> = truth
                .iter()
                .filter_map(|(id, part)| Some((id, suppression::shown_numbers(part, divisor, SMALLEST)?)))
                .collect();
            let all: Vec<ShownNumbers> = shown.values().cloned().collect();
            let mut check = |what: &str, week: &ShareWeek, expected: Option<&ShownNumbers>| {
                let what = format!("{} of {what} in the week of {monday}: {shown:?}", report.name());
                assert_eq!(week.monday, Some(monday));
                let Some(expected) = expected else {
                    let is_withheld = week.numbers.iter().all(Option::is_none);
                    assert!(is_withheld, "numbers must be withheld: {week:?}, {what}");
                    found.withheld += 1;
                    return;
                };
                assert_eq!(week.numbers, expected.numbers(), "numbers must be shown: {what}");
                found.right += usize::from(matches!(expected.answers, Answers::Shown(..)));
                found.shown += 1;
            };
            let week = &whole.weeks[place];
            check("the course", week, suppression::add_up(&all).as_ref());
            let taught = truth.keys().filter(|id| self.is_listed(course, id) && self.is_taught(id, monday));
            let of = taught.chain(shown.keys().copied()).collect::<BTreeSet<_>>().len();
            let count = |n: usize| u32::try_from(n).unwrap();
            assert_eq!(week.sections, Some(SectionCount { shown: count(all.len()), of: count(of) }));
            found.partial += usize::from(!all.is_empty() && all.len() < of);
            for (id, panel) in &sections {
                // A section that is not taught in that week has no numbers.
                check(id, &panel.weeks[place], shown.get(id));
                assert_eq!(panel.weeks[place].sections, None);
            }
            let small = |part: &&Section| (1..SMALLEST).contains(&(part.done.len() as u64));
            found.small += truth
                .iter()
                .filter(|(id, _)| sections.contains_key(*id))
                .map(|(_, part)| part)
                .filter(small)
                .count();
        }
        let is_withheld = whole.weeks.iter().all(|week| week.numbers.iter().all(Option::is_none));
        assert_eq!(whole.withheld, is_withheld.then_some(WithheldReason::SmallSections));
        found
    }

    /// Whether Echo360 lists a section of a course.
    fn is_listed(&self, course: &str, section: &str) -> bool {
        let course = self.courses.courses.iter().find(|it| it.id.as_str() == course);
        course.is_some_and(|course| course.sections.iter().any(|it| it.id.as_str() == section))
    }

    /// Creates and opens shares of a course, of each section taught in these weeks, and of one section that
    /// is not.
    async fn open_all(
        &self,
        report: &str,
        course: &domain::api::Course,
    ) -> (ShareContent, BTreeMap<String, ShareContent>) {
        let open = async |section: Option<&str>| {
            let mut request = self.share_request(course.id.as_str(), section);
            request["report"] = json!(report);
            let made = self.create_share(&self.boss, &request).await;
            self.open_share(&made.token.unwrap()).await
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

    /// Starts an erasure and waits until it is done.
    async fn erase(&self, body: &Value) {
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

    /// The students who watched videos of a course in the requested weeks, by section number.
    fn viewers_by_number(&self, course: &domain::api::Course) -> BTreeMap<String, BTreeSet<String>> {
        let columns = Columns::of(Report::VideoView);
        let mut viewers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in self.stack.truth().rows(&self.weeks.truth(Report::VideoView)) {
            let section =
                course.sections.iter().find(|it| it.id.as_str() == row[columns.section].to_lowercase());
            let is_by_student = row[columns.role] == "Student" && !row[columns.user].is_empty();
            if let Some(section) =
                section.filter(|_| is_by_student && row[columns.course] == course.id.as_str())
            {
                viewers.entry(section.number.clone()).or_default().insert(row[columns.user].clone());
            }
        }
        viewers
    }

    async fn record(&self) -> AuditLogPage {
        self.read(self.get("/api/record", &self.boss)).await
    }

    async fn record_of(&self, what: AuditAction) -> AuditLogPage {
        self.read(self.get(&format!("/api/record?what={}", what.slug()), &self.boss)).await
    }
}

/// The indices of the columns that the tests need; `None` where a report has no such column.
struct Columns {
    time: usize,
    course: usize,
    section: usize,
    user: usize,
    role: usize,
    /// The activity's id: a later row of the same person and activity replaces an earlier one.
    activity: Option<usize>,
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
            activity: find("activity_id").or(find("answerid")),
            answer: find("answer"),
            solution: find("solution"),
        }
    }
}

fn to_f64(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// The start of a day in Lagos (UTC+1 all year), in the rows' time format.
fn start_of(day: Day) -> String {
    format!("{} 23:00:00", minus_days(day, 1))
}

/// Status, headers (without the date) and body of a response.
async fn response_parts(answer: Response) -> (u16, BTreeMap<String, String>, String) {
    let headers = answer.headers().iter().filter(|(name, _)| *name != "date");
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (answer.status().as_u16(), headers, answer.text().await.unwrap())
}

#[tokio::test]
async fn shares_show_true_numbers_and_no_personal_data() {
    let setup = TestSetup::start().await;
    let course = setup.courses.courses.iter().max_by_key(|course| course.sections.len()).unwrap();
    // A preview creates nothing.
    let mut request = setup.share_request(course.id.as_str(), None);
    request["preview"] = json!(true);
    let preview = setup.create_share(&setup.boss, &request).await;
    assert!(preview.token.is_none() && preview.share.is_none());
    assert!(setup.list(&setup.boss).await.shares.is_empty());
    request["preview"] = json!(false);
    let made = setup.create_share(&setup.boss, &request).await;
    assert_eq!(made.contents, preview.contents);
    // In Lagos the first week starts on a Sunday (UTC) that was not requested.
    assert_eq!(made.contents[0].missing, 1, "{:?}", made.contents);
    assert_eq!(made.contents[0].shown + made.contents[0].withheld, 2);
    let first_week = setup.weeks.from.to_string();
    let token = made.token.unwrap();
    assert_eq!(token.len(), TOKEN_LENGTH);
    let whole = setup.open_share(&token).await;
    assert_eq!((whole.time_zone.as_str(), u64::from(whole.smallest)), ("Africa/Lagos", SMALLEST));
    let (_, sections) = setup.open_all("videoview", course).await;
    let found = setup.check(Report::VideoView, course.id.as_str(), &whole, &sections);
    assert!(found.shown > 0, "something must be shown: {found:?}");
    // The shares contain no id, address or name from the counted rows.
    let columns = Truth::columns(Report::VideoView);
    let personal: Vec<usize> = ["userid", "email", "lastname"]
        .iter()
        .map(|name| columns.iter().position(|column| column.eq_ignore_ascii_case(name)).unwrap())
        .collect();
    let rows = setup.stack.truth().rows(&setup.weeks.truth(Report::VideoView));
    let cells: BTreeSet<&String> = rows.iter().flat_map(|row| personal.iter().map(|at| &row[*at])).collect();
    let all = serde_json::to_string(&(&whole, &sections.values().collect::<Vec<_>>())).unwrap();
    for cell in cells.iter().filter(|cell| cell.len() > 3) {
        assert!(!all.contains(cell.as_str()), "{cell}");
    }
    assert!(whole.html.contains("<svg") && whole.html.contains("<table>") && !whole.html.contains("style="));
    // A missing week is listed without numbers.
    let missing = format!("<th scope=\"row\">{first_week}</th><td class=\"none\">no data</td>");
    assert!(whole.html.contains(&missing), "{}", whole.html);
    // Another share of the same weeks shows the same numbers.
    let again = setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), None)).await;
    assert_eq!(setup.open_share(&again.token.unwrap()).await.panels, whole.panels);

    // The subject `course` shows all reports about students, as far as they are loaded.
    let mut request = setup.share_request(course.id.as_str(), None);
    request["report"] = json!("course");
    let made = setup.create_share(&setup.boss, &request).await;
    assert_eq!(made.contents.len(), 6);
    assert!(made.contents.iter().skip(1).all(|outline| (outline.shown, outline.missing) == (0, 3)));
    assert_eq!(setup.open_share(&made.token.unwrap()).await.panels, whole.panels);
    setup.stack.check_ledger();
}

#[tokio::test]
async fn each_report_shows_and_withholds_exactly_what_it_must() {
    const REPORTS: [(Report, &str); 6] = [
        (Report::VideoView, "minutes"),
        (Report::Presentation, "slide views"),
        (Report::Confused, "marks"),
        (Report::Polling, "answers"),
        (Report::Qanda, "answers"),
        (Report::Notes, "notes"),
    ];
    let setup = TestSetup::start().await;
    for (report, _) in REPORTS.into_iter().skip(1) {
        setup.request_and_wait(report).await;
    }
    let mut found: BTreeMap<&str, Counts> = BTreeMap::new();
    for course in &setup.courses.courses {
        let (whole, sections) = setup.open_all("course", course).await;
        let order: Vec<(&str, &str)> =
            whole.panels.iter().map(|panel| (panel.report.as_str(), panel.measures[0].as_str())).collect();
        assert_eq!(order, REPORTS.map(|(report, unit)| (report.name(), unit)));
        for (report, _) in REPORTS {
            let of_course = setup.check(report, course.id.as_str(), &whole, &sections);
            let all = found.entry(report.name()).or_default();
            all.shown += of_course.shown;
            all.withheld += of_course.withheld;
            all.right += of_course.right;
            all.partial += of_course.partial;
            all.small += of_course.small;
        }
    }
    // The data must cover shown and withheld numbers, and courses with both.
    assert!(found.values().any(|found| found.withheld > 0 && found.small > 0), "{found:?}");
    assert!(found.values().any(|found| found.partial > 0), "{found:?}");
    for (report, found) in &found {
        // In the sandbox, few students answer questions, and few set marks in most weeks.
        assert!(found.shown > 0 || ["qanda", "confused"].contains(report), "{report}: {found:?}");
        assert!(found.withheld >= found.small, "few students must be withheld: {report}: {found:?}");
    }
    assert!(found["polling"].right > 0, "some percentage of right answers must be shown");
}

#[tokio::test]
async fn the_library_shows_views_only_of_sections_with_enough() {
    // Some courses have a section that shares no video with another one.
    let setup = TestSetup::with(sandbox::Settings { students: 400, courses: 8, ..quick() }).await;
    let request = setup.request_and_wait(Report::Asset).await;
    let taken = request.windows[0].copy.as_ref().unwrap().created;
    let mut ask = setup.weeks.truth(Report::Asset);
    ask.as_of = Some(taken.seconds());
    let columns = Truth::columns(Report::Asset);
    let at = |name: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(name)).unwrap();
    let (video, of, number, views) =
        (at("mediaid"), at("course_identifier"), at("section_number"), at("view_count"));
    let rows = setup.stack.truth().rows(&ask);
    let (mut shown, mut withheld) = (0, 0);
    let tokens = RefCell::new(Vec::new());
    let (last, courses) = setup.courses.courses.split_last().unwrap();
    for course in courses {
        let rows: Vec<&Vec<String>> = rows.iter().filter(|row| row[of] == course.id.as_str()).collect();
        let videos: BTreeSet<&String> = rows.iter().map(|row| &row[video]).collect();
        assert!(
            videos.len() < rows.len(),
            "some video must be in several sections, whose views must be withheld"
        );
        let sections_of = |media: &String| {
            rows.iter().filter(|row| row[video] == *media).map(|row| &row[number]).collect::<BTreeSet<_>>()
        };
        let repeated: BTreeSet<&String> = videos
            .iter()
            .map(|media| sections_of(media))
            .filter(|sections| sections.len() > 1)
            .flatten()
            .collect();
        let viewers = setup.viewers_by_number(course);
        // This report identifies a section by its number only, across all terms.
        let sections: BTreeMap<&str, &str> =
            course.sections.iter().map(|section| (section.number.as_str(), section.id.as_str())).collect();
        let expected: BTreeMap<&str, Option<[Option<f64>; 2]>> = sections
            .keys()
            .map(|section| {
                let rows: Vec<&&Vec<String>> = rows.iter().filter(|row| row[number] == *section).collect();
                let views: u64 = rows.iter().map(|row| row[views].parse::<u64>().unwrap()).sum();
                let students = viewers.get(*section).map_or(0, BTreeSet::len) as u64;
                let is_shown = students >= SMALLEST
                    && views >= 2 * students + SMALLEST
                    && !repeated.iter().any(|repeated| *repeated == section);
                let numbers = [rows.len() as u64, suppression::round(views, 1)].map(|n| Some(to_f64(n)));
                (*section, is_shown.then_some(numbers))
            })
            .collect();
        let share_request =
            |section: Option<&str>| json!({"report": "asset", "course": course.id, "section": section});
        if expected.values().all(Option::is_none) {
            let call = setup.post("/api/shares", &setup.boss, &share_request(None));
            assert_eq!(refusal(call).await.code, Code::NothingToShare);
            withheld += expected.len();
            continue;
        }
        let library = async |section: Option<&str>| {
            let token = setup.create_share(&setup.boss, &share_request(section)).await.token.unwrap();
            let [panel] = setup.open_share(&token).await.panels.try_into().unwrap();
            tokens.borrow_mut().push(token);
            assert_eq!((panel.taken, panel.measures.join(" ")), (Some(taken), "videos views".to_owned()));
            let [week] = <[ShareWeek; 1]>::try_from(panel.weeks).unwrap();
            assert_eq!(week.monday, None);
            (week.numbers, panel.withheld)
        };
        // The course is the sum of the sections that are shown.
        let sum = |at: usize| expected.values().flatten().map(|numbers| numbers[at]).sum::<Option<f64>>();
        assert_eq!(library(None).await, (vec![sum(0), sum(1)], None));
        for (section, id) in sections {
            let (numbers, _) = library(Some(id)).await;
            assert_eq!(numbers, expected[section].unwrap_or([None, None]), "section {section}");
            shown += usize::from(expected[section].is_some());
            withheld += usize::from(expected[section].is_none());
        }
    }
    // A section is withheld, if it has a video in common with another one, or hardly anybody is known to have watched.
    assert!(shown > 0, "{shown} shown, {withheld} withheld");

    // Nothing of the library is shown where no video views are loaded.
    let body = json!({"report": "asset", "course": last.id, "section": last.sections[0].id});
    let weeks = json!({"from": setup.weeks.from.to_string(), "to": setup.weeks.to().to_string()});
    setup.erase(&json!({"range": weeks})).await;
    assert_eq!(refusal(setup.post("/api/shares", &setup.boss, &body)).await.code, Code::NothingToShare);
    // The video views have decided what the shares show: without them they are withdrawn.
    for token in tokens.into_inner() {
        assert_eq!(refusal(setup.open(&token, "192.0.2.70")).await.code, Code::ShareGone);
    }
}

#[tokio::test]
async fn numbers_of_an_older_rule_are_not_shown_until_they_are_counted_anew() {
    let mut setup = TestSetup::start().await;
    let course = setup.courses.courses.iter().max_by_key(|course| course.sections.len()).unwrap().clone();
    let (whole, sections) = setup.open_all("videoview", &course).await;
    let is_shown =
        |shared: &ShareContent| shared.panels[0].weeks.iter().any(|week| week.numbers[0].is_some());
    let (section, before) = sections.iter().find(|(_, shared)| is_shown(shared)).unwrap();
    assert!(is_shown(&whole));
    let section_request = setup.share_request(course.id.as_str(), Some(section.as_str()));
    let made = setup.create_share(&setup.boss, &section_request).await.token.unwrap();
    setup.stack.kill();
    // Before rules had versions, weeks had none, and a total of their own.
    let older = "UPDATE frozen SET body = json_set(json_remove(body, '$.shown.rule'), '$.shown.total', \
                 json('[{\"value\":77771,\"most\":30},{\"value\":77772,\"most\":30}]'))";
    setup.stack.damage("Registry", false, older);
    setup.stack.boot().await;
    let content = setup.open_share(&made).await;
    assert!(!is_shown(&content) && !content.html.contains("7777"), "{content:?}");
    // The Worker has the withheld numbers in its cache now.
    assert_eq!(content.panels[0].withheld, Some(WithheldReason::OlderRule));
    // Whoever creates a share of these weeks counts them anew, from the same rows. Sections that were shown are again.
    let again = setup.create_share(&setup.boss, &section_request).await;
    let content = setup.open_share(&again.token.unwrap()).await;
    assert_eq!(content.panels, before.panels);
    assert_eq!(setup.open_share(&made).await.panels, before.panels);
    assert!(!content.html.contains("7777"));
}

#[tokio::test]
async fn a_course_is_shared_as_a_whole_only_if_its_sections_are_listed() {
    let mut setup = TestSetup::start().await;
    let course = setup.courses.courses[0].clone();
    let cut_off =
        CutOffList { list: ListName::Sections, reason: CutOff::TooManyEntries, entries: 50_000, at: now() };
    let lists = serde_json::to_string(&BTreeMap::from([(cut_off.list, cut_off)])).unwrap();
    let cut_off = format!("INSERT OR REPLACE INTO fact (name, body) VALUES ('cut_off_lists', '{lists}')");
    let refused = "DELETE FROM fact WHERE name = 'cut_off_lists'; DELETE FROM directory";
    // As if Echo360's lists had been too long, or refused, when they were last read.
    for damage in [&cut_off, refused] {
        setup.stack.kill();
        setup.stack.damage("Scheduler", false, damage);
        setup.stack.boot().await;
        let call = setup.post("/api/shares", &setup.boss, &setup.share_request(course.id.as_str(), None));
        assert_eq!(refusal(call).await.code, Code::NothingToShare, "{damage}");
    }
    let seen: Courses = setup.read(setup.get("/api/courses", &setup.boss)).await;
    let seen = seen.courses.into_iter().find(|it| it.id == course.id).unwrap();
    let section = seen.sections[0].id.as_str();
    let made = setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), Some(section))).await;
    setup.open_share(&made.token.unwrap()).await;
}

#[tokio::test]
async fn a_share_can_be_opened_changed_revoked_and_expires() {
    let mut setup = TestSetup::start().await;
    let course = setup.courses.courses[0].clone();
    let mut request = setup.share_request(course.id.as_str(), None);
    request["name"] = json!("Week <3");
    request["origins"] = json!(["https://courses.example.edu"]);
    let made = setup.create_share(&setup.boss, &request).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    assert_eq!((share.name.as_str(), share.opened, share.mine), ("Week <3", 0, true));
    assert_eq!(share.expires.since(share.made), 7 * DAY);
    let shared = setup.open_share(&token).await;
    assert!(shared.html.contains("Week &lt;3") && !shared.html.contains("Week <3"));
    setup.open_share(&token).await;
    // A mail scanner fetches a link, too: only a page that is used counts.
    let listed = setup.find(&share.id).await;
    assert_eq!((listed.opened, listed.last, listed.state), (0, None, ShareState::Open));
    for _ in 0..2 {
        assert_eq!(setup.count_opening(&token, "192.0.2.1").send().await.unwrap().status(), 204);
    }
    let listed = setup.find(&share.id).await;
    assert_eq!((listed.opened, listed.last.is_some(), listed.state), (2, true, ShareState::Open));

    // The page may be embedded only by the given origins, and is neither cached nor indexed.
    let page = |path: &str| setup.stack.http.get(setup.stack.at(path));
    let embedded = response_parts(page(&format!("/s/{}", share.id)).send().await.unwrap()).await;
    let policy = &embedded.1["content-security-policy"];
    assert!(policy.ends_with("frame-ancestors https://courses.example.edu"), "{policy}");
    let plain = response_parts(page("/s").send().await.unwrap()).await;
    assert_eq!(response_parts(page(&format!("/s/{}", "0".repeat(32))).send().await.unwrap()).await, plain);
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

    // An update changes only the given fields.
    let path = format!("/api/shares/{}", share.id);
    let change = |body: Value| setup.post(&path, &setup.boss, &body);
    let renamed: CreateShareResponse = setup.read(change(json!({"name": "Another"}))).await;
    assert!(renamed.token.is_none());
    let renewed: CreateShareResponse = setup.read(change(json!({"days": 90}))).await;
    let renewed = renewed.share.unwrap();
    // What was rendered before a change is not shown after it.
    let shared_again = setup.open_share(&token).await;
    assert_eq!((shared_again.name.as_str(), shared_again.expires), ("Another", renewed.expires));
    assert!(shared_again.html.contains("Another") && !shared_again.html.contains("Week &lt;3"));
    assert_eq!(setup.open_share(&token).await, shared_again);
    assert_eq!((renewed.name.as_str(), renewed.origins.len()), ("Another", 1));
    assert!((renewed.expires.since(now()) - 90 * DAY).abs() < DAY / 24);
    let rotated: CreateShareResponse = setup.read(change(json!({"rotate": true}))).await;
    let new_token = rotated.token.unwrap();
    assert_ne!(new_token, token);
    assert_eq!(setup.open_share(&new_token).await.name, "Another");
    let old = response_parts(setup.open(&token, "192.0.2.2").send().await.unwrap()).await;
    assert_eq!(refusal(setup.count_opening(&token, "192.0.2.2")).await.code, Code::ShareGone);
    assert_eq!(setup.find(&share.id).await.opened, 2);
    for body in [json!({"days": 0}), json!({"days": 91}), json!({"name": ""}), json!({"origins": ["*"]})] {
        assert_eq!(refusal(change(body)).await.code, Code::BadShare);
    }

    // Revoked, expired and unknown tokens get the same response, except for its date.
    let another = setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), None)).await;
    let (revoked, id) = (another.token.unwrap(), another.share.unwrap().id);
    let delete = |id: &str| setup.call(Method::DELETE, &format!("/api/shares/{id}"), &setup.boss);
    assert_eq!(delete(&id).send().await.unwrap().status(), 204);
    assert_eq!(refusal(delete(&id)).await.code, Code::UnknownShare);
    let another = setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), None)).await;
    let expired = another.token.unwrap();
    setup.stack.kill();
    let statement = format!("UPDATE share SET expires = 1000 WHERE id = '{}'", another.share.unwrap().id);
    // Expired only a second ago, since long-expired shares are deleted.
    let statement = statement.replace("1000", &now().plus(-1000).0.to_string());
    setup.stack.damage("Registry", false, &statement);
    setup.stack.boot().await;
    assert_eq!(old.0, 404);
    let wrong = "A".repeat(TOKEN_LENGTH);
    let altered = format!("{}A", &new_token[..TOKEN_LENGTH - 1]).replacen(&new_token[..1], "_", 1);
    for (at, token) in
        [&revoked, &expired, &wrong, &altered, &new_token[..20].to_owned()].into_iter().enumerate()
    {
        let answer =
            response_parts(setup.open(token, &format!("192.0.2.{}", 10 + at)).send().await.unwrap()).await;
        assert_eq!(answer, old, "{at}");
    }
    let states: BTreeSet<String> =
        setup.list(&setup.boss).await.shares.iter().map(|it| format!("{:?}", it.state)).collect();
    assert_eq!(states, BTreeSet::from(["Expired".to_owned(), "Open".to_owned()]));

    // A forged token is found out earlier, which reveals only that Lectern never made it.
    assert_equal_response_times(&setup, &[token.clone(), revoked.clone(), expired.clone()]).await;
    // After many forged tokens a network is throttled, but no link that Lectern made ever is, whether it still
    // works or not.
    for networks in [["198.51.100.1", "198.51.100.1"], ["2001:db8:1:2::1", "2001:db8:1:2:3::4"]] {
        let mut codes = Vec::new();
        for place in 0..8 {
            codes.push(refusal(setup.open(&"B".repeat(TOKEN_LENGTH), networks[place % 2])).await.code);
        }
        assert_eq!(codes[..5], [Code::ShareGone; 5]);
        assert_eq!(codes[5..], [Code::TooManyTries; 3]);
        assert_eq!(refusal(setup.count_opening(&wrong, networks[0])).await.code, Code::TooManyTries);
        for _ in 0..8 {
            assert_eq!(setup.open(&new_token, networks[0]).send().await.unwrap().status(), 200);
            assert_eq!(refusal(setup.open(&revoked, networks[0])).await.code, Code::ShareGone);
        }
    }
    let elsewhere = refusal(setup.open(&wrong, "2001:db8:1:3::1")).await;
    assert_eq!(elsewhere.code, Code::ShareGone, "another network must not wait");

    // Shares can be switched off for the institution, and on again.
    let switch =
        |token: &str, on: bool| setup.call(Method::PUT, "/api/shares", token).json(&json!({"on": on}));
    let off: Shares = setup.read(switch(&setup.boss, false)).await;
    assert!(!off.on && !off.shares.is_empty());
    assert_eq!(refusal(setup.open(&new_token, "192.0.2.30")).await.code, Code::ShareGone);
    let call = setup.post("/api/shares", &setup.boss, &setup.share_request(course.id.as_str(), None));
    assert_eq!(refusal(call).await.code, Code::SharesOff);
    let _: Shares = setup.read(switch(&setup.boss, true)).await;
    setup.open_share(&new_token).await;

    // Requests from another site open nothing.
    let call = setup.open(&new_token, "192.0.2.31").header("origin", "https://elsewhere.example");
    assert_eq!(refusal(call).await.code, Code::CrossSite);

    // The audit log has all these actions, and no token.
    for what in [
        AuditAction::Shared,
        AuditAction::ShareOpened,
        AuditAction::ShareChanged,
        AuditAction::ShareRevoked,
        AuditAction::SharesSwitched,
    ] {
        assert!(!setup.record_of(what).await.entries.is_empty(), "{what:?}");
    }
    let record = setup.record_of(AuditAction::ShareOpened).await;
    let opened = &record.entries[0];
    assert!(opened.person.is_empty() && opened.view.contains(&share.id));
    let text = serde_json::to_string(&(record, setup.record().await)).unwrap();
    for token in [&token, &new_token] {
        assert!(!text.contains(token.as_str()) && !setup.stack.log().contains(token.as_str()));
    }
}

#[tokio::test]
async fn a_link_whose_hash_a_mail_filter_encoded_still_opens_and_its_owner_is_told_to_replace_it() {
    let setup = TestSetup::start().await;
    let course = setup.courses.courses[0].clone();
    let request = setup.share_request(course.id.as_str(), None);
    let (made, other) =
        (setup.create_share(&setup.boss, &request).await, setup.create_share(&setup.boss, &request).await);
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    let (other, other_token) = (other.share.unwrap(), other.token.unwrap());
    let id = &share.id;
    assert_eq!(setup.find(id).await.exposed, None);

    // A forged token is put back as well, and reveals nothing.
    let forged = "A".repeat(TOKEN_LENGTH);
    let restored = setup.call_path(Method::GET, &format!("/s%23{forged}")).await;
    assert_eq!(restored, (302, Some(format!("/s#{forged}"))));
    // Paths that only begin alike are no links.
    for path in ["/start.js", "/shares", &format!("/shares%23{token}"), &format!("/start.js%23{token}")] {
        let (status, target) = setup.call_path(Method::GET, path).await;
        assert!(status != 302 && target.is_none(), "{path}: {status} {target:?}");
    }
    assert_eq!((setup.find(id).await.exposed, setup.find(&other.id).await.exposed), (None, None));

    for (method, path, page) in [
        (Method::HEAD, format!("/s%23{token}"), "/s".to_owned()),
        (Method::GET, format!("/s%23{token}?utm_source=mail"), "/s".to_owned()),
        (Method::GET, format!("/s/{id}%23{token}"), format!("/s/{id}")),
    ] {
        let restored = setup.call_path(method, &path).await;
        assert_eq!(restored, (302, Some(format!("{page}#{token}"))));
        let listed = setup.find(id).await;
        assert_eq!((listed.exposed.is_some(), listed.state), (true, ShareState::Open));
    }
    assert_eq!(setup.find(&other.id).await.exposed, None);
    setup.open_share(&token).await;

    // With another link the notice is gone. The old link works no more, and puts no notice at the new one.
    let path = format!("/api/shares/{id}");
    let rotated: CreateShareResponse =
        setup.read(setup.post(&path, &setup.boss, &json!({"rotate": true}))).await;
    assert_eq!(rotated.share.unwrap().exposed, None);
    let restored = setup.call_path(Method::GET, &format!("/s%23{token}")).await;
    assert_eq!(restored, (302, Some(format!("/s#{token}"))));
    assert_eq!(setup.find(id).await.exposed, None);
    assert_eq!(refusal(setup.open(&token, "192.0.2.70")).await.code, Code::ShareGone);

    // Wrangler prints the path of each call on this machine. Lectern's own lines have no token.
    let log = setup.stack.log();
    let own = log.lines().filter(|line| !line.contains("[wrangler:info]"));
    assert!(own.into_iter().all(|line| !line.contains(&token) && !line.contains(&other_token)), "{log}");
    let record = serde_json::to_string(&setup.record().await).unwrap();
    assert!(!record.contains(&token) && !record.contains(&other_token));
}

#[tokio::test]
async fn a_share_from_before_links_were_signed_says_so_and_can_get_a_new_link() {
    let mut setup = TestSetup::start().await;
    let course = setup.courses.courses[0].clone();
    let request = setup.share_request(course.id.as_str(), None);
    let made = setup.create_share(&setup.boss, &request).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    setup.stack.kill();
    setup.stack.damage("Registry", false, "DELETE FROM share_link");
    setup.stack.boot().await;
    assert_eq!(setup.find(&share.id).await.state, ShareState::Outdated);
    assert_eq!(refusal(setup.open(&token, "192.0.2.80")).await.code, Code::ShareGone);
    // A random token of such a share.
    assert_eq!(refusal(setup.open(&"A".repeat(43), "192.0.2.80")).await.code, Code::ShareGone);
    let path = format!("/api/shares/{}", share.id);
    let rotated: CreateShareResponse =
        setup.read(setup.post(&path, &setup.boss, &json!({"rotate": true}))).await;
    assert_eq!(rotated.share.unwrap().state, ShareState::Open);
    setup.open_share(&rotated.token.unwrap()).await;
}

/// Checks that rejections take the same time, whatever their reason: a Mann-Whitney U test (normal
/// approximation) on interleaved HTTP requests finds no difference between the kinds of tokens.
async fn assert_equal_response_times(setup: &TestSetup, tokens: &[String]) {
    const ROUNDS: usize = 80;
    let mut times: Vec<(f64, usize)> = Vec::new();
    for round in 0..ROUNDS + 5 {
        for place in 0..tokens.len() {
            let kind = (place + round) % tokens.len();
            let address = format!("203.0.{}.{}", round, 10 + place);
            let started = Instant::now();
            let answer = setup.open(&tokens[kind], &address).send().await.unwrap();
            assert_eq!(answer.status(), 404);
            answer.bytes().await.unwrap();
            if round >= 5 {
                times.push((started.elapsed().as_secs_f64(), kind));
            }
        }
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let to_f64 = |n: usize| n as f64;
    for one in 0..tokens.len() {
        for other in 0..one {
            let both: Vec<usize> =
                times.iter().map(|(_, kind)| *kind).filter(|k| *k == one || *k == other).collect();
            let ranks = both.iter().enumerate().filter(|(_, kind)| **kind == one).map(|(rank, _)| rank + 1);
            let n = to_f64(ROUNDS);
            let u = to_f64(ranks.sum()) - n * (n + 1.0) / 2.0;
            let z = (u - n * n / 2.0) / (n * n * (2.0 * n + 1.0) / 12.0).sqrt();
            // By chance alone, |z| >= 4 occurs about once in 16,000 comparisons.
            assert!(z.abs() < 4.0, "{one} against {other}: z = {z}");
        }
    }
}

#[tokio::test]
async fn people_can_share_only_their_scope_and_bad_requests_create_nothing() {
    let setup = TestSetup::start().await;
    let has_several_sections = |course: &&domain::api::Course| course.sections.len() > 1;
    let ours = setup.courses.courses.iter().find(has_several_sections).unwrap();
    let other = setup.courses.courses.iter().find(|course| course.id != ours.id).unwrap();
    let (first, second) = (ours.sections[0].id.as_str(), ours.sections[1].id.as_str());
    let (ours, other) = (ours.id.as_str(), other.id.as_str());
    let nowhere = "00000000-0000-4000-8000-000000000000";
    setup.assign_grants(&[(ours, Some(first))]).await;
    let share_request = |course: &str, section: Option<&str>| setup.share_request(course, section);
    let missing = refusal(setup.post("/api/shares", &setup.ana, &share_request(nowhere, None))).await;
    assert_eq!(missing.code, Code::BadShare);
    for (course, section) in [(ours, None), (ours, Some(second)), (other, None), (nowhere, Some(nowhere))] {
        let problem = refusal(setup.post("/api/shares", &setup.ana, &share_request(course, section))).await;
        assert_eq!(problem, missing, "a hidden course must get the same problem as a missing one");
    }
    let made = setup.create_share(&setup.ana, &share_request(ours, Some(first))).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    let bosses = setup.create_share(&setup.boss, &share_request(ours, None)).await.share.unwrap();
    let ids = |shares: Shares| shares.shares.into_iter().map(|it| it.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(setup.list(&setup.ana).await), BTreeSet::from([share.id.clone()]));
    let both = BTreeSet::from([share.id.clone(), bosses.id.clone()]);
    assert_eq!(ids(setup.list(&setup.boss).await), both);
    let theirs = format!("/api/shares/{}", bosses.id);
    let unknown = format!("/api/shares/{}", "0".repeat(32));
    let rotate = json!({"rotate": true});
    let wrong = refusal(setup.post(&unknown, &setup.ana, &rotate)).await;
    assert_eq!(wrong.code, Code::UnknownShare);
    assert_eq!(refusal(setup.post(&theirs, &setup.ana, &rotate)).await, wrong);
    assert_eq!(refusal(setup.call(Method::DELETE, &theirs, &setup.ana)).await, wrong);
    let switch = setup.call(Method::PUT, "/api/shares", &setup.ana).json(&json!({"on": false}));
    assert_eq!(refusal(switch).await.code, Code::NotAllowed);
    let nobody = setup.signer.token("nobody@university.example");
    assert_eq!(refusal(setup.get("/api/shares", &nobody)).await.code, Code::NoRole);
    assert_eq!(
        refusal(setup.post("/api/shares", &nobody, &share_request(ours, None))).await.code,
        Code::NoRole
    );

    // When the owner loses access to the course, the share no longer opens.
    setup.open_share(&token).await;
    setup.assign_grants(&[(other, None)]).await;
    assert_eq!(refusal(setup.open(&token, "192.0.2.9")).await.code, Code::ShareGone);
    let listed = setup.list(&setup.boss).await.shares;
    assert_eq!(listed.iter().find(|it| it.id == share.id).unwrap().state, ShareState::OutOfScope);
    // It cannot be renewed by anybody meanwhile, and failed attempts change nothing.
    let path = format!("/api/shares/{}", share.id);
    for (who, body) in [
        (&setup.ana, json!({"days": 90})),
        (&setup.ana, rotate.clone()),
        (&setup.ana, json!({"origins": ["https://courses.example.edu"]})),
        (&setup.boss, rotate.clone()),
    ] {
        assert_eq!(refusal(setup.post(&path, who, &body)).await.code, Code::BadShare, "{body}");
    }
    let after = setup.list(&setup.boss).await.shares;
    assert_eq!(after.iter().find(|it| it.id == share.id), listed.iter().find(|it| it.id == share.id));
    setup.assign_grants(&[(ours, None)]).await;
    setup.open_share(&token).await;

    // Bad requests get a problem and create nothing.
    let with = |name: &str, value: Value| {
        let mut body = share_request(ours, None);
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
        (with("from", json!(setup.weeks.end().to_string())), Code::RangeBackwards),
        (with("from", json!(minus_days(setup.weeks.from, 400).to_string())), Code::BadShare),
        (with("report", json!("notes")), Code::NothingToShare),
        (with("to", json!(plus_days(setup.weeks.from, 5).to_string())), Code::NothingToShare),
    ] {
        let problem = refusal(setup.post("/api/shares", &setup.boss, &body)).await;
        assert_eq!(problem.code, code, "{body} {problem:?}");
    }
    assert_eq!(ids(setup.list(&setup.boss).await), both);
    let short = setup.stack.http.post(setup.stack.at("/api/shared")).json(&json!({"code": "x"}));
    assert_eq!(refusal(short).await.code, Code::BadBody);
}

#[tokio::test]
async fn a_share_that_counted_an_erased_person_is_withdrawn() {
    let setup = TestSetup::start().await;
    let monday = plus_days(setup.weeks.from, 14);
    let person_in = |course: &str| {
        let truth = setup.truth(Report::VideoView, course, monday);
        truth.values().flat_map(|section| section.done.keys()).next().cloned()
    };
    let (course, person) =
        setup.courses.courses.iter().find_map(|it| Some((it, person_in(it.id.as_str())?))).unwrap();
    let in_all = |course: &str| {
        (0..3).any(|week| {
            let truth = setup.truth(Report::VideoView, course, plus_days(setup.weeks.from, 7 * week));
            truth.values().any(|section| section.done.contains_key(&person))
        })
    };
    let other = setup.courses.courses.iter().find(|it| !in_all(it.id.as_str()));
    let made = setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), None)).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    setup.open_share(&token).await;
    let untouched = match other {
        Some(other) => Some(
            setup
                .create_share(&setup.boss, &setup.share_request(other.id.as_str(), None))
                .await
                .token
                .unwrap(),
        ),
        None => None,
    };
    setup.erase(&json!({"person": {"id": person}})).await;
    assert_eq!(refusal(setup.open(&token, "192.0.2.40")).await.code, Code::ShareGone);
    let listed = setup.list(&setup.boss).await.shares;
    assert_eq!(listed.iter().find(|it| it.id == share.id).unwrap().state, ShareState::Withdrawn);
    let renew = setup.post(&format!("/api/shares/{}", share.id), &setup.boss, &json!({"days": 30}));
    assert_eq!(refusal(renew).await.code, Code::BadShare);
    if let Some(token) = untouched {
        setup.open_share(&token).await;
    }
    // The weeks that counted the person can never be shared again.
    let mut request = setup.share_request(course.id.as_str(), None);
    request["from"] = json!(monday.to_string());
    let problem = refusal(setup.post("/api/shares", &setup.boss, &request)).await;
    assert_eq!(problem.code, Code::NothingToShare);
}

#[tokio::test]
async fn raising_lectern_smallest_withholds_numbers_at_once() {
    let mut setup = TestSetup::start().await;
    let course = setup.courses.courses.iter().max_by_key(|course| course.sections.len()).unwrap().clone();
    let made = setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), None)).await;
    let (share, token) = (made.share.unwrap(), made.token.unwrap());
    let before = setup.open_share(&token).await;
    setup.stack.kill();
    setup.stack.set("LECTERN_SMALLEST", "30");
    setup.stack.boot().await;
    let after = setup.open_share(&token).await;
    assert_eq!(after.smallest, 30);
    for (was, is) in before.panels[0].weeks.iter().zip(&after.panels[0].weeks) {
        let all = setup.truth(Report::VideoView, course.id.as_str(), is.monday.unwrap());
        let shown: Vec<ShownNumbers> =
            all.values().filter_map(|part| suppression::shown_numbers(part, 2, 30)).collect();
        let expected = suppression::add_up(&shown).map_or(vec![None, None], |shown| shown.numbers());
        assert_eq!(is.numbers, expected);
        let (was, is) = (was.sections.unwrap(), is.sections.unwrap());
        assert!(is.shown <= was.shown, "a larger setting shows a subset");
    }
    // Another share of the same weeks shows the same numbers.
    let again = setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), None)).await;
    assert_eq!(setup.open_share(&again.token.unwrap()).await.panels, after.panels);
    setup.stack.kill();
    setup.stack.set("LECTERN_SMALLEST", &SMALLEST.to_string());
    setup.stack.boot().await;
    assert_eq!(setup.open_share(&token).await.panels, before.panels);
    // A page that is embedded for one share opens no other.
    let open_under_id = |id: &str| {
        let body = json!({"token": token, "id": id});
        setup
            .stack
            .http
            .post(setup.stack.at("/api/shared"))
            .json(&body)
            .header("cf-connecting-ip", "192.0.2.60")
    };
    assert_eq!(refusal(open_under_id(&again.share.unwrap().id)).await.code, Code::ShareGone);
    assert_eq!(setup.read::<ShareContent>(open_under_id(&share.id)).await.panels, before.panels);
}

#[tokio::test]
async fn a_share_of_erased_days_is_withdrawn() {
    let setup = TestSetup::start().await;
    let course = setup.courses.courses.iter().max_by_key(|course| course.sections.len()).unwrap();
    let all =
        setup.create_share(&setup.boss, &setup.share_request(course.id.as_str(), None)).await.token.unwrap();
    let mut last = setup.share_request(course.id.as_str(), None);
    last["from"] = json!(plus_days(setup.weeks.from, 14).to_string());
    let last = setup.create_share(&setup.boss, &last).await.token.unwrap();
    setup.open_share(&all).await;
    let week =
        json!({"from": setup.weeks.from.to_string(), "to": plus_days(setup.weeks.from, 6).to_string()});
    setup.erase(&json!({"range": week})).await;
    assert_eq!(refusal(setup.open(&all, "192.0.2.50")).await.code, Code::ShareGone);
    setup.open_share(&last).await;
}
