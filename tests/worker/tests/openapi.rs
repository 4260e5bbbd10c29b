//! The OpenAPI document describes what the Worker does: every operation in it is called, and every response
//! is checked against it by validators that share no code with Lectern.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail at the first error"
)]

use domain::problem::Problem;
use domain::routes::Operation;
use reqwest::{Method, RequestBuilder, Response};
use sandbox::Report;
use sandbox::faults::{Fault, Order};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;
use worker_tests::python::python;
use worker_tests::{Stack, Weeks, quick, root};

/// A JSON response, and a JSON pointer to its schema in the document.
#[derive(serde::Serialize)]
struct ResponseSample {
    name: String,
    schema: String,
    value: Value,
}

/// Existing objects with which operations are called.
struct Fixtures {
    stack: Stack,
    weeks: Weeks,
    course: String,
    /// A request whose windows are ready, one of these windows, and a request to withdraw.
    request: String,
    window: String,
    withdrawn: String,
    /// A share and its token, and a share to revoke.
    share: String,
    token: String,
    revoked: String,
    /// A person with a role.
    person: String,
    /// An erasure.
    erasure: String,
    /// A window whose newer copy has lost rows.
    shrunken: String,
}

/// The parameters and the body of a call.
#[derive(Default)]
struct Call {
    path: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    json: Option<Value>,
    csv: Option<&'static str>,
}

impl Fixtures {
    async fn start() -> Self {
        let sandbox = sandbox::Settings { students: 160, ..quick() };
        let stack = Stack::with(sandbox, &[("LECTERN_SMALLEST", "5")]).await;
        let weeks = Weeks::back(2, 2);
        let ready = stack.ready(Report::VideoView, &weeks).await;
        let (request, window) = (ready.id, ready.windows[0].id.clone());
        let shrunken = ready.windows[1].id.clone();
        stack.sandbox.harm(vec![Order::once(Fault::MissingSection)]);
        let retry = stack.at(&format!("/api/requests/{request}/retry"));
        let answer = stack.http.post(retry).json(&json!({"windows": [shrunken]})).send().await.unwrap();
        assert!(answer.status().is_success());
        stack.settled(&request, Duration::from_secs(60)).await;
        let withdrawn = stack.ask_weeks(Report::Notes, &weeks).await.id;
        let course = stack.get("/api/courses").await["courses"][0]["id"].as_str().unwrap().to_owned();
        let mut fixtures = Self {
            stack,
            weeks,
            course,
            request,
            window,
            withdrawn,
            share: String::new(),
            token: String::new(),
            revoked: String::new(),
            person: String::new(),
            erasure: String::new(),
            shrunken,
        };
        let share = fixtures.send(Method::POST, "/api/shares", &fixtures.share_request()).await;
        (fixtures.share, fixtures.token) = (text(&share["share"]["id"]), text(&share["token"]));
        let revoked = fixtures.send(Method::POST, "/api/shares", &fixtures.share_request()).await;
        fixtures.revoked = text(&revoked["share"]["id"]);
        let role = json!({"email": "ana@university.example", "role": "analyst"});
        fixtures.person = text(&fixtures.send(Method::PUT, "/api/roles", &role).await["id"]);
        let erasure = json!({"course": "00000000-0000-4000-8000-000000000001"});
        fixtures.erasure = text(&fixtures.send(Method::POST, "/api/forget", &erasure).await["id"]);
        fixtures
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.stack.http.request(method, self.stack.at(path)).json(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}\n{}", self.stack.log());
        serde_json::from_str(&text).unwrap()
    }

    fn share_request(&self) -> Value {
        json!({
            "report": "videoview", "course": self.course, "from": self.weeks.from.to_string(),
            "to": self.weeks.to().to_string(), "origins": ["https://courses.example.edu"],
        })
    }

