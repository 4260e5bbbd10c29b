//! Authentication, roles and the audit log: who is let in, what is recorded, and that no log contains
//! personal data.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::{
    AuditAction, AuditLogEntry, AuditLogPage, Requests, RoleUploadResult, Roles, Scope, Session, Sessions,
};
use domain::auth_method::AuthMethod;
use domain::problem::{Code, Problem};
use domain::role::{Grant, Role};
use domain::time::SECOND;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use worker_tests::signer::{AUDIENCE, Signer, TEAM};
use worker_tests::{Stack, Weeks, quick, refusal};

const KEY: &str = "5f4dcc3b5aa765d61d8327deb882cf990123456789abcdef";
const OTHER_KEY: &str = "99fc288bed7238d16d567aa5b3ccd4f5fedcba9876543210";
const SESSION_KEY: &str = "0d107d09f5bbe40cade3de5c71e9e9b7aaaa5555ffff0000";
const BOSS: &str = "boss.of.all@university.example";
const ANA: &str = "ana.lovelace@university.example";
const CLEO: &str = "cleo.hopper@university.example";
const DAN: &str = "dan.knuth@university.example";
const BEN: &str = "ben.turing@university.example";
const HEADER: &str = "cf-access-jwt-assertion";

/// A Worker as deployed: behind Cloudflare Access, and with a key.
struct Deployed {
    stack: Stack,
    signer: Signer,
}

impl Deployed {
    async fn start() -> Self {
        let signer = Signer::start();
        let mut settings = signer.settings().to_vec();
        settings.extend([
            ("LECTERN_KEY", KEY),
            ("LECTERN_SESSION_KEY", SESSION_KEY),
            ("LECTERN_ADMINS", BOSS),
        ]);
        let stack = Stack::with(quick(), &settings).await;
        Self { stack, signer }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.stack.http.request(method, self.stack.at(path))
    }

    fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.call(Method::GET, path).header(HEADER, token)
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, call: RequestBuilder) -> T {
        let answer = call.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {text}\n{}", self.stack.log());
        serde_json::from_str(&text).unwrap()
    }

    async fn record(&self, boss: &str, query: &str) -> AuditLogPage {
        self.read(self.get(&format!("/api/record{query}"), boss)).await
    }

    /// The entries of the audit log that changed after a cursor.
    async fn export(&self, boss: &str, after: u64) -> Vec<AuditLogEntry> {
        let call = self.get(&format!("/api/record?as=jsonl&after={after}"), boss);
        let answer = call.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/jsonl");
        let text = answer.text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A token that was issued some time ago.
    fn issued(&self, email: &str, seconds_ago: i64) -> String {
        let mut claims = self.signer.claims(email);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() - seconds_ago);
        self.signer.sign(&claims, "RS256", "second", "second")
    }

    async fn sessions(&self, token: &str) -> Sessions {
        self.read(self.get("/api/sessions", token)).await
    }

    /// Ends sessions: the path after `/api/sessions`.
    fn end(&self, path: &str, token: &str) -> RequestBuilder {
        self.call(Method::DELETE, &format!("/api/sessions{path}")).header(HEADER, token)
    }

    /// Kills the Worker, changes the Registry's database, and starts it again.
    async fn restart_after(&mut self, statement: &str) {
        self.stack.kill();
        self.stack.damage("Registry", false, statement);
        self.stack.boot().await;
    }

    fn sign_in(&self, key: &str, address: &str) -> RequestBuilder {
        self.call(Method::POST, "/api/session").header("cf-connecting-ip", address).json(&json!({"key": key}))
    }
}

