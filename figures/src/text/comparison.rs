//! Texts of comparisons with other days or another section.

use protocol::text::preposition;

/// Why a report without dates has no comparison.
pub const NOT_COMPARED: &str = "This report has no dates, so it cannot be compared.";
/// Why a report without the column `sectionId` cannot be compared with another section.
pub const NO_SECTIONS: &str =
    "This report has no section ids, so it cannot be compared with another section.";

/// The relation of `now` to `then` in words: `12 % less than`, `3 times as much as`.
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

/// Sums over the steps of a chart that are final on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ComparedSums {
    /// Steps that are final on both sides.
    pub count: u64,
    /// All steps of the chart.
    pub of: u64,
    /// The sum of the shown values.
    pub now: f64,
    /// The sum of the values that they are compared with.
    pub then: f64,
}

impl ComparedSums {
    /// Adds up the pairs of which both values are final; a value is `None` unless it is final.
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

/// What is compared, and with what.
#[derive(Debug, Clone, Copy)]
pub struct ComparedUnit<'a> {
    /// The unit: `Minutes`.
    pub unit: &'a str,
    /// A step of the axis: `day` or `week`.
    pub place: &'a str,
    /// Whether steps can be added up. Distinct people cannot, so the sentence gives their average per step.
    pub is_sum: bool,
    /// The label of what it is compared with: `the week before`.
    pub other: &'a str,
}

/// The comparison in a sentence: `12 % less than the 4 weeks before (1,204 minutes against 1,370).` Empty if
/// there is nothing to compare.
#[must_use]
pub fn comparison_sentence(
    pairs: ComparedSums,
    compared: ComparedUnit<'_>,
    number: &dyn Fn(f64) -> String,
) -> String {
    let ComparedUnit { unit, place, is_sum, other } = compared;
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
    let measure = unit.to_lowercase();
    let (now, then, unit) = match is_sum {
        true => (pairs.now, pairs.then, measure.clone()),
        false => (pairs.now / count, pairs.then / count, format!("{measure} per {place}")),
    };
    if pairs.then <= 0.0 {
        return format!("No {measure} {} {other}{only}.", preposition(other));
    }
    let held = compare_amounts(now, then, number);
    let mut letters = held.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{} {other} ({} {unit} against {}){only}.", letters.as_str(), number(now), number(then))
}

/// How many days or weeks a comparison leaves out, since they or those that they would be compared with are in a break.
/// Empty if there are none.
#[must_use]
pub fn breaks_caveat(left_out: u64, place: &str, number: &dyn Fn(u64) -> String) -> String {
    match left_out {
        0 => String::new(),
        1 => format!("1 {place} is not compared because of a break."),
        n => format!("{} {place}s are not compared because of a break.", number(n)),
    }
}

/// What the lines over the bars show, or that their data is not loaded yet.
#[must_use]
pub fn overlay_caveat(other: &str, are_here: bool) -> String {
    if are_here { format!("Lines show {other}.") } else { format!("No data for {other} yet.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(pairs: &[(Option<f64>, Option<f64>)], is_sum: bool) -> String {
        let unit = ComparedUnit { unit: "Minutes", place: "day", is_sum, other: "the week before" };
        comparison_sentence(ComparedSums::of(pairs.iter().copied()), unit, &|n| n.to_string())
    }

    #[test]
    fn only_steps_that_are_final_on_both_sides_are_compared() {
        let all = [(Some(60.0), Some(70.0)), (Some(28.0), Some(30.0))];
        assert_eq!(sentence(&all, true), "12 % less than the week before (88 minutes against 100).");
        assert_eq!(sentence(&all, false), "12 % less than the week before (44 minutes per day against 50).");
        let some = [(Some(3.0), Some(1.0)), (None, Some(30.0)), (Some(9.0), None)];
        assert_eq!(
            sentence(&some, true),
            "3 times as much as the week before (3 minutes against 1), counting only the 1 of 3 days that is final in both."
        );
    }

    #[test]
    fn without_earlier_activity_there_is_no_percentage() {
        assert_eq!(sentence(&[(None, Some(1.0))], true), "");
        assert_eq!(sentence(&[(Some(0.0), Some(0.0))], true), "");
        assert_eq!(sentence(&[(Some(2.0), Some(0.0))], true), "No minutes in the week before.");
        assert_eq!(
            sentence(&[(Some(2.0), Some(2.0))], true),
            "About as much as the week before (2 minutes against 2)."
        );
    }
}