    /// The call of an operation.
    fn call(&self, operation: Operation) -> Call {
        let id = |id: &String| vec![("id", id.clone())];
        let json = |body: Value| Call { json: Some(body), ..Call::default() };
        match operation {
            Operation::GetHealth
            | Operation::GetOpenApi
            | Operation::GetSession
            | Operation::SignOut
            | Operation::ListReports
            | Operation::ListCourses
            | Operation::ListRequests
            | Operation::ListShares
            | Operation::GetSharePage
            | Operation::ListRoles
            | Operation::ListErasures
            | Operation::GetDataQuality => Call::default(),
            Operation::ListSharedAccounts | Operation::ListShrunken | Operation::ListSessions => {
                Call::default()
            }
            Operation::EndSessions => {
                Call { query: vec![("person", "0123456789abcdef".into())], ..Call::default() }
            }
            Operation::EndSession => Call { path: vec![("id", "0".repeat(32))], ..Call::default() },
            Operation::MarkAccount => json(json!({"account": "kiosk@university.example", "mark": "shared"})),
            Operation::SignIn => {
                let grant = json!({"course": self.course, "section": null});
                json(json!({"look_as": {"role": "instructor", "courses": [grant]}}))
            }
            Operation::CreateRequest => json(json!({
                "report": "videoview", "from": self.weeks.from.to_string(), "to": self.weeks.to().to_string(),
                "tz": "America/New_York",
            })),
            Operation::GetRequest => Call { path: id(&self.request), ..Call::default() },
            Operation::WithdrawRequest => Call { path: id(&self.withdrawn), ..Call::default() },
            Operation::RetryRequest => Call { path: id(&self.request), ..json(json!({"windows": []})) },
            Operation::ReadRows => Call {
                path: vec![("report", "videoview".into()), ("window", self.window.clone())],
                query: vec![("course", self.course.clone())],
                ..Call::default()
            },
            Operation::DownloadCsv => Call {
                path: vec![("report", "videoview".into())],
                query: vec![
                    ("from", self.weeks.from.to_string()),
                    ("to", self.weeks.to().to_string()),
                    ("tz", "UTC".into()),
                    ("course", self.course.clone()),
                    ("delimiter", "|".into()),
                    ("cells", "raw".into()),
                ],
                ..Call::default()
            },
            Operation::CountRows => Call {
                path: vec![("report", "videoview".into())],
                query: vec![
                    ("from", self.weeks.from.to_string()),
                    ("to", self.weeks.to().to_string()),
                    ("course", self.course.clone()),
                ],
                ..Call::default()
            },
            Operation::CreateShare => json(self.share_request()),
            Operation::SwitchShares => json(json!({"on": true})),
            Operation::UpdateShare => {
                Call { path: id(&self.share), ..json(json!({"name": "Week by week", "days": 14})) }
            }
            Operation::RevokeShare => Call { path: id(&self.revoked), ..Call::default() },
            Operation::OpenShare | Operation::CountOpening => {
                json(json!({"token": self.token, "id": self.share}))
            }
            Operation::GetEmbeddedSharePage => Call { path: id(&self.share), ..Call::default() },
            Operation::AssignRole => {
                let grants = json!([{"course": self.course}]);
                json(json!({"email": "ben@university.example", "role": "instructor", "grants": grants}))
            }
            Operation::RemoveRole => Call { path: id(&self.person), ..Call::default() },
            Operation::UploadRoles => {
                let csv = Some("email,role,course,section\ncleo@university.example,analyst,,\n");
                Call { csv, ..Call::default() }
            }
            Operation::ReadAuditLog => Call { query: vec![("what", "role-given".into())], ..Call::default() },
            Operation::StartErasure => json(json!({"course": "00000000-0000-4000-8000-000000000002"})),
            Operation::CancelErasure => Call { path: id(&self.erasure), ..Call::default() },
            Operation::ExportPerson => json(json!({"email": "ana@university.example"})),
            Operation::ChooseCopy => {
                json(json!({"report": "videoview", "window": self.shrunken, "choice": "keep"}))
            }
        }
    }

    /// The call as an HTTP request. Checks that the document allows its parameters and its body.
    fn request(&self, documented: &DocumentedOperation<'_>, call: &Call) -> RequestBuilder {
        let mut path = documented.path.to_owned();
        for (name, value) in &call.path {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "{path}");
        let description = documented.description["parameters"].as_array().cloned().unwrap_or_default();
        for (name, _) in call.query.iter().chain(&call.path) {
            assert!(
                description.iter().any(|parameter| parameter["name"] == *name),
                "{}: {name}",
                documented.name
            );
        }
        let method = documented.method.to_uppercase().parse::<Method>().unwrap();
        let mut request = self.stack.http.request(method, self.stack.at(&path)).query(&call.query);
        let bodies = &documented.description["requestBody"]["content"];
        if let Some(body) = &call.json {
            assert!(bodies.get("application/json").is_some(), "{}", documented.name);
            request = request.json(body);
        }
        if let Some(csv) = call.csv {
            assert!(bodies.get("text/csv").is_some(), "{}", documented.name);
            request = request.header("content-type", "text/csv").body(csv);
        }
        request
    }
}

