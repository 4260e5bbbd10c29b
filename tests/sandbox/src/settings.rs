//! Settings of a sandbox, with defaults for tests.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

/// How one request is spelled in the path; the vendor's page has both.
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
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How many students the institution has.
    pub students: usize,
    /// How many courses it teaches, each with two to four sections every term.
    pub courses: usize,
    /// The random seed: equal seeds generate equal institutions, independently of the clock.
    pub seed: u64,
    /// The instant the clock starts at, in seconds since 1970, UTC; the real time when absent.
    pub now: Option<i64>,
    /// The build time of a report, in seconds.
    pub build_seconds: RangeInclusive<f64>,
    /// How one request is spelled in the path.
    pub single_request: SingleRequest,
    /// The OAuth client id that is let in.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Reporting calls allowed in any sliding minute.
    pub calls_per_minute: usize,
    /// Reports that may be in flight at once.
    pub in_flight: usize,
    /// How long an access token lives, in seconds.
    pub token_seconds: i64,
    /// How long a signed link lives, in seconds.
    pub link_seconds: i64,
    /// How long a finished report is kept from its submission, in seconds.
    pub retention_seconds: i64,
    /// For load tests: about this many `videoview` rows per week instead of the modeled ones.
    pub bulk_rows: Option<u64>,
    /// Whether `visit` requires the parameter `page` and accepts `least`, the minimum number of visits per row.
    pub visits_of_page: bool,
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
            bulk_rows: None,
            visits_of_page: false,
        }
    }
}
