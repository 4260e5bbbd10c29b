//! What of a view can be shared, and whether a share covers a view.

use domain::ids::SectionId;
use domain::range::Range;
use domain::report::ReportName;
use domain::shares::{CreateShareRequest, Share, ShareSubject};
use domain::view::{Page, View};

/// Why a view cannot be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotShareable {
    /// The report has no shares, or the view shows one person.
    NotShared,
    /// No course is chosen.
    NoCourse,
    /// No days are chosen.
    NoDays,
}

/// The body that creates a share of `view`, without name, lifetime and sites.
///
/// # Errors
/// [`NotShareable`].
pub fn share_request(view: &View) -> Result<CreateShareRequest, NotShareable> {
    let subject = subject_of_view(view).ok_or(NotShareable::NotShared)?;
    if view.student.is_some() {
        return Err(NotShareable::NotShared);
    }
    let course = view.course.as_ref().ok_or(NotShareable::NoCourse)?;
    let (from, to) = match view.range {
        _ if subject.is_snapshot() => (None, None),
        Some(range) => (Some(range.from().to_string()), Some(range.to().to_string())),
        None => return Err(NotShareable::NoDays),
    };
    Ok(CreateShareRequest {
        report: subject.as_str().to_owned(),
        course: course.clone(),
        section: single_section(view).cloned(),
        from,
        to,
        name: None,
        days: None,
        origins: Vec::new(),
        preview: false,
    })
}

/// Whether `share` has the subject, course and section of `view`, and only days within its range.
#[must_use]
pub fn covers_view(share: &Share, view: &View) -> bool {
    let is_within = match (share.from, share.to, view.range) {
        (Some(from), Some(to), Some(range)) => range.from() <= from && to <= range.to(),
        (None, None, _) => true,
        _ => false,
    };
    let is_same_subject = share_request(view).is_ok_and(|request| request.report == share.report.as_str());
    is_same_subject
        && is_within
        && view.course.as_ref() == Some(&share.course)
        && single_section(view) == share.section.as_ref()
}

/// The view of a share's subject, course, section and days.
#[must_use]
pub fn shared_view(share: &Share) -> View {
    let (page, report) = match share.report {
        ShareSubject::Course => (Page::Course, None),
        ShareSubject::Report(report) => (Page::Overview, Some(ReportName::from(report))),
    };
    View {
        page,
        report,
        range: share.from.zip(share.to).and_then(|(from, to)| Range::new(from, to).ok()),
        course: Some(share.course.clone()),
        sections: share.section.iter().cloned().collect(),
        ..View::default()
    }
}

/// Splits the text of the sites field at lines, commas and spaces.
#[must_use]
pub fn parse_origins(text: &str) -> Vec<String> {
    text.split([',', '\n', ' ']).map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// The subject of a share of `view`; `None` if its report cannot be shared.
fn subject_of_view(view: &View) -> Option<ShareSubject> {
    if view.page == Page::Course {
        return Some(ShareSubject::Course);
    }
    view.known_report().and_then(ShareSubject::of_report)
}

/// The section if exactly one is chosen: a share shows one section or the whole course.
fn single_section(view: &View) -> Option<&SectionId> {
    view.sections.iter().next().filter(|_| view.sections.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::shares::ShareState;
    use domain::time::{Timestamp, minus_days, parse_day, plus_days};
    use proptest::prelude::*;

    const ONE: &str = "0d9f3a52-5c1e-4f3b-9a57-2c8b6d1e4f70";
    const TWO: &str = "1d9f3a52-5c1e-4f3b-9a57-2c8b6d1e4f70";

    fn share(report: ShareSubject, section: Option<&str>, days: Option<(&str, &str)>) -> Share {
        Share {
            id: "0".repeat(32),
            name: "A".to_owned(),
            owner: "local".to_owned(),
            mine: true,
            report,
            course: ONE.into(),
            section: section.map(SectionId::from),
            from: days.and_then(|(from, _)| parse_day(from)),
            to: days.and_then(|(_, to)| parse_day(to)),
            made: Timestamp::default(),
            expires: Timestamp::default(),
            opened: 0,
            last: None,
            origins: Vec::new(),
            state: ShareState::Open,
            exposed: None,
        }
    }

    #[test]
    fn a_share_request_describes_the_view() {
        let days = "from=2026-02-02&to=2026-02-15";
        let request_of = |path: &str, query: &str| share_request(&View::parse(path, query));
        let request = request_of("/course", &format!("{days}&course={ONE}")).unwrap();
        assert_eq!((request.report.as_str(), request.section, request.preview), ("course", None, false));
        assert_eq!(request.from.as_deref().zip(request.to.as_deref()), Some(("2026-02-02", "2026-02-15")));
        let request = request_of("/", &format!("report=notes&{days}&course={ONE}&section={TWO}")).unwrap();
        assert_eq!((request.report.as_str(), request.section), ("notes", SectionId::parse(TWO)));
        // With several sections the whole course is shared.
        let request =
            request_of("/", &format!("report=notes&{days}&course={ONE}&section={ONE},{TWO}")).unwrap();
        assert_eq!(request.section, None);
        let request = request_of("/", &format!("report=asset&{days}&course={ONE}")).unwrap();
        assert_eq!((request.from, request.to), (None, None));
        assert_eq!(request_of("/", &format!("report=notes&{days}")), Err(NotShareable::NoCourse));
        assert_eq!(request_of("/course", &format!("course={ONE}")), Err(NotShareable::NoDays));
        assert_eq!(
            request_of("/course", &format!("{days}&course={ONE}&student={TWO}")),
            Err(NotShareable::NotShared)
        );
        assert_eq!(
            request_of("/", &format!("report=course&{days}&course={ONE}")),
            Err(NotShareable::NotShared)
        );
        assert_eq!(
            request_of("/", &format!("report=users&{days}&course={ONE}")),
            Err(NotShareable::NotShared)
        );
    }

    #[test]
    fn origins_may_be_separated_by_lines_commas_and_spaces() {
        assert_eq!(
            parse_origins(" https://a.example\n\nhttps://b.example, c "),
            ["https://a.example", "https://b.example", "c"]
        );
        assert!(parse_origins(" \n").is_empty());
    }

    proptest! {
        #[test]
        fn a_share_covers_its_own_view_and_none_that_lacks_one_of_its_days(
            report in prop::sample::select(ShareSubject::all().collect::<Vec<_>>()),
            has_section: bool,
            before in 0..9_u64,
            after in 0..9_u64,
        ) {
            let days = (!report.is_snapshot()).then_some(("2026-02-02", "2026-02-15"));
            let share = share(report, has_section.then_some(TWO), days);
            let view = shared_view(&share);
            prop_assert!(covers_view(&share, &view));
            prop_assert!(!covers_view(&share, &view.clone().with_course(domain::ids::CourseId::parse(TWO))));
            let mut other = view.clone();
            if has_section { other.sections.clear(); } else { other.sections.extend(SectionId::parse(TWO)); }
            prop_assert!(!covers_view(&share, &other));
            if let (Some(from), Some(to)) = (share.from, share.to) {
                let wide = Range::new(minus_days(from, before), plus_days(to, after)).unwrap();
                prop_assert!(covers_view(&share, &view.clone().with_range(Some(wide))));
                let late = Range::new(plus_days(from, 1 + before), to).unwrap();
                prop_assert!(!covers_view(&share, &view.with_range(Some(late))));
            }
        }
    }
}