fn session_cookie(answer: &Response) -> String {
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    for part in ["__Host-lectern=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.to_lowercase().contains("domain"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

async fn problem_code(call: RequestBuilder) -> Code {
    refusal(call).await.code
}

/// One Worker for all parts: each part continues from the state that the previous one left.
#[tokio::test]
async fn authentication_roles_and_audit_log_end_to_end() {
    let mut deployed = Deployed::start().await;
    let warned = json!({"ok": true, "warnings": ["key-beside-access"]});
    assert_eq!(deployed.stack.get("/healthz").await, warned, "the key is a way around Access");
    unauthenticated_requests_get_only_sign_in_options(&deployed).await;
    forged_tokens_are_refused(&deployed).await;
    people_can_do_what_their_role_allows(&deployed).await;
    keys_rotate_and_unknown_key_ids_cause_no_fetches(&deployed).await;
    signing_out_revokes_access_tokens(&deployed).await;
    let cookie = the_key_opens_a_session_and_guessing_is_throttled(&deployed).await;
    uploads_are_applied_completely_or_not_at_all(&deployed).await;
    people_see_and_end_their_sessions(&deployed).await;
    the_audit_log_records_who_did_what(&deployed).await;
    let cursor = the_audit_log_is_exported_as_it_grows(&deployed).await;
    the_log_contains_no_personal_data(&deployed, &cookie);

    an_upload_that_fails_half_way_is_rolled_back(&mut deployed).await;
    entries_of_an_older_release_are_exported(&mut deployed, cursor).await;
    a_person_over_budget_adds_one_line(&mut deployed).await;
    a_full_storage_stops_no_sign_in(&mut deployed).await;
    sessions_and_audit_entries_expire(&mut deployed, &cookie).await;
    let cookie = session_cookie(&deployed.sign_in(KEY, "203.0.113.80").send().await.unwrap());
    deployed.stack.kill();
    deployed.stack.set("LECTERN_KEY", OTHER_KEY);
    deployed.stack.boot().await;
    ids_of_people_depend_on_the_installation_key(&mut deployed).await;
    let session = || deployed.call(Method::GET, "/api/session").header("cookie", &cookie);
    assert_eq!(
        problem_code(session()).await,
        Code::SignInNeeded,
        "a changed key must end sessions opened with the old one"
    );
    assert_eq!(problem_code(deployed.sign_in(KEY, "203.0.113.90")).await, Code::KeyWrong);
    an_administrator_ends_everybodys_sessions(&deployed).await;
}

async fn unauthenticated_requests_get_only_sign_in_options(deployed: &Deployed) {
    let none = "0".repeat(32);
    for (method, path) in [
        (Method::GET, "/api/session".to_owned()),
        (Method::DELETE, "/api/session".to_owned()),
        (Method::GET, "/api/sessions".to_owned()),
        (Method::DELETE, "/api/sessions".to_owned()),
        (Method::DELETE, format!("/api/sessions/{none}")),
        (Method::GET, "/api/reports".to_owned()),
        (Method::GET, "/api/courses".to_owned()),
        (Method::GET, "/api/requests".to_owned()),
        (Method::POST, "/api/requests".to_owned()),
        (Method::GET, format!("/api/requests/{none}")),
        (Method::DELETE, format!("/api/requests/{none}")),
        (Method::POST, format!("/api/requests/{none}/retry")),
        (Method::GET, "/api/rows/asset/all".to_owned()),
        (Method::GET, "/api/csv/asset".to_owned()),
        (Method::GET, "/api/roles".to_owned()),
        (Method::PUT, "/api/roles".to_owned()),
        (Method::DELETE, "/api/roles/0123456789abcdef".to_owned()),
        (Method::POST, "/api/roles/csv".to_owned()),
        (Method::GET, "/api/record".to_owned()),
        (Method::GET, "/api/shares".to_owned()),
        (Method::POST, "/api/shares".to_owned()),
        (Method::PUT, "/api/shares".to_owned()),
        (Method::POST, format!("/api/shares/{none}")),
        (Method::DELETE, format!("/api/shares/{none}")),
        (Method::GET, "/api/nothing".to_owned()),
    ] {
        let call = deployed.call(method.clone(), &path).header("cf-access-authenticated-user-email", BOSS);
        let problem = refusal(call).await;
        assert_eq!(problem.code, Code::SignInNeeded, "{method} {path}");
        assert_eq!(problem.sign_in.unwrap().auth_methods, [AuthMethod::Access, AuthMethod::Key]);
    }
}

async fn forged_tokens_are_refused(deployed: &Deployed) {
    let Deployed { signer, .. } = deployed;
    let good = signer.claims(BOSS);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signer.sign(&claims, "RS256", "first", "first")
    };
    let now = worker_tests::now().0 / SECOND;
    let token = signer.token(BOSS);
    let (head, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let others = signer.token(ANA);
    let forged = [
        ("expired", with("exp", json!(now - 61))),
        ("not yet", with("nbf", json!(now + 120))),
        ("too old", with("iat", json!(now - 24 * 3600 - 61))),
        ("of no time", with("iat", Value::Null)),
        ("another audience", with("aud", json!(["another"]))),
        ("another issuer", with("iss", json!("https://evil.cloudflareaccess.com"))),
        ("no name", with("email", Value::Null)),
        ("alg: none", signer.sign(&good, "none", "first", "first")),
        ("HS256 with the public key", signer.sign(&good, "HS256", "first", "first")),
        ("RS512", signer.sign(&good, "RS512", "first", "first")),
        ("PS256", signer.sign(&good, "PS256", "first", "first")),
        ("a key of one's own", signer.sign(&good, "RS256", "mine", "first")),
        ("another's claims", format!("{head}.{}.{signature}", others.split('.').nth(1).unwrap())),
        ("no signature", format!("{head}.{claims}.")),
        ("a short signature", format!("{head}.{claims}.{}", &signature[..100])),
        ("an address", BOSS.to_owned()),
        ("nothing", String::new()),
        ("much", "x".repeat(9_000)),
    ];
    for (name, token) in &forged {
        let problem = refusal(deployed.get("/api/session", token)).await;
        assert_eq!(problem.code, Code::SignInNeeded, "{name}");
        assert_eq!(
            problem.sign_in.unwrap().auth_methods,
            [AuthMethod::Access],
            "{name}: the key must not be offered, since it would have no effect"
        );
        let ask = deployed.call(Method::POST, "/api/requests").header(HEADER, token);
        assert_eq!(problem_code(ask.json(&json!({"report": "asset"}))).await, Code::SignInNeeded, "{name}");
    }
    let requests: Requests = deployed.read(deployed.get("/api/requests", &token)).await;
    assert!(requests.requests.is_empty());
    for path in ["/api/session", "/api/requests"] {
        let call = deployed.get(path, &token).header("origin", "https://evil.example");
        assert_eq!(problem_code(call).await, Code::CrossSite, "{path}");
    }
}

async fn people_can_do_what_their_role_allows(deployed: &Deployed) {
    let (boss, ana) = (deployed.signer.token(BOSS), deployed.signer.token(&ANA.to_uppercase()));
    let session: Session = deployed.read(deployed.get("/api/session", &boss)).await;
    assert_eq!(
        (session.role, session.auth_method, session.local),
        (Role::Administrator, AuthMethod::Access, false)
    );
    assert_eq!(session.scope, Scope::Everything);
    assert_eq!(session.sign_out.unwrap(), format!("https://{TEAM}/cdn-cgi/access/logout"));

    for path in ["/api/session", "/api/courses", "/api/roles"] {
        let problem = refusal(deployed.get(path, &ana)).await;
        assert_eq!(problem.code, Code::NoRole, "{path}");
        let sign_in = problem.sign_in.unwrap();
        assert!(
            sign_in.sign_out.is_some(),
            "a visitor without a role must be able to sign out and return as somebody else"
        );
        assert_eq!(sign_in.auth_methods, [AuthMethod::Access]);
    }
    let course = "11111111-2222-4333-8444-555555555555";
    let grant = Grant { course: course.into(), section: None };
    let put =
        |body: &Value, token: &str| deployed.call(Method::PUT, "/api/roles").header(HEADER, token).json(body);
    let given = json!({"email": format!(" {} ", ANA.to_uppercase()), "role": "instructor",
        "grants": [{"course": course.to_uppercase()}]});
    assert_eq!(problem_code(put(&given, &ana)).await, Code::NoRole);
    let person: domain::api::Person = deployed.read(put(&given, &boss)).await;
    assert_eq!((person.email.as_str(), &person.grants), (ANA, &vec![grant.clone()]));
    // The change clears the isolate's cache of her identity.
    let session: Session = deployed.read(deployed.get("/api/session", &ana)).await;
    assert_eq!((session.person.as_str(), session.role), (ANA, Role::Instructor));
    assert_eq!(session.scope, Scope::Courses(vec![grant]));
    for (method, path) in [
        (Method::GET, "/api/roles".to_owned()),
        (Method::PUT, "/api/roles".to_owned()),
        (Method::DELETE, format!("/api/roles/{}", person.id)),
        (Method::POST, "/api/roles/csv".to_owned()),
        (Method::GET, "/api/record".to_owned()),
    ] {
        let call = deployed.call(method.clone(), &path).header(HEADER, &ana);
        assert_eq!(problem_code(call).await, Code::NotAllowed, "{method} {path}");
    }
    for (body, expected) in [
        (json!({"email": BEN, "role": "instructor"}), Code::BadGrant),
        (json!({"email": BEN, "role": "analyst", "grants": [{"course": course}]}), Code::BadGrant),
        (json!({"email": BEN, "role": "instructor", "grants": [{"course": "BIO 101"}]}), Code::BadGrant),
        (json!({"email": "ben", "role": "analyst"}), Code::BadEmail),
        (json!({"email": BEN, "role": "owner"}), Code::BadBody),
        (json!({"email": BOSS, "role": "analyst"}), Code::NotAllowed),
    ] {
        assert_eq!(problem_code(put(&body, &boss)).await, expected, "{body}");
    }
    let roles: Roles = deployed.read(deployed.get("/api/roles", &boss)).await;
    let people_with_roles: Vec<_> =
        roles.people.iter().map(|p| (p.email.as_str(), p.role, p.fixed)).collect();
    assert_eq!(people_with_roles, [(ANA, Role::Instructor, false), (BOSS, Role::Administrator, true)]);
    let boss_id = roles.people[1].id.clone();
    let remove_role =
        |id: &str| deployed.call(Method::DELETE, &format!("/api/roles/{id}")).header(HEADER, &boss);
    assert_eq!(problem_code(remove_role(&boss_id)).await, Code::NotAllowed);
    assert_eq!(problem_code(remove_role("0123456789abcdef")).await, Code::UnknownPerson);
    assert_eq!(remove_role(&person.id).send().await.unwrap().status(), 204);
    assert_eq!(problem_code(deployed.get("/api/session", &ana)).await, Code::NoRole);
}

async fn keys_rotate_and_unknown_key_ids_cause_no_fetches(deployed: &Deployed) {
    let Deployed { signer, .. } = deployed;
    let before = signer.fetches();
    assert_eq!(before, 1, "all requests so far must have caused one fetch");
    // A token that has not been used before, since valid tokens are cached for some minutes.
    let mut unseen = signer.claims(BOSS);
    unseen["sub"] = json!("unseen");
    let old = signer.sign(&unseen, "RS256", "first", "first");
    signer.rotate("second");
    let new = signer.token_of(BOSS, "second");
    let _: Session = deployed.read(deployed.get("/api/session", &new)).await;
    assert_eq!(signer.fetches(), before + 1);
    assert_eq!(
        problem_code(deployed.get("/api/session", &old)).await,
        Code::SignInNeeded,
        "its key must no longer be accepted"
    );
    let claims = signer.claims(BOSS);
    let made_up: Vec<String> =
        (0..1000).map(|n| signer.sign(&claims, "RS256", "second", &format!("made up {n}"))).collect();
    for token in &made_up {
        assert_eq!(problem_code(deployed.get("/api/session", token)).await, Code::SignInNeeded);
    }
    assert_eq!(signer.fetches(), before + 1, "unknown key ids must not cause another fetch within a minute");
}

async fn signing_out_revokes_access_tokens(deployed: &Deployed) {
    let Deployed { signer, .. } = deployed;
    let boss = signer.token_of(BOSS, "second");
    let ben = signer.token_of(BEN, "second");
    let _: Session = deployed.read(deployed.get("/api/session", &boss)).await;
    let out = deployed.call(Method::DELETE, "/api/session").header(HEADER, &boss).send().await.unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(out.headers()["clear-site-data"], "\"cache\", \"storage\"");
    let problem = refusal(deployed.get("/api/session", &boss)).await;
    assert_eq!(problem.code, Code::SignInNeeded);
    let sign_in = problem.sign_in.unwrap();
    assert_eq!(sign_in.sign_out.unwrap(), format!("https://{TEAM}/cdn-cgi/access/logout"));
    assert_eq!(
        sign_in.auth_methods,
        [AuthMethod::Access],
        "the key must not be offered while Access authenticates them"
    );
    assert_eq!(
        problem_code(deployed.get("/api/session", &ben)).await,
        Code::NoRole,
        "others must not be signed out"
    );
    // Issued by a clock that is ahead by less than the tolerance.
    let mut ahead = signer.claims(CLEO);
    ahead["iat"] = json!(ahead["iat"].as_i64().unwrap() + 30);
    let ahead = signer.sign(&ahead, "RS256", "second", "second");
    assert_eq!(problem_code(deployed.get("/api/session", &ahead)).await, Code::NoRole);
    let out = deployed.call(Method::DELETE, "/api/session").header(HEADER, &ahead).send().await.unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(
        problem_code(deployed.get("/api/session", &ahead)).await,
        Code::SignInNeeded,
        "a token from the future must be revoked by its own sign-out"
    );
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let again = signer.token_of(BOSS, "second");
    let _: Session = deployed.read(deployed.get("/api/session", &again)).await;
}

async fn the_key_opens_a_session_and_guessing_is_throttled(deployed: &Deployed) -> String {
    let (guessing_address, good_address) = ("203.0.113.66", "203.0.113.7");
    let cross_site = deployed.sign_in(KEY, good_address).header("origin", "https://evil.example");
    assert_eq!(problem_code(cross_site).await, Code::CrossSite);
    for key in ["", "x", &KEY[1..], OTHER_KEY, &KEY.to_uppercase()] {
        assert_eq!(problem_code(deployed.sign_in(key, guessing_address)).await, Code::KeyWrong, "{key}");
    }
    for key in ["x", KEY] {
        let throttled = refusal(deployed.sign_in(key, guessing_address)).await;
        assert_eq!(throttled.code, Code::TooManyTries, "the address must wait even with the right key");
        assert!((1..=10).contains(&throttled.retry_after.unwrap()), "{throttled:?}");
    }
    for (body, expected) in
        [(json!({"kee": KEY}), Code::BadBody), (json!({"look_as": {"role": "analyst"}}), Code::NotAllowed)]
    {
        assert_eq!(problem_code(deployed.call(Method::POST, "/api/session").json(&body)).await, expected);
    }
    let answer = deployed.sign_in(KEY, good_address).send().await.unwrap();
    let cookie = session_cookie(&answer);
    let session: Session = answer.json().await.unwrap();
    assert_eq!(
        (session.person.as_str(), session.auth_method, session.role),
        ("key", AuthMethod::Key, Role::Administrator)
    );
    let with = |cookie: &str| deployed.call(Method::GET, "/api/session").header("cookie", cookie);
    let _: Session = deployed.read(with(&format!("theme=dark; {cookie}; x=y"))).await;
    let (name, value) = cookie.split_once('=').unwrap();
    let (id, signature) = value.split_once('.').unwrap();
    let mut digits = BTreeSet::new();
    for _ in 0..8 {
        let answer = deployed.sign_in(KEY, good_address).send().await.unwrap();
        digits.insert(session_cookie(&answer).split_once('=').unwrap().1.as_bytes()[12]);
    }
    assert!(digits.len() > 1, "all 128 bits of an id must be random: this digit of a UUID is its version");
    let other_id = if id.starts_with('0') { id.replacen('0', "1", 1) } else { format!("0{}", &id[1..]) };
    for tampered in [
        format!("{name}={other_id}.{signature}"),
        format!(
            "{name}={id}.{}",
            signature.replace(&signature[..1], if &signature[..1] == "0" { "1" } else { "0" })
        ),
        format!("{name}={id}"),
        format!("{name}={id}."),
        format!("{name}=.{signature}"),
        format!("lectern={value}"),
        format!("{name}={}", "é".repeat(40)),
    ] {
        assert_eq!(problem_code(with(&tampered)).await, Code::SignInNeeded, "{tampered}");
    }
    for (header, value) in
        [("origin", "https://evil.example"), ("sec-fetch-site", "same-site"), ("origin", "null")]
    {
        for (method, path) in
            [(Method::POST, "/api/requests"), (Method::DELETE, "/api/session"), (Method::PUT, "/api/roles")]
        {
            let call = deployed.call(method, path).header("cookie", &cookie).header(header, value);
            assert_eq!(
                problem_code(call.json(&json!({"report": "asset"}))).await,
                Code::CrossSite,
                "{header}: {value}"
            );
        }
    }
    let requests: Requests =
        deployed.read(deployed.call(Method::GET, "/api/requests").header("cookie", &cookie)).await;
    assert!(requests.requests.is_empty(), "no request may have been created");

    let second = deployed.sign_in(KEY, good_address).send().await.unwrap();
    let second = session_cookie(&second);
    assert_ne!(second, cookie);
    let out = deployed.call(Method::DELETE, "/api/session").header("cookie", &second).send().await.unwrap();
    assert_eq!(out.status(), 204);
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert!(out.headers().contains_key("clear-site-data"));
    assert_eq!(problem_code(with(&second)).await, Code::SignInNeeded, "the session must end on the server");
    let other_session = session_cookie(&deployed.sign_in(KEY, good_address).send().await.unwrap());
    let _: Session = deployed.read(with(&other_session)).await;
    let ben = deployed.signer.token_of(BEN, "second");
    let out =
        deployed.call(Method::DELETE, "/api/session").header(HEADER, &ben).header("cookie", &other_session);
    assert_eq!(out.send().await.unwrap().status(), 204);
    assert_eq!(
        problem_code(with(&other_session)).await,
        Code::SignInNeeded,
        "signing out must also end the session that came with the token"
    );
    assert_eq!(problem_code(deployed.get("/api/session", &ben)).await, Code::SignInNeeded);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let _: Session = deployed.read(with(&cookie)).await;
    cookie
}

async fn uploads_are_applied_completely_or_not_at_all(deployed: &Deployed) {
    let boss = deployed.signer.token_of(BOSS, "second");
    let courses: domain::api::Courses = deployed.read(deployed.get("/api/courses", &boss)).await;
    let course = courses.courses.iter().find(|course| !course.sections.is_empty()).unwrap();
    let post = |path: &str, body: reqwest::Body| {
        let call = deployed.call(Method::POST, path).header(HEADER, &boss);
        call.header("content-type", "text/csv").body(body)
    };
    let people = async || {
        let roles: Roles = deployed.read(deployed.get("/api/roles", &boss)).await;
        roles.people
    };
    let before = people().await;

    let broken = format!(
        "email,role,course,section\n{ANA},instructor,{},\nben,analyst,,\n{BEN},owner,,\n",
        course.code
    );
    for path in ["/api/roles/csv", "/api/roles/csv?apply=whatever"] {
        let problem = refusal(post(path, broken.clone().into())).await;
        assert_eq!(problem.code, Code::BadTable);
        let lines: Vec<u32> = problem.lines.unwrap().0.iter().map(|line| line.line).collect();
        assert_eq!(lines, [3, 4]);
    }
    // A spreadsheet has written 1 for 001, which every term has.
    let number =
        course.sections.iter().map(|section| section.number.as_str()).find(|it| *it == "001").unwrap();
    let repeated = course.sections.iter().filter(|section| section.number == number).count();
    assert!(repeated > 1, "several terms must have a section 001");
    let terms: Vec<&str> = courses.terms.iter().map(|term| term.name.as_str()).collect();
    let upload =
        |section: &str| format!("email,role,course,section\n{ANA},instructor,{},{section}\n", course.code);
    for (section, expected) in
        [("1", "Did you mean 001?".to_owned()), ("001", format!("001 ({})", terms.last().unwrap()))]
    {
        let problem = refusal(post("/api/roles/csv", upload(section).into())).await;
        assert_eq!(problem.code, Code::BadTable);
        assert!(problem.detail.contains(&expected), "{section}: {}", problem.detail);
    }
    for term in &terms {
        let preview: RoleUploadResult =
            deployed.read(post("/api/roles/csv", upload(&format!("001 ({term})")).into())).await;
        assert_eq!(preview.added.len(), 1);
        let section = preview.added[0].grants.first().and_then(|grant| grant.section.clone()).unwrap();
        let found = course.sections.iter().find(|it| it.id == section).unwrap();
        assert_eq!(courses.term_of(found).map(|it| it.name.as_str()), Some(*term));
    }
    assert_eq!(problem_code(post("/api/roles/csv", vec![0xff, 0xfe, 0x00].into())).await, Code::BadTable);
    // 10 MB: refused by `Content-Length`, and without one, long before the end.
    let large = format!("email,role\n{}", "x".repeat(10 << 20));
    assert_eq!(problem_code(post("/api/roles/csv", large.into())).await, Code::BodyTooLarge);
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&sent);
    let chunks = futures_util::stream::iter((0..1_000).map(move |_| {
        count.fetch_add(100_000, std::sync::atomic::Ordering::Relaxed);
        Ok::<_, std::convert::Infallible>("x".repeat(100_000))
    }));
    let endless = post("/api/roles/csv", reqwest::Body::wrap_stream(chunks)).send().await;
    // wrangler's proxy may lose an answer that comes before its request has ended, and answer 500 itself, without a problem.
    if let Ok(answer) = endless
        && answer.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json")
    {
        assert_eq!(answer.status(), 413);
    }
    assert!(
        sent.load(std::sync::atomic::Ordering::Relaxed) < 60_000_000,
        "the upload must not be read to its end: {sent:?}"
    );
    assert_eq!(people().await, before, "refused uploads must change nothing");

    let good = format!("email,role,course,section\n{ANA},instructor,{},\n{BEN},analyst,,\n", course.code);
    let preview: RoleUploadResult = deployed.read(post("/api/roles/csv", good.clone().into())).await;
    assert_eq!((preview.added.len(), preview.changed.len(), preview.applied), (2, 0, false));
    assert_eq!(people().await, before, "a preview must change nothing");
    let other = good.replace("analyst", "administrator");
    let apply = |digest: &str| format!("/api/roles/csv?apply={digest}");
    assert_eq!(problem_code(post(&apply(&preview.digest), other.into())).await, Code::PreviewStale);
    assert_eq!(problem_code(post(&apply("0"), good.clone().into())).await, Code::PreviewStale);
    let applied: RoleUploadResult = deployed.read(post(&apply(&preview.digest), good.clone().into())).await;
    assert!(applied.applied);
    let after = people().await;
    let people_with_roles: Vec<_> =
        after.iter().map(|p| (p.email.as_str(), p.role, p.grants.len())).collect();
    assert_eq!(
        people_with_roles,
        [(ANA, Role::Instructor, 1), (BEN, Role::Analyst, 0), (BOSS, Role::Administrator, 0)]
    );
    assert_eq!(after[0].grants[0].course, course.id);
    assert_eq!(
        problem_code(post(&apply(&preview.digest), good.clone().into())).await,
        Code::PreviewStale,
        "a preview must be applicable only once"
    );
    let again: RoleUploadResult = deployed.read(post("/api/roles/csv", good.into())).await;
    assert_eq!((again.added.len(), again.changed.len(), again.unchanged), (0, 0, 2));
    let ben = deployed.signer.token_of(BEN, "second");
    let session: Session = deployed.read(deployed.get("/api/session", &ben)).await;
    assert_eq!(session.role, Role::Analyst);
    assert_eq!(problem_code(deployed.get("/api/record", &ben)).await, Code::NotAllowed);
}

async fn people_see_and_end_their_sessions(deployed: &Deployed) {
    let boss = deployed.signer.token_of(BOSS, "second");
    let role = json!({"email": DAN, "role": "analyst"});
    let given = deployed.call(Method::PUT, "/api/roles").header(HEADER, &boss).json(&role);
    assert!(given.send().await.unwrap().status().is_success());
    let now = worker_tests::now();
    let (first, other) = (deployed.issued(DAN, 3600), deployed.issued(DAN, 1800));
    for token in [&first, &other] {
        let _: Session = deployed.read(deployed.get("/api/session", token)).await;
    }
    let listed = deployed.sessions(&first).await.sessions;
    assert_eq!(listed.len(), 2, "{listed:#?}");
    assert!(listed.iter().all(|it| it.person == DAN && it.auth_method == AuthMethod::Access));
    let (own, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|it| it.current);
    let ([own], [others]) = (own.as_slice(), others.as_slice()) else {
        panic!("one session is the caller's")
    };
    let age = now.since(own.opened) / SECOND;
    assert!((3590..=3700).contains(&age), "{age}");
    assert!(now.since(own.seen).abs() < 60 * SECOND, "{own:?}");

    let all = deployed.sessions(&boss).await.sessions;
    assert!(all.iter().any(|it| it.person == DAN) && all.iter().any(|it| it.auth_method == AuthMethod::Key));
    let bosses = all.iter().find(|it| it.current).unwrap();
    assert_eq!(bosses.person, BOSS);
    // Another person's session gets the same response as one that does not exist.
    for id in [&bosses.id, &"0".repeat(32)] {
        assert_eq!(deployed.end(&format!("/{id}"), &first).send().await.unwrap().status(), 204);
    }
    let _: Session = deployed.read(deployed.get("/api/session", &boss)).await;

    let ended = deployed.end(&format!("/{}", others.id), &first).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    let problem = refusal(deployed.get("/api/session", &other)).await;
    assert_eq!(problem.code, Code::SignInNeeded);
    assert!(problem.sign_in.unwrap().sign_out.is_some(), "Access would sign them in again at once");
    assert_eq!(deployed.sessions(&first).await.sessions.len(), 1);

    assert_eq!(problem_code(deployed.end("", &first)).await, Code::NotAllowed);
    assert_eq!(problem_code(deployed.end("/x", &first)).await, Code::BadId);
    assert_eq!(problem_code(deployed.end("?person=dan", &boss)).await, Code::BadQuery);
    let path = format!("?person={}", own.person_id);
    assert_eq!(deployed.end(&path, &boss).send().await.unwrap().status(), 204);
    for token in [first, deployed.issued(DAN, 600)] {
        let code = problem_code(deployed.get("/api/session", &token)).await;
        assert_eq!(code, Code::SignInNeeded, "also a token that has not been used before");
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let again = deployed.signer.token_of(DAN, "second");
    let _: Session = deployed.read(deployed.get("/api/session", &again)).await;
    let view = |entry: &AuditLogEntry| (entry.person.clone(), entry.view.clone());
    let recorded: Vec<_> =
        deployed.record(&boss, "?what=sessions-ended").await.entries.iter().map(view).collect();
    assert_eq!(recorded, [(BOSS.to_owned(), DAN.to_owned()), (DAN.to_owned(), DAN.to_owned())]);
}

async fn an_administrator_ends_everybodys_sessions(deployed: &Deployed) {
    let (boss, dan) = (deployed.signer.token_of(BOSS, "second"), deployed.signer.token_of(DAN, "second"));
    let cookie = session_cookie(&deployed.sign_in(OTHER_KEY, "203.0.113.91").send().await.unwrap());
    let key = || deployed.call(Method::GET, "/api/session").header("cookie", &cookie);
    let calls = || [deployed.get("/api/session", &boss), deployed.get("/api/session", &dan), key()];
    for call in calls() {
        let _: Session = deployed.read(call).await;
    }
    assert_eq!(deployed.end("", &boss).send().await.unwrap().status(), 204);
    for call in calls() {
        assert_eq!(problem_code(call).await, Code::SignInNeeded);
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let boss = deployed.signer.token_of(BOSS, "second");
    let entries = deployed.record(&boss, "?what=sessions-ended").await.entries;
    assert_eq!((entries[0].person.as_str(), entries[0].view.as_str()), (BOSS, "everybody"));
}

/// Returns the last cursor.
async fn the_audit_log_is_exported_as_it_grows(deployed: &Deployed) -> u64 {
    let boss = deployed.signer.token_of(BOSS, "second");
    let ana = deployed.signer.token_of(ANA, "second");
    let export = async |after| deployed.export(&boss, after).await;
    let first = export(0).await;
    assert!(first.len() < 1_000 && first.is_sorted_by(|a, b| a.cursor < b.cursor), "{}", first.len());
    let mut page = deployed.record(&boss, "").await;
    let mut ids: Vec<u64> = page.entries.iter().map(|entry| entry.id).collect();
    while let Some(before) = page.before {
        page = deployed.record(&boss, &format!("?before={before}")).await;
        ids.extend(page.entries.iter().map(|entry| entry.id));
    }
    for id in first.iter().map(|entry| entry.id) {
        assert!(ids.contains(&id), "{id}");
    }
    let mut cursor = first.last().unwrap().cursor.unwrap();
    let mut found = Vec::new();
    for _ in 0..2 {
        assert_eq!(problem_code(deployed.get("/api/quality", &ana)).await, Code::NotAllowed);
        let more = export(cursor).await;
        assert!(more.iter().all(|entry| entry.cursor.unwrap() > cursor), "{more:#?}");
        cursor = more.last().unwrap().cursor.unwrap();
        let refused = more.iter().filter(|entry| entry.view == "not-allowed GET quality");
        found.extend(refused.map(|entry| (entry.id, entry.count)));
    }
    let [(new, 1), (counted_up, 2)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(new, counted_up, "an entry that was counted up comes again");
    cursor
}

/// An older release wrote two entries, and does not know cursors.
async fn entries_of_an_older_release_are_exported(deployed: &mut Deployed, cursor: u64) {
    let boss = deployed.signer.token_of(BOSS, "second");
    drop(deployed.record(&boss, "").await);
    let columns = "at, last, count, person, person_id, role, what, scope, view";
    let copy = format!(
        "INSERT INTO record ({columns}) SELECT at, last, count, person, person_id, role, what, scope, 'older'
         FROM record ORDER BY id LIMIT 2"
    );
    deployed.restart_after(&copy).await;
    let exported = deployed.export(&boss, cursor).await;
    let older = exported.iter().filter(|entry| entry.view == "older");
    assert_eq!(older.count(), 2, "{exported:#?}");
    assert!(exported.is_sorted_by(|a, b| a.cursor < b.cursor), "{exported:#?}");
}

async fn a_person_over_budget_adds_one_line(deployed: &mut Deployed) {
    let boss = deployed.signer.token_of(BOSS, "second");
    let ana = deployed.signer.token_of(ANA, "second");
    assert_eq!(problem_code(deployed.get("/api/roles", &ana)).await, Code::NotAllowed);
    drop(deployed.record(&boss, "").await);
    deployed.restart_after("UPDATE record_budget SET lines = 2000").await;
    for path in ["/api/forget", "/api/shrunken", "/api/sessions/x", "/api/nothing", "/api/forget"] {
        let call = deployed.call(if path.ends_with('x') { Method::DELETE } else { Method::GET }, path);
        drop(refusal(call.header(HEADER, &ana)).await);
    }
    let role = json!({"email": DAN, "role": "analyst"});
    let given = deployed.call(Method::PUT, "/api/roles").header(HEADER, &boss).json(&role);
    assert!(given.send().await.unwrap().status().is_success());
    let over = deployed.record(&boss, "?what=over-budget").await.entries;
    let over: Vec<_> = over.iter().filter(|entry| entry.person == ANA).collect();
    let [over] = over.as_slice() else { panic!("one line: {over:#?}") };
    // `bad-id` is no refusal.
    assert_eq!((over.count, over.view.as_str(), over.role), (4, "", None));
    let given = deployed.record(&boss, "?what=role-given").await.entries;
    assert_eq!(given[0].view, format!("{DAN} analyst"), "changes by administrators are listed all the same");
    deployed.restart_after("DELETE FROM record_budget").await;
}

async fn a_full_storage_stops_no_sign_in(deployed: &mut Deployed) {
    let boss = deployed.signer.token_of(BOSS, "second");
    drop(deployed.record(&boss, "").await);
    let full = "CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'full'); END";
    deployed.restart_after(full).await;
    let cookie = session_cookie(&deployed.sign_in(KEY, "203.0.113.70").send().await.unwrap());
    let call = |method| deployed.call(method, "/api/session").header("cookie", &cookie);
    let _: Session = deployed.read(call(Method::GET)).await;
    assert_eq!(call(Method::DELETE).send().await.unwrap().status(), 204);
    assert_eq!(problem_code(call(Method::GET)).await, Code::SignInNeeded);
    assert_eq!(problem_code(deployed.sign_in(OTHER_KEY, "203.0.113.71")).await, Code::KeyWrong);
    let role = json!({"email": DAN, "role": "administrator"});
    let given = deployed.call(Method::PUT, "/api/roles").header(HEADER, &boss).json(&role);
    assert_eq!(problem_code(given).await, Code::Internal, "a change without its entry is refused");
    let cookie = session_cookie(&deployed.sign_in(KEY, "203.0.113.72").send().await.unwrap());
    // As of somebody who comes back after two minutes.
    let full = "UPDATE session SET seen = seen - 120000;
        CREATE TRIGGER full_session BEFORE INSERT ON session BEGIN SELECT RAISE(ABORT, 'full'); END;
        CREATE TRIGGER full_seen BEFORE UPDATE ON session BEGIN SELECT RAISE(ABORT, 'full'); END";
    deployed.restart_after(full).await;
    let session: Session = deployed.read(deployed.get("/api/session", &deployed.issued(BOSS, 5))).await;
    assert_eq!(session.role, Role::Administrator, "a token that has not been used before");
    for _ in 0..2 {
        let call = deployed.call(Method::GET, "/api/session").header("cookie", &cookie);
        let _: Session = deployed.read(call).await;
    }
    deployed.restart_after("DROP TRIGGER full; DROP TRIGGER full_session; DROP TRIGGER full_seen").await;
    let roles: Roles = deployed.read(deployed.get("/api/roles", &boss)).await;
    let dan = roles.people.iter().find(|person| person.email.as_str() == DAN).unwrap();
    assert_eq!(dan.role, Role::Analyst);
}

async fn the_audit_log_records_who_did_what(deployed: &Deployed) {
    let boss = deployed.signer.token_of(BOSS, "second");
    let ana = deployed.signer.token_of(ANA, "second");
    let ask = |token: &str| {
        let call = deployed.call(Method::POST, "/api/requests").header(HEADER, token);
        call.json(&json!({"report": "asset"}))
    };
    let request: domain::api::RequestInfo = deployed.read(ask(&ana)).await;
    let started = Instant::now();
    let answer = loop {
        let answer = deployed.get("/api/rows/asset/all?course=findme", &ana).send().await.unwrap();
        if answer.status().is_success() {
            break answer;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", answer.text().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    drop(answer.bytes().await.unwrap());
    for _ in 0..5 {
        let answer = deployed.get("/api/rows/asset/all?course=findme", &ana).send().await.unwrap();
        drop(answer.bytes().await.unwrap());
    }
    // Two weeks, read as the page reads them, become one entry.
    let weeks = Weeks::back(2, 2);
    let body = json!({"report": "confused", "from": weeks.from, "to": weeks.to()});
    let call = deployed.call(Method::POST, "/api/requests").header(HEADER, &boss).json(&body);
    let two: domain::api::RequestInfo = deployed.read(call).await;
    for window in two.windows.iter().rev() {
        let path = format!("/api/rows/confused/{}", window.id);
        while !deployed.get(&path, &boss).send().await.unwrap().status().is_success() {
            assert!(started.elapsed() < Duration::from_secs(60), "{path}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    let mut assets = None;
    for _ in 0..3 {
        let csv = deployed.get("/api/csv/asset?cells=raw", &ana).send().await.unwrap();
        assert!(csv.status().is_success());
        let text = csv.bytes().await.unwrap();
        let mut reader = csv::Reader::from_reader(&text[..]);
        let columns = reader.headers().unwrap().clone();
        let place = |name: &str| columns.iter().position(|it| it.eq_ignore_ascii_case(name)).unwrap();
        let (course, section) = (place("course_identifier"), place("section_number"));
        let row = reader.records().next().map(Result::unwrap);
        assets = row.map(|row| (row[course].to_lowercase(), row[section].to_lowercase()));
    }
    // Courses and sections that do not exist are one line, however many there are.
    for n in 0..3 {
        let part = format!("course=00000000-0000-4000-8000-00000000000{n}&section=00{n}");
        for path in [format!("/api/rows/asset/all?{part}"), format!("/api/csv/asset?cells=raw&{part}")] {
            let answer = deployed.get(&path, &ana).send().await.unwrap();
            assert!(answer.status().is_success());
            drop(answer.bytes().await.unwrap());
        }
    }
    let (course, section) = assets.expect("her course has videos");
    let of_section = format!("/api/rows/asset/all?course={course}&section={section}");
    drop(deployed.get(&of_section, &ana).send().await.unwrap().bytes().await.unwrap());
    let foreign = json!({"report": "videoview", "course": "00000000-0000-4000-8000-000000000000",
        "from": weeks.from, "to": weeks.to()});
    let share = deployed.call(Method::POST, "/api/shares").header(HEADER, &ana).json(&foreign);
    assert_eq!(problem_code(share).await, Code::BadShare);
    let put = deployed.call(Method::PUT, "/api/requests").header(HEADER, &ana);
    assert_eq!(problem_code(put).await, Code::WrongMethod);
    for address in ["203.0.113.120", "203.0.113.121"] {
        let open = deployed.call(Method::POST, "/api/shared").header("cf-connecting-ip", address);
        assert_eq!(problem_code(open.json(&json!({"token": "A".repeat(43)}))).await, Code::ShareGone);
    }
    let all = deployed.record(&boss, "").await;
    assert_eq!(all.kept_days, 365);
    let find = |what: AuditAction, person: &str| -> Vec<&AuditLogEntry> {
        all.entries.iter().filter(|entry| entry.what == what && entry.person == person).collect()
    };
    let mut saw = find(AuditAction::Saw, ANA);
    saw.reverse();
    let seen: Vec<_> = saw.iter().map(|entry| (entry.view.clone(), entry.count)).collect();
    let known = format!("asset course {course} section {section}");
    assert_eq!(
        seen,
        [("asset course ?".to_owned(), 6), ("asset course ? section ?".to_owned(), 3), (known, 1)]
    );
    assert_eq!(saw[0].role, Some(Role::Instructor));
    let seen_weeks: Vec<&str> =
        find(AuditAction::Saw, BOSS).iter().map(|entry| entry.view.as_str()).collect();
    assert_eq!(
        seen_weeks,
        [format!("confused {}..{}", weeks.from, weeks.to())],
        "the entry must cover the days of both"
    );
    let downloads: Vec<_> =
        find(AuditAction::Downloaded, ANA).iter().map(|entry| (entry.view.as_str(), entry.count)).collect();
    let expected = [("asset course ? section ?", 3), ("asset", 3)];
    assert_eq!(downloads, expected, "equal entries must be one line");
    for refused in ["bad-share POST shares", "wrong-method PUT requests"] {
        assert!(find(AuditAction::Refused, ANA).iter().any(|entry| entry.view == refused), "{refused}");
    }
    assert_eq!(find(AuditAction::Asked, ANA)[0].view, "asset");
    assert!(
        find(AuditAction::RoleGiven, BOSS).iter().any(|entry| entry.view == format!("{ANA} instructor of 1"))
    );
    assert_eq!(find(AuditAction::RoleTaken, BOSS)[0].view, ANA);
    assert_eq!(find(AuditAction::RolesUploaded, BOSS)[0].view, "2 added, 0 changed, 0 as before");
    assert!(find(AuditAction::Refused, BOSS).iter().any(|entry| entry.view.starts_with("bad-table")));
    assert!(find(AuditAction::Refused, BOSS).iter().any(|entry| entry.view.starts_with("body-too-large")));
    assert!(find(AuditAction::Refused, ANA).iter().any(|entry| entry.view == "not-allowed GET record"));
    assert!(!find(AuditAction::SignedIn, "key").is_empty() && !find(AuditAction::SignedOut, BOSS).is_empty());
    let unauthenticated = find(AuditAction::Refused, "");
    for reason in [
        "nobody",
        "expired",
        "too-old",
        "wrong-audience",
        "wrong-signature",
        "wrong-algorithm",
        "unknown-key",
        "key-wrong",
        "bad-body POST session",
        "not-allowed POST session",
        "share-gone POST shared",
    ] {
        assert!(unauthenticated.iter().any(|entry| entry.view == reason), "{reason}: {unauthenticated:#?}");
    }
    let unknown: Vec<_> = unauthenticated.iter().filter(|entry| entry.view == "unknown-key").collect();
    let counted: u32 = unknown.iter().map(|entry| entry.count).sum();
    assert!(counted >= 1000 && unknown.len() < 12, "{counted} in {} lines", unknown.len());
    // Each network has a line of its own, by a hash.
    let networks = |reason: &str| -> Vec<&str> {
        let of = unauthenticated.iter().filter(|entry| entry.view == reason);
        of.map(|entry| entry.network.as_str()).collect()
    };
    let (opened, guessed) = (networks("share-gone POST shared"), networks("key-wrong"));
    assert_eq!(opened.len(), 2);
    assert_ne!(opened[0], opened[1]);
    assert_eq!(networks("too-many-tries"), guessed, "one network has one hash");
    for hash in opened.iter().chain(&guessed) {
        assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    }
    assert!(all.entries.iter().all(|entry| entry.person.is_empty() || entry.network.is_empty()));
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains("203.0.113"), "addresses must not be recorded");
    assert!(!text.contains("findme"), "search terms must not be recorded");
    assert!(all.entries.is_sorted_by(|a, b| a.id > b.id));

    let id = &saw[0].person_id;
    let of_ana = deployed.record(&boss, &format!("?person={id}&what=saw")).await;
    assert_eq!(of_ana.entries.len(), 3);
    let none = deployed.record(&boss, "?from=2020-01-01&to=2020-12-31").await;
    assert!(none.entries.is_empty());
    let older = deployed.record(&boss, &format!("?before={}", saw[0].id)).await;
    assert!(older.entries.iter().all(|entry| entry.id < saw[0].id) && !older.entries.is_empty());
    for (query, expected) in [
        ("?person=ana%40university.example", Code::BadQuery),
        ("?what=everything", Code::BadQuery),
        ("?from=yesterday", Code::BadDay),
        ("?before=x", Code::BadQuery),
        ("?as=jsonl&after=x", Code::BadQuery),
        ("?as=jsonl&before=9", Code::BadQuery),
        ("?after=9", Code::BadQuery),
        ("?as=pdf", Code::BadQuery),
        ("?search=x", Code::BadQuery),
    ] {
        assert_eq!(
            problem_code(deployed.get(&format!("/api/record{query}"), &boss)).await,
            expected,
            "{query}"
        );
    }
    let file = deployed.get("/api/record?as=csv&what=saw", &boss).send().await.unwrap();
    assert!(file.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let text = file.text().await.unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4, "{text}");
    let ours = rows.iter().find(|row| &row[3] == ANA && &row[7] == "asset course ?").unwrap();
    assert_eq!((&ours[2], &ours[5]), ("6", "saw"));
    // Another person's request gets the same response as one that does not exist.
    let theirs: domain::api::RequestInfo = deployed.read(ask(&boss)).await;
    assert_ne!(theirs.id, request.id);
    let path = |id: &str| format!("/api/requests/{id}");
    let hidden: Problem = refusal(deployed.get(&path(&theirs.id), &ana)).await;
    let absent: Problem = refusal(deployed.get(&path(&"0".repeat(32)), &ana)).await;
    assert_eq!(hidden, absent);
}

async fn an_upload_that_fails_half_way_is_rolled_back(deployed: &mut Deployed) {
    let boss = deployed.signer.token_of(BOSS, "second");
    let state = async |deployed: &Deployed| {
        let roles: Roles = deployed.read(deployed.get("/api/roles", &boss)).await;
        let given = deployed.record(&boss, "?what=role-given").await.entries.len();
        (roles.people, given)
    };
    let before = state(deployed).await;
    deployed.stack.kill();
    // Inserting the last audit entry of an upload fails.
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON record WHEN NEW.what = 'roles-uploaded'
                  BEGIN SELECT RAISE(ABORT, 'refused'); END";
    deployed.stack.damage("Registry", false, refuse);
    deployed.stack.boot().await;
    let text = format!("email,role\n{ANA},analyst\n{CLEO},analyst\n");
    let post = |path: &str| deployed.call(Method::POST, path).header(HEADER, &boss).body(text.clone());
    let preview: RoleUploadResult = deployed.read(post("/api/roles/csv")).await;
    assert_eq!((preview.added.len(), preview.changed.len()), (1, 1));
    let apply = format!("/api/roles/csv?apply={}", preview.digest);
    assert_eq!(problem_code(post(&apply)).await, Code::Internal);
    assert_eq!(state(deployed).await, before);
    deployed.stack.kill();
    deployed.stack.damage("Registry", false, "DROP TRIGGER refuse");
    deployed.stack.boot().await;
    assert_eq!(state(deployed).await, before, "a restart must not change anything either");
}

async fn sessions_and_audit_entries_expire(deployed: &mut Deployed, cookie: &str) {
    let session = |deployed: &Deployed| deployed.call(Method::GET, "/api/session").header("cookie", cookie);
    let age = |deployed: &Deployed, hours: i64, days: i64| {
        let (hours, days) = (hours * domain::time::HOUR, days * domain::time::DAY);
        let statement = format!(
            "UPDATE session SET seen = seen - {hours}; UPDATE record SET at = at - {days}, last = last - {days}"
        );
        deployed.stack.damage("Registry", false, &statement);
    };
    for (hours, days) in [(7, 300), (2, 70)] {
        let _: Session = deployed.read(session(deployed)).await;
        deployed.stack.kill();
        age(deployed, hours, days);
        deployed.stack.boot().await;
    }
    // The use after 7 hours kept the session alive; now it is unused for 9 hours.
    let _: Session = deployed.read(session(deployed)).await;
    deployed.stack.kill();
    age(deployed, 9, 0);
    deployed.stack.boot().await;
    assert_eq!(
        problem_code(session(deployed)).await,
        Code::SignInNeeded,
        "a session must end after 8 hours without use"
    );
    let fresh = session_cookie(&deployed.sign_in(KEY, "203.0.113.79").send().await.unwrap());
    for (hours, is_open) in [(11, true), (2, false)] {
        let age = format!("UPDATE session SET opened = opened - {}", hours * domain::time::HOUR);
        deployed.restart_after(&age).await;
        let call = deployed.call(Method::GET, "/api/session").header("cookie", &fresh);
        assert_eq!(call.send().await.unwrap().status().is_success(), is_open, "after {hours} more hours");
    }
    let boss = deployed.signer.token_of(BOSS, "second");
    let all = deployed.record(&boss, "").await;
    assert!(
        all.entries.iter().all(|entry| entry.what != AuditAction::Downloaded),
        "entries over a year old must be deleted: {all:#?}"
    );
}

/// A person's id is a hash with a key per institution: nobody who has a log can find a person by hashing
/// addresses.
async fn ids_of_people_depend_on_the_installation_key(deployed: &mut Deployed) {
    let id_of_boss = async |deployed: &Deployed| {
        let boss = deployed.signer.token_of(BOSS, "second");
        let roles: Roles = deployed.read(deployed.get("/api/roles", &boss)).await;
        roles.people.into_iter().find(|person| person.email.as_str() == BOSS).unwrap().id
    };
    let id = id_of_boss(deployed).await;
    deployed.stack.kill();
    deployed.stack.boot().await;
    assert_eq!(id_of_boss(deployed).await, id, "the id must stay the same with the same key");
    deployed.stack.kill();
    deployed.stack.damage("Registry", false, "DELETE FROM fact WHERE name = 'naming'");
    deployed.stack.boot().await;
    assert_ne!(id_of_boss(deployed).await, id);
}

fn the_log_contains_no_personal_data(deployed: &Deployed, cookie: &str) {
    let log = deployed.stack.log();
    assert!(log.contains("/api/session"), "the log must contain calls");
    for line in log.lines() {
        let lower = line.to_lowercase();
        for secret in [
            "university.example",
            "lovelace",
            "turing",
            "hopper",
            "eyj",
            KEY,
            SESSION_KEY,
            AUDIENCE,
            "findme@",
        ] {
            assert!(!lower.contains(&secret.to_lowercase()), "{secret} in {line}");
        }
        assert!(!line.contains(cookie.split_once('=').unwrap().1), "{line}");
    }
    deployed.stack.check_ledger();
}

#[tokio::test]
async fn the_local_administrator_can_view_as_an_instructor_and_return() {
    let stack = Stack::start().await;
    let session = |body: Value| stack.http.post(stack.at("/api/session")).json(&body);
    let course = "11111111-2222-4333-8444-555555555555";
    let look = json!({"look_as": {"role": "instructor", "courses": [{"course": course, "section": course}]}});
    let answer = session(look).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let impersonated: Session = answer.json().await.unwrap();
    assert_eq!(
        (impersonated.role, impersonated.local, impersonated.auth_method),
        (Role::Instructor, true, AuthMethod::Local)
    );
    let get = |path: &str| stack.http.get(stack.at(path)).header("cookie", &cookie);
    let again: Session = get("/api/session").send().await.unwrap().json().await.unwrap();
    assert_eq!((&again.scope, &again.person), (&impersonated.scope, &impersonated.person));
    assert_eq!(problem_code(get("/api/roles")).await, Code::NotAllowed);
    assert_eq!(problem_code(get("/api/csv/visit")).await, Code::UnknownReport);
    let courses: domain::api::Courses = get("/api/courses").send().await.unwrap().json().await.unwrap();
    assert!(courses.courses.is_empty(), "{courses:?}");
    let back = session(json!({"look_as": null})).header("cookie", &cookie).send().await.unwrap();
    assert!(back.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let back: Session = back.json().await.unwrap();
    assert_eq!((back.role, back.scope), (Role::Administrator, Scope::Everything));
    for (body, expected) in [
        (json!({"look_as": {"role": "instructor"}}), Code::BadGrant),
        (json!({"key": KEY}), Code::BadBody),
        (json!({"look": 1}), Code::BadBody),
    ] {
        assert_eq!(problem_code(session(body)).await, expected);
    }
    let foreign = session(json!({"look_as": null})).header("cf-connecting-ip", "203.0.113.9");
    assert_eq!(problem_code(foreign).await, Code::SignInNeeded);
}
