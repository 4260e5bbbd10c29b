//! What is said where numbers are held against others: by the page, and by the thread of reports, each of which spells
//! numbers its own way.

/// Label of the choice.
pub const COMPARE: &str = "Compare with";
/// No comparison.
pub const NOTHING: &str = "Nothing";
/// The days before.
pub const BEFORE: &str = "The days before";
/// A report that cannot be held against anything.
pub const NOT_COMPARED: &str = "This report has no dates, so it cannot be compared.";
/// A report whose rows say no section that could be chosen.
pub const NO_SECTIONS: &str =
    "This report has no section ids, so it cannot be compared with another section.";

/// The days before: `the 4 weeks before`.
#[must_use]
pub fn days_before(days: u64, count: &dyn Fn(u64) -> String) -> String {
    match days {
        1 => "the same day of the week before".to_owned(),
        7 => "the week before".to_owned(),
        n if n.is_multiple_of(7) => format!("the {} weeks before", count(n / 7)),
        n if n < 7 => "the same days of the week before".to_owned(),
        n => format!("the same days {} weeks before", count(n.div_ceil(7))),
    }
}

/// What now and then come to: `12 % less than`.
#[must_use]
pub fn compare_amounts(now: f64, then: f64, number: &dyn Fn(f64) -> String) -> String {
    let share = ((now - then) / then * 100.0).round();
    if share.abs() < 1.0 {
        "about as much as".to_owned()
    } else if share >= 200.0 {
        format!("{} times as much as", number(now / then))
    } else {
        format!("{} % {} than", number(share.abs()), if share > 0.0 { "more" } else { "less" })
    }
}

/// ComparedSums of places, of which both are final, with what they come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ComparedSums {
    /// How many.
    pub count: u64,
    /// Of how many that are shown.
    pub of: u64,
    /// What these come to.
    pub now: f64,
    /// What the others come to.
    pub then: f64,
}

impl ComparedSums {
    /// What pairs of numbers come to, of which each is there where it is final.
    pub fn of(pairs: impl Iterator<Item = (Option<f64>, Option<f64>)>) -> Self {
        let mut sums = Self::default();
        for (now, then) in pairs {
            sums.of += 1;
            if let (Some(now), Some(then)) = (now, then) {
                sums.count += 1;
                sums.now += now;
                sums.then += then;
            }
        }
        sums
    }
}

/// How a number is told.
#[derive(Debug, Clone, Copy)]
pub struct ComparedUnit<'a> {
    /// In what: `minutes`.
    pub unit: &'a str,
    /// A place of the axis: `day`, `week`.
    pub place: &'a str,
    /// Whether numbers of several places can be added up; of people who come twice they cannot.
    pub is_sum: bool,
    /// What they are held against, as it is called.
    pub other: &'a str,
}

/// `12 % less than the 4 weeks before (1,204 minutes against 1,370).` Counts only steps that are final in both.
#[must_use]
pub fn comparison_sentence(
    pairs: ComparedSums,
    told: ComparedUnit<'_>,
    number: &dyn Fn(f64) -> String,
) -> String {
    let ComparedUnit { unit, place, is_sum, other } = told;
    #[expect(clippy::cast_precision_loss, reason = "places of an axis are few")]
    let (count, of) = (pairs.count as f64, pairs.of as f64);
    if pairs.count == 0 || pairs.now.max(pairs.then) <= 0.0 {
        return String::new();
    }
    let only = if pairs.count < pairs.of {
        let are = if pairs.count == 1 { "is" } else { "are" };
        format!(", counting only the {} of {} {place}s that {are} final in both", number(count), number(of))
    } else {
        String::new()
    };
    let (now, then, unit) = match is_sum {
        true => (pairs.now, pairs.then, unit.to_lowercase()),
        false => (pairs.now / count, pairs.then / count, format!("{} per {place}", unit.to_lowercase())),
    };
    if pairs.then <= 0.0 {
        return format!("No activity is recorded in {other}{only}.");
    }
    let held = compare_amounts(now, then, number);
    let mut letters = held.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{} {other} ({} {unit} against {}){only}.", letters.as_str(), number(now), number(then))
}

/// What the lines across a chart are, or that there are none yet.
#[must_use]
pub fn overlay_caveat(other: &str, are_here: bool) -> String {
    if are_here { format!("Lines show {other}.") } else { format!("No data for {other} yet.") }
}

/// In a read-out.
#[must_use]
pub fn compared_value(number: &str) -> String {
    format!("against {number}")
}

/// Before how far the weekly reports of the others are.
#[must_use]
pub fn label_progress(other: &str, far: &str) -> String {
    let mut other = other.chars();
    let first = other.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let mut far = far.chars();
    let next = far.next().map(|next| next.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}: {next}{}", other.as_str(), far.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(Option<f64>, Option<f64>)], is_sum: bool) -> String {
        let told = ComparedUnit { unit: "Minutes", place: "day", is_sum, other: "the week before" };
        comparison_sentence(ComparedSums::of(pairs.iter().copied()), told, &|n| n.to_string())
    }

    #[test]
    fn only_what_is_final_on_both_sides_is_held_against_the_other() {
        let all = [(Some(60.0), Some(70.0)), (Some(28.0), Some(30.0))];
        assert_eq!(said(&all, true), "12 % less than the week before (88 minutes against 100).");
        assert_eq!(said(&all, false), "12 % less than the week before (44 minutes per day against 50).");
        let some = [(Some(3.0), Some(1.0)), (None, Some(30.0)), (Some(9.0), None)];
        assert_eq!(
            said(&some, true),
            "3 times as much as the week before (3 minutes against 1), counting only the 1 of 3 days that is final in both."
        );
    }

    #[test]
    fn earlier_days_are_named_by_their_distance_in_weeks() {
        let labels = [1, 3, 7, 10, 28].map(|days| days_before(days, &|count| count.to_string()));
        let expected = [
            "the same day of the week before",
            "the same days of the week before",
            "the week before",
            "the same days 2 weeks before",
            "the 4 weeks before",
        ];
        assert_eq!(labels, expected);
    }

    #[test]
    fn nothing_is_no_share() {
        assert_eq!(said(&[(None, Some(1.0))], true), "");
        assert_eq!(said(&[(Some(0.0), Some(0.0))], true), "");
        assert_eq!(said(&[(Some(2.0), Some(0.0))], true), "No activity is recorded in the week before.");
        assert_eq!(
            said(&[(Some(2.0), Some(2.0))], true),
            "About as much as the week before (2 minutes against 2)."
        );
    }
}
