//! What the Worker and the page say to each other: plain types, converted at both edges.

use crate::directory::Term;
use crate::offer::Parameter;
use crate::report::{ReportName, Shape};
use crate::time::{Day, Timestamp, iso};
use crate::window::Parameters;
use serde::{Deserialize, Serialize};

/// `GET /api/session`: who is asking and what they may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The name by which requests are theirs.
    pub person: String,
    /// What they may see.
    pub scope: Scope,
    /// Whether this is local mode: administrator without signing in.
    pub local: bool,
    /// The institution, by the name it was given in the settings.
    pub institution: String,
    /// The zone that a view without one is shown in.
    pub time_zone: String,
    /// The Worker's own clock, so that the page need not trust the device's.
    pub now: Timestamp,
}

/// What a visitor may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The whole institution.
    Everything,
}

/// `GET /api/reports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reports {
    /// What can be asked for.
    pub reports: Vec<ReportInfo>,
    /// When Echo360 was last asked for its list; absent while only the vendor's reference is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Timestamp>,
}

/// One report, with what Lectern knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportInfo {
    /// As in a path.
    pub name: ReportName,
    /// As a teacher would say it; Echo360's own description for a report that Lectern does not know.
    pub title: String,
    /// Whether Lectern knows its columns.
    pub known: bool,
    /// How a range over it is cut.
    pub shape: Shape,
    /// Parameters that a person gives, beside the days.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// `GET /api/courses`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Courses {
    /// Courses in scope, by code: those that Echo360 lists, and those that rows name.
    pub courses: Vec<Course>,
    /// The institution's terms, oldest first; none when Echo360 does not give them.
    #[serde(default)]
    pub terms: Vec<Term>,
}

/// A course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// UUID.
    pub id: String,
    /// As displayed by Echo360 (`courseIdentifier`), where a report gave it.
    pub code: String,
    /// Its name, where a report gave it.
    pub name: String,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A section of a course.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Section {
    /// UUID.
    pub id: String,
    /// Its number, as text.
    pub number: String,
    /// The id of its term, where Echo360 gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
}

/// `POST /api/requests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The report's name.
    pub report: String,
    /// The first day, `YYYY-MM-DD`; left out for a report without dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// An IANA zone; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Only for reports that list others than start and end.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
}

/// `POST /api/requests/{id}/retry`: the body may name windows to ask again although they are ready.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Window ids; when empty, those of the request that failed.
    #[serde(default)]
    pub windows: Vec<String>,
}

/// `GET /api/requests`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Newest first.
    pub requests: Vec<Request>,
    /// How the Desk fares.
    pub desk: DeskInfo,
}

/// A person's ask: one report over one range; met when all its windows are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// The report.
    pub report: ReportName,
    /// The first day; null for a report without dates.
    #[serde(default, with = "iso::option")]
    pub from: Option<Day>,
    /// The last day, included; null for a report without dates.
    #[serde(default, with = "iso::option")]
    pub to: Option<Day>,
    /// The zone of those days.
    pub tz: String,
    /// Parameters beside the days.
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// When it was first asked.
    pub created: Timestamp,
    /// Its windows, oldest first.
    pub windows: Vec<Window>,
    /// How the Desk fares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<DeskInfo>,
}

/// Where a window stands, as it is named outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for a slot.
    Queued,
    /// Is being asked of Echo360.
    Asking,
    /// Echo360 builds it.
    Building,
    /// Its file is being collected.
    Collecting,
    /// Its rows are here.
    Ready,
    /// Its rows are here, and some days were not complete when they were asked for.
    Provisional,
    /// Three tries did not bring it.
    Failed,
    /// Its days were forgotten: nothing is here, and nothing is asked until somebody asks for it again by hand.
    Forgotten,
}

impl State {
    /// Whether rows are being served.
    #[must_use]
    pub fn has_rows(self) -> bool {
        matches!(self, Self::Ready | Self::Provisional)
    }

    /// Whether something is still to come without anybody doing anything.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Asking | Self::Building | Self::Collecting)
    }
}

