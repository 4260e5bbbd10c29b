//! The help dialog's topic “Why numbers differ”: the reasons that apply to a report, in a teacher's words.
//!
//! They come from Echo360's own description of its reports, and from what Lectern does with them.

use domain::report::KnownReport;

/// The dialog's heading.
pub const TITLE: &str = "Why numbers differ";
/// The item of a figure's menu.
pub const ITEM: &str = "Why numbers differ";

/// Which figure the reasons are about.
#[must_use]
pub fn about_figure(figure: &str) -> String {
    format!("“{figure}”, compared with Echo360's own pages, another report or another day.")
}

/// Why a number may differ elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// A few words, without a full stop.
    pub heading: &'static str,
    /// Whole sentences.
    pub explanation: &'static str,
}

/// What the numbers belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A report; `None` is one that Lectern does not know.
    Report(Option<KnownReport>),
    /// A course page, which combines several reports.
    Course,
}

const HALF_MINUTES: Reason = Reason {
    heading: "Minutes are counted in halves",
    explanation: "Echo360 reports one row for every 30 seconds that somebody watched. Lectern adds them up: two rows are a minute. Parts that are watched again count again. Echo360's own pages may count and round differently, and the library's minutes are counted differently, too.",
};
const UNNAMED_ROWS: Reason = Reason {
    heading: "Some rows count for no viewer",
    explanation: "Where Echo360 gives no user id, or that of a shared account, the minutes count, but no viewer is added. Shared accounts are those that it makes for public links, those that watch three videos in the same half minute, and those that an administrator has marked.",
};
const NO_COURSE: Reason = Reason {
    heading: "Some rows name no course",
    explanation: "Videos that are embedded in other pages can have views without a course or a section. They count in the numbers of the whole institution, and in no course's.",
};
const BEYOND_LENGTH: Reason = Reason {
    heading: "More minutes than the video has",
    explanation: "Minutes per viewer can exceed a video's length, since parts that are watched again count again. No report says which part was watched.",
};
const DECK_VIEWS: Reason = Reason {
    heading: "Decks, not slides",
    explanation: "A row says that somebody viewed a deck, not which slide. The number of slides is the deck's size.",
};
const DECK_MARKS: Reason = Reason {
    heading: "Decks are marked, not slides",
    explanation: "A confusion mark names the deck it was set on. Which slide confused somebody is not reported.",
};
const LATEST_ANSWER: Reason = Reason {
    heading: "Changed answers",
    explanation: "Echo360 reports new and changed answers alike. Per day, each of them counts; in a poll's own figures, each person's latest answer on these days counts.",
};
const RIGHT_ANSWERS: Reason = Reason {
    heading: "What counts as right",
    explanation: "Lectern compares the latest answer with the poll's solution. Echo360 also marks answers as right or wrong, but says not to use that mark any more.",
};
const UNANSWERED: Reason = Reason {
    heading: "Questions without an answer are missing",
    explanation: "Echo360 reports a question once somebody has answered it, so there are fewer here than on a course's own page. An answer that is edited is reported again, on the day of the edit.",
};
const NOTE_SAVES: Reason = Reason {
    heading: "Saved notes, not notes",
    explanation: "Echo360 reports a note each time it is saved, in full and without an id. A note that was saved three times is three events, and its words count three times.",
};
const WEEKLY_SUMS: Reason = Reason {
    heading: "Each number is a sum over a week",
    explanation: "Echo360 adds these numbers up over the days that are requested, so they cannot be split into single days. Lectern adds up the weeks; the first and the last may be parts of a week.",
};
const SEVERAL_SECTIONS: Reason = Reason {
    heading: "A video in several sections",
    explanation: "It is listed once in each section in which it is published. Echo360 does not say which of its numbers belong to which section, so numbers are shown per section but not added up.",
};
const SNAPSHOT: Reason = Reason {
    heading: "Everything, as of one moment",
    explanation: "The library has no days: its counts run from the day a video was published until Echo360 built the report. A report over a few weeks always has less.",
};
const UNKNOWN_REPORT: Reason = Reason {
    heading: "A report that Lectern does not know",
    explanation: "It is shown as it came. Its own description says what its columns mean and whether they may be added up.",
};
const STUDENTS_ONLY: Reason = Reason {
    heading: "Only students are counted",
    explanation: "On a course page, what staff did is a separate number. A single report counts everybody, unless a figure says otherwise.",
};
const NO_LINK: Reason = Reason {
    heading: "Videos and decks are separate",
    explanation: "Nothing in the reports links a video to a deck, so the two are never added up or compared.",
};
const FINAL_DAYS_ONLY: Reason = Reason {
    heading: "Comparisons use final days",
    explanation: "A comparison leaves out days that may still grow, and compares each day with the same weekday before. So its numbers may be less than the sum of all days that are shown.",
};
const NOT_FINAL: Reason = Reason {
    heading: "The last two days are not final",
    explanation: "Echo360 generally completes a day 48 hours after it is over, in UTC. Until then, days are hatched and may still grow; “Request again” loads what has been added since.",
};
const ZONES: Reason = Reason {
    heading: "Days begin at different times",
    explanation: "Echo360 writes every time in UTC. Lectern counts by days of the time zone that is shown next to the dates, so an evening may fall on another day than in a list in UTC.",
};
const UTC_DAYS: Reason = Reason {
    heading: "These days are UTC days",
    explanation: "Echo360 counts days in UTC, and its sums over whole days cannot be split again. In reports with a time in each row, days are those of the time zone that is shown next to the dates.",
};
const ROLES: Reason = Reason {
    heading: "Roles belong to the institution",
    explanation: "Student, instructor or assistant is a person's role in the whole institution, not in this course. Somebody who assists here and studies elsewhere may count as a student.",
};
const NO_ROW: Reason = Reason {
    heading: "Nobody is listed for doing nothing",
    explanation: "People who did nothing are in no report, so percentages are of those who were active, not of those enrolled. A video that was downloaded or watched together has no row for each viewer.",
};
const TWO_SECTIONS: Reason = Reason {
    heading: "Sections do not add up",
    explanation: "A person who is active in two sections counts once in each, and once in the total.",
};
const BUILD_TIMES: Reason = Reason {
    heading: "Reports are built one by one",
    explanation: "Echo360 builds each report and each week at a different moment. As long as their days are not final, two of them may include different activity.",
};
const SCORES: Reason = Reason {
    heading: "Echo360's own pages use scores",
    explanation: "They combine several kinds of activity into one score, with weights of their own, and may include days that were not complete when Lectern requested them.",
};
const FILTERED: Reason = Reason {
    heading: "A filter is on",
    explanation: "The chips above the figures show the filters. A chart ignores the filter that it sets: it keeps showing what was not chosen, so that it can be chosen, too.",
};

