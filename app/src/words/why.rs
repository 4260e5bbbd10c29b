//! Why numbers differ: the reasons that hold for a report, in a teacher's words.
//!
//! Taken from Echo360's own description of its reports, and from what Lectern does with them.

use domain::report::KnownReport;

/// Heading.
pub const TITLE: &str = "Why numbers differ";
/// The item of a figure's menu.
pub const ITEM: &str = "Why numbers differ";

/// Of which figure the reasons are told.
#[must_use]
pub fn of(figure: &str) -> String {
    format!("“{figure}”, held against Echo360's own pages, another report or another day.")
}

/// Why a number may be another one elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// In a few words.
    pub head: &'static str,
    /// In full.
    pub told: &'static str,
}

/// Whose numbers they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A report's; `None` of one that Lectern does not know.
    Report(Option<KnownReport>),
    /// Those of a course's page, which has several.
    Course,
}

const HALF_MINUTES: Reason = Reason {
    head: "Minutes are counted in halves",
    told: "Echo360 reports one row for every 30 seconds that somebody watched, and Lectern adds them up: two rows are a minute. Watching a part again counts again. Echo360's own pages may count and round otherwise, and the library's own minutes are another count.",
};
const NAMELESS: Reason = Reason {
    head: "Some rows name nobody",
    told: "Where Echo360 gives no id of a person, the minutes count and no viewer is added.",
};
const PAST_LENGTH: Reason = Reason {
    head: "More than the whole video",
    told: "Minutes per viewer can pass a video's length, since what is watched again counts again. Which part was watched is in no report.",
};
const DECK_SIZE: Reason = Reason {
    head: "Decks, not slides",
    told: "A row says that somebody viewed a deck. Which slide it was is not reported: the number of slides is the deck's size.",
};
const DECKS_MARKED: Reason = Reason {
    head: "Decks are marked, not slides",
    told: "A confusion mark names the deck it was set on. Which slide confused somebody is not reported.",
};
const LATEST: Reason = Reason {
    head: "Who answers twice",
    told: "Echo360 reports new and changed answers alike. Per day each of them counts; in a poll's own figures everybody's latest answer on these days counts.",
};
const SOLUTIONS: Reason = Reason {
    head: "What is called right",
    told: "Lectern compares the latest answer with the poll's solution. Echo360's own mark of right and wrong is one that it says not to use any more.",
};
const UNANSWERED: Reason = Reason {
    head: "Questions without an answer are missing",
    told: "Echo360 reports a question once somebody has answered it, so there are fewer here than on a course's own page. An answer that is edited is reported again, on the day of the edit.",
};
const SAVES: Reason = Reason {
    head: "Saved notes, not notes",
    told: "Echo360 reports a note each time it is saved, whole and without an id. A note that was saved three times is three events, and its words count three times.",
};
const SUMS: Reason = Reason {
    head: "Each number is a sum over a week",
    told: "Echo360 adds these up over the days that are asked for, so they cannot be split into single days. Lectern adds the weeks up; the first and the last may be parts of one.",
};
const PUBLISHED: Reason = Reason {
    head: "A video in several sections",
    told: "It stands once in each section that it is published to. Echo360 does not say which of its numbers belong to which, so across sections they are shown and not added up.",
};
const SNAPSHOT: Reason = Reason {
    head: "Everything, as of one moment",
    told: "The library has no days: its counts run since each video was published, up to when Echo360 built the report. A report over a few weeks is always less.",
};
const ITS_OWN_MEANING: Reason = Reason {
    head: "A report that Lectern does not know",
    told: "It is shown as it came. What its columns mean, and whether they may be added up, its own description says.",
};
const STUDENTS_ALONE: Reason = Reason {
    head: "Students alone are counted",
    told: "On a course's page what staff did stands beside as a number. A report by itself counts everybody, save where a figure says otherwise.",
};
const APART: Reason = Reason {
    head: "Videos and decks stand apart",
    told: "Nothing in the reports joins a video to a deck, so the two are never added up or held together.",
};
const FINAL_ONLY: Reason = Reason {
    head: "Compared are final days",
    told: "A comparison leaves out days that may still grow, and sets each beside the same day of the week before. So its numbers may be less than the sum of all days that are shown.",
};
const GROWING: Reason = Reason {
    head: "The last two days are not final",
    told: "Echo360 has a day complete in general 48 hours after it is over, in UTC. Until then days are hatched and may still grow; “Ask again” fetches what has come since.",
};
const ZONES: Reason = Reason {
    head: "A day begins elsewhere",
    told: "Echo360 writes every time in UTC. Lectern counts by days of the time zone that stands beside the dates, so an evening may fall on another day than in a list in UTC.",
};
const UTC_DAYS: Reason = Reason {
    head: "These days are UTC days",
    told: "Echo360 counts days in UTC, and what this report says of whole days cannot be cut again. In reports with a time in each row, days are those of the time zone that stands beside the dates.",
};
const ROLES: Reason = Reason {
    head: "A role is the institution's",
    told: "Student, instructor or assistant is what a person is in the whole institution, not in this course. Who assists here and studies elsewhere may count as a student.",
};
const NO_ROW: Reason = Reason {
    head: "Nobody is listed for doing nothing",
    told: "Who did nothing is in no report, so shares are of those who were active, not of those enrolled. A video that was downloaded or watched together leaves no row of its own for each viewer.",
};
const TWO_SECTIONS: Reason = Reason {
    head: "Sections do not add up",
    told: "Who is active in two sections counts once in each, and once in all of them.",
};
const OWN_MOMENT: Reason = Reason {
    head: "Reports are built one by one",
    told: "Echo360 builds each report and each week at a moment of its own. Two of them may know of different things, as long as their days are not final.",
};
const SCORES: Reason = Reason {
    head: "Echo360's own pages weigh",
    told: "They put several kinds of activity into one score, by weights of their own, and may include days that were not complete when Lectern asked.",
};
const FILTERED: Reason = Reason {
    head: "A filter is on",
    told: "Chips above the figures say what is filtered. A chart does not filter itself: it keeps showing what was not chosen, so that it can be chosen too.",
};

