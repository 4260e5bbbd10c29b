//! Parses Echo360's list of reports (`GET /reports`), tolerant of its envelope.

use crate::report::{ReportName, Shape};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One parameter that a report takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportParameter {
    /// As it is sent.
    pub name: String,
    /// As Echo360 names the type (`date` for `start` and `end`).
    #[serde(default)]
    pub datatype: String,
    /// Whether a request without it is refused.
    #[serde(default)]
    pub required: bool,
}

/// One report that Echo360 lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportListing {
    /// The report.
    pub name: ReportName,
    /// The vendor's one line on it.
    #[serde(default)]
    pub description: String,
    /// The vendor's second line on it.
    #[serde(default)]
    pub note: String,
    /// What a request for it must or may carry.
    #[serde(default)]
    pub parameters: Vec<ReportParameter>,
}

impl ReportListing {
    /// How a range over this report is cut. A report we do not know is taken to be sums when it has dates:
    /// nothing says that its rows could be trimmed.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self.name.known() {
            Some(report) => report.descriptor().shape,
            None if self.takes("start") && self.takes("end") => Shape::Sums,
            None => Shape::Snapshot,
        }
    }

    /// The parameters that a person must or may give: all but `start` and `end`.
    pub fn extra_parameters(&self) -> impl Iterator<Item = &ReportParameter> {
        self.parameters.iter().filter(|p| p.name != "start" && p.name != "end")
    }

    fn takes(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name == name)
    }

    /// The offer of a report from the vendor's reference, for when its own list cannot be had.
    #[must_use]
    pub fn from_reference(name: &ReportName) -> Option<Self> {
        let report = name.known()?.descriptor();
        let date = |name: &str| ReportParameter {
            name: name.to_owned(),
            datatype: "date".to_owned(),
            required: true,
        };
        let parameters = match report.shape {
            Shape::Snapshot => Vec::new(),
            Shape::Rows | Shape::Sums => vec![date("start"), date("end")],
        };
        Some(Self {
            name: name.clone(),
            description: report.title.to_owned(),
            note: String::new(),
            parameters,
        })
    }
}

/// Reads the answer of `GET /reports`. The reference shows entries but no envelope, so `{"reports":[…]}`,
/// `{"data":[…]}` and a bare array are all accepted; entries that name no report are passed over.
#[must_use]
pub fn parse_report_listings(answer: &Value) -> Option<Vec<ReportListing>> {
    let entries = answer.as_array().or_else(|| {
        ["reports", "data"].iter().find_map(|envelope| answer.get(envelope).and_then(Value::as_array))
    })?;
    Some(entries.iter().filter_map(parse_offer).collect())
}

/// One entry; whatever is missing, null or of another type is taken for nothing said.
fn parse_offer(entry: &Value) -> Option<ReportListing> {
    let text =
        |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let parameters = entry.get("parameters").and_then(Value::as_array);
    Some(ReportListing {
        name: ReportName::parse(entry.get("name")?.as_str()?)?,
        description: text(entry, "description"),
        note: text(entry, "note"),
        parameters: parameters
            .into_iter()
            .flatten()
            .map(|parameter| ReportParameter {
                name: text(parameter, "name"),
                datatype: text(parameter, "datatype"),
                required: parameter.get("required").is_some_and(|r| *r == true || *r == "true"),
            })
            .filter(|parameter| !parameter.name.is_empty())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_envelope_is_read_and_a_nameless_entry_passed_over() {
        let entries = json!([
            {"name": "visit", "description": "d", "note": "n", "parameters": [
                {"name": "start", "datatype": "date", "required": true},
                {"name": "end", "datatype": "date", "required": true}]},
            {"name": "asset", "parameters": null, "note": null},
            {"title": "no name"},
        ]);
        for answer in [entries.clone(), json!({"reports": entries}), json!({"data": entries})] {
            let offers = parse_report_listings(&answer).unwrap();
            let shapes: Vec<_> = offers.iter().map(|o| (o.name.as_str(), o.shape())).collect();
            assert_eq!(shapes, [("visit", Shape::Sums), ("asset", Shape::Snapshot)]);
        }
        assert_eq!(parse_report_listings(&json!({"error": "NotFound"})), None);
    }
}
