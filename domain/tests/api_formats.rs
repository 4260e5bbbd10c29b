//! Formats of the HTTP API: each JSON text is parsed and serialized to the same bytes. Changing one breaks
//! other programs.
//!
//! Line breaks and the indentation after them are not part of a text. Types with optional fields have one
//! text with all of them and one with none.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first failure")]

use domain::api::{
    AuditAction, AuditLogEntry, AuditLogPage, BuildTimes, CopyChoiceRequest, CopyInfo, Course, Courses,
    Health, Impersonation, Pause, PauseReason, Person, PersonChange, ReportInfo, ReportRequest, Reports,
    RequestInfo, Requests, RetryRequest, RoleChange, RoleUploadResult, Roles, RowCount, SchedulerInfo, Scope,
    Section, Session, SessionSummary, Sessions, ShrunkenWindows, SignInRequest, WindowInfo, WindowStatus,
};
use domain::auth_method::AuthMethod;
use domain::calendar::WeekStart;
use domain::data_quality::{DataQuality, FileFindings};
use domain::directory::Term;
use domain::erasure::{
    Erasure, ErasureProgress, ErasureRequest, Erasures, IdentifierKind, PersonIdentifier, RedactedTarget,
};
use domain::problem::{Code, LineError, LineErrors, Problem, SignInOptions};
use domain::report::Shape;
use domain::report_listing::ReportParameter;
use domain::role::{Grant, Role};
use domain::shared_accounts::{AccountMark, AccountMarkRequest, SharedAccounts};
use domain::shares::{
    CreateShareRequest, CreateShareResponse, OpenShareRequest, PanelOutline, Share, ShareContent, SharePanel,
    ShareState, ShareWeek, Shares, SwitchSharesRequest, UpdateShareRequest,
};
use domain::shrinkage::CopyChoice;
use domain::upstream_health::UpstreamFailure;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The text without line breaks and indentation.
fn join_lines(text: &str) -> String {
    text.lines().map(str::trim_start).collect()
}

/// Parses a text and serializes it to the same bytes.
#[track_caller]
fn check<T: DeserializeOwned + Serialize>(text: &str) {
    let text = join_lines(text);
    let value: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
}

/// Parses a text without optional fields, and serializes it with their defaults.
#[track_caller]
fn check_defaults<T: DeserializeOwned + Serialize>(short: &str, long: &str) {
    let value: T = serde_json::from_str(short).unwrap_or_else(|error| panic!("{error}: {short}"));
    assert_eq!(serde_json::to_string(&value).unwrap(), join_lines(long));
}

/// Checks the names of an enum's variants.
#[track_caller]
fn check_names<T: DeserializeOwned + Serialize>(names: &[&str]) {
    for name in names {
        check::<T>(&format!("\"{name}\""));
    }
}

const SESSION: &str = r#"{"person":"ana@university.example","role":"instructor",
    "scope":{"courses":[{"course":"c","section":null},{"course":"d","section":"s"}]},
    "way":"access","local":false,"sign_out":"https://team.example/logout","institution":"Westmere",
    "time_zone":"Europe/London","week_start":"sunday","now":1767225600000}"#;