/// The reasons that hold for `of`, what is its own first.
#[must_use]
pub fn reasons(of: Of) -> Vec<Reason> {
    let own: &[Reason] = match of {
        Of::Course => &[STUDENTS_ALONE, HALF_MINUTES, LATEST, SAVES, FINAL_ONLY, APART],
        Of::Report(Some(KnownReport::VideoView)) => &[HALF_MINUTES, NAMELESS, PAST_LENGTH],
        Of::Report(Some(KnownReport::Presentation)) => &[DECK_SIZE],
        Of::Report(Some(KnownReport::Confused)) => &[DECKS_MARKED],
        Of::Report(Some(KnownReport::Polling)) => &[LATEST, SOLUTIONS],
        Of::Report(Some(KnownReport::QAndA)) => &[UNANSWERED],
        Of::Report(Some(KnownReport::Notes)) => &[SAVES],
        Of::Report(Some(KnownReport::Asset)) => return vec![SNAPSHOT, PUBLISHED, OWN_MOMENT, SCORES],
        Of::Report(Some(KnownReport::AssetByDate)) => {
            return vec![SUMS, PUBLISHED, UTC_DAYS, GROWING, OWN_MOMENT, SCORES];
        }
        Of::Report(None) => return vec![ITS_OWN_MEANING, UTC_DAYS, GROWING, OWN_MOMENT],
    };
    let all = [GROWING, ZONES, ROLES, NO_ROW, TWO_SECTIONS, OWN_MOMENT, SCORES];
    let filtered = (of != Of::Course).then_some(FILTERED);
    own.iter().copied().chain(all).chain(filtered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::report::Shape;
    use std::collections::BTreeSet;

    fn all() -> Vec<(Of, Vec<Reason>)> {
        let reports = KnownReport::ALL.into_iter().map(|report| Of::Report(Some(report)));
        reports.chain([Of::Course, Of::Report(None)]).map(|of| (of, reasons(of))).collect()
    }

    #[test]
    fn what_cannot_hold_for_a_report_is_not_said_of_it() {
        for known in KnownReport::ALL {
            let (said, report) = (reasons(Of::Report(Some(known))), known.descriptor());
            assert_eq!(said.contains(&GROWING), report.shape != Shape::Snapshot, "{}", report.name);
            assert_eq!(said.contains(&ZONES), report.shape == Shape::Rows, "{}", report.name);
            assert_eq!(said.contains(&UTC_DAYS), report.shape == Shape::Sums, "{}", report.name);
            let has_people = report.columns.iter().any(|column| column.contains("role"));
            assert_eq!(said.contains(&ROLES), has_people, "{}", report.name);
            assert_ne!(said.first(), Some(&ITS_OWN_MEANING), "{} is known", report.name);
        }
        assert_eq!(reasons(Of::Report(None)).first(), Some(&ITS_OWN_MEANING));
    }

    #[test]
    fn every_reason_is_said_once_whole_and_without_the_words_of_files() {
        for (of, said) in all() {
            let heads: BTreeSet<&str> = said.iter().map(|reason| reason.head).collect();
            assert_eq!(heads.len(), said.len(), "{of:?}");
            for Reason { head, told } in said {
                assert!(told.ends_with('.') && !head.ends_with('.'), "{head}");
                for word in ["_", "CSV", "UUID", "API", "null"] {
                    assert!(!told.contains(word) && !head.contains(word), "{head}: {word}");
                }
            }
        }
    }
}
