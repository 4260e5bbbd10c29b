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

/// The query of a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListQuery {
    limit: Option<usize>,
    offset: Option<usize>,
    term_id: Option<String>,
}

impl ListQuery {
    /// The page of a list of `count` entries, of which at most `most` are on a page.
    pub(super) fn page(
        &self,
        path: &str,
        most: usize,
        count: usize,
        entry: impl Fn(usize) -> Option<Value>,
    ) -> Page {
        let (limit, offset) = (self.limit.unwrap_or(most).clamp(1, most), self.offset.unwrap_or(0));
        let end = offset.saturating_add(limit).min(count);
        let term = self.term_id.as_ref().map(|id| format!("&termId={id}")).unwrap_or_default();
        let next = (end < count).then(|| format!("{path}?limit={limit}&offset={end}{term}"));
        Page { entries: (offset..end).filter_map(entry).collect(), next }
    }
}

/// A page of a list, and the path of the next one.
pub(super) struct Page {
    entries: Vec<Value>,
    next: Option<String>,
}

impl Page {
    /// The response, with the entries under `envelope`.
    pub(super) fn respond(self, envelope: &str) -> Response {
        let Self { entries, next } = self;
        answer::json(StatusCode::OK, &json!({ envelope: entries, "has_more": next.is_some(), "next": next }))
    }
}

/// The id of one of the courses, or of one of the sections, that only the lists have.
fn listed_id(kind: u8, number: usize) -> String {
    format!("d1ec700{kind}-0000-4000-8000-{number:012x}")
}

/// `GET /public/api/v1/courses`
pub(super) async fn courses(
    State(sandbox): State<Arc<Sandbox>>,
    Query(part): Query<ListQuery>,
    uri: Uri,
) -> Response {
    let (courses, settings) = (&sandbox.institution.courses, &sandbox.settings);
    let entry = |at: usize| {
        let Some(course) = courses.get(at) else {
            let number = at - courses.len();
            return Some(json!({
                "id": listed_id(0, number),
                "courseIdentifier": format!("IND-{number}"),
                "name": format!("Independent study number {number}"),
                "departmentName": "Graduate School",
            }));
        };
        Some(json!({
            "id": course.id,
            "courseIdentifier": course.code,
            "name": course.name,
            "departmentName": course.department,
        }))
    };
    part.page(uri.path(), settings.page_entries, courses.len() + settings.listed_courses, entry)
        .respond("data")
}

/// `GET /public/api/v1/sections?termId=`
pub(super) async fn sections(
    State(sandbox): State<Arc<Sandbox>>,
    Query(part): Query<ListQuery>,
    uri: Uri,
) -> Response {
    let today = sandbox.clock.seconds().div_euclid(DAY_SECONDS);
    let is_of_term = |id: &String| part.term_id.as_ref().is_none_or(|term| term == id);
    let terms = sandbox.institution.terms_until(today);
    let mut all = Vec::new();
    for term in terms.iter().filter(|term| is_of_term(&term.id)) {
        all.extend(term.sections.iter().map(|section| {
            json!({
                "id": section.id,
                "sectionNumber": section.number,
                "courseId": sandbox.institution.courses.get(section.course).map(|course| &course.id),
                "termId": term.id,
            })
        }));
    }
    let last_term = terms.last().map(|term| &term.id).filter(|id| is_of_term(id));
    let entry = |at: usize| {
        let Some(section) = all.get(at) else {
            let number = at - all.len();
            return Some(json!({
                "id": listed_id(1, number),
                "sectionNumber": "001",
                "courseId": listed_id(0, number),
                "termId": last_term,
            }));
        };
        Some(section.clone())
    };
    let listed = if last_term.is_some() { sandbox.settings.listed_courses } else { 0 };
    part.page(uri.path(), sandbox.settings.page_entries, all.len() + listed, entry).respond("data")
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
    let all: Vec<Value> = all.collect();
    let page = part.page(uri.path(), sandbox.settings.page_entries, all.len(), |at| all.get(at).cloned());
    page.respond("data")
}