#[test]
fn session_format_unchanged() {
    check::<Session>(SESSION);
    check::<Session>(
        r#"{"person":"local","role":"administrator","scope":"everything","way":"local","local":true,
        "institution":"default","time_zone":"UTC","week_start":"monday","now":5,
        "upstream_failure":"credentials-refused"}"#,
    );
    check_names::<UpstreamFailure>(&["credentials-refused", "failed-days"]);
    let session: SessionSummary = serde_json::from_str(&join_lines(SESSION)).unwrap();
    assert_eq!(session.week_start, WeekStart::Sunday);
    let fields =
        (session.person.as_str(), session.institution.as_str(), session.time_zone.as_str(), session.now.0);
    assert_eq!(fields, ("ana@university.example", "Westmere", "Europe/London", 1_767_225_600_000));
    check::<Scope>(r#"{"courses":[]}"#);
    check::<Grant>(r#"{"course":"c","section":null}"#);
    check_defaults::<Grant>(r#"{"course":"c"}"#, r#"{"course":"c","section":null}"#);
    check_names::<AuthMethod>(&["local", "access", "key"]);
    check_names::<Role>(&["administrator", "analyst", "instructor"]);
}

#[test]
fn sign_in_format_unchanged() {
    check::<SignInRequest>(r#"{"key":"k"}"#);
    check::<SignInRequest>(r#"{"look_as":{"role":"instructor","courses":[{"course":"c","section":null}]}}"#);
    check_defaults::<SignInRequest>(r#"{"look_as":null}"#, "{}");
    check_defaults::<Impersonation>(r#"{"role":"analyst"}"#, r#"{"role":"analyst","courses":[]}"#);
}

const PERSON: &str = r#"{"id":"0123456789abcdef","email":"ana@university.example","role":"instructor",
    "grants":[{"course":"c","section":"s"}],"fixed":false,"changed":5}"#;

const FIXED_PERSON: &str = r#"{"id":"0123456789abcdef","email":"boss@university.example","role":"administrator","grants":[],"fixed":true}"#;

#[test]
fn roles_format_unchanged() {
    check::<Person>(PERSON);
    check::<Roles>(&format!(r#"{{"people":[{PERSON},{FIXED_PERSON}]}}"#));
    check::<RoleChange>(
        r#"{"email":"ana@university.example","role":"instructor","grants":[{"course":"c","section":null}]}"#,
    );
    check_defaults::<RoleChange>(
        r#"{"email":"ana@university.example","role":"analyst"}"#,
        r#"{"email":"ana@university.example","role":"analyst","grants":[]}"#,
    );
    check::<PersonChange>(&format!(r#"{{"before":{PERSON},"after":{FIXED_PERSON}}}"#));
    check::<RoleUploadResult>(&format!(
        r#"{{"digest":"d","applied":false,"added":[{PERSON}],"changed":[{{"before":{PERSON},"after":{PERSON}}}],
        "unchanged":3}}"#
    ));
}

#[test]
fn audit_log_format_unchanged() {
    const ENTRY: &str = r#"{"id":7,"at":5,"last":6,"count":2,"person":"ana@university.example",
        "person_id":"0123456789abcdef","role":"analyst","what":"saw","scope":"everything","view":"videoview"}"#;
    const REJECTION: &str = r#"{"id":8,"at":5,"last":5,"count":1,"person":"","person_id":"","what":"refused",
        "scope":"","view":"no token"}"#;
    check::<AuditLogEntry>(ENTRY);
    check::<AuditLogPage>(&format!(r#"{{"entries":[{ENTRY},{REJECTION}],"before":7,"kept_days":180}}"#));
    check::<AuditLogPage>(r#"{"entries":[],"kept_days":180}"#);
    check::<AuditLogEntry>(
        r#"{"id":8,"at":5,"last":5,"count":1,"person":"","person_id":"","what":"refused","scope":"",
        "view":"nobody","network":"0123456789abcdef","cursor":9}"#,
    );
}

#[test]
fn sessions_format_unchanged() {
    check::<Sessions>(
        r#"{"sessions":[{"id":"0123456789abcdef0123456789abcdef","person":"ana@university.example",
        "person_id":"0123456789abcdef","way":"access","opened":5,"seen":6,"current":true}]}"#,
    );
}

#[test]
fn names_of_audit_actions_unchanged() {
    let names = [
        "signed-in",
        "signed-out",
        "looked-as",
        "saw",
        "downloaded",
        "asked",
        "retried",
        "withdrew",
        "role-given",
        "role-taken",
        "roles-uploaded",
        "saw-roles",
        "saw-record",
        "forgot",
        "person-exported",
        "share-previewed",
        "shared",
        "share-opened",
        "share-changed",
        "share-revoked",
        "shares-switched",
        "copy-chosen",
        "sessions-ended",
        "over-budget",
        "account-marked",
        "refused",
    ];
    check_names::<AuditAction>(&names);
    assert_eq!(AuditAction::ALL.map(AuditAction::slug), names);
}

#[test]
fn data_quality_format_unchanged() {
    check::<DataQuality>(
        r#"{"windows":[{"report":"notes","window":"2026-02-02","created":5,"findings":{
        "rows":9,"unknown_columns":["Mood"],"missing_columns":["role"],"null_markers":{"email":2},"repeated_headers":1,
        "rewritten_rows":2,"rows_without_time":3,"rows_of_shared_accounts":4,"people":5,
        "people_with_several_roles":{"instructor, student":1},"people_with_several_addresses":2,"addresses_of_several_people":3}}]}"#,
    );
    check_defaults::<FileFindings>(
        r#"{"rows":9}"#,
        r#"{"rows":9,"repeated_headers":0,"rewritten_rows":0,"rows_without_time":0,"rows_of_shared_accounts":0,"people":0,
        "people_with_several_addresses":0,"addresses_of_several_people":0}"#,
    );
}

