//! Upstream requests and their life cycle, from Pending to Expired.
//!
//! A status is not stored: it follows from creation time, build time and outcome.

use crate::chance::Dice;
use crate::clock::{DAY_SECONDS, SECOND_MILLIS, date_of_day, day_of_text, instant_text, millis_of};
use crate::events::Span;
use crate::file::Shape;
use crate::report::Report;
use serde_json::{Map, Value, json};

/// Maximum length of a range.
const MAX_DAYS: i64 = 7;
/// How far back `assetbydate` may start.
const MAX_MONTHS_BACK: chrono::Months = chrono::Months::new(12);

/// The status of an upstream request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Available,
    Expired,
    Failed,
    Missing,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Available => "Available",
            Self::Expired => "Expired",
            Self::Failed => "Failed",
            Self::Missing => "Missing",
        }
    }
}

/// Who created an upstream request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The client under test.
    Client,
    /// Another client of the same account.
    Other,
}

impl By {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Other => "other",
        }
    }
}

/// A validated request body.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) report: Report,
    pub(crate) parameters: Map<String, Value>,
    pub(crate) span: Option<Span>,
    pub(crate) gzip: bool,
    pub(crate) delimiter: u8,
}

impl Ask {
    /// Validates the body of a create call.
    ///
    /// # Errors
    /// A message for the caller.
    pub(crate) fn read(
        report: Report,
        body: &[u8],
        today: i64,
        visits_of_page: bool,
    ) -> Result<Self, String> {
        let body = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
        let body: Value =
            serde_json::from_slice(body).map_err(|error| format!("The body is not JSON: {error}"))?;
        let Value::Object(mut body) = body else { return Err("The body is not a JSON object.".to_owned()) };
        let parameters = object(body.remove("parameters"), "parameters")?;
        let mut output = object(body.remove("output"), "output")?;
        if let Some(name) = body.keys().next() {
            return Err(format!("'{name}' is neither 'parameters' nor 'output'."));
        }
        let span = if report.has_dates() { Some(dates(report, &parameters, today)?) } else { None };
        let extras = report.extras(visits_of_page);
        if let Some(name) = parameters.keys().find(|name| {
            let is_day = report.has_dates() && matches!(name.as_str(), "start" | "end");
            !is_day && !extras.iter().any(|(extra, ..)| extra == name)
        }) {
            return Err(format!("The report '{}' has no parameter '{name}'.", report.name()));
        }
        if let Some((name, ..)) =
            extras.iter().find(|(name, _, required)| *required && !parameters.contains_key(*name))
        {
            return Err(format!("The parameter '{name}' is required."));
        }
        let gzip = match output.remove("compression") {
            None | Some(Value::Null) => true,
            Some(Value::Bool(gzip)) => gzip,
            Some(_) => return Err("output.compression is true or false.".to_owned()),
        };
        let delimiter = match output.remove("delimiter") {
            None | Some(Value::Null) => b',',
            Some(Value::String(text)) => match text.as_str() {
                "," => b',',
                "\t" => b'\t',
                "|" => b'|',
                _ => return Err("output.delimiter is a comma, a tab or a pipe.".to_owned()),
            },
            Some(_) => return Err("output.delimiter is a comma, a tab or a pipe.".to_owned()),
        };
        if let Some(name) = output.keys().next() {
            return Err(format!("There is no output option '{name}'."));
        }
        Ok(Self { report, parameters, span, gzip, delimiter })
    }

    /// A parameter other than start and end, as given.
    pub(crate) fn extra(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str)
    }

    /// The start, as given.
    pub(crate) fn start(&self) -> Option<&str> {
        self.parameters.get("start").and_then(Value::as_str)
    }
}

fn object(value: Option<Value>, name: &str) -> Result<Map<String, Value>, String> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(format!("'{name}' is not a JSON object.")),
    }
}

fn dates(report: Report, parameters: &Map<String, Value>, today: i64) -> Result<Span, String> {
    let day = |name: &str| {
        let value = parameters.get(name).ok_or_else(|| format!("The parameter '{name}' is required."))?;
        value
            .as_str()
            .and_then(day_of_text)
            .ok_or_else(|| format!("The parameter '{name}' is not a date (YYYY-MM-DD)."))
    };
    let (start, end) = (day("start")?, day("end")?);
    if end <= start {
        return Err("The end is not after the start.".to_owned());
    }
    if end - start > MAX_DAYS {
        return Err(format!("The range is longer than {MAX_DAYS} days."));
    }
    let year_ago = date_of_day(today).checked_sub_months(MAX_MONTHS_BACK);
    if report == Report::AssetByDate && year_ago.is_some_and(|year_ago| date_of_day(start) < year_ago) {
        return Err("The start is more than one year ago.".to_owned());
    }
    Ok(Span { start: start * DAY_SECONDS, end: end * DAY_SECONDS })
}

/// An upstream request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) ask: Ask,
    pub(crate) by: By,
    /// When it was created, in milliseconds since 1970.
    pub(crate) created: i64,
    /// When its build ends, in milliseconds since 1970.
    pub(crate) finished: i64,
    /// Its status after the build.
    pub(crate) outcome: Status,
    /// Whether it can no longer be found, by the fault `gone`.
    pub(crate) gone: bool,
    /// The format of its files.
    pub(crate) shape: Shape,
    /// The names of its files.
    pub(crate) files: Vec<String>,
}

