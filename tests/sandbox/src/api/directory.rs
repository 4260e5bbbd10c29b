//! Courses, sections and terms, as lists of the wider API: `{"data":[…],"has_more":…,"next":…}`.

use super::answer;
use crate::clock::{DAY_SECONDS, day_text};
use crate::sandbox::Sandbox;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Number of entries on a page: the default and the maximum.
const PAGE: usize = 100;

/// The query of a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListQuery {
    limit: Option<usize>,
    offset: Option<usize>,
    term_id: Option<String>,
}

fn page(uri: &Uri, part: &ListQuery, all: Vec<Value>) -> Response {
    let (limit, offset) = (part.limit.unwrap_or(PAGE).clamp(1, PAGE), part.offset.unwrap_or(0));
    let more = offset.saturating_add(limit) < all.len();
    let data: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    let term = part.term_id.as_ref().map(|id| format!("&termId={id}")).unwrap_or_default();
    let next = more.then(|| format!("{}?limit={limit}&offset={}{term}", uri.path(), offset + limit));
    answer::json(StatusCode::OK, &json!({ "data": data, "has_more": more, "next": next }))
}

/// `GET /public/api/v1/courses`
pub(super) async fn courses(
    State(sandbox): State<Arc<Sandbox>>,
    Query(part): Query<ListQuery>,
    uri: Uri,
) -> Response {
    let courses = &sandbox.institution.courses;
    let all = courses.iter().map(|course| {
        json!({
            "id": course.id,
            "courseIdentifier": course.code,
            "name": course.name,
            "departmentName": course.department,
        })
    });
    page(&uri, &part, all.collect())
}

/// `GET /public/api/v1/sections?termId=`
pub(super) async fn sections(
    State(sandbox): State<Arc<Sandbox>>,
    Query(part): Query<ListQuery>,
    uri: Uri,
) -> Response {
    let today = sandbox.clock.seconds().div_euclid(DAY_SECONDS);
    let mut all = Vec::new();
    for term in sandbox.institution.terms_until(today) {
        if part.term_id.as_ref().is_some_and(|id| *id != term.id) {
            continue;
        }
        all.extend(term.sections.iter().map(|section| {
            json!({
                "id": section.id,
                "sectionNumber": section.number,
                "courseId": sandbox.institution.courses.get(section.course).map(|course| &course.id),
                "termId": term.id,
            })
        }));
    }
    page(&uri, &part, all)
}

/// `GET /public/api/v1/terms`
pub(super) async fn terms(
    State(sandbox): State<Arc<Sandbox>>,
    Query(part): Query<ListQuery>,
    uri: Uri,
) -> Response {
    let today = sandbox.clock.seconds().div_euclid(DAY_SECONDS);
    let terms = sandbox.institution.terms_until(today);
    let all = terms.iter().map(|term| {
        // From Monday to Friday: days on which there would be classes.
        let breaks =
            sandbox.institution.break_week.filter(|monday| (term.first_day..term.end_day).contains(monday));
        let exceptions = breaks.map(|monday| {
            json!({ "name": "Reading week", "startDate": day_text(monday), "endDate": day_text(monday + 4) })
        });
        json!({
            "id": term.id,
            "name": term.key.name(),
            "startDate": day_text(term.first_day),
            "endDate": day_text(term.end_day - 1),
            "exceptions": Vec::from_iter(exceptions),
        })
    });
    page(&uri, &part, all.collect())
}
