//! The CSV files of a view: one for each chosen section, since a download takes one section at a time.

use crate::words;
use domain::api::{Course, Courses, RequestInfo};
use domain::ids::SectionId;
use domain::view::View;

/// One file that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFile {
    /// The URL of the download.
    pub href: String,
    /// The URL of the number of its rows.
    pub count_href: String,
    /// The URL of the same rows as a zip file with one CSV file per week, if there are several weeks.
    pub archive_href: Option<String>,
    /// The text of its link.
    pub label: String,
    /// The name of its section, which no other file has, where several are chosen.
    pub section: Option<String>,
}

/// All files of a view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvFiles {
    /// One file, or one for each of several chosen sections.
    pub files: Vec<CsvFile>,
    /// Whether the view has filters by role, video, deck or student: downloads ignore them and have more
    /// rows.
    pub ignores_filters: bool,
}

impl CsvFiles {
    /// The files of `view`, once every window of its request has rows.
    #[must_use]
    pub fn for_request(request: &RequestInfo, view: &View, directory: &Courses) -> Option<Self> {
        if request.windows.iter().any(|window| !window.state.has_rows()) {
            return None;
        }
        let file = |section: Option<&SectionId>, label: String, name: Option<String>| {
            let query = csv_query(request, view, section);
            let url = |path: &str, more: Option<&str>| {
                let query = [Some(query.as_str()).filter(|query| !query.is_empty()), more];
                let query: Vec<&str> = query.into_iter().flatten().collect();
                let separator = if query.is_empty() { "" } else { "?" };
                format!("/api/csv/{}{path}{separator}{}", request.report, query.join("&"))
            };
            CsvFile {
                href: url("", None),
                count_href: url("/count", None),
                archive_href: (request.windows.len() > 1).then(|| url("", Some("as=zip"))),
                label,
                section: name,
            }
        };
        let files = match view.sections.len() {
            0 | 1 => vec![file(view.sections.first(), words::DOWNLOAD.to_owned(), None)],
            _ => {
                let names: Vec<String> =
                    view.sections.iter().map(|id| section_label(id, directory, view)).collect();
                let label = |(id, name): (&SectionId, &String)| {
                    // Every term has a section 1: the beginning of the id tells them apart.
                    let is_unique = names.iter().filter(|other| *other == name).count() == 1;
                    let name =
                        if is_unique { name.clone() } else { words::section_with_id(name, id.as_str()) };
                    file(Some(id), words::download_section(&name), Some(name))
                };
                view.sections.iter().zip(&names).map(label).collect()
            }
        };
        Some(Self {
            files,
            ignores_filters: view.student.is_some()
                || !(view.roles.is_empty() && view.videos.is_empty() && view.decks.is_empty()),
        })
    }
}

/// The query of the CSV of a request, for the view's course and one section.
fn csv_query(request: &RequestInfo, view: &View, section: Option<&SectionId>) -> String {
    let days = request.from.zip(request.to);
    let pairs = [
        ("from", days.map(|(from, _)| from.to_string())),
        ("to", days.map(|(_, to)| to.to_string())),
        ("tz", days.map(|_| request.tz.replace('+', "%2B"))),
        ("course", view.course.as_ref().map(|id| id.as_str().to_owned())),
        ("section", section.map(|id| id.as_str().to_owned())),
    ];
    // Parameter values that the page accepts need no percent-encoding.
    let parameters = request.parameters.iter().map(|(name, value)| format!("parameters.{name}={value}"));
    let pairs = pairs.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", value?)));
    pairs.chain(parameters).collect::<Vec<_>>().join("&")
}

