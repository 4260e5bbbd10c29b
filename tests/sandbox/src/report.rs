//! The reports: names, parameters, and documented columns in their order.

use serde_json::{Value, json};

/// A report that can be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Report {
    /// Totals of every video, over all time.
    Asset,
    /// Totals of every video, over at most a week.
    AssetByDate,
    /// Views of presentations.
    Presentation,
    /// Video watched, in events of 30 s.
    VideoView,
    /// Confusion marks on slides.
    Confused,
    /// Poll responses.
    Polling,
    /// Answers to questions.
    Qanda,
    /// Notes.
    Notes,
    /// The fictional report of the vendor's example, which no client knows in advance.
    Visit,
}

/// Whether a column's cells are quoted text or bare numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Quoted text.
    Text,
    /// A number without quotes.
    Number,
}

use Cell::{Number, Text};

const ASSET: &[(&str, Cell)] = &[
    ("video_name", Text),
    ("create_date", Text),
    ("section_number", Text),
    ("owner_name", Text),
    ("mediaid", Text),
    ("scheduled", Number),
    ("course_identifier", Text),
    ("organization_name", Text),
    ("department_name", Text),
    ("room_name", Text),
    ("building_name", Text),
    ("campus_name", Text),
    ("term_name", Text),
    ("transcribed", Number),
    ("device", Text),
    ("video_duration_in_minutes", Number),
    ("last_view", Text),
    ("view_count", Number),
    ("downloads", Number),
    ("view_duration_in_minutes", Number),
    ("public", Number),
    ("private", Number),
    ("live", Number),
    ("on_demand", Number),
    ("published_date", Text),
];

const PRESENTATION: &[(&str, Cell)] = &[
    ("presentationID", Text),
    ("presentationName", Text),
    ("sectionId", Text),
    ("sectionNumber", Text),
    ("courseId", Text),
    ("courseIdentifier", Text),
    ("courseName", Text),
    ("event_timestamp", Text),
    ("userid", Text),
    ("firstname", Text),
    ("lastname", Text),
    ("email", Text),
    ("role", Text),
    ("slide_count", Number),
];

const VIDEO_VIEW: &[(&str, Cell)] = &[
    ("VideoId", Text),
    ("VideoName", Text),
    ("sectionId", Text),
    ("sectionNumber", Text),
    ("courseId", Text),
    ("courseIdentifier", Text),
    ("courseName", Text),
    ("event_timestamp", Text),
    ("duration_Minute", Number),
    ("userid", Text),
    ("firstname", Text),
    ("lastname", Text),
    ("email", Text),
    ("role", Text),
];

const CONFUSED: &[(&str, Cell)] = &[
    ("PresentationID", Text),
    ("PresentationName", Text),
    ("sectionId", Text),
    ("sectionNumber", Text),
    ("courseId", Text),
    ("courseIdentifier", Text),
    ("courseName", Text),
    ("event_timestamp", Text),
    ("userid", Text),
    ("firstname", Text),
    ("lastname", Text),
    ("email", Text),
    ("role", Text),
];

const POLLING: &[(&str, Cell)] = &[
    ("presentation_id", Text),
    ("presentation_name", Text),
    ("sectionId", Text),
    ("sectionNumber", Text),
    ("courseId", Text),
    ("courseIdentifier", Text),
    ("courseName", Text),
    ("activity_id", Text),
    ("activity_prompt", Text),
    ("activity_content", Text),
    ("solution", Text),
    ("event_timestamp", Text),
    ("answer_id", Text),
    ("answer", Text),
    ("isCorrect", Number),
    ("userid", Text),
    ("firstname", Text),
    ("lastname", Text),
    ("email", Text),
    ("role", Text),
];

const QANDA: &[(&str, Cell)] = &[
    ("questionid", Text),
    ("question", Text),
    ("sectionId", Text),
    ("sectionNumber", Text),
    ("courseId", Text),
    ("courseIdentifier", Text),
    ("courseName", Text),
    ("question_userid", Text),
    ("question_firstname", Text),
    ("question_lastname", Text),
    ("question_email", Text),
    ("question_role", Text),
    ("answerid", Text),
    ("answer", Text),
    ("event_timestamp", Text),
    ("answer_userid", Text),
    ("answer_firstname", Text),
    ("answer_lastname", Text),
    ("answer_email", Text),
    ("answer_role", Text),
];