#[test]
fn reports_format_unchanged() {
    check::<Reports>(
        r#"{"reports":[
        {"name":"videoview","title":"Video views","known":true,"shape":"rows","parameters":[]},
        {"name":"visit","title":"Visits","known":false,"shape":"sums",
            "parameters":[{"name":"page","datatype":"string","required":true}]}],
        "listed":5}"#,
    );
    check::<Reports>(r#"{"reports":[]}"#);
    check_defaults::<ReportInfo>(
        r#"{"name":"asset","title":"Library","known":true,"shape":"snapshot"}"#,
        r#"{"name":"asset","title":"Library","known":true,"shape":"snapshot","parameters":[]}"#,
    );
    check_defaults::<ReportParameter>(
        r#"{"name":"page"}"#,
        r#"{"name":"page","datatype":"","required":false}"#,
    );
    check_names::<Shape>(&["rows", "sums", "snapshot"]);
}

#[test]
fn courses_format_unchanged() {
    check::<Courses>(
        r#"{"courses":[{"id":"c","code":"BIO-101","name":"Cells",
            "sections":[{"id":"s","number":"001","term":"t"},{"id":"u","number":"002"}]}],
        "terms":[{"id":"t","name":"Spring 2026","from":"2026-01-12","to":"2026-05-10"}]}"#,
    );
    check_defaults::<Courses>(r#"{"courses":[]}"#, r#"{"courses":[],"terms":[]}"#);
    check::<Course>(r#"{"id":"c","code":"","name":"","sections":[]}"#);
    check::<Section>(r#"{"id":"s","number":"001"}"#);
    check::<Term>(r#"{"id":"t","name":"Spring 2026","from":"2026-01-12","to":"2026-05-10"}"#);
    check::<Term>(
        r#"{"id":"t","name":"Spring 2026","from":"2026-01-12","to":"2026-05-10",
        "breaks":[{"from":"2026-02-16","to":"2026-02-22"},{"from":"2026-03-17","to":"2026-03-17"}]}"#,
    );
}

const COPY: &str = r#"{"generation":3,"created":8,"end":"2026-02-07","rows":100,"bytes":9000}"#;

const SCHEDULER: &str = r#"{"in_flight":3,"queued":9,"usual":{"low":60000,"high":7200000,"of":12},
    "held":{"why":"upstream-down","detail":"Echo360 cannot be reached.","until":9}}"#;

fn window() -> String {
    format!(
        r#"{{"id":"2026-02-02","start":"2026-02-02","end":"2026-02-09","state":"provisional","again":"failed","tries":3,
        "since":6,"next":7,"upstream_request_id":"u","provisional_from":"2026-02-06","fault":"It failed.",
        "forgotten":5,"shrunken":{{"rows":20,"new_rows":9}},"copy":{COPY}}}"#
    )
}

