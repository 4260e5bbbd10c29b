//! The checks of each route.

use crate::routes::{Access, Gets, Target};
use crate::setup::{Row, Setup};
use crate::visitors::Visitor;
use domain::api::{Courses, Reports, RequestInfo, Requests, RowCount, Session, SessionInfo, Sessions};
use domain::problem::{Code, Problem};
use domain::routes::Operation;
use domain::share_link::TOKEN_LENGTH;
use domain::shared_accounts::{SharedAccounts, format_hash, hash_account};
use domain::shares::{CreateShareResponse, ShareContent, Shares};
use reqwest::{Method, RequestBuilder};
use sandbox::{Report, Truth};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use worker_tests::refusal;

/// The id of a course that does not exist.
const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// One route and one visitor.
struct Case<'a> {
    setup: &'a Setup,
    visitor: &'a Visitor,
    target: Target,
    gets: Gets,
    token: &'a str,
}

/// Checks a route for a visitor.
pub(crate) async fn check(setup: &Setup, target: Target, visitor: &Visitor) {
    let gets = target.gets(visitor.access);
    let case = Case { setup, visitor, target, gets, token: setup.token(visitor) };
    let operation = match (gets, target.operation) {
        (Gets::Refused(code), _) => return case.check_refused(code).await,
        (_, Some(operation)) => operation,
        (_, None) => panic!("a path without a route returned something"),
    };
    match operation {
        Operation::GetHealth => assert_eq!(case.text("/healthz").await, r#"{"ok":true}"#),
        Operation::GetOpenApi => case.check_openapi().await,
        Operation::GetSharePage | Operation::GetEmbeddedSharePage => case.check_share_page().await,
        Operation::OpenShare => case.check_open_share().await,
        Operation::CountOpening => case.check_count_opening().await,
        Operation::GetSession => case.check_session().await,
        Operation::SignIn => panic!("this installation has no key to sign in with"),
        Operation::SignOut => case.check_sign_out().await,
        Operation::ListSessions => case.check_list_sessions().await,
        Operation::EndSession => case.check_end_session().await,
        Operation::EndSessions => case.check_end_sessions().await,
        Operation::ListReports => case.check_reports().await,
        Operation::ListCourses => case.check_courses().await,
        Operation::ListRequests => case.check_requests().await,
        Operation::CreateRequest => case.check_create_request().await,
        Operation::GetRequest => case.check_get_request().await,
        Operation::WithdrawRequest => case.check_withdraw_request().await,
        Operation::RetryRequest => case.check_retry_request().await,
        Operation::ReadRows => case.check_rows().await,
        Operation::DownloadCsv => case.check_csv().await,
        Operation::CountRows => case.check_count().await,
        Operation::ListShares => case.check_list_shares().await,
        Operation::CreateShare => case.check_create_share().await,
        Operation::UpdateShare => case.check_update_share().await,
        Operation::RevokeShare => case.check_revoke_share().await,
        Operation::SwitchShares => case.check_switch_shares().await,
        Operation::ListSharedAccounts => case.check_shared_accounts().await,
        Operation::ListRoles
        | Operation::ReadAuditLog
        | Operation::ListErasures
        | Operation::GetDataQuality
        | Operation::ListShrunken => {
            case.check_administrators_list().await;
        }
        Operation::AssignRole => case.check_assign_role().await,
        Operation::RemoveRole => case.check_remove_role().await,
        Operation::UploadRoles
        | Operation::StartErasure
        | Operation::CancelErasure
        | Operation::ExportPerson
        | Operation::MarkAccount
        | Operation::ChooseCopy => {
            case.check_authorization_only().await;
        }
    }
}

impl Case<'_> {
    fn method(&self) -> Method {
        self.target.method.parse().unwrap()
    }

    fn is_instructor(&self) -> bool {
        self.visitor.access == Access::Instructor
    }

    /// The route's path with its parameters filled in; ids are those of another person's objects, where there
    /// are any.
    fn path(&self) -> String {
        let Setup { requests, shares, .. } = self.setup;
        let id = match self.target.path.split('/').nth(2) {
            Some("requests") => requests["videoview"].id.clone(),
            Some("shares") => shares[0].share.as_ref().unwrap().id.clone(),
            Some("roles") => "0123456789abcdef".to_owned(),
            _ => "f".repeat(32),
        };
        let path = self.target.path.replace("{id}", &id).replace("{report}", "videoview");
        path.replace("{window}", &requests["videoview"].windows[0].id)
    }

    fn call(&self, path: &str) -> RequestBuilder {
        let call = self.setup.call(self.method(), path, self.token);
        if self.method() == Method::GET { call } else { call.json(&json!({})) }
    }

    /// The response to a GET. Checks that it reveals nothing outside the visitor's scope.
    async fn text(&self, path: &str) -> String {
        let text = self.setup.text(self.setup.get(path, self.token)).await;
        self.setup.check_silent(self.visitor, path, &text);
        text
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        serde_json::from_str(&self.text(path).await).unwrap()
    }

    /// The problem in the response to `call`. Checks that it reveals nothing outside the visitor's scope.
    async fn refusal(&self, call: RequestBuilder) -> Problem {
        let problem = refusal(call).await;
        let text = serde_json::to_string(&problem).unwrap();
        self.setup.check_silent(self.visitor, self.target.path, &text);
        problem
    }

    /// The token of another person with the same role and scope, for this test only.
    async fn colleague(&self) -> String {
        let path = self.target.path.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let email = format!("{}{path}-{}", self.target.method.to_lowercase(), self.visitor.email());
        self.setup.token_of(self.visitor, &email).await
    }

    async fn check_refused(&self, code: Code) {
        let problem = self.refusal(self.call(&self.path())).await;
        assert_eq!(problem.code, code, "{problem:?}");
        assert!(problem.windows.is_empty(), "{problem:?}");
    }

    async fn check_openapi(&self) {
        let document: Value = self.get(self.target.path).await;
        assert_eq!(document["openapi"], "3.1.1");
    }

    async fn check_share_page(&self) {
        let page = self
            .text(&self.path().replace(&"f".repeat(32), &self.setup.shares[0].share.as_ref().unwrap().id))
            .await;
        let absent = self.text(&self.target.path.replace("{id}", &"f".repeat(32))).await;
        assert_eq!(page, absent, "the page of a share must not depend on its id");
        for course in &self.setup.courses.courses {
            assert!(!page.contains(&course.code) && !page.contains(course.id.as_str()), "{page}");
        }
    }

    async fn check_open_share(&self) {
        // A separate address for each visitor, since forged tokens are throttled by network.
        let place = self.setup.visitors.iter().position(|it| it.name == self.visitor.name).unwrap();
        let open = |token: &str| {
            let call = self.setup.post("/api/shared", self.token, &json!({"token": token}));
            call.header("cf-connecting-ip", format!("192.0.2.{}", place + 1))
        };
        let wrong = refusal(open(&"A".repeat(TOKEN_LENGTH))).await;
        assert_eq!(wrong.code, Code::ShareGone);
        let [first, last] = self.setup.shares.as_slice() else { panic!("two shares") };
        let text = self.setup.text(open(first.token.as_ref().unwrap())).await;
        let shared: ShareContent = serde_json::from_str(&text).unwrap();
        assert_eq!(shared.panels.len(), 1);
        let (own, other) = (first.share.as_ref().unwrap(), last.share.as_ref().unwrap());
        assert!(!text.contains(own.course.as_str()) && !text.contains(other.course.as_str()), "{text}");
        assert!(!text.contains(&other.name), "{text}");
    }

    async fn check_count_opening(&self) {
        let place = self.setup.visitors.iter().position(|it| it.name == self.visitor.name).unwrap();
        let count = |token: &str| {
            let call = self.setup.post("/api/shared/opened", self.token, &json!({"token": token}));
            call.header("cf-connecting-ip", format!("198.51.100.{}", place + 1))
        };
        assert_eq!(refusal(count(&"A".repeat(TOKEN_LENGTH))).await.code, Code::ShareGone);
        let answer = count(self.setup.shares[0].token.as_ref().unwrap()).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (204, String::new()));
    }

    async fn check_session(&self) {
        let session: Session = self.get("/api/session").await;
        assert_eq!(session.person, self.visitor.email());
        let role = serde_json::to_value(session.role).unwrap();
        assert_eq!(role, format!("{:?}", self.visitor.access).to_lowercase());
        let scope = serde_json::to_value(&session.scope).unwrap();
        if self.gets == Gets::All {
            assert_eq!(scope, "everything");
            return;
        }
        let grants = scope["courses"].as_array().unwrap().iter().map(|grant| {
            let id = |name: &str| grant[name].as_str().map(str::to_owned);
            (id("course").unwrap(), id("section"))
        });
        assert_eq!(grants.collect::<BTreeSet<_>>(), self.setup.grants(self.visitor));
    }

    async fn check_sign_out(&self) {
        let colleague = self.colleague().await;
        let sign_out = || self.setup.call(Method::DELETE, "/api/session", &colleague);
        assert_eq!(sign_out().send().await.unwrap().status(), 204);
        assert_eq!(refusal(self.setup.get("/api/session", &colleague)).await.code, Code::SignInNeeded);
        let own = self.setup.get("/api/session", self.token);
        let status = own.send().await.unwrap().status().as_u16();
        assert_eq!(status, if self.visitor.access == Access::NoRole { 403 } else { 200 });
    }

    async fn sessions(&self, token: &str) -> Vec<SessionInfo> {
        let list: Sessions = self.setup.read(self.setup.get("/api/sessions", token)).await;
        list.sessions
    }

    /// The open session that this token stands for.
    async fn session_of(&self, token: &str) -> SessionInfo {
        let current = self.sessions(token).await.into_iter().filter(|session| session.current);
        let current: Vec<SessionInfo> = current.collect();
        let [session] = current.as_slice() else { panic!("one session is the caller's: {current:#?}") };
        session.clone()
    }

    /// Whether the session of this token is still open.
    async fn is_open(&self, token: &str) -> bool {
        let answer = self.setup.get("/api/session", token).send().await.unwrap();
        answer.status().is_success()
    }

    async fn check_list_sessions(&self) {
        let colleague = self.colleague().await;
        let theirs = self.session_of(&colleague).await;
        let boss = self.session_of(&self.setup.boss).await;
        let listed = self.sessions(self.token).await;
        assert_eq!(self.session_of(self.token).await.person, self.visitor.email());
        for foreign in [theirs, boss] {
            let is_listed = listed.iter().any(|session| session.id == foreign.id);
            assert_eq!(is_listed, self.gets == Gets::All, "{foreign:?}");
        }
        if self.gets == Gets::Own {
            assert!(listed.iter().all(|session| session.person == self.visitor.email()), "{listed:#?}");
        }
    }

    async fn check_end_session(&self) {
        let end = |id: &str| self.setup.call(Method::DELETE, &format!("/api/sessions/{id}"), self.token);
        let colleague = self.colleague().await;
        let theirs = self.session_of(&colleague).await;
        assert_eq!(end(&theirs.id).send().await.unwrap().status(), 204);
        assert_eq!(self.is_open(&colleague).await, self.gets == Gets::Own, "{theirs:?}");
        assert_eq!(end(&"f".repeat(32)).send().await.unwrap().status(), 204);
        // Another session of the same person.
        let other = self.setup.token_issued(self.visitor, 60);
        let own = self.session_of(&other).await;
        assert_eq!(end(&own.id).send().await.unwrap().status(), 204);
        assert!(!self.is_open(&other).await && self.is_open(self.token).await);
    }

    async fn check_end_sessions(&self) {
        let colleague = self.colleague().await;
        let theirs = self.session_of(&colleague).await;
        let path = format!("/api/sessions?person={}", theirs.person_id);
        let end = self.setup.call(Method::DELETE, &path, self.token).send().await.unwrap();
        assert_eq!(end.status(), 204);
        assert!(!self.is_open(&colleague).await && self.is_open(self.token).await);
    }

    async fn check_reports(&self) {
        let reports: Reports = self.get("/api/reports").await;
        let listed: BTreeSet<&str> = reports.reports.iter().map(|report| report.name.as_str()).collect();
        // A report without a course column is only for those who may see everything.
        let is_visible = |report: &Report| !self.is_instructor() || *report != Report::Visit;
        let visible: BTreeSet<&str> = Report::ALL.into_iter().filter(is_visible).map(Report::name).collect();
        assert_eq!(listed, visible);
    }

    async fn check_courses(&self) {
        let courses: Courses = self.get("/api/courses").await;
        for known in &self.setup.courses.courses {
            let may_see = |section: &&domain::api::Section| {
                self.setup.may_see(self.visitor, known.id.as_str(), Some(section.id.as_str()))
            };
            let visible: BTreeSet<&str> =
                known.sections.iter().filter(may_see).map(|section| section.id.as_str()).collect();
            let listed = courses.courses.iter().find(|course| course.id == known.id);
            assert_eq!(listed.is_some(), !visible.is_empty(), "{}", known.code);
            let listed = listed.into_iter().flat_map(|course| &course.sections);
            assert_eq!(listed.map(|section| section.id.as_str()).collect::<BTreeSet<_>>(), visible);
        }
    }

    async fn check_requests(&self) {
        let own = self.setup.ask(Report::Presentation, self.token).await;
        let listed: Requests = self.get("/api/requests").await;
        let ids: BTreeSet<&str> = listed.requests.iter().map(|request| request.id.as_str()).collect();
        assert!(ids.contains(own.id.as_str()));
        let copies = |requests: &[RequestInfo]| -> Vec<_> {
            let windows = requests.iter().flat_map(|request| request.windows.clone());
            windows
                .map(|window| window.copy.map(|copy| (copy.rows.is_some(), copy.bytes.is_some())))
                .collect()
        };
        if self.gets == Gets::All {
            assert!(self.setup.requests.values().all(|request| ids.contains(request.id.as_str())));
            assert!(listed.shared.is_empty());
            assert!(copies(&listed.requests).contains(&Some((true, true))));
            return;
        }
        // Ready weeks are listed for everybody, without their requester and without row counts.
        let shared: BTreeSet<&str> = listed.shared.iter().map(|request| request.report.as_str()).collect();
        let with_courses = Report::ALL.into_iter().filter(|report| *report != Report::Visit);
        assert_eq!(shared, with_courses.map(Report::name).collect::<BTreeSet<_>>());
        assert!(listed.shared.iter().all(|request| request.id.is_empty()));
        for windows in [&listed.shared, &listed.requests] {
            let copies = copies(windows);
            assert!(!copies.is_empty() && copies.iter().all(|copy| *copy == Some((false, false))));
        }
    }

    async fn check_create_request(&self) {
        let own = self.setup.ask(Report::Notes, self.token).await;
        let others = &self.setup.requests["notes"];
        assert_ne!(own.id, others.id, "a request must belong to one person");
        assert_eq!(own.windows.len(), others.windows.len(), "windows must be shared");
        for copy in own.windows.iter().map(|window| window.copy.as_ref().unwrap()) {
            assert_eq!(copy.rows.is_some() && copy.bytes.is_some(), self.gets == Gets::All);
        }
        let visits = self.setup.post("/api/requests", self.token, &self.setup.weeks.body(Report::Visit));
        if self.is_instructor() {
            assert_eq!(self.refusal(visits).await.code, Code::UnknownReport);
        } else {
            let _: RequestInfo = self.setup.read(visits).await;
        }
    }

    /// Checks that another person's object gets the same problem as one that does not exist.
    async fn check_unknown(&self, id: &str) {
        let at = |id: &str| self.call(&self.target.path.replace("{id}", id));
        let hidden = self.refusal(at(id)).await;
        assert!([Code::UnknownRequest, Code::UnknownShare].contains(&hidden.code), "{hidden:?}");
        assert_eq!(
            hidden,
            refusal(at(&"f".repeat(32))).await,
            "a hidden object must get the same problem as a missing one"
        );
    }

    async fn check_get_request(&self) {
        let own = self.setup.ask(Report::Polling, self.token).await;
        let followed: RequestInfo = self.get(&format!("/api/requests/{}", own.id)).await;
        assert_eq!(followed.id, own.id);
        for request in self.setup.requests.values() {
            if self.gets == Gets::Own {
                self.check_unknown(&request.id).await;
            } else {
                let found: RequestInfo = self.get(&format!("/api/requests/{}", request.id)).await;
                assert_eq!(found.windows[0].copy, request.windows[0].copy);
            }
        }
    }

    async fn check_withdraw_request(&self) {
        let delete = |id: &str| self.setup.call(Method::DELETE, &format!("/api/requests/{id}"), self.token);
        let colleague = self.colleague().await;
        let theirs = self.setup.ask(Report::Qanda, &colleague).await;
        let path = format!("/api/requests/{}", theirs.id);
        if self.gets == Gets::Own {
            self.check_unknown(&theirs.id).await;
            for request in self.setup.requests.values() {
                self.check_unknown(&request.id).await;
            }
            let still: RequestInfo = self.setup.read(self.setup.get(&path, &colleague)).await;
            assert_eq!(still.id, theirs.id);
        } else {
            assert_eq!(delete(&theirs.id).send().await.unwrap().status(), 204);
            assert_eq!(refusal(self.setup.get(&path, &colleague)).await.code, Code::UnknownRequest);
        }
        let own = self.setup.ask(Report::Qanda, self.token).await;
        assert_eq!(delete(&own.id).send().await.unwrap().status(), 204);
        assert_eq!(refusal(delete(&own.id)).await.code, Code::UnknownRequest);
    }

    async fn check_retry_request(&self) {
        let retry = |id: &str| self.call(&format!("/api/requests/{id}/retry"));
        let own = self.setup.ask(Report::Confused, self.token).await;
        // No window failed, so nothing is requested from Echo360.
        let _: RequestInfo = self.setup.read(retry(&own.id)).await;
        for request in self.setup.requests.values() {
            if self.gets == Gets::Own {
                self.check_unknown(&request.id).await;
            } else {
                let _: RequestInfo = self.setup.read(retry(&request.id)).await;
            }
        }
    }

    /// Checks that a report without a course column gets the same problem as one that does not exist.
    async fn check_visits_unknown(&self, path: &str) {
        let hidden = self.refusal(self.setup.get(path, self.token)).await;
        let absent = refusal(self.setup.get(&path.replace("visit", "vizit"), self.token)).await;
        assert_eq!(hidden.code, Code::UnknownReport);
        assert_eq!(hidden.detail.replace("visit", "vizit"), absent.detail);
    }

    async fn check_rows(&self) {
        for report in Report::ALL {
            let path = self.setup.rows_path(report);
            if report == Report::Visit && self.is_instructor() {
                self.check_visits_unknown(&path).await;
                continue;
            }
            // Frames have the file's columns, without those that the CSV download appends.
            let width = Truth::columns(report).len();
            let cut = |row: Row| Row { cells: row.cells[..width].to_vec(), ..row };
            let visible = || self.setup.visible_rows(self.visitor, report).into_iter().map(cut);
            let found = self.setup.frames(&path, report, self.token).await;
            assert_eq!(found, visible().collect::<Vec<_>>(), "{path}");
            if let Some(allowed) = self.setup.allowed_rows(self.visitor, report) {
                let allowed: Vec<Row> = allowed.into_iter().map(cut).collect();
                assert_eq!(found, allowed, "the SQL filter and `RowFilter::allows` must agree: {path}");
            }
            if report == Report::Visit {
                continue;
            }
            for course in &self.setup.courses.courses {
                let course_path = format!("{path}?course={}", course.id);
                let found = self.setup.frames(&course_path, report, self.token).await;
                let of_course = |row: &Row| row.course == course.id.as_str();
                let expected: Vec<Row> = visible().filter(of_course).collect();
                assert_eq!(found, expected, "{path} of {}", course.code);
                let all = self.setup.all_rows(report).iter().filter(|row| of_course(row));
                let sections: BTreeSet<&str> = all.map(|row| row.section.as_str()).collect();
                for section in sections {
                    let path = format!("{course_path}&section={section}");
                    let found = self.setup.frames(&path, report, self.token).await;
                    let of_section = |row: &&Row| row.section == section;
                    assert_eq!(
                        found,
                        expected.iter().filter(of_section).cloned().collect::<Vec<_>>(),
                        "{path}"
                    );
                }
            }
            // A course that does not exist, like one out of scope, has no rows.
            let nowhere = self.setup.frames(&format!("{path}?course={NOWHERE}"), report, self.token).await;
            assert!(nowhere.is_empty(), "{path}");
        }
    }

    async fn check_csv(&self) {
        for report in Report::ALL {
            if report == Report::Visit && self.is_instructor() {
                self.check_visits_unknown(&self.setup.csv_path(report, "")).await;
                continue;
            }
            let visible = self.setup.visible_rows(self.visitor, report);
            let found = self.setup.csv(report, "", self.token).await;
            assert_eq!(found, visible, "{}", report.name());
            if report == Report::Visit {
                continue;
            }
            for course in &self.setup.courses.courses {
                let of_course = |rows: &[Row]| -> Vec<Row> {
                    rows.iter().filter(|row| row.course == course.id.as_str()).cloned().collect()
                };
                let (all, expected) = (of_course(self.setup.all_rows(report)), of_course(&visible));
                let found = self.setup.csv(report, &format!("&course={}", course.id), self.token).await;
                let (name, code) = (report.name(), &course.code);
                assert_eq!(found, expected, "{name} of {code}, which has {} rows", all.len());
                // In reports that identify sections by number, `section` is a number.
                let sections: BTreeSet<&str> = all.iter().map(|row| row.section.as_str()).collect();
                for section in sections {
                    let more = format!("&course={}&section={section}", course.id);
                    let found = self.setup.csv(report, &more, self.token).await;
                    let is_of = |row: &&Row| row.section == section;
                    let expected: Vec<Row> = expected.iter().filter(is_of).cloned().collect();
                    assert_eq!(found, expected, "{name} of {code}, section {section}");
                }
            }
            let nowhere = self.setup.csv(report, &format!("&course={NOWHERE}"), self.token).await;
            assert!(nowhere.is_empty(), "{}", report.name());
        }
    }

    async fn check_count(&self) {
        for report in Report::ALL {
            if report == Report::Visit && self.is_instructor() {
                self.check_visits_unknown(&self.setup.count_path(report, "")).await;
                continue;
            }
            let visible = self.setup.visible_rows(self.visitor, report);
            let count: RowCount = self.get(&self.setup.count_path(report, "")).await;
            assert_eq!(count, RowCount { rows: visible.len() as u64, exact: true }, "{}", report.name());
            if report == Report::Visit {
                continue;
            }
            for course in &self.setup.courses.courses {
                let path = self.setup.count_path(report, &format!("&course={}", course.id));
                let expected = visible.iter().filter(|row| row.course == course.id.as_str()).count();
                assert_eq!(self.get::<RowCount>(&path).await.rows, expected as u64, "{path}");
            }
            let nowhere = self.setup.count_path(report, &format!("&course={NOWHERE}"));
            assert_eq!(self.get::<RowCount>(&nowhere).await.rows, 0);
        }
    }

    /// The body that creates a share of something in the visitor's scope.
    fn own_share(&self) -> Value {
        let course =
            |(course, section): (String, Option<String>)| self.setup.share(&course, section.as_deref());
        let everything = || self.setup.share(self.setup.courses.courses[0].id.as_str(), None);
        self.setup.grants(self.visitor).into_iter().next().map_or_else(everything, course)
    }

    async fn make_own_share(&self) -> CreateShareResponse {
        self.setup.read(self.setup.post("/api/shares", self.token, &self.own_share())).await
    }

    async fn check_list_shares(&self) {
        let own = self.make_own_share().await.share.unwrap();
        let path = "/api/shares";
        let shares: Shares = if self.gets == Gets::Own {
            self.get(path).await
        } else {
            self.setup.read(self.setup.get(path, self.token)).await
        };
        let ids: BTreeSet<&str> = shares.shares.iter().map(|share| share.id.as_str()).collect();
        assert!(ids.contains(own.id.as_str()));
        let others = self.setup.shares.iter().filter_map(|made| made.share.as_ref());
        for share in others {
            assert_eq!(ids.contains(share.id.as_str()), self.gets == Gets::All);
        }
        if self.gets == Gets::Own {
            assert!(shares.shares.iter().all(|share| share.mine));
        }
    }

    async fn check_create_share(&self) {
        let make = |body: &Value| self.setup.post("/api/shares", self.token, body);
        let missing = refusal(make(&self.setup.share(NOWHERE, None))).await;
        assert_eq!(missing.code, Code::BadShare);
        for course in &self.setup.courses.courses {
            let rows =
                self.setup.all_rows(Report::VideoView).iter().filter(|row| row.course == course.id.as_str());
            let sections: BTreeSet<Option<&str>> = rows.map(|row| Some(row.section.as_str())).collect();
            for section in sections.into_iter().chain([None]) {
                // A preview runs all checks and creates nothing.
                let mut body = self.setup.share(course.id.as_str(), section);
                body["preview"] = json!(true);
                if self.setup.may_see(self.visitor, course.id.as_str(), section) {
                    let made: CreateShareResponse = self.setup.read(make(&body)).await;
                    assert_eq!(made.contents.len(), 1, "{body}");
                } else {
                    let hidden = self.refusal(make(&body)).await;
                    assert_eq!(
                        hidden, missing,
                        "a hidden course must get the same problem as a missing one: {body}"
                    );
                }
            }
        }
    }

    async fn check_update_share(&self) {
        let change =
            |id: &str| self.setup.post(&format!("/api/shares/{id}"), self.token, &json!({"name": "Ours"}));
        let own = self.make_own_share().await.share.unwrap();
        let changed: CreateShareResponse = self.setup.read(change(&own.id)).await;
        assert_eq!(changed.share.unwrap().name, "Ours");
        // No other test reads the last share's name.
        let others = &self.setup.shares[1].share.as_ref().unwrap();
        if self.gets == Gets::Own {
            self.check_unknown(&others.id).await;
            let listed: Shares = self.setup.read(self.setup.get("/api/shares", &self.setup.boss)).await;
            assert!(listed.shares.iter().any(|share| share.id == others.id));
        } else {
            let same_name = json!({"name": others.name});
            let changed: CreateShareResponse = self
                .setup
                .read(self.setup.post(&format!("/api/shares/{}", others.id), self.token, &same_name))
                .await;
            assert_eq!(changed.share.unwrap().id, others.id);
        }
    }

    async fn check_revoke_share(&self) {
        let revoke = |id: &str| self.setup.call(Method::DELETE, &format!("/api/shares/{id}"), self.token);
        let colleague = self.colleague().await;
        let theirs: CreateShareResponse =
            self.setup.read(self.setup.post("/api/shares", &colleague, &self.own_share())).await;
        let theirs = theirs.share.unwrap();
        if self.gets == Gets::Own {
            self.check_unknown(&theirs.id).await;
            self.check_unknown(&self.setup.shares[0].share.as_ref().unwrap().id).await;
        } else {
            assert_eq!(revoke(&theirs.id).send().await.unwrap().status(), 204);
        }
        let remaining: Shares = self.setup.read(self.setup.get("/api/shares", &colleague)).await;
        let is_remaining = remaining.shares.iter().any(|share| share.id == theirs.id);
        assert_eq!(is_remaining, self.gets == Gets::Own);
        let own = self.make_own_share().await.share.unwrap();
        assert_eq!(revoke(&own.id).send().await.unwrap().status(), 204);
        assert_eq!(refusal(revoke(&own.id)).await.code, Code::UnknownShare);
    }

    async fn check_shared_accounts(&self) {
        let account = format!("kiosk-of-{}", self.visitor.email());
        let body = json!({"account": account.to_uppercase(), "mark": "shared"});
        self.setup.text(self.setup.post("/api/shared-accounts", &self.setup.boss, &body)).await;
        let list: SharedAccounts = self.get("/api/shared-accounts").await;
        assert!(list.hashes.contains(&format_hash(hash_account(account.bytes()))));
        // The ids and addresses themselves are for administrators.
        let is_administrator = self.visitor.access == Access::Administrator;
        assert_eq!(list.accounts.is_some(), is_administrator);
        let text = self.text("/api/shared-accounts").await;
        assert_eq!(text.contains(&account), is_administrator, "{text}");
    }

    async fn check_switch_shares(&self) {
        let on: Shares = self
            .setup
            .read(self.setup.call(Method::PUT, "/api/shares", self.token).json(&json!({"on": true})))
            .await;
        assert!(on.on);
    }

    async fn check_administrators_list(&self) {
        let list: Value = self.get(self.target.path).await;
        let entries = list.as_object().unwrap().values().find_map(Value::as_array);
        let may_be_empty = ["/api/forget", "/api/shrunken"].contains(&self.target.path);
        assert!(may_be_empty || entries.is_some_and(|entries| !entries.is_empty()), "{list}");
        if self.target.path == "/api/record" {
            let file = self.text("/api/record?as=csv").await;
            assert!(file.lines().count() > 1, "{file}");
        }
    }

    async fn check_assign_role(&self) {
        let body = json!({"email": format!("given-by-{}", self.visitor.email()), "role": "analyst"});
        let person: Value =
            self.setup.read(self.setup.call(Method::PUT, "/api/roles", self.token).json(&body)).await;
        assert_eq!(person["role"], "analyst");
    }

    async fn check_remove_role(&self) {
        let body = json!({"email": format!("taken-by-{}", self.visitor.email()), "role": "analyst"});
        let person: Value =
            self.setup.read(self.setup.call(Method::PUT, "/api/roles", &self.setup.boss).json(&body)).await;
        let path = format!("/api/roles/{}", person["id"].as_str().unwrap());
        let take = || self.setup.call(Method::DELETE, &path, self.token);
        assert_eq!(take().send().await.unwrap().status(), 204);
        assert_eq!(refusal(take()).await.code, Code::UnknownPerson);
    }

    /// Checks only the authorization, with an empty body: an effect of this route would disturb the other
    /// tests.
    async fn check_authorization_only(&self) {
        let problem = self.refusal(self.call(&self.path())).await;
        let is_barred = [Code::SignInNeeded, Code::NoRole, Code::NotAllowed].contains(&problem.code);
        assert!(!is_barred && (400..=422).contains(&problem.status), "{problem:?}");
    }
}