const NOTES: &[(&str, Cell)] = &[
    ("PresentationID", Text),
    ("PresentationName", Text),
    ("sectionId", Text),
    ("sectionNumber", Text),
    ("courseId", Text),
    ("courseIdentifier", Text),
    ("courseName", Text),
    ("content", Text),
    ("note_count", Number),
    ("event_timestamp", Text),
    ("userid", Text),
    ("firstname", Text),
    ("lastname", Text),
    ("email", Text),
    ("role", Text),
];

const VISIT: &[(&str, Cell)] = &[("user", Text), ("page", Text), ("visit_count", Number), ("date", Text)];

impl Report {
    /// All reports, in the order of `GET /reports`.
    pub const ALL: [Self; 9] = [
        Self::Asset,
        Self::AssetByDate,
        Self::Presentation,
        Self::VideoView,
        Self::Confused,
        Self::Polling,
        Self::Qanda,
        Self::Notes,
        Self::Visit,
    ];

    /// The report with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|report| report.name() == name)
    }

    /// The name in paths and lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::AssetByDate => "assetbydate",
            Self::Presentation => "presentation",
            Self::VideoView => "videoview",
            Self::Confused => "confused",
            Self::Polling => "polling",
            Self::Qanda => "qanda",
            Self::Notes => "notes",
            Self::Visit => "visit",
        }
    }

    /// Whether its requests have a start and an end.
    #[must_use]
    pub const fn has_dates(self) -> bool {
        !matches!(self, Self::Asset)
    }

    /// The columns, in the order of the vendor's page.
    #[must_use]
    pub const fn columns(self) -> &'static [(&'static str, Cell)] {
        match self {
            Self::Asset | Self::AssetByDate => ASSET,
            Self::Presentation => PRESENTATION,
            Self::VideoView => VIDEO_VIEW,
            Self::Confused => CONFUSED,
            Self::Polling => POLLING,
            Self::Qanda => QANDA,
            Self::Notes => NOTES,
            Self::Visit => VISIT,
        }
    }

    const fn description_and_note(self) -> (&'static str, &'static str) {
        match self {
            Self::Asset => ("Asset report", "Engagement for all video assets"),
            Self::AssetByDate => {
                ("Asset by date report", "Engagement for all video assets within a date range")
            }
            Self::Presentation => ("Presentation slide views", "Engagement for presentation slide views"),
            Self::VideoView => ("Video views by user", "Each event indicates 30 seconds of watched video"),
            Self::Confused => ("Confusion by user", "Events indicating that a slide was marked as confusing"),
            Self::Polling => ("Polling by user", "New and updated responses to poll questions"),
            Self::Qanda => ("Question and answer by user", "New and updated responses for Q&A"),
            Self::Notes => ("Notes by user", "Metadata for created or updated notes"),
            Self::Visit => ("Page visits", "Visits per user, page and day"),
        }
    }

    /// The parameters other than start and end: name, type, whether required.
    #[must_use]
    pub const fn extras(self, visits_of_page: bool) -> &'static [(&'static str, &'static str, bool)] {
        match self {
            Self::Visit if visits_of_page => &[("page", "string", true), ("least", "number", false)],
            _ => &[],
        }
    }

    /// The report's entry in `GET /reports`.
    #[must_use]
    pub fn listing(self, visits_of_page: bool) -> Value {
        let (description, note) = self.description_and_note();
        let dates: &[_] =
            if self.has_dates() { &[("start", "date", true), ("end", "date", true)] } else { &[] };
        let parameters: Vec<Value> = dates
            .iter()
            .chain(self.extras(visits_of_page))
            .map(|(name, datatype, required)| json!({ "name": name, "datatype": datatype, "required": required }))
            .collect();
        json!({ "name": self.name(), "description": description, "note": note, "parameters": parameters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_is_found_by_its_name() {
        for report in Report::ALL {
            assert_eq!(Report::named(report.name()), Some(report));
        }
        assert_eq!(Report::named("nothing"), None);
    }

    #[test]
    fn reports_have_the_documented_number_of_columns() {
        let counts: Vec<_> = Report::ALL.iter().map(|report| report.columns().len()).collect();
        assert_eq!(counts, [25, 25, 14, 14, 13, 20, 20, 15, 4]);
    }
}