/// A section with its course; the beginning of its id where neither is known yet.
fn section_label(id: &SectionId, directory: &Courses, view: &View) -> String {
    let find = |course: &Course| {
        let section = course.sections.iter().find(|it| it.id == *id)?;
        let name = words::section_of_course(directory, course, section, view.range);
        Some(format!("{}, {name}", words::course_name(course)))
    };
    let unknown = || words::section_name(&words::figures::beginning(id.as_str()));
    directory.courses.iter().find_map(find).unwrap_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calendar::Breaks;
    use domain::directory::Term;

    const IDS: [&str; 2] = ["0a1b2c3d-0000-4000-8000-00000000000a", "1a1b2c3d-0000-4000-8000-00000000000b"];

    fn request() -> RequestInfo {
        serde_json::from_str(
            r#"{"id":"r","report":"videoview","from":"2026-02-02","to":"2026-02-08","tz":"Etc/GMT+3","created":1770595200000,
            "windows":[]}"#,
        )
        .unwrap()
    }

    #[test]
    fn each_chosen_section_is_a_file_and_without_sections_the_course_is_one() {
        let view = |query: &str| View::parse("/", query);
        let of = |query: &str| CsvFiles::for_request(&request(), &view(query), &Courses::default()).unwrap();
        let all = of("v=1");
        assert_eq!(all.files.len(), 1);
        assert_eq!(all.files[0].href, "/api/csv/videoview?from=2026-02-02&to=2026-02-08&tz=Etc/GMT%2B3");
        let count = "/api/csv/videoview/count?from=2026-02-02&to=2026-02-08&tz=Etc/GMT%2B3";
        assert_eq!(all.files[0].count_href, count);
        assert_eq!(all.files[0].archive_href, None);
        let window = r#"{"id":"2026-02-02","start":"2026-02-02","end":"2026-02-09","state":"ready","tries":0,"since":0}"#;
        let window: domain::api::WindowInfo = serde_json::from_str(window).unwrap();
        let weeks = RequestInfo { windows: vec![window.clone(), window], from: None, to: None, ..request() };
        let weeks = CsvFiles::for_request(&weeks, &view("v=1"), &Courses::default()).unwrap();
        assert_eq!(weeks.files[0].archive_href.as_deref(), Some("/api/csv/videoview?as=zip"));
        let request = RequestInfo { parameters: [("page".into(), "home".into())].into(), ..request() };
        let files = CsvFiles::for_request(&request, &view("v=1"), &Courses::default()).unwrap().files;
        assert!(files[0].href.ends_with("&parameters.page=home"));
        let two = of(&format!("v=1&section={},{}&role=student", IDS[0], IDS[1]));
        assert_eq!(two.files.len(), 2);
        assert!(two.ignores_filters);
        for (file, id) in two.files.iter().zip(IDS) {
            assert!(file.href.ends_with(&format!("&section={id}")), "{}", file.href);
            assert_eq!(file.label, format!("Download CSV of section {}", &id[..8]));
        }
        // Every term has a section 1: its term tells it apart, or the beginning of its id where no term is known.
        let course = r#"{"id":"c","code":"BIOL120","name":"","sections":[{"id":"ID0","number":"1"},{"id":"ID1","number":"1"}]}"#;
        let course = serde_json::from_str(&course.replace("ID0", IDS[0]).replace("ID1", IDS[1])).unwrap();
        let mut directory = Courses { courses: vec![course], terms: Vec::new() };
        let files = CsvFiles::for_request(
            &self::request(),
            &view(&format!("v=1&section={},{}", IDS[0], IDS[1])),
            &directory,
        );
        let file = &files.unwrap().files[1];
        assert_eq!(file.label, "Download CSV of BIOL120, section 1 (1a1b2c3d)");
        assert_eq!(file.section.as_deref(), Some("BIOL120, section 1 (1a1b2c3d)"));
        for (section, name) in ["Spring 2026", "Autumn 2026"].into_iter().enumerate() {
            directory.courses[0].sections[section].term = Some(name.to_owned());
            let (from, to) = ("2026-01-05".parse().unwrap(), "2026-12-20".parse().unwrap());
            directory.terms.push(Term {
                id: name.to_owned(),
                name: name.to_owned(),
                from,
                to,
                breaks: Breaks::default(),
            });
        }
        let sections = format!("v=1&section={},{}", IDS[0], IDS[1]);
        let files = CsvFiles::for_request(&self::request(), &view(&sections), &directory).unwrap().files;
        assert_eq!(files[1].label, "Download CSV of BIOL120, section 1 (Autumn 2026)");
    }
}