impl Request {
    /// Chooses the build time by the request's number, and its id and file names by the number and the
    /// creation time.
    pub(crate) fn new(
        (seed, number): (u64, u64),
        ask: Ask,
        by: By,
        created: i64,
        build_seconds: &std::ops::RangeInclusive<f64>,
        shape: Shape,
    ) -> Self {
        let mut dice = Dice::new(seed, &[0x3002, number]);
        let spread = (build_seconds.end() - build_seconds.start()).max(0.0);
        let build = millis_of(build_seconds.start() + spread * dice.unit());
        let extension = if ask.gzip { "csv.gz" } else { "csv" };
        // The creation time is part of the key, so that a restarted sandbox does not reuse ids.
        let mut dice = Dice::new(seed, &[0x3004, number, created.unsigned_abs()]);
        let id = dice.uuid();
        let files =
            (0..1 + u8::from(shape.two_files)).map(|_| format!("{}.{extension}", dice.uuid())).collect();
        let outcome = Status::Available;
        Self { id, ask, by, created, finished: created + build, outcome, gone: false, shape, files }
    }

    /// The status at an instant.
    pub(crate) fn status(&self, now: i64, retention_seconds: i64) -> Status {
        if now < self.finished {
            Status::Pending
        } else if self.outcome == Status::Available && now >= self.created + retention_seconds * SECOND_MILLIS
        {
            Status::Expired
        } else {
            self.outcome
        }
    }

    /// Whether it occupies a slot.
    pub(crate) fn in_flight(&self, now: i64) -> bool {
        !self.gone && now < self.finished
    }

    /// The request as JSON; `files` are the name and the values of the field for its files, if available.
    pub(crate) fn json(&self, status: Status, files: Option<(&str, Vec<String>)>) -> Value {
        let mut json = json!({
            "requestId": self.id,
            "status": status.name(),
            "reportName": self.ask.report.name(),
            "parameters": self.ask.parameters,
            "created": instant_text(self.created),
        });
        if let (Some(json), Some((name, files))) = (json.as_object_mut(), files) {
            json.insert(name.to_owned(), files.into());
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(report: Report, body: &str) -> Result<Ask, String> {
        Ask::read(report, body.as_bytes(), day_of_text("2026-03-02").unwrap(), false)
    }

    #[test]
    fn a_report_can_require_parameters_besides_days() {
        let read =
            |body: &str| Ask::read(Report::Visit, body.as_bytes(), day_of_text("2026-03-02").unwrap(), true);
        let days = r#""start":"2026-02-02","end":"2026-02-03""#;
        assert!(read(&format!(r#"{{"parameters":{{{days}}}}}"#)).unwrap_err().contains("'page' is required"));
        let ask = read(&format!(r#"{{"parameters":{{{days},"page":"home"}}}}"#)).unwrap();
        assert_eq!((ask.extra("page"), ask.extra("least")), (Some("home"), None));
        assert!(read(&format!(r#"{{"parameters":{{{days},"page":"home","x":"y"}}}}"#)).is_err());
    }

    #[test]
    fn a_range_is_at_most_seven_days() {
        let week = r#"{"parameters":{"start":"2026-02-02","end":"2026-02-09"}}"#;
        assert_eq!(read(Report::Notes, week).unwrap().delimiter, b',');
        let eight_days = r#"{"parameters":{"start":"2026-02-02","end":"2026-02-10"}}"#;
        assert!(read(Report::Notes, eight_days).unwrap_err().contains("7 days"));
        let empty_range = r#"{"parameters":{"start":"2026-02-02","end":"2026-02-02"}}"#;
        assert!(read(Report::Notes, empty_range).is_err());
    }

    #[test]
    fn unknown_or_invalid_parameters_and_options_are_refused() {
        assert!(read(Report::Asset, "").is_ok());
        for body in [
            r#"{"parameters":{"start":"2026-02-02"}}"#,
            r#"{"parameters":{"start":"2026-02-02","end":"then"}}"#,
            r#"{"parameters":{"start":"2026-02-02","end":"2026-02-03","course":"x"}}"#,
            r#"{"parameters":{"start":"2026-02-02","end":"2026-02-03"},"output":{"delimiter":";"}}"#,
            r#"{"parameters":{"start":"2026-02-02","end":"2026-02-03"},"output":{"compression":"no"}}"#,
            r#"{"parameters":{"start":"2026-02-02","end":"2026-02-03"},"more":1}"#,
            "[]",
            "{",
        ] {
            assert!(read(Report::Notes, body).is_err(), "{body}");
        }
        assert!(read(Report::Asset, r#"{"parameters":{"start":"2026-02-02"}}"#).is_err());
    }

    #[test]
    fn assetbydate_reaches_back_one_year() {
        let old = r#"{"parameters":{"start":"2025-02-24","end":"2025-03-01"}}"#;
        assert!(read(Report::AssetByDate, old).unwrap_err().contains("year"));
        assert!(read(Report::VideoView, old).is_ok());
        let a_day_too_early = r#"{"parameters":{"start":"2025-03-01","end":"2025-03-08"}}"#;
        assert!(read(Report::AssetByDate, a_day_too_early).is_err());
        let ok = r#"{"parameters":{"start":"2025-03-02","end":"2025-03-09"}}"#;
        assert!(read(Report::AssetByDate, ok).is_ok());
    }
}
