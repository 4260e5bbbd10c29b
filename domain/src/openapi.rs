//! Generates the OpenAPI 3.1 description of the API from [`ROUTES`] and the types of request and response
//! bodies.
//!
//! Behind the feature `schema`, which neither the page nor the Worker enables: a test writes and checks the
//! committed file `docs/openapi.json`, and the Worker serves that file.

use crate::api::{
    AuditAction, AuditLogPage, CopyChoiceRequest, Courses, Health, Person, ReportRequest, Reports,
    RequestInfo, Requests, RetryRequest, RoleChange, RoleUploadResult, Roles, RowCount, Session, Sessions,
    ShrunkenWindows, SignInRequest,
};
use crate::data_quality::DataQuality;
use crate::erasure::{Erasure, ErasureRequest, Erasures, PersonIdentifier};
use crate::problem::{Code, Problem};
use crate::routes::{Body, Operation, Parameter, ParameterKind, ROUTES, Route};
use crate::shared_accounts::{AccountMarkRequest, SharedAccounts};
use crate::shares::{
    CreateShareRequest, CreateShareResponse, OpenShareRequest, ShareContent, Shares, SwitchSharesRequest,
    UpdateShareRequest,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The description of the whole API.
const DESCRIPTION: &str = "Lectern collects reports from Echo360 and serves them to a page and to \
    programs.\n\n\
    `docs/reference.md` describes the conventions, problem codes, limits and stability. Within a major \
    version, routes, URL parameters, JSON fields and problem codes do not change. Minor versions may add \
    routes, optional fields and further values of enumerations in responses, so clients ignore fields that \
    they do not know and treat an unknown problem code by its status. Requests with unknown fields are \
    refused.";

/// The OpenAPI document.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = describe_operation(route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    // Every operation refers to it by `$ref`.
    schemas.response_schema::<Problem>();
    let mut document = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Lectern",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Echo360 reports for instructors",
            "description": DESCRIPTION,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"session": []}, {"cloudflareAccess": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.into_definitions(),
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-lectern",
                    "description": "The session cookie that `POST /api/session` sets for the key.",
                },
                "cloudflareAccess": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "cf-access-jwt-assertion",
                    "description": "The token that Cloudflare Access adds to a request.",
                },
            },
        },
    });
    tidy_descriptions(&mut document);
    document
}

/// The schemas of request and response bodies.
struct Schemas {
    /// For response bodies: a field that is always sent is required. Types are named in `components/schemas`.
    responses: SchemaGenerator,
    /// For request bodies: a field that may be left out is optional. Types are inlined, since a type such as
    /// `Grant` may occur in requests and responses, with different required fields.
    requests: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        let inlined = settings().for_deserialize().with(|settings| settings.inline_subschemas = true);
        Self { responses: settings().for_serialize().into_generator(), requests: inlined.into_generator() }
    }

    fn response_schema<T: JsonSchema>(&mut self) -> Schema {
        self.responses.subschema_for::<T>()
    }

    fn request_schema<T: JsonSchema>(&mut self) -> Schema {
        self.requests.subschema_for::<T>()
    }

    fn into_definitions(mut self) -> Map<String, Value> {
        let mut definitions = self.responses.take_definitions(true);
        definitions.values_mut().for_each(forbid_null_in_optional_fields);
        definitions
    }
}

fn describe_operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    let (status, success) = success_response(route.operation, schemas);
    responses.insert(status.to_owned(), success);
    let mut codes_by_status: Vec<(u16, Vec<Code>)> = Vec::new();
    for code in route.problems() {
        match codes_by_status.last_mut().filter(|(status, _)| *status == code.status()) {
            Some((_, codes)) => codes.push(code),
            None => codes_by_status.push((code.status(), vec![code])),
        }
    }
    for (status, codes) in codes_by_status {
        let names: Vec<String> = codes.into_iter().map(|code| format!("`{}`", code.slug())).collect();
        let content = json!({Problem::MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}});
        responses.insert(status.to_string(), json!({"description": names.join(", "), "content": content}));
    }
    let mut operation = json!({
        "operationId": route.operation.id(),
        "summary": route.summary,
        "tags": [route.resource().unwrap_or("pages").trim_end_matches(".json")],
        "responses": responses,
    });
    if let Some(fields) = operation.as_object_mut() {
        let description = describe_route(route);
        if !description.is_empty() {
            fields.insert("description".to_owned(), description.into());
        }
        let in_path = route.path_parameters.iter().map(|parameter| describe_parameter(parameter, "path"));
        // OpenAPI has no parameters whose name is a pattern: the operation's description mentions them.
        let named = route.query.iter().filter(|parameter| !parameter.name.ends_with('*'));
        let in_query = named.map(|parameter| describe_parameter(parameter, "query"));
        let parameters: Vec<Value> = in_path.chain(in_query).collect();
        if !parameters.is_empty() {
            fields.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(body) = request_body(route, schemas) {
            fields.insert("requestBody".to_owned(), body);
        }
        if !route.access.needs_session() {
            fields.insert("security".to_owned(), json!([]));
        }
    }
    operation
}