/// The reasons that apply to `subject`: its own first, then those of all reports.
#[must_use]
pub fn reasons(subject: Subject) -> Vec<Reason> {
    let own: &[Reason] = match subject {
        Subject::Course => {
            &[STUDENTS_ONLY, HALF_MINUTES, LATEST_ANSWER, NOTE_SAVES, FINAL_DAYS_ONLY, NO_LINK]
        }
        Subject::Report(Some(KnownReport::VideoView)) => &[HALF_MINUTES, UNNAMED_ROWS, BEYOND_LENGTH],
        Subject::Report(Some(KnownReport::Presentation)) => &[DECK_VIEWS],
        Subject::Report(Some(KnownReport::Confused)) => &[DECK_MARKS],
        Subject::Report(Some(KnownReport::Polling)) => &[LATEST_ANSWER, RIGHT_ANSWERS],
        Subject::Report(Some(KnownReport::QAndA)) => &[UNANSWERED],
        Subject::Report(Some(KnownReport::Notes)) => &[NOTE_SAVES],
        Subject::Report(Some(KnownReport::Asset)) => {
            return vec![SNAPSHOT, SEVERAL_SECTIONS, NO_COURSE, BUILD_TIMES, SCORES];
        }
        Subject::Report(Some(KnownReport::AssetByDate)) => {
            return vec![WEEKLY_SUMS, SEVERAL_SECTIONS, NO_COURSE, UTC_DAYS, NOT_FINAL, BUILD_TIMES, SCORES];
        }
        Subject::Report(None) => return vec![UNKNOWN_REPORT, UTC_DAYS, NOT_FINAL, BUILD_TIMES],
    };
    let all = [NOT_FINAL, ZONES, ROLES, NO_ROW, NO_COURSE, TWO_SECTIONS, BUILD_TIMES, SCORES];
    let filtered = (subject != Subject::Course).then_some(FILTERED);
    own.iter().copied().chain(all).chain(filtered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::report::Shape;
    use std::collections::BTreeSet;

    fn all() -> Vec<(Subject, Vec<Reason>)> {
        let reports = KnownReport::ALL.into_iter().map(|report| Subject::Report(Some(report)));
        reports.chain([Subject::Course, Subject::Report(None)]).map(|it| (it, reasons(it))).collect()
    }

    #[test]
    fn reasons_fit_the_shape_and_columns_of_their_report() {
        for known in KnownReport::ALL {
            let (reasons, report) = (reasons(Subject::Report(Some(known))), known.descriptor());
            assert_eq!(reasons.contains(&NOT_FINAL), report.shape != Shape::Snapshot, "{}", report.name);
            assert_eq!(reasons.contains(&ZONES), report.shape == Shape::Rows, "{}", report.name);
            assert_eq!(reasons.contains(&UTC_DAYS), report.shape == Shape::Sums, "{}", report.name);
            let has_people = report.columns.iter().any(|column| column.contains("role"));
            assert_eq!(reasons.contains(&ROLES), has_people, "{}", report.name);
            assert_ne!(reasons.first(), Some(&UNKNOWN_REPORT), "{} is known", report.name);
        }
        assert_eq!(reasons(Subject::Report(None)).first(), Some(&UNKNOWN_REPORT));
    }

    #[test]
    fn reasons_are_whole_sentences_without_duplicates_and_file_jargon() {
        for (subject, reasons) in all() {
            let headings: BTreeSet<&str> = reasons.iter().map(|reason| reason.heading).collect();
            assert_eq!(headings.len(), reasons.len(), "{subject:?}");
            for Reason { heading, explanation } in reasons {
                assert!(explanation.ends_with('.') && !heading.ends_with('.'), "{heading}");
                for word in ["_", "CSV", "UUID", "API", "null"] {
                    assert!(!explanation.contains(word) && !heading.contains(word), "{heading}: {word}");
                }
            }
        }
    }
}
