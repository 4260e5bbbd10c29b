//! The sandbox's state, shared by all connections.

use crate::clock::{Clock, instant_text};
use crate::faults::{Fault, Faults, Occasion, Point};
use crate::file::Shape;
use crate::institution::Institution;
use crate::ledger::{Ledger, Pace};
use crate::requests::{Ask, By, Request, Status};
use crate::settings::Settings;
use crate::tokens::Tokens;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One sandbox.
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<Clock>,
    pub(crate) institution: Arc<Institution>,
    books: Mutex<Books>,
}

/// The mutable state.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) requests: Vec<Request>,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    /// Accepted calls, for the rate limit.
    pub(crate) allowed: Pace,
}

impl Sandbox {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            clock: Arc::new(Clock::starting(settings.now)),
            institution: Arc::new(Institution::new(&settings)),
            books: Mutex::new(Books::default()),
            settings,
        }
    }

    /// The ledger as JSON.
    pub(crate) fn ledger(&self) -> Value {
        let now = self.clock.millis();
        let books = self.books();
        let creates: Vec<Value> = books
            .requests
            .iter()
            .skip(books.ledger.first_request)
            .map(|request| {
                let status = request.status(now, self.settings.retention_seconds);
                json!({
                    "id": request.id,
                    "report": request.ask.report.name(),
                    "parameters": request.ask.parameters,
                    "created": instant_text(request.created),
                    "by": request.by.name(),
                    "status": if request.gone { "Gone" } else { status.name() },
                    "finished_at": (now >= request.finished).then(|| instant_text(request.finished)),
                })
            })
            .collect();
        books.ledger.json(&creates)
    }

    /// Locks the mutable state. Never hold the guard across an await.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// The number of upstream requests that occupy a slot.
    pub(crate) fn in_flight(&self, by: Option<By>, now: i64) -> usize {
        self.requests
            .iter()
            .filter(|request| by.is_none_or(|by| request.by == by) && request.in_flight(now))
            .count()
    }

    /// Creates an upstream request and decides its faults.
    pub(crate) fn create(&mut self, settings: &Settings, ask: Ask, by: By, now: i64) -> &mut Request {
        let start = ask.start().map(str::to_owned);
        let occasion =
            Occasion { point: Point::Create, report: Some(ask.report.name()), start: start.as_deref() };
        let faults = &mut self.faults;
        // Faults apply only to the client under test.
        let mut strikes = |fault| by == By::Client && faults.strikes(fault, occasion).is_some();
        let shape = Shape {
            bom: strikes(Fault::Bom),
            crlf: strikes(Fault::Crlf),
            no_last_line_end: strikes(Fault::NoLastLineEnd),
            iso_times: strikes(Fault::IsoTimes),
            short_row: strikes(Fault::ShortRow),
            wrong_header: strikes(Fault::WrongHeader),
            upper_case_header: strikes(Fault::UpperCaseHeader),
            null_markers: strikes(Fault::NullMarkers),
            repeated_header: strikes(Fault::RepeatedHeader),
            backslash_quotes: strikes(Fault::BackslashQuotes),
            missing_section: strikes(Fault::MissingSection),
            many_sections: strikes(Fault::ManySections),
            id_spellings: strikes(Fault::IdSpellings),
            empty: strikes(Fault::EmptyGzip),
            two_files: strikes(Fault::TwoFiles),
            plain_named_gz: strikes(Fault::PlainNamedGz),
            content_encoding: strikes(Fault::ContentEncoding),
        };
        let outcome = if strikes(Fault::Failed) {
            Status::Failed
        } else if strikes(Fault::Missing) {
            Status::Missing
        } else if strikes(Fault::Expired) {
            Status::Expired
        } else {
            Status::Available
        };
        let gone = strikes(Fault::Gone);
        if by == By::Client {
            let is_equal = |request: &&Request| {
                request.by == By::Client
                    && request.in_flight(now)
                    && request.ask.report == ask.report
                    && request.ask.parameters == ask.parameters
            };
            self.ledger.equal_live_asks += u64::from(self.requests.iter().any(|request| is_equal(&request)));
        }
        let number = self.requests.len() as u64;
        let mut request = Request::new((settings.seed, number), ask, by, now, &settings.build_seconds, shape);
        request.outcome = outcome;
        request.gone = gone;
        self.requests.push(request);
        let client_in_flight = self.in_flight(Some(By::Client), now);
        self.ledger.max_in_flight = self.ledger.max_in_flight.max(client_in_flight);
        let last = self.requests.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "it was pushed just above")]
        &mut self.requests[last]
    }
}