const PLAIN_WINDOW: &str = r#"{"id":"all","start":null,"end":null,"state":"queued","tries":0,"since":6}"#;

#[test]
fn requests_format_unchanged() {
    let request = format!(
        r#"{{"id":"r","report":"videoview","from":"2026-02-02","to":"2026-02-08","tz":"Europe/London",
        "parameters":{{"page":"home"}},"created":5,"windows":[{}],"desk":{SCHEDULER}}}"#,
        window()
    );
    let snapshot = format!(
        r#"{{"id":"","report":"asset","from":null,"to":null,"tz":"UTC","created":5,"windows":[{PLAIN_WINDOW}]}}"#
    );
    check::<RequestInfo>(&request);
    check::<RequestInfo>(&snapshot);
    check::<Requests>(&format!(r#"{{"requests":[{request}],"shared":[{snapshot}],"desk":{SCHEDULER}}}"#));
    check::<Requests>(r#"{"requests":[],"desk":{"in_flight":0,"queued":0}}"#);
    check::<WindowInfo>(&window());
    check::<CopyInfo>(COPY);
    check::<CopyInfo>(r#"{"generation":3,"created":8,"end":null}"#);
    check::<SchedulerInfo>(SCHEDULER);
    check::<BuildTimes>(r#"{"low":1,"high":2,"of":3}"#);
    check::<Pause>(r#"{"why":"limit-reached","detail":"Others use the slots.","until":9}"#);
    check_names::<PauseReason>(&["credentials-refused", "upstream-down", "limit-reached"]);
    check_names::<WindowStatus>(&[
        "queued",
        "asking",
        "building",
        "collecting",
        "ready",
        "provisional",
        "failed",
        "forgotten",
    ]);
}

#[test]
fn report_request_format_unchanged() {
    check::<ReportRequest>(
        r#"{"report":"visit","from":"2026-02-02","to":"2026-02-08","tz":"UTC","parameters":{"page":"home"}}"#,
    );
    check::<ReportRequest>(r#"{"report":"asset"}"#);
    check::<RetryRequest>(r#"{"windows":["2026-02-02"]}"#);
    check_defaults::<RetryRequest>("{}", r#"{"windows":[]}"#);
}

#[test]
fn health_format_unchanged() {
    check::<Health>(r#"{"ok":true}"#);
    check::<Health>(r#"{"ok":true,"upstream":"failing"}"#);
    check::<Health>(r#"{"ok":true,"warnings":["key-beside-access"]}"#);
    check::<RowCount>(r#"{"rows":1234,"exact":true}"#);
}

#[test]
fn shrunken_windows_format_unchanged() {
    check::<ShrunkenWindows>(
        r#"{"windows":[{"report":"notes","window":"2026-02-02","start":"2026-02-02","end":"2026-02-09","stored":1,
        "requested":2,"rows":20,"new_rows":9,
        "sections":[{"course":"c","section":"s","label":"BIO-101 Cells, section 001","rows":11,"new_rows":0}]}]}"#,
    );
    check::<CopyChoiceRequest>(r#"{"report":"notes","window":"2026-02-02","choice":"keep"}"#);
    check_names::<CopyChoice>(&["keep", "replace"]);
}

#[test]
fn shared_accounts_format_unchanged() {
    check::<SharedAccounts>(r#"{"hashes":["00000000000000ff"]}"#);
    check::<SharedAccounts>(
        r#"{"hashes":[],"accounts":[{"account":"u","found":"2026-02-02"},
        {"account":"a@x","mark":"person","by":"b@x","at":5}]}"#,
    );
    check::<AccountMarkRequest>(r#"{"account":"u","mark":"shared"}"#);
    check::<AccountMarkRequest>(r#"{"account":"u","mark":null}"#);
    check_names::<AccountMark>(&["shared", "person"]);
}

#[test]
fn problem_with_all_fields_format_unchanged() {
    check::<Problem>(
        r#"{"code":"rows-not-ready","title":"Some rows are not available yet","status":409,"detail":"Wait.",
        "retry_after":5,"upstream_request_id":"u","windows":["2026-02-02"],
        "sign_in":{"ways":["access","key"],"sign_out":"https://team.example/logout"},
        "lines":[{"line":2,"detail":"No such course."}]}"#,
    );
    // The methods go into the header `Allow`, not into the body.
    let problem = Problem { allow: Some("GET, POST".into()), ..Problem::new(Code::WrongMethod, "No.") };
    let text = r#"{"code":"wrong-method","title":"Method not allowed","status":405,"detail":"No."}"#;
    assert_eq!(serde_json::to_string(&problem).unwrap(), text);
    check::<SignInOptions>(r#"{"ways":[]}"#);
    check::<LineErrors>(r#"[{"line":2,"detail":"No such course."}]"#);
    check::<LineError>(r#"{"line":2,"detail":"No such course."}"#);
}

#[test]
fn codes_and_statuses_of_problems_unchanged() {
    let codes = [
        ("bad-body", 400),
        ("body-too-large", 413),
        ("bad-day", 400),
        ("bad-zone", 400),
        ("bad-id", 400),
        ("bad-query", 400),
        ("bad-parameters", 400),
        ("bad-email", 400),
        ("bad-share", 400),
        ("bad-grant", 400),
        ("bad-table", 400),
        ("bad-range", 400),
        ("range-backwards", 400),
        ("range-in-future", 400),
        ("range-too-long", 400),
        ("range-too-old", 400),
        ("unknown-report", 404),
        ("unknown-route", 404),
        ("unknown-request", 404),
        ("unknown-window", 404),
        ("unknown-person", 404),
        ("unknown-share", 404),
        ("share-gone", 404),
        ("wrong-method", 405),
        ("sign-in-needed", 401),
        ("key-wrong", 401),
        ("no-role", 403),
        ("not-allowed", 403),
        ("cross-site", 403),
        ("shares-off", 403),
        ("preview-stale", 409),
        ("too-many-tries", 429),
        ("quota", 429),
        ("access-down", 503),
        ("rows-not-ready", 409),
        ("nothing-to-share", 409),
        ("copy-replaced", 410),
        ("upstream-down", 503),
        ("credentials-refused", 502),
        ("settings-wrong", 503),
        ("no-way-in", 503),
        ("internal", 500),
    ];
    assert_eq!(Code::ALL.len(), codes.len());
    for (code, (name, status)) in Code::ALL.into_iter().zip(codes) {
        check::<Code>(&format!("\"{name}\""));
        assert_eq!(serde_json::to_value(code).unwrap(), name);
        assert_eq!(code.status(), status, "{name}");
    }
}

const SHARE: &str = r#"{"id":"i","name":"Cells","owner":"ana@university.example","mine":true,"report":"videoview",
    "course":"c","section":"s","from":"2026-02-02","to":"2026-02-08","made":5,"expires":6,"opened":7,"last":8,
    "origins":["https://courses.example.edu"],"state":"open","exposed":9}"#;

const PLAIN_SHARE: &str = r#"{"id":"i","name":"Library","owner":"local","mine":false,"report":"asset",
    "course":"c","from":null,"to":null,"made":5,"expires":6,"opened":0,"origins":[],"state":"out-of-scope"}"#;

#[test]
fn shares_format_unchanged() {
    check::<Share>(SHARE);
    check::<Shares>(&format!(
        r#"{{"shares":[{SHARE},{PLAIN_SHARE}],"on":true,"time_zone":"Europe/London","smallest":10}}"#
    ));
    check_names::<ShareState>(&["open", "expired", "withdrawn", "out-of-scope", "outdated"]);
    check::<CreateShareResponse>(&format!(
        r#"{{"share":{SHARE},"token":"t","contents":[{{"report":"videoview","shown":1,"withheld":2,"missing":3}}]}}"#
    ));
    check::<CreateShareResponse>(r#"{"contents":[]}"#);
    check::<PanelOutline>(r#"{"report":"videoview","shown":1,"withheld":2,"missing":3}"#);
}

#[test]
fn share_bodies_format_unchanged() {
    check::<CreateShareRequest>(
        r#"{"report":"videoview","course":"c","section":"s","from":"2026-02-02","to":"2026-02-08","name":"Cells",
        "days":30,"origins":["https://courses.example.edu"],"preview":true}"#,
    );
    check::<CreateShareRequest>(r#"{"report":"asset","course":"c"}"#);
    check::<UpdateShareRequest>(r#"{"name":"Cells","days":30,"origins":[],"rotate":true}"#);
    check::<UpdateShareRequest>("{}");
    check::<SwitchSharesRequest>(r#"{"on":false}"#);
    check::<OpenShareRequest>(r#"{"token":"t","id":"i"}"#);
    check::<OpenShareRequest>(r#"{"token":"t"}"#);
}

#[test]
fn opened_share_format_unchanged() {
    check::<ShareContent>(
        r#"{"name":"Cells","of":"BIO-101 Cells","expires":6,"time_zone":"UTC","smallest":10,"panels":[
        {"report":"polling","measures":["answers","students","right"],"weeks":[
            {"monday":"2026-02-02","numbers":[12.0,10.0,null],"sections":{"shown":2,"of":3}},
            {"monday":"2026-02-09","numbers":[null,null]}]},
        {"report":"asset","taken":5,"measures":["videos","views"],"weeks":[{"monday":null,"numbers":[1.0,20.5]}]}],
        "html":"<p></p>"}"#,
    );
    check::<SharePanel>(r#"{"report":"notes","measures":[],"weeks":[]}"#);
    for reason in ["small-sections", "repeated-videos", "unlisted-sections", "older-rule"] {
        check::<SharePanel>(&format!(
            r#"{{"report":"notes","measures":[],"weeks":[],"withheld":"{reason}"}}"#
        ));
    }
    check::<ShareWeek>(r#"{"monday":null,"numbers":[]}"#);
}

#[test]
fn erasure_requests_format_unchanged() {
    check::<ErasureRequest>(r#"{"person":{"email":"ada@westmere.example"}}"#);
    check::<ErasureRequest>(r#"{"person":{"id":"u"}}"#);
    check::<ErasureRequest>(r#"{"course":"c"}"#);
    check::<ErasureRequest>(r#"{"range":{"report":"notes","from":"2026-02-02","to":"2026-02-08"}}"#);
    check::<ErasureRequest>(r#"{"range":{"from":"2026-02-02","to":"2026-02-08"}}"#);
    check::<PersonIdentifier>(r#"{"id":"u"}"#);
}

#[test]
fn erasures_format_unchanged() {
    const PERSON: &str = r#"{"id":"f","what":{"person":{"mark":"0123abcd","named":"id","ids":1,"emails":2}},"created":1,"asked":2,
        "by":"local","state":"done","windows":3,"of":4,"rows":5,"ended":6}"#;
    check::<Erasure>(PERSON);
    check::<Erasures>(&format!(r#"{{"forgettings":[{PERSON}],"keep_days":400}}"#));
    check::<RedactedTarget>(r#"{"course":{"id":"c"}}"#);
    check::<RedactedTarget>(r#"{"range":{"report":"notes","from":"2026-02-02","to":"2026-02-08"}}"#);
    check::<RedactedTarget>(r#"{"range":{"from":"2026-02-02","to":"2026-02-08"}}"#);
    check_names::<IdentifierKind>(&["email", "id"]);
    check_names::<ErasureProgress>(&["under-way", "done", "lifted"]);
}
