//! The OpenAPI document says what the Worker does: every operation in it is called, and every answer is held against it by
//! validators that share no code with Lectern.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use domain::problem::Problem;
use domain::routes::Operation;
use reqwest::{Method, RequestBuilder, Response};
use sandbox::Report;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use worker_tests::python::python;
use worker_tests::{Stack, Weeks, quick, root};

/// A JSON answer, and where the document has its schema.
#[derive(serde::Serialize)]
struct Answer {
    name: String,
    schema: String,
    value: Value,
}

/// What operations are called with: things that exist.
struct Fixtures {
    stack: Stack,
    weeks: Weeks,
    course: String,
    /// A request whose windows are ready, one of these windows, and a request to withdraw.
    request: String,
    window: String,
    withdrawn: String,
    /// A share with its token, and one to revoke.
    share: String,
    token: String,
    revoked: String,
    /// A person with a role.
    person: String,
    /// An erasure.
    erasure: String,
}

/// A call of an operation.
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

    /// How an operation is called.
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
            | Operation::ListErasures => Call::default(),
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
            Operation::CreateShare => json(self.share_request()),
            Operation::SwitchShares => json(json!({"on": true})),
            Operation::UpdateShare => {
                Call { path: id(&self.share), ..json(json!({"name": "Week by week", "days": 14})) }
            }
            Operation::RevokeShare => Call { path: id(&self.revoked), ..Call::default() },
            Operation::OpenShare => json(json!({"token": self.token, "id": self.share})),
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
        }
    }

    /// The call as an HTTP request, checked against what the document says the operation takes.
    fn request(&self, place: &Place<'_>, call: &Call) -> RequestBuilder {
        let mut path = place.path.to_owned();
        for (name, value) in &call.path {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "{path}");
        let described = place.described["parameters"].as_array().cloned().unwrap_or_default();
        for (name, _) in call.query.iter().chain(&call.path) {
            assert!(described.iter().any(|parameter| parameter["name"] == *name), "{}: {name}", place.name);
        }
        let method = place.method.to_uppercase().parse::<Method>().unwrap();
        let mut request = self.stack.http.request(method, self.stack.at(&path)).query(&call.query);
        let bodies = &place.described["requestBody"]["content"];
        if let Some(body) = &call.json {
            assert!(bodies.get("application/json").is_some(), "{}", place.name);
            request = request.json(body);
        }
        if let Some(csv) = call.csv {
            assert!(bodies.get("text/csv").is_some(), "{}", place.name);
            request = request.header("content-type", "text/csv").body(csv);
        }
        request
    }
}

/// Where an operation is in the document.
struct Place<'a> {
    name: String,
    method: &'a str,
    path: &'a str,
    described: &'a Value,
}

impl Place<'_> {
    /// Reads an answer, which the document must describe. The JSON of it is for the validator.
    async fn read(&self, answer: Response) -> (u16, Option<Answer>) {
        let status = answer.status().as_u16();
        let media_type = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let text = answer.bytes().await.unwrap();
        let described = &self.described["responses"][status.to_string()];
        assert!(described.is_object(), "{} answers {status}, which is not described: {text:?}", self.name);
        let media_type = media_type.as_deref().map(|text| text.split(';').next().unwrap());
        let Some(contents) = described.get("content") else {
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
            Answer { name: format!("{} {status}", self.name), schema, value }
        });
        (status, answer)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Runs the validators.
fn check(document: &Value, answers: &[Answer]) {
    let mut validator = Command::new(python())
        .arg(root().join("tests/worker/check_openapi.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let order = json!({"document": document, "answers": answers}).to_string();
    validator.stdin.take().unwrap().write_all(order.as_bytes()).unwrap();
    let checked = validator.wait_with_output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(checked.status.success(), "{}{}", said(&checked.stdout), said(&checked.stderr));
}

#[tokio::test]
async fn every_operation_answers_as_the_document_says() {
    let fixtures = Fixtures::start().await;
    let document = fixtures.stack.get("/api/openapi.json").await;
    let committed = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    assert_eq!(document, serde_json::from_str::<Value>(&committed).unwrap());

    let operations: BTreeMap<String, Operation> =
        Operation::ALL.iter().map(|operation| (operation.id(), *operation)).collect();
    let mut answers = Vec::new();
    let mut called = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let name = text(&described["operationId"]);
            let operation = operations[&name];
            let place = Place { name, method, path, described };
            let call = fixtures.call(operation);

            // Success, as the administrator of a local installation.
            let answer = fixtures.request(&place, &call).send().await.unwrap();
            let (status, answer) = place.read(answer).await;
            assert!((200..300).contains(&status), "{}: {:?}", place.name, answer.map(|answer| answer.value));
            answers.extend(answer);
            called += 1;

            // A problem, where the document knows one that can be caused from outside.
            let refused = fixtures.request(&place, &call).header("sec-fetch-site", "cross-site");
            let answer = refused.send().await.unwrap();
            let status = answer.status().as_u16();
            if described["responses"]["403"]["description"]
                .as_str()
                .is_some_and(|it| it.contains("`cross-site`"))
            {
                assert_eq!(status, 403, "{}", place.name);
                let (_, answer) = place.read(answer).await;
                let answer = answer.unwrap();
                assert_eq!(answer.value["code"], "cross-site");
                answers.push(answer);
            } else {
                assert_eq!(status, 200, "{}: everybody may call this", place.name);
            }
        }
    }
    assert_eq!(called, Operation::ALL.len());

    // Every problem that is described is one: no other media type, no status without a code.
    for methods in document["paths"].as_object().unwrap().values() {
        for described in methods.as_object().unwrap().values() {
            for (status, response) in described["responses"].as_object().unwrap() {
                if status.starts_with(['4', '5']) {
                    let contents = response["content"].as_object().unwrap();
                    assert_eq!(contents.keys().collect::<Vec<_>>(), [Problem::MEDIA_TYPE]);
                }
            }
        }
    }
    check(&document, &answers);
}

#[tokio::test]
async fn what_is_refused_is_described() {
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
        ("post", "/api/shares", day("/api/shares"), Some(json!({"report": "x", "course": "y"})), "bad-share"),
        ("delete", "/api/shares/{id}", format!("/api/shares/{none}"), None, "unknown-share"),
        ("post", "/api/shared", day("/api/shared"), Some(json!({"token": "x"})), "share-gone"),
        ("put", "/api/roles", day("/api/roles"), Some(json!({"email": "x", "role": "analyst"})), "bad-email"),
        ("delete", "/api/roles/{id}", day("/api/roles/0123456789abcdef"), None, "unknown-person"),
        ("post", "/api/roles/csv", day("/api/roles/csv"), Some(json!("email,role")), "bad-table"),
        ("get", "/api/record", day("/api/record?from=monday"), None, "bad-day"),
        ("post", "/api/forget", day("/api/forget"), Some(json!({"course": "x"})), "bad-body"),
        ("delete", "/api/forget/{id}", format!("/api/forget/{none}"), None, "unknown-request"),
    ] {
        let described = &document["paths"][template][method];
        let place = Place { name: format!("{method} {path}"), method, path: template, described };
        let mut request = stack.http.request(method.to_uppercase().parse().unwrap(), stack.at(&path));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let (status, answer) = place.read(request.send().await.unwrap()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.value["code"], code, "{}", place.name);
        let codes = text(&described["responses"][status.to_string()]["description"]);
        assert!(codes.contains(&format!("`{code}`")), "{}: {code} is not among {codes}", place.name);
        answers.push(answer);
    }
    check(&document, &answers);
}