/// One window of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its id inside the report.
    pub id: String,
    /// The first UTC day; null for a report without dates.
    #[serde(default, with = "iso::option")]
    pub start: Option<Day>,
    /// The day after the last that is (being) asked for; null for a report without dates.
    #[serde(default, with = "iso::option")]
    pub end: Option<Day>,
    /// Where it stands. A window whose copy serves while it is asked again stays `ready` or `provisional`.
    pub state: State,
    /// Where the next copy stands, while one is asked for and another serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<State>,
    /// Tries that have gone wrong since it was last ready.
    pub tries: u8,
    /// Since when it stands there.
    pub since: Timestamp,
    /// When Lectern looks or tries next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Echo360's id of the request that is being built, or failed last: for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<String>,
    /// The first UTC day that was not complete when the copy was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso::option")]
    pub provisional_from: Option<Day>,
    /// What went wrong last, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When its days were forgotten, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
    /// The copy that serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<Copy>,
}

/// The copy that a window serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Which one: rises with every copy.
    pub generation: u32,
    /// When Echo360 was asked for it.
    pub created: Timestamp,
    /// The UTC day after the last it covers; null for a report without dates.
    #[serde(default, with = "iso::option")]
    pub end: Option<Day>,
    /// Data rows.
    pub rows: u64,
    /// Bytes of CSV, without the header.
    pub bytes: u64,
}

/// How the Desk fares: whether Echo360 answers and what is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskInfo {
    /// Upstream requests of ours that are unfinished, at most three.
    pub in_flight: u8,
    /// Windows that wait for a slot.
    pub queued: u32,
    /// How long Echo360 usually takes, by what it took lately; absent until a few windows are here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Usual>,
    /// Why nothing is being asked now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// How long Echo360 took to build lately: the middle eight of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usual {
    /// One in ten took less, in milliseconds.
    pub low: i64,
    /// One in ten took more, in milliseconds.
    pub high: i64,
    /// How many windows this is from.
    pub of: u32,
}

/// Why the Desk asks nothing for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The kind.
    pub why: Hold,
    /// In a sentence.
    pub detail: String,
    /// Until when, at the earliest.
    pub until: Timestamp,
}

/// The kinds of reasons for which the Desk waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// Echo360 refuses the credentials: somebody has to act.
    CredentialsRefused,
    /// Echo360 fails or asks us to slow down.
    UpstreamDown,
    /// The account's slots are used by somebody else.
    LimitReached,
}

/// `GET /healthz` when all is well; else it is a problem that says what to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Settings are valid.
    pub ok: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn request_format_unchanged() {
        let request = Request {
            id: "r1".into(),
            report: ReportName::parse("videoview").unwrap(),
            from: "2026-02-02".parse().ok(),
            to: "2026-02-08".parse().ok(),
            tz: "UTC".into(),
            parameters: Parameters::new(),
            created: Timestamp(5),
            windows: vec![Window {
                id: "2026-02-02".into(),
                start: "2026-02-02".parse().ok(),
                end: "2026-02-09".parse().ok(),
                state: State::Building,
                again: None,
                tries: 0,
                since: Timestamp(6),
                next: None,
                upstream_request_id: Some("u".into()),
                provisional_from: None,
                fault: None,
                forgotten: None,
                copy: None,
            }],
            desk: None,
        };
        assert_eq!(
            serde_json::to_value(&request).unwrap(),
            json!({
                "id": "r1", "report": "videoview", "from": "2026-02-02", "to": "2026-02-08", "tz": "UTC",
                "created": 5,
                "windows": [{"id": "2026-02-02", "start": "2026-02-02", "end": "2026-02-09",
                    "state": "building", "tries": 0, "since": 6, "upstream_request_id": "u"}],
            })
        );
    }

    #[test]
    fn an_ask_with_a_field_that_nobody_knows_is_refused() {
        assert!(serde_json::from_value::<Ask>(json!({"report": "asset"})).is_ok());
        assert!(serde_json::from_value::<Ask>(json!({"report": "asset", "form": "2026-02-02"})).is_err());
    }
}
