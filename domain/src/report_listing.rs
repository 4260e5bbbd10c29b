//! Parses Echo360's list of reports (`GET /reports`), in any of its likely envelopes.

use crate::report::{ReportName, Shape};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A parameter that a report takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportParameter {
    /// The parameter's name, as it is sent to Echo360.
    pub name: String,
    /// Echo360's name of the type, such as `date`; empty if it gives none.
    #[serde(default)]
    pub datatype: String,
    /// Whether Echo360 refuses a request without it.
    #[serde(default)]
    pub required: bool,
}

/// A report that Echo360 lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportListing {
    /// The report's name in Echo360's API.
    pub name: ReportName,
    /// The vendor's description, one line; may be empty.
    #[serde(default)]
    pub description: String,
    /// The vendor's further note, one line; may be empty.
    #[serde(default)]
    pub note: String,
    /// The parameters of a request for the report, `start` and `end` included.
    #[serde(default)]
    pub parameters: Vec<ReportParameter>,
}

impl ReportListing {
    /// How a range over this report is split into windows. An unknown report with dates counts as
    /// [`Shape::Sums`], since nothing says that its rows can be trimmed.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self.name.known() {
            Some(report) => report.descriptor().shape,
            None if self.has_parameter("start") && self.has_parameter("end") => Shape::Sums,
            None => Shape::Snapshot,
        }
    }

    /// The parameters that a person chooses: all but `start` and `end`.
    pub fn extra_parameters(&self) -> impl Iterator<Item = &ReportParameter> {
        self.parameters.iter().filter(|p| p.name != "start" && p.name != "end")
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name == name)
    }

    /// The listing of a known report by the vendor's reference, for when Echo360's list cannot be read;
    /// `None` for an unknown report.
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

/// Parses the response of `GET /reports`; `None` if it has no list. The vendor's reference shows entries but
/// no envelope, so `{"reports":[…]}`, `{"data":[…]}` and a bare array are all accepted. Entries without a
/// valid name are skipped.
#[must_use]
pub fn parse_report_listings(response: &Value) -> Option<Vec<ReportListing>> {
    let entries = response.as_array().or_else(|| {
        ["reports", "data"].iter().find_map(|envelope| response.get(envelope).and_then(Value::as_array))
    })?;
    Some(entries.iter().filter_map(parse_listing).collect())
}

/// Parses one entry. A field that is missing, null or of another type counts as empty.
fn parse_listing(entry: &Value) -> Option<ReportListing> {
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
    fn every_envelope_is_accepted_and_nameless_entries_are_skipped() {
        let entries = json!([
            {"name": "visit", "description": "d", "note": "n", "parameters": [
                {"name": "start", "datatype": "date", "required": true},
                {"name": "end", "datatype": "date", "required": true}]},
            {"name": "asset", "parameters": null, "note": null},
            {"title": "no name"},
        ]);
        for response in [entries.clone(), json!({"reports": entries}), json!({"data": entries})] {
            let listings = parse_report_listings(&response).unwrap();
            let shapes: Vec<_> =
                listings.iter().map(|listing| (listing.name.as_str(), listing.shape())).collect();
            assert_eq!(shapes, [("visit", Shape::Sums), ("asset", Shape::Snapshot)]);
        }
        assert_eq!(parse_report_listings(&json!({"error": "NotFound"})), None);
    }
}