/// The description of an operation: the route's, its pattern parameters, and who may call it.
fn describe_route(route: &Route) -> String {
    let patterns = route.query.iter().filter(|parameter| parameter.name.ends_with('*'));
    let mut sentences = vec![route.description.to_owned()];
    sentences.extend(patterns.map(|parameter| {
        format!("URL parameters `{}`: {}", parameter.name.trim_end_matches('*'), parameter.description)
    }));
    sentences.push(route.access.describe().to_owned());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// `location` is `path` or `query`.
fn describe_parameter(parameter: &Parameter, location: &str) -> Value {
    let schema = match parameter.kind {
        ParameterKind::Text => json!({"type": "string"}),
        ParameterKind::Day => json!({"type": "string", "format": "date"}),
        ParameterKind::Uuid => json!({"type": "string", "format": "uuid"}),
        ParameterKind::Integer => json!({"type": "integer", "minimum": 0}),
        ParameterKind::Hex(digits) => {
            json!({"type": "string", "pattern": format!("^[0-9a-fA-F]{{{digits}}}$")})
        }
        ParameterKind::Choice(values) => json!({"type": "string", "enum": values}),
        ParameterKind::AuditAction => {
            json!({"type": "string", "enum": AuditAction::ALL.map(AuditAction::slug)})
        }
    };
    json!({
        "name": parameter.name,
        "in": location,
        "required": location == "path",
        "description": parameter.description,
        "schema": schema,
    })
}

fn request_body(route: &Route, schemas: &mut Schemas) -> Option<Value> {
    let media_type = match route.body {
        Body::None => return None,
        Body::Json { .. } => "application/json",
        Body::Csv { .. } => "text/csv",
    };
    let schema = match route.operation {
        Operation::SignIn => schemas.request_schema::<SignInRequest>(),
        Operation::CreateRequest => schemas.request_schema::<ReportRequest>(),
        Operation::RetryRequest => schemas.request_schema::<RetryRequest>(),
        Operation::CreateShare => schemas.request_schema::<CreateShareRequest>(),
        Operation::SwitchShares => schemas.request_schema::<SwitchSharesRequest>(),
        Operation::UpdateShare => schemas.request_schema::<UpdateShareRequest>(),
        Operation::OpenShare | Operation::CountOpening => schemas.request_schema::<OpenShareRequest>(),
        Operation::AssignRole => schemas.request_schema::<RoleChange>(),
        Operation::UploadRoles => schemas.request_schema::<String>(),
        Operation::StartErasure => schemas.request_schema::<ErasureRequest>(),
        Operation::ExportPerson => schemas.request_schema::<PersonIdentifier>(),
        Operation::MarkAccount => schemas.request_schema::<AccountMarkRequest>(),
        Operation::ChooseCopy => schemas.request_schema::<CopyChoiceRequest>(),
        Operation::GetHealth
        | Operation::GetOpenApi
        | Operation::GetSession
        | Operation::SignOut
        | Operation::ListSessions
        | Operation::EndSessions
        | Operation::EndSession
        | Operation::ListReports
        | Operation::ListCourses
        | Operation::ListRequests
        | Operation::GetRequest
        | Operation::WithdrawRequest
        | Operation::ReadRows
        | Operation::DownloadCsv
        | Operation::CountRows
        | Operation::ListShares
        | Operation::RevokeShare
        | Operation::GetSharePage
        | Operation::GetEmbeddedSharePage
        | Operation::ListRoles
        | Operation::RemoveRole
        | Operation::ReadAuditLog
        | Operation::ListErasures
        | Operation::CancelErasure
        | Operation::GetDataQuality => return None,
        Operation::ListSharedAccounts | Operation::ListShrunken => return None,
    };
    Some(json!({"required": true, "content": {media_type: {"schema": schema}}}))
}

/// The status and the response of a successful call.
fn success_response(operation: Operation, schemas: &mut Schemas) -> (&'static str, Value) {
    let schema = match operation {
        Operation::GetHealth => schemas.response_schema::<Health>(),
        Operation::GetOpenApi => schemars::json_schema!({"type": "object"}),
        Operation::GetSession | Operation::SignIn => schemas.response_schema::<Session>(),
        Operation::ListSessions => schemas.response_schema::<Sessions>(),
        Operation::ListReports => schemas.response_schema::<Reports>(),
        Operation::ListCourses => schemas.response_schema::<Courses>(),
        Operation::ListRequests => schemas.response_schema::<Requests>(),
        Operation::CreateRequest | Operation::GetRequest | Operation::RetryRequest => {
            schemas.response_schema::<RequestInfo>()
        }
        Operation::ListShares | Operation::SwitchShares => schemas.response_schema::<Shares>(),
        Operation::CreateShare | Operation::UpdateShare => schemas.response_schema::<CreateShareResponse>(),
        Operation::OpenShare => schemas.response_schema::<ShareContent>(),
        Operation::ListRoles => schemas.response_schema::<Roles>(),
        Operation::AssignRole => schemas.response_schema::<Person>(),
        Operation::UploadRoles => schemas.response_schema::<RoleUploadResult>(),
        Operation::ReadAuditLog => {
            let page = schemas.response_schema::<AuditLogPage>();
            let content = json!({
                "application/json": {"schema": page},
                "text/csv": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            });
            let description = "One page of entries; with `as=csv`, all; with `as=jsonl`, the next ones.";
            return ("200", json!({"description": description, "content": content}));
        }
        Operation::ListErasures => schemas.response_schema::<Erasures>(),
        Operation::StartErasure => schemas.response_schema::<Erasure>(),
        Operation::ListSharedAccounts | Operation::MarkAccount => schemas.response_schema::<SharedAccounts>(),
        Operation::ListShrunken | Operation::ChooseCopy => schemas.response_schema::<ShrunkenWindows>(),
        Operation::ReadRows => {
            return ("200", stream_response("The rows as frames.", "application/octet-stream"));
        }
        Operation::DownloadCsv => {
            let content = json!({
                "text/csv": {"schema": {"type": "string"}},
                "application/zip": {"schema": {}},
            });
            let description = "A header, then the rows; with `as=zip`, a file for each week.";
            return ("200", json!({"description": description, "content": content}));
        }
        Operation::CountRows => schemas.response_schema::<RowCount>(),
        Operation::GetDataQuality => schemas.response_schema::<DataQuality>(),
        Operation::ExportPerson => {
            let content = json!({"application/zip": {"schema": {}}});
            return ("200", json!({"description": "The zip file.", "content": content}));
        }
        Operation::GetSharePage | Operation::GetEmbeddedSharePage => {
            return ("200", stream_response("The page.", "text/html"));
        }
        Operation::SignOut
        | Operation::EndSessions
        | Operation::EndSession
        | Operation::WithdrawRequest
        | Operation::RevokeShare
        | Operation::CountOpening
        | Operation::RemoveRole
        | Operation::CancelErasure => return ("204", json!({"description": "Done."})),
    };
    let content = json!({"application/json": {"schema": schema}});
    ("200", json!({"description": "Success.", "content": content}))
}

fn stream_response(description: &str, media_type: &str) -> Value {
    let schema = match media_type {
        "application/octet-stream" => json!({}),
        _ => json!({"type": "string"}),
    };
    json!({"description": description, "content": {media_type: {"schema": schema}}})
}

/// Turns doc comments into descriptions: joins wrapped lines, and removes the brackets of links to other
/// items, such as `` [`Session::person`] ``.
fn tidy_descriptions(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" => {
                        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
                        let joined = paragraphs.collect::<Vec<_>>().join("\n\n");
                        *text = joined.replace("[`", "`").replace("`]", "`");
                    }
                    _ => tidy_descriptions(field),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(tidy_descriptions),
        _ => {}
    }
}

