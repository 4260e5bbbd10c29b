//! Settings of a sandbox, with defaults for tests.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

/// The path of one upstream request; the vendor's page has both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SingleRequest {
    /// `/requests/{id}`
    #[default]
    Plural,
    /// `/request/{id}`
    Singular,
}

/// The settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// The number of students.
    pub students: usize,
    /// The number of courses, each with two to four sections every term.
    pub courses: usize,
    /// The random seed: equal seeds generate equal institutions, independently of the clock.
    pub seed: u64,
    /// The time at which the clock starts, in seconds since 1970, UTC; by default, the real time.
    pub now: Option<i64>,
    /// The build time of a report, in seconds.
    pub build_seconds: RangeInclusive<f64>,
    /// The path of one upstream request.
    pub single_request: SingleRequest,
    /// The OAuth client id that is accepted.
    pub client_id: String,
    /// The OAuth client secret.
    pub client_secret: String,
    /// Maximum number of reporting calls in any sliding minute.
    pub calls_per_minute: usize,
    /// Maximum number of upstream requests in flight.
    pub in_flight: usize,
    /// Lifetime of an access token, in seconds.
    pub token_seconds: i64,
    /// Lifetime of a signed link, in seconds.
    pub link_seconds: i64,
    /// How long after its creation an upstream request is Available, in seconds.
    pub retention_seconds: i64,
    /// For load tests: so many further courses in the lists, with a section each and without any activity.
    pub listed_courses: usize,
    /// The number of entries on a page of the lists of courses, sections and terms.
    pub page_entries: usize,
    /// The number of upstream requests on a page of their list; without it, all of them are on one.
    pub request_page_entries: Option<usize>,
    /// For load tests: about this many `videoview` rows per week instead of the modeled ones.
    pub bulk_rows: Option<u64>,
    /// Whether `visit` requires the parameter `page` and accepts `least`, the minimum number of visits per row.
    pub visits_of_page: bool,
    /// Whether the views of public links are those of anonymous accounts, instead of rows without a user.
    pub anonymous_accounts: bool,
    /// Whether the account of one student, with an ordinary name, watches three videos at the same time.
    pub busy_account: bool,
    /// Whether public links are embedded in other pages, so that their views name neither section nor course.
    pub embedded_media: bool,
    /// The Monday of a week without classes and without activity, as a day number. Its term lists it under
    /// `exceptions`.
    pub break_week: Option<i64>,
    /// Whether the rows of every fifth student name different roles, some of them two.
    pub mixed_roles: bool,
    /// From this time on, in seconds since 1970, new files name some students `Deleted User`, and others not at all.
    pub renamed_from: Option<i64>,
    /// Whether some students have the e-mail address of another one.
    pub two_ids: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            students: 240,
            courses: 6,
            seed: 7,
            now: None,
            build_seconds: 2.0..=8.0,
            single_request: SingleRequest::Plural,
            client_id: "lectern".to_owned(),
            client_secret: "sandbox secret".to_owned(),
            calls_per_minute: 120,
            in_flight: 3,
            token_seconds: 60 * 60,
            link_seconds: 7 * 24 * 60 * 60,
            retention_seconds: 14 * 24 * 60 * 60,
            listed_courses: 0,
            page_entries: 100,
            request_page_entries: None,
            bulk_rows: None,
            visits_of_page: false,
            anonymous_accounts: false,
            busy_account: false,
            embedded_media: false,
            break_week: None,
            mixed_roles: false,
            renamed_from: None,
            two_ids: false,
        }
    }
}