/// An operation in the document.
struct DocumentedOperation<'a> {
    name: String,
    method: &'a str,
    path: &'a str,
    description: &'a Value,
}

impl DocumentedOperation<'_> {
    /// Reads a response, which the document must describe. Returns its status, and its JSON for the
    /// validator.
    async fn read(&self, answer: Response) -> (u16, Option<ResponseSample>) {
        let status = answer.status().as_u16();
        let media_type = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let text = answer.bytes().await.unwrap();
        let description = &self.description["responses"][status.to_string()];
        assert!(
            description.is_object(),
            "{} responds {status}, which the document does not describe: {text:?}",
            self.name
        );
        let media_type = media_type.as_deref().map(|text| text.split(';').next().unwrap());
        let Some(contents) = description.get("content") else {
            assert!(text.is_empty(), "{}: {status}", self.name);
            return (status, None);
        };
        let media_type = media_type.unwrap_or_else(|| panic!("{}: {status} has no media type", self.name));
        assert!(contents.get(media_type).is_some(), "{}: {status} {media_type}", self.name);
        let pointer = |name: &str| name.replace('~', "~0").replace('/', "~1");
        let schema = format!(
            "/paths/{}/{}/responses/{status}/content/{}/schema",
            pointer(self.path),
            self.method,
            pointer(media_type)
        );
        let is_json = media_type.ends_with("json");
        let answer = is_json.then(|| {
            let value = serde_json::from_slice(&text).unwrap();
            ResponseSample { name: format!("{} {status}", self.name), schema, value }
        });
        (status, answer)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Runs the validators.
fn validate(document: &Value, answers: &[ResponseSample]) {
    let mut validator = Command::new(python())
        .arg(root().join("tests/worker/check_openapi.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = json!({"document": document, "answers": answers}).to_string();
    validator.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = validator.wait_with_output().unwrap();
    let to_text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", to_text(&output.stdout), to_text(&output.stderr));
}

#[tokio::test]
async fn every_operation_responds_as_documented() {
    let fixtures = Fixtures::start().await;
    let document = fixtures.stack.get("/api/openapi.json").await;
    let committed = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    assert_eq!(document, serde_json::from_str::<Value>(&committed).unwrap());

    let operations: BTreeMap<String, Operation> =
        Operation::ALL.iter().map(|operation| (operation.id(), *operation)).collect();
    let mut answers = Vec::new();
    let mut called = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, description) in methods.as_object().unwrap() {
            let name = text(&description["operationId"]);
            let operation = operations[&name];
            let documented = DocumentedOperation { name, method, path, description };
            let call = fixtures.call(operation);

            // Success, as the administrator of a local installation.
            let answer = fixtures.request(&documented, &call).send().await.unwrap();
            let (status, answer) = documented.read(answer).await;
            assert!(
                (200..300).contains(&status),
                "{}: {:?}",
                documented.name,
                answer.map(|answer| answer.value)
            );
            answers.extend(answer);
            called += 1;

            // A cross-site request, which is a problem where the document says so.
            let refused = fixtures.request(&documented, &call).header("sec-fetch-site", "cross-site");
            let answer = refused.send().await.unwrap();
            let status = answer.status().as_u16();
            if description["responses"]["403"]["description"]
                .as_str()
                .is_some_and(|it| it.contains("`cross-site`"))
            {
                assert_eq!(status, 403, "{}", documented.name);
                let (_, answer) = documented.read(answer).await;
                let answer = answer.unwrap();
                assert_eq!(answer.value["code"], "cross-site");
                answers.push(answer);
            } else {
                assert_eq!(
                    status, 200,
                    "{}: a public operation must allow cross-site requests",
                    documented.name
                );
            }
        }
    }
    assert_eq!(called, Operation::ALL.len());

    // Every documented error is a problem: no other media type.
    for methods in document["paths"].as_object().unwrap().values() {
        for description in methods.as_object().unwrap().values() {
            for (status, response) in description["responses"].as_object().unwrap() {
                if status.starts_with(['4', '5']) {
                    let contents = response["content"].as_object().unwrap();
                    assert_eq!(contents.keys().collect::<Vec<_>>(), [Problem::MEDIA_TYPE]);
                }
            }
        }
    }
    validate(&document, &answers);
}

#[tokio::test]
async fn problems_have_documented_codes() {
    let stack = Stack::start().await;
    let document = stack.get("/api/openapi.json").await;
    let none = "0".repeat(32);
    let mut answers = Vec::new();
    let day = |text: &str| text.to_owned();
    for (method, template, path, body, code) in [
        ("post", "/api/requests", day("/api/requests"), Some(json!({"report": "nothing"})), "unknown-report"),
        ("post", "/api/requests", day("/api/requests"), Some(json!({"reports": 1})), "bad-body"),
        ("get", "/api/requests/{id}", format!("/api/requests/{none}"), None, "unknown-request"),
        ("get", "/api/requests/{id}", day("/api/requests/1"), None, "bad-id"),
        ("post", "/api/requests/{id}/retry", format!("/api/requests/{none}/retry"), None, "unknown-request"),
        ("get", "/api/rows/{report}/{window}", day("/api/rows/notes/2020-01-06"), None, "unknown-window"),
        ("get", "/api/rows/{report}/{window}", day("/api/rows/notes/all?x=1"), None, "bad-query"),
        ("get", "/api/csv/{report}", day("/api/csv/asset"), None, "rows-not-ready"),
        (
            "get",
            "/api/csv/{report}",
            day("/api/csv/notes?from=2026-01-05&to=2026-01-04"),
            None,
            "range-backwards",
        ),
        ("get", "/api/csv/{report}/count", day("/api/csv/asset/count"), None, "rows-not-ready"),
        ("post", "/api/shares", day("/api/shares"), Some(json!({"report": "x", "course": "y"})), "bad-share"),
        ("delete", "/api/shares/{id}", format!("/api/shares/{none}"), None, "unknown-share"),
        ("post", "/api/shared", day("/api/shared"), Some(json!({"token": "x"})), "share-gone"),
        ("post", "/api/shared/opened", day("/api/shared/opened"), Some(json!({"token": "x"})), "share-gone"),
        ("put", "/api/roles", day("/api/roles"), Some(json!({"email": "x", "role": "analyst"})), "bad-email"),
        ("delete", "/api/roles/{id}", day("/api/roles/0123456789abcdef"), None, "unknown-person"),
        ("post", "/api/roles/csv", day("/api/roles/csv"), Some(json!("email,role")), "bad-table"),
        ("get", "/api/record", day("/api/record?from=monday"), None, "bad-day"),
        ("get", "/api/record", day("/api/record?after=1"), None, "bad-query"),
        ("delete", "/api/sessions", day("/api/sessions?person=ana"), None, "bad-query"),
        ("delete", "/api/sessions/{id}", day("/api/sessions/1"), None, "bad-id"),
        ("post", "/api/forget", day("/api/forget"), Some(json!({"course": "x"})), "bad-body"),
        ("delete", "/api/forget/{id}", format!("/api/forget/{none}"), None, "unknown-request"),
        ("post", "/api/person-export", day("/api/person-export"), Some(json!({"id": "x"})), "bad-body"),
        (
            "post",
            "/api/shared-accounts",
            day("/api/shared-accounts"),
            Some(json!({"account": "x", "mark": "shared"})),
            "bad-body",
        ),
        (
            "post",
            "/api/shrunken",
            day("/api/shrunken"),
            Some(json!({"report": "notes", "window": "2020-01-06", "choice": "keep"})),
            "unknown-window",
        ),
    ] {
        let description = &document["paths"][template][method];
        let documented =
            DocumentedOperation { name: format!("{method} {path}"), method, path: template, description };
        let mut request = stack.http.request(method.to_uppercase().parse().unwrap(), stack.at(&path));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let (status, answer) = documented.read(request.send().await.unwrap()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.value["code"], code, "{}", documented.name);
        let codes = text(&description["responses"][status.to_string()]["description"]);
        assert!(
            codes.contains(&format!("`{code}`")),
            "{}: {code} is not documented among {codes}",
            documented.name
        );
        answers.push(answer);
    }
    validate(&document, &answers);
}
