//! Tests that are not about a single route.

use crate::routes::Access;
use crate::setup::Setup;
use crate::visitors::{Part, Visitor};
use domain::api::{RequestInfo, Requests};
use domain::problem::Code;
use reqwest::Method;
use sandbox::Report;
use std::collections::BTreeSet;
use worker_tests::{Weeks, refusal};

fn reports_with_courses() -> impl Iterator<Item = Report> {
    Report::ALL.into_iter().filter(|report| *report != Report::Visit)
}

/// The test data can reveal a leak: every report has rows of several courses and sections, and each instructor may see some of
/// them and not others.
pub(crate) fn the_test_data_can_reveal_a_leak(setup: &Setup) {
    let (mut seen, mut hidden) = (0, 0);
    for report in reports_with_courses() {
        let rows = setup.all_rows(report);
        let courses: BTreeSet<&str> = rows.iter().map(|row| row.course.as_str()).collect();
        let sections: BTreeSet<&str> = rows.iter().map(|row| row.section.as_str()).collect();
        assert!(courses.len() > 1 && sections.len() > 1, "{}", report.name());
        for visitor in setup.visitors.iter().filter(|visitor| visitor.access == Access::Instructor) {
            let visible = setup.visible_rows(visitor, report).len();
            let is_some = report != Report::VideoView || visible > 0;
            assert!(is_some && visible < rows.len(), "{} of {}", report.name(), visitor.name);
            seen += visible;
            hidden += rows.len() - visible;
        }
    }
    assert!(seen > 1_000 && hidden > 1_000, "{seen} rows seen, {hidden} hidden");
}

fn instructor(name: &str) -> Visitor {
    Visitor { name: name.to_owned(), access: Access::Instructor, parts: vec![Part::Course(0)] }
}

/// An instructor sees their own request, and reads copies that others requested.
pub(crate) async fn an_instructor_sees_only_their_own_requests(setup: &Setup) {
    let visitor = instructor("asker");
    let token = setup.token_of(&visitor, &visitor.email()).await;
    let own = setup.ask(Report::Notes, &token).await;
    assert_eq!(own.windows.len(), setup.requests["notes"].windows.len());
    let copies: Vec<_> = own.windows.iter().filter_map(|window| window.copy.as_ref()).collect();
    assert!(!copies.is_empty() && copies.iter().all(|copy| copy.rows.is_none() && copy.bytes.is_none()));
    let listed: Requests = setup.read(setup.get("/api/requests", &token)).await;
    assert_eq!(listed.requests.iter().map(|request| &request.id).collect::<Vec<_>>(), [&own.id]);
    let stop = setup.call(Method::DELETE, &format!("/api/requests/{}", own.id), &token);
    assert_eq!(stop.send().await.unwrap().status(), 204);
}

/// A term of every report is within the quota. Far more is refused, with the time to wait.
pub(crate) async fn a_quota_limits_one_persons_requests(setup: &Setup) {
    let visitor = instructor("much-asker");
    let token = setup.token_of(&visitor, &visitor.email()).await;
    let ask = |report: Report, weeks: Weeks| setup.post("/api/requests", &token, &weeks.body(report));
    let term = Weeks::back(3, 16);
    for report in reports_with_courses() {
        let request: RequestInfo = setup.read(ask(report, term)).await;
        assert!(!request.windows.is_empty());
    }
    let refused = refusal(ask(Report::Notes, Weeks::back(30, 200))).await;
    assert_eq!((refused.code, refused.status), (Code::Quota, 429), "{refused:?}");
    assert!(refused.retry_after.unwrap() > 0);
    let listed: Requests = setup.read(setup.get("/api/requests", &token)).await;
    assert_eq!(listed.requests.len(), 8, "a refused request must not be created");
    for request in listed.requests {
        let stop = setup.call(Method::DELETE, &format!("/api/requests/{}", request.id), &token);
        assert_eq!(stop.send().await.unwrap().status(), 204);
    }
}