/// Removes null from the types of optional fields: a response leaves such a field out instead.
fn forbid_null_in_optional_fields(schema: &mut Value) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, field) in fields {
        if required.iter().any(|required| required == name) {
            continue;
        }
        if let Some(types) = field.get_mut("type").and_then(Value::as_array_mut) {
            types.retain(|kind| kind != "null");
        }
        if let Some(choices) = field.get_mut("anyOf").and_then(Value::as_array_mut) {
            choices.retain(|choice| choice["type"] != "null");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_one_operation() {
        let document = document();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            assert_eq!(operation["operationId"], route.operation.id());
            let has_body = operation.get("requestBody").is_some();
            assert_eq!(has_body, route.body != Body::None, "{:?}", route.operation);
        }
        let operations: usize =
            document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
        assert_eq!(operations, ROUTES.len());
    }

    #[test]
    fn every_reference_points_to_a_schema() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    fields.values().for_each(|field| references(field, found));
                }
                Value::Array(values) => values.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let (document, mut found) = (document(), Vec::new());
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn fields_are_required_unless_they_may_be_left_out() {
        let document = document();
        let required =
            |name: &str| document["components"]["schemas"][name]["required"].as_array().unwrap().clone();
        assert!(required("Person").contains(&json!("grants")));
        assert!(!required("Person").contains(&json!("changed")));
        let body =
            &document["paths"]["/api/roles"]["put"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["required"], json!(["email", "role"]));
        assert_eq!(body["additionalProperties"], json!(false));
    }

    #[test]
    fn only_public_operations_need_no_session() {
        let document = document();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            let is_public = operation["security"] == json!([]);
            assert_eq!(is_public, !route.access.needs_session(), "{:?}", route.operation);
        }
    }
}
